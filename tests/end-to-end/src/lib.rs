//! A harness for tests that share a running stack: named async tests, run side by side on one thread, each with its
//! panic to itself. It is called and tells its results as the standard one does.

use std::future::Future;
use std::io::Write as _;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::time::{Duration, Instant};

use futures::FutureExt as _;

/// A test of a world `W`.
pub struct Test<W: 'static> {
    /// Its name.
    pub name: &'static str,
    /// What it does; it fails by panicking.
    pub run: for<'w> fn(&'w W) -> Pin<Box<dyn Future<Output = ()> + 'w>>,
}

impl<W> std::fmt::Debug for Test<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Test").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Makes a [`Test`] of an async function over a reference to a world.
#[macro_export]
macro_rules! test {
    ($run:path) => {
        $crate::Test { name: stringify!($run), run: |world| Box::pin($run(world)) }
    };
}

/// What was asked on the command line.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Texts of which a test's name must hold one; none for all tests.
    filters: Vec<String>,
    /// The name must be one of the filters.
    exact: bool,
    /// Names are printed and nothing is run.
    list: bool,
}

impl Asked {
    /// Reads the arguments after the program's name. Options of the standard harness that mean nothing here are passed
    /// over.
    pub fn read(arguments: impl IntoIterator<Item = String>) -> Self {
        let mut asked = Self::default();
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--exact" => asked.exact = true,
                "--list" => asked.list = true,
                "--test-threads" | "--format" | "--color" | "--skip" | "--logfile" | "-Z" => {
                    arguments.next();
                }
                option if option.starts_with('-') => {}
                filter => asked.filters.push(filter.to_owned()),
            }
        }
        asked
    }

    /// Whether the test `name` is asked for.
    pub fn wants(&self, name: &str) -> bool {
        let fits = |filter: &String| if self.exact { filter == name } else { name.contains(filter.as_str()) };
        self.filters.is_empty() || self.filters.iter().any(fits)
    }
}

/// Results so far.
#[derive(Debug)]
pub struct Results {
    asked: Asked,
    started: Instant,
    passed: usize,
    failed: Vec<(String, String)>,
    filtered: usize,
    /// Whether nothing is printed: the harness's own tests must not be taken for results.
    quiet: bool,
}

impl Results {
    /// None yet.
    pub fn new(asked: Asked) -> Self {
        let started = now();
        Self { asked, started, passed: 0, failed: Vec::new(), filtered: 0, quiet: false }
    }

    fn say(&self, line: &str) {
        if !self.quiet {
            // If nobody reads, the exit status still tells.
            let _ = writeln!(std::io::stdout(), "{line}");
        }
    }

    /// Whether any of `tests` is asked for and to be run. Those that are not are counted as filtered out.
    pub fn wants_any<W>(&mut self, tests: &[Test<W>]) -> bool {
        let wanted = tests.iter().filter(|test| self.asked.wants(test.name)).count();
        if self.asked.list {
            for test in tests.iter().filter(|test| self.asked.wants(test.name)) {
                self.say(&format!("{}: test", test.name));
            }
            return false;
        }
        if wanted == 0 {
            self.filtered += tests.len();
        }
        wanted > 0
    }

    /// Runs those of `tests` that are asked for, side by side.
    pub async fn run<W>(&mut self, world: &W, tests: &[Test<W>]) {
        let wanted: Vec<&Test<W>> = tests.iter().filter(|test| self.asked.wants(test.name)).collect();
        self.filtered += tests.len() - wanted.len();
        let runs = wanted.into_iter().map(|test| async move {
            let started = now();
            // A test's panic is its own; what it leaves behind in the world is under numbers of its own.
            let ended = AssertUnwindSafe((test.run)(world)).catch_unwind().await;
            (test.name, started.elapsed(), ended.map_err(|panic| words(panic.as_ref())))
        });
        let mut running: futures::stream::FuturesUnordered<_> = runs.collect();
        while let Some((name, took, ended)) = futures::StreamExt::next(&mut running).await {
            self.note(name, took, ended);
        }
    }

    /// Notes a result that did not come of a test of a world, such as that of starting one.
    pub fn note(&mut self, name: &str, took: Duration, ended: Result<(), String>) {
        let verdict = if ended.is_ok() { "ok" } else { "FAILED" };
        self.say(&format!("test {name} ... {verdict} ({} ms)", took.as_millis()));
        match ended {
            Ok(()) => self.passed += 1,
            Err(why) => self.failed.push((name.to_owned(), why)),
        }
    }

    /// Takes over what was noted elsewhere.
    pub fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed.extend(other.failed);
        self.filtered += other.filtered;
    }

    /// Prints the end as the standard harness does; whether all is well.
    pub fn finish(self) -> bool {
        if self.asked.list {
            return true;
        }
        if !self.failed.is_empty() {
            self.say("\nfailures:\n");
            for (name, why) in &self.failed {
                self.say(&format!("---- {name} ----\n{why}\n"));
            }
        }
        let verdict = if self.failed.is_empty() { "ok" } else { "FAILED" };
        self.say(&format!(
            "\ntest result: {verdict}. {} passed; {} failed; 0 ignored; 0 measured; {} filtered out; finished in {}.{:02}s\n",
            self.passed,
            self.failed.len(),
            self.filtered,
            self.started.elapsed().as_secs(),
            self.started.elapsed().subsec_millis() / 10
        ));
        self.failed.is_empty()
    }
}

#[expect(clippy::disallowed_methods, reason = "how long a test takes is no business of any step")]
fn now() -> Instant {
    Instant::now()
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or(panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without words").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn passes(_: &u32) {}

    async fn fails(world: &u32) {
        assert_eq!(*world, 8, "the world is another");
    }

    fn asked(arguments: &[&str]) -> Asked {
        Asked::read(arguments.iter().map(|argument| (*argument).to_owned()))
    }

    #[test]
    fn filters_are_those_of_the_standard_harness() {
        assert!(asked(&[]).wants("anything"));
        assert!(asked(&["--nocapture", "--test-threads", "1", "fan"]).wants("fanout::waits"));
        assert!(!asked(&["fan", "--exact"]).wants("fanout::waits"));
        assert!(asked(&["a", "b", "--exact"]).wants("b"));
    }

    #[tokio::test]
    async fn a_panic_fails_its_own_test_alone() {
        let mut results = Results { quiet: true, ..Results::new(asked(&["passes"])) };
        let tests = [test!(passes), test!(fails)];
        assert!(!results.wants_any::<u32>(&[]));
        assert!(results.wants_any(&tests));
        results.run(&7, &tests).await;
        assert_eq!((results.passed, results.failed.len(), results.filtered), (1, 0, 1));
        let mut results = Results { quiet: true, ..Results::new(asked(&[])) };
        results.run(&7, &tests).await;
        assert_eq!((results.passed, results.failed.len()), (1, 1));
        assert!(results.failed[0].1.contains("the world is another"), "{:?}", results.failed);
        assert!(!results.finish());
    }
}
