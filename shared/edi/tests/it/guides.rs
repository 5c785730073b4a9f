use edi::guide::{self, Checker, Guides, Repertoire};
use edi::verdict::Verdict;
use edi::{Event, Events, Place};
use proptest::prelude::*;

use crate::samples::{file, findings, line, ship_confirm, verdict_on};

/// Findings of a 945 after one replacement, without the places in bytes.
fn after(from: &str, to: &str) -> Vec<String> {
    let good = file(&[ship_confirm("0001")]);
    let file = good.replace(from, to);
    assert_ne!(good, file, "{from}");
    // The number of segments is not what is tested here.
    let count = file.matches('~').count() - 4;
    let file = file.replace("SE*11", &format!("SE*{count}"));
    let verdict = verdict_on(&file);
    findings(&verdict).iter().map(|line| line.split(" @").next().unwrap().to_owned()).collect()
}

#[test]
fn order_and_loops() {
    let none: [&str; 0] = [];
    let repeat = |text: &str, times: usize| text.repeat(times);
    assert_eq!(after("W06*F*ORDER0001*20260131*SHIP1~", ""), ["segment-missing W06 2/-"]);
    assert_eq!(after("N1*ST*Shop*92*0042~", ""), ["segment-missing N1 3/-"]);
    assert_eq!(after("W27*M*ABCD~", ""), none);
    assert_eq!(after("W03*10~", ""), none);
    assert_eq!(after("N9*BM*BOL1~", &repeat("N9*BM*BOL1~", 10)), none);
    assert_eq!(after("N9*BM*BOL1~", &repeat("N9*BM*BOL1~", 11)), ["segment-too-many N9 14/-"]);
    assert_eq!(after("N1*ST*Shop*92*0042~", &repeat("N1*ST*Shop~N3*Street~", 11)), ["loop-too-many N1 23/-"]);
    assert_eq!(after("W03*10~", "W03*10~W03*10~"), ["segment-too-many W03 11/-"]);
    assert_eq!(after("LX*1~", "ZZZ*1~LX*1~"), ["segment-unrecognized ZZZ 7/-"]);
    assert_eq!(after("LX*1~", "W05*N*1~LX*1~"), ["segment-not-in-set W05 7/-"]);
    // A loop without its first segment is one defect, however many segments follow.
    assert_eq!(after("LX*1~", ""), ["segment-unexpected MAN 7/-"]);
    assert_eq!(after("W27*M*ABCD~", "W27*M*ABCD~N9*BM*LATE~"), ["segment-out-of-sequence N9 7/-"]);
    assert_eq!(
        after("G62*11*20260131*W*1430~", "G62*11*20260131~N1*BT*Late~N3*Street~"),
        ["segment-out-of-sequence N1 6/-"]
    );
    assert_eq!(after("N9*BM*BOL1~", "N9*BM*BOL1~~"), ["segment-unrecognized  5/-"]);
}

#[test]
fn a_mandatory_segment_that_comes_late_is_out_of_sequence_and_not_missing() {
    let moved = file(&[ship_confirm("0001")
        .replace("W06*F*ORDER0001*20260131*SHIP1~", "")
        .replace("W03*10", "W06*F*X~W03*10")]);
    let lines = findings(&verdict_on(&moved));
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("segment-out-of-sequence W06 9/-"));
}

/// A 945 with something in most places.
const RICH: &[&str] = &[
    "W06*J*O1*20260131*S1*A1*PO1",
    "N1*SF*Warehouse",
    "N2*Second",
    "N3*Street",
    "N4*Reno*NV*89501*US",
    "PER*IC*Ann*TE*5551234",
    "N1*ST*Shop*92*42",
    "N9*BM*1",
    "N9*CN*2",
    "G61*IC*Bob*TE*5551235",
    "G62*11*20260131",
    "NTE*GEN*fragile",
    "W27*M*ABCD*Route*CC",
    "W10*01",
    "LX*1",
    "MAN*GM*00106141411234567897",
    "MAN*GM*00106141411234567903",
    "PAL*4",
    "N9*LO*7",
    "W12*CC*10*10*0*EA**VN*SKU1",
    "G69*Thing",
    "N9*LT*LOT1",
    "N9*SE*S1",
    "QTY*39*10",
    "W12*CP*5*3*2*CA*001234567890",
    "N9*LT*LOT2",
    "LS*1",
    "LX*1",
    "N9*LT*A",
    "LE*1",
    "LX*2",
    "MAN*GM*00106141411234567910",
    "W12*CC*1*1*0*EA**VN*SKU3",
    "W03*14*20*LB",
];

