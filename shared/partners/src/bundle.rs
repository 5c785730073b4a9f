//! The compiled bundle: the distributor, all partners and all rules under one hash.

use std::collections::{BTreeMap, BTreeSet};

use canonical::{Digest, PartnerId, Role};
use edi::guide::Guides;
use serde::{Deserialize, Serialize};

use crate::{Clocks, House, OAuth2, Profile, Via};

/// Shortest interchange id field, in characters (ISA06/ISA08 are padded to it, and hold no more).
const ISA_ID_LEN_MAX: usize = 15;

/// All profiles and rules, as published to the functions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bundle {
    /// SHA-256 over the rest: what every decision is recorded with.
    pub version: Digest,
    /// The distributor and its rules.
    pub house: House,
    /// Its partners.
    pub partners: BTreeMap<PartnerId, Profile>,
}

/// A bundle that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// It is no bundle.
    #[error("the profile bundle is not readable")]
    Malformed(#[from] serde_json::Error),
    /// It was changed after it was compiled.
    #[error("the profile bundle's content does not match its version {0}")]
    Altered(Digest),
}

impl Bundle {
    /// Reads a published bundle and checks its hash.
    pub fn parse(bytes: &[u8]) -> Result<Self, BundleError> {
        let bundle: Self = serde_json::from_slice(bytes)?;
        if version_of(&bundle.house, &bundle.partners)? == bundle.version {
            Ok(bundle)
        } else {
            Err(BundleError::Altered(bundle.version))
        }
    }

    /// The bytes to publish.
    pub fn to_bytes(&self) -> Result<Vec<u8>, BundleError> {
        Ok(serde_json::to_vec_pretty(self)?)
    }

    /// The profile of `partner`.
    pub fn partner(&self, partner: &PartnerId) -> Option<&Profile> {
        self.partners.get(partner)
    }

    /// The partner whose API key has this digest.
    pub fn by_api_key(&self, presented: &str) -> Option<&Profile> {
        // Digests are compared, so the time taken tells nothing of the key.
        let digest = Digest::of(presented.as_bytes());
        self.partners.values().find(|profile| profile.auth.api_key_sha256.contains(&digest))
    }

    /// The partner whose client certificate has this digest.
    pub fn by_certificate(&self, sha256: &Digest) -> Option<&Profile> {
        self.partners.values().find(|profile| profile.auth.certificate_sha256.contains(sha256))
    }

    /// The partner that is `client_id` at the authorization server `issuer`, with what its tokens must say.
    pub fn by_client(&self, issuer: &str, client_id: &str) -> Option<(&Profile, &OAuth2)> {
        let own = self.partners.values().filter_map(|profile| Some((profile, profile.auth.oauth2.as_ref()?)));
        own.into_iter().find(|(_, oauth2)| oauth2.issuer == issuer && oauth2.client_id == client_id)
    }
}

fn version_of(house: &House, partners: &BTreeMap<PartnerId, Profile>) -> Result<Digest, serde_json::Error> {
    Ok(Digest::of(&serde_json::to_vec(&(house, partners))?))
}

/// A source file of a bundle: `house.toml`, or one `<partner>.toml` for each partner.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// The file's name, for messages.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Something wrong in a source file, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {problem}")]
pub struct Lint {
    /// The file's name.
    pub file: String,
    /// What is wrong, and what to do.
    pub problem: String,
}

/// Compiles a bundle. `variables` fill `${NAME}` in the files: what differs from place to place, such as an endpoint.
/// Every problem of every file is reported, not the first alone.
pub fn compile(files: &[SourceFile], variables: &BTreeMap<String, String>) -> Result<Bundle, Vec<Lint>> {
    let mut lints = Vec::new();
    let mut house = None;
    let mut partners = BTreeMap::new();
    for file in files {
        let mut complain = |problem: String| lints.push(Lint { file: file.name.clone(), problem });
        let text = match fill(&file.text, variables) {
            Ok(text) => text,
            Err(name) => {
                complain(format!("${{{name}}} is not set"));
                continue;
            }
        };
        if file.name == "house.toml" {
            match toml::from_str::<House>(&text) {
                Ok(parsed) => house = Some(parsed),
                Err(error) => complain(error.to_string()),
            }
            continue;
        }
        match toml::from_str::<Profile>(&text) {
            Ok(profile) => {
                lint_profile(&profile, &mut complain);
                if format!("{}.toml", profile.id) != file.name {
                    complain(format!("the file of partner {} must be named {0}.toml", profile.id));
                }
                partners.insert(profile.id.clone(), profile);
            }
            Err(error) => complain(error.to_string()),
        }
    }
    let Some(house) = house else {
        lints.push(Lint {
            file: "house.toml".to_owned(),
            problem: "missing: it names the distributor and the routes".to_owned(),
        });
        return Err(lints);
    };
    lint_together(&house, &partners, &mut lints);
    let version = match version_of(&house, &partners) {
        Ok(version) => version,
        Err(error) => {
            lints.push(Lint { file: "bundle".to_owned(), problem: error.to_string() });
            return Err(lints);
        }
    };
    if lints.is_empty() { Ok(Bundle { version, house, partners }) } else { Err(lints) }
}

fn fill(text: &str, variables: &BTreeMap<String, String>) -> Result<String, String> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        filled.push_str(before);
        let Some((name, tail)) = after.split_once('}') else {
            return Err(after.chars().take(20).collect());
        };
        filled.push_str(variables.get(name).ok_or_else(|| name.to_owned())?);
        rest = tail;
    }
    filled.push_str(rest);
    Ok(filled)
}

