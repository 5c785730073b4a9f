//! Orders, and what those who handle them do: the material of every schedule.

use canonical::{HoldId, HoldReason, Quantity, ReleaseId, ShipmentId};
use serde_json::json;
use sim::World;

use crate::cast::{
    ACME, BOLT, ERP, OPS, TMS, acceptance, acme_file, order_held, read_940, refusal, release_id, shipment_id,
};
use crate::story::Act;

/// Who ships an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warehouse {
    /// The 3PL with webhooks.
    Bolt,
    /// The 3PL with files.
    Acme,
}

impl Warehouse {
    /// The partner's id.
    pub fn partner(self) -> &'static str {
        match self {
            Self::Bolt => BOLT,
            Self::Acme => ACME,
        }
    }
}

/// One thing that somebody does about an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    /// The ERP releases it.
    Release,
    /// The ERP cancels it.
    Cancel,
    /// The warehouse will ship it (true), or will not.
    Decide(bool),
    /// The warehouse starts work.
    Wave,
    /// The warehouse's system read (true), or refused, the document.
    Acknowledge(bool),
    /// The ERP lifts the hold that it placed for this reason.
    Lift(HoldReason),
    /// Somebody whose hold it is not tries to.
    Meddle(HoldReason),
    /// The warehouse ships a part of it.
    Ship(usize),
    /// The warehouse tells of that part again, with another quantity.
    Contradict(usize),
    /// The warehouse tells of that part once more, under another name.
    Resend(usize),
    /// The warehouse drops a file about goods that it never shipped, under the control number of the file about that part.
    Reuse(usize),
    /// The carrier has the part.
    PickUp(usize),
    /// The carrier has one more parcel of it, since the same moment.
    PickUpParcel(usize),
    /// The part arrived.
    Deliver(usize),
    /// The warehouse agrees to the cancel (true), or does not.
    Answer(bool),
    /// Somebody without a part in it says that work has started.
    Intrude,
    /// Nobody does anything, for so many hours.
    Wait(i64),
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The ERP's number.
    pub no: String,
    /// Who ships it.
    pub warehouse: Warehouse,
    /// Items and quantities, all different items.
    pub lines: Vec<(&'static str, u32)>,
    /// What each shipment carries of each line.
    pub shipments: Vec<Vec<u32>>,
    /// What it has to wait for before it is placed.
    pub holds: Vec<HoldReason>,
    /// Everything that is done about it, in the usual order.
    pub deeds: Vec<Deed>,
}

/// Items that orders name.
pub const ITEMS: [&str; 3] = ["BOLT", "NUT", "DRILL"];

impl Order {
    /// The release's id.
    pub fn release_id(&self) -> ReleaseId {
        release_id(&self.no)
    }

    /// The number of a shipment at its warehouse.
    pub fn shipment_no(&self, at: usize) -> String {
        format!("{}-{}", self.no, at + 1)
    }

    /// The id of a shipment.
    pub fn shipment_id(&self, at: usize) -> ShipmentId {
        shipment_id(self.warehouse.partner(), &self.shipment_no(at))
    }

    /// What all shipments of `parts` carry of each line.
    pub fn shipped(&self, parts: &[usize]) -> Vec<Quantity> {
        let of = |line: usize| parts.iter().filter_map(|at| self.shipments.get(*at)?.get(line)).sum::<u32>().into();
        (0..self.lines.len()).map(of).collect()
    }

    /// The act, if it can be done by now: a warehouse speaks of what it was asked for.
    pub fn act(&self, deed: Deed, world: &World) -> Option<Act> {
        self.act_of(deed, &mut || self.placed(world))
    }

