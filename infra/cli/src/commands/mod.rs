//! What `crossdock` offers, a file for each command.

mod demo;
mod drop_file;
mod edi;
mod partner;
mod redrive;
mod release;
mod status;
mod stuck;
mod trace;
mod up;
mod usage;

use std::process::ExitCode;

use aws::Operations;
use clap::CommandFactory as _;
use tokio::signal::unix::{SignalKind, signal};

use crate::args::edi::Edi;
use crate::args::{Cli, Command};
use crate::{Error, Out, RunningStack};

/// Carries out a command; the exit status.
pub async fn run(cli: Cli, out: &Out) -> Result<ExitCode, Error> {
    let data = cli.data.as_deref();
    match cli.command {
        Command::Up(options) => up::run(&options, data, out).await,
        Command::Demo(options) => demo::run(&options, data, out).await,
        Command::Completion { shell } => {
            let mut command = Cli::command();
            clap_complete::generate(shell, &mut command, "crossdock", &mut std::io::stdout());
            Ok(ExitCode::SUCCESS)
        }
        Command::Edi(command) => edi::run(&command, out),
        Command::Explain(input) => edi::run(&Edi::Explain(input), out),
        Command::Trace { key } => trace::run(&Asked::find(data).await?, &key, out).await,
        Command::Stuck { older_than } => stuck::run(&Asked::find(data).await?, older_than, out).await,
        Command::Redrive { queue, list } => redrive::run(&Asked::find(data).await?, &queue, list, out).await,
        Command::Drop { partner, file } => drop_file::run(&Asked::find(data).await?, &partner, &file, out).await,
        Command::Release { file, key } => release::run(&Asked::find(data).await?, &file, key.as_deref(), out).await,
        Command::Partner(command) => partner::run(data, &command, out).await,
        Command::Usage => usage::run(&Asked::find(data).await?, out).await,
        Command::Status => status::run(&Asked::find(data).await?, out).await,
    }
}

/// A running stack that is asked something.
struct Asked {
    stack: RunningStack,
    operations: Operations,
}

impl Asked {
    async fn find(data: Option<&std::path::Path>) -> Result<Self, Error> {
        let stack = RunningStack::find(data)?;
        let operations = stack.operations().await;
        Ok(Self { stack, operations })
    }
}

/// Waits for Ctrl-C or SIGTERM.
async fn stopped() {
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        // Without signals nobody can ask to stop; the process ends when it is killed.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
