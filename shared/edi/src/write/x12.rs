//! X12 interchanges. Source: X12.5 (interchange control), X12.6 (application control).

use super::{Emitter, Error, NewSegment, Policy, Repertoire};
use crate::control_number::ControlNumber;
use crate::delimiters::{Delimiters, Standard};
use crate::finding::has_late_codes;
use crate::value;

/// Most sets in a group. Source: X12.6, element 97 (GE01) has at most six digits.
pub const SETS_MAX: usize = 999_999;

/// Most groups in an interchange. Source: X12.5, element I16 (IEA01) has at most five digits.
pub const GROUPS_MAX: usize = 99_999;

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
    /// GS08, such as `004010`. Where it names an implementation guide (`005010X231A1`), ST03 says the same, as those
    /// guides demand.
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
    /// What separates. A repetition separator is written only from version 00402 on, a release character (as ISX)
    /// only from 00704 on.
    pub delimiters: Delimiters,
    /// Whether each terminator is followed by a line feed, for people who open the file.
    pub line_feeds: bool,
}

/// Writes an interchange of TA1s and groups, and refuses values that would change its structure.
///
/// Text is written as UTF-8, and so as ASCII where it is ASCII; whether a partner takes more is for whoever knows the
/// partner. Empty elements and components at an end are left out (X12.6: they say nothing).
///
/// # Errors
/// A value that would change the structure, or an envelope that does not fit. Nothing is written then.
pub fn interchange(envelope: &Envelope, ta1s: &[NewSegment], groups: &[NewGroup]) -> Result<Vec<u8>, Error> {
    interchange_as(envelope, ta1s, groups, Policy::default())
}

/// The same with a policy for values that cannot be said as they are.
///
/// # Errors
/// What the policy refuses, or an envelope that does not fit. Nothing is written then.
pub fn interchange_as(
    envelope: &Envelope,
    ta1s: &[NewSegment],
    groups: &[NewGroup],
    policy: Policy,
) -> Result<Vec<u8>, Error> {
    if groups.len() > GROUPS_MAX {
        return Err(Error::TooMany("groups in an interchange"));
    }
    let delimiters = effective(envelope);
    let mut writer = Emitter::new(delimiters, Repertoire::Unicode("X12"), policy, envelope.line_feeds)?;
    // The envelope is fixed in its lengths and says who it is for: nothing in it is ever replaced.
    writer.policy = Policy::default();
    writer.isa(envelope)?;
    writer.policy = policy;
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
    writer.whole()
}

/// First version of the interchange controls with a repetition separator (ISA11).
const REPEATING: &str = "00402";

/// First version of the interchange controls with a release character (ISX01).
const RELEASING: &str = "00704";

/// What separates in this version: before 00402 there is no repetition separator (ISA11 is the standards id), before
/// 00704 no release character.
fn effective(envelope: &Envelope) -> Delimiters {
    let d = envelope.delimiters;
    let repetition = d.repetition().filter(|_| envelope.version.as_str() >= REPEATING);
    let release = d.release().filter(|_| envelope.version.as_str() >= RELEASING);
    let plain = Delimiters::new(d.element(), d.component(), d.terminator(), repetition);
    plain.and_then(|plain| plain.releasing(release, b'.')).unwrap_or(d)
}

/// Whether GS08 names an implementation guide of X12, such as `005010X231A1`.
fn is_implementation_guide(version: &str) -> bool {
    has_late_codes(version) && version.get(6..).is_some_and(|guide| guide.starts_with('X'))
}

impl Emitter {
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
        if let Some(release) = self.delimiters.release() {
            self.out.extend_from_slice(b"ISX");
            self.out.extend([self.delimiters.element(), release]);
            self.end();
        }
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
        let policy = std::mem::take(&mut self.policy);
        self.segment(&gs, 0)?;
        self.policy = policy;
        let mut controls = std::collections::HashSet::new();
        for set in &group.sets {
            if !controls.insert(&set.control_number) {
                return envelope_error("ST02", "unique in its group");
            }
            self.set(set, &group.version)?;
        }
        let ge = NewSegment::new("GE").element(group.sets.len().to_string()).element(control);
        self.segment(&ge, 0)
    }

    fn set(&mut self, set: &NewSet, version: &str) -> Result<(), Error> {
        let alphanumeric = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric());
        if set.id.len() != 3 || !alphanumeric(&set.id) {
            return Err(Error::Envelope { element: "ST01", expected: "three letters or digits" });
        }
        if !(4..=9).contains(&set.control_number.len()) || !alphanumeric(&set.control_number) {
            return Err(Error::Envelope { element: "ST02", expected: "four to nine letters or digits" });
        }
        let guide = if is_implementation_guide(version) { version } else { "" };
        self.segment(&NewSegment::new("ST").elements([&set.id, &set.control_number, guide]), 1)?;
        self.segments(&set.segments, Standard::X12)?;
        let count = set.segments.len() + 2;
        self.segment(&NewSegment::new("SE").elements([&count.to_string(), &set.control_number]), count)
    }
}
