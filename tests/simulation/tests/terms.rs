//! How a partner is called is what its profile says: when again, and how often.

use canonical::{Delivery, DeliveryState, Subject};
use sim::{QueueName, Reaction, World};

use simulation::cast::{BOLT, bundle_with, order, world_with};
use simulation::story::{Act, rest, tail};

/// The world in which Bolt's endpoint has these terms besides.
fn world(terms: &str) -> World {
    let terms = format!("guarantee = \"dedupes\"\n{terms}");
    world_with(bundle_with(&[("bolt-3pl.toml", "guarantee = \"dedupes\"", &terms)]))
}

fn place(world: &World, no: &str) {
    Act::release(no, order(no, "NY", &[("DRILL", 1)])).perform(world);
}

fn delivery(world: &World) -> Delivery {
    let of_release = |one: &Delivery| matches!(one.subject, Subject::Release { .. });
    world.deliveries().into_iter().find(of_release).expect("the release's delivery")
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
