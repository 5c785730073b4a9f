//! What cannot succeed ends in a dead-letter queue with its reason, may be redriven once its cause is mended, and happens
//! once then, however often it is redriven.

use canonical::{DeliveryState, EventType, ReleaseState};
use serde_json::json;
use sim::{QueueName, Reaction, World};

use simulation::cast::{ACME, BOLT, ERP, bundle, bundle_with, order, placed, release_id, world, world_with};
use simulation::story::{Act, Pace, S1, S2, hours, perform, play, rest, same, settle, well, words};

fn count(world: &World, kind: EventType) -> usize {
    world.told().iter().filter(|event| event.meta.kind == kind).count()
}

#[test]
fn a_release_without_a_route_is_held_and_placed_once_when_there_is_one() {
    let texas = "region = [\"TX\", \"OK\", \"LA\", \"AR\"]";
    let world = world_with(bundle_with(&[("house.toml", texas, "region = [\"OK\"]")]));
    (S2.release)().perform(&world);
    rest(&world);
    let id = release_id("SO-2");
    assert_eq!(world.release(id.as_str()).expect("a release").state(), ReleaseState::Held);
    assert_eq!(world.dead_letters(QueueName::OrderDispatch).len(), 1);
    let note = &world.notes(QueueName::OrderDispatch)[0];
    assert_eq!((note["code"].as_str(), note["step"].as_str()), (Some("no-route"), Some("order-dispatch")));
    assert_eq!(count(&world, EventType::ReleaseHeld), 1, "told once, however often it was tried");
    // The operator adds the route and redrives, and does it a second time for good measure.
    world.set_bundle(bundle());
    assert_eq!(world.redrive_and_keep(QueueName::OrderDispatch), 1);
    rest(&world);
    assert_eq!(world.release(id.as_str()).expect("a release").state(), ReleaseState::TransportAcked);
    let once = world.summary();
    assert_eq!(world.redrive(QueueName::OrderDispatch), 1);
    rest(&world);
    let mut twice = world.summary();
    assert_eq!(twice.dead, Vec::<String>::new());
    twice.dead = once.dead.clone();
    assert_eq!(twice, once);
    assert_eq!(placed(&world, ACME).len(), 1);
    assert_eq!(world.audit(), Vec::<String>::new());
}

