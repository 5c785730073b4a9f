//! Every order of arrival.

use sim::Twins;

use simulation::cast::world;
use simulation::story::{Act, Pace, S1, S2, Story, perform, same, settle, tried, well};

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
fn every_order(story: &Story, window: std::ops::Range<usize>, ways: &[(Pace, Twins)]) -> usize {
    let well = well(story);
    let placed = world();
    (story.release)().perform(&placed);
    settle(&placed);
    let acts = (story.then)(&placed);
    perform(&placed, &acts[..window.start], Pace::Settled);
    let orders = permutations(&acts[window.clone()]);
    for order in &orders {
        for (pace, twins) in
            [(Pace::Settled, Twins::None), (Pace::AtOnce, Twins::None), (Pace::AtOnce, Twins::Together)]
        {
            let world = placed.fork();
            world.set_twins(twins);
            perform(&world, order, pace);
            perform(&world, &acts[window.end..], Pace::Settled);
            same(&world, &well, &format!("{} {pace:?} {twins:?} {}", story.name, names(order)));
        }
    }
    orders.len() * ways.len()
}

fn names(acts: &[Act]) -> String {
    let name = |act: &Act| match act {
        Act::Release { key, .. } => key.clone(),
        Act::Webhook { topic, id, .. } => format!("{topic} {id}"),
        Act::Drop { name, .. } => name.clone(),
        Act::Cancel { .. } => "cancel".to_owned(),
        Act::Wait { hours } => format!("{hours} h"),
        Act::Lift { partner, hold, .. } => format!("{partner} lifts {hold}"),
    };
    acts.iter().map(name).collect::<Vec<_>>().join(", ")
}

#[test]
fn s1_in_every_order_of_the_first_five() {
    tried("S1 in every order of the first five", every_order(&S1, 0..5, &[AT_ONCE_AND_TWICE]));
}

#[test]
fn s1_in_every_order_of_the_last_five() {
    tried("S1 in every order of the last five", every_order(&S1, 1..6, &[SETTLED, AT_ONCE_AND_TWICE]));
}

/// Acknowledgment, both ship confirms and the first shipment's milestones.
#[test]
fn s2_in_every_order_of_the_first_five() {
    tried("S2 in every order of the first five", every_order(&S2, 0..5, &[SETTLED, AT_ONCE_AND_TWICE]));
}

#[test]
fn s2_in_every_order_of_the_last_five() {
    tried("S2 in every order of the last five", every_order(&S2, 2..7, &[AT_ONCE_AND_TWICE]));
}
