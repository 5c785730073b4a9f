//! Functions behind the HTTP API (payload 2.0).

use std::future::Future;
use std::rc::Rc;

use handlers::{OrderReleases, Request, Response, WebhookIngest};
use lambda_http::http::HeaderValue;
use lambda_http::{Body, Error, RequestExt as _, service_fn};
use ports::{Archive, Profiles, Queue, Scope, Secrets, Table};

use crate::clock;

/// A function that answers requests.
pub trait Endpoint {
    /// The function's name.
    const NAME: &'static str;

    /// Answers one request.
    fn answer(&self, request: &Request, scope: Scope) -> impl Future<Output = Response>;
}

impl<T: Table, A: Archive, P: Profiles> Endpoint for OrderReleases<T, A, P> {
    const NAME: &'static str = "order-release";

    fn answer(&self, request: &Request, scope: Scope) -> impl Future<Output = Response> {
        self.handle(request, scope)
    }
}

impl<A: Archive, Q: Queue, P: Profiles, S: Secrets> Endpoint for WebhookIngest<A, Q, P, S> {
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
    let headers = request
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    Request {
        method: request.method().as_str().to_owned(),
        path: path.to_owned(),
        headers: headers.collect(),
        // lambda_http has undone the gateway's base64: these are the sender's bytes.
        body: request.body().to_vec(),
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
    tracing::info!(
        step,
        outcome = response.outcome,
        code = response.code.map_or("", canonical::Code::as_str),
        status = response.status,
        partner = response.partner,
        correlation_id,
        message_id,
        elapsed_ms,
        "request answered"
    );
}
