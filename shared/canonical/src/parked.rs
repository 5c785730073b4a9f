//! A parked message: one that can never succeed as it is, kept for a person with code, reason and place.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{ArchiveRef, Code, Finding, MessageId, PartnerId};

/// Why a message is parked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParkedAs {
    /// The sender's fault; the sender was told.
    Rejected,
    /// It cannot be attributed or understood.
    Quarantined,
    /// The same business key came with other content.
    Conflict,
}

/// A parked message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parked {
    /// The message.
    pub id: MessageId,
    /// Who sent it.
    pub partner: PartnerId,
    /// Why.
    pub parked_as: ParkedAs,
    /// The first reason.
    pub code: Code,
    /// What it was.
    pub what: String,
    /// Everything that is wrong.
    pub findings: Vec<Finding>,
    /// Its raw bytes.
    pub raw: ArchiveRef,
    /// When it was received.
    pub received_at: Timestamp,
    /// The order release that it would have concerned, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// The message as the step got it, to be sent again once its cause is mended.
    pub message: serde_json::Value,
}
