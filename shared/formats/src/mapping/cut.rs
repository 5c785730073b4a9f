//! A segment cut into elements and components, each with its bytes.

use std::borrow::Cow;
use std::ops::Range;

use edi::Segment;

use super::plan::{Condition, Source, Test, Word, bit, key};
use super::text::Position;

/// Bytes that are looked at together.
const BLOCK: usize = 16;

/// How many elements of a segment have a bit. Few have so many.
const MARKED: usize = 63;

/// A segment whose elements are known by their bytes. One is filled again for each segment.
#[derive(Debug, Default)]
pub(crate) struct Cut<'a> {
    /// The whole segment, if its bytes are its characters as they stand: ASCII without release characters and line
    /// ends.
    plain: Option<&'a str>,
    /// The segment, if they are not.
    segment: Option<Segment<'a>>,
    bytes: &'a [u8],
    /// Where it begins in the file.
    start: usize,
    elements: Vec<&'a [u8]>,
    /// Which of the first elements are not empty, by the bits from element 1 on.
    filled: u64,
    component: u8,
    repetition: Option<u8>,
    decimal_mark: u8,
}

impl<'a> Cut<'a> {
    /// `file` is the text of the whole file, if it is text: then the segment need not be looked at for that.
    #[inline]
    pub(crate) fn fill(&mut self, segment: &Segment<'a>, file: Option<&'a str>) {
        let delimiters = segment.delimiters();
        let bytes = segment.bytes();
        self.bytes = bytes;
        self.start = segment.range().start;
        self.component = delimiters.component();
        self.repetition = delimiters.repetition();
        self.decimal_mark = delimiters.decimal_mark();
        (self.plain, self.segment) = (None, None);
        if is_plain(bytes, delimiters.release()) {
            let of_file = file.and_then(|file| file.get(self.start..self.start + bytes.len()));
            let same = of_file.filter(|text| std::ptr::eq(text.as_bytes(), bytes));
            self.plain = same.or_else(|| std::str::from_utf8(bytes).ok());
        }
        if self.plain.is_none() {
            self.segment = Some(*segment);
        }
        self.elements.clear();
        self.filled = 0;
        let mut here: u64 = 2;
        for element in segment.elements_raw() {
            if !element.is_empty() {
                self.filled |= here;
            }
            here <<= 1;
            self.elements.push(element);
        }
    }

    pub(super) fn decimal_mark(&self) -> u8 {
        self.decimal_mark
    }

