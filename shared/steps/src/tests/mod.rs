//! The decisions, one by one, as a partner or the ERP would notice them. How they play together is played in
//! `tests/simulation`.

mod breaker;
mod edi_drop;
mod order_apply;
mod order_dispatch;
mod order_release;
mod partner_deliver;
mod shipment_apply;
mod shipment_fanout;
mod webhook_ingest;

use std::collections::BTreeMap;

use canonical::{
    ArchiveRef, Content, Event, EventType, Message, MessageId, OrderRelease, PartnerScope, Principal, Release, Role,
    SetReference, ShipConfirm, ShippedLine,
};
use jiff::Timestamp;
use partners::{Bundle, SourceFile};

use crate::{Absorbed, Decision, Outcome, absorb};

/// The distributor: Texas goes to a 3PL with files, New York to one with webhooks.
const HOUSE: &str = r#"
tenant = "northwind"
name = "Northwind Supply"
edi = { qualifier = "ZZ", id = "NORTHWIND" }
routes = [
  { name = "texas", when = { region = ["TX"] }, warehouse = "DAL1", partner = "acme" },
  { name = "east", when = { region = ["NY"] }, warehouse = "NJ1", partner = "bolt" },
]
"#;
const ERP: &str = r#"
id = "erp"
name = "ERP"
role = "erp"
endpoint = { url = "https://erp.example", guarantee = "dedupes" }
subscriptions = [{ via = "webhook", events = ["order.completed.v1"] }]
"#;
const ACME: &str = r#"
id = "acme"
name = "Acme"
role = "3pl"
edi = { qualifier = "ZZ", id = "ACME3PL" }
releases = { format = "x12-940", warehouses = ["DAL1"] }
subscriptions = [{ via = "file", events = ["order.completed.v1"] }]
"#;
const BOLT: &str = r#"
id = "bolt"
name = "Bolt"
role = "3pl"
relays = ["carrier"]
endpoint = { url = "https://bolt.example", guarantee = "neither" }
releases = { format = "json", warehouses = ["NJ1"] }
subscriptions = [{ via = "webhook", events = ["order.completed.v1"] }]
"#;
const SHOP: &str = r#"
id = "shop"
name = "Shop"
role = "channel"
subscriptions = [{ via = "file", events = ["order.completed.v1"] }]
"#;

fn bundle() -> Bundle {
    bundle_with(|_, text| text.to_owned())
}

/// The same with `change` of a file's text.
fn bundle_with(change: impl Fn(&str, &str) -> String) -> Bundle {
    let files = [("house", HOUSE), ("erp", ERP), ("acme", ACME), ("bolt", BOLT), ("shop", SHOP)];
    let file = |(name, text)| SourceFile { name: format!("{name}.toml"), text: change(name, text) };
    partners::compile(&files.map(file), &BTreeMap::new()).unwrap()
}

/// `second` seconds after the beginning of the story.
fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_764_000_000 + second).unwrap()
}

fn sender(partner: &str, roles: &[Role]) -> Principal {
    let scope = PartnerScope { tenant: "northwind".parse().unwrap(), partner: partner.parse().unwrap() };
    Principal { scope, roles: roles.iter().copied().collect() }
}

fn order(release_no: u32, region: &str) -> OrderRelease {
    serde_json::from_value(serde_json::json!({
        "order_no": "SO-1", "release_no": release_no, "customer_po": "PO-9",
        "ship_to": {
            "name": "Corner Shop", "address1": "1 Main Street", "city": "Springfield", "region": region,
            "postal_code": "10001", "country": "US",
        },
        "lines": [
            { "line_no": 1, "sku": "BOLT", "quantity": "60", "uom": "EA" },
            { "line_no": 2, "sku": "NUT", "quantity": "5", "uom": "EA" },
        ],
    }))
    .unwrap()
}

/// A release that the ERP has just asked for.
fn requested(region: &str) -> Release {
    crate::order_release::accept(order(1, region), b"body", &sender("erp", &[Role::Erp]), &bundle(), None, at(0))
        .release
}

/// The same, placed with its warehouse.
fn placed(region: &str) -> Release {
    match crate::order_dispatch::place(&requested(region), &validated(region), &bundle(), none(), None, at(1)) {
        crate::order_dispatch::Dispatching::Place { release, .. } => *release,
        other => panic!("{other:?}"),
    }
}

/// The event that has it placed.
fn validated(region: &str) -> Event {
    let accepted =
        crate::order_release::accept(order(1, region), b"body", &sender("erp", &[Role::Erp]), &bundle(), None, at(0));
    accepted.events.into_iter().find(|event| event.meta.kind == EventType::ReleaseValidated).unwrap()
}

/// Counters of a partner that was never sent anything.
fn none() -> crate::order_dispatch::Counters {
    crate::order_dispatch::Counters::default()
}

fn message(sender: Principal, own_id: &str, content: Content) -> Message {
    Message {
        id: MessageId::derive(&sender.scope.tenant, &sender.scope.partner, own_id),
        sender,
        received_at: at(2),
        raw: ArchiveRef::whole(own_id.as_bytes()),
        profile_version: "v1".to_owned(),
        trace: None,
        content,
    }
}

fn line(line_no: Option<u32>, sku: &str, quantity: u32) -> ShippedLine {
    ShippedLine { line_no, sku: sku.to_owned(), quantity: quantity.into(), uom: "EA".to_owned(), status: None }
}

fn confirm(release: &Release, shipment_no: &str, lines: Vec<ShippedLine>) -> ShipConfirm {
    ShipConfirm {
        release: SetReference::ReleaseId(release.id.clone()),
        shipment_no: shipment_no.to_owned(),
        lines,
        scac: Some("ODFL".to_owned()),
        tracking_nos: vec!["1Z1".to_owned()],
        ssccs: Vec::new(),
        shipped_at: at(100),
        warnings: Vec::new(),
    }
}

/// What is told, by its types.
fn kinds(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(|event| event.meta.kind.as_str()).collect()
}

/// What was written and told; panics if nothing was.
fn written<T: std::fmt::Debug>(decision: Decision<T>) -> (T, Vec<Event>) {
    match decision {
        Decision::Write { next, events, .. } => (*next, events),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_outcome_is_one_word_in_every_place() {
    use Outcome::{Applied, Conflict, Duplicate, Held, Quarantined, Rejected, Unknown};
    let words = ["applied", "duplicate", "conflict", "rejected", "quarantined", "held", "unknown"];
    for (outcome, word) in [Applied, Duplicate, Conflict, Rejected, Quarantined, Held, Unknown].into_iter().zip(words) {
        assert_eq!(outcome.as_str(), word);
        assert_eq!(serde_json::to_value(outcome).unwrap(), word);
    }
}

#[test]
fn what_was_told_before_is_known_by_its_key_and_held_against_its_content() {
    let mut absorbed = BTreeMap::new();
    assert_eq!(absorb(&mut absorbed, "shipment 1", "60 bolts"), Absorbed::New);
    assert_eq!(absorb(&mut absorbed, "shipment 1", "60 bolts"), Absorbed::Before);
    assert_eq!(absorb(&mut absorbed, "shipment 1", "61 bolts"), Absorbed::Otherwise);
    assert_eq!(absorb(&mut absorbed, "shipment 1", "60 bolts"), Absorbed::Before, "the first one holds");
    assert_eq!(absorb(&mut absorbed, "shipment 2", "60 bolts"), Absorbed::New);
}
