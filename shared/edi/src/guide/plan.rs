//! Guides compiled for checking: ids as numbers, levels as slices, conditions as bits.

use std::collections::BTreeMap;

use super::table::{Marks, flag};
use super::{Dictionary, ElementSpec, Kind, Node, Relation, RelationKind, SegmentSpec, Shape};

/// A guide as the checker walks it.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    /// The set itself is level 0; each loop is one more.
    pub(super) levels: Vec<Level>,
    pub(super) segments: Vec<SegmentPlan>,
    numbers: Numbers,
    /// Where each id occurs first: level, index in it. By id.
    first: Vec<(Id, usize, usize)>,
}

/// A segment's id as a number; zero is no id.
pub(super) type Id = u32;

/// Ids of up to four bytes; longer ones are none that we know.
pub(super) fn id_of(bytes: &[u8]) -> Id {
    // A leading NUL would not show in the number.
    if bytes.len() > 4 || bytes.first() == Some(&0) {
        0
    } else {
        bytes.iter().fold(0, |id, byte| (id << 8) | u32::from(*byte))
    }
}

/// The children of a loop, or of the set, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Level {
    pub(super) ids: Vec<Id>,
    pub(super) nodes: Vec<NodePlan>,
    /// For each segment of the plan, a bit for each node that is of it.
    of: Vec<u64>,
    /// A bit for each node that must occur, and their indices.
    pub(super) must: u64,
    pub(super) mandatory: Vec<usize>,
}

impl Level {
    /// The nodes of a segment, a bit each. A level has no more than
    /// [`GUIDE_NODES_MAX`](crate::limits::GUIDE_NODES_MAX).
    #[inline]
    pub(super) fn of(&self, segment: usize) -> u64 {
        self.of.get(segment).copied().unwrap_or_default()
    }
}

/// Which segment of the plan an id is. Most ids are found in a table by their hash; those that share a place in it with
/// another are searched.
#[derive(Clone, Debug, Default)]
struct Numbers {
    /// What an id is multiplied by for its place.
    factor: u32,
    table: Vec<(Id, usize)>,
    /// By id.
    all: Vec<(Id, usize)>,
}

impl Numbers {
    /// Places in the table, as a power of two: some five for each id of a large guide.
    const BITS: u32 = 8;
    /// Factors that are tried for one by which no two ids share a place.
    const FACTORS: u32 = 200;

    fn new(all: Vec<(Id, usize)>) -> Self {
        let factors = (0..Self::FACTORS).map(|n| 0x9e37_79b1_u32.wrapping_add(n << 8));
        let mut places: Vec<usize> = Vec::with_capacity(all.len());
        let mut crowded = |factor: u32| {
            places.clear();
            places.extend(all.iter().map(|(id, _)| Self::place(*id, factor)));
            places.sort_unstable();
            places.windows(2).filter(|pair| pair.first() == pair.last()).count()
        };
        let (mut factor, mut fewest) = (1, usize::MAX);
        for next in factors {
            let crowd = crowded(next);
            if crowd < fewest {
                (factor, fewest) = (next, crowd);
            }
            if fewest == 0 {
                break;
            }
        }
        let mut table = vec![(0, 0); 1 << Self::BITS];
        for &(id, number) in all.iter().filter(|(id, _)| *id != 0) {
            if let Some(place) = table.get_mut(Self::place(id, factor)) {
                *place = (id, number);
            }
        }
        Self { factor, table, all }
    }

    /// Multiplying by a large odd number spreads ids that differ in few bits; the top bits choose.
    #[inline]
    fn place(id: Id, factor: u32) -> usize {
        (id.wrapping_mul(factor) >> (Id::BITS - Self::BITS)) as usize
    }

    #[inline]
    fn of(&self, id: Id) -> Option<usize> {
        match self.table.get(Self::place(id, self.factor)) {
            Some((here, number)) if *here == id && id != 0 => Some(*number),
            _ => self.search(id),
        }
    }

    #[cold]
    fn search(&self, id: Id) -> Option<usize> {
        let found = self.all.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.all.get(found).map(|(_, number)| *number)
    }
}

