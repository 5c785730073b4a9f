//! `crossdock stuck`: open releases, the longest waiting first, with who must move.

use std::process::ExitCode;

use canonical::{Court, Release};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::Asked;
use crate::out::columns;
use crate::{Error, Out, clock};

pub(super) async fn run(asked: &Asked, older_than: Option<SignedDuration>, out: &Out) -> Result<ExitCode, Error> {
    let now = clock::now();
    let mut open: Vec<(Release, Court)> = Vec::new();
    for found in asked.operations.open_releases().await? {
        let release: Release = serde_json::from_value(found.item.doc).map_err(Error::json(found.item.pk))?;
        let Some(court) = release.court() else { continue };
        if older_than.is_none_or(|limit| now.duration_since(court.since) > limit) {
            open.push((release, court));
        }
    }
    if out.is_json() {
        let rows = open.iter().map(|(release, court)| {
            json!({
                "order_no": release.order.order_no, "release_id": release.id, "state": release.state(),
                "owner": court.owner, "partner": court.partner, "next_move": court.next_move, "since": court.since,
                "waited_s": now.duration_since(court.since).as_secs(), "held": release.facts.held,
                "next_due": release.next_due(),
                "overdue": release.overdue().iter().map(|one| one.expected).collect::<Vec<_>>(),
            })
        });
        out.json(&rows.collect::<Vec<_>>());
        return Ok(ExitCode::SUCCESS);
    }
    if open.is_empty() {
        out.line("No release is open.");
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<[String; 7]> = open
        .iter()
        .map(|(release, court)| {
            let partner = court.partner.as_ref().map(|partner| format!(" {partner}")).unwrap_or_default();
            [
                clock::ago(court.since, now),
                release.order.order_no.clone(),
                release.state().to_string(),
                format!("{}{partner}", court.owner.as_str()),
                court.next_move.clone(),
                due(release, now),
                release.facts.held.clone().unwrap_or_else(|| release.id.to_string()),
            ]
        })
        .collect();
    out.line(columns(["waits", "order", "state", "owner", "next move", "due", "release, or why it is held"], &rows));
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
