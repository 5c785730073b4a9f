//! Which function reads which queue: the real bodies of the functions on the ports of this world.

use futures::future::LocalBoxFuture;
use handlers::{
    EdiDrop, EventPublish, OrderApply, OrderDispatch, OrderReleases, PartnerDeliver, Record, Request, ShipmentApply,
    ShipmentFanout, Step, StreamRecord, run_batch,
};
use jiff::Timestamp;
use ports::Scope;

use crate::executor::Ended;
use crate::queues::Entry;
use crate::world::Written;
use crate::{
    Archive, Bus, Exchange, KeySets, PartnerHttp, Profiles, Queue, QueueName, Redelivery, Secrets, Table, World,
};

impl World {
    /// The function that reads `queue`, at work on `entries`; none if nobody reads it.
    pub(crate) fn function(
        &self,
        queue: QueueName,
        entries: Vec<Entry>,
        stop_at: Timestamp,
    ) -> Option<LocalBoxFuture<'static, Ended>> {
        if let Some(stand_in) = self.stand_in_batch(queue, &entries) {
            return Some(stand_in);
        }
        let (table, archive, profiles) = (Table::of(self), Archive::of(self), Profiles::of(self));
        let (exchange, queues) = (Exchange::of(self), Queue::of(self));
        Some(match queue {
            QueueName::EdiDrop => {
                self.batch(EdiDrop { exchange, archive, queue: queues, profiles }, queue, entries, stop_at)
            }
            QueueName::ShipmentApply => self.batch(ShipmentApply { table }, queue, entries, stop_at),
            QueueName::OrderApply => self.batch(OrderApply { table }, queue, entries, stop_at),
            QueueName::OrderDispatch => {
                self.batch(OrderDispatch { table, archive, queue: queues, profiles }, queue, entries, stop_at)
            }
            QueueName::ShipmentFanout => {
                self.batch(ShipmentFanout { table, archive, queue: queues, profiles }, queue, entries, stop_at)
            }
            QueueName::PartnerDeliver => {
                let (http, secrets) = (PartnerHttp::of(self), Secrets::of(self));
                let step = PartnerDeliver { table, archive, exchange, http, profiles, secrets };
                self.batch(step, queue, entries, stop_at)
            }
            QueueName::Parked => return None,
        })
    }

    fn batch<S: Step + 'static>(
        &self,
        step: S,
        queue: QueueName,
        entries: Vec<Entry>,
        stop_at: Timestamp,
    ) -> LocalBoxFuture<'static, Ended> {
        let (world, redelivery) = (self.clone(), Redelivery::of(self, queue));
        let records = entries.into_iter().map(|entry| Record {
            receipt: entry.receipt(),
            id: entry.id,
            body: entry.body,
            receives: entry.receives,
        });
        let records = records.collect();
        let receives_max = queue.settings().receives_max;
        Box::pin(async move {
            Ended::Batch(run_batch(&step, &redelivery, records, receives_max, || world.now(), stop_at).await)
        })
    }

    /// The function behind the REST API.
    pub(crate) fn order_releases(&self) -> OrderReleases<Table, Archive, Profiles, KeySets> {
        OrderReleases {
            table: Table::of(self),
            archive: Archive::of(self),
            profiles: Profiles::of(self),
            keys: KeySets::of(self),
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

    /// The relay, at work on a part of the stream that begins at `start`.
    pub(crate) fn relay(&self, start: usize, written: Vec<Written>) -> LocalBoxFuture<'static, Ended> {
        if let Some(stand_in) = self.stand_in_relay(start, &written) {
            return stand_in;
        }
        let relay = EventPublish { bus: Bus::of(self) };
        let record = |(at, written): (usize, Written)| StreamRecord {
            sequence_number: (start + at).to_string(),
            events: if written.events.is_empty() { None } else { serde_json::to_string(&written.events).ok() },
        };
        let records = written.into_iter().enumerate().map(record).collect();
        Box::pin(async move {
            let again = relay.publish(records).await.err();
            Ended::Relay(again.map(|number| number.parse().unwrap_or(start)))
        })
    }
}
