//! EDIFACT interchanges. Source: ISO 9735-1, service segments; syntax versions 1 to 4.

use std::collections::HashSet;

use super::{Emitter, Error, NewSegment, OnCharacter, OnDelimiter, Policy, Repertoire};
use crate::delimiters::{Delimiters, Standard};
use crate::value;

/// Most messages or groups in an interchange, and most messages in a group. Source: ISO 9735-1, elements 0036 and
/// 0060 have at most six digits.
pub const COUNT_MAX: usize = 999_999;

/// The policy that EDIFACT is made for: what separates is released; other characters than those of the repertoire are
/// refused.
pub const RELEASING: Policy = Policy { on_delimiter: OnDelimiter::Release, on_character: OnCharacter::Refuse };

/// Sender or receiver. Source: S002 and S003.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Party {
    /// 0004 or 0010, 1 to 35 characters.
    pub id: String,
    /// 0007, such as `14` for a GLN; may be empty.
    pub qualifier: String,
    /// 0008 or 0014, an address behind it; may be empty.
    pub routing: String,
}

/// What an interchange says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// 0001: `UNOA` to `UNOF`, `UNOW` or `UNOY`. It says which characters there are: UNOA, UNOB and UNOC (ISO 8859-1)
    /// are held to, UNOW and UNOY are written as UTF-8, of the national sets only ASCII is written.
    pub charset: String,
    /// 0002, 1 to 4.
    pub version: u8,
    /// S002.
    pub sender: Party,
    /// S003.
    pub receiver: Party,
    /// Civil date, CCYYMMDD. Before version 4 it is written without the century.
    pub date: String,
    /// Civil time, HHMM.
    pub time: String,
    /// 0020, 1 to 14 characters.
    pub reference: String,
    /// 0026, the application that it is for; may be empty.
    pub application: String,
    /// 0031: whether we want a CONTRL.
    pub ack_requested: bool,
    /// 0032, the agreement that holds, such as `EANCOM`; may be empty.
    pub agreement: String,
    /// 0035: whether it is a test.
    pub test: bool,
    /// What separates. A repetition separator is written only in version 4, where `*` is the usual one.
    pub delimiters: Delimiters,
    /// When the delimiters are announced.
    pub una: Una,
    /// Whether each terminator is followed by a line feed, for people who open the file.
    pub line_feeds: bool,
    /// For values that cannot be said as they are. The envelope itself is never changed, only released.
    pub policy: Policy,
}

/// When a UNA is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Una {
    /// Where a reader would take other delimiters for granted.
    #[default]
    WhereNeeded,
    /// Always.
    Always,
}

/// A message to be written, without UNH and UNT.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewMessage {
    /// 0065, such as `DESADV`.
    pub id: String,
    /// 0052, such as `D`.
    pub version: String,
    /// 0054, such as `96A`.
    pub release: String,
    /// 0051, such as `UN`.
    pub agency: String,
    /// 0057, such as `EAN005`; may be empty.
    pub association: String,
    /// 0062, 1 to 14 characters; unique in the interchange.
    pub reference: String,
    /// What stands between UNH and UNT.
    pub segments: Vec<NewSegment>,
}

/// A group to be written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewGroup {
    /// 0038, the type of its messages.
    pub message_id: String,
    /// 0040.
    pub sender_code: String,
    /// 0044.
    pub receiver_code: String,
    /// 0048, 1 to 14 characters; unique in the interchange.
    pub reference: String,
    /// The messages, in order, all of one type, version, release and agency.
    pub messages: Vec<NewMessage>,
}

/// What an interchange holds: groups or messages, never both (code 30 of element 0085).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Messages in no group, which is the usual.
    Messages(Vec<NewMessage>),
    /// Groups.
    Groups(Vec<NewGroup>),
}

