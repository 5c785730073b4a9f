//! The checker on small guides of its own.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::delimiters::Delimiters;
use crate::finding::{Finding, Place, Severity};
use crate::segment::Segment;

/// The segments of a body, from position 2 on. Line ends between them are not data.
fn segments(text: &str, delimiters: Delimiters) -> Vec<Segment<'_>> {
    let mut segments = Vec::new();
    let (mut start, mut released) = (0, false);
    for (at, byte) in text.bytes().enumerate() {
        if byte == delimiters.terminator() && !released {
            let position = u32::try_from(segments.len() + 2).unwrap();
            segments.push(segment(text.as_bytes(), start..at, delimiters).at_position(position));
            start = at + 1;
        }
        released = !released && Some(byte) == delimiters.release();
    }
    segments
}

fn segment(file: &[u8], range: std::ops::Range<usize>, delimiters: Delimiters) -> Segment<'_> {
    let syntax = crate::segment::Syntax::new(delimiters, crate::charset::Charset::Guess, false);
    Segment::new(&file[range.clone()], range.start, 1, syntax)
}

fn guide(elements: &str, segments: &str, set: &str) -> Guide {
    Guide::parse(set, &Arc::new(Dictionary::parse(elements, segments).unwrap())).unwrap()
}

fn check_with(guide: &Guide, repertoire: Repertoire, delimiters: Delimiters, body: &str) -> Vec<Finding> {
    let mut checker = Checker::new(guide, Fit::Exact, repertoire);
    for segment in segments(body, delimiters) {
        checker.take(&segment);
    }
    checker.finish(&Place::default(), None, body.len())
}

/// Code, segment, position, element, component, repetition; a note has a `~` before it.
fn told(findings: &[Finding]) -> Vec<String> {
    let line = |finding: &Finding| {
        let place = &finding.place;
        let note = if finding.severity == Severity::Note { "~" } else { "" };
        let mut line = format!("{note}{} {}", finding.code, place.segment_id.as_deref().unwrap_or_default());
        for (mark, n) in
            [('@', place.segment_position), ('/', place.element), ('-', place.component), ('^', place.repetition)]
        {
            line.extend(n.map(|n| format!("{mark}{n}")));
        }
        line
    };
    findings.iter().map(line).collect()
}

const ELEMENTS: &str = "1 AN 1/5\n2 ID 2/2 =AA,BB\n3 N0 1/4\n4 R 1/4\n5 DT 6/8\n6 TM 4/8\n7 AN 1/3";

fn x12(segments: &str, body: &str) -> Vec<String> {
    let order: Vec<_> = segments.lines().map(|line| line.split(':').next().unwrap()).collect();
    let order = order.join(" 0..*\n");
    let guide = guide(ELEMENTS, segments, &format!("set 100 XX 005010\n{order} 0..*"));
    let delimiters = Delimiters::new(b'*', b'>', b'~', Some(b'^')).unwrap();
    told(&check_with(&guide, Repertoire::Any, delimiters, body))
}

const NONE: [&str; 0] = [];

#[test]
fn numbers_have_their_characters_and_lengths() {
    let one = |value: &str| x12("A: 3 C; 4 C", &format!("A*{value}~"));
    for good in ["1", "-1234", "0007", "*-.1234", "*12.3", "*1E2", "*-1.2E-3"] {
        assert_eq!(one(good), NONE, "{good}");
    }
    for (bad, code) in [
        ("12345", "element-too-long A@2/1"),
        ("+1", "character-invalid A@2/1"),
        ("1.0", "decimal-mark-invalid A@2/1"),
        ("1 ", "character-invalid A@2/1"),
        ("*12345", "element-too-long A@2/2"),
        ("*1,5", "character-invalid A@2/2"),
        ("*1..5", "decimal-mark-invalid A@2/2"),
    ] {
        assert_eq!(one(bad), [code], "{bad}");
    }
}

