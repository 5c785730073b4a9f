//! The files that are read.

use crate::files::{self, ship_notice, shipping_advice, x12};
use crate::rows::Tally;

/// Bytes of a large file.
const LARGE: usize = 50_000_000;

/// How many small files, and bytes of each.
const SMALL: (usize, usize) = (20_000, 2_500);

pub(crate) struct Corpus {
    pub(crate) name: &'static str,
    pub(crate) files: Vec<Vec<u8>>,
    pub(crate) edifact: bool,
    /// What every row must find.
    elements: usize,
}

impl Corpus {
    fn new(name: &'static str, files: Vec<Vec<u8>>, edifact: bool) -> Self {
        let elements = files.iter().map(|file| crate::rows::plainly(file, edifact).elements).sum();
        Self { name, files, edifact, elements }
    }

    pub(crate) fn len(&self) -> usize {
        self.files.iter().map(Vec::len).sum()
    }

    /// A row that finds something else has not read the file.
    pub(crate) fn check(&self, tally: Tally) {
        assert_eq!((tally.elements, tally.bytes > 0), (self.elements, true), "{}", self.name);
    }
}

pub(crate) fn shipping_advices(name: &'static str) -> Corpus {
    Corpus::new(name, vec![x12(1, "SW", LARGE, shipping_advice)], false)
}

pub(crate) fn ship_notices(name: &'static str) -> Corpus {
    Corpus::new(name, vec![x12(1, "SH", LARGE, ship_notice)], false)
}

pub(crate) fn small_files(name: &'static str) -> Corpus {
    let (count, len) = SMALL;
    let files = (1..=count).map(|number| x12(number, "SW", len, shipping_advice)).collect();
    Corpus::new(name, files, false)
}

pub(crate) fn despatch_advices(name: &'static str) -> Corpus {
    Corpus::new(name, vec![files::edifact(LARGE)], true)
}

/// The beginning, a part of about 1 MB to be repeated, and the end of a file of any length.
pub(crate) fn endless_file() -> (Vec<u8>, Vec<u8>, Vec<u8>) {
    let file = x12(1, "SW", 1_000_000, shipping_advice);
    let text = String::from_utf8(file).unwrap_or_default();
    let start = text.find("ST*").unwrap_or_default();
    let end = text.find("GE*").unwrap_or_default();
    let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default().as_bytes().to_vec();
    (part(0..start), part(start..end), part(end..text.len()))
}
