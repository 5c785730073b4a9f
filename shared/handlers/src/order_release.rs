//! `order-release`: the ERP's synchronous interface.

use canonical::{Code, PartnerScope, Principal, Release, ReleaseId, Role};
use formats::api::{CancelTaken, Operation};
use formats::limits::BODY_LEN_MAX;
use jiff::Timestamp;
use partners::{Bundle, Profile};
use ports::{
    Archive, Commit, CommitError, Fault, Key, KeySets, Limits, Profiles, Put, Scope, Stored, Table, TableExt as _,
    WaitIndex,
};
use steps::order_release::{self as step, Cancel, IDEMPOTENCY_KEY_LEN_MAX, KeyUse};

use crate::releases::{ROUNDS_MAX, load, put_new, put_next, put_part, write};
use crate::{Request, Response, authorize, edge, stuck};

/// The function `order-release`.
#[derive(Debug)]
pub struct OrderReleases<T, A, P, K, L> {
    /// Where releases lie.
    pub table: T,
    /// Where raw bytes lie.
    pub archive: A,
    /// The partners.
    pub profiles: P,
    /// Public keys of their authorization servers.
    pub keys: K,
    /// How many requests there were.
    pub limits: L,
}

impl<T: Table + WaitIndex, A: Archive, P: Profiles, K: KeySets, L: Limits> OrderReleases<T, A, P, K, L> {
    /// Answers one request.
    pub async fn handle(&self, request: &Request, scope: Scope) -> Response {
        self.route(request, scope).await.unwrap_or_else(|fault| Response::fault(&fault)).of(request)
    }

    async fn route(&self, request: &Request, scope: Scope) -> Result<Response, Fault> {
        let (operation, open) = match edge::operation(request) {
            Ok(found) => found,
            Err(refused) => return Ok(refused),
        };
        let bundle = self.profiles.bundle().await?;
        let sender = match authorize::sender(request, &bundle, &self.keys, scope.now).await? {
            Ok(sender) => sender,
            Err(refusal) => return Ok(Response::refusal(refusal)),
        };
        let principal = sender.principal(&bundle.house.tenant);
        let admitted = match edge::admit(request, sender, &bundle.house, &self.limits, scope.now).await {
            Ok(admitted) => admitted,
            Err(refused) => return Ok(refused.to(&sender.id)),
        };
        // From here on the bytes are the partner's word, and are kept whatever they say.
        if !request.body.is_empty() && request.body.len() <= BODY_LEN_MAX {
            self.archive.keep(&request.body).await?;
        }
        if let Some(reason) = &sender.disabled {
            return Ok(admitted.seal(disabled(sender, reason)).to(&principal.scope.partner));
        }
        let response = match (operation, open.as_slice()) {
            (Operation::ReleaseOrder, _) => self.create(request, sender, &bundle, scope.now).await?,
            (Operation::ShowRelease, [id]) => self.show(id, &principal).await?,
            (Operation::CancelRelease, _) if !sender.permits.may_send(step::ORDER_CANCEL) => {
                let detail = "your profile does not permit to cancel";
                Response::problem(403, Code::NotPermitted, detail, Vec::new())
            }
            (Operation::CancelRelease, [id]) => self.cancel(request, id, &principal, &bundle, scope.now).await?,
            (Operation::HoldRelease | Operation::LiftHold, _) if !sender.permits.may_send(step::ORDER_HOLD) => {
                let detail = "your profile does not permit to hold releases";
                Response::problem(403, Code::NotPermitted, detail, Vec::new())
            }
            (Operation::HoldRelease, [id]) => self.hold(request, id, &principal, &bundle, scope.now).await?,
            (Operation::LiftHold, [id, hold]) => self.lift(request, (id, hold), &principal, &bundle, scope.now).await?,
            (Operation::ListStuck, _) if !principal.speaks_for(Role::Erp) && !principal.speaks_for(Role::Ops) => {
                let detail = "only an ERP, for its own orders, and operations ask which are stuck";
                Response::problem(403, Code::NotPermitted, detail, Vec::new())
            }
            (Operation::ListStuck, _) => stuck::stuck(&self.table, request, &principal, &bundle, scope.now).await?,
            _ => not_found("no such operation"),
        };
        Ok(admitted.seal(response).to(&principal.scope.partner))
    }

