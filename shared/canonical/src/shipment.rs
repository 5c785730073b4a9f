//! A shipment: what the warehouse confirmed, and the milestones of its way. Facts add up in any order of arrival.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{PartnerId, ReleaseId, ShipConfirm, ShipmentId, ShortHash, Tenant};

/// Milestones of a shipment's way. Sources: X12 element 1650, EasyPost, AfterShip and ShipBob states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MilestoneCode {
    /// A label exists; the goods have not moved.
    LabelCreated,
    /// The carrier has the goods (first scan; X12 AF).
    PickedUp,
    /// On the way (X12 X6).
    InTransit,
    /// On the last vehicle.
    OutForDelivery,
    /// With the consignee (X12 D1).
    Delivered,
    /// Something is wrong on the way.
    Exception,
}

impl MilestoneCode {
    /// The milestone as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LabelCreated => "label_created",
            Self::PickedUp => "picked_up",
            Self::InTransit => "in_transit",
            Self::OutForDelivery => "out_for_delivery",
            Self::Delivered => "delivered",
            Self::Exception => "exception",
        }
    }

    /// Whether it proves that the carrier has, or had, the goods. A label alone proves nothing.
    pub fn proves_possession(self) -> bool {
        matches!(self, Self::PickedUp | Self::InTransit | Self::OutForDelivery | Self::Delivered)
    }
}

/// One milestone on record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Milestone {
    /// When it happened.
    pub occurred_at: Timestamp,
    /// What.
    pub code: MilestoneCode,
    /// Who reported it.
    pub source: PartnerId,
    /// Where, in the source's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Under which tracking number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_no: Option<String>,
}

/// A shipment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shipment {
    /// Derived from the warehouse partner and its shipment number.
    pub id: ShipmentId,
    /// The distributor.
    pub tenant: Tenant,
    /// The warehouse partner and what it confirmed; none while only milestones have come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<Confirmed>,
    /// The trail, by time.
    #[serde(default)]
    pub milestones: Vec<Milestone>,
    /// Events told so far.
    pub seq: u64,
    /// Hashes of the keys of absorbed messages, with hashes of what they said.
    #[serde(default)]
    pub absorbed: BTreeMap<ShortHash, ShortHash>,
}

/// What the warehouse confirmed of a shipment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmed {
    /// The warehouse partner.
    pub partner: PartnerId,
    /// The release.
    pub release_id: ReleaseId,
    /// The ERP that released it.
    pub erp: PartnerId,
    /// The document.
    pub confirm: ShipConfirm,
}

impl Shipment {
    /// A shipment of which nothing is known yet.
    pub fn unknown(id: ShipmentId, tenant: Tenant) -> Self {
        Self { id, tenant, confirmed: None, milestones: Vec::new(), seq: 0, absorbed: BTreeMap::new() }
    }

    /// Whether the carrier provably has the goods and the warehouse said what they are.
    pub fn is_proven(&self) -> bool {
        self.confirmed.is_some() && self.milestones.iter().any(|milestone| milestone.code.proves_possession())
    }

