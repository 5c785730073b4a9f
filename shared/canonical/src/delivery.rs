//! A delivery: one message to one partner, fixed before the partner is first called.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{DeliveryId, Digest, EventId, PartnerScope, ReleaseId, Trace};

/// What a partner's operation does when it is called twice with the same key, and what can be known of a lost call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Guarantee {
    /// D: the partner recognises our key and does it once. It may be called again.
    Dedupes,
    /// L: the partner does it again, and can be asked whether it has our message. After a call whose result was lost it is
    /// asked, and called again only if it has not, once the call can no longer be under way.
    Lookup,
    /// N: the partner does it again. After a call whose result was lost a person decides.
    Neither,
}

/// Seconds after which a call on record is surely over at our end: the client gives up after ten seconds, the function after
/// twenty.
pub const SETTLE_S: u32 = 60;

/// How one operation of a partner is called. Part of its profile, and pinned in each delivery when it is decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// What a second call does.
    pub guarantee: Guarantee,
    /// Seconds after a call was put on record in which it may still take effect at the partner; after them it has, or never
    /// will.
    pub settle_s: u32,
    /// When a call that failed is made again; as usual if not given.
    pub retries: Option<Retries>,
}

impl From<Guarantee> for Terms {
    fn from(guarantee: Guarantee) -> Self {
        Self { guarantee, settle_s: SETTLE_S, retries: None }
    }
}

/// When a call that failed is made again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retries {
    /// Seconds to wait after each failed call; the last wait again and again. A longer `Retry-After` counts.
    #[schemars(length(min = 1, max = 25), inner(range(min = 1, max = 39_600)))]
    pub waits_s: Vec<u32>,
    /// Calls until its message goes to the dead-letter queue; 25 is what the queue gives.
    #[serde(default = "tries_max")]
    #[schemars(range(min = 1, max = 25))]
    pub tries: u32,
}

/// Most tries of one message: what the queue of `partner-deliver` gives.
pub const TRIES_MAX: u32 = 25;

/// Longest wait in seconds: SQS holds a message back for 12 hours at most.
pub const WAIT_S_MAX: u32 = 39_600;

/// Quick at first for a hiccup, then ever longer for an outage; a day over these steps, and the last one again and again for
/// almost a week until the queue's 25 tries are over. (Standard Webhooks advises days.)
const WAITS_S: [u32; 12] = [2, 4, 15, 60, 300, 900, 1800, 3600, 7200, 14_400, 28_800, WAIT_S_MAX];

fn tries_max() -> u32 {
    TRIES_MAX
}

impl Default for Retries {
    fn default() -> Self {
        Self { waits_s: WAITS_S.to_vec(), tries: TRIES_MAX }
    }
}

impl Retries {
    /// Seconds to wait after another call failed, when `failures` had failed before.
    pub fn wait_s(&self, failures: u32) -> u32 {
        self.waits_s.get(failures as usize).or(self.waits_s.last()).copied().unwrap_or(1)
    }

    /// Seconds from the first try to the last.
    pub fn lasts_s(&self) -> u64 {
        (1..self.tries).map(|failed| u64::from(self.wait_s(failed - 1))).sum()
    }
}

/// How a delivery reaches its partner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// A signed POST to the endpoint in the partner's profile.
    Http,
    /// An object in the partner's outbox; the name within it. Writing it twice leaves the same object.
    File {
        /// Name of the file.
        name: String,
    },
}

/// The document that is delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// Its address in the archive.
    pub sha256: Digest,
    /// Its media type.
    pub content_type: String,
}

/// What a delivery is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum Subject {
    /// A release is placed with its warehouse.
    Release {
        /// Which.
        release_id: ReleaseId,
    },
    /// A release is to be cancelled at its warehouse.
    Cancel {
        /// Which.
        release_id: ReleaseId,
    },
    /// A subscriber is told of an event.
    Event {
        /// Which.
        event_id: EventId,
        /// The release that it belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        correlation_id: Option<String>,
    },
    /// A functional group is acknowledged.
    Acknowledgment {
        /// The acknowledged group in words.
        group: String,
    },
}

impl Subject {
    /// The order release that the delivery belongs to, where there is one.
    pub fn correlation_id(&self) -> Option<String> {
        match self {
            Self::Release { release_id } | Self::Cancel { release_id } => Some(release_id.to_string()),
            Self::Event { correlation_id, .. } => correlation_id.clone(),
            Self::Acknowledgment { .. } => None,
        }
    }
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Not there yet.
    Pending,
    /// The partner took it.
    Delivered,
    /// The partner refused it for good.
    Refused,
    /// It is not known; a person must find out.
    Unknown,
}

