//! Verdicts as a CONTRL. Source: ISO 9735-4 (syntax and service report message).

use std::collections::BTreeMap;

use crate::delimiters::Standard;
use crate::finding::{Finding, Level, SyntaxCode};
use crate::verdict::{GroupVerdict, InterchangeVerdict, SetVerdict, Verdict};
use crate::write::NewSegment;

/// How much a CONTRL says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Only that the interchange has come and its envelope can be read (action 8), or is rejected.
    Receipt,
    /// What becomes of every message.
    Full,
}

/// 0083: this level and all below it are rejected.
pub(super) const REJECTED: &str = "4";
/// 0083: this level is acknowledged, and below it what is not rejected by name.
pub(super) const ACKNOWLEDGED: &str = "7";
/// 0083: the interchange has been received; of its content nothing is said.
pub(super) const RECEIVED: &str = "8";

/// Most UCS under one UCM, and most UCD under one UCS. Source: CONTRL, segment groups 2 and 5.
const SEGMENTS_MAX: usize = 999;
const ELEMENTS_MAX: usize = 99;

/// Largest position that can be said. Source: elements 0096 (six digits) and 0098 (three digits).
const POSITION_MAX: usize = 999_999;
const PLACE_MAX: usize = 999;

/// The segments of a CONTRL between its UNH and UNT; `None` for an interchange of acknowledgments, which is never
/// acknowledged, and for one that is not EDIFACT.
///
/// References are copied as they stand, to be written with a release character. A message that is accepted with notes
/// is simply acknowledged: CONTRL has no word between yes and no.
pub fn contrl(interchange: &InterchangeVerdict, depth: Depth) -> Option<Vec<NewSegment>> {
    if interchange.standard != Standard::Edifact || interchange.only_acknowledgments {
        return None;
    }
    // Messages in no group have nothing between them and the interchange: what rejects them all rejects it.
    let loose = interchange.groups.iter().filter(|group| !group.enveloped);
    let mut own = interchange.findings.iter().chain(loose.flat_map(|group| &group.findings));
    let rejecting = own.find(|finding| finding.rejects());
    let uci = NewSegment::new("UCI")
        .element(mandatory(&interchange.control_number, 14))
        .composite(party(&interchange.sender, &interchange.routing.0))
        .composite(party(&interchange.receiver, &interchange.routing.1));
    if let Some(finding) = rejecting {
        return Some(vec![errors(uci.element(REJECTED), finding)]);
    }
    if depth == Depth::Receipt {
        return Some(vec![uci.element(RECEIVED)]);
    }
    let mut segments = vec![uci.element(ACKNOWLEDGED)];
    for group in &interchange.groups {
        if group.enveloped && !ucf(group, &mut segments) {
            continue;
        }
        for set in group.sets.iter().filter(|set| !set.is_acknowledgment()) {
            message(set, &mut segments);
        }
    }
    Some(segments)
}

/// Whether the messages of the group are still to be named.
fn ucf(group: &GroupVerdict, segments: &mut Vec<NewSegment>) -> bool {
    let ucf = NewSegment::new("UCF")
        .element(mandatory(&group.control_number, 14))
        .element(mandatory(&group.sender_code, 35))
        .element(mandatory(&group.receiver_code, 35));
    let rejecting = group.findings.iter().find(|finding| finding.rejects());
    segments.push(match rejecting {
        Some(finding) => errors(ucf.element(REJECTED), finding),
        None => ucf.element(ACKNOWLEDGED),
    });
    rejecting.is_none()
}

