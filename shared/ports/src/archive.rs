//! Documents: the archive of every byte in and out, partners' inboxes and outboxes, and the published profiles.

use std::future::Future;
use std::sync::Arc;

use canonical::{Digest, PartnerId};
use partners::Bundle;

use crate::Fault;

/// The archive: documents under their SHA-256. Keeping the same bytes twice keeps them once.
pub trait Archive {
    /// Keeps `bytes`; they can be fetched from now on.
    fn keep(&self, bytes: &[u8]) -> impl Future<Output = Result<Digest, Fault>>;

    /// The document, if it is there.
    fn fetch(&self, sha256: &Digest) -> impl Future<Output = Result<Option<Vec<u8>>, Fault>>;
}

/// The register of what may be used once, such as a control number.
pub trait Register {
    /// Writes `entry` under `name` if there is none. None if it is there now; else the entry that was there before, which
    /// may be one's own of an earlier try. Names are made of letters, digits, `-`, `_` and `/`.
    fn claim(&self, name: &str, entry: &[u8]) -> impl Future<Output = Result<Option<Vec<u8>>, Fault>>;
}

/// Partners' inboxes and outboxes.
pub trait Exchange {
    /// The dropped object under `key` in the version that was announced; none if it is gone.
    fn dropped(&self, key: &str, version: Option<&str>) -> impl Future<Output = Result<Option<Vec<u8>>, Fault>>;

    /// Puts `bytes` into the partner's outbox under `name`. Doing it twice leaves the same object.
    fn put_out(&self, partner: &PartnerId, name: &str, bytes: &[u8]) -> impl Future<Output = Result<(), Fault>>;
}

/// The published profile bundle.
pub trait Profiles {
    /// The bundle in force. It is cached, and served stale when the store is out.
    fn bundle(&self) -> impl Future<Output = Result<Arc<Bundle>, Fault>>;
}
