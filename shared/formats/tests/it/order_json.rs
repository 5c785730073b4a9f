use canonical::Code;
use formats::limits::FINDINGS_MAX;
use formats::order_json::parse;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::world::{self, place};

fn order() -> Value {
    serde_json::to_value(world::order()).unwrap()
}

/// `place: detail` of everything that is wrong, and that nothing but the schema is what is wrong.
fn wrong(document: &Value) -> Vec<String> {
    let findings = parse(document.to_string().as_bytes()).unwrap_err();
    assert!(findings.iter().all(|finding| finding.code == Code::SchemaViolation), "{findings:?}");
    findings.iter().map(|finding| format!("{}: {}", place(finding), finding.detail)).collect()
}

/// The order with the value at `pointer` set; `null` takes it away.
fn with(pointer: &str, value: Value) -> Value {
    let mut order = order();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match order.pointer_mut(parent).unwrap() {
        Value::Object(members) if value.is_null() => drop(members.remove(name)),
        Value::Object(members) => drop(members.insert(name.to_owned(), value)),
        Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
        _ => panic!("{pointer}"),
    }
    order
}

#[test]
fn what_is_written_is_read() {
    assert_eq!(parse(order().to_string().as_bytes()).unwrap(), world::order());
}

#[test]
fn every_rule_of_the_schema_names_its_field() {
    let long = |len: usize| json!("x".repeat(len));
    let capitals = "must be two capital letters";
    let code = "must be two capital letters or digits";
    let decimal = "must be a decimal such as 60 or 2.5, with at most 12 digits before and 6 after the point";
    let whole = "must be a whole number, or a decimal written as text such as \"2.5\"";
    let day = "must be a day such as 2026-01-31";
    let table: &[(&str, Value, &str)] = &[
        ("/order_no", Value::Null, "is required"),
        ("/order_no", json!(5), "must be text"),
        ("/order_no", json!("-1"), "must be 1 to 22 letters, digits, . _ / -, the first a letter or digit"),
        ("/order_no", json!("A".repeat(23)), "must be 1 to 22 letters, digits, . _ / -, the first a letter or digit"),
        ("/release_no", json!(0), "must be 1 or more"),
        ("/release_no", json!(1000), "must be 999 or less"),
        ("/release_no", json!(1.0), whole),
        ("/release_no", json!("1"), "must be a whole number"),
        ("/customer_po", json!("PO\n1"), "must be 1 to 22 printable ASCII characters"),
        ("/ship_to", Value::Null, "is required"),
        ("/ship_to", json!([]), "must be an object"),
        ("/ship_to/name", json!(""), "must not be empty"),
        ("/ship_to/name", long(61), "must have at most 60 characters"),
        ("/ship_to/code", json!("x"), "must have at least 2 characters"),
        ("/ship_to/code", long(81), "must have at most 80 characters"),
        ("/ship_to/address1", Value::Null, "is required"),
        ("/ship_to/address1", long(56), "must have at most 55 characters"),
        ("/ship_to/address2", long(56), "must have at most 55 characters"),
        ("/ship_to/city", json!("x"), "must have at least 2 characters"),
        ("/ship_to/city", long(31), "must have at most 30 characters"),
        ("/ship_to/region", json!("Texas"), capitals),
        ("/ship_to/postal_code", json!("1"), "must be 3 to 15 letters, digits, blanks or -"),
        ("/ship_to/country", json!("us"), capitals),
        ("/ship_to/phone", json!("1"), "is not a field of this document"),
        ("/ship_by", json!("2026-02-30"), day),
        ("/ship_by", json!("2026-02-03T00:00:00Z"), day),
        ("/deliver_by", json!("tomorrow"), day),
        ("/deliver_by", json!("2026-02-02"), "must not be before ship_by"),
        ("/carrier", json!("ODFL"), "must be an object"),
        ("/carrier/scac", Value::Null, "is required"),
        ("/carrier/scac", json!("Old Dominion"), "must be 2 to 4 capital letters"),
        ("/carrier/service", json!(""), "must not be empty"),
        ("/carrier/service", long(36), "must have at most 35 characters"),
        ("/carrier/x~y/z", json!(1), "is not a field of this document"),
        ("/warehouse", json!("DAL 1"), "must be 1 to 20 letters, digits, . _ -"),
        ("/lines", Value::Null, "is required"),
        ("/lines", json!([]), "must not be empty"),
        ("/lines", json!({}), "must be a list"),
        ("/lines/0", json!(1), "must be an object"),
        ("/lines/0/line_no", Value::Null, "is required"),
        ("/lines/0/line_no", json!(0), "must be 1 or more"),
        ("/lines/0/line_no", json!(1_000_000), "must be 999999 or less"),
        ("/lines/0/line_no", json!(-1), "must be 1 or more"),
        ("/lines/1/line_no", json!(10), "is the number of line /lines/0 too"),
        ("/lines/0/sku", json!(" A"), "must be 1 to 48 printable ASCII characters, no blank at either end"),
        ("/lines/0/sku", long(49), "must be 1 to 48 printable ASCII characters, no blank at either end"),
        ("/lines/0/quantity", Value::Null, "is required"),
        ("/lines/0/quantity", json!("0"), "must be more than 0"),
        ("/lines/0/quantity", json!("0.000000"), "must be more than 0"),
        ("/lines/0/quantity", json!(0), "must be more than 0"),
        ("/lines/0/quantity", json!(-1), "must be 0 or more"),
        ("/lines/0/quantity", json!(1_000_000_000_000_u64), "must be 999999999999 or less"),
        ("/lines/0/quantity", json!("1000000000000"), decimal),
        ("/lines/0/quantity", json!("1.1234567"), decimal),
        ("/lines/0/quantity", json!("1e3"), decimal),
        ("/lines/0/quantity", json!(1.0), whole),
        ("/lines/0/quantity", json!(2.5), "must be text or a whole number"),
        ("/lines/0/quantity", json!(true), "must be text or a whole number"),
        ("/lines/0/uom", json!("EACH"), code),
        ("/lines/0/description", long(46), "must have at most 45 characters"),
        ("/note", long(161), "must have at most 160 characters"),
        ("/colour", json!("red"), "is not a field of this document"),
    ];
    for (pointer, value, detail) in table {
        let document = if *pointer == "/carrier/x~y/z" {
            let mut order = order();
            order["carrier"]["x~y/z"] = value.clone();
            order
        } else {
            with(pointer, value.clone())
        };
        let pointer = if *pointer == "/carrier/x~y/z" { "/carrier/x~0y~1z" } else { pointer };
        // Types are told apart before words are chosen, so that the order of types in the schema does not matter here.
        let found = wrong(&document);
        let found: Vec<String> =
            found.iter().map(|text| text.replace("a whole number or text", "text or a whole number")).collect();
        assert_eq!(found, [format!("{pointer}: {detail}")], "{value}");
    }
}

