//! A file as a tree of interchanges, groups and sets: the events, collected.

use std::borrow::Cow;
use std::sync::Arc;

use crate::delimiters::Standard;
use crate::envelope::{Document, Group, Interchange, TransactionSet};
use crate::events::{Event, Events, Limits};
use crate::finding::{Finding, Place, keep_all};
use crate::limits::SEGMENTS_PER_SET_MAX;
use crate::segment::Segment;

/// Reads a file of X12 and EDIFACT interchanges, in any order.
///
/// Every byte of the file ends up in the range of one interchange or in [`Document::filler`]. Tolerated without a
/// finding: a byte order mark, blanks and line ends around and between segments, line ends within segments where the
/// file is in records of one width, a last segment without terminator. Source of the framing: X12.5 (interchange),
/// X12.6 (groups, sets, segments), ISO 9735-1.
pub fn read(bytes: &[u8]) -> Document<'_> {
    read_with_limits(bytes, Limits::default())
}

/// The same with other limits.
pub fn read_with_limits(bytes: &[u8], limits: Limits) -> Document<'_> {
    let mut collector = Collector::default();
    let mut events = Events::with_limits(bytes, limits);
    loop {
        if let Some(set) = &mut collector.set {
            events.segments(|segment| set.segments.push(*segment));
        }
        match events.next() {
            Some(event) => collector.take(event),
            None => return collector.document,
        }
    }
}

#[derive(Default)]
struct Collector<'a> {
    document: Document<'a>,
    interchange: Option<Interchange<'a>>,
    group: Option<Group<'a>>,
    set: Option<TransactionSet<'a>>,
    /// How many segments the last set has.
    len: usize,
}

impl<'a> Collector<'a> {
    fn take(&mut self, event: Event<'a>) {
        match event {
            Event::Outside { range, finding } => {
                if !range.is_empty() {
                    self.document.filler.push(range);
                }
                keep_all(&mut self.document.findings, finding.map(|finding| *finding));
            }
            Event::InterchangeStart { standard, header, start, ordinal, findings } => {
                self.interchange = Some(interchange(standard, header, start, ordinal, findings));
            }
            Event::InterchangeSegment(segment) => {
                if let Some(interchange) = self.interchange.as_mut().filter(|_| segment.id() == "TA1") {
                    interchange.ta1s.push(segment);
                }
            }
            Event::GroupStart { header, start, ordinal, findings } => {
                // An ISX before the groups names a release character.
                if let (Some(parent), Some(header)) = (self.interchange.as_mut(), header) {
                    parent.delimiters = header.delimiters();
                }
                self.group = self
                    .interchange
                    .as_ref()
                    .map(|parent| group(parent.standard, &parent.place, header, start, ordinal, findings));
            }
            Event::GroupSegment { finding, .. } => {
                if let Some(group) = self.group.as_mut() {
                    keep_all(&mut group.findings, finding.map(|finding| *finding));
                }
            }
            Event::SetStart { header, ordinal, findings } => {
                self.set = self.group.as_ref().map(|parent| {
                    let version = match parent.standard {
                        Standard::X12 => parent.version(),
                        Standard::Edifact => Cow::Borrowed(""),
                    };
                    set((parent.standard, version, &parent.place), header, ordinal, findings, self.len)
                });
            }
            Event::Segment { segment, finding } => {
                if let Some(set) = self.set.as_mut() {
                    if set.segments.len() < SEGMENTS_PER_SET_MAX {
                        set.segments.push(segment);
                    }
                    keep_all(&mut set.findings, finding.map(|finding| *finding));
                }
            }
            Event::SetEnd { trailer, range, segments: _, findings } => {
                if let Some(mut set) = self.set.take() {
                    set.segments.extend(trailer.filter(|_| set.segments.len() < SEGMENTS_PER_SET_MAX));
                    set.range = range;
                    keep_all(&mut set.findings, findings);
                    self.len = set.segments.len();
                    if let Some(group) = self.group.as_mut() {
                        group.sets.push(set);
                    }
                }
            }
            Event::GroupEnd { trailer, range, sets: _, findings } => {
                if let Some(mut group) = self.group.take() {
                    group.trailer = trailer;
                    group.range = range;
                    keep_all(&mut group.findings, findings);
                    if let Some(interchange) = self.interchange.as_mut() {
                        interchange.groups.push(group);
                    }
                }
            }
            Event::InterchangeEnd { trailer, range, groups: _, findings } => {
                if let Some(mut interchange) = self.interchange.take() {
                    interchange.trailer = trailer;
                    interchange.range = range;
                    keep_all(&mut interchange.findings, findings);
                    self.document.interchanges.push(interchange);
                }
            }
        }
    }
}

pub(crate) fn interchange(
    standard: Standard,
    header: Segment<'_>,
    start: usize,
    ordinal: usize,
    findings: Vec<Finding>,
) -> Interchange<'_> {
    let mut interchange = Interchange {
        standard,
        header,
        trailer: None,
        ta1s: Vec::new(),
        groups: Vec::new(),
        delimiters: header.delimiters(),
        range: start..header.end(),
        findings,
        place: Place::default(),
    };
    interchange.place = Place {
        interchange: Some(ordinal),
        interchange_control: Some(interchange.control_number().into_owned()),
        segment_id: Some(header.id().to_owned()),
        ..Place::default().at(header.range().start, header.range().len())
    };
    interchange
}

/// `interchange` is where its interchange is.
pub(crate) fn group<'a>(
    standard: Standard,
    interchange: &Place,
    header: Option<Segment<'a>>,
    start: usize,
    ordinal: usize,
    findings: Vec<Finding>,
) -> Group<'a> {
    let end = header.map_or(start, |header| header.end());
    let mut group =
        Group { standard, header, trailer: None, sets: Vec::new(), range: start..end, findings, place: Arc::default() };
    let mut place = interchange.at(start, end - start);
    if let Some(header) = header {
        place.group = Some(ordinal);
        place.group_control = Some(group.control_number().into_owned());
        place.segment_id = Some(header.id().to_owned());
    }
    group.place = Arc::new(place);
    group
}

/// What its group says of it: standard, in X12 the version, and where the group is. `len` is how many segments it may
/// have: as many as the set before it.
pub(crate) fn set<'a>(
    (standard, version, group_place): (Standard, Cow<'a, str>, &Arc<Place>),
    header: Segment<'a>,
    ordinal: usize,
    findings: Vec<Finding>,
    len: usize,
) -> TransactionSet<'a> {
    let mut segments = Vec::with_capacity(len);
    segments.push(header);
    TransactionSet {
        standard,
        segments,
        range: header.range(),
        findings,
        version,
        group_place: Arc::clone(group_place),
        ordinal,
    }
}
