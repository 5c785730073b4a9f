//! `partner-deliver`: carries one delivery to its partner.

use canonical::{Breaker, Code, Delivery, DeliveryState, Event, Guarantee, PartnerId, Target, Work};
use jiff::Timestamp;
use partners::Endpoint;
use ports::{
    Archive, Call, Commit, Exchange, Fault, FaultKind, Key, Limits, OpenSince, PartnerHttp, Profiles, Put, Read, Reply,
    Scope, Secrets, Stored, Table, TableExt as _, TokenRequest,
};
use secrecy::{ExposeSecret as _, SecretString};
use steps::Verdict;
use steps::breaker;
use steps::partner_deliver::{self as step, After, Answer, Attempt, Held};
use steps::signature;

use crate::edge::Minute;
use crate::releases::{ROUNDS_MAX, write};
use crate::{Done, Failed, Retry, Step};

/// The function `partner-deliver`.
#[derive(Debug)]
pub struct PartnerDeliver<T, A, E, H, P, S, L> {
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
    /// How many requests each got in a minute.
    pub limits: L,
}

impl<T, A, E, H, P, S, L> Step for PartnerDeliver<T, A, E, H, P, S, L>
where
    T: Table,
    A: Archive,
    E: Exchange,
    H: PartnerHttp,
    P: Profiles,
    S: Secrets,
    L: Limits,
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

