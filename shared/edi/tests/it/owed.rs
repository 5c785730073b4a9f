use edi::ack::{self, AckPolicy, Depth, Functional, Owed, When};
use edi::verdict::{InterchangeVerdict, Verdict};
use edi::write::edifact;
use edi::{Delimiters, Finding, Place, Standard, SyntaxCode};

use crate::samples::{ISA, contrl_file, edifact_verdict, file, ship_confirm, verdict_on};

fn owed(verdict: &InterchangeVerdict, functional: Functional, interchange: When) -> Vec<Owed> {
    ack::owed(verdict, AckPolicy { functional, interchange }, Delimiters::STANDARD)
}

/// `TA1 R 023`, `997 004010`, `CONTRL D 3 7`.
fn names(owed: &[Owed]) -> Vec<String> {
    let name = |one: &Owed| match one {
        Owed::Ta1(ta1) => format!("TA1 {} {}", ta1.values()[3][0], ta1.values()[4][0]),
        Owed::Functional { set, version, .. } => format!("{} {version}", set.id),
        Owed::Contrl(message) => {
            format!("CONTRL {} {} {}", message.version, message.release, message.segments[0].values()[3][0])
        }
    };
    owed.iter().map(name).collect()
}

#[test]
fn a_ta1_is_owed_when_it_is_agreed_and_by_default_when_it_is_asked_for() {
    let plain = verdict_on(&file(&[ship_confirm("0001")]));
    let asked = verdict_on(&file(&[ship_confirm("0001")]).replace("000000007*0*P", "000000007*1*P"));
    let wrong = verdict_on(&file(&[ship_confirm("0001")]).replace("IEA*1", "IEA*2"));
    let of = |verdict, when| names(&owed(verdict, Functional::None, when));
    for (when, on_plain, on_asked, on_wrong) in [
        (When::Never, false, false, false),
        (When::WhenAsked, false, true, false),
        (When::OnError, false, false, true),
        (When::WhenAskedOrOnError, false, true, true),
        (When::Always, true, true, true),
    ] {
        let given = [of(&plain, when), of(&asked, when), of(&wrong, when)].map(|names| !names.is_empty());
        assert_eq!(given, [on_plain, on_asked, on_wrong], "{when:?}");
    }
    assert_eq!(of(&asked, When::default()), ["TA1 A 000"]);
    assert_eq!(of(&wrong, When::OnError), ["TA1 R 021"]);
}

#[test]
fn a_truncated_interchange_is_answered_by_a_ta1_alone() {
    let file = file(&[ship_confirm("0001")]);
    let cut = verdict_on(&file[..file.len() - 30]);
    assert_eq!(names(&owed(&cut, Functional::X997, When::OnError)), ["TA1 R 023"]);
}

#[test]
fn a_control_number_that_an_earlier_file_had_is_the_callers_to_say() {
    let mut verdict = verdict_on(&file(&[ship_confirm("0001")]));
    let note = Finding::new(SyntaxCode::InterchangeDateInvalid, Place::default(), "Rather old.");
    verdict.add(note);
    assert_eq!((verdict.verdict, verdict.groups.len()), (Verdict::AcceptedWithNotes, 1));
    assert_eq!(names(&owed(&verdict, Functional::X997, When::Always)), ["TA1 E 014", "997 004010"]);
    let place = Place { element: Some(13), ..Place::default() };
    verdict.add(Finding::new(SyntaxCode::InterchangeControlNumberDuplicate, place, "Seen on Monday."));
    assert_eq!((verdict.verdict, verdict.groups.len()), (Verdict::Rejected, 0));
    assert_eq!(names(&owed(&verdict, Functional::X997, When::Always)), ["TA1 R 025"]);
}

#[test]
fn a_ta1_has_its_fixed_lengths_also_where_the_isa_has_not() {
    let verdict = verdict_on(
        &file(&[ship_confirm("0001")]).replace("*260131*1435*U*00401*000000007", "*2601  *    *U*00401*A00B00007"),
    );
    let ta1 = ack::interchange_acknowledgment(&verdict, Delimiters::STANDARD);
    let values: Vec<&str> = ta1.values().iter().map(|element| element[0].as_str()).collect();
    assert_eq!(values, ["000000007", "260100", "0000", "R", "018"]);
}

