//! A partner's deviations from the guides, as a few lines of text in its profile.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::parse::{Wrong, at, codes, count_or_any, length, lines, wrong};
use super::{Dictionary, ElementSpec, Guide, GuideError, Kind, Node, Shape};
use crate::limits::OVERLAY_LINES_MAX;

/// Deviations from guides; their language is explained in `guides/README.md`.
///
/// ```
/// use edi::guide::{Guides, Overlay};
///
/// let overlay: Overlay = "
///     945 W27 1..1                 # the carrier is always named
///     945 W12/N9 0..500            # many serial numbers
///     945 W0601 codes +Q           # a reporting code of their own
///     945 N104 length 1/17
///     945 ZA tolerated
/// ".parse()?;
/// let guides = Guides::built_in().with_overlay(&overlay)?;
/// assert!(guides.find("945", "004010").is_some());
/// # Ok::<(), edi::guide::GuideError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Overlay {
    text: String,
    rules: Vec<Rule>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    line: usize,
    /// A set's id; `None` for all sets.
    set: Option<String>,
    /// A segment, with the segments whose loops it stands in; or an element such as `N104`.
    target: String,
    change: Change,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Change {
    /// How often a segment must and may occur.
    Count(usize, usize),
    /// The set does not have it, and yet it may occur anywhere.
    Tolerated,
    Mandatory(bool),
    Ignored,
    Length(usize, usize),
    MoreCodes(Vec<String>),
    OnlyCodes(Vec<String>),
}

impl Overlay {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether it may change a set's guide.
    pub(super) fn names(&self, set: &str) -> bool {
        self.rules.iter().any(|rule| rule.set.as_ref().is_none_or(|named| named == set))
    }
}

impl FromStr for Overlay {
    type Err = GuideError;

    fn from_str(text: &str) -> Result<Self, GuideError> {
        let rules = lines(text).filter(|(_, line)| !line.trim().starts_with('#'));
        let rules = rules.map(|(line, text)| rule(line, text.trim()).map_err(at("overlay", line)));
        let rules = rules.collect::<Result<Vec<_>, _>>()?;
        match rules.get(OVERLAY_LINES_MAX) {
            Some(rule) => {
                Err(at("overlay", rule.line)(wrong("too many deviations: agree on a guide instead", &rule.target)))
            }
            None => Ok(Self { text: text.to_owned(), rules }),
        }
    }
}

impl TryFrom<String> for Overlay {
    type Error = GuideError;

    fn try_from(text: String) -> Result<Self, GuideError> {
        text.parse()
    }
}

impl From<Overlay> for String {
    fn from(overlay: Overlay) -> Self {
        overlay.text
    }
}

impl fmt::Display for Overlay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// `SET SEGMENT MIN..MAX` and so on.
fn rule(line: usize, text: &str) -> Result<Rule, Wrong> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (set, target, rest) = match words.as_slice() {
        [set, target, rest @ ..] => (*set, *target, rest),
        _ => return Err(wrong("expected `SET SEGMENT MIN..MAX` or `SET ELEMENT CHANGE`", text)),
    };
    let change = match rest {
        ["tolerated"] => Change::Tolerated,
        ["mandatory"] => Change::Mandatory(true),
        ["optional"] => Change::Mandatory(false),
        ["ignored"] => Change::Ignored,
        ["length", range] => {
            let (min, max) = length(range)?;
            Change::Length(min, max)
        }
        ["codes", list] => match (list.strip_prefix('+'), list.strip_prefix('=')) {
            (Some(more), _) => Change::MoreCodes(codes(more)?),
            (_, Some(only)) => Change::OnlyCodes(codes(only)?),
            _ => return Err(wrong("expected `codes +CODE,CODE` or `codes =CODE,CODE`", list)),
        },
        [range] => {
            let (min, max) = range.split_once("..").ok_or_else(|| wrong(CHANGES, range))?;
            let (min, max) = (count_or_any(min)?, count_or_any(max)?);
            if min > max || max == 0 {
                return Err(wrong("expected a maximum that the minimum does not exceed", range));
            }
            Change::Count(min, max)
        }
        _ => return Err(wrong(CHANGES, text)),
    };
    let set = Some(set.to_owned()).filter(|set| set != "*");
    Ok(Rule { line, set, target: target.to_owned(), change })
}

