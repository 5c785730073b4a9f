//! Where the segments of a set belong.
//!
//! A segment goes to the innermost open loop that has a place for it at or after the last one; that is what X12.6 and
//! the message structure rules of EDIFACT say, and all that a good set ever needs. The rest of this module decides
//! what a segment without a place is, so that one defect gives one finding and what follows is checked as well as it
//! can be.

use crate::finding::SyntaxCode as Code;
use crate::limits::GUIDE_NODES_MAX;
use crate::segment::Segment;

use super::plan::{Id, Level, NodePlan, Plan};
use super::report::{Report, Spot};

/// The set, then the loops that are open.
#[derive(Clone, Debug)]
pub(super) struct Order<'g> {
    plan: &'g Plan,
    /// Innermost last; the set itself is always there.
    frames: Vec<Frame<'g>>,
    /// How often each node of each frame has occurred, frame after frame.
    counts: Vec<u32>,
    /// Mandatory nodes that were passed over before they had occurred often enough.
    passed: Vec<Passed>,
}

#[derive(Clone, Copy, Debug)]
struct Frame<'g> {
    level: &'g Level,
    /// The node that the last segment at this level was of.
    current: usize,
    /// A bit for that node and each one after it.
    from_current: u64,
    /// Where its counts begin.
    counts: usize,
    /// A loop that was opened out of its place: what lies below it in the stack goes on beside it.
    aside: bool,
    /// The node of the last segment that came too late. What follows it in order came late with it.
    late: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Passed {
    depth: usize,
    node: usize,
    spot: Spot,
}

/// A frame and a node of its level.
#[derive(Clone, Copy, Debug)]
struct At {
    depth: usize,
    node: usize,
}

impl At {
    /// A bit for the node and each one after it.
    #[inline]
    fn from(&self) -> u64 {
        u64::MAX << (self.node % GUIDE_NODES_MAX)
    }
}

impl<'g> Order<'g> {
    pub(super) fn new(plan: &'g Plan) -> Self {
        let mut order =
            Self { plan, frames: Vec::with_capacity(8), counts: Vec::with_capacity(64), passed: Vec::new() };
        order.push(0, false);
        order
    }

    /// Puts a segment where it belongs; the index of its definition, if the set has it.
    #[inline]
    pub(super) fn place(
        &mut self,
        id: Id,
        segment: &Segment<'_>,
        report: &mut Report,
        known: Known<'_>,
    ) -> Option<usize> {
        let Some(found) = self.plan.number(id) else {
            return self.misplaced(id, segment, report, known);
        };
        for depth in (0..self.frames.len()).rev() {
            let Some((node, plan)) = self.ahead(depth, found) else {
                continue;
            };
            if depth + 1 < self.frames.len() {
                self.close_to(depth + 1, Spot::of(segment), report);
            }
            self.advance(At { depth, node }, segment);
            if let Some(level) = plan.level {
                self.push(level, false);
            } else if plan.ends {
                self.close_to(depth, Spot::of(segment), report);
            }
            return Some(found);
        }
        self.misplaced(id, segment, report, known)
    }

    /// The first node for a segment at or after the current one that is not used up.
    #[inline]
    fn ahead(&self, depth: usize, segment: usize) -> Option<(usize, &'g NodePlan)> {
        let frame = self.frames.get(depth)?;
        let level = frame.level;
        let mut nodes = level.of(segment) & frame.from_current;
        while nodes != 0 {
            let index = nodes.trailing_zeros() as usize;
            let node = level.nodes.get(index)?;
            if self.count(frame, index) < node.max {
                return Some((index, node));
            }
            nodes &= nodes - 1;
        }
        None
    }

    #[inline]
    fn count(&self, frame: &Frame<'_>, node: usize) -> u32 {
        self.counts.get(frame.counts + node).copied().unwrap_or_default()
    }

