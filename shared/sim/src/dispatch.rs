//! Which function reads which queue: the real bodies of the functions on the ports of this world.

use std::rc::Rc;

use futures::future::LocalBoxFuture;
use handlers::{
    DeadlineWatch, EdiDrop, EventPublish, OrderApply, OrderDispatch, OrderReleases, PartnerDeliver, PartnerResume,
    Record, Request, ShipmentApply, ShipmentFanout, Step, StreamRecord, run_batch,
};
use jiff::{SignedDuration, Timestamp};
use ports::Scope;

use crate::executor::Ended;
use crate::queues::Entry;
use crate::world::Written;
use crate::{
    Archive, Bus, Exchange, KeySets, Limits, PartnerHttp, Profiles, Queue, QueueName, Redelivery, Secrets, Table, World,
};

/// A function's own clock, which may be wrong, and when the function is stopped.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    pub(crate) skew: SignedDuration,
    pub(crate) stop_at: Timestamp,
}

impl Clock {
    /// What the clock shows at a moment.
    pub(crate) fn of(self, moment: Timestamp) -> Timestamp {
        moment.checked_add(self.skew).unwrap_or(moment)
    }
}

impl World {
    /// The function that reads `queue`, at work on `entries`; none if nobody reads it.
    pub(crate) fn function(
        &self,
        queue: QueueName,
        entries: Vec<Entry>,
        clock: Clock,
    ) -> Option<LocalBoxFuture<'static, Ended>> {
        if let Some(stand_in) = self.stand_in_batch(queue, &entries) {
            return Some(stand_in);
        }
        let (table, archive, profiles) = (Table::of(self), Archive::of(self), Profiles::of(self));
        let (exchange, queues) = (Exchange::of(self), Queue::of(self));
        Some(match queue {
            QueueName::EdiDrop => {
                self.batch(EdiDrop { exchange, archive, queue: queues, profiles }, queue, entries, clock)
            }
            QueueName::ShipmentApply => self.batch(ShipmentApply { table }, queue, entries, clock),
            QueueName::OrderApply => self.batch(OrderApply { table }, queue, entries, clock),
            QueueName::OrderDispatch => {
                self.batch(OrderDispatch { table, archive, queue: queues, profiles }, queue, entries, clock)
            }
            QueueName::ShipmentFanout => {
                self.batch(ShipmentFanout { table, archive, queue: queues, profiles }, queue, entries, clock)
            }
            QueueName::PartnerDeliver => {
                let (http, secrets) = (PartnerHttp::of(self), Secrets::of(self));
                let limits = Limits::of(self);
                let step = PartnerDeliver { table, archive, exchange, http, profiles, secrets, limits };
                self.batch(step, queue, entries, clock)
            }
            QueueName::Parked => return None,
        })
    }

    fn batch<S: Step + 'static>(
        &self,
        step: S,
        queue: QueueName,
        entries: Vec<Entry>,
        clock: Clock,
    ) -> LocalBoxFuture<'static, Ended> {
        let (world, redelivery) = (self.clone(), Redelivery::of(self, queue));
        let records = entries.into_iter().map(|entry| Record {
            receipt: entry.receipt(),
            id: entry.id,
            body: entry.body.to_string(),
            receives: entry.receives,
        });
        let records = records.collect();
        let receives_max = queue.settings().receives_max;
        Box::pin(async move {
            let now = || clock.of(world.now());
            Ended::Batch(run_batch(&step, &redelivery, records, receives_max, now, clock.of(clock.stop_at)).await)
        })
    }

    /// The function behind the REST API.
    pub(crate) fn order_releases(&self) -> OrderReleases<Table, Archive, Profiles, KeySets, Limits> {
        OrderReleases {
            table: Table::of(self),
            archive: Archive::of(self),
            profiles: Profiles::of(self),
            keys: KeySets::of(self),
            limits: Limits::of(self),
        }
    }

    /// The function behind the API, at work on a request.
    pub(crate) fn answer(&self, request: Request, scope: Scope) -> LocalBoxFuture<'static, Ended> {
        if let Some(stand_in) = self.stand_in_answer(&request) {
            return stand_in;
        }
        let function = self.order_releases();
        Box::pin(async move { Ended::Answer(function.handle(&request, scope).await) })
    }

    /// The function that the clock calls, at work on what is due.
    pub(crate) fn watch_deadlines(&self, clock: Clock) -> LocalBoxFuture<'static, Ended> {
        let (world, function) = (self.clone(), DeadlineWatch { table: Table::of(self) });
        Box::pin(async move {
            let now = || clock.of(world.now());
            Ended::Watched(function.watch(now, clock.of(clock.stop_at)).await.is_ok())
        })
    }

    /// The function that the clock calls, at work on breakers.
    pub(crate) fn resume_partners(&self, clock: Clock) -> LocalBoxFuture<'static, Ended> {
        let world = self.clone();
        let function = PartnerResume { table: Table::of(self), queue: Queue::of(self), profiles: Profiles::of(self) };
        Box::pin(async move {
            let now = || clock.of(world.now());
            Ended::Watched(function.watch(now, clock.of(clock.stop_at)).await.is_ok())
        })
    }

    /// The relay, at work on a part of the stream that begins at `start`.
    pub(crate) fn relay(&self, start: usize, written: &[Rc<Written>]) -> LocalBoxFuture<'static, Ended> {
        if let Some(stand_in) = self.stand_in_relay(start, written) {
            return stand_in;
        }
        let relay = EventPublish { bus: Bus::of(self) };
        let record = |(at, written): (usize, &Rc<Written>)| StreamRecord {
            sequence_number: (start + at).to_string(),
            events: if written.events.is_empty() { None } else { serde_json::to_string(&written.events).ok() },
        };
        let records = written.iter().enumerate().map(record).collect();
        Box::pin(async move {
            let again = relay.publish(records).await.err();
            Ended::Relay(again.map(|number| number.parse().unwrap_or(start)))
        })
    }
}
