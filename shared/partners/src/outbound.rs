//! How a partner's endpoint is called: what a second call does, how it is asked what became of one, and how we prove who we
//! are, beside our signature.

use canonical::{Guarantee, Retries, SETTLE_S, Subject, TRIES_MAX, Terms, WAIT_S_MAX};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::lint::Complaints;
use crate::{Endpoint, Pace, auth};

/// Seconds that a call may be under way at our end, from its record on: the time-out of `partner-deliver`. A test holds it
/// against the template.
pub const CALL_S: u32 = 20;

/// Seconds after which a call to a partner that can be asked is taken for settled, if its profile says nothing: ten minutes
/// for which something between us may hold a request back, twice the five by which a clock may be wrong, and what a call
/// takes. A look-up that finds the message ends the wait at once, so only what never arrived waits for all of it.
pub const LOOKUP_SETTLE_S: u32 = 1200;

/// What stands for the message's number in the URL of a look-up.
const MESSAGE_NO: &str = "{message_no}";
/// What stands for the release's id in it.
const RELEASE_ID: &str = "{release_id}";

/// What is asked of a partner's endpoint. Acknowledgments go to an outbox, which is a bucket of ours: writing a file twice
/// leaves the same file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// A release is placed.
    Release,
    /// A release is cancelled.
    Cancel,
    /// An event is told.
    Event,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 3] = [Self::Release, Self::Cancel, Self::Event];

    /// What delivers `subject`; none of what no endpoint is asked.
    pub fn of(subject: &Subject) -> Option<Self> {
        match subject {
            Subject::Release { .. } => Some(Self::Release),
            Subject::Cancel { .. } => Some(Self::Cancel),
            Subject::Event { .. } => Some(Self::Event),
            Subject::Acknowledgment { .. } => None,
        }
    }

    /// Its name in a profile.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Cancel => "cancel",
            Self::Event => "event",
        }
    }
}

/// How single operations differ from what holds of the whole endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Operations {
    /// A release is placed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<OperationTerms>,
    /// A release is cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel: Option<OperationTerms>,
    /// An event is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<OperationTerms>,
}

impl Operations {
    fn of(&self, operation: Operation) -> Option<&OperationTerms> {
        match operation {
            Operation::Release => self.release.as_ref(),
            Operation::Cancel => self.cancel.as_ref(),
            Operation::Event => self.event.as_ref(),
        }
    }
}

/// How one operation differs; what is not given is as for the whole endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OperationTerms {
    /// What a second call with the same webhook id does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guarantee: Option<Guarantee>,
    /// Where it is asked whether it has a message, with `{message_no}` (our webhook id) or `{release_id}` in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lookup: Option<String>,
    /// Seconds in which a call may still take effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 20, max = 39_600))]
    pub settle_s: Option<u32>,
    /// When a call that failed is made again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<Retries>,
}

impl Endpoint {
    /// How an operation is called.
    pub fn terms(&self, operation: Operation) -> Terms {
        let own = self.operations.of(operation);
        let guarantee = own.and_then(|own| own.guarantee).unwrap_or(self.guarantee);
        let usual = if guarantee == Guarantee::Lookup { LOOKUP_SETTLE_S } else { SETTLE_S };
        let settle_s = own.and_then(|own| own.settle_s).or(self.settle_s).unwrap_or(usual);
        let retries = own.and_then(|own| own.retries.as_ref()).or(self.retries.as_ref());
        Terms { guarantee, settle_s, retries: retries.cloned() }
    }

    /// Where the partner is asked whether it has the message `message_no` about `subject`; none if its profile does not say.
    pub fn lookup_url(&self, subject: &Subject, message_no: &str) -> Option<String> {
        let template = self.lookup_of(Operation::of(subject)?)?;
        let url = template.replace(MESSAGE_NO, message_no);
        Some(match subject {
            Subject::Release { release_id } | Subject::Cancel { release_id } => {
                url.replace(RELEASE_ID, release_id.as_str())
            }
            Subject::Event { .. } | Subject::Acknowledgment { .. } => url,
        })
    }

    /// How fast it takes what was held for it.
    pub fn resume_pace(&self) -> Pace {
        self.resume_per_minute.or(self.requests_per_minute).unwrap_or_default()
    }

    fn lookup_of(&self, operation: Operation) -> Option<&str> {
        self.operations.of(operation).and_then(|own| own.lookup.as_deref()).or(self.lookup.as_deref())
    }

