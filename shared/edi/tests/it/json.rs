use edi::json::{Document, Element, Error, Segment, Text};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::samples::{file, ship_confirm};

fn tree(file: &[u8]) -> Value {
    serde_json::to_value(Document::of(file, &edi::read(file))).unwrap()
}

fn written(tree: Value) -> Result<Vec<u8>, Error> {
    serde_json::from_value::<Document<'_>>(tree).unwrap().write()
}

fn assert_identical(file: &[u8]) {
    let back = written(tree(file));
    assert_eq!(
        back.as_deref().map(<[u8]>::escape_ascii).map(|text| text.to_string()),
        Ok(file.escape_ascii().to_string())
    );
}

#[test]
fn a_file_as_json_has_a_shape_that_people_can_ask() {
    let text = file(&[ship_confirm("0001").replace("W06*F*", "W06*F>G*")]).replace('~', "~\n");
    let tree = tree(text.as_bytes());
    let interchange = &tree["interchanges"][0];
    assert_eq!(interchange["standard"], "x12");
    assert_eq!(interchange["separators"], json!({ "element": "*", "component": ">", "segment": "~", "decimal": "." }));
    assert_eq!(interchange["line_end"], "\n");
    assert_eq!(interchange["header"]["elements"][5], "WAREHOUSE      ");
    assert_eq!(interchange["header"]["elements"][15], ">");
    let set = &interchange["groups"][0]["sets"][0];
    assert_eq!(set["segments"][0], json!({ "id": "ST", "elements": ["945", "0001"] }));
    assert_eq!(set["segments"][1]["elements"][0], json!(["F", "G"]));
    assert_eq!(interchange["trailer"], json!({ "id": "IEA", "elements": ["1", "000000007"] }));
}

#[test]
fn repetitions_and_bytes_that_are_no_utf_8_have_a_form_of_their_own() {
    let text = file(&[ship_confirm("0001").replace("W06*F*", "W06*A>B^C*")])
        .replace("*U*00401*", "*^*00501*")
        .replace("*Shop*", "*Caf\u{1}*");
    let bytes: Vec<u8> = text.bytes().map(|byte| if byte == 1 { 0xe9 } else { byte }).collect();
    let tree = tree(&bytes);
    let segments = &tree["interchanges"][0]["groups"][0]["sets"][0]["segments"];
    assert_eq!(segments[1]["elements"][0], json!({ "repetitions": [["A", "B"], ["C"]] }));
    assert_eq!(segments[2]["elements"][1], json!({ "latin1": "Café" }));
    assert_identical(&bytes);
}

#[test]
fn what_stands_between_and_around_is_kept() {
    let text = file(&[ship_confirm("0001")]);
    let segments: Vec<String> = text.split_terminator('~').map(str::to_owned).collect();
    let odd = segments.join("~\r\n").replace("~\r\nLX", "~ \nLX");
    for file in [
        format!("\u{feff}\n{text}\n\n  {}", text.replace("000000007", "000000008")),
        odd.clone(),
        format!("{odd}~trailing words"),
        "<html>no interchange</html>".to_owned(),
        String::new(),
        text.replace("~LX", "~~LX"),
        text.replace("IEA*1*000000007~", ""),
    ] {
        assert_identical(file.as_bytes());
    }
    assert_eq!(tree(odd.as_bytes())["interchanges"][0]["trailer"]["terminated"], false);
}

#[test]
fn records_of_eighty_bytes_come_back() {
    for text in [file(&[ship_confirm("0001"), ship_confirm("0002")]), EDIFACT.replace("\r\n", "")] {
        for line_end in ["\n", "\r\n"] {
            let records: Vec<String> =
                text.as_bytes().chunks(80).map(|record| String::from_utf8(record.to_vec()).unwrap()).collect();
            assert_identical(records.join(line_end).as_bytes());
        }
    }
}

#[test]
fn a_changed_value_is_written_and_one_that_would_change_the_structure_is_not() {
    let text = file(&[ship_confirm("0001")]);
    let shop = "/interchanges/0/groups/0/sets/0/segments/2/elements/1";
    let with = |value: Value| {
        let mut tree = tree(text.as_bytes());
        *tree.pointer_mut(shop).unwrap() = value;
        written(tree)
    };
    assert_eq!(with(json!("Store")).unwrap(), text.replace("Shop", "Store").into_bytes());
    for (value, byte) in [("Sh*op", b'*'), ("Shop~SE", b'~'), ("Sh>op", b'>')] {
        let error = with(json!(value)).unwrap_err();
        assert!(
            matches!(&error, Error::Forbidden { segment: 5, id, element: 2, byte: found, .. } if id == "N1" && *found == byte),
            "{error}"
        );
    }
    assert!(matches!(with(json!({ "latin1": "€" })), Err(Error::Latin1 { .. })));
}

