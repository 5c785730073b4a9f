//! Verdicts as segments of a 997 or 999, and as a TA1.

use std::collections::BTreeMap;

use crate::delimiters::Delimiters;
use crate::finding::{Finding, Level, SyntaxCode, has_late_codes};
use crate::limits::BAD_VALUE_LEN_MAX;
use crate::verdict::{GroupOutcome, GroupVerdict, InterchangeVerdict, SetVerdict};
use crate::write::{NewSegment, SETS_MAX, clean};

/// Codes that AK5 and AK9 have room for.
const CODES_MAX: usize = 5;

/// Most AK4 under one AK3. Source: X12 997, AK4 0..99.
const ELEMENTS_MAX: usize = 99;

/// Largest position of a segment that can be said. Source: element 719 (AK302) has at most six digits.
const POSITION_MAX: usize = 999_999;

/// The segments of a 997 between its ST and SE, to be written with these delimiters and in the group's version; `None`
/// for a group of acknowledgments, which is never acknowledged, and for one that is not X12.
///
/// Every set is named (AK2), accepted or not, so that each can be followed. In a group that is rejected for its own
/// envelope only the sets with findings of their own are, as no AK5 could say why the others are not taken.
pub fn functional_acknowledgment(group: &GroupVerdict, delimiters: Delimiters) -> Option<Vec<NewSegment>> {
    Saying { delimiters, version: &group.version, implementation: false }.group(group)
}

/// The same as a 999, for groups of implementation guides: IK3, IK4 and IK5 with codes of their own, and CTX where a
/// situation requires what is missing.
pub fn implementation_acknowledgment(group: &GroupVerdict, delimiters: Delimiters) -> Option<Vec<NewSegment>> {
    Saying { delimiters, version: &group.version, implementation: true }.group(group)
}

/// A TA1 for an interchange, to be written with these delimiters. Whether one is due is agreed with the partner, see
/// [`super::owed`]; never for an interchange of nothing but acknowledgments.
pub fn interchange_acknowledgment(interchange: &InterchangeVerdict, delimiters: Delimiters) -> NewSegment {
    // Lengths are fixed: what the sender wrote too short is filled up.
    let digits: String = interchange.control_number.chars().filter(char::is_ascii_digit).take(9).collect();
    NewSegment::new("TA1")
        .element(format!("{digits:0>9}"))
        .element(format!("{:0<6}", clean(&interchange.date, delimiters, 6)))
        .element(format!("{:0<4}", clean(&interchange.time, delimiters, 4)))
        .element(interchange.verdict.x12())
        .element(interchange.note_code())
}

/// How something is said: in which set and version, and with which delimiters.
#[derive(Clone, Copy)]
struct Saying<'v> {
    delimiters: Delimiters,
    version: &'v str,
    /// A 999 and not a 997.
    implementation: bool,
}

