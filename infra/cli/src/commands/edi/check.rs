//! `crossdock edi check`: verdicts, and for people what was found and where.

use std::fmt::Write as _;

use edi::report::{Decision, Problem};
use edi::{Document, Finding, Standard};

use super::report::{self, Report};
use super::{Status, input};
use crate::args::edi::Check;
use crate::out::columns;
use crate::{Error, Out};

/// Findings shown of a file, unless all are asked for.
const SHOWN_MAX: usize = 50;
/// Codes shown of a verdict.
const CODES_MAX: usize = 3;
/// Characters shown before and after the first byte of a finding.
const BEFORE_MAX: usize = 40;
const AFTER_MAX: usize = 70;

pub(super) fn run(options: &Check, out: &Out) -> Result<Status, Error> {
    let guides = report::guides(options.overlay.as_deref())?;
    let mut first = true;
    input::each(&options.input, out, |input| {
        let document = edi::read(&input.bytes);
        let mut report = Report::with(&document, &guides);
        if out.is_json() {
            for line in &mut report.lines {
                line.file.clone_from(&input.name);
            }
            out.json_lines(&report.lines);
        } else {
            let gap = if std::mem::take(&mut first) { "" } else { "\n" };
            out.line(format_args!("{gap}{}", shown(&input.name, &input.bytes, &document, &report, options)));
        }
        Ok(report.status())
    })
}

/// A file's verdicts for people.
fn shown(name: &str, file: &[u8], document: &Document<'_>, report: &Report, options: &Check) -> String {
    let rows: Vec<[String; 5]> = report
        .lines
        .iter()
        .map(|line| {
            let text = |value: &Option<String>| value.clone().unwrap_or_default();
            let mut verdict = words(line.verdict).to_owned();
            for (nth, code) in line.codes.iter().take(CODES_MAX).enumerate() {
                let _ = write!(verdict, "{} {code}", if nth == 0 { ":" } else { "," });
            }
            if line.codes.len() > CODES_MAX {
                let _ = write!(verdict, " and {} more", line.codes.len() - CODES_MAX);
            }
            [text(&line.interchange), text(&line.group), text(&line.set), text(&line.id), verdict]
        })
        .collect();
    let name = if name == "-" { "standard input" } else { name };
    let mut text = format!("{name}\n{}", columns(["interchange", "group", "set", "id", "verdict"], &rows));
    let shown = if options.all { usize::MAX } else { SHOWN_MAX };
    let findings = report.findings(document);
    for (finding, standard, version) in findings.iter().take(shown) {
        let standard = standard.filter(|_| options.codes);
        let code = standard.and_then(|standard| standard_code(finding, standard, version));
        let _ = write!(text, "\n\n{}", about(finding, code.as_deref(), file, document));
    }
    let more = findings.len().saturating_sub(shown);
    if more > 0 {
        let _ = write!(text, "\n\n… and {more} more findings; --all shows them");
    }
    text
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

/// How an acknowledgment says it, and what that means.
fn standard_code(finding: &Finding, standard: Standard, version: &str) -> Option<String> {
    let problem = Problem::of(finding, standard, version);
    let meaning = problem.standard_meaning.map(|meaning| format!(": {meaning}")).unwrap_or_default();
    Some(format!("code {}{meaning}", problem.standard_code?))
}

/// A finding: what, where, in words, and the bytes with a mark under them.
fn about(finding: &Finding, code: Option<&str>, file: &[u8], document: &Document<'_>) -> String {
    let place = &finding.place;
    let kind = if finding.rejects() { "error" } else { "note" };
    let mut text = format!("{kind}: {} at byte {}", finding.code, place.byte_offset);
    match (&place.segment_id, place.element) {
        (Some(id), Some(element)) => {
            let _ = write!(text, ", {id}{element:02}");
            if let Some(component) = place.component {
                let _ = write!(text, "-{component}");
            }
        }
        (Some(id), None) => {
            let _ = write!(text, ", {id}");
        }
        _ => {}
    }
    let parts = [
        ("segment", place.segment_position.map(|position| position.to_string())),
        ("set", place.set_control.clone()),
        ("group", place.group_control.clone()),
        ("interchange", place.interchange_control.clone()),
    ];
    for (what, which) in parts {
        if let Some(which) = which {
            let _ = write!(text, ", {what} {which}");
        }
    }
    if let Some(code) = code {
        let _ = write!(text, " ({code})");
    }
    let _ = write!(text, "\n  {}", finding.message);
    if let Some((line, mark)) = excerpt(file, document, place.byte_offset, place.byte_len) {
        let _ = write!(text, "\n  {line}\n  {mark}");
    }
    text
}

/// The bytes around a place up to the ends of its segment, and marks under those that are meant; `None` at the end of
/// an empty file.
fn excerpt(file: &[u8], document: &Document<'_>, offset: usize, len: usize) -> Option<(String, String)> {
    let within = document.interchanges.iter().find(|interchange| interchange.range.contains(&offset));
    let terminator = within.map(|interchange| interchange.delimiters.terminator());
    let ends = |byte: u8| Some(byte) == terminator || matches!(byte, b'\r' | b'\n');
    let (before, after) = file.split_at_checked(offset)?;
    let start = before.iter().rposition(|&byte| ends(byte)).map_or(0, |at| at + 1);
    let before = before.get(start..)?;
    let before = tail(before, BEFORE_MAX);
    let (meant, rest) = after.split_at_checked(len.min(after.len()))?;
    let meant_shown = head(meant, AFTER_MAX);
    let rest = if meant_shown.len() == meant.len() { rest } else { &[] };
    let end = rest.iter().position(|&byte| ends(byte)).map_or(rest.len(), |at| at + usize::from(!line_end(rest, at)));
    let rest = head(rest.get(..end).unwrap_or(rest), AFTER_MAX.saturating_sub(meant_shown.len()));
    let (before, meant, rest) = (plain(before), plain(meant_shown), plain(rest));
    if before.is_empty() && meant.is_empty() && rest.is_empty() {
        return None;
    }
    let mark = format!("{}{}", " ".repeat(before.chars().count()), "^".repeat(meant.chars().count().max(1)));
    Some((format!("{before}{meant}{rest}"), mark))
}

fn line_end(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_some_and(|byte| matches!(byte, b'\r' | b'\n'))
}

fn head(bytes: &[u8], len: usize) -> &[u8] {
    bytes.get(..len).unwrap_or(bytes)
}

fn tail(bytes: &[u8], len: usize) -> &[u8] {
    bytes.get(bytes.len().saturating_sub(len)..).unwrap_or(bytes)
}

/// Bytes as text on one line.
fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().map(|c| if c.is_control() { '·' } else { c }).collect()
}
