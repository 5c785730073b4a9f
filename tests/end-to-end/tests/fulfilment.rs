//! Orders from their release to their delivery, and what subscribers are told on the way.

use canonical::{Expected, Quantity, Release, ReleaseState, Standing, Transition};
use crossdock::sandbox::Behaviour;
use crossdock::scenarios::s1::{self, Script};
use crossdock::scenarios::s2;
use crossdock::{Out, Story, World};
use jiff::SignedDuration;
use serde_json::json;

use crate::support::{BOLT, ERP, TMS, confirm, ok, order, placed, release, taken, told, until, until_state};

pub(crate) async fn s1_from_release_to_delivery(world: &World) {
    let out = Out::silent();
    let told = ok(s1::tell(world, &Story::new(&out), &Script::sample(), None).await);
    let release = ok(world.find(&told.release_id).await);
    let states: Vec<&str> = release.history.iter().map(|entry| entry.to.as_str()).collect();
    let expected = ["VALIDATED", "DISPATCHED", "TRANSPORT_ACKED", "ACCEPTED", "IN_PROCESS", "SHIPPED", "DELIVERED"];
    assert_eq!(states, expected);
}

pub(crate) async fn s2_from_release_to_delivery(world: &World) {
    let out = Out::silent();
    let id = ok(s2::tell(world, &Story::new(&out)).await);
    let release = ok(world.find(&id).await);
    let states: Vec<&str> = release.history.iter().map(|entry| entry.to.as_str()).collect();
    assert_eq!(states, ["VALIDATED", "DISPATCHED", "TRANSPORT_ACKED", "TECH_ACKED", "SHIPPED", "DELIVERED"]);
    assert!(release.lines().iter().all(|line| line.shipped == line.ordered), "{:?}", release.lines());
}

pub(crate) async fn partial_confirms_add_up_in_any_order(world: &World) {
    for (order_no, first, second) in
        [("E2E-PART-A", ("S60", 60), ("S40", 40)), ("E2E-PART-B", ("S40", 40), ("S60", 60))]
    {
        let id = placed(world, order_no, "NY", 100).await;
        let (name, quantity) = first;
        confirm(world, &format!("{order_no}-1"), &id, &format!("{order_no}-{name}"), quantity).await;
        let part = until_state(world, &id, ReleaseState::PartiallyShipped).await;
        assert_eq!(part.court().unwrap().next_move, "ship the rest");
        // The same again, under the same id and under another.
        confirm(world, &format!("{order_no}-1"), &id, &format!("{order_no}-{name}"), quantity).await;
        confirm(world, &format!("{order_no}-1b"), &id, &format!("{order_no}-{name}"), quantity).await;
        let (name, quantity) = second;
        for n in [2, 2] {
            confirm(world, &format!("{order_no}-{n}"), &id, &format!("{order_no}-{name}"), quantity).await;
        }
        let whole = until_state(world, &id, ReleaseState::Shipped).await;
        assert_eq!(whole.lines()[0].shipped, Quantity::from(100));
        assert_eq!(whole.facts.shipments.len(), 2);
        told(world, ERP, "order.completed.v1", &id).await;
        let count = async || Ok((taken(world, ERP, "shipment.confirmed.v1", &id).len() == 2).then_some(()));
        ok(world.until("both shipments at the ERP", crate::support::SOON, count).await);
    }
}

pub(crate) async fn a_failing_subscriber_gets_its_event_once_more_and_nobody_waits(world: &World) {
    let id = placed(world, "E2E-500", "NY", 5).await;
    world.sandbox.behave(TMS, id.as_str(), vec![Behaviour::Answer(500), Behaviour::Answer(500)]);
    confirm(world, "e2e-500", &id, "E2E-500-1", 5).await;
    let erp = told(world, ERP, "shipment.confirmed.v1", &id).await;
    let tms = told(world, TMS, "shipment.confirmed.v1", &id).await;
    let calls = world.sandbox.journal().received(TMS, id.as_str());
    let statuses: Vec<u16> = calls.iter().map(|entry| entry.status).collect();
    assert_eq!(statuses, [500, 500, 200], "as often as it failed, and once more");
    assert!(calls.iter().all(|entry| entry.id == calls[0].id && entry.sha256 == calls[0].sha256), "the same message");
    assert_eq!((erp.len(), tms.len()), (1, 1));
    assert!(erp[0].at < tms[0].at, "the ERP did not wait for the TMS");
    let gap = tms[0].at.duration_since(calls[0].at);
    assert!(gap > SignedDuration::from_secs(4), "the retries are spread: {gap:#}");
}

pub(crate) async fn a_3pl_that_hangs_up_gets_the_order_once(world: &World) {
    world.sandbox.behave(BOLT, "E2E-HANG", vec![Behaviour::HangUp, Behaviour::Answer(503)]);
    let id = release(world, "E2E-HANG", "NY", 5).await;
    until(world, &id, "placed", |release| release.facts.transport_acked).await;
    let calls = world.sandbox.journal().received(BOLT, "E2E-HANG");
    assert_eq!(calls.len(), 3, "{calls:?}");
    assert!(
        calls.iter().all(|entry| entry.id == calls[0].id && entry.sha256 == calls[0].sha256),
        "one order, by its id"
    );
}

pub(crate) async fn a_refused_order_is_held_and_never_sent_again(world: &World) {
    world.sandbox.behave(BOLT, "E2E-REFUSE", vec![Behaviour::Answer(422)]);
    let id = release(world, "E2E-REFUSE", "NY", 5).await;
    let held = until_state(world, &id, ReleaseState::Held).await;
    assert!(held.history.last().unwrap().detail.contains("422"), "{:?}", held.history);
    told(world, ERP, "order.release.held.v1", &id).await;
    assert_eq!(world.sandbox.journal().received(BOLT, "E2E-REFUSE").len(), 1);
}

pub(crate) async fn what_does_not_leave_by_its_day_is_told_to_be_overdue(world: &World) {
    let mut body = order("E2E-LATE", "NY", 5);
    body["ship_by"] = json!("2026-01-02");
    let id = ok(world.released("key-e2e-late", body.to_string().as_bytes()).await);
    let missed = |release: &Release| release.overdue().iter().any(|one| one.expected == Expected::Ship);
    let release = until(world, &id, "overdue", missed).await;
    assert_eq!(release.expectations[0].due.to_string(), "2026-01-03T00:00:00Z", "the end of the day that it names");
    told(world, ERP, "order.expectation.missed.v1", &id).await;
    confirm(world, "e2e-late", &id, "E2E-LATE-1", 5).await;
    let release = until_state(world, &id, ReleaseState::Shipped).await;
    assert_eq!(release.standing(&release.expectations[0]), Standing::Late);
    assert_eq!(release.history.iter().filter(|entry| entry.transition == Transition::Deadline).count(), 1);
}
