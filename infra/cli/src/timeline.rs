//! Everything that is on record of a release, in the order of time.

use std::collections::BTreeMap;

use aws::Operations;
use canonical::{Delivery, DeliveryState, Event, EventId, Parked, Release, Role, Shipment, Subject, Target};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::Error;
use crate::out::columns;

/// One line of a release's trace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Row {
    /// When.
    pub(crate) at: Timestamp,
    /// Position in the history, for what came at one instant.
    #[serde(skip)]
    pub(crate) position: u64,
    /// Whose word it is.
    pub(crate) who: String,
    /// What happened.
    pub(crate) what: String,
    /// State to state, or what became of it.
    pub(crate) state: String,
    /// In words.
    pub(crate) detail: String,
    /// The message, event or delivery behind it.
    pub(crate) id: String,
}

/// The types of events by their ids, as far as they are known: a delivery names its event by id alone.
pub(crate) type EventNames = BTreeMap<EventId, String>;

/// The types of the events that are delivered, from their bodies in the archive.
pub(crate) async fn event_names(operations: &Operations, deliveries: &[Delivery]) -> Result<EventNames, Error> {
    let mut names = EventNames::new();
    for delivery in deliveries {
        let Subject::Event { event_id, .. } = &delivery.subject else { continue };
        if names.contains_key(event_id) {
            continue;
        }
        if let Some(body) = operations.archived(&delivery.body.sha256).await? {
            let event: Event = serde_json::from_slice(&body).map_err(Error::json("an archived event"))?;
            names.insert(event_id.clone(), event.meta.kind.to_string());
        }
    }
    Ok(names)
}

/// The trace of `release`.
pub(crate) fn rows(
    release: &Release,
    shipments: &[Shipment],
    deliveries: &[Delivery],
    parked: &[Parked],
    names: &EventNames,
) -> Vec<Row> {
    let mut rows: Vec<Row> = release
        .history
        .iter()
        .map(|entry| Row {
            at: entry.received_at,
            position: entry.seq,
            who: match entry.transition.owner() {
                Role::Platform => "crossdock".to_owned(),
                _ => entry.partner.to_string(),
            },
            what: entry.transition.as_str().replace('_', " "),
            state: match (entry.from == entry.to, entry.outcome.as_str()) {
                (true, "applied") => entry.to.to_string(),
                (true, outcome) => outcome.to_owned(),
                (false, _) => format!("{} → {}", entry.from, entry.to),
            },
            detail: entry.detail.clone(),
            id: entry.message_id.clone(),
        })
        .collect();
    for shipment in shipments {
        let name = shipment
            .confirmed
            .as_ref()
            .map_or_else(|| shipment.id.to_string(), |confirmed| confirmed.confirm.shipment_no.clone());
        rows.extend(shipment.milestones.iter().map(|milestone| {
            Row {
                at: milestone.occurred_at,
                position: 0,
                who: milestone.source.to_string(),
                what: "scan".to_owned(),
                state: milestone.code.as_str().to_owned(),
                detail: [Some(name.clone()), milestone.tracking_no.clone(), milestone.place.clone()]
                    .into_iter()
                    .flatten()
                    .collect::<Vec<_>>()
                    .join(", "),
                id: shipment.id.to_string(),
            }
        }));
    }
    rows.extend(deliveries.iter().map(|one| delivery(one, names)));
    rows.extend(parked.iter().map(|parked| Row {
        at: parked.received_at,
        position: 0,
        who: parked.partner.to_string(),
        what: "parked".to_owned(),
        state: parked.code.to_string(),
        detail: parked_detail(parked),
        id: parked.id.to_string(),
    }));
    rows.sort();
    rows
}

fn delivery(delivery: &Delivery, names: &EventNames) -> Row {
    let name = match &delivery.subject {
        Subject::Release { .. } => "order",
        Subject::Cancel { .. } => "cancel",
        Subject::Event { event_id, .. } => names.get(event_id).map_or("event", String::as_str),
        Subject::Acknowledgment { .. } => "997",
    };
    let state = match delivery.state {
        DeliveryState::Pending => "pending",
        DeliveryState::Delivered => "delivered",
        DeliveryState::Refused => "refused",
        DeliveryState::Unknown => "unknown",
    };
    let how = match &delivery.target {
        Target::Http => format!("message {}", delivery.message_no),
        Target::File { name } => format!("file {name}"),
    };
    let failures = match (delivery.failures, &delivery.last_failure) {
        (0, _) => String::new(),
        (count, last) => format!("; failed {count} times: {}", last.as_deref().unwrap_or("no reason")),
    };
    Row {
        at: delivery.ended_at.unwrap_or(delivery.created_at),
        // After what brought it about.
        position: u64::MAX,
        who: "crossdock".to_owned(),
        what: format!("→ {}", delivery.receiver.partner),
        state: state.to_owned(),
        detail: format!("{name}, {how}{failures}"),
        id: delivery.id.to_string(),
    }
}

/// Why something is parked, and where its defect is.
pub(crate) fn parked_detail(parked: &Parked) -> String {
    let findings: Vec<String> = parked
        .findings
        .iter()
        .map(|finding| {
            let place = match &finding.place {
                Some(canonical::Place::Pointer(pointer)) => format!(" at {pointer}"),
                Some(canonical::Place::Edi { segment: None, byte_offset, .. }) => format!(" at byte {byte_offset}"),
                Some(canonical::Place::Edi { segment: Some(segment), segment_position, element, byte_offset }) => {
                    let element = element.map(|element| format!("{element:02}")).unwrap_or_default();
                    let position = segment_position.map(|position| format!(", segment {position}")).unwrap_or_default();
                    format!(" at {segment}{element}{position}, byte {byte_offset}")
                }
                None => String::new(),
            };
            format!("{}{place}", finding.detail)
        })
        .collect();
    format!("{}: {}", parked.what, findings.join("; "))
}

/// The trace as a table; times of day in UTC.
pub(crate) fn table(rows: &[Row]) -> String {
    let cells: Vec<[String; 5]> = rows
        .iter()
        .map(|row| {
            let at = row.at.to_zoned(TimeZone::UTC);
            [at.strftime("%F %T").to_string(), row.who.clone(), row.what.clone(), row.state.clone(), row.detail.clone()]
        })
        .collect();
    columns(["when (UTC)", "who", "what", "state", "detail"], &cells)
}
