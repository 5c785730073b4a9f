//! Outages in figures: the table out for three hours, a partner for a day.
//!
//! What is asked of the product: everything is accepted while the table is out, nothing is lost and nothing needs a
//! redrive; when it is back the backlog is worked off in 1.2 times the time that Lambda's pollers need for it; a partner
//! that is out is called little more than usually, and costs the others nothing.

use canonical::Guarantee;
use jiff::{SignedDuration, Timestamp};
use sim::{Faults, Outage, Port, Reaction, World};

use crate::cast::{BOLT, ERP, TMS, bundle_of, world, world_with};
use crate::judge::{Done, judge};
use crate::orders::{Deed, Order, Warehouse};

/// A figure, and whether it is as promised.
#[derive(Debug, Clone)]
pub struct Figure {
    /// Whether it is.
    pub holds: bool,
    /// The figure in words.
    pub words: String,
}

/// Orders in each of the two. Enough for a 99th percentile.
const ORDERS: usize = 120;
/// Messages that come in while the table is out for three hours: a distributor of 5,000 orders a day in its busiest hours
/// gets eleven a second. The more there are, the more time the pollers need; who has fewer waits as long as this one.
const BACKLOG: u64 = 3 * 3600 * 11;
/// Calls of a partner that is away for a day, in hundredths of those that it usually gets.
const CALLS_IN_VAIN_MAX: u64 = 10;
/// Functions that a queue's pollers run at once when it wakes up, how many more a minute later, and at most: what Lambda
/// documents of standard queues.
const POLLERS: (u64, u64, u64) = (5, 300, 1250);

/// Every figure.
pub fn all() -> Vec<Figure> {
    let mut figures = table_is_out();
    figures.extend(partner_is_away());
    figures.push(asked_partner_is_away());
    figures
}

fn orders() -> Vec<Order> {
    (0..ORDERS)
        .map(|at| Order {
            no: format!("SO-{}", at + 1),
            warehouse: if at % 2 == 0 { Warehouse::Bolt } else { Warehouse::Acme },
            lines: vec![("BOLT", 100)],
            shipments: vec![vec![100]],
            deeds: Vec::new(),
        })
        .collect()
}

/// A world in which every order is placed.
fn placed(orders: &[Order], done: &mut Vec<Done>) -> World {
    let world = world();
    world.keep_lines(false);
    for at in 0..orders.len() {
        act(&world, orders, at, Deed::Release, done);
    }
    let _ = world.run();
    world
}

/// Does it. Says whether it was taken.
fn act(world: &World, orders: &[Order], at: usize, deed: Deed, done: &mut Vec<Done>) -> bool {
    let act = orders.get(at).and_then(|order| order.act(deed, world));
    let taken = act.is_some_and(|act| act.insist(world) == Ok(202));
    if taken {
        done.push(Done { order: at, deed });
    }
    taken
}

fn figure(holds: bool, words: String) -> Figure {
    Figure { holds, words }
}

fn table_is_out() -> Vec<Figure> {
    let (orders, mut done) = (orders(), Vec::new());
    let world = placed(&orders, &mut done);
    let from = world.now();
    let until = from.checked_add(SignedDuration::from_hours(3)).unwrap_or(from);
    world.set_faults(Faults::none().out(Outage { port: Port::Table, from, until }));
    let pause = SignedDuration::from_secs(3 * 3600 / i64::try_from(ORDERS).unwrap_or(1));
    let mut accepted = 0;
    for at in 0..orders.len() {
        accepted += usize::from(act(&world, &orders, at, Deed::Ship(0), &mut done) && world.now() < until);
        let _ = world.run_for(pause);
    }
    let calls = world.calls();
    let _ = world.run();
    let last = world.now().duration_since(until).as_secs();
    let found = judge(&world, &orders, &done);
    let each_ms = (world.calls() - calls) * 4 / ORDERS as u64;
    let ramp = i64::try_from(ramp_s(BACKLOG * each_ms)).unwrap_or(i64::MAX);
    vec![
        figure(
            accepted == ORDERS,
            format!("table out for 3 h: {accepted} of {ORDERS} webhooks and files are accepted"),
        ),
        figure(found.is_empty(), format!("table out for 3 h: nothing is lost, done twice or dead: {found:?}")),
        figure(
            last * 10 <= ramp * 12,
            format!(
                "table out for 3 h: all is done {last} s after it is back; Lambda's pollers need {ramp} s for a backlog of \
                 {BACKLOG} messages of {each_ms} ms, and 1.2 times that is allowed"
            ),
        ),
    ]
}

