//! Public keys: read from a JSON Web Key Set (RFC 7517), and verified with by aws-lc, the library behind our TLS.

use aws_lc_rs::signature::RsaPublicKeyComponents;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use canonical::Digest;
use serde::Deserialize;

/// Longest key set that is read, in bytes: thirty RSA keys of 4,096 bits with their certificates.
pub const KEY_SET_LEN_MAX: usize = 64 * 1024;
/// Most keys of a set that are looked at: a server has a handful. Without a limit one token could cost thousands of
/// verifications.
pub const KEYS_MAX: usize = 32;
/// Bytes of an Ed25519 public key, and of a coordinate of P-256.
const CURVE_LEN: usize = 32;

/// The algorithms of public keys, by their names in JOSE. None of them is symmetric, so a public key can never be taken
/// for a shared secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyAlgorithm {
    /// RSA PKCS#1 v1.5 with SHA-256; 2,048 bits and more.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl KeyAlgorithm {
    /// The algorithm of this name, if it is one that we take.
    pub fn of(name: &str) -> Option<Self> {
        match name {
            "RS256" => Some(Self::Rs256),
            "ES256" => Some(Self::Es256),
            "EdDSA" | "Ed25519" => Some(Self::EdDsa),
            _ => None,
        }
    }
}

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
struct PublicKey {
    id: Option<String>,
    form: Form,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// An uncompressed point.
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
}

/// The public keys of a server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeySet(Vec<PublicKey>);

/// A document that is no key set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no JSON Web Key Set of at most {KEY_SET_LEN_MAX} bytes")]
pub struct KeySetError;

#[derive(Deserialize)]
struct Jwks {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(rename = "use")]
    usage: Option<String>,
    alg: Option<String>,
    kid: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl KeySet {
    /// Reads a key set. Keys of a kind or use that is none of ours are passed over, as RFC 7517 asks.
    pub fn parse(document: &str) -> Result<Self, KeySetError> {
        if document.len() > KEY_SET_LEN_MAX {
            return Err(KeySetError);
        }
        let set: Jwks = serde_json::from_str(document).map_err(|_| KeySetError)?;
        Ok(Self(set.keys.into_iter().filter_map(read).take(KEYS_MAX).collect()))
    }

    /// One Ed25519 key of 32 bytes; `None` if it is none that anybody keeps.
    pub(super) fn ed25519(key: &[u8]) -> Option<Self> {
        let form = ed25519(key.to_vec())?;
        Some(Self(vec![PublicKey { id: None, form }]))
    }

    /// Whether a key has this id. Without an id every key may be meant.
    pub fn has(&self, id: Option<&str>) -> bool {
        self.named(id).next().is_some()
    }

    /// Whether the signature of `message` is by a key of this algorithm, and of this id if one is named.
    pub fn verify(&self, algorithm: KeyAlgorithm, id: Option<&str>, message: &[u8], signature: &[u8]) -> bool {
        let mut fits = false;
        for key in self.named(id) {
            fits |= key.form.verify(algorithm, message, signature);
        }
        fits
    }

    fn named<'a>(&'a self, id: Option<&'a str>) -> impl Iterator<Item = &'a PublicKey> {
        self.0.iter().filter(move |key| id.is_none() || key.id.as_deref() == id)
    }
}

/// SHA-256 of a certificate in PEM, over its DER form. Of a chain the first one, which is the holder's own.
pub fn fingerprint(pem: &str) -> Option<Digest> {
    let (_, after) = pem.split_once("-----BEGIN CERTIFICATE-----")?;
    let (text, _) = after.split_once("-----END CERTIFICATE-----")?;
    let text: String = text.split_ascii_whitespace().collect();
    let der = STANDARD.decode(text).ok()?;
    (!der.is_empty()).then(|| Digest::of(&der))
}