#[test]
fn dates_and_times_of_both_lengths() {
    let one = |value: &str| x12("A: 5 C; 6 C", &format!("A*{value}~"));
    assert_eq!(one("260131*1435"), NONE);
    assert_eq!(one("20260131*14355999"), NONE);
    assert_eq!(one("2026013*14355"), ["date-invalid A@2/1", "time-invalid A@2/2"]);
    assert_eq!(one("26013"), ["element-too-short A@2/1"]);
    assert_eq!(one("20260231"), ["date-invalid A@2/1"]);
}

#[test]
fn repetitions_are_checked_one_by_one() {
    let one = |value: &str| x12("A: 2 C x2; 1 C; 1 C x*", &format!("A*{value}~"));
    assert_eq!(one("AA^BB*x*1^2^3^4"), NONE);
    assert_eq!(one("AA^CC"), ["code-invalid A@2/1^2"]);
    assert_eq!(one("AA^BB^AA^BB"), ["element-too-many-repetitions A@2/1^3"]);
    assert_eq!(one("AA*x^y"), ["element-too-many-repetitions A@2/2^2"]);
    assert_eq!(one("AA**^toolong"), ["element-too-long A@2/3^2"]);
    // Another definition of the dictionary's element has no list.
    assert_eq!(x12("A: 2 C ID 2/3", "A*CC~"), NONE);
}

#[test]
fn composites_have_components_conditions_and_ends() {
    let one = |value: &str| x12("A: - C (1 M, 2 C, 3 C | P0203) x2; 1 M", &format!("A*{value}~"));
    assert_eq!(one("x>AA>1^y*z"), NONE);
    assert_eq!(one("*z"), NONE);
    assert_eq!(one(">AA>1*z"), ["element-missing A@2/1-1"]);
    assert_eq!(one("x>AA*z"), ["element-missing-by-relation A@2/1-3"]);
    assert_eq!(one("x>AA>1>2>3*z"), ["component-too-many A@2/1-4"]);
    assert_eq!(one("x>>*z"), ["~composite-trailing-separators A@2/1"]);
    assert_eq!(one("x^y^z^*z"), ["element-too-many-repetitions A@2/1^3"]);
    assert_eq!(one("x^>AA>1*z"), ["element-missing A@2/1-1^2"]);
    assert_eq!(one("x"), ["element-missing A@2/2"]);
    assert_eq!(one("x*y>z"), ["~component-unexpected A@2/2"]);
}

#[test]
fn a_segment_written_short_lacks_what_is_mandatory() {
    assert_eq!(x12("A: 1 C; 1 M; 1 M", "A~"), ["element-missing A@2/2", "element-missing A@2/3"]);
    assert_eq!(x12("A: 1 C; 1 M", "A**~"), ["element-missing A@2/2"]);
    assert_eq!(x12("A: 1 C; 1 M", "A**x*~"), ["~segment-trailing-separators A@2"]);
    assert_eq!(x12("A: 1 C; 1 M", "A**x**y*z~"), ["element-too-many A@2/4"]);
    // Blanks alone are no value.
    assert_eq!(x12("A: 1 C; 1 M", "A*  *  ~"), ["element-missing A@2/2"]);
}

#[test]
fn binary_data_may_hold_anything() {
    assert_eq!(x12("BIN: 3 M; - M B 1/9999\nA: 1 M", "BIN*9*a*b>c^\x01\x02\x03~A*x~"), NONE);
}

#[test]
fn control_characters_are_no_text() {
    assert_eq!(x12("A: 1 C; 1 C", "A*a\tb*\u{e9}\u{e8}\u{e9}\u{e8}\u{e9}~"), ["character-outside-repertoire A@2/1"]);
    assert_eq!(x12("A: 1 C", "A*\u{e9}\u{e8}\u{e9}\u{e8}\u{e9}\u{e8}~"), ["element-too-long A@2/1"]);
    assert_eq!(x12("A: 1 C", "A*a\u{85}b~"), ["character-outside-repertoire A@2/1"]);
    assert_eq!(x12("A: 1 C", "A>1*a~"), ["segment-unrecognized A>1@2"]);
}

