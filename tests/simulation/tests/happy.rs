//! Both sample stories of `events/`, gone well.

use std::collections::BTreeMap;

use sim::World;

use simulation::cast::{ACME, BOLT, ERP, SHOP, TMS, placed, root, segments, shipment_id, world};
use simulation::story::{Act, Pace, S1, S2, perform, play, settle, words};

/// A sample of `events/` with its placeholders filled.
fn sample(path: &str, values: &[(&str, &str)]) -> String {
    let text = std::fs::read_to_string(root().join("events").join(path)).expect("a sample");
    let text = values.iter().fold(text, |text, (name, value)| text.replace(&format!("{{{{{name}}}}}"), value));
    assert!(!text.contains("{{"), "{path} has no other placeholders: {text}");
    text
}

fn told(world: &World) -> Vec<String> {
    world.told_counts().into_iter().map(|(kind, count)| format!("{count} {kind}")).collect()
}

fn state(world: &World, id: &str) -> String {
    let response = world.api_get(ERP, id).expect("an answer");
    let view: serde_json::Value = serde_json::from_str(&words(&response)).expect("JSON");
    view["state"].as_str().expect("a state").to_owned()
}

/// Webhooks that a partner's system acted on, by the type of their event.
fn subscribed(world: &World, partner: &str) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    for got in world.received(partner).iter().filter(|got| got.done) {
        let body: serde_json::Value = serde_json::from_slice(&got.body).expect("JSON");
        let kind = body["meta"]["type"].as_str().or(body["document"].as_str()).expect("a type");
        *kinds.entry(kind.to_owned()).or_insert(0) += 1;
    }
    kinds
}

fn release(world: &World, path: &str) -> String {
    let body = sample(path, &[]);
    let response = world.api_post(ERP, path, &body).expect("an answer");
    assert_eq!(response.status, 202, "{}", words(&response));
    let answer: serde_json::Value = serde_json::from_str(&words(&response)).expect("JSON");
    settle(world);
    answer["release_id"].as_str().expect("an id").to_owned()
}

const DELIVERED: &str = "tracking-delivered.json";

#[test]
fn s1_ends_delivered() {
    let world = world();
    let id = release(&world, "S1/order-release.json");
    assert_eq!(state(&world, &id), "TRANSPORT_ACKED");
    let webhook = |topic: &'static str, file: &str, at: &str| {
        let body = sample(&format!("S1/{file}"), &[("release_id", &id), ("now", at)]);
        Act::Webhook { partner: BOLT, topic, id: file.to_owned(), body }
    };
    // The sample tells of the first of two parcels; the other one comes with it.
    let Act::Webhook { partner, topic, body, .. } = webhook("tracking-update", DELIVERED, "2026-11-24T08:00:00Z")
    else {
        panic!("a webhook")
    };
    let other = body.replace("1Z999AA10123456784", "1Z999AA10123456793");
    let other = Act::Webhook { partner, topic, id: "the-other-parcel".to_owned(), body: other };
    let acts = [
        (webhook("release-accepted", "release-accepted.json", "2026-11-23T10:05:00Z"), "ACCEPTED"),
        (webhook("release-waved", "release-waved.json", "2026-11-23T11:00:00Z"), "IN_PROCESS"),
        (webhook("ship-confirm", "ship-confirm.json", "2026-11-23T16:00:00Z"), "SHIPPED"),
        (webhook("tracking-update", "tracking-picked-up.json", "2026-11-23T18:00:00Z"), "SHIPPED"),
        (webhook("tracking-update", DELIVERED, "2026-11-24T08:00:00Z"), "SHIPPED"),
        (other, "DELIVERED"),
    ];
    for (act, expected) in acts {
        perform(&world, &[act], Pace::Settled);
        assert_eq!(state(&world, &id), expected, "{:#?}", world.summary());
    }
    assert_eq!(world.audit(), Vec::<String>::new());
    assert_eq!(
        told(&world),
        [
            "1 invoice.trigger.requested.v1",
            "1 order.completed.v1",
            "1 order.fulfillment.progressed.v1",
            "1 order.release.accepted.v1",
            "1 order.release.dispatched.v1",
            "1 order.release.requested.v1",
            "1 order.release.routed.v1",
            "1 order.release.transport_acked.v1",
            "1 order.release.validated.v1",
            "1 partner.delivery.completed.v1",
            "1 shipment.confirmed.v1",
            "3 shipment.milestone.recorded.v1",
            "1 shipment.proof_of_shipment.established.v1",
        ]
    );
    assert_eq!(subscribed(&world, BOLT), BTreeMap::from([("order-release".to_owned(), 1)]));
    let erp = subscribed(&world, ERP);
    assert_eq!((erp["shipment.confirmed.v1"], erp["invoice.trigger.requested.v1"]), (1, 1));
    assert_eq!(subscribed(&world, TMS)["shipment.proof_of_shipment.established.v1"], 1);
    assert_eq!(world.outbox(SHOP).len(), 4, "the confirm and three milestones");
}

