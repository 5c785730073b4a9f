//! The one clock. Everything below takes its time from the scope it is given.

use jiff::Timestamp;
use ports::Scope;

#[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// The moment of an invocation that the runtime will stop at `deadline_ms` (milliseconds since 1970).
pub(crate) fn scope(deadline_ms: u64) -> Scope {
    Scope { now: now(), stop_at: stop_at(deadline_ms), receives: 1 }
}

/// When the runtime will stop an invocation. A deadline that is no time is now: nothing is begun.
pub(crate) fn stop_at(deadline_ms: u64) -> Timestamp {
    i64::try_from(deadline_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok()).unwrap_or(Timestamp::UNIX_EPOCH)
}
