//! `deadline-watch`: what did not come in time is said once, and stays expected.

use canonical::{Event, EventType, Expectation, Release, Transition};
use jiff::Timestamp;
use serde_json::json;

use crate::order_apply::record;
use crate::{Cause, Telling, Verdict};

/// The step's name.
pub const STEP: &str = "deadline-watch";

/// Finds what `release` misses at `now`: its next version and what is told, in one write. None if nothing is missed that
/// was not found before.
pub fn decide(release: &Release, now: Timestamp) -> Option<(Release, Vec<Event>, Verdict)> {
    let missed: Vec<Expectation> =
        release.open_expectations().into_iter().filter(|one| one.due <= now).cloned().collect();
    let (first, state, id) = (missed.first()?, release.state(), release.id.to_string());
    let partner = release.route.as_ref().map_or(&release.erp, |route| &route.partner);
    let cause = Cause {
        id: format!("{id}/{}/{}", first.expected, first.due),
        tenant: release.tenant.clone(),
        partner: partner.clone(),
        occurred_at: first.due,
        received_at: now,
        profile_version: release.route.as_ref().map(|route| route.profile_version.clone()).unwrap_or_default(),
        raw: None,
        trace: None,
    };
    let mut next = release.clone();
    let mut telling = Telling::new(STEP, cause, &id, Some(id.clone()), release.seq).among(release.parties());
    for one in &missed {
        if let Some(known) = next.expectations.iter_mut().find(|known| known.expected == one.expected) {
            known.missed_at = Some(now).filter(|_| !crate::defect!(DeadlineToldAgain));
        }
        let data = json!({
            "release_id": release.id, "order_no": release.order.order_no, "expected": one.expected,
            "of": one.expected.of(), "partner": partner, "due": one.due, "state": state, "court": release.court(),
        });
        telling.tell(EventType::ExpectationMissed, &format!("{id}/{}", one.expected), data);
    }
    let words: Vec<String> = missed.iter().map(|one| format!("{} was due at {}", one.expected, one.due)).collect();
    let detail = words.join("; ");
    record(&mut next, &telling, Transition::Deadline, "overdue", (state, state), detail.clone(), now);
    Some((next, telling.into_events(), Verdict::applied(detail)))
}
