//! What can go wrong at a port, and whether it can pass by itself. Decided where it is known, in the adapter.

use std::fmt;

use canonical::Code;

/// Whether a fault can pass by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// A time-out, throttling, a server's error: try again.
    Transient,
    /// Access denied, a missing resource, a refused setting: an operator can mend it, so the message is kept and tried.
    Misconfigured,
    /// Our own mistake: bytes that cannot be read back, a broken rule.
    Bug,
}

/// A port did not do what it was asked. Nothing is known of the effect: it may have happened.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Fault {
    /// Whether it can pass.
    pub kind: FaultKind,
    /// What was asked, in words.
    pub what: String,
    /// Why it failed.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Fault {
    /// A fault that can pass.
    pub fn transient(what: impl Into<String>) -> Self {
        Self { kind: FaultKind::Transient, what: what.into(), source: None }
    }

    /// A fault that an operator can mend.
    pub fn misconfigured(what: impl Into<String>) -> Self {
        Self { kind: FaultKind::Misconfigured, what: what.into(), source: None }
    }

    /// A fault of ours.
    pub fn bug(what: impl Into<String>) -> Self {
        Self { kind: FaultKind::Bug, what: what.into(), source: None }
    }

    /// The same fault with its cause.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The code under which it is logged.
    pub fn code(&self) -> Code {
        match self.kind {
            FaultKind::Transient => Code::StoreUnavailable,
            FaultKind::Misconfigured => Code::Misconfigured,
            FaultKind::Bug => Code::InternalFault,
        }
    }

    /// The fault and everything behind it, in one line.
    pub fn chain(&self) -> String {
        use fmt::Write as _;
        let mut text = self.what.clone();
        let mut next = std::error::Error::source(self);
        while let Some(error) = next {
            // Some errors repeat the words of the error behind them.
            let words = error.to_string();
            if !text.ends_with(&words) {
                // Writing to a String cannot fail.
                let _ = write!(text, ": {words}");
            }
            next = error.source();
        }
        text
    }
}
