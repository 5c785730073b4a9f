//! Public keys of partners and of their authorization servers, over HTTPS.

use std::time::{Duration, Instant};

use ports::{Fault, Read};

use crate::cache::{Cache, now};
use crate::{PartnerHttp, Settings};

/// How long a key set is used before its server is asked again, in seconds: servers announce a key a day before they
/// sign with it, and what they take back must not be taken for longer than an hour.
const FRESH_S: u64 = 60 * 60;

/// How long a key set is used while its server is out, in seconds: as long as secrets are.
const STALE_S: u64 = 24 * 60 * 60;

/// How long after a server was asked it is asked again for a key that its set does not have, in seconds: anybody can
/// name a key that is not there, and the server is somebody else's.
const AGAIN_S: u64 = 30;

/// Longest key set that is read, in bytes; `steps::signature::keys` looks at no longer one.
const LEN_MAX: usize = 64 * 1024;

/// The key sets.
#[derive(Debug)]
pub struct KeySets {
    http: PartnerHttp,
    cache: Cache<String>,
}

impl KeySets {
    /// Key sets at public https addresses, and on the hosts that `settings` name as local.
    pub fn new(settings: &Settings) -> Result<Self, Fault> {
        let cache = Cache::new(Duration::from_secs(FRESH_S), Some(Duration::from_secs(STALE_S)));
        Ok(Self { http: PartnerHttp::new(settings)?, cache: cache.asked_again_after(Duration::from_secs(AGAIN_S)) })
    }

    async fn key_set_at(&self, url: &str, read: Read, now: Instant) -> Result<String, Fault> {
        let load = async || self.http.get(url, LEN_MAX).await.map(Some);
        Ok(self.cache.get(url, now, read, load).await?.unwrap_or_default())
    }
}

impl ports::KeySets for KeySets {
    async fn key_set(&self, url: &str, read: Read) -> Result<String, Fault> {
        self.key_set_at(url, read, now()).await
    }
}

#[cfg(test)]
mod tests {
    use ports::FaultKind;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    fn key_sets() -> KeySets {
        KeySets::new(&Settings::from_pairs([("PLAIN_HTTP_HOSTS", "127.0.0.1")])).unwrap()
    }

    /// Runs `test` beside a server that answers one connection for each of these.
    async fn beside<T>(answers: &[String], test: impl AsyncFnOnce(&str) -> T) -> T {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://127.0.0.1:{}/jwks", listener.local_addr().unwrap().port());
        let serve = async {
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut asked = [0; 4096];
                let len = stream.read(&mut asked).await.unwrap();
                assert!(asked[..len].starts_with(b"GET /jwks"));
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            result = test(&url) => result,
            () = serve => unreachable!("the server goes on"),
        }
    }

    fn answer(status: &str, body: &str) -> String {
        format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
    }

    #[tokio::test]
    async fn a_set_is_held_asked_for_again_when_a_key_is_missing_and_served_while_its_server_is_out() {
        let answers = [answer("200 OK", "one"), answer("200 OK", "two"), answer("500 Oops", "")];
        beside(&answers, async |url| {
            let (sets, start) = (key_sets(), now());
            let again = start + Duration::from_secs(AGAIN_S);
            let read = async |read, at| sets.key_set_at(url, read, at).await;
            assert_eq!(read(Read::Held, start).await.unwrap(), "one");
            assert_eq!(read(Read::Again, start).await.unwrap(), "one", "the server is not asked for each");
            assert_eq!(read(Read::Held, again).await.unwrap(), "one");
            assert_eq!(read(Read::Again, again).await.unwrap(), "two");
            let late = again + Duration::from_secs(FRESH_S);
            assert_eq!(read(Read::Held, late).await.unwrap(), "two", "the server is out");
        })
        .await;
    }

    #[tokio::test]
    async fn a_set_whose_server_was_out_for_a_day_is_not_taken_any_more() {
        let answers = [answer("200 OK", "one"), answer("500 Oops", "")];
        beside(&answers, async |url| {
            let (sets, start) = (key_sets(), now());
            sets.key_set_at(url, Read::Held, start).await.unwrap();
            let fault = sets.key_set_at(url, Read::Held, start + Duration::from_secs(STALE_S)).await.unwrap_err();
            assert_eq!(fault.kind, FaultKind::Transient);
        })
        .await;
    }

    #[tokio::test]
    async fn what_is_no_answer_is_no_set() {
        let long = answer("200 OK", &"x".repeat(LEN_MAX + 1));
        let most = answer("200 OK", &"x".repeat(LEN_MAX));
        let moved = "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n".to_owned();
        for (answer, taken) in [(long, false), (most, true), (moved, false)] {
            let read = beside(&[answer], async |url| key_sets().key_set_at(url, Read::Held, now()).await).await;
            assert_eq!(read.is_ok(), taken);
        }
        for url in ["https://169.254.169.254/jwks", "http://example.com/jwks", "file:///etc/passwd"] {
            let fault = key_sets().key_set_at(url, Read::Held, now()).await.unwrap_err();
            assert_eq!(fault.kind, FaultKind::Misconfigured, "{url}");
        }
    }
}
