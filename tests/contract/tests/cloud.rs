//! The verbs in which the statements are written. `simulated.rs` carries them out in the simulator, `service.rs` on AWS
//! or what stands for it.

use std::fmt;

use canonical::{Event, EventId, EventType, Meta, PartnerId, PartnerScope};
use ports::{Fault, Key, Put};
use serde_json::{Value, json};

/// Why a statement does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unmet {
    /// Something else was seen. The words are the same each time, for they go into a document.
    Deviates(String),
    /// It could not be looked at.
    Unseen(String),
}

impl From<Fault> for Unmet {
    fn from(fault: Fault) -> Self {
        Self::Unseen(fault.chain())
    }
}

impl From<ports::CommitError> for Unmet {
    fn from(error: ports::CommitError) -> Self {
        match error {
            ports::CommitError::Fault(fault) => fault.into(),
            other => Self::Unseen(other.to_string()),
        }
    }
}

impl fmt::Display for Unmet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deviates(seen) => formatter.write_str(seen),
            Self::Unseen(why) => write!(formatter, "not seen: {why}"),
        }
    }
}

/// Whether a statement holds.
pub(crate) type Held = Result<(), Unmet>;

/// Fails the statement with what was seen, unless the condition is true.
macro_rules! holds {
    ($condition:expr, $($words:tt)+) => {
        if !$condition {
            return Err($crate::cloud::Unmet::Deviates(format!($($words)+)));
        }
    };
}
pub(crate) use holds;

/// How a queue of a statement is set.
#[derive(Debug, Clone, Copy)]
pub(crate) struct QueueSettings {
    /// Seconds for which a received message is hidden.
    pub(crate) visibility_s: u32,
    /// Receives after which it goes to the dead-letter queue.
    pub(crate) receives_max: u32,
    /// Seconds after which it is lost.
    pub(crate) retention_s: u32,
}

/// How long a statement's queue keeps messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeps {
    /// Days.
    Usual,
    /// As short as the service can.
    Shortest,
}

/// A message that was received, or lies in a dead-letter queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) receipt: String,
    pub(crate) body: String,
    pub(crate) receives: u32,
    /// When it was sent, in milliseconds since 1970.
    pub(crate) sent_ms: i64,
}

/// A service does not take what it is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused;

/// Whether a service took something; the outer error is that it could not be asked.
pub(crate) type Taken = Result<Result<(), Refused>, Unmet>;

/// A queue with its dead-letter queue, of one statement alone, which no function reads.
pub(crate) trait MessageQueue {
    fn settings(&self) -> QueueSettings;
    /// Sends each body in a request of its own.
    async fn send(&self, body: &str) -> Taken;
    /// Sends all bodies by the port that the steps send with.
    async fn send_all(&self, bodies: Vec<String>) -> Held;
    /// Receives at once what there is, `max` at most.
    async fn receive(&self, max: usize) -> Result<Vec<Message>, Unmet>;
    async fn delete(&self, receipt: &str) -> Held;
    async fn postpone(&self, receipt: &str, delay_s: u32) -> Taken;
    /// What lies in the dead-letter queue. It stays there.
    async fn dead(&self) -> Result<Vec<Message>, Unmet>;
    /// Moves all dead letters back.
    async fn redrive(&self) -> Held;
}

/// Where a function got something from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Stream,
    /// Announcements of dropped files.
    EdiDrop,
    /// The statement itself, by `feed`.
    Fed,
    /// The rule on two types.
    OrderDispatch,
    /// The rule on beginnings of types.
    ShipmentFanout,
}

/// What a function got: a message or a record of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Got {
    pub(crate) from: Origin,
    /// The message's id, or the record's number.
    pub(crate) id: String,
    pub(crate) receives: u32,
    /// The body; of the stream, the events in the image.
    pub(crate) body: Value,
}

impl Got {
    /// What the statement numbered it.
    pub(crate) fn n(&self) -> Option<u64> {
        let one = self.body.get(0).unwrap_or(&self.body);
        one.get("data").unwrap_or(one).get("n").and_then(Value::as_u64)
    }
}

/// One invocation of the stand-in, as far as it concerns the statement.
pub(crate) type Batch = Vec<Got>;

/// What the client of the API got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }
}

/// One of everything, for one statement.
pub(crate) trait Cloud {
    type Queue: MessageQueue;
    type Table: ports::Table;
    type Archive: ports::Archive;
    type Exchange: ports::Exchange;
    type Bus: ports::Bus;
    /// For as long as it lives, no other statement makes a function fail on the stream.
    type Alone;

    /// Tells the statement's things from all others.
    fn tag(&self) -> &str;
    /// Lets so many seconds pass, in which functions work.
    async fn wait(&self, seconds: u32) -> Held;
    /// Looks that are worth it, with `glance` between them, until something that shall happen has happened.
    fn looks_max(&self) -> usize;
    /// Lets a moment pass.
    async fn glance(&self) -> Held;

