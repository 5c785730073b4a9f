//! What partners say of our interchanges, groups and sets: TA1, 997, 999 and CONTRL in one model.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::codes::{edifact_meaning, meaning};
use super::contrl::{ACKNOWLEDGED, RECEIVED, REJECTED};
use crate::envelope::{Interchange, TransactionSet};
use crate::finding::{Finding, Level, SyntaxCode};
use crate::segment::Segment;

/// AK501, element 717.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SetAckOutcome {
    /// A.
    Accepted,
    /// E: accepted, with errors noted.
    AcceptedWithNotes,
    /// M: rejected, the authentication code failed.
    AuthenticationFailed,
    /// R.
    Rejected,
    /// W: rejected, the assurance failed.
    AssuranceFailed,
    /// X: rejected, it could not be decrypted.
    DecryptionFailed,
}

impl SetAckOutcome {
    /// Whether the partner took the set.
    pub fn is_accepted(self) -> bool {
        matches!(self, Self::Accepted | Self::AcceptedWithNotes)
    }

    fn of(code: &str) -> Option<Self> {
        Some(match code {
            "A" => Self::Accepted,
            "E" => Self::AcceptedWithNotes,
            "M" => Self::AuthenticationFailed,
            "R" => Self::Rejected,
            "W" => Self::AssuranceFailed,
            "X" => Self::DecryptionFailed,
            _ => return None,
        })
    }
}

/// AK901, element 715.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GroupAckOutcome {
    /// A.
    Accepted,
    /// E: accepted, with errors noted.
    AcceptedWithNotes,
    /// P: at least one set is rejected.
    PartiallyAccepted,
    /// R, or M, W, X for reasons of security.
    Rejected,
}

impl GroupAckOutcome {
    fn of(code: &str) -> Option<Self> {
        Some(match code {
            "A" => Self::Accepted,
            "E" => Self::AcceptedWithNotes,
            "P" => Self::PartiallyAccepted,
            "R" | "M" | "W" | "X" => Self::Rejected,
            _ => return None,
        })
    }
}

/// One error that a partner names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Which part of the acknowledgment says it.
    pub level: Level,
    /// The code as it stands (AK304, AK403, AK502 or AK905, their like in a 999, or 0085).
    pub code: String,
    /// AK301, the segment's id; 0013, the id of a service segment.
    pub segment_id: Option<String>,
    /// AK302, the segment's position in our set, ST being 1; of what is missing, that of the segment before which it
    /// was missed. 0096, UNH being 1, likewise.
    pub segment_position: Option<usize>,
    /// AK401, the element's position; 0098 less one, as that counts the tag.
    pub element: Option<usize>,
    /// AK401 or 0104, the component's position.
    pub component: Option<usize>,
    /// AK401 or 0136, the repetition.
    #[serde(default)]
    pub repetition: Option<usize>,
    /// AK402, the data element's reference number.
    pub data_element: Option<String>,
    /// AK404, the copy of what is wrong.
    pub bad_value: Option<String>,
    /// All of it in one line for people.
    pub text: String,
}

/// What a partner says of one set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAck {
    /// AK201, our ST01; UCM 0065.
    pub set_id: String,
    /// AK202, our ST02; UCM 0062.
    pub control_number: String,
    /// AK501, IK501 or the action of UCM.
    pub outcome: SetAckOutcome,
    /// AK3, AK4 and AK502 to 06, in their order; likewise IK3, IK4, IK5, and UCM, UCS, UCD.
    pub notes: Vec<Note>,
}

/// What is said of a group, by a 997, a 999 or a UCF. A set that it does not name shares the group's outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionalAck {
    /// AK101, our GS01; empty in a CONTRL.
    pub functional_id: String,
    /// AK102, our GS06, as it stands; compare as a number. UCF 0048; empty where a CONTRL names no group.
    pub group_control: String,
    /// AK901, or the action of UCF or UCI.
    pub outcome: GroupAckOutcome,
    /// AK902: sets that our GE01 announced.
    pub sets_announced: Option<usize>,
    /// AK903: sets that the partner found.
    pub sets_received: Option<usize>,
    /// AK904: sets that the partner took.
    pub sets_accepted: Option<usize>,
    /// The sets that are named.
    pub sets: Vec<SetAck>,
    /// AK905 to 09.
    pub notes: Vec<Note>,
}

