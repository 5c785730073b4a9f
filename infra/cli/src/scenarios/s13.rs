//! S13: the 3PL's system is out, and comes back.

use std::collections::BTreeMap;
use std::time::Duration;

use canonical::{Release, ReleaseId};
use jiff::{SignedDuration, Timestamp};

use super::s1::finish;
use super::{BOLT, ERP, Report, follow, received, release_one, settle};
use crate::sandbox::{Behaviour, Direction};
use crate::{Error, Ledger, Story, World, clock};

/// Orders that meet the outage, and how many of them are resumed in a minute.
const ORDERS: usize = 12;
const PER_MINUTE: usize = 4;
/// Calls that the 3PL takes and does not answer, as systems do while they go down.
const UNANSWERED: usize = 2;
/// More calls than are made while it is out.
const REFUSED: usize = 1000;
/// Longest wait for what was held: a probe after two minutes at most, and three minutes of resuming.
const RESUMED_MAX: Duration = Duration::from_mins(10);
/// Deliveries that are further apart than this were resumed in different minutes.
const APART: SignedDuration = SignedDuration::from_secs(20);

/// The check of the catalogue: every release is held and the ERP told so; others are not delayed. When the 3PL is back,
/// what was held follows at its pace, by ship-by date, and nothing is lost or done twice.
pub(super) async fn check(world: &World, story: &Story<'_>) -> Result<Report, Error> {
    let mut report = Report::default();
    story.title(&format!("S13, {ORDERS} orders while the 3PL is out"));
    let slow = |text: &str| text.replace("[endpoint]", &format!("[endpoint]\nresume_per_minute = {PER_MINUTE}"));
    world.publish_changed(&format!("{BOLT}.toml"), slow).await?;
    // Functions hold the profiles for a minute; new ones read them anew.
    world.kill_functions(&["partner-resume", "partner-deliver"]);
    let mut out = vec![Behaviour::HangUp; UNANSWERED];
    out.extend(vec![Behaviour::Answer(503); REFUSED]);
    world.sandbox.behave(BOLT, "", out);
    let mut ids = Vec::new();
    for index in 0..ORDERS {
        // The ship-by dates are in another order than the releases.
        let ship_by = format!("2026-12-{:02}", 1 + index * 5 % ORDERS);
        ids.push(release_one(world, story, &format!("SO-2300{index:02}"), "NY", 1, &ship_by).await?);
    }
    for id in &ids {
        follow(world, story, id, "HELD", Release::waits_for_partner).await?;
    }
    story.note(&format!("{ORDERS} orders are HELD"));
    for id in &ids {
        received(world, story, ERP, "order.release.held.v1", id.as_str()).await?;
    }
    let other = release_one(world, story, "SO-230100", "TX", 1, "2026-12-01").await?;
    let other =
        follow(world, story, &other, "a 940 for the other 3PL", |release| release.facts.transport_acked).await?;
    report.check(
        "an order for another 3PL goes its way meanwhile",
        !other.waits_for_partner(),
        other.state().to_string(),
    );
    let in_vain = calls(world, Timestamp::MIN).len();

    story.title("S13, the 3PL is back");
    let back = clock::now();
    world.sandbox.recover(BOLT);
    let look = async || {
        for id in &ids {
            if !world.find(id).await?.facts.transport_acked {
                return Ok(None);
            }
        }
        Ok(Some(()))
    };
    story.waits("every order at the 3PL");
    world.until("every order at the 3PL", RESUMED_MAX, look).await?;
    settle(world, story, "everything is delivered").await?;

    let ledger = Ledger::take(world).await?;
    let mut once = 0;
    let mut told = (0, 0);
    for id in &ids {
        let release = world.find(id).await?;
        once += usize::from(ledger.taken(BOLT, "order-release", &release) == 1);
        told.0 += usize::from(ledger.taken(ERP, "order.release.held.v1", &release) == 1);
        told.1 += usize::from(ledger.taken(ERP, "order.release.resumed.v1", &release) == 1);
    }
    report.same("each order is at the 3PL under one id", &once, &ORDERS);
    report.same("the ERP is told once of each that it is held, and that it goes on", &told, &(ORDERS, ORDERS));
    let detail = format!("{in_vain} calls of {ORDERS} orders before it was back");
    report.check("most of what is held is not called for", in_vain < ORDERS * 3, detail);
    in_order(&mut report, world, back, &ids).await?;
    finish(&mut report, world, &ledger).await?;
    Ok(report)
}

/// Orders that were posted to the 3PL from a time on: when, and the body.
fn calls(world: &World, from: Timestamp) -> Vec<(Timestamp, String)> {
    let entries = world.sandbox.journal().received(BOLT, "order-release").into_iter();
    let posted = entries.filter(|entry| entry.direction == Direction::Received && entry.what == "order-release");
    posted.filter(|entry| entry.at >= from).map(|entry| (entry.at, entry.body)).collect()
}

/// The first one is the probe. All others come by ship-by date, minute by minute, so many in each as the profile says.
async fn in_order(report: &mut Report, world: &World, back: Timestamp, ids: &[ReleaseId]) -> Result<(), Error> {
    let mut ship_by = BTreeMap::new();
    for id in ids {
        ship_by.insert(id.as_str(), world.find(id).await?.order.ship_by);
    }
    let mut minutes: Vec<Vec<String>> = Vec::new();
    let mut last: Option<Timestamp> = None;
    for (at, body) in calls(world, back) {
        let Some((_, date)) = ship_by.iter().find(|(id, _)| body.contains(**id)) else { continue };
        let date = date.map(|date| date.to_string()).unwrap_or_default();
        let next = last.is_none_or(|last| at.duration_since(last) > APART);
        last = Some(at);
        match minutes.last_mut().filter(|_| !next) {
            Some(minute) => minute.push(date),
            None => minutes.push(vec![date]),
        }
    }
    let detail = format!("{minutes:?}");
    let rest = minutes.split_off(1.min(minutes.len()));
    let paced = rest.iter().all(|minute| minute.len() <= PER_MINUTE);
    report.check("not more in a minute than its profile says", paced && !rest.is_empty(), detail.clone());
    let sorted = rest.windows(2).all(|pair| match pair {
        [a, b] => a.iter().max() <= b.iter().min(),
        _ => true,
    });
    report.check("by ship-by date", sorted, detail);
    Ok(())
}
