//! The bytes that separate, and where an ISA says which they are.

use serde::{Deserialize, Serialize};

use crate::finding::SyntaxCode;
use crate::limits::ISA_LEN_MAX;

/// Length of a well-formed ISA with its terminator, bytes. Source: X12.5, ISA: sixteen elements of fixed length.
pub const ISA_LEN: usize = 106;

/// Where the element separator stands in a well-formed ISA.
const ISA_SEPARATORS: [usize; 16] = [3, 6, 17, 20, 31, 34, 50, 53, 69, 76, 81, 83, 89, 99, 101, 103];

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

    /// Takes the meaning from the byte after it.
    pub fn release(self) -> Option<u8> {
        self.release
    }

    /// The decimal mark of numbers.
    pub fn decimal_mark(self) -> u8 {
        self.decimal_mark
    }

    /// Between elements (ISA byte 4).
    pub fn element(self) -> u8 {
        self.element
    }

    /// Between the components of a composite (ISA16).
    pub fn component(self) -> u8 {
        self.component
    }

    /// After each segment (the byte after ISA16).
    pub fn terminator(self) -> u8 {
        self.terminator
    }

    /// Between repetitions of an element (ISA11), from interchange version 00402 on.
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

fn may_separate(byte: u8) -> bool {
    byte.is_ascii() && !byte.is_ascii_alphanumeric() && byte != b' ' && byte != 0
}

/// What the first bytes of an interchange say about the rest of it.
#[derive(Clone, Debug)]
pub(crate) struct IsaHeader {
    pub(crate) delimiters: Delimiters,
    /// Bytes of the ISA without its terminator.
    pub(crate) len: usize,
    /// What is wrong with it; the interchange is read all the same where that is possible.
    pub(crate) defects: Vec<SyntaxCode>,
    /// Whether the delimiters allow reading on.
    pub(crate) readable: bool,
}

/// Reads an ISA at the start of `bytes`; `None` if there is none, or not enough of it.
pub(crate) fn read_isa(bytes: &[u8]) -> Option<IsaHeader> {
    let &element = bytes.strip_prefix(b"ISA")?.first()?;
    if !may_separate(element) {
        return None;
    }
    let padded = bytes.len() >= ISA_LEN && ISA_SEPARATORS.iter().all(|&index| bytes.get(index) == Some(&element));
    let (len, mut defects) = if padded {
        (ISA_LEN - 1, Vec::new())
    } else {
        let (last, _) = bytes.iter().enumerate().take(ISA_LEN_MAX).filter(|&(_, &b)| b == element).nth(15)?;
        (last + 2, vec![SyntaxCode::IsaMalformed])
    };
    let component = *bytes.get(len - 1)?;
    let terminator = *bytes.get(len)?;
    let component_ok = may_separate(component) && component != element;
    let terminator_ok = may_separate(terminator) && terminator != element && terminator != component;
    let usable = component_ok && terminator_ok;
    if !padded && !usable {
        return None;
    }
    if !component_ok {
        defects.push(SyntaxCode::ComponentSeparatorInvalid);
    }
    if !terminator_ok {
        defects.push(SyntaxCode::TerminatorInvalid);
    }
    let mut fields = bytes.get(..len)?.split(|&b| b == element);
    let standard = fields.nth(11).and_then(|field| field.first().copied());
    let repeats = fields.next().is_some_and(|version| version.len() == 5 && version >= b"00402".as_slice());
    let repetition = standard
        .filter(|&byte| repeats && may_separate(byte))
        .filter(|&byte| byte != element && byte != component && byte != terminator);
    let readable = terminator_ok;
    let delimiters = Delimiters { element, component, terminator, repetition, release: None, decimal_mark: b'.' };
    Some(IsaHeader { delimiters, len, defects, readable })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISA: &str =
        "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260131*1435*U*00401*000000001*0*P*>~";

    #[test]
    fn delimiters_come_from_their_places() {
        let header = read_isa(ISA.as_bytes()).unwrap();
        assert_eq!((header.delimiters, header.len), (Delimiters::STANDARD, 105));
        assert!(header.readable && header.defects.is_empty());
    }

    #[test]
    fn repetition_needs_version_and_a_byte_that_can_separate() {
        let of = |from: &str, to: &str| read_isa(ISA.replace(from, to).as_bytes()).unwrap().delimiters.repetition();
        assert_eq!(of("*U*00401*", "*^*00401*"), None);
        assert_eq!(of("*U*00401*", "*^*00402*"), Some(b'^'));
        assert_eq!(of("*U*00401*", "*U*00501*"), None);
        assert_eq!(of("*U*00401*", "*>*00501*"), None);
    }

    #[test]
    fn unpadded_is_read_but_a_defect() {
        let header = read_isa(ISA.replace("SENDER         ", "SENDER").as_bytes()).unwrap();
        assert_eq!(header.defects, vec![SyntaxCode::IsaMalformed]);
        assert_eq!(header.delimiters, Delimiters::STANDARD);
    }

    #[test]
    fn an_unpadded_isa_one_byte_too_long_is_none() {
        let of = |len: usize| ISA.replace("SENDER         ", &"S".repeat(len - ISA_LEN + 15));
        // The last separator of an ISA stands three bytes before its end.
        let longest = of(ISA_LEN_MAX + 2);
        assert_eq!(read_isa(longest.as_bytes()).map(|header| header.len), Some(ISA_LEN_MAX + 1));
        assert!(read_isa(of(ISA_LEN_MAX + 3).as_bytes()).is_none());
    }

    #[test]
    fn a_separator_that_is_data_is_a_defect() {
        let defects = |isa: &str| read_isa(isa.as_bytes()).unwrap().defects;
        assert_eq!(defects(&ISA.replace(">~", ">Q")), vec![SyntaxCode::TerminatorInvalid]);
        assert_eq!(defects(&ISA.replace(">~", "*~")), vec![SyntaxCode::ComponentSeparatorInvalid]);
        assert!(read_isa(b"ISABELLA").is_none());
        assert!(read_isa(&ISA.as_bytes()[..60]).is_none());
    }

    #[test]
    fn checked_delimiters() {
        assert_eq!(Delimiters::new(b'*', b'>', b'~', Some(b'*')), Err(DelimiterError::Twice(b'*')));
        assert_eq!(Delimiters::new(b'A', b'>', b'~', None), Err(DelimiterError::Data(b'A')));
        assert!(Delimiters::new(0x1d, 0x1f, 0x1c, Some(0x1e)).is_ok());
    }
}