    /// Moves on to a node, counts it, and remembers what was passed over on the way.
    #[inline]
    fn advance(&mut self, at: At, segment: &Segment<'_>) {
        let Some(frame) = self.frames.get_mut(at.depth) else {
            return;
        };
        let (from, level, counts) = (frame.current, frame.level, frame.counts);
        let between = frame.from_current & !at.from();
        (frame.current, frame.from_current) = (at.node, at.from());
        if level.must & between != 0 {
            for &node in level.mandatory.iter().filter(|&&node| (from..at.node).contains(&node)) {
                let short = level.nodes.get(node).zip(self.counts.get(counts + node)).is_some_and(|(n, c)| *c < n.min);
                let known = |passed: &Passed| (passed.depth, passed.node) == (at.depth, node);
                if short && !self.passed.iter().any(known) {
                    self.passed.push(Passed { depth: at.depth, node, spot: Spot::of(segment) });
                }
            }
        }
        self.add(counts + at.node);
    }

    #[inline]
    fn add(&mut self, index: usize) {
        if let Some(count) = self.counts.get_mut(index) {
            *count = count.saturating_add(1);
        }
    }

    #[inline]
    fn push(&mut self, level: usize, aside: bool) {
        let Some(level) = self.plan.level(level) else {
            return;
        };
        let nodes = level.nodes.len();
        self.frames.push(Frame {
            level,
            current: 0,
            from_current: u64::MAX,
            counts: self.counts.len(),
            aside,
            late: None,
        });
        self.counts.resize(self.counts.len() + nodes, 0);
    }

    /// Closes loops until only `depth` frames are open.
    fn close_to(&mut self, depth: usize, spot: Spot, report: &mut Report) {
        while self.frames.len() > depth {
            let Some(frame) = self.frames.pop() else {
                return;
            };
            let at = self.frames.len();
            for &node in &frame.level.mandatory {
                let Some(plan) = frame.level.nodes.get(node) else {
                    continue;
                };
                if self.count(&frame, node) < plan.min {
                    let passed = self.passed.iter().find(|passed| (passed.depth, passed.node) == (at, node));
                    report.missing(self.plan.name(plan), passed.map_or(spot, |passed| passed.spot));
                }
            }
            if !self.passed.is_empty() {
                self.passed.retain(|passed| passed.depth < at);
            }
            self.counts.truncate(frame.counts);
        }
    }

    /// How much is kept. What a segment costs is bounded by this and by the size of the guide.
    #[cfg(test)]
    pub(super) fn size(&self) -> usize {
        self.frames.len() + self.counts.len() + self.passed.len()
    }

    /// Closes everything, and is at the start of a set again; `end` is where the set ends.
    pub(super) fn finish(&mut self, end: Spot, report: &mut Report) {
        self.close_to(0, end, report);
        self.push(0, false);
    }

    /// A segment that no open loop has a place for.
    #[cold]
    fn misplaced(&mut self, id: Id, segment: &Segment<'_>, report: &mut Report, known: Known<'_>) -> Option<usize> {
        let Some((level, node)) = self.plan.first(id) else {
            known.stranger(segment, report);
            return None;
        };
        let found = self.plan.node(level, node)?;
        if let Some(at) = self.find(|frame, level| Self::used_up(frame, level, id)) {
            self.too_many(at, segment, report);
        } else if let Some(at) = self.find(|frame, level| self.late_too(frame, level, id)) {
            self.too_late(at, segment, report);
        } else {
            let late = self.find(|frame, level| level.ids.iter().take(frame.current).position(|x| *x == id));
            let path = self.way_in(id);
            let deep =
                |at: &At| path.as_ref().and_then(|path| path.first()).is_some_and(|first| first.depth > at.depth);
            match (late, path.as_ref()) {
                (Some(at), _) if !deep(&at) => self.too_late(at, segment, report),
                (_, Some(path)) => self.implied(path, segment, report),
                _ => self.stray(found, segment, report),
            }
        }
        Some(found.segment)
    }

    /// A segment of a loop that is not open and cannot open here.
    fn stray(&mut self, node: &NodePlan, segment: &Segment<'_>, report: &mut Report) {
        let message = format!("{} is of a loop that is not open here.", segment.id());
        report.segment(Code::SegmentUnexpected, segment, message);
        if let Some(level) = node.level {
            self.open_aside(0, level, Spot::of(segment), report);
        }
    }

