//! The compiled bundle: the distributor, all partners and all rules under one hash.

use std::collections::{BTreeMap, BTreeSet};

use canonical::{Digest, PartnerId, Role};
use edi::guide::Guides;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::lint::{Complaints, Filled};
use crate::{Clocks, House, Lint, OAuth2, Profile, SourceFile, Via};

/// The name of the file with the distributor and the routes.
pub const HOUSE_FILE: &str = "house.toml";

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
    /// The bundle of these parts, with the hash that they make.
    ///
    /// # Errors
    /// They do not serialize, which is a mistake of ours.
    pub fn of(house: House, partners: BTreeMap<PartnerId, Profile>) -> Result<Self, BundleError> {
        Ok(Self { version: version_of(&house, &partners)?, house, partners })
    }

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

/// Compiles a bundle. `variables` fill `${NAME}` in the files: what differs from place to place, such as an endpoint.
///
/// # Errors
/// Every problem of every file, by file and line.
pub fn compile(files: &[SourceFile], variables: &BTreeMap<String, String>) -> Result<Bundle, Vec<Lint>> {
    let mut lints = Vec::new();
    let mut house = None;
    let mut partners = BTreeMap::new();
    let mut sources: BTreeMap<String, (Filled, Complaints)> = BTreeMap::new();
    for file in files {
        let filled = match Filled::new(file, variables) {
            Ok(filled) => filled,
            Err(unset) => {
                lints.extend(unset);
                continue;
            }
        };
        let mut complaints = Complaints::default();
        let unreadable = if file.name == HOUSE_FILE {
            toml::from_str::<House>(&filled.text).map(|parsed| house = Some(parsed)).err()
        } else {
            let read = toml::from_str::<Profile>(&filled.text).map(|profile| {
                lint_profile(&profile, &mut complaints);
                if format!("{}.toml", profile.id) != file.name {
                    let mend = format!("rename the file, which must be named {0}.toml, or the partner", profile.id);
                    complaints.add("id", format!("this is not the file of partner {}", profile.id), mend);
                }
                partners.insert(profile.id.clone(), profile);
            });
            read.err()
        };
        lints.extend(unreadable.map(|error| filled.unreadable(&error)));
        sources.insert(file.name.clone(), (filled, complaints));
    }
    if let Some(house) = &house {
        lint_together(house, &partners, |file, key, problem, mend| {
            if let Some((_, complaints)) = sources.get_mut(file) {
                complaints.add(key, problem, mend);
            }
        });
    } else if !sources.contains_key(HOUSE_FILE) && lints.iter().all(|lint| lint.file != HOUSE_FILE) {
        lints.push(Lint {
            file: HOUSE_FILE.to_owned(),
            line: None,
            column: None,
            key: String::new(),
            problem: "missing: it names the distributor and the routes".to_owned(),
            mend: "write one as infra/partners/house.toml is".to_owned(),
        });
    }
    lints.extend(sources.into_values().flat_map(|(filled, complaints)| complaints.placed(&filled)));
    lints.sort();
    match house {
        Some(house) if lints.is_empty() => Bundle::of(house, partners).map_err(|error| {
            let problem = error.to_string();
            let (file, mend) = (HOUSE_FILE.to_owned(), "this is a mistake of Crossdock; tell its makers".to_owned());
            vec![Lint { file, line: None, column: None, key: String::new(), problem, mend }]
        }),
        _ => Err(lints),
    }
}

/// What is wrong with a value of the partner's profile that only a later crate can know, with its place in `files`.
pub fn lint_at(
    files: &[SourceFile],
    variables: &BTreeMap<String, String>,
    partner: &PartnerId,
    key: &str,
    problem: String,
    mend: String,
) -> Vec<Lint> {
    let name = format!("{partner}.toml");
    let mut complaints = Complaints::default();
    complaints.add(key, problem, mend);
    let file = files.iter().find(|file| file.name == name);
    let filled = file.and_then(|file| Filled::new(file, variables).ok());
    filled.map(|filled| complaints.placed(&filled)).unwrap_or_default()
}

