//! Where profiles come from and where they go: a folder of files, and a deployment's store.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use aws::{Applied, Operations, OperationsConfig};
use canonical::Digest;
use partners::{Bundle, Lint, SourceFile};

use crate::args::partner::{At, Source};
use crate::world::SECRETS_PREFIX;
use crate::{Error, RunningStack, place, profiles};

/// Profiles in a folder, with what fills their `${NAME}`.
pub(super) struct Files {
    pub(super) folder: PathBuf,
    pub(super) sources: Vec<SourceFile>,
    pub(super) variables: BTreeMap<String, String>,
}

impl Files {
    /// The folder that is asked for. What the local stack knows is filled; where none runs, something that fits.
    pub(super) fn read(source: &Source, stack: Option<&RunningStack>) -> Result<Self, Error> {
        let folder = source.profiles.clone().unwrap_or_else(place::profiles);
        let sources = profiles::sources(&folder)?;
        let sandbox = stack.map_or("http://127.0.0.1:1", |stack| stack.sandbox_url.as_str());
        let key = stack.map_or("", |stack| stack.erp_api_key.as_str());
        let mut variables = profiles::variables(sandbox, key);
        for (name, value) in &source.set {
            variables.insert(name.clone(), value.clone());
        }
        Ok(Self { folder, sources, variables })
    }

    /// For a deployment on AWS: nothing is filled but what is given.
    pub(super) fn read_for_aws(source: &Source) -> Result<Self, Error> {
        let folder = source.profiles.clone().unwrap_or_else(place::profiles);
        let sources = profiles::sources(&folder)?;
        Ok(Self { folder, sources, variables: source.set.iter().cloned().collect() })
    }

    /// The bundle, or everything that is wrong.
    pub(super) fn compile(&self) -> Result<Bundle, Vec<Lint>> {
        profiles::check(&self.sources, &self.variables)
    }

    /// The bundle; what is wrong is an error.
    pub(super) fn bundle(&self) -> Result<Bundle, Error> {
        self.compile().map_err(|lints| Error::Profiles { folder: self.folder.clone(), lints })
    }
}

/// A deployment's store of bundles and secrets.
pub(super) struct Store {
    pub(super) operations: Operations,
    /// The local stack, if it is one.
    pub(super) stack: Option<RunningStack>,
    /// What stands before a secret's name, if it is known.
    pub(super) secrets_prefix: Option<String>,
}

impl Store {
    /// The bucket that is named, or else the local stack.
    pub(super) async fn find(data: Option<&Path>, at: &At) -> Result<Self, Error> {
        let Some(bucket) = &at.bucket else {
            let stack = RunningStack::find(data)?;
            let operations = stack.operations().await;
            return Ok(Self { operations, stack: Some(stack), secrets_prefix: Some(SECRETS_PREFIX.to_owned()) });
        };
        let operations = Operations::new(OperationsConfig {
            endpoint: None,
            region: at.region.clone().unwrap_or_else(|| "us-east-1".to_owned()),
            credentials: None,
            outputs: BTreeMap::from([("ArchiveBucket".to_owned(), bucket.clone())]),
        });
        Ok(Self { operations: operations.await, stack: None, secrets_prefix: at.secrets_prefix.clone() })
    }

    pub(super) fn files(&self, source: &Source) -> Result<Files, Error> {
        match &self.stack {
            Some(stack) => Files::read(source, Some(stack)),
            None => Files::read_for_aws(source),
        }
    }

    /// What is in force.
    pub(super) async fn applied(&self) -> Result<Applied, Error> {
        let none = || Error::Unusable("no profiles are in force yet: publish them with `partner apply`".to_owned());
        self.operations.applied().await?.ok_or_else(none)
    }

    /// The secrets that the bundle's partners need and that the store has not, each as a problem with its mend.
    pub(super) async fn missing_secrets(&self, bundle: &Bundle, files: &Files) -> Result<Vec<Lint>, Error> {
        let Some(prefix) = &self.secrets_prefix else { return Ok(Vec::new()) };
        let mut lints = Vec::new();
        for profile in bundle.partners.values() {
            for name in profile.secrets() {
                if !self.operations.has_secret(&profile.id, name, prefix).await? {
                    let key = if name == "webhook-in" { "auth.signature" } else { "endpoint" };
                    let problem = format!("its secret {}/{name} is not in the store", profile.id);
                    let mend = match self.stack {
                        Some(_) => format!("make it: cargo crossdock partner secrets {}", profile.id),
                        None => format!("put it into Secrets Manager as {prefix}{}/{name}", profile.id),
                    };
                    let placed = partners::lint_at(&files.sources, &files.variables, &profile.id, key, problem, mend);
                    lints.extend(placed);
                }
            }
        }
        Ok(lints)
    }
}

/// The digest of a new key, for a profile.
pub(super) fn digest(key: &str) -> String {
    Digest::of(key.as_bytes()).to_string()
}
