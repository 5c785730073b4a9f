//! What the judge says of a file in chunks is what is said of it as a whole.

use std::path::Path;

use edi::guide::Guides;
use edi::report::{self, Report};
use edi::{Finding, Judge, Judgment, Level, verdict};

/// Reports and findings on a file that is there.
fn whole(bytes: &[u8]) -> (Vec<Report>, Vec<Finding>) {
    let document = edi::read(bytes);
    let decide = |interchange| verdict::interchange(interchange, Guides::built_in());
    let verdicts: Vec<_> = document.interchanges.iter().map(decide).collect();
    let mut findings = document.findings.clone();
    for interchange in &verdicts {
        findings.extend(interchange.findings.clone());
        for group in &interchange.groups {
            findings.extend(group.findings.clone());
            findings.extend(group.sets.iter().flat_map(|set| set.findings.clone()));
        }
    }
    findings.sort_by_key(|finding| finding.place.byte_offset);
    (report::lines(&document, &verdicts), findings)
}

/// The same by the judge.
fn judged<'a>(chunks: impl Iterator<Item = &'a [u8]>) -> (Vec<Report>, Vec<Finding>) {
    let mut judge = Judge::new(Guides::built_in());
    let mut judgments: Vec<Judgment> = Vec::new();
    for chunk in chunks {
        judge.feed(chunk);
        judgments.extend(std::iter::from_fn(|| judge.next()));
    }
    judge.finish();
    judgments.extend(std::iter::from_fn(|| judge.next()));
    let (mut lines, mut findings) = (Vec::new(), Vec::new());
    let (mut of_interchange, mut of_group) = ((Vec::new(), Vec::new()), (Vec::new(), Vec::new()));
    for Judgment { level, report, rejected, findings: mut found, .. } in judgments {
        match level {
            Level::Set => {
                of_group.0.extend(report);
                of_group.1.append(&mut found);
            }
            Level::Group => {
                let (mut sets, mut findings) = std::mem::take(&mut of_group);
                if let Some(group) = report.as_ref().filter(|_| rejected) {
                    sets = sets.into_iter().map(|set: Report| set.in_rejected(group)).collect();
                }
                of_interchange.0.extend(report.into_iter().chain(sets));
                of_interchange.1.append(&mut found);
                of_interchange.1.append(&mut findings);
            }
            _ => {
                let (parts, mut findings_of_parts) = std::mem::take(&mut of_interchange);
                lines.extend(report);
                findings.append(&mut found);
                if !rejected {
                    lines.extend(parts);
                    findings.append(&mut findings_of_parts);
                }
            }
        }
    }
    findings.sort_by_key(|finding| finding.place.byte_offset);
    (lines, findings)
}

fn below(folder: &Path, files: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            below(&path, files);
        } else {
            files.push((path.display().to_string(), std::fs::read(path).unwrap()));
        }
    }
}

#[test]
fn every_file_is_judged_in_chunks_as_it_is_as_a_whole() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["tests/awkward", "tests/samples", "fuzz/corpus/check", "fuzz/corpus/read"] {
        below(&root.join(folder), &mut files);
    }
    assert!(files.len() > 600, "only {} files", files.len());
    for (name, bytes) in files {
        let expected = whole(&bytes);
        for len in [997, 17] {
            assert_eq!(judged(bytes.chunks(len)), expected, "{name}, in chunks of {len}");
        }
    }
}

#[test]
fn a_set_of_a_rejected_group_has_the_group_s_codes_unless_it_is_at_fault_itself() {
    let file = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/awkward/x12/two-st.edi"));
    let file = file.unwrap().replace("GE*2*1", "GE*3*1");
    let (lines, _) = judged(std::iter::once(file.as_bytes()));
    let codes: Vec<Vec<&str>> =
        lines.iter().map(|line| line.codes.iter().map(|code| code.as_str()).collect()).collect();
    assert_eq!(codes, [["set-count-mismatch"], ["set-trailer-missing"], ["set-count-mismatch"]]);
}
