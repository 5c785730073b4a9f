//! Transaction sets as data: which segments in which order, and what their elements are.
//!
//! The definitions stand in `guides/<standard>/<version>/`: a file per set, and one each for the segments and the
//! elements that the sets of a version share; `guides/README.md` explains their language. They hold structure, lengths
//! and the codes that we act on, not the standard's dictionary.

mod check;
mod library;
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
    dictionary: Arc<Dictionary>,
}

/// Definitions of segments and their elements, shared by the guides of a version.
#[derive(Clone, Debug, Default)]
pub struct Dictionary {
    segments: BTreeMap<String, SegmentSpec>,
}

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
    /// How often it may stand in its element position, with the repetition separator between.
    #[cfg_attr(not(test), expect(dead_code, reason = "read by the checker that follows"))]
    repeat: usize,
    shape: Shape,
}

#[derive(Clone, Debug)]
enum Shape {
    Simple {
        kind: Kind,
        min: usize,
        max: usize,
        codes: Vec<String>,
    },
    #[cfg_attr(not(test), expect(dead_code, reason = "relations are read by the checker that follows"))]
    Composite {
        components: Vec<ElementSpec>,
        relations: Vec<Relation>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// AN.
    Text,
    /// ID.
    Code,
    /// A: EDIFACT text without digits.
    Letters,
    /// N0 to N9: digits and a sign, the decimals implied.
    Integer,
    /// R: with a point.
    Decimal,
    /// N of EDIFACT: with the interchange's decimal mark.
    Number,
    /// DT.
    Date,
    /// TM.
    Time,
    /// B: any bytes to the end of the segment.
    Binary,
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
    /// Reads a set's definition.
    ///
    /// # Errors
    /// The first line that is not of the language of `guides/README.md`, or a segment that the dictionary does not have.
    pub fn parse(definition: &str, dictionary: &Arc<Dictionary>) -> Result<Self, GuideError> {
        parse::guide(definition, dictionary)
    }

    /// ST01 or the message type, such as `945` or `DESADV`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// GS01 of the groups that the set travels in, such as `SW`; empty for EDIFACT.
    pub fn functional_id(&self) -> &str {
        &self.functional_id
    }

    /// The version it was made for, such as `004010` or `D.96A`.
    pub fn version(&self) -> &str {
        &self.version
    }
}

impl Dictionary {
    /// Reads the definitions of a version's elements and segments.
    ///
    /// # Errors
    /// The first line that is not of the language of `guides/README.md`.
    pub fn parse(elements: &str, segments: &str) -> Result<Self, GuideError> {
        parse::dictionary(elements, segments)
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

    /// The guides that come with this crate: every definition below `guides/`.
    pub fn built_in() -> &'static Self {
        static GUIDES: OnceLock<Guides> = OnceLock::new();
        GUIDES.get_or_init(|| {
            // A definition that does not parse would be missing here; a test holds that none is.
            let folders = library::FOLDERS.iter().filter_map(|folder| {
                let dictionary = Arc::new(Dictionary::parse(folder.elements, folder.segments).ok()?);
                Some(folder.sets.iter().filter_map(move |(_, text)| Guide::parse(text, &dictionary).ok()))
            });
            Self(folders.flatten().collect())
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

    #[test]
    fn every_built_in_definition_parses_and_is_where_its_head_says() {
        for folder in library::FOLDERS {
            let dictionary = Arc::new(Dictionary::parse(folder.elements, folder.segments).unwrap());
            for (set, text) in folder.sets {
                let guide = Guide::parse(text, &dictionary).unwrap_or_else(|error| panic!("{set}: {error}"));
                let version = folder.path.rsplit('/').next().unwrap();
                assert_eq!((guide.id(), guide.version()), (*set, version), "{}", folder.path);
                assert_eq!(guide.functional_id().is_empty(), folder.path.starts_with("edifact/"), "{set}");
                assert!(!guide.order.is_empty(), "{set}");
            }
        }
    }

    #[test]
    fn a_guide_of_another_version_is_an_approximation() {
        let fit = |version| Guides::built_in().find("945", version).map(|(_, fit)| fit);
        assert_eq!(fit("004010VICS"), Some(Fit::Exact));
        assert_eq!(fit("003010"), Some(Fit::Approximate));
        assert!(Guides::built_in().find("000", "004010").is_none());
    }
}
