//! Goods that come back.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{Party, Purpose, Reference};
use crate::{Moment, Quantity};

/// Goods may come back, or do: X12 180.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnAuthorization {
    /// The number of the return.
    pub rma_no: SmolStr,
    /// What to do with it.
    pub purpose: Purpose,
    /// When it was made.
    pub created_at: Moment,
    /// What becomes of the goods, in the sender's code (X12 element 1292).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disposition: Option<SmolStr>,
    /// Whether the return is granted, in the sender's code (X12 element 1293).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<SmolStr>,
    /// Why, in the sender's code (X12 element 1294).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<SmolStr>,
    /// The order that it is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub po_no: Option<SmolStr>,
    /// Words for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<SmolStr>,
    /// Who takes part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parties: Vec<Party>,
    /// Numbers by which it is known elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// What comes back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<ReturnLine>,
}

/// One item that comes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnLine {
    /// The item, as the sender numbers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<SmolStr>,
    /// The item, as the buyer numbers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyer_sku: Option<SmolStr>,
    /// The item's GTIN or UPC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gtin: Option<SmolStr>,
    /// How much, in `uom`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Quantity>,
    /// Unit of measure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uom: Option<SmolStr>,
    /// Price of one unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub price: Option<Decimal>,
    /// Words for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<SmolStr>,
    /// What becomes of the goods, in the sender's code (X12 element 1292).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disposition: Option<SmolStr>,
    /// Why, in the sender's code (X12 element 1294).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<SmolStr>,
    /// Numbers of the line elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// How much of what kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quantities: Vec<ReturnQuantity>,
}

/// How much of a returned item is of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnQuantity {
    /// The kind, in the sender's code (X12 element 673).
    pub kind: SmolStr,
    /// How much.
    pub quantity: Quantity,
    /// Unit of measure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uom: Option<SmolStr>,
}
