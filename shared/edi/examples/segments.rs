//! A file with a segment on each line, as it is read: `cargo run -p edi --example segments -- 945.edi N1 W12` shows the
//! segments with these ids, with the bytes where they stand and their elements.

use std::io::{self, Write as _};

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let Some(path) = arguments.next() else {
        return writeln!(io::stderr(), "usage: segments FILE [ID]...");
    };
    let wanted: Vec<String> = arguments.collect();
    let file = std::fs::read(path)?;
    let document = edi::read(&file);
    let mut out = io::stdout().lock();
    for group in document.interchanges.iter().flat_map(|interchange| &interchange.groups) {
        for segment in group.sets.iter().flat_map(|set| &set.segments) {
            if wanted.is_empty() || wanted.iter().any(|id| id == segment.id()) {
                let elements: Vec<_> =
                    (1..=segment.element_count()).map(|n| segment.element(n).unwrap_or_default()).collect();
                writeln!(out, "{:?} {} {}", segment.range(), segment.id(), elements.join(" | "))?;
            }
        }
    }
    Ok(())
}
