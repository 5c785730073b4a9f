//! `edi-drop`: a dropped file becomes one message for each transaction set, and one acknowledgment for each group.
//!
//! A defect parks the smallest thing that holds it; its siblings go on. Nothing here needs the table.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use canonical::{
    Acknowledgment, AcknowledgmentDocument, ArchiveRef, Code, Content, Digest, Finding, Message, MessageId, Place,
    Principal, Trace,
};
use edi::ack::{Owed, owed};
use edi::guide::Guides;
use edi::verdict::{self, GroupVerdict, SetVerdict, Verdict};
use edi::{Delimiters, Group, Interchange, Standard, TransactionSet};
use jiff::Timestamp;
use partners::{ControlNumbers, Profile};
use serde::{Deserialize, Serialize};

/// The step's name.
pub const STEP: &str = "edi-drop";
/// Longest file, in bytes: it is held in the function's memory twice. (The streaming reader will lift this.)
pub const FILE_LEN_MAX: usize = 32 << 20;

/// The sets that have a step. Any other is refused in its acknowledgment, so that its sender knows.
pub const TAKEN: [&str; 3] = ["945", "997", "999"];

/// Names of files that are not finished, or no files: uploads in progress and folder markers.
const UNFINISHED: [&str; 4] = [".tmp", ".part", ".filepart", "/"];

/// Whether an object under `key` with `len` bytes is a file to be read.
pub fn is_finished(key: &str, len: u64) -> bool {
    len > 0 && !UNFINISHED.iter().any(|end| key.ends_with(end))
}

/// Whether a file of `len` bytes is longer than any that is read.
pub fn is_too_long(len: u64) -> bool {
    len > FILE_LEN_MAX as u64
}

/// What is kept of a file that is too long to be read: where it lies, as JSON.
pub fn note(key: &str, version: Option<&str>, len: u64) -> Vec<u8> {
    serde_json::json!({ "key": key, "version": version, "len": len }).to_string().into_bytes()
}

/// The partner whose inbox `key` lies in: `inbox/<partner>/…`.
pub fn partner_of(key: &str) -> Option<&str> {
    key.strip_prefix("inbox/")?.split_once('/').map(|(partner, _)| partner)
}

/// A dropped file with what is known of it.
#[derive(Debug, Clone, Copy)]
pub struct Drop<'a> {
    /// Its bytes; of a file that is too long to be read, its [`note`].
    pub bytes: &'a [u8],
    /// Its length.
    pub len: u64,
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

/// The number of an interchange that may come once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    /// Which interchange of the file.
    pub interchange: usize,
    /// Under which name it is claimed: partner, and a digest of sender, receiver and number.
    pub name: String,
}

/// Who has claimed a number: the file that it came in first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The file's digest.
    pub sha256: Digest,
    /// Its key in the exchange.
    pub key: String,
    /// Its version there, where versions are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// When it was dropped.
    pub received_at: Timestamp,
}

impl Claim {
    /// What it means for this file that `before` has the number.
    pub fn meets(&self, before: &Self) -> Met {
        match (self.sha256 == before.sha256, (&self.key, &self.version) == (&before.key, &before.version)) {
            (true, true) => Met::Itself,
            (true, false) => Met::Copy,
            (false, _) => Met::Other,
        }
    }
}

/// How a file stands to the one that has its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Met {
    /// It is that one, told of once more.
    Itself,
    /// It has the same bytes.
    Copy,
    /// It has others.
    Other,
}

/// What a file is split into.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Split {
    /// The numbers of those interchanges that are taken, to be claimed before the messages are sent.
    pub numbers: Vec<Number>,
    /// Documents that messages refer to: they must be in the archive before the messages are sent.
    pub documents: Vec<Vec<u8>>,
    /// The messages, in the order of the file.
    pub messages: Vec<Message>,
}

/// Splits `drop` into messages. `taken` are those of its interchanges whose number came before in another file, with that
/// file: they are kept for a person, and their sender is told in its protocol.
pub fn split(drop: Drop<'_>, taken: &BTreeMap<usize, Claim>) -> Split {
    let splitter = Splitter { drop, taken, sha256: Digest::of(drop.bytes), split: Split::default() };
    splitter.run()
}

/// The finding on an interchange whose number came before in another file.
fn taken(interchange: &Interchange<'_>, before: &Claim) -> edi::Finding {
    let element = match interchange.standard {
        Standard::X12 => 13,
        Standard::Edifact => 5,
    };
    let range = interchange.header.element_range(element);
    let place = edi::Place {
        element: Some(element),
        segment_id: Some(interchange.header.id().to_owned()),
        segment_position: Some(1),
        byte_offset: range.start,
        byte_len: range.len(),
        ..interchange.place().clone()
    };
    let message = format!("The number came before with other content, on {}.", before.received_at);
    edi::Finding::new(edi::SyntaxCode::InterchangeControlNumberDuplicate, place, message)
}

