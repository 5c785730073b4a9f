//! One segment as it stands in the file.

use std::borrow::Cow;
use std::ops::Range;

use crate::delimiters::Delimiters;
use crate::finding::text;

/// A segment: an id and elements, borrowed from the file.
///
/// Elements count from 1, as in `N104`; components and repetitions too. An element that is empty and one that is not
/// there are the same (X12.6), so both are `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment<'a> {
    bytes: &'a [u8],
    start: usize,
    end: usize,
    position: usize,
    delimiters: Delimiters,
}

impl<'a> Segment<'a> {
    /// `bytes` are without the terminator; `end` is after it, in the file.
    pub(crate) fn new(bytes: &'a [u8], start: usize, end: usize, delimiters: Delimiters) -> Self {
        Self { bytes, start, end, position: 0, delimiters }
    }

    pub(crate) fn at_position(self, position: usize) -> Self {
        Self { position, ..self }
    }

    /// The id, such as `N1`; empty if the segment has none. An id that is no text is shown as empty.
    pub fn id(&self) -> &'a str {
        std::str::from_utf8(self.id_bytes()).unwrap_or("")
    }

    pub(crate) fn id_bytes(&self) -> &'a [u8] {
        self.bytes.split(|&b| b == self.delimiters.element()).next().unwrap_or(&[])
    }

    /// The position in the set, ST being 1; 0 for the segments of the envelopes.
    pub fn position(&self) -> usize {
        self.position
    }

    /// Where the segment stands in the file, with its terminator.
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// The bytes without the terminator.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The delimiters of the interchange that it is of.
    pub fn delimiters(&self) -> Delimiters {
        self.delimiters
    }

    /// How many elements are written, empty ones included.
    pub fn element_count(&self) -> usize {
        self.elements_raw().count()
    }

    /// All elements from the first, empty ones included.
    pub fn elements_raw(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let element = self.delimiters.element();
        self.bytes.split(move |&b| b == element).skip(1)
    }

    /// The bytes of element `n` with all its components and repetitions; `None` if empty or not there.
    pub fn element_bytes(&self, n: usize) -> Option<&'a [u8]> {
        self.elements_raw().nth(n.checked_sub(1)?).filter(|bytes| !bytes.is_empty())
    }

    /// Element `n` as text: UTF-8, or else ISO 8859-1. Nothing is trimmed.
    pub fn element(&self, n: usize) -> Option<Cow<'a, str>> {
        self.element_bytes(n).map(text)
    }

    /// Component `c` of element `n` (of its first repetition).
    pub fn component(&self, n: usize, c: usize) -> Option<Cow<'a, str>> {
        let delimiters = self.delimiters;
        self.repetitions(n)
            .next()?
            .split(|&b| b == delimiters.component())
            .nth(c.checked_sub(1)?)
            .filter(|bytes| !bytes.is_empty())
            .map(text)
    }

    /// The components of element `n` (of its first repetition), empty ones included.
    pub fn components(&self, n: usize) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let component = self.delimiters.component();
        self.repetitions(n).next().into_iter().flat_map(move |bytes| bytes.split(move |&b| b == component))
    }

    /// The repetitions of element `n`; one if the interchange has no repetition separator, none if the element is not
    /// there.
    pub fn repetitions(&self, n: usize) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let repetition = self.delimiters.repetition();
        self.element_bytes(n).into_iter().flat_map(move |bytes| bytes.split(move |&b| Some(b) == repetition))
    }

    /// Where element `n` stands in the file; if it is not there, the empty range at the segment's end.
    pub fn element_range(&self, n: usize) -> Range<usize> {
        let mut start = self.start + self.id_bytes().len();
        for (index, element) in self.elements_raw().enumerate() {
            start += 1;
            if index + 1 == n {
                return start..start + element.len();
            }
            start += element.len();
        }
        let end = self.start + self.bytes.len();
        end..end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_components_repetitions_and_their_places() {
        let delimiters = Delimiters::new(b'*', b'>', b'~', Some(b'^')).unwrap();
        let segment = Segment::new(b"N9*LT**A>B^C>D*\xe9", 10, 27, delimiters);
        assert_eq!((segment.id(), segment.element_count(), segment.range()), ("N9", 4, 10..27));
        assert_eq!(segment.element(1).as_deref(), Some("LT"));
        assert_eq!((segment.element(0), segment.element(2), segment.element(9)), (None, None, None));
        assert_eq!(segment.component(3, 2).as_deref(), Some("B"));
        assert_eq!(segment.repetitions(3).collect::<Vec<_>>(), [b"A>B", b"C>D"]);
        assert_eq!(segment.components(3).collect::<Vec<_>>(), [b"A", b"B"]);
        assert_eq!(segment.element(4).as_deref(), Some("é"));
        assert_eq!(
            (segment.element_range(1), segment.element_range(2), segment.element_range(9)),
            (13..15, 16..16, 26..26)
        );
    }
}
