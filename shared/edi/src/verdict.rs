//! What is accepted and what is not. Owned data, to be kept, sent on and acknowledged.

use serde::{Deserialize, Serialize};

use crate::delimiters::Standard;
use crate::envelope::{Group, Interchange, TransactionSet};
use crate::finding::{Finding, Severity, SyntaxCode};
use crate::guide::{self, Fit, Guides, Repertoire};
use crate::segment::Segment;

/// The verdict on one transaction set. AK501: A, E, R.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing to say.
    Accepted,
    /// Accepted; the sender should look at something.
    AcceptedWithNotes,
    /// Not taken. The sender must mend it and send it again.
    Rejected,
}

/// The verdict on a group. AK901: A, E, P, R.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GroupOutcome {
    /// Every set is accepted without notes.
    Accepted,
    /// Every set is accepted, some with notes.
    AcceptedWithNotes,
    /// Some sets are accepted, some rejected.
    PartiallyAccepted,
    /// Nothing is taken.
    Rejected,
}

impl GroupOutcome {
    /// The code of AK901 (element 715).
    pub const fn x12(self) -> &'static str {
        match self {
            Self::Accepted => "A",
            Self::AcceptedWithNotes => "E",
            Self::PartiallyAccepted => "P",
            Self::Rejected => "R",
        }
    }
}

impl Verdict {
    /// The code of AK501 (element 717) and TA104 (element I17).
    pub const fn x12(self) -> &'static str {
        match self {
            Self::Accepted => "A",
            Self::AcceptedWithNotes => "E",
            Self::Rejected => "R",
        }
    }

    pub(crate) fn of(findings: &[Finding]) -> Self {
        match findings.iter().map(|finding| finding.severity).max() {
            None => Self::Accepted,
            Some(Severity::Note) => Self::AcceptedWithNotes,
            Some(Severity::Reject) => Self::Rejected,
        }
    }
}

/// One set's verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetVerdict {
    /// Index in [`Group::sets`], from 0.
    pub index: usize,
    /// ST01, or the message type of UNH (S009, 0065).
    pub id: String,
    /// ST02 or UNH 0062 as it stands.
    pub control_number: String,
    /// What the set says of its version: GS08, or 0052 and 0054 of UNH with a point between them, such as `D.96A`.
    #[serde(default)]
    pub version: String,
    /// UNH 0051, such as `UN`; empty in X12.
    #[serde(default)]
    pub agency: String,
    /// The guide that the set says it follows: ST03, or UNH 0057 such as `EAN005`; empty if it says none.
    #[serde(default)]
    pub implementation: String,
    /// Accepted or not. In a rejected group every set is rejected, with or without findings of its own.
    pub verdict: Verdict,
    /// Of the set's envelope, then of its segments in order.
    pub findings: Vec<Finding>,
}

impl SetVerdict {
    /// Whether it is an acknowledgment itself, which is never acknowledged.
    pub fn is_acknowledgment(&self) -> bool {
        is_acknowledgment(&self.id)
    }
}

/// One group's verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupVerdict {
    /// Index in [`Interchange::groups`], from 0.
    pub index: usize,
    /// What it is written in.
    #[serde(default)]
    pub standard: Standard,
    /// Whether it has a GS or UNG. EDIFACT messages that are in no group are in one without.
    #[serde(default = "yes")]
    pub enveloped: bool,
    /// GS01 or UNG 0038.
    pub functional_id: String,
    /// GS02 or UNG S006, trimmed.
    pub sender_code: String,
    /// GS03 or UNG S007, trimmed.
    pub receiver_code: String,
    /// GS06 or UNG 0048 as it stands.
    pub control_number: String,
    /// GS08.
    pub version: String,
    /// For the group as a whole.
    pub outcome: GroupOutcome,
    /// How many sets GE01 or UNE 0060 announces; how many there are, if it is missing or no number.
    pub sets_announced: usize,
    /// In order.
    pub sets: Vec<SetVerdict>,
    /// Of the group's own envelope.
    pub findings: Vec<Finding>,
}

