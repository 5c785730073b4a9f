//! Whether a partner is called, and what its answer means.

use canonical::{Body, Code, Delivery, DeliveryId, DeliveryState, Digest, Event, Guarantee, Retries, Subject, Target};
use jiff::Timestamp;

use super::{at, kinds, sender};
use crate::partner_deliver::{After, Answer, Attempt, Held, after, anew, attempt, hold};
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
    assert_eq!(attempt(&one, 1, at(1)), Attempt::Call { first: None });
    for (state, outcome) in [
        (DeliveryState::Delivered, Outcome::Duplicate),
        (DeliveryState::Refused, Outcome::Duplicate),
        (DeliveryState::Unknown, Outcome::Unknown),
    ] {
        one.state = state;
        let Attempt::Ended(verdict) = attempt(&one, 1, at(1)) else { panic!("{state:?} is an end") };
        assert_eq!(verdict.outcome, outcome);
    }
}

#[test]
fn a_partner_that_repeats_is_called_once_and_then_a_person_decides() {
    let mut one = delivery(Guarantee::Neither);
    let Attempt::Call { first: Some(first) } = attempt(&one, 1, at(1)) else { panic!("the call is on record first") };
    assert_eq!(first.asked_at, Some(at(1)));
    one = *first;
    let over: Timestamp = at(61);
    assert_eq!(attempt(&one, 1, at(1)), Attempt::Wait(60));
    assert_eq!(attempt(&one, 1, at(60)), Attempt::Wait(1), "the call may be under way for a minute");
    let Attempt::Unknown(next, events, verdict) = attempt(&one, 1, over) else { panic!("a minute later it is over") };
    assert_eq!((next.state, next.ended_at), (DeliveryState::Unknown, Some(over)));
    assert_eq!((kinds(&events), verdict.outcome), (vec!["partner.delivery.unknown.v1"], Outcome::Unknown));
    assert_eq!(events[0].data["release_id"], "rel_1");
    assert!(next.last_failure.unwrap().contains("does not recognise repeats"));
}

/// A delivery to a partner that can be asked, called at 1, which settles within 100 seconds.
fn asked() -> Delivery {
    let mut one = delivery(Guarantee::Lookup);
    one.settle_s = 100;
    let Attempt::Call { first: Some(first) } = attempt(&one, 1, at(1)) else { panic!("the call is on record first") };
    assert_eq!(first.asked_at, Some(at(1)));
    *first
}

#[test]
fn a_partner_that_can_be_asked_is_asked_before_it_is_called_again() {
    let one = asked();
    assert_eq!((attempt(&one, 1, at(1)), attempt(&one, 1, at(5000))), (Attempt::LookUp, Attempt::LookUp));
    let (next, events, verdict) = ended(after(&one, &Answer::looked_up(200, None), at(2)));
    assert_eq!((next.state, verdict.outcome), (DeliveryState::Delivered, Outcome::Applied), "however soon it says so");
    assert_eq!(kinds(&events), ["partner.delivery.completed.v1"]);
    let (next, delay_s, _) = again(after(&one, &Answer::looked_up(404, None), at(40)));
    assert_eq!((next.asked_at, next.failures, delay_s), (Some(at(1)), 0, 61), "it may still come until it is settled");
    assert_eq!(anew(&one, at(100)), None);
    assert_eq!(anew(&one, at(101)).unwrap().asked_at, Some(at(101)), "a new call is on record, too");
}

#[test]
fn what_is_open_at_a_partner_that_can_be_asked_stays_open_until_it_says() {
    let lost = Answer::Lost("timed out".to_owned());
    let silent = Answer::silent("timed out".to_owned());
    for answer in [lost, silent, status(500, ""), status(409, ""), Answer::looked_up(302, None)] {
        let (next, delay_s, code) = again(after(&asked(), &answer, at(3)));
        assert_eq!((next.asked_at, next.failures), (Some(at(1)), 1), "{answer:?}");
        assert_eq!((delay_s, code), (2, Code::PartnerUnavailable));
        assert_eq!(hold(&next, Held::Outage, at(4)).unwrap().0.asked_at, Some(at(1)), "an outage does not close it");
    }
    let later = again(after(&asked(), &Answer::looked_up(429, Some(77)), at(3)));
    assert_eq!(later.1, 77, "it is asked when it wants to be");
    let (next, ..) = again(after(&asked(), &status(429, ""), at(3)));
    assert_eq!(next.asked_at, None, "it has done nothing");
    assert_eq!(ended(after(&asked(), &status(422, ""), at(3))).0.state, DeliveryState::Refused);
}

#[test]
fn a_partner_that_never_says_is_left_to_a_person_when_its_schedule_is_spent() {
    let mut one = asked();
    one.retries = Some(Retries { waits_s: vec![10, 20], tries: 4 });
    let silent = Answer::silent("timed out".to_owned());
    for failures in 1..=6 {
        (one, ..) = again(after(&one, &silent, at(50)));
        assert_eq!(one.failures, failures, "an outage uses up tries, and no time");
    }
    let (next, events, verdict) = ended(after(&one, &silent, at(51)));
    assert_eq!((next.state, next.failures, verdict.outcome), (DeliveryState::Unknown, 7, Outcome::Unknown));
    assert_eq!(kinds(&events), ["partner.delivery.unknown.v1"]);
    one.failures = 2;
    again(after(&one, &silent, at(5000)));
    assert_eq!(Retries::default().lasts_s(), 571_881, "almost a week");
}

#[test]
fn a_schedule_of_the_partner_s_own_counts_and_a_redrive_begins_it_anew() {
    let mut one = delivery(Guarantee::Dedupes);
    one.retries = Some(Retries { waits_s: vec![10, 20], tries: 3 });
    for wait in [10, 20, 20] {
        assert_eq!(attempt(&one, one.failures + 1, at(1)), Attempt::Call { first: None });
        let (next, delay_s, _) = again(after(&one, &status(503, ""), at(1)));
        assert_eq!(delay_s, wait);
        one = next;
    }
    assert_eq!(attempt(&one, 4, at(1)), Attempt::Spent);
    for receives in 1..=3 {
        assert_eq!(attempt(&one, receives, at(1)), Attempt::Call { first: None }, "redriven");
    }
    let wanted = Answer::Status { status: 429, retry_after_s: Some(90), excerpt: String::new() };
    assert_eq!(again(after(&one, &wanted, at(1))).1, 90);
    one.failures = 2;
    assert_eq!(attempt(&one, 9, at(1)), Attempt::Call { first: None }, "what was received and not called is no try");
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
