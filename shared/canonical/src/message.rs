//! Messages between the edge and the steps: a verified sender, where the raw bytes lie, and one canonical document.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;

use crate::{
    ArchiveRef, DeliveryId, Digest, Event, Finding, MessageId, Meta, MilestoneCode, PartnerScope, Principal, Quantity,
    ReleaseId, Trace,
};

/// One message, as the edge hands it to a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Derived from the sender and the sender's own id of the message.
    pub id: MessageId,
    /// Who sent it, as verified.
    pub sender: Principal,
    /// When it was received. Clocks count from here, also after a redrive.
    pub received_at: Timestamp,
    /// Its raw bytes.
    pub raw: ArchiveRef,
    /// The profile bundle under which it was read.
    pub profile_version: String,
    /// Where it stands in a trace, if its sender or the gateway named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<Trace>,
    /// What it says.
    pub content: Content,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Content {
    /// The warehouse will ship, or will not.
    BusinessDecision {
        /// Which release.
        release: SetReference,
        /// Whether it will.
        accepted: bool,
        /// The partner's number for the order.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        partner_order_no: Option<String>,
        /// Why not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// When it was decided.
        occurred_at: Timestamp,
    },
    /// The warehouse started work.
    Waved {
        /// Which release.
        release: SetReference,
        /// When.
        occurred_at: Timestamp,
    },
    /// The warehouse agreed to a cancel, or did not.
    CancelDecision {
        /// Which release.
        release: SetReference,
        /// Whether it agreed.
        accepted: bool,
        /// Why not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// When it was decided.
        occurred_at: Timestamp,
    },
    /// A functional acknowledgment of something we sent.
    GroupAck(GroupAck),
    /// Goods left the warehouse.
    ShipConfirm(ShipConfirm),
    /// Something happened to a shipment on its way.
    Milestone(MilestoneUpdate),
    /// We owe the sender an acknowledgment.
    Acknowledge(Owed),
    /// What came cannot be handled; a person shall look.
    Defective {
        /// What it was, such as `transaction set 945 0017`.
        what: String,
        /// What is wrong, the first being the reason for parking.
        findings: Vec<Finding>,
        /// Whether the sender was told in its own protocol.
        sender_told: bool,
    },
}

/// How a partner names a release: by our id, or by the number under which we placed it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SetReference {
    /// Our release id.
    ReleaseId(ReleaseId),
    /// The depositor order number (X12 element 285).
    DepositorOrderNo(String),
}

/// What a 997 says of one transaction set, or of a whole group if it names no set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupAck {
    /// Functional identifier code of the acknowledged group (GS01, AK101).
    pub functional_id: String,
    /// Its control number (GS06, AK102), without leading zeros.
    pub group_control: String,
    /// The acknowledged set's control number (ST02, AK202); none if the acknowledgment is of the whole group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_control: Option<String>,
    /// Whether it was accepted, with or without notes.
    pub accepted: bool,
    /// The partner's notes in words (AK3, AK4, AK5).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Control numbers of the acknowledging interchange, group and set.
    pub ack_control: String,
}

/// A ship confirm in canonical form: from a 945 or a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipConfirm {
    /// Which release was shipped.
    pub release: SetReference,
    /// The warehouse's number of the shipment.
    pub shipment_no: String,
    /// What was shipped.
    pub lines: Vec<ShippedLine>,
    /// Standard carrier alpha code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scac: Option<String>,
    /// Tracking or PRO numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tracking_nos: Vec<String>,
    /// Serial shipping container codes, 18 digits each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ssccs: Vec<String>,
    /// When the goods left, or the day's start where only a day was given.
    pub shipped_at: Timestamp,
    /// What looked odd, though the document was taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Finding>,
}

/// One line of a ship confirm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShippedLine {
    /// The release's line, where the sender names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_no: Option<u32>,
    /// The item.
    pub sku: String,
    /// Shipped, in `uom`.
    pub quantity: Quantity,
    /// Unit of measure (X12 element 355).
    pub uom: String,
    /// What the warehouse says of the line (X12 element 368), such as `CC` complete or `BP` partial with the rest to come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

/// A carrier milestone of a shipment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MilestoneUpdate {
    /// The shipment, by our id, or by the sender's number made into our id.
    pub shipment: crate::ShipmentId,
    /// Whether the sender named it by its own number, so that it can only be one of its own.
    pub own: bool,
    /// What happened.
    pub code: MilestoneCode,
    /// When.
    pub occurred_at: Timestamp,
    /// Where, in the sender's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The tracking number under which it was reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_no: Option<String>,
}

/// An acknowledgment that we owe for one functional group. Its body may name thousands of sets, so it lies in the
/// archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owed {
    /// The archived [`Acknowledgment`], as JSON.
    pub sha256: Digest,
}

