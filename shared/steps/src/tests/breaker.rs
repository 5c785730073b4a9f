//! When an endpoint counts as out, and in what order and at what pace what is held for it follows.

use canonical::{Body, Breaker, BreakerState, Delivery, DeliveryId, Digest, Guarantee, ReleaseId, Subject, Target};

use super::{at, sender};
use crate::breaker::{Resume, after, decide, lives, place};
use crate::partner_deliver::Answer;

fn breaker() -> Breaker {
    Breaker::closed(sender("bolt", &[]).scope)
}

/// A delivery about a release, decided at a second.
fn delivery(name: &str, release: &str, second: i64) -> Delivery {
    let scope = sender("bolt", &[]).scope;
    let release_id: ReleaseId = format!("rel_{release}").parse().unwrap();
    Delivery::pending(
        DeliveryId::derive(&scope.tenant, &scope.partner, name),
        scope,
        Subject::Release { release_id },
        name.to_owned(),
        Target::Http,
        Body { sha256: Digest::of(b""), content_type: "application/json".to_owned() },
        Guarantee::Dedupes,
    )
    .decided(at(second), &Digest::of(b"bundle"))
}

fn failing(names: &[&str]) -> Breaker {
    names.iter().fold(breaker(), |now, name| after(&now, &delivery(name, "1", 0), false, at(0)).unwrap())
}

#[test]
fn five_calls_in_vain_of_two_deliveries_open_it_and_no_fewer() {
    assert_eq!(failing(&["a", "b", "a", "b"]).state, BreakerState::Closed);
    assert_eq!(failing(&["a", "a", "a", "a", "a", "a", "a"]).state, BreakerState::Closed);
    let open = failing(&["a", "a", "a", "a", "b"]);
    assert_eq!((open.state, open.opened_at, open.probes), (BreakerState::Open, Some(at(0)), 0));
    assert!(!open.admits(false) && open.admits(true));
    // It stays open, and an answer in between begins anew.
    assert_eq!(after(&open, &delivery("c", "1", 0), false, at(1)), None);
    let answered = after(&failing(&["a", "b", "a", "b"]), &delivery("c", "1", 0), true, at(0)).unwrap();
    assert!(answered.failed.is_empty());
    assert_eq!(after(&breaker(), &delivery("c", "1", 0), true, at(0)), None, "nothing is written while all is well");
}

#[test]
fn what_an_answer_says_of_the_endpoint() {
    let status = |status| Answer::Status { status, retry_after_s: None, excerpt: String::new() };
    for alive in [200, 204, 299, 400, 413, 415, 422] {
        assert_eq!(lives(&status(alive)), Some(true), "{alive}");
    }
    for dead in [199, 301, 401, 404, 408, 409, 429, 500, 503] {
        assert_eq!(lives(&status(dead)), Some(false), "{dead}");
    }
    assert_eq!(lives(&Answer::Lost(String::new())), Some(false));
    assert_eq!((lives(&Answer::Written), lives(&Answer::NotMade(String::new()))), (None, None));
}

/// What was held has ended in another way: nobody would ever try the endpoint again.
#[test]
fn an_open_one_with_nothing_left_to_try_lets_the_next_call_through_and_the_first_that_fails_opens_it() {
    let open = failing(&["a", "b", "a", "b", "a"]);
    let due = open.next_at.unwrap();
    let Resume { next, send } = decide(&open, &[], 150, due).unwrap();
    assert_eq!((next.state, send.len()), (BreakerState::Closing, 0));
    assert!(next.admits(false));
    let again = after(&next, &delivery("c", "1", 0), false, due).unwrap();
    assert_eq!(again.state, BreakerState::Open);
    assert!(after(&next, &delivery("c", "1", 0), true, due).unwrap().failed.is_empty());
    // What saw it open at that moment is found when it is looked at once more.
    let late = [delivery("d", "2", 0)];
    let Resume { next, send } = decide(&next, &late, 150, next.next_at.unwrap()).unwrap();
    assert_eq!((next.state, send.len()), (BreakerState::Draining, 1));
}

