//! Holds: a release waits from its first moment until each hold is lifted by whoever owns its reason, and by nobody else.

use std::sync::Arc;

use canonical::{Digest, HoldId, Release, Role};
use handlers::Response;
use partners::Bundle;
use serde_json::{Value, json};
use sim::World;

use simulation::cast::{BOLT, ERP, bundle_and, order, release_id, world_with};
use simulation::story::{Act, Pace, S1, differences, every_single_fault, perform, rest, settle, tail, tried, words};

/// The distributor's own operations.
const OPS: &str = "northwind-ops";

/// Operations have a profile, both they and the 3PL have a key, and an account's orders wait for a person.
fn bundle() -> Arc<Bundle> {
    let key = |partner: &str| format!("api_key_sha256 = [\"{}\"]", Digest::of(sim::api_key(partner).as_bytes()));
    let bolt = format!("[auth]\n{}", key(BOLT));
    let ops = format!("id = \"{OPS}\"\nname = \"Operations\"\nrole = \"ops\"\n[auth]\n{}", key(OPS));
    let rule = "[[holds]]\nname = \"new accounts\"\nwhen = { account = [\"NEW\"] }\nreason = \"operator\"\n\
                detail = \"the account's first orders are looked at\"\n\n[[routes]]\nname = \"texas-by-acme\"";
    bundle_and(
        &[("bolt-3pl.toml", "[auth]", &bolt), ("house.toml", "[[routes]]\nname = \"texas-by-acme\"", rule)],
        &[("northwind-ops.toml", &ops)],
    )
}

fn world() -> World {
    world_with(bundle())
}

/// S1's order with more in it.
fn with(more: &Value) -> String {
    let mut body: Value = serde_json::from_str(&order("SO-1", "NY", &[("DRILL", 12), ("BITS", 36)])).expect("JSON");
    body.as_object_mut().expect("an order").extend(more.as_object().expect("fields").clone());
    body.to_string()
}

fn credit() -> Value {
    json!({ "holds": [{ "reason": "credit", "detail": "over its limit since Monday" }] })
}

fn release(world: &World) -> Release {
    world.release(release_id("SO-1").as_str()).expect("a release")
}

/// State, and who owns the next move.
fn stands(world: &World) -> (String, Option<Role>) {
    let release = release(world);
    (release.state().to_string(), release.court().map(|court| court.owner))
}

fn open_holds(world: &World) -> Vec<HoldId> {
    release(world).open_holds().map(|hold| hold.id.clone()).collect()
}

fn hold(world: &World, partner: &str, key: &str, body: &Value) -> Option<Response> {
    let path = format!("/v1/order-releases/{}/holds", release_id("SO-1"));
    world.api(partner, "POST", &path, vec![("idempotency-key".to_owned(), key.to_owned())], &body.to_string())
}

fn lift(world: &World, partner: &str, hold: &str) -> Option<Response> {
    let path = format!("/v1/order-releases/{}/holds/{hold}", release_id("SO-1"));
    world.api(partner, "DELETE", &path, Vec::new(), "")
}

/// Status, code and outcome.
fn answer(response: Option<Response>) -> (u16, &'static str, &'static str) {
    let response = response.expect("an answer");
    (response.status, response.code.map_or("", canonical::Code::as_str), response.outcome)
}

fn body(response: Option<Response>) -> Value {
    serde_json::from_str(&words(&response.expect("an answer"))).expect("JSON")
}

/// What the ERP was told of holds, in order: type, code and the hold's reason.
fn told(world: &World) -> Vec<(String, Value, Value)> {
    let events = world.received(ERP).into_iter().filter(|got| got.done);
    let events = events.map(|got| serde_json::from_slice::<Value>(&got.body).expect("JSON"));
    let kind = |event: &Value| event["meta"]["type"].as_str().unwrap_or_default().to_owned();
    let told =
        events.map(|event| (kind(&event), event["data"]["code"].clone(), event["data"]["hold"]["reason"].clone()));
    told.filter(|(kind, ..)| kind.starts_with("order.release.held") || kind.starts_with("order.release.resumed"))
        .collect()
}

fn placed(world: &World) -> usize {
    world.received(BOLT).iter().filter(|got| got.done).count()
}

