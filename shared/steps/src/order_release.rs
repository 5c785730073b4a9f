//! `order-release`: the ERP's request becomes a release; a cancel becomes a fact of it.

use canonical::{
    ArchiveRef, Code, Digest, Event, EventType, Facts, Finding, HoldAsked, HoldId, OrderRelease, PartnerId, Place,
    Principal, Release, ReleaseId, ReleaseState, Role, Trace, Transition,
};
use formats::api::{ReleaseTaken, ReleaseView};
use jiff::Timestamp;
use partners::{Bundle, Clocks, Permits};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::order_apply::record;
use crate::{Absorbed, Cause, Telling, absorb};

/// The step's name.
pub const STEP: &str = "order-release";
/// The request for a release, as a profile permits it.
pub const ORDER_RELEASE: &str = "order-release";
/// The request for a cancel, as a profile permits it.
pub const ORDER_CANCEL: &str = "order-cancel";
/// The request to place or lift a hold, as a profile permits it.
pub const ORDER_HOLD: &str = "order-hold";
/// Longest idempotency key, in characters, as in the common drafts of the header.
pub const IDEMPOTENCY_KEY_LEN_MAX: usize = 255;

/// What an idempotency key was used for. It lies beside the release, is written in the same write, and never expires.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyUse {
    /// The body that came with it.
    pub body: Digest,
    /// The release.
    pub release_id: ReleaseId,
    /// The answer, byte for byte.
    pub answer: String,
}

/// A new release, with what is told of it and the answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Accepted {
    /// The release.
    pub release: Release,
    /// What is told.
    pub events: Vec<Event>,
    /// What the key was used for.
    pub key_use: KeyUse,
}

/// What of `order` its sender's profile does not permit: a warehouse, an account.
pub fn not_permitted(order: &OrderRelease, permits: &Permits) -> Vec<Finding> {
    let asked = [("warehouse", &order.warehouse, &permits.warehouses), ("account", &order.account, &permits.accounts)];
    let outside = asked.into_iter().filter(|(_, given, permitted)| {
        !permitted.is_empty() && !given.as_ref().is_some_and(|given| permitted.contains(given))
    });
    outside
        .map(|(field, _, permitted)| {
            let known: Vec<&str> = permitted.iter().map(String::as_str).collect();
            let detail = format!("must be one of {}, which your profile permits", known.join(", "));
            Finding { code: Code::NotPermitted, detail, place: Some(Place::Pointer(format!("/{field}"))) }
        })
        .collect()
}

/// Makes a release of a checked request, with the holds that it asks for and those that the house's rules place.
pub fn accept(
    order: OrderRelease,
    body: &[u8],
    sender: &Principal,
    bundle: &Bundle,
    trace: Option<&Trace>,
    now: Timestamp,
) -> Accepted {
    let (tenant, erp) = (&sender.scope.tenant, &sender.scope.partner);
    let id = ReleaseId::derive(tenant, erp, &order.order_no, order.release_no);
    let raw = ArchiveRef::whole(body);
    let id_text = id.to_string();
    let cause = Cause {
        id: id_text.clone(),
        tenant: tenant.clone(),
        partner: erp.clone(),
        occurred_at: now,
        received_at: now,
        profile_version: bundle.version.to_string(),
        raw: Some(raw.clone()),
        trace: trace.cloned(),
    };
    let mut release = Release {
        id: id.clone(),
        tenant: tenant.clone(),
        erp: erp.clone(),
        order,
        raw: raw.clone(),
        received_at: now,
        route: None,
        dispatch: None,
        cancel_dispatch: None,
        expectations: Vec::new(),
        facts: Facts::default(),
        since: now,
        seq: 0,
        absorbed: std::collections::BTreeMap::new(),
        history: Vec::new(),
    };
    let mut telling = Telling::new(STEP, cause, &id_text, Some(id_text.clone()), 0).among(release.parties());
    let dedup_key = format!("{erp}/{}/{}/1", release.order.order_no, release.order.release_no);
    let data = json!({
        "release_id": id, "order_no": release.order.order_no, "release_no": release.order.release_no,
        "customer_po": release.order.customer_po, "state": ReleaseState::Validated,
    });
    telling.tell(EventType::ReleaseRequested, &dedup_key, data.clone());
    telling.tell(EventType::ReleaseValidated, &dedup_key, data);
    let state = ReleaseState::Validated;
    record(
        &mut release,
        &telling,
        Transition::Request,
        "applied",
        (state, state),
        "requested and validated".to_owned(),
        now,
    );
    for (hold, asked, placed_by) in holds(&release, bundle) {
        crate::holds::add(&mut release, &mut telling, hold, &asked, &placed_by, now);
    }
    let key_use = KeyUse { body: raw.sha256, answer: answer(&release), release_id: id };
    Accepted { release, events: telling.into_events(), key_use }
}

