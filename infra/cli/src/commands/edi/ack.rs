//! `crossdock edi ack`: the acknowledgments that are owed for a file.

use edi::ack::{functional_acknowledgment, interchange_acknowledgment};
use edi::verdict::{InterchangeVerdict, Verdict};
use edi::write::{self, Envelope, NewGroup, NewSet};
use edi::{ControlNumber, Interchange};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::report::Report;
use super::{Status, input, put};
use crate::args::edi::{Ack, Ta1};
use crate::{Error, Out, clock};

pub(super) fn run(options: &Ack, out: &Out) -> Result<Status, Error> {
    let at = options.at.unwrap_or_else(|| clock::now().to_zoned(TimeZone::UTC).datetime());
    let mut control = ControlNumber::new(options.control).map_err(|error| Error::Unusable(error.to_string()))?;
    let mut bytes = Vec::new();
    let status = input::each(&options.input, out, |input| {
        let document = edi::read(&input.bytes);
        let report = Report::of(&document);
        for (interchange, verdict) in document.interchanges.iter().zip(&report.verdicts) {
            let answer = answer(interchange, verdict, options, at, control);
            let answer = answer.map_err(|error| {
                Error::Unusable(format!("{}: {} cannot be answered: {error}", input.name, verdict.control_number))
            })?;
            if let Some(answer) = answer {
                bytes.extend(answer);
                control = control.next();
            }
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

/// The interchange that answers one; `None` if nothing is owed.
fn answer(
    interchange: &Interchange<'_>,
    verdict: &InterchangeVerdict,
    options: &Ack,
    at: DateTime,
    control_number: ControlNumber,
) -> Result<Option<Vec<u8>>, write::Error> {
    let delimiters = interchange.delimiters;
    let rejected = verdict.verdict == Verdict::Rejected;
    let due = match options.ta1 {
        Ta1::Never => false,
        Ta1::Errors => rejected,
        Ta1::Asked => rejected || verdict.ack_requested,
        Ta1::Always => true,
    };
    let answerable = rejected || !interchange.groups.is_empty();
    let ta1s: Vec<_> =
        (due && answerable).then(|| interchange_acknowledgment(verdict, delimiters)).into_iter().collect();
    let mut groups = Vec::new();
    let mut number = control_number;
    for group in &verdict.groups {
        let Some(segments) = functional_acknowledgment(group, delimiters) else { continue };
        groups.push(NewGroup {
            functional_id: "FA".to_owned(),
            sender_code: group.receiver_code.clone(),
            receiver_code: group.sender_code.clone(),
            control_number: number,
            version: group.version.clone(),
            sets: vec![NewSet { id: "997".to_owned(), control_number: "0001".to_owned(), segments }],
        });
        number = number.next();
    }
    if ta1s.is_empty() && groups.is_empty() {
        return Ok(None);
    }
    let envelope = Envelope {
        sender: verdict.receiver.clone(),
        receiver: verdict.sender.clone(),
        date: at.strftime("%Y%m%d").to_string(),
        time: at.strftime("%H%M").to_string(),
        control_number,
        version: interchange.version().into_owned(),
        ack_requested: false,
        usage_indicator: verdict.usage_indicator.chars().next().unwrap_or('P'),
        delimiters,
        line_feeds: true,
    };
    write::interchange(&envelope, &ta1s, &groups).map(Some)
}