/// TA104, element I17; UCI 0083.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InterchangeAckOutcome {
    /// A, or action 7.
    Accepted,
    /// E.
    AcceptedWithNotes,
    /// Action 8: it has come; whether it is taken is not said.
    Received,
    /// R, or action 4.
    Rejected,
}

/// What is said of an interchange, by a TA1 or a UCI.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterchangeAck {
    /// TA101, our ISA13; UCI 0020.
    pub control_number: String,
    /// TA102, our ISA09; empty in a CONTRL.
    pub date: String,
    /// TA103, our ISA10; empty in a CONTRL.
    pub time: String,
    /// Our id and the partner's as a UCI repeats them (0004, 0010); empty in a TA1.
    pub parties: (String, String),
    /// TA104 or 0083.
    pub outcome: InterchangeAckOutcome,
    /// TA105 or 0085, with its place.
    pub note: Option<Note>,
}

/// Which document acknowledges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// A TA1: of the interchange's envelope alone.
    #[serde(rename = "TA1")]
    Ta1,
    /// A 997: of one group.
    #[serde(rename = "997")]
    X997,
    /// A 999: of one group.
    #[serde(rename = "999")]
    X999,
    /// A CONTRL: of an interchange and what is in it.
    #[serde(rename = "CONTRL")]
    Contrl,
}

/// One acknowledgment, whichever standard it is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgment {
    /// Which document it is.
    pub kind: Kind,
    /// What it says of an interchange: always in a TA1 and a CONTRL, never in a 997 or 999.
    pub interchange: Option<InterchangeAck>,
    /// What it says of groups: one in a 997 or 999, none in a TA1. Of messages that are in no group, a CONTRL speaks in
    /// a group without name.
    pub groups: Vec<FunctionalAck>,
}

/// Reads every acknowledgment of an interchange, in its order: TA1s, then 997s, 999s and CONTRLs. Other sets are passed
/// over. What says nothing is a finding.
pub fn read_all(interchange: &Interchange<'_>) -> (Vec<Acknowledgment>, Vec<Finding>) {
    let (mut read_well, mut findings) = (Vec::new(), Vec::new());
    for ta1 in &interchange.ta1s {
        if let Some(ack) = read_interchange_ack(ta1) {
            read_well.push(Acknowledgment { kind: Kind::Ta1, interchange: Some(ack), groups: Vec::new() });
        } else {
            let mut place = interchange.place.at(ta1.range().start, ta1.range().len());
            (place.segment_id, place.element) = (Some("TA1".to_owned()), Some(4));
            let finding = Finding::new(SyntaxCode::CodeInvalid, place, "TA104 is no outcome.");
            findings.push(finding.with_bad(ta1.bytes()));
        }
    }
    for set in interchange.groups.iter().flat_map(|group| &group.sets) {
        let one = match set.id().as_ref() {
            "997" => read(set).map(|ack| functional(Kind::X997, ack)),
            "999" => read(set).map(|ack| functional(Kind::X999, ack)),
            "CONTRL" => read_contrl(set),
            _ => continue,
        };
        match one {
            Ok(ack) => read_well.push(ack),
            Err(finding) => findings.push(*finding),
        }
    }
    (read_well, findings)
}

fn functional(kind: Kind, ack: FunctionalAck) -> Acknowledgment {
    Acknowledgment { kind, interchange: None, groups: vec![ack] }
}

