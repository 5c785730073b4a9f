//! A ship order written from values: `cargo run -p edi --example write > 940.edi`. Counts and control numbers of the
//! trailers are computed, and a value cannot become a segment.

use std::io::{self, Write as _};

use edi::write::{self, Envelope, NewGroup, NewSegment, NewSet};
use edi::{ControlNumber, Delimiters};

fn main() -> io::Result<()> {
    let segments = vec![
        NewSegment::new("W05").elements(["N", "ORDER-1", "PO-1"]),
        NewSegment::new("N1").elements(["ST", "Shop 42", "92", "0042"]),
        NewSegment::new("N4").elements(["Reno", "NV", "89501", "US"]),
        NewSegment::new("G62").elements(["10", "20260202"]),
        NewSegment::new("W66").elements(["CC", "M"]),
        NewSegment::new("LX").element("1"),
        NewSegment::new("W01").elements(["10", "EA", "", "VN", "SKU-1"]),
        NewSegment::new("W76").element("10"),
    ];
    let group = NewGroup {
        functional_id: "OW".into(),
        sender_code: "DEPOSITOR".into(),
        receiver_code: "WAREHOUSE".into(),
        control_number: ControlNumber::FIRST,
        version: "004010".into(),
        sets: vec![NewSet { id: "940".into(), control_number: "0001".into(), segments }],
    };
    let envelope = Envelope {
        sender: ("ZZ".into(), "DEPOSITOR".into()),
        receiver: ("ZZ".into(), "WAREHOUSE".into()),
        date: "20260131".into(),
        time: "1435".into(),
        control_number: ControlNumber::FIRST,
        version: "00401".into(),
        ack_requested: false,
        usage_indicator: 'T',
        delimiters: Delimiters::STANDARD,
        line_feeds: true,
    };
    let bytes = write::interchange(&envelope, &[], &[group]).map_err(io::Error::other)?;
    io::stdout().write_all(&bytes)
}
