//! Any values with any separators are refused, or written so that they read back as they were.
//!
//! The bytes are choices: the standard, its version, the separators, the policy; the rest are segments, elements,
//! repetitions, components and characters.

use edi::write::edifact::{self, Content};
use edi::write::{self, NewSegment, OnCharacter, OnDelimiter, Policy};
use edi::{ControlNumber, Delimiters, Segment};

/// A segment's id, and its elements, each of repetitions, each of components.
type Made = (String, Vec<Vec<Vec<String>>>);

/// The bytes, one choice after the other; zero after the last.
struct Choices<'a>(&'a [u8]);

impl Choices<'_> {
    fn byte(&mut self) -> u8 {
        let (byte, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *byte
    }

    fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    fn character(&mut self) -> char {
        match self.byte() {
            255 => char::from_u32(u32::from_le_bytes([self.byte(), self.byte(), self.byte() & 0x0f, 0])).unwrap_or('?'),
            byte => char::from(byte),
        }
    }

    fn text(&mut self, len_max: u8) -> String {
        let len = self.byte() % (len_max + 1);
        (0..len).map(|_| self.character()).collect()
    }

    fn policy(&mut self) -> Policy {
        let on_delimiter = match self.byte() % 3 {
            0 => OnDelimiter::Refuse,
            1 => OnDelimiter::Release,
            _ => OnDelimiter::Replace(self.character()),
        };
        let on_character = if self.flag() { OnCharacter::Refuse } else { OnCharacter::Replace(self.character()) };
        Policy { on_delimiter, on_character }
    }

    fn delimiters(&mut self) -> Option<Delimiters> {
        let [usual, element, component, terminator] = [self.byte(), self.byte(), self.byte(), self.byte()];
        let repetition = self.flag().then(|| self.byte());
        let release = self.flag().then(|| self.byte());
        match usual % 4 {
            0 => Some(Delimiters::STANDARD),
            1 => Some(Delimiters::EDIFACT),
            _ => {
                let mark = if self.flag() { b',' } else { b'.' };
                Delimiters::new(element, component, terminator, repetition).ok()?.releasing(release, mark).ok()
            }
        }
    }

    fn segments(&mut self) -> Vec<Made> {
        const IDS: [&str; 6] = ["NTE", "FTX", "BIN", "BDS", "LIN", "N1"];
        let count = self.byte() % 4;
        let mut segments = Vec::new();
        for _ in 0..count {
            let nth = usize::from(self.byte());
            let id = IDS.get(nth).map_or_else(|| self.text(4), |id| (*id).to_owned());
            let (elements, shape) = (self.byte() % 5, self.byte());
            let mut repetition = || (0..=shape % 3).map(|_| self.text(9)).collect::<Vec<_>>();
            let mut element = || (0..=shape / 3 % 2).map(|_| repetition()).collect::<Vec<_>>();
            segments.push((id, (0..elements).map(|_| element()).collect()));
        }
        segments
    }
}

pub(crate) fn run(bytes: &[u8]) {
    let mut choices = Choices(bytes);
    if choices.flag() { edifact(&mut choices) } else { x12(&mut choices) }
}

fn new(made: &[Made]) -> Vec<NewSegment> {
    let one = |(id, elements): &Made| {
        elements.iter().fold(NewSegment::new(id.clone()), |segment, repetitions| {
            let (first, more) = repetitions.split_first().unwrap();
            more.iter().fold(segment.composite(first.clone()), |segment, one| segment.repeat(one.clone()))
        })
    };
    made.iter().map(one).collect()
}

fn x12(choices: &mut Choices<'_>) {
    let version = ["00401", "00402", "00501", "00704", "00801"][usize::from(choices.byte() % 5)];
    let (line_feeds, policy) = (choices.flag(), choices.policy());
    let Some(delimiters) = choices.delimiters() else { return };
    let odd = choices.flag();
    let mut envelope = write::Envelope {
        sender: ("ZZ".to_owned(), "DEPOSITOR".to_owned()),
        receiver: ("ZZ".to_owned(), "WAREHOUSE".to_owned()),
        date: "20260131".to_owned(),
        time: "1435".to_owned(),
        control_number: ControlNumber::FIRST,
        version: version.to_owned(),
        ack_requested: choices.flag(),
        usage_indicator: 'P',
        delimiters,
        line_feeds,
    };
    let mut functional_id = "OW".to_owned();
    if odd {
        envelope.sender = (choices.text(3), choices.text(16));
        envelope.usage_indicator = choices.character();
        functional_id = choices.text(3);
    }
    let made = choices.segments();
    let group = write::NewGroup {
        functional_id,
        sender_code: if odd { choices.text(16) } else { "DEPOSITOR".to_owned() },
        receiver_code: "WAREHOUSE".to_owned(),
        control_number: ControlNumber::FIRST,
        version: "004010".to_owned(),
        sets: vec![write::NewSet {
            id: if odd { choices.text(4) } else { "940".to_owned() },
            control_number: if odd { choices.text(10) } else { "0001".to_owned() },
            segments: new(&made),
        }],
    };
    if let Ok(bytes) = write::interchange_as(&envelope, &[], &[group], policy) {
        back(&bytes, &made, policy);
    }
}

