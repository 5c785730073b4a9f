//! What those outside are answered: each status with its code, and what is kept of what they sent.

use canonical::Digest;
use handlers::Response;
use serde_json::{Value, json};
use sim::World;

use crate::cast::{ACME, BOLT, ERP, bundle_with, order, release_id, world, world_with};
use crate::story::{Act, Pace, S1, perform, rest, settle, words};

/// Status, code and outcome.
type Answer = (u16, &'static str, &'static str);

fn answer(response: Option<Response>) -> Answer {
    let response = response.expect("an answer");
    (response.status, response.code.map_or("", canonical::Code::as_str), response.outcome)
}

fn body(response: &Response) -> Value {
    serde_json::from_str(&words(response)).expect("JSON")
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
}

/// The same world, in which both 3PLs have a key too.
fn with_keys() -> World {
    let key = |partner: &str| format!("api_key_sha256 = [\"{}\"]", Digest::of(sim::api_key(partner).as_bytes()));
    let bolt = format!("[auth]\n{}", key(BOLT));
    let acme = format!("role = \"3pl\"\n[auth]\n{}", key(ACME));
    world_with(bundle_with(&[("bolt-3pl.toml", "[auth]", &bolt), ("acme-3pl.toml", "role = \"3pl\"", &acme)]))
}

#[test]
fn a_release_is_taken_once_and_answered_the_same_each_time() {
    let world = world();
    let order = order("SO-D", "NY", &[("DRILL", 1)]);
    let id = release_id("SO-D");
    let first = world.api_post(ERP, "k1", &order).expect("an answer");
    assert_eq!((first.status, first.outcome, first.partner.as_str()), (202, "applied", ERP));
    assert_eq!(header(&first, "location"), Some(format!("/v1/order-releases/{id}").as_str()));
    assert_eq!(header(&first, "x-correlation-id"), Some(id.as_str()));
    assert_eq!((&body(&first)["release_id"], &body(&first)["status"]), (&json!(id), &json!("accepted")));
    assert_eq!(answer(world.api_post(ERP, "k1", &order)), (202, "", "duplicate"));
    assert_eq!(answer(world.api_post(ERP, "k2", &order)), (202, "", "duplicate"), "under another key");
    let other = crate::cast::order("SO-D", "NY", &[("DRILL", 2)]);
    let reused = (422, "idempotency-key-reused", "rejected");
    assert_eq!(answer(world.api_post(ERP, "k1", &other)), reused);
    assert_eq!(answer(world.api_post(ERP, "k2", &other)), reused, "the second key is used too");
    assert_eq!(answer(world.api_post(ERP, "k3", &other)), (409, "release-exists", "rejected"));
    assert_eq!(world.archived(&Digest::of(other.as_bytes())), Some(other.into_bytes()), "kept, whatever it says");
}