#[test]
fn a_tree_has_numbers_of_its_own_and_parents_before_their_children() {
    let tree = |body: &str| x12("HL: 1 C; 1 C", body);
    assert_eq!(tree("HL*1~HL*2*1~HL*A*2~HL*3*A~HL*4*1~HL*9~HL*10*9~"), NONE);
    assert_eq!(tree("HL*1~HL*2*3~HL*3*1~"), ["~hierarchy-invalid HL@3/2"]);
    assert_eq!(tree("HL*1*1~"), ["~hierarchy-invalid HL@2/2"]);
    assert_eq!(tree("HL*1~HL*2*1~HL*2*1~HL*1~"), ["~hierarchy-invalid HL@4/1", "~hierarchy-invalid HL@5/1"]);
    assert_eq!(tree("HL~HL**1~HL*1*1~"), ["~hierarchy-invalid HL@3/2", "~hierarchy-invalid HL@4/2"]);
    // Twins are told from each other by nothing else; a number is text.
    assert_eq!(tree("HL*1~HL*01*1~"), NONE);
    assert_eq!(tree("HL*1~HL*2*1~HL*3*3~HL*4*3~HL*5*6~"), ["~hierarchy-invalid HL@4/2", "~hierarchy-invalid HL@6/2"]);
    assert_eq!(tree("HL*1~HL*2*A~HL*3*2~HL*3*2~"), ["~hierarchy-invalid HL@3/2", "~hierarchy-invalid HL@5/1"]);
    assert_eq!(tree("HL*9~HL*10*09~HL*11*10~"), ["~hierarchy-invalid HL@3/2"]);
}

const DESADV: &str = "set DESADV - D.96A
BGM 1..1
DTM 0..2
RFF 0..10 # SG1
  DTM 0..1
NAD 0..10
CPS 0..9999
  PAC 0..9999
    QTY 0..2
  LIN 1..9999
    QTY 0..10
    RFF 0..1
      DTM 0..1
UNS 1..1
CNT 0..5";

fn edifact(repertoire: Repertoire, body: &str) -> Vec<String> {
    let elements = "1004 AN 1/35\n1225 AN 1/3\n2005 AN 1/3\n2380 AN 1/35\n2379 AN 1/3\n1153 AN 1/3\n1154 AN 1/35\n\
        3035 AN 1/3\n3036 AN 1/35\n7164 AN 1/12\n7224 N 1/8\n6063 AN 1/3\n6060 N 1/15\n6411 AN 1/3\n1082 N 1/6\n\
        0081 A 1/1 =D,S\n1001 AN 1/3\n6069 AN 1/3\n6066 N 1/18\n\
        C002 = (1001 C)\nC507 = (2005 M, 2380 C, 2379 C)\nC506 = (1153 M, 1154 C)\nC186 = (6063 M, 6060 M, 6411 C)\n\
        C270 = (6069 M, 6066 M)\nC058 = (3036 M, 3036 C)";
    let segments = "BGM: C002 C; 1004 C; 1225 C\nDTM: C507 M\nRFF: C506 M\nNAD: 3035 M; C058 C\nCPS: 7164 M\n\
        PAC: 7224 C\nQTY: C186 M\nLIN: 1082 C\nUNS: 0081 M\nCNT: C270 M\nTDT: 1004 C";
    told(&check_with(&guide(elements, segments, DESADV), repertoire, Delimiters::EDIFACT, body))
}

