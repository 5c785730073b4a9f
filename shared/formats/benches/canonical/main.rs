//! How fast files become canonical documents, in bytes per CPU second, beside cutting them into elements. One table.
//!
//! `cargo bench -p formats`. The files are those of the EDI reader's benchmark, shorter, as all their sets are held.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

#[path = "../../../edi/benches/speed/files.rs"]
mod files;

mod by_hand;

use std::hint::black_box;
use std::time::Duration;

use canonical::ShipConfirm;
use canonical::documents::{ShipmentNotice, ShippingAdvice};
use cpu_time::ProcessTime;
use edi::{Event, Events, Segment, Standard, TransactionSet};
use formats::mapping::{self, Draft};
use formats::x12::ShippingAdviceReader;

/// Bytes of a file.
const LEN: usize = 10_000_000;

/// Rounds of each row; the best counts.
const ROUNDS: usize = 5;

/// Reads a file, and says how many sets it took.
type Read<'r> = &'r dyn Fn(&[u8]) -> usize;

/// What becomes of a draft; whether it can.
type Take = fn(&Draft<'_>) -> bool;

fn main() {
    let files = [
        files::x12(1, "SW", LEN, files::shipping_advice),
        files::x12(1, "SH", LEN, files::ship_notice),
        files::edifact(LEN),
    ];
    println!("{:>34}{:>12}{:>12}{:>12}", "MB per CPU second", "945", "856", "DESADV");
    row("elements", &files, [Some(&elements); 3]);
    row("read into a document", &files, [Some(&|file| read(file, |_| true)); 3]);
    let typed: [Take; 3] = [advice, notice, notice];
    by_maps("draft by its map", &files, [|_| true; 3]);
    by_maps("typed document by its map", &files, typed);
    by_maps("draft with its origins written", &files, [|draft| black_box(draft.origins()).len() > 1; 3]);
    row("typed document, from a document", &files, [Some(&|file| read(file, mapped)); 3]);
    row("ship confirm", &files, [Some(&confirms), None, None]);
    row("ship confirm, from a document", &files, [Some(&|file| read(file, confirm)), None, None]);
    row("ship confirm, by hand", &files, [Some(&by_hand::confirms), None, None]);
    row("typed document, by hand", &files, [None, Some(&by_hand::notices), None]);
}

/// Prints a row, if its name has the word that was asked for.
fn row(name: &str, files: &[Vec<u8>; 3], reads: [Option<Read<'_>>; 3]) {
    if std::env::args().nth(1).is_some_and(|wanted| !wanted.starts_with('-') && !name.contains(&wanted)) {
        return;
    }
    print!("{name:>34}");
    for (file, read) in files.iter().zip(reads) {
        match read {
            Some(read) => print!("{:>12}", megabytes_per_second(file, read)),
            None => print!("{:>12}", "–"),
        }
    }
    println!();
}

fn by_maps(name: &str, files: &[Vec<u8>; 3], [a, b, c]: [Take; 3]) {
    let advices = |file: &[u8]| by_map(Standard::X12, "945", file, a);
    let notices = |file: &[u8]| by_map(Standard::X12, "856", file, b);
    let despatches = |file: &[u8]| by_map(Standard::Edifact, "DESADV", file, c);
    row(name, files, [Some(&advices), Some(&notices), Some(&despatches)]);
}

fn megabytes_per_second(file: &[u8], row: Read<'_>) -> u128 {
    let mut best = Duration::MAX;
    let sets = elements(file);
    for _ in 0..ROUNDS {
        let start = ProcessTime::now();
        let taken = row(file);
        best = best.min(start.elapsed());
        assert_eq!(taken, sets, "every set is taken");
    }
    file.len() as u128 * 1000 / best.as_nanos().max(1)
}

/// Sees every element of every segment. A set counts if nothing is wrong with its envelope.
fn elements(file: &[u8]) -> usize {
    let (mut sets, mut bytes) = (0, 0);
    let mut see = |segment: &Segment<'_>| bytes += segment.elements_raw().map(<[u8]>::len).sum::<usize>();
    let mut events = Events::new(file);
    loop {
        events.segments(&mut see);
        match events.next() {
            Some(Event::Segment { segment, .. } | Event::SetStart { header: segment, .. }) => see(&segment),
            Some(Event::SetEnd { trailer: Some(trailer), findings, .. }) => {
                see(&trailer);
                sets += usize::from(findings.is_empty());
            }
            Some(_) => {}
            None => break,
        }
    }
    black_box(bytes);
    sets
}

fn read(file: &[u8], take: fn(&TransactionSet<'_>) -> bool) -> usize {
    let document = edi::read(file);
    let groups = document.interchanges.iter().flat_map(|interchange| &interchange.groups);
    groups.flat_map(|group| &group.sets).filter(|set| take(set)).count()
}

/// By the map of a set, straight from the events.
fn by_map(standard: Standard, set: &str, file: &[u8], take: Take) -> usize {
    let Some(map) = mapping::find(standard, set) else { return 0 };
    let (mut events, mut reader, mut sets) = (Events::new(file), map.reader(file), 0);
    loop {
        events.segments(|segment| reader.segment(segment));
        match events.next() {
            Some(Event::SetStart { header, .. }) => reader.begin(&header),
            Some(Event::Segment { segment, .. }) => reader.segment(&segment),
            Some(Event::SetEnd { trailer, findings, .. }) => {
                let draft = reader.end(trailer.as_ref());
                sets += usize::from(findings.is_empty() && draft.is_ok_and(take));
            }
            Some(_) => {}
            None => return sets,
        }
    }
}

/// Typed; the draft knows where every value came from.
fn notice(draft: &Draft<'_>) -> bool {
    black_box(draft.typed::<ShipmentNotice>()).is_ok()
}

fn advice(draft: &Draft<'_>) -> bool {
    black_box(draft.typed::<ShippingAdvice>()).is_ok()
}

fn mapped(set: &TransactionSet<'_>) -> bool {
    let map = mapping::find(set.standard, &set.id());
    let take = if set.id() == "945" { advice } else { notice };
    map.and_then(|map| map.read(set).ok()).is_some_and(|draft| take(&draft))
}

/// Ship confirms, straight from the events.
fn confirms(file: &[u8]) -> usize {
    let (mut events, mut reader, mut sets) = (Events::new(file), ShippingAdviceReader::new(file), 0);
    loop {
        events.segments(|segment| reader.segment(segment));
        match events.next() {
            Some(Event::SetStart { header, .. }) => reader.begin(&header),
            Some(Event::Segment { segment, .. }) => reader.segment(&segment),
            Some(Event::SetEnd { findings, .. }) => {
                sets += usize::from(findings.is_empty() && black_box(reader.end()).is_ok());
            }
            Some(_) => {}
            None => return sets,
        }
    }
}

fn confirm(set: &TransactionSet<'_>) -> bool {
    let confirm: Result<ShipConfirm, _> = formats::x12::warehouse_shipping_advice_945(set);
    black_box(confirm).is_ok()
}
