//! What the code expects of the services, each expectation once: an id, words, and a body in the verbs of `cloud.rs`.

mod api;
mod bus;
mod files;
mod mapping;
mod queue;
mod stream;
mod table;

use futures::future::LocalBoxFuture;

use crate::cloud::Held;
use crate::service::Own;
use crate::simulated::Simulated;

/// An expectation.
pub(crate) struct Statement {
    /// Its name; also what its things are named after, so letters, digits and `-`.
    pub(crate) id: &'static str,
    /// The service that it is of.
    pub(crate) area: &'static str,
    /// What is expected.
    pub(crate) words: &'static str,
    /// What follows for us where it does not hold on the local stack; empty where it holds.
    pub(crate) follows: &'static str,
    /// When it was written.
    pub(crate) date: &'static str,
    /// What it needs for itself on a service.
    pub(crate) needs: Needs,
    pub(crate) simulated: for<'a> fn(&'a Simulated) -> LocalBoxFuture<'a, Held>,
    pub(crate) service: for<'a> fn(&'a Own<'a>) -> LocalBoxFuture<'a, Held>,
}

/// What a statement needs for itself on a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Nothing: its tag tells its things from others'.
    Nothing,
    /// A queue with its dead-letter queue, which it makes.
    Queues,
    /// A queue before the stand-in, in the stack.
    Feed,
}

/// Lists the statements of a file: id, body, words, and what follows where the local stack deviates.
macro_rules! statements {
    ($area:literal, $date:literal, $needs:ident;
     $($id:literal $body:ident $words:literal $(=> $follows:literal)?;)+) => {
        pub(crate) const ALL: &[$crate::statements::Statement] = &[$($crate::statements::Statement {
            id: $id,
            area: $area,
            words: $words,
            follows: concat!($($follows)?),
            date: $date,
            needs: $crate::statements::Needs::$needs,
            simulated: |cloud| Box::pin($body(cloud)),
            service: |cloud| Box::pin($body(cloud)),
        }),+];
    };
}
pub(crate) use statements;

/// Every statement.
pub(crate) fn all() -> Vec<&'static Statement> {
    let files = [table::ALL, queue::ALL, mapping::ALL, stream::ALL, bus::ALL, files::ALL, api::ALL];
    files.into_iter().flatten().collect()
}
