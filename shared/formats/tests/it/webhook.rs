use canonical::{Code, Content, MilestoneCode, SetReference, ShipmentId};
use formats::limits::WARNINGS_MAX;
use formats::webhook::{Topic, parse};
use serde_json::{Value, json};

use crate::world::{place, sender};

const AT: &str = "2026-01-31T14:35:00-05:00";
const RELEASE: &str = "rel_0123456789abcdef0123456789abcdef";

fn read(topic: Topic, body: &Value) -> Result<Content, Vec<String>> {
    parse(topic, &sender(), body.to_string().as_bytes()).map_err(|findings| {
        assert!(findings.iter().all(|finding| finding.code == Code::SchemaViolation), "{findings:?}");
        findings.iter().map(|finding| format!("{}: {}", place(finding), finding.detail)).collect()
    })
}

fn by_id() -> SetReference {
    SetReference::ReleaseId(RELEASE.parse().unwrap())
}

#[test]
fn so_many_warnings_are_kept_and_not_one_more() {
    for (wrong, kept) in [(WARNINGS_MAX, WARNINGS_MAX), (WARNINGS_MAX + 1, WARNINGS_MAX)] {
        let body = json!({
            "release_id": RELEASE, "shipment_no": "S-1", "shipped_at": AT, "ssccs": vec!["106141412345678907"; wrong],
            "lines": [{ "sku": "A", "quantity": "1", "uom": "EA" }],
        });
        let Ok(Content::ShipConfirm(confirm)) = read(Topic::ShipConfirm, &body) else { panic!("a ship confirm") };
        assert_eq!(confirm.warnings.len(), kept, "{wrong} check digits are wrong");
    }
}

#[test]
fn decisions_of_the_warehouse() {
    let occurred_at = AT.parse().unwrap();
    let number = || SetReference::DepositorOrderNo("SO-1 2".to_owned());
    assert_eq!(
        read(Topic::ReleaseAccepted, &json!({"release_id": RELEASE, "partner_order_no": "W-9", "occurred_at": AT})),
        Ok(Content::BusinessDecision {
            release: by_id(),
            accepted: true,
            partner_order_no: Some("W-9".to_owned()),
            reason: None,
            occurred_at
        })
    );
    assert_eq!(
        read(Topic::ReleaseRejected, &json!({"depositor_order_no": "SO-1 2", "reason": "no stock", "occurred_at": AT})),
        Ok(Content::BusinessDecision {
            release: number(),
            accepted: false,
            partner_order_no: None,
            reason: Some("no stock".to_owned()),
            occurred_at
        })
    );
    assert_eq!(
        read(Topic::ReleaseWaved, &json!({"depositor_order_no": "SO-1 2", "occurred_at": AT})),
        Ok(Content::Waved { release: number(), occurred_at })
    );
    assert_eq!(
        read(Topic::CancelAccepted, &json!({"release_id": RELEASE, "occurred_at": AT})),
        Ok(Content::CancelDecision { release: by_id(), accepted: true, reason: None, occurred_at })
    );
    assert_eq!(
        read(Topic::CancelRefused, &json!({"release_id": RELEASE, "reason": "picked", "occurred_at": AT})),
        Ok(Content::CancelDecision {
            release: by_id(),
            accepted: false,
            reason: Some("picked".to_owned()),
            occurred_at
        })
    );
}

#[test]
fn a_release_is_named_exactly_once() {
    for topic in Topic::ALL.iter().filter(|topic| **topic != Topic::TrackingUpdate) {
        let mut body = match topic {
            Topic::ReleaseRejected | Topic::CancelRefused => json!({"reason": "r", "occurred_at": AT}),
            Topic::ShipConfirm => {
                json!({"shipment_no": "S", "shipped_at": AT, "lines": [{"sku": "A", "quantity": 1, "uom": "EA"}]})
            }
            _ => json!({"occurred_at": AT}),
        };
        assert_eq!(read(*topic, &body).unwrap_err(), ["/release_id: is required, or else depositor_order_no"]);
        body["release_id"] = json!(RELEASE);
        body["depositor_order_no"] = Value::Null;
        assert!(read(*topic, &body).is_ok(), "{topic}: null is not given");
        body["depositor_order_no"] = json!("SO-1");
        assert_eq!(read(*topic, &body).unwrap_err(), ["/depositor_order_no: must not stand beside release_id"]);
        body["release_id"] = Value::Null;
        assert!(read(*topic, &body).is_ok(), "{topic}");
        body["release_id"] = json!("rel/1");
        body["depositor_order_no"] = Value::Null;
        let words = "/release_id: must be an identifier: 1 to 64 letters, digits, . _ -";
        assert_eq!(read(*topic, &body).unwrap_err(), [words]);
        body["extra"] = json!(1);
        assert_eq!(read(*topic, &body).unwrap_err().len(), 2, "{topic}: unknown fields are refused");
    }
}

