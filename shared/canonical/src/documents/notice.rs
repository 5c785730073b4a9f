//! The shipment notice: what is on its way, down to each unit that carries a label.

use jiff::civil::Date;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{Party, Purpose, Reference};
use crate::{Moment, Quantity};

/// A shipment on its way (ASN): X12 856, EDIFACT DESADV.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShipmentNotice {
    /// The shipper's number of the shipment.
    pub shipment_no: SmolStr,
    /// What to do with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
    /// When the notice was made.
    pub created_at: Moment,
    /// How the tree is built, in the sender's code (X12 element 1005).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub structure: Option<SmolStr>,
    /// When the goods left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipped_at: Option<Moment>,
    /// When they are expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_at: Option<Moment>,
    /// Standard carrier alpha code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scac: Option<SmolStr>,
    /// The carrier in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<SmolStr>,
    /// The carrier's service in its own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<SmolStr>,
    /// The kind of packaging, in the sender's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packaging: Option<SmolStr>,
    /// How many packages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packages: Option<u32>,
    /// Gross weight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub weight: Option<Decimal>,
    /// Unit of the weight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_uom: Option<SmolStr>,
    /// Who takes part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parties: Vec<Party>,
    /// Numbers by which the shipment is known elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// What it holds.
    pub contents: Vec<Unit>,
}

/// What a unit of a shipment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnitLevel {
    /// The goods of one purchase order.
    Order,
    /// A pallet or another outer unit.
    Tare,
    /// A carton or another inner unit.
    Pack,
    /// Goods of one item.
    Item,
    /// A unit for which there is no word here.
    Other,
}

/// One unit of a shipment, and what it holds, to any depth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// What it is.
    pub level: UnitLevel,
    /// The sender's code of the level, where we have no word for it (X12 element 735).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level_code: Option<SmolStr>,
    /// The buyer's order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub po_no: Option<SmolStr>,
    /// The day of that order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub po_date: Option<Date>,
    /// Serial shipping container codes, 18 digits each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ssccs: Vec<SmolStr>,
    /// Tracking numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tracking_nos: Vec<SmolStr>,
    /// The kind of packaging, in the sender's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packaging: Option<SmolStr>,
    /// How many packages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packages: Option<u32>,
    /// Gross weight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub weight: Option<Decimal>,
    /// Unit of the weight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_uom: Option<SmolStr>,
    /// The line of the buyer's order, as the buyer writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_no: Option<SmolStr>,
    /// The seller's item number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<SmolStr>,
    /// The buyer's item number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyer_sku: Option<SmolStr>,
    /// The item's GTIN or UPC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gtin: Option<SmolStr>,
    /// Shipped, in `uom`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Quantity>,
    /// Unit of measure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uom: Option<SmolStr>,
    /// Ordered, in the same unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ordered: Option<Quantity>,
    /// What became of the line, in the sender's code (X12 element 668).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<SmolStr>,
    /// Words for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<SmolStr>,
    /// The lot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<SmolStr>,
    /// The last day on which the goods are good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_on: Option<Date>,
    /// Serial numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub serials: Vec<SmolStr>,
    /// Numbers of the unit elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// Who takes part, where it differs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parties: Vec<Party>,
    /// What it holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contents: Vec<Unit>,
}
