//! `crossdock drop`: a file into a partner's inbox.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use canonical::{Digest, PartnerId};
use serde_json::json;

use super::Asked;
use crate::{Error, Out};

pub(super) async fn run(asked: &Asked, partner: &str, file: &Path, out: &Out) -> Result<ExitCode, Error> {
    let partner: PartnerId =
        partner.parse().map_err(|error| Error::Unusable(format!("{partner:?} is no partner: {error}")))?;
    let bytes = fs::read(file).map_err(Error::io("read", file))?;
    let name = file
        .file_name()
        .and_then(|name| name.to_str())
        .ok_or_else(|| Error::Unusable(format!("{} has no name that an object can have", file.display())))?;
    asked.operations.drop(&partner, name, &bytes).await?;
    let (key, sha256) = (format!("inbox/{partner}/{name}"), Digest::of(&bytes));
    if out.is_json() {
        out.json(&json!({ "key": key, "bytes": bytes.len(), "sha256": sha256 }));
    } else {
        out.line(format_args!(
            "{} bytes are in {key}; what becomes of them: cargo crossdock trace {sha256}",
            bytes.len()
        ));
    }
    Ok(ExitCode::SUCCESS)
}
