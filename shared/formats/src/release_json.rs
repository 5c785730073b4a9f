//! What a REST partner gets: a release to ship, or a release to cancel.

use canonical::{OrderRelease, Release, ReleaseId};
use partners::House;
use serde::Serialize;

/// Version of both documents. A field that is added leaves it as it is; one that changes or goes does not.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Ship<'a> {
    document: &'a str,
    version: u32,
    message_no: &'a str,
    release_id: &'a ReleaseId,
    depositor_order_no: &'a str,
    depositor: &'a str,
    warehouse: &'a str,
    order: &'a OrderRelease,
}

#[derive(Serialize)]
struct DoNotShip<'a> {
    document: &'a str,
    version: u32,
    message_no: &'a str,
    release_id: &'a ReleaseId,
    depositor_order_no: &'a str,
}

/// The order to ship: the ERP's order as it came, under the numbers by which the partner shall name it.
pub fn order(release: &Release, depositor_order_no: &str, message_no: &str, warehouse: &str, house: &House) -> Vec<u8> {
    // Why it had to wait is between the distributor and its ERP.
    let order = OrderRelease { holds: Vec::new(), ..release.order.clone() };
    let document = Ship {
        document: "order-release",
        version: VERSION,
        message_no,
        release_id: &release.id,
        depositor_order_no,
        depositor: &house.name,
        warehouse,
        order: &order,
    };
    // Names to text and numbers alone: this cannot fail.
    serde_json::to_vec(&document).unwrap_or_default()
}

/// The order to cancel what was ordered to ship.
pub fn cancel(release: &Release, depositor_order_no: &str, message_no: &str) -> Vec<u8> {
    let document = DoNotShip {
        document: "order-cancel",
        version: VERSION,
        message_no,
        release_id: &release.id,
        depositor_order_no,
    };
    serde_json::to_vec(&document).unwrap_or_default()
}
