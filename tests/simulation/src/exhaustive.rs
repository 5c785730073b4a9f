//! Every schedule of a kind: each flow of the product with every call of a port going wrong in every way, with every two
//! of them, and with every three where money or stock moves.
//!
//! A flow is played in **stages**, and comes to rest after each. What is the same for many schedules is played once: a
//! stage begins from a fork of the world in which the stages before went well. After a disturbed stage the world must be
//! what it is after an undisturbed one, but for times and ids of queue messages ([`sim::Summary`]); on neither depends
//! what happens once a world is at rest. So two faults in two stages are two single faults, and need not be tried
//! together; only those of one stage do.

use std::sync::atomic::{AtomicUsize, Ordering};

use canonical::Guarantee;
use sim::{Faults, Kind, QueueName, Summary, World};

use crate::cast::{bundle_of, world_with};
use crate::judge::{Done, judge};
use crate::orders::{Deed, Order, Warehouse};

/// A flow of the product.
#[derive(Debug, Clone)]
pub struct Flow {
    /// What it is called.
    pub name: &'static str,
    /// The orders in it.
    pub orders: Vec<Order>,
    /// What the REST warehouse does with a repeat.
    pub guarantee: Guarantee,
    /// What is done: stage by stage, all of a stage at once.
    pub stages: Vec<Stage>,
}

/// What is done at once.
#[derive(Debug, Clone)]
pub struct Stage {
    /// Whose order, by its place, and what.
    pub deeds: Vec<(usize, Deed)>,
    /// Money or stock moves.
    pub moves: bool,
}

/// What went wrong in a schedule.
pub type Vector = Vec<(u64, Kind)>;

/// A schedule that offends.
#[derive(Debug, Clone)]
pub struct Offence {
    /// The flow's name.
    pub flow: &'static str,
    /// The stage, from 1.
    pub stage: usize,
    /// What went wrong.
    pub vector: Vector,
    /// What came of it, in words.
    pub found: Vec<String>,
    /// What happened in the stage, line by line.
    pub trace: Vec<String>,
}

/// How many faults are tried together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Depth {
    /// In every stage.
    pub usual: usize,
    /// Where money or stock moves.
    pub moves: usize,
}

/// Ways to fail that are tried alone: all of them.
const ALONE: [Kind; 9] = Kind::ALL;
/// Those tried in pairs. A slow call, one that is never answered and a second worker beside a living one leave behind what
/// one of these does.
const IN_PAIRS: [Kind; 6] =
    [Kind::CrashBefore, Kind::CrashAfter, Kind::ErrorBefore, Kind::AckLost, Kind::Half, Kind::Late];
/// Those tried in threes: the two after which most is left to be done again.
const IN_THREES: [Kind; 2] = [Kind::CrashAfter, Kind::ErrorBefore];

fn order(no: &str, warehouse: Warehouse, shipments: &[u32]) -> Order {
    Order {
        no: no.to_owned(),
        warehouse,
        lines: vec![("BOLT", 100)],
        shipments: shipments.iter().map(|quantity| vec![*quantity]).collect(),
        deeds: Vec::new(),
    }
}

/// Every flow that the product has.
pub fn flows() -> Vec<Flow> {
    use Deed::{Acknowledge, Answer, Cancel, Contradict, Decide, Deliver, Intrude, PickUp, Release, Ship, Wave};
    use Warehouse::{Acme, Bolt};
    let flow = |name, warehouse, shipments: &[u32], guarantee, stages: &[&[Deed]]| {
        let moves = |deed: &Deed| matches!(deed, Ship(_) | PickUp(_) | Contradict(_));
        let stages = stages.iter().map(|deeds| Stage {
            deeds: deeds.iter().map(|deed| (0, *deed)).collect(),
            moves: deeds.len() == 1 && deeds.iter().any(moves),
        });
        Flow { name, orders: vec![order("SO-1", warehouse, shipments)], guarantee, stages: stages.collect() }
    };
    let (dedupes, neither) = (Guarantee::Dedupes, Guarantee::Neither);
    let one_by_one: &[&[Deed]] =
        &[&[Release], &[Decide(true)], &[Wave], &[Ship(0)], &[PickUp(0)], &[Deliver(0)], &[Ship(1)], &[Deliver(1)]];
    let files: &[&[Deed]] =
        &[&[Release], &[Acknowledge(true)], &[Ship(0)], &[PickUp(0)], &[Deliver(0)], &[Ship(1)], &[Deliver(1)]];
    vec![
        flow("webhooks", Bolt, &[60, 40], dedupes, one_by_one),
        flow("files", Acme, &[60, 40], dedupes, files),
        flow(
            "webhooks, two at once",
            Bolt,
            &[100],
            dedupes,
            &[&[Release], &[Decide(true), Wave], &[PickUp(0), Ship(0)]],
        ),
        flow(
            "files, two at once",
            Acme,
            &[60, 40],
            dedupes,
            &[&[Release], &[Ship(1), Acknowledge(true)], &[Deliver(0), Ship(0)]],
        ),
        flow("cancel before it is sent", Bolt, &[100], dedupes, &[&[Release, Cancel]]),
        flow("cancel agreed", Bolt, &[100], dedupes, &[&[Release], &[Cancel], &[Answer(true)]]),
        flow("cancel refused", Bolt, &[100], dedupes, &[&[Release], &[Cancel], &[Answer(false)], &[Ship(0)]]),
        flow(
            "cancel overtaken by goods",
            Bolt,
            &[60, 40],
            dedupes,
            &[&[Release], &[Cancel], &[Ship(0), Answer(false)]],
        ),
        flow("cancel by file", Acme, &[100], dedupes, &[&[Release], &[Cancel], &[Ship(0)]]),
        flow("refused by the warehouse", Bolt, &[100], dedupes, &[&[Release], &[Decide(false)]]),
        flow("refused by its system", Acme, &[100], dedupes, &[&[Release], &[Acknowledge(false)]]),
        flow("told otherwise", Acme, &[60, 40], dedupes, &[&[Release], &[Ship(0)], &[Contradict(0)]]),
        flow("told by a stranger", Bolt, &[100], dedupes, &[&[Release], &[Intrude]]),
        flow("a warehouse that does everything again", Bolt, &[100], neither, &[&[Release]]),
        flow("its cancel", Bolt, &[100], neither, &[&[Release], &[Cancel]]),
    ]
}

