//! One segment as it stands in the file.

use std::borrow::Cow;
use std::ops::Range;

use crate::charset::Charset;
use crate::delimiters::Delimiters;
use crate::scan::{self, Cut, Elements};

/// What holds for all segments of an interchange, in one word, as every segment has a copy: element, component,
/// terminator, repetition, release, decimal mark, character set, and whether the file is in records of one width, so
/// that line ends within segments are not data. NUL for a separator that there is not, as NUL never separates.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Syntax(u64);

impl Syntax {
    pub(crate) fn new(delimiters: Delimiters, charset: Charset, wrapped: bool) -> Self {
        Self(u64::from_le_bytes([
            delimiters.element(),
            delimiters.component(),
            delimiters.terminator(),
            delimiters.repetition().unwrap_or(0),
            delimiters.release().unwrap_or(0),
            delimiters.decimal_mark(),
            charset.number(),
            u8::from(wrapped),
        ]))
    }

    #[expect(clippy::inline_always, reason = "see Events::next")]
    #[inline(always)]
    pub(crate) fn delimiters(self) -> Delimiters {
        let [element, component, terminator, repetition, release, decimal_mark, _, _] = self.0.to_le_bytes();
        let there = |byte: u8| Some(byte).filter(|&byte| byte != 0);
        Delimiters::unchecked([element, component, terminator], there(repetition), there(release), decimal_mark)
    }

    /// The same with a release character, if the byte can be one.
    pub(crate) fn releasing(self, release: u8) -> Self {
        let delimiters = self.delimiters();
        let released = delimiters.releasing(Some(release), delimiters.decimal_mark()).unwrap_or(delimiters);
        Self::new(released, self.charset(), self.wrapped())
    }

    fn charset(self) -> Charset {
        let [.., charset, _] = self.0.to_le_bytes();
        Charset::numbered(charset)
    }

    #[inline]
    pub(crate) fn wrapped(self) -> bool {
        let [.., wrapped] = self.0.to_le_bytes();
        wrapped != 0
    }

    #[inline]
    fn release(self) -> Option<u8> {
        self.delimiters().release()
    }

    #[expect(clippy::inline_always, reason = "see Events::next")]
    #[inline(always)]
    pub(crate) fn cut(self) -> Cut {
        Cut::new(self.delimiters(), self.wrapped())
    }
}

impl std::fmt::Debug for Syntax {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        (self.delimiters(), self.charset(), self.wrapped()).fmt(f)
    }
}

/// A segment: an id and elements, borrowed from the file.
///
/// Elements count from 1, as in `N104`; components and repetitions too. An element that is empty and one that is not
/// there are the same (X12.6), so both are `None`.
///
/// What ends in `_bytes` or `_raw`, and the parts that [`components`](Self::components) and
/// [`repetitions`](Self::repetitions) give, are as they stand in the file, so that ranges fit them;
/// [`data`](Self::data) takes release characters away, and line ends where the file is in records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment<'a> {
    bytes: &'a [u8],
    start: usize,
    /// The element separators among the first 64 bytes.
    separators: u64,
    syntax: Syntax,
    position: u32,
    /// The id where a record's end stands within it: up to three characters, then NUL.
    joined_id: [u8; 3],
    /// Bytes from the end of `bytes` to the end of the segment, which are its terminator; and in the upper four bits
    /// how many separators count, as binary data holds more: zero for all.
    tail: u8,
}

impl<'a> Segment<'a> {
    /// `bytes` are without the terminator, which has `tail` bytes; `start` is in the file.
    pub(crate) fn new(bytes: &'a [u8], start: usize, tail: u8, syntax: Syntax) -> Self {
        let separators = scan::separators(bytes, syntax.cut(), &mut false);
        Self::scanned(bytes, start, tail, syntax, separators)
    }

    /// The same where the separators among the first 64 bytes are known.
    #[inline]
    pub(crate) fn scanned(bytes: &'a [u8], start: usize, tail: u8, syntax: Syntax, separators: u64) -> Self {
        let segment = Self { bytes, start, separators, syntax, position: 0, joined_id: [0; 3], tail };
        if syntax.wrapped() { segment.joined() } else { segment }
    }