/// Findings of a 945 of these segments.
fn of_body(body: &[&str]) -> Vec<String> {
    let set = format!("ST*945*0001~{}~SE*{}*0001~", body.join("~"), body.len() + 2);
    let findings = findings(&verdict_on(&file(&[set])));
    findings.iter().map(|line| line.split(" @").next().unwrap().to_owned()).collect()
}

#[test]
fn everything_that_the_standard_lets_a_warehouse_send() {
    assert_eq!(of_body(RICH), Vec::<String>::new());
}

/// What a finding of a set without segment `position` says, if it is one.
fn without(position: usize) -> Vec<String> {
    let mut body = RICH.to_vec();
    body.remove(position - 2);
    of_body(&body)
}

#[test]
fn a_segment_that_is_left_out_gives_one_finding_or_none() {
    for position in 2..RICH.len() + 2 {
        let expected = match position {
            2 => vec!["segment-missing W06 2/-"],
            3 => vec!["segment-missing N1 3/-"],
            // First segments of loops, and the end of a bounded loop.
            16 => vec!["segment-unexpected MAN 16/-"],
            21 => vec!["segment-unexpected G69 21/-"],
            26 => vec!["segment-out-of-sequence N9 26/-"],
            28 => vec!["segment-unexpected LE 30/-"],
            29 => vec!["segment-missing LX 29/-"],
            31 => vec!["segment-missing LE 32/-"],
            32 => vec!["segment-out-of-sequence MAN 32/-"],
            _ => vec![],
        };
        assert_eq!(without(position), expected, "without {} at {position}", RICH[position - 2]);
    }
}

#[test]
fn a_segment_that_stands_twice_gives_one_finding_or_none() {
    for (index, segment) in RICH.iter().enumerate() {
        let mut body = RICH.to_vec();
        body.insert(index, segment);
        let position = index + 3;
        let id = segment.split('*').next().unwrap();
        let expected = match id {
            "W06" | "N2" | "N4" | "W27" | "PAL" | "W03" => vec![format!("segment-too-many {id} {position}/-")],
            // The first one has closed the loop.
            "LE" => vec![format!("segment-unexpected LE {position}/-")],
            "LS" => vec![format!("loop-too-many {id} {position}/-")],
            _ => vec![],
        };
        assert_eq!(of_body(&body), expected, "{segment} at {position}");
    }
}

#[test]
fn two_segments_that_change_places_give_one_finding_or_none() {
    for index in 0..RICH.len() - 1 {
        let mut body = RICH.to_vec();
        body.swap(index, index + 1);
        let findings = of_body(&body);
        // An LX before its LS opens a carton, and the bounded loop then lacks one.
        let most = if body[index..].starts_with(&["LX*1", "LS*1"]) { 2 } else { 1 };
        assert!(findings.len() <= most, "{} before {}: {findings:?}", body[index], body[index + 1]);
    }
}

#[test]
fn a_stray_segment_gives_one_finding_wherever_it_stands() {
    for index in 0..=RICH.len() {
        for (stray, code) in [("ZZZ*1", "segment-unrecognized"), ("W05*N*1", "segment-not-in-set")] {
            let mut body = RICH.to_vec();
            body.insert(index, stray);
            let id = stray.split('*').next().unwrap();
            assert_eq!(of_body(&body), [format!("{code} {id} {}/-", index + 2)]);
        }
    }
}

#[test]
fn segments_that_came_late_together_are_one_finding() {
    let mut body = RICH.to_vec();
    let moved: Vec<_> = body.drain(7..11).collect();
    body.splice(9..9, moved);
    assert_eq!(of_body(&body), ["segment-out-of-sequence N9 11/-"]);
    // A total that came early is one finding too, not one for each carton behind it.
    let mut body = RICH.to_vec();
    let total = body.pop().unwrap();
    body.insert(14, total);
    assert_eq!(of_body(&body), ["segment-out-of-sequence LX 17/-"]);
}

