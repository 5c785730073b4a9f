//! `order-dispatch`: places a release with its warehouse, passes on a cancel, writes an acknowledgment.
//!
//! Everything that the partner will know the document by is fixed here, in the one write that precedes sending: control
//! numbers, message number, depositor order number. A retry sends the same bytes; a new number is never taken for it.

use canonical::{
    Acknowledgment, AcknowledgmentDocument, Body, Code, Delivery, DeliveryId, DeliveryState, Digest, Dispatch, Event,
    EventType, Finding, Guarantee, Message, PartnerScope, Release, ReleaseId, Route, Subject, Target, Transition,
    short_hash,
};
use edi::ControlNumber;
use formats::x12::{Numbers, Purpose};
use jiff::Timestamp;
use partners::{Bundle, DocumentFormat, Operation, Profile};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::order_apply::record;
use crate::{Cause, Outcome, Telling, Verdict};

/// The step's name.
pub const STEP: &str = "order-dispatch";
/// Functional identifier code of a 940 (X12 element 479).
pub const GROUP_940: &str = "OW";
/// Media type of X12 (RFC 1767).
const X12_MEDIA_TYPE: &str = "application/EDI-X12";
/// Media type of EDIFACT (RFC 1767).
const EDIFACT_MEDIA_TYPE: &str = "application/EDIFACT";

/// The last control numbers given out to a partner. A partner's numbers rise by one for each interchange, without gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counters {
    /// ISA13.
    pub interchange: u32,
    /// GS06.
    pub group: u32,
}

impl Counters {
    /// The next numbers, and the counters after them. They go from 999999999 to 1.
    pub fn next(self) -> (Numbers, Self) {
        let following = |last: u32| ControlNumber::new(last).map_or(ControlNumber::FIRST, ControlNumber::next);
        let numbers = Numbers { interchange: following(self.interchange), group: following(self.group) };
        (numbers, Self { interchange: numbers.interchange.get(), group: numbers.group.get() })
    }
}

/// Which release a partner knows by a depositor order number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DepositorUse {
    /// The release.
    pub release_id: ReleaseId,
}

/// What was sent in a functional group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupSent {
    /// The delivery that carried it.
    pub delivery: DeliveryId,
    /// Its interchange control number.
    pub interchange: u32,
    /// Control number (ST02) and release of each set.
    pub sets: Vec<(String, ReleaseId)>,
    /// Whether it asked to cancel: its acknowledgment then changes nothing of the release.
    #[serde(default)]
    pub cancels: bool,
}

/// A document with its delivery, to be archived, written and sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// The document's bytes.
    pub document: Vec<u8>,
    /// Its delivery.
    pub delivery: Delivery,
    /// The partner's counters after it, where it took numbers.
    pub counters: Option<Counters>,
    /// The functional group that carries a release, by its control number.
    pub group: Option<(String, GroupSent)>,
}

/// What dispatching a release comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Dispatching {
    /// It is placed: one write of everything.
    Place {
        /// The release.
        release: Box<Release>,
        /// What is told.
        events: Vec<Event>,
        /// The document and its delivery.
        placed: Box<Placed>,
        /// The number under which the partner will know the order.
        depositor_order_no: String,
    },
    /// The release changes and nothing is sent.
    Write(Box<Release>, Vec<Event>, Verdict),
    /// It cannot be placed until somebody mends something. The release says so; the message is kept.
    Hold {
        /// The release, if it does not say so yet.
        release: Option<Box<Release>>,
        /// What is told.
        events: Vec<Event>,
        /// Why.
        finding: Finding,
    },
    /// It was placed before; its delivery may have to be sent again.
    Before(DeliveryId),
    /// Nothing is to be done.
    Nothing(Verdict),
}

/// The partner with which `release` would be placed, by the rules in force.
pub fn route<'a>(release: &Release, bundle: &'a Bundle) -> Result<(&'a Profile, Route), Finding> {
    let rule = bundle.house.route(&release.order).ok_or_else(|| Finding {
        code: Code::NoRoute,
        detail: format!(
            "no routing rule fits: warehouse {}, ship-to {} {}; add a rule and redrive {STEP}",
            release.order.warehouse.as_deref().unwrap_or("any"),
            release.order.ship_to.country,
            release.order.ship_to.region.as_deref().unwrap_or("(no region)"),
        ),
        place: None,
    })?;
    let profile = bundle.partner(&rule.partner).ok_or_else(|| Finding {
        code: Code::NoRoute,
        detail: format!("routing rule {} names partner {}, which has no profile", rule.name, rule.partner),
        place: None,
    })?;
    if let Some(reason) = &profile.disabled {
        let detail = format!("partner {} is disabled ({reason}); enable it and redrive {STEP}", profile.id);
        return Err(Finding { code: Code::PartnerDisabled, detail, place: None });
    }
    let route = Route {
        warehouse: rule.warehouse.clone(),
        partner: rule.partner.clone(),
        rule: rule.name.clone(),
        profile_version: bundle.version.to_string(),
    };
    Ok((profile, route))
}

