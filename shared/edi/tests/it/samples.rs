//! Files to start from.

use edi::guide::Guides;
use edi::verdict::{self, GroupOutcome, GroupVerdict, InterchangeVerdict, SetVerdict, Verdict};
use edi::write::{self, Envelope, NewGroup, NewSegment, NewSet, edifact};
use edi::{ControlNumber, Delimiters, Finding, Place, Standard, SyntaxCode};

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

/// An EDIFACT envelope of this syntax version, from DEPOSITOR to WAREHOUSE, that releases what separates.
pub(crate) fn edifact_envelope(version: u8) -> edifact::Envelope {
    let party = |id: &str| edifact::Party { id: id.into(), qualifier: "14".into(), routing: String::new() };
    edifact::Envelope {
        charset: "UNOC".into(),
        version,
        sender: party("DEPOSITOR"),
        receiver: party("WAREHOUSE"),
        date: "20260131".into(),
        time: "1435".into(),
        reference: "77".into(),
        application: String::new(),
        ack_requested: false,
        agreement: String::new(),
        test: false,
        delimiters: Delimiters::EDIFACT,
        una: edifact::Una::WhereNeeded,
        line_feeds: true,
        policy: edifact::RELEASING,
    }
}

/// A message of this type without segments.
pub(crate) fn message(id: &str) -> edifact::NewMessage {
    edifact::NewMessage {
        id: id.into(),
        version: "D".into(),
        release: "96A".into(),
        agency: "UN".into(),
        association: String::new(),
        reference: "1".into(),
        segments: Vec::new(),
    }
}

/// A file of one CONTRL.
pub(crate) fn contrl_file(contrl: &edifact::NewMessage, version: u8) -> String {
    let content = edifact::Content::Messages(vec![contrl.clone()]);
    String::from_utf8(edifact::interchange(&edifact_envelope(version), &content).unwrap()).unwrap()
}

/// A verdict on three DESADVs in no group: M1 is accepted, M2 has defects in segments 6 (missing before it), 7 and 9,
/// M3 a wrong count.
pub(crate) fn edifact_verdict() -> InterchangeVerdict {
    let finding = |code, segment: &str, position, element, component| {
        let place = Place {
            segment_id: Some(segment.into()),
            segment_position: position,
            element,
            component,
            ..Place::default()
        };
        Finding::new(code, place, "Of a test.")
    };
    let set = |index, control: &str, findings: Vec<Finding>| SetVerdict {
        index,
        id: "DESADV".into(),
        control_number: control.into(),
        version: "D.96A".into(),
        agency: "UN".into(),
        implementation: "EAN005".into(),
        verdict: if findings.is_empty() { Verdict::Accepted } else { Verdict::Rejected },
        findings,
    };
    let defects = vec![
        finding(SyntaxCode::SegmentMissing, "CPS", Some(6), None, None),
        finding(SyntaxCode::SegmentNotInSet, "ZZZ", Some(7), None, None),
        finding(SyntaxCode::ElementTooLong, "LIN", Some(9), Some(2), Some(2)),
        finding(SyntaxCode::CodeInvalid, "LIN", Some(9), Some(1), None),
    ];
    let count = vec![finding(SyntaxCode::SegmentCountMismatch, "UNT", Some(9), Some(1), None)];
    let group = GroupVerdict {
        index: 0,
        standard: Standard::Edifact,
        enveloped: false,
        functional_id: String::new(),
        sender_code: "WAREHOUSE".into(),
        receiver_code: "DEPOSITOR".into(),
        control_number: String::new(),
        version: String::new(),
        outcome: GroupOutcome::PartiallyAccepted,
        sets_announced: 3,
        sets: vec![set(0, "M1", Vec::new()), set(1, "M2", defects), set(2, "M3", count)],
        findings: Vec::new(),
    };
    InterchangeVerdict {
        standard: Standard::Edifact,
        charset: "UNOC".into(),
        version: "3".into(),
        sender: ("14".into(), "WAREHOUSE".into()),
        receiver: ("14".into(), "DEPOSITOR".into()),
        routing: ("DOCK".into(), String::new()),
        date: "260131".into(),
        time: "1435".into(),
        control_number: "IC+1".into(),
        usage_indicator: String::new(),
        ack_requested: false,
        only_acknowledgments: false,
        verdict: Verdict::Accepted,
        findings: Vec::new(),
        groups: vec![group],
    }
}
