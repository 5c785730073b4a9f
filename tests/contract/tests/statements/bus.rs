//! EventBridge: who gets which event, and how.

use canonical::EventType;
use ports::Bus;
use serde_json::Value;

use crate::cloud::{Batch, Cloud, Held, Origin, Unmet, event, holds, seen_when, times};
use crate::statements::statements;

statements! {
    "EventBridge", "2026-11-25", Nothing;
    "bus-type" by_type "An event whose type a rule names comes to the rule's queue";
    "bus-detail" detail "The message is the event itself, unchanged: `InputPath` takes the rest away";
    "bus-both" both "An event that two rules take comes to both queues, once each";
    "bus-prefix" prefix "A rule by the beginning of a type takes what begins so, and nothing that only holds it";
    "bus-other-type" other_type "An event that a rule does not take is taken by the bus, and does not come to the rule's queue";
    "bus-many" many "Of 25 events that are published at once each comes to its queue";
    "bus-twice" twice "An event that is published twice comes twice: the bus does not know its id";
    "bus-long" long "An event of 200 KB comes whole";
    "bus-over-1m" over_1m "An event of more than 1 MB is refused"
        => "`shared/aws/src/bus.rs` refuses it before publishing";
}

async fn by_type<C: Cloud>(cloud: &C) -> Held {
    publish(cloud, &[(EventType::CancelRequested, 1)]).await?;
    let seen = seen_when(cloud, |seen| at(seen, Origin::OrderDispatch, 1) > 0).await?;
    holds!(at(&seen, Origin::OrderDispatch, 1) == 1, "it does not come");
    Ok(())
}

async fn detail<C: Cloud>(cloud: &C) -> Held {
    publish(cloud, &[(EventType::CancelRequested, 1)]).await?;
    let seen = seen_when(cloud, |seen| at(seen, Origin::OrderDispatch, 1) > 0).await?;
    let sent = serde_json::to_value(event(cloud, EventType::CancelRequested, 1, "ok")?).unwrap_or_default();
    holds!(seen.iter().flatten().any(|got| got.body == sent), "it is another");
    Ok(())
}

async fn both<C: Cloud>(cloud: &C) -> Held {
    publish(cloud, &[(EventType::ReleaseValidated, 1)]).await?;
    let in_both = |seen: &[Batch]| [Origin::OrderDispatch, Origin::ShipmentFanout].map(|from| at(seen, from, 1));
    let seen = seen_when(cloud, |seen| !in_both(seen).contains(&0)).await?;
    holds!(in_both(&seen) == [1, 1], "it comes {:?} times", in_both(&seen));
    Ok(())
}

async fn prefix<C: Cloud>(cloud: &C) -> Held {
    let types = [
        (EventType::OrderCompleted, 1),
        (EventType::ShipmentConfirmed, 2),
        (EventType::InvoiceTriggerRequested, 3),
        (EventType::OwnershipViolation, 4),
        // Neither begins with one of the three, nor is the fourth.
        (EventType::DeliveryCompleted, 5),
    ];
    publish(cloud, &types).await?;
    let seen = seen_when(cloud, |seen| (1..=4).all(|n| at(seen, Origin::ShipmentFanout, n) > 0)).await?;
    let come: Vec<u64> = (1..=5).filter(|n| at(&seen, Origin::ShipmentFanout, *n) > 0).collect();
    holds!(come == [1, 2, 3, 4], "of 1 to 5 come {come:?}");
    Ok(())
}

async fn other_type<C: Cloud>(cloud: &C) -> Held {
    publish(cloud, &[(EventType::DeliveryCompleted, 1), (EventType::CancelRequested, 2)]).await?;
    let seen = seen_when(cloud, |seen| at(seen, Origin::OrderDispatch, 2) > 0).await?;
    cloud.wait(2).await?;
    holds!(times(&seen, 2) > 0, "the other does not come");
    let seen = cloud.seen().await?;
    let strays = at(&seen, Origin::OrderDispatch, 1) + at(&seen, Origin::ShipmentFanout, 1);
    holds!(strays == 0, "it comes");
    Ok(())
}

async fn many<C: Cloud>(cloud: &C) -> Held {
    let all: Vec<(EventType, u64)> = (1..=25).map(|n| (EventType::OrderCompleted, n)).collect();
    publish(cloud, &all).await?;
    let seen = seen_when(cloud, |seen| (1..=25).all(|n| times(seen, n) > 0)).await?;
    let once = (1..=25).filter(|n| times(&seen, *n) == 1).count();
    holds!(once == 25, "{once} come once");
    Ok(())
}

async fn twice<C: Cloud>(cloud: &C) -> Held {
    publish(cloud, &[(EventType::CancelRequested, 1)]).await?;
    publish(cloud, &[(EventType::CancelRequested, 1)]).await?;
    let seen = seen_when(cloud, |seen| at(seen, Origin::OrderDispatch, 1) > 1).await?;
    holds!(at(&seen, Origin::OrderDispatch, 1) == 2, "it comes {} times", at(&seen, Origin::OrderDispatch, 1));
    Ok(())
}

async fn long<C: Cloud>(cloud: &C) -> Held {
    let mut event = event(cloud, EventType::CancelRequested, 1, "ok")?;
    if let Value::Object(data) = &mut event.data {
        data.insert("text".to_owned(), "x".repeat(200_000).into());
    }
    cloud.bus()?.publish(vec![event.clone()]).await?;
    let seen = seen_when(cloud, |seen| at(seen, Origin::OrderDispatch, 1) > 0).await?;
    let sent = serde_json::to_value(event).unwrap_or_default();
    holds!(seen.iter().flatten().any(|got| got.body == sent), "it does not come whole");
    Ok(())
}

async fn over_1m<C: Cloud>(cloud: &C) -> Held {
    let mut event = event(cloud, EventType::DeliveryCompleted, 1, "ok")?;
    event.data = Value::from("x".repeat(1_100_000));
    holds!(cloud.publish(event).await?.is_err(), "it is taken");
    Ok(())
}

async fn publish<C: Cloud>(cloud: &C, events: &[(EventType, u64)]) -> Held {
    let events = events.iter().map(|(kind, n)| event(cloud, *kind, *n, "ok"));
    Ok(cloud.bus()?.publish(events.collect::<Result<_, Unmet>>()?).await?)
}

/// How often number `n` came from there.
fn at(seen: &[Batch], from: Origin, n: u64) -> usize {
    seen.iter().flatten().filter(|got| got.from == from && got.n() == Some(n)).count()
}
