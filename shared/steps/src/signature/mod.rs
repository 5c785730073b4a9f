//! Signatures over raw bytes: one verifier for every scheme that a profile can name or describe, and the one scheme that
//! we sign with, Standard Webhooks 1.0.
//!
//! Written on `hmac`, `subtle` and aws-lc here because a verifier must take its time from the caller. Signatures are
//! compared as they are written, like the senders' own libraries do: another spelling of the same bytes is another text.

pub mod keys;
pub mod token;

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use canonical::{Code, Digest};
use hmac::Hmac;
use jiff::Timestamp;
use partners::{Algorithm, Encoding, KeyForm, SECRET_LEN_MIN, Signature, Template, TimeFormat};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Sha256, Sha512};
use subtle::{Choice, ConstantTimeEq as _};
use unicode_normalization::UnicodeNormalization as _;

use keys::{KeyAlgorithm, KeySet};

/// Most signatures taken from one header: two secrets in rotation need two, eight leave room. More are refused.
pub const SIGNATURES_MAX: usize = 8;
/// Longest header that is read, in bytes: eight signatures of 47 characters and blanks stay far below.
pub const HEADER_LEN_MAX: usize = 4096;
/// Longest webhook id, in bytes: it becomes part of a key.
pub const ID_LEN_MAX: usize = 256;
/// Shortest key, in bytes, of Standard Webhooks: the specification's lower bound.
pub const KEY_LEN_MIN: usize = 24;
/// What a shared secret begins with in Standard Webhooks.
const SECRET_PREFIX: &str = "whsec_";
/// What a public key begins with in Standard Webhooks.
const PUBLIC_PREFIX: &str = "whpk_";
/// What may part several signatures in a header. The comma is also what joins headers of one name (RFC 9110, 5.3),
/// which the gateway does before we see them.
const SEPARATORS: [char; 4] = [' ', '\t', ',', ';'];

/// Why a signature does not prove anything. Which secret was tried is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A header is missing or malformed.
    #[error("a header of the signature is missing, given twice, too long or malformed")]
    Header,
    /// Its time is outside the tolerance.
    #[error("the signature's time is too far from now")]
    Expired,
    /// It matches no key in force.
    #[error("the signature does not match the body")]
    Mismatch,
    /// A secret of ours is no secret.
    #[error("a secret on record is not in its scheme's form, or shorter than the scheme allows")]
    Secret,
    /// The profile names a scheme and does not describe it.
    #[error("the profile does not describe its signature scheme")]
    Undescribed,
}

impl SignatureError {
    /// The error's code.
    pub fn code(self) -> Code {
        match self {
            Self::Header => Code::HeaderMissing,
            Self::Expired => Code::SignatureExpired,
            Self::Mismatch => Code::SignatureInvalid,
            Self::Secret | Self::Undescribed => Code::Misconfigured,
        }
    }
}

/// What a signature is held against.
#[derive(Debug, Clone, Copy)]
pub enum Keys<'a> {
    /// The secrets in force.
    Secrets(&'a [SecretString]),
    /// The sender's public keys.
    Public(&'a KeySet),
}

/// The value of a header; those of one name joined by commas, as the gateway does.
pub fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<Cow<'a, str>> {
    let mut values = headers.iter().filter(|(given, _)| given == name).map(|(_, value)| value.as_str());
    let first = values.next()?;
    Some(values.fold(Cow::Borrowed(first), |joined, next| Cow::Owned(format!("{joined},{next}"))))
}

/// Checks `body` as it came, before anything is read from it; `headers` have lower case names. Every key and signature
/// is tried, whichever fits. Gives the message's id: the one that is signed, or else the body's digest, since an id that
/// is not signed could be changed to have a message taken twice.
pub fn verify(
    scheme: &Signature,
    headers: &[(String, String)],
    body: &[u8],
    keys: Keys<'_>,
    now: Timestamp,
) -> Result<String, SignatureError> {
    let template = scheme.described().ok_or(SignatureError::Undescribed)?;
    let presented = Presented::read(&template, headers)?;
    let message = presented.message(&template, body);
    let fits = match keys {
        Keys::Secrets(secrets) => presented.fits_secrets(&template, &message, secrets)?,
        Keys::Public(set) => presented.fits_public(&template, &message, set),
    };
    if !bool::from(fits) {
        return Err(SignatureError::Mismatch);
    }
    let tolerance = u128::from(scheme.tolerance_s()) * 1000;
    if presented.time_ms.is_some_and(|time| u128::from(now.as_millisecond().abs_diff(time)) > tolerance) {
        return Err(SignatureError::Expired);
    }
    Ok(presented.id.map_or_else(|| Digest::of(body).to_string(), Cow::into_owned))
}

