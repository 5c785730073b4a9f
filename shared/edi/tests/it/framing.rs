//! What partners send around and between segments, and what they mean by it.

use edi::verdict::Verdict;
use edi::{Event, Events};

use crate::samples::{ISA, file, line, ship_confirm};

fn two() -> String {
    file(&[ship_confirm("0001"), ship_confirm("0002")])
}

/// Code and level of all that is wrong in a file.
fn codes(text: &str) -> Vec<String> {
    let document = edi::read(text.as_bytes());
    let mut codes: Vec<String> = document.findings.iter().map(|finding| format!("f {}", finding.code)).collect();
    for interchange in &document.interchanges {
        codes.extend(interchange.findings.iter().map(|finding| format!("i {}", finding.code)));
        for group in &interchange.groups {
            codes.extend(group.findings.iter().map(|finding| format!("g {}", finding.code)));
            codes.extend(group.sets.iter().flat_map(|set| &set.findings).map(|finding| format!("s {}", finding.code)));
        }
    }
    codes
}

fn after(from: &str, to: &str) -> Vec<String> {
    let text = two().replacen(from, to, 1);
    assert_ne!(text, two(), "{from}");
    codes(&text)
}

const FINE: [&str; 0] = [];

#[test]
fn records_of_one_width_are_joined_and_ranges_are_of_the_file() {
    let text = two();
    for width in [40, 72, 80, 81, 100, 106, 120, 128, 132, 256] {
        for end in ["\n", "\r\n"] {
            let lines: Vec<&str> =
                text.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).unwrap()).collect();
            let wrapped = lines.join(end);
            for wrapped in [wrapped.clone(), format!("{wrapped}{end}")] {
                assert_eq!(codes(&wrapped), FINE, "{width}");
                let (plain, joined) = (edi::read(text.as_bytes()), edi::read(wrapped.as_bytes()));
                let (plain, joined) = (&plain.interchanges[0], &joined.interchanges[0]);
                assert_eq!((plain.sender(), plain.control_number()), (joined.sender(), joined.control_number()));
                let (plain, joined) = (&plain.groups[0].sets[1], &joined.groups[0].sets[1]);
                assert_eq!((plain.id(), plain.segments.len()), (joined.id(), joined.segments.len()));
                for (one, other) in plain.segments.iter().zip(&joined.segments) {
                    assert_eq!(one.id(), other.id());
                    for n in 1..=one.element_count() {
                        assert_eq!(one.element(n), other.element(n), "{} {n}", one.id());
                        let bytes = &wrapped.as_bytes()[other.element_range(n)];
                        let without: Vec<u8> = bytes.iter().copied().filter(|byte| !b"\r\n".contains(byte)).collect();
                        assert_eq!(String::from_utf8(without).unwrap(), one.element(n).unwrap_or_default());
                    }
                }
            }
        }
    }
}

#[test]
fn a_second_interchange_of_a_wrapped_file_begins_within_a_record() {
    let second = two().replace("000000007", "000000008").replace("*1435*3*X", "*1435*4*X").replace("GE*2*3", "GE*2*4");
    let text = two() + &second;
    let lines: Vec<&[u8]> = text.as_bytes().chunks(80).collect();
    let wrapped = String::from_utf8(lines.join(&b"\r\n"[..])).unwrap();
    assert_eq!(codes(&wrapped), FINE);
    assert_eq!(edi::read(wrapped.as_bytes()).interchanges.len(), 2);
}

#[test]
fn a_line_end_in_a_text_makes_no_wrapped_file() {
    let text = two().replace("Shop", "Sh\nop");
    let document = edi::read(text.as_bytes());
    assert_eq!(document.interchanges[0].groups[0].sets[0].body()[1].element(2).as_deref(), Some("Sh\nop"));
}

