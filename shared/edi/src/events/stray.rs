//! What stands outside the interchanges.

use crate::finding::{Finding, Place, SyntaxCode as Code};
use crate::header::is_filler;
use crate::limits::STRAY_LEN_MAX;
use crate::sniff;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Bytes outside the interchanges that were read and not yet told.
#[derive(Debug, Default)]
pub(super) struct Stray {
    pub(super) start: usize,
    pub(super) len: usize,
    /// The first bytes of the file.
    head: Vec<u8>,
    /// The first bytes after a byte order mark and filler, and where they stand.
    said: Vec<u8>,
    said_at: usize,
    /// How much of a byte order mark was seen last.
    mark: usize,
    /// The last byte.
    pub(super) last: Option<u8>,
}

impl Stray {
    pub(super) fn at(start: usize) -> Self {
        Self { start, said_at: start, ..Self::default() }
    }

    pub(super) fn take(&mut self, bytes: &[u8]) {
        // Asked for only if the file holds nothing else.
        if self.start == 0 {
            let room = STRAY_LEN_MAX - self.head.len().min(STRAY_LEN_MAX);
            self.head.extend(bytes.iter().take(room));
        }
        let mut rest = bytes;
        while self.said.is_empty()
            && let [byte, after @ ..] = rest
        {
            if BYTE_ORDER_MARK.get(self.mark) == Some(byte) {
                self.mark = (self.mark + 1) % BYTE_ORDER_MARK.len();
            } else if self.mark > 0 || !is_filler(*byte) {
                self.said_at = self.start + self.len + (bytes.len() - rest.len()) - self.mark;
                self.said.extend(BYTE_ORDER_MARK.iter().take(self.mark));
                self.said.push(*byte);
                self.mark = 0;
            }
            rest = after;
        }
        let room = STRAY_LEN_MAX - self.said.len().min(STRAY_LEN_MAX);
        self.said.extend(rest.iter().take(room));
        self.len += bytes.len();
        self.last = bytes.last().copied().or(self.last);
    }

    /// What there is to say of it. `whole` if the file holds nothing else.
    pub(super) fn finding(&self, whole: bool) -> Option<Box<Finding>> {
        if self.said.is_empty() && self.mark == 0 && !whole {
            return None;
        }
        let kind = sniff::kind(if whole { &self.head } else { &self.said });
        let blank = self.said.is_empty();
        let (code, message) = match (whole, blank) {
            (true, true) if self.len == 0 => (Code::FileEmpty, "The file is empty.".to_owned()),
            (true, true) => (Code::FileEmpty, "The file holds nothing but blanks.".to_owned()),
            _ if self.said.starts_with(b"ISA") => {
                (Code::IsaUnreadable, format!("No interchange can be read here: this is {kind}."))
            }
            _ if self.said.starts_with(b"UNA") || self.said.starts_with(b"UNB") => {
                (Code::UnbUnreadable, format!("No interchange can be read here: this is {kind}."))
            }
            (true, false) => (Code::FileNotEdi, format!("This is no EDI interchange but {kind}.")),
            (false, _) => (Code::FileStrayBytes, format!("These bytes are outside any interchange: {kind}.")),
        };
        let end = self.start + self.len;
        let at = if blank { end } else { self.said_at };
        let place = Place::default().at(at, end - at);
        Some(Box::new(Finding::new(code, place, message).with_bad(&self.said)))
    }
}
