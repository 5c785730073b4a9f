//! Partners' inboxes and outboxes on S3: `inbox/<partner>/<name>` and `outbox/<partner>/<name>`.

use aws_config::SdkConfig;
use canonical::PartnerId;
use ports::Fault;

use crate::Settings;
use crate::objects::{Objects, client};

/// Longest name of a file in an outbox, in characters: transfer servers and partners' disks take 255 bytes.
const NAME_LEN_MAX: usize = 255;

/// The exchange.
#[derive(Debug, Clone)]
pub struct Exchange {
    objects: Objects,
}

impl Exchange {
    /// The exchange that `settings` name.
    pub fn new(config: &SdkConfig, settings: &Settings) -> Result<Self, Fault> {
        Ok(Self { objects: Objects::new(client(config), settings.exchange_bucket()?) })
    }
}

impl ports::Exchange for Exchange {
    async fn dropped(&self, key: &str, version: Option<&str>) -> Result<Option<Vec<u8>>, Fault> {
        self.objects.get(key, version).await
    }

    async fn put_out(&self, partner: &PartnerId, name: &str, bytes: &[u8]) -> Result<(), Fault> {
        if !is_file_name(name) {
            return Err(Fault::bug(format!("{name:?} is no name for a file in an outbox")));
        }
        self.objects.put(&format!("outbox/{partner}/{name}"), bytes).await
    }
}

/// Whether `name` is the name of a file in its folder, and of nothing outside.
fn is_file_name(name: &str) -> bool {
    (1..=NAME_LEN_MAX).contains(&name.len())
        && !name.starts_with('.')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use ports::{Exchange as _, FaultKind};

    use super::*;
    use crate::replay::{Replay, Reply};

    fn exchange(replay: &Replay) -> Exchange {
        Exchange::new(&replay.config(), &Settings::from_pairs([("EXCHANGE_BUCKET", "exchange")])).unwrap()
    }

    #[tokio::test]
    async fn the_announced_version_is_read_and_a_gone_one_is_none() {
        let gone = "<Error><Code>NoSuchVersion</Code><Message>m</Message></Error>";
        let replay = Replay::new(vec![Reply::json(200, "ISA"), Reply::json(404, gone)]);
        let exchange = exchange(&replay);
        let key = "inbox/p/a b+c é%2F.edi";
        assert_eq!(exchange.dropped(key, Some("v 1")).await.unwrap(), Some(b"ISA".to_vec()));
        assert_eq!(exchange.dropped(key, Some("v 1")).await.unwrap(), None);
        let uri = &replay.asked()[0].uri;
        assert!(uri.contains("/inbox/p/a%20b%2Bc%20%C3%A9%252F.edi?") && uri.contains("versionId=v%201"), "{uri}");
    }

    #[tokio::test]
    async fn a_file_is_put_into_the_partners_outbox_and_nowhere_else() {
        let replay = Replay::new(vec![Reply::json(200, "")]);
        let exchange = exchange(&replay);
        let partner = "p".parse().unwrap();
        exchange.put_out(&partner, "940_000000001.edi", b"ISA").await.unwrap();
        assert!(replay.asked()[0].uri.contains("/outbox/p/940_000000001.edi"));
        let long = "x".repeat(NAME_LEN_MAX + 1);
        for name in ["", "..", "../q/a.edi", "a/b", "a\\b", "a b", &long] {
            assert_eq!(exchange.put_out(&partner, name, b"").await.unwrap_err().kind, FaultKind::Bug, "{name}");
        }
    }
}
