//! Every message twice: by the queues, and by partners that forgot that they had told us.

use jiff::SignedDuration;
use sim::{Pattern, RULES, Twins, World};

use simulation::cast::{ACME, BOLT, ERP, acme_file, advice, placed, segments, world};
use simulation::story::{Act, Pace, S2, STORIES, Story, hours, perform, play, rest, same, settle, tried, well};

/// Ways in which queues deliver twice. Three days is a twin that was lost on the way and came back, within what the
/// queues keep.
const TWINS: [Twins; 4] = [
    Twins::None,
    Twins::Together,
    Twins::Later(SignedDuration::from_secs(40)),
    Twins::Later(SignedDuration::from_hours(72)),
];

/// How a partner tells a thing again.
type Again = fn(&Act) -> Act;

const AGAIN: [(&str, Again); 2] = [("the same", Act::clone), ("renamed", Act::renamed)];

fn play_again(world: &World, story: &Story, again: Again, pace: Pace) {
    let release = (story.release)();
    release.perform(world);
    again(&release).perform(world);
    settle(world);
    let acts: Vec<Act> = (story.then)(world).iter().flat_map(|act| [act.clone(), again(act)]).collect();
    perform(world, &acts, pace);
}

#[test]
fn what_comes_twice_happens_once() {
    let mut schedules = 0;
    for story in STORIES {
        let well = well(&story);
        for twins in TWINS {
            for pace in Pace::BOTH {
                let world = world();
                world.set_twins(twins);
                play(&world, &story, pace);
                same(&world, &well, &format!("{} {twins:?} {pace:?}", story.name));
                for (name, again) in AGAIN {
                    let world = simulation::cast::world();
                    world.set_twins(twins);
                    play_again(&world, &story, again, pace);
                    same(&world, &well, &format!("{} {twins:?} {pace:?} {name} again", story.name));
                    schedules += 1;
                }
                schedules += 1;
            }
        }
    }
    tried("every message twice", schedules);
}

#[test]
fn everything_told_again_a_year_later_changes_nothing() {
    for story in STORIES {
        let well = well(&story);
        let world = world();
        play(&world, &story, Pace::Settled);
        let acts = (story.then)(&world);
        world.wait(hours(24 * 365));
        (story.release)().perform(&world);
        (story.release)().renamed().perform(&world);
        perform(&world, &acts, Pace::AtOnce);
        perform(&world, &acts.iter().map(Act::renamed).collect::<Vec<_>>(), Pace::AtOnce);
        same(&world, &well, &story.name);
    }
}

/// Each party does its part once, whatever was told how often: one order at the 3PL, one fulfilment and one invoice
/// trigger for each shipment at the ERP.
#[test]
fn every_effect_at_a_partner_happens_once() {
    for (story, three_pl, shipments) in [(STORIES[0], BOLT, 1), (STORIES[1], ACME, 2)] {
        let world = world();
        world.set_twins(Twins::Later(SignedDuration::from_secs(40)));
        play_again(&world, &story, Act::renamed, Pace::AtOnce);
        let done = |partner: &str, mark: &str| {
            let received = world.received(partner).into_iter();
            received.filter(|got| got.done && String::from_utf8_lossy(&got.body).contains(mark)).count()
        };
        assert_eq!(done(ERP, r#""type":"shipment.confirmed.v1""#), shipments, "{}", story.name);
        assert_eq!(done(ERP, r#""type":"invoice.trigger.requested.v1""#), shipments, "{}", story.name);
        let orders =
            if three_pl == BOLT { done(BOLT, r#""document":"order-release""#) } else { placed(&world, ACME).len() };
        assert_eq!(orders, 1, "{}", story.name);
    }
}

/// A file in a new envelope with content that is known changes nothing, and is acknowledged all the same: its sender
/// waits for the acknowledgment of this envelope.
#[test]
fn known_content_in_a_new_envelope_is_acknowledged_and_changes_nothing() {
    let (world, again) = (world(), world());
    for one in [&world, &again] {
        play(one, &S2, Pace::Settled);
    }
    let file = acme_file("SW", 900, &[advice("SO-2", "A-1", "BOLT", 100, 60)]);
    again.drop_file(ACME, "945-again.edi", &file);
    rest(&again);
    let (before, after) = (world.summary(), again.summary());
    assert_eq!((after.releases, after.shipments, after.parked), (before.releases, before.shipments, before.parked));
    let new: Vec<&String> = after.outboxes.iter().filter(|name| !before.outboxes.contains(name)).collect();
    assert_eq!(new, ["acme-3pl/997-000000004.edi"]);
    let bytes = again.outbox(ACME).into_iter().find(|(name, _)| name == "997-000000004.edi").expect("it is there").1;
    assert_eq!(segments(&bytes, "AK1"), ["AK1*SW*900"]);
    assert_eq!(after.events.len(), before.events.len() + 1, "the acknowledgment's own delivery is told");
}

/// The table's stream told again from its beginning, as after a rebuilt mapping.
#[test]
fn the_stream_told_again_from_its_beginning_changes_nothing() {
    for story in STORIES {
        let well = well(&story);
        let world = world();
        play(&world, &story, Pace::Settled);
        world.retell_stream();
        rest(&world);
        same(&world, &well, &story.name);
    }
    assert!(RULES.iter().all(|rule| rule.types != [Pattern::Begins("")]), "no rule takes everything");
}
