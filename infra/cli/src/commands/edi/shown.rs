//! What people see of a finding: what, where, in words, and the bytes with a mark under them.

use std::fmt::Write as _;
use std::io::{Read, Seek, SeekFrom};

use edi::report::Problem;
use edi::{Finding, Standard};

/// Characters shown before and after the first byte of a finding.
const BEFORE_MAX: usize = 40;
const AFTER_MAX: usize = 70;

/// A finding, and what must be known of its interchange to show it.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) finding: Finding,
    pub(super) standard: Option<Standard>,
    /// Of its group; empty outside a group.
    pub(super) version: String,
    /// What ends a segment there.
    pub(super) terminator: Option<u8>,
}

impl Shown {
    /// The finding in words. `codes` says whether the standard's code is told; `file` is asked for the bytes around it.
    pub(super) fn text(&self, codes: bool, file: &mut (impl Read + Seek)) -> String {
        let place = &self.finding.place;
        let kind = if self.finding.rejects() { "error" } else { "note" };
        let mut text = format!("{kind}: {} at byte {}", self.finding.code, place.byte_offset);
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
        if let Some(code) = self.standard.filter(|_| codes).and_then(|standard| self.standard_code(standard)) {
            let _ = write!(text, " ({code})");
        }
        let _ = write!(text, "\n  {}", self.finding.message);
        if let Some((line, mark)) = self.excerpt(file) {
            let _ = write!(text, "\n  {line}\n  {mark}");
        }
        text
    }

    /// How an acknowledgment says it, and what that means.
    fn standard_code(&self, standard: Standard) -> Option<String> {
        let problem = Problem::of(&self.finding, standard, &self.version);
        let meaning = problem.standard_meaning.map(|meaning| format!(": {meaning}")).unwrap_or_default();
        Some(format!("code {}{meaning}", problem.standard_code?))
    }

    /// The bytes around its place up to the ends of its segment, and marks under those that are meant; `None` where there
    /// are none.
    fn excerpt(&self, file: &mut (impl Read + Seek)) -> Option<(String, String)> {
        let (offset, len) = (self.finding.place.byte_offset, self.finding.place.byte_len);
        let start = offset.saturating_sub(BEFORE_MAX);
        file.seek(SeekFrom::Start(u64::try_from(start).ok()?)).ok()?;
        let mut around = Vec::new();
        // One more than is shown of what is meant tells that more is meant.
        let window = offset - start + AFTER_MAX + 1 + AFTER_MAX + 1;
        file.take(u64::try_from(window).ok()?).read_to_end(&mut around).ok()?;
        let (before, after) = around.split_at_checked(offset - start)?;
        // Where the file ends, what stands before is all that can be shown.
        let terminator = self.terminator.filter(|_| !after.is_empty());
        let ends = |byte: u8| Some(byte) == terminator || matches!(byte, b'\r' | b'\n');
        let start = before.iter().rposition(|&byte| ends(byte)).map_or(0, |at| at + 1);
        let before = before.get(start..)?;
        let (meant, rest) = after.split_at_checked(len.min(after.len()))?;
        let meant_shown = head(meant, AFTER_MAX);
        let rest = if meant_shown.len() == meant.len() { rest } else { &[] };
        let end = rest.iter().position(|&byte| ends(byte));
        let end = end.map_or(rest.len(), |at| at + usize::from(!line_end(rest, at)));
        let rest = head(rest.get(..end).unwrap_or(rest), AFTER_MAX.saturating_sub(meant_shown.len()));
        let (before, meant, rest) = (plain(before), plain(meant_shown), plain(rest));
        if before.is_empty() && meant.is_empty() && rest.is_empty() {
            return None;
        }
        let mark = format!("{}{}", " ".repeat(before.chars().count()), "^".repeat(meant.chars().count().max(1)));
        Some((format!("{before}{meant}{rest}"), mark))
    }
}

fn line_end(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_some_and(|byte| matches!(byte, b'\r' | b'\n'))
}

fn head(bytes: &[u8], len: usize) -> &[u8] {
    bytes.get(..len).unwrap_or(bytes)
}

/// Bytes as text on one line.
fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().map(|c| if c.is_control() { '·' } else { c }).collect()
}

/// The first findings of a part of a file, in the order of the file, and how many more there are.
#[derive(Debug)]
pub(super) struct Findings {
    pub(super) first: Vec<Shown>,
    pub(super) more: usize,
    max: usize,
}

impl Findings {
    /// None yet; at most `max` are kept.
    pub(super) fn new(max: usize) -> Self {
        Self { first: Vec::new(), more: 0, max }
    }

    /// Takes those of the next part in the file.
    pub(super) fn push(&mut self, mut part: Vec<Shown>) {
        part.sort_by_key(|shown| shown.finding.place.byte_offset);
        self.first.append(&mut part);
        self.cut();
    }

    /// Takes those of what holds these parts, and then those of the parts.
    pub(super) fn add(&mut self, own: Vec<Shown>, parts: &mut Self) {
        self.first.extend(own);
        self.first.append(&mut parts.first);
        self.first.sort_by_key(|shown| shown.finding.place.byte_offset);
        self.more += std::mem::take(&mut parts.more);
        self.cut();
    }

    pub(super) fn clear(&mut self) {
        self.first.clear();
        self.more = 0;
    }

    fn cut(&mut self) {
        self.more += self.first.len().saturating_sub(self.max);
        self.first.truncate(self.max);
    }
}
