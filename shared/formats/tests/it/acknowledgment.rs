use canonical::Code::{EdiEnvelope, EdiSyntax, EdiUnsupportedSet};
use canonical::{Acknowledgment, AcknowledgmentDocument, GroupAck};
use edi::Delimiters;
use edi::guide::Guides;
use edi::verdict::{self, Verdict};
use formats::x12::{acknowledgment, finding, group_acks};

use crate::world::{house, now, numbers, place, profile};

/// A file of one group with a good and a bad 945, and what we owe its sender.
fn owed(version: &str, bad: &str) -> Acknowledgment {
    let file = format!(
        "ISA*00*          *00*          *01*123456789      *ZZ*NORTHWIND      *260131*1435*U*00401*000000009*0*T*>~\
         GS*SW*ACMEWMS*NORTHWIND*20260131*1435*33*X*{version}~\
         ST*945*0001~W06*F*SO-1*20260131*S1~N1*SF*W~SE*4*0001~\
         ST*945*0002~W06*F*SO-2*{bad}*S2~N1*SF*W~SE*4*0002~GE*2*33~IEA*1*000000009~"
    );
    let document = edi::read(file.as_bytes());
    let verdict = verdict::interchange(&document.interchanges[0], Guides::built_in());
    let segments = edi::ack::functional_acknowledgment(&verdict.groups[0], Delimiters::default()).unwrap();
    Acknowledgment {
        document: AcknowledgmentDocument::Functional997,
        segments: segments.iter().map(|segment| (segment.id().to_owned(), segment.values().to_vec())).collect(),
        version: version.to_owned(),
        group: "interchange 000000009 group 33".to_owned(),
    }
}

