//! Rules that are held at every write and every effect, so that an offence is found where it happens.

use std::collections::{BTreeMap, HashSet};

use canonical::{EventId, PartnerId};
use ports::Key;
use serde_json::Value;

use crate::world::Written;

/// What was seen so far, and what offended a rule.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watch {
    told: HashSet<EventId>,
    /// The number of the last event of each business object.
    last: BTreeMap<String, u64>,
    /// A function's clock was wrong: whether another is still at work cannot be known then.
    pub(crate) clocks_differ: bool,
    /// Offences, in words.
    pub(crate) found: Vec<String>,
}

impl Watch {
    /// A write that happens: the item before, if there was one, and what it is to hold.
    pub(crate) fn write(&mut self, written: &Written, before: Option<&Value>, after: &Value) {
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
        let Some(before) = before else { return };
        if written.key.sk() == "DELIVERY" && !self.clocks_differ {
            let state = |value| at(value, "/state").and_then(Value::as_str);
            if state(before) == Some("unknown") && state(after) != Some("unknown") {
                self.found.push(format!("{}: a person was told that nobody knows, and a worker did", written.key.pk()));
            }
        }
        for what in undone(&written.key, before, after) {
            self.found.push(format!("{} {}: {what}", written.key.sk(), written.key.pk()));
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
            "/history",
            "/absorbed",
            "/dispatch",
            "/cancel_dispatch",
            "/order",
            "/raw",
            "/facts/transport_acked",
            "/facts/waved",
            "/facts/cancel_requested",
            "/facts/shipments",
            "/facts/delivered",
        ],
    ),
    ("SHIPMENT", &["/absorbed", "/confirmed", "/milestones"]),
    ("DELIVERY", &["/id", "/receiver", "/subject", "/message_no", "/target", "/body", "/guarantee", "/created_at"]),
];

/// What `after` takes back of `before`.
fn undone(key: &Key, before: &Value, after: &Value) -> Vec<String> {
    let paths = GROWS.iter().find(|(sk, _)| *sk == key.sk()).map(|(_, paths)| *paths).unwrap_or_default();
    let words = |value: &Value, path: &str| at(value, path).cloned().unwrap_or_default();
    let mut undone: Vec<String> = paths
        .iter()
        .filter(|path| match (at(before, path), at(after, path)) {
            (None, _) => false,
            (Some(before), Some(after)) => !holds(after, before),
            (Some(before), None) => !is_nothing(before),
        })
        .map(|path| format!("{path} was {} and is {}", words(before, path), words(after, path)))
        .collect();
    if key.sk() == "DELIVERY" {
        let state = |value| at(value, "/state").and_then(Value::as_str).unwrap_or("");
        // What is unknown may become known; what is known stays.
        if matches!(state(before), "delivered" | "refused") && state(before) != state(after) {
            undone.push(format!("it was {} and is {}", state(before), state(after)));
        }
    }
    undone
}

/// What stands at a path whose names have no `/` or `~` in them.
fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('/').skip(1).try_fold(value, |value, name| value.get(name))
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
            let begins = whole.len() >= part.len() && whole.iter().zip(part).all(|(whole, part)| same(whole, part));
            begins || whole.len() >= part.len() && part.iter().all(|one| whole.contains(one))
        }
        (Value::Object(whole), Value::Object(part)) => {
            part.iter().all(|(name, value)| whole.get(name).is_some_and(|now| same(now, value)))
        }
        (whole, part) => same(whole, part),
    }
}

/// Whether two values are equal. Fields mostly stand in the same order: then none is looked up.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let mut pairs = one.iter().zip(other);
            one.len() == other.len() && pairs.all(|(one, other)| one.0 == other.0 && same(one.1, other.1))
                || one == other
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (one, other) => one == other,
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
    fn a_delivery_that_ended_stays_as_it_ended() {
        let scope = canonical::PartnerScope { tenant: "t".parse().unwrap(), partner: "p".parse().unwrap() };
        let key = Key::delivery(&scope, &canonical::DeliveryId::derive(&scope.tenant, &scope.partner, "x"));
        let state = |state: &str| json!({ "id": "d", "state": state });
        let undone = |before: &str, after: &str| undone(&key, &state(before), &state(after)).len();
        assert_eq!(undone("pending", "delivered") + undone("unknown", "delivered"), 0);
        assert_eq!((undone("delivered", "pending"), undone("refused", "unknown")), (1, 1));
        assert_eq!(super::undone(&key, &state("pending"), &json!({ "id": "e", "state": "pending" })).len(), 1);
    }
}
