//! A map, compiled for reading: numbers in place of names, and tables in place of searches.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::OnceLock;

use super::text::{self, Kind, MapError, Position, Table, Tree};
use crate::limits::LOOP_NODES_MAX;

/// A member's name, as its number in [`Plan::names`].
pub(super) type Name = u16;

/// The number of no member and of no segment.
const NONE: u16 = u16::MAX;

#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) ids: Ids,
    /// The set itself is the first, then what stands in the loop of each segment.
    pub(super) loops: Vec<Loop>,
    pub(super) nodes: Vec<Node>,
    pub(super) fields: Vec<Field>,
    pub(super) names: Vec<String>,
    pub(super) tables: Vec<Lookup>,
    pub(super) layouts: Layouts,
}

/// Segments that may follow each other. Bits and numbers are those of its nodes, counted from the first.
#[derive(Debug, Clone)]
pub(super) struct Loop {
    pub(super) nodes: Range<usize>,
    /// By a segment's id: its first node.
    first: Box<[u16]>,
    /// Nodes whose segment must stand before others do, whatever is in it.
    pub(super) must: u64,
    /// Nodes whose segment must be there, as it says something of the document.
    pub(super) wanted: u64,
    /// Where the nodes of the first group end.
    pub(super) after: usize,
}

impl Loop {
    /// The first node that a segment with this id may be, in `group` or a later one, and its place in the loop.
    pub(super) fn find<'p>(&self, plan: &'p Plan, id: usize, group: usize) -> Option<(usize, &'p Node)> {
        let mut at = *self.first.get(id)?;
        loop {
            let node = plan.nodes.get(self.nodes.start + usize::from(at)).filter(|_| at != NONE)?;
            if node.group >= group {
                return Some((usize::from(at), node));
            }
            at = node.later;
        }
    }
}

/// A segment: see [`text::Node`].
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) id: String,
    pub(super) conditions: Box<[Condition]>,
    pub(super) bind: Bind,
    pub(super) tree: Option<Tree>,
    pub(super) fields: Range<usize>,
    /// Which elements some line names, by the bits from element 1 on.
    pub(super) named: u128,
    /// The loop that it opens.
    pub(super) inner: Option<usize>,
    pub(super) group: usize,
    /// Where the nodes of its group end, in the loop.
    pub(super) after: usize,
    /// The next node of the loop with this id, in a later group.
    later: u16,
    pub(super) line: u32,
}

#[derive(Debug, Clone)]
pub(super) struct Condition {
    pub(super) at: Position,
    pub(super) test: Test,
}

#[derive(Debug, Clone)]
pub(super) enum Test {
    OneOf(Box<[Word]>),
    Present,
    Absent,
}

/// A code, and the number by which a short one is compared.
#[derive(Debug, Clone)]
pub(super) struct Word {
    pub(super) key: u32,
    pub(super) text: String,
}

impl Word {
    fn new(text: &str) -> Self {
        Self { key: key(text.as_bytes()), text: text.to_owned() }
    }
}

/// Up to four bytes as a number; 0 for more.
#[inline]
pub(super) fn key(bytes: &[u8]) -> u32 {
    match *bytes {
        [a] => u32::from_be_bytes([0, 0, 0, a]),
        [a, b] => u32::from_be_bytes([0, 0, a, b]),
        [a, b, c] => u32::from_be_bytes([0, a, b, c]),
        [a, b, c, d] => u32::from_be_bytes([a, b, c, d]),
        _ => 0,
    }
}

#[derive(Debug, Clone)]
pub(super) enum Bind {
    Here,
    Object(Path),
    Each(Path, Option<(Path, String)>),
}

#[derive(Debug, Clone)]
pub(super) struct Path {
    pub(super) absolute: bool,
    pub(super) names: Box<[Name]>,
    pub(super) list: bool,
}

/// An element that is read: see [`text::Field`].
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) source: Source,
    pub(super) content: Content,
    pub(super) line: u32,
}

