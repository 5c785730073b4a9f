//! A segment cut into elements and components, each with its bytes.

use std::borrow::Cow;
use std::ops::Range;

use edi::Segment;

use super::compile::{Condition, Position, Test, bit};

/// A part of a segment without the blanks around it: its text and where it stands in the file.
pub(super) type Part<'a> = (Cow<'a, str>, Range<usize>);

/// A segment whose elements are known by their bytes. One is filled again for each segment.
#[derive(Default)]
pub(super) struct Cut<'a> {
    segment: Option<&'a Segment<'a>>,
    elements: Vec<&'a [u8]>,
}

impl<'a> Cut<'a> {
    pub(super) fn fill(&mut self, segment: &'a Segment<'a>) {
        self.segment = Some(segment);
        self.elements.clear();
        self.elements.extend(segment.elements_raw());
    }

    pub(super) fn decimal_mark(&self) -> u8 {
        self.segment.map_or(b'.', |segment| segment.delimiters().decimal_mark())
    }

    /// The element or component at `position`, of the first repetition; `None` if it is empty or not there. Element 0 is
    /// the segment's id.
    pub(super) fn get(&self, position: Position) -> Option<Part<'a>> {
        let segment = self.segment?;
        if position.element == 0 {
            return Some((Cow::Borrowed(segment.id()), self.id_range()?));
        }
        self.bytes(position).map(|bytes| (segment.text(bytes), segment.range_of(bytes)))
    }

    /// The same as it stands in the file; `None` for the segment's id.
    pub(super) fn bytes(&self, position: Position) -> Option<&'a [u8]> {
        let segment = self.segment?;
        let mut bytes = *self.elements.get(position.element.checked_sub(1)?)?;
        if segment.delimiters().repetition().is_some() && !bytes.is_empty() {
            bytes = segment.repetitions(position.element).next()?;
        }
        if let Some(index) = position.component.checked_sub(1) {
            bytes = segment.components_of(bytes).nth(index)?;
        }
        let bytes = bytes.trim_ascii();
        (!bytes.is_empty()).then_some(bytes)
    }

    /// Whether bytes of the segment say `code`. Letters and digits are the same in every character set; for anything else
    /// the text counts.
    pub(super) fn says(&self, bytes: &[u8], code: &str) -> bool {
        let Some(segment) = self.segment else {
            return false;
        };
        let release = segment.delimiters().release();
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() && Some(*byte) != release;
        if bytes.iter().all(plain) { bytes == code.as_bytes() } else { segment.text(bytes) == code }
    }

    fn id_range(&self) -> Option<Range<usize>> {
        let start = self.segment?.range().start;
        Some(start..start + self.segment?.id().len())
    }

    /// Elements that say something and are not among `named`, from 1.
    pub(super) fn others(&self, named: u128) -> impl Iterator<Item = usize> {
        let elements = self.elements.iter().zip(1..);
        elements
            .filter(move |(bytes, element)| !bytes.is_empty() && named & bit(*element) == 0)
            .map(|(_, element)| element)
    }

    /// Where an element stands, or would stand.
    pub(super) fn offset(&self, position: Position) -> usize {
        let Some(segment) = self.segment else {
            return 0;
        };
        let element = position.element.checked_sub(1).and_then(|index| self.elements.get(index));
        match element {
            Some(element) => segment.range_of(element).start,
            None if position.element == 0 => segment.range().start,
            None => segment.range().start + segment.bytes().len(),
        }
    }

    pub(super) fn meets(&self, conditions: &[Condition]) -> bool {
        conditions.iter().all(|condition| {
            let part = self.bytes(condition.at);
            match &condition.test {
                Test::OneOf(codes) => part.is_some_and(|bytes| codes.iter().any(|code| self.says(bytes, code))),
                Test::Present => part.is_some(),
                Test::Absent => part.is_none(),
            }
        })
    }
}
