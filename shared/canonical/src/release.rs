//! An order release, its facts and its state.
//!
//! **The state is derived from facts, never stored.** Each message adds a fact that its owner may state; facts add up in
//! any order of arrival, so the same messages give the same state whether they come in order, late or twice.
//! A physical fact outweighs paperwork: goods that left are shipped, whatever acknowledgment is missing or cancel pending.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    ArchiveRef, DeliveryId, EventId, Expectation, Hold, OrderRelease, PartnerId, PartnerScope, Principal, Quantity,
    ReleaseId, Role, ShipmentId, ShippedLine, ShortHash, Tenant,
};

/// Where a release stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReleaseState {
    /// Checked and taken; waits for its route.
    Validated,
    /// Waits for something named.
    Held,
    /// Numbered, and on its way to the warehouse's system.
    Dispatched,
    /// The warehouse's system has the bytes.
    TransportAcked,
    /// The warehouse's system could read them.
    TechAcked,
    /// The warehouse's system refused them as malformed.
    TechRejected,
    /// The warehouse will ship.
    Accepted,
    /// The warehouse will not ship.
    Rejected,
    /// The warehouse is at work; the cancel window is closed.
    InProcess,
    /// The ERP asked to cancel; the warehouse has not decided.
    CancelRequested,
    /// Cancelled.
    Cancelled,
    /// Some of it has left.
    PartiallyShipped,
    /// All of it has left.
    Shipped,
    /// All of it has arrived.
    Delivered,
}

impl ReleaseState {
    /// Every role that can own a next move: whose court a release can be in.
    pub const COURTS: [Role; 5] = [Role::Erp, Role::Wms, Role::Carrier, Role::Platform, Role::Ops];

    /// The state as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Validated => "VALIDATED",
            Self::Held => "HELD",
            Self::Dispatched => "DISPATCHED",
            Self::TransportAcked => "TRANSPORT_ACKED",
            Self::TechAcked => "TECH_ACKED",
            Self::TechRejected => "TECH_REJECTED",
            Self::Accepted => "ACCEPTED",
            Self::Rejected => "REJECTED",
            Self::InProcess => "IN_PROCESS",
            Self::CancelRequested => "CANCEL_REQUESTED",
            Self::Cancelled => "CANCELLED",
            Self::PartiallyShipped => "PARTIALLY_SHIPPED",
            Self::Shipped => "SHIPPED",
            Self::Delivered => "DELIVERED",
        }
    }

    /// Who owns the next move, and what it is. Nobody, once the release has ended.
    pub fn next_move(self) -> Option<(Role, &'static str)> {
        Some(match self {
            Self::Validated => (Role::Platform, "route and dispatch"),
            Self::Held => (Role::Ops, "mend what holds it"),
            Self::Dispatched => (Role::Platform, "hand over to the warehouse"),
            Self::TransportAcked => (Role::Wms, "acknowledge"),
            Self::TechAcked => (Role::Wms, "accept or reject"),
            Self::TechRejected => (Role::Ops, "mend the document and send it again"),
            Self::Accepted => (Role::Wms, "start work"),
            Self::Rejected => (Role::Erp, "release elsewhere or cancel the order"),
            Self::InProcess => (Role::Wms, "ship"),
            Self::CancelRequested => (Role::Wms, "decide on the cancel"),
            Self::PartiallyShipped => (Role::Wms, "ship the rest"),
            Self::Shipped => (Role::Carrier, "deliver"),
            Self::Cancelled | Self::Delivered => return None,
        })
    }
}

impl fmt::Display for ReleaseState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The transitions that a message can ask for, each with the one role that owns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Transition {
    /// The ERP asks for a release.
    Request,
    /// The platform chooses warehouse, partner and protocol, and fixes the numbers.
    Dispatch,
    /// The platform saw the partner's system take the bytes.
    TransportAck,
    /// The warehouse's system read, or refused, the document.
    TechnicalAck,
    /// The warehouse will ship, or will not.
    BusinessDecision,
    /// The warehouse started work.
    Wave,
    /// The ERP asks to cancel.
    CancelRequest,
    /// The warehouse decides on a cancel; the platform does while nothing has been sent.
    CancelDecision,
    /// The warehouse says that goods left.
    ShipConfirm,
    /// The carrier says what became of a shipment.
    Milestone,
    /// The platform found that something did not come in time. It sets a flag, and changes no state.
    Deadline,
    /// The ERP holds a release for credit, address or stock, or lifts that.
    ErpHold,
    /// Operations hold a release, or lift that.
    OpsHold,
}

