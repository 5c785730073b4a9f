//! The 945: a warehouse tells what it shipped. Partners fill it differently; what differs and what is taken:
//!
//! | What | Where it is looked for, in this order |
//! |---|---|
//! | the release | W0602; `N9*ZZ` with our release id, as the 940 gave it |
//! | the shipment's number | W0604; `N9*SI`; `N9*BM` or W0605, each with the order's number |
//! | when it left | `G62*11` with its time; W0603 |
//! | the carrier | W2702 of the header, then of an item; `N9*SCA` |
//! | tracking numbers | `MAN*CP`; `N9` with `CN`, `2I`, `08` or `AW`, at any level |
//! | SSCCs | `MAN*GM` and `MAN*AA`, with or without the application identifier |
//! | the item | of W1207/08, W1217/18 and W1221/22 the qualifier that comes first in `ITEM_QUALIFIERS`; then the UPC in W1206 or W1216 |
//! | the line | `N9*LI` below the item, or above it in its LX loop |
//! | how much | W1203; W1202 less W1204; W1202 where the line is complete |

use canonical::{Code, Finding, Place, Quantity, ReleaseId, SetReference, ShipConfirm, ShippedLine};
use edi::{Segment, TransactionSet};
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;
use rust_decimal::Decimal;

use crate::limits::{FINDINGS_MAX, WARNINGS_MAX};
use crate::mapping::value::time_of_day;
use crate::{lines, mapping, sscc};

/// Which item number is taken, by its qualifier (element 235): `VN` seller's item number first, for the 940 names the
/// item by it; then seller's part, stock keeping unit, catalogue, buyer's part and item, manufacturer's part, and the
/// product codes of GS1.
const ITEM_QUALIFIERS: [&str; 12] = ["VN", "VP", "SK", "VC", "BP", "IN", "MG", "UK", "UP", "UI", "EN", "ZZ"];

/// Qualifiers of N9 (element 128) under which a tracking number stands: carrier's reference (PRO), tracking number,
/// carrier's package number, air waybill.
const TRACKING_QUALIFIERS: [&str; 4] = ["CN", "2I", "08", "AW"];

