//! S2: the same over X12 files: 940 out, 997 and 945 in, 997 out.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use canonical::{Digest, Place, Release, ReleaseId, ReleaseState};
use futures::StreamExt as _;
use futures::TryStreamExt as _;

use super::s1::finish;
use super::{ACME, ERP, Report, STEP_MAX, TMS, follow, received, sample};
use crate::ledger::answer_to;
use crate::warehouse::{ShipOrder, Shipping, Warehouse};
use crate::{Error, Ledger, Story, World};

/// Orders of the check, and which of them gets a bad 945.
const ORDERS: usize = 40;
const BAD: usize = 17;
/// A quantity with a letter in it, as a tired hand writes it.
const BAD_QUANTITY: &str = "6O";
/// Releases that are posted side by side.
const SIDE_BY_SIDE: usize = 4;
/// Longest wait for forty orders.
const ALL_MAX: Duration = Duration::from_mins(5);

/// Plays the sample order of `events/S2` from its release to its delivery.
pub async fn tell(world: &World, story: &Story<'_>) -> Result<ReleaseId, Error> {
    let order = sample("S2/order-release.json", &BTreeMap::new())?;
    story.sends(ERP, "crossdock", "POST /v1/order-releases, order SO-200001");
    let id = world.released("erp-SO-200001-1", order.as_bytes()).await?;
    follow(world, story, &id, "a 940 in the 3PL's outbox", |release| release.facts.transport_acked).await?;
    let look = async || {
        let orders = world.ship_orders(ACME).await?;
        Ok(orders.into_iter().find(|order| order.release_id == id.as_str()))
    };
    let placed = world.until("the 940 of the order in the outbox", STEP_MAX, look).await?;
    story.sends("crossdock", ACME, &format!("940 {} in {}", placed.depositor_order_no, placed.key));

    let file = drop_in(world, "S2/997.edi", &placed, 101, 4)?;
    story.sends(ACME, "crossdock", &format!("997 for group {}, with separators of its own", placed.group));
    world.drop(ACME, "997-000000101.edi", file.as_bytes()).await?;
    follow(world, story, &id, "TECH_ACKED", |release| release.facts.technical.is_some()).await?;

    let file = drop_in(world, "S2/945.edi", &placed, 102, 5)?;
    story.sends(ACME, "crossdock", "945: two pallets, one line spread over both");
    world.drop(ACME, "945-000000102.edi", file.as_bytes()).await?;
    follow(world, story, &id, "SHIPPED", |release| !release.facts.shipments.is_empty()).await?;
    let look = async || Ok(answer_to(&world.acknowledgments(ACME).await?, "102").cloned());
    let answer = world.until("our 997 for the 945's group", STEP_MAX, look).await?;
    story.sends("crossdock", ACME, &format!("997 for group 102: {} in {}", answer.outcome, answer.key));

    let event = received(world, story, ERP, "shipment.confirmed.v1", id.as_str()).await?;
    received(world, story, TMS, "shipment.confirmed.v1", id.as_str()).await?;
    let shipment = event.pointer("/data/shipment_id").and_then(serde_json::Value::as_str).unwrap_or_default();
    for (name, at_s) in [("tracking-picked-up", 6), ("tracking-delivered", 7)] {
        let words =
            BTreeMap::from([("{{shipment_id}}", shipment.to_owned()), ("{{now}}", world.time(at_s).to_string())]);
        let body = sample(&format!("S2/{name}.json"), &words)?;
        story.sends(TMS, "crossdock", &format!("webhook tracking-update, {name}"));
        world.told(TMS, "tracking-update", &format!("tms_SO-200001_{name}"), &body).await?;
    }
    received(world, story, ERP, "invoice.trigger.requested.v1", id.as_str()).await?;
    follow(world, story, &id, "DELIVERED", |release| release.state() == ReleaseState::Delivered).await?;
    Ok(id)
}

/// A sample file with the numbers of the order that it answers.
fn drop_in(world: &World, name: &str, placed: &ShipOrder, control: u32, at_s: i64) -> Result<String, Error> {
    let now = world.time(at_s);
    let words = BTreeMap::from([
        ("{{depositor_order_no}}", placed.depositor_order_no.clone()),
        ("{{acknowledged_group}}", placed.group.clone()),
        ("{{control}}", format!("{control:09}")),
        ("{{group}}", control.to_string()),
        ("{{ccyymmdd}}", now.strftime("%Y%m%d").to_string()),
        ("{{yymmdd}}", now.strftime("%y%m%d").to_string()),
        ("{{hhmm}}", now.strftime("%H%M").to_string()),
    ]);
    sample(name, &words)
}

