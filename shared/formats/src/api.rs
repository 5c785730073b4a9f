//! The API: its operations, what they answer, and its descriptions in OpenAPI 3.1 and AsyncAPI 3.
//!
//! The functions find their operation here, the gateway's routes are held against [`Operation::ALL`], and the two
//! descriptions in `events/` are written from it: one list, so that no two of them can differ.

use canonical::{
    Court, Dispatch, EventType, Expectation, Expected, HistoryEntry, Hold, HoldId, LineProgress, MessageId, Release,
    ReleaseId, ReleaseState, Role, Route, ShipmentId, Standing,
};
use jiff::Timestamp;
use schemars::JsonSchema;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::problem::{self, Body};
pub use crate::stuck::{StuckOrder, StuckPage, StuckQuery};
use crate::webhook::Topic;

/// What can be asked of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// An ERP releases an order.
    ReleaseOrder,
    /// A party asks where a release stands.
    ShowRelease,
    /// The ERP asks the warehouse not to ship.
    CancelRelease,
    /// Somebody asks which orders wait, and for whom.
    ListStuck,
    /// Somebody has a release wait.
    HoldRelease,
    /// The owner of a hold lifts it.
    LiftHold,
    /// A partner tells what happened.
    Webhook,
}

/// Why a request asks for no operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unrouted {
    /// There is no such path.
    NoPath,
    /// The path takes these methods.
    OtherMethod(Vec<&'static str>),
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 7] = [
        Self::ReleaseOrder,
        Self::ShowRelease,
        Self::CancelRelease,
        Self::HoldRelease,
        Self::LiftHold,
        Self::ListStuck,
        Self::Webhook,
    ];

    /// Its name in the description of the API, and in logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReleaseOrder => "releaseOrder",
            Self::ShowRelease => "showRelease",
            Self::CancelRelease => "cancelRelease",
            Self::ListStuck => "listStuck",
            Self::HoldRelease => "holdRelease",
            Self::LiftHold => "liftHold",
            Self::Webhook => "webhook",
        }
    }

    /// Its method.
    pub const fn method(self) -> &'static str {
        match self {
            Self::ShowRelease | Self::ListStuck => "GET",
            Self::ReleaseOrder | Self::CancelRelease | Self::HoldRelease | Self::Webhook => "POST",
            Self::LiftHold => "DELETE",
        }
    }

    /// Its path; `{name}` stands for one segment.
    pub const fn path(self) -> &'static str {
        match self {
            Self::ReleaseOrder => "/v1/order-releases",
            Self::ShowRelease => "/v1/order-releases/{id}",
            Self::CancelRelease => "/v1/order-releases/{id}/cancel",
            Self::ListStuck => "/v1/orders/stuck",
            Self::HoldRelease => "/v1/order-releases/{id}/holds",
            Self::LiftHold => "/v1/order-releases/{id}/holds/{hold}",
            Self::Webhook => "/v1/partners/{partner}/webhooks/{topic}",
        }
    }

    /// The function that answers.
    pub const fn function(self) -> &'static str {
        match self {
            Self::ReleaseOrder
            | Self::ShowRelease
            | Self::CancelRelease
            | Self::HoldRelease
            | Self::LiftHold
            | Self::ListStuck => "order-release",
            Self::Webhook => "webhook-ingest",
        }
    }

    /// The operation that `method` and `path` ask for, with the segments that stand where its path has `{name}`.
    ///
    /// # Errors
    /// That there is none, and which methods the path takes.
    pub fn find<'p>(method: &str, path: &'p str) -> Result<(Self, Vec<&'p str>), Unrouted> {
        let on_path = Self::ALL.into_iter().filter_map(|operation| Some((operation, fit(operation.path(), path)?)));
        let mut others = Vec::new();
        for (operation, segments) in on_path {
            if operation.method() == method {
                return Ok((operation, segments));
            }
            others.push(operation.method());
        }
        Err(if others.is_empty() { Unrouted::NoPath } else { Unrouted::OtherMethod(others) })
    }
}

