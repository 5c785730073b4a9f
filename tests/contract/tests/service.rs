//! The verbs, carried out on AWS or on what stands for it: by the product's adapters where they suffice, else by the SDK.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::time::Duration;

use aws::{Http, Operations, OperationsConfig, SdkConfig, Settings};
use aws_sdk_cloudformation::types::{Capability, StackStatus};
use aws_sdk_dynamodb::types::{AttributeValue, Put as PutRequest, TransactWriteItem};
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use aws_sdk_sqs::error::{DisplayErrorContext, ProvideErrorMetadata};
use aws_sdk_sqs::types::{MessageSystemAttributeName, QueueAttributeName};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use canonical::{Event, PartnerId};
use ports::{Exchange as _, Expect, Fault, Key, Put, Queue as _, StepQueue};
use serde_json::{Value, json};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::sleep;

use crate::cloud::{
    Answer, Batch, Cloud, Got, Held, Keeps, Message, MessageQueue, Origin, QueueSettings, Refused, Taken, Unmet,
};

/// What everything is named after, and the stack's name with a run's own end.
pub(crate) const NAME: &str = "crossdock-contract";
/// The template, with the stand-in in it.
const TEMPLATE: &str = include_str!("../template.yaml");
const PROBE: &str = include_str!("../probe.py");

/// How the queues of statements are set: as short as can be told from the time that the machine takes.
const VISIBILITY_S: u32 = 10;
/// At least the stand-in's time-out.
const FED_VISIBILITY_S: u32 = 20;
const RECEIVES_MAX: u32 = 3;
const RETENTION_S: u32 = 345_600;
/// SQS's minimum.
const RETENTION_S_MIN: u32 = 60;

/// Looks for what shall happen, and the pause between them: 90 s. Mostly it takes one or two.
const LOOKS_MAX: usize = 360;
const LOOK_MS: u64 = 250;
/// Longest that a stack takes to be made or removed, in seconds. On AWS it takes two minutes.
const STACK_S_MAX: u32 = 600;
/// Queues, tables and buckets of the template without those that statements need.
const OWN_MIN: usize = 8;
/// Longest that a redrive takes, in seconds.
const REDRIVE_S_MAX: u32 = 60;

/// Where the services are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Place {
    /// The endpoint of an emulator; AWS if none.
    pub(crate) endpoint: Option<String>,
    /// The region; that of the environment if none.
    pub(crate) region: Option<String>,
    /// Access key id and secret key; those of the environment if none.
    pub(crate) credentials: Option<(String, String)>,
}

/// The template as it is deployed, with a queue before the stand-in for each statement of `feeding`.
pub(crate) fn template(feeding: &[&str]) -> String {
    let (mut resources, mut outputs) = (String::new(), String::new());
    for id in feeding {
        let name = fed_name(id);
        // Writing to a String cannot fail.
        let _ = write!(
            resources,
            "  {name}:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub \"${{AWS::StackName}}-fed-{id}\"
      VisibilityTimeout: {FED_VISIBILITY_S}
      RedrivePolicy: {{ deadLetterTargetArn: !GetAtt FedDlq.Arn, maxReceiveCount: {RECEIVES_MAX} }}
  {name}Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !Ref Probe
      EventSourceArn: !GetAtt {name}.Arn
      BatchSize: 10
      FunctionResponseTypes: [ReportBatchItemFailures]
"
        );
        let _ = writeln!(outputs, "  {name}Url: {{ Value: !Ref {name} }}");
    }
    // A JSON string is a YAML string.
    TEMPLATE.replace("  # FED\n", &resources).replace("ZipFile: PROBE", &format!("ZipFile: {}", Value::from(PROBE)))
        + &outputs
}

/// The logical name of the queue that a statement feeds.
fn fed_name(id: &str) -> String {
    let word = |word: &str| word[..1].to_uppercase() + &word[1..];
    format!("Fed{}", id.split('-').map(word).collect::<String>())
}

/// One of everything, made for one run.
pub(crate) struct Service {
    config: SdkConfig,
    cloudformation: aws_sdk_cloudformation::Client,
    dynamodb: aws_sdk_dynamodb::Client,
    events: aws_sdk_eventbridge::Client,
    s3: aws_sdk_s3::Client,
    sqs: aws_sdk_sqs::Client,
    http: Http,
    operations: Operations,
    stack: String,
    api_url: String,
    outputs: BTreeMap<String, String>,
    /// Held while a function fails on the stream.
    stream: Mutex<()>,
}

