//! A partner whose system does everything again that it is asked again, and says what it has when it is asked for that.
//! Whatever fails, it does everything once, and no person is needed.

use std::sync::Arc;

use canonical::{DeliveryState, Guarantee};
use jiff::SignedDuration;
use partners::Bundle;
use sim::{Faults, Kind, Reaction, Schedule, Twins, World};

use simulation::cast::{BOLT, bundle_of, delivery, order, world_with};
use simulation::story::{Act, every_single_fault, settle, tail, tried};

fn bundle() -> Arc<Bundle> {
    bundle_of(Guarantee::Lookup, false)
}

fn place(world: &World) {
    Act::release("l", order("SO-L", "NY", &[("DRILL", 1)])).perform(world);
    settle(world);
}

fn holds(world: &World, what: &dyn std::fmt::Display) {
    let done = world.received(BOLT).iter().filter(|got| got.done).count();
    let found = (world.audit(), done, delivery(world).state);
    assert_eq!(found, (Vec::new(), 1, DeliveryState::Delivered), "{what}:\n{}", tail(world));
}

/// Every call of a port fails in every way: when it takes the order at once, when the answer is lost, when it fails and says
/// nothing of what it has.
#[test]
fn it_has_the_order_once_whatever_fails() {
    let mut schedules = 0;
    for script in [
        vec![],
        vec![Reaction::DoesAndIsNotHeard],
        vec![Reaction::Answers(500, None), Reaction::Answers(503, Some(90))],
        vec![Reaction::Unreachable, Reaction::DoesAndGarbles],
    ] {
        let base = world_with(bundle());
        base.script(BOLT, script.clone());
        let well = base.fork();
        place(&well);
        holds(&well, &format!("{script:?}"));
        schedules += every_single_fault(&base, &well, |world, fault| {
            place(world);
            holds(world, &format!("{script:?}, {fault}"));
        });
    }
    tried("a partner that can be asked", schedules);
}

/// Twins, functions side by side and several failing calls, drawn from seeds.
#[test]
fn it_has_the_order_once_by_many_functions_at_once() {
    const SEEDS: u64 = 80;
    let small = |number: u64| usize::try_from(number).expect("small");
    for seed in 0..SEEDS {
        let mut state = seed;
        let mut draw = |count: u64| sim::draw(&mut state) % count;
        let world = world_with(bundle());
        world.set_schedule(Schedule::Seeded(seed));
        world.set_workers(small(draw(4)) + 1, [1, 10][small(draw(2))]);
        let later = Twins::Later(SignedDuration::from_secs(i64::try_from(draw(200)).expect("small")));
        world.set_twins([Twins::Together, later][small(draw(2))]);
        let faults = |faults: Faults, _| faults.with(draw(60) + 1, Kind::ALL[small(draw(9))]);
        world.set_faults((0..seed % 6).fold(Faults::none(), faults));
        place(&world);
        holds(&world, &format!("seed {seed}"));
    }
    tried("functions side by side at a partner that can be asked", small(SEEDS));
}

/// What it has is known as soon as it says so; that it has not, only once the call can be under way no more.
#[test]
fn a_lost_answer_costs_seconds_and_a_lost_call_the_time_to_settle() {
    for (reaction, calls, seconds) in [
        (Reaction::DoesAndIsNotHeard, 1, 0..30),
        (Reaction::DoesAndAnswers(502), 1, 0..30),
        (Reaction::Answers(500, None), 2, 1200..1260),
        (Reaction::Answers(429, Some(30)), 2, 30..60),
    ] {
        let world = world_with(bundle());
        world.script(BOLT, [reaction.clone()]);
        place(&world);
        holds(&world, &format!("{reaction:?}"));
        let one = delivery(&world);
        let took = one.ended_at.expect("it ended").duration_since(one.created_at).as_secs();
        assert_eq!(world.received(BOLT).len(), calls, "{reaction:?}");
        assert!(seconds.contains(&took), "{reaction:?}: {took} s");
    }
}

/// It answers calls with an error and look-ups not at all, for a week: a person is told, and the order is not sent twice.
#[test]
fn a_partner_that_never_says_what_it_has_is_left_to_a_person() {
    let world = world_with(bundle());
    world.script(BOLT, [Reaction::DoesAndIsNotHeard]);
    world.script(BOLT, vec![Reaction::Answers(500, None); 60]);
    place(&world);
    assert_eq!(world.audit(), Vec::<String>::new());
    let done = world.received(BOLT).iter().filter(|got| got.done).count();
    assert_eq!((done, delivery(&world).state), (1, DeliveryState::Unknown));
    assert!(
        (25..30).contains(&delivery(&world).failures),
        "its schedule is kept, whatever held it: {:?}",
        delivery(&world)
    );
}
