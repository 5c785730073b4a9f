//! A running local stack with the sample partners around it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use aws::{HttpReply, Operations};
use canonical::{Digest, PartnerId, PartnerScope, Release, ReleaseId};
use jiff::{SignedDuration, Timestamp};
use partners::{Bundle, SourceFile};
use ports::Key;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::sandbox::{self, Direction, Door, Entry, Sandbox};
use crate::warehouse::{self, Acknowledged, ShipOrder};
use crate::{Api, Error, Keys, RunningStack, Stopwatch, clock, place, profiles};

/// What stands before a secret's name on the local stack.
pub(crate) const SECRETS_PREFIX: &str = "crossdock/local/";
/// How often the world is asked whether something has happened.
const POLL: Duration = Duration::from_millis(100);
/// How often a partner sends again what was not taken, and how long it waits.
const TRIES_MAX: u32 = 20;
const TRY_AGAIN: Duration = Duration::from_millis(250);
/// For how long nothing may be under way before the world is quiet: longer than the relay looks away.
const QUIET: Duration = Duration::from_millis(1500);

/// How a world is started.
#[derive(Clone, Copy)]
pub struct Setup<'a> {
    /// Where the state is kept. `None`: nowhere, it goes with the world.
    pub data_dir: Option<&'a Path>,
    /// The stack's port. `None`: the one that the data was made with, or a free one.
    pub port: Option<u16>,
    /// Folders with built functions. `None`: they are built from this workspace.
    pub functions: Option<&'a Path>,
    /// Profiles besides the sample ones.
    pub more: &'a [SourceFile],
    /// What stands between the functions and all that they call. `None`: nothing.
    pub detour: Option<Detour>,
    /// Is told what is being done.
    pub progress: &'a (dyn Fn(&str) + Sync),
}

/// Ports on 127.0.0.1 that functions call in place of the real ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Detour {
    /// In place of AWS.
    pub aws: u16,
    /// In place of the sample partners.
    pub partners: u16,
}

impl Default for Setup<'_> {
    fn default() -> Self {
        Self { data_dir: None, port: None, functions: None, more: &[], detour: None, progress: &|_| () }
    }
}

impl std::fmt::Debug for Setup<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Setup")
            .field("data_dir", &self.data_dir)
            .field("port", &self.port)
            .field("detour", &self.detour)
            .finish_non_exhaustive()
    }
}

/// A running local stack with its sandbox.
#[derive(Debug)]
pub struct World {
    /// The deployment, as operators see it.
    pub operations: Operations,
    /// Its API.
    pub api: Api,
    /// The sample partners.
    pub sandbox: Sandbox,
    /// Their keys.
    pub keys: Keys,
    /// The profiles in force.
    pub bundle: Bundle,
    /// The stack itself.
    pub stack: local::Stack,
    sources: Vec<SourceFile>,
    folder: PathBuf,
    /// Where functions call the sample partners.
    partners_url: String,
}

/// Whether an answer of the API says that it took what was sent.
pub fn is_accepted(reply: &HttpReply) -> bool {
    reply.status == 202
}

