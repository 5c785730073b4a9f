//! `order-apply`: adds one fact to a release.

use canonical::{
    BusinessDecision, Code, Content, Event, EventId, EventType, Finding, GroupAck, HistoryEntry, Inbound, Message,
    ParkedAs, Principal, Release, ReleaseId, ReleaseState, Role, SetReference, ShipmentId, ShippedLine,
    TechnicalVerdict, Transition,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{Absorbed, Cause, Decision, Outcome, Telling, Verdict, absorb, park};

/// The step's name.
pub const STEP: &str = "order-apply";

/// Where the release that a message is about is to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finder {
    /// As its sender names it.
    Named(SetReference),
    /// In the functional group that we sent to its sender.
    Group(GroupAck),
}

/// What a message or event adds to a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// The partner's system took the bytes.
    TransportAcked {
        /// The number under which it got them.
        message_no: String,
    },
    /// The partner's system refused the document, or it is not known what became of it.
    Undeliverable {
        /// The number of the message.
        message_no: String,
        /// What is known.
        why: String,
    },
    /// The document waits until the partner's endpoint answers again.
    HeldUp {
        /// The number of the message.
        message_no: String,
        /// Why.
        why: String,
    },
    /// The partner's system read, or refused, the document.
    Technical(GroupAck),
    /// The warehouse will ship, or will not.
    Business(BusinessDecision),
    /// The warehouse started work.
    Waved,
    /// The warehouse decided on a cancel.
    CancelDecided {
        /// Whether it agreed.
        accepted: bool,
        /// Why not.
        reason: Option<String>,
    },
    /// Goods left.
    Shipped {
        /// The shipment.
        shipment: ShipmentId,
        /// What it carried.
        lines: Vec<ShippedLine>,
        /// Whether it has arrived already.
        arrived: bool,
    },
    /// A shipment arrived.
    Delivered {
        /// Which.
        shipment: ShipmentId,
    },
}

/// The data of a `shipment.confirmed` event, as far as a release needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmedData {
    /// The shipment.
    pub shipment_id: ShipmentId,
    /// The release.
    pub release_id: ReleaseId,
    /// What it carried.
    pub lines: Vec<ShippedLine>,
    /// Whether it has arrived already.
    pub arrived: bool,
}

/// A fact with its sender, ready to be decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Where its release is.
    pub finder: Finder,
    /// Who says so.
    pub sender: Principal,
    /// The message or event behind it.
    pub cause: Cause,
    /// The fact.
    pub fact: Fact,
}

/// What a queue body asks of this step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// A fact for a release.
    Fact(Box<Request>),
    /// A defective message, to be parked.
    Defective(Box<Message>),
    /// Nothing of a release's.
    Nothing(String),
}

/// Reads what `inbound` asks. An event whose data cannot be read is a fault of ours.
pub fn read(inbound: &Inbound) -> Result<Asked, serde_json::Error> {
    match inbound {
        Inbound::Message(message) => Ok(read_message(message)),
        Inbound::Event(event) => read_event(event),
    }
}

fn read_message(message: &Message) -> Asked {
    let cause = Cause::message(message);
    let (finder, cause, fact) = match &message.content {
        Content::BusinessDecision { release, accepted, partner_order_no, reason, occurred_at } => (
            Finder::Named(release.clone()),
            cause.at(*occurred_at),
            Fact::Business(BusinessDecision {
                occurred_at: *occurred_at,
                accepted: *accepted,
                partner_order_no: partner_order_no.clone(),
                reason: reason.clone(),
            }),
        ),
        Content::Waved { release, occurred_at } => {
            (Finder::Named(release.clone()), cause.at(*occurred_at), Fact::Waved)
        }
        Content::CancelDecision { release, accepted, reason, occurred_at } => (
            Finder::Named(release.clone()),
            cause.at(*occurred_at),
            Fact::CancelDecided { accepted: *accepted, reason: reason.clone() },
        ),
        Content::GroupAck(ack) => (Finder::Group(ack.clone()), cause, Fact::Technical(ack.clone())),
        Content::Defective { .. } => return Asked::Defective(Box::new(message.clone())),
        Content::ShipConfirm(_) | Content::Milestone(_) | Content::Acknowledge(_) => {
            return Asked::Nothing("the message is for another step".to_owned());
        }
    };
    Asked::Fact(Box::new(Request { finder, sender: message.sender.clone(), cause, fact }))
}

