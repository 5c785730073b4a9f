//! Control numbers so far, to find those used twice.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::limits::CONTROL_NUMBERS_MAX;

/// Most digits of a number in a run: any such number fits its word.
const DIGITS_MAX: usize = 18;

/// Control numbers so far, as many as are remembered.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Numbers each one more than the one before, as nearly all senders count.
    run: Run,
    others: HashSet<u128>,
}

/// Numbers from `first` on, `count` of them, written with at least `width` digits.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    first: u64,
    count: usize,
    width: usize,
}

impl Run {
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
        self.others.clear();
    }

    /// Takes a control number in, and says whether it is new.
    pub(crate) fn insert(&mut self, control: &[u8]) -> bool {
        if self.run.count == 0 && self.others.is_empty() {
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

    /// The same of something that is known by several parts.
    pub(crate) fn insert_parts(&mut self, parts: &[&[u8]]) -> bool {
        self.insert_key(key(parts))
    }

    fn insert_key(&mut self, key: u128) -> bool {
        if self.has_room() { self.others.insert(key) } else { !self.others.contains(&key) }
    }

    fn has_room(&self) -> bool {
        self.run.count + self.others.len() < CONTROL_NUMBERS_MAX
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
                assert_eq!(seen.insert(control.as_bytes()), all.insert(*control), "{control} of {row:?}");
            }
        }
    }
}
