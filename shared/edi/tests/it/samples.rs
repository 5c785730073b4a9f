//! Files to start from.

use edi::guide::Guides;
use edi::verdict::{self, InterchangeVerdict};
use edi::write::{self, Envelope, NewGroup, NewSegment, NewSet};
use edi::{ControlNumber, Delimiters};

/// An ISA with `*`, `>` and `~`, control number 000000007.
pub(crate) const ISA: &str =
    "ISA*00*          *00*          *ZZ*WAREHOUSE      *ZZ*DEPOSITOR      *260131*1435*U*00401*000000007*0*P*>~";

/// A 945 of eight segments with this control number.
pub(crate) fn ship_confirm(control: &str) -> String {
    format!(
        "ST*945*{control}~W06*F*ORDER{control}*20260131*SHIP1~N1*ST*Shop*92*0042~N9*BM*BOL1~\
         G62*11*20260131*W*1430~W27*M*ABCD~LX*1~MAN*GM*00106141411234567897~\
         W12*CC*10*10*0*EA**VN*SKU-1~W03*10~SE*11*{control}~"
    )
}

/// One interchange with one group of these sets.
pub(crate) fn file(sets: &[String]) -> String {
    format!(
        "{ISA}GS*SW*WAREHOUSE*DEPOSITOR*20260131*1435*3*X*004010~{}GE*{}*3~IEA*1*000000007~",
        sets.concat(),
        sets.len()
    )
}

/// The verdict on the first interchange of a file.
pub(crate) fn verdict_on(file: &str) -> InterchangeVerdict {
    let document = edi::read(file.as_bytes());
    verdict::interchange(&document.interchanges[0], Guides::built_in())
}

/// Code, segment id, position, element, first byte and length of every finding, in order.
pub(crate) fn findings(verdict: &InterchangeVerdict) -> Vec<String> {
    let of_groups = verdict
        .groups
        .iter()
        .flat_map(|group| group.findings.iter().chain(group.sets.iter().flat_map(|set| &set.findings)));
    verdict.findings.iter().chain(of_groups).map(line).collect()
}

pub(crate) fn line(finding: &edi::Finding) -> String {
    let place = &finding.place;
    let part = |n: Option<usize>| n.map_or("-".to_owned(), |n| n.to_string());
    format!(
        "{} {} {}/{} @{}+{}",
        finding.code,
        place.segment_id.as_deref().unwrap_or("-"),
        part(place.segment_position),
        part(place.element),
        place.byte_offset,
        place.byte_len
    )
}

pub(crate) fn envelope(delimiters: Delimiters) -> Envelope {
    Envelope {
        sender: ("ZZ".into(), "DEPOSITOR".into()),
        receiver: ("01".into(), "006922827".into()),
        date: "20260131".into(),
        time: "1435".into(),
        control_number: ControlNumber::new(41).unwrap(),
        version: "00401".into(),
        ack_requested: true,
        usage_indicator: 'T',
        delimiters,
        line_feeds: true,
    }
}

pub(crate) fn group(functional_id: &str, id: &str, segments: Vec<NewSegment>) -> NewGroup {
    NewGroup {
        functional_id: functional_id.into(),
        sender_code: "DEPOSITOR".into(),
        receiver_code: "WAREHOUSE".into(),
        control_number: ControlNumber::FIRST,
        version: "004010".into(),
        sets: vec![NewSet { id: id.into(), control_number: "0001".into(), segments }],
    }
}

/// A 940 that its guide accepts.
pub(crate) fn order() -> Vec<NewSegment> {
    vec![
        NewSegment::new("W05").elements(["N", "ORDER-1", "PO-1"]),
        NewSegment::new("N1").elements(["ST", "Shop", "92", "0042"]),
        NewSegment::new("N4").elements(["Reno", "NV", "89501", "US"]),
        NewSegment::new("G62").elements(["10", "20260202"]),
        NewSegment::new("W66").elements(["CC", "M"]),
        NewSegment::new("LX").element("1"),
        NewSegment::new("W01").elements(["10", "EA", "", "VN", "SKU-1"]),
        NewSegment::new("W76").element("10"),
    ]
}

pub(crate) fn write_one(delimiters: Delimiters, groups: &[NewGroup]) -> Result<Vec<u8>, write::Error> {
    write::interchange(&envelope(delimiters), &[], groups)
}
