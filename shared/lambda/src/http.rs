//! Functions behind the HTTP API (payload 2.0).

use std::future::Future;
use std::rc::Rc;

use formats::api::Operation;
use handlers::{OrderReleases, Request, Response, WebhookIngest};
use lambda_http::http::HeaderValue;
use lambda_http::request::RequestContext;
use lambda_http::{Body, Error, RequestExt as _, service_fn};
use ports::{Archive, KeySets, Limits, Profiles, Queue, Scope, Secrets, Table, WaitIndex};

use crate::authorizer::{self, PARTNER};
use crate::clock;

/// A function that answers requests.
pub trait Endpoint {
    /// The function's name.
    const NAME: &'static str;

    /// Answers one request.
    fn answer(&self, request: &Request, scope: Scope) -> impl Future<Output = Response>;
}

impl<T: Table + WaitIndex, A: Archive, P: Profiles, K: KeySets, L: Limits> Endpoint for OrderReleases<T, A, P, K, L> {
    const NAME: &'static str = "order-release";

    fn answer(&self, request: &Request, scope: Scope) -> impl Future<Output = Response> {
        self.handle(request, scope)
    }
}

impl<A: Archive, Q: Queue, P: Profiles, S: Secrets, K: KeySets, L: Limits> Endpoint
    for WebhookIngest<A, Q, P, S, K, L>
{
    const NAME: &'static str = "webhook-ingest";

    fn answer(&self, request: &Request, scope: Scope) -> impl Future<Output = Response> {
        self.handle(request, scope)
    }
}

/// Serves `endpoint` until the runtime ends.
///
/// The runtime asks for futures that may move between threads, which the ports' are not, and on one thread need not be:
/// each request runs as a local task, and its panic answers this request alone.
pub async fn serve_http<E: Endpoint + 'static>(endpoint: E) -> Result<(), Error> {
    let endpoint = Rc::new(endpoint);
    let service = service_fn(move |request: lambda_http::Request| {
        let endpoint = Rc::clone(&endpoint);
        let task = tokio::task::spawn_local(async move {
            let scope = clock::scope(request.lambda_context_ref().map_or(0, |context| context.deadline));
            let request = read(&request);
            let response = Box::pin(endpoint.answer(&request, scope)).await;
            log(E::NAME, &request, &response, scope);
            write(response)
        });
        async move { task.await? }
    });
    tokio::task::LocalSet::new().run_until(lambda_http::run(service)).await
}

fn read(request: &lambda_http::Request) -> Request {
    let path = request.raw_http_path();
    // A stage in front of the path belongs to the gateway.
    let path = path.find("/v1/").and_then(|start| path.get(start..)).unwrap_or(path);
    let context = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => Some(context),
        _ => None,
    };
    // Only the gateway writes the context; `authorize` has put a partner's id there, or nothing.
    let verified = context.and_then(|context| context.authorizer.as_ref()?.fields.get(PARTNER)?.as_str()?.parse().ok());
    Request {
        id: context.and_then(|context| context.request_id.clone()).unwrap_or_default(),
        method: request.method().as_str().to_owned(),
        path: path.to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        headers: authorizer::headers(request.headers()),
        // lambda_http has undone the gateway's base64: these are the sender's bytes.
        body: request.body().to_vec(),
        certificate: context.and_then(authorizer::certificate),
        verified,
    }
}

fn write(response: Response) -> Result<lambda_http::Response<Body>, Error> {
    let body = match String::from_utf8(response.body) {
        Ok(text) => Body::Text(text),
        Err(bytes) => Body::Binary(bytes.into_bytes()),
    };
    let mut answer = lambda_http::Response::builder().status(response.status).body(body)?;
    for (name, value) in response.headers {
        let name: lambda_http::http::HeaderName = name.parse()?;
        answer.headers_mut().insert(name, HeaderValue::from_str(&value)?);
    }
    Ok(answer)
}

fn log(step: &'static str, request: &Request, response: &Response, scope: Scope) {
    let elapsed_ms = (clock::now() - scope.now).get_milliseconds();
    let correlation_id =
        response.headers.iter().find(|(name, _)| name == "x-correlation-id").map_or("", |(_, value)| value.as_str());
    // Ids of callers that are not verified are not logged: they may be any text.
    let message_id = match response.partner.as_str() {
        "" => "",
        _ => request.header("webhook-id").or(request.header("idempotency-key")).unwrap_or(""),
    };
    let operation = Operation::find(&request.method, &request.path).map_or("", |(operation, _)| operation.as_str());
    let trace = request.trace();
    tracing::info!(
        step,
        outcome = response.outcome,
        code = response.code.map_or("", canonical::Code::as_str),
        status = response.status,
        partner = response.partner,
        correlation_id,
        message_id,
        operation,
        api_version = response.version,
        deprecated = response.deprecated,
        request_id = request.request_id(),
        trace_id = trace.as_ref().map_or("", canonical::Trace::trace_id),
        elapsed_ms,
        "request answered"
    );
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request(body: &str, is_base64: bool, authorizer: &serde_json::Value) -> Request {
        let event = json!({
            "version": "2.0", "routeKey": "POST /v1/order-releases", "rawPath": "/v1/order-releases", "rawQueryString": "",
            "headers": { "content-type": "application/json", "webhook-signature": "v1,AAAA,v1,BBBB" },
            "requestContext": {
                "accountId": "1", "apiId": "a", "domainName": "d", "domainPrefix": "a", "requestId": "r", "timeEpoch": 1,
                "routeKey": "POST /v1/order-releases", "stage": "$default", "time": "t", "authorizer": authorizer,
                "http": { "method": "POST", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "1.2.3.4", "userAgent": "u" },
            },
            "body": body, "isBase64Encoded": is_base64,
        });
        read(&lambda_http::request::from_str(&event.to_string()).unwrap())
    }

    #[test]
    fn the_body_is_the_sender_s_bytes_whether_the_gateway_encoded_them_or_not() {
        let plain = request("{\"a\": 1}\r\n", false, &json!(null));
        assert_eq!(plain.body, b"{\"a\": 1}\r\n");
        assert_eq!(request("eyJhIjogMX0NCg==", true, &json!(null)), plain);
        assert_eq!(request("//4AgA==", true, &json!(null)).body, [0xff, 0xfe, 0x00, 0x80], "bytes that are no text");
        assert!(plain.headers.contains(&("webhook-signature".to_owned(), "v1,AAAA,v1,BBBB".to_owned())));
    }

    #[test]
    fn who_was_verified_comes_from_the_authorizer_s_context_alone() {
        let name = |authorizer| request("", false, &authorizer).verified.map(|partner| partner.to_string());
        assert_eq!(name(json!({ "lambda": { "partner": "acme" } })), Some("acme".to_owned()));
        for other in [
            json!(null),
            json!({ "lambda": { "code": "unauthenticated" } }),
            json!({ "lambda": { "partner": "" } }),
            json!({ "lambda": { "partner": "no partner's id" } }),
            json!({ "lambda": { "partner": 7 } }),
            json!({ "jwt": { "claims": { "partner": "acme" }, "scopes": [] } }),
        ] {
            assert_eq!(name(other.clone()), None, "{other}");
        }
    }
}
