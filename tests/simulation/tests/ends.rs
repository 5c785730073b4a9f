//! What each message ends in, as its line in the log says it, and what a person finds where it cannot end.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Once;
use std::task::{Context, Poll, Waker};

use canonical::{ArchiveRef, Code, Content, DeliveryState, Digest, EventType, Message, MessageId, Owed, Work};
use handlers::{PartnerDeliver, Retry, Step as _};
use jiff::SignedDuration;
use ports::{Call, Commit, Fault, Key, PartnerHttp, Put, Read, Reply, Scope, Table as _, TokenRequest};
use secrecy::SecretString;
use serde_json::json;
use sim::{QueueName, Reaction, Table, Twins, World};
use steps::order_dispatch::DepositorUse;
use tracing::field::{Field, Visit};
use tracing::{Metadata, Subscriber, span};

use simulation::cast::{
    ACME, BOLT, ERP, acme_file, bundle, bundle_with, placed, refusal, release_id, world, world_with,
};
use simulation::story::{Act, Pace, S1, S2, hours, perform, rest, settle};

thread_local! {
    static LINES: RefCell<Vec<Line>> = const { RefCell::new(Vec::new()) };
}

/// Keeps the fields of each line, by thread. There is one for the process: a second one, in a thread of its own, would
/// not hear of lines that another thread came to first.
struct Log;