/// The segments of `path` that stand where `pattern` has `{name}`, if it fits.
fn fit<'p>(pattern: &str, path: &'p str) -> Option<Vec<&'p str>> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let (mut expected, mut given, mut found) = (pattern.split('/'), path.split('/'), Vec::new());
    loop {
        match (expected.next(), given.next()) {
            (None, None) => return Some(found),
            (Some(name), Some(segment)) if name.starts_with('{') && !segment.is_empty() => found.push(segment),
            (Some(name), Some(segment)) if name == segment => {}
            _ => return None,
        }
    }
}

/// The answer to a release.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ReleaseTaken<'a> {
    /// Our id of the release.
    pub release_id: &'a ReleaseId,
    /// As asked.
    pub order_no: &'a str,
    /// As asked.
    pub release_no: u32,
    /// Always `accepted`.
    #[schemars(extend("const" = "accepted"))]
    pub status: &'static str,
    /// When it was taken.
    pub received_at: Timestamp,
    /// Where to ask for it.
    #[serde(rename = "self")]
    pub href: String,
}

impl<'a> ReleaseTaken<'a> {
    /// Of what never changes in `release`, so that it is the same whenever it is given.
    pub fn of(release: &'a Release) -> Self {
        Self {
            release_id: &release.id,
            order_no: &release.order.order_no,
            release_no: release.order.release_no,
            status: "accepted",
            received_at: release.received_at,
            href: format!("/v1/order-releases/{}", release.id),
        }
    }
}

/// The answer to a cancel.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CancelTaken<'a> {
    /// Our id of the release.
    pub release_id: &'a ReleaseId,
    /// Always `cancel_requested`: whether the warehouse agrees is told by an event.
    #[schemars(extend("const" = "cancel_requested"))]
    pub status: &'static str,
    /// Where to ask for the release.
    #[serde(rename = "self")]
    pub href: String,
}

impl<'a> CancelTaken<'a> {
    /// Of `release`.
    pub fn of(release: &'a Release) -> Self {
        Self { release_id: &release.id, status: "cancel_requested", href: format!("/v1/order-releases/{}", release.id) }
    }
}

/// The answer to a hold that is placed, or lifted.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HoldTaken<'a> {
    /// Our id of the release.
    pub release_id: &'a ReleaseId,
    /// Our id of the hold.
    pub hold_id: &'a HoldId,
    /// What became of it.
    pub status: HoldStatus,
    /// Where to ask for the release.
    #[serde(rename = "self")]
    pub href: String,
}

/// What became of a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HoldStatus {
    /// The release waits for it, or did.
    Placed,
    /// The release does not wait for it any more.
    Lifted,
}

impl<'a> HoldTaken<'a> {
    /// Of the hold `hold_id` of `release`.
    pub fn of(release: &'a Release, hold_id: &'a HoldId, status: HoldStatus) -> Self {
        Self { release_id: &release.id, hold_id, status, href: format!("/v1/order-releases/{}", release.id) }
    }
}

/// The answer to a webhook.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WebhookTaken<'a> {
    /// Our id of the message.
    pub message_id: &'a MessageId,
    /// Always `accepted`.
    #[schemars(extend("const" = "accepted"))]
    pub status: &'static str,
}

impl<'a> WebhookTaken<'a> {
    /// Of the message `message_id`.
    pub fn of(message_id: &'a MessageId) -> Self {
        Self { message_id, status: "accepted" }
    }
}

