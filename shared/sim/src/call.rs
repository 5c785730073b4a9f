//! A call of a port: a numbered point at which the future can be dropped, or the call fail.

use std::fmt::Arguments;
use std::future::{Future, pending, poll_fn};
use std::task::Poll;

use jiff::{SignedDuration, Timestamp};
use ports::Fault;

use crate::queues::later;
use crate::world::State;
use crate::{Kind, Port, World};

/// What every call takes, in milliseconds: single digits are usual for each of the services.
const LATENCY_MS: i64 = 4;
/// What a slow call takes, in seconds: most of a function's five.
const SLOW_S: i64 = 3;
/// Seconds after which an effect that was given up on happens, by the number of its call: within the next try, after a
/// message's visibility, after all that a client waits for.
const LATE_S: [i64; 3] = [1, 45, 600];

impl World {
    /// Carries out a call of a port that only reads.
    pub(crate) async fn read<T>(
        &self,
        port: Port,
        what: Arguments<'_>,
        read: impl FnOnce(&mut State) -> Result<T, Fault> + Clone + 'static,
    ) -> Result<T, Fault> {
        self.call(port, what, 0, |_| (), read).await
    }

    /// Carries out a call of a port that changes one thing.
    pub(crate) async fn write<T, E: From<Fault>>(
        &self,
        port: Port,
        what: Arguments<'_>,
        effect: impl FnOnce(&mut State) -> Result<T, E> + Clone + 'static,
    ) -> Result<T, E> {
        self.call(port, what, 1, |_| (), effect).await
    }

    /// Carries out a call of a port that changes several things. `half` is the effect on the first half of them.
    pub(crate) async fn call<T, E: From<Fault>>(
        &self,
        port: Port,
        what: Arguments<'_>,
        things: usize,
        half: impl FnOnce(&mut State),
        effect: impl FnOnce(&mut State) -> Result<T, E> + Clone + 'static,
    ) -> Result<T, E> {
        self.pause(port.is_shared()).await;
        let (number, fault) = self.begin(port, what, things);
        match fault {
            Some(Kind::CrashBefore) => return self.die(number).await,
            Some(Kind::ErrorBefore) => {
                return Err(Fault::transient(format!("call {number}: {what} failed before its effect")).into());
            }
            Some(Kind::Half) => {
                half(&mut self.change());
                return Err(Fault::transient(format!("call {number}: {what} failed half way")).into());
            }
            Some(Kind::Late) => {
                self.happens_late(number, effect);
                return Err(Fault::transient(format!("call {number}: {what} was given up on")).into());
            }
            Some(Kind::Zombie) => self.change().deliver_again(),
            Some(Kind::CrashAfter | Kind::AckLost | Kind::Slow | Kind::Stall) | None => {}
        }
        let result = effect(&mut self.change());
        match fault {
            Some(Kind::CrashAfter) => return self.die(number).await,
            Some(Kind::AckLost) => {
                return Err(Fault::transient(format!("call {number}: {what} was not acknowledged")).into());
            }
            Some(Kind::Slow) => self.sleep_until(later(self.now(), SLOW_S)).await,
            Some(Kind::Stall) => self.sleep_until(Timestamp::MAX).await,
            _ => {}
        }
        self.pause(false).await;
        result
    }

    fn begin(&self, port: Port, what: Arguments<'_>, things: usize) -> (u64, Option<Kind>) {
        let mut state = self.change();
        state.calls.push(things);
        state.now = state.now.checked_add(SignedDuration::from_millis(LATENCY_MS)).unwrap_or(state.now);
        let number = state.calls.len() as u64;
        let fault = state.faults.at(number, port, state.now).or_else(|| state.dice.call(things));
        if let Some(kind) = fault {
            state.fired.push((number, kind));
            state.went_wrong(kind);
        }
        let now = state.now;
        state.trace.add_call(now, (number, port), what, fault);
        (number, fault)
    }

    /// Yields once. Whoever is killed never goes on from here.
    fn pause(&self, before_effect: bool) -> impl Future<Output = ()> {
        let mut yielded = false;
        poll_fn(move |context| {
            let mut state = self.change();
            if state.polling.kill {
                return Poll::Pending;
            }
            if yielded {
                return Poll::Ready(());
            }
            yielded = true;
            state.polling.before_effect |= before_effect;
            state.polling.yielded = true;
            // Batches poll only those of their futures that woke them.
            context.waker().wake_by_ref();
            Poll::Pending
        })
    }

