//! Functions that are killed, and a stack that is stopped in the middle.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use canonical::ReleaseState;
use crossdock::scenarios::s1::{self, Script};
use crossdock::scenarios::{self, Scenario};
use crossdock::{Ledger, Out, Setup, Story, World};

use crate::stop;
use crate::support::{BOLT, confirm, ok, release, taken, until, until_state};

/// A directory whose stack is started and stopped.
pub(crate) struct Home {
    data: PathBuf,
}

impl Home {
    pub(crate) fn new() -> Self {
        let data = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("distress-{}", std::process::id()));
        let _ = fs::remove_dir_all(&data);
        fs::create_dir_all(&data).unwrap();
        Self { data }
    }

    async fn start(&self) -> World {
        ok(World::start(Setup { data_dir: Some(&self.data), ..Setup::default() }).await)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.data);
    }
}

pub(crate) async fn s1_stays_the_same_when_functions_are_killed(home: &Home) {
    let world = home.start().await;
    let out = Out::silent();
    let report = scenarios::play(&world, &Story::new(&out), Scenario::S1).await;
    stop(world).await;
    let report = ok(report);
    assert!(report.passed(), "{:#?}", report.checks);
}

pub(crate) async fn a_stopped_stack_goes_on(home: &Home) {
    let out = Out::silent();
    let world = home.start().await;
    let mut ids = Vec::new();
    for order_no in ["E2E-STOP-1", "E2E-STOP-2", "E2E-STOP-3"] {
        ids.push(release(&world, order_no, "NY", 7).await);
    }
    // Stopped at once: the releases are taken, and nothing else has happened yet.
    stop(world).await;
    let world = home.start().await;
    for id in &ids {
        until(&world, id, "placed after a restart", |release| release.facts.transport_acked).await;
        confirm(&world, &format!("stop-{id}"), id, &format!("S-{id}"), 7).await;
    }
    stop(world).await;
    let world = home.start().await;
    for id in &ids {
        until_state(&world, id, ReleaseState::Shipped).await;
        assert_eq!(taken(&world, BOLT, "order-release", id).len(), 1, "one order at the 3PL");
        // A partner that was not answered sends again.
        confirm(&world, &format!("stop-{id}"), id, &format!("S-{id}"), 7).await;
    }
    // A story that is told again from its beginning comes to the same end.
    let script = Script::numbered("E2E-AGAIN");
    let first = ok(s1::tell(&world, &Story::new(&out), &script, None).await);
    let before = ok(world.find(&first.release_id).await);
    ok(s1::tell(&world, &Story::new(&out), &script, None).await);
    ok(world.until_quiet(Duration::from_mins(3)).await);
    assert_eq!(ok(world.find(&first.release_id).await), before);
    let ledger = ok(Ledger::take(&world).await);
    let (lost, double) = (ledger.lost(), ledger.double_effects());
    stop(world).await;
    assert_eq!((lost, double), (Vec::<String>::new(), Vec::<String>::new()));
}
