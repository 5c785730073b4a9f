//! Holds of a release that has not gone to a warehouse yet: placed and lifted by the role that owns their reason.
//!
//! A part of [`order_release`](crate::order_release). The hold's id is made of what placed it, and the release keeps every
//! hold that it had, so nothing else remembers what was asked before.

use canonical::{
    Code, Event, EventType, HOLDS_MAX, Hold, HoldAsked, HoldId, PartnerId, Principal, Release, Role, Trace,
};
use jiff::Timestamp;
use serde_json::json;

use crate::order_apply::{record, violation};
use crate::order_release::STEP;
use crate::{Cause, Decision, Telling};

/// What placing or lifting a hold comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Holding {
    /// It is on record now.
    Write(Box<Release>, Vec<Event>),
    /// It was on record before.
    Already,
    /// The same key held the release for something else.
    KeyReused,
    /// The release went to its warehouse, or is being cancelled: nothing is left to hold back.
    TooLate,
    /// It had as many holds as it can remember.
    TooMany,
    /// There is no such hold.
    Unknown,
    /// Only this role may. The attempt is recorded once, in this write.
    NotYours(Role, Option<(Box<Release>, Vec<Event>)>),
}

/// Who asks, and when.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    /// The verified sender.
    pub sender: &'a Principal,
    /// The bundle under which it is decided.
    pub profile_version: &'a str,
    /// The trace of its request.
    pub trace: Option<&'a Trace>,
    /// The time of it.
    pub now: Timestamp,
}

impl Asking<'_> {
    fn cause(&self, release: &Release, id: String) -> Cause {
        Cause {
            id,
            tenant: release.tenant.clone(),
            partner: self.sender.scope.partner.clone(),
            occurred_at: self.now,
            received_at: self.now,
            profile_version: self.profile_version.to_owned(),
            raw: None,
            trace: self.trace.cloned(),
        }
    }

    fn refused(&self, release: &Release, hold: &HoldId, reason: canonical::HoldReason) -> Holding {
        let (transition, sender) = (reason.transition(), &self.sender.scope.partner);
        // One for each hold and sender: who asks again adds nothing.
        let cause = self.cause(release, format!("{hold}/{sender}"));
        let record = match violation(release, self.sender, transition, cause, None, STEP, self.now) {
            Decision::Write { next, events, .. } => Some((next, events)),
            Decision::Nothing(_) | Decision::Park { .. } => None,
        };
        Holding::NotYours(transition.owner(), record)
    }
}

/// The id of the hold that `partner` places on `release` under `idempotency_key`.
pub fn hold_id(release: &Release, partner: &PartnerId, idempotency_key: &str) -> HoldId {
    HoldId::derive(&release.id, &["partner", partner.as_str(), idempotency_key])
}

/// Decides a hold that somebody wants to place.
pub fn place(release: &Release, id: &HoldId, asked: &HoldAsked, asking: Asking<'_>) -> Holding {
    let transition = asked.reason.transition();
    if !release.may(asking.sender, transition) {
        return asking.refused(release, id, asked.reason);
    }
    if let Some(before) = release.facts.holds.iter().find(|hold| hold.id == *id) {
        let same = before.reason == asked.reason && before.detail == asked.detail;
        return if same { Holding::Already } else { Holding::KeyReused };
    }
    if release.dispatch.is_some() || release.facts.cancel_requested {
        return Holding::TooLate;
    }
    if release.facts.holds.len() >= HOLDS_MAX {
        return Holding::TooMany;
    }
    let mut next = release.clone();
    let cause = asking.cause(release, id.to_string());
    let release_id = release.id.to_string();
    let mut telling =
        Telling::new(STEP, cause, &release_id, Some(release_id.clone()), release.seq).among(release.parties());
    add(&mut next, &mut telling, id.clone(), asked, &asking.sender.scope.partner, asking.now);
    Holding::Write(Box::new(next), telling.into_events())
}

/// Adds a hold to a release that is being changed, tells it and writes it into the history.
pub(crate) fn add(
    next: &mut Release,
    telling: &mut Telling<'_>,
    id: HoldId,
    asked: &HoldAsked,
    placed_by: &PartnerId,
    now: Timestamp,
) {
    let before = next.state();
    let hold = Hold {
        id,
        reason: asked.reason,
        owner: asked.reason.owner(),
        detail: asked.detail.clone(),
        placed_by: placed_by.clone(),
        placed_at: now,
        lifted_at: None,
    };
    next.facts.holds.push(hold.clone());
    let after = next.state();
    telling.tell(
        EventType::ReleaseHeld,
        &format!("{}/{}", next.id, hold.id),
        json!({
            "release_id": next.id, "order_no": next.order.order_no, "state": after, "code": Code::ReleaseOnHold,
            "reason": hold.detail, "hold": hold,
        }),
    );
    // The words are their owner's, and are in the hold: the history is open to the warehouse, too.
    let detail = format!("held for {}, by {placed_by}", hold.reason);
    record(next, telling, hold.reason.transition(), "held", (before, after), detail, now);
}

/// Decides the lifting of a hold. With the last one the release goes on.
pub fn lift(release: &Release, id: &HoldId, asking: Asking<'_>) -> Holding {
    let Some(hold) = release.facts.holds.iter().find(|hold| hold.id == *id) else { return Holding::Unknown };
    let transition = hold.reason.transition();
    if !release.may(asking.sender, transition) {
        return asking.refused(release, id, hold.reason);
    }
    if hold.lifted_at.is_some() {
        return Holding::Already;
    }
    let mut next = release.clone();
    for known in next.facts.holds.iter_mut().filter(|known| known.id == *id) {
        known.lifted_at = Some(asking.now);
    }
    let release_id = release.id.to_string();
    let cause = asking.cause(release, format!("{id}/lift"));
    let mut telling =
        Telling::new(STEP, cause, &release_id, Some(release_id.clone()), release.seq).among(release.parties());
    let (before, after) = (release.state(), next.state());
    let left = next.open_holds().count();
    if release.waits_for_holds() && left == 0 {
        telling.tell(
            EventType::ReleaseResumed,
            &format!("{release_id}/{id}"),
            json!({
                "release_id": release.id, "order_no": release.order.order_no, "state": after,
                "code": Code::ReleaseOnHold,
            }),
        );
    }
    let rest = if left == 0 { String::new() } else { format!("; {left} left") };
    let detail = format!("hold for {} lifted{rest}", hold.reason);
    record(&mut next, &telling, transition, "applied", (before, after), detail, asking.now);
    Holding::Write(Box::new(next), telling.into_events())
}
