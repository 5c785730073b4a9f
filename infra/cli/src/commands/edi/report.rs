//! What becomes of a file, and with which exit status.

use std::borrow::Cow;
use std::fs;
use std::path::Path;

use edi::guide::{Guides, Overlay};
use edi::report::{self, Decision};
use edi::verdict::{self, InterchangeVerdict};
use edi::{Document, Finding, Standard};

use super::Status;
use crate::Error;

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
        let of = |line: &report::Report| match line.verdict {
            Decision::Accept | Decision::AcceptNote => Status::Accepted,
            Decision::RejectSet | Decision::RejectGroup | Decision::RejectInterchange => Status::Rejected,
            Decision::Quarantine => Status::NotEdi,
        };
        self.lines.iter().map(of).max().unwrap_or(Status::NotEdi)
    }

    /// Everything that was found, in the order of the file, each with its standard and the version of its group.
    pub(super) fn findings<'r>(&'r self, document: &'r Document<'_>) -> Vec<(&'r Finding, Option<Standard>, &'r str)> {
        let mut findings: Vec<(&Finding, Option<Standard>, &str)> =
            document.findings.iter().map(|finding| (finding, None, "")).collect();
        for interchange in &self.verdicts {
            let standard = Some(interchange.standard);
            findings.extend(interchange.findings.iter().map(|finding| (finding, standard, "")));
            for group in &interchange.groups {
                let of_sets = group.sets.iter().flat_map(|set| &set.findings);
                let all = group.findings.iter().chain(of_sets);
                findings.extend(all.map(|finding| (finding, standard, group.version.as_str())));
            }
        }
        findings.sort_by_key(|(finding, ..)| finding.place.byte_offset);
        findings
    }
}

/// The guides that come with the reader, with a partner's deviations from them.
pub(super) fn guides(overlay: Option<&Path>) -> Result<Cow<'static, Guides>, Error> {
    let Some(path) = overlay else {
        return Ok(Cow::Borrowed(Guides::built_in()));
    };
    let text = fs::read_to_string(path).map_err(Error::io("read", path))?;
    let deviating = text.parse().and_then(|overlay: Overlay| Guides::built_in().with_overlay(&overlay));
    deviating.map(Cow::Owned).map_err(|error| Error::Unusable(format!("{}: {error}", path.display())))
}
