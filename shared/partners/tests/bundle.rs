//! What a person who writes profiles notices: what is taken, and what is said of what is not.

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use canonical::{Digest, Guarantee, OrderRelease, PartnerId, Role, Subject};
    use partners::{Bundle, Operation, SourceFile, compile, diff, review, schemas};

    const HOUSE: &str = r#"
        tenant = "northwind"
        name = "Northwind"
        [edi]
        qualifier = "ZZ"
        id = "NORTHWIND"
        [[routes]]
        name = "texas"
        when = { country = ["US"], region = ["TX"], sku_prefix = ["BOLT"] }
        warehouse = "DAL1"
        partner = "acme"
        [[routes]]
        name = "asked"
        when = { asked_warehouse = ["DAL1"] }
        warehouse = "DAL1"
        partner = "acme"
    "#;
    const ACME: &str = r#"
        id = "acme"
        name = "Acme"
        role = "3pl"
        relays = ["carrier"]
        [auth]
        api_key_sha256 = ["${KEY}"]
        [edi]
        qualifier = "ZZ"
        id = "ACME"
        [releases]
        format = "x12-940"
        warehouses = ["DAL1"]
    "#;

    fn file(name: &str, text: &str) -> SourceFile {
        SourceFile { name: name.to_owned(), text: text.to_owned() }
    }

    fn variables() -> BTreeMap<String, String> {
        [("KEY".to_owned(), Digest::of(b"secret").to_string())].into()
    }

    fn bundle() -> Bundle {
        compile(&[file("house.toml", HOUSE), file("acme.toml", ACME)], &variables()).unwrap()
    }

    /// What is said when `ACME` is changed.
    fn said(from: &str, to: &str) -> String {
        let files = [file("house.toml", HOUSE), file("acme.toml", &ACME.replace(from, to))];
        let lints = compile(&files, &variables()).unwrap_err();
        lints.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    fn order(region: &str, sku: &str, warehouse: Option<&str>) -> OrderRelease {
        serde_json::from_value(serde_json::json!({
            "order_no": "1", "warehouse": warehouse,
            "ship_to": { "name": "N", "address1": "A", "city": "C", "region": region, "postal_code": "1", "country": "US" },
            "lines": [{ "line_no": 1, "sku": sku, "quantity": "1", "uom": "EA" }],
        }))
        .unwrap()
    }

    #[test]
    fn a_bundle_reads_back_and_one_that_was_altered_does_not() {
        let bundle = bundle();
        let bytes = bundle.to_bytes().unwrap();
        assert_eq!(Bundle::parse(&bytes).unwrap(), bundle);
        let altered = String::from_utf8(bytes).unwrap().replace("\"Acme\"", "\"Evil\"");
        assert!(Bundle::parse(altered.as_bytes()).unwrap_err().to_string().contains("does not match its version"));
    }

    #[test]
    fn a_partner_is_known_by_its_key_and_speaks_for_whom_it_relays() {
        let bundle = bundle();
        let acme = bundle.by_api_key("secret").unwrap();
        assert!(bundle.by_api_key("other").is_none());
        let principal = acme.principal(&bundle.house.tenant);
        assert!(principal.speaks_for(Role::Wms) && principal.speaks_for(Role::Carrier));
        assert!(!principal.speaks_for(Role::Erp));
    }

    #[test]
    fn the_first_route_whose_every_condition_holds_is_taken() {
        let bundle = bundle();
        let rule = |order| bundle.house.route(&order).map(|rule| rule.name.as_str());
        assert_eq!(rule(order("TX", "BOLT-1", None)), Some("texas"));
        assert_eq!(rule(order("TX", "NUT-1", None)), None);
        assert_eq!(rule(order("NY", "NUT-1", Some("DAL1"))), Some("asked"));
        assert_eq!(rule(order("NY", "BOLT-1", Some("NJ1"))), None);
    }

    #[test]
    fn every_problem_is_said_with_its_file_and_what_to_do() {
        for (from, to, expected) in [
            ("id = \"acme\"", "id = \"acme2\"", "must be named acme2.toml"),
            ("role = \"3pl\"", "role = \"platform\"", "the platform is no partner"),
            ("relays = [\"carrier\"]", "relays = [\"ops\"]", "nobody speaks for platform or ops on the side"),
            ("role = \"3pl\"", "role = \"erp\"", "[releases] belongs to a partner with role 3pl"),
            ("qualifier = \"ZZ\"", "qualifier = \"Z\"", "two letters or digits"),
            ("id = \"ACME\"", "id = \"ACME*LOGISTICS\"", "an EDI id has 1 to 15"),
            ("id = \"ACME\"", "id = \"SIXTEENCHARACTER\"", "an EDI id has 1 to 15"),
            ("[\"DAL1\"]", "[\"DAL2\"]", "does not run warehouse DAL1"),
            ("x12-940", "json", "releases.format json needs [endpoint]"),
            ("${KEY}", "${NOBODY}", "${NOBODY} is not set"),
            ("name = \"Acme\"", "nmae = \"Acme\"", "acme.toml:3:9: unknown field `nmae`; did you mean `name`?"),
            ("name = \"Acme\"", "", "missing field `name`; add it"),
            ("name = \"Acme\"", "name = \"Acme", "acme.toml:3:"),
            ("[edi]", "[api]\nrequests_per_minute = 15001\n[edi]", "it must be 1 to 15000"),
            ("[edi]", "[permits]\nsends = [\"9 45\"]\n[edi]", "a document type is a name"),
            ("[edi]", "[permits]\naccounts = [\"A\"]\n[edi]", "permits.accounts: limits releases"),
            ("[edi]", "[[contacts]]\nname = \"A\"\nabout = \"edi\"\n[edi]", "contacts.0: cannot be reached"),
            (
                "[edi]",
                "[clocks]\naccept = \"61m\"\nship = \"1h\"\n[edi]",
                "acme.toml:9:1: clocks.accept: 61m is longer than 1h for ship, which comes after it; allow at most 1h",
            ),
            (
                "[edi]",
                "[clocks.calendar]\nopens = \"09:00\"\ncloses = \"08:00\"\n[edi]",
                "clocks.calendar: calendar.closes is not after",
            ),
            ("role = \"3pl\"", "role = \"3pl\"\ndisabled = \" \"", "disabled: says no reason"),
            ("[edi]", "[[subscriptions]]\nvia=\"webhook\"\nevents=[\"order.completed.v1\"]\n[edi]", "needs [endpoint]"),
            ("[edi]", "[endpoint]\nurl=\"ftp://x\"\nguarantee=\"dedupes\"\n[edi]", "must be an http(s) URL"),
        ] {
            let said = said(from, to);
            assert!(said.contains(expected), "{to}: {said}");
        }
    }

    #[test]
    fn how_an_endpoint_is_called_can_differ_by_operation_and_must_make_sense() {
        let with = |endpoint: &str| {
            let acme = ACME.replace("[edi]", &format!("[endpoint]\nurl = \"https://x\"\n{endpoint}\n[edi]"));
            let files = [file("house.toml", HOUSE), file("acme.toml", &acme)];
            let compiled = compile(&files, &variables());
            compiled.map_err(|lints| lints.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
        };
        let bundle = with(
            "guarantee = \"dedupes\"\nsettle_s = 90\n\
             operations.release = { guarantee = \"lookup\", lookup = \"https://x/orders?ref={release_id}\" }\n\
             operations.cancel = { guarantee = \"neither\", settle_s = 20 }",
        )
        .unwrap();
        let acme = bundle.partner(&"acme".parse().unwrap()).unwrap();
        let endpoint = acme.endpoint.as_ref().unwrap();
        let terms = |operation| {
            let terms = endpoint.terms(operation);
            (terms.guarantee, terms.settle_s)
        };
        assert_eq!(terms(Operation::Release), (Guarantee::Lookup, 90));
        assert_eq!(terms(Operation::Cancel), (Guarantee::Neither, 20));
        assert_eq!(terms(Operation::Event), (Guarantee::Dedupes, 90));
        let release_id = "rel_7".parse().unwrap();
        let url = endpoint.lookup_url(&Subject::Release { release_id }, "dlv_1");
        assert_eq!(url.as_deref(), Some("https://x/orders?ref=rel_7"));
        assert_eq!(endpoint.lookup_url(&Subject::Acknowledgment { group: "1".to_owned() }, "1"), None);
        let usual = with("guarantee = \"lookup\"\nlookup = \"https://x/m/{message_no}\"").unwrap();
        let usual = usual.partner(&"acme".parse().unwrap()).unwrap().endpoint.clone().unwrap();
        assert_eq!(usual.terms(Operation::Event).settle_s, 1200);
        let event = Subject::Event { event_id: "evt_1".parse().unwrap(), correlation_id: None };
        assert_eq!(usual.lookup_url(&event, "evt_1").as_deref(), Some("https://x/m/evt_1"));
        let pace = |terms: &str| {
            let bundle = with(&format!("guarantee = \"dedupes\"\n{terms}")).unwrap();
            let endpoint = bundle.partner(&"acme".parse().unwrap()).unwrap().endpoint.clone().unwrap();
            endpoint.resume_pace().per_minute()
        };
        assert_eq!((pace(""), pace("requests_per_minute = 60")), (150, 60));
        assert_eq!(pace("requests_per_minute = 60\nresume_per_minute = 20"), 20);
        let paced = with(
            "guarantee = \"dedupes\"\nretries = { waits_s = [1, 39600], tries = 2 }\n\
             operations.event.retries.waits_s = [5]",
        );
        let paced = paced.unwrap().partner(&"acme".parse().unwrap()).unwrap().endpoint.clone().unwrap();
        let retries =
            |operation| paced.terms(operation).retries.map(|retries| (retries.waits_s, retries.tries)).unwrap();
        assert_eq!((retries(Operation::Cancel), retries(Operation::Event)), ((vec![1, 39_600], 2), (vec![5], 25)));
        for (endpoint, expected) in [
            (
                "guarantee = \"dedupes\"\nrequests_per_minute = 60\nresume_per_minute = 61",
                "acme.toml:12:1: endpoint.resume_per_minute: is more than the 60 requests a minute that it takes; write 60 at most",
            ),
            ("guarantee = \"dedupes\"\nrequests_per_minute = 0", "0 a minute is no pace; write 1 to 10000"),
            (
                "guarantee = \"dedupes\"\nretries = { waits_s = [1], tries = 26 }",
                "acme.toml:11:28: endpoint.retries.tries: 26 tries cannot be had; write 1 to 25",
            ),
            ("guarantee = \"dedupes\"\nretries = { waits_s = [1], tries = 0 }", "endpoint.retries.tries: 0 tries"),
            ("guarantee = \"dedupes\"\nretries.waits_s = []", "endpoint.retries.waits_s: is no schedule"),
            ("guarantee = \"dedupes\"\nretries.waits_s = [0]", "endpoint.retries.waits_s: is no schedule"),
            (
                "guarantee = \"dedupes\"\noperations.event.retries.waits_s = [39601]",
                "endpoint.operations.event.retries.waits_s: is no schedule; write 1 to 25 waits of 1 to 39600 s each",
            ),
            (
                "guarantee = \"neither\"\nsettle_s = 19",
                "acme.toml:11:1: endpoint.settle_s: 19 s are over while our own call may be under way, for 20 s; write 20 to 39600",
            ),
            (
                "guarantee = \"neither\"\nsettle_s = 39601",
                "endpoint.settle_s: 39601 s are longer than a message can wait",
            ),
            (
                "guarantee = \"dedupes\"\noperations.event.settle_s = 5",
                "acme.toml:11:18: endpoint.operations.event.settle_s",
            ),
            (
                "guarantee = \"lookup\"",
                "acme.toml:10:1: endpoint.guarantee: is lookup for release, and nothing says where to look; add lookup",
            ),
            (
                "guarantee = \"dedupes\"\noperations.cancel.guarantee = \"lookup\"",
                "endpoint.operations.cancel.guarantee: is lookup for cancel",
            ),
            ("guarantee = \"lookup\"\nlookup = \"https://x/m\"", "endpoint.lookup: names no message"),
            ("guarantee = \"lookup\"\nlookup = \"x/{message_no}\"", "endpoint.lookup: cannot be called"),
            (
                "guarantee = \"lookup\"\nlookup = \"https://x/{message_no}/{release_id}\"",
                "endpoint.lookup: holds braces with something else in them; what is filled in is {message_no}",
            ),
            (
                "guarantee = \"dedupes\"\noperations.event.lookup = \"https://x/{release_id}\"",
                "endpoint.operations.event.lookup: names no message",
            ),
            ("guarantee = \"dedupes\"\noperations.release.lookup = \"https://x/{order}\"", "names no message"),
        ] {
            let said = with(endpoint).unwrap_err();
            assert!(said.contains(expected), "{endpoint}: {said}");
        }
    }

    #[test]
    fn a_rule_that_holds_has_a_name_of_its_own_and_words_and_there_are_not_too_many() {
        let rule = |name: &str, detail: &str| {
            format!(
                "[[holds]]\nname = \"{name}\"\nwhen = {{ account = [\"A\"] }}\nreason = \"credit\"\ndetail = \"{detail}\"\n"
            )
        };
        let compiled = |rules: &str| {
            let files = [file("house.toml", &format!("{HOUSE}\n{rules}")), file("acme.toml", ACME)];
            compile(&files, &variables()).map_err(|lints| lints.iter().map(ToString::to_string).collect::<String>())
        };
        let bundle = compiled(&rule("new", &"x".repeat(200))).unwrap();
        let holding = |account: &str| {
            let of_account = OrderRelease { account: Some(account.to_owned()), ..order("TX", "BOLT-1", None) };
            bundle.house.holds_on(&of_account).count()
        };
        assert_eq!(
            (holding("A"), holding("B"), bundle.house.holds_on(&order("TX", "BOLT-1", None)).count()),
            (1, 0, 0)
        );
        let many = |count: usize| (0..count).map(|at| rule(&at.to_string(), "x")).collect::<String>();
        assert!(compiled(&many(20)).is_ok());
        for (rules, expected) in [
            (many(21), "21 rules hold releases, and there may be 20"),
            (rule("new", "x") + &rule("new", "x"), "hold \"new\" stands there twice"),
            (rule("new", ""), "detail has 1 to 200 characters"),
            (rule("new", &"x".repeat(201)), "detail has 1 to 200 characters"),
        ] {
            let said = compiled(&rules).unwrap_err();
            assert!(said.contains(expected), "{said}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_way_to_prove_oneself_is_said_with_its_mend() {
        let signature = |text: &str| said("[auth]", &format!("[auth]\nsignature = {{ {text} }}"));
        let template = |text: &str| {
            let good = "headers = [\"x-sig\"], signatures = [{ label = \"sig=\", algorithm = \"hmac-sha256\" }], \
                        encoding = \"hex\", signed = \"{time}.{body}\", time_header = \"x-time\"";
            let (from, to) = text.split_once(" => ").unwrap();
            assert!(good.contains(from), "{from}");
            signature(&format!("scheme = \"template\", template = {{ {} }}", good.replace(from, to)))
        };
        for (said, expected) in [
            (said("[auth]", "[auth]\nsigns = true"), "unknown field `signs`"),
            (said("[auth]", "[auth]\ncertificate_sha256 = [\"${KEY}\"]"), "keep one of api_key_sha256, oauth2 and"),
            (signature("scheme = \"md5\""), "unknown variant `md5`"),
            (signature("scheme = \"shopify\", tolerance_s = 3601"), "it must be 1 to 3600 seconds"),
            (signature("scheme = \"shopify\", tolerance_s = 0"), "it must be 1 to 3600 seconds"),
            (signature("scheme = \"template\""), "that scheme needs it"),
            (signature("scheme = \"shopify\", jwks_url = \"https://x\""), "belongs to rsa-sha256 alone"),
            (signature("scheme = \"shipstation\", jwks_url = \"ftp://x\""), "must be an https URL"),
            (signature("scheme = \"shipstation\", jwks_url = \"https://x/?token=1\""), "without user, query or"),
            (template("x-sig => X-Sig"), "lower case letters"),
            (template("\"x-sig\" => "), "must name 1 to 4 headers"),
            (template("\"x-sig\" => \"a\", \"b\", \"c\", \"d\", \"e\""), "must name 1 to 4 headers"),
            (template(&format!("x-sig => {}", "x".repeat(201))), "is no header's name"),
            (
                template(&format!("{{time}}.{{body}} => {{time}}{}{{body}}", "x".repeat(189))),
                "is not what can be signed",
            ),
            (template("sig= => a b="), "a label is a word"),
            (template("hmac-sha256 => rsa-sha256"), "jwks_url is missing"),
            (template("{time}.{body} => {body}"), "a time that is not signed proves nothing"),
            (template("{time}.{body} => {time}.{id}.{body}"), "an id that is not signed proves nothing"),
            (template("{time}.{body} => {body}{time}"), "ends in {body}"),
            (template("{time}.{body} => {time}.{nonce}{body}"), "ends in {body}"),
            (template("time_header => id_header = \"x-id\", time_header"), "an id that is not signed"),
        ] {
            assert!(said.contains(expected), "{expected}: {said}");
        }
        let oauth2 = "oauth2 = { issuer = \"\", audience = \"a\", client_id = \"c\", jwks_url = \"jwks\" }";
        let said = said("api_key_sha256 = [\"${KEY}\"]", oauth2);
        assert!(said.contains("auth.oauth2.issuer: is empty") && said.contains("must be an https URL"), "{said}");
    }

    #[test]
    fn two_partners_are_never_one() {
        let twin = ACME.replace("id = \"acme\"", "id = \"twin\"");
        let files = [file("house.toml", HOUSE), file("acme.toml", ACME), file("twin.toml", &twin)];
        let said: Vec<String> = compile(&files, &variables()).unwrap_err().iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "twin.toml:7:9: auth.api_key_sha256: shares an API key with acme; make one of its own: crossdock partner \
                 new shows how",
                "twin.toml:10:9: edi.id: has the EDI identity of acme; ask the partner for its own",
            ]
        );
    }

    #[test]
    fn a_place_is_that_of_the_file_as_it_was_written() {
        let long = ACME.replace("[\"${KEY}\"]", "[\"${KEY}\"] # \u{e4}\n        signs = 1");
        let lints = compile(&[file("house.toml", HOUSE), file("acme.toml", &long)], &variables()).unwrap_err();
        assert_eq!((lints[0].line, lints[0].column), (Some(8), Some(9)), "{lints:?}");
        let same_line = ACME.replace("[\"${KEY}\"]", "[\"${KEY}\", 7]");
        let lints = compile(&[file("house.toml", HOUSE), file("acme.toml", &same_line)], &variables()).unwrap_err();
        let column = same_line.lines().nth(6).unwrap().find('7').unwrap() + 1;
        assert_eq!((lints[0].line, lints[0].column), (Some(7), Some(column)), "after a variable: {lints:?}");
    }

    #[test]
    fn what_no_file_is_wrong_in_alone_is_found_over_all() {
        let said = |house: &str, acme: &str| {
            let files = [file("house.toml", house), file("acme.toml", acme)];
            let bundle = compile(&files, &variables()).unwrap();
            review(&bundle, &files, &variables()).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        };
        let lone = said(HOUSE, ACME);
        assert!(lone.contains("nobody owns the transition request: no partner in force speaks for role erp"), "{lone}");
        assert!(!lone.contains("ship_confirm") && !lone.contains("milestone"), "{lone}");
        let asked = |more: &str| HOUSE.replace("asked_warehouse = [\"DAL1\"]", more);
        let shadowed = said(
            &format!(
                "{HOUSE}[[routes]]\nname = \"third\"\nwhen = {{ asked_warehouse = [\"DAL1\"], \
            region = [\"TX\"] }}\nwarehouse = \"DAL1\"\npartner = \"acme\"\n"
            ),
            ACME,
        );
        assert!(
            shadowed.contains("house.toml:17:5: routes.2: route \"third\" is never reached: \"asked\""),
            "{shadowed}"
        );
        let narrower = said(&asked("sku_prefix = [\"BOLT-1\"]"), ACME);
        assert!(!narrower.contains("never reached"), "another condition is missing: {narrower}");
        let unreached = said(HOUSE, &ACME.replace("[\"DAL1\"]", "[\"DAL1\", \"DAL2\"]"));
        assert!(
            unreached.contains("releases.warehouses: no route leads to warehouse DAL2; add to house.toml"),
            "{unreached}"
        );
        let mute = ACME
            .replace("api_key_sha256 = [\"${KEY}\"]", "")
            .replace("[edi]", "[endpoint]")
            .replace("qualifier = \"ZZ\"", "url = \"https://x\"")
            .replace("id = \"ACME\"", "guarantee = \"dedupes\"")
            .replace("x12-940", "json");
        let mute = said(HOUSE, &mute);
        assert!(mute.contains("acme.toml:4:9: role: role 3pl owns transitions, and the partner has no way"), "{mute}");
        assert!(mute.contains("nobody owns the transition ship_confirm"), "{mute}");
        let off = said(HOUSE, &ACME.replace("role = \"3pl\"", "role = \"3pl\"\ndisabled = \"moved\""));
        assert!(off.contains("nobody owns the transition milestone"), "{off}");
    }

    #[test]
    fn a_difference_is_told_by_field() {
        let before = bundle();
        assert!(diff(&before, &before).unwrap().is_empty());
        let changed =
            ACME.replace("\"Acme\"", "\"Acme Logistics\"").replace("relays = [\"carrier\"]", "disabled = \"moved\"");
        let next = ACME
            .replace("id = \"acme\"", "id = \"next\"")
            .replace("\"ACME\"", "\"NEXT\"")
            .replace("${KEY}", &Digest::of(b"n").to_string());
        let files = [
            file("house.toml", &HOUSE.replace("\"TX\"", "\"OK\"")),
            file("acme.toml", &changed),
            file("next.toml", &next),
        ];
        let after = compile(&files, &variables()).unwrap();
        let told: Vec<String> = diff(&before, &after).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(told[0], "house: routes.texas.when.region becomes [\"OK\"]; it was [\"TX\"]");
        assert_eq!(
            told[1..],
            [
                "acme: disabled is new: \"moved\"",
                "acme: name becomes \"Acme Logistics\"; it was \"Acme\"",
                "acme: relays becomes []; it was [\"carrier\"]",
                "next: is new",
            ]
        );
        let fewer = HOUSE.replace("name = \"asked\"", "name = \"new\"");
        let fewer = compile(&[file("house.toml", &fewer), file("acme.toml", ACME)], &variables()).unwrap();
        let fewer: Vec<String> = diff(&before, &fewer).unwrap().iter().map(ToString::to_string).collect();
        assert!(fewer[0].starts_with("house: routes.asked is gone; it was {"), "{fewer:?}");
        assert!(fewer[1].starts_with("house: routes.new is new: {"), "{fewer:?}");
        assert_eq!(fewer[2], "house: routes in their order becomes [\"texas\",\"new\"]; it was [\"texas\",\"asked\"]");
        let back: Vec<String> = diff(&after, &before).unwrap().iter().map(ToString::to_string).collect();
        assert!(
            back.contains(&"next: is taken out".to_owned())
                && back.contains(&"acme: disabled is gone; it was \"moved\"".to_owned()),
            "{back:?}"
        );
    }

    #[test]
    fn a_bundle_of_before_these_fields_still_reads() {
        // What is not given is not written, so that the hash of an older bundle stays what it was.
        let text = String::from_utf8(bundle().to_bytes().unwrap()).unwrap();
        for newer in ["permits", "disabled", "contacts"] {
            assert!(!text.contains(newer), "{newer}");
        }
    }

    #[test]
    fn the_published_schemas_are_those_of_the_types() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/schemas/partners");
        for (name, schema) in schemas() {
            let path = folder.join(format!("{name}.json"));
            if std::env::var_os("UPDATE_SCHEMAS").is_some() {
                std::fs::write(&path, serde_json::to_string_pretty(&sorted(&schema)).unwrap() + "\n").unwrap();
            }
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let published: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
            assert!(
                published == schema,
                "{name} differs from its type: UPDATE_SCHEMAS=1 cargo test -p partners schemas"
            );
        }
    }

    /// The same with members by name: in which order they come depends on what else is built.
    fn sorted(value: &serde_json::Value) -> serde_json::Value {
        match value {
            serde_json::Value::Object(members) => {
                let members: BTreeMap<&String, _> =
                    members.iter().map(|(name, member)| (name, sorted(member))).collect();
                members.into_iter().map(|(name, member)| (name.clone(), member)).collect()
            }
            serde_json::Value::Array(entries) => entries.iter().map(sorted).collect(),
            other => other.clone(),
        }
    }

    #[test]
    fn the_sample_profiles_compile() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../infra/partners");
        let files: Vec<SourceFile> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| file(path.file_name().unwrap().to_str().unwrap(), &std::fs::read_to_string(&path).unwrap()))
            .collect();
        let variables = [
            ("SANDBOX_URL".to_owned(), "http://127.0.0.1:1".to_owned()),
            ("ERP_API_KEY_SHA256".to_owned(), Digest::of(b"key").to_string()),
        ];
        let bundle = compile(&files, &variables.into()).unwrap();
        assert!(bundle.partner(&"acme-3pl".parse::<PartnerId>().unwrap()).is_some());
    }
}
