use std::path::Path;

use canonical::{Code, Finding, OrderLine, OrderRelease};
use edi::guide::Guides;
use edi::verdict::{self, Verdict};
use formats::x12::{Purpose, ship_940};
use proptest::prelude::*;

use crate::world::{house, now, numbers, order, place, profile, release};

fn write(order: OrderRelease, purpose: Purpose) -> Result<String, Finding> {
    let bytes = ship_940(&release(order), purpose, "SO-4711-2", "DAL1", &house(), &profile(), numbers(), now())?;
    Ok(String::from_utf8(bytes).unwrap())
}

fn segments(file: &str) -> Vec<&str> {
    file.split('~').filter(|segment| !segment.is_empty()).collect()
}

/// Nothing is wrong with the file, by our own reader and guides.
fn assert_clean(file: &str) {
    let document = edi::read(file.as_bytes());
    assert_eq!((document.interchanges.len(), &document.findings), (1, &Vec::new()));
    let verdict = verdict::interchange(&document.interchanges[0], Guides::built_in());
    assert_eq!((verdict.verdict, &verdict.findings), (Verdict::Accepted, &Vec::new()), "{file}");
    for group in &verdict.groups {
        assert_eq!(group.findings, Vec::new(), "{file}");
        for set in &group.sets {
            assert_eq!(set.findings, Vec::new(), "{file}");
        }
    }
}

#[test]
fn the_940_is_the_golden_one_byte_for_byte() {
    let written = write(order(), Purpose::Original).unwrap();
    assert_clean(&written);
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden/940.edi");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&golden, &written).unwrap();
    }
    assert_eq!(segments(&written), segments(&std::fs::read_to_string(golden).unwrap()));
}

#[test]
fn a_cancel_differs_in_its_purpose_alone() {
    let (original, cancel) = (write(order(), Purpose::Original).unwrap(), write(order(), Purpose::Cancel).unwrap());
    assert_clean(&cancel);
    assert_eq!(original.replace("W05*N*", "W05*F*"), cancel);
    assert_ne!(original, cancel);
}

#[test]
fn what_is_not_given_is_not_written() {
    let mut short = order();
    short.customer_po = None;
    (short.ship_by, short.deliver_by, short.carrier, short.note) = (None, None, None, None);
    (short.ship_to.code, short.ship_to.region, short.ship_to.address2) = (None, None, None);
    short.lines[0].description = Some("*~>\n".to_owned());
    let file = write(short, Purpose::Original).unwrap();
    assert_clean(&file);
    let segments = segments(&file);
    for absent in ["G62", "W66", "NTE", "G69"] {
        assert!(!segments.iter().any(|segment| segment.starts_with(absent)), "{absent}");
    }
    assert!(segments.contains(&"W05*N*SO-4711-2"), "{segments:?}");
    assert!(segments.contains(&"N1*ST*Müller & Sons") && segments.contains(&"N4*Austin**73301*US"));
}

#[test]
fn words_lose_their_delimiters_and_identifiers_are_refused_for_them() {
    let mut words = order();
    words.ship_to.name = "A*B~C>D\r\nE\u{202e}F".to_owned();
    words.ship_to.address1 = "~ISA*00*".to_owned();
    let file = write(words, Purpose::Original).unwrap();
    assert_clean(&file);
    assert!(file.contains("N1*ST*A B C D  E F*92*CUST-9~N3*ISA 00*Dock 4~"), "{file}");

    let refused = |change: fn(&mut OrderRelease)| {
        let mut changed = order();
        change(&mut changed);
        let finding = write(changed, Purpose::Original).unwrap_err();
        assert_eq!(finding.code, Code::NotRenderable);
        place(&finding)
    };
    assert_eq!(refused(|order| order.lines[1].sku = "A*B".to_owned()), "/lines/1/sku");
    assert_eq!(refused(|order| order.lines[1].sku = "A~B".to_owned()), "/lines/1/sku");
    assert_eq!(refused(|order| order.lines[0].sku = "A>B".to_owned()), "/lines/0/sku");
    assert_eq!(refused(|order| order.customer_po = Some("1*2".to_owned())), "/customer_po");
    assert_eq!(refused(|order| order.ship_to.code = Some("C\n1".to_owned())), "/ship_to/code");
    assert_eq!(refused(|order| order.ship_to.name = "*".to_owned()), "/ship_to/name");
    assert_eq!(refused(|order| order.ship_to.city = "X~".to_owned()), "/ship_to/city");
    assert_eq!(refused(|order| order.ship_to.postal_code = "1  ".to_owned()), "/ship_to/postal_code");
}

