//! Whether a partner is called, and what its answer means.

use canonical::{Body, Code, Delivery, DeliveryId, DeliveryState, Digest, Event, Guarantee, Subject, Target};
use jiff::Timestamp;

use super::{at, kinds, sender};
use crate::partner_deliver::{After, Answer, Attempt, CALL_MAX, after, attempt};
use crate::{Outcome, Verdict};

fn delivery(guarantee: Guarantee) -> Delivery {
    let scope = sender("bolt", &[]).scope;
    Delivery::pending(
        DeliveryId::derive(&scope.tenant, &scope.partner, "rel_1"),
        scope,
        Subject::Release { release_id: "rel_1".parse().unwrap() },
        "dlv_1".to_owned(),
        Target::Http,
        Body { sha256: Digest::of(b""), content_type: "application/json".to_owned() },
        guarantee,
    )
    .decided(at(0), &Digest::of(b"bundle"))
}

fn status(status: u16, excerpt: &str) -> Answer {
    Answer::Status { status, retry_after_s: None, excerpt: excerpt.to_owned() }
}

fn ended(after: After) -> (Delivery, Vec<Event>, Verdict) {
    match after {
        After::End(next, events, verdict) => (*next, events, verdict),
        After::Again { .. } => panic!("{after:?}"),
    }
}

fn again(after: After) -> (Delivery, u32, Code) {
    match after {
        After::Again { next, delay_s, code, .. } => (*next, delay_s, code),
        After::End(..) => panic!("{after:?}"),
    }
}

#[test]
fn a_partner_that_dedupes_is_called_whenever_the_delivery_waits() {
    let mut one = delivery(Guarantee::Dedupes);
    one.asked_at = Some(at(0));
    assert_eq!(attempt(&one, at(1)), Attempt::Call { first: None });
    for (state, outcome) in [
        (DeliveryState::Delivered, Outcome::Duplicate),
        (DeliveryState::Refused, Outcome::Duplicate),
        (DeliveryState::Unknown, Outcome::Unknown),
    ] {
        one.state = state;
        let Attempt::Ended(verdict) = attempt(&one, at(1)) else { panic!("{state:?} is an end") };
        assert_eq!(verdict.outcome, outcome);
    }
}

#[test]
fn a_partner_that_repeats_is_called_once_and_then_a_person_decides() {
    let mut one = delivery(Guarantee::Neither);
    let Attempt::Call { first: Some(first) } = attempt(&one, at(1)) else { panic!("the call is on record first") };
    assert_eq!(first.asked_at, Some(at(1)));
    one = *first;
    let over: Timestamp = at(1) + CALL_MAX;
    assert_eq!(attempt(&one, at(1)), Attempt::Wait);
    assert_eq!(attempt(&one, at(60)), Attempt::Wait, "the call may be under way for a minute");
    let Attempt::Unknown(next, events, verdict) = attempt(&one, over) else { panic!("a minute later it is over") };
    assert_eq!((next.state, next.ended_at), (DeliveryState::Unknown, Some(over)));
    assert_eq!((kinds(&events), verdict.outcome), (vec!["partner.delivery.unknown.v1"], Outcome::Unknown));
    assert_eq!(events[0].data["release_id"], "rel_1");
    assert!(next.last_failure.unwrap().contains("does not recognise repeats"));
}

#[test]
fn a_good_answer_ends_the_delivery_and_is_told_unless_it_told_of_an_event() {
    for answer in [status(200, ""), status(299, ""), Answer::Written] {
        let (next, events, verdict) = ended(after(&delivery(Guarantee::Neither), &answer, at(3)));
        assert_eq!((next.state, next.ended_at, next.failures), (DeliveryState::Delivered, Some(at(3)), 0));
        assert_eq!((kinds(&events), verdict.outcome), (vec!["partner.delivery.completed.v1"], Outcome::Applied));
        assert_eq!((&events[0].data["message_no"], events[0].meta.seq), (&"dlv_1".into(), 1));
    }
    let mut event = delivery(Guarantee::Dedupes);
    event.subject = Subject::Event { event_id: "evt_1".parse().unwrap(), correlation_id: None };
    assert_eq!(ended(after(&event, &status(204, ""), at(3))).1, Vec::new(), "or it would never end");
}

