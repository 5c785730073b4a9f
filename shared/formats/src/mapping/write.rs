//! A canonical document, written along its map.

use std::collections::{BTreeMap, HashSet};

use canonical::{Code, Finding, Place};
use edi::write::NewSegment;
use rust_decimal::Decimal;
use serde_json::Value;

use super::compile::Map;
use super::text::{Bind, Content, Field, Kind, Node, Path, Position, Source, Test, Tree};
use super::value;
use crate::limits::{FINDINGS_MAX, TREE_DEPTH_MAX};

/// A document as segments, without header and trailer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// In the order of the set.
    pub segments: Vec<NewSegment>,
    /// JSON Pointers of values for which the map has no place.
    pub unwritten: Vec<String>,
}

impl Map {
    /// Writes a document.
    ///
    /// # Errors
    /// Every value that the set must have and the document has not, or that no element can hold, with its pointer.
    pub fn write(&self, document: &Value) -> Result<Written, Vec<Finding>> {
        let mut writer = Writer {
            map: self,
            root: document,
            out: Vec::new(),
            written: HashSet::new(),
            units: 0,
            findings: Vec::new(),
        };
        writer.level(&self.nodes, &At { value: document, pointer: String::new(), index: 0 });
        if !writer.findings.is_empty() {
            return Err(writer.findings);
        }
        let mut unwritten = Vec::new();
        leaves(document, String::new(), &writer.written, &mut unwritten);
        Ok(Written { segments: writer.out, unwritten })
    }
}

/// Values that were not written.
fn leaves(value: &Value, pointer: String, written: &HashSet<*const Value>, out: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                leaves(member, format!("{pointer}/{name}"), written, out);
            }
        }
        Value::Array(entries) => {
            for (index, entry) in entries.iter().enumerate() {
                leaves(entry, format!("{pointer}/{index}"), written, out);
            }
        }
        leaf if written.contains(&std::ptr::from_ref(leaf)) => {}
        _ => out.push(pointer),
    }
}

/// A part of the document, and which entry of its list it is.
#[derive(Clone)]
struct At<'v> {
    value: &'v Value,
    pointer: String,
    index: usize,
}

impl<'v> At<'v> {
    fn down(&self, names: &[String]) -> Option<At<'v>> {
        let mut at = self.clone();
        for name in names {
            at.value = at.value.get(name)?;
            at.pointer.push('/');
            at.pointer.push_str(name);
        }
        Some(at)
    }

    fn entries(&self) -> impl Iterator<Item = At<'v>> {
        let entries = self.value.as_array().into_iter().flatten().enumerate();
        entries.map(|(index, value)| At { value, pointer: format!("{}/{index}", self.pointer), index })
    }
}

/// A unit's number and its parent's, while a tree is written.
#[derive(Clone, Copy)]
struct Unit {
    own: usize,
    parent: Option<usize>,
    has_children: bool,
}

struct Writer<'m, 'v> {
    map: &'m Map,
    root: &'v Value,
    out: Vec<NewSegment>,
    written: HashSet<*const Value>,
    /// The highest number of a unit.
    units: usize,
    findings: Vec<Finding>,
}

/// Element and component, and what stands there.
type Elements = BTreeMap<(usize, usize), String>;

impl<'m, 'v> Writer<'m, 'v> {
    fn level(&mut self, nodes: &'m [Node], base: &At<'v>) {
        for group in nodes.chunk_by(|a, b| a.group == b.group) {
            if group.iter().any(|node| node.tree.is_some()) {
                self.tree(group, base);
            } else {
                self.group(group, base);
            }
        }
    }

    fn group(&mut self, group: &'m [Node], base: &At<'v>) {
        for (index, node) in group.iter().enumerate() {
            match &node.bind {
                Bind::Here => self.segment(node, base, None),
                Bind::Object(path) => match self.resolve(base, path) {
                    Some(at) => self.segment(node, &at, None),
                    None if node.required => self.missing(base, path),
                    None => {}
                },
                Bind::Each(path, _) => {
                    let is_first = group.iter().take(index).all(|before| list_of(before) != Some(path));
                    if is_first {
                        self.each(group, path, base, node.required);
                    }
                }
            }
        }
    }

