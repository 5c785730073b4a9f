//! Those outside: the ERP on the API, partners with their webhooks and files, and a person who redrives.

use std::cell::RefCell;
use std::collections::HashMap;

use canonical::Digest;
use handlers::{Request, Response, WebhookIngest};
use jiff::{SignedDuration, Timestamp};
use ports::Scope;
use serde_json::json;
use steps::signature;

use crate::dispatch::Clock;
use crate::queues::later;
use crate::{Archive, KeySets, Limits, Profiles, Queue, QueueName, Reaction, Received, Secrets, World};

/// Seconds after which a function behind the API is killed.
pub(crate) const API_TIMEOUT_S: i64 = 5;
/// Seconds after which a client that was not answered, or not well, tries again.
const CLIENT_AGAIN_S: i64 = 5;
/// Tries after which a client gives up.
pub const CLIENT_TRIES_MAX: usize = 50;

/// The API key of a partner; its digest belongs into the partner's profile.
pub fn api_key(partner: &str) -> String {
    format!("api-key-of-{partner}")
}

/// A partner's secret of this name, in the form of Standard Webhooks. It follows from both names, and is no secret.
pub fn secret(partner: &str, name: &str) -> String {
    thread_local! {
        static KNOWN: RefCell<HashMap<String, String>> = RefCell::default();
    }
    let whose = format!("{partner}/{name}");
    KNOWN.with_borrow_mut(|known| {
        // 64 hexadecimal digits are base64 of 48 bytes.
        let derived = || format!("whsec_{}", Digest::of(whose.as_bytes()));
        known.entry(whose.clone()).or_insert_with(derived).clone()
    })
}

impl World {
    /// The ERP releases an order, once. None if it was not answered: the function was killed.
    pub fn api_post(&self, erp: &str, idempotency_key: &str, body: &str) -> Option<Response> {
        let headers = vec![("idempotency-key".to_owned(), idempotency_key.to_owned())];
        self.api(erp, "POST", "/v1/order-releases", headers, body)
    }

    /// The ERP cancels a release, once.
    pub fn api_cancel(&self, erp: &str, release_id: &str) -> Option<Response> {
        self.api(erp, "POST", &format!("/v1/order-releases/{release_id}/cancel"), Vec::new(), "")
    }

    /// The ERP cancels a release while functions run: the request is answered in [`World::run`]. Returns its number.
    pub fn submit_cancel(&self, erp: &str, release_id: &str) -> usize {
        self.submit(erp, "POST", &format!("/v1/order-releases/{release_id}/cancel"), Vec::new(), "")
    }

    /// A partner asks anything of the API while functions run, as [`World::submit_cancel`].
    pub fn submit(&self, partner: &str, method: &str, path: &str, headers: Vec<(String, String)>, body: &str) -> usize {
        let mut state = self.change();
        let number = state.answers.len() + state.requests.len();
        state.requests.push_back((number, api_request(partner, method, path, headers, body)));
        number
    }

    /// The answer to a request that was submitted; none if its function was killed.
    pub fn answer_to(&self, number: usize) -> Option<Response> {
        self.state().answers.get(&number).cloned().flatten()
    }

    /// A partner asks how a release stands, once.
    pub fn api_get(&self, partner: &str, release_id: &str) -> Option<Response> {
        self.api(partner, "GET", &format!("/v1/order-releases/{release_id}"), Vec::new(), "")
    }

    /// A partner asks anything of the REST API, once.
    pub fn api(
        &self,
        partner: &str,
        method: &str,
        path: &str,
        headers: Vec<(String, String)>,
        body: &str,
    ) -> Option<Response> {
        let request = api_request(partner, method, path, headers, body);
        let function = self.order_releases();
        let (scope, stop_at) = self.api_scope();
        let response = self.drive(Box::pin(function.handle(&request, scope)), stop_at);
        self.tell_answer(&format!("{partner} {method} {path}"), response.as_ref());
        response
    }

