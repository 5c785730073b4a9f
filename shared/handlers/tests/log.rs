//! What is logged: one line for each message, at the level and with the fields that `docs/LOGGING.md` promises.

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeMap;
    use std::fmt::Debug;
    use std::sync::Once;

    use canonical::{Code, Event};
    use futures::FutureExt as _;
    use handlers::{Done, EventPublish, Failed, Record, Response, Retry, Step, StreamRecord, run_batch};
    use jiff::{SignedDuration, Timestamp};
    use ports::{Bus, Fault, Redelivery, Scope};
    use serde_json::{Value, json};
    use steps::{Outcome, Verdict};
    use tracing::field::{Field, Visit};
    use tracing::span;
    use tracing::{Level, Metadata, Subscriber};

    /// A line: its level, and its fields as text.
    #[derive(Debug, Clone)]
    struct Line(Level, BTreeMap<&'static str, String>);

    impl Line {
        fn is(&self, level: Level, fields: &[(&str, &str)]) {
            assert_eq!(self.0, level, "{self:?}");
            for (name, value) in fields {
                assert_eq!(self.1.get(name).map(String::as_str), Some(*value), "{name} of {self:?}");
            }
        }
    }

    impl Visit for Line {
        fn record_str(&mut self, field: &Field, value: &str) {
            self.1.insert(field.name(), value.to_owned());
        }
        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            self.1.insert(field.name(), format!("{value:?}"));
        }
    }

    thread_local! {
        static LINES: RefCell<Vec<Line>> = const { RefCell::new(Vec::new()) };
    }

    /// Keeps the lines, by thread. There is one for the process: a second one, in a thread of its own, would not hear of
    /// lines that another thread came to first.
    struct Log;

    impl Subscriber for Log {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }
        fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
            span::Id::from_u64(1)
        }
        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
        fn event(&self, event: &tracing::Event<'_>) {
            let mut line = Line(*event.metadata().level(), BTreeMap::new());
            event.record(&mut line);
            LINES.with_borrow_mut(|lines| lines.push(line));
        }
        fn enter(&self, _: &span::Id) {}
        fn exit(&self, _: &span::Id) {}
    }

    fn logged(act: impl FnOnce()) -> Vec<Line> {
        static ONE: Once = Once::new();
        ONE.call_once(|| tracing::subscriber::set_global_default(Log).unwrap());
        LINES.take();
        act();
        LINES.take()
    }

    /// Ends each message as it is told.
    struct Ending(Result<Verdict, Failed>);

    impl Step for Ending {
        const NAME: &'static str = "order-apply";
        type Body = Value;

        async fn run(&self, _: Value, _: Scope) -> Result<Done, Failed> {
            let (partner, correlation_id, message_id) = ("acme".to_owned(), "rel_1".to_owned(), "msg_1".to_owned());
            self.0.clone().map(|verdict| Done { verdict, partner, correlation_id, message_id })
        }
    }

    #[derive(Default)]
    struct Queue {
        notes: RefCell<Vec<Value>>,
        out: bool,
    }

    impl Redelivery for Queue {
        async fn postpone(&self, _: &str, _: u32) -> Result<(), Fault> {
            if self.out { Err(Fault::transient("queue is out")) } else { Ok(()) }
        }
        async fn note(&self, _: &str, note: &Value) -> Result<(), Fault> {
            self.notes.borrow_mut().push(note.clone());
            if self.out { Err(Fault::transient("archive is out")) } else { Ok(()) }
        }
    }

    fn handled(end: Result<Verdict, Failed>, queue: &Queue, body: &Value, receives: u32) -> Vec<Line> {
        logged(|| {
            let body = body.to_string();
            let record = Record { id: "q-1".to_owned(), receipt: "r-1".to_owned(), body, receives };
            let now = Timestamp::UNIX_EPOCH;
            let stop_at = now + SignedDuration::from_mins(1);
            let step = Ending(end);
            run_batch(&step, queue, vec![record], 10, || now, stop_at).now_or_never().unwrap();
        })
    }

    fn failed(retry: Retry) -> Result<Verdict, Failed> {
        Err(Failed { code: Code::NoRoute, reason: "no rule".to_owned(), retry })
    }

    #[test]
    fn a_message_that_ended_is_one_line_and_what_a_person_must_see_is_a_warning() {
        for (outcome, level) in [
            (Outcome::Applied, Level::INFO),
            (Outcome::Duplicate, Level::INFO),
            (Outcome::Conflict, Level::WARN),
            (Outcome::Quarantined, Level::WARN),
        ] {
            let verdict = Verdict { outcome, code: None, detail: "as told".to_owned() };
            let lines = handled(Ok(verdict), &Queue::default(), &json!({}), 2);
            let [line] = lines.as_slice() else { panic!("{lines:?}") };
            let fields = [
                ("message", "message handled"),
                ("step", "order-apply"),
                ("outcome", outcome.as_str()),
                ("partner", "acme"),
                ("correlation_id", "rel_1"),
                ("message_id", "msg_1"),
                ("queue_message_id", "q-1"),
                ("receives", "2"),
                ("detail", "as told"),
            ];
            line.is(level, &fields);
        }
    }

    #[test]
    fn a_message_that_stays_is_one_line_with_what_its_body_tells_without_being_understood() {
        for (body, partner, correlation_id, message_id) in [
            (json!({ "sender": { "partner": "acme" }, "id": "msg_1" }), "acme", "", "msg_1"),
            (
                json!({ "meta": { "partner": "bolt", "correlation_id": "rel_1", "id": "evt_1" } }),
                "bolt",
                "rel_1",
                "evt_1",
            ),
            (json!({ "partner": "erp", "correlation_id": "rel_2", "delivery": "dlv_1" }), "erp", "rel_2", "dlv_1"),
            (json!("no message of ours"), "", "", ""),
        ] {
            let lines = handled(failed(Retry::Misconfigured), &Queue::default(), &body, 1);
            let [line] = lines.as_slice() else { panic!("{lines:?}") };
            let fields = [
                ("message", "step failed"),
                ("outcome", "retry"),
                ("code", "no-route"),
                ("reason", "no rule"),
                ("partner", partner),
                ("correlation_id", correlation_id),
                ("message_id", message_id),
                ("last", "false"),
                ("delay_s", "1"),
            ];
            line.is(Level::WARN, &fields);
        }
    }

    #[test]
    fn a_bug_and_a_last_try_are_errors_and_what_was_not_kept_is_said() {
        let levels = |retry, receives| {
            let lines = handled(failed(retry), &Queue::default(), &json!({}), receives);
            lines.iter().map(|line| line.0).collect::<Vec<_>>()
        };
        assert_eq!(levels(Retry::Transient, 9), [Level::WARN]);
        assert_eq!(levels(Retry::Transient, 10), [Level::ERROR]);
        assert_eq!(levels(Retry::Bug, 1), [Level::ERROR]);
        let lines = handled(failed(Retry::Transient), &Queue { out: true, ..Queue::default() }, &json!({}), 10);
        let [line, note, postponed] = lines.as_slice() else { panic!("{lines:?}") };
        line.is(Level::ERROR, &[("last", "true"), ("delay_s", "0")]);
        note.is(Level::WARN, &[("message", "the failure note was not kept"), ("reason", "archive is out")]);
        postponed.is(Level::WARN, &[("message", "the message was not postponed"), ("reason", "queue is out")]);
    }

    /// Takes two batches of events, then is out.
    #[derive(Default)]
    struct Lines(RefCell<Vec<usize>>);

    impl Bus for Lines {
        async fn publish(&self, events: Vec<Event>) -> Result<(), Fault> {
            if self.0.borrow().len() == 2 {
                return Err(Fault::transient("the bus is out"));
            }
            self.0.borrow_mut().push(events.len());
            Ok(())
        }
    }

    fn events(count: usize) -> String {
        let event = json!({
            "meta": {
                "id": "evt_1", "type": "order.completed.v1", "source": "order-apply", "time": "2026-01-31T14:35:00Z",
                "received_at": "2026-01-31T14:35:00Z", "causation_id": "msg_1", "partner": "acme", "tenant": "t",
                "correlation_id": "rel_1", "schema": "", "profile_version": "", "seq": 1, "dedup_key": "1",
                "ordering_key": "1",
            },
            "data": {},
        });
        Value::from(vec![event; count]).to_string()
    }

    #[test]
    fn the_relay_says_each_event_and_where_it_shall_be_told_again() {
        let record = |number: &str, events: Option<String>| StreamRecord { sequence_number: number.to_owned(), events };
        let publish = |records: Vec<StreamRecord>| {
            let mut result = None;
            let relay = EventPublish { bus: Lines::default() };
            let lines = logged(|| result = relay.publish(records).now_or_never());
            (result.unwrap(), lines)
        };
        let (result, lines) =
            publish(vec![record("1", None), record("2", Some(events(2))), record("3", Some(events(1)))]);
        assert_eq!((result, lines.len()), (Ok(3), 3));
        let fields = [("message", "event published"), ("message_id", "evt_1"), ("correlation_id", "rel_1")];
        lines[0].is(Level::INFO, &fields);
        let records = ["1", "2", "3"].map(|number| record(number, Some(events(1))));
        let (result, lines) = publish(records.to_vec());
        assert_eq!(result, Err("3".to_owned()));
        let fields = [("message", "events not published"), ("sequence_number", "3"), ("reason", "the bus is out")];
        lines[2].is(Level::ERROR, &fields);
        let (result, lines) = publish(vec![record("7", Some("[{}]".to_owned()))]);
        assert_eq!((result, lines.len()), (Err("7".to_owned()), 1));
        lines[0].is(Level::ERROR, &[("sequence_number", "7"), ("code", "internal-fault")]);
    }

    #[test]
    fn a_port_that_fails_behind_a_request_is_said_in_the_log_and_not_in_the_answer() {
        for (fault, status, code) in [
            (Fault::transient("table of a secret name"), 503, "store-unavailable"),
            (Fault::misconfigured("table of a secret name"), 500, "misconfigured"),
            (Fault::bug("table of a secret name"), 500, "internal-fault"),
        ] {
            let mut answer = None;
            let lines = logged(|| answer = Some(Response::fault(&fault)));
            let answer = answer.unwrap();
            assert_eq!((answer.status, answer.code.map(Code::as_str), answer.outcome), (status, Some(code), "retry"));
            assert!(answer.headers.contains(&("retry-after".to_owned(), "2".to_owned())));
            assert!(!String::from_utf8(answer.body).unwrap().contains("secret name"));
            lines[0].is(Level::ERROR, &[("message", "request failed"), ("reason", "table of a secret name")]);
        }
    }
}
