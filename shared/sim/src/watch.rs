//! Rules that are held at every write and every effect, so that an offence is found where it happens.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::ops::Range;

use canonical::{Event, EventId, EventType, PartnerId, Release, Standing};
use ports::Key;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::world::{Item, Written};

/// What was seen so far, and what offended a rule.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watch {
    told: HashSet<EventId>,
    /// The number of the last event of each business object.
    last: BTreeMap<String, u64>,
    /// What was told to be missed: release and expectation.
    missed: HashSet<(String, String)>,
    /// A function's clock was wrong: whether another is still at work cannot be known then.
    pub(crate) clocks_differ: bool,
    /// Offences, in words.
    pub(crate) found: Vec<String>,
}

impl Watch {
    /// A write that happens: the item before, if there was one, and what it is to hold.
    pub(crate) fn write(&mut self, written: &Written, before: Option<&Item>, after: &Item) {
        for event in &written.events {
            let meta = &event.meta;
            if !self.told.insert(meta.id.clone()) {
                self.found.push(format!("event {} {} is told twice", meta.kind, meta.id));
            }
            if meta.ordering_key.starts_with("rel_") || meta.ordering_key.starts_with("shp_") {
                let last = self.last.entry(meta.ordering_key.clone()).or_default();
                if meta.seq != *last + 1 {
                    self.found
                        .push(format!("{} of {} has number {} after {last}", meta.kind, meta.ordering_key, meta.seq));
                }
                *last = meta.seq;
            }
        }
        let missed = written.events.iter().filter(|event| event.meta.kind == EventType::ExpectationMissed);
        missed.for_each(|event| self.missed(event, before));
        let Some(before) = before else { return };
        let is_delivery = written.key.sk() == "DELIVERY";
        if is_delivery && !self.clocks_differ && state(before) == UNKNOWN && state(after) != UNKNOWN {
            self.found.push(format!("{}: a person was told that nobody knows, and a worker did", written.key.pk()));
        }
        for what in undone(&written.key, before, after) {
            self.found.push(format!("{} {}: {what}", written.key.sk(), written.key.pk()));
        }
    }

    /// It is told that something did not come in time: for the first time, and it had not.
    fn missed(&mut self, event: &Event, before: Option<&Item>) {
        let text = |name: &str| event.data.get(name).and_then(Value::as_str).unwrap_or_default();
        let (id, expected) = (text("release_id"), text("expected"));
        if !self.missed.insert((id.to_owned(), expected.to_owned())) {
            self.found.push(format!("{id}: {expected} is told twice to be missed"));
        }
        let release = before.and_then(|item| serde_json::from_str::<Release>(&item.doc).ok());
        let one =
            release.iter().flat_map(|release| &release.expectations).find(|one| one.expected.as_str() == expected);
        let standing = release.as_ref().zip(one).map(|(release, one)| release.standing(one));
        if standing != Some(Standing::Open) {
            self.found.push(format!("{id}: {expected} is told to be missed, and was {standing:?}"));
        }
    }

    /// A partner's system did what it was asked, again.
    pub(crate) fn done_again(&mut self, partner: &PartnerId, key: &str) {
        self.found.push(format!("{partner} did {key} twice"));
    }

    /// A file in an outbox was replaced by another.
    pub(crate) fn replaced(&mut self, partner: &PartnerId, name: &str) {
        self.found.push(format!("{partner}/{name} was replaced by other bytes"));
    }
}

/// What may be added to and never taken from, by sort key: paths of lists, objects and single values.
const GROWS: [(&str, &[&str]); 3] = [
    (
        "RELEASE",
        &[
            "history",
            "absorbed",
            "dispatch",
            "cancel_dispatch",
            "order",
            "raw",
            "facts/transport_acked",
            "facts/waved",
            "facts/cancel_requested",
            "facts/shipments",
            "facts/delivered",
        ],
    ),
    ("SHIPMENT", &["absorbed", "confirmed", "milestones"]),
    // Where it stands comes first: of that there are rules of its own.
    ("DELIVERY", &[STATE, "id", "receiver", "subject", "message_no", "target", "body", "guarantee", "created_at"]),
];
const STATE: &str = "state";
const UNKNOWN: Option<&str> = Some("\"unknown\"");
/// States that do not change any more: what is unknown may become known.
const ENDS: [&str; 2] = ["\"delivered\"", "\"refused\""];

fn grows(sk: &str) -> &'static [&'static str] {
    GROWS.iter().find(|(of, _)| *of == sk).map(|(_, paths)| *paths).unwrap_or_default()
}

/// Where in an item's text the values of [`GROWS`] stand, in that order: an item is looked through once, when it is written.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parts(Vec<Option<Range<usize>>>);

impl Parts {
    pub(crate) fn of(sk: &str, doc: &str) -> Self {
        let paths = grows(sk);
        // What cannot be read has none of them, which offends as soon as the item before had one.
        let fields = |text| serde_json::from_str::<Fields<'_>>(text).unwrap_or_default();
        let all = if paths.is_empty() { Fields::default() } else { fields(doc) };
        let facts = all.get("facts").map(fields).unwrap_or_default();
        let place = |path: &&str| {
            let text = path.strip_prefix("facts/").map_or_else(|| all.get(path), |name| facts.get(name))?;
            let start = text.as_ptr().addr() - doc.as_ptr().addr();
            Some(start..start + text.len())
        };
        Self(paths.iter().map(place).collect())
    }
}

