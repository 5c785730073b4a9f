use edi::guide::Guides;
use edi::verdict::{self, Verdict};
use edi::{Document, Standard};

use crate::samples::{file, ship_confirm};

const UNB: &str = "UNB+UNOC:3+4012345000009:14+4098765000000:14+260131:1435+REF1++DESADV'";

/// A despatch advice of four segments.
fn message(reference: &str) -> String {
    format!(
        "UNH+{reference}+DESADV:D:96A:UN:EAN005'BGM+351+DES{reference}+9'NAD+SU+++O?'Neill ?+ Söhne?:?? Ltd'UNT+4+{reference}'"
    )
}

fn two() -> String {
    format!("UNA:+.? '{UNB}{}{}UNZ+2+REF1'", message("1"), message("2"))
}

fn grouped() -> String {
    let ung = "UNG+DESADV+4012345000009:14+4098765000000:14+260131:1435+7+UN+D:96A'";
    format!("{UNB}{ung}{}{}UNE+2+7'UNZ+1+REF1'", message("1"), message("2"))
}

/// Code, level by first letter, and the bytes that the finding is about.
fn findings(text: &str) -> Vec<String> {
    let document = edi::read(text.as_bytes());
    let line = |level: &str, finding: &edi::Finding| {
        let place = &finding.place;
        let bytes = &text.as_bytes()[place.byte_offset..place.byte_offset + place.byte_len];
        format!("{level} {} {}", finding.code, String::from_utf8_lossy(bytes))
    };
    let mut lines: Vec<String> = document.findings.iter().map(|finding| line("f", finding)).collect();
    for interchange in &document.interchanges {
        lines.extend(interchange.findings.iter().map(|finding| line("i", finding)));
        for group in &interchange.groups {
            lines.extend(group.findings.iter().map(|finding| line("g", finding)));
            lines.extend(group.sets.iter().flat_map(|set| &set.findings).map(|finding| line("s", finding)));
        }
    }
    lines
}

fn after(from: &str, to: &str) -> Vec<String> {
    let changed = two().replacen(from, to, 1);
    assert_ne!(changed, two(), "{from}");
    findings(&changed)
}

#[test]
fn an_interchange_of_messages_reads_like_one_of_sets() {
    let text = two();
    let document = edi::read(text.as_bytes());
    assert_eq!((document.findings.len(), findings(&text)), (0, Vec::new()));
    let [interchange] = document.interchanges.as_slice() else { panic!("one interchange") };
    assert_eq!((interchange.standard, interchange.range.clone()), (Standard::Edifact, 0..text.len()));
    assert_eq!(interchange.sender(), ("14".into(), "4012345000009".into()));
    assert_eq!(interchange.receiver(), ("14".into(), "4098765000000".into()));
    assert_eq!((interchange.date(), interchange.time()), ("260131".into(), "1435".into()));
    assert_eq!((interchange.version(), interchange.syntax_identifier()), ("3".into(), "UNOC".into()));
    assert_eq!((interchange.control_number(), interchange.usage_indicator()), ("REF1".into(), "P".into()));
    assert!(!interchange.ack_requested());
    let [group] = interchange.groups.as_slice() else { panic!("one group") };
    assert_eq!((group.header, group.trailer, group.functional_id()), (None, None, "".into()));
    let verdict = edi::verdict::interchange(interchange, Guides::built_in());
    assert!(!verdict.groups[0].needs_acknowledgment());
    let set = &group.sets[1];
    assert_eq!((set.id(), set.control_number(), set.version()), ("DESADV".into(), "2".into(), "D.96A".into()));
    assert_eq!((set.convention(), set.body().len(), set.segments.len()), ("EAN005".into(), 2, 4));
    let nad = set.body()[1];
    assert_eq!((nad.id(), nad.position()), ("NAD", 3));
    // UNOC is ISO 8859-1, so the two bytes of an `ö` in UTF-8 are two characters.
    assert_eq!(nad.element(4).as_deref(), Some("O'Neill + SÃ¶hne:? Ltd"));
    assert_eq!(&text.as_bytes()[nad.element_range(4)], "O?'Neill ?+ Söhne?:?? Ltd".as_bytes());
}

