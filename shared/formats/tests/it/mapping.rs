//! Every map, held against the types of its documents, and every sample against its map, both ways.

use std::fs;
use std::path::{Path, PathBuf};

use canonical::documents::{
    FreightInvoice, InboundNotice, Invoice, LoadTender, OrderResponse, PurchaseOrder, Receipt, ReturnAuthorization,
    ShipmentNotice, ShipmentStatus, ShippingAdvice, StockAdjustment, StockReport, TenderResponse, WarehouseOrder,
};
use canonical::{Finding, Place};
use edi::write::{Envelope, NewGroup, NewSegment, NewSet, edifact};
use edi::{ControlNumber, Delimiters, Standard, TransactionSet};
use formats::limits::{LOOP_NODES_MAX, MAP_DEPTH_MAX, MAP_LINES_MAX, TREE_DEPTH_MAX};
use formats::mapping::{self, Draft, Map, Origin};
use proptest::prelude::*;
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A document as JSON, with what was odd.
type Typed = Result<(Value, Vec<Finding>), Vec<Finding>>;

/// What a canonical document's type has to say about a draft and about its schema.
struct Kind {
    name: &'static str,
    /// The draft through the type and back.
    typed: fn(&Draft<'_>) -> Typed,
    schema: fn(SchemaGenerator) -> Value,
}

fn kind<T: Serialize + DeserializeOwned + JsonSchema>(name: &'static str) -> Kind {
    let typed = |draft: &Draft<'_>| {
        draft.typed::<T>().map(|document| (serde_json::to_value(&document).unwrap(), draft.notes().to_vec()))
    };
    Kind { name, typed, schema: |generator| generator.into_root_schema_for::<T>().to_value() }
}

fn kinds() -> Vec<Kind> {
    vec![
        kind::<Receipt>("receipt"),
        kind::<StockAdjustment>("stock-adjustment"),
        kind::<StockReport>("stock-report"),
        kind::<ShipmentNotice>("shipment-notice"),
        kind::<PurchaseOrder>("purchase-order"),
        kind::<OrderResponse>("order-response"),
        kind::<Invoice>("invoice"),
        kind::<ReturnAuthorization>("return-authorization"),
        kind::<InboundNotice>("inbound-notice"),
        kind::<WarehouseOrder>("warehouse-order"),
        kind::<ShippingAdvice>("shipping-advice"),
        kind::<ShipmentStatus>("shipment-status"),
        kind::<LoadTender>("load-tender"),
        kind::<TenderResponse>("tender-response"),
        kind::<FreightInvoice>("freight-invoice"),
    ]
}

fn kind_of(map: &Map) -> Kind {
    let found = kinds().into_iter().find(|kind| kind.name == map.document());
    found.unwrap_or_else(|| panic!("{}: there is no document {}", map.set(), map.document()))
}

fn samples(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples").join(folder);
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "edi"));
    paths.sort();
    paths
}

/// Whether a schema has something at a place: names joined by `/`, entries of lists as `*`.
fn has(schema: &Value, root: &Value, names: &[&str]) -> bool {
    if let Some(reference) = schema["$ref"].as_str() {
        return has(root.pointer(reference.trim_start_matches('#')).unwrap(), root, names);
    }
    if let Some(forms) = schema["anyOf"].as_array() {
        return forms.iter().any(|form| has(form, root, names));
    }
    match names {
        [] => true,
        ["*", rest @ ..] => schema.get("items").is_some_and(|items| has(items, root, rest)),
        [name, rest @ ..] => schema["properties"].get(*name).is_some_and(|member| has(member, root, rest)),
    }
}

#[test]
fn every_map_compiles_and_names_only_what_its_document_has() {
    for (name, map) in mapping::all() {
        let map = map.unwrap_or_else(|error| panic!("{name}: {error}"));
        let generator = SchemaSettings::draft2020_12().into_generator();
        let schema = (kind_of(&map).schema)(generator);
        for (place, line) in map.places() {
            let names: Vec<&str> = place.split('/').skip(1).collect();
            assert!(has(&schema, &schema, &names), "{name}, line {line}: {} has no {place}", map.document());
        }
    }
}

