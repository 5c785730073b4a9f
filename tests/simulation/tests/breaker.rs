//! A partner's endpoint that is out is left alone: what is for it is held, and follows in its order when it answers again.

use canonical::{Delivery, EventType, ReleaseState, Role};
use jiff::SignedDuration;
use serde_json::{Value, json};
use sim::{Faults, Kind, Reaction, World};

use simulation::cast::{BOLT, ERP, bundle_with, order, release_id, world, world_with};
use simulation::story::{hours, rest, settle};

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

/// An order for Bolt.
fn release(world: &World, order_no: &str, ship_by: Option<&str>) {
    let mut body: Value = serde_json::from_str(&order(order_no, "NY", &[("BOLT", 1)])).expect("JSON");
    if let Some(day) = ship_by {
        body["ship_by"] = json!(day);
    }
    let answer = world.insist(|world| world.api_post(ERP, &format!("key-{order_no}"), &body.to_string()));
    assert_eq!(answer.expect("an answer").status, 202);
}

fn count(world: &World, kind: EventType) -> usize {
    world.told().iter().filter(|event| event.meta.kind == kind).count()
}

/// Keys of what Bolt did, in the order in which it did it.
fn done(world: &World) -> Vec<String> {
    world.received(BOLT).into_iter().filter(|got| got.done).map(|got| got.key).collect()
}

fn of_bolt(world: &World) -> Vec<Delivery> {
    world.deliveries().into_iter().filter(|one| one.receiver.partner.as_str() == BOLT).collect()
}

#[test]
fn an_outage_of_half_an_hour_costs_few_calls_and_what_was_held_follows_in_order() {
    let world = world();
    world.away(BOLT, minutes(30));
    for at in 0..40 {
        let day = ["2026-12-03", "2026-12-01", "2026-12-02"].get(at % 4).copied();
        release(&world, &format!("SO-{at}"), day);
        assert_eq!(world.run_for(SignedDuration::from_secs(44)), Ok(()));
    }
    assert!(world.attempts(BOLT) <= 10, "{} calls of an endpoint that is out", world.attempts(BOLT));
    let held = world.release(release_id("SO-20").as_str()).expect("a release");
    assert_eq!(held.state(), ReleaseState::Held);
    let court = held.court().expect("somebody's court");
    assert_eq!((court.owner, court.since), (Role::Platform, held.since));
    rest(&world);
    assert_eq!(world.audit(), Vec::<String>::new());
    assert_eq!(world.summary().dead, Vec::<String>::new());
    let done = done(&world);
    assert_eq!(done.len(), 40, "each once");
    for at in 0..40 {
        let release = world.release(release_id(&format!("SO-{at}")).as_str()).expect("a release");
        assert_eq!(release.state(), ReleaseState::TransportAcked);
    }
    // The one that was tried is the first; then they come as urgent as they are, and as they were released.
    let mut order = of_bolt(&world);
    order.sort_by_key(Delivery::place);
    let order: Vec<String> = order.into_iter().map(|one| one.message_no).filter(|no| *no != done[0]).collect();
    assert_eq!(done[1..], order);
    // The ERP knows of each that waited, and that it does no more.
    let held = count(&world, EventType::ReleaseHeld);
    assert!(held >= 35, "{held}");
    assert_eq!(count(&world, EventType::ReleaseResumed), held);
    assert!(of_bolt(&world).iter().all(|one| one.held_since.is_none()));
}

/// Whoever was told that a release is held is told that it goes on, whatever was asked of it meanwhile.
#[test]
fn what_is_cancelled_while_it_is_held_is_told_to_go_on_too() {
    let world = world();
    world.away(BOLT, minutes(30));
    for order_no in ["SO-1", "SO-2"] {
        release(&world, order_no, None);
    }
    assert_eq!(world.run_for(minutes(5)), Ok(()));
    let id = release_id("SO-1");
    assert_eq!(world.release(id.as_str()).expect("a release").state(), ReleaseState::Held);
    assert_eq!(world.insist(|world| world.api_cancel(ERP, id.as_str())).expect("an answer").status, 202);
    settle(&world);
    assert_eq!(world.release(id.as_str()).expect("a release").state(), ReleaseState::CancelRequested);
    assert_eq!((count(&world, EventType::ReleaseHeld), count(&world, EventType::ReleaseResumed)), (2, 2));
    assert_eq!(done(&world).len(), 3, "both orders, and a cancel");
}

