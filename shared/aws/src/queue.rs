//! Sending to queues, on SQS.

use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{BatchResultErrorEntry, SendMessageBatchRequestEntry};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use ports::{Fault, FaultKind, StepQueue};

use crate::resend::{Fate, Request, batches, until_taken};
use crate::{Settings, classify};

/// Most messages in one request (SQS's limit).
const ENTRIES_MAX: usize = 10;

/// Longest request, and so longest body, in bytes. SQS takes 1 MiB by now; queues, emulators and tools that were set up
/// before take 256 KiB, and a body that long belongs into the archive anyway.
const BATCH_LEN_MAX: usize = 256 * 1024;

/// The queues that steps send to.
#[derive(Debug, Clone)]
pub struct Queue {
    client: Client,
    settings: Settings,
}

impl Queue {
    /// The queues that `settings` name. A queue is looked for when it is sent to.
    pub fn new(config: &SdkConfig, settings: &Settings) -> Self {
        Self { client: Client::new(config), settings: settings.clone() }
    }
}

impl ports::Queue for Queue {
    async fn send(&self, queue: StepQueue, bodies: Vec<String>) -> Result<(), Fault> {
        let url = self.settings.step_queue_url(queue)?;
        let what = format!("send to {}", queue.as_str());
        send(&self.client, url, &what, bodies).await
    }
}

/// Requests under way at once: a file of 20,000 sets is 2,000 requests of some ten milliseconds each, and must be sent
/// within a function's time.
const REQUESTS_MAX: usize = 8;

/// Sends every body, resending exactly what failed.
pub(crate) async fn send(client: &Client, url: &str, what: &str, bodies: Vec<String>) -> Result<(), Fault> {
    for body in &bodies {
        check(body).map_err(|why| Fault::bug(format!("{what}: {why}")))?;
    }
    let request = SendBatch { client, url, what };
    let batches = batches(bodies, ENTRIES_MAX, BATCH_LEN_MAX, String::len);
    stream::iter(batches.into_iter().map(|batch| until_taken(&request, batch)))
        .buffer_unordered(REQUESTS_MAX)
        .try_collect::<()>()
        .await
}

struct SendBatch<'a> {
    client: &'a Client,
    url: &'a str,
    what: &'a str,
}

impl Request<String> for SendBatch<'_> {
    fn what(&self) -> &str {
        self.what
    }

    async fn send(&self, bodies: &[String]) -> Result<Vec<Fate>, Fault> {
        let entry = |(at, body): (usize, &String)| {
            SendMessageBatchRequestEntry::builder().id(at.to_string()).message_body(body).build()
        };
        let entries = bodies.iter().enumerate().map(entry).collect::<Result<Vec<_>, _>>();
        let entries = entries.map_err(|error| Fault::bug(self.what).because(error))?;
        let output = self.client.send_message_batch().queue_url(self.url).set_entries(Some(entries)).send().await;
        let output = output.map_err(|error| classify::fault(self.what, error))?;
        let fate = |at: usize| {
            let id = at.to_string();
            if output.successful().iter().any(|taken| taken.id() == id) {
                return Fate::Taken;
            }
            let failed = output.failed().iter().find(|failed| failed.id() == id);
            failed.map_or_else(|| Fate::Failed("the answer says nothing of it".to_owned()), fate_of_failed)
        };
        Ok((0..bodies.len()).map(fate).collect())
    }
}

/// Throttling is reported as the sender's fault too, but passes.
fn fate_of_failed(failed: &BatchResultErrorEntry) -> Fate {
    let why = format!("{}: {}", failed.code(), failed.message().unwrap_or(""));
    if failed.sender_fault() && classify::of_code(failed.code()) != FaultKind::Transient {
        Fate::Refused(why)
    } else {
        Fate::Failed(why)
    }
}

/// Why SQS would refuse `body` for ever. One refused body fails a whole request, so it is looked at before.
fn check(body: &str) -> Result<(), String> {
    if body.is_empty() {
        return Err("a body is empty".to_owned());
    }
    if body.len() > BATCH_LEN_MAX {
        return Err(format!("a body has {} bytes, the limit is {BATCH_LEN_MAX}", body.len()));
    }
    match body.chars().find(|char| !is_permitted(*char)) {
        Some(char) => Err(format!("a body holds {}, which SQS refuses", char.escape_unicode())),
        None => Ok(()),
    }
}

/// The characters that a body may hold. Source: Amazon SQS API reference, `SendMessage`, `MessageBody`.
fn is_permitted(char: char) -> bool {
    matches!(
        char,
        '\u{9}' | '\u{A}' | '\u{D}' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}'
    )
}

