//! Canonical documents as JSON: what `crossdock explain` prints, what maps read and write, and what a partner's expression
//! gets.

use canonical::documents::{
    FreightInvoice, InboundNotice, Invoice, LoadTender, OrderResponse, PurchaseOrder, Receipt, ReturnAuthorization,
    ShipmentNotice, ShipmentStatus, ShippingAdvice, StockAdjustment, StockReport, TenderResponse, WarehouseOrder,
};
use serde_json::Value;

use crate::json::Schema;

/// The published JSON Schemas (2020-12) of all documents, by the names that maps have for them.
pub fn schemas() -> Vec<(&'static str, Value)> {
    vec![
        ("freight-invoice", Schema::of::<FreightInvoice>("freight-invoice")),
        ("inbound-notice", Schema::of::<InboundNotice>("inbound-notice")),
        ("invoice", Schema::of::<Invoice>("invoice")),
        ("load-tender", Schema::of::<LoadTender>("load-tender")),
        ("order-response", Schema::of::<OrderResponse>("order-response")),
        ("purchase-order", Schema::of::<PurchaseOrder>("purchase-order")),
        ("receipt", Schema::of::<Receipt>("receipt")),
        ("return-authorization", Schema::of::<ReturnAuthorization>("return-authorization")),
        ("shipment-notice", Schema::of::<ShipmentNotice>("shipment-notice")),
        ("shipment-status", Schema::of::<ShipmentStatus>("shipment-status")),
        ("shipping-advice", Schema::of::<ShippingAdvice>("shipping-advice")),
        ("stock-adjustment", Schema::of::<StockAdjustment>("stock-adjustment")),
        ("stock-report", Schema::of::<StockReport>("stock-report")),
        ("tender-response", Schema::of::<TenderResponse>("tender-response")),
        ("warehouse-order", Schema::of::<WarehouseOrder>("warehouse-order")),
    ]
    .into_iter()
    .map(|(name, schema)| (name, schema.value().clone()))
    .collect()
}
