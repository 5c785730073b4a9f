//! The warehouse behind the EDI 3PL: reads the 940s in its outbox, answers with 997s and 945s of its own making.
//!
//! It writes with other separators than Crossdock does, several sets to a file, and its own control numbers. What it
//! writes follows from what it read and from its clock alone, so that it writes the same bytes again.

use edi::write::{Envelope, NewGroup, NewSegment, NewSet};
use edi::{ControlNumber, Delimiters, TransactionSet};
use jiff::Timestamp;
use partners::Bundle;

use crate::Error;

/// Company prefix of the warehouse's SSCCs, with the extension digit in front.
const SSCC_PREFIX: &str = "00614141";

/// A line of a 940.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderedLine {
    /// `N9*LI`.
    pub line_no: String,
    /// W0105.
    pub sku: String,
    /// W0101.
    pub quantity: String,
    /// W0102.
    pub uom: String,
}

/// A 940 as the warehouse reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShipOrder {
    /// The file's key in the exchange.
    pub key: String,
    /// ISA13.
    pub interchange: String,
    /// GS06.
    pub group: String,
    /// ST02.
    pub set: String,
    /// W0501: `N` to ship, `F` to cancel.
    pub purpose: String,
    /// W0502.
    pub depositor_order_no: String,
    /// `N9*ZZ`: the release's id.
    pub release_id: String,
    /// Its lines.
    pub lines: Vec<OrderedLine>,
}

/// What is shipped of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shipping<'a> {
    /// The order.
    pub order: &'a ShipOrder,
    /// The shipment's number.
    pub shipment_no: String,
    /// Line numbers and shipped quantities.
    pub shipped: Vec<(String, String)>,
}

impl<'a> Shipping<'a> {
    /// All of an order, in one shipment.
    pub fn whole(order: &'a ShipOrder, shipment_no: &str) -> Self {
        let line = |line: &OrderedLine| (line.line_no.clone(), line.quantity.clone());
        Self { order, shipment_no: shipment_no.to_owned(), shipped: order.lines.iter().map(line).collect() }
    }
}

/// A warehouse with its EDI identity.
#[derive(Debug, Clone)]
pub struct Warehouse {
    own: (String, String),
    house: (String, String),
    delimiters: Delimiters,
    now: Timestamp,
}

impl Warehouse {
    /// The warehouse of `partner`, whose clock stands at `now`. `separators` are those of elements, components and
    /// segments, such as `|:'`.
    pub fn new(bundle: &Bundle, partner: &str, separators: [u8; 3], now: Timestamp) -> Result<Self, Error> {
        let profile = bundle.partners.values().find(|profile| profile.id.as_str() == partner);
        let own = profile
            .and_then(|profile| profile.edi.as_ref())
            .ok_or_else(|| Error::Unusable(format!("partner {partner} has no [edi] in its profile")))?;
        let house = &bundle.house.edi;
        let [element, component, terminator] = separators;
        let delimiters = Delimiters::new(element, component, terminator, None)
            .map_err(|error| Error::Unusable(format!("these separators cannot be used: {error}")))?;
        Ok(Self {
            own: (own.qualifier.clone(), own.id.clone()),
            house: (house.qualifier.clone(), house.id.clone()),
            delimiters,
            now,
        })
    }

    /// One 997 for each 940, in one file. `refused` are the depositor order numbers of those that could not be read.
    pub fn acknowledge(&self, orders: &[ShipOrder], refused: &[&str], control: u32) -> Result<Vec<u8>, Error> {
        let set = |(index, order): (usize, &ShipOrder)| {
            let (code, taken) =
                if refused.contains(&order.depositor_order_no.as_str()) { ("R", "0") } else { ("A", "1") };
            let mut segments = vec![
                NewSegment::new("AK1").elements(["OW", &order.group]),
                NewSegment::new("AK2").elements(["940", &order.set]),
            ];
            if code == "R" {
                // The second segment's second element is too long, it says.
                segments.push(NewSegment::new("AK3").elements(["W05", "2", "", "8"]));
                segments.push(NewSegment::new("AK4").elements(["2", "285", "5", &order.depositor_order_no]));
                segments.push(NewSegment::new("AK5").elements(["R", "5"]));
            } else {
                segments.push(NewSegment::new("AK5").element("A"));
            }
            segments.push(NewSegment::new("AK9").elements([code, "1", "1", taken]));
            NewSet { id: "997".to_owned(), control_number: format!("{:04}", index + 1), segments }
        };
        self.write("FA", orders.iter().enumerate().map(set).collect(), control)
    }

