//! What the other tests left behind.

use std::time::Duration;

use canonical::Digest;
use crossdock::sandbox::Direction;
use crossdock::{Ledger, World};

use crate::support::{ok, placed};

pub(crate) async fn every_byte_in_or_out_is_in_the_archive(world: &World) {
    placed(world, "E2E-RECORDS-1", "NY", 1).await;
    placed(world, "E2E-RECORDS-2", "TX", 1).await;
    let mut missing = Vec::new();
    let mut count = 0;
    for partner in world.bundle.partners.keys() {
        for file in world.operations.outbox(partner).await.unwrap() {
            let bytes = world.operations.outbox_file(&file.key).await.unwrap().unwrap();
            let archived = world.operations.archived(&Digest::of(&bytes)).await.unwrap();
            if archived.as_ref() != Some(&bytes) {
                missing.push(file.key);
            }
            count += 1;
        }
    }
    for entry in world.sandbox.journal().entries() {
        // What was refused at the door was never in; a file that is not finished is none.
        let is_in = entry.direction == Direction::Received || entry.is_taken();
        if !is_in || entry.id == "upload.edi.part" {
            continue;
        }
        let archived = world.operations.archived(&entry.sha256).await.unwrap();
        if archived.is_none_or(|bytes| Digest::of(&bytes) != entry.sha256) {
            missing.push(format!("{} {} of {}", entry.what, entry.id, entry.partner));
        }
        count += 1;
    }
    assert_eq!(missing, Vec::<String>::new());
    assert!(count >= 4, "two orders came in and went out");
}

pub(crate) async fn nothing_is_lost_or_done_twice(world: &World) {
    ok(world.until_quiet(Duration::from_mins(3)).await);
    let ledger = ok(Ledger::take(world).await);
    assert_eq!(ledger.lost(), Vec::<String>::new());
    assert_eq!(ledger.double_effects(), Vec::<String>::new());
}

/// What the functions' roles asked for, on all stacks together.
pub(crate) struct PermissionsAsked(pub(crate) String);

/// After all others, which took every way through the functions.
pub(crate) async fn what_a_role_may_do_is_what_its_function_does(asked: &PermissionsAsked) {
    assert_eq!(local::permission_gaps(&asked.0).await.unwrap(), Vec::<String>::new());
}
