//! A dropped file becomes messages.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use canonical::{AcknowledgmentDocument, Code, Content, Digest, Message};
use jiff::Timestamp;
use partners::Bundle;

use super::{at, bundle, bundle_with};
use crate::edi_drop::{Claim, Drop, FILE_LEN_MAX, Met, Split, is_finished, partner_of, split};

/// What Acme's file is split into.
fn dropped_with(bundle: &Bundle, bytes: &[u8]) -> Split {
    dropped_after(bundle, bytes, &BTreeMap::new())
}

/// The same after files that have some of its numbers.
fn dropped_after(bundle: &Bundle, bytes: &[u8], taken: &BTreeMap<usize, Claim>) -> Split {
    let profile = bundle.partner(&"acme".parse().unwrap()).unwrap();
    let sender = profile.principal(&bundle.house.tenant);
    let received_at: Timestamp = at(2);
    let key = "inbox/acme/file.edi";
    let len = bytes.len() as u64;
    split(Drop { bytes, len, key, profile, sender: &sender, profile_version: "v1", received_at }, taken)
}

fn dropped(file: &str) -> Split {
    dropped_with(&bundle(), file.as_bytes())
}

/// An interchange of Acme's with one group.
fn file(functional_id: &str, sets: &[&str]) -> String {
    let mut text = format!(
        "ISA*00*          *00*          *ZZ*ACME3PL        *ZZ*NORTHWIND      *261123*1400*U*00401*000000007*0*P*>~\
         GS*{functional_id}*ACME3PL*NORTHWIND*20261123*1400*7*X*004010~"
    );
    for (at, set) in sets.iter().enumerate() {
        let (id, body) = set.split_once('~').unwrap();
        let (number, count) = (at + 1, body.matches('~').count() + 2);
        let _ = write!(text, "ST*{id}*{number:04}~{body}SE*{count}*{number:04}~");
    }
    let _ = write!(text, "GE*{}*7~IEA*1*000000007~", sets.len());
    text
}

const ADVICE: &str = "945~W06*F*SO-1*20261123*A-1~N1*SF*LONE STAR*92*DAL1~G62*11*20261123*X*1345*UT~W27*M*ODFL~LX*1~\
                      W12*CC*60*60*0*EA**VN*BOLT~N9*LI*1~W03*60~";
const ACCEPTANCE: &str = "997~AK1*OW*1~AK2*940*0001~AK5*A~AK9*A*1*1*1~";

/// Each message in a word.
fn words(split: &Split) -> Vec<String> {
    let word = |message: &Message| match &message.content {
        Content::ShipConfirm(confirm) => format!("confirm {}", confirm.shipment_no),
        Content::GroupAck(ack) => format!("ack {}", ack.group_control),
        Content::Acknowledge(_) => "acknowledge".to_owned(),
        Content::Defective { findings, sender_told, .. } => {
            let told = if *sender_told { "told" } else { "not told" };
            format!("{} {told}", findings[0].code)
        }
        other => panic!("{other:?}"),
    };
    split.messages.iter().map(word).collect()
}

/// What is owed, by its document.
fn owed(split: &Split) -> Vec<AcknowledgmentDocument> {
    let read = |bytes: &Vec<u8>| serde_json::from_slice::<canonical::Acknowledgment>(bytes).unwrap().document;
    split.documents.iter().map(read).collect()
}

#[test]
fn a_file_is_read_once_it_is_finished() {
    assert!(is_finished("inbox/acme/945.edi", 1));
    assert!(is_finished("inbox/acme/945.edi", 2));
    assert!(!is_finished("inbox/acme/945.edi", 0));
    for name in ["a.tmp", "a.part", "a.filepart", "folder/"] {
        assert!(!is_finished(name, 5), "{name}");
    }
    assert_eq!(partner_of("inbox/acme/a/945.edi"), Some("acme"));
    assert_eq!((partner_of("outbox/acme/945.edi"), partner_of("inbox/945.edi")), (None, None));
}

