//! The sample profiles, from TOML to the bundle that the functions read.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use canonical::Digest;
use partners::{Bundle, SourceFile};

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

/// The bundle of `files` for a sandbox at `sandbox_url` and an ERP with `erp_api_key`.
pub fn compile(files: &[SourceFile], folder: &Path, sandbox_url: &str, erp_api_key: &str) -> Result<Bundle, Error> {
    let variables = BTreeMap::from([
        ("SANDBOX_URL".to_owned(), sandbox_url.to_owned()),
        ("ERP_API_KEY_SHA256".to_owned(), Digest::of(erp_api_key.as_bytes()).to_string()),
    ]);
    partners::compile(files, &variables).map_err(|lints| Error::Profiles { folder: folder.to_path_buf(), lints })
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
}