#[test]
fn times_need_an_offset_and_must_exist() {
    let body = |at: &str| json!({"release_id": RELEASE, "occurred_at": at});
    for good in ["2026-01-31T14:35:00Z", "2026-01-31T14:35:00.123456+05:30"] {
        assert!(read(Topic::ReleaseWaved, &body(good)).is_ok(), "{good}");
    }
    let words = "/occurred_at: must be a time with its offset, such as 2026-01-31T14:35:00-05:00";
    for bad in ["2026-01-31T14:35:00", "2026-01-31", "2026-02-30T00:00:00Z", "9999-12-31T23:59:59-12:00", "now", ""] {
        assert_eq!(read(Topic::ReleaseWaved, &body(bad)).unwrap_err(), [words], "{bad}");
    }
}

#[test]
fn a_ship_confirm_adds_up_and_keeps_doubts_as_warnings() {
    let body = json!({
        "release_id": RELEASE, "shipment_no": "S 1", "shipped_at": AT, "scac": "UPSN",
        "tracking_nos": ["1Z", "1Z", "2Z"],
        "ssccs": ["00106141412345678908", "106141412345678907"],
        "lines": [
            {"line_no": 1, "sku": "A", "quantity": "1.5", "uom": "EA", "status": "CC"},
            {"sku": "A", "quantity": 3, "uom": "EA"},
            {"line_no": 1, "sku": "A", "quantity": "2", "uom": "EA", "status": "BP"},
            {"line_no": 2, "sku": "B", "quantity": 0, "uom": "CA", "status": "DS"},
        ],
    });
    let Ok(Content::ShipConfirm(confirm)) = read(Topic::ShipConfirm, &body) else { panic!() };
    let lines: Vec<_> = confirm
        .lines
        .iter()
        .map(|l| (l.line_no, l.sku.as_str(), l.quantity.to_string(), l.status.as_deref()))
        .collect();
    assert_eq!(
        lines,
        [
            (Some(1), "A", "3.5".to_owned(), Some("BP")),
            (None, "A", "3".to_owned(), None),
            (Some(2), "B", "0".to_owned(), Some("DS"))
        ]
    );
    assert_eq!(confirm.tracking_nos, ["1Z", "2Z"]);
    assert_eq!(confirm.ssccs, ["106141412345678908", "106141412345678907"]);
    assert_eq!(confirm.warnings.iter().map(place).collect::<Vec<_>>(), ["/ssccs/1"]);
    assert_eq!(confirm.shipped_at.to_string(), "2026-01-31T19:35:00Z");
}

#[test]
fn wrong_fields_of_a_ship_confirm_are_named() {
    let line = json!({"sku": "A", "quantity": 1, "uom": "EA"});
    let body = |name: &str, value: Value| {
        let mut body = json!({"release_id": RELEASE, "shipment_no": "S", "shipped_at": AT, "lines": [line.clone()]});
        body[name] = value;
        body
    };
    let table = [
        ("lines", json!([]), "/lines: must not be empty"),
        ("lines", json!(vec![line.clone(); 1_001]), "/lines: must have at most 1000 entries"),
        ("lines", json!([{"sku": "A", "quantity": 1}]), "/lines/0/uom: is required"),
        ("scac", json!("UPS1"), "/scac: must be 2 to 4 capital letters"),
        ("ssccs", json!(["1"]), "/ssccs/0: must be 18 digits, or 20 that begin with 00"),
        ("tracking_nos", json!(vec!["1"; 5_001]), "/tracking_nos: must have at most 5000 entries"),
        (
            "lines",
            json!([{"sku": "A", "quantity": "999999999999", "uom": "EA"}, {"sku": "A", "quantity": 1, "uom": "EA"}]),
            "/lines/1/quantity: makes more than 12 digits with the other lines of its item",
        ),
    ];
    for (name, value, words) in table {
        assert_eq!(read(Topic::ShipConfirm, &body(name, value)).unwrap_err(), [words]);
    }
}

#[test]
fn a_shipment_is_named_by_our_id_or_by_the_senders_number() {
    let sender = sender();
    let id = ShipmentId::derive(&sender.scope.tenant, &sender.scope.partner, "SHP 1");
    let mut body = json!({"shipment_no": "SHP 1", "milestone": "picked_up", "occurred_at": AT, "place": "Dallas"});
    let Ok(Content::Milestone(update)) = read(Topic::TrackingUpdate, &body) else { panic!() };
    assert_eq!(
        (&update.shipment, update.code, update.place.as_deref()),
        (&id, MilestoneCode::PickedUp, Some("Dallas"))
    );
    body["shipment_id"] = json!(id);
    assert_eq!(read(Topic::TrackingUpdate, &body).unwrap_err(), ["/shipment_no: must not stand beside shipment_id"]);
    body["shipment_no"] = Value::Null;
    let Ok(Content::Milestone(update)) = read(Topic::TrackingUpdate, &body) else { panic!() };
    assert_eq!(update.shipment, id);
    body["shipment_id"] = Value::Null;
    body["milestone"] = json!("lost");
    assert_eq!(
        read(Topic::TrackingUpdate, &body).unwrap_err(),
        [
            "/milestone: must be one of label_created, picked_up, in_transit, out_for_delivery, delivered, exception",
            "/shipment_id: is required, or else shipment_no"
        ]
    );
}
