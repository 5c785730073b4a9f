//! The envelopes of EDIFACT: UNB, UNG, UNH and their trailers. Source: ISO 9735-1.

use crate::charset::Charset;
use crate::finding::SyntaxCode as Code;
use crate::seen::Seen;
use crate::segment::Segment;
use crate::value;

use super::defect::{Defect, Part, characters};
use super::envelopes::{Names, Role};

/// What its service segments are called.
pub(super) const NAMES: Names = Names {
    interchange_trailer: "UNZ",
    interchange_control: "UNB",
    group_trailer: "UNE",
    group_control: "UNG",
    set_header: "UNH",
    set_trailer: "UNT",
};

/// Elements of a UNB.
const UNB_ELEMENTS: usize = 11;

/// What a segment with this id is. The security segments `US?` are of ISO 9735-5.
pub(super) fn role(id: &[u8]) -> Role {
    match id {
        b"UNG" => Role::GroupHeader,
        b"UNE" => Role::GroupTrailer,
        b"UNH" => Role::SetHeader,
        b"UNT" => Role::SetTrailer,
        b"UNZ" => Role::InterchangeTrailer,
        [b'U', b'S', _] => Role::Aside,
        _ => Role::Plain,
    }
}

/// The syntax version that a UNB names, 0 if it names none that there is.
pub(super) fn syntax_version(unb: &Segment<'_>) -> u8 {
    match unb.data(unb.component_bytes(1, 2).unwrap_or_default()).trim_ascii() {
        [version @ b'1'..=b'4'] => version - b'0',
        _ => 0,
    }
}

/// What is wrong with a UNB, besides the defects of its form. `seen` holds the interchanges before it.
pub(super) fn unb(unb: &Segment<'_>, defects: &[Code], seen: &mut Seen) -> Vec<Defect> {
    let mut found: Vec<Defect> = Vec::new();
    let mut add = |code, n, c, message: &'static str| found.push((code, Part::Component(n, c), message));
    for &code in defects {
        add(code, 0, 0, "The separators that the UNA gives cannot be, or are not those of the UNB.");
    }
    let part = |n, c| unb.data(unb.component_bytes(n, c).unwrap_or_default());
    if Charset::of_syntax_identifier(part(1, 1).trim_ascii()).is_none() {
        add(Code::SyntaxVersionInvalid, 1, 1, "The syntax identifier names no character set that we know.");
    }
    if syntax_version(unb) == 0 {
        add(Code::SyntaxVersionInvalid, 1, 2, "The syntax version is none of 1 to 4.");
    }
    if part(2, 1).trim_ascii().is_empty() {
        add(Code::InterchangeElementMissing, 2, 1, "UNB names no sender.");
    }
    if part(3, 1).trim_ascii().is_empty() {
        add(Code::InterchangeElementMissing, 3, 1, "UNB names no receiver.");
    }
    let (date, time) = (part(4, 1), part(4, 2));
    if date.is_empty() {
        add(Code::InterchangeElementMissing, 4, 1, "UNB has no date of preparation.");
    } else if !value::is_date(&date) {
        add(Code::InterchangeDateInvalid, 4, 1, "The date of UNB is none of the form YYMMDD or CCYYMMDD.");
    }
    if time.is_empty() {
        add(Code::InterchangeElementMissing, 4, 2, "UNB has no time of preparation.");
    } else if !value::is_time(&time) || time.len() != 4 {
        add(Code::InterchangeTimeInvalid, 4, 2, "The time of UNB is none of the form HHMM.");
    }
    match characters(unb.component(5, 1)) {
        0 => add(Code::InterchangeElementMissing, 5, 1, "UNB has no control reference."),
        1..=14 => {}
        _ => add(Code::InterchangeControlNumberInvalid, 5, 1, "The control reference has more than 14 characters."),
    }
    // Source: element 0035, whose codes but the first are of syntax version 4. Some say 0 for what is no test.
    match (part(11, 1).trim_ascii(), syntax_version(unb)) {
        (b"" | b"0" | b"1", _) | (b"2" | b"3" | b"4", 4) => {}
        _ => add(Code::UsageIndicatorInvalid, 11, 1, "The test indicator of UNB is not 1."),
    }
    if unb.elements_raw().skip(UNB_ELEMENTS).any(|element| !element.trim_ascii().is_empty()) {
        add(Code::InterchangeElementTooMany, UNB_ELEMENTS + 1, 1, "UNB has more than eleven elements.");
    }
    let fields = [part(2, 1), part(2, 2), part(3, 1), part(3, 2), part(5, 1)];
    if !seen.insert_parts(&fields.each_ref().map(AsRef::as_ref)) {
        let message = "An earlier interchange of this file has the same sender, receiver and control reference.";
        add(Code::InterchangeControlNumberDuplicate, 5, 1, message);
    }
    found
}

/// What is wrong with a UNG of this reference. `seen` holds the groups before it: a reference (0048) is unique in its
/// interchange.
pub(super) fn ung(ung: &Segment<'_>, reference: &[u8], syntax_version: u8, seen: &mut Seen) -> Vec<Defect> {
    let mut found = Vec::new();
    let part = |n, c| ung.data(ung.component_bytes(n, c).unwrap_or_default());
    if part(1, 1).trim_ascii().is_empty() && syntax_version < 4 {
        found.push((Code::GroupNotSupported, Part::Component(1, 1), "UNG names no kind of message."));
    }
    if !(1..=14).contains(&characters(ung.component(5, 1))) {
        let message = "The reference of UNG does not have 1 to 14 characters.";
        found.push((Code::GroupControlNumberInvalid, Part::Component(5, 1), message));
    }
    if !seen.insert(reference) {
        let message = "An earlier group of this interchange has the same reference.";
        found.push((Code::GroupControlNumberDuplicate, Part::Component(5, 1), message));
    }
    found
}

/// What is wrong with a UNH of this reference. `seen` holds the messages before it.
pub(super) fn unh(unh: &Segment<'_>, reference: &[u8], syntax_version: u8, seen: &mut Seen) -> Vec<Defect> {
    let mut found = Vec::new();
    let mut parts = [None; 4];
    for (part, bytes) in parts.iter_mut().zip(unh.components(2)) {
        *part = Some(bytes);
    }
    let part = |c: usize| parts.get(c - 1).copied().flatten().map(|bytes| unh.data(bytes));
    if part(1).is_none_or(|id| id.trim_ascii().is_empty()) {
        found.push((Code::SetIdInvalid, Part::Component(2, 1), "UNH names no message type."));
    }
    if let Some(c) = (2..=4).find(|&c| part(c).is_none_or(|value| value.trim_ascii().is_empty())) {
        let message = "UNH names no version, no release or no controlling agency.";
        found.push((Code::SetVersionMissing, Part::Component(2, c), message));
    }
    if !(1..=14).contains(&characters(unh.component(1, 1))) {
        let message = "The message reference does not have 1 to 14 characters.";
        found.push((Code::SetControlNumberInvalid, Part::Element(1), message));
    }
    // From version 4 on the type is part of what makes a message known.
    let kind = if syntax_version < 4 { &[] } else { unh.element_bytes(2).unwrap_or_default() };
    let new = match kind {
        [] => seen.insert(reference),
        kind => seen.insert_parts(&[reference, kind]),
    };
    if !new {
        let message = "An earlier message has the same reference.";
        found.push((Code::SetControlNumberDuplicate, Part::Element(1), message));
    }
    found
}