#[test]
fn one_is_tried_after_a_minute_then_ever_later_up_to_two_hours_and_another_each_time() {
    let held: Vec<Delivery> = (0..12).map(|n| delivery(&n.to_string(), &n.to_string(), n)).collect();
    let mut breaker = failing(&["a", "b", "a", "b", "a"]);
    let (mut waits, mut tried, mut now) = (Vec::new(), Vec::new(), at(0));
    for _ in 0..12 {
        let due = breaker.next_at.unwrap();
        assert_eq!(decide(&breaker, &held, 150, due.checked_sub(jiff::SignedDuration::from_secs(1)).unwrap()), None);
        let Resume { next, send } = decide(&breaker, &held, 150, due).unwrap();
        assert_eq!((next.state, send.len()), (BreakerState::Open, 1));
        assert!(send[0].resumed);
        waits.push(due.duration_since(now).as_secs());
        tried.push(send[0].delivery.clone());
        (breaker, now) = (next, due);
    }
    for (wait, step) in waits.iter().zip([60, 120, 240, 480, 960, 1920, 3840, 7200, 7200, 7200]) {
        assert!((step..=step + step / 8).contains(wait), "{waits:?}");
    }
    let ids: Vec<DeliveryId> = held.iter().map(|one| one.id.clone()).collect();
    assert_eq!(tried, [&ids[..10], &ids[..2]].concat(), "the first ten in turn");
}

#[test]
fn what_is_held_is_resumed_in_rounds_and_one_of_a_release_at_a_time() {
    let open = failing(&["a", "b", "a", "b", "a"]);
    let draining = after(&open, &delivery("a", "1", 0), true, at(9)).unwrap();
    assert_eq!((draining.state, draining.next_at), (BreakerState::Draining, Some(at(9))));
    let held = [delivery("a", "1", 0), delivery("b", "1", 1), delivery("c", "2", 2), delivery("d", "3", 3)];
    let Resume { next, send } = decide(&draining, &held, 3, at(9)).unwrap();
    assert_eq!(send.iter().map(|work| &work.delivery).collect::<Vec<_>>(), [&held[0].id, &held[2].id]);
    assert_eq!(next.resumed_to, Some(held[2].place()), "the round goes on behind the third");
    let Resume { next, send } = decide(&next, &held[3..], 3, at(69)).unwrap();
    assert_eq!((send.len(), &next.resumed_to), (1, &None), "the last of the round");
    // Nothing is left: looked at once more before it closes, and calls are made in the meantime.
    let Resume { next, .. } = decide(&next, &[], 3, at(129)).unwrap();
    assert_eq!((next.state, next.admits(false)), (BreakerState::Closing, true));
    let again = decide(&next, &held[..1], 3, at(189)).unwrap();
    assert_eq!((again.next.state, again.send.len()), (BreakerState::Draining, 1), "it was held in the last moment");
    let Resume { next, .. } = decide(&next, &[], 3, at(189)).unwrap();
    assert_eq!((next.state, next.next_at), (BreakerState::Closed, None));
    assert_eq!(place(&next), None);
    assert_eq!(decide(&next, &[], 3, at(999)), None);
}

#[test]
fn the_most_urgent_goes_first_then_what_was_decided_first() {
    let mut urgent = delivery("z", "9", 99);
    urgent.ship_by = Some("2026-12-01".parse().unwrap());
    let mut later = delivery("y", "8", 0);
    later.ship_by = Some("2026-12-02".parse().unwrap());
    let (old, new) = (delivery("x", "7", 5), delivery("w", "6", 50));
    let mut places = [&new, &old, &later, &urgent].map(Delivery::place);
    places.sort();
    assert_eq!(places, [&urgent, &later, &old, &new].map(Delivery::place));
}
