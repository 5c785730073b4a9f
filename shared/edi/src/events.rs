//! The pull parser: what a file says, one thing after the other, with what is wrong with it.

use std::borrow::Cow;
use std::ops::Range;

use crate::delimiters::Standard;
use crate::finding::{Finding, Place, SyntaxCode as Code, keep};
use crate::header::{self, Header, Look, Next, is_filler};
use crate::index::{Index, Window};
use crate::limits::{BINARY_LEN_MAX, FINDINGS_MAX, SEGMENT_LEN_MAX, SEGMENTS_PER_SET_MAX, STRAY_LEN_MAX};
use crate::scan;
use crate::seen::{Control, Seen};
use crate::segment::{Segment, Syntax};
use crate::sniff;
use crate::value;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How much is read as one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest segment, bytes, without its terminator.
    pub segment_len_max: usize,
    /// Longest binary data in a BIN or BDS segment, bytes.
    pub binary_len_max: usize,
}

impl Default for Limits {
    /// [`SEGMENT_LEN_MAX`] and [`BINARY_LEN_MAX`].
    fn default() -> Self {
        Self { segment_len_max: SEGMENT_LEN_MAX, binary_len_max: BINARY_LEN_MAX }
    }
}

/// One thing in a file. What begins also ends, in order, whatever the bytes.
///
/// Findings are of the level that the event is about, and each is told once: those of a set are in its start, its
/// segments and its end together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// Bytes outside the interchanges: a byte order mark, blanks, line ends; anything else has a finding.
    Outside {
        /// Where they stand.
        range: Range<usize>,
        /// What is wrong with them.
        finding: Option<Box<Finding>>,
    },
    /// ISA, or UNB with its UNA.
    InterchangeStart {
        /// What it is written in.
        standard: Standard,
        /// ISA or UNB.
        header: Segment<'a>,
        /// First byte of the interchange: of the ISA, UNA or UNB.
        start: usize,
        /// Which interchange of the file, from 1.
        ordinal: usize,
        /// What is wrong with the header.
        findings: Vec<Finding>,
    },
    /// A segment of the interchange that is in no group: TA1, ISB, ISE, ISX, EDIFACT security, or one that may not stand
    /// there, which the interchange's end says.
    InterchangeSegment(Segment<'a>),
    /// GS or UNG, or the first message of an EDIFACT interchange without groups.
    GroupStart {
        /// GS or UNG; `None` for messages that are in no group.
        header: Option<Segment<'a>>,
        /// First byte of the group.
        start: usize,
        /// Which group of the interchange, from 1.
        ordinal: usize,
        /// What is wrong with the header.
        findings: Vec<Finding>,
    },
    /// A segment in a group but in no set.
    GroupSegment {
        /// The segment.
        segment: Segment<'a>,
        /// Why it may not stand there.
        finding: Option<Box<Finding>>,
    },
    /// ST or UNH.
    SetStart {
        /// ST or UNH, at position 1.
        header: Segment<'a>,
        /// Which set of the group, from 1.
        ordinal: usize,
        /// What is wrong with the header.
        findings: Vec<Finding>,
    },
    /// A segment of a set, between its header and its trailer.
    Segment {
        /// The segment with its position.
        segment: Segment<'a>,
        /// What is wrong with it as such.
        finding: Option<Box<Finding>>,
    },
    /// SE or UNT, or where one is missing.
    SetEnd {
        /// SE or UNT, with its position.
        trailer: Option<Segment<'a>>,
        /// The whole set.
        range: Range<usize>,
        /// How many segments it has, header and trailer included.
        segments: usize,
        /// What is wrong with the trailer.
        findings: Vec<Finding>,
    },
    /// GE or UNE, or where one is missing.
    GroupEnd {
        /// GE or UNE.
        trailer: Option<Segment<'a>>,
        /// The whole group.
        range: Range<usize>,
        /// How many sets it has.
        sets: usize,
        /// What is wrong with the trailer.
        findings: Vec<Finding>,
    },
    /// IEA or UNZ, or where the interchange breaks off.
    InterchangeEnd {
        /// IEA or UNZ.
        trailer: Option<Segment<'a>>,
        /// The whole interchange.
        range: Range<usize>,
        /// How many groups it has; messages in no group count as one.
        groups: usize,
        /// What is wrong with the trailer, and with segments between the groups.
        findings: Vec<Finding>,
    },
}

/// Reads a file that is there as a whole. The events borrow from it.
#[derive(Debug)]
pub struct Events<'a> {
    bytes: &'a [u8],
    core: Core,
}

impl<'a> Events<'a> {
    /// From the first byte, with the usual limits.
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self::with_limits(bytes, Limits::default())
    }

    /// From the first byte, with other limits.
    #[inline]
    pub fn with_limits(bytes: &'a [u8], limits: Limits) -> Self {
        Self { bytes, core: Core::new(limits) }
    }
}

impl<'a> Events<'a> {
    /// Shows the segments of the open set that come next and of which there is nothing to say, up to the next event of
    /// another kind: the swiftest way through a large set. There may be none. They are the segments of
    /// [`Event::Segment`], which then has the others.
    ///
    /// ```
    /// let file = b"UNB+UNOA:1+A+B+260131:1435+1'UNH+1+DESADV:D:96A:UN'BGM+351+7+9'UNT+3+1'UNZ+1+1'";
    /// let (mut events, mut ids) = (edi::Events::new(file), Vec::new());
    /// loop {
    ///     events.segments(|segment| ids.push(segment.id().to_owned()));
    ///     match events.next() {
    ///         Some(edi::Event::Segment { segment, .. }) => ids.push(segment.id().to_owned()),
    ///         Some(_) => {}
    ///         None => break,
    ///     }
    /// }
    /// assert_eq!(ids, ["BGM"]);
    /// ```
    #[expect(clippy::inline_always, reason = "a segment that stays in registers is read twice as fast")]
    #[inline(always)]
    pub fn segments(&mut self, mut show: impl FnMut(&Segment<'a>)) {
        while let Some(segment) = self.bytes.get(self.core.at..).and_then(|window| self.core.swift(window)) {
            show(&segment);
        }
    }

    /// The next event that is no plain segment.
    #[inline(never)]
    fn next_of_any_kind(&mut self) -> Option<Event<'a>> {
        loop {
            match self.core.step(self.bytes.get(self.core.at..)?, true) {
                Step::Event(event) => return Some(event),
                Step::Again => {}
                Step::More | Step::End => return None,
            }
        }
    }
}

