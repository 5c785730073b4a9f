//! The executor: polls functions by hand, drops those that are killed, and lets time pass when nothing can go on.

use std::future::Future;
use std::ops::Range;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use futures::future::LocalBoxFuture;
use handlers::Response;
use jiff::{SignedDuration, Timestamp};

use crate::dispatch::Clock;
use crate::queues::{Store, later};
use crate::{QueueName, Schedule, World};

/// Most things that one [`World::run`] does: a run that comes to no end is a finding, not a hang.
const MOVES_MAX: usize = 200_000;
/// Seconds after which a table's stream is told again when the relay failed.
const RELAY_AGAIN_S: i64 = 1;
/// Tries after which a part of the stream is given up.
const RELAY_TRIES_MAX: u32 = 100;
/// Writes that the relay gets at once.
const RELAY_BATCH_MAX: usize = 10;
/// Seconds after which the clock calls again.
const CLOCK_AGAIN_S: i64 = 60;
/// Seconds after which the function that it calls is killed.
const CLOCK_TIMEOUT_S: i64 = 30;
/// Seconds after which the relay is killed.
const RELAY_TIMEOUT_S: i64 = 5;

/// Where work comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Requests to the API that were submitted and are not answered.
    Api,
    /// The table's stream.
    Stream,
    /// A queue.
    Queue(QueueName),
    /// The clock, that has what is due looked at.
    Clock,
    /// The clock, that has breakers looked at.
    Resume,
}

impl Source {
    /// Everything that comes from somebody.
    pub const WORK: [Self; 10] = [
        Self::Api,
        Self::Stream,
        Self::Queue(QueueName::EdiDrop),
        Self::Queue(QueueName::ShipmentApply),
        Self::Queue(QueueName::OrderApply),
        Self::Queue(QueueName::OrderDispatch),
        Self::Queue(QueueName::ShipmentFanout),
        Self::Queue(QueueName::PartnerDeliver),
        Self::Resume,
        Self::Clock,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Api => "order-release",
            Self::Stream => "event-publish",
            Self::Queue(queue) => queue.as_str(),
            Self::Clock => "deadline-watch",
            Self::Resume => "partner-resume",
        }
    }
}

/// The world does not come to rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotQuiet;

/// What a function that ended said.
#[derive(Debug)]
pub(crate) enum Ended {
    /// Ids of the messages that stay in their queue.
    Batch(Vec<String>),
    /// Where in the stream to begin again, if anywhere.
    Relay(Option<usize>),
    /// The answer to a request.
    Answer(Response),
    /// Whether what is due could be asked for.
    Watched(bool),
}

/// What a running function holds.
#[derive(Debug, Clone)]
enum Held {
    /// Id and receipt of each message.
    Messages(QueueName, Vec<(String, String)>),
    Stream(Range<usize>),
    /// The number of the request.
    Request(usize),
    Nothing,
}

/// A running function.
struct Running {
    source: Source,
    held: Held,
    stop_at: Timestamp,
    /// It waits until then for an answer.
    asleep_until: Option<Timestamp>,
    future: LocalBoxFuture<'static, Ended>,
}

impl Running {
    fn holds(&self) -> Option<(QueueName, Rc<[String]>)> {
        match &self.held {
            Held::Messages(queue, held) => Some((*queue, held.iter().map(|(_, receipt)| receipt.clone()).collect())),
            Held::Stream(_) | Held::Request(_) | Held::Nothing => None,
        }
    }

    /// When it goes on, or is stopped.
    fn next_at(&self) -> Option<Timestamp> {
        self.asleep_until.map(|until| until.min(self.stop_at))
    }
}

/// How far a poll came.
enum Step<T> {
    Done(T),
    Killed,
    Open,
    Asleep(Timestamp),
}

impl World {
    /// Lets the world work until nothing is left to do, now or later. Messages in dead-letter queues stay there. What is
    /// overdue is looked at; deadlines that are to come are not waited for: those pass in [`World::run_for`].
    ///
    /// # Errors
    /// It comes to no end.
    pub fn run(&self) -> Result<(), NotQuiet> {
        self.run_until(&Source::WORK, Timestamp::MAX)
    }