/// The id of a message whose sender is known by other means than a signature: `webhook-id`, or else the body's digest.
pub fn claimed_id(headers: &[(String, String)], body: &[u8]) -> Result<String, SignatureError> {
    match header(headers, "webhook-id") {
        Some(id) if is_plain(&id) => Ok(id.into_owned()),
        Some(_) => Err(SignatureError::Header),
        None => Ok(Digest::of(body).to_string()),
    }
}

/// Whether an id is one: what is joined by a comma is two headers, and neither is meant.
fn is_plain(id: &str) -> bool {
    !id.is_empty() && id.len() <= ID_LEN_MAX && id.bytes().all(|b| b.is_ascii_graphic() && b != b',')
}

/// A signature and the algorithm that its label names.
type Signed = (Algorithm, String);

/// What a request brings with its body.
struct Presented<'a> {
    id: Option<Cow<'a, str>>,
    time: Option<Cow<'a, str>>,
    time_ms: Option<i64>,
    key_id: Option<Cow<'a, str>>,
    signatures: Vec<Signed>,
}

impl<'a> Presented<'a> {
    fn read(template: &Template, headers: &'a [(String, String)]) -> Result<Self, SignatureError> {
        let get = |name: &str| match header(headers, name) {
            Some(value) if value.len() <= HEADER_LEN_MAX => Ok(Some(value)),
            Some(_) => Err(SignatureError::Header),
            None => Ok(None),
        };
        let wanted = |name: &Option<String>| match name {
            Some(name) => get(name)?.map(Some).ok_or(SignatureError::Header),
            None => Ok(None),
        };
        let mut given = template.headers.iter().filter_map(|name| get(name).transpose());
        let (Some(value), None) = (given.next().transpose()?, given.next()) else {
            return Err(SignatureError::Header);
        };
        let id = wanted(&template.id_header)?;
        let key_id = wanted(&template.key_id_header)?;
        if [&id, &key_id].into_iter().flatten().any(|text| !is_plain(text)) {
            return Err(SignatureError::Header);
        }
        let (signatures, time_behind_label) = signatures(template, &value)?;
        let time = wanted(&template.time_header)?.or(time_behind_label.map(Cow::Owned));
        let time_ms = match &time {
            Some(text) => Some(milliseconds(template.time_format, text).ok_or(SignatureError::Header)?),
            None => None,
        };
        Ok(Self { id, time, time_ms, key_id, signatures })
    }

    /// What is signed.
    fn message(&self, template: &Template, body: &[u8]) -> Vec<u8> {
        let before = template.signed.trim_end_matches("{body}");
        let mut message = Vec::with_capacity(body.len() + HEADER_LEN_MAX);
        let mut rest = before;
        while let Some((text, after)) = rest.split_once('{') {
            message.extend_from_slice(text.as_bytes());
            let (name, tail) = after.split_once('}').unwrap_or((after, ""));
            let value = if name == "id" { &self.id } else { &self.time };
            message.extend_from_slice(value.as_deref().unwrap_or_default().as_bytes());
            rest = tail;
        }
        message.extend_from_slice(rest.as_bytes());
        message.extend_from_slice(body);
        message
    }

