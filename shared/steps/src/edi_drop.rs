//! `edi-drop`: a dropped file becomes one message for each transaction set, and one acknowledgment for each group.
//!
//! A defect parks the smallest thing that holds it; its siblings go on. Nothing here needs the table.

use canonical::{
    Acknowledgment, ArchiveRef, Code, Content, Digest, Finding, Message, MessageId, Owed, Place, Principal,
};
use edi::guide::Guides;
use edi::verdict::{self, GroupVerdict, SetVerdict, Verdict};
use edi::{Delimiters, Group, Interchange, TransactionSet};
use jiff::Timestamp;
use partners::Profile;

/// The step's name.
pub const STEP: &str = "edi-drop";
/// Longest file, in bytes: it is held in the function's memory twice. (The streaming reader will lift this.)
pub const FILE_LEN_MAX: usize = 32 << 20;

/// Names of files that are not finished, or no files: uploads in progress and folder markers.
const UNFINISHED: [&str; 4] = [".tmp", ".part", ".filepart", "/"];

/// Whether an object under `key` with `len` bytes is a file to be read.
pub fn is_finished(key: &str, len: u64) -> bool {
    len > 0 && !UNFINISHED.iter().any(|end| key.ends_with(end))
}

/// The partner whose inbox `key` lies in: `inbox/<partner>/…`.
pub fn partner_of(key: &str) -> Option<&str> {
    key.strip_prefix("inbox/")?.split_once('/').map(|(partner, _)| partner)
}

/// A dropped file with what is known of it.
#[derive(Debug, Clone, Copy)]
pub struct Drop<'a> {
    /// Its bytes.
    pub bytes: &'a [u8],
    /// Its key in the exchange.
    pub key: &'a str,
    /// The partner whose inbox it lies in.
    pub profile: &'a Profile,
    /// That partner as a sender: the inbox is its own, which is its credential.
    pub sender: &'a Principal,
    /// The profile bundle in force.
    pub profile_version: &'a str,
    /// When it was dropped.
    pub received_at: Timestamp,
}

/// What a file is split into.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Split {
    /// Documents that messages refer to: they must be in the archive before the messages are sent.
    pub documents: Vec<Vec<u8>>,
    /// The messages, in the order of the file.
    pub messages: Vec<Message>,
}

/// Splits `drop` into messages.
pub fn split(drop: Drop<'_>) -> Split {
    let splitter = Splitter { drop, sha256: Digest::of(drop.bytes), split: Split::default() };
    splitter.run()
}

struct Splitter<'a> {
    drop: Drop<'a>,
    sha256: Digest,
    split: Split,
}

