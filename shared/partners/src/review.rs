//! Whether all profiles together make a deployment that works: what no single file is wrong in.

use std::collections::{BTreeMap, BTreeSet};

use canonical::{Role, Transition};

use crate::lint::{Complaints, Filled};
use crate::{Bundle, HOUSE_FILE, Lint, Profile, SourceFile, When};

/// The transitions that a partner must own for a release to come to its end. The platform's own are not among them.
const OWNED: [Transition; 3] = [Transition::Request, Transition::ShipConfirm, Transition::Milestone];

/// What a bundle's partners cannot do together, with its places in the files that it was compiled from.
pub fn review(bundle: &Bundle, files: &[SourceFile], variables: &BTreeMap<String, String>) -> Vec<Lint> {
    let mut found: BTreeMap<String, Complaints> = BTreeMap::new();
    routes(bundle, &mut found);
    owners(bundle, &mut found);
    let mut lints: Vec<Lint> = Vec::new();
    for (name, complaints) in found {
        let file = files.iter().find(|file| file.name == name);
        if let Some(Ok(filled)) = file.map(|file| Filled::new(file, variables)) {
            lints.extend(complaints.placed(&filled));
        }
    }
    lints.sort();
    lints
}

fn routes(bundle: &Bundle, found: &mut BTreeMap<String, Complaints>) {
    let rules = &bundle.house.routes;
    for (index, rule) in rules.iter().enumerate() {
        let earlier = rules.iter().take(index).find(|earlier| earlier.when.covers(&rule.when));
        if let Some(earlier) = earlier {
            let problem =
                format!("route {:?} is never reached: {:?} before it takes all that it would", rule.name, earlier.name);
            let mend = format!("move it before {:?}, or take it out", earlier.name);
            found.entry(HOUSE_FILE.to_owned()).or_default().add(format!("routes.{index}"), problem, mend);
        }
    }
    for profile in bundle.partners.values() {
        let Some(placing) = &profile.releases else { continue };
        let reached: BTreeSet<&str> =
            rules.iter().filter(|rule| rule.partner == profile.id).map(|rule| rule.warehouse.as_str()).collect();
        for warehouse in placing.warehouses.iter().filter(|warehouse| !reached.contains(warehouse.as_str())) {
            let mend = format!(
                "add to {HOUSE_FILE}: [[routes]] name = \"{warehouse} when asked\", when = {{ asked_warehouse = \
                 [\"{warehouse}\"] }}, warehouse = \"{warehouse}\", partner = \"{}\"",
                profile.id
            );
            let problem = format!("no route leads to warehouse {warehouse}");
            complain(found, profile, "releases.warehouses", problem, &mend);
        }
    }
}

fn owners(bundle: &Bundle, found: &mut BTreeMap<String, Complaints>) {
    let spoken_for: BTreeSet<Role> = bundle
        .partners
        .values()
        .filter(|profile| profile.disabled.is_none() && can_speak(profile))
        .flat_map(|profile| profile.principal(&bundle.house.tenant).roles)
        .collect();
    for transition in OWNED.into_iter().filter(|transition| !spoken_for.contains(&transition.owner())) {
        let owner = transition.owner().as_str();
        let problem =
            format!("nobody owns the transition {}: no partner in force speaks for role {owner}", transition.as_str());
        let mend = format!("add a partner with role {owner}, or one that relays it");
        found.entry(HOUSE_FILE.to_owned()).or_default().add("tenant", problem, mend);
    }
    for profile in bundle.partners.values().filter(|profile| profile.disabled.is_none()) {
        if profile.role != Role::Channel && !can_speak(profile) {
            let problem =
                format!("role {} owns transitions, and the partner has no way to tell of them", profile.role.as_str());
            complain(
                found,
                profile,
                "role",
                problem,
                "add [auth] with a credential or a signature, or [edi] for files",
            );
        }
    }
}

/// Whether anything that the partner sends can be attributed to it.
fn can_speak(profile: &Profile) -> bool {
    let auth = &profile.auth;
    auth.signature.is_some()
        || auth.oauth2.is_some()
        || !auth.api_key_sha256.is_empty()
        || !auth.certificate_sha256.is_empty()
        || profile.edi.is_some()
}

fn complain(found: &mut BTreeMap<String, Complaints>, profile: &Profile, key: &str, problem: String, mend: &str) {
    found.entry(format!("{}.toml", profile.id)).or_default().add(key, problem, mend);
}

impl When {
    /// Whether it fits every release that `other` fits.
    fn covers(&self, other: &Self) -> bool {
        let wider = |own: &[String], others: &[String], same: fn(&str, &str) -> bool| {
            own.is_empty() || (!others.is_empty() && others.iter().all(|one| own.iter().any(|own| same(one, own))))
        };
        let equal = |one: &str, other: &str| one == other;
        wider(&self.asked_warehouse, &other.asked_warehouse, equal)
            && wider(&self.account, &other.account, equal)
            && wider(&self.country, &other.country, equal)
            && wider(&self.region, &other.region, equal)
            && wider(&self.sku_prefix, &other.sku_prefix, |one, own| one.starts_with(own))
    }
}
