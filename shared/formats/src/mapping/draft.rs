//! A document while it is read: a tree in one list, every value with the places it came from.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::ops::Range;

use canonical::{Code, Finding, Place};
use edi::{Segment, TransactionSet};
use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Map as Object, Value};

use super::Origin;
use super::value::Leaf;
use crate::limits::DRAFT_NODES_MAX;

/// A node's place in the list.
pub(super) type At = usize;

/// The whole document.
pub(super) const ROOT: At = 0;

/// How many values and objects a segment makes as a rule: room that is there from the start.
const NODES_PER_SEGMENT: usize = 3;

/// Bytes that the pointer of a value has as a rule: room that is there from the start.
const POINTER_LEN: usize = 48;

/// What a set says in canonical form, before it is a document of a type.
#[derive(Debug)]
pub struct Draft<'a> {
    pub(super) nodes: Vec<Node<'a>>,
    pub(super) sources: Vec<Source>,
    pub(super) notes: Vec<Finding>,
    /// What the map does not name.
    pub(super) unmapped: Vec<Unmapped>,
    pub(super) segments: &'a [Segment<'a>],
}

/// A segment, or an element, that a map has no line for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unmapped {
    /// The segment's position in its set, ST or UNH being 1.
    pub position: usize,
    /// The element, from 1; 0 for the whole segment.
    pub element: usize,
}

#[derive(Debug)]
pub(super) struct Node<'a> {
    up: At,
    step: Step<'a>,
    /// The next member or entry of the node above; the root, which is none, for none.
    next: At,
    pub(super) slot: Slot<'a>,
    /// The map's line that set the value: of two, the first in the map is believed.
    pub(super) line: u32,
    pub(super) sources: Range<usize>,
}

impl<'a> Node<'a> {
    fn new(up: At, step: Step<'a>, slot: Slot<'a>) -> Self {
        Self { up, step, next: ROOT, slot, line: 0, sources: 0..0 }
    }
}

/// The way from the node above.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step<'a> {
    Name(&'a str),
    Index(usize),
}

impl<'a> Step<'a> {
    /// The member's name; of an entry none.
    fn name(self) -> &'a str {
        match self {
            Self::Name(name) => name,
            Self::Index(_) => "",
        }
    }
}

#[derive(Debug)]
pub(super) enum Slot<'a> {
    Object(Below),
    List(Below),
    Leaf(Leaf<'a>),
}

/// The members or entries of a node: the first knows the next. Nothing is asked of memory for them.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Below {
    first: At,
    last: At,
    len: usize,
}

