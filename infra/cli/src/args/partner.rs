//! What `crossdock partner` takes.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use jiff::SignedDuration;

/// What `crossdock partner` can do.
#[derive(Debug, Subcommand)]
pub enum Partner {
    /// Write a commented profile for a partner of a known kind, ready to edit. Needs no stack.
    #[command(after_help = "A 3PL gets a route in house.toml too, for orders that ask for its warehouse.

Examples:
  cargo crossdock partner new acme-2 --kind rest-3pl --name 'Acme Two'
  cargo crossdock partner new dock-9 --kind edi-3pl --warehouse RNO1")]
    New(New),
    /// Say what is wrong in the profiles, with file, line and mend; exits 1 if anything is. Needs no stack.
    #[command(after_help = "With a stack running it also looks whether the secrets are there.

Examples:
  cargo crossdock partner lint
  cargo crossdock partner lint --json | jq '.lints[] | {file, line, mend}'")]
    Lint(Source),
    /// Say what would change if the profiles were applied, field by field.
    #[command(after_help = "Examples:
  cargo crossdock partner diff
  cargo crossdock partner diff --bucket crossdock-prod-archive --region us-east-1 --set SANDBOX_URL=https://x")]
    Diff {
        #[command(flatten)]
        #[expect(missing_docs, reason = "a comment here would replace the help of the command")]
        source: Source,
        #[command(flatten)]
        #[expect(missing_docs, reason = "a comment here would replace the help of the command")]
        at: At,
    },
    /// Publish the profiles as one hashed bundle. Refused if somebody has applied in between. Earlier versions stay.
    #[command(after_help = "Examples:
  cargo crossdock partner apply
  cargo crossdock partner apply --expect 3fa9c1             only if that is what is in force
  cargo crossdock partner apply --version 3fa9c1            back to an earlier version
  cargo crossdock partner apply --bucket crossdock-prod-archive --region us-east-1 --secrets-prefix crossdock/prod/")]
    Apply(Apply),
    /// Show one partner as it is in force.
    #[command(after_help = "Example:
  cargo crossdock partner show bolt-3pl")]
    Show {
        /// The partner, such as `bolt-3pl`.
        partner: String,
        #[command(flatten)]
        #[expect(missing_docs, reason = "a comment here would replace the help of the command")]
        at: At,
    },
    /// List the partners in force, or every version that was.
    #[command(after_help = "Examples:
  cargo crossdock partner list
  cargo crossdock partner list --versions")]
    List {
        /// The versions that were published, the newest first.
        #[arg(long)]
        versions: bool,
        #[command(flatten)]
        #[expect(missing_docs, reason = "a comment here would replace the help of the command")]
        at: At,
    },
    /// Take nothing from a partner and send it nothing, until `enable`. Nothing is lost meanwhile.
    #[command(
        after_help = "Its calls are answered 403 partner-disabled, its files parked; what is owed to it ends in the dead letters, for a
redrive after `enable`.

Example:
  cargo crossdock partner disable bolt-3pl --reason 'key leaked, ticket 4711'"
    )]
    Disable {
        /// The partner, such as `bolt-3pl`.
        partner: String,
        /// Why, for whoever finds it so.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        #[expect(missing_docs, reason = "a comment here would replace the help of the command")]
        source: Source,
        #[command(flatten)]
        #[expect(missing_docs, reason = "a comment here would replace the help of the command")]
        at: At,
    },
    /// Put a disabled partner in force again.
    #[command(after_help = "Example:
  cargo crossdock partner enable bolt-3pl && cargo crossdock redrive partner-deliver")]
    Enable {
        /// The partner, such as `bolt-3pl`.
        partner: String,
        #[command(flatten)]
        #[expect(missing_docs, reason = "a comment here would replace the help of the command")]
        source: Source,
        #[command(flatten)]
        #[expect(missing_docs, reason = "a comment here would replace the help of the command")]
        at: At,
    },
    /// Make the secrets that a partner's profile asks for and the local stack has not.
    #[command(after_help = "Example:
  cargo crossdock partner secrets acme-2")]
    Secrets {
        /// The partner, such as `acme-2`.
        partner: String,
        #[command(flatten)]
        #[expect(missing_docs, reason = "a comment here would replace the help of the command")]
        source: Source,
    },
    /// Put a new webhook secret next to the one in force, which holds for a while longer. No request is refused.
    #[command(after_help = "Examples:
  cargo crossdock partner rotate bolt-3pl
  cargo crossdock partner rotate bolt-3pl --secret webhook-out --overlap 168h
  cargo crossdock partner rotate shop --from ./secret.txt     a secret that the partner made")]
    Rotate {
        /// The partner, such as `bolt-3pl`.
        partner: String,
        /// Which secret: `webhook-in` is what the partner signs with, `webhook-out` what we sign with.
        #[arg(long, value_enum, default_value_t)]
        secret: SecretName,
        /// How long the older secret still holds, such as `48h`.
        #[arg(long, value_name = "TIME", default_value = "48h")]
        overlap: SignedDuration,
        /// A file with the new secret; a random one if not given.
        #[arg(long, value_name = "FILE")]
        from: Option<PathBuf>,
    },
    /// Send a webhook to the local stack as the partner would, signed with its secret.
    #[command(after_help = "Example:
  cargo crossdock partner send acme-2 ship-confirm ./ship-confirm.json")]
    Send {
        /// The partner, such as `acme-2`.
        partner: String,
        /// The topic, such as `ship-confirm`.
        topic: String,
        /// The body.
        file: PathBuf,
        /// The webhook id; follows from the body if not given.
        #[arg(long)]
        id: Option<String>,
    },
}

