//! What the stores hold, counted: what was applied, absorbed, lost, or done twice. Nothing here is assumed.

use std::collections::{BTreeMap, BTreeSet};

use aws::Http;
use canonical::{
    Code, Content, Delivery, DeliveryId, DeliveryState, Digest, EventId, EventType, Message, Parked, PartnerId,
    Release, Role, Shipment, ShipmentId, Subject, Target,
};
use partners::Bundle;
use serde::Serialize;
use serde_json::Value;
use steps::edi_drop::{self, Drop};

use crate::sandbox::{Direction, Entry};
use crate::{Error, World, logs, warehouse};

/// A demo in figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Releases in the table.
    pub orders: usize,
    /// Facts and deliveries on record as applied.
    pub applied: usize,
    /// Messages that the functions recognised as told before, by their logs.
    pub duplicate: usize,
    /// What was taken and left no trace, or was to be told and did not arrive.
    pub lost: usize,
    /// What a partner was made to do twice.
    pub double_effects: usize,
    /// How long it took.
    pub elapsed_ms: u64,
}

/// Everything that the stores hold.
#[derive(Debug)]
pub struct Ledger {
    /// The releases.
    pub releases: Vec<Release>,
    /// The shipments.
    pub shipments: Vec<Shipment>,
    /// The deliveries.
    pub deliveries: Vec<Delivery>,
    /// What is parked.
    pub parked: Vec<Parked>,
    /// What the partners sent and received.
    pub journal: Vec<Entry>,
    /// Messages recognised as told before.
    pub absorbed: usize,
    /// Files in outboxes, by key.
    files: BTreeSet<String>,
    /// For each partner: the releases in its 940s, and the groups in its 997s, one entry for each time.
    file_effects: Vec<(String, String)>,
    bundle: Bundle,
}

impl Ledger {
    /// Reads the stores of `world`.
    pub async fn take(world: &World) -> Result<Self, Error> {
        let mut ledger = Self {
            releases: Vec::new(),
            shipments: Vec::new(),
            deliveries: Vec::new(),
            parked: Vec::new(),
            journal: world.sandbox.journal().entries(),
            absorbed: 0,
            files: BTreeSet::new(),
            file_effects: Vec::new(),
            bundle: world.bundle.clone(),
        };
        for item in world.operations.scan(None, |_| ()).await? {
            let unreadable = || Error::json(format!("item {}", item.pk));
            match item.sk.as_str() {
                "RELEASE" => ledger.releases.push(serde_json::from_value(item.doc).map_err(unreadable())?),
                "SHIPMENT" => ledger.shipments.push(serde_json::from_value(item.doc).map_err(unreadable())?),
                "DELIVERY" => ledger.deliveries.push(serde_json::from_value(item.doc).map_err(unreadable())?),
                "PARKED" => ledger.parked.push(serde_json::from_value(item.doc).map_err(unreadable())?),
                _ => {}
            }
        }
        ledger.releases.sort_by_key(|release| release.received_at);
        let (http, running) = (Http::new()?, world.running());
        for function in local::FUNCTIONS {
            let lines = logs::lines(&http, &running, function, "duplicate").await?;
            ledger.absorbed += lines.iter().filter(|line| line.is_absorbed()).count();
        }
        for partner in world.bundle.partners.keys() {
            let files = world.operations.outbox(partner).await?;
            ledger.files.extend(files.into_iter().map(|file| file.key));
            for order in world.ship_orders(partner.as_str()).await? {
                if order.purpose == "N" {
                    ledger.file_effects.push((partner.to_string(), format!("940 for {}", order.release_id)));
                }
            }
            for acknowledged in world.acknowledgments(partner.as_str()).await? {
                let effect = format!("997 for group {}", acknowledged.group);
                ledger.file_effects.push((partner.to_string(), effect));
            }
        }
        Ok(ledger)
    }

