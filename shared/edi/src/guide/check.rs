//! A set against its guide, segment by segment.

use crate::delimiters::{Delimiters, Standard};
use crate::envelope::TransactionSet;
use crate::finding::{Finding, Place, SyntaxCode as Code};
use crate::seen::Seen;
use crate::segment::Segment;

use super::ahead::Ahead;
use super::elements::Elements;
use super::layouts::{Layout, Layouts, Needs};
use super::order::{Known, Order};
use super::plan::{Id, SegmentPlan, id_of};
use super::report::{Part, Report, Spot};
use super::table::{Marks, Repertoire, Scanner, Table};
use super::{Fit, Guide};

/// Checks a set's segments and elements, in the order of the set.
///
/// The findings can be rendered as AK3 and AK4 (X12 997, elements 720 and 723) or UCS and UCD (CONTRL). What the set
/// means, such as whether quantities add up, is not looked at.
pub fn check(set: &TransactionSet<'_>, guide: &Guide, fit: Fit, repertoire: Repertoire) -> Vec<Finding> {
    let mut checker = Checker::new(guide, fit, repertoire);
    let body = set.body();
    for segment in body {
        checker.take(segment);
    }
    let trailer = set.segments.get(body.len() + 1);
    checker.finish_set(|| set.place(), trailer, set.range.end)
}

/// A check that takes the segments of a set one by one. Its state is the loops that are open, what was found, and of the
/// numbers of a tree's levels no more than [`CONTROL_NUMBERS_MAX`](crate::limits::CONTROL_NUMBERS_MAX); it does not grow
/// with the set.
#[derive(Clone, Debug)]
pub struct Checker<'g> {
    guide: &'g Guide,
    pub(super) order: Order<'g>,
    table: Table,
    layouts: Layouts<'g>,
    report: Report,
    /// Numbers of the tree's levels so far.
    levels: Seen,
    foreign_noted: bool,
    /// Whether a segment was taken.
    begun: bool,
    /// Position of the last segment.
    position: usize,
}

impl<'g> Checker<'g> {
    /// A check of one set.
    pub fn new(guide: &'g Guide, fit: Fit, repertoire: Repertoire) -> Self {
        let standard = guide.standard();
        let delimiters = match standard {
            Standard::X12 => Delimiters::STANDARD,
            Standard::Edifact => Delimiters::EDIFACT,
        };
        Self {
            guide,
            order: Order::new(&guide.plan),
            table: Table::new(standard, repertoire, delimiters),
            layouts: Layouts::default(),
            report: Report::new(fit),
            levels: Seen::default(),
            foreign_noted: false,
            begun: false,
            position: 1,
        }
    }

    /// Takes the next segment between ST and SE, or UNH and UNT.
    #[inline]
    pub fn take(&mut self, segment: &Segment<'_>) {
        match segment.without_record_ends() {
            None => self.take_plain(segment),
            Some(bytes) => self.take_divided(segment, &bytes),
        }
    }

    /// A segment that a record's end divides, as if it did not.
    #[cold]
    fn take_divided(&mut self, segment: &Segment<'_>, bytes: &[u8]) {
        let before = self.report.len();
        self.take_plain(&segment.with_bytes(bytes));
        self.report.place_in_records(before, segment);
    }

    #[inline(never)]
    fn take_plain(&mut self, segment: &Segment<'_>) {
        self.come_to(segment);
        let marks = segment.short_separators().and_then(|bits| Marks::of(segment.bytes(), bits, &self.table));
        match marks.filter(|marks| marks.others == 0) {
            Some(marks) => self.take_marked(segment, &marks),
            None => self.take_closer(segment),
        }
    }

    /// What the bits ahead of the checker are to be of.
    pub(crate) fn agree(&self, ahead: &mut Ahead, delimiters: Delimiters) {
        ahead.agree(delimiters, self.table.repertoire());
    }

    /// Takes the next segment of a file, which has fewer than 64 bytes, no binary data and is in no records. What was
    /// [agreed](Self::agree) on is what the file separates by.
    #[expect(clippy::inline_always, reason = "see Events::next")]
    #[inline(always)]
    pub(crate) fn take_of(&mut self, segment: &Segment<'_>, file: &[u8], ahead: &mut Ahead) {
        let bits = segment.short_separators();
        match bits.and_then(|bits| ahead.marks(file, segment.start(), segment.bytes().len(), bits)) {
            Some(marks) => {
                self.come_to(segment);
                self.take_marked(segment, &marks);
            }
            None => self.take_plain(segment),
        }
    }

    #[expect(clippy::inline_always, reason = "see Events::next")]
    #[inline(always)]
    fn take_marked(&mut self, segment: &Segment<'_>, marks: &Marks) {
        let Some(id) = short_id(segment.bytes(), marks) else {
            return self.take_closer(segment);
        };
        let Some((number, plan)) = self.place(id, segment) else {
            return;
        };
        let layout = Layout::of(number, marks);
        let good = match self.layouts.of(&layout, marks) {
            Some(needs) if needs.is_nothing() => true,
            Some(needs) => {
                let needs = *needs;
                self.meets(segment, &needs, marks)
            }
            None => false,
        };
        if !good {
            self.take_elements(segment, plan, marks, layout);
        }
    }

    /// Whether a segment has good values where they have to be looked at.
    #[inline(never)]
    fn meets(&mut self, segment: &Segment<'_>, needs: &Needs<'_>, marks: &Marks) -> bool {
        let elements = self.elements();
        needs.are_met(|at, plan| elements.good_value(segment.bytes(), plan, marks, at))
    }