/// The body of an acknowledgment, not yet numbered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgment {
    /// Which document it is.
    #[serde(default)]
    pub document: AcknowledgmentDocument,
    /// Its segments, those of the envelopes left out: the id, then the elements, each of one or more components.
    pub segments: Vec<(String, Vec<Vec<String>>)>,
    /// In which version the answer is written: GS08, such as `004010`; of a TA1 the interchange's, such as `00401`; of a
    /// CONTRL `D.3` or `4.1`.
    pub version: String,
    /// What is acknowledged, in words: interchange and group control number.
    pub group: String,
}

/// Documents that acknowledge syntax.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AcknowledgmentDocument {
    /// X12, of an interchange.
    #[serde(rename = "TA1")]
    Ta1,
    /// X12, of a group.
    #[default]
    #[serde(rename = "997")]
    Functional997,
    /// X12, of a group of an implementation guide.
    #[serde(rename = "999")]
    Implementation999,
    /// EDIFACT, of an interchange.
    #[serde(rename = "CONTRL")]
    Contrl,
}

impl AcknowledgmentDocument {
    /// Its name in its standard.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ta1 => "TA1",
            Self::Functional997 => "997",
            Self::Implementation999 => "999",
            Self::Contrl => "CONTRL",
        }
    }
}

/// What the queue of a step holds: a message from the edge, or an event from the bus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Inbound {
    /// From the bus.
    Event(Box<Event>),
    /// From the edge.
    Message(Box<Message>),
}

/// The fields of both: what is what is known by them, in one pass.
#[derive(Deserialize)]
struct Either {
    meta: Option<Meta>,
    #[serde(default, deserialize_with = "there")]
    data: Option<Value>,
    id: Option<MessageId>,
    sender: Option<Principal>,
    received_at: Option<Timestamp>,
    raw: Option<ArchiveRef>,
    profile_version: Option<String>,
    #[serde(default)]
    trace: Option<Trace>,
    content: Option<Content>,
}

fn there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl<'de> Deserialize<'de> for Inbound {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Either { meta, data, id, sender, received_at, raw, profile_version, trace, content } =
            Either::deserialize(deserializer)?;
        if let (Some(meta), Some(data)) = (meta, data) {
            return Ok(Self::Event(Box::new(Event { meta, data })));
        }
        let missing = || de::Error::custom("this is neither an event nor a message");
        Ok(Self::Message(Box::new(Message {
            id: id.ok_or_else(missing)?,
            sender: sender.ok_or_else(missing)?,
            received_at: received_at.ok_or_else(missing)?,
            raw: raw.ok_or_else(missing)?,
            profile_version: profile_version.ok_or_else(missing)?,
            trace,
            content: content.ok_or_else(missing)?,
        })))
    }
}

impl Inbound {
    /// The id for logs and traces.
    pub fn id(&self) -> &str {
        match self {
            Self::Event(event) => event.meta.id.as_str(),
            Self::Message(message) => message.id.as_str(),
        }
    }
}

/// What the deliveries queue holds: which delivery is due. The delivery itself lies in the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// The receiver.
    #[serde(flatten)]
    pub receiver: PartnerScope,
    /// The delivery.
    pub delivery: DeliveryId,
    /// The order release that it belongs to, for the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// It was held, and is to be called out although others still are.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub resumed: bool,
    /// The trace that it belongs to, for the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<Trace>,
}

impl Work {
    /// The message that has `delivery` carried out.
    pub fn of(delivery: &crate::Delivery) -> Self {
        Self {
            receiver: delivery.receiver.clone(),
            delivery: delivery.id.clone(),
            correlation_id: delivery.subject.correlation_id(),
            resumed: false,
            trace: delivery.trace.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_that_acknowledges_is_named_as_its_standard_names_it() {
        use AcknowledgmentDocument::{Contrl, Functional997, Implementation999, Ta1};
        for (document, name) in [(Ta1, "TA1"), (Functional997, "997"), (Implementation999, "999"), (Contrl, "CONTRL")] {
            assert_eq!(document.as_str(), name);
            assert_eq!(serde_json::to_value(document).unwrap(), name);
        }
    }

    #[test]
    fn what_a_queue_holds_is_logged_under_its_own_id() {
        let body = serde_json::json!({
            "id": "msg_1", "sender": { "tenant": "t", "partner": "p", "roles": ["3pl"] },
            "received_at": "2026-01-31T14:35:00Z", "profile_version": "",
            "raw": { "sha256": Digest::of(b"").as_str(), "offset": 0, "len": 0 },
            "content": { "kind": "waved", "release": { "release_id": "rel_1" }, "occurred_at": "2026-01-31T14:35:00Z" },
        });
        assert_eq!(serde_json::from_value::<Inbound>(body).unwrap().id(), "msg_1");
        let event = serde_json::json!({
            "meta": {
                "id": "evt_1", "type": "order.completed.v1", "source": "order-apply", "time": "2026-01-31T14:35:00Z",
                "received_at": "2026-01-31T14:35:00Z", "causation_id": "msg_1", "partner": "p", "tenant": "t",
                "schema": "", "profile_version": "", "seq": 1, "dedup_key": "1", "ordering_key": "1",
            },
            "data": {},
        });
        assert_eq!(serde_json::from_value::<Inbound>(event).unwrap().id(), "evt_1");
    }
}
