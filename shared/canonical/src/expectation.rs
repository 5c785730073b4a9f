//! What is expected of somebody, and by when.
//!
//! An expectation is made when it begins to hold, with the clocks that were in force then, and is never made again: a
//! redrive or a new profile moves no deadline. Whether it is met follows from the release's facts. That it was missed is a
//! flag that the platform sets; it changes no fact, and who is late may still deliver.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Release, ReleaseState, Role};

/// The things that are expected of a release's parties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Expected {
    /// The partner's system says that it could read the document, or the warehouse says more than that.
    Acknowledge,
    /// The warehouse says whether it will ship.
    Accept,
    /// The warehouse says whether it cancels.
    DecideCancel,
    /// All of it leaves.
    Ship,
    /// All of it arrives.
    Deliver,
}

impl Expected {
    /// Everything that can be expected.
    pub const ALL: [Self; 5] = [Self::Acknowledge, Self::Accept, Self::DecideCancel, Self::Ship, Self::Deliver];

    /// The expectation as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledge",
            Self::Accept => "accept",
            Self::DecideCancel => "decide_cancel",
            Self::Ship => "ship",
            Self::Deliver => "deliver",
        }
    }

    /// Of whom it is expected.
    pub fn of(self) -> Role {
        match self {
            Self::Acknowledge | Self::Accept | Self::DecideCancel | Self::Ship => Role::Wms,
            Self::Deliver => Role::Carrier,
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing that is expected by a certain time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expectation {
    /// What.
    pub expected: Expected,
    /// By when.
    pub due: Timestamp,
    /// When it was found missed and told; it may have been met since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed_at: Option<Timestamp>,
}

/// How an expectation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Neither met nor missed yet.
    Open,
    /// Missed, and still waited for.
    Overdue,
    /// Met, and not found missed before.
    Met,
    /// Met after it was found missed.
    Late,
    /// Nobody waits for it any more: the release was cancelled or refused.
    Void,
}

impl Release {
    /// How `expectation` stands, by this release's facts.
    pub fn standing(&self, expectation: &Expectation) -> Standing {
        let met = self.meets(expectation.expected);
        match (met, expectation.missed_at.is_some()) {
            (true, false) => Standing::Met,
            (true, true) => Standing::Late,
            (false, _) if self.ended_without_goods() => Standing::Void,
            (false, false) => Standing::Open,
            (false, true) => Standing::Overdue,
        }
    }

    /// Adds an expectation; what is expected already keeps its time.
    pub fn expect(&mut self, expected: Expected, due: Timestamp) {
        if !self.expectations.iter().any(|known| known.expected == expected) {
            self.expectations.push(Expectation { expected, due, missed_at: None });
        }
    }

    /// The expectations that are neither met, nor void, nor found missed, the first due first.
    pub fn open_expectations(&self) -> Vec<&Expectation> {
        let mut open: Vec<_> = self.expectations.iter().filter(|one| self.standing(one) == Standing::Open).collect();
        open.sort_by_key(|one| (one.due, one.expected));
        open
    }

    /// When somebody has to look at this release again because something may be missed by then.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.open_expectations().first().map(|one| one.due)
    }

    /// What is missed and still waited for.
    pub fn overdue(&self) -> Vec<&Expectation> {
        self.expectations.iter().filter(|one| self.standing(one) == Standing::Overdue).collect()
    }

    /// A fact that says more includes what says less: goods that left were accepted, whatever paper is missing.
    fn meets(&self, expected: Expected) -> bool {
        let facts = &self.facts;
        let left = self.lines().iter().any(|line| !line.shipped.is_zero());
        let decided = facts.business.is_some() || facts.waved || left;
        match expected {
            Expected::Acknowledge => decided || facts.technical.is_some(),
            Expected::Accept => decided,
            Expected::DecideCancel => facts.cancel_accepted.is_some() || left,
            Expected::Ship => matches!(self.state(), ReleaseState::Shipped | ReleaseState::Delivered),
            Expected::Deliver => self.state() == ReleaseState::Delivered,
        }
    }

    fn ended_without_goods(&self) -> bool {
        matches!(self.state(), ReleaseState::Cancelled | ReleaseState::Rejected | ReleaseState::TechRejected)
    }
}
