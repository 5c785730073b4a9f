//! What the bytes of the next two kilobytes are to a guide: a bit for each.
//!
//! As the index of separators, they are looked at in one go by the widest vectors that the processor has; a segment then
//! takes its bits out of them.

use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch, u8x64};

use crate::delimiters::Delimiters;
use crate::scan::BLOCK;

use super::table::{Marks, Repertoire};

/// Blocks that are looked at in one go; see the index of separators.
const BLOCKS: usize = 32;

/// What the bytes of a block are, the first byte's bit lowest.
#[derive(Clone, Copy, Debug, Default)]
struct Kinds {
    /// All of the next three: most segments of X12 have none.
    any: u64,
    components: u64,
    /// Repetition separators and release characters: a segment that has one is looked at by itself.
    rare: u64,
    not_digit: u64,
    /// What not every text may hold, and blanks behind a separator.
    unusual: u64,
}

/// The kinds of the bytes of a part of the file.
#[derive(Debug)]
pub(crate) struct Ahead {
    level: Level,
    /// What separates, and what is usual.
    of: Option<(Delimiters, Repertoire)>,
    /// Offset in the file of the first byte.
    start: usize,
    /// The 64 bytes from a byte before this on are known, counted from `start`.
    whole: usize,
    blocks: [Kinds; BLOCKS + 1],
}

impl Default for Ahead {
    fn default() -> Self {
        Self { level: Level::new(), of: None, start: 0, whole: 0, blocks: [Kinds::default(); BLOCKS + 1] }
    }
}

impl Ahead {
    /// From here on, this separates and is usual.
    pub(super) fn agree(&mut self, delimiters: Delimiters, repertoire: Repertoire) {
        if self.of != Some((delimiters, repertoire)) {
            (self.of, self.whole) = (Some((delimiters, repertoire)), 0);
        }
    }

    /// The marks of a segment of fewer than 64 bytes, so many, that begins at byte `at` of the file and has these element
    /// separators; `None` if something is released or repeated in it.
    #[expect(clippy::inline_always, reason = "once for each segment; a call costs as much as what it does")]
    #[inline(always)]
    pub(super) fn marks(&mut self, file: &[u8], at: usize, len: usize, separators: u64) -> Option<Marks> {
        let mut offset = at.wrapping_sub(self.start);
        if offset >= self.whole {
            self.look(file, at);
            offset = 0;
        }
        let (block, shift) = (offset / BLOCK, offset % BLOCK);
        let [low, high] = self.blocks.get(block..)?.first_chunk::<2>()?;
        let window = |low: u64, high: u64| (low >> shift) | ((high << 1) << (BLOCK - 1 - shift));
        let end = 1 << (len % BLOCK);
        let within = end - 1;
        let not_digit = window(low.not_digit, high.not_digit);
        let marks = Marks { ends: separators | end, not_digit, ..Marks::default() };
        if window(low.any, high.any) & within == 0 {
            return Some(marks);
        }
        let [components, unusual] =
            [window(low.components, high.components), window(low.unusual, high.unusual)].map(|bits| bits & within);
        (window(low.rare, high.rare) & within == 0).then_some(Marks { components, unusual, ..marks })
    }

    #[inline(never)]
    fn look(&mut self, file: &[u8], at: usize) {
        let (Some(of), Some(bytes)) = (self.of, file.get(at..)) else { return };
        self.start = at;
        let level = self.level;
        dispatch!(level, simd => self.fill(simd, bytes, of));
    }

