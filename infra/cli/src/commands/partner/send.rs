//! `crossdock partner send`: a partner's webhook, signed with its secret of the local stack.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use canonical::Digest;
use serde_json::json;

use crate::commands::Asked;
use crate::{Api, Error, Keys, Out, clock, is_accepted};

pub(super) async fn run(
    asked: &Asked,
    partner: &str,
    topic: &str,
    file: &Path,
    id: Option<&str>,
    out: &Out,
) -> Result<ExitCode, Error> {
    let body = fs::read(file).map_err(Error::io("read", file))?;
    let keys = Keys::open(Some(&asked.stack.data_dir))?;
    let secret = keys.secret(partner, "webhook-in").ok_or_else(|| {
        let mend = format!("make it: cargo crossdock partner secrets {partner}");
        Error::Unusable(format!("no secret {partner}/webhook-in is known here; {mend}"))
    })?;
    // The same body is the same message, unless another id is given.
    let own = format!("msg_{}", Digest::of(&body));
    let id = id.unwrap_or(&own);
    let api = Api::new(&asked.stack.api_url)?;
    let reply = api.webhook(partner, topic, id, &body, &secret, clock::now()).await?;
    let answer = String::from_utf8_lossy(&reply.body).into_owned();
    if out.is_json() {
        out.json(&json!({ "status": reply.status, "webhook_id": id, "answer": answer }));
    } else {
        out.line(format_args!("{} {answer}", reply.status));
    }
    Ok(if is_accepted(&reply) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
