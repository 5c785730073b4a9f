//! Verdicts on a file that is too large to hold: of each set, group and interchange when it ends.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::delimiters::Standard;
use crate::events::{Event, Limits};
use crate::finding::{Finding, Level, Place, keep_all};
use crate::guide::{Checker, Guides, Repertoire};
use crate::limits::SEGMENTS_PER_SET_MAX;
use crate::reader;
use crate::report::{self, Report};
use crate::segment::Segment;
use crate::stream::Stream;
use crate::verdict::{self, GroupVerdict, InterchangeVerdict, SetVerdict, Verdict};

/// What becomes of one thing in a file, told when it ends: of a set before its group, of a group before its interchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgment {
    /// What it is about: [`Level::Set`], [`Level::Group`], [`Level::Interchange`], or [`Level::File`] for what stands
    /// outside the interchanges.
    pub level: Level,
    /// Its object among [`report::lines`], if it has one; of a set, as long as its group is not rejected.
    pub report: Option<Report>,
    /// Whether nothing in it counts: what was told of an interchange's sets and groups is then void, and the sets of a
    /// group are [rejected with it](Report::in_group).
    pub rejected: bool,
    /// What was found of it, without what was told of its parts.
    pub findings: Vec<Finding>,
    /// What it is written in; `None` outside the interchanges.
    pub standard: Option<Standard>,
    /// The version of its group; empty outside a group.
    pub version: String,
    /// What ends a segment there; `None` outside the interchanges.
    pub terminator: Option<u8>,
}

/// Decides on a file chunk by chunk: the verdicts of [`verdict::interchange`] on what [`Stream`] reads.
///
/// Feed a chunk, take the judgments until there is none, feed the next; after the last chunk say
/// [`finish`](Self::finish) and take the rest. Beside the stream it keeps the loops of the open set and at most
/// [`crate::limits::FINDINGS_MAX`] findings of each level.
///
/// ```
/// let mut judge = edi::Judge::new(edi::guide::Guides::built_in());
/// let mut refused = 0;
/// for chunk in b"UNB+UNOA:1+A+B+260131:1435+1'UNH+1+DESADV:D:96A:UN'UNT+2+1'UNZ+1+1'".chunks(10) {
///     judge.feed(chunk);
///     refused += std::iter::from_fn(|| judge.next()).filter(|judgment| judgment.rejected).count();
/// }
/// judge.finish();
/// refused += std::iter::from_fn(|| judge.next()).filter(|judgment| judgment.rejected).count();
/// assert_eq!(refused, 1, "a DESADV has a BGM");
/// ```
#[derive(Debug)]
pub struct Judge<'g> {
    stream: Stream,
    bench: Bench<'g>,
}

impl<'g> Judge<'g> {
    /// At the first byte of a file, with the usual limits.
    pub fn new(guides: &'g Guides) -> Self {
        Self::with_limits(guides, Limits::default())
    }

    /// The same with other limits.
    pub fn with_limits(guides: &'g Guides, limits: Limits) -> Self {
        let bench = Bench { guides, interchange: None, group: None, set: None, told: VecDeque::new() };
        Self { stream: Stream::with_limits(limits), bench }
    }

    /// The next bytes of the file. Nothing after [`finish`](Self::finish).
    pub fn feed(&mut self, chunk: &[u8]) {
        self.stream.feed(chunk);
    }

    /// The file ends here.
    pub fn finish(&mut self) {
        self.stream.finish();
    }

    /// The next judgment; `None` when more bytes are needed, and at the end.
    #[expect(clippy::should_implement_trait, reason = "as that of Stream: after None there may be more")]
    pub fn next(&mut self) -> Option<Judgment> {
        while self.bench.told.is_empty() {
            self.bench.take(self.stream.next_event()?);
        }
        self.bench.told.pop_front()
    }
}

/// What is open.
#[derive(Debug)]
struct Bench<'g> {
    guides: &'g Guides,
    interchange: Option<OpenInterchange>,
    group: Option<OpenGroup>,
    set: Option<OpenSet<'g>>,
    told: VecDeque<Judgment>,
}

#[derive(Debug)]
struct OpenInterchange {
    /// Without groups.
    verdict: InterchangeVerdict,
    place: Place,
    repertoire: Repertoire,
    terminator: u8,
}

#[derive(Debug)]
struct OpenGroup {
    /// Without sets.
    verdict: GroupVerdict,
    place: Arc<Place>,
}

#[derive(Debug)]
struct OpenSet<'g> {
    /// Its findings are those on its envelope so far.
    verdict: SetVerdict,
    /// What its header alone says: that there is no guide for it, or that it does not belong in its group.
    of_header: Option<Finding>,
    place: Place,
    checker: Option<Checker<'g>>,
    /// How many of its segments count: no more than the reader of whole files keeps.
    segments: usize,
}

