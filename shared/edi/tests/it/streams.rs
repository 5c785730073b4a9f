//! The reader of chunks says what the reader of whole files says, and keeps little.

use edi::{Event, Events, Limits, Stream};
use proptest::prelude::*;

use crate::samples::{file, ship_confirm};

fn whole(bytes: &[u8], limits: Limits) -> Vec<String> {
    Events::with_limits(bytes, limits).map(|event| format!("{event:?}")).collect()
}

fn chunked<'a>(chunks: impl IntoIterator<Item = &'a [u8]>, limits: Limits) -> Vec<String> {
    let mut stream = Stream::with_limits(limits);
    let mut events = Vec::new();
    let take = |stream: &mut Stream, events: &mut Vec<String>| {
        while let Some(event) = stream.next_event() {
            events.push(format!("{event:?}"));
        }
    };
    for chunk in chunks {
        stream.feed(chunk);
        take(&mut stream, &mut events);
    }
    stream.finish();
    take(&mut stream, &mut events);
    assert!(stream.next_event().is_none());
    events
}

const SMALL: Limits = Limits { segment_len_max: 90, binary_len_max: 50 };

/// Files in which every way of reading has its turn.
fn files() -> Vec<Vec<u8>> {
    let x12 = file(&[ship_confirm("0001"), ship_confirm("0002")]);
    let edifact = "UNA:+.? '\r\nUNB+UNOC:3+A:14+B:14+260131:1435+R1'UNH+1+DESADV:D:96A:UN'BGM+351+a?+b??'FTX+AAI+++it?'s'\
                   UNT+4+1'UNH+2+ORDERS:D:96A:UN'UNT+2+2'UNZ+2+R1'";
    let wrapped: Vec<&[u8]> = x12.as_bytes().chunks(80).collect();
    let binary = x12.replace("LX*1~", "LX*1~BIN*12*~~'ISA*\n\r*U*~BDS*ASC*5*~~~~~~");
    let long = x12.replace("SKU-1", &format!("{}?\'UNA", "x".repeat(200)));
    let released = edifact.replace("it?'s", &format!("{}{}", "?".repeat(151), "'s"));
    let unreadable = x12.replace(">~", ">Q");
    vec![
        x12.clone().into_bytes(),
        edifact.into(),
        format!("HTTP/1.1 200 OK\r\n\r\n\u{feff}{x12}\r\n\0\0{edifact}garbage{x12}").into_bytes(),
        wrapped.join(&b"\r\n"[..]),
        binary.into_bytes(),
        format!("{long}{x12}").into_bytes(),
        released.into_bytes(),
        format!("{unreadable}\n{edifact}").into_bytes(),
        format!("{}{x12}", x12.replace("IEA*1*000000007~", "")).into_bytes(),
        format!("{}\n{x12}", &x12[..x12.len() - 30]).into_bytes(),
        x12.replace('~', "\r\n").into_bytes(),
        b"\xef\xbb\xbf \r\n".to_vec(),
        b"\xef\xbb".to_vec(),
        Vec::new(),
        b"<html>nothing here</html>".to_vec(),
        b"ISA*00*".to_vec(),
    ]
}

#[test]
fn awkward_files_say_the_same_in_chunks() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/awkward");
    let limits = Limits::default();
    let mut files = 0;
    for kind in ["x12", "edifact", "mixed", "not-edi"] {
        for entry in std::fs::read_dir(folder.join(kind)).unwrap() {
            let path = entry.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            let expected = whole(&bytes, limits);
            for size in [1, 7, 105, 600] {
                assert_eq!(chunked(bytes.chunks(size), limits), expected, "{} by {size}", path.display());
            }
            files += 1;
        }
    }
    assert!(files > 300, "only {files} files were found");
}

#[test]
fn any_chunk_size_gives_the_same_events() {
    for bytes in files() {
        for limits in [Limits::default(), SMALL] {
            let expected = whole(&bytes, limits);
            for size in [1, 2, 3, 7, 64, 100, 1024, 5000] {
                assert_eq!(
                    chunked(bytes.chunks(size), limits),
                    expected,
                    "{size}: {}",
                    String::from_utf8_lossy(&bytes)
                );
            }
        }
    }
}

proptest! {
    #[test]
    fn any_chunking_of_any_file_gives_the_same_events(
        which in any::<prop::sample::Index>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..3, any::<u8>()), 0..6),
        cuts in prop::collection::vec(1_usize..200, 1..40),
        small in any::<bool>(),
    ) {
        let files = files();
        let mut bytes = files[which.index(files.len())].clone();
        for (at, kind, byte) in edits {
            if bytes.is_empty() { break; }
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => { bytes.remove(at); }
                _ => bytes.insert(at, byte),
            }
        }
        let limits = if small { SMALL } else { Limits::default() };
        let mut chunks = Vec::new();
        let mut rest = bytes.as_slice();
        for size in cuts {
            let (chunk, after) = rest.split_at(size.min(rest.len()));
            chunks.push(chunk);
            rest = after;
        }
        chunks.push(rest);
        prop_assert_eq!(chunked(chunks, limits), whole(&bytes, limits));
    }
}

