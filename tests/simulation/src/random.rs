//! Random schedules: what is done, in which order, and what goes wrong, all drawn from one number.

use std::cell::RefCell;

use canonical::{Guarantee, HoldReason};
use jiff::{SignedDuration, Timestamp};
use sim::{Chances, Faults, Kind, Outage, Port, QueueName, Schedule, World, draw};

use crate::cast::{BOLT, ERP, TMS, bundle_of, world_with};
use crate::judge::{Done, judge};
use crate::orders::{Deed, ITEMS, Order, Warehouse};
use crate::story::{Act, Unanswered};

/// Everything about one schedule. Drawn from a seed, and made smaller by hand of [`crate::shrink`].
#[expect(clippy::struct_excessive_bools, reason = "each says of one thing whether it happens")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The number it was drawn from.
    pub seed: u64,
    /// The orders.
    pub orders: Vec<Order>,
    /// What the REST warehouse does with a repeat.
    pub guarantee: Guarantee,
    /// Functions at once, and messages in a batch.
    pub workers: (usize, usize),
    /// What goes wrong by chance.
    pub chances: Chances,
    /// The calls that go wrong, if they are given and not drawn.
    pub calls: Option<Vec<(u64, Kind)>>,
    /// The table is out for so many minutes, if it is.
    pub table_out: Option<i64>,
    /// This partner is out for a day.
    pub away: Option<&'static str>,
    /// Of how many deeds each is done twice, the second time under another name.
    pub again: u16,
    /// Clients that are not answered at once give up, until a person has them try again in the end.
    pub gives_up: bool,
    /// What died waits for its redrive until the last minute of its 14 days.
    pub redrive_late: bool,
    /// The orders are placed before anything goes wrong.
    pub begins_placed: bool,
    /// Warehouses have to do things by a certain time, and hours pass in between.
    pub clocks: bool,
}

/// Most deeds by chance in one step.
const ROUNDS_MAX: usize = 400;
/// Longest time in minutes for which the table is out. Most outages are shorter: one of three hours is thousands of tries that
/// are all alike.
const TABLE_OUT_MAX: i64 = 180;
/// Longest time in hours that passes between two deeds, where deadlines are agreed.
const PAUSE_H_MAX: u64 = 6;
/// Hours after which all that is expected in [`crate::cast`] is overdue.
const ALL_DUE_H: i64 = 25;
/// How often an operator redrives what died.
const REDRIVES_MAX: usize = 3;

/// A sequence of numbers.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, count: u64) -> u64 {
        (draw(&mut self.0) >> 16) % count.max(1)
    }

    fn small(&mut self, count: usize) -> usize {
        usize::try_from(self.below(count as u64)).unwrap_or(0)
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }
}

/// How orders are made up: as many shapes as there are begun worlds to start from. A seed has the shape of its remainder.
pub const SHAPES: u64 = 128;

