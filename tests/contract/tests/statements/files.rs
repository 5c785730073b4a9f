//! S3: the archive, inboxes and outboxes, and what is said of dropped files.

use canonical::{Digest, PartnerId};
use ports::{Archive, Exchange};
use serde_json::Value;

use crate::cloud::{Batch, Cloud, Held, Origin, Unmet, holds, seen_when};
use crate::statements::statements;

statements! {
    "S3", "2026-11-25", Nothing;
    "s3-archive" archive "What is kept is read at once, byte for byte";
    "s3-archive-twice" archive_twice "The same bytes may be kept again, and are there once under the same digest";
    "s3-archive-at-once" archive_at_once "The same bytes may be kept by several at once, without an error for any";
    "s3-archive-empty" archive_empty "No bytes are a document too";
    "s3-archive-absent" archive_absent "A document that was never kept is none, and no error";
    "s3-out-over" out_over "A file that is put out again replaces the first, and is read at once";
    "s3-dropped-version" dropped_version "The announced version is read although a later one is there";
    "s3-dropped-latest" dropped_latest "Without a version the latest is read";
    "s3-dropped-absent" dropped_absent "A file that is not there is none, and no error";
    "s3-announced" announced "A dropped file is announced to the queue with key, version and size";
    "s3-announced-encoded" announced_encoded "The announced key is URL-encoded: a blank is `+`, `+` is `%2B`, a slash stays";
    "s3-announced-each" announced_each "Two files under one key are two announcements, each with its own version";
    "s3-announced-time" announced_time "An announcement has the time of the drop, as RFC 3339";
    "s3-announced-inbox" announced_inbox "What is put into an outbox is not announced";
}

async fn archive<C: Cloud>(cloud: &C) -> Held {
    let archive = cloud.archive()?;
    let bytes: Vec<u8> = (0..=255).cycle().take(10_000).chain(cloud.tag().bytes()).collect();
    let digest = archive.keep(&bytes).await?;
    holds!(archive.fetch(&digest).await? == Some(bytes), "other bytes are read");
    Ok(())
}

async fn archive_twice<C: Cloud>(cloud: &C) -> Held {
    let archive = cloud.archive()?;
    let bytes = cloud.tag().as_bytes();
    let first = archive.keep(bytes).await?;
    holds!(archive.keep(bytes).await.is_ok_and(|second| second == first), "the second time is another");
    holds!(archive.fetch(&first).await?.as_deref() == Some(bytes), "other bytes are read");
    Ok(())
}

async fn archive_at_once<C: Cloud>(cloud: &C) -> Held {
    let archive = cloud.archive()?;
    let bytes = cloud.tag().as_bytes();
    let kept = futures::future::join_all((0..8).map(|_| archive.keep(bytes))).await;
    let errors = kept.iter().filter(|kept| kept.is_err()).count();
    holds!(errors == 0, "{errors} of 8 get an error");
    Ok(())
}

async fn archive_empty<C: Cloud>(cloud: &C) -> Held {
    let archive = cloud.archive()?;
    let digest = archive.keep(b"").await?;
    holds!(archive.fetch(&digest).await? == Some(Vec::new()), "it is not read");
    Ok(())
}

async fn archive_absent<C: Cloud>(cloud: &C) -> Held {
    let never = Digest::of(format!("never kept by {}", cloud.tag()).as_bytes());
    holds!(cloud.archive()?.fetch(&never).await?.is_none(), "there is one");
    Ok(())
}

async fn out_over<C: Cloud>(cloud: &C) -> Held {
    let exchange = cloud.exchange()?;
    let partner: PartnerId = cloud.tag().parse().map_err(|_| Unmet::Unseen("no partner".to_owned()))?;
    for bytes in [b"first", b"again"] {
        exchange.put_out(&partner, "940.edi", bytes).await?;
    }
    holds!(cloud.put_out(&partner, "940.edi").await?.as_deref() == Some(b"again"), "other bytes are read");
    Ok(())
}

async fn dropped_version<C: Cloud>(cloud: &C) -> Held {
    for bytes in [&b"first"[..], b"second"] {
        cloud.drop_file(cloud.tag(), "a.edi", bytes).await?;
    }
    let seen = seen_when(cloud, |seen| objects(seen).len() > 1).await?;
    let exchange = cloud.exchange()?;
    let mut read = Vec::new();
    for object in objects(&seen) {
        let version = object.get("versionId").and_then(Value::as_str);
        read.push(exchange.dropped(&inbox(cloud, "a.edi"), version).await?.unwrap_or_default());
    }
    read.sort();
    holds!(read == [b"first".to_vec(), b"second".to_vec()], "other bytes are read");
    Ok(())
}

