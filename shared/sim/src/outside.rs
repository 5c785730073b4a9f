//! Partners' systems behind HTTP: they check our signature, do what we ask, and recognise repeats or do not.

use std::collections::{BTreeMap, VecDeque};

use canonical::{Guarantee, PartnerId};
use jiff::Timestamp;
use partners::{Bundle, Scheme, Signature};
use ports::{Call, Fault, Reply};
use steps::signature::{self, Keys};

use crate::clients::secret;

/// What a partner's system does with one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reaction {
    /// It answers this, and does nothing; `Retry-After` in seconds.
    Answers(u16, Option<u32>),
    /// It does what it is asked, and its answer is lost.
    DoesAndIsNotHeard,
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
    pub body: Vec<u8>,
    /// Whether it did what it was asked. A repeat that it recognises is not done again.
    pub done: bool,
}

/// A partner's system.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    guarantee: Guarantee,
    url: String,
    /// What it does with the next calls; after them it does all it is asked.
    pub(crate) script: VecDeque<Reaction>,
    /// What it does with every call, if it is out.
    pub(crate) always: Option<Reaction>,
    pub(crate) received: Vec<Received>,
}

impl Endpoint {
    pub(crate) fn all(bundle: &Bundle) -> BTreeMap<PartnerId, Self> {
        let of = |endpoint: &partners::Endpoint| Self {
            guarantee: endpoint.guarantee,
            url: endpoint.url.clone(),
            script: VecDeque::new(),
            always: None,
            received: Vec::new(),
        };
        bundle.partners.iter().filter_map(|(id, profile)| Some((id.clone(), of(profile.endpoint.as_ref()?)))).collect()
    }

    /// What comes of a call.
    pub(crate) fn post(&mut self, call: Call, now: Timestamp) -> Result<Reply, Fault> {
        let reaction = self.script.pop_front().or_else(|| self.always.clone());
        if reaction == Some(Reaction::Unreachable) || call.url != self.url {
            return Err(Fault::transient(format!("{} was not reached", call.url)));
        }
        let secrets = [secret(call.partner.as_str(), "webhook-out").into()];
        let scheme = Signature::of(Scheme::StandardWebhooks);
        let key = match signature::verify(&scheme, &call.headers, &call.body, Keys::Secrets(&secrets), now) {
            Ok(key) => key,
            Err(error) => return Ok(reply(401, None, &error.to_string())),
        };
        let mut got = Received { at: now, key, body: call.body, done: false };
        if let Some(Reaction::Answers(status, retry_after_s)) = reaction {
            self.received.push(got);
            return Ok(reply(status, retry_after_s, "as the script says"));
        }
        let before = self.received.iter().any(|one| one.done && one.key == got.key);
        got.done = !before || self.guarantee == Guarantee::Neither;
        self.received.push(got);
        match reaction {
            Some(Reaction::DoesAndIsNotHeard) => Err(Fault::transient("the partner's answer was lost")),
            _ => Ok(reply(200, None, "")),
        }
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

fn reply(status: u16, retry_after_s: Option<u32>, excerpt: &str) -> Reply {
    Reply { status, retry_after_s, excerpt: excerpt.to_owned() }
}
