//! `cargo sim`: the product in memory, with everything going wrong that can.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand};
use serde_json::{Value, json};
use simulation::exhaustive::{self, Depth};
use simulation::random::{Begun, Plan, SHAPES, play};
use simulation::{arrivals, outages, shrink};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Plays the product's own functions in memory and in virtual time, with everything going wrong that can, and holds what
/// came of it against what must be.
#[derive(Debug, Parser)]
#[command(
    name = "cargo sim",
    max_term_width = 100,
    after_help = "Examples:
  cargo sim exhaustive                every single fault and every pair in every flow; triples where goods or money move
  cargo sim exhaustive --faults 1     single faults alone
  cargo sim random --seeds 1000000    drawn schedules of three orders and more; as many threads as cores
  cargo sim random --seeds 1000 --twice    each seed twice: both must come to the same trace
  cargo sim replay --seed 42          one of them, line by line, with its hash
  cargo sim arrivals                  what the partners of two orders do, in every order in which it can arrive
  cargo sim outages                   the table out for three hours, a partner for a day, in figures
  cargo sim defects                   puts each known defect into the product and looks whether it is found

The last line is: schedules=N seeds=N violations=N elapsed_s=N. The exit status is 1 if anything offends."
)]
struct Cli {
    /// Print the result as JSON on stdout, one object, before the last line.
    #[arg(long, global = true)]
    json: bool,
    /// Threads; as many as there are cores if it is left out. The result does not depend on it.
    #[arg(long, global = true, value_name = "N")]
    threads: Option<usize>,
    #[command(subcommand)]
    mode: Mode,
}

#[derive(Debug, Subcommand)]
enum Mode {
    /// Every schedule of so many faults in every flow.
    Exhaustive {
        /// Most faults in one schedule, 1 to 3; three are tried where goods or money move.
        #[arg(long, default_value_t = 3, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=3))]
        faults: u8,
    },
    /// Schedules drawn from seeds.
    Random {
        /// How many.
        #[arg(long, default_value_t = 10_000, value_name = "N")]
        seeds: u64,
        /// The first one.
        #[arg(long, default_value_t = 0, value_name = "N")]
        from: u64,
        /// Play each twice and hold the traces against each other.
        #[arg(long)]
        twice: bool,
    },
    /// One schedule of a seed, line by line.
    Replay {
        /// The seed.
        #[arg(long, value_name = "N")]
        seed: u64,
    },
    /// Every order of arrival.
    Arrivals,
    /// Outages in figures.
    Outages,
    /// Whether each known defect is found.
    Defects {
        /// Only defects whose name holds this.
        #[arg(long, default_value = "", value_name = "TEXT")]
        only: String,
    },
}

/// What a mode came to.
#[derive(Default)]
struct Result {
    schedules: u64,
    seeds: u64,
    violations: u64,
    details: Value,
}

/// Offences after which a mode has seen enough.
const ENOUGH: usize = 20;
/// Lines of a trace that are printed: its end tells what went wrong.
const TRACE_LINES_MAX: usize = 400;
/// Seeds that a thread takes at once: all of one shape, so that the world from which they begin is near at hand.
const SEEDS_AT_ONCE: u64 = 64;
/// Time between two lines of progress.
const PROGRESS: Duration = Duration::from_secs(2);

