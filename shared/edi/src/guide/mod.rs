//! Transaction sets as data: which segments in which order, and what their elements are.
//!
//! The definitions stand in `guides/<standard>/<version>/`: a file per set, and one each for the segments and the
//! elements that the sets of a version share; `guides/README.md` explains their language. They hold structure, lengths
//! and the codes that we act on, not the standard's dictionary.

mod ahead;
mod check;
#[cfg(test)]
mod checks;
mod elements;
mod layouts;
mod library;
mod order;
mod overlay;
mod parse;
mod plan;
mod report;
mod table;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

pub(crate) use ahead::Ahead;
pub use check::{Checker, check};
pub use overlay::Overlay;
pub use parse::GuideError;
pub use table::Repertoire;

use plan::Plan;

use crate::delimiters::Standard;

/// One transaction set of one version.
#[derive(Clone, Debug)]
pub struct Guide {
    id: String,
    functional_id: String,
    version: String,
    order: Vec<Node>,
    dictionary: Arc<Dictionary>,
    /// Ids of segments that an overlay lets pass, though the set does not have them.
    tolerated: Vec<String>,
    plan: Plan,
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

#[derive(Clone, Debug, Default)]
struct SegmentSpec {
    elements: Vec<ElementSpec>,
    relations: Vec<Relation>,
}

#[derive(Clone, Debug)]
struct ElementSpec {
    number: Option<String>,
    mandatory: bool,
    /// How often it may stand in its element position, with the repetition separator between.
    repeat: usize,
    shape: Shape,
}

#[derive(Clone, Debug)]
enum Shape {
    Simple { kind: Kind, min: usize, max: usize, codes: Vec<String> },
    Composite { components: Vec<ElementSpec>, relations: Vec<Relation> },
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
    /// What an overlay says is not to be looked at.
    Ignored,
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
    /// Made for another version: mandatory parts, dates and times hold, but what changes from version to version is only
    /// noted: lengths, types, codes, order, how often something may occur, elements and segments that the guide does not
    /// know.
    Approximate,
}

impl Guide {
    fn new(head: [&str; 3], order: Vec<Node>, dictionary: Arc<Dictionary>, tolerated: Vec<String>) -> Self {
        let [id, functional_id, version] = head.map(str::to_owned);
        let plan = Plan::new(&order, &dictionary);
        Self { id, functional_id, version, order, dictionary, tolerated, plan }
    }

    /// Reads a set's definition.
    ///
    /// # Errors
    /// The first line that is not of the language of `guides/README.md`, or a segment that the dictionary does not have.
    pub fn parse(definition: &str, dictionary: &Arc<Dictionary>) -> Result<Self, GuideError> {
        parse::guide(definition, dictionary)
    }

    /// Reads a partner's own definition of a set, with definitions of elements and segments that hold beside those of
    /// the set's version, or in their place. Both may be empty.
    ///
    /// # Errors
    /// As [`Guide::parse`] and [`Dictionary::parse`].
    pub fn own(definition: &str, elements: &str, segments: &str) -> Result<Self, GuideError> {
        let head = parse::head(definition)?;
        let dictionary = library::dictionary_with(head.standard(), head.version, elements, segments)?;
        Self::parse(definition, &Arc::new(dictionary))
    }

    /// ST01 or the message type, such as `945` or `DESADV`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// GS01 of the groups that the set travels in, such as `SW`; empty for EDIFACT.
    pub fn functional_id(&self) -> &str {
        &self.functional_id
    }