    /// The figures.
    pub fn counts(&self, elapsed_ms: u64) -> Counts {
        Counts {
            orders: self.releases.len(),
            applied: self.applied(),
            duplicate: self.absorbed,
            lost: self.lost().len(),
            double_effects: self.double_effects().len(),
            elapsed_ms,
        }
    }

    /// Facts on record in releases and shipments, and deliveries that arrived.
    pub fn applied(&self) -> usize {
        let facts = self.releases.iter().flat_map(|release| &release.history);
        let scans =
            self.shipments.iter().map(|shipment| shipment.milestones.len() + usize::from(shipment.confirmed.is_some()));
        let arrived = |delivery: &&Delivery| delivery.state == DeliveryState::Delivered;
        facts.filter(|entry| entry.outcome == "applied").count()
            + scans.sum::<usize>()
            + self.deliveries.iter().filter(arrived).count()
    }

    /// What was taken and left no trace, and what was to be told and did not arrive; each in words.
    pub fn lost(&self) -> Vec<String> {
        let mut lost = Vec::new();
        for entry in self.journal.iter().filter(|entry| entry.direction == Direction::Sent && entry.is_taken()) {
            self.check_sent(entry, &mut lost);
        }
        let of_releases = self.releases.iter().flat_map(told_of_release);
        for told in of_releases.chain(self.shipments.iter().flat_map(told_of_shipment)) {
            self.check_told(&told, &mut lost);
        }
        for delivery in &self.deliveries {
            self.check_delivery(delivery, &mut lost);
        }
        lost
    }

    /// A thing that a partner sent and Crossdock took must be on record.
    fn check_sent(&self, entry: &Entry, lost: &mut Vec<String>) {
        let answer: Value = serde_json::from_str(&entry.answer).unwrap_or_default();
        let id = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let is_there = match entry.what.as_str() {
            "order-release" => self.releases.iter().any(|release| release.id.as_str() == id("release_id")),
            "file" => return self.check_file(entry, lost),
            topic => self.knows_message(&id("message_id")) || self.knows_fact(topic, entry),
        };
        if !is_there {
            lost.push(format!("{} of {} ({}) left no trace", entry.what, entry.partner, entry.id));
        }
    }

    fn knows_message(&self, id: &str) -> bool {
        self.releases.iter().flat_map(|release| &release.history).any(|entry| entry.message_id == id)
            || self.parked.iter().any(|parked| parked.id.as_str() == id)
    }

    /// A webhook whose fact is on record by another message, or in a shipment, which keeps no ids of messages.
    fn knows_fact(&self, topic: &str, entry: &Entry) -> bool {
        let Ok(partner) = entry.partner.parse() else { return false };
        let Some(profile) = self.bundle.partner(&partner) else { return false };
        let sender = profile.principal(&self.bundle.house.tenant);
        let Ok(topic) = topic.parse() else { return false };
        let version = self.bundle.version.as_str();
        let decided =
            steps::webhook_ingest::decide(topic, &sender, &entry.id, entry.body.as_bytes(), version, entry.at);
        decided.is_ok_and(|message| self.knows_content(&message))
    }