/// An SDK's error, with everything behind it.
fn unseen<E: std::error::Error + Send + Sync + 'static>(what: &str) -> impl Fn(E) -> Unmet {
    move |error| Unmet::Unseen(format!("{what}: {}", DisplayErrorContext(&error)))
}

/// The client's own mistake is a refusal; all else means that it could not be asked.
fn refusal<T, E>(what: &str, result: Result<T, aws_sdk_sqs::error::SdkError<E>>) -> Result<Result<T, Refused>, Unmet>
where
    E: std::error::Error + Send + Sync + ProvideErrorMetadata + 'static,
{
    match result {
        Ok(taken) => Ok(Ok(taken)),
        Err(error) if error.raw_response().is_some_and(|answer| answer.status().is_client_error()) => Ok(Err(Refused)),
        Err(error) => Err(unseen(what)(error)),
    }
}

impl Service {
    /// Makes the stack named for `run`, and waits until it is there.
    pub(crate) async fn set_up(place: Place, run: &str, template: &str) -> Result<Self, Unmet> {
        let mut loader = aws_config::defaults(aws_config::BehaviorVersion::v2026_01_12());
        if let Some(endpoint) = &place.endpoint {
            loader = loader.endpoint_url(endpoint);
        }
        if let Some(region) = &place.region {
            loader = loader.region(aws_config::Region::new(region.clone()));
        }
        if let Some((id, key)) = &place.credentials {
            let credentials = aws_sdk_s3::config::Credentials::new(id, key, None, None, "contract");
            loader = loader.credentials_provider(credentials);
        }
        let config = loader.load().await;
        let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(place.endpoint.is_some()).build();
        let mut service = Self {
            cloudformation: aws_sdk_cloudformation::Client::new(&config),
            dynamodb: aws_sdk_dynamodb::Client::new(&config),
            events: aws_sdk_eventbridge::Client::new(&config),
            s3: aws_sdk_s3::Client::from_conf(s3),
            sqs: aws_sdk_sqs::Client::new(&config),
            http: Http::new()?,
            operations: Operations::new(OperationsConfig::default()).await,
            stack: format!("{NAME}-{run}"),
            api_url: String::new(),
            outputs: BTreeMap::new(),
            stream: Mutex::new(()),
            config,
        };
        let made = service.cloudformation.create_stack().stack_name(&service.stack).template_body(template);
        made.capabilities(Capability::CapabilityIam).send().await.map_err(unseen("the stack is made"))?;
        let outputs = match service.settled().await {
            Ok(outputs) => outputs,
            Err(why) => {
                service.take_down().await?;
                return Err(why);
            }
        };
        service.api_url = match &place.endpoint {
            Some(endpoint) => format!("{endpoint}/_aws/execute-api/{}", output(&outputs, "ApiId")?),
            None => output(&outputs, "ApiUrl")?.to_owned(),
        };
        service.operations = Operations::new(OperationsConfig {
            endpoint: place.endpoint,
            region: service.config.region().map(ToString::to_string).unwrap_or_default(),
            credentials: place.credentials,
            outputs: outputs.clone(),
        })
        .await;
        service.outputs = outputs;
        Ok(service)
    }

    /// The outputs of the stack, once it is complete.
    async fn settled(&self) -> Result<BTreeMap<String, String>, Unmet> {
        for _ in 0..STACK_S_MAX {
            let found = self.cloudformation.describe_stacks().stack_name(&self.stack).send().await;
            let found = found.map_err(unseen("the stack is looked at"))?;
            let Some(stack) = found.stacks().first() else { break };
            match stack.stack_status() {
                Some(StackStatus::CreateComplete) => {
                    let outputs = stack.outputs().iter();
                    let pair = |output: &aws_sdk_cloudformation::types::Output| {
                        Some((output.output_key()?.to_owned(), output.output_value()?.to_owned()))
                    };
                    return Ok(outputs.filter_map(pair).collect());
                }
                Some(StackStatus::CreateInProgress) => sleep(Duration::from_secs(1)).await,
                other => {
                    let reason = stack.stack_status_reason().unwrap_or("no reason given");
                    return Err(Unmet::Unseen(format!("the stack is {other:?}: {reason}")));
                }
            }
        }
        Err(Unmet::Unseen(format!("the stack is not made within {STACK_S_MAX} s")))
    }

