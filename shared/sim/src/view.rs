//! What can be seen of a world from outside it: items, events, and a summary that two runs can be compared by.

use std::collections::{BTreeMap, BTreeSet};

use canonical::{
    Delivery, Digest, Event, EventId, Facts, Hold, Parked, PartnerId, Release, ReleaseId, Shipment, ShipmentId, Subject,
};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::queues::{DLQ_RETENTION_S, later};
use crate::{QueueName, World};

/// How a world stands, without times and without what may differ between two runs that come to the same. Text, so that a
/// difference is read at once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// Each release: state, lines, facts.
    pub releases: Vec<String>,
    /// Each shipment: what was confirmed, and its trail.
    pub shipments: Vec<String>,
    /// Each delivery: receiver, subject, where it stands.
    pub deliveries: Vec<String>,
    /// Each parked message, with its reason.
    pub parked: Vec<String>,
    /// What partners' systems did, and how often: receiver, key, times.
    pub done: Vec<String>,
    /// Names in partners' outboxes.
    pub outboxes: Vec<String>,
    /// Each event that was told: type and id.
    pub events: Vec<String>,
    /// Messages in dead-letter queues.
    pub dead: Vec<String>,
}

impl World {
    /// How the world stands.
    pub fn summary(&self) -> Summary {
        Summary {
            releases: sorted(self.releases().iter().map(release)),
            shipments: sorted(self.shipments().iter().map(shipment)),
            deliveries: sorted(self.deliveries().iter().map(delivery)),
            parked: sorted(self.parked().iter().map(|one| format!("{} {} {}", one.id, json(&one.parked_as), one.code))),
            done: self.done(),
            outboxes: self.outboxes(),
            events: self.told_ids(),
            dead: self.dead(),
        }
    }

    /// The release.
    pub fn release(&self, id: &str) -> Option<Release> {
        let id: ReleaseId = id.parse().ok()?;
        self.releases().into_iter().find(|release| release.id == id)
    }

    /// Every release.
    pub fn releases(&self) -> Vec<Release> {
        self.items("RELEASE")
    }

    /// Whether a shipment's warehouse has said that it left, and the release knows.
    pub fn shipped(&self, id: &ShipmentId) -> bool {
        self.releases().iter().any(|release| release.facts.shipments.contains_key(id))
            && self.shipments().iter().any(|shipment| shipment.id == *id && shipment.confirmed.is_some())
    }

    /// Every shipment.
    pub fn shipments(&self) -> Vec<Shipment> {
        self.items("SHIPMENT")
    }

