use edi::ack::{self, Functional, GroupAckOutcome, InterchangeAckOutcome, Owed, SetAckOutcome};
use edi::guide::Guides;
use edi::verdict::{self, GroupOutcome, Verdict};
use edi::write::{self, NewGroup};
use edi::{ControlNumber, Delimiters, Finding, Place, SyntaxCode};

use crate::samples::{ISA, envelope, file, findings, group, ship_confirm, verdict_on};

/// The segments of a written 997, one a line.
fn rendered(verdict: &edi::verdict::GroupVerdict) -> Vec<String> {
    let body = ack::functional_acknowledgment(verdict, Delimiters::STANDARD).unwrap();
    let bytes = write::interchange(&envelope(Delimiters::STANDARD), &[], &[group("FA", "997", body)]).unwrap();
    let lines = String::from_utf8(bytes).unwrap();
    lines.lines().skip(3).map(str::to_owned).take_while(|line| !line.starts_with("SE*")).collect()
}

#[test]
fn of_forty_sets_the_bad_one_is_rejected_and_named() {
    let sets: Vec<String> = (1..=40)
        .map(|n| {
            let set = ship_confirm(&format!("{n:04}"));
            if n == 17 { set.replace("W12*CC*10*10*", "W12*CC*ten*10*") } else { set }
        })
        .collect();
    let file = file(&sets);
    let verdict = verdict_on(&file);
    let byte = file.find("ten").unwrap();
    assert_eq!(findings(&verdict), [format!("character-invalid W12 9/2 @{byte}+3")]);
    let group_verdict = &verdict.groups[0];
    assert_eq!((group_verdict.outcome, group_verdict.sets_accepted()), (GroupOutcome::PartiallyAccepted, 39));
    assert_eq!(group_verdict.sets[16].verdict, Verdict::Rejected);

    let lines = rendered(group_verdict);
    assert_eq!(lines.len(), 1 + 39 * 2 + 4 + 1);
    let bad = lines.iter().position(|line| line == "AK2*945*0017~").unwrap();
    assert_eq!(lines[bad..bad + 4], ["AK2*945*0017~", "AK3*W12*9**8~", "AK4*2*330*6*ten~", "AK5*R*5~"]);
    assert_eq!((lines[0].as_str(), lines.last().unwrap().as_str()), ("AK1*SW*3~", "AK9*P*40*40*39~"));
}

#[test]
fn a_997_reads_back_as_what_was_said() {
    let sets = [
        ship_confirm("0001"),
        ship_confirm("0002").replace("W06*F*", "W06**").replace("LX*1~", "LX*1~ZZZ~").replace("SE*11", "SE*12"),
        ship_confirm("0003").replace("Shop", "Sh>op"),
        ship_confirm("0004").replace("SE*11", "SE*9"),
    ];
    let verdict = verdict_on(&file(&sets));
    let body = ack::functional_acknowledgment(&verdict.groups[0], Delimiters::STANDARD).unwrap();
    let bytes = write::interchange(&envelope(Delimiters::STANDARD), &[], &[group("FA", "997", body)]).unwrap();
    let document = edi::read(&bytes);
    let again = verdict::interchange(&document.interchanges[0], Guides::built_in());
    assert_eq!(findings(&again), Vec::<String>::new());

    let ack = ack::read(&document.interchanges[0].groups[0].sets[0]).unwrap();
    assert_eq!((ack.functional_id.as_str(), ack.group_control.as_str()), ("SW", "3"));
    assert_eq!(ack.outcome, GroupAckOutcome::PartiallyAccepted);
    assert_eq!((ack.sets_announced, ack.sets_received, ack.sets_accepted), (Some(4), Some(4), Some(2)));
    let outcomes: Vec<_> = ack.sets.iter().map(|set| (set.control_number.as_str(), set.outcome)).collect();
    assert_eq!(
        outcomes,
        [
            ("0001", SetAckOutcome::Accepted),
            ("0002", SetAckOutcome::Rejected),
            ("0003", SetAckOutcome::AcceptedWithNotes),
            ("0004", SetAckOutcome::Rejected),
        ]
    );
    let texts: Vec<_> = ack.sets.iter().flat_map(|set| &set.notes).map(|note| note.text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "segment 2 (W06), element 1: mandatory element missing (1)",
            "segment 8 (ZZZ): segment id not recognized (1)",
            "segments in error (5)",
            // The separator within the bad data became a blank: it must not separate here.
            "segment 3 (N1), element 2: too many elements (3): `Sh op`",
            "segments in error (5)",
            "number of segments wrong (4)",
        ]
    );
}