#[derive(Clone, Default)]
struct Line(BTreeMap<&'static str, String>);

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

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
        let mut line = Line::default();
        event.record(&mut line);
        LINES.with_borrow_mut(|lines| lines.push(line));
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// Outcome, code and detail of each message that ended at `step` while `act` was done.
fn ended(step: &str, act: impl FnOnce()) -> Vec<(String, String, String)> {
    static ONE: Once = Once::new();
    ONE.call_once(|| tracing::subscriber::set_global_default(Log).expect("nobody else keeps lines"));
    LINES.take();
    act();
    let lines = LINES.take();
    let of_step = lines.iter().filter(|line| line.0["message"] == "message handled" && line.0["step"] == step);
    let field = |line: &Line, name: &str| line.0.get(name).cloned().unwrap_or_default();
    of_step.map(|line| (field(line, "outcome"), field(line, "code"), field(line, "detail"))).collect()
}

fn end(outcome: &str, code: &str, detail: &str) -> (String, String, String) {
    (outcome.to_owned(), code.to_owned(), detail.to_owned())
}

#[test]
fn an_event_is_fanned_out_once_and_its_line_says_to_how_many() {
    let world = world();
    (S1.release)().perform(&world);
    settle(&world);
    let shipped = (S1.then)(&world).remove(2);
    let lines = ended("shipment-fanout", || perform(&world, &[shipped], Pace::Settled));
    assert!(lines.contains(&end("applied", "", "shipment.confirmed.v1 to 3 of 3 subscribers")), "{lines:?}");
    world.retell_stream();
    let lines = ended("shipment-fanout", || rest(&world));
    assert!(lines.contains(&end("duplicate", "", "shipment.confirmed.v1 was fanned out before")), "{lines:?}");
    assert!(
        lines.iter().all(|(outcome, _, detail)| outcome == "duplicate" || detail.starts_with("nobody")),
        "{lines:?}"
    );
}

#[test]
fn a_message_is_parked_once_and_other_words_under_its_id_are_parked_beside_it() {
    let world = world();
    let stray = |reason: &str| {
        let body = json!({
            "depositor_order_no": "SO-NOBODY", "occurred_at": "2026-11-23T09:00:00Z", "reason": reason,
        });
        Act::webhook(BOLT, "release-rejected", "w1", &body)
    };
    let parked = |reason: &str| {
        let lines = ended("order-apply", || perform(&world, &[stray(reason)], Pace::Settled));
        let [(outcome, code, _)] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!(code, "unknown-release");
        (outcome.clone(), world.parked().len())
    };
    assert_eq!(parked("no stock"), ("quarantined".to_owned(), 1));
    assert_eq!(parked("no stock"), ("duplicate".to_owned(), 1));
    assert_eq!(parked("no dock"), ("quarantined".to_owned(), 2));
    assert_eq!(parked("no dock"), ("duplicate".to_owned(), 2));
    assert_eq!(world.waiting(QueueName::Parked), 2, "a person sees both");
}

#[test]
fn a_confirm_of_no_release_of_ours_is_parked_with_its_shipment() {
    let world = world();
    let shipped = json!({
        "depositor_order_no": "SO-NOBODY", "shipment_no": "B-1", "shipped_at": "2026-11-23T09:00:00Z",
        "lines": [{ "line_no": 1, "sku": "BOLT", "quantity": "1", "uom": "EA" }],
    });
    perform(&world, &[Act::webhook(BOLT, "ship-confirm", "w1", &shipped)], Pace::Settled);
    let parked = world.parked();
    let [one] = parked.as_slice() else { panic!("{parked:?}") };
    assert_eq!(one.code, Code::UnknownRelease);
    assert_eq!(one.findings[0].detail, "shipment B-1: no release was placed under order number SO-NOBODY");
}

#[test]
fn words_about_a_release_that_was_never_made_are_parked() {
    let world = world();
    let waved = json!({ "release_id": "rel_nothing", "occurred_at": "2026-11-23T09:00:00Z" });
    perform(&world, &[Act::webhook(BOLT, "release-waved", "w1", &waved)], Pace::Settled);
    let parked = world.parked();
    let [one] = parked.as_slice() else { panic!("{parked:?}") };
    assert_eq!((one.code, one.findings[0].detail.as_str()), (Code::UnknownRelease, "there is no release rel_nothing"));
}

/// What the 3PL's system says of the cancel's document is not said of the order's.
#[test]
fn the_refusal_of_a_cancels_document_is_no_word_on_the_order() {
    let world = world();
    (S2.release)().perform(&world);
    settle(&world);
    let id = release_id("SO-2");
    assert_eq!(world.api_cancel(ERP, id.as_str()).expect("an answer").status, 202);
    settle(&world);
    let group = placed(&world, ACME).into_iter().find(|one| one.purpose == "F").expect("a cancel").group;
    let before = world.release(id.as_str()).expect("a release");
    perform(&world, &[Act::drop(ACME, "997.edi", acme_file("FA", 9, &[refusal(group)]))], Pace::Settled);
    assert_eq!(world.release(id.as_str()), Some(before));
    assert_eq!(world.parked(), Vec::new());
    // Of a set that the cancel's group does not have, nothing is known.
    let unknown = refusal(group).replace("AK2*940*0001~", "AK2*940*0002~");
    perform(&world, &[Act::drop(ACME, "997-2.edi", acme_file("FA", 10, &[unknown]))], Pace::Settled);
    let parked = world.parked();
    assert_eq!(parked.iter().map(|one| one.code).collect::<Vec<_>>(), [Code::UnknownControlNumber]);
}

/// An event has no sender to be told: one that contradicts what is known is kept as it is, and changes nothing.
#[test]
fn an_event_that_contradicts_is_kept_for_a_person() {
    let world = world();
    (S1.release)().perform(&world);
    settle(&world);
    perform(&world, &(S1.then)(&world)[..3], Pace::Settled);
    let confirmed = |event: &canonical::Event| event.meta.kind == EventType::ShipmentConfirmed;
    let mut event = world.told().into_iter().find(confirmed).expect("it is told");
    event.data["lines"][0]["quantity"] = "11".into();
    let before = world.release(release_id("SO-1").as_str());
    world.send(QueueName::OrderApply, &serde_json::to_string(&event).expect("JSON"));
    rest(&world);
    assert_eq!(world.dead_letters(QueueName::OrderApply).len(), 1);
    assert_eq!(world.notes(QueueName::OrderApply)[0]["code"], "internal-fault");
    assert_eq!(world.release(release_id("SO-1").as_str()), before);
}

/// Has `partner` owe itself an acknowledgment with these segments, which lies in the archive.
fn owe(world: &World, partner: &str, segments: &serde_json::Value) {
    let body = json!({ "document": "997", "segments": segments, "version": "004010", "group": "group 1" }).to_string();
    // Whatever comes with a good signature is kept in the archive.
    let _ = world.webhook(BOLT, "release-waved", &Digest::of(body.as_bytes()).to_string(), &body);
    let (tenant, id) = (bundle().house.tenant.clone(), partner.parse().expect("an id"));
    let message = Message {
        id: MessageId::derive(&tenant, &id, &body),
        sender: canonical::Principal {
            scope: canonical::PartnerScope { tenant, partner: id },
            roles: [canonical::Role::Wms].into(),
        },
        received_at: world.now(),
        raw: ArchiveRef::whole(body.as_bytes()),
        profile_version: String::new(),
        trace: None,
        content: Content::Acknowledge(Owed { sha256: Digest::of(body.as_bytes()) }),
    };
    world.send(QueueName::OrderDispatch, &serde_json::to_string(&message).expect("JSON"));
    rest(world);
}

#[test]
fn an_acknowledgment_waits_for_the_operator_or_is_parked_if_it_can_never_be_written() {
    let world = world();
    let segments = json!([["AK1", [["SW"], ["1"]]], ["AK9", [["A"], ["1"], ["1"], ["1"]]]]);
    owe(&world, "gone-3pl", &segments);
    owe(&world, BOLT, &segments);
    let codes: Vec<_> = world.notes(QueueName::OrderDispatch).iter().map(|note| note["code"].clone()).collect();
    assert_eq!(codes, ["misconfigured", "misconfigured"], "no profile, and no EDI identity in it");
    assert_eq!((world.dead_letters(QueueName::OrderDispatch).len(), world.parked().len()), (2, 0));
    owe(&world, ACME, &json!([["~", []]]));
    let parked = world.parked();
    let [one] = parked.as_slice() else { panic!("{parked:?}") };
    assert_eq!((one.code, one.partner.as_str()), (Code::NotRenderable, ACME));
    assert_eq!(world.dead_letters(QueueName::OrderDispatch).len(), 2);
}

/// Polls to the end what nobody else has to do anything for.
fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}

