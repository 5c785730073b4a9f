//! The few verbs that a step's body needs of the world. `aws` carries them out on AWS, `sim` in memory.
//!
//! A port exists only where the domain has a verb; none mirrors an SDK. Native `async fn`, generic parameters, no `dyn`.

mod archive;
mod fault;
mod key;
mod limits;
mod partner;
mod queue;
mod redelivery;
mod scope;
mod table;

pub use archive::{Archive, Exchange, Profiles, Register};
pub use fault::{Fault, FaultKind};
pub use key::Key;
pub use limits::Limits;
pub use partner::{Call, KeySets, PartnerHttp, Read, Reply, Secrets, TokenRequest};
pub use queue::{Bus, Queue, StepQueue};
pub use redelivery::Redelivery;
pub use scope::Scope;
pub use table::{
    Commit, CommitError, Due, DueIndex, Expect, OpenSince, Put, Stored, Table, TableExt, WAIT_END, WaitIndex, Waiting,
};
