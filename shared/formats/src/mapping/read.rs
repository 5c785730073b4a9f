//! A set, walked against its map.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use canonical::{Code, Finding, Place};
use edi::{Segment, TransactionSet};
use rust_decimal::Decimal;

use super::compile::{Bind, Content, Field, Kind, Map, Node, Path, Position, Source as From, Tree, key};
use super::cut::Cut;
use super::draft::{At, Below, Draft, ROOT, Slot, Source, Unmapped};
use super::value::{self, Leaf, Parts, Taken};
use crate::limits::{FINDINGS_MAX, TREE_DEPTH_MAX, WARNINGS_MAX};

impl Map {
    /// Reads a set.
    ///
    /// # Errors
    /// Everything that makes the document say something else than its sender meant, each with segment and element and
    /// without its value.
    pub fn read<'a>(&'a self, set: &'a TransactionSet<'a>) -> Result<Draft<'a>, Vec<Finding>> {
        let mut reader = Reader {
            map: self,
            draft: Draft::new(set),
            frames: vec![Frame { children: &self.nodes, base: ROOT, group: 0, muted: false, seen: 0, opened: 0 }],
            claimed: BTreeSet::new(),
            units: BTreeMap::new(),
            counts: self.counted.iter().map(|id| (id.as_str(), 0)).collect(),
            cut: Cut::default(),
            at: 0,
            here: Here::default(),
            findings: Vec::new(),
        };
        let first = usize::from(!set.segments.is_empty());
        for (index, segment) in set.body().iter().enumerate() {
            reader.at = index + first;
            reader.segment(segment);
        }
        while let Some(frame) = reader.frames.pop() {
            reader.close(&frame, set);
        }
        if reader.findings.is_empty() { Ok(reader.draft) } else { Err(reader.findings) }
    }
}

/// The segment's id.
const ID: Position = Position { element: 0, component: 0 };

/// A loop that is open.
struct Frame<'a> {
    children: &'a [Node],
    /// The object that its segments say something of.
    base: At,
    /// Where in the loop we are: nothing before it comes any more.
    group: usize,
    /// A loop that the map does not take: its segments are passed by.
    muted: bool,
    /// Which of the first 64 children were there.
    seen: u64,
    /// The place in the set of the segment that opened it.
    opened: usize,
}

#[derive(Default, Clone, Copy)]
struct Here<'a> {
    id: &'a str,
    position: usize,
}

impl Frame<'_> {
    fn seen(&self, index: usize) -> bool {
        u32::try_from(index).ok().and_then(|index| self.seen.checked_shr(index)).unwrap_or(0) & 1 == 1
    }
}

struct Reader<'a> {
    map: &'a Map,
    draft: Draft<'a>,
    frames: Vec<Frame<'a>>,
    /// Objects that a segment has filled: a second one of its kind does not mix with the first.
    claimed: BTreeSet<(At, u32)>,
    /// Units of a tree by their number, with their depth.
    units: BTreeMap<Cow<'a, str>, (At, usize)>,
    /// How many segments there were of those that the map counts.
    counts: Vec<(&'a str, usize)>,
    cut: Cut<'a>,
    at: usize,
    here: Here<'a>,
    findings: Vec<Finding>,
}

