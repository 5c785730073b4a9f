use edi::ack::{
    self, Acknowledgment, Answer, Contradiction, Kind, SentGroup, SentInterchange, SentSet, Unmatched, matched,
    same_control,
};

use crate::samples::ISA;

fn sent() -> Vec<SentInterchange> {
    let set = |control: &str| SentSet { id: "940".into(), control: control.into() };
    let group = |control: &str, sets: &[&str]| SentGroup {
        functional_id: "OW".into(),
        control: control.into(),
        sets: sets.iter().map(|control| set(control)).collect(),
    };
    let interchange = |control: &str, groups| SentInterchange { control: control.into(), groups };
    vec![
        interchange("000000041", vec![group("41", &["0001", "0002", "0003"])]),
        interchange("000000042", vec![group("42", &["0001"]), group("43", &["0001"])]),
    ]
}

/// The acknowledgments in an interchange of this content.
fn read(content: &str) -> Vec<Acknowledgment> {
    let file = format!("{ISA}{content}IEA*1*000000007~");
    let document = edi::read(file.as_bytes());
    let (acknowledgments, findings) = ack::read_all(&document.interchanges[0]);
    assert_eq!(findings, []);
    acknowledgments
}

fn of_997(body: &str) -> Acknowledgment {
    let group = format!("GS*FA*WAREHOUSE*DEPOSITOR*20260131*1435*3*X*004010~ST*997*0001~{body}SE*9*0001~GE*1*3~");
    read(&group).remove(0)
}

/// A letter for each set that was sent: a accepted, n with notes, c received, r rejected, - not mentioned.
fn letters(matched: &ack::Matched) -> String {
    let letter = |answer: &Answer| match answer {
        Answer::Accepted => 'a',
        Answer::AcceptedWithNotes(_) => 'n',
        Answer::Received => 'c',
        Answer::Rejected(_) => 'r',
        Answer::NotMentioned => '-',
    };
    matched.sets.iter().map(|set| letter(&set.answer)).collect()
}

fn said(body: &str) -> (String, Vec<Unmatched>, Vec<String>) {
    let matched = matched(&sent(), &of_997(body));
    let contradictions = matched.contradictions.iter().map(ToString::to_string).collect();
    (letters(&matched), matched.unmatched, contradictions)
}

#[test]
fn a_group_that_names_no_sets_speaks_for_all_of_them() {
    assert_eq!(said("AK1*OW*41~AK9*A*3*3*3~"), ("aaa--".into(), vec![], vec![]));
    assert_eq!(said("AK1*OW*0000041~AK9*R*3*3*0*2~"), ("rrr--".into(), vec![], vec![]));
    assert_eq!(said("AK1*OW*41~AK9*E*3*3*3*6~"), ("nnn--".into(), vec![], vec![]));
}

#[test]
fn of_a_group_accepted_in_part_those_not_named_are_accepted_and_the_named_one_says_why() {
    let body = "AK1*OW*41~AK2*940*2~AK3*W01*9**8~AK4*1:2*330*6*te n~AK5*R*5~AK9*P*3*3*2~".replace(':', ">");
    assert_eq!(said(&body), ("ara--".into(), vec![], vec![]));
    let matched = matched(&sent(), &of_997(&body));
    let Answer::Rejected(notes) = &matched.sets[1].answer else { panic!("rejected") };
    assert_eq!(matched.sets[1].index, [0, 0, 1]);
    let place = (notes[0].segment_position, notes[0].element, notes[0].component);
    assert_eq!(place, (Some(9), Some(1), Some(2)));
    assert_eq!(notes[0].text, "segment 9 (W01), element 1, component 2: invalid character (6): `te n`");
}

#[test]
fn accepted_with_errors_is_accepted_with_notes() {
    let body =
        "AK1*OW*41~AK2*940*0001~AK5*A~AK2*940*0002~AK3*N1*3**8~AK4*2*93*5*LONG~AK5*E*5~AK2*940*0003~AK5*E~AK9*E*3*3*3~";
    assert_eq!(said(body), ("ann--".into(), vec![], vec![]));
}

#[test]
fn the_word_on_a_set_wins_over_that_on_its_group_and_the_contradiction_is_named() {
    assert_eq!(
        said("AK1*OW*41~AK2*940*0002~AK5*R*5~AK9*A*3*3*3~"),
        (
            "ara--".into(),
            vec![],
            vec![
                "group 41 is accepted, but its set 0002 is rejected".into(),
                "group 41: 3 sets accepted by its count, 2 by name".into()
            ]
        )
    );
    assert_eq!(
        said("AK1*OW*41~AK2*940*0002~AK5*A~AK9*R*3*3*1~"),
        ("rar--".into(), vec![], vec!["group 41 is rejected, but its set 0002 is accepted".into()])
    );
}

