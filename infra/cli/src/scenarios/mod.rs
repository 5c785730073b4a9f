//! The scenarios of the catalogue: told for people, and checked.

mod redeliver;
pub mod s1;
pub mod s2;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use canonical::{Release, ReleaseId};
use serde::Serialize;
use serde_json::Value;

use crate::{Error, Story, World, place};

pub use redeliver::redeliver;

/// Longest wait for one step of a story. A message that a killed function held comes back after 30 s, a delivery after
/// 120 s; the machine may be busy besides.
pub const STEP_MAX: Duration = Duration::from_mins(4);

/// A scenario of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Scenario {
    /// A sales order to a 3PL over REST; functions are killed and everything is delivered again.
    #[value(name = "S1", alias = "s1")]
    S1,
    /// The same over X12: forty orders, and one bad transaction set in the 945 file.
    #[value(name = "S2", alias = "s2")]
    S2,
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::S1 => "S1",
            Self::S2 => "S2",
        })
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
    }
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
