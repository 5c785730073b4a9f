//! The files of a command, one after the other.

use std::fs;
use std::io::{self, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};

use super::Status;
use crate::args::edi::Files;
use crate::{Error, Out};

/// From this size on, bytes, somebody who watches is told what is being read.
const LONG: u64 = 4 * 1024 * 1024;
/// From this number of files on likewise.
const MANY: usize = 20;

/// One file, read.
pub(super) struct Input {
    /// As it was given; `-` is standard input.
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

enum Source {
    Stdin,
    File(PathBuf),
}

/// Reads one file after the other and has something done with each. A file that cannot be read, or with which it cannot
/// be done, is named on stderr, and the others follow. The worst of all.
pub(super) fn each(
    files: &Files,
    out: &Out,
    mut work: impl FnMut(&Input) -> Result<Status, Error>,
) -> Result<Status, Error> {
    let mut worst = Status::Accepted;
    let failed = |error: &Error, out: &Out| {
        out.aside(format_args!("error: {}", error.chain()));
        Status::Failed
    };
    let sources = sources(files, |error| worst = worst.max(failed(error, out)));
    let many = sources.len() >= MANY;
    for (index, source) in sources.iter().enumerate() {
        let long = matches!(source, Source::File(path) if fs::metadata(path).is_ok_and(|about| about.len() >= LONG));
        if many || long {
            out.waits(&format!("{} of {}: {}", index + 1, sources.len(), name(source)));
        }
        let done = read(source, out).and_then(|input| work(&input));
        worst = worst.max(done.unwrap_or_else(|error| failed(&error, out)));
    }
    out.progress_done();
    if sources.is_empty() && worst == Status::Accepted {
        return Err(Error::Unusable("there is no file in what was given".to_owned()));
    }
    Ok(worst)
}

fn name(source: &Source) -> String {
    match source {
        Source::Stdin => "-".to_owned(),
        Source::File(path) => path.display().to_string(),
    }
}

fn sources(files: &Files, mut failed: impl FnMut(&Error)) -> Vec<Source> {
    if files.files.is_empty() {
        return vec![Source::Stdin];
    }
    let mut found = Vec::new();
    for path in &files.files {
        if path.as_os_str() == "-" {
            found.push(Source::Stdin);
        } else if path.is_dir() {
            if let Err(error) = below(path, &mut found) {
                failed(&error);
            }
        } else {
            found.push(Source::File(path.clone()));
        }
    }
    found
}

/// All files below a folder in the order of their names; hidden ones, and links to folders, are left out.
fn below(folder: &Path, found: &mut Vec<Source>) -> Result<(), Error> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
        .map_err(Error::io("read the folder", folder))?;
    entries.sort();
    let hidden = |path: &Path| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    for path in entries.into_iter().filter(|path| !hidden(path)) {
        if path.is_file() {
            found.push(Source::File(path));
        } else if path.is_dir() && !path.is_symlink() {
            below(&path, found)?;
        }
    }
    Ok(())
}

fn read(source: &Source, out: &Out) -> Result<Input, Error> {
    let name = name(source);
    let bytes = match source {
        Source::File(path) => fs::read(path).map_err(|error| {
            let why = match error.kind() {
                io::ErrorKind::NotFound => "there is no such file: see how it is spelled, and from which folder",
                io::ErrorKind::PermissionDenied => "you may not read it: see its owner and mode with `ls -l`",
                _ => return Error::io("read", path)(error),
            };
            Error::Unusable(format!("{} cannot be read: {why}", path.display()))
        })?,
        Source::Stdin => {
            if io::stdin().is_terminal() {
                out.aside("reading standard input, up to Ctrl-D");
            }
            let mut bytes = Vec::new();
            io::stdin().lock().read_to_end(&mut bytes).map_err(Error::io("read", "standard input"))?;
            bytes
        }
    };
    Ok(Input { name, bytes })
}
