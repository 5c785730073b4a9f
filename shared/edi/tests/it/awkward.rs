//! Awkward files and what the standards make of them: `tests/awkward/cases.txt` says of each file what passes, what is
//! rejected, with which code and where. Its head explains the form.

use std::fmt::Write as _;
use std::path::Path;

use edi::guide::Guides;
use edi::verdict::{self, InterchangeVerdict, Verdict};
use edi::{Finding, Level, Standard};

/// One verdict: on an interchange, a group or a set, or (`-`) on what is outside the interchanges.
#[derive(Debug)]
struct Line {
    path: String,
    verdict: &'static str,
    findings: Vec<(String, String, Option<usize>, usize)>,
}

/// What the engine says of a file, one line for each thing that passes or does not.
fn actual(bytes: &[u8]) -> Vec<Line> {
    let document = edi::read(bytes);
    let interchanges = document.interchanges.iter().map(|interchange| interchange.range.clone());
    let mut parts: Vec<_> = interchanges.chain(document.filler.iter().cloned()).collect();
    parts.sort_by_key(|part| part.start);
    let end = parts.iter().fold(0, |end, part| {
        assert_eq!(part.start, end, "a byte belongs to nothing, or to two things");
        part.end
    });
    assert_eq!(end, bytes.len(), "the last bytes belong to nothing");
    let guides = Guides::built_in();
    let mut lines = Vec::new();
    if !document.findings.is_empty() {
        lines.push(line("-".to_owned(), "quarantine", (Standard::X12, ""), &document.findings));
    }
    for (index, interchange) in document.interchanges.iter().enumerate() {
        let verdict = verdict::interchange(interchange, guides);
        of_interchange(index + 1, interchange.standard, &verdict, &mut lines);
    }
    lines
}

fn of_interchange(ordinal: usize, standard: Standard, verdict: &InterchangeVerdict, lines: &mut Vec<Line>) {
    let path = ordinal.to_string();
    if verdict.verdict == Verdict::Rejected {
        return lines.push(line(path, "reject-interchange", (standard, "005010"), &verdict.findings));
    }
    if !verdict.findings.is_empty() {
        lines.push(line(path.clone(), "accept-note", (standard, "005010"), &verdict.findings));
    } else if verdict.groups.is_empty() {
        lines.push(line(path.clone(), "accept", (standard, ""), &[]));
    }
    for group in &verdict.groups {
        let path = format!("{path}.{}", group.index + 1);
        let kind = (standard, group.version.as_str());
        if group.findings.iter().any(Finding::rejects) {
            lines.push(line(path, "reject-group", kind, &group.findings));
            continue;
        }
        if !group.findings.is_empty() {
            lines.push(line(path.clone(), "accept-note", kind, &group.findings));
        }
        if group.sets.is_empty() && group.findings.is_empty() {
            lines.push(line(path.clone(), "accept", kind, &[]));
        }
        for set in &group.sets {
            let word = match set.verdict {
                Verdict::Accepted => "accept",
                Verdict::AcceptedWithNotes => "accept-note",
                Verdict::Rejected => "reject-set",
            };
            lines.push(line(format!("{path}.{}", set.index + 1), word, kind, &set.findings));
        }
    }
}

fn line(path: String, verdict: &'static str, (standard, version): (Standard, &str), findings: &[Finding]) -> Line {
    let rejected = findings.iter().any(Finding::rejects);
    let telling = findings.iter().filter(|finding| finding.rejects() == rejected);
    let shown = telling.map(|finding| {
        let segment = finding.place.segment_id.clone().unwrap_or_default();
        (code(standard, version, finding), segment, finding.place.element, finding.place.byte_offset)
    });
    Line { path, verdict, findings: shown.collect() }
}

/// The standard's code, with the part of the acknowledgment that carries it.
fn code(standard: Standard, version: &str, finding: &Finding) -> String {
    let prefix = match (standard, finding.level()) {
        (_, Level::File) => return finding.code.to_string(),
        (Standard::Edifact, _) => return format!("U:{}", finding.code.edifact().unwrap_or("-")),
        (Standard::X12, Level::Interchange) => "TA1",
        (Standard::X12, Level::Group) => "AK9",
        (Standard::X12, Level::Set) => "AK5",
        (Standard::X12, Level::Segment) => "AK3",
        (Standard::X12, Level::Element) => "AK4",
    };
    format!("{prefix}:{}", finding.code.x12_in(version).unwrap_or("-"))
}

