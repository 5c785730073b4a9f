//! Values that are held for a while, and served stale when their store is out.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ports::{Fault, Read};
use tokio::sync::Mutex;

/// The moment by the machine's monotonic clock, by which held values age.
#[expect(
    clippy::disallowed_methods,
    reason = "how old a held value is decides nothing but when its store is asked again"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// How long a stale value is served before its store is asked again: an outage must not cost each message a time-out.
const ASK_AGAIN_S: u64 = 5;

/// Values by name.
#[derive(Debug)]
pub(crate) struct Cache<T> {
    fresh: Duration,
    stale: Option<Duration>,
    again: Duration,
    held: Mutex<BTreeMap<String, Held<T>>>,
}

#[derive(Debug)]
struct Held<T> {
    value: T,
    loaded: Instant,
    asked: Instant,
    ask_at: Instant,
    out: bool,
}

impl<T: Clone> Cache<T> {
    /// A value is not asked for while it is younger than `fresh`; if the store is out, it is served until it is older
    /// than `stale`, or for ever.
    pub(crate) fn new(fresh: Duration, stale: Option<Duration>) -> Self {
        Self { fresh, stale, again: fresh, held: Mutex::new(BTreeMap::new()) }
    }

    /// With [`Read::Again`] a value is asked for although it is fresh, but not until `again` after it was asked for last:
    /// who presents wrong credentials must not make us call a store for each.
    pub(crate) fn asked_again_after(self, again: Duration) -> Self {
        Self { again, ..self }
    }

    /// The value under `name`. What `load` does not find is not held, so that it is there as soon as it exists.
    pub(crate) async fn get(
        &self,
        name: &str,
        now: Instant,
        read: Read,
        load: impl AsyncFnOnce() -> Result<Option<T>, Fault>,
    ) -> Result<Option<T>, Fault> {
        if let Some(found) = self.held.lock().await.get(name)
            && now < if read == Read::Held { found.ask_at } else { found.asked + self.again }
        {
            return Ok(Some(found.value.clone()));
        }
        // Not under the lock: a slow store of one name must not keep those who ask for another.
        let loaded = load().await;
        let mut held = self.held.lock().await;
        match loaded {
            Ok(Some(value)) => {
                let new = Held { value: value.clone(), loaded: now, asked: now, ask_at: now + self.fresh, out: false };
                held.insert(name.to_owned(), new);
                Ok(Some(value))
            }
            Ok(None) => {
                held.remove(name);
                Ok(None)
            }
            Err(fault) => match held.get_mut(name) {
                Some(found) if self.stale.is_none_or(|stale| now.duration_since(found.loaded) < stale) => {
                    if !found.out {
                        found.out = true;
                        let age_s = now.duration_since(found.loaded).as_secs();
                        tracing::warn!(name, age_s, error = fault.chain(), "a store is out; the held value is served");
                    }
                    found.asked = now;
                    found.ask_at = now + Duration::from_secs(ASK_AGAIN_S);
                    Ok(Some(found.value.clone()))
                }
                _ => Err(fault),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    const FRESH: Duration = Duration::from_mins(1);

    async fn ask(
        cache: &Cache<u32>,
        now: Instant,
        answer: Result<Option<u32>, Fault>,
    ) -> (Result<Option<u32>, Fault>, bool) {
        ask_as(cache, now, Read::Held, answer).await
    }

    async fn ask_as(
        cache: &Cache<u32>,
        now: Instant,
        read: Read,
        answer: Result<Option<u32>, Fault>,
    ) -> (Result<Option<u32>, Fault>, bool) {
        let asked = Cell::new(false);
        let result = cache
            .get("n", now, read, async || {
                asked.set(true);
                answer
            })
            .await;
        (result, asked.get())
    }

    #[tokio::test]
    async fn a_value_is_held_while_fresh_and_no_longer() {
        let (cache, start) = (Cache::new(FRESH, None), now());
        assert!(matches!(ask(&cache, start, Ok(Some(1))).await, (Ok(Some(1)), true)));
        let almost = start + FRESH.saturating_sub(Duration::from_nanos(1));
        assert!(matches!(ask(&cache, almost, Ok(Some(2))).await, (Ok(Some(1)), false)));
        assert!(matches!(ask(&cache, start + FRESH, Ok(Some(2))).await, (Ok(Some(2)), true)));
    }

    #[tokio::test]
    async fn a_value_is_served_stale_until_it_is_too_old_and_the_store_is_not_asked_each_time() {
        let (cache, start) = (Cache::new(FRESH, Some(FRESH * 10)), now());
        let out = || Err(Fault::transient("out"));
        assert!(matches!(ask(&cache, start, out()).await, (Err(_), true)), "nothing was ever held");
        ask(&cache, start, Ok(Some(1))).await.0.unwrap();
        assert!(matches!(ask(&cache, start + FRESH, out()).await, (Ok(Some(1)), true)));
        assert!(matches!(ask(&cache, start + FRESH, out()).await, (Ok(Some(1)), false)));
        let later = start + FRESH + Duration::from_secs(ASK_AGAIN_S);
        assert!(matches!(ask(&cache, later, Ok(Some(3))).await, (Ok(Some(3)), true)), "the store is back");
        assert!(matches!(ask(&cache, later + FRESH * 10, out()).await, (Err(_), true)), "too old");
    }

    #[tokio::test]
    async fn a_fresh_value_is_asked_for_again_when_it_may_be_old_news_but_not_at_once() {
        const AGAIN: Duration = Duration::from_secs(1);
        let (cache, start) = (Cache::new(FRESH, Some(FRESH * 10)).asked_again_after(AGAIN), now());
        ask(&cache, start, Ok(Some(1))).await.0.unwrap();
        let almost = start + AGAIN.saturating_sub(Duration::from_nanos(1));
        assert!(matches!(ask_as(&cache, almost, Read::Again, Ok(Some(2))).await, (Ok(Some(1)), false)));
        assert!(matches!(ask_as(&cache, start + AGAIN, Read::Again, Ok(Some(2))).await, (Ok(Some(2)), true)));
        assert!(matches!(ask_as(&cache, start + AGAIN, Read::Again, Ok(Some(3))).await, (Ok(Some(2)), false)));
        let out = || Err(Fault::transient("out"));
        assert!(matches!(ask_as(&cache, start + AGAIN * 2, Read::Again, out()).await, (Ok(Some(2)), true)), "stale");
        assert!(matches!(ask_as(&cache, start + AGAIN * 2, Read::Again, out()).await, (Ok(Some(2)), false)));
    }

    #[tokio::test]
    async fn absence_is_not_held() {
        let (cache, start) = (Cache::new(FRESH, None), now());
        assert!(matches!(ask(&cache, start, Ok(None)).await, (Ok(None), true)));
        assert!(matches!(ask(&cache, start, Ok(Some(1))).await, (Ok(Some(1)), true)));
    }
}
