//! The story of a scenario, told as it happens.

use std::cell::RefCell;
use std::collections::BTreeMap;

use canonical::{Release, ReleaseId};

use crate::{Out, Stopwatch, clock};

/// Width of the elapsed time, characters.
const TIME_WIDTH: usize = 9;

/// Tells a story line by line, each with the time since it began.
#[derive(Debug)]
pub struct Story<'a> {
    out: &'a Out,
    watch: Stopwatch,
    /// How many lines of each release's history were told.
    told: RefCell<BTreeMap<ReleaseId, usize>>,
}

impl<'a> Story<'a> {
    /// A story that begins now.
    pub fn new(out: &'a Out) -> Self {
        Self { out, watch: Stopwatch::start(), told: RefCell::default() }
    }

    /// A headline.
    pub fn title(&self, text: &str) {
        self.out.line(format_args!("\n{text}"));
    }

    /// Somebody sends something to somebody.
    pub fn sends(&self, from: &str, to: &str, what: &str) {
        self.out.line(format_args!("{}  {from} → {to}: {what}", self.time()));
    }

    /// Something happens.
    pub fn note(&self, text: &str) {
        self.out.line(format_args!("{}  {text}", self.time()));
    }

    /// Says what is waited for, for those who watch.
    pub fn waits(&self, text: &str) {
        self.out.waits(text);
    }

    /// Tells what is new in a release's history: state to state, why, and whose move is next.
    pub fn follow(&self, release: &Release) {
        let mut told = self.told.borrow_mut();
        let known = told.entry(release.id.clone()).or_insert(0);
        let new = release.history.iter().skip(*known);
        let last = release.history.len();
        for (position, entry) in new.enumerate() {
            let states =
                if entry.from == entry.to { entry.to.to_string() } else { format!("{} → {}", entry.from, entry.to) };
            let next = release
                .court()
                .filter(|_| *known + position + 1 == last)
                .map(|court| {
                    let partner = court.partner.map(|partner| format!(" {partner}")).unwrap_or_default();
                    format!("   [next: {}{partner} – {}]", court.owner.as_str(), court.next_move)
                })
                .unwrap_or_default();
            let outcome = if entry.outcome == "applied" { String::new() } else { format!(" ({})", entry.outcome) };
            self.out.line(format_args!(
                "{}    {} {states}{outcome}: {}{next}",
                self.time(),
                release.order.order_no,
                entry.detail
            ));
        }
        *known = last;
    }

    fn time(&self) -> String {
        format!("{:>TIME_WIDTH$}", clock::seconds(self.watch.elapsed()))
    }
}
