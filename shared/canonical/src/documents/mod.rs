//! The documents that partners exchange, each in one form whatever standard it came in.
//!
//! They hold what the business acts on. What a document must say is no option; what partners leave out is one. Numbers and
//! names are those of the sender; a reference or role for which there is a word of ours has that word, any other keeps its
//! sender's code. Their texts are short as a rule, and then lie in the document itself ([`SmolStr`](smol_str::SmolStr)).

mod freight;
mod notice;
mod party;
mod purchase;
mod returns;
mod stock;
mod warehouse;

pub use freight::{
    FreightInvoice, FreightLine, LoadTender, ShipmentStatus, StatusEvent, StatusReport, Stop, StopOrder, StopRole,
    TenderDecision, TenderResponse,
};
pub use notice::{ShipmentNotice, Unit, UnitLevel};
pub use party::{Party, PartyRole, Reference};
pub use purchase::{
    Charge, ChargeKind, Invoice, InvoiceLine, OrderResponse, PurchaseLine, PurchaseOrder, Purpose, ResponseLine,
    ResponseOutcome,
};
pub use returns::{ReturnAuthorization, ReturnLine, ReturnQuantity};
pub use stock::{
    Adjustment, Receipt, ReceiptException, ReceivedLine, StockAdjustment, StockLevel, StockLine, StockReport,
};
pub use warehouse::{
    InboundLine, InboundNotice, ShippedCarton, ShippedItem, ShippingAdvice, WarehouseOrder, WarehouseOrderLine,
};
