//! `crossdock explain`: what every element says, and where it stands.

use std::fmt::Write as _;
use std::ops::Range;

use edi::{Document, Segment};
use serde::Serialize;

use super::report::Report;
use super::{Status, input};
use crate::args::edi::Files;
use crate::out::columns;
use crate::{Error, Out};

/// One value and its place.
#[derive(Debug, Serialize)]
struct Line {
    /// The segment's id, such as `N1`.
    segment: String,
    /// Its position in the set, the header being 1; none in the envelope.
    position: Option<usize>,
    /// The element from 1, `02`, or with its repetition and component: `02`, `02-1`, `02.2-1`.
    element: String,
    /// Where it stands in the file.
    bytes: Range<usize>,
    value: String,
}

/// A part of the file that is shown as one table.
struct Section {
    title: String,
    interchange: String,
    group: Option<String>,
    set: Option<String>,
    id: Option<String>,
    lines: Vec<Line>,
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
        for section in sections(&input.bytes, &document) {
            show(&input.name, &section, out);
        }
        for finding in &document.findings {
            out.aside(format_args!("{}: {} (byte {})", input.name, finding.message, finding.place.byte_offset));
        }
        Ok(Report::of(&document).status())
    })
}

fn show(file: &str, section: &Section, out: &Out) {
    if out.is_json() {
        for line in &section.lines {
            out.json(&Row {
                file,
                interchange: &section.interchange,
                group: section.group.as_deref(),
                set: section.set.as_deref(),
                id: section.id.as_deref(),
                line,
            });
        }
        return;
    }
    let rows: Vec<[String; 4]> = section
        .lines
        .iter()
        .map(|line| {
            [
                line.position.map(|position| position.to_string()).unwrap_or_default(),
                format!("{}{}", line.segment, line.element),
                format!("{}..{}", line.bytes.start, line.bytes.end),
                line.value.clone(),
            ]
        })
        .collect();
    out.line(format_args!("{}\n{}\n", section.title, columns(["no", "element", "bytes", "value"], &rows)));
}

/// The envelopes and sets of a file in order.
fn sections(file: &[u8], document: &Document<'_>) -> Vec<Section> {
    let mut sections = Vec::new();
    for interchange in &document.interchanges {
        let control = interchange.control_number().into_owned();
        let envelope = |what: &str, group: Option<String>, segments: &[&Segment<'_>]| Section {
            title: format!("{what}, interchange {control}"),
            interchange: control.clone(),
            group,
            set: None,
            id: None,
            lines: segments.iter().flat_map(|segment| lines(file, segment)).collect(),
        };
        let head: Vec<&Segment<'_>> = std::iter::once(&interchange.header).chain(&interchange.ta1s).collect();
        sections.push(envelope("header", None, &head));
        for group in &interchange.groups {
            let number = group.header.map(|_| group.control_number().into_owned());
            if let Some(header) = &group.header {
                sections.push(envelope("group header", number.clone(), &[header]));
            }
            for set in &group.sets {
                let (id, set_control) = (set.id().into_owned(), set.control_number().into_owned());
                let of_group = number.as_ref().map(|number| format!(", group {number}")).unwrap_or_default();
                sections.push(Section {
                    title: format!("{id} {set_control}{of_group}, interchange {control}"),
                    interchange: control.clone(),
                    group: number.clone(),
                    set: Some(set_control),
                    id: Some(id),
                    lines: set.segments.iter().flat_map(|segment| lines(file, segment)).collect(),
                });
            }
            if let Some(trailer) = &group.trailer {
                sections.push(envelope("group trailer", number, &[trailer]));
            }
        }
        if let Some(trailer) = &interchange.trailer {
            sections.push(envelope("trailer", None, &[trailer]));
        }
    }
    sections
}

/// The values of a segment that are not empty.
fn lines(file: &[u8], segment: &Segment<'_>) -> Vec<Line> {
    let delimiters = segment.delimiters();
    // The separators of an ISA stand in it as values.
    let is_isa = segment.position() == 0 && segment.id() == "ISA";
    let mut lines = Vec::new();
    for n in 1..=segment.element_count() {
        let range = segment.element_range(n);
        let whole = vec![range.clone()];
        let repetitions = match delimiters.repetition().filter(|_| !is_isa) {
            Some(separator) => cut(file, range, separator, delimiters.release()),
            None => whole,
        };
        let repeated = repetitions.len() > 1;
        for (r, repetition) in repetitions.into_iter().enumerate() {
            let components = if is_isa {
                vec![repetition]
            } else {
                cut(file, repetition, delimiters.component(), delimiters.release())
            };
            let composed = components.len() > 1;
            for (c, range) in components.into_iter().enumerate().filter(|(_, range)| !range.is_empty()) {
                let mut element = format!("{n:02}");
                if repeated {
                    let _ = write!(element, ".{}", r + 1);
                }
                if composed {
                    let _ = write!(element, "-{}", c + 1);
                }
                lines.push(Line {
                    segment: segment.id().to_owned(),
                    position: Some(segment.position()).filter(|position| *position > 0),
                    element,
                    value: value(file.get(range.clone()).unwrap_or_default(), delimiters.release()),
                    bytes: range,
                });
            }
        }
    }
    lines
}

/// The parts of a range between separators that are not released.
fn cut(file: &[u8], range: Range<usize>, separator: u8, release: Option<u8>) -> Vec<Range<usize>> {
    let bytes = file.get(range.clone()).unwrap_or_default();
    let (mut parts, mut start, mut released) = (Vec::new(), range.start, false);
    for (at, &byte) in range.clone().zip(bytes) {
        if !released && byte == separator {
            parts.push(start..at);
            start = at + 1;
        }
        released = !released && Some(byte) == release;
    }
    parts.push(start..range.end);
    parts
}

/// Bytes as text: without release characters, in UTF-8 or else ISO 8859-1, on one line.
fn value(bytes: &[u8], release: Option<u8>) -> String {
    let mut released = false;
    let mut plain = Vec::with_capacity(bytes.len());
    for &byte in bytes {
        released = !released && Some(byte) == release;
        if !released {
            plain.push(byte);
        }
    }
    let text =
        String::from_utf8(plain).unwrap_or_else(|error| error.as_bytes().iter().copied().map(char::from).collect());
    text.chars().map(|c| if c.is_control() { '·' } else { c }).collect()
}
