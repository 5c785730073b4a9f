//! What each byte is in an interchange, and the walk over a segment that asks it.

use std::borrow::Cow;
use std::ops::BitOr;

use wide::u8x16;

use crate::delimiters::{Delimiters, Standard};

/// The characters that an interchange may hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Repertoire {
    /// Everything but control characters: X12, and EDIFACT from level C on.
    #[default]
    Any,
    /// EDIFACT level A: capital letters, digits, and ` .,-()/=!"%&*;<>`. Source: ISO 9735-1, UNOA.
    UnoA,
    /// EDIFACT level B: small letters too. Source: ISO 9735-1, UNOB.
    UnoB,
    /// Everything but control characters, written in UTF-8: UNOY and UNOW.
    Utf8,
}

impl Repertoire {
    /// The repertoire of a syntax identifier (UNB S001, element 0001).
    pub fn of(syntax_identifier: &str) -> Self {
        match syntax_identifier {
            "UNOA" => Self::UnoA,
            "UNOB" => Self::UnoB,
            "UNOW" | "UNOY" => Self::Utf8,
            _ => Self::Any,
        }
    }

    /// Whether it has a byte. Beyond ASCII, levels A and B have nothing.
    fn has(self, byte: u8) -> bool {
        match self {
            Self::Any | Self::Utf8 => !matches!(byte, 0..0x20 | 0x7f),
            Self::UnoA => matches!(byte, b' '..=b'"' | b'%'..=b'?' | b'A'..=b'Z'),
            Self::UnoB => matches!(byte, b' '..=b'"' | b'%'..=b'?' | b'A'..=b'Z' | b'a'..=b'z'),
        }
    }

    /// What [`has`](Self::has) says of many bytes, given which of them are between two characters: none beyond ASCII,
    /// whatever the repertoire, for these need a closer look.
    #[expect(clippy::inline_always, reason = "what is in a vectorised function must be compiled with it")]
    #[inline(always)]
    pub(super) fn usual<T: BitOr<Output = T>>(self, between: impl Fn(u8, u8) -> T) -> T {
        match self {
            Self::Any | Self::Utf8 => between(b' ', b'~'),
            Self::UnoA => between(b' ', b'"') | between(b'%', b'?') | between(b'A', b'Z'),
            Self::UnoB => between(b' ', b'"') | between(b'%', b'?') | between(b'A', b'Z') | between(b'a', b'z'),
        }
    }
}

/// Which bytes are between two characters.
#[inline]
fn between(bytes: u8x16, low: u8, high: u8) -> u8x16 {
    let above = bytes - u8x16::splat(low);
    above.min(u8x16::splat(high - low)).simd_eq(above)
}

/// What the bytes of an interchange mean.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table {
    delimiters: Delimiters,
    standard: Standard,
    repertoire: Repertoire,
    component: u8x16,
    /// Repetition separator and release character; what is never in text where there is none.
    others: [u8x16; 2],
}

impl Table {
    pub(super) fn new(standard: Standard, repertoire: Repertoire, delimiters: Delimiters) -> Self {
        let others = [delimiters.repetition(), delimiters.release()].map(|byte| u8x16::splat(byte.unwrap_or(u8::MAX)));
        Self { delimiters, standard, repertoire, component: u8x16::splat(delimiters.component()), others }
    }

    pub(super) fn standard(&self) -> Standard {
        self.standard
    }

    pub(super) fn repertoire(&self) -> Repertoire {
        self.repertoire
    }

    /// Bytes without release characters.
    pub(super) fn data<'b>(&self, bytes: &'b [u8]) -> Cow<'b, [u8]> {
        let Some(release) = self.delimiters.release().filter(|release| bytes.contains(release)) else {
            return Cow::Borrowed(bytes);
        };
        let mut data = Vec::with_capacity(bytes.len());
        let mut bytes = bytes.iter().copied();
        while let Some(byte) = bytes.next() {
            data.extend(if byte == release { bytes.next() } else { Some(byte) });
        }
        Cow::Owned(data)
    }

    /// Whether a byte's character is in the repertoire.
    pub(super) fn has(&self, byte: u8) -> bool {
        self.repertoire.has(byte)
    }
}

/// Bytes that are looked at together: one bit each.
const BLOCK: usize = 64;

