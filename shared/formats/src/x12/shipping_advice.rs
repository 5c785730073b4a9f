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

use std::borrow::Cow;

use canonical::{Code, Finding, Place, Quantity, ReleaseId, SetReference, ShipConfirm, ShippedLine};
use edi::{Segment, TransactionSet};
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;
use rust_decimal::Decimal;

use crate::limits::{FINDINGS_MAX, WARNINGS_MAX};
use crate::mapping::cut::Cut;
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
    let mut reader = ShippingAdviceReader::new(&[]);
    if let Some(header) = set.segments.first() {
        reader.begin(header);
    }
    for segment in set.body() {
        reader.segment(segment);
    }
    reader.end()
}

/// Reads one 945 after the other as their segments come: see [`mapping::Reader`].
#[derive(Debug, Default)]
pub struct ShippingAdviceReader<'a> {
    /// The file, if it is text as it stands.
    file: Option<&'a str>,
    cut: Cut<'a>,
    advice: Advice<'a>,
}

impl<'a> ShippingAdviceReader<'a> {
    /// For the sets of `file`.
    pub fn new(file: &'a [u8]) -> Self {
        Self { file: std::str::from_utf8(file).ok(), ..Self::default() }
    }

    /// Begins a set with its header.
    pub fn begin(&mut self, header: &Segment<'a>) {
        self.advice = Advice { head: Some(*header), ..Advice::default() };
    }

    /// Takes the next segment between header and trailer.
    pub fn segment(&mut self, segment: &Segment<'a>) {
        // What no part of a ship confirm stands in need not be cut.
        if let b"LE" | b"LS" | b"W06" | b"N9" | b"G62" | b"W27" | b"LX" | b"MAN" | b"W12" | b"W03" = segment.id_bytes()
        {
            self.cut.fill(segment, self.file);
            self.advice.take(&Values { segment, cut: &self.cut });
        }
    }

    /// Ends the set.
    ///
    /// # Errors
    /// As [`warehouse_shipping_advice_945`].
    pub fn end(&mut self) -> Result<ShipConfirm, Vec<Finding>> {
        let mut advice = std::mem::take(&mut self.advice);
        advice.close_item();
        advice.confirm()
    }
}

/// The values of one segment.
struct Values<'s, 'a> {
    segment: &'s Segment<'a>,
    cut: &'s Cut<'a>,
}

impl<'a> Values<'_, 'a> {
    /// An element without the blanks around it; `None` if nothing is left.
    fn get(&self, n: usize) -> Option<Cow<'a, str>> {
        let bytes = self.cut.element(n)?;
        if let Some(text) = self.cut.plain(bytes.trim_ascii()) {
            return (!text.is_empty()).then_some(Cow::Borrowed(text));
        }
        let text = self.cut.text(bytes);
        let trimmed = text.trim();
        (!trimmed.is_empty()).then(|| Cow::Owned(trimmed.to_owned()))
    }

    /// A decimal number; `None` if nothing is there.
    fn number(&self, n: usize) -> Result<Option<Decimal>, ()> {
        self.get(n).map(|text| mapping::value::number(&text, b'.').ok_or(())).transpose()
    }

    fn day(&self, n: usize) -> Option<Date> {
        mapping::value::day(&self.get(n)?)
    }

    fn at(&self, element: usize) -> At {
        At { position: self.segment.position(), element, offset: self.segment.element_range(element).start }
    }

    fn place(&self, element: usize) -> Place {
        self.at(element).place(self.segment.id())
    }
}

/// Where something stands, before somebody asks.
#[derive(Debug, Clone, Copy)]
struct At {
    position: usize,
    element: usize,
    offset: usize,
}