    pub(crate) fn lint(&self, complaints: &mut Complaints) {
        if !(self.url.starts_with("https://") || self.url.starts_with("http://")) {
            complaints.add("endpoint.url", format!("{} cannot be called", self.url), "it must be an http(s) URL");
        }
        if let Some(oauth2) = &self.oauth2 {
            oauth2.lint(complaints);
        }
        if let Some(pace) = self.requests_per_minute.filter(|pace| self.resume_pace() > *pace) {
            let most = pace.per_minute();
            let problem = format!("is more than the {most} requests a minute that it takes");
            complaints.add("endpoint.resume_per_minute", problem, format!("write {most} at most, or take it out"));
        }
        lint_settle("endpoint.settle_s", self.settle_s, complaints);
        lint_retries("endpoint.retries", self.retries.as_ref(), complaints);
        lint_lookup("endpoint.lookup", self.lookup.as_deref(), false, complaints);
        for operation in Operation::ALL {
            let own = self.operations.of(operation);
            let key = |field: &str| format!("endpoint.operations.{}.{field}", operation.as_str());
            lint_settle(&key("settle_s"), own.and_then(|own| own.settle_s), complaints);
            lint_retries(&key("retries"), own.and_then(|own| own.retries.as_ref()), complaints);
            let about_release = operation != Operation::Event;
            lint_lookup(&key("lookup"), own.and_then(|own| own.lookup.as_deref()), about_release, complaints);
            if self.terms(operation).guarantee == Guarantee::Lookup && self.lookup_of(operation).is_none() {
                let problem = format!("is lookup for {}, and nothing says where to look", operation.as_str());
                let at = if own.is_some_and(|own| own.guarantee.is_some()) {
                    key("guarantee")
                } else {
                    "endpoint.guarantee".to_owned()
                };
                complaints.add(at, problem, format!("add lookup, a URL with {MESSAGE_NO} in it"));
            }
        }
    }
}

fn lint_settle(key: &str, settle_s: Option<u32>, complaints: &mut Complaints) {
    let Some(settle_s) = settle_s.filter(|given| !(CALL_S..=WAIT_S_MAX).contains(given)) else { return };
    let problem = if settle_s < CALL_S {
        format!("{settle_s} s are over while our own call may be under way, for {CALL_S} s")
    } else {
        format!("{settle_s} s are longer than a message can wait")
    };
    complaints.add(key, problem, format!("write {CALL_S} to {WAIT_S_MAX}"));
}

fn lint_retries(key: &str, retries: Option<&Retries>, complaints: &mut Complaints) {
    let Some(retries) = retries else { return };
    if !(1..=TRIES_MAX).contains(&retries.tries) {
        let problem = format!("{} tries cannot be had", retries.tries);
        complaints.add(
            format!("{key}.tries"),
            problem,
            format!("write 1 to {TRIES_MAX}, which is what the queue gives"),
        );
        return;
    }
    let waits = retries.waits_s.len();
    let most = TRIES_MAX as usize;
    if !(1..=most).contains(&waits) || !retries.waits_s.iter().all(|wait| (1..=WAIT_S_MAX).contains(wait)) {
        let mend = format!("write 1 to {most} waits of 1 to {WAIT_S_MAX} s each; the last one is repeated");
        complaints.add(format!("{key}.waits_s"), "is no schedule", mend);
    }
}

fn lint_lookup(key: &str, template: Option<&str>, by_release: bool, complaints: &mut Complaints) {
    let Some(template) = template else { return };
    // A question mark may be there: many are asked by a parameter.
    auth::lint_url(key, &template.replacen('?', "/", 1), complaints);
    let rest = template.replace(MESSAGE_NO, "");
    let (named, rest) =
        if by_release { (rest.contains(RELEASE_ID), rest.replace(RELEASE_ID, "")) } else { (false, rest) };
    if !named && !template.contains(MESSAGE_NO) {
        let problem = "names no message, so that the answer would be the same for all";
        complaints.add(key, problem, format!("put {MESSAGE_NO} where our webhook id belongs"));
    }
    if rest.contains(['{', '}']) {
        let known = if by_release { format!("{MESSAGE_NO} and {RELEASE_ID}") } else { MESSAGE_NO.to_owned() };
        complaints.add(key, "holds braces with something else in them", format!("what is filled in is {known}"));
    }
}

/// A partner whose endpoint asks for an access token (OAuth 2.0 client credentials, RFC 6749 4.4). Our secret there is
/// `<partner>/oauth2-out`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientCredentials {
    /// Where its authorization server hands out tokens; https.
    pub token_url: String,
    /// Our name there.
    pub client_id: String,
    /// What is asked for, scopes parted by blanks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// For whom the token shall be, where the server asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// How our name and secret are sent.
    #[serde(default)]
    pub client_auth: ClientAuth,
}

/// How a client's name and secret are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ClientAuth {
    /// In the header `Authorization`, as every server must take it.
    #[default]
    Basic,
    /// In the body.
    Body,
}

impl ClientCredentials {
    pub(crate) fn lint(&self, complaints: &mut Complaints) {
        crate::auth::lint_url("endpoint.oauth2.token_url", &self.token_url, complaints);
        if self.client_id.is_empty() {
            let mend = "write the id that the partner gave us";
            complaints.add("endpoint.oauth2.client_id", "is empty", mend);
        }
    }
}