impl Transition {
    /// The role that owns the transition.
    pub fn owner(self) -> Role {
        match self {
            Self::Request | Self::CancelRequest | Self::ErpHold => Role::Erp,
            Self::OpsHold => Role::Ops,
            Self::Dispatch | Self::TransportAck | Self::Deadline => Role::Platform,
            Self::TechnicalAck | Self::BusinessDecision | Self::Wave | Self::CancelDecision | Self::ShipConfirm => {
                Role::Wms
            }
            Self::Milestone => Role::Carrier,
        }
    }

    /// The transition as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Dispatch => "dispatch",
            Self::TransportAck => "transport_ack",
            Self::TechnicalAck => "technical_ack",
            Self::BusinessDecision => "business_decision",
            Self::Wave => "wave",
            Self::CancelRequest => "cancel_request",
            Self::CancelDecision => "cancel_decision",
            Self::ShipConfirm => "ship_confirm",
            Self::Milestone => "milestone",
            Self::Deadline => "deadline",
            Self::ErpHold => "erp_hold",
            Self::OpsHold => "ops_hold",
        }
    }
}

/// The way a release takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Route {
    /// The warehouse.
    pub warehouse: String,
    /// The partner that runs it.
    pub partner: PartnerId,
    /// The rule that chose them.
    pub rule: String,
    /// The profile bundle that held the rule.
    pub profile_version: String,
}

/// How a release was placed with its warehouse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dispatch {
    /// The delivery that carries it.
    pub delivery: DeliveryId,
    /// The number under which the partner knows the message: interchange control number or webhook id.
    pub message_no: String,
    /// The number under which the partner knows the order.
    pub depositor_order_no: String,
    /// When it was decided.
    pub at: Timestamp,
}

/// The partner's system's verdict on the document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TechnicalVerdict {
    /// Whether it could be read.
    pub accepted: bool,
    /// What was said of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// The warehouse's decision.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BusinessDecision {
    /// When it was decided. Of two decisions the later one holds.
    pub occurred_at: Timestamp,
    /// Whether the warehouse will ship. Of two decisions of one instant the acceptance holds.
    pub accepted: bool,
    /// The partner's number for the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner_order_no: Option<String>,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Everything that is known of a release's way. Each field is filled by its owner's messages alone.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Facts {
    /// What its owners want it to wait for, in the order in which it was placed. Of no weight once it is dispatched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<Hold>,
    /// Why the platform could not dispatch; empty again once it could.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<String>,
    /// Why the document could not be handed over; a person must look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undeliverable: Option<String>,
    /// Why the document waits: the partner's endpoint is out. Of no weight once the partner's system has the bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outage: Option<String>,
    /// The platform saw the partner's system take the bytes.
    #[serde(default)]
    pub transport_acked: bool,
    /// The partner's system's verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub technical: Option<TechnicalVerdict>,
    /// The warehouse's decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business: Option<BusinessDecision>,
    /// The warehouse started work.
    #[serde(default)]
    pub waved: bool,
    /// The ERP asked to cancel.
    #[serde(default)]
    pub cancel_requested: bool,
    /// The decision on the cancel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_accepted: Option<bool>,
    /// What each shipment carried.
    #[serde(default)]
    pub shipments: BTreeMap<ShipmentId, Vec<ShippedLine>>,
    /// The shipments that arrived.
    #[serde(default)]
    pub delivered: BTreeSet<ShipmentId>,
}

/// One line of a release: ordered and shipped so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LineProgress {
    /// The ERP's line number.
    pub line_no: u32,
    /// The item.
    pub sku: String,
    /// Unit of measure of both quantities.
    pub uom: String,
    /// Ordered.
    pub ordered: Quantity,
    /// Shipped, over all shipments.
    pub shipped: Quantity,
}

/// Who owns the next move, and since when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Court {
    /// The role.
    pub owner: Role,
    /// The partner, where the role is one's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<PartnerId>,
    /// What is waited for.
    pub next_move: String,
    /// Since when the release stands where it stands.
    pub since: Timestamp,
}