    /// The entries of a list in their order, each by the first segment that is meant for it.
    fn each(&mut self, group: &'m [Node], path: &'m Path, base: &At<'v>, required: bool) {
        let list = self.resolve(base, path);
        if required && list.as_ref().is_none_or(|list| list.entries().next().is_none()) {
            self.missing(base, path);
        }
        for entry in list.iter().flat_map(At::entries) {
            if let Some(node) = group.iter().find(|node| list_of(node) == Some(path) && takes(node, entry.value)) {
                self.constant(node, &entry);
                self.segment(node, &entry, None);
            }
        }
    }

    fn tree(&mut self, group: &'m [Node], base: &At<'v>) {
        let mut parent = None;
        for node in group.iter().filter(|node| node.bind == Bind::Here) {
            self.units += 1;
            let has_children = has_units(group, base.value);
            self.segment(node, base, Some(Unit { own: self.units, parent: None, has_children }));
            parent = Some(self.units);
        }
        self.branches(group, base, parent, 0);
    }

    fn branches(&mut self, group: &'m [Node], base: &At<'v>, parent: Option<usize>, depth: usize) {
        if depth > TREE_DEPTH_MAX {
            self.fail(base.pointer.clone(), "is deeper in the tree than we write");
            return;
        }
        for (index, node) in group.iter().enumerate() {
            let Some(path) = list_of(node) else {
                continue;
            };
            if group.iter().take(index).any(|before| list_of(before) == Some(path)) {
                continue;
            }
            for entry in self.resolve(base, path).iter().flat_map(At::entries) {
                let meant = group.iter().find(|node| list_of(node) == Some(path) && takes(node, entry.value));
                let Some(node) = meant else {
                    continue;
                };
                self.units += 1;
                let own = self.units;
                let has_children = has_units(group, entry.value);
                self.constant(node, &entry);
                self.segment(node, &entry, Some(Unit { own, parent, has_children }));
                self.branches(group, &entry, Some(own), depth + 1);
            }
        }
    }

    /// The member that chose the segment is said by the segment itself.
    fn constant(&mut self, node: &Node, entry: &At<'v>) {
        if let Bind::Each(_, Some((name, _))) = &node.bind
            && let Some(value) = entry.value.get(name)
        {
            self.written.insert(std::ptr::from_ref(value));
        }
    }

    /// A segment, once for each entry of a list that one of its elements holds, and what is below it.
    fn segment(&mut self, node: &'m Node, base: &At<'v>, unit: Option<Unit>) {
        let list = node.fields.iter().find_map(|field| match &field.content {
            Content::Value { path, fallback: false, .. } if path.list => Some(path),
            _ => None,
        });
        let Some(path) = list else {
            return self.one(node, base, None, unit);
        };
        let list = self.resolve(base, path);
        let entries: Vec<At<'v>> = list.iter().flat_map(At::entries).collect();
        if entries.is_empty() && node.required {
            self.missing(base, path);
        }
        for entry in &entries {
            self.one(node, base, Some(entry), unit);
        }
    }