#[test]
fn a_message_that_nobody_can_read_dies_alone_and_quickly() {
    let world = world();
    (S1.release)().perform(&world);
    settle(&world);
    let begun = world.now();
    world.send(QueueName::OrderApply, r#"{"neither":"message nor event"}"#);
    world.send(QueueName::ShipmentApply, "no JSON at all");
    perform(&world, &[], Pace::Settled);
    for queue in [QueueName::OrderApply, QueueName::ShipmentApply] {
        assert_eq!(world.dead_letters(queue).len(), 1, "{}", queue.as_str());
        let notes = world.notes(queue);
        assert!(notes.iter().any(|note| note["code"] == "internal-fault" && note["body"].is_string()), "{notes:?}");
    }
    assert!(world.now().duration_since(begun).as_secs() < 60, "no time is lost on what is no matter of time");
    // The order goes on as if nothing had been.
    let acts = (S1.then)(&world);
    for act in &acts {
        act.perform(&world);
        rest(&world);
    }
    let (mut found, well) = (world.summary(), well(&S1));
    found.dead.clear();
    assert_eq!(found, well);
}

/// A subscriber that fails twice is told once more than it failed, and nobody else waits for it.
#[test]
fn a_subscriber_that_fails_delays_nobody_else() {
    let world = world();
    (S1.release)().perform(&world);
    settle(&world);
    world.script(ERP, [Reaction::Answers(500, None), Reaction::Answers(500, None)]);
    let accepted = (S1.then)(&world).remove(0);
    perform(&world, &[accepted], Pace::Settled);
    let received = world.received(ERP);
    assert_eq!(received.iter().map(|got| got.done).collect::<Vec<_>>(), [false, false, true]);
    assert!(received.iter().all(|got| got.key == received[0].key && got.body == received[0].body));
    let shipped = (S1.then)(&world).remove(2);
    world.always(ERP, Some(Reaction::Answers(503, None)));
    let begun = world.now();
    shipped.perform(&world);
    assert_eq!(world.run_for(hours(1)), Ok(()));
    let tms = world.received("summit-tms");
    assert_eq!(tms.len(), 1);
    assert!(tms[0].at.duration_since(begun).as_secs() < 2, "the TMS does not wait for the ERP");
}

/// The ERP is away for longer than any queue keeps a message: what is for it lies in the table.
#[test]
fn a_partner_that_is_away_for_weeks_learns_everything_once_in_the_end() {
    let well = well(&S1);
    let world = world();
    (S1.release)().perform(&world);
    settle(&world);
    world.always(ERP, Some(Reaction::Unreachable));
    for act in (S1.then)(&world) {
        act.perform(&world);
    }
    let before = world.attempts(ERP);
    assert_eq!(world.run_for(hours(24 * 21)), Ok(()));
    assert_eq!(world.summary().dead, Vec::<String>::new());
    assert!(world.attempts(ERP) - before <= 21 * 13, "{} calls in three weeks", world.attempts(ERP) - before);
    world.always(ERP, None);
    rest(&world);
    same(&world, &well, &"three weeks later");
}

/// A day's outage of a partner is outlasted without anybody's help.
#[test]
fn a_partner_that_is_away_for_a_day_is_told_without_a_redrive() {
    let well = well(&S1);
    let world = world();
    (S1.release)().perform(&world);
    settle(&world);
    let acts = (S1.then)(&world);
    world.always(ERP, Some(Reaction::Answers(503, None)));
    for act in &acts {
        act.perform(&world);
    }
    let from = world.now();
    assert_eq!(world.run_for(hours(24)), Ok(()));
    assert!(world.now().duration_since(from).as_hours() >= 24);
    let tries = world.received(ERP).len();
    assert!(tries <= 24, "{tries} calls of a partner that is away");
    world.always(ERP, None);
    rest(&world);
    assert_eq!(world.summary().dead, Vec::<String>::new());
    same(&world, &well, &"a day later");
}

/// A partner that refuses a document is not asked again, and a person is told.
#[test]
fn what_a_partner_refuses_is_parked_and_not_repeated() {
    let world = world();
    world.script(BOLT, [Reaction::Answers(422, None)]);
    (S1.release)().perform(&world);
    settle(&world);
    assert_eq!(world.received(BOLT).len(), 1);
    assert_eq!(world.deliveries()[0].state, DeliveryState::Refused);
    assert_eq!(world.waiting(QueueName::Parked), 1);
    assert_eq!(world.audit(), Vec::<String>::new());
}

/// What names nothing that we know is parked with its reason, once, and its sender has its answer.
#[test]
fn what_belongs_to_nobody_is_parked_once() {
    let world = world();
    let stray = json!({ "depositor_order_no": "SO-NOBODY", "occurred_at": "2026-11-23T12:00:00Z" });
    let act = Act::webhook(BOLT, "release-waved", "w1", &stray);
    perform(&world, &[act.clone(), act], Pace::AtOnce);
    let parked = world.parked();
    assert_eq!(parked.len(), 1);
    assert_eq!(parked[0].code, canonical::Code::UnknownRelease);
    assert_eq!(world.waiting(QueueName::Parked), 1);
    assert_eq!(world.audit(), Vec::<String>::new());
}

/// A forged webhook is refused at the door and leaves nothing behind.
#[test]
fn a_webhook_that_is_not_signed_by_its_partner_is_refused() {
    let world = world();
    let acts = {
        (S1.release)().perform(&world);
        settle(&world);
        (S1.then)(&world)
    };
    let Act::Webhook { topic, body, .. } = &acts[0] else { panic!("a webhook") };
    let before = world.summary();
    let unsigned = world.webhook_as(BOLT, topic, Vec::new(), body).expect("an answer");
    assert_eq!(unsigned.status, 401, "{}", words(&unsigned));
    // Acme signs nothing; the TMS's signature is not Bolt's.
    let foreign = world.webhook_signed_by("summit-tms", BOLT, topic, "f1", body).expect("an answer");
    assert_eq!(foreign.status, 401, "{}", words(&foreign));
    let stranger = world.webhook(ACME, topic, "f2", body).expect("an answer");
    assert_eq!(stranger.status, 401, "{}", words(&stranger));
    rest(&world);
    assert_eq!(world.summary(), before);
}

/// An order that exists is not released twice with other content, under whatever key.
#[test]
fn a_key_and_an_order_mean_one_thing() {
    let world = world();
    let body = order("SO-K", "NY", &[("DRILL", 1)]);
    let other = order("SO-K", "NY", &[("DRILL", 2)]);
    let post = |key: &str, body: &str| world.api_post(ERP, key, body).map(|answer| (answer.status, words(&answer)));
    let first = post("k1", &body).expect("an answer");
    assert_eq!(first.0, 202);
    assert_eq!(post("k1", &body), Some(first.clone()), "byte for byte");
    assert_eq!(post("k2", &body), Some(first), "the same release under another key");
    assert_eq!(post("k1", &other).map(|answer| answer.0), Some(422));
    assert_eq!(post("k3", &other).map(|answer| answer.0), Some(409));
    settle(&world);
    assert_eq!(world.releases().len(), 1);
    assert_eq!(world.received(BOLT).len(), 1);
    let unplayed = world.fork();
    play(&unplayed, &S1, Pace::AtOnce);
    assert_eq!(unplayed.audit(), Vec::<String>::new(), "another order goes its way beside it");
}

/// A partner that answers 200 and does nothing has broken its word; nobody can tell but by what does not come. The release
/// waits for the warehouse, and says so.
#[test]
fn a_partner_that_lies_leaves_the_release_in_its_own_court() {
    let world = world();
    world.script(BOLT, [Reaction::Lies]);
    (S1.release)().perform(&world);
    settle(&world);
    let release = world.release(release_id("SO-1").as_str()).expect("a release");
    assert_eq!(release.state(), ReleaseState::TransportAcked);
    assert_eq!(release.court().map(|court| court.owner), Some(canonical::Role::Wms));
    assert_eq!(world.audit(), Vec::<String>::new());
}