/// What a party of a release sees of it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Release")]
pub struct ReleaseView<'a> {
    /// Our id of the release.
    pub release_id: &'a ReleaseId,
    /// As asked.
    pub order_no: &'a str,
    /// As asked.
    pub release_no: u32,
    /// As asked.
    pub customer_po: Option<&'a str>,
    /// Where it stands.
    pub state: ReleaseState,
    /// Who owns the next move, and since when; null once the release has ended.
    pub court: Option<Court>,
    /// Since when it is in its state.
    pub since: Timestamp,
    /// When it was taken.
    pub received_at: Timestamp,
    /// Warehouse and partner, once they are chosen.
    pub route: Option<&'a Route>,
    /// How it was placed, once it was.
    pub dispatch: Option<&'a Dispatch>,
    /// The warehouse's number for it.
    pub partner_order_no: Option<&'a str>,
    /// What it waits for, if it is held.
    pub held: Option<&'a str>,
    /// The holds that it had and has. None for the warehouse: why it was held is between its owners.
    pub holds: &'a [Hold],
    /// What is expected of its parties, and how it stands.
    pub expectations: Vec<ExpectationView>,
    /// What was ordered and shipped of each line.
    pub lines: Vec<LineProgress>,
    /// Our ids of its shipments.
    pub shipments: Vec<&'a ShipmentId>,
    /// What happened to it.
    pub history: &'a [HistoryEntry],
}

impl<'a> ReleaseView<'a> {
    /// Of `release`.
    pub fn of(release: &'a Release) -> Self {
        let business = release.facts.business.as_ref();
        Self {
            release_id: &release.id,
            order_no: &release.order.order_no,
            release_no: release.order.release_no,
            customer_po: release.order.customer_po.as_deref(),
            state: release.state(),
            court: release.court(),
            since: release.since,
            received_at: release.received_at,
            route: release.route.as_ref(),
            dispatch: release.dispatch.as_ref(),
            partner_order_no: business.and_then(|decision| decision.partner_order_no.as_deref()),
            held: release.facts.held.as_deref(),
            holds: &release.facts.holds,
            expectations: release.expectations.iter().map(|one| ExpectationView::of(release, one)).collect(),
            lines: release.lines(),
            shipments: release.facts.shipments.keys().collect(),
            history: &release.history,
        }
    }
}

/// One thing that is expected of a party of a release.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Expectation")]
pub struct ExpectationView {
    /// What.
    pub expected: Expected,
    /// The role of which it is expected.
    pub of: Role,
    /// By when.
    pub due: Timestamp,
    /// When it was found missed.
    pub missed_at: Option<Timestamp>,
    /// How it stands.
    pub standing: Standing,
}

impl ExpectationView {
    fn of(release: &Release, one: &Expectation) -> Self {
        Self {
            expected: one.expected,
            of: one.expected.of(),
            due: one.due,
            missed_at: one.missed_at,
            standing: release.standing(one),
        }
    }
}

/// Headers that any answer may bear, with what they say.
const ANSWER_HEADERS: [(&str, &str); 8] = [
    ("X-Request-Id", "The id that was sent in this header, or ours: name it when you ask about the request."),
    ("Traceparent", "W3C Trace Context: our place in the trace that was sent, or in one that begins with the request."),
    ("Crossdock-Version", "The version of the API by which the request was answered."),
    ("RateLimit-Policy", "draft-ietf-httpapi-ratelimit-headers: how many requests (q) in how many seconds (w)."),
    ("RateLimit", "The same draft: how many requests remain (r) for how many seconds (t)."),
    ("Deprecation", "RFC 9745: since when the version is deprecated."),
    ("Sunset", "RFC 8594: when the version may end."),
    ("Link", "Where a deprecation is described."),
];

/// Refusals that any operation may end in, and whether the same request may be sent again.
const REFUSALS: [(&str, bool); 9] = [
    ("400", false),
    ("401", false),
    ("403", false),
    ("404", false),
    ("409", true),
    ("413", false),
    ("422", false),
    ("429", true),
    ("5XX", true),
];

/// Refusals that `operation` never ends in.
fn never(operation: Operation) -> &'static [&'static str] {
    match operation {
        Operation::ReleaseOrder => &["404"],
        Operation::ShowRelease => &["409", "413", "422"],
        Operation::CancelRelease | Operation::LiftHold => &["413", "422"],
        Operation::ListStuck => &["404", "409", "413"],
        Operation::HoldRelease => &[],
        Operation::Webhook => &["409"],
    }
}

