//! `crossdock edi write`: files of JSON, as `json` prints it.

use edi::json::Document;

use super::{Status, input, put};
use crate::args::edi::Write;
use crate::{Error, Out};

/// Nothing is written unless everything can be.
pub(super) fn run(options: &Write, out: &Out) -> Result<Status, Error> {
    let mut bytes = Vec::new();
    let status = input::each(&options.input, out, |input| {
        let mut written = Vec::new();
        for document in serde_json::Deserializer::from_slice(&input.bytes).into_iter::<Document<'_>>() {
            let document =
                document.map_err(Error::json(format!("{}, as what `crossdock edi json` prints,", input.name)))?;
            match document.write() {
                Ok(file) => written.extend(file),
                Err(error) => {
                    out.aside(format_args!("{}: {error}", input.name));
                    return Ok(Status::Rejected);
                }
            }
        }
        bytes.extend(written);
        Ok(Status::Accepted)
    })?;
    if status == Status::Accepted {
        put(&bytes, options.out.as_deref(), options.force, out)?;
    }
    Ok(status)
}
