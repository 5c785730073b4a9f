//! A document while it is read: objects, lists and values in one list, every value with the place it came from.

use std::ops::Range;

use canonical::{Finding, Place};
use edi::Segment;
use serde_json::{Map as Object, Value};
use smol_str::SmolStr;

use super::Origin;
use super::cut::Cut;
use super::plan::{Name, Plan};
use super::text::Position;
use crate::limits::DRAFT_NODES_MAX;

/// A cell's place in the list.
pub(super) type At = usize;

/// The whole document.
pub(super) const ROOT: At = 0;

/// Bytes that the pointer of a value has as a rule: room that is there from the start.
const POINTER_LEN: usize = 48;

/// What a set says in canonical form, before it is a document of a type.
#[derive(Debug)]
pub struct Draft<'a> {
    pub(super) plan: &'a Plan,
    /// The root first, then in the order in which they came.
    cells: Vec<Cell<'a>>,
    /// For each object so many as the plan has names: where its member with this name is.
    members: Vec<Link>,
    /// Texts that do not stand in the file as they are.
    made: Vec<SmolStr>,
    pub(super) notes: Vec<Finding>,
    /// What the map does not name.
    pub(super) unmapped: Vec<Unmapped>,
    /// The set, its header first.
    pub(super) segments: Vec<Segment<'a>>,
}

/// A segment, or an element, that a map has no line for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unmapped {
    /// The segment's position in its set, ST or UNH being 1.
    pub position: usize,
    /// The element, from 1; 0 for the whole segment.
    pub element: usize,
}

/// A cell's place, in half the room; the root, which is below none, for none.
type Link = u32;

fn link(at: At) -> Link {
    const { assert!(DRAFT_NODES_MAX <= u32::MAX as usize, "every place is a link") };
    u32::try_from(at).unwrap_or_default()
}

/// An object, a list or a value. Flat, and each field as wide as a register: a draft has thousands, and what is put
/// together in parts and then copied waits for its parts.
#[derive(Debug, Clone, Copy)]
struct Cell<'a> {
    kind: Kind,
    up: Link,
    /// The name in an object, the index in a list.
    step: u32,
    /// The next entry of the list.
    next: Link,
    /// Where an object's members begin; a list's first entry; the number of a text that was made, or half an integer.
    first: u32,
    /// A list's last entry; the other half of an integer.
    last: u32,
    /// How many members or entries.
    len: u32,
    from: From,
    text: &'a str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Object,
    List,
    /// As it stands in the file, or in the map.
    Text,
    Made,
    Integer,
}

/// A member that is there, or the place for one.
enum Claim {
    Known(At),
    New,
}

/// What a cell is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Body<'d> {
    /// Where its members begin, and how many there are.
    Object {
        members: usize,
        len: u32,
    },
    List,
    Text(&'d str),
    Integer(u64),
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Leaf<'a> {
    /// As it stands in the file.
    Text(&'a str),
    Made(SmolStr),
    Integer(u64),
}

/// Where a value came from: a segment of the set, and what was read of it. The elements follow from these, and are
/// looked for when somebody asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct From {
    segment: u32,
    /// A field of the plan; or, with the highest bit, the node whose condition chose the segment.
    number: u32,
}

impl From {
    const NOWHERE: Self = Self { segment: u32::MAX, number: u32::MAX };
    const CHOICE: u32 = 1 << 31;

    /// From what a field of the plan reads.
    #[inline]
    pub(super) fn field(segment: u32, number: usize) -> Self {
        Self { segment, number: u32::try_from(number).unwrap_or_default() }
    }

    /// From the element by which a node of the plan was chosen.
    pub(super) fn choice(segment: u32, number: usize) -> Self {
        Self { segment, number: u32::try_from(number).unwrap_or_default() | Self::CHOICE }
    }

    /// The line of the map that says so. Any line that says otherwise is believed before what a segment says by itself.
    fn line(self, plan: &Plan) -> u32 {
        plan.fields.get(self.number as usize).map_or(u32::MAX, |field| field.line)
    }
}

impl<'a> Draft<'a> {
    pub(super) fn new(plan: &'a Plan) -> Self {
        let mut draft = Self {
            plan,
            cells: Vec::new(),
            members: Vec::new(),
            made: Vec::new(),
            notes: Vec::new(),
            unmapped: Vec::new(),
            segments: Vec::new(),
        };
        draft.begin();
        draft
    }

    /// Begins anew, in the same room.
    pub(super) fn begin(&mut self) {
        self.cells.clear();
        self.members.clear();
        self.made.clear();
        self.notes.clear();
        self.unmapped.clear();
        self.segments.clear();
        self.object_in(ROOT, 0);
    }