    fn knows_content(&self, message: &Message) -> bool {
        let scope = &message.sender.scope;
        let shipment = |id: &ShipmentId| self.shipments.iter().find(|shipment| shipment.id == *id);
        match &message.content {
            Content::ShipConfirm(confirm) => {
                let id = ShipmentId::derive(&scope.tenant, &scope.partner, &confirm.shipment_no);
                shipment(&id).is_some_and(|shipment| shipment.confirmed.is_some())
            }
            Content::Milestone(update) => shipment(&update.shipment).is_some_and(|shipment| {
                shipment.milestones.iter().any(|milestone| {
                    milestone.code == update.code
                        && milestone.occurred_at == update.occurred_at
                        && milestone.source == scope.partner
                })
            }),
            Content::Acknowledge(_) => {
                let id = steps::order_dispatch::acknowledgment_delivery(message);
                self.deliveries.iter().any(|delivery| delivery.id == id)
            }
            Content::BusinessDecision { release, .. }
            | Content::Waved { release, .. }
            | Content::CancelDecision { release, .. } => {
                let kind = match &message.content {
                    Content::Waved { .. } => canonical::Transition::Wave,
                    Content::CancelDecision { .. } => canonical::Transition::CancelDecision,
                    _ => canonical::Transition::BusinessDecision,
                };
                let named = |candidate: &&Release| match release {
                    canonical::SetReference::ReleaseId(id) => candidate.id == *id,
                    canonical::SetReference::DepositorOrderNo(no) => {
                        candidate.dispatch.as_ref().is_some_and(|dispatch| dispatch.depositor_order_no == *no)
                    }
                };
                let release = self.releases.iter().find(named);
                release.is_some_and(|release| release.history.iter().any(|entry| entry.transition == kind))
            }
            Content::GroupAck(ack) => self.releases.iter().any(|release| {
                release.route.as_ref().is_some_and(|route| route.partner == scope.partner)
                    && release.facts.technical.as_ref().is_some_and(|verdict| verdict.accepted == ack.accepted)
            }),
            Content::Defective { .. } => false,
        }
    }

    /// Every transaction set of a dropped file must be on record, and every group acknowledged.
    fn check_file(&self, entry: &Entry, lost: &mut Vec<String>) {
        let profile = entry.partner.parse().ok().and_then(|partner| self.bundle.partner(&partner));
        let Some(profile) = profile else { return };
        let key = format!("inbox/{}/{}", entry.partner, entry.id);
        if !edi_drop::is_finished(&key, entry.body.len() as u64) {
            return;
        }
        if edi_drop::is_too_long(entry.body.len() as u64) {
            let tells = |parked: &Parked| parked.findings.iter().any(|finding| finding.detail.contains(&key));
            if !self.parked.iter().any(tells) {
                lost.push(format!("{} of {}, which is too long, left no trace", entry.id, entry.partner));
            }
            return;
        }
        if Digest::of(entry.body.as_bytes()) != entry.sha256 {
            // It is no text, so the journal does not hold its bytes, and it was no EDI either.
            if !self.parked.iter().any(|parked| parked.raw.sha256 == entry.sha256) {
                lost.push(format!("{} of {} left no trace", entry.id, entry.partner));
            }
            return;
        }
        // An interchange whose number came before in another file is in the inbox as a whole.
        let taken = |parked: &Parked| parked.raw.sha256 == entry.sha256 && parked.code == Code::EdiControlNumberTaken;
        if self.parked.iter().any(taken) {
            return;
        }
        let drop = Drop {
            bytes: entry.body.as_bytes(),
            len: entry.body.len() as u64,
            key: &key,
            profile,
            sender: &profile.principal(&self.bundle.house.tenant),
            profile_version: self.bundle.version.as_str(),
            received_at: entry.at,
        };
        let split = edi_drop::split(drop, &BTreeMap::new());
        for message in split.messages {
            if !self.knows_message(message.id.as_str()) && !self.knows_content(&message) {
                let at = message.raw.offset;
                lost.push(format!("what stands at byte {at} of {} of {} left no trace", entry.id, entry.partner));
            }
        }
    }

    /// An event that the facts call for must have a delivery for each of its subscribers.
    fn check_told(&self, told: &Told, lost: &mut Vec<String>) {
        let (tenant, kind) = (&self.bundle.house.tenant, told.kind);
        let event = EventId::derive(tenant, kind.as_str(), &told.dedup_key);
        for profile in self.bundle.partners.values() {
            // An ERP or a warehouse is told only of what it has a part in.
            let concerned = !matches!(profile.role, Role::Erp | Role::Wms) || told.parties.contains(&profile.id);
            if profile.subscription_to(kind).is_none() || !concerned {
                continue;
            }
            let id = DeliveryId::derive(tenant, &profile.id, event.as_str());
            if !self.deliveries.iter().any(|delivery| delivery.id == id) {
                lost.push(format!("{kind} {event} was never on its way to {}", profile.id));
            }
        }
    }

