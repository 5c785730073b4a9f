//! What is wrong in a source file: where it stands, and how it is mended.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Serialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// How many letters a wrong key may differ from the right one to be taken for a slip: two, as in letters swapped.
const SLIP_LEN_MAX: usize = 2;

/// A source file of a bundle: `house.toml`, or one `<partner>.toml` for each partner.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// The file's name, for messages.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Something wrong in a source file, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Lint {
    /// The file's name.
    pub file: String,
    /// The line, from 1; none if the file is not there.
    pub line: Option<usize>,
    /// The column in characters, from 1.
    pub column: Option<usize>,
    /// The key, such as `auth.signature.tolerance_s`; empty if it is the whole file.
    pub key: String,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub mend: String,
}

impl std::error::Error for Lint {}

impl std::fmt::Display for Lint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.file)?;
        for number in [self.line, self.column].into_iter().flatten() {
            write!(f, ":{number}")?;
        }
        let key = if self.key.is_empty() { String::new() } else { format!("{}: ", self.key) };
        write!(f, ": {key}{}; {}", self.problem, self.mend)
    }
}

/// What is wrong in a profile or the house, by key. Where the key stands in the text is found at the end.
#[derive(Debug, Default)]
pub(crate) struct Complaints(Vec<Complaint>);

#[derive(Debug)]
struct Complaint {
    key: String,
    problem: String,
    mend: String,
}

impl Complaints {
    /// Notes a problem of the value at `key`, such as `routes.0.partner`; of one that is missing, at what asks for it.
    pub(crate) fn add(&mut self, key: impl Into<String>, problem: impl Into<String>, mend: impl Into<String>) {
        self.0.push(Complaint { key: key.into(), problem: problem.into(), mend: mend.into() });
    }

    /// Key, problem and mend of each.
    pub(crate) fn into_parts(self) -> impl Iterator<Item = (String, String, String)> {
        self.0.into_iter().map(|one| (one.key, one.problem, one.mend))
    }

    /// The complaints with their places in `text`.
    pub(crate) fn placed(self, file: &Filled) -> Vec<Lint> {
        let table = DeTable::parse(&file.text).ok();
        let place = |key: &str| find(table.as_ref()?, key);
        let complaints = self.0.into_iter();
        complaints.map(|one| file.lint(place(&one.key), one.key.clone(), one.problem, one.mend)).collect()
    }
}

/// The bytes of the key, or of the last one on the way to it that is there.
fn find(table: &Spanned<DeTable<'_>>, path: &str) -> Option<Range<usize>> {
    let mut found = None;
    let mut tables = Some(table.get_ref());
    let mut array = None;
    for name in path.split('.') {
        let next: &Spanned<DeValue<'_>> = match (tables, array) {
            (Some(table), _) => {
                let Some((key, value)) = table.iter().find(|(key, _)| key.get_ref() == name) else { break };
                found = Some(key.span());
                value
            }
            (None, Some(values)) => {
                let values: &toml::de::DeArray<'_> = values;
                let Some(value) = name.parse::<usize>().ok().and_then(|index| values.get(index)) else { break };
                found = Some(value.span());
                value
            }
            (None, None) => break,
        };
        (tables, array) = match next.get_ref() {
            DeValue::Table(table) => (Some(table), None),
            DeValue::Array(values) => (None, Some(values)),
            _ => (None, None),
        };
    }
    found
}

/// A source file whose `${NAME}` are filled, and which knows where each of its bytes came from.
#[derive(Debug)]
pub(crate) struct Filled {
    name: String,
    raw: String,
    /// The text as it is read.
    pub(crate) text: String,
    /// Where a variable was put into `text`, and where its name stands in `raw`.
    put: Vec<(Range<usize>, Range<usize>)>,
}

impl Filled {
    /// Fills the variables of `file`.
    ///
    /// # Errors
    /// Every variable that is not set.
    pub(crate) fn new(file: &SourceFile, variables: &BTreeMap<String, String>) -> Result<Self, Vec<Lint>> {
        let mut filled = Self { name: file.name.clone(), raw: file.text.clone(), text: String::new(), put: Vec::new() };
        let mut wrong = Vec::new();
        let mut rest = file.text.as_str();
        while let Some((before, after)) = rest.split_once("${") {
            filled.text.push_str(before);
            let start = file.text.len() - after.len() - "${".len();
            let (name, tail) = after.split_once('}').unwrap_or((after, ""));
            let name: String = name.lines().next().unwrap_or_default().chars().take(64).collect();
            if let Some(value) = variables.get(&name) {
                let at = filled.text.len();
                filled.text.push_str(value);
                filled.put.push((at..filled.text.len(), start..file.text.len() - tail.len()));
            } else {
                let mend = format!("give it: --set {name}=VALUE");
                wrong.push(filled.lint_raw(Some(start), String::new(), format!("${{{name}}} is not set"), mend));
            }
            rest = tail;
        }
        filled.text.push_str(rest);
        if wrong.is_empty() { Ok(filled) } else { Err(wrong) }
    }

    /// What `error` says of the text.
    pub(crate) fn unreadable(&self, error: &toml::de::Error) -> Lint {
        let said = error.message().trim().to_owned();
        let (problem, mend) = match said.split_once(", expected ") {
            Some((problem, expected)) => (problem.to_owned(), slip(problem, expected)),
            None if said.starts_with("missing field") => (said, "add it".to_owned()),
            None => (said, "mend it as docs/onboarding.md or the schema shows".to_owned()),
        };
        self.lint(error.span(), String::new(), problem, mend)
    }

    fn lint(&self, at: Option<Range<usize>>, key: String, problem: String, mend: String) -> Lint {
        self.lint_raw(at.map(|at| self.raw_offset(at.start)), key, problem, mend)
    }

    fn lint_raw(&self, at: Option<usize>, key: String, problem: String, mend: String) -> Lint {
        let before = self.raw.get(..at.unwrap_or(0)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Lint { file: self.name.clone(), line: Some(line), column: Some(column), key, problem, mend }
    }

    fn raw_offset(&self, offset: usize) -> usize {
        let mut shifted = offset;
        for (text, raw) in &self.put {
            if text.contains(&offset) {
                return raw.start;
            }
            if text.end <= offset {
                shifted = raw.end + (offset - text.end);
            }
        }
        shifted
    }
}

/// What to write instead: the name that was meant, if one is near, or what may stand there.
fn slip(problem: &str, expected: &str) -> String {
    let quoted = |text: &str| text.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let written = quoted(problem).into_iter().next().unwrap_or_default();
    let near = quoted(expected).into_iter().map(|name| (strsim::damerau_levenshtein(&written, &name), name)).min();
    match near {
        Some((distance, name)) if distance <= SLIP_LEN_MAX => format!("did you mean `{name}`?"),
        _ => format!("expected {expected}"),
    }
}