    /// Removes everything that the run made, and waits until it is gone.
    pub(crate) async fn take_down(&self) -> Held {
        if !self.outputs.is_empty() && self.left_over().await?.len() < OWN_MIN {
            // Else that nothing is left would prove nothing.
            return Err(Unmet::Unseen("what the run made is not listed".to_owned()));
        }
        let prefix = format!("{}-", self.stack);
        let listed = self.sqs.list_queues().queue_name_prefix(&prefix).max_results(1000).send().await;
        // Those of the stack go with it.
        let own = format!("{prefix}s-");
        for url in listed.map_err(unseen("queues are listed"))?.queue_urls() {
            if url.rsplit('/').next().is_some_and(|name| name.starts_with(&own)) {
                self.sqs.delete_queue().queue_url(url).send().await.map_err(unseen("a queue is deleted"))?;
            }
        }
        for name in ["ArchiveBucket", "ExchangeBucket"] {
            if let Some(bucket) = self.outputs.get(name) {
                self.empty(bucket).await?;
            }
        }
        let gone = self.cloudformation.delete_stack().stack_name(&self.stack).send().await;
        gone.map_err(unseen("the stack is deleted"))?;
        let mut left = Vec::new();
        for _ in 0..STACK_S_MAX {
            left = self.left_over().await?;
            if left.is_empty() {
                return Ok(());
            }
            sleep(Duration::from_secs(1)).await;
        }
        Err(Unmet::Unseen(format!("left over after {STACK_S_MAX} s: {}", left.join(", "))))
    }

    /// Queues, tables and buckets of the run that are still there.
    async fn left_over(&self) -> Result<Vec<String>, Unmet> {
        let queues = self.sqs.list_queues().queue_name_prefix(&self.stack).max_results(1000).send().await;
        let mut left = queues.map_err(unseen("queues are listed"))?.queue_urls().to_vec();
        let mut tables = self.dynamodb.list_tables().into_paginator().items().send();
        while let Some(table) = tables.next().await {
            left.extend(Some(table.map_err(unseen("tables are listed"))?).filter(|name| name.starts_with(&self.stack)));
        }
        let buckets = self.s3.list_buckets().prefix(&self.stack).send().await.map_err(unseen("buckets are listed"))?;
        let named = buckets.buckets().iter().filter_map(|bucket| bucket.name());
        left.extend(named.filter(|name| name.starts_with(&self.stack)).map(str::to_owned));
        Ok(left)
    }

    /// Deletes every version of every object: a bucket must be empty to be deleted.
    async fn empty(&self, bucket: &str) -> Held {
        loop {
            let listed = self.s3.list_object_versions().bucket(bucket).send().await;
            let listed = listed.map_err(unseen("versions are listed"))?;
            let versions = listed.versions().iter().map(|one| (one.key(), one.version_id()));
            let marks = listed.delete_markers().iter().map(|one| (one.key(), one.version_id()));
            let named = |(key, version): (Option<&str>, Option<&str>)| {
                ObjectIdentifier::builder().key(key?).set_version_id(version.map(str::to_owned)).build().ok()
            };
            let objects: Vec<ObjectIdentifier> = versions.chain(marks).filter_map(named).collect();
            if objects.is_empty() {
                return Ok(());
            }
            let delete = Delete::builder().set_objects(Some(objects)).quiet(true).build();
            let delete = delete.map_err(unseen("objects are named"))?;
            let deleted = self.s3.delete_objects().bucket(bucket).delete(delete).send().await;
            deleted.map_err(unseen("objects are deleted"))?;
        }
    }

    /// The services for one statement.
    pub(crate) fn with<'a>(&'a self, id: &'a str) -> Own<'a> {
        Own { service: self, id }
    }

    fn output(&self, name: &str) -> Result<&str, Unmet> {
        output(&self.outputs, name)
    }

    fn settings<const N: usize>(&self, pairs: [(&str, &str); N]) -> Result<Settings, Fault> {
        let value = |(variable, name): (&str, &str)| {
            let value = self.outputs.get(name).ok_or_else(|| Fault::misconfigured(format!("no output {name}")))?;
            Ok((variable.to_owned(), value.clone()))
        };
        Ok(Settings::from_pairs(pairs.into_iter().map(value).collect::<Result<Vec<_>, Fault>>()?))
    }
}

fn output<'a>(outputs: &'a BTreeMap<String, String>, name: &str) -> Result<&'a str, Unmet> {
    outputs.get(name).map(String::as_str).ok_or_else(|| Unmet::Unseen(format!("the stack has no output {name}")))
}