impl<'a> Reader<'a> {
    fn segment(&mut self, segment: &'a Segment<'a>) {
        let id = segment.id();
        self.here = Here { id, position: segment.position() };
        self.cut.fill(segment);
        for (_, count) in self.counts.iter_mut().filter(|(counted, _)| *counted == id) {
            *count += 1;
        }
        let key = key(id);
        // The innermost loop in which it may still come, or else one around it.
        let found = self.frames.iter().enumerate().rev().find_map(|(depth, frame)| {
            let first =
                frame.children.iter().position(|node| node.key == key && node.group >= frame.group && node.id == id)?;
            // Where a segment that must stand before has not come yet, one that may be missing is of something that the
            // map does not name.
            let must = |node: &Node| node.required && node.conditions.is_empty();
            let mut passed = frame.children.iter().take(first).enumerate();
            let early = passed.any(|(index, node)| node.group > frame.group && must(node) && !frame.seen(index));
            let early = early && !frame.children.get(first).is_some_and(must);
            (!early).then_some((depth, first))
        });
        let Some((depth, first)) = found else {
            self.draft.unmapped.push(Unmapped { position: self.here.position, element: 0 });
            return;
        };
        while self.frames.len() > depth + 1 {
            if let Some(frame) = self.frames.pop() {
                self.close_here(&frame);
            }
        }
        let Some(frame) = self.frames.last_mut() else {
            return;
        };
        let (children, base, muted) = (frame.children, frame.base, frame.muted);
        let Some(group) = children.get(first).map(|node| node.group) else {
            return;
        };
        frame.group = group;
        let mut same = children.iter().enumerate().skip(first).take_while(|(_, node)| node.group == group);
        let met = same.clone().find(|(_, node)| self.cut.meets(&node.conditions));
        let (node, base, muted) = match met {
            Some((index, node)) if !muted => {
                frame.seen |= 1_u64.checked_shl(u32::try_from(index).unwrap_or(u32::MAX)).unwrap_or_default();
                match self.bind(node, base) {
                    Some(base) => {
                        self.fields(node, base);
                        let position = self.here.position;
                        let others = self.cut.others(node.named);
                        self.draft.unmapped.extend(others.map(|element| Unmapped { position, element }));
                        (node, base, false)
                    }
                    None => (node, base, true),
                }
            }
            // A loop that the map has no line for: what it holds must not be taken for something of another.
            _ => match same.clone().find(|(_, node)| !node.children.is_empty()).or_else(|| same.next()) {
                Some((_, node)) => (node, base, true),
                None => return,
            },
        };
        if muted {
            self.draft.unmapped.push(Unmapped { position: self.here.position, element: 0 });
        }
        if !node.children.is_empty() {
            let opened = self.at;
            self.frames.push(Frame { children: &node.children, base, group: 0, muted, seen: 0, opened });
        }
    }

    /// The object that a segment is about; `None` if there is none for it.
    fn bind(&mut self, node: &'a Node, base: At) -> Option<At> {
        let (base, depth) = match node.tree {
            Some(tree) => self.parent(tree, base)?,
            None => (base, 0),
        };
        let at = match &node.bind {
            Bind::Here => base,
            Bind::Object(path) => {
                let base = if path.absolute { ROOT } else { base };
                if !self.claimed.insert((base, node.line)) {
                    return None;
                }
                let at = self.draft.object(base, &path.names);
                self.room(at)?
            }
            Bind::Each(path, filter) => {
                let base = if path.absolute { ROOT } else { base };
                let at = self.draft.entry(base, &path.names, Slot::Object(Below::default()));
                let at = self.room(at)?;
                if let Some((name, words)) = filter
                    && let Some(word) = words.first()
                {
                    let from = self.chosen(node);
                    // Any line that says otherwise is believed before this constant.
                    self.draft.set(at, std::slice::from_ref(name), Leaf::Text(word.clone().into()), u32::MAX, from);
                }
                at
            }
        };
        if let Some(tree) = node.tree {
            self.plant(tree, at, depth)?;
        }
        Some(at)
    }

    /// The element that chose the segment; the segment's id if none did.
    fn chosen(&mut self, node: &Node) -> Range<usize> {
        let at = node.conditions.first().map_or(ID, |condition| condition.at);
        let start = self.draft.sources.len();
        if let Some((_, range)) = self.cut.get(at) {
            let (segment, element, component) = (self.at, at.element, at.component);
            self.draft.sources.push(Source { segment, element, component, range });
        }
        start..self.draft.sources.len()
    }

    /// The unit that a segment of a tree names as its parent, and its own depth.
    fn parent(&mut self, tree: Tree, base: At) -> Option<(At, usize)> {
        let Some((number, _)) = self.cut.get(tree.parent) else {
            return Some((base, 0));
        };
        let Some((at, depth)) = self.units.get(number.as_ref()).copied() else {
            let own = self.cut.get(tree.own).is_some_and(|(own, _)| own == number);
            self.fail(tree.parent, if own { "names itself as its parent" } else { "names no unit before it" });
            return None;
        };
        if depth + 1 > TREE_DEPTH_MAX {
            self.fail(tree.own, "is deeper in the tree than we read");
            return None;
        }
        Some((at, depth + 1))
    }

