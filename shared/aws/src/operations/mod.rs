//! What operators ask of a deployment: the `crossdock` command and the end-to-end tests. No function uses it.

mod documents;
mod http;
mod items;
mod queues;

use std::collections::BTreeMap;

use aws_config::Region;
use aws_sdk_s3::config::Credentials;
use ports::Fault;

pub use documents::{Applied, StoredFile};
pub use http::{Http, HttpReply};
pub use items::{Item, OpenItem};
pub use queues::{MoveTask, QueueDepth, QueueKind, QueuedMessage};

use crate::archive::Archive;
use crate::config;
use crate::objects::{self, Objects};

/// Longest attempt of a request, in seconds: a person waits, over a slow line and for large pages.
const ATTEMPT_S_MAX: u64 = 20;

/// Longest operation with its retries, in seconds.
const OPERATION_S_MAX: u64 = 60;

/// Where a deployment is, and what it is made of.
#[derive(Debug, Clone, Default)]
pub struct OperationsConfig {
    /// The endpoint of a local stack; AWS if none.
    pub endpoint: Option<String>,
    /// The region.
    pub region: String,
    /// Access key id and secret key; those of the environment if none.
    pub credentials: Option<(String, String)>,
    /// The outputs of the `CloudFormation` stack by name: `TableName`, `ArchiveBucket`, `ExchangeBucket`,
    /// `<Step>QueueUrl`, `<Step>DlqUrl`, `ParkedQueueUrl`.
    pub outputs: BTreeMap<String, String>,
}

/// A deployment, as its operators see it.
#[derive(Debug, Clone)]
pub struct Operations {
    outputs: BTreeMap<String, String>,
    dynamodb: aws_sdk_dynamodb::Client,
    s3: aws_sdk_s3::Client,
    secrets: aws_sdk_secretsmanager::Client,
    sqs: aws_sdk_sqs::Client,
}

impl Operations {
    /// The deployment that `config` names. No request is made.
    pub async fn new(config: OperationsConfig) -> Self {
        let mut loader = config::loader()
            .region(Region::new(config.region))
            .timeout_config(config::timeouts(ATTEMPT_S_MAX, OPERATION_S_MAX));
        if let Some(endpoint) = config.endpoint {
            loader = loader.endpoint_url(endpoint);
        }
        if let Some((id, key)) = config.credentials {
            loader = loader.credentials_provider(Credentials::new(id, key, None, None, "crossdock"));
        }
        Self::with(&loader.load().await, config.outputs)
    }

    fn with(sdk: &aws_config::SdkConfig, outputs: BTreeMap<String, String>) -> Self {
        Self {
            outputs,
            dynamodb: aws_sdk_dynamodb::Client::new(sdk),
            s3: objects::client_with(sdk, config::timeouts(ATTEMPT_S_MAX, OPERATION_S_MAX)),
            secrets: aws_sdk_secretsmanager::Client::new(sdk),
            sqs: aws_sdk_sqs::Client::new(sdk),
        }
    }

    /// The output of the stack named `name`.
    pub fn output(&self, name: &str) -> Result<&str, Fault> {
        let value = self.outputs.get(name).map(String::as_str);
        value.ok_or_else(|| Fault::misconfigured(format!("the stack has no output {name}")))
    }

    fn bucket(&self, output: &str) -> Result<Objects, Fault> {
        Ok(Objects::new(self.s3.clone(), self.output(output)?))
    }

    fn archive(&self) -> Result<Archive, Fault> {
        Ok(Archive::of(self.bucket("ArchiveBucket")?))
    }
}
