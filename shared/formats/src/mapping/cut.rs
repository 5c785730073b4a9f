//! A segment cut into elements and components, each with its bytes.

use std::borrow::Cow;
use std::ops::Range;

use edi::{Delimiters, Segment};

use super::compile::{Condition, Position, Test};

/// A part of a segment without the blanks around it: its text and where it stands in the file.
pub(super) type Part<'a> = (Cow<'a, str>, Range<usize>);

/// A segment whose elements are known by their bytes. One is filled again for each segment.
pub(super) struct Cut<'a> {
    bytes: &'a [u8],
    start: usize,
    delimiters: Delimiters,
    elements: Vec<Range<usize>>,
}

impl<'a> Cut<'a> {
    pub(super) fn new() -> Self {
        Self { bytes: &[], start: 0, delimiters: Delimiters::STANDARD, elements: Vec::with_capacity(32) }
    }

    pub(super) fn fill(&mut self, segment: &Segment<'a>) {
        (self.bytes, self.start, self.delimiters) = (segment.bytes(), segment.range().start, segment.delimiters());
        self.elements.clear();
        let all = 0..self.bytes.len();
        pieces(self.bytes, all, self.delimiters.element(), self.delimiters.release(), &mut self.elements);
    }

    pub(super) fn decimal_mark(&self) -> u8 {
        self.delimiters.decimal_mark()
    }

    /// The element or component at `position`, of the first repetition; `None` if it is empty or not there.
    pub(super) fn get(&self, position: Position) -> Option<Part<'a>> {
        let mut range = self.elements.get(position.element)?.clone();
        let release = self.delimiters.release();
        if let Some(repetition) = self.delimiters.repetition() {
            range = nth(self.bytes, range, repetition, release, 0)?;
        }
        if position.component > 0 {
            range = nth(self.bytes, range, self.delimiters.component(), release, position.component - 1)?;
        }
        let bytes = self.bytes.get(range.clone())?;
        let before = bytes.len() - bytes.trim_ascii_start().len();
        let trimmed = bytes.trim_ascii();
        let start = self.start + range.start + before;
        (!trimmed.is_empty()).then(|| (text(trimmed, release), start..start + trimmed.len()))
    }

    /// Where an element stands, or would stand.
    pub(super) fn offset(&self, position: Position) -> usize {
        let range = self.elements.get(position.element);
        self.start + range.map_or(self.bytes.len(), |range| range.start)
    }

    pub(super) fn meets(&self, conditions: &[Condition]) -> bool {
        conditions.iter().all(|condition| {
            let part = self.get(condition.at);
            match &condition.test {
                Test::OneOf(codes) => part.is_some_and(|(text, _)| codes.iter().any(|code| *code == text)),
                Test::Present => part.is_some(),
                Test::Absent => part.is_none(),
            }
        })
    }
}

/// What stands between the separators in `range`. A byte after a release character does not separate.
fn pieces(bytes: &[u8], range: Range<usize>, separator: u8, release: Option<u8>, out: &mut Vec<Range<usize>>) {
    let (mut start, mut released) = (range.start, false);
    for (at, byte) in bytes.iter().enumerate().take(range.end).skip(range.start) {
        if released {
            released = false;
        } else if Some(*byte) == release {
            released = true;
        } else if *byte == separator {
            out.push(start..at);
            start = at + 1;
        }
    }
    out.push(start..range.end);
}

/// The piece `n`, from 0.
fn nth(bytes: &[u8], range: Range<usize>, separator: u8, release: Option<u8>, n: usize) -> Option<Range<usize>> {
    let (mut start, mut released, mut count) = (range.start, false, 0);
    for (at, byte) in bytes.iter().enumerate().take(range.end).skip(range.start) {
        if released {
            released = false;
        } else if Some(*byte) == release {
            released = true;
        } else if *byte == separator {
            if count == n {
                return Some(start..at);
            }
            count += 1;
            start = at + 1;
        }
    }
    (count == n).then_some(start..range.end)
}

/// UTF-8, or else ISO 8859-1, without release characters.
fn text(bytes: &[u8], release: Option<u8>) -> Cow<'_, str> {
    let text = std::str::from_utf8(bytes)
        .map_or_else(|_| Cow::Owned(bytes.iter().map(|byte| char::from(*byte)).collect()), Cow::Borrowed);
    let Some(release) = release.map(char::from).filter(|release| text.contains(*release)) else {
        return text;
    };
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        plain.extend(if c == release { chars.next() } else { Some(c) });
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_released_byte_does_not_separate() {
        let mut out = Vec::new();
        pieces(b"NAD+A?+B+C??+D", 0..14, b'+', Some(b'?'), &mut out);
        assert_eq!(out, [0..3, 4..8, 9..12, 13..14]);
        assert_eq!(nth(b"a:b?:c:d", 0..8, b':', Some(b'?'), 1), Some(2..6));
        assert_eq!(nth(b"a:b?:c:d", 0..8, b':', Some(b'?'), 3), None);
        assert_eq!(text(b"b?:c??", Some(b'?')), "b:c?");
        assert_eq!(text(b"M\xfcller", None), "Müller");
    }
}