#[test]
fn what_is_held_follows_at_the_pace_of_its_partner() {
    let pace = ("bolt-3pl.toml", "guarantee = \"dedupes\"", "guarantee = \"dedupes\"\nresume_per_minute = 10");
    let world = world_with(bundle_with(&[pace]));
    world.away(BOLT, minutes(10));
    for at in 0..35 {
        release(&world, &format!("SO-{at}"), None);
    }
    assert_eq!(world.run_for(minutes(10)), Ok(()));
    rest(&world);
    assert_eq!(done(&world).len(), 35);
    let mut by_minute = std::collections::BTreeMap::new();
    for got in world.received(BOLT) {
        *by_minute.entry(got.at.as_second() / 60).or_insert(0) += 1;
    }
    assert!(by_minute.values().all(|count| *count <= 11), "{by_minute:?}: ten a minute, and one that is tried");
    assert_eq!(world.audit(), Vec::<String>::new());
}

/// One document that the partner's system chokes on is no outage.
#[test]
fn one_delivery_that_fails_again_and_again_holds_no_other() {
    let world = world();
    release(&world, "SO-1", None);
    world.script(BOLT, (0..8).map(|_| Reaction::Answers(500, None)));
    assert_eq!(world.run_for(hours(2)), Ok(()));
    assert_eq!(count(&world, EventType::DeliveryHeld), 0);
    release(&world, "SO-2", None);
    rest(&world);
    assert_eq!(done(&world).len(), 2);
    assert_eq!(count(&world, EventType::ReleaseHeld), 0);
}

/// The endpoint comes back for a moment only.
#[test]
fn an_endpoint_that_fails_again_while_it_is_told_the_rest_is_left_alone_again() {
    let world = world();
    world.away(BOLT, minutes(5));
    for at in 0..30 {
        release(&world, &format!("SO-{at}"), None);
    }
    assert_eq!(world.run_for(minutes(5)), Ok(()));
    while done(&world).is_empty() {
        assert_eq!(world.run_for(SignedDuration::from_secs(1)), Ok(()));
    }
    let before = world.attempts(BOLT);
    world.away(BOLT, hours(1));
    assert_eq!(world.run_for(hours(1)), Ok(()));
    assert!(world.attempts(BOLT) <= before + 40, "{} calls", world.attempts(BOLT) - before);
    rest(&world);
    assert_eq!(done(&world).len(), 30);
    assert_eq!(world.audit(), Vec::<String>::new());
    assert_eq!(world.summary().dead, Vec::<String>::new());
}

/// A call of any port fails, or its function is killed, while an endpoint is out and when it answers again.
#[test]
fn nothing_is_lost_or_done_twice_whatever_single_call_fails_in_an_outage() {
    let begin = world();
    begin.keep_lines(false);
    release(&begin, "SO-1", None);
    release(&begin, "SO-2", None);
    begin.away(BOLT, minutes(4));
    let go_on = |world: &World| {
        let _ = world.run_for(minutes(1));
        release(world, "SO-3", None);
        let _ = world.run_for(minutes(3));
        settle(world);
    };
    let well = begin.fork();
    go_on(&well);
    assert!(count(&well, EventType::DeliveryHeld) >= 2, "the breaker opens");
    let (from, to) = (begin.calls() + 1, well.calls());
    let mut tried = 0;
    for call in from..=to {
        for kind in Kind::BASIC.into_iter().filter(|kind| well.kinds_of(call).contains(kind)) {
            let world = begin.fork();
            world.set_faults(Faults::one(call, kind));
            go_on(&world);
            let about = format!("{kind:?} at call {call}");
            assert_eq!(world.audit(), Vec::<String>::new(), "{about}");
            assert_eq!(done(&world).len(), 3, "{about}: each order once");
            for order_no in ["SO-1", "SO-2", "SO-3"] {
                let release = world.release(release_id(order_no).as_str()).expect("a release");
                assert_eq!(release.state(), ReleaseState::TransportAcked, "{about}: {order_no}");
            }
            assert!(of_bolt(&world).iter().all(|one| one.held_since.is_none()), "{about}: nothing is left behind");
            tried += 1;
        }
    }
    assert!(tried > 100, "{tried}");
}
