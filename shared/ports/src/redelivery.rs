//! What can be done with a message that failed, besides leaving it in its queue.

use std::future::Future;

use serde_json::Value;

use crate::Fault;

/// The queue that a step reads from, seen from the step.
pub trait Redelivery {
    /// Makes the message come back after `delay_s` seconds, counted from now.
    fn postpone(&self, receipt: &str, delay_s: u32) -> impl Future<Output = Result<(), Fault>>;

    /// Keeps why a message failed, for the person who will find it in the dead-letter queue.
    fn note(&self, message_id: &str, note: &Value) -> impl Future<Output = Result<(), Fault>>;
}