/// What a set is written as, in an interchange of its own.
fn rewritten(functional_id: &str, set: &TransactionSet<'_>, segments: Vec<NewSegment>) -> Vec<u8> {
    let envelope = Envelope {
        sender: ("ZZ".to_owned(), "A".to_owned()),
        receiver: ("ZZ".to_owned(), "B".to_owned()),
        date: "20260131".to_owned(),
        time: "1435".to_owned(),
        control_number: ControlNumber::new(1).unwrap(),
        version: "00401".to_owned(),
        ack_requested: false,
        usage_indicator: 'P',
        delimiters: Delimiters::STANDARD,
        line_feeds: false,
    };
    let group = NewGroup {
        functional_id: functional_id.to_owned(),
        sender_code: "AA".to_owned(),
        receiver_code: "BB".to_owned(),
        control_number: ControlNumber::new(1).unwrap(),
        version: "004010".to_owned(),
        sets: vec![NewSet { id: set.id().into_owned(), control_number: "0001".to_owned(), segments }],
    };
    edi::write::interchange(&envelope, &[], &[group]).unwrap()
}

/// The segments between header and trailer as text.
fn body(set: &TransactionSet<'_>) -> Vec<String> {
    set.body().iter().map(|segment| String::from_utf8_lossy(segment.bytes()).into_owned()).collect()
}

/// An EDIFACT message in an interchange of its own.
fn rewritten_edifact(set: &TransactionSet<'_>, segments: &[NewSegment]) -> Vec<u8> {
    let party = |id: &str| edifact::Party { id: id.to_owned(), qualifier: "14".to_owned(), routing: String::new() };
    let envelope = edifact::Envelope {
        charset: "UNOC".to_owned(),
        version: 3,
        sender: party("A"),
        receiver: party("B"),
        date: "20260131".to_owned(),
        time: "1435".to_owned(),
        reference: "1".to_owned(),
        application: String::new(),
        ack_requested: false,
        agreement: String::new(),
        test: false,
        delimiters: Delimiters::EDIFACT,
        una: edifact::Una::WhereNeeded,
        line_feeds: false,
        policy: edifact::RELEASING,
    };
    let name = |component: usize| set.segments[0].component(2, component).unwrap_or_default().into_owned();
    let message = edifact::NewMessage {
        id: name(1),
        version: name(2),
        release: name(3),
        agency: name(4),
        association: name(5),
        reference: "1".to_owned(),
        segments: segments.to_vec(),
    };
    edifact::interchange(&envelope, &edifact::Content::Messages(vec![message])).unwrap()
}

#[test]
fn every_sample_is_what_its_json_says_and_is_written_as_it_was() {
    let of = |standard, folder| samples(folder).into_iter().map(move |path| (standard, path));
    for (standard, path) in of(Standard::X12, "x12").chain(of(Standard::Edifact, "edifact")) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = fs::read(&path).unwrap();
        let file = edi::read(&bytes);
        let set = &file.interchanges[0].groups[0].sets[0];
        let map = mapping::find(standard, &set.id()).unwrap_or_else(|| panic!("{name}: no map"));
        let draft = map.read(set).unwrap_or_else(|findings| panic!("{name}: {findings:#?}"));
        let (typed, notes) = (kind_of(map).typed)(&draft).unwrap_or_else(|findings| panic!("{name}: {findings:#?}"));
        assert_eq!(draft.to_json(), typed, "{name}: the type keeps what was read");
        assert!(notes.is_empty() || name.contains("-noted"), "{name}: {notes:#?}");
        let golden = path.with_extension("json");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, serde_json::to_string_pretty(&typed).unwrap() + "\n").unwrap();
        }
        let expected: Value =
            serde_json::from_str(&fs::read_to_string(&golden).unwrap_or_default()).unwrap_or_default();
        assert_eq!(typed, expected, "{name}: UPDATE_GOLDEN=1 cargo test -p formats mapping");
        origins_are_exact(&name, &bytes, set, &draft);
        segment_by_segment(&bytes, set, map, &draft);

        let written = map.write(&typed).unwrap_or_else(|findings| panic!("{name}: {findings:#?}"));
        assert_eq!(written.unwritten, Vec::<String>::new(), "{name}");
        let again = match standard {
            Standard::X12 => rewritten(&file.interchanges[0].groups[0].functional_id(), set, written.segments),
            Standard::Edifact => rewritten_edifact(set, &written.segments),
        };
        let file = edi::read(&again);
        let verdict = edi::verdict::group(&file.interchanges[0].groups[0], edi::guide::Guides::built_in());
        assert_eq!(verdict.sets[0].findings, Vec::new(), "{name}: {}", String::from_utf8_lossy(&again));
        let reread = &file.interchanges[0].groups[0].sets[0];
        assert_eq!(map.read(reread).unwrap().to_json(), typed, "{name}: {}", String::from_utf8_lossy(&again));
        if draft.unmapped().is_empty() && !name.contains("-foreign") {
            assert_eq!(body(reread), body(set), "{name}: a sample in the form that we write is written as it was");
        }
    }
}

