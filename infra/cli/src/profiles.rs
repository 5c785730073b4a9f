//! The sample profiles, from TOML to the bundle that the functions read.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use canonical::Digest;
use edi::Standard;
use formats::mapping::{self, Map, Tailored, WishError};
use formats::webhook::Topic;
use partners::{Bundle, Lint, Profile, SourceFile};
use steps::edi_drop::TAKEN;
use steps::order_release::{ORDER_CANCEL, ORDER_HOLD, ORDER_RELEASE};

use crate::Error;

/// The profiles in a folder: every `*.toml`.
pub fn sources(folder: &Path) -> Result<Vec<SourceFile>, Error> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(Error::io("list", folder))? {
        let path = entry.map_err(Error::io("list", folder))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(SourceFile {
                name: name.to_owned(),
                text: fs::read_to_string(&path).map_err(Error::io("read", &path))?,
            });
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

/// What fills `${NAME}` for a sandbox at `sandbox_url` and an ERP with `erp_api_key`.
pub(crate) fn variables(sandbox_url: &str, erp_api_key: &str) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("SANDBOX_URL".to_owned(), sandbox_url.to_owned()),
        ("ERP_API_KEY_SHA256".to_owned(), Digest::of(erp_api_key.as_bytes()).to_string()),
    ])
}

/// The bundle of `files` for a sandbox at `sandbox_url` and an ERP with `erp_api_key`.
pub fn compile(files: &[SourceFile], folder: &Path, sandbox_url: &str, erp_api_key: &str) -> Result<Bundle, Error> {
    let bundle = check(files, &variables(sandbox_url, erp_api_key));
    bundle.map_err(|lints| Error::Profiles { folder: folder.to_path_buf(), lints })
}

/// The bundle of `files`, or everything that is wrong: in a file, between files, and with what only maps and steps know.
pub(crate) fn check(files: &[SourceFile], variables: &BTreeMap<String, String>) -> Result<Bundle, Vec<Lint>> {
    let bundle = partners::compile(files, variables)?;
    let mut lints = partners::review(&bundle, files, variables);
    for profile in bundle.partners.values() {
        for (key, problem, mend) in lint_maps(profile).into_iter().chain(lint_permits(profile)) {
            lints.extend(partners::lint_at(files, variables, &profile.id, &key, problem, mend));
        }
    }
    if lints.is_empty() { Ok(bundle) } else { Err(lints) }
}

/// What a partner may send that no step takes. `partners` cannot say it, for it knows no step.
fn lint_permits(profile: &Profile) -> Vec<(String, String, String)> {
    let topics = Topic::ALL.iter().map(|topic| topic.as_str());
    let others = [ORDER_RELEASE, ORDER_CANCEL, ORDER_HOLD].into_iter().chain(TAKEN);
    let known: Vec<&str> = topics.chain(others).collect();
    let unknown = profile.permits.sends.iter().filter(|document| !known.contains(&document.name.as_str()));
    unknown
        .map(|document| {
            let mend = format!("name some of {}", known.join(", "));
            ("permits.sends".to_owned(), format!("no step takes {document}"), mend)
        })
        .collect()
}

/// What is wrong with a partner's wishes for maps: key, problem and mend. `partners` cannot say it, for it knows no map.
fn lint_maps(profile: &Profile) -> Vec<(String, String, String)> {
    let lint = |set: &str| {
        let maps: Vec<&Map> =
            [Standard::X12, Standard::Edifact].iter().filter_map(|standard| mapping::find(*standard, set)).collect();
        if maps.is_empty() {
            let known = mapping::all().into_iter().filter_map(|(_, map)| Some(map.ok()?.set().to_owned()));
            let known = known.collect::<Vec<_>>().join(", ");
            return Some(("there is no map for it".to_owned(), format!("there are maps for {known}")));
        }
        let error = maps.iter().find_map(|map| Tailored::new(map, &profile.agreement).err())?;
        let mend = match &error {
            WishError::Overlay(_) => "write lines as shared/formats/maps/README.md explains them",
            WishError::Expression(_) => "write JSONata that makes the canonical document of the one that was read",
        };
        Some((error.to_string(), mend.to_owned()))
    };
    let sets = profile.agreement.maps.keys();
    let problems = sets.filter_map(|set| {
        let (problem, mend) = lint(set)?;
        Some((format!("agreement.maps.{set}"), problem, mend))
    });
    problems.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place;

    #[test]
    fn the_sample_profiles_compile() {
        let folder = place::profiles();
        let files = sources(&folder).unwrap();
        let bundle = compile(&files, &folder, "http://127.0.0.1:1", "key").unwrap();
        assert_eq!(bundle.by_api_key("key").unwrap().id.as_str(), "northwind-erp");
        let roles: Vec<&str> = bundle.partners.values().map(|profile| profile.role.as_str()).collect();
        assert_eq!(roles, ["3pl", "3pl", "erp", "tms", "channel"]);
    }

    #[test]
    fn a_wish_for_a_map_that_does_not_compile_is_told_with_file_key_and_mend() {
        let folder = place::profiles();
        let lints = |wishes: &str| {
            let mut files = sources(&folder).unwrap();
            let file =
                files.iter_mut().find(|file| file.name != "house.toml" && !file.text.contains("[agreement")).unwrap();
            file.text.push_str(wishes);
            let name = file.name.clone();
            let compiled = compile(&files, &folder, "http://127.0.0.1:1", "key");
            (name, compiled.map(|_| ()).map_err(|error| error.to_string()))
        };
        let (_, good) = lints("\n[agreement.maps.944]\noverlay = \"W17\\n  03 receipt_no\"\nexpression = \"$\"\n");
        assert_eq!(good, Ok(()));
        for (wishes, said) in [
            ("[agreement.maps.944]\noverlay = \"W17\\n  nonsense\"", "agreement.maps.944: overlay: line 2: "),
            ("[agreement.maps.DESADV]\nexpression = \"lines[\"", "agreement.maps.DESADV: expression: "),
            (
                "[agreement.maps.945X]\nexpression = \"$\"",
                "agreement.maps.945X: there is no map for it; there are maps for 180, ",
            ),
        ] {
            let (file, wrong) = lints(&format!("\n{wishes}\n"));
            let wrong = wrong.unwrap_err();
            assert!(wrong.contains(&file) && wrong.contains(said), "{wrong}");
            assert!(wrong.contains(&format!("{file}:")), "the line is told: {wrong}");
        }
    }
}