#[test]
fn each_set_is_a_message_and_each_group_is_owed_an_acknowledgment() {
    let text = file("SW", &[ADVICE, &ADVICE.replace("A-1", "A-2")]);
    let split = dropped(&text);
    assert_eq!(words(&split), ["confirm A-1", "confirm A-2", "acknowledge"]);
    assert_eq!(owed(&split), [AcknowledgmentDocument::Functional997]);
    let raw = &split.messages[0].raw;
    let (begin, end) = (usize::try_from(raw.offset).unwrap(), usize::try_from(raw.offset + raw.len).unwrap());
    assert!(text[begin..end].starts_with("ST*945*0001~") && text[begin..end].contains("SE*"), "its own bytes");
    assert_eq!(split, dropped(&text), "the same file makes the same messages");
    let received: Vec<Timestamp> = split.messages.iter().map(|message| message.received_at).collect();
    assert_eq!(received, [at(2); 3]);
    assert_eq!(words(&dropped(&file("FA", &[ACCEPTANCE]))), ["ack 1"], "an acknowledgment is never acknowledged");
}

#[test]
fn a_defect_parks_the_smallest_thing_that_holds_it() {
    let wrong = ADVICE.replace("W12*CC*60*60*0", "W12*CC*60*6000000000000*0");
    assert_eq!(words(&dropped(&file("SW", &[ADVICE, &wrong]))), ["confirm A-1", "edi-syntax told", "acknowledge"]);
    let count = file("SW", &[ADVICE]).replace("GE*1*7~", "GE*1*8~");
    assert_eq!(words(&dropped(&count)), ["edi-envelope told", "acknowledge"], "the group is refused as a whole");
    let unsupported = file("RE", &["944~W17*F*20261123*R1~N1*WH*LONE STAR*92*DAL1~W07*10*EA**VN*BOLT~W14*10~"]);
    assert_eq!(words(&dropped(&unsupported)), ["edi-unsupported-set told", "acknowledge"]);
    let silent = bundle_with(|name, text| match name {
        "acme" => format!("{text}agreement = {{ acknowledge = {{ functional = \"none\" }} }}\n"),
        _ => text.to_owned(),
    });
    assert_eq!(words(&dropped_with(&silent, file("SW", &[&wrong]).as_bytes())), ["edi-syntax not told"]);
}

#[test]
fn a_set_that_is_well_formed_and_cannot_be_understood_is_one_that_its_sender_does_not_know_of() {
    let unreadable = ADVICE.replace("W06*F*SO-1", "W06*F*");
    let words = words(&dropped(&file("SW", &[&unreadable])));
    assert!(words.len() == 2 && words[0].ends_with(" not told"), "{words:?}");
}

#[test]
fn a_partner_of_implementation_guides_is_owed_a_999() {
    let agreed = bundle_with(|name, text| match name {
        "acme" => format!("{text}agreement = {{ acknowledge = {{ functional = \"x999\" }} }}\n"),
        _ => text.to_owned(),
    });
    let late = file("SW", &[ADVICE]).replace("*U*00401*", "*^*00501*").replace("*X*004010~", "*X*005010~");
    assert_eq!(owed(&dropped_with(&agreed, late.as_bytes())), [AcknowledgmentDocument::Implementation999]);
    let asking = file("SW", &[ADVICE]).replace("*0*P*>", "*1*P*>");
    let both = [AcknowledgmentDocument::Ta1, AcknowledgmentDocument::Functional997];
    assert_eq!(owed(&dropped(&asking)), both);
}

#[test]
fn a_file_of_somebody_else_is_kept_and_answered_to_nobody() {
    let text = file("SW", &[ADVICE]);
    for wrong in [text.replace("*ZZ*ACME3PL ", "*01*ACME3PL "), text.replacen("ACME3PL ", "BOLT3PL ", 1)] {
        let split = dropped(&wrong);
        assert_eq!((words(&split), owed(&split)), (vec!["edi-wrong-sender not told".to_owned()], Vec::new()));
    }
    let trial = dropped(&text.replace("*0*P*>", "*0*T*>"));
    assert_eq!((words(&trial), owed(&trial)), (vec!["edi-usage-mismatch not told".to_owned()], Vec::new()));
}

#[test]
fn what_is_no_interchange_is_kept_whole_for_a_person() {
    assert_eq!(words(&dropped("Dear Sirs,\nplease find attached")), ["edi-envelope not told"]);
    let cut = file("SW", &[ADVICE]);
    let split = dropped(&cut[..cut.len() - 20]);
    assert!(words(&split)[0].starts_with("edi-envelope"), "{:?}", words(&split));
}

