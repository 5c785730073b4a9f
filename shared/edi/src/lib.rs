//! X12 and EDIFACT: reading, checking, acknowledging and writing interchanges. Knows syntax and no business.
//!
//! The way through: [`read`] turns bytes into a [`Document`] of interchanges, groups and sets, each with what is wrong
//! with its envelope; it collects the [`Events`] of the pull parser. A file too large to hold comes in chunks through a
//! [`Stream`] of the same events. [`verdict::interchange`] checks the sets against the [`guide`]s and decides what is
//! accepted; a defect rejects the smallest thing that holds it. [`ack`] says so in TA1, 997, 999 and CONTRL, and reads
//! what partners say; [`report`] says the same in JSON. [`write`](mod@write) makes interchanges that read back without a
//! finding. [`Judge`] gives the verdicts on a file that comes in chunks. [`json`] is a file as JSON without loss, and back; [`split`](mod@split) cuts it into parts that stand alone.
//!
//! Invariants: reading never fails and never panics, whatever the bytes; every byte of a file belongs to the range of
//! one interchange or to the filler between them; a value can never become a segment; an acknowledgment is never
//! acknowledged. No clock, no I/O: dates and control numbers are given.
//!
//! Sources are named where a rule stands: X12.5 (interchange control), X12.6 (application control), and the element
//! numbers of the data element dictionary, 004010.

pub mod ack;
mod charset;
mod control_number;
mod delimiters;
mod envelope;
mod events;
mod finding;
pub mod guide;
mod header;
mod index;
pub mod json;
mod judge;
pub mod limits;
mod reader;
pub mod report;
mod scan;
mod seen;
mod segment;
mod sniff;
pub mod split;
mod stream;
mod value;
pub mod verdict;
pub mod write;

pub use control_number::{ControlNumber, ControlNumberError};
pub use delimiters::{DelimiterError, Delimiters, ISA_LEN, Standard};
pub use envelope::{Document, Group, Interchange, TransactionSet};
pub use events::{Event, Events, Limits};
pub use finding::{Finding, Level, Place, Severity, SyntaxCode};
pub use judge::{Judge, Judgment};
pub use reader::{read, read_with_limits};
pub use scan::Elements;
pub use segment::Segment;
pub use stream::Stream;
