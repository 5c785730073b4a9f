//! Files of the EDI 3PL.

use std::time::Duration;

use canonical::{ReleaseId, ReleaseState};
use crossdock::scenarios::{self, Scenario};
use crossdock::warehouse::{Acknowledged, Shipping, Warehouse};
use crossdock::{Out, Story, World};

use crate::support::{ACME, ERP, SOON, ok, placed, ship_order, told, until, until_state};

/// Separators that a queue would refuse to carry, and no text can hold.
const CONTROLS: [u8; 3] = [0x1d, 0x1f, 0x1c];

pub(crate) async fn s2_of_forty_orders_one_is_bad(world: &World) {
    let out = Out::silent();
    let report = ok(scenarios::play(world, &Story::new(&out), Scenario::S2).await);
    assert!(report.passed(), "{:#?}", report.checks);
}

fn warehouse(world: &World, separators: [u8; 3]) -> Warehouse {
    ok(Warehouse::new(&world.bundle, ACME, separators, world.time(1)))
}

/// Waits for our 997 on the group `control`; all of them.
async fn answers(world: &World, control: u32) -> Vec<Acknowledged> {
    let look = async || {
        let mut found = world.acknowledgments(ACME).await?;
        found.retain(|acknowledged| acknowledged.group == control.to_string());
        Ok((!found.is_empty()).then_some(found))
    };
    ok(world.until(&format!("our 997 for group {control}"), SOON, look).await)
}

pub(crate) async fn files_of_other_tools_go_through(world: &World) {
    let first = placed(world, "E2E-EDI-1", "TX", 10).await;
    let second = placed(world, "E2E-EDI-2", "TX", 20).await;
    let orders = [ship_order(world, &first).await, ship_order(world, &second).await];
    let warehouse = warehouse(world, CONTROLS);
    // Two interchanges in one file, two sets in each.
    let mut file = ok(warehouse.acknowledge(&orders, &[], 3001));
    let shipments = [Shipping::whole(&orders[1], "E2E-EDI-S2"), Shipping::whole(&orders[0], "E2E-EDI-S1")];
    file.extend(ok(warehouse.advise(&shipments, 3002)));
    ok(world.drop(ACME, "from another tool.edi", &file).await);
    for id in [&first, &second] {
        let shipped = |release: &canonical::Release| {
            release.state() == ReleaseState::Shipped
                && release.facts.technical.as_ref().is_some_and(|verdict| verdict.accepted)
        };
        until(world, id, "acknowledged and shipped", shipped).await;
        told(world, ERP, "shipment.confirmed.v1", id).await;
    }
    let answers = answers(world, 3002).await;
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(answers[0].outcome, "A");
    assert_eq!(answers[0].sets.len(), 2);
}

pub(crate) async fn a_refusal_by_997_is_of_its_order_alone(world: &World) {
    let good = placed(world, "E2E-997-A", "TX", 10).await;
    let bad = placed(world, "E2E-997-R", "TX", 20).await;
    let orders = [ship_order(world, &good).await, ship_order(world, &bad).await];
    let file = ok(warehouse(world, *b"^<\n").acknowledge(&orders, &["E2E-997-R"], 3011));
    ok(world.drop(ACME, "997-3011.edi", &file).await);
    until_state(world, &good, ReleaseState::TechAcked).await;
    let rejected = until_state(world, &bad, ReleaseState::TechRejected).await;
    let verdict = rejected.facts.technical.clone().unwrap();
    assert!(verdict.notes.iter().any(|note| note.contains("W05")), "the 997's words are kept: {verdict:?}");
    told(world, ERP, "order.release.technically_rejected.v1", &bad).await;
}

pub(crate) async fn a_945_before_its_997_is_taken(world: &World) {
    let id = placed(world, "E2E-EARLY", "TX", 10).await;
    let order = ship_order(world, &id).await;
    let warehouse = warehouse(world, *b"|:'");
    let file = ok(warehouse.advise(&[Shipping::whole(&order, "E2E-EARLY-1")], 3021));
    ok(world.drop(ACME, "945-3021.edi", &file).await);
    let shipped = until_state(world, &id, ReleaseState::Shipped).await;
    let inferred = shipped.history.last().unwrap();
    assert!(inferred.detail.contains("inferred"), "{inferred:?}");
    let file = ok(warehouse.acknowledge(std::slice::from_ref(&order), &[], 3022));
    ok(world.drop(ACME, "997-3022.edi", &file).await);
    let acknowledged = until(world, &id, "acknowledged", |release| release.facts.technical.is_some()).await;
    assert_eq!(acknowledged.state(), ReleaseState::Shipped, "what left has left");
}

pub(crate) async fn the_same_file_under_another_name_changes_nothing(world: &World) {
    let id: ReleaseId = placed(world, "E2E-TWICE", "TX", 10).await;
    let order = ship_order(world, &id).await;
    let file = ok(warehouse(world, *b"|:'").advise(&[Shipping::whole(&order, "E2E-TWICE-1")], 3031));
    ok(world.drop(ACME, "945-3031.edi", &file).await);
    let shipped = until_state(world, &id, ReleaseState::Shipped).await;
    assert_eq!(answers(world, 3031).await.len(), 1);
    ok(world.drop(ACME, "945-3031 (copy).edi", &file).await);
    // The same shipment in a new file, as a partner sends it again after a mistake of its own.
    let again = ok(warehouse(world, *b"|:'").advise(&[Shipping::whole(&order, "E2E-TWICE-1")], 3032));
    ok(world.drop(ACME, "945-3032.edi", &again).await);
    assert_eq!(answers(world, 3032).await.len(), 1, "a new file has its own 997");
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(answers(world, 3031).await.len(), 1, "the copy has none");
    let release = ok(world.find(&id).await);
    assert_eq!((release.history.len(), &release.facts), (shipped.history.len(), &shipped.facts));
    assert_eq!(told(world, ERP, "shipment.confirmed.v1", &id).await.len(), 1);
}