/// The services, for the statement `id`.
pub(crate) struct Own<'a> {
    service: &'a Service,
    id: &'a str,
}

pub(crate) struct Queue {
    sqs: aws_sdk_sqs::Client,
    port: aws::Queue,
    url: String,
    dead_url: String,
    dead_arn: String,
    retention_s: u32,
}

impl Queue {
    async fn receive_from(&self, url: &str, max: i32, hidden_s: Option<u32>) -> Result<Vec<Message>, Unmet> {
        receive(&self.sqs, url, max, hidden_s).await
    }
}

/// Receives at once what there is. SQS looks at some of its servers only, unless it is told to wait.
async fn receive(sqs: &aws_sdk_sqs::Client, url: &str, max: i32, hidden_s: Option<u32>) -> Result<Vec<Message>, Unmet> {
    let request = sqs.receive_message().queue_url(url).max_number_of_messages(max).wait_time_seconds(1);
    let request = request.message_system_attribute_names(MessageSystemAttributeName::All);
    let hidden_s = hidden_s.and_then(|seconds| i32::try_from(seconds).ok());
    let received = request.set_visibility_timeout(hidden_s).send().await.map_err(unseen("messages are received"))?;
    let attribute = |message: &aws_sdk_sqs::types::Message, name| {
        let text = message.attributes().and_then(|attributes| attributes.get(&name));
        text.and_then(|text: &String| text.parse::<i64>().ok()).unwrap_or_default()
    };
    let message = |message: &aws_sdk_sqs::types::Message| Message {
        id: message.message_id().unwrap_or_default().to_owned(),
        receipt: message.receipt_handle().unwrap_or_default().to_owned(),
        body: message.body().unwrap_or_default().to_owned(),
        receives: u32::try_from(attribute(message, MessageSystemAttributeName::ApproximateReceiveCount)).unwrap_or(0),
        sent_ms: attribute(message, MessageSystemAttributeName::SentTimestamp),
    };
    Ok(received.messages().iter().map(message).collect())
}

impl MessageQueue for Queue {
    fn settings(&self) -> QueueSettings {
        QueueSettings { visibility_s: VISIBILITY_S, receives_max: RECEIVES_MAX, retention_s: self.retention_s }
    }

    async fn send(&self, body: &str) -> Taken {
        let sent = self.sqs.send_message().queue_url(&self.url).message_body(body).send().await;
        Ok(refusal("a message is sent", sent)?.map(drop))
    }

    async fn send_all(&self, bodies: Vec<String>) -> Held {
        Ok(self.port.send(StepQueue::OrderApply, bodies).await?)
    }

    async fn receive(&self, max: usize) -> Result<Vec<Message>, Unmet> {
        self.receive_from(&self.url, i32::try_from(max).unwrap_or(i32::MAX), None).await
    }

    async fn delete(&self, receipt: &str) -> Held {
        let deleted = self.sqs.delete_message().queue_url(&self.url).receipt_handle(receipt).send().await;
        deleted.map(drop).map_err(unseen("a message is deleted"))
    }

    async fn postpone(&self, receipt: &str, delay_s: u32) -> Taken {
        let delay_s = i32::try_from(delay_s).unwrap_or(i32::MAX);
        let request = self.sqs.change_message_visibility().queue_url(&self.url).receipt_handle(receipt);
        Ok(refusal("a message is postponed", request.visibility_timeout(delay_s).send().await)?.map(drop))
    }

    async fn dead(&self) -> Result<Vec<Message>, Unmet> {
        self.receive_from(&self.dead_url, 10, Some(0)).await
    }

    async fn redrive(&self) -> Held {
        let begun = self.sqs.start_message_move_task().source_arn(&self.dead_arn).send().await;
        begun.map_err(unseen("a redrive begins"))?;
        for _ in 0..REDRIVE_S_MAX {
            let listed = self.sqs.list_message_move_tasks().source_arn(&self.dead_arn).send().await;
            let listed = listed.map_err(unseen("redrives are listed"))?;
            match listed.results().first().and_then(|task| task.status()) {
                Some("COMPLETED") => return Ok(()),
                Some("RUNNING") | None => sleep(Duration::from_secs(1)).await,
                Some(other) => return Err(Unmet::Unseen(format!("the redrive is {other}"))),
            }
        }
        Err(Unmet::Unseen(format!("the redrive is not over within {REDRIVE_S_MAX} s")))
    }
}

