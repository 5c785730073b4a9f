//! The table: items with versions, written under a condition, with the events they emit.

use std::future::Future;

use canonical::{Event, ReleaseId, Tenant};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Fault, Key};

/// An item with the version under which it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored<T> {
    /// The version, from 1.
    pub version: u64,
    /// What it holds.
    pub value: T,
}

/// What must be so for a write to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// There is no such item.
    Absent,
    /// The item has this version.
    Version(u64),
}

/// Marks an item as waiting for somebody: the sparse index from which `stuck` is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenSince {
    /// The role that owns the next move.
    pub court: String,
    /// Since when, RFC 3339, and what makes the place one item's own: what waits is asked in this order.
    pub since: String,
}

/// A release in the index of what is due: at `due` somebody has to look at it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// When, to the second below.
    pub due: Timestamp,
    /// The distributor.
    pub tenant: Tenant,
    /// The release.
    pub release: ReleaseId,
}

/// One item to write.
#[derive(Debug, Clone, PartialEq)]
pub struct Put {
    /// Its key.
    pub key: Key,
    /// The condition.
    pub expect: Expect,
    /// What it shall hold: JSON text.
    pub doc: String,
    /// What this write tells the world; the table's stream hands it to the relay.
    pub events: Vec<Event>,
    /// Whether it waits for somebody.
    pub open: Option<OpenSince>,
    /// When it has to be looked at again, if it has to.
    pub due: Option<Timestamp>,
}

impl Put {
    /// A new item. `value` is one of our own types, which serialize.
    pub fn new<T: Serialize>(key: Key, value: &T) -> Result<Self, Fault> {
        Self::build(key, Expect::Absent, value)
    }

    /// The next version of an item that was read.
    pub fn next<T: Serialize>(key: Key, version: u64, value: &T) -> Result<Self, Fault> {
        Self::build(key, Expect::Version(version), value)
    }

    fn build<T: Serialize>(key: Key, expect: Expect, value: &T) -> Result<Self, Fault> {
        let doc =
            serde_json::to_string(value).map_err(|error| Fault::bug("an item does not serialize").because(error))?;
        Ok(Self { key, expect, doc, events: Vec::new(), open: None, due: None })
    }

    /// The same write, telling `events`.
    #[must_use]
    pub fn telling(mut self, events: Vec<Event>) -> Self {
        self.events = events;
        self
    }

    /// The same write, waiting for somebody.
    #[must_use]
    pub fn open(mut self, open: Option<OpenSince>) -> Self {
        self.open = open;
        self
    }

    /// The same write, to be looked at again at `due`.
    #[must_use]
    pub fn due(mut self, due: Option<Timestamp>) -> Self {
        self.due = due;
        self
    }
}

/// A step's one write: all of its items or none.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Commit {
    /// The items; at most 100 (a DynamoDB transaction's limit), and almost always one.
    pub puts: Vec<Put>,
}

/// Why a commit did not happen, or may not have happened.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// A condition did not hold: somebody else wrote. Load again and decide again.
    #[error("the item was changed by somebody else")]
    Lost,
    /// Another write of the same item is under way.
    #[error("another write of the same item is under way")]
    Busy,
    /// The table could not be asked.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// The table.
pub trait Table {
    /// The JSON text under `key`, strongly consistent: what was written before is seen.
    fn load(&self, key: &Key) -> impl Future<Output = Result<Option<Stored<String>>, Fault>>;

    /// Writes all of `commit` if every condition holds, else nothing.
    fn commit(&self, commit: Commit) -> impl Future<Output = Result<(), CommitError>>;
}

/// The index of what is due.
pub trait DueIndex {
    /// The releases that are due at `until`, the first due first, after `last` if one is given; some of them, and none
    /// only if there are no more. The index follows the table within moments: what is found may not be due any more.
    fn due(&self, until: Timestamp, last: Option<&Due>) -> impl Future<Output = Result<Vec<Due>, Fault>>;
}

/// An item in the index of what waits for somebody.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiting {
    /// Its place in the index: what its [`OpenSince::since`] says.
    pub since: String,
    /// What it holds: JSON text.
    pub doc: String,
}

/// Behind every place in the index of what waits.
pub const WAIT_END: &str = "~";

/// The index of what waits for somebody.
pub trait WaitIndex {
    /// The items in `court` whose place lies after `after` (all, if it is empty) and not after `until`, in the order of their places; some of
    /// them, and none only if there are none. The index follows the table within moments: what is found may not wait any
    /// more, and what waits may not be found yet.
    fn waiting(&self, court: &str, after: &str, until: &str) -> impl Future<Output = Result<Vec<Waiting>, Fault>>;
}

/// Typed reads on every table.
pub trait TableExt: Table {
    /// The item under `key` as a `T`.
    fn get<T: DeserializeOwned>(&self, key: &Key) -> impl Future<Output = Result<Option<Stored<T>>, Fault>> {
        async move {
            let Some(Stored { version, value: doc }) = self.load(key).await? else { return Ok(None) };
            let value = serde_json::from_str(&doc).map_err(|error| {
                Fault::bug(format!("item {}/{} is not readable", key.pk(), key.sk())).because(error)
            })?;
            Ok(Some(Stored { version, value }))
        }
    }
}

impl<T: Table> TableExt for T {}
