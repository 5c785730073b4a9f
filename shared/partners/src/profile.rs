//! One partner's profile.

use std::collections::{BTreeMap, BTreeSet};

use canonical::{EventType, Guarantee, PartnerId, PartnerScope, Principal, Quantity, Retries, Role, Tenant};
use edi::ack::AckPolicy;
use edi::guide::Overlay;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ApiTerms, Auth, ClientCredentials, Clocks, Operations, Pace, Permits};

/// Everything Crossdock knows of one partner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The partner's id: its inbox and outbox folder, its name in URLs, logs and keys.
    pub id: PartnerId,
    /// The partner's name for people.
    pub name: String,
    /// Its own role.
    pub role: Role,
    /// Roles whose facts it passes on by contract, such as a 3PL that relays carrier scans.
    #[serde(default)]
    pub relays: BTreeSet<Role>,
    /// Whether its traffic is real.
    #[serde(default)]
    pub stage: Stage,
    /// Why nothing is taken from it and nothing sent to it for now; it is in force if not given. See `crossdock partner
    /// disable`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<String>,
    /// How it proves who it is.
    #[serde(default)]
    pub auth: Auth,
    /// What is agreed with it on the API.
    #[serde(default, skip_serializing_if = "ApiTerms::is_default")]
    pub api: ApiTerms,
    /// Its identity in EDI envelopes.
    #[serde(default)]
    pub edi: Option<EdiIdentity>,
    /// What is agreed with it on EDI documents.
    #[serde(default)]
    pub agreement: EdiAgreement,
    /// Where it takes HTTP messages.
    #[serde(default)]
    pub endpoint: Option<Endpoint>,
    /// How releases are placed with it, if it runs a warehouse.
    #[serde(default)]
    pub releases: Option<ReleasePlacing>,
    /// By when it has to do what is expected of it, if it runs a warehouse.
    #[serde(default)]
    pub clocks: Clocks,
    /// The events it is told.
    #[serde(default)]
    pub subscriptions: Vec<Subscription>,
    /// What it may send, and for whom.
    #[serde(default, skip_serializing_if = "is_default")]
    pub permits: Permits,
    /// Whom to call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<Contact>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Profile {
    /// The partner as a verified sender.
    pub fn principal(&self, tenant: &Tenant) -> Principal {
        let mut roles = self.relays.clone();
        roles.insert(self.role);
        // A TMS speaks for the carriers it manages: that is its part.
        if self.role == Role::Tms {
            roles.insert(Role::Carrier);
        }
        Principal { scope: self.scope(tenant), roles }
    }

    /// The partner's scope.
    pub fn scope(&self, tenant: &Tenant) -> PartnerScope {
        PartnerScope { tenant: tenant.clone(), partner: self.id.clone() }
    }

    /// The names of the secrets that it needs: `<partner>/<name>` in the store.
    pub fn secrets(&self) -> Vec<&'static str> {
        let shared = |signature: &crate::Signature| signature.keys_url().is_none();
        let signs = self.auth.signature.as_ref().is_some_and(shared);
        let named = [(signs, "webhook-in"), (self.endpoint.is_some(), "webhook-out")];
        named.into_iter().filter(|(needed, _)| *needed).map(|(_, name)| name).collect()
    }

    /// How the partner is told of events of type `kind`, if it is.
    pub fn subscription_to(&self, kind: EventType) -> Option<Via> {
        self.subscriptions.iter().find(|subscription| subscription.events.contains(&kind)).map(|found| found.via)
    }
}

/// Somebody at the partner. No function reads it: `crossdock partner show` says whom to call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// A name, or a team's.
    pub name: String,
    /// What to call for, such as `edi` or `warehouse`.
    pub about: String,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

/// Whether a partner's traffic is real.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Real: usage indicator P.
    #[default]
    Live,
    /// Trial: usage indicator T.
    Test,
}

impl Stage {
    /// The usage indicator (ISA15).
    pub fn usage_indicator(self) -> char {
        match self {
            Self::Live => 'P',
            Self::Test => 'T',
        }
    }
}

