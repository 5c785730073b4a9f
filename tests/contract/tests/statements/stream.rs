//! The table's stream, and the function behind it.

use canonical::EventType;
use ports::{Commit, CommitError, Put, Table};
use serde_json::json;

use crate::cloud::{Batch, Cloud, Got, Held, Origin, Unmet, event, holds, key, seen_when, times};
use crate::statements::statements;

statements! {
    "DynamoDB Streams", "2026-11-25", Nothing;
    "stream-told" write_told "A write is told with the events in its image";
    "stream-lost-untold" lost_untold "A write that was lost is not told";
    "stream-transaction" transaction_told "Of a transaction each item is told";
    "stream-own-events" own_events "The image of a next version holds the events of its own write and of no earlier one";
    "stream-no-events" no_events "An image of a write without events holds none of an earlier write";
    "stream-order" order "Writes of one item are told in their order, none twice, at most ten to a batch";
    "stream-numbers" numbers "Numbers of the records of one item rise";
    "stream-raise" raise "A function that fails as a whole gets the same records again";
    "stream-from-failed" from_failed "A batch of which a record is reported begins again at that record: nothing before it comes again"
        => "`_lambda` in the extension delivers the whole batch again: more duplicates here than on AWS, and the relay's receivers absorb them";
    "stream-none-passed" none_passed "No record is passed over by a later one of the same item while it fails";
}

async fn write_told<C: Cloud>(cloud: &C) -> Held {
    write(cloud, "a", 0, &[(1, "ok"), (2, "ok")]).await?;
    let seen = seen_when(cloud, |seen| times(seen, 1) > 0).await?;
    let got = records(&seen);
    holds!(got.len() == 1, "it is told {} times", got.len());
    let events = vec![completed(cloud, 1, "ok")?, completed(cloud, 2, "ok")?];
    let image = serde_json::to_value(events).map_err(|error| Unmet::Unseen(error.to_string()))?;
    holds!(got.iter().all(|got| got.from == Origin::Stream && got.body == image), "its events are others");
    Ok(())
}

async fn lost_untold<C: Cloud>(cloud: &C) -> Held {
    write(cloud, "a", 0, &[(1, "ok")]).await?;
    let put = Put::new(key(cloud, "a")?, &json!(0))?.telling(vec![completed(cloud, 2, "ok")?]);
    let lost = cloud.table()?.commit(Commit { puts: vec![put] }).await;
    holds!(matches!(lost, Err(CommitError::Lost)), "it is not lost");
    write(cloud, "a", 1, &[(3, "ok")]).await?;
    let seen = seen_when(cloud, |seen| times(seen, 3) > 0).await?;
    holds!(told_times(&seen, 3) == 1 && told_times(&seen, 2) == 0, "it is told");
    Ok(())
}

async fn transaction_told<C: Cloud>(cloud: &C) -> Held {
    let puts = (1..=3).map(|n| {
        let put = Put::new(key(cloud, &n.to_string())?, &json!(0))?;
        Ok(put.telling(vec![completed(cloud, n, "ok")?]))
    });
    let puts = puts.collect::<Result<Vec<_>, Unmet>>()?;
    cloud.table()?.commit(Commit { puts }).await?;
    let seen = seen_when(cloud, |seen| (1..=3).all(|n| times(seen, n) > 0)).await?;
    holds!((1..=3).all(|n| told_times(&seen, n) == 1), "not each is told once");
    Ok(())
}

async fn own_events<C: Cloud>(cloud: &C) -> Held {
    write(cloud, "a", 0, &[(1, "ok")]).await?;
    write(cloud, "a", 1, &[(2, "ok")]).await?;
    let seen = seen_when(cloud, |seen| times(seen, 2) > 0).await?;
    let lens: Vec<usize> = records(&seen).into_iter().map(|got| got.body.as_array().map_or(0, Vec::len)).collect();
    holds!(lens == [1, 1], "the images hold {lens:?} events");
    Ok(())
}

async fn no_events<C: Cloud>(cloud: &C) -> Held {
    write(cloud, "a", 0, &[(1, "ok")]).await?;
    write(cloud, "a", 1, &[]).await?;
    write(cloud, "a", 2, &[(3, "ok")]).await?;
    let seen = seen_when(cloud, |seen| times(seen, 3) > 0).await?;
    holds!(told_times(&seen, 1) == 1, "the first write's event is told {} times", told_times(&seen, 1));
    Ok(())
}

async fn order<C: Cloud>(cloud: &C) -> Held {
    for n in 0..15 {
        write(cloud, "a", n, &[(n + 1, "ok")]).await?;
    }
    let seen = seen_when(cloud, |seen| times(seen, 15) > 0).await?;
    let told: Vec<Option<u64>> = records(&seen).into_iter().map(Got::n).collect();
    holds!(told == (1..=15).map(Some).collect::<Vec<_>>(), "they are told as {told:?}");
    let longest = seen.iter().map(Vec::len).max().unwrap_or(0);
    holds!(longest <= 10, "a batch has {longest}");
    Ok(())
}

