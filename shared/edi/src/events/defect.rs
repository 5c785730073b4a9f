//! What is wrong with a service segment, before and after its place is written down.

use std::borrow::Cow;

use crate::finding::{Finding, Place, SyntaxCode as Code};
use crate::segment::Segment;

/// A defect that was found, before its place is written down.
pub(super) type Defect = (Code, Part, &'static str);

/// What was found in a header as findings; a place is made only if there are any.
pub(super) fn told(found: Vec<Defect>, segment: &Segment<'_>, place: impl FnOnce() -> Place) -> Vec<Finding> {
    if found.is_empty() {
        return Vec::new();
    }
    let place = place();
    found.into_iter().map(|(code, part, message)| part.finding(code, &place, segment, message)).collect()
}

/// The part of a segment that a finding is about.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Element(usize),
    /// In an element that is a composite. Element 0 is the segment as a whole.
    Component(usize, usize),
}

impl Part {
    pub(super) fn finding<'m>(
        self,
        code: Code,
        place: &Place,
        segment: &Segment<'_>,
        message: impl Into<Cow<'m, str>>,
    ) -> Finding {
        let (n, c, bytes) = match self {
            Self::Element(n) => (n, None, segment.element_bytes(n)),
            Self::Component(n, c) => (n, Some(c), segment.component_bytes(n, c)),
        };
        if n == 0 {
            return Finding::new(code, place.clone(), message.into()).with_bad(segment.bytes());
        }
        let range = bytes.map_or_else(|| segment.element_range(n), |bytes| segment.range_of(bytes));
        let mut place = place.at(range.start, range.len());
        (place.element, place.component) = (Some(n), c);
        Finding::new(code, place, message.into()).with_bad(bytes.unwrap_or_default())
    }
}

/// How many characters a value has without the blanks around it; in the character set of its interchange.
pub(super) fn characters(text: Option<Cow<'_, str>>) -> usize {
    text.map_or(0, |text| text.trim_matches(|c: char| c.is_ascii_whitespace()).chars().count())
}

/// Digits with nothing but blanks around them.
pub(super) fn number(bytes: Option<&[u8]>) -> Option<u64> {
    let bytes = bytes?.trim_ascii();
    if bytes.is_empty() || bytes.len() > 18 {
        return None;
    }
    bytes.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u64::from(byte - b'0')))
}

/// What a trailer has to say: the control number of its header, and how much there is between the two.
pub(super) struct Due<'c> {
    /// Of the trailer, and of the header or its control number.
    pub(super) names: (&'static str, &'static str),
    pub(super) control: &'c [u8],
    /// Whether numbers that are written differently are the same.
    pub(super) as_numbers: bool,
    pub(super) count: usize,
    /// For another control number, and for another count.
    pub(super) codes: (Code, Code),
}

impl Due<'_> {
    /// What is wrong with the trailer: element 1 is to be the count, element 2 the control number. `counted` says of what.
    pub(super) fn check(
        &self,
        trailer: &Segment<'_>,
        place: impl Fn() -> Place,
        counted: impl FnOnce() -> String,
    ) -> Vec<Finding> {
        if self.is_plainly_met(trailer) { Vec::new() } else { self.missed(trailer, place, counted) }
    }

    /// Whether the trailer has the control number byte by byte, and the count. If not, it may still be good.
    #[inline]
    fn is_plainly_met(&self, trailer: &Segment<'_>) -> bool {
        let Some((count, control)) = trailer.two_elements() else { return false };
        let released = trailer.delimiters().release().is_some_and(|release| control.contains(&release));
        control == self.control && !released && number(Some(count)) == Some(self.count as u64)
    }

    #[inline(never)]
    fn missed(
        &self,
        trailer: &Segment<'_>,
        place: impl Fn() -> Place,
        counted: impl FnOnce() -> String,
    ) -> Vec<Finding> {
        let mut found = Vec::new();
        let (id, header) = self.names;
        let (count, control) = (trailer.element_bytes(1), trailer.element_bytes(2));
        let same = if self.as_numbers { same_number } else { same_text };
        if !same(trailer, control, self.control) {
            let message = format!("{id}02 is not the control number of {header}.");
            found.push(Part::Element(2).finding(self.codes.0, &place(), trailer, message));
        }
        if count.and_then(|count| number(Some(&trailer.data(count)))) != Some(self.count as u64) {
            let message = format!("{id}01 is not the number of {}.", counted());
            found.push(Part::Element(1).finding(self.codes.1, &place(), trailer, message));
        }
        found
    }
}

/// Control numbers are equal as numbers, or else as text.
fn same_number(segment: &Segment<'_>, one: Option<&[u8]>, other: &[u8]) -> bool {
    let one = segment.data(one.unwrap_or_default());
    if one.as_ref() == other {
        return true;
    }
    match (number(Some(&one)), number(Some(other))) {
        (Some(one), Some(other)) => one == other,
        _ => one.trim_ascii() == other,
    }
}

/// References are equal as text.
fn same_text(segment: &Segment<'_>, one: Option<&[u8]>, other: &[u8]) -> bool {
    segment.data(one.unwrap_or_default()).trim_ascii() == other
}
