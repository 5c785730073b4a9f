//! Which releases wait for somebody, the longest waiting first: a page of the index `court`, over all courts.

use std::collections::VecDeque;

use canonical::{Principal, Release, ReleaseState, Role};
use formats::api::{StuckOrder, StuckPage, StuckQuery};
use jiff::Timestamp;
use partners::Bundle;
use ports::{Fault, WAIT_END, WaitIndex, Waiting};

use crate::order_release::invalid;
use crate::{Request, Response};

/// Most pages of the index that are read for one answer: each may be a megabyte, and a function has five seconds. What was not
/// looked at is behind the answer's cursor.
const READS_MAX: usize = 20;

/// One court's part of the index, as far as it was read.
struct Court {
    role: Role,
    found: VecDeque<Waiting>,
    after: String,
    done: bool,
}

/// Answers which orders are stuck: to operations all of the distributor's, to an ERP its own.
pub(crate) async fn stuck<T: WaitIndex>(
    table: &T,
    request: &Request,
    sender: &Principal,
    bundle: &Bundle,
    now: Timestamp,
) -> Result<Response, Fault> {
    let query = match StuckQuery::read(&request.query) {
        Ok(query) => query,
        Err(findings) => return Ok(invalid(findings, "looked for")),
    };
    let concerns = |release: &Release| {
        let own = sender.speaks_for(Role::Ops) || release.erp == sender.scope.partner;
        own && release.tenant == sender.scope.tenant && release.court().is_some()
    };
    let (found, next) = page(table, &query, concerns, now).await?;
    let orders = found.iter().filter_map(|release| StuckOrder::of(release, &bundle.house, now)).collect();
    // Names to text and numbers alone: this cannot fail.
    let body = serde_json::to_vec(&StuckPage { orders, next }).unwrap_or_default();
    Ok(Response::json(200, body, "answered"))
}

/// The releases of one page, and the cursor behind them if there may be more.
async fn page<T: WaitIndex>(
    table: &T,
    query: &StuckQuery,
    concerns: impl Fn(&Release) -> bool,
    now: Timestamp,
) -> Result<(Vec<Release>, Option<String>), Fault> {
    let until = query.since_before(now).unwrap_or_else(|| WAIT_END.to_owned());
    let mut last = query.after.clone();
    let mut courts = ReleaseState::COURTS.map(|role| Court {
        role,
        found: VecDeque::new(),
        after: query.after.clone(),
        done: false,
    });
    let (mut releases, mut reads) = (Vec::new(), 0);
    while releases.len() < query.limit {
        for court in courts.iter_mut().filter(|court| court.found.is_empty() && !court.done) {
            if reads == READS_MAX {
                return Ok((releases, Some(StuckQuery::cursor(&last))));
            }
            reads += 1;
            court.found = table.waiting(court.role.as_str(), &court.after, &until).await?.into();
            match court.found.back() {
                Some(end) => end.since.clone_into(&mut court.after),
                None => court.done = true,
            }
        }
        // Each court that is not done shows its next one, so the first of these is the first of all.
        let first = courts
            .iter_mut()
            .filter(|court| !court.found.is_empty())
            .min_by(|one, other| one.found.front().map(|it| &it.since).cmp(&other.found.front().map(|it| &it.since)));
        let Some(waiting) = first.and_then(|court| court.found.pop_front()) else { return Ok((releases, None)) };
        last = waiting.since;
        let release: Release = serde_json::from_str(&waiting.doc)
            .map_err(|error| Fault::bug("what waits is not readable").because(error))?;
        if concerns(&release) {
            releases.push(release);
        }
    }
    Ok((releases, Some(StuckQuery::cursor(&last))))
}
