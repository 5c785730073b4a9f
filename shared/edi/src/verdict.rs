//! What is accepted and what is not. Owned data, to be kept, sent on and acknowledged.

use serde::{Deserialize, Serialize};

use crate::delimiters::Standard;
use crate::envelope::{Group, Interchange, TransactionSet};
use crate::finding::{Finding, Severity, SyntaxCode};
use crate::guide::{self, Fit, Guides};

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

    fn of(findings: &[Finding]) -> Self {
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
    /// ST01.
    pub id: String,
    /// ST02 as it stands.
    pub control_number: String,
    /// Accepted or not. In a rejected group every set is rejected, with or without findings of its own.
    pub verdict: Verdict,
    /// Of the set's envelope, then of its segments in order.
    pub findings: Vec<Finding>,
}

/// One group's verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupVerdict {
    /// What it is written in.
    #[serde(default)]
    pub standard: Standard,
    /// Index in [`Interchange::groups`], from 0.
    pub index: usize,
    /// GS01.
    pub functional_id: String,
    /// GS02, trimmed.
    pub sender_code: String,
    /// GS03, trimmed.
    pub receiver_code: String,
    /// GS06 as it stands.
    pub control_number: String,
    /// GS08.
    pub version: String,
    /// For the group as a whole.
    pub outcome: GroupOutcome,
    /// How many sets GE01 announces; how many there are, if it is missing or no number.
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

    /// Whether a 997 is due: never for a group of acknowledgments (GS01 `FA`), and never in EDIFACT.
    pub fn needs_acknowledgment(&self) -> bool {
        self.standard == Standard::X12 && self.functional_id != ACKNOWLEDGMENTS
    }
}

/// One interchange's verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterchangeVerdict {
    /// What it is written in.
    #[serde(default)]
    pub standard: Standard,
    /// ISA05 and ISA06, trimmed.
    pub sender: (String, String),
    /// ISA07 and ISA08, trimmed.
    pub receiver: (String, String),
    /// ISA09 as it stands.
    pub date: String,
    /// ISA10 as it stands.
    pub time: String,
    /// ISA13 as it stands.
    pub control_number: String,
    /// ISA15.
    pub usage_indicator: String,
    /// ISA14 is `1`.
    pub ack_requested: bool,
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
}

/// GS01 of groups that hold acknowledgments.
pub(crate) const ACKNOWLEDGMENTS: &str = "FA";

/// Decides on an interchange and all that is in it.
pub fn interchange(interchange: &Interchange<'_>, guides: &Guides) -> InterchangeVerdict {
    let verdict = Verdict::of(&interchange.findings);
    let groups = if verdict == Verdict::Rejected {
        Vec::new()
    } else {
        let groups = interchange.groups.iter().enumerate();
        groups.map(|(index, of)| GroupVerdict { index, ..group(of, guides) }).collect()
    };
    let owned = |(qualifier, id): (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)| {
        (qualifier.into_owned(), id.into_owned())
    };
    InterchangeVerdict {
        standard: interchange.standard,
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

/// Decides on a group and its sets. Whether its interchange is rejected is not looked at: see [`interchange`].
pub fn group(group: &Group<'_>, guides: &Guides) -> GroupVerdict {
    let (functional_id, version) = (group.functional_id(), group.version());
    let decide = |(index, of): (usize, &TransactionSet<'_>)| SetVerdict { index, ..set(of, &functional_id, guides) };
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
        standard: group.standard,
        index: 0,
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

fn set(set: &TransactionSet<'_>, functional_id: &str, guides: &Guides) -> SetVerdict {
    let (id, version) = (set.id(), set.version());
    let mut findings = set.findings.clone();
    let type_at = match set.standard {
        Standard::X12 => 1,
        Standard::Edifact => 2,
    };
    let header = |code, n: usize, message: String| {
        let range = set.segments.first().map_or(set.range.clone(), |st| st.element_range(n));
        let mut place = set.place.at(range.start, range.len());
        place.element = Some(n);
        Finding::new(code, place, message).with_bad(id.as_bytes())
    };
    match guides.find(&id, &version) {
        _ if id.is_empty() => {}
        None => {
            findings.push(header(SyntaxCode::SetNotSupported, type_at, format!("We do not take transaction set {id}.")))
        }
        Some((guide, _)) if set.standard == Standard::X12 && guide.functional_id() != functional_id => {
            let message = format!("{id} belongs in a group {}, not {functional_id}.", guide.functional_id());
            findings.push(header(SyntaxCode::SetIdInvalid, 1, message));
        }
        Some((guide, fit)) => findings.extend(checked(set, guide, fit)),
    }
    let verdict = Verdict::of(&findings);
    SetVerdict { index: 0, id: id.into_owned(), control_number: set.control_number().into_owned(), verdict, findings }
}

/// Without its SE a set is cut off somewhere, and with too many segments we did not keep its end: what then seems to
/// be missing is only a consequence.
fn checked(set: &TransactionSet<'_>, guide: &guide::Guide, fit: Fit) -> Vec<Finding> {
    let cut = |finding: &Finding| matches!(finding.code, SyntaxCode::SetTrailerMissing | SyntaxCode::SetTooLong);
    let cut_off = set.findings.iter().any(cut);
    let mut findings = guide::check(set, guide, fit);
    findings.retain(|finding| !(cut_off && finding.code == SyntaxCode::SegmentMissing));
    findings
}
