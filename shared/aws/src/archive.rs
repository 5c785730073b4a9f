//! The archive on S3: each document under `sha256/<hex>`, written once and never again.

use std::time::Duration;

use aws_config::SdkConfig;
use canonical::Digest;
use ports::Fault;

use crate::Settings;
use crate::objects::{Created, Objects, client};

/// How often a write is tried while others write the same document.
const TRIES_MAX: u32 = 4;

/// Pause before the first repetition, in milliseconds; each later one is twice as long.
const PAUSE_MS: u64 = 50;

/// Where entries of the register lie.
const REGISTER: &str = "register";

/// The archive, and the register beside it.
#[derive(Debug, Clone)]
pub struct Archive {
    objects: Objects,
}

impl Archive {
    /// The archive that `settings` name.
    pub fn new(config: &SdkConfig, settings: &Settings) -> Result<Self, Fault> {
        Ok(Self { objects: Objects::new(client(config), settings.archive_bucket()?) })
    }

    pub(crate) fn of(objects: Objects) -> Self {
        Self { objects }
    }

    /// Puts `bytes` under `key` if there is nothing yet, and says whether it did.
    async fn create(&self, key: &str, bytes: &[u8]) -> Result<bool, Fault> {
        for attempt in 0..TRIES_MAX {
            if attempt > 0 {
                tokio::time::sleep(Duration::from_millis(PAUSE_MS << (attempt - 1))).await;
            }
            match self.objects.create(key, bytes).await? {
                Created::Now => return Ok(true),
                Created::Before => return Ok(false),
                Created::Contended => {}
            }
        }
        Err(Fault::transient(format!("{key} is being written by somebody else")))
    }
}

impl ports::Archive for Archive {
    async fn keep(&self, bytes: &[u8]) -> Result<Digest, Fault> {
        let digest = Digest::of(bytes);
        self.create(&key(&digest), bytes).await?;
        Ok(digest)
    }

    async fn fetch(&self, sha256: &Digest) -> Result<Option<Vec<u8>>, Fault> {
        let Some(bytes) = self.objects.get(&key(sha256), None).await? else { return Ok(None) };
        let found = Digest::of(&bytes);
        if found == *sha256 {
            Ok(Some(bytes))
        } else {
            Err(Fault::bug(format!("{} holds a document with the digest {found}", key(sha256))))
        }
    }
}

impl ports::Register for Archive {
    async fn claim(&self, name: &str, entry: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        let key = format!("{REGISTER}/{name}");
        if self.create(&key, entry).await? {
            return Ok(None);
        }
        let before = self.objects.get(&key, None).await?;
        before.map(Some).ok_or_else(|| Fault::transient(format!("{key} was there and is gone")))
    }
}

fn key(sha256: &Digest) -> String {
    format!("sha256/{sha256}")
}

#[cfg(test)]
mod tests {
    use ports::{Archive as _, FaultKind};

    use super::*;
    use crate::objects::OBJECT_LEN_MAX;
    use crate::replay::{Replay, Reply};

    fn archive(replay: &Replay) -> Archive {
        Archive::new(&replay.config(), &Settings::from_pairs([("ARCHIVE_BUCKET", "archive")])).unwrap()
    }

    fn error(status: u16, code: &str) -> Reply {
        Reply::json(status, &format!("<Error><Code>{code}</Code><Message>m</Message></Error>"))
    }

    #[tokio::test]
    async fn a_document_is_kept_once_under_its_digest() {
        let replay = Replay::new(vec![
            Reply::json(200, ""),
            error(412, "PreconditionFailed"),
            error(409, "ConditionalRequestConflict"),
            Reply::json(200, ""),
        ]);
        let archive = archive(&replay);
        for _ in 0..3 {
            assert_eq!(archive.keep(b"abc").await.unwrap(), Digest::of(b"abc"));
        }
        let asked = replay.asked();
        assert_eq!(asked.len(), 4);
        for request in asked {
            assert_eq!(request.method, "PUT");
            assert!(request.uri.contains(&format!("/sha256/{}", Digest::of(b"abc"))), "{}", request.uri);
            assert_eq!(request.header("if-none-match"), Some("*"));
            let sha256_of_abc = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";
            assert_eq!(request.header("x-amz-checksum-sha256"), Some(sha256_of_abc));
            assert_eq!(request.body, b"abc");
        }
    }

    #[tokio::test]
    async fn a_name_is_claimed_once_and_who_comes_later_sees_by_whom() {
        let replay = Replay::new(vec![
            Reply::json(200, ""),
            error(412, "PreconditionFailed"),
            Reply::json(200, "first"),
            error(412, "PreconditionFailed"),
            error(404, "NoSuchKey"),
        ]);
        let archive = archive(&replay);
        assert_eq!(ports::Register::claim(&archive, "n/1", b"first").await.unwrap(), None);
        assert_eq!(ports::Register::claim(&archive, "n/1", b"second").await.unwrap(), Some(b"first".to_vec()));
        assert_eq!(ports::Register::claim(&archive, "n/1", b"x").await.unwrap_err().kind, FaultKind::Transient);
        assert!(replay.asked().iter().all(|asked| asked.uri.contains("/register/n/1")));
    }

    #[tokio::test]
    async fn what_is_read_is_what_was_kept() {
        let replay = Replay::new(vec![
            Reply::json(200, "abc"),
            Reply::json(200, "abd"),
            error(404, "NoSuchKey"),
            error(404, "NoSuchBucket"),
            error(403, "AccessDenied"),
        ]);
        let (archive, digest) = (archive(&replay), Digest::of(b"abc"));
        assert_eq!(archive.fetch(&digest).await.unwrap(), Some(b"abc".to_vec()));
        assert_eq!(archive.fetch(&digest).await.unwrap_err().kind, FaultKind::Bug);
        assert_eq!(archive.fetch(&digest).await.unwrap(), None);
        assert_eq!(archive.fetch(&digest).await.unwrap_err().kind, FaultKind::Misconfigured);
        assert_eq!(archive.fetch(&digest).await.unwrap_err().kind, FaultKind::Misconfigured);
    }

    #[tokio::test]
    async fn an_object_of_the_greatest_length_is_read_and_one_byte_more_is_not() {
        let replay = Replay::new(vec![Reply::Long(OBJECT_LEN_MAX), Reply::Long(OBJECT_LEN_MAX + 1)]);
        let (archive, digest) = (archive(&replay), Digest::of(b""));
        // Nothing of it comes here, so whether it is read is seen by what is said of it.
        let said = |fault: Option<ports::Fault>| fault.is_some_and(|fault| fault.chain().contains("the limit is"));
        assert!(!said(archive.fetch(&digest).await.err()));
        assert!(said(archive.fetch(&digest).await.err()));
    }

    #[tokio::test]
    async fn a_busy_or_slow_store_can_pass() {
        let replay = Replay::new((0..4).map(|_| error(409, "ConditionalRequestConflict")).collect());
        assert_eq!(archive(&replay).keep(b"abc").await.unwrap_err().kind, FaultKind::Transient);
        let replay = Replay::new((0..3).map(|_| error(503, "SlowDown")).collect());
        assert_eq!(archive(&replay).keep(b"abc").await.unwrap_err().kind, FaultKind::Transient);
    }
}
