//! Where functions die: the named points, in an order that follows from the seed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::time::Duration;

use crossdock::Stopwatch;
use serde::{Serialize, Serializer};

/// How many points are lain in wait for at once. Some are passed many times a second and some once in a story: the
/// rare ones must not hold up the others.
const ARMED_MAX: usize = 8;

/// After how long a point that nobody passed goes back to the end of the plan.
const STALE: Duration = Duration::from_secs(15);

/// After how long the processes of a function are ended whose point nobody passed: profiles and secrets are asked for by
/// a new process alone.
const IDLE_MAX: Duration = Duration::from_secs(6);

/// Shortest time between two kills, so that kills fall into the whole of the traffic and not into its beginning.
const GAP: Duration = Duration::from_millis(120);

/// How often a point is passed at most before the function dies there, so that it is not always the first of a kind.
const PASSED_MAX: u64 = 1;

/// One reply in so many kills is lost besides, with the function alive.
const KILLS_PER_LOST_REPLY: usize = 4;

/// The moment of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Moment {
    /// The request has not reached the service.
    Before,
    /// The service has done what was asked, and the function does not know.
    After,
}

/// A call of a function.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    /// The function, such as `order-apply`.
    pub function: String,
    /// What it calls, such as `PutItem RELEASE`.
    pub operation: String,
}

/// A named point: a moment of a call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    /// The call.
    pub call: Call,
    /// The moment.
    pub moment: Moment,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = match self.moment {
            Moment::Before => "before",
            Moment::After => "after",
        };
        write!(f, "{} {moment} {}", self.call.function, self.call.operation)
    }
}

impl Serialize for Point {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It goes through.
    Pass,
    /// The function dies at this moment of it.
    Kill(Moment),
    /// It goes through, and the function never gets the reply.
    LoseReply,
}

/// A point that is lain in wait for.
#[derive(Debug)]
struct Armed {
    point: Point,
    /// The function stays alive and loses the reply.
    spares: bool,
    /// How often it is passed before.
    passes: u64,
    since: Stopwatch,
    /// Its function's processes were ended for it.
    is_renewed: bool,
}

/// A kill that happened.
#[derive(Debug, Clone, Serialize)]
pub struct Kill {
    /// When, in milliseconds from the beginning of the plan.
    pub at_ms: u64,
    /// Where.
    pub point: Point,
    /// The process.
    pub pid: u32,
}

/// The plan, and what was done of it. Without points it watches and lets everything pass.
#[derive(Debug)]
pub(crate) struct Plan {
    watch: Stopwatch,
    seen: BTreeSet<Call>,
    points: BTreeSet<Point>,
    waiting: VecDeque<(Point, bool)>,
    armed: Vec<Armed>,
    last: Option<Stopwatch>,
    state: u64,
    wanted: usize,
    /// The kills so far.
    pub(crate) history: Vec<Kill>,
    /// Replies that were lost.
    pub(crate) lost_replies: usize,
}

impl Plan {
    /// No plan: calls are seen, and pass.
    pub(crate) fn watch() -> Self {
        Self {
            watch: Stopwatch::start(),
            seen: BTreeSet::new(),
            points: BTreeSet::new(),
            waiting: VecDeque::new(),
            armed: Vec::new(),
            last: None,
            state: 0,
            wanted: 0,
            history: Vec::new(),
            lost_replies: 0,
        }
    }

    /// From now on `kills` kills at the points of the calls that were seen so far: each point once before any is hit
    /// again, in an order that follows from `seed`.
    pub(crate) fn begin(&mut self, kills: usize, seed: u64) {
        self.watch = Stopwatch::start();
        self.state = seed;
        self.wanted = kills;
        let moments = [Moment::Before, Moment::After];
        let of = |call: &Call| moments.map(|moment| Point { call: call.clone(), moment });
        self.points = self.seen.iter().flat_map(of).collect();
        let mut planned = 0;
        while planned < kills && !self.points.is_empty() {
            let mut round: Vec<Point> = self.points.iter().cloned().collect();
            shuffle(&mut round, &mut self.state);
            for point in spread(round).into_iter().take(kills - planned) {
                planned += 1;
                if planned % KILLS_PER_LOST_REPLY == 0
                    && let Some(call) = self.seen.iter().nth(below(&mut self.state, self.seen.len()))
                {
                    self.waiting.push_back((Point { call: call.clone(), moment: Moment::After }, true));
                }
                self.waiting.push_back((point, false));
            }
        }
    }

