//! `partner-deliver`: whether a delivery is to be tried, and what an attempt came to.

use std::borrow::Cow;

use canonical::{Breaker, Code, Delivery, DeliveryState, Event, EventType, Guarantee, Retries, Subject, WAIT_S_MAX};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::{Cause, Outcome, Telling, Verdict};

/// The step's name.
pub const STEP: &str = "partner-deliver";

/// What to do with a delivery that is due.
#[derive(Debug, Clone, PartialEq)]
pub enum Attempt {
    /// Call the partner. `first` is the delivery to write before, where the call must be on record first.
    Call {
        /// Write this before the call.
        first: Option<Box<Delivery>>,
    },
    /// A call was made whose result is not on record: the partner is asked whether it has the message.
    LookUp,
    /// It ended before.
    Ended(Verdict),
    /// Another worker may be at it, for so many seconds.
    Wait(u32),
    /// It was tried as often as is agreed.
    Spent,
    /// A call was made whose result is not on record, and the partner would do it again: a person decides.
    Unknown(Box<Delivery>, Vec<Event>, Verdict),
}

/// Decides whether to call. `receives` is how often its message was received, this time included: what is redriven begins
/// anew.
pub fn attempt(delivery: &Delivery, receives: u32, now: Timestamp) -> Attempt {
    match delivery.state {
        DeliveryState::Delivered => return Attempt::Ended(Verdict::duplicate("delivered before")),
        DeliveryState::Refused => return Attempt::Ended(Verdict::duplicate("refused before")),
        DeliveryState::Unknown => {
            let detail = "waits for a person to find out what became of it";
            return Attempt::Ended(Verdict::because(Outcome::Unknown, Code::PartnerResultUnknown, detail));
        }
        DeliveryState::Pending => {}
    }
    if let Some(retries) = &delivery.retries
        && delivery.failures.min(receives.saturating_sub(1)) >= retries.tries
    {
        return Attempt::Spent;
    }
    match (delivery.guarantee, delivery.asked_at) {
        (Guarantee::Dedupes, _) => Attempt::Call { first: None },
        (Guarantee::Neither, None) if crate::defect!(NotOnRecord) => Attempt::Call { first: None },
        (Guarantee::Neither | Guarantee::Lookup, None) => Attempt::Call { first: Some(on_record(delivery, now)) },
        (Guarantee::Lookup, Some(_)) if crate::defect!(NoLookup) => {
            Attempt::Call { first: Some(on_record(delivery, now)) }
        }
        (Guarantee::Lookup, Some(_)) => Attempt::LookUp,
        // The call may be under way at another worker.
        (Guarantee::Neither, Some(asked_at))
            if now < delivery.settled_at(asked_at) && !crate::defect!(NoSettleTime) =>
        {
            Attempt::Wait(seconds_until(delivery.settled_at(asked_at), now))
        }
        (Guarantee::Neither, Some(_)) if crate::defect!(RetryOfNeither) => Attempt::Call { first: None },
        (Guarantee::Neither, Some(asked_at)) => {
            let detail =
                format!("called at {asked_at} without a result on record; the partner does not recognise repeats");
            let (next, events, verdict) = unknown(delivery, detail, now);
            Attempt::Unknown(Box::new(next), events, verdict)
        }
    }
}

/// The delivery with a call on record that is made now.
fn on_record(delivery: &Delivery, now: Timestamp) -> Box<Delivery> {
    Box::new(Delivery { asked_at: Some(now), held_since: None, ..delivery.clone() })
}

/// The delivery to write before the partner is called again, which said that it has not the message. None while the call on
/// record may still take effect: what the partner has not yet, it may have in a moment.
pub fn anew(delivery: &Delivery, now: Timestamp) -> Option<Box<Delivery>> {
    let settled = delivery.asked_at.is_none_or(|asked_at| now >= delivery.settled_at(asked_at));
    if !settled && !crate::defect!(LookupUnsettled) {
        return None;
    }
    if crate::defect!(NotOnRecordAnew) {
        return Some(Box::new(Delivery { held_since: None, ..delivery.clone() }));
    }
    Some(on_record(delivery, now))
}

/// Whole seconds until `then`, from 1 to what a queue can wait.
fn seconds_until(then: Timestamp, now: Timestamp) -> u32 {
    let left = then.duration_since(now).as_millis().max(1);
    u32::try_from((left + 999) / 1000).unwrap_or(WAIT_S_MAX).min(WAIT_S_MAX)
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The partner answered with this status; an excerpt of its words.
    Status {
        /// HTTP status.
        status: u16,
        /// `Retry-After` in seconds.
        retry_after_s: Option<u32>,
        /// What it said.
        excerpt: String,
    },
    /// The object is written.
    Written,
    /// It is not known whether the partner got it.
    Lost(String),
    /// The call was not made: our setup is at fault.
    NotMade(String),
    /// Asked whether it has the message, it said so: yes or no.
    Has(bool),
    /// Asked whether it has the message, it said neither.
    NotSaid {
        /// What it did instead.
        why: String,
        /// `Retry-After` in seconds.
        retry_after_s: Option<u32>,
    },
}

