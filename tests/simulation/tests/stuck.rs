//! Which orders are stuck, whose court they are in, and what is at stake.

use std::sync::Arc;

use canonical::Digest;
use partners::Bundle;
use serde_json::{Value, json};
use sim::World;

use simulation::cast::{BOLT, ERP, bundle_and, order, world_with};
use simulation::story::{Act, hours, rest, settle, words};

/// The distributor's own operations.
const OPS: &str = "northwind-ops";
/// Another ERP of the distributor's.
const OTHER: &str = "other-erp";

/// Operations and another ERP have profiles, Bolt has a key and a clock, and late orders to New York cost.
fn bundle() -> Arc<Bundle> {
    let key = |partner: &str| format!("api_key_sha256 = [\"{}\"]", Digest::of(sim::api_key(partner).as_bytes()));
    let profile =
        |id: &str, role: &str| format!("id = \"{id}\"\nname = \"{id}\"\nrole = \"{role}\"\n[auth]\n{}", key(id));
    let (ops, other) = (profile(OPS, "ops"), profile(OTHER, "erp"));
    let bolt = format!("[auth]\n{}", key(BOLT));
    let clock = "warehouses = [\"NJ1\"]\n\n[clocks]\nship = \"1d\"\n";
    let stake = "[[stakes]]\nname = \"retail\"\nwhen = { region = [\"NY\"] }\ncurrency = \"USD\"\nper_order = \"50\"\n\
                 per_day = \"12.50\"\n\n[[routes]]\nname = \"texas-by-acme\"";
    bundle_and(
        &[
            ("bolt-3pl.toml", "[auth]", &bolt),
            ("bolt-3pl.toml", "warehouses = [\"NJ1\"]", clock),
            ("house.toml", "[[routes]]\nname = \"texas-by-acme\"", stake),
        ],
        &[("northwind-ops.toml", &ops), ("other-erp.toml", &other)],
    )
}

fn ask(world: &World, partner: &str, query: &str) -> (u16, Value) {
    let answer = world.api(partner, "GET", &format!("/v1/orders/stuck{query}"), Vec::new(), "").expect("an answer");
    (answer.status, serde_json::from_str(&words(&answer)).expect("JSON"))
}

/// The orders of one answer: number, owner.
fn orders(answer: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let orders = answer["orders"].as_array().expect("orders");
    orders.iter().map(|order| (text(&order["order_no"]), text(&order["owner"]))).collect()
}

/// Orders in four courts, and one of another ERP; a minute lies between each and the next.
fn waiting() -> World {
    let world = world_with(bundle());
    let held = order("SO-4", "NY", &[("DRILL", 1)])
        .replace("\"lines\"", "\"holds\":[{\"reason\":\"credit\",\"detail\":\"new\"}],\"lines\"");
    for (order_no, body) in [
        ("SO-1", order("SO-1", "NY", &[("DRILL", 1)])),
        ("SO-2", order("SO-2", "TX", &[("BOLT", 1)])),
        ("SO-3", order("SO-3", "ZZ", &[("DRILL", 1)])),
        ("SO-4", held),
    ] {
        Act::release(order_no, body).perform(&world);
        assert_eq!(world.run_for(jiff::SignedDuration::from_mins(1)), Ok(()));
    }
    let other = world.api_post(OTHER, "o", &order("SO-5", "TX", &[("BOLT", 2)])).expect("an answer");
    assert_eq!(other.status, 202);
    assert_eq!(world.run_for(jiff::SignedDuration::from_mins(1)), Ok(()));
    world
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(order, owner)| ((*order).to_owned(), (*owner).to_owned())).collect()
}

#[test]
fn operations_see_what_waits_for_whom_and_an_erp_its_own() {
    let world = waiting();
    let (status, all) = ask(&world, OPS, "");
    assert_eq!(status, 200, "{all}");
    let own = owned(&[("SO-1", "3pl"), ("SO-2", "3pl"), ("SO-3", "ops"), ("SO-4", "erp")]);
    assert_eq!(orders(&all), [own.clone(), owned(&[("SO-5", "3pl")])].concat(), "the longest waiting first");
    assert_eq!(all["next"], Value::Null);
    assert_eq!(orders(&ask(&world, ERP, "").1), own);
    assert_eq!(orders(&ask(&world, OTHER, "").1), owned(&[("SO-5", "3pl")]));
    let held = &all["orders"][3];
    assert_eq!((&held["held"], &held["next_move"]), (&json!("new"), &json!("clear the credit and lift the hold")));
    assert!(all["orders"][2]["held"].as_str().is_some_and(|why| why.starts_with("no-route")), "{all}");
    let (status, refused) = ask(&world, BOLT, "");
    assert_eq!((status, &refused["code"]), (403, &json!("not-permitted")));
    let (status, refused) = ask(&world, OPS, "?limit=0&older=1");
    assert_eq!((status, refused["errors"].as_array().map(Vec::len)), (422, Some(2)), "{refused}");
    // Those that have waited for longer than two minutes and a half.
    let older = ask(&world, OPS, "?older_than_s=150").1;
    assert_eq!(orders(&older), own[..3]);
}

#[test]
fn page_by_page_everything_comes_once_whatever_its_court_and_moment() {
    let world = waiting();
    // Many at one moment.
    for at in 10..40 {
        Act::release(&at.to_string(), order(&format!("SO-{at}"), "ZZ", &[("DRILL", 1)])).perform(&world);
    }
    rest(&world);
    let whole = orders(&ask(&world, OPS, "?limit=200").1);
    assert_eq!(whole.len(), 35);
    for limit in [1, 2, 7, 35] {
        let (mut found, mut query) = (Vec::new(), format!("?limit={limit}"));
        loop {
            let (status, page) = ask(&world, OPS, &query);
            assert_eq!(status, 200, "{page}");
            assert!(orders(&page).len() <= limit);
            found.extend(orders(&page));
            let Some(next) = page["next"].as_str() else { break };
            query = format!("?limit={limit}&cursor={next}");
        }
        assert_eq!(found, whole, "limit {limit}");
    }
    // What ends is not stuck.
    let gone = world.fork();
    Act::Cancel { release_id: simulation::cast::release_id("SO-10").to_string() }.perform(&gone);
    settle(&gone);
    assert_eq!(orders(&ask(&gone, OPS, "?limit=200").1).len(), 34);
}

#[test]
fn what_is_late_says_so_and_what_it_costs_by_the_day() {
    let world = waiting();
    let stake = |world: &World, at: usize| ask(world, OPS, "").1["orders"][at]["at_stake"]["amount"].clone();
    let first = ask(&world, OPS, "").1["orders"][0].clone();
    assert_eq!((&first["overdue"], &first["at_stake"]["rule"]), (&json!([]), &json!("retail")));
    assert!(first["next_due"].is_string(), "{first}");
    assert_eq!(stake(&world, 0), json!("62.5"), "what its first day late would cost");
    assert_eq!(stake(&world, 1), Value::Null, "no rule fits Texas");
    assert_eq!(stake(&world, 3), Value::Null, "nobody is to ship it yet");
    assert_eq!(world.run_for(hours(24)), Ok(()));
    assert_eq!(world.run_for(jiff::SignedDuration::from_mins(2)), Ok(()));
    let late = ask(&world, OPS, "").1["orders"][0].clone();
    assert_eq!((&late["overdue"], &late["at_stake"]["amount"]), (&json!(["ship"]), &json!("62.5")));
    assert_eq!(world.run_for(hours(24)), Ok(()));
    assert_eq!(stake(&world, 0), json!("75"), "a second day has begun");
}
