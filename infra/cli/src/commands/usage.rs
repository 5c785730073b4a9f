//! `crossdock usage`: who used which version of the API for what, counted from the log.

use std::collections::BTreeMap;
use std::process::ExitCode;

use aws::Http;
use serde_json::json;

use super::Asked;
use crate::out::columns;
use crate::{Error, Out, logs};

/// The functions that answer requests.
const FUNCTIONS: [&str; 2] = ["order-release", "webhook-ingest"];

pub(super) async fn run(asked: &Asked, out: &Out) -> Result<ExitCode, Error> {
    let http = Http::new()?;
    let mut counts: BTreeMap<(String, String, bool, String), usize> = BTreeMap::new();
    for function in FUNCTIONS {
        let lines = logs::lines(&http, &asked.stack, function, "api_version").await?;
        // Without a version nobody was let in.
        for line in lines.into_iter().filter(|line| !line.api_version.is_empty()) {
            *counts.entry((line.partner, line.api_version, line.deprecated, line.operation)).or_default() += 1;
        }
    }
    if out.is_json() {
        let rows = counts.iter().map(|((partner, version, deprecated, operation), requests)| {
            json!({
                "partner": partner, "api_version": version, "deprecated": deprecated, "operation": operation,
                "requests": requests,
            })
        });
        out.json(&rows.collect::<Vec<_>>());
        return Ok(ExitCode::SUCCESS);
    }
    if counts.is_empty() {
        out.line("The log has no request of a partner.");
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<[String; 4]> = counts
        .into_iter()
        .map(|((partner, version, deprecated, operation), requests)| {
            let version = if deprecated { format!("{version} (deprecated)") } else { version };
            [partner, version, requests.to_string(), operation]
        })
        .collect();
    out.line(columns(["partner", "version", "requests", "operation"], &rows));
    Ok(ExitCode::SUCCESS)
}
