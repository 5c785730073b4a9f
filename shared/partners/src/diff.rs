//! What differs between two bundles, field by field.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{Bundle, BundleError};

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Whose: a partner's id, or `house`.
    pub of: String,
    /// Which, such as `endpoint.url`; empty if it is all of it.
    pub field: String,
    /// What it was; none if it was not there.
    pub before: Option<Value>,
    /// What it is; none if it is gone.
    pub after: Option<Value>,
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { of, field, before, after } = self;
        match (field.is_empty(), before, after) {
            (true, None, _) => write!(f, "{of}: is new"),
            (true, _, _) => write!(f, "{of}: is taken out"),
            (_, None, Some(after)) => write!(f, "{of}: {field} is new: {after}"),
            (_, Some(before), None) => write!(f, "{of}: {field} is gone; it was {before}"),
            (_, Some(before), Some(after)) => write!(f, "{of}: {field} becomes {after}; it was {before}"),
            (_, None, None) => write!(f, "{of}: {field} stays"),
        }
    }
}

/// Every field that differs; a partner that comes or goes is one change.
///
/// # Errors
/// A bundle does not serialize, which is a mistake of ours.
pub fn diff(before: &Bundle, after: &Bundle) -> Result<Vec<Change>, BundleError> {
    let mut changes = Vec::new();
    compare("house", "", &serde_json::to_value(&before.house)?, &serde_json::to_value(&after.house)?, &mut changes);
    let ids: BTreeSet<_> = before.partners.keys().chain(after.partners.keys()).collect();
    for id in ids {
        let value = |bundle: &Bundle| bundle.partners.get(id).map(serde_json::to_value).transpose();
        match (value(before)?, value(after)?) {
            (Some(before), Some(after)) => compare(id.as_str(), "", &before, &after, &mut changes),
            (before, after) => changes.push(Change { of: id.to_string(), field: String::new(), before, after }),
        }
    }
    Ok(changes)
}

/// The entries of a list by their names, such as rules; none if they have none, or one twice.
fn named(value: &Value) -> Option<Map<String, Value>> {
    let entries = value.as_array()?;
    let with_name = |entry: &Value| Some((entry.get("name")?.as_str()?.to_owned(), entry.clone()));
    let named: Map<String, Value> = entries.iter().map(with_name).collect::<Option<_>>()?;
    (named.len() == entries.len()).then_some(named)
}

/// The names of a list's entries in their order.
fn order(value: &Value) -> Value {
    value.as_array().into_iter().flatten().filter_map(|entry| entry.get("name").cloned()).collect()
}

fn compare(of: &str, field: &str, before: &Value, after: &Value, changes: &mut Vec<Change>) {
    if let (Some(old), Some(new)) = (named(before), named(after)) {
        compare(of, field, &Value::Object(old), &Value::Object(new), changes);
        return replaced(of, &format!("{field} in their order"), &order(before), &order(after), changes);
    }
    let (Value::Object(old), Value::Object(new)) = (before, after) else {
        return replaced(of, field, before, after, changes);
    };
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for name in names {
        let path = if field.is_empty() { name.clone() } else { format!("{field}.{name}") };
        let value = |members: &Map<String, Value>| members.get(name).cloned().unwrap_or_default();
        compare(of, &path, &value(old), &value(new), changes);
    }
}

/// Notes one value in the place of another, if they differ.
fn replaced(of: &str, field: &str, before: &Value, after: &Value, changes: &mut Vec<Change>) {
    if before != after {
        let given = |value: &Value| (!value.is_null()).then(|| value.clone());
        let (of, field) = (of.to_owned(), field.to_owned());
        changes.push(Change { of, field, before: given(before), after: given(after) });
    }
}