/// The description of the API in OpenAPI 3.1: `events/openapi.yaml`.
pub fn openapi() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
    });
    let mut generator = settings.into_generator();
    let mut paths = Map::new();
    for operation in Operation::ALL {
        let described = describe(operation, &mut generator);
        if let Some(path) = paths.entry(operation.path()).or_insert_with(|| json!({})).as_object_mut() {
            path.insert(operation.method().to_lowercase(), described);
        }
    }
    let problem = generator.subschema_for::<Body<'_>>();
    let refusal = |description: &str, headers: Value| {
        let content = json!({ problem::MEDIA_TYPE: { "schema": problem } });
        json!({ "description": description, "headers": headers, "content": content })
    };
    let mut again = answer_headers();
    if let Some(headers) = again.as_object_mut() {
        headers.insert("Retry-After".to_owned(), json!({ "description": "Seconds.", "schema": { "type": "integer" } }));
    }
    let headers: Map<String, Value> = ANSWER_HEADERS
        .iter()
        .map(|(name, says)| ((*name).to_owned(), json!({ "description": says, "schema": { "type": "string" } })))
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Crossdock",
            "version": partners::ApiVersion::CURRENT.as_str(),
            "summary": "Order releases in, and what partners say of them.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            "description": "Every refusal is a problem (RFC 9457) whose `code` has a page at the address in `type`.\n\
                An answer of 202 says that the message is kept; what comes of it is told by events.\n\
                A request that was answered with 429 or 5xx, or not at all, may be sent again with the same key or \
                webhook id.\n",
        },
        "servers": [{ "url": "/", "description": "The address that you were given." }],
        "paths": paths,
        "webhooks": { "event": { "post": {
            "operationId": "event",
            "summary": "A canonical event, to each partner whose profile subscribes to its type",
            "description": "Signed as Standard Webhooks say; `webhook-id` is the event's id, the same on every attempt. \
                The types and what each says: asyncapi.yaml.",
            "security": [{ "signature": [] }],
            "requestBody": body_of("event"),
            "responses": { "2XX": { "description": "Taken. Anything else is tried again under the same webhook-id." } },
        }}},
        "components": {
            "securitySchemes": security_schemes(),
            "headers": headers,
            "parameters": {
                "ReleaseId": {
                    "name": "id", "in": "path", "required": true,
                    "schema": { "type": "string", "pattern": "^rel_[0-9a-f]{32}$" },
                },
                "Version": header("Crossdock-Version", false, "A version of the API, as a date; the one that the \
                    partner's profile pins if it is not given.", &json!({ "type": "string", "format": "date" })),
                "RequestId": header("X-Request-Id", false, "Your id of the request; it is in the answer and in our logs.",
                    &json!({ "type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$" })),
                "Traceparent": header("Traceparent", false, "W3C Trace Context; it goes on to whoever is called because \
                    of the request.", &json!({ "type": "string" })),
            },
            "responses": {
                "Problem": refusal(
                    "Refused; the request must be changed before it is sent again.", answer_headers(),
                ),
                "Again": refusal(
                    "Not carried out; `code` says why. Where `Retry-After` is given the same request may be sent again.",
                    again,
                ),
            },
            "schemas": generator.take_definitions(true),
        },
    })
}

