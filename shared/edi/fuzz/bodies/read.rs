//! Any bytes are read, whole and in chunks, without loss.

use std::ops::Range;

use edi::json;
use edi::split::{By, split};
use edi::{Document, Event, Events, Limits, Stream, write};

/// So small that most files have something beyond them.
const SMALL: Limits = Limits { segment_len_max: 90, binary_len_max: 50 };

/// Most bytes in a chunk: small, so that short files are cut often too.
const CHUNK_LEN_MAX: u64 = 97;

pub(crate) fn run(bytes: &[u8]) {
    for limits in [Limits::default(), SMALL] {
        in_chunks(bytes, limits);
    }
    let document = edi::read(bytes);
    lossless(bytes, &document);
    assert_eq!(write::document(&document, bytes).escape_ascii().to_string(), bytes.escape_ascii().to_string());
    let tree = serde_json::to_vec(&json::Document::of(bytes, &document)).unwrap();
    let again = serde_json::from_slice::<json::Document<'_>>(&tree).unwrap().write();
    let text = |bytes: &[u8]| bytes.escape_ascii().to_string();
    assert_eq!(again.as_deref().map(text), Ok(text(bytes)));
    for by in [By::Interchange, By::Group, By::Set] {
        for part in split(bytes, &document, by) {
            let one = edi::read(&part.bytes);
            assert_eq!(one.interchanges.len(), 1, "{}: {}", part.name(), text(&part.bytes));
        }
    }
}

/// The events of a file in chunks are those of the whole. Where it is cut depends on nothing but its bytes.
fn in_chunks(bytes: &[u8], limits: Limits) {
    let mut seed = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    let mut expected = Events::with_limits(bytes, limits);
    let mut stream = Stream::with_limits(limits);
    let mut rest = bytes;
    loop {
        while let Some(event) = stream.next_event() {
            nested(&event, bytes.len());
            assert_eq!(Some(event), expected.next());
        }
        if rest.is_empty() {
            break;
        }
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        let len = usize::try_from(seed % CHUNK_LEN_MAX + 1).unwrap().min(rest.len());
        let (chunk, after) = rest.split_at(len);
        stream.feed(chunk);
        rest = after;
    }
    stream.finish();
    while let Some(event) = stream.next_event() {
        assert_eq!(Some(event), expected.next());
    }
    assert_eq!(expected.next(), None);
}

/// What an event says lies within the file.
fn nested(event: &Event<'_>, len: usize) {
    let range = match event {
        Event::Outside { range, .. }
        | Event::SetEnd { range, .. }
        | Event::GroupEnd { range, .. }
        | Event::InterchangeEnd { range, .. } => range.clone(),
        Event::InterchangeStart { header: segment, .. }
        | Event::InterchangeSegment(segment)
        | Event::GroupSegment { segment, .. }
        | Event::SetStart { header: segment, .. }
        | Event::Segment { segment, .. } => segment.range(),
        Event::GroupStart { start, .. } => *start..*start,
    };
    assert!(range.start <= range.end && range.end <= len, "{range:?} of {len}");
}

/// Interchanges and filler lie side by side and cover the file; what is within lies within, in order.
fn lossless(bytes: &[u8], document: &Document<'_>) {
    let of_interchanges = document.interchanges.iter().map(|interchange| interchange.range.clone());
    let mut ranges: Vec<Range<usize>> = of_interchanges.chain(document.filler.clone()).collect();
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut at = 0;
    for range in ranges {
        assert!(range.start == at && range.end >= at, "{range:?} after {at}");
        at = range.end;
    }
    assert_eq!(at, bytes.len());
    for interchange in &document.interchanges {
        let mut end = interchange.header.range().end;
        for group in &interchange.groups {
            assert!(end <= group.range.start && group.range.end <= interchange.range.end);
            end = group.header.map_or(group.range.start, |header| header.range().end);
            for set in &group.sets {
                assert!(end <= set.range.start && set.range.end <= group.range.end);
                end = set.range.start;
                for (index, segment) in set.segments.iter().enumerate() {
                    assert_eq!(segment.position(), index + 1);
                    assert!(end <= segment.range().start && segment.range().end <= set.range.end);
                    assert!(bytes[segment.range()].starts_with(segment.bytes()));
                    end = segment.range().end;
                }
            }
            end = group.range.end;
        }
    }
}
