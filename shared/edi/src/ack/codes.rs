//! What the codes in acknowledgments mean, in our words.

use crate::finding::Level;

/// What a note code of X12 means: TA105 (element I18) for an interchange, AK905 (716) for a group, AK502 (718) or IK502
/// (618) for a set, AK304 (720) or IK304 (620) for a segment, AK403 (723) or IK403 (621) for an element. `None` for a
/// code that we do not know.
pub fn meaning(level: Level, code: &str) -> Option<&'static str> {
    let table: &[(&str, &str)] = match level {
        Level::File => &[],
        Level::Interchange => INTERCHANGE,
        Level::Group => GROUP,
        Level::Set => SET,
        Level::Segment => SEGMENT,
        Level::Element => ELEMENT,
    };
    find(table, code)
}

/// What a code of a CONTRL means, at whatever level (element 0085). `None` for a code that we do not know.
pub fn edifact_meaning(code: &str) -> Option<&'static str> {
    find(EDIFACT, code)
}

fn find(table: &[(&str, &'static str)], code: &str) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == code).map(|(_, meaning)| *meaning)
}

const INTERCHANGE: &[(&str, &str)] = &[
    ("000", "no error"),
    ("001", "ISA13 and IEA02 differ"),
    ("002", "standard not supported"),
    ("003", "version of the controls not supported"),
    ("004", "segment terminator invalid"),
    ("005", "sender qualifier invalid"),
    ("006", "sender id invalid"),
    ("007", "receiver qualifier invalid"),
    ("008", "receiver id invalid"),
    ("009", "receiver unknown"),
    ("010", "authorization qualifier invalid"),
    ("011", "authorization value invalid"),
    ("012", "security qualifier invalid"),
    ("013", "security value invalid"),
    ("014", "date invalid"),
    ("015", "time invalid"),
    ("016", "standards id invalid"),
    ("017", "version id invalid"),
    ("018", "control number invalid"),
    ("019", "acknowledgment request invalid"),
    ("020", "test indicator invalid"),
    ("021", "number of groups wrong"),
    ("022", "control structure invalid"),
    ("023", "file ends too early"),
    ("024", "content invalid, such as a GS"),
    ("025", "control number used before"),
    ("026", "element separator invalid"),
    ("027", "component separator invalid"),
    ("028", "ISE date invalid"),
    ("029", "ISE time invalid"),
    ("030", "ISE value wrong"),
    ("031", "ISB or ISE wrong"),
];

const GROUP: &[(&str, &str)] = &[
    ("1", "group not supported"),
    ("2", "version not supported"),
    ("3", "GE missing"),
    ("4", "GS06 and GE02 differ"),
    ("5", "number of sets wrong"),
    ("6", "GS06 invalid"),
    ("7", "sender invalid"),
    ("8", "receiver invalid"),
    ("9", "agency invalid"),
    ("10", "authentication key unknown"),
    ("11", "encryption key unknown"),
    ("12", "security service not available"),
    ("13", "security recipient unknown"),
    ("14", "security originator unknown"),
    ("15", "decrypted text has syntax errors"),
    ("16", "security not supported"),
    ("17", "length wrong"),
    ("18", "authentication failed"),
    ("19", "GS06 not unique"),
    ("23", "S3E missing"),
    ("24", "S3S missing"),
    ("25", "S4E missing"),
    ("26", "S4S missing"),
];

const SET: &[(&str, &str)] = &[
    ("1", "set not supported"),
    ("2", "SE missing"),
    ("3", "ST02 and SE02 differ"),
    ("4", "number of segments wrong"),
    ("5", "segments in error"),
    ("6", "set id missing or invalid"),
    ("7", "control number missing or invalid"),
    ("8", "authentication key unknown"),
    ("9", "encryption key unknown"),
    ("10", "security service not available"),
    ("11", "security recipient unknown"),
    ("12", "length wrong"),
    ("13", "authentication failed"),
    ("15", "security originator unknown"),
    ("16", "decrypted text has syntax errors"),
    ("17", "security not supported"),
    ("18", "set not in this group"),
    ("19", "implementation reference invalid"),
    ("23", "control number not unique in the group"),
    ("24", "S3E missing"),
    ("25", "S3S missing"),
    ("26", "S4E missing"),
    ("27", "S4S missing"),
    ("I5", "segments in error by the implementation guide"),
    ("I6", "implementation guide not supported"),
];

const SEGMENT: &[(&str, &str)] = &[
    ("1", "segment id not recognized"),
    ("2", "segment unexpected"),
    ("3", "mandatory segment missing"),
    ("4", "loop occurs too often"),
    ("5", "segment occurs too often"),
    ("6", "segment not in the set"),
    ("7", "segment out of sequence"),
    ("8", "elements in error"),
    ("10", "separators after the last value"),
    ("I4", "segment not used by the implementation guide"),
    ("I6", "segment missing in this situation"),
    ("I7", "loop occurs too rarely for the implementation guide"),
    ("I8", "segment occurs too rarely for the implementation guide"),
    ("I9", "segment not used in this situation"),
];

const ELEMENT: &[(&str, &str)] = &[
    ("1", "mandatory element missing"),
    ("2", "element missing that another requires"),
    ("3", "too many elements"),
    ("4", "element too short"),
    ("5", "element too long"),
    ("6", "invalid character"),
    ("7", "invalid code"),
    ("8", "invalid date"),
    ("9", "invalid time"),
    ("10", "elements exclude each other"),
    ("12", "too many repetitions"),
    ("13", "too many components"),
    ("16", "separators after the last component"),
    ("I6", "code not used by the implementation guide"),
    ("I9", "element missing in this situation"),
    ("I10", "element not used by the implementation guide"),
    ("I11", "too few repetitions for the implementation guide"),
    ("I12", "value not of the implementation guide's form"),
    ("I13", "element not used in this situation"),
];

const EDIFACT: &[(&str, &str)] = &[
    ("2", "syntax version or level not supported"),
    ("7", "receiver is somebody else"),
    ("12", "invalid value"),
    ("13", "missing"),
    ("14", "value not supported here"),
    ("15", "not supported here"),
    ("16", "too many elements or components"),
    ("17", "no agreement"),
    ("18", "unspecified error"),
    ("19", "invalid decimal mark"),
    ("20", "character cannot serve as a service character"),
    ("21", "invalid character"),
    ("22", "invalid service character"),
    ("23", "sender unknown"),
    ("24", "too old"),
    ("25", "test not supported"),
    ("26", "used before"),
    ("27", "security function not supported"),
    ("28", "references at both ends differ"),
    ("29", "count wrong"),
    ("30", "groups and messages mixed"),
    ("31", "messages of more than one type in a group"),
    ("32", "nothing within"),
    ("33", "outside any message or group"),
    ("34", "nesting not allowed"),
    ("35", "element or segment occurs too often"),
    ("36", "segment group occurs too often"),
    ("37", "character of the wrong type"),
    ("38", "digit missing before the decimal mark"),
    ("39", "element too long"),
    ("40", "element too short"),
    ("41", "network error that lasts"),
    ("42", "network error that passes"),
    ("43", "receiver unknown"),
    ("45", "character set not supported"),
    ("46", "envelope not supported"),
    ("47", "relation between elements not kept"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::SyntaxCode;

    #[test]
    fn every_code_that_we_send_has_a_meaning() {
        for code in SyntaxCode::ALL {
            for sent in [code.x12(), code.x12_in("004010"), code.x12_in("005010"), code.x999()].into_iter().flatten() {
                assert!(meaning(code.level(), sent).is_some(), "{code} {sent}");
            }
            assert_eq!(code.edifact().is_none(), code.level() == Level::File, "{code}");
            assert!(code.edifact().is_none_or(|sent| edifact_meaning(sent).is_some()), "{code}");
        }
    }

    #[test]
    fn codes_that_came_late_are_said_otherwise_before() {
        let late = SyntaxCode::ElementTooManyRepetitions;
        assert_eq!((late.x12_in("004010"), late.x12_in("005010")), (Some("3"), Some("12")));
        assert_eq!(SyntaxCode::CompositeTrailingSeparators.x12_in("004010"), None);
        assert_eq!(SyntaxCode::SegmentNotUsed.x999(), Some("I4"));
        assert_eq!(SyntaxCode::SegmentNotUsed.x12_in("005010"), Some("2"));
    }
}