    fn one(&mut self, node: &'m Node, base: &At<'v>, entry: Option<&At<'v>>, unit: Option<Unit>) {
        let mut elements = Elements::new();
        for condition in &node.conditions {
            if let Test::OneOf(codes) = &condition.test {
                put(&mut elements, condition.at, codes.first().cloned().unwrap_or_default());
            }
        }
        if let (Some(Tree { own, parent }), Some(unit)) = (node.tree, unit) {
            put(&mut elements, own, unit.own.to_string());
            put(&mut elements, parent, unit.parent.map(|parent| parent.to_string()).unwrap_or_default());
        }
        let mut says = false;
        let mut absent = Vec::new();
        for field in node.fields.iter().filter(|field| field.beside.is_none()) {
            says |= self.field(node, field, base, entry, unit, &mut elements, &mut absent);
        }
        for field in &node.fields {
            if field.beside.is_some_and(|beside| elements.contains_key(&key(beside))) {
                self.field(node, field, base, entry, unit, &mut elements, &mut absent);
            }
        }
        let (place, stands) = (self.out.len(), node.required || unit.is_some() || list_of(node).is_some());
        self.out.push(assemble(&node.id, &elements));
        self.level(&node.children, base);
        if !(says || stands) && self.out.len() == place + 1 {
            self.out.pop();
            return;
        }
        for path in absent {
            self.missing(base, path);
        }
    }

    /// Writes one element; says whether it says something.
    #[expect(clippy::too_many_arguments, reason = "what one segment is made of, used in one place")]
    fn field(
        &mut self,
        node: &'m Node,
        field: &'m Field,
        base: &At<'v>,
        entry: Option<&At<'v>>,
        unit: Option<Unit>,
        elements: &mut Elements,
        absent: &mut Vec<&'m Path>,
    ) -> bool {
        match &field.content {
            Content::Value { fallback: true, path, .. } => {
                // What is read from an element that another line writes is said by that line.
                let other = node.fields.iter().any(|other| !std::ptr::eq(other, field) && other.source == field.source);
                if let Some(at) = self.resolve(base, path).filter(|_| other) {
                    self.written.insert(std::ptr::from_ref(at.value));
                }
                false
            }
            Content::Value { path, kind, required, .. } => {
                let at = if path.list { entry.cloned() } else { self.resolve(base, path) };
                match at.filter(|at| !at.value.is_null()) {
                    Some(at) => return self.value(field, kind, &at, elements),
                    None if *required => absent.push(path),
                    None => {}
                }
                false
            }
            computed => {
                let text = self.computed(computed, base, unit);
                // A total says something; a constant does not.
                let total = matches!(computed, Content::Sum(_) | Content::Count(_) | Content::CountSegments(_));
                let says = total && text != "0";
                if let Source::At(positions) = &field.source
                    && let Some(position) = positions.first()
                {
                    put(elements, *position, text);
                }
                says
            }
        }
    }

    /// Writes one value; says whether it says something.
    fn value(&mut self, field: &Field, kind: &Kind, at: &At<'v>, elements: &mut Elements) -> bool {
        let table = match kind {
            Kind::Code(name) => self.map.tables.get(name),
            _ => None,
        };
        let parts = match &field.source {
            Source::At(positions) => positions.len(),
            Source::Pairs(..) => 1,
        };
        let texts = match value::write(kind, at.value, parts, table, self.map.standard) {
            Ok(texts) => texts,
            Err(what) => {
                self.fail(at.pointer.clone(), what);
                return false;
            }
        };
        let says = texts.iter().any(|text| !text.is_empty());
        match &field.source {
            Source::At(positions) => {
                for (position, text) in positions.iter().zip(texts) {
                    put(elements, *position, text);
                }
            }
            Source::Pairs(pairs, codes) => {
                let free = pairs.iter().find(|(qualifier, _)| !elements.contains_key(&key(*qualifier)));
                // Element 235: UP has 12 digits, EN 13, UK 14.
                let by_length = match (kind, texts.first().map_or(0, String::len)) {
                    (Kind::Gtin, 12) => "UP",
                    (Kind::Gtin, 13) => "EN",
                    (Kind::Gtin, 14) => "UK",
                    _ => "",
                };
                let code = codes.iter().find(|code| *code == by_length).or_else(|| codes.first());
                let (Some((qualifier, position)), Some(code)) = (free, code) else {
                    // Where all pairs are taken the value is named among those that were not written.
                    return false;
                };
                put(elements, *qualifier, code.clone());
                put(elements, *position, texts.concat());
            }
        }
        if says {
            self.written.insert(std::ptr::from_ref(at.value));
        }
        says
    }

