//! Orders from end to end, in memory: the real bodies of the functions in the simulator.
//!
//! A **story** is what the ERP and the partners do; `src/cast.rs` has the world that it is played in, `src/story.rs` the
//! stories. A test plays a story with something going wrong and compares what came of it with the same story gone well:
//! the same releases, shipments, deliveries and parked messages, the same effects at the partners, the same event ids.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, in its helpers too"
)]

mod acknowledging;
mod asked;
mod breaker;
mod canaries;
mod concurrent;
mod deadlines;
mod doors;
mod drawn;
mod dropped_twice;
mod ends;
mod faults;
mod happy;
mod holds;
mod hostile;
mod logged;
mod orders;
mod partial;
mod poison;
mod scopes;
mod strangers;
mod stuck;
mod template;
mod terms;
mod told;
mod twice;
mod unrepeatable;
