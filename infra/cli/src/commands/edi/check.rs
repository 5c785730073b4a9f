//! `crossdock edi check`: verdicts, and for people what was found and where. Files of any size: what is kept of one is what
//! is open in it, and what is shown of it at its end.

use std::fmt::Write as _;
use std::io::{Read, Seek, Write as _};

use edi::guide::Guides;
use edi::report::{Decision, Report};
use edi::{Judge, Judgment, Level};
use tempfile::SpooledTempFile;

use super::Status;
use super::input::{self, Source};
use super::report;
use super::shown::{Findings, Shown};
use super::spool::{MEMORY_MAX, Spool, temporary};
use crate::args::edi::Check;
use crate::out::Columns;
use crate::{Error, Out};

/// Findings shown of a file, unless all are asked for.
const SHOWN_MAX: usize = 50;
/// Codes shown of a verdict.
const CODES_MAX: usize = 3;
/// Bytes of text that are printed at once.
const PRINTED_LEN: usize = 64 * 1024;

pub(super) fn run(options: &Check, out: &Out) -> Result<Status, Error> {
    let guides = report::guides(&options.deviations)?;
    let mut first = true;
    input::each_source(&options.input, out, |source| {
        let mut checked = Checked::new(&source.name, options, out);
        if out.is_json() {
            return checked.read(source, &guides, |_| Ok(()));
        }
        let gap = if std::mem::take(&mut first) { "" } else { "\n" };
        if let Some(mut file) = source.again() {
            let status = checked.read(source, &guides, |_| Ok(()))?;
            checked.show(gap, &mut file)?;
            return Ok(status);
        }
        // What comes once is kept, for the bytes around what is found.
        let mut kept = SpooledTempFile::new(MEMORY_MAX);
        let status = checked.read(source, &guides, |chunk| kept.write_all(chunk).map_err(temporary))?;
        checked.show(gap, &mut kept)?;
        Ok(status)
    })
}

/// What waits until its place ends.
struct Part {
    lines: Spool,
    findings: Findings,
}

impl Part {
    fn new(findings_max: usize) -> Self {
        Self { lines: Spool::new(), findings: Findings::new(findings_max) }
    }
}

/// A file while it is checked.
struct Checked<'c> {
    name: &'c str,
    options: &'c Check,
    out: &'c Out,
    group: Part,
    interchange: Part,
    file: Part,
}

impl<'c> Checked<'c> {
    fn new(name: &'c str, options: &'c Check, out: &'c Out) -> Self {
        let max = match (out.is_json(), options.all) {
            (true, _) => 0,
            (false, true) => usize::MAX,
            (false, false) => SHOWN_MAX,
        };
        let part = || Part::new(max);
        Self { name, options, out, group: part(), interchange: part(), file: part() }
    }

    /// Reads the file and says how it stands; for machines, what is decided is printed on the way.
    fn read(
        &mut self,
        source: &Source<'_>,
        guides: &Guides,
        mut keep: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<Status, Error> {
        let mut judge = Judge::new(guides);
        let mut worst = None;
        source.chunks(|chunk| {
            keep(chunk)?;
            judge.feed(chunk);
            self.take_all(&mut judge, &mut worst)
        })?;
        judge.finish();
        self.take_all(&mut judge, &mut worst)?;
        Ok(worst.unwrap_or(Status::NotEdi))
    }

    fn take_all(&mut self, judge: &mut Judge<'_>, worst: &mut Option<Status>) -> Result<(), Error> {
        while let Some(judgment) = judge.next() {
            self.take(judgment)?;
        }
        *worst = (*worst).max(self.file.lines.worst());
        if self.out.is_json() {
            self.file.lines.bytes(|lines| self.out.bytes(lines))?;
            self.file.lines.clear()?;
        }
        Ok(())
    }

    fn take(&mut self, judgment: Judgment) -> Result<(), Error> {
        let Judgment { level, mut report, rejected, findings, standard, version, terminator } = judgment;
        if let Some(report) = &mut report {
            self.name.clone_into(&mut report.file);
        }
        let shown = |finding| Shown { finding, standard, version: version.clone(), terminator };
        let own: Vec<Shown> = findings.into_iter().map(shown).collect();
        match level {
            Level::Set => {
                self.group.lines.push_if(report.as_ref())?;
                self.group.findings.push(own);
            }
            Level::Group => {
                self.interchange.lines.push_if(report.as_ref())?;
                if let Some(group) = report.filter(|_| rejected) {
                    self.group.lines.each(|set| self.interchange.lines.push(&set.in_rejected(&group)))?;
                    self.group.lines.clear()?;
                } else {
                    self.interchange.lines.append(&mut self.group.lines)?;
                }
                self.interchange.findings.add(own, &mut self.group.findings);
            }
            _ => {
                if rejected {
                    self.interchange.lines.clear()?;
                    self.interchange.findings.clear();
                }
                self.file.lines.push_if(report.as_ref())?;
                self.file.lines.append(&mut self.interchange.lines)?;
                self.file.findings.add(own, &mut self.interchange.findings);
            }
        }
        Ok(())
    }

    /// The verdicts for people; `file` has the bytes.
    fn show(&mut self, gap: &str, file: &mut (impl Read + Seek)) -> Result<(), Error> {
        let mut text = Text { out: self.out, text: String::new() };
        let name = if self.name == "-" { "standard input" } else { self.name };
        let mut columns = Columns::new(["interchange", "group", "set", "id", "verdict"]);
        self.file.lines.each(|report| {
            columns.fit(&row(&report));
            Ok(())
        })?;
        text.add(format_args!("{gap}{name}\n{}", columns.head()));
        self.file.lines.each(|report| {
            text.add(format_args!("\n{}", columns.line(&row(&report))));
            Ok(())
        })?;
        for shown in &self.file.findings.first {
            text.add(format_args!("\n\n{}", shown.text(self.options.codes, file)));
        }
        let more = self.file.findings.more;
        if more > 0 {
            text.add(format_args!("\n\n… and {more} more findings; --all shows them"));
        }
        text.add(format_args!("\n"));
        text.print();
        Ok(())
    }
}

/// Text on its way to standard output.
struct Text<'o> {
    out: &'o Out,
    text: String,
}

impl Text<'_> {
    fn add(&mut self, more: std::fmt::Arguments<'_>) {
        let _ = self.text.write_fmt(more);
        if self.text.len() >= PRINTED_LEN {
            self.print();
        }
    }

    fn print(&mut self) {
        self.out.bytes(self.text.as_bytes());
        self.text.clear();
    }
}

/// A verdict for people.
fn row(report: &Report) -> [String; 5] {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let mut verdict = words(report.verdict).to_owned();
    for (nth, code) in report.codes.iter().take(CODES_MAX).enumerate() {
        let _ = write!(verdict, "{} {code}", if nth == 0 { ":" } else { "," });
    }
    if report.codes.len() > CODES_MAX {
        let _ = write!(verdict, " and {} more", report.codes.len() - CODES_MAX);
    }
    [text(&report.interchange), text(&report.group), text(&report.set), text(&report.id), verdict]
}

fn words(decision: Decision) -> &'static str {
    match decision {
        Decision::Accept => "accepted",
        Decision::AcceptNote => "accepted with notes",
        Decision::RejectSet => "set rejected",
        Decision::RejectGroup => "group rejected",
        Decision::RejectInterchange => "interchange rejected",
        Decision::Quarantine => "no EDI",
    }
}