const APPLIED: (u16, &str, &str) = (200, "", "applied");
const DUPLICATE: (u16, &str, &str) = (200, "", "duplicate");
const FORBIDDEN: (u16, &str, &str) = (403, "ownership-violation", "rejected");

#[test]
fn a_release_that_comes_with_a_hold_goes_out_when_its_erp_lifts_it() {
    let world = world();
    Act::release("k", with(&credit())).perform(&world);
    settle(&world);
    assert_eq!((stands(&world), placed(&world)), (("HELD".to_owned(), Some(Role::Erp)), 0), "{}", tail(&world));
    let seen = body(world.api_get(ERP, release_id("SO-1").as_str()));
    assert_eq!(seen["holds"][0]["detail"], "over its limit since Monday");
    assert_eq!((&seen["holds"][0]["owner"], &seen["court"]["partner"]), (&json!("erp"), &json!(ERP)));
    assert_eq!(seen["court"]["next_move"], "clear the credit and lift the hold");
    let id = open_holds(&world)[0].to_string();
    assert_eq!(answer(lift(&world, ERP, &id)), APPLIED);
    assert_eq!(answer(lift(&world, ERP, &id)), DUPLICATE);
    settle(&world);
    assert_eq!((stands(&world).0.as_str(), placed(&world)), ("TRANSPORT_ACKED", 1));
    let code = json!("release-on-hold");
    let expected = [
        ("order.release.held.v1".to_owned(), code.clone(), json!("credit")),
        ("order.release.resumed.v1".to_owned(), code, Value::Null),
    ];
    assert_eq!(told(&world), expected);
    let sent = String::from_utf8(world.received(BOLT)[0].body.to_vec()).expect("text");
    assert!(!sent.contains("credit") && !sent.contains("over its limit"), "{sent}");
    let seen = body(world.api_get(BOLT, release_id("SO-1").as_str()));
    assert_eq!(seen["holds"], json!([]), "the warehouse is not told of a customer's credit");
    assert!(!seen.to_string().contains("over its limit"), "{seen}");
    perform(&world, &(S1.then)(&world), Pace::Settled);
    assert_eq!((stands(&world).0.as_str(), world.audit()), ("DELIVERED", Vec::new()));
}

#[test]
fn only_who_owns_the_reason_places_and_lifts_a_hold_and_an_attempt_is_on_record_once() {
    let world = world();
    Act::release("k", with(&json!({ "account": "NEW" }))).perform(&world);
    settle(&world);
    assert_eq!(stands(&world), ("HELD".to_owned(), Some(Role::Ops)), "by the house's rule");
    let by_rule = open_holds(&world)[0].to_string();
    for _ in 0..2 {
        assert_eq!(answer(lift(&world, ERP, &by_rule)), FORBIDDEN);
    }
    let stock = json!({ "reason": "stock", "detail": "the purchase order is late" });
    assert_eq!(answer(hold(&world, OPS, "o1", &stock)), FORBIDDEN);
    let look = json!({ "reason": "operator", "detail": "odd" });
    assert_eq!(answer(hold(&world, ERP, "e1", &look)), FORBIDDEN);
    settle(&world);
    let violations: Vec<_> = release(&world).history.into_iter().filter(|entry| entry.outcome == "violation").collect();
    let tried: Vec<_> = violations.iter().map(|entry| (entry.partner.as_str(), entry.transition.as_str())).collect();
    assert_eq!(tried, [(ERP, "ops_hold"), (OPS, "erp_hold"), (ERP, "ops_hold")]);
    assert_eq!(open_holds(&world).len(), 1);
    assert_eq!(answer(hold(&world, ERP, "e2", &stock)), APPLIED);
    assert_eq!(answer(hold(&world, ERP, "e2", &stock)), DUPLICATE);
    let address = json!({ "reason": "address", "detail": "no such street" });
    assert_eq!(answer(hold(&world, ERP, "e2", &address)), (422, "idempotency-key-reused", "rejected"));
    assert_eq!(answer(hold(&world, ERP, "", &address)), (400, "header-missing", "rejected"));
    assert_eq!(answer(hold(&world, ERP, "e3", &json!({ "reason": "mood" }))), (422, "schema-violation", "rejected"));
    assert_eq!(answer(hold(&world, BOLT, "b1", &stock)), (404, "not-found", "rejected"), "no part in it yet");
    // One is lifted, and it still waits for the other.
    assert_eq!(answer(lift(&world, OPS, &by_rule)), APPLIED);
    settle(&world);
    assert_eq!((stands(&world), placed(&world)), (("HELD".to_owned(), Some(Role::Erp)), 0));
    assert_eq!(answer(lift(&world, ERP, &open_holds(&world)[0].to_string())), APPLIED);
    settle(&world);
    assert_eq!((placed(&world), world.audit()), (1, Vec::new()));
    let reasons: Vec<Value> = told(&world).into_iter().map(|(_, _, reason)| reason).collect();
    assert_eq!(reasons, [json!("operator"), json!("stock"), Value::Null], "resumed once, with the last");
    // The warehouse has a part in it now; holds are none of its business.
    assert_eq!(answer(lift(&world, BOLT, &by_rule)), FORBIDDEN);
}