/// Writes an interchange.
///
/// Empty elements and components at an end are left out (ISO 9735-1, exclusion by truncation).
///
/// # Errors
/// What the policy refuses, or an envelope that does not fit. Nothing is written then.
pub fn interchange(envelope: &Envelope, content: &Content) -> Result<Vec<u8>, Error> {
    let repertoire = repertoire(&envelope.charset)?;
    if !(1..=4).contains(&envelope.version) {
        return bad("0002", "1 to 4");
    }
    let count = match content {
        Content::Messages(messages) => messages.len(),
        Content::Groups(groups) => groups.len(),
    };
    if count == 0 {
        return bad("0036", "at least one message or group");
    }
    if count > COUNT_MAX {
        return Err(Error::TooMany("messages or groups in an interchange"));
    }
    let delimiters = effective(envelope)?;
    let mut writer = Emitter::new(delimiters, repertoire, envelope.policy, envelope.line_feeds)?;
    if needs_una(envelope, delimiters) {
        let release = delimiters.release().unwrap_or(b' ');
        let repetition = delimiters.repetition().unwrap_or(b' ');
        writer.out.extend_from_slice(b"UNA");
        writer.out.extend([delimiters.component(), delimiters.element(), delimiters.decimal_mark(), release]);
        writer.out.push(repetition);
        writer.end();
    }
    writer.unb(envelope)?;
    let mut references = HashSet::new();
    match content {
        Content::Messages(messages) => {
            for message in messages {
                writer.message(message, &mut references)?;
            }
        }
        Content::Groups(groups) => {
            let mut group_references = HashSet::new();
            for group in groups {
                if !group_references.insert(group.reference.as_str()) {
                    return bad("0048", "unique in the interchange");
                }
                writer.edifact_group(envelope, group, &mut references)?;
            }
        }
    }
    writer.service(&NewSegment::new("UNZ").element(count.to_string()).element(&envelope.reference), 0)?;
    writer.whole()
}

/// What separates in this version: only version 4 has a repetition separator, and always one.
fn effective(envelope: &Envelope) -> Result<Delimiters, Error> {
    let d = envelope.delimiters;
    let repetition = if envelope.version < 4 { None } else { d.repetition().or(Some(b'*')) };
    let plain = Delimiters::new(d.element(), d.component(), d.terminator(), repetition);
    let whole = plain.and_then(|plain| plain.releasing(d.release(), d.decimal_mark()));
    whole.or_else(|_| bad("UNA", "five different characters"))
}

/// The usual delimiters need no UNA, except where a reader would expect others: level B of the first three versions
/// had information separators of its own.
fn needs_una(envelope: &Envelope, delimiters: Delimiters) -> bool {
    let usual = Delimiters::EDIFACT;
    let same = (delimiters.element(), delimiters.component(), delimiters.terminator(), delimiters.release())
        == (usual.element(), usual.component(), usual.terminator(), usual.release());
    let usual = same && matches!(delimiters.repetition(), None | Some(b'*')) && delimiters.decimal_mark() == b'.';
    envelope.una == Una::Always || !usual || (envelope.charset == "UNOB" && envelope.version < 4)
}

fn repertoire(charset: &str) -> Result<Repertoire, Error> {
    Ok(match charset {
        "UNOA" => Repertoire::LevelA,
        "UNOB" => Repertoire::LevelB,
        "UNOC" => Repertoire::Latin1,
        "UNOD" => Repertoire::Ascii("UNOD"),
        "UNOE" => Repertoire::Ascii("UNOE"),
        "UNOF" => Repertoire::Ascii("UNOF"),
        "UNOW" => Repertoire::Unicode("UNOW"),
        "UNOY" => Repertoire::Unicode("UNOY"),
        _ => return bad("0001", "UNOA to UNOF, UNOW or UNOY"),
    })
}

fn bad<T>(element: &'static str, expected: &'static str) -> Result<T, Error> {
    Err(Error::Envelope { element, expected })
}

/// Checks that a value of the envelope is of a length, in characters, and no blank.
fn sized(element: &'static str, value: &str, len_max: usize, expected: &'static str) -> Result<(), Error> {
    let len = value.chars().count();
    if (1..=len_max).contains(&len) && !value.trim().is_empty() { Ok(()) } else { bad(element, expected) }
}

/// Likewise of one that may be missing.
fn optional(element: &'static str, value: &str, len_max: usize, expected: &'static str) -> Result<(), Error> {
    if value.is_empty() { Ok(()) } else { sized(element, value, len_max, expected) }
}

const REFERENCE: &str = "1 to 14 characters";

impl Emitter {
    /// A segment of the envelope: it says who it is for, so nothing in it is replaced. What separates is released.
    fn service(&mut self, segment: &NewSegment, position: usize) -> Result<(), Error> {
        let policy = std::mem::replace(&mut self.policy, RELEASING);
        let written = self.segment(segment, position);
        self.policy = policy;
        written
    }

