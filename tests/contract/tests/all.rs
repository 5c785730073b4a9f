//! What the code expects of AWS, each expectation once, held against the simulator and the local stack; with
//! `CROSSDOCK_CONTRACT=aws` against an account instead.
//!
//! In the simulator every statement must hold. What does not hold on the local stack is a row of
//! `docs/emulator-deviations.md`: one that is not there, and one that went away, fails the run. `CROSSDOCK_BLESS=1`
//! writes the rows anew.

#![expect(clippy::disallowed_methods, reason = "how long a statement takes, and what the run is asked for")]

mod cloud;
mod plan;
mod report;
mod service;
mod simulated;
mod statements;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use end_to_end::{Asked, Results, Test};
use futures::StreamExt as _;

use crate::cloud::{Held, Unmet};
use crate::plan::Run;
use crate::report::Deviation;
use crate::service::{NAME, Place, Service};
use crate::simulated::Simulated;
use crate::statements::{Needs, Statement};

/// Longest run. It takes two minutes on two idle cores; whatever hangs must end in a failure that says so.
const RUN_MAX: Duration = Duration::from_mins(15);
/// Longest statement on a service. A message is kept for a minute at least, and one statement waits for that.
const STATEMENT_MAX: Duration = Duration::from_mins(5);
/// Statements at once: they mostly wait, and the emulator is one thread.
const AT_ONCE: usize = 12;

fn main() -> ExitCode {
    std::thread::spawn(|| {
        std::thread::sleep(RUN_MAX);
        let why = format!("the contract suite is not over after {} minutes", RUN_MAX.as_secs() / 60);
        let _ = writeln!(std::io::stderr(), "{why}: what has no result above hangs");
        // The stack ends itself when its parent is gone.
        std::process::exit(1);
    });
    let statements = statements::all();
    let needs = |needs| statements.iter().filter(move |statement| statement.needs == needs);
    let template = service::template(&needs(Needs::Feed).map(|statement| statement.id).collect::<Vec<_>>());
    let plan = plan::plan(NAME, &template, statements.len(), 2 * needs(Needs::Queues).count());
    let variable = |name| std::env::var(name).ok();
    let decided = plan::decide(variable(plan::WHERE).as_deref(), variable(plan::CONFIRM).as_deref(), &plan);
    if let Run::Tell(what) = decided {
        let _ = write!(std::io::stderr(), "{what}");
        return ExitCode::FAILURE;
    }
    let asked = Asked::read(std::env::args().skip(1));
    let mut results = Results::new(Asked::read(std::env::args().skip(1)));
    let place = if decided == Run::Account { "aws" } else { "local" };
    if !results.wants_any(&names(&statements, place)) {
        return if results.finish() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return ExitCode::FAILURE;
    };
    let passed = runtime.block_on(async {
        let run = async {
            if decided == Run::Account {
                let _ = write!(std::io::stderr(), "{plan}");
                in_account(&mut results, &asked, &statements, &template).await;
            } else {
                in_simulator(&mut results, &asked, &statements);
                on_local_stack(&mut results, &asked, &statements, &template).await;
            }
        };
        // Dropping the run ends every process that it started.
        let ended = tokio::select! {
            () = run => true,
            _ = tokio::signal::ctrl_c() => false,
        };
        results.finish() && ended
    });
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Every name that can be asked for, as the harness wants them.
fn names(statements: &[&Statement], place: &str) -> Vec<Test<()>> {
    let named = |name: String| Test::<()> { name: name.leak(), run: |()| Box::pin(async {}) };
    let places = if place == "aws" { vec![place] } else { vec!["simulator", place] };
    let each = |place: &str| -> Vec<_> {
        statements.iter().map(|statement| named(format!("{place}::{}", statement.id))).collect()
    };
    places.into_iter().flat_map(each).collect()
}

/// The simulator holds all.
fn in_simulator(results: &mut Results, asked: &Asked, statements: &[&Statement]) {
    for statement in statements {
        let name = format!("simulator::{}", statement.id);
        if asked.wants(&name) {
            let started = Instant::now();
            let held = Simulated::new(statement.id)
                .map_err(Unmet::Unseen)
                .and_then(|world| Simulated::run((statement.simulated)(&world)));
            results.note(&name, started.elapsed(), held.map_err(|unmet| explained(statement, &unmet)));
        }
    }
}

fn explained(statement: &Statement, unmet: &Unmet) -> String {
    format!("{}: {}.\nBut: {unmet}.", statement.area, statement.words)
}

/// Deviations are those that the document names, and no others.
async fn on_local_stack(results: &mut Results, asked: &Asked, statements: &[&Statement], template: &str) {
    let wanted: Vec<&Statement> =
        statements.iter().copied().filter(|one| asked.wants(&format!("local::{}", one.id))).collect();
    if wanted.is_empty() {
        return;
    }
    let started = Instant::now();
    let stack = match local::Stack::bare(local::Options::default()).await {
        Ok(stack) => stack,
        Err(error) => return results.note("the local stack starts", started.elapsed(), Err(error.to_string())),
    };
    let emulator = emulator(&stack.endpoint).await;
    let place = Place {
        endpoint: Some(stack.endpoint.clone()),
        region: Some(stack.region.to_owned()),
        credentials: Some((stack.access_key.to_owned(), stack.secret_key.to_owned())),
    };
    let held = match Service::set_up(place, "local", template).await {
        Ok(service) => {
            let held = hold(&service, &wanted).await;
            // It goes with the emulator anyway, but in an account it would not.
            note_removal(results, &service).await;
            held
        }
        Err(why) => {
            let log = std::fs::read_to_string(stack.data_dir.join("emulator.log")).unwrap_or_default();
            let tail: Vec<&str> = log.lines().rev().take(20).collect();
            let tail: Vec<&str> = tail.into_iter().rev().collect();
            results.note("the stack is made", started.elapsed(), Err(format!("{why}\n{}", tail.join("\n"))));
            BTreeMap::new()
        }
    };
    // What it holds is thrown away: whether it could save it matters to nobody.
    drop(stack.stop().await);
    if held.len() < wanted.len() {
        return;
    }

    let document = document();
    let written = std::fs::read_to_string(&document).unwrap_or_default();
    let section = report::section_of(&written).unwrap_or_default();
    let bless = std::env::var_os("CROSSDOCK_BLESS").is_some();
    let mut deviations = Vec::new();
    for statement in &wanted {
        let Some((took, held)) = held.get(statement.id) else { continue };
        let expected = report::expected(section, statement.id);
        let verdict = match (held, expected) {
            (Err(Unmet::Unseen(_)), _) => Err("it could not be looked at".to_owned()),
            _ if bless => Ok(()),
            (Ok(()), Some(_)) => Err("the document says that it does not hold; it does".to_owned()),
            (Err(Unmet::Deviates(seen)), Some(expected)) if seen.replace('|', "\\|") == expected => Ok(()),
            (Err(_), Some(expected)) => Err(format!("the document says that {expected}")),
            (Err(_), None) => Err("the document does not say so".to_owned()),
            (Ok(()), None) => Ok(()),
        };
        let why = |why: String| match held {
            Ok(()) => why,
            Err(unmet) => format!("{}\n{why}.", explained(statement, unmet)),
        };
        results.note(&format!("local::{}", statement.id), *took, verdict.map_err(why));
        if let Err(Unmet::Deviates(seen)) = held {
            deviations.push(Deviation { statement, seen: seen.clone() });
        }
    }
    let nameless = deviations.iter().find(|deviation| deviation.statement.follows.is_empty());
    if let Some(Deviation { statement, .. }) = nameless {
        let why = format!("{} deviates: say in its statement what follows for us", statement.id);
        results.note("deviations say what follows", Duration::ZERO, Err(why));
    }
    if wanted.len() == statements.len() {
        let found = report::section(&emulator, statements, &deviations);
        let _ = writeln!(std::io::stdout(), "\n{found}\n");
        let same = if bless { bless_document(&document, &written, &found) } else { same(section, &found) };
        results.note("docs/emulator-deviations.md is what was found", started.elapsed(), same);
    }
}

fn same(section: &str, found: &str) -> Result<(), String> {
    if section == found {
        return Ok(());
    }
    Err("the document is another: see what was found above; CROSSDOCK_BLESS=1 writes it".to_owned())
}

fn bless_document(document: &Path, written: &str, found: &str) -> Result<(), String> {
    let section = report::section_of(written).ok_or("the document has no generated part")?;
    std::fs::write(document, written.replace(section, found)).map_err(|error| error.to_string())
}

fn document() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/emulator-deviations.md")
}