#[test]
fn no_acknowledgment_is_acknowledged() {
    let ta1 = format!("{ISA}TA1*000000041*260131*1435*A*000~IEA*0*000000007~").replace("7*0*P", "7*1*P");
    let of_997 = "ST*997*0001~AK1*OW*5~AK9*A*1*1*1~SE*4*0001~";
    let group = |id: &str| format!("GS*{id}*WAREHOUSE*DEPOSITOR*20260131*1435*3*X*004010~{of_997}GE*1*3~");
    let in_fa = format!("{ISA}{}IEA*1*000000007~", group("FA")).replace("7*0*P", "7*1*P");
    let cut = in_fa.replace("IEA*1*000000007~", "");
    let elsewhere = format!("{ISA}{}IEA*1*000000007~", group("SW")).replace("7*0*P", "7*1*P");
    for file in [ta1, in_fa, cut, elsewhere] {
        let verdict = verdict_on(&file);
        assert!(verdict.ack_requested, "{file}");
        assert_eq!(owed(&verdict, Functional::X997, When::Always), [], "{file}");
    }
    let mut contrl = edifact_verdict();
    contrl.only_acknowledgments = true;
    assert_eq!(owed(&contrl, Functional::Contrl, When::Always), []);
}

#[test]
fn a_999_is_owed_for_implementation_guides_or_when_it_is_agreed() {
    let plain = verdict_on(&file(&[ship_confirm("0001")]));
    let newer = |set: &str| verdict_on(&file(&[set.to_owned()]).replace("*X*004010", "*X*005010"));
    let newer_plain = newer(&ship_confirm("0001"));
    let guided = newer(&ship_confirm("0001").replace("ST*945*0001", "ST*945*0001*005010X999"));
    let of = |verdict, functional| names(&owed(verdict, functional, When::Never));
    assert_eq!(of(&plain, Functional::X999), ["997 004010"], "004010 has no 999");
    assert_eq!(of(&newer_plain, Functional::X999), ["999 005010X231A1"]);
    assert_eq!(of(&newer_plain, Functional::ByGuide), ["997 005010"]);
    assert_eq!(of(&guided, Functional::ByGuide), ["999 005010X231A1"]);
    assert_eq!(of(&guided, Functional::X997), ["997 005010"]);
    assert_eq!(of(&guided, Functional::None), Vec::<String>::new());
    assert_eq!(of(&guided, Functional::Contrl), Vec::<String>::new());
}

#[test]
fn what_is_owed_goes_back_the_way_it_came() {
    let verdict = verdict_on(&file(&[ship_confirm("0001")]));
    let [Owed::Functional { group, sender_code, receiver_code, set, .. }] =
        &owed(&verdict, Functional::X997, When::Never)[..]
    else {
        panic!("one 997");
    };
    assert_eq!((*group, sender_code.as_str(), receiver_code.as_str()), (0, "DEPOSITOR", "WAREHOUSE"));
    assert_eq!((set.id.as_str(), set.segments[0].values()[0][0].as_str()), ("997", "SW"));
}

#[test]
fn a_contrl_names_every_message() {
    let verdict = edifact_verdict();
    let owed = owed(&verdict, Functional::X997, When::Never);
    assert_eq!(names(&owed), ["CONTRL D 3 7"]);
    let Owed::Contrl(message) = &owed[0] else { panic!("a CONTRL") };
    assert_eq!(
        contrl_file(message, 3),
        "UNB+UNOC:3+DEPOSITOR:14+WAREHOUSE:14+260131:1435+77'\n\
         UNH+1+CONTRL:D:3:UN'\n\
         UCI+IC?+1+WAREHOUSE:14:DOCK+DEPOSITOR:14+7'\n\
         UCM+M1+DESADV:D:96A:UN:EAN005+7'\n\
         UCM+M2+DESADV:D:96A:UN:EAN005+4'\n\
         UCS+5+13'\nUCS+7+15'\nUCS+9'\nUCD+39+3:2'\nUCD+12+2'\n\
         UCM+M3+DESADV:D:96A:UN:EAN005+4+29+UNT+2'\n\
         UNT+11+1'\nUNZ+1+77'\n"
    );
}

