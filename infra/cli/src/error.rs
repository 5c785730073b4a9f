//! What can go wrong, each time with what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use partners::Lint;

/// A command that could not be carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No stack runs that could be asked.
    #[error(
        "no stack is running: start one with `cargo crossdock up` (in another terminal), or `cargo demo -- --keep`"
    )]
    NoStack,
    /// The local stack did not start or stop.
    #[error(transparent)]
    Stack(#[from] local::Error),
    /// The deployment did not do what it was asked.
    #[error(transparent)]
    Deployment(#[from] ports::Fault),
    /// The profiles have mistakes.
    #[error("the profiles in {} have mistakes:\n{}", folder.display(), lines(lints))]
    Profiles {
        /// Where they lie.
        folder: PathBuf,
        /// Every mistake.
        lints: Vec<Lint>,
    },
    /// The API refused a request.
    #[error("the API answered {status}: {answer}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// What it said.
        answer: String,
    },
    /// Something did not happen in time.
    #[error("waited {seconds} s in vain for this: {what}")]
    Late {
        /// What was waited for.
        what: String,
        /// How long.
        seconds: u64,
    },
    /// A file could not be used.
    #[error("{action} {}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Something that was given, or found, is not as it must be.
    #[error("{0}")]
    Unusable(String),
    /// JSON that cannot be read.
    #[error("{what} is not readable")]
    Json {
        /// What.
        what: String,
        /// Why not.
        source: serde_json::Error,
    },
}

fn lines(lints: &[Lint]) -> String {
    lints.iter().map(|lint| format!("  {lint}")).collect::<Vec<_>>().join("\n")
}

impl Error {
    /// For `map_err` on operations with files.
    pub(crate) fn io(action: &'static str, path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        let path = path.as_ref().to_path_buf();
        move |source| Self::Io { action, path, source }
    }

    /// For `map_err` on JSON.
    pub(crate) fn json(what: impl Into<String>) -> impl FnOnce(serde_json::Error) -> Self {
        let what = what.into();
        move |source| Self::Json { what, source }
    }

    /// The error and everything behind it, one cause a line.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut next = std::error::Error::source(self);
        while let Some(cause) = next {
            let line = cause.to_string();
            if !text.ends_with(&line) {
                text.push_str("\n  because: ");
                text.push_str(&line);
            }
            next = cause.source();
        }
        text
    }
}
