//! Batches of queue messages: each parsed on its own, each isolated from the others' panics, each with one log line.

use std::future::Future;
use std::panic::AssertUnwindSafe;

use canonical::Code;
use futures::FutureExt as _;
use futures::StreamExt as _;
use jiff::{SignedDuration, Timestamp};
use ports::{Redelivery, Scope};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use steps::{Outcome, Verdict};

use crate::{Failed, Retry};

/// Time kept back before the runtime stops us: no message is begun that could not end. A step's calls time out after
/// four seconds at most, and rarely take a hundredth of it.
pub(crate) const MARGIN: SignedDuration = SignedDuration::from_millis(1500);

/// Longest id that is logged of a message that was not understood, in characters: as long as every id of ours.
const ID_LEN_MAX: usize = 64;

/// One message of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The queue's id of the message. Never a key of anything: the same message may come under another.
    pub id: String,
    /// With what the queue lets it be postponed.
    pub receipt: String,
    /// Its body.
    pub body: String,
    /// How many times it was received, this time included.
    pub receives: u32,
}

/// A message that ended, and what to log of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// In what it ended.
    pub verdict: Verdict,
    /// The partner.
    pub partner: String,
    /// The order release, where there is one.
    pub correlation_id: String,
    /// The message's own id.
    pub message_id: String,
}

/// The body of a function that reads a queue.
pub trait Step {
    /// The function's name.
    const NAME: &'static str;
    /// How many messages of a batch are handled side by side. One, unless a slow partner must not delay the others'.
    const SIDE_BY_SIDE: usize = 1;
    /// What a message's body holds.
    type Body: DeserializeOwned;

    /// Handles one message.
    fn run(&self, body: Self::Body, scope: Scope) -> impl Future<Output = Result<Done, Failed>>;
}

/// Runs a batch. Returns the ids of the messages that stay in the queue; each of them has been postponed as its failure
/// asks, and what failed for the last time has left a note beside the dead-letter queue.
///
/// `now` is the runtime's clock. A message for which too little time is left is not begun and comes back at once.
pub async fn run_batch<S: Step, R: Redelivery>(
    step: &S,
    redelivery: &R,
    records: Vec<Record>,
    receives_max: u32,
    now: impl Fn() -> Timestamp,
    stop_at: Timestamp,
) -> Vec<String> {
    let (now, count) = (&now, records.len());
    let handle = |record: Record| async move {
        if now() + MARGIN > stop_at && !steps::defect!(NoMargin) {
            let failed = Failed {
                code: Code::StoreUnavailable,
                reason: "too little time was left to begin".to_owned(),
                retry: Retry::After(0),
            };
            return Some(retry::<S, R>(redelivery, record, &failed, receives_max, now()).await);
        }
        let scope = Scope { now: now(), stop_at, receives: record.receives };
        match one(step, &record, scope).await {
            Ok(done) => {
                log(S::NAME, &record, &done);
                None
            }
            Err(_) if steps::defect!(ErrorSwallowed) => None,
            Err(failed) => Some(retry::<S, R>(redelivery, record, &failed, receives_max, scope.now).await),
        }
    };
    let mut failed = Vec::new();
    if S::SIDE_BY_SIDE == 1 {
        // One after the other: nothing has to keep track of them.
        for record in records {
            failed.extend(handle(record).await);
        }
    } else {
        let ended = futures::stream::iter(records).map(handle).buffered(S::SIDE_BY_SIDE);
        failed = ended.filter_map(|failed| async move { failed }).collect().await;
    }
    if steps::defect!(WholeBatchDone) && failed.len() < count {
        return Vec::new();
    }
    failed
}

async fn one<S: Step>(step: &S, record: &Record, scope: Scope) -> Result<Done, Failed> {
    // An unreadable body may come from a newer or older version of ourselves: kept for a redrive, never refused.
    let body = serde_json::from_str(&record.body)?;
    // A panic ends this message, not its batch. The step holds no state that it could leave half changed.
    AssertUnwindSafe(step.run(body, scope)).catch_unwind().await.unwrap_or_else(|panic| {
        let words = panic.downcast_ref::<&str>().copied().or(panic.downcast_ref::<String>().map(String::as_str));
        Err(Failed::bug(format!("panic: {}", words.unwrap_or("without words"))))
    })
}

