//! The verbs, carried out in the simulator: each statement has a world of its own.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use canonical::{Event, PartnerId};
use handlers::{Request, Response};
use jiff::SignedDuration;
use partners::SourceFile;
use ports::{Bus as _, Commit, CommitError, Fault, FaultKind, Key, Put, Queue as _, StepQueue};
use serde_json::{Value, json};
use sim::{Doing, QueueName, Source, StandIn, World};

use crate::cloud::{
    Answer, Batch, Cloud, Got, Held, Keeps, Message, MessageQueue, Origin, QueueSettings, Refused, Taken, Unmet,
};

/// The queue of a statement, which nobody reads while it is handled by hand.
const QUEUE: QueueName = QueueName::OrderApply;
/// Looks, a virtual second apart.
const LOOKS_MAX: usize = 7_000;
/// Polls of one statement: what takes more waits for nothing.
const POLLS_MAX: usize = 1_000_000;

/// A world with the stand-in.
pub(crate) struct Simulated {
    world: World,
    tag: String,
    probe: Rc<Probe>,
    /// Whether the statement handles its queue by hand, so that no function shall.
    by_hand: Cell<bool>,
}

impl Simulated {
    pub(crate) fn new(id: &str) -> Result<Self, String> {
        let house = "tenant = \"contract\"\nname = \"Contract\"\n[edi]\nqualifier = \"ZZ\"\nid = \"C\"\n".to_owned();
        let files = [SourceFile { name: "house.toml".to_owned(), text: house }];
        let bundle = partners::compile(&files, &BTreeMap::new()).map_err(|lints| format!("{lints:?}"))?;
        let start = "2026-11-25T10:00:00Z".parse().map_err(|error| format!("{error}"))?;
        let world = World::new(Arc::new(bundle), start);
        let probe = Rc::new(Probe { world: world.clone(), seen: RefCell::default(), done: RefCell::default() });
        world.set_stand_in(Rc::clone(&probe) as Rc<dyn StandIn>);
        Ok(Self { world, tag: id.to_owned(), probe, by_hand: Cell::new(false) })
    }

    /// Runs a statement to its end.
    pub(crate) fn run(statement: impl Future<Output = Held>) -> Held {
        let mut statement = pin!(statement);
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..POLLS_MAX {
            if let Poll::Ready(held) = statement.as_mut().poll(&mut context) {
                return held;
            }
        }
        Err(Unmet::Unseen("the statement does not end".to_owned()))
    }
}

fn refused(fault: Fault) -> Taken {
    if fault.kind == FaultKind::Transient { Err(fault.into()) } else { Ok(Err(Refused)) }
}

pub(crate) struct Queue(World);

impl MessageQueue for Queue {
    fn settings(&self) -> QueueSettings {
        let settings = QUEUE.settings();
        let seconds = |given: i64| u32::try_from(given).unwrap_or(u32::MAX);
        QueueSettings {
            visibility_s: seconds(settings.visibility_s),
            receives_max: settings.receives_max,
            retention_s: seconds(settings.retention_s),
        }
    }

    async fn send(&self, body: &str) -> Taken {
        match sim::Queue::of(&self.0).send(StepQueue::OrderApply, vec![body.to_owned()]).await {
            Ok(()) => Ok(Ok(())),
            Err(fault) => refused(fault),
        }
    }

    async fn send_all(&self, bodies: Vec<String>) -> Held {
        Ok(sim::Queue::of(&self.0).send(StepQueue::OrderApply, bodies).await?)
    }

    async fn receive(&self, max: usize) -> Result<Vec<Message>, Unmet> {
        Ok(self.0.receive(QUEUE, max).into_iter().map(message).collect())
    }

    async fn delete(&self, receipt: &str) -> Held {
        self.0.delete(QUEUE, receipt);
        Ok(())
    }

    async fn postpone(&self, receipt: &str, delay_s: u32) -> Taken {
        Ok(self.0.postpone(QUEUE, receipt, delay_s).then_some(()).ok_or(Refused))
    }

    async fn dead(&self) -> Result<Vec<Message>, Unmet> {
        Ok(self.0.dead_messages(QUEUE).into_iter().map(message).collect())
    }

    async fn redrive(&self) -> Held {
        self.0.redrive(QUEUE);
        Ok(())
    }
}

fn message(from: sim::Message) -> Message {
    Message {
        id: from.id,
        receipt: from.receipt,
        body: from.body,
        receives: from.receives,
        sent_ms: from.sent_at.as_millisecond(),
    }
}

impl Cloud for Simulated {
    type Queue = Queue;
    type Table = sim::Table;
    type Archive = sim::Archive;
    type Exchange = sim::Exchange;
    type Bus = sim::Bus;
    type Alone = ();

    fn tag(&self) -> &str {
        &self.tag
    }

    async fn wait(&self, seconds: u32) -> Held {
        let time = SignedDuration::from_secs(seconds.into());
        if self.by_hand.get() {
            self.world.wait(time);
            return Ok(());
        }
        self.world.run_for(time).map_err(|_| Unmet::Unseen("the world does not come to rest".to_owned()))
    }

    fn looks_max(&self) -> usize {
        LOOKS_MAX
    }

    async fn glance(&self) -> Held {
        self.wait(1).await
    }

    async fn queue(&self, _: Keeps) -> Result<Queue, Unmet> {
        self.by_hand.set(true);
        Ok(Queue(self.world.clone()))
    }

    fn table(&self) -> Result<sim::Table, Fault> {
        Ok(sim::Table::of(&self.world))
    }

    fn archive(&self) -> Result<sim::Archive, Fault> {
        Ok(sim::Archive::of(&self.world))
    }

    fn exchange(&self) -> Result<sim::Exchange, Fault> {
        Ok(sim::Exchange::of(&self.world))
    }

