//! X12 documents of the order flow: the 940 that we write, the 945 that we read, and acknowledgments both ways (of
//! EDIFACT too). The other documents are maps: see [`mapping`](crate::mapping).
//!
//! The 940 and the 945 have maps too ([`crate::mapping`]), which tell what stands where. They are written and read here
//! all the same: a 945 becomes a ship confirm by choices that no map should hold (which of three numbers names the
//! shipment, what was shipped where only the difference is said, cartons added up), and what a 940 cannot say is told in
//! the words of the order release.
//!
//! Element numbers and code meanings are those of the 004010 data element dictionary; qualifiers are named where they
//! are used.

mod acknowledgment;
mod ship_order;
mod shipping_advice;

use canonical::{Code, Finding, Place};
use edi::write::{Envelope, NewGroup, NewSegment, NewSet};
use edi::{ControlNumber, Delimiters, Level, SyntaxCode};
use jiff::Timestamp;
use partners::{EdiIdentity, House, Profile};

pub use acknowledgment::{acknowledgment, group_acks};
pub use ship_order::{Purpose, ship_940};
pub use shipping_advice::{ShippingAdviceReader, warehouse_shipping_advice_945};

/// ST02 of everything we write: one transaction set for each interchange, so that one acknowledgment is of one document.
pub const SET_CONTROL: &str = "0001";

/// The control numbers of one interchange, fixed before it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbers {
    /// ISA13.
    pub interchange: ControlNumber,
    /// GS06.
    pub group: ControlNumber,
}

/// A finding about a file, in the words of the house.
pub fn finding(from: &edi::Finding) -> Finding {
    let code = match (from.code, from.level()) {
        (SyntaxCode::SetNotSupported, _) => Code::EdiUnsupportedSet,
        (SyntaxCode::InterchangeControlNumberDuplicate, _) => Code::EdiControlNumberTaken,
        (_, Level::File | Level::Interchange | Level::Group) => Code::EdiEnvelope,
        (_, Level::Set | Level::Segment | Level::Element) => Code::EdiSyntax,
    };
    let place = Place::Edi {
        segment: from.place.segment_id.clone(),
        segment_position: from.place.segment_position.map(|position| position as u64),
        element: from.place.element.map(|element| element as u64),
        byte_offset: from.place.byte_offset as u64,
    };
    Finding { code, detail: format!("{}: {}", from.code.as_str(), from.message), place: Some(place) }
}

/// What we write as: who to whom, when, under which numbers.
struct Outgoing<'a> {
    house: &'a House,
    profile: &'a Profile,
    numbers: Numbers,
    now: Timestamp,
    /// ISA12, such as `00401`.
    controls: &'a str,
    delimiters: Delimiters,
}

impl Outgoing<'_> {
    /// Writes one transaction set. Dates and times of the envelope are UTC. No line feeds: a partner's reader may be a
    /// simple one, and the standard knows none.
    fn write(
        &self,
        functional_id: &str,
        version: &str,
        set_id: &str,
        segments: Vec<NewSegment>,
    ) -> Result<Vec<u8>, Finding> {
        let group = NewGroup {
            functional_id: functional_id.to_owned(),
            sender_code: self.house.edi.application().to_owned(),
            receiver_code: self.partner()?.application().to_owned(),
            control_number: self.numbers.group,
            version: version.to_owned(),
            sets: vec![NewSet { id: set_id.to_owned(), control_number: SET_CONTROL.to_owned(), segments }],
        };
        self.interchange(&[], &[group])
    }

    fn partner(&self) -> Result<&EdiIdentity, Finding> {
        self.profile.edi.as_ref().ok_or_else(|| Finding {
            code: Code::Misconfigured,
            detail: format!("partner {} has no [edi]", self.profile.id),
            place: None,
        })
    }

    fn date(&self) -> String {
        self.now.strftime("%Y%m%d").to_string()
    }

    fn time(&self) -> String {
        self.now.strftime("%H%M").to_string()
    }

    fn interchange(&self, ta1s: &[NewSegment], groups: &[NewGroup]) -> Result<Vec<u8>, Finding> {
        let identity = |edi: &EdiIdentity| (edi.qualifier.clone(), edi.id.clone());
        let envelope = Envelope {
            sender: identity(&self.house.edi),
            receiver: identity(self.partner()?),
            date: self.date(),
            time: self.time(),
            control_number: self.numbers.interchange,
            version: self.controls.to_owned(),
            ack_requested: false,
            usage_indicator: self.profile.stage.usage_indicator(),
            delimiters: self.delimiters,
            line_feeds: false,
        };
        edi::write::interchange(&envelope, ta1s, groups).map_err(|error| unwritten(&error))
    }
}

/// Why nothing was written. The envelope is made of profiles alone; a document's values are checked before they come
/// here.
fn unwritten(error: &edi::write::Error) -> Finding {
    let code = match error {
        edi::write::Error::Envelope { .. } => Code::Misconfigured,
        _ => Code::NotRenderable,
    };
    Finding { code, detail: error.to_string(), place: None }
}
