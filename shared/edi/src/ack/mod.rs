//! Acknowledgments: TA1 for the envelope of an interchange, 997 for the syntax of a group. Both ways.
//!
//! They speak of syntax only; whether an order can be shipped is for others to say.

mod codes;
mod read;
mod render;

pub use codes::meaning;
pub use read::{
    FunctionalAck, GroupAckOutcome, InterchangeAck, Note, SetAck, SetAckOutcome, read, read_interchange_ack,
};
pub use render::{functional_acknowledgment, interchange_acknowledgment};
