//! Queues and the bus.

use std::future::Future;

use canonical::Event;

use crate::Fault;

/// The queues that steps read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StepQueue {
    /// Messages and events for releases.
    OrderApply,
    /// Messages for shipments.
    ShipmentApply,
    /// Releases to place, cancels to pass on, acknowledgments to write.
    OrderDispatch,
    /// Deliveries that are due.
    PartnerDeliver,
}

impl StepQueue {
    /// Every queue that a step may send to.
    pub const ALL: [Self; 4] = [Self::OrderApply, Self::ShipmentApply, Self::OrderDispatch, Self::PartnerDeliver];

    /// The name of the step that reads it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OrderApply => "order-apply",
            Self::ShipmentApply => "shipment-apply",
            Self::OrderDispatch => "order-dispatch",
            Self::PartnerDeliver => "partner-deliver",
        }
    }
}

/// Sending to queues.
pub trait Queue {
    /// Sends every body, in as few requests as the service allows; what fails of a batch is sent again. If this returns
    /// an error, some may have been sent: the caller sends all of them again and receivers absorb the duplicates.
    fn send(&self, queue: StepQueue, bodies: Vec<String>) -> impl Future<Output = Result<(), Fault>>;
}

/// Telling the world.
pub trait Bus {
    /// Publishes every event; what fails of a batch is published again. An error means that some may not have been.
    fn publish(&self, events: Vec<Event>) -> impl Future<Output = Result<(), Fault>>;
}