    /// Every delivery.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.items("DELIVERY")
    }

    /// Every parked message.
    pub fn parked(&self) -> Vec<Parked> {
        self.items("PARKED")
    }

    /// Every event that a write told, in the order of the table's stream.
    pub fn told(&self) -> Vec<Event> {
        self.state().stream.iter().flat_map(|written| written.events.iter().cloned()).collect()
    }

    /// Hands every event that a write told to `see`, in the order of the table's stream.
    pub fn see_told(&self, see: impl FnMut(&Event)) {
        self.state().stream.iter().flat_map(|written| &written.events).for_each(see);
    }

    /// Hands everything that partners' systems did to `see`: who, the key, the body.
    pub fn see_done(&self, mut see: impl FnMut(&PartnerId, &str, &[u8])) {
        for (partner, endpoint) in &self.state().endpoints {
            let done = endpoint.received.iter().filter(|got| got.done);
            done.for_each(|got| see(partner, &got.key, &got.body));
        }
    }

    /// Hands every file in an outbox to `see`: whose, its name, the bytes in force.
    pub fn see_outboxes(&self, mut see: impl FnMut(&PartnerId, &str, &[u8])) {
        for ((partner, name), object) in &self.state().outbox {
            see(partner, name, object.versions.last().map(|bytes| &**bytes).unwrap_or_default());
        }
    }

    /// How many messages that nobody can read came by chance.
    pub fn poisons(&self) -> usize {
        self.state().poisons
    }

    /// Messages in dead-letter queues, and those of them that nobody can read and that came by chance.
    pub fn dead_count(&self) -> (usize, usize) {
        let state = self.state();
        let dead = state.queues.values().flat_map(|store| &store.dead);
        dead.fold((0, 0), |(all, poison), entry| (all + 1, poison + usize::from(&*entry.body == crate::world::POISON)))
    }

    /// How often a partner's system was called, whether it was reached or not.
    pub fn attempts(&self, partner: &str) -> u64 {
        let state = self.state();
        let endpoint = state.endpoints.iter().find(|(id, _)| id.as_str() == partner);
        endpoint.map_or(0, |(_, endpoint)| endpoint.attempts)
    }

    /// Dead letters without a note of why they died.
    pub fn unnoted(&self) -> Vec<String> {
        let state = self.state();
        let dead = state.queues.iter().flat_map(|(queue, store)| store.dead.iter().map(move |entry| (*queue, entry)));
        let unnoted = dead.filter(|(queue, entry)| !state.notes.contains_key(&(*queue, entry.id.clone())));
        unnoted.map(|(queue, entry)| format!("{} of {}", entry.id, queue.as_str())).collect()
    }

    /// The last moment in which everything that is dead now can still be redriven.
    pub fn last_redrive(&self) -> Option<Timestamp> {
        let state = self.state();
        let dead = state.queues.values().flat_map(|store| &store.dead);
        dead.map(|entry| later(entry.sent_at, DLQ_RETENTION_S - 60)).min()
    }

    /// How many events of each type were told.
    pub fn told_counts(&self) -> BTreeMap<&'static str, usize> {
        let state = self.state();
        let mut counts = BTreeMap::new();
        for event in state.stream.iter().flat_map(|written| &written.events) {
            *counts.entry(event.meta.kind.as_str()).or_insert(0) += 1;
        }
        counts
    }

    /// Every publication on the bus, repetitions included.
    pub fn published(&self) -> Vec<Event> {
        self.state().published.iter().map(|event| Event::clone(event)).collect()
    }

    /// Ids of every event that reached the bus.
    pub fn published_ids(&self) -> BTreeSet<EventId> {
        self.state().published.iter().map(|event| event.meta.id.clone()).collect()
    }

    /// Messages that wait in a queue, visible or not.
    pub fn waiting(&self, queue: QueueName) -> usize {
        self.state().queues.get(&queue).map_or(0, |store| store.entries.len())
    }

    /// Bodies of the messages in a queue's dead-letter queue.
    pub fn dead_letters(&self, queue: QueueName) -> Vec<String> {
        let state = self.state();
        let dead = state.queues.get(&queue).map(|store| store.dead.as_slice()).unwrap_or_default();
        dead.iter().map(|entry| entry.body.to_string()).collect()
    }

    /// The notes on messages of a queue that failed for the last time.
    pub fn notes(&self, queue: QueueName) -> Vec<Value> {
        let state = self.state();
        state.notes.iter().filter(|((of, _), _)| *of == queue).map(|(_, note)| note.clone()).collect()
    }

    /// A document of the archive.
    pub fn archived(&self, sha256: &Digest) -> Option<Vec<u8>> {
        self.state().archive.get(sha256).map(|bytes| bytes.to_vec())
    }

    /// Every item under this sort key that can be read. One that cannot be is named by [`World::audit`].
    pub(crate) fn items<T: DeserializeOwned>(&self, sk: &str) -> Vec<T> {
        let state = self.state();
        let own = state.table.iter().filter(|(key, _)| key.sk() == sk);
        own.filter_map(|(_, item)| serde_json::from_str(&item.doc).ok()).collect()
    }

    fn told_ids(&self) -> Vec<String> {
        let state = self.state();
        let events = state.stream.iter().flat_map(|written| &written.events);
        sorted(events.map(|event| format!("{} {}", event.meta.kind, event.meta.id)))
    }

    fn done(&self) -> Vec<String> {
        let state = self.state();
        let of = |(partner, endpoint): (&canonical::PartnerId, &crate::outside::Endpoint)| {
            let done = endpoint.done().into_iter();
            done.map(|(key, times)| format!("{partner} {key} ×{times}")).collect::<Vec<_>>()
        };
        sorted(state.endpoints.iter().flat_map(of))
    }

    fn outboxes(&self) -> Vec<String> {
        self.state().outbox.keys().map(|(partner, name)| format!("{partner}/{name}")).collect()
    }

    fn dead(&self) -> Vec<String> {
        let state = self.state();
        let dead = state.queues.iter().filter(|(_, store)| !store.dead.is_empty());
        dead.map(|(queue, store)| format!("{}: {}", queue.as_str(), store.dead.len())).collect()
    }
}

fn release(release: &Release) -> String {
    let lines = release.lines();
    let lines: Vec<String> = lines
        .iter()
        .map(|line| format!("{} {} {}/{} {}", line.line_no, line.sku, line.shipped, line.ordered, line.uom))
        .collect();
    let number = release.dispatch.as_ref().map_or("not placed", |dispatch| dispatch.depositor_order_no.as_str());
    // Of holds it counts which are lifted, and not when.
    let facts = Facts { holds: Vec::new(), ..release.facts.clone() };
    let hold = |hold: &Hold| format!("{} {}", hold.id, if hold.lifted_at.is_some() { "lifted" } else { "open" });
    let holds: Vec<String> = release.facts.holds.iter().map(hold).collect();
    format!("{} {} [{number}] {} {holds:?} {}", release.id, release.state(), lines.join(", "), json(&facts))
}

fn delivery(delivery: &Delivery) -> String {
    // The release of an event is left out: a milestone that comes before its ship confirm has none yet.
    let subject = match &delivery.subject {
        Subject::Release { release_id } => format!("release {release_id}"),
        Subject::Cancel { release_id } => format!("cancel {release_id}"),
        Subject::Event { event_id, .. } => format!("event {event_id}"),
        Subject::Acknowledgment { group } => format!("acknowledgment of {group}"),
    };
    format!("{} {} {subject}: {}", delivery.receiver.partner, delivery.id, json(&delivery.state))
}

fn shipment(shipment: &Shipment) -> String {
    format!("{} {} {}", shipment.id, json(&shipment.confirmed), json(&shipment.milestones))
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn sorted(lines: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut lines: Vec<String> = lines.into_iter().collect();
    lines.sort();
    lines
}