    async fn create(
        &self,
        request: &Request,
        profile: &Profile,
        bundle: &Bundle,
        now: Timestamp,
    ) -> Result<Response, Fault> {
        let sender = &profile.principal(&bundle.house.tenant);
        if !sender.speaks_for(Role::Erp) {
            let detail = "only a partner with role erp releases orders";
            return Ok(Response::problem(403, Code::NotPermitted, detail, Vec::new()));
        }
        if !profile.permits.may_send(step::ORDER_RELEASE) {
            let detail = "your profile does not permit to release orders";
            return Ok(Response::problem(403, Code::NotPermitted, detail, Vec::new()));
        }
        let key = match idempotency_key(request) {
            Ok(key) => key,
            Err(refused) => return Ok(refused),
        };
        let scope = &sender.scope;
        let key = Key::idempotency(scope, key);
        if let Some(used) = self.table.get::<KeyUse>(&key).await? {
            return Ok(again(&used.value, &request.body));
        }
        let order = match formats::order_json::parse(&request.body) {
            Ok(order) => order,
            Err(findings) => return Ok(invalid(findings, "released")),
        };
        let outside = step::not_permitted(&order, &profile.permits);
        if !outside.is_empty() {
            let detail = "the order is for a warehouse or account that your profile does not permit";
            return Ok(Response::problem(403, Code::NotPermitted, detail, outside));
        }
        let accepted = step::accept(order, &request.body, sender, bundle, request.trace().as_ref(), now);
        // The release, whose it is, and what its key was used for: one write, so that none is ever without the others.
        let puts = vec![
            put_new(scope, &accepted.release, accepted.events)?,
            put_part(scope, &accepted.release.id)?,
            Put::new(key.clone(), &accepted.key_use)?,
        ];
        match self.table.commit(Commit { puts }).await {
            Ok(()) => Ok(accepted_answer(&accepted.key_use)),
            Err(CommitError::Busy) => Ok(in_progress()),
            Err(CommitError::Fault(fault)) => Err(fault),
            Err(CommitError::Lost) => self.settle(request, &accepted.release, &key, scope).await,
        }
    }

    /// The key or the release was there already: whose, and with what?
    async fn settle(
        &self,
        request: &Request,
        asked: &Release,
        key: &Key,
        scope: &PartnerScope,
    ) -> Result<Response, Fault> {
        if let Some(used) = self.table.get::<KeyUse>(key).await? {
            return Ok(again(&used.value, &request.body));
        }
        let Some(Stored { value: release, .. }) = load(&self.table, scope, &asked.id).await? else {
            return Ok(in_progress());
        };
        if release.order != asked.order {
            let detail = format!(
                "release {} of order {} exists as {} with other content; a changed release needs its own release_no",
                release.order.release_no, release.order.order_no, release.id
            );
            return Ok(Response::problem(409, Code::ReleaseExists, detail, Vec::new()));
        }
        // The same release under a second key: that key gives the same answer from now on.
        let key_use = KeyUse {
            body: canonical::Digest::of(&request.body),
            release_id: release.id.clone(),
            answer: step::answer(&release),
        };
        Ok(if write(&self.table, vec![Put::new(key.clone(), &key_use)?]).await? {
            Response { outcome: "duplicate", ..accepted_answer(&key_use) }
        } else {
            in_progress()
        })
    }

    async fn show(&self, id: &str, sender: &Principal) -> Result<Response, Fault> {
        Ok(match self.visible(id, sender).await? {
            Some(stored) => Response::json(200, step::view(&stored.value, sender).to_string(), "answered"),
            None => not_found("no such release"),
        })
    }