#[test]
fn a_contrl_of_syntax_version_4_says_so() {
    let verdict = InterchangeVerdict { version: "4".into(), ..edifact_verdict() };
    assert_eq!(names(&owed(&verdict, Functional::Contrl, When::Never)), ["CONTRL 4 1 7"]);
}

#[test]
fn where_nothing_speaks_of_messages_a_contrl_of_receipt_is_owed_like_a_ta1() {
    let asked = InterchangeVerdict { ack_requested: true, ..edifact_verdict() };
    assert_eq!(names(&owed(&asked, Functional::None, When::WhenAsked)), ["CONTRL D 3 8"]);
    assert_eq!(names(&owed(&edifact_verdict(), Functional::None, When::WhenAsked)), Vec::<String>::new());
    assert_eq!(ack::contrl(&asked, Depth::Receipt).unwrap().len(), 1);
}

#[test]
fn a_rejected_edifact_interchange_or_group_is_named_with_its_place() {
    let mut verdict = edifact_verdict();
    let place = Place { segment_id: Some("UNZ".into()), element: Some(1), ..Place::default() };
    verdict.add(Finding::new(SyntaxCode::GroupCountMismatch, place, "UNZ 0036 is wrong."));
    let said = |verdict: &InterchangeVerdict| {
        let segments = ack::contrl(verdict, Depth::Full).unwrap();
        let lines = segments.iter().map(|segment| {
            let elements: Vec<String> = segment.values().iter().map(|element| element.join(":")).collect();
            format!("{} {}", segment.id(), elements.join("+"))
        });
        lines.collect::<Vec<_>>()
    };
    assert_eq!(said(&verdict), ["UCI IC+1+WAREHOUSE:14:DOCK+DEPOSITOR:14:+4+29+UNZ+2::"]);

    let mut verdict = edifact_verdict();
    let outside = Place { segment_id: Some("BGM".into()), ..Place::default() };
    let finding = Finding::new(SyntaxCode::SegmentOutsideSet, outside, "BGM is in no message.");
    verdict.groups[0].findings.push(finding.clone());
    assert_eq!(
        said(&verdict),
        ["UCI IC+1+WAREHOUSE:14:DOCK+DEPOSITOR:14:+4+33+"],
        "what is in no group is the interchange's"
    );

    let group = &mut verdict.groups[0];
    (group.enveloped, group.control_number) = (true, "G1".into());
    assert_eq!(said(&verdict), ["UCI IC+1+WAREHOUSE:14:DOCK+DEPOSITOR:14:+7", "UCF G1+WAREHOUSE+DEPOSITOR+4+33+"]);
    verdict.groups[0].findings.clear();
    assert_eq!(said(&verdict)[1..3], ["UCF G1+WAREHOUSE+DEPOSITOR+7", "UCM M1+DESADV:D:96A:UN:EAN005+7"]);
    verdict.standard = Standard::X12;
    assert_eq!(ack::contrl(&verdict, Depth::Full), None);
}

#[test]
fn a_contrl_is_written_in_the_repertoire_of_its_interchange() {
    let mut verdict = edifact_verdict();
    verdict.sender.1 = "Müller\u{1}".into();
    let segments = ack::contrl(&verdict, Depth::Receipt).unwrap();
    assert_eq!(segments[0].values()[1][0], "Müller");
    let message = edifact::NewMessage { segments, ..crate::samples::message("CONTRL") };
    let envelope = crate::samples::edifact_envelope(3);
    let bytes = edifact::interchange(&envelope, &edifact::Content::Messages(vec![message])).unwrap();
    assert!(bytes.windows(6).any(|window| window == b"M\xfcller"));
}