fn read_event(event: &Event) -> Result<Asked, serde_json::Error> {
    let cause = Cause::event(event);
    let sender = |role: Role| Principal {
        scope: canonical::PartnerScope { tenant: event.meta.tenant.clone(), partner: event.meta.partner.clone() },
        roles: [role].into(),
    };
    let fact = |release_id: ReleaseId, role, fact| {
        let finder = Finder::Named(SetReference::ReleaseId(release_id));
        Ok(Asked::Fact(Box::new(Request { finder, sender: sender(role), cause, fact })))
    };
    match event.meta.kind {
        EventType::ShipmentConfirmed => {
            let data = ConfirmedData::deserialize(&event.data)?;
            let shipped = Fact::Shipped { shipment: data.shipment_id, lines: data.lines, arrived: data.arrived };
            fact(data.release_id, Role::Wms, shipped)
        }
        EventType::MilestoneRecorded => {
            #[derive(Deserialize)]
            struct Data {
                shipment_id: ShipmentId,
                release_id: Option<ReleaseId>,
                milestone: canonical::MilestoneCode,
                #[serde(default)]
                arrived: bool,
            }
            let data = Data::deserialize(&event.data)?;
            match (data.release_id, data.milestone) {
                (Some(release_id), canonical::MilestoneCode::Delivered) if data.arrived => {
                    fact(release_id, Role::Carrier, Fact::Delivered { shipment: data.shipment_id })
                }
                _ => Ok(Asked::Nothing("the milestone changes no release".to_owned())),
            }
        }
        kind @ (EventType::DeliveryCompleted
        | EventType::DeliveryHeld
        | EventType::DeliveryRefused
        | EventType::DeliveryUnknown) => {
            #[derive(Deserialize)]
            struct Data {
                #[serde(flatten)]
                subject: canonical::Subject,
                message_no: String,
                detail: String,
            }
            let data = Data::deserialize(&event.data)?;
            let canonical::Subject::Release { release_id } = data.subject else {
                return Ok(Asked::Nothing("the delivery changes no release".to_owned()));
            };
            let message_no = data.message_no;
            let told = match kind {
                EventType::DeliveryCompleted => Fact::TransportAcked { message_no },
                EventType::DeliveryHeld => Fact::HeldUp { message_no, why: data.detail },
                _ => Fact::Undeliverable { message_no, why: data.detail },
            };
            fact(release_id, Role::Platform, told)
        }
        kind => Ok(Asked::Nothing(format!("{kind} changes no release"))),
    }
}

impl Fact {
    /// The transition that the fact asks for.
    pub fn transition(&self) -> Transition {
        match self {
            Self::TransportAcked { .. } | Self::Undeliverable { .. } | Self::HeldUp { .. } => Transition::TransportAck,
            Self::Technical(_) => Transition::TechnicalAck,
            Self::Business(_) => Transition::BusinessDecision,
            Self::Waved => Transition::Wave,
            Self::CancelDecided { .. } => Transition::CancelDecision,
            Self::Shipped { .. } => Transition::ShipConfirm,
            Self::Delivered { .. } => Transition::Milestone,
        }
    }

