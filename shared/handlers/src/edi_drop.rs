//! `edi-drop`: a file in a partner's inbox becomes messages. Never touches the table.

use std::collections::BTreeMap;

use canonical::PartnerId;
use futures::{StreamExt as _, stream};
use ports::{Archive, Exchange, Profiles, Queue, Register, Scope, StepQueue};
use serde::Deserialize;
use steps::edi_drop::{self as step, Claim, Drop, Met, Number, Split};
use steps::{Outcome, Verdict};

use crate::webhook_ingest::{body_of, queue_of};
use crate::{Done, Failed, Step};

/// How many numbers are claimed side by side: a file of five thousand interchanges is claimed in seconds.
const CLAIMS_AT_ONCE: usize = 32;

/// What the bucket says of new objects. Other messages of the bucket (its test event) hold no records.
#[derive(Debug, Clone, Deserialize)]
pub struct Announcement {
    #[serde(default, rename = "Records")]
    records: Vec<AnnouncedObject>,
}

#[derive(Debug, Clone, Deserialize)]
struct AnnouncedObject {
    #[serde(rename = "eventTime")]
    time: jiff::Timestamp,
    s3: AnnouncedS3,
}

#[derive(Debug, Clone, Deserialize)]
struct AnnouncedS3 {
    object: ObjectName,
}

#[derive(Debug, Clone, Deserialize)]
struct ObjectName {
    key: String,
    #[serde(default, rename = "versionId")]
    version: Option<String>,
    #[serde(default)]
    size: u64,
}

/// The function `edi-drop`.
#[derive(Debug)]
pub struct EdiDrop<E, A, Q, P> {
    /// Where files are dropped.
    pub exchange: E,
    /// Where raw bytes lie.
    pub archive: A,
    /// Where messages go.
    pub queue: Q,
    /// The partners.
    pub profiles: P,
}

impl<E: Exchange, A: Archive + Register, Q: Queue, P: Profiles> Step for EdiDrop<E, A, Q, P> {
    const NAME: &'static str = step::STEP;
    type Body = Announcement;

    async fn run(&self, announced: Announcement, _: Scope) -> Result<Done, Failed> {
        let mut done = Done {
            verdict: Verdict::applied("nothing was announced"),
            partner: String::new(),
            correlation_id: String::new(),
            message_id: String::new(),
        };
        for object in announced.records {
            done = self.file(&object).await?;
        }
        Ok(done)
    }
}

