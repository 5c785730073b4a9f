//! `cargo kill`: the large kill test.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use crossdock::{Error, Out};
use kill::{Asked, Verdict};

/// Most kills of one run: hours.
const KILLS_MAX: u64 = 100_000;

/// Kills the functions' processes at named points while orders go through the local stack, and counts what was lost or
/// done twice.
#[derive(Debug, Parser)]
#[command(
    name = "kill",
    max_term_width = 100,
    after_help = "Examples:
  cargo kill                              500 kills, functions in the dev profile
  cargo kill -- --release                 the same with optimised functions
  cargo kill -- --kills 50 --seed 7       a short one; the seed decides on the order of the points
  cargo kill -- --json > verdict.json     every kill and every violation for machines

Exit status 0: every order came to its end once. 1: something was lost, doubled or left otherwise."
)]
struct Cli {
    /// How many processes are killed.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u64).range(1..=KILLS_MAX))]
    kills: u64,
    /// Decides where, and in which order.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Build the functions in cargo's release profile.
    #[arg(long)]
    release: bool,
    /// Take the functions from this folder, `<function>/bootstrap`, and build none.
    #[arg(long, value_name = "DIR", conflicts_with = "release")]
    functions: Option<PathBuf>,
    /// Keep the stack's state and the emulator's log in this new directory.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Print one JSON object on stdout; what people read goes to stderr.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    // The alias ends with `--`, and so may what follows `cargo kill`.
    if arguments.get(1).is_some_and(|first| first == "--") {
        arguments.remove(1);
    }
    let cli = Cli::parse_from(arguments);
    let out = Out::new(cli.json);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let ended = match runtime {
        // Dropping the run ends every process that it started.
        Ok(runtime) => runtime.block_on(async {
            tokio::select! {
                ended = run(&cli, &out) => ended,
                _ = tokio::signal::ctrl_c() => Err(Error::Unusable("stopped".to_owned())),
            }
        }),
        Err(error) => Err(Error::Unusable(format!("no runtime: {error}"))),
    };
    out.progress_done();
    match ended {
        Ok(verdict) => tell(&verdict, &out),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error (seed {}): {}", cli.seed, error.chain());
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: &Cli, out: &Out) -> Result<Verdict, Error> {
    let progress = |text: &str| out.progress(text);
    let built =
        if cli.release { Some(local::build_functions(local::Profile::Release, &progress).await?) } else { None };
    let kills = usize::try_from(cli.kills).unwrap_or(usize::MAX);
    let (functions, data_dir) = (built.as_deref().or(cli.functions.as_deref()), cli.data.as_deref());
    kill::run(Asked { kills, seed: cli.seed, functions, data_dir, progress: &progress }).await
}

fn tell(verdict: &Verdict, out: &Out) -> ExitCode {
    if !verdict.passed() {
        out.line(format_args!("the kills of seed {}:", verdict.seed));
        for kill in &verdict.history {
            out.line(format_args!("  {:>8} ms  {}  (process {})", kill.at_ms, kill.point, kill.pid));
        }
        for violation in &verdict.violations {
            out.line(format_args!("! {violation}"));
        }
    }
    out.line(format_args!(
        "seed {}: {} events written; besides the kills {} replies were lost and {} processes ended; {} dead letters moved back",
        verdict.seed, verdict.events, verdict.lost_replies, verdict.renewed, verdict.redriven
    ));
    if out.is_json() {
        out.json(verdict);
    }
    out.line(verdict.line());
    if verdict.passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
        assert!(Cli::try_parse_from(["kill", "--kills", "0"]).is_err());
        assert!(Cli::try_parse_from(["kill", "--kills", "100001"]).is_err());
        assert!(Cli::try_parse_from(["kill", "--kills", "100000"]).is_ok_and(|cli| cli.kills == KILLS_MAX));
    }
}
