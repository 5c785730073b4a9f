//! `partner-deliver`: carries one delivery to its partner.

use canonical::{Breaker, Code, Delivery, DeliveryState, Event, Target, Work};
use ports::{
    Archive, Call, Commit, Exchange, Fault, FaultKind, Key, OpenSince, PartnerHttp, Profiles, Put, Read, Reply, Scope,
    Secrets, Stored, Table, TableExt as _, TokenRequest,
};
use secrecy::{ExposeSecret as _, SecretString};
use steps::Verdict;
use steps::breaker;
use steps::partner_deliver::{self as step, After, Answer, Attempt};
use steps::signature;

use crate::releases::{ROUNDS_MAX, write};
use crate::{Done, Failed, Retry, Step};

/// The function `partner-deliver`.
#[derive(Debug)]
pub struct PartnerDeliver<T, A, E, H, P, S> {
    /// Where deliveries lie.
    pub table: T,
    /// Where their bodies lie.
    pub archive: A,
    /// Partners' outboxes.
    pub exchange: E,
    /// Partners' endpoints.
    pub http: H,
    /// The partners.
    pub profiles: P,
    /// Their secrets.
    pub secrets: S,
}

impl<T, A, E, H, P, S> Step for PartnerDeliver<T, A, E, H, P, S>
where
    T: Table,
    A: Archive,
    E: Exchange,
    H: PartnerHttp,
    P: Profiles,
    S: Secrets,
{
    const NAME: &'static str = step::STEP;
    /// A batch of ten deliveries goes to ten partners; the slow one delays nobody.
    const SIDE_BY_SIDE: usize = 10;
    type Body = Work;

    async fn run(&self, work: Work, scope: Scope) -> Result<Done, Failed> {
        let verdict = self.deliver(&work, scope).await?;
        Ok(Done {
            verdict,
            partner: work.receiver.partner.to_string(),
            correlation_id: work.correlation_id.unwrap_or_default(),
            message_id: work.delivery.to_string(),
        })
    }
}