impl World {
    /// Starts the stack and the sample partners, publishes their profiles and sets their secrets.
    pub async fn start(setup: Setup<'_>) -> Result<Self, Error> {
        let mut keys = Keys::open(setup.data_dir)?;
        // The partners are there first: what the stack still owes them from before is sent as soon as it starts.
        let door = Door::open(keys.sandbox_port).await?;
        keys.sandbox_port = door.port;
        let folder = place::profiles();
        let mut sources = profiles::sources(&folder)?;
        sources.extend(setup.more.iter().cloned());
        let partners_url = sandbox::url(setup.detour.map_or(door.port, |detour| detour.partners));
        let bundle = profiles::compile(&sources, &folder, &partners_url, &keys.erp_api_key)?;
        ensure_secrets(&mut keys, &bundle)?;
        if let Some(folder) = setup.data_dir {
            keys.save(folder)?;
        }
        let sandbox = Sandbox::start(door, keys.clone(), setup.data_dir)?;
        let stack = local::Stack::start(local::Options {
            data_dir: setup.data_dir,
            port: setup.port,
            build: setup.functions,
            functions_call: setup.detour.map(|detour| detour.aws),
            progress: setup.progress,
            ..local::Options::default()
        })
        .await?;
        (setup.progress)("publishing the profiles");
        keys.begin();
        keys.save(&stack.data_dir)?;
        sandbox.look_in(&stack.data_dir);
        let running = running(&stack, &sandbox, &keys);
        let world = Self {
            operations: running.operations().await,
            api: Api::new(&stack.api_url)?,
            sandbox,
            keys,
            bundle,
            stack,
            sources,
            folder,
            partners_url,
        };
        for (partner, name, secret) in world.keys.secrets() {
            let partner = partner_id(partner)?;
            world.operations.put_secret(&partner, name, &[secret], SECRETS_PREFIX).await?;
        }
        world.operations.publish_bundle(&world.bundle).await?;
        Ok(world)
    }

    /// Stops everything; no process stays. What is under way comes back when the data is started again.
    pub async fn stop(self) -> Result<(), Error> {
        Ok(self.stack.stop().await?)
    }

    /// What other commands need to find this stack.
    pub fn running(&self) -> RunningStack {
        running(&self.stack, &self.sandbox, &self.keys)
    }

    /// Publishes the profiles anew, with `more` appended to `house.toml`. Functions that hold the old ones take the new
    /// ones up within a minute.
    pub async fn publish_with(&self, more: &str) -> Result<Bundle, Error> {
        self.publish_changed("house.toml", |text| format!("{text}{more}")).await
    }

    /// The same with the text of a file changed.
    pub async fn publish_changed(&self, name: &str, change: impl Fn(&str) -> String) -> Result<Bundle, Error> {
        let mut sources = self.sources.clone();
        for file in sources.iter_mut().filter(|file| file.name == name) {
            file.text = change(&file.text);
        }
        let bundle = profiles::compile(&sources, &self.folder, &self.partners_url, &self.keys.erp_api_key)?;
        self.operations.publish_bundle(&bundle).await?;
        Ok(bundle)
    }

    /// The scope of a sample partner.
    pub fn scope(&self, partner: &str) -> Result<PartnerScope, Error> {
        Ok(PartnerScope { tenant: self.bundle.house.tenant.clone(), partner: partner_id(partner)? })
    }

    /// The time `seconds` after the stack first ran on its data: the same however often a scenario is played on it.
    pub fn time(&self, seconds: i64) -> Timestamp {
        let begun_at = self.keys.begun_at.unwrap_or_default();
        begun_at.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(begun_at)
    }

    /// The ERP releases an order. It sends again, with the same key, what was not answered.
    pub async fn release(&self, key: &str, body: &[u8]) -> Result<HttpReply, Error> {
        let call = async || self.api.release(&self.keys.erp_api_key, key, body).await;
        let reply = self.persist(call).await?;
        self.sent("northwind-erp", "order-release", key, &reply, body);
        Ok(reply)
    }

    /// The ERP releases an order that must be taken; the release's id.
    pub async fn released(&self, key: &str, body: &[u8]) -> Result<ReleaseId, Error> {
        let reply = self.release(key, body).await?;
        if !is_accepted(&reply) {
            return Err(refused(&reply));
        }
        let answer: Value = serde_json::from_slice(&reply.body).map_err(Error::json("the API's answer"))?;
        let id = answer.get("release_id").and_then(Value::as_str).unwrap_or_default();
        id.parse().map_err(|error| Error::Unusable(format!("the API's answer names no release: {error}")))
    }

    /// The ERP cancels a release, which must be taken.
    pub async fn cancelled(&self, id: &ReleaseId) -> Result<(), Error> {
        let reply = self.persist(async || self.api.cancel(&self.keys.erp_api_key, id.as_str()).await).await?;
        if is_accepted(&reply) { Ok(()) } else { Err(refused(&reply)) }
    }

