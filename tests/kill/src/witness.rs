//! What the proxy saw between the functions and AWS: the events that were written, and those that were published.
//!
//! An item of the table holds the events of its latest write alone, so the table cannot say afterwards what was told.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// An event in a write.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Written {
    /// The item and the version that the write made.
    write: String,
    ordering_key: String,
    seq: u64,
}

/// What was seen.
#[derive(Debug, Default)]
pub(crate) struct Witness {
    written: BTreeMap<String, Vec<Written>>,
    published: BTreeSet<String>,
    unreadable: usize,
}

impl Witness {
    /// Takes note of a call that the service carried out: the operation's name, the request and the reply.
    pub(crate) fn saw(&mut self, operation: &str, request: &Value, reply: &Value) {
        let name = operation.split(' ').next().unwrap_or_default();
        match name {
            "PutItem" => self.wrote(request.get("Item")),
            "TransactWriteItems" => {
                for action in request.get("TransactItems").and_then(Value::as_array).into_iter().flatten() {
                    self.wrote(action.pointer("/Put/Item"));
                }
            }
            "PutEvents" => self.put(request, reply),
            _ => {}
        }
    }

    fn wrote(&mut self, item: Option<&Value>) {
        let Some(item) = item else { return };
        let text = |at: &str| item.pointer(at).and_then(Value::as_str).unwrap_or_default();
        let events = text("/events/S");
        if events.is_empty() {
            return;
        }
        let Ok(events) = serde_json::from_str::<Vec<canonical::Event>>(events) else {
            self.unreadable += 1;
            return;
        };
        let write = format!("{} {} version {}", text("/pk/S"), text("/sk/S"), text("/v/N"));
        for event in events {
            let (ordering_key, seq) = (event.meta.ordering_key, event.meta.seq);
            let written = Written { write: write.clone(), ordering_key, seq };
            let writes = self.written.entry(event.meta.id.to_string()).or_default();
            // A request whose reply was lost comes again under the same token, and is one write.
            if !writes.contains(&written) {
                writes.push(written);
            }
        }
    }

    fn put(&mut self, request: &Value, reply: &Value) {
        let list = |value: &Value| value.get("Entries").and_then(Value::as_array).cloned().unwrap_or_default();
        for (entry, fate) in list(request).iter().zip(list(reply)) {
            if fate.get("EventId").is_none_or(Value::is_null) {
                continue;
            }
            let detail = entry.get("Detail").and_then(Value::as_str).unwrap_or_default();
            match serde_json::from_str::<canonical::Event>(detail) {
                Ok(event) => _ = self.published.insert(event.meta.id.to_string()),
                Err(_) => self.unreadable += 1,
            }
        }
    }

    /// How many events were written.
    pub(crate) fn written(&self) -> usize {
        self.written.len()
    }

    /// Events that were written and not published yet.
    pub(crate) fn unpublished(&self) -> Vec<String> {
        self.written.keys().filter(|id| !self.published.contains(*id)).cloned().collect()
    }