impl<T, A, E, H, P, S, L> PartnerDeliver<T, A, E, H, P, S, L>
where
    T: Table,
    A: Archive,
    E: Exchange,
    H: PartnerHttp,
    P: Profiles,
    S: Secrets,
    L: Limits,
{
    async fn deliver(&self, work: &Work, scope: Scope) -> Result<Verdict, Failed> {
        let key = Key::delivery(&work.receiver, &work.delivery);
        for _ in 0..ROUNDS_MAX {
            let Some(Stored { version, value: delivery }) = self.table.get::<Delivery>(&key).await? else {
                return Err(Failed::bug(format!("delivery {} is referred to and not there", work.delivery)));
            };
            let (first, asks) = match step::attempt(&delivery, scope.receives, scope.now) {
                Attempt::Ended(verdict) => return Ok(verdict),
                Attempt::Wait(seconds) => {
                    let reason = "another worker may be calling the partner".to_owned();
                    return Err(Failed { code: Code::PartnerUnavailable, reason, retry: Retry::After(seconds) });
                }
                Attempt::Spent => {
                    let reason = format!("given up after {} failed calls; redrive {}", delivery.failures, step::STEP);
                    return Err(Failed { code: Code::PartnerUnavailable, reason, retry: Retry::After(0) });
                }
                Attempt::Unknown(next, events, verdict) => {
                    self.table.commit(Commit { puts: vec![put(key, version, &next, events)?] }).await?;
                    return Ok(verdict);
                }
                Attempt::Call { first } => (first, false),
                Attempt::LookUp => (None, true),
            };
            let breaker = self.breaker(&delivery).await?;
            let mut why = Held::by(&breaker.value);
            let mut puts = Vec::new();
            if breaker.value.admits(work.resumed) {
                if let Some(next_minute) = self.over_pace(&delivery, scope.now).await? {
                    why = Held::Pace;
                    let drained = breaker::over_pace(&breaker.value, next_minute);
                    puts.extend(drained.map(|next| put_breaker(&breaker, &next)).transpose()?);
                } else {
                    let stored = Stored { version, value: delivery };
                    return if asks {
                        self.look_up(key, stored, breaker, scope).await
                    } else {
                        self.attempt(key, stored, first, breaker, scope).await
                    };
                }
            }
            // Held, and then looked again: if the breaker still stands, whoever closes it finds this delivery.
            if let Some((next, events)) = step::hold(&delivery, why, scope.now) {
                puts.push(put(key.clone(), version, &next, events)?);
            }
            if !puts.is_empty() && !write(&self.table, puts).await? {
                continue;
            }
            if !self.breaker(&delivery).await?.value.admits(false) {
                return Ok(why.verdict());
            }
        }
        Err(Failed::contended())
    }

    /// Calls the partner, and writes what came of it.
    async fn attempt(
        &self,
        key: Key,
        mut stored: Stored<Delivery>,
        first: Option<Box<Delivery>>,
        breaker: Stored<Breaker>,
        scope: Scope,
    ) -> Result<Verdict, Failed> {
        // Whatever can fail before the call fails before the call is on record.
        let prepared = self.prepare(&stored.value, scope).await?;
        if let Some(first) = first {
            // Whoever else is at this delivery loses here, before the partner is called a second time.
            self.table.commit(Commit { puts: vec![put(key.clone(), stored.version, &first, Vec::new())?] }).await?;
            stored = Stored { version: stored.version + 1, value: *first };
        }
        let answer = self.call(&stored.value, prepared).await;
        self.conclude(key, stored, &answer, breaker, scope).await
    }

    /// Asks the partner whether it has the message, and calls again if it surely has not.
    async fn look_up(
        &self,
        key: Key,
        stored: Stored<Delivery>,
        breaker: Stored<Breaker>,
        scope: Scope,
    ) -> Result<Verdict, Failed> {
        let delivery = &stored.value;
        let (token, call) = match self.prepare_look_up(delivery, scope).await? {
            Prepared::Call(token, call) => (token, call),
            Prepared::Not(reason) => {
                return Err(Failed { code: Code::Misconfigured, reason, retry: Retry::Misconfigured });
            }
            Prepared::File(..) => return Err(Failed::bug("an outbox is not asked")),
        };
        let reply = self.send(token.as_ref(), call, async |call| self.http.look_up(call).await).await;
        let answer = match reply {
            Ok(reply) => Answer::looked_up(reply.status, reply.retry_after_s),
            Err(fault) if fault.kind == FaultKind::Transient => Answer::silent(fault.chain()),
            Err(fault) => return Err(fault.into()),
        };
        match step::anew(delivery, scope.now).filter(|_| answer == Answer::Has(false)) {
            Some(first) => self.attempt(key, stored, Some(first), breaker, scope).await,
            None => self.conclude(key, stored, &answer, breaker, scope).await,
        }
    }

    /// Writes what came of a call or a look-up.
    async fn conclude(
        &self,
        key: Key,
        Stored { mut version, value: mut delivery }: Stored<Delivery>,
        answer: &Answer,
        mut breaker: Stored<Breaker>,
        scope: Scope,
    ) -> Result<Verdict, Failed> {
        let lives = matches!(delivery.target, Target::Http).then(|| breaker::lives(answer)).flatten();
        for _ in 0..ROUNDS_MAX {
            let changed = lives.and_then(|lives| breaker::after(&breaker.value, &delivery, lives, scope.now));
            // What fails while only a pace is kept goes by its own schedule: not again in each minute.
            let stands = changed.as_ref().unwrap_or(&breaker.value);
            let out = lives == Some(false) && !stands.admits(false) && Held::by(stands) == Held::Outage;
            let (next, events, result) = match step::after(&delivery, answer, scope.now) {
                After::End(next, events, verdict) => (next, events, Ok(verdict)),
                After::Again { next, .. } if out => {
                    let (next, events) = step::hold(&next, Held::Outage, scope.now).unwrap_or((*next, Vec::new()));
                    (Box::new(next), events, Ok(Held::Outage.verdict()))
                }
                After::Again { next, delay_s, code, detail } => {
                    // Nothing is waited for that will not be tried: it goes to the dead-letter queue, whose alarm rings.
                    let spent = matches!(step::attempt(&next, scope.receives + 1, scope.now), Attempt::Spent);
                    let retry = match code {
                        Code::Misconfigured => Retry::Misconfigured,
                        _ if spent => Retry::After(0),
                        _ => Retry::After(delay_s),
                    };
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
            if stored.value.guarantee == Guarantee::Lookup && stored.value.asked_at != delivery.asked_at {
                // It called anew: its record stands, whatever came of ours. Who is asked next says what is there.
                return Err(Failed::contended());
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

    /// When the next minute begins, if the partner takes no more in this one. A request that cannot be counted is made: the
    /// partner says itself when it is too many.
    async fn over_pace(&self, delivery: &Delivery, now: Timestamp) -> Result<Option<Timestamp>, Failed> {
        let bundle = self.profiles.bundle().await?;
        let profile = bundle.partner(&delivery.receiver.partner).filter(|_| delivery.target == Target::Http);
        let Some(pace) = profile.and_then(|it| it.endpoint.as_ref()?.requests_per_minute) else { return Ok(None) };
        let minute = Minute::of(now);
        match self.limits.count(&Key::calls(&delivery.receiver, minute.begun), minute.forgotten).await {
            Ok(count) => Ok((count as usize > pace.per_minute()).then_some(minute.ends)),
            Err(fault) => {
                let partner = delivery.receiver.partner.as_str();
                tracing::warn!(partner, reason = fault.chain(), "the request was not counted");
                Ok(None)
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
        let Some(endpoint) = self.endpoint(partner).await? else {
            return Ok(Prepared::Not(format!("partner {partner} has no endpoint in its profile")));
        };
        self.signed(delivery, &endpoint, endpoint.url.clone(), body, scope).await
    }

    /// Everything that a look-up needs: it is signed as a message without a body.
    async fn prepare_look_up(&self, delivery: &Delivery, scope: Scope) -> Result<Prepared, Failed> {
        let partner = &delivery.receiver.partner;
        let endpoint = self.endpoint(partner).await?;
        let asked = endpoint.and_then(|it| it.lookup_url(&delivery.subject, &delivery.message_no).map(|url| (it, url)));
        match asked {
            Some((endpoint, url)) => self.signed(delivery, &endpoint, url, Vec::new(), scope).await,
            None => Ok(Prepared::Not(format!(
                "delivery {} has a call open, and no lookup in the profile of {partner} says where to ask; add it and redrive",
                delivery.id
            ))),
        }
    }

    /// The endpoint of a partner that is in force, if it has one.
    async fn endpoint(&self, partner: &PartnerId) -> Result<Option<Endpoint>, Failed> {
        let bundle = self.profiles.bundle().await?;
        let Some(profile) = bundle.partner(partner) else { return Ok(None) };
        match &profile.disabled {
            Some(reason) => {
                let reason = format!("partner {partner} is disabled ({reason}); enable it and redrive {}", step::STEP);
                Err(Failed { code: Code::PartnerDisabled, reason, retry: Retry::Misconfigured })
            }
            None => Ok(profile.endpoint.clone()),
        }
    }

    /// The call of `url` with `body`, signed, with a token if the endpoint asks for one.
    async fn signed(
        &self,
        delivery: &Delivery,
        endpoint: &Endpoint,
        url: String,
        body: Vec<u8>,
        scope: Scope,
    ) -> Result<Prepared, Failed> {
        let partner = &delivery.receiver.partner;
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
        Ok(Prepared::Call(token, Call { partner: partner.clone(), url, headers, body }))
    }

    /// Sends by `send`; once more with a new token if the one that was held is not taken. Who answers 401 has done nothing.
    async fn send(
        &self,
        token: Option<&TokenRequest>,
        call: Call,
        send: impl AsyncFn(Call) -> Result<Reply, Fault>,
    ) -> Result<Reply, Fault> {
        let again = token.map(|asked| (asked, call.clone()));
        let reply = send(call).await?;
        let Some((asked, mut call)) = again.filter(|_| reply.status == 401) else { return Ok(reply) };
        let Ok(new) = self.http.token(asked, Read::Again).await else { return Ok(reply) };
        let new = bearer(&new);
        if call.headers.contains(&new) {
            return Ok(reply);
        }
        call.headers.retain(|(name, _)| *name != new.0);
        call.headers.push(new);
        send(call).await
    }

    async fn call(&self, delivery: &Delivery, prepared: Prepared) -> Answer {
        match prepared {
            Prepared::Not(why) => Answer::NotMade(why),
            Prepared::File(name, body) => match self.exchange.put_out(&delivery.receiver.partner, &name, &body).await {
                Ok(()) => Answer::Written,
                Err(fault) => answer_of(&fault),
            },
            Prepared::Call(token, call) => match self
                .send(token.as_ref(), call, async |call| self.http.post(call).await)
                .await
            {
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
