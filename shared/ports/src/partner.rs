//! Calls to partners, and their secrets.

use std::future::Future;

use canonical::PartnerId;
use jiff::Timestamp;
use partners::ClientCredentials;
use secrecy::SecretString;

use crate::Fault;

/// A signed request to a partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The partner.
    pub partner: PartnerId,
    /// The URL from its profile.
    pub url: String,
    /// Headers, lower case names.
    pub headers: Vec<(String, String)>,
    /// The exact bytes that were signed; none for a look-up.
    pub body: Vec<u8>,
}

/// What the partner answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// `Retry-After` in seconds, if it was given.
    pub retry_after_s: Option<u32>,
    /// The first kilobyte of the body, for the record.
    pub excerpt: String,
}

/// An access token that is asked of a partner's authorization server (OAuth 2.0 client credentials, RFC 6749 4.4).
#[derive(Debug, Clone)]
pub struct TokenRequest {
    /// The partner.
    pub partner: PartnerId,
    /// How it hands out tokens, from its profile.
    pub credentials: ClientCredentials,
    /// Our secret there.
    pub secret: SecretString,
}

/// Partners' HTTP endpoints.
pub trait PartnerHttp {
    /// Posts `call`. A fault means that it is not known whether the partner got it.
    fn post(&self, call: Call) -> impl Future<Output = Result<Reply, Fault>>;

    /// Asks by GET whether the partner has a message. Changes nothing there; a fault means that it was not answered.
    fn look_up(&self, call: Call) -> impl Future<Output = Result<Reply, Fault>>;

    /// The access token that `asked` names, held until shortly before it expires. A fault means that there is none; the
    /// partner was not called.
    fn token(&self, asked: &TokenRequest, read: Read) -> impl Future<Output = Result<SecretString, Fault>>;
}

/// How a value is asked for that is held once it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Read {
    /// What is held will do, while it is fresh.
    Held,
    /// Somebody presents what the held value does not know: its store is asked again, but not for each who does.
    Again,
}

/// Secrets, cached and served stale when the store is out.
pub trait Secrets {
    /// The secrets under `name` in force for `partner` at `now`, newest first; two during a rotation. None if there is
    /// no such.
    fn secrets(
        &self,
        partner: &PartnerId,
        name: &str,
        now: Timestamp,
        read: Read,
    ) -> impl Future<Output = Result<Vec<SecretString>, Fault>>;
}

/// Public keys of partners and of their authorization servers, cached and served stale when the server is out.
pub trait KeySets {
    /// The JSON Web Key Set at `url`, as it came.
    fn key_set(&self, url: &str, read: Read) -> impl Future<Output = Result<String, Fault>>;
}
