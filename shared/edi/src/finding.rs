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

/// The code of a row, or what holds where the row says nothing.
macro_rules! or_else {
    (, $else:expr) => {
        $else
    };
    ($given:expr, $else:expr) => {
        $given
    };
}

/// A row is `Name = "name", Level, Severity, X12 code`, and where it applies
/// `, before 005010 CODE` (a 997 of an older version has another code, or none),
/// `, in 999 CODE` (an implementation acknowledgment has one of its own),
/// `, contrl CODE` (element 0085; 18, an unspecified error, where the row says nothing).
/// The first line of its documentation is its words, everywhere.
macro_rules! syntax_codes {
    ($(
        #[doc = $title:literal]
        $(#[doc = $doc:literal])*
        $variant:ident = $name:literal, $level:ident, $severity:ident, $x12:expr
        $(, before 005010 $older:expr)?
        $(, in 999 $x999:literal)?
        $(, contrl $contrl:literal)?;
    )*) => {
        /// Every defect that can be found, one kebab-case name each, with the code that each standard has for it.
        ///
        /// The X12 code of each is that of element I18 (TA105), 716 (AK905), 718 (AK502), 720 (AK304) or 723 (AK403),
        /// as its level says; in a 999 that of the elements 618 (IK502), 620 (IK304) and 621 (IK403); in a CONTRL
        /// that of element 0085 (UCI, UCF, UCM, UCS, UCD).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum SyntaxCode {
            $(
                #[doc = $title]
                $(#[doc = $doc])*
                $variant,
            )*
        }

        impl SyntaxCode {
            /// All codes, in the order of their levels.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The kebab-case name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The code in words: the same in an answer, a report and a page.
            pub fn title(self) -> &'static str {
                let line = match self { $(Self::$variant => $title,)* };
                line.trim().trim_end_matches('.')
            }

            /// What the code is about.
            pub const fn level(self) -> Level {
                match self { $(Self::$variant => Level::$level,)* }
            }

            /// The usual severity; a guide that is only an approximation lowers it to a note.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)* }
            }

            /// The code by which a TA1, or a 997 of 005010, says it, if there is one.
            pub const fn x12(self) -> Option<&'static str> {
                match self { $(Self::$variant => $x12,)* }
            }

            /// The code before 005010, where it is another.
            const fn older(self) -> Option<Option<&'static str>> {
                match self { $(Self::$variant => or_else!($(Some($older))?, None),)* }
            }

            /// The code of a 999 alone.
            const fn implementation(self) -> Option<&'static str> {
                match self { $(Self::$variant => or_else!($(Some($x999))?, None),)* }
            }

            /// The code by which a CONTRL says it (element 0085); none for what is outside any interchange.
            pub const fn edifact(self) -> Option<&'static str> {
                match self {
                    $(Self::$variant => match Level::$level {
                        Level::File => None,
                        _ => or_else!($(Some($contrl))?, Some("18")),
                    },)*
                }
            }
        }
    };
}