impl Answer {
    /// What a look-up's answer says.
    pub fn looked_up(status: u16, retry_after_s: Option<u32>) -> Self {
        match status {
            200 => Self::Has(true),
            404 => Self::Has(false),
            _ if crate::defect!(NotSaidIsNo) => Self::Has(false),
            _ => Self::NotSaid { why: format!("look-up answered {status}"), retry_after_s },
        }
    }

    /// What a look-up says that is not answered, and `why`.
    pub fn silent(why: String) -> Self {
        if crate::defect!(NotSaidIsNo) { Self::Has(false) } else { Self::NotSaid { why, retry_after_s: None } }
    }
}

/// What follows from an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum After {
    /// The delivery ended.
    End(Box<Delivery>, Vec<Event>, Verdict),
    /// Try again after some seconds.
    Again {
        /// The delivery with the failure on record.
        next: Box<Delivery>,
        /// Seconds to wait.
        delay_s: u32,
        /// Why.
        code: Code,
        /// In words.
        detail: String,
    },
}

/// Why a delivery is held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// Its partner's endpoint is out.
    Outage,
    /// It is more than its partner takes in a minute, or stands behind what is. That passes within minutes, and is told to nobody.
    Pace,
}

impl Held {
    /// Why what comes to a breaker that stands is held there.
    pub fn by(breaker: &Breaker) -> Self {
        if breaker.opened_at.is_some() { Self::Outage } else { Self::Pace }
    }

    /// The end of a try that held the delivery back.
    pub fn verdict(self) -> Verdict {
        match self {
            Self::Outage => Verdict::because(Outcome::Held, Code::PartnerOutage, OUTAGE),
            Self::Pace => Verdict { outcome: Outcome::Held, code: None, detail: PACE.to_owned() },
        }
    }
}

/// Holds a delivery back. None if it is held already. An outage is told for a release, once.
pub fn hold(delivery: &Delivery, why: Held, now: Timestamp) -> Option<(Delivery, Vec<Event>)> {
    if delivery.held_since.is_some() {
        return None;
    }
    let mut next = Delivery { held_since: Some(now), ..delivery.clone() };
    if why == Held::Pace {
        return Some((next, Vec::new()));
    }
    next.holds += 1;
    let told = delivery.holds == 0 && matches!(delivery.subject, Subject::Release { .. });
    let events = if told { tell(&next, EventType::DeliveryHeld, OUTAGE, now) } else { Vec::new() };
    Some((next, events))
}

/// What is said of a delivery that an outage holds.
const OUTAGE: &str = "the partner's endpoint is out; it is resumed when the endpoint answers again";
/// What is said of a delivery that came over the pace.
const PACE: &str = "the partner takes no more in this minute; it is resumed in the next ones";

/// Decides what `answer` means.
pub fn after(delivery: &Delivery, answer: &Answer, now: Timestamp) -> After {
    match answer {
        Answer::Written => delivered(delivery, "written".to_owned(), now),
        Answer::Status { status, .. } if (200..300).contains(status) => {
            delivered(delivery, format!("answered {status}"), now)
        }
        Answer::Status { status: status @ (400 | 413 | 415 | 422), excerpt, .. } => {
            let detail = format!("answered {status}");
            let mut next = ended(delivery, DeliveryState::Refused, now);
            next.failures += 1;
            next.last_failure = Some(words(*status, excerpt));
            let events = tell(&next, EventType::DeliveryRefused, &detail, now);
            end(next, events, Verdict::because(Outcome::Rejected, Code::PartnerRefused, detail))
        }
        // A partner that would do it again may have done it before it failed.
        Answer::Status { status: status @ (408 | 409 | 500..=599), retry_after_s, excerpt }
            if delivery.guarantee != Guarantee::Dedupes =>
        {
            let mut after = doubt(delivery, format!("answered {status}"), *retry_after_s, now);
            let (After::End(next, ..) | After::Again { next, .. }) = &mut after;
            next.last_failure = Some(words(*status, excerpt));
            after
        }
        // Everything else passes by itself, or is mended at the partner's end: a 404 during its deployment, a 401 while
        // it rotates a secret, a 429, a 503. The schedule is long enough for that.
        Answer::Status { status, retry_after_s, excerpt } => {
            let mut after = again(delivery, Code::PartnerUnavailable, format!("answered {status}"), *retry_after_s);
            if let After::Again { next, .. } = &mut after {
                next.last_failure = Some(words(*status, excerpt));
            }
            after
        }
        Answer::NotMade(why) => again(delivery, Code::Misconfigured, why.clone(), None),
        Answer::Lost(why) => doubt(delivery, why.clone(), None, now),
        Answer::Has(true) => delivered(delivery, "looked up: it is there".to_owned(), now),
        Answer::Has(false) => {
            let settled_at = delivery.asked_at.map_or(now, |asked_at| delivery.settled_at(asked_at));
            let next = Box::new(Delivery { held_since: None, ..delivery.clone() });
            let detail = "looked up: it is not there yet, and may still come".to_owned();
            After::Again { next, delay_s: seconds_until(settled_at, now), code: Code::PartnerUnavailable, detail }
        }
        Answer::NotSaid { why, retry_after_s } => doubt(delivery, why.clone(), *retry_after_s, now),
    }
}

