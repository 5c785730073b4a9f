//! The HTTP API, as the sample partners call it.

use aws::{Http, HttpReply};
use jiff::Timestamp;
use secrecy::SecretString;
use steps::signature;

use crate::Error;

/// The API of a deployment.
#[derive(Debug, Clone)]
pub struct Api {
    http: Http,
    url: String,
}

fn header(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

impl Api {
    /// The API at `url`.
    pub fn new(url: &str) -> Result<Self, Error> {
        Ok(Self { http: Http::new()?, url: url.trim_end_matches('/').to_owned() })
    }

    /// Any request, as it is.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<HttpReply, Error> {
        let url = format!("{}{path}", self.url);
        Ok(self.http.send(method, &url, headers, body).await?)
    }

    /// `POST /v1/order-releases`.
    pub async fn release(&self, api_key: &str, idempotency_key: &str, body: &[u8]) -> Result<HttpReply, Error> {
        let headers = [
            header("x-api-key", api_key),
            header("idempotency-key", idempotency_key),
            header("content-type", "application/json"),
        ];
        self.send("POST", "/v1/order-releases", &headers, body).await
    }

    /// `POST /v1/order-releases/{id}/cancel`.
    pub async fn cancel(&self, api_key: &str, release_id: &str) -> Result<HttpReply, Error> {
        let path = format!("/v1/order-releases/{release_id}/cancel");
        self.send("POST", &path, &[header("x-api-key", api_key)], b"").await
    }

    /// `GET /v1/order-releases/{id}`.
    pub async fn show(&self, api_key: &str, release_id: &str) -> Result<HttpReply, Error> {
        let path = format!("/v1/order-releases/{release_id}");
        self.send("GET", &path, &[header("x-api-key", api_key)], b"").await
    }

    /// `POST /v1/partners/{partner}/webhooks/{topic}`, signed with `secret`.
    pub async fn webhook(
        &self,
        partner: &str,
        topic: &str,
        webhook_id: &str,
        body: &[u8],
        secret: &SecretString,
        now: Timestamp,
    ) -> Result<HttpReply, Error> {
        let mut headers = signature::sign(webhook_id, body, std::slice::from_ref(secret), now)
            .map_err(|error| Error::Unusable(format!("the secret of {partner} cannot sign: {error}")))?;
        headers.push(header("content-type", "application/json"));
        let path = format!("/v1/partners/{partner}/webhooks/{topic}");
        self.send("POST", &path, &headers, body).await
    }
}
