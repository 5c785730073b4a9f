//! The cases of Project Wycheproof (C2SP/wycheproof) for what we verify with: malleable, truncated, padded and lengthened
//! signatures, numbers out of range, points that are none, encodings that almost hold. In `wycheproof/*.txt`.

use aws_lc_rs::signature::{EcdsaKeyPair, KeyPair as _};
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::*;

struct Case {
    key: &'static str,
    verdict: &'static str,
    message: Vec<u8>,
    signature: Vec<u8>,
    what: &'static str,
}

fn bytes(text: &str) -> Vec<u8> {
    if text == "-" { Vec::new() } else { STANDARD.decode(text).unwrap() }
}

fn cases(file: &'static str) -> Vec<Case> {
    let mut key = "";
    let mut cases = Vec::new();
    for line in file.lines().filter(|line| !line.starts_with('#')) {
        if let Some(next) = line.strip_prefix("key ") {
            key = next;
            continue;
        }
        let mut words = line.splitn(4, ' ');
        let mut word = || words.next().unwrap_or_default();
        let (verdict, message, signature, what) = (word(), bytes(word()), bytes(word()), word());
        cases.push(Case { key, verdict, message, signature, what });
    }
    cases
}

/// Holds each case against the verifier; gives how many hold. What may be taken ("acceptable") must not be.
fn judge(file: &'static str, algorithm: KeyAlgorithm, count: usize) -> usize {
    let cases = cases(file);
    assert_eq!(cases.len(), count, "all cases are there");
    let mut valid = 0;
    for Case { key, verdict, message, signature, what } in cases {
        let set = KeySet::parse(&format!("{{\"keys\":[{key}]}}")).unwrap();
        let holds = set.verify(algorithm, None, &message, &signature);
        assert_eq!(holds, verdict == "valid", "{verdict}: {what}: {key}");
        valid += usize::from(holds);
        for other in [KeyAlgorithm::Rs256, KeyAlgorithm::Es256, KeyAlgorithm::EdDsa] {
            assert!(other == algorithm || !set.verify(other, None, &message, &signature), "{other:?}: {what}");
        }
    }
    valid
}

#[test]
fn ed25519_is_verified_as_wycheproof_says() {
    assert_eq!(judge(include_str!("wycheproof/ed25519.txt"), KeyAlgorithm::EdDsa, 151), 88);
}

#[test]
fn es256_is_verified_as_wycheproof_says() {
    assert_eq!(judge(include_str!("wycheproof/es256.txt"), KeyAlgorithm::Es256, 262), 173);
}

#[test]
fn rs256_is_verified_as_wycheproof_says() {
    assert_eq!(judge(include_str!("wycheproof/rs256.txt"), KeyAlgorithm::Rs256, 259), 9);
}

/// Wycheproof's cases with shortened tags are valid there: a signature in a header is never shortened.
#[test]
fn hmac_sha256_is_verified_as_wycheproof_says_and_never_shortened() {
    let mut valid = 0;
    for Case { key, verdict, message, signature, what } in cases(include_str!("wycheproof/hmac_sha256.txt")) {
        let whole = signature.len() == 32;
        for encoding in [Encoding::Base64, Encoding::Hex] {
            let mac = Key::Shared(bytes(key)).mac(Algorithm::HmacSha256, encoding, &message);
            let same = bool::from(same(mac.as_deref(), &encode(encoding, &signature)));
            assert_eq!(same, verdict == "valid" && whole, "{verdict}: {what}");
            valid += usize::from(same);
        }
    }
    assert_eq!(valid, 2 * 33);
}

/// Keys that are none are no keys: off the curve, of another, too short, too long, of a size that is not safe.
#[test]
fn a_key_that_is_none_verifies_nothing() {
    let rng = aws_lc_rs::rand::SystemRandom::new();
    let algorithm = &aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED_SIGNING;
    let document = EcdsaKeyPair::generate_pkcs8(algorithm, &rng).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref()).unwrap();
    let signature = pair.sign(&rng, b"message").unwrap();
    let point = pair.public_key().as_ref().to_vec();
    let key = |crv: &str, x: &[u8], y: &[u8]| {
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        KeySet::parse(&format!(r#"{{"keys":[{{"kty":"EC","crv":"{crv}","x":"{x}","y":"{y}"}}]}}"#)).unwrap()
    };
    let verify = |set: &KeySet, signature: &[u8]| set.verify(KeyAlgorithm::Es256, None, b"message", signature);
    let (x, y) = point[1..].split_at(32);
    let right = key("P-256", x, y);
    assert!(verify(&right, signature.as_ref()));
    let mut off = y.to_vec();
    off[31] ^= 1;
    for (what, set) in [
        ("off the curve", key("P-256", x, &off)),
        ("no point", key("P-256", &[0; 32], &[0; 32])),
        ("another curve's name", key("secp256k1", x, y)),
        ("a coordinate cut", key("P-256", &x[1..], y)),
        ("a coordinate lengthened", key("P-256", x, &[y, &[0]].concat())),
        ("the coordinates of P-384", key("P-256", &[x, &[0; 16]].concat(), &[y, &[0; 16]].concat())),
    ] {
        assert!(!verify(&set, signature.as_ref()), "{what}");
    }
    let signature = signature.as_ref();
    for (what, other) in [
        ("empty", Vec::new()),
        ("cut", signature[..63].to_vec()),
        ("one byte more", [signature, &[0]].concat()),
        ("all zeros", vec![0; 64]),
        ("twice", signature.repeat(2)),
    ] {
        assert!(!verify(&right, &other), "{what}");
    }
    // 1,024 bits, and an exponent of one, under which every message is its own signature.
    let rsa = |n: &[u8], e: &[u8]| {
        let (n, e) = (URL_SAFE_NO_PAD.encode(n), URL_SAFE_NO_PAD.encode(e));
        KeySet::parse(&format!(r#"{{"keys":[{{"kty":"RSA","n":"{n}","e":"{e}"}}]}}"#)).unwrap()
    };
    for (set, len) in [(rsa(&[0xff; 128], &[1, 0, 1]), 128), (rsa(&[0xff; 256], &[1]), 256), (rsa(&[], &[]), 0)] {
        assert!(!set.verify(KeyAlgorithm::Rs256, None, b"message", &vec![1; len]));
    }
}
