//! Whether the same follows from two worlds, in one number: what lets a schedule be broken off where another one stood.
//!
//! Left out is what nothing depends on: moments (how long something still waits counts, in seconds), ids and numbers of
//! queue messages and calls, digests of documents that name a moment (the documents themselves count), and the order of
//! what is over. `docs/decisions/0024-alike-worlds-are-played-on-once.md` says why nothing depends on it.

use canonical::{Event, PartnerId};
use jiff::Timestamp;
use serde_json::Value;

use crate::trace::Hash;
use crate::world::{LateEffect, State};
use crate::{Kind, Received, World};

/// What counts of an item.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    /// Its number.
    number: u64,
    /// When its partner was asked, while it is open: the one stored moment that a step compares with its own.
    asked_at: Option<Timestamp>,
}

/// What goes into [`World::alike`], kept up to date where the world changes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Alike {
    /// Whether anybody wants to know.
    pub(crate) on: bool,
    /// The sum of what is over: documents kept, numbers claimed, calls that partners got, files put out, events published.
    pub(crate) past: u64,
    /// From which world the function at work began, and what went wrong with it: the same number, the same effects.
    pub(crate) origin: u64,
    /// How many calls there had been when it began.
    begun: usize,
}

impl Alike {
    /// Adds to what is over. The order does not count.
    pub(crate) fn adds(&mut self, what: &[u64]) {
        if self.on {
            self.past = self.past.wrapping_add(mixed(what));
        }
    }

    /// Adds the last of the calls that a partner got, unless it is a repeat that changed nothing. Of one that minds the order
    /// its place counts.
    pub(crate) fn adds_call(&mut self, partner: &PartnerId, received: &[Received], in_order: bool) {
        let Some((got, before)) = received.split_last().filter(|_| self.on) else { return };
        if !got.done && before.iter().any(|one| one.key == got.key && one.body == got.body) {
            return;
        }
        let place = if in_order { before.iter().filter(|one| one.done).count() as u64 } else { 0 };
        let (who, key, body) =
            (of_bytes(partner.as_str().as_bytes()), of_bytes(got.key.as_bytes()), of_bytes(&got.body));
        self.adds(&[4, who, key, body, u64::from(got.done), place]);
    }

    /// The number of the events of a write.
    pub(crate) fn of_events(&self, events: &[Event]) -> u64 {
        if !self.on || events.is_empty() {
            return 0;
        }
        serde_json::to_vec(events).map_or(0, |bytes| of_bytes(&bytes))
    }

    /// The number of some bytes.
    pub(crate) fn of(&self, bytes: &[u8]) -> u64 {
        if self.on { of_bytes(bytes) } else { 0 }
    }

    /// What counts of an item. Of a delivery that has ended its failures do not count, and never what they said.
    pub(crate) fn of_item(&self, sk: &str, doc: &str) -> Counted {
        if !self.on {
            return Counted::default();
        }
        let (mut hash, mut asked_at) = (Hash::default(), None);
        // What is no JSON cannot be written.
        match &serde_json::from_str(doc).unwrap_or_default() {
            Value::Object(fields) if sk == "DELIVERY" => {
                let text = |name: &str| fields.get(name).and_then(Value::as_str);
                let open = text("state") == Some("pending");
                asked_at = text("asked_at").filter(|_| open).and_then(|text| text.parse().ok());
                let counts = |name: &str| name != "last_failure" && name != "asked_at" && (open || name != "failures");
                for (name, value) in fields.iter().filter(|(name, _)| counts(name)) {
                    hash.add(of_bytes(name.as_bytes()));
                    add_value(&mut hash, value);
                }
            }
            value => add_value(&mut hash, value),
        }
        Counted { number: hash.number(), asked_at }
    }
}

impl World {
    /// Has the world keep what [`World::alike`] needs. From its beginning, or never.
    pub fn keep_alike(&self) {
        self.change().alike.on = true;
    }

    /// A number that two worlds share if the same follows from them. No function may be running.
    pub fn alike(&self) -> u64 {
        let late = self.late();
        let state = self.state();
        let mut hash = Hash::default();
        state.add_table(&mut hash, !late.is_empty());
        state.add_stream(&mut hash);
        state.add_queues(&mut hash);
        for late in late.iter() {
            state.add_late(&mut hash, late);
        }
        hash.add(state.requests.len() as u64);
        hash.add(state.alike.past);
        hash.number()
    }