/// A stage, ready to be played again and again.
struct Ready<'a> {
    flow: &'a Flow,
    number: usize,
    stage: &'a Stage,
    /// The world as the stages before left it.
    base: World,
    /// What was done before.
    done: Vec<Done>,
    /// How the world stands after it.
    after: Summary,
}

/// Plays a flow undisturbed and keeps each stage's beginning and end. The flow itself must be as it must be.
fn ready(flow: &Flow) -> Result<Vec<Ready<'_>>, Offence> {
    let world = world_with(bundle_of(flow.guarantee));
    let mut stages = Vec::new();
    let mut done = Vec::new();
    for (number, stage) in flow.stages.iter().enumerate() {
        let (base, before) = (world.fork(), done.clone());
        let mut found = perform(flow, stage, &world, &mut done).err().unwrap_or_default();
        if found.is_empty() {
            found = judge(&world, &flow.orders, &done);
        }
        if !found.is_empty() {
            return Err(Offence {
                flow: flow.name,
                stage: number + 1,
                vector: Vec::new(),
                found,
                trace: world.trace(),
            });
        }
        base.keep_lines(false);
        stages.push(Ready { flow, number, stage, base, done: before, after: world.summary() });
    }
    Ok(stages)
}

/// Does what is done in a stage, and lets the world come to rest; what died is redriven.
fn perform(flow: &Flow, stage: &Stage, world: &World, done: &mut Vec<Done>) -> Result<(), Vec<String>> {
    for (order, deed) in &stage.deeds {
        let act = flow.orders.get(*order).and_then(|order| order.act(*deed, world));
        let act = act.ok_or_else(|| vec![format!("{deed:?} cannot be done")])?;
        match act.insist(world) {
            Ok(202) => done.push(Done { order: *order, deed: *deed }),
            Ok(status) => return Err(vec![format!("{deed:?} is answered {status}")]),
            Err(_) => return Err(vec![format!("{deed:?} is never answered")]),
        }
    }
    let noisy = |_| if world.offences().is_empty() { vec!["it comes to no end".to_owned()] } else { world.offences() };
    world.run().map_err(noisy)?;
    if world.dead_count().0 > 0 {
        for queue in QueueName::READ {
            world.redrive(queue);
        }
        world.run().map_err(noisy)?;
    }
    Ok(())
}

