//! S6: cancels that come in time, and cancels that meet the truck.

use canonical::{ReleaseId, ReleaseState};
use serde_json::{Value, json};

use super::s1::finish;
use super::{ACME, BOLT, ERP, Report, SHIP_BY, STEP_MAX, follow, received, release_one, settle, ship_order};
use crate::{Error, Ledger, Story, World};

/// When the goods left and when the cancel was agreed to, in seconds of the data: the goods left first.
const LEFT_S: i64 = 240;
const AGREED_S: i64 = 360;

/// The check of the catalogue: a cancel before work starts is the 3PL's to agree to; where the goods had left before it
/// agreed, they have left, in whatever order the two are told.
pub(super) async fn check(world: &World, story: &Story<'_>) -> Result<Report, Error> {
    let mut report = Report::default();
    story.title("S6, a cancel before work starts");
    let calm = asked(world, story, "SO-160001").await?;
    agreed(world, story, &calm, "SO-160001").await?;
    let cancelled =
        follow(world, story, &calm, "CANCELLED", |release| release.state() == ReleaseState::Cancelled).await?;
    report.check("what the 3PL agrees to is cancelled", cancelled.court().is_none(), cancelled.state().to_string());
    received(world, story, ERP, "order.cancel.accepted.v1", calm.as_str()).await?;

    story.title("S6, the ship confirm comes first, then the 3PL agrees to the cancel");
    let first = asked(world, story, "SO-160002").await?;
    left(world, story, &first, "SO-160002").await?;
    follow(world, story, &first, "SHIPPED", |release| !release.facts.shipments.is_empty()).await?;
    agreed(world, story, &first, "SO-160002").await?;

    story.title("S6, the 3PL agrees to the cancel, then the ship confirm comes, of an earlier time");
    let last = asked(world, story, "SO-160003").await?;
    agreed(world, story, &last, "SO-160003").await?;
    follow(world, story, &last, "CANCELLED", |release| release.state() == ReleaseState::Cancelled).await?;
    left(world, story, &last, "SO-160003").await?;
    follow(world, story, &last, "SHIPPED", |release| !release.facts.shipments.is_empty()).await?;

    story.title("S6, a cancel at the 3PL that speaks X12");
    let filed = release_one(world, story, "SO-160004", "TX", 12, SHIP_BY).await?;
    let order = ship_order(world, &filed).await?;
    cancel(world, story, &filed).await?;
    let look = async || {
        let orders = world.ship_orders(ACME).await?;
        Ok(orders.into_iter().find(|one| one.release_id == filed.as_str() && one.purpose == "F"))
    };
    let asked = world.until("the 940 that cancels", STEP_MAX, look).await?;
    story.sends("crossdock", ACME, &format!("940 with purpose F in {}", asked.key));
    let detail = format!("interchange {} after {}", asked.interchange, order.interchange);
    let same = asked.depositor_order_no == order.depositor_order_no && asked.interchange > order.interchange;
    report.check("the X12 3PL is asked by a 940 of the same order that cancels", same, detail);

    settle(world, story, "everything is delivered").await?;
    let ledger = Ledger::take(world).await?;
    let mut ends = Vec::new();
    for id in [&first, &last] {
        let release = world.find(id).await?;
        ends.push((release.state(), release.facts.cancel_accepted, release.lines()));
        let refused = ledger.taken(ERP, "order.cancel.refused.v1", &release);
        report.same("the ERP is told once that the cancel is refused", &refused, &1);
        report.same("and has one item fulfilment", &ledger.taken(ERP, "shipment.confirmed.v1", &release), &1);
    }
    let shipped = ends.iter().all(|(state, ..)| *state == ReleaseState::Shipped);
    let same = ends.windows(2).all(|pair| matches!(pair, [a, b] if a == b));
    report.check("both orders of arrival converge: what left has left", same && shipped, format!("{ends:?}"));
    for id in [&calm, &first, &last] {
        let release = world.find(id).await?;
        report.same("the 3PL was asked once", &ledger.taken(BOLT, "order-cancel", &release), &1);
    }
    finish(&mut report, world, &ledger).await?;
    Ok(report)
}

async fn cancel(world: &World, story: &Story<'_>, id: &ReleaseId) -> Result<(), Error> {
    story.sends(ERP, "crossdock", &format!("POST /v1/order-releases/{id}/cancel"));
    world.cancelled(id).await
}

/// An order that is placed, and of which its 3PL knows that it shall be cancelled.
async fn asked(world: &World, story: &Story<'_>, order_no: &str) -> Result<ReleaseId, Error> {
    let id = release_one(world, story, order_no, "NY", 12, SHIP_BY).await?;
    follow(world, story, &id, "the 3PL's system to take the order", |release| release.facts.transport_acked).await?;
    cancel(world, story, &id).await?;
    received(world, story, BOLT, "order-cancel", id.as_str()).await?;
    Ok(id)
}

async fn tells(world: &World, story: &Story<'_>, topic: &str, id: &str, body: &Value) -> Result<(), Error> {
    story.sends(BOLT, "crossdock", &format!("webhook {topic}, {id}"));
    world.told(BOLT, topic, id, &body.to_string()).await
}

async fn agreed(world: &World, story: &Story<'_>, id: &ReleaseId, order_no: &str) -> Result<(), Error> {
    let body = json!({ "release_id": id, "occurred_at": world.time(AGREED_S) });
    tells(world, story, "cancel-accepted", &format!("bolt_{order_no}_agreed"), &body).await
}

async fn left(world: &World, story: &Story<'_>, id: &ReleaseId, order_no: &str) -> Result<(), Error> {
    let body = json!({
        "release_id": id, "shipment_no": format!("NJ1-{order_no}"), "shipped_at": world.time(LEFT_S),
        "lines": [{ "line_no": 1, "sku": "DRILL-18V", "quantity": "12", "uom": "EA" }],
    });
    tells(world, story, "ship-confirm", &format!("bolt_{order_no}_left"), &body).await
}
