use edi::write::{self, Error, NewSegment, clean};
use edi::{Delimiters, ISA_LEN};

use crate::samples::{envelope, findings, group, order, verdict_on, write_one};

#[test]
fn what_is_written_reads_back_without_a_finding() {
    let controls = Delimiters::new(0x1d, 0x1f, 0x1c, None).unwrap();
    let lines = Delimiters::new(b'|', b'^', b'\n', None).unwrap();
    for delimiters in [Delimiters::STANDARD, controls, lines] {
        let bytes = write_one(delimiters, &[group("OW", "940", order())]).unwrap();
        assert_eq!(bytes[ISA_LEN - 1], delimiters.terminator());
        assert_eq!(bytes[104], delimiters.component());
        let verdict = verdict_on(&String::from_utf8(bytes.clone()).unwrap());
        assert_eq!(findings(&verdict), Vec::<String>::new());
        assert_eq!(verdict.groups[0].sets_accepted(), 1);
        let document = edi::read(&bytes);
        assert_eq!(document.interchanges[0].delimiters, delimiters);
        for (read, written) in document.interchanges[0].groups[0].sets[0].body().iter().zip(order()) {
            assert_eq!(read.id(), written.id());
            for (n, value) in written.values().iter().enumerate() {
                assert_eq!(read.element(n + 1).as_deref().unwrap_or(""), value[0]);
            }
        }
    }
}

#[test]
fn the_whole_file() {
    let bytes = write_one(
        Delimiters::STANDARD,
        &[group(
            "OW",
            "940",
            vec![
                NewSegment::new("W05").elements(["N", "1", "", ""]).empty(),
                NewSegment::new("N9").elements(["BM", "1", "", "", "", ""]).composite(["PO", "2", ""]),
            ],
        )],
    )
    .unwrap();
    let expected = "ISA*00*          *00*          *ZZ*DEPOSITOR      *01*006922827      *260131*1435*U*00401*000000041*1*T*>~\n\
        GS*OW*DEPOSITOR*WAREHOUSE*20260131*1435*1*X*004010~\nST*940*0001~\nW05*N*1~\nN9*BM*1*****PO>2~\nSE*4*0001~\nGE*1*1~\nIEA*1*000000041~\n";
    assert_eq!(String::from_utf8(bytes).unwrap(), expected);
}

#[test]
fn a_repetition_separator_is_written_from_00402_on() {
    let delimiters = Delimiters::new(b'*', b':', b'~', Some(b'^')).unwrap();
    let old = write_one(delimiters, &[group("OW", "940", order())]).unwrap();
    assert_eq!((old[82], edi::read(&old).interchanges[0].delimiters.repetition()), (b'U', None));
    let new = envelope(delimiters);
    let new =
        write::interchange(&write::Envelope { version: "00501".into(), ..new }, &[], &[group("OW", "940", order())])
            .unwrap();
    assert_eq!((new[82], new[105]), (b'^', b'~'));
    assert_eq!(edi::read(&new).interchanges[0].delimiters, delimiters);
}

#[test]
fn no_value_becomes_a_segment() {
    for (value, byte) in
        [("a~b", b'~'), ("a*b", b'*'), ("a>b", b'>'), ("a\nb", b'\n'), ("a\rb", b'\r'), ("a\0b", 0), ("a\u{85}b", 0xc2)]
    {
        let segments = vec![NewSegment::new("W05").elements(["N", value])];
        let error = write_one(Delimiters::STANDARD, &[group("OW", "940", segments)]).unwrap_err();
        assert_eq!(error, Error::Forbidden { segment: "W05".into(), position: 2, element: 2, byte });
        assert_eq!(clean(value, Delimiters::STANDARD, 22), "a b");
    }
    for id in ["SE", "ISA", "GS", "IEA", "W05*N", "w05", "", "W", "W055", "1AB"] {
        let error = write_one(Delimiters::STANDARD, &[group("OW", "940", vec![NewSegment::new(id).element("N")])]);
        assert_eq!(error, Err(Error::SegmentId { segment: id.into(), position: 2 }));
    }
    let mut bad = group("OW", "940", order());
    bad.sender_code = "A*B".into();
    assert!(matches!(write_one(Delimiters::STANDARD, &[bad]), Err(Error::Forbidden { position: 0, .. })));
    let mut bad = envelope(Delimiters::STANDARD);
    bad.receiver.1 = "A*B".into();
    assert!(matches!(write::interchange(&bad, &[], &[]), Err(Error::Forbidden { .. })));
}

