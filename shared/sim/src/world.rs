//! The world: everything that outlives a function, and the clock.

use std::cell::{Ref, RefCell, RefMut};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use canonical::{Digest, Event, PartnerId};
use handlers::{Request, Response};
use jiff::{SignedDuration, Timestamp};
use partners::Bundle;
use ports::Key;
use serde_json::Value;

use crate::outside::Endpoint;
use crate::probe::Held;
use crate::queues::{Entry, Store, later};
use crate::{Faults, Kind, QueueName, RULES, Schedule, Twins};

/// Everything that outlives a function. Cheap to clone: the clones are one world; [`World::fork`] makes another.
#[derive(Debug, Clone)]
pub struct World {
    state: Rc<RefCell<State>>,
}

/// An item of the table.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) version: u64,
    pub(crate) value: Value,
    /// Whether it is in the index of what waits for somebody.
    pub(crate) open: bool,
}

/// One write of one item, as the table's stream tells it.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    pub(crate) key: Key,
    pub(crate) version: u64,
    pub(crate) events: Vec<Event>,
}

/// The relay from the stream to the bus.
#[derive(Debug, Clone, Default)]
pub(crate) struct Relay {
    /// How much of the stream it has behind it.
    pub(crate) done: usize,
    /// Whether it is at work.
    pub(crate) busy: bool,
    /// When it may try again.
    pub(crate) again_at: Option<Timestamp>,
    /// Tries of what is next.
    pub(crate) tries: u32,
    /// What it gave up: ranges of the stream.
    pub(crate) given_up: Vec<std::ops::Range<usize>>,
}

/// An object that was dropped or put out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Object {
    /// Every version that was ever put, the last one in force.
    pub(crate) versions: Vec<Vec<u8>>,
}

#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) now: Timestamp,
    /// Port calls begun so far: how many things each changes.
    pub(crate) calls: Vec<usize>,
    /// The future that is being polled shall be dropped.
    pub(crate) kill: bool,
    /// The future that is being polled stands before an effect that others can see: another may go first.
    pub(crate) before_effect: bool,
    pub(crate) faults: Faults,
    pub(crate) schedule: Schedule,
    pub(crate) twins: Twins,
    pub(crate) workers_max: usize,
    pub(crate) batch_max: usize,
    pub(crate) table: BTreeMap<Key, Item>,
    pub(crate) stream: Vec<Written>,
    pub(crate) relay: Relay,
    pub(crate) queues: BTreeMap<QueueName, Store>,
    pub(crate) notes: BTreeMap<(QueueName, String), Value>,
    pub(crate) archive: BTreeMap<Digest, Vec<u8>>,
    pub(crate) inbox: BTreeMap<String, Object>,
    pub(crate) outbox: BTreeMap<(PartnerId, String), Object>,
    pub(crate) bundle: Arc<Bundle>,
    /// What stands in for every function, if anything does.
    pub(crate) stand_in: Option<Held>,
    pub(crate) endpoints: BTreeMap<PartnerId, Endpoint>,
    /// Requests to the API that were submitted, by number, and the answers to them.
    pub(crate) requests: VecDeque<(usize, Request)>,
    pub(crate) answers: BTreeMap<usize, Option<Response>>,
    /// Every publication, in order, repetitions included.
    pub(crate) published: Vec<Event>,
    next_message: u64,
    trace: Vec<(Timestamp, String)>,
}

impl World {
    /// A world in which `bundle` is published and nothing has happened. Each partner with an endpoint has a system that
    /// takes calls and dedupes, or does not, as its profile says.
    pub fn new(bundle: Arc<Bundle>, start: Timestamp) -> Self {
        let state = State {
            now: start,
            calls: Vec::new(),
            kill: false,
            before_effect: false,
            faults: Faults::none(),
            schedule: Schedule::InOrder,
            twins: Twins::None,
            workers_max: 1,
            batch_max: usize::MAX,
            table: BTreeMap::new(),
            stream: Vec::new(),
            relay: Relay::default(),
            queues: BTreeMap::new(),
            notes: BTreeMap::new(),
            archive: BTreeMap::new(),
            inbox: BTreeMap::new(),
            outbox: BTreeMap::new(),
            endpoints: Endpoint::all(&bundle),
            bundle,
            stand_in: None,
            requests: VecDeque::new(),
            answers: BTreeMap::new(),
            published: Vec::new(),
            next_message: 0,
            trace: Vec::new(),
        };
        Self { state: Rc::new(RefCell::new(state)) }
    }

