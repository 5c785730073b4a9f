//! API Gateway before Lambda (payload 2.0).

use serde_json::Value;

use crate::cloud::{Answer, Cloud, Held, holds};
use crate::service::decoded;
use crate::statements::statements;

statements! {
    "API Gateway", "2026-11-25", Nothing;
    "api-request" request "Method, path and a JSON body come to the function as they were sent";
    "api-headers" headers "So do headers, under lower-case names";
    "api-bytes" bytes "A body of any bytes comes to the function byte for byte";
    "api-no-body" no_body "A request without a body comes with none";
    "api-long" long "A body of 1 MB comes whole";
    "api-slash" slash "A path segment with `%2F` in it still matches its route"
        => "ids with a slash cannot be tried locally; we make none. AWS decodes the escapes in `rawPath` (payload 2.0), which the statement leaves open";
    "api-answer" answer "Status, headers and text of the function's answer come to the client";
    "api-answer-bytes" answer_bytes "An answer of any bytes comes to the client byte for byte";
    "api-side-by-side" side_by_side "Ten requests at once each get their own answer";
    "api-raise" raise "A function that fails is told as 500, and none of its words come out"
        => "clients treat every 5xx alike; a panic is caught and answered before it comes to this (`shared/lambda/src/http.rs`)";
    "api-hang" hang "A function that is stopped by its time-out is told as a server's error";
}

const HOOK: &str = "/v1/partners/probe/webhooks/shipment";

async fn request<C: Cloud>(cloud: &C) -> Held {
    let body = br#"{"order_no": "4711", "name": "Zo\u00eb"}"#;
    let seen = echo(cloud, "POST", HOOK, &[("content-type", "application/json")], body).await?;
    holds!(text(&seen, "/method") == "POST", "the method is {}", text(&seen, "/method"));
    holds!(text(&seen, "/path") == HOOK, "the path is {}", text(&seen, "/path"));
    holds!(decoded(&text(&seen, "/body")) == body, "the body is another");
    Ok(())
}

async fn headers<C: Cloud>(cloud: &C) -> Held {
    let given = [
        ("content-type", "application/json"),
        ("Webhook-Id", "msg_1"),
        ("webhook-signature", "v1,abc= v1,def="),
        ("x-api-key", "a key; with=marks, and more"),
    ];
    let seen = echo(cloud, "POST", HOOK, &given, b"{}").await?;
    for (name, value) in [
        ("webhook-id", "msg_1"),
        ("webhook-signature", "v1,abc= v1,def="),
        ("x-api-key", "a key; with=marks, and more"),
    ] {
        let got = text(&seen, &format!("/headers/{name}"));
        holds!(got == value, "{name} is {got:?}");
    }
    Ok(())
}

async fn bytes<C: Cloud>(cloud: &C) -> Held {
    let body: Vec<u8> = (0..=255).collect();
    let seen = echo(cloud, "POST", HOOK, &[("content-type", "application/octet-stream")], &body).await?;
    holds!(decoded(&text(&seen, "/body")) == body, "the body is another");
    Ok(())
}

async fn no_body<C: Cloud>(cloud: &C) -> Held {
    let seen = echo(cloud, "GET", "/v1/order-releases/rel-1", &[], b"").await?;
    holds!(text(&seen, "/method") == "GET", "the method is {}", text(&seen, "/method"));
    holds!(text(&seen, "/body").is_empty(), "it has one");
    Ok(())
}

async fn long<C: Cloud>(cloud: &C) -> Held {
    let body = "x".repeat(1_000_000);
    let seen = echo(cloud, "POST", HOOK, &[("content-type", "text/plain")], body.as_bytes()).await?;
    holds!(decoded(&text(&seen, "/body")) == body.as_bytes(), "the body is another");
    Ok(())
}

async fn slash<C: Cloud>(cloud: &C) -> Held {
    let answer = cloud.ask("GET", "/v1/order-releases/a%2Fb", &[], b"").await?;
    holds!(answer.status == 200, "it is answered with {}", answer.status);
    Ok(())
}

async fn answer<C: Cloud>(cloud: &C) -> Held {
    let headers = [("x-do", "refuse"), ("content-type", "application/json")];
    let answer = cloud.ask("POST", HOOK, &headers, "{\"title\": \"Zoë\"}".as_bytes()).await?;
    holds!(answer.status == 422, "the status is {}", answer.status);
    for (name, value) in [("content-type", "application/problem+json"), ("retry-after", "7")] {
        holds!(answer.header(name) == Some(value), "{name} is {:?}", answer.header(name));
    }
    holds!(answer.body == "{\"title\": \"Zoë\"}".as_bytes(), "the body is another");
    Ok(())
}

async fn answer_bytes<C: Cloud>(cloud: &C) -> Held {
    let body: Vec<u8> = (0..=255).collect();
    let headers = [("x-do", "bytes"), ("content-type", "application/octet-stream")];
    let answer = cloud.ask("POST", HOOK, &headers, &body).await?;
    holds!(answer.status == 201, "the status is {}", answer.status);
    holds!(answer.header("x-own") == Some("yes"), "its own header is missing");
    holds!(answer.body == body, "the body is another");
    Ok(())
}

async fn side_by_side<C: Cloud>(cloud: &C) -> Held {
    let paths: Vec<String> = (0..10).map(|n| format!("/v1/order-releases/rel-{n}")).collect();
    let answers = futures::future::join_all(paths.iter().map(|path| cloud.ask("GET", path, &[], b""))).await;
    for (path, answer) in paths.iter().zip(answers) {
        let answer = answer?;
        holds!(answer.status == 200, "one is answered with {}", answer.status);
        holds!(text(&json(&answer), "/path") == *path, "one gets another's answer");
    }
    Ok(())
}

async fn raise<C: Cloud>(cloud: &C) -> Held {
    let answer = cloud.ask("POST", HOOK, &[("x-do", "raise")], b"{}").await?;
    let leaks = String::from_utf8_lossy(&answer.body).contains("words of the function");
    let words = if leaks { "with its words" } else { "without its words" };
    holds!(answer.status == 500 && !leaks, "it is told as {} {words}", answer.status);
    Ok(())
}

async fn hang<C: Cloud>(cloud: &C) -> Held {
    let answer = cloud.ask("POST", HOOK, &[("x-do", "hang")], b"{}").await?;
    holds!(answer.status >= 500, "it is told as {}", answer.status);
    Ok(())
}

async fn echo<C: Cloud>(
    cloud: &C,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Result<Value, crate::cloud::Unmet> {
    let answer = cloud.ask(method, path, headers, body).await?;
    holds!(answer.status == 200, "it is answered with {}", answer.status);
    Ok(json(&answer))
}

fn json(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_default()
}

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}
