//! The gateway's Lambda authorizer (HTTP API, payload 2.0, simple response).

use std::rc::Rc;

use aws_lambda_events::event::apigw::{ApiGatewayV2CustomAuthorizerV2Request, ApiGatewayV2httpRequestContext};
use handlers::{Authorize, Request, Verified};
use lambda_http::http::HeaderMap;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use ports::{KeySets, Profiles};
use serde_json::{Value, json};

use crate::clock;

/// The field of the authorizer's context that names the partner.
pub(crate) const PARTNER: &str = "partner";

/// Serves `authorize` until the runtime ends.
pub async fn serve_authorizer<P: Profiles + 'static, K: KeySets + 'static>(
    authorize: Authorize<P, K>,
) -> Result<(), Error> {
    let authorize = Rc::new(authorize);
    let service = service_fn(move |event: LambdaEvent<ApiGatewayV2CustomAuthorizerV2Request>| {
        let authorize = Rc::clone(&authorize);
        // The ports' futures need not move between threads, which the runtime asks for: a local task of its own.
        let task = tokio::task::spawn_local(async move {
            let scope = clock::scope(event.context.deadline);
            let request = read(&event.payload);
            let verified = Box::pin(authorize.handle(&request, scope)).await;
            log(&verified);
            answer(&verified)
        });
        async move { Ok::<_, Error>(task.await?) }
    });
    tokio::task::LocalSet::new().run_until(lambda_runtime::run(service)).await
}

fn read(event: &ApiGatewayV2CustomAuthorizerV2Request) -> Request {
    Request { headers: headers(&event.headers), certificate: certificate(&event.request_context), ..Request::default() }
}

/// Headers by lower case names. What is no text is marked, so that it is not what was asked for.
pub(crate) fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes()))).collect()
}

/// The client certificate that the gateway verified.
pub(crate) fn certificate(context: &ApiGatewayV2httpRequestContext) -> Option<String> {
    context.authentication.as_ref()?.client_cert.as_ref()?.client_cert_pem.clone()
}

/// The gateway lets the request pass either way: it could refuse with 403 and `{"message":"Forbidden"}` alone, and a
/// partner is owed a problem with a code. Without a name the body verifies for itself, and refuses.
fn answer(verified: &Verified) -> Value {
    match verified {
        Verified::Partner(partner) => json!({ "isAuthorized": true, "context": { PARTNER: partner } }),
        Verified::Nobody(code) => json!({ "isAuthorized": true, "context": { "code": code } }),
        Verified::Unknown => json!({ "isAuthorized": true }),
    }
}

fn log(verified: &Verified) {
    let (outcome, partner, code) = match verified {
        Verified::Partner(partner) => ("verified", partner.as_str(), ""),
        Verified::Nobody(code) => ("rejected", "", code.as_str()),
        Verified::Unknown => ("retry", "", ""),
    };
    tracing::info!(step = "authorize", outcome, partner, code, "credential looked at");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_read_with_its_headers_and_the_certificate_that_the_gateway_verified() {
        let event = json!({
            "version": "2.0", "type": "REQUEST", "routeArn": "arn", "routeKey": "GET /v1/order-releases/{id}",
            "rawPath": "/v1/order-releases/rel_1", "rawQueryString": "",
            "headers": { "X-Api-Key": "k", "accept": "*/*" },
            "requestContext": {
                "accountId": "1", "apiId": "a", "domainName": "d", "domainPrefix": "a", "requestId": "r", "timeEpoch": 1,
                "routeKey": "GET /v1/order-releases/{id}", "stage": "$default", "time": "t",
                "http": { "method": "GET", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "1.2.3.4", "userAgent": "u" },
                "authentication": { "clientCert": {
                    "clientCertPem": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
                    "subjectDN": "CN=x", "issuerDN": "CN=y", "serialNumber": "1",
                    "validity": { "notBefore": "May 28 12:30:02 2019 GMT", "notAfter": "Aug  5 09:36:04 2021 GMT" },
                }},
            },
        });
        let request = read(&serde_json::from_value(event).unwrap());
        assert!(request.headers.contains(&("x-api-key".to_owned(), "k".to_owned())));
        assert!(request.certificate.unwrap().contains("AAAA"));
        assert_eq!(request.verified, None);
    }

    #[test]
    fn the_gateway_is_told_a_name_or_a_code_and_never_refuses_by_itself() {
        let partner = Verified::Partner("acme".parse().unwrap());
        assert_eq!(answer(&partner), json!({ "isAuthorized": true, "context": { "partner": "acme" } }));
        let nobody = Verified::Nobody(canonical::Code::Unauthenticated);
        assert_eq!(answer(&nobody), json!({ "isAuthorized": true, "context": { "code": "unauthenticated" } }));
        assert_eq!(answer(&Verified::Unknown), json!({ "isAuthorized": true }));
    }
}
