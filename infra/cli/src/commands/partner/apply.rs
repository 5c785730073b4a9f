//! `crossdock partner lint`, `diff`, `apply`, `disable` and `enable`: from files to what is in force.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use aws::Applied;
use canonical::PartnerId;
use partners::{Bundle, Change, Lint};
use serde_json::json;

use super::place::{Files, Store};
use crate::args::partner::{Apply, At, Source};
use crate::{Error, Out, RunningStack};

/// How many characters of a version people are shown: enough to tell the versions of a year apart.
const VERSION_SHOWN: usize = 12;

/// Says everything that is wrong, by file, line and column, with the mend.
pub(super) async fn lint(data: Option<&Path>, source: &Source, out: &Out) -> Result<ExitCode, Error> {
    let stack = RunningStack::find(data).ok();
    let files = Files::read(source, stack.as_ref())?;
    let lints = match files.compile() {
        Err(lints) => lints,
        Ok(bundle) if stack.is_some() => {
            let store = Store::find(data, &At::default()).await?;
            store.missing_secrets(&bundle, &files).await?
        }
        Ok(_) => {
            out.aside("No stack is running here, so it was not looked whether the secrets are there.");
            Vec::new()
        }
    };
    report(&lints, &files, out);
    Ok(if lints.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn report(lints: &[Lint], files: &Files, out: &Out) {
    if out.is_json() {
        out.json(&json!({ "folder": files.folder, "files": files.sources.len(), "lints": lints }));
        return;
    }
    for lint in lints {
        let at = |number: Option<usize>| number.map(|number| format!(":{number}")).unwrap_or_default();
        let key = if lint.key.is_empty() { String::new() } else { format!("{}: ", lint.key) };
        let path = files.folder.join(&lint.file);
        out.line(format_args!("{}{}{}: {key}{}", path.display(), at(lint.line), at(lint.column), lint.problem));
        out.line(format_args!("  mend: {}", lint.mend));
    }
    match lints.len() {
        0 => out.line(format_args!("{} files, nothing wrong.", files.sources.len())),
        1 => out.line("1 mistake."),
        count => out.line(format_args!("{count} mistakes.")),
    }
}

/// Says what would change.
pub(super) async fn diff(data: Option<&Path>, source: &Source, at: &At, out: &Out) -> Result<ExitCode, Error> {
    let store = Store::find(data, at).await?;
    let bundle = store.files(source)?.bundle()?;
    let applied = store.operations.applied().await?;
    let changes = changes(applied.as_ref(), &bundle)?;
    let before = applied.as_ref().map(|applied| &applied.bundle.version);
    if out.is_json() {
        out.json(&json!({ "before": before, "after": bundle.version, "changes": changes }));
    } else {
        tell(&changes, out);
    }
    Ok(ExitCode::SUCCESS)
}

/// Publishes the folder's profiles, or an earlier version.
pub(super) async fn apply(data: Option<&Path>, options: &Apply, out: &Out) -> Result<ExitCode, Error> {
    let store = Store::find(data, &options.at).await?;
    let bundle = if let Some(version) = &options.version {
        earlier(&store, version).await?
    } else {
        let files = store.files(&options.source)?;
        let bundle = files.bundle()?;
        let lints = store.missing_secrets(&bundle, &files).await?;
        if !lints.is_empty() {
            return Err(Error::Profiles { folder: files.folder, lints });
        }
        bundle
    };
    let applied = store.operations.applied().await?;
    let version = applied.as_ref().map(|applied| applied.bundle.version.as_str()).unwrap_or_default();
    if let Some(expected) = &options.expect
        && (expected.is_empty() || !version.starts_with(expected.as_str()))
    {
        let problem = format!("version {version} is in force, not {expected}: somebody has applied since");
        return Err(Error::Unusable(format!("{problem}; look at `partner diff` again")));
    }
    let gone = applied.iter().flat_map(|applied| applied.bundle.partners.keys());
    let gone: Vec<&str> = gone.filter(|id| bundle.partner(id).is_none()).map(PartnerId::as_str).collect();
    if !gone.is_empty() && !options.remove {
        return Err(Error::Unusable(format!(
            "{} would be taken out, and what they send could not be attributed any more; if that is meant, say --remove; \
             to refuse them for a while, `partner disable`",
            gone.join(", ")
        )));
    }
    publish(&store, applied.as_ref(), &bundle, out).await
}

async fn earlier(store: &Store, version: &str) -> Result<Bundle, Error> {
    let files = store.operations.bundle_versions().await?;
    let known = files.iter().filter_map(|file| file.key.strip_prefix("profiles/")?.strip_suffix(".json"));
    let found: Vec<&str> = known.filter(|known| known.starts_with(version)).collect();
    let [one] = found.as_slice() else {
        let problem = if found.is_empty() { "no version begins with" } else { "several versions begin with" };
        return Err(Error::Unusable(format!("{problem} {version}; `partner list --versions` shows them")));
    };
    let bundle = store.operations.bundle_version(one).await?;
    bundle.ok_or_else(|| Error::Unusable(format!("version {one} is gone")))
}

async fn publish(store: &Store, base: Option<&Applied>, bundle: &Bundle, out: &Out) -> Result<ExitCode, Error> {
    let changes = changes(base, bundle)?;
    if !changes.is_empty() && !store.operations.apply_bundle(bundle, base).await? {
        let mend = "look at `partner diff` and apply again";
        return Err(Error::Unusable(format!("somebody has applied in between, and nothing was changed; {mend}")));
    }
    if out.is_json() {
        let before = base.map(|base| &base.bundle.version);
        out.json(&json!({ "before": before, "version": bundle.version, "changes": changes }));
        return Ok(ExitCode::SUCCESS);
    }
    tell(&changes, out);
    if !changes.is_empty() {
        let version: String = bundle.version.as_str().chars().take(VERSION_SHOWN).collect();
        out.line(format_args!("Applied as version {version}. Running functions take it up within a minute."));
    }
    Ok(ExitCode::SUCCESS)
}

fn changes(base: Option<&Applied>, bundle: &Bundle) -> Result<Vec<Change>, Error> {
    let nothing = Bundle { partners: std::collections::BTreeMap::default(), ..bundle.clone() };
    let before = base.map_or(&nothing, |base| &base.bundle);
    partners::diff(before, bundle).map_err(|error| Error::Unusable(error.to_string()))
}

fn tell(changes: &[Change], out: &Out) {
    for change in changes {
        out.line(change);
    }
    if changes.is_empty() {
        out.line("Nothing differs from what is in force.");
    }
}

/// Takes a partner out of force, or puts it back: in what is applied at once, and in its file, so that it stays so.
pub(super) async fn switch(
    data: Option<&Path>,
    partner: &str,
    reason: Option<&String>,
    source: &Source,
    at: &At,
    out: &Out,
) -> Result<ExitCode, Error> {
    if reason.is_some_and(|reason| reason.trim().is_empty()) {
        return Err(Error::Unusable("--reason must say why, for whoever finds the partner disabled".to_owned()));
    }
    let store = Store::find(data, at).await?;
    let applied = store.applied().await?;
    let mut partners = applied.bundle.partners.clone();
    let profile = partner.parse::<PartnerId>().ok().and_then(|id| partners.get_mut(&id));
    let Some(profile) = profile else {
        let known: Vec<&str> = applied.bundle.partners.keys().map(PartnerId::as_str).collect();
        return Err(Error::Unusable(format!("no partner {partner} is in force; there are {}", known.join(", "))));
    };
    profile.disabled = reason.cloned();
    let bundle = Bundle::of(applied.bundle.house.clone(), partners);
    let bundle = bundle.map_err(|error| Error::Unusable(error.to_string()))?;
    let code = publish(&store, Some(&applied), &bundle, out).await?;
    let path = store.files(source)?.folder.join(format!("{partner}.toml"));
    match fs::read_to_string(&path) {
        Ok(text) => {
            fs::write(&path, switched(&text, reason)).map_err(Error::io("write", &path))?;
            out.aside(format_args!("{} says so too, for the next apply.", path.display()));
        }
        Err(_) => out.aside(format_args!("There is no {}: whoever applies it next undoes this.", path.display())),
    }
    Ok(code)
}

/// The profile's text with or without `disabled`, which stands before the first table.
fn switched(text: &str, reason: Option<&String>) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut written = false;
    let line = reason.map(|reason| format!("disabled = {}", toml_string(reason)));
    let mut top = true;
    for old in text.lines() {
        let is_own = top && old.split_once('=').is_some_and(|(key, _)| key.trim() == "disabled");
        if !is_own {
            lines.push(old.to_owned());
        }
        let is_role = top && old.split_once('=').is_some_and(|(key, _)| key.trim() == "role");
        if is_role && !written {
            lines.extend(line.clone());
            written = true;
        }
        top = top && !old.trim_start().starts_with('[');
    }
    lines.join("\n") + "\n"
}

/// A basic string of TOML. JSON writes it the same way.
fn toml_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_switched_off_and_on_and_is_what_it_was() {
        let text = "# c\nid = \"p\"\nrole = \"3pl\" # r\n\n[auth]\ndisabled = 1\n";
        let reason = "keys \"leaked\"".to_owned();
        let off = switched(text, Some(&reason));
        let said = "# c\nid = \"p\"\nrole = \"3pl\" # r\ndisabled = \"keys \\\"leaked\\\"\"\n\n[auth]\ndisabled = 1\n";
        assert_eq!(off, said);
        assert_eq!(switched(&off, Some(&reason)), off);
        assert_eq!(switched(&off, None), text);
    }
}