    /// The same, asking `placed` whether the warehouse has the order, as [`Order::placed`] would say.
    pub fn act_of(&self, deed: Deed, placed: &mut dyn FnMut() -> Option<u32>) -> Option<Act> {
        let by_others = matches!(deed, Deed::Release | Deed::Cancel | Deed::Lift(_) | Deed::Meddle(_) | Deed::Intrude)
            || matches!(deed, Deed::PickUp(_) | Deed::PickUpParcel(_) | Deed::Deliver(_) | Deed::Wait(_));
        let group = if by_others { 0 } else { placed()? };
        let name = format!("{}-{deed:?}", self.no);
        let id = self.release_id();
        let webhook = |partner, topic, body: serde_json::Value| Some(Act::webhook(partner, topic, &name, &body));
        let at = "2026-11-23T12:00:00Z";
        // Each file has its number: the order's, in tens of thousands, and what it is.
        let number = |what: u32| {
            let digits: String = self.no.chars().filter(char::is_ascii_digit).collect();
            digits.parse::<u32>().unwrap_or(0) * 100 + what
        };
        let file = |kind, what: u32, set: String| {
            Some(Act::drop(ACME, &format!("{name}.edi"), acme_file(kind, number(what), &[set])))
        };
        let small = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        match (deed, self.warehouse) {
            (Deed::Release, warehouse) => {
                let region = if warehouse == Warehouse::Bolt { "NY" } else { "TX" };
                Some(Act::release(&name, order_held(&self.no, region, &self.lines, &self.holds)))
            }
            (Deed::Lift(reason) | Deed::Meddle(reason), _) => {
                let own = matches!(deed, Deed::Lift(_));
                let hold = HoldId::derive(&id, &["request", reason.as_str()]).to_string();
                Some(Act::Lift { partner: if own { ERP } else { OPS }, release_id: id.to_string(), hold, own })
            }
            (Deed::Cancel, _) => Some(Act::Cancel { release_id: id.to_string() }),
            (Deed::Decide(accepted), Warehouse::Bolt) => {
                let body = json!({ "release_id": id, "partner_order_no": "NJ-1", "occurred_at": at });
                let refused = json!({ "release_id": id, "reason": "no stock", "occurred_at": at });
                if accepted {
                    webhook(BOLT, "release-accepted", body)
                } else {
                    webhook(BOLT, "release-rejected", refused)
                }
            }
            (Deed::Wave, Warehouse::Bolt) => {
                webhook(BOLT, "release-waved", json!({ "release_id": id, "occurred_at": at }))
            }
            (Deed::Answer(agreed), Warehouse::Bolt) => {
                let topic = if agreed { "cancel-accepted" } else { "cancel-refused" };
                let reason = if agreed { json!({}) } else { json!("on the truck") };
                let mut body = json!({ "release_id": id, "occurred_at": at });
                if !agreed && let Some(body) = body.as_object_mut() {
                    body.insert("reason".to_owned(), reason);
                }
                webhook(BOLT, topic, body)
            }
            (Deed::Acknowledge(accepted), Warehouse::Acme) => {
                file("FA", 10, if accepted { acceptance(group) } else { refusal(group) })
            }
            (Deed::Ship(part) | Deed::Contradict(part), warehouse) => {
                let more = u32::from(matches!(deed, Deed::Contradict(_)));
                let quantities = self.shipments.get(part)?.iter().map(|quantity| quantity + more * quantity.min(&1));
                let carried = self.lines.iter().enumerate().zip(quantities).filter(|(_, quantity)| *quantity > 0);
                match warehouse {
                    Warehouse::Bolt => {
                        let line = |((at, (sku, _)), quantity): ((usize, &(&str, u32)), u32)| json!({ "line_no": at + 1, "sku": sku, "quantity": quantity.to_string(), "uom": "EA" });
                        let body = json!({
                            "release_id": id, "shipment_no": self.shipment_no(part), "scac": "UPSN",
                            "shipped_at": "2026-11-23T17:00:00Z", "lines": carried.map(line).collect::<Vec<_>>(),
                        });
                        webhook(BOLT, "ship-confirm", body)
                    }
                    Warehouse::Acme => {
                        let lines: Vec<_> = carried
                            .map(|((at, (sku, ordered)), quantity)| (at + 1, *sku, *ordered, quantity))
                            .collect();
                        let advice = crate::cast::advice_of(&self.no, &self.shipment_no(part), &lines);
                        file("SW", 20 + 2 * small(part) + more, advice)
                    }
                }
            }
            (Deed::PickUp(part) | Deed::PickUpParcel(part) | Deed::Deliver(part), warehouse) => {
                let code = if matches!(deed, Deed::Deliver(_)) { "delivered" } else { "picked_up" };
                let mut body = json!({ "milestone": code, "occurred_at": "2026-11-24T08:00:00Z" });
                let (partner, field, value) = match warehouse {
                    Warehouse::Bolt => (BOLT, "shipment_no", self.shipment_no(part)),
                    Warehouse::Acme => (TMS, "shipment_id", self.shipment_id(part).to_string()),
                };
                let body_of = body.as_object_mut()?;
                body_of.insert(field.to_owned(), json!(value));
                if matches!(deed, Deed::PickUpParcel(_)) {
                    body_of.insert("tracking_no".to_owned(), json!("1Z2"));
                }
                webhook(partner, "tracking-update", body)
            }
            (Deed::Resend(part), _) => self.act_of(Deed::Ship(part), placed).map(|act| act.renamed()),
            (Deed::Reuse(part), Warehouse::Acme) => {
                let no = format!("{}-X{}", self.no, part + 1);
                let line = |(at, (sku, all)): (usize, &(&'static str, u32))| (at + 1, *sku, *all, 1);
                let lines: Vec<_> = self.lines.iter().enumerate().map(line).collect();
                file("SW", 20 + 2 * small(part), crate::cast::advice_of(&self.no, &no, &lines))
            }
            (Deed::Wait(hours), _) => Some(Act::Wait { hours }),
            (Deed::Intrude, _) => webhook(TMS, "release-waved", json!({ "release_id": id, "occurred_at": at })),
            // No partner here says these in this form.
            (Deed::Decide(_) | Deed::Wave | Deed::Answer(_), Warehouse::Acme)
            | (Deed::Acknowledge(_) | Deed::Reuse(_), Warehouse::Bolt) => None,
        }
    }

    /// The control number of the group in which the warehouse has the order, 0 if it came without one; none if it has not.
    pub fn placed(&self, world: &World) -> Option<u32> {
        let mut found = None;
        match self.warehouse {
            Warehouse::Bolt => {
                let (mark, id) = (r#""document":"order-release""#, self.release_id());
                world.see_done(|partner, _, body| {
                    let text = std::str::from_utf8(body).unwrap_or_default();
                    if partner.as_str() == BOLT && text.contains(mark) && text.contains(id.as_str()) {
                        found = Some(0);
                    }
                });
            }
            Warehouse::Acme => world.see_outboxes(|_, name, bytes| {
                if name.starts_with("940-") {
                    let placed = read_940(bytes);
                    if placed.order_no == self.no && placed.purpose == "N" {
                        found = Some(placed.group);
                    }
                }
            }),
        }
        found
    }
}
