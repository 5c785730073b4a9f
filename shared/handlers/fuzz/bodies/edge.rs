//! Any request is answered by the contract; who is let in bears the credential; nothing of anybody else's is kept.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use canonical::{Digest, PartnerId};
use futures::FutureExt as _;
use handlers::{Authorize, OrderReleases, Request, Response, Verified, WebhookIngest};
use jiff::Timestamp;
use partners::{Bundle, SourceFile};
use ports::{
    Archive, Commit, CommitError, Fault, Key, KeySets, Limits, Profiles, Queue, Read, Scope, Secrets, StepQueue,
    Stored, Table, WaitIndex, Waiting,
};
use secrecy::SecretString;
use serde_json::Value;

/// When everything in the corpus was signed.
const NOW: i64 = 1_700_000_000;
/// The one body that was ever signed.
const BODY: &[u8] = br#"{"release_id":"rel_00000000000000000000000000000000","occurred_at":"2023-11-14T22:13:20Z"}"#;
const JWKS: &str = include_str!("jwks.json");
const TOKEN: &str = include_str!("token.txt");

/// Whether anybody was let in.
pub(crate) fn run(bytes: &[u8]) -> bool {
    let request = request(bytes);
    let world = World::new();
    let now = Timestamp::from_second(NOW).unwrap();
    let scope = Scope { now, stop_at: now, receives: 1 };
    let authorize = Authorize { profiles: world.clone(), keys: world.clone() };
    let verified = authorize.handle(&request, scope).now_or_never().unwrap();
    assert_ne!(verified, Verified::Unknown, "nothing is out");
    if let Verified::Partner(partner) = &verified {
        bears(&request, partner.as_str());
    }
    let orders = OrderReleases {
        table: world.clone(),
        archive: world.clone(),
        profiles: world.clone(),
        keys: world.clone(),
        limits: world.clone(),
    };
    let response = orders.handle(&request, scope).now_or_never().unwrap();
    holds(&world, &request, &response);
    let mut let_in = !response.partner.is_empty();
    let world = World::new();
    let webhooks = WebhookIngest {
        archive: world.clone(),
        queue: world.clone(),
        profiles: world.clone(),
        secrets: world.clone(),
        keys: world.clone(),
        limits: world.clone(),
    };
    let response = webhooks.handle(&request, scope).now_or_never().unwrap();
    holds(&world, &request, &response);
    for body in world.sent.lock().unwrap().iter() {
        let message: canonical::Message = serde_json::from_str(body).expect("the next step reads it");
        assert_eq!(message.raw.sha256, Digest::of(&request.body), "the bytes that came are those that are kept");
        assert!(request.path.contains(message.sender.scope.partner.as_str()), "and the sender is who signed");
    }
    let_in |= !response.partner.is_empty();
    let_in
}

/// What holds of every answer.
fn holds(world: &World, request: &Request, response: &Response) {
    assert!(response.status < 500, "{}: {}", response.status, String::from_utf8_lossy(&response.body));
    assert!(response.body.len() < 64 * 1024, "an answer is small");
    for (name, value) in &response.headers {
        assert!(value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()), "{name}: {value:?}");
    }
    if response.status >= 400 {
        let problem: Value = serde_json::from_slice(&response.body).unwrap();
        assert_eq!(problem["code"], response.code.unwrap().as_str());
    }
    if response.partner.is_empty() {
        assert!([401, 403, 404, 405, 413].contains(&response.status), "{} for nobody", response.status);
        assert!(world.kept.lock().unwrap().is_empty(), "nobody's word is not kept");
    } else {
        bears(request, &response.partner);
    }
}

/// Whether a request proves to be of this partner.
fn bears(request: &Request, partner: &str) {
    let has =
        |name: &str, text: &str| request.headers.iter().any(|(given, value)| given == name && value.contains(text));
    match partner {
        "by-key" => assert!(has("x-api-key", "the-key")),
        "by-token" => assert!(has("authorization", TOKEN.trim_end())),
        "by-certificate" => {
            let text: String = request.certificate.iter().flat_map(|pem| pem.split_ascii_whitespace()).collect();
            assert!(text.contains("AQID"));
        }
        _ => assert_eq!(request.body, BODY, "{partner}: nothing else was ever signed"),
    }
}

