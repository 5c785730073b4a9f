//! What is open of an interchange, and what each segment opens and closes.

use std::ops::Range;

use crate::delimiters::{Delimiters, Standard};
use crate::finding::{Finding, Place, SyntaxCode as Code, keep};
use crate::header::{self, Header, Look, Next};
use crate::limits::{FINDINGS_MAX, SEGMENTS_PER_SET_MAX, STRAY_LEN_MAX};
use crate::seen::{Control, Seen};
use crate::segment::{Segment, Syntax};
use crate::sniff;

use super::cutting::{Cut, Cutter, Found};
use super::defect::{Due, told};
use super::stray::Stray;
use super::{Event, Limits, edifact, x12};

/// What a segment is to the envelopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    GroupHeader,
    GroupTrailer,
    SetHeader,
    SetTrailer,
    InterchangeTrailer,
    /// Of an envelope, and neither its header nor its trailer.
    Aside,
    Plain,
}

/// What a standard calls its service segments, and the control numbers of the headers.
pub(super) struct Names {
    pub(super) interchange_trailer: &'static str,
    pub(super) interchange_control: &'static str,
    pub(super) group_trailer: &'static str,
    pub(super) group_control: &'static str,
    pub(super) set_header: &'static str,
    pub(super) set_trailer: &'static str,
}

/// A level of the envelope that is open.
#[derive(Debug, Default)]
struct Level {
    ordinal: usize,
    /// Its control number as it stands.
    raw_control: Control,
    start: usize,
    /// Where what is known of it ends.
    end: usize,
}

impl Level {
    /// Begins anew.
    fn open(&mut self, ordinal: usize, start: usize, end: usize, segment: &Segment<'_>, control: Option<&[u8]>) {
        let control = segment.data(control.unwrap_or_default().trim_ascii());
        self.raw_control.set(control.trim_ascii());
        (self.ordinal, self.start, self.end) = (ordinal, start, end);
    }

    /// Its control number as text, for places.
    fn control(&self) -> String {
        crate::finding::text(&self.raw_control).into_owned()
    }
}

/// What is open within an interchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Within {
    Nothing,
    Group,
    /// EDIFACT messages that are in no group.
    Loose,
}

/// The state of reading: what is open, and counts. It holds no byte of the file but control numbers and the first bytes
/// of what is stray, so that a file of any size needs the same.
#[derive(Debug)]
pub(crate) struct Envelopes {
    cutter: Cutter,
    standard: Standard,
    within: Within,
    set_open: bool,
    interchange: Level,
    group: Level,
    set: Level,
    /// Sets of the open group, or in an interchange without groups of all of it.
    sets: usize,
    segments: u32,
    /// Groups with a header, in the open interchange.
    headed_groups: usize,
    groups: usize,
    /// Messages in no group, in the open interchange.
    loose: usize,
    ta1s: usize,
    /// Syntax version of the open interchange, in EDIFACT.
    syntax_version: u8,
    /// Findings on the open interchange that its end tells.
    findings: Vec<Finding>,
    stray: Stray,
    /// The file is of another kind, and interchanges within it are not to be taken as they stand.
    foreign: bool,
    done: bool,
    seen_interchanges: Seen,
    seen_groups: Seen,
    seen_sets: Seen,
}

