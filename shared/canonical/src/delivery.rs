//! A delivery: one message to one partner, fixed before the partner is first called.

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{DeliveryId, Digest, EventId, PartnerScope, ReleaseId, Trace};

/// What a partner's operation does when it is called twice with the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Guarantee {
    /// D: the partner recognises our key and does it once. It may be called again.
    Dedupes,
    /// N: the partner does it again. After a call whose result was lost a person decides.
    Neither,
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
    /// Where it stands.
    pub state: DeliveryState,
    /// When the partner was asked without an answer being on record yet (N partners only).
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
        guarantee: Guarantee,
    ) -> Self {
        Self {
            id,
            receiver,
            subject,
            message_no,
            target,
            body,
            guarantee,
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
