//! How many requests there were.

use std::future::Future;

use jiff::Timestamp;

use crate::{Fault, Key};

/// Counts of requests. They decide nothing but whether another one is let in, and may be lost.
pub trait Limits {
    /// Counts one more under `key`, and gives the count with it. It may be forgotten after `until`.
    fn count(&self, key: &Key, until: Timestamp) -> impl Future<Output = Result<u32, Fault>>;
}
