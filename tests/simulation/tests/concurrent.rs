//! Functions side by side: every interleaving of their port calls.

use std::collections::BTreeSet;

use canonical::ReleaseState;
use jiff::SignedDuration;
use serde_json::json;
use sim::{Faults, Kind, QueueName, Schedule, Source, World};

use simulation::cast::{ACME, BOLT, ERP, order, placed, release_id, world};
use simulation::story::{Act, Pace, S1, cancelled_release, cancelled_then, perform, rest, same, settle, tried, well};

/// Runs `sources` with two functions at once, one message each, in every interleaving of their port calls, and hands
/// each end to `check`. Returns how many interleavings there were.
fn every_interleaving(base: &World, sources: &[Source], mut check: impl FnMut(usize, &World)) -> usize {
    let mut schedule = Some(Schedule::given(Vec::new()));
    let mut count = 0;
    while let Some(given) = schedule {
        let world = base.fork();
        world.set_schedule(given);
        world.set_workers(2, 1);
        assert_eq!(world.run_only(sources), Ok(()));
        schedule = world.schedule().next();
        world.set_schedule(Schedule::InOrder);
        world.set_workers(1, usize::MAX);
        check(count, &world);
        count += 1;
        assert!(count < 20_000, "the interleavings come to an end");
    }
    count
}

/// Two orders to one 3PL at the same time: each has its own control number, and no number is left out or given twice.
#[test]
fn two_orders_to_one_partner_take_one_number_each() {
    let base = world();
    for order_no in ["SO-C1", "SO-C2"] {
        Act::release(order_no, order(order_no, "TX", &[("BOLT", 1)])).perform(&base);
    }
    assert_eq!(base.run_only(&[Source::Stream]), Ok(()));
    assert_eq!(base.waiting(QueueName::OrderDispatch), 2);
    let mut orders = BTreeSet::new();
    let count = every_interleaving(&base, &[Source::Queue(QueueName::OrderDispatch)], |at, world| {
        let numbers = world.deliveries().into_iter().map(|delivery| delivery.message_no.parse::<u32>());
        assert_eq!(numbers.collect::<Result<BTreeSet<_>, _>>(), Ok(BTreeSet::from([1, 2])));
        assert_eq!(world.waiting(QueueName::PartnerDeliver), 2);
        // What follows is the same each time but for who was first: now and then it is played to its end.
        if at % 50 == 0 {
            settle(world);
            let placed = placed(world, ACME);
            let numbers: Vec<(u32, u32)> = placed.iter().map(|one| (one.interchange, one.group)).collect();
            assert_eq!(numbers, [(1, 1), (2, 2)]);
            assert_eq!(world.audit(), Vec::<String>::new());
            orders.insert(placed.into_iter().map(|one| one.order_no).collect::<Vec<_>>());
        }
    });
    assert_eq!(orders.len(), 2, "either may come first");
    tried("two orders at once", count);
}

/// Two facts of one release at the same time: both are in.
#[test]
fn two_facts_of_one_release_are_both_kept() {
    let well = well(&S1);
    let base = world();
    (S1.release)().perform(&base);
    settle(&base);
    let acts = (S1.then)(&base);
    for act in &acts[..2] {
        act.perform(&base);
    }
    let count = every_interleaving(&base, &[Source::Queue(QueueName::OrderApply)], |_, world| {
        perform(world, &acts[2..], Pace::Settled);
        same(world, &well, &"accepted and waved at once");
    });
    tried("two facts at once", count);
}

/// A ship confirm and a carrier's scan of the same shipment at the same time: one proof, one invoice trigger.
#[test]
fn a_confirm_and_a_scan_at_once_make_one_proof() {
    let well = well(&S1);
    let base = world();
    (S1.release)().perform(&base);
    settle(&base);
    let acts = (S1.then)(&base);
    perform(&base, &acts[..2], Pace::Settled);
    for act in &acts[2..4] {
        act.perform(&base);
    }
    let count = every_interleaving(&base, &[Source::Queue(QueueName::ShipmentApply)], |_, world| {
        perform(world, &acts[4..], Pace::Settled);
        same(world, &well, &"confirm and scan at once");
    });
    tried("a confirm and a scan at once", count);
}

/// A cancel before anything was sent: nothing is sent.
#[test]
fn a_cancel_before_the_dispatch_sends_nothing() {
    for (order_no, region) in [("SO-X1", "NY"), ("SO-X2", "TX")] {
        let world = world();
        let id = release_id(order_no);
        Act::release("x", order(order_no, region, &[("DRILL", 1)])).perform(&world);
        for _ in 0..2 {
            let answer = world.insist(|world| world.api_cancel(ERP, id.as_str())).expect("an answer");
            assert_eq!(answer.status, 202);
        }
        settle(&world);
        assert_eq!(world.release(id.as_str()).expect("a release").state(), ReleaseState::Cancelled);
        assert_eq!((world.received(BOLT).len(), world.outbox(ACME).len()), (0, 0));
        assert_eq!(world.told_counts()["order.cancel.accepted.v1"], 1);
        assert_eq!(world.audit(), Vec::<String>::new());
    }
}

