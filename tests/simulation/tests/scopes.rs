//! What a partner may see, send and be sent: nothing of another's, nothing beyond its profile, and nothing while it is
//! disabled.

use canonical::{Code, Digest, EventType, ReleaseState};
use serde_json::{Value, json};
use sim::{QueueName, World};
use simulation::cast::{ACME, BOLT, ERP, SHOP, TMS, acme_file, advice, bundle_with, order, release_id, world_with};
use simulation::story::{Act, Pace, perform, settle, words};

/// Everybody has a key, and may try.
fn everybody_with_keys(changes: &[(&str, &str, &str)]) -> World {
    let key = |partner: &str| format!("api_key_sha256 = [\"{}\"]", Digest::of(sim::api_key(partner).as_bytes()));
    let beside = |partner: &str| format!("[auth]\n{}", key(partner));
    let (bolt, tms) = (beside(BOLT), beside(TMS));
    let acme = format!("role = \"3pl\"\n{}", beside(ACME));
    let shop = format!("role = \"channel\"\n{}", beside(SHOP));
    let keys = [
        ("bolt-3pl.toml", "[auth]", bolt.as_str()),
        ("summit-tms.toml", "[auth]", tms.as_str()),
        ("acme-3pl.toml", "role = \"3pl\"", acme.as_str()),
        ("webshop.toml", "role = \"channel\"", shop.as_str()),
    ];
    let all: Vec<(&str, &str, &str)> = keys.into_iter().chain(changes.iter().copied()).collect();
    world_with(bundle_with(&all))
}

fn code(response: Option<handlers::Response>) -> (u16, &'static str) {
    let response = response.expect("an answer");
    (response.status, response.code.map_or("", Code::as_str))
}

#[test]
fn what_is_anothers_is_not_there_on_every_route_and_its_key_is_never_read() {
    let world = everybody_with_keys(&[]);
    // Releases in several states: with the REST warehouse, with the one with files, and with none.
    for (number, region) in [("SO-NY", "NY"), ("SO-TX", "TX"), ("SO-CA", "CA")] {
        assert_eq!(code(world.api_post(ERP, number, &order(number, region, &[("DRILL", 1)]))).0, 202);
    }
    settle(&world);
    world.keep_lines(true);
    let parties = [("SO-NY", vec![ERP, BOLT]), ("SO-TX", vec![ERP, ACME]), ("SO-CA", vec![ERP])];
    let mut refused = 0;
    for (number, parties) in &parties {
        let id = release_id(number).to_string();
        for partner in [ERP, ACME, BOLT, TMS, SHOP] {
            let seen = world.trace().len();
            let (shown, cancelled) = if parties.contains(&partner) {
                assert_eq!(code(world.api_get(partner, &id)), (200, ""), "{partner} {number}");
                continue;
            } else {
                (world.api_get(partner, &id), world.api_cancel(partner, &id))
            };
            let absent = world.api_get(partner, release_id("SO-NEVER").as_str()).expect("an answer");
            assert_eq!(shown.as_ref().map(words), Some(words(&absent)), "{partner} {number}: as if it never was");
            for response in [shown, cancelled] {
                assert_eq!(code(response), (404, "not-found"), "{partner} {number}");
                refused += 1;
            }
            let read = format!("RELEASE#{id}");
            let lines: Vec<String> = world.trace().into_iter().skip(seen).collect();
            assert!(lines.iter().any(|line| line.contains(&format!("#P#{partner}#PART#{id}"))), "{lines:?}");
            assert!(!lines.iter().any(|line| line.contains(&read)), "{partner} had {number} read: {lines:?}");
        }
    }
    assert_eq!(refused, 20, "10 pairs of release and foreign partner, on 2 routes");
}