/// Options of `new`.
#[derive(Debug, Args)]
pub struct New {
    /// The partner's id: its folder, its name in URLs, such as `acme-2`.
    pub partner: String,
    /// What it is.
    #[arg(long, value_enum)]
    pub kind: Kind,
    /// Its name for people.
    #[arg(long)]
    pub name: Option<String>,
    /// The code of the warehouse that it runs; made of its id if not given.
    #[arg(long, value_name = "CODE")]
    pub warehouse: Option<String>,
    /// The folder of profiles; infra/partners if not given.
    #[arg(long, value_name = "DIR")]
    pub profiles: Option<PathBuf>,
}

/// What a partner is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// A 3PL with signed JSON both ways.
    #[value(name = "rest-3pl")]
    Rest3pl,
    /// A 3PL with X12 files both ways.
    #[value(name = "edi-3pl")]
    Edi3pl,
    /// A carrier that reports by signed webhooks.
    Carrier,
    /// A transport management system, told of shipments and reporting by signed webhooks.
    Tms,
    /// A sales channel that is told.
    Channel,
    /// An ERP that releases orders by REST.
    Erp,
    /// The distributor's own operations.
    Ops,
}

/// The profiles as files.
#[derive(Debug, Clone, Default, Args)]
pub struct Source {
    /// The folder of profiles; infra/partners if not given.
    #[arg(long, value_name = "DIR")]
    pub profiles: Option<PathBuf>,
    /// What fills `${NAME}` in them; the local stack's are known.
    #[arg(long, value_name = "NAME=VALUE", value_parser = assignment)]
    pub set: Vec<(String, String)>,
}

/// Where profiles are in force; the local stack if nothing is given.
#[derive(Debug, Clone, Default, Args)]
pub struct At {
    /// The archive bucket of a deployment on AWS.
    #[arg(long, value_name = "NAME")]
    pub bucket: Option<String>,
    /// Its region.
    #[arg(long, requires = "bucket")]
    pub region: Option<String>,
    /// What stands before its secrets' names, such as `crossdock/prod/`; secrets are not looked for if not given.
    #[arg(long, requires = "bucket", value_name = "PREFIX")]
    pub secrets_prefix: Option<String>,
}

/// Options of `apply`.
#[derive(Debug, Args)]
pub struct Apply {
    #[command(flatten)]
    #[expect(missing_docs, reason = "a comment here would replace the help of the command")]
    pub source: Source,
    #[command(flatten)]
    #[expect(missing_docs, reason = "a comment here would replace the help of the command")]
    pub at: At,
    /// Apply only if the version in force begins so.
    #[arg(long, value_name = "VERSION")]
    pub expect: Option<String>,
    /// Put this earlier version in force, and not the files.
    #[arg(long, value_name = "VERSION")]
    pub version: Option<String>,
    /// Take partners out that have no file any more.
    #[arg(long)]
    pub remove: bool,
}

fn assignment(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// A partner's secret by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum SecretName {
    /// What the partner signs with.
    #[default]
    WebhookIn,
    /// What we sign with.
    WebhookOut,
}

impl SecretName {
    /// The name, as the store has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WebhookIn => "webhook-in",
            Self::WebhookOut => "webhook-out",
        }
    }
}
