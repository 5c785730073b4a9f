//! Outages in figures: the table out for three hours, a partner for a day, and for half an hour with orders coming in fast.
//!
//! What is asked of the product: everything is accepted while the table is out, nothing is lost and nothing needs a
//! redrive; when it is back the backlog is worked off in 1.2 times the time that Lambda's pollers need for it; a partner
//! that is out is called little more than usually, and costs the others nothing.

use std::collections::HashMap;

use canonical::Guarantee;
use jiff::{SignedDuration, Timestamp};
use partners::Pace;
use sim::{Faults, Outage, Port, Reaction, Received, World};

use crate::cast::{BOLT, ERP, TMS, bundle_of, order_by, release_id, world, world_with};
use crate::judge::{Done, judge};
use crate::orders::{Deed, Order, Warehouse};
use crate::story::Act;

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

/// Orders a minute for a warehouse that is away, and for how many minutes it is.
const RATE: (usize, usize) = (100, 30);

/// Every figure.
pub fn all() -> Vec<Figure> {
    let mut figures = table_is_out();
    figures.extend(partner_is_away());
    figures.push(asked_partner_is_away());
    figures.extend(warehouse_is_away());
    figures
}

fn orders() -> Vec<Order> {
    (0..ORDERS)
        .map(|at| Order {
            holds: Vec::new(),
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
    let world = world_with(bundle_of(Guarantee::Lookup, false));
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

/// Orders come in fast for a warehouse that is away, one in three to be shipped at once, the others later.
fn warehouse_is_away() -> Vec<Figure> {
    let (rate, minutes) = RATE;
    let orders: Vec<Order> = (0..rate * minutes)
        .map(|at| Order {
            holds: Vec::new(),
            no: format!("SO-{at:05}"),
            warehouse: Warehouse::Bolt,
            lines: vec![("BOLT", 1)],
            shipments: Vec::new(),
            deeds: Vec::new(),
        })
        .collect();
    // In this order they are to follow: by day, then as they came.
    let ship_by = |at: usize| format!("2026-11-{}", 27 - at % 3);
    let mut places: Vec<usize> = (0..orders.len()).collect();
    places.sort_by_key(|at| (ship_by(*at), *at));
    let world = world();
    world.keep_lines(false);
    let (begin, away) = (world.now(), SignedDuration::from_mins(i64::try_from(minutes).unwrap_or(0)));
    let back = begin.checked_add(away).unwrap_or(begin);
    world.away(BOLT, away);
    let mut done = Vec::new();
    for (at, order) in orders.iter().enumerate() {
        let behind = i64::try_from(at * 60 / rate).unwrap_or(0) - world.now().duration_since(begin).as_secs();
        let _ = world.run_for(SignedDuration::from_secs(behind.max(0)));
        let body = order_by(&order.no, "NY", &order.lines, &ship_by(at));
        if Act::release(&order.no, body).insist(&world) == Ok(202) {
            done.push(Done { order: at, deed: Deed::Release });
        }
    }
    let _ = world.run_for(SignedDuration::from_secs(back.duration_since(world.now()).as_secs().max(0)));
    let in_vain = world.attempts(BOLT);
    let _ = world.run();
    let found = judge(&world, &orders, &done);
    let numbers: HashMap<String, usize> =
        places.iter().enumerate().map(|(place, at)| (release_id(&orders[*at].no).to_string(), place)).collect();
    let came: Vec<(Timestamp, usize)> =
        world.received(BOLT).iter().filter_map(|call| placed_as(call, &numbers)).collect();
    let rounds = rounds(&came);
    let longest = rounds.iter().map(Vec::len).max().unwrap_or(0);
    // The one that was tried and answered came before its turn.
    let turns = rounds.get(1..).unwrap_or_default();
    let in_order = turns.windows(2).all(|two| two[0].iter().max() < two[1].iter().min());
    let last = came.last().map_or(0, |(at, _)| at.duration_since(back).as_mins());
    vec![
        figure(
            found.is_empty() && done.len() == orders.len() && came.len() == orders.len(),
            format!(
                "warehouse away for {minutes} min: of {} orders, {rate} a minute, {} are accepted and {} come to it, none twice: \
                 {found:?}",
                orders.len(),
                done.len(),
                came.len()
            ),
        ),
        figure(
            in_order && turns.len() > 1 && longest <= Pace::default().per_minute(),
            format!(
                "warehouse away for {minutes} min: called {in_vain} times in vain; what was held follows by ship-by date and as it \
                 came, in {} rounds of at most {longest}, the last {last} min after it is back",
                turns.len()
            ),
        ),
    ]
}

/// When a call came, and in which place the order of it was to follow.
fn placed_as(call: &Received, places: &HashMap<String, usize>) -> Option<(Timestamp, usize)> {
    let body: serde_json::Value = serde_json::from_slice(&call.body).ok().filter(|_| call.done)?;
    Some((call.at, *places.get(body["release_id"].as_str()?)?))
}

/// What came within ten seconds each, as `partner-resume` sends it every minute.
fn rounds(came: &[(Timestamp, usize)]) -> Vec<Vec<usize>> {
    let mut rounds: Vec<Vec<usize>> = Vec::new();
    let mut last = Timestamp::MIN;
    for (at, place) in came {
        if at.duration_since(last).as_secs() > 10 {
            rounds.push(Vec::new());
        }
        last = *at;
        rounds.last_mut().expect("one was begun").push(*place);
    }
    rounds
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
