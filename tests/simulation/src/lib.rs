//! The product in memory: its own functions between simulated services, and schedules in which everything goes wrong that
//! can. `cargo sim` plays them by the thousand (`main.rs`); `tests/` plays a few, and stories of its own.
//!
//! [`cast`] has the partners and the world, [`story`] what somebody does and two stories told by hand, [`orders`] orders of
//! any make with everything that is done about them. [`judge`](mod@judge) works out what must have come of it.
//! [`arrivals`] plays every order of arrival, [`exhaustive`] every schedule of up to three faults, [`random`] draws schedules from seeds and [`shrink`] makes
//! one that fails small, [`outages`] has figures. With the feature `defects`, `defects` puts known defects into the
//! product, one at a time, and looks who finds them.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test fails by panicking, in its helpers too"
)]

pub mod arrivals;
pub mod cast;
#[cfg(feature = "defects")]
pub mod defects;
pub mod exhaustive;
pub mod judge;
pub mod orders;
pub mod outages;
pub mod random;
pub mod shrink;
pub mod story;
