//! S1: a sales order goes to a 3PL over REST and comes back as shipped, delivered and ready to be invoiced.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use canonical::{Release, ReleaseId, ReleaseState};

use super::{BOLT, ERP, Report, STEP_MAX, TMS, follow, received, redeliver, sample, settle};
use crate::{Error, Ledger, Stopwatch, Story, World};

const SHOP: &str = "webshop";

/// What the 3PL tells of an order, in its order: topic and sample.
const WEBHOOKS: [(&str, &str); 6] = [
    ("release-accepted", "S1/release-accepted.json"),
    ("release-waved", "S1/release-waved.json"),
    ("ship-confirm", "S1/ship-confirm.json"),
    ("tracking-update", "S1/tracking-picked-up.json"),
    ("tracking-update", "S1/tracking-delivered.json"),
    ("tracking-update", "S1/tracking-delivered.json"),
];

/// The sample shipment has two parcels; the samples speak of the first, and the last webhook of the second.
const PARCELS: [&str; 2] = ["1Z999AA10123456784", "1Z999AA10123456793"];

/// For how long functions are killed after each thing that is sent, and how often.
const KILLING: Duration = Duration::from_millis(900);
const KILL_EVERY: Duration = Duration::from_millis(30);
/// After how long without a result everything is said again.
const NUDGE: Duration = Duration::from_secs(3);

/// An order to play: the sample's, or one like it with other numbers.
#[derive(Debug, Clone)]
pub struct Script {
    /// The ERP's number.
    pub order_no: String,
    /// The 3PL's number of the shipment.
    pub shipment_no: String,
    /// When it plays, in seconds from the beginning of the data.
    pub from_s: i64,
}

impl Script {
    /// The sample in `events/S1`.
    pub fn sample() -> Self {
        Self { order_no: "SO-100001".to_owned(), shipment_no: "NJ1-SHP-9001".to_owned(), from_s: 1 }
    }

    /// The sample's order under another number.
    pub fn numbered(order_no: &str) -> Self {
        Self { order_no: order_no.to_owned(), shipment_no: format!("NJ1-{order_no}"), from_s: 1 }
    }

    /// The ERP's idempotency key.
    pub fn key(&self) -> String {
        format!("erp-{}-1", self.order_no)
    }

    fn words(&self) -> BTreeMap<&str, String> {
        BTreeMap::from([
            ("SO-100001", self.order_no.clone()),
            ("PO-77120", format!("PO-{}", self.order_no)),
            ("NJ1-SHP-9001", self.shipment_no.clone()),
        ])
    }

    /// The order release.
    pub fn order(&self) -> Result<String, Error> {
        sample("S1/order-release.json", &self.words())
    }

    /// The 3PL's webhook number `step`, from 0.
    pub fn webhook(&self, world: &World, id: &ReleaseId, step: usize) -> Result<Webhook, Error> {
        let (topic, name) = WEBHOOKS
            .get(step)
            .copied()
            .ok_or_else(|| Error::Unusable(format!("S1 has {} webhooks, not {step}", WEBHOOKS.len())))?;
        let at = world.time(self.from_s + i64::try_from(step).unwrap_or_default());
        let mut words = self.words();
        words.insert("{{release_id}}", id.to_string());
        words.insert("{{now}}", at.to_string());
        let [first, second] = PARCELS;
        if step + 1 == WEBHOOKS.len() {
            words.insert(first, second.to_owned());
        }
        Ok(Webhook {
            partner: BOLT.to_owned(),
            topic,
            id: format!("bolt_{}_{step}", self.order_no),
            body: sample(name, &words)?,
        })
    }
}

/// A webhook that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Who sent it.
    pub partner: String,
    /// Its topic.
    pub topic: &'static str,
    /// Its `webhook-id`.
    pub id: String,
    /// Its body.
    pub body: String,
}

/// What was said of an order so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The release.
    pub release_id: ReleaseId,
    /// The ERP's idempotency key.
    pub key: String,
    /// The ERP's body.
    pub order: Vec<u8>,
    /// The 3PL's webhooks.
    pub webhooks: Vec<Webhook>,
}

/// Kills functions while messages are in flight.
#[derive(Debug, Default)]
pub struct Killer {
    kills: Cell<usize>,
    functions: RefCell<BTreeSet<String>>,
}

impl Killer {
    /// Kills every function's process, again and again, for a while.
    async fn rage(&self, world: &World) {
        let watch = Stopwatch::start();
        while watch.elapsed() < KILLING {
            for process in world.stack.function_processes() {
                process.kill();
                self.kills.set(self.kills.get() + 1);
                self.functions.borrow_mut().insert(process.function);
            }
            tokio::time::sleep(KILL_EVERY).await;
        }
    }
}

