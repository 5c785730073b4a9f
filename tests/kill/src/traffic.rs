//! Orders that keep every function busy: four stories, one after the other, as many side by side as the stack bears.
//!
//! A story sends what comes next as soon as the business could, and never waits for what nobody waits for. Its partners
//! are careful clients: what was not answered is sent again.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use canonical::{Release, ReleaseId, ShipmentId};
use crossdock::scenarios::s1::Script;
use crossdock::warehouse::{self, ShipOrder, Shipping, Warehouse};
use crossdock::{Error, World, is_accepted};
use serde_json::json;

const ERP: &str = "northwind-erp";
const TMS: &str = "summit-tms";
/// The 3PL that speaks REST.
const BOLT: &str = "bolt-3pl";
/// The 3PL that speaks X12.
const ACME: &str = "acme-3pl";

/// Webhooks of the 3PL in the sample story S1, and how many of them come before the shipment is confirmed.
const WEBHOOKS: usize = 6;
const CONFIRMS_AT: usize = 2;

/// Longest wait for one step. What a killed function held comes back soon here, but may be hit again; what fails the
/// sixth time waits for ten minutes, as deployed.
const STEP_MAX: Duration = Duration::from_mins(25);
/// How often a story looks. Each look is a request to an emulator that has one thread.
const LOOK_EVERY: Duration = Duration::from_millis(400);
/// How often the ERP sends a cancel that was not answered.
const TRIES_MAX: usize = 40;

/// What becomes of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// By a REST 3PL to its delivery: scenario S1.
    Rest,
    /// By an EDI 3PL to its delivery: 940, 997, 945, 997, as in scenario S2.
    Edi,
    /// By a REST 3PL, called back in time.
    Cancelled,
    /// By an EDI 3PL whose first 945 cannot be read and whose second can.
    Mended,
}

impl Kind {
    /// Every kind.
    pub(crate) const ALL: [Self; 4] = [Self::Rest, Self::Edi, Self::Cancelled, Self::Mended];
}

/// An order that was played.
#[derive(Debug, Clone)]
pub(crate) struct Played {
    /// What was to become of it.
    pub(crate) kind: Kind,
    /// The release.
    pub(crate) release: ReleaseId,
}

/// The stories' teller.
#[derive(Debug)]
pub(crate) struct Traffic<'a> {
    world: &'a World,
    begun: Cell<usize>,
    played: RefCell<BTreeMap<usize, Played>>,
}

impl<'a> Traffic<'a> {
    /// No order yet.
    pub(crate) fn new(world: &'a World) -> Self {
        Self { world, begun: Cell::new(0), played: RefCell::default() }
    }

    /// How many orders were begun.
    pub(crate) fn begun(&self) -> usize {
        self.begun.get()
    }

    /// The orders that were played to their end.
    pub(crate) fn played(&self) -> Vec<Played> {
        self.played.borrow().values().cloned().collect()
    }

    /// Plays the next order.
    pub(crate) async fn play_next(&self) -> Result<(), Error> {
        let number = self.begun.get();
        self.begun.set(number + 1);
        let kind = match Kind::ALL.get(number) {
            Some(kind) => *kind,
            // Whatever is played besides, every second order is called back: some calls are made for those alone.
            None if number.is_multiple_of(2) => Kind::Cancelled,
            None => Kind::ALL.into_iter().cycle().nth(number / 2).unwrap_or(Kind::Rest),
        };
        let release = match kind {
            Kind::Rest => self.by_rest(number).await?,
            Kind::Edi => self.by_edi(number, false).await?,
            Kind::Cancelled => self.cancelled(number).await?,
            Kind::Mended => self.by_edi(number, true).await?,
        };
        self.played.borrow_mut().insert(number, Played { kind, release });
        Ok(())
    }

    async fn by_rest(&self, number: usize) -> Result<ReleaseId, Error> {
        let script = Script::numbered(&format!("KR-{number:05}"));
        let id = self.world.released(&script.key(), script.order()?.as_bytes()).await?;
        self.until(&id, "placed", |release| release.facts.transport_acked).await?;
        for step in 0..WEBHOOKS {
            let webhook = script.webhook(self.world, &id, step)?;
            self.world.told(BOLT, webhook.topic, &webhook.id, &webhook.body).await?;
            if step == CONFIRMS_AT {
                // As a network retry would.
                self.world.told(BOLT, webhook.topic, &webhook.id, &webhook.body).await?;
                // Whom a scan concerns is known from the confirm.
                self.until(&id, "shipped", |release| !release.facts.shipments.is_empty()).await?;
            }
        }
        Ok(id)
    }

