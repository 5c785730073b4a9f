//! An HTTP client that answers from a script, for tests of what this crate does with a service's answers.
//!
//! The SDK's own test clients sit behind a feature that would have every SDK crate built a second time for tests.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_s3::primitives::SdkBody;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use canonical::PartnerScope;
use ports::Key;
use serde_json::Value;

/// One answer.
#[derive(Debug)]
pub(crate) enum Reply {
    /// A status and a body.
    Answer(u16, String),
    /// 200 with a body and an entity tag.
    Tagged(String, &'static str),
    /// 200 with a body that says to have this many bytes.
    Long(i64),
    /// The connection breaks.
    Broken,
}

impl Reply {
    pub(crate) fn json(status: u16, body: &str) -> Self {
        Self::Answer(status, body.to_owned())
    }
}

/// One request, as it was sent.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) uri: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }
}

#[derive(Debug, Default)]
struct Script {
    replies: VecDeque<Reply>,
    asked: Vec<Asked>,
}

/// Answers requests in order. A request beyond the script fails the test.
#[derive(Debug, Clone)]
pub(crate) struct Replay(Arc<Mutex<Script>>);

impl Replay {
    pub(crate) fn new(replies: Vec<Reply>) -> Self {
        Self(Arc::new(Mutex::new(Script { replies: replies.into(), asked: Vec::new() })))
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.0.lock().unwrap().asked.clone()
    }

    pub(crate) fn config(&self) -> SdkConfig {
        let connector = SharedHttpConnector::new(self.clone());
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("eu-west-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new("id", "key", None, None, "test")))
            .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(1)))
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .build()
    }
}

impl HttpConnector for Replay {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let asked = Asked {
            method: request.method().to_owned(),
            uri: request.uri().to_owned(),
            headers: request.headers().iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            body: request.body().bytes().unwrap_or_default().to_vec(),
        };
        let mut script = self.0.lock().unwrap();
        let reply = script.replies.pop_front();
        script.asked.push(asked);
        HttpConnectorFuture::ready(match reply {
            Some(Reply::Answer(status, body)) => Ok(HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body))),
            Some(Reply::Tagged(body, etag)) => {
                let mut response = HttpResponse::new(200.try_into().unwrap(), SdkBody::from(body));
                response.headers_mut().insert("etag", etag);
                Ok(response)
            }
            Some(Reply::Long(len)) => {
                let mut response = HttpResponse::new(200.try_into().unwrap(), SdkBody::empty());
                response.headers_mut().insert("content-length", len.to_string());
                Ok(response)
            }
            Some(Reply::Broken) => Err(ConnectorError::io("connection reset".into())),
            None => panic!("a request beyond the script: {:?}", script.asked.last()),
        })
    }
}

/// A key of the table.
pub(crate) fn key(name: &str) -> Key {
    let scope = PartnerScope { tenant: "t".parse().unwrap(), partner: "p".parse().unwrap() };
    Key::depositor(&scope, name)
}
