//! No line of the log holds a secret, or who lives where (I11), whatever goes wrong.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::rc::Rc;
use std::sync::{Arc, Mutex, OnceLock};

use sim::{Faults, Kind};
use simulation::cast::{ERP, world};
use simulation::story::{Pace, STORIES, play};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::NoSubscriber;
use tracing::{Dispatch, Event, Metadata, Subscriber};

/// Keeps every line.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    /// Does something, and keeps every line that it logs.
    ///
    /// As long as there was but one reader of lines in the whole process, tracing asks the thread that meets a line first
    /// whether anybody reads it, and remembers the answer for all: a test beside this one would say no. There is a second
    /// reader, which reads nothing, so that all are asked.
    pub(crate) fn of<R>(&self, play: impl FnOnce() -> R) -> R {
        static OTHER: OnceLock<Dispatch> = OnceLock::new();
        OTHER.get_or_init(|| Dispatch::new(NoSubscriber::new()));
        tracing::subscriber::with_default(self.clone(), play)
    }

    /// The lines so far.
    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().expect("one thread").clone()
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0, " {field}={value:?}").expect("a String takes everything");
    }
}

impl Subscriber for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        self.0.lock().expect("one thread").push(line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn no_line_of_the_log_holds_a_secret_or_an_address() {
    let lines = Lines::default();
    let key = sim::api_key(ERP);
    let secrets: Vec<String> = ["bolt-3pl", "summit-tms", ERP]
        .into_iter()
        .flat_map(|who| ["webhook-in", "webhook-out"].map(|name| sim::secret(who, name)))
        .collect();
    let faults = Rc::new(RefCell::new(0));
    lines.of(|| {
        for story in STORIES {
            for every in [7, 11] {
                let world = world();
                let failing = (1..400).filter(|call| call % every == 0);
                let kinds = Kind::BASIC.into_iter().cycle();
                world.set_faults(failing.zip(kinds).fold(Faults::none(), |all, (call, kind)| all.with(call, kind)));
                play(&world, &story, Pace::Settled);
                *faults.borrow_mut() += world.fired().len();
            }
        }
    });
    let lines = lines.0.lock().expect("one thread");
    assert!(lines.len() > 200 && *faults.borrow() > 50, "{} lines, {} faults", lines.len(), faults.borrow());
    assert!(
        lines.iter().any(|line| line.contains("step failed"))
            && lines.iter().any(|line| line.contains("message handled"))
    );
    for line in lines.iter() {
        for private in ["Corner Shop", "Main Street", "Springfield", "10001", key.as_str()] {
            assert!(!line.contains(private), "{private} in {line}");
        }
        assert!(secrets.iter().all(|secret| !line.contains(secret.trim_start_matches("whsec_"))), "a secret in {line}");
    }
}
