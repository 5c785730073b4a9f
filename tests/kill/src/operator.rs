//! What an operator does: wait, look at the dead letters, move them back.

use std::time::Duration;

use aws::{Http, QueueKind};
use crossdock::{Error, Stopwatch, World};
use serde_json::json;

use crate::proxy::Proxy;

/// Longest time a killed function's message stays hidden here, in seconds, by its function's time-out: that and a bit.
/// As deployed it is six times the time-out, for functions that still run; a killed one does not, and the test need not
/// wait for it.
const HIDDEN_S: [(&str, u32); 6] = [
    ("edi-drop", 25),
    ("order-apply", 8),
    ("shipment-apply", 8),
    ("order-dispatch", 8),
    ("shipment-fanout", 8),
    ("partner-deliver", 25),
];

/// Longest wait for quiet. A message that failed again and again waits by the schedule of retries: up to ten minutes.
const QUIET_MAX: Duration = Duration::from_mins(20);
/// How long nothing may be under way: longer than the relay and the emulator's pollers look away.
const QUIET: Duration = Duration::from_secs(2);
const LOOK_EVERY: Duration = Duration::from_millis(400);

/// Lets what killed functions held come back sooner than deployed.
pub(crate) async fn hasten(world: &World) -> Result<(), Error> {
    let (http, stack) = (Http::new()?, &world.stack);
    // The emulator takes its root's requests without checking their signature.
    let credential = format!("{}/20260101/{}/sqs/aws4_request", stack.access_key, stack.region);
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let headers = [
        header("x-amz-target", "AmazonSQS.SetQueueAttributes"),
        header("content-type", "application/x-amz-json-1.0"),
        header(
            "authorization",
            &format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=none"),
        ),
    ];
    for (step, seconds) in HIDDEN_S {
        let url = world.operations.queue_url(step)?;
        let asked = json!({ "QueueUrl": url, "Attributes": { "VisibilityTimeout": seconds.to_string() } });
        let reply = http.send("POST", &stack.endpoint, &headers, asked.to_string().as_bytes()).await?;
        if reply.status != 200 {
            let answer = String::from_utf8_lossy(&reply.body).into_owned();
            return Err(Error::Refused { status: reply.status, answer });
        }
    }
    Ok(())
}

/// Begins to move dead letters back to where they failed; how many.
pub(crate) async fn redrive(world: &World) -> Result<usize, Error> {
    let mut moved = 0;
    for depth in world.operations.queue_depths().await? {
        if depth.kind == QueueKind::DeadLetter && depth.waiting > 0 {
            world.operations.redrive(&depth.step).await?;
            moved += usize::try_from(depth.waiting).unwrap_or(usize::MAX);
        }
    }
    Ok(moved)
}

/// Waits until no step has anything left to do, moving dead letters back meanwhile; how many were moved.
pub(crate) async fn until_quiet(
    world: &World,
    proxy: &Proxy,
    progress: &(dyn Fn(&str) + Sync),
) -> Result<usize, Error> {
    let (watch, mut quiet, mut moved) = (Stopwatch::start(), None, 0);
    loop {
        moved += redrive(world).await?;
        let depths = world.operations.queue_depths().await?;
        let of_work = depths.iter().filter(|depth| depth.kind == QueueKind::Work);
        let waiting: u64 = of_work.map(aws::QueueDepth::total).sum();
        let dead: u64 = depths.iter().filter(|d| d.kind == QueueKind::DeadLetter).map(aws::QueueDepth::total).sum();
        let unpublished = proxy.witness().unpublished().len();
        if waiting == 0 && dead == 0 && unpublished == 0 {
            let since = *quiet.get_or_insert_with(Stopwatch::start);
            if since.elapsed() > QUIET {
                return Ok(moved);
            }
        } else {
            quiet = None;
            progress(&format!("waiting: {waiting} messages, {unpublished} events under way"));
        }
        if watch.elapsed() > QUIET_MAX {
            let what = format!("quiet: {waiting} messages, {dead} dead letters, {unpublished} events are under way");
            return Err(Error::Late { what, seconds: QUIET_MAX.as_secs() });
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// What is left in queues where nothing may be, in words.
pub(crate) async fn left(world: &World) -> Result<Vec<String>, Error> {
    let depths = world.operations.queue_depths().await?;
    let wrong = depths.iter().filter(|depth| depth.kind != QueueKind::Parked && depth.total() > 0);
    Ok(wrong.map(|depth| format!("{} messages are left in {} ({:?})", depth.total(), depth.step, depth.kind)).collect())
}
