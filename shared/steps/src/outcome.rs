//! What a step's message can end in, and what a decision says.

use std::collections::BTreeMap;

use canonical::{Code, Event, EventType, Finding, Message, Parked, ParkedAs, ShortHash, short_hash};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{Cause, Telling};

/// The one end of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It changed something.
    Applied,
    /// It was absorbed before; nothing changes.
    Duplicate,
    /// Same business key, other content: parked.
    Conflict,
    /// The sender's fault: told to the sender.
    Rejected,
    /// It cannot be attributed or understood: parked.
    Quarantined,
    /// It waits for something named.
    Held,
    /// The result of an outside effect that a person must establish.
    Unknown,
}

impl Outcome {
    /// The outcome as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Duplicate => "duplicate",
            Self::Conflict => "conflict",
            Self::Rejected => "rejected",
            Self::Quarantined => "quarantined",
            Self::Held => "held",
            Self::Unknown => "unknown",
        }
    }
}

/// The outcome with its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// What it ended in.
    pub outcome: Outcome,
    /// The reason's code, where something was wrong.
    pub code: Option<Code>,
    /// In words.
    pub detail: String,
}

impl Verdict {
    /// It changed something.
    pub fn applied(detail: impl Into<String>) -> Self {
        Self { outcome: Outcome::Applied, code: None, detail: detail.into() }
    }

    /// It was absorbed before.
    pub fn duplicate(detail: impl Into<String>) -> Self {
        Self { outcome: Outcome::Duplicate, code: None, detail: detail.into() }
    }

    /// It ended otherwise.
    pub fn because(outcome: Outcome, code: Code, detail: impl Into<String>) -> Self {
        Self { outcome, code: Some(code), detail: detail.into() }
    }
}

/// What a step decided about a business object.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision<T> {
    /// The object's next version, and the events that tell of it, in one write.
    Write {
        /// The next version.
        next: Box<T>,
        /// What is told.
        events: Vec<Event>,
        /// The outcome.
        verdict: Verdict,
    },
    /// Nothing is written.
    Nothing(Verdict),
    /// The message is parked.
    Park {
        /// What is kept.
        parked: Box<Parked>,
        /// What is told.
        event: Box<Event>,
        /// The outcome.
        verdict: Verdict,
    },
}

impl<T> Decision<T> {
    /// The outcome.
    pub fn verdict(&self) -> &Verdict {
        match self {
            Self::Write { verdict, .. } | Self::Park { verdict, .. } | Self::Nothing(verdict) => verdict,
        }
    }
}

/// What an object remembers of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absorbed {
    /// Nothing: it is new, and is remembered from now on.
    New,
    /// It said the same before.
    Before,
    /// Something else came under the same key.
    Otherwise,
}

/// Looks a message up by the key of the thing that happened, and remembers it. `content` is what must not differ between
/// two messages with this key.
pub fn absorb(absorbed: &mut BTreeMap<ShortHash, ShortHash>, key: &str, content: &str) -> Absorbed {
    let (key, content) = (short_hash(key), short_hash(content));
    match absorbed.get(&key) {
        None => {
            absorbed.insert(key, content);
            Absorbed::New
        }
        Some(before) if *before == content => Absorbed::Before,
        Some(_) => Absorbed::Otherwise,
    }
}

/// Most findings kept of a parked message: whoever mends it needs the first few, and they must fit a table item twice.
pub const FINDINGS_MAX: usize = 50;

/// Parks `message`. The first finding is the reason.
pub fn park<T>(
    step: &'static str,
    message: &Message,
    parked_as: ParkedAs,
    what: &str,
    mut findings: Vec<Finding>,
    correlation_id: Option<String>,
) -> Decision<T> {
    findings.truncate(FINDINGS_MAX);
    let (code, detail) =
        findings.first().map_or((Code::InternalFault, String::new()), |first| (first.code, first.detail.clone()));
    let (outcome, kind) = match parked_as {
        ParkedAs::Rejected => (Outcome::Rejected, EventType::MessageRejected),
        ParkedAs::Quarantined => (Outcome::Quarantined, EventType::MessageQuarantined),
        ParkedAs::Conflict => (Outcome::Conflict, EventType::MessageConflict),
    };
    let data = json!({
        "message_id": message.id, "what": what, "code": code, "findings": findings, "release_id": correlation_id,
    });
    let ordering_key = message.sender.scope.partner.as_str();
    let mut telling = Telling::new(step, Cause::message(message), ordering_key, correlation_id.clone(), 0);
    telling.tell(kind, message.id.as_str(), data);
    let parked = Parked {
        id: message.id.clone(),
        partner: message.sender.scope.partner.clone(),
        parked_as,
        code,
        what: what.to_owned(),
        findings,
        raw: message.raw.clone(),
        received_at: message.received_at,
        correlation_id,
        message: serde_json::to_value(message).unwrap_or_default(),
    };
    match telling.into_events().pop() {
        Some(event) => Decision::Park {
            parked: Box::new(parked),
            event: Box::new(event),
            verdict: Verdict::because(outcome, code, detail),
        },
        None => Decision::Nothing(Verdict::because(outcome, code, detail)),
    }
}
