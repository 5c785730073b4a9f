//! Every order of arrival.

use sim::Twins;

use simulation::arrivals::{every_order, names};
use simulation::cast::world;
use simulation::story::{Pace, S1, S2, Story, perform, same, settle, tried, well};

/// Every order of `items`.
pub(crate) fn permutations<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
    if items.len() <= 1 {
        return vec![items.to_vec()];
    }
    (0..items.len())
        .flat_map(|first| {
            let mut rest = items.to_vec();
            let first = rest.remove(first);
            permutations(&rest).into_iter().map(move |mut order| {
                order.insert(0, first.clone());
                order
            })
        })
        .collect()
}

/// How the acts come: each settled before the next, or all at once and each twice.
const SETTLED: (Pace, Twins) = (Pace::Settled, Twins::None);
const AT_ONCE_AND_TWICE: (Pace, Twins) = (Pace::AtOnce, Twins::Together);

/// Plays `story` with the acts of `window` in every order.
fn in_every_order(story: &Story, window: std::ops::Range<usize>, ways: &[(Pace, Twins)]) -> usize {
    let well = well(story);
    let placed = world();
    (story.release)().perform(&placed);
    settle(&placed);
    let acts = (story.then)(&placed);
    perform(&placed, &acts[..window.start], Pace::Settled);
    let orders = permutations(&acts[window.clone()]);
    for order in &orders {
        for (pace, twins) in ways {
            let world = placed.fork();
            world.set_twins(*twins);
            perform(&world, order, *pace);
            perform(&world, &acts[window.end..], Pace::Settled);
            same(&world, &well, &format!("{} {pace:?} {twins:?} {}", story.name, names(order)));
        }
    }
    orders.len() * ways.len()
}

#[test]
fn s1_in_every_order_of_the_first_five() {
    tried("S1 in every order of the first five", in_every_order(&S1, 0..5, &[AT_ONCE_AND_TWICE]));
}

#[test]
fn s1_in_every_order_of_the_last_five() {
    tried("S1 in every order of the last five", in_every_order(&S1, 1..6, &[SETTLED, AT_ONCE_AND_TWICE]));
}

/// Acknowledgment, both ship confirms and the first shipment's milestones.
#[test]
fn s2_in_every_order_of_the_first_five() {
    tried("S2 in every order of the first five", in_every_order(&S2, 0..5, &[SETTLED, AT_ONCE_AND_TWICE]));
}

#[test]
fn s2_in_every_order_of_the_last_five() {
    tried("S2 in every order of the last five", in_every_order(&S2, 2..7, &[AT_ONCE_AND_TWICE]));
}

/// All seven acts of S2 are played by `cargo sim arrivals`.
#[test]
fn s1_in_every_order_of_all_six() {
    let found = every_order(&S1, &well(&S1), None);
    assert_eq!((found.orders, found.offences), (720, Vec::new()));
    tried("S1 in every order of all six", found.orders);
}

#[test]
fn an_order_of_arrival_that_comes_to_another_end_is_told() {
    let unfinished = Story { then: |world| (S1.then)(world).into_iter().take(2).collect(), ..S1 };
    let found = every_order(&unfinished, &well(&S1), None);
    let orders: Vec<_> = found.offences.iter().map(|(order, _)| order.as_str()).collect();
    let [one, other] = ["release-accepted b1, release-waved b2", "release-waved b2, release-accepted b1"];
    assert_eq!(orders, [format!("S1: {one}"), format!("S1: {other}")]);
    assert!(found.offences.iter().all(|(_, found)| found.iter().any(|line| line.contains("IN_PROCESS"))));
}