/// Whether a line of the table says so of what the engine says: `PATH VERDICT[|VERDICT] [CODES] [@SEGMENT[.N]] [+BYTE]`.
fn agrees(expected: &str, line: &Line) -> bool {
    let mut words = expected.split_whitespace();
    if words.next() != Some(line.path.as_str()) {
        return false;
    }
    let verdicts = words.next().unwrap_or_default().replace("accept*", "accept|accept-note");
    if !verdicts.split('|').any(|verdict| verdict == line.verdict) {
        return false;
    }
    let clean = line.verdict == "accept";
    let (mut place, mut byte) = (None, None);
    for word in words {
        match word.as_bytes() {
            [b'@', ..] => place = Some(&word[1..]),
            [b'+', ..] => byte = word[1..].parse::<usize>().ok(),
            _ if clean => {}
            _ => {
                let mut found: Vec<&str> = line.findings.iter().map(|(code, ..)| code.as_str()).collect();
                found.sort_unstable();
                found.dedup();
                let all = |codes: &str| {
                    let mut codes: Vec<&str> = codes.split(',').collect();
                    codes.sort_unstable();
                    codes == found
                };
                if !word.split('|').any(all) {
                    return false;
                }
            }
        }
    }
    let at_place = |(_, segment, element, offset): &(String, String, Option<usize>, usize)| {
        let named = element.map_or_else(|| segment.clone(), |element| format!("{segment}.{element}"));
        place.is_none_or(|place| place == named || (!place.contains('.') && place == segment))
            && byte.is_none_or(|byte| byte == *offset)
    };
    clean || (place.is_none() && byte.is_none()) || line.findings.iter().any(at_place)
}

/// What differs between a file's lines of the table and what the engine says; empty if nothing.
fn difference(expected: &[&str], actual: &[Line]) -> String {
    let mut said = vec![false; actual.len()];
    let mut text = String::new();
    for row in expected {
        let optional = row.starts_with('?');
        let alternatives = row.trim_start_matches('?').split("||").map(str::trim);
        let mut met = false;
        for alternative in alternatives {
            if let Some(index) = actual.iter().position(|line| agrees(alternative, line)) {
                said[index] = true;
                met = true;
            }
        }
        if !met && !optional {
            let _ = writeln!(text, "    expected {row}");
        }
    }
    for (line, _) in actual.iter().zip(said).filter(|(_, said)| !said) {
        let _ = writeln!(text, "    said     {} {} {:?}", line.path, line.verdict, line.findings);
    }
    text
}

#[test]
fn every_awkward_file_has_the_verdict_of_its_standard() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/awkward");
    let table = std::fs::read_to_string(folder.join("cases.txt")).unwrap();
    let mut report = String::new();
    let (mut cases, mut wrong) = (0, 0);
    for case in table.split("\n\n").filter(|case| !case.starts_with('#')) {
        let mut rows = case.lines();
        let Some(name) = rows.next() else { continue };
        let bytes = std::fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let expected: Vec<&str> = rows.map(str::trim).filter(|row| !row.starts_with('#')).collect();
        assert!(!expected.is_empty(), "{name} has no verdict");
        let differs = difference(&expected, &actual(&bytes));
        cases += 1;
        if !differs.is_empty() {
            wrong += 1;
            let _ = writeln!(report, "{name}\n{differs}");
        }
    }
    assert!(cases > 300, "only {cases} cases were found");
    assert!(wrong == 0, "{wrong} of {cases} files:\n{report}");
}

/// However a file is cut off, its set is passed on only once the whole trailer of the interchange is there, and the
/// first part that can be read at all is rejected for what it is: cut off.
#[test]
fn a_file_that_is_cut_off_anywhere_passes_nothing_on() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/awkward");
    // The last byte of what must be there, and all codes that what is cut off may have: cut in its control number or count,
    // a trailer is there and wrong.
    let cases = [
        ("x12/005010-945.edi", "IEA*1*000000001", &["TA1:023", "TA1:001", "TA1:021"][..]),
        ("x12/two-groups-of-two-versions.edi", "IEA*2*000000001", &["TA1:023", "TA1:001", "TA1:021"]),
        ("edifact/group.edi", "UNZ+1+REF1", &["U:13", "U:28", "U:29"]),
        ("edifact/una-lines.edi", "UNZ+1+REF1", &["U:13", "U:28", "U:29"]),
    ];
    for (name, trailer, codes) in cases {
        let file = std::fs::read(folder.join(name)).unwrap();
        let text = String::from_utf8(file.clone()).unwrap();
        let whole = text.find(trailer).unwrap() + trailer.len();
        for len in 1..=file.len() {
            let lines = actual(&file[..len]);
            let passed = lines.iter().any(|line| line.path.contains('.') && line.verdict.starts_with("accept"));
            assert_eq!(passed, len >= whole, "{name} cut after {len} bytes: {lines:?}");
            for line in lines.iter().filter(|line| line.verdict == "reject-interchange") {
                let cut_off = |(code, ..): &(String, _, _, _)| codes.contains(&code.as_str());
                assert!(line.findings.iter().all(cut_off), "{name} cut after {len} bytes: {line:?}");
            }
            let told = lines.iter().any(|line| matches!(line.verdict, "quarantine" | "reject-interchange"));
            assert_eq!(told, len < whole, "{name} cut after {len} bytes: {lines:?}");
        }
    }
}
