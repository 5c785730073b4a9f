//! SQS, as a consumer and a sender see it.

use crate::cloud::{Cloud, Held, Keeps, Message, MessageQueue, Unmet, holds, until};
use crate::statements::statements;

statements! {
    "SQS", "2026-11-25", Queues;
    "sqs-body-kept" body_kept "A body arrives as it was sent, line ends and all of Unicode included";
    "sqs-body-256k" body_256k "A body of 256 KiB is taken, and arrives whole";
    "sqs-body-over-1m" body_over_1m "A body of more than 1 MiB is refused";
    "sqs-body-empty" body_empty "An empty body is refused";
    "sqs-body-characters" body_characters "A body with U+0000 to U+0008, U+000B, U+000C, U+000E to U+001F, U+FFFE or U+FFFF is refused";
    "sqs-send-many" send_many "Of 25 bodies that are sent at once each arrives, under an id of its own";
    "sqs-receive-none" receive_none "An empty queue gives nothing, and no error";
    "sqs-receive-max" receive_max "A receive gives no more than it was asked for";
    "sqs-hidden" hidden "A received message is hidden until its visibility ends";
    "sqs-comes-back" comes_back "It comes back then, with its id and body, as received once more, under another receipt";
    "sqs-held-once" held_once "Receives at the same time never give the same message";
    "sqs-others-pass" others_pass "A message that is held does not keep back the others";
    "sqs-delete" delete "A deleted message does not come back";
    "sqs-delete-twice" delete_twice "Deleting twice is no error"
        => "Lambda deletes, none of our code does; a test that deletes must expect an error here";
    "sqs-delete-late" delete_late "The latest receipt deletes although its visibility has ended";
    "sqs-delete-old" delete_old "A receipt from before the latest receive deletes nothing, and is no error"
        => "Lambda deletes, none of our code does; a function that outlived its visibility leaves an error in the log here";
    "sqs-postpone-sooner" postpone_sooner "Postponed by 1 s, a message comes back before the queue's own visibility ends";
    "sqs-postpone-zero" postpone_zero "Postponed by 0 s, it comes back at once";
    "sqs-postpone-longer" postpone_longer "Postponed by more than the queue's visibility, it stays hidden longer than that";
    "sqs-postpone-11h" postpone_11h "A message can be postponed by 11 hours, the longest wait of a schedule";
    "sqs-postpone-over-12h" postpone_over_12h "It cannot be postponed by more than 12 hours"
        => "`shared/aws/src/redelivery.rs` asks for 12 hours at most, the schedules for 11";
    "sqs-postpone-visible" postpone_visible "What is visible again cannot be postponed"
        => "a step that outlives its visibility gets an error on AWS and none here; either way the message comes back";
    "sqs-dead-after-max" dead_after_max "Received as often as `maxReceiveCount` says and not deleted, it is in the dead-letter queue and received no more";
    "sqs-dead-not-before" dead_not_before "At its last receive it is not there yet";
    "sqs-dead-same" dead_same "There it has its id and its body: notes on failures are found by the id";
    "sqs-dead-age" dead_age "There it has the time at which it was first sent: the retention goes on";
    "sqs-redrive" redrive "A redrive brings every message back with its body, as if never received";
    "sqs-redrive-new-id" redrive_new_id "A redriven message has another id, and the time of the redrive";
    "sqs-redrive-empty" redrive_empty "A redrive of an empty dead-letter queue is no error";
    "sqs-retention" retention "A message is gone when its retention is over, read or not";
}

async fn body_kept<C: Cloud>(cloud: &C) -> Held {
    let queue = cloud.queue(Keeps::Usual).await?;
    let body = "{\"a\": \"\u{9}\r\n Zoë 東京 \u{1F69A} \u{FFFD} &amp; <b>\"}\n";
    sent(&queue, body).await?;
    let got = next(cloud, &queue).await?;
    holds!(got.body == body, "the body is another");
    Ok(())
}

async fn body_256k<C: Cloud>(cloud: &C) -> Held {
    let queue = cloud.queue(Keeps::Usual).await?;
    let body = "x".repeat(256 * 1024);
    holds!(queue.send(&body).await?.is_ok(), "it is refused");
    let got = next(cloud, &queue).await?;
    holds!(got.body == body, "the body is another");
    Ok(())
}

async fn body_over_1m<C: Cloud>(cloud: &C) -> Held {
    let queue = cloud.queue(Keeps::Usual).await?;
    holds!(queue.send(&"x".repeat(1024 * 1024 + 1)).await?.is_err(), "it is taken");
    Ok(())
}

async fn body_empty<C: Cloud>(cloud: &C) -> Held {
    let queue = cloud.queue(Keeps::Usual).await?;
    holds!(queue.send("").await?.is_err(), "it is taken");
    Ok(())
}

