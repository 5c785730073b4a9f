//! What each byte is in an interchange, and the walk over a segment that asks it.

use std::borrow::Cow;
use std::sync::LazyLock;

use crate::delimiters::{Delimiters, Standard};

/// Kinds of characters, one bit each.
pub(super) mod class {
    pub(crate) const DIGIT: u8 = 1;
    pub(crate) const MINUS: u8 = 2;
    /// A decimal mark.
    pub(crate) const MARK: u8 = 4;
    /// All other characters that any text may hold.
    pub(crate) const TEXT: u8 = 8;
    /// A character of ASCII that the interchange's repertoire does not have.
    pub(crate) const FOREIGN: u8 = 16;
    /// Part of a character beyond ASCII.
    pub(crate) const HIGH: u8 = 32;
    pub(crate) const CONTROL: u8 = 64;
    /// A separator or the release character.
    pub(crate) const SEPARATOR: u8 = 128;
}

/// The characters that an interchange may hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Repertoire {
    /// Everything but control characters: X12, and EDIFACT from level C on.
    #[default]
    Any,
    /// EDIFACT level A: capital letters, digits, and ` .,-()/=!"%&*;<>`. Source: ISO 9735-1, UNOA.
    UnoA,
    /// EDIFACT level B: small letters too. Source: ISO 9735-1, UNOB.
    UnoB,
}

impl Repertoire {
    /// The repertoire of a syntax identifier (UNB S001, element 0001).
    pub fn of(syntax_identifier: &str) -> Self {
        match syntax_identifier {
            "UNOA" => Self::UnoA,
            "UNOB" => Self::UnoB,
            _ => Self::Any,
        }
    }

    const fn has(self, byte: u8) -> bool {
        match byte {
            b'A'..=b'Z'
            | b'0'..=b'9'
            | b' '
            | b'.'
            | b','
            | b'-'
            | b'('
            | b')'
            | b'/'
            | b'='
            | b'!'
            | b'"'
            | b'%'
            | b'&'
            | b'*'
            | b';'
            | b'<'
            | b'>'
            | b'\''
            | b'+'
            | b':'
            | b'?' => true,
            b'a'..=b'z' => !matches!(self, Self::UnoA),
            _ => matches!(self, Self::Any),
        }
    }
}

/// What each byte is.
#[derive(Clone, Debug)]
pub(super) struct Table {
    classes: [u8; 256],
    delimiters: Delimiters,
    standard: Standard,
    repertoire: Repertoire,
}

impl Table {
    pub(super) fn new(standard: Standard, repertoire: Repertoire, delimiters: Delimiters) -> Self {
        static X12: LazyLock<[u8; 256]> = LazyLock::new(|| classes(Standard::X12, Repertoire::Any));
        static EDIFACT: LazyLock<[[u8; 256]; 3]> = LazyLock::new(|| {
            [Repertoire::Any, Repertoire::UnoA, Repertoire::UnoB]
                .map(|repertoire| classes(Standard::Edifact, repertoire))
        });
        let [any, uno_a, uno_b] = &*EDIFACT;
        let mut classes = match (standard, repertoire) {
            (Standard::X12, _) => *X12,
            (Standard::Edifact, Repertoire::Any) => *any,
            (Standard::Edifact, Repertoire::UnoA) => *uno_a,
            (Standard::Edifact, Repertoire::UnoB) => *uno_b,
        };
        let separators = [delimiters.element(), delimiters.component(), delimiters.terminator()];
        for byte in separators.into_iter().chain(delimiters.repetition()).chain(delimiters.release()) {
            if let Some(class) = classes.get_mut(usize::from(byte)) {
                *class = class::SEPARATOR;
            }
        }
        Self { classes, delimiters, standard, repertoire }
    }

    #[inline]
    fn class(&self, byte: u8) -> u8 {
        self.classes.get(usize::from(byte)).copied().unwrap_or(class::CONTROL)
    }

    pub(super) fn delimiters(&self) -> Delimiters {
        self.delimiters
    }

    pub(super) fn standard(&self) -> Standard {
        self.standard
    }