    fn bus(&self) -> Result<sim::Bus, Fault> {
        Ok(sim::Bus::of(&self.world))
    }

    async fn transact(&self, puts: Vec<Put>) -> Taken {
        match ports::Table::commit(&sim::Table::of(&self.world), Commit { puts }).await {
            Ok(()) => Ok(Ok(())),
            Err(CommitError::Fault(fault)) => refused(fault),
            Err(error) => Err(error.into()),
        }
    }

    async fn publish(&self, event: Event) -> Taken {
        match sim::Bus::of(&self.world).publish(vec![event]).await {
            Ok(()) => Ok(Ok(())),
            Err(fault) => refused(fault),
        }
    }

    async fn is_open(&self, key: &Key) -> Result<bool, Unmet> {
        Ok(self.world.open_keys().iter().any(|open| open == key.pk()))
    }

    async fn drop_file(&self, partner: &str, name: &str, bytes: &[u8]) -> Held {
        self.world.drop_file(partner, name, bytes);
        Ok(())
    }

    async fn put_out(&self, partner: &PartnerId, name: &str) -> Result<Option<Vec<u8>>, Unmet> {
        let outbox = self.world.outbox(partner.as_str()).into_iter();
        Ok(outbox.filter(|(given, _)| given == name).map(|(_, bytes)| bytes).next())
    }

    async fn alone(&self) {}

    async fn feed(&self, bodies: Vec<String>) -> Held {
        Ok(sim::Queue::of(&self.world).send(StepQueue::OrderApply, bodies).await?)
    }

    fn fed_settings(&self) -> QueueSettings {
        Queue(self.world.clone()).settings()
    }

    async fn fed_dead(&self) -> Result<Vec<Message>, Unmet> {
        Ok(self.world.dead_messages(QUEUE).into_iter().map(message).collect())
    }

    async fn seen(&self) -> Result<Vec<Batch>, Unmet> {
        Ok(self.probe.seen.borrow().clone())
    }

    async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Answer, Unmet> {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let request = Request {
            method: method.to_owned(),
            path: path.to_owned(),
            headers,
            body: body.to_vec(),
            ..Request::default()
        };
        let answered = self.world.ask(request).map_err(|_| Unmet::Unseen("the world is not at rest".to_owned()))?;
        // The simulator's clients see no answer where the gateway makes one up.
        Ok(answered.map_or(Answer { status: 500, headers: Vec::new(), body: Vec::new() }, |response| Answer {
            status: response.status,
            headers: response.headers,
            body: response.body,
        }))
    }
}

/// The stand-in; `probe.py` is the same behind the services.
struct Probe {
    world: World,
    seen: RefCell<Vec<Batch>>,
    done: RefCell<BTreeSet<u64>>,
}

impl StandIn for Probe {
    fn batch(&self, source: Source, batch: &[sim::Message]) -> Doing {
        let got: Vec<Got> = batch.iter().map(|message| got(source, message)).collect();
        self.seen.borrow_mut().push(got.clone());
        let mut failed = Vec::new();
        for (message, got) in batch.iter().zip(&got) {
            let one = got.body.get(0).unwrap_or(&got.body);
            let told = one.get("data").unwrap_or(one);
            let what = told.get("do").and_then(Value::as_str).unwrap_or("ok");
            let first = || self.done.borrow_mut().insert(got.n().unwrap_or_default());
            if what == "ok" || what != "fail" && !first() {
                continue;
            }
            match what {
                "raise-once" => return Doing::Fails,
                "hang-once" => return Doing::Hangs,
                "null-once" => return Doing::Reports(Vec::new()),
                "nameless-once" => return Doing::Reports(vec![String::new()]),
                "postpone-once" => {
                    let delay_s = told.get("delay_s").and_then(Value::as_u64).unwrap_or(0);
                    let delay_s = u32::try_from(delay_s).unwrap_or(u32::MAX);
                    if let Source::Queue(queue) = source {
                        self.world.postpone(queue, &message.receipt, delay_s);
                    }
                }
                _ => {}
            }
            failed.push(message.id.clone());
        }
        Doing::Reports(failed)
    }

    fn answer(&self, request: &Request) -> Option<Response> {
        let answer = |status, headers: &[(&str, &str)], body: Vec<u8>| {
            let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            Some(Response { headers, ..Response::json(status, body, "applied") })
        };
        match request.header("x-do").unwrap_or_default() {
            "raise" | "hang" => None,
            "bytes" => {
                let headers = [("content-type", "application/octet-stream"), ("x-own", "yes")];
                answer(201, &headers, request.body.clone())
            }
            "refuse" => {
                let headers = [("content-type", "application/problem+json"), ("retry-after", "7")];
                answer(422, &headers, request.body.clone())
            }
            _ => {
                let headers: BTreeMap<_, _> = request.headers.iter().cloned().collect();
                let seen = json!({
                    "method": request.method, "path": request.path, "headers": headers,
                    "body": STANDARD.encode(&request.body),
                });
                answer(200, &[("content-type", "application/json")], seen.to_string().into_bytes())
            }
        }
    }
}

fn got(source: Source, message: &sim::Message) -> Got {
    let from = match source {
        Source::Queue(QueueName::EdiDrop) => Origin::EdiDrop,
        Source::Queue(QueueName::OrderDispatch) => Origin::OrderDispatch,
        Source::Queue(QueueName::ShipmentFanout) => Origin::ShipmentFanout,
        Source::Queue(_) => Origin::Fed,
        Source::Api | Source::Stream | Source::Clock | Source::Resume => Origin::Stream,
    };
    let body = serde_json::from_str(&message.body).unwrap_or_default();
    Got { from, id: message.id.clone(), receives: message.receives, body }
}