    fn fits_secrets(
        &self,
        template: &Template,
        message: &[u8],
        secrets: &[SecretString],
    ) -> Result<Choice, SignatureError> {
        let mut fits = Choice::from(0);
        for secret in secrets {
            let key = Key::of(template.key, secret)?;
            // Each MAC once, however many signatures claim it.
            let uses = |algorithm| template.signatures.iter().any(|one| one.algorithm == algorithm);
            let mac = |algorithm| uses(algorithm).then(|| key.mac(algorithm, template.encoding, message)).flatten();
            let (sha256, sha512) = (mac(Algorithm::HmacSha256), mac(Algorithm::HmacSha512));
            for (algorithm, signature) in &self.signatures {
                fits |= match algorithm {
                    Algorithm::HmacSha256 => same(sha256.as_deref(), signature),
                    Algorithm::HmacSha512 => same(sha512.as_deref(), signature),
                    Algorithm::Ed25519 => key.verifies(template.encoding, message, signature),
                    Algorithm::RsaSha256 => Choice::from(0),
                };
            }
        }
        Ok(fits)
    }

    fn fits_public(&self, template: &Template, message: &[u8], set: &KeySet) -> Choice {
        let mut fits = Choice::from(0);
        for (algorithm, signature) in &self.signatures {
            let bytes = decode(template.encoding, signature);
            let holds = *algorithm == Algorithm::RsaSha256
                && bytes.is_some_and(|bytes| set.verify(KeyAlgorithm::Rs256, self.key_id.as_deref(), message, &bytes));
            fits |= Choice::from(u8::from(holds));
        }
        fits
    }
}

/// The signatures in a header, and the time if it stands there.
fn signatures(template: &Template, value: &str) -> Result<(Vec<Signed>, Option<String>), SignatureError> {
    let mut tokens = value.split(SEPARATORS).filter(|token| !token.is_empty());
    let mut found = Vec::new();
    let mut times = Vec::new();
    let mut count = 0;
    while let Some(token) = tokens.next() {
        count += 1;
        if let Some(time) = template.time_label.as_deref().and_then(|label| behind(token, label, &mut tokens)) {
            times.push(time.to_owned());
            continue;
        }
        // The longest label first: an empty one fits everything.
        let labelled = template.signatures.iter().filter(|one| !one.label.is_empty());
        let fitting = labelled.chain(template.signatures.iter().filter(|one| one.label.is_empty()));
        for one in fitting {
            if let Some(signature) = behind(token, &one.label, &mut tokens) {
                found.push((one.algorithm, signature.to_owned()));
                break;
            }
        }
    }
    // One signature is all that stands there, as senders compare it; only a list may hold more than it.
    let plain = value.trim_matches([' ', '\t']);
    let is_all = |signature: &str| {
        let label = plain.strip_suffix(signature);
        template.signatures.iter().any(|one| label == Some(one.label.as_str()))
    };
    let is_one = count == 1 && matches!(found.as_slice(), [(_, signature)] if is_all(signature));
    let is_list = template.several && (1..=SIGNATURES_MAX).contains(&found.len());
    let one_time = times.len() == usize::from(template.time_label.is_some());
    if (is_one || is_list) && one_time { Ok((found, times.pop())) } else { Err(SignatureError::Header) }
}

/// What stands behind a label: in the same token, or in the next where the label ends in a comma.
fn behind<'a>(token: &'a str, label: &str, tokens: &mut impl Iterator<Item = &'a str>) -> Option<&'a str> {
    match label.strip_suffix(',') {
        Some(label) if token == label => tokens.next(),
        Some(_) => None,
        None => token.strip_prefix(label),
    }
}

fn milliseconds(format: TimeFormat, text: &str) -> Option<i64> {
    let digits = || text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<i64>().ok()).flatten();
    match format {
        TimeFormat::Seconds => digits()?.checked_mul(1000),
        TimeFormat::Milliseconds => digits(),
        TimeFormat::Rfc3339 => text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond),
    }
}

/// A secret as the scheme uses it.
enum Key {
    Shared(Vec<u8>),
    Public(KeySet),
}

impl Key {
    fn of(form: KeyForm, secret: &SecretString) -> Result<Self, SignatureError> {
        let text = secret.expose_secret();
        if let Some(public) = text.strip_prefix(PUBLIC_PREFIX) {
            // Never a shared secret: everybody may know it.
            let key = STANDARD.decode(public).ok().and_then(|key| KeySet::ed25519(&key));
            return key.map(Self::Public).ok_or(SignatureError::Secret);
        }
        let (key, least) = match form {
            KeyForm::Text => (Some(text.as_bytes().to_vec()), SECRET_LEN_MIN),
            KeyForm::Nfkd => (Some(nfkd(text)), SECRET_LEN_MIN),
            KeyForm::Base64 => (STANDARD.decode(text.strip_prefix(SECRET_PREFIX).unwrap_or(text)).ok(), KEY_LEN_MIN),
            KeyForm::Hex => (decode(Encoding::Hex, text), SECRET_LEN_MIN),
        };
        key.filter(|key| key.len() >= least).map(Self::Shared).ok_or(SignatureError::Secret)
    }

