//! The ports, each a handle on the world. They hold the same contracts as the adapters on AWS, limits included.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::rc::Rc;
use std::sync::Arc;

use canonical::{Digest, Event, PartnerId, PartnerScope};
use jiff::Timestamp;
use partners::Bundle;
use ports::{
    Call, Commit, CommitError, Due, Expect, Fault, Key, Put, Read, Reply, StepQueue, Stored, TokenRequest, Waiting,
};
use secrecy::SecretString;
use serde_json::Value;
use steps::breaker;

use crate::clients::secret;
use crate::queues::{POSTPONE_S_MAX, Store};
use crate::watch::Parts;
use crate::world::{Item, State, Written};
use crate::{Port, QueueName, World};

/// What the index of what is due gives at once: few, so that pages are turned.
const DUE_PAGE: usize = 2;
/// What the index of what waits gives at once: few, so that pages are turned.
const WAIT_PAGE: usize = 7;
/// Most items in one transaction.
const PUTS_MAX: usize = 100;
/// Longest item in bytes, with the events of its write.
const ITEM_LEN_MAX: usize = 400 * 1024;
/// Longest transaction in bytes, all its items together.
const COMMIT_LEN_MAX: usize = 4 * 1000 * 1000;
/// Longest event in bytes, as the bus gets it.
const BUS_EVENT_LEN_MAX: usize = 1_000_000;
/// Longest message in bytes.
const BODY_LEN_MAX: usize = 256 * 1024;
/// Longest name of a file in an outbox, in characters.
const NAME_LEN_MAX: usize = 255;

macro_rules! handle {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone)]
            pub struct $name(World);

            impl $name {
                /// The port in `world`.
                pub fn of(world: &World) -> Self {
                    Self(world.clone())
                }
            }
        )*
    };
}

handle! {
    /// The table.
    Table;
    /// The queues that steps send to.
    Queue;
    /// The bus.
    Bus;
    /// The archive.
    Archive;
    /// Partners' inboxes and outboxes.
    Exchange;
    /// The published profiles.
    Profiles;
    /// Partners' endpoints.
    PartnerHttp;
    /// Secrets.
    Secrets;
    /// Public keys of authorization servers, of which no simulated partner has one.
    KeySets;
    /// Counts of requests. Nothing hangs on them but whether a request is let in, so no fault is played at them: that a
    /// request is let in when they are out is held in `handlers/tests/edge.rs`.
    Limits;
}

impl ports::Table for Table {
    async fn load(&self, key: &Key) -> Result<Option<Stored<String>>, Fault> {
        let wanted = key.clone();
        let read = move |state: &mut State| {
            let item = state.table.get(&wanted);
            Ok(item.map(|item| Stored { version: item.version, value: item.doc.to_string() }))
        };
        self.0.read(Port::Table, format_args!("load {}", key.pk()), read).await
    }

    async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        let keys: Vec<&str> = commit.puts.iter().map(|put| put.key.pk()).collect();
        let what = keys.join(" ");
        self.0.write(Port::Table, format_args!("commit {what}"), move |state| state.write(commit)).await
    }
}

impl ports::DueIndex for Table {
    async fn due(&self, until: Timestamp, last: Option<&Due>) -> Result<Vec<Due>, Fault> {
        let last = last.map(|last| {
            (last.due.as_second(), Key::release(&PartnerScope::platform(last.tenant.clone()), &last.release))
        });
        let read = move |state: &mut State| {
            let begin = last.map_or(Bound::Unbounded, Bound::Excluded);
            let found = state.dues.range((begin, Bound::Unbounded)).take_while(|(due, _)| *due <= until.as_second());
            let found = found.take(DUE_PAGE).map(|(due, key)| {
                let (tenant, release) =
                    Key::release_of(key.pk()).ok_or_else(|| Fault::bug("what is due is no release"))?;
                let due = Timestamp::from_second(*due).map_err(|error| Fault::bug("no time").because(error))?;
                Ok(Due { due, tenant, release })
            });
            found.collect()
        };
        self.0.read(Port::Table, format_args!("due until {until}"), read).await
    }
}

