//! A file in parts, each a complete interchange of its own.
//!
//! A part keeps the header of its interchange and group as they stand, and gets trailers that count what is in it. What
//! is rejected as a whole stays whole, so that a part is wrong only where its file was: an interchange whose envelope
//! is, and a group whose envelope is.

use std::borrow::Cow;
use std::ops::Range;

use crate::delimiters::Standard;
use crate::envelope::{Document, Group, Interchange};
use crate::finding::Finding;
use crate::segment::Segment;

/// What a part holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// One interchange.
    Interchange,
    /// One functional group; or the interchange acknowledgments of an interchange.
    Group,
    /// One transaction set or message.
    Set,
}

/// A part of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// What it is written in.
    pub standard: Standard,
    /// What it holds: less finely cut than was asked for where something larger is rejected, or empty.
    pub by: By,
    /// ST01 or the message type of a set, GS01 of a group, `ISA` or `UNB`, or `TA1`.
    pub id: String,
    /// The control numbers from the interchange down to what it holds.
    pub control_numbers: Vec<String>,
    /// Whether it is whole because its envelope is rejected.
    pub rejected: bool,
    /// The part.
    pub bytes: Cow<'a, [u8]>,
}

/// Cuts a file. What stands outside the interchanges is in no part: see [`Document::filler`].
pub fn split<'a>(file: &'a [u8], document: &Document<'a>, by: By) -> Vec<Part<'a>> {
    let mut parts = Vec::new();
    for interchange in &document.interchanges {
        let envelope = Envelope { file, interchange };
        if by == By::Interchange || interchange.is_rejected() {
            parts.push(envelope.whole());
            continue;
        }
        parts.extend(envelope.acknowledgments());
        for group in &interchange.groups {
            let rejected = group.findings.iter().any(Finding::rejects);
            if by == By::Group || rejected || group.sets.is_empty() {
                parts.push(envelope.group(group, rejected));
            } else {
                parts.extend((0..group.sets.len()).filter_map(|index| envelope.set(group, index)));
            }
        }
    }
    parts
}

/// An interchange, for parts of it.
struct Envelope<'d, 'a> {
    file: &'a [u8],
    interchange: &'d Interchange<'a>,
}

