//! Reads the definition files. Their language is explained in `guides/README.md`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Dictionary, ElementSpec, Guide, Kind, Node, Relation, RelationKind, SegmentSpec, Shape};
use crate::delimiters::Standard;
use crate::limits::{GUIDE_ELEMENTS_MAX, GUIDE_NODES_MAX};

/// A definition that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{part}, line {line}: {problem}: `{text}`")]
pub struct GuideError {
    /// Which definition: `elements`, `segments`, `set` or `overlay`.
    pub part: &'static str,
    /// Line of the definition, from 1; 0 for the definition as a whole.
    pub line: usize,
    /// What is wrong, or what was expected instead.
    pub problem: &'static str,
    /// The text that is wrong.
    pub text: String,
}

/// What is wrong with a line, before it is known which one it is.
pub(super) type Wrong = (&'static str, String);

pub(super) fn wrong(problem: &'static str, text: &str) -> Wrong {
    (problem, text.to_owned())
}

pub(super) fn at(part: &'static str, line: usize) -> impl Fn(Wrong) -> GuideError {
    move |(problem, text)| GuideError { part, line, problem, text }
}

/// The lines that say something, with their numbers, without comments.
pub(super) fn lines(definition: &str) -> impl Iterator<Item = (usize, &str)> {
    let numbered = definition.lines().enumerate().map(|(index, line)| (index + 1, line));
    let told = numbered.filter(|(_, line)| !line.starts_with('#'));
    told.map(|(number, line)| (number, line.split(" #").next().unwrap_or(line).trim_end()))
        .filter(|(_, line)| !line.is_empty())
}

/// The first line of a set's definition.
pub(super) struct Head<'t> {
    id: &'t str,
    /// Empty for EDIFACT.
    functional_id: &'t str,
    pub(super) version: &'t str,
}

impl Head<'_> {
    pub(super) fn standard(&self) -> Standard {
        if self.functional_id.is_empty() { Standard::Edifact } else { Standard::X12 }
    }
}

pub(super) fn head(definition: &str) -> Result<Head<'_>, GuideError> {
    let (number, head) = lines(definition).next().ok_or_else(|| at("set", 0)(wrong("empty definition", "")))?;
    let fields: Vec<&str> = head.split_whitespace().collect();
    let ["set", id, functional_id, version] = *fields.as_slice() else {
        return Err(at("set", number)(wrong("expected `set ID GS01 VERSION`", head)));
    };
    let functional_id = if functional_id == "-" { "" } else { functional_id };
    Ok(Head { id, functional_id, version })
}

pub(super) fn guide(definition: &str, dictionary: &Arc<Dictionary>) -> Result<Guide, GuideError> {
    let Head { id, functional_id, version } = head(definition)?;
    // Nodes that are still open, each with its indentation; a line closes all that are indented as far or farther.
    let mut open: Vec<(usize, Node)> = Vec::new();
    let mut order = Vec::new();
    for (number, line) in lines(definition).skip(1) {
        let indent = line.len() - line.trim_start().len();
        close(&mut open, &mut order, indent);
        let node = node(line.trim()).map_err(at("set", number))?;
        if !dictionary.segments.contains_key(&node.id) {
            return Err(at("set", number)(wrong("segment without definition", &node.id)));
        }
        open.push((indent, node));
    }
    close(&mut open, &mut order, 0);
    if let Some(node) = one_too_many(&order) {
        return Err(at("set", 0)(wrong("too many segments in the set or in a loop", &node.id)));
    }
    Ok(Guide::new([id, functional_id, version], order, Arc::clone(dictionary), Vec::new()))
}

fn close(open: &mut Vec<(usize, Node)>, order: &mut Vec<Node>, indent: usize) {
    while let Some((_, node)) = open.pop_if(|(at, _)| *at >= indent) {
        match open.last_mut() {
            Some((_, parent)) => parent.children.push(node),
            None => order.push(node),
        }
    }
}

