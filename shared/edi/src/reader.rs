//! From bytes to envelopes. Reading never fails: what is wrong becomes a finding, and reading goes on.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use crate::delimiters::{Delimiters, IsaHeader, Standard};
use crate::envelope::{Document, Group, Interchange, TransactionSet};
use crate::finding::{Finding, Place, SyntaxCode as Code, keep, text};
use crate::framing::{find_isa, is_filler, next_segment};
use crate::limits::{SEGMENT_LEN_MAX, SEGMENTS_PER_SET_MAX};
use crate::segment::Segment;
use crate::sniff;
use crate::value;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads a file of X12 interchanges.
///
/// Every byte of the file ends up in the range of one interchange or in [`Document::filler`]. Tolerated without a
/// finding: a byte order mark, blanks and line ends around and between segments, a last segment without terminator.
/// Source of the framing: X12.5 (interchange), X12.6 (groups, sets, segments).
pub fn read(bytes: &[u8]) -> Document<'_> {
    let mut document = Document::default();
    let mut position = 0;
    let mut seen = Seen::default();
    while position < bytes.len() {
        let Some((start, header)) = find_isa(bytes, position) else {
            outside(bytes, position..bytes.len(), &mut document);
            break;
        };
        outside(bytes, position..start, &mut document);
        let reader = Reader::new(bytes, start, &header, document.interchanges.len() + 1);
        let interchange = reader.run(&header, &mut seen);
        position = interchange.range.end;
        document.interchanges.push(interchange);
    }
    if bytes.is_empty() {
        let finding = Finding::new(Code::FileEmpty, Place::default(), "The file is empty.");
        document.findings.push(finding);
    }
    document
}

/// Control numbers of this file so far. Duplicates across files are for whoever keeps state.
#[derive(Default)]
struct Seen<'a> {
    interchanges: HashSet<[&'a [u8]; 5]>,
    groups: HashSet<[&'a [u8]; 4]>,
}

/// Notes what stands outside the interchanges.
fn outside(bytes: &[u8], range: Range<usize>, document: &mut Document<'_>) {
    let Some(mut stray) = bytes.get(range.clone()).filter(|stray| !stray.is_empty()) else {
        return;
    };
    document.filler.push(range.clone());
    let mut offset = range.start;
    while let Some(rest) = stray.strip_prefix(BYTE_ORDER_MARK) {
        stray = rest;
        offset += BYTE_ORDER_MARK.len();
    }
    let blank = stray.iter().take_while(|&&b| is_filler(b)).count();
    let stray = stray.get(blank..).unwrap_or_default();
    let whole = range.len() == bytes.len();
    if stray.is_empty() && !whole {
        return;
    }
    let offset = offset + blank;
    let kind = if whole { sniff::kind(bytes) } else { sniff::kind(stray) };
    let (code, message) = match (whole, stray.is_empty()) {
        (true, true) => (Code::FileEmpty, "The file holds nothing but blanks.".to_owned()),
        _ if stray.starts_with(b"ISA") => {
            (Code::IsaUnreadable, format!("No interchange can be read here: this is {kind}."))
        }
        (true, false) => (Code::FileNotEdi, format!("This is no X12 interchange but {kind}.")),
        (false, _) => (Code::FileStrayBytes, format!("These bytes are outside any interchange: {kind}.")),
    };
    let place = Place::default().at(offset, stray.len());
    keep(&mut document.findings, Finding::new(code, place, message).with_bad(stray));
}

/// Reads one interchange.
struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
    delimiters: Delimiters,
    interchange: Interchange<'a>,
    group: Option<OpenGroup<'a>>,
    set: Option<TransactionSet<'a>>,
}

