//! Queues, dead letters and redrives, as operators see them.

use std::collections::BTreeSet;

use aws_sdk_sqs::types::{MessageSystemAttributeName, QueueAttributeName};
use jiff::Timestamp;
use ports::Fault;
use serde::Serialize;
use serde_json::Value;

use crate::operations::Operations;
use crate::redelivery::note_key;
use crate::{classify, queue};

/// How long a message that is looked at stays hidden, in seconds. A redrive begun right after must find it.
const PEEK_HIDDEN_S: i32 = 1;

/// How many looks in a row may bring known messages alone: SQS gives any of its messages, not the next ones.
const KNOWN_LOOKS_MAX: usize = 3;

/// Most messages in one request (SQS's limit).
const RECEIVE_MAX: usize = 10;

/// What a queue is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum QueueKind {
    /// A step reads from it.
    Work,
    /// It holds what ran out of tries.
    DeadLetter,
    /// It holds what can never succeed.
    Parked,
}

/// How full a queue is. SQS's own counts, which follow within moments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QueueDepth {
    /// The step, such as `order-apply`.
    pub step: String,
    /// What the queue is for.
    pub kind: QueueKind,
    /// Messages that can be received.
    pub waiting: u64,
    /// Messages that are being handled, or postponed.
    pub in_flight: u64,
    /// Messages that cannot be received yet.
    pub delayed: u64,
}

impl QueueDepth {
    /// Messages altogether.
    pub fn total(&self) -> u64 {
        self.waiting + self.in_flight + self.delayed
    }
}

/// A message that was looked at and is still in its queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QueuedMessage {
    /// SQS's id.
    pub message_id: String,
    /// When it was first sent.
    pub sent_at: Option<Timestamp>,
    /// How often it was received, this look included.
    pub received: u32,
    /// Its body.
    pub body: String,
    /// Why it failed, as the step noted it; dead letters only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<Value>,
}

/// A redrive: messages move from a dead-letter queue back to where they came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MoveTask {
    /// SQS's handle, while the task runs.
    pub handle: Option<String>,
    /// `RUNNING`, `COMPLETED`, `CANCELLING`, `CANCELLED` or `FAILED`.
    pub status: String,
    /// Messages moved so far.
    pub moved: i64,
    /// Messages in the dead-letter queue when the task began.
    pub to_move: Option<i64>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

