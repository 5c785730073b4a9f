//! Shipped lines, added up: a warehouse names an item once for each carton or lot; a release knows it by line.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use canonical::{Code, Finding, Quantity, SetReference, ShipConfirm, ShippedLine};

use crate::limits::{SHIP_CONFIRM_LEN_MAX, SHIPPED_LINES_MAX};

/// So many lines or numbers are compared one by one, which is faster than to keep them in order.
const FEW: usize = 32;

/// Adds up the lines of the same line number, item and unit of measure, in the order in which they first came.
///
/// The status of several is the first that is not «complete»: it is the one that somebody has to know.
///
/// # Errors
/// The position of the line with which a sum becomes too large for a quantity.
pub(crate) fn merged(lines: Vec<ShippedLine>) -> Result<Vec<ShippedLine>, usize> {
    let is_same = |a: &ShippedLine, b: &ShippedLine| (a.line_no, &a.sku, &a.uom) == (b.line_no, &b.sku, &b.uom);
    let mut merged: Vec<ShippedLine> = Vec::with_capacity(lines.len());
    let mut known: BTreeMap<(Option<u32>, String, String), usize> = BTreeMap::new();
    for (position, line) in lines.into_iter().enumerate() {
        let at = if merged.len() < FEW {
            merged.iter().position(|sum| is_same(sum, &line))
        } else {
            if known.is_empty() {
                let key = |(at, line): (usize, &ShippedLine)| ((line.line_no, line.sku.clone(), line.uom.clone()), at);
                known.extend(merged.iter().enumerate().map(key));
            }
            match known.entry((line.line_no, line.sku.clone(), line.uom.clone())) {
                Entry::Occupied(occupied) => Some(*occupied.get()),
                Entry::Vacant(vacant) => {
                    vacant.insert(merged.len());
                    None
                }
            }
        };
        let Some(sum) = at.and_then(|at| merged.get_mut(at)) else {
            merged.push(line);
            continue;
        };
        // A sum must stay what a quantity may be, or nobody could read it again.
        sum.quantity = Quantity::try_from((sum.quantity + line.quantity).value()).map_err(|_| position)?;
        if is_complete(sum.status.as_deref()) && !is_complete(line.status.as_deref()) {
            sum.status = line.status;
        }
    }
    Ok(merged)
}

/// Element 368: `CC` and `CL` say that all was shipped; nothing said is no complaint either.
pub(crate) fn is_complete(status: Option<&str>) -> bool {
    matches!(status, None | Some("CC" | "CL"))
}

/// Each text once, where it first stands.
pub(crate) fn unique(texts: Vec<impl AsRef<str> + Into<String>>) -> Vec<String> {
    let mut unique: Vec<String> = Vec::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for text in texts {
        let known = if unique.len() < FEW {
            unique.iter().any(|known| known == text.as_ref())
        } else {
            if seen.is_empty() {
                seen.extend(unique.iter().cloned());
            }
            !seen.insert(text.as_ref().to_owned())
        };
        if !known {
            unique.push(text.into());
        }
    }
    unique
}

/// Whether a ship confirm is small enough to be queued and stored.
pub(crate) fn bounded(confirm: &ShipConfirm) -> Result<(), Finding> {
    let too_large = |detail| Finding { code: Code::TooLarge, detail, place: None };
    if confirm.lines.len() > SHIPPED_LINES_MAX {
        let count = confirm.lines.len();
        return Err(too_large(format!("the ship confirm has {count} lines; {SHIPPED_LINES_MAX} are the most")));
    }
    if longest(confirm) <= SHIP_CONFIRM_LEN_MAX {
        return Ok(());
    }
    let len = serde_json::to_vec(confirm).map_or(usize::MAX, |bytes| bytes.len());
    if len > SHIP_CONFIRM_LEN_MAX {
        return Err(too_large(format!("the ship confirm has {len} bytes; {SHIP_CONFIRM_LEN_MAX} are the most")));
    }
    Ok(())
}

/// More than its JSON can have: no character of a text becomes more than six, and names and numbers are few.
fn longest(confirm: &ShipConfirm) -> usize {
    const NAMES: usize = 256;
    let text = |text: &str| text.len() * 6 + 8;
    let line = |line: &ShippedLine| NAMES + text(&line.sku) + text(&line.uom) + line.status.as_deref().map_or(0, text);
    let release = match &confirm.release {
        SetReference::ReleaseId(id) => text(id.as_str()),
        SetReference::DepositorOrderNo(number) => text(number),
    };
    // Warnings are few, and looked at as they are.
    if !confirm.warnings.is_empty() {
        return usize::MAX;
    }
    let lists = confirm.tracking_nos.iter().chain(&confirm.ssccs).map(|number| text(number));
    let one = release + text(&confirm.shipment_no) + confirm.scac.as_deref().map_or(0, text);
    2 * NAMES + one + lists.sum::<usize>() + confirm.lines.iter().map(line).sum::<usize>()
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
    fn many_lines_add_up_as_few_do() {
        let lines: Vec<ShippedLine> =
            (0..3 * FEW).map(|no| line(u32::try_from(no % (FEW + 9)).ok(), "1", "CC")).collect();
        let merged = merged(lines).unwrap();
        let numbers: Vec<Option<u32>> = merged.iter().map(|line| line.line_no).collect();
        assert_eq!(numbers, (0..FEW + 9).map(|no| u32::try_from(no).ok()).collect::<Vec<_>>());
        let sum: Quantity = merged.iter().map(|line| line.quantity).sum();
        assert_eq!(sum.to_string(), (3 * FEW).to_string());
        let texts: Vec<String> = (0..3 * FEW).map(|no| (no % (FEW + 9)).to_string()).collect();
        assert_eq!(unique(texts), (0..FEW + 9).map(|no| no.to_string()).collect::<Vec<_>>());
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
        let mut largest = confirm(1, 4_000);
        let len = serde_json::to_vec(&largest).unwrap().len();
        largest.shipment_no = "S".repeat(1 + SHIP_CONFIRM_LEN_MAX - len);
        assert!(bounded(&largest).is_ok());
        largest.shipment_no.push('S');
        assert_eq!(bounded(&largest).unwrap_err().code, Code::TooLarge);
        let mut odd = confirm(3, 3);
        odd.shipment_no = "\u{1}\"\u{1f600}".repeat(9);
        odd.scac = Some("ABCD".to_owned());
        assert!(longest(&odd) >= serde_json::to_vec(&odd).unwrap().len(), "what is surely small is small");
    }
}