impl<'a> Envelope<'_, 'a> {
    fn whole(&self) -> Part<'a> {
        let range = self.with_line_end(self.interchange.range.clone());
        Part {
            id: self.interchange.header.id().to_owned(),
            bytes: Cow::Borrowed(slice(self.file, range)),
            ..self.part(By::Interchange, self.interchange.is_rejected())
        }
    }

    /// The interchange acknowledgments, which are in no group.
    fn acknowledgments(&self) -> Option<Part<'a>> {
        let ta1s = self.interchange.ta1s.as_slice();
        if ta1s.is_empty() {
            return None;
        }
        let mut bytes = self.head();
        for ta1 in ta1s {
            bytes.extend_from_slice(slice(self.file, self.with_line_end(ta1.range())));
        }
        self.close(self.interchange.trailer.as_ref(), 0, &mut bytes);
        Some(Part { id: "TA1".to_owned(), bytes: Cow::Owned(bytes), ..self.part(By::Group, false) })
    }

    fn group(&self, group: &Group<'a>, rejected: bool) -> Part<'a> {
        let mut bytes = self.head();
        bytes.extend_from_slice(slice(self.file, self.with_line_end(group.range.clone())));
        // EDIFACT counts the messages where there are no groups. Source: ISO 9735-1, element 0036.
        let count = if group.header.is_some() { 1 } else { group.sets.len() };
        self.close(self.interchange.trailer.as_ref(), count, &mut bytes);
        let mut part = self.part(By::Group, rejected);
        part.control_numbers.extend(group.header.map(|_| group.control_number().into_owned()));
        part.id = match group.functional_id() {
            id if id.is_empty() => "group".to_owned(),
            id => id.into_owned(),
        };
        Part { bytes: Cow::Owned(bytes), ..part }
    }

    fn set(&self, group: &Group<'a>, index: usize) -> Option<Part<'a>> {
        let (set, first) = (group.sets.get(index)?, group.sets.first()?);
        let mut bytes = self.head();
        if let Some(header) = &group.header {
            bytes.extend_from_slice(slice(self.file, header.range().start..first.range.start));
        }
        bytes.extend_from_slice(slice(self.file, self.with_line_end(set.range.clone())));
        if group.header.is_some() {
            self.close(group.trailer.as_ref(), 1, &mut bytes);
        }
        self.close(self.interchange.trailer.as_ref(), 1, &mut bytes);
        let mut part = self.part(By::Set, false);
        part.control_numbers.extend(group.header.map(|_| group.control_number().into_owned()));
        part.control_numbers.push(set.control_number().into_owned());
        Some(Part { id: set.id().into_owned(), bytes: Cow::Owned(bytes), ..part })
    }

    fn part(&self, by: By, rejected: bool) -> Part<'a> {
        Part {
            standard: self.interchange.standard,
            by,
            id: String::new(),
            control_numbers: vec![self.interchange.control_number().into_owned()],
            rejected,
            bytes: Cow::Borrowed(&[]),
        }
    }

    /// Everything before the first TA1 or group: UNA, header, and what belongs to it.
    fn head(&self) -> Vec<u8> {
        let Range { start, end } = self.interchange.range;
        let ta1 = self.interchange.ta1s.first().map(|ta1| ta1.range().start);
        let group = self.interchange.groups.first().map(|group| group.range.start);
        let trailer = self.interchange.trailer.map(|trailer| trailer.range().start);
        let first = [ta1, group, trailer].into_iter().flatten().min().unwrap_or(end);
        slice(self.file, start..first).to_vec()
    }

    /// A trailer that counts `count`, and is otherwise as it stands.
    fn close(&self, trailer: Option<&Segment<'a>>, count: usize, out: &mut Vec<u8>) {
        let Some(trailer) = trailer else { return };
        let delimiters = self.interchange.delimiters;
        out.extend_from_slice(trailer.id().as_bytes());
        for (index, element) in trailer.elements_raw().enumerate() {
            out.push(delimiters.element());
            if index == 0 {
                out.extend_from_slice(count.to_string().as_bytes());
            } else {
                out.extend_from_slice(element);
            }
        }
        // What ends it in the file: a carriage return may stand before the line feed, or a sign be of several bytes.
        let Range { start, end } = trailer.range();
        match slice(self.file, start + trailer.bytes().len()..end) {
            [] => out.push(delimiters.terminator()),
            ending => out.extend_from_slice(ending),
        }
        out.extend_from_slice(slice(self.file, end..self.with_line_end(end..end).end));
    }

    /// A range with the line end after it.
    fn with_line_end(&self, range: Range<usize>) -> Range<usize> {
        let after = self.file.get(range.end..).unwrap_or_default();
        let len = match after {
            [b'\r', b'\n', ..] => 2,
            [b'\r' | b'\n', ..] => 1,
            _ => 0,
        };
        range.start..range.end + len
    }
}

impl Part<'_> {
    /// A name for a file that tells what it is, without an ending: letters, digits, `-`, `_` and `.` alone.
    pub fn name(&self) -> String {
        let standard = match self.standard {
            Standard::X12 => "x12",
            Standard::Edifact => "edifact",
        };
        let words = [standard, &self.id].into_iter().chain(self.control_numbers.iter().map(String::as_str));
        let plain = |word: &str| -> String {
            let kept = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
            let word: String = word.chars().take(20).map(|c| if kept(c) { c } else { '_' }).collect();
            if word.trim_matches('.').is_empty() { "_".to_owned() } else { word }
        };
        words.map(plain).collect::<Vec<_>>().join("-")
    }
}

fn slice(file: &[u8], range: Range<usize>) -> &[u8] {
    file.get(range).unwrap_or_default()
}