#[test]
fn later_versions_are_read_by_the_same_maps() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../edi/tests/samples");
    let mut read = 0;
    for (standard, under) in [(Standard::Edifact, "edifact"), (Standard::X12, "x12")] {
        for entry in fs::read_dir(folder.join(under)).into_iter().flatten() {
            let bytes = fs::read(entry.unwrap().path()).unwrap();
            let file = edi::read(&bytes);
            for set in
                file.interchanges.iter().flat_map(|interchange| &interchange.groups).flat_map(|group| &group.sets)
            {
                let Some(map) = mapping::find(standard, &set.id()) else {
                    continue;
                };
                let name = format!("{} {}", set.id(), set.version());
                let draft = map.read(set).unwrap_or_else(|findings| panic!("{name}: {findings:#?}"));
                (kind_of(map).typed)(&draft).unwrap_or_else(|findings| panic!("{name}: {findings:#?}"));
                read += 1;
            }
        }
    }
    assert!(read > 20, "{read}");
}

/// A reader of segments says the same, and what it read before changes nothing.
fn segment_by_segment(bytes: &[u8], set: &TransactionSet<'_>, map: &Map, expected: &Draft<'_>) {
    let mut reader = map.reader(bytes);
    for _ in 0..2 {
        reader.begin(&set.segments[0]);
        set.body().iter().for_each(|segment| reader.segment(segment));
        let draft = reader.end(set.segments.last()).unwrap();
        assert_eq!((draft.to_json(), draft.origins()), (expected.to_json(), expected.origins()));
        assert_eq!((draft.notes(), draft.unmapped()), (expected.notes(), expected.unmapped()));
        // A set that is broken off leaves nothing behind.
        reader.begin(&set.segments[0]);
        set.body().iter().take(5).for_each(|segment| reader.segment(segment));
    }
}

/// Every value has an origin, and the bytes of an origin are those of the element that it names.
fn origins_are_exact(name: &str, bytes: &[u8], set: &TransactionSet<'_>, draft: &Draft<'_>) {
    let (json, origins) = (draft.to_json(), draft.origins());
    for Origin { pointer, segment, position, element, component, range } in &origins {
        let of = &set.segments[position - 1];
        assert_eq!(of.id(), segment, "{name} {pointer}");
        let expected = match (*element, *component) {
            (0, _) => of.id().to_owned(),
            (element, 0) => of.element(element).unwrap().trim().to_owned(),
            (element, component) => of.component(element, component).unwrap().trim().to_owned(),
        };
        assert_eq!(of.text(&bytes[range.clone()]), expected, "{name} {pointer}");
        assert!(json.pointer(pointer).is_some(), "{name} {pointer}");
    }
    let mut leaves = Vec::new();
    pointers(&json, String::new(), &mut leaves);
    for leaf in leaves {
        assert!(origins.iter().any(|origin| origin.pointer == leaf), "{name}: {leaf} has no origin");
    }
    let lines = mapping::explain(&json, &origins);
    assert_eq!(lines.len(), origins.len());
    assert!(lines.is_sorted_by_key(|line| line.range.start), "{name}");
}

fn pointers(value: &Value, at: String, out: &mut Vec<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| pointers(value, format!("{at}/{name}"), out)),
        Value::Array(entries) => {
            entries.iter().enumerate().for_each(|(index, value)| pointers(value, format!("{at}/{index}"), out));
        }
        _ => out.push(at),
    }
}

