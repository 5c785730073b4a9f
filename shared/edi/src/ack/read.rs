//! What partners say of our interchanges, groups and sets.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::codes::meaning;
use crate::envelope::TransactionSet;
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
    /// The code as it stands (AK304, AK403, AK502 or AK905).
    pub code: String,
    /// AK301, the segment's id.
    pub segment_id: Option<String>,
    /// AK302, the segment's position in our set, ST being 1.
    pub segment_position: Option<usize>,
    /// AK401, the element's position.
    pub element: Option<usize>,
    /// AK401, the component's position.
    pub component: Option<usize>,
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
    /// AK201, our ST01.
    pub set_id: String,
    /// AK202, our ST02.
    pub control_number: String,
    /// AK501.
    pub outcome: SetAckOutcome,
    /// AK3, AK4 and AK502 to 06, in their order.
    pub notes: Vec<Note>,
}

/// A 997 read. A set that it does not name shares the group's outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionalAck {
    /// AK101, our GS01.
    pub functional_id: String,
    /// AK102, our GS06, as it stands; compare as a number.
    pub group_control: String,
    /// AK901.
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

/// A TA1 read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterchangeAck {
    /// TA101, our ISA13.
    pub control_number: String,
    /// TA102, our ISA09.
    pub date: String,
    /// TA103, our ISA10.
    pub time: String,
    /// TA104 is `A` or `E`.
    pub accepted: bool,
    /// TA105.
    pub note_code: String,
    /// TA105 in words.
    pub text: String,
}

/// Reads a 997. Its own syntax is for [`crate::guide::check`]; this reads what it says.
///
/// # Errors
/// The first thing without which it says nothing: another set, no AK1 or AK9, an outcome that is none.
pub fn read(set: &TransactionSet<'_>) -> Result<FunctionalAck, Box<Finding>> {
    if set.id() != "997" {
        let message = format!("Set {} is no functional acknowledgment.", set.id());
        return Err(Box::new(Finding::new(SyntaxCode::SetNotSupported, set.place.clone(), message)));
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
            ("AK3", Some(ack)) => {
                segment_place = (some(segment, 1), some(segment, 2).and_then(|text| text.parse().ok()));
                // Code 8 only announces the AK4s that follow; a missing code says as little.
                if let Some(code) = some(segment, 4).filter(|code| code != "8") {
                    ack.notes.push(segment_note(&segment_place, code));
                }
            }
            ("AK4", Some(ack)) => ack.notes.push(element_note(&segment_place, segment)),
            ("AK5", Some(_)) => {
                let outcome = SetAckOutcome::of(&value(segment, 1)).ok_or_else(|| invalid(set, segment))?;
                if let Some(mut ack) = open.take() {
                    ack.outcome = outcome;
                    ack.notes.extend((2..=6).filter_map(|n| some(segment, n)).map(|code| plain_note(Level::Set, code)));
                    sets.push(ack);
                }
            }
            ("AK3" | "AK4" | "AK5", None) => return Err(missing(set, "AK2")),
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
        outcome: GroupAckOutcome::of(&value(ak9, 1)).ok_or_else(|| invalid(set, ak9))?,
        sets_announced: count(2),
        sets_received: count(3),
        sets_accepted: count(4),
        sets,
        notes: (5..=9).filter_map(|n| some(ak9, n)).map(|code| plain_note(Level::Group, code)).collect(),
    })
}

/// Reads a TA1; `None` if it is none, or its TA104 says nothing.
pub fn read_interchange_ack(segment: &Segment<'_>) -> Option<InterchangeAck> {
    let accepted = match value(segment, 4).as_str() {
        "A" | "E" => true,
        "R" => false,
        _ => return None,
    };
    if segment.id() != "TA1" {
        return None;
    }
    let note_code = value(segment, 5);
    let text = meaning(Level::Interchange, &note_code).unwrap_or("unknown code").to_owned();
    Some(InterchangeAck {
        control_number: value(segment, 1),
        date: value(segment, 2),
        time: value(segment, 3),
        accepted,
        note_code,
        text,
    })
}

fn some(segment: &Segment<'_>, n: usize) -> Option<String> {
    segment.element(n).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn value(segment: &Segment<'_>, n: usize) -> String {
    some(segment, n).unwrap_or_default()
}

fn missing(set: &TransactionSet<'_>, id: &str) -> Box<Finding> {
    let mut place = set.place.at(set.range.end, 0);
    place.segment_id = Some(id.to_owned());
    let message = format!("The 997 has no {id} where one is needed.");
    Box::new(Finding::new(SyntaxCode::SegmentMissing, place, message))
}

fn invalid(set: &TransactionSet<'_>, segment: &Segment<'_>) -> Box<Finding> {
    let range = segment.element_range(1);
    let mut place = set.place.at(range.start, range.len());
    place.segment_id = Some(segment.id().to_owned());
    place.segment_position = Some(segment.position());
    place.element = Some(1);
    let message = format!("{}01 is no outcome.", segment.id());
    let bad = segment.element_bytes(1).unwrap_or_default();
    Box::new(Finding::new(SyntaxCode::CodeInvalid, place, message).with_bad(bad))
}

fn plain_note(level: Level, code: String) -> Note {
    let text = format!("{} ({code})", meaning(level, &code).unwrap_or("unknown code"));
    Note {
        level,
        code,
        segment_id: None,
        segment_position: None,
        element: None,
        component: None,
        data_element: None,
        bad_value: None,
        text,
    }
}

fn segment_note((id, position): &(Option<String>, Option<usize>), code: String) -> Note {
    let note = plain_note(Level::Segment, code);
    let text = format!("{}: {}", segment_name(id.as_ref(), *position), note.text);
    Note { segment_id: id.clone(), segment_position: *position, text, ..note }
}

fn element_note((id, position): &(Option<String>, Option<usize>), ak4: &Segment<'_>) -> Note {
    let note = plain_note(Level::Element, value(ak4, 3));
    let number = |c| ak4.component(1, c).and_then(|text| text.trim().parse::<usize>().ok());
    let (element, component) = (number(1), number(2));
    let bad_value = some(ak4, 4);
    let mut text = segment_name(id.as_ref(), *position);
    if let Some(element) = element {
        let _ = write!(text, ", element {element}");
    }
    if let Some(component) = component {
        let _ = write!(text, ", component {component}");
    }
    let _ = write!(text, ": {}", note.text);
    if let Some(bad) = &bad_value {
        let _ = write!(text, ": `{bad}`");
    }
    Note {
        segment_id: id.clone(),
        segment_position: *position,
        element,
        component,
        data_element: some(ak4, 2),
        bad_value,
        text,
        ..note
    }
}

fn segment_name(id: Option<&String>, position: Option<usize>) -> String {
    match (id, position) {
        (Some(id), Some(position)) => format!("segment {position} ({id})"),
        (Some(id), None) => format!("segment {id}"),
        (None, Some(position)) => format!("segment {position}"),
        (None, None) => "a segment".to_owned(),
    }
}