#[derive(Clone, Debug)]
pub(super) struct NodePlan {
    pub(super) id: Id,
    pub(super) min: u32,
    pub(super) max: u32,
    /// Index of its segment.
    pub(super) segment: usize,
    /// The level that it opens, if it opens a loop.
    pub(super) level: Option<usize>,
    /// Whether it is the LE that ends a bounded loop. Source: X12.6, LS and LE.
    pub(super) ends: bool,
}

#[derive(Clone, Debug)]
pub(super) struct SegmentPlan {
    pub(super) name: String,
    pub(super) elements: Vec<ElementPlan>,
    pub(super) conditions: Conditions,
    /// Whether it is a level of a tree: its first element is its number, the second that of its parent.
    pub(super) level_of_tree: bool,
}

/// Segments that are levels of a tree. Source: X12 HL, HL01 and HL02; EDIFACT CPS, 7164 and 7166.
const LEVELS_OF_TREES: [&str; 2] = ["HL", "CPS"];

/// Which elements must be there, as bits; the first element's bit is the lowest.
#[derive(Clone, Debug, Default)]
pub(super) struct Conditions {
    pub(super) mandatory: u64,
    pub(super) relations: Vec<RelationPlan>,
    /// For each element or component.
    pub(super) glances: Vec<Glance>,
    /// For each choice of the first six elements, whether it is enough: most segments have no more.
    few: u64,
}

impl Conditions {
    fn new(mandatory: u64, relations: Vec<RelationPlan>, glances: Vec<Glance>) -> Self {
        let mut conditions = Self { mandatory, relations, glances, few: 0 };
        conditions.few =
            (0..64).filter(|present| conditions.all_hold(*present)).fold(0, |few, present| few | 1 << present);
        conditions
    }

    /// Whether these elements are enough.
    #[inline]
    pub(super) fn hold(&self, present: u64) -> bool {
        if present < 64 { (self.few >> present) & 1 != 0 } else { self.all_hold(present) }
    }

    fn all_hold(&self, present: u64) -> bool {
        self.mandatory & !present == 0 && self.relations.iter().all(|relation| relation.holds(present))
    }
}

/// What is known of an element at a glance, if it has fewer than 64 bytes and nothing is released in it: it is good if
/// its length fits and it has no bit of what is to be watched.
#[derive(Clone, Copy, Debug)]
pub(super) struct Glance {
    /// All bits if characters that are no digits need a closer look; else none.
    not_digit: u64,
    /// The same for unusual characters.
    unusual: u64,
    min: u32,
    /// How many characters more than `min` there may be.
    span: u32,
}

impl Glance {
    /// Of what always needs a closer look: no length fits.
    const NEVER: Self = Self { not_digit: 0, unusual: 0, min: u32::MAX, span: 0 };

    /// Whether the bytes of a segment that `within` has a bit for, so many, need no closer look. What all need one for
    /// has a bit in `closer`.
    #[expect(clippy::inline_always, reason = "once for each element; a call costs more than what it does")]
    #[inline(always)]
    pub(super) fn fits(&self, within: u64, len: u32, marks: &Marks, closer: u64) -> bool {
        let watched = (marks.not_digit & self.not_digit) | (marks.unusual & self.unusual) | closer;
        watched & within == 0 && len.wrapping_sub(self.min) <= self.span
    }

    /// Which of these bytes must be digits.
    #[inline]
    pub(super) fn digits(&self, within: u64) -> u64 {
        self.not_digit & within
    }

