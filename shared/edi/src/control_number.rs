//! Control numbers of the envelopes that we write.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A control number for ISA13/IEA02 or GS06/GE02: 1 to 999 999 999, after which it starts again at 1.
///
/// Source: X12.5, elements I12 (9/9) and 28 (1/9). Zero is never issued: some receivers take it for «none».
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct ControlNumber(u32);

/// A number that is no control number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a control number is 1 to 999999999, not {0}")]
pub struct ControlNumberError(pub u32);

impl ControlNumber {
    /// The first number of a sequence.
    pub const FIRST: Self = Self(1);
    /// The last number before the sequence starts again.
    pub const LAST: Self = Self(999_999_999);

    /// A control number, if `number` is within 1 to 999 999 999.
    pub fn new(number: u32) -> Result<Self, ControlNumberError> {
        if (Self::FIRST.0..=Self::LAST.0).contains(&number) {
            Ok(Self(number))
        } else {
            Err(ControlNumberError(number))
        }
    }

    /// The number that follows; after 999 999 999 comes 1.
    #[must_use]
    pub fn next(self) -> Self {
        if self == Self::LAST { Self::FIRST } else { Self(self.0 + 1) }
    }

    /// The plain number.
    pub fn get(self) -> u32 {
        self.0
    }
}

/// Nine digits, zero-padded, as ISA13 wants it.
impl fmt::Display for ControlNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:09}", self.0)
    }
}

impl TryFrom<u32> for ControlNumber {
    type Error = ControlNumberError;

    fn try_from(number: u32) -> Result<Self, Self::Error> {
        Self::new(number)
    }
}

impl From<ControlNumber> for u32 {
    fn from(number: ControlNumber) -> Self {
        number.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_to_nine_nines_and_then_one_again() {
        assert_eq!(ControlNumber::new(0), Err(ControlNumberError(0)));
        assert_eq!(ControlNumber::new(1_000_000_000), Err(ControlNumberError(1_000_000_000)));
        assert_eq!(ControlNumber::new(7).map(|n| n.to_string()), Ok("000000007".to_owned()));
        assert_eq!(ControlNumber::LAST.next(), ControlNumber::FIRST);
        assert_eq!(ControlNumber::FIRST.next().get(), 2);
    }
}
