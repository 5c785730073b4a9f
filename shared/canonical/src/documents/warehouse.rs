//! Documents that tell a warehouse what comes and what to do.

use jiff::civil::Date;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{Party, Purpose, Reference};
use crate::{Moment, Quantity};

/// Goods are on their way to a warehouse: X12 943.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InboundNotice {
    /// The shipper's number of the shipment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipment_no: Option<SmolStr>,
    /// The depositor's number of the inbound order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_no: Option<SmolStr>,
    /// What kind of notice it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<SmolStr>,
    /// The day of the notice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_on: Option<Date>,
    /// When the goods will arrive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_at: Option<Moment>,
    /// When the goods left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipped_at: Option<Moment>,
    /// Standard carrier alpha code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scac: Option<SmolStr>,
    /// The trailer or container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equipment: Option<SmolStr>,
    /// Words for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<SmolStr>,
    /// Who takes part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parties: Vec<Party>,
    /// Numbers by which it is known elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// What is on its way.
    pub lines: Vec<InboundLine>,
}

/// One item on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InboundLine {
    /// The line of the inbound order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_no: Option<u32>,
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
    pub quantity: Quantity,
    /// Unit of measure.
    pub uom: SmolStr,
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
    /// Numbers of the line elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
}

/// A warehouse is told to ship or to do something with stock: X12 940, EDIFACT INSDES and HANMOV.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WarehouseOrder {
    /// The depositor's number of the order.
    pub order_no: SmolStr,
    /// What to do with it.
    pub purpose: Purpose,
    /// Our own id of the release, where the order repeats it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<SmolStr>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Moment>,
    /// The customer's number of its order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_po: Option<SmolStr>,
    /// When the goods shall leave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ship_at: Option<Moment>,
    /// When the goods shall arrive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliver_at: Option<Moment>,
    /// Who pays the carrier, in the sender's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<SmolStr>,
    /// Standard carrier alpha code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scac: Option<SmolStr>,
    /// The carrier's service in its own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<SmolStr>,
    /// Words for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<SmolStr>,
    /// Who takes part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parties: Vec<Party>,
    /// Numbers by which it is known elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// What to ship or to handle.
    pub lines: Vec<WarehouseOrderLine>,
}

/// One item to ship or to handle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WarehouseOrderLine {
    /// The line of the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_no: Option<u32>,
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
    pub quantity: Quantity,
    /// Unit of measure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uom: Option<SmolStr>,
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
    /// Serial shipping container codes of the units to take, 18 digits each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ssccs: Vec<SmolStr>,
    /// Numbers of the line elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
}

/// What a warehouse shipped, carton by carton: X12 945.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShippingAdvice {
    /// The depositor's number of the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_no: Option<SmolStr>,
    /// Our own id of the release, where the advice repeats it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<SmolStr>,
    /// What kind of report it is.
    pub report: SmolStr,
    /// The warehouse's number of the shipment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipment_no: Option<SmolStr>,
    /// The day of the report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported_on: Option<Date>,
    /// When the goods left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipped_at: Option<Moment>,
    /// The customer's number of its order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_po: Option<SmolStr>,
    /// Standard carrier alpha code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scac: Option<SmolStr>,
    /// The carrier's service in its own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<SmolStr>,
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
    /// Numbers by which it is known elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// What was shipped, by carton or by any other part of the shipment.
    pub cartons: Vec<ShippedCarton>,
}

/// A part of a shipment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShippedCarton {
    /// Serial shipping container codes, 18 digits each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ssccs: Vec<SmolStr>,
    /// Tracking numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tracking_nos: Vec<SmolStr>,
    /// Numbers of the carton elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// What is in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<ShippedItem>,
}

/// One item of a carton, and what became of its order line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShippedItem {
    /// `complete`, `short`, `backordered`, `cancelled`, …, or the sender's code (X12 element 368).
    pub outcome: SmolStr,
    /// The line of the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_no: Option<u32>,
    /// The item, as the sender numbers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<SmolStr>,
    /// The item, as the buyer numbers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyer_sku: Option<SmolStr>,
    /// The item's GTIN or UPC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gtin: Option<SmolStr>,
    /// Ordered, in `uom`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ordered: Option<Quantity>,
    /// Shipped, in `uom`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Quantity>,
    /// The difference, with the sign that the sender gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub difference: Option<Decimal>,
    /// Unit of measure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uom: Option<SmolStr>,
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
    /// Numbers of the line elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
}
