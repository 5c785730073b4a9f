//! `docs/onboarding.md` as a newcomer does it: two partners from `partner new` to their first applied messages, no code.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use canonical::{PartnerId, ReleaseState};
use clap::Parser as _;
use crossdock::args::Cli;
use crossdock::{Error, Out, World, commands};
use serde_json::json;

use crate::support::{SOON, ok, order, others, until, until_state};

/// `crossdock <line>` for the world's stack, with the profiles in `folder`.
async fn run(folder: &Path, line: &str) -> Result<ExitCode, Error> {
    let place = folder.display().to_string();
    let words = format!("crossdock --json --data {place} {line}").replace("FOLDER", &place);
    commands::run(Cli::parse_from(words.split(' ')), &Out::new(true)).await
}

fn change(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{} holds {from}", path.display());
    fs::write(path, text.replace(from, to)).unwrap();
}

/// The folder of the sample profiles, and of what the tests added to them.
fn profiles(folder: &Path) {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/partners");
    for entry in fs::read_dir(samples).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
    }
    for file in others() {
        fs::write(folder.join(file.name), file.text).unwrap();
    }
}

async fn released(world: &World, number: &str, warehouse: &str) -> canonical::ReleaseId {
    let mut order = order(number, "NY", 12);
    order["warehouse"] = json!(warehouse);
    ok(world.released(&format!("key-{number}"), order.to_string().as_bytes()).await)
}

pub(crate) async fn a_new_partner_goes_from_its_first_line_to_its_first_applied_message(world: &World) {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    profiles(folder);
    ok(world.running().announce(Some(folder)));
    let done = Some(ExitCode::SUCCESS);
    for (partner, kind) in [("dock-7", "rest-3pl"), ("dock-8", "edi-3pl")] {
        assert_eq!(run(folder, &format!("partner new {partner} --kind {kind} --profiles FOLDER")).await.ok(), done);
    }
    // A slip of the pen is found, a secret that is missing too, and neither is applied.
    let file = folder.join("dock-7.toml");
    change(&file, "guarantee", "garantee");
    assert_eq!(run(folder, "partner lint --profiles FOLDER").await.ok(), Some(ExitCode::FAILURE));
    change(&file, "garantee", "guarantee");
    assert_eq!(run(folder, "partner lint --profiles FOLDER").await.ok(), Some(ExitCode::FAILURE));
    let refused = run(folder, "partner apply --profiles FOLDER").await.unwrap_err();
    assert!(refused.to_string().contains("its secret dock-7/webhook-in is not in the store"), "{refused}");
    assert_eq!(run(folder, "partner secrets dock-7 --profiles FOLDER").await.ok(), done);
    assert_eq!(run(folder, "partner lint --profiles FOLDER").await.ok(), done);
    let before = world.operations.applied().await.unwrap().unwrap();
    assert_eq!(run(folder, "partner diff --profiles FOLDER").await.ok(), done);
    assert_eq!(run(folder, "partner apply --profiles FOLDER").await.ok(), done);
    assert!(!world.operations.apply_bundle(&before.bundle, Some(&before)).await.unwrap(), "somebody has applied since");
    let stale = run(folder, &format!("partner apply --profiles FOLDER --expect {}", before.bundle.version)).await;
    assert!(stale.unwrap_err().to_string().contains("somebody has applied since"));
    // Functions that start anew take it up at once; those that run do within a minute.
    world.kill_functions(&[]);

    let id = released(world, "E2E-DOCK7", "DOCK7").await;
    let placed = until(world, &id, "placed with the new partner", |release| release.facts.transport_acked).await;
    assert_eq!(placed.route.as_ref().map(|route| route.partner.as_str()), Some("dock-7"));
    let received = world.sandbox.journal().received("dock-7", "E2E-DOCK7");
    assert_eq!(received.iter().map(|entry| entry.status).collect::<Vec<_>>(), [200], "its signature holds");
    let body = folder.join("accepted.json");
    fs::write(&body, json!({ "release_id": id, "occurred_at": world.time(1).to_string() }).to_string()).unwrap();
    let send = format!("partner send dock-7 release-accepted {}", body.display());
    assert_eq!(run(folder, &send).await.ok(), done);
    until(world, &id, "accepted", |release| release.facts.business.is_some()).await;

    let id = released(world, "E2E-DOCK8", "DOCK8").await;
    until(world, &id, "placed as a 940", |release| release.facts.transport_acked).await;
    assert_eq!(ok(world.ship_orders("dock-8").await).len(), 1);
    ok(world.drop("dock-8", "945.edi", ADVICE.as_bytes()).await);
    until_state(world, &id, ReleaseState::Shipped).await;
    let partner: PartnerId = "dock-8".parse().unwrap();
    let acknowledged = async || {
        let files = world.operations.outbox(&partner).await?;
        Ok(files.iter().any(|file| file.key.contains("/997-")).then_some(()))
    };
    ok(world.until("the 997 of the first 945", SOON, acknowledged).await);

    // Taken out of force it is refused, and put back it is taken.
    assert_eq!(run(folder, "partner disable dock-7 --reason moved --profiles FOLDER").await.ok(), done);
    assert!(fs::read_to_string(&file).unwrap().contains("disabled = \"moved\""));
    world.kill_functions(&["webhook-ingest"]);
    assert_eq!(run(folder, &send).await.ok(), Some(ExitCode::FAILURE));
    assert_eq!(run(folder, "partner enable dock-7 --profiles FOLDER").await.ok(), done);
    world.kill_functions(&["webhook-ingest"]);
    assert_eq!(run(folder, &send).await.ok(), done);

    // What was in force before stays readable, and can be put in force again.
    for line in ["partner list", "partner list --versions", "partner show dock-7"] {
        assert_eq!(run(folder, line).await.ok(), done, "{line}");
    }
    let version = &before.bundle.version;
    let refused = run(folder, &format!("partner apply --version {version}")).await.unwrap_err();
    assert!(refused.to_string().contains("dock-7, dock-8 would be taken out"), "{refused}");
    assert_eq!(run(folder, &format!("partner apply --version {version} --remove")).await.ok(), done);
    assert_eq!(world.operations.applied().await.unwrap().unwrap().bundle.version, *version);
}

const ADVICE: &str = "ISA*00*          *00*          *ZZ*DOCK8          *ZZ*NORTHWIND      *261125*1000*U*00401*000000001*0*P*>~\
GS*SW*DOCK8*NORTHWIND*20261125*1000*1*X*004010~ST*945*0001~W06*F*E2E-DOCK8*20261125*SHP-1~N1*SF*DOCK EIGHT*92*DOCK8~\
G62*11*20261125*X*1000*UT~W27*M*ODFL~LX*1~W12*CC*12*12*0*EA**VN*WIDGET~N9*LI*1~W03*12~SE*10*0001~GE*1*1~IEA*1*000000001~";
