//! Partners' secrets, in Secrets Manager: `<prefix><partner>/<name>`, one or two secrets separated by white space,
//! newest first.

use std::time::{Duration, Instant};

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use canonical::PartnerId;
use ports::Fault;
use secrecy::SecretString;

use crate::cache::{Cache, now};
use crate::{Settings, classify};

/// How long secrets are used before the store is asked again, in seconds: how long a rotation may take to be seen.
const FRESH_S: u64 = 5 * 60;

/// How long secrets are used while the store is out, in seconds. A day: longer than any outage on record, and short
/// enough that a revoked secret does not live on unnoticed.
const STALE_S: u64 = 24 * 60 * 60;

/// The secrets.
#[derive(Debug)]
pub struct Secrets {
    client: Client,
    prefix: String,
    cache: Cache<Vec<SecretString>>,
}

impl Secrets {
    /// The secrets under the prefix that `settings` name.
    pub fn new(config: &SdkConfig, settings: &Settings) -> Result<Self, Fault> {
        Ok(Self {
            client: Client::new(config),
            prefix: settings.secrets_prefix()?.to_owned(),
            cache: Cache::new(Duration::from_secs(FRESH_S), Some(Duration::from_secs(STALE_S))),
        })
    }

    async fn load(&self, id: &str) -> Result<Option<Vec<SecretString>>, Fault> {
        let what = || format!("read of secret {id}");
        let output = match self.client.get_secret_value().secret_id(id).send().await {
            Ok(output) => output,
            Err(error) => {
                return match error.as_service_error() {
                    Some(GetSecretValueError::ResourceNotFoundException(_)) => Ok(None),
                    _ => Err(classify::fault(what(), error)),
                };
            }
        };
        let text = output.secret_string().ok_or_else(|| Fault::misconfigured(format!("{}: it is binary", what())))?;
        let secrets: Vec<SecretString> = text.split_whitespace().map(SecretString::from).collect();
        if secrets.is_empty() {
            Err(Fault::misconfigured(format!("{}: it is empty", what())))
        } else {
            Ok(Some(secrets))
        }
    }

    async fn secrets_at(&self, partner: &PartnerId, name: &str, now: Instant) -> Result<Vec<SecretString>, Fault> {
        let id = format!("{}{partner}/{name}", self.prefix);
        Ok(self.cache.get(&id, now, async || self.load(&id).await).await?.unwrap_or_default())
    }
}

impl ports::Secrets for Secrets {
    async fn secrets(&self, partner: &PartnerId, name: &str) -> Result<Vec<SecretString>, Fault> {
        self.secrets_at(partner, name, now()).await
    }
}

#[cfg(test)]
mod tests {
    use ports::FaultKind;
    use secrecy::ExposeSecret as _;
    use serde_json::json;

    use super::*;
    use crate::replay::{Replay, Reply};

    fn secrets(replay: &Replay) -> Secrets {
        Secrets::new(&replay.config(), &Settings::from_pairs([("SECRETS_PREFIX", "crossdock/local/")])).unwrap()
    }

    fn secret(text: &str) -> Reply {
        Reply::json(200, &json!({"Name": "n", "SecretString": text}).to_string())
    }

    fn error(code: &str) -> Reply {
        Reply::json(400, &json!({"__type": code, "message": "m"}).to_string())
    }

    async fn read(secrets: &Secrets, now: Instant) -> Result<Vec<String>, Fault> {
        let found = secrets.secrets_at(&"acme".parse().unwrap(), "webhook-in", now).await?;
        Ok(found.iter().map(|secret| secret.expose_secret().to_owned()).collect())
    }

    #[tokio::test]
    async fn two_secrets_are_read_newest_first_and_held() {
        let replay = Replay::new(vec![secret("whsec_new\n whsec_old\n")]);
        let (secrets, start) = (secrets(&replay), now());
        for now in [start, start + Duration::from_secs(FRESH_S - 1)] {
            assert_eq!(read(&secrets, now).await.unwrap(), ["whsec_new", "whsec_old"]);
        }
        assert_eq!(replay.asked()[0].json()["SecretId"], "crossdock/local/acme/webhook-in");
        assert!(!format!("{secrets:?}").contains("whsec"));
    }

    #[tokio::test]
    async fn secrets_are_served_stale_for_a_day_and_no_longer() {
        let out = || error("AccessDeniedException");
        let replay = Replay::new(vec![secret("a"), out(), out()]);
        let (secrets, start) = (secrets(&replay), now());
        assert_eq!(read(&secrets, start).await.unwrap(), ["a"]);
        assert_eq!(read(&secrets, start + Duration::from_secs(STALE_S - 1)).await.unwrap(), ["a"]);
        let fault = read(&secrets, start + Duration::from_secs(STALE_S + 10)).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Misconfigured);
    }

    #[tokio::test]
    async fn a_missing_secret_is_none_and_is_seen_as_soon_as_it_is_there() {
        let replay = Replay::new(vec![error("ResourceNotFoundException"), secret("a")]);
        let (secrets, start) = (secrets(&replay), now());
        assert!(read(&secrets, start).await.unwrap().is_empty());
        assert_eq!(read(&secrets, start).await.unwrap(), ["a"]);
    }

    #[tokio::test]
    async fn an_empty_secret_is_for_an_operator() {
        let fault = read(&secrets(&Replay::new(vec![secret(" \n")])), now()).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Misconfigured);
    }
}