/// Where a part of a value stands: the segment's place in the set, then element, component and bytes.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) segment: usize,
    pub(super) element: usize,
    pub(super) component: usize,
    pub(super) range: Range<usize>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(set: &'a TransactionSet<'a>) -> Self {
        let segments = set.segments.as_slice();
        let mut nodes = Vec::with_capacity(segments.len() * NODES_PER_SEGMENT);
        nodes.push(Node::new(ROOT, Step::Index(0), Slot::Object(Below::default())));
        let sources = Vec::with_capacity(segments.len() * NODES_PER_SEGMENT);
        Self { nodes, sources, notes: Vec::new(), unmapped: Vec::new(), segments }
    }

    /// A new node, the last below `up`; `None` if `up` is a value or the draft full.
    fn push(&mut self, up: At, step: Step<'a>, slot: Slot<'a>) -> Option<At> {
        let made = self.nodes.len();
        if made >= DRAFT_NODES_MAX {
            return None;
        }
        let (Slot::Object(below) | Slot::List(below)) = &mut self.nodes.get_mut(up)?.slot else {
            return None;
        };
        below.len += 1;
        let last = std::mem::replace(&mut below.last, made);
        if last == ROOT {
            below.first = made;
        } else if let Some(last) = self.nodes.get_mut(last) {
            last.next = made;
        }
        self.nodes.push(Node::new(up, step, slot));
        Some(made)
    }

    fn below(&self, at: At) -> impl Iterator<Item = (At, &Node<'a>)> {
        let mut next = match self.nodes.get(at).map(|node| &node.slot) {
            Some(Slot::Object(below) | Slot::List(below)) => below.first,
            Some(Slot::Leaf(_)) | None => ROOT,
        };
        std::iter::from_fn(move || {
            let at = Some(next).filter(|at| *at != ROOT)?;
            let node = self.nodes.get(at)?;
            next = node.next;
            Some((at, node))
        })
    }

    pub(super) fn member(&self, at: At, name: &str) -> Option<At> {
        let named = |node: &Node<'_>| matches!(node.step, Step::Name(known) if known == name);
        self.below(at).find(|(_, node)| named(node)).map(|(at, _)| at)
    }

    /// The entries of a list; `None` if it is none.
    pub(super) fn entries(&self, at: At) -> Option<impl Iterator<Item = At>> {
        let is_list = matches!(self.nodes.get(at)?.slot, Slot::List(_));
        is_list.then(|| self.below(at).map(|(at, _)| at))
    }

    /// The member `name` of the object at `at`, made if it is not there; `None` if `at` is no object or the draft full.
    fn grown(&mut self, at: At, name: &'a str, slot: Slot<'a>) -> Option<At> {
        match &self.nodes.get(at)?.slot {
            Slot::Object(_) => self.member(at, name).or_else(|| self.push(at, Step::Name(name), slot)),
            _ => None,
        }
    }

    /// The object at the end of `names`.
    pub(super) fn object(&mut self, at: At, names: &'a [String]) -> Option<At> {
        names.iter().try_fold(at, |at, name| self.grown(at, name, Slot::Object(Below::default())))
    }

    /// A new entry of the list at the end of `names`.
    pub(super) fn entry(&mut self, at: At, names: &'a [String], slot: Slot<'a>) -> Option<At> {
        let [above @ .., last] = names else {
            return None;
        };
        let above = self.object(at, above)?;
        let holder = self.grown(above, last, Slot::List(Below::default()))?;
        let Slot::List(Below { len: index, .. }) = self.nodes.get(holder)?.slot else {
            return None;
        };
        self.push(holder, Step::Index(index), slot)
    }

    /// Sets a value, unless a line that stands before in the map has set it. Says whether there was room.
    pub(super) fn set(&mut self, at: At, names: &'a [String], leaf: Leaf<'a>, line: u32, from: Range<usize>) -> bool {
        let [above @ .., last] = names else {
            return false;
        };
        let Some(above) = self.object(at, above) else {
            return false;
        };
        let known = self.member(above, last);
        let at = match known {
            Some(at) => at,
            None => match self.grown(above, last, Slot::List(Below::default())) {
                Some(at) => at,
                None => return false,
            },
        };
        if let Some(node) = self.nodes.get_mut(at)
            && (known.is_none() || line < node.line)
        {
            node.slot = Slot::Leaf(leaf);
            node.line = line;
            node.sources = from;
        }
        true
    }

    /// Appends a value to a list.
    pub(super) fn append(
        &mut self,
        at: At,
        names: &'a [String],
        leaf: Leaf<'a>,
        line: u32,
        from: Range<usize>,
    ) -> bool {
        let Some(at) = self.entry(at, names, Slot::Leaf(leaf)) else {
            return false;
        };
        if let Some(node) = self.nodes.get_mut(at) {
            node.line = line;
            node.sources = from;
        }
        true
    }

    /// The JSON Pointer of a node.
    pub(super) fn pointer(&self, at: At) -> String {
        let mut text = String::with_capacity(POINTER_LEN);
        self.write_pointer(at, &mut text);
        text
    }

    /// As deep as the document, which [`TREE_DEPTH_MAX`](crate::limits::TREE_DEPTH_MAX) bounds.
    fn write_pointer(&self, at: At, text: &mut String) {
        let Some(node) = self.nodes.get(at).filter(|_| at != ROOT) else {
            return;
        };
        self.write_pointer(node.up, text);
        text.push('/');
        match node.step {
            Step::Name(name) => text.push_str(name),
            Step::Index(index) => match u32::try_from(index).ok().and_then(|index| char::from_digit(index, 10)) {
                Some(digit) => text.push(digit),
                None => text.push_str(&index.to_string()),
            },
        }
    }

    /// Where a node's value stands, or the first value below it.
    pub(super) fn place(&self, at: At) -> Option<Place> {
        let node = self.nodes.get(at)?;
        let source = self.sources.get(node.sources.start).filter(|_| !node.sources.is_empty());
        let Some(source) = source else {
            return self.below(at).find_map(|(at, _)| self.place(at));
        };
        let segment = self.segments.get(source.segment)?;
        Some(Place::Edi {
            segment: Some(segment.id().to_owned()),
            segment_position: Some(segment.position() as u64),
            element: Some(source.element as u64),
            byte_offset: source.range.start as u64,
        })
    }

    /// The canonical document as JSON.
    pub fn to_json(&self) -> Value {
        self.json(ROOT)
    }

    fn json(&self, at: At) -> Value {
        match self.nodes.get(at).map(|node| &node.slot) {
            Some(Slot::Object(_)) => {
                let members = self.below(at).map(|(at, node)| (node.step.name().to_owned(), self.json(at)));
                Value::Object(members.collect::<Object<_, _>>())
            }
            Some(Slot::List(_)) => self.below(at).map(|(at, _)| self.json(at)).collect(),
            Some(Slot::Leaf(Leaf::Text(text))) => text.as_ref().into(),
            Some(Slot::Leaf(Leaf::Integer(number))) => (*number).into(),
            None => Value::Null,
        }
    }

    /// Every value's places, in the order of the document's tree.
    pub fn origins(&self) -> Vec<Origin> {
        let mut origins = Vec::with_capacity(self.sources.len());
        for (at, node) in self.nodes.iter().enumerate() {
            if node.sources.is_empty() {
                continue;
            }
            let pointer = self.pointer(at);
            for source in self.sources.get(node.sources.clone()).unwrap_or_default() {
                let Some(segment) = self.segments.get(source.segment) else {
                    continue;
                };
                origins.push(Origin {
                    pointer: pointer.clone(),
                    segment: segment.id().to_owned(),
                    position: segment.position(),
                    element: source.element,
                    component: source.component,
                    range: source.range.clone(),
                });
            }
        }
        origins
    }

    /// Keeps the origins of those values whose place is kept.
    pub(super) fn keep(&mut self, kept: impl Fn(&str) -> bool) {
        for at in 0..self.nodes.len() {
            let gone = !kept(&self.pointer(at));
            if let Some(node) = self.nodes.get_mut(at).filter(|_| gone) {
                node.sources = 0..0;
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

    /// The draft as a document of its type. Where its values came from stays here ([`origins`](Self::origins)).
    ///
    /// # Errors
    /// What the document must say and does not, or says in another form, with its place.
    pub fn typed<T: DeserializeOwned>(&self) -> Result<T, Vec<Finding>> {
        let last = Cell::new(ROOT);
        let root = NodeRef { draft: self, at: ROOT, last: &last };
        match T::deserialize(root) {
            Ok(document) => Ok(document),
            Err(Misfit { missing, at }) => {
                let at = at.unwrap_or(last.get());
                let mut pointer = self.pointer(at);
                let detail = match missing {
                    Some(name) => {
                        pointer.push('/');
                        pointer.push_str(name);
                        format!("the document does not say {pointer}")
                    }
                    None => format!("what the document says of {pointer} does not fit"),
                };
                let place = self.place(at).or(Some(Place::Pointer(pointer)));
                Err(vec![Finding { code: Code::EdiSyntax, detail, place }])
            }
        }
    }
}

/// Why a draft is no document of its type. Messages of serde repeat values, so they are not kept.
#[derive(Debug)]
struct Misfit {
    missing: Option<&'static str>,
    at: Option<At>,
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("does not fit")
    }
}

impl std::error::Error for Misfit {}

impl de::Error for Misfit {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self { missing: None, at: None }
    }

    fn missing_field(name: &'static str) -> Self {
        Self { missing: Some(name), at: None }
    }
}