/// The check of the catalogue: forty orders, one 945 file with forty sets of which one is bad. Thirty-nine are shipped,
/// one waits in the inbox with its place in the file, and the 997 that goes back says so of exactly that one.
pub async fn check(world: &World, story: &Story<'_>) -> Result<Report, Error> {
    let mut report = Report::default();
    story.title(&format!("S2, {ORDERS} orders go out as 940s"));
    let ids = release_all(world).await?;
    story.sends(ERP, "crossdock", &format!("{ORDERS} order releases"));
    let of_ours = |release: &&Release| ids.contains(&release.id);
    let all = async |what: &str, count: usize, is_so: fn(&Release) -> bool| {
        story.waits(what);
        let look = async || {
            let releases: Vec<Release> = world.items(Some("#RELEASE#"), "RELEASE").await?;
            Ok((releases.iter().filter(of_ours).filter(|release| is_so(release)).count() >= count).then_some(()))
        };
        world.until(what, ALL_MAX, look).await
    };
    all("all 940s in the outbox", ORDERS, |release| release.facts.transport_acked).await?;
    let mut orders = world.ship_orders(ACME).await?;
    orders.retain(|order| ids.iter().any(|id| id.as_str() == order.release_id));
    orders.sort_by(|a, b| a.depositor_order_no.cmp(&b.depositor_order_no));
    story.sends("crossdock", ACME, &format!("{} 940s", orders.len()));
    one_940_each(&mut report, &orders, &ids);

    let at = |seconds| world.time(seconds);
    let writer = Warehouse::new(&world.bundle, ACME, *b"^<\n", at(4))?;
    world.drop(ACME, "997-000000201.edi", &writer.acknowledge(&orders, &[], 201)?).await?;
    story.sends(ACME, "crossdock", &format!("one file with a 997 for each of {} groups", orders.len()));
    all("all orders TECH_ACKED", ORDERS, |release| release.facts.technical.is_some()).await?;
    story.note(&format!("{ORDERS} orders are TECH_ACKED"));

    let file = bad_945(world, &orders)?;
    world.drop(ACME, "945-000000202.edi", &file).await?;
    story.sends(ACME, "crossdock", &format!("one file with {ORDERS} 945s, of which one is bad"));
    all("all orders SHIPPED but one", ORDERS - 1, |release| release.state() == ReleaseState::Shipped).await?;
    let look = async || Ok(answer_to(&world.acknowledgments(ACME).await?, "202").cloned());
    let answer = world.until("our 997 for the 945s", STEP_MAX, look).await?;
    story.sends("crossdock", ACME, &format!("997 for group 202: {} in {}", answer.outcome, answer.key));
    story.waits("that everything is delivered");
    world.until_quiet(ALL_MAX).await?;

    let ledger = Ledger::take(world).await?;
    let bad = orders.get(BAD).map(|order| order.release_id.clone()).unwrap_or_default();
    shipped_but_one(&mut report, &ledger, &ids, &bad);
    parked(&mut report, &ledger, &file, story);
    let verdict = |index: usize| if index == BAD { "R" } else { "A" };
    let expected: Vec<(String, String)> =
        (0..ORDERS).map(|index| (format!("{:09}", index + 1), verdict(index).to_owned())).collect();
    let refused = answer.sets.iter().filter(|(_, verdict)| verdict == "R").count();
    let detail = format!("group {} {}: {} sets, {refused} refused", answer.group, answer.outcome, answer.sets.len());
    let passed = answer.sets == expected && answer.outcome == "P";
    report.check("our 997 names every set of the 945s and refuses exactly the bad one", passed, detail);
    finish(&mut report, world, &ledger).await?;
    Ok(report)
}

/// Orders like the sample's, under numbers of their own.
async fn release_all(world: &World) -> Result<Vec<ReleaseId>, Error> {
    let numbers: Vec<String> = (0..ORDERS).map(|index| format!("SO-24{index:04}")).collect();
    futures::stream::iter(&numbers)
        .map(|number| async move {
            let words = BTreeMap::from([("SO-200001", number.clone()), ("PO-31907", format!("PO-{number}"))]);
            let order = sample("S2/order-release.json", &words)?;
            world.released(&format!("erp-{number}-1"), order.as_bytes()).await
        })
        .buffered(SIDE_BY_SIDE)
        .try_collect()
        .await
}

