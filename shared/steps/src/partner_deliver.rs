//! `partner-deliver`: whether a delivery is to be tried, and what an attempt came to.

use canonical::{Code, Delivery, DeliveryState, Event, EventType, Guarantee, Subject};
use jiff::Timestamp;
use serde_json::json;

use crate::{Cause, Outcome, Telling, Verdict};

/// The step's name.
pub const STEP: &str = "partner-deliver";

/// Seconds to wait after each failed attempt: quick at first for a hiccup, then ever longer for an outage; a day over
/// these steps, and the last one again and again for almost a week until the queue's 25 tries are over. (Standard Webhooks
/// advises days.)
const BACKOFF_S: [u32; 12] = [2, 4, 15, 60, 300, 900, 1800, 3600, 7200, 14_400, 28_800, 39_600];

/// After this time a call on record is surely over: the client gives up after ten seconds, the function after twenty.
pub const CALL_MAX: jiff::SignedDuration = jiff::SignedDuration::from_secs(60);

/// What to do with a delivery that is due.
#[derive(Debug, Clone, PartialEq)]
pub enum Attempt {
    /// Call the partner. `first` is the delivery to write before, where the call must be on record first.
    Call {
        /// Write this before the call.
        first: Option<Box<Delivery>>,
    },
    /// It ended before.
    Ended(Verdict),
    /// Another worker may be at it.
    Wait,
    /// A call was made whose result is not on record, and the partner would do it again: a person decides.
    Unknown(Box<Delivery>, Vec<Event>, Verdict),
}

/// Decides whether to call.
pub fn attempt(delivery: &Delivery, now: Timestamp) -> Attempt {
    match delivery.state {
        DeliveryState::Delivered => return Attempt::Ended(Verdict::duplicate("delivered before")),
        DeliveryState::Refused => return Attempt::Ended(Verdict::duplicate("refused before")),
        DeliveryState::Unknown => {
            let detail = "waits for a person to find out what became of it";
            return Attempt::Ended(Verdict::because(Outcome::Unknown, Code::PartnerResultUnknown, detail));
        }
        DeliveryState::Pending => {}
    }
    match (delivery.guarantee, delivery.asked_at) {
        (Guarantee::Dedupes, _) => Attempt::Call { first: None },
        (Guarantee::Neither, None) if crate::defect!(NotOnRecord) => Attempt::Call { first: None },
        (Guarantee::Neither, None) => {
            let mut first = delivery.clone();
            (first.asked_at, first.held_since) = (Some(now), None);
            Attempt::Call { first: Some(Box::new(first)) }
        }
        // The call may be under way at another worker.
        (Guarantee::Neither, Some(asked_at)) if now < asked_at + CALL_MAX && !crate::defect!(NoSettleTime) => {
            Attempt::Wait
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

/// Holds a delivery back: its partner's endpoint is out. None if it is held already. Told for a release, once.
pub fn hold(delivery: &Delivery, now: Timestamp) -> Option<(Delivery, Vec<Event>)> {
    if delivery.held_since.is_some() {
        return None;
    }
    let next = Delivery { held_since: Some(now), holds: delivery.holds + 1, asked_at: None, ..delivery.clone() };
    let told = delivery.holds == 0 && matches!(delivery.subject, Subject::Release { .. });
    let events = if told { tell(&next, EventType::DeliveryHeld, HELD, now) } else { Vec::new() };
    Some((next, events))
}

/// The end of a try that held the delivery back.
pub fn held() -> Verdict {
    Verdict::because(Outcome::Held, Code::PartnerOutage, HELD)
}

/// Why a delivery is held.
const HELD: &str = "the partner's endpoint is out; it is resumed when the endpoint answers again";

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
        Answer::Status { status: status @ (408 | 409 | 500..=599), excerpt, .. }
            if delivery.guarantee == Guarantee::Neither =>
        {
            let (mut next, events, verdict) = unknown(delivery, format!("answered {status}"), now);
            next.last_failure = Some(words(*status, excerpt));
            end(next, events, verdict)
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
        Answer::Lost(why) => match delivery.guarantee {
            Guarantee::Dedupes => again(delivery, Code::PartnerUnavailable, why.clone(), None),
            Guarantee::Neither => {
                let (next, events, verdict) = unknown(delivery, why.clone(), now);
                end(next, events, verdict)
            }
        },
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

fn again(delivery: &Delivery, code: Code, detail: String, retry_after_s: Option<u32>) -> After {
    let mut next = delivery.clone();
    let step = BACKOFF_S.get(delivery.failures as usize).or(BACKOFF_S.last()).copied().unwrap_or(1);
    next.failures += 1;
    next.last_failure = Some(detail.clone());
    // The partner answered: nothing is open any more, and its message carries it.
    (next.asked_at, next.held_since) = (None, None);
    // SQS holds a message back for 12 hours at most; the last step of the schedule is below.
    let delay_s = retry_after_s.map_or(step, |asked| asked.clamp(step, 39_600));
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