    async fn queue(&self, keeps: Keeps) -> Result<Self::Queue, Unmet>;
    fn table(&self) -> Result<Self::Table, Fault>;
    fn archive(&self) -> Result<Self::Archive, Fault>;
    fn exchange(&self) -> Result<Self::Exchange, Fault>;
    fn bus(&self) -> Result<Self::Bus, Fault>;

    /// Writes items in one transaction, past what the adapter itself refuses.
    async fn transact(&self, puts: Vec<Put>) -> Taken;
    /// Publishes an event, past what the adapter itself refuses.
    async fn publish(&self, event: Event) -> Taken;
    /// Whether the item waits for somebody, as the index says.
    async fn is_open(&self, key: &Key) -> Result<bool, Unmet>;
    /// A partner puts a file into its inbox.
    async fn drop_file(&self, partner: &str, name: &str, bytes: &[u8]) -> Held;
    /// What lies in a partner's outbox under a name.
    async fn put_out(&self, partner: &PartnerId, name: &str) -> Result<Option<Vec<u8>>, Unmet>;
    /// Keeps others away from the stream while a function fails on it: what fails takes its whole batch along.
    async fn alone(&self) -> Self::Alone;
    /// Sends bodies to the statement's own queue before the stand-in.
    async fn feed(&self, bodies: Vec<String>) -> Held;
    /// How the queue is set that is fed.
    fn fed_settings(&self) -> QueueSettings;
    /// What was fed and is in the dead-letter queue.
    async fn fed_dead(&self) -> Result<Vec<Message>, Unmet>;
    /// Every invocation of the stand-in so far, in order.
    async fn seen(&self) -> Result<Vec<Batch>, Unmet>;
    /// A request to the API.
    async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Answer, Unmet>;
}

/// Looks until `look` gives something; none if it never does.
pub(crate) async fn until<C: Cloud, T>(
    cloud: &C,
    mut look: impl AsyncFnMut() -> Result<Option<T>, Unmet>,
) -> Result<Option<T>, Unmet> {
    for _ in 0..cloud.looks_max() {
        if let Some(found) = look().await? {
            return Ok(Some(found));
        }
        cloud.glance().await?;
    }
    Ok(None)
}

/// What the stand-in has seen when `enough` of it has been; all that it saw if that never comes.
pub(crate) async fn seen_when<C: Cloud>(cloud: &C, enough: impl Fn(&[Batch]) -> bool) -> Result<Vec<Batch>, Unmet> {
    let seen = async || Ok(Some(cloud.seen().await?).filter(|seen| enough(seen)));
    match until(cloud, seen).await? {
        Some(seen) => Ok(seen),
        None => cloud.seen().await,
    }
}

/// How often the stand-in got number `n`.
pub(crate) fn times(seen: &[Batch], n: u64) -> usize {
    seen.iter().flatten().filter(|got| got.n() == Some(n)).count()
}

/// A body that tells the stand-in what to do with it.
pub(crate) fn told<C: Cloud>(cloud: &C, n: u64, what: &str) -> Value {
    json!({ "tag": cloud.tag(), "n": n, "do": what })
}

/// An event of this type that carries what [`told`] says.
pub(crate) fn event<C: Cloud>(cloud: &C, kind: EventType, n: u64, what: &str) -> Result<Event, Unmet> {
    let scope = scope()?;
    let now = "2026-11-25T10:00:00Z".parse().map_err(|_| Unmet::Unseen("a time".to_owned()))?;
    let dedup_key = format!("{}-{n}", cloud.tag());
    let meta = Meta {
        id: EventId::derive(&scope.tenant, kind.as_str(), &dedup_key),
        kind,
        source: "contract".to_owned(),
        time: now,
        received_at: now,
        correlation_id: None,
        causation_id: cloud.tag().to_owned(),
        partner: scope.partner,
        parties: Vec::new(),
        tenant: scope.tenant,
        schema: format!("{kind}.json"),
        profile_version: "0".to_owned(),
        seq: n,
        dedup_key,
        ordering_key: cloud.tag().to_owned(),
        raw_ref: None,
        traceparent: None,
    };
    Ok(Event { meta, data: told(cloud, n, what) })
}

/// A key of the statement's own.
pub(crate) fn key<C: Cloud>(cloud: &C, name: &str) -> Result<Key, Unmet> {
    Ok(Key::depositor(&scope()?, &format!("{}-{name}", cloud.tag())))
}

fn scope() -> Result<PartnerScope, Unmet> {
    let known = |what: &str| Unmet::Unseen(format!("{what} is no id"));
    let tenant = "contract".parse().map_err(|_| known("contract"))?;
    let partner = "probe".parse().map_err(|_| known("probe"))?;
    Ok(PartnerScope { tenant, partner })
}
