//! What is logged is named: every field of every log line of the functions stands in `docs/LOGGING.md`, and none is a
//! whole structure or somebody else's text by way of the message.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::root;

/// The crates whose lines end up in a function's log.
const LOGGING: [&str; 6] =
    ["shared/handlers/src", "shared/lambda/src", "shared/aws/src", "shared/steps/src", "shared/ports/src", "functions"];

/// A log line in the source: where, and what stands between its parentheses.
struct Line {
    place: String,
    arguments: Vec<String>,
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Every log line of a source text.
fn lines(place: &str, text: &str) -> Vec<Line> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("tracing::") {
        let rest = &text[at + "tracing::".len()..];
        let Some((name, rest)) = rest.split_once("!(") else { continue };
        if !matches!(name, "trace" | "debug" | "info" | "warn" | "error" | "$level" | "event" | "span") {
            continue;
        }
        let place = format!("{place}:{}", text[..at].lines().count());
        found.push(Line { place, arguments: arguments(rest) });
    }
    found
}

/// The arguments up to the closing parenthesis, parted at the commas that stand in no parentheses and no text.
fn arguments(rest: &str) -> Vec<String> {
    let (mut depth, mut in_text, mut escaped, mut all) = (0, false, false, vec![String::new()]);
    for character in rest.chars() {
        let last = all.last_mut().expect("one at least");
        if in_text {
            (in_text, escaped) = (escaped || character != '"', !escaped && character == '\\');
            last.push(character);
            continue;
        }
        match character {
            ')' if depth == 0 => break,
            ',' if depth == 0 => {
                all.push(String::new());
                continue;
            }
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            '"' => in_text = true,
            _ => {}
        }
        last.push(character);
    }
    all.into_iter().map(|argument| argument.trim().to_owned()).filter(|argument| !argument.is_empty()).collect()
}

/// The fields that `docs/LOGGING.md` lists.
fn listed() -> BTreeSet<String> {
    let page = std::fs::read_to_string(root().join("docs/LOGGING.md")).expect("the page is there");
    let (_, fields) = page.split_once("## Fields").expect("a list of fields");
    let rows = fields.lines().take_while(|line| !line.starts_with("## ")).filter(|line| line.starts_with("| `"));
    rows.flat_map(|row| row.split('|').nth(1).expect("a cell").split(','))
        .map(|name| name.trim().trim_matches('`').to_owned())
        .collect()
}

/// What is wrong with a line.
fn faults(line: &Line, listed: &BTreeSet<String>) -> Vec<String> {
    let Some((message, fields)) = line.arguments.split_last() else { return vec![format!("{}: no words", line.place)] };
    let mut wrong = Vec::new();
    if !message.starts_with('"') || message.contains(['{', '}']) {
        wrong.push(format!("{}: the words are fixed, and hold no value: {message}", line.place));
    }
    for field in fields {
        let (name, value) = field.split_once('=').unwrap_or((field, field));
        let (name, value) = (name.trim(), value.trim());
        if name.starts_with(['?', '%']) || value.starts_with(['?', '%']) || value.contains("format!") {
            wrong.push(format!("{}: {field} is logged by its form, and not as a field of a type", line.place));
        } else if !listed.contains(name) {
            wrong.push(format!("{}: {name} is not in docs/LOGGING.md", line.place));
        }
    }
    wrong
}

#[test]
fn every_field_that_is_logged_is_listed() {
    let (mut files, listed) = (Vec::new(), listed());
    for folder in LOGGING {
        sources(&root().join(folder), &mut files);
    }
    let mut count = 0;
    let mut wrong = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a source");
        for line in lines(&file.display().to_string(), &text) {
            count += 1;
            wrong.extend(faults(&line, &listed));
        }
    }
    assert!(count >= 10, "{count} lines are found");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_line_that_says_too_much_is_found() {
    let listed = BTreeSet::from(["partner".to_owned()]);
    for text in [
        "tracing::info!(partner = ?profile, \"x\")",
        "tracing::info!(%partner, \"x\")",
        "tracing::info!(partner = format!(\"{a}\"), \"x\")",
        "tracing::warn!(name = order.ship_to.name, \"x\")",
        "tracing::error!(\"no (such, place): {name}\")",
        "tracing::error!(partner, \"no {}\", name)",
    ] {
        let found = lines("x", text);
        assert_ne!(found.iter().flat_map(|line| faults(line, &listed)).count(), 0, "{text}");
    }
    let good = lines("x", "tracing::info!(partner = of(a, \"b,)\"), \"x\"); other(1)");
    assert_eq!(good.iter().flat_map(|line| faults(line, &listed)).count(), 0);
}
