//! Every order of arrival: what the partners of a story do, in each order in which it can reach us, comes to the same end.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use sim::{Summary, World};

use crate::cast::world;
use crate::story::{Act, STORIES, Story, differences, settle, well};

/// What came of it.
#[derive(Debug, Default)]
pub struct Arrivals {
    /// Orders of arrival that were played.
    pub orders: usize,
    /// Those that came to another end, and what differs.
    pub offences: Vec<(String, Vec<String>)>,
}

/// Plays each story with all that its partners do in every order, each act settled before the next. Orders that begin
/// alike are one world up to where they part. `tell` hears how many of the beginnings are played.
pub fn explore(threads: usize, tell: &(dyn Fn(usize, usize) + Sync)) -> Arrivals {
    let placed: Vec<usize> = STORIES.iter().map(|story| acts_of(story, &begun(story)).len()).collect();
    // A beginning is a story and which of its acts comes first.
    let beginnings: Vec<(usize, usize)> =
        placed.iter().enumerate().flat_map(|(story, acts)| (0..*acts).map(move |first| (story, first))).collect();
    let (next, all) = (AtomicUsize::new(0), Mutex::new(Arrivals::default()));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((story, first)) = beginnings.get(next.fetch_add(1, Ordering::Relaxed)) {
                    tell(next.load(Ordering::Relaxed).min(beginnings.len()), beginnings.len());
                    let story = &STORIES[*story];
                    let found = every_order(story, &well(story), Some(*first));
                    let mut all = all.lock().expect("no thread panics with it");
                    all.orders += found.orders;
                    all.offences.extend(found.offences);
                }
            });
        }
    });
    all.into_inner().expect("no thread panics with it")
}

/// Plays a story with all its acts in every order, or in every one that begins with this act, and holds the ends against
/// the story gone well.
pub fn every_order(story: &Story, well: &Summary, first: Option<usize>) -> Arrivals {
    let (world, mut arrivals) = (begun(story), Arrivals::default());
    let acts = acts_of(story, &world);
    let course = Course { story, well };
    course.go_on(&world, &acts, first, &mut Vec::new(), &mut arrivals);
    arrivals
}

/// The world in which the story's order is placed with the warehouse.
fn begun(story: &Story) -> World {
    let world = world();
    (story.release)().perform(&world);
    settle(&world);
    world
}

fn acts_of(story: &Story, placed: &World) -> Vec<Act> {
    (story.then)(placed)
}

struct Course<'s> {
    story: &'s Story,
    /// The story gone well.
    well: &'s Summary,
}

impl Course<'_> {
    fn go_on(&self, world: &World, left: &[Act], first: Option<usize>, done: &mut Vec<Act>, arrivals: &mut Arrivals) {
        if left.is_empty() {
            arrivals.orders += 1;
            let mut found = world.audit();
            found.extend(differences(&world.summary(), self.well));
            if !found.is_empty() {
                arrivals.offences.push((format!("{}: {}", self.story.name, names(done)), found));
            }
        }
        for next in (0..left.len()).filter(|next| first.is_none_or(|first| first == *next)) {
            let mut left = left.to_vec();
            let act = left.remove(next);
            let world = world.fork();
            act.perform(&world);
            settle(&world);
            done.push(act);
            self.go_on(&world, &left, None, done, arrivals);
            done.pop();
        }
    }
}

/// The acts, told in a line.
pub fn names(acts: &[Act]) -> String {
    let name = |act: &Act| match act {
        Act::Release { key, .. } => key.clone(),
        Act::Webhook { topic, id, .. } => format!("{topic} {id}"),
        Act::Drop { name, .. } => name.clone(),
        Act::Cancel { .. } => "cancel".to_owned(),
    };
    acts.iter().map(name).collect::<Vec<_>>().join(", ")
}