impl<'a> Cloud for Own<'a> {
    type Queue = Queue;
    type Table = aws::Table;
    type Archive = aws::Archive;
    type Exchange = aws::Exchange;
    type Bus = aws::Bus;
    type Alone = MutexGuard<'a, ()>;

    fn tag(&self) -> &str {
        self.id
    }

    async fn wait(&self, seconds: u32) -> Held {
        sleep(Duration::from_secs(seconds.into())).await;
        Ok(())
    }

    fn looks_max(&self) -> usize {
        LOOKS_MAX
    }

    async fn glance(&self) -> Held {
        sleep(Duration::from_millis(LOOK_MS)).await;
        Ok(())
    }

    async fn queue(&self, keeps: Keeps) -> Result<Queue, Unmet> {
        let sqs = &self.service.sqs;
        let name = format!("{}-s-{}", self.service.stack, self.id);
        let retention_s = if keeps == Keeps::Shortest { RETENTION_S_MIN } else { RETENTION_S };
        let dead = sqs.create_queue().queue_name(format!("{name}-dlq")).send().await;
        let dead_url = dead.map_err(unseen("a queue is made"))?.queue_url().unwrap_or_default().to_owned();
        let asked = sqs.get_queue_attributes().queue_url(&dead_url).attribute_names(QueueAttributeName::QueueArn);
        let asked = asked.send().await.map_err(unseen("a queue is looked at"))?;
        let arn = asked.attributes().and_then(|attributes| attributes.get(&QueueAttributeName::QueueArn));
        let dead_arn = arn.cloned().unwrap_or_default();
        let redrive = json!({ "deadLetterTargetArn": dead_arn, "maxReceiveCount": RECEIVES_MAX.to_string() });
        let made = sqs
            .create_queue()
            .queue_name(name)
            .attributes(QueueAttributeName::VisibilityTimeout, VISIBILITY_S.to_string())
            .attributes(QueueAttributeName::MessageRetentionPeriod, retention_s.to_string())
            .attributes(QueueAttributeName::RedrivePolicy, redrive.to_string())
            .send()
            .await
            .map_err(unseen("a queue is made"))?;
        let url = made.queue_url().unwrap_or_default().to_owned();
        let settings = Settings::from_pairs([("ORDER_APPLY_QUEUE_URL", url.clone())]);
        let port = aws::Queue::new(&self.service.config, &settings);
        Ok(Queue { sqs: sqs.clone(), port, url, dead_url, dead_arn, retention_s })
    }

    fn table(&self) -> Result<aws::Table, Fault> {
        aws::Table::new(&self.service.config, &self.service.settings([("TABLE_NAME", "TableName")])?)
    }

    fn archive(&self) -> Result<aws::Archive, Fault> {
        aws::Archive::new(&self.service.config, &self.service.settings([("ARCHIVE_BUCKET", "ArchiveBucket")])?)
    }

    fn exchange(&self) -> Result<aws::Exchange, Fault> {
        aws::Exchange::new(&self.service.config, &self.service.settings([("EXCHANGE_BUCKET", "ExchangeBucket")])?)
    }

    fn bus(&self) -> Result<aws::Bus, Fault> {
        aws::Bus::new(&self.service.config, &self.service.settings([("BUS_NAME", "BusName")])?)
    }

    async fn transact(&self, puts: Vec<Put>) -> Taken {
        let table = self.service.output("TableName")?;
        let item = |put: &Put| {
            let (condition, version) = match put.expect {
                Expect::Absent => ("attribute_not_exists(pk)".to_owned(), 1),
                Expect::Version(version) => (format!("v = {version}"), version + 1),
            };
            let request = PutRequest::builder()
                .table_name(table)
                .condition_expression(condition)
                .item("pk", text(put.key.pk()))
                .item("sk", text(put.key.sk()))
                .item("v", AttributeValue::N(version.to_string()))
                .item("doc", text(&put.doc))
                .build();
            Ok(TransactWriteItem::builder().put(request.map_err(unseen("an item is named"))?).build())
        };
        let items = puts.iter().map(item).collect::<Result<Vec<_>, Unmet>>()?;
        let written = self.service.dynamodb.transact_write_items().set_transact_items(Some(items)).send().await;
        Ok(refusal("a transaction is written", written)?.map(drop))
    }

