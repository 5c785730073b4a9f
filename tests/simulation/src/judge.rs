//! What must be so once a world has come to rest: worked out from what was done, not from what the product made of it.

use std::collections::BTreeMap;

use canonical::{Code, Delivery, DeliveryState, EventType, Expected, Quantity, Release, ReleaseState, Subject};
use partners::Via;
use sim::World;

use crate::cast::{ACME, BOLT, ERP, SHOP, TMS, read_940, segments};
use crate::orders::{Deed, Order, Warehouse};

/// Something that was done, and was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    /// Whose order, by its place.
    pub order: usize,
    /// What.
    pub deed: Deed,
}

/// What was done about one order.
struct Ledger<'a> {
    order: &'a Order,
    done: Vec<Deed>,
}

impl Ledger<'_> {
    fn has(&self, deed: Deed) -> bool {
        self.done.contains(&deed)
    }

    /// The parts of the order of which `deed` was done.
    fn parts(&self, deed: fn(usize) -> Deed) -> Vec<usize> {
        (0..self.order.shipments.len()).filter(|part| self.has(deed(*part))).collect()
    }

    /// Whether a hold that it came with is not lifted.
    fn waits(&self) -> bool {
        self.order.holds.iter().any(|reason| !self.has(Deed::Lift(*reason)))
    }

    /// How often somebody tried what is not theirs.
    fn intrusions(&self) -> usize {
        usize::from(self.has(Deed::Intrude))
            + self.order.holds.iter().filter(|reason| self.has(Deed::Meddle(**reason))).count()
    }

    /// How often the carrier spoke of a part.
    fn moved(&self, part: usize) -> usize {
        let moves = [Deed::PickUp(part), Deed::PickUpParcel(part), Deed::Deliver(part)];
        moves.into_iter().filter(|deed| self.has(*deed)).count()
    }

    /// What the warehouse said; none if nothing.
    fn said(&self, deed: fn(bool) -> Deed) -> Option<bool> {
        match (self.has(deed(false)), self.has(deed(true))) {
            (true, _) => Some(false),
            (false, true) => Some(true),
            (false, false) => None,
        }
    }
}

/// Everything that is not as it must be, in words: I1 to I8 of `docs/reliability.md`, and what the world itself finds.
/// The world must have come to rest, and its dead letters been redriven.
pub fn judge(world: &World, orders: &[Order], done: &[Done]) -> Vec<String> {
    let (releases, parked, deliveries) = (world.releases(), world.parked(), world.deliveries());
    let mut found = world.audit_of(&releases, &parked, &deliveries);
    let ledgers: Vec<Ledger<'_>> = orders
        .iter()
        .enumerate()
        .map(|(at, order)| {
            let own = done.iter().filter(|one| one.order == at);
            Ledger { order, done: own.map(|one| one.deed).collect() }
        })
        .collect();
    let (dead, poison) = world.dead_count();
    if dead != poison {
        found.push(format!("{} dead letters are left: {:?}", dead - poison, world.summary().dead));
    }
    if poison != world.poisons() {
        found.push(format!("of {} unreadable messages {poison} are in dead-letter queues", world.poisons()));
    }
    let told = Told::of(world);
    let effects = Effects::of(world);
    for ledger in &ledgers {
        let id = ledger.order.release_id();
        let release = releases.iter().find(|release| release.id == id);
        match (release, ledger.has(Deed::Release)) {
            (Some(release), true) => {
                facts(release, ledger, &mut found);
                events(release, ledger, &told, &mut found);
                deadlines(world, release, ledger, &told, &mut found);
                placed(release, ledger, &deliveries, &effects, &mut found);
            }
            (None, false) => {}
            (None, true) => found.push(format!("{} was released and is lost", ledger.order.no)),
            (Some(_), false) => found.push(format!("{} exists and nobody released it", ledger.order.no)),
        }
    }
    if releases.len() > orders.len() {
        found.push(format!("{} releases of {} orders", releases.len(), orders.len()));
    }
    // What a person is to find out may not have come.
    if !deliveries.iter().any(|delivery| delivery.state == DeliveryState::Unknown) {
        found.extend(effects.overtaken.iter().map(|what| format!("the cancel of {what} came before the order")));
    }
    found.extend(world.unnoted().into_iter().map(|what| format!("{what} died and left no note")));
    subscribers(world, &told, &deliveries, &effects, &mut found);
    acknowledgments(&ledgers, &effects, &mut found);
    let of = |deed: fn(usize) -> Deed| ledgers.iter().map(|ledger| ledger.parts(deed).len()).sum::<usize>();
    let (contradictions, reuses) = (of(Deed::Contradict), of(Deed::Reuse));
    let taken = parked.iter().filter(|one| one.code == Code::EdiControlNumberTaken).count();
    if taken != reuses {
        found.push(format!("{taken} files had a number that was taken, and there are {reuses}"));
    }
    if parked.len() - taken != contradictions {
        let count = parked.len() - taken;
        found.push(format!("{count} messages are parked, and {contradictions} contradicted another"));
    }
    found
}

