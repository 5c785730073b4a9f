//! What a person who writes profiles notices: what is taken, and what is said of what is not.

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use canonical::{Digest, OrderRelease, PartnerId, Role};
    use partners::{Bundle, SourceFile, compile};

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
            ("role = \"3pl\"", "role = \"ops\"", "ops are not partners"),
            ("role = \"3pl\"", "role = \"erp\"", "[releases] belongs to a partner with role 3pl"),
            ("qualifier = \"ZZ\"", "qualifier = \"Z\"", "two letters or digits"),
            ("id = \"ACME\"", "id = \"ACME*LOGISTICS\"", "an EDI id has 1 to 15"),
            ("id = \"ACME\"", "id = \"SIXTEENCHARACTER\"", "an EDI id has 1 to 15"),
            ("[\"DAL1\"]", "[\"DAL2\"]", "does not run warehouse DAL1"),
            ("x12-940", "json", "releases.format json needs [endpoint]"),
            ("${KEY}", "${NOBODY}", "${NOBODY} is not set"),
            ("name = \"Acme\"", "nmae = \"Acme\"", "unknown field `nmae`"),
            ("[edi]", "[[subscriptions]]\nvia=\"webhook\"\nevents=[\"order.completed.v1\"]\n[edi]", "needs [endpoint]"),
            ("[edi]", "[endpoint]\nurl=\"ftp://x\"\nguarantee=\"dedupes\"\n[edi]", "must be an http(s) URL"),
        ] {
            let said = said(from, to);
            assert!(said.contains(expected), "{to}: {said}");
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
            (said("[auth]", "[auth]\ncertificate_sha256 = [\"${KEY}\"]"), "one of api_key_sha256, oauth2 and"),
            (signature("scheme = \"md5\""), "unknown variant `md5`"),
            (signature("scheme = \"shopify\", tolerance_s = 3601"), "must be 1 to 3600 seconds"),
            (signature("scheme = \"shopify\", tolerance_s = 0"), "must be 1 to 3600 seconds"),
            (signature("scheme = \"template\""), "that scheme needs it"),
            (signature("scheme = \"shopify\", jwks_url = \"https://x\""), "belongs to rsa-sha256 alone"),
            (signature("scheme = \"shipstation\", jwks_url = \"ftp://x\""), "must be an https URL"),
            (signature("scheme = \"shipstation\", jwks_url = \"https://x/?token=1\""), "without user, query or"),
            (template("x-sig => X-Sig"), "lower case letters"),
            (template("\"x-sig\" => "), "must name 1 to 4 headers"),
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
        assert!(said.contains("auth.oauth2.issuer is empty") && said.contains("must be an https URL"), "{said}");
    }

    #[test]
    fn two_partners_are_never_one() {
        let twin = ACME.replace("id = \"acme\"", "id = \"twin\"");
        let files = [file("house.toml", HOUSE), file("acme.toml", ACME), file("twin.toml", &twin)];
        let said: Vec<String> = compile(&files, &variables()).unwrap_err().iter().map(ToString::to_string).collect();
        assert_eq!(said, ["twin.toml: has the EDI identity of acme", "twin.toml: shares an API key with acme"]);
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