/// The first node that is one more than may stand side by side.
fn one_too_many(nodes: &[Node]) -> Option<&Node> {
    nodes.get(GUIDE_NODES_MAX).or_else(|| nodes.iter().find_map(|node| one_too_many(&node.children)))
}

/// `SEGMENT MIN..MAX`
fn node(line: &str) -> Result<Node, Wrong> {
    let parts = line.split_once(' ').and_then(|(id, range)| Some((id, range.trim().split_once("..")?)));
    let (id, (min, max)) = parts.ok_or_else(|| wrong("expected `SEGMENT MIN..MAX`", line))?;
    let (min, max) = (count(min)?, count_or_any(max)?);
    if max == 0 || min > max {
        return Err(wrong("expected a maximum that the minimum does not exceed", line));
    }
    Ok(Node { id: id.to_owned(), min, max, children: Vec::new() })
}

fn count(text: &str) -> Result<usize, Wrong> {
    text.parse().map_err(|_| wrong("expected a number", text))
}

/// A number, or `*` for as often as one likes.
pub(super) fn count_or_any(text: &str) -> Result<usize, Wrong> {
    if text == "*" { Ok(usize::MAX) } else { count(text) }
}

/// What `elements.txt` says of a number: its type, or its components.
type Shapes = BTreeMap<String, Shape>;

pub(super) fn dictionary(elements: &str, segments: &str) -> Result<Dictionary, GuideError> {
    let mut shapes = Shapes::new();
    // Composites stand on elements, wherever in the file these are.
    let (composites, simple): (Vec<_>, Vec<_>) = lines(elements).partition(|(_, line)| line.contains(" = "));
    for (number, line) in simple {
        let defined = simple_definition(line).and_then(|(id, shape)| define(&mut shapes, id, shape));
        defined.map_err(at("elements", number))?;
    }
    for (number, line) in composites {
        let defined = composite_definition(line, &shapes).and_then(|(id, shape)| define(&mut shapes, id, shape));
        defined.map_err(at("elements", number))?;
    }
    let mut all = BTreeMap::new();
    for (number, line) in lines(segments) {
        let (id, spec) = segment(line, &shapes).map_err(at("segments", number))?;
        if all.insert(id.to_owned(), spec).is_some() {
            return Err(at("segments", number)(wrong("segment defined twice", id)));
        }
    }
    Ok(Dictionary { segments: all })
}

/// `NUMBER TYPE MIN/MAX [=CODES]`
fn simple_definition(line: &str) -> Result<(&str, Shape), Wrong> {
    let unknown = || wrong("expected `NUMBER TYPE MIN/MAX`", line);
    let (id, rest) = line.trim().split_once(' ').ok_or_else(unknown)?;
    let mut words = rest.split_whitespace().peekable();
    let shape = simple_shape(&mut words)?.ok_or_else(unknown)?;
    let shape = with_codes(shape, words.next())?;
    words.next().map_or(Ok((id, shape)), |word| Err(wrong("nothing may follow", word)))
}

/// `NUMBER = (component, component)`
fn composite_definition<'t>(line: &'t str, shapes: &Shapes) -> Result<(&'t str, Shape), Wrong> {
    let (id, rest) = line.trim().split_once(" = ").unwrap_or((line, ""));
    let (shape, rest) = composite(rest.trim(), shapes)?;
    if rest.is_empty() { Ok((id.trim(), shape)) } else { Err(wrong("nothing may follow", rest)) }
}

fn define(shapes: &mut Shapes, id: &str, shape: Shape) -> Result<(), Wrong> {
    match shapes.insert(id.to_owned(), shape) {
        None => Ok(()),
        Some(_) => Err(wrong("element defined twice", id)),
    }
}

