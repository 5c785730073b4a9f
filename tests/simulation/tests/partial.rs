//! Shipments in parts, files with one bad set, and those who say what is not theirs to say.

use canonical::{Code, Parked, Place, ReleaseState};
use serde_json::json;
use sim::{Faults, Kind, QueueName, Twins, World};
use steps::order_apply::VIOLATIONS_MAX;

use crate::orders::permutations;
use simulation::cast::{
    ACME, BOLT, ERP, TMS, acme_file, advice, order, placed, refusal, release_id, segments, shipment_id, world,
};
use simulation::story::{Act, Pace, perform, same, settle, tried, words};

/// A world in which orders are placed with Acme, one line of 100 each.
fn placed_with_acme(order_nos: &[String]) -> World {
    let world = world();
    for order_no in order_nos {
        Act::release(order_no, order(order_no, "TX", &[("BOLT", 100)])).perform(&world);
    }
    settle(&world);
    world
}

fn state(world: &World, order_no: &str) -> ReleaseState {
    world.release(release_id(order_no).as_str()).expect("a release").state()
}

/// A shipment in two parts: 60, then the other 40. Each part is told twice, the second time in another envelope, in
/// every order, with a carrier's scan between; it is 100, two invoice triggers of 60 and 40, and each shipment once.
#[test]
fn parts_add_up_in_any_order_and_any_number_of_tellings() {
    let base = placed_with_acme(&["SO-4".to_owned()]);
    let part = |control: u32, shipment_no: &str, shipped: u32| {
        let ordered = if shipped == 60 { 100 } else { 40 };
        let advice = advice("SO-4", shipment_no, "BOLT", ordered, shipped);
        Act::drop(ACME, &format!("945-{control}.edi"), acme_file("SW", control, &[advice]))
    };
    let scan = |id: &str, shipment_no: &str| {
        let body = json!({
            "shipment_id": shipment_id(ACME, shipment_no), "milestone": "picked_up", "occurred_at": "2026-11-23T22:00:00Z",
        });
        Act::webhook(TMS, "tracking-update", id, &body)
    };
    scan("t2", "A-2").perform(&base);
    settle(&base);
    let acts = [part(1, "A-1", 60), part(2, "A-1", 60), part(3, "A-2", 40), part(4, "A-2", 40), scan("t1", "A-1")];
    let orders = permutations(&acts);
    let mut well = None;
    for (at, order) in orders.iter().enumerate() {
        let world = base.fork();
        world.set_twins(if at % 2 == 0 { Twins::None } else { Twins::Together });
        perform(&world, order, if at % 3 == 0 { Pace::Settled } else { Pace::AtOnce });
        if let Some(well) = &well {
            same(&world, well, &format!("order {at}"));
        } else {
            assert_eq!(world.audit(), Vec::<String>::new());
            let release = world.release(release_id("SO-4").as_str()).expect("a release");
            assert_eq!(release.state(), ReleaseState::Shipped);
            assert_eq!(release.lines()[0].shipped, "100".parse().expect("a quantity"));
            well = Some(world.summary());
        }
        let invoiced: Vec<String> = world
            .told()
            .into_iter()
            .filter(|event| event.meta.kind == canonical::EventType::InvoiceTriggerRequested)
            .map(|event| event.data["lines"][0]["quantity"].as_str().expect("a quantity").to_owned())
            .collect();
        assert!(invoiced == ["60", "40"] || invoiced == ["40", "60"], "{invoiced:?}");
        let acknowledged = world.outbox(ACME).iter().filter(|(name, _)| name.starts_with("997-")).count();
        assert_eq!(acknowledged, 4, "each envelope is acknowledged");
    }
    tried("a shipment in parts", orders.len());
}

