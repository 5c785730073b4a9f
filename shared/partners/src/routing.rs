//! The distributor itself, and its routing rules as data.

use canonical::{OrderRelease, PartnerId, Tenant};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ApiVersion, EdiIdentity, Retirement};

/// The distributor and its rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct House {
    /// The distributor.
    pub tenant: Tenant,
    /// Its name for people; it stands on documents as the depositor.
    pub name: String,
    /// Its identity in EDI envelopes.
    pub edi: EdiIdentity,
    /// Which release goes where: the first rule that fits.
    #[serde(default)]
    pub routes: Vec<Rule>,
    /// Versions of the API that go out of use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retiring: Vec<Retirement>,
}

impl House {
    /// When `version` goes out of use, if that is known.
    pub fn retirement_of(&self, version: ApiVersion) -> Option<&Retirement> {
        self.retiring.iter().find(|retirement| retirement.version == version)
    }

    /// The first rule that fits `order`.
    pub fn route(&self, order: &OrderRelease) -> Option<&Rule> {
        self.routes.iter().find(|rule| rule.when.fits(order))
    }
}

/// One routing rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its name, for history and traces.
    pub name: String,
    /// What it fits. An empty condition fits every release.
    #[serde(default)]
    pub when: When,
    /// The warehouse it chooses.
    pub warehouse: String,
    /// The partner that runs the warehouse.
    pub partner: PartnerId,
}

/// What a rule fits: every condition that is given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// The warehouse that the ERP asked for is one of these.
    #[serde(default)]
    pub asked_warehouse: Vec<String>,
    /// The country of the ship-to is one of these.
    #[serde(default)]
    pub country: Vec<String>,
    /// The region of the ship-to is one of these.
    #[serde(default)]
    pub region: Vec<String>,
    /// Every line's item begins with one of these.
    #[serde(default)]
    pub sku_prefix: Vec<String>,
}

impl When {
    fn fits(&self, order: &OrderRelease) -> bool {
        let among = |allowed: &[String], value: Option<&str>| {
            allowed.is_empty() || value.is_some_and(|value| allowed.iter().any(|one| one == value))
        };
        let skus = self.sku_prefix.is_empty()
            || order
                .lines
                .iter()
                .all(|line| self.sku_prefix.iter().any(|prefix| line.sku.starts_with(prefix.as_str())));
        among(&self.asked_warehouse, order.warehouse.as_deref())
            && among(&self.country, Some(&order.ship_to.country))
            && among(&self.region, order.ship_to.region.as_deref())
            && skus
    }
}
