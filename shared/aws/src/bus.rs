//! Telling the world, on `EventBridge`.

use aws_config::SdkConfig;
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::{PutEventsRequestEntry, PutEventsResultEntry};
use canonical::Event;
use ports::{Fault, FaultKind};

use crate::resend::{Fate, Request, batches, until_taken};
use crate::{Settings, classify};

/// The source of every event, as rules see it.
pub const EVENT_SOURCE: &str = "crossdock";

/// Most events in one request (`EventBridge`'s limit).
const ENTRIES_MAX: usize = 10;

/// Longest request in bytes. `EventBridge` takes 1 MB, counted as source, type, detail and 14 for the time of each
/// entry; which megabyte is meant is not said, so the smaller.
const BATCH_LEN_MAX: usize = 1_000_000;

/// What `EventBridge` counts for an entry's time, in bytes. Source: `EventBridge` user guide, "Calculating event size".
const TIME_LEN: usize = 14;

/// The bus.
#[derive(Debug, Clone)]
pub struct Bus {
    client: Client,
    name: String,
}

impl Bus {
    /// The bus that `settings` name.
    pub fn new(config: &SdkConfig, settings: &Settings) -> Result<Self, Fault> {
        Ok(Self { client: Client::new(config), name: settings.bus_name()?.to_owned() })
    }

    fn entry(&self, event: &Event) -> Result<PutEventsRequestEntry, Fault> {
        let what = || format!("event {}", event.meta.id);
        let detail = serde_json::to_string(event).map_err(|error| Fault::bug(what()).because(error))?;
        let entry = PutEventsRequestEntry::builder()
            .source(EVENT_SOURCE)
            .detail_type(event.meta.kind.as_str())
            .detail(detail)
            // When we got it: what a partner says of the time may be any time.
            .time(DateTime::from_millis(event.meta.received_at.as_millisecond()))
            .event_bus_name(&self.name)
            .build();
        if len(&entry) > BATCH_LEN_MAX {
            return Err(Fault::bug(format!("{} has {} bytes, EventBridge takes {BATCH_LEN_MAX}", what(), len(&entry))));
        }
        Ok(entry)
    }
}

impl Request<PutEventsRequestEntry> for Bus {
    fn what(&self) -> &'static str {
        "publication of events"
    }

    async fn send(&self, entries: &[PutEventsRequestEntry]) -> Result<Vec<Fate>, Fault> {
        let output = self.client.put_events().set_entries(Some(entries.to_vec())).send().await;
        let output = output.map_err(|error| classify::fault(self.what(), error))?;
        Ok(output.entries().iter().map(fate).collect())
    }
}

impl ports::Bus for Bus {
    async fn publish(&self, events: Vec<Event>) -> Result<(), Fault> {
        let entries = events.iter().map(|event| self.entry(event)).collect::<Result<Vec<_>, _>>()?;
        for batch in batches(entries, ENTRIES_MAX, BATCH_LEN_MAX, len) {
            until_taken(self, batch).await?;
        }
        Ok(())
    }
}

fn len(entry: &PutEventsRequestEntry) -> usize {
    let text = |text: Option<&str>| text.map_or(0, str::len);
    TIME_LEN + text(entry.source()) + text(entry.detail_type()) + text(entry.detail())
}

