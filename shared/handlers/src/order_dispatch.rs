//! `order-dispatch`: archive the document, write everything that was fixed, then send.

use canonical::{
    Acknowledgment, Code, Content, Delivery, DeliveryId, DeliveryState, Event, EventType, Finding, Inbound, Message,
    PartnerScope, Release, ReleaseId, SetReference, Trace, Work,
};
use partners::Bundle;
use ports::{Archive, Expect, Fault, Key, Profiles, Put, Queue, Scope, StepQueue, Stored, Table, TableExt as _};
use steps::Verdict;
use steps::order_dispatch::{self as step, Cancelling, Counters, DepositorUse, Dispatching, Placed};

use crate::order_apply::park;
use crate::releases::{ROUNDS_MAX, load, put_next, put_part, resolve, write};
use crate::{Done, Failed, Retry, Step};

/// The function `order-dispatch`.
#[derive(Debug)]
pub struct OrderDispatch<T, A, Q, P> {
    /// Where releases, counters and deliveries lie.
    pub table: T,
    /// Where documents lie.
    pub archive: A,
    /// Where due deliveries go.
    pub queue: Q,
    /// The partners and the routes.
    pub profiles: P,
}

impl<T: Table, A: Archive, Q: Queue, P: Profiles> Step for OrderDispatch<T, A, Q, P> {
    const NAME: &'static str = step::STEP;
    type Body = Inbound;

    async fn run(&self, inbound: Inbound, scope: Scope) -> Result<Done, Failed> {
        let message_id = inbound.id().to_owned();
        match inbound {
            Inbound::Event(event) => {
                let (verdict, partner) = self.event(&event, scope).await?;
                let correlation_id = event.meta.correlation_id.clone().unwrap_or_default();
                Ok(Done { verdict, partner, correlation_id, message_id })
            }
            Inbound::Message(message) => {
                let verdict = self.acknowledge(&message, scope).await?;
                let partner = message.sender.scope.partner.to_string();
                Ok(Done { verdict, partner, correlation_id: String::new(), message_id })
            }
        }
    }
}

impl<T: Table, A: Archive, Q: Queue, P: Profiles> OrderDispatch<T, A, Q, P> {
    async fn event(&self, event: &Event, scope: Scope) -> Result<(Verdict, String), Failed> {
        let id: ReleaseId = event
            .meta
            .correlation_id
            .as_deref()
            .and_then(|id| id.parse().ok())
            .ok_or_else(|| Failed::bug("the event names no release"))?;
        let erp = PartnerScope { tenant: event.meta.tenant.clone(), partner: event.meta.partner.clone() };
        let bundle = self.profiles.bundle().await?;
        for _ in 0..ROUNDS_MAX {
            let Some(stored) = load(&self.table, &erp, &id).await? else {
                return Err(Failed::bug(format!("release {id} is referred to and not there")));
            };
            let round = match event.meta.kind {
                EventType::ReleaseValidated | EventType::ReleaseResumed => {
                    self.place(&erp, event, stored, &bundle, scope).await
                }
                EventType::CancelRequested => self.cancel(&erp, event, stored, &bundle, scope).await,
                kind => return Err(Failed::bug(format!("{kind} asks nothing of order-dispatch"))),
            };
            match round {
                Ok(done) => return Ok(done),
                Err(Round::Lost) => {}
                Err(Round::Failed(failed)) => return Err(failed),
            }
        }
        Err(Failed::contended())
    }

