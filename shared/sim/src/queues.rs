//! Queues as SQS keeps them: visibility, receive counts, dead-letter queues, redrive, retention, duplicates.

use std::rc::Rc;

use jiff::{SignedDuration, Timestamp};

/// The queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QueueName {
    /// Announcements of dropped files.
    EdiDrop,
    /// Ship confirms and milestones.
    ShipmentApply,
    /// What is said of releases.
    OrderApply,
    /// Releases to place, cancels to pass on, acknowledgments to write.
    OrderDispatch,
    /// Events that subscribers may want.
    ShipmentFanout,
    /// Deliveries that are due.
    PartnerDeliver,
    /// What a person must look at. Nobody reads it here.
    Parked,
}

/// How a queue and its function are set up. `tests/simulation` holds it against the template that is deployed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Seconds for which a message that was received is not received again.
    pub visibility_s: i64,
    /// Receives after which a message goes to the dead-letter queue.
    pub receives_max: u32,
    /// Seconds after which a message is lost.
    pub retention_s: i64,
    /// Messages in one batch.
    pub batch_max: usize,
    /// Seconds after which the function is killed.
    pub timeout_s: i64,
}

impl QueueName {
    /// Every queue that a function reads, from the edge to the partners.
    pub const READ: [Self; 6] = [
        Self::EdiDrop,
        Self::ShipmentApply,
        Self::OrderApply,
        Self::OrderDispatch,
        Self::ShipmentFanout,
        Self::PartnerDeliver,
    ];

    /// The function that reads the queue; `parked` has none.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EdiDrop => "edi-drop",
            Self::ShipmentApply => "shipment-apply",
            Self::OrderApply => "order-apply",
            Self::OrderDispatch => "order-dispatch",
            Self::ShipmentFanout => "shipment-fanout",
            Self::PartnerDeliver => "partner-deliver",
            Self::Parked => "parked",
        }
    }

    /// How the queue and its function are set up.
    pub fn settings(self) -> Settings {
        let usual = Settings { visibility_s: 30, receives_max: 200, retention_s: 345_600, batch_max: 10, timeout_s: 5 };
        match self {
            Self::EdiDrop => Settings { visibility_s: 120, batch_max: 1, timeout_s: 20, ..usual },
            Self::PartnerDeliver => {
                Settings { visibility_s: 120, receives_max: 25, retention_s: 1_209_600, timeout_s: 20, ..usual }
            }
            Self::Parked => Settings { retention_s: 1_209_600, ..usual },
            _ => usual,
        }
    }
}

/// Seconds that a dead-letter queue keeps a message.
pub(crate) const DLQ_RETENTION_S: i64 = 1_209_600;
/// Longest time in seconds for which a message can be made invisible; more is refused.
pub(crate) const POSTPONE_S_MAX: u32 = 12 * 60 * 60;

/// Whether every message is delivered twice, as a standard queue may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Twins {
    /// Once.
    #[default]
    None,
    /// Twice, the twin at once: mostly in the same batch.
    Together,
    /// Twice, the twin so much later.
    Later(SignedDuration),
}

/// A message in a queue. A twin has the same id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The queue's id of the message.
    pub(crate) id: String,
    /// Tells twins apart.
    pub(crate) copy: u64,
    pub(crate) body: Rc<str>,
    /// The body's number, if somebody asks whether worlds are alike.
    pub(crate) alike: u64,
    pub(crate) sent_at: Timestamp,
    pub(crate) visible_at: Timestamp,
    pub(crate) receives: u32,
    /// Whether a function has it at the moment.
    pub(crate) in_flight: bool,
}

impl Entry {
    /// With what this receive of this copy can be postponed or deleted.
    pub(crate) fn receipt(&self) -> String {
        format!("{}/{}", self.copy, self.receives)
    }
}

/// A queue with its dead-letter queue.
#[derive(Debug, Clone, Default)]
pub(crate) struct Store {
    pub(crate) entries: Vec<Entry>,
    pub(crate) dead: Vec<Entry>,
    /// What was kept too long and is lost.
    pub(crate) expired: Vec<Entry>,
}

impl Store {
    /// Removes what is kept too long.
    pub(crate) fn expire(&mut self, settings: Settings, now: Timestamp) {
        let lost = |entry: &mut Entry, keeps_s: i64| now.duration_since(entry.sent_at).as_secs() >= keeps_s;
        self.expired.extend(self.entries.extract_if(.., |entry| lost(entry, settings.retention_s)));
        self.expired.extend(self.dead.extract_if(.., |entry| lost(entry, DLQ_RETENTION_S)));
    }