#[derive(Debug, Clone)]
pub(super) enum Source {
    At(Box<[Position]>),
    Pairs(Box<[(Position, Position)]>, Box<[Word]>),
}

#[derive(Debug, Clone)]
pub(super) enum Content {
    Value { path: Path, kind: Kind, table: Option<usize>, required: bool },
    CountSegments(usize),
    Count(Path),
    Sum(Path),
}

/// A code table, searched by numbers.
#[derive(Debug, Clone)]
pub(super) struct Lookup {
    keys: Box<[u32]>,
    pub(super) table: Table,
}

impl Lookup {
    /// The word for a code.
    pub(super) fn word(&self, code: &str) -> Option<&str> {
        let wanted = key(code.as_bytes());
        let is = |(at, key): (usize, &u32)| {
            let pair = self.table.pairs.get(at).filter(|(known, _)| *key == wanted && (*key != 0 || known == code))?;
            Some(pair.1.as_str())
        };
        self.keys.iter().enumerate().find_map(is)
    }
}

/// Ids of segments, each with a number: a table whose places follow from the ids.
#[derive(Debug, Clone, Default)]
pub(super) struct Ids {
    slots: Box<[(u32, u16)]>,
    /// How many ids there are.
    pub(super) len: usize,
}

/// Spreads ids over a table: 2^32 by the golden ratio.
const SPREAD: u32 = 0x9e37_79b9;

impl Ids {
    fn new(ids: &BTreeMap<u32, u16>) -> Self {
        let mut slots = vec![(0, NONE); (ids.len() * 4).next_power_of_two()];
        for (&key, &number) in ids {
            let mut at = Self::start(key, slots.len());
            while slots.get(at).is_some_and(|(known, _)| *known != 0) {
                at = (at + 1) & (slots.len() - 1);
            }
            if let Some(slot) = slots.get_mut(at) {
                *slot = (key, number);
            }
        }
        Self { slots: slots.into(), len: ids.len() }
    }

    fn start(key: u32, len: usize) -> usize {
        (key.wrapping_mul(SPREAD) >> 16) as usize & (len - 1)
    }

    /// The number of an id.
    #[inline]
    pub(super) fn of(&self, id: &[u8]) -> Option<usize> {
        let key = key(id);
        let mut at = Self::start(key, self.slots.len().max(1));
        loop {
            match self.slots.get(at)? {
                (0, _) => return None,
                (known, number) if *known == key => return Some(usize::from(*number)),
                _ => at = (at + 1) & (self.slots.len() - 1),
            }
        }
    }
}

/// For each type that drafts were made into: the name of each of its fields, as a number. It is found by where the
/// names of the fields lie, which costs less than to compare them.
#[derive(Debug, Clone, Default)]
pub(super) struct Layouts(OnceLock<Box<Layout>>);

#[derive(Debug, Clone)]
struct Layout {
    fields: FieldNames,
    names: Box<[Name]>,
    more: Layouts,
}

type FieldNames = &'static [&'static str];

impl Layouts {
    pub(super) fn of(&self, fields: FieldNames, names: &[String]) -> &[Name] {
        let number = |field: &&str| {
            names.iter().position(|name| name == field).and_then(|at| u16::try_from(at).ok()).unwrap_or(NONE)
        };
        let mut layouts = self;
        loop {
            let new = || Box::new(Layout { fields, names: fields.iter().map(number).collect(), more: Self::default() });
            let layout = layouts.0.get_or_init(new);
            if std::ptr::eq(layout.fields, fields) {
                return &layout.names;
            }
            layouts = &layout.more;
        }
    }
}

