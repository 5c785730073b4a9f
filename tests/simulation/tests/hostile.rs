//! Naughty strings through every route and every field: an answer of the contract, never a server's fault, nothing in a
//! header or a file that was not meant, and bounded.

use handlers::Response;
use serde_json::{Value, json};
use sim::World;
use simulation::cast::{ACME, BOLT, ERP, acme_file, advice, order, release_id, world};
use simulation::story::{rest, words};

/// What breaks readers, writers, shells, spreadsheets, databases and terminals (after the Big List of Naughty Strings), and
/// what separates in our own formats.
const NAUGHTY: [&str; 74] = [
    "",
    " ",
    "undefined",
    "null",
    "nil",
    "NaN",
    "Infinity",
    "true",
    "0",
    "-1",
    "-0.0",
    "1e309",
    "0x1F",
    "1/0",
    "9223372036854775808",
    "820982911946154508",
    "\u{0}",
    "a\u{0}b",
    "\u{1}\u{2}\u{1b}[31m",
    "\t",
    "\n",
    "\r\n",
    "\r\nSet-Cookie: a=b",
    "%0d%0aX: y",
    "\u{7f}",
    "\u{85}",
    "\u{a0}",
    "\u{ad}",
    "\u{200b}",
    "\u{200e}",
    "\u{202e}txt.exe",
    "\u{2028}\u{2029}",
    "\u{feff}",
    "\u{fffe}",
    "\u{ffff}",
    "\u{e000}",
    "\u{10ffff}",
    "Ω≈ç√∫˜µ≤≥÷",
    "社會科學院",
    "ﷺ",
    "e\u{301}",
    "é",
    "T\u{332}o\u{332}",
    "👾🙇🏽‍♀️",
    "🇺🇸",
    "ZALGO\u{321}\u{316}\u{316}",
    "'",
    "\"",
    "\\",
    "' OR 1=1 --",
    "1;DROP TABLE users",
    "${jndi:ldap://x/a}",
    "{{7*7}}",
    "$(id)",
    "`id`",
    "| ls",
    "../../../../etc/passwd",
    "..%2f..%2f",
    "//",
    "C:\\con\\con",
    "<script>alert(1)</script>",
    "<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>",
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+1",
    "-1+1",
    "@SUM(1)",
    "*",
    "~",
    ">",
    "ACME~ST*940*0002~",
    "?'+:",
    "^",
    "GS*OW",
];

fn fine(response: Option<Response>, what: &str) -> Response {
    let response = response.expect("an answer");
    assert!(response.status < 500, "{what}: {}", words(&response));
    assert!(response.body.len() < 16 * 1024, "{what}: {} bytes", response.body.len());
    for (name, value) in &response.headers {
        assert!(value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()), "{what}: {name}: {value:?}");
    }
    if response.status >= 400 {
        let problem: Value = serde_json::from_slice(&response.body).expect("a problem");
        assert_eq!(problem["code"], response.code.expect("a code").as_str(), "{what}");
    }
    response
}

#[test]
fn every_header_and_path_takes_anything() {
    let world = world();
    let body = order("SO-H", "NY", &[("DRILL", 1)]);
    for text in NAUGHTY {
        for text in [text.to_owned(), text.repeat(3_000)] {
            for name in [
                "idempotency-key",
                "x-request-id",
                "traceparent",
                "crossdock-version",
                "authorization",
                "x-api-key",
                "host",
            ] {
                let headers = vec![(name.to_owned(), text.clone()), ("idempotency-key".to_owned(), "k".to_owned())];
                let what = format!("{name}: {text:.40?}");
                fine(world.api(ERP, "POST", "/v1/order-releases", headers.clone(), &body), &what);
                fine(world.webhook_as(BOLT, "release-waved", headers, "{}"), &what);
            }
            for path in
                [format!("/{text}"), format!("/v1/order-releases/{text}"), format!("/v1/order-releases/{text}/cancel")]
            {
                for method in ["GET", "POST", "PUT", text.as_str()] {
                    let what = format!("{method:.40?} {path:.60?}");
                    let answer = fine(world.api(ERP, method, &path, Vec::new(), ""), &what);
                    // Slashes at an end are no part of a path, and what stands behind a question mark is none.
                    let segment = text.split('?').next().unwrap_or_default();
                    assert!(
                        [404, 405].contains(&answer.status) || segment.trim_matches('/').is_empty(),
                        "{what}: {}",
                        answer.status
                    );
                }
            }
            let what = format!("webhook {text:.40?}");
            assert!(
                [401, 404]
                    .contains(&fine(world.webhook_signed_by(BOLT, &text, "release-waved", "w", "{}"), &what).status)
            );
            assert!(fine(world.webhook(BOLT, &text, "w", "{}"), &what).status >= 400);
            assert!(fine(world.webhook(BOLT, "release-waved", &text, "{}"), &what).status >= 400);
        }
    }
    rest(&world);
    assert!(world.shipments().is_empty() && world.releases().len() <= 1);
}