/// The cancel and the dispatch at the same time: either nothing is sent, or the 3PL is asked to cancel what was.
#[test]
fn a_cancel_during_the_dispatch_reaches_whoever_has_the_order() {
    let base = world();
    let id = release_id("SO-X3");
    Act::release("x", order("SO-X3", "TX", &[("DRILL", 1)])).perform(&base);
    assert_eq!(base.run_only(&[Source::Stream]), Ok(()));
    let cancel = base.submit_cancel(ERP, id.as_str());
    let mut ends = BTreeSet::new();
    let count = every_interleaving(&base, &[Source::Api, Source::Queue(QueueName::OrderDispatch)], |_, world| {
        assert_eq!(world.answer_to(cancel).map(|answer| answer.status), Some(202));
        settle(world);
        let purposes: Vec<String> = placed(world, ACME).into_iter().map(|one| one.purpose).collect();
        let state = world.release(id.as_str()).expect("a release").state();
        assert_eq!(world.audit(), Vec::<String>::new());
        match state {
            ReleaseState::Cancelled => assert_eq!(purposes, Vec::<String>::new()),
            ReleaseState::CancelRequested => assert_eq!(purposes, ["N", "F"]),
            other => panic!("{other}"),
        }
        ends.insert(state);
    });
    assert_eq!(ends, BTreeSet::from([ReleaseState::Cancelled, ReleaseState::CancelRequested]), "either may be first");
    tried("a cancel during the dispatch", count);
}