impl<'a> Iterator for Events<'a> {
    type Item = Event<'a>;

    #[expect(clippy::inline_always, reason = "a segment that stays in registers is read twice as fast")]
    #[inline(always)]
    fn next(&mut self) -> Option<Event<'a>> {
        match self.core.swift(self.bytes.get(self.core.at..)?) {
            Some(segment) => Some(Event::Segment { segment, finding: None }),
            None => self.next_of_any_kind(),
        }
    }
}

/// How many bytes a line end before a segment has.
#[expect(clippy::inline_always, reason = "see Events::next")]
#[inline(always)]
fn lead_len(window: &[u8], cut: scan::Cut) -> usize {
    match window {
        [b'\n', ..] if cut.terminator != b'\n' => 1,
        [b'\r', b'\n', ..] if !matches!(cut.terminator, b'\n' | b'\r') => 2,
        _ => 0,
    }
}

/// What comes next.
pub(crate) enum Step<'a> {
    Event(Event<'a>),
    /// Nothing to tell of what was read.
    Again,
    /// More bytes are needed to say.
    More,
    End,
}

/// Bytes outside the interchanges that were read and not yet told.
#[derive(Debug, Default)]
struct Stray {
    start: usize,
    len: usize,
    /// The first bytes of the file.
    head: Vec<u8>,
    /// The first bytes after a byte order mark and filler, and where they stand.
    said: Vec<u8>,
    said_at: usize,
    /// How much of a byte order mark was seen last.
    mark: usize,
    /// The last byte.
    last: Option<u8>,
}

impl Stray {
    fn at(start: usize) -> Self {
        Self { start, said_at: start, ..Self::default() }
    }

    fn take(&mut self, bytes: &[u8]) {
        // Asked for only if the file holds nothing else.
        if self.start == 0 {
            let room = STRAY_LEN_MAX - self.head.len().min(STRAY_LEN_MAX);
            self.head.extend(bytes.iter().take(room));
        }
        let mut rest = bytes;
        while self.said.is_empty()
            && let [byte, after @ ..] = rest
        {
            if BYTE_ORDER_MARK.get(self.mark) == Some(byte) {
                self.mark = (self.mark + 1) % BYTE_ORDER_MARK.len();
            } else if self.mark > 0 || !is_filler(*byte) {
                self.said_at = self.start + self.len + (bytes.len() - rest.len()) - self.mark;
                self.said.extend(BYTE_ORDER_MARK.iter().take(self.mark));
                self.said.push(*byte);
                self.mark = 0;
            }
            rest = after;
        }
        let room = STRAY_LEN_MAX - self.said.len().min(STRAY_LEN_MAX);
        self.said.extend(rest.iter().take(room));
        self.len += bytes.len();
        self.last = bytes.last().copied().or(self.last);
    }

    /// What there is to say of it. `whole` if the file holds nothing else.
    fn finding(&self, whole: bool) -> Option<Box<Finding>> {
        if self.said.is_empty() && self.mark == 0 && !whole {
            return None;
        }
        let kind = sniff::kind(if whole { &self.head } else { &self.said });
        let blank = self.said.is_empty();
        let (code, message) = match (whole, blank) {
            (true, true) if self.len == 0 => (Code::FileEmpty, "The file is empty.".to_owned()),
            (true, true) => (Code::FileEmpty, "The file holds nothing but blanks.".to_owned()),
            _ if self.said.starts_with(b"ISA") => {
                (Code::IsaUnreadable, format!("No interchange can be read here: this is {kind}."))
            }
            _ if self.said.starts_with(b"UNA") || self.said.starts_with(b"UNB") => {
                (Code::UnbUnreadable, format!("No interchange can be read here: this is {kind}."))
            }
            (true, false) => (Code::FileNotEdi, format!("This is no EDI interchange but {kind}.")),
            (false, _) => (Code::FileStrayBytes, format!("These bytes are outside any interchange: {kind}.")),
        };
        let end = self.start + self.len;
        let at = if blank { end } else { self.said_at };
        let place = Place::default().at(at, end - at);
        Some(Box::new(Finding::new(code, place, message).with_bad(&self.said)))
    }
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
pub(crate) struct Core {
    /// Offset in the file of the first byte that is not read.
    pub(crate) at: usize,
    limits: Limits,
    /// What cuts the open interchange; `None` between interchanges.
    open: Option<Syntax>,
    /// The same, where segments may be read swiftly.
    plain: Option<Syntax>,
    index: Index,
    standard: Standard,
    passing: Passing,
    /// The last byte that was passed over.
    before: Option<u8>,
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

/// What a segment is to the envelopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    GroupHeader,
    GroupTrailer,
    SetHeader,
    SetTrailer,
    InterchangeTrailer,
    /// Of an envelope, and neither its header nor its trailer.
    Aside,
    Plain,
}

impl Role {
    /// Source: X12.5 and X12.6.
    fn of_x12(id: &[u8]) -> Self {
        match id {
            b"GS" => Self::GroupHeader,
            b"GE" => Self::GroupTrailer,
            b"ST" => Self::SetHeader,
            b"SE" => Self::SetTrailer,
            b"IEA" => Self::InterchangeTrailer,
            b"TA1" | b"ISB" | b"ISE" | b"ISX" => Self::Aside,
            _ => Self::Plain,
        }
    }

