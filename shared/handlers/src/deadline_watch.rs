//! `deadline-watch`: what is due is looked at, and what was missed is told. One conditional write for each release.

use canonical::PartnerScope;
use jiff::Timestamp;
use ports::{Due, DueIndex, Fault, Stored, Table};
use steps::deadline_watch as step;

use crate::Failed;
use crate::batch::MARGIN;
use crate::releases::{load, put_next, write};

/// The function `deadline-watch`.
#[derive(Debug)]
pub struct DeadlineWatch<T> {
    /// Where releases lie, and the index of what is due.
    pub table: T,
}

impl<T: Table + DueIndex> DeadlineWatch<T> {
    /// Looks at everything that is due, and says how many releases had missed something. `now` is the runtime's clock.
    ///
    /// A release that fails is left for the next minute and does not delay the others; what there is no time for is too.
    ///
    /// # Errors
    /// The index cannot be asked: nothing is known of what is due.
    pub async fn watch(&self, now: impl Fn() -> Timestamp, stop_at: Timestamp) -> Result<usize, Fault> {
        let (mut missed, mut last): (usize, Option<Due>) = (0, None);
        loop {
            let page = self.table.due(now(), last.as_ref()).await?;
            let Some(end) = page.last().cloned() else { return Ok(missed) };
            for due in page {
                if now() + MARGIN > stop_at {
                    return Ok(missed);
                }
                match self.one(&due, now()).await {
                    Ok(told) => missed += usize::from(told),
                    Err(fault) => log_failed(&due, &fault.into()),
                }
            }
            last = Some(end);
        }
    }

    /// Looks at one release. False if it has missed nothing new, or somebody else is writing it just now: what that one
    /// knew of may have met what was expected, and if not, the next minute finds it.
    async fn one(&self, due: &Due, now: Timestamp) -> Result<bool, Fault> {
        let scope = PartnerScope::platform(due.tenant.clone());
        let Some(Stored { version, value: release }) = load(&self.table, &scope, &due.release).await? else {
            return Ok(false);
        };
        let Some((next, events, verdict)) = step::decide(&release, now) else { return Ok(false) };
        let told = write(&self.table, vec![put_next(&scope, version, &next, events)?]).await?;
        if told {
            tracing::warn!(
                step = step::STEP,
                outcome = verdict.outcome.as_str(),
                partner = next.route.as_ref().map_or("", |route| route.partner.as_str()),
                correlation_id = next.id.as_str(),
                detail = verdict.detail,
                "deadline missed"
            );
        }
        Ok(told)
    }
}

fn log_failed(due: &Due, failed: &Failed) {
    tracing::error!(
        step = step::STEP,
        outcome = "retry",
        correlation_id = due.release.as_str(),
        code = failed.code.as_str(),
        reason = failed.reason,
        "step failed"
    );
}