#[test]
fn elements() {
    assert_eq!(after("W06*F*", "W06**"), ["element-missing W06 2/1"]);
    assert_eq!(after("W03*10~", "W03*10*5*LB*1*CF*2*CT*8~"), ["element-too-many W03 10/8"]);
    assert_eq!(after("W03*10~", "W03*10*******~"), ["segment-trailing-separators W03 10/-"]);
    assert_eq!(after("*VN*SKU-1", "*V*SKU-1"), ["element-too-short W12 9/7"]);
    assert_eq!(after("*VN*SKU-1", &format!("*VN*{}", "x".repeat(49))), ["element-too-long W12 9/8"]);
    assert_eq!(after("W12*CC*10*", "W12*CC*1O*"), ["character-invalid W12 9/2"]);
    assert_eq!(after("LX*1~", "LX*1.0~"), ["decimal-mark-invalid LX 7/1"]);
    assert_eq!(after("N1*ST*Shop", "N1*ST*Sh\x07op"), ["character-outside-repertoire N1 3/2"]);
    assert_eq!(after("G62*11*20260131", "G62*11*20260231"), ["date-invalid G62 5/2"]);
    assert_eq!(after("*W*1430", "*W*2430"), ["time-invalid G62 5/4"]);
    assert_eq!(after("N1*ST*Shop*92*0042", "N1*ST*Shop*92"), ["element-missing-by-relation N1 3/4"]);
    assert_eq!(after("N1*ST*Shop*92*0042", "N1*ST"), ["element-missing-by-relation N1 3/3"]);
    assert_eq!(after("N9*BM*BOL1", "N9*BM*BOL1*****PO>1"), Vec::<String>::new());
    assert_eq!(after("N9*BM*BOL1", "N9*BM*BOL1*****PO"), ["element-missing N9 4/7"]);
    // Signs and points are not counted in a number's length.
    assert_eq!(after("W12*CC*10*10*0*", "W12*CC*-123456789012345*-1234567.890*-0*"), Vec::<String>::new());
    // Quantities that do not add up are no matter of syntax.
    assert_eq!(after("W12*CC*10*10*0*", "W12*CC*10*7*1*"), Vec::<String>::new());
}

#[test]
fn a_component_separator_in_a_text_is_noted_and_the_text_kept() {
    let file = file(&[ship_confirm("0001").replace("Shop", "Sh>op")]);
    let verdict = verdict_on(&file);
    assert_eq!(verdict.groups[0].sets[0].verdict, Verdict::AcceptedWithNotes);
    assert_eq!(verdict.groups[0].outcome.x12(), "E");
}

#[test]
fn another_version_is_checked_for_its_structure() {
    let of = |from: &str, to: &str| {
        verdict_on(&file(&[ship_confirm("0001").replace(from, to)]).replace("*004010~", "*003060~"))
    };
    let long = of("SKU-1", &"x".repeat(60));
    assert_eq!(long.groups[0].sets[0].verdict, Verdict::AcceptedWithNotes);
    let missing = of("W06*F*ORDER0001*20260131*SHIP1", "W06");
    assert_eq!(missing.groups[0].sets[0].verdict, Verdict::Rejected);
}

/// What is found in each set of a file, when its segments are checked as they are read.
fn found_in_passing(file: &[u8]) -> Vec<String> {
    let (guide, fit) = Guides::built_in().find("945", "004010").unwrap();
    let (mut events, mut checker) = (Events::new(file), Checker::new(guide, fit, Repertoire::Any));
    let mut found = Vec::new();
    loop {
        events.segments_checked(&mut checker, |_| {});
        match events.next() {
            Some(Event::Segment { segment, .. }) => checker.take(&segment),
            Some(Event::SetEnd { trailer, range, .. }) => {
                found.extend(checker.finish_set(Place::default, trailer.as_ref(), range.end).iter().map(line));
            }
            Some(_) => {}
            None => return found,
        }
    }
}

/// The same, of the sets as they are read as a whole.
fn found_in_sets(file: &[u8]) -> Vec<String> {
    let (guide, fit) = Guides::built_in().find("945", "004010").unwrap();
    let document = edi::read(file);
    let groups = document.interchanges.iter().flat_map(|interchange| &interchange.groups);
    let sets = groups.flat_map(|group| &group.sets);
    sets.flat_map(|set| guide::check(set, guide, fit, Repertoire::Any)).map(|finding| line(&finding)).collect()
}

proptest! {
    /// A check that looks at kilobytes at once finds what one of each segment by itself does, whatever is damaged and
    /// wherever that stands.
    #[test]
    fn what_is_found_in_passing_is_what_is_found_in_the_sets(
        damages in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(b"*>~ A0\n\x01\xe9".to_vec())), 1..60),
    ) {
        let sets: Vec<_> = (1..60).map(|n| ship_confirm(&format!("{n:04}"))).collect();
        let mut file = file(&sets).into_bytes();
        let head = 200;
        for (at, byte) in damages {
            let at = head + at.index(file.len() - head);
            file[at] = byte;
        }
        prop_assert_eq!(found_in_passing(&file), found_in_sets(&file));
    }
}