/// Every text of a document, as a JSON Pointer.
fn texts(value: &Value, at: &str, all: &mut Vec<String>) {
    match value {
        Value::String(_) => all.push(at.to_owned()),
        Value::Array(items) => items.iter().enumerate().for_each(|(n, item)| texts(item, &format!("{at}/{n}"), all)),
        Value::Object(members) => members.iter().for_each(|(name, item)| texts(item, &format!("{at}/{name}"), all)),
        _ => {}
    }
}

fn with(document: &Value, pointer: &str, text: &str) -> String {
    let mut document = document.clone();
    *document.pointer_mut(pointer).expect("it is there") = json!(text);
    document.to_string()
}

fn full_order(order_no: &str) -> Value {
    let mut full: Value = serde_json::from_str(&order(order_no, "TX", &[("DRILL", 2)])).expect("JSON");
    full["ship_to"]["code"] = json!("CUST-9");
    full["ship_to"]["address2"] = json!("Dock 4");
    full["customer_po"] = json!("PO-1");
    full["carrier"] = json!({ "scac": "UPSN", "service": "GROUND" });
    full["lines"][0]["description"] = json!("A drill");
    full["note"] = json!("Ring twice");
    full["ship_by"] = json!("2026-12-02");
    full
}

/// What separates in X12 never comes out of a value: a 940 has the segments that it has with plain words.
#[test]
fn an_order_s_text_never_becomes_a_segment() {
    let plain = world();
    assert_eq!(plain.api_post(ERP, "k", &full_order("SO-H").to_string()).expect("an answer").status, 202);
    rest(&plain);
    let mut pointers = Vec::new();
    texts(&full_order("SO-H"), "", &mut pointers);
    assert!(pointers.len() >= 17, "{pointers:?}");
    let count = |world: &World| -> Vec<usize> {
        let all = world.outbox(ACME).into_iter().filter(|(name, _)| name.starts_with("940-"));
        all.map(|(_, bytes)| bytes.split(|byte| *byte == b'~').count()).collect()
    };
    let expected = count(&plain);
    assert_eq!(expected.len(), 1);
    let (mut taken, mut refused) = (0, 0);
    for pointer in &pointers {
        for text in NAUGHTY {
            let world = world();
            let answer = fine(
                world.api_post(ERP, "k", &with(&full_order("SO-H"), pointer, text)),
                &format!("{pointer} {text:?}"),
            );
            rest(&world);
            if answer.status == 202 {
                taken += 1;
                let counted = count(&world);
                assert!(
                    counted.iter().all(|count| *count <= expected[0]),
                    "{pointer} {text:?}: {counted:?} of {expected:?}"
                );
            } else {
                refused += 1;
                assert_eq!(answer.status, 422, "{pointer} {text:?}: {}", words(&answer));
                assert!(world.releases().is_empty());
            }
        }
    }
    assert!(taken > 200 && refused > 500, "{taken} taken, {refused} refused");
}