/// A file of ship confirms of which one is bad: the others are shipped, one message is parked with its place, and the
/// acknowledgment says both.
fn one_bad_set(base: &World, order_nos: &[String], bad: usize, faults: Faults) {
    let sets: Vec<String> = order_nos
        .iter()
        .enumerate()
        .map(|(at, order_no)| {
            let set = advice(order_no, &format!("A-{at}"), "BOLT", 100, 100);
            // A unit of measure that no code list has room for.
            if at == bad { set.replace("*EA**", "*EACH**") } else { set }
        })
        .collect();
    let file = acme_file("SW", 7, &sets);
    let world = base.fork();
    world.set_faults(faults);
    world.drop_file(ACME, "945.edi", &file);
    settle(&world);
    assert_eq!(world.audit(), Vec::<String>::new());
    for (at, order_no) in order_nos.iter().enumerate() {
        let expected = if at == bad { ReleaseState::TransportAcked } else { ReleaseState::Shipped };
        assert_eq!(state(&world, order_no), expected, "{order_no}");
    }
    let parked = world.parked();
    let [Parked { findings, code, raw, .. }] = parked.as_slice() else { panic!("{parked:?}") };
    assert_eq!(*code, Code::EdiSyntax);
    let Some(Place::Edi { segment, segment_position, element, byte_offset }) = &findings[0].place else {
        panic!("{findings:?}")
    };
    assert_eq!((segment.as_deref(), *segment_position, *element), (Some("W12"), Some(7), Some(5)));
    let at = usize::try_from(*byte_offset).expect("small");
    assert_eq!(&file[at..at + 4], b"EACH");
    assert!((raw.offset..raw.offset + raw.len).contains(byte_offset), "the parked bytes hold the place");
    let outbox = world.outbox(ACME);
    let acknowledgments: Vec<_> = outbox.iter().filter(|(name, _)| name.starts_with("997-")).collect();
    assert_eq!(acknowledgments.len(), 1);
    let verdicts = segments(&acknowledgments[0].1, "AK5");
    let count = order_nos.len();
    assert_eq!(verdicts.iter().filter(|verdict| *verdict == "AK5*A").count(), count - 1);
    assert!(verdicts[bad].starts_with("AK5*R"), "{verdicts:?}");
    assert_eq!(segments(&acknowledgments[0].1, "AK9"), [format!("AK9*P*{count}*{count}*{}", count - 1)]);
    assert_eq!(world.waiting(QueueName::Parked), 1);
}

fn order_nos(count: usize) -> Vec<String> {
    (1..=count).map(|number| format!("SO-F{number:02}")).collect()
}

#[test]
fn one_bad_set_of_forty_stops_nothing_else() {
    let order_nos = order_nos(40);
    let base = placed_with_acme(&order_nos);
    assert_eq!(placed(&base, ACME).len(), 40);
    one_bad_set(&base, &order_nos, 16, Faults::none());
}

/// The function that reads the file, broken off at each of its calls: nothing is left out, nothing told twice.
#[test]
fn a_file_that_is_read_in_two_attempts_is_one_file() {
    let order_nos = order_nos(5);
    let base = placed_with_acme(&order_nos);
    let first = base.calls() + 1;
    for (call, kind) in (first..first + 6).flat_map(|call| Kind::ALL.map(|kind| (call, kind))) {
        one_bad_set(&base, &order_nos, 2, Faults::one(call, kind));
    }
}

/// A refusal by the 3PL's system goes to the one release that it names.
#[test]
fn a_technical_refusal_is_of_one_release() {
    let world = placed_with_acme(&["SO-R1".to_owned(), "SO-R2".to_owned()]);
    let group = placed(&world, ACME).into_iter().find(|one| one.order_no == "SO-R2").expect("a 940").group;
    perform(&world, &[Act::drop(ACME, "997.edi", acme_file("FA", 9, &[refusal(group)]))], Pace::Settled);
    assert_eq!(state(&world, "SO-R1"), ReleaseState::TransportAcked);
    assert_eq!(state(&world, "SO-R2"), ReleaseState::TechRejected);
    assert_eq!(world.audit(), Vec::<String>::new());
}

