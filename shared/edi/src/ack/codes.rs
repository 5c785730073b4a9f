//! What the codes in acknowledgments mean, in our words.

use crate::finding::Level;

/// What a note code means: TA105 (element I18) for an interchange, AK905 (716) for a group, AK502 (718) for a set,
/// AK304 (720) for a segment, AK403 (723) for an element. `None` for a code that we do not know.
pub fn meaning(level: Level, code: &str) -> Option<&'static str> {
    let table: &[(&str, &str)] = match level {
        Level::File => &[],
        Level::Interchange => INTERCHANGE,
        Level::Group => GROUP,
        Level::Set => SET,
        Level::Segment => SEGMENT,
        Level::Element => ELEMENT,
    };
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
    ("19", "GS06 not unique"),
];

const SET: &[(&str, &str)] = &[
    ("1", "set not supported"),
    ("2", "SE missing"),
    ("3", "ST02 and SE02 differ"),
    ("4", "number of segments wrong"),
    ("5", "segments in error"),
    ("6", "set id missing or invalid"),
    ("7", "control number missing or invalid"),
    ("18", "set not in this group"),
    ("19", "implementation reference invalid"),
    ("23", "control number not unique in the group"),
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
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::SyntaxCode;

    #[test]
    fn every_code_that_we_send_has_a_meaning() {
        for code in SyntaxCode::ALL {
            if let Some(x12) = code.x12() {
                assert!(meaning(code.level(), x12).is_some(), "{code}");
            }
        }
    }
}
