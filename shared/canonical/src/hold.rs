//! Holds: why a release is not to be placed yet, whose word that is, and who alone lifts it.
//!
//! A hold is two facts of one owner: that it was placed, and that it was lifted. Both stay; a hold that was lifted does not
//! come back, and what must wait again is a new hold.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{HoldId, PartnerId, Release, Role, Transition};

/// Most holds on record at one release, lifted ones included. Somebody who holds and lifts without end must not fill the
/// item until its owners cannot write any more.
pub const HOLDS_MAX: usize = 50;

/// Why a release waits. Each reason belongs to one role: it alone places such a hold, and it alone lifts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HoldReason {
    /// The customer's credit is not clear.
    Credit,
    /// The ship-to address is in doubt.
    Address,
    /// The goods are not to be promised yet: an allocation or a purchase order is open.
    Stock,
    /// A person in operations wants to look first.
    Operator,
}

impl HoldReason {
    /// Every reason.
    pub const ALL: [Self; 4] = [Self::Credit, Self::Address, Self::Stock, Self::Operator];

    /// The reason as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Credit => "credit",
            Self::Address => "address",
            Self::Stock => "stock",
            Self::Operator => "operator",
        }
    }

    /// The transition that such a hold is, to place or to lift.
    pub fn transition(self) -> Transition {
        match self {
            Self::Credit | Self::Address | Self::Stock => Transition::ErpHold,
            Self::Operator => Transition::OpsHold,
        }
    }

    /// The role that owns such a hold.
    pub fn owner(self) -> Role {
        self.transition().owner()
    }

    /// What its owner has to do, in words.
    pub fn next_move(self) -> &'static str {
        match self {
            Self::Credit => "clear the credit and lift the hold",
            Self::Address => "confirm the address and lift the hold",
            Self::Stock => "confirm the stock and lift the hold",
            Self::Operator => "look at it and lift the hold",
        }
    }
}

impl std::fmt::Display for HoldReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is asked of whoever holds a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Hold")]
pub struct HoldAsked {
    /// Why the release shall wait.
    pub reason: HoldReason,
    /// In words, for whoever asks why the order does not go out.
    #[schemars(length(min = 1, max = 200))]
    pub detail: String,
}

/// A hold of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hold {
    /// Derived from the release and from what placed it.
    pub id: HoldId,
    /// Why the release waits.
    pub reason: HoldReason,
    /// The role that alone may lift it.
    pub owner: Role,
    /// In words.
    pub detail: String,
    /// Who placed it; `platform` if it was a rule of the house.
    pub placed_by: PartnerId,
    /// When.
    pub placed_at: Timestamp,
    /// When it was lifted, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifted_at: Option<Timestamp>,
}

impl Release {
    /// The holds that are not lifted, in the order in which they were placed.
    pub fn open_holds(&self) -> impl Iterator<Item = &Hold> {
        self.facts.holds.iter().filter(|hold| hold.lifted_at.is_none())
    }

    /// Whether it waits for holds to be lifted, and for nothing that outweighs them.
    pub fn waits_for_holds(&self) -> bool {
        self.dispatch.is_none() && !self.facts.cancel_requested && self.open_holds().next().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_word_in_every_place_and_has_one_owner() {
        for reason in HoldReason::ALL {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
            assert_eq!(reason.to_string(), reason.as_str());
            let owner = if reason == HoldReason::Operator { Role::Ops } else { Role::Erp };
            assert_eq!(reason.owner(), owner);
        }
    }
}
