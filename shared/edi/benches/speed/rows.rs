//! Ways of reading a file. A row more is a line in [`ROWS`] and a function.

use edi::guide::{Checker, Guides, Repertoire};
use edi::{Event, Events, Place, Segment};
use edifact_parser::{EdifactHandler, EdifactStreamParser};
use edifact_primitives::{Control, RawSegment};
use x12_delimiters::Delimiters;

use crate::corpus::Corpus;

/// What a way of reading saw, so that none can leave anything out.
#[derive(Clone, Copy, Default)]
pub(crate) struct Tally {
    /// Elements after the segment id, of all segments.
    pub(crate) elements: usize,
    /// Bytes of these.
    pub(crate) bytes: usize,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Self) {
        self.elements += other.elements;
        self.bytes += other.bytes;
    }

    #[inline]
    fn see(&mut self, element: &[u8]) {
        self.elements += 1;
        self.bytes += element.len();
    }
}

pub(crate) struct Row {
    pub(crate) name: &'static str,
    x12: Option<fn(&[u8]) -> Tally>,
    edifact: Option<fn(&[u8]) -> Tally>,
}

impl Row {
    pub(crate) fn read_for(&self, corpus: &Corpus) -> Option<fn(&[u8]) -> Tally> {
        if corpus.edifact { self.edifact } else { self.x12 }
    }
}

pub(crate) const ROWS: &[Row] = &[
    Row { name: "edi: events, every element", x12: Some(events), edifact: Some(events) },
    Row { name: "edi: the same with components", x12: None, edifact: Some(events_components) },
    Row { name: "edi: validated by its guide", x12: Some(validated), edifact: Some(validated) },
    Row { name: "edi: read into a document", x12: Some(document), edifact: Some(document) },
    Row { name: "x12-stream-parser 0.1", x12: Some(x12_stream_parser), edifact: None },
    Row { name: "edifact-parser 0.38", x12: None, edifact: Some(edifact_parser) },
    Row { name: "a memchr2 loop", x12: Some(memchr2_x12), edifact: Some(memchr3_edifact) },
    Row { name: "split into Vec<Vec<String>>", x12: Some(split_x12), edifact: None },
];

#[expect(clippy::inline_always, reason = "as the library's own")]
#[inline(always)]
fn see(tally: &mut Tally, segment: &Segment<'_>) {
    for element in segment.elements_raw() {
        tally.see(element);
    }
}