    /// The same with one byte of terminator, in a file that is not in records.
    #[expect(clippy::inline_always, reason = "see Events::next")]
    #[inline(always)]
    pub(crate) fn plain(bytes: &'a [u8], start: usize, syntax: Syntax, separators: u64) -> Self {
        Self { bytes, start, separators, syntax, position: 0, joined_id: [0; 3], tail: 1 }
    }

    /// Puts an id together that a record's end divides.
    fn joined(mut self) -> Self {
        let id = self.raw_id();
        if id.iter().any(|&byte| is_line_end(byte)) {
            let whole = id.iter().copied().filter(|&byte| !is_line_end(byte));
            for (to, from) in self.joined_id.iter_mut().zip(whole) {
                *to = from;
            }
        }
        self
    }

    #[inline]
    pub(crate) fn at_position(self, position: u32) -> Self {
        Self { position, ..self }
    }

    /// From separator number `max` on, all is one element.
    pub(crate) fn with_separators_max(self, max: u8) -> Self {
        Self { tail: self.tail | (max << 4), ..self }
    }

    /// The id, such as `N1`; empty if the segment has none. An id that is no text is shown as empty.
    pub fn id(&self) -> &str {
        std::str::from_utf8(self.id_bytes()).unwrap_or("")
    }

    /// The id as bytes, which need not be text.
    #[inline]
    pub fn id_bytes(&self) -> &[u8] {
        if let [0, ..] = self.joined_id { self.raw_id() } else { self.joined_id.trim_ascii_end_nul() }
    }

