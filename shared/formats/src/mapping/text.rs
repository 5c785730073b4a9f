//! A map's text, read line by line into what the language says. The language is described in `maps/README.md`.

use std::collections::BTreeMap;

use crate::limits::{MAP_DEPTH_MAX, MAP_LINES_MAX};

/// Why a map's text is no map.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct MapError {
    /// The line in the text, from 1; 0 for the text as a whole.
    pub line: u32,
    /// What is wrong with it.
    pub what: String,
}

/// What a map's text says.
pub(super) struct Text {
    pub(super) set: String,
    pub(super) document: String,
    pub(super) nodes: Vec<Node>,
    pub(super) tables: BTreeMap<String, Table>,
}

/// A segment, and what stands in its loop.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) id: String,
    pub(super) conditions: Vec<Condition>,
    pub(super) required: bool,
    pub(super) bind: Bind,
    pub(super) tree: Option<Tree>,
    pub(super) fields: Vec<Field>,
    pub(super) children: Vec<Node>,
    /// Neighbours with the same id are one group: they may come in any order.
    pub(super) group: usize,
    pub(super) line: u32,
}

/// An element, or a component of it: both count from 1, component 0 is the whole element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) element: usize,
    pub(super) component: usize,
}

impl Position {
    /// The segment's id.
    pub(super) const ID: Self = Self { element: 0, component: 0 };
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) at: Position,
    pub(super) test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Test {
    OneOf(Vec<String>),
    Present,
    Absent,
}

/// Where in the document a segment's fields lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Bind {
    Here,
    Object(Path),
    /// One entry of a list for each segment; with the member that tells the entries of this segment from others.
    Each(Path, Option<(String, Vec<String>)>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    pub(super) absolute: bool,
    pub(super) names: Vec<String>,
    pub(super) list: bool,
}

/// The elements that hold a loop's own number and its parent's: HL01 and HL02, CPS01 and CPS02.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tree {
    pub(super) own: Position,
    pub(super) parent: Position,
}

#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) source: Source,
    pub(super) content: Content,
    /// Written only if this element is.
    pub(super) beside: Option<Position>,
    pub(super) line: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// The parts of one value: one element, or date, time and zone.
    At(Vec<Position>),
    /// Pairs of qualifier and value, and the qualifiers that are meant, the best first.
    Pairs(Vec<(Position, Position)>, Vec<String>),
}

#[derive(Debug, Clone)]
pub(super) enum Content {
    Value {
        path: Path,
        kind: Kind,
        required: bool,
        fallback: bool,
    },
    Constant(String),
    /// How many segments with this id stand before.
    CountSegments(String),
    /// How many entries a list has.
    Count(Path),
    /// The sum of a member of all entries of a list.
    Sum(Path),
    /// The number of the entry in its list, from 1.
    Index,
    /// 1 if something stands below in the tree, otherwise 0.
    HasChildren,
}

/// What a value is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// Taken and written as it is.
    Id,
    /// Words for people: what cannot be written becomes a blank, what is too long is cut.
    Words(usize),
    /// Exact decimal of 0 or more, a [`canonical::Quantity`].
    Quantity,
    /// Exact decimal with sign.
    Decimal,
    /// Exact decimal whose point is not written, with this many digits after it (X12 type Nn).
    Implied(u32),
    Integer,
    Date,
    /// Date, time and zone of X12: a [`canonical::Moment`].
    Moment,
    /// Value and format of EDIFACT (2380, 2379): a [`canonical::Moment`].
    Dtm,
    Sscc,
    /// A product number of GS1; of several qualifiers, the one that its length asks for is written.
    Gtin,
    Code(String),
}

#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    pub(super) pairs: Vec<(String, String)>,
    pub(super) otherwise: Otherwise,
}

/// What a code that is not in its table becomes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Otherwise {
    #[default]
    Refused,
    LeftOut,
    Kept,
    Word(String),
}

#[derive(Debug, Clone)]
struct Line {
    no: u32,
    depth: usize,
    text: String,
}

