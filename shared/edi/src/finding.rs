//! What was found wrong, where, and how an acknowledgment says it.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::limits::{BAD_VALUE_LEN_MAX, FINDINGS_MAX};

/// What a finding is about, and so which part of an acknowledgment carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Bytes outside any interchange; no acknowledgment can name them.
    File,
    /// ISA to IEA; TA1.
    Interchange,
    /// GS to GE; AK9.
    Group,
    /// ST to SE; AK5.
    Set,
    /// One segment; AK3.
    Segment,
    /// One element or component; AK4.
    Element,
}

/// Whether a finding turns the verdict on what holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth telling the sender; the data passes.
    Note,
    /// The smallest thing that holds the defect is rejected.
    Reject,
}

macro_rules! syntax_codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $level:ident, $severity:ident, $x12:expr;)*) => {
        /// Every defect that this crate can find, one kebab-case name each.
        ///
        /// The X12 code of each is that of element I18 (TA105), 716 (AK905), 718 (AK502), 720 (AK304) or 723 (AK403),
        /// as its level says.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum SyntaxCode { $($(#[$doc])* $variant,)* }

        impl SyntaxCode {
            /// All codes, in the order of their levels.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The kebab-case name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What the code is about.
            pub const fn level(self) -> Level {
                match self { $(Self::$variant => Level::$level,)* }
            }

            /// The usual severity; a guide that is only an approximation lowers it to a note.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)* }
            }

            /// The code by which an acknowledgment says it, if there is one.
            pub const fn x12(self) -> Option<&'static str> {
                match self { $(Self::$variant => $x12,)* }
            }
        }
    };
}