/// The findings of a 4010 set made of `body`, each as its place and its words.
fn findings_of(id: &str, body: &str) -> Vec<String> {
    let segments = body.matches('~').count() + 2;
    let text = format!(
        "ISA*00*          *00*          *ZZ*A              *ZZ*B              *260131*1435*U*00401*000000001*0*P*>~\
         GS*RE*AA*BB*20260131*1435*1*X*004010~ST*{id}*0001~{body}SE*{segments}*0001~GE*1*1~IEA*1*000000001~"
    );
    let file = edi::read(text.as_bytes());
    let set = &file.interchanges[0].groups[0].sets[0];
    let map = mapping::find(Standard::X12, id).unwrap();
    let findings = match map.read(set) {
        Ok(draft) => match (kind_of(map).typed)(&draft) {
            Ok((_, notes)) => notes,
            Err(findings) => findings,
        },
        Err(findings) => findings,
    };
    findings
        .iter()
        .map(|finding| match &finding.place {
            Some(Place::Edi { segment, segment_position, element, .. }) => format!(
                "{}{:02} of {}: {}",
                segment.as_deref().unwrap_or("-"),
                element.unwrap_or_default(),
                segment_position.unwrap_or_default(),
                finding.detail
            ),
            other => format!("{other:?}: {}", finding.detail),
        })
        .collect()
}

#[test]
fn findings_name_segment_and_element_and_no_value() {
    assert_eq!(
        findings_of("944", "W17*F*20261301*R1~N1*WH*JOE SMITH~W07*many*EA~W14*1~"),
        ["W1702 of 2: W1702 is no day of the form CCYYMMDD", "W0701 of 4: W0701 is no number",]
    );
    assert_eq!(
        findings_of("944", "W17*F*20260131~N1*WH*X~W14*1~"),
        ["W1703 of 2: W1703 is missing", "W0700 of 1: the loop of ST has no W07 that it must have",]
    );
    assert_eq!(
        findings_of("944", "W17*F*20260131*R~N1*WH*X~W07*2*EA~W14*3~"),
        ["W1401 of 5: W1401 is not what the set adds up to; the single values are taken"]
    );
}

#[test]
fn what_a_map_has_no_line_for_is_named() {
    let file = RECEIPT.replace("N9*ZA*GATE 4~", "G61*IC*JOE~").replace("W07*2*CA**VN*BOLT~", "W07*2*CA**VN*BOLT*XX*7~");
    let file = file.replace("N1*WH*X~", "N1*WH*X****41~");
    let file = edi::read(file.as_bytes());
    let set = &file.interchanges[0].groups[0].sets[0];
    let draft = mapping::find(Standard::X12, "944").unwrap().read(set).unwrap();
    let unmapped: Vec<(usize, usize)> = draft.unmapped().iter().map(|what| (what.position, what.element)).collect();
    assert_eq!(unmapped, [(3, 6), (4, 0)], "N106, and G61 as a whole; W0706 and W0707 are a pair that is looked at");
}

#[test]
fn an_element_far_behind_is_named_too() {
    let unmapped = |empty: usize| -> Vec<usize> {
        let file = RECEIPT.replace("N9*ZA*GATE 4~", &format!("N9*ZA*GATE 4{}*X*~", "*".repeat(empty)));
        let file = edi::read(file.as_bytes());
        let set = &file.interchanges[0].groups[0].sets[0];
        let draft = mapping::find(Standard::X12, "944").unwrap().read(set).unwrap();
        draft.unmapped().iter().map(|what| what.element).collect()
    };
    for element in [3, 62, 63, 64, 65, 127, 128, 129, 300] {
        assert_eq!(unmapped(element - 3), [element]);
    }
}

#[test]
fn a_reader_keeps_as_many_segments_as_a_set_may_have() {
    let file = edi::read(RECEIPT.as_bytes());
    let set = &file.interchanges[0].groups[0].sets[0];
    let (mut reader, unknown) =
        (mapping::find(Standard::X12, "944").unwrap().reader(RECEIPT.as_bytes()), &set.segments[0]);
    reader.begin(unknown);
    set.body().iter().for_each(|segment| reader.segment(segment));
    let kept = set.body().len() + 1;
    for _ in kept..=edi::limits::SEGMENTS_PER_SET_MAX {
        reader.segment(unknown);
    }
    let draft = reader.end(None).unwrap();
    assert_eq!(draft.unmapped().len(), edi::limits::SEGMENTS_PER_SET_MAX - kept, "one more is passed by");
}

