//! The envelopes of X12: ISA, GS, ST and their trailers. Source: X12.5 and X12.6.

use crate::finding::SyntaxCode as Code;
use crate::header;
use crate::seen::Seen;
use crate::segment::Segment;
use crate::value;

use super::defect::{Defect, Part};
use super::envelopes::{Names, Role};

/// What its service segments are called.
pub(super) const NAMES: Names = Names {
    interchange_trailer: "IEA",
    interchange_control: "ISA13",
    group_trailer: "GE",
    group_control: "GS06",
    set_header: "ST",
    set_trailer: "SE",
};

/// What a segment with this id is.
pub(super) fn role(id: &[u8]) -> Role {
    match id {
        b"GS" => Role::GroupHeader,
        b"GE" => Role::GroupTrailer,
        b"ST" => Role::SetHeader,
        b"SE" => Role::SetTrailer,
        b"IEA" => Role::InterchangeTrailer,
        b"TA1" | b"ISB" | b"ISE" | b"ISX" => Role::Aside,
        _ => Role::Plain,
    }
}

/// The id and the elements of an ISA.
pub(super) fn isa_fields<'a>(isa: &Segment<'a>) -> [&'a [u8]; 17] {
    header::isa_fields(isa).unwrap_or_else(|| isa.fields())
}

/// What is wrong with an ISA, which has these fields, besides the defects of its form. `seen` holds the interchanges
/// before it.
pub(super) fn isa(isa: &Segment<'_>, fields: &[&[u8]; 17], defects: &[Code], seen: &mut Seen) -> Vec<Defect> {
    let mut found: Vec<Defect> = Vec::new();
    let mut add = |code, n, message: &'static str| found.push((code, Part::Element(n), message));
    for &code in defects {
        let (n, message) = match code {
            Code::TerminatorInvalid => (16, "The byte after ISA16 cannot be a segment terminator."),
            Code::ComponentSeparatorInvalid => (16, "ISA16 cannot be a component separator."),
            Code::RepetitionSeparatorInvalid => (11, "ISA11 separates something else than repetitions already."),
            _ => (16, "The elements of the ISA are not of their fixed lengths (106 bytes with the terminator)."),
        };
        add(code, n, message);
    }
    let field = |n: usize| isa.data(fields.get(n).copied().unwrap_or_default());
    // Source: elements I01 and I03, their codes.
    if !matches!(field(1).as_ref(), [b'0', b'0'..=b'8']) {
        add(Code::AuthorizationQualifierInvalid, 1, "ISA01 is none of 00 to 08.");
    }
    if !matches!(field(3).as_ref(), b"00" | b"01") {
        add(Code::SecurityQualifierInvalid, 3, "ISA03 is neither 00 nor 01.");
    }
    if !value::is_date(&field(9)) || field(9).len() != 6 {
        add(Code::InterchangeDateInvalid, 9, "ISA09 is no date of the form YYMMDD.");
    }
    if !value::is_time(&field(10)) || field(10).len() != 4 {
        add(Code::InterchangeTimeInvalid, 10, "ISA10 is no time of the form HHMM.");
    }
    if !value::is_digits(&field(12), 5..=5) {
        add(Code::InterchangeVersionInvalid, 12, "ISA12 is no interchange version of five digits.");
    }
    if !value::is_digits(&field(13), 9..=9) {
        add(Code::InterchangeControlNumberInvalid, 13, "ISA13 is not nine digits.");
    }
    if !matches!(field(14).as_ref(), b"0" | b"1") {
        add(Code::AcknowledgmentRequestInvalid, 14, "ISA14 is neither 0 nor 1.");
    }
    if !matches!(field(15).as_ref(), b"P" | b"T" | b"I") {
        add(Code::UsageIndicatorInvalid, 15, "ISA15 is not P, T or I.");
    }
    let is_qualifier =
        |n| matches!(field(n).as_ref(), [a, b] if a.is_ascii_alphanumeric() && b.is_ascii_alphanumeric());
    if !is_qualifier(5) {
        add(Code::SenderQualifierInvalid, 5, "ISA05 is no qualifier of two characters.");
    }
    if field(6).trim_ascii().is_empty() {
        add(Code::SenderUnknown, 6, "ISA06 names no sender.");
    }
    if !is_qualifier(7) {
        add(Code::ReceiverQualifierInvalid, 7, "ISA07 is no qualifier of two characters.");
    }
    if field(8).trim_ascii().is_empty() {
        add(Code::ReceiverInvalid, 8, "ISA08 names no receiver.");
    }
    let fields = [5, 6, 7, 8, 13].map(field);
    if !seen.insert_parts(&fields.each_ref().map(AsRef::as_ref)) {
        let message = "An earlier interchange of this file has the same sender, receiver and ISA13.";
        add(Code::InterchangeControlNumberDuplicate, 13, message);
    }
    found
}

/// What is wrong with a GS. `seen` holds the groups before it.
pub(super) fn gs(gs: &Segment<'_>, seen: &mut Seen) -> Vec<Defect> {
    let mut found = Vec::new();
    let fields = gs.fields::<9>();
    let field = |n: usize| gs.data(fields.get(n).copied().unwrap_or_default());
    if field(1).len() != 2 {
        let message = "GS01 is no functional identifier of two characters.";
        found.push((Code::GroupNotSupported, Part::Element(1), message));
    }
    if field(8).is_empty() {
        found.push((Code::GroupVersionMissing, Part::Element(8), "GS08 names no version."));
    } else if field(8).first_chunk::<6>().is_none_or(|version| !version.iter().all(u8::is_ascii_digit)) {
        let message = "GS08 does not begin with version and release, such as 004010.";
        found.push((Code::GroupVersionNotSupported, Part::Element(8), message));
    }
    if !value::is_digits(&field(6), 1..=9) {
        found.push((Code::GroupControlNumberInvalid, Part::Element(6), "GS06 is not one to nine digits."));
    }
    let fields = [1, 2, 3, 6].map(field);
    if !seen.insert_parts(&fields.each_ref().map(AsRef::as_ref)) {
        let message = "An earlier group of this interchange has the same GS01, GS02, GS03 and GS06.";
        found.push((Code::GroupControlNumberDuplicate, Part::Element(6), message));
    }
    found
}

/// What is wrong with an ST, whose control number is given. `seen` holds the sets before it.
pub(super) fn st(st: &Segment<'_>, control: &[u8], seen: &mut Seen) -> Vec<Defect> {
    let mut found = Vec::new();
    if st.element_bytes(1).is_none() {
        found.push((Code::SetIdInvalid, Part::Element(1), "ST01 names no transaction set."));
    }
    if !(4..=9).contains(&control.len()) {
        let message = "ST02 is not four to nine characters.";
        found.push((Code::SetControlNumberInvalid, Part::Element(2), message));
    }
    if !seen.insert(control) {
        let message = "An earlier set of this group has the same ST02.";
        found.push((Code::SetControlNumberDuplicate, Part::Element(2), message));
    }
    found
}
