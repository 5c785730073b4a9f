//! `cargo check-all`: format, lints, template, lock file and every test, the end-to-end ones on the local stack included.
//!
//! Stops at the first thing that does not hold, and says which.

mod sbom;

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode};

/// The workspace's folder.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// What is run, in this order: what is quick to fail first.
const STEPS: [(&str, &[&str]); 7] = [
    ("format", &["fmt", "--all", "--check"]),
    ("lints", &["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"]),
    ("tests", &["test", "--locked", "--workspace"]),
    ("simulation of every order of arrival", &["sim", "arrivals"]),
    ("simulation of outages", &["sim", "outages"]),
    ("simulation of every fault", &["sim", "exhaustive", "--faults", "2"]),
    ("simulation of drawn schedules", &["sim", "random", "--seeds", "100000"]),
];

fn main() -> ExitCode {
    match run() {
        Ok(()) => {
            say("check-all: everything holds");
            ExitCode::SUCCESS
        }
        Err(why) => {
            say(&format!("check-all: {why}"));
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    for (name, arguments) in STEPS {
        if name == "tests" {
            scans()?;
        }
        say(&format!("check-all: {name} (cargo {})", arguments.join(" ")));
        let status = Command::new(env!("CARGO"))
            .args(arguments)
            .current_dir(ROOT)
            .status()
            .map_err(|error| format!("cargo could not be started: {error}"))?;
        if !status.success() {
            return Err(format!("{name} failed; run `cargo {}` to see it alone", arguments.join(" ")));
        }
    }
    Ok(())
}

/// The template through cfn-lint and checkov, the lock file through cargo-deny and into the bill of materials.
fn scans() -> Result<(), String> {
    say("check-all: template and lock file (cfn-lint, checkov, cargo-deny, bill of materials)");
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    runtime
        .block_on(async {
            local::lint_template(&|line| say(line)).await?;
            local::deny(&|line| say(line)).await
        })
        .map_err(|error| format!("template and lock file failed: {error}"))?;
    let written = sbom::write(Path::new(ROOT)).map_err(|error| format!("the bill of materials failed: {error}"))?;
    say(&format!("check-all: the bill of materials is {}", written.display()));
    Ok(())
}

fn say(line: &str) {
    // If nobody reads, the exit status still tells.
    let _ = writeln!(std::io::stderr(), "{line}");
}
