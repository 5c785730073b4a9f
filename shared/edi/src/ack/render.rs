//! Verdicts as segments of a 997, and as a TA1.

use std::collections::BTreeMap;

use crate::delimiters::Delimiters;
use crate::finding::{Finding, Level, SyntaxCode};
use crate::limits::BAD_VALUE_LEN_MAX;
use crate::verdict::{GroupOutcome, GroupVerdict, InterchangeVerdict, SetVerdict};
use crate::write::{NewSegment, clean};

/// Codes that AK5 and AK9 have room for.
const CODES_MAX: usize = 5;

/// Most AK4 under one AK3. Source: X12 997, AK4 0..99.
const ELEMENTS_MAX: usize = 99;

/// The segments of a 997 between its ST and SE, to be written with these delimiters; `None` for a group of
/// acknowledgments, which is never acknowledged.
///
/// Every set is named (AK2), accepted or not, so that each can be followed. In a group that is rejected for its own
/// envelope only the sets with findings of their own are, as no AK5 could say why the others are not taken.
pub fn functional_acknowledgment(group: &GroupVerdict, delimiters: Delimiters) -> Option<Vec<NewSegment>> {
    if !group.needs_acknowledgment() {
        return None;
    }
    let plain = |value: &str, len_max| clean(value, delimiters, len_max);
    let mut segments = Vec::new();
    segments
        .push(NewSegment::new("AK1").element(plain(&group.functional_id, 2)).element(plain(&group.control_number, 9)));
    let envelope_rejected = group.findings.iter().any(Finding::rejects);
    for set in group.sets.iter().filter(|set| !envelope_rejected || !set.findings.is_empty()) {
        set_response(set, delimiters, &mut segments);
    }
    let outcome = if envelope_rejected { GroupOutcome::Rejected } else { group.outcome };
    let mut codes: Vec<&str> = Vec::new();
    for finding in &group.findings {
        let code = match finding.code {
            // Code 19 came with 005010; before, an already used number is one that is not valid.
            SyntaxCode::GroupControlNumberDuplicate if group.version.as_str() < "005010" => Some("6"),
            _ => finding.x12(),
        };
        codes.extend(code.filter(|code| !codes.contains(code)));
    }
    segments.push(
        NewSegment::new("AK9")
            .element(outcome.x12())
            .element(group.sets_announced.min(crate::write::SETS_MAX).to_string())
            .element(group.sets.len().to_string())
            .element(group.sets_accepted().to_string())
            .elements(codes.into_iter().take(CODES_MAX)),
    );
    Some(segments)
}

fn set_response(set: &SetVerdict, delimiters: Delimiters, segments: &mut Vec<NewSegment>) {
    let id = clean(&set.id, delimiters, 3);
    let control = clean(&set.control_number, delimiters, 9);
    segments.push(NewSegment::new("AK2").element(id).element(control));
    let mut by_segment: BTreeMap<(usize, &str), Vec<&Finding>> = BTreeMap::new();
    let mut codes: Vec<&str> = Vec::new();
    let inner = |finding: &&Finding| matches!(finding.level(), Level::Segment | Level::Element);
    for finding in set.findings.iter().filter(inner) {
        let position = finding.place.segment_position.unwrap_or_default();
        let id = finding.place.segment_id.as_deref().unwrap_or_default();
        by_segment.entry((position, id)).or_default().push(finding);
    }
    for ((position, id), findings) in &by_segment {
        segment_response(*position, id, findings, delimiters, segments);
    }
    codes.extend((!by_segment.is_empty()).then_some("5"));
    for finding in set.findings.iter().filter(|finding| !inner(finding)) {
        codes.extend(finding.x12().filter(|code| !codes.contains(code)));
    }
    let ak5 = NewSegment::new("AK5").element(set.verdict.x12());
    segments.push(ak5.elements(codes.into_iter().take(CODES_MAX)));
}

/// One AK3 for each defect of a segment, and one with AK4s for those of its elements.
fn segment_response(
    position: usize,
    id: &str,
    findings: &[&Finding],
    delimiters: Delimiters,
    segments: &mut Vec<NewSegment>,
) {
    // AK301 has two or three characters, also where the sender's segment id has not.
    let id = format!("{:?<2}", clean(id, delimiters, 3).replace(' ', "?"));
    let ak3 = |code: &str| NewSegment::new("AK3").element(&id).element(position.to_string()).empty().element(code);
    for finding in findings.iter().filter(|finding| finding.level() == Level::Segment) {
        segments.extend(finding.x12().map(ak3));
    }
    let mut elements = findings.iter().filter(|finding| finding.level() == Level::Element).peekable();
    if elements.peek().is_some() {
        segments.push(ak3("8"));
    }
    for finding in elements.take(ELEMENTS_MAX) {
        let place = &finding.place;
        let element = place.element.unwrap_or_default().min(99).to_string();
        let component = place.component.map(|component| component.min(99).to_string());
        segments.push(
            NewSegment::new("AK4")
                .composite([Some(element), component].into_iter().flatten())
                .element(clean(place.data_element.as_deref().unwrap_or_default(), delimiters, 4))
                .element(finding.x12().unwrap_or_default())
                .element(clean(finding.bad_value.as_deref().unwrap_or_default(), delimiters, BAD_VALUE_LEN_MAX)),
        );
    }
}

/// A TA1 for an interchange, to be written with these delimiters. Whether one is due is agreed with the partner: as a
/// rule if ISA14 asks for it or the envelope is rejected, and never for an interchange of nothing but TA1s.
pub fn interchange_acknowledgment(interchange: &InterchangeVerdict, delimiters: Delimiters) -> NewSegment {
    NewSegment::new("TA1")
        .element(clean(&interchange.control_number, delimiters, 9))
        .element(clean(&interchange.date, delimiters, 6))
        .element(clean(&interchange.time, delimiters, 4))
        .element(interchange.verdict.x12())
        .element(interchange.note_code())
}
