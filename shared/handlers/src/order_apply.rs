//! `order-apply`: one fact, one release, one conditional write.

use canonical::{Code, EventId, Finding, Inbound, Message, MessageId, Parked, ReleaseId, SetReference};
use ports::{Commit, CommitError, Key, Put, Scope, Stored, Table, TableExt as _};
use steps::order_apply::{self as step, Asked, Finder, Request};
use steps::order_dispatch::GroupSent;
use steps::{Decision, Outcome, Verdict};

use crate::releases::{ROUNDS_MAX, load, put_next, resolve, unknown, write};
use crate::{Done, Failed, Step};

/// The function `order-apply`.
#[derive(Debug)]
pub struct OrderApply<T> {
    /// Where releases lie.
    pub table: T,
}

impl<T: Table> Step for OrderApply<T> {
    const NAME: &'static str = step::STEP;
    type Body = Inbound;

    async fn run(&self, inbound: Inbound, scope: Scope) -> Result<Done, Failed> {
        let message = match &inbound {
            Inbound::Message(message) => Some(message.as_ref()),
            Inbound::Event(_) => None,
        };
        let done = |verdict, partner: &str, correlation_id: String| Done {
            verdict,
            partner: partner.to_owned(),
            correlation_id,
            message_id: inbound.id().to_owned(),
        };
        match step::read(&inbound)? {
            Asked::Nothing(why) => Ok(done(Verdict::applied(why), "", String::new())),
            Asked::Defective(message) => {
                let verdict = park(&self.table, &message, step::park_message(&message, None)).await?;
                Ok(done(verdict, message.sender.scope.partner.as_str(), String::new()))
            }
            Asked::Fact(request) => {
                let partner = request.sender.scope.partner.to_string();
                let releases = match self.find(&request).await? {
                    Found::Releases(releases) if !releases.is_empty() => releases,
                    Found::Releases(_) => {
                        let verdict = self.unattributed(&request, message).await?;
                        return Ok(done(verdict, &partner, String::new()));
                    }
                    Found::Cancel(releases) => {
                        let ids: Vec<&str> = releases.iter().map(ReleaseId::as_str).collect();
                        let verdict = Verdict::applied("acknowledges a cancel, which changes nothing of the release");
                        return Ok(done(verdict, &partner, ids.join(",")));
                    }
                };
                let mut verdicts = Vec::new();
                for id in &releases {
                    verdicts.push(match self.apply(id, &request, message, scope).await? {
                        Some(verdict) => verdict,
                        None if matches!(request.finder, Finder::Named(SetReference::ReleaseId(_))) => {
                            self.unattributed(&request, message).await?
                        }
                        // We ourselves have on record that there is one.
                        None => return Err(Failed::bug(format!("release {id} is referred to and not there"))),
                    });
                }
                // A group of several releases ends in the worst of their outcomes.
                let verdict = verdicts.into_iter().max_by_key(|verdict| verdict.outcome);
                let ids: Vec<&str> = releases.iter().map(ReleaseId::as_str).collect();
                Ok(done(verdict.unwrap_or_else(|| Verdict::duplicate("nothing")), &partner, ids.join(",")))
            }
        }
    }
}

impl<T: Table> OrderApply<T> {
    /// The releases that `request` is about: none if its sender knows none by that name.
    async fn find(&self, request: &Request) -> Result<Found, Failed> {
        let scope = &request.sender.scope;
        Ok(Found::Releases(match &request.finder {
            Finder::Named(reference) => resolve(&self.table, scope, reference).await?.into_iter().collect(),
            Finder::Group(ack) => {
                let key = Key::group(scope, &ack.functional_id, &ack.group_control);
                let Some(Stored { value: sent, .. }) = self.table.get::<GroupSent>(&key).await? else {
                    return Ok(Found::Releases(Vec::new()));
                };
                let named =
                    |(control, _): &&(String, ReleaseId)| ack.set_control.as_ref().is_none_or(|no| no == control);
                let releases: Vec<_> = sent.sets.iter().filter(named).map(|(_, release)| release.clone()).collect();
                if sent.cancels && !releases.is_empty() {
                    return Ok(Found::Cancel(releases));
                }
                releases
            }
        }))
    }