    #[expect(clippy::inline_always, reason = "its cell then goes from registers to where it stays")]
    #[inline(always)]
    fn push(&mut self, cell: Cell<'a>) -> Option<At> {
        let made = self.cells.len();
        if made >= DRAFT_NODES_MAX {
            return None;
        }
        self.cells.push(cell);
        Some(made)
    }

    #[inline]
    fn object_in(&mut self, up: At, step: u32) -> Option<At> {
        let first = Link::try_from(self.members.len()).ok()?;
        let made = self.push(Cell { first, ..Cell::new(Kind::Object, up, step) })?;
        self.members.resize(first as usize + self.plan.names.len(), 0);
        Some(made)
    }

    #[expect(clippy::inline_always, reason = "see push")]
    #[inline(always)]
    fn leaf_in(&mut self, up: At, step: u32, leaf: Leaf<'a>, from: From) -> Option<At> {
        let new = |kind| Cell { from, ..Cell::new(kind, up, step) };
        match leaf {
            Leaf::Text(text) => self.push(Cell { text, ..new(Kind::Text) }),
            Leaf::Made(text) => {
                let first = link(self.made.len());
                self.made.push(text);
                self.push(Cell { first, ..new(Kind::Made) })
            }
            Leaf::Integer(number) => {
                let [first, last] = halves(number);
                self.push(Cell { first, last, ..new(Kind::Integer) })
            }
        }
    }

