//! The distributor itself, and its routing rules as data.

use canonical::{HoldReason, OrderRelease, PartnerId, Tenant};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ApiVersion, EdiIdentity, Retirement, StakeRule};

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
    /// Which releases wait from the beginning: every rule that fits holds the release.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<HoldRule>,
    /// What a late order costs: the first rule that fits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stakes: Vec<StakeRule>,
    /// Versions of the API that go out of use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retiring: Vec<Retirement>,
}

impl House {
    /// When `version` goes out of use, if that is known.
    pub fn retirement_of(&self, version: ApiVersion) -> Option<&Retirement> {
        self.retiring.iter().find(|retirement| retirement.version == version)
    }

    /// The rules that hold `order`.
    pub fn holds_on(&self, order: &OrderRelease) -> impl Iterator<Item = &HoldRule> {
        self.holds.iter().filter(|rule| rule.when.fits(order))
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

/// One rule that holds releases as they come in, such as those of an account whose credit is under review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldRule {
    /// Its name, unique among them.
    pub name: String,
    /// What it fits. An empty condition fits every release.
    #[serde(default)]
    pub when: When,
    /// Why they wait; the role that owns the reason lifts each hold.
    pub reason: HoldReason,
    /// In words.
    #[schemars(length(min = 1, max = 200))]
    pub detail: String,
}

/// What a rule fits: every condition that is given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// The warehouse that the ERP asked for is one of these.
    #[serde(default)]
    pub asked_warehouse: Vec<String>,
    /// The account that the order belongs to is one of these.
    #[serde(default)]
    pub account: Vec<String>,
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
    pub(crate) fn fits(&self, order: &OrderRelease) -> bool {
        let among = |allowed: &[String], value: Option<&str>| {
            allowed.is_empty() || value.is_some_and(|value| allowed.iter().any(|one| one == value))
        };
        let skus = self.sku_prefix.is_empty()
            || order
                .lines
                .iter()
                .all(|line| self.sku_prefix.iter().any(|prefix| line.sku.starts_with(prefix.as_str())));
        among(&self.asked_warehouse, order.warehouse.as_deref())
            && among(&self.account, order.account.as_deref())
            && among(&self.country, Some(&order.ship_to.country))
            && among(&self.region, order.ship_to.region.as_deref())
            && skus
    }
}