fn edifact(choices: &mut Choices<'_>) {
    let version = choices.byte() % 6;
    let charset = ["UNOA", "UNOB", "UNOC", "UNOD", "UNOE", "UNOW", "UNOY", "UNOX"][usize::from(choices.byte() % 8)];
    let (line_feeds, policy) = (choices.flag(), choices.policy());
    let Some(delimiters) = choices.delimiters() else { return };
    let odd = choices.flag();
    let party = |choices: &mut Choices<'_>, id: &str| edifact::Party {
        id: if odd { choices.text(36) } else { id.to_owned() },
        qualifier: if odd { choices.text(5) } else { "14".to_owned() },
        routing: if odd { choices.text(9) } else { String::new() },
    };
    let envelope = edifact::Envelope {
        charset: charset.to_owned(),
        version,
        sender: party(choices, "DEPOSITOR"),
        receiver: party(choices, "WAREHOUSE"),
        date: "20260131".to_owned(),
        time: "1435".to_owned(),
        reference: if odd { choices.text(15) } else { "77".to_owned() },
        application: if odd { choices.text(15) } else { String::new() },
        ack_requested: choices.flag(),
        agreement: String::new(),
        test: choices.flag(),
        delimiters,
        una: if choices.flag() { edifact::Una::Always } else { edifact::Una::WhereNeeded },
        line_feeds,
        policy,
    };
    let made = choices.segments();
    let message = edifact::NewMessage {
        id: if odd { choices.text(7) } else { "DESADV".to_owned() },
        version: "D".to_owned(),
        release: "96A".to_owned(),
        agency: "UN".to_owned(),
        association: if odd { choices.text(7) } else { String::new() },
        reference: if odd { choices.text(15) } else { "1".to_owned() },
        segments: new(&made),
    };
    let content = if choices.flag() {
        Content::Messages(vec![message])
    } else {
        Content::Groups(vec![edifact::NewGroup {
            message_id: message.id.clone(),
            sender_code: if odd { choices.text(36) } else { "A".to_owned() },
            receiver_code: "B".to_owned(),
            reference: if odd { choices.text(15) } else { "G1".to_owned() },
            messages: vec![message],
        }])
    };
    if let Ok(bytes) = edifact::interchange(&envelope, &content) {
        back(&bytes, &made, policy);
    }
}

/// One set of as many segments, without a finding on its syntax; the same values, where none was replaced.
fn back(bytes: &[u8], made: &[Made], policy: Policy) {
    let document = edi::read(bytes);
    let text = || bytes.escape_ascii().to_string();
    let [interchange] = &document.interchanges[..] else { panic!("not one interchange: {}", text()) };
    let [group] = &interchange.groups[..] else { panic!("not one group: {}", text()) };
    let [set] = &group.sets[..] else { panic!("not one set: {}", text()) };
    let findings = [&document.findings, &interchange.findings, &group.findings, &set.findings];
    assert!(findings.iter().all(|findings| findings.is_empty()), "{findings:?}: {}", text());
    assert_eq!(set.body().len(), made.len(), "{}", text());
    let replaces = matches!(policy.on_delimiter, OnDelimiter::Replace(_))
        || matches!(policy.on_character, OnCharacter::Replace(_));
    for (segment, (id, values)) in set.body().iter().zip(made) {
        assert_eq!(segment.id(), id, "{}", text());
        if !replaces {
            assert_eq!(seen(segment), said(values), "{}", text());
        }
    }
    assert_eq!(write::document(&document, bytes), bytes, "{}", text());
}

/// What a reader sees in a segment.
fn seen(segment: &Segment<'_>) -> Vec<Vec<Vec<String>>> {
    let of = |raw: &[u8]| {
        let texts: Vec<String> = segment.components_of(raw).map(|one| segment.text(one).into_owned()).collect();
        if texts.iter().all(String::is_empty) { Vec::new() } else { texts }
    };
    (1..=segment.element_count()).map(|n| segment.repetitions(n).map(of).collect()).collect()
}

/// Without the empty parts at an end, which say nothing.
fn said(values: &[Vec<Vec<String>>]) -> Vec<Vec<Vec<String>>> {
    let whole = |list: &[String]| {
        let len = list.iter().rposition(|one| !one.is_empty()).map_or(0, |last| last + 1);
        list.iter().take(len).cloned().collect::<Vec<_>>()
    };
    let mut elements: Vec<Vec<Vec<String>>> = Vec::new();
    for element in values {
        let mut repetitions: Vec<Vec<String>> = element.iter().map(|components| whole(components)).collect();
        while repetitions.last().is_some_and(Vec::is_empty) {
            repetitions.pop();
        }
        elements.push(repetitions);
    }
    while elements.last().is_some_and(Vec::is_empty) {
        elements.pop();
    }
    elements
}