    /// Source: ISO 9735-1; the security segments `US?` are of ISO 9735-5.
    fn of_edifact(id: &[u8]) -> Self {
        match id {
            b"UNG" => Self::GroupHeader,
            b"UNE" => Self::GroupTrailer,
            b"UNH" => Self::SetHeader,
            b"UNT" => Self::SetTrailer,
            b"UNZ" => Self::InterchangeTrailer,
            [b'U', b'S', _] => Self::Aside,
            _ => Self::Plain,
        }
    }
}

/// What is passed over, as it cannot be cut into segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Passing {
    Nothing,
    /// The rest of a segment that is too long.
    Segment,
    /// The rest of an interchange whose terminator is none: only the next header ends it.
    Interchange,
}

/// A segment with how it stands.
struct Cut<'a> {
    segment: Segment<'a>,
    /// Offset after it, where reading goes on.
    end: usize,
    too_long: bool,
}

enum Found<'a> {
    Segment(Cut<'a>),
    /// The file ends, or another interchange begins.
    Break,
    More,
}

impl Core {
    #[inline]
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            at: 0,
            limits,
            open: None,
            plain: None,
            index: Index::new(),
            standard: Standard::X12,
            passing: Passing::Nothing,
            before: None,
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

    /// The start or the end of a set, where nothing is special about it.
    #[inline]
    fn swift_set<'a>(&mut self, window: &'a [u8]) -> Option<Event<'a>> {
        let syntax = self.plain?;
        let cut = syntax.cut();
        if self.within == Within::Nothing || self.passing != Passing::Nothing {
            return None;
        }
        let lead = lead_len(window, cut);
        let rest = window.get(lead..)?;
        let id = match self.standard {
            Standard::X12 if self.set_open => b"SE".as_slice(),
            Standard::X12 => b"ST",
            Standard::Edifact if self.set_open => b"UNT",
            Standard::Edifact => b"UNH",
        };
        if rest.strip_prefix(id)?.first() != Some(&cut.element) {
            return None;
        }
        let start = self.at + lead;
        let (raw, separators) = self.short_segment(rest, start, cut)?;
        self.at = start + raw.len() + 1;
        let segment = Segment::plain(raw, start, syntax, separators, 0);
        Some(if self.set_open { self.end_set(Some(segment)) } else { self.start_set(segment) })
    }

    /// The segment that begins with `rest` and its separators, if it ends within a block.
    #[expect(clippy::inline_always, reason = "see Events::next")]
    #[inline(always)]
    fn short_segment<'a>(&mut self, rest: &'a [u8], start: usize, cut: scan::Cut) -> Option<(&'a [u8], u64)> {
        let Window { terminators, separators } = self.index.window(rest, start, cut);
        if terminators == 0 {
            return None;
        }
        let len = terminators.trailing_zeros() as usize;
        let raw = rest.get(..len)?;
        if cut.terminator == b'\n' && raw.last() == Some(&b'\r') {
            return None;
        }
        Some((raw, separators & ((1 << len) - 1)))
    }

    /// The next segment of the open set, where nothing is special about it: it is short, its id is none that an envelope
    /// or binary data has, nothing is released in it. This is how nearly all segments are read; whatever else there is,
    /// [`Self::step`] reads, and it would read these likewise.
    #[expect(clippy::inline_always, reason = "see Events::next")]
    #[inline(always)]
    pub(crate) fn swift<'a>(&mut self, window: &'a [u8]) -> Option<Segment<'a>> {
        let syntax = self.plain?;
        if !self.set_open || self.passing != Passing::Nothing || self.segments as usize >= SEGMENTS_PER_SET_MAX {
            return None;
        }
        let cut = syntax.cut();
        let lead = lead_len(window, cut);
        let rest = window.get(lead..)?;
        match rest {
            [b'S', b'E' | b'T', ..]
            | [b'G' | b'I', b'E' | b'S', ..]
            | [b'T', b'A', ..]
            | [b'B', b'I' | b'D', ..]
            | [b'U', b'N' | b'S', ..] => return None,
            [b'A'..=b'Z', ..] => {}
            _ => return None,
        }
        let start = self.at + lead;
        let (raw, separators) = self.short_segment(rest, start, cut)?;
        self.at = start + raw.len() + 1;
        self.set.end = self.at;
        self.segments += 1;
        Some(Segment::plain(raw, start, syntax, separators, self.segments))
    }

    /// The next event. `window` is the file from [`at`](Self::at) as far as it is there; `last` says that it ends there.
    #[inline]
    pub(crate) fn step<'a>(&mut self, window: &'a [u8], last: bool) -> Step<'a> {
        if let Some(event) = self.swift_set(window) {
            return Step::Event(event);
        }
        match self.open {
            Some(syntax) => self.within(window, last, syntax),
            None => self.outside(window, last),
        }
    }

    fn outside<'a>(&mut self, window: &'a [u8], last: bool) -> Step<'a> {
        if self.done {
            return Step::End;
        }
        if self.at == 0 {
            if window.len() < STRAY_LEN_MAX && !last {
                return Step::More;
            }
            self.foreign = sniff::is_container(window.get(..STRAY_LEN_MAX).unwrap_or(window));
        }
        if self.foreign {
            self.pass(window, window.len());
            self.done = last;
            return if last { self.tell_stray(true) } else { Step::More };
        }
        match header::find(window, window.len(), self.stray.last, last) {
            Next::At(0, header) if self.stray.len == 0 => self.start_interchange(window, header),
            Next::At(at, _) => {
                self.pass(window, at);
                self.tell_stray(false)
            }
            Next::NotBefore(at) => {
                self.pass(window, at);
                if !last {
                    return Step::More;
                }
                self.done = true;
                let whole = self.interchange.ordinal == 0;
                if whole || self.stray.len > 0 { self.tell_stray(whole) } else { Step::End }
            }
        }
    }

    fn pass(&mut self, window: &[u8], len: usize) {
        self.stray.take(window.get(..len).unwrap_or_default());
        self.at += len;
    }

    fn tell_stray<'a>(&mut self, whole: bool) -> Step<'a> {
        let stray = std::mem::replace(&mut self.stray, Stray::at(self.at));
        Step::Event(Event::Outside { range: stray.start..self.at, finding: stray.finding(whole) })
    }

    fn within<'a>(&mut self, window: &'a [u8], last: bool, syntax: Syntax) -> Step<'a> {
        let cut = match self.next_segment(window, last, syntax) {
            Found::Segment(cut) => cut,
            Found::More => return Step::More,
            Found::Break => return Step::Event(self.break_off()),
        };
        self.take(&cut)
    }

    /// The next segment; filler before it is read. The segment itself is not: see [`Self::consume`].
    #[inline]
    fn next_segment<'a>(&mut self, window: &'a [u8], last: bool, syntax: Syntax) -> Found<'a> {
        let cut = syntax.cut();
        let mut rest = window;
        if self.passing != Passing::Nothing
            && let Some(found) = self.pass_over(&mut rest, last, cut)
        {
            return found;
        }
        // A line end that terminates stands for no empty segment.
        let line_end = matches!(cut.terminator, b'\r' | b'\n');
        let skip = |byte: u8| is_filler(byte) && (line_end || byte != cut.terminator) && byte != cut.element;
        while let [byte, after @ ..] = rest
            && skip(*byte)
        {
            rest = after;
            self.at += 1;
        }
        let special = match rest {
            [] if last => Some(Found::Break),
            [] => Some(Found::More),
            [b'I' | b'U', ..] => match header::look(rest, last) {
                Look::Found(_) => Some(Found::Break),
                Look::More => Some(Found::More),
                Look::Nothing => None,
            },
            [b'B', ..] if self.standard == Standard::X12 => self.binary(rest, last, syntax),
            _ => None,
        };
        if let Some(found) = special {
            return found;
        }
        let len_max = self.limits.segment_len_max;
        let reach = rest.get(..=len_max).unwrap_or(rest);
        let ended = scan::segment(reach, cut);
        let len = ended.as_ref().map_or(reach.len(), |ended| ended.len);
        if len >= scan::BLOCK {
            match header::find_within(rest, len, last) {
                Next::At(at, _) => return self.unterminated(rest, at, syntax),
                Next::NotBefore(at) if at < len => return Found::More,
                Next::NotBefore(_) => {}
            }
        }
        let Some(ended) = ended else { return self.endless(rest, last, syntax) };
        let raw = rest.get(..ended.len).unwrap_or(rest);
        let after = rest.get(ended.len + 1..).unwrap_or_default();
        if !cut.terminator.is_ascii() && after.len() < header::CHARACTER_LEN_MAX && !last {
            return Found::More;
        }
        let more = header::continuation_len(cut.terminator, after);
        // A line feed terminates, and somebody put a carriage return before it.
        let (raw, tail) = match raw {
            [raw @ .., b'\r'] if cut.terminator == b'\n' => (raw, 2),
            _ => (raw, 1 + more),
        };
        let segment = Segment::scanned(raw, self.at, tail, syntax, ended.separators);
        Found::Segment(Cut { segment, end: self.at + ended.len + 1 + usize::from(more), too_long: false })
    }

    /// A segment whose terminator is not there, or not within the limit.
    fn endless<'a>(&self, rest: &'a [u8], last: bool, syntax: Syntax) -> Found<'a> {
        let len_max = self.limits.segment_len_max;
        if rest.len() > len_max {
            let segment = Segment::new(rest.get(..len_max).unwrap_or(rest), self.at, 0, syntax);
            return Found::Segment(Cut { segment, end: self.at + len_max, too_long: true });
        }
        if last { self.unterminated(rest, rest.len(), syntax) } else { Found::More }
    }

    /// A segment without terminator: the line end of the file, or before the next header, is no data.
    fn unterminated<'a>(&self, rest: &'a [u8], len: usize, syntax: Syntax) -> Found<'a> {
        let raw = rest.get(..len).unwrap_or(rest);
        let blank = raw.iter().rev().take_while(|&&b| is_filler(b) && !syntax.delimiters().contains(b)).count();
        let raw = raw.get(..raw.len() - blank).unwrap_or(raw);
        let segment = Segment::new(raw, self.at, 0, syntax);
        Found::Segment(Cut { segment, end: segment.end(), too_long: false })
    }

    /// Passes over what cannot be cut into segments: to the next header, or to the end of a segment that is too long.
    fn pass_over<'a>(&mut self, rest: &mut &'a [u8], last: bool, cut: scan::Cut) -> Option<Found<'a>> {
        let ended =
            if self.passing == Passing::Interchange { None } else { scan::segment(rest, cut).map(|ended| ended.len) };
        let len = ended.unwrap_or(rest.len());
        let (to, found) = match header::find(rest, len, self.before, last) {
            Next::At(at, _) => (at, Some(Found::Break)),
            Next::NotBefore(at) if at < len => (at, Some(Found::More)),
            Next::NotBefore(_) if ended.is_some() => (len + 1, None),
            Next::NotBefore(_) if last => (len, Some(Found::Break)),
            Next::NotBefore(_) => {
                // A release character at the end stays until what it releases is there.
                let releases = rest.iter().rev().take_while(|&&byte| Some(byte) == cut.release).count();
                (len - releases % 2, Some(Found::More))
            }
        };
        self.at += to;
        self.before = rest.get(..to).and_then(|passed| passed.last()).copied().or(self.before);
        *rest = rest.get(to..).unwrap_or_default();
        if found.is_none() {
            self.passing = Passing::Nothing;
        }
        if self.set_open {
            self.set.end = self.at;
        }
        found
    }

    /// A BIN or BDS segment, whose data has the length that it says and may hold any byte. `None` if it is no such
    /// segment, or its data does not end where it says. Source: X12.6, elements 784 (length) and 785 (binary data).
    fn binary<'a>(&self, rest: &'a [u8], last: bool, syntax: Syntax) -> Option<Found<'a>> {
        /// Longest head of such a segment: id, filter (element 782, 3 characters) and length (15 digits), bytes.
        const HEAD_LEN_MAX: usize = 3 + 1 + 3 + 1 + 15 + 1;
        let element = syntax.delimiters().element();
        let separators = match rest.first_chunk::<4>() {
            Some([b'B', b'I', b'N', byte]) if *byte == element => 2,
            Some([b'B', b'D', b'S', byte]) if *byte == element => 3,
            Some(_) => return None,
            None if last => return None,
            None => return Some(Found::More),
        };
        if rest.len() < HEAD_LEN_MAX && !last {
            return Some(Found::More);
        }
        let ends = rest.iter().enumerate().take(HEAD_LEN_MAX).filter(|(_, byte)| **byte == element);
        let mut ends = ends.map(|(at, _)| at).skip(separators - 2);
        let (before, after) = (ends.next()?, ends.next()?);
        let len = usize::try_from(number(rest.get(before + 1..after))?).ok()?;
        if len > self.limits.binary_len_max {
            return None;
        }
        let end = after + 1 + len;
        match rest.get(end) {
            Some(byte) if *byte == syntax.delimiters().terminator() => {
                let segment = Segment::new(rest.get(..end)?, self.at, 1, syntax);
                let segment = segment.with_separators_max(u8::try_from(separators).ok()?);
                Some(Found::Segment(Cut { segment, end: self.at + end + 1, too_long: false }))
            }
            Some(_) => None,
            None if last => None,
            None => Some(Found::More),
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

    /// Reads a segment: reading goes on after it.
    #[inline]
    fn consume(&mut self, cut: &Cut<'_>) {
        self.at = cut.end;
        if cut.too_long || cut.segment.is_binary() {
            self.index.forget();
        }
        if cut.too_long {
            self.passing = Passing::Segment;
            self.before = cut.segment.bytes().last().copied();
        }
    }

    fn start_interchange<'a>(&mut self, window: &'a [u8], header: Header) -> Step<'a> {
        let start = self.at;
        let Header { standard, syntax, lead, len, defects, readable } = header;
        let raw = window.get(lead..lead + len).unwrap_or_default();
        let (end, after) = window.split_at_checked(lead + len).and_then(|(_, end)| end.split_first()).unzip();
        let tail = end.map_or(0, |end| 1 + header::continuation_len(*end, after.unwrap_or_default()));
        let segment = Segment::new(raw, start + lead, tail, syntax);
        self.at = segment.end();
        let ordinal = self.interchange.ordinal + 1;
        let control = match standard {
            Standard::X12 => segment.element_bytes(13),
            Standard::Edifact => segment.component_bytes(5, 1),
        };
        self.interchange.open(ordinal, start, self.at, &segment, control);
        self.open_with(syntax);
        self.standard = standard;
        self.passing = if readable { Passing::Nothing } else { Passing::Interchange };
        self.before = None;
        self.within = Within::Nothing;
        (self.headed_groups, self.groups, self.loose, self.ta1s) = (0, 0, 0, 0);
        self.seen_groups.clear();
        self.stray = Stray::at(self.at);
        let found = match standard {
            Standard::X12 => self.check_isa(&segment, &defects),
            Standard::Edifact => self.check_unb(&segment, &defects),
        };
        let findings = told(found, &segment, || self.interchange_place(segment.id(), segment.range()));
        Step::Event(Event::InterchangeStart { standard, header: segment, start, ordinal, findings })
    }

    fn check_isa(&mut self, isa: &Segment<'_>, defects: &[Code]) -> Vec<Defect> {
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
        let fields = isa.fields::<17>();
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
        if !self.seen_interchanges.insert_parts(&fields.each_ref().map(AsRef::as_ref)) {
            let message = "An earlier interchange of this file has the same sender, receiver and ISA13.";
            add(Code::InterchangeControlNumberDuplicate, 13, message);
        }
        found
    }

    /// Source: ISO 9735-1, UNB.
    fn check_unb(&mut self, unb: &Segment<'_>, defects: &[Code]) -> Vec<Defect> {
        let mut found: Vec<Defect> = Vec::new();
        let mut add = |code, n, c, message: &'static str| found.push((code, Part::Component(n, c), message));
        for &code in defects {
            add(code, 0, 0, "The separators that the UNA gives cannot be, or are not those of the UNB.");
        }
        let part = |n, c| unb.data(unb.component_bytes(n, c).unwrap_or_default());
        if crate::charset::Charset::of_syntax_identifier(part(1, 1).trim_ascii()).is_none() {
            add(Code::SyntaxVersionInvalid, 1, 1, "The syntax identifier names no character set that we know.");
        }
        self.syntax_version = if let [version @ b'1'..=b'4'] = part(1, 2).trim_ascii() {
            version - b'0'
        } else {
            add(Code::SyntaxVersionInvalid, 1, 2, "The syntax version is none of 1 to 4.");
            0
        };
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
        match (part(11, 1).trim_ascii(), self.syntax_version) {
            (b"" | b"0" | b"1", _) | (b"2" | b"3" | b"4", 4) => {}
            _ => add(Code::UsageIndicatorInvalid, 11, 1, "The test indicator of UNB is not 1."),
        }
        if unb.elements_raw().skip(UNB_ELEMENTS).any(|element| !element.trim_ascii().is_empty()) {
            add(Code::InterchangeElementTooMany, UNB_ELEMENTS + 1, 1, "UNB has more than eleven elements.");
        }
        let fields = [part(2, 1), part(2, 2), part(3, 1), part(3, 2), part(5, 1)];
        if !self.seen_interchanges.insert_parts(&fields.each_ref().map(AsRef::as_ref)) {
            let message = "An earlier interchange of this file has the same sender, receiver and control reference.";
            add(Code::InterchangeControlNumberDuplicate, 5, 1, message);
        }
        found
    }

    /// The file ends or another interchange begins: closes what is open, the innermost first.
    fn break_off<'a>(&mut self) -> Event<'a> {
        if let Some(event) = self.close_inner() {
            return event;
        }
        let (id, name) = match self.standard {
            Standard::X12 => ("IEA", "IEA"),
            Standard::Edifact => ("UNZ", "UNZ"),
        };
        // Where no byte can terminate, the trailer is not missing but cannot be seen.
        if self.passing != Passing::Interchange {
            let place = self.interchange_place(id, self.at..self.at);
            let message = format!("The interchange breaks off before its {name}; nothing in it is taken.");
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
        (self.open, self.plain) = (None, None);
        self.passing = Passing::Nothing;
        self.stray = Stray::at(self.at);
        let range = self.interchange.start..self.at;
        let findings = std::mem::take(&mut self.findings);
        Event::InterchangeEnd { trailer, range, groups: self.groups, findings }
    }

    /// What a segment is to the envelopes. One that is too long is none of theirs.
    #[inline]
    fn role(&self, cut: &Cut<'_>) -> Role {
        match self.standard {
            _ if cut.too_long => Role::Plain,
            Standard::X12 => match cut.segment.bytes().first() {
                Some(b'G' | b'S' | b'I' | b'T') => Role::of_x12(cut.segment.id_bytes()),
                _ => Role::Plain,
            },
            Standard::Edifact => match cut.segment.bytes().first() {
                Some(b'U') => Role::of_edifact(cut.segment.id_bytes()),
                _ => Role::Plain,
            },
        }
    }

    /// Takes a segment in: closes what it ends, one thing a step, and then reads it.
    #[inline]
    fn take<'a>(&mut self, cut: &Cut<'a>) -> Step<'a> {
        let segment = cut.segment;
        let role = self.role(cut);
        let closed = match role {
            Role::Plain | Role::SetTrailer | Role::Aside => None,
            Role::SetHeader | Role::GroupTrailer => self.set_open.then(|| self.end_set(None)),
            Role::GroupHeader | Role::InterchangeTrailer => self.close_inner(),
        };
        if let Some(event) = closed {
            return Step::Event(event);
        }
        if role == Role::SetHeader && self.standard == Standard::Edifact && self.within == Within::Nothing {
            self.mixed(self.headed_groups > 0, &segment);
            return Step::Event(self.start_loose(&segment));
        }
        self.consume(cut);
        Step::Event(match role {
            Role::GroupHeader => {
                self.mixed(self.loose > 0, &segment);
                self.start_group(segment)
            }
            Role::SetHeader if self.within != Within::Nothing => self.start_set(segment),
            Role::SetTrailer if self.set_open => self.end_set(Some(segment)),
            Role::GroupTrailer if self.within == Within::Group => self.end_group(Some(segment)),
            Role::InterchangeTrailer => {
                match self.standard {
                    Standard::X12 => self.check_iea(&segment),
                    Standard::Edifact => self.check_unz(&segment),
                }
                self.end_interchange(Some(segment))
            }
            Role::Aside if !self.set_open && self.may_stand_aside(&segment) => self.aside(segment),
            _ if self.set_open => self.of_set(segment, cut.too_long),
            // Two terminators in a row between sets lose nothing; within a set they are a segment without id.
            _ if segment.bytes().is_empty() => return Step::Again,
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

    fn open_with(&mut self, syntax: Syntax) {
        self.open = Some(syntax);
        let terminator = syntax.delimiters().terminator();
        let plain = !syntax.wrapped() && terminator.is_ascii() && self.limits.segment_len_max >= scan::BLOCK;
        self.plain = plain.then_some(syntax);
        self.index.forget();
    }

    /// ISX names a release character. Source: X12.5 from 007040 on, ISX01.
    fn extend_syntax(&mut self, segment: &Segment<'_>) {
        if let (Some(syntax), b"ISX", Some(&[release])) = (self.open, segment.id_bytes(), segment.element_bytes(1)) {
            self.open_with(syntax.releasing(release));
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
        let len_max = self.limits.segment_len_max;
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
        let mut found: Vec<Defect> = Vec::new();
        match self.standard {
            Standard::X12 => self.check_gs(&header, &mut found),
            Standard::Edifact => self.check_ung(&header, &mut found),
        }
        let findings = told(found, &header, || self.group_place(header.id(), header.range()));
        let start = self.group.start;
        Event::GroupStart { header: Some(header), start, ordinal: self.groups, findings }
    }

    fn check_gs(&mut self, gs: &Segment<'_>, found: &mut Vec<Defect>) {
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
        if !self.seen_groups.insert_parts(&fields.each_ref().map(AsRef::as_ref)) {
            let message = "An earlier group of this interchange has the same GS01, GS02, GS03 and GS06.";
            found.push((Code::GroupControlNumberDuplicate, Part::Element(6), message));
        }
    }

    /// Source: ISO 9735-1, UNG: reference 0048 is unique in its interchange.
    fn check_ung(&mut self, ung: &Segment<'_>, found: &mut Vec<Defect>) {
        let part = |n, c| ung.data(ung.component_bytes(n, c).unwrap_or_default());
        if part(1, 1).trim_ascii().is_empty() && self.syntax_version < 4 {
            found.push((Code::GroupNotSupported, Part::Component(1, 1), "UNG names no kind of message."));
        }
        if !(1..=14).contains(&characters(ung.component(5, 1))) {
            let message = "The reference of UNG does not have 1 to 14 characters.";
            found.push((Code::GroupControlNumberInvalid, Part::Component(5, 1), message));
        }
        if !self.seen_groups.insert(&self.group.raw_control) {
            let message = "An earlier group of this interchange has the same reference.";
            found.push((Code::GroupControlNumberDuplicate, Part::Component(5, 1), message));
        }
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
        let sets = self.sets;
        let mut findings = Vec::new();
        if let Some(trailer) = trailer {
            self.group.end = trailer.end();
            let control = match self.standard {
                Standard::X12 => same_number(&trailer, trailer.element_bytes(2), &self.group.raw_control),
                Standard::Edifact => same_text(&trailer, trailer.element_bytes(2), &self.group.raw_control),
            };
            let place = || self.group_place(trailer.id(), trailer.range());
            let (id, header) = match self.standard {
                Standard::X12 => ("GE", "GS06"),
                Standard::Edifact => ("UNE", "UNG"),
            };
            if !control {
                let message = format!("{id}02 is not the control number of {header}.");
                findings.push(Part::Element(2).finding(Code::GroupControlNumberMismatch, &place(), &trailer, message));
            }
            if count(&trailer, 1) != Some(sets as u64) {
                let message = format!("{id}01 is not the number of transaction sets, which is {sets}.");
                findings.push(Part::Element(1).finding(Code::SetCountMismatch, &place(), &trailer, message));
            }
            if sets == 0 {
                findings.push(Part::Component(0, 0).finding(
                    Code::GroupEmpty,
                    &place(),
                    &trailer,
                    "The group holds no transaction set.",
                ));
            }
        } else if !loose {
            let id = match self.standard {
                Standard::X12 => "GE",
                Standard::Edifact => "UNE",
            };
            let place = self.group_place(id, self.group.end..self.group.end);
            findings.push(Finding::new(Code::GroupTrailerMissing, place, format!("The group has no {id}.")));
        }
        self.within = Within::Nothing;
        let range = self.group.start..self.group.end;
        Event::GroupEnd { trailer, range, sets, findings }
    }

    fn start_set<'a>(&mut self, header: Segment<'a>) -> Event<'a> {
        let control = match self.standard {
            Standard::X12 => header.element_bytes(2),
            Standard::Edifact => header.element_bytes(1),
        };
        self.sets += 1;
        self.loose += usize::from(self.within == Within::Loose);
        self.set.open(self.sets, header.range().start, header.end(), &header, control);
        self.set_open = true;
        self.segments = 0;
        let header = self.count(header);
        let mut found: Vec<Defect> = Vec::new();
        match self.standard {
            Standard::X12 => self.check_st(&header, &mut found),
            Standard::Edifact => self.check_unh(&header, &mut found),
        }
        let findings = told(found, &header, || self.set_place(header.id(), 1, header.range()));
        Event::SetStart { header, ordinal: self.sets, findings }
    }

    fn check_st(&mut self, st: &Segment<'_>, found: &mut Vec<Defect>) {
        if st.element_bytes(1).is_none() {
            found.push((Code::SetIdInvalid, Part::Element(1), "ST01 names no transaction set."));
        }
        if !(4..=9).contains(&self.set.raw_control.len()) {
            let message = "ST02 is not four to nine characters.";
            found.push((Code::SetControlNumberInvalid, Part::Element(2), message));
        }
        if !self.seen_sets.insert(&self.set.raw_control) {
            let message = "An earlier set of this group has the same ST02.";
            found.push((Code::SetControlNumberDuplicate, Part::Element(2), message));
        }
    }

    /// Source: ISO 9735-1, UNH.
    fn check_unh(&mut self, unh: &Segment<'_>, found: &mut Vec<Defect>) {
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
        let kind = if self.syntax_version < 4 { &[] } else { unh.element_bytes(2).unwrap_or_default() };
        let new = match kind {
            [] => self.seen_sets.insert(&self.set.raw_control),
            kind => self.seen_sets.insert_parts(&[&self.set.raw_control, kind]),
        };
        if !new {
            let message = "An earlier message has the same reference.";
            found.push((Code::SetControlNumberDuplicate, Part::Element(1), message));
        }
    }

    fn end_set<'a>(&mut self, trailer: Option<Segment<'a>>) -> Event<'a> {
        self.set_open = false;
        let mut findings = Vec::new();
        let (id, header) = match self.standard {
            Standard::X12 => ("SE", "ST"),
            Standard::Edifact => ("UNT", "UNH"),
        };
        let trailer = trailer.map(|trailer| self.count(trailer));
        if let Some(trailer) = trailer {
            let place = || self.set_place(id, self.segments, trailer.range());
            if !same_text(&trailer, trailer.element_bytes(2), &self.set.raw_control) {
                let message = format!("{id}02 is not the control number of {header}.");
                findings.push(Part::Element(2).finding(Code::SetControlNumberMismatch, &place(), &trailer, message));
            }
            let segments = self.segments;
            if count(&trailer, 1) != Some(u64::from(segments)) {
                let message =
                    format!("{id}01 is not the number of segments, which is {segments} with {header} and {id}.");
                findings.push(Part::Element(1).finding(Code::SegmentCountMismatch, &place(), &trailer, message));
            }
            if segments as usize == SEGMENTS_PER_SET_MAX + 1 {
                findings.push(self.too_much(&trailer, false));
            }
        } else {
            let place = self.set_place(id, self.segments.saturating_add(1), self.set.end..self.set.end);
            findings.push(Finding::new(Code::SetTrailerMissing, place, format!("The transaction set has no {id}.")));
        }
        self.group.end = self.set.end;
        Event::SetEnd { trailer, range: self.set.start..self.set.end, segments: self.segments as usize, findings }
    }

    fn check_iea(&mut self, iea: &Segment<'_>) {
        let same = same_number(iea, iea.element_bytes(2), &self.interchange.raw_control);
        let nothing = self.groups == 0 && self.ta1s == 0;
        self.check_trailer(iea, same, ("IEA", "ISA13"), (self.groups, "groups"), nothing);
    }

    /// Source: ISO 9735-1, UNZ: 0036 counts the groups if there are any, and else the messages.
    fn check_unz(&mut self, unz: &Segment<'_>) {
        let same = same_text(unz, unz.element_bytes(2), &self.interchange.raw_control);
        let counted = match self.headed_groups {
            0 => (self.loose, "messages"),
            groups => (groups, "groups"),
        };
        self.check_trailer(unz, same, ("UNZ", "UNB"), counted, counted.0 == 0);
    }

    fn check_trailer(
        &mut self,
        trailer: &Segment<'_>,
        same_control: bool,
        (id, header): (&str, &str),
        (number, what): (usize, &str),
        empty: bool,
    ) {
        let place = || self.interchange_place(id, trailer.range());
        let mut found = Vec::new();
        if !same_control {
            let message = format!("{id}02 is not the control number of {header}.");
            found.push(Part::Element(2).finding(Code::InterchangeControlNumberMismatch, &place(), trailer, message));
        }
        if count(trailer, 1) != Some(number as u64) {
            let message = format!("{id}01 is not the number of {what}, which is {number}.");
            found.push(Part::Element(1).finding(Code::GroupCountMismatch, &place(), trailer, message));
        }
        if empty {
            let message = "The interchange holds nothing: no group, no message, no TA1.";
            found.push(Finding::new(Code::InterchangeEmpty, place(), message));
        }
        for finding in found {
            keep(&mut self.findings, finding);
        }
    }
}

