//! `webhook-ingest`: a partner's signed webhook becomes a message. Nothing here needs the table.

use canonical::{ArchiveRef, Code, Content, Finding, Message, MessageId, Place, Principal};
use formats::webhook::Topic;
use jiff::{SignedDuration, Timestamp};

/// The step's name.
pub const STEP: &str = "webhook-ingest";
/// Longest body, in bytes: a ship confirm of 500 lines is a tenth of it, and SQS holds no more.
pub const BODY_LEN_MAX: usize = 1 << 20;

/// Furthest ahead of our clock that a partner's time may be: a day, for those who send local times as UTC. A decision
/// dated further ahead could never be changed.
const CLOCK_AHEAD_MAX: SignedDuration = SignedDuration::from_hours(24);
/// Furthest back that a partner's time may be: ten years, which no open order is old.
const PAST_MAX: SignedDuration = SignedDuration::from_hours(10 * 366 * 24);

/// The time that `content` names, and the field that holds it.
fn told_time(content: &Content) -> Option<(&'static str, Timestamp)> {
    match content {
        Content::BusinessDecision { occurred_at, .. }
        | Content::Waved { occurred_at, .. }
        | Content::CancelDecision { occurred_at, .. } => Some(("/occurred_at", *occurred_at)),
        Content::Milestone(update) => Some(("/occurred_at", update.occurred_at)),
        Content::ShipConfirm(confirm) => Some(("/shipped_at", confirm.shipped_at)),
        Content::GroupAck(_) | Content::Acknowledge(_) | Content::Defective { .. } => None,
    }
}

/// Which step handles a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// `order-apply`.
    OrderApply,
    /// `shipment-apply`.
    ShipmentApply,
    /// `order-dispatch`.
    OrderDispatch,
}

/// The step that handles `content`.
pub fn destination(content: &Content) -> Destination {
    match content {
        Content::ShipConfirm(_) | Content::Milestone(_) => Destination::ShipmentApply,
        Content::Acknowledge(_) => Destination::OrderDispatch,
        Content::BusinessDecision { .. }
        | Content::Waved { .. }
        | Content::CancelDecision { .. }
        | Content::GroupAck(_)
        | Content::Defective { .. } => Destination::OrderApply,
    }
}

/// Makes a message of a verified webhook. Its id follows from the partner and the partner's webhook id, so that the
/// same webhook sent twice is the same message.
pub fn decide(
    topic: Topic,
    sender: &Principal,
    webhook_id: &str,
    body: &[u8],
    profile_version: &str,
    now: Timestamp,
) -> Result<Message, Vec<Finding>> {
    let content = formats::webhook::parse(topic, sender, body)?;
    if let Some((field, time)) = told_time(&content)
        && (time > now + CLOCK_AHEAD_MAX || time < now - PAST_MAX)
    {
        let detail = "must be a time of the last ten years, and at most a day ahead".to_owned();
        let place = Some(Place::Pointer(field.to_owned()));
        return Err(vec![Finding { code: Code::SchemaViolation, detail, place }]);
    }
    Ok(Message {
        id: MessageId::derive(&sender.scope.tenant, &sender.scope.partner, webhook_id),
        sender: sender.clone(),
        received_at: now,
        raw: ArchiveRef::whole(body),
        profile_version: profile_version.to_owned(),
        trace: None,
        content,
    })
}
