//! The ERP's synchronous interface.

use canonical::ReleaseState;
use crossdock::World;
use serde_json::{Value, json};

use crate::support::{BOLT, ERP, OPS_KEY, OTHER_KEY, json_of, ok, order, placed, taken, told, until, until_state};

pub(crate) async fn a_repeated_request_gets_the_same_answer(world: &World) {
    let body = order("E2E-A1", "NY", 5).to_string();
    let first = ok(world.release("e2e-a1", body.as_bytes()).await);
    assert_eq!(first.status, 202);
    let location = first.header("location").unwrap().to_owned();
    assert!(location.starts_with("/v1/order-releases/rel_"), "{location}");
    let all = at_once(world, "e2e-a1", &body).await;
    for again in &all {
        assert_eq!((again.status, &again.body), (202, &first.body), "byte for byte");
        assert_eq!(again.header("location"), Some(location.as_str()));
    }
    let other = order("E2E-A1", "NY", 6).to_string();
    let refused = ok(world.release("e2e-a1", other.as_bytes()).await);
    assert_eq!(refused.status, 422);
    assert_eq!(refused.header("content-type"), Some("application/problem+json"));
    assert_eq!(json_of(&refused.body)["code"], "idempotency-key-reused");
    let renamed = ok(world.release("e2e-a1-b", other.as_bytes()).await);
    assert_eq!((renamed.status, json_of(&renamed.body)["code"].clone()), (409, json!("release-exists")));
    let same = ok(world.release("e2e-a1-c", body.as_bytes()).await);
    assert_eq!((same.status, &same.body), (202, &first.body), "the same release under another key");
    let id = json_of(&first.body)["release_id"].as_str().unwrap().parse().unwrap();
    told(world, BOLT, "order-release", &id).await;
    assert_eq!(world.sandbox.journal().received(BOLT, "E2E-A1").len(), 1, "one order at the 3PL");
}

/// The same request several times at once; each that is told to come again does.
async fn at_once(world: &World, key: &str, body: &str) -> Vec<aws::HttpReply> {
    let call = async || loop {
        let reply = ok(world.release(key, body.as_bytes()).await);
        if reply.status != 409 {
            return reply;
        }
        assert!(reply.header("retry-after").is_some());
    };
    let (a, b, c, d) = tokio::join!(call(), call(), call(), call());
    vec![a, b, c, d]
}

pub(crate) async fn what_is_wrong_is_named_by_its_place(world: &World) {
    let mut body = order("E2E-WRONG", "NY", 5);
    body["ship_to"].as_object_mut().unwrap().remove("city");
    body["lines"][0]["quantity"] = json!("five");
    body["colour"] = json!("red");
    let refused = ok(world.release("e2e-wrong", body.to_string().as_bytes()).await);
    assert_eq!(refused.status, 422);
    let problem = json_of(&refused.body);
    let mut places: Vec<&str> =
        problem["errors"].as_array().unwrap().iter().filter_map(|error| error["pointer"].as_str()).collect();
    places.sort_unstable();
    assert_eq!(places, ["/colour", "/lines/0/quantity", "/ship_to/city"], "{problem}");
    let broken = ok(world.release("e2e-wrong", b"{\"order_no\": ").await);
    assert_eq!((broken.status, json_of(&broken.body)["code"].clone()), (400, json!("malformed-json")));
    let headers = [("x-api-key".to_owned(), world.keys.erp_api_key.clone())];
    let keyless = ok(world.api.send("POST", "/v1/order-releases", &headers, b"{}").await);
    assert_eq!((keyless.status, json_of(&keyless.body)["code"].clone()), (400, json!("header-missing")));
    let mended = ok(world.release("e2e-wrong", order("E2E-WRONG", "NY", 5).to_string().as_bytes()).await);
    assert_eq!(mended.status, 202, "a refused request does not use up its key");
}

pub(crate) async fn who_is_not_known_or_not_concerned_sees_nothing(world: &World) {
    let id = placed(world, "E2E-SEE", "NY", 5).await;
    let own = ok(world.api.show(&world.keys.erp_api_key, id.as_str()).await);
    assert_eq!(own.status, 200);
    let seen = json_of(&own.body);
    assert_eq!(seen["state"], "TRANSPORT_ACKED");
    let court = |name: &str| seen["court"][name].clone();
    assert_eq!((court("owner"), court("partner")), (json!("3pl"), json!(BOLT)));
    assert!(court("since").is_string() && court("next_move").is_string(), "{seen}");
    assert_eq!(seen["history"].as_array().map(Vec::len), Some(3));
    let other = ok(world.api.show(OTHER_KEY, id.as_str()).await);
    let missing = ok(world.api.show(OTHER_KEY, "rel_00000000000000000000000000000000").await);
    assert_eq!((other.status, &other.body), (404, &missing.body), "what is not one's own is not there");
    assert_eq!(ok(world.api.cancel(OTHER_KEY, id.as_str()).await).status, 404);
    for reply in [
        ok(world.api.show("a guessed key", id.as_str()).await),
        ok(world.api.release("a guessed key", "k", b"{}").await),
        ok(world.api.send("GET", &format!("/v1/order-releases/{id}"), &[], b"").await),
    ] {
        assert_eq!((reply.status, json_of(&reply.body)["code"].clone()), (401, json!("unauthenticated")));
    }
}