#[test]
fn binary_data_has_the_length_that_it_says() {
    let with = |segment: &str| two().replacen("LX*1~", &format!("{segment}LX*1~"), 1).replacen("SE*11", "SE*12", 1);
    for (segment, elements, data) in [
        ("BIN*16*~IEA*1*000000007~", 2, "~IEA*1*000000007"),
        ("BIN*3*\r\n ~", 2, "\r\n "),
        ("BDS*ASC*5*~~*~~~", 3, "~~*~~"),
        ("BDS**2*~~~", 3, "~~"),
    ] {
        let text = with(segment);
        assert_eq!(codes(&text), FINE, "{segment}");
        let document = edi::read(text.as_bytes());
        let binary = document.interchanges[0].groups[0].sets[0].body()[5];
        assert_eq!((binary.element_count(), binary.element(elements).as_deref()), (elements, Some(data)));
    }
    // A length that does not lead to a terminator is none: the segment ends at the first.
    let text = with("BIN*4*abc~");
    assert_eq!(codes(&text), FINE);
    let document = edi::read(text.as_bytes());
    assert_eq!(document.interchanges[0].groups[0].sets[0].body()[5].element(2).as_deref(), Some("abc"));
}

#[test]
fn binary_data_one_byte_too_long_is_no_binary_data() {
    let with = |len: usize| {
        let text = two().replacen("LX*1~", &format!("BIN*{len}*{}~LX*1~", "~".repeat(len)), 1);
        let limits = edi::Limits { binary_len_max: 9, ..edi::Limits::default() };
        let document = edi::read_with_limits(text.as_bytes(), limits);
        document.interchanges[0].groups[0].sets[0].body()[5].element(2).map(|data| data.len())
    };
    assert_eq!((with(9), with(10)), (Some(9), None));
}

#[test]
fn isx_names_a_release_character() {
    let text = two().replacen("GS*", "ISX*?~GS*", 1).replacen("Shop", "Sh?*o??p?~", 1).replace("00401", "00704");
    assert_eq!(codes(&text), FINE);
    let document = edi::read(text.as_bytes());
    let n1 = document.interchanges[0].groups[0].sets[0].body()[1];
    assert_eq!(n1.element(2).as_deref(), Some("Sh*o?p~"));
    assert_eq!(&text.as_bytes()[n1.element_range(2)], b"Sh?*o??p?~");
    // It holds for its interchange alone, and only where it says something that can release.
    assert_eq!(after("GS*", "ISX**~GS*"), FINE);
}

#[test]
fn what_a_careful_reader_lets_pass() {
    assert_eq!(after("*U*00401*", "*U*00501*"), FINE);
    assert_eq!(after("*U*00401*", "*^*00501*"), FINE);
    assert_eq!(after("IEA*1*", "IEA*00001*"), FINE);
    assert_eq!(after("IEA*1*000000007", "IEA*1*7"), FINE);
    assert_eq!(after("GE*2*3", "GE*002*000000003"), FINE);
    assert_eq!(after("SE*11*0001", "SE*0011*0001"), FINE);
    assert_eq!(after("SE*11*0001~", "SE*11*0001 ~"), FINE);
    assert_eq!(after("SE*11*0001~", "SE*11*0001***~"), FINE);
    assert_eq!(after("GE*2*3~", "~~GE*2*3~"), FINE);
    assert_eq!(codes(&two().replace('>', "\x1f")), FINE);
    assert_eq!(codes(&two().replace('~', "~\0\0")), FINE);
    assert_eq!(codes(&(two() + &"\0".repeat(3000))), FINE);
    assert_eq!(codes(&format!("{}\r\n", two().replace('~', "\r"))), FINE);
    // Line feeds terminate, and some lines came through a system that adds carriage returns.
    let mixed =
        two().replace('~', "\n").replacen("\nN1", "\r\nN1", 1).replacen("Shop*92*0042\n", "Shop*92*0042\r\n", 2);
    assert_eq!(codes(&mixed), FINE);
    let document = edi::read(mixed.as_bytes());
    assert_eq!(document.interchanges[0].groups[0].sets[0].body()[1].element(4).as_deref(), Some("0042"));
    assert_eq!(after("GS*", "TA1*000000001*260131*1400*A*000~GS*"), FINE);
    assert_eq!(after("GS*", "ISB*1*2~ISE*1*2~GS*"), FINE);
}