impl Saying<'_> {
    fn code(self, code: SyntaxCode) -> Option<&'static str> {
        if self.implementation { code.x999() } else { code.x12_in(self.version) }
    }

    /// From 005010 on AK1 and AK2 name the guide.
    fn names_guides(self) -> bool {
        self.implementation || has_late_codes(self.version)
    }

    fn id(self, of_997: &'static str, of_999: &'static str) -> NewSegment {
        NewSegment::new(if self.implementation { of_999 } else { of_997 })
    }

    fn plain(self, value: &str, len_max: usize) -> String {
        clean(value, self.delimiters, len_max)
    }

    /// A value of at least so many characters, also where the sender's has fewer.
    fn filled(self, value: &str, len_min: usize, len_max: usize) -> String {
        let mark = if self.delimiters.contains(b'?') { 'X' } else { '?' };
        let mut filled = self.plain(value, len_max).replace(' ', &mark.to_string());
        while filled.chars().count() < len_min {
            filled.push(mark);
        }
        filled
    }

    fn group(self, group: &GroupVerdict) -> Option<Vec<NewSegment>> {
        if !group.needs_acknowledgment() {
            return None;
        }
        let control: String = group.control_number.chars().filter(char::is_ascii_digit).take(9).collect();
        let guide = if self.names_guides() { self.plain(&group.version, 12) } else { String::new() };
        let ak1 = NewSegment::new("AK1").element(self.filled(&group.functional_id, 2, 2));
        let mut segments = vec![ak1.element(format!("{control:0>1}")).element(guide)];
        let envelope_rejected = group.is_rejected();
        for set in group.sets.iter().filter(|set| !envelope_rejected || !set.findings.is_empty()) {
            self.set(set, &mut segments);
        }
        let outcome = if envelope_rejected { GroupOutcome::Rejected } else { group.outcome };
        let mut codes: Vec<&str> = Vec::new();
        for code in group.findings.iter().filter_map(|finding| self.code(finding.code)) {
            push_new(&mut codes, code);
        }
        segments.push(
            NewSegment::new("AK9")
                .element(outcome.x12())
                .element(group.sets_announced.min(SETS_MAX).to_string())
                .element(group.sets.len().min(SETS_MAX).to_string())
                .element(group.sets_accepted().min(SETS_MAX).to_string())
                .elements(codes.into_iter().take(CODES_MAX)),
        );
        Some(segments)
    }

    fn set(self, set: &SetVerdict, segments: &mut Vec<NewSegment>) {
        let control = format!("{:0>4}", self.plain(&set.control_number, 9));
        let guide = if self.names_guides() { self.plain(&set.implementation, 35) } else { String::new() };
        let ak2 = NewSegment::new("AK2").element(self.filled(&set.id, 3, 3));
        segments.push(ak2.element(control).element(guide));
        let mut by_segment: BTreeMap<(usize, &str), Vec<&Finding>> = BTreeMap::new();
        let mut codes: Vec<&str> = Vec::new();
        let inner = |finding: &&Finding| matches!(finding.level(), Level::Segment | Level::Element);
        for finding in set.findings.iter().filter(inner) {
            let position = finding.place.segment_position.unwrap_or_default();
            let id = finding.place.segment_id.as_deref().unwrap_or_default();
            by_segment.entry((position, id)).or_default().push(finding);
            let of_guide = self.implementation && finding.code.is_of_implementation();
            push_new(&mut codes, if of_guide { "I5" } else { "5" });
        }
        for ((position, id), findings) in &by_segment {
            self.segment(*position, id, findings, segments);
        }
        let own = set.findings.iter().filter(|finding| !inner(finding));
        for code in own.filter_map(|finding| self.code(finding.code)) {
            push_new(&mut codes, code);
        }
        let ak5 = self.id("AK5", "IK5").element(set.verdict.x12());
        segments.push(ak5.elements(codes.into_iter().take(CODES_MAX)));
    }

    /// One AK3 for each defect of a segment, and one with AK4s for those of its elements.
    fn segment(self, position: usize, id: &str, findings: &[&Finding], segments: &mut Vec<NewSegment>) {
        let id = self.filled(id, 2, 3);
        let position = position.min(POSITION_MAX).to_string();
        let ak3 = |code: &str| self.id("AK3", "IK3").elements([&id, &position]).empty().element(code);
        let context = NewSegment::new("CTX").element("SITUATIONAL TRIGGER").elements([&id, &position]);
        let context = |finding: &Finding| {
            let situational = matches!(
                finding.code,
                SyntaxCode::SegmentMissingBySituation
                    | SyntaxCode::SegmentNotUsedBySituation
                    | SyntaxCode::ElementMissingByRelation
                    | SyntaxCode::ElementMissingBySituation
                    | SyntaxCode::ElementNotUsedBySituation
            );
            (self.implementation && situational).then(|| context.clone())
        };
        for finding in findings.iter().filter(|finding| finding.level() == Level::Segment) {
            if let Some(code) = self.code(finding.code) {
                segments.push(ak3(code));
                segments.extend(context(finding));
            }
        }
        let of_elements = findings.iter().filter(|finding| finding.level() == Level::Element);
        let mut elements = of_elements.filter_map(|finding| Some((finding, self.code(finding.code)?))).peekable();
        if elements.peek().is_some() {
            segments.push(ak3("8"));
        }
        for (finding, code) in elements.take(ELEMENTS_MAX) {
            segments.push(self.element(finding, code));
            segments.extend(context(finding));
        }
    }

    fn element(self, finding: &Finding, code: &str) -> NewSegment {
        let place = &finding.place;
        let part = |n: Option<usize>| n.map_or_else(String::new, |n| n.min(99).to_string());
        let repetition = if self.names_guides() { part(place.repetition) } else { String::new() };
        let element = place.element.unwrap_or_default();
        // AK402 is a number; composites are named by letters too.
        let number = place.data_element.as_deref().filter(|number| number.bytes().all(|b| b.is_ascii_digit()));
        let bad = finding.bad_value.as_deref().unwrap_or_default();
        // A copy of an invalid character would make this acknowledgment invalid itself.
        let bad = if code == "6" { bad.replace(|c: char| !c.is_ascii(), " ") } else { bad.to_owned() };
        self.id("AK4", "IK4")
            .composite([part(Some(element)), part(place.component), repetition])
            .element(self.plain(number.unwrap_or_default(), 4))
            .element(code)
            .element(self.plain(&bad, BAD_VALUE_LEN_MAX))
    }
}

fn push_new<'c>(codes: &mut Vec<&'c str>, code: &'c str) {
    if !codes.contains(&code) {
        codes.push(code);
    }
}
