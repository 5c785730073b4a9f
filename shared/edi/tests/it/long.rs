//! Long inputs: what reading keeps and asks for grows with the input as it should, and a stream keeps what it may.
//! Memory is counted, not time: what is copied again and again asks for memory again and again.

use edi::{Event, Events, Stream};

use crate::samples::{ISA, file, ship_confirm};

/// A stream and its chunks stay below this, whatever the file: see [`Stream`].
const STREAM_BYTES_MAX: u64 = 16 * 1024 * 1024;

const CHUNK_LEN: usize = 256 * 1024;

/// Bytes asked for while all events of a file are pulled, and the most at a time.
fn pulled(bytes: &[u8]) -> (u64, u64) {
    let mut events = 0;
    let info = allocation_counter::measure(|| events = Events::new(bytes).count());
    assert!(events > 0);
    (info.bytes_total, info.bytes_max)
}

/// The same of a stream.
fn streamed(bytes: &[u8]) -> (u64, u64) {
    let mut end = 0;
    let info = allocation_counter::measure(|| {
        let mut stream = Stream::default();
        let mut take = |stream: &mut Stream| {
            while let Some(event) = stream.next_event() {
                if let Event::Outside { range, .. } | Event::InterchangeEnd { range, .. } = event {
                    end = range.end;
                }
            }
        };
        for chunk in bytes.chunks(CHUNK_LEN) {
            stream.feed(chunk);
            take(&mut stream);
        }
        stream.finish();
        take(&mut stream);
    });
    assert_eq!(end, bytes.len(), "every byte belongs to something");
    (info.bytes_total, info.bytes_max)
}

/// A file with something in its set.
fn with(inside: &str) -> Vec<u8> {
    file(&[ship_confirm("0001").replace("LX*1~", inside)]).into_bytes()
}

/// Makes an input of a size.
type Input = fn(usize) -> Vec<u8>;

/// Inputs of a size: each of them is `n` times something.
fn inputs() -> [(&'static str, Input); 9] {
    [
        ("segments", |n| with(&"LX*1~".repeat(n))),
        ("segments without a terminator", |n| with(&"LX*1".repeat(n))),
        ("one long element", |n| with(&format!("LX*{}~", "x".repeat(n)))),
        ("element separators", |n| with(&format!("LX{}~", "*".repeat(n)))),
        ("component separators", |n| with(&format!("LX*{}~", ">".repeat(n)))),
        ("segments of nothing", |n| with(&"~".repeat(n))),
        ("segments of separators", |n| with(&"***>>*~".repeat(n))),
        ("beginnings", |n| ISA.repeat(n).into_bytes()),
        ("release characters", |n| {
            format!("UNB+UNOA:3+A+B+260131:1435+1'UNH+1+DESADV:D:96A:UN'BGM+{}", "?".repeat(n)).into_bytes()
        }),
    ]
}

#[test]
fn twice_as_much_asks_for_about_twice_as_much() {
    for (name, input) in inputs() {
        let [one, two] = [5_000, 10_000].map(input);
        for read in [pulled, streamed] {
            let ((little, _), (much, _)) = (read(&one), read(&two));
            // What is asked for once, however long the file is.
            let fixed = 4 * CHUNK_LEN as u64;
            assert!(much <= little * 5 / 2 + fixed, "{name}: {little} for one, {much} for two");
        }
        let [one, two] = [one, two].map(|bytes| allocation_counter::measure(|| drop(edi::read(&bytes))).bytes_total);
        assert!(two <= one * 5 / 2 + CHUNK_LEN as u64, "{name}: {one} for one, {two} for two");
    }
}

#[test]
fn as_many_as_there_may_be_of_anything_stay_within_the_bound_of_a_stream() {
    for (name, input) in inputs() {
        // A million of what makes no event; of the others as many as take a second to read without optimisation.
        let n = if name == "segments without a terminator" { 1_000_000 } else { 100_000 };
        let bytes = input(n);
        let (_, most) = streamed(&bytes);
        assert!(most < STREAM_BYTES_MAX, "{name}: {most} bytes at a time for {}", bytes.len());
    }
}

#[test]
fn an_element_of_thirty_megabytes_stays_within_the_bound_of_a_stream() {
    let bytes = with(&format!("LX*{}~", "x".repeat(30_000_000)));
    let ((_, of_events), (_, of_stream)) = (pulled(&bytes), streamed(&bytes));
    assert!(of_events < 1024 * 1024, "a reader of a whole file copies nothing of it: {of_events}");
    assert!(of_stream < STREAM_BYTES_MAX, "{of_stream}");
}

#[test]
fn a_hundred_thousand_interchanges_are_all_read() {
    let mut bytes = Vec::new();
    for n in 0..100_000 {
        let ta1 = "TA1*000000001*260131*1435*A*000~";
        bytes.extend_from_slice(
            format!("{ISA}{ta1}IEA*0*000000007~").replace("000000007", &format!("{n:09}")).as_bytes(),
        );
    }
    let ends = |event: &Event<'_>| matches!(event, Event::InterchangeEnd { findings, .. } if findings.is_empty());
    assert_eq!(Events::new(&bytes).filter(ends).count(), 100_000);
    assert!(streamed(&bytes).1 < STREAM_BYTES_MAX);
}