#[derive(Clone, Copy)]
struct NodeRef<'d, 'a> {
    draft: &'d Draft<'a>,
    at: At,
    last: &'d Cell<At>,
}

impl<'de> Deserializer<'de> for NodeRef<'_, '_> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.last.set(self.at);
        // An error that a deeper node has not placed is of this one.
        let placed = |error: Misfit| Misfit { at: error.at.or(Some(self.at)), ..error };
        let node = self.draft.nodes.get(self.at).ok_or(Misfit { missing: None, at: None })?;
        match &node.slot {
            Slot::Object(below) => visitor.visit_map(Members { of: self, at: ROOT, next: below.first }),
            Slot::List(below) => visitor.visit_seq(Entries { of: self, next: below.first, len: below.len }),
            Slot::Leaf(Leaf::Text(Cow::Borrowed(text))) => visitor.visit_str(text),
            Slot::Leaf(Leaf::Text(Cow::Owned(text))) => visitor.visit_str(text),
            Slot::Leaf(Leaf::Integer(number)) => visitor.visit_u64(*number),
        }
        .map_err(placed)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.last.set(self.at);
        let placed = |error: Misfit| Misfit { at: error.at.or(Some(self.at)), ..error };
        match self.draft.nodes.get(self.at).map(|node| &node.slot) {
            Some(Slot::Leaf(Leaf::Text(text))) => {
                let text: StrDeserializer<'_, Misfit> = text.as_ref().into_deserializer();
                text.deserialize_enum(name, variants, visitor).map_err(placed)
            }
            _ => Err(placed(Misfit { missing: None, at: None })),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

struct Members<'d, 'a> {
    of: NodeRef<'d, 'a>,
    at: At,
    next: At,
}

impl<'de> MapAccess<'de> for Members<'_, '_> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit> {
        let Some(node) = self.of.draft.nodes.get(self.next).filter(|_| self.next != ROOT) else {
            return Ok(None);
        };
        self.at = std::mem::replace(&mut self.next, node.next);
        let name: StrDeserializer<'_, Misfit> = node.step.name().into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        seed.deserialize(NodeRef { at: self.at, ..self.of })
    }
}

