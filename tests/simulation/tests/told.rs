//! Every event that is told is what its published schema says.

use std::collections::{BTreeMap, BTreeSet};

use canonical::{Event, EventType, Guarantee};
use formats::event_json;
use jsonschema::Validator;
use serde_json::json;
use sim::Reaction;

use simulation::cast::{ACME, BOLT, TMS, acme_file, bundle_of, order, release_id, world, world_with};
use simulation::random::{Begun, Plan, play};
use simulation::story::{Act, Pace, STORIES, hours, perform, settle};

/// Seeds that are played: enough for all but the rarest types.
const SEEDS: u64 = 40;

struct Schemas {
    whole: Validator,
    data: BTreeMap<EventType, Validator>,
    seen: BTreeSet<EventType>,
}

impl Schemas {
    fn new() -> Self {
        let compile = |schema| jsonschema::validator_for(&schema).expect("a schema");
        let data = EventType::ALL.iter().map(|kind| (*kind, compile(event_json::data_schema(*kind)))).collect();
        Self { whole: compile(event_json::schema()), data, seen: BTreeSet::new() }
    }

    fn hold(&mut self, event: &Event) {
        let kind = event.meta.kind;
        let written = serde_json::to_value(event).expect("JSON");
        for (validator, part) in [(&self.whole, &written), (&self.data[&kind], &event.data)] {
            let wrong: Vec<String> =
                validator.iter_errors(part).map(|error| format!("{}: {error}", error.instance_path())).collect();
            assert!(wrong.is_empty(), "{kind}: {wrong:#?}\n{part}");
        }
        assert_eq!(event.meta.schema, format!("events/schemas/events/{kind}.json"));
        self.seen.insert(kind);
    }
}

#[test]
fn every_event_that_is_told_fits_the_schema_of_its_type() {
    let mut schemas = Schemas::new();
    for story in STORIES {
        let world = world();
        simulation::story::play(&world, &story, Pace::Settled);
        world.see_told(|event| schemas.hold(event));
    }
    let mut begun = Begun::default();
    for seed in 0..SEEDS {
        let played = play(&Plan::of(seed), &mut begun, false);
        played.world.see_told(|event| schemas.hold(event));
    }
    for world in [rare(), unknown()] {
        world.see_told(|event| schemas.hold(event));
    }
    let unseen: Vec<&EventType> = EventType::ALL.iter().filter(|kind| !schemas.seen.contains(kind)).collect();
    assert_eq!(unseen, Vec::<&EventType>::new(), "types that no flow here tells");
}

/// A warehouse that would do it again does what it is asked, and is not heard.
fn unknown() -> sim::World {
    let world = world_with(bundle_of(Guarantee::Neither, false));
    world.script(BOLT, [Reaction::DoesAndIsNotHeard]);
    perform(&world, &[Act::release("9", order("SO-9", "NY", &[("DRILL", 1)]))], Pace::Settled);
    world
}

/// What seldom comes: refusals, too much of a line, somebody else's move, what nobody can place or read.
fn rare() -> sim::World {
    let world = world();
    let acts = |acts: &[Act]| perform(&world, acts, Pace::Settled);
    // One release that its warehouse's system refuses.
    let no = Reaction::Answers(422, None);
    world.script(BOLT, [no]);
    acts(&[Act::release("0", order("SO-0", "NY", &[("DRILL", 1)]))]);
    acts(&[
        Act::release("1", order("SO-1", "NY", &[("DRILL", 1)])),
        Act::release("2", order("SO-2", "NY", &[("DRILL", 1)])),
    ]);
    acts(&[Act::release("3", order("SO-3", "ZZ", &[("DRILL", 1)]))]);
    let (one, two) = (release_id("SO-1"), release_id("SO-2"));
    let at = "2026-11-23T12:00:00Z";
    let line = json!({ "line_no": 1, "sku": "DRILL", "quantity": "3", "uom": "EA" });
    acts(&[
        Act::webhook(
            BOLT,
            "release-rejected",
            "b1",
            &json!({ "release_id": one, "reason": "full", "occurred_at": at }),
        ),
        Act::webhook(
            BOLT,
            "ship-confirm",
            "b2",
            &json!({
                "release_id": two, "shipment_no": "B-2", "shipped_at": at, "lines": [line],
            }),
        ),
        // The same shipment otherwise, one of a release that nobody knows, and a scan by one who carries nothing.
        Act::webhook(
            BOLT,
            "ship-confirm",
            "b3",
            &json!({
                "release_id": two, "shipment_no": "B-2", "shipped_at": at,
                "lines": [{ "line_no": 1, "sku": "DRILL", "quantity": "2", "uom": "EA" }],
            }),
        ),
        Act::webhook(BOLT, "release-waved", "b4", &json!({ "release_id": release_id("SO-9"), "occurred_at": at })),
        Act::webhook(TMS, "release-accepted", "t1", &json!({ "release_id": two, "occurred_at": at })),
        Act::drop(ACME, "bad.edi", acme_file("SW", 1, &["945~W06*F*SO-1*20261123*A-1~W12*CC*x~W03*1~".to_owned()])),
        Act::drop(ACME, "odd.edi", b"this is no EDI".to_vec()),
    ]);
    // One that waits for its customer's credit.
    let held = order("SO-8", "NY", &[("DRILL", 1)])
        .replace("\"lines\"", "\"holds\":[{\"reason\":\"credit\",\"detail\":\"new\"}],\"lines\"");
    acts(&[Act::release("8", held)]);
    settle(&world);
    // What is to leave by a day that is over, and an endpoint that is out until it answers again.
    let body = order("SO-7", "NY", &[("DRILL", 1)]).replace("\"lines\"", "\"ship_by\":\"2026-11-20\",\"lines\"");
    acts(&[Act::release("7", body)]);
    world.away(BOLT, hours(1));
    for at in 10..20 {
        Act::release(&format!("{at}"), order(&format!("SO-{at}"), "NY", &[("DRILL", 1)])).perform(&world);
        assert_eq!(world.run_for(jiff::SignedDuration::from_mins(1)), Ok(()));
    }
    assert_eq!(world.run_for(hours(6)), Ok(()));
    world
}
