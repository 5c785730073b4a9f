//! Ship confirms and milestones.

use canonical::{
    Code, Content, Message, MilestoneCode, MilestoneUpdate, Principal, Release, Role, Shipment, ShipmentId, ShippedLine,
};

use super::{at, confirm, kinds, line, message, placed, sender, written};
use crate::shipment_apply::{Confirming, confirm as decide_confirm, milestone};
use crate::{Decision, Outcome};

fn acme() -> Principal {
    sender("acme", &[Role::Wms])
}

fn decided(release: &Release, shipment: Option<&Shipment>, sender: Principal, lines: Vec<ShippedLine>) -> Confirming {
    let document = confirm(release, "S-1", lines);
    let message = message(sender, "945", Content::ShipConfirm(document.clone()));
    decide_confirm(release, shipment, &document, &message, at(200))
}

fn confirmed(shipment: Option<&Shipment>, quantity: u32) -> Decision<Shipment> {
    match decided(&placed("TX"), shipment, acme(), vec![line(Some(1), "BOLT", quantity)]) {
        Confirming::Shipment(decision) => decision,
        other @ Confirming::Release(_) => panic!("{other:?}"),
    }
}

fn unknown() -> Shipment {
    let scope = acme().scope;
    Shipment::unknown(ShipmentId::derive(&scope.tenant, &scope.partner, "S-1"), scope.tenant)
}

fn scan(shipment: &Shipment, code: MilestoneCode, own: bool) -> MilestoneUpdate {
    let (place, tracking_no) = (Some("Dallas".to_owned()), Some("1Z1".to_owned()));
    MilestoneUpdate { shipment: shipment.id.clone(), own, code, occurred_at: at(150), place, tracking_no }
}

fn told(shipment: &Shipment, code: MilestoneCode, own: bool, sender: Principal) -> Decision<Shipment> {
    let update = scan(shipment, code, own);
    let message: Message = message(sender, code.as_str(), Content::Milestone(update.clone()));
    milestone(shipment, &update, &message)
}

fn carrier() -> Principal {
    sender("ups", &[Role::Carrier])
}

#[test]
fn a_confirm_makes_the_shipment_and_is_told_with_what_it_carries() {
    let (shipment, events) = written(confirmed(None, 60));
    assert_eq!(kinds(&events), ["shipment.confirmed.v1"]);
    let (meta, data) = (&events[0].meta, &events[0].data);
    assert_eq!((meta.time, meta.seq, shipment.seq), (at(100), 1, 1));
    assert_eq!(meta.parties, ["erp".parse().unwrap(), "acme".parse().unwrap()]);
    assert_eq!((&data["lines"][0]["quantity"], &data["arrived"]), (&"60".into(), &false.into()));
    assert_eq!(shipment.id, unknown().id);
    assert_eq!(confirmed(Some(&shipment), 60).verdict().outcome, Outcome::Duplicate);
    let other = confirmed(Some(&shipment), 61);
    assert!(matches!(other, Decision::Park { .. }), "{other:?}");
    assert_eq!((other.verdict().outcome, other.verdict().code), (Outcome::Conflict, Some(Code::ContentConflict)));
}

#[test]
fn a_confirm_of_a_line_that_the_release_does_not_have_is_parked() {
    let lines = vec![line(Some(1), "BOLT", 1), line(Some(9), "BOLT", 1), line(None, "SCREW", 1)];
    let parked = decided(&placed("TX"), None, acme(), lines);
    let Confirming::Shipment(Decision::Park { parked, verdict, .. }) = parked else { panic!("{parked:?}") };
    assert_eq!((verdict.outcome, verdict.code), (Outcome::Quarantined, Some(Code::UnknownLine)));
    let details: Vec<&str> = parked.findings.iter().map(|finding| finding.detail.as_str()).collect();
    let expected = ["line 9 with item BOLT in EA is not on the release", "item SCREW in EA is not on the release"];
    assert_eq!(details, expected);
}