#[test]
fn what_a_profile_does_not_permit_is_refused_in_the_protocol_that_it_comes_in() {
    let permits =
        "role = \"erp\"\npermits = { sends = [\"order-release\"], warehouses = [\"NJ1\"], accounts = [\"EAST\"] }";
    let acme = "role = \"3pl\"\n[permits]\nsends = [\"945:005010\", \"997\"]\n";
    let world = world_with(bundle_with(&[
        ("northwind-erp.toml", "role = \"erp\"", permits),
        ("bolt-3pl.toml", "[auth]", "[permits]\nsends = [\"release-waved\"]\n[auth]"),
        ("acme-3pl.toml", "role = \"3pl\"", acme),
    ]));
    let asking = |warehouse: Value, account: Value| {
        let mut order: Value = serde_json::from_str(&order("SO-P", "NY", &[("DRILL", 1)])).expect("JSON");
        order["warehouse"] = warehouse;
        order["account"] = account;
        order.to_string()
    };
    for (warehouse, account, wrong) in [
        (json!("DAL1"), json!("EAST"), vec!["/warehouse"]),
        (json!("NJ1"), json!("WEST"), vec!["/account"]),
        (Value::Null, Value::Null, vec!["/warehouse", "/account"]),
    ] {
        let response = world.api_post(ERP, "k", &asking(warehouse, account)).expect("an answer");
        assert_eq!((response.status, response.code), (403, Some(Code::NotPermitted)));
        let body: Value = serde_json::from_str(&words(&response)).expect("JSON");
        let places: Vec<&str> = body["errors"]
            .as_array()
            .expect("errors")
            .iter()
            .map(|one| one["pointer"].as_str().expect("a pointer"))
            .collect();
        assert_eq!(places, wrong);
    }
    assert_eq!(code(world.api_post(ERP, "k", &asking(json!("NJ1"), json!("EAST")))), (202, ""));
    settle(&world);
    let id = release_id("SO-P").to_string();
    assert_eq!(code(world.api_cancel(ERP, &id)), (403, "not-permitted"));
    let body = json!({ "release_id": id, "occurred_at": "2026-11-23T10:00:00Z" }).to_string();
    assert_eq!(code(world.webhook(BOLT, "release-accepted", "w1", &body)), (403, "not-permitted"));
    assert_eq!(code(world.webhook(BOLT, "release-waved", "w2", &body)), (202, ""));
    // Acme may send 945s of 005010, and sends one of 004010.
    let advice = acme_file("SW", 9, &[advice("SO-P", "A-1", "DRILL", 1, 1)]);
    perform(&world, &[Act::drop(ACME, "945.edi", advice)], Pace::Settled);
    let parked = world.parked();
    assert!(
        parked.iter().any(|one| one
            .findings
            .iter()
            .any(|finding| finding.code == Code::EdiUnsupportedSet || finding.code == Code::EdiSyntax)),
        "{parked:?}"
    );
    let told = world.outbox(ACME);
    assert!(told.iter().any(|(_, bytes)| String::from_utf8_lossy(bytes).contains("AK5*R")), "{told:?}");
}

#[test]
fn a_disabled_partner_is_refused_and_nothing_of_it_is_lost() {
    let off = "role = \"3pl\"\ndisabled = \"key leaked\"";
    let world =
        world_with(bundle_with(&[("bolt-3pl.toml", "role = \"3pl\"", off), ("acme-3pl.toml", "role = \"3pl\"", off)]));
    assert_eq!(code(world.api_post(ERP, "k", &order("SO-1", "NY", &[("DRILL", 1)]))), (202, ""));
    settle(&world);
    let held = world.release(release_id("SO-1").as_str()).expect("a release");
    assert_eq!(held.state(), ReleaseState::Held);
    assert!(held.facts.held.as_ref().is_some_and(|why| why.contains("disabled (key leaked); enable it and redrive")));
    let body = json!({ "release_id": release_id("SO-1"), "occurred_at": "2026-11-23T10:00:00Z" }).to_string();
    assert_eq!(code(world.webhook(BOLT, "release-waved", "w1", &body)), (403, "partner-disabled"));
    assert!(world.archived(&Digest::of(body.as_bytes())).is_some(), "what it sent is kept");
    let file = acme_file("FA", 5, &[simulation::cast::acceptance(4711)]);
    perform(&world, &[Act::drop(ACME, "997.edi", file)], Pace::Settled);
    let parked = world.parked();
    assert_eq!(parked.iter().map(|one| one.code).collect::<Vec<_>>(), [Code::PartnerDisabled]);
    // Put in force again, what waited goes on.
    world.set_bundle(simulation::cast::bundle());
    world.redrive(QueueName::OrderDispatch);
    settle(&world);
    let placed = world.release(release_id("SO-1").as_str()).expect("a release");
    assert!(placed.dispatch.is_some(), "{placed:?}");
}

#[test]
fn a_message_is_decided_with_the_profiles_that_it_came_under() {
    let world = simulation::cast::world();
    let before = world.bundle().version.to_string();
    assert_eq!(code(world.api_post(ERP, "k", &order("SO-1", "NY", &[("DRILL", 1)]))), (202, ""));
    settle(&world);
    let body = json!({ "release_id": release_id("SO-1"), "occurred_at": "2026-11-23T10:00:00Z" }).to_string();
    assert_eq!(code(world.webhook(BOLT, "release-accepted", "w1", &body)), (202, ""));
    // The profile changes while the message waits: its sender may not even send it any more, nor speak for a warehouse.
    let changed = bundle_with(&[("bolt-3pl.toml", "role = \"3pl\"", "role = \"3pl\"\ndisabled = \"moved\"")]);
    assert_ne!(changed.version.as_str(), before);
    world.set_bundle(changed);
    settle(&world);
    let release = world.release(release_id("SO-1").as_str()).expect("a release");
    assert!(release.facts.business.as_ref().is_some_and(|decision| decision.accepted), "decided as it came");
    let told = world.told();
    let accepted = told.iter().find(|event| event.meta.kind == EventType::ReleaseAccepted).expect("a decision");
    assert_eq!(accepted.meta.profile_version, before);
}
