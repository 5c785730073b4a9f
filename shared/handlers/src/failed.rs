//! A step that could not be carried out, and when it may be tried again.

use canonical::Code;
use ports::{CommitError, Fault, FaultKind};

/// When a message may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// It can pass by itself: soon, then ever later.
    Transient,
    /// An operator must mend something: a few quick tries, then the dead-letter queue with its alarm.
    Misconfigured,
    /// A fault of ours: no time is lost on the way to the dead-letter queue.
    Bug,
    /// Others write the same object: within seconds, whatever the number of tries.
    Contended,
    /// After so many seconds.
    After(u32),
}

/// A step that could not be carried out. The message stays in its queue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {reason}")]
pub struct Failed {
    /// The code for logs and people.
    pub code: Code,
    /// In words, with everything behind it.
    pub reason: String,
    /// When to try again.
    pub retry: Retry,
}

/// Longest waits in seconds before the first tries of what can pass by itself: most of it is a hiccup.
const TRANSIENT_S: [u32; 4] = [1, 2, 5, 15];
/// Seconds that the tries of what can pass by itself last at the least: three hours, the length of the longest regional
/// database outage on public record. They are spread evenly: the more tries a queue gives, the sooner all is done when
/// the outage is over.
const OUTAGE_S: u32 = 10_800;
/// Longest wait in seconds when others write the same object: a write takes hundredths of a second.
const CONTENDED_S_MAX: u32 = 5;
/// Seconds before each next try of what an operator must mend: under a minute over ten tries, so that the alarm rings.
const MISCONFIGURED_S: [u32; 9] = [1, 1, 2, 2, 5, 5, 10, 10, 10];

impl Failed {
    /// A failure that a person must look into.
    pub fn bug(reason: impl Into<String>) -> Self {
        Self { code: Code::InternalFault, reason: reason.into(), retry: Retry::Bug }
    }

    /// Too many others write the same object: soon again, when they are done.
    pub fn contended() -> Self {
        let reason = "others keep writing the same object".to_owned();
        Self { code: Code::StoreUnavailable, reason, retry: Retry::Contended }
    }

    /// Seconds to wait after the `receives`th try of `receives_max`. What can pass by itself waits between three quarters
    /// and all of its step, drawn from `seed`: not the same for two messages, always the same for one, so that a replay
    /// waits as long.
    pub fn delay_s(&self, receives: u32, receives_max: u32, seed: &str) -> u32 {
        let step = |steps: &[u32]| steps.get(receives.max(1) as usize - 1).copied();
        let draw = seed.bytes().fold(receives, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
        match self.retry {
            Retry::Bug => 0,
            Retry::Transient if steps::defect!(RetriesTooShort) => 5,
            // The tries that are left lead to the dead-letter queue without delay.
            Retry::Misconfigured => step(&MISCONFIGURED_S).unwrap_or(0),
            Retry::After(seconds) => seconds,
            Retry::Contended => 1 + draw % CONTENDED_S_MAX,
            Retry::Transient => {
                let longest = step(&TRANSIENT_S).unwrap_or_else(|| even_step_s(receives_max));
                let shortest = (longest * 3).div_ceil(4);
                shortest + draw % (longest - shortest + 1)
            }
        }
    }
}

/// Longest wait after the first tries, so that three quarters of all such waits last an outage.
fn even_step_s(receives_max: u32) -> u32 {
    let first = u32::try_from(TRANSIENT_S.len()).unwrap_or(u32::MAX);
    let waits = receives_max.saturating_sub(first).saturating_sub(1).max(1);
    (OUTAGE_S * 4 / 3).div_ceil(waits)
}

impl From<Fault> for Failed {
    fn from(fault: Fault) -> Self {
        let retry = match fault.kind {
            FaultKind::Transient => Retry::Transient,
            FaultKind::Misconfigured => Retry::Misconfigured,
            FaultKind::Bug => Retry::Bug,
        };
        Self { code: fault.code(), reason: fault.chain(), retry }
    }
}

impl From<CommitError> for Failed {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Fault(fault) => fault.into(),
            // Somebody else is at the same item: the next try finds it at rest.
            CommitError::Lost | CommitError::Busy => Self::contended(),
        }
    }
}

impl From<serde_json::Error> for Failed {
    /// The error's own words repeat values of the document, so only the place is told.
    fn from(error: serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        Self::bug(format!("not readable ({:?} error at line {line} column {column})", error.classify()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn failed(retry: Retry) -> Failed {
        Failed { code: Code::StoreUnavailable, reason: String::new(), retry }
    }

    #[test]
    fn what_can_pass_by_itself_is_tried_for_three_hours_and_never_waits_long() {
        for (receives_max, longest) in [(200, 75), (25, 720), (10, 2880)] {
            for n in 0..100 {
                let id = format!("message-{n}");
                let waits = |receives| failed(Retry::Transient).delay_s(receives, receives_max, &id);
                let all: u32 = (1..receives_max).map(waits).sum();
                assert!(all > 3 * 3600, "{all} s of {receives_max} tries are shorter than an outage of three hours");
                assert!((1..receives_max).all(|receives| waits(receives) <= longest), "{receives_max} tries");
            }
        }
        let same = |receives| failed(Retry::Transient).delay_s(receives, 200, "m");
        assert_eq!(same(30), same(30));
    }

    #[test]
    fn what_cannot_pass_by_itself_reaches_the_dead_letter_queue_within_a_minute() {
        let wait: u32 = (1..200).map(|receives| failed(Retry::Misconfigured).delay_s(receives, 200, "m")).sum();
        assert!(wait < 60, "{wait}");
        assert_eq!(failed(Retry::Bug).delay_s(1, 200, "m"), 0);
    }

    #[test]
    fn the_schedules_are_those_that_are_documented() {
        let waits = |retry, receives| {
            // Ids that have nothing in common, as a queue's.
            let ids = (0..500_u64).map(|n| format!("{:x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
            ids.map(|id| failed(retry).delay_s(receives, 200, &id)).collect::<BTreeSet<u32>>()
        };
        for (receives, step) in (1..).zip([1_u32, 2, 5, 15, 74, 74]) {
            let waits = waits(Retry::Transient, receives);
            let whole: BTreeSet<u32> = ((step * 3).div_ceil(4)..=step).collect();
            assert_eq!(waits, whole, "all of it is used after try {receives}");
        }
        assert_eq!(waits(Retry::Contended, 7), (1..=CONTENDED_S_MAX).collect());
        let misconfigured: Vec<u32> = (1..=11).map(|n| failed(Retry::Misconfigured).delay_s(n, 200, "m")).collect();
        assert_eq!(misconfigured, [1, 1, 2, 2, 5, 5, 10, 10, 10, 0, 0]);
        assert_eq!(failed(Retry::After(42)).delay_s(3, 200, "m"), 42);
    }

    #[test]
    fn a_fault_of_a_port_keeps_its_kind() {
        let kept = |fault: Fault| {
            let failed = Failed::from(fault);
            (failed.retry, failed.code)
        };
        assert_eq!(kept(Fault::transient("")), (Retry::Transient, Code::StoreUnavailable));
        assert_eq!(kept(Fault::misconfigured("")), (Retry::Misconfigured, Code::Misconfigured));
        assert_eq!(kept(Fault::bug("")), (Retry::Bug, Code::InternalFault));
        for lost in [CommitError::Lost, CommitError::Busy] {
            assert_eq!(Failed::from(lost).retry, Retry::Contended);
        }
        assert_eq!(Failed::from(CommitError::Fault(Fault::bug("x"))).reason, "x");
    }
}
