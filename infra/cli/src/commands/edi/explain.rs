//! `crossdock explain`: what every element says, where it stands, and what it becomes in the canonical document.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

use edi::{Document, Segment, TransactionSet};
use formats::mapping;
use serde::Serialize;

use super::report::Report;
use super::{Status, input};
use crate::args::edi::Files;
use crate::out::columns;
use crate::{Error, Out};

/// One value, its place, and what it becomes.
#[derive(Debug, Clone, Serialize)]
struct Line {
    /// The segment's id, such as `N1`.
    segment: String,
    /// Its position in the set, the header being 1; none in the envelope.
    position: Option<usize>,
    /// The element from 1, `02`, or with its repetition and component: `02-1`, `02.2-1`.
    element: String,
    /// Where it stands in the file.
    bytes: Range<usize>,
    value: String,
    /// Where the canonical document says it, as a JSON Pointer; none if it does not, or we have no map.
    pointer: Option<String>,
    /// What the canonical document says there.
    document: Option<String>,
}

/// A set, or a part of an envelope.
struct Section {
    title: String,
    interchange: String,
    group: Option<String>,
    set: Option<String>,
    id: Option<String>,
    lines: Vec<Line>,
    /// Why there is no canonical document, though we have a map.
    problems: Vec<String>,
}

/// A line as machines get it.
#[derive(Serialize)]
struct Row<'s> {
    file: &'s str,
    interchange: &'s str,
    group: Option<&'s str>,
    set: Option<&'s str>,
    id: Option<&'s str>,
    #[serde(flatten)]
    line: &'s Line,
}

pub(super) fn run(files: &Files, out: &Out) -> Result<Status, Error> {
    input::each(files, out, |input| {
        let document = edi::read(&input.bytes);
        sections(&document, |section| show(&input.name, &section, out));
        for finding in &document.findings {
            out.aside(format_args!("{}: {} (byte {})", input.name, finding.message, finding.place.byte_offset));
        }
        Ok(Report::of(&document).status())
    })
}

fn show(file: &str, section: &Section, out: &Out) {
    for problem in &section.problems {
        out.aside(format_args!("{file}: {}: no document: {problem}", section.title));
    }
    if out.is_json() {
        out.json_lines(section.lines.iter().map(|line| Row {
            file,
            interchange: &section.interchange,
            group: section.group.as_deref(),
            set: section.set.as_deref(),
            id: section.id.as_deref(),
            line,
        }));
        return;
    }
    let rows: Vec<[String; 5]> = section
        .lines
        .iter()
        .map(|line| {
            let mut document = line.pointer.clone().unwrap_or_default();
            if let Some(says) = line.document.as_ref().filter(|says| **says != line.value) {
                let _ = write!(document, " = {says}");
            }
            [
                line.position.map(|position| position.to_string()).unwrap_or_default(),
                format!("{}{}", line.segment, line.element),
                format!("{}..{}", line.bytes.start, line.bytes.end),
                line.value.clone(),
                document,
            ]
        })
        .collect();
    let table = columns(["no", "element", "bytes", "value", "document"], &rows);
    out.line(format_args!("{}\n{table}\n", section.title));
}

