//! `openapi.yaml` and `asyncapi.yaml` are what the code says, and are what their standards call a description.

use std::collections::BTreeSet;
use std::fs;

use canonical::EventType;
use formats::api::{self, Operation};
use serde_json::Value;

use crate::samples::{UPDATE, events, files, sorted};

/// The schemas of the standards, as they are published: spec.openapis.org/oas/3.1/schema/2022-10-07, and 3.0.0 of
/// `@asyncapi/specs`.
const OPENAPI: &str = include_str!("schemas/openapi-3.1.json");
const ASYNCAPI: &str = include_str!("schemas/asyncapi-3.0.json");

/// Holds a published description against the one that the code gives, or writes it, if that is asked for.
fn is_published(name: &str, description: &Value) {
    let path = events().join(name);
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        let head = format!("# Written from the code, and never by hand: {UPDATE}\n");
        fs::write(&path, head + &serde_yaml_ng::to_string(&sorted(description)).unwrap()).unwrap();
    }
    let published: Value = serde_yaml_ng::from_str(&fs::read_to_string(&path).unwrap_or_default()).unwrap_or_default();
    assert!(published == *description, "{name} differs from the code: {UPDATE}");
}

/// Holds a description against the schema of its standard.
fn is_valid(standard: &str, description: &Value) {
    let validator = jsonschema::validator_for(&serde_json::from_str(standard).unwrap()).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(description).map(|error| format!("{}: {error:.200}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
}

/// Every `$ref` below a value.
fn references(value: &Value) -> BTreeSet<String> {
    match value {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| match value {
                Value::String(reference) if name == "$ref" => [reference.clone()].into(),
                value => references(value),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => BTreeSet::new(),
    }
}

/// What a description points at outside of itself; what it points at within is there.
fn schemas_of(description: &Value) -> BTreeSet<String> {
    let (within, outside): (BTreeSet<_>, BTreeSet<_>) =
        references(description).into_iter().partition(|reference| reference.starts_with('#'));
    for reference in within {
        assert!(description.pointer(&reference[1..]).is_some(), "{reference}");
    }
    outside
}

#[test]
fn the_descriptions_are_those_of_the_code() {
    is_published("openapi.yaml", &api::openapi());
    is_published("asyncapi.yaml", &api::asyncapi());
}

#[test]
fn the_descriptions_are_valid_by_their_standards() {
    is_valid(OPENAPI, &api::openapi());
    is_valid(ASYNCAPI, &api::asyncapi());
}

#[test]
fn the_standards_schemas_would_notice() {
    for (standard, mut description, place) in [(OPENAPI, api::openapi(), "/info"), (ASYNCAPI, api::asyncapi(), "/info")]
    {
        description.pointer_mut(place).unwrap().as_object_mut().unwrap().remove("title");
        let validator = jsonschema::validator_for(&serde_json::from_str(standard).unwrap()).unwrap();
        assert!(!validator.is_valid(&description));
    }
}

#[test]
fn every_published_schema_has_its_place_and_nothing_else_is_pointed_at() {
    let published = |folder: &str| files(folder).into_iter().map(|name| format!("{folder}/{name}")).collect();
    let described = schemas_of(&api::openapi());
    assert_eq!(described, published("schemas"));
    let mut told: BTreeSet<String> = published("schemas/events");
    told.insert("schemas/event.json".to_owned());
    assert_eq!(schemas_of(&api::asyncapi()), told);
}

#[test]
fn every_operation_and_every_event_type_is_described_once() {
    let described = api::openapi();
    let mut ids = BTreeSet::new();
    for path in described["paths"].as_object().unwrap().values() {
        for operation in path.as_object().unwrap().values() {
            assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()));
        }
    }
    assert_eq!(ids, Operation::ALL.iter().map(|operation| operation.as_str().to_owned()).collect());
    let told = api::asyncapi();
    for channel in ["bus", "webhook", "outbox"] {
        let described: BTreeSet<&str> =
            told["channels"][channel]["messages"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(described, EventType::ALL.iter().map(|kind| kind.as_str()).collect());
    }
}