impl ports::WaitIndex for Table {
    async fn waiting(&self, court: &str, after: &str, until: &str) -> Result<Vec<Waiting>, Fault> {
        let (wanted, after, until) = (court.to_owned(), after.to_owned(), until.to_owned());
        let read = move |state: &mut State| {
            let mut found: Vec<Waiting> = Vec::new();
            for item in state.table.values() {
                let Some((open, doc)) = item.shown(state.now).filter(|(open, _)| open.court == wanted) else {
                    continue;
                };
                if open.since > after && open.since <= until {
                    found.push(Waiting { since: open.since.clone(), doc: doc.to_string() });
                }
            }
            found.sort_by(|one, other| one.since.cmp(&other.since));
            found.truncate(WAIT_PAGE);
            Ok(found)
        };
        self.0.read(Port::Table, format_args!("waiting in {court}"), read).await
    }
}

impl State {
    fn write(&mut self, commit: Commit) -> Result<(), CommitError> {
        let keys: BTreeSet<&Key> = commit.puts.iter().map(|put| &put.key).collect();
        if keys.len() != commit.puts.len() {
            return Err(Fault::bug("a commit writes one item twice").into());
        }
        if commit.puts.len() > PUTS_MAX {
            return Err(Fault::bug(format!("a commit of {} items; the limit is {PUTS_MAX}", commit.puts.len())).into());
        }
        let holds = |put: &Put| match put.expect {
            Expect::Absent => !self.table.contains_key(&put.key),
            Expect::Version(version) => self.table.get(&put.key).is_some_and(|item| item.version == version),
        };
        if !commit.puts.iter().all(holds) {
            self.tell(format_args!("  lost"));
            return Err(CommitError::Lost);
        }
        check_lens(&commit.puts)?;
        let written = commit.puts.into_iter().map(|put| {
            let version = match put.expect {
                Expect::Absent => 1,
                Expect::Version(version) => version + 1,
            };
            let alike = self.alike.of_item(put.key.sk(), &put.doc);
            let events = self.alike.of_events(&put.events);
            let parts = Parts::of(put.key.sk(), &put.doc).into();
            let item = Item { version, doc: put.doc.into(), parts, alike, open: put.open, due: put.due, shown: None };
            (Written { key: put.key, version, events: put.events, alike: events }, item)
        });
        for (write, mut item) in written.collect::<Vec<_>>() {
            self.tell(format_args!("  {} is version {}", write.key.pk(), write.version));
            if let Some(until) = self.dice.index_follows(self.now) {
                let before = self.table.get(&write.key).and_then(|before| before.shown(self.now));
                item.shown = Some((until, before.map(|(open, doc)| (open.clone(), Rc::clone(doc)))));
            }
            let before = self.table.insert(write.key.clone(), item.clone());
            if let Some(due) = before.as_ref().and_then(|before| before.due) {
                self.dues.remove(&(due.as_second(), write.key.clone()));
            }
            self.dues.extend(item.due.map(|due| (due.as_second(), write.key.clone())));
            let breakers = |item: &Item| item.open.clone().filter(|open| open.court == breaker::COURT);
            if let Some(open) = before.as_ref().and_then(breakers) {
                self.breakers.remove(&open.since);
            }
            self.breakers.extend(breakers(&item).map(|open| open.since));
            self.watch.write(&write, before.as_ref(), &item);
            self.stream.push(Rc::new(write));
        }
        Ok(())
    }
}

