//! What one would write for one set and one partner: the file split at its separators, the segments that are known taken
//! by their ids. It checks nothing, knows no place of any value, and takes what it does not know for granted.

use canonical::documents::{Party, PartyRole, Purpose, Reference, ShipmentNotice, Unit, UnitLevel};
use canonical::{Moment, SetReference, ShipConfirm, ShippedLine};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

/// The sets of a file, each as its segments and their elements.
fn sets(file: &str) -> impl Iterator<Item = Vec<Vec<&str>>> {
    let mut segments = file.split('~').map(|segment| segment.trim().split('*').collect::<Vec<_>>());
    std::iter::from_fn(move || {
        segments.find(|segment| segment.first() == Some(&"ST"))?;
        Some(segments.by_ref().take_while(|segment| segment.first() != Some(&"SE")).collect())
    })
}

fn day(text: &str) -> Option<Date> {
    Date::strptime("%Y%m%d", text).ok()
}

fn time(date: &str, time: &str) -> Option<DateTime> {
    DateTime::strptime("%Y%m%d%H%M", format!("{date}{time}")).ok()
}

fn texts<T: for<'t> From<&'t str>>(text: Option<&&str>) -> Option<T> {
    text.filter(|text| !text.is_empty()).map(|text| T::from(text))
}

/// Ship confirms of 945s.
pub(crate) fn confirms(file: &[u8]) -> usize {
    let Ok(file) = std::str::from_utf8(file) else { return 0 };
    sets(file).filter(|set| std::hint::black_box(confirm(set)).is_some()).count()
}

fn confirm(set: &[Vec<&str>]) -> Option<ShipConfirm> {
    let (mut release, mut shipment_no, mut shipped_at, mut scac) = (None, None, None, None);
    let (mut lines, mut ssccs) = (Vec::<ShippedLine>::new(), Vec::<String>::new());
    for segment in set {
        match segment.as_slice() {
            ["W06", _, order, _, shipment, ..] => {
                release = Some(SetReference::DepositorOrderNo((*order).to_owned()));
                shipment_no = Some((*shipment).to_owned());
            }
            ["G62", "11", date, _, at, ..] => {
                shipped_at = Some(time(date, at)?.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp());
            }
            ["W27", _, carrier, ..] => scac = Some((*carrier).to_owned()),
            ["MAN", "GM", sscc, ..] => {
                let sscc = sscc.strip_prefix("00").unwrap_or(sscc);
                if !ssccs.iter().any(|known| known == sscc) {
                    ssccs.push(sscc.to_owned());
                }
            }
            ["W12", status, _, shipped, _, uom, _, "VN", sku, ..] => lines.push(ShippedLine {
                line_no: None,
                sku: (*sku).to_owned(),
                quantity: shipped.parse().ok()?,
                uom: (*uom).to_owned(),
                status: Some((*status).to_owned()),
            }),
            _ => {}
        }
    }
    let (shipped_at, warnings): (Timestamp, _) = (shipped_at?, Vec::new());
    let (release, shipment_no, tracking_nos) = (release?, shipment_no?, Vec::new());
    Some(ShipConfirm { release, shipment_no, lines, scac, tracking_nos, ssccs, shipped_at, warnings })
}

/// Shipment notices of 856s.
pub(crate) fn notices(file: &[u8]) -> usize {
    let Ok(file) = std::str::from_utf8(file) else { return 0 };
    sets(file).filter(|set| std::hint::black_box(notice(set)).is_some()).count()
}

