//! What it costs the distributor when goods come late, by its customers' rules.

use canonical::{Expected, OrderRelease, Quantity, Release, Standing};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{House, When};

/// Most days for which a delay is charged: nobody's chargebacks run for longer than a year.
const DAYS_MAX: u32 = 366;

/// Seconds of a day, as it is charged: each that has begun since the goods were due.
const DAY_S: i64 = 24 * 60 * 60;

/// One rule of what a late order costs: the first that fits counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StakeRule {
    /// Its name.
    pub name: String,
    /// What it fits. An empty condition fits every release.
    #[serde(default)]
    pub when: When,
    /// The currency, ISO 4217.
    #[schemars(extend("pattern" = "^[A-Z]{3}$"))]
    pub currency: String,
    /// What a late order costs, once.
    #[serde(default = "nothing")]
    pub per_order: Quantity,
    /// What it costs for each day that has begun.
    #[serde(default = "nothing")]
    pub per_day: Quantity,
}

fn nothing() -> Quantity {
    Quantity::ZERO
}

/// Money that is lost, or will be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Stake {
    /// How much: of an order that is not late yet, what its first day late would cost.
    pub amount: Quantity,
    /// The currency, ISO 4217.
    pub currency: String,
    /// The rule by which it was reckoned.
    pub rule: String,
}

impl StakeRule {
    /// What stands at stake with `release` at `now`; none if nobody waits for its goods by a certain time.
    fn of(&self, release: &Release, now: Timestamp) -> Option<Stake> {
        let goods = |expected| matches!(expected, Expected::Ship | Expected::Deliver);
        let waited = release.expectations.iter().filter(|one| goods(one.expected));
        let due = waited
            .filter(|one| matches!(release.standing(one), Standing::Open | Standing::Overdue))
            .map(|one| one.due)
            .min()?;
        let late_s = now.duration_since(due).as_secs().max(0);
        let days = u32::try_from(late_s / DAY_S + 1).unwrap_or(DAYS_MAX).min(DAYS_MAX);
        let sum = self.per_order + (0..days).map(|_| self.per_day).sum::<Quantity>();
        // Without the noughts that a sum may end in; one that is too large for that is told with them.
        let amount = Quantity::try_from(sum.value()).unwrap_or(sum);
        Some(Stake { amount, currency: self.currency.clone(), rule: self.name.clone() })
    }

    fn fits(&self, order: &OrderRelease) -> bool {
        self.when.fits(order)
    }
}

impl House {
    /// What stands at stake with `release` at `now`, by the first rule that fits it.
    pub fn stake(&self, release: &Release, now: Timestamp) -> Option<Stake> {
        self.stakes.iter().find(|rule| rule.fits(&release.order))?.of(release, now)
    }
}