/// `ID: element; element; ... | relations`
fn segment<'t>(line: &'t str, shapes: &Shapes) -> Result<(&'t str, SegmentSpec), Wrong> {
    let (id, rest) = line.split_once(':').ok_or_else(|| wrong("expected `ID: elements`", line))?;
    let mut pieces = outside_parentheses(rest, '|');
    let elements = outside_parentheses(pieces.next().unwrap_or_default(), ';');
    let elements = elements.map(|text| element(text, shapes)).collect::<Result<Vec<_>, _>>()?;
    let relations = relations(pieces.next().unwrap_or_default(), elements.len())?;
    if elements.len() > GUIDE_ELEMENTS_MAX {
        return Err(wrong("too many elements", id));
    }
    Ok((id.trim(), SegmentSpec { elements, relations }))
}

/// Splits at a character that stands in no parentheses.
fn outside_parentheses(text: &str, at: char) -> impl Iterator<Item = &str> {
    let mut depth = 0_usize;
    text.split(move |c| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && c == at
    })
}

/// `NUMBER M|C [TYPE MIN/MAX] [xN] [=CODES]` or `NUMBER M|C (component, …) [xN]`
fn element(text: &str, shapes: &Shapes) -> Result<ElementSpec, Wrong> {
    let text = text.trim();
    let unknown = || wrong("expected `NUMBER M|C` and what differs from the dictionary", text);
    let (number, rest) = text.split_once(' ').ok_or_else(unknown)?;
    let (requirement, rest) = rest.trim_start().split_once(' ').unwrap_or((rest.trim(), ""));
    let mandatory = match requirement {
        "M" => true,
        "C" => false,
        _ => return Err(unknown()),
    };
    let mut rest = rest.trim();
    let inline;
    (inline, rest) = if rest.starts_with('(') {
        let (shape, rest) = composite(rest, shapes)?;
        (Some(shape), rest)
    } else {
        (None, rest)
    };
    let mut words = rest.split_whitespace().peekable();
    let own = match inline {
        Some(shape) => Some(shape),
        None => simple_shape(&mut words)?,
    };
    let times = words.next_if(|word| word.starts_with('x')).map(|word| count_or_any(word.get(1..).unwrap_or_default()));
    let repeat = times.transpose()?.unwrap_or(1);
    let shape = match own {
        Some(shape) => shape,
        None => shapes.get(number).cloned().ok_or_else(|| wrong("element without definition", text))?,
    };
    let shape = with_codes(shape, words.next())?;
    if words.next().is_some() || repeat == 0 {
        return Err(unknown());
    }
    let number = Some(number.to_owned()).filter(|number| number != "-");
    Ok(ElementSpec { number, mandatory, repeat, shape })
}

/// `(component, component, ... | relations)` and what stands after it. A comma without a blank after it separates
/// codes, not components.
fn composite<'t>(text: &'t str, shapes: &Shapes) -> Result<(Shape, &'t str), Wrong> {
    let inner = text.strip_prefix('(').and_then(|rest| rest.split_once(')'));
    let (inner, rest) = inner.ok_or_else(|| wrong("expected `(component, component)`", text))?;
    let (components, notes) = inner.split_once('|').unwrap_or((inner, ""));
    let components = components.split(", ").map(|text| element(text, shapes)).collect::<Result<Vec<_>, _>>()?;
    if components.iter().any(|spec| matches!(spec.shape, Shape::Composite { .. })) {
        return Err(wrong("a component cannot be a composite", text));
    }
    if components.len() > GUIDE_ELEMENTS_MAX {
        return Err(wrong("too many components", text));
    }
    let relations = relations(notes, components.len())?;
    Ok((Shape::Composite { components, relations }, rest.trim()))
}