/// The release holds what was said, and nothing else.
fn facts(release: &Release, ledger: &Ledger<'_>, found: &mut Vec<String>) {
    let (facts, order) = (&release.facts, ledger.order);
    let shipped = ledger.parts(Deed::Ship);
    let mut same = |what: &str, is: String, shall: String| {
        if is != shall {
            found.push(format!("{} {what}: {is}, and it must be {shall}", order.no));
        }
    };
    same("waved", facts.waved.to_string(), ledger.has(Deed::Wave).to_string());
    let business = facts.business.as_ref().map(|decision| decision.accepted);
    same("is accepted", format!("{business:?}"), format!("{:?}", ledger.said(Deed::Decide)));
    let technical = facts.technical.as_ref().map(|verdict| verdict.accepted);
    same("is acknowledged", format!("{technical:?}"), format!("{:?}", ledger.said(Deed::Acknowledge)));
    same("cancel is asked", facts.cancel_requested.to_string(), ledger.has(Deed::Cancel).to_string());
    let unsent = ledger.has(Deed::Cancel) && release.dispatch.is_none();
    let cancel = if unsent { Some(true) } else { ledger.said(Deed::Answer) };
    same("cancel is answered", format!("{:?}", facts.cancel_accepted), format!("{cancel:?}"));
    let mut ids: Vec<String> = shipped.iter().map(|part| order.shipment_id(*part).to_string()).collect();
    ids.sort();
    let known: Vec<String> = facts.shipments.keys().map(ToString::to_string).collect();
    same("shipments", known.join(" "), ids.join(" "));
    let quantities: Vec<Quantity> = release.lines().iter().map(|line| line.shipped).collect();
    same("quantities", format!("{quantities:?}"), format!("{:?}", order.shipped(&shipped)));
    let arrived = ledger.parts(Deed::Deliver).into_iter().filter(|part| shipped.contains(part));
    let mut arrived: Vec<String> = arrived.map(|part| order.shipment_id(part).to_string()).collect();
    arrived.sort();
    let delivered: Vec<String> = facts.delivered.iter().map(ToString::to_string).collect();
    same("arrivals", delivered.join(" "), arrived.join(" "));
    let intrusions = release.history.iter().filter(|entry| entry.outcome == "violation").count();
    same("intrusions", intrusions.to_string(), ledger.intrusions().to_string());
    let open: Vec<&str> = release.open_holds().map(|hold| hold.reason.as_str()).collect();
    let unlifted = order.holds.iter().filter(|reason| !ledger.has(Deed::Lift(**reason)));
    same("is held for", open.join(" "), unlifted.map(|reason| reason.as_str()).collect::<Vec<_>>().join(" "));
    // Who cancels, too, may come before or after the placing; what is held is not placed.
    if !ledger.has(Deed::Cancel) || ledger.waits() {
        same("is placed", release.dispatch.is_some().to_string(), (!ledger.waits()).to_string());
    }
    if facts.undeliverable.is_none() {
        same("stands", release.state().to_string(), state(release, ledger, &arrived).to_string());
    }
}

