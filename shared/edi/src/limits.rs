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

/// Most segments and loops that stand side by side in a guide: in the set itself, or in one loop. The widest sets of the
/// standards have some fifty; where a segment belongs is found by the bits of one word.
pub const GUIDE_NODES_MAX: usize = 64;

/// Most lines of an overlay. A partner that deviates more often has a guide of its own.
pub const OVERLAY_LINES_MAX: usize = 500;

/// How far we look for the end of an interchange's header and for the width of its records, bytes. An ISA has 106, a
/// UNB with all its elements about 300; three records of the greatest width fit too.
pub const HEADER_LEN_MAX: usize = 1024;

/// Widest record that line ends may divide an interchange into, bytes. 80 is usual; 72, 120, 128 and 132 occur.
pub const RECORD_LEN_MAX: usize = 256;

/// Longest binary data in a BIN or BDS segment, bytes. The reader of chunks keeps a segment whole, and stays within
/// 16 MiB with it; whoever expects larger pictures reads with other [`crate::Limits`].
pub const BINARY_LEN_MAX: usize = 4 * 1024 * 1024;

/// How many control numbers of each level are remembered to find those used twice: within a group its sets, within an
/// interchange its groups, within a file its interchanges. Sixteen bytes each, so that a file of any size needs less
/// than 16 MiB. Later ones are not remembered; numbers used twice over more than this are for the register of who
/// receives the files.
pub const CONTROL_NUMBERS_MAX: usize = 100_000;

/// Bytes kept of what stands outside the interchanges, to name what it is.
pub const STRAY_LEN_MAX: usize = 512;