impl GroupVerdict {
    /// How many sets may be passed on.
    pub fn sets_accepted(&self) -> usize {
        self.sets.iter().filter(|set| set.verdict != Verdict::Rejected).count()
    }

    /// Whether a 997 or 999 is due: never for a group of acknowledgments (GS01 `FA`, or nothing but 997s and 999s), and
    /// never in EDIFACT, where a CONTRL speaks of the whole interchange.
    pub fn needs_acknowledgment(&self) -> bool {
        let only_acknowledgments = !self.sets.is_empty() && self.sets.iter().all(SetVerdict::is_acknowledgment);
        self.standard == Standard::X12 && self.functional_id != ACKNOWLEDGMENTS && !only_acknowledgments
    }

    /// Whether the group's own envelope is rejected, and so everything in it.
    pub fn is_rejected(&self) -> bool {
        Verdict::of(&self.findings) == Verdict::Rejected
    }
}

/// One interchange's verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterchangeVerdict {
    /// What it is written in.
    #[serde(default)]
    pub standard: Standard,
    /// UNB 0001, such as `UNOC`; empty in X12.
    #[serde(default)]
    pub charset: String,
    /// ISA12, such as `00401`; UNB 0002, such as `3`.
    #[serde(default)]
    pub version: String,
    /// Qualifier and id, trimmed: ISA05 and ISA06; UNB 0007 and 0004 of S002.
    pub sender: (String, String),
    /// Qualifier and id, trimmed: ISA07 and ISA08; UNB 0007 and 0010 of S003.
    pub receiver: (String, String),
    /// Addresses for routing behind sender and receiver: UNB 0008 and 0014; empty in X12.
    #[serde(default)]
    pub routing: (String, String),
    /// ISA09 or the date of UNB S004 as it stands.
    pub date: String,
    /// ISA10 or the time of UNB S004 as it stands.
    pub time: String,
    /// ISA13 or UNB 0020 as it stands.
    pub control_number: String,
    /// ISA15 or UNB 0035.
    pub usage_indicator: String,
    /// ISA14 or UNB 0031 is `1`.
    pub ack_requested: bool,
    /// Whether it holds something, and nothing but acknowledgments.
    #[serde(default)]
    pub only_acknowledgments: bool,
    /// On the envelope alone. Rejected: nothing in it is taken, and `groups` is empty.
    pub verdict: Verdict,
    /// Of the envelope, in the order of the file.
    pub findings: Vec<Finding>,
    /// In order; none if the envelope is rejected.
    pub groups: Vec<GroupVerdict>,
}

impl InterchangeVerdict {
    /// Element I18 (TA105): what to say of the envelope, `000` if nothing. The first finding that rejects, else the
    /// first.
    pub fn note_code(&self) -> &'static str {
        let worst = self.findings.iter().find(|finding| finding.rejects()).or_else(|| self.findings.first());
        worst.and_then(Finding::x12).unwrap_or("000")
    }

    /// Adds what only the caller can know of the envelope: an unknown sender, a control number that an earlier file
    /// had. A finding that rejects leaves nothing in the interchange to pass on.
    pub fn add(&mut self, finding: Finding) {
        self.findings.push(finding);
        self.verdict = Verdict::of(&self.findings);
        if self.verdict == Verdict::Rejected {
            self.groups.clear();
        }
    }
}

/// GS01 of groups that hold acknowledgments.
pub(crate) const ACKNOWLEDGMENTS: &str = "FA";

fn is_acknowledgment(id: &str) -> bool {
    matches!(id, "997" | "999" | "CONTRL")
}

fn yes() -> bool {
    true
}

