//! What is expected of a 3PL by a certain time: told once when it does not come, and still taken when it comes late.

use std::sync::Arc;

use canonical::{EventType, Expected, Release, Standing};
use partners::Bundle;
use serde_json::Value;
use sim::{Faults, Kind, World};

use simulation::cast::{ACME, ERP, acceptance, acme_file, advice, bundle_with, order, placed, release_id, world_with};
use simulation::story::{Act, every_single_fault, hours, tail, tried, words};

const CLOCKS: &str = r#"warehouses = ["DAL1"]

[clocks]
acknowledge = "2h"
accept = "4h"
decide_cancel = "30m"
ship = "1d"
"#;

/// Acme has clocks.
fn bundle() -> Arc<Bundle> {
    bundle_with(&[("acme-3pl.toml", "warehouses = [\"DAL1\"]", CLOCKS)])
}

/// A release that is placed with Acme.
fn placed_world() -> World {
    let world = world_with(bundle());
    Act::release("d", order("SO-9", "TX", &[("BOLT", 100)])).perform(&world);
    run(&world, 0);
    assert_eq!(placed(&world, ACME).len(), 1, "{}", tail(&world));
    world
}

/// Lets some hours pass, and what happens in them.
fn run(world: &World, count: i64) {
    assert_eq!(world.run_for(hours(count)), Ok(()), "{}", tail(world));
    // What the last deadline led to.
    assert_eq!(world.run_for(jiff::SignedDuration::from_mins(2)), Ok(()), "{}", tail(world));
}

fn release(world: &World) -> Release {
    world.release(release_id("SO-9").as_str()).expect("a release")
}

fn standing(world: &World) -> Vec<(Expected, Standing)> {
    let release = release(world);
    release.expectations.iter().map(|one| (one.expected, release.standing(one))).collect()
}

/// What the ERP was told to have been missed, in order.
fn missed(world: &World) -> Vec<String> {
    let bodies = world.received(ERP).into_iter().filter(|got| got.done);
    let events = bodies.map(|got| serde_json::from_slice::<Value>(&got.body).expect("JSON"));
    let missed = events.filter(|event| event["meta"]["type"] == EventType::ExpectationMissed.as_str());
    missed.map(|event| event["data"]["expected"].as_str().expect("a word").to_owned()).collect()
}

fn acknowledge(world: &World) {
    let group = placed(world, ACME)[0].group;
    Act::drop(ACME, "997.edi", acme_file("FA", 101, &[acceptance(group)])).perform(world);
}

fn ship(world: &World) {
    let number = placed(world, ACME)[0].order_no.clone();
    Act::drop(ACME, "945.edi", acme_file("SW", 102, &[advice(&number, "A-1", "BOLT", 100, 100)])).perform(world);
}

#[test]
fn what_comes_in_time_is_told_of_by_nobody() {
    let world = placed_world();
    acknowledge(&world);
    run(&world, 1);
    ship(&world);
    run(&world, 48);
    let met = |expected| (expected, Standing::Met);
    assert_eq!(standing(&world), [met(Expected::Acknowledge), met(Expected::Accept), met(Expected::Ship)]);
    assert_eq!((missed(&world), world.audit()), (Vec::new(), Vec::new()));
}

#[test]
fn each_thing_that_is_missed_is_told_once_within_a_minute_and_taken_when_it_comes_late() {
    let world = placed_world();
    let dispatched = release(&world).dispatch.expect("placed").at;
    run(&world, 1);
    assert_eq!(missed(&world), Vec::<String>::new());
    run(&world, 1);
    assert_eq!(missed(&world), ["acknowledge"]);
    let late = release(&world).expectations[0].missed_at.expect("missed");
    let after = dispatched.checked_add(hours(2)).expect("a time").duration_until(late).as_secs();
    assert!((0..=60).contains(&after), "told {after} s after it was due");
    run(&world, 30);
    assert_eq!(missed(&world), ["acknowledge", "accept", "ship"]);
    acknowledge(&world);
    run(&world, 1);
    assert_eq!(release(&world).state().as_str(), "TECH_ACKED");
    ship(&world);
    run(&world, 48);
    let late = |expected| (expected, Standing::Late);
    assert_eq!(standing(&world), [late(Expected::Acknowledge), late(Expected::Accept), late(Expected::Ship)]);
    assert_eq!((missed(&world).len(), world.audit()), (3, Vec::new()));
}

#[test]
fn the_erp_sees_what_is_overdue_and_whose_it_is() {
    let world = placed_world();
    run(&world, 3);
    let answer = world.api_get(ERP, release_id("SO-9").as_str()).expect("an answer");
    let view: Value = serde_json::from_str(&words(&answer)).expect("JSON");
    let first = &view["expectations"][0];
    assert_eq!(
        (&first["expected"], &first["of"], &first["standing"]),
        (&"acknowledge".into(), &"3pl".into(), &"overdue".into())
    );
    assert_eq!(view["expectations"][2]["standing"], "open");
    assert_eq!(view["history"][view["history"].as_array().expect("entries").len() - 1]["transition"], "deadline");
}

#[test]
fn goods_that_left_make_up_for_papers_that_never_came() {
    let world = placed_world();
    run(&world, 3);
    ship(&world);
    run(&world, 48);
    assert_eq!(missed(&world), ["acknowledge"]);
    assert_eq!(standing(&world)[0], (Expected::Acknowledge, Standing::Late));
    assert_eq!(standing(&world)[1], (Expected::Accept, Standing::Met));
}

#[test]
fn a_cancel_that_nobody_decides_on_is_missed_and_ends_the_waiting_for_goods_once_it_is_agreed_to() {
    let world = placed_world();
    acknowledge(&world);
    run(&world, 1);
    Act::Cancel { release_id: release_id("SO-9").to_string() }.perform(&world);
    run(&world, 1);
    assert_eq!(missed(&world), ["decide_cancel"]);
    assert!(standing(&world).contains(&(Expected::DecideCancel, Standing::Overdue)));
}

/// Every call from the placing to the day after failing in every way: what is missed is told once all the same.
#[test]
fn one_fault_anywhere_loses_no_deadline_and_tells_none_twice() {
    let base = placed_world();
    let well = base.fork();
    run(&well, 36);
    let expected = (missed(&well), well.summary().releases);
    assert_eq!(expected.0, ["acknowledge", "accept", "ship"]);
    let schedules = every_single_fault(&base, &well, |world, fault| {
        run(world, 48);
        let found = (missed(world), world.summary().releases);
        assert_eq!((found, world.audit()), (expected.clone(), Vec::new()), "{fault}\n{}", tail(world));
    });
    tried("deadlines, one fault", schedules);
}

/// The same fault at every call of the clock's function: it is called again a minute later.
#[test]
fn a_watch_that_is_killed_is_called_again() {
    let world = placed_world();
    let first = world.calls() + 1;
    let all = (first..first + 2000).fold(Faults::none(), |faults, call| faults.with(call, Kind::CrashBefore));
    world.set_faults(all);
    assert_eq!(world.run_for(jiff::SignedDuration::from_mins(150)), Ok(()));
    assert_eq!(missed(&world), Vec::<String>::new());
    world.set_faults(Faults::none());
    run(&world, 1);
    assert_eq!(missed(&world), ["acknowledge"]);
}