/// `TYPE MIN/MAX`, if that is what comes next.
fn simple_shape<'t>(words: &mut std::iter::Peekable<impl Iterator<Item = &'t str>>) -> Result<Option<Shape>, Wrong> {
    let Some(word) = words.next_if(|word| word.starts_with(|c: char| c.is_ascii_uppercase())) else {
        return Ok(None);
    };
    let kind = match word {
        "AN" => Kind::Text,
        "ID" => Kind::Code,
        "A" => Kind::Letters,
        "N" => Kind::Number,
        "R" => Kind::Decimal,
        "DT" => Kind::Date,
        "TM" => Kind::Time,
        "B" => Kind::Binary,
        _ if word.len() == 2 && word.starts_with('N') && word.ends_with(|c: char| c.is_ascii_digit()) => Kind::Integer,
        _ => return Err(wrong("expected a type: AN, ID, A, N, N0 to N9, R, DT, TM or B", word)),
    };
    let (min, max) = length(words.next().unwrap_or_default())?;
    Ok(Some(Shape::Simple { kind, min, max, codes: Vec::new() }))
}

/// `MIN/MAX`
pub(super) fn length(text: &str) -> Result<(usize, usize), Wrong> {
    let (min, max) = text.split_once('/').ok_or_else(|| wrong("expected `MIN/MAX`", text))?;
    let (min, max) = (count(min)?, count(max)?);
    if min <= max && max > 0 { Ok((min, max)) } else { Err(wrong("expected `MIN/MAX`", text)) }
}

/// A shape with the codes of `=CODE,CODE`.
fn with_codes(shape: Shape, word: Option<&str>) -> Result<Shape, Wrong> {
    let Some(word) = word else {
        return Ok(shape);
    };
    match (shape, word.strip_prefix('=')) {
        (Shape::Simple { kind, min, max, .. }, Some(list)) => Ok(Shape::Simple { kind, min, max, codes: codes(list)? }),
        _ => Err(wrong("expected `xN` or `=CODE,CODE`", word)),
    }
}

/// `CODE,CODE`
pub(super) fn codes(list: &str) -> Result<Vec<String>, Wrong> {
    let codes: Vec<String> = list.split(',').map(str::to_owned).collect();
    if codes.iter().any(|code| code.is_empty() || code.len() > 16) {
        return Err(wrong("expected codes of up to 16 characters", list));
    }
    Ok(codes)
}

fn relations(text: &str, elements: usize) -> Result<Vec<Relation>, Wrong> {
    text.split_whitespace().map(|text| relation(text, elements)).collect()
}

