//! `webhook-ingest`: a partner's signed webhook becomes a message. Nothing here needs the table.

use canonical::{ArchiveRef, Content, Finding, Message, MessageId, Principal};
use formats::webhook::Topic;
use jiff::Timestamp;

/// The step's name.
pub const STEP: &str = "webhook-ingest";
/// Longest body, in bytes: a ship confirm of 500 lines is a tenth of it, and SQS holds no more.
pub const BODY_LEN_MAX: usize = 1 << 20;

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
    Ok(Message {
        id: MessageId::derive(&sender.scope.tenant, &sender.scope.partner, webhook_id),
        sender: sender.clone(),
        received_at: now,
        raw: ArchiveRef::whole(body),
        profile_version: profile_version.to_owned(),
        content,
    })
}