    /// A delivery must have ended, and what it says was delivered must have arrived.
    fn check_delivery(&self, delivery: &Delivery, lost: &mut Vec<String>) {
        let partner = delivery.receiver.partner.as_str();
        let arrived = match (&delivery.state, &delivery.target) {
            (DeliveryState::Refused | DeliveryState::Unknown, _) => return,
            (DeliveryState::Pending, _) => false,
            (DeliveryState::Delivered, Target::Http) => self.journal.iter().any(|entry| {
                entry.direction == Direction::Received
                    && entry.partner == partner
                    && entry.id == delivery.message_no
                    && entry.is_taken()
                    && entry.sha256 == delivery.body.sha256
            }),
            (DeliveryState::Delivered, Target::File { name }) => {
                self.files.contains(&format!("outbox/{partner}/{name}"))
            }
        };
        if !arrived {
            let state = if delivery.state == DeliveryState::Pending { "is still pending" } else { "never arrived" };
            lost.push(format!("delivery {} to {partner} {state}", delivery.id));
        }
    }

    /// What a partner was made to do twice; each in words. A partner does one thing for one webhook id, and one thing
    /// for one file.
    pub fn double_effects(&self) -> Vec<String> {
        let mut effects: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
        let mut bodies: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
        for entry in self.journal.iter().filter(|entry| entry.direction == Direction::Received && entry.is_taken()) {
            let named = (entry.partner.clone(), entry.id.clone());
            bodies.entry(named).or_default().insert(entry.sha256.to_string());
            if let Some(effect) = effect_of(entry) {
                effects.entry((entry.partner.clone(), effect)).or_default().insert(entry.id.clone());
            }
        }
        let mut double: Vec<String> = effects
            .iter()
            .filter(|(_, ids)| ids.len() > 1)
            .map(|((partner, effect), ids)| format!("{partner} got {effect} under {} ids", ids.len()))
            .collect();
        let changed = bodies.iter().filter(|(_, bodies)| bodies.len() > 1);
        double.extend(changed.map(|((partner, id), _)| format!("{partner} got {id} with different bodies")));
        let mut files: BTreeMap<&(String, String), usize> = BTreeMap::new();
        for effect in &self.file_effects {
            *files.entry(effect).or_default() += 1;
        }
        let repeated = files.iter().filter(|(_, count)| **count > 1);
        double
            .extend(repeated.map(|((partner, effect), count)| format!("{partner} got {count} files with a {effect}")));
        double
    }

    /// Ids of all events that are on record of `release`: in its history, and in deliveries about it.
    pub fn events_of(&self, release: &Release) -> BTreeSet<EventId> {
        let told = release.history.iter().flat_map(|entry| entry.events.iter().cloned());
        let delivered = self.deliveries.iter().filter_map(|delivery| match &delivery.subject {
            Subject::Event { event_id, correlation_id } if correlation_id.as_deref() == Some(release.id.as_str()) => {
                Some(event_id.clone())
            }
            _ => None,
        });
        told.chain(delivered).collect()
    }

    /// The deliveries about `release`.
    pub fn deliveries_of(&self, release: &Release) -> Vec<Delivery> {
        let about = |delivery: &&Delivery| delivery.subject.correlation_id().as_deref() == Some(release.id.as_str());
        self.deliveries.iter().filter(about).cloned().collect()
    }

    /// The shipments of `release`.
    pub fn shipments_of(&self, release: &Release) -> Vec<Shipment> {
        let of = |shipment: &&Shipment| {
            shipment.confirmed.as_ref().is_some_and(|confirmed| confirmed.release_id == release.id)
        };
        self.shipments.iter().filter(of).cloned().collect()
    }

    /// How often `partner` took something of type `what` about `release`, each webhook id once.
    pub fn taken(&self, partner: &str, what: &str, release: &Release) -> usize {
        let about = |entry: &&Entry| {
            entry.direction == Direction::Received
                && entry.is_taken()
                && entry.partner == partner
                && entry.what == what
                && entry.body.contains(release.id.as_str())
        };
        self.journal.iter().filter(about).map(|entry| &entry.id).collect::<BTreeSet<_>>().len()
    }
}