    /// The key of the thing that happened, and what must not differ between two tellings of it.
    fn identity(&self) -> (String, String) {
        match self {
            Self::TransportAcked { message_no } => (format!("transport/{message_no}"), String::new()),
            Self::Undeliverable { message_no, .. } => (format!("undeliverable/{message_no}"), String::new()),
            Self::HeldUp { message_no, .. } => (format!("held-up/{message_no}"), String::new()),
            // Acceptance and refusal of one set are two facts: which of them holds must not depend on which came first.
            Self::Technical(ack) => (format!("{}/{}", technical_key(ack), ack.accepted), String::new()),
            // A second change of mind is a new decision; the same one told twice is not.
            Self::Business(decision) => (format!("business/{}", business_key(decision)), String::new()),
            Self::Waved => ("waved".to_owned(), String::new()),
            Self::CancelDecided { accepted, .. } => (format!("cancel/{accepted}"), String::new()),
            Self::Shipped { shipment, lines, .. } => {
                (format!("shipment/{shipment}"), serde_json::to_string(lines).unwrap_or_default())
            }
            Self::Delivered { shipment } => (format!("delivered/{shipment}"), String::new()),
        }
    }
}

fn business_key(decision: &BusinessDecision) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let (number, reason) = (text(&decision.partner_order_no), text(&decision.reason));
    format!("{}/{number}/{}/{reason}", decision.accepted, decision.occurred_at)
}

fn technical_key(ack: &GroupAck) -> String {
    format!("technical/{}/{}/{}", ack.functional_id, ack.group_control, ack.set_control.as_deref().unwrap_or("*"))
}

/// Decides what `request` does to `release`.
///
/// The fact is added if its sender owns the transition, and told; told again it is absorbed; told otherwise under the
/// same key it is a conflict. A sender that does not own the transition changes nothing: the attempt is recorded.
pub fn decide(release: &Release, request: &Request, message: Option<&Message>, now: Timestamp) -> Decision<Release> {
    let transition = request.fact.transition();
    if !release.may(&request.sender, transition) && !crate::defect!(NoOwnershipCheck) {
        return violation(release, &request.sender, transition, request.cause.clone(), message, STEP, now);
    }
    let mut next = release.clone();
    let (mut key, content) = request.fact.identity();
    if crate::defect!(KeyFromMessageId) {
        key.clone_from(&request.cause.id);
    }
    if crate::defect!(DedupeWindow) && now.duration_since(release.since).as_hours() >= 1 {
        next.absorbed.clear();
    }
    match absorb(&mut next.absorbed, &key, &content) {
        Absorbed::New => {}
        Absorbed::Before => {
            return Decision::Nothing(Verdict::duplicate(format!("{} absorbed before", transition.as_str())));
        }
        Absorbed::Otherwise => return conflict(release, transition, message),
    }
    if let Fact::Shipped { lines, .. } = &request.fact
        && let Some(line) = lines.iter().find(|line| !release.has_line_for(line))
    {
        let detail = format!("shipment names item {} in {}, which the release does not have", line.sku, line.uom);
        return Decision::Nothing(Verdict::because(Outcome::Quarantined, Code::UnknownLine, detail));
    }
    let before = release.state();
    add(&mut next.facts, &request.fact);
    let after = next.state();
    let release_id = release.id.to_string();
    let mut telling = Telling::new(STEP, request.cause.clone(), &release_id, Some(release_id.clone()), release.seq)
        .among(release.parties());
    tell(&mut telling, release, &next, &request.fact);
    let detail = describe(&request.fact, release);
    record(&mut next, &telling, transition, "applied", (before, after), detail, now);
    // A partner's words may repeat names and addresses: they are in the history, and not in the verdict, which is logged.
    let verdict = Verdict::applied(format!("{}: {before} → {after}", transition.as_str()));
    Decision::Write { next: Box::new(next), events: telling.into_events(), verdict }
}