const CHANGES: &str = "expected `MIN..MAX` or `tolerated` for a segment, `mandatory`, `optional`, `ignored`, \
    `length MIN/MAX`, `codes +CODE,CODE` or `codes =CODE,CODE` for an element";

/// The guides that an overlay changes, changed.
pub(super) fn apply<'g>(guides: impl Iterator<Item = &'g Guide>, overlay: &Overlay) -> Result<Vec<Guide>, GuideError> {
    let mut drafts: Vec<Draft> = guides.map(Draft::new).collect();
    for rule in &overlay.rules {
        let of_set = |draft: &&mut Draft| rule.set.as_ref().is_none_or(|set| *set == draft.id);
        let (mut named, mut fitted, mut problem) = (false, false, None);
        for draft in drafts.iter_mut().filter(of_set) {
            named = true;
            match draft.change(&rule.target, &rule.change) {
                Ok(()) => fitted = true,
                Err(wrong) => problem = Some(wrong),
            }
        }
        if !named {
            let set = rule.set.as_deref().unwrap_or("*");
            return Err(at("overlay", rule.line)(wrong("no guide for this set: name one that there is, or `*`", set)));
        }
        // A segment may be of one version and not of another, but somewhere it must be.
        if let Some(wrong) = problem.filter(|_| !fitted) {
            return Err(at("overlay", rule.line)(wrong));
        }
    }
    Ok(drafts.into_iter().filter(|draft| draft.changed).map(Draft::guide).collect())
}

/// A guide that is being changed.
struct Draft {
    id: String,
    functional_id: String,
    version: String,
    order: Vec<Node>,
    dictionary: Arc<Dictionary>,
    tolerated: Vec<String>,
    changed: bool,
}

impl Draft {
    fn new(guide: &Guide) -> Self {
        Self {
            id: guide.id.clone(),
            functional_id: guide.functional_id.clone(),
            version: guide.version.clone(),
            order: guide.order.clone(),
            dictionary: Arc::clone(&guide.dictionary),
            tolerated: guide.tolerated.clone(),
            changed: false,
        }
    }

    fn guide(self) -> Guide {
        Guide::new([&self.id, &self.functional_id, &self.version], self.order, self.dictionary, self.tolerated)
    }

    fn change(&mut self, target: &str, change: &Change) -> Result<(), Wrong> {
        match change {
            Change::Count(min, max) => {
                let path: Vec<&str> = target.split('/').collect();
                if !recount(&mut self.order, &mut Vec::new(), &path, (*min, *max)) {
                    return Err(wrong("no such segment there: name one of the set, or say `tolerated`", target));
                }
            }
            Change::Tolerated if contains(&self.order, target) => {
                return Err(wrong("the set has this segment: say how often with `MIN..MAX`", target));
            }
            Change::Tolerated => self.tolerated.push(target.to_owned()),
            _ => change_element(self.element(target)?, change).map_err(|problem| wrong(problem, target))?,
        }
        self.changed = true;
        Ok(())
    }

    /// An element by its usual name: `N104`, `N907-02`.
    fn element(&mut self, target: &str) -> Result<&mut ElementSpec, Wrong> {
        let unknown = || wrong("no such element: name it by segment and position, such as `N104` or `N907-02`", target);
        let (element, component) = match target.split_once('-') {
            Some((element, component)) => (element, Some(component)),
            None => (target, None),
        };
        let (id, position) =
            element.len().checked_sub(2).and_then(|at| element.split_at_checked(at)).ok_or_else(unknown)?;
        let index = |text: &str| text.parse::<usize>().ok().and_then(|n| n.checked_sub(1)).ok_or_else(unknown);
        let position = index(position)?;
        if !contains(&self.order, id) {
            return Err(unknown());
        }
        let spec = Arc::make_mut(&mut self.dictionary).segments.get_mut(id).ok_or_else(unknown)?;
        let element = spec.elements.get_mut(position).ok_or_else(unknown)?;
        let Some(component) = component else {
            return Ok(element);
        };
        let Shape::Composite { components, .. } = &mut element.shape else {
            return Err(unknown());
        };
        components.get_mut(index(component)?).ok_or_else(unknown)
    }
}

