//! The whole deployment on one machine: no account, no container engine.
//!
//! [`Stack::start`] builds the functions, starts the pinned emulator in a virtual environment of its own, deploys the
//! workspace's `template.yaml` to it and answers with what a client needs; [`Stack::stop`] saves the state and leaves
//! no process behind. Started again with the same data directory, the stack goes on where it stopped.
//!
//! Nothing here knows an AWS SDK: clients are made by those who use the stack.

mod build;
mod emulator;
mod error;
mod permissions;
mod python;
mod scan;
mod stack;

use std::path::PathBuf;

pub use build::{Profile, functions as build_functions};
pub use error::Error;
pub use permissions::permission_gaps;
pub use scan::{deny, expand, lint_template};
pub use stack::{FunctionProcess, Options, Stack};

/// The functions of the template: package, binary, folder in `functions/` and end of the deployed name.
pub const FUNCTIONS: [&str; 12] = [
    "authorize",
    "order-release",
    "webhook-ingest",
    "edi-drop",
    "order-apply",
    "shipment-apply",
    "order-dispatch",
    "deadline-watch",
    "event-publish",
    "shipment-fanout",
    "partner-deliver",
    "partner-resume",
];

/// Those of them that a schedule calls every minute, and nobody's message.
const CALLED_BY_CLOCK: [&str; 2] = ["deadline-watch", "partner-resume"];

/// Those that messages come through, one way or another: what the clock calls may come up at no moment of a short run.
pub fn functions_of_messages() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.into_iter().filter(|function| !CALLED_BY_CLOCK.contains(function))
}

/// The folder with `Cargo.toml` and `template.yaml`.
fn workspace() -> PathBuf {
    let mut folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    folder.pop();
    folder.pop();
    folder
}

/// Where the local stack keeps what it makes: virtual environments, built functions, data of stacks without a home.
pub fn scratch() -> PathBuf {
    build::target_dir().join("crossdock")
}
