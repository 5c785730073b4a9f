//! `authorize`: whose credential does a request bear? And the same question as every body asks it.
//!
//! The gateway asks this function before it calls the REST API's, and hands on the name that it learns. It does not
//! refuse for us: what it would say has no code and no words. The bodies do, and verify the credential themselves
//! whenever no name was handed on.

use canonical::{Code, PartnerId};
use jiff::Timestamp;
use partners::{Bundle, Profile};
use ports::{Fault, KeySets, Profiles, Read, Scope};
use steps::signature::keys::{self, KeySet};
use steps::signature::token::{Token, TokenError};
use steps::signature::{HEADER_LEN_MAX, header};

use crate::Request;

/// The function `authorize`.
#[derive(Debug)]
pub struct Authorize<P, K> {
    /// The partners.
    pub profiles: P,
    /// Public keys of their authorization servers.
    pub keys: K,
}

/// What is known of a request's sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verified {
    /// It is this partner.
    Partner(PartnerId),
    /// It is nobody, and why.
    Nobody(Code),
    /// Nothing: something that is needed is out. The body asks again, and says so.
    Unknown,
}

impl<P: Profiles, K: KeySets> Authorize<P, K> {
    /// Whose credential the request bears.
    pub async fn handle(&self, request: &Request, scope: Scope) -> Verified {
        match self.verify(request, scope).await {
            Ok(verified) => verified,
            Err(fault) => {
                tracing::error!(code = fault.code().as_str(), reason = fault.chain(), "a credential was not verified");
                Verified::Unknown
            }
        }
    }

    async fn verify(&self, request: &Request, scope: Scope) -> Result<Verified, Fault> {
        let bundle = self.profiles.bundle().await?;
        Ok(match verify(request, &bundle, &self.keys, scope.now).await? {
            Ok(profile) => Verified::Partner(profile.id.clone()),
            Err(refusal) => Verified::Nobody(refusal.code),
        })
    }
}

/// Why a credential is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: Code,
    pub(crate) detail: String,
}

impl Refusal {
    pub(crate) fn new(status: u16, code: Code, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into() }
    }

    fn unauthenticated(detail: impl Into<String>) -> Self {
        Self::new(401, Code::Unauthenticated, detail)
    }
}

/// The partner that sent a request: who the gateway verified, or else whose credential the request bears.
pub(crate) async fn sender<'b, K: KeySets>(
    request: &Request,
    bundle: &'b Bundle,
    keys: &K,
    now: Timestamp,
) -> Result<Result<&'b Profile, Refusal>, Fault> {
    match request.verified.as_ref().and_then(|partner| bundle.partner(partner)) {
        Some(profile) => Ok(Ok(profile)),
        None => verify(request, bundle, keys, now).await,
    }
}

/// Whether a request bears a credential at all, right or wrong.
pub(crate) fn bears_credential(request: &Request) -> bool {
    let has = |name: &str| header(&request.headers, name).is_some();
    has("x-api-key") || has("authorization") || request.certificate.is_some()
}

/// The partner whose credential a request bears. What a request brings must hold: a wrong API key is not made good by a
/// certificate.
async fn verify<'b, K: KeySets>(
    request: &Request,
    bundle: &'b Bundle,
    keys: &K,
    now: Timestamp,
) -> Result<Result<&'b Profile, Refusal>, Fault> {
    let key = header(&request.headers, "x-api-key");
    let authorization = header(&request.headers, "authorization");
    let found = match (key, authorization, &request.certificate) {
        (Some(_), Some(_), _) => return Ok(Err(Refusal::unauthenticated("send one credential, not two"))),
        (Some(key), None, _) => (key.len() <= HEADER_LEN_MAX).then(|| bundle.by_api_key(&key)).flatten(),
        (None, Some(authorization), _) => return bearer(&authorization, bundle, keys, now).await,
        (None, None, Some(pem)) => keys::fingerprint(pem).and_then(|sha256| bundle.by_certificate(&sha256)),
        (None, None, None) => None,
    };
    let detail = "send a partner's API key in the header x-api-key, a token as its profile asks, or its certificate";
    Ok(found.ok_or_else(|| Refusal::unauthenticated(detail)))
}

async fn bearer<'b, K: KeySets>(
    authorization: &str,
    bundle: &'b Bundle,
    keys: &K,
    now: Timestamp,
) -> Result<Result<&'b Profile, Refusal>, Fault> {
    let text = match authorization.split_once(' ') {
        Some((scheme, text)) if scheme.eq_ignore_ascii_case("bearer") => text.trim_start_matches(' '),
        _ => return Ok(Err(Refusal::unauthenticated("send Authorization once, as Bearer and a token"))),
    };
    let refused = |error: TokenError| match error {
        TokenError::Scope => Refusal::new(403, Code::NotPermitted, error.to_string()),
        _ => Refusal::unauthenticated(error.to_string()),
    };
    let token = match Token::read(text) {
        Ok(token) => token,
        Err(error) => return Ok(Err(refused(error))),
    };
    // Who is nobody's client learns no more than who has signed a token himself.
    let client = token.client().and_then(|client| bundle.by_client(token.issuer(), client));
    let Some((profile, expected)) = client else {
        return Ok(Err(refused(TokenError::Signature)));
    };
    let set = key_set(keys, &expected.jwks_url, Read::Held).await?;
    let mut verdict = token.verify(&set, expected, now);
    if verdict == Err(TokenError::Signature) {
        // The server may have new keys.
        let set = key_set(keys, &expected.jwks_url, Read::Again).await?;
        verdict = token.verify(&set, expected, now);
    }
    Ok(verdict.map(|()| profile).map_err(refused))
}

/// The key set at `url`. One that cannot be read is its server's fault, and may pass.
pub(crate) async fn key_set<K: KeySets>(keys: &K, url: &str, read: Read) -> Result<KeySet, Fault> {
    let document = keys.key_set(url, read).await?;
    KeySet::parse(&document).map_err(|error| Fault::transient(format!("key set {url}")).because(error))
}