#[test]
fn counts_that_do_not_fit_are_named() {
    assert_eq!(
        said("AK1*OW*41~AK9*A*3*2*2~"),
        (
            "aaa--".into(),
            vec![],
            vec![
                "group 41: 2 sets by its count, 3 were sent".into(),
                "group 41: 2 sets accepted by its count, 3 by name".into()
            ]
        )
    );
    assert_eq!(
        said("AK1*OW*41~AK9*P*3*3*1~"),
        ("-----".into(), vec![], vec!["group 41 is accepted in part, but no set is named as rejected".into()])
    );
}

#[test]
fn what_was_not_sent_is_named_and_changes_nothing() {
    let group = Unmatched::Group("OW".into(), "99".into());
    assert_eq!(said("AK1*OW*99~AK9*R*1*1*0~"), ("-----".into(), vec![group], vec![]));
    let group = Unmatched::Group("SW".into(), "41".into());
    assert_eq!(said("AK1*SW*41~AK9*R*1*1*0~").1, [group]);
    let set = |id: &str, control: &str| Unmatched::Set(id.into(), control.into());
    assert_eq!(
        said("AK1*OW*41~AK2*940*0009~AK5*R*5~AK2*945*0001~AK5*R*5~AK9*P*3*3*2~"),
        (
            "aaa--".into(),
            vec![set("940", "0009"), set("945", "0001")],
            vec!["group 41: 2 sets accepted by its count, 3 by name".into()]
        )
    );
}

#[test]
fn a_set_named_twice_has_the_first_word() {
    let (letters, unmatched, contradictions) = said("AK1*OW*41~AK2*940*0001~AK5*R*5~AK2*940*1~AK5*A~AK9*P*3*3*2~");
    assert_eq!((letters.as_str(), unmatched), ("raa--", vec![]));
    assert_eq!(contradictions, ["set 0001 of group 41 is named twice"]);
}

#[test]
fn of_a_number_used_again_the_latest_is_meant() {
    let mut sent = sent();
    sent.push(sent[0].clone());
    let matched = matched(&sent, &of_997("AK1*OW*41~AK9*A*3*3*3~"));
    assert_eq!(letters(&matched), "-----aaa");
}

#[test]
fn a_ta1_that_rejects_speaks_for_every_set_and_one_that_accepts_for_none() {
    let of = |ta1: &str| {
        let acknowledgment = read(ta1).remove(0);
        assert_eq!(acknowledgment.kind, Kind::Ta1);
        let matched = matched(&sent(), &acknowledgment);
        (letters(&matched), matched.unmatched)
    };
    assert_eq!(of("TA1*000000042*260131*1435*R*025~"), ("---rr".into(), vec![]));
    assert_eq!(of("TA1*000000042*260131*1435*A*000~"), ("-----".into(), vec![]));
    assert_eq!(
        of("TA1*000000049*260131*1435*R*025~"),
        ("-----".into(), vec![Unmatched::Interchange("000000049".into())])
    );
}

#[test]
fn a_999_is_read_like_a_997() {
    let group = "GS*FA*WAREHOUSE*DEPOSITOR*20260131*1435*3*X*005010X231A1~ST*999*0001*005010X231A1~\
        AK1*OW*41*005010~AK2*940*0002~IK3*N4*5**I4~CTX*SITUATIONAL TRIGGER*N4*5~IK3*W01*9**8~IK4*1>>2*330*I12*10~IK5*R*I5~\
        AK9*P*3*3*2~SE*9*0001~GE*1*3~";
    let acknowledgment = read(group).remove(0);
    assert_eq!(acknowledgment.kind, Kind::X999);
    let matched = matched(&sent(), &acknowledgment);
    assert_eq!((letters(&matched).as_str(), matched.contradictions.len()), ("ara--", 0));
    let Answer::Rejected(notes) = &matched.sets[1].answer else { panic!("rejected") };
    let texts: Vec<&str> = notes.iter().map(|note| note.text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "segment 5 (N4): segment not used by the implementation guide (I4)",
            "segment 9 (W01), element 1, repetition 2: value not of the implementation guide's form (I12): `10`",
            "segments in error by the implementation guide (I5)",
        ]
    );
}