    /// Whether all of it has arrived: each confirmed tracking number was delivered, or the shipment as a whole was.
    pub fn has_arrived(&self) -> bool {
        let delivered = || self.milestones.iter().filter(|milestone| milestone.code == MilestoneCode::Delivered);
        let Some(confirmed) = &self.confirmed else { return false };
        let numbers = &confirmed.confirm.tracking_nos;
        let one = |number| delivered().any(|milestone| milestone.tracking_no.as_ref() == Some(number));
        let whole = delivered().any(|m| m.tracking_no.as_ref().is_none_or(|number| !numbers.contains(number)));
        whole || (!numbers.is_empty() && numbers.iter().all(one))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SetReference;

    fn shipment(tracking_nos: &[&str]) -> Shipment {
        let (tenant, partner): (Tenant, PartnerId) = ("t".parse().unwrap(), "wms".parse().unwrap());
        let release_id: ReleaseId = "rel_1".parse().unwrap();
        let confirm = ShipConfirm {
            release: SetReference::ReleaseId(release_id.clone()),
            shipment_no: "1".to_owned(),
            lines: Vec::new(),
            scac: None,
            tracking_nos: tracking_nos.iter().map(ToString::to_string).collect(),
            ssccs: Vec::new(),
            shipped_at: Timestamp::UNIX_EPOCH,
            warnings: Vec::new(),
        };
        let mut shipment = Shipment::unknown(ShipmentId::derive(&tenant, &partner, "1"), tenant);
        shipment.confirmed = Some(Confirmed { partner, release_id, erp: "erp".parse().unwrap(), confirm });
        shipment
    }

    fn scan(shipment: &mut Shipment, code: MilestoneCode, tracking_no: Option<&str>) {
        shipment.milestones.push(Milestone {
            occurred_at: Timestamp::UNIX_EPOCH,
            code,
            source: "carrier".parse().unwrap(),
            place: None,
            tracking_no: tracking_no.map(ToOwned::to_owned),
        });
    }

    #[test]
    fn a_milestone_is_one_word_in_every_place() {
        use MilestoneCode::{Delivered, Exception, InTransit, LabelCreated, OutForDelivery, PickedUp};
        for code in [LabelCreated, PickedUp, InTransit, OutForDelivery, Delivered, Exception] {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }

    #[test]
    fn a_shipment_is_proven_by_the_confirm_and_the_carriers_possession_together() {
        use MilestoneCode::{Delivered, InTransit, OutForDelivery, PickedUp};
        let mut confirmed = shipment(&[]);
        assert!(!confirmed.is_proven(), "the carrier has said nothing");
        scan(&mut confirmed, MilestoneCode::LabelCreated, None);
        scan(&mut confirmed, MilestoneCode::Exception, None);
        assert!(!confirmed.is_proven(), "a label proves nothing, nor does trouble");
        let mut unconfirmed = Shipment { confirmed: None, ..shipment(&[]) };
        scan(&mut unconfirmed, MilestoneCode::PickedUp, None);
        assert!(!unconfirmed.is_proven(), "the warehouse has said nothing");
        for code in [PickedUp, InTransit, OutForDelivery, Delivered] {
            let mut proven = confirmed.clone();
            scan(&mut proven, code, None);
            assert!(proven.is_proven(), "{code:?}");
        }
    }

    #[test]
    fn a_shipment_has_arrived_with_the_last_of_its_parcels_or_as_a_whole() {
        let mut parcels = shipment(&["1", "2"]);
        assert!(!parcels.has_arrived());
        scan(&mut parcels, MilestoneCode::InTransit, None);
        scan(&mut parcels, MilestoneCode::Delivered, Some("1"));
        assert!(!parcels.has_arrived(), "the second parcel is on its way");
        let mut whole = parcels.clone();
        scan(&mut whole, MilestoneCode::Delivered, None);
        assert!(whole.has_arrived(), "delivered as a whole");
        let mut other = parcels.clone();
        scan(&mut other, MilestoneCode::Delivered, Some("PRO-9"));
        assert!(other.has_arrived(), "under a number that is no parcel's");
        scan(&mut parcels, MilestoneCode::Delivered, Some("2"));
        assert!(parcels.has_arrived());
        assert!(!Shipment { confirmed: None, ..parcels }.has_arrived(), "of what, is not known yet");
        let mut single = shipment(&["1"]);
        scan(&mut single, MilestoneCode::Delivered, Some("1"));
        assert!(single.has_arrived(), "its only parcel");
        let mut unnumbered = shipment(&[]);
        scan(&mut unnumbered, MilestoneCode::PickedUp, Some("1"));
        assert!(!unnumbered.has_arrived(), "what has no parcels has not arrived for that");
        scan(&mut unnumbered, MilestoneCode::Delivered, Some("1"));
        assert!(unnumbered.has_arrived());
    }
}