    fn of(element: &ElementPlan) -> Self {
        let all_if = |condition: bool| if condition { u64::MAX } else { 0 };
        let length = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        match &element.shape {
            // Its length does not matter or is counted otherwise, or it is a code.
            ShapePlan::Composite { .. } => Self::NEVER,
            ShapePlan::Value(value)
                if value.kind == Kind::Binary || value.min > value.max || value.closer & flag::VALUE != 0 =>
            {
                Self::NEVER
            }
            ShapePlan::Value(value) => Self {
                not_digit: all_if(value.closer & flag::NOT_DIGIT != 0),
                unusual: all_if(value.closer & flag::UNUSUAL != 0),
                min: length(value.min),
                span: length(value.max - value.min),
            },
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct RelationPlan {
    pub(super) kind: RelationKind,
    pub(super) first: u64,
    pub(super) all: u64,
}

impl RelationPlan {
    #[inline]
    pub(super) fn holds(self, present: u64) -> bool {
        let there = present & self.all;
        match self.kind {
            RelationKind::Paired => there == 0 || there == self.all,
            RelationKind::Required => there != 0,
            RelationKind::Exclusive => there.count_ones() <= 1,
            RelationKind::Conditional => there & self.first == 0 || there == self.all,
            RelationKind::List => there & self.first == 0 || there != self.first,
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct ElementPlan {
    pub(super) number: Option<String>,
    pub(super) repeat: usize,
    pub(super) shape: ShapePlan,
}

#[derive(Clone, Debug)]
pub(super) enum ShapePlan {
    Value(ValuePlan),
    Composite { components: Vec<ElementPlan>, conditions: Conditions },
}

#[derive(Clone, Debug)]
pub(super) struct ValuePlan {
    pub(super) kind: Kind,
    pub(super) min: usize,
    pub(super) max: usize,
    /// The codes that may stand there, as numbers in order; empty where any may.
    pub(super) codes: Vec<u128>,
    /// Bits of [`Leaf::flags`](super::table::Leaf::flags): a value with none of them and of a right length is good.
    pub(super) closer: u8,
}

impl ValuePlan {
    fn new(kind: Kind, min: usize, max: usize, codes: &[String]) -> Self {
        let mut codes: Vec<u128> = codes.iter().filter_map(|code| code_of(code.as_bytes())).collect();
        codes.sort_unstable();
        let closer = match kind {
            Kind::Text | Kind::Code if codes.is_empty() => flag::UNUSUAL,
            Kind::Integer | Kind::Decimal | Kind::Number if codes.is_empty() => flag::NOT_DIGIT,
            _ => flag::VALUE,
        };
        Self { kind, min, max, codes, closer }
    }
}

/// A code of up to 16 bytes as a number; `None` if it is longer and so in no list.
pub(super) fn code_of(bytes: &[u8]) -> Option<u128> {
    (bytes.len() <= 16).then(|| bytes.iter().fold(0, |code, byte| (code << 8) | u128::from(*byte)))
}

/// The bit of an element's index; none beyond what a definition may have.
#[inline]
pub(super) fn bit(index: usize) -> u64 {
    u32::try_from(index).ok().and_then(|index| 1_u64.checked_shl(index)).unwrap_or(0)
}

impl Plan {
    pub(super) fn new(order: &[Node], dictionary: &Dictionary) -> Self {
        let mut compiler = Compiler { plan: Self::default(), segments: BTreeMap::new(), dictionary };
        compiler.level(order);
        let mut plan = compiler.plan;
        for (index, level) in plan.levels.iter().enumerate() {
            plan.first.extend(level.ids.iter().enumerate().map(|(node, id)| (*id, index, node)));
        }
        plan.first.sort_unstable();
        plan.first.dedup_by_key(|(id, ..)| *id);
        plan.numbers = Numbers::new(compiler.segments.into_iter().collect());
        plan
    }

    /// The segment with an id, if the set has it.
    #[inline]
    pub(super) fn number(&self, id: Id) -> Option<usize> {
        self.numbers.of(id)
    }

    /// Where an id occurs first: level, index in it.
    pub(super) fn first(&self, id: Id) -> Option<(usize, usize)> {
        let found = self.first.binary_search_by_key(&id, |(id, ..)| *id).ok()?;
        self.first.get(found).map(|(_, level, node)| (*level, *node))
    }

    pub(super) fn level(&self, level: usize) -> Option<&Level> {
        self.levels.get(level)
    }

    pub(super) fn node(&self, level: usize, node: usize) -> Option<&NodePlan> {
        self.levels.get(level)?.nodes.get(node)
    }

    pub(super) fn name(&self, node: &NodePlan) -> &str {
        self.segments.get(node.segment).map_or("", |segment| &segment.name)
    }
}

struct Compiler<'d> {
    plan: Plan,
    segments: BTreeMap<Id, usize>,
    dictionary: &'d Dictionary,
}

impl Compiler<'_> {
    /// Compiles a level and those below it; its index is what was the number of levels before.
    fn level(&mut self, nodes: &[Node]) -> usize {
        let index = self.plan.levels.len();
        self.plan.levels.push(Level::default());
        let mut level = Level::default();
        for (position, node) in nodes.iter().enumerate() {
            let id = id_of(node.id.as_bytes());
            if node.min > 0 {
                level.mandatory.push(position);
                level.must |= bit(position);
            }
            let segment = self.segment(id, &node.id);
            if level.of.len() <= segment {
                level.of.resize(segment + 1, 0);
            }
            if let Some(nodes) = level.of.get_mut(segment) {
                *nodes |= bit(position);
            }
            let below = if node.children.is_empty() { None } else { Some(self.level(&node.children)) };
            let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
            level.ids.push(id);
            let ends = node.id == "LE" && position + 1 == nodes.len() && index > 0;
            level.nodes.push(NodePlan { id, min: count(node.min), max: count(node.max), segment, level: below, ends });
        }
        if let Some(place) = self.plan.levels.get_mut(index) {
            *place = level;
        }
        index
    }

    fn segment(&mut self, id: Id, name: &str) -> usize {
        *self.segments.entry(id).or_insert_with(|| {
            let spec = self.dictionary.segments.get(name).cloned().unwrap_or_default();
            self.plan.segments.push(segment(name, &spec));
            self.plan.segments.len() - 1
        })
    }
}

fn segment(name: &str, spec: &SegmentSpec) -> SegmentPlan {
    let elements: Vec<ElementPlan> = spec.elements.iter().map(element).collect();
    SegmentPlan {
        name: name.to_owned(),
        conditions: conditions(&spec.elements, &spec.relations, &elements),
        elements,
        level_of_tree: LEVELS_OF_TREES.contains(&name),
    }
}

fn conditions(elements: &[ElementSpec], relations: &[Relation], plans: &[ElementPlan]) -> Conditions {
    let mandatory = elements.iter().enumerate().filter(|(_, spec)| spec.mandatory).map(|(index, _)| bit(index));
    let relation = |relation: &Relation| {
        let bits = || relation.positions.iter().map(|n| bit(n - 1));
        RelationPlan {
            kind: relation.kind,
            first: bits().next().unwrap_or(0),
            all: bits().fold(0, |all, bit| all | bit),
        }
    };
    Conditions::new(
        mandatory.fold(0, |all, bit| all | bit),
        relations.iter().map(relation).collect(),
        plans.iter().map(Glance::of).collect(),
    )
}

fn element(spec: &ElementSpec) -> ElementPlan {
    let shape = match &spec.shape {
        Shape::Simple { kind, min, max, codes } => ShapePlan::Value(ValuePlan::new(*kind, *min, *max, codes)),
        Shape::Composite { components, relations } => {
            let plans: Vec<ElementPlan> = components.iter().map(element).collect();
            ShapePlan::Composite { conditions: conditions(components, relations, &plans), components: plans }
        }
    };
    ElementPlan { number: spec.number.clone(), repeat: spec.repeat, shape }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relations_hold_or_not() {
        let holds = |kind, present| RelationPlan { kind, first: 0b010, all: 0b1110 }.holds(present);
        let ok = |kind| (0..8).map(|present| u8::from(holds(kind, present << 1))).collect::<Vec<_>>();
        // The first element of the relation is the lowest bit.
        assert_eq!(ok(RelationKind::Paired), [1, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(ok(RelationKind::Required), [0, 1, 1, 1, 1, 1, 1, 1]);
        assert_eq!(ok(RelationKind::Exclusive), [1, 1, 1, 0, 1, 0, 0, 0]);
        assert_eq!(ok(RelationKind::Conditional), [1, 0, 1, 0, 1, 0, 1, 1]);
        assert_eq!(ok(RelationKind::List), [1, 0, 1, 1, 1, 1, 1, 1]);
    }

    #[test]
    fn codes_and_ids_are_numbers_of_their_own() {
        assert_ne!(id_of(b"N1"), id_of(b"N11"));
        assert_eq!((id_of(b"TOOLONG"), id_of(b"\0N1"), id_of(b"")), (0, 0, 0));
        assert_ne!(code_of(b"A"), code_of(b"AA"));
        assert_eq!(code_of(&[b'A'; 17]), None);
    }
}
