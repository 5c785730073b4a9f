//! Partner profiles: parsed from TOML, checked, and compiled into one hashed bundle.
//!
//! Functions read the bundle and nothing else: no function needs the table to know a partner. Three similar partners
//! are three profiles, never three modules.

mod bundle;
mod profile;
mod routing;

pub use bundle::{Bundle, BundleError, Lint, SourceFile, compile};
pub use profile::{
    Auth, DocumentFormat, EdiAgreement, EdiIdentity, Endpoint, MapWishes, Profile, ReleasePlacing, Stage, Subscription,
    UnitFactor, Via,
};
pub use routing::{House, Rule, When};
