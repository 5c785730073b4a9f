//! The world: everything that outlives a function, and the clock.

use std::cell::{Ref, RefCell, RefMut};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use canonical::{Digest, Event, PartnerId};
use handlers::{Request, Response};
use jiff::{SignedDuration, Timestamp};
use partners::Bundle;
use ports::{Key, OpenSince};
use serde_json::Value;

use crate::alike::{Alike, Counted};
use crate::chances::Dice;
use crate::outside::Endpoint;
use crate::probe::Held;
use crate::queues::{Entry, Store, later};
use crate::trace::Trace;
use crate::watch::{Parts, Watch};
use crate::{Chances, Faults, Kind, QueueName, RULES, Schedule, Twins};

/// An effect that nobody waits for any more.
#[derive(Clone)]
pub(crate) struct LateEffect {
    /// When it happens.
    pub(crate) at: Timestamp,
    /// The same number, the same effect: [`crate::alike::Alike::origin`].
    pub(crate) origin: u64,
    effect: Rc<dyn Fn(&mut State)>,
}

/// A message that nobody can read.
pub(crate) const POISON: &str = "no message at all";

/// Everything that outlives a function. Cheap to clone: the clones are one world; [`World::fork`] makes another.
#[derive(Clone)]
pub struct World {
    state: Rc<RefCell<State>>,
    late: Rc<RefCell<Vec<LateEffect>>>,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("state", &self.state).finish_non_exhaustive()
    }
}

/// What the function that is being polled says of itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct Polling {
    /// It shall be dropped.
    pub(crate) kill: bool,
    /// It stands before an effect that others can see: another may go first.
    pub(crate) before_effect: bool,
    /// Something of it can go on at once.
    pub(crate) yielded: bool,
    /// Something of it waits until then.
    pub(crate) asleep_until: Option<Timestamp>,
    /// The messages that it holds, by their receipts.
    pub(crate) holds: Option<(QueueName, Rc<[String]>)>,
}

/// An item of the table.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) version: u64,
    pub(crate) doc: Rc<str>,
    /// Where in `doc` stands what may only grow.
    pub(crate) parts: Rc<Parts>,
    /// Its number, if somebody asks whether worlds are alike.
    pub(crate) alike: Counted,
    /// Its place in the index of what waits for somebody, if it is there.
    pub(crate) open: Option<OpenSince>,
    /// When it is in the index of what is due, if it is there.
    pub(crate) due: Option<Timestamp>,
    /// What the index of what waits still shows instead, and until when.
    pub(crate) shown: Option<(Timestamp, Option<Shown>)>,
}

/// An item as the index of what waits has it: its place, and its content.
pub(crate) type Shown = (OpenSince, Rc<str>);

impl Item {
    /// What the index of what waits has of it.
    pub(crate) fn shown(&self, now: Timestamp) -> Option<(&OpenSince, &Rc<str>)> {
        match &self.shown {
            Some((until, before)) if now < *until => before.as_ref().map(|(open, doc)| (open, doc)),
            _ => self.open.as_ref().map(|open| (open, &self.doc)),
        }
    }
}

/// One write of one item, as the table's stream tells it.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    pub(crate) key: Key,
    pub(crate) version: u64,
    pub(crate) events: Vec<Event>,
    /// The number of its events and item, if somebody asks whether worlds are alike.
    pub(crate) alike: u64,
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
    pub(crate) versions: Vec<Rc<[u8]>>,
}

#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) now: Timestamp,
    /// Port calls begun so far: how many things each changes.
    pub(crate) calls: Vec<usize>,
    pub(crate) polling: Polling,
    pub(crate) faults: Faults,
    pub(crate) dice: Dice,
    /// The calls that went wrong so far.
    pub(crate) fired: Vec<(u64, Kind)>,
    pub(crate) watch: Watch,
    pub(crate) schedule: Schedule,
    pub(crate) twins: Twins,
    pub(crate) workers_max: usize,
    pub(crate) batch_max: usize,
    pub(crate) table: BTreeMap<Key, Item>,
    /// Requests by partner and window.
    pub(crate) counts: BTreeMap<Key, u32>,
    /// The index of what is due, by seconds since 1970.
    pub(crate) dues: BTreeSet<(i64, Key)>,
    /// Places of the breakers that have to be looked at.
    pub(crate) breakers: BTreeSet<String>,
    /// When the clock calls the function again that looks at what is due; one at a time.
    pub(crate) clock: Option<Timestamp>,
    /// When it calls the one again that looks at breakers.
    pub(crate) resumes: Option<Timestamp>,
    pub(crate) stream: Vec<Rc<Written>>,
    pub(crate) relay: Relay,
    pub(crate) queues: BTreeMap<QueueName, Store>,
    pub(crate) notes: BTreeMap<(QueueName, String), Value>,
    pub(crate) archive: BTreeMap<Digest, Rc<[u8]>>,
    /// What was claimed, by name.
    pub(crate) register: BTreeMap<String, Rc<[u8]>>,
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
    pub(crate) published: Vec<Rc<Event>>,
    /// Messages that nobody can read and that came by chance.
    pub(crate) poisons: usize,
    next_message: u64,
    pub(crate) trace: Trace,
    pub(crate) alike: Alike,
}

