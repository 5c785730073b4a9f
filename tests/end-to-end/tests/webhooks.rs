//! What partners tell by signed webhooks.

use canonical::ReleaseState;
use crossdock::{World, now};
use jiff::SignedDuration;
use secrecy::SecretString;
use serde_json::json;

use crate::support::{BOLT, ERP, TMS, json_of, ok, placed, told, until};

pub(crate) async fn a_signature_must_fit_body_and_time(world: &World) {
    let id = placed(world, "E2E-SIGN", "NY", 5).await;
    let body = json!({ "release_id": id, "occurred_at": world.time(1).to_string() }).to_string();
    let right = world.keys.secret(BOLT, "webhook-in").unwrap();
    let wrong = SecretString::from("whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0");
    let send = async |partner: &str, secret: &SecretString, age_s: i64| {
        let at = now() - SignedDuration::from_secs(age_s);
        let reply = world.api.webhook(partner, "release-accepted", "e2e-sign", body.as_bytes(), secret, at).await;
        let reply = ok(reply);
        (reply.status, json_of(&reply.body)["code"].clone())
    };
    assert_eq!(send(BOLT, &wrong, 0).await, (401, json!("signature-invalid")));
    assert_eq!(send(TMS, &right, 0).await, (401, json!("signature-invalid")), "each partner has its own secret");
    assert_eq!(send("nobody", &right, 0).await, (401, json!("signature-invalid")));
    assert_eq!(send(BOLT, &right, 301).await, (401, json!("signature-expired")));
    let plain =
        ok(world.api.send("POST", "/v1/partners/bolt-3pl/webhooks/release-accepted", &[], body.as_bytes()).await);
    assert_eq!((plain.status, json_of(&plain.body)["code"].clone()), (401, json!("header-missing")));
    let topic = ok(world.webhook(BOLT, "release-eaten", "e2e-sign-topic", body.as_bytes()).await);
    assert_eq!((topic.status, json_of(&topic.body)["code"].clone()), (404, json!("unknown-topic")));
    let shapeless = ok(world.webhook(BOLT, "release-accepted", "e2e-sign-shape", b"{\"release_id\": 7}").await);
    assert_eq!((shapeless.status, json_of(&shapeless.body)["code"].clone()), (422, json!("schema-violation")));
    // A minute is left for a slow machine; what holds to the second is held by the verifier's own tests.
    assert_eq!(send(BOLT, &right, 240).await.0, 202);
    until(world, &id, "accepted", |release| release.facts.business.is_some()).await;
}

pub(crate) async fn a_rotation_refuses_no_request(world: &World) {
    let id = placed(world, "E2E-ROTATE", "NY", 5).await;
    let body = json!({ "release_id": id, "occurred_at": world.time(1).to_string() }).to_string();
    let old = world.keys.secret(BOLT, "webhook-in").unwrap();
    let new = SecretString::from("whsec_bmV3LXNlY3JldC1uZXctc2VjcmV0LW5ldy1zZWNyZXQ=");
    let send = async |secret: &SecretString, number: usize| {
        let id = format!("e2e-rotate-{number}");
        ok(world.api.webhook(BOLT, "release-accepted", &id, body.as_bytes(), secret, now()).await).status
    };
    assert_eq!((send(&old, 0).await, send(&new, 1).await), (202, 401), "functions hold the old secret");
    let hours = SignedDuration::from_hours(48);
    let partner = BOLT.parse().unwrap();
    let rotated = world.operations.rotate_secret(&partner, "webhook-in", new.clone(), "crossdock/local/", now(), hours);
    assert!(rotated.await.unwrap().is_some(), "the old secret has an end");
    for number in 2..10 {
        let (by_old, by_new) = tokio::join!(send(&old, number), send(&new, number + 100));
        assert_eq!((by_old, by_new), (202, 202), "{number}");
    }
    until(world, &id, "accepted", |release| release.facts.business.is_some()).await;
}

pub(crate) async fn a_replayed_webhook_is_absorbed(world: &World) {
    let id = placed(world, "E2E-REPLAY", "NY", 5).await;
    let body =
        json!({ "release_id": id, "partner_order_no": "B-1", "occurred_at": world.time(1).to_string() }).to_string();
    for _ in 0..3 {
        ok(world.told(BOLT, "release-accepted", "e2e-replay", &body).await);
    }
    // The same decision under another id is the same decision.
    ok(world.told(BOLT, "release-accepted", "e2e-replay-2", &body).await);
    let body = json!({ "release_id": id, "occurred_at": world.time(2).to_string() }).to_string();
    ok(world.told(BOLT, "release-waved", "e2e-replay-3", &body).await);
    let release = until(world, &id, "waved", |release| release.facts.waved).await;
    let accepted = release.history.iter().filter(|entry| entry.to == ReleaseState::Accepted).count();
    assert!(accepted <= 1, "{:?}", release.history);
    let release = until(world, &id, "accepted", |release| release.facts.business.is_some()).await;
    assert_eq!(release.history.len(), 5, "{:?}", release.history);
    assert_eq!(told(world, ERP, "order.release.accepted.v1", &id).await.len(), 1);
}

pub(crate) async fn a_transition_of_somebody_else_is_recorded_and_not_applied(world: &World) {
    let id = placed(world, "E2E-OWNER", "TX", 5).await;
    let before = ok(world.find(&id).await);
    let accepted = json!({ "release_id": id, "occurred_at": world.time(1).to_string() }).to_string();
    let shipped = json!({
        "release_id": id, "shipment_no": "E2E-OWNER-1", "shipped_at": world.time(1).to_string(),
        "lines": [{ "line_no": 1, "sku": "WIDGET", "quantity": "5", "uom": "EA" }],
    });
    for _ in 0..2 {
        ok(world.told(BOLT, "release-accepted", "e2e-owner-1", &accepted).await);
        ok(world.told(BOLT, "ship-confirm", "e2e-owner-2", &shipped.to_string()).await);
    }
    let after = until(world, &id, "two violations", |release| {
        release.history.iter().filter(|entry| entry.outcome == "violation").count() == 2
    })
    .await;
    assert_eq!((after.state(), &after.facts), (before.state(), &before.facts), "the state stays as it is");
    assert_eq!(after.history.len(), before.history.len() + 2, "each attempt once");
    let events = told(world, ERP, "state.ownership.violation.v1", &id).await;
    let sender = |entry: &crossdock::sandbox::Entry| json_of(entry.body.as_bytes())["data"]["sender"].clone();
    assert!(events.iter().all(|entry| sender(entry) == json!(BOLT)), "{events:?}");
}
