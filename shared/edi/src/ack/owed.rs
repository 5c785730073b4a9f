//! Which acknowledgments a verdict calls for.

use serde::{Deserialize, Serialize};

use super::contrl::{Depth, contrl};
use super::x12::{functional_acknowledgment, implementation_acknowledgment, interchange_acknowledgment};
use crate::delimiters::{Delimiters, Standard};
use crate::finding::has_late_codes;
use crate::verdict::{GroupVerdict, InterchangeVerdict, Verdict};
use crate::write::edifact::NewMessage;
use crate::write::{NewSegment, NewSet};

/// What says whether sets are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Functional {
    /// Nothing does.
    None,
    /// A 997 for each X12 group, a CONTRL for each EDIFACT interchange.
    #[default]
    X997,
    /// The same, but a 999 for groups of 005010 and later. (Before, there is none.)
    X999,
    /// A 999 for groups of implementation guides, whose sets all name one (ST03); else a 997.
    ByGuide,
    /// A CONTRL for each EDIFACT interchange, nothing for X12.
    Contrl,
}

/// When an interchange itself is acknowledged: by a TA1, or where no CONTRL speaks of the messages, by one of receipt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// Never.
    Never,
    /// If the sender asks (ISA14, UNB 0031).
    #[default]
    WhenAsked,
    /// If its envelope is rejected.
    OnError,
    /// If either.
    WhenAskedOrOnError,
    /// Always.
    Always,
}

/// What is agreed with a partner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AckPolicy {
    /// For sets.
    pub functional: Functional,
    /// For the envelope.
    pub interchange: When,
}

/// An acknowledgment to be written and sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owed {
    /// A TA1, for [`crate::write::interchange`].
    Ta1(NewSegment),
    /// A 997 or 999, to travel in a group `FA`.
    Functional {
        /// Index of the acknowledged group in its verdict.
        group: usize,
        /// GS08 of the group that it travels in: the version of the acknowledged one, or the guide of the 999.
        version: String,
        /// GS02: who the acknowledged group was for.
        sender_code: String,
        /// GS03: who it was from.
        receiver_code: String,
        /// The set; its control number is `0001`.
        set: NewSet,
    },
    /// A CONTRL, for [`crate::write::edifact::interchange`]; its reference is `1`.
    Contrl(NewMessage),
}

/// GS08 and ST03 of a 999. Source: X12 005010, the implementation guide of the 999.
const GUIDE_999: &str = "005010X231A1";

/// The acknowledgments that a verdict calls for, to be written with these delimiters. None for an interchange or group
/// of acknowledgments.
pub fn owed(interchange: &InterchangeVerdict, policy: AckPolicy, delimiters: Delimiters) -> Vec<Owed> {
    if interchange.only_acknowledgments {
        return Vec::new();
    }
    let rejected = interchange.verdict == Verdict::Rejected;
    let due = match policy.interchange {
        When::Never => false,
        When::WhenAsked => interchange.ack_requested,
        When::OnError => rejected,
        When::WhenAskedOrOnError => rejected || interchange.ack_requested,
        When::Always => true,
    };
    match interchange.standard {
        Standard::Edifact => {
            let depth = match policy.functional {
                Functional::None if due => Some(Depth::Receipt),
                Functional::None => None,
                Functional::X997 | Functional::X999 | Functional::ByGuide | Functional::Contrl => Some(Depth::Full),
            };
            let message = depth.and_then(|depth| contrl(interchange, depth));
            let syntax_version = if interchange.version == "4" { 4 } else { 3 };
            let message = message.map(|segments| contrl_message(syntax_version, segments));
            message.map(Owed::Contrl).into_iter().collect()
        }
        Standard::X12 => {
            let ta1 = due.then(|| Owed::Ta1(interchange_acknowledgment(interchange, delimiters)));
            let groups = interchange.groups.iter().filter_map(|group| functional(group, policy.functional, delimiters));
            ta1.into_iter().chain(groups).collect()
        }
    }
}

fn functional(group: &GroupVerdict, functional: Functional, delimiters: Delimiters) -> Option<Owed> {
    let has_999 = has_late_codes(&group.version);
    let implementation = match functional {
        Functional::None | Functional::Contrl => return None,
        Functional::X997 => false,
        Functional::X999 => has_999,
        Functional::ByGuide => {
            has_999 && !group.sets.is_empty() && group.sets.iter().all(|set| !set.implementation.is_empty())
        }
    };
    let (id, segments, version) = if implementation {
        ("999", implementation_acknowledgment(group, delimiters)?, GUIDE_999.to_owned())
    } else {
        ("997", functional_acknowledgment(group, delimiters)?, release(&group.version).to_owned())
    };
    Some(Owed::Functional {
        group: group.index,
        version,
        sender_code: group.receiver_code.clone(),
        receiver_code: group.sender_code.clone(),
        set: NewSet { id: id.to_owned(), control_number: "0001".to_owned(), segments },
    })
}

/// The release of X12 that a version names; that of most partners where it names none.
fn release(version: &str) -> &str {
    let release = version.get(..6).filter(|release| release.bytes().all(|b| b.is_ascii_digit()));
    release.unwrap_or("004010")
}

/// The CONTRL of these segments that answers a syntax version (UNB 0002): 4.1 answers version 4, D.3 all others. Its
/// reference is `1`. Source: ISO 9735-4.
pub fn contrl_message(syntax_version: u8, segments: Vec<NewSegment>) -> NewMessage {
    let (version, release) = if syntax_version == 4 { ("4", "1") } else { ("D", "3") };
    NewMessage {
        id: "CONTRL".to_owned(),
        version: version.to_owned(),
        release: release.to_owned(),
        agency: "UN".to_owned(),
        association: String::new(),
        reference: "1".to_owned(),
        segments,
    }
}
