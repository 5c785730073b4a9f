//! Verdicts as plain data for JSON: the same codes and words as the acknowledgments have.

use serde::{Deserialize, Serialize};

use crate::delimiters::Standard;
use crate::envelope::Document;
use crate::finding::{Finding, Severity, SyntaxCode};
use crate::verdict::{GroupVerdict, InterchangeVerdict, SetVerdict, Verdict};

/// What becomes of something in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// Taken.
    Accept,
    /// Taken; the sender should look at something.
    AcceptNote,
    /// Not taken, as its transaction set is rejected.
    RejectSet,
    /// Not taken, as its group is rejected.
    RejectGroup,
    /// Not taken, as its interchange is rejected.
    RejectInterchange,
    /// No EDI; nobody can be told.
    Quarantine,
}

/// One verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The file's name, for whoever prints it; empty here.
    pub file: String,
    /// What it is written in; `None` for what is no EDI.
    pub standard: Option<Standard>,
    /// ISA13 or 0020.
    pub interchange: Option<String>,
    /// GS06 or 0048.
    pub group: Option<String>,
    /// ST02 or 0062.
    pub set: Option<String>,
    /// ST01 or 0065 of a set, GS01 or 0038 of a group.
    pub id: Option<String>,
    /// What becomes of it.
    pub verdict: Decision,
    /// Our names for what was found, those that reject first, each once.
    pub codes: Vec<SyntaxCode>,
    /// The standard's code for each of `codes`: TA105, AK905, AK502, AK304, AK403 or 0085.
    pub standard_codes: Vec<Option<String>>,
    /// Id of the segment of the first finding that decides.
    pub segment: Option<String>,
    /// Its position in the set, the header being 1.
    pub position: Option<usize>,
    /// The element in it, from 1.
    pub element: Option<usize>,
    /// The component in that, from 1.
    pub component: Option<usize>,
    /// First byte of what is wrong, in the file.
    pub offset: Option<usize>,
}

/// One object for each verdict on a file, in its order: one for each transaction set, one for a group that is rejected,
/// noted or holds no set, one for an interchange that is rejected, noted or holds no group, and one for each stretch of
/// bytes that is no EDI. `verdicts` are those on the document's interchanges, in order.
///
/// A set of a rejected group that is not at fault itself has the group's codes.
pub fn lines(document: &Document<'_>, verdicts: &[InterchangeVerdict]) -> Vec<Report> {
    let mut lines: Vec<(usize, Report)> = Vec::new();
    lines.extend(document.findings.iter().map(|finding| (finding.place.byte_offset, outside(finding))));
    for (of, verdict) in document.interchanges.iter().zip(verdicts) {
        let report = self::interchange(verdict, verdict.groups.len());
        lines.extend(report.map(|report| (of.range.start, report)));
        for (of, group) in of.groups.iter().zip(&verdict.groups) {
            let of_group = self::group(verdict, group, group.sets.len());
            lines.extend(of_group.clone().map(|report| (of.range.start, report)));
            for (of, set) in of.sets.iter().zip(&group.sets) {
                let report = self::set(verdict, group, set);
                let report = match &of_group {
                    Some(of_group) if group.is_rejected() => report.in_rejected(of_group),
                    _ => report,
                };
                lines.push((of.range.start, report));
            }
        }
    }
    lines.sort_by_key(|(start, _)| *start);
    lines.into_iter().map(|(_, report)| report).collect()
}

/// The report on what stands outside the interchanges.
pub(crate) fn outside(finding: &Finding) -> Report {
    let line = Line { standard: None, version: "", interchange: None, group: None };
    line.report(Decision::Quarantine, std::slice::from_ref(finding))
}

/// The report on an interchange of so many groups, if it has one.
pub(crate) fn interchange(of: &InterchangeVerdict, groups: usize) -> Option<Report> {
    if of.findings.is_empty() && groups > 0 {
        return None;
    }
    let line = Line { standard: Some(of.standard), version: "", interchange: Some(of), group: None };
    Some(line.report(decision(of.verdict, Decision::RejectInterchange), &of.findings))
}

