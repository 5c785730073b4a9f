//! Everything that was ever said of a release, said again: to the API, and straight to every queue.

use canonical::{Delivery, DeliveryState, Event, EventType, Subject, Work};
use ports::StepQueue;
use serde::Serialize;
use steps::order_release;
use steps::partner_deliver::{self, After, Answer};
use steps::webhook_ingest;

use super::s1::Told;
use crate::{Error, World};

/// Events that reach `order-apply` by its rule on the bus.
const APPLIED: [EventType; 3] =
    [EventType::ShipmentConfirmed, EventType::MilestoneRecorded, EventType::DeliveryCompleted];

/// Sends again what `told` says was sent, under the same ids, and puts every message, event and delivery that follows
/// from it into its queue once more. How many there were.
pub async fn redeliver(world: &World, told: &Told) -> Result<usize, Error> {
    let mut count = 1 + told.webhooks.len();
    world.release(&told.key, &told.order).await?;
    for webhook in &told.webhooks {
        world.webhook(&webhook.partner, webhook.topic, &webhook.id, webhook.body.as_bytes()).await?;
    }
    count += messages(world, told).await?;
    count += validated(world, told).await?;
    count += deliveries(world, told).await?;
    Ok(count)
}

async fn send(world: &World, step: &str, body: &impl Serialize) -> Result<(), Error> {
    let text = serde_json::to_string(body).map_err(Error::json("a message of ours"))?;
    Ok(world.operations.send(world.operations.queue_url(step)?, &text).await?)
}

/// The messages that `webhook-ingest` made of the webhooks.
async fn messages(world: &World, told: &Told) -> Result<usize, Error> {
    for webhook in &told.webhooks {
        let scope = world.scope(&webhook.partner)?;
        let Some(profile) = world.bundle.partner(&scope.partner) else { continue };
        let sender = profile.principal(&scope.tenant);
        let topic = webhook.topic.parse().map_err(|_| Error::Unusable(format!("{} is no topic", webhook.topic)))?;
        let version = world.bundle.version.as_str();
        let body = webhook.body.as_bytes();
        let message = webhook_ingest::decide(topic, &sender, &webhook.id, body, version, crate::now())
            .map_err(|findings| Error::Unusable(format!("{} is not taken: {findings:?}", webhook.id)))?;
        send(world, handlers::queue_of(&message.content).as_str(), &message).await?;
    }
    Ok(told.webhooks.len())
}

/// The event that asks for a route.
async fn validated(world: &World, told: &Told) -> Result<usize, Error> {
    let release = world.find(&told.release_id).await?;
    let scope = world.scope("northwind-erp")?;
    let Some(profile) = world.bundle.partner(&scope.partner) else { return Ok(0) };
    let sender = profile.principal(&scope.tenant);
    let accepted = order_release::accept(release.order, &told.order, &sender, &world.bundle, None, release.received_at);
    let mut count = 0;
    for event in accepted.events.iter().filter(|event| event.meta.kind == EventType::ReleaseValidated) {
        send(world, StepQueue::OrderDispatch.as_str(), event).await?;
        count += 1;
    }
    Ok(count)
}

/// The deliveries, what they told when they ended, and the events that they carry.
async fn deliveries(world: &World, told: &Told) -> Result<usize, Error> {
    let mut count = 0;
    for item in world.operations.scan(Some(told.release_id.as_str()), |_| ()).await? {
        if item.sk != "DELIVERY" {
            continue;
        }
        let delivery: Delivery = serde_json::from_value(item.doc).map_err(Error::json(item.pk))?;
        let work = Work {
            receiver: delivery.receiver.clone(),
            delivery: delivery.id.clone(),
            correlation_id: delivery.subject.correlation_id(),
            resumed: false,
            trace: delivery.trace.clone(),
        };
        send(world, StepQueue::PartnerDeliver.as_str(), &work).await?;
        count += 1;
        if matches!(delivery.subject, Subject::Event { .. }) {
            if let Some(bytes) = world.operations.archived(&delivery.body.sha256).await? {
                let event: Event = serde_json::from_slice(&bytes).map_err(Error::json("an archived event"))?;
                send(world, "shipment-fanout", &event).await?;
                count += 1;
                if APPLIED.contains(&event.meta.kind) {
                    send(world, StepQueue::OrderApply.as_str(), &event).await?;
                    count += 1;
                }
            }
        } else if delivery.state == DeliveryState::Delivered {
            let answer = Answer::Status { status: 200, retry_after_s: None, excerpt: String::new() };
            let now = delivery.ended_at.unwrap_or(delivery.created_at);
            if let After::End(_, events, _) = partner_deliver::after(&delivery, &answer, now) {
                for event in &events {
                    send(world, StepQueue::OrderApply.as_str(), event).await?;
                    count += 1;
                }
            }
        }
    }
    Ok(count)
}