syntax_codes! {
    /// There is nothing to read.
    FileEmpty = "file-empty", File, Reject, None;
    /// The file is something else than EDI: HTML, JSON, gzip, UTF-16 …
    FileNotEdi = "file-not-edi", File, Reject, None;
    /// Bytes before, between or after the interchanges that are no filler.
    FileStrayBytes = "file-stray-bytes", File, Reject, None;
    /// A beginning of an ISA that cannot be read to its end.
    IsaUnreadable = "isa-unreadable", File, Reject, None;

    /// A beginning of a UNB that cannot be read to its end.
    UnbUnreadable = "unb-unreadable", File, Reject, None;

    /// ISA13 and IEA02 differ.
    InterchangeControlNumberMismatch = "interchange-control-number-mismatch", Interchange, Reject, Some("001");
    /// The byte after ISA16 cannot be a terminator.
    TerminatorInvalid = "terminator-invalid", Interchange, Reject, Some("004");
    /// ISA09 is no date.
    InterchangeDateInvalid = "interchange-date-invalid", Interchange, Note, Some("014");
    /// ISA10 is no time.
    InterchangeTimeInvalid = "interchange-time-invalid", Interchange, Note, Some("015");
    /// ISA12 is no version.
    InterchangeVersionInvalid = "interchange-version-invalid", Interchange, Note, Some("017");
    /// ISA13 is not nine digits.
    InterchangeControlNumberInvalid = "interchange-control-number-invalid", Interchange, Reject, Some("018");
    /// ISA14 is neither 0 nor 1.
    AcknowledgmentRequestInvalid = "acknowledgment-request-invalid", Interchange, Note, Some("019");
    /// ISA15 is not P, T or I: production and test could be mixed up.
    UsageIndicatorInvalid = "usage-indicator-invalid", Interchange, Reject, Some("020");
    /// IEA01 is not the number of groups.
    GroupCountMismatch = "group-count-mismatch", Interchange, Reject, Some("021");
    /// The elements of the ISA are not of their fixed lengths.
    IsaMalformed = "isa-malformed", Interchange, Reject, Some("022");
    /// A segment stands between the groups, or before the first.
    SegmentOutsideGroup = "segment-outside-group", Interchange, Reject, Some("022");
    /// Neither a group nor a TA1.
    InterchangeEmpty = "interchange-empty", Interchange, Reject, Some("022");
    /// The end of the file, or the next ISA, came before the IEA.
    InterchangeTruncated = "interchange-truncated", Interchange, Reject, Some("023");
    /// Same sender, receiver and ISA13 as an earlier interchange of the file.
    InterchangeControlNumberDuplicate = "interchange-control-number-duplicate", Interchange, Reject, Some("025");
    /// ISA16 cannot be a component separator.
    ComponentSeparatorInvalid = "component-separator-invalid", Interchange, Reject, Some("027");
    /// A UNA whose separators cannot be, or are not those that the UNB uses.
    UnaMalformed = "una-malformed", Interchange, Reject, None;
    /// The syntax identifier or version of UNB (S001) is none that we read.
    SyntaxVersionInvalid = "syntax-version-invalid", Interchange, Reject, None;
    /// A mandatory element of UNB is missing.
    InterchangeElementMissing = "interchange-element-missing", Interchange, Reject, None;
    /// An EDIFACT interchange holds groups and messages that are in none.
    GroupsAndMessagesMixed = "groups-and-messages-mixed", Interchange, Reject, None;

    /// GS01 is missing or no functional identifier.
    GroupNotSupported = "group-not-supported", Group, Reject, Some("1");
    /// GS08 is missing.
    GroupVersionMissing = "group-version-missing", Group, Reject, Some("2");
    /// The next GS or the IEA came before the GE.
    GroupTrailerMissing = "group-trailer-missing", Group, Reject, Some("3");
    /// GS06 and GE02 differ.
    GroupControlNumberMismatch = "group-control-number-mismatch", Group, Reject, Some("4");
    /// GE01 is not the number of sets.
    SetCountMismatch = "set-count-mismatch", Group, Reject, Some("5");
    /// GS06 is not one to nine digits.
    GroupControlNumberInvalid = "group-control-number-invalid", Group, Reject, Some("6");
    /// Same GS01, GS02, GS03 and GS06 as an earlier group of the file. Before 005010 a 997 says 6 instead of 19.
    GroupControlNumberDuplicate = "group-control-number-duplicate", Group, Reject, Some("19");
    /// A segment stands between the sets: an ST is missing, or an SE came early.
    SegmentOutsideSet = "segment-outside-set", Group, Reject, None;

    /// We have no guide for this set.
    SetNotSupported = "set-not-supported", Set, Reject, Some("1");
    /// The next ST or the GE came before the SE.
    SetTrailerMissing = "set-trailer-missing", Set, Reject, Some("2");
    /// ST02 and SE02 differ.
    SetControlNumberMismatch = "set-control-number-mismatch", Set, Reject, Some("3");
    /// SE01 is not the number of segments, ST and SE included.
    SegmentCountMismatch = "segment-count-mismatch", Set, Reject, Some("4");
    /// More segments than we read.
    SetTooLong = "set-too-long", Set, Reject, Some("5");
    /// ST01 is missing, or does not belong in a group of this GS01.
    SetIdInvalid = "set-id-invalid", Set, Reject, Some("6");
    /// ST02 is not four to nine characters.
    SetControlNumberInvalid = "set-control-number-invalid", Set, Reject, Some("7");
    /// Same ST02 as an earlier set of the group.
    SetControlNumberDuplicate = "set-control-number-duplicate", Set, Reject, Some("23");
    /// UNH names no version, release or controlling agency (S009).
    SetVersionMissing = "set-version-missing", Set, Reject, None;

    /// No segment that we know.
    SegmentUnrecognized = "segment-unrecognized", Segment, Reject, Some("1");
    /// The segment is of a loop that is not open here.
    SegmentUnexpected = "segment-unexpected", Segment, Reject, Some("2");
    /// A mandatory segment is missing; the place is where it was missed.
    SegmentMissing = "segment-missing", Segment, Reject, Some("3");
    /// The loop occurs too often.
    LoopTooMany = "loop-too-many", Segment, Reject, Some("4");
    /// The segment occurs too often.
    SegmentTooMany = "segment-too-many", Segment, Reject, Some("5");
    /// The segment is not of this set.
    SegmentNotInSet = "segment-not-in-set", Segment, Reject, Some("6");
    /// The segment should have come earlier.
    SegmentOutOfSequence = "segment-out-of-sequence", Segment, Reject, Some("7");
    /// Longer than we read: most likely a lost terminator.
    SegmentTooLong = "segment-too-long", Segment, Reject, Some("8");

    /// A mandatory element is missing.
    ElementMissing = "element-missing", Element, Reject, Some("1");
    /// An element is missing that another one requires.
    ElementMissingByRelation = "element-missing-by-relation", Element, Reject, Some("2");
    /// More elements than the segment has.
    ElementTooMany = "element-too-many", Element, Reject, Some("3");
    /// Shorter than its minimum.
    ElementTooShort = "element-too-short", Element, Reject, Some("4");
    /// Longer than its maximum.
    ElementTooLong = "element-too-long", Element, Reject, Some("5");
    /// A character that its type does not allow.
    CharacterInvalid = "character-invalid", Element, Reject, Some("6");
    /// A code outside the list that we act on.
    CodeInvalid = "code-invalid", Element, Reject, Some("7");
    /// No date of the calendar.
    DateInvalid = "date-invalid", Element, Reject, Some("8");
    /// No time of day.
    TimeInvalid = "time-invalid", Element, Reject, Some("9");
    /// Two elements that exclude each other.
    ElementExcluded = "element-excluded", Element, Reject, Some("10");
    /// The component separator occurs in an element that is no composite. A note: the text is kept whole.
    ComponentUnexpected = "component-unexpected", Element, Note, Some("3");
}

