//! A function that is called by the clock.

use handlers::DeadlineWatch;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use ports::{DueIndex, Table};
use serde_json::Value;

use crate::clock::{now, stop_at};

/// Serves `watch` until the runtime ends. What the schedule sends along says nothing.
pub async fn serve_tick<T: Table + DueIndex>(watch: DeadlineWatch<T>) -> Result<(), Error> {
    let watch = &watch;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
        let found = Box::pin(watch.watch(now, stop_at(event.context.deadline))).await;
        found.map(|missed| serde_json::json!({ "missed": missed })).map_err(Error::from)
    }))
    .await
}
