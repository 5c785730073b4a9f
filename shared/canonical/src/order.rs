//! The order release document: what an ERP asks a warehouse to ship.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{HoldAsked, Quantity};

/// An order release: one request to ship some lines of one sales order from one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "OrderRelease")]
pub struct OrderRelease {
    /// The ERP's sales order number. At most 22 characters: it travels as the depositor order number (X12 element 285).
    #[schemars(extend("pattern" = "^[A-Za-z0-9][A-Za-z0-9._/-]{0,21}$"))]
    pub order_no: String,
    /// Which release of the order this is, from 1.
    #[serde(default = "first_release")]
    #[schemars(range(min = 1, max = 999))]
    pub release_no: u32,
    /// The customer's purchase order number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = "^[ -~]{1,22}$"))]
    pub customer_po: Option<String>,
    /// Where the goods go.
    pub ship_to: Address,
    /// The day by which the warehouse shall ship.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ship_by: Option<Date>,
    /// The day by which the goods shall arrive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliver_by: Option<Date>,
    /// The carrier that the ERP wants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<Carrier>,
    /// The warehouse that the ERP wants; routing rules may say which are allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = "^[A-Za-z0-9._-]{1,20}$"))]
    pub warehouse: Option<String>,
    /// The account of the distributor that the order belongs to, such as a brand or business unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = "^[A-Za-z0-9._-]{1,20}$"))]
    pub account: Option<String>,
    /// What to ship.
    #[schemars(length(min = 1, max = 500))]
    pub lines: Vec<OrderLine>,
    /// Words for the warehouse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 160))]
    pub note: Option<String>,
    /// What it shall wait for before it goes to a warehouse. Each hold is lifted by itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 3))]
    pub holds: Vec<HoldAsked>,
}

fn first_release() -> u32 {
    1
}

/// A postal address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// Person or company.
    #[schemars(length(min = 1, max = 60))]
    pub name: String,
    /// The ERP's code for the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 80))]
    pub code: Option<String>,
    /// Street and number.
    #[schemars(length(min = 1, max = 55))]
    pub address1: String,
    /// Second line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 55))]
    pub address2: Option<String>,
    /// City.
    #[schemars(length(min = 2, max = 30))]
    pub city: String,
    /// State or province, two letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = "^[A-Z]{2}$"))]
    pub region: Option<String>,
    /// Postal code.
    #[schemars(extend("pattern" = "^[A-Za-z0-9][A-Za-z0-9 -]{2,14}$"))]
    pub postal_code: String,
    /// Country, ISO 3166-1 alpha-2.
    #[schemars(extend("pattern" = "^[A-Z]{2}$"))]
    pub country: String,
}

/// A carrier and its service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Carrier {
    /// Standard carrier alpha code (NMFTA), 2 to 4 letters.
    #[schemars(extend("pattern" = "^[A-Z]{2,4}$"))]
    pub scac: String,
    /// The carrier's service in its own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 35))]
    pub service: Option<String>,
}

/// One line of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderLine {
    /// The ERP's line number, unique in the release.
    #[schemars(range(min = 1, max = 999_999))]
    pub line_no: u32,
    /// The distributor's item number.
    #[schemars(extend("pattern" = "^[!-~]([ -~]{0,46}[!-~])?$"))]
    pub sku: String,
    /// How much, in `uom`; more than 0.
    pub quantity: Quantity,
    /// Unit of measure, X12 element 355: `EA`, `CA`, `LB`, …
    #[schemars(extend("pattern" = "^[A-Z0-9]{2}$"))]
    pub uom: String,
    /// Description for the warehouse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 45))]
    pub description: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_that_names_no_release_means_its_first() {
        let order = r#"{"order_no":"1","ship_to":{"name":"N","address1":"A","city":"C","postal_code":"12345",
            "country":"US"},"lines":[{"line_no":1,"sku":"BOLT","quantity":"1","uom":"EA"}]}"#;
        assert_eq!(serde_json::from_str::<OrderRelease>(order).unwrap().release_no, 1);
    }
}