impl<T, A, E, H, P, S> PartnerDeliver<T, A, E, H, P, S>
where
    T: Table,
    A: Archive,
    E: Exchange,
    H: PartnerHttp,
    P: Profiles,
    S: Secrets,
{
    async fn deliver(&self, work: &Work, scope: Scope) -> Result<Verdict, Failed> {
        let key = Key::delivery(&work.receiver, &work.delivery);
        for _ in 0..ROUNDS_MAX {
            let Some(Stored { version, value: delivery }) = self.table.get::<Delivery>(&key).await? else {
                return Err(Failed::bug(format!("delivery {} is referred to and not there", work.delivery)));
            };
            let first = match step::attempt(&delivery, scope.now) {
                Attempt::Ended(verdict) => return Ok(verdict),
                Attempt::Wait => {
                    let reason = "another worker may be calling the partner".to_owned();
                    let retry = Retry::After(u32::try_from(step::CALL_MAX.as_secs()).unwrap_or(60));
                    return Err(Failed { code: Code::PartnerUnavailable, reason, retry });
                }
                Attempt::Unknown(next, events, verdict) => {
                    self.table.commit(Commit { puts: vec![put(key, version, &next, events)?] }).await?;
                    return Ok(verdict);
                }
                Attempt::Call { first } => first,
            };
            let breaker = self.breaker(&delivery).await?;
            if breaker.value.admits(work.resumed) {
                return self.attempt(key, Stored { version, value: delivery }, first, breaker, scope).await;
            }
            // Held, and then looked again: if the breaker still stands, whoever closes it finds this delivery.
            if let Some((next, events)) = step::hold(&delivery, scope.now)
                && !write(&self.table, vec![put(key.clone(), version, &next, events)?]).await?
            {
                continue;
            }
            if !self.breaker(&delivery).await?.value.admits(false) {
                return Ok(step::held());
            }
        }
        Err(Failed::contended())
    }

    /// Calls the partner, and writes what came of it.
    async fn attempt(
        &self,
        key: Key,
        Stored { mut version, value: mut delivery }: Stored<Delivery>,
        first: Option<Box<Delivery>>,
        mut breaker: Stored<Breaker>,
        scope: Scope,
    ) -> Result<Verdict, Failed> {
        // Whatever can fail before the call fails before the call is on record.
        let prepared = self.prepare(&delivery, scope).await?;
        if let Some(first) = first {
            // Whoever else is at this delivery loses here, before the partner is called a second time.
            self.table.commit(Commit { puts: vec![put(key.clone(), version, &first, Vec::new())?] }).await?;
            delivery = *first;
            version += 1;
        }
        let answer = self.call(&delivery, prepared).await;
        let lives = matches!(delivery.target, Target::Http).then(|| breaker::lives(&answer)).flatten();
        for _ in 0..ROUNDS_MAX {
            let changed = lives.and_then(|lives| breaker::after(&breaker.value, &delivery, lives, scope.now));
            let open = lives == Some(false) && !changed.as_ref().unwrap_or(&breaker.value).admits(false);
            let (next, events, result) = match step::after(&delivery, &answer, scope.now) {
                After::End(next, events, verdict) => (next, events, Ok(verdict)),
                After::Again { next, .. } if open => {
                    let (next, events) = step::hold(&next, scope.now).unwrap_or((*next, Vec::new()));
                    (Box::new(next), events, Ok(step::held()))
                }
                After::Again { next, delay_s, code, detail } => {
                    let retry = if code == Code::Misconfigured { Retry::Misconfigured } else { Retry::After(delay_s) };
                    (next, Vec::new(), Err(Failed { code, reason: detail, retry }))
                }
            };
            let mut puts = vec![put(key.clone(), version, &next, events)?];
            if let Some(changed) = changed {
                puts.push(put_breaker(&breaker, &changed)?);
            }
            if write(&self.table, puts).await? {
                let held = next.held_since.is_some();
                if held && self.breaker(&delivery).await?.value.admits(false) {
                    // It was closed in the meantime, maybe without this delivery: it goes on by its own message.
                    let retry = Retry::After(1);
                    return Err(Failed { code: Code::PartnerUnavailable, reason: "held no more".to_owned(), retry });
                }
                return result;
            }
            // Another worker wrote in between. What we know of our own call is written over what it did not know.
            let Some(stored) = self.table.get::<Delivery>(&key).await? else { break };
            if matches!(stored.value.state, DeliveryState::Delivered | DeliveryState::Refused) {
                return Ok(Verdict::duplicate("another worker carried it to its end"));
            }
            breaker = self.breaker(&delivery).await?;
            version = stored.version;
            delivery = Delivery { state: DeliveryState::Pending, ..stored.value };
        }
        Err(Failed::contended())
    }

    /// The breaker before the endpoint that `delivery` is for. An outbox is a bucket of our own and has none.
    async fn breaker(&self, delivery: &Delivery) -> Result<Stored<Breaker>, Fault> {
        let closed = || Stored { version: 0, value: Breaker::closed(delivery.receiver.clone()) };
        match delivery.target {
            Target::File { .. } => Ok(closed()),
            Target::Http => {
                let stored = self.table.get(&Key::breaker(&delivery.receiver)).await?;
                Ok(stored.unwrap_or_else(closed))
            }
        }
    }

    /// Everything that the call needs. Nothing of it reaches the partner.
    async fn prepare(&self, delivery: &Delivery, scope: Scope) -> Result<Prepared, Failed> {
        let body =
            self.archive.fetch(&delivery.body.sha256).await?.ok_or_else(|| {
                Fault::misconfigured(format!("document {} is not in the archive", delivery.body.sha256))
            })?;
        let partner = &delivery.receiver.partner;
        if let Target::File { name } = &delivery.target {
            return Ok(Prepared::File(name.clone(), body));
        }
        let bundle = self.profiles.bundle().await?;
        if let Some(reason) = bundle.partner(partner).and_then(|profile| profile.disabled.as_ref()) {
            let reason = format!("partner {partner} is disabled ({reason}); enable it and redrive {}", step::STEP);
            return Err(Failed { code: Code::PartnerDisabled, reason, retry: Retry::Misconfigured });
        }
        let Some(endpoint) = bundle.partner(partner).and_then(|profile| profile.endpoint.as_ref()) else {
            return Ok(Prepared::Not(format!("partner {partner} has no endpoint in its profile")));
        };
        let secrets = self.secrets.secrets(partner, "webhook-out", scope.now, Read::Held).await?;
        if secrets.is_empty() {
            return Ok(Prepared::Not(format!("there is no secret {partner}/webhook-out; put one and redrive")));
        }
        let mut id = delivery.message_no.clone();
        if steps::defect!(KeyPerAttempt) {
            id = format!("{id}/{}", scope.now);
        }
        let mut headers = match signature::sign(&id, &body, &secrets, scope.now) {
            Ok(headers) => headers,
            Err(error) => return Ok(Prepared::Not(format!("secret {partner}/webhook-out: {error}"))),
        };
        headers.push(("content-type".to_owned(), delivery.body.content_type.clone()));
        if let Some(correlation_id) = delivery.subject.correlation_id() {
            headers.push(("x-correlation-id".to_owned(), correlation_id));
        }
        if let Some(trace) = &delivery.trace {
            headers.push(("traceparent".to_owned(), trace.child(delivery.id.as_str()).to_string()));
        }
        let mut token = None;
        if let Some(credentials) = &endpoint.oauth2 {
            let secrets = self.secrets.secrets(partner, "oauth2-out", scope.now, Read::Held).await?;
            let Some(secret) = secrets.into_iter().next() else {
                return Ok(Prepared::Not(format!("there is no secret {partner}/oauth2-out; put one and redrive")));
            };
            let asked = TokenRequest { partner: partner.clone(), credentials: credentials.clone(), secret };
            let held = self.http.token(&asked, Read::Held).await.map_err(no_token)?;
            headers.push(bearer(&held));
            token = Some(asked);
        }
        Ok(Prepared::Call(token, Call { partner: partner.clone(), url: endpoint.url.clone(), headers, body }))
    }

    /// Posts; once more with a new token if the one that was held is not taken. Who answers 401 has done nothing.
    async fn post(&self, token: Option<&TokenRequest>, call: Call) -> Result<Reply, Fault> {
        let again = token.map(|asked| (asked, call.clone()));
        let reply = self.http.post(call).await?;
        let Some((asked, mut call)) = again.filter(|_| reply.status == 401) else { return Ok(reply) };
        let Ok(new) = self.http.token(asked, Read::Again).await else { return Ok(reply) };
        let new = bearer(&new);
        if call.headers.contains(&new) {
            return Ok(reply);
        }
        call.headers.retain(|(name, _)| *name != new.0);
        call.headers.push(new);
        self.http.post(call).await
    }

    async fn call(&self, delivery: &Delivery, prepared: Prepared) -> Answer {
        match prepared {
            Prepared::Not(why) => Answer::NotMade(why),
            Prepared::File(name, body) => match self.exchange.put_out(&delivery.receiver.partner, &name, &body).await {
                Ok(()) => Answer::Written,
                Err(fault) => answer_of(&fault),
            },
            Prepared::Call(token, call) => match self.post(token.as_ref(), call).await {
                Ok(reply) => {
                    Answer::Status { status: reply.status, retry_after_s: reply.retry_after_s, excerpt: reply.excerpt }
                }
                Err(fault) => answer_of(&fault),
            },
        }
    }
}

