use edi::Delimiters;
use edi::write::edifact::{self, Content, Envelope, NewGroup, NewMessage, Una};
use edi::write::{Error, NewSegment, OnCharacter, OnDelimiter, Policy};

use crate::samples::{edifact_envelope, message};

fn with(segments: Vec<NewSegment>) -> Content {
    Content::Messages(vec![NewMessage { segments, ..message("DESADV") }])
}

fn text(envelope: &Envelope, content: &Content) -> String {
    String::from_utf8(edifact::interchange(envelope, content).unwrap()).unwrap()
}

/// What is written for a free text of one element.
fn free_text(envelope: &Envelope, value: &str) -> Result<String, Error> {
    let segments = vec![NewSegment::new("FTX").elements(["AAI", value])];
    let bytes = edifact::interchange(envelope, &with(segments))?;
    let line = bytes.split(|b| *b == b'\n').find(|line| line.starts_with(b"FTX")).unwrap();
    let line = line.strip_suffix(b"'").unwrap().strip_prefix(b"FTX+AAI+").unwrap();
    Ok(line.iter().map(|b| char::from(*b)).collect())
}

#[test]
fn the_whole_file() {
    let mut despatch = message("DESADV");
    despatch.association = "EAN005".into();
    despatch.reference = "M1".into();
    despatch.segments = vec![
        NewSegment::new("BGM").elements(["351", "DA'1", "9", ""]).empty(),
        NewSegment::new("DTM").composite(["137", "20260131", "102"]),
        NewSegment::new("NAD").element("ST").composite(["4012345000009", "", "9", ""]),
    ];
    let mut second = message("DESADV");
    second.reference = "M2".into();
    let envelope = Envelope {
        application: "APP".into(),
        ack_requested: true,
        agreement: "EANCOM".into(),
        test: true,
        ..edifact_envelope(3)
    };
    assert_eq!(
        text(&envelope, &Content::Messages(vec![despatch, second])),
        "UNB+UNOC:3+DEPOSITOR:14+WAREHOUSE:14+260131:1435+77++APP++1+EANCOM+1'\n\
         UNH+M1+DESADV:D:96A:UN:EAN005'\nBGM+351+DA?'1+9'\nDTM+137:20260131:102'\nNAD+ST+4012345000009::9'\nUNT+5+M1'\n\
         UNH+M2+DESADV:D:96A:UN'\nUNT+2+M2'\nUNZ+2+77'\n"
    );
}

#[test]
fn groups_are_counted_in_place_of_messages() {
    let group = |reference: &str, messages: &[&str]| NewGroup {
        message_id: "DESADV".into(),
        sender_code: "D".into(),
        receiver_code: "W".into(),
        reference: reference.into(),
        messages: messages.iter().map(|of| NewMessage { reference: (*of).into(), ..message("DESADV") }).collect(),
    };
    let groups = |groups: Vec<NewGroup>| edifact::interchange(&edifact_envelope(3), &Content::Groups(groups));
    let bytes = groups(vec![group("G1", &["1", "2"]), group("G2", &["3"])]).unwrap();
    let lines: Vec<String> = String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(lines[1], "UNG+DESADV+D+W+260131:1435+G1+UN+D:96A'");
    assert_eq!((lines[6].as_str(), lines.last().unwrap().as_str()), ("UNE+2+G1'", "UNZ+2+77'"));
    let refused = |given: Vec<NewGroup>, expected: &str| match groups(given) {
        Err(Error::Envelope { element, .. }) => assert_eq!(element, expected),
        other => panic!("{expected}: {other:?}"),
    };
    refused(vec![group("G1", &["1"]), group("G1", &["2"])], "0048");
    refused(vec![group("G1", &["1"]), group("G2", &["1"])], "0062");
    refused(vec![group("G1", &[])], "0060");
    refused(vec![], "0036");
    let mut mixed = group("G1", &["1", "2"]);
    mixed.messages[1].release = "01B".into();
    refused(vec![mixed], "0038");
}