#[test]
fn envelopes_that_do_not_fit() {
    let check = |change: fn(&mut write::Envelope), element: &str| {
        let mut envelope = envelope(Delimiters::STANDARD);
        change(&mut envelope);
        match write::interchange(&envelope, &[], &[]) {
            Err(Error::Envelope { element: found, .. }) => assert_eq!(found, element),
            other => panic!("{element}: {other:?}"),
        }
    };
    check(|e| e.sender.0 = "Z".into(), "ISA05");
    check(|e| e.sender.1 = "SIXTEENCHARACTER".into(), "ISA06");
    check(|e| e.sender.1 = " ".into(), "ISA06");
    check(|e| e.receiver.1 = "Zürich".into(), "ISA08");
    check(|e| e.date = "20260230".into(), "GS04");
    check(|e| e.date = "260131".into(), "GS04");
    check(|e| e.time = "2460".into(), "ISA10");
    check(|e| e.version = "4010".into(), "ISA12");
    check(|e| e.usage_indicator = 'X', "ISA15");
    let mut twice = group("OW", "940", order());
    twice.sets.push(twice.sets[0].clone());
    assert!(matches!(write_one(Delimiters::STANDARD, &[twice]), Err(Error::Envelope { element: "ST02", .. })));
}

#[test]
fn cleaning_cuts_by_characters_and_trims() {
    assert_eq!(clean("  Müller~& Söhne  ", Delimiters::STANDARD, 8), "Müller &");
    assert_eq!(clean("abc def", Delimiters::STANDARD, 4), "abc");
    assert_eq!(clean("~*>", Delimiters::STANDARD, 4), "");
}

#[test]
fn a_segment_one_byte_too_long_is_not_written() {
    use edi::limits::SEGMENT_LEN_MAX;
    let of = |len: usize| {
        write_one(
            Delimiters::STANDARD,
            &[group("OW", "940", vec![NewSegment::new("NTE").empty().element("x".repeat(len - 5))])],
        )
    };
    assert!(of(SEGMENT_LEN_MAX).is_ok());
    assert!(matches!(of(SEGMENT_LEN_MAX + 1), Err(Error::TooMany(_))));
}

#[test]
fn one_group_and_one_set_beyond_what_the_counts_can_say() {
    let empty = write::NewGroup { sets: Vec::new(), ..group("OW", "940", Vec::new()) };
    let groups = vec![empty.clone(); write::GROUPS_MAX + 1];
    assert!(write_one(Delimiters::STANDARD, &groups[1..]).is_ok());
    assert!(matches!(write_one(Delimiters::STANDARD, &groups), Err(Error::TooMany(_))));
    let nothing = write::NewSet { id: String::new(), control_number: String::new(), segments: Vec::new() };
    let full = write::NewGroup { sets: vec![nothing; write::SETS_MAX + 1], ..empty };
    assert!(matches!(write_one(Delimiters::STANDARD, &[full]), Err(Error::TooMany(_))));
}

#[test]
fn from_00704_on_a_release_character_is_announced_and_used() {
    let releasing = Delimiters::new(b'*', b'>', b'~', Some(b'^')).unwrap().releasing(Some(b'?'), b'.').unwrap();
    let policy = write::Policy { on_delimiter: write::OnDelimiter::Release, ..write::Policy::default() };
    let segments = vec![NewSegment::new("NTE").elements(["GEN", "a*b~c>d^e?f"])];
    let of = |version: &str| {
        let envelope = write::Envelope { version: version.into(), line_feeds: false, ..envelope(releasing) };
        write::interchange_as(&envelope, &[], &[group("OW", "940", segments.clone())], policy)
    };
    let bytes = of("00704").unwrap();
    assert_eq!(&bytes[ISA_LEN..ISA_LEN + 6], b"ISX*?~");
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert!(text.contains("~NTE*GEN*a?*b?~c?>d?^e??f~"), "{text}");
    let document = edi::read(&bytes);
    let set = &document.interchanges[0].groups[0].sets[0];
    assert_eq!(set.body()[0].delimiters().release(), Some(b'?'));
    assert_eq!(set.body()[0].element(2).as_deref(), Some("a*b~c>d^e?f"));
    assert_eq!(write::document(&document, &bytes), bytes);
    assert!(matches!(of("00501"), Err(Error::Forbidden { byte: b'*', .. })), "there was none before");
}

#[test]
fn what_separates_is_replaced_where_the_policy_says_so_and_never_in_the_envelope() {
    let with = |on_delimiter| write::Policy { on_delimiter, ..write::Policy::default() };
    let write =
        |policy, group: write::NewGroup| write::interchange_as(&envelope(Delimiters::STANDARD), &[], &[group], policy);
    let note = || group("OW", "940", vec![NewSegment::new("NTE").elements(["GEN", "a~b\nc"])]);
    let text = String::from_utf8(write(with(write::OnDelimiter::Replace(' ')), note()).unwrap()).unwrap();
    assert!(text.contains("\nNTE*GEN*a b c~\n"), "{text}");
    let error = write(with(write::OnDelimiter::Replace('*')), note()).unwrap_err();
    assert_eq!(error, Error::Replacement('*'));
    let named = write::NewGroup { sender_code: "A~B".into(), ..note() };
    assert!(matches!(write(with(write::OnDelimiter::Replace(' ')), named), Err(Error::Forbidden { position: 0, .. })));
}

