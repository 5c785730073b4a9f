//! What cannot go on: where it waits, with which reason, and how it goes on once the cause is mended.

use std::time::Duration;

use aws::QueuedMessage;
use canonical::{Parked, ReleaseState, Role};
use crossdock::World;
use crossdock::scenarios::CALIFORNIA_BY_BOLT;

use crate::support::{ACME, BOLT, ERP, SOON, ok, release, taken, told, until, until_state};

/// Longest wait for a message to run out of tries, which an operator's mistake does in under a minute.
const DEAD_MAX: Duration = Duration::from_mins(3);

/// Waits for a dead letter of `step` whose body holds `needle`.
async fn dead_letter(world: &World, step: &str, needle: &str) -> QueuedMessage {
    let look = async || {
        let depths = world.operations.queue_depths().await?;
        let there = depths
            .iter()
            .any(|depth| depth.kind == aws::QueueKind::DeadLetter && depth.step == step && depth.total() > 0);
        if !there {
            return Ok(None);
        }
        let letters = world.operations.dead_letters(step, 100).await?;
        Ok(letters.into_iter().find(|letter| letter.body.contains(needle)))
    };
    ok(world.until(&format!("a dead letter of {step}"), DEAD_MAX, look).await)
}

/// Moves the dead letters of `step` back, and waits until it is done.
async fn redrive(world: &World, step: &str) -> i64 {
    // What was looked at is hidden for a second.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    world.operations.redrive(step).await.unwrap();
    let look = async || {
        let tasks = world.operations.redrive_status(step).await?;
        Ok(tasks.into_iter().next().filter(|task| task.status == "COMPLETED").map(|task| task.moved))
    };
    ok(world.until("the redrive's end", SOON, look).await)
}

pub(crate) async fn an_order_without_a_route_waits_and_completes_once(world: &World) {
    let id = release(world, "E2E-ROUTE", "CA", 5).await;
    let held = until_state(world, &id, ReleaseState::Held).await;
    assert!(held.facts.held.as_ref().unwrap().starts_with("no-route"), "{:?}", held.facts.held);
    assert_eq!(held.court().unwrap().owner, Role::Ops);
    told(world, ERP, "order.release.held.v1", &id).await;
    let letter = dead_letter(world, "order-dispatch", id.as_str()).await;
    let note = letter.note.unwrap();
    assert_eq!(note["code"], "no-route", "{note}");
    assert!(note["reason"].as_str().unwrap().contains("CA"), "{note}");
    // A redrive before the cause is mended leads back to the same place.
    ok(world.publish_with(CALIFORNIA_BY_BOLT).await);
    // Functions hold the profiles for a minute; new ones read them anew.
    world.kill_functions(&["order-dispatch"]);
    assert!(redrive(world, "order-dispatch").await >= 1);
    until(world, &id, "placed", |release| release.facts.transport_acked).await;
    assert_eq!(taken(world, BOLT, "order-release", &id).len(), 1);
    let placed = ok(world.find(&id).await);
    redrive(world, "order-dispatch").await;
    let event = world.operations.queue_url("order-dispatch").unwrap().to_owned();
    world.operations.send(&event, &letter.body).await.unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(ok(world.find(&id).await), placed, "redriven twice, nothing changes");
    assert_eq!(world.sandbox.journal().received(BOLT, id.as_str()).len(), 1, "one order at the 3PL");
}

pub(crate) async fn a_body_that_nobody_can_read_ends_with_its_reason(world: &World) {
    let queue = world.operations.queue_url("order-apply").unwrap().to_owned();
    world.operations.send(&queue, "{\"e2e\": \"this is no message\"}").await.unwrap();
    let letter = dead_letter(world, "order-apply", "this is no message").await;
    let note = letter.note.unwrap();
    assert_eq!(note["code"], "internal-fault", "{note}");
    assert_eq!(note["step"], "order-apply");
    assert!(!note["reason"].as_str().unwrap().is_empty());
}

pub(crate) async fn a_file_that_is_no_edi_is_in_the_inbox(world: &World) {
    ok(world.drop(ACME, "holiday.jpg", b"\xff\xd8\xff\xe0 no EDI at all").await);
    ok(world.drop(ACME, "upload.edi.part", b"ISA*00").await);
    let look = async || {
        let items = world.operations.scan(Some("holiday.jpg"), |_| ()).await?;
        Ok(items.into_iter().find(|item| item.sk == "PARKED"))
    };
    let item = ok(world.until("the file in the inbox", SOON, look).await);
    let parked: Parked = serde_json::from_value(item.doc).unwrap();
    assert_eq!((parked.partner.as_str(), parked.code.as_str()), (ACME, "edi-envelope"));
    assert!(parked.findings[0].place.is_some(), "{parked:?}");
    let queued = async || {
        let messages = world.operations.parked_messages(50).await?;
        Ok(messages.into_iter().find(|message| message.body.contains(parked.id.as_str())))
    };
    ok(world.until("the file in the parked queue", SOON, queued).await);
    let items = world.operations.scan(Some("upload.edi.part"), |_| ()).await.unwrap();
    assert!(items.is_empty(), "an upload that is not finished is no file yet");
}