#[test]
fn a_message_with_its_groups() {
    let good = "BGM+351+1'DTM+137:20260131:102'RFF+ON:1'DTM+171:20260130:102'RFF+CR:2'NAD+BY'CPS+1'PAC+2'QTY+52:1'\
        CPS+2'LIN+1'QTY+12:-10,5'QTY+21:10.5:PCE'RFF+ON:1'LIN+2'UNS+S'CNT+2:2'";
    // The first CPS has no LIN.
    let missing = ["segment-missing LIN@11"];
    assert_eq!(edifact(Repertoire::UnoA, good), missing);
    let after = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        let findings = edifact(Repertoire::Any, &good.replacen(from, to, 1));
        let other: Vec<_> = findings.into_iter().filter(|line| !line.starts_with("segment-missing LIN")).collect();
        other
    };
    assert_eq!(after("UNS+S'", ""), ["segment-missing UNS@17"]);
    assert_eq!(after("BGM+351+1'", ""), ["segment-missing BGM@2"]);
    assert_eq!(after("NAD+BY'", "NAD+BY'TDT+1'"), ["segment-not-in-set TDT@8"]);
    assert_eq!(after("NAD+BY'", "NAD+BY'XXX+1'"), ["segment-unrecognized XXX@8"]);
    assert_eq!(after("NAD+BY'", &"NAD+BY'".repeat(11)), ["segment-too-many NAD@17"]);
    assert_eq!(after("DTM+137:20260131:102'", &"DTM+137:20260131:102'".repeat(4)), ["segment-too-many DTM@5"]);
    assert_eq!(after("UNS+S'", "UNS+X'"), ["code-invalid UNS@17/1"]);
    assert_eq!(after("LIN+1'", "LIN:2:1+1'"), NONE);
    assert_eq!(after("QTY+12:-10,5'", "QTY+12'"), ["element-missing QTY@13/1-2"]);
    assert_eq!(after("QTY+12:-10,5'", "QTY+12:10.'"), ["decimal-mark-invalid QTY@13/1-2"]);
    assert_eq!(after("QTY+12:-10,5'", "QTY'"), ["element-missing QTY@13/1"]);
    assert_eq!(after("NAD+BY'", "NAD+BY+a:b:c'"), ["component-too-many NAD@7/2-3"]);
    assert_eq!(after("NAD+BY'", "NAD+BY:1'"), ["component-too-many NAD@7/1"]);
    assert_eq!(after("NAD+BY'", "NAD+BY+a::'"), ["~composite-trailing-separators NAD@7/2"]);
    // A group without its trigger.
    assert_eq!(after("RFF+ON:1'DTM+171:20260130:102'RFF+CR:2'NAD+BY'CPS+1'", "NAD+BY'"), ["segment-unexpected PAC@5"]);
}

#[test]
fn release_characters_and_repertoires() {
    let of = |repertoire, name: &str| {
        let mut told = edifact(repertoire, &format!("BGM+351+1'NAD+BY+{name}'NAD+BY+{name}'UNS+S'"));
        told.retain(|line| !line.starts_with("segment-missing"));
        told
    };
    assert_eq!(of(Repertoire::UnoA, "A?+B?:C?'D??E"), NONE);
    // Thirty-five characters, five of them released.
    assert_eq!(of(Repertoire::UnoA, &format!("{}?+?+?+?+?+", "A".repeat(30))), NONE);
    let too_long = format!("{}?+?+?+?+?+", "A".repeat(31));
    assert_eq!(of(Repertoire::UnoA, &too_long), ["element-too-long NAD@3/2-1", "element-too-long NAD@4/2-1"]);
    // Said once in a message.
    assert_eq!(of(Repertoire::UnoA, "abc"), ["~character-outside-repertoire NAD@3/2-1"]);
    assert_eq!(of(Repertoire::UnoB, "abc"), NONE);
    assert_eq!(of(Repertoire::UnoB, "\u{e9}"), ["~character-outside-repertoire NAD@3/2-1"]);
    assert_eq!(of(Repertoire::Any, "\u{e9}@#"), NONE);
    assert_eq!(
        of(Repertoire::UnoA, "A\u{7}"),
        ["character-outside-repertoire NAD@3/2-1", "character-outside-repertoire NAD@4/2-1"]
    );
}

#[test]
fn a_bounded_loop_without_its_end_is_one_defect() {
    let set = "set 100 XX 005010\nLX 0..*\n  MAN 0..*\n  W12 0..*\n    N9 0..*\n    LS 0..1\n      LX 1..*\n        N9 0..*\n      LE 1..1";
    let guide = guide(ELEMENTS, "LX: 1 C\nMAN: 1 C\nW12: 1 C\nN9: 1 C\nLS: 1 C\nLE: 1 C", set);
    let of = |body: &str| told(&check_with(&guide, Repertoire::Any, Delimiters::STANDARD, body));
    assert_eq!(of("LX~MAN~W12~LS~LX~N9~LX~N9~LE~W12~N9~LX~MAN~"), NONE);
    assert_eq!(of("LX~MAN~W12~LS~LX~N9~LX~MAN~W12~LX~MAN~"), ["segment-missing LE@9"]);
    assert_eq!(of("LX~MAN~W12~LS~LX~N9~"), ["segment-missing LE@8"]);
    assert_eq!(of("LX~MAN~W12~LS~LE~"), ["segment-missing LX@6"]);
}

