//! Who takes part, and the numbers by which a document is known elsewhere.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// The part that somebody has in a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartyRole {
    /// Where the goods leave.
    ShipFrom,
    /// Where the goods go.
    ShipTo,
    /// Who gets the invoice.
    BillTo,
    /// Who buys.
    Buyer,
    /// Who sells.
    Seller,
    /// Whose goods lie in the warehouse.
    Depositor,
    /// The warehouse.
    Warehouse,
    /// Who carries the goods.
    Carrier,
    /// Who ships.
    Shipper,
    /// Who receives from the carrier.
    Consignee,
    /// Who gets the payment.
    RemitTo,
    /// Somebody else.
    Other,
}

/// Somebody who takes part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Party {
    /// Its part.
    pub role: PartyRole,
    /// Person or company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<SmolStr>,
    /// The code by which sender and receiver know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<SmolStr>,
    /// Its GS1 global location number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gln: Option<SmolStr>,
    /// Its D-U-N-S number, with or without four more digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duns: Option<SmolStr>,
    /// Street and number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address1: Option<SmolStr>,
    /// Second line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address2: Option<SmolStr>,
    /// City.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<SmolStr>,
    /// State or province.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<SmolStr>,
    /// Postal code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<SmolStr>,
    /// Country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<SmolStr>,
}

/// A number by which something is known elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// What the number is of, such as `bill_of_lading`; the sender's qualifier where we have no word.
    pub kind: SmolStr,
    /// The number.
    pub number: SmolStr,
}
