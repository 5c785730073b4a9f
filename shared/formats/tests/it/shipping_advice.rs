//! 945s as other people write them.

use canonical::{Code, Finding, Place, SetReference, ShipConfirm};
use edi::guide::Guides;
use edi::verdict::{self, Verdict};
use formats::x12::warehouse_shipping_advice_945;
use proptest::prelude::*;

/// Place and words of a finding: `W0601 of 2 [K]: …`, what is in brackets being what stands at the byte that it names.
fn words(file: &str, finding: &Finding) -> String {
    let Some(Place::Edi { segment: Some(id), segment_position: Some(position), element: Some(element), byte_offset }) =
        &finding.place
    else {
        panic!("{finding:?}");
    };
    let rest = &file[usize::try_from(*byte_offset).unwrap()..];
    let there = &rest[..rest.find(['*', '~']).unwrap()];
    format!("{id}{element:02} of {position} [{there}]: {}", finding.detail)
}

/// An interchange of one 945 of these segments; `separators` are element, component, and what ends a segment.
fn file(segments: &[&str], (element, component, end): (&str, &str, &str)) -> String {
    let count = segments.len() + 2;
    let mut all = vec![
        format!(
            "ISA*00*          *00*          *ZZ*{:<15}*ZZ*{:<15}*260131*1435*U*00401*000000007*0*P*>",
            "WMS", "NORTHWIND"
        ),
        "GS*SW*WMS*NORTHWIND*20260131*1435*7*X*004010".to_owned(),
        "ST*945*0001".to_owned(),
    ];
    all.extend(segments.iter().map(|segment| (*segment).to_owned()));
    all.extend([format!("SE*{count}*0001"), "GE*1*7".to_owned(), "IEA*1*000000007".to_owned()]);
    all.iter().map(|segment| segment.replace('>', component).replace('*', element) + end).collect()
}

fn read_as(segments: &[&str], separators: (&str, &str, &str)) -> Result<ShipConfirm, Vec<String>> {
    let file = file(segments, separators);
    let document = edi::read(file.as_bytes());
    let interchange = &document.interchanges[0];
    let verdict = verdict::interchange(interchange, Guides::built_in());
    let set = &verdict.groups[0].sets[0];
    assert_eq!(set.verdict, Verdict::Accepted, "the sample itself is wrong: {:?}", set.findings);
    warehouse_shipping_advice_945(&interchange.groups[0].sets[0])
        .map_err(|findings| findings.iter().map(|finding| words(&file, finding)).collect())
}

fn read(segments: &[&str]) -> Result<ShipConfirm, Vec<String>> {
    read_as(segments, ("*", ">", "~"))
}

/// line, item, quantity, unit, status
fn shipped(confirm: &ShipConfirm) -> Vec<String> {
    let line = |line: &canonical::ShippedLine| {
        let no = line.line_no.map_or("-".to_owned(), |no| no.to_string());
        format!("{no} {} {} {} {}", line.sku, line.quantity, line.uom, line.status.as_deref().unwrap_or("-"))
    };
    confirm.lines.iter().map(line).collect()
}

/// The warnings of an advice with the standard separators.
fn warnings(segments: &[&str], confirm: &ShipConfirm) -> Vec<String> {
    let file = file(segments, ("*", ">", "~"));
    confirm.warnings.iter().map(|warning| words(&file, warning)).collect()
}

/// A short one that is right; the changes of a test replace segments that begin alike.
fn short(changes: &[(&'static str, &[&'static str])]) -> Vec<&'static str> {
    let segments = ["W06*F*SO-1*20260131*SHP-1", "N1*SF*WMS", "LX*1", "W12*CC*5*5**EA**VN*A", "W03*5"];
    let mut advice = Vec::new();
    for segment in segments {
        match changes.iter().find(|(begin, _)| segment.starts_with(begin)) {
            Some((_, instead)) => advice.extend_from_slice(instead),
            None => advice.push(segment),
        }
    }
    advice
}

