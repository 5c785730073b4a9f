//! `crossdock edi ack`: the acknowledgments that are owed for a file, an interchange for each that came.

use edi::ack::{AckPolicy, Functional, Owed, When, owed};
use edi::verdict::InterchangeVerdict;
use edi::write::{self, NewSegment, edifact};
use edi::{ControlNumber, Interchange};
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
    let guides = report::guides(options.overlay.as_deref())?;
    let at = options.at.unwrap_or_else(|| clock::now().to_zoned(TimeZone::UTC).datetime());
    let mut next = ControlNumber::new(options.control).map_err(|error| Error::Unusable(error.to_string()))?;
    let mut bytes = Vec::new();
    let status = input::each(&options.input, out, |input| {
        let document = edi::read(&input.bytes);
        let report = Report::with(&document, &guides);
        for (interchange, verdict) in document.interchanges.iter().zip(&report.verdicts) {
            let owed = owed(verdict, policy, interchange.delimiters);
            if owed.is_empty() {
                continue;
            }
            let answer = Answer { interchange, verdict, at, control_number: next }.write(owed);
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

/// The interchange that answers one: from its receiver to its sender, with its separators.
struct Answer<'r, 'a> {
    interchange: &'r Interchange<'a>,
    verdict: &'r InterchangeVerdict,
    at: DateTime,
    control_number: ControlNumber,
}

impl Answer<'_, '_> {
    fn write(&self, owed: Vec<Owed>) -> Result<Vec<u8>, write::Error> {
        let (mut ta1s, mut groups, mut messages) = (Vec::new(), Vec::new(), Vec::new());
        let mut number = self.control_number;
        for owed in owed {
            match owed {
                Owed::Ta1(ta1) => ta1s.push(ta1),
                Owed::Functional { version, sender_code, receiver_code, set, .. } => {
                    groups.push(write::NewGroup {
                        functional_id: "FA".to_owned(),
                        sender_code,
                        receiver_code,
                        control_number: number,
                        version,
                        sets: vec![set],
                    });
                    number = number.next();
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
            version: verdict.version.clone(),
            ack_requested: false,
            usage_indicator: verdict.usage_indicator.chars().next().unwrap_or('P'),
            delimiters: self.interchange.delimiters,
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
            charset: verdict.charset.clone(),
            version: verdict.version.parse().unwrap_or(3),
            sender: party(&verdict.receiver, &verdict.routing.1),
            receiver: party(&verdict.sender, &verdict.routing.0),
            date: self.date(),
            time: self.time(),
            reference: self.control_number.get().to_string(),
            application: String::new(),
            ack_requested: false,
            agreement: String::new(),
            test: verdict.usage_indicator == "1",
            delimiters: self.interchange.delimiters,
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
