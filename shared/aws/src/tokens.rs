//! Access tokens of partners' authorization servers (OAuth 2.0 client credentials, RFC 6749 4.4), held across
//! invocations.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use partners::ClientAuth;
use ports::{Fault, Read, TokenRequest};
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;

/// A token is not used in its last seconds: a call takes ten at most, and clocks differ.
const MARGIN_S: u64 = 60;

/// How long a token is used whose server does not say how long it lives, in seconds: `expires_in` may be left out.
const LIFE_S: u64 = 300;

/// Longest that a token is held, in seconds, whatever its server says: what is taken back at our end is then gone.
const LIFE_S_MAX: u64 = 12 * 60 * 60;

/// How long after a token was got another one is asked for because an endpoint did not take it, in seconds: an endpoint
/// that takes none must not have its authorization server called for each message.
const AGAIN_S: u64 = 10;

/// Longest answer of an authorization server that is read, in bytes. Tokens have one or two thousand.
pub(crate) const ANSWER_LEN_MAX: usize = 32 * 1024;

/// The tokens that are held.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tokens(Arc<Mutex<BTreeMap<String, Held>>>);

#[derive(Debug)]
struct Held {
    token: SecretString,
    got: Instant,
    until: Instant,
}

/// What an authorization server answers. What else it says is not looked at.
#[derive(Deserialize)]
struct Answer {
    access_token: String,
    token_type: String,
    #[serde(default)]
    expires_in: Option<u64>,
}

impl Tokens {
    /// The token that `asked` names: the held one, or what `fetch` answers.
    pub(crate) async fn get(
        &self,
        asked: &TokenRequest,
        now: Instant,
        read: Read,
        fetch: impl AsyncFnOnce() -> Result<Vec<u8>, Fault>,
    ) -> Result<SecretString, Fault> {
        let name = name(asked);
        if let Some(held) = self.0.lock().await.get(&name)
            && now < held.until
            && (read == Read::Held || now < held.got + Duration::from_secs(AGAIN_S))
        {
            return Ok(held.token.clone());
        }
        // Not under the lock: a slow server of one partner must not keep those who call another.
        let answer = fetch().await?;
        // What the server said is not repeated: it may hold a token.
        let what = || format!("token of partner {}", asked.partner);
        let answer: Answer = serde_json::from_slice(&answer)
            .map_err(|_| Fault::misconfigured(format!("{}: the server's answer is none", what())))?;
        if !answer.token_type.eq_ignore_ascii_case("bearer") {
            return Err(Fault::misconfigured(format!("{}: it is no bearer token", what())));
        }
        let text = &answer.access_token;
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Fault::misconfigured(format!("{}: it is no token", what())));
        }
        let life_s = answer.expires_in.unwrap_or(LIFE_S).min(LIFE_S_MAX).saturating_sub(MARGIN_S);
        let token = SecretString::from(answer.access_token);
        let held = Held { token: token.clone(), got: now, until: now + Duration::from_secs(life_s) };
        self.0.lock().await.insert(name, held);
        Ok(token)
    }
}

/// What tells tokens apart. Line feeds stand in none of the parts but by a profile's mistake, and then nothing is mixed
/// that is not the partner's own.
fn name(asked: &TokenRequest) -> String {
    let credentials = &asked.credentials;
    let optional = |text: &Option<String>| text.clone().unwrap_or_default();
    [
        asked.partner.to_string(),
        credentials.token_url.clone(),
        credentials.client_id.clone(),
        optional(&credentials.scope),
        optional(&credentials.audience),
    ]
    .join("\n")
}

/// The form that is posted, and the name and secret for the header `Authorization` where they go there, each encoded as
/// RFC 6749 2.3.1 asks.
pub(crate) fn form(asked: &TokenRequest) -> (String, Option<(String, String)>) {
    let credentials = &asked.credentials;
    let mut fields = vec![("grant_type", "client_credentials")];
    fields.extend(credentials.scope.as_deref().map(|scope| ("scope", scope)));
    fields.extend(credentials.audience.as_deref().map(|audience| ("audience", audience)));
    let (id, secret) = (credentials.client_id.as_str(), asked.secret.expose_secret());
    match credentials.client_auth {
        ClientAuth::Basic => (encode(&fields), Some((value(id), value(secret)))),
        ClientAuth::Body => {
            fields.extend([("client_id", id), ("client_secret", secret)]);
            (encode(&fields), None)
        }
    }
}

/// `application/x-www-form-urlencoded`.
fn encode(fields: &[(&str, &str)]) -> String {
    let url = Url::parse_with_params("https://form.invalid/", fields);
    url.ok().and_then(|url| url.query().map(str::to_owned)).unwrap_or_default()
}

fn value(text: &str) -> String {
    encode(&[("v", text)]).trim_start_matches("v=").to_owned()
}