    /// Another world that is as this one is now. Nothing must be running.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self { state: Rc::new(RefCell::new(self.state().clone())) }
    }

    /// Sets what goes wrong from now on. The numbers of calls go on.
    pub fn set_faults(&self, faults: Faults) {
        self.change().faults = faults;
    }

    /// Sets who goes next where several could.
    pub fn set_schedule(&self, schedule: Schedule) {
        self.change().schedule = schedule;
    }

    /// The schedule, with what was possible so far.
    pub fn schedule(&self) -> Schedule {
        self.state().schedule.clone()
    }

    /// Sets whether messages are delivered twice.
    pub fn set_twins(&self, twins: Twins) {
        self.change().twins = twins;
    }

    /// Sets how many functions may run at once, and how many messages a batch has at most.
    pub fn set_workers(&self, workers_max: usize, batch_max: usize) {
        let mut state = self.change();
        (state.workers_max, state.batch_max) = (workers_max, batch_max);
    }

    /// Publishes other profiles. The partners' systems stay as they are; new ones come.
    pub fn set_bundle(&self, bundle: Arc<Bundle>) {
        let mut state = self.change();
        for (partner, endpoint) in Endpoint::all(&bundle) {
            state.endpoints.entry(partner).or_insert(endpoint);
        }
        state.bundle = bundle;
    }

    /// The moment.
    pub fn now(&self) -> Timestamp {
        self.state().now
    }

    /// Lets time pass in which nobody does anything.
    pub fn wait(&self, time: SignedDuration) {
        let mut state = self.change();
        state.now = later(state.now, time.as_secs());
    }

    /// Port calls begun so far.
    pub fn calls(&self) -> u64 {
        self.state().calls.len() as u64
    }

    /// The ways in which a call that was begun can go wrong so that it makes a difference. Of a call that only reads it is
    /// the same whether it fails before its effect or after; only of several things half can be done.
    pub fn kinds_of(&self, call: u64) -> &'static [Kind] {
        let place = call.checked_sub(1).and_then(|place| usize::try_from(place).ok());
        match place.and_then(|place| self.state().calls.get(place).copied()) {
            None => &[],
            Some(0) => &[Kind::CrashBefore, Kind::ErrorBefore],
            Some(1) => &[Kind::CrashBefore, Kind::CrashAfter, Kind::ErrorBefore, Kind::AckLost],
            Some(_) => &Kind::ALL,
        }
    }

    /// What happened, line by line.
    pub fn trace(&self) -> Vec<String> {
        self.state().trace.iter().map(|(at, line)| format!("{at} {line}")).collect()
    }

    /// What happened, in one digest: the same for the same inputs, faults and schedule.
    pub fn trace_hash(&self) -> Digest {
        Digest::of(self.trace().join("\n").as_bytes())
    }

    pub(crate) fn state(&self) -> Ref<'_, State> {
        self.state.borrow()
    }

    pub(crate) fn change(&self) -> RefMut<'_, State> {
        self.state.borrow_mut()
    }
}

impl State {
    /// Writes a line of the trace.
    pub(crate) fn tell(&mut self, line: std::fmt::Arguments<'_>) {
        self.trace.push((self.now, line.to_string()));
    }

    /// Puts a message into a queue, and its twin if there shall be one.
    pub(crate) fn enqueue(&mut self, queue: QueueName, body: String) {
        self.next_message += 1;
        let entry = Entry {
            id: format!("m-{}", self.next_message),
            copy: self.next_message,
            body,
            sent_at: self.now,
            visible_at: self.now,
            receives: 0,
            in_flight: false,
        };
        let twin_at = match self.twins {
            Twins::None => None,
            Twins::Together => Some(self.now),
            Twins::Later(time) => Some(later(self.now, time.as_secs())),
        };
        let twin = twin_at.filter(|_| queue != QueueName::Parked).map(|visible_at| {
            self.next_message += 1;
            Entry { copy: self.next_message, visible_at, ..entry.clone() }
        });
        self.queues.entry(queue).or_default().entries.extend([Some(entry), twin].into_iter().flatten());
    }

    /// Puts a message that died back into its queue, as a new message.
    pub(crate) fn revive(&mut self, queue: QueueName, dead: Entry) {
        self.next_message += 1;
        let entry = Entry {
            id: format!("m-{}", self.next_message),
            copy: self.next_message,
            sent_at: self.now,
            visible_at: self.now,
            receives: 0,
            ..dead
        };
        self.queues.entry(queue).or_default().entries.push(entry);
    }

    /// Publishes an event: every rule that takes it feeds its queue.
    pub(crate) fn publish(&mut self, event: Event) -> Result<(), serde_json::Error> {
        let rules = RULES.iter().filter(|rule| rule.takes(event.meta.kind));
        let queues: Vec<QueueName> = rules.map(|rule| rule.queue).collect();
        if !queues.is_empty() {
            let body = serde_json::to_string(&event)?;
            for queue in queues {
                self.enqueue(queue, body.clone());
            }
        }
        self.published.push(event);
        Ok(())
    }
}
