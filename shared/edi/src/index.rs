//! Where the separators of the next few kilobytes are: a bit for each byte.
//!
//! A part of the file is compared with the separators in one go, by the widest vectors that the processor has. Segments
//! are then read from the bits alone: the window of 64 bits that begins with a segment has its end, which is the first
//! bit of a terminator, and its separators, which are the bits before.

use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch, u8x64};

use crate::scan::{BLOCK, Cut};

/// Blocks that are looked at in one go: enough that choosing the vectors costs nothing, few enough that the bits stay
/// close at hand and a small file is not held up.
const BLOCKS: usize = 32;

/// A bit for each byte of the block that is `byte`, the first byte's lowest.
#[expect(clippy::inline_always, reason = "what is in a vectorised function must be compiled with it")]
#[inline(always)]
pub(crate) fn mask<S: Simd>(simd: S, block: &[u8; BLOCK], byte: u8) -> u64 {
    u8x64::simd_from(simd, *block).simd_eq(u8x64::splat(simd, byte)).to_bitmask()
}

/// The bits of a part of the file.
#[derive(Debug)]
pub(crate) struct Index {
    level: Level,
    /// Offset in the file of the first byte.
    start: usize,
    /// Windows of 64 bits that begin with a byte before this are whole, counted from `start`; beyond, the bits are to
    /// be made anew.
    whole: usize,
    terminators: [u64; BLOCKS + 1],
    separators: [u64; BLOCKS + 1],
}

/// The 64 bits that begin with one byte.
pub(crate) struct Window {
    pub(crate) terminators: u64,
    pub(crate) separators: u64,
}

impl Index {
    pub(crate) fn new() -> Self {
        let none = [0; BLOCKS + 1];
        Self { level: Level::new(), start: 0, whole: 0, terminators: none, separators: none }
    }

    /// What is known holds no longer: the separators are others, or bytes were read by another rule than theirs.
    pub(crate) fn forget(&mut self) {
        self.whole = 0;
    }

    /// The bits from a byte on at which nothing is released; `bytes` begin with it. Of bytes that are not there, and of
    /// some that were not there when a part was looked at, there are no bits.
    #[expect(clippy::inline_always, reason = "see Events::next")]
    #[inline(always)]
    pub(crate) fn window(&mut self, bytes: &[u8], at: usize, cut: Cut) -> Window {
        let mut offset = at.wrapping_sub(self.start);
        if offset >= self.whole {
            self.look(bytes, at, cut);
            offset = 0;
        }
        let (block, shift) = (offset / BLOCK, offset % BLOCK);
        let window = |masks: &[u64; BLOCKS + 1]| {
            let [low, high] = masks.get(block..).and_then(<[u64]>::first_chunk::<2>).copied().unwrap_or_default();
            (low >> shift) | ((high << 1) << (BLOCK - 1 - shift))
        };
        Window { terminators: window(&self.terminators), separators: window(&self.separators) }
    }

    #[inline(never)]
    fn look(&mut self, bytes: &[u8], at: usize, cut: Cut) {
        self.start = at;
        let level = self.level;
        dispatch!(level, simd => self.fill(simd, bytes, cut));
    }

    #[expect(clippy::inline_always, reason = "what is in a vectorised function must be compiled with it")]
    #[inline(always)]
    fn fill<S: Simd>(&mut self, simd: S, bytes: &[u8], cut: Cut) {
        let (blocks, rest) = bytes.as_chunks::<BLOCK>();
        let mut last = [0; BLOCK];
        let padded = (blocks.len() < BLOCKS && !rest.is_empty()).then(|| {
            last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
            &last
        });
        let mut released = false;
        let mut filled = 0;
        let blocks = blocks.iter().take(BLOCKS).chain(padded);
        for ((block, terminators), separators) in blocks.zip(&mut self.terminators).zip(&mut self.separators) {
            let free = match cut.release {
                Some(release) => !released_bits(mask(simd, block, release), &mut released),
                None => u64::MAX,
            };
            *terminators = mask(simd, block, cut.terminator) & free;
            *separators = mask(simd, block, cut.element) & free;
            filled += 1;
        }
        // Without more bytes, what follows has no bits; otherwise the last block has no next one.
        if bytes.len() <= BLOCKS * BLOCK {
            self.whole = bytes.len();
            for masks in [&mut self.terminators, &mut self.separators] {
                masks.iter_mut().skip(filled).take(1).for_each(|mask| *mask = 0);
            }
        } else {
            self.whole = (BLOCKS - 1) * BLOCK;
        }
    }
}

/// Which bytes of a block are released, given its release characters. `carried` says whether the byte before the block
/// releases its first one, and afterwards whether its last byte releases what follows.
///
/// Of a row of release characters every second one is released itself; an addition carries each row to its end, which
/// tells whether the row is even or odd.
#[inline(always)]
fn released_bits(releases: u64, carried: &mut bool) -> u64 {
    const EVEN: u64 = 0x5555_5555_5555_5555;
    let first = u64::from(*carried);
    if releases == 0 {
        *carried = false;
        return first;
    }
    let releases = releases & !first;
    let after = (releases << 1) | first;
    let rows_from_odd = releases & !EVEN & !after;
    let (carried_through, beyond) = rows_from_odd.overflowing_add(releases);
    *carried = beyond;
    (EVEN ^ (carried_through << 1)) & after
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One byte at a time, as a standard reads: the bits of terminators and of separators.
    fn plainly(bytes: &[u8], cut: Cut) -> (Vec<usize>, Vec<usize>) {
        let (mut terminators, mut separators, mut released) = (Vec::new(), Vec::new(), false);
        for (at, &byte) in bytes.iter().enumerate() {
            if !released && byte == cut.terminator {
                terminators.push(at);
            } else if !released && byte == cut.element {
                separators.push(at);
            }
            released = !released && Some(byte) == cut.release;
        }
        (terminators, separators)
    }

    #[test]
    fn windows_hold_what_reading_byte_by_byte_finds() {
        // Bytes by a rule that repeats late, so that rows of release characters end in every place of a block.
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::from(state.to_be_bytes()[0] >> 4)
        };
        let dense: Vec<u8> = (0..3 * BLOCKS * BLOCK + 7).map(|_| b"+''?????abcdefgh"[next()]).collect();
        let sparse: Vec<u8> = (0..3 * BLOCKS * BLOCK + 7)
            .map(|at| if at % 300 == 0 { b'\'' } else { b"+abcdefghijklmno"[next()] })
            .collect();
        for bytes in [dense, sparse, b"A+b'".to_vec(), Vec::new()] {
            for release in [None, Some(b'?')] {
                let cut = Cut { element: b'+', terminator: b'\'', release, wrapped: false };
                let (terminators, separators) = plainly(&bytes, cut);
                let mut index = Index::new();
                // From the start and after each terminator, as segments are read.
                for at in [0].into_iter().chain(terminators.iter().map(|at| at + 1)) {
                    let window = index.window(&bytes[at..], at, cut);
                    let bits = |all: &[usize]| {
                        let near = all.iter().filter(|&&one| (at..at + BLOCK).contains(&one));
                        near.fold(0_u64, |bits, one| bits | (1 << (one - at)))
                    };
                    assert_eq!(
                        (window.terminators, window.separators),
                        (bits(&terminators), bits(&separators)),
                        "{at}"
                    );
                }
            }
        }
    }
}