impl Plan {
    /// # Errors
    /// A code table that is not there, or a loop with too many segments.
    pub(super) fn new(nodes: &[text::Node], tables: &BTreeMap<String, Table>) -> Result<Self, MapError> {
        let mut builder = Builder { tables: tables.keys().map(String::as_str).collect(), ..Builder::default() };
        builder.nest(nodes)?;
        let ids = Ids::new(&builder.ids);
        let lookup = |table: &Table| Lookup {
            keys: table.pairs.iter().map(|(code, _)| key(code.as_bytes())).collect(),
            table: table.clone(),
        };
        let mut loops = Vec::new();
        for nodes in builder.loops {
            loops.push(indexed(nodes, &mut builder.nodes, ids.len));
        }
        Ok(Self {
            loops,
            ids,
            nodes: builder.nodes.into_iter().map(|(node, _)| node).collect(),
            fields: builder.fields,
            names: builder.names,
            tables: tables.values().map(lookup).collect(),
            layouts: Layouts::default(),
        })
    }
}

/// What is known of a node until its loop is whole: the number of its id, and what [`Loop`] has bits for.
struct Mark {
    id: u16,
    must: bool,
    wanted: bool,
}

/// A loop with what finds its nodes.
fn indexed(nodes: Range<usize>, all: &mut [(Node, Mark)], ids: usize) -> Loop {
    let mut first = vec![NONE; ids].into_boxed_slice();
    let (mut must, mut wanted) = (0, 0);
    let of_loop = all.get_mut(nodes.clone()).unwrap_or_default();
    // From the last to the first: a node knows the next of its id in a later group.
    let (mut after, mut group) = (of_loop.len(), usize::MAX);
    for at in (0..of_loop.len()).rev() {
        let next = of_loop.get(at + 1).map(|(node, mark)| (node.group, node.later, mark.id));
        let Some((node, mark)) = of_loop.get_mut(at) else { continue };
        must |= u64::from(mark.must) << at;
        wanted |= u64::from(mark.wanted) << at;
        if group != node.group {
            (after, group) = (at + 1, node.group);
        }
        node.after = after;
        let Some(known) = first.get_mut(usize::from(mark.id)) else { continue };
        node.later = match next {
            Some((group, later, id)) if group == node.group && id == mark.id => later,
            _ => *known,
        };
        *known = u16::try_from(at).unwrap_or(NONE);
    }
    let after = of_loop.first().map_or(0, |(node, _)| node.after);
    Loop { nodes, first, must, wanted, after }
}

#[derive(Default)]
struct Builder<'m> {
    tables: Vec<&'m str>,
    ids: BTreeMap<u32, u16>,
    loops: Vec<Range<usize>>,
    nodes: Vec<(Node, Mark)>,
    fields: Vec<Field>,
    names: Vec<String>,
}

