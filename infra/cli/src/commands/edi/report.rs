//! What becomes of a file, and with which exit status.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};

use edi::Document;
use edi::guide::{Guide, GuideError, Guides, Overlay};
use edi::report::{self, Decision};
use edi::verdict::{self, InterchangeVerdict};

use super::Status;
use crate::Error;
use crate::args::edi::Deviations;

/// A file's verdicts.
pub(super) struct Report {
    /// Of each interchange, in order.
    pub(super) verdicts: Vec<InterchangeVerdict>,
    /// One for each thing that is decided on.
    pub(super) lines: Vec<report::Report>,
}

impl Report {
    pub(super) fn of(document: &Document<'_>) -> Self {
        Self::with(document, Guides::built_in())
    }

    pub(super) fn with(document: &Document<'_>, guides: &Guides) -> Self {
        let decide = |interchange| verdict::interchange(interchange, guides);
        let verdicts: Vec<InterchangeVerdict> = document.interchanges.iter().map(decide).collect();
        let lines = report::lines(document, &verdicts);
        Self { verdicts, lines }
    }

    pub(super) fn status(&self) -> Status {
        self.lines.iter().map(status_of).max().unwrap_or(Status::NotEdi)
    }
}

/// How what a report is about stands.
pub(super) fn status_of(report: &report::Report) -> Status {
    match report.verdict {
        Decision::Accept | Decision::AcceptNote => Status::Accepted,
        Decision::RejectSet | Decision::RejectGroup | Decision::RejectInterchange => Status::Rejected,
        Decision::Quarantine => Status::NotEdi,
    }
}

/// The guides that come with the reader, with what a partner agreed on.
pub(super) fn guides(deviations: &Deviations) -> Result<Cow<'static, Guides>, Error> {
    let mut guides = Cow::Borrowed(Guides::built_in());
    let (mut own, mut overlays) = (Vec::new(), Vec::new());
    for path in &deviations.guide {
        let files = if path.is_dir() { definitions(path)? } else { vec![path.clone()] };
        let (elements, segments) = (path.join(ELEMENTS), path.join(SEGMENTS));
        let beside = |file: &Path| if file.is_file() { read(file) } else { Ok(String::new()) };
        let (of_elements, of_segments) = (beside(&elements)?, beside(&segments)?);
        for file in files {
            let text = read(&file)?;
            if !is_set(&text) {
                overlays.push((text, file));
                continue;
            }
            own.push(Guide::own(&text, &of_elements, &of_segments).map_err(|error| {
                let file = match error.part {
                    "elements" => &elements,
                    "segments" => &segments,
                    _ => &file,
                };
                unusable(file, &error)
            })?);
        }
    }
    if !own.is_empty() {
        guides = Cow::Owned(guides.with_own(own));
    }
    if let Some(path) = &deviations.overlay {
        overlays.push((read(path)?, path.clone()));
    }
    for (text, file) in overlays {
        let deviating = text.parse().and_then(|overlay: Overlay| guides.with_overlay(&overlay));
        guides = Cow::Owned(deviating.map_err(|error| unusable(&file, &error))?);
    }
    Ok(guides)
}

/// Names of the files of a folder that hold what its sets share.
const ELEMENTS: &str = "elements.txt";
const SEGMENTS: &str = "segments.txt";

/// The files of a folder that each are a definition of a set, or deviations.
fn definitions(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = fs::read_dir(folder).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    let mut files: Vec<PathBuf> = entries.map_err(Error::io("list", folder))?;
    let hidden = |file: &Path| file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    let shared = |file: &Path| file.ends_with(ELEMENTS) || file.ends_with(SEGMENTS);
    files.retain(|file| file.extension().is_some_and(|it| it == "txt") && !hidden(file) && !shared(file));
    files.sort();
    if files.is_empty() {
        let what = "a file for each set, such as 945.txt, or with deviations, such as acme.txt";
        return Err(Error::Unusable(format!("{} holds no guide: put {what}, into it", folder.display())));
    }
    Ok(files)
}

/// Whether a text is the definition of a set: its first line that says something begins so.
fn is_set(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.next().is_some_and(|line| line.split_whitespace().next() == Some("set"))
}

fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(Error::io("read", path))
}

fn unusable(path: &Path, error: &GuideError) -> Error {
    Error::Unusable(format!("{}: {error}", path.display()))
}