#[test]
fn a_confirm_of_another_warehouses_release_changes_no_shipment() {
    let foreign = decided(&placed("TX"), None, sender("bolt", &[Role::Wms]), vec![line(None, "BOLT", 1)]);
    let Confirming::Release(Decision::Write { events, verdict, .. }) = foreign else { panic!("{foreign:?}") };
    assert_eq!((verdict.outcome, kinds(&events)[0]), (Outcome::Rejected, "state.ownership.violation.v1"));
}

#[test]
fn proof_of_shipment_is_told_once_when_both_words_are_there_in_either_order() {
    let proof = ["shipment.proof_of_shipment.established.v1", "invoice.trigger.requested.v1"];
    let (shipment, _) = written(confirmed(None, 60));
    let (labelled, events) = written(told(&shipment, MilestoneCode::LabelCreated, false, carrier()));
    assert_eq!(kinds(&events), ["shipment.milestone.recorded.v1"], "a label proves nothing");
    let (moving, events) = written(told(&labelled, MilestoneCode::PickedUp, false, carrier()));
    assert_eq!(kinds(&events), ["shipment.milestone.recorded.v1", proof[0], proof[1]]);
    assert_eq!((events[0].data["milestone"].as_str(), moving.seq), (Some("picked_up"), 5));
    let (_, events) = written(told(&moving, MilestoneCode::InTransit, false, carrier()));
    assert_eq!(kinds(&events), ["shipment.milestone.recorded.v1"], "told once");
    let again = told(&moving, MilestoneCode::PickedUp, false, carrier());
    assert_eq!(again.verdict().outcome, Outcome::Duplicate);
    let (before, events) = written(told(&unknown(), MilestoneCode::PickedUp, false, carrier()));
    assert_eq!((kinds(&events), events[0].meta.correlation_id.clone()), (vec!["shipment.milestone.recorded.v1"], None));
    let (_, events) = written(confirmed(Some(&before), 60));
    assert_eq!(kinds(&events), ["shipment.confirmed.v1", proof[0], proof[1]], "the milestone came first");
}

#[test]
fn a_carrier_may_speak_of_any_shipment_and_a_warehouse_of_its_own_alone() {
    use MilestoneCode::{LabelCreated, PickedUp};
    let (shipment, _) = written(confirmed(None, 60));
    let relaying = |partner| sender(partner, &[Role::Wms, Role::Carrier]);
    let plain = |partner| sender(partner, &[Role::Wms]);
    for (what, code, own, sender, may) in [
        ("a carrier", PickedUp, false, carrier(), true),
        ("its warehouse that relays", PickedUp, false, relaying("acme"), true),
        ("another that relays", PickedUp, false, relaying("bolt"), false),
        ("another by its own number", PickedUp, true, relaying("bolt"), true),
        ("its warehouse of a label", LabelCreated, false, plain("acme"), true),
        ("its warehouse of a scan", PickedUp, false, plain("acme"), false),
        ("another of a label", LabelCreated, false, plain("bolt"), false),
        ("another of a scan by its own number", PickedUp, true, plain("bolt"), false),
        ("the ERP", PickedUp, false, sender("erp", &[Role::Erp]), false),
        ("the ERP by its own number", LabelCreated, true, sender("erp", &[Role::Erp]), false),
    ] {
        let decision = told(&shipment, code, own, sender.clone());
        let outcome = if may { Outcome::Applied } else { Outcome::Rejected };
        assert_eq!(decision.verdict().outcome, outcome, "{what}");
        let (next, events) = written(decision);
        assert_eq!(next.milestones.len(), usize::from(may), "{what}");
        if !may {
            assert_eq!(kinds(&events), ["state.ownership.violation.v1"], "{what}");
            assert_eq!(told(&next, code, own, sender).verdict().outcome, Outcome::Duplicate, "{what}, on record");
        }
    }
}
