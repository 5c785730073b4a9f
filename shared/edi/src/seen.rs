//! Control numbers so far, to find those used twice.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::limits::CONTROL_NUMBERS_MAX;

/// Most digits of a number in a run: any such number fits its word.
const DIGITS_MAX: usize = 18;

/// Control numbers so far, as many as are remembered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// Numbers each one more than the one before, as nearly all senders count.
    run: Run,
    /// The first that is known by several parts: most files have no second one, and need no table.
    first: Joined,
    others: HashSet<u128>,
}

/// Several parts as one, each after its length. Empty if there are none, or too much of them.
#[derive(Clone, Copy, Debug)]
struct Joined {
    bytes: [u8; JOINED_LEN_MAX],
    len: usize,
}

impl Default for Joined {
    fn default() -> Self {
        Self { bytes: [0; JOINED_LEN_MAX], len: 0 }
    }
}

impl Joined {
    fn of(parts: &[&[u8]]) -> Option<Self> {
        let mut joined = Self::default();
        for part in parts {
            let (len, rest) = joined.bytes.get_mut(joined.len..)?.split_first_mut()?;
            *len = u8::try_from(part.len()).ok()?;
            rest.get_mut(..part.len())?.copy_from_slice(part);
            joined.len += 1 + part.len();
        }
        Some(joined)
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// Longest parts that are kept as they are, with their lengths: sender, receiver and control number of an ISA have 43.
const JOINED_LEN_MAX: usize = 64;

/// Numbers from `first` on, `count` of them, written with at least `width` digits.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    first: u64,
    count: usize,
    width: usize,
}

impl Run {
    /// Whether it has a number.
    #[inline]
    fn has(self, control: &[u8]) -> bool {
        self.distance(control).is_some_and(|distance| distance < self.count)
    }

    /// How far a number is from the first of the run, if it is written as the run's are.
    fn distance(self, control: &[u8]) -> Option<usize> {
        let alike = control.len() == self.width || (control.len() > self.width && control.first() != Some(&b'0'));
        let number = digits(control).filter(|_| alike)?;
        usize::try_from(number.checked_sub(self.first)?).ok()
    }
}

/// The number that digits write.
fn digits(control: &[u8]) -> Option<u64> {
    if control.is_empty() || control.len() > DIGITS_MAX {
        return None;
    }
    control.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u64::from(byte - b'0')))
}

impl Seen {
    /// Nothing was seen. The memory is used again.
    pub(crate) fn clear(&mut self) {
        self.run = Run::default();
        self.first.len = 0;
        self.others.clear();
    }

    /// Takes a control number in, and says whether it is new.
    pub(crate) fn insert(&mut self, control: &[u8]) -> bool {
        if self.run.count == 0 && self.first.len == 0 && self.others.is_empty() {
            if let Some(first) = digits(control) {
                self.run = Run { first, count: 1, width: control.len() };
                return true;
            }
        } else if let Some(distance) = self.run.distance(control) {
            if distance < self.run.count {
                return false;
            }
            if distance == self.run.count && self.others.is_empty() {
                self.run.count += usize::from(self.has_room());
                return true;
            }
        }
        self.insert_key(key(&[control]))
    }

    /// Takes in a control number that goes on with the run, if the other one is in the run already or empty: so most trees
    /// are numbered. Whether it did; otherwise nothing was taken in.
    #[inline]
    pub(crate) fn count_on(&mut self, control: &[u8], earlier: &[u8]) -> bool {
        let goes_on = self.run.count > 0
            && self.run.distance(control) == Some(self.run.count)
            && (earlier.is_empty() || self.run.has(earlier))
            && self.others.is_empty()
            && self.has_room();
        self.run.count += usize::from(goes_on);
        goes_on
    }

    /// The same of something that is known by several parts.
    pub(crate) fn insert_parts(&mut self, parts: &[&[u8]]) -> bool {
        let Some(joined) = Joined::of(parts) else { return self.insert_key(key(parts)) };
        if self.first.len == 0 && self.run.count == 0 && self.others.is_empty() {
            self.first = joined;
            return true;
        }
        if self.first.bytes() == joined.bytes() {
            return false;
        }
        self.insert_key(key(&[joined.bytes(), b"joined"]))
    }

