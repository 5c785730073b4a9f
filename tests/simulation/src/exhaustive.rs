//! Every schedule of a kind: each flow of the product with every call of a port going wrong in every way, with every two
//! of them, and with every three where money or stock moves.
//!
//! A flow is played in **stages**, and comes to rest after each. What is the same for many schedules is played once: a
//! stage begins from a fork of the world in which the stages before went well. After a disturbed stage the world must be
//! what it is after an undisturbed one, but for times and ids of queue messages ([`sim::Summary`]); on neither depends
//! what happens once a world is at rest. So two faults in two stages are two single faults, and need not be tried
//! together; only those of one stage do.
//!
//! Within a stage several faults are not tried schedule by schedule, but function by function ([`Search`]): from each
//! world in which no function runs, with each of the next function's calls going wrong in each way. Where that leads to a
//! world like one from which as many faults were tried before ([`World::alike`]), there is nothing new to see.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use canonical::{Guarantee, HoldReason};
use sim::{CLIENT_TRIES_MAX, Faults, Kind, QueueName, Schedule, Summary, World};

use crate::cast::{bundle_of, world_with};
use crate::judge::{Done, judge};
use crate::orders::{Deed, Order, Warehouse};
use crate::story::Act;

/// A flow of the product.
#[derive(Debug, Clone)]
pub struct Flow {
    /// What it is called.
    pub name: &'static str,
    /// The orders in it.
    pub orders: Vec<Order>,
    /// What the REST warehouse does with a repeat.
    pub guarantee: Guarantee,
    /// Whether warehouses have to do things by a certain time.
    pub clocks: bool,
    /// Which of two things comes first decides on the end: it need not be the undisturbed one, but one that may be.
    pub race: bool,
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
    /// What began last went on first.
    pub overtaken: bool,
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

/// Ways to fail that are tried in pairs; alone all of them are. A slow call, one that is never answered and a second worker beside a living one leave behind what
/// one of these does.
const IN_PAIRS: [Kind; 6] =
    [Kind::CrashBefore, Kind::CrashAfter, Kind::ErrorBefore, Kind::AckLost, Kind::Half, Kind::Late];
/// Those that are tried once more alone, with a second worker that overtakes the first.
const OVERTAKEN: [Kind; 3] = [Kind::Slow, Kind::Stall, Kind::Zombie];
/// Those tried in threes: the two after which most is left to be done again.
const IN_THREES: [Kind; 2] = [Kind::CrashAfter, Kind::ErrorBefore];

fn order(no: &str, warehouse: Warehouse, shipments: &[u32]) -> Order {
    Order {
        no: no.to_owned(),
        warehouse,
        lines: vec![("BOLT", 100)],
        shipments: shipments.iter().map(|quantity| vec![*quantity]).collect(),
        holds: Vec::new(),
        deeds: Vec::new(),
    }
}

/// Every flow that the product has.
pub fn flows() -> Vec<Flow> {
    use Deed::{
        Acknowledge, Answer, Cancel, Contradict, Decide, Deliver, Intrude, Lift, Meddle, PickUp, PickUpParcel, Release,
        Resend, Reuse, Ship, Wait, Wave,
    };
    use Warehouse::{Acme, Bolt};
    let flow = |name, warehouse, shipments: &[u32], guarantee, stages: &[&[Deed]]| {
        let moves = |deed: &Deed| matches!(deed, Ship(_) | PickUp(_) | Contradict(_));
        let stages = stages.iter().map(|deeds| Stage {
            deeds: deeds.iter().map(|deed| (0, *deed)).collect(),
            moves: deeds.len() == 1 && deeds.iter().any(moves),
        });
        let orders = vec![order("SO-1", warehouse, shipments)];
        Flow { name, orders, guarantee, clocks: false, race: false, stages: stages.collect() }
    };
    let by_time = |flow: Flow| Flow { clocks: true, ..flow };
    let (credit, stock) = (HoldReason::Credit, HoldReason::Stock);
    let held = |mut flow: Flow| {
        flow.orders.iter_mut().for_each(|order| order.holds = vec![credit, stock]);
        flow
    };
    let (dedupes, lookup, neither) = (Guarantee::Dedupes, Guarantee::Lookup, Guarantee::Neither);
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
        Flow {
            race: true,
            ..flow("cancel and its answer at once", Bolt, &[100], dedupes, &[&[Release], &[Cancel, Answer(false)]])
        },
        flow("cancel by file", Acme, &[100], dedupes, &[&[Release], &[Cancel], &[Ship(0)]]),
        flow("refused by the warehouse", Bolt, &[100], dedupes, &[&[Release], &[Decide(false)]]),
        flow("refused by its system", Acme, &[100], dedupes, &[&[Release], &[Acknowledge(false)]]),
        flow("told otherwise", Acme, &[60, 40], dedupes, &[&[Release], &[Ship(0)], &[Contradict(0)]]),
        flow("told again", Acme, &[60, 40], dedupes, &[&[Release], &[Ship(0), Resend(0)], &[Resend(0)]]),
        flow(
            "other goods under a number that was used",
            Acme,
            &[60, 40],
            dedupes,
            &[&[Release], &[Ship(0)], &[Reuse(0)]],
        ),
        by_time(flow(
            "too late",
            Acme,
            &[100],
            dedupes,
            &[&[Release], &[Wait(3)], &[Wait(2)], &[Acknowledge(true)], &[Wait(24)], &[Ship(0)]],
        )),
        by_time(flow(
            "in time",
            Bolt,
            &[100],
            dedupes,
            &[&[Release], &[Decide(true)], &[Wait(5)], &[Ship(0)], &[Wait(24)]],
        )),
        by_time(flow(
            "cancel too late",
            Bolt,
            &[100],
            dedupes,
            &[&[Release], &[Cancel], &[Wait(3)], &[Answer(true)], &[Wait(24)]],
        )),
        held(flow("held", Bolt, &[100], dedupes, &[&[Release], &[Lift(credit)], &[Meddle(stock)], &[Lift(stock)]])),
        held(flow("held, two at once", Acme, &[100], dedupes, &[&[Release, Lift(stock), Lift(credit)]])),
        held(flow("held and cancelled", Bolt, &[100], dedupes, &[&[Release, Meddle(credit)], &[Lift(credit), Cancel]])),
        flow("two parcels", Bolt, &[100], dedupes, &[&[Release], &[Ship(0)], &[PickUp(0), PickUpParcel(0)]]),
        flow("told by a stranger", Bolt, &[100], dedupes, &[&[Release], &[Intrude]]),
        flow("a warehouse that does everything again", Bolt, &[100], neither, &[&[Release]]),
        flow("its cancel", Bolt, &[100], neither, &[&[Release], &[Cancel]]),
        flow("a warehouse that can be asked", Bolt, &[100], lookup, &[&[Release], &[Cancel]]),
    ]
}

