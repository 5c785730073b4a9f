//! What a function calls, by a name that is the same in every run.

use axum::http::{HeaderMap, Method, Uri};
use serde_json::Value;

/// What stands before the names of the local stack's queues, buckets and secrets.
const QUEUE_PREFIX: &str = "crossdock-local-";
const SECRET_PREFIX: &str = "crossdock/local/";

/// The name of a call to AWS, such as `TransactWriteItems COUNTERS+RELEASE`, `SendMessage order-apply` or
/// `PutObject archive/sha256`. Of a JSON request it is what `X-Amz-Target` says, with the kinds of items, the queue or
/// the secret; anything else is a request to S3, with the bucket and the first part of the key.
pub(crate) fn to_aws(method: &Method, uri: &Uri, headers: &HeaderMap, body: &Value) -> String {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok());
    let Some((_, operation)) = target.and_then(|target| target.split_once('.')) else {
        return to_s3(method, uri);
    };
    let about = [kinds(body), queue(body), secret(body)].into_iter().flatten().next().unwrap_or_default();
    format!("{operation} {about}").trim_end().to_owned()
}

/// The name of a call to a partner, such as `POST bolt-3pl`.
pub(crate) fn to_partner(method: &Method, uri: &Uri) -> String {
    format!("{method} {}", uri.path().trim_matches('/'))
}

fn to_s3(method: &Method, uri: &Uri) -> String {
    let mut parts = uri.path().trim_start_matches('/').split('/');
    let bucket = parts.next().unwrap_or_default();
    let name = bucket.strip_prefix(QUEUE_PREFIX).unwrap_or(bucket);
    // `archive-<account>`.
    let name = name.split_once('-').map_or(name, |(name, _)| name);
    let folder = parts.next().unwrap_or_default();
    let verb = match *method {
        Method::GET if folder.is_empty() => "ListObjects",
        Method::GET => "GetObject",
        Method::PUT => "PutObject",
        Method::HEAD => "HeadObject",
        _ => method.as_str(),
    };
    format!("{verb} {name}/{folder}")
}

/// The kinds of the items that a request to the table is about, in alphabetical order.
fn kinds(body: &Value) -> Option<String> {
    let mut kinds: Vec<&str> = Vec::new();
    let single = ["/Key/sk/S", "/Item/sk/S"];
    kinds.extend(single.iter().filter_map(|at| body.pointer(at)?.as_str()));
    for action in body.get("TransactItems").and_then(Value::as_array).into_iter().flatten() {
        let several = ["/Put/Item/sk/S", "/ConditionCheck/Key/sk/S", "/Update/Key/sk/S", "/Delete/Key/sk/S"];
        kinds.extend(several.iter().filter_map(|at| action.pointer(at)?.as_str()));
    }
    kinds.sort_unstable();
    kinds.dedup();
    (!kinds.is_empty()).then(|| kinds.join("+"))
}

fn queue(body: &Value) -> Option<String> {
    let name = body.get("QueueUrl")?.as_str()?.rsplit('/').next()?;
    Some(name.strip_prefix(QUEUE_PREFIX).unwrap_or(name).to_owned())
}

fn secret(body: &Value) -> Option<String> {
    let id = body.get("SecretId")?.as_str()?;
    Some(id.strip_prefix(SECRET_PREFIX).unwrap_or(id).to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn aws(method: &Method, uri: &'static str, target: Option<&'static str>, body: &Value) -> String {
        let mut headers = HeaderMap::new();
        if let Some(target) = target {
            headers.insert("x-amz-target", target.parse().unwrap());
        }
        to_aws(method, &Uri::from_static(uri), &headers, body)
    }

    #[test]
    fn a_call_is_named_by_what_it_does_and_to_what() {
        let items = json!({ "TransactItems": [
            { "Put": { "Item": { "sk": { "S": "RELEASE" } } } },
            { "ConditionCheck": { "Key": { "sk": { "S": "COUNTERS" } } } },
            { "Put": { "Item": { "sk": { "S": "RELEASE" } } } },
        ] });
        let target = |name| Some(name);
        let post = |target, body: &Value| aws(&Method::POST, "/", target, body);
        assert_eq!(post(target("DynamoDB_20120810.TransactWriteItems"), &items), "TransactWriteItems COUNTERS+RELEASE");
        let get = json!({ "Key": { "sk": { "S": "SHIPMENT" } } });
        assert_eq!(post(target("DynamoDB_20120810.GetItem"), &get), "GetItem SHIPMENT");
        let send = json!({ "QueueUrl": "http://localhost:1/000000000000/crossdock-local-order-apply" });
        assert_eq!(post(target("AmazonSQS.SendMessage"), &send), "SendMessage order-apply");
        let secret = json!({ "SecretId": "crossdock/local/bolt-3pl/webhook-in" });
        assert_eq!(post(target("secretsmanager.GetSecretValue"), &secret), "GetSecretValue bolt-3pl/webhook-in");
        assert_eq!(post(target("AWSEvents.PutEvents"), &json!({})), "PutEvents");
    }

    #[test]
    fn files_are_named_by_bucket_and_folder() {
        let s3 = |method, uri| aws(method, uri, None, &Value::Null);
        let key = "/crossdock-local-archive-000000000000/sha256/abc?x-id=PutObject";
        assert_eq!(s3(&Method::PUT, key), "PutObject archive/sha256");
        assert_eq!(s3(&Method::GET, "/crossdock-local-exchange-0/inbox/acme-3pl/a.edi"), "GetObject exchange/inbox");
        assert_eq!(s3(&Method::GET, "/crossdock-local-exchange-0?list-type=2"), "ListObjects exchange/");
    }

    #[test]
    fn partners_are_named() {
        assert_eq!(to_partner(&Method::POST, &Uri::from_static("/bolt-3pl")), "POST bolt-3pl");
    }
}