struct Entries<'d, 'a> {
    of: NodeRef<'d, 'a>,
    next: At,
    len: usize,
}

impl<'de> SeqAccess<'de> for Entries<'_, '_> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Misfit> {
        let Some(node) = self.of.draft.nodes.get(self.next).filter(|_| self.next != ROOT) else {
            return Ok(None);
        };
        let at = std::mem::replace(&mut self.next, node.next);
        self.len = self.len.saturating_sub(1);
        seed.deserialize(NodeRef { at, ..self.of }).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_takes_so_many_values_and_not_one_more() {
        let file = edi::read(
            b"ISA*00*          *00*          *ZZ*A              *ZZ*B              *260131*1435*U*00401*000000001*0*P*>~\
              GS*RE*AA*BB*20260131*1435*1*X*004010~ST*944*0001~SE*2*0001~GE*1*1~IEA*1*000000001~",
        );
        let names = vec!["serials".to_owned()];
        let mut draft = Draft::new(&file.interchanges[0].groups[0].sets[0]);
        // The document and the list are two.
        for _ in 2..DRAFT_NODES_MAX {
            assert!(draft.append(ROOT, &names, Leaf::Integer(1), 1, 0..0));
        }
        assert!(!draft.append(ROOT, &names, Leaf::Integer(1), 1, 0..0));
    }
}
