//! The elements of one segment against its definition: one walk over the bytes, which finds the separators and what
//! kinds of characters stand between them.

use std::borrow::Cow;
use std::num::NonZeroU64;

use crate::delimiters::Standard;
use crate::finding::{SyntaxCode as Code, text};
use crate::segment::Segment;
use crate::value::{self, Number};

use super::Kind;
use super::layouts::Needs;
use super::plan::{Conditions, ElementPlan, SegmentPlan, ShapePlan, ValuePlan, bit, code_of};
use super::report::{Part, Report};
use super::table::{Leaf, Marks, Repertoire, Scanner, Table, flag};

/// Checks segments one by one.
pub(super) struct Elements<'c> {
    pub(super) table: &'c Table,
    pub(super) report: &'c mut Report,
    /// Whether a character outside the repertoire was noted in this set.
    pub(super) foreign_noted: &'c mut bool,
}

/// The segment that is checked, and what was found in it.
struct Walk<'c, 'a> {
    segment: &'c Segment<'a>,
    plan: &'c SegmentPlan,
    scanner: &'c mut Scanner<'a, 'c>,
    /// Whether separators at the end are told elsewhere already.
    mandatory_missing: bool,
}

impl Elements<'_> {
    /// Whether a segment is good at a glance, and what others that stand like it need to be so. If it is not, it may still
    /// be good, and [`check`](Self::check) says.
    ///
    /// Elements are the bits between two ends: the difference of the bit of the second and of the one after the first.
    #[inline]
    pub(super) fn good<'g>(&self, bytes: &[u8], plan: &'g SegmentPlan, marks: &Marks) -> Option<Needs<'g>> {
        let SegmentPlan { elements, conditions, .. } = plan;
        let id_end = lowest(marks.ends);
        let (mut ends, mut start, mut at) = (marks.ends ^ id_end, id_end << 1, id_end.trailing_zeros() + 1);
        let (mut present, mut bit, mut element) = (0, 1, 1);
        let mut needs = Needs::default();
        let closer = marks.components | marks.releases;
        for (index, glance) in conditions.glances.iter().enumerate() {
            let Some(left) = NonZeroU64::new(ends) else { break };
            let (end, end_at) = (lowest(ends), left.trailing_zeros());
            element = end - start;
            if element != 0 {
                present |= bit;
                if glance.fits(element, end_at - at, marks, closer) {
                    needs.digits(glance.digits(element));
                } else if !self.good_closer(bytes, elements.get(index)?, marks, element, &mut needs) {
                    return None;
                }
            }
            ends ^= end;
            (start, at) = (end << 1, end_at + 1);
            bit <<= 1;
        }
        (ends == 0 && element != 0 && conditions.hold(present)).then_some(needs)
    }

    /// The same for an element that is not good at a glance.
    #[inline]
    fn good_closer<'g>(
        &self,
        bytes: &[u8],
        plan: &'g ElementPlan,
        marks: &Marks,
        element: u64,
        needs: &mut Needs<'g>,
    ) -> bool {
        match &plan.shape {
            ShapePlan::Value(value) => {
                needs.value(element, value);
                marks.components & element == 0
                    && value.kind != Kind::Binary
                    && self.good_value(bytes, value, marks, element)
            }
            ShapePlan::Composite { components, conditions } => {
                let (mut start, mut at) = (lowest(element), element.trailing_zeros());
                let mut ends = (marks.components & element) | (element + start);
                let (mut present, mut bit, mut component) = (0, 1, 1);
                for (index, glance) in conditions.glances.iter().enumerate() {
                    let Some(left) = NonZeroU64::new(ends) else { break };
                    let (end, end_at) = (lowest(ends), left.trailing_zeros());
                    component = end - start;
                    if component != 0 {
                        present |= bit;
                        let mut good = || match components.get(index).map(|plan| &plan.shape) {
                            Some(ShapePlan::Value(value)) => {
                                needs.value(component, value);
                                self.good_value(bytes, value, marks, component)
                            }
                            _ => false,
                        };
                        if glance.fits(component, end_at - at, marks, marks.releases) {
                            needs.digits(glance.digits(component));
                        } else if !good() {
                            return false;
                        }
                    }
                    ends ^= end;
                    (start, at) = (end << 1, end_at + 1);
                    bit <<= 1;
                }
                ends == 0 && component != 0 && conditions.hold(present)
            }
        }
    }

    /// Whether the bytes of a short segment that `within` has a bit for are a good value.
    #[inline]
    pub(super) fn good_value(&self, bytes: &[u8], plan: &ValuePlan, marks: &Marks, within: u64) -> bool {
        self.value(&Leaf::of(bytes, within, marks), plan).is_none()
    }

    /// `scanner` has read the id.
    pub(super) fn check<'c, 'a>(
        &mut self,
        segment: &'c Segment<'a>,
        plan: &'c SegmentPlan,
        scanner: &'c mut Scanner<'a, 'c>,
    ) {
        let mut walk = Walk { segment, plan, scanner, mandatory_missing: false };
        let mut present = 0_u64;
        let mut index = 0;
        let mut last_empty = false;
        while walk.scanner.next_element() {
            let Some(element) = plan.elements.get(index) else {
                last_empty = self.beyond(&mut walk, index);
                break;
            };
            let there = match &element.shape {
                ShapePlan::Value(value) => self.simple(&mut walk, index, element, value),
                ShapePlan::Composite { components, conditions } => {
                    self.composite(&mut walk, index, element, components, conditions)
                }
            };
            present |= u64::from(there) << (index & 63);
            last_empty = !there;
            index += 1;
        }
        self.conditions(&mut walk, present);
        if last_empty && !walk.mandatory_missing {
            let message = format!("{} ends with separators that say nothing.", plan.name);
            self.report.segment(Code::SegmentTrailingSeparators, segment, message);
        }
    }

    /// What stands behind the last element of the definition; whether it ends with a separator.
    #[cold]
    fn beyond(&mut self, walk: &mut Walk<'_, '_>, index: usize) -> bool {
        let mut index = index;
        let mut told = false;
        loop {
            let leaf = walk.scanner.rest_of_element();
            if !leaf.bytes.is_empty() && !told {
                told = true;
                let message = format!("{} has {} elements.", walk.plan.name, walk.plan.elements.len());
                let part = Part { element: Some(index + 1), offset: leaf.offset, ..Part::default() };
                self.report.part(Code::ElementTooMany, walk.segment, part, leaf.bytes, message);
            }
            index += 1;
            if !walk.scanner.next_element() {
                return leaf.bytes.is_empty();
            }
        }
    }

    /// Mandatory elements and relations.
    #[inline]
    fn conditions(&mut self, walk: &mut Walk<'_, '_>, present: u64) {
        let conditions = &walk.plan.conditions;
        if conditions.mandatory & !present != 0 {
            walk.mandatory_missing = true;
            for (index, element) in walk.plan.elements.iter().enumerate() {
                if conditions.mandatory & !present & bit(index) != 0 {
                    self.missing(walk, Part { element: Some(index + 1), ..part_of(element) });
                }
            }
        }
        for relation in conditions.relations.iter().filter(|relation| !relation.holds(present)) {
            let of = |index: usize| Part {
                element: Some(index + 1),
                ..walk.plan.elements.get(index).map_or(Part::default(), part_of)
            };
            self.relation(walk, *relation, present, of);
        }
    }

    #[cold]
    fn missing(&mut self, walk: &Walk<'_, '_>, part: Part<'_>) {
        let message = format!("{} is mandatory.", part.name(&walk.plan.name));
        let part = Part { offset: offset_of(walk.segment, part), ..part };
        self.report.part(Code::ElementMissing, walk.segment, part, b"", message);
    }

    #[cold]
    fn relation<'p>(
        &mut self,
        walk: &Walk<'_, '_>,
        relation: super::plan::RelationPlan,
        present: u64,
        of: impl Fn(usize) -> Part<'p>,
    ) {
        use super::RelationKind::{Conditional, Exclusive, List, Paired, Required};
        let positions = (0..64).filter(|index| relation.all & bit(*index) != 0);
        let names: Vec<String> = positions.clone().map(|index| of(index).name(&walk.plan.name)).collect();
        let names = names.join(", ");
        let exclusive = relation.kind == Exclusive;
        let (code, message) = match relation.kind {
            Paired => (Code::ElementMissingByRelation, format!("Of {names} all must be there or none.")),
            Required | List => (Code::ElementMissingByRelation, format!("Of {names} at least one more must be there.")),
            Conditional => (Code::ElementMissingByRelation, format!("Of {names} the first needs all others.")),
            Exclusive => (Code::ElementExcluded, format!("Of {names} only one may be there.")),
        };
        let culprit = positions.rev().find(|index| (present & bit(*index) != 0) == exclusive).unwrap_or_default();
        let part = of(culprit);
        let offset = offset_of(walk.segment, part);
        let bytes = walk.segment.element_bytes(culprit + 1).filter(|_| exclusive && part.component.is_none());
        self.report.part(code, walk.segment, Part { offset, ..part }, bytes.unwrap_or_default(), message);
    }

    /// An element that is no composite; whether it is there.
    #[inline]
    fn simple(&mut self, walk: &mut Walk<'_, '_>, index: usize, element: &ElementPlan, plan: &ValuePlan) -> bool {
        if matches!(plan.kind, Kind::Binary) {
            return !walk.scanner.rest_of_segment().bytes.is_empty();
        }
        let mut leaf = walk.scanner.leaf();
        if walk.scanner.at_element_end() {
            if leaf.bytes.is_empty() {
                return false;
            }
            if let Some(defect) = self.value(&leaf, plan) {
                let part = Part { element: Some(index + 1), ..part_of(element) };
                return self.defect(walk, part, element, plan, &leaf, defect);
            }
            return true;
        }
        // A separator of components or repetitions.
        let mut there = false;
        let mut repetition = 1;
        let mut told = false;
        loop {
            let repetition_told = (repetition > 1).then_some(repetition);
            let offset = leaf.offset;
            let part = || Part { element: Some(index + 1), repetition: repetition_told, offset, ..part_of(element) };
            if walk.scanner.at_component_end() {
                let whole = walk.scanner.through_components(leaf);
                if !matches!(plan.kind, Kind::Ignored) {
                    self.components_unexpected(walk, part(), &whole);
                }
                // In X12 it is text; in EDIFACT the first component may be good all the same.
                if self.table.standard() == Standard::X12 {
                    leaf = whole;
                }
            }
            if !leaf.bytes.is_empty() {
                there = true;
                if repetition > element.repeat && !told {
                    told = true;
                    self.repetitions(walk, part(), element, &leaf);
                } else if let Some(defect) = self.value(&leaf, plan) {
                    self.defect(walk, part(), element, plan, &leaf, defect);
                }
            }
            if !walk.scanner.next_repetition() {
                return there;
            }
            repetition += 1;
            leaf = walk.scanner.leaf();
        }
    }

    /// A composite; whether any of its components is there.
    #[inline]
    fn composite(
        &mut self,
        walk: &mut Walk<'_, '_>,
        index: usize,
        element: &ElementPlan,
        components: &[ElementPlan],
        conditions: &Conditions,
    ) -> bool {
        let mut there = false;
        let mut repetition = 1;
        loop {
            let at = |component: usize| Part {
                element: Some(index + 1),
                component: Some(component + 1),
                repetition: (repetition > 1).then_some(repetition),
                ..components.get(component).map_or(Part::default(), part_of)
            };
            let start = walk.scanner.offset();
            let mut present = 0_u64;
            let mut component = 0;
            let mut last_empty;
            let mut any = false;
            let mut beyond = false;
            loop {
                let leaf = walk.scanner.leaf();
                last_empty = leaf.bytes.is_empty();
                if !last_empty {
                    any = true;
                    match components.get(component).map(|plan| (plan, &plan.shape)) {
                        Some((plan, ShapePlan::Value(value))) => {
                            present |= bit(component);
                            if let Some(defect) = self.value(&leaf, value)
                                && !self.defect(walk, at(component), plan, value, &leaf, defect)
                            {
                                present &= !bit(component);
                            }
                        }
                        _ if !beyond => {
                            beyond = true;
                            self.components(walk, at(component), components.len(), &leaf);
                        }
                        _ => {}
                    }
                }
                if !walk.scanner.next_component() {
                    break;
                }
                component += 1;
            }
            if any {
                there = true;
                if repetition == element.repeat.saturating_add(1) {
                    let part = Part { component: None, number: element.number.as_deref(), offset: start, ..at(0) };
                    self.repetitions(walk, part, element, &Leaf::default());
                }
                if conditions.mandatory & !present != 0 {
                    for missing in (0..components.len()).filter(|c| conditions.mandatory & !present & bit(*c) != 0) {
                        self.missing(walk, at(missing));
                    }
                }
                for relation in conditions.relations.iter().filter(|relation| !relation.holds(present)) {
                    self.relation(walk, *relation, present, at);
                }
            }
            if component > 0 && last_empty && conditions.mandatory & !present == 0 {
                let part = Part { component: None, number: element.number.as_deref(), offset: start, ..at(0) };
                self.composite_ends_empty(walk, part);
            }
            if !walk.scanner.next_repetition() {
                return there;
            }
            repetition += 1;
        }
    }

    #[cold]
    fn composite_ends_empty(&mut self, walk: &Walk<'_, '_>, part: Part<'_>) {
        let message = format!("{} ends with separators that say nothing.", part.name(&walk.plan.name));
        self.report.part(Code::CompositeTrailingSeparators, walk.segment, part, b"", message);
    }

    #[cold]
    fn components(&mut self, walk: &Walk<'_, '_>, part: Part<'_>, max: usize, leaf: &Leaf<'_>) {
        let whole = Part { component: None, ..part };
        let message = format!("{} has {max} components.", whole.name(&walk.plan.name));
        self.report.part(
            Code::ComponentTooMany,
            walk.segment,
            Part { offset: leaf.offset, ..part },
            leaf.bytes,
            message,
        );
    }

    /// In X12 the text is kept whole, because partners write such text; in EDIFACT they release the separator.
    #[cold]
    fn components_unexpected(&mut self, walk: &Walk<'_, '_>, part: Part<'_>, leaf: &Leaf<'_>) {
        let message = format!("{} is no composite but holds the component separator.", part.name(&walk.plan.name));
        let code = match self.table.standard() {
            Standard::X12 => Code::ComponentUnexpected,
            Standard::Edifact => Code::ComponentTooMany,
        };
        self.report.part(code, walk.segment, part, leaf.bytes, message);
    }

    #[cold]
    fn repetitions(&mut self, walk: &Walk<'_, '_>, part: Part<'_>, element: &ElementPlan, leaf: &Leaf<'_>) {
        let message = format!("{} may occur {} times.", part.name(&walk.plan.name), element.repeat);
        self.report.part(Code::ElementTooManyRepetitions, walk.segment, part, leaf.bytes, message);
    }

    /// What is wrong with a value that is there: most need no closer look.
    #[inline]
    fn value(&self, leaf: &Leaf<'_>, plan: &ValuePlan) -> Option<Defect> {
        let len = leaf.len();
        let good = leaf.flags & plan.closer == 0 && len >= plan.min && len <= plan.max;
        if good { None } else { self.closer(leaf, plan) }
    }

    /// The same for all values. Source: X12.6, data element types; ISO 9735-1, character sets and
    /// numeric values.
    #[inline(never)]
    fn closer(&self, leaf: &Leaf<'_>, plan: &ValuePlan) -> Option<Defect> {
        let len = match plan.kind {
            Kind::Text | Kind::Code | Kind::Letters => {
                if matches!(plan.kind, Kind::Letters) && leaf.bytes.iter().any(u8::is_ascii_digit) {
                    return Some(Defect::Characters);
                }
                if leaf.flags & flag::UNUSUAL == 0 {
                    leaf.len()
                } else {
                    match self.unusual(leaf) {
                        Ok(len) => len,
                        Err(defect) => return Some(defect),
                    }
                }
            }
            Kind::Integer | Kind::Decimal | Kind::Number => {
                if leaf.flags & flag::NOT_DIGIT == 0 {
                    leaf.bytes.len()
                } else {
                    let form = match plan.kind {
                        Kind::Integer => Number::Integer,
                        Kind::Decimal => Number::Decimal,
                        _ => Number::Edifact,
                    };
                    match value::digits(leaf.bytes, form) {
                        Some(len) => len,
                        None if only_its_mark_is_wrong(leaf.bytes, self.table.standard()) => return Some(Defect::Mark),
                        None => return Some(Defect::Characters),
                    }
                }
            }
            Kind::Date | Kind::Time => leaf.bytes.len(),
            Kind::Binary | Kind::Ignored => return None,
        };
        if len < plan.min {
            return Some(Defect::TooShort(len));
        }
        if len > plan.max {
            return Some(Defect::TooLong(len));
        }
        match plan.kind {
            Kind::Date if !value::is_date(leaf.bytes) => Some(Defect::Date),
            Kind::Time if !value::is_time(leaf.bytes) => Some(Defect::Time),
            _ if plan.codes.is_empty() => None,
            _ => {
                let code = if leaf.released == 0 { code_of(leaf.bytes) } else { code_of(&self.table.data(leaf.bytes)) };
                let known = code.is_some_and(|code| plan.codes.binary_search(&code).is_ok());
                (!known).then_some(Defect::Code)
            }
        }
    }

    /// The length of a text that holds more than the usual characters, or begins with a blank.
    #[cold]
    fn unusual(&self, leaf: &Leaf<'_>) -> Result<usize, Defect> {
        if leaf.bytes.iter().any(u8::is_ascii_control) {
            return Err(Defect::Control);
        }
        if leaf.bytes.iter().all(|byte| *byte == b' ') {
            return Err(Defect::Blank);
        }
        let mut foreign = false;
        let len = if leaf.bytes.is_ascii() {
            leaf.len()
        } else {
            let text = text(leaf.bytes);
            let is_utf8 = matches!(text, Cow::Borrowed(_));
            foreign = !is_utf8 && self.table.repertoire() == Repertoire::Utf8;
            if text.chars().any(char::is_control) {
                if is_utf8 {
                    return Err(Defect::Control);
                }
                // No UTF-8: what ISO 8859-1 has as control characters are quotes and dashes of Windows-1252.
                foreign = true;
            }
            text.chars().count() - leaf.released
        };
        // Said once in a set, and not looked for again.
        let is_foreign =
            || self.table.repertoire() != Repertoire::Any && leaf.bytes.iter().any(|byte| !self.table.has(*byte));
        if !*self.foreign_noted && (foreign || is_foreign()) { Err(Defect::Foreign) } else { Ok(len) }
    }

    /// Says what is wrong with a value; whether the element counts as there.
    #[cold]
    fn defect(
        &mut self,
        walk: &mut Walk<'_, '_>,
        part: Part<'_>,
        element: &ElementPlan,
        plan: &ValuePlan,
        leaf: &Leaf<'_>,
        defect: Defect,
    ) -> bool {
        let part = Part { offset: leaf.offset, ..part };
        let name = part.name(&walk.plan.name);
        let (code, message) = match defect {
            // Nothing but blanks is nothing: a mandatory element is then missing, any other is left in peace.
            Defect::Blank => return false,
            Defect::Foreign => {
                *self.foreign_noted = true;
                let message = format!("{name} holds a character that is not of the interchange's character set.");
                self.report.note(Code::CharacterOutsideRepertoire, walk.segment, part, leaf.bytes, message);
                // What else is wrong with it, now that this is said.
                return match self.closer(leaf, plan) {
                    Some(other) => self.defect(walk, part, element, plan, leaf, other),
                    None => true,
                };
            }
            Defect::Control => (Code::CharacterOutsideRepertoire, format!("{name} holds a control character.")),
            Defect::Characters => (Code::CharacterInvalid, format!("{name} is {}.", not_of(plan.kind))),
            Defect::Mark => (Code::DecimalMarkInvalid, format!("{name} has a decimal mark where none may stand.")),
            Defect::TooShort(len) => {
                (Code::ElementTooShort, format!("{name} has {len} characters and needs {}.", plan.min))
            }
            Defect::TooLong(len) => {
                (Code::ElementTooLong, format!("{name} has {len} characters and may have {}.", plan.max))
            }
            Defect::Date => (Code::DateInvalid, format!("{name} is no date of the form YYMMDD or CCYYMMDD.")),
            Defect::Time => {
                (Code::TimeInvalid, format!("{name} is no time of the form HHMM, HHMMSS or with decimals."))
            }
            Defect::Code => (Code::CodeInvalid, code_message(&name, plan)),
        };
        let part = Part { number: element.number.as_deref(), ..part };
        self.report.part(code, walk.segment, part, leaf.bytes, message);
        true
    }
}

