//! Finding separators, 64 bytes at a time.
//!
//! A segment is looked at once: the block that begins with it is compared with the terminator, the element separator
//! and the release character, which gives a bit for each byte. The end of the segment is the first terminator's bit,
//! and the separators before it stay with the segment, so that its elements need no second look.

use fearless_simd::{Level, dispatch};

use crate::delimiters::Delimiters;
use crate::index::mask;

/// Bytes of a block: one bit each in a mask.
pub(crate) const BLOCK: usize = 64;

/// The masks of the block at the start of `bytes`: of the terminator, the element separator and the release character.
#[inline]
fn masks(bytes: &[u8], cut: Cut) -> [u64; 3] {
    let of = |block: &[u8; BLOCK]| {
        dispatch!(Level::baseline(), simd => {
            let releases = match cut.release {
                Some(release) => mask(simd, block, release),
                None => 0,
            };
            [mask(simd, block, cut.terminator), mask(simd, block, cut.element), releases]
        })
    };
    match bytes.first_chunk::<BLOCK>() {
        Some(block) => of(block),
        None => of(&padded(bytes)),
    }
}

/// The last bytes of a file as a block; what is missing is NUL, which never separates.
#[cold]
fn padded(bytes: &[u8]) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    for (to, from) in block.iter_mut().zip(bytes) {
        *to = *from;
    }
    block
}

/// All bits below `len`.
#[inline]
fn below(len: usize) -> u64 {
    if len >= BLOCK { u64::MAX } else { (1 << len) - 1 }
}

/// How an interchange is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) element: u8,
    pub(crate) terminator: u8,
    pub(crate) release: Option<u8>,
    /// Whether line ends within segments are of the records and not of the data.
    pub(crate) wrapped: bool,
}

impl Cut {
    #[inline]
    pub(crate) fn new(delimiters: Delimiters, wrapped: bool) -> Self {
        let (element, terminator) = (delimiters.element(), delimiters.terminator());
        Self { element, terminator, release: delimiters.release(), wrapped }
    }
}

/// A segment that ends.
pub(crate) struct Ended {
    /// Bytes before the terminator.
    pub(crate) len: usize,
    /// The element separators among its first 64 bytes.
    pub(crate) separators: u64,
}

/// The end of the segment at the start of `bytes`; `None` if there is no terminator.
#[inline]
pub(crate) fn segment(bytes: &[u8], cut: Cut) -> Option<Ended> {
    let [terminators, separators, releases] = masks(bytes, cut);
    if terminators != 0 {
        let len = terminators.trailing_zeros() as usize;
        if releases & below(len) == 0 {
            return Some(Ended { len, separators: separators & below(len) });
        }
    }
    long_segment(bytes, cut, separators, releases)
}

/// The same where the first block is not enough.
fn long_segment(bytes: &[u8], cut: Cut, separators: u64, releases: u64) -> Option<Ended> {
    let Some(release) = cut.release else {
        let rest = bytes.get(BLOCK..)?;
        let len = BLOCK + memchr::memchr(cut.terminator, rest)?;
        return Some(Ended { len, separators });
    };
    let mut at = if releases == 0 { BLOCK } else { releases.trailing_zeros() as usize };
    loop {
        let rest = bytes.get(at..)?;
        let found = at + memchr::memchr2(cut.terminator, release, rest)?;
        if bytes.get(found) == Some(&cut.terminator) {
            let separators = if releases == 0 { separators } else { self::separators(bytes, cut, &mut false) };
            return Some(Ended { len: found, separators: separators & below(found) });
        }
        at = found + 1;
        if cut.wrapped {
            at += bytes.get(at..)?.iter().take_while(|&&b| matches!(b, b'\r' | b'\n')).count();
        }
        at += 1;
    }
}

/// The element separators of the block at the start of `bytes`. `released` says whether the byte before the block
/// releases its first one, and afterwards whether the block's last byte releases what follows.
pub(crate) fn separators(bytes: &[u8], cut: Cut, released: &mut bool) -> u64 {
    let [_, elements, escapes] = masks(bytes, cut);
    let elements = elements & below(bytes.len());
    let Some(release) = cut.release else { return elements };
    if !*released && escapes == 0 {
        return elements;
    }
    let mut free = 0;
    for (index, &byte) in bytes.iter().take(BLOCK).enumerate() {
        if cut.wrapped && matches!(byte, b'\r' | b'\n') {
            continue;
        }
        if *released {
            *released = false;
        } else if byte == release {
            *released = true;
        } else if byte == cut.element {
            free |= 1 << index;
        }
    }
    free
}

