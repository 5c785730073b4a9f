//! The body of each function: load, decide, write, send. Above the ports, below the runtime: the same code runs in a
//! Lambda and in the simulator. What to do is decided in `steps`; nothing is decided here.

mod authorize;
mod batch;
mod deadline_watch;
mod edge;
mod edi_drop;
mod event_publish;
mod failed;
mod holds;
mod http;
mod order_apply;
mod order_dispatch;
mod order_release;
mod partner_deliver;
mod partner_resume;
mod releases;
mod shipment_apply;
mod shipment_fanout;
mod stuck;
mod webhook_ingest;

pub use authorize::{Authorize, Verified};
pub use batch::{Done, Record, Step, run_batch};
pub use deadline_watch::DeadlineWatch;
pub use edi_drop::{Announcement, EdiDrop};
pub use event_publish::{EventPublish, StreamRecord};
pub use failed::{Failed, Retry};
pub use http::{Request, Response};
pub use order_apply::OrderApply;
pub use order_dispatch::OrderDispatch;
pub use order_release::OrderReleases;
pub use partner_deliver::PartnerDeliver;
pub use partner_resume::PartnerResume;
pub use shipment_apply::ShipmentApply;
pub use shipment_fanout::ShipmentFanout;
pub use webhook_ingest::{WebhookIngest, queue_of};