    /// One 945 for each shipment, in one file.
    pub fn advise(&self, shipments: &[Shipping<'_>], control: u32) -> Result<Vec<u8>, Error> {
        let set = |(index, shipping): (usize, &Shipping<'_>)| NewSet {
            id: "945".to_owned(),
            control_number: format!("{:09}", index + 1),
            segments: self.advice(shipping, control, index),
        };
        self.write("SW", shipments.iter().enumerate().map(set).collect(), control)
    }

    fn advice(&self, shipping: &Shipping<'_>, control: u32, index: usize) -> Vec<NewSegment> {
        let (date, time) = (self.date(), self.time());
        let order = shipping.order;
        let segment = NewSegment::new;
        let mut segments = vec![
            segment("W06").elements(["F", &order.depositor_order_no, &date, &shipping.shipment_no]),
            segment("N1").elements(["SF", "THE WAREHOUSE", "92", "DAL1"]),
            segment("N9").elements(["BM", &format!("BOL-{}", shipping.shipment_no)]),
            segment("G62").elements(["11", &date, "X", &time, "UT"]),
            segment("W27").elements(["M", "ODFL", "LTL STANDARD", "PP"]),
            segment("LX").element("1"),
            segment("MAN").elements(["GM", &sscc(u64::from(control) * 10_000 + index as u64)]),
        ];
        for (line_no, quantity) in &shipping.shipped {
            let Some(line) = order.lines.iter().find(|line| line.line_no == *line_no) else {
                continue;
            };
            let status = if *quantity == line.quantity { "CC" } else { "BP" };
            segments.push(segment("W12").elements([
                status,
                &line.quantity,
                quantity,
                "",
                &line.uom,
                "",
                "VN",
                &line.sku,
            ]));
            segments.push(segment("N9").elements(["LI", line_no]));
        }
        segments
    }

    fn date(&self) -> String {
        self.now.strftime("%Y%m%d").to_string()
    }

    fn time(&self) -> String {
        self.now.strftime("%H%M").to_string()
    }

    fn write(&self, functional_id: &str, sets: Vec<NewSet>, control: u32) -> Result<Vec<u8>, Error> {
        let control_number = ControlNumber::new(control).map_err(|error| Error::Unusable(error.to_string()))?;
        let envelope = Envelope {
            sender: self.own.clone(),
            receiver: self.house.clone(),
            date: self.date(),
            time: self.time(),
            control_number,
            version: "00401".to_owned(),
            ack_requested: false,
            usage_indicator: 'P',
            delimiters: self.delimiters,
            line_feeds: true,
        };
        let group = NewGroup {
            functional_id: functional_id.to_owned(),
            sender_code: self.own.1.clone(),
            receiver_code: self.house.1.clone(),
            control_number,
            version: "004010".to_owned(),
            sets,
        };
        edi::write::interchange(&envelope, &[], &[group])
            .map_err(|error| Error::Unusable(format!("the warehouse cannot write this: {error}")))
    }
}

/// The orders in a file of the outbox; none if it holds something else.
pub fn read_940(key: &str, bytes: &[u8]) -> Vec<ShipOrder> {
    let document = edi::read(bytes);
    let mut orders = Vec::new();
    for interchange in &document.interchanges {
        for group in &interchange.groups {
            for set in group.sets.iter().filter(|set| set.id() == "940") {
                let mut order = ShipOrder {
                    key: key.to_owned(),
                    interchange: interchange.control_number().into_owned(),
                    group: group.control_number().into_owned(),
                    set: set.control_number().into_owned(),
                    purpose: String::new(),
                    depositor_order_no: String::new(),
                    release_id: String::new(),
                    lines: Vec::new(),
                };
                read_set(set, &mut order);
                orders.push(order);
            }
        }
    }
    orders
}

fn read_set(set: &TransactionSet<'_>, order: &mut ShipOrder) {
    for segment in set.body() {
        let element = |n| segment.element(n).unwrap_or_default().into_owned();
        match (segment.id(), element(1).as_str()) {
            ("W05", _) => {
                order.purpose = element(1);
                order.depositor_order_no = element(2);
            }
            ("N9", "ZZ") => order.release_id = element(3),
            ("W01", _) => order.lines.push(OrderedLine {
                line_no: String::new(),
                sku: element(5),
                quantity: element(1),
                uom: element(2),
            }),
            ("N9", "LI") => {
                if let Some(line) = order.lines.last_mut() {
                    line.line_no = element(2);
                }
            }
            _ => {}
        }
    }
}

/// What a 997 in the outbox says: the acknowledged group, and each of its sets with its verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledged {
    /// The file's key in the exchange.
    pub key: String,
    /// AK102.
    pub group: String,
    /// AK901: `A`, `E`, `P` or `R`.
    pub outcome: String,
    /// AK202 and AK501 of each set.
    pub sets: Vec<(String, String)>,
}

