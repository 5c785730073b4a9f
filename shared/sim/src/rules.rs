//! The bus's rules: which event goes to which queue. The one table of them here; `tests/simulation` holds it against the
//! template that is deployed.

use canonical::EventType;

use crate::QueueName;

/// What a rule matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pattern {
    /// The type.
    Is(&'static str),
    /// The beginning of the type.
    Begins(&'static str),
}

/// One rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The queue that it feeds.
    pub queue: QueueName,
    /// The types that it takes.
    pub types: &'static [Pattern],
}

impl Rule {
    /// Whether the rule takes events of this type.
    pub fn takes(&self, kind: EventType) -> bool {
        self.types.iter().any(|pattern| match pattern {
            Pattern::Is(name) => kind.as_str() == *name,
            Pattern::Begins(start) => kind.as_str().starts_with(start),
        })
    }
}

/// Every rule.
pub const RULES: [Rule; 4] = [
    Rule {
        queue: QueueName::OrderDispatch,
        types: &[
            Pattern::Is("order.release.validated.v1"),
            Pattern::Is("order.release.resumed.v1"),
            Pattern::Is("order.cancel.requested.v1"),
        ],
    },
    Rule {
        queue: QueueName::OrderApply,
        types: &[
            Pattern::Is("shipment.confirmed.v1"),
            Pattern::Is("shipment.milestone.recorded.v1"),
            Pattern::Is("partner.delivery.completed.v1"),
            Pattern::Is("partner.delivery.held.v1"),
            Pattern::Is("partner.delivery.refused.v1"),
            Pattern::Is("partner.delivery.unknown.v1"),
        ],
    },
    Rule {
        queue: QueueName::ShipmentFanout,
        types: &[
            Pattern::Begins("order."),
            Pattern::Begins("shipment."),
            Pattern::Begins("invoice."),
            Pattern::Is("state.ownership.violation.v1"),
        ],
    },
    Rule {
        queue: QueueName::Parked,
        types: &[
            Pattern::Is("partner.message.quarantined.v1"),
            Pattern::Is("partner.message.rejected.v1"),
            Pattern::Is("partner.message.conflict.v1"),
            Pattern::Is("partner.delivery.refused.v1"),
            Pattern::Is("partner.delivery.unknown.v1"),
        ],
    },
];
