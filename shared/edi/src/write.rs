//! From values to bytes. Counts and control numbers of the trailers are computed; no value can become a segment.

use crate::control_number::ControlNumber;
use crate::delimiters::Delimiters;
use crate::limits::{SEGMENT_LEN_MAX, SEGMENTS_PER_SET_MAX};
use crate::value;

/// Most sets in a group. Source: X12.6, element 97 (GE01) has at most six digits.
pub const SETS_MAX: usize = 999_999;

/// Most groups in an interchange. Source: X12.5, element I16 (IEA01) has at most five digits.
pub const GROUPS_MAX: usize = 99_999;

/// Why something cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A value holds a delimiter or a control character and would change the structure; see [`clean`].
    #[error("{segment}{element:02} of segment {position} holds byte 0x{byte:02x}, which would change the structure")]
    Forbidden {
        /// The segment's id.
        segment: String,
        /// The segment's position in its set, ST being 1; 0 in the envelope.
        position: usize,
        /// The element, from 1.
        element: usize,
        /// The first byte that may not be there.
        byte: u8,
    },
    /// A segment id that is none, or one of the envelope's.
    #[error("`{segment}` (segment {position}) is no id of a segment in a transaction set")]
    SegmentId {
        /// The id.
        segment: String,
        /// The segment's position in its set, ST being 1.
        position: usize,
    },
    /// A value of the envelope that does not fit.
    #[error("{element} must be {expected}")]
    Envelope {
        /// Such as `ISA06`.
        element: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// More than a reader takes.
    #[error("too many or too long: {0}")]
    TooMany(&'static str),
}

/// A segment to be written: an id and elements, each of one or more components.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSegment {
    id: String,
    elements: Vec<Vec<String>>,
}

impl NewSegment {
    /// A segment without elements, such as `N1`.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), elements: Vec::new() }
    }

    /// Appends an element; an empty one keeps its place.
    #[must_use]
    pub fn element(self, value: impl Into<String>) -> Self {
        self.composite([value.into()])
    }

    /// Appends an empty element.
    #[must_use]
    pub fn empty(self) -> Self {
        self.element("")
    }

    /// Appends several elements.
    #[must_use]
    pub fn elements<T: Into<String>>(self, values: impl IntoIterator<Item = T>) -> Self {
        values.into_iter().fold(self, Self::element)
    }

    /// Appends a composite element.
    #[must_use]
    pub fn composite<T: Into<String>>(mut self, components: impl IntoIterator<Item = T>) -> Self {
        self.elements.push(components.into_iter().map(Into::into).collect());
        self
    }

    /// The id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The elements, each as its components.
    pub fn values(&self) -> &[Vec<String>] {
        &self.elements
    }
}

/// A transaction set to be written, without ST and SE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSet {
    /// ST01, such as `940`.
    pub id: String,
    /// ST02, four to nine letters or digits; unique in its group.
    pub control_number: String,
    /// What stands between ST and SE.
    pub segments: Vec<NewSegment>,
}

/// A functional group to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewGroup {
    /// GS01, such as `OW`.
    pub functional_id: String,
    /// GS02, 2 to 15 characters.
    pub sender_code: String,
    /// GS03, 2 to 15 characters.
    pub receiver_code: String,
    /// GS06.
    pub control_number: ControlNumber,
    /// GS08, such as `004010`.
    pub version: String,
    /// The sets, in order.
    pub sets: Vec<NewSet>,
}

/// What an interchange says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// ISA05 (two characters, such as `ZZ`) and ISA06 (at most 15).
    pub sender: (String, String),
    /// ISA07 and ISA08, likewise.
    pub receiver: (String, String),
    /// Civil date, CCYYMMDD: GS04, and without the century ISA09.
    pub date: String,
    /// Civil time, HHMM: ISA10 and GS05.
    pub time: String,
    /// ISA13.
    pub control_number: ControlNumber,
    /// ISA12, such as `00401`.
    pub version: String,
    /// ISA14: whether we want a TA1.
    pub ack_requested: bool,
    /// ISA15: `P` production, `T` test.
    pub usage_indicator: char,
    /// What separates. A repetition separator is written only from version 00402 on.
    pub delimiters: Delimiters,
    /// Whether each terminator is followed by a line feed, for people who open the file.
    pub line_feeds: bool,
}

/// Replaces what may not stand in a value (delimiters, control characters) by blanks, cuts it to `len_max` characters
/// and takes the blanks around it away.
pub fn clean(value: &str, delimiters: Delimiters, len_max: usize) -> String {
    let blank = |c: char| c.is_control() || u8::try_from(c).is_ok_and(|byte| delimiters.contains(byte));
    let cleaned: String = value.chars().map(|c| if blank(c) { ' ' } else { c }).collect();
    let cut: String = cleaned.trim().chars().take(len_max).collect();
    cut.trim_end().to_owned()
}