    /// The elements of a segment that stands like no good one so far.
    #[inline(never)]
    fn take_elements(&mut self, segment: &Segment<'_>, plan: &'g SegmentPlan, marks: &Marks, layout: Layout) {
        let mut elements = self.elements();
        match elements.good(segment.bytes(), plan, marks) {
            Some(needs) if marks.unusual | marks.releases == 0 => self.layouts.keep(layout, needs),
            Some(_) => {}
            None => {
                let mut scanner = Scanner::new(segment.bytes(), elements.table);
                scanner.leaf();
                elements.check(segment, plan, &mut scanner);
            }
        }
    }

    /// Puts a segment where it belongs, in the order of the set and in its tree; its definition, if the set has it.
    #[inline]
    fn place(&mut self, id: Id, segment: &Segment<'_>) -> Option<(usize, &'g SegmentPlan)> {
        let found = self.order.place(id, segment, &mut self.report, Known { guide: self.guide })?;
        let plan = self.guide.plan.segments.get(found)?;
        if plan.level_of_tree {
            self.branch(segment, plan);
        }
        Some((found, plan))
    }

    /// A level of a tree: its number is its own, and its parent came before it, so that no level is below itself.
    #[inline]
    fn branch(&mut self, segment: &Segment<'_>, plan: &SegmentPlan) {
        // Digits alone need not be released or trimmed.
        let counted = segment.first_two().is_some_and(|(own, parent)| self.levels.count_on(own, parent));
        if !counted {
            self.branch_closer(segment, plan);
        }
    }

    /// The same for numbers of any kind.
    #[inline(never)]
    fn branch_closer(&mut self, segment: &Segment<'_>, plan: &SegmentPlan) {
        let [own, parent] = [1, 2].map(|n| segment.element_bytes(n).unwrap_or_default());
        let [number, parent_number] = [own, parent].map(|bytes| segment.data(bytes));
        let (number, parent_number) = (number.trim_ascii(), parent_number.trim_ascii());
        if !parent_number.is_empty() && !self.levels.has(parent_number) {
            self.misnumbered(segment, plan, (2, parent), "names no level before this one");
        }
        if !number.is_empty() && !self.levels.insert(number) {
            self.misnumbered(segment, plan, (1, own), "is the number of an earlier level");
        }
    }

    #[cold]
    fn misnumbered(&mut self, segment: &Segment<'_>, plan: &SegmentPlan, (n, bytes): (usize, &[u8]), what: &str) {
        let number = plan.elements.get(n - 1).and_then(|element| element.number.as_deref());
        let offset = segment.range_of(bytes).start - segment.range().start;
        let part = Part { element: Some(n), number, offset, ..Part::default() };
        let message = format!("{} {what}.", part.name(&plan.name));
        self.report.part(Code::HierarchyInvalid, segment, part, bytes, message);
    }

    #[inline]
    fn elements(&mut self) -> Elements<'_> {
        Elements { table: &self.table, report: &mut self.report, foreign_noted: &mut self.foreign_noted }
    }

    #[inline]
    fn come_to(&mut self, segment: &Segment<'_>) {
        // All segments of a set have the same delimiters.
        if !std::mem::replace(&mut self.begun, true) {
            self.table = Table::new(self.table.standard(), self.table.repertoire(), segment.delimiters());
        }
        self.position = segment.position();
    }

    /// A segment of any length that may hold anything.
    #[inline(never)]
    pub(super) fn take_closer(&mut self, segment: &Segment<'_>) {
        self.come_to(segment);
        let table = self.table;
        let mut scanner = Scanner::new(segment.bytes(), &table);
        let id = scanner.leaf();
        // EDIFACT may number the repetitions of groups behind the tag, with component separators.
        let whole = scanner.at_element_end() || table.standard() == Standard::Edifact;
        if let Some((_, plan)) = self.place(if whole { id_of(id.bytes) } else { 0 }, segment) {
            self.elements().check(segment, plan, &mut scanner);
        }
    }

    /// What was found, in the order of the set. `set` is where the set is; what is missing at its end is missed at its
    /// trailer, or at byte `end` if it has none.
    pub fn finish(mut self, set: &Place, trailer: Option<&Segment<'_>>, end: usize) -> Vec<Finding> {
        self.finish_set(|| set.clone(), trailer, end)
    }

    /// The same; then the check begins anew with the next set of the guide, in the room of this one. The place of the
    /// set is made only for findings.
    pub fn finish_set(
        &mut self,
        set: impl FnOnce() -> Place,
        trailer: Option<&Segment<'_>>,
        end: usize,
    ) -> Vec<Finding> {
        let byte = trailer.map_or(end, |trailer| trailer.range().start);
        self.order.finish(Spot { position: self.position + 1, byte }, &mut self.report);
        (self.foreign_noted, self.begun, self.position) = (false, false, 1);
        self.levels.clear();
        if self.report.len() == 0 { Vec::new() } else { self.report.finish(&set()) }
    }
}

/// The id of a short segment, if it is one to four bytes without a component separator.
#[inline]
fn short_id(bytes: &[u8], marks: &Marks) -> Option<Id> {
    let len = marks.ends.trailing_zeros();
    if marks.components & lowest_before(marks.ends) != 0 {
        return None;
    }
    let Some(first) = bytes.first_chunk::<4>() else { return Some(id_of(bytes.get(..len as usize)?)) };
    let first = u32::from_be_bytes(*first);
    let id = match len {
        1 => first >> 24,
        2 => first >> 16,
        3 => first >> 8,
        4 => first,
        _ => return None,
    };
    // A leading NUL would not show in the number.
    (first >> 24 != 0).then_some(id)
}

/// All bits below the lowest one.
#[inline]
fn lowest_before(bits: u64) -> u64 {
    bits.wrapping_sub(1) & !bits
}