#[test]
fn a_group_rejected_for_its_envelope() {
    let verdict = verdict_on(&file(&[ship_confirm("0001")]).replace("GE*1*3", "GE*2*4"));
    assert_eq!(rendered(&verdict.groups[0]), ["AK1*SW*3~", "AK9*R*2*1*0*4*5~"]);
}

#[test]
fn codes_of_rejected_sets() {
    let code = |from: &str, to: &str| {
        let file = file(&[ship_confirm("0001").replace(from, to)]);
        rendered(&verdict_on(&file).groups[0]).into_iter().find(|line| line.starts_with("AK5")).unwrap()
    };
    assert_eq!(code("ST*945", "ST*000"), "AK5*R*1~");
    assert_eq!(code("SE*11*0001~", ""), "AK5*R*2~");
    assert_eq!(code("SE*11*0001", "SE*11*0002"), "AK5*R*3~");
    assert_eq!(code("SE*11*0001", "SE*10*0001"), "AK5*R*4~");
    assert_eq!(code("ST*945", "ST*940"), "AK5*R*6~");
    assert_eq!(code("ST*945*0001", "ST*945*1"), "AK5*R*7*3~");
    assert_eq!(code("W06*F", "W06"), "AK5*R*5~");
}

#[test]
fn bad_data_is_copied_without_what_would_separate_and_not_beyond_its_length() {
    let long = format!("{}\x07|{}", "x".repeat(60), "y".repeat(60));
    let file = file(&[ship_confirm("0001").replace("SKU-1", &long)]);
    let verdict = verdict_on(&file);
    let delimiters = Delimiters::new(b'|', b'>', b'~', None).unwrap();
    let body = ack::functional_acknowledgment(&verdict.groups[0], delimiters).unwrap();
    let ak4 = body.iter().find(|segment| segment.id() == "AK4").unwrap();
    let copy = &ak4.values()[3][0];
    assert_eq!(*copy, format!("{}  {}", "x".repeat(60), "y".repeat(37)));
    assert!(write::interchange(&envelope(delimiters), &[], &[group("FA", "997", body)]).is_ok());
}

#[test]
fn an_acknowledgment_is_never_acknowledged() {
    let ack = "ST*997*0001~AK1*OW*5~AK9*A*1*1*1~SE*4*0001~";
    let file = format!("{ISA}GS*FA*WAREHOUSE*DEPOSITOR*20260131*1435*3*X*004010~{ack}GE*1*3~IEA*1*000000007~");
    let verdict = verdict_on(&file);
    assert_eq!(findings(&verdict), Vec::<String>::new());
    assert!(!verdict.groups[0].needs_acknowledgment());
    assert_eq!(ack::functional_acknowledgment(&verdict.groups[0], Delimiters::STANDARD), None);
    let document = edi::read(file.as_bytes());
    let read = ack::read(&document.interchanges[0].groups[0].sets[0]).unwrap();
    assert_eq!((read.outcome, read.sets.len()), (GroupAckOutcome::Accepted, 0));
}