    /// Sleeps while others go on.
    fn sleep_until(&self, until: Timestamp) -> impl Future<Output = ()> {
        poll_fn(move |context| {
            let mut state = self.change();
            if state.polling.kill || state.now < until {
                let next = state.polling.asleep_until.map_or(until, |other| other.min(until));
                state.polling.asleep_until = Some(next);
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready(())
        })
    }

    /// An effect happens though whoever asked for it has given up.
    fn happens_late<T, E>(&self, number: u64, effect: impl FnOnce(&mut State) -> Result<T, E> + Clone + 'static) {
        let place = usize::try_from(number).unwrap_or(0) % LATE_S.len();
        let at = later(self.now(), LATE_S.get(place).copied().unwrap_or(1));
        self.happens_at(at, move |state| {
            state.tell(format_args!("{number} happens late"));
            // Nobody is there to hear how it went.
            drop(effect.clone()(state));
        });
    }

    async fn die<T>(&self, number: u64) -> T {
        {
            let mut state = self.change();
            state.polling.kill = true;
            state.tell(format_args!("{number} killed"));
        }
        pending().await
    }
}

impl State {
    /// What the function at work holds comes back to its queue, though it goes on.
    fn deliver_again(&mut self) {
        let now = self.now;
        if let Some((queue, receipts)) = self.polling.holds.clone() {
            let store = self.queues.entry(queue).or_default();
            for receipt in receipts.iter() {
                store.postpone(receipt, 0, now);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use partners::{Bundle, SourceFile};
    use ports::{Archive as _, Queue as _, StepQueue};

    use crate::{Archive, Faults, Kind, Outage, Port, Queue, QueueName, World};

    fn bundle() -> Arc<Bundle> {
        let text = "tenant = \"t\"\nname = \"T\"\n[edi]\nqualifier = \"ZZ\"\nid = \"T\"\n".to_owned();
        let house = SourceFile { name: "house.toml".to_owned(), text };
        Arc::new(partners::compile(&[house], &BTreeMap::new()).unwrap())
    }

    /// A world in which the one call that is made goes wrong, what the caller saw (none if it was killed), and how many
    /// of its four messages were taken.
    fn sent(faults: Faults) -> (World, Option<bool>, usize) {
        let world = World::new(bundle(), "2026-11-23T10:00:00Z".parse().unwrap());
        world.set_faults(faults);
        let queue = Queue::of(&world);
        let bodies = vec!["{}".to_owned(); 4];
        let seen = world.drive(Box::pin(queue.send(StepQueue::OrderApply, bodies)), jiff::Timestamp::MAX);
        let taken = world.waiting(QueueName::OrderApply);
        (world, seen.map(|result| result.is_ok()), taken)
    }

    #[test]
    fn each_kind_of_fault_does_what_it_says() {
        let outcome = |faults| {
            let (_, seen, taken) = sent(faults);
            (seen, taken)
        };
        assert_eq!(outcome(Faults::none()), (Some(true), 4));
        assert_eq!(outcome(Faults::one(1, Kind::CrashBefore)), (None, 0));
        assert_eq!(outcome(Faults::one(1, Kind::CrashAfter)), (None, 4));
        assert_eq!(outcome(Faults::one(1, Kind::ErrorBefore)), (Some(false), 0));
        assert_eq!(outcome(Faults::one(1, Kind::AckLost)), (Some(false), 4));
        assert_eq!(outcome(Faults::one(1, Kind::Half)), (Some(false), 2));
        assert_eq!(outcome(Faults::one(1, Kind::Late)), (Some(false), 0));
        assert_eq!(outcome(Faults::one(1, Kind::Slow)), (Some(true), 4));
        assert_eq!(outcome(Faults::one(1, Kind::Zombie)), (Some(true), 4));
        assert_eq!(outcome(Faults::one(2, Kind::CrashBefore)), (Some(true), 4), "the fault is of another call");
    }

    #[test]
    fn a_late_effect_happens_and_a_slow_one_takes_its_time() {
        let (world, ..) = sent(Faults::one(1, Kind::Late));
        let begun = world.now();
        let parked = QueueName::Parked;
        assert_eq!(world.run_only(&[]), Ok(()));
        assert_eq!((world.waiting(QueueName::OrderApply), world.waiting(parked)), (4, 0));
        assert_eq!(world.now().duration_since(begun).as_secs(), 45, "the first call's lateness");
        let (world, ..) = sent(Faults::one(1, Kind::Slow));
        assert!(world.now().duration_since(begun).as_secs() >= 2);
    }

    #[test]
    fn an_answer_that_never_comes_ends_with_the_function() {
        let world = World::new(bundle(), "2026-11-23T10:00:00Z".parse().unwrap());
        world.set_faults(Faults::one(1, Kind::Stall));
        let stop_at = crate::queues::later(world.now(), 5);
        let queue = Queue::of(&world);
        let send = async move { queue.send(StepQueue::OrderApply, vec!["{}".to_owned()]).await };
        assert!(world.drive(Box::pin(send), stop_at).is_none());
        assert_eq!((world.now(), world.waiting(QueueName::OrderApply)), (stop_at, 1));
    }

    #[test]
    fn an_outage_is_of_one_port_and_of_its_time() {
        let from = "2026-11-23T09:00:00Z".parse().unwrap();
        let out = |port, until: &str| Faults::none().out(Outage { port, from, until: until.parse().unwrap() });
        assert_eq!(sent(out(Port::Queue, "2026-11-23T11:00:00Z")).2, 0);
        assert_eq!(sent(out(Port::Queue, "2026-11-23T10:00:00Z")).2, 4);
        assert_eq!(sent(out(Port::Table, "2026-11-23T11:00:00Z")).2, 4);
    }

    #[test]
    fn a_killed_function_does_nothing_more() {
        let (world, seen, _) = sent(Faults::one(1, Kind::CrashBefore));
        assert_eq!(seen, None);
        assert_eq!(world.calls(), 1);
        // The next function is not the killed one.
        let kept = world.drive(Box::pin(Archive::of(&world).keep(b"bytes")), jiff::Timestamp::MAX);
        assert!(kept.unwrap().is_ok());
    }

    #[test]
    fn a_function_is_stopped_by_its_time_out() {
        let world = World::new(bundle(), "2026-11-23T10:00:00Z".parse().unwrap());
        let queue = Queue::of(&world);
        let stop_at = world.now();
        let endless = async move {
            loop {
                let _ = queue.send(StepQueue::OrderApply, vec!["{}".to_owned()]).await;
            }
        };
        assert_eq!(world.drive::<()>(Box::pin(endless), stop_at), None);
    }

    #[test]
    fn what_no_queue_takes_is_refused() {
        let world = World::new(bundle(), "2026-11-23T10:00:00Z".parse().unwrap());
        let refused = |body: String| {
            let send = Queue::of(&world);
            let send = async move { send.send(StepQueue::OrderApply, vec![body]).await };
            world.drive(Box::pin(send), jiff::Timestamp::MAX).unwrap().is_err()
        };
        assert!(refused("\u{1c}".to_owned()));
        assert!(refused(String::new()));
        assert!(refused("x".repeat(256 * 1024 + 1)));
        assert!(!refused("x".repeat(256 * 1024)));
    }

    #[test]
    fn the_ways_to_fail_are_those_that_make_a_difference() {
        let (world, ..) = sent(Faults::none());
        let but = |left_out: &[Kind]| Kind::ALL.into_iter().filter(|kind| !left_out.contains(kind)).collect::<Vec<_>>();
        assert_eq!(world.kinds_of(1), Kind::ALL);
        let _ = world.drive(Box::pin(Archive::of(&world).keep(b"bytes")), jiff::Timestamp::MAX);
        let sha256 = canonical::Digest::of(b"bytes");
        let _ = world.drive(Box::pin(Archive::of(&world).fetch(&sha256)), jiff::Timestamp::MAX);
        assert_eq!(world.kinds_of(2), but(&[Kind::Half]));
        assert_eq!(world.kinds_of(3), but(&[Kind::Half, Kind::CrashAfter, Kind::AckLost, Kind::Late]));
        assert_eq!((world.kinds_of(0), world.kinds_of(4)), (Vec::new(), Vec::new()));
    }
}