    /// The next function begins from the world of this number.
    pub fn begins_from(&self, alike: u64) {
        let mut state = self.change();
        state.alike.origin = alike;
        state.alike.begun = state.calls.len();
    }
}

impl State {
    /// A call of the function at work went wrong.
    pub(crate) fn went_wrong(&mut self, kind: Kind) {
        let place = self.calls.len().saturating_sub(self.alike.begun) as u64;
        self.alike.origin = mixed(&[self.alike.origin, place, kind as u64]);
    }

    fn wait(&self, until: Timestamp) -> u64 {
        until.duration_since(self.now).as_secs().max(0).cast_unsigned()
    }

    /// The items. A late write goes by an item's version, nothing else does.
    fn add_table(&self, hash: &mut Hash, versions: bool) {
        for (key, item) in &self.table {
            hash.add(of_bytes(key.pk().as_bytes()));
            hash.add(item.alike.number);
            hash.add(u64::from(item.open.is_some()) << 1 | u64::from(item.due.is_some()));
            if let Some(due) = item.due {
                hash.add(self.wait(due));
            }
            if versions {
                hash.add(item.version);
            }
            if let Some(asked_at) = item.alike.asked_at {
                hash.add(1 + self.now.duration_since(asked_at).as_secs().cast_unsigned());
            }
        }
        // Who looks at what is due, and when.
        hash.add(self.due_at().map_or(0, |at| 1 + self.wait(at)));
    }

    fn add_stream(&self, hash: &mut Hash) {
        let (told, untold) = self.stream.split_at(self.relay.done.min(self.stream.len()));
        hash.add(told.iter().fold(0, |sum, written| sum.wrapping_add(written.alike)));
        for written in untold {
            hash.add(written.alike);
        }
        hash.add(u64::from(self.relay.tries));
        hash.add(self.relay.given_up.len() as u64);
        hash.add(self.relay.again_at.map_or(0, |at| 1 + self.wait(at)));
    }

    fn add_queues(&self, hash: &mut Hash) {
        for (queue, store) in &self.queues {
            hash.add(*queue as u64);
            let mut entries: Vec<_> = store.entries.iter().collect();
            entries.sort_by_key(|entry| (entry.visible_at, entry.copy));
            for entry in entries {
                hash.add(entry.alike);
                hash.add(self.wait(entry.visible_at));
                hash.add(u64::from(entry.receives) << 1 | u64::from(entry.in_flight));
            }
            hash.add(store.expired.len() as u64);
            let noted = |id: &str| self.notes.contains_key(&(*queue, id.to_owned()));
            let dead = store.dead.iter().map(|entry| mixed(&[entry.alike, u64::from(noted(&entry.id))]));
            hash.add(dead.fold(0, u64::wrapping_add));
        }
    }

    fn add_late(&self, hash: &mut Hash, late: &LateEffect) {
        hash.add(late.origin);
        hash.add(self.wait(late.at));
    }
}

pub(crate) fn mixed(numbers: &[u64]) -> u64 {
    let mut hash = Hash::default();
    for number in numbers {
        hash.add(*number);
    }
    hash.number()
}

fn add_value(hash: &mut Hash, value: &Value) {
    match value {
        Value::Null => hash.add(1),
        Value::Bool(value) => hash.add(2 + u64::from(*value)),
        Value::Number(number) => hash.add(of_bytes(number.to_string().as_bytes())),
        Value::String(text) => hash.add(of_bytes(text.as_bytes())),
        Value::Array(items) => {
            hash.add(items.len() as u64);
            for item in items {
                add_value(hash, item);
            }
        }
        Value::Object(fields) => {
            hash.add(!(fields.len() as u64));
            for (name, value) in fields {
                hash.add(of_bytes(name.as_bytes()));
                add_value(hash, value);
            }
        }
    }
}

/// A number for bytes, without the moments, digests and numbers of calls in them.
fn of_bytes(bytes: &[u8]) -> u64 {
    let mut hash = Hash::default();
    let x12_times = x12_times(bytes);
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let left_out = if x12_times.contains(&at) { X12_TIME_LEN } else { left_out(rest) };
        if left_out > 0 {
            hash.add(u64::MAX);
            at += left_out;
            continue;
        }
        // What is a run of letters and digits is left out as a whole, or not at all.
        let plain = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count().max(1);
        let plain = x12_times.iter().filter(|time| **time > at).map(|time| time - at).chain([plain]).min().unwrap_or(1);
        hash.add_bytes(rest.get(..plain).unwrap_or_default());
        at += plain;
    }
    hash.number()
}

