//! `crossdock status`: how full the queues are, which partners' endpoints are out, and what waits for a person.

use std::process::ExitCode;

use aws::QueueKind;
use canonical::{Breaker, BreakerState, Delivery, Parked};
use jiff::Timestamp;
use serde_json::json;

use super::Asked;
use crate::out::columns;
use crate::{Error, Out, clock, timeline};

pub(super) async fn run(asked: &Asked, out: &Out) -> Result<ExitCode, Error> {
    let depths = asked.operations.queue_depths().await?;
    let mut inbox: Vec<Parked> = Vec::new();
    for item in asked.operations.scan(Some("#PARKED#"), |_| ()).await? {
        if item.sk == "PARKED" {
            inbox.push(serde_json::from_value(item.doc).map_err(Error::json(item.pk))?);
        }
    }
    inbox.sort_by_key(|parked| parked.received_at);
    let outages = outages(asked).await?;
    if out.is_json() {
        out.json(&json!({ "queues": depths, "outages": outages, "inbox": inbox }));
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
    let now = clock::now();
    for Outage { breaker, held } in &outages {
        out.line(line(breaker, *held, now));
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

/// An endpoint that is out, or is being told what was held for it.
#[derive(serde::Serialize)]
struct Outage {
    breaker: Breaker,
    /// Deliveries that are held for it.
    held: usize,
}

async fn outages(asked: &Asked) -> Result<Vec<Outage>, Error> {
    let mut found = Vec::new();
    for item in asked.operations.scan(Some("#BREAKER"), |_| ()).await? {
        let breaker: Breaker = serde_json::from_value(item.doc).map_err(Error::json(item.pk))?;
        if breaker.state != BreakerState::Closed {
            found.push(Outage { breaker, held: 0 });
        }
    }
    if found.is_empty() {
        return Ok(found);
    }
    for item in asked.operations.scan(Some("\"held_since\""), |_| ()).await? {
        if item.sk != "DELIVERY" {
            continue;
        }
        let delivery: Delivery = serde_json::from_value(item.doc).map_err(Error::json(item.pk))?;
        let of = found.iter_mut().find(|one| one.breaker.receiver == delivery.receiver);
        if let (Some(outage), Some(_)) = (of, delivery.held_since) {
            outage.held += 1;
        }
    }
    Ok(found)
}

/// An outage in words.
fn line(breaker: &Breaker, held: usize, now: Timestamp) -> String {
    let partner = &breaker.receiver.partner;
    let since = breaker.opened_at.map_or_else(String::new, |at| format!(" since {at:.0}"));
    let next = match breaker.next_at {
        Some(at) if at < now => format!("the next look is overdue for {}", clock::ago(at, now)),
        Some(at) => format!("the next look in {}", clock::ago(now, at)),
        None => "no look is planned".to_owned(),
    };
    let state = match breaker.state {
        BreakerState::Open => format!("is out{since}; {held} deliveries are held, {} tried", breaker.probes),
        BreakerState::Closed | BreakerState::Draining | BreakerState::Closing if breaker.opened_at.is_none() => {
            format!("gets as much a minute as it takes; {held} deliveries wait for the next ones")
        }
        BreakerState::Closed | BreakerState::Draining | BreakerState::Closing => {
            format!("answers again, was out{since}; {held} deliveries are still held")
        }
    };
    format!("! {partner} {state}; {next}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_says_what_is_held_and_when_it_is_looked_at() {
        let scope = canonical::PartnerScope { tenant: "t".parse().unwrap(), partner: "bolt-3pl".parse().unwrap() };
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut breaker = Breaker { state: BreakerState::Open, probes: 3, ..Breaker::closed(scope) };
        (breaker.opened_at, breaker.next_at) = (Some(at(0)), Some(at(600)));
        let open = line(&breaker, 7, at(540));
        assert!(
            open.starts_with("! bolt-3pl is out since 1970-01-01T00:00:00Z; 7 deliveries are held, 3 tried"),
            "{open}"
        );
        assert!(open.contains("the next look in 1"), "{open}");
        assert!(line(&breaker, 7, at(660)).contains("overdue for 1"));
        breaker.state = BreakerState::Draining;
        assert!(line(&breaker, 7, at(0)).contains("answers again"));
        breaker.opened_at = None;
        assert!(line(&breaker, 7, at(0)).contains("gets as much a minute as it takes; 7 deliveries wait"));
    }
}
