//! `shipment-fanout`: who is told of an event, and how. One delivery for each subscriber, so that none waits for another.

use canonical::{Body, Delivery, DeliveryId, Digest, Event, Guarantee, Role, Subject, Target};
use jiff::Timestamp;
use partners::{Bundle, Operation, Profile, Via};

/// The step's name.
pub const STEP: &str = "shipment-fanout";
/// Media type of an event.
const MEDIA_TYPE: &str = "application/json";

/// The bytes that every subscriber gets of `event`.
pub fn body(event: &Event) -> Vec<u8> {
    serde_json::to_vec(event).unwrap_or_default()
}

/// The deliveries that `event` asks for. `sha256` is the digest of [`body`].
pub fn decide(event: &Event, sha256: &Digest, bundle: &Bundle, now: Timestamp) -> Vec<Delivery> {
    if bundle.house.tenant != event.meta.tenant {
        return Vec::new();
    }
    bundle
        .partners
        .values()
        .filter(|profile| has_part(profile, event))
        .filter_map(|profile| {
            let (target, terms) = match profile.subscription_to(event.meta.kind)? {
                Via::Webhook => (Target::Http, profile.endpoint.as_ref()?.terms(Operation::Event)),
                Via::File => (Target::File { name: format!("{}.json", event.meta.id) }, Guarantee::Dedupes.into()),
            };
            let receiver = profile.scope(&bundle.house.tenant);
            let subject =
                Subject::Event { event_id: event.meta.id.clone(), correlation_id: event.meta.correlation_id.clone() };
            let mut id = DeliveryId::derive(&receiver.tenant, &receiver.partner, event.meta.id.as_str());
            if crate::defect!(DeliveryPerTelling) {
                id = DeliveryId::derive(&receiver.tenant, &receiver.partner, &format!("{}/{now}", event.meta.id));
            }
            let delivery = Delivery::pending(
                id,
                receiver,
                subject,
                // Receivers know the message by the event's id, whatever delivery or attempt brought it.
                event.meta.id.to_string(),
                target,
                Body { sha256: sha256.clone(), content_type: MEDIA_TYPE.to_owned() },
                terms,
            );
            Some(delivery.traced(event.meta.traceparent.as_ref()).decided(now, &bundle.version))
        })
        .collect()
}

/// Whether the partner may be told: an ERP or a warehouse only of what it has a part in. A channel, a TMS and a carrier
/// serve the whole house.
fn has_part(profile: &Profile, event: &Event) -> bool {
    match profile.role {
        Role::Erp | Role::Wms => event.meta.parties.contains(&profile.id),
        Role::Carrier | Role::Tms | Role::Channel => true,
        Role::Platform | Role::Ops => false,
    }
}
