//! `crossdock partner show` and `list`: what is in force.

use std::path::Path;
use std::process::ExitCode;

use canonical::PartnerId;
use partners::{Contact, Profile};
use serde_json::{Value, json};

use super::place::Store;
use crate::args::partner::At;
use crate::out::columns;
use crate::{Error, Out};

pub(super) async fn show(data: Option<&Path>, partner: &str, at: &At, out: &Out) -> Result<ExitCode, Error> {
    let bundle = Store::find(data, at).await?.applied().await?.bundle;
    let Some(profile) = partner.parse::<PartnerId>().ok().and_then(|id| bundle.partner(&id)) else {
        let known: Vec<&str> = bundle.partners.keys().map(PartnerId::as_str).collect();
        return Err(Error::Unusable(format!("no partner {partner} is in force; there are {}", known.join(", "))));
    };
    let routes = bundle.house.routes.iter().filter(|rule| rule.partner == profile.id);
    let routes: Vec<&str> = routes.map(|rule| rule.name.as_str()).collect();
    if out.is_json() {
        out.json(
            &json!({ "version": bundle.version, "profile": profile, "routes": routes, "secrets": profile.secrets() }),
        );
        return Ok(ExitCode::SUCCESS);
    }
    out.line(format_args!("{}  {}", profile.id, profile.name));
    out.line(format_args!("  in version  {}", bundle.version));
    out.line(format_args!("  state       {}", state(profile)));
    for contact in &profile.contacts {
        out.line(format_args!("  call        {}", words(contact)));
    }
    if !routes.is_empty() {
        out.line(format_args!("  routes      {}", routes.join(", ")));
    }
    if !profile.secrets().is_empty() {
        out.line(format_args!("  secrets     {}", profile.secrets().join(", ")));
    }
    let value = serde_json::to_value(profile).map_err(Error::json("the profile"))?;
    fields("", &value, out);
    Ok(ExitCode::SUCCESS)
}

/// Every field that is given, a line each.
fn fields(path: &str, value: &Value, out: &Out) {
    match value {
        Value::Null => {}
        Value::Object(members) => {
            for (name, member) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                fields(&path, member, out);
            }
        }
        Value::Array(entries) if entries.is_empty() => {}
        other => out.line(format_args!("  {path} = {other}")),
    }
}

fn words(contact: &Contact) -> String {
    let ways: Vec<&str> = [&contact.email, &contact.phone].into_iter().flatten().map(String::as_str).collect();
    format!("{} about {}: {}", contact.name, contact.about, ways.join(", "))
}

fn state(profile: &Profile) -> String {
    let stage = match profile.stage {
        partners::Stage::Live => "live",
        partners::Stage::Test => "test",
    };
    profile.disabled.as_ref().map_or_else(|| stage.to_owned(), |reason| format!("disabled: {reason}"))
}

pub(super) async fn list(data: Option<&Path>, versions: bool, at: &At, out: &Out) -> Result<ExitCode, Error> {
    let store = Store::find(data, at).await?;
    let bundle = store.applied().await?.bundle;
    if versions {
        let mut files = store.operations.bundle_versions().await?;
        files.sort_by_key(|file| std::cmp::Reverse(file.last_modified));
        let version = |key: &str| key.trim_start_matches("profiles/").trim_end_matches(".json").to_owned();
        if out.is_json() {
            let rows = files.iter().map(|file| {
                let version = version(&file.key);
                json!({ "in_force": version == bundle.version.as_str(), "version": version, "first_applied": file.last_modified })
            });
            out.json(&rows.collect::<Vec<_>>());
            return Ok(ExitCode::SUCCESS);
        }
        let rows = files.iter().map(|file| {
            let version = version(&file.key);
            let state = if version == bundle.version.as_str() { "in force" } else { "" };
            [file.last_modified.map(|at| at.to_string()).unwrap_or_default(), version, state.to_owned()]
        });
        out.line(columns(["first applied", "version", "state"], &rows.collect::<Vec<_>>()));
        return Ok(ExitCode::SUCCESS);
    }
    let speaks = |profile: &Profile| {
        let roles = profile.principal(&bundle.house.tenant).roles;
        roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", ")
    };
    if out.is_json() {
        let rows = bundle.partners.values().map(|profile| {
            json!({
                "id": profile.id, "name": profile.name, "speaks_for": profile.principal(&bundle.house.tenant).roles,
                "stage": profile.stage, "disabled": profile.disabled,
            })
        });
        out.json(&json!({ "version": bundle.version, "partners": rows.collect::<Vec<_>>() }));
        return Ok(ExitCode::SUCCESS);
    }
    let rows = bundle
        .partners
        .values()
        .map(|profile| [profile.id.to_string(), profile.name.clone(), speaks(profile), state(profile)]);
    out.line(columns(["partner", "name", "speaks for", "state"], &rows.collect::<Vec<_>>()));
    out.line(format_args!("\nversion {}", bundle.version));
    Ok(ExitCode::SUCCESS)
}