/// A stage, ready to be played again and again.
struct Ready<'a> {
    flow: &'a Flow,
    number: usize,
    stage: &'a Stage,
    /// The world as the stages before left it.
    base: World,
    /// What is done in it.
    acts: Vec<Act>,
    /// What was done at its end.
    done: Vec<Done>,
    /// How the world stands after it.
    after: Summary,
}

/// Where a stage stands while no function runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Place {
    /// This act is to be done, and was tried so often.
    Act(usize, usize),
    /// Everything was done, and the world works; what died was redriven, or not yet.
    Works { redriven: bool },
    /// It has come to rest.
    Rest,
}

/// The beginning of every stage.
const BEGIN: Place = Place::Act(0, 0);

/// Plays a flow undisturbed and keeps each stage's beginning and end. The flow itself must be as it must be.
fn ready(flow: &Flow) -> Result<Vec<Ready<'_>>, Offence> {
    let world = world_with(bundle_of(flow.guarantee, flow.clocks));
    world.keep_alike();
    let mut stages = Vec::new();
    let mut done = Vec::new();
    for (number, stage) in flow.stages.iter().enumerate() {
        let base = world.fork();
        base.keep_lines(false);
        let act = |(order, deed): &(usize, Deed)| flow.orders.get(*order).and_then(|order| order.act(*deed, &world));
        let acts: Vec<Act> = stage.deeds.iter().filter_map(act).collect();
        done.extend(stage.deeds.iter().map(|(order, deed)| Done { order: *order, deed: *deed }));
        let mut ready = Ready { flow, number, stage, base, acts, done: done.clone(), after: Summary::default() };
        let mut found = ready.finish(&world).err().unwrap_or_default();
        if ready.acts.len() < stage.deeds.len() {
            found.push("what is to be done cannot be".to_owned());
        }
        if found.is_empty() {
            found = judge(&world, &flow.orders, &done);
        }
        if !found.is_empty() {
            return Err(ready.offence(&[], found, &world));
        }
        ready.after = world.summary();
        stages.push(ready);
    }
    Ok(stages)
}

