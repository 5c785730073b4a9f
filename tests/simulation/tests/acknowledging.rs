//! What partners are told of what they sent: TA1, 997, 999 and CONTRL, and what a profile agrees on.

use canonical::{Code, ReleaseState};
use sim::World;

use simulation::cast::{
    ACME, acceptance, acme_file, advice, bundle_with, order, placed, release_id, segments, world, world_with,
};
use simulation::story::{Act, rest, settle};

/// A world in which Acme has one order of a hundred.
fn placed_with(world: World, order_no: &str) -> World {
    Act::release("key", order(order_no, "TX", &[("BOLT", 100)])).perform(&world);
    settle(&world);
    assert_eq!(placed(&world, ACME).len(), 1);
    world
}

fn state(world: &World, order_no: &str) -> ReleaseState {
    world.release(release_id(order_no).as_str()).expect("a release").state()
}

/// Names of the files in Acme's outbox, without the 940s.
fn answers(world: &World) -> Vec<String> {
    let names = world.outbox(ACME).into_iter().map(|(name, _)| name);
    names.filter(|name| !name.starts_with("940-")).collect()
}

fn answer(world: &World, name: &str) -> Vec<u8> {
    world.outbox(ACME).into_iter().find(|(found, _)| found == name).unwrap_or_else(|| panic!("no {name}")).1
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

/// Asks for a TA1 (ISA14).
fn asking(file: &[u8]) -> Vec<u8> {
    text(file).replacen("*0*P*>", "*1*P*>", 1).into_bytes()
}

#[test]
fn who_asks_for_a_ta1_gets_one_beside_the_997() {
    let world = placed_with(world(), "SO-TA1");
    world.drop_file(ACME, "945.edi", &asking(&acme_file("SW", 7, &[advice("SO-TA1", "A-1", "BOLT", 100, 100)])));
    settle(&world);
    assert_eq!(state(&world, "SO-TA1"), ReleaseState::Shipped);
    let names = answers(&world);
    let [functional, interchange] = names.as_slice() else { panic!("{names:?}") };
    assert!(functional.starts_with("997-") && interchange.starts_with("TA1-"), "{names:?}");
    let ta1 = answer(&world, interchange);
    assert_eq!(segments(&ta1, "TA1"), ["TA1*000000007*261123*1400*A*000"]);
    assert_eq!(segments(&ta1, "GS"), Vec::<String>::new(), "a TA1 stands in no group");
    assert_eq!(segments(&ta1, "IEA").len(), 1);
    assert_eq!(world.audit(), Vec::<String>::new());
}

/// The groups of one partner are numbered without a gap, whatever else is sent to it.
#[test]
fn a_ta1_takes_no_group_number() {
    let world = placed_with(world(), "SO-GAP");
    // Truncated: nothing in it is taken, and the partner asked to be told.
    let cut = asking(&acme_file("SW", 7, &[advice("SO-GAP", "A-1", "BOLT", 100, 100)]));
    world.drop_file(ACME, "cut.edi", &cut[..cut.len() - 20]);
    settle(&world);
    let names = answers(&world);
    let [refusal] = names.as_slice() else { panic!("{names:?}") };
    assert_eq!(segments(&answer(&world, refusal), "TA1"), ["TA1*000000007*261123*1400*R*023"]);
    assert_eq!(state(&world, "SO-GAP"), ReleaseState::TransportAcked);
    assert_eq!(world.parked().len(), 1);
    let whole = acme_file("SW", 8, &[advice("SO-GAP", "A-1", "BOLT", 100, 100)]);
    world.drop_file(ACME, "whole.edi", &whole);
    settle(&world);
    assert_eq!(state(&world, "SO-GAP"), ReleaseState::Shipped);
    let functional = answers(&world).into_iter().find(|name| name.starts_with("997-")).expect("a 997");
    let group: Vec<String> = segments(&answer(&world, &functional), "GE");
    assert_eq!(group, ["GE*1*2"], "the 940 was in group 1");
}

#[test]
fn a_set_that_has_no_step_is_refused_by_its_997() {
    let world = placed_with(world(), "SO-944");
    let receipt = "944~W17*F*20261123*R1~N1*WH*LONE STAR*92*DAL1~W07*10*EA**VN*BOLT~W14*10~".to_owned();
    world.drop_file(ACME, "944.edi", &acme_file("RE", 9, &[receipt]));
    settle(&world);
    let names = answers(&world);
    let [functional] = names.as_slice() else { panic!("{names:?}") };
    assert_eq!(segments(&answer(&world, functional), "AK5"), ["AK5*R*1"]);
    let parked = world.parked();
    assert_eq!(parked.iter().map(|one| one.code).collect::<Vec<_>>(), [Code::EdiUnsupportedSet]);
}

#[test]
fn a_partner_that_answers_with_999s_is_understood() {
    let world = placed_with(world(), "SO-999");
    let taken = acceptance(1).replace("997~", "999~").replace("AK5", "IK5");
    let file = text(&acme_file("FA", 11, &[taken])).replace("004010", "005010X231A1").replace("00401*", "00501*");
    world.drop_file(
        ACME,
        "999.edi",
        file.replace("*U*00501", "*^*00501").replace("ST*999*0001~", "ST*999*0001*005010X231A1~").as_bytes(),
    );
    settle(&world);
    assert_eq!(state(&world, "SO-999"), ReleaseState::TechAcked, "{:?}", world.parked());
    assert_eq!(answers(&world), Vec::<String>::new(), "an acknowledgment is never acknowledged");
}

/// EDIFACT has no step yet: the message is kept for a person, and its sender is told in its own syntax.
#[test]
fn an_edifact_message_is_answered_with_a_contrl() {
    let world = world();
    let file = "UNB+UNOA:3+ACME3PL:ZZ+NORTHWIND:ZZ+261123:1400+REF7'\
                UNH+M1+DESADV:D:96A:UN'BGM+351+S1+9'CPS+1'LIN+1'UNT+5+M1'UNZ+1+REF7'";
    world.drop_file(ACME, "desadv.edi", file.as_bytes());
    settle(&world);
    let names = answers(&world);
    let [contrl] = names.as_slice() else { panic!("{names:?}") };
    assert!(contrl.starts_with("CONTRL-"), "{contrl}");
    let written = text(&answer(&world, contrl));
    assert!(written.starts_with("UNB+UNOC:3+NORTHWIND:ZZ+ACME3PL:ZZ+261123:"), "{written}");
    assert!(written.contains("UNH+1+CONTRL:D:3:UN'UCI+REF7+ACME3PL:ZZ+NORTHWIND:ZZ+7'"), "{written}");
    assert!(written.contains("UCM+M1+DESADV:D:96A:UN+4+14+UNH+3'"), "{written}");
    let document = edi::read(written.as_bytes());
    let verdict = edi::verdict::interchange(&document.interchanges[0], edi::guide::Guides::built_in());
    assert_eq!(verdict.groups[0].sets[0].findings, Vec::new());
    assert_eq!(world.parked().len(), 1);
}

#[test]
fn what_is_agreed_with_a_partner_holds_for_its_files_alone() {
    let agreed = "id = \"ACME3PL\"\n\n[agreement]\noverlay = \"945 W27 1..1\"\nacknowledge = { functional = \"none\" }";
    let world = placed_with(world_with(bundle_with(&[("acme-3pl.toml", "id = \"ACME3PL\"", agreed)])), "SO-AGREED");
    let without = advice("SO-AGREED", "A-1", "BOLT", 100, 100).replace("W27*M*ODFL~", "");
    world.drop_file(ACME, "without.edi", &acme_file("SW", 7, std::slice::from_ref(&without)));
    rest(&world);
    assert_eq!(state(&world, "SO-AGREED"), ReleaseState::TransportAcked, "the carrier must be named");
    assert_eq!(answers(&world), Vec::<String>::new(), "no acknowledgment is wanted");
    let world = placed_with(self::world(), "SO-AGREED");
    world.drop_file(ACME, "without.edi", &acme_file("SW", 7, &[without]));
    settle(&world);
    assert_eq!(state(&world, "SO-AGREED"), ReleaseState::Shipped, "without an agreement it need not be");
}