/// A request succeeds although entries of it failed: an entry is taken only if it was given an id.
fn fate(entry: &PutEventsResultEntry) -> Fate {
    match entry.error_code() {
        None if entry.event_id().is_some() => Fate::Taken,
        None => Fate::Failed("it was given no id".to_owned()),
        Some(code) => {
            let why = format!("{code}: {}", entry.error_message().unwrap_or(""));
            if classify::of_code(code) == FaultKind::Transient { Fate::Failed(why) } else { Fate::Refused(why) }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use canonical::{EventId, EventType, Meta};
    use ports::Bus as _;
    use serde_json::{Value, json};

    use super::*;
    use crate::replay::{Asked, Replay, Reply};

    /// An event that tells `text`.
    pub(crate) fn event(seq: u64, text: &str) -> Event {
        let tenant = "t".parse().unwrap();
        let meta = Meta {
            id: EventId::derive(&tenant, "order.completed.v1", &seq.to_string()),
            kind: EventType::OrderCompleted,
            source: "order-apply".to_owned(),
            time: "2026-11-23T10:00:00.25Z".parse().unwrap(),
            received_at: "2026-11-23T10:00:01Z".parse().unwrap(),
            correlation_id: None,
            causation_id: "msg_1".to_owned(),
            partner: "p".parse().unwrap(),
            tenant,
            schema: "order.completed.v1.json".to_owned(),
            profile_version: "0".to_owned(),
            parties: Vec::new(),
            seq,
            dedup_key: seq.to_string(),
            ordering_key: "o".to_owned(),
            raw_ref: None,
            traceparent: None,
        };
        Event { meta, data: json!({ "text": text }) }
    }

    fn bus(replay: &Replay) -> Bus {
        Bus::new(&replay.config(), &Settings::from_pairs([("BUS_NAME", "crossdock-bus")])).unwrap()
    }

    fn answer(codes: &[Option<&str>]) -> Reply {
        let entries: Vec<Value> = codes
            .iter()
            .map(|code| code.map_or_else(|| json!({"EventId": "e"}), |code| json!({"ErrorCode": code})))
            .collect();
        let failed = codes.iter().flatten().count();
        Reply::json(200, &json!({"FailedEntryCount": failed, "Entries": entries}).to_string())
    }

    fn seqs(asked: &Asked) -> Vec<u64> {
        let entries = asked.json()["Entries"].as_array().unwrap().clone();
        let detail = |entry: &Value| serde_json::from_str::<Event>(entry["Detail"].as_str().unwrap()).unwrap();
        entries.iter().map(|entry| detail(entry).meta.seq).collect()
    }

    #[tokio::test]
    async fn exactly_what_failed_is_published_again() {
        let replay = Replay::new(vec![
            answer(&[None, Some("InternalFailure"), None, Some("ThrottlingException")]),
            answer(&[Some("InternalFailure"), None]),
            answer(&[None]),
        ]);
        let events = (1..=4).map(|seq| event(seq, "x")).collect();
        bus(&replay).publish(events).await.unwrap();
        assert_eq!(replay.asked().iter().map(seqs).collect::<Vec<_>>(), [vec![1, 2, 3, 4], vec![2, 4], vec![2]]);
    }

    #[tokio::test]
    async fn an_entry_is_the_event_under_its_type_source_and_time() {
        let replay = Replay::new(vec![answer(&[None])]);
        bus(&replay).publish(vec![event(1, "x")]).await.unwrap();
        let entry = replay.asked()[0].json()["Entries"][0].clone();
        assert_eq!(entry["Source"], "crossdock");
        assert_eq!(entry["DetailType"], "order.completed.v1");
        assert_eq!(entry["EventBusName"], "crossdock-bus");
        assert_eq!(entry["Time"], json!(1_795_428_001));
        let detail: Value = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
        assert_eq!(detail["data"], json!({"text": "x"}));
        assert_eq!(detail["meta"]["type"], "order.completed.v1");
    }

    #[tokio::test]
    async fn a_refused_event_is_for_an_operator_and_one_too_long_is_our_mistake() {
        let replay = Replay::new(vec![answer(&[Some("NotAuthorizedForSourceException")])]);
        let fault = bus(&replay).publish(vec![event(1, "x")]).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Misconfigured);
        let long = event(1, &"x".repeat(BATCH_LEN_MAX));
        assert_eq!(bus(&replay).publish(vec![long]).await.unwrap_err().kind, FaultKind::Bug);
    }

    #[tokio::test]
    async fn long_events_go_in_several_requests() {
        let replay = Replay::new(vec![answer(&[None]), answer(&[None])]);
        let long = "x".repeat(BATCH_LEN_MAX / 2);
        bus(&replay).publish(vec![event(1, &long), event(2, &long)]).await.unwrap();
        assert_eq!(replay.asked().iter().map(seqs).collect::<Vec<_>>(), [[1], [2]]);
    }
}
