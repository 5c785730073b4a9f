//! Signatures by the Standard Webhooks scheme: HMAC-SHA256 over `id.timestamp.body`, base64, `v1,` in front.
//!
//! The scheme is built on `hmac` and `subtle` here because a verifier must take its time from the caller.
//! Source: the Standard Webhooks specification, 1.0.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use canonical::Code;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq as _};

/// How far a signature's time may be from ours, in seconds: the specification's five minutes.
pub const TOLERANCE_S: i64 = 300;
/// Most signatures taken from one header: two secrets in rotation need two, eight leave room.
pub const SIGNATURES_MAX: usize = 8;
/// Longest signature header, in bytes: eight signatures of 47 characters and blanks stay far below.
pub const HEADER_LEN_MAX: usize = 4096;
/// Longest webhook id, in bytes: it becomes part of a key.
pub const ID_LEN_MAX: usize = 256;
/// Shortest key, in bytes, that is taken: the specification's lower bound is 24.
pub const KEY_LEN_MIN: usize = 24;
/// What a secret begins with.
const PREFIX: &str = "whsec_";

/// Why a signature does not prove anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A header is missing or malformed.
    #[error("webhook-id, webhook-timestamp and webhook-signature must each be given once and be well formed")]
    Header,
    /// Its time is outside the tolerance.
    #[error("webhook-timestamp is more than {TOLERANCE_S} seconds from now")]
    Expired,
    /// It matches no secret in force.
    #[error("webhook-signature does not match the body")]
    Mismatch,
    /// A secret of ours is no secret.
    #[error("the secret on record is not `whsec_` and base64 of at least {KEY_LEN_MIN} bytes")]
    Secret,
}

impl SignatureError {
    /// The error's code.
    pub fn code(self) -> Code {
        match self {
            Self::Header => Code::HeaderMissing,
            Self::Expired => Code::SignatureExpired,
            Self::Mismatch => Code::SignatureInvalid,
            Self::Secret => Code::Misconfigured,
        }
    }
}

/// The three headers of a signed message.
#[derive(Debug, Clone, Copy)]
pub struct Headers<'a> {
    /// `webhook-id`: the message's id, the same on every attempt.
    pub id: &'a str,
    /// `webhook-timestamp`: seconds since 1970.
    pub timestamp: &'a str,
    /// `webhook-signature`: signatures with their version, parted by blanks.
    pub signature: &'a str,
}

/// Checks `body` as it came, before anything is read from it. Every secret and signature is tried, whichever fits.
pub fn verify(
    headers: Headers<'_>,
    body: &[u8],
    secrets: &[SecretString],
    now: Timestamp,
) -> Result<(), SignatureError> {
    let sound_id = !headers.id.is_empty()
        && headers.id.len() <= ID_LEN_MAX
        && headers.id.bytes().all(|b| b.is_ascii_graphic() && b != b',');
    if !sound_id || headers.signature.len() > HEADER_LEN_MAX {
        return Err(SignatureError::Header);
    }
    let time: i64 = headers.timestamp.parse().map_err(|_| SignatureError::Header)?;
    let presented: Vec<&str> =
        headers.signature.split(' ').filter_map(|part| part.strip_prefix("v1,")).take(SIGNATURES_MAX).collect();
    if presented.is_empty() {
        return Err(SignatureError::Header);
    }
    let mut matches = Choice::from(0);
    for secret in secrets {
        let expected = mac(secret, headers.id, headers.timestamp, body)?;
        for signature in &presented {
            matches |= signature.as_bytes().ct_eq(expected.as_bytes());
        }
    }
    if !bool::from(matches) {
        return Err(SignatureError::Mismatch);
    }
    if now.as_second().abs_diff(time) > TOLERANCE_S.unsigned_abs() {
        return Err(SignatureError::Expired);
    }
    Ok(())
}

/// The headers of a message that we send: one signature for each secret in force, so that a receiver may rotate.
pub fn sign(
    id: &str,
    body: &[u8],
    secrets: &[SecretString],
    now: Timestamp,
) -> Result<Vec<(String, String)>, SignatureError> {
    let timestamp = now.as_second().to_string();
    let signatures = secrets
        .iter()
        .map(|secret| mac(secret, id, &timestamp, body).map(|mac| format!("v1,{mac}")))
        .collect::<Result<Vec<_>, _>>()?;
    if signatures.is_empty() {
        return Err(SignatureError::Secret);
    }
    Ok(vec![
        ("webhook-id".to_owned(), id.to_owned()),
        ("webhook-timestamp".to_owned(), timestamp),
        ("webhook-signature".to_owned(), signatures.join(" ")),
    ])
}