impl Ready<'_> {
    /// Plays the stage with `vector` going wrong. Returns the world at its end.
    fn play(&self, vector: &[(u64, Kind)], lines: bool) -> Result<World, Offence> {
        let world = self.base.fork();
        world.keep_lines(lines);
        world.set_faults(vector.iter().fold(Faults::none(), |faults, (call, kind)| faults.with(*call, *kind)));
        // A second worker is there only where it makes a difference.
        if vector.iter().any(|(_, kind)| matches!(kind, Kind::Slow | Kind::Stall | Kind::Zombie)) {
            world.set_workers(2, usize::MAX);
        }
        let mut done = self.done.clone();
        let found = match perform(self.flow, self.stage, &world, &mut done) {
            Err(found) => found,
            // What is left open at a warehouse that does everything again is another end than the undisturbed one.
            Ok(()) if self.flow.guarantee == Guarantee::Neither => judge(&world, &self.flow.orders, &done),
            Ok(()) => {
                let mut found = world.audit();
                let after = world.summary();
                if found.is_empty() && after != self.after {
                    found = judge(&world, &self.flow.orders, &done);
                    found.extend(crate::story::differences(&after, &self.after));
                }
                found
            }
        };
        if found.is_empty() {
            return Ok(world);
        }
        Err(Offence {
            flow: self.flow.name,
            stage: self.number + 1,
            vector: vector.to_vec(),
            found,
            trace: world.trace(),
        })
    }

    /// Plays every schedule of `faults` faults that begins with `vector`; of those that differ in the first one alone,
    /// only this part.
    fn explore(&self, vector: &mut Vector, faults: usize, part: u64, seen: &mut Seen) {
        if seen.over() {
            return;
        }
        // Those with fewer faults are counted by tasks of their own.
        seen.schedules += u64::from(vector.len() == faults);
        let world = match self.play(vector, false) {
            Ok(world) => world,
            Err(offence) => return seen.offend(self, offence),
        };
        if vector.len() == faults {
            return;
        }
        let first = vector.last().map_or(self.base.calls(), |(call, _)| *call) + 1;
        let tried: &[Kind] = match faults {
            1 => &ALONE,
            2 => &IN_PAIRS,
            _ => &IN_THREES,
        };
        for call in first..=world.calls() {
            if vector.is_empty() && call % PARTS != part {
                continue;
            }
            for kind in world.kinds_of(call).into_iter().filter(|kind| tried.contains(kind)) {
                vector.push((call, kind));
                self.explore(vector, faults, part, seen);
                vector.pop();
            }
        }
    }
}

/// Into how many tasks the schedules of one stage are cut.
const PARTS: u64 = 8;

/// What was seen.
#[derive(Debug, Default)]
pub struct Seen {
    /// Schedules played.
    pub schedules: u64,
    /// Those that offend; the first few with their traces.
    pub offences: Vec<Offence>,
    /// Enough is known after so many offences.
    stop_after: usize,
}

impl Seen {
    fn over(&self) -> bool {
        self.offences.len() >= self.stop_after
    }

    fn offend(&mut self, ready: &Ready<'_>, offence: Offence) {
        // Played again with its lines.
        let told = ready.play(&offence.vector, true).err().unwrap_or(offence);
        self.offences.push(told);
    }
}

/// Plays everything, on as many threads; `tell` hears how far it is. Stops after so many offences.
pub fn explore(depth: Depth, threads: usize, stop_after: usize, tell: &(impl Fn(usize, usize) + Sync)) -> Seen {
    let flows = flows();
    let (tasks, next) = (tasks(&flows, depth), AtomicUsize::new(0));
    let work = || work(&flows, &tasks, &next, stop_after, tell);
    let all = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).collect::<Vec<Seen>>()
    });
    let mut seen = Seen::default();
    for one in all {
        seen.schedules += one.schedules;
        seen.offences.extend(one.offences);
    }
    seen.offences.sort_by_key(|offence| (offence.vector.len(), offence.flow, offence.stage, offence.vector.clone()));
    seen
}

/// The same on this thread alone.
pub fn explore_here(depth: Depth, stop_after: usize) -> Seen {
    let flows = flows();
    work(&flows, &tasks(&flows, depth), &AtomicUsize::new(0), stop_after, &|_, _| ())
}

/// Number of faults, flow, stage, part.
type Task = (usize, usize, usize, u64);

fn tasks(flows: &[Flow], depth: Depth) -> Vec<Task> {
    let mut tasks: Vec<Task> = Vec::new();
    for (flow, it) in flows.iter().enumerate() {
        for (stage, it) in it.stages.iter().enumerate() {
            let most = if it.moves { depth.moves } else { depth.usual };
            tasks.extend((1..=most).flat_map(|faults| (0..PARTS).map(move |part| (faults, flow, stage, part))));
        }
    }
    // The long tasks first, so that no thread ends long before another.
    tasks.sort_by_key(|(faults, flow, stage, _)| {
        let deeds = flows.get(*flow).and_then(|flow| flow.stages.get(*stage)).map_or(0, |stage| stage.deeds.len());
        std::cmp::Reverse((*faults, deeds))
    });
    tasks
}

fn work(flows: &[Flow], tasks: &[Task], next: &AtomicUsize, stop_after: usize, tell: &impl Fn(usize, usize)) -> Seen {
    let mut seen = Seen { stop_after, ..Seen::default() };
    let mut ready_flows: Vec<Option<Vec<Ready<'_>>>> = flows.iter().map(|_| None).collect();
    loop {
        let at = next.fetch_add(1, Ordering::Relaxed);
        let Some((faults, flow, stage, part)) = tasks.get(at).copied() else { break };
        let (Some(of), Some(slot)) = (flows.get(flow), ready_flows.get_mut(flow)) else { break };
        if slot.is_none() {
            *slot = Some(ready(of).unwrap_or_else(|offence| {
                seen.offences.push(offence);
                Vec::new()
            }));
        }
        if seen.over() {
            break;
        }
        if let Some(ready) = slot.as_ref().and_then(|ready| ready.get(stage)) {
            ready.explore(&mut Vec::new(), faults, part, &mut seen);
        }
        tell(at + 1, tasks.len());
    }
    seen
}