/// Reads a 997 or 999. Its own syntax is for [`crate::guide::check`]; this reads what it says.
///
/// # Errors
/// The first thing without which it says nothing: another set, no AK1 or AK9, an outcome that is none.
pub fn read(set: &TransactionSet<'_>) -> Result<FunctionalAck, Box<Finding>> {
    if !matches!(set.id().as_ref(), "997" | "999") {
        let message = format!("Set {} is no functional acknowledgment.", set.id());
        return Err(Box::new(Finding::new(SyntaxCode::SetNotSupported, set.place(), message)));
    }
    let body = set.body();
    let find = |id: &str| body.iter().find(|segment| segment.id() == id).ok_or_else(|| missing(set, id));
    let (ak1, ak9) = (find("AK1")?, find("AK9")?);
    let mut sets: Vec<SetAck> = Vec::new();
    let mut open: Option<SetAck> = None;
    let mut segment_place: (Option<String>, Option<usize>) = (None, None);
    for segment in body {
        match (segment.id(), open.as_mut()) {
            ("AK2", Some(_)) => return Err(missing(set, "AK5")),
            ("AK2", None) => {
                let outcome = SetAckOutcome::Rejected;
                open = Some(SetAck {
                    set_id: value(segment, 1),
                    control_number: value(segment, 2),
                    outcome,
                    notes: Vec::new(),
                });
            }
            ("AK3" | "IK3", Some(ack)) => {
                segment_place = (some(segment, 1), some(segment, 2).and_then(|text| text.parse().ok()));
                // Code 8 only announces the AK4s that follow; a missing code says as little.
                if let Some(code) = some(segment, 4).filter(|code| code != "8") {
                    ack.notes.push(segment_note(&segment_place, code));
                }
            }
            ("AK4" | "IK4", Some(ack)) => ack.notes.push(element_note(&segment_place, segment)),
            ("AK5" | "IK5", Some(_)) => {
                let outcome = SetAckOutcome::of(&value(segment, 1)).ok_or_else(|| invalid(set, segment, 1))?;
                if let Some(mut ack) = open.take() {
                    ack.outcome = outcome;
                    ack.notes.extend((2..=6).filter_map(|n| some(segment, n)).map(|code| plain_note(Level::Set, code)));
                    sets.push(ack);
                }
            }
            ("AK3" | "AK4" | "AK5" | "IK3" | "IK4" | "IK5", None) => return Err(missing(set, "AK2")),
            _ => {}
        }
    }
    if open.is_some() {
        return Err(missing(set, "AK5"));
    }
    let count = |n| some(ak9, n).and_then(|text| text.parse().ok());
    Ok(FunctionalAck {
        functional_id: value(ak1, 1),
        group_control: value(ak1, 2),
        outcome: GroupAckOutcome::of(&value(ak9, 1)).ok_or_else(|| invalid(set, ak9, 1))?,
        sets_announced: count(2),
        sets_received: count(3),
        sets_accepted: count(4),
        sets,
        notes: (5..=9).filter_map(|n| some(ak9, n)).map(|code| plain_note(Level::Group, code)).collect(),
    })
}

/// Reads a TA1; `None` if it is none, or its TA104 says nothing.
pub fn read_interchange_ack(segment: &Segment<'_>) -> Option<InterchangeAck> {
    let outcome = match value(segment, 4).as_str() {
        "A" => InterchangeAckOutcome::Accepted,
        "E" => InterchangeAckOutcome::AcceptedWithNotes,
        "R" => InterchangeAckOutcome::Rejected,
        _ => return None,
    };
    if segment.id() != "TA1" {
        return None;
    }
    Some(InterchangeAck {
        control_number: value(segment, 1),
        date: value(segment, 2),
        time: value(segment, 3),
        parties: (String::new(), String::new()),
        outcome,
        note: some(segment, 5).filter(|code| code != "000").map(|code| plain_note(Level::Interchange, code)),
    })
}

