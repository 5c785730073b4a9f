//! What a file is made of: interchanges, groups, sets.

use std::borrow::Cow;
use std::ops::Range;

use crate::delimiters::{Delimiters, Standard};
use crate::finding::{Finding, Place, text};
use crate::segment::Segment;

/// A file, read. Every byte is in the range of one interchange or in `filler`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document<'a> {
    /// In the order of the file.
    pub interchanges: Vec<Interchange<'a>>,
    /// What stands outside the interchanges: a byte order mark, blanks, line ends; anything else has a finding.
    pub filler: Vec<Range<usize>>,
    /// What is wrong outside the interchanges: not EDI at all, or stray bytes.
    pub findings: Vec<Finding>,
}

/// ISA to IEA, or UNB to UNZ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interchange<'a> {
    /// What it is written in.
    pub standard: Standard,
    /// ISA or UNB.
    pub header: Segment<'a>,
    /// IEA or UNZ; `None` if the interchange is truncated.
    pub trailer: Option<Segment<'a>>,
    /// Interchange acknowledgments (TA1), which stand before the groups; none in EDIFACT.
    pub ta1s: Vec<Segment<'a>>,
    /// The groups in order.
    pub groups: Vec<Group<'a>>,
    /// What its ISA, UNA or syntax level says separates.
    pub delimiters: Delimiters,
    /// From the ISA to the end of the IEA, or to where it breaks off.
    pub range: Range<usize>,
    /// What is wrong with the envelope itself; groups and sets have their own.
    pub findings: Vec<Finding>,
    pub(crate) place: Place,
}

impl<'a> Interchange<'a> {
    /// Qualifier and id of the sender, trimmed (ISA05, ISA06).
    pub fn sender(&self) -> (Cow<'a, str>, Cow<'a, str>) {
        (trimmed(&self.header, 5), trimmed(&self.header, 6))
    }

    /// Qualifier and id of the receiver, trimmed (ISA07, ISA08).
    pub fn receiver(&self) -> (Cow<'a, str>, Cow<'a, str>) {
        (trimmed(&self.header, 7), trimmed(&self.header, 8))
    }

    /// ISA09 as it stands, YYMMDD.
    pub fn date(&self) -> Cow<'a, str> {
        trimmed(&self.header, 9)
    }

    /// ISA10 as it stands, HHMM, in the sender's local time.
    pub fn time(&self) -> Cow<'a, str> {
        trimmed(&self.header, 10)
    }

    /// ISA12, such as `00401`.
    pub fn version(&self) -> Cow<'a, str> {
        trimmed(&self.header, 12)
    }

    /// ISA13 as it stands: nine digits, if it is right.
    pub fn control_number(&self) -> Cow<'a, str> {
        trimmed(&self.header, 13)
    }

    /// Whether the sender wants a TA1 (ISA14 is `1`).
    pub fn ack_requested(&self) -> bool {
        self.header.element_bytes(14) == Some(b"1")
    }

    /// ISA15: `P` production, `T` test, `I` information.
    pub fn usage_indicator(&self) -> Cow<'a, str> {
        trimmed(&self.header, 15)
    }

    /// Whether the envelope is rejected, so that nothing in it may be passed on.
    pub fn is_rejected(&self) -> bool {
        self.findings.iter().any(Finding::rejects)
    }

    /// Where it is, for findings about it.
    pub fn place(&self) -> &Place {
        &self.place
    }
}

/// GS to GE, or UNG to UNE. Messages of an EDIFACT interchange that are in no group are in one without header and
/// trailer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group<'a> {
    /// What it is written in.
    pub standard: Standard,
    /// GS or UNG; `None` for EDIFACT messages that are in no group.
    pub header: Option<Segment<'a>>,
    /// GE or UNE; `None` if it is missing.
    pub trailer: Option<Segment<'a>>,
    /// The transaction sets in order.
    pub sets: Vec<TransactionSet<'a>>,
    /// From the GS to the end of the GE, or to where it breaks off.
    pub range: Range<usize>,
    /// What is wrong with the group itself; sets have their own.
    pub findings: Vec<Finding>,
    pub(crate) place: Place,
}

impl<'a> Group<'a> {
    /// GS01, such as `SW`.
    pub fn functional_id(&self) -> Cow<'a, str> {
        trimmed_of(self.header.as_ref(), 1)
    }

    /// GS02, trimmed.
    pub fn sender_code(&self) -> Cow<'a, str> {
        trimmed_of(self.header.as_ref(), 2)
    }

    /// GS03, trimmed.
    pub fn receiver_code(&self) -> Cow<'a, str> {
        trimmed_of(self.header.as_ref(), 3)
    }

    /// GS06 as it stands.
    pub fn control_number(&self) -> Cow<'a, str> {
        trimmed_of(self.header.as_ref(), 6)
    }

    /// Whether a 997 is due: never for a group of acknowledgments (GS01 `FA`).
    pub fn needs_acknowledgment(&self) -> bool {
        self.functional_id() != crate::verdict::ACKNOWLEDGMENTS
    }

    /// GS08, such as `004010` or `004010VICS`.
    pub fn version(&self) -> Cow<'a, str> {
        trimmed_of(self.header.as_ref(), 8)
    }

    /// Where it is, for findings about it.
    pub fn place(&self) -> &Place {
        &self.place
    }
}

/// ST to SE, or UNH to UNT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionSet<'a> {
    /// What it is written in.
    pub standard: Standard,
    /// All segments, header and trailer included; without a trailer if that is missing.
    pub segments: Vec<Segment<'a>>,
    /// From the ST to the end of the SE, or of the last segment.
    pub range: Range<usize>,
    /// What is wrong with the envelope of the set; a guide finds the rest.
    pub findings: Vec<Finding>,
    /// How many segments were read, also when more than are kept.
    pub(crate) segment_count: usize,
    pub(crate) place: Place,
}

impl<'a> TransactionSet<'a> {
    /// ST01, such as `945`.
    pub fn id(&self) -> Cow<'a, str> {
        self.segments.first().map_or(Cow::Borrowed(""), |st| trimmed(st, 1))
    }

    /// ST02 as it stands.
    pub fn control_number(&self) -> Cow<'a, str> {
        self.segments.first().map_or(Cow::Borrowed(""), |st| trimmed(st, 2))
    }

    /// The segments between ST and SE.
    pub fn body(&self) -> &[Segment<'a>] {
        match self.segments.as_slice() {
            [_st, body @ .., last] if last.id() == "SE" => body,
            [_st, body @ ..] => body,
            [] => &[],
        }
    }

    /// Where it is, for findings about it.
    pub fn place(&self) -> &Place {
        &self.place
    }
}

fn trimmed_of<'a>(segment: Option<&Segment<'a>>, n: usize) -> Cow<'a, str> {
    segment.map_or(Cow::Borrowed(""), |segment| trimmed(segment, n))
}

/// An element without the blanks around it; empty if it is not there.
fn trimmed<'a>(segment: &Segment<'a>, n: usize) -> Cow<'a, str> {
    segment.element_bytes(n).map_or(Cow::Borrowed(""), |bytes| text(bytes.trim_ascii()))
}