    /// Whether a control number was taken in. Of any, if there were more than are remembered.
    pub(crate) fn has(&self, control: &[u8]) -> bool {
        self.run.has(control) || self.others.contains(&key(&[control])) || !self.has_room()
    }

    fn insert_key(&mut self, key: u128) -> bool {
        if self.has_room() { self.others.insert(key) } else { !self.others.contains(&key) }
    }

    fn has_room(&self) -> bool {
        self.run.count + usize::from(self.first.len > 0) + self.others.len() < CONTROL_NUMBERS_MAX
    }
}

/// A control number as it stands, without blanks around it. Those that the standards allow need no memory.
#[derive(Debug, Default)]
pub(crate) struct Control {
    short: [u8; CONTROL_LEN],
    len: usize,
    long: Vec<u8>,
}

/// Longest control number that the standards allow, bytes, and some more. Source: ISO 9735-1, 0020: 14 characters.
const CONTROL_LEN: usize = 16;

impl Control {
    pub(crate) fn set(&mut self, bytes: &[u8]) {
        self.len = bytes.len();
        self.long.clear();
        match self.short.get_mut(..bytes.len()) {
            Some(short) => short.copy_from_slice(bytes),
            None => self.long.extend_from_slice(bytes),
        }
    }
}

impl std::ops::Deref for Control {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.short.get(..self.len).unwrap_or(&self.long)
    }
}

/// Up to fifteen bytes as they are, more as a hash.
fn key(parts: &[&[u8]]) -> u128 {
    if let [part] = parts
        && part.len() < 16
    {
        return part.iter().fold(part.len() as u128, |key, byte| (key << 8) | u128::from(*byte));
    }
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (salt, parts).hash(&mut hasher);
        u128::from(hasher.finish())
    };
    (1 << 127) | (half(0) << 63) | (half(1) >> 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_again_however_long() {
        let long = "x".repeat(JOINED_LEN_MAX);
        let rows: [&[&str]; 4] = [&["a", "bc"], &["ab", "c"], &["abc"], &["a", &long]];
        for start in 0..rows.len() {
            let mut seen = Seen::default();
            for expected in [true, false] {
                for n in 0..rows.len() {
                    let parts: Vec<&[u8]> = rows[(start + n) % rows.len()].iter().map(|part| part.as_bytes()).collect();
                    assert_eq!(seen.insert_parts(&parts), expected, "{parts:?}");
                }
            }
        }
    }

    #[test]
    fn a_run_finds_what_a_set_of_all_finds() {
        let rows: [&[&str]; 7] = [
            &["0001", "0002", "0003", "0002", "0004", "0001", "0005", "0005"],
            &["8", "9", "10", "11", "010", "10", "09", "9", "8", "12", "011"],
            &["098", "099", "100", "0100", "101", "100", "99", "098", "1000", "102"],
            &["5", "7", "6", "6", "7", "5", "8", "8"],
            &["A1", "1", "2", "A1", "2", "1"],
            &["", "1", "", "2", "1"],
            &["999999999999999999", "1000000000000000000", "1000000000000000000", "999999999999999999"],
        ];
        for row in rows {
            let (mut seen, mut all) = (Seen::default(), HashSet::new());
            for control in row {
                assert_eq!(seen.has(control.as_bytes()), all.contains(control), "{control} of {row:?}");
                assert_eq!(seen.insert(control.as_bytes()), all.insert(*control), "{control} of {row:?}");
            }
        }
    }

    #[test]
    fn of_more_numbers_than_are_remembered_none_is_said_to_be_missing() {
        let mut seen = Seen::default();
        for number in 1..CONTROL_NUMBERS_MAX {
            assert!(seen.insert(number.to_string().as_bytes()));
        }
        assert!(!seen.has(b"A1"));
        assert!(seen.insert(CONTROL_NUMBERS_MAX.to_string().as_bytes()));
        assert!(seen.has(b"A1"));
    }
}
