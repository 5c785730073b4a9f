//! The company's language: ids, documents, messages, events, outcomes and the state machines of the business objects.
//!
//! Pure: no I/O, no clock, no randomness, no environment. Everything that travels between two steps, lies in the table
//! or is shown to a person is a type of this crate.

mod breaker;
mod code;
mod delivery;
pub mod documents;
mod event;
mod expectation;
mod hold;
mod id;
mod message;
mod moment;
mod order;
mod parked;
mod principal;
mod quantity;
mod release;
mod shipment;
mod trace;

pub use breaker::{Breaker, BreakerState};
pub use code::{Code, Finding, Place};
pub use delivery::{
    Body, Delivery, DeliveryState, Guarantee, Retries, SETTLE_S, Subject, TRIES_MAX, Target, Terms, WAIT_S_MAX,
};
pub use event::{Event, EventType, Meta};
pub use expectation::{Expectation, Expected, Standing};
pub use hold::{HOLDS_MAX, Hold, HoldAsked, HoldReason};
pub use id::{
    ArchiveRef, DeliveryId, Digest, EventId, HoldId, IdError, MessageId, PartnerId, ReleaseId, ShipmentId, ShortHash,
    Tenant, short_hash,
};
pub use message::{
    Acknowledgment, AcknowledgmentDocument, Content, GroupAck, Inbound, Message, MilestoneUpdate, Owed, SetReference,
    ShipConfirm, ShippedLine, Work,
};
pub use moment::{Moment, MomentError};
pub use order::{Address, Carrier, OrderLine, OrderRelease};
pub use parked::{Parked, ParkedAs};
pub use principal::{PartnerScope, Principal, Role};
pub use quantity::{Quantity, QuantityError};
pub use release::{
    BusinessDecision, Court, Dispatch, Facts, HistoryEntry, LineProgress, Release, ReleaseState, Route,
    TechnicalVerdict, Transition,
};
pub use shipment::{Confirmed, Milestone, MilestoneCode, Shipment};
pub use trace::{Trace, TraceError};
