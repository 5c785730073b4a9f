//! Reading and writing releases: one place where their key, index entry and version are put together.

use canonical::{Event, PartnerScope, Release, ReleaseId};
use ports::{Fault, Key, OpenSince, Put, Stored, Table, TableExt as _};

/// How often a step decides anew because somebody else wrote the same object in between. Ten messages of one release in
/// flight at once are many; what loses more often goes back to the queue.
pub(crate) const ROUNDS_MAX: usize = 10;

pub(crate) async fn load<T: Table>(
    table: &T,
    scope: &PartnerScope,
    id: &ReleaseId,
) -> Result<Option<Stored<Release>>, Fault> {
    table.get(&Key::release(scope, id)).await
}

pub(crate) fn put_new(scope: &PartnerScope, release: &Release, events: Vec<Event>) -> Result<Put, Fault> {
    Ok(Put::new(Key::release(scope, &release.id), release)?.telling(events).open(open(release)))
}

pub(crate) fn put_next(
    scope: &PartnerScope,
    version: u64,
    release: &Release,
    events: Vec<Event>,
) -> Result<Put, Fault> {
    Ok(Put::next(Key::release(scope, &release.id), version, release)?.telling(events).open(open(release)))
}

fn open(release: &Release) -> Option<OpenSince> {
    release.court().map(|court| OpenSince { court: court.owner.as_str().to_owned(), since: court.since.to_string() })
}