    #[expect(clippy::inline_always, reason = "what is in a vectorised function must be compiled with it")]
    #[inline(always)]
    fn fill<S: Simd>(&mut self, simd: S, bytes: &[u8], (delimiters, repertoire): (Delimiters, Repertoire)) {
        let (blocks, rest) = bytes.as_chunks::<BLOCK>();
        let mut last = [0; BLOCK];
        let padded = (blocks.len() < BLOCKS && !rest.is_empty()).then(|| {
            last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
            &last
        });
        let rare = delimiters.repetition().or(delimiters.release());
        let [repetition, release] =
            [delimiters.repetition(), delimiters.release()].map(|byte| byte.or(rare).unwrap_or(0));
        // Whether the last byte of the block before separates.
        let mut behind = 0;
        for (block, kinds) in blocks.iter().take(BLOCKS).chain(padded).zip(&mut self.blocks) {
            let bytes = u8x64::simd_from(simd, *block);
            let is = |byte: u8| bytes.simd_eq(u8x64::splat(simd, byte)).to_bitmask();
            let between = |low: u8, high: u8| (bytes - u8x64::splat(simd, low)).simd_le(u8x64::splat(simd, high - low));
            let components = is(delimiters.component());
            let separators = is(delimiters.element()) | components;
            let first = separators << 1 | behind;
            behind = separators >> (BLOCK - 1);
            let rare = if rare.is_some() { is(repetition) | is(release) } else { 0 };
            let unusual = !repertoire.usual(between).to_bitmask() | (is(b' ') & first);
            let not_digit = !between(b'0', b'9').to_bitmask();
            *kinds = Kinds { any: components | rare | unusual, components, rare, not_digit, unusual };
        }
        // All bytes that there are, or all but those of the last block, which has no next one.
        self.whole = if bytes.len() <= BLOCKS * BLOCK { bytes.len() } else { (BLOCKS - 1) * BLOCK };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delimiters::Standard;
    use crate::guide::table::Table;

    #[test]
    fn marks_of_many_segments_are_those_of_each_by_itself() {
        let x12 = Delimiters::new(b'*', b'>', b'~', Some(b'^')).unwrap();
        let cases = [
            (Standard::X12, x12, "*>~^ 0a"),
            (Standard::X12, Delimiters::STANDARD, "*>~^ 0a"),
            (Standard::Edifact, Delimiters::EDIFACT, "+:'? 0a"),
        ];
        for (standard, delimiters, special) in cases {
            // Bytes by a rule that repeats late, so that segments begin and end in every place of a block.
            let mut state = 1_u64;
            let mut next = |n: usize| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                usize::try_from(state >> 40).unwrap() % n
            };
            let alphabet = [b"ABCabc0123456789  \x01\xff#{".as_slice(), special.as_bytes()].concat();
            let file: Vec<u8> = (0..5 * BLOCKS * BLOCK + 7).map(|_| alphabet[next(alphabet.len())]).collect();
            for repertoire in [Repertoire::Any, Repertoire::UnoA, Repertoire::UnoB] {
                let table = Table::new(standard, repertoire, delimiters);
                let (mut ahead, mut at, mut seen) = (Ahead::default(), 0, 0);
                ahead.agree(delimiters, repertoire);
                for bytes in file.split(|byte| *byte == delimiters.terminator()) {
                    let bits = |all: &dyn Fn(u8) -> bool| {
                        let here = bytes.iter().enumerate().filter(|(_, byte)| all(**byte));
                        here.fold(0_u64, |bits, (at, _)| bits | 1 << at)
                    };
                    if bytes.len() < BLOCK {
                        let separators = bits(&|byte| byte == delimiters.element());
                        let rare = |byte| [delimiters.repetition(), delimiters.release()].contains(&Some(byte));
                        let marks = ahead.marks(&file, at, bytes.len(), separators);
                        assert_eq!(marks.is_none(), bits(&rare) != 0, "{at}");
                        if let Some(marks) = marks {
                            let own = Marks::of(bytes, separators, &table).unwrap();
                            let within = |marks: &Marks| {
                                let all = [marks.components, marks.not_digit, marks.unusual];
                                (marks.ends, all.map(|bits| bits & ((1 << bytes.len()) - 1)))
                            };
                            assert_eq!(within(&marks), within(&own), "{at}");
                            seen += 1;
                        }
                    }
                    at += bytes.len() + 1;
                }
                assert!(seen > 100, "{seen}");
            }
        }
    }
}
