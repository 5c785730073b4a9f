//! Any set that a map takes is read, and what was read is written, reads back, and is written the same again.

use canonical::documents::{
    FreightInvoice, InboundNotice, Invoice, LoadTender, OrderResponse, PurchaseOrder, Receipt, ReturnAuthorization,
    ShipmentNotice, ShipmentStatus, ShippingAdvice, StockAdjustment, StockReport, TenderResponse, WarehouseOrder,
};
use edi::write::edifact::{self, Content};
use edi::write::{self, NewSegment};
use edi::{ControlNumber, Delimiters, Standard, TransactionSet};
use formats::mapping::{self, Draft, Map};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub(crate) fn run(bytes: &[u8]) {
    let document = edi::read(bytes);
    for interchange in &document.interchanges {
        for group in &interchange.groups {
            for set in &group.sets {
                if let Some(map) = mapping::find(set.standard, &set.id()) {
                    there_and_back(map, set, bytes.len());
                }
            }
        }
    }
}

fn there_and_back(map: &Map, set: &TransactionSet<'_>, len: usize) {
    let Ok(draft) = map.read(set) else { return };
    let json = draft.to_json();
    let origins = draft.origins();
    for origin in &origins {
        assert!(origin.range.start <= origin.range.end && origin.range.end <= len, "{origin:?} of {len}");
        assert!(json.pointer(&origin.pointer).is_some(), "{origin:?}");
    }
    assert_eq!(mapping::explain(&json, &origins).len(), origins.len());
    let Some(typed) = typed(map, &draft) else { return };
    let Ok(written) = map.write(&typed) else { return };
    // A value may be longer than we write, or hold a character that cannot be said; what is written reads back.
    let segments = written.segments;
    let Some(again) = file(map, set, segments.clone()) else { return };
    let document = edi::read(&again);
    let text = || again.escape_ascii().to_string();
    let reread = &document.interchanges[0].groups[0].sets[0];
    assert!(reread.findings.is_empty(), "{:?}: {}", reread.findings, text());
    let draft = map.read(reread).unwrap_or_else(|findings| panic!("{findings:?}: {}", text()));
    // Words are cleaned of what separates or controls and are cut; after that nothing changes any more.
    let back = self::typed(map, &draft).unwrap_or_else(|| panic!("no document: {}", text()));
    assert_eq!(map.write(&back).map(|written| written.segments).as_ref(), Ok(&segments), "{}", text());
}

/// The draft through the type and back.
fn typed(map: &Map, draft: &Draft<'_>) -> Option<Value> {
    fn of<T: Serialize + DeserializeOwned>(draft: &Draft<'_>) -> Option<Value> {
        let document = draft.typed::<T>().ok()?;
        Some(serde_json::to_value(&document).unwrap())
    }
    match map.document() {
        "receipt" => of::<Receipt>(draft),
        "stock-adjustment" => of::<StockAdjustment>(draft),
        "stock-report" => of::<StockReport>(draft),
        "shipment-notice" => of::<ShipmentNotice>(draft),
        "purchase-order" => of::<PurchaseOrder>(draft),
        "order-response" => of::<OrderResponse>(draft),
        "invoice" => of::<Invoice>(draft),
        "return-authorization" => of::<ReturnAuthorization>(draft),
        "inbound-notice" => of::<InboundNotice>(draft),
        "warehouse-order" => of::<WarehouseOrder>(draft),
        "shipping-advice" => of::<ShippingAdvice>(draft),
        "shipment-status" => of::<ShipmentStatus>(draft),
        "load-tender" => of::<LoadTender>(draft),
        "tender-response" => of::<TenderResponse>(draft),
        "freight-invoice" => of::<FreightInvoice>(draft),
        other => panic!("there is no document {other}"),
    }
}

/// The segments in an interchange of their own, if they can be said.
fn file(map: &Map, set: &TransactionSet<'_>, segments: Vec<NewSegment>) -> Option<Vec<u8>> {
    if map.standard() == Standard::Edifact {
        let party = |id: &str| edifact::Party { id: id.to_owned(), ..edifact::Party::default() };
        let envelope = edifact::Envelope {
            charset: "UNOY".to_owned(),
            version: 4,
            sender: party("A"),
            receiver: party("B"),
            date: "20260131".to_owned(),
            time: "1435".to_owned(),
            reference: "77".to_owned(),
            application: String::new(),
            ack_requested: false,
            agreement: String::new(),
            test: false,
            delimiters: Delimiters::EDIFACT,
            una: edifact::Una::WhereNeeded,
            line_feeds: false,
            policy: edifact::RELEASING,
        };
        let message = edifact::NewMessage {
            id: set.id().into_owned(),
            version: "D".to_owned(),
            release: "96A".to_owned(),
            agency: "UN".to_owned(),
            association: String::new(),
            reference: "1".to_owned(),
            segments,
        };
        return edifact::interchange(&envelope, &Content::Messages(vec![message])).ok();
    }
    let envelope = write::Envelope {
        sender: ("ZZ".to_owned(), "A".to_owned()),
        receiver: ("ZZ".to_owned(), "B".to_owned()),
        date: "20260131".to_owned(),
        time: "1435".to_owned(),
        control_number: ControlNumber::FIRST,
        version: "00501".to_owned(),
        ack_requested: false,
        usage_indicator: 'P',
        delimiters: Delimiters::new(b'*', b':', b'~', Some(b'^')).unwrap(),
        line_feeds: false,
    };
    let group = write::NewGroup {
        functional_id: "OW".to_owned(),
        sender_code: "AA".to_owned(),
        receiver_code: "BB".to_owned(),
        control_number: ControlNumber::FIRST,
        version: "004010".to_owned(),
        sets: vec![write::NewSet { id: set.id().into_owned(), control_number: "0001".to_owned(), segments }],
    };
    write::interchange(&envelope, &[], &[group]).ok()
}
