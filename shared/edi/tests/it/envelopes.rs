use edi::limits::{SEGMENT_LEN_MAX, SEGMENTS_PER_SET_MAX};
use edi::verdict::{GroupOutcome, Verdict};

use crate::samples::{ISA, file, findings, line, ship_confirm, verdict_on};

/// A way in which a partner writes the same file.
type Variant = Box<dyn Fn(&str) -> String>;

fn two() -> String {
    file(&[ship_confirm("0001"), ship_confirm("0002")])
}

#[test]
fn a_good_file_has_no_findings() {
    let verdict = verdict_on(&two());
    assert_eq!(findings(&verdict), Vec::<String>::new());
    assert_eq!(verdict.groups[0].outcome, GroupOutcome::Accepted);
    assert_eq!((verdict.note_code(), verdict.control_number.as_str()), ("000", "000000007"));
    let file = two();
    let sender = edi::read(file.as_bytes()).interchanges.remove(0).sender();
    assert_eq!((sender.0.as_ref(), sender.1.as_ref()), ("ZZ", "WAREHOUSE"));
}

/// Where a text stands in the good file.
fn at(needle: &str) -> usize {
    two().find(needle).unwrap()
}

/// A defect made by one replacement: what it is called, where it is, and what it rejects: the i(nterchange), the
/// g(roup), or the first or second set.
fn assert_defect(from: &str, to: &str, expected: &[String], rejected: &str) {
    let file = two().replace(from, to);
    assert_ne!(file, two(), "{from}");
    let verdict = verdict_on(&file);
    assert_eq!(findings(&verdict), expected, "{from} -> {to}");
    let mut what = String::new();
    if verdict.verdict == Verdict::Rejected {
        assert!(verdict.groups.is_empty(), "{from}");
        what.push('i');
    }
    for group in &verdict.groups {
        if group.findings.iter().any(edi::Finding::rejects) {
            assert_eq!((group.outcome, group.sets_accepted()), (GroupOutcome::Rejected, 0), "{from}");
            what.push('g');
        } else {
            let rejected = group.sets.iter().filter(|set| set.verdict == Verdict::Rejected);
            what.extend(rejected.map(|set| if set.index == 0 { '1' } else { '2' }));
        }
    }
    assert_eq!(what, rejected, "{from} -> {to}");
}

#[test]
fn a_defect_of_a_set_rejects_the_set_and_not_its_sibling() {
    let (one, two) = (at("SE*11*0001"), at("ST*945*0002"));
    let missing = format!("set-trailer-missing SE 11/- @{one}+0");
    assert_defect("SE*11*0001~", "", &[missing], "1");
    let missing = format!("set-trailer-missing SE 11/- @{}+0", at("SE*11*0002"));
    assert_defect("SE*11*0002~", "", &[missing], "2");
    let differs = format!("set-control-number-mismatch SE 11/2 @{}+4", one + 6);
    assert_defect("SE*11*0001", "SE*11*0009", &[differs], "1");
    let count = |len| format!("segment-count-mismatch SE 11/1 @{}+{len}", one + 3);
    assert_defect("SE*11*0001", "SE*12*0001", &[count(2)], "1");
    assert_defect("SE*11*0001", "SE*x*0001", &[count(1)], "1");
    assert_defect("SE*11*0001", "SE**0001", &[count(0)], "1");
    let duplicate = format!("set-control-number-duplicate ST 1/2 @{}+4", two + 7);
    assert_defect("0002", "0001", &[duplicate], "2");
    let invalid = format!("set-control-number-invalid ST 1/2 @{}+1", two + 7);
    assert_defect("0002", "2", &[invalid], "2");
    let st01 = at("ST*945*0001") + 3;
    assert_defect("ST*945*0001", "ST*000*0001", &[format!("set-not-supported ST 1/1 @{st01}+3")], "1");
    assert_defect("ST*945*0001", "ST*940*0001", &[format!("set-not-in-group ST 1/1 @{st01}+3")], "1");
}

