//! The simulator under examination: stand-ins for the functions, and queues that are received from by hand.
//! `tests/contract` holds with it what the simulator says of a service against that service.

use std::fmt;
use std::future::pending;
use std::rc::Rc;

use futures::future::LocalBoxFuture;
use handlers::{Request, Response};
use jiff::Timestamp;

use crate::executor::Ended;
use crate::queues::{Entry, later};
use crate::world::Written;
use crate::{NotQuiet, QueueName, Source, World};

/// Seconds by which a function that hangs is late.
const HANG_S: i64 = 3600;

/// A message of a queue, or a write of the table's stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The queue's id of it, or its number in the stream.
    pub id: String,
    /// With what it can be deleted and postponed; empty in the stream.
    pub receipt: String,
    /// Its body; in the stream the events of the write, as a JSON array.
    pub body: String,
    /// How often it was received; 0 in the stream.
    pub receives: u32,
    /// When it was sent.
    pub sent_at: Timestamp,
}

/// What a stand-in does with a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doing {
    /// It ends, and reports these ids as failed.
    Reports(Vec<String>),
    /// It fails as a whole.
    Fails,
    /// It does not end before its time-out.
    Hangs,
}

/// Stands in for every function.
pub trait StandIn {
    /// What it does with a batch from a queue or the stream.
    fn batch(&self, source: Source, batch: &[Message]) -> Doing;

    /// What it answers to a request; none if it fails.
    fn answer(&self, request: &Request) -> Option<Response>;
}

/// The stand-in of a world.
#[derive(Clone)]
pub(crate) struct Held(Rc<dyn StandIn>);

impl fmt::Debug for Held {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("StandIn")
    }
}

impl World {
    /// From now on every function is `stand_in`.
    pub fn set_stand_in(&self, stand_in: Rc<dyn StandIn>) {
        self.change().stand_in = Some(Held(stand_in));
    }

    /// Receives up to `max` messages by hand; what was kept too long or received too often is put where it belongs.
    pub fn receive(&self, queue: QueueName, max: usize) -> Vec<Message> {
        let mut state = self.change();
        let (now, settings) = (state.now, queue.settings());
        let store = state.queues.entry(queue).or_default();
        store.expire(settings, now);
        store.receive(settings, max, now).iter().map(message).collect()
    }

    /// Deletes a message that was received by hand.
    pub fn delete(&self, queue: QueueName, receipt: &str) {
        self.change().queues.entry(queue).or_default().delete(receipt);
    }

    /// Makes a message that was received by hand come back after `delay_s`. Says whether it could.
    pub fn postpone(&self, queue: QueueName, receipt: &str, delay_s: u32) -> bool {
        let mut state = self.change();
        let now = state.now;
        state.queues.entry(queue).or_default().postpone(receipt, delay_s, now)
    }

    /// The messages of a queue's dead-letter queue. They stay there.
    pub fn dead_messages(&self, queue: QueueName) -> Vec<Message> {
        let state = self.state();
        state.queues.get(&queue).map(|store| store.dead.iter().map(message).collect()).unwrap_or_default()
    }

    /// Partition keys of the items that wait for somebody.
    pub fn open_keys(&self) -> Vec<String> {
        let state = self.state();
        state.table.iter().filter(|(_, item)| item.open.is_some()).map(|(key, _)| key.pk().to_owned()).collect()
    }

    /// A request to the API; the gateway hands header names on in lower case. No answer if the function was killed.
    ///
    /// # Errors
    /// The world comes to no end.
    pub fn ask(&self, mut request: Request) -> Result<Option<Response>, NotQuiet> {
        for (name, _) in &mut request.headers {
            name.make_ascii_lowercase();
        }
        let number = {
            let mut state = self.change();
            let number = state.answers.len() + state.requests.len();
            state.requests.push_back((number, request));
            number
        };
        self.run_only(&[Source::Api])?;
        Ok(self.answer_to(number))
    }

    /// The stand-in at work on messages of a queue; none if there is no stand-in.
    pub(crate) fn stand_in_batch(&self, queue: QueueName, entries: &[Entry]) -> Option<LocalBoxFuture<'static, Ended>> {
        let Held(stand_in) = self.state().stand_in.clone()?;
        let batch: Vec<Message> = entries.iter().map(message).collect();
        Some(self.carry_out(stand_in.batch(Source::Queue(queue), &batch), Ended::Batch))
    }

    /// The stand-in at work on a part of the stream that begins at `start`; none if there is no stand-in.
    pub(crate) fn stand_in_relay(
        &self,
        start: usize,
        written: &[Rc<Written>],
    ) -> Option<LocalBoxFuture<'static, Ended>> {
        let Held(stand_in) = self.state().stand_in.clone()?;
        let now = self.now();
        let record = |(at, written): (usize, &Rc<Written>)| Message {
            id: (start + at).to_string(),
            receipt: String::new(),
            body: serde_json::to_string(&written.events).unwrap_or_default(),
            receives: 0,
            sent_at: now,
        };
        let batch: Vec<Message> = written.iter().enumerate().map(record).collect();
        // Begins again at the first that failed.
        let first = move |failed: Vec<String>| failed.iter().map(|number| number.parse().unwrap_or(start)).min();
        Some(self.carry_out(stand_in.batch(Source::Stream, &batch), move |failed| Ended::Relay(first(failed))))
    }

    /// The stand-in at work on a request; none if there is no stand-in.
    pub(crate) fn stand_in_answer(&self, request: &Request) -> Option<LocalBoxFuture<'static, Ended>> {
        let Held(stand_in) = self.state().stand_in.clone()?;
        Some(match stand_in.answer(request) {
            Some(response) => Box::pin(async move { Ended::Answer(response) }),
            None => self.carry_out(Doing::Fails, Ended::Batch),
        })
    }

    fn carry_out(
        &self,
        doing: Doing,
        ended: impl FnOnce(Vec<String>) -> Ended + 'static,
    ) -> LocalBoxFuture<'static, Ended> {
        let world = self.clone();
        Box::pin(async move {
            match doing {
                Doing::Reports(failed) => return ended(failed),
                Doing::Fails => world.change().polling.kill = true,
                Doing::Hangs => {
                    let mut state = world.change();
                    state.now = later(state.now, HANG_S);
                }
            }
            pending().await
        })
    }
}

fn message(entry: &Entry) -> Message {
    Message {
        id: entry.id.clone(),
        receipt: entry.receipt(),
        body: entry.body.to_string(),
        receives: entry.receives,
        sent_at: entry.sent_at,
    }
}
