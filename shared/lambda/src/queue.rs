//! Functions that read a queue: partial batch failures, and never an empty identifier.

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use handlers::{Record, Step, run_batch};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use ports::Redelivery;

use crate::clock;

/// Serves `step` until the runtime ends. `receives_max` is the queue's `maxReceiveCount`.
pub async fn serve_queue<S: Step, R: Redelivery>(step: S, redelivery: R, receives_max: u32) -> Result<(), Error> {
    let (step, redelivery) = (&step, &redelivery);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        let stop_at = clock::stop_at(event.context.deadline);
        let records = event.payload.records.into_iter().map(record).collect::<Result<Vec<_>, _>>()?;
        let failed = Box::pin(run_batch(step, redelivery, records, receives_max, clock::now, stop_at)).await;
        let mut response = SqsBatchResponse::default();
        response.batch_item_failures = failed
            .into_iter()
            .map(|id| {
                let mut failure = BatchItemFailure::default();
                failure.item_identifier = id;
                failure
            })
            .collect();
        Ok::<_, Error>(response)
    }))
    .await
}

/// A message without an id could not be reported as failed: the whole batch comes back instead.
fn record(message: SqsMessage) -> Result<Record, Error> {
    let id = message.message_id.filter(|id| !id.is_empty()).ok_or("a message without messageId")?;
    let receives = message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok());
    Ok(Record {
        id,
        receipt: message.receipt_handle.unwrap_or_default(),
        body: message.body.unwrap_or_default(),
        receives: receives.unwrap_or(1),
    })
}
