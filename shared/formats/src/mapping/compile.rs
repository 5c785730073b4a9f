//! Maps: made of their texts, laid over each other, and compiled for reading.

use std::collections::BTreeMap;

use edi::Standard;

use super::plan::Plan;
use super::text::{Bind, Content, MapError, Node, Otherwise, Path, Table, Text};

/// How one transaction set or message stands for one canonical document, both ways.
#[derive(Debug, Clone)]
pub struct Map {
    pub(super) standard: Standard,
    pub(super) set: String,
    pub(super) document: String,
    /// What is written along.
    pub(super) nodes: Vec<Node>,
    pub(super) tables: BTreeMap<String, Table>,
    /// The same, to be read along.
    pub(super) plan: Plan,
}

impl Map {
    /// Compiles `text`, with the definitions and code tables of `common`, whose lines count on after those of `text`.
    ///
    /// # Errors
    /// The first line that is wrong.
    pub fn compile(standard: Standard, text: &str, common: &str) -> Result<Self, MapError> {
        let Text { set, document, nodes, tables } = Text::parse(text, common)?;
        let plan = Plan::new(&nodes, &tables)?;
        Ok(Self { standard, set, document, nodes, tables, plan })
    }

    /// The map with the lines of a partner before its own: an element that they name is theirs, a code too.
    ///
    /// # Errors
    /// The first line of `overlay` that is wrong.
    pub fn overlaid(&self, overlay: &str) -> Result<Self, MapError> {
        let text = format!("map {} {}\n{overlay}", self.set, self.document);
        let shifted = |error: MapError| MapError { line: error.line.saturating_sub(1), ..error };
        let theirs = Text::parse(&text, "").map_err(shifted)?;
        let (mut nodes, mut tables) = (self.nodes.clone(), self.tables.clone());
        shift(&mut nodes, u32::try_from(text.lines().count()).unwrap_or(u32::MAX));
        merge(&mut nodes, theirs.nodes);
        for (name, table) in theirs.tables {
            let known = tables.entry(name).or_default();
            let codes: Vec<String> = table.pairs.iter().map(|(code, _)| code.clone()).collect();
            known.pairs.retain(|(code, _)| !codes.contains(code));
            known.pairs.splice(0..0, table.pairs);
            if table.otherwise != Otherwise::Refused {
                known.otherwise = table.otherwise;
            }
        }
        let plan = Plan::new(&nodes, &tables).map_err(shifted)?;
        Ok(Self { nodes, tables, plan, ..self.clone() })
    }

    /// The set or message, such as `944` or `DESADV`.
    pub fn set(&self) -> &str {
        &self.set
    }

    /// The canonical document, such as `receipt`.
    pub fn document(&self) -> &str {
        &self.document
    }

    /// The standard that the set is of.
    pub fn standard(&self) -> Standard {
        self.standard
    }

    /// Every place of a document that the map names, with its line: names joined by `/`, a list's entries as `*`.
    pub fn places(&self) -> Vec<(String, u32)> {
        let mut places = Vec::new();
        collect(&self.nodes, "", &mut places);
        places
    }
}

/// Moves lines back, so that others come before them.
fn shift(nodes: &mut [Node], by: u32) {
    for node in nodes {
        node.line = node.line.saturating_add(by);
        for field in &mut node.fields {
            field.line = field.line.saturating_add(by);
        }
        shift(&mut node.children, by);
    }
}

/// Puts a partner's segments among those that all share: its lines into the segment with the same id and conditions, its
/// own segments beside others of their id or, without one, after the segment that stands before them in the overlay.
fn merge(nodes: &mut Vec<Node>, overlay: Vec<Node>) {
    let mut after = 0;
    for mut over in overlay {
        let same = nodes.iter().position(|node| node.id == over.id && node.conditions == over.conditions);
        let at = if let Some((at, node)) = same.and_then(|at| nodes.get_mut(at).map(|node| (at, node))) {
            node.required |= over.required;
            if over.bind != Bind::Here {
                node.bind = over.bind;
            }
            node.fields.retain(|field| over.fields.iter().all(|theirs| theirs.source != field.source));
            over.fields.append(&mut node.fields);
            node.fields = over.fields;
            merge(&mut node.children, over.children);
            at
        } else {
            let at = nodes.iter().position(|node| node.id == over.id).unwrap_or(after);
            nodes.insert(at, over);
            at
        };
        after = at + 1;
    }
    let mut group = 0;
    let mut last: Option<String> = None;
    for node in nodes {
        if last.as_ref().is_some_and(|id| *id != node.id) {
            group += 1;
        }
        node.group = group;
        last = Some(node.id.clone());
    }
}

/// Every place that lines name, with its line.
fn collect(nodes: &[Node], base: &str, places: &mut Vec<(String, u32)>) {
    let join = |base: &str, path: &Path| {
        let mut text = if path.absolute { String::new() } else { base.to_owned() };
        for name in &path.names {
            text.push('/');
            text.push_str(name);
        }
        if path.list { text + "/*" } else { text }
    };
    for node in nodes {
        let here = match &node.bind {
            Bind::Here => base.to_owned(),
            Bind::Object(path) => join(base, path),
            Bind::Each(path, filter) => {
                let entry = join(base, path) + "/*";
                if let Some((name, _)) = filter {
                    places.push((format!("{entry}/{name}"), node.line));
                }
                entry
            }
        };
        for field in &node.fields {
            match &field.content {
                Content::Value { path, .. } | Content::Count(path) => places.push((join(&here, path), field.line)),
                Content::Sum(path) => {
                    let start = if path.absolute { "" } else { &here };
                    places.push((format!("{start}/{}", path.names.join("/*/")), field.line));
                }
                _ => {}
            }
        }
        collect(&node.children, &here, places);
    }
}
