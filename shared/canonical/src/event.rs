//! Canonical events: what happened, told to everybody who may know.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{ArchiveRef, EventId, PartnerId, Tenant, Trace};

macro_rules! event_types {
    ($($(#[$doc:meta])* $variant:ident = $text:literal;)*) => {
        /// The types of canonical events. Past tense; the version is part of the name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum EventType {
            $($(#[$doc])* #[serde(rename = $text)] $variant,)*
        }

        impl EventType {
            /// Every type.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The type as it is written, such as `shipment.confirmed.v1`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

event_types! {
    /// An ERP asked for a release.
    ReleaseRequested = "order.release.requested.v1";
    /// The release passed validation and waits for its route.
    ReleaseValidated = "order.release.validated.v1";
    /// Warehouse, partner and protocol are chosen.
    ReleaseRouted = "order.release.routed.v1";
    /// The release waits for something named.
    ReleaseHeld = "order.release.held.v1";
    /// What held the release has passed.
    ReleaseResumed = "order.release.resumed.v1";
    /// The release has its message and control numbers and is on its way to the partner.
    ReleaseDispatched = "order.release.dispatched.v1";
    /// The partner's system took the bytes.
    ReleaseTransportAcked = "order.release.transport_acked.v1";
    /// The partner's system read the document (997, CONTRL).
    ReleaseTechnicallyAcked = "order.release.technically_acked.v1";
    /// The partner's system refused the document as malformed.
    ReleaseTechnicallyRejected = "order.release.technically_rejected.v1";
    /// The warehouse will ship.
    ReleaseAccepted = "order.release.accepted.v1";
    /// The warehouse will not ship.
    ReleaseRejected = "order.release.rejected.v1";
    /// The ERP asked to cancel.
    CancelRequested = "order.cancel.requested.v1";
    /// The release is cancelled.
    CancelAccepted = "order.cancel.accepted.v1";
    /// The release is not cancelled.
    CancelRefused = "order.cancel.refused.v1";
    /// Work in the warehouse went on (waved).
    FulfillmentProgressed = "order.fulfillment.progressed.v1";
    /// Something that was expected of a party did not come in time. It may still come.
    ExpectationMissed = "order.expectation.missed.v1";
    /// More was shipped on a line than was ordered.
    LineOverShipped = "order.line.over_shipped.v1";
    /// Every line is shipped.
    OrderCompleted = "order.completed.v1";
    /// A warehouse says that a shipment left.
    ShipmentConfirmed = "shipment.confirmed.v1";
    /// Something happened to a shipment on its way.
    MilestoneRecorded = "shipment.milestone.recorded.v1";
    /// The carrier has the goods.
    ProofOfShipment = "shipment.proof_of_shipment.established.v1";
    /// The invoice may be written, once, for what was shipped.
    InvoiceTriggerRequested = "invoice.trigger.requested.v1";
    /// A delivery reached its partner.
    DeliveryCompleted = "partner.delivery.completed.v1";
    /// The document of a release waits until its partner's endpoint answers again.
    DeliveryHeld = "partner.delivery.held.v1";
    /// A delivery was refused by its partner for good.
    DeliveryRefused = "partner.delivery.refused.v1";
    /// It is not known what became of a delivery; a person must find out.
    DeliveryUnknown = "partner.delivery.unknown.v1";
    /// A message was refused; its sender was told.
    MessageRejected = "partner.message.rejected.v1";
    /// A message waits for a person.
    MessageQuarantined = "partner.message.quarantined.v1";
    /// A message contradicts one with the same business key.
    MessageConflict = "partner.message.conflict.v1";
    /// Somebody tried a transition that is not theirs.
    OwnershipViolation = "state.ownership.violation.v1";
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What every event says about itself (the attributes of CloudEvents, and ours).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Meta {
    /// Derived from tenant, type and dedup key: the same fact has the same id however often it is told.
    pub id: EventId,
    /// The type.
    #[serde(rename = "type")]
    pub kind: EventType,
    /// The step that decided it, such as `order-apply`.
    pub source: String,
    /// When it happened, by the word of the one who owns the fact.
    pub time: Timestamp,
    /// When the message behind it was received.
    pub received_at: Timestamp,
    /// The order release that it belongs to, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// The message or event that caused it.
    pub causation_id: String,
    /// The partner whose message caused it.
    pub partner: PartnerId,
    /// The partners that have a part in it: the ERP that released and the warehouse that ships. Other ERPs and
    /// warehouses are not told.
    #[serde(default)]
    pub parties: Vec<PartnerId>,
    /// The distributor.
    pub tenant: Tenant,
    /// Where the JSON Schema of `data` stands.
    pub schema: String,
    /// The profile bundle under which it was decided.
    pub profile_version: String,
    /// Position in the order of its business object's events, from 1.
    pub seq: u64,
    /// What makes the fact this fact.
    pub dedup_key: String,
    /// Events with the same ordering key belong in one order.
    pub ordering_key: String,
    /// The raw bytes behind it, where there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw_ref: Option<ArchiveRef>,
    /// The trace of the request behind it (the distributed tracing extension of CloudEvents), where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<Trace>,
}

/// A canonical event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// About the event.
    pub meta: Meta,
    /// The fact itself.
    pub data: Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_one_word_in_every_place() {
        for kind in EventType::ALL {
            assert_eq!(kind.to_string(), kind.as_str());
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
    }
}