/// The acknowledgments in a file of the outbox; none if it holds something else.
pub fn read_997(key: &str, bytes: &[u8]) -> Vec<Acknowledged> {
    let document = edi::read(bytes);
    let groups = document.interchanges.iter().flat_map(|interchange| &interchange.groups);
    groups
        .flat_map(|group| &group.sets)
        .filter(|set| set.id() == "997")
        .map(|set| {
            let mut read =
                Acknowledged { key: key.to_owned(), group: String::new(), outcome: String::new(), sets: Vec::new() };
            for segment in set.body() {
                let element = |n| segment.element(n).unwrap_or_default().into_owned();
                match segment.id() {
                    "AK1" => read.group = element(2),
                    "AK2" => read.sets.push((element(2), String::new())),
                    "AK5" => {
                        if let Some((_, verdict)) = read.sets.last_mut() {
                            *verdict = element(1);
                        }
                    }
                    "AK9" => read.outcome = element(1),
                    _ => {}
                }
            }
            read
        })
        .collect()
}

/// A serial shipping container code with its check digit (GS1: weights 3 and 1 from the right).
fn sscc(serial: u64) -> String {
    let digits = format!("{SSCC_PREFIX}{:09}", serial % 1_000_000_000);
    let weighted = digits.bytes().rev().enumerate().map(|(index, digit)| {
        let weight = if index % 2 == 0 { 3 } else { 1 };
        u32::from(digit.saturating_sub(b'0')) * weight
    });
    let check = (10 - weighted.sum::<u32>() % 10) % 10;
    format!("{digits}{check}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{place, profiles};

    fn warehouse() -> Warehouse {
        let folder = place::profiles();
        let files = profiles::sources(&folder).unwrap();
        let bundle = profiles::compile(&files, &folder, "http://127.0.0.1:1", "key").unwrap();
        let now = "2026-12-02T15:04:05Z".parse().unwrap();
        Warehouse::new(&bundle, "acme-3pl", *b"|:'", now).unwrap()
    }

    fn order() -> ShipOrder {
        let line = |line_no: &str, quantity: &str| OrderedLine {
            line_no: line_no.to_owned(),
            sku: format!("SKU-{line_no}"),
            quantity: quantity.to_owned(),
            uom: "EA".to_owned(),
        };
        ShipOrder {
            key: "k".to_owned(),
            interchange: "000000007".to_owned(),
            group: "7".to_owned(),
            set: "0001".to_owned(),
            purpose: "N".to_owned(),
            depositor_order_no: "SO-1".to_owned(),
            release_id: "rel_1".to_owned(),
            lines: vec![line("1", "100"), line("2", "2.5")],
        }
    }

    #[test]
    fn what_the_warehouse_writes_is_read_without_a_finding() {
        let (warehouse, order) = (warehouse(), order());
        let mut partial = Shipping::whole(&order, "S-1");
        partial.shipped = vec![("1".to_owned(), "60".to_owned())];
        let files = [
            warehouse.acknowledge(std::slice::from_ref(&order), &[], 1).unwrap(),
            warehouse.acknowledge(std::slice::from_ref(&order), &["SO-1"], 2).unwrap(),
            warehouse.advise(&[Shipping::whole(&order, "S-0"), partial], 3).unwrap(),
        ];
        for file in files {
            let document = edi::read(&file);
            let interchange = &document.interchanges[0];
            let verdict = edi::verdict::interchange(interchange, edi::guide::Guides::built_in());
            assert_eq!(verdict.verdict, edi::verdict::Verdict::Accepted, "{verdict:?}");
            let group = &verdict.groups[0];
            assert!(group.sets.iter().all(|set| set.findings.is_empty()), "{:?}", group.sets);
        }
    }

    #[test]
    fn acknowledgments_are_read_as_they_are_written() {
        let order = order();
        let file = warehouse().acknowledge(&[order.clone(), order], &["SO-1"], 2).unwrap();
        let read = read_997("k", &file);
        assert_eq!(read.len(), 2);
        assert_eq!((read[0].group.as_str(), read[0].outcome.as_str()), ("7", "R"));
        assert_eq!(read[0].sets, [("0001".to_owned(), "R".to_owned())]);
    }

    #[test]
    fn sscc_check_digits() {
        // GS1's own example: 3 4012345 123456789 with check digit 5 has weights 3 and 1 from the right.
        assert_eq!(sscc(0).len(), 18);
        assert_eq!(sscc(1), "006141410000000012");
    }
}
