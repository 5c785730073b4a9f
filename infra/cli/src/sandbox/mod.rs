//! The sample partners' endpoints: one HTTP server on this machine, with a path for each partner.
//!
//! Every request must be signed (Standard Webhooks) with the partner's secret. Everything that comes is in the
//! [`Journal`]; what a partner does with it is said by [`Sandbox::behave`], and is a 2xx where nothing is said. The
//! partners are of the kind that dedupes: the same webhook id is one thing, however often it comes, which is why
//! [`crate::Ledger`] counts ids and not requests. They can be asked for a message as well: at `/{partner}/messages/{id}`.

mod journal;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path as UrlPath, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use canonical::Digest;
use partners::{Scheme, Signature};
use secrecy::SecretString;
use serde_json::{Value, json};
use steps::signature;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub use journal::{Direction, Entry, Journal};

use crate::{Error, Keys, clock};

/// Longest body that is taken, in bytes: what Crossdock itself sends at most.
const BODY_LEN_MAX: usize = 1 << 20;

/// What a sample partner does with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Behaviour {
    /// Answers with this status.
    Answer(u16),
    /// Takes it, and answers with 200 only after some time.
    Delay(Duration),
    /// Takes it, and hangs up without an answer.
    HangUp,
}

/// What a partner does with the next requests whose body holds a text.
#[derive(Debug)]
struct Rule {
    partner: String,
    needle: String,
    next: Vec<Behaviour>,
}

#[derive(Debug)]
struct Shared {
    journal: Journal,
    rules: Mutex<Vec<Rule>>,
    keys: Mutex<Keys>,
    /// Where the keys lie that were made since.
    folder: OnceLock<PathBuf>,
}

/// The running sample partners. They stop when this is dropped.
#[derive(Debug)]
pub struct Sandbox {
    shared: Arc<Shared>,
    port: u16,
    _server: JoinSet<()>,
}

/// The port of the sandbox, taken.
#[derive(Debug)]
pub(crate) struct Door {
    listener: TcpListener,
    pub(crate) port: u16,
}

impl Door {
    /// Takes the port that the keys know, or a free one.
    pub(crate) async fn open(wanted: u16) -> Result<Self, Error> {
        let taken = |source| {
            Error::Unusable(format!(
                "port {wanted} of the sample partners cannot be used ({source}): stop what listens there, or use another --data directory"
            ))
        };
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, wanted));
        let listener = TcpListener::bind(address).await.map_err(taken)?;
        let port = listener.local_addr().map_err(taken)?.port();
        Ok(Self { listener, port })
    }
}

impl Sandbox {
    /// Opens the sample partners' endpoints. Their journal lies in `folder`, if there is one.
    pub(crate) fn start(door: Door, keys: Keys, folder: Option<&Path>) -> Result<Self, Error> {
        let path = folder.map(|folder| folder.join("journal.jsonl"));
        let shared = Arc::new(Shared {
            journal: Journal::open(path.as_deref())?,
            rules: Mutex::default(),
            keys: Mutex::new(keys),
            folder: OnceLock::new(),
        });
        let router = Router::new()
            .route("/", get(async || "The sample partners. What they sent and received: /journal\n"))
            .route("/journal", get(journal))
            .route("/{partner}", post(receive))
            .route("/{partner}/messages/{id}", get(look_up))
            .layer(DefaultBodyLimit::max(BODY_LEN_MAX))
            .with_state(Arc::clone(&shared));
        let mut server = JoinSet::new();
        server.spawn(async move {
            // It runs until it is dropped; it never ends by itself.
            let _ = axum::serve(door.listener, router).await;
        });
        Ok(Self { shared, port: door.port, _server: server })
    }

    /// The URL without a path.
    pub fn url(&self) -> String {
        url(self.port)
    }

    /// Where keys are put that are made while the sandbox runs: of new partners, and of rotations.
    pub(crate) fn look_in(&self, folder: &Path) {
        let _ = self.shared.folder.set(folder.to_path_buf());
    }

    /// What was sent and received.
    pub fn journal(&self) -> &Journal {
        &self.shared.journal
    }

    /// What `partner` shall do, one after the other, with the next requests whose body holds `needle`.
    pub fn behave(&self, partner: &str, needle: &str, next: Vec<Behaviour>) {
        let mut rules = self.shared.rules.lock().unwrap_or_else(PoisonError::into_inner);
        rules.push(Rule { partner: partner.to_owned(), needle: needle.to_owned(), next });
    }

