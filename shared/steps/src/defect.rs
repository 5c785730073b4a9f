//! Known defects of the protocol, one of which can be put into the product at a time, to see whether the simulator finds
//! it. Only with the feature `defects`, which nothing but `cargo sim defects` switches on; without it [`crate::defect!`]
//! is `false`, and nothing of this is compiled.

use std::cell::Cell;

macro_rules! defects {
    ($($(#[doc = $words:literal])+ $name:ident;)*) => {
        /// A defect.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Defect {
            $($(#[doc = $words])+ $name,)*
        }

        impl Defect {
            /// Every defect.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// What is wrong, in words.
            pub fn words(self) -> &'static str {
                match self { $(Self::$name => concat!($($words),+).trim_ascii(),)* }
            }
        }
    };
}

defects! {
    /// A write takes whatever version there is: no fence.
    NoVersionFence;
    /// A fact is remembered under its message's id.
    KeyFromMessageId;
    /// A fact is forgotten after an hour.
    DedupeWindow;
    /// A milestone is not looked up before it is added.
    NoAbsorbCheck;
    /// A late transport acknowledgment sets the release back.
    LateEventRegresses;
    /// Whoever says so moves a release.
    NoOwnershipCheck;
    /// A refusal of a cancel is told again though the goods told it.
    RefusalToldTwice;
    /// A cancel is sent though the order is still on its way.
    CancelOvertakes;
    /// A cancel that was written and not sent is forgotten once it is decided.
    CancelForgotten;
    /// A delivery is put into its queue before it is written.
    SendBeforeWrite;
    /// What was written and perhaps not sent is not sent again.
    NotSentAgain;
    /// Control numbers are taken in a write of their own.
    NumbersInTheirOwnWrite;
    /// A repeat of an acknowledgment takes a new control number.
    NewNumberOnRetry;
    /// The release is written first, and its delivery after it.
    TwoWrites;
    /// A subscriber's delivery is done with once it is written.
    FanoutDoneBeforeSending;
    /// Each telling of an event makes deliveries of its own.
    DeliveryPerTelling;
    /// Each attempt goes out under a key of its own.
    KeyPerAttempt;
    /// A partner that would do it again is asked without a record of that.
    NotOnRecord;
    /// A partner that would do it again is asked again.
    RetryOfNeither;
    /// What a second worker finds on record is unknown at once, though the first is still at it.
    NoSettleTime;
    /// A partner that can be asked is called again without being asked.
    NoLookup;
    /// That it has not the message is taken for its last word while the call on record may still take effect.
    LookupUnsettled;
    /// It is called again under the record of the call before.
    NotOnRecordAnew;
    /// A look-up that says nothing counts as one that says no.
    NotSaidIsNo;
    /// A failed step counts as done.
    ErrorSwallowed;
    /// A batch of which one message succeeded counts as done.
    WholeBatchDone;
    /// What dies leaves no note.
    NoNote;
    /// A message is begun though there is no time left for it.
    NoMargin;
    /// Retries end within the hour.
    RetriesTooShort;
    /// The relay goes on after events that it could not publish.
    RelaySkips;
    /// A webhook is answered with 202 though it could not be put into its queue.
    AcceptedBeforeQueued;
    /// A webhook's bytes are kept after it is in its queue.
    ArchivedAfterQueued;
    /// A dropped file is known by its name.
    FileKnownByName;
    /// A release is not in the index of what waits for somebody.
    LostIndexEntry;
    /// What was missed is told and not remembered: the next minute tells it again.
    DeadlineToldAgain;
    /// Whoever claims a control number a second time is taken for the first, whatever is in the file.
    ClaimNotCompared;
}

thread_local! {
    static ACTIVE: Cell<Option<Defect>> = const { Cell::new(None) };
}

/// Puts a defect into the product on this thread, or takes it out again.
pub fn put(defect: Option<Defect>) {
    ACTIVE.set(defect);
}

/// Whether the defect is in the product on this thread.
pub fn is(defect: Defect) -> bool {
    ACTIVE.get() == Some(defect)
}