    /// Remembers a unit by its number.
    fn plant(&mut self, tree: Tree, at: At, depth: usize) -> Option<()> {
        let Some((number, _)) = self.cut.get(tree.own) else {
            self.fail(tree.own, "is missing: a unit of a tree has a number");
            return None;
        };
        if self.units.insert(number, (at, depth)).is_some() {
            self.fail(tree.own, "is the number of a unit before it, too");
            return None;
        }
        Some(())
    }

    fn fields(&mut self, node: &'a Node, base: At) {
        for field in &node.fields {
            match &field.content {
                Content::Value { path, kind, required, .. } => self.value(field, path, kind, *required, base),
                Content::CountSegments(id) => {
                    let counted = self.counts.iter().find(|(counted, _)| counted == id);
                    let count = counted.map_or(0, |(_, count)| *count);
                    self.total(field, Decimal::from(count));
                }
                Content::Count(path) => {
                    let count = self.count(base, path);
                    self.total(field, Decimal::from(count));
                }
                Content::Sum(path) => {
                    let sum = self.all(base, path).into_iter().filter_map(|at| self.number(at)).sum();
                    self.total(field, sum);
                }
                Content::Constant(..) | Content::Index | Content::HasChildren => {}
            }
        }
    }

    fn value(&mut self, field: &'a Field, path: &'a Path, kind: &'a Kind, required: bool, base: At) {
        let (main, places) = self.places(&field.source);
        if places.first().is_none_or(|place| self.cut.bytes(*place).is_none()) {
            if required {
                self.fail(main, "is missing");
            }
            return;
        }
        let start = self.draft.sources.len();
        let mut parts: Parts<'a> = [None, None, None];
        for (place, part) in places.iter().zip(&mut parts) {
            if let Some((text, range)) = self.cut.get(*place) {
                let (segment, element, component) = (self.at, place.element, place.component);
                self.draft.sources.push(Source { segment, element, component, range });
                *part = Some(text);
            }
        }
        let from = start..self.draft.sources.len();
        let table = match kind {
            Kind::Code(name) => self.map.tables.get(name),
            _ => None,
        };
        let leaf = match value::read(kind, parts, table, self.cut.decimal_mark()) {
            Ok(Taken::Value(leaf)) => leaf,
            Ok(Taken::Noted(leaf, what)) => {
                self.note(main, what);
                leaf
            }
            Ok(Taken::Refused(what)) => return self.note(main, what),
            Ok(Taken::LeftOut) => return,
            Err(what) => return self.fail(main, what),
        };
        self.put(path, leaf, base, field.line, from);
    }

    fn put(&mut self, path: &'a Path, leaf: Leaf<'a>, base: At, line: u32, from: Range<usize>) {
        let base = if path.absolute { ROOT } else { base };
        let put = if path.list {
            self.draft.append(base, &path.names, leaf, line, from)
        } else {
            self.draft.set(base, &path.names, leaf, line, from)
        };
        self.room(put.then_some(()));
    }