    /// Lets the world work for so long. What is left to do later stays.
    ///
    /// # Errors
    /// It comes to no end.
    pub fn run_for(&self, time: SignedDuration) -> Result<(), NotQuiet> {
        let until = later(self.now(), time.as_secs());
        self.run_until(&Source::WORK, until)?;
        let mut state = self.change();
        state.now = until.max(state.now);
        Ok(())
    }

    /// Lets only what comes from `sources` be worked on, until nothing of it is left to do, now or later.
    ///
    /// # Errors
    /// It comes to no end.
    pub fn run_only(&self, sources: &[Source]) -> Result<(), NotQuiet> {
        self.run_until(sources, Timestamp::MAX)
    }

    /// Lets the world work until one function has ended, with no other beside it. Says whether there was any.
    ///
    /// # Errors
    /// It comes to no end.
    pub fn run_one(&self) -> Result<bool, NotQuiet> {
        let mut running = Vec::new();
        for _ in 0..MOVES_MAX {
            let before = running.len();
            if !self.go_on(&mut running, &Source::WORK, Timestamp::MAX)? {
                return Ok(false);
            }
            if running.len() < before {
                return Ok(true);
            }
        }
        Err(NotQuiet)
    }

    fn run_until(&self, sources: &[Source], until: Timestamp) -> Result<(), NotQuiet> {
        let mut running = Vec::new();
        for _ in 0..MOVES_MAX {
            if !self.go_on(&mut running, sources, until)? {
                return Ok(());
            }
        }
        Err(NotQuiet)
    }

    /// Does one thing: begins a function, goes on with one, or lets time pass. Says whether there was anything to do.
    fn go_on(&self, running: &mut Vec<Running>, sources: &[Source], until: Timestamp) -> Result<bool, NotQuiet> {
        if !self.state().watch.found.is_empty() {
            return Err(NotQuiet);
        }
        self.let_late_happen();
        let now = self.now();
        // Those who sleep are at the end, so that the others are counted from the beginning.
        running.sort_by_key(|one| one.next_at().is_some_and(|at| at > now));
        let awake = running.iter().filter(|one| one.next_at().is_none_or(|at| at <= now)).count();
        let free = running.len() < self.state().workers_max;
        let ready: Vec<Source> = sources.iter().copied().filter(|source| free && self.is_ready(*source)).collect();
        let options = awake + ready.len();
        if options == 0 {
            let next = running.iter().filter_map(Running::next_at).min();
            return Ok(self.pass_time(sources, free, next, until));
        }
        let chosen = match (&mut self.change().schedule, ready.is_empty()) {
            // A function that has begun has done nothing yet that others could see: beginning is no choice.
            (Schedule::Given { .. }, false) => awake,
            (schedule, _) => schedule.choose(options),
        };
        if let Some(source) = chosen.checked_sub(awake).and_then(|at| ready.get(at)) {
            running.extend(self.begin_function(*source));
        } else if let Some(one) = running.get_mut(chosen) {
            self.change().polling.holds = one.holds();
            match self.poll(&mut one.future, one.stop_at) {
                Step::Open => one.asleep_until = None,
                Step::Asleep(until) => one.asleep_until = Some(until),
                Step::Done(ended) => self.end_function(&running.remove(chosen), Some(ended)),
                Step::Killed => self.end_function(&running.remove(chosen), None),
            }
        }
        Ok(true)
    }

    /// Drives one request to its end; none if the function is killed.
    pub(crate) fn drive<T>(&self, future: impl Future<Output = T>, stop_at: Timestamp) -> Option<T> {
        let mut future = pin!(future);
        self.change().polling.holds = None;
        loop {
            match self.poll(&mut future, stop_at) {
                Step::Done(output) => return Some(output),
                Step::Killed => return None,
                Step::Open => {}
                Step::Asleep(until) => {
                    let mut state = self.change();
                    state.now = until.min(stop_at).max(state.now);
                }
            }
        }
    }

