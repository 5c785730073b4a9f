//! Every route, every object, every partner that has no part in it: all refused. A route or a topic that is added is in
//! these tests by itself, for they walk over what the code and, by `template.rs`, the gateway know.

use std::collections::BTreeMap;

use canonical::{Digest, Release, Shipment};
use formats::api::Operation;
use formats::webhook::Topic;
use handlers::Response;
use serde_json::{Value, json};
use sim::World;
use simulation::cast::{
    ACME, BOLT, ERP, SHOP, TMS, acme_file, advice, bundle_with, order, release_id, shipment_id, world_with,
};
use simulation::story::{Act, Pace, perform, rest, settle, words};

const PARTNERS: [&str; 5] = [ERP, ACME, BOLT, TMS, SHOP];
const AT: &str = "2026-11-23T10:05:00Z";

/// All partners have a key and sign webhooks, so that nobody is refused for want of a credential.
fn everybody() -> World {
    let key = |partner: &str| format!("api_key_sha256 = [\"{}\"]", Digest::of(sim::api_key(partner).as_bytes()));
    let keyed = |partner: &str| format!("[auth]\n{}", key(partner));
    let both = |role: &str, partner: &str| {
        format!("role = \"{role}\"\n{}\nsignature = {{ scheme = \"standard-webhooks\" }}", keyed(partner))
    };
    let (bolt, tms, acme, shop) = (keyed(BOLT), keyed(TMS), both("3pl", ACME), both("channel", SHOP));
    // The ERP's profile has its key already.
    let erp = "[auth]\nsignature = { scheme = \"standard-webhooks\" }";
    let bundle = bundle_with(&[
        ("northwind-erp.toml", "[auth]", erp),
        ("bolt-3pl.toml", "[auth]", &bolt),
        ("summit-tms.toml", "[auth]", &tms),
        ("acme-3pl.toml", "role = \"3pl\"", &acme),
        ("webshop.toml", "role = \"channel\"", &shop),
    ]);
    world_with(bundle)
}