    /// The element or component at `position`, of the first repetition, without the blanks around it and as it stands
    /// in the file; `None` if it is empty or not there, or the segment's id.
    #[inline]
    pub(super) fn bytes(&self, position: Position) -> Option<&'a [u8]> {
        let mut bytes = *self.elements.get(position.element.checked_sub(1)?)?;
        if self.plain.is_none() {
            bytes = self.looked_at(bytes, position)?;
        } else {
            if let Some(repetition) = self.repetition {
                bytes = bytes.split(|byte| *byte == repetition).next()?;
            }
            if let Some(index) = position.component.checked_sub(1) {
                bytes = bytes.split(|byte| *byte == self.component).nth(index)?;
            }
        }
        let bytes = bytes.trim_ascii();
        (!bytes.is_empty()).then_some(bytes)
    }

    /// The same where release characters or the ends of records may stand in it.
    #[cold]
    fn looked_at(&self, element: &'a [u8], position: Position) -> Option<&'a [u8]> {
        let segment = self.segment?;
        let mut bytes = element;
        if self.repetition.is_some() && !bytes.is_empty() {
            bytes = segment.repetitions(position.element).next()?;
        }
        match position.component.checked_sub(1) {
            Some(index) => segment.components_of(bytes).nth(index),
            None => Some(bytes),
        }
    }

    /// Element `n` with all its components and repetitions, as it stands; `None` if it is empty or not there.
    #[inline]
    pub(crate) fn element(&self, n: usize) -> Option<&'a [u8]> {
        self.elements.get(n.checked_sub(1)?).copied().filter(|bytes| !bytes.is_empty())
    }

    /// What [`bytes`](Self::bytes) gave, as text, if it is its characters as it stands.
    #[inline]
    pub(crate) fn plain(&self, bytes: &'a [u8]) -> Option<&'a str> {
        let plain = self.plain?;
        let start = bytes.as_ptr().addr().wrapping_sub(plain.as_ptr().addr());
        plain.get(start..start.wrapping_add(bytes.len()))
    }

    /// What [`bytes`](Self::bytes) gave, as text.
    #[inline]
    pub(crate) fn text(&self, bytes: &'a [u8]) -> Cow<'a, str> {
        match (self.plain(bytes), self.segment) {
            (Some(text), _) => Cow::Borrowed(text),
            (None, Some(segment)) => segment.text(bytes),
            (None, None) => Cow::Borrowed(""),
        }
    }

    /// The text at a position.
    #[inline]
    pub(super) fn get(&self, position: Position) -> Option<Cow<'a, str>> {
        self.bytes(position).map(|bytes| self.text(bytes))
    }

    /// Where a position's bytes stand in the file; `None` if there are none.
    pub(super) fn range(&self, position: Position) -> Option<Range<usize>> {
        if position == Position::ID {
            let len = match (self.segment, self.elements.first()) {
                (Some(segment), _) => segment.id().len(),
                (None, Some(first)) => self.range_of(first).start - self.start - 1,
                (None, None) => self.bytes.len(),
            };
            return Some(self.start..self.start + len);
        }
        self.bytes(position).map(|bytes| self.range_of(bytes))
    }

    fn range_of(&self, part: &[u8]) -> Range<usize> {
        let start = self.start + part.as_ptr().addr().saturating_sub(self.bytes.as_ptr().addr());
        start..start + part.len()
    }

    /// Which of some codes bytes of the segment say. Letters and digits are the same in every character set; for
    /// anything else the text counts.
    #[inline]
    fn code(&self, bytes: &[u8], codes: &[Word]) -> Option<usize> {
        if let Some(segment) = self.segment {
            let text = segment.text(bytes);
            return codes.iter().position(|code| text == code.text);
        }
        if bytes.len() > size_of::<u32>() {
            return codes.iter().position(|code| bytes == code.text.as_bytes());
        }
        let key = key(bytes);
        codes.iter().position(|code| code.key == key)
    }

    /// Whether all elements that say something are among `named`, by the same bits.
    #[inline]
    pub(super) fn all_named(&self, named: u128) -> bool {
        u128::from(self.filled) & !named == 0 && self.elements.len() <= MARKED
    }

    /// Elements that say something and are not among `named`, from 1.
    pub(super) fn others(&self, named: u128) -> impl Iterator<Item = usize> {
        let elements = self.elements.iter().zip(1..);
        let others = elements.filter(move |(bytes, element)| !bytes.is_empty() && named & bit(*element) == 0);
        others.map(|(_, element)| element)
    }

    /// Where an element stands, or would stand.
    pub(super) fn offset(&self, position: Position) -> usize {
        let element = position.element.checked_sub(1).and_then(|index| self.elements.get(index));
        match element {
            Some(element) => self.range_of(element).start,
            None if position.element == 0 => self.start,
            None => self.start + self.bytes.len(),
        }
    }

    #[inline]
    pub(super) fn meets(&self, conditions: &[Condition]) -> bool {
        conditions.iter().all(|condition| {
            let part = self.bytes(condition.at);
            match &condition.test {
                Test::OneOf(codes) => part.is_some_and(|bytes| self.code(bytes, codes).is_some()),
                Test::Present => part.is_some(),
                Test::Absent => part.is_none(),
            }
        })
    }

    /// Where a value belongs, and where its parts may be.
    #[inline]
    pub(super) fn places<'p>(&self, source: &'p Source) -> (Position, &'p [Position]) {
        match source {
            Source::At(positions) => (positions.first().copied().unwrap_or(Position::ID), positions),
            Source::Pairs(pairs, codes) => {
                let (mut best, mut best_rank) = (None, codes.len());
                for (qualifier, value) in pairs {
                    let Some(bytes) = self.bytes(*qualifier) else { continue };
                    let better = self.code(bytes, codes.get(..best_rank).unwrap_or_default());
                    if let Some(rank) = better.filter(|_| self.bytes(*value).is_some()) {
                        (best, best_rank) = (Some(value), rank);
                    }
                }
                match best {
                    Some(value) => (*value, std::slice::from_ref(value)),
                    None => (pairs.first().map_or(Position::ID, |(_, value)| *value), &[]),
                }
            }
        }
    }
}

/// Whether bytes are their characters as they stand. A few at a time, without a look where they end, as this is asked
/// of every segment.
#[expect(clippy::needless_bitwise_bool, reason = "a branch for each byte is what this is to do without")]
#[inline]
fn is_plain(bytes: &[u8], release: Option<u8>) -> bool {
    // NUL, which is not plain anyway, for a release character that there is not.
    let release = release.unwrap_or(0);
    let is_odd = |byte: u8| !(b' '..0x80).contains(&byte) | (byte == release);
    let Some(last) = bytes.last_chunk::<BLOCK>() else {
        return !bytes.iter().fold(false, |odd, byte| odd | is_odd(*byte));
    };
    let any = |block: &[u8; BLOCK]| block.iter().fold(false, |odd, byte| odd | is_odd(*byte));
    let (blocks, _) = bytes.as_chunks::<BLOCK>();
    !blocks.iter().any(any) && !any(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_bytes_are_their_characters() {
        for len in 0..40 {
            let plain = vec![b'x'; len];
            assert!(is_plain(&plain, Some(b'?')));
            for at in 0..len {
                for odd in [b'?', b'\n', 0, 0x80, 0xe9] {
                    let mut bytes = plain.clone();
                    bytes[at] = odd;
                    assert!(!is_plain(&bytes, Some(b'?')), "{odd} at {at} of {len}");
                    assert_eq!(is_plain(&bytes, None), odd == b'?');
                }
            }
        }
    }
}
