//! Lambda behind SQS: what a mapping hands to a function, and what it makes of its answer.

use serde_json::json;

use crate::cloud::{Batch, Cloud, Got, Held, Origin, holds, seen_when, times, told};
use crate::statements::statements;

statements! {
    "Lambda behind SQS", "2026-11-25", Feed;
    "esm-once" once "A message that is handled is handed over once, with its id, body and a receive count of 1";
    "esm-batches" batches "25 messages are each handed over once, at most ten to a batch";
    "esm-failed-back" failed_back "A message that is reported as failed comes back with a receive count of 2; the others of its batch do not";
    "esm-nothing-reported" nothing_reported "An answer that reports nothing deletes the whole batch";
    "esm-raise" raise "A function that fails as a whole gets its messages again";
    "esm-hang" hang "A function that is stopped by its time-out gets its messages again";
    "esm-nameless" nameless "A report with an empty id brings the whole batch back, and nothing of it is deleted"
        => "no function reports an empty id: a message without one fails as a whole (`shared/lambda/src/queue.rs`)";
    "esm-postponed" postponed "A failed message that the function postponed stays away longer than its queue says, then comes back";
    "esm-dead" dead "What fails each time is handed over as often as `maxReceiveCount` says, then lies in the dead-letter queue";
    "esm-poison-alone" poison_alone "What fails each time does not keep back what comes after it";
}

async fn once<C: Cloud>(cloud: &C) -> Held {
    feed(cloud, &[(1, "ok")]).await?;
    let seen = seen_when(cloud, |seen| times(seen, 1) > 0).await?;
    let got = of(&seen, 1);
    holds!(!got.is_empty(), "it is not handed over");
    cloud.wait(cloud.fed_settings().visibility_s + 5).await?;
    let seen = cloud.seen().await?;
    holds!(times(&seen, 1) == 1, "it is handed over {} times", times(&seen, 1));
    let whole = got.iter().all(|got| got.receives == 1 && !got.id.is_empty() && got.from == Origin::Fed);
    holds!(whole, "id, queue or count are others");
    holds!(got.iter().all(|got| got.body == told(cloud, 1, "ok")), "the body is another");
    Ok(())
}

async fn batches<C: Cloud>(cloud: &C) -> Held {
    let all: Vec<(u64, &str)> = (1..=25).map(|n| (n, "ok")).collect();
    feed(cloud, &all).await?;
    let seen = seen_when(cloud, |seen| (1..=25).all(|n| times(seen, n) > 0)).await?;
    let longest = seen.iter().map(Vec::len).max().unwrap_or(0);
    holds!(longest <= 10, "a batch has {longest}");
    let once = (1..=25).filter(|n| times(&seen, *n) == 1).count();
    holds!(once == 25, "{once} are handed over once");
    Ok(())
}

async fn failed_back<C: Cloud>(cloud: &C) -> Held {
    feed(cloud, &[(1, "ok"), (2, "fail-once"), (3, "ok")]).await?;
    let seen = seen_when(cloud, |seen| times(seen, 2) > 1).await?;
    let counts: Vec<u32> = of(&seen, 2).iter().map(|got| got.receives).collect();
    holds!(counts == [1, 2], "it is handed over with counts {counts:?}");
    holds!(times(&seen, 1) == 1 && times(&seen, 3) == 1, "the others come back too");
    Ok(())
}

async fn nothing_reported<C: Cloud>(cloud: &C) -> Held {
    feed(cloud, &[(1, "null-once"), (2, "ok")]).await?;
    seen_when(cloud, |seen| times(seen, 1) > 0 && times(seen, 2) > 0).await?;
    cloud.wait(cloud.fed_settings().visibility_s + 5).await?;
    let seen = cloud.seen().await?;
    holds!(times(&seen, 1) == 1 && times(&seen, 2) == 1, "they come back");
    Ok(())
}