impl Text {
    /// What `text` says, with the definitions and code tables of `common`, whose lines count on after its own.
    pub(super) fn parse(text: &str, common: &str) -> Result<Self, MapError> {
        let own = text.lines().count();
        let mut lines = split(text, 0)?;
        lines.extend(split(common, own)?);
        if lines.len() > MAP_LINES_MAX {
            return Err(error(0, "the map has too many lines"));
        }
        let mut head = None;
        let mut body = Vec::new();
        let mut definitions: BTreeMap<String, Vec<Line>> = BTreeMap::new();
        let mut tables: BTreeMap<String, Table> = BTreeMap::new();
        let mut section = Section::Body;
        for line in lines {
            let words: Vec<&str> = line.text.split_whitespace().collect();
            match (line.depth, words.as_slice()) {
                (0, ["map", set, document]) if head.is_none() => {
                    head = Some(((*set).to_owned(), (*document).to_owned()));
                }
                (0, ["def", name]) => {
                    section = Section::Definition((*name).to_owned());
                    definitions.entry((*name).to_owned()).or_default();
                }
                (0, ["code", name]) => {
                    section = Section::Table((*name).to_owned(), tables.contains_key(*name));
                    tables.entry((*name).to_owned()).or_default();
                }
                (0, _) => {
                    section = Section::Body;
                    body.push(line);
                }
                _ => match &section {
                    Section::Body => body.push(line),
                    Section::Definition(name) => {
                        let line = Line { depth: line.depth - 1, ..line };
                        definitions.entry(name.clone()).or_default().push(line);
                    }
                    // A map's own table comes first and hides the common one of the same name.
                    Section::Table(_, true) => {}
                    Section::Table(name, false) => {
                        let table = tables.entry(name.clone()).or_default();
                        entry(table, &words)
                            .ok_or_else(|| error(line.no, "an entry of a table is CODE WORD or * …"))?;
                    }
                },
            }
        }
        let (set, document) = head.ok_or_else(|| error(0, "the first line must be: map SET DOCUMENT"))?;
        let mut expanded = Vec::new();
        expand(&body, &definitions, 0, 0, &mut expanded)?;
        let mut rest = expanded.as_slice();
        let (fields, nodes) = block(&mut rest, 0)?;
        if let Some(field) = fields.first() {
            return Err(error(field.line, "a field stands under its segment"));
        }
        Ok(Self { set, document, nodes, tables })
    }
}

enum Section {
    Body,
    Definition(String),
    Table(String, bool),
}

fn error(line: u32, what: impl Into<String>) -> MapError {
    MapError { line, what: what.into() }
}

fn split(text: &str, before: usize) -> Result<Vec<Line>, MapError> {
    let mut lines = Vec::new();
    for (index, raw) in text.lines().enumerate() {
        let no = u32::try_from(before + index + 1).unwrap_or(u32::MAX);
        let text = raw.split_once('#').map_or(raw, |(text, _)| text).trim_end();
        let trimmed = text.trim_start_matches(' ');
        let indent = text.len() - trimmed.len();
        if trimmed.is_empty() {
            continue;
        }
        if !indent.is_multiple_of(2) || indent / 2 > MAP_DEPTH_MAX {
            return Err(error(no, "a level is two blanks"));
        }
        lines.push(Line { no, depth: indent / 2, text: trimmed.to_owned() });
    }
    Ok(lines)
}

fn entry(table: &mut Table, words: &[&str]) -> Option<()> {
    match words {
        ["*"] => table.otherwise = Otherwise::Kept,
        ["*", "-"] => table.otherwise = Otherwise::LeftOut,
        ["*", word] => table.otherwise = Otherwise::Word((*word).to_owned()),
        [code, word] => table.pairs.push(((*code).to_owned(), (*word).to_owned())),
        _ => return None,
    }
    Some(())
}

/// Puts the lines of a definition where `+name` stands.
fn expand(
    lines: &[Line],
    definitions: &BTreeMap<String, Vec<Line>>,
    depth: usize,
    nesting: usize,
    out: &mut Vec<Line>,
) -> Result<(), MapError> {
    for line in lines {
        let at = line.depth + depth;
        let Some(name) = line.text.strip_prefix('+') else {
            out.push(Line { depth: at, ..line.clone() });
            continue;
        };
        let Some(body) = definitions.get(name).filter(|_| nesting < MAP_DEPTH_MAX && out.len() <= MAP_LINES_MAX) else {
            return Err(error(line.no, format!("there is no definition `{name}`, or it holds itself")));
        };
        expand(body, definitions, at, nesting + 1, out)?;
    }
    Ok(())
}