fn describe(operation: Operation, generator: &mut SchemaGenerator) -> Value {
    let (summary, description, status, taken, schema) = match operation {
        Operation::ReleaseOrder => (
            "Release an order to a warehouse.",
            "The same key with the same body gives the same answer, byte for byte, however often it is sent.",
            "202",
            "Taken. The release waits for its route.",
            generator.subschema_for::<ReleaseTaken<'_>>(),
        ),
        Operation::ShowRelease => (
            "Where a release stands, who owns the next move and since when, and its history.",
            "Open to the ERP that released the order and to the warehouse partner that has it.",
            "200",
            "The release.",
            generator.subschema_for::<ReleaseView<'_>>(),
        ),
        Operation::CancelRelease => (
            "Ask the warehouse not to ship a release.",
            "The body is not looked at. Asking twice is asking once.",
            "202",
            "The warehouse is asked; its decision is told by an event.",
            generator.subschema_for::<CancelTaken<'_>>(),
        ),
        Operation::ListStuck => (
            "Which orders wait, and for whom: the longest waiting first.",
            "An ERP sees its own orders, operations all. What moves between two pages may be told twice.",
            "200",
            "A page of them.",
            generator.subschema_for::<StuckPage<'_>>(),
        ),
        Operation::HoldRelease => (
            "Have a release wait before it goes to a warehouse.",
            "Each reason belongs to a role, which alone places and lifts such a hold: `credit`, `address` and `stock` to \
                the ERP, `operator` to operations. To hold a release from its first moment, name the hold in the release \
                itself. The same key with the same body is the same hold, however often it is sent.",
            "200",
            "The release waits for it.",
            generator.subschema_for::<HoldTaken<'_>>(),
        ),
        Operation::LiftHold => (
            "Lift a hold.",
            "With the last one the release goes on. Lifting twice is lifting once.",
            "200",
            "The release does not wait for it any more.",
            generator.subschema_for::<HoldTaken<'_>>(),
        ),
        Operation::Webhook => (
            "A partner tells what happened.",
            "Signed as the partner's profile says, by default by the Standard Webhooks scheme: base64 of HMAC-SHA256 over \
                `webhook-id.webhook-timestamp.body`, with the partner's secret. Other schemes have other headers; a \
                partner that does not sign bears its credential instead. The body is that of the topic.",
            "202",
            "Kept and queued.",
            generator.subschema_for::<WebhookTaken<'_>>(),
        ),
    };
    let mut headers = answer_headers();
    if operation == Operation::ReleaseOrder
        && let Some(headers) = headers.as_object_mut()
    {
        headers.insert("Location".to_owned(), json!({ "schema": { "type": "string" } }));
    }
    let mut responses = json!({ status: {
        "description": taken, "headers": headers, "content": { "application/json": { "schema": schema } },
    }});
    let refusals = REFUSALS.iter().filter(|(status, _)| !never(operation).contains(status));
    for (status, again) in refusals {
        let name = if *again { "Again" } else { "Problem" };
        if let Some(responses) = responses.as_object_mut() {
            responses.insert((*status).to_owned(), json!({ "$ref": format!("#/components/responses/{name}") }));
        }
    }
    let credentials = ["apiKey", "token", "certificate"];
    let signed = (operation == Operation::Webhook).then_some("signature");
    let security: Vec<Value> = signed.into_iter().chain(credentials).map(|scheme| json!({ scheme: [] })).collect();
    let mut described = json!({
        "operationId": operation.as_str(), "summary": summary, "description": description, "security": security,
        "parameters": parameters(operation), "responses": responses,
    });
    let body = match operation {
        Operation::ReleaseOrder => Some(body_of(crate::order_json::SCHEMA_NAME)),
        Operation::Webhook => {
            let any: Vec<Value> = Topic::ALL.iter().map(|topic| json!({ "$ref": schema_at(topic.as_str()) })).collect();
            Some(json!({ "required": true, "content": { "application/json": { "schema": { "anyOf": any } } } }))
        }
        Operation::HoldRelease => Some(body_of(crate::order_json::HOLD_SCHEMA_NAME)),
        Operation::ShowRelease | Operation::CancelRelease | Operation::ListStuck | Operation::LiftHold => None,
    };
    if let (Some(body), Some(described)) = (body, described.as_object_mut()) {
        described.insert("requestBody".to_owned(), body);
    }
    described
}

