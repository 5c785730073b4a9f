//! DynamoDB, by the port that the steps write with.

use canonical::Role;
use ports::{Commit, CommitError, Expect, Fault, Key, OpenSince, Put, Stored, Table, TableExt as _};
use serde_json::{Value, json};

use crate::cloud::{Cloud, Held, Unmet, holds, key, until};
use crate::statements::statements;

statements! {
    "DynamoDB", "2026-11-25", Nothing;
    "ddb-absent" absent "An item that was never written is none, and no error";
    "ddb-create" create "A new item has version 1, and is read at once as it was written";
    "ddb-create-once" create_once "What is there is not created again, and stays as it is";
    "ddb-next" next_version "The next version of what was read is written, and read at once";
    "ddb-next-old" next_old "A write on an old version is lost, and changes nothing";
    "ddb-next-absent" next_absent "A next version of what is not there is lost, and makes nothing";
    "ddb-one-creates" one_creates "Of ten creations of one item at once exactly one is carried out";
    "ddb-one-wins" one_wins "Of ten writes on one version at once exactly one is carried out";
    "ddb-transaction" transaction "A transaction of several items is seen whole";
    "ddb-transaction-lost" transaction_lost "Of a transaction of which one condition does not hold nothing is written";
    "ddb-transaction-wins" transaction_wins "Of five transactions that share one item exactly one is carried out, whole";
    "ddb-transaction-100" transaction_100 "A transaction of 100 items is carried out";
    "ddb-transaction-101" transaction_101 "A transaction of 101 items is refused, and nothing is written";
    "ddb-transaction-4m" transaction_4m "A transaction of more than 4 MB is refused, and nothing is written";
    "ddb-item-390k" item_390k "An item of 390 KB is taken, and read as it was written";
    "ddb-item-over-400k" item_over_400k "An item of more than 400 KB is refused, and nothing is written";
    "ddb-text-kept" text_kept "All of Unicode, long numbers and empty texts are read as they were written";
    "ddb-index-open" index_open "An item that waits for somebody is in the index soon";
    "ddb-index-closed" index_closed "When it waits no more it is out of the index soon";
}

async fn absent<C: Cloud>(cloud: &C) -> Held {
    holds!(cloud.table()?.load(&key(cloud, "absent")?).await?.is_none(), "there is one");
    Ok(())
}

async fn create<C: Cloud>(cloud: &C) -> Held {
    let (table, key) = (cloud.table()?, key(cloud, "new")?);
    write(&table, Put::new(key.clone(), &json!({ "a": 1 }))?).await?;
    let found = table.get(&key).await?;
    holds!(found == stored(1, json!({ "a": 1 })), "it is read as {found:?}");
    Ok(())
}

async fn create_once<C: Cloud>(cloud: &C) -> Held {
    let (table, key) = (cloud.table()?, key(cloud, "once")?);
    write(&table, Put::new(key.clone(), &json!("first"))?).await?;
    let second = commit(&table, Put::new(key.clone(), &json!("second"))?).await;
    holds!(lost(&second), "the second creation is not lost");
    holds!(table.get(&key).await? == stored(1, json!("first")), "it is changed");
    Ok(())
}

async fn next_version<C: Cloud>(cloud: &C) -> Held {
    let (table, key) = (cloud.table()?, key(cloud, "next")?);
    write(&table, Put::new(key.clone(), &json!({ "old": true }))?).await?;
    write(&table, Put::next(key.clone(), 1, &json!({ "new": true }))?).await?;
    let found = table.get(&key).await?;
    holds!(found == stored(2, json!({ "new": true })), "it is read as {found:?}");
    Ok(())
}

async fn next_old<C: Cloud>(cloud: &C) -> Held {
    let (table, key) = (cloud.table()?, key(cloud, "old")?);
    write(&table, Put::new(key.clone(), &json!(1))?).await?;
    write(&table, Put::next(key.clone(), 1, &json!(2))?).await?;
    let late = commit(&table, Put::next(key.clone(), 1, &json!(3))?).await;
    holds!(lost(&late), "the late write is not lost");
    holds!(table.get(&key).await? == stored(2, json!(2)), "it is changed");
    Ok(())
}

async fn next_absent<C: Cloud>(cloud: &C) -> Held {
    let (table, key) = (cloud.table()?, key(cloud, "never")?);
    let early = commit(&table, Put::next(key.clone(), 1, &json!(2))?).await;
    holds!(lost(&early), "it is not lost");
    holds!(table.load(&key).await?.is_none(), "it is made");
    Ok(())
}