#[test]
fn the_date_has_its_century_from_version_4_on_and_elements_may_repeat_there() {
    let segments = vec![NewSegment::new("IMD").composite(["a", "b"]).repeat(["c*", ""]).repeat([""])];
    let written = text(&edifact_envelope(4), &with(segments.clone()));
    assert!(written.starts_with("UNB+UNOC:4+DEPOSITOR:14+WAREHOUSE:14+20260131:1435+77'"), "{written}");
    assert!(written.contains("\nIMD+a:b*c?*'\n"), "{written}");
    let error = edifact::interchange(&edifact_envelope(3), &with(segments)).unwrap_err();
    assert_eq!(error, Error::Repetition { segment: "IMD".into(), position: 2, element: 1 });
}

#[test]
fn a_una_is_written_where_a_reader_would_take_other_delimiters_for_granted() {
    let una = |change: fn(&mut Envelope)| {
        let mut envelope = edifact_envelope(3);
        change(&mut envelope);
        let bytes = edifact::interchange(&envelope, &with(vec![])).unwrap();
        bytes.starts_with(b"UNA").then(|| String::from_utf8(bytes[..9].to_vec()).unwrap())
    };
    assert_eq!(una(|_| {}), None);
    assert_eq!(una(|e| e.una = Una::Always).as_deref(), Some("UNA:+.? '"));
    assert_eq!(una(|e| e.version = 4), None);
    assert_eq!(una(|e| (e.version, e.una) = (4, Una::Always)).as_deref(), Some("UNA:+.?*'"));
    assert_eq!(una(|e| e.charset = "UNOB".into()).as_deref(), Some("UNA:+.? '"), "level B has separators of its own");
    let comma = |e: &mut Envelope| {
        e.delimiters = e.delimiters.releasing(None, b',').unwrap().releasing(Some(b'?'), b',').unwrap();
    };
    assert_eq!(una(comma).as_deref(), Some("UNA:+,? '"));
    let pipes = |e: &mut Envelope| {
        e.delimiters = Delimiters::new(b'|', b'^', b'~', None).unwrap().releasing(Some(b'\\'), b'.').unwrap();
    };
    assert_eq!(una(pipes).as_deref(), Some("UNA^|.\\ ~"));
    let unreleased = |e: &mut Envelope| e.delimiters = e.delimiters.releasing(None, b'.').unwrap();
    assert_eq!(una(unreleased).as_deref(), Some("UNA:+.  '"));
}

#[test]
fn what_separates_is_released_replaced_or_refused() {
    let of = |on_delimiter, value: &str| {
        let policy = Policy { on_delimiter, on_character: OnCharacter::Refuse };
        free_text(&Envelope { policy, ..edifact_envelope(3) }, value)
    };
    let forbidden = |byte| Err(Error::Forbidden { segment: "FTX".into(), position: 2, element: 2, byte });
    assert_eq!(of(OnDelimiter::Release, "a+b:c'd?e*f"), Ok("a?+b?:c?'d??e*f".into()));
    assert_eq!(of(OnDelimiter::Replace('-'), "a+b:c'd?e\n"), Ok("a-b-c-d-e-".into()));
    assert_eq!(of(OnDelimiter::Refuse, "a+b"), forbidden(b'+'));
    assert_eq!(of(OnDelimiter::Refuse, "a?b"), forbidden(b'?'));
    assert_eq!(of(OnDelimiter::Release, "a\rb"), forbidden(b'\r'));
    assert_eq!(of(OnDelimiter::Replace(':'), "a"), Err(Error::Replacement(':')));
    assert_eq!(of(OnDelimiter::Replace('€'), "a"), Err(Error::Replacement('€')));
    let mut unreleased = edifact_envelope(3);
    unreleased.delimiters = unreleased.delimiters.releasing(None, b'.').unwrap();
    assert_eq!(free_text(&unreleased, "a+b"), forbidden(b'+'));
    assert_eq!(free_text(&unreleased, "a?b"), Ok("a?b".into()));
}