    async fn cancel(
        &self,
        request: &Request,
        id: &str,
        sender: &Principal,
        bundle: &Bundle,
        now: Timestamp,
    ) -> Result<Response, Fault> {
        for _ in 0..ROUNDS_MAX {
            let Some(Stored { version, value: release }) = self.visible(id, sender).await? else {
                return Ok(not_found("no such release"));
            };
            if !release.may(sender, canonical::Transition::CancelRequest) {
                let detail = "a cancel belongs to the ERP that released the order";
                return Ok(Response::problem(403, Code::OwnershipViolation, detail, Vec::new()));
            }
            let warehouse = release.route.as_ref().and_then(|route| bundle.partner(&route.partner));
            let clocks = warehouse.map(|profile| &profile.clocks);
            match step::cancel(&release, sender, clocks, bundle.version.as_str(), request.trace().as_ref(), now) {
                Cancel::Already => return Ok(cancel_answer(&release, "duplicate")),
                Cancel::TooLate(state) => {
                    let detail = format!("the release is {state}; returns are the way back now");
                    return Ok(Response::problem(409, Code::CancelWindowClosed, detail, Vec::new()));
                }
                Cancel::Write(next, events) => {
                    let put = put_next(&sender.scope, version, &next, events)?;
                    if write(&self.table, vec![put]).await? {
                        return Ok(cancel_answer(&next, "applied"));
                    }
                }
            }
        }
        Ok(in_progress())
    }

    /// The release, if it is there and the partner has a part in it. What is not the partner's is not there. Operations
    /// have a part in every release of the distributor.
    pub(crate) async fn visible(&self, id: &str, sender: &Principal) -> Result<Option<Stored<Release>>, Fault> {
        let Ok(id) = id.parse::<ReleaseId>() else { return Ok(None) };
        let scope = &sender.scope;
        if sender.speaks_for(Role::Ops) {
            return load(&self.table, scope, &id).await;
        }
        if self.table.load(&Key::part(scope, &id)).await?.is_none() {
            return Ok(None);
        }
        let stored = load(&self.table, scope, &id).await?;
        Ok(stored.filter(|stored| stored.value.is_visible_to(&scope.partner)))
    }
}

fn accepted_answer(key_use: &KeyUse) -> Response {
    Response::json(202, key_use.answer.clone(), "applied")
        .with_header("location", format!("/v1/order-releases/{}", key_use.release_id))
        .with_header("x-correlation-id", key_use.release_id.as_str())
}

fn again(used: &KeyUse, body: &[u8]) -> Response {
    if used.body == canonical::Digest::of(body) {
        return Response { outcome: "duplicate", ..accepted_answer(used) };
    }
    let detail = format!("this key released {} with another body; a new request needs a new key", used.release_id);
    Response::problem(422, Code::IdempotencyKeyReused, detail, Vec::new())
}

pub(crate) fn idempotency_key(request: &Request) -> Result<&str, Response> {
    let key = request.header("idempotency-key").unwrap_or_default();
    if (1..=IDEMPOTENCY_KEY_LEN_MAX).contains(&key.len()) {
        return Ok(key);
    }
    let detail = format!("send Idempotency-Key once, with 1 to {IDEMPOTENCY_KEY_LEN_MAX} characters");
    Err(Response::problem(400, Code::HeaderMissing, detail, Vec::new()))
}

pub(crate) fn invalid(findings: Vec<canonical::Finding>, not_done: &str) -> Response {
    let detail = match findings.len() {
        1 => format!("1 field is wrong; nothing was {not_done}"),
        count => format!("{count} fields are wrong; nothing was {not_done}"),
    };
    Response::invalid(detail, findings)
}

fn cancel_answer(release: &Release, outcome: &'static str) -> Response {
    // Text alone: this cannot fail.
    let body = serde_json::to_vec(&CancelTaken::of(release)).unwrap_or_default();
    Response::json(202, body, outcome).with_header("x-correlation-id", release.id.as_str())
}

pub(crate) fn in_progress() -> Response {
    let detail = "a request for the same release is still running; ask again with the same key";
    Response::problem(409, Code::RequestInProgress, detail, Vec::new()).again()
}

/// What a disabled partner is answered. What it sent is kept, and nothing comes of it.
pub(crate) fn disabled(profile: &Profile, reason: &str) -> Response {
    // The reason is for the distributor's own people; the partner learns whom to ask.
    tracing::warn!(partner = profile.id.as_str(), reason, "a disabled partner was refused");
    let detail = "nothing is taken from you for now; ask the distributor, and send it again afterwards";
    Response::problem(403, Code::PartnerDisabled, detail, Vec::new()).to(&profile.id)
}

pub(crate) fn not_found(detail: &str) -> Response {
    Response::problem(404, Code::NotFound, detail, Vec::new())
}