/// Whoever says what is not theirs to say changes nothing, and is on record once.
#[test]
fn a_transition_belongs_to_its_owner() {
    let world = placed_with_acme(&["SO-O".to_owned()]);
    let id = release_id("SO-O");
    let shipped = json!({
        "release_id": id, "shipment_no": "B-9", "shipped_at": "2026-11-23T15:00:00Z",
        "lines": [{ "line_no": 1, "sku": "BOLT", "quantity": "100", "uom": "EA" }],
    });
    let decided = json!({ "release_id": id, "occurred_at": "2026-11-23T12:00:00Z" });
    let acts = [
        Act::webhook(BOLT, "ship-confirm", "x1", &shipped),
        Act::webhook(BOLT, "release-accepted", "x2", &decided),
        Act::webhook(TMS, "release-waved", "x3", &decided),
        Act::webhook(TMS, "cancel-accepted", "x4", &decided),
    ];
    for act in acts {
        let facts = world.release(id.as_str()).expect("a release").facts;
        let before = world.told_counts().get("state.ownership.violation.v1").copied().unwrap_or(0);
        world.set_twins(Twins::Together);
        perform(&world, &[act.clone(), act.clone()], Pace::Settled);
        world.set_twins(Twins::None);
        assert_eq!(world.release(id.as_str()).expect("a release").facts, facts, "{act:?}");
        assert_eq!(world.told_counts()["state.ownership.violation.v1"], before + 1, "{act:?}");
    }
    assert_eq!(world.audit(), Vec::<String>::new());
    let told = world.received(ERP).iter().filter(|got| got.done).count();
    assert_eq!(told, 4, "the ERP hears of each attempt once, and of nothing else");
    let release = world.release(id.as_str()).expect("a release");
    assert_eq!(release.history.iter().filter(|entry| entry.outcome == "violation").count(), 4);
    let stranger = world.api_get(TMS, id.as_str()).expect("an answer");
    assert_eq!(stranger.status, 401, "{}", words(&stranger));
}

/// A stranger cannot fill a release's item: what it tries beyond the limit is parked, and none of it is lost.
#[test]
fn violations_beyond_their_limit_are_parked() {
    let world = placed_with_acme(&["SO-V".to_owned()]);
    let id = release_id("SO-V");
    let shipped = |number: usize| {
        json!({
            "release_id": id, "shipment_no": format!("B-{number}"), "shipped_at": "2026-11-23T15:00:00Z",
            "lines": [{ "line_no": 1, "sku": "BOLT", "quantity": "100", "uom": "EA" }],
        })
    };
    let decided = json!({ "release_id": id, "occurred_at": "2026-11-23T12:00:00Z" });
    let mut acts: Vec<Act> = (0..VIOLATIONS_MAX)
        .map(|number| Act::webhook(BOLT, "ship-confirm", &format!("v{number}"), &shipped(number)))
        .collect();
    perform(&world, &acts, Pace::Settled);
    assert_eq!(world.parked().len(), 0, "all within the limit are on record at the release");
    acts = vec![
        Act::webhook(BOLT, "ship-confirm", "beyond-1", &shipped(VIOLATIONS_MAX)),
        Act::webhook(BOLT, "release-accepted", "beyond-2", &decided),
    ];
    perform(&world, &acts, Pace::Settled);
    let release = world.release(id.as_str()).expect("a release");
    assert_eq!(release.history.iter().filter(|entry| entry.outcome == "violation").count(), VIOLATIONS_MAX);
    let codes: Vec<Code> = world.parked().iter().map(|parked| parked.code).collect();
    assert_eq!(codes, [Code::OwnershipViolation; 2]);
    assert!(release.facts.shipments.is_empty() && release.facts.business.is_none());
    assert_eq!(world.audit(), Vec::<String>::new());
}