/// What stands at `depth`, until a line is less deep.
fn block(rest: &mut &[Line], depth: usize) -> Result<(Vec<Field>, Vec<Node>), MapError> {
    let (mut fields, mut nodes): (Vec<Field>, Vec<Node>) = (Vec::new(), Vec::new());
    while let [line, after @ ..] = *rest {
        if line.depth < depth {
            break;
        }
        if line.depth > depth {
            return Err(error(line.no, "stands under nothing"));
        }
        *rest = after;
        if line.text.starts_with(|c: char| c.is_ascii_digit()) {
            fields.push(field(line)?);
            continue;
        }
        let mut node = segment(line)?;
        (node.fields, node.children) = block(rest, depth + 1)?;
        node.group = match nodes.last() {
            Some(last) if last.id == node.id => last.group,
            Some(last) => last.group + 1,
            None => 0,
        };
        nodes.push(node);
    }
    Ok((fields, nodes))
}

/// `ID[01=A,B][!02]! bind tree(01,02)`.
fn segment(line: &Line) -> Result<Node, MapError> {
    let wrong = || error(line.no, "a segment is ID[nn=CODE]! PATH tree(nn,nn)");
    let mut words = line.text.split_whitespace();
    let first = words.next().ok_or_else(wrong)?;
    let (first, required) = first.strip_suffix('!').map_or((first, false), |first| (first, true));
    let (id, mut conditions_text) = first.find('[').map_or((first, ""), |at| first.split_at(at));
    let is_id = (2..=3).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    if !is_id {
        return Err(wrong());
    }
    let mut conditions = Vec::new();
    while let Some(open) = conditions_text.strip_prefix('[') {
        let (inner, after) = open.split_once(']').ok_or_else(wrong)?;
        conditions_text = after;
        conditions.push(condition(inner).ok_or_else(wrong)?);
    }
    if !conditions_text.is_empty() {
        return Err(wrong());
    }
    let (mut bind, mut tree) = (Bind::Here, None);
    for word in words {
        if let Some(inner) = word.strip_prefix("tree(").and_then(|word| word.strip_suffix(')')) {
            let (own, parent) = inner.split_once(',').ok_or_else(wrong)?;
            let (own, parent) = position(own).zip(position(parent)).ok_or_else(wrong)?;
            tree = Some(Tree { own, parent });
        } else {
            bind = binding(word).ok_or_else(wrong)?;
        }
    }
    Ok(Node {
        id: id.to_owned(),
        conditions,
        required,
        bind,
        tree,
        fields: Vec::new(),
        children: Vec::new(),
        group: 0,
        line: line.no,
    })
}

fn condition(text: &str) -> Option<Condition> {
    if let Some((at, codes)) = text.split_once('=') {
        return Some(Condition { at: position(at)?, test: Test::OneOf(codes.split(',').map(str::to_owned).collect()) });
    }
    Some(match text.strip_prefix('!') {
        Some(at) => Condition { at: position(at)?, test: Test::Absent },
        None => Condition { at: position(text)?, test: Test::Present },
    })
}

fn binding(text: &str) -> Option<Bind> {
    if text == "." {
        return Some(Bind::Here);
    }
    let Some((before, inner)) = text.strip_suffix(']').and_then(|text| text.split_once('[')) else {
        return path(text).map(Bind::Object);
    };
    let list = path(before)?;
    if inner.is_empty() {
        return Some(Bind::Each(list, None));
    }
    let (name, words) = inner.split_once('=')?;
    Some(Bind::Each(list, Some((name.to_owned(), words.split(',').map(str::to_owned).collect()))))
        .filter(|_| is_name(name))
}

