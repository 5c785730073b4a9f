//! Holds, as `order-release` takes them: load, decide, one conditional write.

use canonical::{Code, Event, HoldAsked, HoldId, Principal, Release, Role};
use formats::api::{HoldStatus, HoldTaken};
use jiff::Timestamp;
use partners::Bundle;
use ports::{Archive, Fault, KeySets, Limits, Profiles, Stored, Table, WaitIndex};
use steps::holds::{self as step, Asking, Holding};

use crate::order_release::{idempotency_key, in_progress, invalid, not_found};
use crate::releases::{ROUNDS_MAX, put_next, write};
use crate::{OrderReleases, Request, Response};

/// What is written before an answer is given.
type Writes = (Box<Release>, Vec<Event>);

/// What is asked of a hold.
enum Wanted<'a> {
    /// That it is placed, under this idempotency key.
    Placed(&'a str, HoldAsked),
    /// That it is lifted.
    Lifted(HoldId),
}

impl<T: Table + WaitIndex, A: Archive, P: Profiles, K: KeySets, L: Limits> OrderReleases<T, A, P, K, L> {
    /// Places a hold on the release `id`.
    pub(crate) async fn hold(
        &self,
        request: &Request,
        id: &str,
        sender: &Principal,
        bundle: &Bundle,
        now: Timestamp,
    ) -> Result<Response, Fault> {
        let key = match idempotency_key(request) {
            Ok(key) => key,
            Err(refused) => return Ok(refused),
        };
        match formats::order_json::parse_hold(&request.body) {
            Ok(asked) => self.decide(request, id, Wanted::Placed(key, asked), sender, bundle, now).await,
            Err(findings) => Ok(invalid(findings, "held")),
        }
    }

    /// Lifts the hold `hold` of the release `id`.
    pub(crate) async fn lift(
        &self,
        request: &Request,
        (id, hold): (&str, &str),
        sender: &Principal,
        bundle: &Bundle,
        now: Timestamp,
    ) -> Result<Response, Fault> {
        match hold.parse() {
            Ok(hold) => self.decide(request, id, Wanted::Lifted(hold), sender, bundle, now).await,
            Err(_) => Ok(not_found("no such hold")),
        }
    }

    async fn decide(
        &self,
        request: &Request,
        id: &str,
        wanted: Wanted<'_>,
        sender: &Principal,
        bundle: &Bundle,
        now: Timestamp,
    ) -> Result<Response, Fault> {
        let trace = request.trace();
        let asking = Asking { sender, profile_version: bundle.version.as_str(), trace: trace.as_ref(), now };
        for _ in 0..ROUNDS_MAX {
            let Some(Stored { version, value: release }) = self.visible(id, sender).await? else {
                return Ok(not_found("no such release"));
            };
            let (hold, status, decided) = match &wanted {
                Wanted::Placed(key, asked) => {
                    let hold = step::hold_id(&release, &sender.scope.partner, key);
                    let decided = step::place(&release, &hold, asked, asking);
                    (hold, HoldStatus::Placed, decided)
                }
                Wanted::Lifted(hold) => (hold.clone(), HoldStatus::Lifted, step::lift(&release, hold, asking)),
            };
            let (answer, writes) = answer(&release, &hold, status, decided);
            let Some((next, events)) = writes else { return Ok(answer) };
            if write(&self.table, vec![put_next(&sender.scope, version, &next, events)?]).await? {
                return Ok(answer);
            }
        }
        Ok(in_progress())
    }
}

/// The answer, and what has to be written before it is given.
fn answer(release: &Release, hold: &HoldId, status: HoldStatus, decided: Holding) -> (Response, Option<Writes>) {
    let taken = |outcome| {
        // Text alone: this cannot fail.
        let body = serde_json::to_vec(&HoldTaken::of(release, hold, status)).unwrap_or_default();
        Response::json(200, body, outcome).with_header("x-correlation-id", release.id.as_str())
    };
    let refused = |status, code, detail: &str| (Response::problem(status, code, detail, Vec::new()), None);
    match decided {
        Holding::Write(next, events) => (taken("applied"), Some((next, events))),
        Holding::Already => (taken("duplicate"), None),
        Holding::KeyReused => {
            let detail = "this key held the release for something else; another hold needs a new key";
            refused(422, Code::IdempotencyKeyReused, detail)
        }
        Holding::TooLate => {
            let state = release.state();
            let detail = format!("the release is {state}: it can be cancelled, but not held back any more");
            refused(409, Code::HoldWindowClosed, &detail)
        }
        Holding::TooMany => {
            let most = canonical::HOLDS_MAX;
            let detail = format!("the release had {most} holds, and remembers no more; cancel it, or let it go");
            refused(409, Code::HoldWindowClosed, &detail)
        }
        Holding::Unknown => refused(404, Code::NotFound, "the release has no such hold"),
        Holding::NotYours(owner, writes) => (not_yours(owner), writes),
    }
}

fn not_yours(owner: Role) -> Response {
    let detail = format!("only {} places and lifts such a hold; your attempt is on record", owner.as_str());
    Response::problem(403, Code::OwnershipViolation, detail, Vec::new())
}