#[test]
fn a_document_that_is_refused_is_not_sent_again() {
    for code in [400, 413, 415, 422] {
        let mut one = delivery(Guarantee::Dedupes);
        one.failures = 3;
        let (next, events, verdict) = ended(after(&one, &status(code, "no such item"), at(3)));
        assert_eq!((next.state, next.failures, next.ended_at), (DeliveryState::Refused, 4, Some(at(3))));
        assert_eq!(next.last_failure.as_deref(), Some(format!("answered {code}: no such item").as_str()));
        assert_eq!((kinds(&events), verdict.outcome), (vec!["partner.delivery.refused.v1"], Outcome::Rejected));
        assert_eq!(verdict.detail, format!("answered {code}"), "its words may name people");
    }
    let (next, ..) = ended(after(&delivery(Guarantee::Dedupes), &status(422, ""), at(3)));
    assert_eq!(next.last_failure.as_deref(), Some("answered 422"));
}

#[test]
fn an_answer_after_which_it_may_have_been_done_is_for_a_person_where_repeats_are_done_again() {
    for code in [408, 409, 500, 503, 599] {
        let (next, events, verdict) = ended(after(&delivery(Guarantee::Neither), &status(code, "oops"), at(3)));
        assert_eq!((next.state, verdict.outcome), (DeliveryState::Unknown, Outcome::Unknown));
        assert_eq!(kinds(&events), ["partner.delivery.unknown.v1"]);
        assert_eq!(next.last_failure, Some(format!("answered {code}: oops")));
        again(after(&delivery(Guarantee::Dedupes), &status(code, ""), at(3)));
    }
    let lost = Answer::Lost("timed out".to_owned());
    assert_eq!(ended(after(&delivery(Guarantee::Neither), &lost, at(3))).0.state, DeliveryState::Unknown);
    again(after(&delivery(Guarantee::Dedupes), &lost, at(3)));
}

#[test]
fn everything_else_is_tried_again_ever_later_and_not_before_the_partner_wants() {
    let mut one = delivery(Guarantee::Neither);
    one.asked_at = Some(at(0));
    for (failures, wait) in [(1, 2), (2, 4), (3, 15)] {
        let (next, delay_s, code) = again(after(&one, &status(404, "deploying"), at(3)));
        assert_eq!((delay_s, code, next.failures), (wait, Code::PartnerUnavailable, failures));
        assert_eq!((next.asked_at, next.state), (None, DeliveryState::Pending), "nothing is open");
        assert_eq!(next.last_failure.as_deref(), Some("answered 404: deploying"));
        one = next;
    }
    one.failures = 40;
    assert_eq!(again(after(&one, &status(404, ""), at(3))).1, 39_600, "the last wait again and again");
    let wanted = |seconds| Answer::Status { status: 429, retry_after_s: Some(seconds), excerpt: String::new() };
    let mut new = delivery(Guarantee::Dedupes);
    assert_eq!(again(after(&new, &wanted(90), at(3))).1, 90);
    assert_eq!(again(after(&new, &wanted(100_000), at(3))).1, 39_600, "no longer than a queue can hold it");
    new.failures = 3;
    assert_eq!(again(after(&new, &wanted(1), at(3))).1, 60, "no sooner than it is due");
    let unmade = again(after(&new, &Answer::NotMade("no secret".to_owned()), at(3)));
    assert_eq!((unmade.2, unmade.0.last_failure.as_deref()), (Code::Misconfigured, Some("no secret")));
    again(after(&new, &status(300, ""), at(3)));
    again(after(&new, &status(199, ""), at(3)));
}
