//! Access tokens of OAuth 2.0 servers: JWT (RFC 7519) as RFC 8725 and RFC 9068 ask them to be verified.
//!
//! Written on aws-lc here, like the signatures, because a verifier must take its time from the caller.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use partners::OAuth2;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::keys::{KeyAlgorithm, KeySet};

/// Longest token, in bytes. Tokens with a dozen scopes have about one; API Gateway takes ten for all headers together.
pub const TOKEN_LEN_MAX: usize = 8 * 1024;
/// How far the server's clock may be from ours, in seconds: RFC 7519 allows "no more than a few minutes".
pub const LEEWAY_S: i64 = 60;

/// Why a token proves nothing. What it says is told only once its signature holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is no signed JWT, too long, or asks for something that we do not know.
    #[error("the token is not a JWT signed with RS256, ES256 or EdDSA")]
    Malformed,
    /// No key of the server has signed it.
    #[error("the token's signature does not hold")]
    Signature,
    /// It is for somebody else, or by somebody else.
    #[error("the token is not for this API: check iss and aud")]
    Audience,
    /// Its time has not come or is over.
    #[error("the token is expired or not valid yet")]
    Expired,
    /// It does not grant what the profile asks for.
    #[error("the token lacks a scope that this API asks for")]
    Scope,
}

/// A token that was read and not verified: it says nothing but who is to be asked about it.
#[derive(Debug)]
pub struct Token<'a> {
    algorithm: KeyAlgorithm,
    key_id: Option<String>,
    claims: Claims,
    signed: &'a str,
    signature: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: Option<String>,
    kid: Option<String>,
    // Whoever writes `crit` wants to be refused by those who do not know it (RFC 7515, 4.1.11).
    crit: Option<IgnoredAny>,
    b64: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    aud: Texts,
    exp: Seconds,
    nbf: Option<Seconds>,
    client_id: Option<String>,
    azp: Option<String>,
    sub: Option<String>,
    scope: Option<Texts>,
    scp: Option<Texts>,
}

/// One text or a list of them.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Texts {
    One(String),
    Many(Vec<String>),
}

impl Texts {
    fn has(&self, wanted: &str) -> bool {
        match self {
            Self::One(text) => text == wanted,
            Self::Many(texts) => texts.iter().any(|text| text == wanted),
        }
    }

    /// Whether a list of words parted by blanks, or an array, holds the word.
    fn grants(&self, wanted: &str) -> bool {
        match self {
            Self::One(text) => text.split(' ').any(|word| word == wanted),
            Self::Many(texts) => texts.iter().any(|text| text == wanted),
        }
    }
}

/// Seconds since 1970; a fraction, which RFC 7519 allows, is cut off.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "serde_json::Number")]
struct Seconds(i64);

impl TryFrom<serde_json::Number> for Seconds {
    type Error = &'static str;

    fn try_from(number: serde_json::Number) -> Result<Self, Self::Error> {
        if let Some(whole) = number.as_i64() {
            return Ok(Self(whole));
        }
        let text = number.to_string();
        let whole = text.split_once('.').map(|(whole, _)| whole).ok_or("no time")?;
        // An exponent is no way to write a time.
        if text.contains(['e', 'E']) { Err("no time") } else { whole.parse().map(Self).map_err(|_| "no time") }
    }
}

