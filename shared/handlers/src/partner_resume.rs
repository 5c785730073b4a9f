//! `partner-resume`: has endpoints that are out tried, and what is held for them resumed. One conditional write for each
//! breaker, before anything is sent.

use canonical::{Breaker, Delivery};
use jiff::{SignedDuration, Timestamp};
use partners::Endpoint;
use ports::{Fault, Key, Profiles, Queue, StepQueue, Stored, Table, TableExt as _, WAIT_END, WaitIndex};
use steps::breaker as step;

use crate::Failed;
use crate::order_dispatch::body;
use crate::partner_deliver::put_breaker;
use crate::releases::write;

/// Time kept back before the runtime stops us: no breaker is begun that could not end.
const MARGIN: SignedDuration = SignedDuration::from_millis(1500);

/// The function `partner-resume`.
#[derive(Debug)]
pub struct PartnerResume<T, Q, P> {
    /// Where breakers and deliveries lie, and the index of what waits.
    pub table: T,
    /// Where what is resumed is sent.
    pub queue: Q,
    /// The partners, with their pace.
    pub profiles: P,
}

impl<T: Table + WaitIndex, Q: Queue, P: Profiles> PartnerResume<T, Q, P> {
    /// Looks at every breaker that is due, and says how many deliveries were sent on their way. `now` is the runtime's
    /// clock. A breaker that fails is left for the next minute and does not delay the others.
    ///
    /// # Errors
    /// The index cannot be asked: nothing is known of what is due.
    pub async fn watch(&self, now: impl Fn() -> Timestamp, stop_at: Timestamp) -> Result<usize, Fault> {
        let (mut sent, mut last) = (0, String::new());
        let until = step::due_until(now());
        loop {
            let page = self.table.waiting(step::COURT, &last, &until).await?;
            let Some(end) = page.last().map(|one| one.since.clone()) else { return Ok(sent) };
            for due in page {
                if now() + MARGIN > stop_at {
                    return Ok(sent);
                }
                match self.one(&due.doc, now()).await {
                    Ok(count) => sent += count,
                    Err(failed) => log_failed(&failed),
                }
            }
            last = end;
        }
    }

    /// Looks at one breaker. Nothing is sent if somebody else is writing it just now: the next minute finds it.
    async fn one(&self, found: &str, now: Timestamp) -> Result<usize, Failed> {
        let Breaker { receiver, .. } = serde_json::from_str(found)?;
        let Some(stored) = self.table.get::<Breaker>(&Key::breaker(&receiver)).await? else { return Ok(0) };
        let bundle = self.profiles.bundle().await?;
        let endpoint = bundle.partner(&receiver.partner).and_then(|profile| profile.endpoint.as_ref());
        let per_minute = endpoint.map(Endpoint::resume_pace).unwrap_or_default().per_minute();
        let held = self.held(&stored.value, per_minute).await?;
        let Some(resume) = step::decide(&stored.value, &held, per_minute, now) else { return Ok(0) };
        if !write(&self.table, vec![put_breaker(&stored, &resume.next)?]).await? {
            return Ok(0);
        }
        let bodies = resume.send.iter().map(body).collect::<Result<Vec<_>, _>>()?;
        let count = bodies.len();
        if count > 0 {
            self.queue.send(StepQueue::PartnerDeliver, bodies).await?;
        }
        log(&stored, &resume);
        Ok(count)
    }

    /// What is held for an endpoint, from where the round stands: as much as is resumed at once.
    async fn held(&self, breaker: &Breaker, per_minute: usize) -> Result<Vec<Delivery>, Failed> {
        let court = step::held_court(&breaker.receiver);
        let mut held = Vec::new();
        let mut last = breaker.resumed_to.clone().unwrap_or_default();
        while held.len() < per_minute {
            let page = self.table.waiting(&court, &last, WAIT_END).await?;
            let Some(end) = page.last().map(|one| one.since.clone()) else { break };
            for one in page {
                held.push(serde_json::from_str(&one.doc)?);
            }
            last = end;
        }
        Ok(held)
    }
}

fn log(stored: &Stored<Breaker>, resume: &step::Resume) {
    let (from, to) = (stored.value.state, resume.next.state);
    let detail = format!("breaker {from:?} to {to:?}; {} sent", resume.send.len());
    tracing::info!(
        step = step::STEP,
        outcome = "applied",
        partner = resume.next.receiver.partner.as_str(),
        detail,
        "breaker looked at"
    );
}

fn log_failed(failed: &Failed) {
    tracing::error!(
        step = step::STEP,
        outcome = "retry",
        code = failed.code.as_str(),
        reason = failed.reason,
        "step failed"
    );
}