/// The number under which a partner knows the order: the ERP's number, with the release's number from the second on.
pub fn depositor_order_no(release: &Release) -> String {
    match release.order.release_no {
        1 => release.order.order_no.clone(),
        no => format!("{}-{no}", release.order.order_no),
    }
}

/// Decides the placing of `release`. `counters` are those of the routed partner; `taken_by` is the release that already
/// has the depositor order number there.
pub fn place(
    release: &Release,
    cause: &Event,
    bundle: &Bundle,
    counters: Counters,
    taken_by: Option<&ReleaseId>,
    now: Timestamp,
) -> Dispatching {
    if let Some(dispatch) = &release.dispatch {
        return Dispatching::Before(dispatch.delivery.clone());
    }
    let id = release.id.to_string();
    let mut telling =
        Telling::new(STEP, Cause::event(cause), &id, Some(id.clone()), release.seq).among(release.parties());
    if release.facts.cancel_requested {
        return cancel_unsent(release, telling, now);
    }
    if release.waits_for_holds() {
        let held = "holds are open; it goes on when the last of them is lifted";
        return Dispatching::Nothing(Verdict::because(Outcome::Held, Code::ReleaseOnHold, held));
    }
    let number = depositor_order_no(release);
    if taken_by.is_some_and(|other| *other != release.id) {
        let detail = format!("depositor order number {number} belongs to another release at this partner");
        return hold(release, telling, Finding { code: Code::DepositorNumberTaken, detail, place: None }, now);
    }
    let (profile, route) = match route(release, bundle) {
        Ok(found) => found,
        Err(finding) => return hold(release, telling, finding, now),
    };
    let subject = Subject::Release { release_id: release.id.clone() };
    let document =
        Document { release, purpose: Purpose::Original, number: &number, warehouse: &route.warehouse, subject };
    let placed = match render(&document, bundle, profile, counters, now) {
        Ok(placed) => placed,
        Err(finding) => return hold(release, telling, finding, now),
    };
    let before = release.state();
    let mut next = release.clone();
    next.route = Some(route.clone());
    next.facts.held = None;
    next.dispatch = Some(Dispatch {
        delivery: placed.delivery.id.clone(),
        message_no: placed.delivery.message_no.clone(),
        depositor_order_no: number.clone(),
        at: now,
    });
    profile.clocks.on_placing(&mut next, now);
    let base = json!({ "release_id": release.id, "order_no": release.order.order_no, "route": route });
    telling.tell(EventType::ReleaseRouted, &format!("{id}/1"), base.clone());
    telling.tell(
        EventType::ReleaseDispatched,
        &format!("{id}/{}", placed.delivery.message_no),
        json!({
            "release_id": release.id, "order_no": release.order.order_no, "partner": route.partner,
            "message_no": placed.delivery.message_no, "depositor_order_no": number,
            "delivery_id": placed.delivery.id, "sha256": placed.delivery.body.sha256,
        }),
    );
    let after = next.state();
    let detail = format!(
        "rule {} → {} at {}; message {}",
        route.rule, route.partner, route.warehouse, placed.delivery.message_no
    );
    record(&mut next, &telling, Transition::Dispatch, "applied", (before, after), detail, now);
    Dispatching::Place {
        release: Box::new(next),
        events: telling.into_events(),
        placed: Box::new(placed),
        depositor_order_no: number,
    }
}

/// Nothing was sent, so the platform itself may cancel.
fn cancel_unsent(release: &Release, mut telling: Telling<'_>, now: Timestamp) -> Dispatching {
    if release.facts.cancel_accepted == Some(true) {
        return Dispatching::Nothing(Verdict::duplicate("cancelled before it was sent"));
    }
    let before = release.state();
    let mut next = release.clone();
    next.facts.cancel_accepted = Some(true);
    telling.tell(
        EventType::CancelAccepted,
        &format!("{}/cancel/true", release.id),
        json!({ "release_id": release.id, "order_no": release.order.order_no, "reason": "cancelled before it was sent" }),
    );
    let after = next.state();
    let detail = "cancelled before it was sent".to_owned();
    record(&mut next, &telling, Transition::CancelDecision, "applied", (before, after), detail.clone(), now);
    Dispatching::Write(Box::new(next), telling.into_events(), Verdict::applied(detail))
}

