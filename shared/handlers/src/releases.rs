//! What the bodies share: finding releases, putting them together with key, index entry and version, and the one write.

use canonical::{Code, Event, Finding, PartnerScope, Release, ReleaseId, SetReference};
use ports::{Commit, CommitError, Fault, Key, OpenSince, Put, Stored, Table, TableExt as _};
use steps::order_dispatch::DepositorUse;

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
    Ok(Put::new(Key::release(scope, &release.id), release)?.telling(events).open(open(release)).due(release.next_due()))
}

/// That the partner has a part in the release. There is nothing more to say of it.
pub(crate) fn put_part(scope: &PartnerScope, release: &ReleaseId) -> Result<Put, Fault> {
    Put::new(Key::part(scope, release), &serde_json::json!({ "release_id": release }))
}

pub(crate) fn put_next(
    scope: &PartnerScope,
    version: u64,
    release: &Release,
    events: Vec<Event>,
) -> Result<Put, Fault> {
    Ok(Put::next(Key::release(scope, &release.id), version, release)?
        .telling(events)
        .open(open(release))
        .due(release.next_due()))
}

fn open(release: &Release) -> Option<OpenSince> {
    if steps::defect!(LostIndexEntry) {
        return None;
    }
    // A place of its own, so that a list can be told page by page: two releases may wait since the same moment. The fraction
    // has a fixed length, or text would not sort as time.
    let since = |since| format!("{since:.9}/{}", release.id);
    release.court().map(|court| OpenSince { court: court.owner.as_str().to_owned(), since: since(court.since) })
}

/// Writes `puts`. False if somebody else wrote, or is writing, the same object: load again and decide again.
pub(crate) async fn write<T: Table>(table: &T, mut puts: Vec<Put>) -> Result<bool, Fault> {
    if steps::defect!(NoVersionFence) {
        for put in &mut puts {
            if let Some(stored) = table.load(&put.key).await? {
                put.expect = ports::Expect::Version(stored.version);
            }
        }
    }
    match table.commit(Commit { puts }).await {
        Ok(()) => Ok(true),
        Err(CommitError::Lost | CommitError::Busy) => Ok(false),
        Err(CommitError::Fault(fault)) => Err(fault),
    }
}

/// The id of the release that a partner names; none if it knows none by that number.
pub(crate) async fn resolve<T: Table>(
    table: &T,
    scope: &PartnerScope,
    reference: &SetReference,
) -> Result<Option<ReleaseId>, Fault> {
    match reference {
        SetReference::ReleaseId(id) => Ok(Some(id.clone())),
        SetReference::DepositorOrderNo(number) => {
            let known = table.get::<DepositorUse>(&Key::depositor(scope, number)).await?;
            Ok(known.map(|stored| stored.value.release_id))
        }
    }
}

/// What is said when the release that a partner names is not to be found.
pub(crate) fn unknown(reference: &SetReference) -> Finding {
    let detail = match reference {
        SetReference::ReleaseId(id) => format!("there is no release {id}"),
        SetReference::DepositorOrderNo(number) => format!("no release was placed under order number {number}"),
    };
    Finding { code: Code::UnknownRelease, detail, place: None }
}
