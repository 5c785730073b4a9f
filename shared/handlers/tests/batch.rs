//! The batch runner as a matrix: what each message of a batch ends in, and what the queue is told.

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use canonical::Code;
    use futures::FutureExt as _;
    use handlers::{Done, Failed, Record, Retry, Step, run_batch};
    use jiff::{SignedDuration, Timestamp};
    use ports::{Fault, Redelivery, Scope};
    use serde_json::Value;
    use steps::Verdict;

    /// Does what the message's body says.
    struct Obedient;

    impl Step for Obedient {
        const NAME: &'static str = "obedient";
        type Body = String;

        async fn run(&self, body: String, _: Scope) -> Result<Done, Failed> {
            let failed = |retry| Err(Failed { code: Code::StoreUnavailable, reason: "as told".to_owned(), retry });
            match body.as_str() {
                "ok" => Ok(Done {
                    verdict: Verdict::applied("as told"),
                    partner: "p".to_owned(),
                    correlation_id: "c".to_owned(),
                    message_id: "m".to_owned(),
                }),
                "transient" => failed(Retry::Transient),
                "misconfigured" => failed(Retry::Misconfigured),
                "after" => failed(Retry::After(42)),
                _ => panic!("as told"),
            }
        }
    }

    #[derive(Default)]
    struct Queue {
        postponed: RefCell<Vec<(String, u32)>>,
        notes: RefCell<Vec<(String, Value)>>,
        out_of_order: bool,
    }

    impl Redelivery for Queue {
        async fn postpone(&self, receipt: &str, delay_s: u32) -> Result<(), Fault> {
            self.postponed.borrow_mut().push((receipt.to_owned(), delay_s));
            if self.out_of_order { Err(Fault::transient("queue is out")) } else { Ok(()) }
        }

        async fn note(&self, message_id: &str, note: &Value) -> Result<(), Fault> {
            self.notes.borrow_mut().push((message_id.to_owned(), note.clone()));
            if self.out_of_order { Err(Fault::transient("archive is out")) } else { Ok(()) }
        }
    }

    fn record(id: &str, body: &str, receives: u32) -> Record {
        Record { id: id.to_owned(), receipt: format!("receipt-{id}"), body: body.to_owned(), receives }
    }

    fn told(id: &str, body: &str) -> Record {
        record(id, &format!("{body:?}"), 1)
    }

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn run(queue: &Queue, records: Vec<Record>, seconds_left: i64) -> Vec<String> {
        let stop_at = NOW + SignedDuration::from_secs(seconds_left);
        // Nothing here waits, so one poll ends it.
        run_batch(&Obedient, queue, records, 10, || NOW, stop_at).now_or_never().unwrap()
    }

    #[test]
    fn each_message_ends_on_its_own() {
        let queue = Queue::default();
        let records = vec![
            told("a", "ok"),
            told("b", "transient"),
            told("c", "panic"),
            record("d", "{ not json", 1),
            told("e", "after"),
            told("f", "ok"),
        ];
        assert_eq!(run(&queue, records, 60), ["b", "c", "d", "e"]);
        let postponed = queue.postponed.borrow();
        let delay = |id: &str| postponed.iter().find(|(receipt, _)| receipt == &format!("receipt-{id}")).unwrap().1;
        assert_eq!((delay("c"), delay("d"), delay("e")), (0, 0, 42));
        assert!(queue.notes.borrow().is_empty(), "a note is for the dead-letter queue");
    }

    #[test]
    fn the_last_failure_leaves_its_reason_beside_the_dead_letter_queue() {
        let queue = Queue::default();
        assert_eq!(run(&queue, vec![record("a", "\"misconfigured\"", 10)], 60), ["a"]);
        let notes = queue.notes.borrow();
        assert_eq!(notes[0].0, "a");
        assert_eq!(notes[0].1["reason"], "as told");
        assert_eq!(notes[0].1["body"], "\"misconfigured\"");
    }

    #[test]
    fn nothing_is_begun_that_could_not_end() {
        let queue = Queue::default();
        assert_eq!(run(&queue, vec![told("a", "panic"), told("b", "ok")], 1), ["a", "b"]);
        assert!(queue.postponed.borrow().iter().all(|(_, delay_s)| *delay_s == 0), "they come back at once");
    }

    #[test]
    fn a_message_is_begun_with_a_second_and_a_half_left_and_not_with_less() {
        let begun = |left: i64| {
            let stop_at = NOW + SignedDuration::from_millis(left);
            let queue = Queue::default();
            let stays = run_batch(&Obedient, &queue, vec![told("a", "ok")], 10, || NOW, stop_at);
            stays.now_or_never().unwrap().is_empty()
        };
        assert_eq!([1499, 1500, 1501].map(begun), [false, true, true]);
    }

    #[test]
    fn a_queue_that_cannot_be_told_changes_no_outcome() {
        let queue = Queue { out_of_order: true, ..Queue::default() };
        assert_eq!(run(&queue, vec![record("a", "\"transient\"", 10), told("b", "ok")], 60), ["a"]);
    }

    #[test]
    fn a_body_that_cannot_be_read_is_not_repeated_in_the_log_line() {
        let failed = Failed::from(serde_json::from_str::<u32>("\"Jane Doe, 5 Elm Street\"").unwrap_err());
        assert!(!failed.reason.contains("Jane"), "{}", failed.reason);
    }
}
