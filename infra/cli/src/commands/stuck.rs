//! `crossdock stuck`: open releases, the longest waiting first, with who must move.

use std::process::ExitCode;

use canonical::{Court, Release};
use jiff::SignedDuration;
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
            })
        });
        out.json(&rows.collect::<Vec<_>>());
        return Ok(ExitCode::SUCCESS);
    }
    if open.is_empty() {
        out.line("No release is open.");
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<[String; 6]> = open
        .iter()
        .map(|(release, court)| {
            let partner = court.partner.as_ref().map(|partner| format!(" {partner}")).unwrap_or_default();
            [
                clock::ago(court.since, now),
                release.order.order_no.clone(),
                release.state().to_string(),
                format!("{}{partner}", court.owner.as_str()),
                court.next_move.clone(),
                release.facts.held.clone().unwrap_or_else(|| release.id.to_string()),
            ]
        })
        .collect();
    out.line(columns(["waits", "order", "state", "owner", "next move", "release, or why it is held"], &rows));
    Ok(ExitCode::SUCCESS)
}
