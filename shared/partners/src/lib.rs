//! Partner profiles: parsed from TOML, checked, and compiled into one hashed bundle.
//!
//! Functions read the bundle and nothing else: no function needs the table to know a partner. Three similar partners
//! are three profiles, never three modules.

mod api;
mod auth;
mod bundle;
mod clocks;
mod diff;
mod lint;
mod outbound;
mod pacing;
mod permits;
mod profile;
mod review;
mod routing;
mod schema;
mod stake;

pub use api::{ApiTerms, ApiVersion, REQUESTS_PER_MINUTE, REQUESTS_PER_MINUTE_MAX, Retirement};
pub use auth::{
    Algorithm, Auth, Encoding, KeyForm, Labelled, OAuth2, SECRET_LEN_MIN, Scheme, Signature, TOLERANCE_S,
    TOLERANCE_S_MAX, Template, TimeFormat,
};
pub use bundle::{Bundle, BundleError, HOUSE_FILE, compile, lint_at};
pub use clocks::{ALLOWANCE_DAYS_MAX, Allowance, Calendar, Clocks, Day, NoAllowance, NoZone, Zone};
pub use diff::{Change, diff};
pub use lint::{Lint, SourceFile};
pub use outbound::{CALL_S, ClientAuth, ClientCredentials, LOOKUP_SETTLE_S, Operation, OperationTerms, Operations};
pub use pacing::{PER_MINUTE_MAX, Pace};
pub use permits::{DocumentType, DocumentTypeError, Permits};
pub use profile::{
    Contact, ControlNumbers, DocumentFormat, EdiAgreement, EdiIdentity, Endpoint, MapWishes, Profile, ReleasePlacing,
    Stage, Subscription, UnitFactor, Via,
};
pub use review::review;
pub use routing::{HoldRule, House, Rule, When};
pub use schema::schemas;
pub use stake::{Stake, StakeRule};