fn add(facts: &mut canonical::Facts, fact: &Fact) {
    match fact {
        Fact::TransportAcked { .. } => {
            facts.transport_acked = true;
            if crate::defect!(LateEventRegresses) {
                (facts.waved, facts.business, facts.technical) = (false, None, None);
            }
        }
        Fact::Undeliverable { why, .. } => facts.undeliverable = Some(why.clone()),
        Fact::HeldUp { why, .. } => facts.outage = Some(why.clone()),
        Fact::Technical(ack) => {
            // A whole group's verdict and a set's may both come; the refusal of either holds, in any order.
            let before = facts.technical.take();
            let accepted = ack.accepted && before.as_ref().is_none_or(|verdict| verdict.accepted);
            let mut notes = before.map(|verdict| verdict.notes).unwrap_or_default();
            notes.extend(ack.notes.iter().cloned());
            notes.sort();
            notes.dedup();
            facts.technical = Some(TechnicalVerdict { accepted, notes });
        }
        Fact::Business(decision) => facts.business = facts.business.take().max(Some(decision.clone())),
        Fact::Waved => facts.waved = true,
        Fact::CancelDecided { accepted, .. } => {
            // Of two contradicting decisions the refusal holds: it is the one that moves no stock.
            facts.cancel_accepted = Some(*accepted && facts.cancel_accepted.unwrap_or(true));
        }
        Fact::Shipped { shipment, lines, arrived } => {
            facts.shipments.insert(shipment.clone(), lines.clone());
            if *arrived {
                facts.delivered.insert(shipment.clone());
            }
        }
        Fact::Delivered { shipment } => {
            facts.delivered.insert(shipment.clone());
        }
    }
}

/// By what it is told once that a release is held for its partner's outage.
fn outage_key(release: &Release, message_no: &str) -> String {
    format!("{}/outage/{message_no}", release.id)
}

fn tell(telling: &mut Telling<'_>, before: &Release, next: &Release, fact: &Fact) {
    let id = &before.id;
    let partner = telling.cause().partner.clone();
    let base = json!({ "release_id": id, "order_no": before.order.order_no, "state": next.state() });
    let with = |extra: serde_json::Value| merge(&base, extra);
    match fact {
        Fact::TransportAcked { message_no } => {
            telling.tell(
                EventType::ReleaseTransportAcked,
                &format!("{id}/{message_no}"),
                with(json!({ "message_no": message_no })),
            );
            // Whoever was told that it is held is told that it goes on, whatever was asked of it in between.
            let held = outage_key(before, message_no);
            let held = EventId::derive(&before.tenant, EventType::ReleaseHeld.as_str(), &held);
            if before.history.iter().any(|entry| entry.events.contains(&held)) {
                let key = format!("{id}/{message_no}");
                telling.tell(EventType::ReleaseResumed, &key, with(json!({ "code": Code::PartnerOutage })));
            }
        }
        // Only if it is still held: the word that it was may come when it has long been resumed.
        Fact::HeldUp { message_no, why } => {
            if next.waits_for_partner() {
                let key = outage_key(before, message_no);
                telling.tell(EventType::ReleaseHeld, &key, with(json!({ "code": Code::PartnerOutage, "reason": why })));
            }
        }
        Fact::Undeliverable { why, .. } => {
            telling.tell(EventType::ReleaseHeld, &format!("{id}/undeliverable"), with(json!({ "reason": why })));
        }
        Fact::Technical(ack) => {
            let kind =
                if ack.accepted { EventType::ReleaseTechnicallyAcked } else { EventType::ReleaseTechnicallyRejected };
            let key = format!("{id}/{partner}/{}", technical_key(ack));
            telling.tell(
                kind,
                &key,
                with(json!({ "notes": ack.notes, "group_control": ack.group_control, "set_control": ack.set_control })),
            );
        }
        Fact::Business(decision) => {
            let kind = if decision.accepted { EventType::ReleaseAccepted } else { EventType::ReleaseRejected };
            let key = format!("{id}/{partner}/{}", business_key(decision));
            telling.tell(
                kind,
                &key,
                with(json!({ "partner_order_no": decision.partner_order_no, "reason": decision.reason })),
            );
        }
        Fact::Waved => {
            telling.tell(EventType::FulfillmentProgressed, &format!("{id}/waved"), with(json!({ "step": "waved" })));
        }
        Fact::CancelDecided { accepted, reason } => {
            let kind = if *accepted { EventType::CancelAccepted } else { EventType::CancelRefused };
            // Goods that left before the decision have told of the refusal.
            let told = !accepted && before.facts.cancel_requested && has_left(before);
            if !told || crate::defect!(RefusalToldTwice) {
                telling.tell(kind, &format!("{id}/cancel/{accepted}"), with(json!({ "reason": reason })));
            }
        }
        Fact::Shipped { .. } => {
            let over = |release: &Release| -> Vec<canonical::LineProgress> {
                release.lines().into_iter().filter(|line| line.shipped > line.ordered).collect()
            };
            // Told once: which shipment was the one too many depends on the order of arrival.
            if over(before).is_empty() && !over(next).is_empty() {
                telling.tell(EventType::LineOverShipped, &format!("{id}/1"), with(json!({ "lines": over(next) })));
            }
            let undecided = before.facts.cancel_requested && before.facts.cancel_accepted != Some(false);
            if undecided && has_left(next) && !has_left(before) {
                // One id for a refusal, whether the warehouse says it or its goods do.
                let reason = "goods had left before the cancel was decided";
                telling.tell(
                    EventType::CancelRefused,
                    &format!("{id}/cancel/false"),
                    with(json!({ "reason": reason })),
                );
            }
            let complete = |release: &Release| release.lines().iter().all(|line| line.shipped >= line.ordered);
            if complete(next) && !complete(before) {
                telling.tell(EventType::OrderCompleted, &format!("{id}/1"), with(json!({ "lines": next.lines() })));
            }
        }
        Fact::Delivered { .. } => {}
    }
}

