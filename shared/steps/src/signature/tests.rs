//! Known answers, and what must not pass. Where the senders publish an example it is here; what stands under "computed"
//! was computed with Python's `hmac` and `cryptography`, which share no code with ours.

use proptest::prelude::*;

use super::*;
use partners::{Labelled, Scheme};

type Headers = Vec<(String, String)>;

fn secret(text: &str) -> SecretString {
    SecretString::from(text.to_owned())
}

fn headers(pairs: &[(&str, &str)]) -> Headers {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// The example of the Standard Webhooks reference libraries (standard-webhooks/standard-webhooks, `libraries/`).
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const TIME: i64 = 1_614_265_330;
const BODY: &[u8] = br#"{"test": 2432232314}"#;
const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

fn standard(id: &str, time: &str, signature: &str) -> Headers {
    headers(&[("webhook-id", id), ("webhook-timestamp", time), ("webhook-signature", signature)])
}

/// The verdict on the example with other headers.
fn check(headers: &Headers) -> Result<String, SignatureError> {
    check_with(headers, &[secret(SECRET)], BODY, at(TIME))
}

fn check_with(
    headers: &Headers,
    secrets: &[SecretString],
    body: &[u8],
    now: Timestamp,
) -> Result<String, SignatureError> {
    verify(&Signature::of(Scheme::StandardWebhooks), headers, body, Keys::Secrets(secrets), now)
}

/// What the other vectors are of (computed).
const OWN_BODY: &[u8] = br#"{"tracking":"1Z999AA10123456784","status":"delivered"}"#;
const OWN_SECRET: &str = "a-secret-of-32-bytes-for-vectors";
const OWN_TIME: i64 = 1_700_000_000;
const OWN_BASE64: &str = "HXDTHImbcRBmURe2TeS42gKetj9WDlHKyNQdlY0rxY0=";
const OWN_HEX: &str = "1d70d31c899b7110665117b64de4b8da029eb63f560e51cac8d41d958d2bc58d";
const OWN_NFKD: &str = "ccd11548533cf49d695069659122ea910fffff6f7c56514c19ff1af03b04ab00";
const OWN_STRIPE: &str = "cbad6d2c9581d6efb9d0e8df89f797c0d91b47b6ba07850e99979ca9a609d15c";
const OWN_SHA512: &str = "21dd5a13b2a63df5c9aef929753e45084f88dee15093161909ea493233c470a1f2aed069a70fb98214f6029f5acffe51747e4066fe21c22d44e31207a2f129f7";
/// By the key of RFC 8032, 7.1, test 1, over `msg_1.1700000000.<body>`.
const OWN_V1A: &str = "Hou/HPrGuZzkAq0h2igrUpoXfWMaxl/OfLkILVMFRXgrw0T+KO0xH2uVeO/GnYkzIs57860YFcFNDCPHCJQBDg==";
const RFC_8032_KEY: &str = "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
const RSA_N: &str = "k6i5QQDHcEDbRLQwzUsviM3rtFBrXvjP5DDJYoeU45NGLy6cDT2XYwb1_fivolauLebmh443Ctqw2v9fxe8_U-ah0HAUikINCnd1PkOsUEHHvOkmQmRBeuqORYp33jysMLk7kUA96A7uLTH_PcOybAUvCuFWvrZyTBUGgvaNcdvH9EpyVZQBJVs2831aDGep20vbBFwTQjNaC06HK0BWZxVQhMiNu-yVIy0bM4lCoypNqPxIDinl-yOB0tdDVGp4vIcHbYu9QWA_3dtQhFu9NJFjB6Yl3nToGrJp0Rniktf93M70JQUGwuyt7FKWFAHHJpFeYc8KGhhSFRK-tzi77w";
const RSA_SIGNATURE: &str = "BJonAKWm6lw/rV5NLrAJuqDLd+sBvfLxscr27MSEBkqItk/bNMgkBCbgsunFutAu2aPaAOrU/5ZvE3U1R27civ2vS9vCeZKXlPmvPkUPvck+lWHVnRPF1znvx3zCWha6x5Eb5bzmGdof06CYnK2U0cf2xvFM8HSudoQGrchoO1cYY+PUervGJvYKDJaK0bH59ywe6RdPGyKRY1yrsNWek1hPY388WX+/6ZQS+btM4z6qmWQFqaT54cPRH3RBxyahZWqDJx6AjOLp3K9judMwCjueD1/rQTz0XCX0BWG0exTm50TaNsNouUh3lN+KiOsk0sHIwPK2YjNGuhfHo55gHA==";
const RSA_TIME: &str = "2026-11-23T10:00:00Z";

fn own(scheme: Scheme, pairs: &[(&str, &str)]) -> Result<String, SignatureError> {
    own_with(scheme, pairs, OWN_SECRET)
}

fn own_with(scheme: Scheme, pairs: &[(&str, &str)], text: &str) -> Result<String, SignatureError> {
    verify(&Signature::of(scheme), &headers(pairs), OWN_BODY, Keys::Secrets(&[secret(text)]), at(OWN_TIME))
}

fn is_taken(verdict: &Result<String, SignatureError>) -> bool {
    verdict.is_ok()
}

#[test]
fn the_published_example_of_standard_webhooks_is_signed_and_verified() {
    let signed = sign(ID, BODY, &[secret(SECRET)], at(TIME)).unwrap();
    assert_eq!(signed[2].1, SIGNATURE);
    assert_eq!(check(&signed).unwrap(), ID, "the id that is signed is the message's");
}

#[test]
fn the_published_example_of_github_is_verified() {
    // docs.github.com, "Validating webhook deliveries", "Testing the webhook payload validation".
    let header = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let check = |value: &str, body: &[u8]| {
        let keys = [secret("It's a Secret to Everybody")];
        let headers = headers(&[("x-hub-signature-256", value)]);
        verify(&Signature::of(Scheme::GitHub), &headers, body, Keys::Secrets(&keys), at(TIME))
    };
    assert!(is_taken(&check(header, b"Hello, World!")));
    assert_eq!(check(header, b"Hello, World"), Err(SignatureError::Mismatch));
    assert_eq!(check(&header.to_uppercase(), b"Hello, World!"), Err(SignatureError::Header), "the label is lower case");
    let upper = header.to_uppercase().replace("SHA256", "sha256");
    assert_eq!(check(&upper, b"Hello, World!"), Err(SignatureError::Mismatch), "and so are the digits");
}

#[test]
fn the_published_example_of_easypost_is_signed_after_normalisation() {
    // EasyPost's client libraries: the event body of easypost-go's fixtures, secret and signature of all libraries' tests.
    // The secret has 7 characters, so it is held against the MAC itself: a profile could not have it.
    let body = r#"{"result":{"id":"batch_123...","object":"Batch","mode":"test","state":"created","num_shipments":0,"reference":null,"created_at":"2022-07-26T17:22:32Z","updated_at":"2022-07-26T17:22:32Z","scan_form":null,"shipments":[],"status":{"created":0,"queued_for_purchase":0,"creation_failed":0,"postage_purchased":0,"postage_purchase_failed":0},"pickup":null,"label_url":null},"description":"batch.created","mode":"test","previous_attributes":null,"completed_urls":null,"user_id":"user_123...","status":"pending","object":"Event","id":"evt_123..."}"#;
    let mac = Key::Shared(nfkd("s\u{e9}cret")).mac(Algorithm::HmacSha256, Encoding::Hex, body.as_bytes());
    assert_eq!(mac.as_deref(), Some("e93977c8ccb20363d51a62b3fe1fc402b7829be1152da9e88cf9e8d07115a46b"));
    let plain = Key::Shared("s\u{e9}cret".into()).mac(Algorithm::HmacSha256, Encoding::Hex, body.as_bytes());
    assert_ne!(mac, plain, "without normalisation it would not fit");
}

#[test]
fn every_named_scheme_takes_its_vector_and_no_other() {
    let easypost = format!("hmac-sha256-hex={OWN_NFKD}");
    let github = format!("sha256={OWN_HEX}");
    let stripe = format!("t={OWN_TIME},v1={OWN_STRIPE}");
    let legacy = format!("hmac-sha256={OWN_BASE64}");
    let cases: [(Scheme, &str, &str, &str); 9] = [
        (Scheme::Shopify, "x-shopify-hmac-sha256", OWN_BASE64, OWN_SECRET),
        (Scheme::ShipHero, "x-shiphero-hmac-sha256", OWN_BASE64, OWN_SECRET),
        (Scheme::AfterShip, "aftership-hmac-sha256", OWN_BASE64, OWN_SECRET),
        (Scheme::AfterShip, "as-signature-hmac-sha256", OWN_BASE64, OWN_SECRET),
        (Scheme::AfterShip, "am-webhook-signature", OWN_BASE64, OWN_SECRET),
        (Scheme::AfterShip, "am-webhook-signature", &legacy, OWN_SECRET),
        (Scheme::EasyPost, "x-hmac-signature", &easypost, "cl\u{e9}-secr\u{e8}te-\u{2116}-de-partenaire"),
        (Scheme::GitHub, "x-hub-signature-256", &github, OWN_SECRET),
        (Scheme::Stripe, "stripe-signature", &stripe, OWN_SECRET),
    ];
    for (scheme, name, value, secret) in cases {
        let digest = Digest::of(OWN_BODY).to_string();
        assert_eq!(own_with(scheme, &[(name, value)], secret), Ok(digest), "{scheme:?} {name}: the id is the body's");
        assert_eq!(own_with(scheme, &[], secret), Err(SignatureError::Header), "{scheme:?} without its header");
        let twice = own_with(scheme, &[(name, value), (name, value)], secret);
        assert_eq!(twice, Err(SignatureError::Header), "{scheme:?} with its header twice");
        let joined = format!("{value},{value}");
        assert_eq!(own_with(scheme, &[(name, &joined)], secret), Err(SignatureError::Header), "{scheme:?} joined");
        assert_eq!(own_with(scheme, &[(name, "")], secret), Err(SignatureError::Header), "{scheme:?} empty");
        for more in [format!(",{value}"), format!("{value},"), format!("{value};"), format!("; {value}")] {
            let verdict = own_with(scheme, &[(name, &more)], secret);
            let is_list = scheme == Scheme::Stripe;
            assert_eq!(verdict.is_ok(), is_list, "{scheme:?}: {more}");
        }
        assert!(
            own_with(scheme, &[(name, &format!(" \t{value} "))], secret).is_ok(),
            "blanks around a value are HTTP's"
        );
        let long = format!("{value}{}", " ".repeat(HEADER_LEN_MAX));
        assert_eq!(own_with(scheme, &[(name, &long)], secret), Err(SignatureError::Header), "{scheme:?} oversized");
        let other = own_with(scheme, &[(name, value)], "another-secret-of-enough-bytes");
        assert_eq!(other, Err(SignatureError::Mismatch), "{scheme:?} by another secret");
        // Every character of the signature counts.
        let start = value.len() - 40;
        for place in start..value.len() {
            let mut bytes = value.as_bytes().to_vec();
            bytes[place] = if bytes[place] == b'0' { b'1' } else { b'0' };
            let changed = String::from_utf8(bytes).unwrap();
            let verdict = own_with(scheme, &[(name, &changed)], secret);
            assert_eq!(verdict, Err(SignatureError::Mismatch), "{scheme:?}, character {place}");
        }
        let unicode = own_with(scheme, &[(name, &format!("{value}\u{ff10}"))], secret);
        assert_eq!(unicode, Err(SignatureError::Mismatch), "{scheme:?} with a digit that is none");
    }
    let hex = own(Scheme::Shopify, &[("x-shopify-hmac-sha256", OWN_HEX)]);
    assert_eq!(hex, Err(SignatureError::Mismatch), "the right MAC in the wrong encoding");
    let base64 = own(Scheme::GitHub, &[("x-hub-signature-256", &format!("sha256={OWN_BASE64}"))]);
    assert_eq!(base64, Err(SignatureError::Mismatch));
    let bare = own(Scheme::GitHub, &[("x-hub-signature-256", OWN_HEX)]);
    assert_eq!(bare, Err(SignatureError::Header), "without its label");
}

#[test]
fn a_request_with_two_of_aftership_s_headers_means_neither() {
    let both = [("aftership-hmac-sha256", OWN_BASE64), ("am-webhook-signature", OWN_BASE64)];
    assert_eq!(own(Scheme::AfterShip, &both), Err(SignatureError::Header));
}

#[test]
fn a_changed_body_id_or_time_is_refused() {
    let check = |id, time, body: &[u8]| check_with(&standard(id, time, SIGNATURE), &[secret(SECRET)], body, at(TIME));
    assert_eq!(check(ID, "1614265330", br#"{"test":2432232314}"#), Err(SignatureError::Mismatch));
    assert_eq!(check(ID, "1614265330", b""), Err(SignatureError::Mismatch));
    assert_eq!(check("msg_other", "1614265330", BODY), Err(SignatureError::Mismatch));
    assert_eq!(check(ID, "1614265331", BODY), Err(SignatureError::Mismatch));
    for place in 0..BODY.len() {
        let mut body = BODY.to_vec();
        body[place] ^= 1;
        assert_eq!(check(ID, "1614265330", &body), Err(SignatureError::Mismatch), "byte {place}");
    }
}

#[test]
fn a_signature_holds_for_five_minutes_and_not_a_second_longer() {
    let check = |now| check_with(&standard(ID, "1614265330", SIGNATURE), &[secret(SECRET)], BODY, at(now));
    assert!(is_taken(&check(TIME + 300)) && is_taken(&check(TIME - 300)));
    assert_eq!(check(TIME + 301), Err(SignatureError::Expired));
    assert_eq!(check(TIME - 301), Err(SignatureError::Expired));
    let narrow = Signature { tolerance_s: Some(10), ..Signature::of(Scheme::StandardWebhooks) };
    let headers = standard(ID, "1614265330", SIGNATURE);
    let check = |now| verify(&narrow, &headers, BODY, Keys::Secrets(&[secret(SECRET)]), at(now));
    assert!(is_taken(&check(TIME + 10)));
    assert_eq!(check(TIME + 11), Err(SignatureError::Expired), "the profile may ask for less");
}

#[test]
fn a_time_is_digits_and_nothing_else() {
    for time in ["", "+1614265330", "-1614265330", "1614265330.0", " 1614265330", "0x6037BC32", "99999999999999999999"]
    {
        assert_eq!(check(&standard(ID, time, SIGNATURE)), Err(SignatureError::Header), "{time:?}");
    }
    let far = standard(ID, "9223372036854775", SIGNATURE);
    assert_eq!(check(&far), Err(SignatureError::Mismatch), "as far as milliseconds reach");
    assert_eq!(check(&standard(ID, "9223372036854776", SIGNATURE)), Err(SignatureError::Header), "one beyond");
}

#[test]
fn either_secret_of_a_rotation_is_taken_in_any_place_of_the_list() {
    let old = secret("whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0");
    let list = format!("v2,ignored v1,AAAA {SIGNATURE}");
    for secrets in [[old.clone(), secret(SECRET)], [secret(SECRET), old]] {
        check_with(&standard(ID, "1614265330", &list), &secrets, BODY, at(TIME)).unwrap();
    }
}

#[test]
fn headers_of_one_name_are_one_list_whether_they_are_joined_or_not() {
    let list = |value: &str| is_taken(&check(&standard(ID, "1614265330", value)));
    assert!(list(&format!("v1,AAAA,{SIGNATURE}")) && list(&format!("{SIGNATURE}, v1,AAAA")));
    let mut apart = standard(ID, "1614265330", "v1,AAAA");
    apart.push(("webhook-signature".to_owned(), SIGNATURE.to_owned()));
    assert!(is_taken(&check(&apart)));
    apart.push(("webhook-id".to_owned(), ID.to_owned()));
    assert_eq!(check(&apart), Err(SignatureError::Header), "two ids are none");
}

#[test]
fn headers_beyond_their_limits_are_refused() {
    let check = |id: &str, signature: &str| check(&standard(id, "1614265330", signature));
    let eighth = format!("{}{SIGNATURE}", "v1,AAAA ".repeat(SIGNATURES_MAX - 1));
    assert!(is_taken(&check(ID, &eighth)));
    let ninth = format!("{SIGNATURE} {}", "v1,AAAA ".repeat(SIGNATURES_MAX));
    assert_eq!(check(ID, &ninth), Err(SignatureError::Header), "nine, even if the first fits");
    let most = "i".repeat(ID_LEN_MAX);
    assert_eq!(check(&most, SIGNATURE), Err(SignatureError::Mismatch));
    assert_eq!(check(&format!("{most}i"), SIGNATURE), Err(SignatureError::Header));
    let padded = format!("{SIGNATURE}{}", " ".repeat(HEADER_LEN_MAX - SIGNATURE.len()));
    assert!(is_taken(&check(ID, &padded)));
    assert_eq!(check(ID, &format!("{padded} ")), Err(SignatureError::Header));
    assert_eq!(check("a,b", SIGNATURE), Err(SignatureError::Header), "joined headers are no header");
    assert_eq!(check("a\u{e9}", SIGNATURE), Err(SignatureError::Header));
    assert_eq!(check("", SIGNATURE), Err(SignatureError::Header));
    assert_eq!(check(ID, "v2,abc"), Err(SignatureError::Header));
    assert_eq!(check(ID, "v1"), Err(SignatureError::Header));
    assert_eq!(check(ID, ""), Err(SignatureError::Header));
    assert_eq!(check(ID, &SIGNATURE.replace("v1,", "V1,")), Err(SignatureError::Header));
}

#[test]
fn a_public_key_verifies_v1a_and_is_never_a_shared_secret() {
    let scheme = Signature::of(Scheme::StandardWebhooks);
    let check = |signature: &str, key: &str| {
        let headers = standard("msg_1", "1700000000", signature);
        verify(&scheme, &headers, OWN_BODY, Keys::Secrets(&[secret(key)]), at(OWN_TIME))
    };
    let v1a = format!("v1a,{OWN_V1A}");
    assert_eq!(check(&v1a, RFC_8032_KEY).unwrap(), "msg_1");
    assert!(is_taken(&check(&format!("v1,AAAA {v1a}"), RFC_8032_KEY)));
    assert_eq!(check(&format!("v1,{OWN_V1A}"), RFC_8032_KEY), Err(SignatureError::Mismatch), "v1 is HMAC");
    assert_eq!(check(&v1a, SECRET), Err(SignatureError::Mismatch));
    // Who knows the public key signs with it as if it were shared.
    let message = [b"msg_1.1700000000.", OWN_BODY].concat();
    for key in [RFC_8032_KEY.as_bytes().to_vec(), STANDARD.decode(&RFC_8032_KEY[5..]).unwrap()] {
        let forged = Key::Shared(key).mac(Algorithm::HmacSha256, Encoding::Base64, &message).unwrap();
        assert_eq!(check(&format!("v1,{forged}"), RFC_8032_KEY), Err(SignatureError::Mismatch));
        assert_eq!(check(&format!("v1a,{forged}"), RFC_8032_KEY), Err(SignatureError::Mismatch));
    }
    assert_eq!(check(&v1a, "whpk_AAAA"), Err(SignatureError::Secret));
    let both = [secret(SECRET), secret(RFC_8032_KEY)];
    let headers = standard("msg_1", "1700000000", &v1a);
    assert!(is_taken(&check_with(&headers, &both, OWN_BODY, at(OWN_TIME))), "a change from one kind to the other");
}

#[test]
fn stripe_s_list_has_one_time_and_other_versions_are_passed_over() {
    let check = |value: &str| own(Scheme::Stripe, &[("stripe-signature", value)]);
    assert!(is_taken(&check(&format!("t={OWN_TIME},v0=aa,v1=bb,v1={OWN_STRIPE}"))));
    assert_eq!(check(&format!("t={OWN_TIME},v0={OWN_STRIPE}")), Err(SignatureError::Header), "v0 alone proves nothing");
    assert_eq!(check(&format!("v1={OWN_STRIPE}")), Err(SignatureError::Header));
    assert_eq!(check(&format!("t={OWN_TIME},t={OWN_TIME},v1={OWN_STRIPE}")), Err(SignatureError::Header));
    assert_eq!(check(&format!("t=1700000001,v1={OWN_STRIPE}")), Err(SignatureError::Mismatch));
    let headers = headers(&[("stripe-signature", &format!("t={OWN_TIME},v1={OWN_STRIPE}"))]);
    let late = verify(
        &Signature::of(Scheme::Stripe),
        &headers,
        OWN_BODY,
        Keys::Secrets(&[secret(OWN_SECRET)]),
        at(OWN_TIME + 301),
    );
    assert_eq!(late, Err(SignatureError::Expired));
}

#[test]
fn shipstation_signs_with_a_key_of_its_published_set() {
    let set = |id: &str| {
        let keys = format!(r#"{{"keys":[{{"kty":"RSA","kid":"{id}","n":"{RSA_N}","e":"AQAB"}}]}}"#);
        KeySet::parse(&keys).unwrap()
    };
    let check = |time: &str, key: &str, signature: &str, set: &KeySet| {
        let headers = headers(&[
            ("x-shipengine-timestamp", time),
            ("x-shipengine-rsa-sha256-key-id", key),
            ("x-shipengine-rsa-sha256-signature", signature),
        ]);
        let now = RSA_TIME.parse().unwrap();
        verify(&Signature::of(Scheme::ShipStation), &headers, OWN_BODY, Keys::Public(set), now)
    };
    assert!(is_taken(&check(RSA_TIME, "k1", RSA_SIGNATURE, &set("k1"))));
    assert_eq!(check(RSA_TIME, "k2", RSA_SIGNATURE, &set("k1")), Err(SignatureError::Mismatch), "no such key");
    assert_eq!(check("2026-11-23T10:00:01Z", "k1", RSA_SIGNATURE, &set("k1")), Err(SignatureError::Mismatch));
    assert_eq!(check("yesterday", "k1", RSA_SIGNATURE, &set("k1")), Err(SignatureError::Header));
    assert_eq!(check(RSA_TIME, "", RSA_SIGNATURE, &set("k1")), Err(SignatureError::Header));
    let url_safe = RSA_SIGNATURE.replace('+', "-").replace('/', "_");
    assert_eq!(check(RSA_TIME, "k1", &url_safe, &set("k1")), Err(SignatureError::Mismatch), "another base64");
    assert_eq!(check(RSA_TIME, "k1", RSA_SIGNATURE, &KeySet::default()), Err(SignatureError::Mismatch));
    let shared = [secret(OWN_SECRET)];
    let headers = headers(&[
        ("x-shipengine-timestamp", RSA_TIME),
        ("x-shipengine-rsa-sha256-key-id", "k1"),
        ("x-shipengine-rsa-sha256-signature", RSA_SIGNATURE),
    ]);
    let now = RSA_TIME.parse().unwrap();
    let verdict = verify(&Signature::of(Scheme::ShipStation), &headers, OWN_BODY, Keys::Secrets(&shared), now);
    assert_eq!(verdict, Err(SignatureError::Mismatch), "a shared secret verifies no RSA signature");
}

#[test]
fn a_profile_can_describe_a_scheme_that_has_no_name() {
    let template = Template {
        headers: vec!["x-acme-auth".to_owned()],
        signatures: vec![Labelled { label: "sig=".to_owned(), algorithm: Algorithm::HmacSha512 }],
        several: false,
        encoding: Encoding::Hex,
        key: KeyForm::Text,
        signed: "{time}:{body}".to_owned(),
        id_header: None,
        time_header: Some("x-acme-time".to_owned()),
        time_label: None,
        time_format: TimeFormat::Milliseconds,
        key_id_header: None,
    };
    let check = |template: Option<Template>, time: &str| {
        let scheme = Signature { template, ..Signature::of(Scheme::Template) };
        let headers = headers(&[("x-acme-auth", &format!("sig={OWN_SHA512}")), ("x-acme-time", time)]);
        verify(&scheme, &headers, OWN_BODY, Keys::Secrets(&[secret(OWN_SECRET)]), at(1_700_000))
    };
    assert!(is_taken(&check(Some(template.clone()), "1700000000")), "1,700,000 seconds");
    assert_eq!(check(Some(template), "1700000001"), Err(SignatureError::Mismatch));
    assert_eq!(check(None, "1700000000"), Err(SignatureError::Undescribed));
}

#[test]
fn a_secret_too_short_is_a_fault_of_ours_and_never_a_match() {
    let check = |secrets: &[SecretString]| check_with(&standard(ID, "1614265330", SIGNATURE), secrets, BODY, at(TIME));
    for short in ["whsec_c2hvcnQ=", "whsec_", "", "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==", "no base64!"] {
        assert_eq!(check(&[secret(short)]), Err(SignatureError::Secret), "{short:?}");
        assert_eq!(check(&[secret(SECRET), secret(short)]), Err(SignatureError::Secret), "beside one that fits");
    }
    assert_eq!(check(&[]), Err(SignatureError::Mismatch));
    let shopify = |text: &str| own_with(Scheme::Shopify, &[("x-shopify-hmac-sha256", OWN_BASE64)], text);
    assert_eq!(shopify("fifteen bytes.."), Err(SignatureError::Secret));
    assert_eq!(shopify("sixteen bytes..."), Err(SignatureError::Mismatch));
    assert_eq!(sign(ID, BODY, &[secret("whsec_c2hvcnQ=")], at(TIME)), Err(SignatureError::Secret));
    assert_eq!(sign(ID, BODY, &[], at(TIME)), Err(SignatureError::Secret));
}

#[test]
fn no_error_says_anything_of_a_secret() {
    for error in [SignatureError::Header, SignatureError::Expired, SignatureError::Mismatch, SignatureError::Secret] {
        assert!(!error.to_string().contains("whsec_") && !error.to_string().contains(OWN_BASE64), "{error}");
    }
}

/// How often the counted comparison is made: enough that starting up weighs nothing.
const ROUNDS: u64 = 2_000;

/// What is counted: a signature that is wrong at one place, compared by the verifier, or by a loop that stops there.
#[test]
#[ignore = "run by the_cost_of_a_wrong_signature_does_not_say_where_it_is_wrong"]
fn one_comparison() {
    #[expect(clippy::disallowed_methods, reason = "the test that counts tells this process what to compare")]
    let number = |name: &str| std::env::var(name).unwrap_or_default().parse::<usize>().unwrap_or(0);
    let (place, stops) = (number("WRONG_AT"), number("STOPS") == 1);
    let mut bytes = OWN_BASE64.as_bytes().to_vec();
    bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
    let wrong = headers(&[("x-shopify-hmac-sha256", std::str::from_utf8(&bytes).unwrap())]);
    let scheme = Signature::of(Scheme::Shopify);
    let keys = [secret(OWN_SECRET)];
    for _ in 0..ROUNDS {
        if stops {
            assert!(!std::hint::black_box(&bytes).iter().eq(std::hint::black_box(OWN_BASE64.as_bytes())));
        } else {
            let verdict = verify(&scheme, &wrong, OWN_BODY, Keys::Secrets(&keys), at(OWN_TIME));
            assert_eq!(std::hint::black_box(verdict), Err(SignatureError::Mismatch));
        }
    }
}

#[test]
#[ignore = "needs valgrind: cargo test -p steps the_cost_of -- --ignored"]
fn the_cost_of_a_wrong_signature_does_not_say_where_it_is_wrong() {
    let count = |place: usize, stops: u8| -> u64 {
        let output = std::process::Command::new("valgrind")
            .args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"])
            .arg(std::env::current_exe().unwrap())
            .args(["signature::tests::one_comparison", "--exact", "--ignored"])
            // Of one length, so that reading them costs the same.
            .envs([("WRONG_AT", format!("{place:02}")), ("STOPS", stops.to_string())])
            .output()
            .expect("valgrind is installed");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        let told = String::from_utf8(output.stderr).unwrap();
        let line = told.lines().find(|line| line.contains("I   refs:")).expect("cachegrind counts");
        line.rsplit(' ').next().unwrap().replace(',', "").parse().unwrap()
    };
    let last = OWN_BASE64.len() - 2;
    let (first, middle, end) = (count(0, 0), count(last / 2, 0), count(last, 0));
    let spread = [first, middle, end].into_iter().max().unwrap() - [first, middle, end].into_iter().min().unwrap();
    assert!(spread < ROUNDS, "less than one instruction each: {first} {middle} {end}");
    let (first, end) = (count(0, 1), count(last, 1));
    assert!(end > first + ROUNDS, "a comparison that stops at the first difference is seen: {first} {end}");
}

proptest! {
    #[test]
    fn no_headers_bring_the_verifier_down(
        names in prop::collection::vec(0_usize..12, 0..6),
        values in prop::collection::vec("\\PC{0,40}|(v1|v1a|t|sha256|hmac-sha256-hex)[,=; ]\\PC{0,60}|[0-9]{1,20}", 6),
        body in prop::collection::vec(any::<u8>(), 0..64),
        second in -10_000_000_000_i64..10_000_000_000,
    ) {
        const NAMES: [&str; 12] = [
            "webhook-id", "webhook-timestamp", "webhook-signature", "x-shopify-hmac-sha256", "x-hmac-signature",
            "x-hub-signature-256", "stripe-signature", "aftership-hmac-sha256", "am-webhook-signature",
            "x-shipengine-timestamp", "x-shipengine-rsa-sha256-key-id", "x-shipengine-rsa-sha256-signature",
        ];
        let headers: Headers =
            names.iter().zip(&values).map(|(name, value)| (NAMES[*name].to_owned(), value.clone())).collect();
        let set = KeySet::parse(&format!(r#"{{"keys":[{{"kty":"RSA","n":"{RSA_N}","e":"AQAB"}}]}}"#)).unwrap();
        for scheme in [
            Scheme::StandardWebhooks, Scheme::Shopify, Scheme::ShipHero, Scheme::AfterShip, Scheme::EasyPost,
            Scheme::GitHub, Scheme::Stripe, Scheme::ShipStation,
        ] {
            let scheme = Signature::of(scheme);
            let secrets = [secret(SECRET), secret(RFC_8032_KEY)];
            for keys in [Keys::Secrets(&secrets), Keys::Public(&set)] {
                prop_assert!(verify(&scheme, &headers, &body, keys, at(second)).is_err());
            }
        }
    }

    #[test]
    fn what_is_signed_is_verified_and_what_is_changed_is_not(
        id in "[!-+\\--~]{1,256}",
        body in prop::collection::vec(any::<u8>(), 0..300),
        key in prop::collection::vec(any::<u8>(), KEY_LEN_MIN..64),
        place in any::<prop::sample::Index>(),
        bit in 0_u8..8,
    ) {
        let secrets = [secret(&format!("whsec_{}", STANDARD.encode(key)))];
        let signed = sign(&id, &body, &secrets, at(TIME)).unwrap();
        prop_assert_eq!(check_with(&signed, &secrets, &body, at(TIME)), Ok(id));
        if !body.is_empty() {
            let mut changed = body.clone();
            changed[place.index(body.len())] ^= 1 << bit;
            prop_assert_eq!(check_with(&signed, &secrets, &changed, at(TIME)), Err(SignatureError::Mismatch));
        }
    }
}
