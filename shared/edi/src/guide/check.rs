//! A set against its guide: the order of its segments, then the elements of each.

use crate::envelope::TransactionSet;
use crate::finding::{Finding, Place, SyntaxCode as Code, keep, text};
use crate::segment::Segment;
use crate::value;

use super::{ElementSpec, Fit, Guide, Kind, Node, Relation, RelationKind, Shape};

/// Checks a set's segments and elements, in the order of the set.
///
/// The findings can be rendered as AK3 and AK4 (X12 997, elements 720 and 723). What the set means, such as whether
/// quantities add up, is not looked at.
pub fn check(set: &TransactionSet<'_>, guide: &Guide, fit: Fit) -> Vec<Finding> {
    let mut check = Check { set, guide, fit, frames: vec![Frame::new(&guide.order)], findings: Vec::new() };
    for segment in set.body() {
        check.place_segment(segment);
        check.elements(segment);
    }
    let end = check.end();
    while let Some(frame) = check.frames.pop() {
        check.close(&frame, end);
    }
    let mut findings = check.findings;
    findings.sort_by_key(|finding| (finding.place.segment_position, finding.place.element));
    findings
}

/// Where something was missed: position in the set and byte in the file.
#[derive(Clone, Copy)]
struct Spot {
    position: usize,
    byte: usize,
}

/// A loop that is open, or the set itself.
struct Frame<'g> {
    nodes: &'g [Node],
    /// The node that the last segment at this level was of.
    current: usize,
    counts: Vec<usize>,
    /// Where a node was passed over before it had occurred often enough.
    passed: Vec<Option<Spot>>,
}

impl<'g> Frame<'g> {
    fn new(nodes: &'g [Node]) -> Self {
        Self { nodes, current: 0, counts: vec![0; nodes.len()], passed: vec![None; nodes.len()] }
    }

    fn count(&self, index: usize) -> usize {
        self.counts.get(index).copied().unwrap_or_default()
    }

    /// The node for `id` at or after the current one; `full` says whether one that is used up will do.
    fn ahead(&self, id: &str, full: bool) -> Option<usize> {
        let ahead = self.nodes.iter().enumerate().skip(self.current);
        ahead
            .filter(|(_, node)| node.id == id)
            .map(|(index, _)| index)
            .find(|&index| full || self.nodes.get(index).is_some_and(|node| self.count(index) < node.max))
    }

    fn behind(&self, id: &str) -> Option<usize> {
        self.nodes.iter().take(self.current).position(|node| node.id == id)
    }

    fn add(&mut self, index: usize) {
        if let Some(count) = self.counts.get_mut(index) {
            *count += 1;
        }
    }

    /// Moves on to a node and remembers what was passed over on the way.
    fn advance(&mut self, index: usize, spot: Spot) {
        for passed in self.current..index {
            let short = self.nodes.get(passed).is_some_and(|node| self.count(passed) < node.min);
            if let Some(seen) = self.passed.get_mut(passed).filter(|seen| short && seen.is_none()) {
                *seen = Some(spot);
            }
        }
        self.current = index;
        self.add(index);
    }
}

struct Check<'g, 's, 'a> {
    set: &'s TransactionSet<'a>,
    guide: &'g Guide,
    fit: Fit,
    /// The set, then the loops that are open, innermost last. Never empty while segments are placed.
    frames: Vec<Frame<'g>>,
    findings: Vec<Finding>,
}