#[test]
fn an_overlay_changes_what_it_names_and_nothing_else() {
    let guide = guide(
        ELEMENTS,
        "A: 2 M; 1 C; 3 C; - C (1 M, 2 C)\nB: 1 C\nC: 1 C\nZ: 1 C",
        "set 100 XX 005010\nA 1..1\nB 0..2\nC 0..*\n  B 0..1",
    );
    let guides = Guides::new(vec![guide]);
    let of = |overlay: &str, body: &str| {
        let guides = guides.with_overlay(&overlay.parse().unwrap()).unwrap();
        let guide = guides.find("100", "005010").unwrap().0;
        told(&check_with(guide, Repertoire::Any, Delimiters::STANDARD, body))
    };
    assert_eq!(of("", "A*CC~Z~"), ["code-invalid A@2/1", "segment-not-in-set Z@3"]);
    assert_eq!(of("100 A01 codes +CC\n* Z tolerated", "A*CC~Z~Y~"), ["segment-unrecognized Y@4"]);
    assert_eq!(of("100 A01 codes =CC", "A*AA~"), ["code-invalid A@2/1"]);
    assert_eq!(of("100 A02 mandatory", "A*AA~"), ["element-missing A@2/2"]);
    assert_eq!(of("100 A01 optional", "A**x~"), NONE);
    assert_eq!(of("100 A02 length 6/7", "A*AA*sixsix~"), NONE);
    assert_eq!(of("100 A04 ignored\n100 A01 ignored", "A**x**>a>\x01~"), NONE);
    assert_eq!(of("100 A04-02 codes +ZZ", "A*AA***x>ZZ~"), NONE);
    assert_eq!(of("100 B 0..3", "A*AA~B~B~B~C~B~B~B~"), NONE);
    assert_eq!(of("100 C/B 0..3", "A*AA~B~B~B~C~B~B~B~"), ["segment-too-many B@5"]);
    assert_eq!(of("100 /B 1..3", "A*AA~C~B~"), ["segment-missing B@3"]);
    // The guides themselves are as they were.
    let (guide, _) = guides.find("100", "005010").unwrap();
    assert_eq!(told(&check_with(guide, Repertoire::Any, Delimiters::STANDARD, "A*CC~")), ["code-invalid A@2/1"]);
}

/// Ids of a set in which every segment stands once, or only those that must.
fn ids_of(nodes: &[Node], all: bool, ids: &mut Vec<String>) {
    for node in nodes.iter().filter(|node| all || node.min > 0) {
        ids.extend(vec![node.id.clone(); node.min.max(1)]);
        ids_of(&node.children, all, ids);
    }
}

/// What is wrong with the order of these segments.
fn order_of(guide: &Guide, ids: &[String]) -> Vec<String> {
    let delimiters = match guide.standard() {
        Standard::X12 => Delimiters::STANDARD,
        Standard::Edifact => Delimiters::EDIFACT,
    };
    let body = ids.iter().map(|id| format!("{id}{}", char::from(delimiters.terminator()))).collect::<Vec<_>>().concat();
    let mut told = told(&check_with(guide, Repertoire::Any, delimiters, &body));
    told.retain(|line| line.starts_with("segment") || line.starts_with("loop"));
    told
}

fn all_guides() -> impl Iterator<Item = &'static Guide> {
    library::FOLDERS
        .iter()
        .flat_map(|folder| folder.sets.iter().map(|(set, _)| Guides::built_in().find(set, folder.version()).unwrap().0))
}

