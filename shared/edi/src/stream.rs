//! The reader for files that come in chunks.

use crate::events::{Envelopes, Event, Limits};

/// Reads a file chunk by chunk, with the events of [`crate::Events`] and ranges in the file as a whole.
///
/// Feed a chunk, take the events until there is none, feed the next; after the last chunk say [`finish`](Self::finish)
/// and take the rest. However the file is cut into chunks, the events are the same.
///
/// What is kept between chunks does not grow with the file: the segment that is not at its end
/// ([`Limits::segment_len_max`], [`Limits::binary_len_max`]), up to [`crate::limits::HEADER_LEN_MAX`] bytes where an
/// interchange may begin, and [`crate::limits::CONTROL_NUMBERS_MAX`] control numbers of each level to find those used
/// twice. With the usual limits and chunks of up to 1 MiB that is less than 16 MiB.
///
/// ```
/// let mut stream = edi::Stream::default();
/// let mut sets = 0;
/// for chunk in b"UNB+UNOA:1+A+B+260131:1435+1'UNH+1+DESADV:D:96A:UN'UNT+2+1'UNZ+1+1'".chunks(10) {
///     stream.feed(chunk);
///     while let Some(event) = stream.next_event() {
///         sets += usize::from(matches!(event, edi::Event::SetEnd { .. }));
///     }
/// }
/// stream.finish();
/// while let Some(event) = stream.next_event() {
///     sets += usize::from(matches!(event, edi::Event::SetEnd { .. }));
/// }
/// assert_eq!(sets, 1);
/// ```
#[derive(Debug)]
pub struct Stream {
    envelopes: Envelopes,
    /// The file from `base` as far as it was fed.
    buffer: Vec<u8>,
    base: usize,
    finished: bool,
}

impl Default for Stream {
    fn default() -> Self {
        Self::with_limits(Limits::default())
    }
}

impl Stream {
    /// At the first byte of a file, with other limits than the usual.
    pub fn with_limits(limits: Limits) -> Self {
        Self { envelopes: Envelopes::new(limits), buffer: Vec::new(), base: 0, finished: false }
    }

    /// The next bytes of the file. What was read of those before is let go. Nothing after [`finish`](Self::finish).
    pub fn feed(&mut self, chunk: &[u8]) {
        if self.finished {
            return;
        }
        self.buffer.drain(..(self.envelopes.at() - self.base).min(self.buffer.len()));
        self.base = self.envelopes.at();
        let len = self.buffer.len() + chunk.len();
        if len > self.buffer.capacity() {
            // Half as much again, where a vector would take twice as much.
            self.buffer.reserve_exact(chunk.len() + self.buffer.len() / 2);
        }
        self.buffer.extend_from_slice(chunk);
    }

    /// The file ends here.
    pub fn finish(&mut self) {
        self.finished = true;
    }

    /// The next event; `None` when more bytes are needed, and at the end.
    pub fn next_event(&mut self) -> Option<Event<'_>> {
        let window = self.buffer.get(self.envelopes.at() - self.base..)?;
        match self.envelopes.swift(window) {
            Some(segment) => Some(Event::Segment { segment, finding: None }),
            None => self.envelopes.next(&self.buffer, self.base, self.finished),
        }
    }
}