/// Elements of a UNB. Source: ISO 9735-1.
const UNB_ELEMENTS: usize = 11;

/// A defect that was found, before its place is written down.
type Defect = (Code, Part, &'static str);

/// What was found in a header as findings; a place is made only if there are any.
fn told(found: Vec<Defect>, segment: &Segment<'_>, place: impl FnOnce() -> Place) -> Vec<Finding> {
    if found.is_empty() {
        return Vec::new();
    }
    let place = place();
    found.into_iter().map(|(code, part, message)| part.finding(code, &place, segment, message)).collect()
}

/// The part of a segment that a finding is about.
#[derive(Clone, Copy)]
enum Part {
    Element(usize),
    /// In an element that is a composite. Element 0 is the segment as a whole.
    Component(usize, usize),
}

impl Part {
    fn finding<'m>(
        self,
        code: Code,
        place: &Place,
        segment: &Segment<'_>,
        message: impl Into<Cow<'m, str>>,
    ) -> Finding {
        let (n, c, bytes) = match self {
            Self::Element(n) => (n, None, segment.element_bytes(n)),
            Self::Component(n, c) => (n, Some(c), segment.component_bytes(n, c)),
        };
        if n == 0 {
            return Finding::new(code, place.clone(), message.into()).with_bad(segment.bytes());
        }
        let range = bytes.map_or_else(|| segment.element_range(n), |bytes| segment.range_of(bytes));
        let mut place = place.at(range.start, range.len());
        (place.element, place.component) = (Some(n), c);
        Finding::new(code, place, message.into()).with_bad(bytes.unwrap_or_default())
    }
}