/// Where a release stands of which this was said.
fn state(release: &Release, ledger: &Ledger<'_>, arrived: &[String]) -> ReleaseState {
    let shipped = ledger.parts(Deed::Ship);
    let full = ledger.order.lines.iter().map(|(_, ordered)| Quantity::from(*ordered));
    if !shipped.is_empty() {
        return if !ledger.order.shipped(&shipped).into_iter().eq(full) {
            ReleaseState::PartiallyShipped
        } else if arrived.len() == shipped.len() {
            ReleaseState::Delivered
        } else {
            ReleaseState::Shipped
        };
    }
    let cancel = if release.dispatch.is_none() { Some(true) } else { ledger.said(Deed::Answer) };
    match (ledger.has(Deed::Cancel), cancel) {
        (true, Some(true)) => ReleaseState::Cancelled,
        (true, None) => ReleaseState::CancelRequested,
        _ if ledger.waits() => ReleaseState::Held,
        _ if ledger.has(Deed::Wave) => ReleaseState::InProcess,
        _ => match (ledger.said(Deed::Decide), ledger.said(Deed::Acknowledge)) {
            (Some(true), _) => ReleaseState::Accepted,
            (Some(false), _) => ReleaseState::Rejected,
            (None, Some(true)) => ReleaseState::TechAcked,
            (None, Some(false)) => ReleaseState::TechRejected,
            (None, None) => ReleaseState::TransportAcked,
        },
    }
}

/// How often each type of event was told of each release and shipment, and who must hear of it.
#[derive(Default)]
struct Told {
    counts: BTreeMap<(EventType, String), usize>,
    events: Vec<(EventType, String, Vec<String>)>,
}

impl Told {
    fn of(world: &World) -> Self {
        let mut told = Self::default();
        world.see_told(|event| {
            let meta = &event.meta;
            let about = match meta.kind {
                EventType::ShipmentConfirmed
                | EventType::MilestoneRecorded
                | EventType::ProofOfShipment
                | EventType::InvoiceTriggerRequested => {
                    event.data.get("shipment_id").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
                }
                EventType::ExpectationMissed => {
                    let expected = event.data.get("expected").and_then(serde_json::Value::as_str);
                    missed(meta.correlation_id.as_deref().unwrap_or_default(), expected.unwrap_or_default())
                }
                // Held because its partner's endpoint was out: that is mended without anybody.
                EventType::ReleaseHeld | EventType::ReleaseResumed
                    if event.data.get("code") == Some(&Code::PartnerOutage.as_str().into()) =>
                {
                    outage(meta.correlation_id.as_deref().unwrap_or_default())
                }
                _ => meta.correlation_id.clone().unwrap_or_default(),
            };
            *told.counts.entry((meta.kind, about)).or_insert(0) += 1;
            let parties = meta.parties.iter().map(ToString::to_string).collect();
            told.events.push((meta.kind, meta.id.to_string(), parties));
        });
        told
    }

    fn count(&self, kind: EventType, about: &str) -> usize {
        self.counts.get(&(kind, about.to_owned())).copied().unwrap_or(0)
    }
}

/// What is told of something that a release's partner did not do in time.
fn missed(release: &str, expected: &str) -> String {
    format!("{release} {expected}")
}