#[test]
fn what_has_gone_to_its_warehouse_or_is_cancelled_is_not_held_back() {
    let world = world();
    (S1.release)().perform(&world);
    settle(&world);
    let stock = json!({ "reason": "stock", "detail": "sold twice" });
    assert_eq!(answer(hold(&world, ERP, "e", &stock)), (409, "hold-window-closed", "rejected"));
    assert_eq!(answer(lift(&world, ERP, "hld_none")), (404, "not-found", "rejected"));
    assert_eq!(answer(lift(&world, ERP, "no/id")), (404, "not-found", "rejected"));
    let other = self::world();
    Act::release("k", with(&credit())).perform(&other);
    settle(&other);
    Act::Cancel { release_id: release_id("SO-1").to_string() }.perform(&other);
    settle(&other);
    assert_eq!((stands(&other), placed(&other)), (("CANCELLED".to_owned(), None), 0), "nothing was sent");
    assert_eq!(answer(hold(&other, ERP, "e", &stock)), (409, "hold-window-closed", "rejected"));
    let id = open_holds(&other)[0].to_string();
    assert_eq!(answer(lift(&other, ERP, &id)), APPLIED);
    settle(&other);
    assert_eq!((stands(&other).0.as_str(), placed(&other), other.audit()), ("CANCELLED", 0, Vec::new()));
}

#[test]
fn a_release_remembers_so_many_holds_and_takes_no_more() {
    let world = world();
    Act::release("k", with(&credit())).perform(&world);
    rest(&world);
    let stock = json!({ "reason": "stock", "detail": "again" });
    for count in 1..canonical::HOLDS_MAX {
        assert_eq!(answer(hold(&world, ERP, &count.to_string(), &stock)), APPLIED, "{count}");
        let last = open_holds(&world).pop().expect("a hold").to_string();
        assert_eq!(answer(lift(&world, ERP, &last)), APPLIED, "{count}");
    }
    assert_eq!(answer(hold(&world, ERP, "one more", &stock)), (409, "hold-window-closed", "rejected"));
    assert_eq!(answer(hold(&world, ERP, "1", &stock)), DUPLICATE, "what it remembers it answers");
}

/// A hold, its lifting and the placing, with every call failing in every way: the same in the end.
#[test]
fn one_fault_anywhere_neither_lets_a_held_release_go_nor_keeps_it() {
    let held = |world: &World| {
        Act::release("k", with(&credit())).perform(world);
        settle(world);
        let stock = json!({ "reason": "stock", "detail": "sold twice" });
        let answered = world.insist(|world| hold(world, ERP, "e", &stock)).expect("an answer");
        assert_eq!(answered.status, 200);
        settle(world);
        assert_eq!(placed(world), 0, "held, and sent all the same\n{}", tail(world));
        for id in release(world).facts.holds.iter().map(|hold| hold.id.to_string()) {
            assert_eq!(world.insist(|world| lift(world, ERP, &id)).expect("an answer").status, 200);
        }
        settle(world);
    };
    let base = world();
    let well = base.fork();
    held(&well);
    assert_eq!((placed(&well), well.audit()), (1, Vec::new()));
    let schedules = every_single_fault(&base, &well, |world, fault| {
        held(world);
        assert_eq!(world.audit(), Vec::<String>::new(), "{fault}\n{}", tail(world));
        let different = differences(&world.summary(), &well.summary());
        assert_eq!(different, Vec::<String>::new(), "{fault}\n{}", tail(world));
    });
    tried("holds, one fault", schedules);
}
