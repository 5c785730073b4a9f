//! Documents of buying and selling.

use jiff::civil::Date;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Party, Reference};
use crate::{Moment, Quantity};

/// What the receiver shall do with a document (X12 element 353, EDIFACT 1225).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Take it as new.
    Original,
    /// Cancel what was sent before.
    Cancel,
    /// Change what was sent before.
    Change,
    /// Put it in the place of what was sent before.
    Replace,
    /// The same once more.
    Duplicate,
    /// Confirms what was agreed already.
    Confirm,
}

/// A buyer orders goods, or changes an order: X12 850 and 860, EDIFACT ORDERS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PurchaseOrder {
    /// The buyer's number of the order.
    pub po_no: String,
    /// What to do with it.
    pub purpose: Purpose,
    /// The kind of order, in the buyer's code (X12 element 92, EDIFACT 1001).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub po_type: Option<String>,
    /// Release of a blanket order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_no: Option<String>,
    /// The buyer's number of the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_no: Option<String>,
    /// When it was ordered.
    pub ordered_at: Moment,
    /// When it was changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<Moment>,
    /// Currency of all amounts, ISO 4217.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// When the goods shall leave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ship_at: Option<Moment>,
    /// When the goods shall arrive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliver_at: Option<Moment>,
    /// After which day the order is void.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_after: Option<Date>,
    /// Standard carrier alpha code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scac: Option<String>,
    /// Who takes part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parties: Vec<Party>,
    /// Numbers by which the order is known elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// Words for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What is ordered.
    pub lines: Vec<PurchaseLine>,
}

/// One line of a purchase order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PurchaseLine {
    /// The buyer's line number, as the buyer writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_no: Option<String>,
    /// What changes about the line (X12 element 670, EDIFACT 1229).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<String>,
    /// The seller's item number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
    /// The buyer's item number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyer_sku: Option<String>,
    /// The item's GTIN or UPC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gtin: Option<String>,
    /// Ordered, in `uom`.
    pub quantity: Quantity,
    /// Unit of measure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uom: Option<String>,
    /// Price of one unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub price: Option<Decimal>,
    /// Words for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When the goods of the line shall arrive, where it differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliver_at: Option<Moment>,
    /// Numbers of the line elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
}
