//! Partners' systems behind HTTP: they check our signature, do what we ask, and recognise repeats or do not.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use canonical::{Guarantee, PartnerId};
use jiff::Timestamp;
use partners::{Bundle, Operation, Scheme, Signature};
use ports::{Call, Fault, Reply};
use steps::signature::{self, Keys, SignatureError};

use crate::clients::secret;

/// What a partner's system does with one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reaction {
    /// It answers this, and does nothing; `Retry-After` in seconds.
    Answers(u16, Option<u32>),
    /// It does what it is asked, and its answer is lost.
    DoesAndIsNotHeard,
    /// It does what it is asked, and answers this all the same.
    DoesAndAnswers(u16),
    /// It does what it is asked, and answers 200 with a body that is none: too long, and of any bytes.
    DoesAndGarbles,
    /// It answers 200, and does nothing.
    Lies,
    /// It is not reached.
    Unreachable,
}

/// A call that a partner's system got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// When.
    pub at: Timestamp,
    /// The key under which it can recognise a repeat: the webhook id.
    pub key: String,
    /// The body.
    pub body: Rc<[u8]>,
    /// Whether it did what it was asked. A repeat that it recognises is not done again.
    pub done: bool,
}

/// What came of a call.
#[derive(Debug)]
pub(crate) struct Posted {
    /// The answer; none if it is lost.
    pub(crate) reply: Option<Reply>,
    /// The key under which the system did something a second time.
    pub(crate) again: Option<String>,
}

/// Longest part of an answer that the adapter hands over, in bytes.
const EXCERPT_LEN_MAX: usize = 1000;
/// What no parser likes.
const GARBAGE: &str = "\u{0}\u{7f}\u{fffd}{\"[\\ ";

/// A partner's system.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    agreed: partners::Endpoint,
    /// Whether orders are placed with it: it minds what comes first.
    pub(crate) ships: bool,
    /// What it does with the next calls; after them it does all it is asked.
    pub(crate) script: VecDeque<Reaction>,
    /// What it does with every call, if it is out.
    pub(crate) always: Option<Reaction>,
    /// Calls of it, whether they reached it or not.
    pub(crate) attempts: u64,
    /// Until then it is not reached.
    pub(crate) away_until: Option<Timestamp>,
    pub(crate) received: Vec<Received>,
}

impl Endpoint {
    pub(crate) fn all(bundle: &Bundle) -> BTreeMap<PartnerId, Self> {
        let of = |endpoint: &partners::Endpoint, ships: bool| Self {
            agreed: endpoint.clone(),
            ships,
            script: VecDeque::new(),
            always: None,
            attempts: 0,
            away_until: None,
            received: Vec::new(),
        };
        let partners = bundle.partners.iter();
        let reached = partners.filter_map(|(id, profile)| Some((id, profile.endpoint.as_ref()?, profile)));
        reached.map(|(id, endpoint, profile)| (id.clone(), of(endpoint, profile.releases.is_some()))).collect()
    }

    /// What comes of a call. `chance` is what the system does if nobody has said what it does.
    pub(crate) fn post(&mut self, call: Call, chance: Option<Reaction>, now: Timestamp) -> Result<Posted, Fault> {
        self.attempts += 1;
        let reaction = self.script.pop_front().or_else(|| self.always.clone()).or(chance);
        let away = self.away_until.is_some_and(|until| now < until);
        if away || reaction == Some(Reaction::Unreachable) || call.url != self.agreed.url {
            return Err(Fault::transient(format!("{} was not reached", call.url)));
        }
        let key = match verified(&call, now) {
            Ok(key) => key,
            Err(error) => return Ok(Posted { reply: Some(reply(401, None, &error.to_string())), again: None }),
        };
        let mut got = Received { at: now, key, body: call.body.into(), done: false };
        let answer = match reaction {
            Some(Reaction::Answers(status, retry_after_s)) => {
                self.received.push(got);
                return Ok(Posted { reply: Some(reply(status, retry_after_s, "as the script says")), again: None });
            }
            Some(Reaction::Lies) => {
                self.received.push(got);
                return Ok(Posted { reply: Some(reply(200, None, "")), again: None });
            }
            Some(Reaction::DoesAndIsNotHeard) => None,
            Some(Reaction::DoesAndAnswers(status)) => Some(reply(status, None, "done, but")),
            Some(Reaction::DoesAndGarbles) => Some(reply(200, None, &GARBAGE.repeat(EXCERPT_LEN_MAX / GARBAGE.len()))),
            Some(Reaction::Unreachable) | None => Some(reply(200, None, "")),
        };
        let before = self.received.iter().any(|one| one.done && one.key == got.key);
        got.done = !before || self.agreed.terms(operation(&got.body)).guarantee != Guarantee::Dedupes;
        let again = (before && got.done).then(|| got.key.clone());
        self.received.push(got);
        Ok(Posted { reply: answer, again })
    }

    /// What it answers when it is asked whether it has a message. It may be out, slow or in disorder, and does not lie.
    pub(crate) fn look_up(&mut self, call: &Call, chance: Option<Reaction>, now: Timestamp) -> Result<Reply, Fault> {
        self.attempts += 1;
        let reaction = self.script.pop_front().or_else(|| self.always.clone()).or(chance);
        let away = self.away_until.is_some_and(|until| now < until);
        if away || matches!(reaction, Some(Reaction::Unreachable | Reaction::DoesAndIsNotHeard)) {
            return Err(Fault::transient(format!("{} was not reached", call.url)));
        }
        let key = match verified(call, now) {
            Ok(key) => key,
            Err(error) => return Ok(reply(401, None, &error.to_string())),
        };
        match reaction {
            // Either would be a word on the message.
            Some(Reaction::Answers(status, retry_after_s)) if status != 200 && status != 404 => {
                return Ok(reply(status, retry_after_s, "as the script says"));
            }
            Some(Reaction::DoesAndAnswers(status)) if status != 200 && status != 404 => {
                return Ok(reply(status, None, "as the script says"));
            }
            _ => {}
        }
        // Asked for another message than it was signed for, it says nothing of either.
        if !call.url.contains(&key) || !call.body.is_empty() {
            return Ok(reply(400, None, "no look-up"));
        }
        let has = self.received.iter().any(|one| one.done && one.key == key);
        Ok(reply(if has { 200 } else { 404 }, None, ""))
    }

    /// How often each thing was done.
    pub(crate) fn done(&self) -> BTreeMap<&str, usize> {
        let mut done = BTreeMap::new();
        for one in self.received.iter().filter(|one| one.done) {
            *done.entry(one.key.as_str()).or_insert(0) += 1;
        }
        done
    }
}

/// The key under which a call is known, if its signature is ours.
fn verified(call: &Call, now: Timestamp) -> Result<String, SignatureError> {
    let secrets = [secret(call.partner.as_str(), "webhook-out").into()];
    let scheme = Signature::of(Scheme::StandardWebhooks);
    signature::verify(&scheme, &call.headers, &call.body, Keys::Secrets(&secrets), now)
}

/// What a body asks.
fn operation(body: &[u8]) -> Operation {
    let asks = |document: &[u8]| body.windows(document.len()).any(|part| part == document);
    if asks(br#""document":"order-release""#) {
        Operation::Release
    } else if asks(br#""document":"order-cancel""#) {
        Operation::Cancel
    } else {
        Operation::Event
    }
}

fn reply(status: u16, retry_after_s: Option<u32>, excerpt: &str) -> Reply {
    Reply { status, retry_after_s, excerpt: excerpt.to_owned() }
}