#[test]
fn all_wrong_fields_are_named_at_once() {
    let mut document = with("/lines/0/quantity", json!("0"));
    document["lines"][1]["line_no"] = json!(10);
    document["ship_to"]["country"] = json!("USA");
    document["deliver_by"] = json!("2026-01-01");
    let mut places: Vec<String> = parse(document.to_string().as_bytes()).unwrap_err().iter().map(place).collect();
    places.sort();
    assert_eq!(places, ["/deliver_by", "/lines/0/quantity", "/lines/1/line_no", "/ship_to/country"]);
}

#[test]
fn no_finding_repeats_a_value() {
    let mut document = order();
    document["ship_to"] = json!({"name": "", "address1": 7, "city": "S", "region": "SECRET", "country": "SECRET"});
    document["lines"][0]["sku"] = json!(" SECRET");
    for finding in parse(document.to_string().as_bytes()).unwrap_err() {
        assert!(!finding.detail.contains("SECRET"), "{finding:?}");
    }
}

#[test]
fn a_root_that_is_no_object_is_one_finding() {
    for body in ["[]", "null", "5", "\"order\""] {
        let findings = parse(body.as_bytes()).unwrap_err();
        assert_eq!((findings.len(), place(&findings[0]).as_str()), (1, ""), "{body}");
        assert_eq!(findings[0].detail, "must be an object");
    }
}

