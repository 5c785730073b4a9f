//! What holds of every request, whatever it asks: ids in and out, versions, limits, and what is no operation.

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use canonical::{Code, Digest, Message, PartnerId, Trace};
    use futures::FutureExt as _;
    use handlers::{OrderReleases, Request, Response, WebhookIngest};
    use jiff::Timestamp;
    use partners::{Bundle, REQUESTS_PER_MINUTE, SourceFile};
    use ports::{
        Archive, Commit, CommitError, Fault, Key, KeySets, Limits, Profiles, Queue, Read, Scope, Secrets, StepQueue,
        Stored, Table, WaitIndex, Waiting,
    };
    use secrecy::SecretString;
    use serde_json::Value;

    /// 17 seconds after a full minute.
    const NOW: i64 = 1_800_000_017;
    const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const RELEASE: &str = "/v1/order-releases/rel_00000000000000000000000000000000";
    const WAVED: &str = "/v1/partners/erp/webhooks/release-waved";

    /// Everything around a function. What was counted, kept and sent ends up here.
    #[derive(Clone)]
    struct World {
        bundle: Arc<Bundle>,
        counts: Arc<RefCell<BTreeMap<Key, u32>>>,
        counts_are_out: bool,
        kept: Arc<RefCell<usize>>,
        sent: Arc<RefCell<Vec<String>>>,
    }

    impl World {
        fn of(house: &str, api: &str) -> Self {
            let head = "tenant = \"t\"\nname = \"T\"\n[edi]\nqualifier = \"ZZ\"\nid = \"T\"\n";
            let key = Digest::of(b"key");
            let erp =
                format!("id = \"erp\"\nname = \"E\"\nrole = \"erp\"\n{api}\n[auth]\napi_key_sha256 = [\"{key}\"]\n");
            let files = [("house.toml", format!("{head}{house}")), ("erp.toml", erp)]
                .map(|(name, text)| SourceFile { name: name.to_owned(), text });
            Self {
                bundle: Arc::new(partners::compile(&files, &BTreeMap::new()).unwrap()),
                counts: Arc::default(),
                counts_are_out: false,
                kept: Arc::default(),
                sent: Arc::default(),
            }
        }

        fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], at_s: i64) -> Response {
            let headers = headers.iter().chain([&("x-api-key", "key")]);
            let headers = headers.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let body = br#"{"depositor_order_no":"1","occurred_at":"2027-01-15T08:00:00Z"}"#.to_vec();
            let (method, path, id) = (method.to_owned(), path.to_owned(), "gateway-1".to_owned());
            let request = Request { method, path, headers, id, body, ..Request::default() };
            let now = Timestamp::from_second(at_s).unwrap();
            let scope = Scope { now, stop_at: now, receives: 1 };
            let world = || self.clone();
            if request.path.contains("/webhooks/") {
                let (archive, queue, profiles, secrets, keys, limits) =
                    (world(), world(), world(), world(), world(), world());
                let function = WebhookIngest { archive, queue, profiles, secrets, keys, limits };
                function.handle(&request, scope).now_or_never().unwrap()
            } else {
                let (table, archive, profiles, keys, limits) = (world(), world(), world(), world(), world());
                let function = OrderReleases { table, archive, profiles, keys, limits };
                function.handle(&request, scope).now_or_never().unwrap()
            }
        }

        fn show(&self, headers: &[(&str, &str)]) -> Response {
            self.ask("GET", RELEASE, headers, NOW)
        }
    }

    fn header<'r>(response: &'r Response, name: &str) -> Option<&'r str> {
        let mut found = response.headers.iter().filter(|(given, _)| given == name).map(|(_, value)| value.as_str());
        let first = found.next();
        assert_eq!(found.next(), None, "{name} stands once");
        first
    }

    impl Profiles for World {
        async fn bundle(&self) -> Result<Arc<Bundle>, Fault> {
            Ok(Arc::clone(&self.bundle))
        }
    }

    impl Limits for World {
        async fn count(&self, key: &Key, _: Timestamp) -> Result<u32, Fault> {
            if self.counts_are_out {
                return Err(Fault::transient("the counts are out"));
            }
            let mut counts = self.counts.borrow_mut();
            let count = counts.entry(key.clone()).or_default();
            *count += 1;
            Ok(*count)
        }
    }

    impl KeySets for World {
        async fn key_set(&self, _: &str, _: Read) -> Result<String, Fault> {
            Err(Fault::transient("there is none"))
        }
    }

    impl Secrets for World {
        async fn secrets(&self, _: &PartnerId, _: &str, _: Timestamp, _: Read) -> Result<Vec<SecretString>, Fault> {
            Ok(Vec::new())
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
            Ok(())
        }
    }

    impl WaitIndex for World {
        async fn waiting(&self, _: &str, _: &str, _: &str) -> Result<Vec<Waiting>, Fault> {
            Ok(Vec::new())
        }
    }

    #[test]
    fn ids_that_were_sent_come_back_and_others_are_ours() {
        let world = World::of("", "");
        let sent = world.show(&[("x-request-id", "mine-1"), ("traceparent", TRACEPARENT)]);
        assert_eq!(header(&sent, "x-request-id"), Some("mine-1"));
        let trace: Trace = header(&sent, "traceparent").unwrap().parse().unwrap();
        assert_eq!(trace.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_ne!(trace.as_str(), TRACEPARENT, "our place is not the sender's");
        let long = "x".repeat(65);
        for odd in ["", "two words", "a\tb", "é", "<script>", long.as_str()] {
            let ours = world.show(&[("x-request-id", odd), ("traceparent", odd)]);
            assert_eq!(header(&ours, "x-request-id"), Some("gateway-1"), "{odd}");
            assert!(header(&ours, "traceparent").unwrap().parse::<Trace>().is_ok());
        }
        let twice = world.show(&[("x-request-id", "a"), ("x-request-id", "b")]);
        assert_eq!(header(&twice, "x-request-id"), Some("gateway-1"));
    }

    #[test]
    fn every_refusal_bears_the_ids_too() {
        let world = World::of("", "");
        let ids = [("x-request-id", "mine-1"), ("traceparent", TRACEPARENT)];
        let refused = [
            (404, world.ask("GET", "/nothing", &ids, NOW)),
            (405, world.ask("DELETE", RELEASE, &ids, NOW)),
            (405, world.ask("GET", WAVED, &ids, NOW)),
            (404, world.ask("POST", "/v1/partners/erp/webhooks/nothing", &ids, NOW)),
            (400, world.ask("POST", "/v1/order-releases", &ids, NOW)),
            (401, world.show(&[ids[0], ids[1], ("authorization", "Bearer x")])),
            (400, world.show(&[ids[0], ids[1], ("crossdock-version", "1999-01-01")])),
        ];
        for (status, response) in refused {
            let problem: Value = serde_json::from_slice(&response.body).unwrap();
            assert_eq!((response.status, header(&response, "x-request-id")), (status, Some("mine-1")), "{problem}");
            assert_eq!(header(&response, "content-type"), Some("application/problem+json"), "{problem}");
            assert_eq!(problem["type"], format!("https://crossdock.dev/codes/{}", problem["code"].as_str().unwrap()));
            assert!(header(&response, "traceparent").unwrap().contains("4bf92f3577b34da6a3ce929d0e0e4736"));
        }
        assert_eq!(header(&world.ask("DELETE", RELEASE, &[], NOW), "allow"), Some("GET"));
    }

    #[test]
    fn a_webhook_s_trace_goes_on_in_its_message() {
        let world = World::of("", "");
        let answer = world.ask("POST", WAVED, &[("webhook-id", "w1"), ("traceparent", TRACEPARENT)], NOW);
        assert_eq!(answer.status, 202, "{}", String::from_utf8_lossy(&answer.body));
        let message: Message = serde_json::from_str(&world.sent.borrow()[0]).unwrap();
        assert_eq!(message.trace.unwrap().as_str(), header(&answer, "traceparent").unwrap());
    }

    #[test]
    fn a_partner_may_send_what_is_agreed_in_a_minute_and_not_one_more() {
        let world = World::of("", "api = { requests_per_minute = 2 }");
        let (first, second) = (world.show(&[]), world.ask("POST", WAVED, &[("webhook-id", "w1")], NOW));
        assert_eq!((first.status, second.status), (404, 202));
        assert_eq!(header(&first, "ratelimit-policy"), Some("\"partner\";q=2;w=60"));
        assert_eq!(header(&first, "ratelimit"), Some("\"partner\";r=1;t=43"));
        assert_eq!(header(&second, "ratelimit"), Some("\"partner\";r=0;t=43"));
        let (kept, sent) = (*world.kept.borrow(), world.sent.borrow().len());
        for refused in [world.show(&[]), world.ask("POST", WAVED, &[("webhook-id", "w2")], NOW)] {
            assert_eq!((refused.status, refused.code), (429, Some(Code::RateLimited)));
            assert_eq!(header(&refused, "retry-after"), Some("43"));
            assert_eq!(header(&refused, "ratelimit"), Some("\"partner\";r=0;t=43"));
            let said = String::from_utf8(refused.body).unwrap();
            assert!(said.contains("erp may send 2 requests in 60 seconds"), "{said}");
        }
        assert_eq!((*world.kept.borrow(), world.sent.borrow().len()), (kept, sent), "nothing of a refused one is kept");
        assert_eq!(world.ask("GET", RELEASE, &[], NOW + 42).status, 429, "the last second of the minute");
        assert_eq!(world.ask("GET", RELEASE, &[], NOW + 43).status, 404, "a new minute");
    }

    #[test]
    fn nobody_is_counted_who_is_not_verified() {
        let world = World::of("", "api = { requests_per_minute = 1 }");
        for _ in 0..3 {
            assert_eq!(world.show(&[("authorization", "Bearer x")]).status, 401);
        }
        assert_eq!(world.show(&[]).status, 404);
    }

    #[test]
    fn requests_are_let_in_while_they_cannot_be_counted() {
        let world = World { counts_are_out: true, ..World::of("", "api = { requests_per_minute = 1 }") };
        for _ in 0..3 {
            let answer = world.ask("POST", WAVED, &[("webhook-id", "w1")], NOW);
            assert_eq!((answer.status, header(&answer, "ratelimit")), (202, None));
        }
    }

    #[test]
    fn a_profile_that_names_no_limit_has_the_house_s() {
        let answer = World::of("", "").show(&[]);
        let policy = format!("\"partner\";q={REQUESTS_PER_MINUTE};w=60");
        assert_eq!(header(&answer, "ratelimit-policy"), Some(policy.as_str()));
    }

    #[test]
    fn a_request_is_answered_by_the_version_that_it_names_or_its_profile_pins() {
        for (world, asked) in [
            (World::of("", ""), vec![]),
            (World::of("", "api = { version = \"2026-11-01\" }"), vec![]),
            (World::of("", ""), vec![("crossdock-version", "2026-11-01")]),
        ] {
            let answer = world.show(&asked);
            assert_eq!((answer.version, header(&answer, "crossdock-version")), ("2026-11-01", Some("2026-11-01")));
            assert!(!answer.deprecated);
            assert_eq!((header(&answer, "deprecation"), header(&answer, "sunset")), (None, None));
        }
        let unknown = World::of("", "").show(&[("crossdock-version", "2026-11-02")]);
        assert_eq!((unknown.status, unknown.code), (400, Some(Code::ApiVersionUnknown)));
        let said = String::from_utf8(unknown.body).unwrap();
        assert!(said.contains("there are: 2026-11-01"), "{said}");
    }

    #[test]
    fn a_version_that_goes_out_of_use_says_so_before_and_after_and_is_served() {
        let retiring = "[[retiring]]\nversion = \"2026-11-01\"\ndeprecated_at = \"2027-01-15T08:00:00Z\"\n\
                        sunset_at = \"2027-07-15T08:00:00Z\"\npage = \"https://docs.example/2027\"\n";
        let world = World::of(retiring, "");
        // 1_800_000_000 is 2027-01-15T08:00:00Z.
        for (at, deprecated) in [(1_799_999_999, false), (1_800_000_000, true), (1_900_000_000, true)] {
            let answer = world.ask("GET", RELEASE, &[], at);
            assert_eq!((answer.status, answer.deprecated), (404, deprecated), "{at}");
            assert_eq!(header(&answer, "deprecation"), Some("@1800000000"));
            assert_eq!(header(&answer, "sunset"), Some("Thu, 15 Jul 2027 08:00:00 GMT"));
            let link = "<https://docs.example/2027>; rel=\"deprecation\"; type=\"text/html\", \
                        <https://docs.example/2027>; rel=\"sunset\"";
            assert_eq!(header(&answer, "link"), Some(link));
        }
    }
}
