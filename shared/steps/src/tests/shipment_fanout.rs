//! Who is told of an event.

use canonical::{Digest, Event, EventType, Guarantee, Subject, Target};

use super::{at, bundle, validated};
use crate::shipment_fanout::{body, decide};

fn completed(parties: &[&str]) -> Event {
    let mut event = validated("TX");
    event.meta.kind = EventType::OrderCompleted;
    event.meta.parties = parties.iter().map(|party| party.parse().unwrap()).collect();
    event
}

fn told(event: &Event) -> Vec<String> {
    let digest = Digest::of(&body(event));
    decide(event, &digest, &bundle(), at(5)).into_iter().map(|delivery| delivery.receiver.partner.to_string()).collect()
}

#[test]
fn an_erp_and_a_warehouse_are_told_of_what_they_have_a_part_in_and_a_channel_of_everything() {
    assert_eq!(told(&completed(&["erp", "acme"])), ["acme", "erp", "shop"]);
    assert_eq!(told(&completed(&["another-erp", "bolt"])), ["bolt", "shop"]);
    assert_eq!(told(&validated("TX")), Vec::<String>::new(), "nobody subscribes to it");
    let mut foreign = completed(&["erp", "acme"]);
    foreign.meta.tenant = "another".parse().unwrap();
    assert_eq!(told(&foreign), Vec::<String>::new(), "another distributor's");
}

#[test]
fn each_subscriber_gets_the_same_bytes_in_its_own_way() {
    let event = completed(&["erp", "bolt"]);
    let bytes = body(&event);
    assert_eq!(serde_json::from_slice::<Event>(&bytes).unwrap(), event);
    let deliveries = decide(&event, &Digest::of(&bytes), &bundle(), at(5));
    let file = Target::File { name: format!("{}.json", event.meta.id) };
    let expected = [
        ("bolt", Target::Http, Guarantee::Neither),
        ("erp", Target::Http, Guarantee::Dedupes),
        ("shop", file, Guarantee::Dedupes),
    ];
    assert_eq!(deliveries.len(), expected.len());
    for (delivery, (partner, target, guarantee)) in deliveries.into_iter().zip(expected) {
        assert_eq!(delivery.receiver.partner.as_str(), partner);
        assert_eq!((delivery.target, delivery.guarantee), (target, guarantee));
        assert_eq!((delivery.message_no, delivery.body.sha256), (event.meta.id.to_string(), Digest::of(&bytes)));
        assert!(matches!(delivery.subject, Subject::Event { event_id, .. } if event_id == event.meta.id));
        assert_eq!(delivery.created_at, at(5));
    }
}
