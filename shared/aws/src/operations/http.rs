//! Plain HTTP requests of operators: to the deployment's API, and to what a local stack answers besides AWS's own.

use std::time::Duration;

use ports::Fault;
use reqwest::{Client, Method, redirect};

/// Longest request, in seconds: a function behind the API has five.
const REQUEST_S_MAX: u64 = 30;

/// An answer in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpReply {
    /// HTTP status.
    pub status: u16,
    /// Headers, lower case names.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

impl HttpReply {
    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }
}

/// A client for what operators and tests call themselves.
#[derive(Debug, Clone)]
pub struct Http {
    client: Client,
}

impl Http {
    /// A client. Nothing is called.
    pub fn new() -> Result<Self, Fault> {
        let client = Client::builder()
            .user_agent("crossdock")
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(Duration::from_secs(REQUEST_S_MAX))
            .build()
            .map_err(|error| Fault::misconfigured("the HTTP client cannot be set up").because(error))?;
        Ok(Self { client })
    }

    /// Sends one request; whatever status comes back is an answer.
    pub async fn send(
        &self,
        method: &str,
        url: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<HttpReply, Fault> {
        let what = format!("{method} {url}");
        let method = Method::from_bytes(method.as_bytes()).map_err(|error| Fault::bug(&what).because(error))?;
        let mut request = self.client.request(method, url).body(body.to_vec());
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let response = request.send().await.map_err(|error| Fault::transient(&what).because(error.without_url()))?;
        let status = response.status().as_u16();
        let text = |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        let body = response.bytes().await.map_err(|error| Fault::transient(&what).because(error.without_url()))?;
        Ok(HttpReply { status, headers, body: body.to_vec() })
    }
}
