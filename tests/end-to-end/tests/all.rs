//! The whole deployment on local stacks, with the sample partners around it.
//!
//! Three stacks run side by side. On one, functions are killed and the stack is stopped in the middle. On one, the
//! scenarios of the catalogue play one after the other: each looks at the whole stack at its end, and most of the time
//! they wait. The third is left in peace and shared by all other tests, each with order numbers of its own. However a test
//! ends, all are stopped.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, in its helpers too; and it asks the environment where it may write"
)]

mod api;
mod catalogue;
mod edi;
mod failures;
mod faults;
mod fulfilment;
mod onboarding;
mod records;
mod support;
mod webhooks;

use std::io::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use crossdock::{Error, Setup, World};
use end_to_end::{Asked, Results, Test, test};

/// On the stack that is killed and stopped, one after the other.
const IN_DISTRESS: [Test<faults::Home>; 2] =
    [test!(faults::s1_stays_the_same_when_functions_are_killed), test!(faults::a_stopped_stack_goes_on)];

/// On a stack of their own, one after the other: the last two change the profiles and leave dead letters.
const CATALOGUE: [Test<World>; 6] = [
    test!(catalogue::s4_two_part_shipments_in_both_orders),
    test!(catalogue::s6_a_cancel_that_meets_the_truck),
    test!(catalogue::s14_a_file_that_comes_again_in_four_ways),
    test!(catalogue::s15_bad_files),
    test!(catalogue::s13_a_3pl_that_is_out_and_comes_back),
    test!(catalogue::s19_dead_letters_and_poison),
];

/// On the other stack, before all others: it counts everything on the stack.
const FIRST: [Test<World>; 1] = [test!(edi::s2_of_forty_orders_one_is_bad)];

/// On the other stack, side by side.
const IN_PEACE: [Test<World>; 23] = [
    test!(api::a_repeated_request_gets_the_same_answer),
    test!(api::what_is_wrong_is_named_by_its_place),
    test!(api::who_is_not_known_or_not_concerned_sees_nothing),
    test!(api::a_cancel_before_work_starts_is_the_warehouses_to_decide),
    test!(api::a_hold_keeps_a_release_until_its_owner_lifts_it),
    test!(webhooks::a_signature_must_fit_body_and_time),
    test!(webhooks::a_rotation_refuses_no_request),
    test!(webhooks::a_replayed_webhook_is_absorbed),
    test!(webhooks::a_transition_of_somebody_else_is_recorded_and_not_applied),
    test!(fulfilment::s1_from_release_to_delivery),
    test!(fulfilment::s2_from_release_to_delivery),
    test!(fulfilment::partial_confirms_add_up_in_any_order),
    test!(fulfilment::a_failing_subscriber_gets_its_event_once_more_and_nobody_waits),
    test!(fulfilment::a_3pl_that_hangs_up_gets_the_order_once),
    test!(fulfilment::what_does_not_leave_by_its_day_is_told_to_be_overdue),
    test!(fulfilment::a_refused_order_is_held_and_never_sent_again),
    test!(edi::files_of_other_tools_go_through),
    test!(edi::a_refusal_by_997_is_of_its_order_alone),
    test!(edi::a_945_before_its_997_is_taken),
    test!(edi::the_same_file_under_another_name_changes_nothing),
    test!(failures::an_order_without_a_route_waits_and_completes_once),
    test!(failures::a_body_that_nobody_can_read_ends_with_its_reason),
    test!(failures::a_file_that_is_no_edi_is_in_the_inbox),
];

/// On the other stack, at the end: they look at what the others left.
const LAST: [Test<World>; 2] =
    [test!(records::every_byte_in_or_out_is_in_the_archive), test!(records::nothing_is_lost_or_done_twice)];

/// On the other stack, after all others: it changes the profiles that they all use.
const AFTERWARDS: [Test<World>; 1] =
    [test!(onboarding::a_new_partner_goes_from_its_first_line_to_its_first_applied_message)];

/// When all is over: it looks at what was asked for in a whole run.
const ROLES: [Test<records::PermissionsAsked>; 1] = [test!(records::what_a_role_may_do_is_what_its_function_does)];

/// Longest run. It takes ten minutes on two idle cores, mostly waiting; whatever hangs, even a thread that blocks, must end in a
/// failure that says so and not in the silence of whoever waits for the end.
const RUN_MAX: Duration = Duration::from_mins(30);

fn main() -> ExitCode {
    std::thread::spawn(|| {
        std::thread::sleep(RUN_MAX);
        let minutes = RUN_MAX.as_secs() / 60;
        let why = format!("the end-to-end tests are not over after {minutes} minutes: what has no result above hangs");
        let _ = writeln!(std::io::stderr(), "{why}");
        // The stacks end themselves when their parent is gone.
        std::process::exit(1);
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let passed = runtime.block_on(async {
        let asked = || Asked::read(std::env::args().skip(1));
        let mut results = Results::new(asked());
        let tests = async {
            let (in_distress, (in_peace, peaceful), (in_catalogue, catalogued)) = tokio::join!(
                distress(Results::new(asked())),
                peace(Results::new(asked())),
                catalogue(Results::new(asked())),
            );
            results.add(in_distress);
            results.add(in_peace);
            results.add(in_catalogue);
            // Part of a run does not use everything.
            if let (Some(peaceful), Some(catalogued)) = (peaceful, catalogued)
                && results.wants_any(&ROLES)
            {
                results.run(&records::PermissionsAsked(peaceful + &catalogued), &ROLES).await;
            }
            results.finish()
        };
        // Dropping the tests ends every process that their stacks started.
        tokio::select! {
            passed = tests => passed,
            _ = tokio::signal::ctrl_c() => false,
        }
    });
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn distress(mut results: Results) -> Results {
    if results.wants_any(&IN_DISTRESS) {
        let home = faults::Home::new();
        for test in IN_DISTRESS {
            results.run(&home, &[test]).await;
        }
    }
    results
}

/// The results, and what the functions' roles asked for if the stack ran.
async fn peace(results: Results) -> (Results, Option<String>) {
    let more = support::others();
    let setup = Setup { more: &more, ..Setup::default() };
    on_one(results, setup, [&FIRST[..], &IN_PEACE[..], &LAST[..], &AFTERWARDS[..]]).await
}

async fn catalogue(results: Results) -> (Results, Option<String>) {
    on_one(results, Setup::default(), CATALOGUE.each_ref().map(std::slice::from_ref)).await
}

/// Runs groups of tests on one stack, one group after the other.
async fn on_one<const N: usize>(
    mut results: Results,
    setup: Setup<'_>,
    groups: [&[Test<World>]; N],
) -> (Results, Option<String>) {
    let wanted = groups.map(|tests| results.wants_any(tests));
    if !wanted.contains(&true) {
        return (results, None);
    }
    let started = Instant::now();
    let world = match World::start(setup).await {
        Ok(world) => world,
        Err(error) => {
            results.note("the stack starts", started.elapsed(), Err(error.chain()));
            return (results, None);
        }
    };
    for (tests, wanted) in groups.into_iter().zip(wanted) {
        if wanted {
            results.run(&world, tests).await;
        }
    }
    let asked = world.stack.permissions_asked().ok();
    stop(world).await;
    (results, asked)
}

/// Stops a world. That it could not save its state matters to nobody here.
async fn stop(world: World) {
    match world.stop().await {
        Ok(()) | Err(Error::Stack(_)) => {}
        Err(error) => panic!("{}", error.chain()),
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
}