    pub(super) fn repertoire(&self) -> Repertoire {
        self.repertoire
    }

    pub(super) fn ascii_only(&self) -> bool {
        self.repertoire != Repertoire::Any
    }

    /// Bytes without release characters.
    pub(super) fn data<'b>(&self, bytes: &'b [u8]) -> Cow<'b, [u8]> {
        let Some(release) = self.delimiters.release().filter(|release| bytes.contains(release)) else {
            return Cow::Borrowed(bytes);
        };
        let mut data = Vec::with_capacity(bytes.len());
        let mut bytes = bytes.iter().copied();
        while let Some(byte) = bytes.next() {
            data.extend(if byte == release { bytes.next() } else { Some(byte) });
        }
        Cow::Owned(data)
    }
}

/// What each byte is where nothing separates.
fn classes(standard: Standard, repertoire: Repertoire) -> [u8; 256] {
    let mut classes = [class::TEXT; 256];
    for (class, byte) in classes.iter_mut().zip(0_u8..=255) {
        *class = match byte {
            b'0'..=b'9' => class::DIGIT,
            b'-' => class::MINUS,
            b'.' => class::MARK,
            b',' if standard == Standard::Edifact => class::MARK,
            0..0x20 | 0x7f => class::CONTROL,
            0x80.. => class::HIGH,
            _ if repertoire.has(byte) => class::TEXT,
            _ => class::FOREIGN,
        };
    }
    classes
}

/// What stands between two separators.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Leaf<'a> {
    /// As it stands, release characters included.
    pub(super) bytes: &'a [u8],
    /// The first of them.
    pub(super) first: u8,
    /// Where it begins in the segment.
    pub(super) offset: usize,
    /// All kinds of characters that it holds.
    pub(super) classes: u8,
    /// How many release characters.
    pub(super) released: usize,
}

impl Leaf<'_> {
    /// Its length in bytes, without release characters.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.bytes.len() - self.released
    }
}

/// Reads a segment from separator to separator.
pub(super) struct Scanner<'a, 't> {
    bytes: &'a [u8],
    table: &'t Table,
    at: usize,
    /// The separator at `at`; `None` at the end of the segment.
    stop: Option<u8>,
}

impl<'a, 't> Scanner<'a, 't> {
    pub(super) fn new(bytes: &'a [u8], table: &'t Table) -> Self {
        Self { bytes, table, at: 0, stop: None }
    }

