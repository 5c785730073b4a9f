//! Every port call goes wrong, each in every way.

use sim::{Faults, Kind, Outage, Port, Schedule};

use crate::cast::world;
use crate::story::{
    Pace, S1, S2, STORIES, Story, hours, perform, play, play_with_pauses, rest, same, settle, tried, well,
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
        for kind in undisturbed.kinds_of(call).iter().filter(|kind| kinds.contains(kind)) {
            let world = pause.play_on(story, pace, |world| world.set_faults(Faults::one(call, *kind)));
            same(&world, &well, &format!("{} {pace:?}, call {call} {kind:?}", story.name));
            schedules += 1;
        }
    }
    schedules
}

#[test]
fn s1_with_every_call_failing_once() {
    tried("S1 with every call failing", every_single(&S1, Pace::Settled, &Kind::ALL));
}

#[test]
fn s2_with_every_call_failing_once() {
    tried("S2 with every call failing", every_single(&S2, Pace::Settled, &Kind::ALL));
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

/// Several functions at once, batches of any size, and calls that fail one after the other: drawn from seeds.
#[test]
fn many_functions_at_once_with_many_failing_calls() {
    const SEEDS: u64 = 100;
    for story in STORIES {
        let well = well(&story);
        for seed in 0..SEEDS {
            let world = world();
            world.set_schedule(Schedule::Seeded(seed));
            world.set_workers(
                usize::try_from(seed % 4).expect("small") + 1,
                usize::try_from(seed % 3).expect("small") * 4 + 1,
            );
            let faults = (0..(seed % 12)).fold(Faults::none(), |faults, number| {
                let draw = seed.wrapping_mul(0x9e37_79b9).wrapping_add(number.wrapping_mul(7_919));
                let kind = Kind::ALL[usize::try_from(draw % 5).expect("small")];
                faults.with(draw % 250 + 1, kind)
            });
            world.set_faults(faults);
            let pace = if seed % 2 == 0 { Pace::Settled } else { Pace::AtOnce };
            play(&world, &story, pace);
            same(&world, &well, &format!("{} seed {seed}", story.name));
        }
    }
    tried("functions side by side with failing calls", usize::try_from(2 * SEEDS).expect("small"));
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