/// The business effect that a message has on its receiver, where it must have it once.
fn effect_of(entry: &Entry) -> Option<String> {
    let body: Value = serde_json::from_str(&entry.body).ok()?;
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str);
    let key = match entry.what.as_str() {
        "order-release" | "order-cancel" => text("/release_id")?,
        "shipment.confirmed.v1" | "invoice.trigger.requested.v1" | "shipment.proof_of_shipment.established.v1" => {
            text("/data/shipment_id")?
        }
        "order.completed.v1" => text("/data/release_id")?,
        _ => return None,
    };
    Some(format!("{} of {key}", entry.what))
}

/// An event that must have been told.
struct Told {
    kind: EventType,
    dedup_key: String,
    /// The ERP and the warehouse that have a part in it.
    parties: Vec<PartnerId>,
}

/// Events that must have been told of a release, by its facts.
fn told_of_release(release: &Release) -> Vec<Told> {
    let told = |kind, dedup_key| Told { kind, dedup_key, parties: release.parties() };
    let mut all = Vec::new();
    if release.lines().iter().all(|line| line.shipped >= line.ordered) {
        all.push(told(EventType::OrderCompleted, format!("{}/1", release.id)));
    }
    for entry in release.history.iter().filter(|entry| entry.outcome == "violation") {
        let key = format!("{}/{}", entry.message_id, entry.transition.as_str());
        all.push(told(EventType::OwnershipViolation, key));
    }
    all
}

/// Events that must have been told of a shipment, by its facts.
fn told_of_shipment(shipment: &Shipment) -> Vec<Told> {
    let id = &shipment.id;
    let mut all = Vec::new();
    if let Some(confirmed) = &shipment.confirmed {
        let parties = vec![confirmed.erp.clone(), confirmed.partner.clone()];
        let told = |kind, dedup_key| Told { kind, dedup_key, parties: parties.clone() };
        let key = format!("{}/{}/original", confirmed.partner, confirmed.confirm.shipment_no);
        all.push(told(EventType::ShipmentConfirmed, key));
        if shipment.is_proven() {
            all.push(told(EventType::ProofOfShipment, format!("{id}/1")));
            let key = format!("{}/{id}/on-proof-of-shipment", confirmed.release_id);
            all.push(told(EventType::InvoiceTriggerRequested, key));
        }
    }
    for milestone in &shipment.milestones {
        let (source, code, at) = (&milestone.source, milestone.code.as_str(), milestone.occurred_at);
        let tracking_no = milestone.tracking_no.as_deref().unwrap_or_default();
        // Whether ERP and warehouse had a part in it was known only if the ship confirm came first.
        all.push(Told {
            kind: EventType::MilestoneRecorded,
            dedup_key: format!("{id}/{source}/{code}/{at}/{tracking_no}"),
            parties: Vec::new(),
        });
    }
    all
}

/// The 997 that answers a dropped file's group `control`, if there is one; two would be one too many.
pub(crate) fn answer_to<'a>(
    acknowledgments: &'a [warehouse::Acknowledged],
    control: &str,
) -> Option<&'a warehouse::Acknowledged> {
    let mut found = acknowledgments.iter().filter(|acknowledged| acknowledged.group == control);
    found.next().filter(|_| found.next().is_none())
}

#[cfg(test)]
mod tests {
    use canonical::{Body, Guarantee, PartnerScope, ReleaseId};
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::{place, profiles};

    fn ledger() -> Ledger {
        let folder = place::profiles();
        let files = profiles::sources(&folder).unwrap();
        Ledger {
            releases: Vec::new(),
            shipments: Vec::new(),
            deliveries: Vec::new(),
            parked: Vec::new(),
            journal: Vec::new(),
            absorbed: 0,
            files: BTreeSet::new(),
            file_effects: Vec::new(),
            bundle: profiles::compile(&files, &folder, "http://127.0.0.1:1", "key").unwrap(),
        }
    }