    #[inline]
    fn raw_id(&self) -> &'a [u8] {
        if self.separators != 0 {
            let len = self.separators.trailing_zeros() as usize;
            return self.bytes.get(..len).unwrap_or(self.bytes);
        }
        if self.bytes.len() <= scan::BLOCK { self.bytes } else { self.id_of_long() }
    }

    #[inline(never)]
    fn id_of_long(&self) -> &'a [u8] {
        self.parts().next().unwrap_or(self.bytes)
    }

    /// The position in the set, ST or UNH being 1; 0 for the segments of the envelopes.
    pub fn position(&self) -> usize {
        self.position as usize
    }

    /// Where the segment stands in the file, with its terminator.
    pub fn range(&self) -> Range<usize> {
        self.start..self.end()
    }

    /// Whether its terminator is there.
    pub(crate) fn is_terminated(&self) -> bool {
        self.tail > 0
    }

    /// Whether it ends where it says and not at the first terminator.
    pub(crate) fn is_binary(&self) -> bool {
        self.tail >> 4 > 0
    }

    /// The element separators of a segment of fewer than 64 bytes that holds no binary data, a bit for each byte.
    #[inline]
    pub(crate) fn short_separators(&self) -> Option<u64> {
        (self.bytes.len() < scan::BLOCK && !self.is_binary()).then_some(self.separators)
    }

    /// Where it begins in the file.
    pub(crate) fn start(&self) -> usize {
        self.start
    }

    pub(crate) fn end(&self) -> usize {
        self.start + self.bytes.len() + usize::from(self.tail & 0x0f)
    }

    /// The bytes without the terminator, as they stand.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The delimiters of the interchange that it is of.
    pub fn delimiters(&self) -> Delimiters {
        self.syntax.delimiters()
    }

    /// How many elements are written, empty ones included.
    pub fn element_count(&self) -> usize {
        self.elements_raw().count()
    }

    /// The id and the elements.
    #[expect(clippy::inline_always, reason = "see Events::next")]
    #[inline(always)]
    fn parts(&self) -> Elements<'a> {
        let max = Some(self.tail >> 4).filter(|&max| max > 0);
        Elements::new(self.bytes, self.syntax.cut(), self.separators, max)
    }

    /// All elements from the first, empty ones included, as they stand.
    #[expect(clippy::inline_always, reason = "see Events::next")]
    #[inline(always)]
    pub fn elements_raw(&self) -> Elements<'a> {
        let mut parts = self.parts();
        parts.next();
        parts
    }

    /// The id and the elements after it as they stand, so many; empty where there is none.
    pub(crate) fn fields<const N: usize>(&self) -> [&'a [u8]; N] {
        let mut fields = [[].as_slice(); N];
        for (field, part) in fields.iter_mut().zip(self.parts()) {
            *field = part;
        }
        fields
    }

    /// The bytes of element `n` with all its components and repetitions, as they stand; `None` if empty or not there.
    #[inline]
    pub fn element_bytes(&self, n: usize) -> Option<&'a [u8]> {
        if self.bytes.len() <= scan::BLOCK && !self.is_binary() && !self.syntax.wrapped() {
            return self.element_of_block(n).filter(|bytes| !bytes.is_empty());
        }
        self.element_anywhere(n)
    }

    /// The same of a segment of any length and in records.
    #[inline(never)]
    fn element_anywhere(&self, n: usize) -> Option<&'a [u8]> {
        let bytes = self.elements_raw().nth(n.checked_sub(1)?)?;
        let empty = if self.syntax.wrapped() { bytes.iter().all(|&byte| is_line_end(byte)) } else { bytes.is_empty() };
        (!empty).then_some(bytes)
    }

    /// Both elements of a segment of fewer than 64 bytes that has just two, neither of them empty, and is in no records.
    #[inline]
    pub(crate) fn two_elements(&self) -> Option<(&'a [u8], &'a [u8])> {
        let first = self.separators.trailing_zeros() as usize;
        let others = self.separators & self.separators.wrapping_sub(1);
        let second = others.trailing_zeros() as usize;
        if !others.is_power_of_two() || self.bytes.len() >= scan::BLOCK || self.is_binary() || self.syntax.wrapped() {
            return None;
        }
        let (one, two) = (self.bytes.get(first + 1..second)?, self.bytes.get(second + 1..)?);
        (!one.is_empty() && !two.is_empty()).then_some((one, two))
    }

    /// The first two elements of a segment of fewer than 64 bytes that is in no records, the second empty if it is not
    /// there; `None` if there is none.
    #[inline]
    pub(crate) fn first_two(&self) -> Option<(&'a [u8], &'a [u8])> {
        if self.syntax.wrapped() {
            return None;
        }
        let first = self.short_separators()?;
        let second = first & first.wrapping_sub(1);
        let third = second & second.wrapping_sub(1);
        let start = first.trailing_zeros() as usize + 1;
        if second == 0 {
            return Some((self.bytes.get(start..)?, &[]));
        }
        let end = second.trailing_zeros() as usize;
        let len = if third == 0 { self.bytes.len() } else { third.trailing_zeros() as usize };
        Some((self.bytes.get(start..end)?, self.bytes.get(end + 1..len)?))
    }

    /// Element `n`, where all separators are those of the first block.
    #[inline]
    fn element_of_block(&self, n: usize) -> Option<&'a [u8]> {
        let without_lowest = |bits: u64| bits & bits.wrapping_sub(1);
        let mut separators = self.separators;
        for _ in 1..n {
            separators = without_lowest(separators);
            if separators == 0 {
                return None;
            }
        }
        if separators == 0 || n == 0 {
            return None;
        }
        let start = separators.trailing_zeros() as usize + 1;
        match without_lowest(separators) {
            0 => self.bytes.get(start..),
            after => self.bytes.get(start..after.trailing_zeros() as usize),
        }
    }

    /// All bytes but the line ends of records; `None` if there is none in this segment.
    #[inline]
    pub(crate) fn without_record_ends(&self) -> Option<Vec<u8>> {
        let divided = self.syntax.wrapped() && self.bytes.iter().any(|byte| is_line_end(*byte));
        divided.then(|| self.bytes.iter().copied().filter(|byte| !is_line_end(*byte)).collect())
    }

    /// The same segment with other bytes, which are in no records.
    pub(crate) fn with_bytes<'b>(&self, bytes: &'b [u8]) -> Segment<'b> {
        let syntax = Syntax::new(self.syntax.delimiters(), self.syntax.charset(), false);
        Segment { tail: self.tail, ..Segment::new(bytes, self.start, 0, syntax).at_position(self.position) }
    }

    /// Where byte `offset` of [`without_record_ends`](Self::without_record_ends) stands in this segment.
    pub(crate) fn offset_in_records(&self, offset: usize) -> usize {
        let mut data = self.bytes.iter().enumerate().filter(|(_, byte)| !is_line_end(**byte)).map(|(at, _)| at);
        data.nth(offset).unwrap_or(self.bytes.len())
    }

    /// Part of this segment as data: without release characters, and without line ends where the file is in records of
    /// one width.
    #[inline]
    pub fn data<'b>(&self, raw: &'b [u8]) -> Cow<'b, [u8]> {
        match self.syntax.release() {
            None if !self.syntax.wrapped() => Cow::Borrowed(raw),
            release => self.data_of(raw, release),
        }
    }

    fn data_of<'b>(&self, raw: &'b [u8], release: Option<u8>) -> Cow<'b, [u8]> {
        let special = |byte: &u8| Some(*byte) == release || (self.syntax.wrapped() && is_line_end(*byte));
        if !raw.iter().any(special) {
            return Cow::Borrowed(raw);
        }
        let mut data = Vec::with_capacity(raw.len());
        let mut released = false;
        for &byte in raw.iter().filter(|byte| !(self.syntax.wrapped() && is_line_end(**byte))) {
            if !released && Some(byte) == release {
                released = true;
            } else {
                released = false;
                data.push(byte);
            }
        }
        // What it would release is cut off; it is not lost.
        if released {
            data.extend(release);
        }
        Cow::Owned(data)
    }

    /// Part of this segment as text, in the interchange's character set and without what is not data. Nothing is
    /// trimmed. X12: UTF-8, or else ISO 8859-1; EDIFACT: what UNB says.
    pub fn text<'b>(&self, raw: &'b [u8]) -> Cow<'b, str> {
        match self.data(raw) {
            Cow::Borrowed(data) => self.syntax.charset().text(data),
            Cow::Owned(data) => Cow::Owned(self.syntax.charset().text(&data).into_owned()),
        }
    }

    /// Element `n` as text, with all its components and repetitions. Nothing is trimmed.
    pub fn element(&self, n: usize) -> Option<Cow<'a, str>> {
        self.element_bytes(n).map(|bytes| self.text(bytes))
    }

    /// Component `c` of element `n` (of its first repetition), as text.
    pub fn component(&self, n: usize, c: usize) -> Option<Cow<'a, str>> {
        self.component_bytes(n, c).map(|bytes| self.text(bytes))
    }

    /// Component `c` of element `n` (of its first repetition), as it stands; `None` if empty or not there.
    pub fn component_bytes(&self, n: usize, c: usize) -> Option<&'a [u8]> {
        let repetition = self.split(self.element_bytes(n)?, self.syntax.delimiters().repetition()).next()?;
        let bytes = self.split(repetition, Some(self.syntax.delimiters().component())).nth(c.checked_sub(1)?)?;
        let empty = if self.syntax.wrapped() { bytes.iter().all(|&byte| is_line_end(byte)) } else { bytes.is_empty() };
        (!empty).then_some(bytes)
    }

    /// The components of element `n` (of its first repetition), empty ones included.
    pub fn components(&self, n: usize) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let segment = *self;
        self.repetitions(n).next().into_iter().flat_map(move |bytes| segment.components_of(bytes))
    }

    /// The components of one repetition, empty ones included.
    pub fn components_of<'b>(&self, repetition: &'b [u8]) -> impl Iterator<Item = &'b [u8]> + use<'b> {
        self.split(repetition, Some(self.syntax.delimiters().component()))
    }

    /// The repetitions of element `n`; one if the interchange has no repetition separator, none if the element is not
    /// there.
    pub fn repetitions(&self, n: usize) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let segment = *self;
        let repetition = self.syntax.delimiters().repetition();
        self.element_bytes(n).into_iter().flat_map(move |bytes| segment.split(bytes, repetition))
    }

    fn split<'b>(&self, bytes: &'b [u8], separator: Option<u8>) -> Split<'b> {
        let release = self.syntax.release();
        Split { rest: Some(bytes), separator, release, wrapped: self.syntax.wrapped() }
    }

    /// Where a part of this segment stands in the file: one that [`elements_raw`](Self::elements_raw),
    /// [`components`](Self::components) or [`repetitions`](Self::repetitions) gave. The empty range at the segment's end
    /// if it is not of this segment.
    pub fn range_of(&self, part: &[u8]) -> Range<usize> {
        let offset = part.as_ptr().addr().wrapping_sub(self.bytes.as_ptr().addr());
        if offset + part.len() <= self.bytes.len() {
            return self.start + offset..self.start + offset + part.len();
        }
        let end = self.start + self.bytes.len();
        end..end
    }

    /// Where element `n` stands in the file; if it is not there, the empty range at the segment's end.
    pub fn element_range(&self, n: usize) -> Range<usize> {
        let element = n.checked_sub(1).and_then(|index| self.elements_raw().nth(index));
        let end = self.start + self.bytes.len();
        element.map_or(end..end, |element| self.range_of(element))
    }
}

