//! `shipment-apply`: adds a ship confirm or a milestone to a shipment.

use canonical::{
    Code, Confirmed, EventType, Finding, Message, Milestone, MilestoneUpdate, ParkedAs, Release, Role, ShipConfirm,
    Shipment, ShipmentId, Transition,
};
use jiff::Timestamp;
use serde_json::json;

use crate::order_apply::violation;
use crate::{Absorbed, Cause, Decision, Outcome, Telling, Verdict, absorb, park};

/// The step's name.
pub const STEP: &str = "shipment-apply";

/// What a ship confirm comes to: a new version of the shipment, or a violation on record at the release.
#[derive(Debug, Clone, PartialEq)]
pub enum Confirming {
    /// For the shipment.
    Shipment(Decision<Shipment>),
    /// For the release.
    Release(Decision<Release>),
}

/// Decides a ship confirm. The shipment is the sender's own by its number; the release must be one that the sender runs.
pub fn confirm(
    release: &Release,
    shipment: Option<&Shipment>,
    confirm: &ShipConfirm,
    message: &Message,
    now: Timestamp,
) -> Confirming {
    let cause = Cause::message(message).at(confirm.shipped_at);
    if !release.may(&message.sender, Transition::ShipConfirm) {
        return Confirming::Release(violation(
            release,
            &message.sender,
            Transition::ShipConfirm,
            cause,
            Some(message),
            STEP,
            now,
        ));
    }
    Confirming::Shipment(confirm_owned(release, shipment, confirm, message, cause))
}

fn confirm_owned(
    release: &Release,
    shipment: Option<&Shipment>,
    confirm: &ShipConfirm,
    message: &Message,
    cause: Cause,
) -> Decision<Shipment> {
    let strange: Vec<Finding> = confirm
        .lines
        .iter()
        .filter(|line| !release.has_line_for(line))
        .map(|line| Finding {
            code: Code::UnknownLine,
            detail: match line.line_no {
                Some(no) => format!("line {no} with item {} in {} is not on the release", line.sku, line.uom),
                None => format!("item {} in {} is not on the release", line.sku, line.uom),
            },
            place: None,
        })
        .collect();
    let what = format!("ship confirm {}", confirm.shipment_no);
    if !strange.is_empty() {
        return park(STEP, message, ParkedAs::Quarantined, &what, strange, Some(release.id.to_string()));
    }
    let partner = &message.sender.scope.partner;
    let id = ShipmentId::derive(&release.tenant, partner, &confirm.shipment_no);
    let mut next = shipment.cloned().unwrap_or_else(|| Shipment::unknown(id.clone(), release.tenant.clone()));
    let content = serde_json::to_string(&(&release.id, &confirm.lines)).unwrap_or_default();
    match absorb(&mut next.absorbed, "confirm", &content) {
        Absorbed::New => {}
        Absorbed::Before => {
            return Decision::Nothing(Verdict::duplicate(format!("shipment {} confirmed before", confirm.shipment_no)));
        }
        Absorbed::Otherwise => {
            let detail = format!("shipment {} was confirmed before with other content", confirm.shipment_no);
            let finding = Finding { code: Code::ContentConflict, detail, place: None };
            return park(STEP, message, ParkedAs::Conflict, &what, vec![finding], Some(release.id.to_string()));
        }
    }
    next.confirmed = Some(Confirmed {
        partner: partner.clone(),
        release_id: release.id.clone(),
        erp: release.erp.clone(),
        confirm: confirm.clone(),
    });
    let id_text = id.to_string();
    let mut telling =
        Telling::new(STEP, cause, &id_text, Some(release.id.to_string()), next.seq).among(release.parties());
    telling.tell(
        EventType::ShipmentConfirmed,
        &format!("{partner}/{}/original", confirm.shipment_no),
        json!({
            "shipment_id": id, "release_id": release.id, "order_no": release.order.order_no,
            "customer_po": release.order.customer_po, "shipment_no": confirm.shipment_no, "partner": partner,
            "lines": confirm.lines, "scac": confirm.scac, "tracking_nos": confirm.tracking_nos,
            "ssccs": confirm.ssccs, "shipped_at": confirm.shipped_at, "arrived": next.has_arrived(), "warnings": confirm.warnings,
        }),
    );
    tell_proof(&mut telling, &next);
    next.seq = telling.seq();
    Decision::Write {
        next: Box::new(next),
        events: telling.into_events(),
        verdict: Verdict::applied(format!("shipment {} confirmed", confirm.shipment_no)),
    }
}

