//! A call of a port: a numbered point at which the future can be dropped, or the call fail.

use std::future::{Future, pending, poll_fn};
use std::task::Poll;

use jiff::SignedDuration;
use ports::Fault;

use crate::world::State;
use crate::{Kind, Port, World};

/// What every call takes, in milliseconds: single digits are usual for each of the services.
const LATENCY_MS: i64 = 4;

impl World {
    /// Carries out a call of a port that only reads.
    pub(crate) async fn read<T>(
        &self,
        port: Port,
        what: &str,
        read: impl FnOnce(&mut State) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.call(port, what, 0, |_| (), read).await
    }

    /// Carries out a call of a port that changes one thing.
    pub(crate) async fn write<T, E: From<Fault>>(
        &self,
        port: Port,
        what: &str,
        effect: impl FnOnce(&mut State) -> Result<T, E>,
    ) -> Result<T, E> {
        self.call(port, what, 1, |_| (), effect).await
    }

    /// Carries out a call of a port that changes several things. `half` is the effect on the first half of them.
    pub(crate) async fn call<T, E: From<Fault>>(
        &self,
        port: Port,
        what: &str,
        things: usize,
        half: impl FnOnce(&mut State),
        effect: impl FnOnce(&mut State) -> Result<T, E>,
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
            Some(Kind::CrashAfter | Kind::AckLost) | None => {}
        }
        let result = effect(&mut self.change());
        match fault {
            Some(Kind::CrashAfter) => return self.die(number).await,
            Some(Kind::AckLost) => {
                return Err(Fault::transient(format!("call {number}: {what} was not acknowledged")).into());
            }
            _ => {}
        }
        self.pause(false).await;
        result
    }

    fn begin(&self, port: Port, what: &str, things: usize) -> (u64, Option<Kind>) {
        let mut state = self.change();
        state.calls.push(things);
        state.now = state.now.checked_add(SignedDuration::from_millis(LATENCY_MS)).unwrap_or(state.now);
        let number = state.calls.len() as u64;
        let fault = state.faults.at(number, port, state.now);
        match fault {
            None => state.tell(format_args!("{number} {port:?} {what}")),
            Some(kind) => state.tell(format_args!("{number} {port:?} {what}: {kind:?}")),
        }
        (number, fault)
    }

    /// Yields once. Whoever is killed never goes on from here.
    fn pause(&self, before_effect: bool) -> impl Future<Output = ()> {
        let mut yielded = false;
        poll_fn(move |context| {
            let mut state = self.change();
            if state.kill {
                return Poll::Pending;
            }
            if yielded {
                return Poll::Ready(());
            }
            yielded = true;
            state.before_effect |= before_effect;
            // Batches poll only those of their futures that woke them.
            context.waker().wake_by_ref();
            Poll::Pending
        })
    }

    async fn die<T>(&self, number: u64) -> T {
        {
            let mut state = self.change();
            state.kill = true;
            state.tell(format_args!("{number} killed"));
        }
        pending().await
    }
}
