//! Canaries: names, addresses, phone numbers, e-mail addresses and secrets that are sent through every flow come out
//! nowhere but where they belong (I11): in no log line, no note beside a dead letter, no answer, no trace.

use serde_json::{Value, json};
use sim::{Faults, Kind, Outage, Port, QueueName, World};

use crate::logged::Lines;
use simulation::cast::{ACME, BOLT, ERP, TMS, acceptance, acme_file, advice, order, placed, release_id, world};
use simulation::story::{Act, Pace, hours, perform, settle, words};

/// Words that stand nowhere else. Each is private in another way.
const NAME: &str = "Zebulon Quackenbush";
const STREET: &str = "77 Canarybird Lane";
const MAIL: &str = "zq@canary.example";
const PHONE: &str = "+1 555 0177 999";
const CARD: &str = "4111111111111111";
const TOKEN: &str = "canary-token-1a2b3c";
const CANARIES: [&str; 6] = [NAME, STREET, MAIL, PHONE, CARD, TOKEN];

/// An order to a private person, with everything that an ERP writes into free text.
fn private(order_no: &str, region: &str) -> String {
    let text = order(order_no, region, &[("DRILL", 12)]);
    let mut body: Value = serde_json::from_str(&text).expect("JSON");
    body["ship_to"]["name"] = json!(NAME);
    body["ship_to"]["address1"] = json!(STREET);
    body["note"] = json!(format!("call {PHONE} or {MAIL}, card {CARD}"));
    body.to_string()
}

/// Everything that a partner can say in words of its own, and everything wrong that it can send.
fn acts(world: &World) -> Vec<Act> {
    let (ny, tx, gone) = (release_id("SO-1"), release_id("SO-2"), release_id("SO-3"));
    let at = "2026-11-23T12:00:00Z";
    let said = format!("{NAME}, {STREET}, {MAIL}");
    let mut acts = vec![
        Act::webhook(
            BOLT,
            "release-accepted",
            "b1",
            &json!({
                "release_id": ny, "partner_order_no": "NJ-1", "occurred_at": at,
            }),
        ),
        Act::webhook(BOLT, "release-rejected", "b2", &json!({ "release_id": gone, "reason": said, "occurred_at": at })),
        Act::webhook(
            BOLT,
            "ship-confirm",
            "b3",
            &json!({
                "release_id": ny, "shipment_no": "B-1", "shipped_at": at, "scac": "UPSN", "tracking_nos": ["1Z1"],
                "lines": [{ "line_no": 1, "sku": "DRILL", "quantity": "12", "uom": "EA" }],
            }),
        ),
        Act::webhook(
            BOLT,
            "tracking-update",
            "b4",
            &json!({
                "shipment_no": "B-1", "tracking_no": "1Z1", "milestone": "delivered", "occurred_at": at, "place": said,
            }),
        ),
        Act::webhook(TMS, "release-rejected", "t1", &json!({ "release_id": tx, "reason": said, "occurred_at": at })),
        Act::drop(ACME, "odd.edi", format!("{NAME}*{STREET}~{MAIL}").into_bytes()),
        Act::drop(ACME, "torn.edi", b"ISA*00*          *00*".to_vec()),
        Act::Cancel { release_id: gone.to_string() },
    ];
    for one in placed(world, ACME) {
        acts.push(Act::drop(ACME, "ack.edi", acme_file("FA", 1, &[acceptance(one.group)])));
        let with_address = advice(&one.order_no, "A-1", "DRILL", 12, 12)
            .replace("LX*1~", &format!("N1*ST*{NAME}~N3*{STREET}~PER*IC*{NAME}*EM*{MAIL}~NTE*DEL*{PHONE}~LX*1~"));
        acts.push(Act::drop(ACME, "945.edi", acme_file("SW", 2, &[with_address])));
    }
    acts
}

