//! The scenarios of the catalogue: told for people, and checked.

mod redeliver;
pub mod s1;
mod s13;
mod s14;
mod s15;
mod s19;
pub mod s2;
mod s4;
mod s6;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use canonical::{Release, ReleaseId};
use serde::Serialize;
use serde_json::{Value, json};

use crate::ledger::answer_to;
use crate::warehouse::{Acknowledged, ShipOrder};
use crate::{Error, Story, World, place};

pub use redeliver::redeliver;

/// Longest wait for one step of a story. A message that a killed function held comes back after 30 s, a delivery after
/// 120 s; the machine may be busy besides.
pub const STEP_MAX: Duration = Duration::from_mins(4);

const ERP: &str = "northwind-erp";
const TMS: &str = "summit-tms";
/// The 3PL that speaks REST.
const BOLT: &str = "bolt-3pl";
/// The 3PL that speaks X12.
const ACME: &str = "acme-3pl";

/// A route that the sample profiles lack, as text of `house.toml`.
pub const CALIFORNIA_BY_BOLT: &str = r#"
[[routes]]
name = "california-by-bolt"
when = { region = ["CA"] }
warehouse = "NJ1"
partner = "bolt-3pl"
"#;

/// A day by which an order of one line must leave, where the day does not matter.
const SHIP_BY: &str = "2026-12-04";

/// Longest wait for what is still under way at the end of a scenario; what a killed function held comes back after 120 s.
const QUIET_MAX: Duration = Duration::from_mins(5);

/// A scenario of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Scenario {
    /// A sales order to a 3PL over REST; functions are killed and everything is delivered again.
    #[value(name = "S1", alias = "s1")]
    S1,
    /// The same over X12: forty orders, and one bad transaction set in the 945 file.
    #[value(name = "S2", alias = "s2")]
    S2,
    /// Two part shipments in both orders, each file with a copy under new numbers: 100 shipped, invoices for 60 and 40.
    #[value(name = "S4", alias = "s4")]
    S4,
    /// A cancel before work starts, and one that meets the ship confirm, which wins in both orders of arrival.
    #[value(name = "S6", alias = "s6")]
    S6,
    /// A 3PL that is out: releases are held and told so, and follow by ship-by date when it is back, none twice.
    #[value(name = "S13", alias = "s13")]
    S13,
    /// A file that comes again in four ways, with four dispositions.
    #[value(name = "S14", alias = "s14")]
    S14,
    /// Bad files: each costs the smallest thing that holds what is wrong, and a person finds it with its place.
    #[value(name = "S15", alias = "s15")]
    S15,
    /// Dead letters of a missing route, and true poison among them: what can be done is done once after the redrive.
    #[value(name = "S19", alias = "s19")]
    S19,
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// One thing that a scenario checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What must be so.
    pub name: &'static str,
    /// Whether it is.
    pub passed: bool,
    /// What was found.
    pub detail: String,
}

/// What a scenario came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// What was checked.
    pub checks: Vec<Check>,
}

impl Report {
    /// Adds a check.
    pub fn check(&mut self, name: &'static str, passed: bool, detail: impl Into<String>) {
        let detail = detail.into();
        self.checks.push(Check { name, passed, detail });
    }

    /// Adds a check that two things are the same.
    pub fn same<T: PartialEq + fmt::Debug>(&mut self, name: &'static str, found: &T, expected: &T) {
        let detail =
            if found == expected { format!("{found:?}") } else { format!("found {found:?}, expected {expected:?}") };
        self.check(name, found == expected, detail);
    }

    /// Whether everything is as it must be.
    pub fn passed(&self) -> bool {
        !self.checks.is_empty() && self.checks.iter().all(|check| check.passed)
    }
}

/// Plays a scenario with its check.
pub async fn play(world: &World, story: &Story<'_>, scenario: Scenario) -> Result<Report, Error> {
    match scenario {
        Scenario::S1 => s1::check(world, story).await,
        Scenario::S2 => s2::check(world, story).await,
        Scenario::S4 => s4::check(world, story).await,
        Scenario::S6 => s6::check(world, story).await,
        Scenario::S13 => s13::check(world, story).await,
        Scenario::S14 => s14::check(world, story).await,
        Scenario::S15 => s15::check(world, story).await,
        Scenario::S19 => s19::check(world, story).await,
    }
}