    fn unb(&mut self, envelope: &Envelope) -> Result<(), Error> {
        for (elements, party) in
            [(["0004", "0007", "0008"], &envelope.sender), (["0010", "0007", "0014"], &envelope.receiver)]
        {
            let [id, qualifier, routing] = elements;
            sized(id, &party.id, 35, "1 to 35 characters")?;
            optional(qualifier, &party.qualifier, 4, "at most 4 characters")?;
            optional(routing, &party.routing, 35, "at most 35 characters")?;
        }
        sized("0020", &envelope.reference, 14, REFERENCE)?;
        optional("0026", &envelope.application, 14, "at most 14 characters")?;
        optional("0032", &envelope.agreement, 35, "at most 35 characters")?;
        let version = envelope.version.to_string();
        let party = |party: &Party| [party.id.clone(), party.qualifier.clone(), party.routing.clone()];
        let flag = |set: bool| if set { "1" } else { "" };
        let unb = NewSegment::new("UNB")
            .composite([envelope.charset.as_str(), &version])
            .composite(party(&envelope.sender))
            .composite(party(&envelope.receiver))
            .composite(date_and_time(envelope)?)
            .elements([&envelope.reference, "", &envelope.application, ""])
            .element(flag(envelope.ack_requested))
            .element(&envelope.agreement)
            .element(flag(envelope.test));
        self.service(&unb, 0)
    }

    fn edifact_group<'a>(
        &mut self,
        envelope: &Envelope,
        group: &'a NewGroup,
        references: &mut HashSet<&'a str>,
    ) -> Result<(), Error> {
        sized("0038", &group.message_id, 6, "1 to 6 characters")?;
        sized("0040", &group.sender_code, 35, "1 to 35 characters")?;
        sized("0044", &group.receiver_code, 35, "1 to 35 characters")?;
        sized("0048", &group.reference, 14, REFERENCE)?;
        let Some(first) = group.messages.first() else {
            return bad("0060", "at least one message");
        };
        let kind = |message: &NewMessage| {
            [&message.id, &message.version, &message.release, &message.agency].map(String::as_str).map(str::to_owned)
        };
        if first.id != group.message_id || group.messages.iter().any(|message| kind(message) != kind(first)) {
            return bad("0038", "the type of every message in the group, all of one version, release and agency");
        }
        if group.messages.len() > COUNT_MAX {
            return Err(Error::TooMany("messages in a group"));
        }
        let ung = NewSegment::new("UNG")
            .elements([&group.message_id, &group.sender_code, &group.receiver_code])
            .composite(date_and_time(envelope)?)
            .elements([&group.reference, &first.agency])
            .composite([&first.version, &first.release, &first.association]);
        self.service(&ung, 0)?;
        for message in &group.messages {
            self.message(message, references)?;
        }
        self.service(&NewSegment::new("UNE").element(group.messages.len().to_string()).element(&group.reference), 0)
    }

    fn message<'a>(&mut self, message: &'a NewMessage, references: &mut HashSet<&'a str>) -> Result<(), Error> {
        sized("0062", &message.reference, 14, REFERENCE)?;
        if !references.insert(message.reference.as_str()) {
            return bad("0062", "unique in the interchange");
        }
        let shaped = message.id.len() <= 6 && message.id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if message.id.is_empty() || !shaped {
            return bad("0065", "1 to 6 capitals or digits");
        }
        sized("0052", &message.version, 3, "1 to 3 characters")?;
        sized("0054", &message.release, 3, "1 to 3 characters")?;
        sized("0051", &message.agency, 3, "1 to 3 characters")?;
        optional("0057", &message.association, 6, "at most 6 characters")?;
        let identifier =
            [&message.id, &message.version, &message.release, &message.agency, &message.association].map(String::from);
        self.service(&NewSegment::new("UNH").element(&message.reference).composite(identifier), 1)?;
        self.segments(&message.segments, Standard::Edifact)?;
        let count = message.segments.len() + 2;
        self.service(&NewSegment::new("UNT").element(count.to_string()).element(&message.reference), count)
    }
}

/// S004: YYMMDD before version 4, CCYYMMDD from it on.
fn date_and_time(envelope: &Envelope) -> Result<[String; 2], Error> {
    let date = Some(envelope.date.as_str()).filter(|date| date.len() == 8 && value::is_date(date.as_bytes()));
    let date = if envelope.version < 4 { date.and_then(|date| date.get(2..)) } else { date };
    let Some(date) = date else {
        return bad("0017", "a date, CCYYMMDD");
    };
    if envelope.time.len() != 4 || !value::is_time(envelope.time.as_bytes()) {
        return bad("0019", "a time, HHMM");
    }
    Ok([date.to_owned(), envelope.time.clone()])
}