    #[inline]
    pub(super) fn body(&self, at: At) -> Option<Body<'_>> {
        let cell = self.cells.get(at)?;
        Some(match cell.kind {
            Kind::Object => Body::Object { members: cell.first as usize, len: cell.len },
            Kind::List => Body::List,
            Kind::Text => Body::Text(cell.text),
            Kind::Made => Body::Text(self.made.get(cell.first as usize).map_or("", SmolStr::as_str)),
            Kind::Integer => Body::Integer(u64::from(cell.first) << 32 | u64::from(cell.last)),
        })
    }

    /// The member `name` of the object at `at`; `None` if there is none, or no object.
    #[inline]
    pub(super) fn member(&self, at: At, name: Name) -> Option<At> {
        let cell = self.cells.get(at).filter(|cell| cell.kind == Kind::Object)?;
        self.member_from(cell.first as usize, name)
    }

    /// The same of an object whose members begin at `members`.
    #[inline]
    pub(super) fn member_from(&self, members: usize, name: Name) -> Option<At> {
        // No name is as large as the number that means none.
        let known = usize::from(name) < self.plan.names.len();
        self.members.get(members + usize::from(name)).map(|at| *at as At).filter(|at| known && *at != ROOT)
    }

    /// The member `name` of an object; where there is none yet, the place where its cell, the next one, will be linked.
    #[expect(clippy::inline_always, reason = "see push")]
    #[inline(always)]
    fn claim(&mut self, at: At, name: Name) -> Option<Claim> {
        let next = self.cells.len();
        let cell = self.cells.get_mut(at).filter(|cell| cell.kind == Kind::Object)?;
        let member = self.members.get_mut(cell.first as usize + usize::from(name))?;
        if *member as At != ROOT {
            return Some(Claim::Known(*member as At));
        }
        if next >= DRAFT_NODES_MAX {
            return None;
        }
        cell.len += 1;
        *member = link(next);
        Some(Claim::New)
    }

    /// The entries of a list; `None` if it is none.
    pub(super) fn entries(&self, at: At) -> Option<Entries<'_, 'a>> {
        let cell = self.cells.get(at).filter(|cell| cell.kind == Kind::List)?;
        Some(Entries { draft: self, next: cell.first, len: cell.len })
    }

    /// The members of an object, in the order in which they came; none if it is no object.
    pub(super) fn members(&self, at: At) -> impl Iterator<Item = (&'a str, At)> {
        let members = match self.body(at) {
            Some(Body::Object { members, .. }) => self.members.get(members..members + self.plan.names.len()),
            _ => None,
        };
        let names = self.plan.names.iter().map(String::as_str);
        let all = names.zip(members.unwrap_or_default().iter().map(|at| *at as At));
        let mut members: Vec<_> = all.filter(|(_, at)| *at != ROOT).collect();
        members.sort_by_key(|(_, at)| *at);
        members.into_iter()
    }

    /// The object at the end of `names`.
    #[inline]
    pub(super) fn object(&mut self, at: At, names: &[Name]) -> Option<At> {
        names.iter().try_fold(at, |at, name| match self.claim(at, *name)? {
            Claim::Known(known) => Some(known),
            Claim::New => self.object_in(at, u32::from(*name)),
        })
    }

    /// A new object in the list at the end of `names`.
    pub(super) fn entry(&mut self, at: At, names: &[Name]) -> Option<At> {
        let (holder, index) = self.list(at, names)?;
        let made = self.object_in(holder, index)?;
        self.enlist(holder, made)
    }

    /// Appends a value to the list at the end of `names`. Says whether there was room.
    pub(super) fn append(&mut self, at: At, names: &[Name], leaf: Leaf<'a>, from: From) -> bool {
        let Some((holder, index)) = self.list(at, names) else {
            return false;
        };
        let made = self.leaf_in(holder, index, leaf, from);
        made.and_then(|made| self.enlist(holder, made)).is_some()
    }

    /// The list at the end of `names`, and how many entries it has.
    fn list(&mut self, at: At, names: &[Name]) -> Option<(At, u32)> {
        let [above @ .., name] = names else {
            return None;
        };
        let above = self.object(at, above)?;
        let holder = match self.claim(above, *name)? {
            Claim::Known(known) => known,
            Claim::New => self.push(Cell::new(Kind::List, above, u32::from(*name)))?,
        };
        let cell = self.cells.get(holder).filter(|cell| cell.kind == Kind::List)?;
        Some((holder, cell.len))
    }

    /// Makes a new cell the last entry of a list.
    fn enlist(&mut self, holder: At, made: At) -> Option<At> {
        let cell = self.cells.get_mut(holder)?;
        let before = std::mem::replace(&mut cell.last, link(made));
        cell.len += 1;
        if before as At == ROOT {
            cell.first = link(made);
        } else {
            self.cells.get_mut(before as At)?.next = link(made);
        }
        Some(made)
    }

    /// Sets a value, unless a line that stands before in the map has set it. Says whether there was room.
    #[expect(clippy::inline_always, reason = "see push")]
    #[inline(always)]
    pub(super) fn set(&mut self, at: At, names: &[Name], leaf: Leaf<'a>, from: From) -> bool {
        let [above @ .., name] = names else {
            return false;
        };
        let above = if above.is_empty() { Some(at) } else { self.object(at, above) };
        let Some(above) = above else {
            return false;
        };
        match self.claim(above, *name) {
            Some(Claim::New) => self.leaf_in(above, u32::from(*name), leaf, from).is_some(),
            Some(Claim::Known(known)) => {
                self.set_again(known, leaf, from);
                true
            }
            None => false,
        }
    }

    #[cold]
    fn set_again(&mut self, known: At, leaf: Leaf<'a>, from: From) {
        let plan = self.plan;
        let Some(cell) = self.cells.get_mut(known) else { return };
        let is_value = matches!(cell.kind, Kind::Text | Kind::Made | Kind::Integer);
        if !is_value || from.line(plan) >= cell.from.line(plan) {
            return;
        }
        cell.from = from;
        match leaf {
            Leaf::Text(text) => (cell.kind, cell.text) = (Kind::Text, text),
            Leaf::Made(text) => {
                (cell.kind, cell.first) = (Kind::Made, link(self.made.len()));
                self.made.push(text);
            }
            Leaf::Integer(number) => {
                cell.kind = Kind::Integer;
                [cell.first, cell.last] = halves(number);
            }
        }
    }

    /// The JSON Pointer of a cell.
    pub(super) fn pointer(&self, at: At) -> String {
        let mut text = String::with_capacity(POINTER_LEN);
        self.write_pointer(at, &mut text);
        text
    }

    /// As deep as the document, which [`TREE_DEPTH_MAX`](crate::limits::TREE_DEPTH_MAX) bounds.
    fn write_pointer(&self, at: At, text: &mut String) {
        let Some(cell) = self.cells.get(at).filter(|_| at != ROOT) else {
            return;
        };
        let up = cell.up as At;
        self.write_pointer(up, text);
        text.push('/');
        match self.body(up) {
            Some(Body::List) => match char::from_digit(cell.step, 10) {
                Some(digit) => text.push(digit),
                None => text.push_str(&cell.step.to_string()),
            },
            _ => text.push_str(self.plan.names.get(cell.step as usize).map_or("", String::as_str)),
        }
    }

    /// Where a cell's value stands, or the first value below it.
    pub(super) fn place(&self, at: At) -> Option<Place> {
        let cell = self.cells.get(at)?;
        if let Some((segment, position, range)) = self.sources(cell.from, &mut Cut::default()).next() {
            return Some(Place::Edi {
                segment: Some(segment.id().to_owned()),
                segment_position: Some(segment.position() as u64),
                element: Some(position.element as u64),
                byte_offset: range.start as u64,
            });
        }
        let below = self.members(at).map(|(_, at)| at).chain(self.entries(at).into_iter().flatten());
        let mut below: Vec<At> = below.collect();
        below.sort_unstable();
        below.into_iter().find_map(|at| self.place(at))
    }

    /// The elements that a value came from. `cut` is the room for it, filled with the segment that was asked for
    /// before.
    fn sources<'c>(
        &self,
        from: From,
        cut: &'c mut Cut<'a>,
    ) -> impl Iterator<Item = (&Segment<'a>, Position, Range<usize>)> + use<'_, 'c, 'a> {
        let index = self.segments.get(from.segment as usize);
        if let Some(segment) = index {
            cut.fill(segment, None);
        }
        let cut = &*cut;
        let positions: &[Position] = match (index, from.number & From::CHOICE) {
            (None, _) => &[],
            (_, 0) => {
                let field = self.plan.fields.get(from.number as usize);
                field.map_or(&[], |field| cut.places(&field.source).1)
            }
            _ => {
                let node = self.plan.nodes.get((from.number & !From::CHOICE) as usize);
                let first = node.and_then(|node| node.conditions.first());
                first.map_or(&[Position::ID], |condition| std::slice::from_ref(&condition.at))
            }
        };
        let found = move |position: &Position| cut.range(*position).map(|range| (*position, range));
        let found = positions.iter().filter_map(found);
        found.filter_map(move |(position, range)| index.map(|segment| (segment, position, range)))
    }

    /// The canonical document as JSON.
    pub fn to_json(&self) -> Value {
        self.json(ROOT)
    }

    fn json(&self, at: At) -> Value {
        match self.body(at) {
            Some(Body::Object { .. }) => {
                let members = self.members(at).map(|(name, at)| (name.to_owned(), self.json(at)));
                Value::Object(members.collect::<Object<_, _>>())
            }
            Some(Body::List) => self.entries(at).into_iter().flatten().map(|at| self.json(at)).collect(),
            Some(Body::Text(text)) => text.into(),
            Some(Body::Integer(number)) => number.into(),
            None => Value::Null,
        }
    }

    /// Every value's places, in the order in which the values came.
    pub fn origins(&self) -> Vec<Origin> {
        let mut origins = Vec::with_capacity(self.cells.len());
        let mut cut = Cut::default();
        for (at, cell) in self.cells.iter().enumerate() {
            if cell.from == From::NOWHERE {
                continue;
            }
            let pointer = self.pointer(at);
            for (segment, position, range) in self.sources(cell.from, &mut cut) {
                origins.push(Origin {
                    pointer: pointer.clone(),
                    segment: segment.id().to_owned(),
                    position: segment.position(),
                    element: position.element,
                    component: position.component,
                    range,
                });
            }
        }
        origins
    }

    /// Keeps the origins of those values whose place is kept.
    pub(super) fn keep(&mut self, kept: impl Fn(&str) -> bool) {
        for at in 0..self.cells.len() {
            let gone = !kept(&self.pointer(at));
            if let Some(cell) = self.cells.get_mut(at).filter(|_| gone) {
                cell.from = From::NOWHERE;
            }
        }
    }

    /// What the map has no line for.
    pub fn unmapped(&self) -> &[Unmapped] {
        &self.unmapped
    }

    /// What looked odd, though the set was taken.
    pub fn notes(&self) -> &[Finding] {
        &self.notes
    }
}