    async fn publish(&self, event: Event) -> Taken {
        let detail = serde_json::to_string(&event).map_err(unseen("an event is written"))?;
        let entry = PutEventsRequestEntry::builder()
            .source(aws::EVENT_SOURCE)
            .detail_type(event.meta.kind.as_str())
            .detail(detail)
            .event_bus_name(self.service.output("BusName")?)
            .build();
        let put = refusal("an event is put", self.service.events.put_events().entries(entry).send().await)?;
        Ok(put.and_then(|output| if output.failed_entry_count() == 0 { Ok(()) } else { Err(Refused) }))
    }

    async fn is_open(&self, key: &Key) -> Result<bool, Unmet> {
        let open = self.service.operations.open_releases().await?;
        Ok(open.iter().any(|open| open.item.pk == key.pk()))
    }

    async fn drop_file(&self, partner: &str, name: &str, bytes: &[u8]) -> Held {
        let request = self.service.s3.put_object().bucket(self.service.output("ExchangeBucket")?);
        let request = request.key(format!("inbox/{partner}/{name}")).body(bytes.to_vec().into());
        request.send().await.map(drop).map_err(unseen("a file is dropped"))
    }

    async fn put_out(&self, partner: &PartnerId, name: &str) -> Result<Option<Vec<u8>>, Unmet> {
        Ok(self.exchange()?.dropped(&format!("outbox/{partner}/{name}"), None).await?)
    }

    async fn alone(&self) -> Self::Alone {
        self.service.stream.lock().await
    }

    fn fed_settings(&self) -> QueueSettings {
        QueueSettings { visibility_s: FED_VISIBILITY_S, receives_max: RECEIVES_MAX, retention_s: RETENTION_S }
    }

    async fn feed(&self, bodies: Vec<String>) -> Held {
        let settings = self.service.settings([("ORDER_APPLY_QUEUE_URL", &format!("{}Url", fed_name(self.id)))])?;
        Ok(aws::Queue::new(&self.service.config, &settings).send(StepQueue::OrderApply, bodies).await?)
    }

    async fn fed_dead(&self) -> Result<Vec<Message>, Unmet> {
        let dead = receive(&self.service.sqs, self.service.output("FedDlqUrl")?, 10, Some(0)).await?;
        Ok(dead.into_iter().filter(|message| message.body.contains(&format!("\"{}\"", self.id))).collect())
    }

    async fn seen(&self) -> Result<Vec<Batch>, Unmet> {
        let mut pages = self
            .service
            .dynamodb
            .query()
            .table_name(self.service.output("SeenName")?)
            .key_condition_expression("pk = :tag")
            .expression_attribute_values(":tag", text(self.id))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut seen = Vec::new();
        while let Some(item) = pages.next().await {
            seen.push(batch(&item.map_err(unseen("what was seen is read"))?)?);
        }
        Ok(seen)
    }

    async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Answer, Unmet> {
        let url = format!("{}{path}", self.service.api_url);
        let headers: Vec<_> = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let reply = self.service.http.send(method, &url, &headers, body).await?;
        Ok(Answer { status: reply.status, headers: reply.headers, body: reply.body })
    }
}

/// What the stand-in noted of one invocation.
fn batch(item: &HashMap<String, AttributeValue>) -> Result<Batch, Unmet> {
    let doc = item.get("doc").and_then(|doc| doc.as_s().ok()).map(String::as_str).unwrap_or_default();
    let notes: Vec<Value> = serde_json::from_str(doc).map_err(unseen("a note of the stand-in is read"))?;
    let got = |note: Value| {
        let text = |name: &str| note.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let from = match text("source").as_str() {
            "stream" => Origin::Stream,
            "edi-drop" => Origin::EdiDrop,
            fed if fed.starts_with("fed-") => Origin::Fed,
            "order-dispatch" => Origin::OrderDispatch,
            "shipment-fanout" => Origin::ShipmentFanout,
            other => return Err(Unmet::Unseen(format!("{other:?} is no source"))),
        };
        let receives = note.get("receives").and_then(Value::as_u64).and_then(|count| u32::try_from(count).ok());
        let body = serde_json::from_str(&text("body")).unwrap_or_default();
        Ok(Got { from, id: text("id"), receives: receives.unwrap_or(0), body })
    };
    notes.into_iter().map(got).collect()
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

/// Bytes as the stand-in tells them.
pub(crate) fn decoded(text: &str) -> Vec<u8> {
    STANDARD.decode(text).unwrap_or_default()
}