impl Builder<'_> {
    /// Adds a loop, and says which it is.
    fn nest(&mut self, nodes: &[text::Node]) -> Result<usize, MapError> {
        if let Some(one_more) = nodes.get(LOOP_NODES_MAX) {
            let what = format!("is one segment more than the {LOOP_NODES_MAX} that a loop may have");
            return Err(MapError { line: one_more.line, what });
        }
        let (at, start) = (self.loops.len(), self.nodes.len());
        self.loops.push(start..start + nodes.len());
        for node in nodes {
            let made = self.node(node)?;
            self.nodes.push(made);
        }
        for (index, node) in nodes.iter().enumerate().filter(|(_, node)| !node.children.is_empty()) {
            let inner = self.nest(&node.children)?;
            if let Some((made, _)) = self.nodes.get_mut(start + index) {
                made.inner = Some(inner);
            }
        }
        Ok(at)
    }

    fn node(&mut self, node: &text::Node) -> Result<(Node, Mark), MapError> {
        let start = self.fields.len();
        for field in &node.fields {
            let made = self.field(field)?;
            self.fields.extend(made);
        }
        let must_say = |field: &text::Field| matches!(field.content, text::Content::Value { required: true, .. });
        let says = matches!(node.bind, text::Bind::Each(..)) || node.fields.iter().any(must_say);
        let mark = Mark {
            id: self.id(&node.id),
            must: node.required && node.conditions.is_empty(),
            wanted: node.required && says,
        };
        let bind = match &node.bind {
            text::Bind::Here => Bind::Here,
            text::Bind::Object(path) => Bind::Object(self.path(path)),
            text::Bind::Each(path, filter) => {
                let filter = filter.as_ref().and_then(|(name, words)| {
                    let path = text::Path { absolute: false, names: vec![name.clone()], list: false };
                    Some((self.path(&path), words.first()?.clone()))
                });
                Bind::Each(self.path(path), filter)
            }
        };
        let test = |test: &text::Test| match test {
            text::Test::OneOf(codes) => Test::OneOf(codes.iter().map(|code| Word::new(code)).collect()),
            text::Test::Present => Test::Present,
            text::Test::Absent => Test::Absent,
        };
        let conditions = node.conditions.iter();
        let made = Node {
            id: node.id.clone(),
            conditions: conditions.map(|one| Condition { at: one.at, test: test(&one.test) }).collect(),
            bind,
            tree: node.tree,
            fields: start..self.fields.len(),
            named: named(node),
            inner: None,
            group: node.group,
            after: 0,
            later: NONE,
            line: node.line,
        };
        Ok((made, mark))
    }

    /// `None` for what is written alone.
    fn field(&mut self, field: &text::Field) -> Result<Option<Field>, MapError> {
        let content = match &field.content {
            text::Content::Value { path, kind, required, .. } => {
                let table = match kind {
                    Kind::Code(name) => {
                        let missing =
                            || MapError { line: field.line, what: format!("there is no code table `{name}`") };
                        Some(self.tables.iter().position(|table| table == name).ok_or_else(missing)?)
                    }
                    _ => None,
                };
                Content::Value { path: self.path(path), kind: kind.clone(), table, required: *required }
            }
            text::Content::CountSegments(id) => Content::CountSegments(usize::from(self.id(id))),
            text::Content::Count(path) => Content::Count(self.path(path)),
            text::Content::Sum(path) => Content::Sum(self.path(path)),
            text::Content::Constant(_) | text::Content::Index | text::Content::HasChildren => return Ok(None),
        };
        let source = match &field.source {
            text::Source::At(positions) => Source::At(positions.as_slice().into()),
            text::Source::Pairs(pairs, codes) => {
                Source::Pairs(pairs.as_slice().into(), codes.iter().map(|code| Word::new(code)).collect())
            }
        };
        Ok(Some(Field { source, content, line: field.line }))
    }

    fn path(&mut self, path: &text::Path) -> Path {
        let names = path.names.iter().map(|name| self.name(name)).collect();
        Path { absolute: path.absolute, names, list: path.list }
    }

    fn name(&mut self, name: &str) -> Name {
        let known = self.names.iter().position(|known| known == name);
        let at = known.unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        u16::try_from(at).unwrap_or(NONE)
    }

    fn id(&mut self, id: &str) -> u16 {
        let next = u16::try_from(self.ids.len()).unwrap_or(NONE);
        *self.ids.entry(key(id.as_bytes())).or_insert(next)
    }
}

/// Which elements the lines of a segment name.
fn named(node: &text::Node) -> u128 {
    let conditions = node.conditions.iter().map(|condition| condition.at);
    let tree = node.tree.iter().flat_map(|tree| [tree.own, tree.parent]);
    let fields = node.fields.iter().flat_map(|field| match &field.source {
        text::Source::At(positions) => positions.clone(),
        text::Source::Pairs(pairs, _) => pairs.iter().flat_map(|(qualifier, value)| [*qualifier, *value]).collect(),
    });
    conditions.chain(tree).chain(fields).fold(0, |named, at| named | bit(at.element))
}

/// The bit of an element; none for one that no line can name.
pub(super) fn bit(element: usize) -> u128 {
    1_u128.checked_shl(u32::try_from(element).unwrap_or(u32::MAX)).unwrap_or_default()
}
