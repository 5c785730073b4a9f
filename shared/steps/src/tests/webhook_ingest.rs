//! A verified webhook becomes a message.

use canonical::{Code, Content, GroupAck, Message, Owed, Place, Role};
use formats::webhook::Topic;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{at, confirm, line, message, placed, sender};
use crate::webhook_ingest::{BODY_LEN_MAX, Destination, decide, destination};

fn waved(occurred_at: Timestamp) -> Result<Message, Vec<canonical::Finding>> {
    let body = json!({ "release_id": placed("NY").id, "occurred_at": occurred_at }).to_string();
    let topic: Topic = "release-waved".parse().unwrap();
    decide(topic, &sender("bolt", &[Role::Wms]), "w1", body.as_bytes(), "v1", at(0))
}

#[test]
fn a_time_is_of_the_last_ten_years_and_at_most_a_day_ahead() {
    let (day, ten_years) = (SignedDuration::from_hours(24), SignedDuration::from_hours(24 * 3660));
    let second = SignedDuration::from_secs(1);
    for sound in [at(0), at(0) + day, at(0) - ten_years] {
        assert!(waved(sound).is_ok(), "{sound}");
    }
    for wrong in [at(0) + day + second, at(0) - ten_years - second] {
        let findings = waved(wrong).unwrap_err();
        assert_eq!(findings[0].code, Code::SchemaViolation);
        assert_eq!(findings[0].place, Some(Place::Pointer("/occurred_at".to_owned())));
    }
    let shipped_at = at(0) + day + second;
    let body = json!({
        "release_id": placed("NY").id, "shipment_no": "B-1", "shipped_at": shipped_at,
        "lines": [{ "line_no": 1, "sku": "BOLT", "quantity": "1", "uom": "EA" }],
    });
    let topic: Topic = "ship-confirm".parse().unwrap();
    let findings =
        decide(topic, &sender("bolt", &[Role::Wms]), "w1", body.to_string().as_bytes(), "v1", at(0)).unwrap_err();
    assert_eq!(findings[0].place, Some(Place::Pointer("/shipped_at".to_owned())));
}

#[test]
fn the_same_webhook_is_the_same_message() {
    let first = waved(at(0)).unwrap();
    assert_eq!(first, waved(at(0)).unwrap());
    assert_eq!((first.received_at, first.profile_version.as_str(), first.raw.offset), (at(0), "v1", 0));
}

#[test]
fn each_content_goes_to_the_step_that_handles_it() {
    let ack = GroupAck {
        functional_id: "OW".to_owned(),
        group_control: "1".to_owned(),
        set_control: None,
        accepted: true,
        notes: Vec::new(),
        ack_control: "1".to_owned(),
    };
    let shipped = confirm(&placed("NY"), "B-1", vec![line(None, "BOLT", 1)]);
    let owed = Owed { sha256: canonical::Digest::of(b"") };
    for (content, step) in [
        (Content::GroupAck(ack), Destination::OrderApply),
        (Content::ShipConfirm(shipped), Destination::ShipmentApply),
        (Content::Acknowledge(owed), Destination::OrderDispatch),
        (waved(at(0)).unwrap().content, Destination::OrderApply),
    ] {
        assert_eq!(destination(&message(sender("bolt", &[Role::Wms]), "1", content).content), step);
    }
    assert_eq!(BODY_LEN_MAX, 1_048_576, "a mebibyte, as the partner handbook says");
}