/// One line of a release's history: what came, from whom, and what it changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HistoryEntry {
    /// Position, from 1.
    pub seq: u64,
    /// When the message was received.
    pub received_at: Timestamp,
    /// When it happened, by its owner's word.
    pub occurred_at: Timestamp,
    /// Who said so.
    pub partner: PartnerId,
    /// What was asked for.
    pub transition: Transition,
    /// The role that owns it.
    pub owner: Role,
    /// What came of it: `applied`, `held` or `violation`.
    pub outcome: String,
    /// The state before.
    pub from: ReleaseState,
    /// The state after.
    pub to: ReleaseState,
    /// In words.
    pub detail: String,
    /// The message or event that brought it.
    pub message_id: String,
    /// The events that told it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<EventId>,
    /// Its raw bytes, where there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<ArchiveRef>,
}

/// An order release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// Derived from the ERP, the order number and the release number.
    pub id: ReleaseId,
    /// The distributor.
    pub tenant: Tenant,
    /// The ERP that asked.
    pub erp: PartnerId,
    /// What it asked for.
    pub order: OrderRelease,
    /// Its raw bytes.
    pub raw: ArchiveRef,
    /// When it was received.
    pub received_at: Timestamp,
    /// Its way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<Route>,
    /// Its placing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispatch: Option<Dispatch>,
    /// The passing on of its cancel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_dispatch: Option<Dispatch>,
    /// What is expected of its parties, and by when.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expectations: Vec<Expectation>,
    /// What is known.
    #[serde(default)]
    pub facts: Facts,
    /// Since when it stands where it stands.
    pub since: Timestamp,
    /// Events told so far.
    pub seq: u64,
    /// Hashes of the keys of absorbed messages, with hashes of what they said. They never expire.
    #[serde(default)]
    pub absorbed: BTreeMap<ShortHash, ShortHash>,
    /// What came, in order of arrival.
    #[serde(default)]
    pub history: Vec<HistoryEntry>,
}

impl Release {
    /// Where the release stands: derived from its facts, the heaviest first.
    pub fn state(&self) -> ReleaseState {
        let facts = &self.facts;
        let lines = self.lines();
        if lines.iter().all(|line| line.shipped >= line.ordered) {
            let arrived = facts.shipments.keys().all(|shipment| facts.delivered.contains(shipment));
            return if arrived { ReleaseState::Delivered } else { ReleaseState::Shipped };
        }
        if lines.iter().any(|line| !line.shipped.is_zero()) {
            return ReleaseState::PartiallyShipped;
        }
        if facts.cancel_requested && facts.cancel_accepted == Some(true) {
            return ReleaseState::Cancelled;
        }
        if facts.cancel_requested && facts.cancel_accepted.is_none() {
            return ReleaseState::CancelRequested;
        }
        if facts.waved {
            return ReleaseState::InProcess;
        }
        match (&facts.business, &facts.technical) {
            (Some(decision), _) if decision.accepted => ReleaseState::Accepted,
            (Some(_), _) => ReleaseState::Rejected,
            (None, Some(verdict)) if verdict.accepted => ReleaseState::TechAcked,
            (None, Some(_)) => ReleaseState::TechRejected,
            (None, None) if facts.transport_acked => ReleaseState::TransportAcked,
            (None, None) if facts.undeliverable.is_some() => ReleaseState::Held,
            (None, None) if facts.outage.is_some() => ReleaseState::Held,
            (None, None) if self.dispatch.is_some() => ReleaseState::Dispatched,
            (None, None) if facts.held.is_some() || self.open_holds().next().is_some() => ReleaseState::Held,
            (None, None) => ReleaseState::Validated,
        }
    }

    /// Whether nothing but its partner's outage holds it: it is resumed by itself.
    pub fn waits_for_partner(&self) -> bool {
        self.state() == ReleaseState::Held && self.facts.undeliverable.is_none() && self.facts.outage.is_some()
    }