/// What never came is told once when its time is over, and what is not due yet is not told. What came after its time may
/// have been told, and may not: nobody looks at every moment.
fn deadlines(world: &World, release: &Release, ledger: &Ledger<'_>, told: &Told, found: &mut Vec<String>) {
    let (no, partner) = (&ledger.order.no, ledger.order.warehouse.partner());
    let bundle = world.bundle();
    let profile = bundle.partners.values().find(|profile| profile.id.as_str() == partner);
    let Some(clocks) = profile.map(|profile| &profile.clocks) else { return };
    let left = !ledger.parts(Deed::Ship).is_empty();
    let decided = left || ledger.has(Deed::Wave) || ledger.said(Deed::Decide).is_some();
    let state = release.state();
    let ended = matches!(state, ReleaseState::Cancelled | ReleaseState::Rejected | ReleaseState::TechRejected);
    let placed = release.dispatch.is_some();
    for (expected, agreed, came) in [
        (Expected::Acknowledge, clocks.acknowledge, decided || ledger.said(Deed::Acknowledge).is_some()),
        (Expected::Accept, clocks.accept, decided),
        (Expected::DecideCancel, clocks.decide_cancel, left || ledger.said(Deed::Answer).is_some()),
        (Expected::Ship, clocks.ship, matches!(state, ReleaseState::Shipped | ReleaseState::Delivered)),
    ] {
        let begins = placed && (expected != Expected::DecideCancel || ledger.has(Deed::Cancel));
        let due = release.expectations.iter().find(|one| one.expected == expected).map(|one| one.due);
        if agreed.is_some() && begins && due.is_none() && !ended && !came {
            found.push(format!("{no}: nobody expects {expected}"));
        }
        let count = told.count(EventType::ExpectationMissed, &missed(release.id.as_str(), expected.as_str()));
        let over = due.is_some_and(|due| due <= world.now());
        let least = usize::from(over && !came && !ended);
        if !(least..=1).contains(&count) || (count > 0 && due.is_none()) {
            found
                .push(format!("{no}: {expected}, due at {due:?}, is told {count} times to be missed; it came: {came}"));
        }
    }
}

/// What is told of a release whose partner's endpoint is out.
fn outage(release: &str) -> String {
    format!("{release} in an outage")
}

/// Each thing that happened is told once.
fn events(release: &Release, ledger: &Ledger<'_>, told: &Told, found: &mut Vec<String>) {
    let (id, order) = (release.id.as_str(), ledger.order);
    let [held, resumed] = [EventType::ReleaseHeld, EventType::ReleaseResumed].map(|kind| told.count(kind, &outage(id)));
    if held > 1 || resumed > held || (resumed < held && release.facts.undeliverable.is_none()) {
        found.push(format!("{} {id}: held by an outage {held} times and resumed {resumed} times", order.no));
    }
    let mut times = |kind: EventType, about: &str, shall: usize| {
        let count = told.count(kind, about);
        if count != shall {
            found.push(format!("{} {about}: {kind} is told {count} times, and must be {shall}", order.no));
        }
    };
    let (placed, lost) = (release.dispatch.is_some(), release.facts.undeliverable.is_some());
    times(EventType::ReleaseHeld, id, order.holds.len() + usize::from(lost));
    // It goes on with the last hold, unless a cancel came before.
    if order.holds.is_empty() || ledger.waits() || placed {
        times(EventType::ReleaseResumed, id, usize::from(!order.holds.is_empty() && !ledger.waits()));
    }
    times(EventType::OwnershipViolation, id, ledger.intrusions());
    let mut once = |kind: EventType, about: &str, shall: bool| times(kind, about, usize::from(shall));
    once(EventType::ReleaseRequested, id, true);
    once(EventType::ReleaseValidated, id, true);
    once(EventType::ReleaseRouted, id, placed);
    once(EventType::ReleaseDispatched, id, placed);
    // What was unknown may have become known since.
    if !lost {
        once(EventType::ReleaseTransportAcked, id, placed);
    }
    once(EventType::ReleaseAccepted, id, ledger.has(Deed::Decide(true)));
    once(EventType::ReleaseRejected, id, ledger.has(Deed::Decide(false)));
    once(EventType::ReleaseTechnicallyAcked, id, ledger.has(Deed::Acknowledge(true)));
    once(EventType::ReleaseTechnicallyRejected, id, ledger.has(Deed::Acknowledge(false)));
    once(EventType::FulfillmentProgressed, id, ledger.has(Deed::Wave));
    once(EventType::CancelRequested, id, ledger.has(Deed::Cancel));
    let shipped = ledger.parts(Deed::Ship);
    let full = ledger.order.lines.iter().map(|(_, ordered)| Quantity::from(*ordered));
    once(EventType::OrderCompleted, id, order.shipped(&shipped).into_iter().eq(full));
    once(EventType::LineOverShipped, id, false);
    for part in 0..order.shipments.len() {
        let shipment = order.shipment_id(part).to_string();
        let left = ledger.has(Deed::Ship(part));
        let moved = ledger.moved(part);
        once(EventType::ShipmentConfirmed, &shipment, left);
        once(EventType::ProofOfShipment, &shipment, left && moved > 0);
        once(EventType::InvoiceTriggerRequested, &shipment, left && moved > 0);
    }
    for part in 0..order.shipments.len() {
        times(EventType::MilestoneRecorded, order.shipment_id(part).as_str(), ledger.moved(part));
    }
}