#[test]
fn flags_of_the_unb() {
    let text = two().replace("++DESADV'", "++DESADV++1++1'");
    let document = edi::read(text.as_bytes());
    assert!(document.interchanges[0].ack_requested());
    assert_eq!(document.interchanges[0].usage_indicator(), "T");
    // Some say 0 for what is no test.
    let text = two().replace("++DESADV'", "++DESADV++++0'");
    assert_eq!(edi::read(text.as_bytes()).interchanges[0].usage_indicator(), "P");
}

#[test]
fn groups_have_headers_and_trailers() {
    let text = grouped();
    let document = edi::read(text.as_bytes());
    assert_eq!(findings(&text), Vec::<String>::new());
    let group = &document.interchanges[0].groups[0];
    assert_eq!((group.functional_id(), group.control_number()), ("DESADV".into(), "7".into()));
    assert_eq!((group.sender_code(), group.version()), ("4012345000009".into(), "D.96A".into()));
    assert!(group.trailer.is_some());
    let after = |from: &str, to: &str| findings(&grouped().replace(from, to));
    assert_eq!(after("UNE+2+7", "UNE+2+07"), ["g group-control-number-mismatch 07"]);
    assert_eq!(after("UNE+2+7", "UNE+3+7"), ["g set-count-mismatch 3"]);
    assert_eq!(after("UNE+2+7'", ""), ["g group-trailer-missing "]);
    assert_eq!(after("UNZ+1", "UNZ+2"), ["i group-count-mismatch 2"]);
    let loose = message("9");
    assert_eq!(after("UNZ+1", &format!("{loose}UNZ+1")), ["i groups-and-messages-mixed UNH+9+DESADV:D:96A:UN:EAN005'"]);
    let before = after("UNG+", &format!("{loose}UNG+"));
    assert_eq!(before.len(), 1);
    assert!(before[0].starts_with("i groups-and-messages-mixed UNG+"));
    // The same reference in two groups is two references.
    let second = "UNG+DESADV+A+B+260131:1435+8+UN+D:96A'".to_owned() + &message("1") + "UNE+1+8'UNZ+2";
    assert_eq!(after("UNZ+1", &second), Vec::<String>::new());
    assert_eq!(after("UNZ+1", &second.replace("+8", "+7")), ["g group-control-number-duplicate 7"]);
}

#[test]
fn a_defect_of_a_message_rejects_it_and_not_its_sibling() {
    assert_eq!(after("UNT+4+1", "UNT+3+1"), ["s segment-count-mismatch 3"]);
    assert_eq!(after("UNT+4+1", "UNT+04+1"), Vec::<String>::new());
    assert_eq!(after("UNT+4+1", "UNT+4+01"), ["s set-control-number-mismatch 01"]);
    assert_eq!(after("UNT+4+1'", ""), ["s set-trailer-missing "]);
    assert_eq!(after("UNT+4+2'", ""), ["s set-trailer-missing "]);
    assert_eq!(after("UNH+1+DESADV:D:96A", "UNH+1+:D:96A"), ["s set-id-invalid :D:96A:UN:EAN005"]);
    assert_eq!(after("UNH+1+DESADV:D:96A:UN:EAN005", "UNH+1+DESADV:D"), ["s set-version-missing DESADV:D"]);
    assert_eq!(after("UNH+2", "UNH+1"), ["s set-control-number-duplicate 1", "s set-control-number-mismatch 2"]);
    let long = "R".repeat(15);
    let too_long = two().replace("UNH+1", &format!("UNH+{long}")).replace("UNT+4+1", &format!("UNT+4+{long}"));
    assert_eq!(findings(&too_long), [format!("s set-control-number-invalid {long}")]);
}