#[test]
fn a_defect_of_a_group_rejects_the_group() {
    let (ge, gs06) = (at("GE*2*3"), at("*1435*3*X") + 6);
    assert_defect("GE*2*3", "GE*2*4", &[format!("group-control-number-mismatch GE -/2 @{}+1", ge + 5)], "g");
    assert_defect("GE*2*3", "GE*3*3", &[format!("set-count-mismatch GE -/1 @{}+1", ge + 3)], "g");
    assert_defect("GE*2*3~", "", &[format!("group-trailer-missing GE -/- @{ge}+0")], "g");
    let invalid = format!("group-control-number-invalid GS -/6 @{gs06}+0");
    let differs = format!("group-control-number-mismatch GE -/2 @{}+1", ge + 4);
    assert_defect("*1435*3*X", "*1435**X", &[invalid, differs], "g");
    assert_defect("GE*2*3~", "N1*ST*lost~GE*2*3~", &[format!("segment-outside-set N1 -/- @{ge}+11")], "g");
    assert_defect(
        "GS*SW",
        "GS*",
        &[
            format!("group-not-supported GS -/1 @{}+0", at("GS*SW") + 3),
            format!("set-not-in-group ST 1/1 @{}+3", at("ST*945*0001") + 1),
            format!("set-not-in-group ST 1/1 @{}+3", at("ST*945*0002") + 1),
        ],
        "g",
    );
}

#[test]
fn a_defect_of_the_interchange_rejects_it_whole() {
    let iea = at("IEA*1");
    let differs = format!("interchange-control-number-mismatch IEA -/2 @{}+9", iea + 6);
    assert_defect("IEA*1*000000007", "IEA*1*000000008", std::slice::from_ref(&differs), "i");
    assert_defect("IEA*1*", "IEA*2*", &[format!("group-count-mismatch IEA -/1 @{}+1", iea + 4)], "i");
    assert_defect("IEA*1*000000007~", "", &[format!("interchange-truncated IEA -/- @{iea}+0")], "i");
    let outside = format!("segment-outside-group XX -/- @{}+5", at("GS*SW"));
    assert_defect("GS*SW", "XX*1~GS*SW", &[outside], "i");
    assert_defect("0*P*>~", "0*X*>~", &["usage-indicator-invalid ISA -/15 @102+1".to_owned()], "i");
    let invalid = "interchange-control-number-invalid ISA -/13 @90+9".to_owned();
    assert_defect("*U*00401*000000007", "*U*00401*00000000A", &[invalid, differs], "i");
}

#[test]
fn note_codes_of_rejected_envelopes() {
    let code = |from: &str, to: &str| verdict_on(&two().replace(from, to)).note_code();
    assert_eq!(code("IEA*1*000000007", "IEA*1*000000008"), "001");
    assert_eq!(code("IEA*1*", "IEA*2*"), "021");
    assert_eq!(code("IEA*1*000000007~", ""), "023");
    assert_eq!(code("WAREHOUSE      *", "WAREHOUSE*"), "022");
    assert_eq!(code(">~GS", ">QGS"), "004");
    assert_eq!(code("*>~GS", "**~GS"), "027");
    // A wrong date is told but rejects nothing.
    let verdict = verdict_on(&two().replace("*260131*1435", "*261331*1435"));
    assert_eq!((verdict.note_code(), verdict.verdict), ("014", Verdict::AcceptedWithNotes));
    assert_eq!(verdict.groups[0].outcome, GroupOutcome::Accepted);
}

#[test]
fn an_early_end_at_the_next_isa_loses_only_the_first_interchange() {
    let first = two().replace("IEA*1*000000007~", "").replace("GE*2*3~", "");
    for between in ["", "\n", "\r\n"] {
        let second =
            two().replace("000000007", "000000008").replace("*1435*3*X", "*1435*4*X").replace("GE*2*3", "GE*2*4");
        let both = format!("{first}{between}{second}");
        let document = edi::read(both.as_bytes());
        assert_eq!(document.interchanges.len(), 2);
        assert_eq!(
            document.interchanges[0].findings.iter().map(line).collect::<Vec<_>>(),
            [format!("interchange-truncated IEA -/- @{}+0", first.len() + between.len())]
        );
        assert!(!document.interchanges[1].is_rejected());
    }
    // The last segment is cut off in its middle: the next ISA begins on a new line but in the same segment.
    let cut = &first[..first.len() - 6];
    let both = format!("{cut}\n{}", two().replace("000000007", "000000008"));
    let document = edi::read(both.as_bytes());
    assert_eq!(document.interchanges.len(), 2);
    assert!(document.interchanges[0].is_rejected() && !document.interchanges[1].is_rejected());
}

