//! The ERP's request: an order release as JSON.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use canonical::{Finding, HoldAsked, HoldReason, OrderRelease, Quantity, Role};
use jiff::civil::Date;
use serde_json::Value;

use crate::json::{self, Schema, misfit};

/// The name under which the schema is published.
pub const SCHEMA_NAME: &str = "order-release";

/// The name under which the schema of a request for a hold is published.
pub const HOLD_SCHEMA_NAME: &str = "order-hold";

/// Lines whose sense is checked: one more than the schema takes, so that a list without end costs nothing.
const LINES_LOOKED_AT: usize = 501;

/// Highest release number that the schema takes.
const RELEASE_NO_MAX: u64 = 999;

/// Longest depositor order number (X12 element 285).
const DEPOSITOR_ORDER_NO_LEN_MAX: usize = 22;

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::of::<OrderRelease>(SCHEMA_NAME));

/// The published JSON Schema (2020-12) of an order release.
pub fn schema() -> Value {
    SCHEMA.value().clone()
}

static HOLD_SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::of::<HoldAsked>(HOLD_SCHEMA_NAME));

/// The published JSON Schema (2020-12) of a request for a hold.
pub fn hold_schema() -> Value {
    HOLD_SCHEMA.value().clone()
}

/// Reads a request for a hold.
///
/// # Errors
/// As [`parse`].
pub fn parse_hold(body: &[u8]) -> Result<HoldAsked, Vec<Finding>> {
    let document = json::read(body).map_err(|finding| vec![finding])?;
    let findings = HOLD_SCHEMA.check(&document, |_| {});
    if findings.is_empty() { json::typed(document) } else { Err(findings) }
}

/// Reads an order release.
///
/// # Errors
/// Every wrong field, each with its JSON Pointer and without its value; or that the body is no JSON, or too long.
pub fn parse(body: &[u8]) -> Result<OrderRelease, Vec<Finding>> {
    let document = json::read(body).map_err(|finding| vec![finding])?;
    let findings = SCHEMA.check(&document, |findings| sense(&document, findings));
    if findings.is_empty() { json::typed(document) } else { Err(findings) }
}

/// What a schema cannot say. It looks at what is there, so that all wrong fields are named at once.
fn sense(document: &Value, findings: &mut Vec<Finding>) {
    let mut known: BTreeMap<u64, usize> = BTreeMap::new();
    let lines = document.get("lines").and_then(Value::as_array).into_iter().flatten();
    for (index, line) in lines.take(LINES_LOOKED_AT).enumerate() {
        if let Some(line_no) = line.get("line_no").and_then(Value::as_u64) {
            if let Some(first) = known.get(&line_no) {
                let detail = format!("is the number of line /lines/{first} too");
                findings.push(misfit(format!("/lines/{index}/line_no"), detail));
            } else {
                known.insert(line_no, index);
            }
        }
        let quantity = line.get("quantity").and_then(|value| serde_json::from_value::<Quantity>(value.clone()).ok());
        if quantity.is_some_and(Quantity::is_zero) {
            findings.push(misfit(format!("/lines/{index}/quantity"), "must be more than 0"));
        }
    }
    let release_no = document.get("release_no").and_then(Value::as_u64).unwrap_or(1);
    let order_no_len = document.get("order_no").and_then(Value::as_str).map_or(0, str::len);
    // From the second release on the warehouse knows the order by both numbers, in one field of 22 characters.
    if (2..=RELEASE_NO_MAX).contains(&release_no)
        && order_no_len + 1 + release_no.to_string().len() > DEPOSITOR_ORDER_NO_LEN_MAX
    {
        let detail = format!("must leave room for -{release_no} in {DEPOSITOR_ORDER_NO_LEN_MAX} characters");
        findings.push(misfit("/order_no", detail));
    }
    // The ERP holds for its own reasons, and once for each: their ids are made of them.
    let holds = document.get("holds").and_then(Value::as_array).into_iter().flatten();
    let mut reasons = Vec::new();
    for (index, hold) in holds.take(HoldReason::ALL.len()).enumerate() {
        let reason = hold.get("reason").and_then(|value| serde_json::from_value::<HoldReason>(value.clone()).ok());
        let Some(reason) = reason else { continue };
        let at = format!("/holds/{index}/reason");
        if reason.owner() != Role::Erp {
            findings.push(misfit(at, format!("belongs to {}", reason.owner().as_str())));
        } else if reasons.contains(&reason) {
            findings.push(misfit(at, "stands there twice"));
        }
        reasons.push(reason);
    }
    let day = |name: &str| document.get(name).and_then(Value::as_str).and_then(|text| text.parse::<Date>().ok());
    if let (Some(ship_by), Some(deliver_by)) = (day("ship_by"), day("deliver_by"))
        && deliver_by < ship_by
    {
        findings.push(misfit("/deliver_by", "must not be before ship_by"));
    }
}