#[test]
fn a_set_of_every_segment_and_a_set_of_the_mandatory_ones_are_in_order() {
    for guide in all_guides() {
        for all in [true, false] {
            let mut ids = Vec::new();
            ids_of(&guide.order, all, &mut ids);
            let told = order_of(guide, &ids);
            assert_eq!(told, NONE, "{} {} {all}", guide.id(), guide.version());
        }
    }
}

#[test]
fn a_set_without_one_of_its_mandatory_segments_has_one_finding() {
    for guide in all_guides() {
        let mut ids = Vec::new();
        ids_of(&guide.order, false, &mut ids);
        for (index, id) in ids.iter().enumerate().filter(|_| ids.len() > 1) {
            let mut rest = ids.clone();
            rest.remove(index);
            let told = order_of(guide, &rest);
            assert!(!told.is_empty() && told[0].starts_with("segment-missing"), "{} {id} {told:?}", guide.id());
        }
    }
}

proptest! {
    /// The state of a check, and so the work for each segment, does not grow with the set: whatever comes, it is bounded
    /// by the guide.
    #[test]
    fn a_check_keeps_no_more_than_twice_its_guide(picks in prop::collection::vec(0_usize..1000, 0..300)) {
        for guide in all_guides().filter(|guide| ["945", "204", "850", "997", "DESADV"].contains(&guide.id())) {
            let plan = &guide.plan;
            let nodes: usize = plan.levels.iter().map(|level| level.nodes.len()).sum();
            let ids = picks.iter().map(|pick| plan.segments[pick % plan.segments.len()].name.as_str());
            let body = ids.flat_map(|id| [id, "*1*2~"]).collect::<String>();
            let mut checker = Checker::new(guide, Fit::Exact, Repertoire::Any);
            for segment in segments(&body, Delimiters::STANDARD) {
                checker.take(&segment);
                // What is open, and one loop beside it.
                prop_assert!(checker.order.size() <= 2 * (plan.levels.len() + nodes) + nodes);
            }
            let findings = checker.finish(&Place::default(), None, body.len());
            prop_assert!(findings.iter().all(|finding| finding.place.byte_offset <= body.len()));
        }
    }

    /// Whatever bytes a segment has, it is checked, and what is found lies within it.
    #[test]
    fn any_bytes_are_checked(values in prop::collection::vec("[A-C0-9.^>:+?* -]{0,9}", 0..12), edifact: bool) {
        let (definitions, delimiters, head, separator) = if edifact {
            ("AA: 7 C x2; - C (1 M, 2 C, 4 C | P0203); 1 M A 1/3; 4 M N 1/4 x*; - C B 1/9", Delimiters::EDIFACT, "- D.96A", "+")
        } else {
            let delimiters = Delimiters::new(b'*', b'>', b'~', Some(b'^')).unwrap();
            ("AA: 7 C x2; - C (1 M, 2 C, 4 C | P0203); 5 M; 4 M x*; 6 C; 3 C | E0506 L010203", delimiters, "XX 005010", "*")
        };
        let guide = guide(ELEMENTS, definitions, &format!("set 100 {head}\nAA 1..*"));
        let bytes = format!("AA{separator}{}", values.join(separator)).into_bytes();
        let segment = segment(&bytes, 0..bytes.len(), delimiters);
        let mut checker = Checker::new(&guide, Fit::Exact, Repertoire::UnoA);
        checker.take(&segment);
        for finding in checker.finish(&Place::default(), None, bytes.len()) {
            prop_assert!(finding.place.byte_offset + finding.place.byte_len <= bytes.len() + 1);
            let n = finding.place.element.unwrap_or(1);
            prop_assert!(n >= 1 && n <= segment.element_count().max(6));
        }
    }

    /// What is good at a glance is good by the closer look, and what is placed by bits is placed the same.
    #[test]
    fn a_glance_finds_what_a_closer_look_finds(
        rows in prop::collection::vec(
            (
                prop::sample::select(vec!["AA", "A", "BBB", "AABBC", "", "AA>1", "AA:1"]),
                prop::collection::vec(
                    prop::sample::select(vec![
                        "", "A", "AA", "AB", "ABC", "ABCD", "12", "1.5", "-1", "12345", " ", " A", "A ", "a", "\u{e9}",
                        "A\u{1}", "20260131", "20260231", "1430", "AA^BB", "x>AA>1", "x:AA:1", "x:AA", "x>", "x: ", ":",
                        "A?+", "?? A", "x?:y:AA", "x:A?:", "1??", "ABC??", "ABC?:?:", "???+", "? ", "x:?????:",
                        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                    ]),
                    0..6,
                ),
            ),
            1..5,
        ),
        edifact: bool,
    ) {
        same_findings(&rows, edifact)?;
    }

    /// A segment that stands as a good one did is good if it is by the closer look.
    #[test]
    fn a_layout_finds_what_a_closer_look_finds(
        shapes in prop::collection::vec(
            (prop::sample::select(vec!["AA", "A", "BBB", "AABB"]), prop::collection::vec(0..VALUES.len(), 0..6)),
            1..4,
        ),
        picks in prop::collection::vec((0_usize..3, prop::collection::vec(0_usize..5, 6)), 1..20),
        edifact: bool,
    ) {
        let rows: Vec<_> = picks.iter().map(|(shape, picks)| {
            let (id, lengths) = &shapes[shape % shapes.len()];
            let values = lengths.iter().zip(picks).map(|(length, pick)| VALUES[*length][*pick]);
            (*id, values.collect::<Vec<_>>())
        }).collect();
        same_findings(&rows, edifact)?;
    }
}