syntax_codes! {
    /// The file is empty.
    FileEmpty = "file-empty", File, Reject, None;
    /// The file is no EDI.
    /// HTML, JSON, gzip, UTF-16 …
    FileNotEdi = "file-not-edi", File, Reject, None;
    /// Bytes outside the interchanges that are no filler.
    FileStrayBytes = "file-stray-bytes", File, Reject, None;
    /// An interchange header begins but cannot be read to its end.
    IsaUnreadable = "isa-unreadable", File, Reject, None;
    /// A UNB begins but cannot be read to its end.
    UnbUnreadable = "unb-unreadable", File, Reject, None;

    /// The control numbers at both ends of the interchange differ.
    /// ISA13 and IEA02; UNB 0020 and UNZ 0020.
    InterchangeControlNumberMismatch = "interchange-control-number-mismatch", Interchange, Reject, Some("001"), contrl "28";
    /// The standard of the interchange is none that we take.
    /// ISA11 before 00402.
    StandardNotSupported = "standard-not-supported", Interchange, Reject, Some("002"), contrl "2";
    /// The version of the interchange is none that we take.
    InterchangeVersionNotSupported = "interchange-version-not-supported", Interchange, Reject, Some("003"), contrl "2";
    /// The segment terminator cannot be one.
    TerminatorInvalid = "terminator-invalid", Interchange, Reject, Some("004"), contrl "22";
    /// The qualifier of the sender is invalid.
    /// ISA05; UNB S002.
    SenderQualifierInvalid = "sender-qualifier-invalid", Interchange, Reject, Some("005"), contrl "12";
    /// The sender is unknown.
    /// ISA06; UNB S002.
    SenderUnknown = "sender-unknown", Interchange, Reject, Some("006"), contrl "23";
    /// The qualifier of the receiver is invalid.
    /// ISA07; UNB S003.
    ReceiverQualifierInvalid = "receiver-qualifier-invalid", Interchange, Reject, Some("007"), contrl "12";
    /// The id of the receiver is invalid.
    /// ISA08; UNB S003.
    ReceiverInvalid = "receiver-invalid", Interchange, Reject, Some("008"), contrl "12";
    /// The receiver is somebody else.
    /// ISA08; UNB S003.
    ReceiverUnknown = "receiver-unknown", Interchange, Reject, Some("009"), contrl "7";
    /// The qualifier of the interchange's authorization is invalid.
    /// ISA01. A note: what it qualifies is hardly ever agreed.
    AuthorizationQualifierInvalid = "authorization-qualifier-invalid", Interchange, Note, Some("010"), contrl "12";
    /// The authorization of the interchange is invalid.
    /// ISA02; UNB S005.
    AuthorizationInvalid = "authorization-invalid", Interchange, Reject, Some("011"), contrl "12";
    /// The qualifier of the interchange's password is invalid.
    /// ISA03. A note: what it qualifies is hardly ever agreed.
    SecurityQualifierInvalid = "security-qualifier-invalid", Interchange, Note, Some("012"), contrl "12";
    /// The password of the interchange is invalid.
    /// ISA04; UNB S005.
    SecurityInvalid = "security-invalid", Interchange, Reject, Some("013"), contrl "12";
    /// The date of the interchange is none.
    /// ISA09; UNB S004.
    InterchangeDateInvalid = "interchange-date-invalid", Interchange, Note, Some("014"), contrl "12";
    /// The time of the interchange is none.
    /// ISA10; UNB S004.
    InterchangeTimeInvalid = "interchange-time-invalid", Interchange, Note, Some("015"), contrl "12";
    /// The version of the interchange is none.
    /// ISA12; UNB S001.
    InterchangeVersionInvalid = "interchange-version-invalid", Interchange, Note, Some("017"), contrl "2";
    /// The control number of the interchange is invalid.
    /// ISA13 is not nine digits; UNB 0020 is not 1 to 14 characters.
    InterchangeControlNumberInvalid = "interchange-control-number-invalid", Interchange, Reject, Some("018"), contrl "12";
    /// The acknowledgment request is invalid.
    /// ISA14 is neither 0 nor 1; UNB 0031 is not 1.
    AcknowledgmentRequestInvalid = "acknowledgment-request-invalid", Interchange, Note, Some("019"), contrl "12";
    /// The usage indicator is invalid: production and test could be mixed up.
    /// ISA15 is not P, T or I; UNB 0035 is not 1.
    UsageIndicatorInvalid = "usage-indicator-invalid", Interchange, Reject, Some("020"), contrl "12";
    /// The count of the interchange trailer is wrong.
    /// IEA01 is not the number of groups; UNZ 0036 is not that of groups, or of messages where there are no groups.
    GroupCountMismatch = "group-count-mismatch", Interchange, Reject, Some("021"), contrl "29";
    /// The elements of the interchange header are not of their fixed lengths.
    /// ISA.
    IsaMalformed = "isa-malformed", Interchange, Reject, Some("022");
    /// A segment stands outside any group.
    SegmentOutsideGroup = "segment-outside-group", Interchange, Reject, Some("022"), contrl "33";
    /// Groups and messages stand side by side in the interchange.
    /// EDIFACT: either everything is in groups or nothing. Source: ISO 9735-1, interchange structure.
    GroupsAndMessagesMixed = "groups-and-messages-mixed", Interchange, Reject, Some("022"), contrl "30";
    /// The interchange holds nothing.
    InterchangeEmpty = "interchange-empty", Interchange, Reject, Some("022"), contrl "32";
    /// The interchange breaks off before its trailer.
    /// The end of the file, or the next header, came before the IEA or UNZ.
    InterchangeTruncated = "interchange-truncated", Interchange, Reject, Some("023"), contrl "13";
    /// The content of the interchange is invalid.
    /// Such as a GS that cannot be read.
    InterchangeContentInvalid = "interchange-content-invalid", Interchange, Reject, Some("024"), contrl "18";
    /// The control number of the interchange was used before, between the same two.
    /// Within one file the reader finds it; across files whoever keeps state.
    InterchangeControlNumberDuplicate = "interchange-control-number-duplicate", Interchange, Reject, Some("025"), contrl "26";
    /// The element separator cannot be one.
    ElementSeparatorInvalid = "element-separator-invalid", Interchange, Reject, Some("026"), contrl "22";
    /// The component separator cannot be one.
    /// ISA16.
    ComponentSeparatorInvalid = "component-separator-invalid", Interchange, Reject, Some("027"), contrl "22";
    /// The repetition separator cannot be one.
    /// ISA11 from 00402 on: it separates something else already. Element I18 has no code for it.
    RepetitionSeparatorInvalid = "repetition-separator-invalid", Interchange, Reject, Some("022"), contrl "22";
    /// The UNA cannot be right.
    /// Its separators cannot be, or are not those that the UNB uses.
    UnaMalformed = "una-malformed", Interchange, Reject, Some("022"), contrl "20";
    /// The syntax identifier or version is none that we read.
    /// UNB S001.
    SyntaxVersionInvalid = "syntax-version-invalid", Interchange, Reject, Some("003"), contrl "2";
    /// The interchange header has more elements than the standard gives it.
    /// UNB has eleven.
    InterchangeElementTooMany = "interchange-element-too-many", Interchange, Reject, Some("022"), contrl "16";
    /// A mandatory element of the interchange header is missing.
    /// UNB.
    InterchangeElementMissing = "interchange-element-missing", Interchange, Reject, Some("022"), contrl "13";

    /// The functional group is none that we know.
    /// GS01 is missing or no functional identifier; UNG 0038.
    GroupNotSupported = "group-not-supported", Group, Reject, Some("1"), contrl "14";
    /// The group names no version.
    /// GS08.
    GroupVersionMissing = "group-version-missing", Group, Reject, Some("2"), contrl "13";
    /// The version of the group is none that we take.
    /// GS08; UNG S008.
    GroupVersionNotSupported = "group-version-not-supported", Group, Reject, Some("2"), contrl "14";
    /// The group has no trailer.
    /// The next header or the end of the interchange came before the GE or UNE.
    GroupTrailerMissing = "group-trailer-missing", Group, Reject, Some("3"), contrl "13";
    /// The control numbers at both ends of the group differ.
    /// GS06 and GE02; UNG 0048 and UNE 0048.
    GroupControlNumberMismatch = "group-control-number-mismatch", Group, Reject, Some("4"), contrl "28";
    /// The count of the group trailer is wrong.
    /// GE01 or UNE 0060 is not the number of sets.
    SetCountMismatch = "set-count-mismatch", Group, Reject, Some("5"), contrl "29";
    /// The control number of the group is invalid.
    /// GS06 is not one to nine digits.
    GroupControlNumberInvalid = "group-control-number-invalid", Group, Reject, Some("6"), contrl "12";
    /// The control number of the group was used before.
    /// Same GS01, GS02, GS03 and GS06 as an earlier group of the interchange. Source: X12 element 716, code 19.
    GroupControlNumberDuplicate = "group-control-number-duplicate", Group, Reject, Some("19"), before 005010 Some("6"), contrl "26";
    /// The group holds no transaction set.
    /// Source: X12.6, functional group: one set or more; ISO 9735-1, group.
    GroupEmpty = "group-empty", Group, Reject, None, contrl "32";
    /// A segment stands outside any transaction set.
    /// An ST is missing, or an SE came early; in EDIFACT UNH and UNT.
    SegmentOutsideSet = "segment-outside-set", Group, Reject, None, contrl "33";

    /// The transaction set is none that we take.
    SetNotSupported = "set-not-supported", Set, Reject, Some("1"), contrl "14";
    /// Of the transaction set the envelope alone was checked.
    /// It is one of the standard's, and there is no guide for it here. A note.
    SetUnchecked = "set-unchecked", Set, Note, None;
    /// The transaction set has no trailer.
    /// The next header or the end of the group came before the SE or UNT.
    SetTrailerMissing = "set-trailer-missing", Set, Reject, Some("2"), contrl "13";
    /// The control numbers at both ends of the transaction set differ.
    /// ST02 and SE02; UNH 0062 and UNT 0062.
    SetControlNumberMismatch = "set-control-number-mismatch", Set, Reject, Some("3"), contrl "28";
    /// The count of the transaction set's trailer is wrong.
    /// SE01 or UNT 0074 is not the number of segments, header and trailer included.
    SegmentCountMismatch = "segment-count-mismatch", Set, Reject, Some("4"), contrl "29";
    /// The transaction set has more segments than we read.
    SetTooLong = "set-too-long", Set, Reject, Some("5");
    /// The transaction set does not say what it is.
    /// ST01; UNH S009.
    SetIdInvalid = "set-id-invalid", Set, Reject, Some("6"), contrl "12";
    /// The transaction set does not belong in this group.
    /// ST01 and GS01; UNH S009 and UNG 0038.
    SetNotInGroup = "set-not-in-group", Set, Reject, Some("18"), before 005010 Some("6"), contrl "31";
    /// The control number of the transaction set is invalid.
    /// ST02 is not four to nine characters; UNH 0062 is not 1 to 14.
    SetControlNumberInvalid = "set-control-number-invalid", Set, Reject, Some("7"), contrl "12";
    /// The reference to an implementation guide is invalid.
    /// ST03.
    ImplementationInvalid = "implementation-invalid", Set, Reject, Some("19"), before 005010 Some("1"), contrl "12";
    /// The implementation guide is none that we take.
    /// ST03; UNH 0057.
    ImplementationNotSupported = "implementation-not-supported", Set, Reject, Some("19"), before 005010 Some("1"), in 999 "I6", contrl "14";
    /// The control number of the transaction set was used before.
    /// ST02 in the group, UNH 0062 in the interchange.
    SetControlNumberDuplicate = "set-control-number-duplicate", Set, Reject, Some("23"), contrl "26";
    /// The transaction set does not say its version.
    /// UNH S009: version, release or controlling agency.
    SetVersionMissing = "set-version-missing", Set, Reject, Some("6"), contrl "13";

    /// The segment is none that we know.
    SegmentUnrecognized = "segment-unrecognized", Segment, Reject, Some("1"), contrl "15";
    /// The segment is of a loop that is not open here.
    SegmentUnexpected = "segment-unexpected", Segment, Reject, Some("2"), contrl "15";
    /// A mandatory segment is missing.
    /// The place is the segment before which it was missed.
    SegmentMissing = "segment-missing", Segment, Reject, Some("3"), contrl "13";
    /// The loop occurs too often.
    LoopTooMany = "loop-too-many", Segment, Reject, Some("4"), contrl "36";
    /// The segment occurs too often.
    SegmentTooMany = "segment-too-many", Segment, Reject, Some("5"), contrl "35";
    /// The segment is not of this transaction set.
    SegmentNotInSet = "segment-not-in-set", Segment, Reject, Some("6"), contrl "15";
    /// The segment should have come earlier.
    SegmentOutOfSequence = "segment-out-of-sequence", Segment, Reject, Some("7"), contrl "15";
    /// The implementation guide does not use this segment.
    SegmentNotUsed = "segment-not-used", Segment, Reject, Some("2"), in 999 "I4", contrl "15";
    /// A segment is missing that the implementation guide requires in this situation.
    SegmentMissingBySituation = "segment-missing-by-situation", Segment, Reject, Some("3"), in 999 "I6", contrl "13";
    /// The loop occurs less often than the implementation guide requires.
    LoopTooFew = "loop-too-few", Segment, Reject, Some("3"), in 999 "I7", contrl "13";
    /// The segment occurs less often than the implementation guide requires.
    SegmentTooFew = "segment-too-few", Segment, Reject, Some("3"), in 999 "I8", contrl "13";
    /// The implementation guide does not use this segment in this situation.
    SegmentNotUsedBySituation = "segment-not-used-by-situation", Segment, Reject, Some("2"), in 999 "I9", contrl "15";
    /// Separators stand at the end of a segment after its last value.
    /// A note: they say nothing.
    SegmentTrailingSeparators = "segment-trailing-separators", Segment, Note, Some("8"), contrl "16";
    /// The segment is longer than we read.
    /// Most likely a terminator is lost.
    SegmentTooLong = "segment-too-long", Segment, Reject, Some("8");

    /// A mandatory element is missing.
    ElementMissing = "element-missing", Element, Reject, Some("1"), contrl "13";
    /// An element is missing that another one requires.
    ElementMissingByRelation = "element-missing-by-relation", Element, Reject, Some("2"), contrl "13";
    /// The segment has more elements than its definition.
    ElementTooMany = "element-too-many", Element, Reject, Some("3"), contrl "16";
    /// The element is too short.
    ElementTooShort = "element-too-short", Element, Reject, Some("4"), contrl "40";
    /// The element is too long.
    ElementTooLong = "element-too-long", Element, Reject, Some("5"), contrl "39";
    /// The element holds a character that its type does not allow.
    CharacterInvalid = "character-invalid", Element, Reject, Some("6"), contrl "37";
    /// The element holds a character outside the repertoire of the interchange.
    /// UNB S001.
    CharacterOutsideRepertoire = "character-outside-repertoire", Element, Reject, Some("6"), contrl "21";
    /// The decimal mark is not the one of the interchange.
    /// UNA.
    DecimalMarkInvalid = "decimal-mark-invalid", Element, Reject, Some("6"), contrl "19";
    /// The code is none of those that may stand here.
    CodeInvalid = "code-invalid", Element, Reject, Some("7"), contrl "12";
    /// A level of the hierarchy has a number that was used before, or names a parent that is not before it.
    /// HL01 and HL02; CPS 7164 and 7166. A note: the tree is the meaning of a set and not its syntax, which is all that a
    /// 997 and a CONTRL judge (X12.6, semantic notes of HL); whoever maps the set refuses it. Code 7, an invalid code value,
    /// is what partners say of it.
    HierarchyInvalid = "hierarchy-invalid", Element, Note, Some("7"), contrl "12";
    /// The date is none of the calendar.
    DateInvalid = "date-invalid", Element, Reject, Some("8"), contrl "12";
    /// The time is none of the day.
    TimeInvalid = "time-invalid", Element, Reject, Some("9"), contrl "12";
    /// Two elements exclude each other.
    ElementExcluded = "element-excluded", Element, Reject, Some("10"), contrl "15";
    /// The element repeats too often.
    ElementTooManyRepetitions = "element-too-many-repetitions", Element, Reject, Some("12"), before 005010 Some("3"), contrl "35";
    /// The element has more components than its definition.
    ComponentTooMany = "component-too-many", Element, Reject, Some("13"), before 005010 Some("3"), contrl "16";
    /// Separators stand at the end of a composite after its last value.
    /// A note: they say nothing.
    CompositeTrailingSeparators = "composite-trailing-separators", Element, Note, Some("16"), before 005010 None, contrl "16";
    /// The implementation guide does not use this code.
    CodeNotUsed = "code-not-used", Element, Reject, Some("7"), in 999 "I6", contrl "14";
    /// An element is missing that the implementation guide requires in this situation.
    ElementMissingBySituation = "element-missing-by-situation", Element, Reject, Some("2"), in 999 "I9", contrl "13";
    /// The implementation guide does not use this element.
    ElementNotUsed = "element-not-used", Element, Reject, Some("10"), in 999 "I10", contrl "15";
    /// The element repeats less often than the implementation guide requires.
    ElementTooFewRepetitions = "element-too-few-repetitions", Element, Reject, Some("1"), in 999 "I11", contrl "13";
    /// The value is not of the form that the implementation guide requires.
    PatternMismatch = "pattern-mismatch", Element, Reject, Some("7"), in 999 "I12", contrl "12";
    /// The implementation guide does not use this element in this situation.
    ElementNotUsedBySituation = "element-not-used-by-situation", Element, Reject, Some("10"), in 999 "I13", contrl "15";
    /// A component separator stands in an element that has no components.
    /// A note: the text is kept whole.
    ComponentUnexpected = "component-unexpected", Element, Note, Some("3"), contrl "16";
}