struct OpenGroup<'a> {
    group: Group<'a>,
    set_controls: HashSet<&'a [u8]>,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8], start: usize, header: &IsaHeader, ordinal: usize) -> Self {
        let end = (start + header.len + 1).min(bytes.len());
        let raw = bytes.get(start..start + header.len).unwrap_or_default();
        let isa = Segment::new(raw, start, end, header.delimiters);
        let control = isa.element_bytes(13).map(|bytes| text(bytes.trim_ascii()).into_owned());
        let place = Place {
            interchange: Some(ordinal),
            interchange_control: control,
            segment_id: Some("ISA".to_owned()),
            byte_offset: start,
            byte_len: end - start,
            ..Place::default()
        };
        let interchange = Interchange {
            standard: Standard::X12,
            header: isa,
            trailer: None,
            ta1s: Vec::new(),
            groups: Vec::new(),
            delimiters: header.delimiters,
            range: start..end,
            findings: Vec::new(),
            place,
        };
        Self { bytes, position: end, delimiters: header.delimiters, interchange, group: None, set: None }
    }

    fn run(mut self, header: &IsaHeader, seen: &mut Seen<'a>) -> Interchange<'a> {
        self.check_isa(header, seen);
        if header.readable {
            while let Some(segment) = next_segment(self.bytes, &mut self.position, self.delimiters) {
                self.take(segment, seen);
                if self.interchange.trailer.is_some() {
                    self.interchange.range.end = self.position;
                    return self.interchange;
                }
            }
        } else {
            self.position = find_isa(self.bytes, self.position).map_or(self.bytes.len(), |(start, _)| start);
        }
        self.interchange.range.end = self.position;
        self.close_set(None);
        self.close_group(None);
        let end = self.position;
        let message = "The interchange breaks off before its IEA; nothing in it is taken.";
        let place = Place { segment_id: Some("IEA".to_owned()), ..self.interchange.place.at(end, 0) };
        keep(&mut self.interchange.findings, Finding::new(Code::InterchangeTruncated, place, message));
        self.interchange
    }

    fn take(&mut self, segment: Segment<'a>, seen: &mut Seen<'a>) {
        match segment.id_bytes() {
            b"GS" => {
                self.close_set(None);
                self.close_group(None);
                self.open_group(segment, seen);
            }
            b"ST" => {
                self.close_set(None);
                self.open_set(segment);
            }
            b"SE" if self.set.is_some() => self.close_set(Some(segment)),
            b"GE" if self.group.is_some() => {
                self.close_set(None);
                self.close_group(Some(segment));
            }
            b"IEA" => {
                self.close_set(None);
                self.close_group(None);
                self.check_iea(segment);
            }
            b"TA1" if self.group.is_none() => self.interchange.ta1s.push(segment),
            b"ISB" | b"ISE" if self.group.is_none() && self.interchange.groups.is_empty() => {}
            _ if self.set.is_some() => self.push(segment),
            // Two terminators in a row between sets lose nothing; within a set they are a segment without id.
            [] if segment.bytes().is_empty() => {}
            _ => self.misplaced(segment),
        }
    }

    fn check_isa(&mut self, header: &IsaHeader, seen: &mut Seen<'a>) {
        let isa = self.interchange.header;
        let mut found: Vec<(Code, usize, &str)> = Vec::new();
        for &code in &header.defects {
            let message = match code {
                Code::TerminatorInvalid => "The byte after ISA16 cannot be a segment terminator.",
                Code::ComponentSeparatorInvalid => "ISA16 cannot be a component separator.",
                _ => "The elements of the ISA are not of their fixed lengths (106 bytes with the terminator).",
            };
            found.push((code, 16, message));
        }
        let field = |n: usize| isa.element_bytes(n).unwrap_or_default();
        if !value::is_date(field(9)) || field(9).len() != 6 {
            found.push((Code::InterchangeDateInvalid, 9, "ISA09 is no date of the form YYMMDD."));
        }
        if !value::is_time(field(10)) || field(10).len() != 4 {
            found.push((Code::InterchangeTimeInvalid, 10, "ISA10 is no time of the form HHMM."));
        }
        if !value::is_digits(field(12), 5..=5) {
            found.push((Code::InterchangeVersionInvalid, 12, "ISA12 is no interchange version of five digits."));
        }
        if !value::is_digits(field(13), 9..=9) {
            found.push((Code::InterchangeControlNumberInvalid, 13, "ISA13 is not nine digits."));
        }
        if !matches!(field(14), b"0" | b"1") {
            found.push((Code::AcknowledgmentRequestInvalid, 14, "ISA14 is neither 0 nor 1."));
        }
        if !matches!(field(15), b"P" | b"T" | b"I") {
            found.push((Code::UsageIndicatorInvalid, 15, "ISA15 is not P, T or I."));
        }
        if !seen.interchanges.insert([5, 6, 7, 8, 13].map(field)) {
            let message = "An earlier interchange of this file has the same sender, receiver and ISA13.";
            found.push((Code::InterchangeControlNumberDuplicate, 13, message));
        }
        for (code, n, message) in found {
            let finding = element_finding(code, &self.interchange.place, &isa, n, message);
            keep(&mut self.interchange.findings, finding);
        }
    }

    fn check_iea(&mut self, iea: Segment<'a>) {
        let place = Place { segment_id: Some("IEA".to_owned()), ..self.interchange.place.clone() };
        let mut found = Vec::new();
        if !same_number(iea.element_bytes(2), self.interchange.header.element_bytes(13)) {
            let message = "IEA02 is not the control number of ISA13.";
            found.push(element_finding(Code::InterchangeControlNumberMismatch, &place, &iea, 2, message));
        }
        let count = self.interchange.groups.len();
        if number(iea.element_bytes(1)) != Some(count) {
            let message = format!("IEA01 is not the number of groups, which is {count}.");
            found.push(element_finding(Code::GroupCountMismatch, &place, &iea, 1, message));
        }
        if count == 0 && self.interchange.ta1s.is_empty() {
            let message = "The interchange holds neither a group nor a TA1.";
            found.push(Finding::new(Code::InterchangeEmpty, place.at(iea.range().start, iea.range().len()), message));
        }
        for finding in found {
            keep(&mut self.interchange.findings, finding);
        }
        self.interchange.trailer = Some(iea);
    }

    fn open_group(&mut self, gs: Segment<'a>, seen: &mut Seen<'a>) {
        let control = gs.element_bytes(6).unwrap_or_default();
        let place = Place {
            group: Some(self.interchange.groups.len() + 1),
            group_control: Some(text(control.trim_ascii()).into_owned()),
            segment_id: Some("GS".to_owned()),
            ..self.interchange.place.at(gs.range().start, gs.range().len())
        };
        let mut findings = Vec::new();
        let mut add = |code, n, message: &str| {
            keep(&mut findings, element_finding(code, &place, &gs, n, message));
        };
        if gs.element_bytes(1).is_none_or(|id| id.len() != 2) {
            add(Code::GroupNotSupported, 1, "GS01 is no functional identifier of two characters.");
        }
        if gs.element_bytes(8).is_none() {
            add(Code::GroupVersionMissing, 8, "GS08 names no version.");
        }
        if !value::is_digits(control, 1..=9) {
            add(Code::GroupControlNumberInvalid, 6, "GS06 is not one to nine digits.");
        }
        if !seen.groups.insert([1, 2, 3, 6].map(|n| gs.element_bytes(n).unwrap_or_default())) {
            let message = "An earlier group of this file has the same GS01, GS02, GS03 and GS06.";
            add(Code::GroupControlNumberDuplicate, 6, message);
        }
        let group = Group {
            standard: Standard::X12,
            header: Some(gs),
            trailer: None,
            sets: Vec::new(),
            range: gs.range(),
            findings,
            place,
        };
        self.group = Some(OpenGroup { group, set_controls: HashSet::new() });
    }

    fn close_group(&mut self, ge: Option<Segment<'a>>) {
        let Some(OpenGroup { mut group, .. }) = self.group.take() else {
            return;
        };
        let place = Place { segment_id: Some("GE".to_owned()), ..group.place.clone() };
        if let Some(ge) = ge {
            group.range.end = ge.range().end;
            if !same_number(ge.element_bytes(2), group.header.and_then(|gs| gs.element_bytes(6))) {
                let message = "GE02 is not the control number of GS06.";
                let finding = element_finding(Code::GroupControlNumberMismatch, &place, &ge, 2, message);
                keep(&mut group.findings, finding);
            }
            let count = group.sets.len();
            if number(ge.element_bytes(1)) != Some(count) {
                let message = format!("GE01 is not the number of transaction sets, which is {count}.");
                keep(&mut group.findings, element_finding(Code::SetCountMismatch, &place, &ge, 1, message));
            }
            group.trailer = Some(ge);
        } else {
            let place = place.at(group.range.end, 0);
            keep(&mut group.findings, Finding::new(Code::GroupTrailerMissing, place, "The group has no GE."));
        }
        self.interchange.groups.push(group);
    }

    fn open_set(&mut self, st: Segment<'a>) {
        let Some(open) = self.group.as_mut() else {
            return self.misplaced(st);
        };
        let control = st.element_bytes(2).unwrap_or_default();
        let place = Place {
            set: Some(open.group.sets.len() + 1),
            set_control: Some(text(control.trim_ascii()).into_owned()),
            segment_id: Some("ST".to_owned()),
            segment_position: Some(1),
            ..open.group.place.at(st.range().start, st.range().len())
        };
        let mut findings = Vec::new();
        let mut add = |code, n, message: &str| {
            keep(&mut findings, element_finding(code, &place, &st, n, message));
        };
        if st.element_bytes(1).is_none() {
            add(Code::SetIdInvalid, 1, "ST01 names no transaction set.");
        }
        if !(4..=9).contains(&control.trim_ascii().len()) {
            add(Code::SetControlNumberInvalid, 2, "ST02 is not four to nine characters.");
        }
        if !open.set_controls.insert(control) {
            add(Code::SetControlNumberDuplicate, 2, "An earlier set of this group has the same ST02.");
        }
        let range = st.range();
        self.set = Some(TransactionSet {
            standard: Standard::X12,
            segments: Vec::new(),
            range,
            findings,
            segment_count: 0,
            place,
        });
        self.push(st);
    }

    fn push(&mut self, segment: Segment<'a>) {
        let Some(set) = self.set.as_mut() else { return };
        set.segment_count += 1;
        set.range.end = segment.range().end;
        let segment = segment.at_position(set.segment_count);
        let mut place = set.place.at(segment.range().start, segment.range().len());
        place.segment_id = Some(segment.id().to_owned());
        place.segment_position = Some(segment.position());
        if segment.bytes().len() > SEGMENT_LEN_MAX {
            let message = format!("The segment is longer than {SEGMENT_LEN_MAX} bytes; a terminator is missing.");
            keep(&mut set.findings, Finding::new(Code::SegmentTooLong, place.clone(), message));
        }
        if set.segment_count <= SEGMENTS_PER_SET_MAX {
            set.segments.push(segment);
        } else if set.segment_count == SEGMENTS_PER_SET_MAX + 1 {
            let message = format!("The set has more than {SEGMENTS_PER_SET_MAX} segments.");
            keep(&mut set.findings, Finding::new(Code::SetTooLong, place, message));
        }
    }

    fn close_set(&mut self, se: Option<Segment<'a>>) {
        if let Some(se) = se {
            self.push(se);
        }
        let Some(mut set) = self.set.take() else {
            return;
        };
        let Some(open) = self.group.as_mut() else {
            return;
        };
        open.group.range.end = set.range.end;
        let mut place = set.place.at(set.range.end, 0);
        place.segment_id = Some("SE".to_owned());
        if let Some(se) = se {
            place.segment_position = Some(set.segment_count);
            let st02 = set.segments.first().and_then(|st| st.element_bytes(2)).unwrap_or_default();
            if se.element_bytes(2).unwrap_or_default().trim_ascii() != st02.trim_ascii() {
                let message = "SE02 is not the control number of ST02.";
                let finding = element_finding(Code::SetControlNumberMismatch, &place, &se, 2, message);
                keep(&mut set.findings, finding);
            }
            let count = set.segment_count;
            if number(se.element_bytes(1)) != Some(count) {
                let message = format!("SE01 is not the number of segments, which is {count} with ST and SE.");
                keep(&mut set.findings, element_finding(Code::SegmentCountMismatch, &place, &se, 1, message));
            }
        } else {
            place.segment_position = Some(set.segment_count + 1);
            keep(&mut set.findings, Finding::new(Code::SetTrailerMissing, place, "The transaction set has no SE."));
        }
        open.group.sets.push(set);
    }

    /// A segment where none may stand.
    fn misplaced(&mut self, segment: Segment<'a>) {
        let (findings, place, code, message) = if let Some(open) = self.group.as_mut() {
            open.group.range.end = segment.range().end;
            let message =
                "The segment stands in a group but in no transaction set: its ST is missing, or an SE came early.";
            (&mut open.group.findings, &open.group.place, Code::SegmentOutsideSet, message)
        } else {
            let message = "The segment stands in no functional group.";
            (&mut self.interchange.findings, &self.interchange.place, Code::SegmentOutsideGroup, message)
        };
        let mut place = place.at(segment.range().start, segment.range().len());
        place.segment_id = Some(segment.id().to_owned());
        keep(findings, Finding::new(code, place, message).with_bad(segment.bytes()));
    }
}

fn element_finding<'m>(
    code: Code,
    place: &Place,
    segment: &Segment<'_>,
    n: usize,
    message: impl Into<Cow<'m, str>>,
) -> Finding {
    let range = segment.element_range(n);
    let mut place = place.at(range.start, range.len());
    place.element = Some(n);
    Finding::new(code, place, message.into()).with_bad(segment.element_bytes(n).unwrap_or_default())
}

/// A count, if it is one.
fn number(bytes: Option<&[u8]>) -> Option<usize> {
    let bytes = bytes?.trim_ascii();
    if value::is_digits(bytes, 1..=18) { std::str::from_utf8(bytes).ok()?.parse().ok() } else { None }
}

/// Control numbers are equal as numbers, or else as text.
fn same_number(one: Option<&[u8]>, other: Option<&[u8]>) -> bool {
    match (number(one), number(other)) {
        (Some(one), Some(other)) => one == other,
        _ => one.unwrap_or_default().trim_ascii() == other.unwrap_or_default().trim_ascii(),
    }
}