impl<'g> Check<'g, '_, '_> {
    fn place_segment(&mut self, segment: &Segment<'_>) {
        let id = segment.id();
        let spot = Spot { position: segment.position(), byte: segment.range().start };
        if let Some((depth, index)) = self.find(|frame| frame.ahead(id, false)) {
            self.enter(depth, index, spot);
        } else if let Some((depth, index)) = self.find(|frame| frame.ahead(id, true)) {
            let is_loop = self.node(depth, index).is_some_and(|node| !node.children.is_empty());
            let (code, what) = if is_loop { (Code::LoopTooMany, "loop") } else { (Code::SegmentTooMany, "segment") };
            let max = self.node(depth, index).map_or(0, |node| node.max);
            self.segment_finding(code, segment, format!("The {what} {id} may occur {max} times here."));
            self.enter(depth, index, spot);
        } else if let Some((depth, index)) = self.find(|frame| frame.behind(id)) {
            self.segment_finding(Code::SegmentOutOfSequence, segment, format!("{id} should have come earlier."));
            let node = self.node(depth, index);
            if let Some(frame) = self.frames.get_mut(depth) {
                frame.add(index);
            }
            self.open(node);
        } else if let Some(node) = anywhere(&self.guide.order, id) {
            self.segment_finding(Code::SegmentUnexpected, segment, format!("{id} is of a loop that is not open here."));
            self.open(Some(node));
        } else if self.guide.dictionary.segments.contains_key(id) {
            let message = format!("{id} is no segment of {}.", self.guide.id);
            self.segment_finding(Code::SegmentNotInSet, segment, message);
        } else {
            self.segment_finding(Code::SegmentUnrecognized, segment, "This is no segment that we know.".to_owned());
        }
    }

    /// The innermost open level that has a place.
    fn find(&self, place: impl Fn(&Frame<'g>) -> Option<usize>) -> Option<(usize, usize)> {
        self.frames.iter().enumerate().rev().find_map(|(depth, frame)| Some((depth, place(frame)?)))
    }

    fn node(&self, depth: usize, index: usize) -> Option<&'g Node> {
        self.frames.get(depth)?.nodes.get(index)
    }

    /// Goes to a node: closes the loops within, moves on, opens its loop.
    fn enter(&mut self, depth: usize, index: usize, spot: Spot) {
        while self.frames.len() > depth + 1 {
            if let Some(frame) = self.frames.pop() {
                self.close(&frame, spot);
            }
        }
        if let Some(frame) = self.frames.get_mut(depth) {
            frame.advance(index, spot);
        }
        self.open(self.node(depth, index));
    }

    fn open(&mut self, node: Option<&'g Node>) {
        if let Some(node) = node.filter(|node| !node.children.is_empty()) {
            self.frames.push(Frame::new(&node.children));
        }
    }

    fn close(&mut self, frame: &Frame<'g>, spot: Spot) {
        for (index, node) in frame.nodes.iter().enumerate() {
            if frame.count(index) >= node.min {
                continue;
            }
            let spot = frame.passed.get(index).copied().flatten().unwrap_or(spot);
            let mut place = self.set.place.at(spot.byte, 0);
            place.segment_id = Some(node.id.clone());
            place.segment_position = Some(spot.position);
            let message = format!("{} is missing before this segment.", node.id);
            keep(&mut self.findings, Finding::new(Code::SegmentMissing, place, message));
        }
    }

    fn end(&self) -> Spot {
        let body = self.set.body();
        let position = body.last().map_or(1, Segment::position) + 1;
        let byte = match self.set.segments.last() {
            Some(se) if se.position() == position => se.range().start,
            _ => self.set.range.end,
        };
        Spot { position, byte }
    }

    fn segment_place(&self, segment: &Segment<'_>) -> Place {
        let mut place = self.set.place.at(segment.range().start, segment.range().len());
        place.segment_id = Some(segment.id().to_owned());
        place.segment_position = Some(segment.position());
        place
    }

    fn segment_finding(&mut self, code: Code, segment: &Segment<'_>, message: String) {
        let finding = Finding::new(code, self.segment_place(segment), message).with_bad(segment.bytes());
        self.add(finding);
    }

    fn add(&mut self, finding: Finding) {
        let only_noted = matches!(
            finding.code,
            Code::ElementTooMany
                | Code::ElementTooShort
                | Code::ElementTooLong
                | Code::CodeInvalid
                | Code::ElementMissingByRelation
                | Code::ElementExcluded
                | Code::SegmentNotInSet
                | Code::SegmentUnrecognized
        );
        let note = self.fit == Fit::Approximate && only_noted;
        keep(&mut self.findings, if note { finding.into_note() } else { finding });
    }