/// Reads a CONTRL. Source: ISO 9735-4.
///
/// # Errors
/// The first thing without which it says nothing: another message, no UCI, an action that is none, a UCS or UCD of
/// nothing.
pub fn read_contrl(set: &TransactionSet<'_>) -> Result<Acknowledgment, Box<Finding>> {
    if set.id() != "CONTRL" {
        let message = format!("Message {} is no CONTRL.", set.id());
        return Err(Box::new(Finding::new(SyntaxCode::SetNotSupported, set.place(), message)));
    }
    // CONTRL knows no word between yes and no, but some say 7 and name what they noticed all the same.
    let body = set.body();
    let uci = body.iter().find(|segment| segment.id() == "UCI").ok_or_else(|| missing(set, "UCI"))?;
    let outcome = match value(uci, 4).as_str() {
        REJECTED => InterchangeAckOutcome::Rejected,
        ACKNOWLEDGED => InterchangeAckOutcome::Accepted,
        RECEIVED => InterchangeAckOutcome::Received,
        _ => return Err(invalid(set, uci, 4)),
    };
    let id = |n| uci.component(n, 1).unwrap_or_default().trim().to_owned();
    let interchange = InterchangeAck {
        control_number: value(uci, 1),
        date: String::new(),
        time: String::new(),
        parties: (id(2), id(3)),
        outcome,
        note: service_note(Level::Interchange, uci, 5),
    };
    let accepted = outcome != InterchangeAckOutcome::Rejected;
    let mut groups: Vec<FunctionalAck> = Vec::new();
    let mut position = None;
    for segment in body {
        match segment.id() {
            "UCF" => {
                let accepted = action(set, segment, 4)?;
                let mut group = unnamed_group(accepted);
                group.group_control = value(segment, 1);
                group.notes.extend(service_note(Level::Group, segment, 5));
                groups.push(group);
            }
            "UCM" => {
                let outcome = if action(set, segment, 3)? { SetAckOutcome::Accepted } else { SetAckOutcome::Rejected };
                let ack = SetAck {
                    set_id: segment.component(2, 1).unwrap_or_default().trim().to_owned(),
                    control_number: value(segment, 1),
                    outcome,
                    notes: service_note(Level::Set, segment, 4).into_iter().collect(),
                };
                if groups.is_empty() {
                    groups.push(unnamed_group(accepted));
                }
                groups.last_mut().ok_or_else(|| missing(set, "UCI"))?.sets.push(ack);
            }
            "UCS" | "UCD" => {
                let open = groups.last_mut().and_then(|group| group.sets.last_mut());
                let open = open.ok_or_else(|| missing(set, "UCM"))?;
                open.notes.extend(inner_note(segment, &mut position));
            }
            _ => {}
        }
    }
    for group in &mut groups {
        for ack in &mut group.sets {
            if ack.outcome == SetAckOutcome::Accepted && !ack.notes.is_empty() {
                ack.outcome = SetAckOutcome::AcceptedWithNotes;
            }
        }
        if group.outcome == GroupAckOutcome::Accepted && group.sets.iter().any(|ack| !ack.outcome.is_accepted()) {
            group.outcome = GroupAckOutcome::PartiallyAccepted;
        }
    }
    Ok(Acknowledgment { kind: Kind::Contrl, interchange: Some(interchange), groups })
}

fn unnamed_group(accepted: bool) -> FunctionalAck {
    FunctionalAck {
        functional_id: String::new(),
        group_control: String::new(),
        outcome: if accepted { GroupAckOutcome::Accepted } else { GroupAckOutcome::Rejected },
        sets_announced: None,
        sets_received: None,
        sets_accepted: None,
        sets: Vec::new(),
        notes: Vec::new(),
    }
}

/// 0083 of a group or message.
fn action(set: &TransactionSet<'_>, segment: &Segment<'_>, n: usize) -> Result<bool, Box<Finding>> {
    match value(segment, n).as_str() {
        REJECTED => Ok(false),
        ACKNOWLEDGED => Ok(true),
        _ => Err(invalid(set, segment, n)),
    }
}

/// 0085 at `n` with 0013 and S011 behind it.
fn service_note(level: Level, segment: &Segment<'_>, n: usize) -> Option<Note> {
    let (element, component, repetition) = erroneous(segment, n + 2);
    Some(
        Note {
            level,
            segment_id: some(segment, n + 1),
            element,
            component,
            repetition,
            ..blank_note(level, some(segment, n)?)
        }
        .in_words(),
    )
}

/// A UCS with an error of its own, or a UCD; a UCS without only says where the UCDs behind it are.
fn inner_note(segment: &Segment<'_>, position: &mut Option<usize>) -> Option<Note> {
    if segment.id() == "UCS" {
        *position = some(segment, 1).and_then(|text| text.parse().ok());
        let code = some(segment, 2)?;
        let missing = usize::from(Some(code.as_str()) == SyntaxCode::SegmentMissing.edifact());
        let segment_position = position.map(|at| at + missing);
        return Some(Note { segment_position, ..blank_note(Level::Segment, code) }.in_words());
    }
    let (element, component, repetition) = erroneous(segment, 2);
    let segment_position = *position;
    let note =
        Note { segment_position, element, component, repetition, ..blank_note(Level::Element, value(segment, 1)) };
    Some(note.in_words())
}