    /// A partner sends a webhook, once, signed now with its own secret.
    pub fn webhook(&self, partner: &str, topic: &str, webhook_id: &str, body: &str) -> Option<Response> {
        self.webhook_signed_by(partner, partner, topic, webhook_id, body)
    }

    /// A webhook comes to `partner`'s address with the signature of `signer`, once.
    pub fn webhook_signed_by(
        &self,
        signer: &str,
        partner: &str,
        topic: &str,
        webhook_id: &str,
        body: &str,
    ) -> Option<Response> {
        let secrets = [secret(signer, "webhook-in").into()];
        let headers = signature::sign(webhook_id, body.as_bytes(), &secrets, self.now()).unwrap_or_default();
        self.webhook_as(partner, topic, headers, body)
    }

    /// A webhook comes to a partner's address with headers of any origin, once.
    pub fn webhook_as(
        &self,
        partner: &str,
        topic: &str,
        headers: Vec<(String, String)>,
        body: &str,
    ) -> Option<Response> {
        let path = format!("/v1/partners/{partner}/webhooks/{topic}");
        let body = body.as_bytes().to_vec();
        let request = Request { method: "POST".to_owned(), path, headers, body, ..Request::default() };
        let function = WebhookIngest {
            archive: Archive::of(self),
            queue: Queue::of(self),
            profiles: Profiles::of(self),
            secrets: Secrets::of(self),
            keys: KeySets::of(self),
            limits: Limits::of(self),
        };
        let (scope, stop_at) = self.api_scope();
        let response = self.drive(Box::pin(function.handle(&request, scope)), stop_at);
        self.tell_answer(&format!("{partner} webhook {topic}"), response.as_ref());
        response
    }

    /// A client tries until it is answered with what is not a server's error and does not ask it to come again.
    pub fn insist(&self, request: impl Fn(&Self) -> Option<Response>) -> Option<Response> {
        (0..CLIENT_TRIES_MAX).find_map(|_| self.attempt(&request))
    }

    /// A client tries once; none if it must come again, and has waited for that.
    pub fn attempt(&self, request: impl Fn(&Self) -> Option<Response>) -> Option<Response> {
        let asks_again = |response: &Response| {
            response.status >= 500 || response.headers.iter().any(|(name, _)| name == "retry-after")
        };
        let response = request(self).filter(|response| !asks_again(response));
        if response.is_none() {
            self.wait(SignedDuration::from_secs(CLIENT_AGAIN_S));
        }
        response
    }

    /// A partner puts a file into its inbox; the bucket announces it.
    pub fn drop_file(&self, partner: &str, name: &str, bytes: &[u8]) {
        let key = format!("inbox/{partner}/{name}");
        let mut state = self.change();
        let versions = &mut state.inbox.entry(key.clone()).or_default().versions;
        versions.push(bytes.into());
        let version = (versions.len() - 1).to_string();
        let announcement = json!({ "Records": [{
            "eventTime": state.now,
            "s3": { "object": { "key": announced(&key), "versionId": version, "size": bytes.len() } },
        }]});
        state.tell(format_args!("{partner} drops {name}"));
        state.enqueue(QueueName::EdiDrop, announcement.to_string());
    }

    /// Somebody puts a message into a queue by hand.
    pub fn send(&self, queue: QueueName, body: &str) {
        self.change().enqueue(queue, body.to_owned());
    }

    /// A person redrives a dead-letter queue: each message goes back as a new one. Says how many.
    pub fn redrive(&self, queue: QueueName) -> usize {
        let dead = std::mem::take(&mut self.change().queues.entry(queue).or_default().dead);
        self.revive_all(queue, dead)
    }

    /// A person redrives a dead-letter queue, and the messages stay there too: what a redrive that was broken off half
    /// way and begun again comes to. Says how many.
    pub fn redrive_and_keep(&self, queue: QueueName) -> usize {
        let dead = self.state().queues.get(&queue).map(|store| store.dead.clone()).unwrap_or_default();
        self.revive_all(queue, dead)
    }