#[cfg(test)]
mod tests {
    use ports::Queue as _;
    use serde_json::{Value, json};

    use super::*;
    use crate::replay::{Asked, Replay, Reply};

    fn queue(replay: &Replay) -> Queue {
        let settings = Settings::from_pairs([("ORDER_APPLY_QUEUE_URL", "https://sqs.eu-west-1.amazonaws.com/1/q")]);
        Queue::new(&replay.config(), &settings)
    }

    fn taken(ids: &[&str]) -> Vec<Value> {
        ids.iter().map(|id| json!({"Id": id, "MessageId": "m", "MD5OfMessageBody": "x"})).collect()
    }

    fn answer(taken_ids: &[&str], failed: &Value) -> Reply {
        Reply::json(200, &json!({"Successful": taken(taken_ids), "Failed": failed}).to_string())
    }

    fn bodies(asked: &Asked) -> Vec<String> {
        let entries = asked.json()["Entries"].as_array().unwrap().clone();
        entries.iter().map(|entry| entry["MessageBody"].as_str().unwrap().to_owned()).collect()
    }

    #[tokio::test]
    async fn exactly_what_failed_is_sent_again() {
        let busy = |id: &str| json!({"Id": id, "SenderFault": false, "Code": "InternalError"});
        let throttled = |id: &str| json!({"Id": id, "SenderFault": true, "Code": "RequestThrottled"});
        let replay = Replay::new(vec![
            answer(&["0", "2"], &json!([busy("1"), throttled("3")])),
            answer(&["1"], &json!([busy("0")])),
            answer(&["0"], &json!([])),
        ]);
        let sent = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
        queue(&replay).send(StepQueue::OrderApply, sent).await.unwrap();
        let asked: Vec<_> = replay.asked().iter().map(bodies).collect();
        assert_eq!(asked, [vec!["a", "b", "c", "d"], vec!["b", "d"], vec!["b"]]);
    }

    #[tokio::test]
    async fn a_senders_fault_is_for_an_operator() {
        let refused = json!([{"Id": "0", "SenderFault": true, "Code": "InvalidParameterValue", "Message": "no"}]);
        let replay = Replay::new(vec![answer(&["1"], &refused)]);
        let result = queue(&replay).send(StepQueue::OrderApply, vec!["a".to_owned(), "b".to_owned()]).await;
        let fault = result.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Misconfigured);
        assert_eq!(fault.to_string(), "send to order-apply: an entry is refused: InvalidParameterValue: no");
    }

    #[tokio::test]
    async fn eleven_bodies_are_two_requests_and_none_is_none() {
        let ids: Vec<String> = (0..10).map(|id| id.to_string()).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let replay = Replay::new(vec![answer(&ids, &json!([])), answer(&["0"], &json!([]))]);
        let queue = queue(&replay);
        queue.send(StepQueue::OrderApply, vec!["x".to_owned(); 11]).await.unwrap();
        queue.send(StepQueue::OrderApply, Vec::new()).await.unwrap();
        assert_eq!(replay.asked().iter().map(|asked| bodies(asked).len()).collect::<Vec<_>>(), [10, 1]);
    }

    #[tokio::test]
    async fn a_body_that_sqs_would_refuse_is_our_mistake_and_not_sent() {
        let queue = queue(&Replay::new(Vec::new()));
        let long = "x".repeat(BATCH_LEN_MAX + 1);
        for body in ["", "a\u{1c}b", "\u{fffe}", &long] {
            let fault = queue.send(StepQueue::OrderApply, vec![body.to_owned()]).await.unwrap_err();
            assert_eq!(fault.kind, FaultKind::Bug, "{fault}");
        }
        let fault = queue.send(StepQueue::OrderDispatch, vec!["{}".to_owned()]).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Misconfigured, "{fault}");
    }

    #[test]
    fn every_byte_as_a_character_is_permitted_or_not_as_published() {
        for byte in 0..=u8::MAX {
            let permitted = byte >= 0x20 || [0x09, 0x0A, 0x0D].contains(&byte);
            assert_eq!(is_permitted(char::from(byte)), permitted, "{byte:#x}");
            assert_eq!(check(&char::from(byte).to_string()).is_ok(), permitted, "{byte:#x}");
        }
        let edges =
            [('\u{D7FF}', true), ('\u{E000}', true), ('\u{FFFD}', true), ('\u{FFFE}', false), ('\u{FFFF}', false)];
        for (char, permitted) in edges.into_iter().chain([('\u{10000}', true), ('\u{10FFFF}', true)]) {
            assert_eq!(is_permitted(char), permitted, "{}", char.escape_unicode());
        }
    }
}