    /// Reads to the next separator that is not released.
    #[inline]
    pub(super) fn leaf(&mut self) -> Leaf<'a> {
        let offset = self.at;
        let rest = self.bytes.get(offset..).unwrap_or_default();
        let mut classes = 0;
        for (index, &byte) in rest.iter().enumerate() {
            let class = self.table.class(byte);
            if class & class::SEPARATOR != 0 {
                self.at = offset + index;
                self.stop = Some(byte);
                if self.table.delimiters.release() == Some(byte) {
                    return self.released(offset, classes);
                }
                let bytes = rest.get(..index).unwrap_or_default();
                return Leaf { bytes, first: first(bytes), offset, classes, released: 0 };
            }
            classes |= class;
        }
        self.at = self.bytes.len();
        self.stop = None;
        Leaf { bytes: rest, first: first(rest), offset, classes, released: 0 }
    }

    /// Goes on from a release character: the byte after it is text, whatever it is.
    #[cold]
    fn released(&mut self, offset: usize, classes: u8) -> Leaf<'a> {
        let (mut classes, mut released) = (classes, 0);
        loop {
            let Some(&byte) = self.bytes.get(self.at) else {
                self.stop = None;
                break;
            };
            let class = self.table.class(byte);
            if class & class::SEPARATOR == 0 {
                classes |= class;
                self.at += 1;
            } else if self.table.delimiters.release() == Some(byte) {
                released += 1;
                let next = self.bytes.get(self.at + 1).map_or(class::TEXT, |next| self.table.class(*next));
                classes |= if next & class::SEPARATOR != 0 { class::TEXT } else { next };
                self.at = (self.at + 2).min(self.bytes.len());
            } else {
                self.stop = Some(byte);
                break;
            }
        }
        let bytes = self.bytes.get(offset..self.at).unwrap_or_default();
        Leaf { bytes, first: first(bytes), offset, classes, released }
    }

    /// Where the next leaf begins, in the segment.
    pub(super) fn offset(&self) -> usize {
        self.at
    }

    /// Whether the last leaf ends its element.
    #[inline]
    pub(super) fn at_element_end(&self) -> bool {
        self.stop
            .is_none_or(|stop| stop == self.table.delimiters.element() || stop == self.table.delimiters.terminator())
    }

    pub(super) fn at_component_end(&self) -> bool {
        self.stop == Some(self.table.delimiters.component())
    }

    /// Goes into the next element, if there is one.
    #[inline]
    pub(super) fn next_element(&mut self) -> bool {
        while !self.at_element_end() {
            self.at += 1;
            self.leaf();
        }
        self.over(self.table.delimiters.element())
    }

    #[inline]
    pub(super) fn next_component(&mut self) -> bool {
        self.over(self.table.delimiters.component())
    }

    #[inline]
    pub(super) fn next_repetition(&mut self) -> bool {
        self.table.delimiters.repetition().is_some_and(|repetition| self.over(repetition))
    }

    #[inline]
    fn over(&mut self, separator: u8) -> bool {
        let here = self.stop == Some(separator);
        self.at += usize::from(here);
        here
    }

    /// A leaf and what follows it up to the end of its repetition, component separators being text.
    pub(super) fn through_components(&mut self, leaf: Leaf<'a>) -> Leaf<'a> {
        let mut whole = leaf;
        whole.classes |= class::TEXT;
        while self.next_component() {
            let next = self.leaf();
            whole.classes |= next.classes;
            whole.released += next.released;
        }
        whole.bytes = self.bytes.get(leaf.offset..self.at).unwrap_or_default();
        whole.first = first(whole.bytes);
        whole
    }

    /// Everything up to the next element.
    pub(super) fn rest_of_element(&mut self) -> Leaf<'a> {
        let offset = self.at;
        let mut leaf = self.leaf();
        while !self.at_element_end() {
            self.at += 1;
            self.leaf();
        }
        leaf.bytes = self.bytes.get(offset..self.at).unwrap_or_default();
        leaf
    }

    /// Everything up to the end of the segment, whatever it is.
    pub(super) fn rest_of_segment(&mut self) -> Leaf<'a> {
        let offset = self.at;
        self.at = self.bytes.len();
        self.stop = None;
        Leaf { bytes: self.bytes.get(offset..).unwrap_or_default(), offset, ..Leaf::default() }
    }
}

#[inline]
fn first(bytes: &[u8]) -> u8 {
    bytes.first().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn released_separators_are_text() {
        let table = Table::new(Standard::Edifact, Repertoire::UnoB, Delimiters::EDIFACT);
        let mut scanner = Scanner::new(b"FTX+a?+b?:??:c?", &table);
        assert_eq!(scanner.leaf().bytes, b"FTX");
        assert!(scanner.next_element());
        let leaf = scanner.leaf();
        assert_eq!((leaf.bytes, leaf.len(), leaf.offset), (&b"a?+b?:??"[..], 5, 4));
        assert_eq!(table.data(leaf.bytes).as_ref(), b"a+b:?");
        assert!(scanner.next_component());
        assert_eq!((scanner.leaf().bytes, scanner.next_element()), (&b"c?"[..], false));
    }

    #[test]
    fn a_repertoire_has_its_characters() {
        let foreign = |repertoire: Repertoire, byte: u8| !repertoire.has(byte);
        assert!(foreign(Repertoire::UnoA, b'a') && !foreign(Repertoire::UnoB, b'a'));
        assert!(foreign(Repertoire::UnoA, b'@') && foreign(Repertoire::UnoB, b'@') && !foreign(Repertoire::Any, b'@'));
        assert_eq!(Repertoire::of("UNOC"), Repertoire::Any);
    }
}