/// Whether any goods have left.
fn has_left(release: &Release) -> bool {
    release.lines().iter().any(|line| !line.shipped.is_zero())
}

fn merge(base: &serde_json::Value, extra: serde_json::Value) -> serde_json::Value {
    let mut merged = base.clone();
    if let (Some(object), serde_json::Value::Object(extra)) = (merged.as_object_mut(), extra) {
        object.extend(extra);
    }
    merged
}

fn describe(fact: &Fact, release: &Release) -> String {
    match fact {
        Fact::TransportAcked { message_no } => format!("partner took message {message_no}"),
        Fact::Undeliverable { message_no, why } => format!("message {message_no} was not taken: {why}"),
        Fact::HeldUp { message_no, .. } => format!("message {message_no} waits until the partner answers again"),
        Fact::Technical(ack) if ack.accepted => format!("997 accepts group {}", ack.group_control),
        Fact::Technical(ack) => format!("997 rejects group {}: {}", ack.group_control, ack.notes.join("; ")),
        Fact::Business(decision) if decision.accepted => match &decision.partner_order_no {
            Some(no) => format!("accepted as {no}"),
            None => "accepted".to_owned(),
        },
        Fact::Business(decision) => format!("rejected: {}", decision.reason.as_deref().unwrap_or("no reason given")),
        Fact::Waved => "waved".to_owned(),
        Fact::CancelDecided { accepted: true, .. } => "cancel accepted".to_owned(),
        Fact::CancelDecided { accepted: false, reason } => {
            format!("cancel refused: {}", reason.as_deref().unwrap_or("no reason given"))
        }
        Fact::Shipped { shipment, lines, .. } => {
            let total: canonical::Quantity = lines.iter().map(|line| line.quantity).sum();
            let inferred = if release.facts.technical.is_none() && release.facts.business.is_none() {
                "; acknowledgment and acceptance inferred"
            } else {
                ""
            };
            format!("{shipment} carries {total}{inferred}")
        }
        Fact::Delivered { shipment } => format!("{shipment} arrived"),
    }
}

/// Writes one history entry and moves the clock of the state if the state moved.
pub fn record(
    next: &mut Release,
    telling: &Telling<'_>,
    transition: Transition,
    outcome: &str,
    (from, to): (ReleaseState, ReleaseState),
    detail: String,
    now: Timestamp,
) {
    if from != to {
        next.since = now;
    }
    next.seq = telling.seq();
    let cause = telling.cause();
    next.history.push(HistoryEntry {
        seq: next.history.len() as u64 + 1,
        received_at: cause.received_at,
        occurred_at: cause.occurred_at,
        partner: cause.partner.clone(),
        transition,
        owner: transition.owner(),
        outcome: outcome.to_owned(),
        from,
        to,
        detail,
        message_id: cause.id.clone(),
        events: telling.ids(),
        raw: cause.raw.clone(),
    });
}

