//! Our reading of EDIFACT held against that of `edifact-rs`: the same segments, elements and components, and the same
//! verdict on envelopes.

use edi::write::{NewSegment, edifact};
use edi::{Event, Events, Finding};
use edifact_rs::{from_bytes, validate_envelope};
use proptest::prelude::*;

use crate::samples::{edifact_envelope, message};

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

/// How the two differ on a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Difference {
    /// They refuse to read it.
    NotRead,
    /// They see other segments or values.
    Tree,
    /// One rejects the envelope or a message, the other does not.
    Verdict,
}

fn difference(bytes: &[u8]) -> Option<Difference> {
    let (tree, rejects) = ours(bytes);
    match theirs(bytes) {
        Err(_) => Some(Difference::NotRead),
        Ok((other, _)) if other != tree => Some(Difference::Tree),
        Ok((_, refuses)) => (refuses != rejects).then_some(Difference::Verdict),
    }
}

/// Every file on which the two differ, and who is right by ISO 9735.
const DIFFERENCES: [(&str, Difference, &str); 51] = [
    // Both are right where a reader that stops at the first fault has nothing to show and we reject what we read.
    ("lower-case-tags", Difference::NotRead, "both: tags are capitals (9735-1); we read the rest and reject it"),
    ("release-at-end-of-file", Difference::NotRead, "both: nothing is released (9735-1); we keep the bytes and reject"),
    (
        "text-before-una",
        Difference::NotRead,
        "both: a UNA begins the interchange; we find it behind the text and say so",
    ),
    ("truncated-in-message", Difference::NotRead, "both: cut off; we keep and reject what there is"),
    ("truncated-in-unb", Difference::NotRead, "both: cut off; we keep and reject what there is"),
    ("truncated-in-unz", Difference::NotRead, "both: cut off; we keep and reject what there is"),
    ("tag-lower-case", Difference::NotRead, "both: no such tag; our guide rejects the message that has it"),
    ("una-contradicts-unb", Difference::NotRead, "both: what the UNA names does not separate the UNB"),
    ("una-eight-bytes", Difference::NotRead, "both: a UNA has six characters; we read the UNB after it"),
    ("una-truncated", Difference::NotRead, "both: a UNA has six characters"),
    ("unb-terminator-lost", Difference::NotRead, "both: the UNB does not end"),
    ("no-terminator-anywhere", Difference::NotRead, "both: the UNB does not end"),
    ("una-then-text", Difference::NotRead, "both: there is no UNB"),
    (
        "una-element-is-component",
        Difference::NotRead,
        "both: separators differ; we read on with the usual ones and reject",
    ),
    ("una-release-is-element", Difference::NotRead, "both: the same"),
    ("una-terminator-is-element", Difference::NotRead, "both: the same"),
    ("una-lower-case", Difference::NotRead, "both: that is no UNA; we read the interchange after it and say so"),
    ("una-twice", Difference::NotRead, "both: there is one UNA; we read the interchange after the second and say so"),
    ("tag-of-two", Difference::NotRead, "both: no such tag; our guide rejects the message that has it"),
    (
        "tag-numbered",
        Difference::NotRead,
        "we: a tag may number the repetition of its group (9735:1988, explicit nesting)",
    ),
    // They read one interchange in one set of service characters.
    ("several-each-una", Difference::NotRead, "we: each interchange of a file may have its UNA (9735-1)"),
    ("several-other-una", Difference::NotRead, "we: a UNA holds for its own interchange (9735-1)"),
    ("several-same-message-number", Difference::Verdict, "we: a file may hold several interchanges; they judge one"),
    // Service characters.
    ("una-newline-terminates", Difference::NotRead, "we: a UNA may name any character that is not in the data"),
    ("una-no-release", Difference::NotRead, "we: a blank says that there is no release character (9735-1, UNA)"),
    ("una-star-v3", Difference::Tree, "we: before version 4 that place is reserved and `*` is data (9735:1988, UNA)"),
    ("unob-information-separators", Difference::NotRead, "we: level B separates by IS1, IS3 and IS4 (9735:1988, 5)"),
    // Characters: UNOC is ISO 8859-1.
    ("unoc-latin-1", Difference::NotRead, "we: UNOC is ISO 8859-1 (0001); they offer it by another function"),
    ("unoc-windows-1252", Difference::NotRead, "both: ISO 8859-1 has no such character; we accept it with a note"),
    ("unoa-latin-1", Difference::NotRead, "they: level A has no such character; we accept it with a note"),
    ("unob-umlaut", Difference::NotRead, "they: level B has no such character; we accept it with a note"),
    ("unoc-utf-8", Difference::Tree, "we: two bytes are two characters in UNOC (0001)"),
    ("unoe-cyrillic", Difference::NotRead, "we: UNOE is ISO 8859-5 (0001)"),
    ("unoy-no-utf-8", Difference::NotRead, "both: that is no UTF-8; we keep the bytes and accept it with a note"),
    // Framing, of which the standard says nothing.
    ("trailing-newlines", Difference::NotRead, "neither: bytes behind the UNZ are the transport's"),
    (
        "unz-without-terminator",
        Difference::NotRead,
        "they: a segment ends with its terminator; we take an UNZ that counts",
    ),
    ("wrapped-15-una", Difference::NotRead, "neither: records are the transport's"),
    ("wrapped-within-release", Difference::NotRead, "neither: the same"),
    ("unz-twice", Difference::Tree, "both: a second UNZ closes nothing; we keep its bytes as stray"),
    ("interactive-after-batch", Difference::Tree, "we: UIB begins an interactive interchange (9735-3), no batch one"),
    ("wrapped-80", Difference::Tree, "neither: records are the transport's; a line end is no character of level A"),
    ("interactive", Difference::Tree, "we: UIB begins an interactive interchange (9735-3), no batch one"),
    // Verdicts.
    ("group-empty", Difference::Verdict, "we: a group has a message at least (9735-1, group)"),
    ("syntax-unknown", Difference::Verdict, "we: 0002 is 1 to 4"),
    ("message-reference-of-15", Difference::Verdict, "we: 0062 has at most 14 characters"),
    ("unb-syntax-id-alone", Difference::Verdict, "we: 0002 is mandatory"),
    ("unb-time-missing", Difference::Verdict, "we: 0019 is mandatory"),
    ("unb-test-9", Difference::Verdict, "we: 0035 is 1"),
    ("unb-twelve-elements", Difference::Verdict, "we: a UNB has eleven elements"),
    ("reference-of-15", Difference::Verdict, "we: 0020 has at most 14 characters"),
    ("syntax-iatb", Difference::Verdict, "they: 0001 does not list it; we take what the airlines use"),
];

