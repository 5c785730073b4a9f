//! `crossdock stuck`: open releases, the longest waiting first, with who must move. What is said of each is what
//! `GET /v1/orders/stuck` says.

use std::process::ExitCode;

use canonical::Release;
use formats::api::StuckOrder;
use jiff::{SignedDuration, Timestamp};

use super::Asked;
use crate::out::columns;
use crate::{Error, Out, clock};

pub(super) async fn run(asked: &Asked, older_than: Option<SignedDuration>, out: &Out) -> Result<ExitCode, Error> {
    let now = clock::now();
    let Some(applied) = asked.operations.applied().await? else {
        return Err(Error::Unusable("no profiles are in force: crossdock partner apply".to_owned()));
    };
    let mut open: Vec<Release> = Vec::new();
    for found in asked.operations.open_releases().await? {
        open.push(serde_json::from_value(found.item.doc).map_err(Error::json(found.item.pk))?);
    }
    let old = |order: &StuckOrder<'_>| older_than.is_none_or(|limit| now.duration_since(order.since) > limit);
    let orders: Vec<(&Release, StuckOrder<'_>)> = open
        .iter()
        .filter_map(|release| Some((release, StuckOrder::of(release, &applied.bundle.house, now)?)))
        .filter(|(_, order)| old(order))
        .collect();
    if out.is_json() {
        out.json(&orders.iter().map(|(_, order)| order).collect::<Vec<_>>());
        return Ok(ExitCode::SUCCESS);
    }
    if orders.is_empty() {
        out.line("No release is open.");
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<[String; 8]> = orders
        .iter()
        .map(|(release, order)| {
            let partner = order.partner.as_ref().map(|partner| format!(" {partner}")).unwrap_or_default();
            let stake = order.at_stake.as_ref().map(|stake| format!("{} {}", stake.amount, stake.currency));
            [
                clock::ago(order.since, now),
                order.order_no.to_owned(),
                order.state.to_string(),
                format!("{}{partner}", order.owner.as_str()),
                order.next_move.clone(),
                due(release, now),
                stake.unwrap_or_default(),
                order.held.map_or_else(|| order.release_id.to_string(), ToOwned::to_owned),
            ]
        })
        .collect();
    let heads = ["waits", "order", "state", "owner", "next move", "due", "at stake", "release, or why it is held"];
    out.line(columns(heads, &rows));
    Ok(ExitCode::SUCCESS)
}

/// What is overdue, or when the next thing is due.
fn due(release: &Release, now: Timestamp) -> String {
    let overdue: Vec<&str> = release.overdue().iter().map(|one| one.expected.as_str()).collect();
    if !overdue.is_empty() {
        return format!("overdue: {}", overdue.join(", "));
    }
    let next = release.open_expectations().first().map(|one| match now.duration_until(one.due) {
        left if left.is_positive() => format!("{} in {}", one.expected, clock::ago(now, one.due)),
        _ => format!("{} now", one.expected),
    });
    next.unwrap_or_default()
}
