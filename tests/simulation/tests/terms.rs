//! How a partner is called is what its profile says: when again, how often, and how many times a minute.

use std::collections::BTreeMap;

use canonical::{DeliveryState, EventType};
use jiff::SignedDuration;
use sim::{QueueName, Reaction, World};

use simulation::cast::{BOLT, bundle_with, deliveries, delivery, order, world_with};
use simulation::story::{Act, every_single_fault, rest, settle, tail, tried};

/// The world in which Bolt's endpoint has these terms besides.
fn world(terms: &str) -> World {
    let terms = format!("guarantee = \"dedupes\"\n{terms}");
    world_with(bundle_with(&[("bolt-3pl.toml", "guarantee = \"dedupes\"", &terms)]))
}

fn place(world: &World, no: &str) {
    Act::release(no, order(no, "NY", &[("DRILL", 1)])).perform(world);
}

/// Calls of Bolt in each minute by the clock.
fn by_minute(world: &World) -> Vec<usize> {
    let mut minutes = BTreeMap::new();
    for got in world.received(BOLT) {
        *minutes.entry(got.at.as_second() / 60).or_insert(0) += 1;
    }
    minutes.into_values().collect()
}

fn all_arrived(world: &World, count: usize, what: &dyn std::fmt::Display) {
    assert_eq!(world.audit(), Vec::<String>::new(), "{what}");
    let deliveries = deliveries(world);
    assert_eq!(deliveries.len(), count, "{what}");
    for one in deliveries {
        assert_eq!((one.state, one.held_since), (DeliveryState::Delivered, None), "{what}:\n{}", tail(world));
    }
    let done = world.received(BOLT).iter().filter(|got| got.done).count();
    assert_eq!(done, count, "{what}");
}

/// Twenty orders at once for a partner that takes three a minute: it gets three in each, nobody is told of an outage, nothing is
/// worn out, and in the end the endpoint is called as before.
#[test]
fn what_is_over_the_pace_follows_in_the_next_minutes() {
    let world = world("requests_per_minute = 3");
    for at in 0..20 {
        place(&world, &format!("SO-{at}"));
    }
    rest(&world);
    all_arrived(&world, 20, &"twenty orders");
    let minutes = by_minute(&world);
    assert!(minutes.iter().all(|calls| *calls <= 3) && minutes.len() <= 9, "{minutes:?}");
    assert_eq!(world.dead_count(), (0, 0));
    let held = |kind| matches!(kind, EventType::DeliveryHeld | EventType::ReleaseHeld | EventType::ReleaseResumed);
    assert_eq!(world.told().iter().filter(|event| held(event.meta.kind)).count(), 0);
    assert!(world.deliveries().iter().all(|one| one.failures == 0 && one.holds == 0));
    place(&world, "SO-LATE");
    let before = world.now();
    rest(&world);
    let last = world.received(BOLT).last().expect("a call").at;
    assert!(last.duration_since(before).as_secs() < 5, "nothing is held any more");
}

/// The same with three orders, each call of a port failing in every way.
#[test]
fn what_is_over_the_pace_arrives_once_whatever_fails() {
    let base = world("requests_per_minute = 1");
    let play = |world: &World| {
        for at in 0..3 {
            place(world, &format!("SO-{at}"));
        }
        settle(world);
    };
    let well = base.fork();
    play(&well);
    all_arrived(&well, 3, &"undisturbed");
    let schedules = every_single_fault(&base, &well, |world, fault| {
        play(world);
        all_arrived(world, 3, fault);
    });
    tried("over the pace", schedules);
}

/// One that the partner cannot digest keeps its own schedule while the others follow by the minute.
#[test]
fn what_fails_by_itself_is_not_called_in_each_minute() {
    let world = world("requests_per_minute = 1\nretries = { waits_s = [600] }");
    world.script(BOLT, vec![Reaction::Answers(500, None); 3]);
    for at in 0..8 {
        place(&world, &format!("SO-{at}"));
    }
    rest(&world);
    all_arrived(&world, 8, &"eight orders");
    let calls = |key: &str| world.received(BOLT).into_iter().filter(|got| got.key == key).collect::<Vec<_>>();
    for first in world.received(BOLT).into_iter().filter(|got| !got.done) {
        let own = calls(&first.key);
        assert!(own.windows(2).all(|two| two[1].at.duration_since(two[0].at).as_secs() >= 600), "{own:?}");
    }
}

/// Its retries and refusals to wait count as calls, and an outage of it is one.
#[test]
fn an_outage_of_a_partner_with_a_pace_is_an_outage() {
    let world = world("requests_per_minute = 4");
    world.away(BOLT, SignedDuration::from_hours(6));
    for at in 0..12 {
        place(&world, &format!("SO-{at}"));
    }
    rest(&world);
    all_arrived(&world, 12, &"after an outage");
    let resumed = world.told().iter().filter(|event| event.meta.kind == EventType::ReleaseResumed).count();
    assert!(resumed > 0, "who waits for an outage is told");
    let minutes = by_minute(&world);
    assert!(minutes.iter().all(|calls| *calls <= 4), "{minutes:?}");
}

/// After the tries that are agreed it is called no more, is dead at once with a note, and a redrive begins the schedule anew.
#[test]
fn the_schedule_of_the_profile_counts() {
    let world = world("retries = { waits_s = [30, 100], tries = 3 }");
    world.script(BOLT, vec![Reaction::Answers(503, None); 4]);
    place(&world, "SO-R");
    rest(&world);
    let received = world.received(BOLT);
    let waits: Vec<i64> = received.windows(2).map(|two| two[1].at.duration_since(two[0].at).as_secs()).collect();
    assert_eq!(waits, [30, 100], "{}", tail(&world));
    assert_eq!((world.dead_count(), delivery(&world).failures), ((1, 0), 3));
    let died = world.now().duration_since(received[2].at).as_secs();
    assert!(died < 60, "no time is lost on the way to the dead-letter queue: {died} s");
    assert_eq!(world.unnoted(), Vec::<String>::new());
    assert_eq!(world.redrive(QueueName::PartnerDeliver), 1);
    rest(&world);
    assert_eq!((world.received(BOLT).len(), delivery(&world).state), (5, DeliveryState::Delivered));
}