const FULL: &[&str] = &[
    "W06*F*SO-4711-2*20260130*SHP-88**PO 88/1",
    "N1*ST*CUSTOMER*92*C9",
    "N3*1 MAIN ST",
    "N4*AUSTIN*TX*73301*US",
    "N1*SF*WAREHOUSE*92*DAL1",
    "N9*BM*BOL-5",
    "N9*CN*71400882213",
    "N9*2I*1Z999",
    "G62*10*20260131",
    "G62*11*20260131*X*1435*CS",
    "NTE*GEN*THANK YOU",
    "W27*M*ODFL*OLD DOMINION*PP",
    "LX*1",
    "MAN*GM*00106141412345678908",
    "PAL*4**10",
    "W12*CC*40*40*0*CA**VN*BOLT-M8X50",
    "G69*HEX BOLT",
    "N9*LI*10",
    "N9*LT*LOT-1",
    "W12*CC*24*24*0*CA**VN*NUT-M8",
    "N9*LI*20",
    "LX*2",
    "MAN*GM*106141410000000019**CP*1Z998*1Z997",
    "W12*CP*22*20*2*CA**VN*BOLT-M8X50",
    "N9*LI*10",
    "N9*2I*1Z999",
    "LS*0300",
    "LX*99",
    "N9*LI*77",
    "LE*0300",
    "W03*84*1240*LB",
];

#[test]
fn the_same_advice_with_any_separators_is_the_same_confirm() {
    let confirm = read(FULL).unwrap();
    assert_eq!(confirm.release, SetReference::DepositorOrderNo("SO-4711-2".to_owned()));
    assert_eq!(confirm.shipment_no, "SHP-88");
    assert_eq!(confirm.shipped_at.to_string(), "2026-01-31T20:35:00Z");
    assert_eq!(confirm.scac.as_deref(), Some("ODFL"));
    assert_eq!(confirm.tracking_nos, ["71400882213", "1Z999", "1Z998", "1Z997"]);
    assert_eq!(confirm.ssccs, ["106141412345678908", "106141410000000019"]);
    assert_eq!(shipped(&confirm), ["10 BOLT-M8X50 60 CA CP", "20 NUT-M8 24 CA CC"]);
    assert_eq!(confirm.warnings, Vec::new());
    for separators in [("|", ":", "'\r\n"), ("^", "<", "\n"), ("\u{1d}", "\u{1f}", "\u{1c}"), ("*", ">", "\r\n")] {
        assert_eq!(read_as(FULL, separators).as_ref(), Ok(&confirm), "{separators:?}");
    }
}

#[test]
fn the_shortest_advice_is_enough() {
    let confirm = read(&short(&[("W03", &[])])).unwrap();
    assert_eq!(shipped(&confirm), ["- A 5 EA CC"]);
    assert_eq!(confirm.shipped_at.to_string(), "2026-01-31T00:00:00Z");
    assert_eq!((confirm.scac, confirm.tracking_nos, confirm.ssccs), (None, vec![], vec![]));
}