fn mac(secret: &SecretString, id: &str, timestamp: &str, body: &[u8]) -> Result<String, SignatureError> {
    let text = secret.expose_secret();
    let key = STANDARD.decode(text.strip_prefix(PREFIX).unwrap_or(text)).map_err(|_| SignatureError::Secret)?;
    if key.len() < KEY_LEN_MIN {
        return Err(SignatureError::Secret);
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| SignatureError::Secret)?;
    mac.update(id.as_bytes());
    mac.update(b".");
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    Ok(STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> SecretString {
        SecretString::from(text.to_owned())
    }

    /// The example of the specification's reference libraries.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const TIME: i64 = 1_614_265_330;
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn headers<'a>(id: &'a str, timestamp: &'a str, signature: &'a str) -> Headers<'a> {
        Headers { id, timestamp, signature }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_published_example_is_signed_and_verified() {
        let signed = sign(ID, BODY, &[secret(SECRET)], at(TIME)).unwrap();
        assert_eq!(signed[2].1, SIGNATURE);
        verify(headers(ID, "1614265330", SIGNATURE), BODY, &[secret(SECRET)], at(TIME)).unwrap();
    }

    #[test]
    fn a_changed_body_id_or_time_is_refused() {
        let check = |id, time, body: &[u8]| verify(headers(id, time, SIGNATURE), body, &[secret(SECRET)], at(TIME));
        assert_eq!(check(ID, "1614265330", br#"{"test":2432232314}"#), Err(SignatureError::Mismatch));
        assert_eq!(check("msg_other", "1614265330", BODY), Err(SignatureError::Mismatch));
        assert_eq!(check(ID, "1614265331", BODY), Err(SignatureError::Mismatch));
    }

    #[test]
    fn a_signature_holds_for_five_minutes_and_not_a_second_longer() {
        let check = |now| verify(headers(ID, "1614265330", SIGNATURE), BODY, &[secret(SECRET)], at(now));
        assert_eq!(check(TIME + TOLERANCE_S), Ok(()));
        assert_eq!(check(TIME + TOLERANCE_S + 1), Err(SignatureError::Expired));
        assert_eq!(check(TIME - TOLERANCE_S - 1), Err(SignatureError::Expired));
    }

    #[test]
    fn either_secret_of_a_rotation_is_taken_in_any_place_of_the_list() {
        let old = secret("whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0");
        let list = format!("v1a,ignored v1,AAAA {SIGNATURE}");
        verify(headers(ID, "1614265330", &list), BODY, &[old, secret(SECRET)], at(TIME)).unwrap();
    }

    #[test]
    fn headers_beyond_their_limits_are_refused() {
        let check =
            |id: &str, signature: &str| verify(headers(id, "1614265330", signature), BODY, &[secret(SECRET)], at(TIME));
        let eighth = format!("{}{SIGNATURE}", "v1,AAAA ".repeat(SIGNATURES_MAX - 1));
        assert_eq!(check(ID, &eighth), Ok(()));
        let ninth = format!("{}{SIGNATURE}", "v1,AAAA ".repeat(SIGNATURES_MAX));
        assert_eq!(check(ID, &ninth), Err(SignatureError::Mismatch));
        assert_eq!(check(&"i".repeat(ID_LEN_MAX + 1), SIGNATURE), Err(SignatureError::Header));
        assert_eq!(check(ID, &" ".repeat(HEADER_LEN_MAX + 1)), Err(SignatureError::Header));
        assert_eq!(check("a,b", SIGNATURE), Err(SignatureError::Header), "joined headers are no header");
        assert_eq!(check(ID, "v1a,abc"), Err(SignatureError::Header));
        assert_eq!(check(ID, ""), Err(SignatureError::Header));
    }

    #[test]
    fn a_secret_too_short_is_a_fault_of_ours_and_never_a_match() {
        let short = secret("whsec_c2hvcnQ=");
        assert_eq!(verify(headers(ID, "1614265330", SIGNATURE), BODY, &[short], at(TIME)), Err(SignatureError::Secret));
        assert_eq!(verify(headers(ID, "1614265330", SIGNATURE), BODY, &[], at(TIME)), Err(SignatureError::Mismatch));
    }
}