impl World {
    /// A world in which `bundle` is published and nothing has happened. Each partner with an endpoint has a system that
    /// takes calls and dedupes, or does not, as its profile says.
    pub fn new(bundle: Arc<Bundle>, start: Timestamp) -> Self {
        let state = State {
            now: start,
            calls: Vec::new(),
            polling: Polling::default(),
            faults: Faults::none(),
            dice: Dice::default(),
            fired: Vec::new(),
            watch: Watch::default(),
            schedule: Schedule::InOrder,
            twins: Twins::None,
            workers_max: 1,
            batch_max: usize::MAX,
            table: BTreeMap::new(),
            counts: BTreeMap::new(),
            dues: BTreeSet::new(),
            breakers: BTreeSet::new(),
            clock: Some(start),
            resumes: Some(start),
            stream: Vec::new(),
            relay: Relay::default(),
            queues: BTreeMap::new(),
            notes: BTreeMap::new(),
            archive: BTreeMap::new(),
            register: BTreeMap::new(),
            inbox: BTreeMap::new(),
            outbox: BTreeMap::new(),
            endpoints: Endpoint::all(&bundle),
            bundle,
            stand_in: None,
            requests: VecDeque::new(),
            answers: BTreeMap::new(),
            published: Vec::new(),
            poisons: 0,
            next_message: 0,
            trace: Trace::with_lines(),
            alike: Alike::default(),
        };
        Self { state: Rc::new(RefCell::new(state)), late: Rc::default() }
    }