impl Operations {
    /// How full every queue of the deployment is, by step.
    pub async fn queue_depths(&self) -> Result<Vec<QueueDepth>, Fault> {
        let mut depths = Vec::new();
        for (output, url) in &self.outputs {
            let Some((step, kind)) = queue_of(output) else { continue };
            let request = self.sqs.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::All);
            let answer =
                request.send().await.map_err(|error| classify::fault(format!("attributes of {url}"), error))?;
            let count = |name| {
                let text = answer.attributes().and_then(|attributes| attributes.get(&name));
                text.and_then(|text| text.parse().ok()).unwrap_or(0)
            };
            depths.push(QueueDepth {
                step,
                kind,
                waiting: count(QueueAttributeName::ApproximateNumberOfMessages),
                in_flight: count(QueueAttributeName::ApproximateNumberOfMessagesNotVisible),
                delayed: count(QueueAttributeName::ApproximateNumberOfMessagesDelayed),
            });
        }
        depths.sort_by(|a, b| (a.kind, &a.step).cmp(&(b.kind, &b.step)));
        Ok(depths)
    }

    /// Whether no step has anything left to do. Dead letters and parked messages wait for a person, not for a step.
    pub async fn is_quiet(&self) -> Result<bool, Fault> {
        let depths = self.queue_depths().await?;
        Ok(depths.iter().filter(|depth| depth.kind == QueueKind::Work).all(|depth| depth.total() == 0))
    }

    /// Up to `max` messages of the dead-letter queue of `step` (such as `order-apply`), with the notes on why they
    /// failed. They stay in the queue.
    pub async fn dead_letters(&self, step: &str, max: usize) -> Result<Vec<QueuedMessage>, Fault> {
        let mut letters = self.peek(self.dlq_url(step)?, max).await?;
        // A queue that no function reads, such as that of the bus, has dead letters and no notes.
        let Ok(queue_url) = self.queue_url(step) else { return Ok(letters) };
        let archive = self.bucket("ArchiveBucket")?;
        for letter in &mut letters {
            let note = archive.get(&note_key(queue_url, &letter.message_id)?, None).await?;
            letter.note = note.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        }
        Ok(letters)
    }

    /// Up to `max` parked messages. They stay in the queue.
    pub async fn parked_messages(&self, max: usize) -> Result<Vec<QueuedMessage>, Fault> {
        self.peek(self.output("ParkedQueueUrl")?, max).await
    }

    /// Begins to move all dead letters of `step` back into its queue; SQS does it by itself. Gives the task's handle.
    pub async fn redrive(&self, step: &str) -> Result<String, Fault> {
        let arn = self.dlq_arn(step).await?;
        let output = self.sqs.start_message_move_task().source_arn(arn).send().await;
        let output = output.map_err(|error| classify::fault(format!("redrive of {step}"), error))?;
        Ok(output.task_handle().unwrap_or_default().to_owned())
    }

    /// The latest redrives of `step`, the newest first.
    pub async fn redrive_status(&self, step: &str) -> Result<Vec<MoveTask>, Fault> {
        let arn = self.dlq_arn(step).await?;
        let output = self.sqs.list_message_move_tasks().source_arn(arn).max_results(10).send().await;
        let output = output.map_err(|error| classify::fault(format!("redrives of {step}"), error))?;
        let tasks = output.results().iter().map(|task| MoveTask {
            handle: task.task_handle().map(str::to_owned),
            status: task.status().unwrap_or_default().to_owned(),
            moved: task.approximate_number_of_messages_moved(),
            to_move: task.approximate_number_of_messages_to_move(),
            failure: task.failure_reason().map(str::to_owned),
        });
        Ok(tasks.collect())
    }

    /// Sends one message, as it is.
    pub async fn send(&self, queue_url: &str, body: &str) -> Result<(), Fault> {
        queue::send(&self.sqs, queue_url, &format!("send to {queue_url}"), vec![body.to_owned()]).await
    }

    /// The URL of the queue that `step` reads.
    pub fn queue_url(&self, step: &str) -> Result<&str, Fault> {
        self.output(&format!("{}QueueUrl", pascal(step)))
    }

    /// The URL of the dead-letter queue of `step`.
    pub fn dlq_url(&self, step: &str) -> Result<&str, Fault> {
        self.output(&format!("{}DlqUrl", pascal(step)))
    }

    async fn dlq_arn(&self, step: &str) -> Result<String, Fault> {
        let url = self.dlq_url(step)?;
        let request = self.sqs.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::QueueArn);
        let output = request.send().await.map_err(|error| classify::fault(format!("attributes of {url}"), error))?;
        let arn = output.attributes().and_then(|attributes| attributes.get(&QueueAttributeName::QueueArn));
        arn.cloned().ok_or_else(|| Fault::misconfigured(format!("{url} tells no ARN")))
    }

    /// Looks at up to `max` messages. Each look hides them for a moment; once none come back, or only known ones
    /// several times, all are seen.
    async fn peek(&self, url: &str, max: usize) -> Result<Vec<QueuedMessage>, Fault> {
        let (mut seen, mut messages) = (BTreeSet::new(), Vec::new());
        let mut known_looks = 0;
        while messages.len() < max && known_looks < KNOWN_LOOKS_MAX {
            let output = self
                .sqs
                .receive_message()
                .queue_url(url)
                .max_number_of_messages(i32::try_from(RECEIVE_MAX.min(max - messages.len())).unwrap_or(1))
                .visibility_timeout(PEEK_HIDDEN_S)
                .wait_time_seconds(1)
                .message_system_attribute_names(MessageSystemAttributeName::All)
                .send()
                .await
                .map_err(|error| classify::fault(format!("look into {url}"), error))?;
            let before = messages.len();
            for message in output.messages() {
                let id = message.message_id().unwrap_or_default();
                if seen.insert(id.to_owned()) {
                    messages.push(queued(message));
                }
            }
            if output.messages().is_empty() {
                break;
            }
            known_looks = if messages.len() == before { known_looks + 1 } else { 0 };
        }
        messages.sort_by(|a, b| (a.sent_at, &a.message_id).cmp(&(b.sent_at, &b.message_id)));
        Ok(messages)
    }
}

fn queued(message: &aws_sdk_sqs::types::Message) -> QueuedMessage {
    let attribute = |name| message.attributes().and_then(|attributes| attributes.get(&name));
    let sent_ms = attribute(MessageSystemAttributeName::SentTimestamp).and_then(|text| text.parse().ok());
    let received = attribute(MessageSystemAttributeName::ApproximateReceiveCount).and_then(|text| text.parse().ok());
    QueuedMessage {
        message_id: message.message_id().unwrap_or_default().to_owned(),
        sent_at: sent_ms.and_then(|ms| Timestamp::from_millisecond(ms).ok()),
        received: received.unwrap_or(0),
        body: message.body().unwrap_or_default().to_owned(),
        note: None,
    }
}

/// Step and kind of the queue whose URL is the output `output`, if it is one.
fn queue_of(output: &str) -> Option<(String, QueueKind)> {
    if let Some(step) = output.strip_suffix("DlqUrl") {
        return Some((kebab(step), QueueKind::DeadLetter));
    }
    let step = output.strip_suffix("QueueUrl")?;
    let kind = if step == "Parked" { QueueKind::Parked } else { QueueKind::Work };
    Some((kebab(step), kind))
}

