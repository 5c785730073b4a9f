//! What is taken was signed. Requests are signed here by other code than the verifier's, in every scheme, and then changed
//! as somebody would who wants in: bytes, headers, labels, times, lists. Whatever is taken must still be what was signed.

use std::fmt::Write as _;

use aws_lc_rs::hmac as lc;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use partners::{Labelled, Scheme};
use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

const NOW: i64 = 1_700_000_000;
const ID: &str = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W";
const TEXT_SECRET: &str = "a-secret-of-32-bytes-for-vectors";
/// A secret that NFKD changes: the sign № becomes No, and ligatures and accents fall apart.
const ODD_SECRET: &str = "cl\u{e9} \u{2116} \u{fb01}n de partenaire";
const ODD_SECRET_NORMAL: &str = "cle\u{301} No fin de partenaire";

/// A request as its sender signed it.
#[derive(Debug, Clone)]
struct Signed {
    scheme: Signature,
    secret: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// The id that is signed; none where the body's digest stands for it.
    id: Option<&'static str>,
    /// The signature alone: whoever is let in has it.
    proof: String,
    /// What is signed beside the body: header or label, and value.
    sealed: Vec<(&'static str, String)>,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn hmac(algorithm: lc::Algorithm, key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    lc::sign(&lc::Key::new(algorithm, key), &parts.concat()).as_ref().to_vec()
}

/// The body, signed in every scheme that is signed by a secret or key of a partner's own.
fn signed(body: &[u8]) -> Vec<Signed> {
    let time = NOW.to_string();
    let text = TEXT_SECRET.as_bytes();
    let sha256 = |key: &[u8], before: &str| hmac(lc::HMAC_SHA256, key, &[before.as_bytes(), body]);
    let one = |scheme: Scheme, header: &str, label: &str, proof: String| Signed {
        scheme: Signature::of(scheme),
        secret: TEXT_SECRET.to_owned(),
        headers: vec![(header.to_owned(), format!("{label}{proof}"))],
        body: body.to_vec(),
        id: None,
        proof,
        sealed: Vec::new(),
    };
    let base64 = STANDARD.encode(sha256(text, ""));
    let id_and_time = vec![("webhook-id", ID.to_owned()), ("webhook-timestamp", time.clone())];
    let standard = |label: &str, secret: String, proof: String| {
        let signature = one(Scheme::StandardWebhooks, "webhook-signature", label, proof);
        let more = id_and_time.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        let headers = more.chain(signature.headers).collect();
        Signed { secret, headers, id: Some(ID), sealed: id_and_time.clone(), ..signature }
    };
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let message = [format!("{ID}.{time}.").as_bytes(), body].concat();
    let before = format!("{ID}.{time}.");
    let described = |algorithm, encoding, several| Template {
        headers: vec!["x-acme-auth".to_owned()],
        signatures: vec![Labelled { label: "sig=".to_owned(), algorithm }],
        several,
        encoding,
        key: KeyForm::Text,
        signed: "v0:{time}:{id}:{body}".to_owned(),
        id_header: Some("x-acme-id".to_owned()),
        time_header: None,
        time_label: Some("ts=".to_owned()),
        time_format: TimeFormat::Milliseconds,
        key_id_header: None,
    };
    let template = |template: Template, secret: String, proof: String| Signed {
        scheme: Signature { template: Some(template), ..Signature::of(Scheme::Template) },
        secret,
        headers: vec![
            ("x-acme-id".to_owned(), ID.to_owned()),
            ("x-acme-auth".to_owned(), format!("ts={time}000,sig={proof}")),
        ],
        id: Some(ID),
        sealed: vec![("x-acme-id", ID.to_owned()), ("ts=", format!("{time}000"))],
        ..one(Scheme::Template, "", "", proof)
    };
    let own = [format!("v0:{time}000:{ID}:").as_bytes(), body].concat();
    let public = format!("whpk_{}", STANDARD.encode(pair.public_key().as_ref()));
    let stripe = hex(&sha256(text, &format!("{time}.")));
    vec![
        standard("v1,", format!("whsec_{}", STANDARD.encode(text)), STANDARD.encode(sha256(text, &before))),
        standard("v1a,", public.clone(), STANDARD.encode(pair.sign(&message).as_ref())),
        one(Scheme::Shopify, "x-shopify-hmac-sha256", "", base64.clone()),
        one(Scheme::ShipHero, "x-shiphero-hmac-sha256", "", base64.clone()),
        one(Scheme::AfterShip, "aftership-hmac-sha256", "", base64.clone()),
        one(Scheme::AfterShip, "as-signature-hmac-sha256", "", base64.clone()),
        one(Scheme::AfterShip, "am-webhook-signature", "hmac-sha256=", base64),
        Signed {
            secret: ODD_SECRET.to_owned(),
            ..one(
                Scheme::EasyPost,
                "x-hmac-signature",
                "hmac-sha256-hex=",
                hex(&sha256(ODD_SECRET_NORMAL.as_bytes(), "")),
            )
        },
        one(Scheme::GitHub, "x-hub-signature-256", "sha256=", hex(&sha256(text, ""))),
        Signed {
            sealed: vec![("t=", time.clone())],
            ..one(Scheme::Stripe, "stripe-signature", &format!("t={time},v1="), stripe)
        },
        template(
            described(Algorithm::HmacSha512, Encoding::Hex, true),
            TEXT_SECRET.to_owned(),
            hex(&hmac(lc::HMAC_SHA512, text, &[&own])),
        ),
        template(
            described(Algorithm::Ed25519, Encoding::Base64, true),
            public,
            STANDARD.encode(pair.sign(&own).as_ref()),
        ),
    ]
}

impl Signed {
    fn check(&self) -> Result<String, SignatureError> {
        self.check_at(NOW)
    }