    fn entry(direction: Direction, what: &str, id: &str, body: &str, answer: &str) -> Entry {
        Entry {
            at: Timestamp::UNIX_EPOCH,
            direction,
            partner: "northwind-erp".to_owned(),
            what: what.to_owned(),
            id: id.to_owned(),
            status: 202,
            sha256: Digest::of(body.as_bytes()),
            body: body.to_owned(),
            answer: answer.to_owned(),
        }
    }

    fn delivery(state: DeliveryState, target: Target) -> Delivery {
        let receiver = PartnerScope { tenant: "northwind".parse().unwrap(), partner: "northwind-erp".parse().unwrap() };
        let id: ReleaseId = "rel_1".parse().unwrap();
        let body = Body { sha256: Digest::of(b"{}"), content_type: "application/json".to_owned() };
        let subject = Subject::Release { release_id: id };
        let delivery_id = "dlv_1".parse().unwrap();
        let pending =
            Delivery::pending(delivery_id, receiver, subject, "m1".to_owned(), target, body, Guarantee::Dedupes);
        Delivery { state, ..pending }
    }

    #[test]
    fn what_was_taken_and_left_no_trace_is_lost() {
        let mut ledger = ledger();
        let answer = r#"{"release_id":"rel_1"}"#;
        ledger.journal.push(entry(Direction::Sent, "order-release", "k", "{}", answer));
        ledger.journal.push(entry(Direction::Sent, "release-waved", "w", "{}", r#"{"message_id":"msg_1"}"#));
        ledger.journal.push(entry(Direction::Sent, "file", "x.edi", "no EDI", ""));
        ledger.journal[2].partner = "acme-3pl".to_owned();
        assert_eq!(ledger.lost().len(), 3, "{:?}", ledger.lost());
        for entry in &mut ledger.journal {
            entry.status = 422;
        }
        assert_eq!(ledger.lost(), Vec::<String>::new(), "what was refused was never taken");
    }

    #[test]
    fn a_delivery_that_never_arrived_is_lost_and_one_that_did_is_not() {
        let mut ledger = ledger();
        ledger.deliveries.push(delivery(DeliveryState::Pending, Target::Http));
        ledger.deliveries.push(delivery(DeliveryState::Delivered, Target::Http));
        ledger.deliveries.push(delivery(DeliveryState::Delivered, Target::File { name: "a".to_owned() }));
        ledger.deliveries.push(delivery(DeliveryState::Refused, Target::Http));
        assert_eq!(ledger.lost().len(), 3, "{:?}", ledger.lost());
        assert_eq!(ledger.applied(), 2);
        ledger.journal.push(entry(Direction::Received, "order-release", "m1", "{}", ""));
        ledger.files.insert("outbox/northwind-erp/a".to_owned());
        assert_eq!(ledger.lost().len(), 1, "the pending one stays: {:?}", ledger.lost());
    }

    #[test]
    fn an_effect_under_two_ids_is_double_and_a_repeat_under_one_is_not() {
        let mut ledger = ledger();
        let body = |n: u32| json!({ "data": { "shipment_id": "shp_1", "n": n } }).to_string();
        let received = |id: &str, n| entry(Direction::Received, "shipment.confirmed.v1", id, &body(n), "");
        ledger.journal.extend([received("e1", 1), received("e1", 1)]);
        assert_eq!(ledger.double_effects(), Vec::<String>::new());
        ledger.journal.push(received("e2", 1));
        assert_eq!(ledger.double_effects().len(), 1, "another id is another fulfilment");
        ledger.journal.push(received("e1", 2));
        assert_eq!(ledger.double_effects().len(), 2, "one id with two bodies is two things");
        ledger.file_effects = vec![("acme-3pl".to_owned(), "940 for rel_1".to_owned()); 2];
        assert_eq!(ledger.double_effects().len(), 3);
    }
}