/// A hold that comes while the release is being placed: whoever writes first has it, and nothing is sent that is held.
#[test]
fn a_hold_during_the_dispatch_is_in_time_or_is_told_that_it_is_not() {
    let base = world();
    let id = release_id("SO-X4");
    Act::release("x", order("SO-X4", "TX", &[("DRILL", 1)])).perform(&base);
    assert_eq!(base.run_only(&[Source::Stream]), Ok(()));
    let (path, key) = (format!("/v1/order-releases/{id}/holds"), ("idempotency-key".to_owned(), "h".to_owned()));
    let hold = base.submit(ERP, "POST", &path, vec![key], r#"{"reason":"stock","detail":"sold twice"}"#);
    let mut ends = BTreeSet::new();
    let count = every_interleaving(&base, &[Source::Api, Source::Queue(QueueName::OrderDispatch)], |_, world| {
        let answer = world.answer_to(hold).map(|answer| answer.status);
        settle(world);
        assert_eq!(world.audit(), Vec::<String>::new());
        let state = world.release(id.as_str()).expect("a release").state();
        let expected = if state == ReleaseState::Held { (Some(200), 0) } else { (Some(409), 1) };
        assert_eq!((answer, placed(world, ACME).len()), expected, "{state}");
        ends.insert(state);
    });
    assert_eq!(ends, BTreeSet::from([ReleaseState::Held, ReleaseState::TransportAcked]), "either may be first");
    tried("a hold during the dispatch", count);
}

/// A cancel of what was placed: the 3PL decides. If the goods have left, they have left, whatever was decided, and in
/// whatever order it was told.
#[test]
fn a_cancel_and_a_ship_confirm_converge() {
    let id = release_id("SO-1");
    let base = world();
    (S1.release)().perform(&base);
    settle(&base);
    assert_eq!(base.insist(|world| world.api_cancel(ERP, id.as_str())).expect("an answer").status, 202);
    settle(&base);
    assert_eq!(base.received(BOLT).len(), 2, "the order, and its cancel");
    assert_eq!(base.release(id.as_str()).expect("a release").state(), ReleaseState::CancelRequested);
    let agreed = json!({ "release_id": id, "occurred_at": "2026-11-23T10:06:00Z" });
    let agreed = Act::webhook(BOLT, "cancel-accepted", "c1", &agreed);
    let cancelled = base.fork();
    perform(&cancelled, std::slice::from_ref(&agreed), Pace::Settled);
    assert_eq!(cancelled.release(id.as_str()).expect("a release").state(), ReleaseState::Cancelled);
    let whole = (S1.then)(&base).remove(2);
    let part = json!({
        "release_id": id, "shipment_no": "B-1", "shipped_at": "2026-11-23T12:00:00-05:00",
        "lines": [{ "line_no": 1, "sku": "DRILL", "quantity": "5", "uom": "EA" }],
    });
    let part = Act::webhook(BOLT, "ship-confirm", "b3", &part);
    for (shipped, expected) in [(whole, ReleaseState::Shipped), (part, ReleaseState::PartiallyShipped)] {
        let mut ends = Vec::new();
        for order in [[agreed.clone(), shipped.clone()], [shipped.clone(), agreed.clone()]] {
            for pace in Pace::BOTH {
                let world = base.fork();
                perform(&world, &order, pace);
                assert_eq!(world.audit(), Vec::<String>::new());
                assert_eq!(world.release(id.as_str()).expect("a release").state(), expected);
                ends.push(world.summary());
            }
        }
        assert!(ends.iter().all(|end| *end == ends[0]), "{ends:#?}");
    }
}

/// Goods that left have refused the cancel; the warehouse's own refusal, which comes after it, tells nothing new.
#[test]
fn a_refusal_of_a_cancel_is_told_once() {
    let id = release_id("SO-1");
    let world = world();
    (S1.release)().perform(&world);
    settle(&world);
    Act::Cancel { release_id: id.to_string() }.perform(&world);
    settle(&world);
    let shipped = (S1.then)(&world).remove(2);
    let refused = json!({ "release_id": id, "reason": "on the truck", "occurred_at": "2026-11-23T12:00:00Z" });
    perform(&world, &[shipped, Act::webhook(BOLT, "cancel-refused", "c1", &refused)], Pace::Settled);
    assert_eq!(world.told_counts()["order.cancel.refused.v1"], 1);
    assert_eq!(
        world.release(id.as_str()).expect("a release").facts.cancel_accepted,
        Some(false),
        "and it is on record"
    );
    assert_eq!(world.audit(), Vec::<String>::new());
}

/// A cancel that was decided and whose message was lost on the way to its queue is sent when the event comes again, though
/// the warehouse has decided in the meantime: a delivery comes to an end.
#[test]
fn a_cancel_that_was_written_is_sent_whatever_has_happened_since() {
    let id = release_id("SO-6");
    let base = world();
    cancelled_release().perform(&base);
    settle(&base);
    let acts = cancelled_then();
    let undisturbed = base.fork();
    perform(&undisturbed, &acts[..1], Pace::Settled);
    // The order itself was sent before it.
    let line = undisturbed.trace().into_iter().rfind(|line| line.ends_with("Queue send 1 to partner-deliver"));
    let call = line.expect("the cancel is sent").split_whitespace().nth(1).and_then(|call| call.parse().ok());
    let world = base.fork();
    world.set_faults(Faults::one(call.expect("its number"), Kind::CrashBefore));
    acts[0].perform(&world);
    // Long enough for the function to be killed, and not for its message to come back.
    assert_eq!(world.run_for(SignedDuration::from_secs(10)), Ok(()));
    assert_eq!(world.received(BOLT).len(), 1, "the order alone");
    perform(&world, &acts[1..], Pace::Settled);
    assert_eq!(world.release(id.as_str()).expect("a release").state(), ReleaseState::Cancelled);
    assert_eq!(world.received(BOLT).len(), 2, "and its cancel");
    assert!(world.deliveries().iter().all(|delivery| delivery.state == canonical::DeliveryState::Delivered));
}

/// The 3PL acknowledges the 940 by which we called an order back, as it does every 940: that concerns no person.
#[test]
fn the_acknowledgment_of_a_cancel_is_attributed() {
    let world = world();
    let id = release_id("SO-2");
    (simulation::story::S2.release)().perform(&world);
    settle(&world);
    assert_eq!(world.insist(|world| world.api_cancel(ERP, id.as_str())).expect("an answer").status, 202);
    settle(&world);
    let placed = placed(&world, ACME);
    assert_eq!(placed.iter().map(|one| one.purpose.as_str()).collect::<Vec<_>>(), ["N", "F"]);
    let acts: Vec<Act> = placed
        .iter()
        .map(|one| {
            let file = simulation::cast::acme_file("FA", 500 + one.group, &[simulation::cast::acceptance(one.group)]);
            Act::drop(ACME, &format!("997-{}.edi", one.group), file)
        })
        .collect();
    perform(&world, &acts, Pace::Settled);
    assert_eq!(world.summary().parked, Vec::<String>::new());
    rest(&world);
}

/// Seeds give one trace each.
#[test]
fn a_seed_gives_its_trace_again() {
    let hash = |seed: u64| -> u64 {
        let world = world();
        world.set_schedule(Schedule::Seeded(seed));
        world.set_workers(3, 2);
        simulation::story::play(&world, &S1, Pace::AtOnce);
        world.trace_hash()
    };
    let hashes: BTreeSet<u64> = (0..10).map(hash).collect();
    assert!(hashes.len() > 5, "seeds differ");
    assert!((0..10).all(|seed| hashes.contains(&hash(seed))), "and repeat");
}
