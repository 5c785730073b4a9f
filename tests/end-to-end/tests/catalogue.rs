//! The scenarios of the catalogue that look at a whole stack, as `crossdock demo --scenario` plays them.

use crossdock::scenarios::{self, Scenario};
use crossdock::{Out, Story, World};

use crate::support::ok;

async fn plays(world: &World, scenario: Scenario) {
    let out = Out::silent();
    let report = ok(scenarios::play(world, &Story::new(&out), scenario).await);
    assert!(report.passed(), "{:#?}", report.checks);
}

pub(crate) async fn s4_two_part_shipments_in_both_orders(world: &World) {
    plays(world, Scenario::S4).await;
}

pub(crate) async fn s6_a_cancel_that_meets_the_truck(world: &World) {
    plays(world, Scenario::S6).await;
}

pub(crate) async fn s14_a_file_that_comes_again_in_four_ways(world: &World) {
    plays(world, Scenario::S14).await;
}

pub(crate) async fn s15_bad_files(world: &World) {
    plays(world, Scenario::S15).await;
}

pub(crate) async fn s13_a_3pl_that_is_out_and_comes_back(world: &World) {
    plays(world, Scenario::S13).await;
}

pub(crate) async fn s19_dead_letters_and_poison(world: &World) {
    plays(world, Scenario::S19).await;
}