    /// Polls until the function stands before an effect that others can see; what lies between two such they cannot.
    fn poll<T>(&self, future: &mut (impl Future<Output = T> + Unpin), stop_at: Timestamp) -> Step<T> {
        let mut context = Context::from_waker(Waker::noop());
        loop {
            {
                let polling = &mut self.change().polling;
                (polling.before_effect, polling.yielded, polling.asleep_until) = (false, false, None);
            }
            let polled = std::pin::Pin::new(&mut *future).poll(&mut context);
            let mut state = self.change();
            if std::mem::take(&mut state.polling.kill) {
                return Step::Killed;
            }
            if let Poll::Ready(output) = polled {
                return Step::Done(output);
            }
            if state.now >= stop_at {
                state.tell(format_args!("stopped by its time-out"));
                return Step::Killed;
            }
            if state.polling.before_effect {
                return Step::Open;
            }
            if let (false, Some(until)) = (state.polling.yielded, state.polling.asleep_until) {
                return Step::Asleep(until);
            }
        }
    }

    fn is_ready(&self, source: Source) -> bool {
        let state = self.state();
        match source {
            Source::Api => !state.requests.is_empty(),
            Source::Stream => {
                let relay = &state.relay;
                !relay.busy && relay.done < state.stream.len() && relay.again_at.is_none_or(|at| at <= state.now)
            }
            Source::Queue(queue) => state.queues.get(&queue).and_then(Store::next_at).is_some_and(|at| at <= state.now),
            Source::Clock => state.due_at().is_some_and(|at| at <= state.now),
            Source::Resume => state.resume_at().is_some_and(|at| at <= state.now),
        }
    }

    /// Lets time pass until something of `sources` is ready, if a worker is free for it, a late effect is due, or a
    /// function wakes up. Says whether anything is, before `until`; functions that began are never left behind.
    fn pass_time(&self, sources: &[Source], free: bool, wakes_at: Option<Timestamp>, until: Timestamp) -> bool {
        let late = self.next_late();
        let mut state = self.change();
        let next = sources.iter().filter_map(|source| match source {
            // A request is begun at once.
            Source::Api => None,
            Source::Stream => {
                state.relay.again_at.filter(|_| !state.relay.busy && state.relay.done < state.stream.len())
            }
            Source::Queue(queue) => state.queues.get(queue).and_then(Store::next_at),
            // Without an end nobody waits for what is due some day.
            Source::Clock => state.due_at().filter(|_| until < Timestamp::MAX || state.is_overdue()),
            Source::Resume => state.resume_at(),
        });
        let next = if free { next.min() } else { None };
        let next = [next, late].into_iter().flatten().filter(|next| *next < until).chain(wakes_at).min();
        let Some(next) = next else { return false };
        state.now = next.max(state.now);
        state.expire();
        true
    }