/// S011: element (0098, which counts the tag), component (0104) and repetition (0136).
fn erroneous(segment: &Segment<'_>, n: usize) -> (Option<usize>, Option<usize>, Option<usize>) {
    let number = |c| segment.component(n, c).and_then(|text| text.trim().parse::<usize>().ok());
    (number(1).and_then(|tag_and_element| tag_and_element.checked_sub(1)).filter(|n| *n > 0), number(2), number(3))
}

fn some(segment: &Segment<'_>, n: usize) -> Option<String> {
    segment.element(n).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn value(segment: &Segment<'_>, n: usize) -> String {
    some(segment, n).unwrap_or_default()
}

fn missing(set: &TransactionSet<'_>, id: &str) -> Box<Finding> {
    let mut place = set.place().at(set.range.end, 0);
    place.segment_id = Some(id.to_owned());
    let message = format!("The acknowledgment has no {id} where one is needed.");
    Box::new(Finding::new(SyntaxCode::SegmentMissing, place, message))
}

fn invalid(set: &TransactionSet<'_>, segment: &Segment<'_>, n: usize) -> Box<Finding> {
    let range = segment.element_range(n);
    let mut place = set.place().at(range.start, range.len());
    place.segment_id = Some(segment.id().to_owned());
    place.segment_position = Some(segment.position());
    place.element = Some(n);
    let message = format!("{}{n:02} is no outcome.", segment.id());
    let bad = segment.element_bytes(n).unwrap_or_default();
    Box::new(Finding::new(SyntaxCode::CodeInvalid, place, message).with_bad(bad))
}

fn plain_note(level: Level, code: String) -> Note {
    let text = format!("{} ({code})", meaning(level, &code).unwrap_or("unknown code"));
    Note { text, ..blank_note(level, code) }
}

/// A note without place and words.
fn blank_note(level: Level, code: String) -> Note {
    Note {
        level,
        code,
        segment_id: None,
        segment_position: None,
        element: None,
        component: None,
        repetition: None,
        data_element: None,
        bad_value: None,
        text: String::new(),
    }
}

impl Note {
    /// The note of a CONTRL with its words.
    fn in_words(self) -> Self {
        let what = format!("{} ({})", edifact_meaning(&self.code).unwrap_or("unknown code"), self.code);
        let text = if self.segment_id.is_some() || self.segment_position.is_some() {
            format!("{}: {what}", self.place_in_words())
        } else {
            what
        };
        Self { text, ..self }
    }

    fn place_in_words(&self) -> String {
        let mut text = match (&self.segment_id, self.segment_position) {
            (Some(id), Some(position)) => format!("segment {position} ({id})"),
            (Some(id), None) => format!("segment {id}"),
            (None, Some(position)) => format!("segment {position}"),
            (None, None) => "a segment".to_owned(),
        };
        for (what, n) in [("element", self.element), ("component", self.component), ("repetition", self.repetition)] {
            if let Some(n) = n {
                let _ = write!(text, ", {what} {n}");
            }
        }
        text
    }
}

fn segment_note((id, position): &(Option<String>, Option<usize>), code: String) -> Note {
    let note = Note { segment_id: id.clone(), segment_position: *position, ..plain_note(Level::Segment, code) };
    let text = format!("{}: {}", note.place_in_words(), note.text);
    Note { text, ..note }
}

fn element_note((id, position): &(Option<String>, Option<usize>), ak4: &Segment<'_>) -> Note {
    let number = |c| ak4.component(1, c).and_then(|text| text.trim().parse::<usize>().ok());
    let note = Note {
        segment_id: id.clone(),
        segment_position: *position,
        element: number(1),
        component: number(2),
        repetition: number(3),
        data_element: some(ak4, 2),
        bad_value: some(ak4, 4),
        ..plain_note(Level::Element, value(ak4, 3))
    };
    let mut text = format!("{}: {}", note.place_in_words(), note.text);
    if let Some(bad) = &note.bad_value {
        let _ = write!(text, ": `{bad}`");
    }
    Note { text, ..note }
}
