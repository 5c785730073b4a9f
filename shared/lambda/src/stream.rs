//! The function that reads the table's stream.

use aws_lambda_events::event::dynamodb;
use aws_lambda_events::event::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use handlers::{EventPublish, StreamRecord};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use ports::Bus;
use serde_dynamo::AttributeValue;

/// Serves `relay` until the runtime ends. On failure the stream is told from where to begin again.
pub async fn serve_stream<B: Bus>(relay: EventPublish<B>) -> Result<(), Error> {
    let relay = &relay;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<dynamodb::Event>| async move {
        let records = event.payload.records.into_iter().map(record).collect::<Result<Vec<_>, Error>>()?;
        let mut response = DynamoDbEventResponse::default();
        if let Err(sequence_number) = Box::pin(relay.publish(records)).await {
            let mut failure = DynamoDbBatchItemFailure::default();
            failure.item_identifier = Some(sequence_number);
            response.batch_item_failures = vec![failure];
        }
        Ok::<_, Error>(response)
    }))
    .await
}

fn record(record: dynamodb::EventRecord) -> Result<StreamRecord, Error> {
    let sequence_number = record
        .change
        .sequence_number
        .filter(|number| !number.is_empty())
        .ok_or("a stream record without its number")?;
    let events = match record.change.new_image.get("events") {
        Some(AttributeValue::S(events)) => Some(events.clone()),
        _ => None,
    };
    Ok(StreamRecord { sequence_number, events })
}