impl Cell<'_> {
    #[expect(clippy::inline_always, reason = "see Draft::push")]
    #[inline(always)]
    fn new(kind: Kind, up: At, step: u32) -> Self {
        Self { kind, up: link(up), step, next: 0, first: 0, last: 0, len: 0, from: From::NOWHERE, text: "" }
    }
}

fn halves(number: u64) -> [u32; 2] {
    [number >> 32, number & u64::from(u32::MAX)].map(|half| u32::try_from(half).unwrap_or_default())
}

/// The entries of a list.
#[derive(Debug)]
pub(super) struct Entries<'d, 'a> {
    draft: &'d Draft<'a>,
    next: Link,
    pub(super) len: u32,
}

impl Iterator for Entries<'_, '_> {
    type Item = At;

    #[inline]
    fn next(&mut self) -> Option<At> {
        let at = Some(self.next as At).filter(|at| *at != ROOT)?;
        self.next = self.draft.cells.get(at)?.next;
        self.len = self.len.saturating_sub(1);
        Some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::Map;

    #[test]
    fn a_draft_takes_so_many_values_and_not_one_more() {
        let map = Map::compile(edi::Standard::X12, "map 944 receipt\nW07\n  01 serials[]\n", "").unwrap();
        let mut draft = Draft::new(&map.plan);
        let mut append = || draft.append(ROOT, &[0], Leaf::Integer(1), From::NOWHERE);
        // The document and the list are two.
        for _ in 2..DRAFT_NODES_MAX {
            assert!(append());
        }
        assert!(!append());
    }
}