/// Items that are longer than the table takes, each or together, can never be written.
fn check_lens(puts: &[Put]) -> Result<(), Fault> {
    let guess = |put: &Put| {
        put.doc.len() + put.events.iter().map(|event| len_at_most(&event.data) + EVENT_LEN_AT_MOST).sum::<usize>()
    };
    // Lengths that cost no serialization mostly show that it fits.
    let guesses: Vec<usize> = puts.iter().map(guess).collect();
    if guesses.iter().all(|len| *len <= ITEM_LEN_MAX) && guesses.iter().sum::<usize>() <= COMMIT_LEN_MAX {
        return Ok(());
    }
    let mut together = 0;
    for put in puts {
        let unserializable = |error| Fault::bug("an event does not serialize").because(error);
        let len = put.doc.len() + serde_json::to_string(&put.events).map_err(unserializable)?.len();
        if len > ITEM_LEN_MAX {
            return Err(Fault::bug(format!("item {} has {len} bytes; {ITEM_LEN_MAX} are the most", put.key.pk())));
        }
        together += len;
    }
    if together > COMMIT_LEN_MAX {
        return Err(Fault::bug(format!("a commit of {together} bytes; {COMMIT_LEN_MAX} are the most")));
    }
    Ok(())
}

/// An event that is longer than the bus takes can never be published.
fn check_event(event: &Event) -> Result<(), Fault> {
    if len_at_most(&event.data) + EVENT_LEN_AT_MOST <= BUS_EVENT_LEN_MAX {
        return Ok(());
    }
    let text =
        serde_json::to_string(event).map_err(|error| Fault::bug("an event does not serialize").because(error))?;
    if text.len() > BUS_EVENT_LEN_MAX {
        return Err(Fault::bug(format!("an event of {} bytes; {BUS_EVENT_LEN_MAX} are the most", text.len())));
    }
    Ok(())
}

/// Longest serialized form of what an event says about itself, in bytes, for all that is written here.
const EVENT_LEN_AT_MOST: usize = 8 * 1024;

/// A bound on a value's serialized length that costs no serialization. A character takes six bytes at most (`\u0000`).
fn len_at_most(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 6,
        Value::Number(_) => 32,
        Value::String(text) => 6 * text.len() + 3,
        Value::Array(items) => items.iter().map(len_at_most).sum::<usize>() + items.len() + 2,
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| 6 * name.len() + 5 + len_at_most(value)).sum::<usize>() + 2
        }
    }
}

impl ports::Queue for Queue {
    async fn send(&self, queue: StepQueue, bodies: Vec<String>) -> Result<(), Fault> {
        for body in &bodies {
            if body.len() > BODY_LEN_MAX {
                return Err(Fault::bug(format!("a message of {} bytes; {BODY_LEN_MAX} are the most", body.len())));
            }
            let refused =
                |c: char| !matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
            let plain = body.bytes().all(|byte| matches!(byte, b' '..=b'~'));
            if body.is_empty() || !plain && body.contains(refused) {
                return Err(Fault::bug("a message that is empty or holds characters that no queue takes"));
            }
        }
        let to = match queue {
            StepQueue::OrderApply => QueueName::OrderApply,
            StepQueue::ShipmentApply => QueueName::ShipmentApply,
            StepQueue::OrderDispatch => QueueName::OrderDispatch,
            StepQueue::PartnerDeliver => QueueName::PartnerDeliver,
        };
        let count = bodies.len();
        let bodies: Rc<[Rc<str>]> = bodies.into_iter().map(Into::into).collect();
        let first = Rc::clone(&bodies);
        let half =
            move |state: &mut State| first.iter().take(count / 2).for_each(|body| state.enqueue(to, Rc::clone(body)));
        let all = move |state: &mut State| {
            bodies.iter().for_each(|body| state.enqueue(to, Rc::clone(body)));
            Ok(())
        };
        self.0.call(Port::Queue, format_args!("send {count} to {}", queue.as_str()), count, half, all).await
    }
}

impl ports::Bus for Bus {
    async fn publish(&self, events: Vec<Event>) -> Result<(), Fault> {
        events.iter().try_for_each(check_event)?;
        let kinds: Vec<&str> = events.iter().map(|event| event.meta.kind.as_str()).collect();
        let (what, count) = (kinds.join(" "), events.len());
        let events: Rc<[Rc<Event>]> = events.into_iter().map(Rc::new).collect();
        let first = Rc::clone(&events);
        let publish =
            |state: &mut State, events: &[Rc<Event>]| events.iter().try_for_each(|event| state.publish(event));
        let half = move |state: &mut State| drop(publish(state, first.get(..count / 2).unwrap_or_default()));
        let all = move |state: &mut State| {
            publish(state, &events).map_err(|error| Fault::bug("an event does not serialize").because(error))
        };
        self.0.call(Port::Bus, format_args!("publish {what}"), count, half, all).await
    }
}