fn write(owed: &Acknowledgment) -> String {
    let bytes = acknowledgment(owed, &house(), &profile(), numbers(), now()).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_997_says_which_set_was_refused_and_where() {
    let written = write(&owed("004010", "20261331"));
    assert_eq!(
        written.replace('~', "~\n"),
        "ISA*00*          *00*          *ZZ*NORTHWIND      *01*123456789      *260131*1435*U*00401*000004711*0*T*>~\n\
         GS*FA*NORTHWIND*ACMEWMS*20260131*1435*815*X*004010~\n\
         ST*997*0001~\n\
         AK1*SW*33~\n\
         AK2*945*0001~\n\
         AK5*A~\n\
         AK2*945*0002~\n\
         AK3*W06*2**8~\n\
         AK4*3*373*8*20261331~\n\
         AK5*R*5~\n\
         AK9*P*2*2*1~\n\
         SE*10*0001~\n\
         GE*1*815~\n\
         IEA*1*000004711~\n"
    );
}

#[test]
fn a_997_is_written_in_the_version_of_its_group_and_reads_back_clean() {
    for (version, controls) in
        [("004010", "U*00401"), ("004010VICS", "U*00401"), ("005010", "^*00501"), ("", "U*00401"), ("X*~", "U*00401")]
    {
        let written = write(&owed(version.get(..6).unwrap_or("004010"), "2026^331").with_version(version));
        assert!(written.contains(&format!("*{controls}*")), "{version}: {written}");
        let document = edi::read(written.as_bytes());
        let verdict = verdict::interchange(&document.interchanges[0], Guides::built_in());
        assert_eq!(verdict.findings, Vec::new(), "{written}");
        assert_eq!(verdict.groups[0].sets[0].verdict, Verdict::Accepted, "{:?}", verdict.groups[0].sets[0].findings);
    }
}

trait WithVersion {
    fn with_version(self, version: &str) -> Self;
}

impl WithVersion for Acknowledgment {
    fn with_version(self, version: &str) -> Self {
        Self { version: version.to_owned(), ..self }
    }
}

/// What a 997 of these segments between AK1 and SE says.
fn said(segments: &str) -> Vec<GroupAck> {
    let count = segments.matches('~').count() + 2;
    let file = format!(
        "ISA|00|          |00|          |01|123456789      |ZZ|NORTHWIND      |260131|1435|U|00401|000000042|0|T|:~\
         GS|FA|ACMEWMS|NORTHWIND|20260131|1435|17|X|004010~ST|997|0003~{segments}SE|{count}|0003~GE|1|17~IEA|1|000000042~"
    );
    let document = edi::read(file.as_bytes());
    let interchange = &document.interchanges[0];
    let group = &interchange.groups[0];
    group_acks(interchange, group, &group.sets[0]).unwrap()
}

/// set, whether accepted, notes
fn short(acks: &[GroupAck]) -> Vec<String> {
    let words = |ack: &GroupAck| {
        let set = ack.set_control.as_deref().unwrap_or("group");
        let verdict = if ack.accepted { "accepted" } else { "rejected" };
        [&[set.to_owned(), verdict.to_owned()][..], &ack.notes].concat().join("; ")
    };
    acks.iter().map(words).collect()
}

#[test]
fn an_acknowledgment_names_the_group_and_where_it_stands() {
    let acks = said("AK1|OW|000000815~AK2|940|0001~AK5|A~AK9|A|1|1|1~");
    let [ack] = acks.as_slice() else { panic!("{acks:?}") };
    assert_eq!(
        (ack.functional_id.as_str(), ack.group_control.as_str(), ack.set_control.as_deref(), ack.ack_control.as_str()),
        ("OW", "815", Some("0001"), "000000042/17/0003")
    );
    assert!(ack.accepted && ack.notes.is_empty());
}

#[test]
fn each_set_has_its_verdict_and_notes() {
    let acks = said(
        "AK1|OW|815~AK2|940|0001~AK3|W05|2||8~AK4|2|285|5~AK5|E|5~AK2|940|0002~AK5|R|5|4~AK2|940|0003~AK5|M~AK9|P|3|3|1~",
    );
    assert_eq!(
        short(&acks),
        [
            "0001; accepted; segment 2 (W05), element 2: element too long (5); segments in error (5)",
            "0002; rejected; segments in error (5); number of segments wrong (4)",
            "0003; rejected"
        ]
    );
}

#[test]
fn a_group_without_sets_speaks_for_all_of_them() {
    assert_eq!(short(&said("AK1|OW|815~AK9|A|1|1|1~")), ["group; accepted"]);
    assert_eq!(short(&said("AK1|OW|815~AK9|E|1|1|1~")), ["group; accepted"]);
    assert_eq!(short(&said("AK1|OW|815~AK9|R|1|1|0|2~")), ["group; rejected; version not supported (2)"]);
}

#[test]
fn a_refused_group_refuses_its_sets_whatever_is_said_of_them() {
    assert_eq!(
        short(&said("AK1|OW|815~AK2|940|0001~AK5|A~AK9|R|1|1|0|4~")),
        ["0001; rejected; GS06 and GE02 differ (4)"]
    );
    assert_eq!(
        short(&said("AK1|OW|815~AK2|940|0001~AK5|R|5~AK9|R|3|3|0~")),
        ["0001; rejected; segments in error (5)", "group; rejected"]
    );
}

#[test]
fn sets_that_are_not_named_are_accepted_with_an_accepted_group_alone() {
    assert_eq!(
        short(&said("AK1|OW|815~AK2|940|0001~AK5|E|5~AK9|E|2|2|2~")),
        ["0001; accepted; segments in error (5)", "group; accepted"]
    );
    assert_eq!(short(&said("AK1|OW|815~AK2|940|0001~AK5|R~AK9|P|2|2|1~")), ["0001; rejected"]);
}

#[test]
fn a_997_that_says_nothing_is_a_finding_with_its_place() {
    let file = "ISA|00|          |00|          |01|123456789      |ZZ|NORTHWIND      |260131|1435|U|00401|000000042|0|T|:~\
                GS|FA|ACMEWMS|NORTHWIND|20260131|1435|17|X|004010~ST|997|0003~AK1|OW|1~AK9|Q|1|1|1~SE|4|0003~GE|1|17~IEA|1|000000042~";
    let document = edi::read(file.as_bytes());
    let interchange = &document.interchanges[0];
    let group = &interchange.groups[0];
    let refused = group_acks(interchange, group, &group.sets[0]).unwrap_err();
    assert_eq!(
        (refused.code, place(&refused).as_str()),
        (EdiSyntax, format!("AK901 of 3 at {}", file.find("Q|1|1|1").unwrap()).as_str())
    );
}

#[test]
fn findings_of_a_file_keep_their_level_and_place() {
    let file = "ISA*00*          *00*          *ZZ*A              *ZZ*B              *260131*1435*U*00401*000000009*0*T*>~\
                GS*QG*A*B*20260131*1435*1*X*004010~ST*000*0001~G53*00~SE*3*0001~GE*2*1~IEA*2*000000009~";
    let document = edi::read(file.as_bytes());
    let interchange = &document.interchanges[0];
    let group = verdict::group(&interchange.groups[0], Guides::built_in());
    let codes = |findings: &[edi::Finding]| -> Vec<(canonical::Code, String)> {
        findings.iter().map(finding).map(|finding| (finding.code, place(&finding))).collect()
    };
    let at = |text: &str| file.find(text).unwrap();
    assert_eq!(codes(&interchange.findings), [(EdiEnvelope, format!("IEA01 of 0 at {}", at("2*000000009")))]);
    assert_eq!(codes(&group.findings), [(EdiEnvelope, format!("GE01 of 0 at {}", at("2*1~")))]);
    assert_eq!(codes(&group.sets[0].findings), [(EdiUnsupportedSet, format!("ST01 of 1 at {}", at("000*0001")))]);
}
