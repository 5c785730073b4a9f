//! Placing a release, passing on a cancel, numbering an acknowledgment.

use canonical::{
    Acknowledgment, AcknowledgmentDocument, Code, Content, DeliveryId, DeliveryState, Digest, Guarantee, Owed, Release,
    ReleaseId, ReleaseState, Role, Target,
};

use super::{at, bundle, kinds, line, message, none, order, placed, requested, sender, validated};
use crate::Outcome;
use crate::order_dispatch::{
    Cancelling, Counters, Dispatching, Placed, acknowledgment_delivery, depositor_order_no, place,
    place_acknowledgment, place_cancel, route,
};

fn dispatch(release: &Release, region: &str, taken_by: Option<&ReleaseId>) -> Dispatching {
    place(release, &validated(region), &bundle(), none(), taken_by, at(1))
}

fn place_in(region: &str) -> (Release, Placed, String) {
    match dispatch(&requested(region), region, None) {
        Dispatching::Place { release, placed, depositor_order_no, events } => {
            assert_eq!(kinds(&events), ["order.release.routed.v1", "order.release.dispatched.v1"]);
            (*release, *placed, depositor_order_no)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_warehouse_knows_an_order_by_its_number_and_a_later_release_by_its_number_too() {
    let mut release = requested("TX");
    assert_eq!(depositor_order_no(&release), "SO-1");
    release.order = order(2, "TX");
    assert_eq!(depositor_order_no(&release), "SO-1-2");
}

#[test]
fn a_release_is_placed_with_the_partner_of_the_first_rule_that_fits() {
    let (release, placed, number) = place_in("TX");
    assert_eq!((release.state(), number.as_str()), (ReleaseState::Dispatched, "SO-1"));
    assert_eq!(placed.delivery.target, Target::File { name: "940-000000001.edi".to_owned() });
    assert_eq!(placed.counters, Some(Counters { interchange: 1, group: 1 }));
    let (control, sent) = placed.group.unwrap();
    assert_eq!((control.as_str(), sent.cancels, sent.sets.len()), ("1", false, 1));
    assert_eq!(placed.delivery.body.sha256, Digest::of(&placed.document));
    assert_eq!((placed.delivery.created_at, placed.delivery.guarantee), (at(1), Guarantee::Dedupes));
    let (_, placed, _) = place_in("NY");
    assert_eq!((placed.delivery.target, placed.counters, placed.group), (Target::Http, None, None));
    assert_eq!(placed.delivery.guarantee, Guarantee::Neither, "as its profile says");
    let document: serde_json::Value = serde_json::from_slice(&placed.document).unwrap();
    assert_eq!(document["document"], "order-release");
    let finding = route(&requested("CA"), &bundle()).unwrap_err();
    assert_eq!(finding.code, Code::NoRoute);
}

#[test]
fn a_release_is_placed_once() {
    let release = placed("TX");
    let Dispatching::Before(delivery) = dispatch(&release, "TX", None) else { panic!("it was placed before") };
    assert_eq!(Some(delivery), release.dispatch.map(|dispatch| dispatch.delivery));
}

#[test]
fn numbers_go_from_the_last_to_one() {
    let (numbers, after) = Counters { interchange: 999_999_999, group: 7 }.next();
    assert_eq!((numbers.interchange.get(), numbers.group.get()), (1, 8));
    assert_eq!(after, Counters { interchange: 1, group: 8 });
}

#[test]
fn a_number_that_another_release_has_at_the_partner_holds_this_one() {
    let release = requested("TX");
    let own = dispatch(&release, "TX", Some(&release.id));
    assert!(matches!(own, Dispatching::Place { .. }), "its own number is no hindrance");
    let other = dispatch(&release, "TX", Some(&"rel_other".parse().unwrap()));
    let Dispatching::Hold { finding, .. } = other else { panic!("{other:?}") };
    assert_eq!(finding.code, Code::DepositorNumberTaken);
}

#[test]
fn a_release_that_cannot_be_placed_says_so_once() {
    let held = dispatch(&requested("CA"), "CA", None);
    let Dispatching::Hold { release: Some(release), events, finding } = held else { panic!("{held:?}") };
    assert_eq!((release.state(), kinds(&events)[0]), (ReleaseState::Held, "order.release.held.v1"));
    assert_eq!((release.since, finding.code), (at(1), Code::NoRoute));
    let again = dispatch(&release, "CA", None);
    let Dispatching::Hold { release: None, events, .. } = again else { panic!("{again:?}") };
    assert_eq!(events, Vec::new());
    // Another reason is another word.
    let other = dispatch(&release, "CA", Some(&"rel_other".parse().unwrap()));
    let Dispatching::Hold { release: Some(_), .. } = other else { panic!("{other:?}") };
}

#[test]
fn a_release_that_was_not_sent_is_cancelled_by_ourselves_once() {
    let mut release = requested("TX");
    release.facts.cancel_requested = true;
    let cancelled = dispatch(&release, "TX", None);
    let Dispatching::Write(next, events, verdict) = cancelled else { panic!("{cancelled:?}") };
    assert_eq!((next.state(), verdict.outcome), (ReleaseState::Cancelled, Outcome::Applied));
    assert_eq!(kinds(&events), ["order.cancel.accepted.v1"]);
    let again = dispatch(&next, "TX", None);
    let Dispatching::Nothing(verdict) = again else { panic!("{again:?}") };
    assert_eq!(verdict.outcome, Outcome::Duplicate);
}

#[test]
fn a_cancel_follows_its_order_to_the_partner_once() {
    let release = placed("TX");
    let cancel = |release: &Release, order| {
        let cause = validated("TX");
        place_cancel(release, &cause, &bundle(), Counters { interchange: 1, group: 1 }, order, at(60))
    };
    let asked = cancel(&release, DeliveryState::Delivered);
    let Cancelling::Place { release: next, placed: asked } = asked else { panic!("{asked:?}") };
    assert_eq!(asked.delivery.target, Target::File { name: "940-000000002.edi".to_owned() });
    let (control, sent) = asked.group.unwrap();
    assert_eq!((control.as_str(), sent.cancels), ("2", true), "its 997 says nothing of the order");
    let order = release.dispatch.as_ref().map(|dispatch| dispatch.delivery.clone());
    assert_ne!(order, Some(asked.delivery.id.clone()), "deliveries are named by what they carry");
    assert_eq!(
        next.cancel_dispatch.as_ref().map(|asked| asked.message_no.as_str()),
        Some("000000002"),
        "the release says so"
    );
    assert_eq!(next.history.last().unwrap().detail, "cancel passed on as message 000000002");
    assert_eq!((next.state(), next.since), (release.state(), release.since), "it is the warehouse's court as before");
    assert_eq!(cancel(&next, DeliveryState::Delivered), Cancelling::Before(asked.delivery.id));
    assert_eq!(cancel(&release, DeliveryState::Pending), Cancelling::Wait, "it must not overtake the order");
    assert_eq!(cancel(&requested("TX"), DeliveryState::Pending), Cancelling::NotPlaced);
    let over = |change: fn(&mut Release)| {
        let mut release = placed("TX");
        change(&mut release);
        matches!(cancel(&release, DeliveryState::Delivered), Cancelling::Over(_))
    };
    assert!(over(|release| release.facts.cancel_accepted = Some(false)), "it is decided");
    assert!(over(|release| drop(release.facts.shipments.insert("shp_1".parse().unwrap(), vec![line(None, "NUT", 1)]))));
    let nothing = over(|release| drop(release.facts.shipments.insert("shp_1".parse().unwrap(), Vec::new())));
    assert!(!nothing, "nothing has left");
}

#[test]
fn an_acknowledgment_takes_the_numbers_that_its_document_needs() {
    let acknowledgment = |document| {
        let edifact = document == AcknowledgmentDocument::Contrl;
        let (id, elements, version) = match document {
            AcknowledgmentDocument::Ta1 => ("TA1", vec!["000000007", "261123", "1400", "A", "000"], "00401"),
            AcknowledgmentDocument::Contrl => ("UCI", vec!["REF7", "ACME3PL", "NORTHWIND", "7"], "D.3"),
            _ => ("AK1", vec!["SW", "7"], "004010"),
        };
        let elements = elements.into_iter().map(|element| vec![element.to_owned()]).collect();
        let owed = Acknowledgment {
            document,
            segments: vec![(id.to_owned(), elements)],
            version: version.to_owned(),
            group: "interchange 7".to_owned(),
        };
        let owing = Content::Acknowledge(Owed { sha256: Digest::of(b"") });
        let message = message(sender("acme", &[Role::Wms]), "945", owing);
        let counters = Counters { interchange: 4, group: 2 };
        let placed = place_acknowledgment(&message, &owed, &bundle(), counters, at(9)).unwrap();
        let media = if edifact { "application/EDIFACT" } else { "application/EDI-X12" };
        assert_eq!(
            (placed.delivery.id, placed.delivery.body.content_type),
            (acknowledgment_delivery(&message), media.into())
        );
        (placed.counters.unwrap(), placed.delivery.target)
    };
    for (document, group, name) in [
        (AcknowledgmentDocument::Functional997, 3, "997-000000005.edi"),
        (AcknowledgmentDocument::Implementation999, 3, "999-000000005.edi"),
        (AcknowledgmentDocument::Ta1, 2, "TA1-000000005.edi"),
        (AcknowledgmentDocument::Contrl, 2, "CONTRL-000000005.edi"),
    ] {
        let target = Target::File { name: name.to_owned() };
        assert_eq!(acknowledgment(document), (Counters { interchange: 5, group }, target));
    }
}

#[test]
fn deliveries_are_named_by_what_they_carry() {
    let release = placed("TX");
    let scope = release.warehouse().unwrap();
    let order = release.dispatch.as_ref().map(|dispatch| dispatch.delivery.clone());
    assert_eq!(order, Some(DeliveryId::derive(&scope.tenant, &scope.partner, release.id.as_str())));
}