#[test]
fn five_hundred_lines_are_taken_and_one_more_is_not() {
    let lines = |count: u32| {
        let line = |no| json!({"line_no": no, "sku": "A", "quantity": 1, "uom": "EA"});
        with("/lines", (1..=count).map(line).collect())
    };
    assert!(parse(lines(500).to_string().as_bytes()).is_ok());
    assert_eq!(wrong(&lines(501)), ["/lines: must have at most 500 entries"]);
}

#[test]
fn findings_are_bounded_whatever_comes() {
    let lines: Vec<Value> = (0..400).map(|_| json!({"line_no": 0.5, "a": 1, "b": 1})).collect();
    let findings = parse(with("/lines", lines.into()).to_string().as_bytes()).unwrap_err();
    assert_eq!(findings.len(), FINDINGS_MAX);
}

#[test]
fn what_may_be_left_out_may_be_null() {
    let mut document = order();
    for name in ["customer_po", "ship_by", "deliver_by", "carrier", "note"] {
        document[name] = Value::Null;
    }
    let order = parse(document.to_string().as_bytes()).unwrap();
    assert_eq!((order.customer_po, order.carrier, order.ship_by), (None, None, None));
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0_u64..1_000).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[0-9]{1,13}(\\.[0-9]{1,7})?".prop_map(Value::from),
        "[A-Z]{2}".prop_map(Value::from),
        "[0-9]{4}-[0-1][0-9]-[0-3][0-9]".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            proptest::collection::btree_map("[a-z~/]{1,5}", inner, 0..3).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// The published schema and the type agree: what the schema takes is an order, and what it refuses has its place.
    #[test]
    fn schema_and_type_agree_on_every_field(
        pointer in proptest::sample::select(vec![
            "/order_no", "/release_no", "/customer_po", "/ship_to", "/ship_to/name", "/ship_to/region", "/ship_by",
            "/deliver_by", "/carrier", "/carrier/scac", "/warehouse", "/lines", "/lines/0", "/lines/0/line_no",
            "/lines/0/sku", "/lines/0/quantity", "/lines/0/uom", "/note",
        ]),
        value in anything(),
    ) {
        let mut document = order();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        match document.pointer_mut(parent).unwrap() {
            Value::Object(members) => { members.insert(name.to_owned(), value); }
            Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
            _ => unreachable!(),
        }
        match parse(document.to_string().as_bytes()) {
            Ok(order) => prop_assert_eq!(parse(&serde_json::to_vec(&order).unwrap()).unwrap(), order),
            Err(findings) => {
                for finding in findings {
                    let place = place(&finding);
                    prop_assert!(place.starts_with(pointer) || place == "/deliver_by" || place.ends_with("/line_no"), "{finding:?}");
                }
            }
        }
    }

    #[test]
    fn whatever_bytes_come_nothing_breaks(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&body);
    }
}

#[test]
fn the_number_of_a_later_release_fits_beside_the_order_number() {
    let order = |order_no: &str| {
        let mut order: Value = serde_json::from_slice(&std::fs::read(SAMPLE).unwrap()).unwrap();
        order["order_no"] = json!(order_no);
        order["release_no"] = json!(12);
        formats::order_json::parse(order.to_string().as_bytes())
            .map(|_| ())
            .map_err(|findings| findings[0].detail.clone())
    };
    assert_eq!(order(&"7".repeat(19)), Ok(()));
    assert_eq!(order(&"7".repeat(20)), Err("must leave room for -12 in 22 characters".to_owned()));
}

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/S1/order-release.json");
