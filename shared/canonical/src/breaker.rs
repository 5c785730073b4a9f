//! The breaker before a partner's endpoint: whether it is called, and what is done while it does not answer.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{DeliveryId, PartnerScope};

/// Where a breaker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    /// The endpoint is called.
    Closed,
    /// It does not answer: deliveries are held, and one of them is tried now and then.
    Open,
    /// It answers again: what is held is resumed in its order, and new deliveries stand behind it.
    Draining,
    /// Nothing is held any more: the endpoint is called, and it is looked once more whether anything is held.
    Closing,
}

/// A breaker. One small item for each endpoint that ever failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breaker {
    /// Whose endpoint it is.
    pub receiver: PartnerScope,
    /// Where it stands.
    pub state: BreakerState,
    /// The deliveries whose calls failed since the last one that was answered, the latest last; a few at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<DeliveryId>,
    /// Since when the endpoint is out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<Timestamp>,
    /// Deliveries tried since then.
    #[serde(default)]
    pub probes: u32,
    /// When `partner-resume` has to look at it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_at: Option<Timestamp>,
    /// The place in the order of what is held up to which it was resumed; none at the beginning of a round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumed_to: Option<String>,
}

impl Breaker {
    /// The breaker of an endpoint that never failed.
    pub fn closed(receiver: PartnerScope) -> Self {
        Self {
            receiver,
            state: BreakerState::Closed,
            failed: Vec::new(),
            opened_at: None,
            probes: 0,
            next_at: None,
            resumed_to: None,
        }
    }

    /// Whether a delivery may be called out. One that was resumed always may.
    pub fn admits(&self, resumed: bool) -> bool {
        resumed || matches!(self.state, BreakerState::Closed | BreakerState::Closing)
    }
}