/// What nobody should send, and what it is answered.
fn refused(world: &World) -> Vec<String> {
    let order = |change: &str| private("SO-9", "NY").replacen('{', change, 1);
    let said = json!({ "release_id": NAME, "reason": STREET, "colour": [MAIL, PHONE], "occurred_at": CARD });
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let forged = vec![header("webhook-id", "w"), header("webhook-timestamp", NAME), header("webhook-signature", TOKEN)];
    let answers = [
        // A field that the document does not have is named to its sender, so it is the value that must not be repeated.
        world.api_post(ERP, "k1", &order(&format!("{{\"colour\":\"{MAIL}\","))),
        world.api_post(ERP, "k2", &order(&format!("{{\"order_no\":\"{NAME}\","))),
        world.api_post(ERP, "k3", &format!("{{{NAME}{STREET}")),
        world.api_post("a-stranger", "k4", &private("SO-9", "NY")),
        world.api_cancel(ERP, MAIL),
        world.webhook(BOLT, "release-rejected", "w1", &said.to_string()),
        world.webhook(BOLT, "ship-confirm", "w2", &format!("[{CARD}{NAME}")),
        world.webhook_as(BOLT, "release-waved", forged, &said.to_string()),
    ];
    answers.into_iter().flatten().inspect(|answer| assert!(answer.status >= 400)).map(|answer| words(&answer)).collect()
}

/// What of a dead letter's note is not the message itself.
fn about(mut note: Value) -> String {
    if let Some(note) = note.as_object_mut() {
        note.remove("body");
    }
    note.to_string()
}

#[test]
fn canaries_come_out_nowhere() {
    let lines = Lines::default();
    let (mut sinks, mut fired) = (Vec::new(), 0);
    lines.of(|| {
        for every in [0, 5, 9] {
            let world = world();
            world.keep_lines(true);
            if every > 0 {
                let calls = (1..600).filter(|call| call % every == 0).zip(Kind::BASIC.into_iter().cycle());
                world.set_faults(calls.fold(Faults::none(), |all, (call, kind)| all.with(call, kind)));
            }
            let releases = [("SO-1", "NY"), ("SO-2", "TX"), ("SO-3", "NY")];
            for (no, region) in releases {
                Act::release(no, private(no, region)).insist(&world).expect("an answer");
            }
            settle(&world);
            let acts = acts(&world);
            if every > 0 {
                for act in &acts {
                    let _ = act.insist(&world);
                }
                settle(&world);
            } else {
                perform(&world, &acts, Pace::Settled);
            }
            // A message that no step can read dies, with a note.
            world.send(QueueName::OrderApply, &format!("{{\"{NAME}\": \"{STREET}\""));
            world.send(QueueName::PartnerDeliver, &json!({ "delivery": MAIL, "tenant": NAME }).to_string());
            simulation::story::rest(&world);
            // A request that the table's outage meets, and its caller does not insist.
            fired += world.fired().len();
            let until = world.now().checked_add(hours(1)).expect("a time");
            world.set_faults(Faults::none().out(Outage { port: Port::Table, from: world.now(), until }));
            let answer = world.api_post(ERP, "out", &private("SO-4", "NY")).expect("an answer");
            assert_eq!(answer.status, 503);
            world.set_faults(Faults::none());
            sinks.extend(refused(&world));
            sinks.extend(QueueName::READ.into_iter().flat_map(|queue| world.notes(queue)).map(about));
            // The simulator writes down what a client asked for, in the client's own words; that is no sink of ours.
            let asked = format!(" {ERP} POST /v1/order-releases/{MAIL}/cancel: 404");
            sinks.extend(world.trace().into_iter().filter(|line| !line.ends_with(&asked)));
            // They did go where they belong.
            let release = world.release(release_id("SO-1").as_str()).expect("a release");
            assert_eq!((release.order.ship_to.name.as_str(), release.order.ship_to.address1.as_str()), (NAME, STREET));
        }
    });
    let lines = lines.all();
    let said = |words: &str| lines.iter().any(|line| line.contains(words));
    assert!(said("message handled") && said("step failed") && said("request failed"), "{} lines", lines.len());
    assert!(sinks.len() > 50 && fired > 20 && sinks.iter().any(|sink| sink.contains("queue_message_id")));
    let secrets = [BOLT, TMS, ERP]
        .into_iter()
        .flat_map(|who| [sim::api_key(who), sim::secret(who, "webhook-in"), sim::secret(who, "webhook-out")]);
    let mut private: Vec<String> = CANARIES.map(str::to_owned).into();
    private.extend(secrets.map(|secret| secret.trim_start_matches("whsec_").to_owned()));
    // Parts are as bad: a first name, a street.
    private.extend(["Zebulon", "Quackenbush", "Canarybird", "canary.example"].map(str::to_owned));
    for sink in lines.iter().chain(&sinks) {
        for word in &private {
            assert!(!sink.contains(word.as_str()), "{word} in {sink}");
        }
    }
}
