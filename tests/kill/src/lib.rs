//! The real functions on the local stack, killed at named points, and the history held against what is promised.
//!
//! Between the functions and all that they call, AWS and partners alike, stands a [`Proxy`]. It names each call, such
//! as `order-apply PutItem RELEASE`, and gives two points for each: **before** the service has the request, and
//! **after** the service has done it and before the function knows. At a planned point it kills the function's process
//! with SIGKILL. The functions have no hook for this; they are the bootstraps that are deployed.
//!
//! [`run`] plays each story once undisturbed, which names the points; then it plays orders while functions die; then it
//! mends nothing but what an operator would (a redrive), waits until all is quiet, and counts what was lost, done twice
//! or left otherwise than undisturbed.

mod call;
mod check;
mod operator;
mod plan;
mod proxy;
mod traffic;
mod witness;

use std::path::Path;
use std::time::Duration;

use crossdock::{Error, Ledger, Setup, Stopwatch, World};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use serde::Serialize;

pub use plan::{Call, Kill, Moment, Point};
use proxy::Proxy;
use traffic::{Played, Traffic};

/// Orders that are played side by side: what two cores and an emulator of one thread bear.
const SIDE_BY_SIDE: usize = 16;

/// Longest time without a kill. What nobody passes for so long is not in the traffic, and the run ends and says so.
const NO_KILL_MAX: Duration = Duration::from_mins(3);

/// How often an operator looks at the dead letters while functions die.
const REDRIVE_EVERY: Duration = Duration::from_secs(5);

/// How often it is looked whether the plan is done.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What is asked of a run.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// How many kills.
    pub kills: usize,
    /// The order of the points follows from it.
    pub seed: u64,
    /// Folders with built functions. `None`: they are built from this workspace, in the dev profile.
    pub functions: Option<&'a Path>,
    /// Where the stack's state and the emulator's log stay. `None`: they go with the run.
    pub data_dir: Option<&'a Path>,
    /// Is told what is being done.
    pub progress: &'a (dyn Fn(&str) + Sync),
}

impl std::fmt::Debug for Asked<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Asked")
            .field("kills", &self.kills)
            .field("seed", &self.seed)
            .field("functions", &self.functions)
            .field("data_dir", &self.data_dir)
            .finish_non_exhaustive()
    }
}

/// What a run came to.
#[derive(Debug, Clone, Serialize)]
pub struct Verdict {
    /// The seed.
    pub seed: u64,
    /// Processes that were killed.
    pub kills: usize,
    /// Points where at least one function died.
    pub points_hit: usize,
    /// Named points, by what an undisturbed run passes.
    pub points: usize,
    /// Points where none died.
    pub not_hit: Vec<Point>,
    /// Replies that were lost besides, with the function alive.
    pub lost_replies: usize,
    /// Orders.
    pub orders: usize,
    /// Events that were written.
    pub events: usize,
    /// Processes that were ended at no named point, so that a new one passes a point.
    pub renewed: usize,
    /// Dead letters that were redriven.
    pub redriven: usize,
    /// What was taken and left no trace, or was to be told and did not arrive.
    pub lost: usize,
    /// What a partner was made to do twice.
    pub doubled: usize,
    /// Everything that must not be, in words: what was lost and doubled, and the rest.
    pub violations: Vec<String>,
    /// How long it took.
    pub elapsed_ms: u64,
    /// The kills, in their order.
    pub history: Vec<Kill>,
}

impl Verdict {
    /// Whether everything is as it is promised.
    pub fn passed(&self) -> bool {
        self.violations.is_empty()
    }

    /// The figures in one line.
    pub fn line(&self) -> String {
        format!(
            "kills={} points={}/{} orders={} lost={} doubled={} violations={} elapsed_s={}",
            self.kills,
            self.points_hit,
            self.points,
            self.orders,
            self.lost,
            self.doubled,
            self.violations.len(),
            self.elapsed_ms / 1000
        )
    }
}

/// Starts a stack, kills, waits, counts, and stops the stack. Nothing stays behind, even if the future is dropped.
///
/// # Errors
///
/// The stack did not start, a story did not get on, or fewer kills than asked were possible; each says which.
pub async fn run(asked: Asked<'_>) -> Result<Verdict, Error> {
    let watch = Stopwatch::start();
    let proxy = Proxy::open().await?;
    let (detour, progress) = (Some(proxy.detour()), asked.progress);
    let setup = Setup { data_dir: asked.data_dir, functions: asked.functions, detour, progress, ..Setup::default() };
    let world = World::start(setup).await?;
    proxy.lead_to(&world);
    let verdict = disturb(&world, &proxy, asked, watch).await;
    // Nobody needs the state; what ends the stack's processes is that it is stopped.
    let _ = world.stop().await;
    verdict
}

