//! `crossdock`, the operators' command.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use crossdock::args::{self, Cli};
use crossdock::{Out, commands};

fn main() -> ExitCode {
    let cli = Cli::parse_from(args::after_alias(std::env::args_os()));
    let out = Out::new(cli.json);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(commands::run(cli, &out)),
        Err(error) => {
            // Without a runtime nothing can be done, not even cleaned up.
            let _ = writeln!(std::io::stderr(), "error: no runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    out.progress_done();
    match result {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {}", error.chain());
            ExitCode::FAILURE
        }
    }
}