fn bundle() -> &'static Arc<Bundle> {
    static BUNDLE: OnceLock<Arc<Bundle>> = OnceLock::new();
    BUNDLE.get_or_init(|| {
        let file = |name: &str, text: String| SourceFile { name: format!("{name}.toml"), text };
        let profile = |id: &str, role: &str, auth: &str| {
            file(id, format!("id = \"{id}\"\nname = \"{id}\"\nrole = \"{role}\"\n[auth]\n{auth}\n"))
        };
        let signs = |scheme: &str| format!("signature = {{ scheme = \"{scheme}\" }}");
        let house = "tenant = \"t\"\nname = \"T\"\n[edi]\nqualifier = \"ZZ\"\nid = \"T\"\n";
        let template = "[auth.signature]\nscheme = \"template\"\n[auth.signature.template]\nheaders = [\"x-acme-auth\"]\n\
                        signatures = [{ label = \"sig=\", algorithm = \"hmac-sha256\" }]\nseveral = true\nencoding = \"hex\"\n\
                        signed = \"v0:{time}:{id}:{body}\"\nid_header = \"x-acme-id\"\ntime_label = \"ts=\"\n";
        let token = "[auth.oauth2]\nissuer = \"https://login.example\"\naudience = \"crossdock\"\nclient_id = \"c1\"\n\
                     jwks_url = \"https://login.example/jwks\"\nscopes = [\"write\"]";
        let mut files = vec![
            file("house", house.to_owned()),
            profile("by-key", "erp", &format!("api_key_sha256 = [\"{}\"]", Digest::of(b"the-key"))),
            profile("by-token", "erp", token),
            profile("by-certificate", "tms", &format!("certificate_sha256 = [\"{}\"]", Digest::of(&[1, 2, 3]))),
            profile("standard", "3pl", &signs("standard-webhooks")),
            profile("template", "3pl", template),
        ];
        for scheme in ["shopify", "shiphero", "aftership", "easypost", "github", "stripe", "shipstation"] {
            files.push(profile(scheme, "3pl", &signs(scheme)));
        }
        Arc::new(partners::compile(&files, &BTreeMap::new()).unwrap())
    })
}

/// Everything around a function. What it keeps and sends ends up here.
#[derive(Clone)]
struct World {
    bundle: Arc<Bundle>,
    kept: Arc<Mutex<Vec<Digest>>>,
    sent: Arc<Mutex<Vec<String>>>,
}

impl World {
    fn new() -> Self {
        Self { bundle: Arc::clone(bundle()), kept: Arc::default(), sent: Arc::default() }
    }
}

impl Profiles for World {
    async fn bundle(&self) -> Result<Arc<Bundle>, Fault> {
        Ok(Arc::clone(&self.bundle))
    }
}

impl KeySets for World {
    async fn key_set(&self, _: &str, _: Read) -> Result<String, Fault> {
        Ok(JWKS.to_owned())
    }
}

impl Secrets for World {
    async fn secrets(&self, partner: &PartnerId, _: &str, _: Timestamp, _: Read) -> Result<Vec<SecretString>, Fault> {
        Ok(match partner.as_str() {
            "standard" => vec![
                "whsec_YS1zZWNyZXQtb2YtMzItYnl0ZXMtZm9yLXZlY3RvcnM=".into(),
                "whpk_6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw=".into(),
            ],
            "easypost" => vec!["cl\u{e9} \u{2116} \u{fb01}n de partenaire".into()],
            _ => vec!["a-secret-of-32-bytes-for-vectors".into()],
        })
    }
}

impl Limits for World {
    async fn count(&self, _: &Key, _: Timestamp) -> Result<u32, Fault> {
        Ok(1)
    }
}

impl Archive for World {
    async fn keep(&self, bytes: &[u8]) -> Result<Digest, Fault> {
        self.kept.lock().unwrap().push(Digest::of(bytes));
        Ok(Digest::of(bytes))
    }

    async fn fetch(&self, _: &Digest) -> Result<Option<Vec<u8>>, Fault> {
        Ok(None)
    }
}

impl Queue for World {
    async fn send(&self, _: StepQueue, bodies: Vec<String>) -> Result<(), Fault> {
        self.sent.lock().unwrap().extend(bodies);
        Ok(())
    }
}

impl Table for World {
    async fn load(&self, _: &Key) -> Result<Option<Stored<String>>, Fault> {
        Ok(None)
    }

    async fn commit(&self, _: Commit) -> Result<(), CommitError> {
        Ok(())
    }
}

impl WaitIndex for World {
    async fn waiting(&self, _: &str, _: &str, _: &str) -> Result<Vec<Waiting>, Fault> {
        Ok(Vec::new())
    }
}

/// A line with method and path, headers, an empty line, the body. `-certificate` is what the gateway verified.
fn request(bytes: &[u8]) -> Request {
    let mut request = Request { id: "gateway-1".to_owned(), ..Request::default() };
    let mut rest = bytes;
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let line = String::from_utf8_lossy(&rest[..end]).into_owned();
        rest = &rest[end + 1..];
        if line.is_empty() {
            break;
        }
        if request.method.is_empty() {
            let (method, path) = line.split_once(' ').unwrap_or((&line, ""));
            (request.method, request.path) = (method.to_owned(), path.to_owned());
            continue;
        }
        let (name, value) = line.split_once(": ").unwrap_or((&line, ""));
        if name == "-certificate" {
            let pem = format!("-----BEGIN CERTIFICATE-----\n{value}\n-----END CERTIFICATE-----\n");
            request.certificate = Some(pem);
        } else {
            request.headers.push((name.to_lowercase(), value.to_owned()));
        }
    }
    request.body = rest.to_vec();
    request
}