    fn check_at(&self, second: i64) -> Result<String, SignatureError> {
        let keys = [SecretString::from(self.secret.clone())];
        let now = Timestamp::from_second(second).unwrap();
        verify(&self.scheme, &self.headers, &self.body, Keys::Secrets(&keys), now)
    }

    /// Whether this, a changed `original`, says what the original said and shows its signature.
    fn says_what(&self, original: &Self) -> bool {
        let lines: Vec<String> = self.headers.iter().map(|(name, value)| format!("{name}:{value}")).collect();
        let joined = lines.join("\n");
        let sealed = original.sealed.iter().all(|(name, value)| match name.strip_suffix('=') {
            Some(_) => joined.contains(&format!("{name}{value}")),
            None => self.headers.iter().filter(|(given, _)| given == name).all(|(_, given)| given == value),
        });
        self.body == original.body && sealed && joined.contains(&original.proof)
    }
}

/// One thing that is done to a request.
#[derive(Debug, Clone)]
enum Change {
    BodyByte(Index, u8),
    BodyCut(Index),
    BodyMore(Vec<u8>),
    Dropped(Index),
    Twice(Index),
    Swapped,
    Renamed(Index, String),
    Char(Index, Index, char),
    Without(Index, Index),
    Inserted(Index, Index, String),
    Replaced(Index, String),
    Upper(Index),
}

fn change() -> impl Strategy<Value = Change> {
    let piece = || {
        prop_oneof![
            "[ ,;\t=.]{1,3}",
            Just("v1,".to_owned()),
            Just("v1=".to_owned()),
            Just("t=1700000001,".to_owned()),
            Just("\0".to_owned()),
            Just("\r\nwebhook-id: x".to_owned()),
            Just("\u{ff10}\u{202e}\u{feff}".to_owned()),
            "\\PC{0,12}",
        ]
    };
    prop_oneof![
        (any::<Index>(), 1_u8..).prop_map(|(at, mask)| Change::BodyByte(at, mask)),
        any::<Index>().prop_map(Change::BodyCut),
        proptest::collection::vec(any::<u8>(), 1..4).prop_map(Change::BodyMore),
        any::<Index>().prop_map(Change::Dropped),
        any::<Index>().prop_map(Change::Twice),
        Just(Change::Swapped),
        (any::<Index>(), "[a-z0-9-]{1,30}").prop_map(|(which, name)| Change::Renamed(which, name)),
        (any::<Index>(), any::<Index>(), any::<char>()).prop_map(|(which, at, with)| Change::Char(which, at, with)),
        (any::<Index>(), any::<Index>()).prop_map(|(which, at)| Change::Without(which, at)),
        (any::<Index>(), any::<Index>(), piece()).prop_map(|(which, at, with)| Change::Inserted(which, at, with)),
        (any::<Index>(), piece()).prop_map(|(which, with)| Change::Replaced(which, with)),
        any::<Index>().prop_map(Change::Upper),
    ]
}

fn value_of(headers: &mut [(String, String)], which: Index) -> &mut String {
    let which = which.index(headers.len());
    &mut headers[which].1
}

fn apply(change: &Change, request: &mut Signed) {
    let Signed { headers, body, .. } = request;
    if let Change::BodyByte(at, mask) = change {
        if !body.is_empty() {
            let at = at.index(body.len());
            body[at] ^= mask;
        }
        return;
    }
    if let Change::BodyCut(at) = change {
        return body.truncate(at.index(body.len() + 1));
    }
    if let Change::BodyMore(more) = change {
        return body.extend(more);
    }
    if headers.is_empty() {
        return;
    }
    let place = |text: &str, at: &Index| text.char_indices().map(|(place, _)| place).nth(at.index(text.len().max(1)));
    match change {
        Change::Dropped(which) => drop(headers.remove(which.index(headers.len()))),
        Change::Twice(which) => headers.push(headers[which.index(headers.len())].clone()),
        Change::Swapped => headers.reverse(),
        Change::Renamed(which, name) => {
            let which = which.index(headers.len());
            headers[which].0.clone_from(name);
        }
        Change::Char(which, at, with) => {
            let value = value_of(headers, *which);
            if let Some(at) = place(value, at) {
                value.remove(at);
                value.insert(at, *with);
            }
        }
        Change::Without(which, at) => {
            let value = value_of(headers, *which);
            if let Some(at) = place(value, at) {
                value.remove(at);
            }
        }
        Change::Inserted(which, at, with) => {
            let value = value_of(headers, *which);
            let at = place(value, at).unwrap_or(value.len());
            value.insert_str(at, with);
        }
        Change::Replaced(which, with) => value_of(headers, *which).clone_from(with),
        Change::Upper(which) => {
            let value = value_of(headers, *which);
            *value = value.to_ascii_uppercase();
        }
        Change::BodyByte(..) | Change::BodyCut(_) | Change::BodyMore(_) => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_taken_is_what_was_signed(
        body in proptest::collection::vec(any::<u8>(), 0..80),
        changes in proptest::collection::vec(change(), 1..4),
    ) {
        for original in signed(&body) {
            let id = original.id.map_or_else(|| Digest::of(&body).to_string(), str::to_owned);
            prop_assert_eq!(original.check(), Ok(id.clone()), "{:?}", original);
            let mut changed = original.clone();
            for change in &changes {
                apply(change, &mut changed);
            }
            match changed.check() {
                Ok(taken) => {
                    prop_assert!(changed.says_what(&original), "{:?} is taken for {:?}", changed, original);
                    prop_assert_eq!(taken, id);
                }
                Err(SignatureError::Secret | SignatureError::Undescribed) => prop_assert!(false, "no fault of ours"),
                Err(_) => {}
            }
        }
    }

    /// What one partner signed, in whatever scheme, is no other partner's word.
    #[test]
    fn no_scheme_takes_what_another_signed_with_the_same_secret(body in proptest::collection::vec(any::<u8>(), 0..80)) {
        let all = signed(&body);
        for (own, one) in all.iter().enumerate() {
            for (other, scheme) in all.iter().enumerate() {
                let mixed = Signed { scheme: scheme.scheme.clone(), secret: scheme.secret.clone(), ..one.clone() };
                let same = one.scheme == scheme.scheme && one.secret == scheme.secret;
                prop_assert_eq!(mixed.check().is_ok(), same, "{} as {}", own, other);
            }
        }
    }
}

#[test]
fn a_time_that_is_signed_holds_for_its_tolerance_either_way_in_every_scheme() {
    for request in signed(b"{}") {
        let has_time = request.sealed.iter().any(|(_, value)| value.starts_with("1700000000"));
        for (second, fresh) in [(NOW + 300, true), (NOW - 300, true), (NOW + 301, false), (NOW - 301, false)] {
            let verdict = request.check_at(second);
            let expired = Err(SignatureError::Expired);
            assert_eq!(verdict == expired, has_time && !fresh, "{:?} at {second}", request.scheme.scheme);
            assert!(verdict == expired || verdict.is_ok(), "{:?}", request.scheme.scheme);
        }
    }
}

/// The big list of naughty strings in short, and what parsers of headers trip over, in every header of every scheme.
const NAUGHTY: [&str; 44] = [
    "",
    " ",
    "\t",
    ",",
    ";",
    "=",
    "v1",
    "v1,",
    "v1=",
    "v1a,",
    "t=",
    "t=,v1=",
    "t=1700000000,v1=",
    "sha256=",
    "=sha256",
    "null",
    "undefined",
    "NaN",
    "true",
    "0",
    "-1",
    "1e309",
    "0x10",
    "\u{0}",
    "\r\n",
    "\n",
    "\u{7f}",
    "\u{85}",
    "\u{a0}",
    "\u{feff}",
    "\u{202e}",
    "\u{200b}",
    "\u{ffff}",
    "\u{1f4a9}",
    "Ω≈ç√∫",
    "../../etc/passwd",
    "%00",
    "%0d%0a",
    "${jndi:ldap://x}",
    "{{7*7}}",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
];

#[test]
fn no_naughty_string_in_any_header_is_taken_for_a_signature() {
    for original in signed(b"{}") {
        for which in 0..original.headers.len() {
            for text in NAUGHTY {
                for value in [text.to_owned(), text.repeat(1000), format!("{}{text}", original.headers[which].1)] {
                    let mut request = original.clone();
                    request.headers[which].1 = value;
                    let verdict = request.check();
                    assert!(verdict.is_err() || request.says_what(&original), "{:?} {text:?}", original.scheme.scheme);
                }
            }
        }
    }
}

#[test]
fn the_published_examples_hold() {
    // Standard Webhooks, `v1a`: the specification's example key pair and message.
    let check = |scheme: Scheme, pairs: &[(&str, &str)], secret: &str, body: &[u8], second: i64| {
        let headers: Vec<_> = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let keys = [SecretString::from(secret.to_owned())];
        let now = Timestamp::from_second(second).unwrap();
        verify(&Signature::of(scheme), &headers, body, Keys::Secrets(&keys), now)
    };
    let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    let v1a = "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==";
    let headers = [("webhook-id", id), ("webhook-timestamp", "1614265330"), ("webhook-signature", v1a)];
    let key = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";
    let body = br#"{"test": 2432232314}"#;
    assert_eq!(check(Scheme::StandardWebhooks, &headers, key, body, 1_614_265_330), Ok(id.to_owned()));
    // Shopify: it publishes none; this one is of SQLPage's tests (sqlpage/SQLPage, `tests/`).
    let header = [("x-shopify-hmac-sha256", "QNyObTlKbMx2qDlPF/ZOZcBqg5OgPg+2oky3zldc0Gw=")];
    let body = br#"{"id":1234567890,"email":"customer@example.com","total_price":"123.45"}"#;
    assert!(check(Scheme::Shopify, &header, "test-webhook-secret", body, NOW).is_ok());
    // AfterShip, ShipHero, ShipStation and Stripe publish none that can be computed: a secret or the body is not told.
}