#[test]
fn numbers_are_found_where_partners_put_them() {
    let no = |segments: &[&str]| read(segments).map(|confirm| confirm.shipment_no);
    assert_eq!(
        no(&short(&[("W06", &["W06*J*SO-1*20260131**AG7"]), ("N1", &["N1*SF*W", "N9*BM*BOL", "N9*SI*SID"])])),
        Ok("SID".to_owned())
    );
    assert_eq!(
        no(&short(&[("W06", &["W06*J*SO-1*20260131**AG7"]), ("N1", &["N1*SF*W", "N9*BM*BOL"])])),
        Ok("BOL SO-1".to_owned())
    );
    assert_eq!(no(&short(&[("W06", &["W06*N*SO-1*20260131**AG7"])])), Ok("AG7 SO-1".to_owned()));
    assert_eq!(
        no(&short(&[("W06", &["W06*N*SO-1*20260131"])])),
        Err(vec!["W0604 of 2 []: the 945 does not name the shipment: neither W0604 nor N9*SI nor N9*BM".to_owned()])
    );

    let ours = "N9*ZZ**rel_0123456789abcdef0123456789abcdef";
    let by_id = read(&short(&[("W06", &["W06*F**20260131*SHP-1"]), ("N1", &["N1*SF*W", ours])])).unwrap();
    assert_eq!(by_id.release, SetReference::ReleaseId("rel_0123456789abcdef0123456789abcdef".parse().unwrap()));
    let both = read(&short(&[("N1", &["N1*SF*W", ours])])).unwrap();
    assert_eq!(
        both.release,
        SetReference::DepositorOrderNo("SO-1".to_owned()),
        "the number that we placed it under goes first"
    );

    let scac = |segments: &[&str]| read(segments).unwrap().scac;
    assert_eq!(scac(&short(&[("N1", &["N1*SF*W", "N9*SCA*SAIA"])])).as_deref(), Some("SAIA"));
    assert_eq!(scac(&short(&[("W12", &["W12*CC*5*5**EA**VN*A", "W27*U*UPSN"])])).as_deref(), Some("UPSN"));
}

#[test]
fn items_are_named_by_the_number_that_we_gave_them() {
    let sku = |w12: &'static str| shipped(&read(&short(&[("W12", &[w12])])).unwrap())[0].clone();
    assert_eq!(sku("W12*CC*5*5**EA**BP*BUYER*********VN*OURS"), "- OURS 5 EA CC");
    assert_eq!(sku("W12*CC*5*5**EA*012345678905*IN*THEIRS*************VP*OURS"), "- OURS 5 EA CC");
    assert_eq!(sku("W12*CC*5*5**EA*012345678905"), "- 012345678905 5 EA CC");
    assert_eq!(sku("W12*CC*5*5**EA*012345678905*LT*LOT"), "- 012345678905 5 EA CC");
    assert_eq!(
        read(&short(&[("W12", &["W12*CC*5*5**EA**LT*LOT"])])).unwrap_err(),
        ["W1208 of 5 [LOT]: W12 names no item (W1207/08 with VN, or another item number)"]
    );
}

#[test]
fn the_line_number_stands_at_the_item_or_above_it() {
    let w12: &[&str] = &["N9*LI*7", "W12*CC*5*5**EA**VN*A", "W12*CC*1*1**EA**VN*B", "N9*LI*8"];
    let confirm = read(&short(&[("W12", w12), ("W03", &[])])).unwrap();
    assert_eq!(shipped(&confirm), ["7 A 5 EA CC", "8 B 1 EA CC"]);
    let w12: &[&str] = &["W12*CC*5*5**EA**VN*A", "N9*LI*7A"];
    let advice = short(&[("W12", w12)]);
    let confirm = read(&advice).unwrap();
    assert_eq!(shipped(&confirm), ["- A 5 EA CC"]);
    assert_eq!(
        warnings(&advice, &confirm),
        ["N902 of 6 [7A]: the line item number is no number of a line; the item alone is looked at"]
    );
}