impl Envelopes {
    #[inline]
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            cutter: Cutter::new(limits),
            standard: Standard::X12,
            within: Within::Nothing,
            set_open: false,
            interchange: Level::default(),
            group: Level::default(),
            set: Level::default(),
            sets: 0,
            segments: 0,
            headed_groups: 0,
            groups: 0,
            loose: 0,
            ta1s: 0,
            syntax_version: 0,
            findings: Vec::new(),
            stray: Stray::at(0),
            foreign: false,
            done: false,
            seen_interchanges: Seen::default(),
            seen_groups: Seen::default(),
            seen_sets: Seen::default(),
        }
    }

    /// Offset in the file of the first byte that is not read.
    #[expect(clippy::inline_always, reason = "see Events::next")]
    #[inline(always)]
    pub(crate) fn at(&self) -> usize {
        self.cutter.at
    }

    /// What separates in the open interchange.
    pub(super) fn delimiters(&self) -> Option<Delimiters> {
        self.cutter.syntax().map(Syntax::delimiters)
    }

    /// The next segment of the open set, where nothing is special about it. Whatever else there is, [`Self::next`] reads,
    /// and it would read these likewise.
    #[expect(clippy::inline_always, reason = "see Events::next")]
    #[inline(always)]
    pub(crate) fn swift<'a>(&mut self, window: &'a [u8]) -> Option<Segment<'a>> {
        if !self.set_open || self.segments as usize >= SEGMENTS_PER_SET_MAX {
            return None;
        }
        let segment = self.cutter.swift(window, self.segments + 1)?;
        self.set.end = self.cutter.at;
        self.segments += 1;
        Some(segment)
    }

    /// The next event; `None` when more bytes are needed, and at the end. `bytes` are the file from byte `base` on as far
    /// as it is there; `last` says that it ends there.
    #[inline(never)]
    pub(crate) fn next<'a>(&mut self, bytes: &'a [u8], base: usize, last: bool) -> Option<Event<'a>> {
        loop {
            let window = bytes.get(self.cutter.at - base..)?;
            let cut = match (self.cutter.short(window), self.cutter.syntax()) {
                (Some(cut), _) => cut,
                (None, None) => return self.outside(window, last),
                (None, Some(syntax)) => match self.within(window, last, syntax) {
                    Found::Segment(cut) => cut,
                    Found::More => return None,
                    Found::Break => return Some(self.break_off()),
                },
            };
            let event = self.take(&cut);
            if event.is_some() {
                return event;
            }
        }
    }

    fn outside<'a>(&mut self, window: &'a [u8], last: bool) -> Option<Event<'a>> {
        if self.done {
            return None;
        }
        if self.cutter.at == 0 {
            if window.len() < STRAY_LEN_MAX && !last {
                return None;
            }
            self.foreign = sniff::is_container(window.get(..STRAY_LEN_MAX).unwrap_or(window));
        }
        if self.foreign {
            self.pass(window, window.len());
            self.done = last;
            return last.then(|| self.tell_stray(true));
        }
        if self.stray.len == 0
            && let Look::Found(header) = header::look(window, last)
        {
            return Some(self.start_interchange(window, header));
        }
        match header::find(window, window.len(), self.stray.last, last) {
            Next::At(at) => {
                self.pass(window, at);
                Some(self.tell_stray(false))
            }
            Next::NotBefore(at) => {
                self.pass(window, at);
                self.done = last;
                let whole = self.interchange.ordinal == 0;
                (last && (whole || self.stray.len > 0)).then(|| self.tell_stray(whole))
            }
        }
    }

    fn pass(&mut self, window: &[u8], len: usize) {
        self.stray.take(window.get(..len).unwrap_or_default());
        self.cutter.at += len;
    }

    fn tell_stray<'a>(&mut self, whole: bool) -> Event<'a> {
        let stray = std::mem::replace(&mut self.stray, Stray::at(self.cutter.at));
        Event::Outside { range: stray.start..self.cutter.at, finding: stray.finding(whole) }
    }

    /// The next segment of the open interchange, however it stands.
    fn within<'a>(&mut self, window: &'a [u8], last: bool, syntax: Syntax) -> Found<'a> {
        let mut rest = window;
        let mut found = None;
        if self.cutter.is_passing() {
            found = self.cutter.pass_over(&mut rest, last, syntax);
            if self.set_open {
                self.set.end = self.cutter.at;
            }
        }
        found.unwrap_or_else(|| self.cutter.next_segment(rest, last, syntax))
    }

    fn names(&self) -> &'static Names {
        match self.standard {
            Standard::X12 => &x12::NAMES,
            Standard::Edifact => &edifact::NAMES,
        }
    }

    /// Where the open interchange is, for findings on it.
    fn interchange_place(&self, id: &str, range: Range<usize>) -> Place {
        Place {
            interchange: Some(self.interchange.ordinal),
            interchange_control: Some(self.interchange.control()),
            segment_id: Some(id.to_owned()),
            ..Place::default()
        }
        .at(range.start, range.len())
    }

    fn group_place(&self, id: &str, range: Range<usize>) -> Place {
        let headed = self.within != Within::Loose;
        Place {
            group: headed.then_some(self.group.ordinal),
            group_control: headed.then(|| self.group.control()),
            ..self.interchange_place(id, range)
        }
    }

    fn set_place(&self, id: &str, position: u32, range: Range<usize>) -> Place {
        Place {
            set: Some(self.set.ordinal),
            set_control: Some(self.set.control()),
            segment_position: Some(position as usize),
            ..self.group_place(id, range)
        }
    }
    fn start_interchange<'a>(&mut self, window: &'a [u8], header: Header) -> Event<'a> {
        let start = self.cutter.at;
        let Header { standard, syntax, lead, len, defects, readable } = header;
        let raw = window.get(lead..lead + len).unwrap_or_default();
        let (end, after) = window.split_at_checked(lead + len).and_then(|(_, end)| end.split_first()).unzip();
        let tail = end.map_or(0, |end| 1 + header::continuation_len(*end, after.unwrap_or_default()));
        let segment = Segment::new(raw, start + lead, tail, syntax);
        self.cutter.at = segment.end();
        let ordinal = self.interchange.ordinal + 1;
        let isa = (standard == Standard::X12).then(|| x12::isa_fields(&segment));
        let control = match &isa {
            Some(fields) => fields.get(13).copied(),
            None => segment.component_bytes(5, 1),
        };
        self.interchange.open(ordinal, start, segment.end(), &segment, control);
        self.cutter.open(standard, syntax, readable);
        self.standard = standard;
        self.within = Within::Nothing;
        (self.headed_groups, self.groups, self.loose, self.ta1s) = (0, 0, 0, 0);
        self.seen_groups.clear();
        self.stray = Stray::at(segment.end());
        let found = if let Some(fields) = isa {
            x12::isa(&segment, &fields, &defects, &mut self.seen_interchanges)
        } else {
            self.syntax_version = edifact::syntax_version(&segment);
            edifact::unb(&segment, &defects, &mut self.seen_interchanges)
        };
        let findings = told(found, &segment, || self.interchange_place(segment.id(), segment.range()));
        Event::InterchangeStart { standard, header: segment, start, ordinal, findings }
    }

    /// The file ends or another interchange begins: closes what is open, the innermost first.
    fn break_off<'a>(&mut self) -> Event<'a> {
        if let Some(event) = self.close_inner() {
            return event;
        }
        let id = self.names().interchange_trailer;
        // Where no byte can terminate, the trailer is not missing but cannot be seen.
        if !self.cutter.is_unreadable() {
            let place = self.interchange_place(id, self.cutter.at..self.cutter.at);
            let message = format!("The interchange breaks off before its {id}; nothing in it is taken.");
            keep(&mut self.findings, Finding::new(Code::InterchangeTruncated, place, message));
        }
        self.end_interchange(None)
    }

    /// Closes the open set, or else the open group, without a trailer.
    fn close_inner<'a>(&mut self) -> Option<Event<'a>> {
        if self.set_open {
            return Some(self.end_set(None));
        }
        match self.within {
            Within::Nothing => None,
            Within::Group | Within::Loose => Some(self.end_group(None)),
        }
    }

    fn end_interchange<'a>(&mut self, trailer: Option<Segment<'a>>) -> Event<'a> {
        self.cutter.close();
        self.stray = Stray::at(self.cutter.at);
        let range = self.interchange.start..self.cutter.at;
        let findings = std::mem::take(&mut self.findings);
        Event::InterchangeEnd { trailer, range, groups: self.groups, findings }
    }

    /// What a segment is to the envelopes. One that is too long is none of theirs.
    #[inline]
    fn role(&self, cut: &Cut<'_>) -> Role {
        match self.standard {
            _ if cut.too_long => Role::Plain,
            Standard::X12 => match cut.segment.bytes().first() {
                Some(b'G' | b'S' | b'I' | b'T') => x12::role(cut.segment.id_bytes()),
                _ => Role::Plain,
            },
            Standard::Edifact => match cut.segment.bytes().first() {
                Some(b'U') => edifact::role(cut.segment.id_bytes()),
                _ => Role::Plain,
            },
        }
    }

    /// Takes a segment in: closes what it ends, one thing at a time, and then reads it. `None` if it says nothing.
    fn take<'a>(&mut self, cut: &Cut<'a>) -> Option<Event<'a>> {
        let segment = cut.segment;
        let role = self.role(cut);
        let closed = match role {
            Role::Plain | Role::SetTrailer | Role::Aside => None,
            Role::SetHeader | Role::GroupTrailer => self.set_open.then(|| self.end_set(None)),
            Role::GroupHeader | Role::InterchangeTrailer => self.close_inner(),
        };
        if closed.is_some() {
            return closed;
        }
        if role == Role::SetHeader && self.standard == Standard::Edifact && self.within == Within::Nothing {
            self.mixed(self.headed_groups > 0, &segment);
            return Some(self.start_loose(&segment));
        }
        self.cutter.consume(cut);
        Some(match role {
            Role::GroupHeader => {
                self.mixed(self.loose > 0, &segment);
                self.start_group(segment)
            }
            Role::SetHeader if self.within != Within::Nothing => self.start_set(segment),
            Role::SetTrailer if self.set_open => self.end_set(Some(segment)),
            Role::GroupTrailer if self.within == Within::Group => self.end_group(Some(segment)),
            Role::InterchangeTrailer => {
                self.check_trailer(&segment);
                self.end_interchange(Some(segment))
            }
            Role::Aside if !self.set_open && self.may_stand_aside(&segment) => self.aside(segment),
            _ if self.set_open => self.of_set(segment, cut.too_long),
            // Two terminators in a row between sets lose nothing; within a set they are a segment without id.
            _ if segment.bytes().is_empty() => return None,
            // What was cut off may be the beginning of the trailer; that the interchange breaks off is told.
            _ if !cut.too_long && !segment.is_terminated() => match self.within {
                Within::Group => Event::GroupSegment { segment, finding: None },
                Within::Nothing | Within::Loose => Event::InterchangeSegment(segment),
            },
            _ => self.misplaced(segment),
        })
    }

    /// TA1, ISB, ISE and ISX stand before the groups; EDIFACT security around groups and messages.
    fn may_stand_aside(&self, segment: &Segment<'_>) -> bool {
        match self.standard {
            Standard::X12 => self.within == Within::Nothing && (self.groups == 0 || segment.id_bytes() == b"TA1"),
            Standard::Edifact => true,
        }
    }

    fn aside<'a>(&mut self, segment: Segment<'a>) -> Event<'a> {
        self.ta1s += usize::from(segment.id_bytes() == b"TA1");
        self.extend_syntax(&segment);
        match self.within {
            Within::Group => Event::GroupSegment { segment, finding: None },
            Within::Nothing | Within::Loose => Event::InterchangeSegment(segment),
        }
    }

    /// ISX names a release character. Source: X12.5 from 007040 on, ISX01.
    fn extend_syntax(&mut self, segment: &Segment<'_>) {
        if let (Some(syntax), b"ISX", Some(&[release])) =
            (self.cutter.syntax(), segment.id_bytes(), segment.element_bytes(1))
        {
            self.cutter.cut_by(syntax.releasing(release));
        }
    }

    /// Source: ISO 9735-1: groups and messages in none exclude each other.
    fn mixed(&mut self, mixed: bool, segment: &Segment<'_>) {
        if mixed && !self.findings.iter().any(|finding| finding.code == Code::GroupsAndMessagesMixed) {
            let place = self.interchange_place(segment.id(), segment.range());
            let message = "The interchange holds both groups and messages that are in none.";
            keep(&mut self.findings, Finding::new(Code::GroupsAndMessagesMixed, place, message));
        }
    }

    /// A segment of the open set, neither its header nor its trailer.
    #[inline]
    fn of_set<'a>(&mut self, segment: Segment<'a>, too_long: bool) -> Event<'a> {
        let segment = self.count(segment);
        let one_too_many = self.segments as usize == SEGMENTS_PER_SET_MAX + 1;
        let finding = (too_long || one_too_many).then(|| Box::new(self.too_much(&segment, too_long)));
        Event::Segment { segment, finding }
    }

    #[inline]
    fn count<'a>(&mut self, segment: Segment<'a>) -> Segment<'a> {
        self.segments = self.segments.saturating_add(1);
        self.set.end = segment.end();
        segment.at_position(self.segments)
    }

    fn too_much(&self, segment: &Segment<'_>, too_long: bool) -> Finding {
        let place = self.set_place(segment.id(), self.segments, segment.range());
        let len_max = self.cutter.limits.segment_len_max;
        if too_long {
            let message = format!("The segment is longer than {len_max} bytes; a terminator is missing.");
            return Finding::new(Code::SegmentTooLong, place, message);
        }
        let message = format!("The set has more than {SEGMENTS_PER_SET_MAX} segments.");
        Finding::new(Code::SetTooLong, place, message)
    }

    /// A segment where none may stand.
    fn misplaced<'a>(&mut self, segment: Segment<'a>) -> Event<'a> {
        if self.within == Within::Group {
            self.group.end = segment.end();
            let message = "The segment stands in a group but in no transaction set: the set's header is missing, or its \
                           trailer came early.";
            let place = self.group_place(segment.id(), segment.range());
            let finding = Finding::new(Code::SegmentOutsideSet, place, message).with_bad(segment.bytes());
            return Event::GroupSegment { segment, finding: Some(Box::new(finding)) };
        }
        if self.findings.len() < FINDINGS_MAX {
            let message = match self.within {
                Within::Loose => "The segment stands in no message: its UNH is missing, or a UNT came early.",
                Within::Nothing | Within::Group => "The segment stands in no functional group.",
            };
            let place = self.interchange_place(segment.id(), segment.range());
            let finding = Finding::new(Code::SegmentOutsideGroup, place, message).with_bad(segment.bytes());
            keep(&mut self.findings, finding);
        }
        Event::InterchangeSegment(segment)
    }

    fn start_group<'a>(&mut self, header: Segment<'a>) -> Event<'a> {
        let control = match self.standard {
            Standard::X12 => header.element_bytes(6),
            Standard::Edifact => header.component_bytes(5, 1),
        };
        self.groups += 1;
        self.headed_groups += 1;
        self.group.open(self.groups, header.range().start, header.end(), &header, control);
        self.within = Within::Group;
        self.sets = 0;
        self.seen_sets.clear();
        let (reference, seen) = (&self.group.raw_control, &mut self.seen_groups);
        let found = match self.standard {
            Standard::X12 => x12::gs(&header, seen),
            Standard::Edifact => edifact::ung(&header, reference, self.syntax_version, seen),
        };
        let findings = told(found, &header, || self.group_place(header.id(), header.range()));
        let start = self.group.start;
        Event::GroupStart { header: Some(header), start, ordinal: self.groups, findings }
    }

    /// Opens the group without header in which messages are that are in none. The segment is not read.
    fn start_loose<'a>(&mut self, unh: &Segment<'_>) -> Event<'a> {
        let start = unh.range().start;
        self.groups += 1;
        self.group.open(self.groups, start, start, unh, None);
        self.within = Within::Loose;
        if self.loose == 0 {
            self.seen_sets.clear();
        }
        self.sets = 0;
        Event::GroupStart { header: None, start, ordinal: self.groups, findings: Vec::new() }
    }

    fn end_group<'a>(&mut self, trailer: Option<Segment<'a>>) -> Event<'a> {
        let loose = self.within == Within::Loose;
        let (sets, names) = (self.sets, self.names());
        let mut findings = Vec::new();
        if let Some(trailer) = trailer {
            self.group.end = trailer.end();
            let due = Due {
                names: (names.group_trailer, names.group_control),
                control: &self.group.raw_control,
                as_numbers: self.standard == Standard::X12,
                count: sets,
                codes: (Code::GroupControlNumberMismatch, Code::SetCountMismatch),
            };
            let place = || self.group_place(trailer.id(), trailer.range());
            findings = due.check(&trailer, place, || format!("transaction sets, which is {sets}"));
            if sets == 0 {
                let message = "The group holds no transaction set.";
                findings.push(Finding::new(Code::GroupEmpty, place(), message).with_bad(trailer.bytes()));
            }
        } else if !loose {
            let id = names.group_trailer;
            let place = self.group_place(id, self.group.end..self.group.end);
            findings.push(Finding::new(Code::GroupTrailerMissing, place, format!("The group has no {id}.")));
        }
        self.within = Within::Nothing;
        let range = self.group.start..self.group.end;
        Event::GroupEnd { trailer, range, sets, findings }
    }

    fn start_set<'a>(&mut self, header: Segment<'a>) -> Event<'a> {
        let control = header.element_bytes(match self.standard {
            Standard::X12 => 2,
            Standard::Edifact => 1,
        });
        self.sets += 1;
        self.loose += usize::from(self.within == Within::Loose);
        self.set.open(self.sets, header.range().start, header.end(), &header, control);
        self.set_open = true;
        self.segments = 0;
        let header = self.count(header);
        let (control, seen) = (&self.set.raw_control, &mut self.seen_sets);
        let found = match self.standard {
            Standard::X12 => x12::st(&header, control, seen),
            Standard::Edifact => edifact::unh(&header, control, self.syntax_version, seen),
        };
        let findings = told(found, &header, || self.set_place(header.id(), 1, header.range()));
        Event::SetStart { header, ordinal: self.sets, findings }
    }

    fn end_set<'a>(&mut self, trailer: Option<Segment<'a>>) -> Event<'a> {
        self.set_open = false;
        let Names { set_header, set_trailer, .. } = self.names();
        let trailer = trailer.map(|trailer| self.count(trailer));
        let segments = self.segments as usize;
        let mut findings = Vec::new();
        if let Some(trailer) = trailer {
            let due = Due {
                names: (set_trailer, set_header),
                control: &self.set.raw_control,
                as_numbers: false,
                count: segments,
                codes: (Code::SetControlNumberMismatch, Code::SegmentCountMismatch),
            };
            let place = || self.set_place(set_trailer, self.segments, trailer.range());
            let counted = || format!("segments, which is {segments} with {set_header} and {set_trailer}");
            findings = due.check(&trailer, place, counted);
            if segments == SEGMENTS_PER_SET_MAX + 1 {
                findings.push(self.too_much(&trailer, false));
            }
        } else {
            let place = self.set_place(set_trailer, self.segments.saturating_add(1), self.set.end..self.set.end);
            let message = format!("The transaction set has no {set_trailer}.");
            findings.push(Finding::new(Code::SetTrailerMissing, place, message));
        }
        self.group.end = self.set.end;
        Event::SetEnd { trailer, range: self.set.start..self.set.end, segments, findings }
    }

    /// IEA or UNZ. Source: ISO 9735-1, UNZ: 0036 counts the groups if there are any, and else the messages.
    fn check_trailer(&mut self, trailer: &Segment<'_>) {
        let names = self.names();
        let (count, what, empty) = match self.standard {
            Standard::X12 => (self.groups, "groups", self.groups == 0 && self.ta1s == 0),
            Standard::Edifact if self.headed_groups > 0 => (self.headed_groups, "groups", false),
            Standard::Edifact => (self.loose, "messages", self.loose == 0),
        };
        let due = Due {
            names: (names.interchange_trailer, names.interchange_control),
            control: &self.interchange.raw_control,
            as_numbers: self.standard == Standard::X12,
            count,
            codes: (Code::InterchangeControlNumberMismatch, Code::GroupCountMismatch),
        };
        let place = || self.interchange_place(names.interchange_trailer, trailer.range());
        let mut found = due.check(trailer, place, || format!("{what}, which is {count}"));
        if empty {
            let message = "The interchange holds nothing: no group, no message, no TA1.";
            found.push(Finding::new(Code::InterchangeEmpty, place(), message));
        }
        for finding in found {
            keep(&mut self.findings, finding);
        }
    }
}
