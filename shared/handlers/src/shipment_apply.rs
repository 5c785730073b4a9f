//! `shipment-apply`: one ship confirm or milestone, one shipment, one conditional write.

use canonical::{Content, Finding, Inbound, Message, MilestoneUpdate, ShipConfirm, Shipment, ShipmentId};
use ports::{Key, Put, Scope, Stored, Table, TableExt as _};
use steps::shipment_apply::{self as step, Confirming};
use steps::{Decision, Verdict};

use crate::order_apply::park;
use crate::releases::{ROUNDS_MAX, load, put_next, resolve, unknown, write};
use crate::{Done, Failed, Step};

/// The function `shipment-apply`.
#[derive(Debug)]
pub struct ShipmentApply<T> {
    /// Where shipments and releases lie.
    pub table: T,
}

impl<T: Table> Step for ShipmentApply<T> {
    const NAME: &'static str = step::STEP;
    type Body = Inbound;

    async fn run(&self, inbound: Inbound, scope: Scope) -> Result<Done, Failed> {
        let Inbound::Message(message) = inbound else {
            return Err(Failed::bug("shipment-apply takes messages, not events"));
        };
        let (verdict, correlation_id) = match &message.content {
            Content::ShipConfirm(confirm) => self.confirm(&message, confirm, scope).await?,
            Content::Milestone(update) => (self.milestone(&message, update).await?, update.shipment.to_string()),
            _ => return Err(Failed::bug("the message is for another step")),
        };
        Ok(Done {
            verdict,
            partner: message.sender.scope.partner.to_string(),
            correlation_id,
            message_id: message.id.to_string(),
        })
    }
}

impl<T: Table> ShipmentApply<T> {
    async fn confirm(
        &self,
        message: &Message,
        confirm: &ShipConfirm,
        scope: Scope,
    ) -> Result<(Verdict, String), Failed> {
        let sender = &message.sender.scope;
        for _ in 0..ROUNDS_MAX {
            let release = match resolve(&self.table, sender, &confirm.release).await? {
                Some(id) => load(&self.table, sender, &id).await?,
                None => None,
            };
            let Some(Stored { version, value: release }) = release else {
                return Ok((self.unattributed(message, confirm).await?, String::new()));
            };
            let correlation_id = release.id.to_string();
            let id = ShipmentId::derive(&sender.tenant, &sender.partner, &confirm.shipment_no);
            let key = Key::shipment(sender, &id);
            let stored = self.table.get::<Shipment>(&key).await?;
            let shipment = stored.as_ref().map(|stored| &stored.value);
            let (put, verdict) = match step::confirm(&release, shipment, confirm, message, scope.now) {
                Confirming::Release(Decision::Write { next, events, verdict }) => {
                    (put_next(sender, version, &next, events)?, verdict)
                }
                Confirming::Release(decision) => {
                    return Ok((park(&self.table, message, decision).await?, correlation_id));
                }
                Confirming::Shipment(Decision::Write { next, events, verdict }) => {
                    (put(&key, stored.as_ref(), &next)?.telling(events), verdict)
                }
                Confirming::Shipment(decision) => {
                    return Ok((park(&self.table, message, decision).await?, correlation_id));
                }
            };
            if write(&self.table, vec![put]).await? {
                return Ok((verdict, correlation_id));
            }
        }
        Err(Failed::contended())
    }

    async fn milestone(&self, message: &Message, update: &MilestoneUpdate) -> Result<Verdict, Failed> {
        let sender = &message.sender.scope;
        let key = Key::shipment(sender, &update.shipment);
        for _ in 0..ROUNDS_MAX {
            let stored = self.table.get::<Shipment>(&key).await?;
            let unknown = || Shipment::unknown(update.shipment.clone(), sender.tenant.clone());
            let shipment = stored.as_ref().map_or_else(unknown, |stored| stored.value.clone());
            let (next, events, verdict) = match step::milestone(&shipment, update, message) {
                Decision::Write { next, events, verdict } => (next, events, verdict),
                decision => return park(&self.table, message, decision).await,
            };
            if write(&self.table, vec![put(&key, stored.as_ref(), &next)?.telling(events)]).await? {
                return Ok(verdict);
            }
        }
        Err(Failed::contended())
    }

    async fn unattributed(&self, message: &Message, confirm: &ShipConfirm) -> Result<Verdict, Failed> {
        let unknown = unknown(&confirm.release);
        let detail = format!("shipment {}: {}", confirm.shipment_no, unknown.detail);
        let finding = Finding { detail, ..unknown };
        let decision = steps::order_apply::park_message(message, Some(finding));
        park(&self.table, message, decision).await
    }
}

fn put(key: &Key, stored: Option<&Stored<Shipment>>, next: &Shipment) -> Result<Put, Failed> {
    Ok(match stored {
        Some(stored) => Put::next(key.clone(), stored.version, next)?,
        None => Put::new(key.clone(), next)?,
    })
}
