//! How a partner proves who it is.
//!
//! A signature scheme is data: [`Template`] says where a signature stands and what it is of, and the schemes that have a
//! name are templates too. One verifier (`steps::signature`) reads them all.

use canonical::Digest;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::lint::Complaints;

/// How far a signature's time may be from ours unless the profile says otherwise, in seconds, either way: the five
/// minutes that Standard Webhooks, Stripe and `ShipStation` recommend.
pub const TOLERANCE_S: u32 = 300;
/// Largest tolerance that a profile may ask for, in seconds: what is older can be sent again, signed anew.
pub const TOLERANCE_S_MAX: u32 = 3600;
/// Shortest secret that proves anything, in bytes: 128 bits. What is shorter can be guessed from one signed message.
pub const SECRET_LEN_MIN: usize = 16;
/// Most headers in which a template may look for the signature: `AfterShip` has three.
const HEADERS_MAX: usize = 4;
/// Longest text of a template, in bytes: `{id}.{time}.{body}` has 18, and headers' names are no longer than this.
const TEXT_LEN_MAX: usize = 200;

/// How a partner proves who it is. The one credential (API key, token or certificate) opens the REST API, and webhooks
/// too unless the partner signs them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// SHA-256 of each API key in force; two during a rotation. The keys themselves are nowhere on record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub api_key_sha256: Vec<Digest>,
    /// Tokens of an authorization server (OAuth 2.0 client credentials).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oauth2: Option<OAuth2>,
    /// SHA-256 of each client certificate in force (of its DER form, as `openssl x509 -fingerprint -sha256` shows it);
    /// two during a rotation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub certificate_sha256: Vec<Digest>,
    /// How it signs webhooks, if it does, with the secret `<partner>/webhook-in`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
}

/// Tokens of an authorization server: JWT, signed with RS256, ES256 or `EdDSA`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OAuth2 {
    /// The server's name in `iss`.
    pub issuer: String,
    /// Our name in `aud`.
    pub audience: String,
    /// The partner's name in `client_id`, `azp` or `sub`, whichever of them comes first in a token.
    pub client_id: String,
    /// Where the server's public keys are (JWKS); https.
    pub jwks_url: String,
    /// What `scope` or `scp` must grant, all of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
}

/// How a partner signs webhooks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// The scheme.
    pub scheme: Scheme,
    /// How far the signature's time may be from ours, in seconds, either way; [`TOLERANCE_S`] if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance_s: Option<u32>,
    /// Where the public keys are (JWKS), for schemes without a shared secret; https. `ShipStation`'s own if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_url: Option<String>,
    /// The scheme's description, if it has no name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<Template>,
}

/// A scheme by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// Standard Webhooks 1.0, `v1` and `v1a`: Svix, `ShipBob`, and what we send ourselves.
    StandardWebhooks,
    /// Shopify.
    Shopify,
    /// `ShipHero`.
    #[serde(rename = "shiphero")]
    ShipHero,
    /// `AfterShip`: tracking, returns and shipping each have their header.
    #[serde(rename = "aftership")]
    AfterShip,
    /// `EasyPost`.
    #[serde(rename = "easypost")]
    EasyPost,
    /// GitHub, and who does as GitHub does: Flexport among them.
    #[serde(rename = "github")]
    GitHub,
    /// Stripe, and who does as Stripe does.
    Stripe,
    /// `ShipStation`, formerly `ShipEngine`: RSA, public keys by JWKS.
    #[serde(rename = "shipstation")]
    ShipStation,
    /// What `template` describes.
    Template,
}

