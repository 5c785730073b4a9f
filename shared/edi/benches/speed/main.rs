//! How fast files are read, in bytes per CPU second, beside other ways of reading them. One table.
//!
//! `cargo bench -p edi`, or `cargo bench -p edi -- memchr2 DESADV` for the rows and the files with these words in their
//! names. Files are generated, so that everybody measures the same. What counts is the CPU time of the process, the best
//! of several rounds: other work on the machine does not show.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

mod corpus;
mod files;
mod rows;

use std::time::Duration;

use cpu_time::ProcessTime;
use edi::{Event, Stream};

use corpus::Corpus;
use rows::{ROWS, Tally};

/// Rounds of each row; the best counts.
const ROUNDS: usize = 5;

fn main() {
    let mut words = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let (word, kind) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if word.is_empty() {
        println!("Peak memory of the process while a stream is read in chunks of 64 KiB:");
        for megabytes in [5, 50, 500] {
            let segments = stream(megabytes * 1_000_000);
            println!("  {megabytes:>4} MB  {segments:>9} segments  {} KiB", peak_kib());
        }
        println!();
    }
    let makers = [corpus::shipping_advices, corpus::ship_notices, corpus::despatch_advices, corpus::small_files];
    let names = ["945, 50 MB", "856, 50 MB", "DESADV, 50 MB", "945, 2.5 KB"];
    let chosen = names.iter().zip(makers).filter(|(name, _)| name.contains(&kind));
    let corpora: Vec<Corpus> = chosen.map(|(name, make)| make(name)).collect();
    print!("{:34}", "MB per CPU second");
    for corpus in &corpora {
        print!("{:>16}", corpus.name);
    }
    println!();
    for row in ROWS.iter().filter(|row| row.name.contains(&word)) {
        print!("{:34}", row.name);
        for corpus in &corpora {
            match row.read_for(corpus) {
                Some(read) => print!("{:>16}", megabytes_per_second(corpus, read)),
                None => print!("{:>16}", "-"),
            }
        }
        println!();
    }
}

fn megabytes_per_second(corpus: &Corpus, read: fn(&[u8]) -> Tally) -> u128 {
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let start = ProcessTime::now();
        let mut tally = Tally::default();
        for file in &corpus.files {
            tally.add(read(file));
        }
        best = best.min(start.elapsed());
        corpus.check(std::hint::black_box(tally));
    }
    corpus.len() as u128 * 1000 / best.as_nanos().max(1)
}

/// Reads a stream of so many bytes, which never stands in memory as a whole.
fn stream(len: usize) -> usize {
    let (head, body, tail) = corpus::endless_file();
    let mut stream = Stream::default();
    let mut segments = 0;
    let mut take = |stream: &mut Stream| {
        while let Some(event) = stream.next_event() {
            segments += usize::from(matches!(event, Event::Segment { .. }));
        }
    };
    stream.feed(&head);
    for _ in 0..len / body.len() {
        for chunk in body.chunks(64 * 1024) {
            stream.feed(chunk);
            take(&mut stream);
        }
    }
    stream.feed(&tail);
    stream.finish();
    take(&mut stream);
    segments
}

/// The most memory that the process had so far. Source: `VmHWM` in Linux's `/proc/self/status`.
fn peak_kib() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or("?", |line| line.trim().trim_end_matches(" kB")).to_owned()
}