/// What partners have of us.
#[derive(Default)]
struct Effects {
    /// How often each partner did what came under each key.
    keys: BTreeMap<(String, String), usize>,
    /// What warehouses were asked: order or its cancel, by the release's id or order number.
    asked: BTreeMap<(bool, String), usize>,
    /// Names of files in outboxes.
    files: BTreeMap<(String, String), usize>,
    /// Groups that were acknowledged to Acme.
    acknowledged: BTreeMap<String, usize>,
    /// Cancels that came before their order.
    overtaken: Vec<String>,
}

impl Effects {
    fn of(world: &World) -> Self {
        let mut effects = Self::default();
        world.see_done(|partner, key, body| {
            *effects.keys.entry((partner.to_string(), key.to_owned())).or_insert(0) += 1;
            if partner.as_str() == BOLT {
                let text = std::str::from_utf8(body).unwrap_or_default();
                let field = |name: &str| {
                    let start = text.split_once(&format!("\"{name}\":\"")).map_or("", |(_, rest)| rest);
                    start.split('"').next().unwrap_or_default().to_owned()
                };
                effects.ask(field("document") == "order-release", field("release_id"));
            }
        });
        let mut placed = Vec::new();
        world.see_outboxes(|partner, name, bytes| {
            *effects.files.entry((partner.to_string(), name.to_owned())).or_insert(0) += 1;
            if name.starts_with("940-") {
                placed.push(read_940(bytes));
            } else if name.starts_with("997-") {
                for group in segments(bytes, "AK1") {
                    *effects.acknowledged.entry(group).or_insert(0) += 1;
                }
            }
        });
        // A warehouse takes files in the order of their numbers.
        placed.sort_by_key(|one| one.interchange);
        for one in placed {
            effects.ask(one.purpose == "N", one.order_no);
        }
        effects
    }

    fn ask(&mut self, order: bool, what: String) {
        if !order && !self.asked.contains_key(&(true, what.clone())) {
            self.overtaken.push(what.clone());
        }
        *self.asked.entry((order, what)).or_insert(0) += 1;
    }

    fn asked(&self, release: &Release, order: bool) -> usize {
        let by_id = self.asked.get(&(order, release.id.to_string()));
        by_id.or(self.asked.get(&(order, release.order.order_no.clone()))).copied().unwrap_or(0)
    }
}

