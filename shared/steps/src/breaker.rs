//! The breaker before a partner's endpoint: when it opens, when one delivery is tried, and in what order the others
//! follow. `partner-deliver` tells it what came of calls; `partner-resume` asks it every minute what to do.

use std::collections::BTreeSet;

use canonical::{Breaker, BreakerState, Delivery, PartnerScope, Work};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

use crate::partner_deliver::Answer;

/// The name of the function that probes and resumes.
pub const STEP: &str = "partner-resume";

/// Where `partner-resume` finds the breakers that it has to look at.
pub const COURT: &str = "BREAKER";

/// Calls that must fail, with none answered between them, before an endpoint counts as out. Fewer would hold deliveries
/// back for a hiccup; each one more is another call in vain for each outage.
const FAILED_MAX: usize = 5;
/// They must be of so many deliveries at least: one that the partner cannot digest says nothing of the others.
const FAILED_OF: usize = 2;
/// Seconds from the opening to the first delivery that is tried; doubled with each that fails. An eighth more at most is
/// added, so that a partner that shares a system with others is not tried with all of them at once.
const PROBE_FIRST_S: i64 = 60;
/// Longest time between two that are tried, in seconds. A day's outage is then tried 18 times.
const PROBE_MAX_S: i64 = 7200;
/// Of what is held, so many from the beginning are tried in turn: one that cannot succeed does not keep the rest.
const PROBE_AMONG: usize = 10;
/// Seconds between two looks at an endpoint that answers again: less than a minute, so that each call of `partner-resume`
/// finds it due, and far more than the index takes to follow the table.
const DRAIN_S: i64 = 45;

/// Where what is held for a partner is found, in the order of [`Delivery::place`].
pub fn held_court(receiver: &PartnerScope) -> String {
    format!("HELD#{}#{}", receiver.tenant, receiver.partner)
}

/// Until where breakers that are due at `now` are found.
pub fn due_until(now: Timestamp) -> String {
    format!("{}~", second(now))
}

/// Where a breaker is found while there is something to do about it.
pub fn place(breaker: &Breaker) -> Option<String> {
    breaker.next_at.map(|at| format!("{}#{}#{}", second(at), breaker.receiver.tenant, breaker.receiver.partner))
}

fn second(at: Timestamp) -> String {
    // To the second, so that all have one length and text sorts as time does.
    format!("{at:.0}")
}

/// Whether the endpoint lives, by an answer; none if the answer says nothing of it.
pub fn lives(answer: &Answer) -> Option<bool> {
    match answer {
        Answer::Status { status: 200..=299 | 400 | 413 | 415 | 422, .. } | Answer::Has(_) => Some(true),
        // A 401 or 404 is out of order for every delivery, as a 503 is.
        Answer::Status { .. } | Answer::Lost(_) | Answer::NotSaid { .. } => Some(false),
        Answer::Written | Answer::NotMade(_) => None,
    }
}

/// What `delivery`'s call does to the breaker; none if it changes nothing.
pub fn after(breaker: &Breaker, delivery: &Delivery, lives: bool, now: Timestamp) -> Option<Breaker> {
    let mut next = breaker.clone();
    match (lives, breaker.state) {
        (true, BreakerState::Open) => {
            (next.state, next.next_at) = (BreakerState::Draining, Some(now));
            (next.failed, next.resumed_to) = (Vec::new(), None);
        }
        (true, _) if breaker.failed.is_empty() => return None,
        (true, _) => next.failed = Vec::new(),
        (false, BreakerState::Open) => return None,
        (false, _) => {
            next.failed.push(delivery.id.clone());
            let several = next.failed.iter().collect::<BTreeSet<_>>().len() >= FAILED_OF;
            if next.failed.len() >= FAILED_MAX && several {
                next.state = BreakerState::Open;
                next.opened_at = Some(now);
                next.probes = 0;
                next.resumed_to = None;
                next.next_at = Some(probe_at(&next, now));
            }
            if next.failed.len() > FAILED_MAX {
                next.failed.remove(0);
            }
        }
    }
    Some(next)
}

