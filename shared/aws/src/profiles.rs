//! The published profile bundle, on S3.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_config::SdkConfig;
use partners::Bundle;
use ports::{Fault, Read};

use crate::Settings;
use crate::cache::{Cache, now};
use crate::objects::{Objects, client};

/// Where the bundle lies in the archive bucket.
pub(crate) const BUNDLE_KEY: &str = "profiles/current.json";

/// How long a bundle is used before the store is asked again, in seconds: how long a published change may take.
const FRESH_S: u64 = 60;

/// The profiles.
#[derive(Debug)]
pub struct Profiles {
    objects: Objects,
    // Served stale for ever: partners do not change because a store is out.
    cache: Cache<Arc<Bundle>>,
}

impl Profiles {
    /// The profiles in the archive bucket that `settings` name.
    pub fn new(config: &SdkConfig, settings: &Settings) -> Result<Self, Fault> {
        let objects = Objects::new(client(config), settings.archive_bucket()?);
        Ok(Self { objects, cache: Cache::new(Duration::from_secs(FRESH_S), None) })
    }

    async fn load(&self) -> Result<Option<Arc<Bundle>>, Fault> {
        let bytes = self.objects.get(BUNDLE_KEY, None).await?;
        let bytes =
            bytes.ok_or_else(|| Fault::misconfigured(format!("no profile bundle is published at {BUNDLE_KEY}")))?;
        let bundle = Bundle::parse(&bytes).map_err(|error| {
            Fault::misconfigured(format!("the profile bundle at {BUNDLE_KEY} cannot be used")).because(error)
        })?;
        Ok(Some(Arc::new(bundle)))
    }

    async fn bundle_at(&self, now: Instant) -> Result<Arc<Bundle>, Fault> {
        let bundle = self.cache.get(BUNDLE_KEY, now, Read::Held, async || self.load().await).await?;
        bundle.ok_or_else(|| Fault::bug("a bundle that was loaded is gone"))
    }
}

impl ports::Profiles for Profiles {
    async fn bundle(&self) -> Result<Arc<Bundle>, Fault> {
        self.bundle_at(now()).await
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use partners::SourceFile;
    use ports::FaultKind;

    use super::*;
    use crate::replay::{Replay, Reply};

    fn profiles(replay: &Replay) -> Profiles {
        Profiles::new(&replay.config(), &Settings::from_pairs([("ARCHIVE_BUCKET", "archive")])).unwrap()
    }

    fn bundle(name: &str) -> Bundle {
        let text = format!("tenant = \"t\"\nname = \"{name}\"\n[edi]\nqualifier = \"ZZ\"\nid = \"T\"\n");
        partners::compile(&[SourceFile { name: "house.toml".to_owned(), text }], &BTreeMap::new()).unwrap()
    }

    fn published(name: &str) -> Reply {
        Reply::json(200, &String::from_utf8(bundle(name).to_bytes().unwrap()).unwrap())
    }

    #[tokio::test]
    async fn a_bundle_is_held_for_a_minute_and_served_stale_when_the_next_is_unusable() {
        let replay = Replay::new(vec![published("A"), Reply::json(200, "{"), published("B")]);
        let (profiles, start) = (profiles(&replay), now());
        let minute = Duration::from_secs(FRESH_S);
        for now in [start, start + minute / 2, start + minute] {
            assert_eq!(profiles.bundle_at(now).await.unwrap().house.name, "A");
        }
        assert_eq!(replay.asked().len(), 2);
        assert_eq!(profiles.bundle_at(start + minute * 2).await.unwrap().house.name, "B");
    }

    #[tokio::test]
    async fn a_bundle_that_was_never_there_is_for_an_operator() {
        let missing = "<Error><Code>NoSuchKey</Code></Error>";
        let replay = Replay::new(vec![Reply::json(404, missing)]);
        let fault = profiles(&replay).bundle_at(now()).await.unwrap_err();
        assert_eq!((fault.kind, fault.to_string().contains(BUNDLE_KEY)), (FaultKind::Misconfigured, true));
    }
}
