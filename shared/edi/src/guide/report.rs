//! What a checker has found so far.

use crate::finding::{Finding, Place, SyntaxCode as Code, keep};
use crate::segment::Segment;

use super::Fit;

/// Findings of one set; their places say where in the set, and [`Report::finish`] where that is.
#[derive(Clone, Debug)]
pub(super) struct Report {
    fit: Fit,
    findings: Vec<Finding>,
}

/// A part of a segment: all of it, an element, a component.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Part<'p> {
    /// From 1; `None` for the segment as a whole.
    pub(super) element: Option<usize>,
    pub(super) component: Option<usize>,
    pub(super) repetition: Option<usize>,
    pub(super) number: Option<&'p str>,
    /// First byte, in the segment.
    pub(super) offset: usize,
}

impl Part<'_> {
    /// Its usual name, such as `N104` or `N907-02`.
    pub(super) fn name(&self, segment: &str) -> String {
        match (self.element, self.component) {
            (Some(n), Some(component)) => format!("{segment}{n:02}-{component:02}"),
            (Some(n), None) => format!("{segment}{n:02}"),
            (None, _) => segment.to_owned(),
        }
    }
}

/// Where something was missed: position in the set and byte in the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    pub(super) position: usize,
    pub(super) byte: usize,
}

impl Spot {
    pub(super) fn of(segment: &Segment<'_>) -> Self {
        Self { position: segment.position(), byte: segment.range().start }
    }
}

impl Report {
    pub(super) fn new(fit: Fit) -> Self {
        Self { fit, findings: Vec::new() }
    }

    /// How many findings there are.
    pub(super) fn len(&self) -> usize {
        self.findings.len()
    }

    /// Corrects the places of the findings from number `from` on, which were found in `segment` without the line ends
    /// of its records.
    pub(super) fn place_in_records(&mut self, from: usize, segment: &Segment<'_>) {
        let range = segment.range();
        for place in self.findings.iter_mut().skip(from).map(|finding| &mut finding.place) {
            let Some(start) = place.byte_offset.checked_sub(range.start) else { continue };
            let end = segment.offset_in_records(start + place.byte_len);
            let start = segment.offset_in_records(start);
            (place.byte_offset, place.byte_len) = (range.start + start, end.saturating_sub(start));
            if place.element.is_none() && place.byte_len > 0 {
                place.byte_len = range.len();
            }
        }
    }

    /// A defect of a segment.
    pub(super) fn segment(&mut self, code: Code, segment: &Segment<'_>, message: String) {
        let range = segment.range();
        let place = Place {
            segment_id: Some(segment.id().to_owned()),
            segment_position: Some(segment.position()),
            byte_offset: range.start,
            byte_len: range.len(),
            ..Place::default()
        };
        self.add(Finding::new(code, place, message).with_bad(segment.bytes()));
    }

    /// A mandatory segment that is missing.
    pub(super) fn missing(&mut self, id: &str, spot: Spot) {
        let place = Place {
            segment_id: Some(id.to_owned()),
            segment_position: Some(spot.position),
            byte_offset: spot.byte,
            ..Place::default()
        };
        self.add(Finding::new(Code::SegmentMissing, place, format!("{id} is missing before this segment.")));
    }

    /// A defect of an element or component; `bad` are its bytes.
    pub(super) fn part(&mut self, code: Code, segment: &Segment<'_>, part: Part<'_>, bad: &[u8], message: String) {
        let finding = element_finding(code, segment, part, bad, message);
        self.add(finding);
    }

    /// The same as a note, whatever the code is usually worth.
    pub(super) fn note(&mut self, code: Code, segment: &Segment<'_>, part: Part<'_>, bad: &[u8], message: String) {
        keep(&mut self.findings, element_finding(code, segment, part, bad, message).into_note());
    }

    fn add(&mut self, finding: Finding) {
        let only_noted = matches!(
            finding.code,
            Code::ElementTooMany
                | Code::ElementTooManyRepetitions
                | Code::ComponentTooMany
                | Code::ElementTooShort
                | Code::ElementTooLong
                | Code::CodeInvalid
                | Code::ElementMissingByRelation
                | Code::ElementExcluded
                | Code::SegmentNotInSet
                | Code::SegmentTooMany
                | Code::LoopTooMany
                | Code::SegmentUnrecognized
                | Code::SegmentUnexpected
                | Code::SegmentOutOfSequence
                | Code::CharacterInvalid
        );
        let note = self.fit == Fit::Approximate && only_noted;
        keep(&mut self.findings, if note { finding.into_note() } else { finding });
    }

    /// The findings in the order of the set, which is at `set`; none of them is kept.
    pub(super) fn finish(&mut self, set: &Place) -> Vec<Finding> {
        let mut findings = std::mem::take(&mut self.findings);
        for finding in &mut findings {
            let within = std::mem::take(&mut finding.place);
            finding.place = Place {
                interchange: set.interchange,
                interchange_control: set.interchange_control.clone(),
                group: set.group,
                group_control: set.group_control.clone(),
                set: set.set,
                set_control: set.set_control.clone(),
                ..within
            };
        }
        findings.sort_by_key(|finding| {
            let place = &finding.place;
            (place.segment_position, place.element, place.repetition, place.component)
        });
        findings
    }
}

fn element_finding(code: Code, segment: &Segment<'_>, part: Part<'_>, bad: &[u8], message: String) -> Finding {
    let place = Place {
        segment_id: Some(segment.id().to_owned()),
        segment_position: Some(segment.position()),
        element: part.element,
        component: part.component,
        repetition: part.repetition,
        data_element: part.number.map(str::to_owned),
        byte_offset: segment.range().start + part.offset,
        byte_len: bad.len(),
        ..Place::default()
    };
    Finding::new(code, place, message).with_bad(bad)
}