impl<E: Exchange, A: Archive + Register, Q: Queue, P: Profiles> EdiDrop<E, A, Q, P> {
    async fn file(&self, object: &AnnouncedObject) -> Result<Done, Failed> {
        let key = decode(&object.s3.object.key);
        let partner = step::partner_of(&key).unwrap_or_default().to_owned();
        let done =
            |verdict, message_id| Done { verdict, partner: partner.clone(), correlation_id: String::new(), message_id };
        if !step::is_finished(&key, object.s3.object.size) {
            return Ok(done(Verdict::applied(format!("{key} is not a finished file")), String::new()));
        }
        let bundle = self.profiles.bundle().await?;
        let profile = partner.parse::<PartnerId>().ok().and_then(|id| bundle.partner(&id)).ok_or_else(|| Failed {
            code: canonical::Code::Misconfigured,
            reason: format!("{key} lies in no partner's inbox; add the profile {partner}.toml, publish and redrive"),
            retry: crate::Retry::Misconfigured,
        })?;
        let (version, announced) = (object.s3.object.version.as_deref(), object.s3.object.size);
        // What is too long for the function's memory is not read: a person has it where it lies.
        let bytes = if step::is_too_long(announced) {
            Some(step::note(&key, version, announced))
        } else {
            self.exchange.dropped(&key, version).await?
        };
        let Some(bytes) = bytes else {
            // Withdrawn before we came; a new drop is announced anew.
            let verdict = Verdict::because(Outcome::Quarantined, canonical::Code::NotFound, format!("{key} is gone"));
            return Ok(done(verdict, String::new()));
        };
        let sha256 = self.archive.keep(&bytes).await?;
        let sender = profile.principal(&bundle.house.tenant);
        let drop = Drop {
            bytes: &bytes,
            len: announced.max(bytes.len() as u64),
            key: &key,
            profile,
            sender: &sender,
            profile_version: bundle.version.as_str(),
            received_at: object.time,
        };
        let claim = Claim {
            sha256: sha256.clone(),
            key: key.clone(),
            version: object.s3.object.version.clone(),
            received_at: object.time,
        };
        let first = step::split(drop, &BTreeMap::new());
        let taken = self.claim(&first.numbers, &claim).await?;
        let other = |before: &Claim| claim.meets(before) == Met::Other && !steps::defect!(ClaimNotCompared);
        let others: BTreeMap<usize, Claim> = taken.iter().filter(|(_, before)| other(before)).cloned().collect();
        let Split { documents, messages, numbers } = if others.is_empty() { first } else { step::split(drop, &others) };
        for document in &documents {
            self.archive.keep(document).await?;
        }
        for queue in StepQueue::ALL {
            let bodies = messages
                .iter()
                .filter(|message| queue_of(&message.content) == queue)
                .map(body_of)
                .collect::<Result<Vec<_>, _>>()?;
            if !bodies.is_empty() {
                self.queue.send(queue, bodies).await?;
            }
        }
        let detail = format!("{key}: {} messages from {} bytes", messages.len(), bytes.len());
        let copy_of = taken.iter().find(|(_, before)| claim.meets(before) == Met::Copy);
        let verdict = match (others.values().next(), copy_of) {
            (Some(other), _) => {
                let detail = format!("{detail}; {} of its control numbers came before in {}", others.len(), other.key);
                Verdict::because(Outcome::Conflict, canonical::Code::EdiControlNumberTaken, detail)
            }
            // Its messages are sent all the same: who took the first copy may not have come to the end.
            (None, Some((_, before))) if taken.len() == numbers.len() => {
                Verdict::duplicate(format!("{detail}; the same bytes came as {}", before.key))
            }
            (None, _) => Verdict::applied(detail),
        };
        Ok(done(verdict, sha256.to_string()))
    }

    /// Claims `numbers` for a file. Those that were claimed before, by whomever, with the file that has them.
    async fn claim(&self, numbers: &[Number], claim: &Claim) -> Result<Vec<(usize, Claim)>, Failed> {
        let entry = serde_json::to_vec(claim)?;
        let claims = numbers.iter().map(|number| async {
            let before = self.archive.claim(&number.name, &entry).await.map_err(Failed::from)?;
            let before = before.map(|bytes| serde_json::from_slice::<Claim>(&bytes)).transpose()?;
            Ok(before.map(|before| (number.interchange, before)))
        });
        let claimed: Vec<Result<_, Failed>> = stream::iter(claims).buffered(CLAIMS_AT_ONCE).collect().await;
        claimed.into_iter().filter_map(Result::transpose).collect()
    }
}

/// Object keys are announced form-url-encoded: `+` is a blank, `%2B` a plus.
fn decode(key: &str) -> String {
    let mut bytes = Vec::with_capacity(key.len());
    let mut rest = key.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let pair = rest.clone().next().zip(rest.clone().nth(1));
                let value = pair.and_then(|(high, low)| {
                    let digit = |b: u8| char::from(b).to_digit(16);
                    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
                });
                match value {
                    Some(value) => {
                        bytes.push(value);
                        let _ = rest.nth(1);
                    }
                    None => bytes.push(b'%'),
                }
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn announced_keys_are_decoded_once_with_plus_as_blank() {
        assert_eq!(decode("inbox/acme/a+b%2Bc+%C3%A9%252F.edi"), "inbox/acme/a b+c é%2F.edi");
        assert_eq!(decode("inbox/acme/100%"), "inbox/acme/100%");
        assert_eq!(decode("inbox%2Facme%2Fx.edi"), "inbox/acme/x.edi");
    }
}
