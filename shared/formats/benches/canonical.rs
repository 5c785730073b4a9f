//! How fast files become canonical documents, in bytes per CPU second, beside cutting them into elements. One table.
//!
//! `cargo bench -p formats`. The files are those of the EDI reader's benchmark, shorter, as all their sets are held.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

#[path = "../../edi/benches/speed/files.rs"]
mod files;

use std::time::Duration;

use canonical::ShipConfirm;
use canonical::documents::ShipmentNotice;
use cpu_time::ProcessTime;
use edi::{Event, Events, Segment, TransactionSet};
use formats::mapping;

/// Bytes of a file.
const LEN: usize = 10_000_000;

/// Rounds of each row; the best counts.
const ROUNDS: usize = 5;

/// Reads a file, and says how many sets it took.
type Read = fn(&[u8]) -> usize;

fn main() {
    let files: [(&str, Vec<u8>, Read); 5] = [
        ("945", files::x12(1, "SW", LEN, files::shipping_advice), |file| read(file, confirm)),
        ("856", files::x12(1, "SH", LEN, files::ship_notice), |file| read(file, notice)),
        ("DESADV", files::edifact(LEN), |file| read(file, notice)),
        ("856, origins written", files::x12(1, "SH", LEN, files::ship_notice), |file| read(file, explained)),
        ("DESADV, origins written", files::edifact(LEN), |file| read(file, explained)),
    ];
    println!("{:>34}{:>12}{:>12}{:>12}", "MB per CPU second", "elements", "read", "canonical");
    for (name, file, canonical) in &files {
        let sets = elements(file);
        print!("{name:>34}");
        let read_only: Read = |file| read(file, |_| true);
        for row in [elements, read_only, *canonical] {
            print!("{:>12}", megabytes_per_second(file, row, sets));
        }
        println!();
    }
}

fn megabytes_per_second(file: &[u8], row: Read, sets: usize) -> u128 {
    let mut best = Duration::MAX;
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
    std::hint::black_box(bytes);
    sets
}

fn read(file: &[u8], take: fn(&TransactionSet<'_>) -> bool) -> usize {
    let document = edi::read(file);
    let groups = document.interchanges.iter().flat_map(|interchange| &interchange.groups);
    groups.flat_map(|group| &group.sets).filter(|set| take(set)).count()
}

fn confirm(set: &TransactionSet<'_>) -> bool {
    let confirm: Result<ShipConfirm, _> = formats::x12::warehouse_shipping_advice_945(set);
    std::hint::black_box(confirm).is_ok()
}

/// By the set's map, typed; the draft knows where every value came from.
fn notice(set: &TransactionSet<'_>) -> bool {
    let id = set.id();
    let Some(map) = mapping::find(set.standard, &id) else { return false };
    let Ok(draft) = map.read(set) else { return false };
    std::hint::black_box((draft.typed::<ShipmentNotice>(), &draft)).0.is_ok()
}

/// The same, and every origin with its pointer as text.
fn explained(set: &TransactionSet<'_>) -> bool {
    let id = set.id();
    let Some(map) = mapping::find(set.standard, &id) else { return false };
    let Ok(draft) = map.read(set) else { return false };
    std::hint::black_box((draft.typed::<ShipmentNotice>(), draft.origins())).0.is_ok()
}
