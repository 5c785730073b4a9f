//! Rules that hold of every world that came to rest, whatever went wrong on the way.

use std::collections::{BTreeMap, BTreeSet};

use canonical::{ArchiveRef, Delivery, Digest, EventId, EventType, Parked, Release, Target};
use serde_json::Value;

use crate::queues::Store;
use crate::world::State;
use crate::{QueueName, World};

/// Media type of X12 (RFC 1767): what carries control numbers.
const X12_MEDIA_TYPE: &str = "application/EDI-X12";

impl World {
    /// Everything that offends a rule, in words; nothing if all is well. The world must have come to rest.
    pub fn audit(&self) -> Vec<String> {
        self.audit_of(&self.releases(), &self.parked(), &self.deliveries())
    }

    /// The same for one who has read the items already.
    pub fn audit_of(&self, releases: &[Release], parked: &[Parked], deliveries: &[Delivery]) -> Vec<String> {
        let mut found = self.offences();
        histories_are_whole(releases, &mut found);
        let state = self.state();
        state.events_are_published(&mut found);
        state.bytes_are_kept(releases, parked, deliveries, &mut found);
        state.numbers_have_no_gap(deliveries, &mut found);
        state.nothing_is_lost(&mut found);
        state.keys_mean_one_thing(&mut found);
        state.items_are_readable(releases, &mut found);
        state.deadlines_are_told(releases, &mut found);
        found
    }
}

/// A release's history is numbered without gap, each entry begins where the one before ended, and the last one ends
/// where the release stands.
fn histories_are_whole(releases: &[Release], found: &mut Vec<String>) {
    for release in releases {
        let mut state = None;
        for (at, entry) in release.history.iter().enumerate() {
            if entry.seq != at as u64 + 1 {
                found.push(format!("history of {} has number {} at place {}", release.id, entry.seq, at + 1));
            }
            if state.is_some_and(|state| state != entry.from) {
                found.push(format!("history of {} has a gap before number {}", release.id, entry.seq));
            }
            state = Some(entry.to);
        }
        if state != Some(release.state()) {
            found.push(format!("history of {} does not end at {}", release.id, release.state()));
        }
    }
}

impl State {
    /// Each event that is told reaches the bus, and no other does. That each is told once, and in its order, is held at
    /// every write.
    fn events_are_published(&self, found: &mut Vec<String>) {
        let published: BTreeSet<&EventId> = self.published.iter().map(|event| &event.meta.id).collect();
        let told: BTreeSet<&EventId> =
            self.stream.iter().flat_map(|written| &written.events).map(|event| &event.meta.id).collect();
        found.extend(told.difference(&published).map(|id| format!("event {id} is told and not published")));
        found.extend(published.difference(&told).map(|id| format!("event {id} is published and was never told")));
    }

    /// Whatever is referred to lies in the archive.
    fn bytes_are_kept(
        &self,
        releases: &[Release],
        parked: &[Parked],
        deliveries: &[Delivery],
        found: &mut Vec<String>,
    ) {
        let mut check = |who: &str, sha256: &Digest, end: u64| {
            if self.archive.get(sha256).is_none_or(|bytes| (bytes.len() as u64) < end) {
                found.push(format!("the bytes of {who} are not in the archive"));
            }
        };
        let mut raw = |who: &str, raw: &ArchiveRef| check(who, &raw.sha256, raw.offset + raw.len);
        for event in self.stream.iter().flat_map(|written| &written.events) {
            if let Some(bytes) = &event.meta.raw_ref {
                raw(event.meta.id.as_str(), bytes);
            }
        }
        for release in releases {
            raw(release.id.as_str(), &release.raw);
        }
        for parked in parked {
            raw(parked.id.as_str(), &parked.raw);
        }
        for delivery in deliveries {
            check(delivery.id.as_str(), &delivery.body.sha256, 1);
        }
    }