    /// Applies `request` to the release; none if there is no such release.
    async fn apply(
        &self,
        id: &ReleaseId,
        request: &Request,
        message: Option<&Message>,
        scope: Scope,
    ) -> Result<Option<Verdict>, Failed> {
        for _ in 0..ROUNDS_MAX {
            let Some(Stored { version, value: release }) = load(&self.table, &request.sender.scope, id).await? else {
                return Ok(None);
            };
            match step::decide(&release, request, message, scope.now) {
                // A contradiction that no message carries cannot be parked: it is kept for a person as it is.
                Decision::Nothing(verdict) if verdict.code.is_some() => return Err(Failed::bug(verdict.detail)),
                Decision::Nothing(verdict) => return Ok(Some(verdict)),
                decision @ Decision::Park { .. } => match message {
                    Some(message) => return park(&self.table, message, decision).await.map(Some),
                    None => return Ok(Some(decision.verdict().clone())),
                },
                Decision::Write { next, events, verdict } => {
                    let put = put_next(&request.sender.scope, version, &next, events)?;
                    if write(&self.table, vec![put]).await? {
                        return Ok(Some(verdict));
                    }
                }
            }
        }
        Err(Failed::contended())
    }

    async fn unattributed(&self, request: &Request, message: Option<&Message>) -> Result<Verdict, Failed> {
        let finding = match &request.finder {
            Finder::Named(reference) => unknown(reference),
            Finder::Group(ack) => {
                let set = ack.set_control.as_ref().map(|no| format!(" set {no}")).unwrap_or_default();
                let detail = format!("nothing was sent in group {} {}{set}", ack.functional_id, ack.group_control);
                Finding { code: Code::UnknownControlNumber, detail, place: None }
            }
        };
        match message {
            Some(message) => park(&self.table, message, step::park_message(message, Some(finding))).await,
            None => Err(Failed::bug(finding.detail)),
        }
    }
}

/// What a message is about.
enum Found {
    /// These releases; none if they are not to be found.
    Releases(Vec<ReleaseId>),
    /// A cancel of these releases.
    Cancel(Vec<ReleaseId>),
}

/// Parks a message: one conditional write; the event that tells of it feeds the parked queue. Parked twice is parked once;
/// other content under the same message id is parked beside it.
pub(crate) async fn park<T: Table, D>(table: &T, message: &Message, decision: Decision<D>) -> Result<Verdict, Failed> {
    let Decision::Park { mut parked, mut event, verdict } = decision else {
        return Ok(decision.verdict().clone());
    };
    let scope = &message.sender.scope;
    let key = Key::parked(scope, &parked.id);
    let put = Put::new(key.clone(), &*parked)?.telling(vec![(*event).clone()]);
    match table.commit(Commit { puts: vec![put] }).await {
        Ok(()) => return Ok(verdict),
        Err(CommitError::Lost) => {}
        Err(error) => return Err(error.into()),
    }
    let known = table.get::<Parked>(&key).await?;
    if known.is_none_or(|known| known.value.raw == parked.raw) {
        return Ok(Verdict { outcome: Outcome::Duplicate, ..verdict });
    }
    parked.id = MessageId::derive(&scope.tenant, &scope.partner, &format!("{}/{}", parked.id, parked.raw.sha256));
    event.meta.dedup_key = parked.id.to_string();
    event.meta.id = EventId::derive(&scope.tenant, event.meta.kind.as_str(), &event.meta.dedup_key);
    let put = Put::new(Key::parked(scope, &parked.id), &*parked)?.telling(vec![*event]);
    match table.commit(Commit { puts: vec![put] }).await {
        Ok(()) => Ok(verdict),
        Err(CommitError::Lost) => Ok(Verdict { outcome: Outcome::Duplicate, ..verdict }),
        Err(error) => Err(error.into()),
    }
}
