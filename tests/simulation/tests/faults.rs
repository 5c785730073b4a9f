//! Every port call goes wrong, each in every way.

use canonical::DeliveryState;
use jiff::SignedDuration;
use sim::{Faults, Kind, Outage, Port, Schedule, Twins};

use simulation::cast::{ERP, release_id, world};
use simulation::story::{
    Act, Pace, S1, S2, STORIES, Story, cancelled_release, cancelled_then, hours, perform, play_with_pauses, rest, same,
    settle, tail, tried, well,
};

/// Plays `story` once for each port call and each way in which it can go wrong; `kinds` may leave ways out.
fn every_single(story: &Story, pace: Pace, kinds: &[Kind]) -> usize {
    let well = well(story);
    let undisturbed = world();
    let pauses = play_with_pauses(&undisturbed, story, pace);
    let calls = undisturbed.calls();
    assert!(calls > 100, "{} makes {calls} calls", story.name);
    let mut schedules = 0;
    for call in 1..=calls {
        // What comes before the call is the same in every world: it is played once.
        let pause = pauses.iter().rfind(|pause| pause.world.calls() < call).expect("the first one has no call");
        for kind in undisturbed.kinds_of(call).into_iter().filter(|kind| kinds.contains(kind)) {
            let world = pause.play_on(story, pace, |world| world.set_faults(Faults::one(call, kind)));
            same(&world, &well, &format!("{} {pace:?}, call {call} {kind:?}", story.name));
            schedules += 1;
        }
    }
    schedules
}

#[test]
fn s1_with_every_call_failing_once() {
    tried("S1 with every call failing", every_single(&S1, Pace::Settled, &Kind::BASIC));
}

#[test]
fn s2_with_every_call_failing_once() {
    tried("S2 with every call failing", every_single(&S2, Pace::Settled, &Kind::BASIC));
}

/// The two kinds after which most is left to be done again.
const HARSH: [Kind; 2] = [Kind::CrashAfter, Kind::ErrorBefore];

#[test]
fn s1_at_once_with_every_call_failing_once() {
    tried("S1 at once with every call failing", every_single(&S1, Pace::AtOnce, &HARSH));
}

#[test]
fn s2_at_once_with_every_call_failing_once() {
    tried("S2 at once with every call failing", every_single(&S2, Pace::AtOnce, &HARSH));
}

/// Two orders that go their way, and one that is cancelled, told of in any order; several functions at once, batches of
/// any size, twins, and calls that fail one after the other: drawn from seeds.
#[test]
fn many_functions_at_once_with_many_failing_calls() {
    const SEEDS: u64 = 60;
    let begin = || {
        let world = world();
        for act in [(S1.release)(), (S2.release)(), cancelled_release()] {
            act.perform(&world);
        }
        world
    };
    let placed = begin();
    settle(&placed);
    let acts: Vec<Act> = [(S1.then)(&placed), (S2.then)(&placed), cancelled_then()].concat();
    let undisturbed = placed.fork();
    perform(&undisturbed, &acts, Pace::Settled);
    assert_eq!(undisturbed.audit(), Vec::<String>::new());
    let well = undisturbed.summary();
    for seed in 0..SEEDS {
        let mut state = seed;
        let mut draw = |count: u64| sim::draw(&mut state) % count;
        let small = |number: u64| usize::try_from(number).expect("small");
        let world = begin();
        world.set_schedule(Schedule::Seeded(seed));
        world.set_workers(small(draw(4)) + 1, [1, 3, 10][small(draw(3))]);
        world.set_twins([Twins::None, Twins::Together, Twins::Later(SignedDuration::from_secs(45))][small(draw(3))]);
        let faults = (0..draw(15))
            .fold(Faults::none(), |faults, _| faults.with(draw(undisturbed.calls()) + 1, Kind::ALL[small(draw(9))]));
        world.set_faults(faults);
        settle(&world);
        let mut left = acts.clone();
        let mut order = Vec::new();
        while !left.is_empty() {
            order.push(left.remove(small(draw(left.len() as u64))));
        }
        perform(&world, &order, if draw(2) == 0 { Pace::Settled } else { Pace::AtOnce });
        // Of the cancelled order it depends on who is first what is told; that it is cancelled does not.
        let found = world.summary();
        let audit = world.audit();
        assert_eq!(audit, Vec::<String>::new(), "seed {seed}:\n{}", tail(&world));
        assert_eq!(found.releases, well.releases, "seed {seed}:\n{}", tail(&world));
        assert_eq!((found.shipments, found.parked), (well.shipments.clone(), well.parked.clone()), "seed {seed}");
        assert_eq!(found.dead, Vec::<String>::new(), "seed {seed}");
        let of_the_others = |events: &[String]| -> Vec<String> {
            events.iter().filter(|event| !event.contains("cancel") && !event.contains("delivery")).cloned().collect()
        };
        assert_eq!(of_the_others(&found.events), of_the_others(&well.events), "seed {seed}");
    }
    tried("functions side by side with failing calls", usize::try_from(SEEDS).expect("small"));
}

/// The table refuses everything for three hours. Webhooks and files are accepted all the while; afterwards all is well.
#[test]
fn the_table_is_out_for_three_hours() {
    for story in STORIES {
        let well = well(&story);
        let world = world();
        (story.release)().perform(&world);
        settle(&world);
        let acts = (story.then)(&world);
        let from = world.now();
        let until = from.checked_add(hours(3)).expect("a time");
        world.set_faults(Faults::none().out(Outage { port: Port::Table, from, until }));
        for act in &acts {
            act.perform(&world);
        }
        assert!(world.now() < until, "everything was accepted during the outage");
        rest(&world);
        assert!(world.now() > until);
        assert_eq!(world.summary().dead, Vec::<String>::new(), "tries outlast the outage");
        perform(&world, &[], Pace::Settled);
        same(&world, &well, &story.name);
    }
}

/// A write that takes effect when its caller has long given up and the goods have left: no cancel is left behind that nobody
/// carries to the warehouse.
#[test]
fn a_cancel_that_is_written_late_is_carried_or_not_written() {
    let id = release_id("SO-1");
    let mut schedules = 0;
    // How late it is goes by the number of the call.
    for before in 0..3 {
        let base = world();
        (S1.release)().perform(&base);
        settle(&base);
        for _ in 0..before {
            base.api_get(ERP, id.as_str());
        }
        Act::Cancel { release_id: id.to_string() }.perform(&base);
        let (shipped, well) = ((S1.then)(&base).remove(2), base.fork());
        rest(&well);
        for call in (base.calls() + 1..=well.calls()).filter(|call| well.kinds_of(*call).contains(&Kind::Late)) {
            let world = base.fork();
            world.set_faults(Faults::one(call, Kind::Late));
            assert_eq!(world.run_for(SignedDuration::from_secs(1)), Ok(()));
            perform(&world, std::slice::from_ref(&shipped), Pace::AtOnce);
            assert_eq!(world.audit(), Vec::<String>::new(), "call {call}:\n{}", tail(&world));
            let left: Vec<_> =
                world.deliveries().into_iter().filter(|one| one.state == DeliveryState::Pending).collect();
            assert_eq!(left, Vec::new(), "call {call}:\n{}", tail(&world));
            schedules += 1;
        }
    }
    tried("a cancel that is written late", schedules);
}
