//! Where one segment ends and the next begins.

use crate::delimiters::Standard;
use crate::header::{self, Look, Next, is_filler};
use crate::index::{Index, Window};
use crate::scan;
use crate::segment::{Segment, Syntax};

use super::Limits;
use super::defect::number;

/// Cuts a file into segments, by the separators of the interchange that is open.
#[derive(Debug)]
pub(super) struct Cutter {
    /// Offset in the file of the first byte that is not read.
    pub(super) at: usize,
    pub(super) limits: Limits,
    /// What cuts the open interchange; `None` between interchanges.
    syntax: Option<Syntax>,
    /// The same, where segments may be read swiftly.
    plain: Option<Syntax>,
    standard: Standard,
    index: Index,
    passing: Passing,
    /// The last byte that was passed over.
    before: Option<u8>,
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
pub(super) struct Cut<'a> {
    pub(super) segment: Segment<'a>,
    /// Offset after it, where reading goes on.
    pub(super) end: usize,
    pub(super) too_long: bool,
}

pub(super) enum Found<'a> {
    Segment(Cut<'a>),
    /// The file ends, or another interchange begins.
    Break,
    More,
}

impl Cutter {
    #[inline]
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            at: 0,
            limits,
            syntax: None,
            plain: None,
            standard: Standard::X12,
            index: Index::new(),
            passing: Passing::Nothing,
            before: None,
        }
    }

    /// What cuts the open interchange.
    pub(super) fn syntax(&self) -> Option<Syntax> {
        self.syntax
    }

    /// An interchange begins. One that is not readable is passed over.
    pub(super) fn open(&mut self, standard: Standard, syntax: Syntax, readable: bool) {
        self.standard = standard;
        self.before = None;
        self.cut_by(syntax);
        self.pass(if readable { Passing::Nothing } else { Passing::Interchange });
    }

    /// The interchange ends.
    pub(super) fn close(&mut self) {
        (self.syntax, self.plain, self.passing) = (None, None, Passing::Nothing);
    }

    /// From here on other separators hold.
    pub(super) fn cut_by(&mut self, syntax: Syntax) {
        self.syntax = Some(syntax);
        self.pass(self.passing);
        self.index.forget();
    }

    fn pass(&mut self, passing: Passing) {
        self.passing = passing;
        let len_max = self.limits.segment_len_max;
        let is_plain = |syntax: &Syntax| {
            passing == Passing::Nothing
                && !syntax.wrapped()
                && syntax.delimiters().terminator().is_ascii()
                && len_max >= scan::BLOCK
        };
        self.plain = self.syntax.filter(is_plain);
    }

    /// Whether nothing is cut, but passed over.
    pub(super) fn is_passing(&self) -> bool {
        self.passing != Passing::Nothing
    }

    /// Whether no byte can end a segment of the open interchange.
    pub(super) fn is_unreadable(&self) -> bool {
        self.passing == Passing::Interchange
    }

    /// The next segment of a set, where nothing is special about it: it is short, and its id is none that an envelope or
    /// binary data has. This is how nearly all segments are read; [`Self::next_segment`] finds whatever else there is,
    /// and would find these likewise. It has this position, and is read.
    #[expect(clippy::inline_always, reason = "see Events::next")]
    #[inline(always)]
    pub(super) fn swift<'a>(&mut self, window: &'a [u8], position: u32) -> Option<Segment<'a>> {
        let syntax = self.plain?;
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
        let segment = self.short_segment(rest, self.at + lead, syntax)?;
        self.at += lead + segment.bytes().len() + 1;
        Some(segment.at_position(position))
    }

    /// Any other segment, where nothing is special about how it stands. It is not read: see [`Self::consume`].
    #[inline]
    pub(super) fn short<'a>(&mut self, window: &'a [u8]) -> Option<Cut<'a>> {
        let syntax = self.plain?;
        let lead = lead_len(window, syntax.cut());
        let rest = window.get(lead..)?;
        match rest {
            [b'I', b'S', b'A', ..] | [b'U', b'N', b'A' | b'B', ..] | [b'B', b'I' | b'D', ..] => return None,
            [b'A'..=b'Z', ..] => {}
            _ => return None,
        }
        let segment = self.short_segment(rest, self.at + lead, syntax)?;
        Some(Cut { segment, end: segment.end(), too_long: false })
    }

    /// The segment that `rest` begins with, at this byte of the file, if it ends within a block.
    #[expect(clippy::inline_always, reason = "see Events::next")]
    #[inline(always)]
    fn short_segment<'a>(&mut self, rest: &'a [u8], start: usize, syntax: Syntax) -> Option<Segment<'a>> {
        let cut = syntax.cut();
        let Window { terminators, separators } = self.index.window(rest, start, cut);
        if terminators == 0 {
            return None;
        }
        let len = terminators.trailing_zeros() as usize;
        let raw = rest.get(..len)?;
        if cut.terminator == b'\n' && raw.last() == Some(&b'\r') {
            return None;
        }
        Some(Segment::plain(raw, start, syntax, separators & ((1 << len) - 1)))
    }

    /// The next segment; filler before it is read. The segment itself is not: see [`Self::consume`].
    #[inline]
    pub(super) fn next_segment<'a>(&mut self, window: &'a [u8], last: bool, syntax: Syntax) -> Found<'a> {
        let cut = syntax.cut();
        let mut rest = window;
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
                Next::At(at) => return self.unterminated(rest, at, syntax),
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
    /// `None` if segments are to be cut again, of the rest.
    pub(super) fn pass_over<'a>(&mut self, rest: &mut &'a [u8], last: bool, syntax: Syntax) -> Option<Found<'a>> {
        let cut = syntax.cut();
        let ended =
            if self.passing == Passing::Interchange { None } else { scan::segment(rest, cut).map(|ended| ended.len) };
        let len = ended.unwrap_or(rest.len());
        let (to, found) = match header::find(rest, len, self.before, last) {
            Next::At(at) => (at, Some(Found::Break)),
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
            self.pass(Passing::Nothing);
        }
        found
    }

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

    /// Reads a segment: reading goes on after it.
    #[inline]
    pub(super) fn consume(&mut self, cut: &Cut<'_>) {
        self.at = cut.end;
        if cut.too_long || cut.segment.is_binary() {
            self.index.forget();
        }
        if cut.too_long {
            self.pass(Passing::Segment);
            self.before = cut.segment.bytes().last().copied();
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