fn change_element(element: &mut ElementSpec, change: &Change) -> Result<(), &'static str> {
    const COMPOSITE: &str = "a composite has neither length nor codes: name one of its components, such as `N907-02`";
    match (change, &mut element.shape) {
        (Change::Mandatory(mandatory), _) => element.mandatory = *mandatory,
        (Change::Ignored, shape) => {
            *shape = Shape::Simple { kind: Kind::Ignored, min: 0, max: usize::MAX, codes: Vec::new() };
            element.mandatory = false;
            element.repeat = usize::MAX;
        }
        (Change::Length(to_min, to_max), Shape::Simple { min, max, .. }) => (*min, *max) = (*to_min, *to_max),
        // Where any code may stand, more of them change nothing.
        (Change::MoreCodes(more), Shape::Simple { codes, .. }) if !codes.is_empty() => codes.extend_from_slice(more),
        (Change::MoreCodes(_), Shape::Simple { .. }) => {}
        (Change::OnlyCodes(only), Shape::Simple { codes, .. }) => codes.clone_from(only),
        _ => return Err(COMPOSITE),
    }
    Ok(())
}

fn contains(nodes: &[Node], id: &str) -> bool {
    nodes.iter().any(|node| node.id == id || contains(&node.children, id))
}

/// Changes every node whose id, with those of the loops around it, ends like `path`; one that begins with an empty id
/// begins at the set itself.
fn recount<'n>(nodes: &'n mut [Node], around: &mut Vec<&'n str>, path: &[&str], (min, max): (usize, usize)) -> bool {
    let mut found = false;
    for node in nodes {
        let Node { id, min: to_min, max: to_max, children } = node;
        around.push(id);
        let fits = match path {
            ["", from_set @ ..] => around.as_slice() == from_set,
            path => around.ends_with(path),
        };
        if fits {
            (*to_min, *to_max) = (min, max);
            found = true;
        }
        found |= recount(children, around, path, (min, max));
        around.pop();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guide::Guides;

    fn error(text: &str) -> (usize, String) {
        let error = text.parse().and_then(|overlay: Overlay| Guides::built_in().with_overlay(&overlay)).unwrap_err();
        (error.line, error.to_string())
    }

    #[test]
    fn an_error_names_line_and_mend() {
        let cases = [
            ("945", "SET SEGMENT MIN..MAX"),
            ("945 W27", "MIN..MAX"),
            ("945 W27 often", "MIN..MAX"),
            ("945 W27 2..1", "maximum"),
            ("945 W99 0..1", "name one of the set"),
            ("945 N1/W12 0..1", "name one of the set"),
            ("944444 W27 0..1", "no guide for this set"),
            ("945 W27 tolerated", "say how often"),
            ("945 N199 mandatory", "no such element"),
            ("945 N1 mandatory", "no such element"),
            ("945 N101-01 mandatory", "no such element"),
            ("945 N907 length 1/3", "name one of its components"),
            ("945 N104 length 3/1", "MIN/MAX"),
            ("945 N101 codes ST", "codes +CODE"),
        ];
        for (text, mend) in cases {
            let (line, message) = error(&format!("# ours\n945 W27 1..1\n{text}"));
            assert_eq!(line, 3, "{text}");
            assert!(message.starts_with("overlay, line 3") && message.contains(mend), "{text}: {message}");
        }
    }

    #[test]
    fn one_line_too_many_is_refused() {
        let lines = |n: usize| "945 W27 1..1\n".repeat(n).parse::<Overlay>().map(|_| ()).map_err(|error| error.line);
        assert_eq!(lines(OVERLAY_LINES_MAX), Ok(()));
        assert_eq!(lines(OVERLAY_LINES_MAX + 1), Err(OVERLAY_LINES_MAX + 1));
    }

    #[test]
    fn it_is_carried_as_text() {
        let overlay: Overlay = "945 W27 1..1\n".parse().unwrap();
        let json = serde_json::to_string(&overlay).unwrap();
        assert_eq!(json, "\"945 W27 1..1\\n\"");
        assert_eq!(serde_json::from_str::<Overlay>(&json).unwrap(), overlay);
        assert!(serde_json::from_str::<Overlay>("\"945 W27\"").is_err());
    }
}