    /// A partner sends a webhook, signed. It sends again, under the same id, what was not answered.
    pub async fn webhook(&self, partner: &str, topic: &str, id: &str, body: &[u8]) -> Result<HttpReply, Error> {
        let secret = self
            .keys
            .secret(partner, "webhook-in")
            .ok_or_else(|| Error::Unusable(format!("partner {partner} signs no webhooks by its profile")))?;
        let call = async || self.api.webhook(partner, topic, id, body, &secret, clock::now()).await;
        let reply = self.persist(call).await?;
        self.sent(partner, topic, id, &reply, body);
        Ok(reply)
    }

    /// A partner's webhook that must be taken.
    pub async fn told(&self, partner: &str, topic: &str, id: &str, body: &str) -> Result<(), Error> {
        let reply = self.webhook(partner, topic, id, body.as_bytes()).await?;
        if is_accepted(&reply) { Ok(()) } else { Err(refused(&reply)) }
    }

    /// A partner drops a file into its inbox.
    pub async fn drop(&self, partner: &str, name: &str, bytes: &[u8]) -> Result<(), Error> {
        self.operations.drop(&partner_id(partner)?, name, bytes).await?;
        self.sandbox.journal().add(Entry {
            at: clock::now(),
            direction: Direction::Sent,
            partner: partner.to_owned(),
            what: "file".to_owned(),
            id: name.to_owned(),
            status: 200,
            sha256: Digest::of(bytes),
            body: String::from_utf8_lossy(bytes).into_owned(),
            answer: String::new(),
        });
        Ok(())
    }

    /// Calls until there is an answer that is no server's error: what a careful client does.
    async fn persist(&self, call: impl AsyncFn() -> Result<HttpReply, Error>) -> Result<HttpReply, Error> {
        for _ in 1..TRIES_MAX {
            match call().await {
                Ok(reply) if reply.status < 500 => return Ok(reply),
                Ok(_) | Err(Error::Deployment(_)) => tokio::time::sleep(TRY_AGAIN).await,
                Err(error) => return Err(error),
            }
        }
        call().await
    }

    fn sent(&self, partner: &str, what: &str, id: &str, reply: &HttpReply, body: &[u8]) {
        self.sandbox.journal().add(Entry {
            at: clock::now(),
            direction: Direction::Sent,
            partner: partner.to_owned(),
            what: what.to_owned(),
            id: id.to_owned(),
            status: reply.status,
            sha256: Digest::of(body),
            body: String::from_utf8_lossy(body).into_owned(),
            answer: String::from_utf8_lossy(&reply.body).into_owned(),
        });
    }

    /// The release as the table holds it.
    pub async fn find(&self, id: &ReleaseId) -> Result<Release, Error> {
        let key = Key::release(&self.scope("northwind-erp")?, id);
        let found = self.item(&key).await?;
        found.ok_or_else(|| Error::Unusable(format!("there is no release {id}")))
    }

    /// An item of the table.
    pub async fn item<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, Error> {
        let Some(item) = self.operations.item(key.pk(), key.sk()).await? else {
            return Ok(None);
        };
        let value = serde_json::from_value(item.doc).map_err(Error::json(format!("item {}", key.pk())))?;
        Ok(Some(value))
    }

    /// All items of one kind; of those that hold `needle` in key or content, if that is given.
    pub async fn items<T: DeserializeOwned>(&self, needle: Option<&str>, sk: &str) -> Result<Vec<T>, Error> {
        let items = self.operations.scan(needle, |_| ()).await?.into_iter().filter(|item| item.sk == sk);
        items.map(|item| serde_json::from_value(item.doc).map_err(Error::json(item.pk))).collect()
    }

    /// The 940s in a partner's outbox.
    pub async fn ship_orders(&self, partner: &str) -> Result<Vec<ShipOrder>, Error> {
        self.outbox(partner, "940-", warehouse::read_940).await
    }