/// Writes an interchange of TA1s and groups.
///
/// Text is written as UTF-8, and so as ASCII where it is ASCII; whether a partner takes more is for whoever knows the
/// partner. Empty elements and components at an end are left out (X12.6: they say nothing).
///
/// # Errors
/// A value that would change the structure, or an envelope that does not fit. Nothing is written then.
pub fn interchange(envelope: &Envelope, ta1s: &[NewSegment], groups: &[NewGroup]) -> Result<Vec<u8>, Error> {
    let mut writer = Writer { out: Vec::new(), delimiters: effective(envelope), line_feeds: envelope.line_feeds };
    if groups.len() > GROUPS_MAX {
        return Err(Error::TooMany("groups in an interchange"));
    }
    writer.isa(envelope)?;
    for ta1 in ta1s {
        if ta1.id != "TA1" {
            return Err(Error::SegmentId { segment: ta1.id.clone(), position: 0 });
        }
        writer.segment(ta1, 0)?;
    }
    for group in groups {
        writer.group(envelope, group)?;
    }
    let iea = NewSegment::new("IEA").element(groups.len().to_string()).element(envelope.control_number.to_string());
    writer.segment(&iea, 0)?;
    Ok(writer.out)
}

/// Before 00402 there is no repetition separator (ISA11 is the standards id).
fn effective(envelope: &Envelope) -> Delimiters {
    let d = envelope.delimiters;
    let repeats = envelope.version.as_str() >= "00402";
    let repetition = d.repetition().filter(|_| repeats);
    Delimiters::new(d.element(), d.component(), d.terminator(), repetition).unwrap_or(d)
}

struct Writer {
    out: Vec<u8>,
    delimiters: Delimiters,
    line_feeds: bool,
}

impl Writer {
    fn isa(&mut self, envelope: &Envelope) -> Result<(), Error> {
        let qualifier = |element, value: &str| {
            let good = value.len() == 2 && value.bytes().all(|b| b.is_ascii_alphanumeric());
            good.then(|| value.to_owned()).ok_or(Error::Envelope { element, expected: "two letters or digits" })
        };
        let id = |element, value: &str| {
            let good = (1..=15).contains(&value.len()) && value.bytes().all(|b| b == b' ' || b.is_ascii_graphic());
            let good = good && !value.trim().is_empty();
            good.then(|| format!("{value:<15}"))
                .ok_or(Error::Envelope { element, expected: "1 to 15 ASCII characters" })
        };
        let date = envelope.date.as_bytes();
        let short = envelope.date.get(2..).filter(|_| date.len() == 8 && value::is_date(date));
        let short = short.ok_or(Error::Envelope { element: "GS04", expected: "a date, CCYYMMDD" })?;
        if envelope.time.len() != 4 || !value::is_time(envelope.time.as_bytes()) {
            return Err(Error::Envelope { element: "ISA10", expected: "a time, HHMM" });
        }
        if !value::is_digits(envelope.version.as_bytes(), 5..=5) {
            return Err(Error::Envelope { element: "ISA12", expected: "five digits" });
        }
        if !matches!(envelope.usage_indicator, 'P' | 'T' | 'I') {
            return Err(Error::Envelope { element: "ISA15", expected: "P, T or I" });
        }
        let isa = NewSegment::new("ISA")
            .elements(["00", "          ", "00", "          "])
            .element(qualifier("ISA05", &envelope.sender.0)?)
            .element(id("ISA06", &envelope.sender.1)?)
            .element(qualifier("ISA07", &envelope.receiver.0)?)
            .element(id("ISA08", &envelope.receiver.1)?)
            .elements([short, &envelope.time])
            .element("U")
            .element(&envelope.version)
            .element(envelope.control_number.to_string())
            .element(if envelope.ack_requested { "1" } else { "0" })
            .element(envelope.usage_indicator);
        let start = self.out.len();
        self.body(&isa, 0)?;
        // ISA11 and ISA16 are separators themselves, which no other value may hold.
        if let (Some(repetition), Some(byte)) = (self.delimiters.repetition(), self.out.get_mut(start + 82)) {
            *byte = repetition;
        }
        self.out.extend([self.delimiters.element(), self.delimiters.component()]);
        self.end();
        Ok(())
    }