impl Ready<'_> {
    /// Goes on until a function has ended or a client was answered.
    fn go_on(&self, world: &World, place: Place) -> Result<Place, Vec<String>> {
        match place {
            Place::Act(at, tries) => match self.acts.get(at) {
                None => Ok(Place::Works { redriven: false }),
                Some(act) => match act.attempt(world) {
                    Some(status) if status == act.answered() => Ok(Place::Act(at + 1, 0)),
                    Some(status) => Err(vec![format!("{act:?} is answered {status}")]),
                    None if tries + 1 < CLIENT_TRIES_MAX => Ok(Place::Act(at, tries + 1)),
                    None => Err(vec![format!("{act:?} is never answered")]),
                },
            },
            Place::Works { redriven } => match world.run_one() {
                Ok(true) => Ok(place),
                Ok(false) if redriven || world.dead_count().0 == 0 => Ok(Place::Rest),
                Ok(false) => {
                    redrive(world);
                    Ok(Place::Works { redriven: true })
                }
                Err(_) => Err(noisy(world)),
            },
            Place::Rest => Ok(Place::Rest),
        }
    }

    /// What offends in a world that came to rest.
    fn judged(&self, world: &World) -> Vec<String> {
        // What is left open at a warehouse that does everything again is another end than the undisturbed one.
        if self.flow.guarantee == Guarantee::Neither || self.flow.race {
            return judge(world, &self.flow.orders, &self.done);
        }
        let mut found = world.audit();
        let after = world.summary();
        if found.is_empty() && after != self.after {
            found = judge(world, &self.flow.orders, &self.done);
            found.extend(crate::story::differences(&after, &self.after));
        }
        found
    }

    /// Plays the stage with `vector` going wrong. Returns the world at its end. Where a second worker overtakes the first,
    /// calls have other numbers.
    fn play(&self, vector: &[(u64, Kind)], overtaken: bool, lines: bool) -> Result<World, Offence> {
        let world = self.base.fork();
        world.keep_lines(lines);
        world.set_faults(faults(vector));
        // A second worker is there only where it makes a difference.
        if overtaken {
            // All who are overtaken are still there: none of them may keep the next one out.
            world.set_workers(usize::MAX, usize::MAX);
            world.set_schedule(Schedule::NewestFirst);
        } else if vector.iter().any(|(_, kind)| !IN_PAIRS.contains(kind)) {
            world.set_workers(2, usize::MAX);
        }
        let found = self.finish(&world).err().unwrap_or_else(|| self.judged(&world));
        if found.is_empty() {
            return Ok(world);
        }
        Err(Offence { overtaken, ..self.offence(vector, found, &world) })
    }

    /// Everything that is done in the stage, with functions beside each other if there are workers.
    fn finish(&self, world: &World) -> Result<(), Vec<String>> {
        let mut place = BEGIN;
        while matches!(place, Place::Act(..)) {
            place = self.go_on(world, place)?;
        }
        world.run().map_err(|_| noisy(world))?;
        if world.dead_count().0 > 0 {
            redrive(world);
            world.run().map_err(|_| noisy(world))?;
        }
        Ok(())
    }

    fn offence(&self, vector: &[(u64, Kind)], found: Vec<String>, world: &World) -> Offence {
        let vector = vector.to_vec();
        Offence { flow: self.flow.name, stage: self.number + 1, vector, overtaken: false, found, trace: world.trace() }
    }

    /// Plays every single fault of these kinds.
    fn singles(&self, kinds: &[Kind], overtaken: bool, seen: &mut Seen) {
        let world = match self.play(&[], overtaken, false) {
            Ok(world) => world,
            Err(offence) => return seen.offend(self, offence),
        };
        for call in self.base.calls() + 1..=world.calls() {
            for kind in world.kinds_of(call).into_iter().filter(|kind| kinds.contains(kind)) {
                seen.schedules += 1;
                seen.played += 1;
                if let Err(offence) = self.play(&[(call, kind)], overtaken, false) {
                    seen.offend(self, offence);
                }
                if seen.over() {
                    return;
                }
            }
        }
    }
}

