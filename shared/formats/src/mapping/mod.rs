//! EDI documents and canonical documents, by maps: one text for each set or message, which mirrors its structure and
//! says what each element is in the canonical document. The same text reads and writes. `maps/README.md` has the
//! language.
//!
//! [`find`] gives the map of a set; [`Map::read`] makes a [`Draft`] of a set, in which every value knows the segment,
//! the element and the bytes that it came from; a [`Reader`] makes drafts of set after set, as their segments come;
//! [`Draft::typed`] makes the typed document of it; [`Map::write`] goes the other way; [`explain`] lists what came from
//! where.
//!
//! Invariants: reading and writing never panic and are bounded; what a map has no line for is named (`unmapped`,
//! `unwritten`), not lost; no finding repeats a value.

mod catalog;
mod compile;
pub(crate) mod cut;
mod draft;
mod plan;
mod read;
mod text;
mod typed;
pub(crate) mod value;
mod wishes;
mod write;

use std::ops::Range;

use serde_json::Value;

pub use catalog::{all, find};
pub use compile::Map;
pub use draft::{Draft, Unmapped};
pub use read::Reader;
pub use text::MapError;
pub use wishes::{Tailored, WishError};
pub use write::Written;

/// A document, and the draft that knows where everything in it came from.
#[derive(Debug)]
pub struct Mapped<'a, T> {
    /// The document.
    pub document: T,
    /// Its [`origins`](Draft::origins) and [`notes`](Draft::notes).
    pub draft: Draft<'a>,
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The value in the canonical document, as a JSON Pointer.
    pub pointer: String,
    /// The segment's id.
    pub segment: String,
    /// The segment's position in its set, ST or UNH being 1.
    pub position: usize,
    /// The element in the segment, from 1.
    pub element: usize,
    /// The component in the element, from 1; 0 for the whole element.
    pub component: usize,
    /// Its bytes in the file, without the blanks around them.
    pub range: Range<usize>,
}

/// One value of a document, and one place that it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The value's JSON Pointer.
    pub pointer: String,
    /// The value in words; empty if the document has none there.
    pub value: String,
    /// The segment's id and its position in the set, such as `W07` and 6.
    pub segment: (String, usize),
    /// The element, such as `02`, or `02-1` for a component.
    pub element: String,
    /// Its bytes in the file.
    pub range: Range<usize>,
}

/// What came from where: a line for each origin, in the order of the file.
pub fn explain(document: &Value, origins: &[Origin]) -> Vec<Line> {
    let words = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut lines: Vec<Line> = origins
        .iter()
        .map(|origin| Line {
            pointer: origin.pointer.clone(),
            value: document.pointer(&origin.pointer).map(words).unwrap_or_default(),
            segment: (origin.segment.clone(), origin.position),
            element: match origin.component {
                0 => format!("{:02}", origin.element),
                component => format!("{:02}-{component}", origin.element),
            },
            range: origin.range.clone(),
        })
        .collect();
    lines.sort_by_key(|line| line.range.start);
    lines
}