impl At {
    fn place(self, id: &str) -> Place {
        Place::Edi {
            segment: Some(id.to_owned()),
            segment_position: Some(self.position as u64),
            element: Some(self.element as u64),
            byte_offset: self.offset as u64,
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Level {
    #[default]
    Header,
    Carton,
    Item,
}

#[derive(Debug, Default)]
struct Advice<'a> {
    /// The first W06, or else the set's header.
    head: Option<Segment<'a>>,
    has_head: bool,
    level: Level,
    /// Between LS and LE: what stands there details an item further and counts nothing.
    nested: bool,
    depositor_order_no: Option<Cow<'a, str>>,
    release_id: Option<ReleaseId>,
    shipment_id: Option<Cow<'a, str>>,
    agent_shipment_id: Option<Cow<'a, str>>,
    shipper_no: Option<Cow<'a, str>>,
    bill_of_lading: Option<Cow<'a, str>>,
    shipped_at: Option<Timestamp>,
    shipped_on: Option<Timestamp>,
    scac: Option<Cow<'a, str>>,
    scac_reference: Option<Cow<'a, str>>,
    tracking_nos: Vec<Cow<'a, str>>,
    ssccs: Vec<Cow<'a, str>>,
    /// `N9*LI` of the LX loop, for all its items.
    carton_line: Option<u32>,
    /// The item of the W12 that came last, and where that stands.
    item: Option<(ShippedLine, At)>,
    items: Vec<ShippedLine>,
    /// Where each of them stands.
    places: Vec<At>,
    total: Option<(Decimal, At)>,
    warnings: Vec<Finding>,
    findings: Vec<Finding>,
}

impl<'a> Advice<'a> {
    fn take(&mut self, segment: &Values<'_, 'a>) {
        match segment.segment.id_bytes() {
            b"LE" => self.nested = false,
            b"W06" if !self.has_head => {
                (self.head, self.has_head) = (Some(*segment.segment), true);
                if !self.nested {
                    self.head(segment);
                }
            }
            _ if self.nested => {}
            b"LS" => self.nested = true,
            b"W06" => self.head(segment),
            b"N9" => self.reference(segment),
            b"G62" if self.level == Level::Header => self.date(segment),
            b"W27" => self.carrier(segment),
            b"LX" => {
                self.close_item();
                self.level = Level::Carton;
                self.carton_line = None;
            }
            b"MAN" => self.marks(segment),
            b"W12" => {
                self.close_item();
                self.level = Level::Item;
                self.item = self.item(segment);
            }
            b"W03" => {
                self.close_item();
                self.total = segment.number(1).ok().flatten().map(|total| (total, segment.at(1)));
            }
            _ => {}
        }
    }

    /// W06. Its first element (514) says what kind of report this is, its twelfth (306) what to do with it.
    fn head(&mut self, segment: &Values<'_, 'a>) {
        let reporting = segment.get(1).unwrap_or_default();
        // F full detail, J original, N no exceptions. R, X, K and the codes of other reports are no confirmation.
        if !matches!(reporting.as_ref(), "F" | "J" | "N") {
            let detail = "W0601 says that this is no full report of a shipment (F, J or N); a person must look at it";
            self.error(segment, 1, detail);
        }
        // 1 adds; 2, 3 and others change or delete what was reported before.
        if !matches!(segment.get(12).as_deref(), None | Some("1")) {
            self.error(segment, 12, "W0612 asks for more than to add a shipment; a person must look at it");
        }
        self.depositor_order_no = self.bounded(segment, 2, 22);
        self.shipment_id = self.bounded(segment, 4, 30);
        self.agent_shipment_id = self.bounded(segment, 5, 30);
        if segment.get(3).is_some() {
            match segment.day(3).and_then(|day| start_of(day, Time::midnight(), Offset::UTC)) {
                Some(start) => self.shipped_on = Some(start),
                None => self.error(segment, 3, "W0603 is no day of the form CCYYMMDD"),
            }
        }
    }

    fn reference(&mut self, segment: &Values<'_, 'a>) {
        let qualifier = segment.get(1).unwrap_or_default();
        let Some(reference) = segment.get(2).or_else(|| segment.get(3)) else {
            return;
        };
        match (qualifier.as_ref(), self.level) {
            ("LI", Level::Carton) => self.carton_line = self.line_no(segment, &reference),
            ("LI", Level::Item) => {
                let line_no = self.line_no(segment, &reference);
                if let (Some((line, _)), Some(line_no)) = (&mut self.item, line_no) {
                    line.line_no = Some(line_no);
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

    fn line_no(&mut self, segment: &Values<'_, 'a>, reference: &str) -> Option<u32> {
        let line_no = reference.parse().ok().filter(|number| *number > 0);
        if line_no.is_none() {
            self.warn(segment, 2, "the line item number is no number of a line; the item alone is looked at");
        }
        line_no
    }

    /// G62*11: shipped. A time without a zone, or in a zone whose offset changes with the season, is taken as UTC.
    fn date(&mut self, segment: &Values<'_, 'a>) {
        if segment.get(1).as_deref() != Some("11") || segment.get(2).is_none() {
            return;
        }
        let Some(day) = segment.day(2) else {
            self.error(segment, 2, "G6202 is no day of the form CCYYMMDD");
            return;
        };
        let (mut time, mut offset) = (Time::midnight(), Offset::UTC);
        if let Some(text) = segment.get(4) {
            match time_of_day(&text) {
                Some(read) => time = read,
                None => self.warn(segment, 4, "G6204 is no time of day; the start of the day is taken"),
            }
            let zone = segment.get(5);
            match zone_offset(zone.as_deref()) {
                Some(read) => offset = read,
                None => self.warn(segment, 5, "G6205 names no fixed offset from UTC; the time is taken as UTC"),
            }
        }
        self.shipped_at = start_of(day, time, offset);
    }

    fn carrier(&mut self, segment: &Values<'_, 'a>) {
        let Some(scac) = segment.get(2).filter(|_| self.scac.is_none()) else {
            return;
        };
        if is_scac(&scac) {
            self.scac = Some(scac);
        } else {
            self.warn(segment, 2, "W2702 is no carrier code of 2 to 4 letters");
        }
    }

    /// MAN: a qualifier and one or two marks, twice. Source: elements 88 and 87.
    fn marks(&mut self, segment: &Values<'_, 'a>) {
        for (qualifier, marks) in [(1, [2, 3]), (4, [5, 6])] {
            let qualifier = segment.get(qualifier);
            for n in marks {
                let Some(mark) = segment.get(n) else {
                    continue;
                };
                match qualifier.as_deref() {
                    Some("GM" | "AA") => self.sscc(segment, n, mark),
                    Some("CP") => self.tracking(segment, n, mark),
                    _ => {}
                }
            }
        }
    }

    fn sscc(&mut self, segment: &Values<'_, 'a>, n: usize, mark: Cow<'a, str>) {
        let digits = match mark {
            Cow::Borrowed(mark) => sscc::digits(mark).map(Cow::Borrowed),
            Cow::Owned(mark) => sscc::digits(&mark).map(|digits| Cow::Owned(digits.to_owned())),
        };
        let Some(digits) = digits else {
            self.warn(segment, n, "an SSCC has 18 digits, or 20 with its application identifier; it is left out");
            return;
        };
        if !sscc::is_checked(&digits) {
            self.warn(segment, n, "the check digit of the SSCC is not right");
        }
        self.ssccs.push(digits);
    }

    fn tracking(&mut self, segment: &Values<'_, 'a>, n: usize, number: Cow<'a, str>) {
        if is_within(&number, 48) {
            self.tracking_nos.push(number);
        } else {
            self.warn(segment, n, "the tracking number has more than 48 characters; it is left out");
        }
    }

    fn item(&mut self, segment: &Values<'_, 'a>) -> Option<(ShippedLine, At)> {
        let sku = self.item_number(segment);
        let uom = self.bounded(segment, 5, 2);
        if uom.is_none() {
            self.error(segment, 5, "W1205 says no unit of measure, so that the quantity means nothing");
        }
        let status = segment.get(1).filter(|status| is_within(status, 2));
        let quantity = self.shipped(segment, status.as_deref());
        let line = ShippedLine {
            line_no: self.carton_line,
            sku: sku?.into_owned(),
            quantity: quantity?,
            uom: uom?.into_owned(),
            status: status.map(Cow::into_owned),
        };
        Some((line, segment.at(3)))
    }

    fn item_number(&mut self, segment: &Values<'_, 'a>) -> Option<Cow<'a, str>> {
        let pairs = [(7, 8), (17, 18), (21, 22)];
        let qualified = |wanted: &&str| {
            pairs.into_iter().find(|(qualifier, _)| segment.get(*qualifier).as_deref() == Some(*wanted))
        };
        let numbered = ITEM_QUALIFIERS.iter().find_map(qualified).map(|(_, number)| number);
        let place = [numbered, Some(6), Some(16)].into_iter().flatten().find(|n| segment.get(*n).is_some());
        let Some(n) = place else {
            self.error(segment, 8, "W12 names no item (W1207/08 with VN, or another item number)");
            return None;
        };
        self.bounded(segment, n, 48)
    }

    /// What was shipped; `None` with a finding if W12 does not say.
    fn shipped(&mut self, segment: &Values<'_, 'a>, status: Option<&str>) -> Option<Quantity> {
        let mut read = |n: usize| {
            let read = segment.number(n);
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
        let quantity = Quantity::try_from(taken).ok();
        if quantity.is_none() {
            self.error(segment, 3, "is no shipped quantity: 0 or more, at most 12 digits before and 6 after the point");
        }
        quantity
    }

    fn close_item(&mut self) {
        if let Some((line, at)) = self.item.take() {
            self.items.push(line);
            self.places.push(at);
        }
    }

    fn confirm(mut self) -> Result<ShipConfirm, Vec<Finding>> {
        let head = self.head;
        let missing = |advice: &mut Self, element: usize, detail: &str| {
            if let Some(head) = head {
                advice.error(&Values { segment: &head, cut: &Cut::default() }, element, detail);
            }
        };
        let by_number = self.depositor_order_no.take().map(Cow::into_owned).map(SetReference::DepositorOrderNo);
        let release = by_number.or_else(|| self.release_id.take().map(SetReference::ReleaseId));
        if release.is_none() {
            missing(&mut self, 2, "the 945 does not name the order: W0602 is empty");
        }
        let own = self.shipment_id.take().or_else(|| self.shipper_no.take());
        // One bill of lading may cover several orders, each with its own 945: with the order it names one shipment.
        let shared = self.bill_of_lading.take().or_else(|| self.agent_shipment_id.take());
        let shipment_no =
            own.map(Cow::into_owned).or_else(|| Some(format!("{} {}", shared?, words(release.as_ref()?))));
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
        let shipped = lines::merged(std::mem::take(&mut self.items));
        let lines = match shipped {
            Ok(lines) => lines,
            Err(position) => {
                let detail = "makes more than 12 digits with the other cartons of its item".to_owned();
                let place = self.places.get(position).map(|at| at.place("W12"));
                self.findings.push(Finding { code: Code::EdiSyntax, detail, place });
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
            scac: scac.map(Cow::into_owned),
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
        let sum: Decimal = self.items.iter().map(|line| line.quantity.value()).sum();
        if let Some((total, at)) = self.total.take().filter(|(total, _)| *total != sum) {
            let detail = format!("W0301 says {total} units, the items add up to {sum}; the items are taken");
            if self.warnings.len() < WARNINGS_MAX {
                self.warnings.push(Finding { code: Code::EdiSyntax, detail, place: Some(at.place("W03")) });
            }
        }
    }

    /// An element that becomes part of a key or a name; `None` if it is empty or, with a finding, too long.
    fn bounded(&mut self, segment: &Values<'_, 'a>, n: usize, len_max: usize) -> Option<Cow<'a, str>> {
        let text = segment.get(n)?;
        if !is_within(&text, len_max) {
            self.error(segment, n, &format!("has more than {len_max} characters"));
            return None;
        }
        Some(text)
    }

    fn error(&mut self, segment: &Values<'_, 'a>, element: usize, detail: &str) {
        if self.findings.len() < FINDINGS_MAX {
            let place = Some(segment.place(element));
            self.findings.push(Finding { code: Code::EdiSyntax, detail: detail.to_owned(), place });
        }
    }

    fn warn(&mut self, segment: &Values<'_, 'a>, element: usize, detail: &str) {
        if self.warnings.len() < WARNINGS_MAX {
            let place = Some(segment.place(element));
            self.warnings.push(Finding { code: Code::EdiSyntax, detail: detail.to_owned(), place });
        }
    }
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

/// Whether a text has at most so many characters.
fn is_within(text: &str, max: usize) -> bool {
    text.len() <= max || text.chars().count() <= max
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
