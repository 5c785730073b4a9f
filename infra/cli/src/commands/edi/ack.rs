//! `crossdock edi ack`: the acknowledgments that are owed for a file, an interchange for each that came.

use edi::ack::{AckPolicy, Functional, Owed, When, owed};
use edi::verdict::InterchangeVerdict;
use edi::write::{self, NewSegment, edifact};
use edi::{ControlNumber, Delimiters, Interchange, Standard, SyntaxCode};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::report::{self, Report};
use super::{Status, input, put};
use crate::args::edi::{Ack, Ta1};
use crate::{Error, Out, clock};

pub(super) fn run(options: &Ack, out: &Out) -> Result<Status, Error> {
    let policy = AckPolicy {
        functional: if options.x999 { Functional::X999 } else { Functional::X997 },
        interchange: match options.ta1 {
            Ta1::Asked => When::WhenAsked,
            Ta1::Errors => When::OnError,
            Ta1::Either => When::WhenAskedOrOnError,
            Ta1::Always => When::Always,
            Ta1::Never => When::Never,
        },
    };
    let guides = report::guides(&options.deviations)?;
    let at = options.at.unwrap_or_else(|| clock::now().to_zoned(TimeZone::UTC).datetime());
    let mut next = ControlNumber::new(options.control).map_err(|error| Error::Unusable(error.to_string()))?;
    let mut next_group = next;
    let mut bytes = Vec::new();
    let status = input::each(&options.input, out, |input| {
        let document = edi::read(&input.bytes);
        let report = Report::with(&document, &guides);
        for (interchange, verdict) in document.interchanges.iter().zip(&report.verdicts) {
            let delimiters = separators(interchange);
            let owed = owed(verdict, policy, delimiters);
            if owed.is_empty() {
                continue;
            }
            let answer = Answer { verdict, delimiters, at, control_number: next }.write(owed, &mut next_group);
            bytes.extend(answer.map_err(|error| {
                let number = &verdict.control_number;
                Error::Unusable(format!("{}: interchange {number} cannot be answered: {error}", input.name))
            })?);
            next = next.next();
        }
        Ok(report.status())
    })?;
    if bytes.is_empty() {
        out.aside("no acknowledgment is owed");
    } else {
        put(&bytes, options.out.as_deref(), options.force, out)?;
    }
    Ok(status)
}

/// What an EDIFACT answer can be written in. Source: ISO 9735-1, element 0001.
const CHARSETS: [&str; 8] = ["UNOA", "UNOB", "UNOC", "UNOD", "UNOE", "UNOF", "UNOW", "UNOY"];

/// What the envelope says, where an answer can say it too. An envelope that is rejected for it is answered all the same.
fn usual(says: &str, can: impl Fn(&str) -> bool, otherwise: &str) -> String {
    if can(says) { says } else { otherwise }.to_owned()
}

/// The separators of an interchange, unless it is rejected for them, or ends its segments with what is no ASCII: that is
/// read, and never written.
fn separators(interchange: &Interchange<'_>) -> Delimiters {
    let wrong = !interchange.delimiters.terminator().is_ascii();
    let wrong = wrong
        || interchange.findings.iter().any(|finding| {
            use SyntaxCode::{ComponentSeparatorInvalid, ElementSeparatorInvalid, TerminatorInvalid};
            matches!(finding.code, ComponentSeparatorInvalid | ElementSeparatorInvalid | TerminatorInvalid)
        });
    match (wrong, interchange.standard) {
        (false, _) => interchange.delimiters,
        (true, Standard::X12) => Delimiters::STANDARD,
        (true, Standard::Edifact) => Delimiters::EDIFACT,
    }
}

/// The interchange that answers one: from its receiver to its sender, with its separators.
struct Answer<'r> {
    verdict: &'r InterchangeVerdict,
    delimiters: Delimiters,
    at: DateTime,
    control_number: ControlNumber,
}

impl Answer<'_> {
    fn write(&self, owed: Vec<Owed>, next_group: &mut ControlNumber) -> Result<Vec<u8>, write::Error> {
        let (mut ta1s, mut groups, mut messages) = (Vec::new(), Vec::new(), Vec::new());
        for owed in owed {
            match owed {
                Owed::Ta1(ta1) => ta1s.push(ta1),
                Owed::Functional { version, sender_code, receiver_code, set, .. } => {
                    groups.push(write::NewGroup {
                        functional_id: "FA".to_owned(),
                        sender_code,
                        receiver_code,
                        control_number: *next_group,
                        version,
                        sets: vec![set],
                    });
                    *next_group = next_group.next();
                }
                Owed::Contrl(message) => messages.push(message),
            }
        }
        if messages.is_empty() { self.x12(&ta1s, &groups) } else { self.edifact(messages) }
    }

    fn x12(&self, ta1s: &[NewSegment], groups: &[write::NewGroup]) -> Result<Vec<u8>, write::Error> {
        let verdict = self.verdict;
        let envelope = write::Envelope {
            sender: verdict.receiver.clone(),
            receiver: verdict.sender.clone(),
            date: self.date(),
            time: self.time(),
            control_number: self.control_number,
            version: usual(&verdict.version, |it| it.len() == 5 && it.bytes().all(|b| b.is_ascii_digit()), "00401"),
            ack_requested: false,
            usage_indicator: if verdict.usage_indicator == "T" { 'T' } else { 'P' },
            delimiters: self.delimiters,
            line_feeds: true,
        };
        write::interchange(&envelope, ta1s, groups)
    }

    fn edifact(&self, messages: Vec<edifact::NewMessage>) -> Result<Vec<u8>, write::Error> {
        let verdict = self.verdict;
        let party = |(qualifier, id): &(String, String), routing: &String| edifact::Party {
            id: id.clone(),
            qualifier: qualifier.clone(),
            routing: routing.clone(),
        };
        let envelope = edifact::Envelope {
            charset: usual(&verdict.charset, |it| CHARSETS.contains(&it), "UNOA"),
            version: verdict.version.parse().ok().filter(|version| (1..=4).contains(version)).unwrap_or(3),
            sender: party(&verdict.receiver, &verdict.routing.1),
            receiver: party(&verdict.sender, &verdict.routing.0),
            date: self.date(),
            time: self.time(),
            reference: self.control_number.get().to_string(),
            application: String::new(),
            ack_requested: false,
            agreement: String::new(),
            test: verdict.usage_indicator == "1",
            delimiters: self.delimiters,
            una: edifact::Una::WhereNeeded,
            line_feeds: true,
            policy: edifact::RELEASING,
        };
        edifact::interchange(&envelope, &edifact::Content::Messages(messages))
    }

    fn date(&self) -> String {
        self.at.strftime("%Y%m%d").to_string()
    }

    fn time(&self) -> String {
        self.at.strftime("%H%M").to_string()
    }
}