    fn elements(&mut self, segment: &Segment<'_>) {
        let guide = self.guide;
        let Some(spec) = guide.dictionary.segments.get(segment.id()) else {
            return;
        };
        for (index, element) in spec.elements.iter().enumerate() {
            self.element(segment, index + 1, element);
        }
        for (index, extra) in segment.elements_raw().enumerate().skip(spec.elements.len()) {
            if !extra.is_empty() {
                let message = format!("{} has {} elements.", segment.id(), spec.elements.len());
                self.element_finding(Code::ElementTooMany, segment, (index + 1, None), None, extra, message);
            }
        }
        for relation in &spec.relations {
            self.relation(segment, relation, &spec.elements);
        }
    }

    fn element(&mut self, segment: &Segment<'_>, n: usize, spec: &ElementSpec) {
        let number = spec.number.as_deref();
        let name = name(segment, n, None);
        if segment.element_bytes(n).is_none() {
            if spec.mandatory {
                let message = format!("{name} is mandatory.");
                self.element_finding(Code::ElementMissing, segment, (n, None), number, b"", message);
            }
            return;
        }
        let component = segment.delimiters().component();
        for bytes in segment.repetitions(n) {
            match &spec.shape {
                Shape::Simple { .. } => {
                    if bytes.contains(&component) {
                        let message = format!("{name} is no composite but holds the component separator.");
                        self.element_finding(Code::ComponentUnexpected, segment, (n, None), number, bytes, message);
                    }
                    self.value(segment, (n, None), spec, bytes);
                }
                Shape::Composite { components: specs, .. } => self.composite(segment, n, specs, bytes),
            }
        }
    }

    fn composite(&mut self, segment: &Segment<'_>, n: usize, specs: &[ElementSpec], bytes: &[u8]) {
        let component = segment.delimiters().component();
        let values: Vec<&[u8]> = bytes.split(|&b| b == component).collect();
        for (index, spec) in specs.iter().enumerate() {
            let at = (n, Some(index + 1));
            match values.get(index).filter(|value| !value.is_empty()) {
                Some(value) => self.value(segment, at, spec, value),
                None if spec.mandatory => {
                    let message = format!("{} is mandatory.", name(segment, n, at.1));
                    self.element_finding(Code::ElementMissing, segment, at, spec.number.as_deref(), b"", message);
                }
                None => {}
            }
        }
        for (index, extra) in values.iter().enumerate().skip(specs.len()).filter(|(_, extra)| !extra.is_empty()) {
            let message = format!("{} has {} components.", name(segment, n, None), specs.len());
            self.element_finding(Code::ElementTooMany, segment, (n, Some(index + 1)), None, extra, message);
        }
    }

