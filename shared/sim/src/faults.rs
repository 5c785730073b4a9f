//! What goes wrong, and where.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// What happens to one call of a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The function is killed before the effect.
    CrashBefore,
    /// The function is killed after the effect.
    CrashAfter,
    /// The service fails before the effect: throttling, a server's error.
    ErrorBefore,
    /// The effect happens and its acknowledgment is lost: the caller sees a time-out.
    AckLost,
    /// Of several things sent at once the first half is taken, then the service fails. One thing is not taken.
    Half,
    /// The caller sees a time-out at once; the effect happens when it has long given up.
    Late,
    /// The effect happens and the answer takes three seconds: other functions go on in the meantime.
    Slow,
    /// The effect happens and no answer comes: the function is stopped by its time-out.
    Stall,
    /// While the function is at the call, its messages come back to the queue: a second worker gets them as it goes on.
    Zombie,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::CrashBefore,
        Self::CrashAfter,
        Self::ErrorBefore,
        Self::AckLost,
        Self::Half,
        Self::Late,
        Self::Slow,
        Self::Stall,
        Self::Zombie,
    ];
    /// The kinds that are told apart by what is left to be done again. The others are these with more time between.
    pub const BASIC: [Self; 5] = [Self::CrashBefore, Self::CrashAfter, Self::ErrorBefore, Self::AckLost, Self::Half];

    /// Whether it makes a difference to a call that changes so many things. Of a call that only reads it is the same
    /// whether it fails before its effect or after; only of several things half can be done.
    pub(crate) fn concerns(self, things: usize) -> bool {
        match self {
            Self::CrashBefore | Self::ErrorBefore | Self::Slow | Self::Stall | Self::Zombie => true,
            Self::CrashAfter | Self::AckLost | Self::Late => things > 0,
            Self::Half => things > 1,
        }
    }
}

/// The ports, as faults and traces name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Port {
    /// Reads and writes of the table.
    Table,
    /// Sending to queues.
    Queue,
    /// Publishing to the bus.
    Bus,
    /// The archive.
    Archive,
    /// What may be used once, in the archive's bucket.
    Register,
    /// Inboxes and outboxes.
    Exchange,
    /// The profile bundle.
    Profiles,
    /// Secrets.
    Secrets,
    /// Partners' endpoints.
    PartnerHttp,
    /// Postponing a message, and noting why it failed.
    Redelivery,
}

impl Port {
    /// Whether two functions can see each other's calls of this port. Where they cannot, it is the same whose call comes
    /// first.
    pub(crate) fn is_shared(self) -> bool {
        match self {
            // Documents lie under their hashes and never change; profiles and secrets are only read.
            Self::Archive | Self::Profiles | Self::Secrets => false,
            Self::Table
            | Self::Queue
            | Self::Bus
            | Self::Register
            | Self::Exchange
            | Self::PartnerHttp
            | Self::Redelivery => true,
        }
    }
}

/// A port that refuses everything for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    /// Which.
    pub port: Port,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

/// Everything that will go wrong. Calls are numbered from 1 in the order in which they begin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    calls: BTreeMap<u64, Kind>,
    outages: Vec<Outage>,
}

impl Faults {
    /// Nothing goes wrong.
    pub fn none() -> Self {
        Self::default()
    }

    /// One call goes wrong.
    pub fn one(call: u64, kind: Kind) -> Self {
        Self::none().with(call, kind)
    }

    /// Another call goes wrong, too.
    #[must_use]
    pub fn with(mut self, call: u64, kind: Kind) -> Self {
        self.calls.insert(call, kind);
        self
    }

    /// A port is out for a while, too.
    #[must_use]
    pub fn out(mut self, outage: Outage) -> Self {
        self.outages.push(outage);
        self
    }

    /// What happens to a call.
    pub(crate) fn at(&self, call: u64, port: Port, now: Timestamp) -> Option<Kind> {
        let out = self.outages.iter().any(|one| one.port == port && (one.from..one.until).contains(&now));
        self.calls.get(&call).copied().or(out.then_some(Kind::ErrorBefore))
    }
}
