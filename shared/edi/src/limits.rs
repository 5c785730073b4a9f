//! What we refuse to read or write, and why. Each limit has a test one beyond it.

/// Longest segment, bytes, without its terminator. The longest segment of the standard is far below 8 KiB; a longer
/// one is a lost terminator, and its bytes must not be taken for data.
pub const SEGMENT_LEN_MAX: usize = 64 * 1024;

/// Most segments in one transaction set, ST and SE included. A ship confirm of 10 000 cartons with four segments each
/// is 40 000; ten times that is a lost SE. Bytes beyond are kept by range, not as segments.
pub const SEGMENTS_PER_SET_MAX: usize = 500_000;

/// Most findings kept per set, group, interchange and file. Whoever reads them needs the first few; a 997 with more
/// would be larger than the file it answers. A finding that turns the verdict is always kept.
pub const FINDINGS_MAX: usize = 1_000;

/// Longest copy of bad data, characters. Source: X12.6, element 724 (AK404).
pub const BAD_VALUE_LEN_MAX: usize = 99;

/// How far we look for the sixteen separators of an ISA whose elements are not padded, bytes. A padded ISA is 106.
pub const ISA_LEN_MAX: usize = 256;

/// Most elements of a segment, and components of a composite, that a guide may define. The longest segments of the
/// standards have some thirty; which of them are there is kept in the bits of one word.
pub const GUIDE_ELEMENTS_MAX: usize = 64;

/// Most lines of an overlay. A partner that deviates more often has a guide of its own.
pub const OVERLAY_LINES_MAX: usize = 500;
