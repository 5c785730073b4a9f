//! What the tests have in common: orders of their own, and ways to send and to wait.

use std::time::Duration;

use canonical::{Digest, Release, ReleaseId, ReleaseState};
use crossdock::sandbox::Entry;
use crossdock::warehouse::ShipOrder;
use crossdock::{Error, World};
use partners::SourceFile;
use serde_json::{Value, json};

pub(crate) const ERP: &str = "northwind-erp";
pub(crate) const TMS: &str = "summit-tms";
pub(crate) const BOLT: &str = "bolt-3pl";
pub(crate) const ACME: &str = "acme-3pl";
/// The API key of an ERP that has no part in anything.
pub(crate) const OTHER_KEY: &str = "the-key-of-another-erp";

/// The API key of the distributor's own operations.
pub(crate) const OPS_KEY: &str = "the-key-of-operations";

/// Longest wait for something that nobody disturbs, on a machine that does much besides.
pub(crate) const SOON: Duration = Duration::from_secs(90);

/// A second ERP, which sees nothing of the first one's, and the distributor's operations, who see everything.
pub(crate) fn others() -> Vec<SourceFile> {
    let file = |id: &str, role: &str, key: &str| {
        let key = Digest::of(key.as_bytes());
        let text = format!("id = \"{id}\"\nname = \"{id}\"\nrole = \"{role}\"\n[auth]\napi_key_sha256 = [\"{key}\"]\n");
        SourceFile { name: format!("{id}.toml"), text }
    };
    vec![file("other-erp", "erp", OTHER_KEY), file("northwind-ops", "ops", OPS_KEY)]
}

/// An order release of one line, shipped to `region`: NY goes to the REST 3PL, TX to the EDI 3PL.
pub(crate) fn order(order_no: &str, region: &str, quantity: u32) -> Value {
    json!({
        "order_no": order_no,
        "customer_po": format!("PO-{order_no}"),
        "ship_to": {
            "name": "A customer", "address1": "1 Main Street", "city": "Somewhere", "region": region,
            "postal_code": "12345", "country": "US",
        },
        "lines": [{ "line_no": 1, "sku": "WIDGET", "quantity": quantity.to_string(), "uom": "EA" }],
    })
}

/// Releases an order of one line.
pub(crate) async fn release(world: &World, order_no: &str, region: &str, quantity: u32) -> ReleaseId {
    let body = order(order_no, region, quantity).to_string();
    ok(world.released(&format!("key-{order_no}"), body.as_bytes()).await)
}

/// Releases an order and waits until its 3PL has it.
pub(crate) async fn placed(world: &World, order_no: &str, region: &str, quantity: u32) -> ReleaseId {
    let id = release(world, order_no, region, quantity).await;
    until(world, &id, "placed", |release| release.facts.transport_acked).await;
    id
}

/// The 940 of a release.
pub(crate) async fn ship_order(world: &World, id: &ReleaseId) -> ShipOrder {
    let orders = ok(world.ship_orders(ACME).await);
    let mut of_it: Vec<ShipOrder> = orders.into_iter().filter(|order| order.release_id == id.as_str()).collect();
    assert_eq!(of_it.len(), 1, "one 940 for one release");
    of_it.remove(0)
}

/// The REST 3PL confirms a shipment of the one line.
pub(crate) async fn confirm(world: &World, webhook_id: &str, id: &ReleaseId, shipment_no: &str, quantity: u32) {
    let body = json!({
        "release_id": id, "shipment_no": shipment_no, "shipped_at": world.time(0).to_string(),
        "lines": [{ "line_no": 1, "sku": "WIDGET", "quantity": quantity.to_string(), "uom": "EA" }],
    });
    ok(world.told(BOLT, "ship-confirm", webhook_id, &body.to_string()).await);
}

/// Waits until a release is as `is_so` asks.
pub(crate) async fn until(world: &World, id: &ReleaseId, what: &str, is_so: impl Fn(&Release) -> bool) -> Release {
    ok(world.until_release(id, &format!("{what}: {id}"), SOON, is_so).await)
}

/// Waits until a release is in `state`.
pub(crate) async fn until_state(world: &World, id: &ReleaseId, state: ReleaseState) -> Release {
    until(world, id, state.as_str(), |release| release.state() == state).await
}

/// Waits until `partner` took something of type `what` about a release; all that it took of it so far.
pub(crate) async fn told(world: &World, partner: &str, what: &str, id: &ReleaseId) -> Vec<Entry> {
    let look = async || {
        let found = taken(world, partner, what, id);
        Ok((!found.is_empty()).then_some(found))
    };
    ok(world.until(&format!("{what} at {partner} about {id}"), SOON, look).await)
}

/// What `partner` took of type `what` about a release.
pub(crate) fn taken(world: &World, partner: &str, what: &str, id: &ReleaseId) -> Vec<Entry> {
    let received = world.sandbox.journal().received(partner, id.as_str());
    received.into_iter().filter(|entry| entry.what == what && entry.is_taken()).collect()
}

/// The value, or a failed test that says why there is none.
pub(crate) fn ok<T>(result: Result<T, Error>) -> T {
    result.unwrap_or_else(|error| panic!("{}", error.chain()))
}

/// A body as JSON.
pub(crate) fn json_of(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(body)))
}