    /// The MAC in writing; none by a public key.
    fn mac(&self, algorithm: Algorithm, encoding: Encoding, message: &[u8]) -> Option<String> {
        let Self::Shared(key) = self else { return None };
        let mac = match algorithm {
            Algorithm::HmacSha256 => hmac_of::<Hmac<Sha256>>(key, message)?,
            Algorithm::HmacSha512 => hmac_of::<Hmac<Sha512>>(key, message)?,
            Algorithm::Ed25519 | Algorithm::RsaSha256 => return None,
        };
        Some(encode(encoding, &mac))
    }

    fn verifies(&self, encoding: Encoding, message: &[u8], signature: &str) -> Choice {
        let Self::Public(set) = self else { return Choice::from(0) };
        let bytes = decode(encoding, signature);
        let holds = bytes.is_some_and(|bytes| set.verify(KeyAlgorithm::EdDsa, None, message, &bytes));
        Choice::from(u8::from(holds))
    }
}

/// The bytes of a text after compatibility decomposition, which `EasyPost` does to its secrets.
fn nfkd(text: &str) -> Vec<u8> {
    text.nfkd().collect::<String>().into_bytes()
}

fn hmac_of<M: hmac::Mac + hmac::KeyInit>(key: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    let mut mac = <M as hmac::KeyInit>::new_from_slice(key).ok()?;
    mac.update(message);
    Some(mac.finalize().into_bytes().to_vec())
}

/// Whether two signatures are the same text, in a time that does not say where they begin to differ.
fn same(expected: Option<&str>, presented: &str) -> Choice {
    expected.map_or(Choice::from(0), |expected| presented.as_bytes().ct_eq(expected.as_bytes()))
}

fn encode(encoding: Encoding, bytes: &[u8]) -> String {
    match encoding {
        Encoding::Base64 => STANDARD.encode(bytes),
        Encoding::Hex => bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).filter_map(hex_digit).collect(),
    }
}

fn decode(encoding: Encoding, text: &str) -> Option<Vec<u8>> {
    match encoding {
        Encoding::Base64 => STANDARD.decode(text).ok(),
        Encoding::Hex => {
            let (pairs, rest) = text.as_bytes().as_chunks::<2>();
            let digit = |b: u8| char::from(b).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            let byte = |[high, low]: &[u8; 2]| Some((digit(*high)? << 4) | digit(*low)?);
            rest.is_empty().then(|| pairs.iter().map(byte).collect()).flatten()
        }
    }
}

fn hex_digit(nibble: u8) -> Option<char> {
    char::from_digit(u32::from(nibble), 16)
}

/// The headers of a message that we send: one signature for each secret in force, so that a receiver may rotate.
pub fn sign(
    id: &str,
    body: &[u8],
    secrets: &[SecretString],
    now: Timestamp,
) -> Result<Vec<(String, String)>, SignatureError> {
    let timestamp = now.as_second().to_string();
    let message = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat();
    let sign = |secret: &SecretString| {
        let mac = Key::of(KeyForm::Base64, secret)?.mac(Algorithm::HmacSha256, Encoding::Base64, &message);
        mac.map(|mac| format!("v1,{mac}")).ok_or(SignatureError::Secret)
    };
    let signatures = secrets.iter().map(sign).collect::<Result<Vec<_>, _>>()?;
    if signatures.is_empty() {
        return Err(SignatureError::Secret);
    }
    Ok(vec![
        ("webhook-id".to_owned(), id.to_owned()),
        ("webhook-timestamp".to_owned(), timestamp),
        ("webhook-signature".to_owned(), signatures.join(" ")),
    ])
}

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod wycheproof;