/// Whether the first block of a segment ends in a release character that is not released itself.
#[inline(never)]
fn ends_released(bytes: &[u8], cut: Cut) -> bool {
    let mut released = false;
    separators(bytes, cut, &mut released);
    released
}

/// The elements of a segment, its id first.
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    bytes: &'a [u8],
    cut: Cut,
    /// Separators of the current block that are still to come.
    separators: u64,
    /// Where the current block begins.
    block: usize,
    /// Where the next element begins; `None` when all are done.
    next: Option<usize>,
    released: bool,
    /// How far separators count; what follows is one element (binary data).
    end: usize,
}

impl<'a> Elements<'a> {
    /// `separators` are those of the first block; `separators_max` says how many count, if not all, which then are in
    /// the first block.
    #[expect(clippy::inline_always, reason = "see Events::next")]
    #[inline(always)]
    pub(crate) fn new(bytes: &'a [u8], cut: Cut, separators: u64, separators_max: Option<u8>) -> Self {
        let released = bytes.len() > BLOCK && cut.release.is_some() && ends_released(bytes, cut);
        let (separators, end) = match separators_max {
            None => (separators, bytes.len()),
            Some(max) => (lowest(separators, max), 0),
        };
        Self { bytes, cut, separators, block: 0, next: Some(0), released, end }
    }
}

/// The lowest bits of a mask, so many.
#[inline(never)]
fn lowest(mask: u64, count: u8) -> u64 {
    let above = (0..count).fold(mask, |mask, _| mask & mask.saturating_sub(1));
    mask & !above
}

/// The separators of a later block of a segment, and whether its last byte releases what follows. By value, as an
/// iterator whose address is taken does not stay in registers.
#[inline(never)]
fn later_block(bytes: &[u8], block: usize, cut: Cut, mut released: bool) -> (u64, bool) {
    let separators = separators(bytes.get(block..).unwrap_or_default(), cut, &mut released);
    (separators, released)
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a [u8];

    #[expect(clippy::inline_always, reason = "see Events::next")]
    #[inline(always)]
    fn next(&mut self) -> Option<&'a [u8]> {
        let start = self.next?;
        while self.separators == 0 {
            self.block += BLOCK;
            if self.block >= self.end {
                self.next = None;
                return self.bytes.get(start..);
            }
            (self.separators, self.released) = later_block(self.bytes, self.block, self.cut, self.released);
        }
        let end = self.block + self.separators.trailing_zeros() as usize;
        self.separators &= self.separators - 1;
        self.next = Some(end + 1);
        self.bytes.get(start..end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const X12: Cut = Cut { element: b'*', terminator: b'~', release: None, wrapped: false };
    const EDIFACT: Cut = Cut { element: b'+', terminator: b'\'', release: Some(b'?'), wrapped: false };

    /// One byte at a time, as a standard reads.
    fn plainly(bytes: &[u8], cut: Cut) -> Option<Vec<Vec<u8>>> {
        let (mut elements, mut released) = (vec![Vec::new()], false);
        for &byte in bytes {
            if !released && byte == cut.terminator {
                return Some(elements);
            }
            if !released && byte == cut.element {
                elements.push(Vec::new());
                continue;
            }
            released = !released && Some(byte) == cut.release;
            elements.last_mut().unwrap().push(byte);
        }
        None
    }

    #[test]
    fn blocks_find_what_reading_byte_by_byte_finds() {
        // Every pattern of a small alphabet around the edges of the blocks.
        let alphabet = [b'*', b'~', b'+', b'\'', b'?', b'a'];
        for cut in [X12, EDIFACT] {
            for lead in [0_usize, 1, 30, 60, 61, 62, 63, 64, 65, 126, 127, 128] {
                for pattern in 0..6_usize.pow(5) {
                    let mut bytes = vec![b'x'; lead];
                    bytes.extend((0..5).map(|n| alphabet[pattern / 6_usize.pow(n) % 6]));
                    let ours = segment(&bytes, cut).map(|ended| {
                        let elements = Elements::new(&bytes[..ended.len], cut, ended.separators, None);
                        elements.map(<[u8]>::to_vec).collect::<Vec<_>>()
                    });
                    assert_eq!(ours, plainly(&bytes, cut), "{}", String::from_utf8_lossy(&bytes));
                }
            }
        }
    }

    #[test]
    fn after_the_last_separator_that_counts_all_is_one_element() {
        let elements = |max| Elements::new(b"BIN*4*a*b*", X12, segment(b"BIN*4*a*b*~", X12).unwrap().separators, max);
        assert_eq!(elements(Some(2)).collect::<Vec<_>>(), [b"BIN".as_slice(), b"4", b"a*b*"]);
        assert_eq!(elements(None).count(), 5);
    }
}