/// Where a signature stands and what it is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Headers that may hold the signature, lower case; a request has one of them.
    pub headers: Vec<String>,
    /// What may stand in front of a signature, and the algorithm that it names.
    pub signatures: Vec<Labelled>,
    /// Whether the header may hold several signatures, parted by blanks, commas or semicolons, and other things.
    #[serde(default)]
    pub several: bool,
    /// How a signature is written.
    pub encoding: Encoding,
    /// How a secret becomes a key.
    #[serde(default)]
    pub key: KeyForm,
    /// What is signed: text with `{body}` once at the end, and `{id}` and `{time}` before it where they are signed.
    pub signed: String,
    /// The header with the message's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_header: Option<String>,
    /// The header with the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_header: Option<String>,
    /// What stands in front of the time in the signature's header, such as `t=`, if it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_label: Option<String>,
    /// How the time is written.
    #[serde(default)]
    pub time_format: TimeFormat,
    /// The header that names the key in the JWKS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id_header: Option<String>,
}

/// A signature's label and algorithm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Labelled {
    /// What stands in front, such as `v1=` or `v1,`; nothing if empty.
    #[serde(default)]
    pub label: String,
    /// The algorithm.
    pub algorithm: Algorithm,
}

/// A signature algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Algorithm {
    /// HMAC with SHA-256, by a shared secret.
    HmacSha256,
    /// HMAC with SHA-512, by a shared secret.
    HmacSha512,
    /// Ed25519, by a public key: the secret on record is `whpk_` and the key in base64.
    Ed25519,
    /// RSA PKCS#1 v1.5 with SHA-256, by a public key from a JWKS.
    RsaSha256,
}

/// How bytes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// Base64 with padding.
    Base64,
    /// Hexadecimal, lower case.
    Hex,
}

/// How a secret becomes a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum KeyForm {
    /// Its bytes, as UTF-8.
    #[default]
    Text,
    /// Its bytes after Unicode normalisation (NFKD).
    Nfkd,
    /// The bytes that it is the base64 of, a `whsec_` in front left out.
    Base64,
    /// The bytes that it is the hexadecimal form of.
    Hex,
}

/// How a time is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TimeFormat {
    /// Seconds since 1970.
    #[default]
    Seconds,
    /// Milliseconds since 1970.
    Milliseconds,
    /// RFC 3339, such as `2026-11-23T10:00:00Z`.
    Rfc3339,
}

impl Signature {
    /// A named scheme with nothing else agreed.
    pub fn of(scheme: Scheme) -> Self {
        Self { scheme, tolerance_s: None, jwks_url: None, template: None }
    }

    /// How far the signature's time may be from ours, in seconds, either way.
    pub fn tolerance_s(&self) -> u32 {
        self.tolerance_s.unwrap_or(TOLERANCE_S)
    }

    /// The scheme's description; none if the profile owes it.
    pub fn described(&self) -> Option<Template> {
        let body = |header: &str, label: &str, encoding| Template {
            headers: vec![header.to_owned()],
            signatures: vec![Labelled { label: label.to_owned(), algorithm: Algorithm::HmacSha256 }],
            several: false,
            encoding,
            key: KeyForm::Text,
            signed: "{body}".to_owned(),
            id_header: None,
            time_header: None,
            time_label: None,
            time_format: TimeFormat::Seconds,
            key_id_header: None,
        };
        let labelled = |label: &str, algorithm| Labelled { label: label.to_owned(), algorithm };
        let owned = |name: &str| Some(name.to_owned());
        Some(match self.scheme {
            Scheme::StandardWebhooks => Template {
                signatures: vec![labelled("v1,", Algorithm::HmacSha256), labelled("v1a,", Algorithm::Ed25519)],
                several: true,
                key: KeyForm::Base64,
                signed: "{id}.{time}.{body}".to_owned(),
                id_header: owned("webhook-id"),
                time_header: owned("webhook-timestamp"),
                ..body("webhook-signature", "", Encoding::Base64)
            },
            Scheme::Shopify => body("x-shopify-hmac-sha256", "", Encoding::Base64),
            Scheme::ShipHero => body("x-shiphero-hmac-sha256", "", Encoding::Base64),
            Scheme::AfterShip => Template {
                headers: ["aftership-hmac-sha256", "as-signature-hmac-sha256", "am-webhook-signature"]
                    .map(str::to_owned)
                    .to_vec(),
                // Shops that AfterShip took over write the algorithm in front.
                signatures: vec![labelled("", Algorithm::HmacSha256), labelled("hmac-sha256=", Algorithm::HmacSha256)],
                ..body("", "", Encoding::Base64)
            },
            Scheme::EasyPost => {
                Template { key: KeyForm::Nfkd, ..body("x-hmac-signature", "hmac-sha256-hex=", Encoding::Hex) }
            }
            Scheme::GitHub => body("x-hub-signature-256", "sha256=", Encoding::Hex),
            Scheme::Stripe => Template {
                several: true,
                signed: "{time}.{body}".to_owned(),
                time_label: owned("t="),
                ..body("stripe-signature", "v1=", Encoding::Hex)
            },
            Scheme::ShipStation => Template {
                signatures: vec![labelled("", Algorithm::RsaSha256)],
                signed: "{time}.{body}".to_owned(),
                time_header: owned("x-shipengine-timestamp"),
                time_format: TimeFormat::Rfc3339,
                key_id_header: owned("x-shipengine-rsa-sha256-key-id"),
                ..body("x-shipengine-rsa-sha256-signature", "", Encoding::Base64)
            },
            Scheme::Template => return self.template.clone(),
        })
    }