/// What the bytes of a block are, the first byte's bit lowest.
#[derive(Clone, Copy, Debug, Default)]
struct Block {
    /// Separators and release characters, and the end of the segment.
    special: u64,
    /// Everything but digits.
    not_digit: u64,
    /// What not every text may hold.
    unusual: u64,
}

impl Block {
    #[inline]
    fn of(bytes: &[u8], table: &Table) -> Self {
        let bytes = bytes.get(..BLOCK).unwrap_or(bytes);
        let mut block = Self::default();
        if let Some(last) = bytes.last_chunk::<16>() {
            let (quarters, _) = bytes.as_chunks::<16>();
            for (quarter, shift) in quarters.iter().zip([0, 16, 32, 48]) {
                block.add(*quarter, shift, table);
            }
            // What is left over is looked at with the bytes before it.
            block.add(*last, bytes.len() - 16, table);
        } else {
            block.add(few(bytes), 0, table);
        }
        if bytes.len() < BLOCK {
            block.special |= 1 << bytes.len();
        }
        block
    }

    #[inline]
    fn add(&mut self, bytes: [u8; 16], shift: usize, table: &Table) {
        let delimiters = table.delimiters;
        let bytes = u8x16::new(bytes);
        let is = |byte: u8| bytes.simd_eq(u8x16::splat(byte));
        let mut special = is(delimiters.element()) | is(delimiters.component()) | is(delimiters.terminator());
        if let Some(repetition) = delimiters.repetition() {
            special |= is(repetition);
        }
        if let Some(release) = delimiters.release() {
            special |= is(release);
        }
        let digit = between(bytes, b'0', b'9');
        let usual = table.repertoire.usual(|low, high| between(bytes, low, high));
        let bits = |mask: u8x16| u64::from(mask.to_bitmask() & 0xffff) << shift;
        self.special |= bits(special);
        self.not_digit |= bits(digit) ^ (0xffff << shift);
        self.unusual |= bits(usual) ^ (0xffff << shift);
    }
}

/// What the bytes of a short segment are, the first byte's bit lowest. Behind its end the bits say nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Marks {
    /// The separators of elements, and the end.
    pub(super) ends: u64,
    pub(super) components: u64,
    /// Release characters that are not released themselves.
    pub(super) releases: u64,
    /// Repetition separators, and where nothing repeats or releases perhaps bytes beyond ASCII.
    pub(super) others: u64,
    /// Everything but digits.
    pub(super) not_digit: u64,
    /// What not every text may hold, and blanks where an element or a component begins.
    pub(super) unusual: u64,
}

impl Marks {
    /// `None` if the segment is not short. `separators` are its element separators.
    #[expect(clippy::inline_always, reason = "once for each segment; a call costs as much as what it does")]
    #[inline(always)]
    pub(super) fn of(bytes: &[u8], separators: u64, table: &Table) -> Option<Self> {
        if bytes.len() >= BLOCK {
            return None;
        }
        let mut marks = Self { ends: separators | (1 << bytes.len()), ..Self::default() };
        let mut blanks = 0;
        if let Some(last) = bytes.last_chunk::<16>() {
            let (quarters, _) = bytes.as_chunks::<16>();
            for (quarter, shift) in quarters.iter().zip([0, 16, 32]) {
                blanks |= marks.add(*quarter, shift, table);
            }
            // What is left over is looked at with the bytes before it.
            blanks |= marks.add(*last, bytes.len() - 16, table);
        } else {
            blanks |= marks.add(few(bytes), 0, table);
        }
        if marks.releases != 0 {
            marks.release(table);
        }
        marks.unusual |= blanks & ((separators | marks.components) << 1);
        let within = (1 << bytes.len()) - 1;
        (marks.components, marks.unusual) = (marks.components & within, marks.unusual & within);
        Some(marks)
    }

    /// Takes its meaning from what is released.
    #[cold]
    fn release(&mut self, table: &Table) {
        if table.delimiters.release().is_none() {
            self.others |= std::mem::take(&mut self.releases);
            return;
        }
        let (mut to_come, mut released) = (self.releases, 0);
        self.releases = 0;
        while to_come != 0 {
            let first = to_come & to_come.wrapping_neg();
            self.releases |= first;
            released |= first << 1;
            to_come &= !(first | (first << 1));
        }
        self.components &= !released;
        self.others &= !released;
    }