/// Our own records contradict each other: that is no fault of the partner's, so its message is kept and not parked.
#[test]
fn a_release_that_is_on_record_and_not_there_is_a_fault_of_ours() {
    let world = world();
    let scope = bundle().partner(&BOLT.parse().expect("an id")).expect("a profile").scope(&bundle().house.tenant);
    let lost = DepositorUse { release_id: release_id("SO-LOST") };
    let put = Put::new(Key::depositor(&scope, "SO-LOST"), &lost).expect("JSON");
    ready(Table::of(&world).commit(Commit { puts: vec![put] })).expect("the table takes it");
    let waved = json!({ "depositor_order_no": "SO-LOST", "occurred_at": "2026-11-23T09:00:00Z" });
    Act::webhook(BOLT, "release-waved", "w1", &waved).perform(&world);
    rest(&world);
    assert_eq!(world.notes(QueueName::OrderApply)[0]["code"], "internal-fault");
    assert_eq!((world.dead_letters(QueueName::OrderApply).len(), world.parked().len()), (1, 0));
}

/// A partner that is called, and takes its time. Meanwhile another function, whose clock is two minutes ahead, finds the
/// call without a result. In the end the partner asks to be called again.
struct Busy<'a> {
    world: &'a World,
    work: Work,
}

fn deliverer<H: PartnerHttp>(
    world: &World,
    http: H,
) -> PartnerDeliver<Table, sim::Archive, sim::Exchange, H, sim::Profiles, sim::Secrets, sim::Limits> {
    PartnerDeliver {
        table: Table::of(world),
        archive: sim::Archive::of(world),
        exchange: sim::Exchange::of(world),
        http,
        profiles: sim::Profiles::of(world),
        secrets: sim::Secrets::of(world),
        limits: sim::Limits::of(world),
    }
}

fn scope(world: &World, ahead: SignedDuration) -> Scope {
    let now = world.now().checked_add(ahead).expect("a time");
    Scope { now, stop_at: now.checked_add(SignedDuration::from_secs(20)).expect("a time"), receives: 1 }
}

impl PartnerHttp for Busy<'_> {
    async fn post(&self, _: Call) -> Result<Reply, Fault> {
        let other = deliverer(self.world, sim::PartnerHttp::of(self.world));
        let ahead = scope(self.world, SignedDuration::from_mins(2));
        let ended = other.run(self.work.clone(), ahead).await.expect("it ends");
        assert_eq!(ended.verdict.outcome.as_str(), "unknown");
        Ok(Reply { status: 429, retry_after_s: Some(90), excerpt: String::new() })
    }

    async fn look_up(&self, call: Call) -> Result<Reply, Fault> {
        sim::PartnerHttp::of(self.world).look_up(call).await
    }

    async fn token(&self, asked: &TokenRequest, read: Read) -> Result<SecretString, Fault> {
        sim::PartnerHttp::of(self.world).token(asked, read).await
    }
}

#[test]
fn an_answer_is_believed_more_than_a_clock_that_is_ahead() {
    let neither = ("bolt-3pl.toml", "guarantee = \"dedupes\"", "guarantee = \"neither\"");
    let world = world_with(bundle_with(&[neither]));
    world.script(BOLT, [Reaction::Answers(429, Some(36_000))]);
    (S1.release)().perform(&world);
    assert_eq!(world.run_for(hours(1)), Ok(()));
    let delivery = world.deliveries().remove(0);
    assert_eq!((delivery.state, delivery.failures), (DeliveryState::Pending, 1));
    let work =
        Work { receiver: delivery.receiver, delivery: delivery.id, correlation_id: None, resumed: false, trace: None };
    let busy = deliverer(&world, Busy { world: &world, work: work.clone() });
    let failed = ready(busy.run(work, scope(&world, SignedDuration::ZERO))).expect_err("it is to be tried again");
    assert_eq!(failed.retry, Retry::After(90));
    let after = world.deliveries().remove(0);
    assert_eq!((after.state, after.failures, after.asked_at), (DeliveryState::Pending, 2, None));
}

/// However long a file is, it costs the function no memory: a person is told where it lies, once.
#[test]
fn a_file_that_is_too_long_is_not_read() {
    let world = world();
    world.set_twins(Twins::Later(SignedDuration::from_secs(40)));
    world.drop_file(ACME, "long.edi", &vec![b' '; steps::edi_drop::FILE_LEN_MAX + 1]);
    rest(&world);
    let parked = world.parked();
    let [one] = parked.as_slice() else { panic!("{parked:?}") };
    assert_eq!(one.code, Code::TooLarge);
    assert!(one.findings[0].detail.contains("inbox/acme-3pl/long.edi"), "{}", one.findings[0].detail);
    assert!(one.raw.len < 200, "what is kept is a note");
}