#[test]
fn an_element_repeats_where_the_interchange_has_a_separator_for_it() {
    let delimiters = Delimiters::new(b'*', b':', b'~', Some(b'^')).unwrap();
    let segment = NewSegment::new("N9").element("a").composite(["b", "c", ""]).repeat(["d"]).repeat(["", ""]).empty();
    let of = |version: &str| {
        let envelope = write::Envelope { version: version.into(), ..envelope(delimiters) };
        write::interchange(&envelope, &[], &[group("OW", "940", vec![segment.clone()])])
    };
    let bytes = of("00501").unwrap();
    assert!(String::from_utf8_lossy(&bytes).contains("\nN9*a*b:c^d~\n"));
    let document = edi::read(&bytes);
    let read = document.interchanges[0].groups[0].sets[0].body()[0];
    assert_eq!(read.repetitions(2).collect::<Vec<_>>(), [b"b:c".as_slice(), b"d"]);
    assert_eq!(of("00401"), Err(Error::Repetition { segment: "N9".into(), position: 2, element: 2 }));
    assert_eq!(segment.repetitions(2).collect::<Vec<_>>()[1], ["d"]);
    assert_eq!(NewSegment::new("N9").repeat(["x"]).values(), [["x"]]);
}

#[test]
fn st03_names_the_implementation_guide_of_the_group() {
    let st = |version: &str| {
        let group = write::NewGroup { version: version.into(), ..group("OW", "940", order()) };
        let text = String::from_utf8(write_one(Delimiters::STANDARD, &[group]).unwrap()).unwrap();
        text.lines().find(|line| line.starts_with("ST*")).unwrap().to_owned()
    };
    assert_eq!(st("005010X231A1"), "ST*940*0001*005010X231A1~");
    for plain in ["004010", "005010", "005010VICS", "004010X231", "X"] {
        assert_eq!(st(plain), "ST*940*0001~", "{plain}");
    }
}

#[test]
fn a_line_end_separates_nothing_but_segments() {
    for delimiters in [
        Delimiters::new(b'\n', b'>', b'~', None),
        Delimiters::new(b'*', b'\r', b'~', None),
        Delimiters::new(b'*', b'>', b'~', Some(b'\n')),
    ] {
        let newer = write::Envelope { version: "00501".into(), ..envelope(delimiters.unwrap()) };
        let error = write::interchange(&newer, &[], &[group("OW", "940", order())]);
        assert!(matches!(error, Err(Error::Envelope { element: "delimiters", .. })), "{error:?}");
    }
    assert!(write_one(Delimiters::new(b'*', b'>', b'\r', None).unwrap(), &[group("OW", "940", order())]).is_ok());
}

#[test]
fn binary_data_is_as_long_as_its_segment_says_or_is_refused() {
    let written = |segment: NewSegment| write_one(Delimiters::STANDARD, &[group("OW", "940", vec![segment])]);
    assert!(written(NewSegment::new("BIN").elements(["3", "abc"])).is_ok());
    assert!(written(NewSegment::new("BDS").elements(["ASC", "3", "é1"])).is_ok());
    for wrong in [
        NewSegment::new("BIN").elements(["4", "abc"]),
        NewSegment::new("BIN").elements(["", "abc"]),
        NewSegment::new("BIN").elements(["3", "abc", "d"]),
        NewSegment::new("BIN"),
        NewSegment::new("BIN").element("3").composite(["a", "c"]),
        NewSegment::new("BDS").elements(["ASC", "2", "é1"]),
    ] {
        let error = write::Error::Binary { segment: wrong.id().to_owned(), position: 2 };
        assert_eq!(written(wrong), Err(error));
    }
}

/// Found by the fuzz target `write`. A segment shorter than a block is never looked through for a lost terminator.
#[test]
fn a_value_that_reads_as_another_interchange_is_refused() {
    let write = |text: &str| {
        write_one(Delimiters::STANDARD, &[group("OW", "940", vec![NewSegment::new("NTE").elements(["GEN", text])])])
    };
    let isa =
        "ISA|00|          |00|          |ZZ|A              |ZZ|B              |260131|1435|U|00401|000000001|0|P|:!";
    for text in [
        "see the file that begins UNA:+.? 'UNB+UNOA:1+A+B+260131:1435+1' for what was ordered",
        &format!("see the file that begins {isa}GS|"),
    ] {
        assert_eq!(write(text), Err(Error::AnotherInterchange), "{text}");
    }
    let harmless =
        write("see UNB and ISA in our guide, and UNA: all that begins an interchange, and what else it has").unwrap();
    assert_eq!(edi::read(&harmless).interchanges.len(), 1);
}

/// Found by the fuzz target `write`: separators that X12 and EDIFACT share, and a segment whose id begins the other one.
#[test]
fn a_segment_that_reads_as_another_interchange_is_refused() {
    let delimiters = Delimiters::new(b'+', b':', b'\'', None).unwrap();
    let write = |id: &str| write_one(delimiters, &[group("OW", "940", vec![NewSegment::new(id).element("0OB")])]);
    assert_eq!(write("UNB"), Err(Error::AnotherInterchange));
    assert_eq!(edi::read(&write("UNC").unwrap()).interchanges.len(), 1);
}
