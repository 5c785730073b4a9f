//! Documents between shippers and carriers.

use jiff::civil::Date;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{Party, Purpose, Reference};
use crate::{Moment, Quantity};

/// What a carrier tells of shipments on their way: X12 214, EDIFACT IFTSTA.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShipmentStatus {
    /// The sender's number of the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_no: Option<SmolStr>,
    /// When the message was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Moment>,
    /// The carrier's number of the shipment (PRO).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier_no: Option<SmolStr>,
    /// The shipper's number of the shipment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipment_no: Option<SmolStr>,
    /// Standard carrier alpha code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scac: Option<SmolStr>,
    /// Who takes part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parties: Vec<Party>,
    /// Numbers by which it is known elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// What happened, by stop or consignment.
    pub reports: Vec<StatusReport>,
}

/// What happened at one stop, or to one consignment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusReport {
    /// The consignment, where the message is of several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consignment_no: Option<SmolStr>,
    /// The stop in its order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_no: Option<SmolStr>,
    /// Numbers of the stop or consignment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// What happened.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<StatusEvent>,
}

/// One thing that happened, or will.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusEvent {
    /// The milestone in our word, such as `delivered`; the sender's code where we have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<SmolStr>,
    /// Where on the way, as far as the code says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_role: Option<StopRole>,
    /// Why, in the sender's code (X12 element 1651, EDIFACT 9013).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<SmolStr>,
    /// What became of an appointment, in the sender's code (X12 element 1652).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appointment: Option<SmolStr>,
    /// Why the appointment is as it is, in the sender's code (X12 element 1651).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appointment_reason: Option<SmolStr>,
    /// When it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<Moment>,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<SmolStr>,
    /// State or province.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<SmolStr>,
    /// Country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<SmolStr>,
    /// The place's code, or its name in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<SmolStr>,
    /// The trailer or other equipment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equipment: Option<SmolStr>,
    /// Words for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<SmolStr>,
}

/// The part of a stop on a shipment's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StopRole {
    /// Where the carrier gets the goods.
    Pickup,
    /// Where the goods change their vehicle.
    Terminal,
    /// Where the goods go.
    Delivery,
}

/// A load is offered to a carrier: X12 204, EDIFACT IFTMIN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoadTender {
    /// The shipper's number of the load.
    pub shipment_no: SmolStr,
    /// What to do with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
    /// Standard carrier alpha code of the carrier asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scac: Option<SmolStr>,
    /// Who pays, in the sender's code (X12 element 146).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<SmolStr>,
    /// When it was offered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Moment>,
    /// Until when the carrier must answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub respond_by: Option<Moment>,
    /// The equipment wanted, in the sender's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equipment: Option<SmolStr>,
    /// Gross weight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub weight: Option<Decimal>,
    /// Unit of the weight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_uom: Option<SmolStr>,
    /// How many packages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packages: Option<u32>,
    /// Words for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<SmolStr>,
    /// Who takes part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parties: Vec<Party>,
    /// Numbers by which it is known elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// Where to go, in order.
    pub stops: Vec<Stop>,
}

/// A place where goods are loaded or unloaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stop {
    /// Its place in the order, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_no: Option<u32>,
    /// `load`, `unload`, …, or the sender's code (X12 element 163).
    pub reason: SmolStr,
    /// The place's code, or its name in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<SmolStr>,
    /// Weight loaded or unloaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub weight: Option<Decimal>,
    /// Unit of the weight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_uom: Option<SmolStr>,
    /// Packages loaded or unloaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packages: Option<u32>,
    /// Not before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earliest_at: Option<Moment>,
    /// Not after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest_at: Option<Moment>,
    /// Words for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<SmolStr>,
    /// Who takes part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parties: Vec<Party>,
    /// Numbers by which it is known elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// The orders whose goods are loaded or unloaded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub orders: Vec<StopOrder>,
}

/// An order of which a stop loads or unloads goods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StopOrder {
    /// The shipper's number of the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_no: Option<SmolStr>,
    /// The buyer's number of the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub po_no: Option<SmolStr>,
    /// How many packages, in `uom`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packages: Option<Quantity>,
    /// Unit of the packages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uom: Option<SmolStr>,
    /// Weight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub weight: Option<Decimal>,
    /// Unit of the weight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_uom: Option<SmolStr>,
}

/// A carrier takes a load or not: X12 990.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TenderResponse {
    /// Standard carrier alpha code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scac: Option<SmolStr>,
    /// The shipper's number of the load.
    pub shipment_no: SmolStr,
    /// When the carrier decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Moment>,
    /// Whether it takes the load.
    pub decision: TenderDecision,
    /// The carrier's number of the shipment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier_no: Option<SmolStr>,
    /// Why not, in the carrier's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<SmolStr>,
    /// Numbers by which it is known elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// Words for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<SmolStr>,
}

/// Whether a carrier takes a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TenderDecision {
    /// It does.
    Accepted,
    /// It does not.
    Declined,
    /// It does under conditions.
    Conditional,
    /// It gives back what it had taken.
    Cancelled,
}

/// A carrier wants to be paid: X12 210.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FreightInvoice {
    /// The carrier's number of the invoice.
    pub invoice_no: SmolStr,
    /// The shipper's number of the shipment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipment_no: Option<SmolStr>,
    /// Who pays, in the carrier's code (X12 element 146).
    pub payment: SmolStr,
    /// The day of the invoice.
    pub invoiced_on: Date,
    /// What is to be paid.
    #[schemars(with = "String")]
    pub amount: Decimal,
    /// When the goods were delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Moment>,
    /// Standard carrier alpha code.
    pub scac: SmolStr,
    /// Currency of all amounts, ISO 4217.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<SmolStr>,
    /// Who takes part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parties: Vec<Party>,
    /// Numbers by which it is known elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// What is charged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<FreightLine>,
    /// Billed weight of all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub weight: Option<Decimal>,
    /// Packages of all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packages: Option<u32>,
}

/// One charge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FreightLine {
    /// Its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_no: Option<u32>,
    /// Words for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<SmolStr>,
    /// Weight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub weight: Option<Decimal>,
    /// Packages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packages: Option<u32>,
    /// The rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub rate: Option<Decimal>,
    /// What the rate is for, in the carrier's code (X12 element 122).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_basis: Option<SmolStr>,
    /// The charge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub amount: Option<Decimal>,
    /// What is charged, in the carrier's code (X12 element 150).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charge: Option<SmolStr>,
}