fn path(text: &str) -> Option<Path> {
    let (text, absolute) = text.strip_prefix('/').map_or((text, false), |text| (text, true));
    let (text, list) = text.strip_suffix("[]").map_or((text, false), |text| (text, true));
    let names: Vec<String> = text.split('/').map(str::to_owned).collect();
    names.iter().all(|name| is_name(name)).then_some(Path { absolute, names, list })
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// `02`, or `02-1` for a component.
fn position(text: &str) -> Option<Position> {
    let (element, component) = text.split_once('-').map_or((text, None), |(e, c)| (e, Some(c)));
    let number = |text: &str, len: usize| {
        text.parse().ok().filter(|number: &usize| *number > 0 && text.len() == len && *number < 100)
    };
    let component = match component {
        Some(component) => number(component, component.len())?,
        None => 0,
    };
    Some(Position { element: number(element, 2)?, component })
}

fn source(text: &str) -> Option<Source> {
    if let Some((pairs, codes)) = text.strip_suffix(']').and_then(|text| text.split_once('[')) {
        let pair = |text: &str| text.split_once('/').and_then(|(q, v)| position(q).zip(position(v)));
        let pairs = pairs.split(',').map(pair).collect::<Option<Vec<_>>>()?;
        return Some(Source::Pairs(pairs, codes.split(',').map(str::to_owned).collect()));
    }
    text.split(',').map(position).collect::<Option<Vec<_>>>().map(Source::At)
}

/// `02! else path kind`, or `02 = constant`.
fn field(line: &Line) -> Result<Field, MapError> {
    let wrong = || error(line.no, "a field is POSITION[!] [else] PATH [KIND], or POSITION = VALUE");
    let words: Vec<&str> = line.text.split_whitespace().collect();
    let [first, rest @ ..] = words.as_slice() else {
        return Err(wrong());
    };
    let (at, required) = first.strip_suffix('!').map_or((*first, false), |at| (at, true));
    let (at, beside) = match at.strip_suffix(']').and_then(|inner| inner.split_once('[')) {
        Some((before, inner)) if !before.contains('/') => (before, Some(position(inner).ok_or_else(wrong)?)),
        _ => (at, None),
    };
    let source = source(at).ok_or_else(wrong)?;
    let value = |place: &str, kind: Kind, fallback: bool| {
        path(place).map(|path| Content::Value { path, kind, required, fallback })
    };
    let content = match rest {
        ["=", value] => Some(computed(value).ok_or_else(wrong)?),
        ["else", place] => value(place, Kind::Id, true),
        ["else", place, named] => value(place, kind(named).ok_or_else(wrong)?, true),
        [place] => value(place, Kind::Id, false),
        [place, named] => value(place, kind(named).ok_or_else(wrong)?, false),
        _ => None,
    };
    let content = content.ok_or_else(wrong)?;
    let parts = match &source {
        Source::At(parts) => parts.len(),
        Source::Pairs(..) => 1,
    };
    let most = match &content {
        Content::Value { kind: Kind::Moment, .. } => 3,
        Content::Value { kind: Kind::Dtm, .. } => 2,
        _ => 1,
    };
    if parts > most {
        return Err(error(line.no, "has more positions than its kind has parts"));
    }
    Ok(Field { source, content, beside, line: line.no })
}

fn computed(text: &str) -> Option<Content> {
    let inner = |name: &str| text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
    if let Some(what) = inner("count") {
        let is_segment = what.starts_with(|c: char| c.is_ascii_uppercase());
        return if is_segment { Some(Content::CountSegments(what.to_owned())) } else { path(what).map(Content::Count) };
    }
    if let Some(what) = inner("sum") {
        return path(what).filter(|path| path.names.len() > 1).map(Content::Sum);
    }
    Some(match text {
        "index()" => Content::Index,
        "children()" => Content::HasChildren,
        constant if constant.contains('(') => return None,
        constant => Content::Constant(constant.to_owned()),
    })
}

fn kind(text: &str) -> Option<Kind> {
    if let Some((name, inner)) = text.strip_suffix(')').and_then(|text| text.split_once('(')) {
        return match name {
            "words" => inner.parse().ok().map(Kind::Words),
            "code" => Some(Kind::Code(inner.to_owned())),
            _ => None,
        };
    }
    Some(match text {
        "quantity" => Kind::Quantity,
        "decimal" => Kind::Decimal,
        "n0" => Kind::Implied(0),
        "n1" => Kind::Implied(1),
        "n2" => Kind::Implied(2),
        "n3" => Kind::Implied(3),
        "n4" => Kind::Implied(4),
        "integer" => Kind::Integer,
        "date" => Kind::Date,
        "moment" => Kind::Moment,
        "dtm" => Kind::Dtm,
        "sscc" => Kind::Sscc,
        "gtin" => Kind::Gtin,
        _ => return None,
    })
}
