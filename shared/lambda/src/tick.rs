//! A function that is called by the clock.

use std::future::Future;

use handlers::{DeadlineWatch, PartnerResume};
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use ports::{DueIndex, Fault, Profiles, Queue, Table, WaitIndex};
use serde_json::Value;

use crate::clock::{now, stop_at};

/// The body of a function that is called by the clock.
pub trait Tick {
    /// Does what is due, and says how many things that were. It is stopped at `stop_at`.
    fn tick(&self, stop_at: Timestamp) -> impl Future<Output = Result<usize, Fault>>;
}

impl<T: Table + DueIndex> Tick for DeadlineWatch<T> {
    async fn tick(&self, stop_at: Timestamp) -> Result<usize, Fault> {
        self.watch(now, stop_at).await
    }
}

impl<T: Table + WaitIndex, Q: Queue, P: Profiles> Tick for PartnerResume<T, Q, P> {
    async fn tick(&self, stop_at: Timestamp) -> Result<usize, Fault> {
        self.watch(now, stop_at).await
    }
}

/// Serves `function` until the runtime ends. What the schedule sends along says nothing.
pub async fn serve_tick<T: Tick>(function: T) -> Result<(), Error> {
    let function = &function;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
        let done = Box::pin(function.tick(stop_at(event.context.deadline))).await;
        done.map(|count| serde_json::json!({ "done": count })).map_err(Error::from)
    }))
    .await
}