fn redrive(world: &World) {
    for queue in QueueName::READ {
        world.redrive(queue);
    }
}

/// Why a world does not come to rest.
fn noisy(world: &World) -> Vec<String> {
    let offences = world.offences();
    if offences.is_empty() { vec!["it comes to no end".to_owned()] } else { offences }
}

fn faults(vector: &[(u64, Kind)]) -> Faults {
    vector.iter().fold(Faults::none(), |faults, (call, kind)| faults.with(*call, *kind))
}

/// A world in which no function runs, where its stage stands, and how many faults are still to be tried.
type Node = (u64, Place, usize);

/// Every schedule of so many faults in one stage, from world to world.
struct Search<'a, 'b> {
    ready: &'a Ready<'b>,
    kinds: &'a [Kind],
    /// How many schedules go on from each world that was gone through.
    known: HashMap<Node, u64>,
    /// What went wrong on the way to where the search stands.
    vector: Vector,
    /// The worlds that it came to, in words.
    #[cfg(test)]
    ends: HashSet<String>,
}

impl<'a, 'b> Search<'a, 'b> {
    fn new(ready: &'a Ready<'b>, kinds: &'a [Kind]) -> Self {
        Self {
            ready,
            kinds,
            known: HashMap::new(),
            vector: Vec::new(),
            #[cfg(test)]
            ends: HashSet::new(),
        }
    }

    /// Goes through what follows from a world with `left` more faults. Says how many schedules that is.
    fn follow(&mut self, world: World, mut place: Place, left: usize, seen: &mut Seen) -> u64 {
        let mut on_the_way: Vec<(Node, u64)> = Vec::new();
        let mut world = world;
        let mut more = loop {
            if seen.over() {
                return 0;
            }
            let alike = world.alike();
            let node = (alike, place, left);
            if let Some(known) = self.known.get(&node) {
                break *known;
            }
            if place == Place::Rest {
                if left == 0 {
                    #[cfg(test)]
                    self.ends.insert(format!("{:?}", world.summary()));
                    seen.played += 1;
                    let found = self.ready.judged(&world);
                    self.offend(found, &world, seen);
                }
                let count = u64::from(left == 0);
                self.known.insert(node, count);
                break count;
            }
            if on_the_way.len() >= MOVES_MAX {
                self.offend(vec!["it comes to no end".to_owned()], &world, seen);
                break 0;
            }
            world.begins_from(alike);
            let next = world.fork();
            next.set_faults(Faults::none());
            let moved = self.ready.go_on(&next, place);
            let mut count = 0;
            if left > 0 {
                count = self.disturb(&world, place, &next, world.calls(), left, seen);
            }
            on_the_way.push((node, count));
            match moved {
                Ok(to) => (world, place) = (next, to),
                Err(found) => {
                    self.offend(found, &next, seen);
                    break 0;
                }
            }
        };
        for (node, count) in on_the_way.into_iter().rev() {
            more += count;
            self.known.insert(node, more);
        }
        more
    }

    /// Has each call after `after` that the next function makes go wrong in each way, beside what goes wrong already.
    /// `before` is the world in which it begins, `undisturbed` the one that it leaves without that.
    fn disturb(
        &mut self,
        before: &World,
        at: Place,
        undisturbed: &World,
        after: u64,
        left: usize,
        seen: &mut Seen,
    ) -> u64 {
        let mut count = 0;
        for call in after + 1..=undisturbed.calls() {
            for kind in undisturbed.kinds_of(call).into_iter().filter(|kind| self.kinds.contains(kind)) {
                if seen.over() {
                    return count;
                }
                self.vector.push((call, kind));
                let next = before.fork();
                next.set_faults(faults(&self.vector));
                match self.ready.go_on(&next, at) {
                    Ok(to) => {
                        if left > 1 {
                            count += self.disturb(before, at, &next, call, left - 1, seen);
                        }
                        count += self.follow(next, to, left - 1, seen);
                    }
                    Err(found) => self.offend(found, &next, seen),
                }
                self.vector.pop();
            }
        }
        count
    }

