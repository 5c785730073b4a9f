//! The ERP's request and its cancel.

use canonical::{Release, ReleaseState, Role};
use serde_json::Value;

use super::{at, bundle, kinds, line, order, placed, requested, sender};
use crate::order_release::{Cancel, accept, answer, cancel, view};

fn cancelled(release: &Release) -> Cancel {
    cancel(release, &sender("erp", &[Role::Erp]), None, "v1", None, at(50))
}

#[test]
fn a_request_is_answered_with_the_release_and_told_in_two_numbered_events() {
    let accepted = accept(order(1, "TX"), b"body", &sender("erp", &[Role::Erp]), &bundle(), None, at(0));
    let answered: Value = serde_json::from_str(&accepted.key_use.answer).unwrap();
    assert_eq!(answered["release_id"], accepted.release.id.as_str());
    assert_eq!((answered["order_no"].as_str(), answered["status"].as_str()), (Some("SO-1"), Some("accepted")));
    assert_eq!(accepted.key_use.answer, answer(&accepted.release), "the same whenever it is given");
    assert_eq!(kinds(&accepted.events), ["order.release.requested.v1", "order.release.validated.v1"]);
    let numbers: Vec<u64> = accepted.events.iter().map(|event| event.meta.seq).collect();
    assert_eq!((numbers, accepted.release.seq), (vec![1, 2], 2));
    let [entry] = accepted.release.history.as_slice() else { panic!("{:?}", accepted.release.history) };
    assert_eq!((entry.seq, entry.outcome.as_str()), (1, "applied"));
    let told: Vec<_> = accepted.events.iter().map(|event| event.meta.id.clone()).collect();
    assert_eq!(entry.events, told);
    assert!(accepted.events.iter().all(|event| event.meta.parties == ["erp".parse().unwrap()]));
}

#[test]
fn a_cancel_is_on_record_once_until_the_warehouse_is_at_work() {
    let release = placed("TX");
    let Cancel::Write(next, events) = cancelled(&release) else { panic!("it is not too late") };
    assert_eq!(kinds(&events), ["order.cancel.requested.v1"]);
    assert_eq!((next.state(), next.since), (ReleaseState::CancelRequested, at(50)));
    assert_eq!(cancelled(&next), Cancel::Already);
    let mut working = placed("TX");
    working.facts.waved = true;
    assert_eq!(cancelled(&working), Cancel::TooLate(ReleaseState::InProcess));
    let mut shipped = placed("TX");
    shipped.facts.shipments.insert("shp_1".parse().unwrap(), vec![line(None, "BOLT", 1)]);
    assert_eq!(cancelled(&shipped), Cancel::TooLate(ReleaseState::PartiallyShipped));
}

#[test]
fn a_party_sees_where_the_release_stands() {
    let erp = sender("erp", &[Role::Erp]);
    let seen = view(&placed("TX"), &erp);
    assert_eq!((seen["state"].as_str(), seen["order_no"].as_str()), (Some("DISPATCHED"), Some("SO-1")));
    assert_eq!(seen["route"]["partner"], "acme");
    assert_eq!(seen["lines"][0]["ordered"], "60");
    assert_eq!(view(&requested("TX"), &erp)["court"]["owner"], "platform");
}