async fn dropped_latest<C: Cloud>(cloud: &C) -> Held {
    for bytes in [&b"first"[..], b"second"] {
        cloud.drop_file(cloud.tag(), "a.edi", bytes).await?;
    }
    let read = cloud.exchange()?.dropped(&inbox(cloud, "a.edi"), None).await?;
    holds!(read.as_deref() == Some(b"second"), "other bytes are read");
    Ok(())
}

async fn dropped_absent<C: Cloud>(cloud: &C) -> Held {
    holds!(cloud.exchange()?.dropped(&inbox(cloud, "never.edi"), None).await?.is_none(), "there is one");
    Ok(())
}

async fn announced<C: Cloud>(cloud: &C) -> Held {
    cloud.drop_file(cloud.tag(), "a.edi", b"1234567").await?;
    let seen = seen_when(cloud, |seen| !objects(seen).is_empty()).await?;
    let objects = objects(&seen);
    holds!(objects.len() == 1, "it is announced {} times", objects.len());
    let object = objects.first().copied().unwrap_or_default();
    holds!(object.get("key").and_then(Value::as_str) == Some(&inbox(cloud, "a.edi")), "the key is another");
    holds!(object.get("size").and_then(Value::as_u64) == Some(7), "the size is another");
    holds!(object.get("versionId").is_some_and(Value::is_string), "there is no version");
    Ok(())
}

async fn announced_encoded<C: Cloud>(cloud: &C) -> Held {
    cloud.drop_file(cloud.tag(), "a b+c é%.edi", b"1").await?;
    let seen = seen_when(cloud, |seen| !objects(seen).is_empty()).await?;
    let keys: Vec<String> =
        objects(&seen).iter().filter_map(|object| Some(object.get("key")?.as_str()?.to_owned())).collect();
    holds!(keys == [inbox(cloud, "a+b%2Bc+%C3%A9%25.edi")], "it is announced as {}", keys.join(", "));
    Ok(())
}

async fn announced_each<C: Cloud>(cloud: &C) -> Held {
    for bytes in [&b"first"[..], b"second"] {
        cloud.drop_file(cloud.tag(), "a.edi", bytes).await?;
    }
    let seen = seen_when(cloud, |seen| objects(seen).len() > 1).await?;
    let mut versions: Vec<Option<String>> =
        objects(&seen).iter().map(|object| Some(object.get("versionId")?.as_str()?.to_owned())).collect();
    versions.sort();
    versions.dedup();
    holds!(versions.len() == 2 && !versions.contains(&None), "{} versions are announced", versions.len());
    Ok(())
}

async fn announced_time<C: Cloud>(cloud: &C) -> Held {
    cloud.drop_file(cloud.tag(), "a.edi", b"1").await?;
    let seen = seen_when(cloud, |seen| !objects(seen).is_empty()).await?;
    let time =
        |got: &crate::cloud::Got| got.body.pointer("/Records/0/eventTime").and_then(Value::as_str).map(str::to_owned);
    let time = seen.iter().flatten().find_map(time);
    let read = time.as_deref().map(str::parse::<jiff::Timestamp>);
    holds!(matches!(read, Some(Ok(_))), "it has none");
    Ok(())
}

async fn announced_inbox<C: Cloud>(cloud: &C) -> Held {
    let partner: PartnerId = cloud.tag().parse().map_err(|_| Unmet::Unseen("no partner".to_owned()))?;
    cloud.exchange()?.put_out(&partner, "out.edi", b"1").await?;
    cloud.drop_file(cloud.tag(), "in.edi", b"1").await?;
    seen_when(cloud, |seen| !objects(seen).is_empty()).await?;
    cloud.wait(2).await?;
    let seen = cloud.seen().await?;
    let keys: Vec<&str> = objects(&seen).iter().filter_map(|object| object.get("key")?.as_str()).collect();
    holds!(keys == [inbox(cloud, "in.edi")], "{} are announced", keys.len());
    Ok(())
}

fn inbox<C: Cloud>(cloud: &C, name: &str) -> String {
    format!("inbox/{}/{name}", cloud.tag())
}

/// Every announced object.
fn objects(seen: &[Batch]) -> Vec<&Value> {
    let announcements = seen.iter().flatten().filter(|got| got.from == Origin::EdiDrop);
    let records = announcements.filter_map(|got| got.body.get("Records")?.as_array()).flatten();
    records.filter_map(|record| record.pointer("/s3/object")).collect()
}
