//! The ports, each a handle on the world. They hold the same contracts as the adapters on AWS, limits included.

use std::collections::BTreeSet;
use std::sync::Arc;

use canonical::{Digest, Event, PartnerId};
use jiff::Timestamp;
use partners::Bundle;
use ports::{Call, Commit, CommitError, Expect, Fault, Key, Put, Read, Reply, StepQueue, Stored};
use secrecy::SecretString;
use serde_json::Value;

use crate::clients::secret;
use crate::queues::{POSTPONE_S_MAX, Store};
use crate::world::{Item, State, Written};
use crate::{Port, QueueName, World};

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
}

impl ports::Table for Table {
    async fn load(&self, key: &Key) -> Result<Option<Stored<Value>>, Fault> {
        let what = format!("load {}", key.pk());
        let read = |state: &mut State| {
            Ok(state.table.get(key).map(|item| Stored { version: item.version, value: item.value.clone() }))
        };
        self.0.read(Port::Table, &what, read).await
    }

    async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        let keys: Vec<&str> = commit.puts.iter().map(|put| put.key.pk()).collect();
        let what = format!("commit {}", keys.join(" "));
        self.0.write(Port::Table, &what, |state| state.write(commit)).await
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
            let item = Item { version, value: put.value, open: put.open.is_some() };
            (Written { key: put.key, version, events: put.events }, item)
        });
        for (write, item) in written.collect::<Vec<_>>() {
            self.tell(format_args!("  {} is version {}", write.key.pk(), write.version));
            self.table.insert(write.key.clone(), item);
            self.stream.push(write);
        }
        Ok(())
    }
}

/// Items that are longer than the table takes, each or together, can never be written.
fn check_lens(puts: &[Put]) -> Result<(), Fault> {
    let guess = |put: &Put| {
        len_at_most(&put.value)
            + put.events.iter().map(|event| len_at_most(&event.data) + EVENT_LEN_AT_MOST).sum::<usize>()
    };
    // Lengths that cost no serialization mostly show that it fits.
    let guesses: Vec<usize> = puts.iter().map(guess).collect();
    if guesses.iter().all(|len| *len <= ITEM_LEN_MAX) && guesses.iter().sum::<usize>() <= COMMIT_LEN_MAX {
        return Ok(());
    }
    let mut together = 0;
    for put in puts {
        let unserializable = |error| Fault::bug("an item does not serialize").because(error);
        let doc = serde_json::to_string(&put.value).map_err(unserializable)?;
        let events = serde_json::to_string(&put.events).map_err(unserializable)?;
        let len = doc.len() + events.len();
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
            if body.is_empty() || body.contains(refused) {
                return Err(Fault::bug("a message that is empty or holds characters that no queue takes"));
            }
        }
        let to = match queue {
            StepQueue::OrderApply => QueueName::OrderApply,
            StepQueue::ShipmentApply => QueueName::ShipmentApply,
            StepQueue::OrderDispatch => QueueName::OrderDispatch,
            StepQueue::PartnerDeliver => QueueName::PartnerDeliver,
        };
        let what = format!("send {} to {}", bodies.len(), queue.as_str());
        let send = |state: &mut State, count: usize| {
            for body in bodies.iter().take(count) {
                state.enqueue(to, body.clone());
            }
        };
        let all = |state: &mut State| {
            send(state, bodies.len());
            Ok(())
        };
        self.0.call(Port::Queue, &what, bodies.len(), |state| send(state, bodies.len() / 2), all).await
    }
}

impl ports::Bus for Bus {
    async fn publish(&self, events: Vec<Event>) -> Result<(), Fault> {
        events.iter().try_for_each(check_event)?;
        let kinds: Vec<&str> = events.iter().map(|event| event.meta.kind.as_str()).collect();
        let what = format!("publish {}", kinds.join(" "));
        let publish = |state: &mut State, count: usize| {
            let mut taken = events.iter().take(count).cloned();
            taken.try_for_each(|event| state.publish(event))
        };
        let half = |state: &mut State| drop(publish(state, events.len() / 2));
        let all = |state: &mut State| {
            publish(state, events.len()).map_err(|error| Fault::bug("an event does not serialize").because(error))
        };
        self.0.call(Port::Bus, &what, events.len(), half, all).await
    }
}

