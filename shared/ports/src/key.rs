//! Keys of the table, built in one place. Each takes a [`PartnerScope`]: an unscoped read does not compile.
//!
//! A key is made by its scope:
//!
//! ```
//! # use canonical::{PartnerScope, ReleaseId};
//! # fn read(scope: &PartnerScope, release: &ReleaseId) {
//! let key = ports::Key::release(scope, release);
//! # }
//! ```
//!
//! Without one there is none,
//!
//! ```compile_fail,E0061
//! # use canonical::{PartnerScope, ReleaseId};
//! # fn read(scope: &PartnerScope, release: &ReleaseId) {
//! let key = ports::Key::release(release);
//! # }
//! ```
//!
//! nor by hand,
//!
//! ```compile_fail,E0451
//! # use canonical::{PartnerScope, ReleaseId};
//! # fn read(scope: &PartnerScope, release: &ReleaseId) {
//! let key = ports::Key { pk: format!("T#northwind#RELEASE#{release}"), sk: "RELEASE" };
//! # }
//! ```
//!
//! and the table is read by a key alone.
//!
//! ```compile_fail,E0308
//! # async fn read<T: ports::Table>(table: &T) {
//! let item = table.load("T#northwind#RELEASE#rel_1").await;
//! # }
//! ```

use canonical::{DeliveryId, Digest, MessageId, PartnerScope, ReleaseId, ShipmentId, Tenant};

/// A key of the table: partition and sort key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pk: String,
    sk: &'static str,
}

impl Key {
    /// Partition key.
    pub fn pk(&self) -> &str {
        &self.pk
    }

    /// Sort key.
    pub fn sk(&self) -> &'static str {
        self.sk
    }

    /// A release. It has several parties, so it lies under the tenant; who may see it is decided on what it holds.
    pub fn release(scope: &PartnerScope, release: &ReleaseId) -> Self {
        Self { pk: format!("T#{}#RELEASE#{release}", scope.tenant), sk: "RELEASE" }
    }

    /// Whose release lies under the partition key `pk`, and which; none if it is no release's.
    pub fn release_of(pk: &str) -> Option<(Tenant, ReleaseId)> {
        let (tenant, release) = pk.strip_prefix("T#")?.split_once("#RELEASE#")?;
        Some((tenant.parse().ok()?, release.parse().ok()?))
    }

    /// That the partner has a part in a release. It is asked before a release that a partner names is read: without a part
    /// the release's own key is not even looked at.
    pub fn part(scope: &PartnerScope, release: &ReleaseId) -> Self {
        Self::partner(scope, &format!("PART#{release}"), "PART")
    }

    /// A shipment, under the tenant as releases are.
    pub fn shipment(scope: &PartnerScope, shipment: &ShipmentId) -> Self {
        Self { pk: format!("T#{}#SHIPMENT#{shipment}", scope.tenant), sk: "SHIPMENT" }
    }

    /// What a partner's idempotency key was used for. The key is hashed: it may be 255 characters of anything.
    pub fn idempotency(scope: &PartnerScope, idempotency_key: &str) -> Self {
        Self::partner(scope, &format!("IDEMPOTENCY#{}", Digest::of(idempotency_key.as_bytes())), "IDEMPOTENCY")
    }

    /// A delivery to the partner.
    pub fn delivery(scope: &PartnerScope, delivery: &DeliveryId) -> Self {
        Self::partner(scope, &format!("DELIVERY#{delivery}"), "DELIVERY")
    }

    /// The breaker before the partner's endpoint.
    pub fn breaker(scope: &PartnerScope) -> Self {
        Self::partner(scope, "BREAKER", "BREAKER")
    }

    /// Which release the partner knows under a depositor order number.
    pub fn depositor(scope: &PartnerScope, depositor_order_no: &str) -> Self {
        Self::partner(scope, &format!("DEPOSITOR#{depositor_order_no}"), "DEPOSITOR")
    }

    /// What was sent to the partner in the functional group with this id (GS01) and control number (GS06).
    pub fn group(scope: &PartnerScope, functional_id: &str, group_control: &str) -> Self {
        Self::partner(scope, &format!("GROUP#{functional_id}#{group_control}"), "GROUP")
    }

    /// The partner's control number counters.
    pub fn counters(scope: &PartnerScope) -> Self {
        Self::partner(scope, "COUNTERS", "COUNTERS")
    }

    /// How many requests the partner sent in the window that began at `second` (since 1970).
    pub fn requests(scope: &PartnerScope, second: i64) -> Self {
        Self::partner(scope, &format!("REQUESTS#{second}"), "REQUESTS")
    }

    /// How many requests the partner got of us in the minute that began at `second` (since 1970).
    pub fn calls(scope: &PartnerScope, second: i64) -> Self {
        Self::partner(scope, &format!("CALLS#{second}"), "CALLS")
    }

    /// A parked message of the partner.
    pub fn parked(scope: &PartnerScope, message: &MessageId) -> Self {
        Self::partner(scope, &format!("PARKED#{message}"), "PARKED")
    }

    fn partner(scope: &PartnerScope, rest: &str, sk: &'static str) -> Self {
        Self { pk: format!("T#{}#P#{}#{rest}", scope.tenant, scope.partner), sk }
    }
}
