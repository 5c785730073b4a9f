//! The files of a command, one after the other.

use std::fs::{self, File};
use std::io::{self, IsTerminal as _, Read};
use std::path::{Path, PathBuf};

use super::Status;
use crate::args::edi::Files;
use crate::{Error, Out};

/// From this size on, bytes, somebody who watches is told what is being read.
const LONG: u64 = 4 * MEGABYTE;
const MEGABYTE: u64 = 1_000_000;
/// From this number of files on likewise.
const MANY: usize = 20;

/// Bytes read at once.
const CHUNK_LEN: usize = 256 * 1024;

/// One file, read.
pub(super) struct Input {
    /// As it was given; `-` is standard input.
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

/// One file, not read yet.
pub(super) struct Source<'o> {
    /// As it was given; `-` is standard input.
    pub(super) name: String,
    /// `None` is standard input.
    path: Option<PathBuf>,
    /// Where it stands among the others, for those who watch: `3 of 20: `.
    nth: String,
    out: &'o Out,
}

/// Reads one file after the other and has something done with each: see [`each_source`].
pub(super) fn each(
    files: &Files,
    out: &Out,
    mut work: impl FnMut(&Input) -> Result<Status, Error>,
) -> Result<Status, Error> {
    each_source(files, out, |source| {
        let mut bytes = Vec::new();
        source.chunks(|chunk| {
            bytes.extend_from_slice(chunk);
            Ok(())
        })?;
        work(&Input { name: source.name.clone(), bytes })
    })
}

/// Has something done with one file after the other. A file that cannot be read, or with which it cannot be done, is named
/// on stderr, and the others follow. The worst of all.
pub(super) fn each_source(
    files: &Files,
    out: &Out,
    mut work: impl FnMut(&Source<'_>) -> Result<Status, Error>,
) -> Result<Status, Error> {
    let mut worst = Status::Accepted;
    let failed = |error: &Error, out: &Out| {
        out.aside(format_args!("error: {}", error.chain()));
        Status::Failed
    };
    let paths = paths(files, |error| worst = worst.max(failed(error, out)));
    let (count, any) = (paths.len(), !paths.is_empty());
    for (index, path) in paths.into_iter().enumerate() {
        let name = path.as_ref().map_or_else(|| "-".to_owned(), |path| path.display().to_string());
        let nth = if count == 1 { String::new() } else { format!("{} of {count}: ", index + 1) };
        let source = Source { name, path, nth, out };
        if count >= MANY {
            source.watched(0);
        }
        worst = worst.max(work(&source).unwrap_or_else(|error| failed(&error, out)));
    }
    out.progress_done();
    if !any && worst == Status::Accepted {
        return Err(Error::Unusable("there is no file in what was given".to_owned()));
    }
    Ok(worst)
}

impl Source<'_> {
    /// Shows all its bytes, some at a time. Those who watch are told how far it is.
    pub(super) fn chunks(&self, mut show: impl FnMut(&[u8]) -> Result<(), Error>) -> Result<(), Error> {
        let mut from: Box<dyn Read> = if let Some(path) = &self.path {
            Box::new(File::open(path).map_err(unreadable(path))?)
        } else {
            if io::stdin().is_terminal() {
                self.out.aside("reading standard input, up to Ctrl-D");
            }
            Box::new(io::stdin().lock())
        };
        let (mut chunk, mut told) = (vec![0; CHUNK_LEN], 0);
        let mut at: u64 = 0;
        loop {
            let len = match from.read(&mut chunk) {
                Ok(0) => return Ok(()),
                Ok(len) => len,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    return Err(unreadable(self.path.as_deref().unwrap_or(Path::new("standard input")))(error));
                }
            };
            show(chunk.get(..len).unwrap_or_default())?;
            at += len as u64;
            if at / LONG > told {
                told = at / LONG;
                self.watched(at);
            }
        }
    }

    /// The file for another look at some of it; `None` where bytes come once: standard input, and pipes.
    pub(super) fn again(&self) -> Option<File> {
        let path = self.path.as_ref().filter(|path| path.is_file())?;
        File::open(path).ok()
    }

    /// Says how many bytes are read.
    fn watched(&self, at: u64) {
        let name = if self.path.is_some() { &self.name } else { "standard input" };
        let whole = self.path.as_ref().and_then(|path| fs::metadata(path).ok()).map_or(0, |about| about.len());
        let of = if whole > at { format!(" of {}", whole / MEGABYTE) } else { String::new() };
        let far = if at > 0 { format!(", {}{of} MB", at / MEGABYTE) } else { String::new() };
        self.out.waits(&format!("{}{name}{far}", self.nth));
    }
}

/// Why a file cannot be read, and what to do about it.
fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> Error {
    move |error| {
        let why = match error.kind() {
            io::ErrorKind::NotFound => "there is no such file: see how it is spelled, and from which folder",
            io::ErrorKind::PermissionDenied => "you may not read it: see its owner and mode with `ls -l`",
            _ => return Error::io("read", path)(error),
        };
        Error::Unusable(format!("{} cannot be read: {why}", path.display()))
    }
}

/// What was given, folders opened; `None` is standard input.
fn paths(files: &Files, mut failed: impl FnMut(&Error)) -> Vec<Option<PathBuf>> {
    if files.files.is_empty() {
        return vec![None];
    }
    let mut found = Vec::new();
    for path in &files.files {
        if path.as_os_str() == "-" {
            found.push(None);
        } else if path.is_dir() {
            if let Err(error) = below(path, &mut found) {
                failed(&error);
            }
        } else {
            found.push(Some(path.clone()));
        }
    }
    found
}

/// All files below a folder in the order of their names; hidden ones, and links to folders, are left out.
fn below(folder: &Path, found: &mut Vec<Option<PathBuf>>) -> Result<(), Error> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
        .map_err(Error::io("read the folder", folder))?;
    entries.sort();
    let hidden = |path: &Path| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    for path in entries.into_iter().filter(|path| !hidden(path)) {
        if path.is_file() {
            found.push(Some(path));
        } else if path.is_dir() && !path.is_symlink() {
            below(&path, found)?;
        }
    }
    Ok(())
}