/// An identity in X12 envelopes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EdiIdentity {
    /// Interchange id qualifier (ISA05/ISA07), such as `ZZ` or `01`.
    pub qualifier: String,
    /// Interchange id (ISA06/ISA08), at most 15 characters.
    pub id: String,
    /// Application code (GS02/GS03), at most 15 characters; the interchange id if not given.
    #[serde(default)]
    pub application_code: Option<String>,
}

/// How one document of a partner differs from the map that all share.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MapWishes {
    /// Lines in the language of the maps that come before the shared ones: segments, elements, code tables.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub overlay: String,
    /// For what no line can say: an expression in `JSONata` that makes the canonical document of what was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
}

/// What a unit of measure is in another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnitFactor {
    /// The unit that we count in, such as `EA`.
    pub unit: String,
    /// How many of it are in one of the partner's.
    pub factor: Quantity,
}

impl EdiIdentity {
    /// The application code in force.
    pub fn application(&self) -> &str {
        self.application_code.as_deref().unwrap_or(&self.id)
    }
}

/// What is agreed with a partner on EDI documents. Where nothing is: the guides as they are, a 997 for every X12 group, a
/// TA1 where the sender asks for one (ISA14), a CONTRL for every EDIFACT interchange.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EdiAgreement {
    /// Its deviations from the guides, a line each, such as `945 W27 1..1`; never a guide of its own.
    #[serde(default)]
    #[schemars(with = "String")]
    pub overlay: Overlay,
    /// Which acknowledgments it gets.
    #[serde(default)]
    #[schemars(schema_with = "crate::schema::acknowledge")]
    pub acknowledge: AckPolicy,
    /// Whether it uses an interchange control number once.
    #[serde(default)]
    pub control_numbers: ControlNumbers,
    /// How its documents differ from the maps that all share, by set or message, such as `944` or `DESADV`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub maps: BTreeMap<String, MapWishes>,
    /// Its units of measure in ours: by `SKU/UNIT`, or by `UNIT` for all items.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub units: BTreeMap<String, UnitFactor>,
}

/// Whether a partner uses an interchange control number once, as the standards ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ControlNumbers {
    /// It does: another file under a number that came before is kept for a person, and is not acted upon.
    #[default]
    Unique,
    /// It begins anew, or always sends the same: its numbers tell nothing.
    Reused,
}

/// Where a partner takes HTTP messages. They are signed (Standard Webhooks) with the secret `<partner>/webhook-out`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// The URL; https, but for hosts that the deployment names as local.
    pub url: String,
    /// What a second call with the same webhook id does.
    pub guarantee: Guarantee,
    /// Where it is asked whether it has a message, with `{message_no}` (our webhook id) in it: by a signed GET that it answers
    /// with 200 if it has, and 404 if it has not. Anything else says nothing. Needed with `lookup`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lookup: Option<String>,
    /// Seconds in which a call that we gave up on may still take effect: after them it has, or never will. 1200 with
    /// `lookup`, 60 otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 20, max = 39_600))]
    pub settle_s: Option<u32>,
    /// When a call that failed is made again: after 2, 4, 15, 60, 300 seconds and ever later, 25 times in almost a week, if not
    /// given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<Retries>,
    /// Operations of which something else holds.
    #[serde(default, skip_serializing_if = "is_default")]
    pub operations: Operations,
    /// How many requests a minute it takes; what is more waits for the next minutes, in its order. No limit if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_per_minute: Option<Pace>,
    /// How many held deliveries a minute it takes after an outage: `requests_per_minute`, or 150, if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume_per_minute: Option<Pace>,
    /// How we get an access token, if it asks for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oauth2: Option<ClientCredentials>,
}

/// How releases are placed with a warehouse partner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleasePlacing {
    /// The document.
    pub format: DocumentFormat,
    /// The warehouses it runs, with the code by which it knows each.
    pub warehouses: BTreeSet<String>,
}

/// A document format for releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentFormat {
    /// X12 940 version 004010, as a file in the partner's outbox.
    #[serde(rename = "x12-940")]
    X12Ship940,
    /// Canonical JSON, posted to the partner's endpoint.
    Json,
}

/// The events a partner is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    /// Their types.
    pub events: BTreeSet<EventType>,
    /// How.
    pub via: Via,
}

/// How a subscriber is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Via {
    /// A signed POST to its endpoint.
    Webhook,
    /// A JSON file in its outbox.
    File,
}