/// How many characters a value has without the blanks around it; in the character set of its interchange.
fn characters(text: Option<Cow<'_, str>>) -> usize {
    text.map_or(0, |text| text.trim_matches(|c: char| c.is_ascii_whitespace()).chars().count())
}

/// A count in an element, if it is one.
fn count(segment: &Segment<'_>, n: usize) -> Option<u64> {
    number(Some(&segment.data(segment.element_bytes(n)?)))
}

/// Digits with nothing but blanks around them.
fn number(bytes: Option<&[u8]>) -> Option<u64> {
    let bytes = bytes?.trim_ascii();
    if !value::is_digits(bytes, 1..=18) {
        return None;
    }
    Some(bytes.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}

/// Control numbers are equal as numbers, or else as text.
fn same_number(segment: &Segment<'_>, one: Option<&[u8]>, other: &[u8]) -> bool {
    let one = segment.data(one.unwrap_or_default());
    match (number(Some(&one)), number(Some(other))) {
        (Some(one), Some(other)) => one == other,
        _ => one.trim_ascii() == other,
    }
}

/// References are equal as text.
fn same_text(segment: &Segment<'_>, one: Option<&[u8]>, other: &[u8]) -> bool {
    segment.data(one.unwrap_or_default()).trim_ascii() == other
}
