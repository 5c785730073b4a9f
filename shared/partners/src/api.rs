//! What is agreed with a partner on the API: its version, how much it may send, and which versions go out of use.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::lint::Complaints;

/// Requests that a partner may send in a minute if its profile names no number: two fifths of what the gateway takes in
/// all (`ThrottlingRateLimit` in the template), so that no partner's loop can shut the others out.
pub const REQUESTS_PER_MINUTE: u32 = 6000;

/// Most requests in a minute that a profile can grant: what the gateway takes in all.
pub const REQUESTS_PER_MINUTE_MAX: u32 = 15_000;

/// A version of the API, by the day on which it was published. A version that is published never changes but by what is
/// additive (`docs/partner-handbook.md`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ApiVersion {
    /// The first.
    #[serde(rename = "2026-11-01")]
    V20261101,
}

impl ApiVersion {
    /// Every version that is served, the oldest first.
    pub const ALL: [Self; 1] = [Self::V20261101];

    /// The newest.
    pub const CURRENT: Self = Self::V20261101;

    /// What a partner gets whose profile pins none: the oldest, which is what it was built against.
    pub const UNPINNED: Self = Self::V20261101;

    /// The version as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V20261101 => "2026-11-01",
        }
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is agreed with one partner.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiTerms {
    /// The version by which its requests are answered if they name none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<ApiVersion>,
    /// How many requests it may send in a minute; [`REQUESTS_PER_MINUTE`] if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_per_minute: Option<u32>,
}

impl ApiTerms {
    /// The version in force where a request names none.
    pub fn version(&self) -> ApiVersion {
        self.version.unwrap_or(ApiVersion::UNPINNED)
    }

    /// How many requests it may send in a minute.
    pub fn requests_per_minute(&self) -> u32 {
        self.requests_per_minute.unwrap_or(REQUESTS_PER_MINUTE)
    }

    /// Whether nothing is agreed.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    pub(crate) fn lint(&self, complaints: &mut Complaints) {
        let asked = self.requests_per_minute();
        if asked.clamp(1, REQUESTS_PER_MINUTE_MAX) != asked {
            let mend = format!("it must be 1 to {REQUESTS_PER_MINUTE_MAX}");
            complaints.add("api.requests_per_minute", format!("{asked} is no limit that can be kept"), mend);
        }
    }
}

/// A version of the API that goes out of use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retirement {
    /// Which.
    pub version: ApiVersion,
    /// From when it is deprecated (RFC 9745); it may be in the future.
    pub deprecated_at: Timestamp,
    /// When it may end (RFC 8594).
    pub sunset_at: Timestamp,
    /// The page that says what changes, and how to change over.
    pub page: String,
}

impl Retirement {
    pub(crate) fn lint(&self, index: usize, complaints: &mut Complaints) {
        if self.sunset_at < self.deprecated_at {
            let problem = format!("version {} ends before it is deprecated", self.version);
            complaints.add(
                format!("retiring.{index}.sunset_at"),
                problem,
                "it must not be before deprecated_at (RFC 9745)",
            );
        }
        let plain = |b: u8| b.is_ascii_graphic() && !b"<>\"".contains(&b);
        if !self.page.starts_with("https://") || !self.page.bytes().all(plain) {
            let problem = format!("the page on version {} cannot be linked to", self.version);
            complaints.add(format!("retiring.{index}.page"), problem, "it must be an https URL");
        }
    }
}