/// Decides a milestone. A shipment of which nothing is known yet takes it too: the ship confirm may come later.
pub fn milestone(shipment: &Shipment, update: &MilestoneUpdate, message: &Message) -> Decision<Shipment> {
    let sender = &message.sender;
    let mut next = shipment.clone();
    let release_id = shipment.confirmed.as_ref().map(|confirmed| confirmed.release_id.clone());
    let cause = Cause::message(message).at(update.occurred_at);
    let id_text = shipment.id.to_string();
    let correlation_id = release_id.as_ref().map(ToString::to_string);
    let parties = shipment.confirmed.iter().flat_map(|it| [it.erp.clone(), it.partner.clone()]).collect();
    let mut telling = Telling::new(STEP, cause, &id_text, correlation_id, shipment.seq).among(parties);
    let partner = &sender.scope.partner;
    if !owns(shipment, update, message) {
        let transition = Transition::Milestone;
        if absorb(&mut next.absorbed, &format!("violation/{}", message.id), "") != Absorbed::New {
            return Decision::Nothing(Verdict::duplicate("ownership violation recorded before"));
        }
        let detail =
            format!("{partner} tried {}, which belongs to {}", transition.as_str(), transition.owner().as_str());
        telling.tell(
            EventType::OwnershipViolation,
            &format!("{}/{}", message.id, transition.as_str()),
            json!({
                "shipment_id": shipment.id, "release_id": release_id, "transition": transition,
                "owner": transition.owner(), "sender": partner, "sender_roles": sender.roles,
            }),
        );
        next.seq = telling.seq();
        return Decision::Write {
            next: Box::new(next),
            events: telling.into_events(),
            verdict: Verdict::because(Outcome::Rejected, Code::OwnershipViolation, detail),
        };
    }
    let what = format!(
        "{partner}/{}/{}/{}",
        update.code.as_str(),
        update.occurred_at,
        update.tracking_no.as_deref().unwrap_or("")
    );
    let key = format!("milestone/{what}");
    if absorb(&mut next.absorbed, &key, "") != Absorbed::New && !crate::defect!(NoAbsorbCheck) {
        return Decision::Nothing(Verdict::duplicate(format!("{} recorded before", update.code.as_str())));
    }
    let proven_before = shipment.is_proven();
    next.milestones.push(Milestone {
        occurred_at: update.occurred_at,
        code: update.code,
        source: partner.clone(),
        place: update.place.clone(),
        tracking_no: update.tracking_no.clone(),
    });
    next.milestones.sort();
    telling.tell(
        EventType::MilestoneRecorded,
        &format!("{id_text}/{what}"),
        json!({
            "shipment_id": shipment.id, "release_id": release_id, "milestone": update.code, "arrived": next.has_arrived(),
            "occurred_at": update.occurred_at, "place": update.place, "tracking_no": update.tracking_no,
        }),
    );
    if !proven_before {
        tell_proof(&mut telling, &next);
    }
    next.seq = telling.seq();
    Decision::Write {
        next: Box::new(next),
        events: telling.into_events(),
        verdict: Verdict::applied(format!("{} recorded", update.code.as_str())),
    }
}

/// Whether the sender may speak of the shipment. A carrier, or the TMS that manages carriers, may of any; a warehouse only
/// of its own: that a label exists, and what its carriers told it if it relays them by contract.
fn owns(shipment: &Shipment, update: &MilestoneUpdate, message: &Message) -> bool {
    let sender = &message.sender;
    let permitted = sender.speaks_for(Role::Carrier)
        || (update.code == canonical::MilestoneCode::LabelCreated && sender.speaks_for(Role::Wms));
    let own = update.own || shipment.confirmed.as_ref().is_some_and(|it| it.partner == sender.scope.partner);
    permitted && (own || !sender.speaks_for(Role::Wms))
}

/// Proof of shipment and the invoice trigger, once both the confirm and the carrier's word are there, in either order.
fn tell_proof(telling: &mut Telling<'_>, next: &Shipment) {
    let (true, Some(confirmed)) = (next.is_proven(), &next.confirmed) else { return };
    let (id, release_id) = (&next.id, &confirmed.release_id);
    telling.tell(
        EventType::ProofOfShipment,
        &format!("{id}/1"),
        json!({ "shipment_id": id, "release_id": release_id }),
    );
    telling.tell(
        EventType::InvoiceTriggerRequested,
        &format!("{release_id}/{id}/on-proof-of-shipment"),
        json!({ "release_id": release_id, "shipment_id": id, "lines": confirmed.confirm.lines }),
    );
}
