//! `webhook-ingest`: verify the raw bytes, keep them, enqueue, answer 202. Never touches the table.

use canonical::{Code, Content, Message, PartnerId};
use formats::api::{Operation, WebhookTaken};
use formats::webhook::Topic;
use partners::{Bundle, Profile, Scheme, Signature};
use ports::{Archive, Fault, KeySets, Limits, Profiles, Queue, Read, Scope, Secrets, StepQueue};
use steps::signature::{self, Keys, SignatureError};
use steps::webhook_ingest::{self as step, BODY_LEN_MAX, Destination};

use crate::authorize::{Refusal, bears_credential, key_set, sender};
use crate::order_release::disabled;
use crate::{Request, Response, edge};

/// The function `webhook-ingest`.
#[derive(Debug)]
pub struct WebhookIngest<A, Q, P, S, K, L> {
    /// Where raw bytes lie.
    pub archive: A,
    /// Where messages go.
    pub queue: Q,
    /// The partners.
    pub profiles: P,
    /// Their secrets.
    pub secrets: S,
    /// Their public keys.
    pub keys: K,
    /// How many requests there were.
    pub limits: L,
}

impl<A: Archive, Q: Queue, P: Profiles, S: Secrets, K: KeySets, L: Limits> WebhookIngest<A, Q, P, S, K, L> {
    /// Answers one request.
    pub async fn handle(&self, request: &Request, scope: Scope) -> Response {
        self.ingest(request, scope).await.unwrap_or_else(|fault| Response::fault(&fault)).of(request)
    }

    async fn ingest(&self, request: &Request, scope: Scope) -> Result<Response, Fault> {
        let open = match edge::operation(request) {
            Ok((Operation::Webhook, open)) => open,
            Ok(_) => return Ok(Response::problem(404, Code::NotFound, "no such operation", Vec::new())),
            Err(refused) => return Ok(refused),
        };
        let [partner, topic] = open.as_slice() else {
            return Ok(Response::problem(404, Code::NotFound, "no such operation", Vec::new()));
        };
        if request.body.len() > BODY_LEN_MAX {
            let detail = format!("the body has {} bytes; {BODY_LEN_MAX} are the most", request.body.len());
            return Ok(Response::problem(413, Code::TooLarge, detail, Vec::new()));
        }
        let bundle = self.profiles.bundle().await?;
        let profile = partner.parse::<PartnerId>().ok().and_then(|partner| bundle.partner(&partner));
        let (profile, id) = match self.verify(request, &bundle, profile, scope).await? {
            Ok(verified) => verified,
            Err(refusal) => return Ok(Response::refusal(refusal)),
        };
        let admitted = match edge::admit(request, profile, &bundle.house, &self.limits, scope.now).await {
            Ok(admitted) => admitted,
            Err(refused) => return Ok(refused.to(&profile.id)),
        };
        // From here on the bytes are the partner's word, and are kept whatever they say.
        if !steps::defect!(ArchivedAfterQueued) {
            self.archive.keep(&request.body).await?;
        }
        if let Some(reason) = &profile.disabled {
            return Ok(disabled(profile, reason));
        }
        let Ok(topic) = topic.parse::<Topic>() else {
            let known: Vec<&str> = Topic::ALL.iter().map(|topic| topic.as_str()).collect();
            let detail = format!("no such topic; there are {}", known.join(", "));
            let unknown = Response::problem(404, Code::UnknownTopic, detail, Vec::new());
            return Ok(admitted.seal(unknown).to(&profile.id));
        };
        if !profile.permits.may_send(topic.as_str()) {
            let detail = format!("your profile does not permit to send {}", topic.as_str());
            let refused = Response::problem(403, Code::NotPermitted, detail, Vec::new());
            return Ok(admitted.seal(refused).to(&profile.id));
        }
        let sender = profile.principal(&bundle.house.tenant);
        let response = match step::decide(topic, &sender, &id, &request.body, bundle.version.as_str(), scope.now) {
            Ok(message) => {
                let message = Message { trace: request.trace(), ..message };
                let sent = self.queue.send(queue_of(&message.content), vec![body_of(&message)?]).await;
                if !steps::defect!(AcceptedBeforeQueued) {
                    sent?;
                }
                if steps::defect!(ArchivedAfterQueued) {
                    self.archive.keep(&request.body).await?;
                }
                // Text alone: this cannot fail.
                let answer = serde_json::to_vec(&WebhookTaken::of(&message.id)).unwrap_or_default();
                Response::json(202, answer, "accepted")
            }
            Err(findings) => Response::invalid("the webhook was not taken", findings),
        };
        Ok(admitted.seal(response).to(&profile.id))
    }

    /// Whether the request is by the partner that its address names, and the message's id.
    async fn verify<'b>(
        &self,
        request: &Request,
        bundle: &'b Bundle,
        profile: Option<&'b Profile>,
        scope: Scope,
    ) -> Result<Result<(&'b Profile, String), Refusal>, Fault> {
        if let Some((profile, scheme)) = profile.and_then(|profile| Some((profile, profile.auth.signature.as_ref()?))) {
            let mut verdict = self.signed(request, profile, scheme, scope, Read::Held).await?;
            if verdict == Err(SignatureError::Mismatch) {
                // It may be signed with a secret or key that is newer than what is held.
                verdict = self.signed(request, profile, scheme, scope, Read::Again).await?;
            }
            return match verdict {
                Err(error @ (SignatureError::Secret | SignatureError::Undescribed)) => {
                    Err(Fault::misconfigured(format!("webhook signatures of {}: {error}", profile.id)))
                }
                verdict => Ok(verdict.map(|id| (profile, id)).map_err(refusal)),
            };
        }
        // Whether the partner exists is nobody's business who cannot prove to be it.
        if !bears_credential(request) {
            let nobody = Signature::of(Scheme::StandardWebhooks);
            let verdict = signature::verify(&nobody, &request.headers, &request.body, Keys::Secrets(&[]), scope.now);
            return Ok(Err(refusal(verdict.err().unwrap_or(SignatureError::Mismatch))));
        }
        Ok(match (sender(request, bundle, &self.keys, scope.now).await?, profile) {
            (Ok(sender), Some(profile)) if sender.id == profile.id => {
                let id = signature::claimed_id(&request.headers, &request.body);
                id.map(|id| (sender, id)).map_err(refusal)
            }
            (Err(refusal), _) => Err(refusal),
            (Ok(_), _) => Err(Refusal::new(401, Code::Unauthenticated, "the credential is not that of this partner")),
        })
    }

    async fn signed(
        &self,
        request: &Request,
        profile: &Profile,
        scheme: &Signature,
        scope: Scope,
        read: Read,
    ) -> Result<Result<String, SignatureError>, Fault> {
        let verify = |keys: Keys<'_>| signature::verify(scheme, &request.headers, &request.body, keys, scope.now);
        if let Some(url) = scheme.keys_url() {
            return Ok(verify(Keys::Public(&key_set(&self.keys, url, read).await?)));
        }
        let secrets = self.secrets.secrets(&profile.id, "webhook-in", scope.now, read).await?;
        if secrets.is_empty() {
            return Err(Fault::misconfigured(format!("no secret {}/webhook-in is in force", profile.id)));
        }
        Ok(verify(Keys::Secrets(&secrets)))
    }
}

fn refusal(error: SignatureError) -> Refusal {
    Refusal::new(401, error.code(), error.to_string())
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
