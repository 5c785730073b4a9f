//! The decisions, one module per step: `decide(state, message, profile, now) -> decision`.
//!
//! Pure: no I/O, no clock, no randomness, no environment. Replay, simulation and the proof that nothing is lost all rest
//! on this.

/// Whether a known defect is in the product: never, but in `cargo sim defects`.
#[cfg(feature = "defects")]
#[macro_export]
macro_rules! defect {
    ($name:ident) => {
        $crate::defect::is($crate::defect::Defect::$name)
    };
}

/// Whether a known defect is in the product: never, but in `cargo sim defects`.
#[cfg(not(feature = "defects"))]
#[macro_export]
macro_rules! defect {
    ($name:ident) => {
        false
    };
}

pub mod breaker;
pub mod deadline_watch;
#[cfg(feature = "defects")]
pub mod defect;
pub mod edi_drop;
pub mod holds;
pub mod order_apply;
pub mod order_dispatch;
pub mod order_release;
mod outcome;
pub mod partner_deliver;
pub mod shipment_apply;
pub mod shipment_fanout;
pub mod signature;
mod telling;
#[cfg(test)]
mod tests;
pub mod webhook_ingest;

pub use outcome::{Absorbed, Decision, FINDINGS_MAX, Outcome, Verdict, absorb, park};
pub use telling::{Cause, Telling};