/// The emulator's name and version, as it says itself.
async fn emulator(endpoint: &str) -> String {
    let health = async {
        let reply = aws::Http::new()?.send("GET", &format!("{endpoint}/_ministack/health"), &[], b"").await?;
        Ok::<_, ports::Fault>(serde_json::from_slice::<serde_json::Value>(&reply.body).unwrap_or_default())
    };
    let version = health.await.ok().and_then(|health| Some(health.get("version")?.as_str()?.to_owned()));
    format!("MiniStack {}", version.unwrap_or_else(|| "of unknown version".to_owned()))
}

/// In an account nothing may deviate.
async fn in_account(results: &mut Results, asked: &Asked, statements: &[&Statement], template: &str) {
    let wanted: Vec<&Statement> =
        statements.iter().copied().filter(|one| asked.wants(&format!("aws::{}", one.id))).collect();
    let started = Instant::now();
    let run = jiff::Timestamp::now().as_second().to_string();
    let service = match Service::set_up(Place::default(), &run, template).await {
        Ok(service) => service,
        Err(why) => return results.note("the stack is made", started.elapsed(), Err(why.to_string())),
    };
    let held = hold(&service, &wanted).await;
    for statement in &wanted {
        if let Some((took, held)) = held.get(statement.id) {
            let verdict = held.as_ref().map(drop).map_err(|unmet| explained(statement, unmet));
            results.note(&format!("aws::{}", statement.id), *took, verdict);
        }
    }
    note_removal(results, &service).await;
}

async fn note_removal(results: &mut Results, service: &Service) {
    let started = Instant::now();
    let removed = service.take_down().await.map_err(|why| why.to_string());
    results.note("everything is removed", started.elapsed(), removed);
}

/// Holds each statement against the services.
async fn hold<'a>(service: &Service, statements: &[&'a Statement]) -> BTreeMap<&'a str, (Duration, Held)> {
    let one = |statement: &'a Statement| async move {
        let started = Instant::now();
        let own = service.with(statement.id);
        let held = tokio::time::timeout(STATEMENT_MAX, (statement.service)(&own)).await;
        let late = || Err(Unmet::Unseen(format!("it is not over after {} s", STATEMENT_MAX.as_secs())));
        (statement.id, (started.elapsed(), held.unwrap_or_else(|_| late())))
    };
    // The longest first: it waits for a minute.
    let mut order = statements.to_vec();
    order.sort_by_key(|statement| statement.id != "sqs-retention");
    futures::stream::iter(order.into_iter().map(one)).buffer_unordered(AT_ONCE).collect().await
}