impl Splitter<'_> {
    fn run(mut self) -> Split {
        if self.drop.bytes.len() > FILE_LEN_MAX {
            let detail = format!("the file has {} bytes; {FILE_LEN_MAX} are the most", self.drop.bytes.len());
            let finding = Finding { code: Code::TooLarge, detail, place: None };
            self.defective("file", "file", 0..self.drop.bytes.len(), vec![finding], false);
            return self.split;
        }
        let document = edi::read(self.drop.bytes);
        if !document.findings.is_empty() {
            let findings = document.findings.iter().map(formats::x12::finding).collect();
            self.defective("file", "file", 0..self.drop.bytes.len(), findings, false);
        }
        for (index, interchange) in document.interchanges.iter().enumerate() {
            self.interchange(index, interchange);
        }
        self.split
    }

    fn interchange(&mut self, index: usize, interchange: &Interchange<'_>) {
        let what = format!("interchange {}", interchange.control_number());
        let verdicts = verdict::interchange(interchange, Guides::built_in());
        let mut findings: Vec<Finding> = Vec::new();
        if verdicts.verdict == Verdict::Rejected {
            findings.extend(verdicts.findings.iter().map(formats::x12::finding));
        }
        findings.extend(self.stranger(interchange));
        if !findings.is_empty() {
            self.defective(&format!("interchange/{index}"), &what, interchange.range.clone(), findings, false);
            return;
        }
        for (group, verdict) in interchange.groups.iter().zip(&verdicts.groups) {
            self.group(index, interchange, group, verdict);
        }
    }

    /// Whether the envelope names somebody else than the partner of the inbox, or the wrong stage.
    fn stranger(&self, interchange: &Interchange<'_>) -> Option<Finding> {
        let place = |element: u64, range: std::ops::Range<usize>| Place::Edi {
            segment: Some("ISA".to_owned()),
            segment_position: Some(1),
            element: Some(element),
            byte_offset: range.start as u64,
        };
        let (qualifier, id) = interchange.sender();
        let expected = self.drop.profile.edi.as_ref();
        if !expected.is_some_and(|edi| edi.qualifier == qualifier.trim() && edi.id == id.trim()) {
            let expected = expected.map_or("no EDI identity".to_owned(), |edi| format!("{}/{}", edi.qualifier, edi.id));
            return Some(Finding {
                code: Code::EdiWrongSender,
                detail: format!(
                    "sender {}/{} in the inbox of {}, which has {expected}",
                    qualifier.trim(),
                    id.trim(),
                    self.drop.profile.id
                ),
                place: Some(place(6, interchange.header.element_range(6))),
            });
        }
        let usage = self.drop.profile.stage.usage_indicator();
        let given = interchange.usage_indicator();
        if given.trim() == usage.to_string() {
            return None;
        }
        Some(Finding {
            code: Code::EdiUsageMismatch,
            detail: format!("usage indicator {}, but the partner's traffic is {usage}", given.trim()),
            place: Some(place(15, interchange.header.element_range(15))),
        })
    }

    fn group(&mut self, index: usize, interchange: &Interchange<'_>, group: &Group<'_>, verdict: &GroupVerdict) {
        let position = format!("interchange/{index}/group/{}", verdict.index);
        let control = group.control_number().into_owned();
        let whole_group = verdict.findings.iter().any(edi::Finding::rejects);
        if whole_group {
            let findings = verdict.findings.iter().map(formats::x12::finding).collect();
            self.defective(
                &position,
                &format!("group {control}"),
                group.range.clone(),
                findings,
                group.needs_acknowledgment(),
            );
        } else {
            for (set, verdict) in group.sets.iter().zip(&verdict.sets) {
                self.set(&position, interchange, group, set, verdict);
            }
        }
        let segments = edi::ack::functional_acknowledgment(verdict, Delimiters::default());
        if let Some(segments) = segments {
            let acknowledgment = Acknowledgment {
                segments: segments.iter().map(|segment| (segment.id().to_owned(), segment.values().to_vec())).collect(),
                version: group.version().into_owned(),
                group: format!("interchange {} group {control}", interchange.control_number()),
            };
            let document = serde_json::to_vec(&acknowledgment).unwrap_or_default();
            let owed = Owed { sha256: Digest::of(&document) };
            self.split.documents.push(document);
            self.push(&format!("{position}/acknowledge"), group.range.clone(), Content::Acknowledge(owed));
        }
    }

    fn set(
        &mut self,
        group_position: &str,
        interchange: &Interchange<'_>,
        group: &Group<'_>,
        set: &TransactionSet<'_>,
        verdict: &SetVerdict,
    ) {
        let position = format!("{group_position}/set/{}", verdict.index);
        let what = format!("transaction set {} {}", set.id(), set.control_number());
        let told = group.needs_acknowledgment();
        if verdict.verdict == Verdict::Rejected {
            let rejecting = verdict.findings.iter().filter(|finding| finding.rejects());
            // Findings below the set say where; the set's own only that something is wrong below.
            let (set_level, below): (Vec<_>, Vec<_>) =
                rejecting.partition(|finding| finding.place.segment_position.is_none());
            let findings = below.into_iter().chain(set_level).map(formats::x12::finding).collect();
            self.defective(&position, &what, set.range.clone(), findings, told);
            return;
        }
        let read = match set.id().as_ref() {
            "945" => {
                formats::x12::warehouse_shipping_advice_945(set).map(|confirm| vec![Content::ShipConfirm(confirm)])
            }
            "997" => formats::x12::group_acks_997(interchange, group, set)
                .map(|acks| acks.into_iter().map(Content::GroupAck).collect())
                .map_err(|finding| vec![finding]),
            other => Err(vec![Finding {
                code: Code::EdiUnsupportedSet,
                detail: format!("no step handles transaction set {other} yet"),
                place: Some(Place::Edi {
                    segment: Some("ST".to_owned()),
                    segment_position: Some(1),
                    element: None,
                    byte_offset: set.range.start as u64,
                }),
            }]),
        };
        match read {
            Ok(contents) => {
                for (number, content) in contents.into_iter().enumerate() {
                    self.push(&format!("{position}/{number}"), set.range.clone(), content);
                }
            }
            // The acknowledgment is of syntax alone and has accepted the set: the sender does not know.
            Err(findings) => self.defective(&position, &what, set.range.clone(), findings, false),
        }
    }

    fn defective(
        &mut self,
        position: &str,
        what: &str,
        range: std::ops::Range<usize>,
        mut findings: Vec<Finding>,
        sender_told: bool,
    ) {
        findings.truncate(crate::FINDINGS_MAX);
        let what = format!("{what} of {}", self.drop.key);
        self.push(position, range, Content::Defective { what, findings, sender_told });
    }

    /// The message's id follows from the file's bytes and the place in it: the same file dropped again, under whatever
    /// name, makes the same messages.
    fn push(&mut self, position: &str, range: std::ops::Range<usize>, content: Content) {
        let scope = &self.drop.sender.scope;
        self.split.messages.push(Message {
            id: MessageId::derive(&scope.tenant, &scope.partner, &format!("{}/{position}", self.sha256)),
            sender: self.drop.sender.clone(),
            received_at: self.drop.received_at,
            raw: ArchiveRef { sha256: self.sha256.clone(), offset: range.start as u64, len: range.len() as u64 },
            profile_version: self.drop.profile_version.to_owned(),
            content,
        });
    }
}