    fn begin_function(&self, source: Source) -> Option<Running> {
        match source {
            Source::Api => {
                let mut state = self.change();
                let (number, request) = state.requests.pop_front()?;
                state.tell(format_args!("order-release begins with {} {}", request.method, request.path));
                drop(state);
                let (scope, stop_at) = self.api_scope();
                let future = self.answer(request, scope);
                Some(Running { source, held: Held::Request(number), stop_at, asleep_until: None, future })
            }
            Source::Stream => {
                let mut state = self.change();
                let range = state.relay.done..state.stream.len().min(state.relay.done + RELAY_BATCH_MAX);
                state.relay.busy = true;
                state.relay.again_at = None;
                state.tell(format_args!("event-publish begins with {}..{}", range.start, range.end));
                let stop_at = later(state.now, RELAY_TIMEOUT_S);
                let written = state.stream.get(range.clone()).unwrap_or_default().to_vec();
                drop(state);
                let future = self.relay(range.start, &written);
                Some(Running { source, held: Held::Stream(range), stop_at, asleep_until: None, future })
            }
            Source::Clock | Source::Resume => {
                let mut state = self.change();
                state.tell(format_args!("{} begins", source.name()));
                match source {
                    Source::Resume => state.resumes = None,
                    _ => state.clock = None,
                }
                let stop_at = later(state.now, CLOCK_TIMEOUT_S);
                let clock = Clock { skew: state.skew(), stop_at };
                drop(state);
                let future = match source {
                    Source::Resume => self.resume_partners(clock),
                    _ => self.watch_deadlines(clock),
                };
                Some(Running { source, held: Held::Nothing, stop_at, asleep_until: None, future })
            }
            Source::Queue(queue) => {
                let mut state = self.change();
                let (now, settings) = (state.now, queue.settings());
                let batch_max = settings.batch_max.min(state.batch_max);
                let entries = state.queues.entry(queue).or_default().receive(settings, batch_max, now);
                if entries.is_empty() {
                    return None;
                }
                let ids: Vec<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
                state.tell(format_args!("{} begins with {}", queue.as_str(), ids.join(" ")));
                let clock = Clock { skew: state.skew(), stop_at: later(now, settings.timeout_s) };
                drop(state);
                let held = entries.iter().map(|entry| (entry.id.clone(), entry.receipt())).collect();
                let future = self.function(queue, entries, clock)?;
                let held = Held::Messages(queue, held);
                Some(Running { source, held, stop_at: clock.stop_at, asleep_until: None, future })
            }
        }
    }

    /// Ends a function; `ended` is none if it was killed.
    fn end_function(&self, running: &Running, ended: Option<Ended>) {
        let mut state = self.change();
        let (now, name) = (state.now, running.source.name());
        let ended = ended.filter(|ended| matches!(ended, Ended::Answer(_)) || !state.dice.answer_is_lost());
        match (&running.held, ended) {
            (Held::Request(number), ended) => {
                let answer = if let Some(Ended::Answer(response)) = ended { Some(response) } else { None };
                let status = answer.as_ref().map_or(0, |answer| answer.status);
                state.answers.insert(*number, answer);
                state.tell(format_args!("{name} answers {status}"));
            }
            (Held::Nothing, ended) => {
                let again = Some(later(now, CLOCK_AGAIN_S));
                match running.source {
                    Source::Resume => state.resumes = again,
                    _ => state.clock = again,
                }
                let done = matches!(ended, Some(Ended::Watched(true)));
                state.tell(format_args!("{name} ends; done: {done}"));
            }
            (Held::Messages(queue, held), ended) => {
                // To Lambda a report with an empty id means that the whole batch failed.
                let ended =
                    ended.filter(|ended| !matches!(ended, Ended::Batch(failed) if failed.contains(&String::new())));
                let store = state.queues.entry(*queue).or_default();
                let mut stay = 0;
                for (id, receipt) in held {
                    match &ended {
                        Some(Ended::Batch(failed)) if !failed.contains(id) => store.delete(receipt),
                        _ => {
                            store.release(receipt);
                            stay += 1;
                        }
                    }
                }
                state.tell(format_args!("{name} ends; {stay} stay"));
            }
            (Held::Stream(range), ended) => {
                let total = range.end;
                let reached = match ended {
                    Some(Ended::Relay(again)) => again.unwrap_or(total).clamp(range.start, total),
                    _ => range.start,
                };
                let relay = &mut state.relay;
                relay.busy = false;
                relay.tries = if reached > relay.done { 0 } else { relay.tries + 1 };
                relay.done = reached;
                if reached < total {
                    relay.again_at = Some(later(now, RELAY_AGAIN_S));
                }
                if relay.tries >= RELAY_TRIES_MAX {
                    relay.given_up.push(range.clone());
                    (relay.done, relay.tries, relay.again_at) = (total, 0, None);
                }
                if let Some(again) = state.dice.retell(reached) {
                    state.relay.done = again;
                    state.relay.again_at = None;
                }
                let done = state.relay.done;
                state.tell(format_args!("{name} ends at {done}"));
            }
        }
    }
}
