//! `crossdock edi json`: files as JSON without loss.

use edi::json::Document;

use super::report::Report;
use super::{Status, input};
use crate::args::edi::Files;
use crate::{Error, Out};

pub(super) fn run(files: &Files, out: &Out) -> Result<Status, Error> {
    input::each(files, out, |input| {
        let document = edi::read(&input.bytes);
        let tree = Document::of(&input.bytes, &document);
        if out.is_json() {
            out.json(&tree);
        } else {
            let text = serde_json::to_string_pretty(&tree).map_err(Error::json(&input.name))?;
            out.line(text);
        }
        Ok(Report::of(&document).status())
    })
}
