//! Acknowledgments: TA1 for the envelope of an interchange, 997 and 999 for the syntax of a group, CONTRL for an EDIFACT
//! interchange. Both ways.
//!
//! They speak of syntax only; whether an order can be shipped is for others to say. Out: [`owed`] says which
//! acknowledgments a verdict calls for. In: [`read_all`] reads what came, [`matched`] holds it against what was sent.

mod codes;
mod contrl;
mod matched;
mod owed;
mod read;
mod x12;

pub use codes::{edifact_meaning, meaning};
pub use contrl::{Depth, contrl};
pub use matched::{
    Answer, Contradiction, Matched, SentGroup, SentInterchange, SentSet, SetAnswer, Unmatched, matched, same_control,
};
pub use owed::{AckPolicy, Functional, Owed, When, contrl_message, owed};
pub use read::{
    Acknowledgment, FunctionalAck, GroupAckOutcome, InterchangeAck, InterchangeAckOutcome, Kind, Note, SetAck,
    SetAckOutcome, read, read_all, read_contrl, read_interchange_ack,
};
pub use x12::{functional_acknowledgment, implementation_acknowledgment, interchange_acknowledgment};