    /// Where the public keys are, if the scheme has any.
    pub fn keys_url(&self) -> Option<&str> {
        let own = match self.scheme {
            Scheme::ShipStation => Some("https://api.shipengine.com/jwks"),
            _ => None,
        };
        self.jwks_url.as_deref().or(own)
    }

    fn lint(&self, complaints: &mut Complaints) {
        if self.tolerance_s().clamp(1, TOLERANCE_S_MAX) != self.tolerance_s() {
            let mend = format!("it must be 1 to {TOLERANCE_S_MAX} seconds");
            complaints.add(
                "auth.signature.tolerance_s",
                format!("{} is too little or too much", self.tolerance_s()),
                mend,
            );
        }
        if (self.scheme == Scheme::Template) != self.template.is_some() {
            let problem = "template and scheme \"template\" belong together";
            complaints.add(
                "auth.signature.template",
                problem,
                "describe the scheme, for that scheme needs it; or name one",
            );
        }
        let Some(template) = self.described() else { return };
        template.lint(complaints);
        let key = "auth.signature.jwks_url";
        match (template.uses_public_keys(), self.keys_url()) {
            (true, None) => complaints.add(key, "jwks_url is missing", "say where the public keys of rsa-sha256 are"),
            (false, Some(_)) => complaints.add(key, "belongs to rsa-sha256 alone", "take it out"),
            (true, Some(url)) => lint_url(key, url, complaints),
            (false, None) => {}
        }
    }
}

impl Template {
    /// Whether the keys come from a JWKS, and not from the secrets on record.
    pub fn uses_public_keys(&self) -> bool {
        self.signatures.iter().any(|one| one.algorithm == Algorithm::RsaSha256)
    }