/// The envelopes and sets of a file in order, one after the other.
fn sections(document: &Document<'_>, mut show: impl FnMut(Section)) {
    for interchange in &document.interchanges {
        let control = interchange.control_number().into_owned();
        let envelope = |what: &str, group: Option<String>, segments: &[&Segment<'_>]| Section {
            title: format!("{what}, interchange {control}"),
            interchange: control.clone(),
            group,
            set: None,
            id: None,
            lines: segments.iter().flat_map(|segment| lines(segment)).collect(),
            problems: Vec::new(),
        };
        let head: Vec<&Segment<'_>> = std::iter::once(&interchange.header).chain(&interchange.ta1s).collect();
        show(envelope("header", None, &head));
        for group in &interchange.groups {
            let number = group.header.map(|_| group.control_number().into_owned());
            if let Some(header) = &group.header {
                show(envelope("group header", number.clone(), &[header]));
            }
            for set in &group.sets {
                let of_group = number.as_ref().map(|number| format!(", group {number}")).unwrap_or_default();
                let (id, set_control) = (set.id().into_owned(), set.control_number().into_owned());
                let section = envelope(&format!("{id} {set_control}{of_group}"), number.clone(), &[]);
                let explained = of_set(set);
                let title = match explained.document {
                    Some(document) => format!("{}: {document}", section.title),
                    None => section.title,
                };
                let (lines, problems) = (explained.lines, explained.problems);
                show(Section { title, set: Some(set_control), id: Some(id), lines, problems, ..section });
            }
            if let Some(trailer) = &group.trailer {
                show(envelope("group trailer", number, &[trailer]));
            }
        }
        if let Some(trailer) = &interchange.trailer {
            show(envelope("trailer", None, &[trailer]));
        }
    }
}

/// A set, explained.
struct Explained {
    lines: Vec<Line>,
    /// What the canonical document is, such as `receipt`; none if there is none.
    document: Option<&'static str>,
    problems: Vec<String>,
}

/// The values of a set, each with what becomes of it; and why nothing does, if it should.
fn of_set(set: &TransactionSet<'_>) -> Explained {
    let plain = set.segments.iter().flat_map(lines);
    let Some(map) = mapping::find(set.standard, &set.id()) else {
        return Explained { lines: plain.collect(), document: None, problems: Vec::new() };
    };
    let draft = match map.read(set) {
        Ok(draft) => draft,
        Err(findings) => {
            let problems = findings.into_iter().map(|finding| finding.detail).collect();
            return Explained { lines: plain.collect(), document: None, problems };
        }
    };
    let mut by_segment: BTreeMap<usize, Vec<mapping::Line>> = BTreeMap::new();
    for line in mapping::explain(&draft.to_json(), &draft.origins()) {
        by_segment.entry(line.segment.1).or_default().push(line);
    }
    let mut lines = Vec::new();
    for line in plain {
        let of_segment = line.position.and_then(|position| by_segment.get(&position)).into_iter().flatten();
        // A value may come from part of an element, or from all of a composite.
        let meets = |said: &&mapping::Line| said.range.start < line.bytes.end && line.bytes.start < said.range.end;
        let mut said = of_segment.filter(meets).peekable();
        if said.peek().is_none() {
            lines.push(line);
        } else {
            lines.extend(said.map(|said| Line {
                pointer: Some(said.pointer.clone()),
                document: Some(said.value.clone()),
                ..line.clone()
            }));
        }
    }
    Explained { lines, document: Some(map.document()), problems: Vec::new() }
}

/// The values of a segment that are not empty.
fn lines(segment: &Segment<'_>) -> Vec<Line> {
    // The separators of an ISA stand in it as values.
    let is_isa = segment.position() == 0 && segment.id() == "ISA";
    let mut lines = Vec::new();
    for (index, whole) in segment.elements_raw().enumerate() {
        let n = index + 1;
        let repetitions: Vec<&[u8]> = if is_isa { vec![whole] } else { segment.repetitions(n).collect() };
        for (r, repetition) in repetitions.iter().enumerate() {
            let components: Vec<&[u8]> =
                if is_isa { vec![repetition] } else { segment.components_of(repetition).collect() };
            for (c, component) in components.iter().enumerate().filter(|(_, component)| !component.is_empty()) {
                let mut element = format!("{n:02}");
                if repetitions.len() > 1 {
                    let _ = write!(element, ".{}", r + 1);
                }
                if components.len() > 1 {
                    let _ = write!(element, "-{}", c + 1);
                }
                let text = segment.text(component);
                lines.push(Line {
                    segment: segment.id().to_owned(),
                    position: Some(segment.position()).filter(|position| *position > 0),
                    element,
                    bytes: segment.range_of(component),
                    value: text.chars().map(|c| if c.is_control() { '·' } else { c }).collect(),
                    pointer: None,
                    document: None,
                });
            }
        }
    }
    lines
}