    /// Each partner's interchange control numbers run from 1 without gap and mean one document each; what lies in an
    /// outbox is what was decided.
    fn numbers_have_no_gap(&self, deliveries: &[Delivery], found: &mut Vec<String>) {
        let mut numbers: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        let mut decided: BTreeMap<(&str, &str), &Digest> = BTreeMap::new();
        for delivery in deliveries {
            let partner = delivery.receiver.partner.as_str();
            let Target::File { name } = &delivery.target else { continue };
            if delivery.body.content_type == X12_MEDIA_TYPE {
                numbers.entry(partner).or_default().extend(delivery.message_no.parse::<u32>());
            }
            if decided.insert((partner, name), &delivery.body.sha256).is_some() {
                found.push(format!("two deliveries are called {partner}/{name}"));
            }
        }
        for (partner, mut given) in numbers {
            given.sort_unstable();
            if !given.iter().copied().eq((1..).take(given.len())) {
                found.push(format!("control numbers of {partner} are {given:?}"));
            }
        }
        for ((partner, name), object) in &self.outbox {
            let expected = decided.get(&(partner.as_str(), name)).and_then(|sha256| self.archive.get(sha256));
            if object.versions.iter().any(|bytes| Some(bytes) != expected) {
                found.push(format!("{partner}/{name} is not what was decided"));
            }
        }
    }

    fn nothing_is_lost(&self, found: &mut Vec<String>) {
        for (queue, store) in &self.queues {
            let Store { entries, expired, .. } = store;
            // Nobody reads the parked queue here; what it told lies in the table, too.
            if *queue == QueueName::Parked {
                continue;
            }
            if !expired.is_empty() {
                found.push(format!("{} messages of {} were kept too long", expired.len(), queue.as_str()));
            }
            if !entries.is_empty() {
                found.push(format!("{} messages wait in {}", entries.len(), queue.as_str()));
            }
        }
        for range in &self.relay.given_up {
            found.push(format!("the relay gave up {}..{}", range.start, range.end));
        }
        if self.relay.done < self.stream.len() {
            found.push("the stream is not told to its end".to_owned());
        }
    }

    /// A partner that dedupes on our key is lost if two bodies come under one key.
    fn keys_mean_one_thing(&self, found: &mut Vec<String>) {
        for (partner, endpoint) in &self.endpoints {
            let mut bodies: BTreeMap<&str, &[u8]> = BTreeMap::new();
            for got in &endpoint.received {
                if *bodies.entry(&got.key).or_insert(&got.body) != &*got.body {
                    found.push(format!("{partner} got two bodies under key {}", got.key));
                }
            }
        }
    }

    /// Every release can be read back, is in the index of what waits for somebody exactly while it does, and in that of
    /// what is due with what is due first.
    fn items_are_readable(&self, releases: &[Release], found: &mut Vec<String>) {
        let items: Vec<_> = self.table.iter().filter(|(key, _)| key.sk() == "RELEASE").collect();
        if items.len() != releases.len() {
            found.push(format!("of {} releases {} are readable", items.len(), releases.len()));
        }
        for (release, (_, item)) in releases.iter().zip(items) {
            if release.court().is_some() != item.open.is_some() {
                found.push(format!("{} is {} and open: {}", release.id, release.state(), item.open.is_some()));
            }
            if release.next_due() != item.due {
                found.push(format!("{} is due at {:?} and looked at {:?}", release.id, release.next_due(), item.due));
            }
        }
    }

    /// What is overdue is told, and nothing else: not before its time, and not twice.
    fn deadlines_are_told(&self, releases: &[Release], found: &mut Vec<String>) {
        let mut told: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        let events = self.stream.iter().flat_map(|written| &written.events);
        for event in events.filter(|event| event.meta.kind == EventType::ExpectationMissed) {
            let text = |name: &str| event.data.get(name).and_then(Value::as_str).unwrap_or_default();
            *told.entry((text("release_id"), text("expected"))).or_default() += 1;
        }
        for release in releases {
            for one in &release.expectations {
                let what = format!("{}: {}, due at {},", release.id, one.expected, one.due);
                let count = told.remove(&(release.id.as_str(), one.expected.as_str())).unwrap_or_default();
                if count != usize::from(one.missed_at.is_some()) {
                    found.push(format!("{what} is told {count} times to be missed, found at {:?}", one.missed_at));
                }
                // The index of what is due has seconds.
                if one.missed_at.is_some_and(|at| at.as_second() < one.due.as_second()) && !self.watch.clocks_differ {
                    found.push(format!("{what} is told before its time, at {:?}", one.missed_at));
                }
            }
            let due = release.next_due().filter(|due| due.as_second() <= self.now.as_second());
            if let Some(due) = due {
                found.push(format!("{} has missed something at {due}, and nobody is told", release.id));
            }
        }
        found.extend(
            told.keys().map(|(id, expected)| format!("{id}: {expected} is told to be missed and never expected")),
        );
    }
}
