//! Canonical events, as subscribers get them, and what each type says: the schemas that are published.
//!
//! The steps write `data` by hand, so the types here are read with by nobody but tests: every event that the simulator's
//! flows tell is held against its schema (`tests/simulation/tests/told.rs`).

use canonical::{
    Code, Court, DeliveryId, Digest, Event, EventId, EventType, Expected, Finding, Hold, LineProgress, MessageId,
    MilestoneCode, PartnerId, ReleaseId, ReleaseState, Role, Route, ShipmentId, ShippedLine, Transition,
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde_json::Value;

use crate::json::Schema;

/// The name under which the schema is published.
pub const SCHEMA_NAME: &str = "event";

/// The published JSON Schema (2020-12) of an event, whatever its type.
pub fn schema() -> Value {
    Schema::of::<Event>(SCHEMA_NAME).value().clone()
}

macro_rules! data {
    ($($data:ident: $($variant:ident)|+;)*) => {
        /// The published JSON Schema (2020-12) of `data` in events of type `kind`, as `events/<type>.json`.
        pub fn data_schema(kind: EventType) -> Value {
            let name = format!("events/{kind}");
            match kind {
                $($(EventType::$variant)|+ => Schema::of::<$data>(&name),)*
            }
            .value()
            .clone()
        }
    };
}

data! {
    Requested: ReleaseRequested | ReleaseValidated;
    Routed: ReleaseRouted;
    Held: ReleaseHeld;
    Resumed: ReleaseResumed;
    Dispatched: ReleaseDispatched;
    TransportAcked: ReleaseTransportAcked;
    TechnicallyDecided: ReleaseTechnicallyAcked | ReleaseTechnicallyRejected;
    BusinessDecided: ReleaseAccepted | ReleaseRejected;
    CancelAsked: CancelRequested;
    CancelDecided: CancelAccepted | CancelRefused;
    Progressed: FulfillmentProgressed;
    Progress: LineOverShipped | OrderCompleted;
    Confirmed: ShipmentConfirmed;
    Scan: MilestoneRecorded;
    Proven: ProofOfShipment;
    Invoice: InvoiceTriggerRequested;
    DeliveryEnded: DeliveryCompleted | DeliveryRefused | DeliveryUnknown | DeliveryHeld;
    Parked: MessageRejected | MessageQuarantined | MessageConflict;
    Violation: OwnershipViolation;
    Missed: ExpectationMissed;
}

/// The shape of `data`, for its schema alone.
macro_rules! shapes {
    ($($(#[$doc:meta])* struct $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(JsonSchema)]
            #[schemars(deny_unknown_fields)]
            #[expect(dead_code, reason = "read by the derived schema alone")]
            struct $name { $($(#[$field_doc])* $field: $type,)* }
        )*
    };
}

shapes! {
    /// A release as it was asked for.
    struct Requested {
        release_id: ReleaseId,
        order_no: String,
        release_no: u32,
        customer_po: Option<String>,
        state: ReleaseState,
    }
    /// Where a release goes.
    struct Routed {
        release_id: ReleaseId,
        order_no: String,
        route: Route,
    }
    /// Why a release does not go on.
    struct Held {
        release_id: ReleaseId,
        order_no: String,
        /// Where it stands, if it was on its way.
        state: Option<ReleaseState>,
        /// What kind of reason, if there is a code for it.
        code: Option<Code>,
        reason: String,
        /// The hold, if somebody placed one.
        hold: Option<Hold>,
    }
    /// Why a release goes on that was held.
    struct Resumed {
        release_id: ReleaseId,
        order_no: String,
        state: ReleaseState,
        /// What held it.
        code: Code,
    }
    /// How a release was placed.
    struct Dispatched {
        release_id: ReleaseId,
        order_no: String,
        partner: PartnerId,
        /// Webhook id, or interchange control number.
        message_no: String,
        depositor_order_no: String,
        delivery_id: DeliveryId,
        /// The document in the archive.
        sha256: Digest,
    }
    /// The partner's system has the bytes.
    struct TransportAcked {
        release_id: ReleaseId,
        order_no: String,
        state: ReleaseState,
        message_no: String,
    }
    /// What the partner's system says of the document.
    struct TechnicallyDecided {
        release_id: ReleaseId,
        order_no: String,
        state: ReleaseState,
        /// The partner's notes in words (AK3, AK4, AK5).
        notes: Vec<String>,
        group_control: String,
        set_control: Option<String>,
    }
    /// Whether the warehouse will ship.
    struct BusinessDecided {
        release_id: ReleaseId,
        order_no: String,
        state: ReleaseState,
        partner_order_no: Option<String>,
        reason: Option<String>,
    }
    /// A cancel was asked for.
    struct CancelAsked {
        release_id: ReleaseId,
        order_no: String,
        state: ReleaseState,
    }
    /// What became of a cancel.
    struct CancelDecided {
        release_id: ReleaseId,
        order_no: String,
        /// Where the release stands, if it had been sent.
        state: Option<ReleaseState>,
        reason: Option<String>,
    }
    /// Work in the warehouse.
    struct Progressed {
        release_id: ReleaseId,
        order_no: String,
        state: ReleaseState,
        /// What was done, such as `waved`.
        step: String,
    }
    /// Lines, with what was ordered and shipped of each.
    struct Progress {
        release_id: ReleaseId,
        order_no: String,
        state: ReleaseState,
        lines: Vec<LineProgress>,
    }
    /// What left the warehouse.
    struct Confirmed {
        shipment_id: ShipmentId,
        release_id: ReleaseId,
        order_no: String,
        customer_po: Option<String>,
        /// The warehouse's number.
        shipment_no: String,
        partner: PartnerId,
        lines: Vec<ShippedLine>,
        scac: Option<String>,
        tracking_nos: Vec<String>,
        ssccs: Vec<String>,
        shipped_at: Timestamp,
        /// Whether it is known to have been delivered.
        arrived: bool,
        /// What looked odd, though the document was taken.
        warnings: Vec<Finding>,
    }
    /// What happened to a shipment.
    struct Scan {
        shipment_id: ShipmentId,
        /// Null as long as the warehouse has not confirmed the shipment.
        release_id: Option<ReleaseId>,
        milestone: MilestoneCode,
        arrived: bool,
        occurred_at: Timestamp,
        place: Option<String>,
        tracking_no: Option<String>,
    }
    /// The carrier has the goods.
    struct Proven {
        shipment_id: ShipmentId,
        release_id: ReleaseId,
    }
    /// What may be invoiced.
    struct Invoice {
        shipment_id: ShipmentId,
        release_id: ReleaseId,
        lines: Vec<ShippedLine>,
    }
    /// What became of a delivery.
    struct DeliveryEnded {
        delivery_id: DeliveryId,
        message_no: String,
        partner: PartnerId,
        /// The document in the archive.
        sha256: Digest,
        detail: String,
        /// What was delivered: `release`, `cancel`, `event` or `acknowledgment`; which follows.
        about: String,
        release_id: Option<ReleaseId>,
        event_id: Option<EventId>,
        correlation_id: Option<String>,
        group: Option<String>,
    }
    /// What did not come in time.
    struct Missed {
        release_id: ReleaseId,
        order_no: String,
        expected: Expected,
        /// The role of which it is expected.
        of: Role,
        partner: PartnerId,
        due: Timestamp,
        state: ReleaseState,
        /// Who owns the next move; null once the release has ended.
        court: Option<Court>,
    }
    /// A message that was not taken.
    struct Parked {
        message_id: MessageId,
        /// What it was, such as `transaction set 945 0017`.
        what: String,
        code: Code,
        findings: Vec<Finding>,
        release_id: Option<String>,
    }
    /// Who tried what, and whose it is.
    struct Violation {
        release_id: Option<ReleaseId>,
        shipment_id: Option<ShipmentId>,
        order_no: Option<String>,
        transition: Transition,
        owner: Role,
        sender: PartnerId,
        sender_roles: Vec<Role>,
        state: Option<ReleaseState>,
    }
}