/// A delivery. Its message number never changes: a retry sends the same bytes under the same number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Derived from the receiver and the subject: the same thing is never delivered under two ids.
    pub id: DeliveryId,
    /// The receiver.
    pub receiver: PartnerScope,
    /// What it is about.
    pub subject: Subject,
    /// The number under which the partner knows the message: webhook id, or interchange control number.
    pub message_no: String,
    /// How it gets there.
    pub target: Target,
    /// What is delivered.
    pub body: Body,
    /// What a second call does.
    pub guarantee: Guarantee,
    /// Seconds in which a call on record may still take effect: see [`Terms::settle_s`].
    #[serde(default = "settle_s", skip_serializing_if = "is_usual")]
    pub settle_s: u32,
    /// When a call that failed is made again; as usual if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<Retries>,
    /// Where it stands.
    pub state: DeliveryState,
    /// When the partner was called without it being on record yet what came of it (L and N only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<Timestamp>,
    /// Since when it is held without a message in any queue, because the partner's endpoint is out. It is in the index of
    /// what waits exactly while this is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_since: Option<Timestamp>,
    /// How often it was held.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub holds: u32,
    /// The day by which its release is to be shipped: of what is held the most urgent goes first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ship_by: Option<Date>,
    /// Calls that failed.
    pub failures: u32,
    /// What the last failed call said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<String>,
    /// When it was decided.
    pub created_at: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// The profile bundle under which it was written.
    pub profile_version: String,
    /// The trace of the request behind it, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<Trace>,
}

impl Delivery {
    /// A delivery that is decided and has not been tried. Its creation time and profile version are set with
    /// [`Delivery::decided`].
    pub fn pending(
        id: DeliveryId,
        receiver: PartnerScope,
        subject: Subject,
        message_no: String,
        target: Target,
        body: Body,
        terms: impl Into<Terms>,
    ) -> Self {
        let Terms { guarantee, settle_s, retries } = terms.into();
        Self {
            id,
            receiver,
            subject,
            message_no,
            target,
            body,
            guarantee,
            settle_s,
            retries,
            state: DeliveryState::Pending,
            asked_at: None,
            held_since: None,
            holds: 0,
            ship_by: None,
            failures: 0,
            last_failure: None,
            created_at: Timestamp::UNIX_EPOCH,
            ended_at: None,
            profile_version: String::new(),
            trace: None,
        }
    }

    /// The same delivery, in the trace of what caused it.
    #[must_use]
    pub fn traced(mut self, trace: Option<&Trace>) -> Self {
        self.trace = trace.cloned();
        self
    }

    /// The same delivery, decided at `now` under the profile bundle `profile_version`.
    #[must_use]
    pub fn decided(mut self, now: Timestamp, profile_version: &Digest) -> Self {
        self.created_at = now;
        self.profile_version = profile_version.to_string();
        self
    }

    /// When a call that was put on record at `asked_at` has taken effect at the partner, or never will.
    pub fn settled_at(&self, asked_at: Timestamp) -> Timestamp {
        asked_at.saturating_add(SignedDuration::from_secs(self.settle_s.into())).unwrap_or(Timestamp::MAX)
    }

    /// Its place in the order of what is held for its receiver: the earliest ship-by date first, then as decided.
    pub fn place(&self) -> String {
        let ship_by = self.ship_by.map_or_else(|| "none".to_owned(), |day| day.to_string());
        format!("{ship_by}#{:.6}#{}", self.created_at, self.id)
    }

    /// What belongs in one order: deliveries about one release do; any other stands for itself.
    pub fn ordering_key(&self) -> String {
        self.subject.correlation_id().unwrap_or_else(|| self.id.to_string())
    }
}

fn settle_s() -> u32 {
    SETTLE_S
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference over")]
fn is_usual(settle_s: &u32) -> bool {
    *settle_s == SETTLE_S
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference over")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_belongs_to_the_release_that_it_is_about() {
        let release_id: ReleaseId = "rel_1".parse().unwrap();
        let own = Some("rel_1".to_owned());
        assert_eq!(Subject::Release { release_id: release_id.clone() }.correlation_id(), own);
        assert_eq!(Subject::Cancel { release_id }.correlation_id(), own);
        let event = |correlation_id| Subject::Event { event_id: "evt_1".parse().unwrap(), correlation_id };
        assert_eq!(event(own.clone()).correlation_id(), own);
        assert_eq!(event(None).correlation_id(), None);
        assert_eq!(Subject::Acknowledgment { group: "7".to_owned() }.correlation_id(), None);
    }
}