/// `order-apply` as the template names it: `OrderApply`.
fn pascal(step: &str) -> String {
    let mut name = String::with_capacity(step.len());
    for word in step.split('-') {
        let mut chars = word.chars();
        name.extend(chars.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(chars.as_str());
    }
    name
}

/// `OrderApply` as a step is named: `order-apply`.
fn kebab(name: &str) -> String {
    let mut step = String::with_capacity(name.len() + 2);
    for char in name.chars() {
        if char.is_ascii_uppercase() && !step.is_empty() {
            step.push('-');
        }
        step.push(char.to_ascii_lowercase());
    }
    step
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::replay::{Replay, Reply};

    fn operations(replay: &Replay) -> Operations {
        let outputs = [
            ("ArchiveBucket", "archive"),
            ("OrderApplyQueueUrl", "http://sqs/1/crossdock-order-apply"),
            ("OrderApplyDlqUrl", "http://sqs/1/crossdock-order-apply-dlq"),
            ("ParkedQueueUrl", "http://sqs/1/crossdock-parked"),
            ("TableName", "t"),
        ];
        let outputs: BTreeMap<_, _> =
            outputs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Operations::with(&replay.config(), outputs)
    }

    fn replay(replies: &[Value]) -> Replay {
        Replay::new(replies.iter().map(|reply| Reply::json(200, &reply.to_string())).collect())
    }

    fn message(id: &str, sent_ms: &str) -> Value {
        json!({
            "MessageId": id, "Body": "{}", "ReceiptHandle": "r",
            "Attributes": {"SentTimestamp": sent_ms, "ApproximateReceiveCount": "11"},
        })
    }

    #[test]
    fn queues_are_known_by_their_outputs() {
        let known = |output: &str| queue_of(output);
        assert_eq!(known("OrderApplyQueueUrl"), Some(("order-apply".to_owned(), QueueKind::Work)));
        assert_eq!(known("EdiDropDlqUrl"), Some(("edi-drop".to_owned(), QueueKind::DeadLetter)));
        assert_eq!(known("ParkedQueueUrl"), Some(("parked".to_owned(), QueueKind::Parked)));
        assert_eq!(known("ApiUrl"), None);
        assert_eq!(
            (pascal("partner-deliver"), kebab("PartnerDeliver")),
            ("PartnerDeliver".to_owned(), "partner-deliver".to_owned())
        );
    }

    #[tokio::test]
    async fn a_deployment_is_quiet_when_only_people_have_work() {
        let depth = |waiting: &str, in_flight: &str| {
            json!({"Attributes": {
                "ApproximateNumberOfMessages": waiting, "ApproximateNumberOfMessagesNotVisible": in_flight,
                "ApproximateNumberOfMessagesDelayed": "0",
            }})
        };
        // In the order of the outputs: dead letters, work, parked.
        let quiet = replay(&[depth("3", "0"), depth("0", "0"), depth("5", "0")]);
        assert!(operations(&quiet).is_quiet().await.unwrap());
        let busy = replay(&[depth("0", "0"), depth("0", "1"), depth("0", "0")]);
        assert!(!operations(&busy).is_quiet().await.unwrap());
    }

    #[tokio::test]
    async fn dead_letters_are_told_once_each_with_their_notes() {
        let missing = "<Error><Code>NoSuchKey</Code></Error>";
        let replay = Replay::new(vec![
            Reply::json(200, &json!({"Messages": [message("b", "2000"), message("a", "1000")]}).to_string()),
            Reply::json(200, &json!({"Messages": [message("b", "2000")]}).to_string()),
            Reply::json(200, "{}"),
            Reply::json(200, r#"{"code":"misconfigured"}"#),
            Reply::json(404, missing),
        ]);
        let letters = operations(&replay).dead_letters("order-apply", 50).await.unwrap();
        assert_eq!(letters.iter().map(|letter| letter.message_id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(letters[0].note, Some(json!({"code": "misconfigured"})));
        assert_eq!((letters[1].note.clone(), letters[1].received), (None, 11));
        let asked = replay.asked();
        assert_eq!(asked[0].json()["QueueUrl"], "http://sqs/1/crossdock-order-apply-dlq");
        assert!(asked[3].uri.contains("/failures/crossdock-order-apply/a.json"), "{}", asked[3].uri);
    }

    #[tokio::test]
    async fn a_redrive_starts_from_the_dead_letter_queue() {
        let replay = replay(&[json!({"Attributes": {"QueueArn": "arn:q"}}), json!({"TaskHandle": "h"})]);
        assert_eq!(operations(&replay).redrive("order-apply").await.unwrap(), "h");
        assert_eq!(replay.asked()[1].json(), json!({"SourceArn": "arn:q"}));
        let fault = operations(&replay).redrive("order-guess").await.unwrap_err();
        assert_eq!(fault.to_string(), "the stack has no output OrderGuessDlqUrl");
    }
}