    /// What was asked of `partner` is over: it answers as it should.
    pub fn recover(&self, partner: &str) {
        let mut rules = self.shared.rules.lock().unwrap_or_else(PoisonError::into_inner);
        rules.retain(|rule| rule.partner != partner);
    }
}

/// The URL of a sandbox at `port`.
pub(crate) fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

impl Shared {
    /// The secret with which the partner is told, as it is known or as it lies in the folder now.
    fn secret(&self, partner: &str, again: bool) -> Option<SecretString> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(folder) = self.folder.get().filter(|_| again)
            && let Ok(newer) = Keys::open(Some(folder))
        {
            *keys = newer;
        }
        keys.secret(partner, "webhook-out")
    }

    /// Whether a request is signed with the partner's secret; none if there is no such partner.
    fn is_signed(&self, partner: &str, headers: &HeaderMap, body: &[u8]) -> Option<bool> {
        let secret = self.secret(partner, false).or_else(|| self.secret(partner, true))?;
        let text_of = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let signed: Vec<_> = headers.iter().map(|(name, value)| (name.as_str().to_owned(), text_of(value))).collect();
        let scheme = Signature::of(Scheme::StandardWebhooks);
        let holds = |secret: SecretString| {
            signature::verify(&scheme, &signed, body, signature::Keys::Secrets(&[secret]), clock::now()).is_ok()
        };
        Some(holds(secret) || self.secret(partner, true).is_some_and(holds))
    }

    /// The next thing that was asked of the partner for such a body.
    fn behaviour(&self, partner: &str, body: &str) -> Behaviour {
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |rule: &&mut Rule| rule.partner == partner && !rule.next.is_empty() && body.contains(&rule.needle);
        match rules.iter_mut().find(fits) {
            Some(rule) => rule.next.remove(0),
            None => Behaviour::Answer(200),
        }
    }
}

async fn receive(
    State(shared): State<Arc<Shared>>,
    UrlPath(partner): UrlPath<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let text = String::from_utf8_lossy(&body).into_owned();
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let id = header("webhook-id").to_owned();
    let Some(signed) = shared.is_signed(&partner, &headers, &body) else {
        return answer(404, &json!({ "error": "no such partner here" }));
    };
    let behaviour = if signed { shared.behaviour(&partner, &text) } else { Behaviour::Answer(401) };
    let (status, what) = match behaviour {
        Behaviour::Answer(200) | Behaviour::Delay(_) | Behaviour::HangUp => (200, name_of(&text)),
        Behaviour::Answer(status) => (status, name_of(&text)),
    };
    shared.journal.add(Entry {
        at: clock::now(),
        direction: Direction::Received,
        partner,
        what,
        id: id.clone(),
        status,
        sha256: Digest::of(&body),
        body: text,
        answer: String::new(),
    });
    match behaviour {
        Behaviour::Delay(time) => tokio::time::sleep(time).await,
        // Ends the connection's task, and with it the connection. The hook that would print a panic is not asked.
        Behaviour::HangUp => std::panic::resume_unwind(Box::new("hang up")),
        Behaviour::Answer(_) => {}
    }
    answer(status, &json!({ "received": id }))
}

/// Whether the partner has a message: 200 or 404, unless something else is asked of it. It stands in no journal.
async fn look_up(
    State(shared): State<Arc<Shared>>,
    UrlPath((partner, id)): UrlPath<(String, String)>,
    headers: HeaderMap,
) -> Response {
    if shared.is_signed(&partner, &headers, b"") != Some(true) {
        return answer(401, &json!({ "error": "a look-up is signed as a message without a body" }));
    }
    let has = shared.journal.entries().iter().any(|entry| {
        entry.direction == Direction::Received && entry.partner == partner && entry.id == id && entry.is_taken()
    });
    match shared.behaviour(&partner, &format!("look-up {id}")) {
        Behaviour::Answer(200) => {}
        Behaviour::Answer(status) => return answer(status, &json!({ "message": id })),
        Behaviour::Delay(time) => tokio::time::sleep(time).await,
        Behaviour::HangUp => std::panic::resume_unwind(Box::new("hang up")),
    }
    answer(if has { 200 } else { 404 }, &json!({ "message": id, "received": has }))
}