    /// What becomes of a call.
    pub(crate) fn meets(&mut self, call: &Call) -> Fate {
        if self.points.is_empty() {
            self.seen.insert(call.clone());
            return Fate::Pass;
        }
        self.arm();
        if self.last.is_some_and(|last| last.elapsed() < GAP) {
            return Fate::Pass;
        }
        let Some(at) = self.armed.iter().position(|armed| armed.point.call == *call) else {
            return Fate::Pass;
        };
        let passes = self.armed.get_mut(at).map_or(0, |armed| {
            let left = armed.passes;
            armed.passes = left.saturating_sub(1);
            left
        });
        if passes > 0 {
            return Fate::Pass;
        }
        let armed = self.armed.remove(at);
        if armed.spares {
            self.lost_replies += 1;
            return Fate::LoseReply;
        }
        self.last = Some(Stopwatch::start());
        Fate::Kill(armed.point.moment)
    }

    /// Notes a kill.
    pub(crate) fn killed(&mut self, point: Point, pid: u32) {
        let at_ms = u64::try_from(self.watch.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.history.push(Kill { at_ms, point, pid });
    }

    /// Puts back a point where nothing was left to kill.
    pub(crate) fn missed(&mut self, point: Point) {
        self.waiting.push_front((point, false));
    }

    /// The functions whose processes should be ended so that new ones pass their points.
    pub(crate) fn idle(&mut self) -> BTreeSet<String> {
        let idle = self.armed.iter_mut().filter(|armed| !armed.is_renewed && armed.since.elapsed() > IDLE_MAX);
        idle.map(|armed| {
            (armed.is_renewed, armed.passes) = (true, 0);
            armed.point.call.function.clone()
        })
        .collect()
    }

    /// Takes up what comes next, and gives up for now what nobody passes.
    fn arm(&mut self) {
        let (stale, armed) = self.armed.drain(..).partition(|armed| armed.since.elapsed() > STALE);
        let stale: Vec<Armed> = stale;
        self.armed = armed;
        self.waiting.extend(stale.into_iter().map(|armed| (armed.point, armed.spares)));
        while self.armed.len() < ARMED_MAX
            && let Some((point, spares)) = self.waiting.pop_front()
        {
            let passes = draw(&mut self.state) % (PASSED_MAX + 1);
            self.armed.push(Armed { point, spares, passes, since: Stopwatch::start(), is_renewed: false });
        }
    }

    /// Whether all kills were made. A lost reply that is still planned is not waited for.
    pub(crate) fn is_done(&self) -> bool {
        self.history.len() >= self.wanted
    }

    /// The points that are lain in wait for.
    pub(crate) fn waits_at(&self) -> Vec<String> {
        self.armed.iter().map(|armed| armed.point.to_string()).collect()
    }

    /// The plan ends here: from now on everything passes.
    pub(crate) fn end(&mut self) {
        self.waiting.clear();
        self.armed.clear();
    }

    /// Every named point, and how often a function died there.
    pub(crate) fn hits(&self) -> BTreeMap<Point, usize> {
        let mut hits: BTreeMap<Point, usize> = self.points.iter().map(|point| (point.clone(), 0)).collect();
        for kill in &self.history {
            *hits.entry(kill.point.clone()).or_default() += 1;
        }
        hits
    }
}

/// The next number of the sequence that `state` stands in: `SplitMix64` (Steele, Lea, Flood 2014).
fn draw(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut bits = *state;
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

fn below(state: &mut u64, count: usize) -> usize {
    usize::try_from(draw(state) % (count.max(1) as u64)).unwrap_or(0)
}

fn shuffle<T>(items: &mut [T], state: &mut u64) {
    for end in (1..items.len()).rev() {
        items.swap(end, below(state, end + 1));
    }
}

/// The same points, each function's in their order and spread evenly: few kills too are kills of every function, and many
/// do not hit one function alone at the end.
fn spread(points: Vec<Point>) -> Vec<Point> {
    /// Fine enough to tell the places of some hundred points apart.
    const PARTS: usize = 1 << 20;
    let mut by_function: BTreeMap<String, Vec<Point>> = BTreeMap::new();
    for point in points {
        by_function.entry(point.call.function.clone()).or_default().push(point);
    }
    let mut placed: Vec<(usize, Point)> = Vec::new();
    for points in by_function.into_values() {
        let count = points.len();
        // The middle of its share of the round, in parts of the round.
        let place = |at: usize| (2 * at + 1) * PARTS / (2 * count);
        placed.extend(points.into_iter().enumerate().map(|(at, point)| (place(at), point)));
    }
    placed.sort_by_key(|(place, _)| *place);
    placed.into_iter().map(|(_, point)| point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(number: usize) -> Call {
        Call { function: format!("f{}", number % 3), operation: format!("op {number}") }
    }

    fn begun(calls: usize, kills: usize, seed: u64) -> Plan {
        let mut plan = Plan::watch();
        for number in 0..calls {
            assert_eq!(plan.meets(&call(number)), Fate::Pass, "without a plan everything passes");
        }
        plan.begin(kills, seed);
        plan
    }

    fn order(plan: &Plan) -> Vec<String> {
        plan.waiting.iter().filter(|(_, spares)| !spares).map(|(point, _)| point.to_string()).collect()
    }

    #[test]
    fn each_point_comes_once_before_any_comes_again() {
        let plan = begun(10, 50, 7);
        let order = order(&plan);
        assert_eq!(order.len(), 50);
        for round in order.chunks(20) {
            assert_eq!(round.iter().collect::<BTreeSet<_>>().len(), round.len(), "{round:?}");
        }
        assert_eq!(plan.points.len(), 20);
        let lost = plan.waiting.iter().filter(|(_, spares)| *spares).count();
        assert_eq!(lost, 12, "one in four");
    }

    #[test]
    fn the_first_kills_are_of_every_function() {
        let plan = begun(10, 3, 7);
        let functions: BTreeSet<String> = plan.waiting.iter().map(|(point, _)| point.call.function.clone()).collect();
        assert_eq!(functions.len(), 3);
    }

    #[test]
    fn the_order_follows_from_the_seed() {
        assert_eq!(order(&begun(10, 50, 7)), order(&begun(10, 50, 7)));
        assert_ne!(order(&begun(10, 50, 7)), order(&begun(10, 50, 8)));
    }

    #[test]
    fn a_plan_without_calls_has_nothing_to_kill() {
        let plan = begun(0, 5, 1);
        assert!(plan.waiting.is_empty() && !plan.is_done());
    }

    #[test]
    fn a_call_dies_at_the_planned_moment_and_a_miss_is_made_up_for() {
        let mut plan = begun(1, 2, 3);
        let fates: Vec<Fate> = std::iter::repeat_with(|| plan.meets(&call(0))).take(8).collect();
        let kills: Vec<&Fate> = fates.iter().filter(|fate| matches!(fate, Fate::Kill(_))).collect();
        assert_eq!(kills.len(), 1, "the next kill keeps its distance: {fates:?}");
        let Fate::Kill(moment) = *kills[0] else { panic!("{fates:?}") };
        let point = Point { call: call(0), moment };
        plan.missed(point.clone());
        assert!(plan.history.is_empty() && plan.waiting.iter().any(|(waiting, _)| *waiting == point));
        plan.killed(point.clone(), 1);
        assert_eq!(plan.hits()[&point], 1);
        assert_eq!(plan.hits().len(), 2);
        assert!(!plan.is_done());
        plan.end();
        assert_eq!(plan.meets(&call(0)), Fate::Pass);
    }
}