    async fn by_edi(&self, number: usize, is_torn: bool) -> Result<ReleaseId, Error> {
        let id = self.small_order(number, "TX").await?;
        let release = self.until(&id, "placed", |release| release.facts.transport_acked).await?;
        let order = self.ship_order(&release).await?;
        // Each order's files have control numbers of their own, as the 3PL counts them.
        let control = |file: usize| u32::try_from(1000 + number * 10 + file).unwrap_or(u32::MAX);
        let writer = Warehouse::new(&self.world.bundle, ACME, *b"|:'", self.world.time(4))?;
        let drop = async |name: &str, control: u32, bytes: Vec<u8>| {
            self.world.drop(ACME, &format!("{name}-{control:09}.edi"), &bytes).await
        };
        drop("997", control(1), writer.acknowledge(std::slice::from_ref(&order), &[], control(1))?).await?;
        let shipment_no = format!("KE-S-{number:05}");
        let whole = Shipping::whole(&order, &shipment_no);
        if is_torn {
            let mut torn = whole.clone();
            if let Some((_, quantity)) = torn.shipped.first_mut() {
                "1O".clone_into(quantity);
            }
            drop("945", control(2), writer.advise(&[torn], control(2))?).await?;
        }
        drop("945", control(3), writer.advise(&[whole], control(3))?).await?;
        self.until(&id, "shipped", |release| !release.facts.shipments.is_empty()).await?;
        let scope = self.world.scope(ACME)?;
        let shipment = ShipmentId::derive(&scope.tenant, &scope.partner, &shipment_no);
        for (at_s, milestone) in [(6, "picked_up"), (7, "delivered")] {
            let body = json!({
                "shipment_id": shipment, "milestone": milestone, "occurred_at": self.world.time(at_s).to_string(),
            });
            self.world.told(TMS, "tracking-update", &format!("kill-{number}-{milestone}"), &body.to_string()).await?;
        }
        Ok(id)
    }

    async fn cancelled(&self, number: usize) -> Result<ReleaseId, Error> {
        let id = self.small_order(number, "NY").await?;
        self.until(&id, "placed", |release| release.facts.transport_acked).await?;
        self.cancel(&id).await?;
        let asked = || self.world.sandbox.journal().received(BOLT, id.as_str());
        let look =
            async || Ok(asked().iter().any(|entry| entry.what == "order-cancel" && entry.is_taken()).then_some(()));
        self.look(&format!("the cancel of {id} at the 3PL"), look).await?;
        let body = json!({ "release_id": id, "occurred_at": self.world.time(3).to_string() });
        self.world.told(BOLT, "cancel-accepted", &format!("kill-{number}-cancel"), &body.to_string()).await?;
        Ok(id)
    }

    /// An order of one line to `region`, which decides on the 3PL.
    async fn small_order(&self, number: usize, region: &str) -> Result<ReleaseId, Error> {
        let order_no = format!("K{region}-{number:05}");
        let body = json!({
            "order_no": order_no,
            "customer_po": format!("PO-{order_no}"),
            "ship_to": {
                "name": "A customer", "address1": "1 Main Street", "city": "Somewhere", "region": region,
                "postal_code": "12345", "country": "US",
            },
            "lines": [{ "line_no": 1, "sku": "WIDGET", "quantity": "10", "uom": "EA" }],
        });
        self.world.released(&format!("key-{order_no}"), body.to_string().as_bytes()).await
    }

    async fn cancel(&self, id: &ReleaseId) -> Result<(), Error> {
        for _ in 0..TRIES_MAX {
            match self.world.api.cancel(&self.world.keys.erp_api_key, id.as_str()).await {
                Ok(reply) if is_accepted(&reply) => return Ok(()),
                Ok(reply) if reply.status < 500 => {
                    let answer = String::from_utf8_lossy(&reply.body).into_owned();
                    return Err(Error::Refused { status: reply.status, answer });
                }
                Ok(_) | Err(Error::Deployment(_)) => tokio::time::sleep(LOOK_EVERY).await,
                Err(error) => return Err(error),
            }
        }
        Err(Error::Unusable(format!("the API answered none of {TRIES_MAX} cancels of {id} by {ERP}")))
    }

    /// The 940 of a release that was placed.
    async fn ship_order(&self, release: &Release) -> Result<ShipOrder, Error> {
        let missing = || Error::Unusable(format!("the 940 of {} is not in the outbox", release.id));
        let dispatch = release.dispatch.as_ref().ok_or_else(missing)?;
        let key = format!("outbox/{ACME}/940-{}.edi", dispatch.message_no);
        let bytes = self.world.operations.outbox_file(&key).await?.ok_or_else(missing)?;
        warehouse::read_940(&key, &bytes).into_iter().next().ok_or_else(missing)
    }

    async fn until(&self, id: &ReleaseId, what: &str, is_so: impl Fn(&Release) -> bool) -> Result<Release, Error> {
        let look = async || {
            let release = self.world.find(id).await?;
            Ok(is_so(&release).then_some(release))
        };
        self.look(&format!("{id} is {what}"), look).await
    }

    async fn look<T>(&self, what: &str, mut look: impl AsyncFnMut() -> Result<Option<T>, Error>) -> Result<T, Error> {
        let watch = crossdock::Stopwatch::start();
        while watch.elapsed() < STEP_MAX {
            if let Some(found) = look().await? {
                return Ok(found);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Err(Error::Late { what: what.to_owned(), seconds: STEP_MAX.as_secs() })
    }
}
