//! S14: a file that comes again, in the four ways in which files do.

use aws::Http;
use canonical::Code;

use super::s1::finish;
use super::{
    ACME, ERP, Report, SHIP_BY, STEP_MAX, acknowledged, follow, put, received, release_one, settle, ship_order,
};
use crate::warehouse::{Shipping, Warehouse};
use crate::{Error, Ledger, Story, World, logs};

/// Control numbers of the first file, and of the new one with the same content.
const FIRST: u32 = 701;
const NEW: u32 = 702;

/// The check of the catalogue: four drops with four dispositions. Same bytes under the same name and under another are
/// known by their bytes; other bytes under a number that was used are a conflict for a person; the same shipment under a
/// new number changes nothing and is acknowledged.
pub(super) async fn check(world: &World, story: &Story<'_>) -> Result<Report, Error> {
    let mut report = Report::default();
    story.title("S14, a 945 is dropped, and comes again in four ways");
    let id = release_one(world, story, "SO-240001", "TX", 100, SHIP_BY).await?;
    let placed = ship_order(world, &id).await?;
    let writer = Warehouse::new(&world.bundle, ACME, *b"|:'", world.time(5))?;
    let whole = Shipping::whole(&placed, "DAL1-SO-240001");
    let file = writer.advise(std::slice::from_ref(&whole), FIRST)?;
    put(world, story, "945-701.edi", &file, "the first time").await?;
    follow(world, story, &id, "SHIPPED", |release| !release.facts.shipments.is_empty()).await?;
    acknowledged(world, story, FIRST).await?;
    received(world, story, ERP, "shipment.confirmed.v1", id.as_str()).await?;
    settle(world, story, "everything is delivered").await?;
    let before = world.find(&id).await?;

    put(world, story, "945-701.edi", &file, "same bytes, same name").await?;
    ended(world, story, "945-701.edi", "duplicate").await?;
    put(world, story, "945-701 (copy).edi", &file, "same bytes, another name").await?;
    ended(world, story, "945-701 (copy).edi", "duplicate").await?;
    let other = Shipping { shipment_no: "DAL1-SO-240001-X".to_owned(), ..whole.clone() };
    let taken = writer.advise(&[other], FIRST)?;
    put(world, story, "945-701-b.edi", &taken, "other bytes under the same interchange control number").await?;
    ended(world, story, "945-701-b.edi", "conflict").await?;
    let again = writer.advise(&[whole], NEW)?;
    put(world, story, "945-702.edi", &again, "the same shipment under a new control number").await?;
    ended(world, story, "945-702.edi", "applied").await?;
    let answer = acknowledged(world, story, NEW).await?;
    settle(world, story, "everything is delivered").await?;

    let ledger = Ledger::take(world).await?;
    let copies: Vec<&str> = ledger.parked.iter().map(|parked| parked.code.as_str()).collect();
    report.same("same bytes, same name: nothing happens", &count(world, FIRST).await?, &1);
    let release = world.find(&id).await?;
    let unchanged = release.facts == before.facts && release.history.len() == before.history.len();
    report.check("same bytes, another name: nothing happens", unchanged, format!("{} lines", release.history.len()));
    let conflict: Vec<_> = ledger.parked.iter().filter(|parked| parked.code == Code::EdiControlNumberTaken).collect();
    for parked in &conflict {
        story.note(&format!("in the inbox: {}", crate::timeline::parked_detail(parked)));
    }
    report.check(
        "same number, other bytes: a conflict in the inbox, whole",
        copies.len() == 1 && conflict.len() == 1,
        copies.join(", "),
    );
    report.same("a new number, the same shipment: acknowledged", &answer.outcome, &"A".to_owned());
    report.same("and one item fulfilment at the ERP", &ledger.taken(ERP, "shipment.confirmed.v1", &release), &1);
    finish(&mut report, world, &ledger).await?;
    Ok(report)
}

/// Waits until the file's line in the log of `edi-drop` says how it ended.
async fn ended(world: &World, story: &Story<'_>, name: &str, outcome: &str) -> Result<(), Error> {
    let (http, running) = (Http::new()?, world.running());
    let key = format!("inbox/{ACME}/{name}:");
    story.waits(&format!("{name} to end as {outcome}"));
    let look = async || {
        let lines = logs::lines(&http, &running, "edi-drop", outcome).await?;
        Ok(lines.into_iter().find(|line| line.outcome == outcome && line.detail.starts_with(&key)))
    };
    let line = world.until(&format!("{name} to end as {outcome}"), STEP_MAX, look).await?;
    story.note(&format!("{outcome}: {}", line.detail));
    Ok(())
}

/// How many 997s there are for a group.
async fn count(world: &World, group: u32) -> Result<usize, Error> {
    let answers = world.acknowledgments(ACME).await?;
    Ok(answers.iter().filter(|answer| answer.group == group.to_string()).count())
}
