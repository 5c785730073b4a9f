//! Each known defect in the product, one at a time, and who finds it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use steps::defect::{Defect, put};

use crate::exhaustive::{self, Depth};
use crate::outages;
use crate::random::{Begun, Plan, play};

/// Seeds after which a defect that is still not found is taken for none. The hardest to find of those that do harm takes
/// a tenth of them.
pub const SEEDS_MAX: u64 = 5000;

/// Most characters of what an outage led to: what follows is the same of every message.
const WORDS_LEN_MAX: usize = 200;

/// Defects that change nothing that matters, and why. The suite must not find them either: if it does, it holds the
/// product to more than is promised, or the reason is wrong.
const EQUIVALENT: [(Defect, &str); 1] = [(
    Defect::NoMargin,
    "a message that is begun too late is stopped with its function, and comes back as any killed one does",
)];

/// What became of one defect.
#[derive(Debug, Clone)]
pub struct Caught {
    /// Its name.
    pub name: String,
    /// Whether it was found, or rightly was not.
    pub holds: bool,
    /// By what, in words.
    pub words: String,
    /// Schedules or seeds until it was found.
    pub tries: u64,
    /// Schedules played.
    pub schedules: u64,
    /// Seeds played.
    pub seeds: u64,
}

/// Tries every defect whose name holds `only`, on as many threads; `tell` hears of each when its end is known.
pub fn hunt(only: &str, threads: usize, tell: &(impl Fn(&Caught) + Sync)) -> Vec<Caught> {
    let wanted: Vec<Defect> =
        Defect::ALL.iter().copied().filter(|defect| format!("{defect:?}").contains(only)).collect();
    let (next, caught) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some((at, defect)) = {
            let at = next.fetch_add(1, Ordering::Relaxed);
            wanted.get(at).map(|defect| (at, *defect))
        } {
            let one = find(defect);
            put(None);
            tell(&one);
            caught.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((at, one));
        }
    };
    std::thread::scope(|scope| (0..threads.max(1)).for_each(|_| drop(scope.spawn(work))));
    let mut caught = caught.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    caught.sort_by_key(|(at, _)| *at);
    caught.into_iter().map(|(_, one)| one).collect()
}

/// Looks for a defect: by single faults, outages, seeds, and pairs of faults. For one that should change nothing pairs take
/// longer than they tell.
fn find(defect: Defect) -> Caught {
    put(Some(defect));
    let mut one =
        Caught { name: format!("{defect:?}"), holds: true, words: String::new(), tries: 0, schedules: 0, seeds: 0 };
    let equivalent = EQUIVALENT.iter().find(|(of, _)| *of == defect).map(|(_, why)| *why);
    let found = singles(&mut one).or_else(figures).or_else(|| seeds(&mut one));
    let found = found.or_else(|| if equivalent.is_none() { pairs(&mut one) } else { None });
    (one.holds, one.words) = match (found, equivalent) {
        (Some(by), None) => (true, by),
        (None, Some(why)) => (true, format!("changes nothing: {why}")),
        (Some(by), Some(_)) => (false, format!("should change nothing, and was found by {by}")),
        (None, None) => (false, format!("not found in {} schedules and {} seeds", one.schedules, one.seeds)),
    };
    one
}

fn singles(one: &mut Caught) -> Option<String> {
    explored(one, Depth { usual: 1, moves: 1 }, "single fault")
}

fn pairs(one: &mut Caught) -> Option<String> {
    explored(one, Depth { usual: 2, moves: 2 }, "pair of faults")
}

fn explored(one: &mut Caught, depth: Depth, what: &str) -> Option<String> {
    let seen = exhaustive::explore_here(depth, 1);
    one.schedules += seen.schedules;
    let offence = seen.offences.first()?;
    one.tries = seen.schedules;
    let first = offence.found.first().map_or("", String::as_str);
    let how = if offence.vector.is_empty() { "no fault at all" } else { what };
    Some(format!("schedule {} ({how}, {}): {first}", seen.schedules, offence.flow))
}

fn seeds(one: &mut Caught) -> Option<String> {
    let mut begun = Begun::default();
    for seed in 0..SEEDS_MAX {
        one.seeds += 1;
        let found = play(&Plan::of(seed), &mut begun, false).found;
        if let Some(first) = found.first() {
            one.tries = seed + 1;
            return Some(format!("seed {seed}: {first}"));
        }
    }
    None
}

fn figures() -> Option<String> {
    let figure = outages::all().into_iter().find(|figure| !figure.holds)?;
    Some(format!("an outage: {}", figure.words.chars().take(WORDS_LEN_MAX).collect::<String>()))
}