/// It is not known whether the partner did it.
fn doubt(delivery: &Delivery, detail: String, retry_after_s: Option<u32>, now: Timestamp) -> After {
    match delivery.guarantee {
        Guarantee::Neither => {
            let (next, events, verdict) = unknown(delivery, detail, now);
            end(next, events, verdict)
        }
        Guarantee::Lookup if is_spent(delivery, now) => {
            let detail = format!("{detail}, and nobody could say whether it is there");
            let (mut next, events, verdict) = unknown(delivery, detail, now);
            next.failures += 1;
            end(next, events, verdict)
        }
        Guarantee::Lookup | Guarantee::Dedupes => {
            let mut after = again(delivery, Code::PartnerUnavailable, detail, retry_after_s);
            if let After::Again { next, .. } = &mut after {
                next.asked_at = delivery.asked_at;
            }
            after
        }
    }
}

/// What a partner said, for the delivery's own record. Its words may repeat names and addresses, so they go nowhere else.
fn words(status: u16, excerpt: &str) -> String {
    if excerpt.is_empty() { format!("answered {status}") } else { format!("answered {status}: {excerpt}") }
}

fn end(next: Delivery, events: Vec<Event>, verdict: Verdict) -> After {
    After::End(Box::new(next), events, verdict)
}

fn delivered(delivery: &Delivery, detail: String, now: Timestamp) -> After {
    let next = ended(delivery, DeliveryState::Delivered, now);
    let events = match delivery.subject {
        // Telling of every event that was told would never end.
        Subject::Event { .. } => Vec::new(),
        Subject::Release { .. } | Subject::Cancel { .. } | Subject::Acknowledgment { .. } => {
            tell(&next, EventType::DeliveryCompleted, &detail, now)
        }
    };
    end(next, events, Verdict::applied(detail))
}

/// When a call that failed is made again.
fn retries(delivery: &Delivery) -> Cow<'_, Retries> {
    delivery.retries.as_ref().map_or_else(|| Cow::Owned(Retries::default()), Cow::Borrowed)
}

/// Whether one more failure is the last of all that are agreed, in the time that they take at the least: several messages for
/// one delivery, or an outage, use up tries and no time.
fn is_spent(delivery: &Delivery, now: Timestamp) -> bool {
    let retries = retries(delivery);
    let lasts = SignedDuration::from_secs(retries.lasts_s().cast_signed());
    let over = delivery.asked_at.is_some_and(|asked_at| now.duration_since(asked_at) >= lasts);
    delivery.failures + 1 >= retries.tries && over
}

fn again(delivery: &Delivery, code: Code, detail: String, retry_after_s: Option<u32>) -> After {
    let mut next = delivery.clone();
    let step = retries(delivery).wait_s(delivery.failures);
    next.failures += 1;
    next.last_failure = Some(detail.clone());
    // The partner answered: nothing is open any more, and its message carries it.
    (next.asked_at, next.held_since) = (None, None);
    let delay_s = retry_after_s.map_or(step, |asked| asked.clamp(step, WAIT_S_MAX));
    After::Again { next: Box::new(next), delay_s, code, detail }
}

fn unknown(delivery: &Delivery, detail: String, now: Timestamp) -> (Delivery, Vec<Event>, Verdict) {
    let mut next = ended(delivery, DeliveryState::Unknown, now);
    next.last_failure = Some(detail.clone());
    let events = tell(&next, EventType::DeliveryUnknown, &detail, now);
    (next, events, Verdict::because(Outcome::Unknown, Code::PartnerResultUnknown, detail))
}

fn ended(delivery: &Delivery, state: DeliveryState, now: Timestamp) -> Delivery {
    Delivery { state, ended_at: Some(now), held_since: None, ..delivery.clone() }
}

fn tell(delivery: &Delivery, kind: EventType, detail: &str, now: Timestamp) -> Vec<Event> {
    let id = delivery.id.to_string();
    let cause = Cause {
        id: id.clone(),
        tenant: delivery.receiver.tenant.clone(),
        partner: delivery.receiver.partner.clone(),
        occurred_at: now,
        received_at: now,
        profile_version: delivery.profile_version.clone(),
        raw: None,
        trace: delivery.trace.clone(),
    };
    let mut data = json!({
        "delivery_id": delivery.id, "message_no": delivery.message_no, "partner": delivery.receiver.partner,
        "sha256": delivery.body.sha256, "detail": detail,
    });
    if let (Some(data), Ok(serde_json::Value::Object(subject))) =
        (data.as_object_mut(), serde_json::to_value(&delivery.subject))
    {
        data.extend(subject);
    }
    let mut telling = Telling::new(STEP, cause, &id, delivery.subject.correlation_id(), 0);
    telling.tell(kind, &id, data);
    telling.into_events()
}