fn hold(release: &Release, mut telling: Telling<'_>, finding: Finding, now: Timestamp) -> Dispatching {
    let reason = format!("{}: {}", finding.code, finding.detail);
    if release.facts.held.as_deref() == Some(reason.as_str()) {
        return Dispatching::Hold { release: None, events: Vec::new(), finding };
    }
    let before = release.state();
    let mut next = release.clone();
    next.facts.held = Some(reason.clone());
    telling.tell(
        EventType::ReleaseHeld,
        &format!("{}/{}/{}", release.id, finding.code, short_hash(&finding.detail)),
        json!({ "release_id": release.id, "order_no": release.order.order_no, "code": finding.code, "reason": finding.detail }),
    );
    let after = next.state();
    record(&mut next, &telling, Transition::Dispatch, "held", (before, after), reason, now);
    Dispatching::Hold { release: Some(Box::new(next)), events: telling.into_events(), finding }
}

/// What a cancel of a placed release comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Cancelling {
    /// The partner is asked: one write of everything.
    Place {
        /// The release, which says so.
        release: Box<Release>,
        /// The document and its delivery.
        placed: Box<Placed>,
    },
    /// It was asked before; the delivery may have to be sent again.
    Before(DeliveryId),
    /// It was never placed: decided by [`place`].
    NotPlaced,
    /// Nothing is left to ask.
    Over(Verdict),
    /// The order itself is still on its way to the partner: a cancel that overtook it would be lost.
    Wait,
    /// It cannot be asked until somebody mends something.
    Hold(Finding),
}

/// The id of the delivery that asks `partner` to cancel `release`.
fn cancel_delivery(release: &Release, partner: &PartnerScope) -> DeliveryId {
    DeliveryId::derive(&partner.tenant, &partner.partner, &format!("{}/cancel", release.id))
}

/// Decides how a cancel is passed on. `order` is how far the delivery of the order itself has come.
///
/// That it was passed on stands in the release. So it cannot be passed on under a state of the release that is gone: not
/// even by a write that takes effect long after its caller gave up and somebody else found nothing left to ask.
pub fn place_cancel(
    release: &Release,
    cause: &Event,
    bundle: &Bundle,
    counters: Counters,
    order: DeliveryState,
    now: Timestamp,
) -> Cancelling {
    let (Some(route), Some(dispatch)) = (&release.route, &release.dispatch) else { return Cancelling::NotPlaced };
    let Some(profile) = bundle.partner(&route.partner) else {
        let detail = format!("partner {} has no profile any more", route.partner);
        return Cancelling::Hold(Finding { code: Code::NoRoute, detail, place: None });
    };
    if crate::defect!(CancelForgotten) && release.facts.cancel_accepted.is_some() {
        return Cancelling::Over(Verdict::duplicate("the cancel is decided"));
    }
    // What was decided is carried to its end, whatever has happened since.
    if let Some(asked) = &release.cancel_dispatch {
        return Cancelling::Before(asked.delivery.clone());
    }
    if release.facts.cancel_accepted.is_some() || release.lines().iter().any(|line| !line.shipped.is_zero()) {
        return Cancelling::Over(Verdict::duplicate("the cancel is decided, or goods have left"));
    }
    if order == DeliveryState::Pending && !crate::defect!(CancelOvertakes) {
        return Cancelling::Wait;
    }
    let document = Document {
        release,
        purpose: Purpose::Cancel,
        number: &dispatch.depositor_order_no,
        warehouse: &route.warehouse,
        subject: Subject::Cancel { release_id: release.id.clone() },
    };
    let placed = match render(&document, bundle, profile, counters, now) {
        Ok(placed) => placed,
        Err(finding) => return Cancelling::Hold(finding),
    };
    let mut next = release.clone();
    next.cancel_dispatch = Some(Dispatch {
        delivery: placed.delivery.id.clone(),
        message_no: placed.delivery.message_no.clone(),
        depositor_order_no: dispatch.depositor_order_no.clone(),
        at: now,
    });
    let id = release.id.to_string();
    let telling = Telling::new(STEP, Cause::event(cause), &id, Some(id.clone()), release.seq);
    let (state, detail) = (release.state(), format!("cancel passed on as message {}", placed.delivery.message_no));
    record(&mut next, &telling, Transition::Dispatch, "applied", (state, state), detail, now);
    Cancelling::Place { release: Box::new(next), placed: Box::new(placed) }
}

/// The id of the delivery that answers `message`'s acknowledgment duty: one for each functional group received.
pub fn acknowledgment_delivery(message: &Message) -> DeliveryId {
    let scope = &message.sender.scope;
    DeliveryId::derive(&scope.tenant, &scope.partner, message.id.as_str())
}