fn lint_profile(profile: &Profile, complain: &mut impl FnMut(String)) {
    if matches!(profile.role, Role::Platform | Role::Ops) {
        complain("role must be erp, 3pl, carrier, tms or channel: platform and ops are not partners".to_owned());
    }
    if profile.id == PartnerId::platform() {
        complain("id `platform` is Crossdock's own: choose another".to_owned());
    }
    profile.auth.lint(complain);
    profile.api.lint(complain);
    for contradiction in profile.clocks.calendar.contradictions() {
        complain(format!("clocks: {contradiction}"));
    }
    if profile.clocks != Clocks::default() && profile.releases.is_none() {
        complain("[clocks] says by when a warehouse does what is expected of it, and needs [releases]".to_owned());
    }
    if let Some(edi) = &profile.edi {
        lint_edi(edi, complain);
    }
    if let Err(error) = Guides::built_in().with_overlay(&profile.agreement.overlay) {
        complain(format!("agreement.overlay, {error}"));
    }
    if let Some(endpoint) = &profile.endpoint
        && !(endpoint.url.starts_with("https://") || endpoint.url.starts_with("http://"))
    {
        complain(format!("endpoint.url must be an http(s) URL: {}", endpoint.url));
    }
    if let Some(oauth2) = profile.endpoint.as_ref().and_then(|endpoint| endpoint.oauth2.as_ref()) {
        oauth2.lint(complain);
    }
    let by_webhook = profile.subscriptions.iter().any(|subscription| subscription.via == Via::Webhook);
    if by_webhook && profile.endpoint.is_none() {
        complain("a subscription via webhook needs [endpoint]".to_owned());
    }
    let mut told = BTreeSet::new();
    for kind in profile.subscriptions.iter().flat_map(|subscription| &subscription.events) {
        if !told.insert(kind) {
            complain(format!("{kind} is subscribed twice; an event is told once"));
        }
    }
    match profile.releases.as_ref().map(|releases| releases.format) {
        Some(crate::DocumentFormat::X12Ship940) if profile.edi.is_none() => {
            complain("releases.format x12-940 needs [edi]".to_owned());
        }
        Some(crate::DocumentFormat::Json) if profile.endpoint.is_none() => {
            complain("releases.format json needs [endpoint]".to_owned());
        }
        _ => {}
    }
    if profile.releases.is_some() && profile.role != Role::Wms {
        complain("[releases] belongs to a partner with role 3pl".to_owned());
    }
}

fn lint_edi(edi: &crate::EdiIdentity, complain: &mut impl FnMut(String)) {
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'-' | b'.' | b'_'));
    if edi.qualifier.len() != 2 || !plain(&edi.qualifier) {
        complain(format!("edi.qualifier must be two letters or digits: {:?}", edi.qualifier));
    }
    for id in [edi.id.as_str(), edi.application()] {
        if id.is_empty() || id.len() > ISA_ID_LEN_MAX || !plain(id) {
            complain(format!("an EDI id has 1 to {ISA_ID_LEN_MAX} letters, digits, - . _ or blanks: {id:?}"));
        }
    }
}

fn lint_together(house: &House, partners: &BTreeMap<PartnerId, Profile>, lints: &mut Vec<Lint>) {
    let mut complain = |file: String, problem: String| lints.push(Lint { file, problem });
    lint_edi(&house.edi, &mut |problem| complain("house.toml".to_owned(), problem));
    for retirement in &house.retiring {
        retirement.lint(&mut |problem| complain("house.toml".to_owned(), problem));
    }
    for rule in &house.routes {
        let runs = partners.get(&rule.partner).and_then(|profile| profile.releases.as_ref());
        match runs {
            None => complain(
                "house.toml".to_owned(),
                format!("route {:?}: partner {} takes no releases", rule.name, rule.partner),
            ),
            Some(placing) if !placing.warehouses.contains(&rule.warehouse) => complain(
                "house.toml".to_owned(),
                format!("route {:?}: partner {} does not run warehouse {}", rule.name, rule.partner, rule.warehouse),
            ),
            Some(_) => {}
        }
    }
    let mut identities = BTreeMap::new();
    let mut keys = BTreeMap::new();
    let mut certificates = BTreeMap::new();
    let mut clients = BTreeMap::new();
    for profile in partners.values() {
        let file = format!("{}.toml", profile.id);
        if let Some(edi) = &profile.edi
            && let Some(other) = identities.insert((&edi.qualifier, &edi.id), &profile.id)
        {
            complain(file.clone(), format!("has the EDI identity of {other}"));
        }
        for key in &profile.auth.api_key_sha256 {
            if let Some(other) = keys.insert(key, &profile.id) {
                complain(file.clone(), format!("shares an API key with {other}"));
            }
        }
        for certificate in &profile.auth.certificate_sha256 {
            if let Some(other) = certificates.insert(certificate, &profile.id) {
                complain(file.clone(), format!("shares a certificate with {other}"));
            }
        }
        if let Some(oauth2) = &profile.auth.oauth2
            && let Some(other) = clients.insert((&oauth2.issuer, &oauth2.client_id), &profile.id)
        {
            complain(file.clone(), format!("is the OAuth client of {other}"));
        }
    }
}