#[test]
fn what_begins_also_ends() {
    for bytes in files() {
        let mut open = Vec::new();
        for event in Events::with_limits(&bytes, SMALL) {
            match event {
                Event::InterchangeStart { .. } => open.push('i'),
                Event::GroupStart { .. } => open.push('g'),
                Event::SetStart { .. } => open.push('s'),
                Event::SetEnd { .. } => assert_eq!(open.pop(), Some('s')),
                Event::GroupEnd { .. } => assert_eq!(open.pop(), Some('g')),
                Event::InterchangeEnd { .. } => assert_eq!(open.pop(), Some('i')),
                Event::Outside { .. } => assert!(open.is_empty()),
                Event::InterchangeSegment(_) => assert!(!open.is_empty()),
                Event::GroupSegment { .. } => assert_eq!(open.last(), Some(&'g')),
                Event::Segment { .. } => assert_eq!(open.last(), Some(&'s')),
            }
        }
        assert!(open.is_empty());
    }
}

/// How often reading a file asks for memory, and how many segments its sets have.
fn allocations(bytes: &[u8]) -> (u64, u64) {
    let mut segments = 0;
    let info = allocation_counter::measure(|| {
        for event in Events::new(bytes) {
            if let Event::Segment { segment, .. } | Event::SetStart { header: segment, .. } = event {
                segments += u64::from(segment.elements_raw().count() > 0);
            }
        }
    });
    (info.count_total, segments)
}

#[test]
fn reading_hardly_asks_for_memory() {
    let sets: Vec<String> = (1..=2000).map(|n| ship_confirm(&format!("{n:04}"))).collect();
    let (allocations_of_one, segments) = allocations(file(&sets).as_bytes());
    assert!(allocations_of_one * 100 < segments, "{allocations_of_one} for {segments} segments");
    // Also where every set has an interchange of its own.
    let one = |n: u32| {
        let file = file(&[ship_confirm("0001")]).replace("000000007", &format!("{n:09}"));
        file.replace("*1435*3*X", &format!("*1435*{n}*X")).replace("GE*1*3", &format!("GE*1*{n}"))
    };
    let many = (1..=500).map(one).collect::<Vec<_>>().concat();
    let (allocations_of_many, segments) = allocations(many.as_bytes());
    assert!(allocations_of_many * 10 < segments, "{allocations_of_many} for {segments} segments");
}

#[test]
fn memory_does_not_grow_with_the_file() {
    let most = |sets: usize| {
        let mut stream = Stream::default();
        let info = allocation_counter::measure(|| {
            let mut segments = 0;
            let mut feed = |stream: &mut Stream, bytes: &[u8]| {
                stream.feed(bytes);
                while let Some(event) = stream.next_event() {
                    segments += usize::from(matches!(event, Event::Segment { .. }));
                }
            };
            feed(&mut stream, crate::samples::ISA.as_bytes());
            feed(&mut stream, b"GS*SW*WAREHOUSE*DEPOSITOR*20260131*1435*3*X*004010~");
            for _ in 0..sets {
                // The same control number each time: what is told of it is not kept.
                feed(&mut stream, b"ST*945*0001~N9*BM*1~SE*3*0001~");
            }
            stream.finish();
            while stream.next_event().is_some() {}
            assert_eq!(segments, sets);
        });
        info.bytes_max
    };
    assert_eq!(most(1_000), most(20_000));
}

#[test]
fn a_segment_one_byte_too_long_is_cut_and_rejects_its_set_alone() {
    let of = |len: usize| {
        let note = format!("NTE**{}", "x".repeat(len - 5));
        file(&[
            ship_confirm("0001").replace("W27*M", &format!("{note}~W27*M")).replace("SE*11", "SE*12"),
            ship_confirm("0002"),
        ])
    };
    let rejected = |text: &str| {
        let document = edi::read_with_limits(text.as_bytes(), Limits { segment_len_max: 200, ..Limits::default() });
        let sets = &document.interchanges[0].groups[0].sets;
        sets.iter()
            .map(|set| set.findings.iter().map(|finding| finding.code.as_str()).collect())
            .collect::<Vec<Vec<_>>>()
    };
    assert_eq!(rejected(&of(200)), [vec![], Vec::<&str>::new()]);
    assert_eq!(rejected(&of(201)), [vec!["segment-too-long"], vec![]]);
    assert_eq!(rejected(&of(5000)), [vec!["segment-too-long"], vec![]]);
}

#[test]
fn one_control_number_beyond_those_remembered_is_not_found_twice() {
    use edi::limits::CONTROL_NUMBERS_MAX;
    let duplicates = |count: usize| {
        let numbers = (0..count).chain([count - 1]);
        let sets: Vec<String> = numbers.map(|n| format!("ST*945*{n:06}~SE*2*{n:06}~")).collect();
        let text = file(&sets);
        let found = Events::new(text.as_bytes()).filter(|event| match event {
            Event::SetStart { findings, .. } => !findings.is_empty(),
            _ => false,
        });
        found.count()
    };
    assert_eq!(duplicates(CONTROL_NUMBERS_MAX), 1);
    assert_eq!(duplicates(CONTROL_NUMBERS_MAX + 1), 0);
}