/// Most violations on record at one release: a stranger must not fill the item until its owners cannot write any more.
/// Of those beyond, messages are parked; a request is refused and leaves nothing but its log line.
pub const VIOLATIONS_MAX: usize = 50;

/// Records that `sender` tried a transition that is not its own. The release's facts stay as they are.
pub fn violation(
    release: &Release,
    sender: &Principal,
    transition: Transition,
    cause: Cause,
    message: Option<&Message>,
    step: &'static str,
    now: Timestamp,
) -> Decision<Release> {
    let on_record = release.history.iter().filter(|entry| entry.outcome == "violation").count();
    if on_record >= VIOLATIONS_MAX {
        let detail = format!("{} belongs to {}", transition.as_str(), transition.owner().as_str());
        let Some(message) = message else {
            return Decision::Nothing(Verdict::because(Outcome::Rejected, Code::OwnershipViolation, detail));
        };
        let finding = Finding { code: Code::OwnershipViolation, detail, place: None };
        let release_id = Some(release.id.to_string());
        return park(step, message, ParkedAs::Quarantined, transition.as_str(), vec![finding], release_id);
    }
    let mut next = release.clone();
    let key = format!("violation/{}/{}", cause.id, transition.as_str());
    if absorb(&mut next.absorbed, &key, "") != Absorbed::New {
        return Decision::Nothing(Verdict::duplicate("ownership violation recorded before"));
    }
    let release_id = release.id.to_string();
    let dedup_key = format!("{}/{}", cause.id, transition.as_str());
    let mut telling =
        Telling::new(step, cause, &release_id, Some(release_id.clone()), release.seq).among(release.parties());
    let partner = &sender.scope.partner;
    let owner = transition.owner().as_str();
    let detail = format!("{partner} tried {}, which belongs to {owner}", transition.as_str());
    telling.tell(
        EventType::OwnershipViolation,
        &dedup_key,
        json!({
            "release_id": release.id, "order_no": release.order.order_no, "transition": transition, "owner": owner,
            "sender": partner, "sender_roles": sender.roles, "state": release.state(),
        }),
    );
    let state = release.state();
    record(&mut next, &telling, transition, "violation", (state, state), detail.clone(), now);
    Decision::Write {
        next: Box::new(next),
        events: telling.into_events(),
        verdict: Verdict::because(Outcome::Rejected, Code::OwnershipViolation, detail),
    }
}

fn conflict(release: &Release, transition: Transition, message: Option<&Message>) -> Decision<Release> {
    let detail = format!("a {} with this key came before with other content; the first one holds", transition.as_str());
    match message {
        Some(message) => park(
            STEP,
            message,
            ParkedAs::Conflict,
            transition.as_str(),
            vec![Finding { code: Code::ContentConflict, detail, place: None }],
            Some(release.id.to_string()),
        ),
        None => Decision::Nothing(Verdict::because(Outcome::Conflict, Code::ContentConflict, detail)),
    }
}

/// Parks a message that is defective, or whose release is not to be found.
pub fn park_message(message: &Message, missing: Option<Finding>) -> Decision<Release> {
    match (&message.content, missing) {
        (Content::Defective { what, findings, sender_told }, None) => {
            let conflicts = findings.first().is_some_and(|first| first.code == Code::EdiControlNumberTaken);
            let parked_as = match (conflicts, *sender_told) {
                (true, _) => ParkedAs::Conflict,
                (false, true) => ParkedAs::Rejected,
                (false, false) => ParkedAs::Quarantined,
            };
            // What the sender was told of still waits for a person here, so both are in the inbox; the word differs.
            park(STEP, message, parked_as, what, findings.clone(), None)
        }
        (_, missing) => park(STEP, message, ParkedAs::Quarantined, "message", missing.into_iter().collect(), None),
    }
}