#[test]
fn s2_ends_delivered() {
    let world = world();
    let id = release(&world, "S2/order-release.json");
    assert_eq!(state(&world, &id), "TRANSPORT_ACKED");
    let placed = placed(&world, ACME).remove(0);
    assert_eq!((placed.interchange, placed.order_no.as_str(), placed.purpose.as_str()), (1, "SO-200001", "N"));
    let group = placed.group.to_string();
    let file = |name: &str, control: &str| {
        let values = [
            ("depositor_order_no", placed.order_no.as_str()),
            ("acknowledged_group", &group),
            ("control", control),
            ("group", "77"),
            ("ccyymmdd", "20261123"),
            ("yymmdd", "261123"),
            ("hhmm", "1405"),
        ];
        let text = std::fs::read_to_string(root().join("events/S2").join(name)).expect("a sample");
        let used: Vec<_> = values.into_iter().filter(|(name, _)| text.contains(&format!("{{{{{name}}}}}"))).collect();
        Act::drop(ACME, name, sample(&format!("S2/{name}"), &used).into_bytes())
    };
    let shipment = shipment_id(ACME, "DAL1-SHP-4711").to_string();
    let scan = |name: &str, at: &str| {
        let body = sample(&format!("S2/{name}"), &[("shipment_id", &shipment), ("now", at)]);
        Act::Webhook { partner: TMS, topic: "tracking-update", id: name.to_owned(), body }
    };
    let acts = [
        (file("997.edi", "000000501"), "TECH_ACKED"),
        (file("945.edi", "000000502"), "SHIPPED"),
        (scan("tracking-picked-up.json", "2026-11-23T18:00:00Z"), "SHIPPED"),
        (scan("tracking-delivered.json", "2026-11-24T08:00:00Z"), "DELIVERED"),
    ];
    for (act, expected) in acts {
        perform(&world, &[act], Pace::Settled);
        assert_eq!(state(&world, &id), expected, "{:#?}", world.summary());
    }
    assert_eq!(world.audit(), Vec::<String>::new());
    assert_eq!(
        told(&world),
        [
            "1 invoice.trigger.requested.v1",
            "1 order.completed.v1",
            "1 order.release.dispatched.v1",
            "1 order.release.requested.v1",
            "1 order.release.routed.v1",
            "1 order.release.technically_acked.v1",
            "1 order.release.transport_acked.v1",
            "1 order.release.validated.v1",
            "2 partner.delivery.completed.v1",
            "1 shipment.confirmed.v1",
            "2 shipment.milestone.recorded.v1",
            "1 shipment.proof_of_shipment.established.v1",
        ]
    );
    let outbox: Vec<String> = world.outbox(ACME).into_iter().map(|(name, _)| name).collect();
    assert_eq!(outbox, ["940-000000001.edi", "997-000000002.edi"]);
    let acknowledgment = &world.outbox(ACME)[1].1;
    assert_eq!(segments(acknowledgment, "AK1"), ["AK1*SW*77"]);
    assert_eq!(segments(acknowledgment, "AK9"), ["AK9*A*1*1*1"]);
}

#[test]
fn the_same_story_gives_the_same_trace() {
    for story in [S1, S2] {
        let hash = || {
            let world = world();
            play(&world, &story, Pace::Settled);
            (world.calls(), world.trace_hash())
        };
        assert_eq!(hash(), hash(), "{}", story.name);
    }
}
