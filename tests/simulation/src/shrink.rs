//! A failing plan made smaller, as long as it fails: what is left is what it takes.

use crate::random::{Begun, Plan, Played, play};

/// Most plays that making one plan smaller may take.
const PLAYS_MAX: usize = 400;

/// The smallest plan that was found to fail as well, with how it was played, its trace's lines kept.
pub fn shrink(plan: &Plan) -> (Plan, Played) {
    let mut begun = Begun::default();
    let mut best = plan.clone();
    let mut plays = 0;
    let mut fails = |candidate: &Plan| {
        plays += 1;
        plays <= PLAYS_MAX && !play(candidate, &mut begun, false).found.is_empty()
    };
    // The calls that went wrong by chance go wrong by name, so that each can be left out.
    let fired = play(&best, &mut Begun::default(), false).world.fired();
    let named = Plan { calls: Some(fired), ..best.clone() };
    if fails(&named) {
        best = named;
    }
    let mut smaller = true;
    while smaller {
        smaller = false;
        for candidate in candidates(&best) {
            if candidate != best && fails(&candidate) {
                best = candidate;
                smaller = true;
                break;
            }
        }
    }
    let played = play(&best, &mut Begun::default(), true);
    (best, played)
}

/// Plans that are a little smaller than `plan`, the greatest steps first.
fn candidates(plan: &Plan) -> Vec<Plan> {
    let mut smaller = Vec::new();
    let mut with = |change: &dyn Fn(&mut Plan)| {
        let mut candidate = plan.clone();
        change(&mut candidate);
        smaller.push(candidate);
    };
    let calls = plan.calls.as_ref().map_or(0, Vec::len);
    if calls > 1 {
        with(&|plan| _ = plan.calls.as_mut().map(|calls| calls.drain(calls.len() / 2..).count()));
        with(&|plan| _ = plan.calls.as_mut().map(|calls| calls.drain(..calls.len() / 2).count()));
    }
    for order in 0..plan.orders.len() {
        with(&|plan| _ = plan.orders.remove(order));
    }
    with(&|plan| plan.chances.twin = 0);
    with(&|plan| plan.chances.delay = 0);
    with(&|plan| plan.chances.answer_lost = 0);
    with(&|plan| plan.chances.retell = 0);
    with(&|plan| plan.chances.skew = 0);
    with(&|plan| plan.chances.poison = 0);
    with(&|plan| plan.chances.partner = 0);
    with(&|plan| plan.chances.index = 0);
    with(&|plan| plan.table_out = None);
    with(&|plan| plan.away = None);
    with(&|plan| plan.redrive_late = false);
    with(&|plan| plan.gives_up = false);
    with(&|plan| plan.clocks = false);
    with(&|plan| plan.again = 0);
    with(&|plan| plan.workers = (1, 1));
    for call in 0..calls {
        with(&|plan| _ = plan.calls.as_mut().map(|calls| calls.remove(call)));
    }
    for order in 0..plan.orders.len() {
        let deeds = plan.orders.get(order).map_or(0, |order| order.deeds.len());
        for deed in 1..deeds {
            with(&|plan| _ = plan.orders.get_mut(order).map(|order| order.deeds.remove(deed)));
        }
    }
    smaller
}
