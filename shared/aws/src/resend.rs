//! Requests of many entries, each of which can fail by itself. What failed is sent again, and nothing else.

use std::future::Future;
use std::time::Duration;

use ports::Fault;

/// Requests for the same entries, the first included. The SDK has its own retries for requests that fail whole.
const TRIES_MAX: u32 = 4;

/// Pause before the first repetition; each later one is twice as long. All of them together stay under half a second.
const PAUSE_MS: u64 = 50;

/// What became of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The service has it.
    Taken,
    /// It failed, and can be sent again.
    Failed(String),
    /// It is refused, and would be again.
    Refused(String),
}

/// One kind of request. A trait and no closure: of an async closure over borrowed entries the compiler cannot tell that
/// its future may move between threads.
pub(crate) trait Request<T> {
    /// What is done, in words.
    fn what(&self) -> &str;

    /// Sends `entries`, and tells what became of each, in their order.
    fn send(&self, entries: &[T]) -> impl Future<Output = Result<Vec<Fate>, Fault>> + Send;
}

/// Cuts `entries` into batches of at most `count_max` entries and `bytes_max` bytes, in their order. An entry longer
/// than `bytes_max` is a batch of its own.
pub(crate) fn batches<T>(
    entries: Vec<T>,
    count_max: usize,
    bytes_max: usize,
    len: impl Fn(&T) -> usize,
) -> Vec<Vec<T>> {
    let mut batches: Vec<Vec<T>> = Vec::new();
    let mut bytes = 0;
    for entry in entries {
        let more = len(&entry);
        match batches.last_mut() {
            Some(batch) if batch.len() < count_max && bytes + more <= bytes_max => {
                bytes += more;
                batch.push(entry);
            }
            _ => {
                bytes = more;
                batches.push(vec![entry]);
            }
        }
    }
    batches
}

/// Sends one batch until each entry is taken or refused, at most [`TRIES_MAX`] times. An entry of which the answer says
/// nothing has failed. A refused entry does not keep the others.
pub(crate) async fn until_taken<T>(request: &impl Request<T>, batch: Vec<T>) -> Result<(), Fault> {
    let what = request.what();
    let mut left = batch;
    let mut refused = None;
    let mut failed = String::new();
    for attempt in 0..TRIES_MAX {
        if attempt > 0 {
            tokio::time::sleep(Duration::from_millis(PAUSE_MS << (attempt - 1))).await;
        }
        let mut fates = request.send(&left).await?.into_iter();
        left.retain(|_| match fates.next() {
            Some(Fate::Taken) => false,
            Some(Fate::Refused(why)) => {
                refused = Some(why);
                false
            }
            Some(Fate::Failed(why)) => {
                failed = why;
                true
            }
            None => {
                "the answer says nothing of it".clone_into(&mut failed);
                true
            }
        });
        if left.is_empty() {
            return match refused {
                None => Ok(()),
                Some(why) => Err(Fault::misconfigured(format!("{what}: an entry is refused: {why}"))),
            };
        }
    }
    Err(Fault::transient(format!("{what}: {} entries failed {TRIES_MAX} times, the last: {failed}", left.len())))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use ports::FaultKind;

    use super::*;

    #[test]
    fn batches_keep_order_count_and_bytes() {
        let cut = |lens: &[usize]| batches(lens.to_vec(), 3, 10, |len| *len);
        assert_eq!(cut(&[]), Vec::<Vec<usize>>::new());
        assert_eq!(cut(&[1, 1, 1, 1]), [vec![1, 1, 1], vec![1]]);
        assert_eq!(cut(&[5, 5, 1]), [vec![5, 5], vec![1]]);
        assert_eq!(cut(&[5, 6]), [vec![5], vec![6]]);
        assert_eq!(cut(&[11, 1]), [vec![11], vec![1]]);
    }

    /// Answers each request as `answer` says, given how many were asked before, and remembers what was asked.
    struct Script<F> {
        answer: F,
        asked: Mutex<Vec<String>>,
    }

    impl<F: Fn(usize, char) -> Option<Fate> + Sync> Request<char> for Script<F> {
        fn what(&self) -> &'static str {
            "send"
        }

        async fn send(&self, entries: &[char]) -> Result<Vec<Fate>, Fault> {
            let mut asked = self.asked.lock().unwrap();
            let fates = entries.iter().map_while(|entry| (self.answer)(asked.len(), *entry)).collect();
            asked.push(entries.iter().collect());
            Ok(fates)
        }
    }

    fn script<F: Fn(usize, char) -> Option<Fate>>(answer: F) -> Script<F> {
        Script { answer, asked: Mutex::default() }
    }

    #[tokio::test]
    async fn a_refused_entry_does_not_keep_the_others() {
        let script = script(|before, entry| match entry {
            'a' => Some(Fate::Refused("too bad".to_owned())),
            'b' if before == 0 => Some(Fate::Failed("busy".to_owned())),
            _ => Some(Fate::Taken),
        });
        let fault = until_taken(&script, vec!['a', 'b', 'c']).await.unwrap_err();
        assert_eq!(*script.asked.lock().unwrap(), ["abc", "b"]);
        assert_eq!(fault.kind, FaultKind::Misconfigured);
        assert_eq!(fault.to_string(), "send: an entry is refused: too bad");
    }

    #[tokio::test]
    async fn an_entry_that_never_gets_through_is_given_up_and_silence_is_failure() {
        let script = script(|_, entry| (entry == 'a').then_some(Fate::Taken));
        let fault = until_taken(&script, vec!['a', 'b', 'c']).await.unwrap_err();
        assert_eq!(*script.asked.lock().unwrap(), ["abc", "bc", "bc", "bc"]);
        assert_eq!(fault.kind, FaultKind::Transient);
        assert_eq!(fault.to_string(), "send: 2 entries failed 4 times, the last: the answer says nothing of it");
    }
}