/// Reads a 945 as a ship confirm.
///
/// A line that the warehouse names several times, once for each carton or lot, is added up. Where numbers contradict each
/// other the shipped quantity is believed and a warning kept.
///
/// # Errors
/// Everything without which it cannot be said what was shipped of which release; or a 945 that is no confirmation of a
/// shipment (a cancel, a replacement, a list of exceptions, a simulation): applied like one it would count twice.
pub fn warehouse_shipping_advice_945(set: &TransactionSet<'_>) -> Result<ShipConfirm, Vec<Finding>> {
    let mut advice = Advice::default();
    for segment in set.body() {
        advice.take(segment);
    }
    advice.close_item();
    advice.confirm(set)
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Level {
    #[default]
    Header,
    Carton,
    Item,
}

/// An item as one W12 names it, with the position of that segment.
struct Item {
    line: ShippedLine,
    place: Place,
}

#[derive(Default)]
struct Advice {
    level: Level,
    /// Between LS and LE: what stands there details an item further and counts nothing.
    nested: bool,
    depositor_order_no: Option<String>,
    release_id: Option<ReleaseId>,
    shipment_id: Option<String>,
    agent_shipment_id: Option<String>,
    shipper_no: Option<String>,
    bill_of_lading: Option<String>,
    shipped_at: Option<Timestamp>,
    shipped_on: Option<Timestamp>,
    scac: Option<String>,
    scac_reference: Option<String>,
    tracking_nos: Vec<String>,
    ssccs: Vec<String>,
    /// `N9*LI` of the LX loop, for all its items.
    carton_line: Option<u32>,
    item: Option<Item>,
    items: Vec<Item>,
    total: Option<(Decimal, Place)>,
    warnings: Vec<Finding>,
    findings: Vec<Finding>,
}

impl Advice {
    fn take(&mut self, segment: &Segment<'_>) {
        match segment.id() {
            "LE" => self.nested = false,
            _ if self.nested => {}
            "LS" => self.nested = true,
            "W06" => self.head(segment),
            "N9" => self.reference(segment),
            "G62" if self.level == Level::Header => self.date(segment),
            "W27" => self.carrier(segment),
            "LX" => {
                self.close_item();
                self.level = Level::Carton;
                self.carton_line = None;
            }
            "MAN" => self.marks(segment),
            "W12" => {
                self.close_item();
                self.level = Level::Item;
                self.item = self.item(segment);
            }
            "W03" => {
                self.close_item();
                self.total = number(segment, 1).ok().flatten().map(|total| (total, place(segment, 1)));
            }
            _ => {}
        }
    }

    /// W06. Its first element (514) says what kind of report this is, its twelfth (306) what to do with it.
    fn head(&mut self, segment: &Segment<'_>) {
        let reporting = value(segment, 1).unwrap_or_default();
        // F full detail, J original, N no exceptions. R, X, K and the codes of other reports are no confirmation.
        if !matches!(reporting.as_str(), "F" | "J" | "N") {
            let detail = "W0601 says that this is no full report of a shipment (F, J or N); a person must look at it";
            self.error(segment, 1, detail);
        }
        // 1 adds; 2, 3 and others change or delete what was reported before.
        if !matches!(value(segment, 12).as_deref(), None | Some("1")) {
            self.error(segment, 12, "W0612 asks for more than to add a shipment; a person must look at it");
        }
        self.depositor_order_no = self.bounded(segment, 2, 22);
        self.shipment_id = self.bounded(segment, 4, 30);
        self.agent_shipment_id = self.bounded(segment, 5, 30);
        if value(segment, 3).is_some() {
            match day(segment, 3).and_then(|day| start_of(day, Time::midnight(), Offset::UTC)) {
                Some(start) => self.shipped_on = Some(start),
                None => self.error(segment, 3, "W0603 is no day of the form CCYYMMDD"),
            }
        }
    }

    fn reference(&mut self, segment: &Segment<'_>) {
        let qualifier = value(segment, 1).unwrap_or_default();
        let Some(reference) = value(segment, 2).or_else(|| value(segment, 3)) else {
            return;
        };
        match (qualifier.as_str(), self.level) {
            ("LI", Level::Carton) => self.carton_line = self.line_no(segment, &reference),
            ("LI", Level::Item) => {
                let line_no = self.line_no(segment, &reference);
                if let (Some(item), Some(line_no)) = (&mut self.item, line_no) {
                    item.line.line_no = Some(line_no);
                }
            }
            ("SI", Level::Header) => self.shipper_no = self.bounded(segment, 2, 30),
            ("BM", Level::Header) => self.bill_of_lading = self.bounded(segment, 2, 30),
            ("SCA", Level::Header) => self.scac_reference = Some(reference),
            ("ZZ", Level::Header) if reference.starts_with("rel_") => {
                self.release_id = reference.parse().ok();
            }
            (tracking, _) if TRACKING_QUALIFIERS.contains(&tracking) => {
                self.tracking(segment, 2, reference);
            }
            _ => {}
        }
    }

    fn line_no(&mut self, segment: &Segment<'_>, reference: &str) -> Option<u32> {
        let line_no = reference.parse().ok().filter(|number| *number > 0);
        if line_no.is_none() {
            self.warn(segment, 2, "the line item number is no number of a line; the item alone is looked at");
        }
        line_no
    }

    /// G62*11: shipped. A time without a zone, or in a zone whose offset changes with the season, is taken as UTC.
    fn date(&mut self, segment: &Segment<'_>) {
        if value(segment, 1).as_deref() != Some("11") || value(segment, 2).is_none() {
            return;
        }
        let Some(day) = day(segment, 2) else {
            self.error(segment, 2, "G6202 is no day of the form CCYYMMDD");
            return;
        };
        let (mut time, mut offset) = (Time::midnight(), Offset::UTC);
        if let Some(text) = value(segment, 4) {
            match time_of_day(&text) {
                Some(read) => time = read,
                None => self.warn(segment, 4, "G6204 is no time of day; the start of the day is taken"),
            }
            let zone = value(segment, 5);
            match zone_offset(zone.as_deref()) {
                Some(read) => offset = read,
                None => self.warn(segment, 5, "G6205 names no fixed offset from UTC; the time is taken as UTC"),
            }
        }
        self.shipped_at = start_of(day, time, offset);
    }

    fn carrier(&mut self, segment: &Segment<'_>) {
        let Some(scac) = value(segment, 2).filter(|_| self.scac.is_none()) else {
            return;
        };
        if is_scac(&scac) {
            self.scac = Some(scac);
        } else {
            self.warn(segment, 2, "W2702 is no carrier code of 2 to 4 letters");
        }
    }

    /// MAN: a qualifier and one or two marks, twice. Source: elements 88 and 87.
    fn marks(&mut self, segment: &Segment<'_>) {
        for (qualifier, marks) in [(1, [2, 3]), (4, [5, 6])] {
            let qualifier = value(segment, qualifier);
            for n in marks {
                let Some(mark) = value(segment, n) else {
                    continue;
                };
                match qualifier.as_deref() {
                    Some("GM" | "AA") => self.sscc(segment, n, &mark),
                    Some("CP") => self.tracking(segment, n, mark),
                    _ => {}
                }
            }
        }
    }

    fn sscc(&mut self, segment: &Segment<'_>, n: usize, mark: &str) {
        let Some(digits) = sscc::digits(mark) else {
            self.warn(segment, n, "an SSCC has 18 digits, or 20 with its application identifier; it is left out");
            return;
        };
        if !sscc::is_checked(digits) {
            self.warn(segment, n, "the check digit of the SSCC is not right");
        }
        self.ssccs.push(digits.to_owned());
    }

    fn tracking(&mut self, segment: &Segment<'_>, n: usize, number: String) {
        if number.chars().count() <= 48 {
            self.tracking_nos.push(number);
        } else {
            self.warn(segment, n, "the tracking number has more than 48 characters; it is left out");
        }
    }

    fn item(&mut self, segment: &Segment<'_>) -> Option<Item> {
        let sku = self.item_number(segment);
        let uom = self.bounded(segment, 5, 2);
        if uom.is_none() {
            self.error(segment, 5, "W1205 says no unit of measure, so that the quantity means nothing");
        }
        let status = value(segment, 1).filter(|status| status.chars().count() <= 2);
        let quantity = self.shipped(segment, status.as_deref());
        let line = ShippedLine { line_no: self.carton_line, sku: sku?, quantity: quantity?, uom: uom?, status };
        Some(Item { line, place: place(segment, 3) })
    }

    fn item_number(&mut self, segment: &Segment<'_>) -> Option<String> {
        let pairs = [(7, 8), (17, 18), (21, 22)];
        let qualified = |wanted: &&str| {
            pairs.into_iter().find(|(qualifier, _)| value(segment, *qualifier).as_deref() == Some(*wanted))
        };
        let numbered = ITEM_QUALIFIERS.iter().find_map(qualified).map(|(_, number)| number);
        let place = [numbered, Some(6), Some(16)].into_iter().flatten().find(|n| value(segment, *n).is_some());
        let Some(n) = place else {
            self.error(segment, 8, "W12 names no item (W1207/08 with VN, or another item number)");
            return None;
        };
        self.bounded(segment, n, 48)
    }

    /// What was shipped; `None` with a finding if W12 does not say.
    fn shipped(&mut self, segment: &Segment<'_>, status: Option<&str>) -> Option<Quantity> {
        let mut read = |n: usize| {
            let read = number(segment, n);
            if read.is_err() {
                self.error(segment, n, "is no quantity");
            }
            read.unwrap_or_default()
        };
        let (ordered, shipped) = (read(2), read(3));
        // The difference is written with and without its sign.
        let difference = read(4).map(|difference| difference.abs());
        let taken = match (shipped, ordered, difference) {
            (Some(shipped), Some(ordered), Some(difference)) => {
                if (ordered - shipped).abs() != difference {
                    self.warn(segment, 4, "ordered less shipped is not the difference; the shipped quantity is taken");
                }
                Some(shipped)
            }
            (Some(shipped), _, _) => Some(shipped),
            // More than ordered: the difference would have to be added.
            (None, Some(ordered), Some(difference)) if status != Some("CM") => Some(ordered - difference),
            (None, Some(ordered), None) if status.is_some() && lines::is_complete(status) => Some(ordered),
            _ => None,
        };
        let Some(taken) = taken else {
            self.error(segment, 3, "W12 does not say how much was shipped");
            return None;
        };
        let quantity = taken.to_string().parse().ok();
        if quantity.is_none() {
            self.error(segment, 3, "is no shipped quantity: 0 or more, at most 12 digits before and 6 after the point");
        }
        quantity
    }

    fn close_item(&mut self) {
        self.items.extend(self.item.take());
    }

    fn confirm(mut self, set: &TransactionSet<'_>) -> Result<ShipConfirm, Vec<Finding>> {
        let head = set.body().iter().find(|segment| segment.id() == "W06").or_else(|| set.segments.first());
        let missing = |advice: &mut Self, element: usize, detail: &str| {
            if let Some(head) = head {
                advice.error(head, element, detail);
            }
        };
        let by_number = self.depositor_order_no.take().map(SetReference::DepositorOrderNo);
        let release = by_number.or_else(|| self.release_id.take().map(SetReference::ReleaseId));
        if release.is_none() {
            missing(&mut self, 2, "the 945 does not name the order: W0602 is empty");
        }
        let own = self.shipment_id.take().or_else(|| self.shipper_no.take());
        // One bill of lading may cover several orders, each with its own 945: with the order it names one shipment.
        let shared = self.bill_of_lading.take().or_else(|| self.agent_shipment_id.take());
        let shipment_no = own.or_else(|| Some(format!("{} {}", shared?, words(release.as_ref()?))));
        if shipment_no.is_none() {
            missing(&mut self, 4, "the 945 does not name the shipment: neither W0604 nor N9*SI nor N9*BM");
        }
        let shipped_at = self.shipped_at.or(self.shipped_on);
        if shipped_at.is_none() {
            missing(&mut self, 3, "the 945 does not say when it was shipped: neither G62*11 nor W0603");
        }
        if self.items.is_empty() && self.findings.is_empty() {
            missing(&mut self, 1, "the 945 names no item");
        }
        self.check_total();
        let scac = self.scac.take().or_else(|| self.scac_reference.take().filter(|scac| is_scac(scac)));
        let places: Vec<Place> = self.items.iter().map(|item| item.place.clone()).collect();
        let shipped = lines::merged(self.items.into_iter().map(|item| item.line).collect());
        let lines = match shipped {
            Ok(lines) => lines,
            Err(position) => {
                let detail = "makes more than 12 digits with the other cartons of its item".to_owned();
                self.findings.push(Finding { code: Code::EdiSyntax, detail, place: places.get(position).cloned() });
                Vec::new()
            }
        };
        let (Some(release), Some(shipment_no), Some(shipped_at)) = (release, shipment_no, shipped_at) else {
            return Err(self.findings);
        };
        if !self.findings.is_empty() {
            return Err(self.findings);
        }
        let confirm = ShipConfirm {
            release,
            shipment_no,
            lines,
            scac,
            tracking_nos: lines::unique(self.tracking_nos),
            ssccs: lines::unique(self.ssccs),
            shipped_at,
            warnings: self.warnings,
        };
        lines::bounded(&confirm).map_err(|finding| vec![finding])?;
        Ok(confirm)
    }

    /// W0301 against the items.
    fn check_total(&mut self) {
        let sum: Decimal = self.items.iter().map(|item| item.line.quantity.value()).sum();
        if let Some((total, place)) = self.total.take().filter(|(total, _)| *total != sum) {
            let detail = format!("W0301 says {total} units, the items add up to {sum}; the items are taken");
            if self.warnings.len() < WARNINGS_MAX {
                self.warnings.push(Finding { code: Code::EdiSyntax, detail, place: Some(place) });
            }
        }
    }

    /// An element that becomes part of a key or a name; `None` if it is empty or, with a finding, too long.
    fn bounded(&mut self, segment: &Segment<'_>, n: usize, len_max: usize) -> Option<String> {
        let text = value(segment, n)?;
        if text.chars().count() > len_max {
            self.error(segment, n, &format!("has more than {len_max} characters"));
            return None;
        }
        Some(text)
    }

    fn error(&mut self, segment: &Segment<'_>, element: usize, detail: &str) {
        if self.findings.len() < FINDINGS_MAX {
            let place = Some(place(segment, element));
            self.findings.push(Finding { code: Code::EdiSyntax, detail: detail.to_owned(), place });
        }
    }

    fn warn(&mut self, segment: &Segment<'_>, element: usize, detail: &str) {
        if self.warnings.len() < WARNINGS_MAX {
            let place = Some(place(segment, element));
            self.warnings.push(Finding { code: Code::EdiSyntax, detail: detail.to_owned(), place });
        }
    }
}

fn place(segment: &Segment<'_>, element: usize) -> Place {
    Place::Edi {
        segment: Some(segment.id().to_owned()),
        segment_position: Some(segment.position() as u64),
        element: Some(element as u64),
        byte_offset: segment.element_range(element).start as u64,
    }
}

/// An element without the blanks around it; `None` if nothing is left.
fn value(segment: &Segment<'_>, n: usize) -> Option<String> {
    let text = segment.element(n)?;
    let trimmed = text.trim();
    (!trimmed.is_empty()).then(|| trimmed.to_owned())
}

/// A decimal number; `None` if nothing is there.
fn number(segment: &Segment<'_>, n: usize) -> Result<Option<Decimal>, ()> {
    value(segment, n).map(|text| mapping::value::number(&text, b'.').ok_or(())).transpose()
}

fn day(segment: &Segment<'_>, n: usize) -> Option<Date> {
    mapping::value::day(&value(segment, n)?)
}

/// Element 623. A time without a zone, or in local time, is taken as UTC.
fn zone_offset(code: Option<&str>) -> Option<Offset> {
    match code {
        None | Some("LT") => Some(Offset::UTC),
        Some(code) => mapping::value::zone_offset(code),
    }
}

fn start_of(day: Date, time: Time, offset: Offset) -> Option<Timestamp> {
    offset.to_timestamp(day.to_datetime(time)).ok()
}

fn is_scac(text: &str) -> bool {
    (2..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase())
}

/// The release's name as the document gives it.
fn words(release: &SetReference) -> &str {
    match release {
        SetReference::ReleaseId(id) => id.as_str(),
        SetReference::DepositorOrderNo(number) => number,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn item_qualifiers_are_unique() {
        assert_eq!(ITEM_QUALIFIERS.iter().collect::<BTreeSet<_>>().len(), ITEM_QUALIFIERS.len());
    }

    #[test]
    fn times_with_their_zones() {
        let at = |time: &str, zone: Option<&str>| {
            start_of(Date::constant(2026, 1, 31), time_of_day(time)?, zone_offset(zone)?).map(|at| at.to_string())
        };
        assert_eq!(at("1435", None).as_deref(), Some("2026-01-31T14:35:00Z"));
        assert_eq!(at("14351299", Some("CS")).as_deref(), Some("2026-01-31T20:35:12Z"));
        assert_eq!(at("1435", Some("PD")).as_deref(), Some("2026-01-31T21:35:00Z"));
        assert_eq!(at("2400", None), None);
        assert_eq!(at("1435", Some("ET")), None);
    }
}