fn parameters(operation: Operation) -> Vec<Value> {
    let key = |of: &str| {
        let schema = json!({ "type": "string", "minLength": 1, "maxLength": 255 });
        header("Idempotency-Key", true, &format!("The same for every attempt to send the same {of}."), &schema)
    };
    let release = json!({ "$ref": "#/components/parameters/ReleaseId" });
    let mut all = match operation {
        Operation::ReleaseOrder => vec![key("release")],
        Operation::ShowRelease | Operation::CancelRelease => vec![release],
        Operation::ListStuck => crate::stuck::parameters(),
        Operation::HoldRelease => vec![release, key("hold")],
        Operation::LiftHold => vec![
            release,
            json!({
                "name": "hold", "in": "path", "required": true,
                "schema": { "type": "string", "pattern": "^hld_[0-9a-f]{32}$" },
            }),
        ],
        Operation::Webhook => {
            let topics: Vec<&str> = Topic::ALL.iter().map(|topic| topic.as_str()).collect();
            let id =
                "Required by Standard Webhooks, as the next two. The same for every attempt to send the same message.";
            let signature = "`v1,` and the signature; several, separated by blanks, while secrets are rotated.";
            vec![
                json!({
                    "name": "partner", "in": "path", "required": true,
                    "schema": { "type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$" },
                }),
                json!({ "name": "topic", "in": "path", "required": true, "schema": { "type": "string", "enum": topics } }),
                header("webhook-id", false, id, &json!({ "type": "string", "minLength": 1, "maxLength": 256 })),
                header(
                    "webhook-timestamp",
                    false,
                    "Seconds since 1970, at most 300 from now.",
                    &json!({ "type": "string", "pattern": "^[0-9]{1,12}$" }),
                ),
                header("webhook-signature", false, signature, &json!({ "type": "string", "maxLength": 4096 })),
            ]
        }
    };
    let common = ["Version", "RequestId", "Traceparent"];
    all.extend(common.map(|name| json!({ "$ref": format!("#/components/parameters/{name}") })));
    all
}

fn header(name: &str, required: bool, description: &str, schema: &Value) -> Value {
    json!({ "name": name, "in": "header", "required": required, "description": description, "schema": schema })
}

fn answer_headers() -> Value {
    let reference = |name: &str| json!({ "$ref": format!("#/components/headers/{name}") });
    ANSWER_HEADERS.iter().map(|(name, _)| ((*name).to_owned(), reference(name))).collect::<Map<_, _>>().into()
}

fn security_schemes() -> Value {
    json!({
        "apiKey": { "type": "apiKey", "in": "header", "name": "x-api-key" },
        "token": {
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "Of the partner's authorization server (OAuth 2.0 client credentials), as its profile names it.",
        },
        "certificate": { "type": "mutualTLS" },
        "signature": {
            "type": "apiKey", "in": "header", "name": "webhook-signature",
            "description": "Standard Webhooks. The other schemes that a profile can name are in the partner handbook.",
        },
    })
}

fn schema_at(name: &str) -> String {
    format!("schemas/{name}.json")
}

fn body_of(name: &str) -> Value {
    json!({ "required": true, "content": { "application/json": { "schema": { "$ref": schema_at(name) } } } })
}

