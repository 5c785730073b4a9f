//! The ports in memory: virtual time, one thread, no runtime.
//!
//! The real bodies of the functions run here, between queues, a table with its stream, a bus, an archive and partners
//! that are simulated. Each call of a port is a numbered point. Before its effect and after it the future yields once,
//! so that the executor can drop it there as a killed Lambda is dropped, and [`Faults`] can make the call fail with or
//! without its effect. Time passes only when a call takes some or when nothing can go on before a later moment.
//!
//! Everything is deterministic: the same inputs, faults and [`Schedule`] give the same trace and the same
//! [`World::trace_hash`].
//!
//! **Entry points**: [`World`] and its clients (`api_post`, `webhook`, `drop_file`, …), [`World::run`] to let it work,
//! [`World::summary`] and [`World::audit`] to see what came of it.

mod alike;
mod audit;
mod call;
mod chances;
mod clients;
mod dispatch;
mod executor;
mod faults;
mod outside;
mod ports;
mod probe;
mod queues;
mod rules;
mod schedule;
mod trace;
mod view;
mod watch;
mod world;

pub use chances::Chances;
pub use clients::{CLIENT_TRIES_MAX, api_key, secret};
pub use executor::{NotQuiet, Source};
pub use faults::{Faults, Kind, Outage, Port};
pub use outside::{Reaction, Received};
pub use ports::{Archive, Bus, Exchange, KeySets, Limits, PartnerHttp, Profiles, Queue, Redelivery, Secrets, Table};
pub use probe::{Doing, Message, StandIn};
pub use queues::{QueueName, Settings, Twins};
pub use rules::{Pattern, RULES, Rule};
pub use schedule::{Schedule, draw};
pub use view::Summary;
pub use world::World;