    fn group(&mut self, envelope: &Envelope, group: &NewGroup) -> Result<(), Error> {
        let envelope_error = |element, expected| Err(Error::Envelope { element, expected });
        if group.functional_id.len() != 2 {
            return envelope_error("GS01", "two characters");
        }
        for (element, code) in [("GS02", &group.sender_code), ("GS03", &group.receiver_code)] {
            if !(2..=15).contains(&code.chars().count()) {
                return envelope_error(element, "2 to 15 characters");
            }
        }
        if !(1..=12).contains(&group.version.len()) {
            return envelope_error("GS08", "1 to 12 characters");
        }
        if group.sets.len() > SETS_MAX {
            return Err(Error::TooMany("sets in a group"));
        }
        let control = group.control_number.get().to_string();
        let gs = NewSegment::new("GS")
            .elements([&group.functional_id, &group.sender_code, &group.receiver_code])
            .elements([&envelope.date, &envelope.time, &control])
            .elements(["X", &group.version]);
        self.segment(&gs, 0)?;
        let mut controls = std::collections::HashSet::new();
        for set in &group.sets {
            if !controls.insert(&set.control_number) {
                return envelope_error("ST02", "unique in its group");
            }
            self.set(set)?;
        }
        let ge = NewSegment::new("GE").element(group.sets.len().to_string()).element(control);
        self.segment(&ge, 0)
    }

    fn set(&mut self, set: &NewSet) -> Result<(), Error> {
        let alphanumeric = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric());
        if set.id.len() != 3 || !alphanumeric(&set.id) {
            return Err(Error::Envelope { element: "ST01", expected: "three letters or digits" });
        }
        if !(4..=9).contains(&set.control_number.len()) || !alphanumeric(&set.control_number) {
            return Err(Error::Envelope { element: "ST02", expected: "four to nine letters or digits" });
        }
        let count = set.segments.len() + 2;
        if count > SEGMENTS_PER_SET_MAX {
            return Err(Error::TooMany("segments in a set"));
        }
        self.segment(&NewSegment::new("ST").elements([&set.id, &set.control_number]), 1)?;
        for (index, segment) in set.segments.iter().enumerate() {
            let (position, id) = (index + 2, segment.id.as_str());
            let reserved = matches!(id, "ISA" | "IEA" | "GS" | "GE" | "ST" | "SE" | "TA1" | "ISB" | "ISE");
            let shaped = (2..=3).contains(&id.len())
                && id.starts_with(|c: char| c.is_ascii_uppercase())
                && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
            if reserved || !shaped {
                return Err(Error::SegmentId { segment: id.to_owned(), position });
            }
            self.segment(segment, position)?;
        }
        self.segment(&NewSegment::new("SE").elements([&count.to_string(), &set.control_number]), count)
    }

    fn segment(&mut self, segment: &NewSegment, position: usize) -> Result<(), Error> {
        let start = self.out.len();
        self.body(segment, position)?;
        if self.out.len() - start > SEGMENT_LEN_MAX {
            return Err(Error::TooMany("bytes in a segment"));
        }
        self.end();
        Ok(())
    }

    fn body(&mut self, segment: &NewSegment, position: usize) -> Result<(), Error> {
        self.out.extend_from_slice(segment.id.as_bytes());
        let says_something = |element: &Vec<String>| element.iter().any(|component| !component.is_empty());
        let count = segment.elements.iter().rposition(says_something).map_or(0, |last| last + 1);
        for (index, element) in segment.elements.iter().take(count).enumerate() {
            self.out.push(self.delimiters.element());
            let count = element.iter().rposition(|component| !component.is_empty()).map_or(0, |last| last + 1);
            for (nth, component) in element.iter().take(count).enumerate() {
                if nth > 0 {
                    self.out.push(self.delimiters.component());
                }
                if let Some(byte) = self.forbidden(component) {
                    let segment = segment.id.clone();
                    return Err(Error::Forbidden { segment, position, element: index + 1, byte });
                }
                self.out.extend_from_slice(component.as_bytes());
            }
        }
        Ok(())
    }

    /// Delimiters and control characters. Those beyond ASCII begin with byte 0xc2 in UTF-8.
    fn forbidden(&self, value: &str) -> Option<u8> {
        let bad = |c: &char| c.is_control() || u8::try_from(*c).is_ok_and(|byte| self.delimiters.contains(byte));
        let c = value.chars().find(bad)?;
        c.encode_utf8(&mut [0; 4]).bytes().next()
    }

    fn end(&mut self) {
        self.out.push(self.delimiters.terminator());
        if self.line_feeds && !matches!(self.delimiters.terminator(), b'\r' | b'\n') {
            self.out.push(b'\n');
        }
    }
}
