//! What happened, line by line, or in one number.

use std::fmt::{self, Write as _};

use jiff::Timestamp;

use crate::{Kind, Port};

/// What happened. The number is always kept; the lines only if somebody will read them.
#[derive(Debug, Clone)]
pub(crate) struct Trace {
    hash: Hash,
    lines: Option<Vec<(Timestamp, String)>>,
}

impl Trace {
    pub(crate) fn with_lines() -> Self {
        Self { hash: Hash(0), lines: Some(Vec::new()) }
    }

    /// From now on lines are kept, or not.
    pub(crate) fn keep_lines(&mut self, keep: bool) {
        self.lines = keep.then(Vec::new);
    }

    /// A call of a port: what was asked, and how it went wrong. Its line is only put together if it is kept.
    pub(crate) fn add_call(
        &mut self,
        at: Timestamp,
        (number, port): (u64, Port),
        what: fmt::Arguments<'_>,
        fault: Option<Kind>,
    ) {
        for word in [at.as_millisecond().cast_unsigned(), number, port as u64, fault.map_or(0, |kind| 1 + kind as u64)]
        {
            self.hash.add(word);
        }
        // Writing into a number cannot fail.
        let _ = self.hash.write_fmt(what);
        if let Some(lines) = &mut self.lines {
            let how = fault.map_or_else(String::new, |kind| format!(": {kind:?}"));
            lines.push((at, format!("{number} {port:?} {what}{how}")));
        }
    }

    pub(crate) fn add(&mut self, at: Timestamp, line: fmt::Arguments<'_>) {
        self.hash.add(at.as_millisecond().cast_unsigned());
        // Writing into a number cannot fail.
        let _ = self.hash.write_fmt(line);
        if let Some(lines) = &mut self.lines {
            lines.push((at, line.to_string()));
        }
    }

    pub(crate) fn hash(&self) -> u64 {
        self.hash.0
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.iter().flatten().map(|(at, line)| format!("{at} {line}")).collect()
    }
}

/// A number for a text, eight bytes at a time: not against malice, but no two texts that we write are likely to share it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Hash(u64);

impl Hash {
    pub(crate) fn number(self) -> u64 {
        self.0
    }

    pub(crate) fn add(&mut self, word: u64) {
        // The finisher of `SplitMix64` over the sum so far and the word.
        let mut bits = self.0.rotate_left(23) ^ word;
        bits = bits.wrapping_mul(0xbf58_476d_1ce4_e5b9);
        self.0 = bits ^ (bits >> 29);
    }

    pub(crate) fn add_bytes(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.add(u64::from_le_bytes(*word));
        }
        let mut tail = [0; 8];
        for (to, byte) in tail.iter_mut().zip(rest) {
            *to = *byte;
        }
        // The eighth byte is free for their number.
        self.add(u64::from_le_bytes(tail) | (rest.len() as u64) << 56);
    }
}

impl fmt::Write for Hash {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.add_bytes(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_the_same_with_and_without_lines_and_differs_with_each_of_them() {
        let hash = |keep: bool, lines: &[&str]| {
            let mut trace = Trace::with_lines();
            trace.keep_lines(keep);
            for line in lines {
                trace.add(Timestamp::UNIX_EPOCH, format_args!("{line}"));
            }
            trace.hash()
        };
        assert_eq!(hash(true, &["one", "another"]), hash(false, &["one", "another"]));
        assert_ne!(hash(true, &["one", "another"]), hash(true, &["another", "one"]));
        assert_ne!(hash(true, &["one"]), hash(true, &["ona"]));
        assert_ne!(hash(true, &["12345678"]), hash(true, &["12345679"]));
    }
}