    /// Everything that must not be, in words: an event that was not published, or told by two writes, or published
    /// without having been told; a business object whose events are not numbered from 1 without a gap.
    pub(crate) fn violations(&self) -> Vec<String> {
        let mut found: Vec<String> =
            self.unpublished().into_iter().map(|id| format!("event {id} was written and never published")).collect();
        let untold = self.published.iter().filter(|id| !self.written.contains_key(*id));
        found.extend(untold.map(|id| format!("event {id} was published and never written")));
        let mut numbers: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
        for (id, writes) in &self.written {
            if writes.len() > 1 {
                let places: Vec<&str> = writes.iter().map(|written| written.write.as_str()).collect();
                found.push(format!("event {id} was told by {} writes: {}", writes.len(), places.join(", ")));
            }
            for written in writes.iter().take(1) {
                numbers.entry(&written.ordering_key).or_default().push(written.seq);
            }
        }
        for (key, mut seqs) in numbers {
            seqs.sort_unstable();
            let whole = seqs.iter().copied().eq((1..).take(seqs.len()));
            // What is no release and no shipment, such as a parked message, has no order of its own.
            if !whole && (key.starts_with("rel_") || key.starts_with("shp_")) {
                found.push(format!("events of {key} are numbered {seqs:?}"));
            }
        }
        if self.unreadable > 0 {
            found.push(format!("{} events could not be read", self.unreadable));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use canonical::{Event, EventId, EventType, Meta};
    use serde_json::json;

    use super::*;

    fn event(key: &str, seq: u64) -> Event {
        let tenant: canonical::Tenant = "northwind".parse().unwrap();
        let kind = EventType::ReleaseRequested;
        Event {
            meta: Meta {
                id: EventId::derive(&tenant, kind.as_str(), &format!("{key}/{seq}")),
                kind,
                source: "order-release".to_owned(),
                time: "2026-12-01T00:00:00Z".parse().unwrap(),
                received_at: "2026-12-01T00:00:00Z".parse().unwrap(),
                correlation_id: None,
                causation_id: "c".to_owned(),
                partner: "northwind-erp".parse().unwrap(),
                parties: Vec::new(),
                tenant,
                schema: "s".to_owned(),
                profile_version: "p".to_owned(),
                seq,
                dedup_key: format!("{key}/{seq}"),
                ordering_key: key.to_owned(),
                raw_ref: None,
                traceparent: None,
            },
            data: json!({}),
        }
    }

    fn item(version: u32, events: &[Event]) -> Value {
        let events = serde_json::to_string(events).unwrap();
        json!({ "pk": { "S": "T#1" }, "sk": { "S": "RELEASE" }, "v": { "N": version.to_string() },
                "events": { "S": events } })
    }

    fn publish(witness: &mut Witness, event: &Event, taken: bool) {
        let detail = serde_json::to_string(event).unwrap();
        let fate = if taken { json!({ "EventId": "1" }) } else { json!({ "ErrorCode": "Throttled" }) };
        let request = json!({ "Entries": [{ "Detail": detail }] });
        witness.saw("PutEvents", &request, &json!({ "FailedEntryCount": 0, "Entries": [fate] }));
    }

    #[test]
    fn what_is_written_must_be_published() {
        let mut witness = Witness::default();
        let (first, second) = (event("rel_1", 1), event("rel_1", 2));
        witness.saw("PutItem RELEASE", &json!({ "Item": item(1, std::slice::from_ref(&first)) }), &json!({}));
        let put = json!({ "TransactItems": [{ "Put": { "Item": item(2, std::slice::from_ref(&second)) } }] });
        witness.saw("TransactWriteItems RELEASE", &put, &json!({}));
        witness.saw("TransactWriteItems RELEASE", &put, &json!({}));
        publish(&mut witness, &first, true);
        publish(&mut witness, &second, false);
        assert_eq!((witness.written(), witness.unpublished().len(), witness.violations().len()), (2, 1, 1));
        publish(&mut witness, &second, true);
        publish(&mut witness, &second, true);
        assert_eq!(witness.violations(), Vec::<String>::new());
    }

    #[test]
    fn an_event_of_two_writes_a_gap_and_an_event_from_nowhere_are_found() {
        let mut witness = Witness::default();
        let (first, third) = (event("rel_1", 1), event("rel_1", 3));
        for (version, event) in [(1, &first), (2, &first), (3, &third)] {
            witness.saw("PutItem RELEASE", &json!({ "Item": item(version, std::slice::from_ref(event)) }), &json!({}));
            publish(&mut witness, event, true);
        }
        publish(&mut witness, &event("rel_2", 1), true);
        let found = witness.violations();
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].contains("never written") && found[1].contains("2 writes") && found[2].contains("[1, 3]"));
    }
}