    fn offend(&self, found: Vec<String>, world: &World, seen: &mut Seen) {
        if !found.is_empty() {
            seen.offend(self.ready, self.ready.offence(&self.vector, found, world));
        }
    }
}

/// Most things that happen in one stage: a stage that comes to no end is a finding, not a hang.
const MOVES_MAX: usize = 10_000;

/// What was seen.
#[derive(Debug, Default)]
pub struct Seen {
    /// Schedules gone through.
    pub schedules: u64,
    /// Ends that were judged: schedules that come to worlds alike are judged once.
    pub played: u64,
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
        let told = ready.play(&offence.vector, offence.overtaken, true).err().unwrap_or(offence);
        self.offences.push(told);
    }
}

/// Plays everything, on as many threads; `tell` hears how far it is. Stops after so many offences.
pub fn explore(depth: Depth, threads: usize, stop_after: usize, tell: &(impl Fn(usize, usize) + Sync)) -> Seen {
    let flows = flows();
    let next = AtomicUsize::new(0);
    let work = || work(&flows, depth, &next, stop_after, tell);
    let all = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).collect::<Vec<Seen>>()
    });
    let mut seen = Seen::default();
    for one in all {
        seen.schedules += one.schedules;
        seen.played += one.played;
        seen.offences.extend(one.offences);
    }
    seen.offences.sort_by_key(|offence| (offence.vector.len(), offence.flow, offence.stage, offence.vector.clone()));
    // What goes wrong without any fault is seen by each thread.
    seen.offences.dedup_by(|one, other| (one.flow, one.stage, &one.vector) == (other.flow, other.stage, &other.vector));
    seen
}

/// The same on this thread alone.
pub fn explore_here(depth: Depth, stop_after: usize) -> Seen {
    work(&flows(), depth, &AtomicUsize::new(0), stop_after, &|_, _| ())
}

/// Every stage to be played with its number of faults; one that is the same as another's in all that goes into it is left
/// out. The long ones come first, so that no thread ends long before another.
fn tasks<'a, 'b>(stages: &'a [Ready<'b>], depth: Depth) -> Vec<(usize, &'a Ready<'b>)> {
    let mut known = HashSet::new();
    let mut tasks = Vec::new();
    for ready in stages {
        let most = if ready.stage.moves { depth.moves } else { depth.usual };
        let same =
            |faults: &usize| (*faults, ready.base.alike(), format!("{:?} {:?}", ready.flow.guarantee, ready.acts));
        tasks.extend((1..=most).filter(|faults| known.insert(same(faults))).map(|faults| (faults, ready)));
    }
    tasks.sort_by_key(|(faults, ready)| std::cmp::Reverse((*faults, ready.acts.len())));
    tasks
}

