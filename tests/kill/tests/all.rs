//! Fifty kills, on every run of the tests.

#![expect(clippy::print_stderr, reason = "a test that takes minutes says what it does meanwhile")]

use kill::Asked;

/// Enough that every function dies several times, and few enough for three minutes.
const KILLS: usize = 50;
const SEED: u64 = 1;

#[tokio::test]
async fn nothing_is_lost_or_done_twice_when_functions_die_at_named_points() {
    let progress = |text: &str| eprintln!("… {text}");
    let asked = Asked { kills: KILLS, seed: SEED, functions: None, data_dir: None, progress: &progress };
    let verdict = kill::run(asked).await.unwrap_or_else(|error| panic!("seed {SEED}: {}", error.chain()));
    assert!(verdict.passed(), "{}\n{:#?}\n{:#?}", verdict.line(), verdict.violations, verdict.history);
    assert_eq!(verdict.kills, KILLS, "{}", verdict.line());
    assert_eq!(verdict.points_hit, KILLS.min(verdict.points), "each point once before any is hit again");
    for function in local::functions_of_messages() {
        let died = verdict.history.iter().any(|kill| kill.point.call.function == function);
        assert!(died, "{function} was never killed: {:#?}", verdict.history);
    }
    assert!(verdict.orders > KILLS / 4, "{}", verdict.line());
}