#[test]
fn a_997_that_says_nothing_is_an_error_with_its_place() {
    let read = |body: &str| {
        let set = format!("ST*997*0001~{body}SE*1*0001~");
        let file = file(&[set]);
        let document = edi::read(file.as_bytes());
        ack::read(&document.interchanges[0].groups[0].sets[0]).map_err(|finding| finding.code.as_str())
    };
    assert_eq!(read("AK1*OW*5~").unwrap_err(), "segment-missing");
    assert_eq!(read("AK9*A*1*1*1~").unwrap_err(), "segment-missing");
    assert_eq!(read("AK1*OW*5~AK9*Q*1*1*1~").unwrap_err(), "code-invalid");
    assert_eq!(read("AK1*OW*5~AK2*940*0001~AK9*A*1*1*1~").unwrap_err(), "segment-missing");
    assert_eq!(read("AK1*OW*5~AK5*A~AK9*A*1*1*1~").unwrap_err(), "segment-missing");
    assert_eq!(
        read("AK1*OW*5~AK2*940*0001~AK5*M~AK9*R*1*1*0~").unwrap().sets[0].outcome,
        SetAckOutcome::AuthenticationFailed
    );
}

#[test]
fn a_ta1_there_and_back() {
    let verdict = verdict_on(&file(&[ship_confirm("0001")]).replace("IEA*1*000000007", "IEA*1*000000009"));
    let ta1 = ack::interchange_acknowledgment(&verdict, Delimiters::STANDARD);
    let none: &[NewGroup] = &[];
    let bytes = write::interchange(&envelope(Delimiters::STANDARD), &[ta1], none).unwrap();
    assert!(String::from_utf8_lossy(&bytes).contains("\nTA1*000000007*260131*1435*R*001~\nIEA*0*000000041~"));
    let document = edi::read(&bytes);
    assert!(document.interchanges[0].findings.is_empty());
    let read = ack::read_interchange_ack(&document.interchanges[0].ta1s[0]).unwrap();
    let said = read.note.unwrap();
    assert_eq!(
        (read.outcome, said.code.as_str(), said.text.as_str()),
        (InterchangeAckOutcome::Rejected, "001", "ISA13 and IEA02 differ (001)")
    );
    assert_eq!(read.control_number, ControlNumber::new(7).unwrap().to_string());
}

#[test]
fn verdicts_are_plain_data() {
    let verdict = verdict_on(&file(&[ship_confirm("0001").replace("W06*F", "W06")]));
    let json = serde_json::to_string(&verdict).unwrap();
    assert_eq!(serde_json::from_str::<edi::verdict::InterchangeVerdict>(&json).unwrap(), verdict);
}

/// The lines of a 997 or 999 on a file of this version, whichever is owed.
fn owed_in(file: &str, version: &str, functional: Functional) -> Vec<String> {
    let verdict = verdict_on(&file.replace("*X*004010", &format!("*X*{version}")));
    said(&verdict, functional)
}

fn said(verdict: &edi::verdict::InterchangeVerdict, functional: Functional) -> Vec<String> {
    let policy = ack::AckPolicy { functional, interchange: ack::When::Never };
    let [Owed::Functional { set, version, .. }] = &ack::owed(verdict, policy, Delimiters::STANDARD)[..] else {
        panic!("one acknowledgment");
    };
    let group = NewGroup { version: version.clone(), sets: vec![set.clone()], ..group("FA", "997", Vec::new()) };
    let bytes = write::interchange(&envelope(Delimiters::STANDARD), &[], &[group]).unwrap();
    let lines = String::from_utf8(bytes).unwrap();
    lines.lines().skip(2).map(str::to_owned).take_while(|line| !line.starts_with("SE*")).collect()
}

#[test]
fn from_005010_on_a_997_names_the_version_and_has_the_codes_that_came_with_it() {
    let file = file(&[ship_confirm("0001").replace("ST*945*0001", "ST*940*0001")]);
    assert_eq!(
        owed_in(&file, "004010", Functional::X997),
        ["ST*997*0001~", "AK1*SW*3~", "AK2*940*0001~", "AK5*R*6~", "AK9*R*1*1*0~"]
    );
    assert_eq!(
        owed_in(&file, "005010VICS", Functional::X997),
        ["ST*997*0001~", "AK1*SW*3*005010VICS~", "AK2*940*0001~", "AK5*R*18~", "AK9*R*1*1*0~"]
    );
    let twice = file.replace("GE*1*3~", "GE*1*3~GS*SW*WAREHOUSE*DEPOSITOR*20260131*1435*3*X*004010~GE*0*3~");
    let second = |version: &str| {
        let verdict = verdict_on(&twice.replace("*X*004010", &format!("*X*{version}")).replace("IEA*1", "IEA*2"));
        ack::functional_acknowledgment(&verdict.groups[1], Delimiters::STANDARD).unwrap().pop().unwrap()
    };
    assert_eq!((second("004010").values()[4][0].as_str(), second("005010").values()[4][0].as_str()), ("6", "19"));
}