/// The warehouse got the order once, and its cancel at most once (I2).
fn placed(release: &Release, ledger: &Ledger<'_>, deliveries: &[Delivery], effects: &Effects, found: &mut Vec<String>) {
    let (orders, cancels) = (effects.asked(release, true), effects.asked(release, false));
    let no = &ledger.order.no;
    let state = |cancel: bool| {
        let mut own = deliveries.iter().filter(|delivery| match &delivery.subject {
            Subject::Release { release_id } => !cancel && *release_id == release.id,
            Subject::Cancel { release_id } => cancel && *release_id == release.id,
            _ => false,
        });
        own.next().map(|delivery| delivery.state)
    };
    let mut hold = |what: &str, count: usize, state: Option<DeliveryState>, due: bool| match state {
        // A person finds out, and may find either.
        Some(DeliveryState::Unknown) if count <= 1 => {}
        Some(DeliveryState::Delivered) if count == 1 => {}
        None if count == 0 && !due => {}
        state => found.push(format!("{no}: its warehouse got {what} {count} times, and the delivery is {state:?}")),
    };
    hold("the order", orders, state(false), release.dispatch.is_some());
    let sent = release.dispatch.is_some();
    let undecided = ledger.said(Deed::Answer).is_none() && ledger.parts(Deed::Ship).is_empty();
    hold("the cancel", cancels, state(true), sent && ledger.has(Deed::Cancel) && undecided);
}

/// Each subscriber has each event that is for it once, and nothing else (I7).
fn subscribers(world: &World, told: &Told, deliveries: &[Delivery], effects: &Effects, found: &mut Vec<String>) {
    let bundle = world.bundle();
    let mut due = 0;
    for (partner, ours) in [(ERP, true), (TMS, true), (SHOP, true), (BOLT, false), (ACME, false)] {
        let Some(profile) = bundle.partners.values().find(|profile| profile.id.as_str() == partner) else { continue };
        for (kind, id, parties) in &told.events {
            // One ERP has released everything here; a warehouse hears of what it has a part in.
            let part = ours || parties.iter().any(|party| party == partner);
            let (count, times) = match profile.subscription_to(*kind).filter(|_| part) {
                None => continue,
                Some(Via::Webhook) => {
                    due += 1;
                    (effects.keys.get(&(partner.to_owned(), id.clone())), 1)
                }
                Some(Via::File) => (effects.files.get(&(partner.to_owned(), format!("{id}.json"))), 1),
            };
            let count = count.copied().unwrap_or(0);
            if count != times {
                found.push(format!("{partner} has {kind} {id} {count} times"));
            }
        }
    }
    let done = effects.keys.iter().filter(|((partner, _), _)| partner != BOLT).map(|(_, count)| count).sum::<usize>();
    if done > due {
        found.push(format!("subscribers did {done} things, and {due} were for them"));
    }
    let files = effects.files.keys().filter(|(partner, _)| partner == SHOP).count();
    let shop = bundle.partners.values().find(|profile| profile.id.as_str() == SHOP);
    let wanted = told.events.iter().filter(|(kind, ..)| shop.is_some_and(|it| it.subscription_to(*kind).is_some()));
    if files != wanted.count() {
        found.push(format!("{SHOP} has {files} files"));
    }
    for delivery in deliveries {
        let by_its_end = match delivery.state {
            DeliveryState::Delivered => true,
            // Only a partner that would do it again leaves that open.
            DeliveryState::Unknown => delivery.guarantee == canonical::Guarantee::Neither,
            DeliveryState::Pending | DeliveryState::Refused => false,
        };
        if !by_its_end {
            found.push(format!("delivery {} to {} is {:?}", delivery.id, delivery.receiver.partner, delivery.state));
        }
    }
}

/// Each functional group that came is acknowledged once, and acknowledgments are not (I8).
fn acknowledgments(ledgers: &[Ledger<'_>], effects: &Effects, found: &mut Vec<String>) {
    let mut owed = 0;
    for ledger in ledgers.iter().filter(|ledger| ledger.order.warehouse == Warehouse::Acme) {
        owed += ledger.parts(Deed::Ship).len() + ledger.parts(Deed::Contradict).len();
    }
    for (group, count) in &effects.acknowledged {
        if *count != 1 || !group.starts_with("AK1*SW*") {
            found.push(format!("{group} is acknowledged {count} times"));
        }
    }
    if effects.acknowledged.len() != owed {
        found.push(format!("{} groups are acknowledged of {owed}", effects.acknowledged.len()));
    }
}
