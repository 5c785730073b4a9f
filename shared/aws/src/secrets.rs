//! Partners' secrets, in Secrets Manager: `<prefix><partner>/<name>`, in the form that `secret_value` reads.

use std::time::{Duration, Instant};

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use canonical::PartnerId;
use jiff::Timestamp;
use ports::{Fault, Read};
use secrecy::SecretString;

use crate::cache::{Cache, now};
use crate::secret_value::SecretValue;
use crate::{Settings, classify};

/// How long secrets are used before the store is asked again, in seconds: how long it may take until a secret that was
/// taken back is refused. A new one is seen with the first message that it signs.
const FRESH_S: u64 = 5 * 60;

/// How long secrets are used while the store is out, in seconds. A day: longer than any outage on record, and short
/// enough that a revoked secret does not live on unnoticed.
const STALE_S: u64 = 24 * 60 * 60;

/// How long after the store was asked it is asked again for a signature that does not match, in seconds. A rotation
/// waits for as long before it gives the new secret out; and no flood of wrong signatures makes more calls than this.
pub(crate) const AGAIN_S: u64 = 1;

/// The secrets.
#[derive(Debug)]
pub struct Secrets {
    client: Client,
    prefix: String,
    cache: Cache<SecretValue>,
}

impl Secrets {
    /// The secrets under the prefix that `settings` name.
    pub fn new(config: &SdkConfig, settings: &Settings) -> Result<Self, Fault> {
        Ok(Self {
            client: Client::new(config),
            prefix: settings.secrets_prefix()?.to_owned(),
            cache: Cache::new(Duration::from_secs(FRESH_S), Some(Duration::from_secs(STALE_S)))
                .asked_again_after(Duration::from_secs(AGAIN_S)),
        })
    }

    async fn load(&self, id: &str) -> Result<Option<SecretValue>, Fault> {
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
        SecretValue::parse(text).map(Some).map_err(|error| Fault::misconfigured(what()).because(error))
    }

    async fn value_at(
        &self,
        partner: &PartnerId,
        name: &str,
        read: Read,
        now: Instant,
    ) -> Result<Option<SecretValue>, Fault> {
        let id = format!("{}{partner}/{name}", self.prefix);
        self.cache.get(&id, now, read, async || self.load(&id).await).await
    }
}

impl ports::Secrets for Secrets {
    async fn secrets(
        &self,
        partner: &PartnerId,
        name: &str,
        at: Timestamp,
        read: Read,
    ) -> Result<Vec<SecretString>, Fault> {
        let value = self.value_at(partner, name, read, now()).await?;
        Ok(value.map(|value| value.in_force(at)).unwrap_or_default())
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
        read_as(secrets, Read::Held, now).await
    }

    async fn read_as(secrets: &Secrets, read: Read, now: Instant) -> Result<Vec<String>, Fault> {
        let value = secrets.value_at(&"acme".parse().unwrap(), "webhook-in", read, now).await?;
        let found = value.map(|value| value.in_force(Timestamp::UNIX_EPOCH)).unwrap_or_default();
        Ok(found.iter().map(|secret| secret.expose_secret().to_owned()).collect())
    }

    const NEW: &str = "whsec_the-newer-secret";
    const OLD: &str = "whsec_the-older-secret";

    #[tokio::test]
    async fn two_secrets_are_read_newest_first_and_held() {
        let replay = Replay::new(vec![secret(&format!("{NEW}\n {OLD}\n"))]);
        let (secrets, start) = (secrets(&replay), now());
        for now in [start, start + Duration::from_secs(FRESH_S - 1)] {
            assert_eq!(read(&secrets, now).await.unwrap(), [NEW, OLD]);
        }
        assert_eq!(replay.asked()[0].json()["SecretId"], "crossdock/local/acme/webhook-in");
        assert!(!format!("{secrets:?}").contains("whsec"));
    }

    #[tokio::test]
    async fn secrets_are_served_stale_for_a_day_and_no_longer() {
        let out = || error("AccessDeniedException");
        let replay = Replay::new(vec![secret(OLD), out(), out()]);
        let (secrets, start) = (secrets(&replay), now());
        assert_eq!(read(&secrets, start).await.unwrap(), [OLD]);
        assert_eq!(read(&secrets, start + Duration::from_secs(STALE_S - 1)).await.unwrap(), [OLD]);
        let fault = read(&secrets, start + Duration::from_secs(STALE_S + 10)).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Misconfigured);
    }

    #[tokio::test]
    async fn a_signature_that_does_not_match_finds_the_secret_that_was_just_put() {
        let both = || secret(&format!("{NEW} {OLD}"));
        let replay = Replay::new(vec![secret(OLD), both()]);
        let (secrets, start) = (secrets(&replay), now());
        assert_eq!(read(&secrets, start).await.unwrap(), [OLD]);
        let soon = start + Duration::from_secs(AGAIN_S);
        assert_eq!(read(&secrets, soon).await.unwrap(), [OLD], "what is fresh is held");
        assert_eq!(read_as(&secrets, Read::Again, soon).await.unwrap(), [NEW, OLD]);
        assert_eq!(read_as(&secrets, Read::Again, soon).await.unwrap(), [NEW, OLD], "the store is not asked for each");
        assert_eq!(replay.asked().len(), 2);
    }

    #[tokio::test]
    async fn a_missing_secret_is_none_and_is_seen_as_soon_as_it_is_there() {
        let replay = Replay::new(vec![error("ResourceNotFoundException"), secret(OLD)]);
        let (secrets, start) = (secrets(&replay), now());
        assert!(read(&secrets, start).await.unwrap().is_empty());
        assert_eq!(read(&secrets, start).await.unwrap(), [OLD]);
    }

    #[tokio::test]
    async fn an_empty_or_short_secret_is_for_an_operator_and_is_not_shown_to_him() {
        for text in [" \n", "fifteen-bytes..", &format!("{OLD} short")] {
            let fault = read(&secrets(&Replay::new(vec![secret(text)])), now()).await.unwrap_err();
            assert_eq!(fault.kind, FaultKind::Misconfigured);
            assert!(!fault.chain().contains("fifteen") && !fault.chain().contains("older"), "{}", fault.chain());
        }
    }
}
