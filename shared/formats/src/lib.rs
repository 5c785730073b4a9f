//! Documents as partners write them, and the canonical documents they stand for. Both ways, driven by a profile.
//!
//! What comes in: [`order_json`] (the ERP's request), [`webhook`] (partners' webhook bodies), 945 and 997 in [`x12`].
//! Every other EDI document, in and out: [`mapping`], by maps that are data.
//! What goes out: 940 and 997 in [`x12`], [`release_json`] (what a REST partner gets), [`problem`] (a refusal).
//!
//! Invariants: nothing is taken that its published schema refuses; every wrong field is one finding with its place; no
//! finding repeats a value, for values are people's names and addresses; what is written reads back without a finding.
//! No clock, no I/O: the time and the control numbers are given.

pub mod api;
pub mod document_json;
pub mod event_json;
mod json;
pub mod limits;
mod lines;
pub mod mapping;
pub mod order_json;
pub mod problem;
pub mod release_json;
mod sscc;
mod stuck;
pub mod webhook;
pub mod x12;