    /// Another world that is as this one is now. Nothing must be running.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self { state: Rc::new(RefCell::new(self.state().clone())), late: Rc::new(self.late.as_ref().clone()) }
    }

    /// Sets what goes wrong by chance from now on.
    pub fn set_chances(&self, chances: Chances) {
        self.change().dice = Dice::of(chances);
    }

    /// The calls that went wrong so far, and how: with [`Faults::with`] the same happens again without chance.
    pub fn fired(&self) -> Vec<(u64, Kind)> {
        self.state().fired.clone()
    }

    /// What offended a rule so far that is held at every write and every effect, in words.
    pub fn offences(&self) -> Vec<String> {
        self.state().watch.found.clone()
    }

    /// Has the lines of the trace kept from now on, or not: they cost as much as half of what happens. The number of the
    /// trace is the same.
    pub fn keep_lines(&self, keep: bool) {
        self.change().trace.keep_lines(keep);
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

    /// The profiles in force.
    pub fn bundle(&self) -> Arc<Bundle> {
        Arc::clone(&self.state().bundle)
    }

    /// The moment.
    pub fn now(&self) -> Timestamp {
        self.state().now
    }

    /// Lets time pass in which nobody does anything.
    pub fn wait(&self, time: SignedDuration) {
        let mut state = self.change();
        state.now = later(state.now, time.as_secs());
        state.expire();
    }

    /// Port calls begun so far.
    pub fn calls(&self) -> u64 {
        self.state().calls.len() as u64
    }

    /// The ways in which a call that was begun can go wrong so that it makes a difference.
    pub fn kinds_of(&self, call: u64) -> Vec<Kind> {
        let place = call.checked_sub(1).and_then(|place| usize::try_from(place).ok());
        let things = place.and_then(|place| self.state().calls.get(place).copied());
        things.map_or_else(Vec::new, |things| Kind::ALL.into_iter().filter(|kind| kind.concerns(things)).collect())
    }

    /// What happened, line by line, since lines are kept.
    pub fn trace(&self) -> Vec<String> {
        self.state().trace.lines()
    }

    /// What happened, in one number: the same for the same inputs, faults and schedule.
    pub fn trace_hash(&self) -> u64 {
        self.state().trace.hash()
    }

    /// Keeps an effect for later.
    pub(crate) fn happens_at(&self, at: Timestamp, effect: impl Fn(&mut State) + 'static) {
        let origin = self.state().alike.origin;
        self.late.borrow_mut().push(LateEffect { at, origin, effect: Rc::new(effect) });
    }

    /// The effects that are still to come.
    pub(crate) fn late(&self) -> Ref<'_, Vec<LateEffect>> {
        self.late.borrow()
    }

    /// When the next late effect happens.
    pub(crate) fn next_late(&self) -> Option<Timestamp> {
        self.late().iter().map(|late| late.at).min()
    }

    /// Lets the late effects happen that are due.
    pub(crate) fn let_late_happen(&self) {
        if self.late().is_empty() {
            return;
        }
        let now = self.now();
        let due: Vec<LateEffect> = self.late.borrow_mut().extract_if(.., |late| late.at <= now).collect();
        for late in due {
            (late.effect)(&mut self.change());
        }
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
        self.trace.add(self.now, line);
    }

    /// By how much the clock of a function that begins is wrong.
    pub(crate) fn skew(&mut self) -> SignedDuration {
        let skew = self.dice.skew();
        self.watch.clocks_differ |= !skew.is_zero();
        skew
    }

    /// When the clock has something looked at, if anything is due then or later.
    pub(crate) fn due_at(&self) -> Option<Timestamp> {
        let (due, _) = self.dues.first()?;
        Timestamp::from_second(*due).ok().zip(self.clock).map(|(due, clock)| due.max(clock))
    }

    /// Whether something is due by now.
    pub(crate) fn is_overdue(&self) -> bool {
        self.dues.first().is_some_and(|(due, _)| *due <= self.now.as_second())
    }

    /// When the clock has a breaker looked at, if one is due then or later.
    pub(crate) fn resume_at(&self) -> Option<Timestamp> {
        let due = self.breakers.first()?.split('#').next()?.parse::<Timestamp>().ok();
        due.zip(self.resumes).map(|(due, clock)| due.max(clock))
    }

    /// Puts a message into a queue, and its twin if there shall be one.
    pub(crate) fn enqueue(&mut self, queue: QueueName, body: impl Into<Rc<str>>) {
        if queue != QueueName::Parked && self.dice.poison() {
            self.poisons += 1;
            self.put(queue, POISON.into(), self.now);
        }
        let visible_at = self.dice.visible(self.now);
        let entry = self.put(queue, body.into(), visible_at);
        let twin_at = match self.twins {
            Twins::None => self.dice.twin(self.now),
            Twins::Together => Some(self.now),
            Twins::Later(time) => Some(later(self.now, time.as_secs())),
        };
        let twin = twin_at.filter(|_| queue != QueueName::Parked).map(|visible_at| {
            self.next_message += 1;
            Entry { copy: self.next_message, visible_at, ..entry.clone() }
        });
        self.queues.entry(queue).or_default().entries.extend(twin);
    }

    fn put(&mut self, queue: QueueName, body: Rc<str>, visible_at: Timestamp) -> Entry {
        self.next_message += 1;
        let entry = Entry {
            id: format!("m-{}", self.next_message),
            copy: self.next_message,
            alike: self.alike.of(body.as_bytes()),
            body,
            sent_at: self.now,
            visible_at,
            receives: 0,
            in_flight: false,
        };
        self.queues.entry(queue).or_default().entries.push(entry.clone());
        entry
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

    /// Removes from the queues what is kept too long.
    pub(crate) fn expire(&mut self) {
        let now = self.now;
        for (queue, store) in &mut self.queues {
            store.expire(queue.settings(), now);
        }
    }

    /// Publishes an event: every rule that takes it feeds its queue.
    pub(crate) fn publish(&mut self, event: &Rc<Event>) -> Result<(), serde_json::Error> {
        let rules = RULES.iter().filter(|rule| rule.takes(event.meta.kind));
        let queues: Vec<QueueName> = rules.map(|rule| rule.queue).collect();
        if !queues.is_empty() {
            let body: Rc<str> = serde_json::to_string(&**event)?.into();
            for queue in queues {
                self.enqueue(queue, Rc::clone(&body));
            }
        }
        if self.alike.on && !self.published.iter().any(|before| before.meta.id == event.meta.id) {
            self.alike.adds(&[1, self.alike.of(event.meta.id.as_str().as_bytes())]);
        }
        self.published.push(Rc::clone(event));
        Ok(())
    }
}
