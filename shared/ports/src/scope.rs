//! What a step knows of the moment: the only source of time below `main.rs`.

use jiff::Timestamp;

/// The moment in which a message is handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// Now, as the runtime's clock says.
    pub now: Timestamp,
    /// When the runtime will stop us. No work is begun that cannot end before.
    pub stop_at: Timestamp,
    /// How many times its message was received, this time included; 1 of what comes from no queue.
    pub receives: u32,
}