#[test]
fn a_quantity_has_fifteen_digits_and_not_one_more() {
    let with = |quantity: &str| {
        let mut changed = order();
        changed.lines.truncate(1);
        changed.lines[0].quantity = quantity.parse().unwrap();
        write(changed, Purpose::Original)
    };
    assert_clean(&with("123456789012.345").unwrap());
    assert_eq!(place(&with("123456789012.3456").unwrap_err()), "/lines/0/quantity");
    assert_clean(&with("0.5").unwrap());
}

#[test]
fn a_total_that_is_too_long_is_left_out() {
    let mut changed = order();
    changed.lines[0].quantity = "999999999999.999".parse().unwrap();
    let file = write(changed, Purpose::Original).unwrap();
    assert_clean(&file);
    assert!(!file.contains("~W76"), "{file}");
}

#[test]
fn numbers_that_the_caller_gives_are_looked_at_too() {
    let write = |number: &str, warehouse: &str| {
        ship_940(&release(order()), Purpose::Original, number, warehouse, &house(), &profile(), numbers(), now())
    };
    assert_eq!(place(&write("SO*1", "DAL1").unwrap_err()), "/order_no");
    assert_eq!(place(&write(&"1".repeat(23), "DAL1").unwrap_err()), "/order_no");
    assert_eq!(place(&write("SO-1", "DAL~1").unwrap_err()), "/warehouse");
    assert_clean(&String::from_utf8(write("SO-1", "7").unwrap()).unwrap());
}

#[test]
fn a_partner_without_edi_is_an_operators_matter() {
    let mut profile = profile();
    profile.edi = None;
    let written = ship_940(&release(order()), Purpose::Original, "SO-1", "DAL1", &house(), &profile, numbers(), now());
    assert_eq!(written.unwrap_err().code, Code::Misconfigured);
}

fn words(len_max: usize) -> impl Strategy<Value = String> {
    let character = prop_oneof![
        8 => proptest::char::range(' ', '~'),
        2 => prop_oneof![Just('*'), Just('~'), Just('>'), Just('\n'), Just('\r'), Just('\u{85}'), Just('\u{202e}')],
        1 => any::<char>(),
    ];
    proptest::collection::vec(character, 1..=len_max).prop_map(|text| text.into_iter().collect())
}

prop_compose! {
    fn lines()(items in proptest::collection::vec(("[!-~]([ -~]{0,46}[!-~])?", 0_u64..10_u64.pow(15), proptest::option::of(words(45))), 1..6))
        -> Vec<OrderLine>
    {
        items.into_iter().zip(1..).map(|((sku, thousandths, description), line_no)| OrderLine {
            line_no,
            sku,
            quantity: format!("{}.{:03}", thousandths / 1000, thousandths % 1000).parse().unwrap(),
            uom: "EA".to_owned(),
            description,
        }).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_ordered_is_written_right_or_refused_by_name(
        (name, address1, address2, city) in (words(60), words(55), proptest::option::of(words(55)), words(30)),
        (code, note, service) in (proptest::option::of(words(80)), proptest::option::of(words(160)), proptest::option::of(words(35))),
        po in proptest::option::of("[ -~]{1,22}"),
        postal_code in "[A-Za-z0-9][A-Za-z0-9 -]{2,14}",
        lines in lines(),
    ) {
        let mut given = order();
        (given.ship_to.name, given.ship_to.address1, given.ship_to.address2) = (name, address1, address2);
        (given.ship_to.city, given.ship_to.code, given.note, given.customer_po) = (city, code, note, po);
        given.ship_to.postal_code = postal_code;
        if let Some(carrier) = &mut given.carrier {
            carrier.service = service;
        }
        given.lines = lines.clone();
        match write(given, Purpose::Original) {
            Err(finding) => {
                prop_assert_eq!(finding.code, Code::NotRenderable);
                prop_assert!(place(&finding).starts_with('/'), "{:?}", finding);
            }
            Ok(file) => {
                assert_clean(&file);
                let document = edi::read(file.as_bytes());
                let body = document.interchanges[0].groups[0].sets[0].body();
                let elements = |id: &str, n: usize| -> Vec<String> {
                    body.iter().filter(|s| s.id() == id).filter_map(|s| Some(s.element(n)?.into_owned())).collect()
                };
                let skus: Vec<String> = lines.iter().map(|line| line.sku.clone()).collect();
                let quantities: Vec<String> = lines.iter().map(|line| line.quantity.to_string()).collect();
                prop_assert_eq!(elements("W01", 5), skus);
                prop_assert_eq!(elements("W01", 1), quantities);
                prop_assert_eq!(elements("LX", 1).len(), lines.len());
            }
        }
    }
}