fn notice(set: &[Vec<&str>]) -> Option<ShipmentNotice> {
    let mut notice = ShipmentNotice {
        shipment_no: "".into(),
        purpose: None,
        created_at: Moment::Day(Date::MIN),
        structure: None,
        shipped_at: None,
        expected_at: None,
        scac: None,
        carrier: None,
        service: None,
        packaging: None,
        packages: None,
        weight: None,
        weight_uom: None,
        parties: Vec::new(),
        references: Vec::new(),
        contents: Vec::new(),
    };
    // An order, its packs, their items: as this partner nests them.
    for segment in set {
        let unit = notice.contents.last_mut().map(innermost);
        match (segment.as_slice(), unit) {
            (["BSN", _, number, date, at, structure, ..], _) => {
                notice.shipment_no = (*number).into();
                notice.purpose = Some(Purpose::Original);
                notice.created_at = Moment::Civil(time(date, at)?);
                notice.structure = Some((*structure).into());
            }
            (["HL", _, _, "O", ..], _) => notice.contents.push(unit_of(UnitLevel::Order)),
            (["HL", _, _, "P", ..], _) => notice.contents.last_mut()?.contents.push(unit_of(UnitLevel::Pack)),
            (["HL", _, _, "I", ..], _) => {
                let packs = &mut notice.contents.last_mut()?.contents;
                packs.last_mut()?.contents.push(unit_of(UnitLevel::Item));
            }
            (["TD1", packaging, packages, _, _, _, _, weight, uom, ..], None) => {
                notice.packaging = Some((*packaging).into());
                notice.packages = packages.parse().ok();
                notice.weight = weight.parse().ok();
                notice.weight_uom = Some((*uom).into());
            }
            (["TD5", _, _, scac, service, ..], None) => {
                notice.scac = Some((*scac).into());
                notice.service = Some((*service).into());
            }
            (["REF", kind, number, ..], None) => {
                let kind = if *kind == "BM" { "bill_of_lading" } else { "carrier_reference" };
                notice.references.push(Reference { kind: kind.into(), number: (*number).into() });
            }
            (["DTM", "011", date, ..], None) => notice.shipped_at = Some(Moment::Day(day(date)?)),
            (["N1", role, name, _, code, ..], None) => notice.parties.push(Party {
                role: if *role == "ST" { PartyRole::ShipTo } else { PartyRole::ShipFrom },
                name: Some((*name).into()),
                code: Some((*code).into()),
                gln: None,
                duns: None,
                address1: None,
                address2: None,
                city: None,
                region: None,
                postal_code: None,
                country: None,
            }),
            (["PRF", number, _, _, date, ..], Some(unit)) => {
                unit.po_no = Some((*number).into());
                unit.po_date = day(date);
            }
            (["MAN", "GM", sscc, ..], Some(unit)) => {
                unit.ssccs.push(sscc.strip_prefix("00").unwrap_or(sscc).into());
            }
            (["LIN", line, _, gtin, _, sku, ..], Some(unit)) => {
                (unit.line_no, unit.gtin, unit.sku) = (texts(Some(line)), texts(Some(gtin)), texts(Some(sku)));
            }
            (["SN1", _, quantity, uom, ..], Some(unit)) => {
                unit.quantity = quantity.parse().ok();
                unit.uom = Some((*uom).into());
            }
            (["PID", _, _, _, _, description, ..], Some(unit)) => unit.description = Some((*description).into()),
            _ => {}
        }
    }
    Some(notice)
}

#[expect(clippy::indexing_slicing, reason = "the last entry is there")]
fn innermost(unit: &mut Unit) -> &mut Unit {
    match unit.contents.len().checked_sub(1) {
        Some(last) => innermost(&mut unit.contents[last]),
        None => unit,
    }
}

fn unit_of(level: UnitLevel) -> Unit {
    Unit {
        level,
        level_code: None,
        po_no: None,
        po_date: None,
        ssccs: Vec::new(),
        tracking_nos: Vec::new(),
        packaging: None,
        packages: None,
        weight: None,
        weight_uom: None,
        line_no: None,
        sku: None,
        buyer_sku: None,
        gtin: None,
        quantity: None,
        uom: None,
        ordered: None,
        status: None,
        description: None,
        lot: None,
        expires_on: None,
        serials: Vec::new(),
        references: Vec::new(),
        parties: Vec::new(),
        contents: Vec::new(),
    }
}