/// The pull parser, with all that it checks. A trailer counts only if nothing is wrong with it.
#[expect(clippy::inline_always, reason = "as the library's own")]
#[inline(always)]
fn walk(file: &[u8], see: impl Fn(&mut Tally, &Segment<'_>)) -> Tally {
    let mut tally = Tally::default();
    let mut events = Events::new(file);
    loop {
        events.segments(|segment| see(&mut tally, segment));
        let Some(event) = events.next() else { return tally };
        match &event {
            Event::Segment { segment, .. }
            | Event::SetStart { header: segment, .. }
            | Event::GroupStart { header: Some(segment), .. }
            | Event::InterchangeStart { header: segment, .. } => see(&mut tally, segment),
            Event::SetEnd { trailer: Some(segment), findings, .. }
            | Event::GroupEnd { trailer: Some(segment), findings, .. }
            | Event::InterchangeEnd { trailer: Some(segment), findings, .. }
                if findings.is_empty() =>
            {
                see(&mut tally, segment);
            }
            _ => {}
        }
    }
}

fn events(file: &[u8]) -> Tally {
    walk(file, see)
}

/// The same, and every component of every element.
fn events_components(file: &[u8]) -> Tally {
    walk(file, |tally, segment| {
        for element in segment.elements_raw() {
            tally.elements += 1;
            tally.bytes += segment.components_of(element).map(<[u8]>::len).sum::<usize>();
        }
    })
}

/// The verdict on each set by its guide, of a file of any size. A set counts only if nothing is wrong with it.
fn validated(file: &[u8]) -> Tally {
    let mut tally = Tally::default();
    let mut version = String::new();
    let (mut checker, mut of_set) = (None::<(String, Checker<'_>)>, Tally::default());
    let mut events = Events::new(file);
    loop {
        match &mut checker {
            Some((_, checker)) => events.segments_checked(checker, |segment| see(&mut of_set, segment)),
            None => events.segments(|segment| see(&mut of_set, segment)),
        }
        let Some(event) = events.next() else { return tally };
        match &event {
            Event::Segment { segment, .. } => {
                see(&mut of_set, segment);
                if let Some((_, checker)) = &mut checker {
                    checker.take(segment);
                }
            }
            Event::SetStart { header, .. } => {
                see(&mut of_set, header);
                let id = if version.is_empty() { header.component(2, 1) } else { header.element(1) };
                let id = id.unwrap_or_default();
                if checker.as_ref().is_none_or(|(last, _)| *last != id) {
                    let version = if version.is_empty() { "D.96A" } else { &version };
                    let found = Guides::built_in().find(&id, version);
                    checker = found.map(|(guide, fit)| (id.into_owned(), Checker::new(guide, fit, Repertoire::Any)));
                }
            }
            Event::SetEnd { trailer, range, findings, .. } => {
                if let Some(trailer) = trailer {
                    see(&mut of_set, trailer);
                }
                let found = checker
                    .as_mut()
                    .map(|(_, checker)| checker.finish_set(Place::default, trailer.as_ref(), range.end));
                if findings.is_empty() && found.is_some_and(|found| found.is_empty()) {
                    tally.add(std::mem::take(&mut of_set));
                }
            }
            Event::GroupStart { header: Some(segment), .. } => {
                version = segment.element(8).unwrap_or_default().into_owned();
                see(&mut tally, segment);
            }
            Event::InterchangeStart { header: segment, .. } => see(&mut tally, segment),
            Event::GroupEnd { trailer: Some(segment), findings, .. }
            | Event::InterchangeEnd { trailer: Some(segment), findings, .. }
                if findings.is_empty() =>
            {
                see(&mut tally, segment);
            }
            _ => {}
        }
    }
}

fn document(file: &[u8]) -> Tally {
    let mut tally = Tally::default();
    for interchange in &edi::read(file).interchanges {
        [Some(interchange.header), interchange.trailer].iter().flatten().for_each(|one| see(&mut tally, one));
        for group in &interchange.groups {
            [group.header, group.trailer].iter().flatten().for_each(|one| see(&mut tally, one));
            group.sets.iter().flat_map(|set| &set.segments).for_each(|one| see(&mut tally, one));
        }
    }
    tally
}

/// Knows no envelopes; a line end between segments becomes part of the id.
fn x12_stream_parser(file: &[u8]) -> Tally {
    let mut tally = Tally::default();
    let parser = x12_stream_parser::Parser::new(file, Delimiters::new(b'~', b'*', b'>'));
    for segment in parser.flatten() {
        for element in segment.elements() {
            tally.see(element);
        }
    }
    tally
}

struct Counter(Tally);

impl EdifactHandler for Counter {
    fn on_segment(&mut self, segment: &RawSegment<'_>) -> Control {
        self.0.elements += segment.elements.len();
        self.0.bytes += segment.elements.iter().flatten().map(|part| part.len()).sum::<usize>();
        Control::Continue
    }
}

fn edifact_parser(file: &[u8]) -> Tally {
    let mut counter = Counter(Tally::default());
    let _ = EdifactStreamParser::parse(file, &mut counter);
    counter.0
}

/// What one writes first who knows memchr: elements and terminators, one after the other.
fn memchr2_x12(file: &[u8]) -> Tally {
    let mut tally = Tally::default();
    let (mut start, mut id) = (0, true);
    for at in memchr::memchr2_iter(b'*', b'~', file) {
        if !id {
            tally.see(file.get(start..at).unwrap_or_default());
        }
        id = file.get(at) == Some(&b'~');
        start = at + 1;
    }
    tally
}

/// The same for EDIFACT, with the release character.
fn memchr3_edifact(file: &[u8]) -> Tally {
    let mut tally = Tally::default();
    let (mut start, mut id, mut released) = (0, true, usize::MAX);
    let una = if file.starts_with(b"UNA") { 9 } else { 0 };
    let file = file.get(una..).unwrap_or_default();
    for at in memchr::memchr3_iter(b'+', b'\'', b'?', file) {
        if at == released {
            continue;
        }
        if file.get(at) == Some(&b'?') {
            released = at + 1;
            continue;
        }
        if !id {
            tally.see(file.get(start..at).unwrap_or_default());
        }
        id = file.get(at) == Some(&b'\'');
        start = at + 1;
    }
    tally
}

/// What one writes first: everything into strings.
fn split_x12(file: &[u8]) -> Tally {
    let text = String::from_utf8_lossy(file);
    let segments: Vec<Vec<String>> =
        text.split('~').map(|segment| segment.trim().split('*').map(str::to_owned).collect()).collect();
    let mut tally = Tally::default();
    for element in segments.iter().flat_map(|segment| segment.iter().skip(1)) {
        tally.see(element.as_bytes());
    }
    tally
}

/// One byte after the other, to know what is there.
pub(crate) fn plainly(file: &[u8], edifact: bool) -> Tally {
    if edifact { memchr3_edifact(file) } else { memchr2_x12(file) }
}