#[expect(clippy::disallowed_methods, reason = "how long the simulation itself takes")]
fn clock() -> Instant {
    Instant::now()
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let begun = clock();
    let threads = cli.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)).max(1);
    let progress = Progress::begin();
    let result = match cli.mode {
        Mode::Exhaustive { faults } => exhaustive(faults, threads, &progress),
        Mode::Random { seeds, from, twice } => random(from, seeds, twice, threads, &progress),
        Mode::Replay { seed } => replay(seed, cli.json),
        Mode::Arrivals => arrive(threads, &progress),
        Mode::Outages => outage(),
        Mode::Defects { only } => match defects(&only, cli.json, threads, &progress) {
            Ok(result) => result,
            Err(code) => return code,
        },
    };
    if cli.json {
        out(&format!("{:#}", result.details));
    }
    let elapsed = begun.elapsed();
    out(&format!(
        "schedules={} seeds={} violations={} elapsed_s={}.{}",
        result.schedules,
        result.seeds,
        result.violations,
        elapsed.as_secs(),
        elapsed.subsec_millis() / 100
    ));
    if result.violations == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn exhaustive(faults: u8, threads: usize, progress: &Progress) -> Result {
    let depth = Depth { usual: usize::from(faults.min(2)), moves: usize::from(faults) };
    let seen = exhaustive::explore(depth, threads, ENOUGH, &|task, tasks| {
        progress.tell(|| format!("task {task} of {tasks}"));
    });
    for offence in seen.offences.iter().take(1) {
        let how = if offence.overtaken { ", a second worker overtaking the first" } else { "" };
        err(&format!("{}, stage {}, with {:?}{how}:", offence.flow, offence.stage, offence.vector));
        end_of(&offence.trace);
        offence.found.iter().for_each(|line| err(line));
    }
    let offences = seen.offences.iter().map(|offence| {
        let vector: Vec<String> = offence.vector.iter().map(|(call, kind)| format!("{call} {kind:?}")).collect();
        json!({
            "flow": offence.flow, "stage": offence.stage, "faults": vector, "overtaken": offence.overtaken,
            "found": offence.found,
        })
    });
    err(&format!("{} schedules come to {} worlds that are not alike", seen.schedules, seen.played));
    Result {
        schedules: seen.schedules,
        violations: seen.offences.len() as u64,
        details: json!({ "mode": "exhaustive", "schedules": seen.schedules, "offences": offences.collect::<Vec<_>>() }),
        ..Result::default()
    }
}

fn random(from: u64, seeds: u64, twice: bool, threads: usize, progress: &Progress) -> Result {
    let (next, sum, calls, done) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let bad: Mutex<BTreeMap<u64, Vec<String>>> = Mutex::default();
    let offend = |seed: u64, found: Vec<String>| {
        bad.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(seed, found);
    };
    let count = || bad.lock().unwrap_or_else(std::sync::PoisonError::into_inner).len();
    let work = || {
        let mut begun = Begun::default();
        loop {
            let share = next.fetch_add(1, Ordering::Relaxed);
            let first = share / SHAPES * SHAPES * SEEDS_AT_ONCE + share % SHAPES;
            if first - share % SHAPES >= seeds || count() >= ENOUGH {
                break;
            }
            let own = (0..SEEDS_AT_ONCE).map(|at| first + at * SHAPES).filter(|number| *number < seeds);
            for seed in own.map(|number| from + number) {
                let plan = Plan::of(seed);
                let played = play(&plan, &mut begun, false);
                let hash = played.world.trace_hash();
                done.fetch_add(1, Ordering::Relaxed);
                sum.fetch_xor(hash.rotate_left((seed % 64) as u32), Ordering::Relaxed);
                calls.fetch_add(played.world.calls(), Ordering::Relaxed);
                if !played.found.is_empty() {
                    offend(seed, played.found);
                } else if twice && play(&plan, &mut Begun::default(), true).world.trace_hash() != hash {
                    offend(seed, vec!["played twice it comes to two traces".to_owned()]);
                }
            }
            progress.tell(|| format!("{} of {seeds} seeds", done.load(Ordering::Relaxed)));
        }
    };
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    let bad = bad.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(seed) = bad.keys().next() {
        let (plan, played) = shrink::shrink(&Plan::of(*seed));
        err(&format!("seed {seed} made as small as it fails: {plan:#?}"));
        end_of(&played.world.trace());
        played.found.iter().for_each(|line| err(line));
        err(&format!("seed {seed} as it was drawn: cargo sim replay --seed {seed}"));
    }
    let offences: Vec<Value> = bad.iter().map(|(seed, found)| json!({ "seed": seed, "found": found })).collect();
    let played = done.into_inner();
    let sum = format!("{:016x}", sum.into_inner());
    err(&format!("{} calls of ports in {played} seeds; all their traces: {sum}", calls.load(Ordering::Relaxed)));
    Result {
        seeds: played,
        schedules: played,
        violations: bad.len() as u64,
        details: json!({
            "mode": "random", "seeds": played, "calls": calls.into_inner(), "traces": sum, "offences": offences,
        }),
    }
}