/// The description of the events in AsyncAPI 3: `events/asyncapi.yaml`. They go over the bus, for those who live in the
/// same account, and to subscribers by signed webhook or as files.
pub fn asyncapi() -> Value {
    let messages: Map<String, Value> =
        EventType::ALL.iter().map(|kind| (kind.as_str().to_owned(), message(*kind))).collect();
    let all_on = |channel: &str| -> Vec<Value> {
        EventType::ALL.iter().map(|kind| json!({ "$ref": format!("#/channels/{channel}/messages/{kind}") })).collect()
    };
    let listed: Map<String, Value> = EventType::ALL
        .iter()
        .map(|kind| (kind.as_str().to_owned(), json!({ "$ref": format!("#/components/messages/{kind}") })))
        .collect();
    let channel = |address: Value, title: &str, description: &str| {
        json!({ "address": address, "title": title,
        "description": description, "messages": listed.clone() })
    };
    let send = |channel: &str, summary: &str| {
        json!({ "action": "send", "summary": summary,
        "channel": { "$ref": format!("#/channels/{channel}") }, "messages": all_on(channel) })
    };
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Crossdock events",
            "version": partners::ApiVersion::CURRENT.as_str(),
            "license": { "name": "Apache-2.0" },
            "description": "What happened, told at least once to everybody who may know. The same fact has the same \
                `meta.id` however often it is told; `meta.seq` is its place among the events of its business object. \
                A type's version is part of its name; what is added to one is additive by the rule of the partner \
                handbook.\n",
        },
        "defaultContentType": "application/json",
        "channels": {
            "bus": channel(
                "crossdock-{stage}".into(), "EventBridge bus",
                "`source` is `crossdock`, `detail-type` is `meta.type`, `detail` the event.",
            ),
            "webhook": channel(
                Value::Null, "A subscriber's endpoint",
                "A POST signed as Standard Webhooks say, to the endpoint in the partner's profile; `webhook-id` is the \
                 event's id.",
            ),
            "outbox": channel(
                "outbox/{partner}/{file}".into(), "A subscriber's outbox",
                "A JSON file for each event.",
            ),
        },
        "operations": {
            "publish": send("bus", "Every event, to the bus."),
            "tell": send("webhook", "Events that a partner subscribes to, to its endpoint."),
            "drop": send("outbox", "Events that a partner subscribes to as files."),
        },
        "components": { "messages": messages },
    })
}

fn message(kind: EventType) -> Value {
    // The schema of the type stands on its own, and so does that of all events: an event fits both.
    let own = json!({ "type": "object", "properties": {
        "meta": { "type": "object", "properties": { "type": { "const": kind } } },
        "data": { "$ref": schema_at(&format!("events/{kind}")) },
    }});
    json!({
        "name": kind, "title": title(kind), "contentType": "application/json",
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-2020-12",
            "schema": { "allOf": [{ "$ref": schema_at(crate::event_json::SCHEMA_NAME) }, own] },
        },
    })
}

/// The first line of the type's documentation.
fn title(kind: EventType) -> String {
    let schema = schemars::schema_for!(EventType).to_value();
    let variants = schema.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    let own = variants.into_iter().find(|variant| variant.get("const").and_then(Value::as_str) == Some(kind.as_str()));
    own.and_then(|variant| variant.get("description")).and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_finds_its_operation_and_the_segments_that_its_path_leaves_open() {
        let find = |method, path| Operation::find(method, path);
        assert_eq!(find("POST", "/v1/order-releases"), Ok((Operation::ReleaseOrder, vec![])));
        assert_eq!(find("POST", "/v1/order-releases/"), Ok((Operation::ReleaseOrder, vec![])));
        assert_eq!(find("GET", "/v1/order-releases/rel_1"), Ok((Operation::ShowRelease, vec!["rel_1"])));
        assert_eq!(find("POST", "/v1/order-releases/rel_1/cancel"), Ok((Operation::CancelRelease, vec!["rel_1"])));
        assert_eq!(find("POST", "/v1/partners/p/webhooks/t"), Ok((Operation::Webhook, vec!["p", "t"])));
    }

    #[test]
    fn what_is_no_operation_says_what_the_path_takes() {
        for path in ["", "/", "/v1", "/v2/order-releases", "/v1/order-releases/a/b", "/v1/order-releases//cancel", "v1"]
        {
            assert_eq!(Operation::find("POST", path), Err(Unrouted::NoPath), "{path}");
        }
        assert_eq!(Operation::find("DELETE", "/v1/order-releases"), Err(Unrouted::OtherMethod(vec!["POST"])));
        assert_eq!(Operation::find("get", "/v1/order-releases/r"), Err(Unrouted::OtherMethod(vec!["GET"])));
    }

    #[test]
    fn every_event_type_has_its_title() {
        for kind in EventType::ALL {
            assert!(!title(*kind).is_empty(), "{kind}");
        }
    }
}