/// Seconds in which a queue's pollers do so many milliseconds of work.
fn ramp_s(work_ms: u64) -> u64 {
    let (first, more, most) = POLLERS;
    let mut left = work_ms;
    let mut second = 0;
    while left > 0 {
        left = left.saturating_sub(1000 * most.min(first + more * second / 60));
        second += 1;
    }
    second
}

fn partner_is_away() -> Vec<Figure> {
    let play = |away: bool| {
        let (orders, mut done) = (orders(), Vec::new());
        let world = placed(&orders, &mut done);
        let from = world.now();
        if away {
            world.away(ERP, SignedDuration::from_hours(24));
        }
        let mut told = Vec::new();
        for at in 0..orders.len() {
            told.push(world.now());
            act(&world, &orders, at, Deed::Ship(0), &mut done);
            let _ = world.run_for(SignedDuration::from_secs(24 * 3600 / i64::try_from(ORDERS).unwrap_or(1)));
        }
        let tries = world.attempts(ERP);
        let _ = world.run();
        let found = judge(&world, &orders, &done);
        (found, p99(&world, &told), tries, world.now().duration_since(from).as_hours())
    };
    let (_, usual, normal, _) = play(false);
    let (found, with, tries, hours) = play(true);
    vec![
        figure(found.is_empty(), format!("partner away for 24 h: nothing is lost, done twice or dead: {found:?}")),
        figure(
            with.as_millis() * 100 <= usual.as_millis() * 105,
            format!(
                "partner away for 24 h: the others' p99 is {} ms, usually {} ms",
                with.as_millis(),
                usual.as_millis()
            ),
        ),
        figure(
            tries * 100 <= CALLS_IN_VAIN_MAX * normal,
            format!(
                "partner away for 24 h: it is called {tries} times in vain, usually {normal} times; all is told after {hours} h"
            ),
        ),
    ]
}

/// A partner that can be asked takes its orders, is not heard, and is out for a day: nobody knows whether it has them.
fn asked_partner_is_away() -> Figure {
    let orders: Vec<Order> = orders().into_iter().filter(|order| order.warehouse == Warehouse::Bolt).take(3).collect();
    let mut done = Vec::new();
    let world = world_with(bundle_of(Guarantee::Lookup));
    world.keep_lines(false);
    world.script(BOLT, vec![Reaction::DoesAndIsNotHeard; orders.len()]);
    for at in 0..orders.len() {
        act(&world, &orders, at, Deed::Release, &mut done);
    }
    let _ = world.run_for(SignedDuration::from_secs(1));
    let had = world.received(BOLT).iter().filter(|got| got.done).count();
    world.away(BOLT, SignedDuration::from_hours(24));
    let _ = world.run();
    let found = judge(&world, &orders, &done);
    figure(
        had == orders.len() && found.is_empty(),
        format!(
            "partner that can be asked away for 24 h with {had} answers lost: no order is lost, done twice or left to a person: {found:?}"
        ),
    )
}

/// From a warehouse's word to the TMS, for 99 of 100.
fn p99(world: &World, told: &[Timestamp]) -> SignedDuration {
    let received = world.received(TMS);
    let mut times: Vec<SignedDuration> =
        received.iter().zip(told).map(|(got, told)| got.at.duration_since(*told)).collect();
    times.sort();
    times.get(times.len() * 99 / 100).copied().unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pollers_begin_with_five_and_become_more_each_minute() {
        assert_eq!(ramp_s(5000), 1);
        assert_eq!(ramp_s(10_001), 2);
        assert!(ramp_s(1_250_000 * 600) > 600);
    }
}
