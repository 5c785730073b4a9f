//! S4: an order leaves in two parts, and the rest is not forgotten.

use canonical::{Quantity, Release, ReleaseId, ReleaseState, ShipmentId};
use serde_json::json;

use super::s1::finish;
use super::{ACME, ERP, Report, SHIP_BY, TMS, acknowledged, follow, received, release_one, settle, ship_order};
use crate::warehouse::{ShipOrder, Shipping, Warehouse};
use crate::{Error, Ledger, Story, World};

/// Of an order of a hundred, what is in each of its two shipments.
const PARTS: [u32; 2] = [60, 40];
/// The check of the catalogue: two orders of a hundred, whose 945s come in either order, the first of each with a copy
/// under new control numbers. Each has a hundred shipped, and invoices for sixty and forty.
pub(super) async fn check(world: &World, story: &Story<'_>) -> Result<Report, Error> {
    let mut report = Report::default();
    let mut ids = Vec::new();
    for (order_no, control, parts) in [("SO-140001", 401, [0, 1]), ("SO-140002", 411, [1, 0])] {
        let [first, second] = parts.map(|part| PARTS.get(part).copied().unwrap_or_default());
        story.title(&format!("S4, an order of 100: {first} leave first, then {second}"));
        let id = release_one(world, story, order_no, "TX", 100, SHIP_BY).await?;
        let placed = ship_order(world, &id).await?;
        part(world, story, &placed, first, control).await?;
        let partly =
            follow(world, story, &id, "PARTIALLY_SHIPPED", |release| release.facts.shipments.len() == 1).await?;
        let detail = format!("{order_no}: {}, {}", partly.state(), next_move(&partly));
        report.check(
            "after the first the rest is the warehouse's",
            partly.state() == ReleaseState::PartiallyShipped,
            detail,
        );
        story.note("the same shipment in a new file, as after a mistake of the partner's");
        part(world, story, &placed, first, control + 1).await?;
        part(world, story, &placed, second, control + 2).await?;
        follow(world, story, &id, "SHIPPED", |release| release.facts.shipments.len() == 2).await?;
        let mut verdicts = Vec::new();
        for group in control..control + 3 {
            verdicts.push(acknowledged(world, story, group).await?.outcome);
        }
        report.same("every file is acknowledged, the copy too", &verdicts, &vec!["A".to_owned(); 3]);
        for quantity in PARTS {
            scanned(world, story, &placed, quantity).await?;
        }
        received(world, story, ERP, "order.completed.v1", id.as_str()).await?;
        ids.push(id);
    }
    settle(world, story, "everything is delivered").await?;
    let ledger = Ledger::take(world).await?;
    let mut ends = Vec::new();
    for id in &ids {
        let release = world.find(id).await?;
        let shipped: Vec<Quantity> = release.lines().iter().map(|line| line.shipped).collect();
        report.same("a hundred are shipped", &shipped, &vec![Quantity::from(100)]);
        report.same("the ERP has two item fulfilments", &ledger.taken(ERP, "shipment.confirmed.v1", &release), &2);
        report.same("it has invoices for 60 and 40", &invoiced(&ledger, id), &vec!["40".to_owned(), "60".to_owned()]);
        ends.push((release.state(), release.facts.shipments.len()));
    }
    let same = ends.iter().all(|end| Some(end) == ends.first());
    report.check("both orders of arrival come to the same", same, format!("{ends:?}"));
    finish(&mut report, world, &ledger).await?;
    Ok(report)
}

fn shipment_no(order: &ShipOrder, quantity: u32) -> String {
    format!("{}-{quantity}", order.depositor_order_no)
}

async fn part(world: &World, story: &Story<'_>, order: &ShipOrder, quantity: u32, control: u32) -> Result<(), Error> {
    let mut shipping = Shipping::whole(order, &shipment_no(order, quantity));
    for (_, shipped) in &mut shipping.shipped {
        *shipped = quantity.to_string();
    }
    let at_s = i64::from(quantity);
    let file = Warehouse::new(&world.bundle, ACME, *b"|:'", world.time(at_s))?.advise(&[shipping], control)?;
    story.sends(ACME, "crossdock", &format!("945 of {quantity}, interchange {control}"));
    world.drop(ACME, &format!("945-{control}.edi"), &file).await
}

/// The carrier has the shipment of `quantity`: the proof that lets it be invoiced.
async fn scanned(world: &World, story: &Story<'_>, order: &ShipOrder, quantity: u32) -> Result<(), Error> {
    let scope = world.scope(ACME)?;
    let number = shipment_no(order, quantity);
    let shipment = ShipmentId::derive(&scope.tenant, &scope.partner, &number);
    let body = json!({
        "shipment_id": shipment,
        "milestone": "picked_up", "occurred_at": world.time(120), "place": "Dallas, TX",
    });
    story.sends(TMS, "crossdock", &format!("webhook tracking-update, picked_up of {number}"));
    world.told(TMS, "tracking-update", &format!("tms_{number}"), &body.to_string()).await?;
    received(world, story, ERP, "invoice.trigger.requested.v1", shipment.as_str()).await.map(drop)
}

fn next_move(release: &Release) -> String {
    release.court().map_or_else(String::new, |court| format!("{} must {}", court.owner.as_str(), court.next_move))
}

/// Quantities of the invoice triggers that the ERP took, in order.
fn invoiced(ledger: &Ledger, id: &ReleaseId) -> Vec<String> {
    let mut found: Vec<(String, String)> = ledger
        .journal
        .iter()
        .filter(|entry| entry.partner == ERP && entry.is_taken() && entry.what == "invoice.trigger.requested.v1")
        .filter(|entry| entry.body.contains(id.as_str()))
        .filter_map(|entry| {
            let body: serde_json::Value = serde_json::from_str(&entry.body).ok()?;
            let quantity = body.pointer("/data/lines/0/quantity")?.as_str()?.to_owned();
            Some((quantity, entry.id.clone()))
        })
        .collect();
    found.sort();
    found.dedup();
    found.into_iter().map(|(quantity, _)| quantity).collect()
}