#[test]
fn a_value_keeps_to_the_repertoire() {
    let of = |charset: &str, on_character, value: &str| {
        let policy = Policy { on_delimiter: OnDelimiter::Release, on_character };
        free_text(&Envelope { charset: charset.into(), policy, ..edifact_envelope(3) }, value)
    };
    let without = |character, repertoire| {
        Err(Error::Repertoire { segment: "FTX".into(), position: 2, element: 2, character, repertoire })
    };
    assert_eq!(of("UNOA", OnCharacter::Refuse, "AB 1=2"), Ok("AB 1=2".into()));
    assert_eq!(of("UNOA", OnCharacter::Refuse, "Ab"), without('b', "UNOA"));
    assert_eq!(of("UNOA", OnCharacter::Replace('.'), "Straße #5"), Ok("STRA.E .5".into()));
    assert_eq!(of("UNOB", OnCharacter::Refuse, "Ab"), Ok("Ab".into()));
    assert_eq!(of("UNOB", OnCharacter::Refuse, "a@b"), without('@', "UNOB"));
    assert_eq!(of("UNOC", OnCharacter::Refuse, "Zürich"), Ok("Zürich".into()), "one byte for each character");
    assert_eq!(of("UNOC", OnCharacter::Refuse, "5 €"), without('€', "UNOC"));
    assert_eq!(of("UNOE", OnCharacter::Refuse, "Москва"), without('М', "UNOE"));
    assert_eq!(of("UNOY", OnCharacter::Refuse, "5 €"), Ok("5 \u{e2}\u{82}\u{ac}".into()), "as UTF-8");
    assert_eq!(of("UNOA", OnCharacter::Replace('a'), "x"), Err(Error::Replacement('a')));
}

#[test]
fn envelopes_that_do_not_fit() {
    let check = |change: fn(&mut Envelope), expected: &str| {
        let mut envelope = edifact_envelope(3);
        change(&mut envelope);
        match edifact::interchange(&envelope, &with(vec![])) {
            Err(Error::Envelope { element, .. }) => assert_eq!(element, expected),
            other => panic!("{expected}: {other:?}"),
        }
    };
    check(|e| e.charset = "UNOZ".into(), "0001");
    check(|e| e.version = 5, "0002");
    check(|e| e.version = 0, "0002");
    check(|e| e.sender.id = " ".into(), "0004");
    check(|e| e.receiver.id = "x".repeat(36), "0010");
    check(|e| e.receiver.qualifier = "12345".into(), "0007");
    check(|e| e.date = "20260230".into(), "0017");
    check(|e| e.time = "2460".into(), "0019");
    check(|e| e.reference = "123456789012345".into(), "0020");
    check(|e| (e.version, e.delimiters) = (4, Delimiters::new(b'*', b':', b'\'', None).unwrap()), "UNA");
    let message_error = |change: fn(&mut NewMessage), expected: &str| {
        let mut one = message("DESADV");
        change(&mut one);
        match edifact::interchange(&edifact_envelope(3), &Content::Messages(vec![one])) {
            Err(Error::Envelope { element, .. }) => assert_eq!(element, expected),
            other => panic!("{expected}: {other:?}"),
        }
    };
    message_error(|m| m.reference = String::new(), "0062");
    message_error(|m| m.id = "desadv".into(), "0065");
    message_error(|m| m.version = String::new(), "0052");
    message_error(|m| m.release = "2001B".into(), "0054");
    message_error(|m| m.agency = String::new(), "0051");
    message_error(|m| m.association = "TOOLONG".into(), "0057");
}

#[test]
fn no_value_of_the_envelope_is_replaced() {
    let policy = Policy { on_delimiter: OnDelimiter::Replace('-'), on_character: OnCharacter::Replace('-') };
    let mut envelope = Envelope { policy, ..edifact_envelope(3) };
    envelope.sender.id = "A+B".into();
    assert!(text(&envelope, &with(vec![])).contains("+A?+B:14+"));
    envelope.sender.id = "€".into();
    assert!(matches!(edifact::interchange(&envelope, &with(vec![])), Err(Error::Repertoire { .. })));
}

#[test]
fn no_segment_of_the_envelope_stands_in_a_message() {
    for id in ["UNT", "UNB", "UNZ", "UNH", "UNA", "BG", "bgm", "BGM+1", ""] {
        let error = edifact::interchange(&edifact_envelope(3), &with(vec![NewSegment::new(id)])).unwrap_err();
        assert_eq!(error, Error::SegmentId { segment: id.into(), position: 2 });
    }
    assert!(text(&edifact_envelope(3), &with(vec![NewSegment::new("UNS").element("S")])).contains("\nUNS+S'\n"));
}

#[test]
fn one_message_beyond_what_the_count_can_say() {
    let messages = vec![message("DESADV"); edifact::COUNT_MAX + 1];
    let error = edifact::interchange(&edifact_envelope(3), &Content::Messages(messages));
    assert!(matches!(error, Err(Error::TooMany(_))), "{error:?}");
}