/// The ERP releases an order of one line, that is shipped to `region`: NY goes to the REST 3PL, TX to the EDI 3PL.
async fn release_one(
    world: &World,
    story: &Story<'_>,
    order_no: &str,
    region: &str,
    quantity: u32,
    ship_by: &str,
) -> Result<ReleaseId, Error> {
    let order = json!({
        "order_no": order_no,
        "customer_po": format!("PO-{order_no}"),
        "ship_to": {
            "name": "Hudson Hardware Co.", "address1": "48 Canal Street", "city": "Albany", "region": region,
            "postal_code": "12207", "country": "US",
        },
        "ship_by": ship_by,
        "lines": [{ "line_no": 1, "sku": "DRILL-18V", "quantity": quantity.to_string(), "uom": "EA" }],
    });
    story.sends(ERP, "crossdock", &format!("POST /v1/order-releases, order {order_no}, {quantity} EA to {region}"));
    world.released(&format!("erp-{order_no}-1"), order.to_string().as_bytes()).await
}

/// The EDI 3PL drops a file, of which `what` is said.
async fn put(world: &World, story: &Story<'_>, name: &str, file: &[u8], what: &str) -> Result<(), Error> {
    story.sends(ACME, "crossdock", &format!("{name}: {what}"));
    world.drop(ACME, name, file).await
}

/// The release's 940, when it is in the 3PL's outbox.
async fn ship_order(world: &World, id: &ReleaseId) -> Result<ShipOrder, Error> {
    let look = async || {
        let orders = world.ship_orders(ACME).await?;
        Ok(orders.into_iter().find(|order| order.release_id == id.as_str() && order.purpose == "N"))
    };
    world.until("the 940 in the outbox", STEP_MAX, look).await
}

/// Our 997 for a group that the EDI 3PL sent.
async fn acknowledged(world: &World, story: &Story<'_>, group: u32) -> Result<Acknowledged, Error> {
    let group = group.to_string();
    let look = async || Ok(answer_to(&world.acknowledgments(ACME).await?, &group).cloned());
    let answer = world.until(&format!("our 997 for group {group}"), STEP_MAX, look).await?;
    story.sends("crossdock", ACME, &format!("997 for group {group}: {} in {}", answer.outcome, answer.key));
    Ok(answer)
}

/// Waits until nothing is left to do.
async fn settle(world: &World, story: &Story<'_>, what: &str) -> Result<(), Error> {
    story.waits(what);
    world.until_quiet(QUIET_MAX).await?;
    story.note(what);
    Ok(())
}

/// Waits until a release is as `is_so` asks, telling its history meanwhile.
pub(crate) async fn follow(
    world: &World,
    story: &Story<'_>,
    id: &ReleaseId,
    what: &str,
    is_so: impl Fn(&Release) -> bool,
) -> Result<Release, Error> {
    story.waits(what);
    let what = format!("{what} ({id})");
    world
        .until_release(id, &what, STEP_MAX, |release| {
            story.follow(release);
            is_so(release)
        })
        .await
}

/// Waits until `partner` has taken something of type `what` whose body holds `needle`; gives its body.
pub(crate) async fn received(
    world: &World,
    story: &Story<'_>,
    partner: &str,
    what: &str,
    needle: &str,
) -> Result<Value, Error> {
    story.waits(&format!("{what} at {partner}"));
    let look = async || {
        let entries = world.sandbox.journal().received(partner, needle);
        Ok(entries.into_iter().find(|entry| entry.what == what && entry.is_taken()))
    };
    let entry = world.until(&format!("{what} at {partner}"), STEP_MAX, look).await?;
    story.sends("crossdock", partner, &format!("{what}, signed, as {}", entry.id));
    serde_json::from_str(&entry.body).map_err(Error::json("a webhook of ours"))
}

/// A sample of `events/` with its placeholders filled and other words put in place of the sample's own.
pub(crate) fn sample(name: &str, words: &BTreeMap<&str, String>) -> Result<String, Error> {
    let mut text = place::event(name)?;
    for (word, value) in words {
        text = text.replace(word, value);
    }
    match text.split_once("{{") {
        Some((_, rest)) => {
            let unknown = rest.split("}}").next().unwrap_or_default();
            Err(Error::Unusable(format!("events/{name} has a placeholder that nobody fills: {unknown}")))
        }
        None => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_passes_only_if_something_was_checked_and_all_of_it_holds() {
        let mut report = Report::default();
        assert!(!report.passed());
        report.same("a", &1, &1);
        assert!(report.passed());
        report.same("b", &1, &2);
        assert!(!report.passed());
        assert_eq!(report.checks[1].detail, "found 1, expected 2");
    }

    #[test]
    fn a_placeholder_that_stays_is_named() {
        let error = sample("S1/release-waved.json", &BTreeMap::new()).unwrap_err();
        assert!(error.to_string().contains("release_id"), "{error}");
    }
}