/// The report on a group of so many sets, if it has one.
pub(crate) fn group(interchange: &InterchangeVerdict, of: &GroupVerdict, sets: usize) -> Option<Report> {
    if of.findings.is_empty() && sets > 0 {
        return None;
    }
    let decision = decision(Verdict::of(&of.findings), Decision::RejectGroup);
    let report = Line::in_group(interchange, of).report(decision, &of.findings);
    Some(Report { id: some(&of.functional_id), ..report })
}

/// The report on a set whose group is not rejected.
pub(crate) fn set(interchange: &InterchangeVerdict, group: &GroupVerdict, of: &SetVerdict) -> Report {
    let decision = decision(Verdict::of(&of.findings), Decision::RejectSet);
    let report = Line::in_group(interchange, group).report(decision, &of.findings);
    Report { id: some(&of.id), set: some(&of.control_number), ..report }
}

impl Report {
    /// The report on a set, now that its group is rejected as `group` says: a set that is not at fault itself has the
    /// group's codes.
    #[must_use]
    pub fn in_rejected(self, group: &Self) -> Self {
        match self.verdict {
            Decision::RejectSet => self,
            _ => Self { file: self.file, id: self.id, set: self.set, ..group.clone() },
        }
    }
}

fn decision(verdict: Verdict, reject: Decision) -> Decision {
    match verdict {
        Verdict::Accepted => Decision::Accept,
        Verdict::AcceptedWithNotes => Decision::AcceptNote,
        Verdict::Rejected => reject,
    }
}

/// What the reports of one place have in common.
#[derive(Clone, Copy)]
struct Line<'v> {
    standard: Option<Standard>,
    version: &'v str,
    interchange: Option<&'v InterchangeVerdict>,
    group: Option<&'v GroupVerdict>,
}

impl<'v> Line<'v> {
    fn in_group(interchange: &'v InterchangeVerdict, group: &'v GroupVerdict) -> Self {
        let standard = Some(interchange.standard);
        Self { standard, version: &group.version, interchange: Some(interchange), group: Some(group) }
    }

    fn report(self, verdict: Decision, findings: &[Finding]) -> Report {
        let (rejecting, noted): (Vec<&Finding>, Vec<&Finding>) = findings.iter().partition(|finding| finding.rejects());
        let mut codes: Vec<SyntaxCode> = Vec::new();
        for finding in rejecting.iter().chain(&noted) {
            if !codes.contains(&finding.code) {
                codes.push(finding.code);
            }
        }
        let standard_codes =
            codes.iter().map(|code| standard_code(*code, self.standard?, self.version).map(str::to_owned)).collect();
        let place = rejecting.iter().chain(&noted).next().map(|finding| &finding.place);
        Report {
            file: String::new(),
            standard: self.standard,
            interchange: self.interchange.and_then(|of| some(&of.control_number)),
            group: self.group.and_then(|of| some(&of.control_number)),
            set: None,
            id: None,
            verdict,
            codes,
            standard_codes,
            segment: place.and_then(|place| place.segment_id.clone()),
            position: place.and_then(|place| place.segment_position),
            element: place.and_then(|place| place.element),
            component: place.and_then(|place| place.component),
            offset: place.map(|place| place.byte_offset),
        }
    }
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

/// The code by which an acknowledgment in this standard and version says it.
fn standard_code(code: SyntaxCode, standard: Standard, version: &str) -> Option<&'static str> {
    match standard {
        Standard::X12 if version.is_empty() => code.x12(),
        Standard::X12 => code.x12_in(version),
        Standard::Edifact => code.edifact(),
    }
}

