//! S14: what comes twice. Four layers tell it: the bytes, the envelope, the business key, and the effect.

use canonical::{Code, ParkedAs};
use sim::World;

use simulation::cast::{
    ACME, acceptance, acme_file, advice, bundle_with, order, placed, release_id, world, world_with,
};
use simulation::story::{Act, every_single_fault, settle, tail, tried};

/// A world in which Acme has an order of a hundred.
fn hundred(world: World) -> World {
    Act::release("s14", order("SO-14", "TX", &[("BOLT", 100)])).perform(&world);
    settle(&world);
    world
}

/// A world in which Acme has that, and has told of sixty.
fn sixty(world: World) -> World {
    let world = hundred(world);
    assert_eq!(placed(&world, ACME).len(), 1);
    world.drop_file(ACME, "945.edi", &first());
    settle(&world);
    assert_eq!(shipped(&world), "60");
    world
}

fn first() -> Vec<u8> {
    acme_file("SW", 501, &[advice("SO-14", "A-1", "BOLT", 100, 60)])
}

fn shipped(world: &World) -> String {
    world.release(release_id("SO-14").as_str()).expect("a release").lines()[0].shipped.to_string()
}

/// How many of what a drop led to: 997s, TA1s among Acme's files, and messages in the inbox.
fn counts(world: &World) -> (usize, usize, usize) {
    let files = world.outbox(ACME);
    let of = |start: &str| files.iter().filter(|(name, _)| name.starts_with(start)).count();
    (of("997-"), of("TA1-"), world.parked().len())
}

/// Drops the first file again, under this name: nothing changes, and its number was looked up.
#[track_caller]
fn changes_nothing(name: &str) {
    let world = sixty(world());
    let before = (world.summary(), counts(&world));
    world.drop_file(ACME, name, &first());
    settle(&world);
    assert_eq!((world.summary(), counts(&world)), before);
    assert!(tail(&world).contains("claim interchange/"), "the number was looked up");
}

#[test]
fn the_same_bytes_under_the_same_name_change_nothing() {
    changes_nothing("945.edi");
}

#[test]
fn the_same_bytes_under_another_name_change_nothing() {
    changes_nothing("945-again.edi");
}

#[test]
fn the_same_number_with_other_bytes_is_a_conflict_and_nothing_of_it_is_acted_upon() {
    let world = sixty(world());
    let other = acme_file("SW", 501, &[advice("SO-14", "A-2", "BOLT", 40, 40)]);
    world.drop_file(ACME, "945-2.edi", &other);
    settle(&world);
    assert_eq!((shipped(&world).as_str(), counts(&world)), ("60", (1, 0, 1)), "{}", tail(&world));
    let parked = world.parked();
    assert_eq!((parked[0].code, parked[0].parked_as), (Code::EdiControlNumberTaken, ParkedAs::Conflict));
    assert!(parked[0].findings[0].detail.contains("came before with other content"), "{:?}", parked[0].findings);
    // Who asks is told, in its own protocol.
    let asks = String::from_utf8(other).expect("text").replace("*0*P*>", "*1*P*>").replace("A-2", "A-3");
    world.drop_file(ACME, "945-3.edi", asks.as_bytes());
    settle(&world);
    assert_eq!((shipped(&world).as_str(), counts(&world)), ("60", (1, 1, 2)));
    assert_eq!(world.audit(), Vec::<String>::new());
}

#[test]
fn the_same_content_under_another_number_changes_nothing_and_is_acknowledged() {
    let world = sixty(world());
    world.drop_file(ACME, "945-2.edi", &acme_file("SW", 502, &[advice("SO-14", "A-1", "BOLT", 100, 60)]));
    settle(&world);
    assert_eq!((shipped(&world).as_str(), counts(&world)), ("60", (2, 0, 0)));
    assert_eq!(world.told_counts()["shipment.confirmed.v1"], 1);
}

#[test]
fn the_same_shipment_with_other_content_is_a_conflict() {
    let world = sixty(world());
    world.drop_file(ACME, "945-2.edi", &acme_file("SW", 502, &[advice("SO-14", "A-1", "BOLT", 100, 70)]));
    settle(&world);
    assert_eq!((shipped(&world).as_str(), counts(&world)), ("60", (2, 0, 1)));
    assert_eq!((world.parked()[0].code, world.parked()[0].parked_as), (Code::ContentConflict, ParkedAs::Conflict));
}

#[test]
fn a_partner_that_always_sends_the_same_number_is_told_apart_by_its_documents() {
    let reused = "name = \"Acme Logistics\"\nagreement = { control_numbers = \"reused\" }";
    let world = sixty(world_with(bundle_with(&[("acme-3pl.toml", "name = \"Acme Logistics\"", reused)])));
    world.drop_file(ACME, "945-2.edi", &acme_file("SW", 501, &[advice("SO-14", "A-2", "BOLT", 40, 40)]));
    settle(&world);
    assert_eq!(shipped(&world), "100");
}

/// Another kind of file has its numbers from the same row.
#[test]
fn a_number_is_taken_by_whatever_came_in_it() {
    let world = sixty(world());
    let group = placed(&world, ACME)[0].group;
    world.drop_file(ACME, "997.edi", &acme_file("FA", 501, &[acceptance(group)]));
    settle(&world);
    assert_eq!(world.parked()[0].code, Code::EdiControlNumberTaken);
}

/// A drop that is killed anywhere and told of once more is the same file, and no copy of itself.
#[test]
fn one_fault_anywhere_makes_no_conflict() {
    let base = hundred(world());
    let play = |world: &World| {
        world.drop_file(ACME, "945.edi", &first());
        world.drop_file(ACME, "copy.edi", &first());
        world.drop_file(ACME, "other.edi", &acme_file("SW", 502, &[advice("SO-14", "A-2", "BOLT", 40, 40)]));
        settle(world);
    };
    let well = base.fork();
    play(&well);
    assert_eq!((shipped(&well).as_str(), counts(&well)), ("100", (2, 0, 0)));
    let schedules = every_single_fault(&base, &well, |world, fault| {
        play(world);
        let found = (shipped(world), counts(world), world.audit());
        assert_eq!(found, ("100".to_owned(), (2, 0, 0), Vec::new()), "{fault}\n{}", tail(world));
    });
    tried("drops, one fault", schedules);
}

/// Two files under one number, dropped in the same moment: one of them is taken and the other is a conflict, whatever fails.
#[test]
fn of_two_files_at_once_under_one_number_one_is_taken() {
    let base = hundred(world());
    let play = |world: &World| {
        world.drop_file(ACME, "945.edi", &first());
        world.drop_file(ACME, "other.edi", &acme_file("SW", 501, &[advice("SO-14", "A-2", "BOLT", 100, 40)]));
        settle(world);
        let (shipped, parked) = (shipped(world), world.parked());
        assert!(["60", "40"].contains(&shipped.as_str()), "{shipped} shipped\n{}", tail(world));
        assert_eq!((counts(world), parked[0].code), ((1, 0, 1), Code::EdiControlNumberTaken), "{}", tail(world));
        assert_eq!(world.audit(), Vec::<String>::new());
    };
    let well = base.fork();
    play(&well);
    let schedules = every_single_fault(&base, &well, |world, _| {
        world.set_workers(2, 1);
        play(world);
    });
    tried("two files under one number, one fault", schedules);
}
