//! `crossdock partner`: partners as files, from the first line to what is in force.

mod apply;
mod new;
mod place;
mod secrets;
mod send;
mod show;

use std::path::Path;
use std::process::ExitCode;

use crate::args::partner::Partner;
use crate::{Error, Out};

pub(super) async fn run(data: Option<&Path>, command: &Partner, out: &Out) -> Result<ExitCode, Error> {
    match command {
        Partner::New(options) => new::run(options, out),
        Partner::Lint(source) => apply::lint(data, source, out).await,
        Partner::Diff { source, at } => apply::diff(data, source, at, out).await,
        Partner::Apply(options) => apply::apply(data, options, out).await,
        Partner::Show { partner, at } => show::show(data, partner, at, out).await,
        Partner::List { versions, at } => show::list(data, *versions, at, out).await,
        Partner::Disable { partner, reason, source, at } => {
            apply::switch(data, partner, Some(reason), source, at, out).await
        }
        Partner::Enable { partner, source, at } => apply::switch(data, partner, None, source, at, out).await,
        Partner::Secrets { partner, source } => secrets::make(data, partner, source, out).await,
        Partner::Rotate { partner, secret, overlap, from } => {
            let asked = super::Asked::find(data).await?;
            secrets::rotate(&asked, partner, secret.as_str(), *overlap, from.as_deref(), out).await
        }
        Partner::Send { partner, topic, file, id } => {
            let asked = super::Asked::find(data).await?;
            send::run(&asked, partner, topic, file, id.as_deref(), out).await
        }
    }
}
