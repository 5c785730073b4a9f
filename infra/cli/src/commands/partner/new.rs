//! `crossdock partner new`: a commented profile, ready to edit.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use canonical::PartnerId;
use partners::HOUSE_FILE;
use serde_json::json;

use super::place::digest;
use crate::args::partner::{Kind, New};
use crate::{Error, Out, keys, place};

/// Longest id in an X12 envelope, and longest code of a warehouse that we make up, in characters.
const EDI_ID_LEN_MAX: usize = 15;

pub(super) fn run(options: &New, out: &Out) -> Result<ExitCode, Error> {
    let id: PartnerId = options
        .partner
        .parse()
        .map_err(|error| Error::Unusable(format!("{:?} is no partner: {error}", options.partner)))?;
    let folder = options.profiles.clone().unwrap_or_else(place::profiles);
    let short: String = id.as_str().chars().filter(char::is_ascii_alphanumeric).take(EDI_ID_LEN_MAX).collect();
    let short = short.to_ascii_uppercase();
    let warehouse = options.warehouse.as_deref().unwrap_or(&short);
    let api_key = matches!(options.kind, Kind::Erp | Kind::Ops).then(keys::new_api_key).transpose()?;
    let text = template(options.kind)
        .replace("{id}", id.as_str())
        .replace("{name}", options.name.as_deref().unwrap_or(id.as_str()))
        .replace("{edi_id}", &short)
        .replace("{warehouse}", warehouse)
        .replace("{api_key_sha256}", &api_key.as_deref().map(digest).unwrap_or_default());
    let path = folder.join(format!("{id}.toml"));
    let mut file = OpenOptions::new().write(true).create_new(true).open(&path).map_err(Error::io("create", &path))?;
    file.write_all(text.as_bytes()).map_err(Error::io("write", &path))?;
    let routed = matches!(options.kind, Kind::Rest3pl | Kind::Edi3pl);
    if routed {
        add_route(&folder, &id, warehouse)?;
    }
    if out.is_json() {
        out.json(&json!({ "partner": id, "file": path, "warehouse": routed.then_some(warehouse), "api_key": api_key }));
        return Ok(ExitCode::SUCCESS);
    }
    out.line(format_args!("Wrote {}.", path.display()));
    if routed {
        out.line(format_args!("Added a route to {HOUSE_FILE}: orders that ask for warehouse {warehouse} go to {id}."));
    }
    if let Some(key) = &api_key {
        out.line(format_args!("Its API key, shown this once: {key}"));
    }
    let secrets = match options.kind {
        Kind::Edi3pl | Kind::Channel | Kind::Ops => String::new(),
        _ => format!("\n  cargo crossdock partner secrets {id}      make the secrets that it needs"),
    };
    out.line(format_args!(
        "Next: edit the lines marked TODO, then, with `cargo crossdock up` running in another terminal:{secrets}
  cargo crossdock partner lint
  cargo crossdock partner apply"
    ));
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn template(kind: Kind) -> &'static str {
    match kind {
        Kind::Rest3pl => include_str!("templates/rest-3pl.toml"),
        Kind::Edi3pl => include_str!("templates/edi-3pl.toml"),
        Kind::Carrier => include_str!("templates/carrier.toml"),
        Kind::Tms => include_str!("templates/tms.toml"),
        Kind::Channel => include_str!("templates/channel.toml"),
        Kind::Erp => include_str!("templates/erp.toml"),
        Kind::Ops => include_str!("templates/ops.toml"),
    }
}

/// Puts a route before all others: it takes only what asks for the warehouse, and another one might take that first.
fn add_route(folder: &Path, id: &PartnerId, warehouse: &str) -> Result<(), Error> {
    let path = folder.join(HOUSE_FILE);
    let text = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
    let route = format!(
        "[[routes]]\nname = \"{warehouse}-when-asked\"\nwhen = {{ asked_warehouse = [\"{warehouse}\"] }}\n\
         warehouse = \"{warehouse}\"\npartner = \"{id}\"\n\n"
    );
    let first = text.lines().take_while(|line| line.trim() != "[[routes]]").map(|line| line.len() + 1).sum::<usize>();
    let (before, after) = text.split_at_checked(first).unwrap_or((text.as_str(), ""));
    let gap = if before.ends_with("\n\n") || before.is_empty() { "" } else { "\n" };
    fs::write(&path, format!("{before}{gap}{route}{after}")).map_err(Error::io("write", &path))
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;
    use crate::profiles;

    #[test]
    fn every_template_makes_a_profile_without_a_mistake() {
        for kind in Kind::value_variants() {
            let folder = tempfile::tempdir().unwrap();
            for entry in fs::read_dir(place::profiles()).unwrap() {
                let path = entry.unwrap().path();
                fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
            }
            let options = New {
                partner: "n-1".to_owned(),
                kind: *kind,
                name: Some("New".to_owned()),
                warehouse: None,
                profiles: Some(folder.path().to_path_buf()),
            };
            let out = Out::new(true);
            run(&options, &out).unwrap();
            let files = profiles::sources(folder.path()).unwrap();
            let bundle = profiles::check(&files, &profiles::variables("http://127.0.0.1:1", "key"));
            let bundle = bundle.unwrap_or_else(|lints| panic!("{kind:?}: {lints:?}"));
            assert!(bundle.partner(&"n-1".parse().unwrap()).is_some());
            let again = run(&options, &out).unwrap_err();
            assert!(again.to_string().contains("create"), "a profile that is there stays as it is: {again}");
        }
    }
}