#[test]
fn what_says_nothing_is_a_finding_and_the_others_are_read() {
    let file = format!(
        "{ISA}TA1*000000041*260131*1435*Q*000~TA1*000000041*260131*1435*E*014~\
         GS*FA*WAREHOUSE*DEPOSITOR*20260131*1435*3*X*004010~ST*997*0001~AK1*OW*41~SE*3*0001~\
         ST*945*0002~SE*2*0002~GE*2*3~IEA*1*000000007~"
    );
    let document = edi::read(file.as_bytes());
    let (read, findings) = ack::read_all(&document.interchanges[0]);
    assert_eq!(read.len(), 1);
    let places: Vec<String> = findings.iter().map(crate::samples::line).collect();
    let (ta1, end) = (file.find("TA1").unwrap(), file.find("ST*945").unwrap());
    assert_eq!(places, [format!("code-invalid TA1 -/4 @{ta1}+32"), format!("segment-missing AK9 1/- @{end}+0")]);
}

#[test]
fn numbers_are_the_same_whatever_zeros_lead_them() {
    assert!(same_control("000000041", "41") && same_control(" 7 ", "007") && same_control("A1", "A1"));
    assert!(
        same_control("0", "000") && !same_control("A1", "0A1") && !same_control("1", "10") && !same_control("", "0")
    );
}