/// Plays an order from its release to its delivery. With a killer, functions die on the way after each thing that is
/// sent, and what stays out is said again.
pub async fn tell(world: &World, story: &Story<'_>, script: &Script, killer: Option<&Killer>) -> Result<Told, Error> {
    let order = script.order()?;
    story.sends(ERP, "crossdock", &format!("POST /v1/order-releases, order {}", script.order_no));
    let release_id = amid(world, killer, world.released(&script.key(), order.as_bytes())).await?;
    let mut told = Told { release_id, key: script.key(), order: order.into_bytes(), webhooks: Vec::new() };
    let id = told.release_id.clone();
    step(world, story, &told, killer, "the 3PL's system to take the order", |release| release.facts.transport_acked)
        .await?;
    received(world, story, BOLT, "order-release", id.as_str()).await?;
    for index in 0..WEBHOOKS.len() {
        let webhook = script.webhook(world, &id, index)?;
        story.sends(BOLT, "crossdock", &format!("webhook {}, {}", webhook.topic, webhook.id));
        amid(world, killer, world.told(BOLT, webhook.topic, &webhook.id, &webhook.body)).await?;
        if webhook.topic == "ship-confirm" && killer.is_none() {
            story.sends(BOLT, "crossdock", "the same once more, as a network retry would: absorbed");
            world.told(BOLT, webhook.topic, &webhook.id, &webhook.body).await?;
        }
        told.webhooks.push(webhook);
        match index {
            0 => step(world, story, &told, killer, "ACCEPTED", |release| release.facts.business.is_some()).await?,
            1 => step(world, story, &told, killer, "IN_PROCESS", |release| release.facts.waved).await?,
            2 => {
                step(world, story, &told, killer, "SHIPPED", |release| !release.facts.shipments.is_empty()).await?;
                received(world, story, ERP, "shipment.confirmed.v1", id.as_str()).await?;
                received(world, story, TMS, "shipment.confirmed.v1", id.as_str()).await?;
                shop_knows(world, story, &id).await?;
            }
            3 => {
                received(world, story, ERP, "invoice.trigger.requested.v1", id.as_str()).await?;
            }
            4 => story.note("  one of two parcels is there, and the order is not delivered yet"),
            _ => {
                let delivered = |release: &Release| release.state() == ReleaseState::Delivered;
                step(world, story, &told, killer, "DELIVERED", delivered).await?;
            }
        }
    }
    Ok(told)
}

/// Carries out `work` while functions die.
async fn amid<T>(
    world: &World,
    killer: Option<&Killer>,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    match killer {
        Some(killer) => tokio::join!(work, killer.rage(world)).0,
        None => work.await,
    }
}

/// Waits for a fact; with a killer, says everything again while it stays out.
async fn step(
    world: &World,
    story: &Story<'_>,
    told: &Told,
    killer: Option<&Killer>,
    what: &str,
    is_so: impl Fn(&Release) -> bool,
) -> Result<(), Error> {
    if killer.is_none() {
        follow(world, story, &told.release_id, what, is_so).await?;
        return Ok(());
    }
    story.waits(what);
    let watch = Stopwatch::start();
    while watch.elapsed() < STEP_MAX {
        let attempt = world.until_release(&told.release_id, what, NUDGE, |release| {
            story.follow(release);
            is_so(release)
        });
        match attempt.await {
            Ok(_) => return Ok(()),
            Err(Error::Late { .. }) => {
                let count = redeliver(world, told).await?;
                story.note(&format!("  said again: {count} messages"));
            }
            Err(error) => return Err(error),
        }
    }
    Err(Error::Late { what: what.to_owned(), seconds: STEP_MAX.as_secs() })
}

/// Waits until the sales channel's outbox holds the shipment.
async fn shop_knows(world: &World, story: &Story<'_>, id: &ReleaseId) -> Result<(), Error> {
    story.waits("the shipment in the webshop's outbox");
    let scope = world.scope(SHOP)?;
    let look = async || {
        for file in world.operations.outbox(&scope.partner).await? {
            if let Some(bytes) = world.operations.outbox_file(&file.key).await?
                && String::from_utf8_lossy(&bytes).contains(id.as_str())
            {
                return Ok(Some(file.key));
            }
        }
        Ok(None)
    };
    let key = world.until("the shipment in the webshop's outbox", STEP_MAX, look).await?;
    story.sends("crossdock", SHOP, &format!("shipment.confirmed.v1 as a file, {key}"));
    Ok(())
}