impl ports::Archive for Archive {
    async fn keep(&self, bytes: &[u8]) -> Result<Digest, Fault> {
        let sha256 = Digest::of(bytes);
        let what = format!("keep {sha256}");
        let keep = |state: &mut State| {
            state.archive.entry(sha256.clone()).or_insert_with(|| bytes.to_vec());
            Ok(sha256.clone())
        };
        self.0.write(Port::Archive, &what, keep).await
    }

    async fn fetch(&self, sha256: &Digest) -> Result<Option<Vec<u8>>, Fault> {
        let what = format!("fetch {sha256}");
        self.0.read(Port::Archive, &what, |state| Ok(state.archive.get(sha256).cloned())).await
    }
}

impl ports::Exchange for Exchange {
    async fn dropped(&self, key: &str, version: Option<&str>) -> Result<Option<Vec<u8>>, Fault> {
        let what = format!("read {key}");
        let read = |state: &mut State| {
            let versions = state.inbox.get(key).map(|object| object.versions.as_slice()).unwrap_or_default();
            Ok(match version {
                Some(version) => version.parse().ok().and_then(|number: usize| versions.get(number).cloned()),
                None => versions.last().cloned(),
            })
        };
        self.0.read(Port::Exchange, &what, read).await
    }

    async fn put_out(&self, partner: &PartnerId, name: &str, bytes: &[u8]) -> Result<(), Fault> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if name.is_empty() || name.len() > NAME_LEN_MAX || name.starts_with('.') || !name.bytes().all(plain) {
            return Err(Fault::bug(format!("{name:?} is no name for a file in an outbox")));
        }
        let what = format!("put outbox/{partner}/{name}");
        let put = |state: &mut State| {
            let object = state.outbox.entry((partner.clone(), name.to_owned())).or_default();
            object.versions.push(bytes.to_vec());
            Ok(())
        };
        self.0.write(Port::Exchange, &what, put).await
    }
}

impl ports::Profiles for Profiles {
    async fn bundle(&self) -> Result<Arc<Bundle>, Fault> {
        self.0.read(Port::Profiles, "bundle", |state| Ok(Arc::clone(&state.bundle))).await
    }
}

impl ports::PartnerHttp for PartnerHttp {
    async fn post(&self, call: Call) -> Result<Reply, Fault> {
        let what = format!("post {}", call.url);
        let post = |state: &mut State| {
            let now = state.now;
            let endpoint = state.endpoints.get_mut(&call.partner);
            endpoint.ok_or_else(|| Fault::transient("nobody is there"))?.post(call, now)
        };
        self.0.write(Port::PartnerHttp, &what, post).await
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
        let what = format!("secret {partner}/{name}");
        let read = |_: &mut State| Ok(vec![secret(partner.as_str(), name).into()]);
        self.0.read(Port::Secrets, &what, read).await
    }
}

impl ports::KeySets for KeySets {
    async fn key_set(&self, url: &str, _: Read) -> Result<String, Fault> {
        let what = format!("key set {url}");
        self.0.read(Port::Secrets, &what, |_| Err(Fault::transient("nobody is there"))).await
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
        let what = format!("postpone {} {receipt} by {delay_s} s", self.queue.as_str());
        let postpone = |state: &mut State| {
            let now = state.now;
            let moved = state
                .queues
                .get_mut(&self.queue)
                .is_some_and(|store: &mut Store| store.postpone(receipt, delay_s.min(POSTPONE_S_MAX), now));
            if moved { Ok(()) } else { Err(Fault::misconfigured("the message is not in flight under this receipt")) }
        };
        self.world.write(Port::Redelivery, &what, postpone).await
    }

    async fn note(&self, message_id: &str, note: &Value) -> Result<(), Fault> {
        let what = format!("note on {} {message_id}", self.queue.as_str());
        let keep = |state: &mut State| {
            state.notes.insert((self.queue, message_id.to_owned()), note.clone());
            Ok(())
        };
        self.world.write(Port::Redelivery, &what, keep).await
    }
}
