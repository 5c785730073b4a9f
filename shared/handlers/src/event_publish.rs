//! `event-publish`: the relay from the table's stream to the bus. At least once, with ids that never change.

use canonical::Event;
use ports::Bus;

use crate::Failed;

/// One write of the table, as its stream tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamRecord {
    /// Its place in the stream.
    pub sequence_number: String,
    /// The events that the write emitted, as they lie in the item; none for most.
    pub events: Option<String>,
}

/// The function `event-publish`.
#[derive(Debug)]
pub struct EventPublish<B> {
    /// Where events go.
    pub bus: B,
}

impl<B: Bus> EventPublish<B> {
    /// Publishes the events of `records` in their order. On failure returns the place from which the stream shall be
    /// told again; what lies before it is published.
    pub async fn publish(&self, records: Vec<StreamRecord>) -> Result<usize, String> {
        let mut published = 0;
        for record in records {
            let Some(text) = &record.events else { continue };
            let events = match serde_json::from_str::<Vec<Event>>(text) {
                Ok(events) => events,
                Err(error) => {
                    let failed = Failed::from(error);
                    log(&record, &failed);
                    return Err(record.sequence_number);
                }
            };
            published += events.len();
            if let Err(fault) = self.bus.publish(events.clone()).await {
                if steps::defect!(RelaySkips) {
                    continue;
                }
                log(&record, &fault.into());
                return Err(record.sequence_number);
            }
            for event in &events {
                tracing::info!(
                    step = "event-publish",
                    outcome = "applied",
                    partner = event.meta.partner.as_str(),
                    correlation_id = event.meta.correlation_id.as_deref().unwrap_or(""),
                    message_id = event.meta.id.as_str(),
                    event = event.meta.kind.as_str(),
                    "event published"
                );
            }
        }
        Ok(published)
    }
}

fn log(record: &StreamRecord, failed: &Failed) {
    tracing::error!(
        step = "event-publish",
        outcome = "retry",
        sequence_number = record.sequence_number,
        code = failed.code.as_str(),
        reason = failed.reason,
        "events not published"
    );
}