/// The check of the catalogue: an order is played in peace and one like it while functions are killed at every step;
/// then everything is delivered again. End state and set of events stay as they are; the ERP has one fulfilment and one
/// invoice trigger, the 3PL one order.
pub async fn check(world: &World, story: &Story<'_>) -> Result<Report, Error> {
    let mut report = Report::default();
    story.title("S1, an order in peace");
    let calm = tell(world, story, &Script::numbered("SO-110001"), None).await?;
    story.title("S1, an order while every function is killed after each step");
    let killer = Killer::default();
    let rough = tell(world, story, &Script::numbered("SO-110002"), Some(&killer)).await?;
    let hit = killer.functions.borrow().clone();
    let on_the_way: BTreeSet<String> = local::functions_of_messages().map(str::to_owned).collect();
    let detail = format!("{} processes of {} functions killed with -9", killer.kills.get(), hit.len());
    report.check("every function was killed on the way", hit.is_superset(&on_the_way), detail);

    settle(world, story, "what killed functions held comes back (up to 2 minutes)").await?;
    let before = Ledger::take(world).await?;
    story.title("S1, everything is delivered again");
    let mut again = 0;
    for told in [&calm, &rough] {
        again += redeliver(world, told).await?;
    }
    story.note(&format!("{again} messages were sent again: to the API, and straight to the queues"));
    settle(world, story, "everything that was delivered again is absorbed").await?;
    let after = Ledger::take(world).await?;
    for (told, peace) in [(&calm, "in peace"), (&rough, "amid kills")] {
        compare(&mut report, &before, &after, told, peace);
    }
    let (in_peace, amid_kills) = (outcome(&after, &calm), outcome(&after, &rough));
    report.same("both orders came to the same", &amid_kills, &in_peace);
    let absorbed = after.absorbed - before.absorbed.min(after.absorbed);
    report.check("what came again was recognised", absorbed > 0, format!("{absorbed} messages absorbed"));
    finish(&mut report, world, &after).await?;
    Ok(report)
}

fn compare(report: &mut Report, before: &Ledger, after: &Ledger, told: &Told, peace: &str) {
    let find = |ledger: &Ledger| ledger.releases.iter().find(|release| release.id == told.release_id).cloned();
    let (Some(earlier), Some(later)) = (find(before), find(after)) else {
        report.check("the order is there", false, told.release_id.to_string());
        return;
    };
    let no = &later.order.order_no;
    let detail = format!("{no}, {peace}: {}, {} lines of history", later.state(), later.history.len());
    let same = earlier == later && later.state() == ReleaseState::Delivered;
    report.check("end state is the same after everything came again", same, detail);
    let (told_before, told_after) = (before.events_of(&earlier), after.events_of(&later));
    let detail = format!("{no}, {peace}: {} events", told_after.len());
    report.check("set of events is the same", told_before == told_after, detail);
    for (name, partner, what) in [
        ("one order at the 3PL", BOLT, "order-release"),
        ("one item fulfilment at the ERP", ERP, "shipment.confirmed.v1"),
        ("one invoice trigger at the ERP", ERP, "invoice.trigger.requested.v1"),
    ] {
        let count = after.taken(partner, what, &later);
        report.check(name, count == 1, format!("{no}, {peace}: {count}"));
    }
}

/// An order's end in what does not depend on its numbers: state, events, and what each partner took of each kind.
fn outcome(ledger: &Ledger, told: &Told) -> (String, usize, BTreeMap<String, usize>) {
    let release = ledger.releases.iter().find(|release| release.id == told.release_id);
    let Some(release) = release else { return Default::default() };
    let mut taken = BTreeMap::new();
    for entry in &ledger.journal {
        if entry.direction == crate::sandbox::Direction::Received && entry.body.contains(release.id.as_str()) {
            let count = ledger.taken(&entry.partner, &entry.what, release);
            taken.insert(format!("{} at {}", entry.what, entry.partner), count);
        }
    }
    (release.state().to_string(), ledger.events_of(release).len(), taken)
}

/// What every scenario must leave behind: nothing lost, nothing twice, no dead letter.
pub(crate) async fn finish(report: &mut Report, world: &World, ledger: &Ledger) -> Result<(), Error> {
    let (lost, double) = (ledger.lost(), ledger.double_effects());
    report.check("nothing lost", lost.is_empty(), listed(&lost));
    report.check("nothing done twice", double.is_empty(), listed(&double));
    let depths = world.operations.queue_depths().await?;
    let dead: Vec<String> = depths
        .iter()
        .filter(|depth| depth.kind == aws::QueueKind::DeadLetter && depth.total() > 0)
        .map(|depth| format!("{}: {}", depth.step, depth.total()))
        .collect();
    report.check("no dead letter", dead.is_empty(), listed(&dead));
    Ok(())
}

fn listed(found: &[String]) -> String {
    match found {
        [] => "none".to_owned(),
        [first] => first.clone(),
        [first, rest @ ..] => format!("{first}; and {} more", rest.len()),
    }
}