fn taken_guides() -> &'static Guides {
    static GUIDES: OnceLock<Guides> = OnceLock::new();
    GUIDES.get_or_init(|| Guides::built_in().only(&TAKEN))
}

/// The guides of what the partner may send. Anything else is refused in its acknowledgment.
fn permitted(profile: &Profile) -> Guides {
    let permits = &profile.permits;
    let sets: Vec<&str> = TAKEN.into_iter().filter(|set| permits.may_send(set)).collect();
    let mut guides = taken_guides().only(&sets);
    for set in sets {
        let versions = permits.versions(set);
        if !versions.is_empty() {
            guides = guides.only_versions(set, &versions);
        }
    }
    guides
}

/// Whether the sender is told of what is wrong in a group.
fn told_of(owed: &[Owed], index: usize) -> bool {
    owed.iter().any(|owed| match owed {
        Owed::Ta1(_) => false,
        Owed::Functional { group, .. } => *group == index,
        Owed::Contrl(_) => true,
    })
}

struct Splitter<'a> {
    drop: Drop<'a>,
    taken: &'a BTreeMap<usize, Claim>,
    sha256: Digest,
    split: Split,
}

impl Splitter<'_> {
    fn run(mut self) -> Split {
        if is_too_long(self.drop.len) {
            let Drop { len, key, .. } = self.drop;
            let detail = format!(
                "the file has {len} bytes; {FILE_LEN_MAX} are the most; it was not read, and lies at {key}: have it \
                 dropped in parts"
            );
            let finding = Finding { code: Code::TooLarge, detail, place: None };
            self.defective("file", "file", 0..self.drop.bytes.len(), vec![finding], false);
            return self.split;
        }
        if let Some(reason) = &self.drop.profile.disabled {
            let detail =
                format!("nothing is taken from {}: {reason}; enable it and drop the file again", self.drop.profile.id);
            let finding = Finding { code: Code::PartnerDisabled, detail, place: None };
            self.defective("file", "file", 0..self.drop.bytes.len(), vec![finding], false);
            return self.split;
        }
        let permitted = permitted(self.drop.profile);
        let guides = match permitted.with_overlay(&self.drop.profile.agreement.overlay) {
            Ok(guides) => guides,
            // A bundle with such a profile is not published: see the lints of profiles.
            Err(_) => permitted,
        };
        let mut document = edi::read(self.drop.bytes);
        if !document.findings.is_empty() {
            let findings = document.findings.iter().map(formats::x12::finding).collect();
            self.defective("file", "file", 0..self.drop.bytes.len(), findings, false);
        }
        for (index, interchange) in document.interchanges.iter_mut().enumerate() {
            if let Some(before) = self.taken.get(&index) {
                let finding = taken(interchange, before);
                interchange.findings.push(finding);
            }
            self.interchange(index, interchange, &guides);
        }
        self.split
    }

    fn interchange(&mut self, index: usize, interchange: &Interchange<'_>, guides: &Guides) {
        let what = format!("interchange {}", interchange.control_number());
        let verdicts = verdict::interchange(interchange, guides);
        let mut findings: Vec<Finding> = Vec::new();
        if verdicts.verdict == Verdict::Rejected {
            findings.extend(verdicts.findings.iter().map(formats::x12::finding));
        }
        let stranger = self.stranger(interchange);
        let owed = match &stranger {
            // Who it is from is not known: there is nobody to answer.
            Some(_) => Vec::new(),
            None => owed(&verdicts, self.drop.profile.agreement.acknowledge, Delimiters::default()),
        };
        findings.extend(stranger);
        if findings.is_empty() {
            self.split.numbers.extend(self.number(index, interchange));
            for (group, verdict) in interchange.groups.iter().zip(&verdicts.groups) {
                let told = told_of(&owed, verdict.index);
                self.group(index, interchange, group, verdict, told);
            }
        } else {
            let told = !owed.is_empty();
            self.defective(&format!("interchange/{index}"), &what, interchange.range.clone(), findings, told);
        }
        for owed in owed {
            self.acknowledge(index, interchange, owed);
        }
    }

    /// The number of an interchange, if its sender uses each once.
    fn number(&self, index: usize, interchange: &Interchange<'_>) -> Option<Number> {
        if self.drop.profile.agreement.control_numbers == ControlNumbers::Reused {
            return None;
        }
        let (sender, receiver) = (interchange.sender(), interchange.receiver());
        let control = interchange.control_number();
        // As JSON, so that no two rows of parts make one text.
        let whose = serde_json::json!([sender.0, sender.1, receiver.0, receiver.1, control]).to_string();
        let name = format!("interchange/{}/{}", self.drop.profile.id, Digest::of(whose.as_bytes()));
        Some(Number { interchange: index, name })
    }

    /// Keeps an acknowledgment that is owed for whoever numbers it.
    fn acknowledge(&mut self, index: usize, interchange: &Interchange<'_>, owed: Owed) {
        let whole = format!("interchange {}", interchange.control_number());
        let controls = interchange.version().into_owned();
        let (position, range, document, version, segments, acknowledged) = match owed {
            Owed::Ta1(segment) => (
                format!("interchange/{index}/acknowledge"),
                interchange.range.clone(),
                AcknowledgmentDocument::Ta1,
                controls,
                vec![segment],
                whole,
            ),
            Owed::Functional { group, version, set, .. } => {
                let Some(of) = interchange.groups.get(group) else { return };
                let document = match set.id.as_str() {
                    "999" => AcknowledgmentDocument::Implementation999,
                    _ => AcknowledgmentDocument::Functional997,
                };
                (
                    format!("interchange/{index}/group/{group}/acknowledge"),
                    of.range.clone(),
                    document,
                    version,
                    set.segments,
                    format!("{whole} group {}", of.control_number()),
                )
            }
            Owed::Contrl(message) => (
                format!("interchange/{index}/acknowledge"),
                interchange.range.clone(),
                AcknowledgmentDocument::Contrl,
                format!("{}.{}", message.version, message.release),
                message.segments,
                whole,
            ),
        };
        let acknowledgment = Acknowledgment {
            document,
            segments: segments.iter().map(|segment| (segment.id().to_owned(), segment.values().to_vec())).collect(),
            version,
            group: acknowledged,
        };
        let bytes = serde_json::to_vec(&acknowledgment).unwrap_or_default();
        let owed = canonical::Owed { sha256: Digest::of(&bytes) };
        self.split.documents.push(bytes);
        self.push(&position, range, Content::Acknowledge(owed));
    }

    /// Whether the envelope names somebody else than the partner of the inbox, or the wrong stage.
    fn stranger(&self, interchange: &Interchange<'_>) -> Option<Finding> {
        let (id_at, usage_at) = match interchange.standard {
            Standard::X12 => (6, 15),
            Standard::Edifact => (2, 11),
        };
        let place = |element: u64, range: std::ops::Range<usize>| Place::Edi {
            segment: Some(interchange.header.id().to_owned()),
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
                place: Some(place(id_at as u64, interchange.header.element_range(id_at))),
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
            place: Some(place(usage_at as u64, interchange.header.element_range(usage_at))),
        })
    }

    fn group(
        &mut self,
        index: usize,
        interchange: &Interchange<'_>,
        group: &Group<'_>,
        verdict: &GroupVerdict,
        told: bool,
    ) {
        let position = format!("interchange/{index}/group/{}", verdict.index);
        let control = group.control_number().into_owned();
        let whole_group = verdict.findings.iter().any(edi::Finding::rejects);
        if whole_group {
            let findings = verdict.findings.iter().map(formats::x12::finding).collect();
            self.defective(&position, &format!("group {control}"), group.range.clone(), findings, told);
            return;
        }
        for (set, verdict) in group.sets.iter().zip(&verdict.sets) {
            self.set(&position, (interchange, group, set), verdict, told);
        }
    }

    fn set(
        &mut self,
        group_position: &str,
        (interchange, group, set): (&Interchange<'_>, &Group<'_>, &TransactionSet<'_>),
        verdict: &SetVerdict,
        told: bool,
    ) {
        let position = format!("{group_position}/set/{}", verdict.index);
        let what = format!("transaction set {} {}", set.id(), set.control_number());
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
            "997" | "999" => formats::x12::group_acks(interchange, group, set)
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
            id: if crate::defect!(FileKnownByName) {
                MessageId::derive(&scope.tenant, &scope.partner, &format!("{}/{position}", self.drop.key))
            } else {
                MessageId::derive(&scope.tenant, &scope.partner, &format!("{}/{position}", self.sha256))
            },
            sender: self.drop.sender.clone(),
            received_at: self.drop.received_at,
            raw: ArchiveRef { sha256: self.sha256.clone(), offset: range.start as u64, len: range.len() as u64 },
            profile_version: self.drop.profile_version.to_owned(),
            // No request came before a file: its trace begins with it.
            trace: Some(Trace::begin(self.sha256.as_str())),
            content,
        });
    }
}
