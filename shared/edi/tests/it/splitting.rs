use edi::guide::Guides;
use edi::split::{By, Part, split};
use edi::verdict::{self, Verdict};

use crate::samples::{ISA, file, ship_confirm};

fn parts(file: &str, by: By) -> Vec<(String, String)> {
    let document = edi::read(file.as_bytes());
    let text = |part: Part<'_>| (part.name(), String::from_utf8(part.bytes.into_owned()).unwrap());
    split(file.as_bytes(), &document, by).into_iter().map(text).collect()
}

fn assert_accepted(part: &str) {
    let document = edi::read(part.as_bytes());
    assert!(document.findings.is_empty() && document.interchanges.len() == 1, "{part}");
    let verdict = verdict::interchange(&document.interchanges[0], Guides::built_in());
    assert_eq!(verdict.verdict, Verdict::Accepted, "{part}");
    assert!(verdict.groups.iter().flat_map(|group| &group.sets).all(|set| set.verdict == Verdict::Accepted), "{part}");
}

#[test]
fn every_set_gets_the_envelope_that_it_came_in() {
    let whole = file(&[ship_confirm("0001"), ship_confirm("0002")]);
    let parts = parts(&whole, By::Set);
    let names: Vec<&str> = parts.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["x12-945-000000007-3-0001", "x12-945-000000007-3-0002"]);
    for ((_, part), control) in parts.iter().zip(["0001", "0002"]) {
        assert_eq!(*part, file(&[ship_confirm(control)]));
        assert_accepted(part);
    }
}

#[test]
fn line_ends_and_interchange_acknowledgments_are_kept() {
    let whole = file(&[ship_confirm("0001"), ship_confirm("0002")])
        .replace("~GS*", "~TA1*000000001*260131*1435*A*000~GS*")
        .replace('~', "~\r\n");
    let parts = parts(&whole, By::Set);
    assert_eq!(parts.len(), 3);
    assert_eq!(parts[0].0, "x12-TA1-000000007");
    assert_eq!(parts[0].1, format!("{ISA}TA1*000000001*260131*1435*A*000~IEA*0*000000007~").replace('~', "~\r\n"));
    assert_eq!(parts[2].1, file(&[ship_confirm("0002")]).replace('~', "~\r\n"));
    for (_, part) in &parts {
        assert_accepted(part);
    }
}

#[test]
fn groups_and_interchanges_are_cut_out_as_they_stand() {
    let one = file(&[ship_confirm("0001"), ship_confirm("0002")]);
    let two = one.replace("000000007", "000000008").replace("*1435*3*", "*1435*4*").replace("GE*2*3~", "GE*2*4~");
    let whole = format!("\u{feff}{one}\n{two}");
    for by in [By::Group, By::Interchange] {
        let parts = parts(&whole, by);
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[0].1, format!("{one}\n"));
        assert_eq!(parts[1].1, two);
    }
}

#[test]
fn what_is_rejected_as_a_whole_stays_whole() {
    let good = file(&[ship_confirm("0001"), ship_confirm("0002")]);
    let truncated = good.replace("IEA*1*000000007~", "");
    let document = edi::read(truncated.as_bytes());
    let parts_of_it = split(truncated.as_bytes(), &document, By::Set);
    assert_eq!(parts_of_it.len(), 1);
    assert!(parts_of_it[0].rejected && parts_of_it[0].by == By::Interchange);
    assert_eq!(&*parts_of_it[0].bytes, truncated.as_bytes());
    let miscounted = good.replace("GE*2*3~", "GE*3*3~");
    let parts = parts(&miscounted, By::Set);
    assert_eq!(parts.len(), 1);
    assert_eq!(parts[0].1, miscounted);
}

#[test]
fn a_name_cannot_leave_its_folder() {
    let whole = file(&[ship_confirm("../1")]);
    let (name, _) = parts(&whole, By::Set).remove(0);
    assert_eq!(name, "x12-945-000000007-3-.._1");
    let whole = file(&[ship_confirm("....")]);
    assert_eq!(parts(&whole, By::Set).remove(0).0, "x12-945-000000007-3-_");
}