impl fmt::Display for SyntaxCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where in a file. Ordinals count from 1; bytes from 0, over the whole file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Place {
    /// Which interchange of the file.
    pub interchange: Option<usize>,
    /// ISA13 as it stands.
    pub interchange_control: Option<String>,
    /// Which group of the interchange.
    pub group: Option<usize>,
    /// GS06 as it stands.
    pub group_control: Option<String>,
    /// Which set of the group.
    pub set: Option<usize>,
    /// ST02 as it stands.
    pub set_control: Option<String>,
    /// The segment's id.
    pub segment_id: Option<String>,
    /// The segment's position in its set; ST is 1. AK302.
    pub segment_position: Option<usize>,
    /// The element's position in its segment. AK401.
    pub element: Option<usize>,
    /// The component's position in its element. AK401.
    pub component: Option<usize>,
    /// The data element's reference number. AK402.
    pub data_element: Option<String>,
    /// First byte of what is wrong, or of where it is missing.
    pub byte_offset: usize,
    /// How many bytes.
    pub byte_len: usize,
}

impl Place {
    pub(crate) fn at(&self, byte_offset: usize, byte_len: usize) -> Self {
        Self { byte_offset, byte_len, ..self.clone() }
    }
}

/// One defect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Finding {
    /// Which defect.
    pub code: SyntaxCode,
    /// Whether it turns the verdict.
    pub severity: Severity,
    /// Where.
    pub place: Place,
    /// A copy of what is wrong, for people: at most 99 characters, control characters as spaces. The bytes themselves
    /// stand at `place`.
    pub bad_value: Option<String>,
    /// One sentence for the sender.
    pub message: String,
}

impl Finding {
    pub(crate) fn new(code: SyntaxCode, place: Place, message: impl Into<String>) -> Self {
        Self { code, severity: code.severity(), place, bad_value: None, message: message.into() }
    }

    pub(crate) fn with_bad(mut self, bytes: &[u8]) -> Self {
        self.bad_value = Some(printable(bytes, BAD_VALUE_LEN_MAX)).filter(|text| !text.is_empty());
        self
    }

    pub(crate) fn into_note(mut self) -> Self {
        self.severity = Severity::Note;
        self
    }

    /// What the finding is about.
    pub fn level(&self) -> Level {
        self.code.level()
    }

    /// Whether it turns the verdict.
    pub fn rejects(&self) -> bool {
        self.severity == Severity::Reject
    }

    /// The code by which an acknowledgment says it: TA105, AK905, AK502, AK304 or AK403, as the level says.
    pub fn x12(&self) -> Option<&'static str> {
        self.code.x12()
    }
}

/// Keeps a finding unless there are too many; the first that rejects is always kept.
pub(crate) fn keep(findings: &mut Vec<Finding>, finding: Finding) {
    if findings.len() < FINDINGS_MAX || (finding.rejects() && !findings.iter().any(Finding::rejects)) {
        findings.push(finding);
    }
}

/// Bytes as text: UTF-8, or else ISO 8859-1, in which every byte is a character.
pub(crate) fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
    }
}

/// The first characters as text without control characters.
pub(crate) fn printable(bytes: &[u8], len_max: usize) -> String {
    let head = bytes.get(..bytes.len().min(len_max * 4)).unwrap_or(bytes);
    text(head).chars().take(len_max).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_the_same_in_json() {
        let mut names: Vec<_> = SyntaxCode::ALL.iter().map(|code| code.as_str()).collect();
        for code in SyntaxCode::ALL {
            assert_eq!(serde_json::to_string(code).unwrap(), format!("\"{code}\""));
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), SyntaxCode::ALL.len());
    }

    #[test]
    fn one_finding_too_many_is_dropped_unless_it_is_the_first_to_reject() {
        let note = || Finding::new(SyntaxCode::InterchangeDateInvalid, Place::default(), "");
        let reject = || Finding::new(SyntaxCode::SegmentMissing, Place::default(), "");
        let mut findings = Vec::new();
        for _ in 0..=FINDINGS_MAX {
            keep(&mut findings, note());
        }
        assert_eq!(findings.len(), FINDINGS_MAX);
        keep(&mut findings, reject());
        keep(&mut findings, reject());
        assert_eq!(findings.len(), FINDINGS_MAX + 1);
        assert!(findings.last().unwrap().rejects());
    }

    #[test]
    fn copies_of_bad_data_are_short_and_printable() {
        assert_eq!(printable(b"a\r\n\x1db", 99), "a   b");
        assert_eq!(printable(&[0xe9; 200], 99).chars().count(), 99);
    }
}