#[test]
fn a_defect_of_the_interchange_rejects_it_whole() {
    assert_eq!(after("UNZ+2+REF1", "UNZ+2+REF2"), ["i interchange-control-number-mismatch REF2"]);
    assert_eq!(after("UNZ+2", "UNZ+1"), ["i group-count-mismatch 1"]);
    assert_eq!(after("UNZ+2+REF1'", ""), ["i interchange-truncated "]);
    assert_eq!(after("UNH+2", "FTX+lost'UNH+2"), ["i segment-outside-group FTX+lost'"]);
    assert_eq!(after("UNOC:3", "UNOC:5"), ["i syntax-version-invalid 5"]);
    assert_eq!(after("UNOC:3", "UNOQ:3"), ["i syntax-version-invalid UNOQ"]);
    assert_eq!(after("+4012345000009:14", "+"), ["i interchange-element-missing "]);
    assert_eq!(
        after("UNA:+.? '", "UNA++.? '"),
        ["i una-malformed UNB+UNOC:3+4012345000009:14+4098765000000:14+260131:1435+REF1++DESADV'"]
            .map(str::to_owned)
            .to_vec()
    );
    let empty = findings(&format!("{UNB}UNZ+0+REF1'"));
    assert_eq!(empty, ["i interchange-empty UNZ+0+REF1'"]);
    let text = two().replace("UNZ+2", "UNZ+7");
    let document = edi::read(text.as_bytes());
    let verdict = verdict::interchange(&document.interchanges[0], Guides::built_in());
    assert_eq!((verdict.standard, verdict.verdict, verdict.groups.len()), (Standard::Edifact, Verdict::Rejected, 0));
    // A date that is none is told and rejects nothing.
    let text = two().replace("260131:1435", "261331:1435");
    assert_eq!(findings(&text), ["i interchange-date-invalid 261331"]);
    assert!(!edi::read(text.as_bytes()).interchanges[0].is_rejected());
}

#[test]
fn interchanges_of_both_standards_follow_each_other_and_a_una_holds_for_one() {
    let other =
        two().replace("REF1", "REF2").replace(['\''], "~").replace("O?~", "O'").replace("UNA:+.? ~", "UNA:+.? ~\r\n");
    let x12 = file(&[ship_confirm("0001")]);
    let third = two().replace("UNA:+.? '", "").replace("REF1", "REF3");
    let text = format!("{}\r\n{x12}\n{other}{third}", two());
    let document = edi::read(text.as_bytes());
    assert_eq!(findings(&text), Vec::<String>::new());
    let kinds: Vec<_> = document.interchanges.iter().map(|one| (one.standard, one.delimiters.terminator())).collect();
    let edifact = Standard::Edifact;
    assert_eq!(kinds, [(edifact, b'\''), (Standard::X12, b'~'), (edifact, b'~'), (edifact, b'\'')]);
    assert_eq!(document.filler.len(), 2);
}

#[test]
fn an_interchange_that_breaks_off_loses_itself_alone() {
    let cut = two().replace("UNZ+2+REF1'", "");
    let x12 = file(&[ship_confirm("0001")]);
    for next in [two().replace("REF1", "REF2"), two().replace("REF1", "REF2").replace("UNA:+.? '", ""), x12] {
        for between in ["", "\n", "\r\n"] {
            let text = format!("{cut}{between}{next}");
            let document = edi::read(text.as_bytes());
            let rejected: Vec<_> = document.interchanges.iter().map(edi::Interchange::is_rejected).collect();
            assert_eq!(rejected, [true, false], "{next}");
            assert_eq!(document.findings, []);
        }
    }
}