#[test]
fn a_match_is_plain_data() {
    let matched = matched(&sent(), &of_997("AK1*OW*41~AK2*940*0002~AK5*R*5~AK9*A*3*3*3~"));
    let json = serde_json::to_string(&matched).unwrap();
    assert!(
        json.contains(r#"{"index":[0,0,0],"set":{"id":"940","control":"0001"},"answer":{"answer":"accepted"}}"#),
        "{json}"
    );
    assert_eq!(serde_json::from_str::<ack::Matched>(&json).unwrap(), matched);
    assert!(matches!(matched.contradictions[0], Contradiction::AcceptedGroupRejectedSet { .. }));
}

/// A CONTRL of these segments; what carries it makes no difference to what it says.
fn of_contrl(body: &str) -> Acknowledgment {
    let body = body.replace('\'', "~").replace(':', ">").replace('+', "*");
    let group = format!("GS*FA*WAREHOUSE*DEPOSITOR*20260131*1435*3*X*004010~ST*CONTRL*0001~{body}SE*9*0001~GE*1*3~");
    let acknowledgment = read(&group).remove(0);
    assert_eq!(acknowledgment.kind, Kind::Contrl);
    acknowledgment
}

fn sent_messages() -> Vec<SentInterchange> {
    let set = |control: &str| SentSet { id: "DESADV".into(), control: control.into() };
    let group = |control: &str, sets: &[&str]| SentGroup {
        functional_id: if control.is_empty() { String::new() } else { "DESADV".into() },
        control: control.into(),
        sets: sets.iter().map(|control| set(control)).collect(),
    };
    vec![
        SentInterchange { control: "IC1".into(), groups: vec![group("", &["M1", "M2", "M3"])] },
        SentInterchange { control: "IC2".into(), groups: vec![group("G1", &["M1"]), group("G2", &["M1", "M2"])] },
    ]
}

fn said_by_contrl(body: &str) -> (String, Vec<Unmatched>, Vec<String>) {
    let matched = matched(&sent_messages(), &of_contrl(body));
    let contradictions = matched.contradictions.iter().map(ToString::to_string).collect();
    (letters(&matched), matched.unmatched, contradictions)
}

#[test]
fn a_contrl_speaks_for_every_message_that_it_does_not_name() {
    let uci = |control: &str, action: &str| format!("UCI+{control}+DEPOSITOR:14+WAREHOUSE:14+{action}'");
    assert_eq!(said_by_contrl(&uci("IC1", "7")), ("aaa---".into(), vec![], vec![]));
    assert_eq!(said_by_contrl(&uci("IC1", "8")), ("ccc---".into(), vec![], vec![]));
    assert_eq!(said_by_contrl(&uci("IC1", "4+29+UNZ+2")), ("rrr---".into(), vec![], vec![]));
    assert_eq!(said_by_contrl(&uci("IC9", "4")).1, [Unmatched::Interchange("IC9".into())]);
    let rejecting = matched(&sent_messages(), &of_contrl(&uci("IC1", "4+29+UNZ+2")));
    let Answer::Rejected(notes) = &rejecting.sets[0].answer else { panic!("rejected") };
    assert_eq!(notes[0].text, "segment UNZ, element 1: count wrong (29)");
}

#[test]
fn a_contrl_names_a_message_and_the_places_in_it() {
    let body = "UCI+IC1+DEPOSITOR:14+WAREHOUSE:14+7'UCM+M2+DESADV:D:96A:UN+4'UCS+5+13'UCS+9'UCD+39+3:2'UCM+M3+DESADV:D:96A:UN+4+28+UNT+3'";
    assert_eq!(said_by_contrl(body), ("arr---".into(), vec![], vec![]));
    let matched = matched(&sent_messages(), &of_contrl(body));
    let texts = |n: usize| match &matched.sets[n].answer {
        Answer::Rejected(notes) => notes.iter().map(|note| note.text.clone()).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(texts(1), ["segment 6: missing (13)", "segment 9, element 2, component 2: element too long (39)"]);
    assert_eq!(texts(2), ["segment UNT, element 2: references at both ends differ (28)"]);
}

#[test]
fn what_a_contrl_acknowledges_and_notes_all_the_same_is_accepted_with_notes() {
    let body = "UCI+IC1+DEPOSITOR+WAREHOUSE+7'UCM+M2+DESADV:D:96A:UN+7'UCS+5'UCD+40+2'";
    assert_eq!(said_by_contrl(body), ("ana---".into(), vec![], vec![]));
}

#[test]
fn a_contrl_speaks_of_groups_by_their_reference() {
    let body = "UCI+IC2+DEPOSITOR+WAREHOUSE+7'UCF+G1+D+W+4+29'UCF+G2+D+W+7'UCM+M2+DESADV:D:96A:UN+4+29'UCF+G9+D+W+7'";
    let none = Unmatched::Group(String::new(), "G9".into());
    assert_eq!(said_by_contrl(body), ("---rar".into(), vec![none], vec![]));
}

#[test]
fn messages_that_a_contrl_names_without_their_group_are_found_in_any_and_others_are_left_over() {
    let body = "UCI+IC2+D+W+7'UCM+M2+DESADV:D:96A:UN+4'UCM+M7+DESADV:D:96A:UN+4'UCM+M2+ORDERS:D:96A:UN+4'";
    let left = |id: &str, control: &str| Unmatched::Set(id.into(), control.into());
    assert_eq!(said_by_contrl(body), ("---aar".into(), vec![left("DESADV", "M7"), left("ORDERS", "M2")], vec![]));
}

#[test]
fn a_message_accepted_in_a_rejected_interchange_is_a_contradiction() {
    let body = "UCI+IC1+D+W+4'UCM+M2+DESADV:D:96A:UN+7'";
    let contradiction = "interchange IC1 is rejected, but its set M2 is accepted";
    assert_eq!(said_by_contrl(body), ("rar---".into(), vec![], vec![contradiction.into()]));
}

#[test]
fn a_contrl_that_says_nothing_is_an_error_with_its_place() {
    let error = |body: &str| {
        let body = body.replace('\'', "~").replace(':', ">").replace('+', "*");
        let file =
            format!("{ISA}GS*FA*A1*B1*20260131*1435*3*X*004010~ST*CONTRL*0001~{body}SE*9*0001~GE*1*3~IEA*1*000000007~");
        let document = edi::read(file.as_bytes());
        let (read, findings) = ack::read_all(&document.interchanges[0]);
        assert_eq!(read, []);
        let place = &findings[0].place;
        (findings[0].code.as_str(), place.segment_id.clone().unwrap(), place.element)
    };
    assert_eq!(error("UCM+M2+DESADV:D:96A:UN+4'"), ("segment-missing", "UCI".into(), None));
    assert_eq!(error("UCI+IC1+D+W+5'"), ("code-invalid", "UCI".into(), Some(4)));
    assert_eq!(error("UCI+IC1+D+W+7'UCM+M2+DESADV:D:96A:UN+8'"), ("code-invalid", "UCM".into(), Some(3)));
    assert_eq!(error("UCI+IC1+D+W+7'UCS+2+13'"), ("segment-missing", "UCM".into(), None));
}

#[test]
fn what_our_contrl_says_is_read_back_as_it_was_said() {
    let segments = ack::contrl(&crate::samples::edifact_verdict(), ack::Depth::Full).unwrap();
    let lines: Vec<String> = segments
        .iter()
        .map(|segment| {
            let elements: Vec<String> = segment.values().iter().map(|element| element.join(":")).collect();
            format!("{}+{}'", segment.id(), elements.join("+").replace("IC+1", "IC1"))
        })
        .collect();
    let acknowledgment = of_contrl(&lines.concat());
    let places: Vec<_> = acknowledgment.groups[0]
        .sets
        .iter()
        .flat_map(|set| &set.notes)
        .map(|note| (note.segment_position, note.element, note.component, note.code.as_str()))
        .collect();
    assert_eq!(
        places,
        [
            (Some(6), None, None, "13"),
            (Some(7), None, None, "15"),
            (Some(9), Some(2), Some(2), "39"),
            (Some(9), Some(1), None, "12"),
            (None, Some(1), None, "29"),
        ]
    );
}