fn lint_profile(profile: &Profile, complaints: &mut Complaints) {
    if profile.role == Role::Platform {
        let mend = "role must be erp, 3pl, carrier, tms or channel, or ops for the distributor's own operations";
        complaints.add("role", "the platform is no partner", mend);
    }
    // Whoever speaks for operations sees every release and lifts their holds: nobody does so in passing.
    if profile.relays.contains(&Role::Platform) || profile.relays.contains(&Role::Ops) {
        complaints.add(
            "relays",
            "nobody speaks for platform or ops on the side",
            "give operations a profile of its own",
        );
    }
    if profile.id == PartnerId::platform() {
        complaints.add("id", "id `platform` is Crossdock's own", "choose another");
    }
    profile.auth.lint(complaints);
    profile.api.lint(complaints);
    if let Some(endpoint) = &profile.endpoint {
        endpoint.lint(complaints);
    }
    lint_clocks(profile, complaints);
    if let Some(edi) = &profile.edi {
        lint_edi(edi, complaints);
    }
    if let Err(error) = Guides::built_in().with_overlay(&profile.agreement.overlay) {
        let mend = "write lines as shared/edi/guides/README.md explains them";
        complaints.add("agreement.overlay", error.to_string(), mend);
    }
    let mut told = BTreeSet::new();
    for (index, subscription) in profile.subscriptions.iter().enumerate() {
        if subscription.via == Via::Webhook && profile.endpoint.is_none() {
            let mend = "it needs [endpoint], or via = \"file\"";
            complaints.add(format!("subscriptions.{index}.via"), "a webhook has nowhere to go", mend);
        }
        for kind in &subscription.events {
            if !told.insert(kind) {
                let problem = format!("{kind} is subscribed twice, and an event is told once");
                complaints.add(format!("subscriptions.{index}.events"), problem, "take one out");
            }
        }
    }
    match profile.releases.as_ref().map(|releases| releases.format) {
        Some(crate::DocumentFormat::X12Ship940) if profile.edi.is_none() => {
            complaints.add("releases.format", "releases.format x12-940 needs [edi]", "add it, with qualifier and id");
        }
        Some(crate::DocumentFormat::Json) if profile.endpoint.is_none() => {
            complaints.add(
                "releases.format",
                "releases.format json needs [endpoint]",
                "add it, with url and guarantee",
            );
        }
        _ => {}
    }
    if profile.releases.is_some() && profile.role != Role::Wms {
        complaints.add("releases", "[releases] belongs to a partner with role 3pl", "take it out, or change the role");
    }
    if profile.role != Role::Erp {
        let permits = &profile.permits;
        for (key, limited) in [("warehouses", &permits.warehouses), ("accounts", &permits.accounts)] {
            if !limited.is_empty() {
                let problem = "limits releases, and this partner has not role erp, so makes none";
                complaints.add(format!("permits.{key}"), problem, "take it out; [releases] names a 3PL's warehouses");
            }
        }
    }
    if profile.disabled.as_ref().is_some_and(|reason| reason.trim().is_empty()) {
        complaints.add("disabled", "says no reason", "write why, or take it out to put the partner in force");
    }
    for (index, contact) in profile.contacts.iter().enumerate() {
        if contact.email.is_none() && contact.phone.is_none() {
            complaints.add(format!("contacts.{index}"), "cannot be reached", "give email or phone");
        }
    }
}

fn lint_clocks(profile: &Profile, complaints: &mut Complaints) {
    let clocks = &profile.clocks;
    for contradiction in clocks.calendar.contradictions() {
        complaints.add("clocks.calendar", contradiction, "change one of the two");
    }
    if *clocks != Clocks::default() && profile.releases.is_none() {
        let problem = "[clocks] says by when a warehouse does what is expected of it, and needs [releases]";
        complaints.add("clocks", problem, "add it, or take the clocks out");
    }
    for (key, first, name, then) in [
        ("clocks.acknowledge", clocks.acknowledge, "accept", clocks.accept),
        ("clocks.accept", clocks.accept, "ship", clocks.ship),
        ("clocks.ship", clocks.ship, "deliver", clocks.deliver),
    ] {
        if let (Some(first), Some(then)) = (first, then) {
            let ends = |allowance| clocks.calendar.after(Timestamp::UNIX_EPOCH, allowance);
            if ends(first) > ends(then) {
                let problem = format!("{first} is longer than {then} for {name}, which comes after it");
                complaints.add(key, problem, format!("allow at most {then}"));
            }
        }
    }
}

fn lint_edi(edi: &crate::EdiIdentity, complaints: &mut Complaints) {
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'-' | b'.' | b'_'));
    if edi.qualifier.len() != 2 || !plain(&edi.qualifier) {
        let problem = format!("{:?} is no qualifier", edi.qualifier);
        complaints.add("edi.qualifier", problem, "write two letters or digits, such as ZZ");
    }
    for (key, id) in [("edi.id", Some(edi.id.as_str())), ("edi.application_code", edi.application_code.as_deref())] {
        let Some(id) = id else { continue };
        if id.is_empty() || id.len() > ISA_ID_LEN_MAX || !plain(id) {
            let mend = format!("an EDI id has 1 to {ISA_ID_LEN_MAX} letters, digits, - . _ or blanks");
            complaints.add(key, format!("{id:?} is no EDI id"), mend);
        }
    }
}

/// Most rules that hold releases: all of them may fit one release, which then has room for as many holds again.
const HOLD_RULES_MAX: usize = 20;

