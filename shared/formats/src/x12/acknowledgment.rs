//! Acknowledgments, both ways: TA1, 997, 999 and CONTRL for what we read; what partners say of what we sent in 997s and
//! 999s.

use canonical::{Acknowledgment, AcknowledgmentDocument, Finding, GroupAck};
use edi::ack::{GroupAckOutcome, Note, contrl_message};
use edi::write::edifact::{self, Party, Una};
use edi::write::{NewSegment, clean};
use edi::{Delimiters, Group, Interchange, TransactionSet};
use jiff::Timestamp;
use partners::{EdiIdentity, House, Profile, Stage};

use super::{Numbers, Outgoing};

/// Version in which a group without a usable version is acknowledged.
const VERSION: &str = "004010";

/// First version of the interchange controls with a repetition separator (ISA11).
const CONTROLS_REPEATING: &str = "00402";

/// The version of a CONTRL that answers syntax version 4; all others are answered with D.3. Source: ISO 9735-4.
const CONTRL_OF_SYNTAX_4: &str = "4.1";

/// Longest element of a 997 (AK404, element 724).
const VALUE_LEN_MAX: usize = 99;

/// Most notes kept of one acknowledgment: they are stored with the release and told with its events.
const NOTES_MAX: usize = 50;

/// A numbered acknowledgment from its body, in the version that it names.
///
/// # Errors
/// A profile without EDI identity, or one that does not fit an envelope.
pub fn acknowledgment(
    ack: &Acknowledgment,
    house: &House,
    profile: &Profile,
    numbers: Numbers,
    now: Timestamp,
) -> Result<Vec<u8>, Finding> {
    let plain = ack.version.bytes().all(|b| b.is_ascii_alphanumeric());
    let version = if plain && (5..=12).contains(&ack.version.len()) { ack.version.as_str() } else { VERSION };
    // GS08 004010 and ISA12 00401 go together, and so do 005010 and 00501.
    let digits = |controls: &&str| controls.bytes().all(|b| b.is_ascii_digit());
    let controls = version.get(..5).filter(digits).unwrap_or("00401");
    let repetition = (controls >= CONTROLS_REPEATING).then_some(b'^');
    let delimiters = match ack.document {
        AcknowledgmentDocument::Contrl => Delimiters::EDIFACT,
        _ => Delimiters::new(b'*', b'>', b'~', repetition).unwrap_or(Delimiters::STANDARD),
    };
    let element = |components: &Vec<String>| -> Vec<String> {
        components.iter().map(|component| clean(component, delimiters, VALUE_LEN_MAX)).collect()
    };
    let segments: Vec<NewSegment> = ack
        .segments
        .iter()
        .map(|(id, elements)| {
            elements.iter().fold(NewSegment::new(id), |segment, components| segment.composite(element(components)))
        })
        .collect();
    let outgoing = Outgoing { house, profile, numbers, now, controls, delimiters };
    match ack.document {
        AcknowledgmentDocument::Ta1 => outgoing.interchange(&segments, &[]),
        AcknowledgmentDocument::Functional997 | AcknowledgmentDocument::Implementation999 => {
            outgoing.write("FA", version, ack.document.as_str(), segments)
        }
        AcknowledgmentDocument::Contrl => contrl(&outgoing, &ack.version, segments),
    }
}

/// A CONTRL in an interchange of its own. Its reference is the control number, its characters those of ISO 8859-1.
fn contrl(outgoing: &Outgoing<'_>, version: &str, segments: Vec<NewSegment>) -> Result<Vec<u8>, Finding> {
    let syntax_version = if version == CONTRL_OF_SYNTAX_4 { 4 } else { 3 };
    let party =
        |edi: &EdiIdentity| Party { id: edi.id.clone(), qualifier: edi.qualifier.clone(), routing: String::new() };
    let envelope = edifact::Envelope {
        charset: "UNOC".to_owned(),
        version: syntax_version,
        sender: party(&outgoing.house.edi),
        receiver: party(outgoing.partner()?),
        date: outgoing.date(),
        time: outgoing.time(),
        reference: outgoing.numbers.interchange.get().to_string(),
        application: String::new(),
        ack_requested: false,
        agreement: String::new(),
        test: outgoing.profile.stage == Stage::Test,
        delimiters: outgoing.delimiters,
        una: Una::WhereNeeded,
        line_feeds: false,
        policy: edifact::RELEASING,
    };
    let message = contrl_message(syntax_version, segments);
    edifact::interchange(&envelope, &edifact::Content::Messages(vec![message]))
        .map_err(|error| super::unwritten(&error))
}

/// What a 997 or 999 says: of each transaction set that it names, and of the group where it names fewer than were sent.
///
/// A set that is named shares the fate of its group: in a group that is refused as a whole none is accepted, whatever is
/// said of it. Of sets that a partly accepted group does not name nothing is said here; we send one set to a group.
///
/// # Errors
/// The first thing without which the 997 says nothing.
pub fn group_acks(
    interchange: &Interchange<'_>,
    group: &Group<'_>,
    set: &TransactionSet<'_>,
) -> Result<Vec<GroupAck>, Finding> {
    let ack = edi::ack::read(set).map_err(|finding| super::finding(&finding))?;
    let ack_control = format!("{}/{}/{}", interchange.control_number(), group.control_number(), set.control_number());
    let refused = ack.outcome == GroupAckOutcome::Rejected;
    let group_notes = words(&ack.notes);
    let of = |set_control: Option<String>, accepted: bool, notes: Vec<String>| GroupAck {
        functional_id: ack.functional_id.clone(),
        group_control: without_zeros(&ack.group_control),
        set_control,
        accepted,
        notes: notes.into_iter().take(NOTES_MAX).collect(),
        ack_control: ack_control.clone(),
    };
    let mut acks: Vec<GroupAck> = Vec::new();
    for named in &ack.sets {
        let mut notes = words(&named.notes);
        if refused {
            notes.extend(group_notes.iter().cloned());
        }
        acks.push(of(Some(named.control_number.clone()), named.outcome.is_accepted() && !refused, notes));
    }
    // The outcome of the group is that of the sets it does not name, unless the named ones differ from it.
    let unnamed = ack.sets_announced.is_none_or(|announced| announced > ack.sets.len());
    let uniform = match ack.outcome {
        GroupAckOutcome::Rejected => true,
        GroupAckOutcome::Accepted | GroupAckOutcome::AcceptedWithNotes => acks.iter().all(|named| named.accepted),
        GroupAckOutcome::PartiallyAccepted => false,
    };
    if acks.is_empty() || (unnamed && uniform) {
        let accepted = !refused && ack.outcome != GroupAckOutcome::PartiallyAccepted;
        acks.push(of(None, accepted, group_notes));
    }
    Ok(acks)
}

fn words(notes: &[Note]) -> Vec<String> {
    notes.iter().map(|note| note.text.clone()).collect()
}

/// GS06 has no leading zeros by the standard, but some partners pad it.
fn without_zeros(number: &str) -> String {
    let short = number.trim_start_matches('0');
    if short.is_empty() && !number.is_empty() { "0".to_owned() } else { short.to_owned() }
}