impl<'a> Token<'a> {
    /// Reads a token.
    pub fn read(text: &'a str) -> Result<Self, TokenError> {
        if text.len() > TOKEN_LEN_MAX {
            return Err(TokenError::Malformed);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(TokenError::Malformed)?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Malformed);
        let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| TokenError::Malformed)?;
        let typ = header.typ.as_deref().map(str::to_ascii_lowercase);
        let is_access = matches!(typ.as_deref(), None | Some("jwt" | "at+jwt" | "application/at+jwt"));
        if !is_access || header.crit.is_some() || header.b64.is_some() {
            return Err(TokenError::Malformed);
        }
        Ok(Self {
            // `none` and the HMAC family are not among the names: they are refused before any key is looked for.
            algorithm: KeyAlgorithm::of(&header.alg).ok_or(TokenError::Malformed)?,
            key_id: header.kid,
            claims: serde_json::from_slice(&decode(claims)?).map_err(|_| TokenError::Malformed)?,
            signed,
            signature: decode(signature)?,
        })
    }

    /// The server that it says it is from.
    pub fn issuer(&self) -> &str {
        &self.claims.iss
    }

    /// The client that it says it is for: `client_id` (RFC 9068), `azp` or `sub`.
    pub fn client(&self) -> Option<&str> {
        let claims = &self.claims;
        [&claims.client_id, &claims.azp, &claims.sub].into_iter().flatten().next().map(String::as_str)
    }

    /// The id of the key that it says it is signed with.
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// Whether it is by one of the server's keys, and is what the profile asks for. The signature first: what a token
    /// says that nobody signed is not worth an answer.
    pub fn verify(&self, keys: &KeySet, expected: &OAuth2, now: Timestamp) -> Result<(), TokenError> {
        if !keys.verify(self.algorithm, self.key_id(), self.signed.as_bytes(), &self.signature) {
            return Err(TokenError::Signature);
        }
        let claims = &self.claims;
        if claims.iss != expected.issuer
            || !claims.aud.has(&expected.audience)
            || self.client() != Some(&expected.client_id)
        {
            return Err(TokenError::Audience);
        }
        let now = now.as_second();
        let over = now.saturating_sub(LEEWAY_S) >= claims.exp.0;
        let early = claims.nbf.is_some_and(|nbf| now.saturating_add(LEEWAY_S) < nbf.0);
        if over || early {
            return Err(TokenError::Expired);
        }
        let granted =
            |scope: &String| [&claims.scope, &claims.scp].into_iter().flatten().any(|given| given.grants(scope));
        if expected.scopes.iter().all(granted) { Ok(()) } else { Err(TokenError::Scope) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7515, A.2 (RS256), A.3 (ES256) and RFC 8037, A.4 (`EdDSA`): keys, what is signed, signature.
    const RS256: [&str; 3] = [
        r#"{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}"#,
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
    ];
    const ES256: [&str; 3] = [
        r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
        "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
    ];
    const EDDSA: [&str; 3] = [
        r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
    ];

    fn set(keys: &[&str]) -> KeySet {
        KeySet::parse(&format!(r#"{{"keys":[{}]}}"#, keys.join(","))).unwrap()
    }

    #[test]
    fn the_examples_of_the_standards_hold_under_their_own_algorithm_and_key_alone() {
        let cases = [(RS256, KeyAlgorithm::Rs256), (ES256, KeyAlgorithm::Es256), (EDDSA, KeyAlgorithm::EdDsa)];
        let all = set(&cases.map(|([key, ..], _)| key));
        for ([key, signed, signature], algorithm) in cases {
            let bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
            for (_, other) in cases {
                let holds = all.verify(other, None, signed.as_bytes(), &bytes);
                assert_eq!(holds, other == algorithm, "{algorithm:?} under {other:?}");
            }
            let mut wrong = bytes.clone();
            *wrong.last_mut().unwrap() ^= 1;
            assert!(!set(&[key]).verify(algorithm, None, signed.as_bytes(), &wrong));
            assert!(!set(&[key]).verify(algorithm, None, signed.as_bytes(), &bytes[..bytes.len() - 1]));
            assert!(!set(&[key]).verify(algorithm, Some("k"), signed.as_bytes(), &bytes), "it has no such id");
        }
    }

    #[test]
    fn a_key_for_another_use_or_of_another_kind_is_passed_over() {
        let with = |extra: &str| set(&[&EDDSA[0].replace("\"kty\"", &format!("{extra},\"kty\""))]).has(None);
        assert!(with(r#""use":"sig""#) && with(r#""alg":"EdDSA""#));
        assert!(!with(r#""use":"enc""#) && !with(r#""alg":"RS256""#));
        let odd =
            set(&[r#"{"kty":"oct","k":"c2VjcmV0"}"#, r#"{"kty":"EC","crv":"P-384","x":"AA","y":"AA"}"#, "7", "{}"]);
        assert_eq!(odd, KeySet::default());
        let most = vec![EDDSA[0]; super::super::keys::KEYS_MAX + 1];
        assert_eq!(set(&most), set(&most[1..]), "one beyond is passed over");
        assert!(KeySet::parse("[]").is_err() && KeySet::parse("").is_err());
        let long = format!("{{\"keys\":[]}}{}", " ".repeat(super::super::keys::KEY_SET_LEN_MAX));
        assert!(KeySet::parse(&long).is_err() && KeySet::parse(long.trim_end()).is_ok());
    }

    const NOW: i64 = 1_700_000_000;

    /// The key of RFC 8032, 7.1, test 1, whose public half is that of RFC 8037.
    fn signed(header: &str, claims: &str) -> String {
        use aws_lc_rs::signature::Ed25519KeyPair;
        let seed: Vec<u8> =
            [0x9d61_b19d_effd_5a60_u64, 0xba84_4af4_92ec_2cc4, 0x4449_c569_7b32_6919, 0x703b_ac03_1cae_7f60]
                .into_iter()
                .flat_map(u64::to_be_bytes)
                .collect();
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
        let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = URL_SAFE_NO_PAD.encode(pair.sign(text.as_bytes()));
        format!("{text}.{signature}")
    }

    const HEADER: &str = r#"{"alg":"EdDSA","typ":"at+jwt"}"#;

    fn expected() -> OAuth2 {
        OAuth2 {
            issuer: "https://login.example".to_owned(),
            audience: "crossdock".to_owned(),
            client_id: "northwind".to_owned(),
            jwks_url: "https://login.example/jwks".to_owned(),
            scopes: vec!["orders:write".to_owned(), "orders:read".to_owned()],
        }
    }

    fn claims(from: &str, to: &str) -> String {
        let claims = format!(
            r#"{{"iss":"https://login.example","aud":"crossdock","client_id":"northwind","exp":{},"nbf":{},"scope":"orders:read orders:write"}}"#,
            NOW + 600,
            NOW - 5
        );
        assert!(claims.contains(from), "{from}");
        claims.replace(from, to)
    }

    fn verdict(header: &str, claims: &str) -> Result<(), TokenError> {
        verdict_at(header, claims, NOW)
    }

    fn verdict_at(header: &str, claims: &str, second: i64) -> Result<(), TokenError> {
        let text = signed(header, claims);
        Token::read(&text)?.verify(&set(&[EDDSA[0]]), &expected(), Timestamp::from_second(second).unwrap())
    }

    #[test]
    fn a_token_is_taken_for_what_it_says_and_refused_for_each_thing_that_is_wrong() {
        assert_eq!(verdict(HEADER, &claims("", "")), Ok(()));
        for (from, to) in [
            (r#""aud":"crossdock""#, r#""aud":["other","crossdock"]"#),
            (r#""scope":"orders:read orders:write""#, r#""scp":["orders:write","orders:read"]"#),
            (r#""client_id""#, r#""azp""#),
            (r#""client_id""#, r#""sub""#),
            ("1700000600", "1700000600.5"),
        ] {
            assert_eq!(verdict(HEADER, &claims(from, to)), Ok(()), "{to}");
        }
        for (from, to, error) in [
            ("https://login.example", "https://evil.example", TokenError::Audience),
            (r#""crossdock""#, r#""another""#, TokenError::Audience),
            (r#""crossdock""#, r#"["crossdock2"]"#, TokenError::Audience),
            ("northwind", "southwind", TokenError::Audience),
            ("orders:write", "orders:writers", TokenError::Scope),
            (r#""scope""#, r#""role""#, TokenError::Scope),
            (r#""exp""#, r#""expires""#, TokenError::Malformed),
            ("1700000600", "\"1700000600\"", TokenError::Malformed),
            ("1700000600", "1e300", TokenError::Malformed),
            (r#""iss""#, r#""issuer""#, TokenError::Malformed),
        ] {
            assert_eq!(verdict(HEADER, &claims(from, to)), Err(error), "{to}");
        }
    }

    #[test]
    fn a_token_holds_within_its_times_and_a_minute_around_them() {
        let claims = claims("", "");
        assert_eq!(verdict_at(HEADER, &claims, NOW + 600 + LEEWAY_S - 1), Ok(()));
        assert_eq!(verdict_at(HEADER, &claims, NOW + 600 + LEEWAY_S), Err(TokenError::Expired));
        assert_eq!(verdict_at(HEADER, &claims, NOW - 5 - LEEWAY_S), Ok(()));
        assert_eq!(verdict_at(HEADER, &claims, NOW - 5 - LEEWAY_S - 1), Err(TokenError::Expired));
    }

    #[test]
    fn no_token_chooses_how_it_is_verified() {
        for header in [
            r#"{"alg":"none"}"#,
            r#"{"alg":"None"}"#,
            r#"{"alg":""}"#,
            r#"{"alg":"HS256"}"#,
            r#"{"alg":"HS512"}"#,
            r#"{"alg":"eddsa"}"#,
            r#"{"alg":"PS256"}"#,
            r#"{"typ":"JWT"}"#,
            r#"{"alg":"EdDSA","crit":["exp"],"exp":1}"#,
            r#"{"alg":"EdDSA","b64":false}"#,
            r#"{"alg":"EdDSA","typ":"dpop+jwt"}"#,
            "[]",
            "",
        ] {
            assert_eq!(verdict(header, &claims("", "")), Err(TokenError::Malformed), "{header}");
        }
        assert_eq!(verdict(r#"{"alg":"RS256"}"#, &claims("", "")), Err(TokenError::Signature));
        assert_eq!(verdict(r#"{"alg":"EdDSA","kid":"another"}"#, &claims("", "")), Err(TokenError::Signature));
        // A key that the token itself brings, or points to, is not looked at.
        let own =
            r#"{"alg":"EdDSA","jwk":{"kty":"OKP"},"jku":"https://evil.example/jwks","x5u":"https://evil.example"}"#;
        assert_eq!(verdict(own, &claims("", "")), Ok(()));
        // The public key as an HMAC secret.
        let text =
            format!("{}.{}", URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#), URL_SAFE_NO_PAD.encode(claims("", "")));
        let mac = super::super::hmac_of::<hmac::Hmac<sha2::Sha256>>(RS256[0].as_bytes(), text.as_bytes()).unwrap();
        assert_eq!(Token::read(&format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac))).unwrap_err(), TokenError::Malformed);
    }

    #[test]
    fn what_was_changed_or_cut_is_refused() {
        let text = signed(HEADER, &claims("", ""));
        let verdict = |text: &str| {
            Token::read(text)?.verify(&set(&[EDDSA[0]]), &expected(), Timestamp::from_second(NOW).unwrap())
        };
        assert_eq!(verdict(&text), Ok(()));
        assert!(verdict(&text[..text.len() - 4]).is_err() && verdict(&text[..text.len() - 1]).is_err());
        let (head, _) = text.rsplit_once('.').unwrap();
        assert_eq!(verdict(&format!("{head}.")), Err(TokenError::Signature), "a signature of no bytes");
        for bad in ["", ".", "..", "a.b", "a.b.c", "a.b.c.d", &format!("{text}="), &format!(" {text}"), head] {
            assert_eq!(verdict(bad), Err(TokenError::Malformed), "{bad}");
        }
        let other = signed(HEADER, &claims("northwind", "southwind"));
        let swapped = format!("{}.{}", other.rsplit_once('.').unwrap().0, text.rsplit_once('.').unwrap().1);
        assert_eq!(verdict(&swapped), Err(TokenError::Signature));
        let long = format!("{text}{}", "A".repeat(TOKEN_LEN_MAX + 1 - text.len()));
        assert_eq!((long.len(), verdict(&long)), (TOKEN_LEN_MAX + 1, Err(TokenError::Malformed)));
    }

    proptest::proptest! {
        #[test]
        fn no_token_brings_the_reader_down(text in "\\PC{0,80}|[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,60}\\.[A-Za-z0-9_-]{0,90}") {
            if let Ok(token) = Token::read(&text) {
                let verdict = token.verify(&set(&[EDDSA[0], RS256[0], ES256[0]]), &expected(), Timestamp::UNIX_EPOCH);
                proptest::prop_assert!(verdict.is_err());
            }
        }
    }
}
