//! A Python that is new enough, and virtual environments with pinned packages.

use std::fs::{self, File, TryLockError};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::sleep;

use crate::{Error, scratch, workspace};

/// The names under which a Python that is new enough may be found, the usual one first.
const CANDIDATES: [&str; 5] = ["python3", "python3.11", "python3.12", "python3.13", "python3.14"];

/// How often a lock that another holds is tried again; what it guards takes seconds.
const LOCK_POLL: Duration = Duration::from_millis(100);

/// Installs what `infra/local/<requirements>` lists into `<scratch>/<name>-<hash>` and answers its Python.
///
/// The folder is keyed by the list and the Python, made under another name and moved, and guarded by a lock file, so
/// that tests of several processes can ask for it at once.
pub(crate) async fn environment(
    name: &str,
    requirements: &str,
    progress: &(dyn Fn(&str) + Sync),
) -> Result<PathBuf, Error> {
    let python = find().await?;
    let list = workspace().join("infra/local").join(requirements);
    let content = fs::read_to_string(&list).map_err(Error::io("read", &list))?;
    let mut hasher = DefaultHasher::new();
    (&content, &python).hash(&mut hasher);
    let folder = scratch().join(format!("{name}-{:016x}", hasher.finish()));
    let installed = folder.join("bin/python");
    let stamp = folder.join("complete");
    if stamp.exists() {
        return Ok(installed);
    }

    fs::create_dir_all(scratch()).map_err(Error::io("create", scratch()))?;
    let _lock = alone(&scratch().join(format!("{name}.lock"))).await?;
    if stamp.exists() {
        return Ok(installed);
    }
    progress("making a virtual environment");
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(Error::io("remove", &folder))?;
    }
    let output = run(Command::new(&python).args(["-m", "venv"]).arg(&folder), &python).await?;
    if let Err(output) = output {
        return Err(Error::VenvMissing { output });
    }
    progress(&format!("installing {requirements} into it"));
    let mut pip = Command::new(&installed);
    pip.args(["-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check"]);
    pip.args(["--require-hashes", "-r"]).arg(&list);
    if let Err(output) = run(&mut pip, &installed).await? {
        return Err(Error::Install { requirements: requirements.to_owned(), output });
    }
    File::create(&stamp).map_err(Error::io("create", &stamp))?;
    Ok(installed)
}

/// Waits until nobody else holds the lock file, then holds it. Never blocks the thread: whoever holds it may be another
/// stack that this very thread starts.
async fn alone(path: &Path) -> Result<File, Error> {
    let lock = File::create(path).map_err(Error::io("create", path))?;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::WouldBlock) => sleep(LOCK_POLL).await,
            Err(TryLockError::Error(error)) => return Err(Error::io("lock", path)(error)),
        }
    }
}

/// The path of the first Python that is 3.11 or newer.
async fn find() -> Result<PathBuf, Error> {
    const TELL: &str = "import sys; assert sys.version_info >= (3, 11); print(sys.executable)";
    for candidate in CANDIDATES {
        let found = Command::new(candidate).args(["-c", TELL]).stdin(Stdio::null()).output().await;
        if let Ok(output) = found
            && output.status.success()
        {
            return Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
        }
    }
    Err(Error::PythonMissing)
}

/// Runs a command to its end; inside, what it printed if it failed.
pub(crate) async fn run(command: &mut Command, program: &Path) -> Result<Result<(), String>, Error> {
    let output = command
        .env_remove("PYTHONPATH")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(Error::io("run", program))?;
    if output.status.success() {
        return Ok(Ok(()));
    }
    let both = [output.stdout, output.stderr].concat();
    Ok(Err(String::from_utf8_lossy(&both).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two stacks of one thread, on a machine where nothing is installed yet: the second waits without blocking the first.
    #[tokio::test(flavor = "current_thread")]
    async fn two_stacks_of_one_thread_make_one_environment() {
        let list = scratch().join(format!("no-requirements-{}.txt", std::process::id()));
        fs::create_dir_all(scratch()).unwrap();
        fs::write(&list, format!("# nothing for {}\n", std::process::id())).unwrap();
        let name = format!("empty-{}", std::process::id());
        let make = || environment(&name, list.to_str().unwrap(), &|_| ());
        let (one, other) = tokio::join!(make(), make());
        let python = one.unwrap();
        assert_eq!(python, other.unwrap());
        assert!(python.exists());
        fs::remove_dir_all(python.parent().unwrap().parent().unwrap()).unwrap();
        fs::remove_file(list).unwrap();
        fs::remove_file(scratch().join(format!("{name}.lock"))).unwrap();
    }
}