impl ports::Archive for Archive {
    async fn keep(&self, bytes: &[u8]) -> Result<Digest, Fault> {
        let sha256 = Digest::of(bytes);
        let (kept, bytes): (Digest, Rc<[u8]>) = (sha256.clone(), bytes.into());
        let keep = move |state: &mut State| {
            if !state.archive.contains_key(&kept) {
                state.alike.adds(&[2, state.alike.of(&bytes)]);
                state.archive.insert(kept.clone(), bytes);
            }
            Ok(kept)
        };
        self.0.write(Port::Archive, format_args!("keep {sha256}"), keep).await
    }

    async fn fetch(&self, sha256: &Digest) -> Result<Option<Vec<u8>>, Fault> {
        let wanted = sha256.clone();
        let read = move |state: &mut State| Ok(state.archive.get(&wanted).map(|bytes| bytes.to_vec()));
        self.0.read(Port::Archive, format_args!("fetch {sha256}"), read).await
    }
}

impl ports::Register for Archive {
    async fn claim(&self, name: &str, entry: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        let (wanted, entry): (_, Rc<[u8]>) = (name.to_owned(), entry.into());
        let claim = move |state: &mut State| {
            if let Some(before) = state.register.get(&wanted) {
                return Ok(Some(before.to_vec()));
            }
            state.alike.adds(&[5, state.alike.of(wanted.as_bytes()), state.alike.of(&entry)]);
            state.register.insert(wanted, entry);
            Ok(None)
        };
        self.0.write(Port::Register, format_args!("claim {name}"), claim).await
    }
}

impl ports::Exchange for Exchange {
    async fn dropped(&self, key: &str, version: Option<&str>) -> Result<Option<Vec<u8>>, Fault> {
        let (wanted, version) = (key.to_owned(), version.map(ToOwned::to_owned));
        let read = move |state: &mut State| {
            let versions = state.inbox.get(&wanted).map(|object| object.versions.as_slice()).unwrap_or_default();
            let bytes = match version {
                Some(version) => version.parse().ok().and_then(|number: usize| versions.get(number)),
                None => versions.last(),
            };
            Ok(bytes.map(|bytes| bytes.to_vec()))
        };
        self.0.read(Port::Exchange, format_args!("read {key}"), read).await
    }

    async fn put_out(&self, partner: &PartnerId, name: &str, bytes: &[u8]) -> Result<(), Fault> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if name.is_empty() || name.len() > NAME_LEN_MAX || name.starts_with('.') || !name.bytes().all(plain) {
            return Err(Fault::bug(format!("{name:?} is no name for a file in an outbox")));
        }
        let (place, bytes): (_, Rc<[u8]>) = ((partner.clone(), name.to_owned()), bytes.into());
        let put = move |state: &mut State| {
            let object = state.outbox.entry(place.clone()).or_default();
            if object.versions.last().is_some_and(|before| *before != bytes) {
                state.watch.replaced(&place.0, &place.1);
            }
            if object.versions.last().is_none_or(|before| *before != bytes) {
                let (partner, name) = (place.0.as_str().as_bytes(), place.1.as_bytes());
                state.alike.adds(&[3, state.alike.of(partner), state.alike.of(name), state.alike.of(&bytes)]);
            }
            object.versions.push(bytes);
            Ok(())
        };
        self.0.write(Port::Exchange, format_args!("put outbox/{partner}/{name}"), put).await
    }
}

impl ports::Profiles for Profiles {
    async fn bundle(&self) -> Result<Arc<Bundle>, Fault> {
        self.0.read(Port::Profiles, format_args!("bundle"), |state| Ok(Arc::clone(&state.bundle))).await
    }
}

