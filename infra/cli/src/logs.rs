//! The functions' log lines on the local stack, where they are kept as CloudWatch Logs keeps them.
//!
//! The emulator takes its root's requests without checking their signature, so none is computed here. On AWS, CloudWatch
//! Logs Insights asks the same: every line is one JSON object with `step`, `outcome` and `correlation_id`.

use aws::Http;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Error, RunningStack};

/// Most lines asked for in one request, as CloudWatch Logs allows.
const LINES_MAX: usize = 10_000;

/// A log line of a step.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct LogLine {
    /// How the message ended.
    #[serde(default)]
    pub(crate) outcome: String,
    /// In words.
    #[serde(default)]
    pub(crate) detail: String,
    /// The words of the line itself.
    #[serde(default)]
    pub(crate) message: String,
    /// Of a request: who sent it.
    #[serde(default)]
    pub(crate) partner: String,
    /// Of a request: what it asked for.
    #[serde(default)]
    pub(crate) operation: String,
    /// Of a request: by which version it was answered.
    #[serde(default)]
    pub(crate) api_version: String,
    /// Of a request: whether that version is deprecated.
    #[serde(default)]
    pub(crate) deprecated: bool,
}

impl LogLine {
    /// Whether it tells of something that had been absorbed before. A message that asks nothing of a step ends as a
    /// duplicate too, but was never told twice.
    pub(crate) fn is_absorbed(&self) -> bool {
        self.outcome == "duplicate" && (self.message == "request answered" || self.detail.contains("before"))
    }
}

/// The lines of `function` that hold `word`. A function that never ran has none.
pub(crate) async fn lines(
    http: &Http,
    stack: &RunningStack,
    function: &str,
    word: &str,
) -> Result<Vec<LogLine>, Error> {
    let credential = format!("{}/20260101/{}/logs/aws4_request", stack.access_key, stack.region);
    let headers = [("x-amz-target", "Logs_20140328.FilterLogEvents"), ("content-type", "application/x-amz-json-1.1")];
    let mut headers: Vec<(String, String)> = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    headers.push((
        "authorization".to_owned(),
        format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=none"),
    ));
    let asked = json!({
        "logGroupName": format!("/aws/lambda/crossdock-local-{function}"),
        "filterPattern": word,
        "limit": LINES_MAX,
    });
    let reply = http.send("POST", &stack.endpoint, &headers, asked.to_string().as_bytes()).await?;
    if reply.status != 200 {
        return Ok(Vec::new());
    }
    let found: Value = serde_json::from_slice(&reply.body).map_err(Error::json("the emulator's log"))?;
    let events = found.get("events").and_then(Value::as_array).into_iter().flatten();
    Ok(events
        .filter_map(|event| event.get("message").and_then(Value::as_str))
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect())
}
