//! The clock. Nothing else in this crate reads it.

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// Now.
#[expect(clippy::disallowed_methods, reason = "the one place of this crate that reads the clock")]
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// Time since some start, not moved by a change of the clock.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts.
    #[expect(clippy::disallowed_methods, reason = "the one place of this crate that reads the clock")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Since the start.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// A duration as people read it: `0.4 s`, `12.3 s`, `4 min 10 s`.
pub fn seconds(elapsed: Duration) -> String {
    let tenths = elapsed.as_millis() / 100;
    match elapsed.as_secs() {
        0..=99 => format!("{}.{} s", tenths / 10, tenths % 10),
        seconds => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

/// How long ago something was, in its two largest units: `3 d 4 h`, `5 min 2 s`.
pub fn ago(since: Timestamp, now: Timestamp) -> String {
    let seconds = (now.as_second() - since.as_second()).max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min {} s", seconds % 60),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_for_people() {
        assert_eq!(seconds(Duration::from_millis(1234)), "1.2 s");
        assert_eq!(seconds(Duration::from_secs(130)), "2 min 10 s");
        let at = |second| Timestamp::from_second(second).unwrap();
        assert_eq!(ago(at(0), at(59)), "59 s");
        assert_eq!(ago(at(0), at(3 * 86_400 + 4 * 3600 + 5)), "3 d 4 h");
        assert_eq!(ago(at(9), at(0)), "0 s");
    }
}
