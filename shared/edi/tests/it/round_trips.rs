//! Whatever is written is read as what it was, in both standards, and acknowledged without a word.

use edi::ack::{self, AckPolicy, Answer, Functional, Owed, SentGroup, SentInterchange, SentSet, When};
use edi::guide::Guides;
use edi::write::edifact::{self, Content};
use edi::write::{self, NewSegment, OnCharacter, OnDelimiter, Policy};
use edi::{Delimiters, verdict};
use proptest::prelude::*;

use crate::samples::{edifact_envelope, envelope, group, message};

/// Elements, each of repetitions, each of components.
type Values = Vec<Vec<Vec<String>>>;

/// Without the empty parts at an end, which nobody can read back.
fn trimmed(values: &Values) -> Values {
    let whole = |list: &[String]| {
        let len = list.iter().rposition(|one| !one.is_empty()).map_or(0, |last| last + 1);
        list[..len].to_vec()
    };
    let mut elements: Values = Vec::new();
    for element in values {
        let mut repetitions: Vec<Vec<String>> = element.iter().map(|components| whole(components)).collect();
        while repetitions.last().is_some_and(Vec::is_empty) {
            repetitions.pop();
        }
        elements.push(repetitions);
    }
    while elements.last().is_some_and(Vec::is_empty) {
        elements.pop();
    }
    elements
}

fn segment(id: &str, values: &Values) -> NewSegment {
    values.iter().fold(NewSegment::new(id), |segment, element| {
        let (first, rest) = element.split_first().unwrap();
        rest.iter().fold(segment.composite(first.clone()), |segment, more| segment.repeat(more.clone()))
    })
}

/// What a reader sees in a segment.
fn seen(segment: &edi::Segment<'_>) -> Values {
    (1..=segment.element_count())
        .map(|n| {
            let repetitions = segment.repetitions(n);
            let of = |raw: &[u8]| {
                let texts: Vec<String> = segment.components_of(raw).map(|one| segment.text(one).into_owned()).collect();
                if texts.iter().all(String::is_empty) { Vec::new() } else { texts }
            };
            repetitions.map(of).collect()
        })
        .collect()
}

fn values(text: &'static str, repetitions: usize) -> impl Strategy<Value = Values> {
    let components = prop::collection::vec(text, 1..4);
    prop::collection::vec(prop::collection::vec(components, 1..=repetitions), 1..5)
}

/// Five different bytes that may separate: element, component, terminator, repetition, release.
fn separators() -> impl Strategy<Value = [u8; 5]> {
    let bytes: Vec<u8> = b"*+:>~'^|?!\\;&#\x1c\x1d\x1e\x1f".to_vec();
    let five = prop::sample::subsequence(bytes, 5).prop_shuffle();
    (five, any::<bool>()).prop_map(|(bytes, lines)| {
        let [element, component, terminator, repetition, release] = <[u8; 5]>::try_from(bytes).unwrap();
        [element, component, if lines { b'\n' } else { terminator }, repetition, release]
    })
}