/// One finding as an entry of a problem's `errors`. Source of the form: RFC 9457.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Our name for it.
    pub code: SyntaxCode,
    /// The code in words, the same for every occurrence.
    pub title: String,
    /// This occurrence in words.
    pub detail: String,
    /// Whether it rejects.
    pub severity: Severity,
    /// The code by which the acknowledgment says it, and what that means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standard_code: Option<String>,
    /// In words; the same as in an acknowledgment that is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standard_meaning: Option<String>,
    /// ISA13 or 0020.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interchange: Option<String>,
    /// GS06 or 0048.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// ST02 or 0062.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set: Option<String>,
    /// Id of the segment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<String>,
    /// Its position in the set, the header being 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<usize>,
    /// The element, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub element: Option<usize>,
    /// The component, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component: Option<usize>,
    /// The repetition, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repetition: Option<usize>,
    /// First byte, in the file.
    pub offset: usize,
    /// A copy of what is wrong, of at most 99 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bad_value: Option<String>,
}

impl Problem {
    /// A finding in an interchange of a standard and, if it is in a group, of the group's version.
    pub fn of(finding: &Finding, standard: Standard, version: &str) -> Self {
        let (place, code) = (finding.place.clone(), finding.code);
        let standard_code = standard_code(code, standard, version);
        let meaning = standard_code.and_then(|said| match standard {
            Standard::X12 => crate::ack::meaning(code.level(), said),
            Standard::Edifact => crate::ack::edifact_meaning(said),
        });
        Self {
            code,
            title: code.title().to_owned(),
            detail: finding.message.clone(),
            severity: finding.severity,
            standard_code: standard_code.map(str::to_owned),
            standard_meaning: meaning.map(str::to_owned),
            interchange: place.interchange_control,
            group: place.group_control,
            set: place.set_control,
            segment: place.segment_id,
            position: place.segment_position,
            element: place.element,
            component: place.component,
            repetition: place.repetition,
            offset: place.byte_offset,
            bad_value: finding.bad_value.clone(),
        }
    }
}

/// The verdict on an interchange as problem details. Source: RFC 9457.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemDetails {
    /// Where the code of the first error has its page.
    pub r#type: String,
    /// That code in words.
    pub title: String,
    /// 422: it was understood, and is not taken.
    pub status: u16,
    /// How much of the interchange is rejected.
    pub detail: String,
    /// Everything that was found, those that reject and those that do not, in the order of the file.
    pub errors: Vec<Problem>,
}

/// The status of what was understood and is not taken. Source: RFC 9110.
const UNPROCESSABLE: u16 = 422;

/// Problem details for an interchange of which something is rejected, with pages of the codes under `pages`; `None` if
/// everything is taken.
pub fn problem_details(interchange: &InterchangeVerdict, pages: &str) -> Option<ProblemDetails> {
    let mut errors: Vec<Problem> = Vec::new();
    let of = |version: &'_ str| {
        let version = version.to_owned();
        move |finding: &Finding| Problem::of(finding, interchange.standard, &version)
    };
    errors.extend(interchange.findings.iter().map(of("")));
    for group in &interchange.groups {
        errors.extend(group.findings.iter().map(of(&group.version)));
        errors.extend(group.sets.iter().flat_map(|set| &set.findings).map(of(&group.version)));
    }
    let first = errors.iter().find(|problem| problem.severity == Severity::Reject)?;
    let sets = interchange.groups.iter().map(|group| group.sets.len()).sum::<usize>();
    let accepted = interchange.groups.iter().map(GroupVerdict::sets_accepted).sum::<usize>();
    let detail = match interchange.verdict {
        Verdict::Rejected => "The interchange is rejected; nothing in it is taken.".to_owned(),
        Verdict::Accepted | Verdict::AcceptedWithNotes => {
            format!("{} of {sets} transaction sets are rejected.", sets - accepted)
        }
    };
    Some(ProblemDetails {
        r#type: format!("{pages}{}", first.code),
        title: first.title.clone(),
        status: UNPROCESSABLE,
        detail,
        errors,
    })
}
