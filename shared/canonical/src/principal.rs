//! Who speaks: the verified partner behind a message, and the roles it may speak for.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{PartnerId, Tenant};

/// The roles that own transitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The distributor's ERP or order management: owns releases, holds, cancels, invoices, credits.
    Erp,
    /// A warehouse or third-party logistics provider: owns acknowledgments, acceptance, waves, ship confirms, stock.
    #[serde(rename = "3pl")]
    Wms,
    /// A carrier: owns what happens to a shipment in its possession.
    Carrier,
    /// A transport management system: speaks for carriers.
    Tms,
    /// A sales channel: asks and is told; owns no state of a release.
    Channel,
    /// Crossdock itself: validation, routing, dispatch, timers.
    Platform,
    /// A person with the right to override, by name and with a reason.
    Ops,
}

impl Role {
    /// The role's name as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Erp => "erp",
            Self::Wms => "3pl",
            Self::Carrier => "carrier",
            Self::Tms => "tms",
            Self::Channel => "channel",
            Self::Platform => "platform",
            Self::Ops => "ops",
        }
    }
}

/// Whose data may be seen: a tenant and a partner whose credential was verified. Every key of partner data is built
/// from one, so that a read without one does not compile.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PartnerScope {
    /// The distributor.
    pub tenant: Tenant,
    /// The partner.
    pub partner: PartnerId,
}

impl PartnerScope {
    /// Crossdock itself, acting by the clock for `tenant`. Nothing of any partner lies under it.
    pub fn platform(tenant: Tenant) -> Self {
        Self { tenant, partner: PartnerId::platform() }
    }
}

/// A verified sender. The partner id comes from the credential, never from a body or a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    /// The partner and its tenant.
    #[serde(flatten)]
    pub scope: PartnerScope,
    /// What it may speak for: its own role first, and those it relays by contract (a 3PL that passes on carrier scans).
    pub roles: BTreeSet<Role>,
}

impl Principal {
    /// Whether this sender speaks for `role`.
    pub fn speaks_for(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_one_word_in_every_place() {
        use Role::{Carrier, Channel, Erp, Ops, Platform, Tms, Wms};
        let words = ["erp", "3pl", "carrier", "tms", "channel", "platform", "ops"];
        for (role, word) in [Erp, Wms, Carrier, Tms, Channel, Platform, Ops].into_iter().zip(words) {
            assert_eq!(role.as_str(), word);
            assert_eq!(serde_json::to_value(role).unwrap(), word);
        }
    }

    #[test]
    fn a_sender_speaks_for_its_own_role_and_for_those_that_it_relays() {
        let scope = PartnerScope { tenant: "t".parse().unwrap(), partner: "p".parse().unwrap() };
        let sender = Principal { scope, roles: [Role::Wms, Role::Carrier].into() };
        assert!(sender.speaks_for(Role::Wms) && sender.speaks_for(Role::Carrier));
        assert!(!sender.speaks_for(Role::Erp) && !sender.speaks_for(Role::Platform));
    }
}
