//! Our reading of EDIFACT held against that of `edifact-rs`: the same segments, elements and components, and the same
//! verdict on envelopes.

use edi::{Event, Events, Finding};
use edifact_rs::{from_bytes, validate_envelope};

/// Segment ids, each with elements, repetitions and components, without the empty ones at an end.
type Tree = Vec<(String, Vec<Vec<Vec<String>>>)>;

fn trimmed(mut elements: Vec<Vec<Vec<String>>>) -> Vec<Vec<Vec<String>>> {
    for repetition in elements.iter_mut().flatten() {
        while repetition.last().is_some_and(String::is_empty) {
            repetition.pop();
        }
    }
    for element in &mut elements {
        while element.last().is_some_and(Vec::is_empty) {
            element.pop();
        }
    }
    while elements.last().is_some_and(Vec::is_empty) {
        elements.pop();
    }
    elements
}

fn ours(bytes: &[u8]) -> (Tree, bool) {
    let mut tree = Tree::new();
    let mut rejects = false;
    let mut take = |segment: &edi::Segment<'_>| {
        let of = |repetition: &[u8]| -> Vec<String> {
            segment.components_of(repetition).map(|one| segment.text(one).into_owned()).collect()
        };
        let elements = (1..=segment.element_count()).map(|n| segment.repetitions(n).map(of).collect());
        tree.push((segment.id().to_owned(), trimmed(elements.collect())));
    };
    let mut hear = |findings: &[Finding]| rejects |= findings.iter().any(Finding::rejects);
    for event in Events::new(bytes) {
        match &event {
            Event::Outside { finding, .. } => hear(finding.as_deref().map(std::slice::from_ref).unwrap_or_default()),
            Event::InterchangeSegment(segment) => take(segment),
            Event::GroupSegment { segment, finding } | Event::Segment { segment, finding } => {
                take(segment);
                hear(finding.as_deref().map(std::slice::from_ref).unwrap_or_default());
            }
            Event::InterchangeStart { header, findings, .. } | Event::SetStart { header, findings, .. } => {
                take(header);
                hear(findings);
            }
            Event::GroupStart { header, findings, .. } => {
                header.iter().for_each(&mut take);
                hear(findings);
            }
            Event::SetEnd { trailer, findings, .. }
            | Event::GroupEnd { trailer, findings, .. }
            | Event::InterchangeEnd { trailer, findings, .. } => {
                trailer.iter().for_each(&mut take);
                hear(findings);
            }
        }
    }
    (tree, rejects)
}

/// What they read, if they do, and whether the envelope is in order.
fn theirs(bytes: &[u8]) -> Result<(Tree, bool), String> {
    let segments = from_bytes(bytes).collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string())?;
    let of = |segment: &edifact_rs::Segment<'_>| {
        let texts = |repetition: &[(std::borrow::Cow<'_, str>, edifact_rs::Span)]| -> Vec<String> {
            repetition.iter().map(|(text, _)| text.clone().into_owned()).collect()
        };
        let elements = segment.elements.iter().map(|element| element.repetitions().map(texts).collect());
        (segment.tag.clone().into_owned(), trimmed(elements.collect()))
    };
    Ok((segments.iter().map(of).collect(), validate_envelope(&segments).is_err()))
}

#[test]
fn explore() {
    for folder in ["samples/edifact", "awkward/edifact"] {
        let mut paths: Vec<_> = std::fs::read_dir(format!("{}/tests/{folder}", env!("CARGO_MANIFEST_DIR")))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.sort();
        for path in paths {
            let bytes = std::fs::read(&path).unwrap();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let (tree, rejects) = ours(&bytes);
            match theirs(&bytes) {
                Err(error) => eprintln!("UNREAD {name} {rejects} {error}"),
                Ok((other, refuses)) => {
                    if other != tree {
                        let at = other.iter().zip(&tree).position(|(one, other)| one != other);
                        eprintln!("TREE {name} {} {} {:?}", tree.len(), other.len(), at.map(|at| (&tree[at], &other[at])));
                    }
                    if rejects != refuses {
                        let segments = from_bytes(&bytes).collect::<Result<Vec<_>, _>>().unwrap();
                        eprintln!("VERDICT {name} ours {rejects} theirs {:?}", validate_envelope(&segments).err().map(|e| e.to_string()));
                    }
                }
            }
        }
    }
}