    /// When the next message can be received.
    pub(crate) fn next_at(&self) -> Option<Timestamp> {
        self.entries.iter().map(|entry| entry.visible_at).min()
    }

    /// Receives up to `batch_max` messages; what was received too often goes to the dead-letter queue instead.
    pub(crate) fn receive(&mut self, settings: Settings, batch_max: usize, now: Timestamp) -> Vec<Entry> {
        let worn_out = |entry: &mut Entry| entry.visible_at <= now && entry.receives >= settings.receives_max;
        for mut entry in self.entries.extract_if(.., worn_out) {
            entry.in_flight = false;
            self.dead.push(entry);
        }
        let mut ready: Vec<&mut Entry> = self.entries.iter_mut().filter(|entry| entry.visible_at <= now).collect();
        ready.sort_by_key(|entry| (entry.visible_at, entry.copy));
        ready
            .into_iter()
            .take(batch_max)
            .map(|entry| {
                entry.receives += 1;
                entry.in_flight = true;
                entry.visible_at = later(now, settings.visibility_s);
                entry.clone()
            })
            .collect()
    }

    /// Ends a receive: the message is gone, unless it was received again since.
    pub(crate) fn delete(&mut self, receipt: &str) {
        self.entries.retain(|entry| entry.receipt() != receipt);
    }

    /// Ends a receive: the message stays.
    pub(crate) fn release(&mut self, receipt: &str) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.receipt() == receipt) {
            entry.in_flight = false;
        }
    }

    /// Makes a received message come back after `delay_s`. Says whether it could: not if it is visible again already.
    pub(crate) fn postpone(&mut self, receipt: &str, delay_s: u32, now: Timestamp) -> bool {
        let mut entries = self.entries.iter_mut();
        let in_flight = entries.find(|entry| entry.receipt() == receipt && entry.visible_at > now);
        let Some(entry) = in_flight.filter(|_| delay_s <= POSTPONE_S_MAX) else { return false };
        entry.visible_at = later(now, i64::from(delay_s));
        true
    }
}

pub(crate) fn later(now: Timestamp, seconds: i64) -> Timestamp {
    now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(count: u64) -> Store {
        let entry = |copy| Entry {
            id: format!("m-{copy}"),
            copy,
            body: "".into(),
            alike: 0,
            sent_at: Timestamp::UNIX_EPOCH,
            visible_at: Timestamp::UNIX_EPOCH,
            receives: 0,
            in_flight: false,
        };
        Store { entries: (0..count).map(entry).collect(), ..Store::default() }
    }

    fn at(seconds: i64) -> Timestamp {
        later(Timestamp::UNIX_EPOCH, seconds)
    }

    #[test]
    fn a_received_message_comes_back_when_its_visibility_ends_and_dies_after_its_last_receive() {
        let settings = Settings { receives_max: 2, ..QueueName::OrderApply.settings() };
        let mut store = store(1);
        assert_eq!(store.receive(settings, 10, at(0)).len(), 1);
        assert_eq!(store.receive(settings, 10, at(29)).len(), 0);
        assert_eq!(store.receive(settings, 10, at(30)).len(), 1);
        assert!(store.dead.is_empty());
        assert_eq!(store.receive(settings, 10, at(60)).len(), 0);
        assert_eq!(store.dead.len(), 1);
    }

    #[test]
    fn an_old_receipt_ends_nothing() {
        let settings = QueueName::OrderApply.settings();
        let mut store = store(1);
        let first = store.receive(settings, 10, at(0)).remove(0).receipt();
        let second = store.receive(settings, 10, at(30)).remove(0).receipt();
        store.delete(&first);
        assert!(!store.postpone(&first, 5, at(31)));
        assert_eq!(store.entries.len(), 1);
        assert!(store.postpone(&second, 5, at(31)));
        assert_eq!(store.next_at(), Some(at(36)));
        store.delete(&second);
        assert_eq!(store.entries.len(), 0);
    }

    #[test]
    fn what_is_kept_too_long_is_lost() {
        let settings = QueueName::OrderApply.settings();
        let mut store = store(1);
        store.expire(settings, at(settings.retention_s - 1));
        assert_eq!(store.entries.len(), 1);
        store.expire(settings, at(settings.retention_s));
        assert_eq!((store.entries.len(), store.expired.len()), (0, 1));
    }

    #[test]
    fn a_batch_takes_the_longest_visible_first() {
        let settings = QueueName::OrderApply.settings();
        let mut store = store(12);
        assert_eq!(store.receive(settings, 10, at(0)).len(), 10);
        let rest: Vec<String> = store.receive(settings, 10, at(0)).into_iter().map(|entry| entry.id).collect();
        assert_eq!(rest, ["m-10", "m-11"]);
    }
}
