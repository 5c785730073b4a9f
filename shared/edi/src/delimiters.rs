//! The bytes that separate.

use serde::{Deserialize, Serialize};

/// Length of a well-formed ISA with its terminator, bytes. Source: X12.5, ISA: sixteen elements of fixed length.
pub const ISA_LEN: usize = 106;

/// Which standard an interchange is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standard {
    /// ASC X12: ISA to IEA.
    #[default]
    X12,
    /// UN/EDIFACT, ISO 9735: UNB to UNZ.
    Edifact,
}

/// The separators of one interchange. They hold from its header to its trailer and no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Delimiters {
    element: u8,
    component: u8,
    terminator: u8,
    repetition: Option<u8>,
    /// Takes the meaning from the byte after it (EDIFACT, and X12 from 007040 on by ISX01).
    #[serde(default)]
    release: Option<u8>,
    /// The decimal mark of numbers: `.`; in EDIFACT what the UNA says, and `.` or `,` where it says nothing.
    #[serde(default = "point")]
    decimal_mark: u8,
}

fn point() -> u8 {
    b'.'
}

/// Bytes that cannot separate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DelimiterError {
    /// A letter, a digit, a space or a byte beyond ASCII: it occurs in data.
    #[error("byte 0x{0:02x} occurs in data and cannot separate")]
    Data(u8),
    /// One byte was given two meanings.
    #[error("byte 0x{0:02x} separates two things at once")]
    Twice(u8),
}

impl Delimiters {
    /// `*`, `>`, `~` and no repetition separator: what most 004010 partners use.
    pub const STANDARD: Self =
        Self { element: b'*', component: b'>', terminator: b'~', repetition: None, release: None, decimal_mark: b'.' };

    /// What EDIFACT uses where no UNA says otherwise: `+`, `:`, `'`, release `?`. Source: ISO 9735-1, service string
    /// advice. `*` repeats from syntax version 4 on.
    pub const EDIFACT: Self = Self {
        element: b'+',
        component: b':',
        terminator: b'\'',
        repetition: None,
        release: Some(b'?'),
        decimal_mark: b'.',
    };

    /// Checked delimiters: four different ASCII bytes that are no letter, digit or space.
    pub fn new(element: u8, component: u8, terminator: u8, repetition: Option<u8>) -> Result<Self, DelimiterError> {
        let given = [Some(element), Some(component), Some(terminator), repetition];
        let mut seen: Vec<u8> = Vec::with_capacity(4);
        for byte in given.into_iter().flatten() {
            if !may_separate(byte) {
                return Err(DelimiterError::Data(byte));
            }
            if seen.contains(&byte) {
                return Err(DelimiterError::Twice(byte));
            }
            seen.push(byte);
        }
        Ok(Self { element, component, terminator, repetition, release: None, decimal_mark: b'.' })
    }

    /// The same with a release character and a decimal mark.
    ///
    /// # Errors
    /// A release character that occurs in data or has another meaning already.
    pub fn releasing(self, release: Option<u8>, decimal_mark: u8) -> Result<Self, DelimiterError> {
        match release {
            Some(byte) if !may_separate(byte) => Err(DelimiterError::Data(byte)),
            Some(byte) if self.contains(byte) => Err(DelimiterError::Twice(byte)),
            _ => Ok(Self { release, decimal_mark, ..self }),
        }
    }

    /// Element, component and terminator as a header says, which has looked at them itself.
    #[inline]
    pub(crate) const fn unchecked(
        [element, component, terminator]: [u8; 3],
        repetition: Option<u8>,
        release: Option<u8>,
        decimal_mark: u8,
    ) -> Self {
        Self { element, component, terminator, repetition, release, decimal_mark }
    }

    /// Takes the meaning from the byte after it.
    #[inline]
    pub fn release(self) -> Option<u8> {
        self.release
    }

    /// The decimal mark of numbers.
    #[inline]
    pub fn decimal_mark(self) -> u8 {
        self.decimal_mark
    }

    /// Between elements (ISA byte 4).
    #[inline]
    pub fn element(self) -> u8 {
        self.element
    }

    /// Between the components of a composite (ISA16).
    #[inline]
    pub fn component(self) -> u8 {
        self.component
    }

    /// After each segment (the byte after ISA16).
    #[inline]
    pub fn terminator(self) -> u8 {
        self.terminator
    }

    /// Between repetitions of an element (ISA11), from interchange version 00402 on.
    #[inline]
    pub fn repetition(self) -> Option<u8> {
        self.repetition
    }

    /// Is this byte one of them?
    pub fn contains(self, byte: u8) -> bool {
        byte == self.element
            || byte == self.component
            || byte == self.terminator
            || Some(byte) == self.repetition
            || Some(byte) == self.release
    }
}

impl Default for Delimiters {
    fn default() -> Self {
        Self::STANDARD
    }
}

pub(crate) fn may_separate(byte: u8) -> bool {
    byte.is_ascii() && !byte.is_ascii_alphanumeric() && byte != b' ' && byte != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checked_delimiters() {
        assert_eq!(Delimiters::new(b'*', b'>', b'~', Some(b'*')), Err(DelimiterError::Twice(b'*')));
        assert_eq!(Delimiters::new(b'A', b'>', b'~', None), Err(DelimiterError::Data(b'A')));
        assert!(Delimiters::new(0x1d, 0x1f, 0x1c, Some(0x1e)).is_ok());
    }
}
