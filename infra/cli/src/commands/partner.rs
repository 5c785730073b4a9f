//! `crossdock partner`: what concerns one partner.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use canonical::PartnerId;
use jiff::SignedDuration;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::Asked;
use crate::args::Partner;
use crate::world::SECRETS_PREFIX;
use crate::{Error, Keys, Out, clock, keys};

pub(super) async fn run(asked: &Asked, command: &Partner, out: &Out) -> Result<ExitCode, Error> {
    match command {
        Partner::Rotate { partner, secret, overlap, from } => {
            rotate(asked, partner, secret.as_str(), *overlap, from.as_deref(), out).await
        }
    }
}

/// Puts a new secret next to the one in force. It is printed once, for the partner, and lies nowhere but in the store.
async fn rotate(
    asked: &Asked,
    partner: &str,
    name: &str,
    overlap: SignedDuration,
    from: Option<&Path>,
    out: &Out,
) -> Result<ExitCode, Error> {
    let partner: PartnerId =
        partner.parse().map_err(|error| Error::Unusable(format!("{partner:?} is no partner: {error}")))?;
    if overlap.is_negative() {
        return Err(Error::Unusable("--overlap is a time to come, such as 48h".to_owned()));
    }
    let new = match from {
        Some(file) => {
            let text = fs::read_to_string(file).map_err(Error::io("read", file))?;
            SecretString::from(text.trim_end_matches(['\r', '\n']))
        }
        None => keys::new_secret()?,
    };
    let rotated = asked.operations.rotate_secret(&partner, name, new.clone(), SECRETS_PREFIX, clock::now(), overlap);
    let until = rotated.await?;
    // The sample partners sign and verify with what lies here, from the stack's next start on.
    let mut keys = Keys::open(Some(&asked.stack.data_dir))?;
    if keys.secret(partner.as_str(), name).is_some() {
        keys.replace(&partner, name, &new);
        keys.save(&asked.stack.data_dir)?;
    }
    // A secret that came from the partner is the partner's to know already.
    let shown = from.is_none().then(|| new.expose_secret());
    if out.is_json() {
        out.json(&json!({ "partner": partner, "secret": name, "new": shown, "old_until": until }));
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(shown) = shown {
        out.line(format_args!("The new secret {partner}/{name}, shown this once: {shown}"));
    }
    match until {
        Some(until) => out.line(format_args!("Both secrets hold until {until}; from then on the new one alone.")),
        None => out.line("It holds from now on; there was none before."),
    }
    Ok(ExitCode::SUCCESS)
}