    /// Where a value belongs, and where its parts may be.
    fn places(&self, source: &'a From) -> (Position, &'a [Position]) {
        match source {
            From::At(positions) => (positions.first().copied().unwrap_or(ID), positions),
            From::Pairs(pairs, codes) => {
                let rank = |(qualifier, value): &'a (Position, Position)| {
                    let bytes = self.cut.bytes(*qualifier)?;
                    let rank = codes.iter().position(|code| self.cut.says(bytes, code))?;
                    self.cut.bytes(*value).map(|_| (rank, value))
                };
                match pairs.iter().filter_map(rank).min_by_key(|(rank, _)| *rank) {
                    Some((_, value)) => (*value, std::slice::from_ref(value)),
                    None => (pairs.first().map_or(ID, |(_, value)| *value), &[]),
                }
            }
        }
    }

    fn count(&self, base: At, path: &Path) -> usize {
        let base = if path.absolute { ROOT } else { base };
        let list = path.names.iter().try_fold(base, |at, name| self.draft.member(at, name));
        list.and_then(|at| self.draft.entries(at)).map_or(0, Iterator::count)
    }

    /// What stands at the end of a path, in every entry of the lists on its way.
    fn all(&self, base: At, path: &Path) -> Vec<At> {
        let start = vec![if path.absolute { ROOT } else { base }];
        path.names.iter().fold(start, |above, name| {
            let found = above.into_iter().filter_map(|at| self.draft.member(at, name));
            found
                .flat_map(|at| match self.draft.entries(at) {
                    Some(entries) => entries.collect(),
                    None => vec![at],
                })
                .collect()
        })
    }

    fn number(&self, at: At) -> Option<Decimal> {
        match &self.draft.nodes.get(at)?.slot {
            Slot::Leaf(Leaf::Text(text)) => text.parse().ok(),
            Slot::Leaf(Leaf::Integer(number)) => Some(Decimal::from(*number)),
            _ => None,
        }
    }

    /// A total that the set states is for us to check; what it sums up is believed.
    fn total(&mut self, field: &Field, sum: Decimal) {
        let From::At(positions) = &field.source else {
            return;
        };
        let Some(position) = positions.first() else {
            return;
        };
        if let Some((text, _)) = self.cut.get(*position)
            && value::number(&text, self.cut.decimal_mark()) != Some(sum)
        {
            self.note(*position, "is not what the set adds up to; the single values are taken");
        }
    }

    fn room<T>(&mut self, made: Option<T>) -> Option<T> {
        if made.is_none() && self.findings.is_empty() {
            let detail = "the document has more values than we read".to_owned();
            self.findings.push(Finding { code: Code::TooLarge, detail, place: None });
        }
        made
    }

    fn close_here(&mut self, frame: &Frame<'a>) {
        for id in missing(frame) {
            let opener = self.draft.segments.get(frame.opened);
            let (segment, position) = opener.map_or(("", 0), |opener| (opener.id(), opener.position()));
            let place = Place::Edi {
                segment: Some(id.to_owned()),
                segment_position: Some(position as u64),
                element: None,
                byte_offset: self.cut.offset(ID) as u64,
            };
            let detail = format!("the loop of {segment} has no {id} that it must have");
            self.push(Finding { code: Code::EdiSyntax, detail, place: Some(place) });
        }
    }

    fn close(&mut self, frame: &Frame<'a>, set: &'a TransactionSet<'a>) {
        let last = set.segments.last();
        if let Some(last) = last {
            self.cut.fill(last);
        }
        self.close_here(frame);
    }

    fn fail(&mut self, at: Position, what: &str) {
        let finding = self.finding(at, what);
        self.push(finding);
    }

    fn push(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        }
    }

    fn note(&mut self, at: Position, what: &str) {
        if self.draft.notes.len() < WARNINGS_MAX {
            let finding = self.finding(at, what);
            self.draft.notes.push(finding);
        }
    }

    fn finding(&self, at: Position, what: &str) -> Finding {
        let component = if at.component > 0 { format!("-{}", at.component) } else { String::new() };
        let place = Place::Edi {
            segment: Some(self.here.id.to_owned()),
            segment_position: Some(self.here.position as u64),
            element: Some(at.element as u64),
            byte_offset: self.cut.offset(at) as u64,
        };
        let detail = format!("{}{:02}{component} {what}", self.here.id, at.element);
        Finding { code: Code::EdiSyntax, detail, place: Some(place) }
    }
}

/// Segments that the loop must have and has not. One that says nothing of the document is the guide's business.
fn missing<'a>(frame: &Frame<'a>) -> Vec<&'a str> {
    if frame.muted {
        return Vec::new();
    }
    let says = |node: &Node| {
        let must = |field: &Field| matches!(field.content, Content::Value { required: true, .. });
        matches!(node.bind, Bind::Each(..)) || node.fields.iter().any(must)
    };
    let children = frame.children.iter().enumerate();
    let missed = children.filter(|(index, node)| node.required && says(node) && !frame.seen(*index));
    missed.map(|(_, node)| node.id.as_str()).collect()
}