/// The next version of a delivery, in the index of what waits while it is held.
fn put(key: Key, version: u64, delivery: &Delivery, events: Vec<Event>) -> Result<Put, Fault> {
    let open = delivery
        .held_since
        .map(|_| OpenSince { court: breaker::held_court(&delivery.receiver), since: delivery.place() });
    Ok(Put::next(key, version, delivery)?.telling(events).open(open))
}

/// The next version of a breaker, in the index of what waits while there is something to do about it.
pub(crate) fn put_breaker(stored: &Stored<Breaker>, next: &Breaker) -> Result<Put, Fault> {
    let key = Key::breaker(&next.receiver);
    let put = if stored.version == 0 { Put::new(key, next) } else { Put::next(key, stored.version, next) };
    let since = breaker::place(next);
    Ok(put?.open(since.map(|since| OpenSince { court: breaker::COURT.to_owned(), since })))
}

/// A call, ready to be made.
enum Prepared {
    /// A signed POST, and how a new token is had if it bears one.
    Call(Option<TokenRequest>, Call),
    /// A file for the outbox.
    File(String, Vec<u8>),
    /// It cannot be made: our setup is at fault.
    Not(String),
}

fn bearer(token: &SecretString) -> (String, String) {
    ("authorization".to_owned(), format!("Bearer {}", token.expose_secret()))
}

/// Without a token the partner is not called: nothing is open, and its authorization server may be back soon.
fn no_token(fault: Fault) -> Failed {
    let code = if fault.kind == FaultKind::Transient { Code::PartnerUnavailable } else { fault.code() };
    Failed { code, ..fault.into() }
}

fn answer_of(fault: &Fault) -> Answer {
    match fault.kind {
        FaultKind::Transient => Answer::Lost(fault.chain()),
        FaultKind::Misconfigured | FaultKind::Bug => Answer::NotMade(fault.chain()),
    }
}