impl ports::PartnerHttp for PartnerHttp {
    async fn post(&self, call: Call) -> Result<Reply, Fault> {
        let url = call.url.clone();
        let post = move |state: &mut State| {
            let (now, chance, partner) = (state.now, state.dice.reaction(), call.partner.clone());
            let endpoint = state.endpoints.get_mut(&partner);
            let endpoint = endpoint.ok_or_else(|| Fault::transient("nobody is there"))?;
            let posted = endpoint.post(call, chance, now)?;
            state.alike.adds_call(&partner, &endpoint.received, endpoint.ships);
            if let Some(key) = &posted.again {
                state.watch.done_again(&partner, key);
            }
            posted.reply.ok_or_else(|| Fault::transient("the partner's answer was lost"))
        };
        self.0.write(Port::PartnerHttp, format_args!("post {url}"), post).await
    }

    async fn look_up(&self, call: Call) -> Result<Reply, Fault> {
        let url = call.url.clone();
        let ask = move |state: &mut State| {
            let (now, chance) = (state.now, state.dice.reaction());
            let endpoint = state.endpoints.get_mut(&call.partner);
            endpoint.ok_or_else(|| Fault::transient("nobody is there"))?.look_up(&call, chance, now)
        };
        self.0.read(Port::PartnerHttp, format_args!("look up {url}"), ask).await
    }

    async fn token(&self, asked: &TokenRequest, _: Read) -> Result<SecretString, Fault> {
        let nobody = |_: &mut State| Err(Fault::transient("nobody is there"));
        self.0.read(Port::PartnerHttp, format_args!("token of {}", asked.partner), nobody).await
    }
}

impl ports::Secrets for Secrets {
    async fn secrets(
        &self,
        partner: &PartnerId,
        name: &str,
        _: Timestamp,
        _: Read,
    ) -> Result<Vec<SecretString>, Fault> {
        let secret = secret(partner.as_str(), name);
        let read = move |_: &mut State| Ok(vec![secret.into()]);
        self.0.read(Port::Secrets, format_args!("secret {partner}/{name}"), read).await
    }
}

impl ports::Limits for Limits {
    async fn count(&self, key: &Key, _: Timestamp) -> Result<u32, Fault> {
        let mut state = self.0.change();
        let count = state.counts.entry(key.clone()).or_default();
        *count += 1;
        Ok(*count)
    }
}

impl ports::KeySets for KeySets {
    async fn key_set(&self, url: &str, _: Read) -> Result<String, Fault> {
        let nobody = |_: &mut State| Err(Fault::transient("nobody is there"));
        self.0.read(Port::Secrets, format_args!("key set {url}"), nobody).await
    }
}

/// A queue, seen from the function that reads it.
#[derive(Debug, Clone)]
pub struct Redelivery {
    world: World,
    queue: QueueName,
}

impl Redelivery {
    /// The queue in `world`.
    pub fn of(world: &World, queue: QueueName) -> Self {
        Self { world: world.clone(), queue }
    }
}

impl ports::Redelivery for Redelivery {
    async fn postpone(&self, receipt: &str, delay_s: u32) -> Result<(), Fault> {
        let (queue, wanted) = (self.queue, receipt.to_owned());
        let postpone = move |state: &mut State| {
            let now = state.now;
            let store = state.queues.get_mut(&queue);
            let delay_s = delay_s.min(POSTPONE_S_MAX);
            let moved = store.is_some_and(|store: &mut Store| store.postpone(&wanted, delay_s, now));
            if moved { Ok(()) } else { Err(Fault::misconfigured("the message is not in flight under this receipt")) }
        };
        let what = format_args!("postpone {} {receipt} by {delay_s} s", queue.as_str());
        self.world.write(Port::Redelivery, what, postpone).await
    }

    async fn note(&self, message_id: &str, note: &Value) -> Result<(), Fault> {
        let (place, note) = ((self.queue, message_id.to_owned()), note.clone());
        let keep = move |state: &mut State| {
            state.notes.insert(place, note);
            Ok(())
        };
        self.world.write(Port::Redelivery, format_args!("note on {} {message_id}", self.queue.as_str()), keep).await
    }
}
