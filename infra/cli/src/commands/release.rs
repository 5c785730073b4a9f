//! `crossdock release`: an order release, as the sample ERP posts it.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use canonical::Digest;
use serde_json::Value;

use super::Asked;
use crate::{Api, Error, Out, is_accepted};

pub(super) async fn run(asked: &Asked, file: &Path, key: Option<&str>, out: &Out) -> Result<ExitCode, Error> {
    let body = fs::read(file).map_err(Error::io("read", file))?;
    // The same file posted twice is the same request.
    let key = key.map_or_else(|| format!("cli-{}", Digest::of(&body)), str::to_owned);
    let reply = Api::new(&asked.stack.api_url)?.release(&asked.stack.erp_api_key, &key, &body).await?;
    let answer = String::from_utf8_lossy(&reply.body).into_owned();
    if !is_accepted(&reply) {
        return Err(Error::Refused { status: reply.status, answer });
    }
    let value: Value = serde_json::from_str(&answer).map_err(Error::json("the API's answer"))?;
    if out.is_json() {
        out.json(&value);
    } else {
        let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let id = text("release_id");
        out.line(format_args!("{} is taken as {id}; its way: cargo crossdock trace {id}", text("order_no")));
    }
    Ok(ExitCode::SUCCESS)
}