impl SyntaxCode {
    /// The code by which a 997 of a version says it: some came only with 005010.
    pub fn x12_in(self, version: &str) -> Option<&'static str> {
        match self.older() {
            Some(older) if !has_late_codes(version) => older,
            _ => self.x12(),
        }
    }

    /// The code by which a 999 says it.
    pub fn x999(self) -> Option<&'static str> {
        self.implementation().or_else(|| self.x12())
    }

    /// Whether it is a defect by an implementation guide and not by the standard itself (the `I` codes of a 999).
    pub fn is_of_implementation(self) -> bool {
        self.implementation().is_some()
    }
}

/// The version from which on an acknowledgment has the codes that came late. Source: X12 005010, elements 716, 718,
/// 720 and 723.
const CODES_GREW: &str = "005010";

/// Whether a version (GS08) has them. What is no version has not.
pub(crate) fn has_late_codes(version: &str) -> bool {
    version.get(..6).is_some_and(|release| release.bytes().all(|b| b.is_ascii_digit()) && release >= CODES_GREW)
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
    /// Which repetition of the element. AK401.
    pub repetition: Option<usize>,
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
    /// A finding of the code's usual severity. The reader and the guides make their own; this is for whoever knows
    /// more: which senders there are, and which control numbers were seen.
    pub fn new(code: SyntaxCode, place: Place, message: impl Into<String>) -> Self {
        Self { code, severity: code.severity(), place, bad_value: None, message: message.into() }
    }

    /// The same with a copy of what is wrong.
    #[must_use]
    pub fn with_bad(mut self, bytes: &[u8]) -> Self {
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

    /// The code by which a TA1 or a 997 says it: TA105, AK905, AK502, AK304 or AK403, as the level says.
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

/// Keeps each, as [`keep`] does.
pub(crate) fn keep_all(findings: &mut Vec<Finding>, more: impl IntoIterator<Item = Finding>) {
    for finding in more {
        keep(findings, finding);
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