async fn raise<C: Cloud>(cloud: &C) -> Held {
    feed(cloud, &[(1, "raise-once")]).await?;
    let seen = seen_when(cloud, |seen| times(seen, 1) > 1).await?;
    holds!(times(&seen, 1) == 2, "it is handed over {} times", times(&seen, 1));
    holds!(of(&seen, 1).iter().map(|got| got.receives).eq([1, 2]), "the counts are others");
    Ok(())
}

async fn hang<C: Cloud>(cloud: &C) -> Held {
    feed(cloud, &[(1, "hang-once")]).await?;
    let seen = seen_when(cloud, |seen| times(seen, 1) > 1).await?;
    holds!(times(&seen, 1) == 2, "it is handed over {} times", times(&seen, 1));
    Ok(())
}

async fn nameless<C: Cloud>(cloud: &C) -> Held {
    feed(cloud, &[(1, "nameless-once")]).await?;
    seen_when(cloud, |seen| times(seen, 1) > 0).await?;
    cloud.wait(cloud.fed_settings().visibility_s + 10).await?;
    let seen = cloud.seen().await?;
    holds!(times(&seen, 1) == 2, "it is deleted");
    Ok(())
}

async fn postponed<C: Cloud>(cloud: &C) -> Held {
    let visibility_s = cloud.fed_settings().visibility_s;
    let body = json!({ "tag": cloud.tag(), "n": 1, "do": "postpone-once", "delay_s": 2 * visibility_s });
    cloud.feed(vec![body.to_string()]).await?;
    seen_when(cloud, |seen| times(seen, 1) > 0).await?;
    // Longer than the queue holds it by itself, shorter than the function asked for.
    cloud.wait(visibility_s + visibility_s / 2).await?;
    holds!(times(&cloud.seen().await?, 1) == 1, "it comes back sooner");
    let seen = seen_when(cloud, |seen| times(seen, 1) > 1).await?;
    holds!(times(&seen, 1) == 2, "it does not come back");
    Ok(())
}

async fn dead<C: Cloud>(cloud: &C) -> Held {
    feed(cloud, &[(1, "fail")]).await?;
    let dead = crate::cloud::until(cloud, async || Ok(cloud.fed_dead().await?.into_iter().next())).await?;
    let seen = cloud.seen().await?;
    let Some(dead) = dead else {
        holds!(false, "it is not in the dead-letter queue");
        return Ok(());
    };
    let sent = told(cloud, 1, "fail").to_string();
    holds!(dead.body == sent, "its body is another");
    let got = of(&seen, 1);
    holds!(got.iter().all(|got| got.id == dead.id), "its id is another");
    let counts: Vec<u32> = got.iter().map(|got| got.receives).collect();
    holds!((1..).zip(&counts).all(|(n, count)| n == *count), "it is handed over with counts {counts:?}");
    let max = cloud.fed_settings().receives_max;
    holds!(counts.last() == Some(&max), "it is handed over {} of {max} times", counts.len());
    Ok(())
}

async fn poison_alone<C: Cloud>(cloud: &C) -> Held {
    feed(cloud, &[(1, "fail")]).await?;
    seen_when(cloud, |seen| times(seen, 1) > 0).await?;
    feed(cloud, &[(2, "ok"), (3, "ok")]).await?;
    let seen = seen_when(cloud, |seen| times(seen, 2) > 0 && times(seen, 3) > 0).await?;
    holds!(times(&seen, 2) == 1 && times(&seen, 3) == 1, "the others are kept back");
    holds!(times(&seen, 1) < 3, "the others come after {} tries of it", times(&seen, 1));
    Ok(())
}

async fn feed<C: Cloud>(cloud: &C, what: &[(u64, &str)]) -> Held {
    cloud.feed(what.iter().map(|(n, what)| told(cloud, *n, what).to_string()).collect()).await
}

fn of(seen: &[Batch], n: u64) -> Vec<&Got> {
    seen.iter().flatten().filter(|got| got.n() == Some(n)).collect()
}