    /// Who owns the next move, and since when; nobody, once the release has ended.
    pub fn court(&self) -> Option<Court> {
        let mut next_move = self.state().next_move()?;
        if self.waits_for_partner() {
            next_move = (Role::Platform, "hand over when the warehouse's system answers again");
        }
        // Nothing else is tried while it is held, so the first hold comes before whatever kept it from being placed.
        if self.waits_for_holds()
            && let Some(hold) = self.open_holds().next()
        {
            next_move = (hold.reason.owner(), hold.reason.next_move());
        }
        let (owner, next_move) = next_move;
        let partner = match owner {
            Role::Wms => self.route.as_ref().map(|route| route.partner.clone()),
            Role::Erp => Some(self.erp.clone()),
            Role::Carrier | Role::Tms | Role::Channel | Role::Platform | Role::Ops => None,
        };
        Some(Court { owner, partner, next_move: next_move.to_owned(), since: self.since })
    }

    /// Ordered and shipped per line, over all shipments.
    ///
    /// A ship confirm that names the line counts there. One that names only the item fills the lines of that item in
    /// order of their numbers, whatever order the confirms came in; what is over stays on the last of them.
    pub fn lines(&self) -> Vec<LineProgress> {
        let mut lines: Vec<LineProgress> = self
            .order
            .lines
            .iter()
            .map(|line| LineProgress {
                line_no: line.line_no,
                sku: line.sku.clone(),
                uom: line.uom.clone(),
                ordered: line.quantity,
                shipped: Quantity::ZERO,
            })
            .collect();
        lines.sort_by_key(|line| line.line_no);
        let mut unplaced: BTreeMap<(&str, &str), Quantity> = BTreeMap::new();
        for shipped in self.facts.shipments.values().flatten() {
            if let Some(line) = shipped.line_no.and_then(|no| lines.iter_mut().find(|line| line.line_no == no)) {
                line.shipped = line.shipped + shipped.quantity;
            } else {
                let pool = unplaced.entry((&shipped.sku, &shipped.uom)).or_default();
                *pool = *pool + shipped.quantity;
            }
        }
        for ((sku, uom), mut pool) in unplaced {
            for line in lines.iter_mut().filter(|line| line.sku == sku && line.uom == uom) {
                let room = line.ordered.less(line.shipped);
                let taken = room.min(pool);
                line.shipped = line.shipped + taken;
                pool = pool.less(taken);
            }
            if let Some(line) = lines.iter_mut().rfind(|line| line.sku == sku && line.uom == uom) {
                line.shipped = line.shipped + pool;
            }
        }
        lines
    }

    /// Whether `shipped` names a line of this release: by number, or by item and unit of measure.
    pub fn has_line_for(&self, shipped: &ShippedLine) -> bool {
        self.order.lines.iter().any(|line| {
            let named = shipped.line_no.is_none_or(|no| no == line.line_no);
            named && line.sku == shipped.sku && line.uom == shipped.uom
        })
    }

    /// Whether `principal` may make `transition` on this release: it must speak for the owning role, and be the very
    /// partner that has that part here.
    pub fn may(&self, principal: &Principal, transition: Transition) -> bool {
        if principal.scope.tenant != self.tenant || !principal.speaks_for(transition.owner()) {
            return false;
        }
        match transition.owner() {
            Role::Erp => principal.scope.partner == self.erp,
            Role::Wms => self.route.as_ref().is_some_and(|route| route.partner == principal.scope.partner),
            Role::Carrier | Role::Tms | Role::Channel | Role::Platform | Role::Ops => true,
        }
    }

    /// The warehouse partner that it is routed to.
    pub fn warehouse(&self) -> Option<PartnerScope> {
        let route = self.route.as_ref()?;
        Some(PartnerScope { tenant: self.tenant.clone(), partner: route.partner.clone() })
    }

    /// The partners that have a part in it.
    pub fn parties(&self) -> Vec<PartnerId> {
        std::iter::once(self.erp.clone()).chain(self.route.iter().map(|route| route.partner.clone())).collect()
    }