#[test]
fn quantities_are_taken_from_what_is_said_and_never_guessed() {
    let quantity =
        |w12: &'static str| read(&short(&[("W12", &[w12]), ("W03", &[])])).map(|confirm| shipped(&confirm)[0].clone());
    for (w12, expected) in [
        ("W12*CC*5***EA**VN*A", "- A 5 EA CC"),
        ("W12*CL*5***EA**VN*A", "- A 5 EA CL"),
        ("W12*BP*5**2*EA**VN*A", "- A 3 EA BP"),
        ("W12*DS*5**5*EA**VN*A", "- A 0 EA DS"),
        ("W12*BP*5*3*-2*EA**VN*A", "- A 3 EA BP"),
        ("W12*CC**007.50**EA**VN*A", "- A 7.5 EA CC"),
        ("W12*CC**.5**EA**VN*A", "- A 0.5 EA CC"),
        ("W12*CC**5.**EA**VN*A", "- A 5 EA CC"),
        ("W12*DE*5*-0**EA**VN*A", "- A 0 EA DE"),
    ] {
        assert_eq!(quantity(w12).as_deref(), Ok(expected), "{w12}");
    }
    for w12 in ["W12*CC****EA**VN*A", "W12*BP*5***EA**VN*A", "W12*CM*5**1*EA**VN*A"] {
        let found = quantity(w12).unwrap_err();
        assert!(found[0].ends_with("W12 does not say how much was shipped"), "{w12}: {found:?}");
    }
    for w12 in ["W12*CC*5*-5**EA**VN*A", "W12*BP*5**6*EA**VN*A", "W12*CC**.1234567**EA**VN*A"] {
        let found = quantity(w12).unwrap_err();
        assert!(
            found[0].starts_with("W1203 of 5 [") && found[0].contains("is no shipped quantity"),
            "{w12}: {found:?}"
        );
    }
    let found = quantity("W12*CC*5*5****VN*A").unwrap_err();
    assert!(found[0].contains("unit of measure"), "{found:?}");
}

#[test]
fn contradictions_are_warnings_and_the_shipped_quantity_is_believed() {
    let advice = short(&[("W12", &["W12*CC*5*3*1*EA**VN*A"]), ("W03", &["W03*4"])]);
    let confirm = read(&advice).unwrap();
    assert_eq!(shipped(&confirm), ["- A 3 EA CC"]);
    assert_eq!(
        warnings(&advice, &confirm),
        [
            "W1204 of 5 [1]: ordered less shipped is not the difference; the shipped quantity is taken",
            "W0301 of 6 [4]: W0301 says 4 units, the items add up to 3; the items are taken"
        ]
    );
}

#[test]
fn container_codes_are_checked() {
    let marks = &["LX*1", "MAN*GM*(00)106141412345678908", "MAN*AA*106141412345678907", "MAN*GM*CARTON 7", "MAN*W*X"];
    let advice = short(&[("LX", marks)]);
    let confirm = read(&advice).unwrap();
    assert_eq!(confirm.ssccs, ["106141412345678908", "106141412345678907"]);
    assert_eq!(
        warnings(&advice, &confirm),
        [
            "MAN02 of 6 [106141412345678907]: the check digit of the SSCC is not right",
            "MAN02 of 7 [CARTON 7]: an SSCC has 18 digits, or 20 with its application identifier; it is left out"
        ]
    );
}

#[test]
fn what_is_no_confirmation_of_a_shipment_is_for_a_person() {
    for code in ["R", "X", "K", "C", "A", "Z"] {
        let head: &'static str = Box::leak(format!("W06*{code}*SO-1*20260131*SHP-1").into_boxed_str());
        let found = read(&short(&[("W06", &[head])])).unwrap_err();
        assert!(
            found[0].starts_with(&format!("W0601 of 2 [{code}]: W0601 says that this is no full report")),
            "{found:?}"
        );
    }
    for head in ["W06*F*SO-1*20260131*SHP-1********3", "W06*F*SO-1*20260131*SHP-1********2"] {
        let found = read(&short(&[("W06", &[head])])).unwrap_err();
        assert!(found[0].contains("W0612"), "{found:?}");
    }
    assert!(read(&short(&[("W06", &["W06*F*SO-1*20260131*SHP-1********1"])])).is_ok());
}

#[test]
fn everything_that_is_missing_is_said_at_once() {
    let found = read(&["W06*F", "N1*SF*WMS"]).unwrap_err();
    let words: Vec<&str> = found.iter().map(|text| text.split_once(": ").unwrap().1).collect();
    assert_eq!(
        words,
        [
            "the 945 does not name the order: W0602 is empty",
            "the 945 does not name the shipment: neither W0604 nor N9*SI nor N9*BM",
            "the 945 does not say when it was shipped: neither G62*11 nor W0603",
        ]
    );
    assert!(read(&["W06*F*SO-1*20260131*SHP-1", "N1*SF*WMS"]).unwrap_err()[0].ends_with("the 945 names no item"));
}

