//! The verdicts on a file, one for each thing that is decided on.

use edi::guide::Guides;
use edi::verdict::{self, GroupVerdict, InterchangeVerdict, SetVerdict, Verdict};
use edi::{Document, Finding, Standard};
use serde::Serialize;

use super::Status;

/// One verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Row {
    pub(super) standard: Option<Standard>,
    pub(super) interchange: Option<String>,
    pub(super) group: Option<String>,
    pub(super) set: Option<String>,
    pub(super) id: Option<String>,
    pub(super) verdict: &'static str,
    pub(super) codes: Vec<&'static str>,
    pub(super) segment: Option<usize>,
    pub(super) element: Option<usize>,
    pub(super) offset: Option<usize>,
}

/// A file's verdicts, and what they rest on.
pub(super) struct Report {
    pub(super) rows: Vec<Row>,
    pub(super) findings: Vec<Finding>,
    pub(super) verdicts: Vec<InterchangeVerdict>,
}

impl Report {
    pub(super) fn of(document: &Document<'_>) -> Self {
        let verdicts: Vec<InterchangeVerdict> = document
            .interchanges
            .iter()
            .map(|interchange| verdict::interchange(interchange, Guides::built_in()))
            .collect();
        let mut rows = Vec::new();
        let mut findings = document.findings.clone();
        for finding in &document.findings {
            rows.push(Row { standard: None, ..row("quarantine", std::slice::from_ref(finding)) });
        }
        for (interchange, verdict) in document.interchanges.iter().zip(&verdicts) {
            findings.extend(verdict.findings.iter().cloned());
            let at = |row: Row| Row {
                standard: Some(interchange.standard),
                interchange: Some(verdict.control_number.clone()),
                ..row
            };
            if verdict.verdict == Verdict::Rejected || verdict.groups.is_empty() {
                rows.push(at(row(word(verdict.verdict, "reject-interchange"), &verdict.findings)));
            }
            for group in &verdict.groups {
                findings.extend(group.findings.iter().cloned());
                findings.extend(group.sets.iter().flat_map(|set| set.findings.iter().cloned()));
                rows.extend(of_group(group).into_iter().map(at));
            }
        }
        Self { rows, findings, verdicts }
    }

    pub(super) fn status(&self) -> Status {
        let of = |row: &Row| match row.verdict {
            "quarantine" => Status::NotEdi,
            "accept" | "accept-note" => Status::Accepted,
            _ => Status::Rejected,
        };
        self.rows.iter().map(of).max().unwrap_or(Status::NotEdi)
    }
}

fn of_group(group: &GroupVerdict) -> Vec<Row> {
    let control = Some(group.control_number.clone()).filter(|control| !control.is_empty());
    if group.findings.iter().any(Finding::rejects) || group.sets.is_empty() {
        let word = if group.findings.iter().any(Finding::rejects) { "reject-group" } else { "accept" };
        let id = Some(group.functional_id.clone());
        return vec![Row { group: control, id, ..row(word, &group.findings) }];
    }
    let of_set = |set: &SetVerdict| Row {
        group: control.clone(),
        set: Some(set.control_number.clone()),
        id: Some(set.id.clone()),
        ..row(word(set.verdict, "reject-set"), &set.findings)
    };
    group.sets.iter().map(of_set).collect()
}

fn word(verdict: Verdict, rejected: &'static str) -> &'static str {
    match verdict {
        Verdict::Accepted => "accept",
        Verdict::AcceptedWithNotes => "accept-note",
        Verdict::Rejected => rejected,
    }
}

/// A verdict by its findings; the first that rejects decides, or else the first.
fn row(verdict: &'static str, findings: &[Finding]) -> Row {
    let deciding = findings.iter().find(|finding| finding.rejects()).or_else(|| findings.first());
    let mut codes: Vec<&'static str> = Vec::new();
    for finding in findings {
        if !codes.contains(&finding.code.as_str()) {
            codes.push(finding.code.as_str());
        }
    }
    Row {
        standard: None,
        interchange: None,
        group: None,
        set: None,
        id: None,
        verdict,
        codes,
        segment: deciding.and_then(|finding| finding.place.segment_position),
        element: deciding.and_then(|finding| finding.place.element),
        offset: deciding.map(|finding| finding.place.byte_offset),
    }
}