fn orders(shape: u64) -> Vec<Order> {
    let mut numbers = Numbers(shape.wrapping_mul(0x5851_f42d_4c95_7f2d));
    let count = 3 + usize::from(numbers.one_in(6));
    (0..count)
        .map(|at| {
            let warehouse = if numbers.one_in(2) { Warehouse::Bolt } else { Warehouse::Acme };
            let items = 1 + numbers.small(2);
            let lines: Vec<(&'static str, u32)> = ITEMS
                .iter()
                .cycle()
                .skip(numbers.small(3))
                .take(items)
                .map(|item| (*item, 1 + u32::try_from(numbers.below(60)).unwrap_or(0)))
                .collect();
            let parts = 1 + usize::from(numbers.one_in(3));
            let last = numbers.one_in(4);
            // The first part carries some of each line; the last one the rest, or less if the order stays open.
            let first: Vec<u32> = lines.iter().map(|(_, ordered)| ordered.div_ceil(2)).collect();
            let rest = lines.iter().zip(&first).map(|((_, ordered), first)| ordered - first);
            let rest: Vec<u32> = rest.map(|rest| if last { rest / 2 } else { rest }).collect();
            let whole: Vec<u32> = lines.iter().map(|(_, ordered)| *ordered).collect();
            let mut shipments = if parts == 1 { vec![whole] } else { vec![first, rest] };
            shipments.retain(|shipment| shipment.iter().any(|quantity| *quantity > 0));
            let mut deeds = vec![Deed::Release];
            match (warehouse, numbers.below(4)) {
                (Warehouse::Bolt, 0) => deeds.push(Deed::Decide(true)),
                (Warehouse::Bolt, 1) => deeds.push(Deed::Wave),
                (Warehouse::Acme, 0 | 1) => deeds.push(Deed::Acknowledge(!numbers.one_in(4))),
                _ => {}
            }
            if numbers.one_in(3) {
                deeds.push(Deed::Cancel);
                if warehouse == Warehouse::Bolt && !numbers.one_in(3) {
                    deeds.push(Deed::Answer(numbers.one_in(2)));
                }
            }
            for part in 0..shipments.len() {
                if !numbers.one_in(4) {
                    deeds.push(Deed::Ship(part));
                    if numbers.one_in(12) {
                        deeds.push(Deed::Contradict(part));
                    }
                }
                match numbers.below(4) {
                    0 => {
                        deeds.push(Deed::PickUp(part));
                        if numbers.one_in(4) {
                            deeds.push(Deed::PickUpParcel(part));
                        }
                    }
                    1 => deeds.push(Deed::Deliver(part)),
                    _ => {}
                }
            }
            if numbers.one_in(10) {
                deeds.push(Deed::Intrude);
            }
            if warehouse == Warehouse::Acme && deeds.contains(&Deed::Ship(0)) && numbers.one_in(12) {
                deeds.push(Deed::Reuse(0));
            }
            let mut holds = Vec::new();
            if numbers.one_in(8) {
                holds = vec![HoldReason::Credit, HoldReason::Stock];
                holds.truncate(1 + numbers.small(2));
                // Some are never lifted, and somebody tries whose they are not.
                deeds.extend(holds.iter().filter(|_| !numbers.one_in(8)).map(|reason| Deed::Lift(*reason)));
                deeds.extend(holds.first().filter(|_| numbers.one_in(3)).map(|reason| Deed::Meddle(*reason)));
            }
            Order { no: format!("SO-{}", at + 1), warehouse, lines, shipments, holds, deeds }
        })
        .collect()
}

impl Plan {
    /// The plan of a seed.
    pub fn of(seed: u64) -> Self {
        let mut numbers = Numbers(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        // A swarm: each seed has some of the mishaps, so that the rare ones are not drowned by the others.
        let kinds = u16::try_from(1 + numbers.below(0x1ff)).unwrap_or(1);
        let mut some = |of: u64, chances: [u16; 3]| {
            let on = numbers.one_in(of);
            let chance = chances.get(numbers.small(3)).copied().unwrap_or(0);
            if on { chance } else { 0 }
        };
        let chances = Chances {
            seed,
            kinds,
            call: some(1, [5, 15, 50]),
            twin: some(4, [20, 50, 150]),
            delay: some(3, [50, 200, 500]),
            answer_lost: some(4, [30, 100, 200]),
            retell: some(8, [20, 50, 100]),
            skew: some(4, [200, 500, 1000]),
            poison: some(32, [4, 8, 16]),
            partner: some(4, [100, 200, 400]),
            index: 0,
        };
        let short = i64::try_from(2 + numbers.below(20)).unwrap_or(TABLE_OUT_MAX);
        let minutes = if numbers.one_in(8) { TABLE_OUT_MAX } else { short };
        let table_out = numbers.one_in(40).then_some(minutes);
        let away = numbers.one_in(40).then(|| [ERP, TMS, BOLT].get(numbers.small(3)).copied()).flatten();
        let plan = Self {
            seed,
            orders: orders(seed % SHAPES),
            guarantee: match numbers.below(4) {
                0 => Guarantee::Neither,
                1 => Guarantee::Lookup,
                _ => Guarantee::Dedupes,
            },
            workers: (1 + numbers.small(4), [1, 3, 10].get(numbers.small(3)).copied().unwrap_or(1)),
            chances,
            calls: None,
            table_out,
            away,
            again: if numbers.one_in(3) { 200 } else { 0 },
            redrive_late: numbers.one_in(8),
            begins_placed: numbers.one_in(2),
            gives_up: numbers.one_in(8),
            clocks: numbers.one_in(4),
        };
        // An index that is late matters most while something is held.
        let late = if plan.away.is_some() { numbers.one_in(2) } else { numbers.one_in(4) };
        let index = if late { [100, 300, 700].get(numbers.small(3)).copied().unwrap_or(0) } else { 0 };
        Self { chances: Chances { index, ..plan.chances }, ..plan }
    }
}

/// A schedule that was played.
#[derive(Debug)]
pub struct Played {
    /// The world as it was left.
    pub world: World,
    /// What offended, in words.
    pub found: Vec<String>,
}

/// Worlds in which nothing has gone wrong yet, kept for all the seeds that begin there.
#[derive(Debug, Default)]
pub struct Begun {
    placed: std::collections::HashMap<(u64, Guarantee, bool), World>,
}

impl Begun {
    /// The world in which `plan` begins.
    fn world(&mut self, plan: &Plan, done: &mut Vec<Done>) -> World {
        let begin = || {
            let world = world_with(bundle_of(plan.guarantee, plan.clocks));
            world.keep_lines(false);
            world
        };
        if !plan.begins_placed {
            return begin();
        }
        done.extend((0..plan.orders.len()).map(|order| Done { order, deed: Deed::Release }));
        let key = (plan.seed % SHAPES, plan.guarantee, plan.clocks);
        let place = || {
            let world = begin();
            for order in &plan.orders {
                if let Some(act) = order.act(Deed::Release, &world) {
                    let _ = act.insist(&world);
                }
            }
            let _ = world.run();
            world
        };
        // A plan that was made smaller has other orders than its seed's.
        if plan.orders == orders(plan.seed % SHAPES) {
            self.placed.entry(key).or_insert_with(place).fork()
        } else {
            place()
        }
    }
}

/// Plays `plan`: first everything goes on while things go wrong, then nothing goes wrong any more and an operator
/// redrives, and what is left to do is done.
pub fn play(plan: &Plan, begun: &mut Begun, lines: bool) -> Played {
    let mut done = Vec::new();
    let world = begun.world(plan, &mut done);
    world.keep_lines(lines);
    let mut left: Vec<(usize, Deed)> = plan
        .orders
        .iter()
        .enumerate()
        .flat_map(|(at, order)| order.deeds.iter().map(move |deed| (at, *deed)))
        .filter(|(order, deed)| !done.contains(&Done { order: *order, deed: *deed }))
        .collect();
    let mut story = Story {
        plan,
        world: &world,
        numbers: Numbers(!plan.seed),
        done,
        placed: RefCell::new(vec![None; plan.orders.len()]),
        given_up: Vec::new(),
    };
    story.disturb();
    let quiet = story.go_on(&mut left);
    story.heal();
    // Before those try again who gave up: what half of a try left behind must do no harm by itself.
    let mut found = if plan.gives_up { world.audit() } else { Vec::new() };
    if quiet.is_ok() {
        left.append(&mut story.given_up);
        story.finish(&mut left);
    }
    if plan.clocks {
        // What was never done is overdue in the end.
        let _ = world.run_for(SignedDuration::from_hours(ALL_DUE_H));
    }
    let done = story.done;
    found.extend(world.offences());
    if found.is_empty() {
        found = match world.run() {
            Ok(()) => judge(&world, &plan.orders, &done),
            Err(_) => vec!["it comes to no end".to_owned()],
        };
    }
    Played { world, found }
}

struct Story<'a> {
    plan: &'a Plan,
    world: &'a World,
    numbers: Numbers,
    done: Vec<Done>,
    /// Orders that their warehouses have, under which number: that does not change any more.
    placed: RefCell<Vec<Option<u32>>>,
    /// What those who gave up wanted to do.
    given_up: Vec<(usize, Deed)>,
}

impl Story<'_> {
    fn disturb(&self) {
        let (plan, world) = (self.plan, self.world);
        let from = world.now();
        world.set_schedule(Schedule::Seeded(plan.seed));
        world.set_workers(plan.workers.0, plan.workers.1);
        let call = if plan.calls.is_some() { 0 } else { plan.chances.call };
        world.set_chances(Chances { call, ..plan.chances });
        let given = plan.calls.iter().flatten();
        let mut faults = given.fold(Faults::none(), |faults, (call, kind)| faults.with(*call, *kind));
        if let Some(minutes) = plan.table_out {
            let until = from.checked_add(SignedDuration::from_mins(minutes)).unwrap_or(Timestamp::MAX);
            faults = faults.out(Outage { port: Port::Table, from, until });
        }
        world.set_faults(faults);
        if let Some(partner) = plan.away {
            world.away(partner, SignedDuration::from_hours(24));
        }
    }

    /// Everybody does what there is to do, in any order, while things go wrong.
    fn go_on(&mut self, left: &mut Vec<(usize, Deed)>) -> Result<(), sim::NotQuiet> {
        let mut waited = false;
        for _ in 0..ROUNDS_MAX {
            if left.is_empty() {
                break;
            }
            let start = self.numbers.small(left.len());
            let mut order = (0..left.len()).map(|at| (start + at) % left.len());
            let possible = order.find_map(|at| Some((at, self.act(*left.get(at)?)?)));
            let Some((at, act)) = possible else {
                // What is left waits for something: for the functions, or for what keeps them from their work.
                if waited {
                    break;
                }
                self.world.run()?;
                waited = true;
                continue;
            };
            waited = false;
            let what = *left.get(at).unwrap_or(&(0, Deed::Release));
            if self.perform(&act, what, self.plan.gives_up) {
                left.swap_remove(at);
            } else if self.plan.gives_up {
                self.given_up.push(left.swap_remove(at));
            }
            match self.numbers.below(4) {
                0 => self.world.run()?,
                1 => {
                    let seconds = i64::try_from(self.numbers.below(20)).unwrap_or(0);
                    self.world.run_for(SignedDuration::from_secs(seconds))?;
                }
                _ => {}
            }
            if self.plan.clocks && self.numbers.one_in(4) {
                let hours = i64::try_from(1 + self.numbers.below(PAUSE_H_MAX)).unwrap_or(1);
                if self.numbers.one_in(2) {
                    self.world.wait(SignedDuration::from_hours(hours));
                } else {
                    self.world.run_for(SignedDuration::from_hours(hours))?;
                }
            }
        }
        self.world.run()
    }

    fn act(&self, (at, deed): (usize, Deed)) -> Option<Act> {
        let order = self.plan.orders.get(at)?;
        let is_done = |deed| self.done.contains(&Done { order: at, deed });
        // The warehouse answers a cancel that it heard of, or will hear of.
        if matches!(deed, Deed::Answer(_)) && !is_done(Deed::Cancel) || deed != Deed::Release && !is_done(Deed::Release)
        {
            return None;
        }
        // Whoever contradicts, or has a number twice, does so after what is known: which came first is decided.
        if let Deed::Contradict(part) | Deed::Reuse(part) = deed {
            let known = self.world.shipped(&order.shipment_id(part));
            return if known { order.act(deed, self.world) } else { None };
        }
        order.act_of(deed, &mut || {
            let mut known = self.placed.borrow_mut();
            let known = known.get_mut(at)?;
            *known = known.or_else(|| order.placed(self.world));
            *known
        })
    }

    /// Does it, perhaps twice. Says whether it was answered: who was not, comes again. With `once` it is tried once.
    fn perform(&mut self, act: &Act, (order, deed): (usize, Deed), once: bool) -> bool {
        let answer = if once { act.attempt(self.world).ok_or(Unanswered) } else { act.insist(self.world) };
        match answer {
            Ok(status) if status == act.answered() => self.done.push(Done { order, deed }),
            // A cancel may be too late.
            Ok(409) if deed == Deed::Cancel => return true,
            Ok(_) | Err(_) => return false,
        }
        if self.numbers.below(1000) < u64::from(self.plan.again) {
            // Who tries a second time what is not theirs has tried twice. A second webhook that contradicts is a second
            // contradiction; a file is the same one, whatever it is called.
            let counts = match deed {
                Deed::Intrude => true,
                Deed::Contradict(_) => matches!(act, Act::Webhook { .. }),
                _ => false,
            };
            let renamed = self.numbers.one_in(2) && !counts;
            let again = if renamed { act.renamed() } else { act.clone() };
            // Whether it is answered changes nothing.
            let _ = again.insist(self.world);
        }
        true
    }

    /// Nothing goes wrong any more, and what died is redriven.
    fn heal(&mut self) {
        let (plan, world) = (self.plan, self.world);
        world.set_chances(Chances::default());
        world.set_faults(Faults::none());
        let _ = world.run();
        if plan.redrive_late
            && let Some(last) = world.last_redrive()
        {
            world.wait(last.duration_since(world.now()).max(SignedDuration::ZERO));
        }
        self.redrive();
    }

    fn redrive(&self) {
        for round in 0..REDRIVES_MAX {
            // The unreadable ones die again, now with a note that nothing keeps from being written.
            let (dead, poison) = self.world.dead_count();
            if dead == poison && (round > 0 || poison == 0) {
                break;
            }
            // Some operators redrive and keep a copy, and redrive that again.
            if round == 0 && self.plan.seed.is_multiple_of(2) && !self.plan.redrive_late && poison == 0 {
                for queue in QueueName::READ {
                    self.world.redrive_and_keep(queue);
                }
                let _ = self.world.run();
            }
            for queue in QueueName::READ {
                self.world.redrive(queue);
            }
            let _ = self.world.run();
        }
    }

    /// What is left is done, as far as it can be.
    fn finish(&mut self, left: &mut Vec<(usize, Deed)>) {
        let count = left.len();
        for _ in 0..count {
            let possible = (0..left.len()).find_map(|at| Some((at, self.act(*left.get(at)?)?)));
            let Some((at, act)) = possible else { break };
            let what = left.swap_remove(at);
            self.perform(&act, what, false);
            let _ = self.world.run();
        }
        self.redrive();
    }
}
