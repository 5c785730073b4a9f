//! Documents about stock in a warehouse: what arrived, what was corrected, what lies there.

use jiff::civil::Date;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{Party, Reference};
use crate::{Moment, Quantity};

/// What a warehouse received of an inbound shipment: X12 944, EDIFACT RECADV.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// The warehouse's number of the receipt.
    pub receipt_no: SmolStr,
    /// Whether the report is full, partial or a correction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<SmolStr>,
    /// When the goods were received.
    pub received_at: Moment,
    /// When the report was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported_at: Option<Moment>,
    /// The depositor's number of the inbound order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depositor_order_no: Option<SmolStr>,
    /// The shipper's number of the shipment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipment_no: Option<SmolStr>,
    /// Who takes part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parties: Vec<Party>,
    /// Numbers by which the receipt is known elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// Standard carrier alpha code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scac: Option<SmolStr>,
    /// What was received.
    pub lines: Vec<ReceivedLine>,
}

/// One item received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceivedLine {
    /// The line of the inbound order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_no: Option<u32>,
    /// The item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<SmolStr>,
    /// The receiver's number of the item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyer_sku: Option<SmolStr>,
    /// The item's GTIN or UPC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gtin: Option<SmolStr>,
    /// Received, in `uom`.
    pub quantity: Quantity,
    /// Unit of measure as its sender names it.
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
    /// Serial shipping container codes of the units it came in, 18 digits each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ssccs: Vec<SmolStr>,
    /// What is not as it should be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<ReceiptException>,
}

/// A part of a received line that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiptException {
    /// How much.
    pub quantity: Quantity,
    /// Unit of measure.
    pub uom: SmolStr,
    /// `damaged`, `short`, `over`, …, or the sender's code (X12 element 412).
    pub condition: SmolStr,
    /// Why, in the sender's code (X12 element 641).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<SmolStr>,
}

/// Corrections of stock that no order or receipt explains: X12 947.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StockAdjustment {
    /// The sender's number of the adjustment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adjustment_no: Option<SmolStr>,
    /// When the stock was corrected.
    pub adjusted_at: Moment,
    /// Who takes part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parties: Vec<Party>,
    /// Numbers by which the adjustment is known elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// What was corrected.
    pub lines: Vec<Adjustment>,
}

/// One correction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Adjustment {
    /// Why, in the sender's code (X12 element 181).
    pub reason: SmolStr,
    /// How much more (or, with a minus, less) there is, in `uom`.
    #[schemars(with = "String")]
    pub quantity: Decimal,
    /// Unit of measure.
    pub uom: SmolStr,
    /// The item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<SmolStr>,
    /// The item's GTIN or UPC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gtin: Option<SmolStr>,
    /// The lot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<SmolStr>,
    /// The last day on which the goods are good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_on: Option<Date>,
    /// The kind of stock, in the sender's code (X12 element 529).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stock_type: Option<SmolStr>,
    /// Words for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<SmolStr>,
    /// Serial numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub serials: Vec<SmolStr>,
}

/// What lies in a warehouse, or can be sold: X12 846, EDIFACT INVRPT.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StockReport {
    /// The sender's number of the report.
    pub report_no: SmolStr,
    /// The moment whose stock this is.
    pub as_of: Moment,
    /// Whether it replaces the earlier ones or only tells changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<super::Purpose>,
    /// What kind of report it is, in the sender's code (X12 element 755).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report_type: Option<SmolStr>,
    /// Who takes part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parties: Vec<Party>,
    /// Numbers by which the report is known elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// The items.
    pub lines: Vec<StockLine>,
}

/// One item in stock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StockLine {
    /// The report's line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_no: Option<u32>,
    /// The item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<SmolStr>,
    /// The receiver's number of the item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyer_sku: Option<SmolStr>,
    /// The item's GTIN or UPC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gtin: Option<SmolStr>,
    /// Words for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<SmolStr>,
    /// The lot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<SmolStr>,
    /// The last day on which the goods are good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_on: Option<Date>,
    /// How much there is, by kind.
    pub levels: Vec<StockLevel>,
}

/// How much there is of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StockLevel {
    /// `on_hand`, `available`, `on_hold`, `committed`, `damaged`, `in_transit`, …, or the sender's code.
    pub kind: SmolStr,
    /// How much; less than nothing where more is promised than there is.
    #[schemars(with = "String")]
    pub quantity: Decimal,
    /// Unit of measure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uom: Option<SmolStr>,
    /// The lot, where levels are of lots.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<SmolStr>,
    /// The place in the warehouse, where levels are of places.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<SmolStr>,
}