async fn one_creates<C: Cloud>(cloud: &C) -> Held {
    let (table, key) = (cloud.table()?, key(cloud, "race")?);
    let puts = (0..10).map(|n| Put::new(key.clone(), &n));
    one_of(&table, &key, puts.collect::<Result<_, _>>()?, 1).await
}

async fn one_wins<C: Cloud>(cloud: &C) -> Held {
    let (table, key) = (cloud.table()?, key(cloud, "race")?);
    write(&table, Put::new(key.clone(), &json!("start"))?).await?;
    let puts = (0..10).map(|n| Put::next(key.clone(), 1, &n));
    one_of(&table, &key, puts.collect::<Result<_, _>>()?, 2).await
}

/// Of writes at once one is carried out, and it is the one that is read.
async fn one_of<T: Table>(table: &T, key: &Key, puts: Vec<Put>, version: u64) -> Held {
    let docs: Vec<String> = puts.iter().map(|put| put.doc.clone()).collect();
    let ended = futures::future::join_all(puts.into_iter().map(|put| commit(table, put))).await;
    let mut won = Vec::new();
    for (ended, doc) in ended.into_iter().zip(docs) {
        match ended {
            Ok(()) => won.push(doc),
            Err(CommitError::Lost | CommitError::Busy) => {}
            Err(error) => return Err(error.into()),
        }
    }
    holds!(won.len() == 1, "{} are carried out", won.len());
    let found = table.load(key).await?;
    holds!(found.as_ref().is_some_and(|found| found.version == version), "its version is another");
    holds!(found.is_some_and(|found| won.contains(&found.value)), "another one is read");
    Ok(())
}

async fn transaction<C: Cloud>(cloud: &C) -> Held {
    let table = cloud.table()?;
    let keys = keys(cloud, 3)?;
    write_all(&table, &keys, 0).await?;
    for key in &keys {
        holds!(table.get(key).await? == stored(1, json!(0)), "an item is missing");
    }
    Ok(())
}

async fn transaction_lost<C: Cloud>(cloud: &C) -> Held {
    let table = cloud.table()?;
    let keys = keys(cloud, 3)?;
    let last = keys.last().cloned().ok_or_else(|| Unmet::Unseen("no key".to_owned()))?;
    write(&table, Put::new(last, &json!("there"))?).await?;
    let ended = table.commit(creations(&keys, 1)?).await;
    holds!(lost(&ended), "it is not lost");
    for key in keys.iter().take(2) {
        holds!(table.load(key).await?.is_none(), "an item is written");
    }
    Ok(())
}

async fn transaction_wins<C: Cloud>(cloud: &C) -> Held {
    let table = cloud.table()?;
    let shared = key(cloud, "shared")?;
    let own = (0..5).map(|n| key(cloud, &format!("own-{n}"))).collect::<Result<Vec<_>, _>>()?;
    let commits = own.iter().map(|own| creations(&[shared.clone(), own.clone()], 0));
    let commits = commits.collect::<Result<Vec<_>, Fault>>()?;
    let mut won = 0;
    for ended in futures::future::join_all(commits.into_iter().map(|commit| table.commit(commit))).await {
        match ended {
            Ok(()) => won += 1,
            Err(CommitError::Lost | CommitError::Busy) => {}
            Err(error) => return Err(error.into()),
        }
    }
    holds!(won == 1, "{won} are carried out");
    let mut there = 0;
    for own in &own {
        there += usize::from(table.load(own).await?.is_some());
    }
    holds!(there == 1, "{there} of the items that are not shared are written");
    Ok(())
}

async fn transaction_100<C: Cloud>(cloud: &C) -> Held {
    let table = cloud.table()?;
    let keys = keys(cloud, 100)?;
    let taken = cloud.transact(creations(&keys, 7)?.puts).await?;
    holds!(taken.is_ok(), "it is refused");
    for key in [keys.first(), keys.last()].into_iter().flatten() {
        holds!(table.get(key).await? == stored(1, json!(7)), "an item is missing");
    }
    Ok(())
}

async fn transaction_101<C: Cloud>(cloud: &C) -> Held {
    let keys = keys(cloud, 101)?;
    let taken = cloud.transact(creations(&keys, 7)?.puts).await?;
    refused_whole(cloud, taken.is_err(), &keys).await
}