#[test]
fn a_sum_that_no_quantity_holds_is_refused() {
    let w12: &[&str] = &["W12*CC**9999999999**EA**VN*A"; 101];
    let found = read(&short(&[("W12", w12), ("W03", &[])])).unwrap_err();
    assert!(found[0].contains("more than 12 digits with the other cartons"), "{found:?}");
}

#[test]
fn a_ship_confirm_too_large_to_be_stored_is_refused() {
    let mut segments = short(&[("W03", &[])]);
    segments.extend(["LX*2"]);
    let marks: Vec<String> = (0..15_000).map(|n| format!("MAN*GM*10614141{n:010}")).collect();
    segments.extend(marks.iter().map(String::as_str));
    let file = file(&segments, ("*", ">", "~"));
    let document = edi::read(file.as_bytes());
    let findings = warehouse_shipping_advice_945(&document.interchanges[0].groups[0].sets[0]).unwrap_err();
    assert_eq!(findings[0].code, Code::TooLarge);
}

#[test]
fn times_that_say_too_little_are_taken_as_utc_with_a_warning() {
    let at = |g62: &'static str| {
        let confirm = read(&short(&[("N1", &["N1*SF*W", g62])])).unwrap();
        (confirm.shipped_at.to_string(), confirm.warnings.len())
    };
    assert_eq!(at("G62*11*20260201"), ("2026-02-01T00:00:00Z".to_owned(), 0));
    assert_eq!(at("G62*11*20260201*X*0930"), ("2026-02-01T09:30:00Z".to_owned(), 0));
    assert_eq!(at("G62*11*20260201*X*0930*ET"), ("2026-02-01T09:30:00Z".to_owned(), 1));
    assert_eq!(at("G62*10*20260201"), ("2026-01-31T00:00:00Z".to_owned(), 0));
}

fn segment() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        3 => Just(String::new()),
        3 => "[0-9]{1,8}",
        1 => "-?[0-9]{0,12}\\.?[0-9]{0,7}",
        2 => prop_oneof![Just("VN".to_owned()), Just("LI".to_owned()), Just("11".to_owned()), Just("GM".to_owned()), Just("CC".to_owned())],
        1 => "[ -)+-}é]{1,30}",
    ];
    let id = prop_oneof![
        3 => Just("W12"), 2 => Just("N9"), 1 => Just("W06"), 1 => Just("LX"), 1 => Just("MAN"), 1 => Just("G62"),
        1 => Just("W27"), 1 => Just("W03"), 1 => Just("LS"), 1 => Just("LE"), 1 => Just("N1"),
    ];
    (id, proptest::collection::vec(value, 0..12)).prop_map(|(id, values)| format!("{id}*{}", values.join("*")))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_is_a_confirm_that_can_be_kept_or_has_findings(segments in proptest::collection::vec(segment(), 0..30)) {
        let mut advice = short(&[("W12", &["W12*CC*5*5**EA**VN*A"]), ("W03", &[])]);
        advice.extend(segments.iter().map(String::as_str));
        for advice in [advice.as_slice(), &advice[4..]] {
            let file = file(advice, ("*", ">", "~"));
            let document = edi::read(file.as_bytes());
            match warehouse_shipping_advice_945(&document.interchanges[0].groups[0].sets[0]) {
                Err(findings) => prop_assert!(!findings.is_empty() && findings.iter().all(|finding| finding.place.is_some())),
                Ok(confirm) => {
                    let kept = serde_json::to_string(&confirm).unwrap();
                    prop_assert_eq!(serde_json::from_str::<ShipConfirm>(&kept).unwrap(), confirm);
                }
            }
        }
    }
}