#[test]
fn what_a_set_has_no_place_for_is_named() {
    let document = serde_json::json!({
        "receipt_no": "R", "received_at": "2026-01-31", "parties": [{"role": "warehouse", "name": "X"}],
        "lines": [{"quantity": "1", "uom": "EA", "expires_on": "2027-01-31"}],
    });
    let map = mapping::find(Standard::X12, "944").unwrap();
    let mut with_report = document.clone();
    with_report["report"] = "full".into();
    assert_eq!(map.write(&with_report).unwrap().unwritten, ["/lines/0/expires_on"]);
    let findings = map.write(&serde_json::json!({"lines": [{"uom": "EA"}]})).unwrap_err();
    let places: Vec<String> = findings.iter().map(crate::world::place).collect();
    assert_eq!(places, ["/received_at", "/receipt_no", "/lines/0/quantity"]);
}

#[test]
fn a_map_of_the_greatest_size_is_taken_and_one_line_or_level_more_is_not() {
    let compiled = |text: &str| Map::compile(Standard::X12, text, "").map(|_| ());
    let lines = |count: usize| format!("map 944 receipt\nW17\n{}", "  01 a\n".repeat(count - 2));
    assert_eq!(compiled(&lines(MAP_LINES_MAX)), Ok(()));
    assert!(compiled(&lines(MAP_LINES_MAX + 1)).is_err());
    let levels = |count: usize| {
        (0..=count).fold("map 944 receipt\n".to_owned(), |text, depth| format!("{text}{}N1\n", "  ".repeat(depth)))
    };
    let nodes = |count: usize| format!("map 944 receipt\nW17\n{}", "  N9\n".repeat(count));
    assert_eq!(compiled(&nodes(LOOP_NODES_MAX)), Ok(()));
    assert_eq!(
        compiled(&nodes(LOOP_NODES_MAX + 1)).unwrap_err().to_string(),
        "line 67: is one segment more than the 64 that a loop may have"
    );
    assert_eq!(compiled(&levels(MAP_DEPTH_MAX)), Ok(()));
    assert!(compiled(&levels(MAP_DEPTH_MAX + 1)).is_err());
}

#[test]
fn a_reference_after_a_party_of_a_transport_status_is_of_the_message() {
    let text = "UNB+UNOA:2+A:14+B:14+260131:1435+1'UNH+1+IFTSTA:D:96A:UN'BGM+23+ST-2+9'DTM+137:20260210:102'\
                NAD+CA+7612345000039::9'RFF+CN:TRIP-7'CNI+1+WAYBILL-1'STS+1+21'UNT+8+1'UNZ+1+1'";
    let file = edi::read(text.as_bytes());
    let map = mapping::find(Standard::Edifact, "IFTSTA").unwrap();
    let json = map.read(&file.interchanges[0].groups[0].sets[0]).unwrap().to_json();
    assert_eq!(json["carrier_no"], "TRIP-7");
    let written = map.write(&json).unwrap().segments;
    let file = rewritten_edifact(&file.interchanges[0].groups[0].sets[0], &written);
    let file = edi::read(&file);
    assert_eq!(map.read(&file.interchanges[0].groups[0].sets[0]).unwrap().to_json(), json);
}

#[test]
fn a_tree_whose_units_name_no_earlier_parent_is_refused() {
    let notice = |units: &str| findings_of("856", &format!("BSN*00*S*20260131*1435~{units}CTT*3~"));
    assert_eq!(notice("HL*1**S~HL*2*2*O~HL*3*1*I~"), ["HL02 of 4: HL02 names itself as its parent"]);
    assert_eq!(notice("HL*1**S~HL*2*3*O~HL*3*1*I~"), ["HL02 of 4: HL02 names no unit before it"]);
    assert_eq!(notice("HL*1**S~HL*2*1*O~HL*2*1*I~"), ["HL01 of 5: HL01 is the number of a unit before it, too"]);
    assert_eq!(notice("HL*1**S~HL**1*O~HL*3*1*I~"), ["HL01 of 4: HL01 is missing: a unit of a tree has a number"]);
    let chain = |depth: usize| -> String {
        let units = (2..=depth + 1).fold(String::new(), |units, no| format!("{units}HL*{no}*{}*P~", no - 1));
        format!("BSN*00*S*20260131*1435~HL*1**S~{units}CTT*{}~", depth + 1)
    };
    assert_eq!(findings_of("856", &chain(TREE_DEPTH_MAX)), Vec::<String>::new());
    let deeper = findings_of("856", &chain(TREE_DEPTH_MAX + 1));
    assert_eq!(deeper.len(), 1, "{deeper:?}");
    assert!(deeper[0].contains("is deeper in the tree than we read"), "{deeper:?}");
}

