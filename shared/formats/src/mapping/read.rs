//! A set, walked against its map.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use canonical::{Code, Finding, Place};
use edi::limits::SEGMENTS_PER_SET_MAX;
use edi::{Segment, TransactionSet};
use rust_decimal::Decimal;

use super::compile::Map;
use super::cut::Cut;
use super::draft::{At, Body, Draft, From, Leaf, ROOT, Unmapped};
use super::plan::{Bind, Content, Field, Lookup, Loop, Node, Path, Plan, Source};
use super::text::{Kind, Position, Tree};
use super::value::{self, Taken};
use crate::limits::{FINDINGS_MAX, TREE_DEPTH_MAX, WARNINGS_MAX};

impl Map {
    /// Reads a set.
    ///
    /// # Errors
    /// Everything that makes the document say something else than its sender meant, each with segment and element and
    /// without its value.
    pub fn read<'a>(&'a self, set: &TransactionSet<'a>) -> Result<Draft<'a>, Vec<Finding>> {
        let mut reader = self.reader(&[]);
        if let Some(header) = set.segments.first() {
            reader.begin(header);
        }
        for segment in set.body() {
            reader.segment(segment);
        }
        reader.close(set.segments.last());
        if reader.findings.is_empty() { Ok(reader.draft) } else { Err(reader.findings) }
    }

    /// A reader of sets of one file, segment by segment.
    pub fn reader<'a>(&'a self, file: &'a [u8]) -> Reader<'a> {
        Reader {
            plan: &self.plan,
            file: std::str::from_utf8(file).ok(),
            draft: Draft::new(&self.plan),
            frames: Vec::new(),
            claimed: BTreeSet::new(),
            units: Units::default(),
            counts: vec![0; self.plan.ids.len],
            cut: Cut::default(),
            at: 0,
            start: 0,
            findings: Vec::new(),
        }
    }
}

/// Reads one set after the other in the same room, as their segments come: for instance from [`edi::Events`].
///
/// ```
/// # let file = b"ISA*00*          *00*          *ZZ*A              *ZZ*B              *260131*1435*U*00401*000000001*0*P*>~\
/// #     GS*GF*AA*BB*20260131*1435*1*X*004010~ST*990*0001~B1*ABCD*LOAD-1*20260131*A~SE*3*0001~GE*1*1~IEA*1*000000001~";
/// let map = formats::mapping::find(edi::Standard::X12, "990").unwrap();
/// let (mut events, mut reader) = (edi::Events::new(file), map.reader(file));
/// let mut numbers = Vec::new();
/// loop {
///     events.segments(|segment| reader.segment(segment));
///     match events.next() {
///         Some(edi::Event::SetStart { header, .. }) => reader.begin(&header),
///         Some(edi::Event::Segment { segment, .. }) => reader.segment(&segment),
///         // Whether the set is to be taken is said here, and by its guide.
///         Some(edi::Event::SetEnd { trailer, .. }) => {
///             let draft = reader.end(trailer.as_ref()).unwrap();
///             numbers.push(draft.typed::<canonical::documents::TenderResponse>().unwrap().shipment_no);
///         }
///         Some(_) => {}
///         None => break,
///     }
/// }
/// assert_eq!(numbers, ["LOAD-1"]);
/// ```
#[derive(Debug)]
pub struct Reader<'a> {
    plan: &'a Plan,
    /// The file, if it is text as it stands.
    file: Option<&'a str>,
    draft: Draft<'a>,
    frames: Vec<Frame<'a>>,
    /// Objects that a segment has filled: a second one of its kind does not mix with the first.
    claimed: BTreeSet<(At, u32)>,
    units: Units<'a>,
    /// How many segments there were of each id that the map names.
    counts: Vec<usize>,
    cut: Cut<'a>,
    /// The current segment's place among those of the draft.
    at: u32,
    /// Where the segment begins that was looked at last, for what is missing.
    start: usize,
    findings: Vec<Finding>,
}

