//! Building events: one place where ids, sequence numbers and causes are set.

use canonical::{ArchiveRef, Event, EventId, EventType, Message, Meta, PartnerId, Tenant, Trace};
use jiff::Timestamp;
use serde_json::Value;

/// What caused a decision: the message or event behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// Its id.
    pub id: String,
    /// The distributor.
    pub tenant: Tenant,
    /// The partner that said so.
    pub partner: PartnerId,
    /// When it happened, by that partner's word.
    pub occurred_at: Timestamp,
    /// When it was received.
    pub received_at: Timestamp,
    /// The profile bundle under which it was read.
    pub profile_version: String,
    /// Its raw bytes, where there are any.
    pub raw: Option<ArchiveRef>,
    /// The trace of the request behind it, where there is one.
    pub trace: Option<Trace>,
}

impl Cause {
    /// A message from the edge. It happened when it was received, unless its content says otherwise.
    pub fn message(message: &Message) -> Self {
        Self {
            id: message.id.to_string(),
            tenant: message.sender.scope.tenant.clone(),
            partner: message.sender.scope.partner.clone(),
            occurred_at: message.received_at,
            received_at: message.received_at,
            profile_version: message.profile_version.clone(),
            raw: Some(message.raw.clone()),
            trace: message.trace.clone(),
        }
    }

    /// An event from the bus.
    pub fn event(event: &Event) -> Self {
        Self {
            id: event.meta.id.to_string(),
            tenant: event.meta.tenant.clone(),
            partner: event.meta.partner.clone(),
            occurred_at: event.meta.time,
            received_at: event.meta.received_at,
            profile_version: event.meta.profile_version.clone(),
            raw: event.meta.raw_ref.clone(),
            trace: event.meta.traceparent.clone(),
        }
    }

    /// The same cause at the time its content names.
    #[must_use]
    pub fn at(mut self, occurred_at: Timestamp) -> Self {
        self.occurred_at = occurred_at;
        self
    }
}

/// The events of one decision.
#[derive(Debug)]
pub struct Telling<'a> {
    step: &'static str,
    cause: Cause,
    ordering_key: &'a str,
    correlation_id: Option<String>,
    parties: Vec<PartnerId>,
    seq: u64,
    events: Vec<Event>,
}

impl<'a> Telling<'a> {
    /// Events of the object `ordering_key` that has told `seq` events before.
    pub fn new(
        step: &'static str,
        cause: Cause,
        ordering_key: &'a str,
        correlation_id: Option<String>,
        seq: u64,
    ) -> Self {
        Self { step, cause, ordering_key, correlation_id, parties: Vec::new(), seq, events: Vec::new() }
    }

    /// The same, of something in which `parties` have a part.
    #[must_use]
    pub fn among(mut self, parties: Vec<PartnerId>) -> Self {
        self.parties = parties;
        self
    }

    /// Tells that `kind` happened. `dedup_key` is what makes the fact this fact; the event's id follows from it.
    pub fn tell(&mut self, kind: EventType, dedup_key: &str, data: Value) -> EventId {
        self.seq += 1;
        let id = EventId::derive(&self.cause.tenant, kind.as_str(), dedup_key);
        self.events.push(Event {
            meta: Meta {
                id: id.clone(),
                kind,
                source: self.step.to_owned(),
                time: self.cause.occurred_at,
                received_at: self.cause.received_at,
                correlation_id: self.correlation_id.clone(),
                causation_id: self.cause.id.clone(),
                partner: self.cause.partner.clone(),
                parties: self.parties.clone(),
                tenant: self.cause.tenant.clone(),
                schema: format!("events/schemas/events/{kind}.json"),
                profile_version: self.cause.profile_version.clone(),
                seq: self.seq,
                dedup_key: dedup_key.to_owned(),
                ordering_key: self.ordering_key.to_owned(),
                raw_ref: self.cause.raw.clone(),
                traceparent: self.cause.trace.clone(),
            },
            data,
        });
        id
    }

    /// Events told by the object from its beginning, including these.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// The cause.
    pub fn cause(&self) -> &Cause {
        &self.cause
    }

    /// Ids of the events told here.
    pub fn ids(&self) -> Vec<EventId> {
        self.events.iter().map(|event| event.meta.id.clone()).collect()
    }

    /// The events.
    pub fn into_events(self) -> Vec<Event> {
        self.events
    }
}
