//! No header, token, key set or certificate brings its reader down, and what is taken is the one thing that was signed.

use canonical::Digest;
use jiff::Timestamp;
use partners::{Algorithm, Encoding, KeyForm, Labelled, OAuth2, Scheme, Signature, Template, TimeFormat};
use secrecy::SecretString;
use steps::signature::keys::{KeySet, fingerprint};
use steps::signature::token::Token;
use steps::signature::{Keys, claimed_id, header, verify};

/// When everything in the corpus was signed.
const NOW: i64 = 1_700_000_000;
/// The one body that was ever signed.
const BODY: &[u8] = br#"{"release_id":"rel_00000000000000000000000000000000","occurred_at":"2023-11-14T22:13:20Z"}"#;
const SECRET: &str = "a-secret-of-32-bytes-for-vectors";
const JWKS: &str = include_str!("jwks.json");
const TOKEN: &str = include_str!("token.txt");

/// Whether anything was taken.
pub(crate) fn run(bytes: &[u8]) -> bool {
    let mut lines = bytes.splitn(2, |byte| *byte == b'\n');
    let (first, rest) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let (headers, body) = request(rest);
    let now = Timestamp::from_second(NOW).unwrap();
    let scheme = match first {
        b"standard" => Scheme::StandardWebhooks,
        b"shopify" => Scheme::Shopify,
        b"shiphero" => Scheme::ShipHero,
        b"aftership" => Scheme::AfterShip,
        b"easypost" => Scheme::EasyPost,
        b"github" => Scheme::GitHub,
        b"stripe" => Scheme::Stripe,
        b"shipstation" => Scheme::ShipStation,
        b"template" => Scheme::Template,
        b"token" => return token(&headers, now),
        b"jwks" => return jwks(&body),
        _ => {
            let _ = claimed_id(&headers, &body);
            return fingerprint(&String::from_utf8_lossy(&body)).is_some();
        }
    };
    let mut signature = Signature::of(scheme);
    let mut secrets = vec![SecretString::from(SECRET)];
    match scheme {
        Scheme::StandardWebhooks => {
            secrets = vec![
                "whsec_YS1zZWNyZXQtb2YtMzItYnl0ZXMtZm9yLXZlY3RvcnM=".into(),
                "whpk_6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw=".into(),
            ];
        }
        Scheme::EasyPost => secrets = vec!["cl\u{e9} \u{2116} \u{fb01}n de partenaire".into()],
        Scheme::Template => signature.template = Some(template()),
        _ => {}
    }
    let set = KeySet::parse(JWKS).unwrap();
    let keys = if scheme == Scheme::ShipStation { Keys::Public(&set) } else { Keys::Secrets(&secrets) };
    let verdict = verify(&signature, &headers, &body, keys, now);
    if let Ok(id) = &verdict {
        assert_eq!(body, BODY, "nothing else was ever signed");
        assert!(id == "msg_1" || *id == Digest::of(BODY).to_string(), "{id}");
    }
    // By no keys at all nothing is taken.
    assert!(verify(&signature, &headers, &body, Keys::Secrets(&[]), now).is_err());
    assert!(verify(&signature, &headers, &body, Keys::Public(&KeySet::default()), now).is_err());
    verdict.is_ok()
}

fn token(headers: &[(String, String)], now: Timestamp) -> bool {
    let value = header(headers, "authorization").unwrap_or_default();
    let text = value.strip_prefix("Bearer ").unwrap_or(&value);
    let expected = OAuth2 {
        issuer: "https://login.example".to_owned(),
        audience: "crossdock".to_owned(),
        client_id: "c1".to_owned(),
        jwks_url: "https://login.example/jwks".to_owned(),
        scopes: vec!["write".to_owned()],
    };
    let set = KeySet::parse(JWKS).unwrap();
    let taken = Token::read(text).is_ok_and(|token| token.verify(&set, &expected, now).is_ok());
    assert!(!taken || text == TOKEN.trim_end(), "no other token was ever signed");
    taken
}

/// A key set of anybody's verifies nothing that he did not sign.
fn jwks(body: &[u8]) -> bool {
    let set = KeySet::parse(&String::from_utf8_lossy(body));
    if let Ok(set) = &set {
        let (scheme, now) = (Signature::of(Scheme::ShipStation), Timestamp::from_second(NOW).unwrap());
        let headers = [
            ("x-shipengine-timestamp", "2023-11-14T22:13:20Z"),
            ("x-shipengine-rsa-sha256-key-id", "k1"),
            ("x-shipengine-rsa-sha256-signature", "AQID"),
        ];
        let headers: Vec<_> = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        assert!(verify(&scheme, &headers, BODY, Keys::Public(set), now).is_err());
    }
    set.is_ok()
}

fn template() -> Template {
    Template {
        headers: vec!["x-acme-auth".to_owned()],
        signatures: vec![Labelled { label: "sig=".to_owned(), algorithm: Algorithm::HmacSha256 }],
        several: true,
        encoding: Encoding::Hex,
        key: KeyForm::Text,
        signed: "v0:{time}:{id}:{body}".to_owned(),
        id_header: Some("x-acme-id".to_owned()),
        time_header: None,
        time_label: Some("ts=".to_owned()),
        time_format: TimeFormat::Seconds,
        key_id_header: None,
    }
}

/// Headers, an empty line, the body.
fn request(mut bytes: &[u8]) -> (Vec<(String, String)>, Vec<u8>) {
    let mut headers = Vec::new();
    while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
        let (line, rest) = (&bytes[..end], &bytes[end + 1..]);
        bytes = rest;
        if line.is_empty() {
            break;
        }
        let line = String::from_utf8_lossy(line).into_owned();
        let (name, value) = line.split_once(": ").unwrap_or((&line, ""));
        headers.push((name.to_lowercase(), value.to_owned()));
    }
    (headers, bytes.to_vec())
}