fn work(flows: &[Flow], depth: Depth, next: &AtomicUsize, stop_after: usize, tell: &impl Fn(usize, usize)) -> Seen {
    let mut seen = Seen { stop_after, ..Seen::default() };
    // Worlds do not go from thread to thread: each has its own.
    let mut stages = Vec::new();
    for flow in flows {
        match ready(flow) {
            Ok(more) => stages.extend(more),
            Err(offence) => seen.offences.push(offence),
        }
    }
    let tasks = tasks(&stages, depth);
    while !seen.over() {
        let at = next.fetch_add(1, Ordering::Relaxed);
        let Some((faults, ready)) = tasks.get(at) else { break };
        if *faults == 1 {
            ready.singles(&Kind::ALL, false, &mut seen);
            ready.singles(&OVERTAKEN, true, &mut seen);
        } else {
            let kinds: &[Kind] = if *faults == 2 { &IN_PAIRS } else { &IN_THREES };
            let mut search = Search::new(ready, kinds);
            seen.schedules += search.follow(ready.base.fork(), BEGIN, *faults, &mut seen);
        }
        tell(at + 1, tasks.len());
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every schedule that goes on from `vector` with `left` more faults, played from the beginning of the stage: how many
    /// there are, and what they come to.
    fn one_by_one(ready: &Ready<'_>, vector: &mut Vector, left: usize, ends: &mut HashSet<String>) -> u64 {
        let world = ready.play(vector, false, false).expect("nothing offends");
        if left == 0 {
            ends.insert(format!("{:?}", world.summary()));
            return 1;
        }
        let first = vector.last().map_or(ready.base.calls(), |(call, _)| *call) + 1;
        let mut count = 0;
        for call in first..=world.calls() {
            for kind in world.kinds_of(call).into_iter().filter(|kind| IN_PAIRS.contains(kind)) {
                vector.push((call, kind));
                count += one_by_one(ready, vector, left - 1, ends);
                vector.pop();
            }
        }
        count
    }

    #[test]
    fn a_second_worker_overtakes_the_first_at_its_call_of_a_partner() {
        let flows = flows();
        let flow = flows.iter().find(|flow| flow.guarantee == Guarantee::Neither).expect("a flow");
        let stages = ready(flow).expect("nothing offends");
        let trace = |vector: &[_]| stages[0].play(vector, true, true).expect("nothing offends").trace();
        let posts = |line: &&String| line.contains("PartnerHttp post") && line.contains("bolt-3pl");
        let undisturbed = trace(&[]);
        let post = undisturbed.iter().find(posts).expect("a call");
        let call = post.split(' ').nth(1).and_then(|number| number.parse().ok()).expect("its number");
        let disturbed = trace(&[(call, Kind::Zombie)]);
        let after = disturbed.iter().skip_while(|line| !line.contains("Zombie")).skip(1);
        let next: Vec<&String> = after.filter(|line| line.contains("partner-deliver")).collect();
        assert!(next[0].contains("begins") && next[1].contains("postpone"), "{disturbed:#?}");
    }

    /// Stages in which several schedules come to different ends, and small enough to be gone through one by one.
    const HELD: [(&str, usize); 3] = [("its cancel", 1), ("told by a stranger", 1), ("cancel agreed", 2)];

    /// Holds the search in a stage against all schedules of two faults one by one. Returns how many ends there are.
    fn hold(ready: &Ready<'_>) -> usize {
        let mut ends = HashSet::new();
        let count = one_by_one(ready, &mut Vec::new(), 2, &mut ends);
        let (mut search, mut seen) = (Search::new(ready, &IN_PAIRS), Seen { stop_after: 1, ..Seen::default() });
        let found = search.follow(ready.base.fork(), BEGIN, 2, &mut seen);
        let name = format!("{}, stage {}", ready.flow.name, ready.number + 1);
        assert!(seen.offences.is_empty(), "{name}: {:?}", seen.offences);
        assert_eq!((found, &search.ends), (count, &ends), "{name}");
        assert!(seen.played * 4 < count, "{name}: {} judged of {count}", seen.played);
        crate::story::tried(&format!("{name}: {} ends judged for", seen.played), usize::try_from(count).unwrap_or(0));
        ends.len()
    }

    #[test]
    fn from_world_to_world_it_comes_to_all_the_ends_of_schedules_one_by_one() {
        let flows = flows();
        let mut most = 0;
        for (name, stage) in HELD {
            let flow = flows.iter().find(|flow| flow.name == name).expect("a flow");
            most = most.max(hold(&ready(flow).expect("nothing offends")[stage]));
        }
        assert!(most > 1, "a stage has several ends");
    }

    #[test]
    #[ignore = "takes minutes: every stage of every flow; cargo test --release -p simulation -- --ignored"]
    fn it_does_so_in_every_stage() {
        let flows = flows();
        let stages: Vec<_> = flows.iter().flat_map(|flow| ready(flow).expect("nothing offends")).collect();
        for (_, ready) in tasks(&stages, Depth { usual: 1, moves: 1 }) {
            hold(ready);
        }
    }
}
