//! What the sample partners sent and received, in the order in which it happened. Kept in a file where there is one.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use canonical::Digest;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Error;

/// Which way something went, seen from the partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// The partner sent it to Crossdock.
    Sent,
    /// Crossdock sent it to the partner.
    Received,
}

/// One thing sent or received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When it was answered.
    pub at: Timestamp,
    /// Which way.
    pub direction: Direction,
    /// The sample partner.
    pub partner: String,
    /// What it is: an event's type, a document's name, a webhook's topic, `file`.
    pub what: String,
    /// Webhook id, idempotency key or file name.
    pub id: String,
    /// HTTP status of the answer; 0 if there was none, 200 for a file.
    pub status: u16,
    /// SHA-256 of the body.
    pub sha256: Digest,
    /// The body.
    pub body: String,
    /// The answer's body.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub answer: String,
}

impl Entry {
    /// Whether the receiver took it.
    pub fn is_taken(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// The journal.
#[derive(Debug, Default)]
pub struct Journal {
    entries: Mutex<Vec<Entry>>,
    file: Option<Mutex<File>>,
}

impl Journal {
    /// The journal in `path`, going on where it ended; in memory alone without one.
    pub fn open(path: Option<&Path>) -> Result<Self, Error> {
        let Some(path) = path else {
            return Ok(Self::default());
        };
        let text = fs::read_to_string(path).unwrap_or_default();
        // A line that was cut when the process was killed is no entry: its request was never answered.
        let entries = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let mut file = OpenOptions::new().create(true).append(true).open(path).map_err(Error::io("open", path))?;
        if !text.is_empty() && !text.ends_with('\n') {
            writeln!(file).map_err(Error::io("write", path))?;
        }
        Ok(Self { entries: Mutex::new(entries), file: Some(Mutex::new(file)) })
    }

    /// Adds an entry.
    pub fn add(&self, entry: Entry) {
        if let (Some(file), Ok(mut line)) = (&self.file, serde_json::to_string(&entry)) {
            line.push('\n');
            // A full disk shows at the end, when what was received is missing.
            let _ = held(file).write_all(line.as_bytes());
        }
        held(&self.entries).push(entry);
    }

    /// Every entry so far.
    pub fn entries(&self) -> Vec<Entry> {
        held(&self.entries).clone()
    }

    /// What `partner` received whose body holds `needle`, whether it took it or not.
    pub fn received(&self, partner: &str, needle: &str) -> Vec<Entry> {
        let entries = held(&self.entries);
        let wanted = |entry: &&Entry| {
            entry.direction == Direction::Received && entry.partner == partner && entry.body.contains(needle)
        };
        entries.iter().filter(wanted).cloned().collect()
    }
}

/// A lock that a panicking holder left is as good as another: entries are added whole.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str) -> Entry {
        Entry {
            at: Timestamp::UNIX_EPOCH,
            direction: Direction::Received,
            partner: "p".to_owned(),
            what: "w".to_owned(),
            id: id.to_owned(),
            status: 200,
            sha256: Digest::of(b"b"),
            body: "b".to_owned(),
            answer: String::new(),
        }
    }

    #[test]
    fn a_journal_goes_on_after_a_line_that_was_cut() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        Journal::open(Some(&path)).unwrap().add(entry("1"));
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"{\"at\":\"20").unwrap();
        let journal = Journal::open(Some(&path)).unwrap();
        journal.add(entry("2"));
        let again = Journal::open(Some(&path)).unwrap();
        let ids: Vec<String> = again.entries().into_iter().map(|entry| entry.id).collect();
        assert_eq!(ids, ["1", "2"]);
        assert_eq!(again.received("p", "b").len(), 2);
        assert_eq!(again.received("other", "b").len(), 0);
    }
}