impl Bench<'_> {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Outside { finding, .. } => {
                if let Some(finding) = finding {
                    let report = Some(report::outside(&finding));
                    self.tell(Level::File, report, vec![*finding]);
                }
            }
            Event::InterchangeStart { standard, header, start, ordinal, findings } => {
                let interchange = reader::interchange(standard, header, start, ordinal, findings);
                self.interchange = Some(OpenInterchange {
                    verdict: verdict::interchange(&interchange, self.guides),
                    repertoire: verdict::repertoire(&interchange),
                    terminator: interchange.delimiters.terminator(),
                    place: interchange.place,
                });
            }
            // An ISX among them names a release character, and no other terminator.
            Event::InterchangeSegment(_) => {}
            Event::GroupStart { header, start, ordinal, findings } => {
                self.group = self.interchange.as_ref().map(|parent| {
                    let group = reader::group(parent.verdict.standard, &parent.place, header, start, ordinal, findings);
                    OpenGroup { verdict: verdict::group(&group, self.guides), place: group.place }
                });
            }
            Event::GroupSegment { finding, .. } => {
                if let Some(group) = &mut self.group {
                    keep_all(&mut group.verdict.findings, finding.map(|finding| *finding));
                }
            }
            Event::SetStart { header, ordinal, findings } => self.open_set(header, ordinal, findings),
            Event::Segment { segment, finding } => {
                if let Some(set) = &mut self.set {
                    if set.segments < SEGMENTS_PER_SET_MAX {
                        set.segments += 1;
                        set.checker.iter_mut().for_each(|checker| checker.take(&segment));
                    }
                    keep_all(&mut set.verdict.findings, finding.map(|finding| *finding));
                }
            }
            Event::SetEnd { trailer, range, findings, .. } => self.close_set(trailer, range.end, findings),
            Event::GroupEnd { sets, findings, .. } => {
                let (Some(parent), Some(mut group)) = (&self.interchange, self.group.take()) else { return };
                keep_all(&mut group.verdict.findings, findings);
                let report = report::group(&parent.verdict, &group.verdict, sets);
                let findings = std::mem::take(&mut group.verdict.findings);
                self.group = Some(group);
                self.tell(Level::Group, report, findings);
                self.group = None;
            }
            Event::InterchangeEnd { groups, findings, .. } => {
                let Some(parent) = &mut self.interchange else { return };
                keep_all(&mut parent.verdict.findings, findings);
                parent.verdict.verdict = Verdict::of(&parent.verdict.findings);
                let report = report::interchange(&parent.verdict, groups);
                let findings = std::mem::take(&mut parent.verdict.findings);
                self.tell(Level::Interchange, report, findings);
                self.interchange = None;
            }
        }
    }

    fn open_set(&mut self, header: Segment<'_>, ordinal: usize, findings: Vec<Finding>) {
        let (Some(interchange), Some(group)) = (&self.interchange, &self.group) else { return };
        // Nothing in an interchange whose header is rejected is looked at.
        if interchange.verdict.verdict == Verdict::Rejected {
            return;
        }
        let GroupVerdict { standard, functional_id, version, .. } = &group.verdict;
        let version = match standard {
            Standard::X12 => version.as_str(),
            Standard::Edifact => "",
        };
        let set = reader::set((*standard, version.into(), &group.place), header, ordinal, findings, 1);
        let (verdict, of_header, guide) = verdict::set_without_segments(&set, functional_id, self.guides);
        let checker = guide.map(|(guide, fit)| Checker::new(guide, fit, interchange.repertoire));
        self.set = Some(OpenSet { verdict, of_header, place: set.place(), checker, segments: 1 });
    }

    fn close_set(&mut self, trailer: Option<Segment<'_>>, end: usize, findings: Vec<Finding>) {
        let (Some(interchange), Some(group), Some(set)) = (&self.interchange, &self.group, self.set.take()) else {
            return;
        };
        let OpenSet { mut verdict, of_header, place, checker, segments } = set;
        keep_all(&mut verdict.findings, findings);
        if let Some(checker) = checker {
            let trailer = trailer.filter(|_| segments < SEGMENTS_PER_SET_MAX);
            let found = checker.finish(&place, trailer.as_ref(), end);
            verdict::add_checked(&mut verdict.findings, found);
        }
        verdict.findings.extend(of_header);
        verdict.verdict = Verdict::of(&verdict.findings);
        let report = report::set(&interchange.verdict, &group.verdict, &verdict);
        self.tell(Level::Set, Some(report), verdict.findings);
    }

    fn tell(&mut self, level: Level, report: Option<Report>, findings: Vec<Finding>) {
        let interchange = self.interchange.as_ref().filter(|_| level != Level::File);
        let group = self.group.as_ref().filter(|_| matches!(level, Level::Group | Level::Set));
        self.told.push_back(Judgment {
            level,
            report,
            rejected: Verdict::of(&findings) == Verdict::Rejected,
            findings,
            standard: interchange.map(|interchange| interchange.verdict.standard),
            version: group.map(|group| group.verdict.version.clone()).unwrap_or_default(),
            terminator: interchange.map(|interchange| interchange.terminator),
        });
    }
}