fn answer(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

/// What a body is: the type of an event, or the name of a document.
fn name_of(body: &str) -> String {
    let document: Value = serde_json::from_str(body).unwrap_or_default();
    let name = document.pointer("/meta/type").or_else(|| document.get("document"));
    name.and_then(Value::as_str).unwrap_or("unknown").to_owned()
}

async fn journal(State(shared): State<Arc<Shared>>) -> Response {
    let lines: Vec<String> =
        shared.journal.entries().iter().filter_map(|entry| serde_json::to_string(entry).ok()).collect();
    ([(header::CONTENT_TYPE, "application/x-ndjson")], lines.join("\n") + "\n").into_response()
}

#[cfg(test)]
mod tests {
    use aws::Http;

    use super::*;

    async fn sandbox() -> (Sandbox, Keys) {
        let mut keys = Keys::open(None).unwrap();
        keys.ensure(&"bolt-3pl".parse().unwrap(), "webhook-out").unwrap();
        let door = Door::open(0).await.unwrap();
        (Sandbox::start(door, keys.clone(), None).unwrap(), keys)
    }

    async fn post(sandbox: &Sandbox, keys: &Keys, partner: &str, body: &str) -> Option<u16> {
        let secret = keys.secret("bolt-3pl", "webhook-out").unwrap();
        let headers = signature::sign("m1", body.as_bytes(), &[secret], clock::now()).unwrap();
        let url = format!("{}/{partner}", sandbox.url());
        let reply = Http::new().unwrap().send("POST", &url, &headers, body.as_bytes()).await;
        reply.ok().map(|reply| reply.status)
    }

    #[tokio::test]
    async fn a_partner_does_as_it_is_told_and_then_answers_200() {
        let (sandbox, keys) = sandbox().await;
        let next = vec![Behaviour::Answer(500), Behaviour::HangUp, Behaviour::Answer(422)];
        sandbox.behave("bolt-3pl", "order 1", next);
        let body = r#"{"document":"order-release","n":"order 1"}"#;
        let mut statuses = Vec::new();
        for _ in 0..4 {
            statuses.push(post(&sandbox, &keys, "bolt-3pl", body).await);
        }
        assert_eq!(statuses, [Some(500), None, Some(422), Some(200)]);
        assert_eq!(post(&sandbox, &keys, "bolt-3pl", "{}").await, Some(200));
        let received = sandbox.journal().received("bolt-3pl", "order 1");
        assert_eq!(received.iter().map(|entry| entry.status).collect::<Vec<_>>(), [500, 200, 422, 200]);
        assert_eq!(received[0].what, "order-release");
    }

    #[tokio::test]
    async fn a_partner_says_whether_it_has_a_message_to_those_who_sign() {
        let (sandbox, keys) = sandbox().await;
        let secret = || keys.secret("bolt-3pl", "webhook-out").unwrap();
        let asked = async |headers: &[(String, String)]| {
            let url = format!("{}/bolt-3pl/messages/m1", sandbox.url());
            Http::new().unwrap().send("GET", &url, headers, b"").await.unwrap().status
        };
        let signed = signature::sign("m1", b"", &[secret()], clock::now()).unwrap();
        assert_eq!(asked(&signed).await, 404);
        sandbox.behave("bolt-3pl", "order 1", vec![Behaviour::Answer(500)]);
        post(&sandbox, &keys, "bolt-3pl", "order 1").await;
        assert_eq!(asked(&signed).await, 404, "what it did not take it has not");
        post(&sandbox, &keys, "bolt-3pl", "order 1").await;
        assert_eq!((asked(&signed).await, asked(&[]).await), (200, 401));
        sandbox.behave("bolt-3pl", "look-up", vec![Behaviour::Answer(503)]);
        assert_eq!((asked(&signed).await, asked(&signed).await), (503, 200));
    }

    #[tokio::test]
    async fn what_is_not_signed_for_the_partner_is_refused() {
        let (sandbox, keys) = sandbox().await;
        assert_eq!(post(&sandbox, &keys, "nobody", "{}").await, Some(404));
        let url = format!("{}/bolt-3pl", sandbox.url());
        let reply = Http::new().unwrap().send("POST", &url, &[], b"{}").await.unwrap();
        assert_eq!(reply.status, 401);
        assert_eq!(sandbox.journal().entries()[0].status, 401);
    }
}
