//! A partner whose system does everything again that it is asked again. It is called once, whatever happens; where it is
//! not known what became of the call, the delivery says so and a person decides.

use std::sync::Arc;

use canonical::{Delivery, DeliveryState, EventType};
use jiff::SignedDuration;
use partners::Bundle;
use sim::{Faults, Kind, QueueName, Reaction, Schedule, Twins, World};

use simulation::cast::{BOLT, bundle_with, delivery, order, world_with};
use simulation::story::{Act, settle, tail, tried};

fn bundle() -> Arc<Bundle> {
    bundle_with(&[("bolt-3pl.toml", "guarantee = \"dedupes\"", "guarantee = \"neither\"")])
}

fn place(world: &World) {
    Act::release("n", order("SO-N", "NY", &[("DRILL", 1)])).perform(world);
    settle(world);
}

fn unknown(world: &World) -> usize {
    world.told().iter().filter(|event| event.meta.kind == EventType::DeliveryUnknown).count()
}

/// Every call of a port fails in every way, when the partner takes the order at once and when it first asks to wait.
#[test]
fn it_is_called_once_whatever_fails() {
    let bundle = bundle();
    let (mut schedules, mut open) = (0, 0);
    for script in [Vec::new(), vec![Reaction::Answers(429, Some(30))]] {
        let begin = || {
            let world = world_with(Arc::clone(&bundle));
            world.script(BOLT, script.clone());
            world
        };
        let undisturbed = begin();
        place(&undisturbed);
        assert_eq!(delivery(&undisturbed).state, DeliveryState::Delivered);
        let basic = |kind: &Kind| Kind::BASIC.contains(kind);
        let faults = |call| undisturbed.kinds_of(call).into_iter().filter(basic).map(move |kind| (call, kind));
        for (call, kind) in (1..=undisturbed.calls()).flat_map(faults) {
            let world = begin();
            world.set_faults(Faults::one(call, kind));
            place(&world);
            let done = world.received(BOLT).iter().filter(|got| got.done).count();
            let what = world.trace().into_iter().find(|line| line.ends_with(&format!("{kind:?}"))).expect("the fault");
            assert_eq!(world.audit(), Vec::<String>::new(), "{what}");
            match delivery(&world).state {
                DeliveryState::Delivered => assert_eq!((done, unknown(&world)), (1, 0), "{what}"),
                DeliveryState::Unknown => {
                    assert!(done <= 1, "{what}");
                    assert_eq!(unknown(&world), 1, "a person is told: {what}");
                    assert_eq!(world.waiting(QueueName::Parked), 1, "and finds it: {what}");
                    // What fails before the call is on record leaves nothing open.
                    let about_the_call = what.contains("PartnerHttp") || what.contains("Table commit");
                    assert!(about_the_call, "{what}");
                    open += 1;
                }
                state => panic!("{what}: {state:?}"),
            }
            schedules += 1;
        }
    }
    tried("a partner that does everything again", schedules);
    assert!(open > 0, "some of these faults leave the result open");
}

/// Twins, functions side by side and several failing calls, drawn from seeds: it is done once at the most, and if it is
/// not known whether, a person is told.
#[test]
fn it_is_called_once_by_many_functions_at_once() {
    const SEEDS: u64 = 80;
    let bundle = bundle();
    for seed in 0..SEEDS {
        let mut state = seed;
        let mut draw = |count: u64| sim::draw(&mut state) % count;
        let world = world_with(Arc::clone(&bundle));
        world.set_schedule(Schedule::Seeded(seed));
        world.set_workers(small(draw(4)) + 1, [1, 10][small(draw(2))]);
        let later = Twins::Later(SignedDuration::from_secs(i64::try_from(draw(200)).expect("small")));
        world.set_twins([Twins::Together, later][small(draw(2))]);
        let faults = |faults: Faults, _| faults.with(draw(60) + 1, Kind::ALL[small(draw(9))]);
        world.set_faults((0..seed % 6).fold(Faults::none(), faults));
        place(&world);
        let done = world.received(BOLT).iter().filter(|got| got.done).count();
        assert_eq!(world.audit(), Vec::<String>::new(), "seed {seed}:\n{}", tail(&world));
        match delivery(&world).state {
            DeliveryState::Delivered => assert_eq!(done, 1, "seed {seed}:\n{}", tail(&world)),
            DeliveryState::Unknown => {
                assert!(done <= 1 && unknown(&world) == 1, "seed {seed}:\n{}", tail(&world));
            }
            other => panic!("seed {seed}: {other:?}\n{}", tail(&world)),
        }
    }
    tried("functions side by side at a partner that does everything again", small(SEEDS));
}

fn small(number: u64) -> usize {
    usize::try_from(number).expect("small")
}

#[test]
fn a_lost_answer_is_left_to_a_person() {
    for reaction in [Reaction::DoesAndIsNotHeard, Reaction::Answers(500, None), Reaction::Unreachable] {
        let world = world_with(bundle());
        world.script(BOLT, [reaction.clone()]);
        place(&world);
        assert_eq!(delivery(&world).state, DeliveryState::Unknown, "{reaction:?}");
        assert!(world.received(BOLT).len() <= 1, "{reaction:?}");
        // A redrive of what is unknown changes nothing.
        let before = world.summary();
        world.send(QueueName::PartnerDeliver, &work(&delivery(&world)));
        settle(&world);
        assert_eq!(world.summary(), before, "{reaction:?}");
    }
}

/// That it refuses now, or asks to wait, is an answer: it is asked again, and does it once.
#[test]
fn an_answer_that_asks_to_wait_is_no_lost_answer() {
    let world = world_with(bundle());
    world.script(BOLT, [Reaction::Answers(429, Some(90)), Reaction::Answers(401, None)]);
    place(&world);
    assert_eq!(delivery(&world).state, DeliveryState::Delivered);
    let received = world.received(BOLT);
    assert_eq!(received.iter().map(|got| got.done).collect::<Vec<_>>(), [false, false, true]);
    assert!(received[1].at.duration_since(received[0].at).as_secs() >= 90, "{received:?}");
}

/// A queue that delivers twice at once: the second worker leaves the delivery to the first.
#[test]
fn a_twin_at_the_same_time_leaves_the_call_to_the_first() {
    for batch_max in [1, 10] {
        let world = world_with(bundle());
        world.set_twins(Twins::Together);
        world.set_workers(2, batch_max);
        place(&world);
        assert_eq!(world.received(BOLT).len(), 1);
        assert_eq!(delivery(&world).state, DeliveryState::Delivered, "batches of {batch_max}");
    }
}

fn work(delivery: &Delivery) -> String {
    let receiver = &delivery.receiver;
    serde_json::json!({ "tenant": receiver.tenant, "partner": receiver.partner, "delivery": delivery.id }).to_string()
}
