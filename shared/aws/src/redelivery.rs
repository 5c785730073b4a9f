//! A message that failed, seen from the step that reads its queue: on SQS, with notes on S3.

use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use ports::Fault;
use serde_json::Value;

use crate::objects::{Objects, client};
use crate::{Settings, classify};

/// Longest time for which a message can be kept back, in seconds (SQS's limit: twelve hours since it was received).
const DELAY_S_MAX: u32 = 12 * 60 * 60;

/// Redelivery of the messages of one queue.
#[derive(Debug, Clone)]
pub struct Redelivery {
    client: Client,
    queue_url: String,
    notes: Objects,
}

impl Redelivery {
    /// Redelivery for the function's own queue, with notes in the archive bucket.
    pub fn new(config: &SdkConfig, settings: &Settings) -> Result<Self, Fault> {
        Ok(Self {
            client: Client::new(config),
            queue_url: settings.queue_url()?.to_owned(),
            notes: Objects::new(client(config), settings.archive_bucket()?),
        })
    }
}

impl ports::Redelivery for Redelivery {
    async fn postpone(&self, receipt: &str, delay_s: u32) -> Result<(), Fault> {
        let delay_s = i32::try_from(delay_s.min(DELAY_S_MAX)).unwrap_or(i32::MAX);
        let request = self.client.change_message_visibility().queue_url(&self.queue_url).receipt_handle(receipt);
        let result = request.visibility_timeout(delay_s).send().await;
        result
            .map(drop)
            .map_err(|error| classify::fault(format!("postponement of a message of {}", self.queue_url), error))
    }

    async fn note(&self, message_id: &str, note: &Value) -> Result<(), Fault> {
        let key = note_key(&self.queue_url, message_id)?;
        let bytes =
            serde_json::to_vec_pretty(note).map_err(|error| Fault::bug("a note does not serialize").because(error))?;
        self.notes.put(&key, &bytes).await
    }
}

/// Where the note on a message lies: `failures/<queue>/<message id>.json`. A message keeps its id in the dead-letter
/// queue, so that whoever finds it there finds the note.
pub(crate) fn note_key(queue_url: &str, message_id: &str) -> Result<String, Fault> {
    let plain = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    let queue = queue_url.rsplit('/').next().unwrap_or_default();
    if plain(queue) && plain(message_id) {
        Ok(format!("failures/{queue}/{message_id}.json"))
    } else {
        Err(Fault::bug(format!("no note can be kept of message {message_id:?} of {queue_url:?}")))
    }
}

#[cfg(test)]
mod tests {
    use ports::{FaultKind, Redelivery as _};
    use serde_json::json;

    use super::*;
    use crate::replay::{Replay, Reply};

    fn redelivery(replay: &Replay) -> Redelivery {
        let settings = Settings::from_pairs([
            ("QUEUE_URL", "http://localhost:4566/000000000000/order-apply"),
            ("ARCHIVE_BUCKET", "a"),
        ]);
        Redelivery::new(&replay.config(), &settings).unwrap()
    }

    #[tokio::test]
    async fn a_message_is_postponed_for_as_long_as_sqs_can() {
        let replay = Replay::new(vec![Reply::json(200, "{}"), Reply::json(200, "{}")]);
        let redelivery = redelivery(&replay);
        redelivery.postpone("r", 30).await.unwrap();
        redelivery.postpone("r", DELAY_S_MAX + 1).await.unwrap();
        let delays: Vec<_> = replay.asked().iter().map(|asked| asked.json()["VisibilityTimeout"].clone()).collect();
        assert_eq!(delays, [30, 43_200]);
    }

    #[tokio::test]
    async fn a_note_lies_under_queue_and_message() {
        let replay = Replay::new(vec![Reply::json(200, "")]);
        let redelivery = redelivery(&replay);
        redelivery.note("6f2d-1", &json!({"code": "misconfigured"})).await.unwrap();
        let asked = &replay.asked()[0];
        assert!(asked.uri.contains("/failures/order-apply/6f2d-1.json"), "{}", asked.uri);
        assert_eq!(asked.json(), json!({"code": "misconfigured"}));
        assert_eq!(redelivery.note("../x", &json!({})).await.unwrap_err().kind, FaultKind::Bug);
    }
}
