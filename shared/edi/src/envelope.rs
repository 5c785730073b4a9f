//! What a file is made of: interchanges, groups, sets.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use crate::delimiters::{Delimiters, Standard};
use crate::finding::{Finding, Place};
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
    /// Qualifier and id of the sender, trimmed (ISA05 and ISA06; S002, 0007 and 0004).
    pub fn sender(&self) -> (Cow<'a, str>, Cow<'a, str>) {
        match self.standard {
            Standard::X12 => (trimmed(&self.header, 5), trimmed(&self.header, 6)),
            Standard::Edifact => (component(&self.header, 2, 2), component(&self.header, 2, 1)),
        }
    }

    /// Qualifier and id of the receiver, trimmed (ISA07 and ISA08; S003, 0007 and 0010).
    pub fn receiver(&self) -> (Cow<'a, str>, Cow<'a, str>) {
        match self.standard {
            Standard::X12 => (trimmed(&self.header, 7), trimmed(&self.header, 8)),
            Standard::Edifact => (component(&self.header, 3, 2), component(&self.header, 3, 1)),
        }
    }

    /// ISA09 as it stands, YYMMDD; S004, 0017: YYMMDD, or CCYYMMDD from syntax version 4 on.
    pub fn date(&self) -> Cow<'a, str> {
        self.by_standard(|header| trimmed(header, 9), |header| component(header, 4, 1))
    }

    /// ISA10 or S004, 0019, as it stands, HHMM, in the sender's local time.
    pub fn time(&self) -> Cow<'a, str> {
        self.by_standard(|header| trimmed(header, 10), |header| component(header, 4, 2))
    }

    /// ISA12, such as `00401`; in EDIFACT the syntax version `1` to `4` (S001, 0002).
    pub fn version(&self) -> Cow<'a, str> {
        self.by_standard(|header| trimmed(header, 12), |header| component(header, 1, 2))
    }

    /// The syntax identifier, such as `UNOC` (S001, 0001); empty in X12.
    pub fn syntax_identifier(&self) -> Cow<'a, str> {
        self.by_standard(|_| Cow::Borrowed(""), |header| component(header, 1, 1))
    }

    /// ISA13 as it stands: nine digits, if it is right; the control reference of UNB (0020).
    pub fn control_number(&self) -> Cow<'a, str> {
        self.by_standard(|header| trimmed(header, 13), |header| component(header, 5, 1))
    }

    /// Whether the sender wants to hear of the interchange: a TA1 (ISA14 is `1`), or a CONTRL (0031 is `1`, or `2` for
    /// an acknowledgment of receipt alone).
    pub fn ack_requested(&self) -> bool {
        let asked = self.by_standard(|header| trimmed(header, 14), |header| trimmed(header, 9));
        asked == "1" || (asked == "2" && self.standard == Standard::Edifact)
    }

    /// ISA15: `P` production, `T` test, `I` information. EDIFACT: `T` if the test indicator (0035) says anything but
    /// `0`, else `P`.
    pub fn usage_indicator(&self) -> Cow<'a, str> {
        let test =
            |header: &Segment<'a>| Cow::Borrowed(if matches!(&*trimmed(header, 11), "" | "0") { "P" } else { "T" });
        self.by_standard(|header| trimmed(header, 15), test)
    }

    fn by_standard<T>(&self, x12: impl Fn(&Segment<'a>) -> T, edifact: impl Fn(&Segment<'a>) -> T) -> T {
        match self.standard {
            Standard::X12 => x12(&self.header),
            Standard::Edifact => edifact(&self.header),
        }
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
    /// Its sets share it: most never need a place of their own.
    pub(crate) place: Arc<Place>,
}