#[test]
fn a_wrong_check_digit_is_a_note_and_a_wrong_sscc_is_left_out_with_one() {
    let notice =
        |sscc: &str| findings_of("856", &format!("BSN*00*S*20260131*1435~HL*1**S~HL*2*1*P~MAN*GM*{sscc}~CTT*2~"));
    assert_eq!(notice("00106141412345678908"), Vec::<String>::new());
    assert_eq!(notice("106141412345678907"), ["MAN02 of 5: MAN02 has a check digit that is not right"]);
    assert_eq!(
        notice("4711"),
        ["MAN02 of 5: MAN02 is no SSCC: 18 digits, or 20 with the identifier 00; it is left out"]
    );
}

#[test]
fn a_map_that_is_wrong_is_refused_with_its_line() {
    let compiled = |text: &str| Map::compile(Standard::X12, text, "").map(|_| ()).unwrap_err().to_string();
    assert_eq!(compiled("W17\n"), "line 0: the first line must be: map SET DOCUMENT");
    assert_eq!(compiled("map 944 receipt\nW17\n   01 a\n"), "line 3: a level is two blanks");
    assert_eq!(compiled("map 944 receipt\nW17\n    01 a\n"), "line 3: stands under nothing");
    assert_eq!(compiled("map 944 receipt\n01 a\n"), "line 2: a field stands under its segment");
    assert_eq!(compiled("map 944 receipt\nW17\n  01 a code(x)\n"), "line 3: there is no code table `x`");
    assert_eq!(
        compiled("map 944 receipt\nW17\n  01 a float\n"),
        "line 3: a field is POSITION[!] [else] PATH [KIND], or POSITION = VALUE"
    );
    assert_eq!(compiled("map 944 receipt\nW17[01\n"), "line 2: a segment is ID[nn=CODE]! PATH tree(nn,nn)");
    assert_eq!(
        compiled("map 944 receipt\nW17\n  01,02 a date\n"),
        "line 3: has more positions than its kind has parts"
    );
    assert_eq!(
        compiled("map 944 receipt\n+x\ndef x\n  +x\n"),
        "line 4: there is no definition `x`, or it holds itself"
    );
}

/// A 944 in its envelope.
const RECEIPT: &str = "ISA*00*          *00*          *ZZ*A              *ZZ*B              *260131*1435*U*00401*000000001*0*P*>~\
    GS*RE*AA*BB*20260131*1435*1*X*004010~ST*944*0001~W17*Q7*20260130*R1*O1~N1*WH*X~N9*ZA*GATE 4~\
    W07*2*CA**VN*BOLT~W07*1.5*CA**VN*NUT~W14*3.5~SE*8*0001~GE*1*1~IEA*1*000000001~";

/// What a partner with these wishes in its profile is read as.
fn tailored(wishes: &str) -> Result<Receipt, String> {
    let agreement: partners::EdiAgreement = toml::from_str(wishes).unwrap();
    let map = mapping::find(Standard::X12, "944").unwrap();
    let tailored = mapping::Tailored::new(map, &agreement).map_err(|error| error.to_string())?;
    let file = edi::read(RECEIPT.as_bytes());
    let read = tailored.read::<Receipt>(&file.interchanges[0].groups[0].sets[0]);
    read.map(|mapped| mapped.document).map_err(|findings| findings[0].detail.clone())
}