#[test]
fn duplicates_within_a_file() {
    let document_of = |second: String| {
        let both = two() + &second;
        edi::read(both.as_bytes())
            .interchanges
            .iter()
            .skip(1)
            .flat_map(|interchange| {
                let groups = interchange.groups.iter().flat_map(|group| &group.findings);
                interchange.findings.iter().chain(groups).map(|f| f.code.as_str().to_owned()).collect::<Vec<_>>()
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(document_of(two()), ["interchange-control-number-duplicate"]);
    // Groups are numbered anew in each interchange by many.
    assert_eq!(document_of(two().replace("000000007", "000000008")), Vec::<String>::new());
}

#[test]
fn delimiters_and_line_ends_that_partners_use() {
    let variants: Vec<(&str, Variant)> = vec![
        ("pipe", Box::new(|f| f.replace('*', "|"))),
        ("caret", Box::new(|f| f.replace('*', "^"))),
        ("colon", Box::new(|f| f.replace('>', ":"))),
        ("newline", Box::new(|f| f.replace('~', "\n"))),
        ("carriage return and newline", Box::new(|f| f.replace('~', "\r\n"))),
        ("control characters", Box::new(|f| f.replace('*', "\x1d").replace('>', "\x1f").replace('~', "\x1c"))),
        ("tab", Box::new(|f| f.replace('*', "\t"))),
        ("newlines after terminators", Box::new(|f| f.replace('~', "~\n"))),
        ("windows newlines after terminators", Box::new(|f| f.replace('~', "~\r\n"))),
        ("blanks after terminators", Box::new(|f| f.replace('~', "~  "))),
        ("byte order mark", Box::new(|f| format!("\u{feff}{f}"))),
        ("leading and trailing filler", Box::new(|f| format!("\r\n  {f}\r\n\x1a\0"))),
        ("no last terminator", Box::new(|f| f.trim_end_matches('~').to_owned())),
        ("no last terminator but a newline", Box::new(|f| f.trim_end_matches('~').to_owned() + "\r\n")),
    ];
    for (name, variant) in variants {
        let file = variant(&two());
        let document = edi::read(file.as_bytes());
        assert_eq!(document.findings, [], "{name}");
        assert_eq!(document.interchanges.len(), 1, "{name}");
        let verdict = verdict_on(&file);
        assert_eq!(findings(&verdict), Vec::<String>::new(), "{name}");
        assert_eq!(verdict.groups[0].sets.len(), 2, "{name}");
        let man = document.interchanges[0].groups[0].sets[1].segments[7];
        assert_eq!(
            (man.id(), man.position(), man.element(2).as_deref()),
            ("MAN", 8, Some("00106141411234567897")),
            "{name}"
        );
        assert!(file.as_bytes()[man.range()].starts_with(b"MAN"), "{name}");
    }
}

#[test]
fn several_interchanges_each_with_its_own_delimiters() {
    let second = two().replace("000000007", "000000008").replace("*1435*3*X", "*1435*4*X").replace("GE*2*3", "GE*2*4");
    let file = two() + "\n" + &second.replace('*', "|").replace('~', "\n");
    let document = edi::read(file.as_bytes());
    assert_eq!(document.interchanges.len(), 2);
    assert!(document.findings.is_empty());
    for interchange in &document.interchanges {
        assert!(interchange.findings.is_empty() && interchange.groups[0].sets.len() == 2);
    }
}

#[test]
fn what_is_no_edi_is_named() {
    let table: &[(&[u8], &str, &str)] = &[
        (b"", "file-empty", "empty"),
        (b" \r\n", "file-empty", "blanks"),
        (b"\xef\xbb\xbf", "file-empty", "blanks"),
        (b"<!DOCTYPE html><html>", "file-not-edi", "HTML"),
        (b"<?xml version='1.0'?>", "file-not-edi", "XML"),
        (b"{\"order\":1}", "file-not-edi", "JSON"),
        (b"\x1f\x8b\x08\0", "file-not-edi", "gzip"),
        (b"PK\x03\x04", "file-not-edi", "zip"),
        (b"%PDF-1.7", "file-not-edi", "PDF"),
        (b"\xff\xfeI\0S\0A\0", "file-not-edi", "UTF-16"),
        (b"I\0S\0A\0*\0", "file-not-edi", "UTF-16"),
        (b"\xc9\xe2\xc1\x5c", "file-not-edi", "EBCDIC"),
        (b"UNA:+.? 'UNB+UNOA:3", "unb-unreadable", "breaks off"),
        (b"UNH+1+DESADV:D:96A:UN'", "file-not-edi", "envelope"),
        (b"isa*00*          *00*", "file-not-edi", "lower case"),
        (b"GS*SW*A*B~", "file-not-edi", "envelope"),
        (b"order;quantity\n1;2", "file-not-edi", "other text"),
        (&ISA.as_bytes()[..90], "isa-unreadable", "breaks off"),
    ];
    for (bytes, code, word) in table {
        let document = edi::read(bytes);
        assert!(document.interchanges.is_empty());
        assert_eq!(document.findings.len(), 1, "{word}");
        assert_eq!(document.findings[0].code.as_str(), *code, "{word}");
        assert!(document.findings[0].message.contains(word), "{}", document.findings[0].message);
    }
}

#[test]
fn stray_bytes_are_found_and_the_interchange_is_read() {
    let file = format!("HTTP/1.1 VISA 200\n{}garbage", two());
    let document = edi::read(file.as_bytes());
    assert_eq!(document.interchanges.len(), 1);
    let lines: Vec<_> = document.findings.iter().map(line).collect();
    assert_eq!(
        lines,
        ["file-stray-bytes - -/- @0+18".to_owned(), format!("file-stray-bytes - -/- @{}+7", file.len() - 7)]
    );
}

#[test]
fn one_byte_and_one_segment_beyond_the_limits() {
    let note =
        |len: usize| two().replace("W27*M", &format!("NTE**{}~W27*M", "x".repeat(len - 5))).replace("SE*11", "SE*12");
    let codes = |file: &str| {
        findings(&verdict_on(file)).iter().map(|f| f.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(codes(&note(SEGMENT_LEN_MAX)), ["element-too-long", "element-too-long"]);
    assert!(codes(&note(SEGMENT_LEN_MAX + 1)).contains(&"segment-too-long".to_owned()));

    let many = |count: usize| {
        let set = format!("ST*945*0001~{}SE*{count}*0001~", "A~".repeat(count - 2));
        let file = file(&[set]);
        let document = edi::read(file.as_bytes());
        let set = &document.interchanges[0].groups[0].sets[0];
        assert_eq!(set.segments.len(), count.min(SEGMENTS_PER_SET_MAX));
        set.findings.iter().map(|f| f.code.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(many(SEGMENTS_PER_SET_MAX), Vec::<&str>::new());
    assert_eq!(many(SEGMENTS_PER_SET_MAX + 1), ["set-too-long"]);
}

#[test]
fn an_interchange_of_acknowledgments_needs_no_group() {
    let file = format!("{ISA}TA1*000000001*260131*1400*A*000~IEA*0*000000007~");
    let verdict = verdict_on(&file);
    assert_eq!((verdict.verdict, verdict.groups.len()), (Verdict::Accepted, 0));
    assert_eq!(edi::read(file.as_bytes()).interchanges[0].ta1s.len(), 1);
    let empty = verdict_on(&format!("{ISA}IEA*0*000000007~"));
    assert_eq!((empty.verdict, empty.note_code()), (Verdict::Rejected, "022"));
}