    async fn place(
        &self,
        erp: &PartnerScope,
        event: &Event,
        stored: Stored<Release>,
        bundle: &Bundle,
        scope: Scope,
    ) -> Result<(Verdict, String), Round> {
        let Stored { version, value: release } = stored;
        // The partner is not known before the route is; its counters and names are read for the decision.
        let partner = step::route(&release, bundle).ok().map(|(profile, _)| profile.scope(&bundle.house.tenant));
        let named = SetReference::DepositorOrderNo(step::depositor_order_no(&release));
        let (counters, taken_by) = match &partner {
            Some(partner) => (self.counters(partner).await?, resolve(&self.table, partner, &named).await?),
            None => (CountersRead::default(), None),
        };
        let partner_name = partner.as_ref().map(|partner| partner.partner.to_string()).unwrap_or_default();
        match step::place(&release, event, bundle, counters.value, taken_by.as_ref(), scope.now) {
            Dispatching::Place { release, events, mut placed, depositor_order_no } => {
                let receiver = placed.delivery.receiver.clone();
                let mut puts = vec![put_next(erp, version, &release, events)?];
                puts.extend(numbered(&mut placed, &counters, event.meta.traceparent.as_ref())?);
                let known = DepositorUse { release_id: release.id.clone() };
                puts.push(Put::new(Key::depositor(&receiver, &depositor_order_no), &known)?);
                puts.push(put_part(&receiver, &release.id)?);
                self.commit_and_send(puts, &placed).await?;
                let detail = format!("placed with {} as message {}", receiver.partner, placed.delivery.message_no);
                Ok((Verdict::applied(detail), partner_name))
            }
            Dispatching::Write(next, events, verdict) => {
                self.commit(vec![put_next(erp, version, &next, events)?]).await?;
                Ok((verdict, partner_name))
            }
            Dispatching::Hold { release: next, events, finding } => {
                if let Some(next) = next {
                    self.commit(vec![put_next(erp, version, &next, events)?]).await?;
                }
                Err(Round::Failed(held(&finding)))
            }
            Dispatching::Before(delivery) => {
                if let Some(receiver) = release.warehouse() {
                    self.send_again(&receiver, &delivery).await?;
                }
                Ok((Verdict::duplicate("placed before"), partner_name))
            }
            Dispatching::Nothing(verdict) => Ok((verdict, partner_name)),
        }
    }

    async fn cancel(
        &self,
        erp: &PartnerScope,
        event: &Event,
        stored: Stored<Release>,
        bundle: &Bundle,
        scope: Scope,
    ) -> Result<(Verdict, String), Round> {
        let Some(partner) = stored.value.warehouse() else {
            return self.place(erp, event, stored, bundle, scope).await;
        };
        let name = partner.partner.to_string();
        let counters = self.counters(&partner).await?;
        let order = match &stored.value.dispatch {
            Some(dispatch) => self.table.get::<Delivery>(&Key::delivery(&partner, &dispatch.delivery)).await?,
            None => None,
        };
        let order = order.map_or(DeliveryState::Pending, |order| order.value.state);
        match step::place_cancel(&stored.value, event, bundle, counters.value, order, scope.now) {
            Cancelling::Place { release, mut placed } => {
                let mut puts = vec![put_next(erp, stored.version, &release, Vec::new())?];
                puts.extend(numbered(&mut placed, &counters, event.meta.traceparent.as_ref())?);
                self.commit_and_send(puts, &placed).await?;
                Ok((Verdict::applied(format!("cancel passed on as message {}", placed.delivery.message_no)), name))
            }
            Cancelling::Before(delivery) => {
                self.send_again(&partner, &delivery).await?;
                Ok((Verdict::duplicate("cancel passed on before"), name))
            }
            Cancelling::NotPlaced => self.place(erp, event, stored, bundle, scope).await,
            Cancelling::Over(verdict) => Ok((verdict, name)),
            Cancelling::Wait => Err(Round::Failed(Failed {
                code: Code::PartnerUnavailable,
                reason: "the order is still on its way to the partner; its cancel follows it".to_owned(),
                retry: Retry::Transient,
            })),
            Cancelling::Hold(finding) => Err(Round::Failed(held(&finding))),
        }
    }

    async fn acknowledge(&self, message: &Message, scope: Scope) -> Result<Verdict, Failed> {
        let Content::Acknowledge(owed) = &message.content else {
            return Err(Failed::bug("the message is for another step"));
        };
        let body = self.archive.fetch(&owed.sha256).await?.ok_or_else(|| {
            Failed::from(Fault::misconfigured(format!("acknowledgment {} is not in the archive", owed.sha256)))
        })?;
        let owed: Acknowledgment = serde_json::from_slice(&body)?;
        let bundle = self.profiles.bundle().await?;
        let receiver = &message.sender.scope;
        let id = step::acknowledgment_delivery(message);
        for _ in 0..ROUNDS_MAX {
            if self.table.get::<Delivery>(&Key::delivery(receiver, &id)).await?.is_some() {
                self.send_again(receiver, &id).await?;
                return Ok(Verdict::duplicate(format!("{} acknowledged before", owed.group)));
            }
            let counters = self.counters(receiver).await?;
            let mut placed = match step::place_acknowledgment(message, &owed, &bundle, counters.value, scope.now) {
                Ok(placed) => placed,
                Err(finding) if finding.code == Code::Misconfigured => return Err(held(&finding)),
                Err(finding) => {
                    let decision = steps::order_apply::park_message(message, Some(finding));
                    return park(&self.table, message, decision).await;
                }
            };
            let puts = numbered(&mut placed, &counters, message.trace.as_ref())?;
            match self.commit_and_send(puts, &placed).await {
                Ok(()) => {
                    return Ok(Verdict::applied(format!(
                        "{} acknowledged as {}",
                        owed.group, placed.delivery.message_no
                    )));
                }
                Err(Round::Lost) => {}
                Err(Round::Failed(failed)) => return Err(failed),
            }
        }
        Err(Failed::contended())
    }

