//! `crossdock status`: how full the queues are, and what waits for a person.

use std::process::ExitCode;

use aws::QueueKind;
use canonical::Parked;
use serde_json::json;

use super::Asked;
use crate::out::columns;
use crate::{Error, Out, timeline};

pub(super) async fn run(asked: &Asked, out: &Out) -> Result<ExitCode, Error> {
    let depths = asked.operations.queue_depths().await?;
    let mut inbox: Vec<Parked> = Vec::new();
    for item in asked.operations.scan(Some("#PARKED#"), |_| ()).await? {
        if item.sk == "PARKED" {
            inbox.push(serde_json::from_value(item.doc).map_err(Error::json(item.pk))?);
        }
    }
    inbox.sort_by_key(|parked| parked.received_at);
    if out.is_json() {
        out.json(&json!({ "queues": depths, "inbox": inbox }));
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<[String; 5]> = depths
        .iter()
        .map(|depth| {
            let kind = match depth.kind {
                QueueKind::Work => "work",
                QueueKind::DeadLetter => "dead letters",
                QueueKind::Parked => "parked",
            };
            [
                kind.to_owned(),
                depth.step.clone(),
                depth.waiting.to_string(),
                depth.in_flight.to_string(),
                depth.delayed.to_string(),
            ]
        })
        .collect();
    out.line(columns(["kind", "queue", "waiting", "in flight", "delayed"], &rows));
    let dead = depths.iter().filter(|depth| depth.kind == QueueKind::DeadLetter && depth.total() > 0);
    for depth in dead {
        out.line(format_args!("! {} dead letters: cargo crossdock redrive {} --list", depth.total(), depth.step));
    }
    out.line(format_args!("\nThe inbox holds {} messages for a person.", inbox.len()));
    for parked in &inbox {
        out.line(format_args!(
            "  {}  {}  {}  {}",
            parked.partner,
            parked.code,
            parked.id,
            timeline::parked_detail(parked)
        ));
    }
    Ok(ExitCode::SUCCESS)
}
