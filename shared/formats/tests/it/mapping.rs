//! Every map, held against the types of its documents, and every sample against its map, both ways.

use std::fs;
use std::path::{Path, PathBuf};

use canonical::documents::{
    FreightInvoice, InboundNotice, Invoice, LoadTender, OrderResponse, PurchaseOrder, Receipt, ReturnAuthorization,
    ShipmentNotice, ShipmentStatus, StockAdjustment, StockReport, TenderResponse, WarehouseOrder,
};
use canonical::{Finding, Place};
use edi::write::{Envelope, NewGroup, NewSegment, NewSet};
use edi::{ControlNumber, Delimiters, Standard, TransactionSet};
use formats::limits::TREE_DEPTH_MAX;
use formats::mapping::{self, Draft, Map, Origin};
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
    typed: fn(&Draft<'_, '_>) -> Typed,
    schema: fn(SchemaGenerator) -> Value,
}

fn kind<T: Serialize + DeserializeOwned + JsonSchema>(name: &'static str) -> Kind {
    let typed = |draft: &Draft<'_, '_>| {
        draft.document::<T>().map(|mapped| (serde_json::to_value(&mapped.document).unwrap(), mapped.notes))
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
    let released = |text: &String| {
        text.chars().fold(String::new(), |text, c| if "?+:'".contains(c) { text + "?" } else { text } + &c.to_string())
    };
    let mut text = format!("UNB+UNOA:2+A:14+B:14+260131:1435+1'{}'", String::from_utf8_lossy(set.segments[0].bytes()));
    for segment in segments {
        let mut line = segment.id().to_owned();
        for element in segment.values() {
            let parts: Vec<String> = element.iter().map(released).collect();
            line = format!("{line}+{}", parts.join(":").trim_end_matches(':'));
        }
        text = format!("{text}{}'", line.trim_end_matches('+'));
    }
    format!("{text}UNT+{}+1'UNZ+1+1'", segments.len() + 2).into_bytes()
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

/// Every value has an origin, and the bytes of an origin are those of the element that it names.
fn origins_are_exact(name: &str, bytes: &[u8], set: &TransactionSet<'_>, draft: &Draft<'_, '_>) {
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