fn read(key: serde_json::Value) -> Option<PublicKey> {
    let key: Jwk = serde_json::from_value(key).ok()?;
    if key.usage.is_some_and(|usage| usage != "sig") {
        return None;
    }
    let bytes = |text: &Option<String>| URL_SAFE_NO_PAD.decode(text.as_deref()?).ok();
    // Without leading zeros, which some servers write and aws-lc refuses.
    let number = |text: &Option<String>| Some(bytes(text)?.into_iter().skip_while(|byte| *byte == 0).collect());
    let coordinate = |text: &Option<String>| bytes(text).filter(|bytes| bytes.len() == CURVE_LEN);
    let (form, algorithm) = match (key.kty.as_str(), key.crv.as_deref()) {
        ("RSA", _) => (Form::Rsa { n: number(&key.n)?, e: number(&key.e)? }, KeyAlgorithm::Rs256),
        ("EC", Some("P-256")) => {
            let point = [&[0x04], coordinate(&key.x)?.as_slice(), coordinate(&key.y)?.as_slice()].concat();
            (Form::P256(point), KeyAlgorithm::Es256)
        }
        ("OKP", Some("Ed25519")) => (ed25519(bytes(&key.x)?)?, KeyAlgorithm::EdDsa),
        _ => return None,
    };
    // A key that says what it is for is for nothing else.
    if key.alg.is_some_and(|alg| KeyAlgorithm::of(&alg) != Some(algorithm)) {
        return None;
    }
    Some(PublicKey { id: key.kid, form })
}

/// An Ed25519 key. Nobody keeps a point of small order: by one of these, a signature fits every message.
fn ed25519(key: Vec<u8>) -> Option<Form> {
    let (last, others) = key.split_last()?;
    // The highest bit is the sign of the other coordinate.
    let is_small =
        |point: &[u8; CURVE_LEN]| point.split_last().is_some_and(|(end, start)| start == others && *end == last & 0x7f);
    (key.len() == CURVE_LEN && !SMALL_ORDER.iter().any(is_small)).then_some(Form::Ed25519(key))
}

/// The points of order 1, 2, 4 and 8 as they may be written, the sign of x left out. Source: RFC 8032, 5.1, the curve and how a
/// point is encoded; the last two are 0 and 1 written with p more.
const SMALL_ORDER: [[u8; CURVE_LEN]; 7] = [
    [0; CURVE_LEN],
    with_ends(1, 0, 0),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
        0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
        0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
    with_ends(0xec, 0xff, 0x7f),
    with_ends(0xed, 0xff, 0x7f),
    with_ends(0xee, 0xff, 0x7f),
];

/// A point written as this byte, this one thirty times, and this one.
const fn with_ends(first: u8, middle: u8, last: u8) -> [u8; CURVE_LEN] {
    let mut point = [middle; CURVE_LEN];
    let [start, .., end] = &mut point;
    (*start, *end) = (first, last);
    point
}

impl Form {
    fn verify(&self, algorithm: KeyAlgorithm, message: &[u8], signature: &[u8]) -> bool {
        match (self, algorithm) {
            (Self::Rsa { n, e }, KeyAlgorithm::Rs256) => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok()
            }
            (Self::P256(point), KeyAlgorithm::Es256) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature).is_ok()
            }
            (Self::Ed25519(key), KeyAlgorithm::EdDsa) => {
                UnparsedPublicKey::new(&ED25519, key).verify(message, signature).is_ok()
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With a key of order 1 the signature of nothing by nobody fits every message; with the others, every few messages.
    #[test]
    fn a_key_that_nobody_keeps_is_none() {
        let nobody_s = [with_ends(1, 0, 0), [0; CURVE_LEN]].concat();
        let signs =
            |key: &[u8], message: &[u8]| UnparsedPublicKey::new(&ED25519, key).verify(message, &nobody_s).is_ok();
        let mut forged = 0;
        for point in SMALL_ORDER {
            for sign in [0, 0x80] {
                let mut key = point;
                key[CURVE_LEN - 1] |= sign;
                forged += usize::from((0..=u8::MAX).any(|message| signs(&key, &[message])));
                assert_eq!(KeySet::ed25519(&key), None, "{key:x?}");
                let x = URL_SAFE_NO_PAD.encode(key);
                let set = format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","kid":"k1","x":"{x}"}}]}}"#);
                assert!(!KeySet::parse(&set).unwrap().has(Some("k1")), "{key:x?}");
            }
        }
        assert!(forged >= 8, "the library takes {forged} of them");
        assert!(KeySet::ed25519(&with_ends(2, 0, 0)).is_some() && KeySet::ed25519(&[2; 31]).is_none());
    }
}