/// Whether an interchange holds something, and nothing but TA1s, 997s, 999s and CONTRLs.
fn only_acknowledgments(interchange: &Interchange<'_>) -> bool {
    let of_acknowledgments = |group: &Group<'_>| {
        group.functional_id() == ACKNOWLEDGMENTS
            || (!group.sets.is_empty() && group.sets.iter().all(|set| is_acknowledgment(&set.id())))
    };
    !(interchange.groups.is_empty() && interchange.ta1s.is_empty()) && interchange.groups.iter().all(of_acknowledgments)
}

/// Decides on an interchange and all that is in it.
pub fn interchange(interchange: &Interchange<'_>, guides: &Guides) -> InterchangeVerdict {
    let verdict = Verdict::of(&interchange.findings);
    let repertoire = repertoire(interchange);
    let groups = if verdict == Verdict::Rejected {
        Vec::new()
    } else {
        let groups = interchange.groups.iter().enumerate();
        groups.map(|(index, of)| GroupVerdict { index, ..group_in(of, guides, repertoire) }).collect()
    };
    let owned = |(qualifier, id): (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)| {
        (qualifier.into_owned(), id.into_owned())
    };
    let routing = |n| component(interchange.standard, Some(&interchange.header), n, 3);
    InterchangeVerdict {
        standard: interchange.standard,
        charset: interchange.syntax_identifier().into_owned(),
        version: interchange.version().into_owned(),
        routing: (routing(2), routing(3)),
        only_acknowledgments: only_acknowledgments(interchange),
        sender: owned(interchange.sender()),
        receiver: owned(interchange.receiver()),
        date: interchange.date().into_owned(),
        time: interchange.time().into_owned(),
        control_number: interchange.control_number().into_owned(),
        usage_indicator: interchange.usage_indicator().into_owned(),
        ack_requested: interchange.ack_requested(),
        verdict,
        findings: interchange.findings.clone(),
        groups,
    }
}

/// Which characters it may hold.
pub(crate) fn repertoire(interchange: &Interchange<'_>) -> Repertoire {
    match interchange.standard {
        Standard::X12 => Repertoire::Any,
        Standard::Edifact => Repertoire::of(&interchange.header.component(1, 1).unwrap_or_default()),
    }
}

/// A component of a header in EDIFACT; empty in X12, whose headers have none.
fn component(standard: Standard, header: Option<&Segment<'_>>, n: usize, c: usize) -> String {
    let header = header.filter(|_| standard == Standard::Edifact);
    header.and_then(|header| header.component(n, c)).map_or_else(String::new, |text| text.trim().to_owned())
}

/// Decides on a group and its sets. Whether its interchange is rejected is not looked at: see [`interchange`].
pub fn group(group: &Group<'_>, guides: &Guides) -> GroupVerdict {
    group_in(group, guides, Repertoire::Any)
}

