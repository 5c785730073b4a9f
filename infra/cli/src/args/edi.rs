//! What `crossdock edi` and `crossdock explain` take.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use jiff::civil::DateTime;

/// What can be done with EDI files alone, without a stack.
#[derive(Debug, Subcommand)]
pub enum Edi {
    /// Say of every transaction set and message whether it is accepted, and if not, why and where.
    #[command(
        after_help = "Exit status: 0 accepted, 1 something is rejected, 2 something is no EDI, 3 a file cannot be read;
the worst of all files.

Examples:
  cargo crossdock edi check 945.edi
  cargo crossdock edi check inbox/ --json | jq -r 'select(.verdict != \"accept\") | .file'
  cat 945.edi | cargo crossdock edi check
  cargo crossdock edi check 945.edi --guide acme/"
    )]
    Check(Check),
    /// Cut files into one for each transaction set or message, each a complete interchange of its own.
    #[command(after_help = "What is rejected for its envelope stays whole: an interchange, or a group.

Examples:
  cargo crossdock edi split 945.edi --out parts
  cargo crossdock edi split inbox/ --out parts --by group --force")]
    Split(Split),
    /// Show what every element says and where it stands; the canonical document where we have a map for the set.
    #[command(after_help = EXPLAIN_HELP)]
    Explain(Files),
    /// Write the acknowledgments that are owed: TA1, 997 or 999, CONTRL.
    #[command(after_help = "An acknowledgment is never acknowledged. Nothing is sent.

Examples:
  cargo crossdock edi ack 945.edi
  cargo crossdock edi ack 945.edi --999 --ta1 always --control 41 --at 2026-01-31T14:35 --out 999.edi")]
    Ack(Ack),
    /// Print files as JSON, without loss: `write` makes the same bytes of it.
    #[command(after_help = "Examples:
  cargo crossdock edi json 945.edi
  cargo crossdock edi json 945.edi --json | jq '.interchanges[].groups[].sets[].segments[0]'")]
    Json(Files),
    /// Make EDI files of what `json` prints, changed or not.
    #[command(
        after_help = "A value that holds a separator is refused where nothing can release it. Counts and control numbers
are written as they stand.

Examples:
  cargo crossdock edi json 945.edi | cargo crossdock edi write > same.edi
  cargo crossdock edi write 945.json --out 945.edi"
    )]
    Write(Write),
}

/// Examples of `explain`, which is offered in two places.
pub const EXPLAIN_HELP: &str = "Examples:
  cargo crossdock explain 945.edi
  cargo crossdock edi explain 945.edi --json | jq 'select(.segment == \"W12\")'";

/// Files to read.
#[derive(Debug, Args)]
pub struct Files {
    /// Files, or folders with everything in them; standard input if none is given, or `-`.
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// What a partner agreed on beside the standard.
#[derive(Debug, Args)]
pub struct Deviations {
    /// File with a partner's deviations from the guides, in the form of its profile.
    #[arg(long, value_name = "FILE")]
    pub overlay: Option<PathBuf>,
    /// A partner's own guides: a definition of a set, deviations, or a folder of both; may be given several times.
    #[arg(long, value_name = "FILE|DIR")]
    pub guide: Vec<PathBuf>,
}

/// Options of `check`.
#[derive(Debug, Args)]
pub struct Check {
    #[command(flatten)]
    #[expect(missing_docs, reason = "a comment here would replace the help of the command")]
    pub input: Files,
    #[command(flatten)]
    #[expect(missing_docs, reason = "a comment here would replace the help of the command")]
    pub deviations: Deviations,
    /// Show beside each finding the code by which an acknowledgment says it.
    #[arg(long)]
    pub codes: bool,
    /// Show every finding, not only the first fifty of a file.
    #[arg(long)]
    pub all: bool,
}

/// Options of `split`.
#[derive(Debug, Args)]
pub struct Split {
    #[command(flatten)]
    #[expect(missing_docs, reason = "a comment here would replace the help of the command")]
    pub input: Files,
    /// Folder for the parts; made if it is not there.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub out: PathBuf,
    /// What a part holds.
    #[arg(long, value_enum, default_value_t = By::Set)]
    pub by: By,
    /// Overwrite files that are there.
    #[arg(long)]
    pub force: bool,
}

/// What a part holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum By {
    /// A transaction set or message.
    Set,
    /// A functional group.
    Group,
    /// An interchange.
    Interchange,
}

/// Options of `ack`.
#[derive(Debug, Args)]
pub struct Ack {
    #[command(flatten)]
    #[expect(missing_docs, reason = "a comment here would replace the help of the command")]
    pub input: Files,
    #[command(flatten)]
    #[expect(missing_docs, reason = "a comment here would replace the help of the command")]
    pub deviations: Deviations,
    /// Answer groups of 005010 and later by a 999 instead of a 997.
    #[arg(long = "999")]
    pub x999: bool,
    /// When an X12 interchange itself is answered, by a TA1.
    #[arg(long, value_enum, default_value_t = Ta1::Either)]
    pub ta1: Ta1,
    /// The first control number; each interchange and group takes the next.
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=999_999_999))]
    pub control: u32,
    /// Civil date and time of the acknowledgments, such as `2026-01-31T14:35`; now, in UTC, if not given.
    #[arg(long, value_name = "TIME")]
    pub at: Option<DateTime>,
    /// File to write; standard output if not given.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Overwrite a file that is there.
    #[arg(long)]
    pub force: bool,
}

/// When an X12 interchange itself is answered, by a TA1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Ta1 {
    /// If its sender asks.
    Asked,
    /// If its envelope is rejected.
    Errors,
    /// If its sender asks or its envelope is rejected.
    Either,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Options of `write`.
#[derive(Debug, Args)]
pub struct Write {
    #[command(flatten)]
    #[expect(missing_docs, reason = "a comment here would replace the help of the command")]
    pub input: Files,
    /// File to write; standard output if not given.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Overwrite a file that is there.
    #[arg(long)]
    pub force: bool,
}
