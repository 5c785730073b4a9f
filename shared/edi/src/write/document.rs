//! What was read, written again byte for byte.

use std::ops::Range;

use crate::envelope::Document;
use crate::segment::Segment;

/// Writes a document from what was read of it: every segment from its id, elements, repetitions, components and
/// delimiters, and from `file`, the bytes that it was read from, only what lies between them: line ends, blanks, a
/// byte order mark, an UNA. What was read without loss comes out as it was.
pub fn document(document: &Document<'_>, file: &[u8]) -> Vec<u8> {
    let mut segments: Vec<&Segment<'_>> = Vec::new();
    for interchange in &document.interchanges {
        segments.push(&interchange.header);
        segments.extend(&interchange.ta1s);
        for group in &interchange.groups {
            segments.extend(&group.header);
            segments.extend(group.sets.iter().flat_map(|set| &set.segments));
            segments.extend(&group.trailer);
        }
        segments.extend(&interchange.trailer);
    }
    segments.sort_by_key(|segment| segment.range().start);
    let mut out = Vec::with_capacity(file.len());
    let mut position = 0;
    for segment in segments {
        let Range { start, end } = segment.range();
        if start < position {
            continue;
        }
        out.extend_from_slice(file.get(position..start).unwrap_or_default());
        write_segment(segment, &mut out);
        let ended = start + segment.bytes().len();
        let terminator = segment.delimiters().terminator();
        if ended < end && terminator.is_ascii() {
            // Where lines end segments, a carriage return may stand before the line feed that terminates.
            out.extend_from_slice(file.get(ended..end - 1).unwrap_or_default());
            out.push(terminator);
        } else if ended < end {
            // A sign beyond ASCII that terminates may be of several bytes, of which the first one is known.
            out.push(terminator);
            out.extend_from_slice(file.get(ended + 1..end).unwrap_or_default());
        }
        position = end;
    }
    out.extend_from_slice(file.get(position..).unwrap_or_default());
    out
}

/// Without its terminator.
fn write_segment(segment: &Segment<'_>, out: &mut Vec<u8>) {
    let delimiters = segment.delimiters();
    // The id as it stands: in a file of records a line end may be within it.
    let first = segment.elements_raw().next().map(|element| segment.range_of(element).start);
    let len = first.map_or(segment.bytes().len(), |first| first.saturating_sub(segment.range().start + 1));
    out.extend_from_slice(segment.bytes().get(..len).unwrap_or_default());
    // The separators of an ISA stand in ISA11 and ISA16 as values.
    let is_isa = segment.position() == 0 && segment.id_bytes() == b"ISA";
    for (index, raw) in segment.elements_raw().enumerate() {
        out.push(delimiters.element());
        if is_isa || segment.element_bytes(index + 1).is_none() {
            out.extend_from_slice(raw);
            continue;
        }
        for (nth, repetition) in segment.repetitions(index + 1).enumerate() {
            let separator = delimiters.repetition().filter(|_| nth > 0);
            out.extend(separator);
            out.extend_from_slice(repetition);
        }
    }
}
