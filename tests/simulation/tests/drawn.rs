//! The schedules of `cargo sim`, a few of them: that they end well, and that they are what they say.

use sim::Kind;
use simulation::exhaustive::{Depth, explore_here};
use simulation::outages;
use simulation::random::{Begun, Plan, play};

use simulation::story::tried;

/// Seeds that are played here, without optimisation; `cargo sim random` plays as many as one likes.
const SEEDS: u64 = 240;

#[test]
fn drawn_schedules_end_well_and_come_to_the_same_trace_again() {
    let mut begun = Begun::default();
    let mut mishaps = std::collections::BTreeSet::new();
    for seed in 0..SEEDS {
        let plan = Plan::of(seed);
        let played = play(&plan, &mut begun, false);
        assert_eq!(played.found, Vec::<String>::new(), "seed {seed}: cargo sim replay --seed {seed}");
        // From the beginning and with every line: the same all the same.
        let again = play(&plan, &mut Begun::default(), true);
        assert_eq!(again.world.trace_hash(), played.world.trace_hash(), "seed {seed}");
        assert!(!again.world.trace().is_empty() && played.world.trace().is_empty());
        mishaps.extend(played.world.fired().into_iter().map(|(_, kind)| kind));
    }
    assert_eq!(mishaps.len(), Kind::ALL.len(), "each way to fail comes up: {mishaps:?}");
    tried("drawn schedules", usize::try_from(SEEDS).expect("small"));
}

/// What a seed's calls came to by chance is the same when they fail by name.
#[test]
fn a_plan_with_its_failing_calls_named_is_played_the_same() {
    for seed in 0..10 {
        let plan = Plan::of(seed);
        let drawn = play(&plan, &mut Begun::default(), false).world;
        let named = Plan { calls: Some(drawn.fired()), ..plan };
        let named = play(&named, &mut Begun::default(), false).world;
        // The numbers of calls go on when nothing goes wrong any more; by name they could go wrong there, too.
        assert_eq!(named.fired(), drawn.fired(), "seed {seed}");
    }
}

#[test]
fn an_exploration_of_no_fault_plays_each_flow_once() {
    let seen = explore_here(Depth { usual: 0, moves: 0 }, 1);
    assert_eq!((seen.schedules, seen.offences.len()), (0, 0));
}

#[test]
fn outages_are_as_promised() {
    for figure in outages::all() {
        assert!(figure.holds, "{}", figure.words);
    }
}
