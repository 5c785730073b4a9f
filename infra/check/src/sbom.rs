//! The bill of materials: `Cargo.lock` in the form that others' tools read, `CycloneDX` 1.6.
//!
//! It is built from the lock file alone and holds no time and no random number: the same lock file gives the same bytes.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Value, json};

/// What is read of `Cargo.lock`.
#[derive(Deserialize)]
struct Lock {
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    /// Ours have none.
    source: Option<String>,
    /// SHA-256 of the archive that it is unpacked from, in hex.
    checksum: Option<String>,
    /// Names; with the version where there are several of a name.
    #[serde(default)]
    dependencies: Vec<String>,
}

impl Package {
    /// Its package URL, which is its name in the bill.
    fn purl(&self) -> String {
        // Build metadata is part of a version and must be escaped in the address.
        format!("pkg:cargo/{}@{}", self.name, self.version.replace('+', "%2B"))
    }
}

/// Writes `<target>/crossdock/sbom.cdx.json` for the workspace in `root`; where it is.
///
/// # Errors
///
/// The lock file cannot be read, or the bill not be written.
pub(crate) fn write(root: &Path) -> io::Result<PathBuf> {
    let bill = bill(&fs::read_to_string(root.join("Cargo.lock"))?).map_err(io::Error::other)?;
    let folder = local::scratch();
    fs::create_dir_all(&folder)?;
    let path = folder.join("sbom.cdx.json");
    fs::write(&path, format!("{bill:#}\n"))?;
    Ok(path)
}

/// The bill of a lock file.
fn bill(lock: &str) -> Result<Value, toml::de::Error> {
    let lock: Lock = toml::from_str(lock)?;
    let mut by_name: BTreeMap<&str, Vec<&Package>> = BTreeMap::new();
    for package in &lock.package {
        by_name.entry(&package.name).or_default().push(package);
    }
    let named = |dependency: &String| {
        let mut words = dependency.split(' ');
        let (name, version) = (words.next().unwrap_or_default(), words.next());
        let of_name = by_name.get(name).into_iter().flatten();
        of_name.filter(|one| version.is_none_or(|version| one.version == version)).map(|one| one.purl()).next()
    };
    let component = |package: &Package| {
        let hashes: Vec<Value> = package.checksum.iter().map(|sum| json!({"alg": "SHA-256", "content": sum})).collect();
        json!({
            "type": "library",
            "bom-ref": package.purl(),
            "name": package.name,
            "version": package.version,
            "purl": package.purl(),
            "hashes": hashes,
        })
    };
    let (ours, others): (Vec<&Package>, Vec<&Package>) = lock.package.iter().partition(|one| one.source.is_none());
    let depends = |package: &&Package| {
        let on: Vec<String> = package.dependencies.iter().filter_map(named).collect();
        json!({"ref": package.purl(), "dependsOn": on})
    };
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {
            "type": "application",
            "bom-ref": "crossdock",
            "name": "crossdock",
            "components": ours.iter().map(|one| component(one)).collect::<Vec<_>>(),
        }},
        "components": others.iter().map(|one| component(one)).collect::<Vec<_>>(),
        "dependencies": ours.iter().chain(&others).map(depends).collect::<Vec<_>>(),
    }))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Read as lines, not as TOML: name, version and checksum of what comes from elsewhere.
    fn locked(lock: &str) -> BTreeSet<(String, String, String)> {
        let field = |package: &str, name: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(&format!("{name} = \"")).map(str::to_owned));
            line.map(|value| value.trim_end_matches('"').to_owned())
        };
        let packages = lock.split("[[package]]").skip(1);
        packages
            .filter_map(|one| Some((field(one, "name")?, field(one, "version")?, field(one, "checksum")?)))
            .collect()
    }

    #[test]
    fn the_bill_is_the_lock_file() {
        let lock = fs::read_to_string(Path::new(crate::ROOT).join("Cargo.lock")).unwrap();
        let bill = bill(&lock).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let components = bill["components"].as_array().unwrap();
        let billed: BTreeSet<_> = components
            .iter()
            .map(|one| (text(&one["name"]), text(&one["version"]), text(&one["hashes"][0]["content"])))
            .collect();
        let locked = locked(&lock);
        assert!(locked.len() > 100, "{} crates", locked.len());
        assert_eq!(billed, locked);
        assert_eq!(components.len(), locked.len(), "each once");

        // Every line of every list of dependencies leads to something in the bill.
        let known: BTreeSet<String> = lock_refs(&bill);
        let edges: Vec<String> = bill["dependencies"].as_array().unwrap().iter().flat_map(depends_on).collect();
        assert!(edges.iter().all(|edge| known.contains(edge)));
        assert_eq!(edges.len(), lock.lines().filter(|line| line.starts_with(" \"")).count());
    }

    fn depends_on(one: &Value) -> Vec<String> {
        one["dependsOn"].as_array().unwrap().iter().map(|edge| edge.as_str().unwrap().to_owned()).collect()
    }

    fn lock_refs(bill: &Value) -> BTreeSet<String> {
        let ours = bill["metadata"]["component"]["components"].as_array().unwrap();
        let all = ours.iter().chain(bill["components"].as_array().unwrap());
        all.map(|one| one["bom-ref"].as_str().unwrap().to_owned()).collect()
    }
}