/// The holds with which a release begins: their ids, what they say and who places them.
fn holds(release: &Release, bundle: &Bundle) -> Vec<(HoldId, HoldAsked, PartnerId)> {
    let asked = release.order.holds.iter().map(|hold| {
        (HoldId::derive(&release.id, &["request", hold.reason.as_str()]), hold.clone(), release.erp.clone())
    });
    let ruled = bundle.house.holds_on(&release.order).map(|rule| {
        let hold = HoldAsked { reason: rule.reason, detail: rule.detail.clone() };
        (HoldId::derive(&release.id, &["rule", &rule.name]), hold, PartnerId::platform())
    });
    asked.chain(ruled).collect()
}

/// The answer to the request that made `release`: of what never changes, so that it is the same whenever it is given.
pub fn answer(release: &Release) -> String {
    // Text and numbers alone: this cannot fail.
    serde_json::to_string(&ReleaseTaken::of(release)).unwrap_or_default()
}

/// What a cancel comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Cancel {
    /// It is on record now.
    Write(Box<Release>, Vec<Event>),
    /// It was on record before.
    Already,
    /// The warehouse is at work, or done.
    TooLate(ReleaseState),
}

/// Decides a cancel asked for by the release's own ERP.
///
/// `clocks` are those of the warehouse partner that it is routed to, if it is.
pub fn cancel(
    release: &Release,
    sender: &Principal,
    clocks: Option<&Clocks>,
    profile_version: &str,
    trace: Option<&Trace>,
    now: Timestamp,
) -> Cancel {
    let before = release.state();
    if release.facts.cancel_requested {
        return Cancel::Already;
    }
    if matches!(
        before,
        ReleaseState::InProcess | ReleaseState::PartiallyShipped | ReleaseState::Shipped | ReleaseState::Delivered
    ) {
        return Cancel::TooLate(before);
    }
    let mut next = release.clone();
    if absorb(&mut next.absorbed, "cancel-request", "") != Absorbed::New {
        return Cancel::Already;
    }
    next.facts.cancel_requested = true;
    if let Some(clocks) = clocks {
        clocks.on_cancel(&mut next, now);
    }
    let id = release.id.to_string();
    let cause = Cause {
        id: format!("{id}/cancel"),
        tenant: release.tenant.clone(),
        partner: sender.scope.partner.clone(),
        occurred_at: now,
        received_at: now,
        profile_version: profile_version.to_owned(),
        raw: None,
        trace: trace.cloned(),
    };
    let mut telling = Telling::new(STEP, cause, &id, Some(id.clone()), release.seq).among(release.parties());
    telling.tell(
        EventType::CancelRequested,
        &format!("{id}/1"),
        json!({ "release_id": release.id, "order_no": release.order.order_no, "state": next.state() }),
    );
    let to = next.state();
    record(&mut next, &telling, Transition::CancelRequest, "applied", (before, to), "cancel requested".to_owned(), now);
    Cancel::Write(Box::new(next), telling.into_events())
}

/// What `principal`, who may see the release, sees of it. Why it was held is between its owners: the warehouse is not told
/// of a customer's credit.
pub fn view(release: &Release, principal: &Principal) -> Value {
    let of_owners = principal.speaks_for(Role::Erp) || principal.speaks_for(Role::Ops);
    let view = ReleaseView::of(release);
    let view = if of_owners { view } else { ReleaseView { holds: &[], ..view } };
    // Names to text and numbers alone: this cannot fail.
    serde_json::to_value(view).unwrap_or_default()
}
