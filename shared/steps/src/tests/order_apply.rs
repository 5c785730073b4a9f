//! Facts of a release: who may add them, which of two holds, what is told.

use canonical::{
    Code, Content, DeliveryId, Event, EventType, Finding, GroupAck, Inbound, Message, Release, ReleaseState, Role,
    SetReference, ShippedLine,
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{at, kinds, line, message, placed, sender, validated, written};
use crate::order_apply::{Asked, Fact, Request, VIOLATIONS_MAX, decide, park_message, read};
use crate::{Cause, Decision, Outcome};

/// What the content asks for, sent by the 3PL.
fn asked(own_id: &str, content: Content) -> (Request, Message) {
    asked_by(sender("acme", &[Role::Wms]), own_id, content)
}

fn asked_by(sender: canonical::Principal, own_id: &str, content: Content) -> (Request, Message) {
    let message = message(sender, own_id, content);
    match read(&Inbound::Message(Box::new(message.clone()))).unwrap() {
        Asked::Fact(request) => (*request, message),
        other => panic!("{other:?}"),
    }
}

fn decided(release: &Release, (request, message): &(Request, Message)) -> Decision<Release> {
    decide(release, request, Some(message), at(200))
}

/// Adds a fact that is new.
fn add(release: &mut Release, asked: &(Request, Message)) -> Vec<Event> {
    let (next, events) = written(decided(release, asked));
    *release = next;
    events
}

fn named() -> SetReference {
    SetReference::DepositorOrderNo("SO-1".to_owned())
}

fn decision(accepted: bool, reason: Option<&str>, occurred_at: Timestamp) -> (Request, Message) {
    let (partner_order_no, reason) = (accepted.then(|| "A-77".to_owned()), reason.map(ToOwned::to_owned));
    let content = Content::BusinessDecision { release: named(), accepted, partner_order_no, reason, occurred_at };
    asked("decision", content)
}

fn technical(accepted: bool, set_control: Option<&str>, notes: &[&str]) -> (Request, Message) {
    asked(
        "997",
        Content::GroupAck(GroupAck {
            functional_id: "OW".to_owned(),
            group_control: "1".to_owned(),
            set_control: set_control.map(ToOwned::to_owned),
            accepted,
            notes: notes.iter().map(ToString::to_string).collect(),
            ack_control: "9".to_owned(),
        }),
    )
}

fn cancel(accepted: bool, reason: Option<&str>) -> (Request, Message) {
    let reason = reason.map(ToOwned::to_owned);
    asked("cancel", Content::CancelDecision { release: named(), accepted, reason, occurred_at: at(60) })
}

fn waved() -> (Request, Message) {
    asked("waved", Content::Waved { release: named(), occurred_at: at(30) })
}

/// The event of another step.
fn event(kind: EventType, data: Value) -> Event {
    let mut event = validated("TX");
    event.meta.kind = kind;
    event.meta.partner = "acme".parse().unwrap();
    event.data = data;
    event
}

fn told(event: Event) -> Asked {
    read(&Inbound::Event(Box::new(event))).unwrap()
}

fn shipped(release: &Release, shipment: &str, lines: &[ShippedLine]) -> Request {
    let data = json!({ "shipment_id": shipment, "release_id": release.id, "lines": lines, "arrived": false });
    match told(event(EventType::ShipmentConfirmed, data)) {
        Asked::Fact(request) => *request,
        other => panic!("{other:?}"),
    }
}

fn ship(release: &mut Release, shipment: &str, lines: &[ShippedLine]) -> Vec<Event> {
    let (next, events) = written(decide(release, &shipped(release, shipment, lines), None, at(300)));
    *release = next;
    events
}

fn detail(release: &Release) -> &str {
    &release.history.last().unwrap().detail
}

#[test]
fn a_decision_is_recorded_with_its_time_its_words_and_its_event() {
    let mut release = placed("TX");
    let before = release.seq;
    let events = add(&mut release, &decision(true, None, at(20)));
    assert_eq!(kinds(&events), ["order.release.accepted.v1"]);
    let meta = &events[0].meta;
    assert_eq!((meta.seq, meta.time, meta.received_at), (before + 1, at(20), at(2)));
    assert_eq!(events[0].data["partner_order_no"], "A-77");
    assert_eq!(events[0].data["order_no"], "SO-1");
    assert_eq!(events[0].data["state"], "ACCEPTED");
    assert_eq!((release.state(), release.since, release.seq), (ReleaseState::Accepted, at(200), before + 1));
    let entry = release.history.last().unwrap();
    assert_eq!((entry.seq, entry.occurred_at, entry.outcome.as_str()), (3, at(20), "applied"));
    assert_eq!((entry.detail.as_str(), &entry.events[0]), ("accepted as A-77", &meta.id));
    // It stands where it stands since then, whatever else is told of it.
    let since = release.since;
    let request = technical(true, None, &[]);
    let (next, _) = written(decide(&release, &request.0, Some(&request.1), at(900)));
    assert_eq!((next.state(), next.since), (ReleaseState::Accepted, since));
}

#[test]
fn the_later_of_two_decisions_holds_in_any_order() {
    let mut release = placed("TX");
    add(&mut release, &decision(false, Some("no stock"), at(20)));
    assert_eq!((release.state(), detail(&release)), (ReleaseState::Rejected, "rejected: no stock"));
    add(&mut release, &decision(true, None, at(21)));
    assert_eq!(release.state(), ReleaseState::Accepted);
    add(&mut release, &decision(false, None, at(19)));
    assert_eq!((release.state(), detail(&release)), (ReleaseState::Accepted, "rejected: no reason given"));
    let again = decided(&release, &decision(true, None, at(21)));
    assert_eq!(again.verdict().outcome, Outcome::Duplicate);
}

#[test]
fn the_refusal_of_a_group_or_of_its_set_holds_in_any_order() {
    for order in [[true, false], [false, true]] {
        let mut release = placed("TX");
        for accepted in order {
            let one = technical(accepted, accepted.then_some("0001"), if accepted { &[] } else { &["b", "a"] });
            let kind = if accepted { "technically_acked" } else { "technically_rejected" };
            assert_eq!(kinds(&add(&mut release, &one)), [format!("order.release.{kind}.v1")]);
            let words = if accepted { "997 accepts group 1" } else { "997 rejects group 1: b; a" };
            assert_eq!(detail(&release), words);
        }
        assert_eq!(release.state(), ReleaseState::TechRejected, "{order:?}");
        assert_eq!(release.facts.technical.unwrap().notes, ["a", "b"]);
    }
    let mut release = placed("TX");
    add(&mut release, &technical(true, None, &[]));
    add(&mut release, &technical(true, Some("0001"), &[]));
    assert_eq!(release.state(), ReleaseState::TechAcked);
}

#[test]
fn of_two_contradicting_words_on_a_cancel_the_refusal_holds() {
    for order in [[true, false], [false, true]] {
        let mut release = placed("TX");
        release.facts.cancel_requested = true;
        for accepted in order {
            let kind = if accepted { "order.cancel.accepted.v1" } else { "order.cancel.refused.v1" };
            let reason = (!accepted).then_some("picked");
            assert_eq!(kinds(&add(&mut release, &cancel(accepted, reason))), [kind]);
            assert_eq!(detail(&release), if accepted { "cancel accepted" } else { "cancel refused: picked" });
        }
        assert_eq!(release.facts.cancel_accepted, Some(false), "{order:?}");
    }
    let mut release = placed("TX");
    release.facts.cancel_requested = true;
    add(&mut release, &cancel(true, None));
    assert_eq!(release.state(), ReleaseState::Cancelled);
}

#[test]
fn what_is_told_again_changes_nothing_and_what_contradicts_is_a_conflict() {
    let mut release = placed("TX");
    add(&mut release, &waved());
    assert_eq!(release.state(), ReleaseState::InProcess);
    assert_eq!(decided(&release, &waved()).verdict().outcome, Outcome::Duplicate);
    ship(&mut release, "shp_1", &[line(None, "BOLT", 10)]);
    let again = decide(&release, &shipped(&release, "shp_1", &[line(None, "BOLT", 10)]), None, at(300));
    assert_eq!(again.verdict().outcome, Outcome::Duplicate);
    let other = decide(&release, &shipped(&release, "shp_1", &[line(None, "BOLT", 11)]), None, at(300));
    assert_eq!((other.verdict().outcome, other.verdict().code), (Outcome::Conflict, Some(Code::ContentConflict)));
    let strange = decide(&release, &shipped(&release, "shp_2", &[line(None, "SCREW", 1)]), None, at(300));
    assert_eq!((strange.verdict().outcome, strange.verdict().code), (Outcome::Quarantined, Some(Code::UnknownLine)));
}

#[test]
fn each_shipment_is_told_of_as_it_should_be_and_the_end_of_the_order_once() {
    let mut release = placed("TX");
    assert_eq!(kinds(&ship(&mut release, "shp_1", &[line(None, "BOLT", 60)])), Vec::<&str>::new());
    assert_eq!(detail(&release), "shp_1 carries 60; acknowledgment and acceptance inferred");
    let events = ship(&mut release, "shp_2", &[line(None, "NUT", 5)]);
    assert_eq!(kinds(&events), ["order.completed.v1"], "just what was ordered");
    assert_eq!(events[0].data["lines"][1]["shipped"], "5");
    let over = ship(&mut release, "shp_3", &[line(None, "NUT", 1)]);
    assert_eq!(kinds(&over), ["order.line.over_shipped.v1"]);
    assert_eq!(over[0].data["lines"].as_array().map(Vec::len), Some(1), "the line that it is about");
    assert_eq!(kinds(&ship(&mut release, "shp_4", &[line(None, "BOLT", 1)])), Vec::<&str>::new(), "told once");
    let mut acknowledged = placed("TX");
    add(&mut acknowledged, &technical(true, None, &[]));
    ship(&mut acknowledged, "shp_1", &[line(None, "BOLT", 1)]);
    assert_eq!(detail(&acknowledged), "shp_1 carries 1", "nothing is inferred");
    let mut accepted = placed("TX");
    add(&mut accepted, &decision(true, None, at(20)));
    ship(&mut accepted, "shp_1", &[line(None, "BOLT", 1)]);
    assert_eq!(detail(&accepted), "shp_1 carries 1");
}

#[test]
fn goods_that_leave_refuse_a_cancel_that_nobody_has_decided_once() {
    let refused = ["order.cancel.refused.v1"];
    let (one, two) = ([line(None, "BOLT", 1)], [line(None, "BOLT", 2)]);
    let mut asked = placed("TX");
    asked.facts.cancel_requested = true;
    let nothing = [line(None, "BOLT", 0)];
    assert_eq!(kinds(&ship(&mut asked, "shp_0", &nothing)), Vec::<&str>::new(), "nothing has left");
    assert_eq!(kinds(&ship(&mut asked, "shp_1", &one)), refused);
    assert_eq!(kinds(&ship(&mut asked, "shp_2", &two)), Vec::<&str>::new(), "told once");
    let mut agreed = placed("TX");
    (agreed.facts.cancel_requested, agreed.facts.cancel_accepted) = (true, Some(true));
    assert_eq!(kinds(&ship(&mut agreed, "shp_1", &one)), refused, "it had agreed and shipped all the same");
    let mut decided = placed("TX");
    (decided.facts.cancel_requested, decided.facts.cancel_accepted) = (true, Some(false));
    assert_eq!(kinds(&ship(&mut decided, "shp_1", &one)), Vec::<&str>::new(), "it was told when it was decided");
    assert_eq!(kinds(&ship(&mut placed("TX"), "shp_1", &one)), Vec::<&str>::new(), "nobody asked");
}

#[test]
fn a_milestone_counts_for_the_release_when_all_of_the_shipment_has_arrived() {
    let mut release = placed("TX");
    ship(&mut release, "shp_1", &[line(None, "BOLT", 60), line(None, "NUT", 5)]);
    let milestone = |milestone: &str, arrived: bool, release_id: Option<&str>| {
        let data =
            json!({ "shipment_id": "shp_1", "release_id": release_id, "milestone": milestone, "arrived": arrived });
        told(event(EventType::MilestoneRecorded, data))
    };
    let id = Some(release.id.as_str());
    for nothing in
        [milestone("delivered", false, id), milestone("in_transit", true, id), milestone("delivered", true, None)]
    {
        assert!(matches!(nothing, Asked::Nothing(_)), "{nothing:?}");
    }
    let Asked::Fact(request) = milestone("delivered", true, id) else { panic!("it has arrived") };
    let (next, events) = written(decide(&release, &request, None, at(400)));
    assert_eq!((next.state(), events), (ReleaseState::Delivered, Vec::new()));
    assert_eq!(detail(&next), "shp_1 arrived");
}

#[test]
fn what_became_of_a_delivery_is_a_fact_of_its_release() {
    let delivery = |kind, about: &str, release: &Release| {
        let data = json!({
            "about": about, "release_id": release.id, "group": "1", "message_no": "1", "detail": "answered 422",
            "delivery_id": DeliveryId::derive(&release.tenant, &release.erp, "1"),
        });
        told(event(kind, data))
    };
    let release = placed("TX");
    let fact = |kind| match delivery(kind, "release", &release) {
        Asked::Fact(request) => written(decide(&release, &request, None, at(5))),
        other => panic!("{other:?}"),
    };
    let (taken, events) = fact(EventType::DeliveryCompleted);
    assert_eq!((taken.state(), detail(&taken)), (ReleaseState::TransportAcked, "partner took message 1"));
    assert_eq!(
        (kinds(&events), &events[0].data["message_no"]),
        (vec!["order.release.transport_acked.v1"], &json!("1"))
    );
    for kind in [EventType::DeliveryRefused, EventType::DeliveryUnknown] {
        let (held, events) = fact(kind);
        assert_eq!((held.state(), detail(&held)), (ReleaseState::Held, "message 1 was not taken: answered 422"));
        assert_eq!(
            (kinds(&events), &events[0].data["reason"]),
            (vec!["order.release.held.v1"], &json!("answered 422"))
        );
    }
    let other = delivery(EventType::DeliveryCompleted, "acknowledgment", &release);
    assert!(matches!(other, Asked::Nothing(_)), "{other:?}");
}

#[test]
fn who_does_not_own_a_transition_changes_no_fact_and_is_on_record() {
    let release = placed("TX");
    let content = Content::Waved { release: named(), occurred_at: at(30) };
    let attempt = |id: &str| asked_by(sender("bolt", &[Role::Wms]), id, content.clone());
    let first = decided(&release, &attempt("1"));
    assert_eq!(first.verdict().outcome, Outcome::Rejected);
    assert_eq!(first.verdict().code, Some(Code::OwnershipViolation));
    let (next, events) = written(first);
    assert_eq!((kinds(&events), &events[0].data["sender"]), (vec!["state.ownership.violation.v1"], &json!("bolt")));
    assert_eq!((&next.facts, next.state(), next.since), (&release.facts, release.state(), release.since));
    assert_eq!(next.history.last().unwrap().outcome, "violation");
    assert_eq!(decided(&next, &attempt("1")).verdict().outcome, Outcome::Duplicate);
    // A stranger cannot fill the item: what is beyond the limit is parked.
    let mut full = release;
    for number in 0..VIOLATIONS_MAX {
        full = written(decided(&full, &attempt(&number.to_string()))).0;
    }
    let beyond = decided(&full, &attempt("beyond"));
    assert!(matches!(beyond, Decision::Park { .. }), "{beyond:?}");
    let mut owners = full;
    add(&mut owners, &waved());
    assert_eq!(owners.state(), ReleaseState::InProcess, "its owner can still write");
}

#[test]
fn a_defective_message_is_parked_as_its_sender_knows_it() {
    let finding = Finding { code: Code::EdiSyntax, detail: "W27 is missing".to_owned(), place: None };
    let parked = |sender_told, missing| {
        let (what, findings) = ("transaction set 945 0001".to_owned(), vec![finding.clone()]);
        let one = message(sender("acme", &[Role::Wms]), "945", Content::Defective { what, findings, sender_told });
        match park_message(&one, missing) {
            Decision::Park { parked, event, verdict } => (verdict.outcome, parked, event),
            other => panic!("{other:?}"),
        }
    };
    let (outcome, kept, event) = parked(true, None);
    assert_eq!((outcome, kept.what.as_str()), (Outcome::Rejected, "transaction set 945 0001"));
    assert_eq!((kinds(&[*event])[0], kept.code), ("partner.message.rejected.v1", Code::EdiSyntax));
    assert_eq!(parked(false, None).0, Outcome::Quarantined);
    let (outcome, kept, _) = parked(true, Some(Finding { code: Code::UnknownRelease, ..finding.clone() }));
    assert_eq!((outcome, kept.code), (Outcome::Quarantined, Code::UnknownRelease));
    let again: Inbound = serde_json::from_value(kept.message).unwrap();
    assert!(matches!(read(&again).unwrap(), Asked::Defective(_)), "it can be sent again");
}

#[test]
fn a_cause_keeps_who_said_what_when() {
    let mut event = validated("TX");
    event.meta.time = at(7);
    let cause = Cause::event(&event);
    assert_eq!((cause.id.as_str(), cause.occurred_at), (event.meta.id.as_str(), at(7)));
    assert_eq!(cause.raw, event.meta.raw_ref);
    let (request, message) = waved();
    assert_eq!((request.cause.occurred_at, request.cause.received_at), (at(30), message.received_at));
    assert!(matches!(request.fact, Fact::Waved));
}
