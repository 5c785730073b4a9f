//! Reads the definition files.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{ElementSpec, Guide, Kind, Node, Relation, RelationKind, SegmentSpec, Segments, Shape};

/// A definition that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}: `{text}`")]
pub struct GuideError {
    /// Line of the definition, from 1; 0 for the definition as a whole.
    pub line: usize,
    /// What is wrong.
    pub problem: &'static str,
    /// The text that is wrong.
    pub text: String,
}

fn wrong(problem: &'static str, text: &str) -> GuideError {
    GuideError { line: 0, problem, text: text.to_owned() }
}

/// The lines that say something, with their numbers.
fn lines(definition: &str) -> impl Iterator<Item = (usize, &str)> {
    let numbered = definition.lines().enumerate().map(|(index, line)| (index + 1, line.trim_end()));
    numbered.filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
}

pub(super) fn guide(definition: &str, segments: &Arc<Segments>) -> Result<Guide, GuideError> {
    let mut lines = lines(definition);
    let (number, head) = lines.next().ok_or_else(|| wrong("empty definition", ""))?;
    let fields: Vec<&str> = head.split_whitespace().collect();
    let ["set", id, functional_id, version] = fields.as_slice() else {
        return Err(GuideError { line: number, ..wrong("expected `set ID GS01 VERSION`", head) });
    };
    // Nodes that are still open, each with its indentation; a line closes all that are indented as far or farther.
    let mut open: Vec<(usize, Node)> = Vec::new();
    let mut order = Vec::new();
    for (number, line) in lines {
        let indent = line.len() - line.trim_start().len();
        close(&mut open, &mut order, indent);
        let node = node(line.trim()).map_err(|error| GuideError { line: number, ..error })?;
        if !segments.0.contains_key(&node.id) {
            return Err(GuideError { line: number, ..wrong("segment without definition", &node.id) });
        }
        open.push((indent, node));
    }
    close(&mut open, &mut order, 0);
    Ok(Guide {
        id: (*id).to_owned(),
        functional_id: (*functional_id).to_owned(),
        version: (*version).to_owned(),
        order,
        segments: Arc::clone(segments),
    })
}

fn close(open: &mut Vec<(usize, Node)>, order: &mut Vec<Node>, indent: usize) {
    while let Some((_, node)) = open.pop_if(|(at, _)| *at >= indent) {
        match open.last_mut() {
            Some((_, parent)) => parent.children.push(node),
            None => order.push(node),
        }
    }
}

/// `SEGMENT MIN..MAX`
fn node(line: &str) -> Result<Node, GuideError> {
    let parts = line.split_once(' ').and_then(|(id, range)| Some((id, range.trim().split_once("..")?)));
    let (id, (min, max)) = parts.ok_or_else(|| wrong("expected `SEGMENT MIN..MAX`", line))?;
    let max = if max == "*" { usize::MAX } else { count(max)? };
    Ok(Node { id: id.to_owned(), min: count(min)?, max, children: Vec::new() })
}

fn count(text: &str) -> Result<usize, GuideError> {
    text.parse().map_err(|_| wrong("expected a number", text))
}

pub(super) fn segments(definition: &str) -> Result<Segments, GuideError> {
    let mut all = BTreeMap::new();
    for (number, line) in lines(definition) {
        let at = |error| GuideError { line: number, ..error };
        let (id, rest) = line.split_once(':').ok_or_else(|| at(wrong("expected `ID: elements`", line)))?;
        let (elements, relations) = rest.split_once('|').unwrap_or((rest, ""));
        let elements = elements.split(';').map(element).collect::<Result<Vec<_>, _>>().map_err(at)?;
        let relations = relations.split_whitespace().map(|text| relation(text, elements.len()));
        let relations = relations.collect::<Result<Vec<_>, _>>().map_err(at)?;
        if all.insert(id.to_owned(), SegmentSpec { elements, relations }).is_some() {
            return Err(at(wrong("segment defined twice", id)));
        }
    }
    Ok(Segments(all))
}

/// `NUMBER REQUIREMENT TYPE MIN/MAX [=CODES]` or `NUMBER REQUIREMENT (component, …)`
fn element(text: &str) -> Result<ElementSpec, GuideError> {
    let text = text.trim();
    let unknown = || wrong("expected an element", text);
    let (number, rest) = text.split_once(' ').ok_or_else(unknown)?;
    let (requirement, rest) = rest.split_once(' ').ok_or_else(unknown)?;
    let mandatory = match requirement {
        "M" => true,
        "C" => false,
        _ => return Err(unknown()),
    };
    let shape = if let Some(components) = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        Shape::Composite(components.split(',').map(element).collect::<Result<_, _>>()?)
    } else {
        let mut fields = rest.split_whitespace();
        let kind = match fields.next().ok_or_else(unknown)? {
            "AN" | "ID" => Kind::Text,
            "R" => Kind::Decimal,
            "DT" => Kind::Date,
            "TM" => Kind::Time,
            integer if integer.len() == 2 && integer.starts_with('N') => Kind::Integer,
            _ => return Err(unknown()),
        };
        let (min, max) = fields.next().and_then(|length| length.split_once('/')).ok_or_else(unknown)?;
        let codes = match fields.next() {
            Some(codes) => codes.strip_prefix('=').ok_or_else(unknown)?.split(',').map(str::to_owned).collect(),
            None => Vec::new(),
        };
        Shape::Simple { kind, min: count(min)?, max: count(max)?, codes }
    };
    let number = Some(number.to_owned()).filter(|number| number != "-");
    Ok(ElementSpec { number, mandatory, shape })
}

/// `P0304`
fn relation(text: &str, elements: usize) -> Result<Relation, GuideError> {
    let unknown = || wrong("expected a relation", text);
    let (letter, rest) = text.split_at_checked(1).ok_or_else(unknown)?;
    let kind = match letter {
        "P" => RelationKind::Paired,
        "R" => RelationKind::Required,
        "E" => RelationKind::Exclusive,
        "C" => RelationKind::Conditional,
        "L" => RelationKind::List,
        _ => return Err(unknown()),
    };
    let pairs = rest.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap_or_default());
    let positions = pairs.map(count).collect::<Result<Vec<_>, _>>()?;
    if positions.len() < 2 || positions.iter().any(|n| *n == 0 || *n > elements) {
        return Err(unknown());
    }
    Ok(Relation { kind, positions })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_line_is_named() {
        let line = |definition: &str| segments(definition).map(|_| ()).map_err(|error| error.line);
        assert_eq!(line("# head\n\nN1: 98 M ID 2/3; 93 C AN 1/60 | R0102"), Ok(()));
        assert_eq!(line("# head\nN1: 98 X ID 2/3"), Err(2));
        assert_eq!(line("N1: 98 M ID 2/3 | P0102"), Err(1));
        assert_eq!(line("N1: 98 M ID 2/3\nN1: 98 M ID 2/3"), Err(2));
        let known = Arc::new(segments("N1: 98 M ID 2/3").unwrap());
        let line = |definition: &str| guide(definition, &known).map(|_| ()).map_err(|error| error.line);
        assert_eq!(line("set 945 SW 004010\nN1 1..*"), Ok(()));
        assert_eq!(line("set 945 SW 004010\nN1 1"), Err(2));
        assert_eq!(line("set 945 SW 004010\nN1 1..1\n  N2 0..1"), Err(3));
        assert_eq!(line("set 945"), Err(1));
    }
}
