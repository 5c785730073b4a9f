//! `crossdock up`: the local stack, until somebody stops it.

use std::path::Path;
use std::process::ExitCode;

use crate::args::Up;
use crate::{Error, Out, RunningStack, Setup, World};

pub(super) async fn run(options: &Up, data: Option<&Path>, out: &Out) -> Result<ExitCode, Error> {
    let progress = |text: &str| out.progress(text);
    let functions = options.functions.as_deref();
    let setup = Setup { data_dir: data, port: options.port, functions, progress: &progress, ..Setup::default() };
    let world = tokio::select! {
        world = World::start(setup) => world?,
        () = super::stopped() => return Ok(ExitCode::from(130)),
    };
    out.progress_done();
    keep(world, data, out).await?;
    Ok(ExitCode::SUCCESS)
}

/// Tells where everything is, runs until Ctrl-C, and stops it.
pub(super) async fn keep(world: World, data: Option<&Path>, out: &Out) -> Result<(), Error> {
    let running = world.running();
    let announced = announce(&running, data);
    if announced.is_ok() {
        if out.is_json() {
            out.json(&running);
        } else {
            out.line(guide(&running));
        }
        super::stopped().await;
        out.progress("stopping: saving the state and ending every process");
    }
    for folder in [None, data] {
        running.withdraw(folder);
    }
    let stopped = world.stop().await;
    out.progress_done();
    announced.and(stopped)
}

fn announce(running: &RunningStack, data: Option<&Path>) -> Result<(), Error> {
    running.announce(None)?;
    if data.is_some() {
        running.announce(data)?;
    }
    Ok(())
}

fn guide(running: &RunningStack) -> String {
    format!(
        "The stack is running.

  API               {api}
  AWS endpoint      {endpoint}   (region {region}, access key {access}, secret {secret})
  sample partners   {sandbox}   (what they sent and received: {sandbox}/journal)
  ERP's API key     {key}
  data              {data}

  release an order  cargo crossdock release events/S1/order-release.json
  see its way       cargo crossdock trace SO-100001
  who must move     cargo crossdock stuck
  queues            cargo crossdock status

Ctrl-C stops it.",
        api = running.api_url,
        endpoint = running.endpoint,
        region = running.region,
        access = running.access_key,
        secret = running.secret_key,
        sandbox = running.sandbox_url,
        key = running.erp_api_key,
        data = running.data_dir.display(),
    )
}