/// Values of the same length in a row.
const VALUES: [[&str; 5]; 5] = [
    ["", "", "", "", ""],
    ["A", "1", "a", " ", "."],
    ["AA", "12", "-1", " A", "AB"],
    ["ABC", "1.5", "A:1", "A>1", "123"],
    ["20260131", "20260231", "2026013A", "x>20>1.5", "x:20:145"],
];

/// Segments are checked by each of the ways, and by the closer look alone.
fn same_findings(rows: &[(&str, Vec<&str>)], edifact: bool) -> Result<(), TestCaseError> {
    let (delimiters, head, separator, terminator) = if edifact {
        (Delimiters::EDIFACT, "- D.96A", "+", "'")
    } else {
        (Delimiters::new(b'*', b'>', b'~', Some(b'^')).unwrap(), "XX 005010", "*", "~")
    };
    let definitions = "AA: 7 C x2; 4 C x*; - C (1 M, 2 C, 4 C | P0203) x2; 7 C | P0102\nA: 2 M; 5 C; 6 C; 3 C\n\
        BBB: - M (1 M, 7 C); 7 M; 4 C | L010203\nAABB: 7 C; - C B 1/9";
    let guide = guide(ELEMENTS, definitions, &format!("set 100 {head}\nAA 0..2\nA 0..*\n  BBB 0..*\nAABB 0..1"));
    let body: String = rows
        .iter()
        .map(|(id, values)| std::iter::once(id).chain(values).copied().collect::<Vec<_>>().join(separator) + terminator)
        .collect();
    for repertoire in [Repertoire::Any, Repertoire::UnoA, Repertoire::UnoB] {
        let checker = || Checker::new(&guide, Fit::Exact, repertoire);
        let (mut swift, mut slow, mut swiftest, mut ahead) = (checker(), checker(), checker(), Ahead::default());
        swiftest.agree(&mut ahead, delimiters);
        for segment in segments(&body, delimiters) {
            swift.take(&segment);
            slow.take_closer(&segment);
            swiftest.take_of(&segment, body.as_bytes(), &mut ahead);
        }
        let found = |checker: &mut Checker<'_>| checker.finish_set(Place::default, None, body.len());
        let first = found(&mut swift);
        prop_assert_eq!(&first, &found(&mut slow), "{}", body);
        prop_assert_eq!(&first, &found(&mut swiftest), "{}", body);
        // Nothing of a set is left for the next.
        for segment in segments(&body, delimiters) {
            swift.take(&segment);
        }
        prop_assert_eq!(first, found(&mut swift), "{}", body);
    }
    Ok(())
}