    /// The 997s in a partner's outbox.
    pub async fn acknowledgments(&self, partner: &str) -> Result<Vec<Acknowledged>, Error> {
        self.outbox(partner, "997-", warehouse::read_997).await
    }

    async fn outbox<T>(
        &self,
        partner: &str,
        name: &str,
        read: impl Fn(&str, &[u8]) -> Vec<T>,
    ) -> Result<Vec<T>, Error> {
        let mut found = Vec::new();
        let prefix = format!("outbox/{partner}/{name}");
        for file in self.operations.outbox(&partner_id(partner)?).await? {
            if file.key.starts_with(&prefix)
                && let Some(bytes) = self.operations.outbox_file(&file.key).await?
            {
                found.extend(read(&file.key, &bytes));
            }
        }
        Ok(found)
    }

    /// Waits until `look` finds something.
    pub async fn until<T>(
        &self,
        what: &str,
        at_most: Duration,
        mut look: impl AsyncFnMut() -> Result<Option<T>, Error>,
    ) -> Result<T, Error> {
        let watch = Stopwatch::start();
        loop {
            if let Some(found) = look().await? {
                return Ok(found);
            }
            if watch.elapsed() > at_most {
                return Err(Error::Late { what: what.to_owned(), seconds: at_most.as_secs() });
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Waits until a release is as `is_so` asks.
    pub async fn until_release(
        &self,
        id: &ReleaseId,
        what: &str,
        at_most: Duration,
        is_so: impl Fn(&Release) -> bool,
    ) -> Result<Release, Error> {
        let look = async || {
            let release = self.find(id).await?;
            Ok(is_so(&release).then_some(release))
        };
        self.until(what, at_most, look).await
    }

    /// Waits until no step has anything left to do, for long enough that nothing can be between two of them.
    pub async fn until_quiet(&self, at_most: Duration) -> Result<(), Error> {
        let mut quiet: Option<Stopwatch> = None;
        let look = async || {
            if !self.operations.is_quiet().await? {
                quiet = None;
                return Ok(None);
            }
            let since = *quiet.get_or_insert_with(Stopwatch::start);
            Ok((since.elapsed() > QUIET).then_some(()))
        };
        self.until("that no step has anything left to do", at_most, look).await
    }

    /// Kills every process of the named functions, of all functions if none is named. How many there were.
    pub fn kill_functions(&self, names: &[&str]) -> usize {
        let found = self.stack.function_processes();
        let hit = found.iter().filter(|process| names.is_empty() || names.contains(&process.function.as_str()));
        hit.map(local::FunctionProcess::kill).count()
    }
}

fn running(stack: &local::Stack, sandbox: &Sandbox, keys: &Keys) -> RunningStack {
    RunningStack {
        pid: std::process::id(),
        endpoint: stack.endpoint.clone(),
        region: stack.region.to_owned(),
        access_key: stack.access_key.to_owned(),
        secret_key: stack.secret_key.to_owned(),
        api_url: stack.api_url.clone(),
        sandbox_url: sandbox.url(),
        erp_api_key: keys.erp_api_key.clone(),
        data_dir: stack.data_dir.clone(),
        outputs: stack.outputs.clone(),
    }
}

/// Every secret that the profiles ask for: one for each direction in which a partner's webhooks go.
fn ensure_secrets(keys: &mut Keys, bundle: &Bundle) -> Result<(), Error> {
    for profile in bundle.partners.values() {
        if profile.auth.signature.is_some() {
            keys.ensure(&profile.id, "webhook-in")?;
        }
        if profile.endpoint.is_some() {
            keys.ensure(&profile.id, "webhook-out")?;
        }
    }
    Ok(())
}

fn partner_id(name: &str) -> Result<PartnerId, Error> {
    name.parse().map_err(|error| Error::Unusable(format!("{name:?} is no partner: {error}")))
}

fn refused(reply: &HttpReply) -> Error {
    Error::Refused { status: reply.status, answer: String::from_utf8_lossy(&reply.body).into_owned() }
}
