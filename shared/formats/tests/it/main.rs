//! Documents as partners write them, in and out.

#[cfg(test)]
mod acknowledgment;
#[cfg(test)]
mod corpus;
#[cfg(test)]
mod descriptions;
#[cfg(test)]
mod hostile_json;
#[cfg(test)]
mod mapping;
#[cfg(test)]
mod order_json;
#[cfg(test)]
mod rest;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod ship_order;
#[cfg(test)]
mod shipping_advice;
#[cfg(test)]
mod webhook;

#[cfg(test)]
mod world {
    //! A distributor, its partners and a release.

    use std::collections::{BTreeMap, BTreeSet};

    use canonical::{ArchiveRef, Facts, Finding, OrderRelease, Place, Principal, Release, ReleaseId, Role};
    use edi::ControlNumber;
    use formats::x12::Numbers;
    use jiff::Timestamp;
    use partners::{House, Profile};

    pub(crate) fn house() -> House {
        let house = r#"{"tenant":"northwind","name":"Northwind Supply","edi":{"qualifier":"ZZ","id":"NORTHWIND"}}"#;
        serde_json::from_str(house).unwrap()
    }

    pub(crate) fn profile() -> Profile {
        let profile = r#"{"id":"acme-3pl","name":"Acme","role":"3pl","stage":"test",
            "edi":{"qualifier":"01","id":"123456789","application_code":"ACMEWMS"}}"#;
        serde_json::from_str(profile).unwrap()
    }

    pub(crate) fn sender() -> Principal {
        let scope = profile().scope(&house().tenant);
        Principal { scope, roles: BTreeSet::from([Role::Wms]) }
    }

    pub(crate) fn numbers() -> Numbers {
        Numbers { interchange: ControlNumber::new(4711).unwrap(), group: ControlNumber::new(815).unwrap() }
    }

    pub(crate) fn now() -> Timestamp {
        "2026-01-31T14:35:59Z".parse().unwrap()
    }

    pub(crate) fn order() -> OrderRelease {
        let order = r#"{
            "order_no": "SO-4711", "release_no": 2, "customer_po": "PO 88/1",
            "ship_to": {"name": "Müller & Sons", "code": "CUST-9", "address1": "1 Main St", "address2": "Dock 4",
                        "city": "Austin", "region": "TX", "postal_code": "73301", "country": "US"},
            "ship_by": "2026-02-03", "deliver_by": "2026-02-06",
            "carrier": {"scac": "ODFL", "service": "LTL standard"},
            "lines": [
                {"line_no": 10, "sku": "BOLT-M8X50", "quantity": "60", "uom": "CA", "description": "Hex bolt M8 x 50"},
                {"line_no": 20, "sku": "CHAIN 6MM", "quantity": "2.5", "uom": "FT"}
            ],
            "note": "Liftgate needed.\nCall ~ 1 h before * ask for Joe."
        }"#;
        serde_json::from_str(order).unwrap()
    }

    pub(crate) fn release(order: OrderRelease) -> Release {
        let (tenant, erp) = (house().tenant, "erp".parse().unwrap());
        Release {
            id: ReleaseId::derive(&tenant, &erp, &order.order_no, order.release_no),
            tenant,
            erp,
            order,
            raw: ArchiveRef::whole(b""),
            received_at: now(),
            route: None,
            dispatch: None,
            cancel_dispatch: None,
            expectations: Vec::new(),
            facts: Facts::default(),
            since: now(),
            seq: 0,
            absorbed: BTreeMap::new(),
            history: Vec::new(),
        }
    }

    /// A place as one word: a JSON Pointer, or `W1203 of 5 at 210`.
    pub(crate) fn place(finding: &Finding) -> String {
        match &finding.place {
            None => "-".to_owned(),
            Some(Place::Pointer(pointer)) => pointer.clone(),
            Some(Place::Edi { segment, segment_position, element, byte_offset }) => format!(
                "{}{:02} of {} at {byte_offset}",
                segment.as_deref().unwrap_or("-"),
                element.unwrap_or_default(),
                segment_position.unwrap_or_default()
            ),
        }
    }
}
