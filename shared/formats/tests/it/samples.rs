//! Every file in `events/` is what it says.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use canonical::{Content, EventType, MilestoneCode, SetReference};
use edi::guide::Guides;
use edi::verdict::{self, Verdict};
use formats::webhook::{self, Topic};
use formats::{document_json, event_json, order_json, x12};
use serde_json::Value;

use crate::world::sender;

/// What writes the files that this module holds against the types.
pub(crate) const UPDATE: &str = "UPDATE_SCHEMAS=1 cargo test -p formats samples";

pub(crate) fn events() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events")
}

/// A sample with its placeholders filled.
fn sample(name: &str) -> String {
    let values = [
        ("release_id", "rel_0123456789abcdef0123456789abcdef"),
        ("shipment_id", "shp_0123456789abcdef0123456789abcdef"),
        ("now", "2026-12-02T15:04:05Z"),
        ("depositor_order_no", "SO-200001-1"),
        ("acknowledged_group", "12"),
        ("control", "000000105"),
        ("group", "105"),
        ("ccyymmdd", "20261202"),
        ("yymmdd", "261202"),
        ("hhmm", "1504"),
    ];
    let text = fs::read_to_string(events().join(name)).unwrap();
    let filled = values.iter().fold(text, |text, (name, value)| text.replace(&format!("{{{{{name}}}}}"), value));
    assert!(!filled.contains("{{"), "{name} has a placeholder that the README does not list");
    filled
}

/// The names of the files in a folder, without those in folders within it.
pub(crate) fn files(folder: &str) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(events().join(folder))
        .unwrap()
        .map(Result::unwrap)
        .filter(|entry| entry.path().is_file())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The same with the members of objects by name: in which order they come depends on what else is built.
pub(crate) fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members: BTreeMap<&String, Value> =
                members.iter().map(|(name, member)| (name, sorted(member))).collect();
            members.into_iter().map(|(name, member)| (name.clone(), member)).collect()
        }
        Value::Array(entries) => entries.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

/// Holds these schemas, and no others, against those in a folder; or writes them, if that is asked for.
fn are_published(folder: &str, schemas: &[(&str, Value)]) {
    let mut expected: Vec<String> = schemas.iter().map(|(name, _)| format!("{name}.json")).collect();
    expected.sort();
    for (name, schema) in schemas {
        let path = events().join(folder).join(format!("{name}.json"));
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            fs::write(&path, serde_json::to_string_pretty(&sorted(schema)).unwrap() + "\n").unwrap();
        }
        let published: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap_or_default()).unwrap_or_default();
        assert!(published == *schema, "{name}.json differs from its type: {UPDATE}");
    }
    assert_eq!(files(folder), expected);
}

#[test]
fn schemas_are_those_of_the_types() {
    let topics = Topic::ALL.iter().map(|topic| (topic.as_str(), webhook::schema(*topic)));
    let others = [
        (order_json::SCHEMA_NAME, order_json::schema()),
        (order_json::HOLD_SCHEMA_NAME, order_json::hold_schema()),
        (event_json::SCHEMA_NAME, event_json::schema()),
    ];
    are_published("schemas", &others.into_iter().chain(topics).collect::<Vec<_>>());
    are_published("schemas/documents", &document_json::schemas());
    let data: Vec<(&str, Value)> =
        EventType::ALL.iter().map(|kind| (kind.as_str(), event_json::data_schema(*kind))).collect();
    are_published("schemas/events", &data);
}

#[test]
fn every_sample_is_read() {
    for folder in ["S1", "S2"] {
        for name in files(folder) {
            let text = sample(&format!("{folder}/{name}"));
            let topic = match name.as_str() {
                "order-release.json" => {
                    assert!(order_json::parse(text.as_bytes()).is_ok(), "{folder}/{name}");
                    continue;
                }
                "945.edi" | "997.edi" => continue,
                "tracking-picked-up.json" | "tracking-delivered.json" => Topic::TrackingUpdate,
                other => other.trim_end_matches(".json").parse().unwrap(),
            };
            let read = webhook::parse(topic, &sender(), text.as_bytes());
            match (name.as_str(), read.unwrap()) {
                ("tracking-picked-up.json", Content::Milestone(update)) => {
                    assert_eq!(update.code, MilestoneCode::PickedUp);
                }
                ("tracking-delivered.json", Content::Milestone(update)) => {
                    assert_eq!(update.code, MilestoneCode::Delivered);
                }
                (_, Content::ShipConfirm(confirm)) => assert_eq!(confirm.warnings, Vec::new()),
                (_, Content::BusinessDecision { .. } | Content::Waved { .. }) => {}
                (name, other) => panic!("{folder}/{name}: {other:?}"),
            }
        }
    }
}

#[test]
fn the_warehouse_of_s1_ships_what_was_ordered() {
    let order = order_json::parse(sample("S1/order-release.json").as_bytes()).unwrap();
    let confirm = webhook::parse(Topic::ShipConfirm, &sender(), sample("S1/ship-confirm.json").as_bytes());
    let Ok(Content::ShipConfirm(confirm)) = confirm else { panic!() };
    for (ordered, shipped) in order.lines.iter().zip(&confirm.lines) {
        assert_eq!(
            (Some(ordered.line_no), &ordered.sku, ordered.quantity),
            (shipped.line_no, &shipped.sku, shipped.quantity)
        );
    }
    assert_eq!(order.lines.len(), confirm.lines.len());
}

#[test]
fn the_drops_of_s2_are_clean_and_ship_what_was_ordered() {
    let order = order_json::parse(sample("S2/order-release.json").as_bytes()).unwrap();
    for name in ["S2/997.edi", "S2/945.edi"] {
        let text = sample(name);
        let document = edi::read(text.as_bytes());
        let interchange = &document.interchanges[0];
        let verdict = verdict::interchange(interchange, Guides::built_in());
        assert_eq!((&document.findings, &verdict.findings), (&Vec::new(), &Vec::new()), "{name}");
        let group = &interchange.groups[0];
        assert_eq!(verdict.groups[0].sets[0].verdict, Verdict::Accepted, "{name}: {:?}", verdict.groups[0]);
        let set = &group.sets[0];
        if name == "S2/997.edi" {
            let acks = x12::group_acks(interchange, group, set).unwrap();
            assert_eq!(acks.len(), 1);
            assert!(acks[0].accepted && acks[0].set_control.as_deref() == Some(x12::SET_CONTROL));
            assert_eq!((acks[0].functional_id.as_str(), acks[0].group_control.as_str()), ("OW", "12"));
            continue;
        }
        let confirm = x12::warehouse_shipping_advice_945(set).unwrap();
        assert_eq!(confirm.release, SetReference::DepositorOrderNo("SO-200001-1".to_owned()));
        assert_eq!((confirm.warnings.len(), confirm.ssccs.len()), (0, 2));
        for (ordered, shipped) in order.lines.iter().zip(&confirm.lines) {
            assert_eq!((Some(ordered.line_no), &ordered.sku), (shipped.line_no, &shipped.sku));
            assert_eq!((ordered.quantity, &ordered.uom), (shipped.quantity, &shipped.uom));
        }
        assert_eq!(order.lines.len(), confirm.lines.len());
    }
}