/// The lowest bit.
#[inline]
fn lowest(bits: u64) -> u64 {
    bits & bits.wrapping_neg()
}

/// What is wrong with a value.
#[derive(Clone, Copy)]
enum Defect {
    Control,
    Characters,
    /// In a number.
    Mark,
    Blank,
    /// Characters outside the repertoire.
    Foreign,
    TooShort(usize),
    TooLong(usize),
    Date,
    Time,
    Code,
}

fn not_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Integer => "no whole number",
        Kind::Letters => "text without digits",
        _ => "no decimal number",
    }
}

fn code_message(name: &str, plan: &ValuePlan) -> String {
    let codes: Vec<String> = plan.codes.iter().map(|code| shown(*code)).collect();
    format!("{name} may be {}.", codes.join(", "))
}

fn shown(code: u128) -> String {
    code.to_be_bytes().iter().skip_while(|byte| **byte == 0).copied().map(char::from).collect()
}

fn part_of(element: &ElementPlan) -> Part<'_> {
    Part { number: element.number.as_deref(), ..Part::default() }
}

/// Where an element that has no value would stand, in the segment.
fn offset_of(segment: &Segment<'_>, part: Part<'_>) -> usize {
    let range = segment.element_range(part.element.unwrap_or_default());
    let at = if part.component.is_some() { range.end } else { range.start };
    at.saturating_sub(segment.range().start)
}

/// Whether bytes that are no number hold nothing but digits, minus signs and decimal marks, one mark at least.
#[cold]
fn only_its_mark_is_wrong(bytes: &[u8], standard: Standard) -> bool {
    let is_mark = |byte: u8| byte == b'.' || (byte == b',' && standard == Standard::Edifact);
    let (mut marks, mut others) = (false, false);
    for &byte in bytes {
        marks |= is_mark(byte);
        others |= !is_mark(byte) && byte != b'-' && !byte.is_ascii_digit();
    }
    marks && !others
}
