//! The ports on AWS. The only crate that imports an AWS SDK or an HTTP client.
//!
//! Every SDK error is judged in one file, `classify`; whatever can fail entry by entry is sent again in one file,
//! `resend`; whatever is served stale is held in one file, `cache`. [`Operations`] is the operators' side: what the
//! `crossdock` command and the end-to-end tests ask of a deployment, and no function uses.

mod address;
mod archive;
mod bus;
mod cache;
mod classify;
mod config;
mod exchange;
mod key_sets;
mod limits;
mod objects;
mod operations;
mod partner_http;
mod profiles;
mod queue;
mod redelivery;
mod resend;
mod secret_value;
mod secrets;
mod settings;
mod table;
mod tokens;

#[cfg(test)]
mod replay;

pub use archive::Archive;
pub use aws_config::SdkConfig;
pub use bus::{Bus, EVENT_SOURCE};
pub use config::config;
pub use exchange::Exchange;
pub use key_sets::KeySets;
pub use limits::Limits;
pub use operations::{
    Applied, Http, HttpReply, Item, MoveTask, OpenItem, Operations, OperationsConfig, QueueDepth, QueueKind,
    QueuedMessage, StoredFile,
};
pub use partner_http::PartnerHttp;
pub use profiles::Profiles;
pub use queue::Queue;
pub use redelivery::Redelivery;
pub use secrets::Secrets;
pub use settings::Settings;
pub use table::{EVENTS_ATTRIBUTE, Table};

#[cfg(test)]
mod tests {
    use canonical::Digest;
    use ports::{
        Archive as _, Bus as _, Call, Commit, Exchange as _, KeySets as _, Limits as _, PartnerHttp as _,
        Profiles as _, Queue as _, Read, Redelivery as _, Secrets as _, StepQueue, Table as _,
    };

    use super::*;

    fn is_send<T: Send>(_: T) {}

    /// The HTTP runtime asks for futures that can move between threads; the ports do not promise it, so it is
    /// held here.
    #[test]
    fn every_port_can_move_between_threads() {
        let config = replay::Replay::new(Vec::new()).config();
        let names = [
            "TABLE_NAME",
            "LIMITS_TABLE_NAME",
            "ARCHIVE_BUCKET",
            "EXCHANGE_BUCKET",
            "BUS_NAME",
            "QUEUE_URL",
            "SECRETS_PREFIX",
        ];
        let settings = Settings::from_pairs(names.map(|name| (name, "x")));
        let partner = "p".parse().unwrap();
        is_send(Table::new(&config, &settings).unwrap().load(&replay::key("1")));
        is_send(Table::new(&config, &settings).unwrap().commit(Commit::default()));
        is_send(Limits::new(&config, &settings).unwrap().count(&replay::key("1"), jiff::Timestamp::UNIX_EPOCH));
        is_send(Queue::new(&config, &settings).send(StepQueue::OrderApply, Vec::new()));
        is_send(Bus::new(&config, &settings).unwrap().publish(Vec::new()));
        is_send(Archive::new(&config, &settings).unwrap().keep(b""));
        is_send(Archive::new(&config, &settings).unwrap().fetch(&Digest::of(b"")));
        is_send(Exchange::new(&config, &settings).unwrap().dropped("k", None));
        is_send(Exchange::new(&config, &settings).unwrap().put_out(&partner, "n", b""));
        is_send(Profiles::new(&config, &settings).unwrap().bundle());
        is_send(Secrets::new(&config, &settings).unwrap().secrets(
            &partner,
            "n",
            jiff::Timestamp::UNIX_EPOCH,
            Read::Held,
        ));
        is_send(KeySets::new(&settings).unwrap().key_set("", Read::Held));
        is_send(Redelivery::new(&config, &settings).unwrap().postpone("r", 1));
        is_send(Redelivery::new(&config, &settings).unwrap().note("m", &serde_json::Value::Null));
        let call = Call { partner: partner.clone(), url: String::new(), headers: Vec::new(), body: Vec::new() };
        is_send(PartnerHttp::new(&settings).unwrap().post(call));
    }
}
