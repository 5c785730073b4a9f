//! What a running stack tells of itself, so that other commands find it.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use aws::{Operations, OperationsConfig};
use serde::{Deserialize, Serialize};

use crate::{Error, place};

const FILE_NAME: &str = "stack.json";

/// A running stack.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunningStack {
    /// The process that runs it.
    pub pid: u32,
    /// Where AWS calls go.
    pub endpoint: String,
    /// The region to sign for.
    pub region: String,
    /// Access key of the stack's root.
    pub access_key: String,
    /// Its secret.
    pub secret_key: String,
    /// Where the HTTP API answers.
    pub api_url: String,
    /// Where the sample partners listen.
    pub sandbox_url: String,
    /// The sample ERP's API key.
    pub erp_api_key: String,
    /// Where the state lies.
    pub data_dir: PathBuf,
    /// The outputs of the template.
    pub outputs: BTreeMap<String, String>,
}

impl RunningStack {
    /// The stack that runs, by the file in `folder`, or else in the workspace.
    pub fn find(folder: Option<&Path>) -> Result<Self, Error> {
        let path = path(folder);
        let Ok(text) = fs::read_to_string(&path) else {
            return Err(Error::NoStack);
        };
        let found: Self = serde_json::from_str(&text).map_err(Error::json(path.display().to_string()))?;
        if is_alive(found.pid) { Ok(found) } else { Err(Error::NoStack) }
    }

    /// Writes the file, readable for its owner alone: it holds keys.
    pub fn announce(&self, folder: Option<&Path>) -> Result<(), Error> {
        let path = path(folder);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(Error::io("create", parent))?;
        }
        let text = serde_json::to_string_pretty(self).map_err(Error::json("the stack's state"))?;
        // Written anew: an old file may be readable for others.
        let _ = fs::remove_file(&path);
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(Error::io("write", &path))?;
        file.write_all(text.as_bytes()).map_err(Error::io("write", &path))
    }

    /// Removes the file, if it is still that of this stack.
    pub fn withdraw(&self, folder: Option<&Path>) {
        let path = path(folder);
        let own = fs::read_to_string(&path)
            .ok()
            .and_then(|text| serde_json::from_str::<Self>(&text).ok())
            .is_some_and(|found| found.pid == self.pid);
        if own {
            // If it stays, its process is not alive and nobody is misled.
            let _ = fs::remove_file(&path);
        }
    }

    /// The deployment as operators see it.
    pub async fn operations(&self) -> Operations {
        Operations::new(OperationsConfig {
            endpoint: Some(self.endpoint.clone()),
            region: self.region.clone(),
            credentials: Some((self.access_key.clone(), self.secret_key.clone())),
            outputs: self.outputs.clone(),
        })
        .await
    }
}

fn path(folder: Option<&Path>) -> PathBuf {
    folder.map_or_else(place::state, Path::to_path_buf).join(FILE_NAME)
}

/// Whether a process runs. Where that cannot be seen, it is believed to.
fn is_alive(pid: u32) -> bool {
    let proc = Path::new("/proc");
    !proc.join("self").exists() || proc.join(pid.to_string()).exists()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn stack(pid: u32) -> RunningStack {
        RunningStack {
            pid,
            endpoint: "http://127.0.0.1:1".to_owned(),
            region: "r".to_owned(),
            access_key: "a".to_owned(),
            secret_key: "s".to_owned(),
            api_url: "u".to_owned(),
            sandbox_url: "s".to_owned(),
            erp_api_key: "k".to_owned(),
            data_dir: PathBuf::new(),
            outputs: BTreeMap::new(),
        }
    }

    #[test]
    fn a_stack_is_found_while_its_process_lives_and_keeps_its_keys_to_itself() {
        let folder = tempfile::tempdir().unwrap();
        let at = Some(folder.path());
        assert!(matches!(RunningStack::find(at), Err(Error::NoStack)));
        let own = stack(std::process::id());
        own.announce(at).unwrap();
        own.announce(at).unwrap();
        assert_eq!(RunningStack::find(at).unwrap().erp_api_key, "k");
        let mode = fs::metadata(folder.path().join(FILE_NAME)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        stack(1).withdraw(at);
        assert!(RunningStack::find(at).is_ok(), "another stack's file stays");
        own.withdraw(at);
        assert!(matches!(RunningStack::find(at), Err(Error::NoStack)));
        stack(u32::MAX).announce(at).unwrap();
        assert!(matches!(RunningStack::find(at), Err(Error::NoStack)), "a dead process runs no stack");
    }
}