    /// Adds 16 bytes; where the blanks are among them.
    #[expect(clippy::inline_always, reason = "see above")]
    #[inline(always)]
    fn add(&mut self, bytes: [u8; 16], shift: usize, table: &Table) -> u64 {
        let bytes = u8x16::new(bytes);
        let [repetition, release] = table.others;
        let digit = between(bytes, b'0', b'9');
        let bits = |mask: u8x16| u64::from(mask.to_bitmask() & 0xffff) << shift;
        self.components |= bits(bytes.simd_eq(table.component));
        self.others |= bits(bytes.simd_eq(repetition));
        self.releases |= bits(bytes.simd_eq(release));
        self.not_digit |= bits(digit) ^ (0xffff << shift);
        self.unusual |= bits(table.repertoire.usual(|low, high| between(bytes, low, high))) ^ (0xffff << shift);
        bits(bytes.simd_eq(u8x16::splat(b' ')))
    }
}

/// Fewer than 16 bytes, and NULs behind them.
#[inline]
fn few(bytes: &[u8]) -> [u8; 16] {
    let len = bytes.len();
    // Two halves that overlap where the bytes do not fill both.
    let value = if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        u128::from(u64::from_le_bytes(*first)) | u128::from(u64::from_le_bytes(*last)) << ((len - 8) * 8)
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        u128::from(u32::from_le_bytes(*first)) | u128::from(u32::from_le_bytes(*last)) << ((len - 4) * 8)
    } else {
        bytes.iter().rev().fold(0, |value, byte| value << 8 | u128::from(*byte))
    };
    value.to_le_bytes()
}

/// What a value holds, one bit each.
pub(super) mod flag {
    /// Something else than digits.
    pub(crate) const NOT_DIGIT: u8 = 1;
    /// What not every text may hold, or a blank at its beginning.
    pub(crate) const UNUSUAL: u8 = 2;
    /// Any value at all.
    pub(crate) const VALUE: u8 = 4;
}

/// What stands between two separators.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Leaf<'a> {
    /// As it stands, release characters included.
    pub(super) bytes: &'a [u8],
    /// Where it begins in the segment.
    pub(super) offset: usize,
    /// What kinds of characters it holds: see [`flag`].
    pub(super) flags: u8,
    /// How many release characters.
    pub(super) released: usize,
}

impl<'a> Leaf<'a> {
    /// The bytes of a short segment that `within` has a bit for.
    #[inline]
    pub(super) fn of(bytes: &'a [u8], within: u64, marks: &Marks) -> Self {
        let (offset, end) = (within.trailing_zeros() as usize, BLOCK - within.leading_zeros() as usize);
        let flag = |bits: u64, flag: u8| if bits & within == 0 { 0 } else { flag };
        let kinds = flag(marks.not_digit, flag::NOT_DIGIT) | flag(marks.unusual, flag::UNUSUAL);
        let released = if marks.releases == 0 { 0 } else { (marks.releases & within).count_ones() as usize };
        Self { bytes: bytes.get(offset..end).unwrap_or_default(), offset, flags: flag::VALUE | kinds, released }
    }

    /// Its length in bytes, without release characters.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.bytes.len() - self.released
    }
}

#[inline]
fn flags(bytes: &[u8], not_digit: bool, unusual: bool) -> u8 {
    let blank = bytes.first() == Some(&b' ');
    flag::VALUE | (u8::from(not_digit) * flag::NOT_DIGIT) | (u8::from(unusual | blank) * flag::UNUSUAL)
}

/// Reads a segment from separator to separator.
pub(super) struct Scanner<'a, 't> {
    bytes: &'a [u8],
    table: &'t Table,
    at: usize,
    /// The separator at `at`; `None` at the end of the segment.
    stop: Option<u8>,
    block: Block,
    /// Where the block begins.
    block_at: usize,
}

impl<'a, 't> Scanner<'a, 't> {
    #[inline]
    pub(super) fn new(bytes: &'a [u8], table: &'t Table) -> Self {
        Self { bytes, table, at: 0, stop: None, block: Block::of(bytes, table), block_at: 0 }
    }