/// What there is: releases in every stage with their parties, and shipments.
struct Objects {
    releases: Vec<(String, Vec<&'static str>)>,
    shipments: Vec<(String, &'static str)>,
}

fn objects(world: &World) -> Objects {
    for (number, region) in [("SO-NY", "NY"), ("SO-NY2", "NY"), ("SO-TX", "TX"), ("SO-TX2", "TX"), ("SO-CA", "CA")] {
        let answer = world.api_post(ERP, number, &order(number, region, &[("DRILL", 2)])).expect("an answer");
        assert_eq!(answer.status, 202, "{}", words(&answer));
    }
    settle(world);
    let shipped = json!({
        "release_id": release_id("SO-NY2"), "shipment_no": "B-1", "shipped_at": AT,
        "lines": [{ "line_no": 1, "sku": "DRILL", "quantity": "2", "uom": "EA" }],
    });
    perform(
        world,
        &[
            Act::webhook(BOLT, "ship-confirm", "own-1", &shipped),
            Act::drop(ACME, "own.edi", acme_file("SW", 1, &[advice("SO-TX2", "A-1", "DRILL", 2, 2)])),
        ],
        Pace::Settled,
    );
    let release = |number: &str, parties: &[&'static str]| (release_id(number).to_string(), parties.to_vec());
    let objects = Objects {
        releases: vec![
            release("SO-NY", &[ERP, BOLT]),
            release("SO-NY2", &[ERP, BOLT]),
            release("SO-TX", &[ERP, ACME]),
            release("SO-TX2", &[ERP, ACME]),
            release("SO-CA", &[ERP]),
        ],
        shipments: vec![(shipment_id(BOLT, "B-1").to_string(), BOLT), (shipment_id(ACME, "A-1").to_string(), ACME)],
    };
    assert_eq!((world.releases().len(), world.shipments().len()), (objects.releases.len(), objects.shipments.len()));
    objects
}

fn code(response: &Response) -> (u16, &'static str) {
    (response.status, response.code.map_or("", canonical::Code::as_str))
}

/// Everything that anybody could be told or sent: facts, shipments, deliveries. What may be added is a violation on record.
fn state(world: &World) -> (BTreeMap<String, Release>, BTreeMap<String, Shipment>, usize) {
    let bare = |release: Release| Release { history: Vec::new(), absorbed: BTreeMap::new(), seq: 0, ..release };
    let releases = world.releases().into_iter().map(|release| (release.id.to_string(), bare(release))).collect();
    let bare = |shipment: Shipment| Shipment { absorbed: BTreeMap::new(), seq: 0, ..shipment };
    let shipments = world.shipments().into_iter().map(|shipment| (shipment.id.to_string(), bare(shipment))).collect();
    (releases, shipments, world.parked().len())
}

/// The body of a webhook about an object, named in one of the ways in which the topic names it.
fn about(topic: Topic, name: (&str, &str)) -> Value {
    let mut body = match topic {
        Topic::ReleaseAccepted | Topic::ReleaseWaved | Topic::CancelAccepted => json!({ "occurred_at": AT }),
        Topic::ReleaseRejected | Topic::CancelRefused => json!({ "occurred_at": AT, "reason": "because" }),
        Topic::ShipConfirm => json!({
            "shipment_no": "X-1", "shipped_at": AT,
            "lines": [{ "line_no": 1, "sku": "DRILL", "quantity": "2", "uom": "EA" }],
        }),
        Topic::TrackingUpdate => json!({ "milestone": "delivered", "occurred_at": AT }),
    };
    body[name.0] = json!(name.1);
    body
}

#[test]
fn every_route_refuses_every_stranger_for_every_object() {
    let world = everybody();
    let objects = objects(&world);
    world.keep_lines(true);
    let before = state(&world);
    let (mut asked, mut refused) = (0, 0);
    for operation in Operation::ALL {
        for (id, parties) in &objects.releases {
            for stranger in PARTNERS.into_iter().filter(|partner| !parties.contains(partner)) {
                let seen = world.trace().len();
                // As if there were no such release, in the same words.
                let absent = release_id("SO-NEVER").to_string();
                let answers = match operation {
                    Operation::ShowRelease => {
                        vec![(404, world.api_get(stranger, id), world.api_get(stranger, &absent))]
                    }
                    Operation::CancelRelease => {
                        vec![(404, world.api_cancel(stranger, id), world.api_cancel(stranger, &absent))]
                    }
                    Operation::HoldRelease => {
                        let hold = |id: &str| {
                            let key = vec![("idempotency-key".to_owned(), "h".to_owned())];
                            let body = r#"{"reason":"credit","detail":"none"}"#;
                            world.api(stranger, "POST", &format!("/v1/order-releases/{id}/holds"), key, body)
                        };
                        vec![(404, hold(id), hold(&absent))]
                    }
                    Operation::LiftHold => {
                        let lift = |id: &str| {
                            let path = format!("/v1/order-releases/{id}/holds/hld_1");
                            world.api(stranger, "DELETE", &path, Vec::new(), "")
                        };
                        vec![(404, lift(id), lift(&absent))]
                    }
                    // It names no release; no stranger here is an ERP or operations.
                    Operation::ListStuck => {
                        let list = || world.api(stranger, "GET", "/v1/orders/stuck", Vec::new(), "");
                        vec![(403, list(), list())]
                    }
                    Operation::ReleaseOrder => {
                        let number = |wanted: &str| order(wanted, "NY", &[("DRILL", 9)]);
                        let own = world.releases().into_iter().find(|one| one.id.as_str() == id).expect("it is there");
                        // Under the key that the ERP used for it, too.
                        let key = own.order.order_no.as_str();
                        let post = |wanted: &str| world.api_post(stranger, key, &number(wanted));
                        vec![(403, post(key), post("SO-NEVER"))]
                    }
                    // At the address of each party, with the stranger's own signature, and of nobody at all.
                    Operation::Webhook => parties
                        .iter()
                        .flat_map(|party| Topic::ALL.iter().map(move |topic| (party, *topic)))
                        .map(|(party, topic)| {
                            let post = |address: &str, id: &str| {
                                let body = about(topic, ("release_id", id)).to_string();
                                world.webhook_signed_by(stranger, address, topic.as_str(), "w", &body)
                            };
                            (401, post(party, id), post("nobody", &absent))
                        })
                        .collect(),
                };
                for (status, answer, absent) in answers {
                    let (answer, absent) = (answer.expect("an answer"), absent.expect("an answer"));
                    asked += 1;
                    assert_eq!(code(&answer).0, status, "{operation:?} {stranger} {id}: {}", words(&answer));
                    assert_eq!(words(&answer), words(&absent), "{operation:?} {stranger} {id}");
                    refused += usize::from(answer.status >= 400);
                }
                let lines: Vec<String> = world.trace().into_iter().skip(seen).collect();
                let read = lines.iter().find(|line| line.contains(&format!("RELEASE#{id}")));
                assert_eq!(read, None, "{operation:?}: {stranger} had another's key read");
            }
        }
    }
    settle(&world);
    assert_eq!(state(&world), before, "and nothing came of it");
    // 16 pairs of release and stranger: on six routes once each, and each topic at each party's address.
    assert_eq!((asked, refused), (16 * 6 + 28 * Topic::ALL.len(), asked));
}

/// A webhook is answered before anything is read, so what it names is taken and then refused: the object stays as it is, and
/// whoever named it learns nothing, not even whether it is there.
#[test]
fn a_stranger_s_own_webhooks_change_nothing_of_anothers_object() {
    let world = everybody();
    let objects = objects(&world);
    let before = state(&world);
    let mut tried = 0;
    let mut parked = before.2;
    for topic in Topic::ALL {
        let mut named: Vec<((&str, String), Vec<&str>)> = Vec::new();
        if *topic == Topic::TrackingUpdate {
            for (id, owner) in &objects.shipments {
                // The TMS reports the way of every shipment: it is no stranger.
                named.push((("shipment_id", id.clone()), vec![owner, TMS]));
            }
        } else {
            for (id, parties) in &objects.releases {
                let number = before.0[id].order.order_no.clone();
                named.push((("release_id", id.clone()), parties.clone()));
                named.push((("depositor_order_no", number), parties.clone()));
            }
        }
        for ((how, name), parties) in named {
            for stranger in PARTNERS.into_iter().filter(|partner| !parties.contains(partner)) {
                world.keep_lines(true);
                let (seen, id) = (world.trace().len(), format!("s{tried}"));
                let body = about(*topic, (how, &name)).to_string();
                let answer = world.webhook(stranger, topic.as_str(), &id, &body).expect("an answer");
                assert_eq!(answer.status, 202, "{stranger} {topic:?} {name}: {}", words(&answer));
                rest(&world);
                tried += 1;
                if how == "depositor_order_no" {
                    // The number is the stranger's own or nothing: no release is even looked at.
                    parked += 1;
                    let lines: Vec<String> = world.trace().into_iter().skip(seen).collect();
                    assert!(!lines.iter().any(|line| line.contains("RELEASE#rel_")), "{stranger} {name}");
                }
                let (releases, shipments, now_parked) = state(&world);
                assert_eq!((&releases, &shipments), (&before.0, &before.1), "{stranger} {topic:?} {how} {name}");
                assert_eq!(now_parked, parked, "{stranger} {topic:?} {how} {name}: a person sees what has no object");
            }
        }
    }
    // 16 pairs of release and stranger, each by two names on six topics; 2 shipments with three strangers each.
    assert_eq!(tried, 16 * 2 * 6 + 2 * 3);
}

/// Files name orders by number and by our id; a number is looked for among the sender's own alone.
#[test]
fn a_stranger_s_files_change_nothing_of_anothers_object() {
    let world = everybody();
    objects(&world);
    let before = state(&world);
    let by_id = |number: &str| {
        let named = format!("N9*ZZ**{}~G62*11", release_id(number));
        advice("", &format!("Y-{number}"), "DRILL", 2, 2).replace("G62*11", &named)
    };
    let sets = ["SO-NY", "SO-NY2", "SO-CA"]
        .into_iter()
        .flat_map(|number| [advice(number, &format!("X-{number}"), "DRILL", 2, 2), by_id(number)])
        .collect::<Vec<_>>();
    perform(&world, &[Act::drop(ACME, "strange.edi", acme_file("SW", 77, &sets))], Pace::Settled);
    let (releases, shipments, parked) = state(&world);
    assert_eq!((&releases, &shipments), (&before.0, &before.1));
    assert_eq!(parked, before.2 + 3, "by number: parked; by id: on record at the release as a violation");
    let violations = |number: &str| {
        let release = world.release(release_id(number).as_str()).expect("it is there");
        release.history.iter().filter(|entry| entry.outcome == "violation").count()
    };
    assert_eq!(["SO-NY", "SO-NY2", "SO-CA"].map(violations), [1; 3]);
    // A file in another's inbox is its sender's by the envelope, or nobody's: who may write there is the bucket's matter.
    world.drop_file(BOLT, "strange.edi", &acme_file("SW", 78, &[advice("SO-TX", "X-9", "DRILL", 2, 2)]));
    settle(&world);
    assert_eq!(state(&world).0, before.0, "{:?}", world.parked());
}