#[test]
fn a_request_that_cannot_be_taken_says_why() {
    let world = with_keys();
    let order = order("SO-D", "NY", &[("DRILL", 1)]);
    let malformed = (400, "header-missing", "rejected");
    assert_eq!(answer(world.api_post("nobody", "k", &order)), (401, "unauthenticated", "rejected"));
    assert_eq!(answer(world.api_post(BOLT, "k", &order)), (403, "not-permitted", "rejected"));
    assert_eq!(answer(world.api_post(ERP, "", &order)), malformed);
    assert_eq!(answer(world.api_post(ERP, &"k".repeat(256), &order)), malformed);
    assert_eq!(answer(world.api_post(ERP, "k", "no JSON")), (400, "malformed-json", "rejected"));
    let two = r#"{"order_no":"SO-D","ship_to":1,"lines":[]}"#;
    let response = world.api_post(ERP, "k", two).expect("an answer");
    assert_eq!(response.status, 422);
    let detail = body(&response)["detail"].as_str().expect("words").to_owned();
    assert!(detail.ends_with("fields are wrong; nothing was released"), "{detail}");
    let one = order.replace(r#""quantity":"1""#, r#""quantity":"-1""#);
    let response = world.api_post(ERP, "k", &one).expect("an answer");
    assert_eq!(body(&response)["detail"], "1 field is wrong; nothing was released");
    let large = " ".repeat((1 << 20) + 1);
    assert_eq!(answer(world.api_post(ERP, "k", &large)), (413, "too-large", "rejected"));
    assert_eq!(world.archived(&Digest::of(large.as_bytes())), None, "what is too large is not kept");
    let full = " ".repeat(1 << 20);
    assert_eq!(answer(world.api_post(ERP, "k", &full)).0, 400, "what is just not too large is read");
    assert!(world.archived(&Digest::of(full.as_bytes())).is_some());
    assert!(world.releases().is_empty());
    assert_eq!(answer(world.api_post(ERP, &"k".repeat(255), &order)).0, 202, "the longest key");
}

#[test]
fn a_release_is_seen_by_its_parties_alone() {
    let world = with_keys();
    (S1.release)().perform(&world);
    settle(&world);
    let id = release_id("SO-1").to_string();
    for party in [ERP, BOLT] {
        let seen = world.api_get(party, &id).expect("an answer");
        assert_eq!((seen.status, body(&seen)["order_no"].as_str()), (200, Some("SO-1")), "{party}");
    }
    let absent = (404, "not-found", "rejected");
    assert_eq!(answer(world.api_get(ACME, &id)), absent, "another warehouse");
    assert_eq!(answer(world.api_get(ERP, "rel_nothing")), absent);
    assert_eq!(answer(world.api_get(ERP, "no/id")), absent);
    assert_eq!(answer(world.api_cancel(ACME, &id)), absent);
}

#[test]
fn a_cancel_is_the_erps_and_comes_too_late_once_the_warehouse_is_at_work() {
    let world = with_keys();
    (S1.release)().perform(&world);
    settle(&world);
    let id = release_id("SO-1").to_string();
    assert_eq!(answer(world.api_cancel(BOLT, &id)), (403, "ownership-violation", "rejected"));
    let waved = (S1.then)(&world).remove(1);
    let working = world.fork();
    perform(&working, &[waved], Pace::Settled);
    assert_eq!(answer(working.api_cancel(ERP, &id)), (409, "cancel-window-closed", "rejected"));
    let asked = world.api_cancel(ERP, &id).expect("an answer");
    assert_eq!(
        (asked.status, asked.outcome, body(&asked)["status"].as_str()),
        (202, "applied", Some("cancel_requested"))
    );
    assert_eq!(header(&asked, "x-correlation-id"), Some(id.as_str()));
    assert_eq!(answer(world.api_cancel(ERP, &id)), (202, "", "duplicate"));
}

#[test]
fn a_webhook_is_kept_once_it_is_signed_and_answered_with_what_is_wrong() {
    let world = world();
    let body = json!({ "release_id": release_id("SO-1"), "occurred_at": "2026-11-23T10:00:00Z" }).to_string();
    let taken = world.webhook(BOLT, "release-waved", "w1", &body).expect("an answer");
    assert_eq!((taken.status, taken.outcome, taken.partner.as_str()), (202, "accepted", BOLT));
    assert_eq!(answer(world.webhook(BOLT, "release-eaten", "w2", &body)), (404, "unknown-topic", "rejected"));
    assert_eq!(answer(world.webhook(BOLT, "release-waved", "w3", "{}")), (422, "schema-violation", "rejected"));
    assert!(world.archived(&Digest::of(b"{}")).is_some(), "kept, whatever it says");
    assert_eq!(answer(world.webhook(BOLT, "release-waved", "w4", "no JSON")), (400, "malformed-json", "rejected"));
    assert_eq!(answer(world.webhook_as(BOLT, "release-waved", Vec::new(), &body)), (401, "header-missing", "rejected"));
    let foreign = "{ }";
    let answered = world.webhook_signed_by("summit-tms", BOLT, "release-waved", "w5", foreign);
    assert_eq!(answer(answered), (401, "signature-invalid", "rejected"));
    assert!(world.archived(&Digest::of(foreign.as_bytes())).is_none(), "nobody's word is not kept");
    let (full, large) = (" ".repeat(1 << 20), " ".repeat((1 << 20) + 1));
    assert_eq!(answer(world.webhook(BOLT, "release-waved", "w6", &full)), (400, "malformed-json", "rejected"));
    assert_eq!(answer(world.webhook(BOLT, "release-waved", "w7", &large)), (413, "too-large", "rejected"));
    rest(&world);
}

#[test]
fn a_group_of_ours_that_a_997_does_not_know_is_parked_with_its_numbers() {
    let world = world();
    let file = crate::cast::acme_file("FA", 5, &[crate::cast::acceptance(4711)]);
    perform(&world, &[Act::drop(ACME, "997.edi", file)], Pace::Settled);
    let parked = world.parked();
    let [one] = parked.as_slice() else { panic!("{parked:?}") };
    assert_eq!(one.code, canonical::Code::UnknownControlNumber);
    assert_eq!(one.findings[0].detail, "nothing was sent in group OW 4711 set 0001");
}
