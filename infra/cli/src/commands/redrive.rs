//! `crossdock redrive`: dead letters back to where they failed, as the console's button moves them.

use std::process::ExitCode;
use std::time::Duration;

use aws::{MoveTask, QueuedMessage};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Asked;
use crate::out::columns;
use crate::{Error, Out};

/// Most dead letters that are shown.
const SHOWN_MAX: usize = 100;
/// How often the redrive is asked how far it is.
const POLL: Duration = Duration::from_millis(300);

pub(super) async fn run(asked: &Asked, queue: &str, list: bool, out: &Out) -> Result<ExitCode, Error> {
    let step = queue.trim_end_matches("-dlq");
    if asked.operations.dlq_url(step).is_err() {
        let depths = asked.operations.queue_depths().await?;
        let mut known: Vec<&str> = depths
            .iter()
            .filter(|depth| depth.kind == aws::QueueKind::DeadLetter)
            .map(|depth| depth.step.as_str())
            .collect();
        known.sort_unstable();
        return Err(Error::Unusable(format!("there is no queue {step}; there are {}", known.join(", "))));
    }
    out.progress("looking at the dead letters");
    let letters = asked.operations.dead_letters(step, SHOWN_MAX).await?;
    out.progress_done();
    show(&letters, step, out);
    if list || letters.is_empty() {
        if out.is_json() {
            out.json(&json!({ "queue": step, "dead_letters": letters }));
        }
        return Ok(ExitCode::SUCCESS);
    }
    // What was just looked at is hidden for a second and would be left behind.
    tokio::time::sleep(Duration::from_millis(1200)).await;
    asked.operations.redrive(step).await?;
    let task = follow(asked, step, out).await?;
    out.progress_done();
    let done = task.status == "COMPLETED";
    if out.is_json() {
        out.json(&json!({ "queue": step, "dead_letters": letters, "task": task }));
    } else if done {
        out.line(format_args!("{} moved back to {step}; what became of them: cargo crossdock status", task.moved));
    } else {
        let why = task.failure.as_deref().unwrap_or("no reason given");
        out.line(format_args!("the redrive ended as {}: {why}", task.status));
    }
    Ok(if done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn follow(asked: &Asked, step: &str, out: &Out) -> Result<MoveTask, Error> {
    loop {
        let tasks = asked.operations.redrive_status(step).await?;
        let task = tasks
            .into_iter()
            .next()
            .ok_or_else(|| Error::Unusable(format!("the redrive of {step} is not known any more")))?;
        let total = task.to_move.map(|total| format!(" of {total}")).unwrap_or_default();
        out.progress(&format!("moving: {}{total}", task.moved));
        if !matches!(task.status.as_str(), "RUNNING" | "CANCELLING") {
            return Ok(task);
        }
        tokio::time::sleep(POLL).await;
    }
}

fn show(letters: &[QueuedMessage], step: &str, out: &Out) {
    if out.is_json() {
        return;
    }
    if letters.is_empty() {
        out.line(format_args!("{step} has no dead letters."));
        return;
    }
    let rows: Vec<[String; 4]> = letters
        .iter()
        .map(|letter| {
            let note = |name: &str| {
                let value = letter.note.as_ref().and_then(|note| note.get(name));
                value.and_then(Value::as_str).unwrap_or_default().to_owned()
            };
            let reason = match note("reason") {
                reason if reason.is_empty() => "no note was left".to_owned(),
                reason => reason,
            };
            let sent_at = letter.sent_at.as_ref().map(Timestamp::to_string).unwrap_or_default();
            [letter.message_id.clone(), sent_at, note("code"), reason]
        })
        .collect();
    out.line(columns(["message", "sent", "code", "why it failed"], &rows));
}