/// `P0304`
fn relation(text: &str, elements: usize) -> Result<Relation, Wrong> {
    let unknown = || wrong("expected a relation such as `P0304` between elements that there are", text);
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

    const ELEMENTS: &str = "# head\n98 ID 2/3\n93 AN 1/60 =A,B\nC040 = (98 M, 93 C AN 1/5, 98 C =AB,CD | P0203)";

    #[test]
    fn a_wrong_line_is_named() {
        let line = |segments: &str| {
            dictionary(ELEMENTS, segments).map(|_| ()).map_err(|error| (error.part, error.line, error.problem))
        };
        let problem = |segments: &str| line(segments).unwrap_err();
        assert_eq!(line("# head\n\nN1: 98 M ID 2/3; 93 C AN 1/60 | R0102 # said twice"), Ok(()));
        assert_eq!(line("N1: 98 M; 93 C =C; 98 C x5; - C AN 1/2 x*; C040 M; C040 C (98 M, 93 C) x2"), Ok(()));
        assert_eq!(problem("# head\nN1: 98 X ID 2/3").1, 2);
        assert_eq!(problem("N1: 98 M ID 2/3 | P0102").0, "segments");
        assert_eq!(problem("N1: 98 M\nN1: 98 M"), ("segments", 2, "segment defined twice"));
        assert_eq!(problem("N1: 97 M"), ("segments", 1, "element without definition"));
        assert_eq!(problem("N1: 98 M XX 1/2").2, "expected a type: AN, ID, A, N, N0 to N9, R, DT, TM or B");
        assert_eq!(problem("N1: 98 M AN 3/2").2, "expected `MIN/MAX`");
        assert_eq!(problem("N1: 98 M x0").1, 1);
        assert_eq!(problem("N1: C040 M =A").2, "expected `xN` or `=CODE,CODE`");
        assert_eq!(problem("N1: C040 M (98 M, C040 M)").2, "a component cannot be a composite");
        assert_eq!(problem(&format!("N1: {}", ["98 M"; GUIDE_ELEMENTS_MAX + 1].join(";"))).2, "too many elements");
        assert_eq!(line(&format!("N1: {}", ["98 M"; GUIDE_ELEMENTS_MAX].join(";"))), Ok(()));
        let elements = |elements: &str| dictionary(elements, "").map(|_| ()).map_err(|error| error.line);
        assert_eq!(elements("98 ID 2/3\n98 ID 2/3"), Err(2));
        assert_eq!(elements("98 ID"), Err(1));
        assert_eq!(elements("98 ID 2/3 x2"), Err(1));
        assert_eq!(elements("98 ID 2/3\nC1 = (98 M"), Err(2));
        assert_eq!(elements("C1 = (98 M)\n98 ID 2/3"), Ok(()));
    }

    #[test]
    fn a_segment_says_only_what_differs_from_the_dictionary() {
        let all = dictionary(ELEMENTS, "N1: 98 M; 93 C; 93 C AN 1/60; C040 C x3").unwrap();
        let [first, list, free, composite] = all.segments["N1"].elements.as_slice() else { panic!() };
        assert!(matches!(first.shape, Shape::Simple { kind: Kind::Code, min: 2, max: 3, .. }) && first.mandatory);
        assert!(matches!(&list.shape, Shape::Simple { codes, .. } if codes == &["A", "B"]));
        assert!(matches!(&free.shape, Shape::Simple { codes, .. } if codes.is_empty()));
        let Shape::Composite { components, relations } = &composite.shape else { panic!() };
        assert_eq!((composite.repeat, components.len(), relations.len()), (3, 3, 1));
        assert!(matches!(&components[2].shape, Shape::Simple { codes, .. } if codes == &["AB", "CD"]));
    }

    #[test]
    fn a_level_holds_as_many_segments_as_a_word_has_bits() {
        let dictionary = Arc::new(dictionary("", "N1: 98 M ID 2/3").unwrap());
        let of = |indent: &str, lines: usize| {
            let lines = format!("{indent}N1 0..1\n").repeat(lines);
            guide(&format!("set 100 XX 004010\nN1 0..1\n{lines}"), &dictionary)
                .map(|_| ())
                .map_err(|error| error.problem)
        };
        let too_many = Err("too many segments in the set or in a loop");
        assert_eq!((of("", GUIDE_NODES_MAX - 1), of("", GUIDE_NODES_MAX)), (Ok(()), too_many));
        assert_eq!((of("  ", GUIDE_NODES_MAX), of("  ", GUIDE_NODES_MAX + 1)), (Ok(()), too_many));
    }

    #[test]
    fn a_wrong_line_of_a_set_is_named() {
        let known = Arc::new(dictionary("", "N1: 98 M ID 2/3").unwrap());
        let line = |definition: &str| guide(definition, &known).map(|_| ()).map_err(|error| error.line);
        assert_eq!(line("set 945 SW 004010\nN1 1..* # SG1"), Ok(()));
        assert_eq!(line("set 945 SW 004010\nN1 1"), Err(2));
        assert_eq!(line("set 945 SW 004010\nN1 2..1"), Err(2));
        assert_eq!(line("set 945 SW 004010\nN1 1..1\n  N2 0..1"), Err(3));
        assert_eq!(line("set 945"), Err(1));
        assert_eq!(line(""), Err(0));
        assert_eq!(guide("set DESADV - D.96A", &known).unwrap().functional_id(), "");
    }
}