/// A loop that is open.
#[derive(Debug, Clone, Copy)]
struct Frame<'a> {
    nodes: &'a Loop,
    /// The object that its segments say something of.
    base: At,
    /// Where in the loop we are: nothing before it comes any more.
    group: usize,
    /// Where the nodes of that group end.
    after: usize,
    /// A loop that the map does not take: its segments are passed by.
    muted: bool,
    /// Which of its nodes were there.
    seen: u64,
    /// The place in the set of the segment that opened it.
    opened: u32,
}

impl<'a> Frame<'a> {
    fn new(nodes: &'a Loop, base: At, muted: bool, opened: u32) -> Self {
        Self { nodes, base, group: 0, after: nodes.after, muted, seen: 0, opened }
    }

    /// The node that a segment with this id may be.
    ///
    /// Where a segment that must stand before it has not come yet, a segment that may be missing is of something that
    /// the map does not name.
    #[inline]
    fn find(&self, plan: &'a Plan, id: usize) -> Option<(usize, &'a Node)> {
        let (at, node) = self.nodes.find(plan, id, self.group)?;
        let missed = self.nodes.must & !self.seen & below(at) & !below(self.after);
        (missed == 0 || self.nodes.must >> at & 1 == 1).then_some((at, node))
    }
}

/// The bits below a place.
fn below(at: usize) -> u64 {
    u32::try_from(at).ok().and_then(|at| 1_u64.checked_shl(at)).map_or(u64::MAX, |bit| bit - 1)
}

/// Units of a tree by their number, with their depth. Nearly always they are counted from 1.
#[derive(Debug, Default)]
struct Units<'a> {
    /// Those that are: the first is number 1, and so on.
    counted: Vec<(At, usize)>,
    others: BTreeMap<Cow<'a, str>, (At, usize)>,
}

impl<'a> Units<'a> {
    fn clear(&mut self) {
        self.counted.clear();
        self.others.clear();
    }

    fn get(&self, number: &str) -> Option<(At, usize)> {
        let counted = count(number).and_then(|number| self.counted.get(number.checked_sub(1)?));
        counted.or_else(|| self.others.get(number)).copied()
    }

    /// Says whether the number is new.
    fn insert(&mut self, number: Cow<'a, str>, unit: (At, usize)) -> bool {
        if self.get(&number).is_some() {
            return false;
        }
        if count(&number) == Some(self.counted.len() + 1) {
            self.counted.push(unit);
        } else {
            self.others.insert(number, unit);
        }
        true
    }
}

/// A number without leading zeros and signs.
fn count(text: &str) -> Option<usize> {
    let plain = !text.starts_with('0') && text.len() < 10 && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.bytes().fold(0, |number, byte| number * 10 + usize::from(byte - b'0')))
}

impl<'a> Reader<'a> {
    /// Begins a set with its header.
    pub fn begin(&mut self, header: &Segment<'a>) {
        self.draft.begin();
        self.draft.segments.push(*header);
        self.frames.clear();
        if let Some(set) = self.plan.loops.first() {
            self.frames.push(Frame::new(set, ROOT, false, 0));
        }
        self.claimed.clear();
        self.units.clear();
        self.counts.fill(0);
        self.findings.clear();
        (self.at, self.start) = (0, header.range().start);
    }