#[test]
fn a_tree_that_would_read_back_as_another_is_refused() {
    let text = file(&[ship_confirm("0001")]);
    let changed = |pointer: &str, value: Value| {
        let mut tree = tree(text.as_bytes());
        *tree.pointer_mut(pointer).unwrap() = value;
        written(tree)
    };
    let differs = |result: Result<Vec<u8>, Error>| matches!(result, Err(Error::ReadsBackDifferently { .. }));
    assert!(differs(changed("/interchanges/0/separators/component", json!("|"))), "ISA16 says another");
    let other = changed("/interchanges/0/separators/segment", json!("|")).unwrap();
    assert_eq!(other, text.replace('~', "|").into_bytes(), "the terminator is what follows ISA16");
    assert!(differs(changed("/interchanges/0/groups/0/sets/0/segments/0/id", json!("N1"))), "a set without ST");
    assert!(differs(changed("/interchanges/0/header/elements/15", json!("long"))));
}

#[test]
fn binary_data_is_one_value_of_the_length_that_it_says() {
    let segment = |value: Value| -> Segment<'_> { serde_json::from_value(value).unwrap() };
    assert_eq!(
        segment(json!({ "id": "BIN", "elements": ["3", "a*b"] })).elements.last(),
        Some(&Element::Simple(Text::Utf8("a*b".into())))
    );
    let text = file(&[ship_confirm("0001").replace("LX*1~", "LX*1~BIN*3*a*b~")]);
    assert_identical(text.as_bytes());
    let mut tree = tree(text.as_bytes());
    let binary = tree.pointer_mut("/interchanges/0/groups/0/sets/0/segments/7/elements").unwrap();
    assert_eq!(*binary, json!(["3", "a*b"]));
    *binary = json!(["4", "a*b"]);
    assert!(matches!(written(tree), Err(Error::BinaryLength { len: 3, .. })));
}

proptest! {
    #[test]
    fn any_bytes_come_back_from_json(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        assert_identical(&bytes);
    }

    #[test]
    fn a_damaged_file_comes_back_from_json(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..4, any::<u8>()), 0..12),
        repeats in any::<bool>(),
    ) {
        let text = file(&[ship_confirm("0001"), ship_confirm("0002")]);
        let text = if repeats { text.replace("*U*00401*", "*^*00501*") } else { text };
        let mut bytes = [text.as_bytes(), b"\n", EDIFACT.as_bytes(), text.as_bytes()].concat();
        for (at, kind, byte) in edits {
            if bytes.is_empty() { break; }
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => { bytes.remove(at); }
                2 => bytes.insert(at, byte),
                _ => bytes.truncate(at.max(1)),
            }
        }
        assert_identical(&bytes);
    }
}

/// Two messages of syntax version 4 with a UNA, released separators, repetitions and line ends.
const EDIFACT: &str = "UNA:+.?*'\r\nUNB+UNOC:4+SENDER:14+RECEIVER:14+20260131:1435+REF1'\r\n\
    UNH+1+DESADV:D:96A:UN'\r\nBGM+351+A??B?'C?+D+9'\r\nFTX+AAI+++one:two*three'\r\nUNT+4+1'\r\n\
    UNH+2+DESADV:D:96A:UN'\r\nBGM+351+?A+9'\r\nUNT+3+2'\r\nUNZ+2+REF1'\r\n";

#[test]
fn released_characters_are_values_and_an_una_is_kept() {
    let tree = tree(EDIFACT.as_bytes());
    let interchange = &tree["interchanges"][0];
    assert_eq!((&interchange["standard"], &interchange["before"]), (&json!("edifact"), &json!("UNA:+.?*'\r\n")));
    let segments = &interchange["groups"][0]["sets"][0]["segments"];
    assert_eq!(segments[1]["elements"], json!(["351", "A?B'C+D", "9"]));
    assert_eq!(segments[2]["elements"][3], json!({ "repetitions": [["one", "two"], ["three"]] }));
    let needless = &interchange["groups"][0]["sets"][1]["segments"][1]["elements"];
    assert_eq!(needless[1], json!({ "raw": "?A" }), "a release character that is not needed is kept");
    assert_identical(EDIFACT.as_bytes());
}

#[test]
fn a_value_with_separators_is_released_in_edifact() {
    let mut tree = tree(EDIFACT.as_bytes());
    let document = "/interchanges/0/groups/0/sets/1/segments/1/elements/1";
    *tree.pointer_mut(document).unwrap() = json!("1+1'?");
    let written = String::from_utf8(written(tree).unwrap()).unwrap();
    assert_eq!(written, EDIFACT.replace("+?A+", "+1?+1?'??+"));
}

#[test]
fn every_sample_and_every_awkward_file_comes_back_from_json() {
    let mut count = 0;
    for folder in
        ["samples/x12", "samples/edifact", "awkward/x12", "awkward/edifact", "awkward/mixed", "awkward/not-edi"]
    {
        let folder = format!("{}/tests/{folder}", env!("CARGO_MANIFEST_DIR"));
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            assert_identical(&std::fs::read(&path).unwrap());
            count += 1;
        }
    }
    assert!(count > 400, "the samples are there, and not only {count}");
}