fn message(set: &SetVerdict, segments: &mut Vec<NewSegment>) {
    let (version, release) = set.version.split_once('.').unwrap_or((&set.version, ""));
    let [id, version, release, agency] =
        [(set.id.as_str(), 6), (version, 3), (release, 3), (&set.agency, 3)].map(|(value, len)| mandatory(value, len));
    let association = plain(&set.implementation, 6);
    let ucm = NewSegment::new("UCM").element(mandatory(&set.control_number, 14)).composite([
        id,
        version,
        release,
        agency,
        association,
    ]);
    if set.verdict != Verdict::Rejected {
        segments.push(ucm.element(ACKNOWLEDGED));
        return;
    }
    let inner = |finding: &&Finding| matches!(finding.level(), Level::Segment | Level::Element);
    let ucm = ucm.element(REJECTED);
    segments.push(match set.findings.iter().find(|finding| finding.rejects() && !inner(finding)) {
        Some(finding) => errors(ucm, finding),
        None => ucm,
    });
    let mut by_segment: BTreeMap<usize, Vec<&Finding>> = BTreeMap::new();
    for finding in set.findings.iter().filter(inner).filter(|finding| finding.rejects()) {
        by_segment.entry(position(finding)).or_default().push(finding);
    }
    let mut room = SEGMENTS_MAX;
    for (position, findings) in by_segment {
        room = segment(position, &findings, room, segments);
    }
}

/// 0096: UNH is 1; of what is missing, the segment before it.
fn position(finding: &Finding) -> usize {
    let position = finding.place.segment_position.unwrap_or(1);
    let missing = finding.level() == Level::Segment && finding.code.edifact() == SyntaxCode::SegmentMissing.edifact();
    position.saturating_sub(usize::from(missing)).clamp(1, POSITION_MAX)
}

/// One UCS for each defect of a segment, and one with UCDs for those of its elements. What room is left for more.
fn segment(position: usize, findings: &[&Finding], room: usize, segments: &mut Vec<NewSegment>) -> usize {
    let mut room = room;
    let mut ucs = |code: Option<&str>| {
        let left = room.checked_sub(1)?;
        room = left;
        Some(NewSegment::new("UCS").element(position.to_string()).element(code.unwrap_or_default()))
    };
    for finding in findings.iter().filter(|finding| finding.level() == Level::Segment) {
        segments.extend(ucs(finding.code.edifact()));
    }
    let elements: Vec<_> = findings.iter().filter(|finding| finding.level() == Level::Element).collect();
    if elements.is_empty() {
        return room;
    }
    if let Some(ucs) = ucs(None) {
        segments.push(ucs);
        for finding in elements.into_iter().take(ELEMENTS_MAX) {
            let ucd = NewSegment::new("UCD").element(finding.code.edifact().unwrap_or_default());
            segments.push(ucd.composite(place(finding)));
        }
    }
    room
}

/// The error, the service segment and the place in it, behind an action: 0085, 0013, S011.
fn errors(segment: NewSegment, finding: &Finding) -> NewSegment {
    let tag = finding
        .place
        .segment_id
        .as_deref()
        .filter(|id| id.starts_with('U') && id.len() == 3 && id.bytes().all(|b| b.is_ascii_uppercase()));
    let segment =
        segment.element(finding.code.edifact().unwrap_or_default()).element(plain(tag.unwrap_or_default(), 3));
    if tag.is_some() { segment.composite(place(finding)) } else { segment }
}

/// S011: the segment tag is position 1, so that the first element is 2.
fn place(finding: &Finding) -> [String; 3] {
    let number = |n: Option<usize>| n.map_or_else(String::new, |n| n.min(PLACE_MAX).to_string());
    let place = &finding.place;
    [number(place.element.map(|n| n + 1)), number(place.component), number(place.repetition)]
}

fn party((qualifier, id): &(String, String), routing: &str) -> [String; 3] {
    [mandatory(id, 35), plain(qualifier, 4), plain(routing, 35)]
}

/// A copy without control characters, cut to its length.
fn plain(value: &str, len_max: usize) -> String {
    let cut: String = value.chars().map(|c| if c.is_control() { ' ' } else { c }).take(len_max).collect();
    cut.trim().to_owned()
}

/// Likewise of something that must be there; `0` where the sender wrote nothing.
fn mandatory(value: &str, len_max: usize) -> String {
    let plain = plain(value, len_max);
    if plain.is_empty() { "0".to_owned() } else { plain }
}
