//! Layouts of segments that were good: most segments of a set stand as others did before them.
//!
//! Whether a short segment of usual characters is good depends on its definition, on where its separators stand, on which
//! of its bytes are digits, and on a few values that have to be looked at: codes, dates. So a segment whose separators
//! stand where those of a good one stood, which has digits where that one needed them, and whose values are good where
//! that one's were looked at, is good too.

use super::plan::ValuePlan;
use super::table::Marks;

/// How a segment stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Layout {
    /// Index of its definition in the guide.
    segment: usize,
    /// The separators of elements, and the end. Never zero of a segment.
    ends: u64,
    /// The separators of components.
    components: u64,
}

impl Layout {
    #[inline]
    pub(super) fn of(segment: usize, marks: &Marks) -> Self {
        Self { segment, ends: marks.ends, components: marks.components }
    }

    /// Multiplying by a large odd number spreads layouts that differ in few bits; its top byte chooses.
    #[inline]
    fn place(&self) -> usize {
        let mixed = self.ends ^ self.components.rotate_left(32) ^ (self.segment as u64).rotate_left(56);
        let [top, ..] = mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
        usize::from(top) % PLACES
    }
}

/// Values of a segment that may have to be looked at: a qualifier, a date and its format. A segment with more is looked at
/// as a whole each time.
const LOOKS_MAX: usize = 3;

/// What a segment needs, besides its layout, to be good.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Needs<'g> {
    /// These bytes must be digits.
    digits: u64,
    /// These bytes must be a good value.
    looks: [(u64, Option<&'g ValuePlan>); LOOKS_MAX],
    count: usize,
}

impl<'g> Needs<'g> {
    /// These bytes must be digits, too.
    #[inline]
    pub(super) fn digits(&mut self, bytes: u64) {
        self.digits |= bytes;
    }

    /// Whether no value has to be looked at.
    #[inline]
    pub(super) fn is_nothing(&self) -> bool {
        self.count == 0
    }

    /// Whether all values that have to be looked at are good.
    #[inline]
    pub(super) fn are_met(&self, is_good: impl Fn(u64, &ValuePlan) -> bool) -> bool {
        self.looks.iter().take(self.count).all(|(at, plan)| plan.is_some_and(|plan| is_good(*at, plan)))
    }

    /// These bytes must be a good value, too.
    #[inline]
    pub(super) fn value(&mut self, bytes: u64, plan: &'g ValuePlan) {
        if let Some(look) = self.looks.get_mut(self.count) {
            *look = (bytes, Some(plan));
        }
        self.count += 1;
    }
}

/// The layouts of good segments, with what else these needed.
#[derive(Clone, Debug)]
pub(super) struct Layouts<'g> {
    /// For each place the index of its layout, from 1.
    places: [u8; PLACES],
    layouts: Vec<(Layout, Needs<'g>)>,
}

/// How many layouts are remembered at most; a later one takes the place of an earlier one. A set has some ten to thirty
/// kinds of segments, and the numbers in it grow by a digit now and then.
const PLACES: usize = 128;

impl Default for Layouts<'_> {
    fn default() -> Self {
        Self { places: [0; PLACES], layouts: Vec::new() }
    }
}

impl<'g> Layouts<'g> {
    /// What a segment that stands like a good one needs to be good, too: these are values to be looked at. `None` if it
    /// stands like no good one, or has something else where that one had digits, or more counts than its layout:
    /// something is released, or unusual.
    #[inline]
    pub(super) fn of(&self, layout: &Layout, marks: &Marks) -> Option<&Needs<'g>> {
        let index = usize::from(*self.places.get(layout.place())?);
        let (good, needs) = self.layouts.get(index.checked_sub(1)?)?;
        let stands_alike = good == layout && marks.not_digit & needs.digits == 0 && marks.unusual | marks.releases == 0;
        stands_alike.then_some(needs)
    }

    /// A segment that stood so and had what it needs is good.
    pub(super) fn keep(&mut self, layout: Layout, needs: Needs<'g>) {
        let Some(place) = self.places.get_mut(layout.place()).filter(|_| needs.count <= LOOKS_MAX) else { return };
        if let Some(kept) = self.layouts.get_mut(usize::from(*place).wrapping_sub(1)) {
            *kept = (layout, needs);
        } else {
            self.layouts.push((layout, needs));
            *place = u8::try_from(self.layouts.len()).unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(ends: u64, components: u64) -> Marks {
        Marks { ends, components, ..Marks::default() }
    }

    #[test]
    fn layouts_that_share_a_place_are_told_from_each_other() {
        let first = Layout::of(3, &marks(0b1000_1000, 0b10_0000));
        // In one of its parts each differs from the first.
        let others = (1..10_000_u64).flat_map(|n| {
            let [ends, components] = [first.ends, first.components].map(|bits| bits ^ n << 3);
            let segment = first.segment ^ usize::try_from(n).unwrap();
            [Layout { segment, ..first }, Layout { ends, ..first }, Layout { components, ..first }]
        });
        let others: Vec<_> = others.filter(|other| other.place() == first.place()).collect();
        let differ_in = |what: fn(&Layout) -> u64| others.iter().any(|other| what(other) != what(&first));
        assert!(differ_in(|layout| layout.segment as u64));
        assert!(differ_in(|layout| layout.ends) && differ_in(|layout| layout.components));
        let mut layouts = Layouts::default();
        layouts.keep(first, Needs::default());
        assert!(layouts.of(&first, &marks(first.ends, first.components)).is_some());
        for other in &others {
            assert!(layouts.of(other, &marks(other.ends, other.components)).is_none(), "{other:?}");
        }
        // A later one takes the place.
        let other = others[0];
        layouts.keep(other, Needs::default());
        let plain = Marks::default();
        assert!(layouts.of(&other, &plain).is_some() && layouts.of(&first, &plain).is_none());
        assert_eq!(layouts.layouts.len(), 1);
    }

    #[test]
    fn a_segment_with_more_values_to_look_at_than_are_kept_is_not_kept() {
        let layout = Layout::of(1, &marks(0b1000_1000, 0));
        let plan = ValuePlan { kind: super::super::Kind::Date, min: 6, max: 8, codes: Vec::new(), closer: 0 };
        for count in 0..=LOOKS_MAX + 1 {
            let (mut layouts, mut needs) = (Layouts::default(), Needs::default());
            (0..count).for_each(|at| needs.value(1 << at, &plan));
            layouts.keep(layout, needs);
            let kept = layouts.of(&layout, &marks(0b1000_1000, 0));
            assert_eq!(kept.is_some(), count <= LOOKS_MAX, "{count}");
            if let Some(kept) = kept {
                // Each of them is looked at.
                assert!((0..count).all(|bad| !kept.are_met(|at, _| at != 1 << bad)) && kept.are_met(|_, _| true));
            }
        }
    }
}