#[test]
fn a_webhook_s_text_is_taken_as_text_or_refused() {
    let id = release_id("SO-H").to_string();
    let at = "2026-11-23T12:00:00Z";
    let bodies = [
        ("release-accepted", json!({ "release_id": id, "occurred_at": at, "partner_order_no": "W-1" })),
        ("release-rejected", json!({ "depositor_order_no": "SO-H", "occurred_at": at, "reason": "none left" })),
        (
            "ship-confirm",
            json!({
                "release_id": id, "shipment_no": "B-1", "shipped_at": at, "scac": "UPSN", "tracking_nos": ["1Z1"],
                "ssccs": ["003400000000000018"],
                "lines": [{ "line_no": 1, "sku": "DRILL", "quantity": "2", "uom": "EA" }],
            }),
        ),
        (
            "tracking-update",
            json!({
                "shipment_no": "B-1", "milestone": "picked_up", "occurred_at": at, "place": "Newark", "tracking_no": "1Z1",
            }),
        ),
    ];
    for (topic, body) in bodies {
        let mut pointers = Vec::new();
        texts(&body, "", &mut pointers);
        for pointer in pointers {
            let world = world();
            assert_eq!(world.api_post(ERP, "k", &order("SO-H", "NY", &[("DRILL", 2)])).expect("an answer").status, 202);
            rest(&world);
            for (n, text) in NAUGHTY.into_iter().enumerate() {
                let what = format!("{topic} {pointer} {text:?}");
                let answer = fine(world.webhook(BOLT, topic, &format!("w{n}"), &with(&body, &pointer, text)), &what);
                assert!([202, 422].contains(&answer.status), "{what}: {}", words(&answer));
            }
            // Each is applied, absorbed, recorded or parked: none dies.
            rest(&world);
            assert_eq!(world.dead_count(), (0, 0), "{topic} {pointer}");
            assert_eq!(world.audit(), Vec::<String>::new(), "{topic} {pointer}");
        }
    }
}

/// Keys of a bucket are text of any kind. Where a file lies says whose it is, and nothing else of its name says anything.
#[test]
fn a_file_is_its_folder_s_whatever_its_name() {
    let world = world();
    for number in ["SO-F1", "SO-F2"] {
        assert_eq!(world.api_post(ERP, number, &order(number, "TX", &[("DRILL", 2)])).expect("an answer").status, 202);
    }
    rest(&world);
    let file = acme_file("SW", 41, &[advice("SO-F1", "A-1", "DRILL", 2, 2)]);
    let names = NAUGHTY.into_iter().map(str::to_owned).chain([
        "../bolt-3pl/a.edi".to_owned(),
        "..%2f..%2foutbox/a.edi".to_owned(),
        "inbox/bolt-3pl/a.edi".to_owned(),
        "caf\u{e9}.edi".to_owned(),
        "cafe\u{301}.edi".to_owned(),
        "a+b c%2B%20.edi".to_owned(),
        "x".repeat(1024 - "inbox/acme-3pl/".len()),
    ]);
    let mut dropped = 0;
    for name in names.filter(|name| !name.is_empty() && !name.ends_with('/')) {
        world.drop_file(ACME, &name, &file);
        rest(&world);
        dropped += 1;
    }
    assert!(dropped > 75, "{dropped}");
    // One file under many names is one file, of Acme's.
    assert_eq!((world.shipments().len(), world.parked().len(), world.dead_count()), (1, 0, (0, 0)));
    let owner = world.shipments()[0].confirmed.as_ref().expect("it is confirmed").partner.to_string();
    assert_eq!(owner, ACME);
    // In a folder that is no partner's it is nobody's word; it waits for a person.
    for folder in ["", "..", "ACME-3PL", "acme-3pl ", "nobody", "%61cme-3pl", "acme\u{2011}3pl"] {
        world.drop_file(folder, "a.edi", &acme_file("SW", 42, &[advice("SO-F2", "A-2", "DRILL", 2, 2)]));
        rest(&world);
        assert_eq!(world.shipments().len(), 1, "{folder:?}");
    }
    assert_eq!(world.dead_count().0 + world.parked().len(), 7);
}