proptest! {
    #[test]
    fn x12_gives_back_every_value_that_it_can_say(
        values in values("[ -~éß€]{0,8}", 2),
        [element, component, terminator, repetition, _] in separators(),
    ) {
        let delimiters = Delimiters::new(element, component, terminator, Some(repetition)).unwrap();
        let clean = |text: &String| write::clean(text, delimiters, 8);
        let values: Values = values.iter().map(|e| e.iter().map(|r| r.iter().map(clean).collect()).collect()).collect();
        let envelope = write::Envelope { version: "00501".into(), line_feeds: false, ..envelope(delimiters) };
        // The sender and receiver hold no separator.
        let bytes = write::interchange(&envelope, &[], &[group("OW", "940", vec![segment("NTE", &values)])]).unwrap();
        let document = edi::read(&bytes);
        prop_assert_eq!(document.interchanges.len(), 1);
        prop_assert!(document.findings.is_empty() && document.interchanges[0].findings.is_empty());
        let set = &document.interchanges[0].groups[0].sets[0];
        prop_assert_eq!(set.segments.len(), 3);
        prop_assert!(set.findings.is_empty(), "{:?}", set.findings);
        prop_assert_eq!(seen(&set.body()[0]), trimmed(&values));
        prop_assert_eq!(write::document(&document, &bytes), bytes);
    }

    #[test]
    fn edifact_gives_back_every_value_whatever_separates(
        values in values("[ -~éß]{0,8}", 2),
        [element, component, terminator, repetition, release] in separators(),
        version in 1_u8..=4,
        charset in prop::sample::select(vec!["UNOC", "UNOY", "UNOW"]),
        line_feeds in any::<bool>(),
    ) {
        let values: Values = if version < 4 { values.into_iter().map(|e| e[..1].to_vec()).collect() } else { values };
        let delimiters = Delimiters::new(element, component, terminator, Some(repetition).filter(|_| version == 4));
        let delimiters = delimiters.unwrap().releasing(Some(release), b'.').unwrap();
        let envelope = edifact::Envelope { charset: charset.into(), delimiters, line_feeds, ..edifact_envelope(version) };
        let content = Content::Messages(vec![edifact::NewMessage { segments: vec![segment("FTX", &values)], ..message("DESADV") }]);
        let written = edifact::interchange(&envelope, &content);
        // A control character that separates cannot be said, released or not; those between blank and tilde can.
        let bytes = written.unwrap();
        let document = edi::read(&bytes);
        prop_assert_eq!(document.interchanges.len(), 1, "{}", String::from_utf8_lossy(&bytes));
        prop_assert!(document.findings.is_empty(), "{:?}", document.findings);
        let interchange = &document.interchanges[0];
        prop_assert!(interchange.findings.is_empty(), "{:?}", interchange.findings);
        prop_assert_eq!(interchange.delimiters, delimiters);
        let set = &interchange.groups[0].sets[0];
        prop_assert!(set.findings.is_empty(), "{:?}", set.findings);
        prop_assert_eq!(set.segments.len(), 3);
        prop_assert_eq!(seen(&set.body()[0]), trimmed(&values));
        prop_assert_eq!(write::document(&document, &bytes), bytes);
    }

    #[test]
    fn any_text_is_written_by_a_policy_that_replaces_and_is_one_segment(
        text in any::<String>(),
        charset in prop::sample::select(vec!["UNOA", "UNOB", "UNOC", "UNOE", "UNOY"]),
        version in 1_u8..=4,
        release in any::<bool>(),
    ) {
        let on_delimiter = if release { OnDelimiter::Release } else { OnDelimiter::Replace(' ') };
        let policy = Policy { on_delimiter, on_character: OnCharacter::Replace('.') };
        let envelope = edifact::Envelope { charset: charset.into(), policy, ..edifact_envelope(version) };
        let text: String = text.chars().filter(|c| !release || !c.is_control()).collect();
        let segments = vec![NewSegment::new("FTX").elements(["AAI", &text, "END"])];
        let content = Content::Messages(vec![edifact::NewMessage { segments, ..message("DESADV") }]);
        let bytes = edifact::interchange(&envelope, &content).unwrap();
        let document = edi::read(&bytes);
        let set = &document.interchanges[0].groups[0].sets[0];
        prop_assert_eq!((set.segments.len(), set.body()[0].element_count()), (3, 3));
        prop_assert_eq!(set.body()[0].element_bytes(3), Some(b"END".as_slice()));
        prop_assert!(set.findings.is_empty() && document.interchanges[0].findings.is_empty());
    }

    #[test]
    fn a_damaged_edifact_file_comes_out_as_it_went_in_and_its_contrl_can_be_read(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..4, any::<u8>()), 0..12),
        version in 1_u8..=4,
    ) {
        let mut bytes = [despatches(version), despatches(version)].concat();
        for (at, kind, byte) in edits {
            if bytes.is_empty() { break; }
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => { bytes.remove(at); }
                2 => bytes.insert(at, byte),
                _ => bytes.truncate(at.max(1)),
            }
        }
        let document = edi::read(&bytes);
        prop_assert_eq!(&write::document(&document, &bytes), &bytes);
        for interchange in &document.interchanges {
            let verdict = verdict::interchange(interchange, Guides::built_in());
            for one in ack::owed(&verdict, AckPolicy { functional: Functional::Contrl, interchange: When::Always }, Delimiters::EDIFACT) {
                let Owed::Contrl(contrl) = one else { continue };
                let policy = Policy { on_character: OnCharacter::Replace('.'), ..edifact::RELEASING };
                let envelope = edifact::Envelope { policy, ..edifact_envelope(version) };
                let written = edifact::interchange(&envelope, &Content::Messages(vec![contrl])).unwrap();
                let document = edi::read(&written);
                let (read, findings) = ack::read_all(&document.interchanges[0]);
                prop_assert_eq!((read.len(), findings.len()), (1, 0), "{}", String::from_utf8_lossy(&written));
                let of_it = verdict::interchange(&document.interchanges[0], Guides::built_in());
                let said: Vec<_> = of_it.groups.iter().flat_map(|group| &group.sets).flat_map(|set| &set.findings).collect();
                prop_assert!(of_it.findings.is_empty() && said.is_empty(), "{:?}", said);
                let rejected = read[0].interchange.as_ref().unwrap().outcome == ack::InterchangeAckOutcome::Rejected;
                let loose = verdict.groups.iter().any(|group| !group.enveloped && group.is_rejected());
                prop_assert_eq!(rejected, loose || verdict.verdict == verdict::Verdict::Rejected);
            }
        }
    }
}