/// Longest words of a rule that holds, in characters: as long as anybody else's who places a hold.
const HOLD_DETAIL_LEN_MAX: usize = 200;

fn lint_holds(house: &House, complain: &mut impl FnMut(&str, String, String, String)) {
    let mut add = |key: String, problem: String, mend: &str| complain(HOUSE_FILE, key, problem, mend.to_owned());
    if house.holds.len() > HOLD_RULES_MAX {
        let problem = format!("{} rules hold releases, and there may be {HOLD_RULES_MAX}", house.holds.len());
        add("holds".to_owned(), problem, "make one of those that have the same reason");
    }
    let mut names = BTreeSet::new();
    for (index, rule) in house.holds.iter().enumerate() {
        if !names.insert(&rule.name) {
            let problem = format!("hold {:?} stands there twice", rule.name);
            add(format!("holds.{index}.name"), problem, "give each its own name: it tells its holds apart");
        }
        if !(1..=HOLD_DETAIL_LEN_MAX).contains(&rule.detail.chars().count()) {
            let problem = format!("hold {:?}: detail has 1 to {HOLD_DETAIL_LEN_MAX} characters", rule.name);
            add(format!("holds.{index}.detail"), problem, "say in a line why these releases wait");
        }
    }
}

fn lint_together(
    house: &House,
    partners: &BTreeMap<PartnerId, Profile>,
    mut complain: impl FnMut(&str, String, String, String),
) {
    let mut of_house = Complaints::default();
    lint_edi(&house.edi, &mut of_house);
    for (index, retirement) in house.retiring.iter().enumerate() {
        retirement.lint(index, &mut of_house);
    }
    for (key, problem, mend) in of_house.into_parts() {
        complain(HOUSE_FILE, key, problem, mend);
    }
    lint_holds(house, &mut complain);
    for (index, rule) in house.stakes.iter().enumerate() {
        if rule.currency.len() != 3 || !rule.currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
            let problem = format!("stake {:?}: {:?} is no currency", rule.name, rule.currency);
            let mend = "write three letters, such as USD".to_owned();
            complain(HOUSE_FILE, format!("stakes.{index}.currency"), problem, mend);
        }
    }
    for (index, rule) in house.routes.iter().enumerate() {
        let runs = partners.get(&rule.partner).map(|profile| profile.releases.as_ref());
        let (key, problem, mend) = match runs {
            None => {
                ("partner", format!("there is no partner {}", rule.partner), "name one that has a profile".to_owned())
            }
            Some(None) => {
                let mend = format!("add [releases] to {}.toml, or name another partner", rule.partner);
                ("partner", format!("partner {} takes no releases", rule.partner), mend)
            }
            Some(Some(placing)) if !placing.warehouses.contains(&rule.warehouse) => {
                let known: Vec<&str> = placing.warehouses.iter().map(String::as_str).collect();
                let problem = format!("partner {} does not run warehouse {}", rule.partner, rule.warehouse);
                ("warehouse", problem, format!("it runs {}", known.join(", ")))
            }
            Some(Some(_)) => continue,
        };
        complain(HOUSE_FILE, format!("routes.{index}.{key}"), format!("route {:?}: {problem}", rule.name), mend);
    }
    let mut identities = BTreeMap::new();
    let mut keys = BTreeMap::new();
    let mut certificates = BTreeMap::new();
    let mut clients = BTreeMap::new();
    identities.insert((&house.edi.qualifier, &house.edi.id), house.tenant.as_str());
    for profile in partners.values() {
        let file = format!("{}.toml", profile.id);
        let mut shared = |key: &str, other: Option<&str>, what: &str, mend: &str| {
            if let Some(other) = other {
                complain(&file, key.to_owned(), format!("{what} {other}"), mend.to_owned());
            }
        };
        let id = profile.id.as_str();
        if let Some(edi) = &profile.edi {
            let other = identities.insert((&edi.qualifier, &edi.id), id);
            shared("edi.id", other, "has the EDI identity of", "ask the partner for its own");
        }
        for key in &profile.auth.api_key_sha256 {
            let mend = "make one of its own: crossdock partner new shows how";
            shared("auth.api_key_sha256", keys.insert(key, id), "shares an API key with", mend);
        }
        for certificate in &profile.auth.certificate_sha256 {
            let other = certificates.insert(certificate, id);
            shared("auth.certificate_sha256", other, "shares a certificate with", "ask the partner for its own");
        }
        if let Some(oauth2) = &profile.auth.oauth2 {
            let other = clients.insert((&oauth2.issuer, &oauth2.client_id), id);
            shared("auth.oauth2.client_id", other, "is the OAuth client of", "ask the partner for its own");
        }
    }
}