    async fn counters(&self, partner: &PartnerScope) -> Result<CountersRead, Fault> {
        let stored = self.table.get::<Counters>(&Key::counters(partner)).await?;
        Ok(stored.map_or_else(CountersRead::default, |stored| CountersRead {
            expect: Some(stored.version),
            value: stored.value,
        }))
    }

    async fn commit_and_send(&self, mut puts: Vec<Put>, placed: &Placed) -> Result<(), Round> {
        // A document that is archived and never written of is harmless; one that is sent and not archived is not.
        self.archive.keep(&placed.document).await?;
        if steps::defect!(SendBeforeWrite) {
            send(&self.queue, std::iter::once(&placed.delivery)).await?;
        }
        if steps::defect!(NumbersInTheirOwnWrite) {
            self.commit(puts.extract_if(.., |put| put.key.sk() == "COUNTERS").collect()).await?;
        }
        if steps::defect!(TwoWrites) {
            self.commit(puts.extract_if(.., |put| put.key.sk() == "RELEASE").collect()).await?;
        }
        self.commit(puts).await?;
        send(&self.queue, std::iter::once(&placed.delivery)).await?;
        Ok(())
    }

    async fn commit(&self, puts: Vec<Put>) -> Result<(), Round> {
        if write(&self.table, puts).await? { Ok(()) } else { Err(Round::Lost) }
    }

    /// The write happened and the sending may not have: sends again what still waits.
    async fn send_again(&self, receiver: &PartnerScope, id: &DeliveryId) -> Result<(), Fault> {
        let stored = self.table.get::<Delivery>(&Key::delivery(receiver, id)).await?;
        let waiting = stored.map(|stored| stored.value).filter(|delivery| delivery.state == DeliveryState::Pending);
        if steps::defect!(NotSentAgain) {
            return Ok(());
        }
        send(&self.queue, waiting.iter()).await
    }
}

/// The delivery, in its trace, with the numbers it took: counters under the version they were read with, so that no number is
/// given twice and none is skipped.
fn numbered(placed: &mut Placed, counters: &CountersRead, trace: Option<&Trace>) -> Result<Vec<Put>, Fault> {
    placed.delivery.trace = trace.cloned();
    let receiver = &placed.delivery.receiver;
    let mut puts = vec![Put::new(Key::delivery(receiver, &placed.delivery.id), &placed.delivery)?];
    if let Some(after) = &placed.counters {
        let expect = counters.expect.map_or(Expect::Absent, Expect::Version);
        puts.push(Put { expect, ..Put::new(Key::counters(receiver), after)? });
    }
    if let Some((control, sent)) = &placed.group {
        puts.push(Put::new(Key::group(receiver, step::GROUP_940, control), sent)?);
    }
    Ok(puts)
}

#[derive(Debug, Default)]
struct CountersRead {
    expect: Option<u64>,
    value: Counters,
}

/// Why a round of load, decide and write did not end.
enum Round {
    /// Somebody else wrote in between.
    Lost,
    /// It could not be carried out.
    Failed(Failed),
}

impl From<Fault> for Round {
    fn from(fault: Fault) -> Self {
        Self::Failed(fault.into())
    }
}

/// The message stays until somebody mends what holds the release: some tries, then the dead-letter queue, which may be
/// redriven once it is mended.
fn held(finding: &Finding) -> Failed {
    Failed { code: finding.code, reason: finding.detail.clone(), retry: Retry::Misconfigured }
}

/// Puts deliveries into the deliveries queue.
pub(crate) async fn send<'a, Q: Queue>(queue: &Q, deliveries: impl Iterator<Item = &'a Delivery>) -> Result<(), Fault> {
    let bodies = deliveries.map(Work::of).map(|work| body(&work)).collect::<Result<Vec<_>, _>>()?;
    if bodies.is_empty() { Ok(()) } else { queue.send(StepQueue::PartnerDeliver, bodies).await }
}

pub(crate) fn body(work: &Work) -> Result<String, Fault> {
    serde_json::to_string(work).map_err(|error| Fault::bug("a delivery does not serialize").because(error))
}