async fn numbers<C: Cloud>(cloud: &C) -> Held {
    for n in 0..5 {
        write(cloud, "a", n, &[(n + 1, "ok")]).await?;
    }
    let seen = seen_when(cloud, |seen| times(seen, 5) > 0).await?;
    let numbers: Vec<u128> = records(&seen).into_iter().filter_map(|got| got.id.parse().ok()).collect();
    holds!(numbers.len() == 5, "{} of 5 records have a number", numbers.len());
    holds!(numbers.is_sorted_by(|one, next| one < next), "they do not rise");
    Ok(())
}

async fn raise<C: Cloud>(cloud: &C) -> Held {
    let _alone = cloud.alone().await;
    write(cloud, "a", 0, &[(1, "raise-once")]).await?;
    write(cloud, "a", 1, &[(2, "ok")]).await?;
    let seen = seen_when(cloud, |seen| times(seen, 1) > 1 && times(seen, 2) > 0).await?;
    holds!(times(&seen, 1) == 2, "it is told {} times", times(&seen, 1));
    holds!(times(&seen, 2) > 0, "what follows is not told");
    Ok(())
}

/// What is seen when a record fails in the middle of a batch.
struct Failure {
    seen: Vec<Batch>,
    /// Number of the record before the first of the four.
    base: u64,
    /// Which batch reported the third.
    reporting: usize,
}

/// Four records, of which the third is reported once. While the first fails, the others gather behind it, so that they
/// come as one batch; if they do not, others are tried.
async fn failure<C: Cloud>(cloud: &C) -> Result<Failure, Unmet> {
    let _alone = cloud.alone().await;
    for base in [0, 10, 20, 30, 40] {
        for (n, what) in [(1, "raise-once"), (2, "ok"), (3, "fail-once"), (4, "ok")] {
            write(cloud, &format!("round-{base}"), n - 1, &[(base + n, what)]).await?;
        }
        let again = |seen: &[Batch]| {
            let reporting = reporting(seen, base)?;
            let after = seen.get(reporting + 1..)?;
            (times(after, base + 3) > 0 && times(after, base + 4) > 0).then_some(reporting)
        };
        let seen = seen_when(cloud, |seen| again(seen).is_some()).await?;
        holds!(again(&seen).is_some(), "what is reported does not come again");
        let Some(reporting) = again(&seen) else { continue };
        if seen.get(reporting).is_some_and(|batch| has(batch, base + 2)) {
            return Ok(Failure { seen, base, reporting });
        }
    }
    Err(Unmet::Unseen("the records never come as one batch".to_owned()))
}

/// Which batch reported the third record: the first that has it and does not fail because of the first record.
fn reporting(seen: &[Batch], base: u64) -> Option<usize> {
    let fails = seen.iter().position(|batch| has(batch, base + 1));
    let mut with = seen.iter().enumerate().filter(|(at, batch)| Some(*at) != fails && has(batch, base + 3));
    with.next().map(|(at, _)| at)
}

fn has(batch: &Batch, n: u64) -> bool {
    batch.iter().any(|got| got.n() == Some(n))
}

async fn from_failed<C: Cloud>(cloud: &C) -> Held {
    let Failure { seen, base, reporting } = failure(cloud).await?;
    let again = seen.iter().skip(reporting + 1).find(|batch| has(batch, base + 3));
    let before = again.is_some_and(|batch| has(batch, base + 1) || has(batch, base + 2));
    holds!(!before, "it begins again at the first record of the batch");
    Ok(())
}

async fn none_passed<C: Cloud>(cloud: &C) -> Held {
    let Failure { seen, base, .. } = failure(cloud).await?;
    let told: Vec<u64> = seen.iter().flatten().filter_map(Got::n).filter(|n| *n > base).map(|n| n - base).collect();
    let last = |n: u64| told.iter().rposition(|told| *told == n);
    holds!((1..4).all(|n| last(n) < last(n + 1)), "they end as {told:?}");
    Ok(())
}

/// Each record once, as it came first: while another statement's function fails, ours may come again with it.
fn records(seen: &[Batch]) -> Vec<&Got> {
    let mut records: Vec<&Got> = Vec::new();
    for got in seen.iter().flatten() {
        if !records.iter().any(|known| known.id == got.id) {
            records.push(got);
        }
    }
    records
}

fn told_times(seen: &[Batch], n: u64) -> usize {
    records(seen).into_iter().filter(|got| got.n() == Some(n)).count()
}

fn completed<C: Cloud>(cloud: &C, n: u64, what: &str) -> Result<canonical::Event, Unmet> {
    event(cloud, EventType::OrderCompleted, n, what)
}

/// Writes the version after `version` of an item, telling these events.
async fn write<C: Cloud>(cloud: &C, name: &str, version: u64, events: &[(u64, &str)]) -> Held {
    let key = key(cloud, name)?;
    let put = if version == 0 { Put::new(key, &version)? } else { Put::next(key, version, &version)? };
    let events = events.iter().map(|(n, what)| completed(cloud, *n, what)).collect::<Result<Vec<_>, _>>()?;
    cloud.table()?.commit(Commit { puts: vec![put.telling(events)] }).await?;
    Ok(())
}
