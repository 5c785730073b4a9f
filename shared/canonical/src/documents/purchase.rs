//! Documents of buying and selling.

use jiff::civil::Date;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

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

/// A buyer orders goods, or changes an order: X12 850 and 860, EDIFACT ORDERS and ORDCHG.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PurchaseOrder {
    /// The buyer's number of the order.
    pub po_no: SmolStr,
    /// What to do with it.
    pub purpose: Purpose,
    /// The kind of order, in the buyer's code (X12 element 92, EDIFACT 1001).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub po_type: Option<SmolStr>,
    /// Release of a blanket order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_no: Option<SmolStr>,
    /// The buyer's number of the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_no: Option<SmolStr>,
    /// When it was ordered.
    pub ordered_at: Moment,
    /// When it was changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<Moment>,
    /// Currency of all amounts, ISO 4217.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<SmolStr>,
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
    pub scac: Option<SmolStr>,
    /// Who takes part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parties: Vec<Party>,
    /// Numbers by which the order is known elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// Words for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<SmolStr>,
    /// What is ordered.
    pub lines: Vec<PurchaseLine>,
}

/// One line of a purchase order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PurchaseLine {
    /// The buyer's line number, as the buyer writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_no: Option<SmolStr>,
    /// What changes about the line (X12 element 670, EDIFACT 1229).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<SmolStr>,
    /// The seller's item number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<SmolStr>,
    /// The buyer's item number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyer_sku: Option<SmolStr>,
    /// The item's GTIN or UPC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gtin: Option<SmolStr>,
    /// Ordered, in `uom`.
    pub quantity: Quantity,
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
    /// When the goods of the line shall arrive, where it differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliver_at: Option<Moment>,
    /// Numbers of the line elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
}

/// A seller answers an order: X12 855, EDIFACT ORDRSP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderResponse {
    /// The buyer's number of the order.
    pub po_no: SmolStr,
    /// The seller's number of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_no: Option<SmolStr>,
    /// What to do with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
    /// `accepted`, `accepted_with_changes`, `rejected`, …, or the sender's code (X12 element 587).
    pub decision: SmolStr,
    /// The day of the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ordered_on: Option<Date>,
    /// When it was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub responded_at: Option<Moment>,
    /// Currency of all amounts, ISO 4217.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<SmolStr>,
    /// Words for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<SmolStr>,
    /// Who takes part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parties: Vec<Party>,
    /// Numbers by which it is known elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// The answer for each line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<ResponseLine>,
}

/// The answer for one line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResponseLine {
    /// The buyer's line number, as the buyer writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_no: Option<SmolStr>,
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
    /// `accepted`, `accepted_with_changes`, `rejected`, or the sender's code (EDIFACT 1229).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<SmolStr>,
    /// When the goods of the line will arrive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliver_at: Option<Moment>,
    /// What becomes of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outcomes: Vec<ResponseOutcome>,
}

/// What becomes of an ordered line, or of a part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResponseOutcome {
    /// `accepted`, `backordered`, `rejected`, …, or the sender's code (X12 element 668, EDIFACT 1229).
    pub status: SmolStr,
    /// How much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Quantity>,
    /// Unit of measure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uom: Option<SmolStr>,
    /// When it will be shipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Moment>,
}

/// A seller wants to be paid: X12 810, EDIFACT INVOIC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Invoice {
    /// The seller's number of the invoice.
    pub invoice_no: SmolStr,
    /// The day of the invoice.
    pub invoiced_on: Date,
    /// What to do with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
    /// What kind of invoice, in the sender's code (X12 element 640, EDIFACT 1001).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<SmolStr>,
    /// The buyer's number of the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub po_no: Option<SmolStr>,
    /// The day of the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub po_date: Option<Date>,
    /// Currency of all amounts, ISO 4217.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<SmolStr>,
    /// Until when to pay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_on: Option<Date>,
    /// Terms of payment in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<SmolStr>,
    /// When the goods left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipped_at: Option<Moment>,
    /// Standard carrier alpha code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scac: Option<SmolStr>,
    /// Words for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<SmolStr>,
    /// Who takes part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parties: Vec<Party>,
    /// Numbers by which it is known elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// What is invoiced.
    pub lines: Vec<InvoiceLine>,
    /// What is to be paid.
    #[schemars(with = "String")]
    pub total: Decimal,
    /// The tax in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub tax: Option<Decimal>,
    /// Charges and allowances for all lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub charges: Vec<Charge>,
}

/// One line of an invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InvoiceLine {
    /// Its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_no: Option<SmolStr>,
    /// The item, as the sender numbers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<SmolStr>,
    /// The item, as the buyer numbers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyer_sku: Option<SmolStr>,
    /// The item's GTIN or UPC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gtin: Option<SmolStr>,
    /// Invoiced, in `uom`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Quantity>,
    /// Unit of measure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uom: Option<SmolStr>,
    /// Price of one unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub price: Option<Decimal>,
    /// What the line comes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub amount: Option<Decimal>,
    /// Words for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<SmolStr>,
    /// Numbers of the line elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
}

/// A charge, or what is taken off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Charge {
    /// Which.
    pub kind: ChargeKind,
    /// What for, in the sender's code (X12 element 1300, EDIFACT 7161).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<SmolStr>,
    /// How much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub amount: Option<Decimal>,
    /// Words for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<SmolStr>,
}

/// Whether something is added or taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChargeKind {
    /// Added.
    Charge,
    /// Taken off.
    Allowance,
}
