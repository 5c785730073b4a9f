//! Shipped lines, added up: a warehouse names an item once for each carton or lot; a release knows it by line.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use canonical::{Code, Finding, Quantity, ShipConfirm, ShippedLine};

use crate::limits::{SHIP_CONFIRM_LEN_MAX, SHIPPED_LINES_MAX};

/// Adds up the lines of the same line number, item and unit of measure, in the order in which they first came.
///
/// The status of several is the first that is not «complete»: it is the one that somebody has to know.
///
/// # Errors
/// The position of the line with which a sum becomes too large for a quantity.
pub(crate) fn merged(lines: Vec<ShippedLine>) -> Result<Vec<ShippedLine>, usize> {
    let mut merged: Vec<ShippedLine> = Vec::new();
    let mut known: BTreeMap<(Option<u32>, String, String), usize> = BTreeMap::new();
    for (position, line) in lines.into_iter().enumerate() {
        match known.entry((line.line_no, line.sku.clone(), line.uom.clone())) {
            Entry::Vacant(vacant) => {
                vacant.insert(merged.len());
                merged.push(line);
            }
            Entry::Occupied(occupied) => {
                let Some(sum) = merged.get_mut(*occupied.get()) else {
                    continue;
                };
                sum.quantity = sum.quantity + line.quantity;
                // A sum must stay what a quantity may be, or nobody could read it again.
                if sum.quantity.to_string().parse::<Quantity>().is_err() {
                    return Err(position);
                }
                if is_complete(sum.status.as_deref()) && !is_complete(line.status.as_deref()) {
                    sum.status = line.status;
                }
            }
        }
    }
    Ok(merged)
}

/// Element 368: `CC` and `CL` say that all was shipped; nothing said is no complaint either.
pub(crate) fn is_complete(status: Option<&str>) -> bool {
    matches!(status, None | Some("CC" | "CL"))
}

/// Each text once, where it first stands.
pub(crate) fn unique(texts: Vec<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    texts.into_iter().filter(|text| seen.insert(text.clone())).collect()
}

/// Whether a ship confirm is small enough to be queued and stored.
pub(crate) fn bounded(confirm: &ShipConfirm) -> Result<(), Finding> {
    let too_large = |detail| Finding { code: Code::TooLarge, detail, place: None };
    if confirm.lines.len() > SHIPPED_LINES_MAX {
        let count = confirm.lines.len();
        return Err(too_large(format!("the ship confirm has {count} lines; {SHIPPED_LINES_MAX} are the most")));
    }
    let len = serde_json::to_vec(confirm).map_or(usize::MAX, |bytes| bytes.len());
    if len > SHIP_CONFIRM_LEN_MAX {
        return Err(too_large(format!("the ship confirm has {len} bytes; {SHIP_CONFIRM_LEN_MAX} are the most")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(line_no: Option<u32>, quantity: &str, status: &str) -> ShippedLine {
        ShippedLine {
            line_no,
            sku: "A".to_owned(),
            quantity: quantity.parse().unwrap(),
            uom: "EA".to_owned(),
            status: Some(status.to_owned()),
        }
    }

    #[test]
    fn cartons_of_a_line_add_up_and_the_status_that_matters_stays() {
        let lines = vec![line(Some(1), "24", "CC"), line(Some(2), "1", "CC"), line(Some(1), "12.5", "CP")];
        assert_eq!(merged(lines).unwrap(), vec![line(Some(1), "36.5", "CP"), line(Some(2), "1", "CC")]);
    }

    #[test]
    fn a_sum_that_is_no_quantity_is_refused() {
        let lines = vec![line(None, "999999999999", "CC"), line(None, "1", "CC")];
        assert_eq!(merged(lines), Err(1));
    }

    #[test]
    fn one_line_or_byte_too_many_is_refused() {
        let confirm = |lines: usize, ssccs: usize| ShipConfirm {
            release: canonical::SetReference::DepositorOrderNo("1".to_owned()),
            shipment_no: "S".to_owned(),
            lines: (0..lines).map(|no| line(u32::try_from(no).ok(), "1", "CC")).collect(),
            scac: None,
            tracking_nos: Vec::new(),
            ssccs: vec!["106141412345678908".to_owned(); ssccs],
            shipped_at: "2026-01-31T00:00:00Z".parse().unwrap(),
            warnings: Vec::new(),
        };
        assert!(bounded(&confirm(SHIPPED_LINES_MAX, 0)).is_ok());
        assert_eq!(bounded(&confirm(SHIPPED_LINES_MAX + 1, 0)).unwrap_err().code, Code::TooLarge);
        let mut longest = confirm(1, 4_000);
        let len = serde_json::to_vec(&longest).unwrap().len();
        longest.shipment_no = "S".repeat(1 + SHIP_CONFIRM_LEN_MAX - len);
        assert!(bounded(&longest).is_ok());
        longest.shipment_no.push('S');
        assert_eq!(bounded(&longest).unwrap_err().code, Code::TooLarge);
    }
}