#[test]
fn a_file_of_the_greatest_length_is_read_and_one_byte_more_is_not() {
    let mut bytes = vec![b' '; FILE_LEN_MAX + 1];
    let Content::Defective { findings, .. } = &dropped_with(&bundle(), &bytes).messages[0].content.clone() else {
        panic!("it is too large")
    };
    assert_eq!(findings[0].code, Code::TooLarge);
    assert!(findings[0].detail.contains("lies at inbox/acme/file.edi"), "{}", findings[0].detail);
    bytes.pop();
    let read = dropped_with(&bundle(), &bytes);
    assert!(words(&read).iter().all(|word| !word.starts_with("too-large")), "{:?}", words(&read));
}

fn claim(bytes: &[u8], key: &str, version: Option<&str>) -> Claim {
    let version = version.map(ToOwned::to_owned);
    Claim { sha256: Digest::of(bytes), key: key.to_owned(), version, received_at: at(1) }
}

#[test]
fn a_number_belongs_to_sender_receiver_and_partner() {
    let names = |file: &str| dropped(file).numbers.into_iter().map(|number| number.name).collect::<Vec<_>>();
    let first = names(&file("SW", &[ADVICE]));
    assert_eq!(first.len(), 1);
    assert!(first[0].starts_with("interchange/acme/"), "{first:?}");
    assert_eq!(names(&file("FA", &[ACCEPTANCE])), first, "whatever stands in it");
    assert_ne!(names(&file("SW", &[ADVICE]).replace("000000007", "000000008")), first);
    assert_ne!(names(&file("SW", &[ADVICE]).replace("NORTHWIND      ", "NORTHWIND2     ")), first);
}

#[test]
fn what_is_refused_claims_no_number() {
    let stranger = file("SW", &[ADVICE]).replace("*ACME3PL  ", "*OTHER3PL ");
    let test = file("SW", &[ADVICE]).replace("*0*P*>", "*0*T*>");
    let whole = file("SW", &[ADVICE]);
    let (broken_off, _) = whole.split_at(whole.len() - 10);
    for refused in [stranger.as_str(), test.as_str(), broken_off, "no EDI"] {
        assert_eq!(dropped(refused).numbers, [], "{refused}");
    }
    let agreed = "\n[agreement]\ncontrol_numbers = \"reused\"\n";
    let reused = bundle_with(|name, text| if name == "acme" { format!("{text}{agreed}") } else { text.to_owned() });
    assert_eq!(dropped_with(&reused, whole.as_bytes()).numbers, [], "the partner's numbers tell nothing");
}

#[test]
fn an_interchange_whose_number_is_taken_is_kept_whole_and_told_of_by_a_ta1_where_one_is_asked_for() {
    let asks = file("SW", &[ADVICE, ADVICE]).replace("*0*P*>", "*1*P*>");
    let taken = BTreeMap::from([(0, claim(b"another", "inbox/acme/first.edi", None))]);
    let split = dropped_after(&bundle(), asks.as_bytes(), &taken);
    assert_eq!(words(&split), ["edi-control-number-taken told", "acknowledge"]);
    assert_eq!(owed(&split), [AcknowledgmentDocument::Ta1]);
    let quiet = dropped_after(&bundle(), file("SW", &[ADVICE]).as_bytes(), &taken);
    assert_eq!(words(&quiet), ["edi-control-number-taken not told"]);
    assert_eq!(quiet.numbers, []);
}

#[test]
fn a_file_meets_itself_its_copy_or_another() {
    let own = claim(b"a", "inbox/acme/1.edi", Some("v1"));
    assert_eq!(own.meets(&own.clone()), Met::Itself);
    assert_eq!(own.meets(&claim(b"a", "inbox/acme/1.edi", Some("v2"))), Met::Copy);
    assert_eq!(own.meets(&claim(b"a", "inbox/acme/2.edi", Some("v1"))), Met::Copy);
    assert_eq!(own.meets(&claim(b"b", "inbox/acme/1.edi", Some("v1"))), Met::Other);
}