async fn disturb(world: &World, proxy: &Proxy, asked: Asked<'_>, watch: Stopwatch) -> Result<Verdict, Error> {
    let progress = asked.progress;
    operator::hasten(world).await?;
    progress("playing each story once, undisturbed: it names the points");
    let traffic = Traffic::new(world);
    futures::future::try_join_all(traffic::Kind::ALL.map(|_| traffic.play_next())).await?;
    operator::until_quiet(world, proxy, progress).await?;
    let calm = traffic.played();

    proxy.plan().begin(asked.kills, asked.seed);
    let killed = play_on(world, &traffic, proxy, asked).await;
    proxy.plan().end();
    let Besides { renewed, redriven } = killed?;
    let redriven = redriven + operator::until_quiet(world, proxy, progress).await?;
    progress("counting");
    let verdict = judge(world, proxy, asked, &calm, &traffic.played()).await?;
    let elapsed_ms = u64::try_from(watch.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(Verdict { renewed, redriven, elapsed_ms, ..verdict })
}

/// What was done besides the kills.
#[derive(Debug, Default)]
struct Besides {
    /// Processes that were ended at no named point.
    renewed: usize,
    /// Dead letters that were moved back.
    redriven: usize,
}

/// Plays orders until all kills were made, and the orders to their end.
async fn play_on(world: &World, traffic: &Traffic<'_>, proxy: &Proxy, asked: Asked<'_>) -> Result<Besides, Error> {
    let mut running = FuturesUnordered::new();
    let (mut kills, mut since, mut looked) = (0, Stopwatch::start(), Stopwatch::start());
    let mut ended = Besides::default();
    loop {
        let done = proxy.plan().history.len();
        if done > kills {
            (kills, since) = (done, Stopwatch::start());
            (asked.progress)(&format!("{kills} of {} kills, {} orders", asked.kills, traffic.begun()));
        }
        let is_done = proxy.plan().is_done();
        if is_done && running.is_empty() {
            return Ok(ended);
        }
        if !is_done && since.elapsed() > NO_KILL_MAX {
            let seconds = NO_KILL_MAX.as_secs();
            let waits = proxy.plan().waits_at().join(", ");
            let what = format!("kill number {} of {} with seed {}, at {waits}", kills + 1, asked.kills, asked.seed);
            return Err(Error::Late { what, seconds });
        }
        for function in proxy.plan().idle() {
            ended.renewed += world.kill_functions(&[&function]);
        }
        if looked.elapsed() > REDRIVE_EVERY {
            ended.redriven += operator::redrive(world).await?;
            looked = Stopwatch::start();
        }
        while !is_done && running.len() < SIDE_BY_SIDE {
            running.push(traffic.play_next());
        }
        tokio::select! {
            Some(played) = running.next() => played?,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

async fn judge(
    world: &World,
    proxy: &Proxy,
    asked: Asked<'_>,
    calm: &[Played],
    played: &[Played],
) -> Result<Verdict, Error> {
    let ledger = Ledger::take(world).await?;
    let (lost, doubled) = (ledger.lost(), ledger.double_effects());
    let counted = (lost.len(), doubled.len());
    let mut violations: Vec<String> = lost.into_iter().chain(doubled).collect();
    violations.extend(operator::left(world).await?);
    violations.extend(check::ends(&ledger, calm, played));
    violations.extend(check::histories(&ledger.releases));
    violations.extend(check::numbers(&ledger.deliveries));
    let witness = proxy.witness();
    violations.extend(witness.violations());
    let plan = proxy.plan();
    let hits = plan.hits();
    let not_hit: Vec<Point> = hits.iter().filter(|(_, count)| **count == 0).map(|(point, _)| point.clone()).collect();
    if asked.kills >= hits.len() {
        violations.extend(not_hit.iter().map(|point| format!("no function died at this point: {point}")));
    }
    Ok(Verdict {
        seed: asked.seed,
        kills: plan.history.len(),
        points_hit: hits.len() - not_hit.len(),
        points: hits.len(),
        not_hit,
        lost_replies: plan.lost_replies,
        orders: played.len(),
        events: witness.written(),
        renewed: 0,
        redriven: 0,
        lost: counted.0,
        doubled: counted.1,
        violations,
        elapsed_ms: 0,
        history: plan.history.clone(),
    })
}