impl<'a> Group<'a> {
    /// GS01, such as `SW`; UNG 0038, such as `DESADV`. Empty for messages in no group.
    pub fn functional_id(&self) -> Cow<'a, str> {
        self.part(1, (1, 1))
    }

    /// GS02 or UNG S006 (0040), trimmed.
    pub fn sender_code(&self) -> Cow<'a, str> {
        self.part(2, (2, 1))
    }

    /// GS03 or UNG S007 (0044), trimmed.
    pub fn receiver_code(&self) -> Cow<'a, str> {
        self.part(3, (3, 1))
    }

    /// GS06 or UNG 0048, as it stands.
    pub fn control_number(&self) -> Cow<'a, str> {
        self.part(6, (5, 1))
    }

    /// GS08, such as `004010` or `004010VICS`; UNG S008 as `D.96A`, where it is given.
    pub fn version(&self) -> Cow<'a, str> {
        match (self.standard, self.header.as_ref()) {
            (_, None) => Cow::Borrowed(""),
            (Standard::X12, Some(gs)) => trimmed(gs, 8),
            (Standard::Edifact, Some(ung)) => version_release(&component(ung, 7, 1), &component(ung, 7, 2)),
        }
    }

    fn part(&self, x12: usize, edifact: (usize, usize)) -> Cow<'a, str> {
        match (self.standard, self.header.as_ref()) {
            (_, None) => Cow::Borrowed(""),
            (Standard::X12, Some(gs)) => trimmed(gs, x12),
            (Standard::Edifact, Some(ung)) => component(ung, edifact.0, edifact.1),
        }
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
    /// Of X12, what its group says.
    pub(crate) version: Cow<'a, str>,
    /// Where its group is.
    pub(crate) group_place: Arc<Place>,
    /// Which set of the group, from 1.
    pub(crate) ordinal: usize,
}

impl<'a> TransactionSet<'a> {
    /// ST01, such as `945`; the message type of UNH, such as `DESADV` (S009, 0065).
    pub fn id(&self) -> Cow<'a, str> {
        self.of_header(|st| trimmed(st, 1), |unh| component(unh, 2, 1))
    }

    /// ST02 or UNH 0062, as it stands.
    pub fn control_number(&self) -> Cow<'a, str> {
        self.of_header(|st| trimmed(st, 2), |unh| component(unh, 1, 1))
    }

    /// Of X12 the group's version (GS08), such as `004010` or `004010VICS`; of EDIFACT directory and release, such as
    /// `D.96A` (S009, 0052 and 0054).
    pub fn version(&self) -> Cow<'a, str> {
        match self.standard {
            Standard::X12 => self.version.clone(),
            Standard::Edifact => self.message_version(),
        }
    }

    /// The association's code, such as `EAN008` (S009, 0057); in X12 the implementation convention (ST03). Empty if
    /// there is none.
    pub fn convention(&self) -> Cow<'a, str> {
        self.of_header(|st| trimmed(st, 3), |unh| component(unh, 2, 5))
    }

    fn message_version(&self) -> Cow<'a, str> {
        let none = || Cow::Borrowed("");
        self.of_header(|_| none(), |unh| version_release(&component(unh, 2, 2), &component(unh, 2, 3)))
    }

    fn of_header<T: Default>(&self, x12: impl Fn(&Segment<'a>) -> T, edifact: impl Fn(&Segment<'a>) -> T) -> T {
        match (self.standard, self.segments.first()) {
            (_, None) => T::default(),
            (Standard::X12, Some(st)) => x12(st),
            (Standard::Edifact, Some(unh)) => edifact(unh),
        }
    }

    /// The segments between ST and SE, or UNH and UNT.
    pub fn body(&self) -> &[Segment<'a>] {
        let trailer = match self.standard {
            Standard::X12 => "SE",
            Standard::Edifact => "UNT",
        };
        match self.segments.as_slice() {
            [_header, body @ .., last] if last.id() == trailer => body,
            [_header, body @ ..] => body,
            [] => &[],
        }
    }

    /// Where it is, for findings about it: at its header. Made when it is asked for.
    pub fn place(&self) -> Place {
        let header = self.segments.first();
        let range = header.map_or(self.range.start..self.range.start, Segment::range);
        Place {
            set: Some(self.ordinal),
            set_control: Some(self.control_number().into_owned()),
            segment_id: header.map(|header| header.id().to_owned()),
            segment_position: Some(1),
            ..self.group_place.at(range.start, range.len())
        }
    }
}

/// An element without the blanks around it; empty if it is not there.
fn trimmed<'a>(segment: &Segment<'a>, n: usize) -> Cow<'a, str> {
    segment.element_bytes(n).map_or(Cow::Borrowed(""), |bytes| segment.text(bytes.trim_ascii()))
}

/// A component without the blanks around it; empty if it is not there.
fn component<'a>(segment: &Segment<'a>, n: usize, c: usize) -> Cow<'a, str> {
    segment.component_bytes(n, c).map_or(Cow::Borrowed(""), |bytes| segment.text(bytes.trim_ascii()))
}

/// `D` and `96A` as `D.96A`; empty if one of them is.
fn version_release<'a>(version: &str, release: &str) -> Cow<'a, str> {
    if version.is_empty() || release.is_empty() {
        Cow::Borrowed("")
    } else {
        Cow::Owned(format!("{version}.{release}"))
    }
}