    /// A node for `id` that came late with the last one that did.
    fn late_too(&self, frame: &Frame<'_>, level: &Level, id: Id) -> Option<usize> {
        let late = frame.late?;
        let offset = level.ids.get(late..frame.current)?.iter().position(|here| *here == id)?;
        let max = level.nodes.get(late + offset)?.max;
        (self.count(frame, late + offset) < max).then_some(late + offset)
    }

    /// The innermost frame that has what is looked for.
    fn find(&self, what: impl Fn(&Frame<'g>, &'g Level) -> Option<usize>) -> Option<At> {
        self.frames.iter().enumerate().rev().find_map(|(depth, frame)| {
            let node = what(frame, frame.level)?;
            Some(At { depth, node })
        })
    }

    fn node(&self, at: At) -> Option<&'g NodePlan> {
        self.frames.get(at.depth)?.level.nodes.get(at.node)
    }

    /// A node for `id` at or after the current one; nodes that are not used up were found before.
    fn used_up(frame: &Frame<'_>, level: &Level, id: Id) -> Option<usize> {
        let offset = level.ids.get(frame.current..)?.iter().position(|here| *here == id)?;
        Some(frame.current + offset)
    }

    /// One more than may be: said once, and taken as one of them.
    fn too_many(&mut self, at: At, segment: &Segment<'_>, report: &mut Report) {
        let Some(node) = self.node(at) else {
            return;
        };
        self.report_too_many(at, node, segment, report);
        // A loop whose first segment stands twice has its content behind the second.
        let same = self.frames.get(at.depth).is_some_and(|frame| frame.current == at.node);
        let nothing = |frame: &Frame<'_>| self.counts.iter().skip(frame.counts).all(|count| *count == 0);
        let empty = same && self.frames.get(at.depth + 1).is_some_and(nothing);
        if empty {
            self.counts.truncate(self.frames.get(at.depth + 1).map_or(usize::MAX, |frame| frame.counts));
            self.frames.truncate(at.depth + 1);
        }
        self.close_to(at.depth + 1, Spot::of(segment), report);
        self.advance(at, segment);
        if let Some(level) = node.level {
            self.push(level, false);
        }
    }

    fn report_too_many(&self, at: At, node: &NodePlan, segment: &Segment<'_>, report: &mut Report) {
        if self.frames.get(at.depth).is_some_and(|frame| self.count(frame, at.node) > node.max) {
            return;
        }
        let (code, what) =
            if node.level.is_some() { (Code::LoopTooMany, "loop") } else { (Code::SegmentTooMany, "segment") };
        let message = format!("The {what} {} may occur {} times here.", segment.id(), node.max);
        report.segment(code, segment, message);
    }

    /// A segment whose place has gone by. The first is a finding; those that follow it in their own order came late
    /// together with it. What is open stays open, so that the set can go on where it was.
    fn too_late(&mut self, at: At, segment: &Segment<'_>, report: &mut Report) {
        let Some(node) = self.node(at) else {
            return;
        };
        let spot = Spot::of(segment);
        let bounded = self.unclosed(at.depth + 1);
        let Some(frame) = self.frames.get_mut(at.depth) else {
            return;
        };
        let (with_last, counts) = (frame.late.is_some_and(|late| late <= at.node), frame.counts);
        frame.late = Some(at.node);
        let count = self.counts.get(counts + at.node).copied().unwrap_or_default();
        if count >= node.max {
            self.report_too_many(at, node, segment, report);
        } else if let Some(depth) = bounded {
            // The segment belongs behind a bounded loop whose end is missing; closing the loop says so.
            self.close_to(depth, spot, report);
        } else if !with_last {
            let message = format!("{} should have come earlier.", segment.id());
            report.segment(Code::SegmentOutOfSequence, segment, message);
        }
        self.add(counts + at.node);
        if let Some(level) = node.level {
            self.open_aside(at.depth + 1, level, spot, report);
        }
    }

    /// The outermost frame from `depth` on that is a bounded loop without its end. Source: X12.6, LS and LE.
    fn unclosed(&self, depth: usize) -> Option<usize> {
        let end = super::plan::id_of(b"LE");
        self.frames.iter().enumerate().skip(depth).find_map(|(depth, frame)| {
            let level = frame.level;
            let last = level.ids.len().checked_sub(1)?;
            (level.ids.last() == Some(&end) && self.count(frame, last) == 0).then_some(depth)
        })
    }

    /// Opens a loop beside what is open. There is one such loop at a time, so that the stack cannot grow with the set.
    fn open_aside(&mut self, within: usize, level: usize, spot: Spot, report: &mut Report) {
        let first = self.frames.iter().position(|frame| frame.aside);
        match first {
            Some(first) if within > first => self.close_to(within, spot, report),
            Some(first) => self.close_to(first, spot, report),
            None => {}
        }
        let inside = first.is_some_and(|first| within > first);
        self.push(level, !inside);
    }

    /// The way to a segment whose loops could open here but for their first segments: a frame, and the nodes from
    /// there down. No mandatory segment may lie on the way.
    fn way_in(&self, id: Id) -> Option<Vec<At>> {
        self.frames.iter().enumerate().rev().find_map(|(depth, frame)| {
            let level = frame.level;
            let short = |node: &&usize| {
                level
                    .nodes
                    .get(**node)
                    .is_some_and(|plan| **node >= frame.current && self.count(frame, **node) < plan.min)
            };
            let barrier = level.mandatory.iter().find(short).copied().unwrap_or(usize::MAX);
            let nodes = level.nodes.iter().enumerate().skip(frame.current).take_while(|(node, _)| *node <= barrier);
            nodes.filter(|(node, plan)| plan.level.is_some() && self.count(frame, *node) < plan.max).find_map(
                |(node, plan)| {
                    let mut path = vec![At { depth, node }];
                    self.down(plan.level?, depth + 1, id, &mut path).then_some(path)
                },
            )
        })
    }

    /// Extends a path to `id` within a level, past nothing mandatory.
    fn down(&self, level: usize, depth: usize, id: Id, path: &mut Vec<At>) -> bool {
        let Some(level) = self.plan.level(level) else {
            return false;
        };
        let barrier = level.mandatory.first().copied().unwrap_or(usize::MAX);
        let nodes = || level.nodes.iter().enumerate().take_while(|(node, _)| *node <= barrier);
        if let Some((node, _)) = nodes().find(|(_, plan)| plan.id == id) {
            path.push(At { depth, node });
            return true;
        }
        for (node, below) in nodes().filter_map(|(node, plan)| Some((node, plan.level?))) {
            path.push(At { depth, node });
            if self.down(below, depth + 1, id, path) {
                return true;
            }
            path.pop();
        }
        false
    }

    /// Opens the loops on the way to a segment whose first segments are not there.
    fn implied(&mut self, path: &[At], segment: &Segment<'_>, report: &mut Report) {
        let spot = Spot::of(segment);
        let due = path.first().and_then(|at| Some((self.frames.get(at.depth)?, at, self.node(*at)?)));
        match due {
            Some((frame, at, node)) if self.count(frame, at.node) < node.min => {
                report.missing(self.plan.name(node), spot);
            }
            _ => {
                let message = format!("{} is of a loop that is not open here.", segment.id());
                report.segment(Code::SegmentUnexpected, segment, message);
            }
        }
        for at in path {
            self.close_to(at.depth + 1, spot, report);
            self.advance(*at, segment);
            if let Some(level) = self.node(*at).and_then(|node| node.level) {
                self.push(level, false);
            }
        }
    }
}

/// What is known of segments that a set does not have.
#[derive(Clone, Copy)]
pub(super) struct Known<'g> {
    pub(super) guide: &'g super::Guide,
}

impl Known<'_> {
    fn stranger(self, segment: &Segment<'_>, report: &mut Report) {
        let id = segment.id();
        if self.guide.tolerated.iter().any(|tolerated| tolerated == id) {
            return;
        }
        if self.guide.dictionary.segments.contains_key(id) {
            report.segment(Code::SegmentNotInSet, segment, format!("{id} is no segment of {}.", self.guide.id));
        } else {
            report.segment(Code::SegmentUnrecognized, segment, "This is no segment that we know.".to_owned());
        }
    }
}
