//! S19: dead letters, most of which can be done once their cause is mended, and some of which never can.

use std::time::Duration;

use canonical::ReleaseId;

use super::{BOLT, CALIFORNIA_BY_BOLT, Report, SHIP_BY, follow, release_one, settle};
use crate::{Error, Ledger, Story, World, clock};

/// Orders for which there is no route, and messages that nobody can read.
const ORDERS: usize = 8;
const POISON: usize = 2;
/// The step whose queue they are in.
const STEP: &str = "order-dispatch";
/// Longest wait for what has run out of tries.
const DEAD_MAX: Duration = Duration::from_mins(5);

/// The check of the catalogue: a mistake in the routes fills a dead-letter queue. The mistake is mended, the queue
/// redriven: what can be done is done once, what cannot is dead again with its reason, and no clock began anew.
pub(super) async fn check(world: &World, story: &Story<'_>) -> Result<Report, Error> {
    let mut report = Report::default();
    story.title(&format!("S19, {ORDERS} orders without a route, and {POISON} messages that nobody can read"));
    let mut ids = Vec::new();
    for index in 0..ORDERS {
        ids.push(release_one(world, story, &format!("SO-2900{index:02}"), "CA", 1, SHIP_BY).await?);
    }
    for index in 0..POISON {
        let body = format!("{{\"poison\": {index}}}");
        world.operations.send(world.operations.queue_url(STEP)?, &body).await?;
    }
    dead(world, story, ORDERS + POISON).await?;
    let letters = world.operations.dead_letters(STEP, 100).await?;
    let noted = letters.iter().filter(|letter| letter.note.is_some()).count();
    report.same("every dead letter has a note that says why", &noted, &(ORDERS + POISON));
    let before = received_at(world, &ids).await?;

    story.title("S19, the route is added and the queue redriven");
    world.publish_with(CALIFORNIA_BY_BOLT).await?;
    // Functions hold the profiles for a minute; new ones read them anew.
    world.kill_functions(&[STEP]);
    // What was looked at is hidden for a second.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let redriven_at = clock::now();
    world.operations.redrive(STEP).await?;
    story.note("redriven");
    for id in &ids {
        follow(world, story, id, "placed", |release| release.facts.transport_acked).await?;
    }
    dead(world, story, POISON).await?;
    settle(world, story, "nothing else is left to do").await?;

    let ledger = Ledger::take(world).await?;
    let mut once = 0;
    for id in &ids {
        once += usize::from(ledger.taken(BOLT, "order-release", &world.find(id).await?) == 1);
    }
    report.same("every order is at the 3PL, once", &once, &ORDERS);
    let left = world.operations.dead_letters(STEP, 100).await?;
    let unreadable = left.iter().filter(|letter| letter.body.contains("poison") && letter.note.is_some()).count();
    report.same("what nobody can read is dead again, with its reason", &(left.len(), unreadable), &(POISON, POISON));
    let after = received_at(world, &ids).await?;
    let kept = before == after && after.iter().all(|at| *at < redriven_at);
    report.check("clocks count from the first receipt, not from the redrive", kept, format!("{} orders", after.len()));
    let (lost, double) = (ledger.lost(), ledger.double_effects());
    report.check("nothing lost", lost.is_empty(), lost.join("; "));
    report.check("nothing done twice", double.is_empty(), double.join("; "));
    Ok(report)
}

async fn received_at(world: &World, ids: &[ReleaseId]) -> Result<Vec<jiff::Timestamp>, Error> {
    let mut times = Vec::new();
    for id in ids {
        times.push(world.find(id).await?.received_at);
    }
    Ok(times)
}

/// Waits until so many messages are in the step's dead-letter queue, and none in its own.
async fn dead(world: &World, story: &Story<'_>, count: usize) -> Result<(), Error> {
    let what = format!("{count} dead letters of {STEP}");
    story.waits(&what);
    let look = async || {
        let depths = world.operations.queue_depths().await?;
        let of = |dead: bool| -> u64 {
            let is = |kind| (kind == aws::QueueKind::DeadLetter) == dead;
            depths.iter().filter(|depth| depth.step == STEP && is(depth.kind)).map(aws::QueueDepth::total).sum()
        };
        Ok((of(true) == count as u64 && of(false) == 0).then_some(()))
    };
    world.until(&what, DEAD_MAX, look).await?;
    story.note(&what);
    Ok(())
}