#[test]
fn a_partner_wishes_lines_codes_and_units() {
    let receipt = tailored(
        "units = { CA = { unit = \"EA\", factor = \"24\" }, \"NUT/CA\" = { unit = \"EA\", factor = \"100\" } }\n\
         [maps.944]\n\
         overlay = \"\"\"\nN9[01=ZA]\n  02 shipment_no\nW17\n  04 receipt_no\ncode report\n  Q7 full\n\"\"\"\n",
    )
    .unwrap();
    assert_eq!(receipt.report.as_deref(), Some("full"), "its own code");
    assert_eq!(receipt.shipment_no.as_deref(), Some("GATE 4"), "its own segment");
    assert_eq!((receipt.receipt_no.as_str(), receipt.depositor_order_no), ("O1", None), "its own element");
    let counted: Vec<String> = receipt.lines.iter().map(|line| format!("{} {}", line.quantity, line.uom)).collect();
    assert_eq!(counted, ["48 EA", "150 EA"], "cases are counted in pieces, by item where the profile says so");
    assert_eq!(tailored("").unwrap().report.as_deref(), Some("Q7"), "others are read as before");
    assert_eq!(
        tailored("[maps.944]\noverlay = \"\"\"\nW17\n  04 receipt_no float\n\"\"\"").unwrap_err(),
        "overlay: line 2: a field is POSITION[!] [else] PATH [KIND], or POSITION = VALUE"
    );
}

#[test]
fn what_no_line_can_say_an_expression_does() {
    let wish = |expression: &str| tailored(&format!("[maps.944]\nexpression = '''{expression}'''"));
    let receipt = wish("$merge([$, {'receipt_no': 'R-' & receipt_no & '-' & $string($count(lines))}])").unwrap();
    assert_eq!(receipt.receipt_no, "R-R1-2");
    let receipt = wish("$ ~> |lines|{'lot': $uppercase(sku), 'line_no': 7}|").unwrap();
    assert_eq!((receipt.lines[1].lot.as_deref(), receipt.lines[1].line_no), (Some("NUT"), Some(7)));
    assert!(wish("$merge([").unwrap_err().starts_with("expression: "));
    let fails = "the partner's expression fails on this document";
    assert_eq!(wish("$merge([$, {'receipt_no': $now()}])").unwrap_err(), fails, "no clock");
    assert_eq!(wish("$merge([$, {'receipt_no': $string($random())}])").unwrap_err(), fails, "no lots");
    assert_eq!(wish("($f := function($n) { $f($n + 1) }; $f(0))").unwrap_err(), fails, "no run without end");
    assert_eq!(wish("[1..1000000000]").unwrap_err(), fails, "no list without end");
    assert_eq!(wish("lines").unwrap_err(), "with the partner's wishes the document is none of its kind any more");
}

/// Words as partners use them, with what separates in one standard or the other.
fn words() -> impl Strategy<Value = String> {
    "[A-Z0-9][A-Za-z0-9 ,.:+'?/-]{0,20}[A-Z0-9]"
}

fn amount() -> impl Strategy<Value = String> {
    (0_u32..1_000_000, 0_u32..1_000).prop_map(|(whole, thousandths)| {
        format!("{whole}.{thousandths:03}").trim_end_matches('0').trim_end_matches('.').to_owned()
    })
}

fn sscc() -> impl Strategy<Value = String> {
    "[0-9]{17}".prop_map(|digits| {
        let sum: u32 = digits.bytes().rev().zip([3, 1].into_iter().cycle()).map(|(b, w)| u32::from(b - b'0') * w).sum();
        format!("{digits}{}", (10 - sum % 10) % 10)
    })
}

fn item() -> impl Strategy<Value = Value> {
    (words(), amount(), proptest::option::of("[A-Z0-9]{1,10}"), proptest::collection::vec("[A-Z0-9]{1,10}", 0..3))
        .prop_map(|(sku, quantity, lot, serials)| {
            let mut item = serde_json::json!({"level": "item", "sku": sku, "quantity": quantity, "uom": "EA"});
            if let Some(lot) = lot {
                item["lot"] = lot.into();
            }
            if !serials.is_empty() {
                item["serials"] = serials.into();
            }
            item
        })
}

/// Packages in packages with items in them; items first, as a tree is written.
fn unit() -> impl Strategy<Value = Value> {
    item().prop_recursive(4, 24, 4, |inner| {
        (proptest::collection::vec(sscc(), 0..2), proptest::collection::vec(inner, 1..4)).prop_map(
            |(ssccs, mut contents)| {
                contents.sort_by_key(|unit: &Value| unit["level"] != "item");
                let mut unit = serde_json::json!({"level": "pack", "contents": contents});
                if !ssccs.is_empty() {
                    unit["ssccs"] = ssccs.into();
                }
                unit
            },
        )
    })
}