async fn body_characters<C: Cloud>(cloud: &C) -> Held {
    let queue = cloud.queue(Keeps::Usual).await?;
    let mut taken = Vec::new();
    for char in ['\u{0}', '\u{8}', '\u{B}', '\u{C}', '\u{E}', '\u{1F}', '\u{FFFE}', '\u{FFFF}'] {
        if queue.send(&format!("a{char}b")).await?.is_ok() {
            taken.push(format!("U+{:04X}", u32::from(char)));
        }
    }
    holds!(taken.is_empty(), "{} are taken", taken.join(", "));
    Ok(())
}

async fn send_many<C: Cloud>(cloud: &C) -> Held {
    let queue = cloud.queue(Keeps::Usual).await?;
    let bodies: Vec<String> = (0..25).map(|n| format!("body {n}")).collect();
    queue.send_all(bodies.clone()).await?;
    let mut got: Vec<Message> = Vec::new();
    until(cloud, async || {
        for message in queue.receive(10).await? {
            queue.delete(&message.receipt).await?;
            got.push(message);
        }
        Ok((got.len() >= 25).then_some(()))
    })
    .await?;
    holds!(queue.receive(10).await?.is_empty(), "more than 25 arrive");
    let mut ids: Vec<&str> = got.iter().map(|message| message.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    holds!(ids.len() == 25, "{} ids arrive", ids.len());
    let mut arrived: Vec<&str> = got.iter().map(|message| message.body.as_str()).collect();
    arrived.sort_unstable();
    let mut bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
    bodies.sort_unstable();
    holds!(arrived == bodies, "the bodies are others");
    Ok(())
}

async fn receive_none<C: Cloud>(cloud: &C) -> Held {
    let queue = cloud.queue(Keeps::Usual).await?;
    holds!(queue.receive(10).await?.is_empty(), "it gives something");
    Ok(())
}

async fn receive_max<C: Cloud>(cloud: &C) -> Held {
    let queue = cloud.queue(Keeps::Usual).await?;
    queue.send_all((0..10).map(|n| n.to_string()).collect()).await?;
    let got = queue.receive(3).await?.len();
    holds!((1..=3).contains(&got), "asked for 3, it gives {got}");
    Ok(())
}

async fn hidden<C: Cloud>(cloud: &C) -> Held {
    let queue = cloud.queue(Keeps::Usual).await?;
    sent(&queue, "hidden").await?;
    next(cloud, &queue).await?;
    holds!(queue.receive(10).await?.is_empty(), "it is received again at once");
    Ok(())
}

async fn comes_back<C: Cloud>(cloud: &C) -> Held {
    let queue = cloud.queue(Keeps::Usual).await?;
    sent(&queue, "comes back").await?;
    let first = next(cloud, &queue).await?;
    cloud.wait(queue.settings().visibility_s).await?;
    let second = next(cloud, &queue).await?;
    holds!((first.receives, second.receives) == (1, 2), "receives are {} and {}", first.receives, second.receives);
    holds!(first.id == second.id, "its id is another");
    holds!(first.body == second.body, "its body is another");
    holds!(first.receipt != second.receipt, "its receipt is the same");
    Ok(())
}

async fn held_once<C: Cloud>(cloud: &C) -> Held {
    let queue = cloud.queue(Keeps::Usual).await?;
    queue.send_all((0..20).map(|n| n.to_string()).collect()).await?;
    let received = futures::future::join_all((0..6).map(|_| queue.receive(5))).await;
    let mut ids = Vec::new();
    for batch in received {
        ids.extend(batch?.into_iter().map(|message| message.id));
    }
    let all = ids.len();
    ids.sort();
    ids.dedup();
    holds!(ids.len() == all, "{} of {all} are given twice", all - ids.len());
    Ok(())
}

async fn others_pass<C: Cloud>(cloud: &C) -> Held {
    let queue = cloud.queue(Keeps::Usual).await?;
    sent(&queue, "held").await?;
    let held = next(cloud, &queue).await?;
    sent(&queue, "passes").await?;
    let other = next(cloud, &queue).await?;
    holds!(other.id != held.id && other.body == "passes", "the held one is given again");
    Ok(())
}

async fn delete<C: Cloud>(cloud: &C) -> Held {
    let queue = cloud.queue(Keeps::Usual).await?;
    sent(&queue, "deleted").await?;
    queue.delete(&next(cloud, &queue).await?.receipt).await?;
    stays_away(cloud, &queue).await
}

async fn delete_twice<C: Cloud>(cloud: &C) -> Held {
    let queue = cloud.queue(Keeps::Usual).await?;
    sent(&queue, "deleted twice").await?;
    let got = next(cloud, &queue).await?;
    queue.delete(&got.receipt).await?;
    holds!(queue.delete(&got.receipt).await.is_ok(), "it is an error");
    Ok(())
}

async fn delete_late<C: Cloud>(cloud: &C) -> Held {
    let queue = cloud.queue(Keeps::Usual).await?;
    sent(&queue, "deleted late").await?;
    let got = next(cloud, &queue).await?;
    cloud.wait(queue.settings().visibility_s + 1).await?;
    queue.delete(&got.receipt).await?;
    stays_away(cloud, &queue).await
}

async fn delete_old<C: Cloud>(cloud: &C) -> Held {
    let queue = cloud.queue(Keeps::Usual).await?;
    sent(&queue, "not deleted").await?;
    let first = next(cloud, &queue).await?;
    cloud.wait(queue.settings().visibility_s).await?;
    let second = next(cloud, &queue).await?;
    holds!(queue.delete(&first.receipt).await.is_ok(), "it is an error");
    cloud.wait(queue.settings().visibility_s).await?;
    let third = queue_next(cloud, &queue).await?;
    holds!(third.is_some_and(|third| third.id == second.id), "the message is gone");
    Ok(())
}

async fn postpone_sooner<C: Cloud>(cloud: &C) -> Held {
    let queue = cloud.queue(Keeps::Usual).await?;
    sent(&queue, "sooner").await?;
    // As long as the queue can hold it, so that only the second call can bring it back.
    let got = next(cloud, &queue).await?;
    holds!(queue.postpone(&got.receipt, 3600).await?.is_ok(), "an hour is refused");
    holds!(queue.postpone(&got.receipt, 1).await?.is_ok(), "1 s is refused");
    cloud.wait(1).await?;
    let again = queue_next(cloud, &queue).await?;
    holds!(again.is_some_and(|again| again.id == got.id), "it does not come back");
    Ok(())
}

async fn postpone_zero<C: Cloud>(cloud: &C) -> Held {
    let queue = cloud.queue(Keeps::Usual).await?;
    sent(&queue, "at once").await?;
    let got = next(cloud, &queue).await?;
    holds!(queue.postpone(&got.receipt, 0).await?.is_ok(), "it is refused");
    let again = queue.receive(1).await?;
    holds!(again.iter().any(|again| again.id == got.id), "it does not come back at once");
    Ok(())
}

async fn postpone_longer<C: Cloud>(cloud: &C) -> Held {
    let queue = cloud.queue(Keeps::Usual).await?;
    sent(&queue, "later").await?;
    let got = next(cloud, &queue).await?;
    holds!(queue.postpone(&got.receipt, 3600).await?.is_ok(), "it is refused");
    stays_away(cloud, &queue).await
}

async fn postpone_11h<C: Cloud>(cloud: &C) -> Held {
    let queue = cloud.queue(Keeps::Usual).await?;
    sent(&queue, "eleven hours").await?;
    let got = next(cloud, &queue).await?;
    holds!(queue.postpone(&got.receipt, 11 * 3600).await?.is_ok(), "it is refused");
    Ok(())
}

async fn postpone_over_12h<C: Cloud>(cloud: &C) -> Held {
    let queue = cloud.queue(Keeps::Usual).await?;
    sent(&queue, "thirteen hours").await?;
    let got = next(cloud, &queue).await?;
    holds!(queue.postpone(&got.receipt, 12 * 3600 + 1).await?.is_err(), "it is taken");
    Ok(())
}

async fn postpone_visible<C: Cloud>(cloud: &C) -> Held {
    let queue = cloud.queue(Keeps::Usual).await?;
    sent(&queue, "visible").await?;
    let got = next(cloud, &queue).await?;
    cloud.wait(queue.settings().visibility_s + 1).await?;
    holds!(queue.postpone(&got.receipt, 3600).await?.is_err(), "it is taken");
    Ok(())
}

async fn dead_after_max<C: Cloud>(cloud: &C) -> Held {
    let queue = cloud.queue(Keeps::Usual).await?;
    let got = worn_out(cloud, &queue, "dead").await?;
    holds!(queue.receive(10).await?.is_empty(), "it is received once more");
    let dead = first_dead(cloud, &queue).await?;
    holds!(dead.is_some_and(|dead| dead.body == got.body), "it is not in the dead-letter queue");
    Ok(())
}

async fn dead_not_before<C: Cloud>(cloud: &C) -> Held {
    let queue = cloud.queue(Keeps::Usual).await?;
    let got = worn_out(cloud, &queue, "not dead yet").await?;
    let max = queue.settings().receives_max;
    holds!(got.receives == max, "its last receive is number {} of {max}", got.receives);
    // It was made visible again, and nobody has asked for it since.
    holds!(queue.dead().await?.is_empty(), "it is in the dead-letter queue");
    Ok(())
}

async fn dead_same<C: Cloud>(cloud: &C) -> Held {
    let queue = cloud.queue(Keeps::Usual).await?;
    let got = worn_out(cloud, &queue, "the same").await?;
    let Some(dead) = first_dead(cloud, &queue).await? else { return not_dead() };
    holds!(dead.id == got.id, "its id is another");
    holds!(dead.body == got.body, "its body is another");
    Ok(())
}

async fn dead_age<C: Cloud>(cloud: &C) -> Held {
    let queue = cloud.queue(Keeps::Usual).await?;
    let got = worn_out(cloud, &queue, "old").await?;
    let Some(dead) = first_dead(cloud, &queue).await? else { return not_dead() };
    holds!(dead.sent_ms == got.sent_ms, "its time is another");
    Ok(())
}

async fn redrive<C: Cloud>(cloud: &C) -> Held {
    let queue = cloud.queue(Keeps::Usual).await?;
    worn_out(cloud, &queue, "redriven").await?;
    if first_dead(cloud, &queue).await?.is_none() {
        return not_dead();
    }
    queue.redrive().await?;
    let again = next(cloud, &queue).await?;
    holds!(again.body == "redriven", "its body is another");
    holds!(again.receives == 1, "it was received {} times", again.receives);
    holds!(queue.dead().await?.is_empty(), "it is in the dead-letter queue too");
    Ok(())
}

async fn redrive_new_id<C: Cloud>(cloud: &C) -> Held {
    let queue = cloud.queue(Keeps::Usual).await?;
    let got = worn_out(cloud, &queue, "redriven").await?;
    if first_dead(cloud, &queue).await?.is_none() {
        return not_dead();
    }
    cloud.wait(1).await?;
    queue.redrive().await?;
    let again = next(cloud, &queue).await?;
    holds!(again.id != got.id, "its id is the same");
    holds!(again.sent_ms > got.sent_ms, "its time is the same");
    Ok(())
}

async fn redrive_empty<C: Cloud>(cloud: &C) -> Held {
    let queue = cloud.queue(Keeps::Usual).await?;
    queue.redrive().await?;
    holds!(queue.receive(10).await?.is_empty(), "something comes back");
    Ok(())
}

async fn retention<C: Cloud>(cloud: &C) -> Held {
    let queue = cloud.queue(Keeps::Shortest).await?;
    sent(&queue, "forgotten").await?;
    cloud.wait(queue.settings().retention_s + 2).await?;
    holds!(queue.receive(10).await?.is_empty(), "it is still there");
    Ok(())
}

async fn sent<Q: MessageQueue>(queue: &Q, body: &str) -> Held {
    queue.send(body).await?.map_err(|_| Unmet::Unseen("a plain message is refused".to_owned()))
}

async fn queue_next<C: Cloud>(cloud: &C, queue: &C::Queue) -> Result<Option<Message>, Unmet> {
    until(cloud, async || Ok(queue.receive(1).await?.into_iter().next())).await
}

/// The next message; that there is none is a deviation.
async fn next<C: Cloud>(cloud: &C, queue: &C::Queue) -> Result<Message, Unmet> {
    queue_next(cloud, queue).await?.ok_or_else(|| Unmet::Deviates("nothing is received".to_owned()))
}

/// Nothing is received for a while that is longer than the queue's visibility.
async fn stays_away<C: Cloud>(cloud: &C, queue: &C::Queue) -> Held {
    cloud.wait(queue.settings().visibility_s + 1).await?;
    holds!(queue.receive(10).await?.is_empty(), "it comes back");
    Ok(())
}

/// A message after its last receive, visible again: the next receive must not give it.
async fn worn_out<C: Cloud>(cloud: &C, queue: &C::Queue, body: &str) -> Result<Message, Unmet> {
    sent(queue, body).await?;
    let mut last = next(cloud, queue).await?;
    for _ in 1..queue.settings().receives_max {
        again(queue, &last).await?;
        last = next(cloud, queue).await?;
    }
    again(queue, &last).await?;
    Ok(last)
}

async fn again<Q: MessageQueue>(queue: &Q, message: &Message) -> Held {
    let made = queue.postpone(&message.receipt, 0).await?;
    made.map_err(|_| Unmet::Unseen("a message in flight is not postponed".to_owned()))
}

/// The first dead letter. A message moves when its queue is asked for it.
async fn first_dead<C: Cloud>(cloud: &C, queue: &C::Queue) -> Result<Option<Message>, Unmet> {
    until(cloud, async || {
        queue.receive(1).await?;
        Ok(queue.dead().await?.into_iter().next())
    })
    .await
}

fn not_dead() -> Held {
    Err(Unmet::Deviates("it is not in the dead-letter queue".to_owned()))
}