/// Two messages of a kind that nobody here knows, in one interchange.
fn despatches(version: u8) -> Vec<u8> {
    let one = |reference: &str| edifact::NewMessage {
        reference: reference.into(),
        segments: vec![
            NewSegment::new("BGM").elements(["351", "D'1"]),
            NewSegment::new("LIN").element("1").empty().composite(["4012345000009", "SRV"]),
        ],
        ..message("DESADV")
    };
    let content = Content::Messages(vec![one("M1"), one("M2")]);
    edifact::interchange(&edifact::Envelope { reference: "IC+1".into(), ..edifact_envelope(version) }, &content)
        .unwrap()
}

#[test]
fn what_became_of_each_message_comes_back_to_its_sender() {
    let file = String::from_utf8(despatches(3)).unwrap().replace("UNT+4+M2", "UNT+5+M2");
    let document = edi::read(file.as_bytes());
    let verdict = verdict::interchange(&document.interchanges[0], Guides::built_in());
    let policy = AckPolicy { functional: Functional::Contrl, interchange: When::Never };
    let [Owed::Contrl(contrl)] = &ack::owed(&verdict, policy, Delimiters::EDIFACT)[..] else { panic!("one CONTRL") };
    let answer = crate::samples::contrl_file(contrl, 3);
    assert!(answer.contains("\nUCI+IC?+1+DEPOSITOR:14+WAREHOUSE:14+7'\nUCM+M1+DESADV:D:96A:UN+"), "{answer}");
    assert!(answer.contains("\nUCM+M2+DESADV:D:96A:UN+4+29+UNT+2'\n"), "{answer}");

    let document = edi::read(answer.as_bytes());
    let verdict = verdict::interchange(&document.interchanges[0], Guides::built_in());
    assert!(verdict.only_acknowledgments && verdict.findings.is_empty());
    assert_eq!(ack::owed(&verdict, policy, Delimiters::EDIFACT), [], "never acknowledged");

    let set = |control: &str| SentSet { id: "DESADV".into(), control: control.into() };
    let group = SentGroup { functional_id: String::new(), control: String::new(), sets: vec![set("M1"), set("M2")] };
    let ours = [SentInterchange { control: "IC+1".into(), groups: vec![group] }];
    let (read, findings) = ack::read_all(&document.interchanges[0]);
    assert_eq!(findings, []);
    let matched = ack::matched(&ours, &read[0]);
    assert_eq!((&matched.unmatched[..], &matched.contradictions[..]), (&[][..], &[][..]));
    let Answer::Rejected(notes) = &matched.sets[1].answer else { panic!("rejected") };
    assert_eq!(notes[0].text, "segment UNT, element 1: count wrong (29)");
}

#[test]
fn a_written_message_is_accepted_by_reader_and_guide_without_a_word() {
    let despatch = |release: &str| edifact::NewMessage {
        release: release.into(),
        segments: vec![
            NewSegment::new("BGM").elements(["351", "DA'1", "9"]),
            NewSegment::new("DTM").composite(["137", "20260131", "102"]),
            NewSegment::new("NAD").element("ST").composite(["4012345000009", "", "9"]),
            NewSegment::new("CPS").element("1"),
            NewSegment::new("LIN").elements(["1", ""]).composite(["4012345000016", "EN"]),
            NewSegment::new("QTY").composite(["12", "10", "PCE"]),
        ],
        ..message("DESADV")
    };
    for version in 1..=4 {
        for release in ["96A", "01B"] {
            let content = Content::Messages(vec![despatch(release)]);
            let bytes = edifact::interchange(&edifact_envelope(version), &content).unwrap();
            let document = edi::read(&bytes);
            let verdict = verdict::interchange(&document.interchanges[0], Guides::built_in());
            assert_eq!(crate::samples::findings(&verdict), Vec::<String>::new(), "{version} {release}");
            assert_eq!(verdict.groups[0].sets_accepted(), 1);
            let owed = ack::owed(&verdict, AckPolicy::default(), Delimiters::EDIFACT);
            let [Owed::Contrl(contrl)] = &owed[..] else { panic!("one CONTRL") };
            let said: Vec<_> = contrl.segments.iter().map(NewSegment::id).collect();
            assert_eq!(said, ["UCI", "UCM"]);
        }
    }
}