fn notice() -> impl Strategy<Value = Value> {
    (words(), words(), proptest::collection::vec(unit(), 1..4)).prop_map(|(number, name, contents)| {
        // What lies loose is in a package, for a despatch advice knows items in packages only.
        let packed = |unit: Value| match unit["level"].as_str() {
            Some("item") => serde_json::json!({"level": "pack", "contents": [unit]}),
            _ => unit,
        };
        serde_json::json!({
            "shipment_no": number, "purpose": "original", "created_at": "2026-01-31T14:35:00",
            "shipped_at": "2026-01-31T20:35:00Z", "parties": [{"role": "ship_to", "name": name}],
            "contents": contents.into_iter().map(packed).collect::<Vec<_>>(),
        })
    })
}

/// A document written and read again, by the map of a set.
fn there_and_back(standard: Standard, set_id: &str, document: &Value) -> Value {
    let map = mapping::find(standard, set_id).unwrap();
    let written = map.write(document).unwrap_or_else(|findings| panic!("{findings:#?}"));
    assert_eq!(written.unwritten, Vec::<String>::new());
    let head = match standard {
        Standard::X12 => format!(
            "ISA*00*          *00*          *ZZ*A              *ZZ*B              *260131*1435*U*00401*000000001*0*P*>~\
             GS*SH*AA*BB*20260131*1435*1*X*004010~ST*{set_id}*0001~SE*2*0001~GE*1*1~IEA*1*000000001~"
        ),
        Standard::Edifact => format!("UNB+UNOA:2+A:14+B:14+260131:1435+1'UNH+1+{set_id}:D:96A:UN'UNT+2+1'UNZ+1+1'"),
    };
    let file = edi::read(head.as_bytes());
    let set = &file.interchanges[0].groups[0].sets[0];
    let bytes = match standard {
        Standard::X12 => rewritten("SH", set, written.segments),
        Standard::Edifact => rewritten_edifact(set, &written.segments),
    };
    let file = edi::read(&bytes);
    let set = &file.interchanges[0].groups[0].sets[0];
    let draft = map.read(set).unwrap_or_else(|findings| panic!("{findings:#?}"));
    (kind_of(map).typed)(&draft).unwrap_or_else(|findings| panic!("{findings:#?}")).0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_shipment_notice_of_any_depth_is_written_and_read_as_it_was(document in notice()) {
        prop_assert_eq!(&there_and_back(Standard::X12, "856", &document), &document);
        prop_assert_eq!(&there_and_back(Standard::Edifact, "DESADV", &document), &document);
    }

    /// Segments of the sets' own vocabulary in any order, with anything in them.
    #[test]
    fn whatever_segments_come_nothing_breaks(
        set_id in proptest::sample::select(vec!["180", "204", "210", "214", "810", "846", "850", "855", "856", "860", "861",
            "940", "943", "944", "947", "990"]),
        body in proptest::collection::vec(
            "(HL|N1|N9|REF|LX|LIN|W07|W17|BSN|MAN|DTM|G62|PO1|AT7|QTY|CTT)(\\*[0-9A-Z.>-]{0,4}){0,9}~", 0..30),
    ) {
        let _ = findings_of(set_id, &body.concat());
    }
}

#[test]
fn a_segment_of_an_item_is_not_taken_for_one_of_the_summary() {
    let file = "ISA*00*          *00*          *ZZ*A              *ZZ*B              *260131*1435*U*00401*000000001*0*P*>~\
        GS*IN*AA*BB*20260131*1435*1*X*004010~ST*810*0001~BIG*20260201*INV-1~IT1*1*2*EA*5~ISS*1*EA~CAD****QZTR~\
        TDS*1000~CAD****ODFL~CTT*1~SE*8*0001~GE*1*1~IEA*1*000000001~";
    let file = edi::read(file.as_bytes());
    let set = &file.interchanges[0].groups[0].sets[0];
    let json = mapping::find(Standard::X12, "810").unwrap().read(set).unwrap().to_json();
    assert_eq!((json["total"].as_str(), json["scac"].as_str()), (Some("10"), Some("ODFL")));
}
