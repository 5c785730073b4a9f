//! Builds the functions and lays their folders.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use crate::{Error, FUNCTIONS, workspace};

/// Cargo's target directory, as the running cargo sees it.
pub(crate) fn target_dir() -> PathBuf {
    // A relative path is relative to where cargo was called, which a test is not told: then it is the default.
    std::env::var_os("CARGO_TARGET_DIR")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .unwrap_or_else(|| workspace().join("target"))
}

/// The bootstraps' architecture in the template's words.
pub(crate) fn architecture() -> &'static str {
    if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" }
}

/// How functions are built.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Profile {
    /// As tests are: cargo's dev profile, which shares its dependencies with everything else.
    Dev,
    /// Optimised: cargo's release profile. What is deployed to AWS is optimised across crates besides, which takes
    /// minutes for each function.
    Release,
}

/// Builds all functions and lays `<scratch>/build/<name>/bootstrap` for each, or `<scratch>/build-release/...`. The
/// folder of folders.
///
/// # Errors
///
/// [`Error::CompilerMissing`] and [`Error::Build`] with what cargo said.
pub async fn functions(profile: Profile, progress: &(dyn Fn(&str) + Sync)) -> Result<PathBuf, Error> {
    progress("building the functions");
    let (arguments, folder, kept): (Vec<&str>, _, _) = match profile {
        // As everything else is built: another choice of packages is another choice of features, and the dependencies
        // would be built twice.
        Profile::Dev => (vec!["--workspace", "--bins"], "debug", "build"),
        Profile::Release => {
            let named = FUNCTIONS.into_iter().flat_map(|name| ["--package", name]);
            (std::iter::once("--release").chain(named).collect(), "release", "build-release")
        }
    };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut child = Command::new(&cargo)
        .args(["build", "--locked", "--color", "never"])
        .args(arguments)
        .current_dir(workspace())
        .env("CARGO_TARGET_DIR", target_dir())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(Error::io("run", &cargo))?;
    let mut output = String::new();
    if let Some(told) = child.stderr.take() {
        let mut lines = BufReader::new(told).lines();
        while let Some(line) = lines.next_line().await.map_err(Error::io("read from", &cargo))? {
            if line.trim_start().starts_with("Compiling ") {
                progress(line.trim());
            } else {
                output.push_str(&line);
                output.push('\n');
            }
        }
    }
    if !child.wait().await.map_err(Error::io("run", &cargo))?.success() {
        return Err(if output.contains("linker") && output.contains("not found") {
            Error::CompilerMissing { output }
        } else {
            Error::Build { output }
        });
    }
    let build = crate::scratch().join(kept);
    for name in FUNCTIONS {
        let binary = target_dir().join(folder).join(name);
        lay(&binary, &build.join(name)).await?;
    }
    Ok(build)
}

/// Copies a binary, without its symbols where the compiler's tools are at hand: a fifth of the size to package. A copy
/// that is newer than the binary is kept.
async fn lay(binary: &Path, folder: &Path) -> Result<(), Error> {
    // Stacks may be started side by side, in one process too.
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    let bootstrap = folder.join("bootstrap");
    let changed = |path: &Path| fs::metadata(path).and_then(|found| found.modified());
    let built = changed(binary).map_err(Error::io("read", binary))?;
    if changed(&bootstrap).is_ok_and(|laid| laid > built) {
        return Ok(());
    }
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let fresh = folder.join(format!("bootstrap.{}-{number}", std::process::id()));
    let stripped = Command::new("strip").arg("-o").arg(&fresh).arg(binary).stderr(Stdio::null()).status().await;
    if !stripped.is_ok_and(|status| status.success()) {
        fs::copy(binary, &fresh).map_err(Error::io("copy", binary))?;
    }
    fs::rename(&fresh, &bootstrap).map_err(Error::io("write", &bootstrap))
}