trait TrimNul {
    fn trim_ascii_end_nul(&self) -> &[u8];
}

impl TrimNul for [u8; 3] {
    fn trim_ascii_end_nul(&self) -> &[u8] {
        let len = self.iter().position(|&byte| byte == 0).unwrap_or(self.len());
        self.get(..len).unwrap_or_default()
    }
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// Parts between separators that are not released.
struct Split<'a> {
    rest: Option<&'a [u8]>,
    separator: Option<u8>,
    release: Option<u8>,
    wrapped: bool,
}

impl<'a> Iterator for Split<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        let bytes = self.rest?;
        let Some(separator) = self.separator else {
            self.rest = None;
            return Some(bytes);
        };
        if !self.wrapped {
            let release = self.release.unwrap_or(separator);
            let mut from = 0;
            while let Some(rest) = bytes.get(from..)
                && let Some(found) = rest.iter().position(|&byte| byte == separator || byte == release)
            {
                let at = from + found;
                if bytes.get(at) == Some(&separator) {
                    self.rest = bytes.get(at + 1..);
                    return bytes.get(..at);
                }
                from = at + 2;
            }
            self.rest = None;
            return Some(bytes);
        }
        let mut released = false;
        for (index, &byte) in bytes.iter().enumerate() {
            if is_line_end(byte) {
                continue;
            }
            if released {
                released = false;
            } else if Some(byte) == self.release {
                released = true;
            } else if byte == separator {
                self.rest = bytes.get(index + 1..);
                return bytes.get(..index);
            }
        }
        self.rest = None;
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn syntax(delimiters: Delimiters, wrapped: bool) -> Syntax {
        Syntax::new(delimiters, Charset::Guess, wrapped)
    }

    #[test]
    fn elements_components_repetitions_and_their_places() {
        let delimiters = Delimiters::new(b'*', b'>', b'~', Some(b'^')).unwrap();
        let segment = Segment::new(b"N9*LT**A>B^C>D*\xe9", 10, 1, syntax(delimiters, false));
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
        let second = segment.repetitions(3).nth(1).unwrap();
        assert_eq!(
            segment.components_of(second).map(|part| segment.range_of(part)).collect::<Vec<_>>(),
            [21..22, 23..24]
        );
    }

    #[test]
    fn released_bytes_are_data_and_ranges_are_of_the_file() {
        let segment = Segment::new(b"FTX+AAI+a?+b:c?:d??:?'", 0, 1, syntax(Delimiters::EDIFACT, false));
        assert_eq!(segment.element_count(), 2);
        assert_eq!(segment.element(2).as_deref(), Some("a+b:c:d?:'"));
        let parts: Vec<_> = segment.components(2).map(|part| segment.text(part)).collect();
        assert_eq!(parts, ["a+b", "c:d?", "'"]);
        assert_eq!((segment.element_bytes(2), segment.element_range(2)), (Some(&b"a?+b:c?:d??:?'"[..]), 8..22));
        assert_eq!(segment.component(2, 3).as_deref(), Some("'"));
    }

    #[test]
    fn a_records_end_within_a_segment_is_no_data() {
        let segment = Segment::new(b"W1\r\n2*CC*1\r\n0*\r\n*EA", 0, 1, syntax(Delimiters::STANDARD, true));
        assert_eq!((segment.id(), segment.element(2).as_deref()), ("W12", Some("10")));
        assert_eq!((segment.element(3), segment.element(4).as_deref()), (None, Some("EA")));
        assert_eq!(segment.element_range(2), 9..13);
    }
}
