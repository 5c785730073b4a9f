//! `webhook-ingest`: verify the raw bytes, keep them, enqueue, answer 202. Never touches the table.

use canonical::{Code, Content, Message, PartnerId};
use formats::webhook::Topic;
use ports::{Archive, Fault, Profiles, Queue, Scope, Secrets, StepQueue};
use steps::signature::{self, Headers};
use steps::webhook_ingest::{self as step, BODY_LEN_MAX, Destination};

use crate::{Request, Response};

/// The function `webhook-ingest`.
#[derive(Debug)]
pub struct WebhookIngest<A, Q, P, S> {
    /// Where raw bytes lie.
    pub archive: A,
    /// Where messages go.
    pub queue: Q,
    /// The partners.
    pub profiles: P,
    /// Their secrets.
    pub secrets: S,
}

impl<A: Archive, Q: Queue, P: Profiles, S: Secrets> WebhookIngest<A, Q, P, S> {
    /// Answers one request.
    pub async fn handle(&self, request: &Request, scope: Scope) -> Response {
        self.ingest(request, scope).await.unwrap_or_else(|fault| Response::fault(&fault))
    }

    async fn ingest(&self, request: &Request, scope: Scope) -> Result<Response, Fault> {
        let parts: Vec<&str> = request.path.trim_matches('/').split('/').collect();
        let ["v1", "partners", partner, "webhooks", topic] = parts.as_slice() else {
            return Ok(Response::problem(404, Code::NotFound, "no such operation", Vec::new()));
        };
        if request.body.len() > BODY_LEN_MAX {
            let detail = format!("the body has {} bytes; {BODY_LEN_MAX} are the most", request.body.len());
            return Ok(Response::problem(413, Code::TooLarge, detail, Vec::new()));
        }
        let headers =
            (request.header("webhook-id"), request.header("webhook-timestamp"), request.header("webhook-signature"));
        let (Some(id), Some(timestamp), Some(signature)) = headers else {
            let detail = "webhook-id, webhook-timestamp and webhook-signature must each be given once";
            return Ok(unauthenticated(Code::HeaderMissing, detail));
        };
        let bundle = self.profiles.bundle().await?;
        let profile = partner.parse::<PartnerId>().ok().and_then(|partner| bundle.partner(&partner));
        let Some(profile) = profile.filter(|profile| profile.auth.signs_webhooks) else {
            // Whether the partner exists is nobody's business who cannot sign for it.
            return Ok(unauthenticated(Code::SignatureInvalid, "webhook-signature does not match the body"));
        };
        let secrets = self.secrets.secrets(&profile.id, "webhook-in").await?;
        if secrets.is_empty() {
            return Err(Fault::misconfigured(format!("no secret {}/webhook-in", profile.id)));
        }
        let headers = Headers { id, timestamp, signature };
        if let Err(error) = signature::verify(headers, &request.body, &secrets, scope.now) {
            if error == signature::SignatureError::Secret {
                return Err(Fault::misconfigured(format!("secret {}/webhook-in: {error}", profile.id)));
            }
            return Ok(unauthenticated(error.code(), &error.to_string()));
        }
        // From here on the bytes are the partner's word, and are kept whatever they say.
        if !steps::defect!(ArchivedAfterQueued) {
            self.archive.keep(&request.body).await?;
        }
        let Ok(topic) = topic.parse::<Topic>() else {
            let known: Vec<&str> = Topic::ALL.iter().map(|topic| topic.as_str()).collect();
            let detail = format!("no topic {topic}; there are {}", known.join(", "));
            return Ok(Response::problem(404, Code::UnknownTopic, detail, Vec::new()));
        };
        let sender = profile.principal(&bundle.house.tenant);
        let response = match step::decide(topic, &sender, id, &request.body, bundle.version.as_str(), scope.now) {
            Ok(message) => {
                let sent = self.queue.send(queue_of(&message.content), vec![body_of(&message)?]).await;
                if !steps::defect!(AcceptedBeforeQueued) {
                    sent?;
                }
                if steps::defect!(ArchivedAfterQueued) {
                    self.archive.keep(&request.body).await?;
                }
                let answer = serde_json::json!({ "message_id": message.id, "status": "accepted" });
                Response::json(202, answer.to_string(), "accepted")
            }
            Err(findings) => Response::invalid("the webhook was not taken", findings),
        };
        Ok(response.to(&profile.id))
    }
}

fn unauthenticated(code: Code, detail: &str) -> Response {
    Response::problem(401, code, detail, Vec::new())
}

/// The queue of the step that handles `content`.
pub fn queue_of(content: &Content) -> StepQueue {
    match step::destination(content) {
        Destination::OrderApply => StepQueue::OrderApply,
        Destination::ShipmentApply => StepQueue::ShipmentApply,
        Destination::OrderDispatch => StepQueue::OrderDispatch,
    }
}

/// A message as a queue body. JSON escapes what the queue would refuse, but for two code points that are no characters.
pub(crate) fn body_of(message: &Message) -> Result<String, Fault> {
    let text =
        serde_json::to_string(message).map_err(|error| Fault::bug("a message does not serialize").because(error))?;
    Ok(text.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff"))
}