fn group_in(group: &Group<'_>, guides: &Guides, repertoire: Repertoire) -> GroupVerdict {
    let (functional_id, version) = (group.functional_id(), group.version());
    let decide =
        |(index, of): (usize, &TransactionSet<'_>)| SetVerdict { index, ..set(of, &functional_id, guides, repertoire) };
    let mut sets: Vec<SetVerdict> = group.sets.iter().enumerate().map(decide).collect();
    let rejected = Verdict::of(&group.findings) == Verdict::Rejected;
    if rejected {
        for set in &mut sets {
            set.verdict = Verdict::Rejected;
        }
    }
    let refused = sets.iter().filter(|set| set.verdict == Verdict::Rejected).count();
    let noted = !group.findings.is_empty() || sets.iter().any(|set| set.verdict == Verdict::AcceptedWithNotes);
    let outcome = if rejected || (refused > 0 && refused == sets.len()) {
        GroupOutcome::Rejected
    } else if refused > 0 {
        GroupOutcome::PartiallyAccepted
    } else if noted {
        GroupOutcome::AcceptedWithNotes
    } else {
        GroupOutcome::Accepted
    };
    let announced = group.trailer.and_then(|ge| ge.element(1)?.trim().parse().ok());
    GroupVerdict {
        index: 0,
        standard: group.standard,
        enveloped: group.header.is_some(),
        functional_id: functional_id.into_owned(),
        sender_code: group.sender_code().into_owned(),
        receiver_code: group.receiver_code().into_owned(),
        control_number: group.control_number().into_owned(),
        version: version.into_owned(),
        outcome,
        sets_announced: announced.unwrap_or(group.sets.len()),
        sets,
        findings: group.findings.clone(),
    }
}

fn set(set: &TransactionSet<'_>, functional_id: &str, guides: &Guides, repertoire: Repertoire) -> SetVerdict {
    let (mut verdict, of_header, guide) = set_without_segments(set, functional_id, guides);
    if let Some((guide, fit)) = guide {
        add_checked(&mut verdict.findings, guide::check(set, guide, fit, repertoire));
    }
    verdict.findings.extend(of_header);
    verdict.verdict = Verdict::of(&verdict.findings);
    verdict
}

/// A set's verdict with the findings on its envelope alone; what its header says beside that, and the guide for its
/// segments, unless the header says that there is none.
pub(crate) fn set_without_segments<'g>(
    set: &TransactionSet<'_>,
    functional_id: &str,
    guides: &'g Guides,
) -> (SetVerdict, Option<Finding>, Option<(&'g guide::Guide, Fit)>) {
    let (id, version) = (set.id(), set.version());
    let type_at = match set.standard {
        Standard::X12 => 1,
        Standard::Edifact => 2,
    };
    let header = |code, n: usize, message: String| {
        let range = set.segments.first().map_or(set.range.clone(), |st| st.element_range(n));
        let mut place = set.place().at(range.start, range.len());
        place.element = Some(n);
        Finding::new(code, place, message).with_bad(id.as_bytes())
    };
    let mut guide = None;
    let mut of_header = None;
    match guides.find(&id, &version).filter(|(guide, _)| guide.standard() == set.standard) {
        _ if id.is_empty() => {}
        None if guides.passes(set.standard, &id) => {
            let message = format!("There is no guide for {id} here: its envelope alone was checked.");
            of_header = Some(header(SyntaxCode::SetUnchecked, type_at, message));
        }
        None => {
            let message = format!("We do not take transaction set {id}.");
            of_header = Some(header(SyntaxCode::SetNotSupported, type_at, message));
        }
        Some((guide, _)) if set.standard == Standard::X12 && guide.functional_id() != functional_id => {
            let message = format!("{id} belongs in a group {}, not {functional_id}.", guide.functional_id());
            of_header = Some(header(SyntaxCode::SetNotInGroup, 1, message));
        }
        // Source: ISO 9735-1, UNG: element 0038 is the type of all messages of the group.
        Some(_) if set.standard == Standard::Edifact && !functional_id.is_empty() && functional_id != id => {
            let message = format!("The group is one of {functional_id} and not of {id}.");
            of_header = Some(header(SyntaxCode::SetNotInGroup, type_at, message));
        }
        found => guide = found,
    }
    let verdict = SetVerdict {
        index: 0,
        id: id.into_owned(),
        control_number: set.control_number().into_owned(),
        version: version.into_owned(),
        agency: component(set.standard, set.segments.first(), 2, 4),
        implementation: set.convention().into_owned(),
        verdict: Verdict::Accepted,
        findings: set.findings.clone(),
    };
    (verdict, of_header, guide)
}

/// Adds what a guide found to what was found on a set's envelope. Without its SE a set is cut off somewhere, and with too
/// many segments we did not keep its end: what then seems to be missing is only a consequence.
pub(crate) fn add_checked(envelope: &mut Vec<Finding>, mut found: Vec<Finding>) {
    let cut = |finding: &Finding| matches!(finding.code, SyntaxCode::SetTrailerMissing | SyntaxCode::SetTooLong);
    if envelope.iter().any(cut) {
        found.retain(|finding| finding.code != SyntaxCode::SegmentMissing);
    }
    envelope.extend(found);
}