    fn revive_all(&self, queue: QueueName, dead: Vec<crate::queues::Entry>) -> usize {
        let mut state = self.change();
        let count = dead.len();
        state.tell(format_args!("{count} redriven to {}", queue.as_str()));
        for entry in dead {
            state.revive(queue, entry);
        }
        count
    }

    /// The table's stream is told again from its beginning, as to a relay that was set up anew.
    pub fn retell_stream(&self) {
        let mut state = self.change();
        state.relay.done = 0;
        state.tell(format_args!("the stream is told again"));
    }

    /// A partner's system does this with its next calls, one after the other.
    pub fn script(&self, partner: &str, reactions: impl IntoIterator<Item = Reaction>) {
        if let Some(endpoint) = self.change().endpoints.iter_mut().find(|(id, _)| id.as_str() == partner) {
            endpoint.1.script.extend(reactions);
        }
    }

    /// A partner's system does this with every call; with `None` it works again.
    pub fn always(&self, partner: &str, reaction: Option<Reaction>) {
        if let Some(endpoint) = self.change().endpoints.iter_mut().find(|(id, _)| id.as_str() == partner) {
            endpoint.1.always = reaction;
        }
    }

    /// A partner's system is not reached for so long.
    pub fn away(&self, partner: &str, time: SignedDuration) {
        let mut state = self.change();
        let until = later(state.now, time.as_secs());
        if let Some(endpoint) = state.endpoints.iter_mut().find(|(id, _)| id.as_str() == partner) {
            endpoint.1.away_until = Some(until);
        }
    }

    /// The calls that a partner's system got.
    pub fn received(&self, partner: &str) -> Vec<Received> {
        let state = self.state();
        let endpoint = state.endpoints.iter().find(|(id, _)| id.as_str() == partner);
        endpoint.map(|(_, endpoint)| endpoint.received.clone()).unwrap_or_default()
    }

    /// What lies in a partner's outbox: names, and the bytes in force.
    pub fn outbox(&self, partner: &str) -> Vec<(String, Vec<u8>)> {
        let state = self.state();
        let own = state.outbox.iter().filter(|((id, _), _)| id.as_str() == partner);
        own.map(|((_, name), object)| {
            let bytes = object.versions.last().map(|bytes| bytes.to_vec());
            (name.clone(), bytes.unwrap_or_default())
        })
        .collect()
    }

    /// What a function behind the API knows of the moment, and when it is stopped.
    pub(crate) fn api_scope(&self) -> (Scope, Timestamp) {
        let mut state = self.change();
        let (skew, stop_at) = (state.skew(), later(state.now, API_TIMEOUT_S));
        let clock = Clock { skew, stop_at };
        (Scope { now: clock.of(state.now), stop_at: clock.of(stop_at), receives: 1 }, stop_at)
    }

    fn tell_answer(&self, what: &str, response: Option<&Response>) {
        match response {
            Some(response) => self.change().tell(format_args!("{what}: {}", response.status)),
            None => self.change().tell(format_args!("{what}: no answer")),
        }
    }
}

/// A key as the bucket announces it: a blank is `+`, and all but letters, digits and `-._*/` is escaped.
fn announced(key: &str) -> String {
    key.bytes().fold(String::with_capacity(key.len()), |mut text, byte| {
        match byte {
            b' ' => text.push('+'),
            byte if byte.is_ascii_alphanumeric() || b"-._*/".contains(&byte) => text.push(char::from(byte)),
            byte => text.extend(format!("%{byte:02X}").chars()),
        }
        text
    })
}

fn api_request(partner: &str, method: &str, path: &str, mut headers: Vec<(String, String)>, body: &str) -> Request {
    headers.push(("x-api-key".to_owned(), api_key(partner)));
    let body = body.as_bytes().to_vec();
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body,
        ..Request::default()
    }
}
