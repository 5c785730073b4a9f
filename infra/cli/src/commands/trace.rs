//! `crossdock trace`: everything on record of a release, found by any key.

use std::collections::BTreeSet;
use std::process::ExitCode;

use aws::Item;
use canonical::{Delivery, Parked, Release, ReleaseId, Shipment};
use formats::api::ReleaseView;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Asked;
use crate::timeline::EventNames;
use crate::{Error, Out, clock, timeline};

pub(super) async fn run(asked: &Asked, key: &str, out: &Out) -> Result<ExitCode, Error> {
    let key = key.trim();
    if key.is_empty() {
        return Err(Error::Unusable("give a key to look for".to_owned()));
    }
    let look = |count: usize| out.progress(&format!("looking: {count} items"));
    let mut found = asked.operations.scan(Some(key), look).await?;
    found.retain(|item| names(item, key));
    let ids: BTreeSet<String> = found.iter().flat_map(releases_of).collect();
    let mut traces = Vec::new();
    for id in &ids {
        let items = asked.operations.scan(Some(id), look).await?;
        if let Some(mut trace) = Trace::of(id, &items)? {
            trace.names = timeline::event_names(&asked.operations, &trace.deliveries).await?;
            traces.push(trace);
        }
    }
    out.progress_done();
    let loose: Vec<Parked> = of_kind::<Parked>(&found, "PARKED")?
        .into_iter()
        .filter(|parked| parked.correlation_id.as_ref().is_none_or(|id| !ids.contains(id)))
        .collect();
    let loose_deliveries: Vec<Delivery> = of_kind::<Delivery>(&found, "DELIVERY")?
        .into_iter()
        .filter(|delivery| delivery.subject.correlation_id().is_none())
        .collect();
    if out.is_json() {
        let releases: Vec<Value> = traces.iter().map(Trace::json).collect();
        out.json(&json!({ "key": key, "releases": releases, "parked": loose, "deliveries": loose_deliveries }));
    } else {
        for trace in &traces {
            trace.print(out);
        }
        for parked in &loose {
            out.line(format_args!("parked {} of {}: {}", parked.id, parked.partner, timeline::parked_detail(parked)));
        }
        for delivery in &loose_deliveries {
            let (id, to) = (&delivery.id, &delivery.receiver.partner);
            out.line(format_args!("delivery {id} to {to}, message {}: {:?}", delivery.message_no, delivery.state));
        }
        if traces.is_empty() && loose.is_empty() && loose_deliveries.is_empty() {
            out.line(format_args!("nothing on record names {key}"));
        }
    }
    let anything = !(traces.is_empty() && loose.is_empty() && loose_deliveries.is_empty());
    Ok(if anything { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

struct Trace {
    release: Release,
    shipments: Vec<Shipment>,
    deliveries: Vec<Delivery>,
    parked: Vec<Parked>,
    names: EventNames,
}

impl Trace {
    /// The trace of the release `id` from the items that name it; none if the release itself is not among them.
    fn of(id: &str, items: &[Item]) -> Result<Option<Self>, Error> {
        let release = of_kind::<Release>(items, "RELEASE")?.into_iter().find(|release| release.id.as_str() == id);
        let Some(release) = release else { return Ok(None) };
        let mut shipments: Vec<Shipment> = of_kind(items, "SHIPMENT")?;
        shipments
            .retain(|shipment| shipment.confirmed.as_ref().is_some_and(|confirmed| confirmed.release_id == release.id));
        let mut deliveries: Vec<Delivery> = of_kind(items, "DELIVERY")?;
        deliveries.retain(|delivery| delivery.subject.correlation_id().as_deref() == Some(id));
        let mut parked: Vec<Parked> = of_kind(items, "PARKED")?;
        parked.retain(|parked| parked.correlation_id.as_deref() == Some(id));
        Ok(Some(Self { release, shipments, deliveries, parked, names: EventNames::new() }))
    }

    fn rows(&self) -> Vec<timeline::Row> {
        timeline::rows(&self.release, &self.shipments, &self.deliveries, &self.parked, &self.names)
    }

    fn json(&self) -> Value {
        // Names to text and numbers alone: this cannot fail.
        let mut view = serde_json::to_value(ReleaseView::of(&self.release)).unwrap_or_default();
        if let Some(view) = view.as_object_mut() {
            view.remove("history");
            view.insert("timeline".to_owned(), json!(self.rows()));
            view.insert("raw".to_owned(), json!(self.release.raw));
        }
        view
    }

    fn print(&self, out: &Out) {
        let release = &self.release;
        let order = &release.order;
        let po = order.customer_po.as_ref().map(|po| format!(", PO {po}")).unwrap_or_default();
        out.line(format_args!("{} release {}{po}   {}", order.order_no, order.release_no, release.id));
        match release.court() {
            Some(court) => {
                let partner = court.partner.map(|partner| format!(" {partner}")).unwrap_or_default();
                out.line(format_args!(
                    "{} since {}; next: {}{partner} – {}",
                    release.state(),
                    clock::ago(court.since, clock::now()),
                    court.owner.as_str(),
                    court.next_move
                ));
            }
            None => out.line(format_args!("{}; nobody has to move", release.state())),
        }
        for line in release.lines() {
            let (no, sku, uom) = (line.line_no, &line.sku, &line.uom);
            out.line(format_args!("  line {no}: {sku}, {} of {} {uom} shipped", line.shipped, line.ordered));
        }
        out.line(format_args!("\n{}\n", timeline::table(&self.rows())));
    }
}

fn of_kind<T: DeserializeOwned>(items: &[Item], kind: &str) -> Result<Vec<T>, Error> {
    let wanted = items.iter().filter(|item| item.sk == kind);
    wanted.map(|item| serde_json::from_value(item.doc.clone()).map_err(Error::json(&item.pk))).collect()
}

/// Whether an item holds `key` as a whole word, and not as a part of some other number.
fn names(item: &Item, key: &str) -> bool {
    holds_word(&item.pk, key) || value_names(&item.doc, key)
}

fn value_names(value: &Value, key: &str) -> bool {
    match value {
        Value::String(text) => holds_word(text, key),
        Value::Number(number) => number.to_string() == key,
        Value::Array(values) => values.iter().any(|value| value_names(value, key)),
        Value::Object(members) => members.iter().any(|(name, value)| name == key || value_names(value, key)),
        Value::Null | Value::Bool(_) => false,
    }
}

fn holds_word(text: &str, key: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    text.match_indices(key).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + key.len()..).and_then(|after| after.chars().next());
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

/// The releases that an item is about: every id of one that it holds.
fn releases_of(item: &Item) -> Vec<String> {
    let mut ids = Vec::new();
    if item.sk == "RELEASE" {
        ids.extend(item.doc.get("id").and_then(Value::as_str).map(str::to_owned));
    } else {
        collect(&item.doc, &mut ids);
    }
    ids
}

fn collect(value: &Value, ids: &mut Vec<String>) {
    match value {
        Value::String(text) if text.starts_with("rel_") && text.parse::<ReleaseId>().is_ok() => ids.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| collect(value, ids)),
        Value::Object(members) => members.values().for_each(|value| collect(value, ids)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_as_a_whole_word_only() {
        let item = |doc: Value| Item { pk: "T#t#P#p#GROUP#OW#7".to_owned(), sk: "GROUP".to_owned(), version: 1, doc };
        let doc =
            json!({ "order_no": "SO-1", "seq": 12, "detail": "message 000000007, taken", "absorbed": {"ab": "cd"} });
        for key in ["SO-1", "12", "000000007", "7", "ab"] {
            assert!(names(&item(doc.clone()), key), "{key}");
        }
        for key in ["SO", "O-1", "1", "00000000", "x"] {
            assert!(!names(&item(doc.clone()), key), "{key}");
        }
    }

    #[test]
    fn items_lead_to_the_releases_that_they_are_about() {
        let doc = json!({ "sets": [["0001", "rel_a"]], "note": "rel_ is no id of one", "other": "x" });
        let item = Item { pk: String::new(), sk: "GROUP".to_owned(), version: 1, doc };
        assert_eq!(releases_of(&item), ["rel_a"]);
    }
}