async fn retry<S: Step, R: Redelivery>(
    redelivery: &R,
    record: Record,
    failed: &Failed,
    receives_max: u32,
    now: Timestamp,
) -> String {
    let last = record.receives >= receives_max;
    // After its last try it goes to the dead-letter queue when it next comes up: at once, so that the alarm rings.
    let delay_s = if last { 0 } else { failed.delay_s(record.receives, receives_max, &record.id) };
    // A line that nobody keeps costs nothing: its fields are asked for only if somebody does.
    let about = std::cell::OnceCell::new();
    let about = || about.get_or_init(|| About::of(&record.body));
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                step = S::NAME,
                outcome = "retry",
                code = failed.code.as_str(),
                partner = about().partner,
                correlation_id = about().correlation_id,
                message_id = about().message_id,
                queue_message_id = record.id,
                trace_id = trace_id_of(&record.body),
                receives = record.receives,
                last,
                delay_s,
                reason = failed.reason,
                "step failed"
            )
        };
    }
    if failed.retry == Retry::Bug || last {
        line!(error);
    } else {
        line!(warn);
    }
    if last && !steps::defect!(NoNote) {
        let note = json!({
            "step": S::NAME, "queue_message_id": record.id, "code": failed.code, "reason": failed.reason,
            "receives": record.receives, "failed_at": now, "body": record.body,
        });
        if let Err(fault) = redelivery.note(&record.id, &note).await {
            tracing::warn!(
                step = S::NAME,
                queue_message_id = record.id,
                reason = fault.chain(),
                "the failure note was not kept"
            );
        }
    }
    // If it cannot be postponed it comes back when its visibility ends: later than wanted, but it comes.
    if let Err(fault) = redelivery.postpone(&record.receipt, delay_s).await {
        tracing::warn!(
            step = S::NAME,
            queue_message_id = record.id,
            reason = fault.chain(),
            "the message was not postponed"
        );
    }
    record.id
}

/// The id of the trace that a body names, found without reading the body: a message has its `trace`, an event its
/// `traceparent`.
fn trace_id_of(body: &str) -> &str {
    let named = body.find("\"trace").and_then(|at| body.get(at..)?.split('"').nth(3));
    let id = named.and_then(|trace| trace.strip_prefix("00-")?.get(..32));
    id.filter(|id| id.bytes().all(|b| b.is_ascii_hexdigit())).unwrap_or_default()
}

/// What a message is about, as far as its body tells without being understood.
#[derive(Default)]
struct About {
    partner: String,
    correlation_id: String,
    message_id: String,
}

impl About {
    fn of(body: &str) -> Self {
        let Ok(body) = serde_json::from_str::<Value>(body) else { return Self::default() };
        // Messages have their sender and id, events their meta, deliveries their receiver: see `canonical::message`.
        let first = |paths: &[&str]| {
            let found = paths.iter().find_map(|path| body.pointer(path).and_then(Value::as_str));
            // What is no id may be any text, and is not logged.
            let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
            let is_id = |text: &&str| text.len() <= ID_LEN_MAX && text.bytes().all(plain);
            found.filter(is_id).unwrap_or_default().to_owned()
        };
        Self {
            partner: first(&["/sender/partner", "/meta/partner", "/partner"]),
            correlation_id: first(&["/meta/correlation_id", "/correlation_id"]),
            message_id: first(&["/id", "/meta/id", "/delivery"]),
        }
    }
}

fn log(step: &'static str, record: &Record, done: &Done) {
    let code = done.verdict.code.map_or("", Code::as_str);
    let outcome = done.verdict.outcome.as_str();
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                step,
                outcome,
                code,
                partner = done.partner,
                correlation_id = done.correlation_id,
                message_id = done.message_id,
                queue_message_id = record.id,
                trace_id = trace_id_of(&record.body),
                receives = record.receives,
                detail = done.verdict.detail,
                "message handled"
            )
        };
    }
    match done.verdict.outcome {
        Outcome::Applied | Outcome::Duplicate => line!(info),
        Outcome::Conflict | Outcome::Rejected | Outcome::Quarantined | Outcome::Held | Outcome::Unknown => line!(warn),
    }
}