/// Numbers an acknowledgment that we owe.
pub fn place_acknowledgment(
    message: &Message,
    owed: &Acknowledgment,
    bundle: &Bundle,
    counters: Counters,
    now: Timestamp,
) -> Result<Placed, Finding> {
    let scope = &message.sender.scope;
    let profile = bundle.partner(&scope.partner).ok_or_else(|| Finding {
        code: Code::Misconfigured,
        detail: format!("partner {} has no profile", scope.partner),
        place: None,
    })?;
    let (numbers, after) = counters.next();
    let grouped =
        matches!(owed.document, AcknowledgmentDocument::Functional997 | AcknowledgmentDocument::Implementation999);
    // A TA1 and a CONTRL stand in no functional group: the next group has no gap before it.
    let counters = if grouped { after } else { Counters { group: counters.group, ..after } };
    let document = formats::x12::acknowledgment(owed, &bundle.house, profile, numbers, now)?;
    let content_type = match owed.document {
        AcknowledgmentDocument::Contrl => EDIFACT_MEDIA_TYPE,
        _ => X12_MEDIA_TYPE,
    };
    let mut id = acknowledgment_delivery(message);
    if crate::defect!(NewNumberOnRetry) {
        id = DeliveryId::derive(&scope.tenant, &scope.partner, &format!("{}/{}", message.id, numbers.interchange));
    }
    let delivery = Delivery::pending(
        id,
        scope.clone(),
        Subject::Acknowledgment { group: owed.group.clone() },
        numbers.interchange.to_string(),
        Target::File { name: format!("{}-{}.edi", owed.document.as_str(), numbers.interchange) },
        Body { sha256: Digest::of(&document), content_type: content_type.to_owned() },
        Guarantee::Dedupes,
    )
    .decided(now, &bundle.version);
    Ok(Placed { document, delivery, counters: Some(counters), group: None })
}

/// A document about a release, not yet numbered.
struct Document<'a> {
    release: &'a Release,
    purpose: Purpose,
    number: &'a str,
    warehouse: &'a str,
    subject: Subject,
}

fn render(
    document: &Document<'_>,
    bundle: &Bundle,
    profile: &Profile,
    counters: Counters,
    now: Timestamp,
) -> Result<Placed, Finding> {
    let receiver = profile.scope(&bundle.house.tenant);
    let release = document.release;
    let format = profile.releases.as_ref().map(|placing| placing.format).ok_or_else(|| Finding {
        code: Code::NoRoute,
        detail: format!("partner {} takes no releases", profile.id),
        place: None,
    })?;
    let id = match document.purpose {
        Purpose::Original => DeliveryId::derive(&receiver.tenant, &receiver.partner, release.id.as_str()),
        Purpose::Cancel => cancel_delivery(release, &receiver),
    };
    let (bytes, message_no, target, content_type, terms, counters, group) = match format {
        DocumentFormat::X12Ship940 => {
            let (numbers, after) = counters.next();
            let bytes = formats::x12::ship_940(
                release,
                document.purpose,
                document.number,
                document.warehouse,
                &bundle.house,
                profile,
                numbers,
                now,
            )?;
            let sent = GroupSent {
                delivery: id.clone(),
                interchange: numbers.interchange.get(),
                sets: vec![(formats::x12::SET_CONTROL.to_owned(), release.id.clone())],
                cancels: document.purpose == Purpose::Cancel,
            };
            let group = Some((numbers.group.get().to_string(), sent));
            let name = format!("940-{}.edi", numbers.interchange);
            let message_no = numbers.interchange.to_string();
            (bytes, message_no, Target::File { name }, X12_MEDIA_TYPE, Guarantee::Dedupes.into(), Some(after), group)
        }
        DocumentFormat::Json => {
            let message_no = id.to_string();
            let bytes = match document.purpose {
                Purpose::Original => formats::release_json::order(
                    release,
                    document.number,
                    &message_no,
                    document.warehouse,
                    &bundle.house,
                ),
                Purpose::Cancel => formats::release_json::cancel(release, document.number, &message_no),
            };
            let operation = match document.purpose {
                Purpose::Original => Operation::Release,
                Purpose::Cancel => Operation::Cancel,
            };
            let terms =
                profile.endpoint.as_ref().map_or(Guarantee::Dedupes.into(), |endpoint| endpoint.terms(operation));
            (bytes, message_no, Target::Http, "application/json", terms, None, None)
        }
    };
    let body = Body { sha256: Digest::of(&bytes), content_type: content_type.to_owned() };
    let mut delivery = Delivery::pending(id, receiver, document.subject.clone(), message_no, target, body, terms)
        .decided(now, &bundle.version);
    delivery.ship_by = release.order.ship_by;
    Ok(Placed { document: bytes, delivery, counters, group })
}
