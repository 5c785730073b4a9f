//! The pull parser: what a file says, one thing after the other, with what is wrong with it.

mod cutting;
mod defect;
mod edifact;
mod envelopes;
mod stray;
mod x12;

use std::ops::Range;

pub(crate) use envelopes::Envelopes;

use crate::delimiters::Standard;
use crate::finding::Finding;
use crate::guide::{Ahead, Checker};
use crate::limits::{BINARY_LEN_MAX, SEGMENT_LEN_MAX};
use crate::segment::Segment;

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
    envelopes: Envelopes,
    /// For who checks.
    ahead: Option<Box<Ahead>>,
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
        Self { bytes, envelopes: Envelopes::new(limits), ahead: None }
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
        while let Some(segment) = self.bytes.get(self.envelopes.at()..).and_then(|window| self.envelopes.swift(window))
        {
            show(&segment);
        }
    }

    /// The same, each segment also [taken](Checker::take) by the check of the open set, which knows what the next
    /// kilobytes hold at once: the swiftest way to check a large set.
    ///
    /// ```
    /// use edi::guide::{Checker, Guides, Repertoire};
    ///
    /// let file = b"UNB+UNOA:1+A+B+260131:1435+1'UNH+1+DESADV:D:96A:UN'BGM+351+7+9'CPS+X1+X1'UNT+4+1'UNZ+1+1'";
    /// let (guide, fit) = Guides::built_in().find("DESADV", "D.96A").expect("it is built in");
    /// let (mut events, mut checker) = (edi::Events::new(file), Checker::new(guide, fit, Repertoire::UnoA));
    /// let mut codes = Vec::new();
    /// loop {
    ///     events.segments_checked(&mut checker, |_| {});
    ///     match events.next() {
    ///         Some(edi::Event::Segment { segment, .. }) => checker.take(&segment),
    ///         Some(edi::Event::SetEnd { trailer, range, .. }) => {
    ///             let found = checker.finish_set(edi::Place::default, trailer.as_ref(), range.end);
    ///             codes.extend(found.iter().map(|finding| finding.code.as_str()));
    ///         }
    ///         Some(_) => {}
    ///         None => break,
    ///     }
    /// }
    /// assert_eq!(codes, ["hierarchy-invalid"]);
    /// ```
    #[expect(clippy::inline_always, reason = "see Events::next")]
    #[inline(always)]
    pub fn segments_checked(&mut self, checker: &mut Checker<'_>, mut show: impl FnMut(&Segment<'a>)) {
        let Some(delimiters) = self.envelopes.delimiters() else { return };
        let ahead = self.ahead.get_or_insert_default();
        checker.agree(ahead, delimiters);
        while let Some(segment) = self.bytes.get(self.envelopes.at()..).and_then(|window| self.envelopes.swift(window))
        {
            show(&segment);
            checker.take_of(&segment, self.bytes, ahead);
        }
    }
}

impl<'a> Iterator for Events<'a> {
    type Item = Event<'a>;

    #[expect(clippy::inline_always, reason = "a segment that stays in registers is read twice as fast")]
    #[inline(always)]
    fn next(&mut self) -> Option<Event<'a>> {
        match self.envelopes.swift(self.bytes.get(self.envelopes.at()..)?) {
            Some(segment) => Some(Event::Segment { segment, finding: None }),
            None => self.envelopes.next(self.bytes, 0, true),
        }
    }
}
