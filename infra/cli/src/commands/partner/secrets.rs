//! `crossdock partner secrets` and `rotate`.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use canonical::PartnerId;
use jiff::SignedDuration;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::place::Store;
use crate::args::partner::{At, Source};
use crate::commands::Asked;
use crate::world::SECRETS_PREFIX;
use crate::{Error, Keys, Out, RunningStack, clock, keys};

/// Makes the secrets that a partner's file asks for and that the store has not. Each is printed once.
pub(super) async fn make(data: Option<&Path>, partner: &str, source: &Source, out: &Out) -> Result<ExitCode, Error> {
    let store = Store::find(data, &At::default()).await?;
    let bundle = store.files(source)?.bundle()?;
    let Some(profile) = partner.parse::<PartnerId>().ok().and_then(|id| bundle.partner(&id)) else {
        return Err(Error::Unusable(format!("there is no profile {partner}.toml")));
    };
    let mut made = Vec::new();
    for name in profile.secrets() {
        if store.operations.has_secret(&profile.id, name, SECRETS_PREFIX).await? {
            continue;
        }
        let secret = keys::new_secret()?;
        store.operations.put_secret(&profile.id, name, std::slice::from_ref(&secret), SECRETS_PREFIX).await?;
        if let Some(stack) = &store.stack {
            remember(stack, &profile.id, name, &secret)?;
        }
        made.push((name, secret));
    }
    if out.is_json() {
        let shown = made.iter().map(|(name, secret)| (*name, secret.expose_secret()));
        out.json(&json!({ "partner": partner, "made": shown.collect::<std::collections::BTreeMap<_, _>>() }));
        return Ok(ExitCode::SUCCESS);
    }
    for (name, secret) in &made {
        out.line(format_args!("The new secret {partner}/{name}, shown this once: {}", secret.expose_secret()));
    }
    if made.is_empty() {
        out.line(format_args!("{partner} has all the secrets that it needs."));
    }
    Ok(ExitCode::SUCCESS)
}

/// Tells the sample partners, who sign and verify with what lies here.
fn remember(stack: &RunningStack, partner: &PartnerId, name: &str, secret: &SecretString) -> Result<(), Error> {
    let mut keys = Keys::open(Some(&stack.data_dir))?;
    keys.replace(partner, name, secret);
    keys.save(&stack.data_dir)
}

/// Puts a new secret next to the one in force. It is printed once, for the partner, and lies nowhere but in the store.
pub(super) async fn rotate(
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
    remember(&asked.stack, &partner, name, &new)?;
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