/// One file for each order, and control numbers that rise by one without a gap.
fn one_940_each(report: &mut Report, orders: &[ShipOrder], ids: &[ReleaseId]) {
    let placed: BTreeSet<&str> = orders.iter().map(|order| order.release_id.as_str()).collect();
    let detail = format!("{} 940s for {} of {} orders", orders.len(), placed.len(), ids.len());
    report.check("one 940 for each order", orders.len() == ids.len() && placed.len() == ids.len(), detail);
    let mut controls: Vec<u32> = orders.iter().filter_map(|order| order.interchange.parse().ok()).collect();
    controls.sort_unstable();
    let gapless = controls.windows(2).all(|pair| matches!(pair, [a, b] if a + 1 == *b));
    let detail = format!("ISA13 {} to {}", shown(controls.first()), shown(controls.last()));
    report.check("control numbers rise without a gap", gapless && controls.len() == orders.len(), detail);
}

/// One file with a 945 for each order; in one of them a quantity is none.
fn bad_945(world: &World, orders: &[ShipOrder]) -> Result<Vec<u8>, Error> {
    let shipments: Vec<Shipping<'_>> = orders
        .iter()
        .enumerate()
        .map(|(index, order)| {
            let mut shipping = Shipping::whole(order, &format!("DAL1-{}", order.depositor_order_no));
            if let Some((_, quantity)) = shipping.shipped.first_mut().filter(|_| index == BAD) {
                BAD_QUANTITY.clone_into(quantity);
            }
            shipping
        })
        .collect();
    Warehouse::new(&world.bundle, ACME, *b"|:'", world.time(5))?.advise(&shipments, 202)
}

fn shipped_but_one(report: &mut Report, ledger: &Ledger, ids: &[ReleaseId], bad: &str) {
    let mut states: BTreeMap<String, usize> = BTreeMap::new();
    for release in ledger.releases.iter().filter(|release| ids.contains(&release.id)) {
        *states.entry(release.state().to_string()).or_default() += 1;
    }
    let expected = BTreeMap::from([("SHIPPED".to_owned(), ORDERS - 1), ("TECH_ACKED".to_owned(), 1)]);
    report.same("39 orders are shipped and one stands where it stood", &states, &expected);
    let waiting = ledger.releases.iter().find(|release| release.id.as_str() == bad).map(Release::state);
    let passed = waiting == Some(ReleaseState::TechAcked);
    report.check("the one is that of the bad 945", passed, shown(waiting.as_ref()));
    let told: usize = ledger
        .releases
        .iter()
        .filter(|release| ids.contains(&release.id))
        .map(|release| ledger.taken(ERP, "shipment.confirmed.v1", release))
        .sum();
    report.same("the ERP has 39 item fulfilments", &told, &(ORDERS - 1));
}

/// The bad set is in the inbox with segment and byte position.
fn parked(report: &mut Report, ledger: &Ledger, file: &[u8], story: &Story<'_>) {
    let digest = Digest::of(file);
    let parked: Vec<_> = ledger.parked.iter().filter(|parked| parked.raw.sha256 == digest).collect();
    for one in &parked {
        story.note(&format!("in the inbox: {}", crate::timeline::parked_detail(one)));
    }
    let place = parked.first().and_then(|parked| parked.findings.first()).and_then(|finding| finding.place.clone());
    let needle = format!("|{BAD_QUANTITY}|");
    let wanted = file.windows(needle.len()).position(|window| window == needle.as_bytes()).map(|at| at as u64 + 1);
    let found = match &place {
        Some(Place::Edi { segment, element, byte_offset, .. }) => {
            format!("{}{:02} at byte {byte_offset}", shown(segment.as_ref()), element.unwrap_or_default())
        }
        _ => "no place".to_owned(),
    };
    let passed = match &place {
        Some(Place::Edi { segment, byte_offset, .. }) => {
            segment.as_deref() == Some("W12") && Some(*byte_offset) == wanted && parked.len() == 1
        }
        _ => false,
    };
    let detail = format!("{} parked, {found}; the bad value is at byte {}", parked.len(), shown(wanted.as_ref()));
    report.check("one is in the inbox with segment and byte position", passed, detail);
}

fn shown<T: ToString>(value: Option<&T>) -> String {
    value.map_or_else(|| "none".to_owned(), T::to_string)
}