#[test]
fn what_a_careful_reader_does_not_let_pass() {
    assert_eq!(after("SE*11*0001", "SE*11*1"), ["s set-control-number-mismatch"]);
    assert_eq!(
        after("ST*945*0001~", ""),
        ["g segment-outside-set"; 10].into_iter().chain(["g set-count-mismatch"]).collect::<Vec<_>>()
    );
    assert_eq!(after("SE*11*0001~", ""), ["s set-trailer-missing"]);
    assert_eq!(after("ST*945*0002", "SE*11*0002~ST*945*0002"), ["g segment-outside-set"]);
    assert_eq!(after("GE*2*3~", ""), ["g group-trailer-missing"]);
    assert_eq!(after("GS*", "GE*0*3~GS*"), ["i segment-outside-group"]);
    assert_eq!(after("ST*945*0001", "st*945*0001").first().map(String::as_str), Some("g segment-outside-set"));
    assert_eq!(
        after("*000000007*0*P", "*00000007A*0*P"),
        ["i interchange-control-number-invalid", "i interchange-control-number-mismatch"]
    );
    assert_eq!(codes(&(two() + "ST*945*0003~SE*2*0003~")), ["f file-stray-bytes"]);
    assert_eq!(codes(&two().replace("GS*", "gs*")).first().map(String::as_str), Some("i segment-outside-group"));
    assert_eq!(codes(&two().to_lowercase()), ["f file-not-edi"]);
    // Within a set two terminators in a row are a segment without id, and it counts.
    assert_eq!(after("LX*1~", "LX*1~~"), ["s segment-count-mismatch"]);
}

#[test]
fn two_headers_in_a_row_lose_the_first_interchange_alone() {
    let text = format!("{ISA}{}", two().replace("000000007", "000000008"));
    assert_eq!(codes(&text), ["i interchange-truncated"]);
    let document = edi::read(text.as_bytes());
    assert_eq!(document.interchanges[0].range, 0..ISA.len());
    assert!(!document.interchanges[1].is_rejected());
}

#[test]
fn a_lost_last_terminator_does_not_take_the_next_interchange_along() {
    let next = two().replace("000000007", "000000008").replace("*1435*3*X", "*1435*4*X").replace("GE*2*3", "GE*2*4");
    for between in ["", "\n", "\r\n\r\n"] {
        let text = format!("{}{between}{next}", two().trim_end_matches('~'));
        assert_eq!(codes(&text), FINE, "{between:?}");
        assert_eq!(edi::read(text.as_bytes()).interchanges.len(), 2);
    }
}

#[test]
fn a_terminator_that_is_none_ends_at_the_next_interchange() {
    let text = format!("{}\n{}", two().replace(">~", ">Q"), two().replace("000000007", "000000008"));
    let document = edi::read(text.as_bytes());
    assert_eq!(document.interchanges.len(), 2);
    assert_eq!(
        document.interchanges[0].findings.iter().map(line).next().as_deref(),
        Some("terminator-invalid ISA -/16 @104+1")
    );
    assert!(!document.interchanges[1].is_rejected());
}

#[test]
fn a_truncated_interchange_passes_nothing_on_wherever_it_breaks_off() {
    let text = two();
    for len in ISA.len()..text.len() - 1 {
        let document = edi::read(&text.as_bytes()[..len]);
        let interchange = &document.interchanges[0];
        assert!(interchange.is_rejected(), "{len}");
        let verdict = edi::verdict::interchange(interchange, edi::guide::Guides::built_in());
        assert_eq!((verdict.verdict, verdict.groups.len()), (Verdict::Rejected, 0));
    }
}

#[test]
fn the_pull_parser_tells_one_thing_after_the_other() {
    let text = two();
    let names: String = Events::new(text.as_bytes())
        .map(|event| match event {
            Event::Outside { .. } => 'o',
            Event::InterchangeStart { .. } => 'I',
            Event::InterchangeSegment(_) => 't',
            Event::GroupStart { .. } => 'G',
            Event::GroupSegment { .. } => 'x',
            Event::SetStart { .. } => 'S',
            Event::Segment { .. } => '.',
            Event::SetEnd { .. } => 's',
            Event::GroupEnd { .. } => 'g',
            Event::InterchangeEnd { .. } => 'i',
        })
        .collect();
    assert_eq!(names, "IGS.........sS.........sgi");
}