/// The fields of an object, each as text.
#[derive(Default)]
struct Fields<'a>(Vec<(&'a str, &'a RawValue)>);

impl<'a> Fields<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(given, _)| *given == name).map(|(_, value)| value.get())
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Fields<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::with_capacity(16);
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Each)
    }
}

/// The text of an item's part, by its place in [`GROWS`].
fn part(item: &Item, at: usize) -> Option<&str> {
    item.doc.get(item.parts.0.get(at)?.clone()?)
}

/// Where a delivery stands.
fn state(delivery: &Item) -> Option<&str> {
    part(delivery, 0)
}

/// What `after` takes back of `before`.
fn undone(key: &Key, before: &Item, after: &Item) -> Vec<String> {
    let paths = grows(key.sk()).iter().enumerate();
    let undone = paths.filter(|(at, path)| match (part(before, *at), part(after, *at)) {
        (None, _) => false,
        (Some(before), Some(after)) if **path == STATE => before != after && ENDS.contains(&before),
        (Some(before), Some(after)) => !continues(after, before) && !holds(&value(after), &value(before)),
        (Some(before), None) => !is_nothing(&value(before)),
    });
    let words = |item, at| part(item, at).unwrap_or("nothing").to_owned();
    undone.map(|(at, path)| format!("{path} was {} and is {}", words(before, at), words(after, at))).collect()
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// Whether a text is another one, or a list that goes on where the other one ends: seen without reading either.
fn continues(whole: &str, part: &str) -> bool {
    let more = |part: &str| whole.strip_prefix(part).is_some_and(|rest| rest.starts_with(','));
    whole == part || part.strip_suffix(']').is_some_and(more)
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

/// Whether everything of `part` is still in `whole`.
fn holds(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (_, part) if is_nothing(part) => true,
        // A list in which each entry has its place, or a sorted one into which some come between.
        (Value::Array(whole), Value::Array(part)) => {
            whole.starts_with(part) || whole.len() >= part.len() && part.iter().all(|one| whole.contains(one))
        }
        (Value::Object(whole), Value::Object(part)) => {
            part.iter().all(|(name, value)| whole.get(name).is_some_and(|now| now == value))
        }
        (whole, part) => whole == part,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_said_is_not_taken_back() {
        let whole = json!([1, 2, 3]);
        assert!(holds(&whole, &json!([1, 2])) && holds(&whole, &json!([2])) && holds(&whole, &json!([])));
        assert!(!holds(&json!([1]), &json!([1, 2])) && !holds(&json!([1, 3]), &json!([1, 2])));
        let whole = json!({"a": [1], "b": 2});
        assert!(holds(&whole, &json!({"a": [1]})) && holds(&whole, &json!({})) && holds(&whole, &Value::Null));
        assert!(!holds(&whole, &json!({"a": [2]})) && !holds(&whole, &json!({"c": 1})));
        assert!(holds(&json!(true), &json!(false)) && !holds(&json!(false), &json!(true)));
    }

    #[test]
    fn a_list_that_goes_on_is_seen_in_the_text_and_nothing_else_is() {
        assert!(continues("[1,2]", "[1,2]") && continues("[1,2]", "[1]") && continues(r#"[["a"],[]]"#, r#"[["a"]]"#));
        assert!(!continues("[12]", "[1]") && !continues("[1]", "[1,2]") && !continues(r#""a],""#, r#""a]""#));
        assert!(!continues("12", "1"));
    }

    #[test]
    fn a_delivery_that_ended_stays_as_it_ended() {
        let scope = canonical::PartnerScope { tenant: "t".parse().unwrap(), partner: "p".parse().unwrap() };
        let key = Key::delivery(&scope, &canonical::DeliveryId::derive(&scope.tenant, &scope.partner, "x"));
        let item = |value: Value| {
            let doc = value.to_string();
            let parts = Parts::of("DELIVERY", &doc).into();
            Item {
                version: 1,
                doc: doc.into(),
                parts,
                alike: crate::alike::Counted::default(),
                open: None,
                due: None,
                shown: None,
            }
        };
        let state = |state: &str| item(json!({ "id": "d", "state": state }));
        let undone = |before: &str, after: &str| undone(&key, &state(before), &state(after)).len();
        assert_eq!(undone("pending", "delivered") + undone("unknown", "delivered"), 0);
        assert_eq!((undone("delivered", "pending"), undone("refused", "unknown")), (1, 1));
        assert_eq!(super::undone(&key, &state("pending"), &item(json!({ "id": "e", "state": "pending" }))).len(), 1);
        assert_eq!(super::undone(&key, &state("pending"), &item(json!({ "state": "pending" }))).len(), 1);
        assert_eq!(super::undone(&key, &state("pending"), &item(json!("no delivery"))).len(), 2);
    }
}