#[cfg(test)]
mod tests {
    use partners::ClientCredentials;
    use ports::FaultKind;

    use super::*;
    use crate::cache::now;

    fn asked(client_auth: ClientAuth) -> TokenRequest {
        let credentials = ClientCredentials {
            token_url: "https://auth.example/token".to_owned(),
            client_id: "us & them".to_owned(),
            scope: Some("write read".to_owned()),
            audience: None,
            client_auth,
        };
        TokenRequest { partner: "acme".parse().unwrap(), credentials, secret: "s:e+c".to_owned().into() }
    }

    fn answer(token: &str, expires_in: &str) -> Vec<u8> {
        format!(r#"{{"access_token":"{token}","token_type":"Bearer"{expires_in}}}"#).into_bytes()
    }

    /// What is had at `s` seconds when the server would answer with `answer`.
    async fn at(tokens: &Tokens, start: Instant, s: u64, read: Read, answer: Vec<u8>) -> Result<String, Fault> {
        let request = asked(ClientAuth::Basic);
        let got = tokens.get(&request, start + Duration::from_secs(s), read, async || Ok(answer)).await;
        got.map(|token| token.expose_secret().to_owned())
    }

    #[tokio::test]
    async fn a_token_is_held_until_shortly_before_it_expires() {
        let (tokens, start) = (Tokens::default(), now());
        let life = r#","expires_in":600"#;
        assert_eq!(at(&tokens, start, 0, Read::Held, answer("one", life)).await.unwrap(), "one");
        assert_eq!(at(&tokens, start, 600 - MARGIN_S - 1, Read::Held, answer("two", life)).await.unwrap(), "one");
        assert_eq!(at(&tokens, start, 600 - MARGIN_S, Read::Held, answer("two", life)).await.unwrap(), "two");
    }

    #[tokio::test]
    async fn a_token_that_was_not_taken_is_asked_for_again_but_not_for_each_call() {
        let (tokens, start) = (Tokens::default(), now());
        assert_eq!(at(&tokens, start, 0, Read::Held, answer("one", "")).await.unwrap(), "one");
        assert_eq!(at(&tokens, start, AGAIN_S - 1, Read::Again, answer("two", "")).await.unwrap(), "one");
        assert_eq!(at(&tokens, start, AGAIN_S, Read::Again, answer("two", "")).await.unwrap(), "two");
        assert_eq!(at(&tokens, start, AGAIN_S + 1, Read::Held, answer("three", "")).await.unwrap(), "two");
    }

    #[tokio::test]
    async fn how_long_a_token_lives_is_bounded_whatever_the_server_says() {
        let (tokens, start) = (Tokens::default(), now());
        let for_ever = r#","expires_in":18446744073709551615"#;
        assert_eq!(at(&tokens, start, 0, Read::Held, answer("one", for_ever)).await.unwrap(), "one");
        assert_eq!(at(&tokens, start, LIFE_S_MAX - MARGIN_S - 1, Read::Held, answer("two", "")).await.unwrap(), "one");
        assert_eq!(at(&tokens, start, LIFE_S_MAX - MARGIN_S, Read::Held, answer("two", "")).await.unwrap(), "two");
        // A token that expires at once is used for the call at hand, and not held.
        let at_once = r#","expires_in":0"#;
        let tokens = Tokens::default();
        assert_eq!(at(&tokens, start, 0, Read::Held, answer("one", at_once)).await.unwrap(), "one");
        assert_eq!(at(&tokens, start, 0, Read::Held, answer("two", at_once)).await.unwrap(), "two");
    }

    #[tokio::test]
    async fn an_answer_without_a_token_is_for_an_operator_and_is_not_repeated() {
        let (tokens, start) = (Tokens::default(), now());
        let mac = br#"{"access_token":"hidden","token_type":"mac"}"#.to_vec();
        for odd in [b"hidden".to_vec(), b"{}".to_vec(), mac, answer("hid\\nden", ""), answer("", "")] {
            let fault = at(&tokens, start, 0, Read::Held, odd).await.unwrap_err();
            assert_eq!(fault.kind, FaultKind::Misconfigured);
            assert!(!fault.chain().contains("hid"), "{}", fault.chain());
        }
    }

    #[test]
    fn name_and_secret_are_encoded_and_go_where_the_profile_says() {
        let (body, basic) = form(&asked(ClientAuth::Basic));
        assert_eq!(body, "grant_type=client_credentials&scope=write+read");
        assert_eq!(basic, Some(("us+%26+them".to_owned(), "s%3Ae%2Bc".to_owned())));
        let (body, basic) = form(&asked(ClientAuth::Body));
        assert!(body.ends_with("&client_id=us+%26+them&client_secret=s%3Ae%2Bc") && basic.is_none(), "{body}");
    }
}