    /// Whether `partner` has a part in this release and may see it.
    pub fn is_visible_to(&self, partner: &PartnerId) -> bool {
        self.erp == *partner || self.route.as_ref().is_some_and(|route| route.partner == *partner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Address, OrderLine};

    fn release() -> Release {
        let line = |line_no, sku: &str, quantity: u32| OrderLine {
            line_no,
            sku: sku.to_owned(),
            quantity: quantity.into(),
            uom: "EA".to_owned(),
            description: None,
        };
        let (tenant, erp): (Tenant, PartnerId) = ("t".parse().unwrap(), "erp".parse().unwrap());
        Release {
            id: ReleaseId::derive(&tenant, &erp, "1", 1),
            tenant,
            erp,
            order: OrderRelease {
                account: None,
                holds: Vec::new(),
                order_no: "1".to_owned(),
                release_no: 1,
                customer_po: None,
                ship_to: Address {
                    name: "N".to_owned(),
                    code: None,
                    address1: "A".to_owned(),
                    address2: None,
                    city: "C".to_owned(),
                    region: None,
                    postal_code: "12345".to_owned(),
                    country: "US".to_owned(),
                },
                ship_by: None,
                deliver_by: None,
                carrier: None,
                warehouse: None,
                lines: vec![line(1, "BOLT", 60), line(2, "BOLT", 40), line(3, "NUT", 5)],
                note: None,
            },
            raw: ArchiveRef::whole(b""),
            received_at: Timestamp::UNIX_EPOCH,
            route: Some(Route {
                warehouse: "W".to_owned(),
                partner: "wms".parse().unwrap(),
                rule: "r".to_owned(),
                profile_version: String::new(),
            }),
            dispatch: None,
            cancel_dispatch: None,
            expectations: Vec::new(),
            facts: Facts::default(),
            since: Timestamp::UNIX_EPOCH,
            seq: 0,
            absorbed: BTreeMap::new(),
            history: Vec::new(),
        }
    }

    fn shipped(line_no: Option<u32>, sku: &str, quantity: u32) -> ShippedLine {
        ShippedLine { line_no, sku: sku.to_owned(), quantity: quantity.into(), uom: "EA".to_owned(), status: None }
    }

    fn ship(release: &mut Release, no: &str, lines: Vec<ShippedLine>) {
        let id = ShipmentId::derive(&release.tenant, &"wms".parse().unwrap(), no);
        release.facts.shipments.insert(id, lines);
    }

    fn quantities(release: &Release) -> Vec<String> {
        release.lines().iter().map(|line| line.shipped.to_string()).collect()
    }

    #[test]
    fn an_item_without_its_line_fills_the_lines_in_order_and_what_is_over_stays_on_the_last() {
        let mut release = release();
        ship(&mut release, "a", vec![shipped(None, "BOLT", 70)]);
        assert_eq!(quantities(&release), ["60", "10", "0"]);
        ship(&mut release, "b", vec![shipped(None, "BOLT", 35)]);
        assert_eq!(quantities(&release), ["60", "45", "0"]);
    }

    #[test]
    fn a_named_line_counts_there_before_unnamed_items_are_placed() {
        let mut release = release();
        ship(&mut release, "a", vec![shipped(None, "BOLT", 50)]);
        ship(&mut release, "b", vec![shipped(Some(1), "BOLT", 30)]);
        // 30 on line 1 by name; of the 50 unnamed, 30 fill line 1 up and 20 go to line 2.
        assert_eq!(quantities(&release), ["60", "20", "0"]);
    }

    #[test]
    fn goods_that_left_outweigh_every_paper() {
        let mut release = release();
        release.facts.cancel_requested = true;
        release.facts.cancel_accepted = Some(true);
        release.facts.technical = Some(TechnicalVerdict { accepted: false, notes: Vec::new() });
        assert_eq!(release.state(), ReleaseState::Cancelled);
        ship(&mut release, "a", vec![shipped(None, "NUT", 1)]);
        assert_eq!(release.state(), ReleaseState::PartiallyShipped);
        ship(&mut release, "b", vec![shipped(None, "NUT", 4), shipped(None, "BOLT", 100)]);
        assert_eq!(release.state(), ReleaseState::Shipped);
        release.facts.delivered = release.facts.shipments.keys().cloned().collect();
        assert_eq!(release.state(), ReleaseState::Delivered);
        assert!(release.court().is_none());
    }

    #[test]
    fn a_transition_belongs_to_one_role_and_one_partner() {
        let release = release();
        let principal = |partner: &str, role| Principal {
            scope: PartnerScope { tenant: release.tenant.clone(), partner: partner.parse().unwrap() },
            roles: [role].into(),
        };
        assert!(release.may(&principal("wms", Role::Wms), Transition::ShipConfirm));
        assert!(!release.may(&principal("other", Role::Wms), Transition::ShipConfirm), "another warehouse");
        assert!(!release.may(&principal("erp", Role::Erp), Transition::ShipConfirm), "the ERP");
        assert!(release.may(&principal("erp", Role::Erp), Transition::CancelRequest));
        assert!(!release.may(&principal("erp2", Role::Erp), Transition::CancelRequest));
        assert!(!release.may(&principal("wms", Role::Wms), Transition::CancelRequest));
        assert!(!release.may(&principal("wms", Role::Wms), Transition::Dispatch));
        let mut stranger = principal("wms", Role::Wms);
        stranger.scope.tenant = "another".parse().unwrap();
        assert!(!release.may(&stranger, Transition::ShipConfirm), "another tenant");
    }

    #[test]
    fn states_and_transitions_are_one_word_in_every_place() {
        use ReleaseState as S;
        use Transition as T;
        for state in [
            S::Validated,
            S::Held,
            S::Dispatched,
            S::TransportAcked,
            S::TechAcked,
            S::TechRejected,
            S::Accepted,
            S::Rejected,
            S::InProcess,
            S::CancelRequested,
            S::Cancelled,
            S::PartiallyShipped,
            S::Shipped,
            S::Delivered,
        ] {
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
            assert_eq!(state.to_string(), state.as_str());
        }
        for transition in [
            T::Request,
            T::Dispatch,
            T::TransportAck,
            T::TechnicalAck,
            T::BusinessDecision,
            T::Wave,
            T::CancelRequest,
            T::CancelDecision,
            T::ShipConfirm,
            T::Milestone,
            T::Deadline,
            T::ErpHold,
            T::OpsHold,
        ] {
            assert_eq!(serde_json::to_value(transition).unwrap(), transition.as_str());
        }
    }

    /// Each paper in turn, the lightest first, and who is waited for with it. Nothing has left.
    #[test]
    fn each_paper_outweighs_the_one_before_and_says_who_moves_next() {
        let mut release = release();
        let dispatch = Dispatch {
            delivery: "dlv_1".parse().unwrap(),
            message_no: "1".to_owned(),
            depositor_order_no: "1".to_owned(),
            at: Timestamp::UNIX_EPOCH,
        };
        let decided = |second, accepted| BusinessDecision {
            occurred_at: Timestamp::from_second(second).unwrap(),
            accepted,
            partner_order_no: None,
            reason: None,
        };
        let court = |release: &Release| {
            let court = release.court().map(|court| (court.owner, court.partner.map(String::from), court.since));
            court.map(|(owner, partner, since)| (owner.as_str(), partner.unwrap_or_default(), since.as_second()))
        };
        let wms = |since| Some(("3pl", "wms".to_owned(), since));
        let nobodys = |role, since| Some((role, String::new(), since));
        release.since = Timestamp::from_second(7).unwrap();
        assert_eq!((release.state(), court(&release)), (ReleaseState::Validated, nobodys("platform", 7)));
        release.facts.held = Some("no route".to_owned());
        assert_eq!((release.state(), court(&release)), (ReleaseState::Held, nobodys("ops", 7)));
        release.dispatch = Some(dispatch);
        assert_eq!((release.state(), court(&release)), (ReleaseState::Dispatched, nobodys("platform", 7)));
        release.facts.undeliverable = Some("answered 422".to_owned());
        assert_eq!((release.state(), court(&release)), (ReleaseState::Held, nobodys("ops", 7)));
        release.facts.transport_acked = true;
        assert_eq!((release.state(), court(&release)), (ReleaseState::TransportAcked, wms(7)));
        release.facts.technical = Some(TechnicalVerdict { accepted: false, notes: Vec::new() });
        assert_eq!((release.state(), court(&release)), (ReleaseState::TechRejected, nobodys("ops", 7)));
        release.facts.technical = Some(TechnicalVerdict { accepted: true, notes: Vec::new() });
        assert_eq!((release.state(), court(&release)), (ReleaseState::TechAcked, wms(7)));
        release.facts.business = Some(decided(1, false));
        assert_eq!((release.state(), court(&release)), (ReleaseState::Rejected, Some(("erp", "erp".to_owned(), 7))));
        release.facts.business = Some(decided(2, true));
        assert_eq!((release.state(), court(&release)), (ReleaseState::Accepted, wms(7)));
        release.facts.waved = true;
        assert_eq!((release.state(), court(&release)), (ReleaseState::InProcess, wms(7)));
        release.facts.cancel_requested = true;
        assert_eq!((release.state(), court(&release)), (ReleaseState::CancelRequested, wms(7)));
        release.facts.cancel_accepted = Some(false);
        assert_eq!(release.state(), ReleaseState::InProcess, "a cancel that is refused changes nothing");
        release.facts.cancel_accepted = Some(true);
        assert_eq!((release.state(), court(&release)), (ReleaseState::Cancelled, None));
        release.facts.cancel_requested = false;
        assert_eq!(release.state(), ReleaseState::InProcess, "what nobody asked to cancel is not cancelled");
        ship(&mut release, "a", vec![shipped(Some(1), "BOLT", 60)]);
        assert_eq!((release.state(), court(&release)), (ReleaseState::PartiallyShipped, wms(7)));
        ship(&mut release, "b", vec![shipped(Some(2), "BOLT", 40), shipped(Some(3), "NUT", 5)]);
        assert_eq!((release.state(), court(&release)), (ReleaseState::Shipped, nobodys("carrier", 7)));
    }

    #[test]
    fn it_has_arrived_with_the_last_of_its_shipments() {
        let mut release = release();
        ship(&mut release, "a", vec![shipped(None, "BOLT", 100)]);
        ship(&mut release, "b", vec![shipped(None, "NUT", 5)]);
        let first = release.facts.shipments.keys().next().cloned().unwrap();
        release.facts.delivered.insert(first);
        assert_eq!(release.state(), ReleaseState::Shipped);
    }

    #[test]
    fn shipments_of_a_line_add_up_and_items_and_units_are_told_apart() {
        let mut release = release();
        release.order.lines[1].uom = "CA".to_owned();
        ship(&mut release, "a", vec![shipped(Some(1), "BOLT", 20), shipped(None, "NUT", 2)]);
        ship(&mut release, "b", vec![shipped(Some(1), "BOLT", 25), shipped(None, "NUT", 4)]);
        assert_eq!(quantities(&release), ["45", "0", "6"]);
        ship(&mut release, "c", vec![shipped(None, "BOLT", 30)]);
        assert_eq!(quantities(&release), ["75", "0", "6"], "pieces do not fill the line of cases");
        let lines: Vec<_> = release.lines().into_iter().map(|line| (line.line_no, line.uom, line.ordered)).collect();
        assert_eq!(lines[1], (2, "CA".to_owned(), 40.into()));
    }

    #[test]
    fn a_line_is_named_by_item_and_unit_and_by_its_number_where_it_is_given() {
        let release = release();
        for (line_no, sku, uom, has) in [
            (None, "BOLT", "EA", true),
            (Some(2), "BOLT", "EA", true),
            (Some(3), "BOLT", "EA", false),
            (Some(9), "BOLT", "EA", false),
            (None, "SCREW", "EA", false),
            (None, "BOLT", "CA", false),
            (Some(3), "NUT", "EA", true),
        ] {
            let line = ShippedLine { uom: uom.to_owned(), ..shipped(line_no, sku, 1) };
            assert_eq!(release.has_line_for(&line), has, "{line_no:?} {sku} {uom}");
        }
    }

    #[test]
    fn the_erp_and_the_warehouse_have_a_part_in_a_release_and_nobody_else() {
        let mut release = release();
        let id = |text: &str| text.parse::<PartnerId>().unwrap();
        assert_eq!(release.parties(), [id("erp"), id("wms")]);
        let warehouse = PartnerScope { tenant: release.tenant.clone(), partner: id("wms") };
        assert_eq!(release.warehouse(), Some(warehouse));
        let sees = |release: &Release| ["erp", "wms", "other"].map(|partner| release.is_visible_to(&id(partner)));
        assert_eq!(sees(&release), [true, true, false]);
        release.route = None;
        assert_eq!((release.parties(), release.warehouse()), (vec![id("erp")], None));
        assert_eq!(sees(&release), [true, false, false]);
    }

    #[test]
    fn the_platform_moves_by_its_role_whatever_partner_it_names() {
        let release = release();
        let scope = PartnerScope { tenant: release.tenant.clone(), partner: "any".parse().unwrap() };
        let platform = Principal { scope, roles: [Role::Platform].into() };
        assert!(release.may(&platform, Transition::Dispatch) && release.may(&platform, Transition::TransportAck));
        for transition in [Transition::Request, Transition::Wave, Transition::Milestone] {
            assert!(!release.may(&platform, transition), "{transition:?}");
        }
    }
}
