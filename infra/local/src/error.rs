use std::io;
use std::path::{Path, PathBuf};

/// What can keep the local stack from starting or stopping. Each message says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No Python that is new enough.
    #[error(
        "Python 3.11 or newer is needed for the local stack and was not found: install it (`apt install python3 python3-venv`, `brew install python`)"
    )]
    PythonMissing,
    /// A Python without the module that makes virtual environments.
    #[error("Python cannot make a virtual environment: install its venv module (`apt install python3-venv`)\n{output}")]
    VenvMissing {
        /// What Python said.
        output: String,
    },
    /// The emulator could not be installed.
    #[error("installing {requirements} failed; the package registry must be reachable\n{output}")]
    Install {
        /// The list of pinned packages.
        requirements: String,
        /// What pip said.
        output: String,
    },
    /// No linker.
    #[error(
        "a C compiler is needed to link the functions: install one (`apt install build-essential`, `xcode-select --install`)\n{output}"
    )]
    CompilerMissing {
        /// What cargo said.
        output: String,
    },
    /// The functions do not build.
    #[error("the functions do not build\n{output}")]
    Build {
        /// What cargo said.
        output: String,
    },
    /// Another process listens on the port.
    #[error("port {port} is in use: stop what listens there, or choose another port")]
    PortInUse {
        /// The port.
        port: u16,
    },
    /// Data holds addresses with the port it was made with.
    #[error("the data in {data_dir} belongs to port {port}: start without a port, or with another data directory")]
    OtherPort {
        /// The data directory.
        data_dir: PathBuf,
        /// The port of its first start.
        port: u16,
    },
    /// Another stack runs on the data.
    #[error("the data in {data_dir} is in use by another local stack: stop that one first")]
    DataInUse {
        /// The data directory.
        data_dir: PathBuf,
    },
    /// The emulator ended or did not answer.
    #[error("the emulator did not start; its log is {log}\n{tail}")]
    Emulator {
        /// The whole log.
        log: PathBuf,
        /// Its last lines.
        tail: String,
    },
    /// The template could not be deployed.
    #[error("deploying template.yaml failed: {reason}; the emulator's log is {log}")]
    Deploy {
        /// What the emulator said.
        reason: String,
        /// The emulator's log.
        log: PathBuf,
    },
    /// A template that `CloudFormation` would not expand.
    #[error("the template cannot be expanded: {reason}")]
    Expand {
        /// What the transform said.
        reason: String,
    },
    /// The lock file holds what `deny.toml` does not let in.
    #[error("cargo-deny finds fault with Cargo.lock\n{findings}")]
    Deny {
        /// The findings.
        findings: String,
    },
    /// The template breaks a rule of a scanner.
    #[error("{scanner} finds fault with template.yaml\n{findings}")]
    Lint {
        /// Which one.
        scanner: &'static str,
        /// The findings.
        findings: String,
    },
    /// The emulator had to be killed: its latest writes are lost.
    #[error("the emulator did not save its state within {seconds} s and was killed; what it wrote last is lost")]
    NotSaved {
        /// How long it was waited for.
        seconds: u64,
    },
    /// A file or process could not be used.
    #[error("{action} {}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl Error {
    pub(crate) fn io(action: &'static str, path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        let path = path.as_ref().to_path_buf();
        move |source| Self::Io { action, path, source }
    }
}
