//! Partners' webhook bodies. The topic is the last part of the URL; each has its published schema.
//!
//! A body names its release by our `release_id` or by the `depositor_order_no` under which we placed it, never by both,
//! so that the two cannot contradict each other.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use canonical::{
    Code, Content, Finding, MilestoneCode, MilestoneUpdate, Principal, Quantity, ReleaseId, SetReference, ShipConfirm,
    ShipmentId, ShippedLine,
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::json::{self, Schema, at, misfit};
use crate::limits::WARNINGS_MAX;
use crate::{lines, sscc};

macro_rules! topics {
    ($($(#[$doc:meta])* $variant:ident = $text:literal, $body:ty;)*) => {
        /// What a webhook is about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Topic {
            $($(#[$doc])* $variant,)*
        }

        impl Topic {
            /// Every topic.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The topic as it stands in the URL.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        fn schema_of(topic: Topic) -> &'static Schema {
            match topic {
                $(Topic::$variant => {
                    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::of::<$body>($text));
                    &SCHEMA
                })*
            }
        }

        fn content_of(topic: Topic, sender: &Principal, document: Value) -> Result<Content, Vec<Finding>> {
            match topic {
                $(Topic::$variant => json::typed::<$body>(document)?.content(sender),)*
            }
        }
    };
}

topics! {
    /// The warehouse will ship.
    ReleaseAccepted = "release-accepted", ReleaseAccepted;
    /// The warehouse will not ship.
    ReleaseRejected = "release-rejected", ReleaseRejected;
    /// The warehouse started work.
    ReleaseWaved = "release-waved", ReleaseWaved;
    /// The warehouse agreed to a cancel.
    CancelAccepted = "cancel-accepted", CancelAccepted;
    /// The warehouse did not agree to a cancel.
    CancelRefused = "cancel-refused", CancelRefused;
    /// Goods left the warehouse.
    ShipConfirm = "ship-confirm", Confirmation;
    /// Something happened to a shipment on its way.
    TrackingUpdate = "tracking-update", TrackingUpdate;
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that is no topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such webhook topic")]
pub struct UnknownTopic;

impl FromStr for Topic {
    type Err = UnknownTopic;

    fn from_str(text: &str) -> Result<Self, UnknownTopic> {
        Self::ALL.iter().copied().find(|topic| topic.as_str() == text).ok_or(UnknownTopic)
    }
}

/// The published JSON Schema (2020-12) of a topic's body.
pub fn schema(topic: Topic) -> Value {
    schema_of(topic).value().clone()
}

/// Reads a webhook body of `sender`, whose own shipment numbers are made into our ids.
///
/// # Errors
/// Every wrong field, each with its JSON Pointer and without its value; or that the body is no JSON, or too long.
pub fn parse(topic: Topic, sender: &Principal, body: &[u8]) -> Result<Content, Vec<Finding>> {
    let document = json::read(body).map_err(|finding| vec![finding])?;
    let names = if topic == Topic::TrackingUpdate { SHIPMENT_NAMES } else { RELEASE_NAMES };
    let findings = schema_of(topic).check(&document, |findings| sense(&document, names, findings));
    if findings.is_empty() { content_of(topic, sender, document) } else { Err(findings) }
}

const RELEASE_NAMES: [&str; 2] = ["release_id", "depositor_order_no"];
const SHIPMENT_NAMES: [&str; 2] = ["shipment_id", "shipment_no"];

/// What the schema says, but not in words of ours: exactly one name, and times that exist.
fn sense(document: &Value, [one, other]: [&str; 2], findings: &mut Vec<Finding>) {
    let Some(members) = document.as_object() else {
        return;
    };
    let given = |name| members.get(name).is_some_and(|value| !value.is_null());
    match (given(one), given(other)) {
        (false, false) => findings.push(misfit(format!("/{one}"), format!("is required, or else {other}"))),
        (true, true) => findings.push(misfit(format!("/{other}"), format!("must not stand beside {one}"))),
        _ => {}
    }
    for name in ["occurred_at", "shipped_at"] {
        let text = members.get(name).and_then(Value::as_str);
        if text.is_some_and(|text| text.parse::<Timestamp>().is_err()) {
            findings
                .push(misfit(format!("/{name}"), "must be a time with its offset, such as 2026-01-31T14:35:00-05:00"));
        }
    }
}

/// Says in the schema that exactly one of two fields stands. `null` counts as not given.
fn either(schema: &mut schemars::Schema, names: [&str; 2]) {
    let one = |name: &str| serde_json::json!({ "required": [name], "properties": { name: { "type": "string" } } });
    schema.insert("oneOf".to_owned(), names.map(one).into_iter().collect());
}

fn names_release(schema: &mut schemars::Schema) {
    either(schema, RELEASE_NAMES);
}

fn names_shipment(schema: &mut schemars::Schema) {
    either(schema, SHIPMENT_NAMES);
}

fn release(id: Option<ReleaseId>, depositor_order_no: Option<String>) -> Result<SetReference, Vec<Finding>> {
    let by_number = depositor_order_no.map(SetReference::DepositorOrderNo);
    id.map(SetReference::ReleaseId).or(by_number).ok_or_else(|| vec![misfit("/release_id", "is required")])
}

/// The warehouse will ship the release.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = names_release)]
struct ReleaseAccepted {
    /// Our id of the release.
    release_id: Option<ReleaseId>,
    /// Or the number under which we placed it.
    #[schemars(extend("pattern" = "^[!-~]([ -~]{0,20}[!-~])?$"))]
    depositor_order_no: Option<String>,
    /// Your own number for the order.
    #[schemars(extend("pattern" = "^[!-~]([ -~]{0,62}[!-~])?$"))]
    partner_order_no: Option<String>,
    /// When it was decided.
    occurred_at: Timestamp,
}

impl ReleaseAccepted {
    fn content(self, _: &Principal) -> Result<Content, Vec<Finding>> {
        Ok(Content::BusinessDecision {
            release: release(self.release_id, self.depositor_order_no)?,
            accepted: true,
            partner_order_no: self.partner_order_no,
            reason: None,
            occurred_at: self.occurred_at,
        })
    }
}

/// The warehouse will not ship the release.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = names_release)]
struct ReleaseRejected {
    /// Our id of the release.
    release_id: Option<ReleaseId>,
    /// Or the number under which we placed it.
    #[schemars(extend("pattern" = "^[!-~]([ -~]{0,20}[!-~])?$"))]
    depositor_order_no: Option<String>,
    /// Why not, in words for the distributor.
    #[schemars(length(min = 1, max = 500))]
    reason: String,
    /// When it was decided.
    occurred_at: Timestamp,
}

impl ReleaseRejected {
    fn content(self, _: &Principal) -> Result<Content, Vec<Finding>> {
        Ok(Content::BusinessDecision {
            release: release(self.release_id, self.depositor_order_no)?,
            accepted: false,
            partner_order_no: None,
            reason: Some(self.reason),
            occurred_at: self.occurred_at,
        })
    }
}

/// The warehouse started work on the release.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = names_release)]
struct ReleaseWaved {
    /// Our id of the release.
    release_id: Option<ReleaseId>,
    /// Or the number under which we placed it.
    #[schemars(extend("pattern" = "^[!-~]([ -~]{0,20}[!-~])?$"))]
    depositor_order_no: Option<String>,
    /// When work started.
    occurred_at: Timestamp,
}

impl ReleaseWaved {
    fn content(self, _: &Principal) -> Result<Content, Vec<Finding>> {
        Ok(Content::Waved {
            release: release(self.release_id, self.depositor_order_no)?,
            occurred_at: self.occurred_at,
        })
    }
}

/// The warehouse agreed to a cancel: it will not ship the release.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = names_release)]
struct CancelAccepted {
    /// Our id of the release.
    release_id: Option<ReleaseId>,
    /// Or the number under which we placed it.
    #[schemars(extend("pattern" = "^[!-~]([ -~]{0,20}[!-~])?$"))]
    depositor_order_no: Option<String>,
    /// When it was decided.
    occurred_at: Timestamp,
}

impl CancelAccepted {
    fn content(self, _: &Principal) -> Result<Content, Vec<Finding>> {
        Ok(Content::CancelDecision {
            release: release(self.release_id, self.depositor_order_no)?,
            accepted: true,
            reason: None,
            occurred_at: self.occurred_at,
        })
    }
}

/// The warehouse did not agree to a cancel: it goes on with the release.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = names_release)]
struct CancelRefused {
    /// Our id of the release.
    release_id: Option<ReleaseId>,
    /// Or the number under which we placed it.
    #[schemars(extend("pattern" = "^[!-~]([ -~]{0,20}[!-~])?$"))]
    depositor_order_no: Option<String>,
    /// Why not, in words for the distributor.
    #[schemars(length(min = 1, max = 500))]
    reason: String,
    /// When it was decided.
    occurred_at: Timestamp,
}

impl CancelRefused {
    fn content(self, _: &Principal) -> Result<Content, Vec<Finding>> {
        Ok(Content::CancelDecision {
            release: release(self.release_id, self.depositor_order_no)?,
            accepted: false,
            reason: Some(self.reason),
            occurred_at: self.occurred_at,
        })
    }
}

/// Goods of a release left the warehouse. One ship confirm for each shipment; a release may have several.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "ShipConfirm", transform = names_release)]
struct Confirmation {
    /// Our id of the release.
    release_id: Option<ReleaseId>,
    /// Or the number under which we placed it.
    #[schemars(extend("pattern" = "^[!-~]([ -~]{0,20}[!-~])?$"))]
    depositor_order_no: Option<String>,
    /// Your number of the shipment: the same for the same shipment, another for another.
    #[schemars(extend("pattern" = "^[!-~]([ -~]{0,62}[!-~])?$"))]
    shipment_no: String,
    /// When the goods left.
    shipped_at: Timestamp,
    /// Standard carrier alpha code (NMFTA).
    #[schemars(extend("pattern" = "^[A-Z]{2,4}$"))]
    scac: Option<String>,
    /// Tracking or PRO numbers.
    #[serde(default)]
    #[schemars(length(max = 5_000), inner(regex(pattern = "^[!-~]([ -~]{0,46}[!-~])?$")))]
    tracking_nos: Vec<String>,
    /// Serial shipping container codes: 18 digits, or 20 with the application identifier 00 in front.
    #[serde(default)]
    #[schemars(length(max = 5_000), inner(regex(pattern = "^(00)?[0-9]{18}$")))]
    ssccs: Vec<String>,
    /// What was shipped. Several lines of the same line number, item and unit are added up.
    #[schemars(length(min = 1, max = 1_000))]
    lines: Vec<ShippedItem>,
}

/// One line of a ship confirm.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "ShippedLine")]
struct ShippedItem {
    /// The release's line. Without it the quantity fills the lines of the item in order of their numbers.
    #[schemars(range(min = 1, max = 999_999))]
    line_no: Option<u32>,
    /// The distributor's item number, as in the release.
    #[schemars(extend("pattern" = "^[!-~]([ -~]{0,46}[!-~])?$"))]
    sku: String,
    /// Shipped, in `uom`; 0 where a line is only reported on.
    quantity: Quantity,
    /// Unit of measure, as in the release.
    #[schemars(extend("pattern" = "^[A-Z0-9]{2}$"))]
    uom: String,
    /// What there is to say of the line (X12 element 368), such as CC complete.
    #[schemars(extend("pattern" = "^[A-Z0-9]{2}$"))]
    status: Option<String>,
}

impl Confirmation {
    fn content(self, _: &Principal) -> Result<Content, Vec<Finding>> {
        let mut warnings = Vec::new();
        let mut ssccs = Vec::with_capacity(self.ssccs.len());
        for (index, text) in self.ssccs.iter().enumerate() {
            let Some(digits) = sscc::digits(text) else {
                continue;
            };
            if !sscc::is_checked(digits) && warnings.len() < WARNINGS_MAX {
                warnings.push(misfit(format!("/ssccs/{index}"), "the check digit is not right"));
            }
            ssccs.push(digits.to_owned());
        }
        let shipped = self.lines.into_iter().map(|line| ShippedLine {
            line_no: line.line_no,
            sku: line.sku,
            quantity: line.quantity,
            uom: line.uom,
            status: line.status,
        });
        let too_much = |index| {
            vec![misfit(
                format!("/lines/{index}/quantity"),
                "makes more than 12 digits with the other lines of its item",
            )]
        };
        let confirm = ShipConfirm {
            release: release(self.release_id, self.depositor_order_no)?,
            shipment_no: self.shipment_no,
            lines: lines::merged(shipped.collect()).map_err(too_much)?,
            scac: self.scac,
            tracking_nos: lines::unique(self.tracking_nos),
            ssccs: lines::unique(ssccs),
            shipped_at: self.shipped_at,
            warnings,
        };
        lines::bounded(&confirm).map_err(|finding| vec![finding])?;
        Ok(Content::ShipConfirm(confirm))
    }
}

/// Something happened to a shipment on its way.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = names_shipment)]
struct TrackingUpdate {
    /// Our id of the shipment.
    shipment_id: Option<ShipmentId>,
    /// Or your own number of it, for the shipments that you confirmed yourself.
    #[schemars(extend("pattern" = "^[!-~]([ -~]{0,62}[!-~])?$"))]
    shipment_no: Option<String>,
    /// What happened.
    milestone: MilestoneCode,
    /// When it happened.
    occurred_at: Timestamp,
    /// Where, in your words.
    #[schemars(length(min = 1, max = 100))]
    place: Option<String>,
    /// Under which tracking number.
    #[schemars(extend("pattern" = "^[!-~]([ -~]{0,46}[!-~])?$"))]
    tracking_no: Option<String>,
}

impl TrackingUpdate {
    fn content(self, sender: &Principal) -> Result<Content, Vec<Finding>> {
        let scope = &sender.scope;
        let own_number = self.shipment_id.is_none();
        let own = self.shipment_no.map(|number| ShipmentId::derive(&scope.tenant, &scope.partner, &number));
        let shipment = self.shipment_id.or(own);
        Ok(Content::Milestone(MilestoneUpdate {
            shipment: shipment.ok_or_else(|| vec![at(Code::SchemaViolation, "/shipment_id", "is required")])?,
            own: own_number,
            code: self.milestone,
            occurred_at: self.occurred_at,
            place: self.place,
            tracking_no: self.tracking_no,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_compiles_and_each_of_its_patterns_has_words() {
        let schemas = Topic::ALL.iter().map(|topic| schema_of(*topic).value().clone());
        for schema in schemas.chain([crate::order_json::schema()]) {
            assert!(jsonschema::meta::is_valid(&schema));
            assert!(jsonschema::options().should_validate_formats(true).build(&schema).is_ok());
            for pattern in json::patterns(&schema) {
                assert!(json::form(&pattern).is_some(), "{pattern}");
            }
        }
    }

    #[test]
    fn topics_are_read_as_they_are_written() {
        for topic in Topic::ALL {
            assert_eq!(topic.as_str().parse(), Ok(*topic));
        }
        assert_eq!("Ship-Confirm".parse::<Topic>(), Err(UnknownTopic));
    }
}
