//! The operators' command, the sandbox of sample partners, and the player of scenarios.
//!
//! [`World`] is a running local stack with its sandbox; [`scenarios`] plays stories in it and checks them, for the demo
//! and for the end-to-end tests alike; [`commands`] is what `crossdock` offers. The commands that only ask a deployment
//! use [`aws::Operations`] and need no sandbox.

mod api;
pub mod args;
mod clock;
pub mod commands;
mod error;
mod keys;
mod ledger;
mod logs;
mod out;
mod place;
mod profiles;
pub mod sandbox;
pub mod scenarios;
mod state;
mod story;
mod timeline;
pub mod warehouse;
mod world;

pub use api::Api;
pub use clock::{Stopwatch, ago, now, seconds};
pub use error::Error;
pub use keys::Keys;
pub use ledger::{Counts, Ledger};
pub use out::Out;
pub use profiles::{compile, sources};
pub use state::RunningStack;
pub use story::Story;
pub use world::{Detour, Setup, World, is_accepted};