#[test]
fn what_is_no_version_is_answered_in_the_oldest_words() {
    let lines = owed_in(&file(&[ship_confirm("0001")]), "X", Functional::X999);
    assert_eq!(lines, ["ST*997*0001~", "AK1*SW*3~", "AK9*R*1*1*0*2~"]);
}

#[test]
fn a_999_says_what_the_implementation_guide_demands_and_in_which_situation() {
    let file = file(&[ship_confirm("0001").replace("ST*945*0001", "ST*945*0001*005010X999")]);
    let mut verdict = verdict_on(&file.replace("*X*004010", "*X*005010X999"));
    let set = &mut verdict.groups[0].sets[0];
    let place = |segment: &str, position, element| Place {
        segment_id: Some(segment.into()),
        segment_position: Some(position),
        element,
        repetition: element.map(|_| 2),
        data_element: element.map(|_| "93".into()),
        ..Place::default()
    };
    set.findings = vec![
        Finding::new(SyntaxCode::SegmentMissingBySituation, place("N4", 4, None), "N4 is missing."),
        Finding::new(SyntaxCode::CodeNotUsed, place("N1", 3, Some(1)), "Not ours.").with_bad(b"ZZ~\x01Z"),
        Finding::new(SyntaxCode::ElementTooLong, place("N1", 3, Some(2)), "Too long."),
    ];
    set.verdict = Verdict::Rejected;
    verdict.groups[0].outcome = GroupOutcome::Rejected;
    assert_eq!(
        said(&verdict, Functional::ByGuide),
        [
            "ST*999*0001*005010X231A1~",
            "AK1*SW*3*005010X999~",
            "AK2*945*0001*005010X999~",
            "IK3*N1*3**8~",
            "IK4*1>>2*93*I6*ZZ  Z~",
            "IK4*2>>2*93*5~",
            "IK3*N4*4**I6~",
            "CTX*SITUATIONAL TRIGGER*N4*4~",
            "IK5*R*I5*5~",
            "AK9*R*1*1*0~",
        ]
    );
    // The same in a 997, which has no words for guides.
    let lines = said(&verdict, Functional::X997);
    assert!(
        lines.contains(&"AK3*N4*4**3~".to_owned()) && lines.contains(&"AK4*1>>2*93*7*ZZ  Z~".to_owned()),
        "{lines:?}"
    );
    assert!(lines.contains(&"AK5*R*5~".to_owned()), "{lines:?}");
}

#[test]
fn a_copy_of_an_invalid_character_is_itself_free_of_it() {
    let file = file(&[ship_confirm("0001").replace("W12*CC*10*", "W12*CC*1é0*")]);
    let lines = rendered(&verdict_on(&file).groups[0]);
    assert!(lines.contains(&"AK4*2*330*6*1 0~".to_owned()), "{lines:?}");
}

#[test]
fn what_the_sender_wrote_too_short_is_filled_up_in_the_997() {
    let file = file(&[ship_confirm("0001").replace("ST*945*0001", "ST*94*1").replace("SE*11*0001", "SE*11*1")])
        .replace("GS*SW", "GS*S")
        .replace("*1435*3*X", "*1435*A3*X");
    let lines = rendered(&verdict_on(&file).groups[0]);
    assert_eq!(&lines[..2], ["AK1*S?*3~", "AK2*94?*0001~"]);
    let delimiters = Delimiters::new(b'?', b'>', b'~', None).unwrap();
    let body = ack::functional_acknowledgment(&verdict_on(&file).groups[0], delimiters).unwrap();
    assert_eq!((body[0].values()[0][0].as_str(), body[1].values()[0][0].as_str()), ("SX", "94X"));
}
