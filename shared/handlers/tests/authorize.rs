//! Who is let in, by each kind of credential, and what the others are told.

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use aws_lc_rs::signature::Ed25519KeyPair;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use canonical::{Code, Digest, PartnerId};
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
    use steps::signature;

    const NOW: i64 = 1_700_000_000;
    const OLD: &str = "whsec_b2xkLXNlY3JldC1vbGQtc2VjcmV0LW9sZC1zZWNyZXQ=";
    const NEW: &str = "whsec_bmV3LXNlY3JldC1uZXctc2VjcmV0LW5ldy1zZWNyZXQ=";
    /// Of a certificate whose DER form is three bytes.
    const PEM: &str = "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n";
    const KEY_X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    /// Everything around a function: what it asks for is here, and what it keeps and sends ends up here.
    #[derive(Clone)]
    struct World {
        bundle: Arc<Bundle>,
        /// The key set as it is held, and as its server has it now; none if it is out.
        held: Option<String>,
        served: Option<String>,
        asked: Arc<RefCell<Vec<Read>>>,
        sent: Arc<RefCell<Vec<String>>>,
        kept: Arc<RefCell<usize>>,
    }

    impl World {
        fn new() -> Self {
            let profile = |id: &str, role: &str, auth: &str| SourceFile {
                name: format!("{id}.toml"),
                text: format!("id = \"{id}\"\nname = \"{id}\"\nrole = \"{role}\"\n[auth]\n{auth}\n"),
            };
            let key = |text: &str| format!("api_key_sha256 = [\"{}\"]", Digest::of(text.as_bytes()));
            let house = "tenant = \"t\"\nname = \"T\"\n[edi]\nqualifier = \"ZZ\"\nid = \"T\"\n";
            let files = [
                SourceFile { name: "house.toml".to_owned(), text: house.to_owned() },
                profile("by-key", "3pl", &key("the-key")),
                profile("other-key", "3pl", &key("another-key")),
                profile("by-cert", "3pl", &format!("certificate_sha256 = [\"{}\"]", Digest::of(&[1, 2, 3]))),
                profile(
                    "by-token",
                    "3pl",
                    "[auth.oauth2]\nissuer = \"https://login.example\"\naudience = \"crossdock\"\nclient_id = \"c1\"\n\
                     jwks_url = \"https://login.example/jwks\"\nscopes = [\"write\"]",
                ),
                profile("signs", "3pl", "signature = { scheme = \"standard-webhooks\" }"),
                profile("nothing", "3pl", ""),
            ];
            let set = format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","kid":"k1","x":"{KEY_X}"}}]}}"#);
            Self {
                bundle: Arc::new(partners::compile(&files, &BTreeMap::new()).unwrap()),
                held: Some(set.clone()),
                served: Some(set),
                asked: Arc::default(),
                sent: Arc::default(),
                kept: Arc::default(),
            }
        }

        fn authorize(&self, request: &Request) -> Verified {
            let function = Authorize { profiles: self.clone(), keys: self.clone() };
            function.handle(request, scope()).now_or_never().unwrap()
        }

        fn show(&self, request: Request) -> Response {
            let (table, archive) = (self.clone(), self.clone());
            let function =
                OrderReleases { table, archive, profiles: self.clone(), keys: self.clone(), limits: Uncounted };
            let path = "/v1/order-releases/rel_00000000000000000000000000000000".to_owned();
            let request = Request { method: "GET".to_owned(), path, ..request };
            function.handle(&request, scope()).now_or_never().unwrap()
        }

        fn webhook(&self, partner: &str, request: Request) -> Response {
            let function = WebhookIngest {
                archive: self.clone(),
                queue: self.clone(),
                profiles: self.clone(),
                secrets: self.clone(),
                keys: self.clone(),
                limits: Uncounted,
            };
            let path = format!("/v1/partners/{partner}/webhooks/release-waved");
            let request = Request { method: "POST".to_owned(), path, body: BODY.to_vec(), ..request };
            function.handle(&request, scope()).now_or_never().unwrap()
        }
    }

    const BODY: &[u8] =
        br#"{"release_id":"rel_00000000000000000000000000000000","occurred_at":"2023-11-14T22:13:20Z"}"#;

    fn scope() -> Scope {
        let now = Timestamp::from_second(NOW).unwrap();
        Scope { now, stop_at: now, receives: 1 }
    }

    /// Requests are not counted: `edge.rs` looks at that.
    struct Uncounted;

    impl Limits for Uncounted {
        async fn count(&self, _: &Key, _: Timestamp) -> Result<u32, Fault> {
            Ok(1)
        }
    }

    impl Profiles for World {
        async fn bundle(&self) -> Result<Arc<Bundle>, Fault> {
            Ok(Arc::clone(&self.bundle))
        }
    }

    impl KeySets for World {
        async fn key_set(&self, url: &str, read: Read) -> Result<String, Fault> {
            assert_eq!(url, "https://login.example/jwks");
            self.asked.borrow_mut().push(read);
            let set = if read == Read::Held { &self.held } else { &self.served };
            set.clone().ok_or_else(|| Fault::transient("the server is out"))
        }
    }

    impl Secrets for World {
        /// What is held is the old secret alone; the store has both.
        async fn secrets(
            &self,
            partner: &PartnerId,
            name: &str,
            _: Timestamp,
            read: Read,
        ) -> Result<Vec<SecretString>, Fault> {
            assert_eq!((partner.as_str(), name), ("signs", "webhook-in"));
            self.asked.borrow_mut().push(read);
            Ok(if read == Read::Held { vec![OLD.into()] } else { vec![NEW.into(), OLD.into()] })
        }
    }

    impl Archive for World {
        async fn keep(&self, bytes: &[u8]) -> Result<Digest, Fault> {
            *self.kept.borrow_mut() += 1;
            Ok(Digest::of(bytes))
        }

        async fn fetch(&self, _: &Digest) -> Result<Option<Vec<u8>>, Fault> {
            Ok(None)
        }
    }

    impl Queue for World {
        async fn send(&self, _: StepQueue, bodies: Vec<String>) -> Result<(), Fault> {
            self.sent.borrow_mut().extend(bodies);
            Ok(())
        }
    }

    impl Table for World {
        async fn load(&self, _: &Key) -> Result<Option<Stored<String>>, Fault> {
            Ok(None)
        }

        async fn commit(&self, _: Commit) -> Result<(), CommitError> {
            Err(CommitError::Lost)
        }
    }

    impl WaitIndex for World {
        async fn waiting(&self, _: &str, _: &str, _: &str) -> Result<Vec<Waiting>, Fault> {
            Ok(Vec::new())
        }
    }

    fn with(headers: &[(&str, &str)]) -> Request {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Request { headers, ..Request::default() }
    }

    fn certified(request: Request, pem: &str) -> Request {
        Request { certificate: Some(pem.to_owned()), ..request }
    }

    /// A token by the key of RFC 8032, 7.1, test 1.
    fn token(client: &str, scopes: &str) -> String {
        let seed: Vec<u8> =
            [0x9d61_b19d_effd_5a60_u64, 0xba84_4af4_92ec_2cc4, 0x4449_c569_7b32_6919, 0x703b_ac03_1cae_7f60]
                .into_iter()
                .flat_map(u64::to_be_bytes)
                .collect();
        let claims = format!(
            r#"{{"iss":"https://login.example","aud":"crossdock","client_id":"{client}","exp":{},"scope":"{scopes}"}}"#,
            NOW + 60
        );
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"EdDSA","kid":"k1"}"#);
        let text = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims));
        let signature = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap().sign(text.as_bytes()).as_ref().to_vec();
        format!("Bearer {text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn code_of(response: &Response) -> (u16, Code) {
        let body: Value = serde_json::from_slice(&response.body).unwrap();
        let code = response.code.unwrap();
        assert_eq!(body["code"], code.as_str(), "the problem says the code");
        assert!(response.headers.contains(&("content-type".to_owned(), "application/problem+json".to_owned())));
        (response.status, code)
    }

    fn partner(id: &str) -> Verified {
        Verified::Partner(id.parse().unwrap())
    }

    #[test]
    fn each_credential_is_its_own_partner_s_and_a_wrong_one_nobody_s() {
        let world = World::new();
        let (good, bad) = (token("c1", "read write"), token("c2", "write"));
        for (request, verified) in [
            (with(&[("x-api-key", "the-key")]), partner("by-key")),
            (certified(Request::default(), PEM), partner("by-cert")),
            (with(&[("authorization", &good)]), partner("by-token")),
            (with(&[("authorization", &good.replace("Bearer", "bearer"))]), partner("by-token")),
            (with(&[("authorization", &token("c1", "read"))]), Verified::Nobody(Code::NotPermitted)),
        ] {
            assert_eq!(world.authorize(&request), verified, "{request:?}");
        }
        for request in [
            Request::default(),
            with(&[("x-api-key", "")]),
            with(&[("x-api-key", "The-key")]),
            with(&[("x-api-key", "the-key"), ("x-api-key", "the-key")]),
            with(&[("x-api-key", "the-key,the-key")]),
            with(&[("x-api-key", &"k".repeat(1 << 20))]),
            with(&[("x-api-key", "the-key"), ("authorization", &good)]),
            with(&[("authorization", &bad)]),
            with(&[("authorization", &good), ("authorization", &good)]),
            with(&[("authorization", "Basic dGhlLWtleQ==")]),
            with(&[("authorization", "Bearer")]),
            with(&[("authorization", "Bearer the-key")]),
            with(&[("authorization", &good[..good.len() - 2])]),
            certified(Request::default(), "-----BEGIN CERTIFICATE-----\nAQIE\n-----END CERTIFICATE-----"),
            certified(Request::default(), "AQID"),
            certified(Request::default(), ""),
            certified(with(&[("x-api-key", "a wrong key")]), PEM),
        ] {
            assert_eq!(world.authorize(&request), Verified::Nobody(Code::Unauthenticated), "{request:?}");
            assert_eq!(code_of(&world.show(request)), (401, Code::Unauthenticated));
        }
        assert_eq!(*world.kept.borrow(), 0, "nothing of nobody is kept");
    }

    #[test]
    fn a_key_that_is_not_held_is_asked_for_once_and_an_outage_is_no_refusal() {
        let request = with(&[("authorization", &token("c1", "write"))]);
        let empty = Some(r#"{"keys":[]}"#.to_owned());
        let world = World { held: empty.clone(), ..World::new() };
        assert_eq!(world.authorize(&request), partner("by-token"), "the server has a new key");
        assert_eq!(*world.asked.borrow(), [Read::Held, Read::Again]);
        let world = World { held: empty.clone(), served: empty, ..World::new() };
        assert_eq!(world.authorize(&request), Verified::Nobody(Code::Unauthenticated));
        for broken in [None, Some("<html>".to_owned())] {
            let world = World { held: broken, ..World::new() };
            assert_eq!(world.authorize(&request), Verified::Unknown);
            assert_eq!(code_of(&world.show(request.clone())), (503, Code::StoreUnavailable));
        }
    }

    #[test]
    fn a_body_takes_the_gateway_s_word_and_verifies_for_itself_where_there_is_none() {
        let world = World::new();
        let told = |id: &str| Request { verified: id.parse().ok(), ..Request::default() };
        assert_eq!(code_of(&world.show(told("by-key"))), (404, Code::NotFound), "it is let in");
        assert_eq!(code_of(&world.show(told("gone"))), (401, Code::Unauthenticated), "a partner that is no more");
        assert_eq!(code_of(&world.show(with(&[("x-api-key", "the-key")]))), (404, Code::NotFound));
        assert_eq!(code_of(&world.show(with(&[("partner", "by-key")]))), (401, Code::Unauthenticated));
    }

    #[test]
    fn a_webhook_bears_what_its_partner_s_profile_asks_for() {
        let world = World::new();
        let token = token("c1", "write");
        let now = scope().now;
        let signed = |secret: &str| {
            let headers = signature::sign("m1", BODY, &[secret.into()], now).unwrap();
            Request { headers, ..Request::default() }
        };
        for (partner, request) in [
            ("signs", signed(OLD)),
            ("by-key", with(&[("x-api-key", "the-key")])),
            ("by-key", with(&[("x-api-key", "the-key"), ("webhook-id", "m1")])),
            ("by-token", with(&[("authorization", &token)])),
            ("by-cert", certified(Request::default(), PEM)),
        ] {
            assert_eq!(world.webhook(partner, request).status, 202, "{partner}");
        }
        assert_eq!((world.sent.borrow().len(), *world.kept.borrow()), (5, 5));
        for (partner, request, code) in [
            ("by-key", with(&[("x-api-key", "another-key")]), Code::Unauthenticated),
            ("by-cert", with(&[("x-api-key", "the-key")]), Code::Unauthenticated),
            ("by-key", with(&[("x-api-key", "the-key"), ("webhook-id", "a,b")]), Code::HeaderMissing),
            ("signs", with(&[("x-api-key", "the-key")]), Code::HeaderMissing),
            ("signs", certified(Request::default(), PEM), Code::HeaderMissing),
            ("by-key", signed(OLD), Code::SignatureInvalid),
        ] {
            assert_eq!(code_of(&world.webhook(partner, request)), (401, code), "{partner}");
        }
        assert_eq!((world.sent.borrow().len(), *world.kept.borrow()), (5, 5), "and nothing more");
    }

    #[test]
    fn who_cannot_prove_to_be_a_partner_does_not_learn_whether_it_exists() {
        let world = World::new();
        let wrong = || {
            let headers = signature::sign("m1", BODY, &["whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into()], scope().now);
            Request { headers: headers.unwrap(), ..Request::default() }
        };
        let strange = world.webhook("nobody", wrong());
        let bare = world.webhook("nobody", Request::default());
        let keyed = world.webhook("nobody", with(&[("x-api-key", "a guess")]));
        for partner in ["signs", "nothing", "by-key", "no partner's id"] {
            assert_eq!(world.webhook(partner, wrong()), strange, "{partner}");
            assert_eq!(world.webhook(partner, Request::default()), bare, "{partner}");
        }
        assert_eq!(world.webhook("by-key", with(&[("x-api-key", "a guess")])), keyed);
        assert_eq!(code_of(&strange), (401, Code::SignatureInvalid));
        assert_eq!(code_of(&bare), (401, Code::HeaderMissing));
    }

    #[test]
    fn a_rotation_refuses_no_request_and_no_answer_says_which_secret_it_was() {
        let world = World::new();
        let send = |secret: &str| {
            let headers = signature::sign("m1", BODY, &[secret.into()], scope().now).unwrap();
            world.webhook("signs", Request { headers, ..Request::default() })
        };
        assert_eq!(send(OLD).status, 202);
        assert_eq!(*world.asked.borrow(), [Read::Held]);
        assert_eq!(send(NEW).status, 202, "a secret that is newer than what is held");
        assert_eq!(*world.asked.borrow(), [Read::Held, Read::Held, Read::Again]);
        let messages: Vec<Value> = world.sent.borrow().iter().map(|body| serde_json::from_str(body).unwrap()).collect();
        assert_eq!(messages[0], messages[1], "a replay is the same message");
        let refused = send("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
        assert_eq!(code_of(&refused), (401, Code::SignatureInvalid));
        let text = String::from_utf8(refused.body).unwrap();
        assert!(!text.contains("whsec_") && !text.contains("webhook-in") && !text.contains("secret"), "{text}");
    }
}