#[test]
fn edifact_messages_get_their_interchange_and_their_group_if_they_are_in_one() {
    let una = "UNA:+.? '\n";
    let unb = "UNB+UNOC:3+SENDER:14+RECEIVER:14+260131:1435+REF1'\n";
    let message = |n: &str| format!("UNH+{n}+CONTRL:D:3:UN'\nUCI+REF{n}+SENDER:14+RECEIVER:14+7'\nUNT+3+{n}'\n");
    let (one, two) = (message("1"), message("2"));
    let loose = format!("{una}{unb}{one}{two}UNZ+2+REF1'\n");
    let cut = parts(&loose, By::Set);
    assert_eq!(cut.len(), 2);
    assert_eq!(cut[1], ("edifact-CONTRL-REF1-2".to_owned(), format!("{una}{unb}{two}UNZ+1+REF1'\n")));
    assert_eq!(parts(&loose, By::Group), [("edifact-group-REF1".to_owned(), loose)], "there is but one");
    let ung = "UNG+CONTRL+SENDER+RECEIVER+260131:1435+G1+UN+D:3'\n";
    let grouped = format!("{una}{unb}{ung}{one}{two}UNE+2+G1'\nUNZ+1+REF1'\n");
    let cut = parts(&grouped, By::Set);
    assert_eq!(cut[0].0, "edifact-CONTRL-REF1-G1-1");
    assert_eq!(cut[0].1, format!("{una}{unb}{ung}{one}UNE+1+G1'\nUNZ+1+REF1'\n"));
}

/// Control number and verdict of every set of a file.
fn verdicts(file: &[u8]) -> Vec<(String, Verdict)> {
    let document = edi::read(file);
    let of = |interchange| verdict::interchange(interchange, Guides::built_in()).groups;
    let sets = document.interchanges.iter().flat_map(of).flat_map(|group| group.sets);
    sets.map(|set| (set.control_number, set.verdict)).collect()
}

#[test]
fn a_set_of_any_sample_has_in_its_part_the_verdict_that_it_had_in_the_file() {
    let mut count = 0;
    for folder in
        ["samples/x12", "samples/edifact", "awkward/x12", "awkward/edifact", "awkward/mixed", "awkward/not-edi"]
    {
        for entry in std::fs::read_dir(format!("{}/tests/{folder}", env!("CARGO_MANIFEST_DIR"))).unwrap() {
            let path = entry.unwrap().path();
            let file = std::fs::read(&path).unwrap();
            let parts = split(&file, &edi::read(&file), By::Set);
            let mut of_parts: Vec<(String, Verdict)> = parts.iter().flat_map(|part| verdicts(&part.bytes)).collect();
            let of_file = verdicts(&file);
            for set in &of_file {
                // A number that is used twice in a file is used once in each part.
                let duplicate = set.1 == Verdict::Rejected && path.to_string_lossy().contains("duplicate");
                let same = of_parts.iter().position(|part| part == set || (duplicate && part.0 == set.0));
                of_parts.remove(same.unwrap_or_else(|| panic!("{}: {set:?} is not in {of_parts:?}", path.display())));
            }
            count += of_file.len();
        }
    }
    assert!(count > 300, "the samples are there, and not only {count} sets");
}

#[test]
fn a_trailer_ends_as_it_did_in_the_file() {
    for terminator in ["é", "\r\n", "~"] {
        let whole = file(&[ship_confirm("0001"), ship_confirm("0002")]).replace('~', terminator);
        let one = file(&[ship_confirm("0002")]).replace('~', terminator);
        // The carriage return before the line feed is not of the ISA, whose last byte terminates.
        let (whole, one) = match terminator {
            "\r\n" => (whole.replacen(">\r\n", ">\n", 1), one.replacen(">\r\n", ">\n", 1)),
            _ => (whole, one),
        };
        assert_eq!(parts(&whole, By::Set)[1].1, one);
    }
}