pub(crate) async fn a_cancel_before_work_starts_is_the_warehouses_to_decide(world: &World) {
    let id = placed(world, "E2E-CANCEL", "NY", 5).await;
    let key = &world.keys.erp_api_key;
    for _ in 0..2 {
        assert_eq!(ok(world.api.cancel(key, id.as_str()).await).status, 202);
    }
    until_state(world, &id, ReleaseState::CancelRequested).await;
    let asked = told(world, BOLT, "order-cancel", &id).await;
    assert_eq!(asked.len(), 1);
    let body = json!({ "release_id": id, "occurred_at": world.time(1).to_string() }).to_string();
    ok(world.told(BOLT, "cancel-accepted", "e2e-cancel-1", &body).await);
    let release = until_state(world, &id, ReleaseState::Cancelled).await;
    assert_eq!(release.court(), None, "nobody has to move");
    told(world, ERP, "order.cancel.accepted.v1", &id).await;
    let waved = placed(world, "E2E-TOO-LATE", "NY", 5).await;
    let body = json!({ "release_id": waved, "occurred_at": world.time(1).to_string() }).to_string();
    ok(world.told(BOLT, "release-waved", "e2e-cancel-2", &body).await);
    until(world, &waved, "waved", |release| release.facts.waved).await;
    let late = ok(world.api.cancel(key, waved.as_str()).await);
    let problem: Value = json_of(&late.body);
    assert_eq!((late.status, problem["code"].clone()), (409, json!("cancel-window-closed")));
}

pub(crate) async fn a_hold_keeps_a_release_until_its_owner_lifts_it(world: &World) {
    let mut body = order("E2E-HOLD", "NY", 5);
    body["holds"] = json!([{ "reason": "credit", "detail": "over its limit" }]);
    let id = ok(world.released("e2e-hold", body.to_string().as_bytes()).await);
    told(world, ERP, "order.release.held.v1", &id).await;
    let erp = world.keys.erp_api_key.as_str();
    let ask = async |method: &str, key: &str, path: &str, body: &str| {
        let pairs = [("x-api-key", key), ("idempotency-key", "e2e-hold"), ("content-type", "application/json")];
        let headers = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        ok(world.api.send(method, &format!("/v1/order-releases/{id}{path}"), &headers, body.as_bytes()).await)
    };
    let key = |key: &str| [("x-api-key".to_owned(), key.to_owned())];
    let look = r#"{"reason":"operator","detail":"odd"}"#;
    let forbidden = ask("POST", erp, "/holds", look).await;
    assert_eq!((forbidden.status, json_of(&forbidden.body)["code"].clone()), (403, json!("ownership-violation")));
    let placed = json_of(&ask("POST", OPS_KEY, "/holds", look).await.body);
    assert_eq!(placed["status"], "placed", "{placed}");
    let seen = json_of(&ask("GET", erp, "", "").await.body);
    let holds: Vec<String> =
        seen["holds"].as_array().unwrap().iter().map(|hold| hold["id"].as_str().unwrap().to_owned()).collect();
    let stuck = ok(world.api.send("GET", "/v1/orders/stuck?limit=200&older_than_s=0", &key(OPS_KEY), b"").await);
    let stuck = json_of(&stuck.body);
    let row = stuck["orders"].as_array().unwrap().iter().find(|row| row["release_id"] == id.as_str());
    assert_eq!(
        row.map(|row| (&row["owner"], &row["held"])),
        Some((&json!("erp"), &json!("over its limit"))),
        "{stuck}"
    );
    assert_eq!((holds.len(), &seen["state"], &seen["court"]["owner"]), (2, &json!("HELD"), &json!("erp")), "{seen}");
    assert_eq!(ask("DELETE", OPS_KEY, &format!("/holds/{}", holds[0]), "").await.status, 403, "not theirs");
    for (key, hold) in [(erp, &holds[0]), (OPS_KEY, &holds[1])] {
        assert!(taken(world, BOLT, "order-release", &id).is_empty(), "nothing is sent while it is held");
        for _ in 0..2 {
            let lifted = ask("DELETE", key, &format!("/holds/{hold}"), "").await;
            assert_eq!((lifted.status, json_of(&lifted.body)["status"].clone()), (200, json!("lifted")));
        }
    }
    until(world, &id, "placed", |release| release.facts.transport_acked).await;
    assert_eq!(told(world, BOLT, "order-release", &id).await.len(), 1, "one order at the 3PL");
    told(world, ERP, "order.release.resumed.v1", &id).await;
    let late = ask("POST", erp, "/holds", r#"{"reason":"stock","detail":"sold twice"}"#).await;
    assert_eq!((late.status, json_of(&late.body)["code"].clone()), (409, json!("hold-window-closed")));
}
