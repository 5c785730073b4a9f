//! Cutting a file into interchanges and segments, before anything is understood.

use crate::delimiters::{Delimiters, IsaHeader, read_isa};
use crate::segment::Segment;

/// The next ISA that can be read, at or after `from`.
pub(crate) fn find_isa(bytes: &[u8], from: usize) -> Option<(usize, IsaHeader)> {
    let rest = bytes.get(from..)?;
    rest.windows(3).enumerate().filter(|&(_, window)| window == b"ISA").find_map(|(index, _)| {
        let start = from + index;
        let within_word = index > 0 && rest.get(index - 1).is_some_and(u8::is_ascii_alphanumeric);
        if within_word { None } else { Some((start, read_isa(bytes.get(start..)?)?)) }
    })
}

/// Bytes that mean nothing between segments, as long as they do not separate.
pub(crate) fn is_filler(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n' | b' ' | b'\t' | 0 | 0x1a)
}

/// The next segment, or `None` at the end of the file and before another ISA.
pub(crate) fn next_segment<'a>(bytes: &'a [u8], position: &mut usize, delimiters: Delimiters) -> Option<Segment<'a>> {
    let terminator = delimiters.terminator();
    let line_end = matches!(terminator, b'\r' | b'\n');
    let rest = bytes.get(*position..)?;
    let skipped = rest
        .iter()
        .take_while(|&&b| is_filler(b) && (line_end || b != terminator) && b != delimiters.element())
        .count();
    *position += skipped;
    let rest = rest.get(skipped..)?;
    if rest.is_empty() || (rest.starts_with(b"ISA") && read_isa(rest).is_some()) {
        return None;
    }
    let (len, terminated) = match rest.iter().position(|&b| b == terminator) {
        Some(len) => (len, true),
        None => (rest.len(), false),
    };
    let mut raw = rest.get(..len)?;
    let mut consumed = len + usize::from(terminated);
    if let Some(cut) = swallowed_isa(rest, len) {
        raw = rest.get(..cut)?;
        consumed = cut;
    }
    if consumed == raw.len() {
        // Not terminated: the line end of the file, or before the next ISA, is no data.
        let blank = raw.iter().rev().take_while(|&&b| is_filler(b) && !delimiters.contains(b)).count();
        raw = raw.get(..raw.len() - blank)?;
        consumed = raw.len();
    }
    let start = *position;
    *position += consumed;
    Some(Segment::new(raw, start, *position, delimiters))
}

/// Where a segment of `len` bytes ends if it ran into the ISA of a next interchange, its own terminator being lost.
fn swallowed_isa(rest: &[u8], len: usize) -> Option<usize> {
    let within = rest.get(..len)?;
    if len < 100 {
        return None;
    }
    let mut windows = within.windows(4).enumerate();
    windows.find_map(|(index, window)| {
        let found = matches!(window, [b'\n' | b'\r', b'I', b'S', b'A']) && read_isa(rest.get(index + 1..)?).is_some();
        (found && index > 0).then_some(index)
    })
}
