//! `crossdock edi`: what can be done with EDI files alone. Nothing here asks a stack.
//!
//! A command takes one file after the other ([`input`]), and says of each how it stands ([`Status`]); the exit status is
//! that of the worst.

mod ack;
mod check;
mod explain;
mod input;
mod json;
mod report;
mod shown;
mod split;
mod spool;
mod write;

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use crate::args::edi::Edi;
use crate::{Error, Out};

/// How a file stands, the worst last; the number is the exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Status {
    Accepted = 0,
    Rejected = 1,
    NotEdi = 2,
    /// The file was not read, or what it asks for not done.
    Failed = 3,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status as u8)
    }
}

/// Carries out a command; the exit status.
pub(super) fn run(command: &Edi, out: &Out) -> Result<ExitCode, Error> {
    let status = match command {
        Edi::Check(options) => check::run(options, out),
        Edi::Split(options) => split::run(options, out),
        Edi::Explain(input) => explain::run(input, out),
        Edi::Ack(options) => ack::run(options, out),
        Edi::Json(input) => json::run(input, out),
        Edi::Write(options) => write::run(options, out),
    }?;
    Ok(status.into())
}

/// Writes a result to a file that is not there yet, or may be overwritten; without a path to standard output.
fn put(bytes: &[u8], path: Option<&Path>, force: bool, out: &Out) -> Result<(), Error> {
    let Some(path) = path else {
        out.bytes(bytes);
        return Ok(());
    };
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).create_new(!force);
    let mut file = options.open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => exists(path),
        _ => Error::io("write", path)(error),
    })?;
    file.write_all(bytes).map_err(Error::io("write", path))
}

fn exists(path: &Path) -> Error {
    Error::Unusable(format!("{} is there already: give another --out, or --force to overwrite it", path.display()))
}
