//! Where things lie in the workspace.

use std::fs;
use std::path::PathBuf;

use crate::Error;

/// The folder with `Cargo.toml`, `events/` and `infra/`.
pub(crate) fn workspace() -> PathBuf {
    let mut folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    folder.pop();
    folder.pop();
    folder
}

/// The sample profiles.
pub(crate) fn profiles() -> PathBuf {
    workspace().join("infra/partners")
}

/// Where a running stack tells of itself.
pub(crate) fn state() -> PathBuf {
    workspace().join(".crossdock")
}

/// A file in `events/`, such as `S1/order-release.json`.
pub(crate) fn event(name: &str) -> Result<String, Error> {
    let path = workspace().join("events").join(name);
    fs::read_to_string(&path).map_err(Error::io("read", &path))
}