/// The breaker once a delivery came over its endpoint's pace: what is held is sent from `next_minute` on, so many in each, and
/// what is new stands behind. None if it holds deliveries already.
pub fn over_pace(breaker: &Breaker, next_minute: Timestamp) -> Option<Breaker> {
    breaker.admits(false).then(|| Breaker {
        state: BreakerState::Draining,
        next_at: Some(next_minute),
        opened_at: None,
        resumed_to: None,
        ..breaker.clone()
    })
}

/// When the next delivery is tried.
fn probe_at(breaker: &Breaker, now: Timestamp) -> Timestamp {
    let wait = (0..breaker.probes).fold(PROBE_FIRST_S, |wait, _| (wait * 2).min(PROBE_MAX_S));
    let seed =
        format!("{}#{}#{:?}#{}", breaker.receiver.tenant, breaker.receiver.partner, breaker.opened_at, breaker.probes);
    let draw = Sha256::digest(seed).iter().fold(0_i64, |sum, byte| (sum * 31 + i64::from(*byte)) % (wait / 8 + 1));
    now.saturating_add(SignedDuration::from_secs(wait + draw)).unwrap_or(Timestamp::MAX)
}

/// What `partner-resume` does about a breaker that is due: what it writes, and then sends.
#[derive(Debug, Clone, PartialEq)]
pub struct Resume {
    /// The breaker, to be written first.
    pub next: Breaker,
    /// The deliveries to be carried out now, in their order.
    pub send: Vec<Work>,
}

/// Decides on a breaker at `now`. `held` is what is held for its endpoint, in its order, from
/// [`Breaker::resumed_to`] on; at most `per_minute` of it is resumed. None if nothing is due.
pub fn decide(breaker: &Breaker, held: &[Delivery], per_minute: usize, now: Timestamp) -> Option<Resume> {
    // To the second, as the index has it.
    if breaker.next_at.is_none_or(|at| at.as_second() > now.as_second()) {
        return None;
    }
    let mut next = breaker.clone();
    let soon = now.saturating_add(SignedDuration::from_secs(DRAIN_S)).unwrap_or(Timestamp::MAX);
    let send = match breaker.state {
        BreakerState::Closed => {
            next.next_at = None;
            Vec::new()
        }
        // Nothing is left to try it with: the next call of anybody's does, and the first that fails opens it again.
        BreakerState::Open if held.is_empty() => {
            (next.state, next.next_at, next.resumed_to) = (BreakerState::Closing, Some(soon), None);
            Vec::new()
        }
        BreakerState::Open => {
            let among = held.len().min(PROBE_AMONG);
            let probe = held.get(breaker.probes as usize % among);
            next.probes += 1;
            next.next_at = Some(probe_at(&next, now));
            probe.map(resumed).into_iter().collect()
        }
        BreakerState::Draining | BreakerState::Closing => {
            next.next_at = Some(soon);
            let mut keys = BTreeSet::new();
            let page = held.get(..per_minute.min(held.len())).unwrap_or_default();
            next.resumed_to = page.last().filter(|_| held.len() >= per_minute).map(Delivery::place);
            match (page.is_empty(), &breaker.resumed_to, breaker.state) {
                // Something is held: a round goes on, or another begins.
                (false, ..) => next.state = BreakerState::Draining,
                // The end of a round: what was left out for its order comes in the next.
                (true, Some(_), _) => {}
                (true, None, BreakerState::Draining) => next.state = BreakerState::Closing,
                // Nothing was held a minute ago and nothing since: what saw the breaker open then is in the index by now.
                (true, None, _) => {
                    (next.state, next.next_at, next.opened_at) = (BreakerState::Closed, None, None);
                }
            }
            // Of several about one release the first goes, and the next when it is there.
            page.iter().filter(|delivery| keys.insert(delivery.ordering_key())).map(resumed).collect()
        }
    };
    Some(Resume { next, send })
}

fn resumed(delivery: &Delivery) -> Work {
    Work { resumed: true, ..Work::of(delivery) }
}
