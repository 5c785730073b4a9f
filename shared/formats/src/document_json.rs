//! Canonical documents as JSON: what `crossdock explain` prints, what maps read and write, and what a partner's expression
//! gets.

use canonical::documents::{
    FreightInvoice, InboundNotice, Invoice, LoadTender, OrderResponse, PurchaseOrder, Receipt, ReturnAuthorization,
    ShipmentNotice, ShipmentStatus, ShippingAdvice, StockAdjustment, StockReport, TenderResponse, WarehouseOrder,
};
use serde_json::Value;

use crate::json::Schema;

/// The published JSON Schemas (2020-12) of all documents, by the names that maps have for them: `documents/<name>.json`.
pub fn schemas() -> Vec<(&'static str, Value)> {
    vec![
        ("freight-invoice", Schema::of::<FreightInvoice>("documents/freight-invoice")),
        ("inbound-notice", Schema::of::<InboundNotice>("documents/inbound-notice")),
        ("invoice", Schema::of::<Invoice>("documents/invoice")),
        ("load-tender", Schema::of::<LoadTender>("documents/load-tender")),
        ("order-response", Schema::of::<OrderResponse>("documents/order-response")),
        ("purchase-order", Schema::of::<PurchaseOrder>("documents/purchase-order")),
        ("receipt", Schema::of::<Receipt>("documents/receipt")),
        ("return-authorization", Schema::of::<ReturnAuthorization>("documents/return-authorization")),
        ("shipment-notice", Schema::of::<ShipmentNotice>("documents/shipment-notice")),
        ("shipment-status", Schema::of::<ShipmentStatus>("documents/shipment-status")),
        ("shipping-advice", Schema::of::<ShippingAdvice>("documents/shipping-advice")),
        ("stock-adjustment", Schema::of::<StockAdjustment>("documents/stock-adjustment")),
        ("stock-report", Schema::of::<StockReport>("documents/stock-report")),
        ("tender-response", Schema::of::<TenderResponse>("documents/tender-response")),
        ("warehouse-order", Schema::of::<WarehouseOrder>("documents/warehouse-order")),
    ]
    .into_iter()
    .map(|(name, schema)| (name, schema.value().clone()))
    .collect()
}
