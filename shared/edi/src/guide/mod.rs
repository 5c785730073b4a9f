//! Transaction sets as data: which segments in which order, and what their elements are.
//!
//! The definitions stand in `guides/<version>/`, one file per set and one for the segments that sets share; their
//! heads explain the form. They hold structure, lengths and the codes that we act on, not the standard's dictionary.

mod check;
mod parse;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

pub use check::check;
pub use parse::GuideError;

/// One transaction set of one version.
#[derive(Clone, Debug)]
pub struct Guide {
    id: String,
    functional_id: String,
    version: String,
    order: Vec<Node>,
    segments: Arc<Segments>,
}

/// Definitions of segments, shared by the guides of a version.
#[derive(Clone, Debug, Default)]
pub struct Segments(BTreeMap<String, SegmentSpec>);

/// A segment's place in a set; with children it opens a loop.
#[derive(Clone, Debug)]
struct Node {
    id: String,
    min: usize,
    max: usize,
    children: Vec<Node>,
}

#[derive(Clone, Debug)]
struct SegmentSpec {
    elements: Vec<ElementSpec>,
    relations: Vec<Relation>,
}

#[derive(Clone, Debug)]
struct ElementSpec {
    number: Option<String>,
    mandatory: bool,
    shape: Shape,
}

#[derive(Clone, Debug)]
enum Shape {
    Simple { kind: Kind, min: usize, max: usize, codes: Vec<String> },
    Composite(Vec<ElementSpec>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Integer,
    Decimal,
    Date,
    Time,
}

/// Relational condition between elements. Source: X12.6, syntax notes.
#[derive(Clone, Debug)]
struct Relation {
    kind: RelationKind,
    positions: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RelationKind {
    /// P: if one is there, all are.
    Paired,
    /// R: at least one is there.
    Required,
    /// E: at most one is there.
    Exclusive,
    /// C: if the first is there, all others are.
    Conditional,
    /// L: if the first is there, at least one other is.
    List,
}

/// How well a guide fits a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// Made for the set's version.
    Exact,
    /// Made for another version: order and mandatory parts hold, but lengths, codes and segments that the guide does
    /// not know are only noted.
    Approximate,
}

impl Guide {
    /// Reads a set's definition; the form is explained at the head of `guides/004010/945.txt`.
    pub fn parse(definition: &str, segments: &Arc<Segments>) -> Result<Self, GuideError> {
        parse::guide(definition, segments)
    }

    /// ST01, such as `945`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// GS01 of the groups that the set travels in, such as `SW`.
    pub fn functional_id(&self) -> &str {
        &self.functional_id
    }

    /// The version it was made for, such as `004010`.
    pub fn version(&self) -> &str {
        &self.version
    }
}

impl Segments {
    /// Reads definitions of segments; the form is explained at the head of `guides/004010/segments.txt`.
    pub fn parse(definition: &str) -> Result<Self, GuideError> {
        parse::segments(definition)
    }
}

/// The guides that sets are checked against.
#[derive(Clone, Debug, Default)]
pub struct Guides(Vec<Guide>);

impl Guides {
    /// A choice of guides.
    pub fn new(guides: Vec<Guide>) -> Self {
        Self(guides)
    }

    /// The guides that come with this crate: 940, 945 and 997 of 004010.
    pub fn built_in() -> &'static Self {
        static GUIDES: OnceLock<Guides> = OnceLock::new();
        GUIDES.get_or_init(|| {
            // A definition that does not parse would be missing here; a test holds that none is.
            let segments = Segments::parse(include_str!("../../guides/004010/segments.txt")).unwrap_or_default();
            let segments = Arc::new(segments);
            let definitions = [
                include_str!("../../guides/004010/940.txt"),
                include_str!("../../guides/004010/945.txt"),
                include_str!("../../guides/004010/997.txt"),
            ];
            Self(definitions.iter().filter_map(|text| Guide::parse(text, &segments).ok()).collect())
        })
    }

    /// The guide for a set id (ST01) and version (GS08, of which the first six characters count), or else one for
    /// another version of the same set.
    pub fn find(&self, set_id: &str, version: &str) -> Option<(&Guide, Fit)> {
        let exact = |guide: &&Guide| guide.id == set_id && version.starts_with(&guide.version);
        let any = |guide: &&Guide| guide.id == set_id;
        let of = |fit| move |guide| (guide, fit);
        let exact = self.0.iter().find(exact).map(of(Fit::Exact));
        exact.or_else(|| self.0.iter().find(any).map(of(Fit::Approximate)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(nodes: &[Node], guide: &Guide, segments: &Segments) {
        for node in nodes {
            assert!(segments.0.contains_key(&node.id), "{} of {} is not defined", node.id, guide.id);
            assert!(node.min <= node.max);
            walk(&node.children, guide, segments);
        }
    }

    #[test]
    fn every_built_in_definition_parses_and_defines_its_segments() {
        let segments = Arc::new(Segments::parse(include_str!("../../guides/004010/segments.txt")).unwrap());
        for id in ["940", "945", "997"] {
            let (guide, fit) = Guides::built_in().find(id, "004010VICS").unwrap();
            assert_eq!((guide.id(), fit), (id, Fit::Exact));
            walk(&guide.order, guide, &segments);
            assert_eq!(Guides::built_in().find(id, "005010").map(|(_, fit)| fit), Some(Fit::Approximate));
        }
        assert!(Guides::built_in().find("850", "004010").is_none());
    }
}