    /// One value against its type, length and codes. Source: X12.6, data element types: signs and points do not count
    /// towards the length of numbers.
    fn value(&mut self, segment: &Segment<'_>, at: (usize, Option<usize>), spec: &ElementSpec, bytes: &[u8]) {
        let Shape::Simple { kind, min, max, codes } = &spec.shape else {
            return;
        };
        let name = name(segment, at.0, at.1);
        let shown = text(bytes);
        let len = match kind {
            Kind::Text | Kind::Code | Kind::Letters | Kind::Binary => shown.chars().count(),
            Kind::Integer | Kind::Decimal | Kind::Number => shown.chars().filter(|c| !matches!(c, '-' | '.')).count(),
            Kind::Date | Kind::Time => bytes.len(),
        };
        let (code, message) =
            if matches!(kind, Kind::Text | Kind::Code | Kind::Letters) && shown.chars().any(char::is_control) {
                (Code::CharacterInvalid, format!("{name} holds a control character."))
            } else if *kind == Kind::Integer && !value::is_integer(bytes) {
                (Code::CharacterInvalid, format!("{name} is no whole number."))
            } else if matches!(kind, Kind::Decimal | Kind::Number) && !value::is_decimal(bytes) {
                (Code::CharacterInvalid, format!("{name} is no decimal number."))
            } else if len < *min {
                (Code::ElementTooShort, format!("{name} has {len} characters and needs {min}."))
            } else if len > *max {
                (Code::ElementTooLong, format!("{name} has {len} characters and may have {max}."))
            } else if *kind == Kind::Date && !value::is_date(bytes) {
                (Code::DateInvalid, format!("{name} is no date of the form CCYYMMDD."))
            } else if *kind == Kind::Time && !value::is_time(bytes) {
                (Code::TimeInvalid, format!("{name} is no time of the form HHMM, HHMMSS or with decimals."))
            } else if !codes.is_empty() && !codes.iter().any(|code| code.as_bytes() == bytes) {
                (Code::CodeInvalid, format!("{name} may be {}.", codes.join(", ")))
            } else {
                return;
            };
        self.element_finding(code, segment, at, spec.number.as_deref(), bytes, message);
    }

    fn relation(&mut self, segment: &Segment<'_>, relation: &Relation, specs: &[ElementSpec]) {
        let there = |n: &usize| segment.element_bytes(*n).is_some();
        let (Some(first), count) = (relation.positions.first(), relation.positions.iter().filter(|n| there(n)).count())
        else {
            return;
        };
        let all = relation.positions.len();
        let broken = match relation.kind {
            RelationKind::Paired => count > 0 && count < all,
            RelationKind::Required => count == 0,
            RelationKind::Exclusive => count > 1,
            RelationKind::Conditional => there(first) && count < all,
            RelationKind::List => there(first) && count == 1,
        };
        if !broken {
            return;
        }
        let names: Vec<String> = relation.positions.iter().map(|n| name(segment, *n, None)).collect();
        let names = names.join(", ");
        let (code, message) = match relation.kind {
            RelationKind::Paired => (Code::ElementMissingByRelation, format!("Of {names} all must be there, or none.")),
            RelationKind::Required | RelationKind::List => {
                (Code::ElementMissingByRelation, format!("Of {names} at least one more must be there."))
            }
            RelationKind::Conditional => {
                (Code::ElementMissingByRelation, format!("Of {names} the first needs all others."))
            }
            RelationKind::Exclusive => (Code::ElementExcluded, format!("Of {names} only one may be there.")),
        };
        let exclusive = relation.kind == RelationKind::Exclusive;
        let culprit = relation.positions.iter().rfind(|n| there(n) == exclusive).unwrap_or(first);
        let number = specs.get(culprit - 1).and_then(|spec| spec.number.as_deref());
        let bytes = segment.element_bytes(*culprit).unwrap_or_default();
        self.element_finding(code, segment, (*culprit, None), number, bytes, message);
    }

    fn element_finding(
        &mut self,
        code: Code,
        segment: &Segment<'_>,
        (n, component): (usize, Option<usize>),
        number: Option<&str>,
        bad: &[u8],
        message: String,
    ) {
        let range = segment.element_range(n);
        let mut place = self.segment_place(segment).at(range.start, range.len());
        place.element = Some(n);
        place.component = component;
        place.data_element = number.map(str::to_owned);
        self.add(Finding::new(code, place, message).with_bad(bad));
    }
}

fn anywhere<'g>(nodes: &'g [Node], id: &str) -> Option<&'g Node> {
    nodes.iter().find_map(|node| if node.id == id { Some(node) } else { anywhere(&node.children, id) })
}

/// An element's usual name, such as `N104` or `N907-02`.
fn name(segment: &Segment<'_>, n: usize, component: Option<usize>) -> String {
    match component {
        Some(component) => format!("{}{n:02}-{component:02}", segment.id()),
        None => format!("{}{n:02}", segment.id()),
    }
}