    /// What it is written in: only X12 has groups that sets belong in.
    pub fn standard(&self) -> Standard {
        if self.functional_id.is_empty() { Standard::Edifact } else { Standard::X12 }
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
pub struct Guides {
    slots: Vec<Slot>,
    /// Whether a set of the standard that has no guide is noted and not refused.
    others_noted: bool,
    /// Sets of which no version but those of their guides is taken.
    exact: Vec<String>,
}

/// A guide, read when it is first asked for.
#[derive(Clone, Debug)]
struct Slot {
    id: String,
    version: String,
    guide: Arc<OnceLock<Option<Guide>>>,
    /// Where to read it from.
    source: Option<(&'static library::Folder, &'static str)>,
}

impl Slot {
    fn of(guide: Guide) -> Self {
        let (id, version) = (guide.id.clone(), guide.version.clone());
        Self { id, version, guide: Arc::new(OnceLock::from(Some(guide))), source: None }
    }

    fn guide(&self) -> Option<&Guide> {
        // A definition that does not parse would be missing here; a test holds that none is.
        let read = || self.source.and_then(|(folder, text)| Guide::parse(text, folder.dictionary()?).ok());
        self.guide.get_or_init(read).as_ref()
    }

    /// Where a version stands among the others of its set: EDIFACT's years have two digits.
    fn age(version: &str) -> (u8, &str) {
        let directory = version.split_once('.').map_or(version, |(_, directory)| directory);
        (u8::from(directory.starts_with(['0', '1', '2', '3']) && directory.len() < version.len()), directory)
    }
}

impl Guides {
    /// A choice of guides. Sets without one are refused.
    pub fn new(guides: Vec<Guide>) -> Self {
        Self { slots: guides.into_iter().map(Slot::of).collect(), ..Self::default() }
    }

    /// The guides that come with this crate: every definition below `guides/`. Of other sets of the standards the envelope
    /// alone is checked, and they are accepted with a note that says so; what is no set of a standard is refused.
    pub fn built_in() -> &'static Self {
        static GUIDES: OnceLock<Guides> = OnceLock::new();
        GUIDES.get_or_init(|| {
            let slots = library::FOLDERS.iter().flat_map(|folder| {
                folder.sets.iter().map(move |(id, text)| Slot {
                    id: (*id).to_owned(),
                    version: folder.version().to_owned(),
                    guide: Arc::default(),
                    source: Some((folder, text)),
                })
            });
            Self { slots: slots.collect(), others_noted: true, exact: Vec::new() }
        })
    }

    /// Those of these sets alone; all others are refused.
    #[must_use]
    pub fn only(&self, sets: &[&str]) -> Self {
        let slots = self.slots.iter().filter(|slot| sets.contains(&slot.id.as_str()));
        Self { slots: slots.cloned().collect(), others_noted: false, exact: self.exact.clone() }
    }

    /// The same guides, but of `set` these versions alone; another is refused as if there were no guide for the set.
    #[must_use]
    pub fn only_versions(&self, set: &str, versions: &[&str]) -> Self {
        let taken = |slot: &&Slot| slot.id != set || versions.contains(&slot.version.as_str());
        let mut exact = self.exact.clone();
        exact.push(set.to_owned());
        Self { slots: self.slots.iter().filter(taken).cloned().collect(), exact, ..*self }
    }

    /// The same guides with a partner's own, each beside the others or in place of the one of its set and version.
    #[must_use]
    pub fn with_own(&self, own: Vec<Guide>) -> Self {
        let mut slots = self.slots.clone();
        for slot in own.into_iter().map(Slot::of) {
            slots.retain(|other| (&other.id, &other.version) != (&slot.id, &slot.version));
            slots.push(slot);
        }
        Self { slots, exact: self.exact.clone(), ..*self }
    }

    /// Whether a set without a guide is taken all the same, with a note.
    pub(crate) fn passes(&self, standard: Standard, set_id: &str) -> bool {
        self.others_noted && library::is_known(standard, set_id)
    }

    /// The same guides with a partner's deviations.
    ///
    /// # Errors
    /// The first line of the overlay that fits no guide, with what to say instead.
    pub fn with_overlay(&self, overlay: &Overlay) -> Result<Self, GuideError> {
        let slots = || self.slots.iter().filter(|slot| overlay.names(&slot.id));
        let changed = overlay::apply(slots().filter_map(Slot::guide), overlay)?;
        let key = |guide: &Guide| (guide.id.clone(), guide.version.clone());
        let mut changed: BTreeMap<_, _> = changed.into_iter().map(|guide| (key(&guide), guide)).collect();
        let slots = self.slots.iter().map(|slot| {
            let key = (slot.id.clone(), slot.version.clone());
            changed.remove(&key).map_or_else(|| slot.clone(), Slot::of)
        });
        Ok(Self { slots: slots.collect(), exact: self.exact.clone(), ..*self })
    }

    /// The guide for a set id and version, or else one for another version of the same set: the last before it, or the
    /// first there is. Of an X12 version (GS08) the first six characters count; an EDIFACT version is `D.96A`.
    pub fn find(&self, set_id: &str, version: &str) -> Option<(&Guide, Fit)> {
        let of_set = || self.slots.iter().filter(|slot| slot.id == set_id);
        if let Some(guide) = of_set().filter(|slot| version.starts_with(&slot.version)).find_map(Slot::guide) {
            return Some((guide, Fit::Exact));
        }
        if self.exact.iter().any(|set| set == set_id) {
            return None;
        }
        let age = |slot: &&Slot| Slot::age(&slot.version) <= Slot::age(version);
        let before = of_set().filter(age).max_by_key(|slot| Slot::age(&slot.version));
        let near = before.or_else(|| of_set().min_by_key(|slot| Slot::age(&slot.version)))?;
        near.guide().map(|guide| (guide, Fit::Approximate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_definition_parses_and_is_where_its_head_says() {
        for folder in library::FOLDERS.iter() {
            let dictionary = Arc::new(Dictionary::parse(folder.elements, folder.segments).unwrap());
            for (set, text) in folder.sets {
                let guide = Guide::parse(text, &dictionary).unwrap_or_else(|error| panic!("{set}: {error}"));
                assert_eq!((guide.id(), guide.version()), (*set, folder.version()), "{}", folder.path);
                let (found, fit) = Guides::built_in().find(set, folder.version()).unwrap();
                assert_eq!((found.id(), found.version(), fit), (*set, folder.version(), Fit::Exact));
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

    #[test]
    fn of_a_set_whose_versions_are_agreed_no_other_is_taken() {
        let guides = Guides::built_in().only(&["945", "997"]).only_versions("945", &["004010"]);
        assert!(guides.find("945", "004010VICS").is_some() && guides.find("997", "003010").is_some());
        assert!(guides.find("945", "005010").is_none() && guides.find("945", "003010").is_none());
        assert!(guides.with_overlay(&Overlay::default()).unwrap().find("945", "005010").is_none());
    }

    #[test]
    fn the_nearest_version_before_is_taken() {
        let dictionary = Arc::new(Dictionary::parse("", "N1: 98 M ID 2/3").unwrap());
        let guide = |head: &str| Guide::parse(&format!("set {head}\nN1 1..1"), &dictionary).unwrap();
        let versions = ["850 PO 004010", "850 PO 005010", "ORDERS - D.96A", "ORDERS - D.01B"];
        let guides = Guides::new(versions.map(guide).to_vec());
        let near = |set: &str, version: &str| guides.find(set, version).unwrap().0.version().to_owned();
        assert_eq!((near("850", "003040"), near("850", "004030")), ("004010".to_owned(), "004010".to_owned()));
        assert_eq!((near("850", "008010"), near("850", "")), ("005010".to_owned(), "004010".to_owned()));
        assert_eq!((near("ORDERS", "D.93A"), near("ORDERS", "D.99B")), ("D.96A".to_owned(), "D.96A".to_owned()));
        assert_eq!((near("ORDERS", "D.04A"), near("ORDERS", "D.22A")), ("D.01B".to_owned(), "D.01B".to_owned()));
    }
}