    fn lint(&self, complaints: &mut Complaints) {
        let mut add = |key: &str, problem: String, mend: &str| {
            let dot = if key.is_empty() { "" } else { "." };
            complaints.add(format!("auth.signature.template{dot}{key}"), problem, mend);
        };
        let more = [
            ("id_header", &self.id_header),
            ("time_header", &self.time_header),
            ("key_id_header", &self.key_id_header),
        ];
        let more = more.into_iter().filter_map(|(key, name)| Some((key, name.as_ref()?)));
        for (key, name) in self.headers.iter().map(|name| ("headers", name)).chain(more) {
            let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
            if name.is_empty() || name.len() > TEXT_LEN_MAX || !name.bytes().all(plain) {
                add(key, format!("{name:?} is no header's name"), "write lower case letters, digits, - and _");
            }
        }
        if self.headers.is_empty() || self.headers.len() > HEADERS_MAX {
            let problem = format!("there are {} headers; it must name 1 to {HEADERS_MAX} headers", self.headers.len());
            add("headers", problem, "name those in which the signature may be");
        }
        if self.signatures.is_empty() {
            add("signatures", "names no algorithm".to_owned(), "name one, such as { algorithm = \"hmac-sha256\" }");
        }
        if self.uses_public_keys() && self.signatures.iter().any(|one| one.algorithm != Algorithm::RsaSha256) {
            add(
                "signatures",
                "rsa-sha256 stands alone, its keys come from elsewhere".to_owned(),
                "take the others out",
            );
        }
        if self.several && self.signatures.iter().any(|one| one.label.is_empty()) {
            add("signatures", "several signatures in a header each need a label".to_owned(), "give each its label");
        }
        let odd = |label: &str| {
            let inner = label.trim_end_matches(['=', ',', ':']);
            !label.is_empty()
                && (inner.is_empty() || !inner.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)))
        };
        let labels = self.signatures.iter().map(|one| &one.label).chain(&self.time_label);
        for label in labels.filter(|label| odd(label)) {
            add("signatures", format!("{label:?} is no label"), "a label is a word with = , or : behind it");
        }
        let body_last = self.signed.strip_suffix("{body}").is_some_and(|before| !before.contains("{body}"));
        let rest = self.signed.replace("{id}", "").replace("{time}", "").replace("{body}", "");
        if !body_last || rest.contains(['{', '}']) || self.signed.len() > TEXT_LEN_MAX {
            let problem = format!("{:?} is not what can be signed", self.signed);
            add("signed", problem, "write text with {id} and {time}, that ends in {body}");
        }
        if self.time_header.is_some() && self.time_label.is_some() {
            let problem = "the time is in time_header or behind time_label, not both";
            add("time_label", problem.to_owned(), "take one out");
        }
        let has_time = self.time_header.is_some() || self.time_label.is_some();
        if self.signed.contains("{time}") != has_time {
            let problem = "a time that is not signed proves nothing";
            add("signed", problem.to_owned(), "name {time} in signed, and where it is");
        }
        if self.signed.contains("{id}") != self.id_header.is_some() {
            let problem = "an id that is not signed proves nothing";
            add("signed", problem.to_owned(), "name {id} in signed, and id_header");
        }
        if self.key_id_header.is_some() && !self.uses_public_keys() {
            add("key_id_header", "belongs to rsa-sha256 alone".to_owned(), "take it out");
        }
    }
}

impl Auth {
    /// What is wrong with it, and what to do.
    pub(crate) fn lint(&self, complaints: &mut Complaints) {
        let credentials = [!self.api_key_sha256.is_empty(), self.oauth2.is_some(), !self.certificate_sha256.is_empty()];
        if credentials.into_iter().filter(|given| *given).count() > 1 {
            let mend = "keep one of api_key_sha256, oauth2 and certificate_sha256";
            complaints.add("auth", "a partner has one credential", mend);
        }
        if let Some(oauth2) = &self.oauth2 {
            for (name, text) in
                [("issuer", &oauth2.issuer), ("audience", &oauth2.audience), ("client_id", &oauth2.client_id)]
            {
                if text.is_empty() {
                    complaints.add(format!("auth.oauth2.{name}"), "is empty", "write what its tokens say");
                }
            }
            lint_url("auth.oauth2.jwks_url", &oauth2.jwks_url, complaints);
        }
        if let Some(signature) = &self.signature {
            signature.lint(complaints);
        }
    }
}

/// Plain http is refused when it is called, unless the deployment names the host as local. The address of a key set is
/// logged when its server is out, so it may hold nothing that is secret.
pub(crate) fn lint_url(key: &str, url: &str, complaints: &mut Complaints) {
    if !(url.starts_with("https://") || url.starts_with("http://")) || url.contains(['@', '?', '#']) {
        let mend = "it must be an https URL without user, query or fragment";
        complaints.add(key, "cannot be called, or would be logged with what is secret", mend);
    }
}