    fn computed(&self, content: &Content, base: &At<'v>, unit: Option<Unit>) -> String {
        match content {
            Content::Constant(text) => text.clone(),
            Content::CountSegments(id) => self.out.iter().filter(|segment| segment.id() == id).count().to_string(),
            Content::Count(path) => self.resolve(base, path).map_or(0, |list| list.entries().count()).to_string(),
            Content::Sum(path) => {
                let start = vec![if path.absolute { self.root } else { base.value }];
                let all = path.names.iter().fold(start, |above, name| {
                    let found = above.into_iter().filter_map(|value| value.get(name));
                    found
                        .flat_map(|value| value.as_array().map_or_else(|| vec![value], |list| list.iter().collect()))
                        .collect()
                });
                let sum: Decimal = all.into_iter().filter_map(|value| value.as_str()?.parse::<Decimal>().ok()).sum();
                sum.normalize().to_string()
            }
            Content::Index => (base.index + 1).to_string(),
            Content::HasChildren => unit.map_or("0", |unit| if unit.has_children { "1" } else { "0" }).to_owned(),
            Content::Value { .. } => String::new(),
        }
    }

    fn top(&self) -> At<'v> {
        At { value: self.root, pointer: String::new(), index: 0 }
    }

    fn resolve(&self, base: &At<'v>, path: &Path) -> Option<At<'v>> {
        if path.absolute { self.top().down(&path.names) } else { base.down(&path.names) }
    }

    fn missing(&mut self, base: &At<'v>, path: &Path) {
        let base = if path.absolute { "" } else { base.pointer.as_str() };
        let pointer = path.names.iter().fold(base.to_owned(), |pointer, name| format!("{pointer}/{name}"));
        self.fail(pointer, "is missing; the partner's document must say it");
    }

    fn fail(&mut self, pointer: String, what: &str) {
        if self.findings.len() < FINDINGS_MAX {
            let place = Some(Place::Pointer(pointer));
            self.findings.push(Finding { code: Code::NotRenderable, detail: what.to_owned(), place });
        }
    }
}

fn list_of(node: &Node) -> Option<&Path> {
    match &node.bind {
        Bind::Each(path, _) => Some(path),
        _ => None,
    }
}

/// Whether a segment is meant for an entry.
fn takes(node: &Node, entry: &Value) -> bool {
    match &node.bind {
        Bind::Each(_, Some((name, words))) => {
            entry.get(name).and_then(Value::as_str).is_some_and(|word| words.iter().any(|known| known == word))
        }
        _ => true,
    }
}

/// Whether something stands below in the tree.
fn has_units(group: &[Node], base: &Value) -> bool {
    group.iter().any(|node| {
        let Some(path) = list_of(node) else {
            return false;
        };
        let list = path.names.iter().try_fold(base, |value, name| value.get(name));
        list.and_then(Value::as_array).is_some_and(|entries| entries.iter().any(|entry| takes(node, entry)))
    })
}

fn key(position: Position) -> (usize, usize) {
    (position.element, position.component.max(1))
}

fn put(elements: &mut Elements, position: Position, text: String) {
    if !text.is_empty() {
        elements.insert(key(position), text);
    }
}

fn assemble(id: &str, elements: &Elements) -> NewSegment {
    let count = elements.keys().map(|(element, _)| *element).max().unwrap_or_default();
    (1..=count).fold(NewSegment::new(id), |segment, element| {
        let of = elements.range((element, 1)..(element + 1, 0));
        let most = of.clone().map(|((_, component), _)| *component).max().unwrap_or_default();
        let components = (1..=most.max(1)).map(|component| elements.get(&(element, component)).cloned());
        segment.composite(components.map(Option::unwrap_or_default))
    })
}