#[test]
fn line_ends_and_syntax_levels_that_partners_use() {
    let variants = [
        two().replace("?'", "#").replace('\'', "'\n").replace('#', "?'"),
        two().replace("?'", "#").replace('\'', "'\r\n").replace('#', "?'"),
        format!("\u{feff}{}", two()),
        format!("\r\n {} \x1a", two()),
        two().trim_end_matches('\'').to_owned(),
        two().replace("UNA:+.? '", ""),
        two().replace("UNA:+.? '", "UNA:+,? '"),
        two().replace("UNA:+.? '", "UNA:+.?*'").replace("UNOC:3", "UNOC:4").replace("260131", "20260131"),
        two().replace("UNA:+.? '", "").replace("UNOC:3", "UNOB:4").replace("260131", "20260131"),
        two().replace("UNOC:3", "UNOA:1"),
        two().replace("UNOC:3", "UNOY:4"),
    ];
    for text in variants {
        let document = edi::read(text.as_bytes());
        assert_eq!(findings(&text), Vec::<String>::new(), "{text}");
        assert_eq!(sets(&document), 2, "{text}");
    }
    // Level B without UNA may use the separators that are not printed; then nothing is released.
    let plain = two().replace("UNA:+.? '", "").replace("O?'Neill ?+ Söhne?:?? Ltd", "O'Neill + Sons: Ltd?");
    let text: String = plain
        .split("O'Neill + Sons: Ltd?")
        .map(|part| part.replace('+', "\x1d").replace(':', "\x1f").replace('\'', "\x1c").replace("UNOC", "UNOB"))
        .collect::<Vec<_>>()
        .join("O'Neill + Sons: Ltd?");
    let document = edi::read(text.as_bytes());
    assert_eq!(findings(&text), Vec::<String>::new());
    assert_eq!(sets(&document), 2);
    let nad = document.interchanges[0].groups[0].sets[0].body()[1];
    assert_eq!(nad.element(4).as_deref(), Some("O'Neill + Sons: Ltd?"));
}

fn sets(document: &Document<'_>) -> usize {
    document.interchanges.iter().flat_map(|one| &one.groups).map(|group| group.sets.len()).sum()
}

#[test]
fn repetitions_are_of_syntax_version_4() {
    let text = two().replace("UNOC:3", "UNOC:4").replace("UNA:+.? '", "UNA:+.?*'").replace("351+", "351+A:1*B?*:2*");
    let document = edi::read(text.as_bytes());
    let bgm = document.interchanges[0].groups[0].sets[0].body()[0];
    let texts: Vec<_> = bgm.repetitions(2).map(|part| bgm.text(part)).collect();
    assert_eq!(texts, ["A:1", "B*:2", "DES1"]);
    let second = bgm.repetitions(2).nth(1).unwrap();
    assert_eq!(bgm.components_of(second).map(|part| bgm.text(part)).collect::<Vec<_>>(), ["B*", "2"]);
}

#[test]
fn a_release_character_releases_itself() {
    let text = two().replace("?? Ltd'", "??'");
    let document = edi::read(text.as_bytes());
    assert_eq!(findings(&text), Vec::<String>::new());
    let nad = document.interchanges[0].groups[0].sets[0].body()[1];
    assert!(nad.element(4).unwrap().ends_with(":?"));
    // One that releases the last terminator takes the next segment in.
    let text = two().replace("?? Ltd'", "?'");
    assert!(
        findings(&text).contains(&"s set-trailer-missing ".to_owned())
            || edi::read(text.as_bytes()).interchanges[0].is_rejected()
    );
}

#[test]
fn a_reference_is_counted_in_characters_and_not_in_bytes() {
    let file = |reference: &str| {
        format!(
            "UNB+UNOW:4+A+B+20260131:1435+{reference}'UNG+CONTRL+A+B+20260131:1435+{reference}+UN+4:1'\
                 UNH+{reference}+CONTRL:4:1:UN'UNT+2+{reference}'UNE+1+{reference}'UNZ+1+{reference}'"
        )
    };
    let findings = |text: &str| {
        let document = edi::read(text.as_bytes());
        let interchange = &document.interchanges[0];
        let group = &interchange.groups[0];
        interchange.findings.len() + group.findings.len() + group.sets[0].findings.len()
    };
    assert_eq!(findings(&file(&"ü".repeat(14))), 0);
    assert_eq!(findings(&file(&"ü".repeat(15))), 3);
}