/// A message without segments: they refuse it as such, we by the guide, as BGM is missing.
const BY_THE_GUIDE: [&str; 1] = ["empty-message"];

#[test]
fn every_sample_and_every_awkward_file_is_read_as_edifact_rs_does_or_the_table_says_why_not() {
    let (mut count, mut differing) = (0, Vec::new());
    for folder in ["samples/edifact", "awkward/edifact"] {
        for entry in std::fs::read_dir(format!("{}/tests/{folder}", env!("CARGO_MANIFEST_DIR"))).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let found = difference(&std::fs::read(&path).unwrap()).filter(|_| !BY_THE_GUIDE.contains(&name.as_str()));
            differing.extend(found.map(|difference| (name, difference)));
            count += 1;
        }
    }
    assert!(count > 100, "the samples are there, and not only {count}");
    differing.sort_by(|one, other| one.0.cmp(&other.0));
    let mut explained: Vec<_> = DIFFERENCES.iter().map(|(name, how, _)| ((*name).to_owned(), *how)).collect();
    explained.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(differing, explained);
}

proptest! {
    /// Values with separators and release characters in them, in both versions that cut differently.
    #[test]
    fn what_we_write_is_read_by_edifact_rs_as_by_us(
        elements in prop::collection::vec(prop::collection::vec("[A-Z0-9 +:'?*.,-]{0,6}", 1..4), 1..6),
        segments in 1_usize..5,
        version in prop::sample::select(vec![1_u8, 2, 3, 4]),
        line_feeds in any::<bool>(),
        always in any::<bool>(),
    ) {
        let segment = elements.iter().fold(NewSegment::new("FTX"), |segment, one| segment.composite(one.clone()));
        let message = edifact::NewMessage { segments: vec![segment; segments], ..message("DESADV") };
        let una = if always { edifact::Una::Always } else { edifact::Una::WhereNeeded };
        let envelope = edifact::Envelope { line_feeds, una, ..edifact_envelope(version) };
        let bytes = edifact::interchange(&envelope, &edifact::Content::Messages(vec![message])).unwrap();
        prop_assert_eq!(Ok(ours(&bytes)), theirs(&bytes), "{}", String::from_utf8_lossy(&bytes));
        prop_assert!(!ours(&bytes).1);
    }

    /// Counts and references of the trailers, each of which may be wrong.
    #[test]
    fn trailers_are_judged_as_edifact_rs_does(
        unt in 2_usize..5, unt_reference in 1_u8..3, unz in 0_usize..4, unz_reference in 1_u8..3, messages in 1_usize..4,
    ) {
        let one = |n: usize| format!("UNH+M{n}+DESADV:D:96A:UN'BGM+351'UNT+{unt}+M{}'", if unt_reference == 1 { n } else { n + 7 });
        let all: String = (0..messages).map(one).collect();
        let file = format!("UNB+UNOA:3+A:14+B:14+260131:1435+R1'{all}UNZ+{unz}+R{unz_reference}'");
        let (tree, rejects) = ours(file.as_bytes());
        prop_assert_eq!(theirs(file.as_bytes()), Ok((tree, rejects)), "{}", file);
        prop_assert_eq!(rejects, unt != 3 || unt_reference != 1 || unz != messages || unz_reference != 1);
    }
}