async fn transaction_4m<C: Cloud>(cloud: &C) -> Held {
    let keys = keys(cloud, 11)?;
    let long = "x".repeat(390_000);
    let puts = keys.iter().map(|key| Put::new(key.clone(), &long)).collect::<Result<Vec<_>, _>>()?;
    let taken = cloud.transact(puts).await?;
    refused_whole(cloud, taken.is_err(), &keys).await
}

async fn item_390k<C: Cloud>(cloud: &C) -> Held {
    let (table, key) = (cloud.table()?, key(cloud, "long")?);
    let long = json!("x".repeat(390 * 1024));
    let taken = cloud.transact(vec![Put::new(key.clone(), &long)?]).await?;
    holds!(taken.is_ok(), "it is refused");
    holds!(table.get(&key).await? == stored(1, long), "it is read as another");
    Ok(())
}

async fn item_over_400k<C: Cloud>(cloud: &C) -> Held {
    let key = key(cloud, "too-long")?;
    let taken = cloud.transact(vec![Put::new(key.clone(), &"x".repeat(401 * 1024))?]).await?;
    refused_whole(cloud, taken.is_err(), &[key]).await
}

async fn refused_whole<C: Cloud>(cloud: &C, refused: bool, keys: &[Key]) -> Held {
    holds!(refused, "it is taken");
    let table = cloud.table()?;
    for key in keys {
        holds!(table.load(key).await?.is_none(), "an item is written");
    }
    Ok(())
}

async fn text_kept<C: Cloud>(cloud: &C) -> Held {
    let (table, key) = (cloud.table()?, key(cloud, "東京 #é")?);
    let value = json!({
        "": "", "text": "Zoë \u{1F69A}\u{0}\u{1F}\r\n", "long": u64::MAX, "exact": "0.10000000000000000001",
        "none": null, "list": [[], {}],
    });
    write(&table, Put::new(key.clone(), &value)?).await?;
    holds!(table.get(&key).await? == stored(1, value), "it is read as another");
    Ok(())
}

async fn index_open<C: Cloud>(cloud: &C) -> Held {
    let key = key(cloud, "open")?;
    write(&cloud.table()?, waiting(&key, Expect::Absent)?).await?;
    let found = until(cloud, async || Ok(cloud.is_open(&key).await?.then_some(()))).await?;
    holds!(found.is_some(), "it is not there");
    Ok(())
}

async fn index_closed<C: Cloud>(cloud: &C) -> Held {
    let (table, key) = (cloud.table()?, key(cloud, "closed")?);
    write(&table, waiting(&key, Expect::Absent)?).await?;
    let open = until(cloud, async || Ok(cloud.is_open(&key).await?.then_some(()))).await?;
    holds!(open.is_some(), "it never was there");
    write(&table, Put { open: None, ..waiting(&key, Expect::Version(1))? }).await?;
    let gone = until(cloud, async || Ok((!cloud.is_open(&key).await?).then_some(()))).await?;
    holds!(gone.is_some(), "it is still there");
    Ok(())
}

fn waiting(key: &Key, expect: Expect) -> Result<Put, Fault> {
    let open = OpenSince { court: Role::Wms.as_str().to_owned(), since: "2026-11-25T10:00:00Z".to_owned() };
    Ok(Put { expect, ..Put::new(key.clone(), &json!({}))?.open(Some(open)) })
}

fn keys<C: Cloud>(cloud: &C, count: usize) -> Result<Vec<Key>, Unmet> {
    (0..count).map(|n| key(cloud, &format!("item-{n}"))).collect()
}

fn creations(keys: &[Key], value: u32) -> Result<Commit, Fault> {
    Ok(Commit { puts: keys.iter().map(|key| Put::new(key.clone(), &value)).collect::<Result<_, _>>()? })
}

async fn write_all<T: Table>(table: &T, keys: &[Key], value: u32) -> Held {
    Ok(table.commit(creations(keys, value)?).await?)
}

async fn write<T: Table>(table: &T, put: Put) -> Held {
    Ok(commit(table, put).await?)
}

async fn commit<T: Table>(table: &T, put: Put) -> Result<(), CommitError> {
    table.commit(Commit { puts: vec![put] }).await
}

fn lost(ended: &Result<(), CommitError>) -> bool {
    matches!(ended, Err(CommitError::Lost))
}

#[expect(clippy::unnecessary_wraps, reason = "it is compared with what a table gives")]
fn stored(version: u64, value: Value) -> Option<Stored<Value>> {
    Some(Stored { version, value })
}
