//! What the command line takes. Help, completions and parsing all come from here.

pub mod edi;
pub mod partner;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use jiff::SignedDuration;

use crate::scenarios::Scenario;

/// Crossdock's operators' command: the local stack, its demo, and the questions that operators ask.
#[derive(Debug, Parser)]
#[command(
    name = "crossdock",
    version,
    about,
    max_term_width = 100,
    after_help = "Examples:
  cargo demo                                  play both stories on a fresh local stack
  cargo demo -- --scenario S2 --json          play one scenario of the catalogue with its check
  cargo crossdock up                          start a local stack; Ctrl-C stops it
  cargo crossdock trace SO-100001             everything on record of an order, by any of its keys
  cargo crossdock stuck --older-than 2h       who must move, and for how long they have not
  cargo crossdock redrive order-dispatch      move dead letters back, once their cause is mended
  cargo crossdock edi check 945.edi           what is wrong with an EDI file, without a stack"
)]
pub struct Cli {
    /// Print results as JSON on stdout; what people read goes to stderr.
    #[arg(long, global = true)]
    pub json: bool,
    /// Directory for the stack's state. `up` and `demo` keep it there and go on with it; the other commands look there
    /// for a running stack.
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What `crossdock` can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start the local stack with its sample partners, and run it until Ctrl-C.
    #[command(after_help = "Examples:
  cargo crossdock up
  cargo crossdock up --data ./stack --port 4566     keep the state in ./stack")]
    Up(Up),
    /// Play the stories S1 and S2 on a local stack, or one scenario of the catalogue with its check.
    #[command(after_help = "Examples:
  cargo demo
  cargo demo -- --keep                  leave it running, with its URLs shown
  cargo demo -- --scenario S1 --json    end with one JSON object; the exit status follows its checks
  cargo demo -- --data ./demo           stop it at any moment; started again it goes on")]
    Demo(Demo),
    /// Show everything on record of a release, by any key.
    #[command(after_help = "A key is an order, release, purchase order, shipment, tracking, control or message number,
an id of a release, shipment, delivery, event or message, or the SHA-256 of a document.

Examples:
  cargo crossdock trace SO-100001
  cargo crossdock trace 1Z999AA10123456784 --json")]
    Trace {
        /// Any key.
        key: String,
    },
    /// List the open releases, the longest waiting first, with who must move.
    #[command(after_help = "Examples:
  cargo crossdock stuck
  cargo crossdock stuck --older-than 2h")]
    Stuck {
        /// Only those that have waited for longer, such as `90m` or `2h`.
        #[arg(long, value_name = "TIME")]
        older_than: Option<SignedDuration>,
    },
    /// Count who used which version of the API for what.
    #[command(after_help = "Example:
  cargo crossdock usage --json")]
    Usage,
    /// Move the dead letters of a queue back to where they failed. Safe at any time, any number of times.
    #[command(after_help = "Examples:
  cargo crossdock redrive order-dispatch --list    see why they failed; nothing is moved
  cargo crossdock redrive order-dispatch")]
    Redrive {
        /// The step whose dead letters are meant, such as `order-dispatch`.
        queue: String,
        /// Show the dead letters with their reasons and move nothing.
        #[arg(long, visible_alias = "dry-run")]
        list: bool,
    },
    /// Put a file into a partner's inbox.
    #[command(after_help = "Example:
  cargo crossdock drop acme-3pl ./945.edi")]
    Drop {
        /// The partner, such as `acme-3pl`.
        partner: String,
        /// The file.
        file: PathBuf,
    },
    /// Release an order as the sample ERP.
    #[command(after_help = "Example:
  cargo crossdock release events/S1/order-release.json --key demo-1")]
    Release {
        /// The order release as JSON.
        file: PathBuf,
        /// The idempotency key; follows from the file's content if not given.
        #[arg(long)]
        key: Option<String>,
    },
    /// Partners as files: write, check, compare and apply their profiles, and what else concerns one partner.
    #[command(
        subcommand,
        after_help = "The profiles lie in infra/partners, or where --profiles says. docs/onboarding.md goes through it.

Examples:
  cargo crossdock partner new acme-2 --kind rest-3pl
  cargo crossdock partner lint
  cargo crossdock partner apply"
    )]
    Partner(partner::Partner),
    /// Show how full every queue is, and what waits for a person.
    Status,
    /// Check, split, explain, acknowledge, read and write EDI files. Needs no stack.
    #[command(
        subcommand,
        after_help = "Each reads files, folders or standard input, and takes --json.

Examples:
  cargo crossdock edi check 945.edi
  cargo crossdock edi ack 945.edi --out 997.edi"
    )]
    Edi(edi::Edi),
    /// Show what every element of an EDI file says and where it stands. Needs no stack.
    #[command(after_help = edi::EXPLAIN_HELP)]
    Explain(edi::Files),
    /// Print completions for a shell.
    #[command(after_help = "Example:
  cargo crossdock completion bash > ~/.local/share/bash-completion/completions/crossdock")]
    Completion {
        /// The shell.
        shell: Shell,
    },
}

/// Options of `up`.
#[derive(Debug, Args)]
pub struct Up {
    /// Port on 127.0.0.1 for AWS calls and the API; the one of the data, or a free one, if not given.
    #[arg(long)]
    pub port: Option<u16>,
    /// Folders `<function>/bootstrap` that are built already; built from this workspace if not given.
    #[arg(long, value_name = "DIR")]
    pub functions: Option<PathBuf>,
}

/// Options of `demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// Leave the stack running afterwards, until Ctrl-C.
    #[arg(long)]
    pub keep: bool,
    /// Play one scenario of the catalogue alone, with its check.
    #[arg(long, value_enum)]
    pub scenario: Option<Scenario>,
    /// Port on 127.0.0.1 for AWS calls and the API.
    #[arg(long)]
    pub port: Option<u16>,
    /// Folders `<function>/bootstrap` that are built already; built from this workspace if not given.
    #[arg(long, value_name = "DIR")]
    pub functions: Option<PathBuf>,
}

/// The arguments as they are meant. `cargo demo -- --keep` reaches us as `crossdock demo -- --keep`: cargo takes away
/// one `--`, and its alias holds that one already.
pub fn after_alias(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = arguments.collect();
    if arguments.get(1).is_some_and(|first| first == "demo") && arguments.get(2).is_some_and(|second| second == "--") {
        arguments.remove(2);
    }
    arguments
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(after_alias(line.split(' ').map(OsString::from)))
    }

    #[test]
    fn the_demo_takes_its_options_as_cargo_hands_them_on() {
        for line in ["crossdock demo --json --keep", "crossdock demo -- --json --keep"] {
            let cli = parse(line).unwrap();
            assert!(cli.json && matches!(cli.command, Command::Demo(demo) if demo.keep), "{line}");
        }
        assert!(parse("crossdock trace -- --json").is_ok_and(|cli| !cli.json), "a key may begin with a dash");
    }

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
        let Command::Stuck { older_than } = parse("crossdock stuck --older-than 2h").unwrap().command else {
            panic!("another command")
        };
        assert_eq!(older_than, Some(SignedDuration::from_hours(2)));
    }
}