fn replay(seed: u64, json: bool) -> Result {
    let played = play(&Plan::of(seed), &mut Begun::default(), true);
    let hash = format!("{:016x}", played.world.trace_hash());
    if !json {
        out(&format!("{:#?}", Plan::of(seed)));
        played.world.trace().iter().for_each(|line| out(line));
        played.found.iter().for_each(|line| out(&format!("! {line}")));
        out(&format!("hash={hash}"));
    }
    Result {
        schedules: 1,
        seeds: 1,
        violations: u64::from(!played.found.is_empty()),
        details: json!({
            "mode": "replay", "seed": seed, "hash": hash, "found": played.found, "trace": played.world.trace(),
        }),
    }
}

fn arrive(threads: usize, progress: &Progress) -> Result {
    let all = arrivals::explore(threads, &|beginning, beginnings| {
        progress.tell(|| format!("beginning {beginning} of {beginnings}"));
    });
    for (order, found) in all.offences.iter().take(1) {
        err(order);
        for line in found {
            err(line);
        }
    }
    let offences = all.offences.iter().map(|(order, found)| json!({ "order": order, "found": found }));
    Result {
        schedules: all.orders as u64,
        violations: all.offences.len() as u64,
        details: json!({ "mode": "arrivals", "orders": all.orders, "offences": offences.collect::<Vec<_>>() }),
        ..Result::default()
    }
}

fn outage() -> Result {
    let figures = outages::all();
    for figure in &figures {
        err(&format!("{} {}", if figure.holds { "ok  " } else { "FAIL" }, figure.words));
    }
    let details: Vec<Value> =
        figures.iter().map(|figure| json!({ "holds": figure.holds, "figure": figure.words })).collect();
    Result {
        schedules: figures.len() as u64,
        violations: figures.iter().filter(|figure| !figure.holds).count() as u64,
        details: json!({ "mode": "outages", "figures": details }),
        ..Result::default()
    }
}

/// Defects are compiled in only here: what the other modes play has none in it.
#[cfg(not(feature = "defects"))]
fn defects(only: &str, json: bool, threads: usize, _: &Progress) -> std::result::Result<Result, ExitCode> {
    let mut command = std::process::Command::new(env!("CARGO"));
    command.args([
        "run",
        "--quiet",
        "--profile",
        "sim",
        "--package",
        "simulation",
        "--features",
        "defects",
        "--bin",
        "sim",
    ]);
    command.args(["--", "defects", "--only", only, "--threads", &threads.to_string()]);
    command.args(json.then_some("--json")).current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    match command.status() {
        Ok(status) if status.success() => Err(ExitCode::SUCCESS),
        Ok(_) => Err(ExitCode::FAILURE),
        Err(error) => {
            err(&format!("cargo could not be started: {error}"));
            Err(ExitCode::FAILURE)
        }
    }
}

#[cfg(feature = "defects")]
fn defects(only: &str, _: bool, threads: usize, _: &Progress) -> std::result::Result<Result, ExitCode> {
    let caught = simulation::defects::hunt(only, threads, &|one| {
        err(&format!("{} {:<24} {}", if one.holds { "ok  " } else { "FAIL" }, one.name, one.words));
    });
    let rows: Vec<Value> = caught
        .iter()
        .map(|one| json!({ "defect": one.name, "holds": one.holds, "by": one.words, "tries": one.tries }))
        .collect();
    Ok(Result {
        schedules: caught.iter().map(|one| one.schedules).sum(),
        seeds: caught.iter().map(|one| one.seeds).sum(),
        violations: caught.iter().filter(|one| !one.holds).count() as u64,
        details: json!({ "mode": "defects", "defects": rows }),
    })
}

/// Lines of progress, not too many.
struct Progress {
    begun: Instant,
    told: AtomicU64,
}

impl Progress {
    fn begin() -> Self {
        Self { begun: clock(), told: AtomicU64::new(0) }
    }

    fn tell(&self, line: impl FnOnce() -> String) {
        let now = self.begun.elapsed().as_millis().try_into().unwrap_or(u64::MAX);
        let told = self.told.load(Ordering::Relaxed);
        let due = told + u64::try_from(PROGRESS.as_millis()).unwrap_or(u64::MAX) <= now;
        if due && self.told.compare_exchange(told, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            err(&format!("{} s: {}", now / 1000, line()));
        }
    }
}

fn end_of(trace: &[String]) {
    let skipped = trace.len().saturating_sub(TRACE_LINES_MAX);
    if skipped > 0 {
        err(&format!("… {skipped} lines"));
    }
    trace.iter().skip(skipped).for_each(|line| err(line));
}

fn out(line: &str) {
    // If nobody reads, the exit status still tells.
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn err(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