    /// Reads to the next separator that is not released.
    #[expect(clippy::inline_always, reason = "once for each element; a call costs more than what it does")]
    #[inline(always)]
    pub(super) fn leaf(&mut self) -> Leaf<'a> {
        let (offset, within) = (self.at, self.at - self.block_at);
        let special = if within < BLOCK { self.block.special >> within } else { 0 };
        if special == 0 {
            return self.across();
        }
        let len = special.trailing_zeros();
        let below = (1 << len) - 1;
        self.at += len as usize;
        self.stop = self.bytes.get(self.at).copied();
        if self.table.delimiters.release().is_some() && self.stop == self.table.delimiters.release() {
            return self.released(offset);
        }
        let bytes = self.bytes.get(offset..self.at).unwrap_or_default();
        let not_digit = (self.block.not_digit >> within) & below != 0;
        let unusual = (self.block.unusual >> within) & below != 0;
        Leaf { bytes, offset, flags: flags(bytes, not_digit, unusual), released: 0 }
    }

    /// The same where the separator is in a block that was not looked at yet.
    #[cold]
    fn across(&mut self) -> Leaf<'a> {
        let offset = self.at;
        loop {
            self.block_at = self.at;
            self.block = Block::of(self.bytes.get(self.at..).unwrap_or_default(), self.table);
            let len = self.block.special.trailing_zeros() as usize;
            self.at = (self.at + len).min(self.bytes.len());
            self.stop = self.bytes.get(self.at).copied();
            if len < BLOCK || self.stop.is_none() {
                break;
            }
        }
        if self.stop.is_some() && self.stop == self.table.delimiters.release() {
            return self.released(offset);
        }
        let bytes = self.bytes.get(offset..self.at).unwrap_or_default();
        Leaf { bytes, offset, flags: self.flags_of(bytes), released: 0 }
    }

    /// Goes on from a release character: the byte after it is text, whatever it is.
    #[cold]
    fn released(&mut self, offset: usize) -> Leaf<'a> {
        let release = self.table.delimiters.release();
        let mut released = 0;
        self.stop = None;
        while let Some(&byte) = self.bytes.get(self.at) {
            if release == Some(byte) {
                released += 1;
                self.at = (self.at + 2).min(self.bytes.len());
            } else if self.table.delimiters.contains(byte) {
                self.stop = Some(byte);
                break;
            } else {
                self.at += 1;
            }
        }
        let bytes = self.bytes.get(offset..self.at).unwrap_or_default();
        Leaf { bytes, offset, flags: self.flags_of(bytes) | flag::NOT_DIGIT, released }
    }

    fn flags_of(&self, bytes: &[u8]) -> u8 {
        let not_digit = !bytes.iter().all(u8::is_ascii_digit);
        let unusual = bytes.iter().any(|byte| !byte.is_ascii() || !self.table.has(*byte));
        flags(bytes, not_digit, unusual)
    }

    /// Where the next leaf begins, in the segment.
    pub(super) fn offset(&self) -> usize {
        self.at
    }

    /// Whether the last leaf ends its element.
    #[inline]
    pub(super) fn at_element_end(&self) -> bool {
        self.stop
            .is_none_or(|stop| stop == self.table.delimiters.element() || stop == self.table.delimiters.terminator())
    }

    pub(super) fn at_component_end(&self) -> bool {
        self.stop == Some(self.table.delimiters.component())
    }

    /// Goes into the next element, if there is one.
    #[inline]
    pub(super) fn next_element(&mut self) -> bool {
        if !self.at_element_end() {
            self.rest_of_element();
        }
        self.over(self.table.delimiters.element())
    }

    #[inline]
    pub(super) fn next_component(&mut self) -> bool {
        self.over(self.table.delimiters.component())
    }

    #[inline]
    pub(super) fn next_repetition(&mut self) -> bool {
        self.table.delimiters.repetition().is_some_and(|repetition| self.over(repetition))
    }

    #[inline]
    fn over(&mut self, separator: u8) -> bool {
        let here = self.stop == Some(separator);
        self.at += usize::from(here);
        here
    }

    fn next(&mut self) -> Leaf<'a> {
        self.leaf()
    }

    /// A leaf and what follows it up to the end of its repetition, component separators being text.
    pub(super) fn through_components(&mut self, leaf: Leaf<'a>) -> Leaf<'a> {
        let mut whole = leaf;
        whole.flags |= flag::NOT_DIGIT;
        while self.next_component() {
            let next = self.next();
            whole.flags |= next.flags;
            whole.released += next.released;
        }
        whole.bytes = self.bytes.get(leaf.offset..self.at).unwrap_or_default();
        whole
    }

    /// Everything up to the next element.
    #[cold]
    pub(super) fn rest_of_element(&mut self) -> Leaf<'a> {
        let offset = self.at;
        let mut leaf = self.next();
        while !self.at_element_end() {
            self.at += 1;
            self.next();
        }
        leaf.bytes = self.bytes.get(offset..self.at).unwrap_or_default();
        leaf
    }

    /// Everything up to the end of the segment, whatever it is.
    pub(super) fn rest_of_segment(&mut self) -> Leaf<'a> {
        let offset = self.at;
        self.at = self.bytes.len();
        self.stop = None;
        Leaf { bytes: self.bytes.get(offset..).unwrap_or_default(), offset, ..Leaf::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn released_separators_are_text() {
        let table = Table::new(Standard::Edifact, Repertoire::UnoB, Delimiters::EDIFACT);
        let mut scanner = Scanner::new(b"FTX+a?+b?:??:c?", &table);
        assert_eq!(scanner.leaf().bytes, b"FTX");
        assert!(scanner.next_element());
        let leaf = scanner.leaf();
        assert_eq!((leaf.bytes, leaf.len(), leaf.offset), (&b"a?+b?:??"[..], 5, 4));
        assert_eq!(table.data(leaf.bytes).as_ref(), b"a+b:?");
        assert!(scanner.next_component());
        assert_eq!((scanner.leaf().bytes, scanner.next_element()), (&b"c?"[..], false));
    }

    #[test]
    fn a_repertoire_has_its_characters() {
        let foreign = |repertoire: Repertoire, byte: u8| !repertoire.has(byte);
        assert!(foreign(Repertoire::UnoA, b'a') && !foreign(Repertoire::UnoB, b'a'));
        assert!(foreign(Repertoire::UnoA, b'@') && foreign(Repertoire::UnoB, b'@') && !foreign(Repertoire::Any, b'@'));
        assert_eq!(Repertoire::of("UNOC"), Repertoire::Any);
    }

    #[test]
    fn a_block_knows_what_its_bytes_are() {
        let edifact = Delimiters::EDIFACT;
        for repertoire in [Repertoire::Any, Repertoire::UnoA, Repertoire::UnoB, Repertoire::Utf8] {
            let table = Table::new(Standard::Edifact, repertoire, edifact);
            let all: Vec<u8> = (0..=255).collect();
            for (chunk, bytes) in all.chunks(BLOCK).enumerate() {
                let block = Block::of(bytes, &table);
                for (index, &byte) in bytes.iter().enumerate() {
                    let bit = |mask: u64| mask >> index & 1 == 1;
                    // A NUL is none, though what is missing at the end is filled with it.
                    assert_eq!(bit(block.special), edifact.contains(byte), "{byte} in {chunk}");
                    assert_eq!(bit(block.not_digit), !byte.is_ascii_digit(), "{byte}");
                    assert_eq!(bit(block.unusual), !byte.is_ascii() || !repertoire.has(byte), "{byte} {repertoire:?}");
                }
            }
        }
    }

    #[test]
    fn a_segment_of_several_blocks_is_read_to_its_end() {
        let table = Table::new(Standard::X12, Repertoire::Any, Delimiters::STANDARD);
        for len in [0, 1, 60, 61, 62, 63, 64, 65, 127, 128, 129, 200] {
            let text = format!("N1*{}*{}*\u{e9}", "7".repeat(len), "x".repeat(len));
            let mut scanner = Scanner::new(text.as_bytes(), &table);
            let mut leaves = vec![scanner.leaf()];
            while scanner.next_element() {
                leaves.push(scanner.leaf());
            }
            let lens: Vec<_> = leaves.iter().map(Leaf::len).collect();
            assert_eq!(lens, [2, len, len, 2]);
            let digits: Vec<_> = leaves.iter().map(|leaf| leaf.flags & flag::NOT_DIGIT == 0).collect();
            assert_eq!(digits, [false, true, len == 0, false]);
            let unusual: Vec<_> = leaves.iter().map(|leaf| leaf.flags & flag::UNUSUAL != 0).collect();
            assert_eq!(unusual, [false, false, false, true]);
        }
    }
}