    /// Ends the set; `trailer` is its own, if it has one. The draft is there until the next set begins.
    ///
    /// # Errors
    /// As [`Map::read`].
    pub fn end(&mut self, trailer: Option<&Segment<'a>>) -> Result<&Draft<'a>, Vec<Finding>> {
        self.close(trailer);
        if self.findings.is_empty() { Ok(&self.draft) } else { Err(std::mem::take(&mut self.findings)) }
    }

    fn close(&mut self, last: Option<&Segment<'a>>) {
        self.start = last.map_or(self.start, |segment| segment.range().start);
        while let Some(frame) = self.frames.pop() {
            self.close_here(frame);
        }
    }

    /// Takes the next segment between header and trailer. A set that has more than [`SEGMENTS_PER_SET_MAX`] is refused
    /// by the reader of the file; what comes after so many is passed by.
    #[expect(clippy::inline_always, reason = "a segment then goes from registers to where it stays")]
    #[inline(always)]
    pub fn segment(&mut self, segment: &Segment<'a>) {
        let at = self.draft.segments.len();
        if at < SEGMENTS_PER_SET_MAX {
            self.at = u32::try_from(at).unwrap_or(u32::MAX);
            self.draft.segments.push(*segment);
            self.take();
        }
    }

    /// Takes the segment that came last.
    #[inline(never)]
    fn take(&mut self) {
        let Some(segment) = self.draft.segments.last() else { return };
        self.start = segment.range().start;
        let plan = self.plan;
        let Some(id) = plan.ids.of(segment.id_bytes()) else {
            return self.unmapped(0);
        };
        if let Some(count) = self.counts.get_mut(id) {
            *count += 1;
        }
        // The innermost loop in which it may still come, or else one around it.
        let mut frames = self.frames.iter().enumerate().rev();
        let found = frames.find_map(|(depth, frame)| Some((depth, frame.find(plan, id)?)));
        let Some((depth, (first, node))) = found else {
            return self.unmapped(0);
        };
        while self.frames.len() > depth + 1 {
            if let Some(frame) = self.frames.pop() {
                self.close_here(frame);
            }
        }
        let Some(frame) = self.frames.last_mut() else {
            return;
        };
        (frame.group, frame.after) = (node.group, node.after);
        let (base, muted, start) = (frame.base, frame.muted, frame.nodes.nodes.start);
        let group = plan.nodes.get(start + first..start + node.after).unwrap_or_default();
        if let Some(segment) = self.draft.segments.last() {
            self.cut.fill(segment, self.file);
        }
        let met = group.iter().zip(first..).find(|(node, _)| self.cut.meets(&node.conditions));
        let (node, base, muted) = match met.filter(|_| !muted) {
            Some((node, index)) => {
                frame.seen |= 1 << index;
                match self.bind(node, start + index, base) {
                    Some(base) => {
                        self.fields(node, base);
                        self.others(node);
                        (node, base, false)
                    }
                    None => (node, base, true),
                }
            }
            // A loop that the map has no line for: what it holds must not be taken for something of another.
            None => match group.iter().find(|node| node.inner.is_some()).or(group.first()) {
                Some(node) => (node, base, true),
                None => return,
            },
        };
        if muted {
            self.unmapped(0);
        }
        if let Some(inner) = node.inner.and_then(|inner| plan.loops.get(inner)) {
            self.frames.push(Frame::new(inner, base, muted, self.at));
        }
    }

    fn position(&self) -> usize {
        self.draft.segments.last().map_or(0, Segment::position)
    }

    fn unmapped(&mut self, element: usize) {
        let position = self.position();
        self.draft.unmapped.push(Unmapped { position, element });
    }

    /// Elements that say something and that no line names.
    fn others(&mut self, node: &Node) {
        if self.cut.all_named(node.named) {
            return;
        }
        let position = self.position();
        let others = self.cut.others(node.named);
        self.draft.unmapped.extend(others.map(|element| Unmapped { position, element }));
    }

    /// The object that a segment is about; `None` if there is none for it. `number` is the node's.
    fn bind(&mut self, node: &'a Node, number: usize, base: At) -> Option<At> {
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
                let at = self.draft.entry(base, &path.names);
                let at = self.room(at)?;
                if let Some((path, word)) = filter {
                    self.draft.set(at, &path.names, Leaf::Text(word), From::choice(self.at, number));
                }
                at
            }
        };
        if let Some(tree) = node.tree {
            self.plant(tree, at, depth)?;
        }
        Some(at)
    }

    /// The unit that a segment of a tree names as its parent, and its own depth.
    fn parent(&mut self, tree: Tree, base: At) -> Option<(At, usize)> {
        let Some(number) = self.cut.get(tree.parent) else {
            return Some((base, 0));
        };
        let Some((at, depth)) = self.units.get(&number) else {
            let own = self.cut.get(tree.own).is_some_and(|own| own == number);
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
        let Some(number) = self.cut.get(tree.own) else {
            self.fail(tree.own, "is missing: a unit of a tree has a number");
            return None;
        };
        if !self.units.insert(number, (at, depth)) {
            self.fail(tree.own, "is the number of a unit before it, too");
            return None;
        }
        Some(())
    }

    fn fields(&mut self, node: &'a Node, base: At) {
        let fields = self.plan.fields.get(node.fields.clone()).unwrap_or_default();
        for (field, number) in fields.iter().zip(node.fields.start..) {
            match &field.content {
                Content::Value { .. } => self.value(field, number, base),
                Content::CountSegments(id) => {
                    let count = self.counts.get(*id).copied().unwrap_or_default();
                    self.total(field, |_| Decimal::from(count));
                }
                Content::Count(path) => self.total(field, |reader| Decimal::from(reader.count(base, path))),
                Content::Sum(path) => {
                    let sum = |reader: &Self| -> Decimal {
                        reader.all(base, path).into_iter().filter_map(|at| reader.number(at)).sum()
                    };
                    self.total(field, sum);
                }
            }
        }
    }

    #[inline]
    fn value(&mut self, field: &'a Field, number: usize, base: At) {
        let Content::Value { path, kind, table, required } = &field.content else {
            return;
        };
        let (main, places) = self.cut.places(&field.source);
        let Some(bytes) = places.first().and_then(|place| self.cut.bytes(*place)) else {
            if *required {
                self.fail(main, "is missing");
            }
            return;
        };
        let table = table.and_then(|table| self.plan.tables.get(table));
        let base = if path.absolute { ROOT } else { base };
        let from = From::field(self.at, number);
        // Nearly every value is taken as it stands.
        let as_it_stands = self.cut.plain(bytes).and_then(|text| value::as_it_stands(kind, text, table));
        if let Some(text) = as_it_stands.filter(|_| !path.list) {
            if !self.draft.set(base, &path.names, Leaf::Text(text), from) {
                self.room::<()>(None);
            }
        } else if let Some(leaf) =
            as_it_stands.map(Leaf::Text).or_else(|| self.judged(main, places, bytes, kind, table))
        {
            self.put(base, path, leaf, from);
        }
    }

    #[inline(never)]
    fn put(&mut self, base: At, path: &Path, leaf: Leaf<'a>, from: From) {
        let put = if path.list {
            self.draft.append(base, &path.names, leaf, from)
        } else {
            self.draft.set(base, &path.names, leaf, from)
        };
        if !put {
            self.room::<()>(None);
        }
    }

    /// A value that must be looked at; `None` if there is none.
    #[inline(never)]
    fn judged(
        &mut self,
        main: Position,
        places: &[Position],
        bytes: &'a [u8],
        kind: &Kind,
        table: Option<&'a Lookup>,
    ) -> Option<Leaf<'a>> {
        let part = |index: usize| places.get(index).and_then(|place| self.cut.get(*place));
        match value::read(kind, self.cut.text(bytes), part, table, self.cut.decimal_mark()) {
            Ok(Taken::Value(leaf)) => return Some(leaf),
            Ok(Taken::Noted(leaf, what)) => {
                self.note(main, what);
                return Some(leaf);
            }
            Ok(Taken::Refused(what)) => self.note(main, what),
            Ok(Taken::LeftOut) => {}
            Err(what) => self.fail(main, what),
        }
        None
    }

    fn count(&self, base: At, path: &Path) -> usize {
        let base = if path.absolute { ROOT } else { base };
        let list = path.names.iter().try_fold(base, |at, name| self.draft.member(at, *name));
        list.and_then(|at| self.draft.entries(at)).map_or(0, |entries| entries.len as usize)
    }

    /// What stands at the end of a path, in every entry of the lists on its way.
    fn all(&self, base: At, path: &Path) -> Vec<At> {
        let start = vec![if path.absolute { ROOT } else { base }];
        path.names.iter().fold(start, |above, name| {
            let found = above.into_iter().filter_map(|at| self.draft.member(at, *name));
            found
                .flat_map(|at| match self.draft.entries(at) {
                    Some(entries) => entries.collect(),
                    None => vec![at],
                })
                .collect()
        })
    }

    fn number(&self, at: At) -> Option<Decimal> {
        match self.draft.body(at)? {
            Body::Text(text) => text.parse().ok(),
            Body::Integer(number) => Some(Decimal::from(number)),
            _ => None,
        }
    }

    /// A total that the set states is for us to check; what it sums up is believed.
    fn total(&mut self, field: &Field, sum: impl FnOnce(&Self) -> Decimal) {
        let Source::At(positions) = &field.source else {
            return;
        };
        let Some(position) = positions.first() else {
            return;
        };
        if let Some(text) = self.cut.get(*position)
            && value::number(&text, self.cut.decimal_mark()) != Some(sum(self))
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

    /// Says what a loop must have and has not. A segment that says nothing of the document is the guide's business.
    fn close_here(&mut self, frame: Frame<'a>) {
        let mut missing = if frame.muted { 0 } else { frame.nodes.wanted & !frame.seen };
        while missing != 0 {
            let index = missing.trailing_zeros() as usize;
            missing &= missing - 1;
            let id = self.plan.nodes.get(frame.nodes.nodes.start + index).map_or("", |node| node.id.as_str());
            let opener = self.draft.segments.get(frame.opened as usize);
            let (segment, position) = opener.map_or(("", 0), |opener| (opener.id(), opener.position()));
            let place = Place::Edi {
                segment: Some(id.to_owned()),
                segment_position: Some(position as u64),
                element: None,
                byte_offset: self.start as u64,
            };
            let detail = format!("the loop of {segment} has no {id} that it must have");
            self.push(Finding { code: Code::EdiSyntax, detail, place: Some(place) });
        }
    }

    #[cold]
    fn fail(&mut self, at: Position, what: &str) {
        let finding = self.finding(at, what);
        self.push(finding);
    }

    fn push(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        }
    }

    #[cold]
    fn note(&mut self, at: Position, what: &str) {
        if self.draft.notes.len() < WARNINGS_MAX {
            let finding = self.finding(at, what);
            self.draft.notes.push(finding);
        }
    }

    fn finding(&self, at: Position, what: &str) -> Finding {
        let component = if at.component > 0 { format!("-{}", at.component) } else { String::new() };
        let id = self.draft.segments.last().map(|segment| segment.id().to_owned()).unwrap_or_default();
        let detail = format!("{id}{:02}{component} {what}", at.element);
        let place = Place::Edi {
            segment: Some(id),
            segment_position: Some(self.position() as u64),
            element: Some(at.element as u64),
            byte_offset: self.cut.offset(at) as u64,
        };
        Finding { code: Code::EdiSyntax, detail, place: Some(place) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_found_by_their_numbers_however_they_are_counted() {
        let mut units = Units::default();
        for (at, number) in ["1", "2", "4", "007", "A", "3", "5"].into_iter().enumerate() {
            assert!(units.insert(number.into(), (at, 0)), "{number}");
        }
        for (at, number) in ["1", "2", "4", "007", "A", "3", "5"].into_iter().enumerate() {
            assert_eq!(units.get(number), Some((at, 0)), "{number}");
            assert!(!units.insert(number.into(), (9, 0)), "{number}");
        }
        for number in ["", "0", "7", "6", "01", "99999999999999999999"] {
            assert_eq!(units.get(number), None, "{number}");
        }
    }
}