/// Length of a moment's day and time to the second, `2026-11-23T10:00:00`.
const MOMENT_LEN: usize = 19;
/// Length of a digest.
const DIGEST_LEN: usize = 64;

/// How many bytes at the beginning of `text` do not count.
fn left_out(text: &[u8]) -> usize {
    match text.first() {
        Some(b'0'..=b'9' | b'a'..=b'f') => {}
        _ => return 0,
    }
    if let Some(rest) = text.strip_prefix(b"call ") {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        return if digits > 0 { b"call ".len() + digits } else { 0 };
    }
    let moment = text.get(..MOMENT_LEN).is_some_and(|moment| {
        moment.iter().zip(b"0000-00-00T00:00:00").all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            form => byte == form,
        })
    });
    if moment {
        let rest = text.get(MOMENT_LEN..).unwrap_or_default();
        let fraction = rest.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
        // What partners say has whole minutes here, and counts: our own clock stands on one by chance.
        let whole = fraction == 0 && text.get(MOMENT_LEN - 2..MOMENT_LEN) == Some(b"00");
        return if whole { 0 } else { MOMENT_LEN + fraction };
    }
    let is_hex = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if text.iter().take_while(|byte| is_hex(byte)).take(DIGEST_LEN + 1).count() == DIGEST_LEN { DIGEST_LEN } else { 0 }
}

/// Length of a time in an X12 envelope.
const X12_TIME_LEN: usize = 4;

/// Where the times in an X12 interchange's ISA and GS begin.
fn x12_times(bytes: &[u8]) -> Vec<usize> {
    if !bytes.starts_with(b"ISA") {
        return Vec::new();
    }
    let mut times = Vec::new();
    let mut start = 0;
    for segment in bytes.split(|byte| *byte == b'~') {
        let place = if segment.starts_with(b"ISA") {
            10
        } else if segment.starts_with(b"GS") {
            5
        } else {
            0
        };
        if place > 0 {
            let before: usize = segment.split(|byte| *byte == b'*').take(place).map(|element| element.len() + 1).sum();
            times.push(start + before);
        }
        start += segment.len() + 1;
    }
    times
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn same(one: &str, other: &str) -> bool {
        of_bytes(one.as_bytes()) == of_bytes(other.as_bytes())
    }

    #[test]
    fn moments_digests_and_numbers_of_calls_do_not_count() {
        assert!(same(r#"{"at":"2026-11-23T10:00:00.004Z"}"#, r#"{"at":"2026-11-24T11:02:03Z"}"#));
        assert!(same("call 7: refused", "call 12: refused"));
        let digest = |byte: char| format!("sha256/{}.json", byte.to_string().repeat(64));
        assert!(same(&digest('a'), &digest('0')));
        let isa = |date: &str, time: &str| {
            format!(
                "ISA*00*          *00*          *ZZ*N              *ZZ*A              *{date}*{time}*U*00401*000000001*0*P*>~\
                 GS*OW*N*A*20{date}*{time}*1*X*004010~W05*N*SO-1~"
            )
        };
        assert!(same(&isa("261123", "1000"), &isa("261123", "1001")));
        assert!(!same(&isa("261123", "1000"), &isa("261124", "1000")));
    }

    #[test]
    fn everything_else_counts() {
        assert!(!same("2026-11-23T12:00:00Z", "2026-11-23T12:01:00Z"), "partners' moments are whole minutes");
        assert!(!same("call me", "call you") && !same("rel_1", "rel_2") && !same("ab", "ba"));
        assert!(!same(&"a".repeat(63), &"b".repeat(63)) && !same(&"a".repeat(65), &"b".repeat(65)));
        let alike = Alike { on: true, ..Alike::default() };
        let item = |sk: &str, value: Value| alike.of_item(sk, &value.to_string());
        let delivery = |state: &str, failures: u32, why: &str| {
            item("DELIVERY", json!({ "state": state, "failures": failures, "last_failure": why }))
        };
        assert_eq!(delivery("delivered", 1, "late"), delivery("delivered", 0, ""));
        assert_eq!(delivery("pending", 1, "late"), delivery("pending", 1, ""));
        assert_ne!(delivery("pending", 1, ""), delivery("pending", 0, ""));
        assert_ne!(delivery("delivered", 0, ""), delivery("unknown", 0, ""));
        assert_ne!(item("RELEASE", json!([1, [2]])), item("RELEASE", json!([1, 2])));
        assert_ne!(item("RELEASE", json!({ "a": null })), item("RELEASE", json!({ "a": false })));
    }
}
