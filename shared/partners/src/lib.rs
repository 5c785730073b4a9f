//! Partner profiles: parsed from TOML, checked, and compiled into one hashed bundle.
//!
//! Functions read the bundle and nothing else: no function needs the table to know a partner. Three similar partners
//! are three profiles, never three modules.

mod api;
mod auth;
mod bundle;
mod clocks;
mod outbound;
mod profile;
mod routing;

pub use api::{ApiTerms, ApiVersion, REQUESTS_PER_MINUTE, REQUESTS_PER_MINUTE_MAX, Retirement};
pub use auth::{
    Algorithm, Auth, Encoding, KeyForm, Labelled, OAuth2, SECRET_LEN_MIN, Scheme, Signature, TOLERANCE_S,
    TOLERANCE_S_MAX, Template, TimeFormat,
};
pub use bundle::{Bundle, BundleError, Lint, SourceFile, compile};
pub use clocks::{ALLOWANCE_DAYS_MAX, Allowance, Calendar, Clocks, Day, NoAllowance, NoZone, Zone};
pub use outbound::{ClientAuth, ClientCredentials};
pub use profile::{
    ControlNumbers, DocumentFormat, EdiAgreement, EdiIdentity, Endpoint, MapWishes, Profile, ReleasePlacing, Stage,
    Subscription, UnitFactor, Via,
};
pub use routing::{House, Rule, When};
