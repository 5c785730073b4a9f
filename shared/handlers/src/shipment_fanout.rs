//! `shipment-fanout`: one delivery for each subscriber of an event.

use canonical::{Delivery, DeliveryState, Event, Inbound};
use ports::{Archive, Commit, CommitError, Key, Profiles, Put, Queue, Scope, Table, TableExt as _};
use steps::Verdict;
use steps::shipment_fanout as step;

use crate::order_dispatch::send;
use crate::{Done, Failed, Step};

/// The function `shipment-fanout`.
#[derive(Debug)]
pub struct ShipmentFanout<T, A, Q, P> {
    /// Where deliveries lie.
    pub table: T,
    /// Where their bodies lie.
    pub archive: A,
    /// Where due deliveries go.
    pub queue: Q,
    /// The subscribers.
    pub profiles: P,
}

impl<T: Table, A: Archive, Q: Queue, P: Profiles> Step for ShipmentFanout<T, A, Q, P> {
    const NAME: &'static str = step::STEP;
    type Body = Inbound;

    async fn run(&self, inbound: Inbound, scope: Scope) -> Result<Done, Failed> {
        let Inbound::Event(event) = inbound else {
            return Err(Failed::bug("shipment-fanout takes events, not messages"));
        };
        let verdict = self.fan_out(&event, scope).await?;
        Ok(Done {
            verdict,
            partner: event.meta.partner.to_string(),
            correlation_id: event.meta.correlation_id.clone().unwrap_or_default(),
            message_id: event.meta.id.to_string(),
        })
    }
}

impl<T: Table, A: Archive, Q: Queue, P: Profiles> ShipmentFanout<T, A, Q, P> {
    async fn fan_out(&self, event: &Event, scope: Scope) -> Result<Verdict, Failed> {
        let bundle = self.profiles.bundle().await?;
        let body = step::body(event);
        let deliveries = step::decide(event, &canonical::Digest::of(&body), &bundle, scope.now);
        if deliveries.is_empty() {
            return Ok(Verdict::applied(format!("nobody subscribes to {}", event.meta.kind)));
        }
        self.archive.keep(&body).await?;
        let count = deliveries.len();
        let mut new = 0;
        let mut due = Vec::new();
        for delivery in deliveries {
            match self.create(&delivery).await? {
                Created::New => {
                    new += 1;
                    due.push(delivery);
                }
                Created::Pending if steps::defect!(FanoutDoneBeforeSending) => {}
                Created::Pending => due.push(delivery),
                Created::Ended => {}
            }
        }
        send(&self.queue, due.iter()).await?;
        Ok(if new > 0 {
            Verdict::applied(format!("{} to {new} of {count} subscribers", event.meta.kind))
        } else {
            Verdict::duplicate(format!("{} was fanned out before", event.meta.kind))
        })
    }

    async fn create(&self, delivery: &Delivery) -> Result<Created, Failed> {
        let key = Key::delivery(&delivery.receiver, &delivery.id);
        match self.table.commit(Commit { puts: vec![Put::new(key.clone(), delivery)?] }).await {
            Ok(()) => Ok(Created::New),
            Err(CommitError::Lost) => {
                // It is there already. If it still waits, its message may have been lost before it was sent.
                let stored = self.table.get::<Delivery>(&key).await?;
                let pending = stored.is_some_and(|stored| stored.value.state == DeliveryState::Pending);
                Ok(if pending { Created::Pending } else { Created::Ended })
            }
            Err(error) => Err(error.into()),
        }
    }
}

enum Created {
    New,
    Pending,
    Ended,
}
