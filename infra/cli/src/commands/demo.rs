//! `crossdock demo`: the stories S1 and S2, or one scenario of the catalogue with its check.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use serde::Serialize;

use crate::args::Demo;
use crate::out::columns;
use crate::scenarios::s1::{self, Script};
use crate::scenarios::{self, Check, Report, Scenario, s2};
use crate::{Counts, Error, Ledger, Out, Setup, Stopwatch, Story, World, clock, timeline};

/// Longest wait for what is still under way at the end of the stories.
const QUIET_MAX: Duration = Duration::from_mins(5);

#[derive(Serialize)]
struct Outcome<'a> {
    #[serde(flatten)]
    counts: &'a Counts,
    #[serde(skip_serializing_if = "Option::is_none")]
    scenario: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    passed: Option<bool>,
    #[serde(skip_serializing_if = "<[Check]>::is_empty")]
    checks: &'a [Check],
}

pub(super) async fn run(options: &Demo, data: Option<&Path>, out: &Out) -> Result<ExitCode, Error> {
    let watch = Stopwatch::start();
    let progress = |text: &str| out.progress(text);
    let functions = options.functions.as_deref();
    let setup = Setup { data_dir: data, port: options.port, functions, progress: &progress, ..Setup::default() };
    let interrupted = ExitCode::from(130);
    let world = tokio::select! {
        world = World::start(setup) => world?,
        () = super::stopped() => return Ok(interrupted),
    };
    let told = tokio::select! {
        told = tell(&world, options.scenario, watch, out) => told,
        () = super::stopped() => {
            out.progress("stopping: saving the state and ending every process");
            world.stop().await?;
            out.progress_done();
            if let Some(data) = data {
                out.line(format_args!("stopped; the same command with --data {} goes on", data.display()));
            }
            return Ok(interrupted);
        }
    };
    out.progress_done();
    // The stack is stopped whatever became of the story.
    if options.keep && told.is_ok() {
        super::up::keep(world, data, out).await?;
    } else {
        let stopped = world.stop().await;
        if told.is_ok() {
            stopped?;
        }
    }
    Ok(if told? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Plays, prints the end, and says whether all is well.
async fn tell(world: &World, scenario: Option<Scenario>, watch: Stopwatch, out: &Out) -> Result<bool, Error> {
    let story = Story::new(out);
    let report = match scenario {
        Some(scenario) => scenarios::play(world, &story, scenario).await.unwrap_or_else(|error| {
            let mut report = Report::default();
            report.check("the scenario plays to its end", false, error.chain());
            report
        }),
        None => stories(world, &story, out).await?,
    };
    out.progress_done();
    let ledger = Ledger::take(world).await?;
    let counts = ledger.counts(u64::try_from(watch.elapsed().as_millis()).unwrap_or(u64::MAX));
    for trouble in ledger.lost().iter().chain(&ledger.double_effects()) {
        out.line(format_args!("! {trouble}"));
    }
    let clean = counts.lost == 0 && counts.double_effects == 0;
    let passed = clean && (scenario.is_none() || report.passed());
    if scenario.is_some() {
        out.line(format_args!("\n{}", checks(&report)));
    }
    out.line(format_args!(
        "\n{} orders, {} facts and deliveries applied, {} repeats absorbed, {}",
        counts.orders,
        counts.applied,
        counts.duplicate,
        clock::seconds(watch.elapsed())
    ));
    out.line(format_args!("{} lost, {} duplicate", counts.lost, counts.double_effects));
    if out.is_json() {
        out.json(&Outcome {
            counts: &counts,
            scenario: scenario.map(|scenario| scenario.to_string()),
            passed: scenario.map(|_| passed),
            checks: &report.checks,
        });
    }
    Ok(passed)
}

/// Both stories, with a table of each order's trace at the end. They check nothing but what is counted.
async fn stories(world: &World, story: &Story<'_>, out: &Out) -> Result<Report, Error> {
    story.title("S1: an order of the ERP goes to a 3PL that speaks REST");
    let first = s1::tell(world, story, &Script::sample(), None).await?.release_id;
    story.title("S2: an order goes to a 3PL that speaks X12 over files");
    let second = s2::tell(world, story).await?;
    story.waits("that nothing is under way any more");
    world.until_quiet(QUIET_MAX).await?;
    out.progress_done();
    let ledger = Ledger::take(world).await?;
    for release in ledger.releases.iter().filter(|release| [&first, &second].contains(&&release.id)) {
        let (shipments, deliveries) = (ledger.shipments_of(release), ledger.deliveries_of(release));
        let names = timeline::event_names(&world.operations, &deliveries).await?;
        let rows = timeline::rows(release, &shipments, &deliveries, &[], &names);
        story.title(&format!("{} {} is {}", release.order.order_no, release.id, release.state()));
        out.line(timeline::table(&rows));
    }
    Ok(Report::default())
}

fn checks(report: &Report) -> String {
    let rows: Vec<[String; 3]> = report
        .checks
        .iter()
        .map(|check| {
            let mark = if check.passed { "passed" } else { "FAILED" };
            [mark.to_owned(), check.name.to_owned(), check.detail.clone()]
        })
        .collect();
    columns(["check", "what must be so", "what was found"], &rows)
}
