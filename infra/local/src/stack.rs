use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use crate::emulator::{self, Emulator};
use crate::{Error, Profile, build, python, scratch, workspace};

/// The region of the local stack.
pub(crate) const REGION: &str = "us-east-1";
/// The root key that the emulator knows without being told. Functions get keys of their roles, enforced.
const ACCESS_KEY: &str = "test";
const SECRET_KEY: &str = "test";
/// The stage, and in it the stack's name.
pub(crate) const STAGE: &str = "local";

/// How a stack is started.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// Where the state is kept. `None`: a fresh directory that is removed at the end.
    pub data_dir: Option<&'a Path>,
    /// The port on 127.0.0.1. `None`: the one that the data was made with, or a free one.
    pub port: Option<u16>,
    /// Folders `<function>/bootstrap` that are built already. `None`: they are built from this workspace.
    pub build: Option<&'a Path>,
    /// Hosts, separated by commas, that functions may call without TLS.
    pub plain_http_hosts: &'a str,
    /// The port on 127.0.0.1 where functions reach AWS, if something stands between them and the stack. `None`: the
    /// stack's own.
    pub functions_call: Option<u16>,
    /// Is told, in a few words each, what is being done.
    pub progress: &'a (dyn Fn(&str) + Sync),
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            data_dir: None,
            port: None,
            build: None,
            plain_http_hosts: "127.0.0.1",
            functions_call: None,
            progress: &|_| (),
        }
    }
}

impl fmt::Debug for Options<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Options")
            .field("data_dir", &self.data_dir)
            .field("port", &self.port)
            .field("build", &self.build)
            .field("plain_http_hosts", &self.plain_http_hosts)
            .field("functions_call", &self.functions_call)
            .finish_non_exhaustive()
    }
}

/// A function's process.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct FunctionProcess {
    /// Its id.
    pub pid: u32,
    /// One of [`crate::FUNCTIONS`].
    pub function: String,
}

impl FunctionProcess {
    /// The process that holds the client's end of a connection of this machine, if it is a function of a local stack
    /// (on Linux; elsewhere none is seen).
    pub fn calling(client: SocketAddr, server: SocketAddr) -> Option<Self> {
        emulator::calling(client, server)
    }

    /// Kills it the hard way, as a time-out does: what it held comes back by itself.
    pub fn kill(&self) {
        emulator::signal("KILL", &self.pid.to_string());
    }
}

/// The running local stack. Dropped without [`Stack::stop`], its processes are killed and the latest state is lost.
#[derive(Debug)]
#[non_exhaustive]
pub struct Stack {
    /// Where every AWS call goes: `http://127.0.0.1:<port>`.
    pub endpoint: String,
    /// Where the HTTP API answers; a path of the API is appended as it is, `{api_url}/v1/order-releases`.
    pub api_url: String,
    /// The outputs of `template.yaml` by name.
    pub outputs: BTreeMap<String, String>,
    /// The region to sign for.
    pub region: &'static str,
    /// The access key of the account's root.
    pub access_key: &'static str,
    /// Its secret.
    pub secret_key: &'static str,
    /// The state, the emulator's log (`emulator.log`).
    pub data_dir: PathBuf,
    emulator: Emulator,
    home: Home,
}

impl Stack {
    /// Builds, starts and deploys. On an error, or when the future is dropped, nothing stays behind.
    ///
    /// # Errors
    ///
    /// Each says what to install, stop or mend.
    pub async fn start(options: Options<'_>) -> Result<Self, Error> {
        let progress = options.progress;
        // Before anything runs: a build takes minutes, and fails.
        let built = async || match options.build {
            Some(folder) => Ok(folder.to_path_buf()),
            None => build::functions(Profile::Dev, progress).await,
        };
        let (mut stack, python, built) = Self::started(&options, built).await?;
        let order = serde_json::json!({
            "endpoint": stack.endpoint,
            "region": REGION,
            "access_key": ACCESS_KEY,
            "secret_key": SECRET_KEY,
            "stack": format!("crossdock-{STAGE}"),
            "template": workspace().join("template.yaml"),
            "build": built,
            "parameters": {
                "Stage": STAGE,
                "Architecture": build::architecture(),
                "PlainHttpHosts": options.plain_http_hosts,
            },
        });
        stack.outputs = deploy(&python, &order.to_string(), progress)
            .await?
            .map_err(|reason| Error::Deploy { reason, log: stack.emulator.log.clone() })?;
        // The address with the API's host name would need a resolver that knows `*.localhost`.
        let api = stack.outputs.get("ApiId").map_or("", String::as_str);
        stack.api_url = format!("{}/_aws/execute-api/{api}", stack.endpoint);
        Ok(stack)
    }

    /// Starts the emulator alone: nothing is built, nothing deployed, and there are no outputs. Of the options,
    /// `data_dir`, `port`, `functions_call` and `progress` count.
    ///
    /// # Errors
    ///
    /// Each says what to install, stop or mend.
    pub async fn bare(options: Options<'_>) -> Result<Self, Error> {
        let (stack, ..) = Self::started(&options, async || Ok(())).await?;
        Ok(stack)
    }

    /// The emulator at work, with the Python that it runs on and what `before` gave.
    async fn started<T>(
        options: &Options<'_>,
        before: impl AsyncFnOnce() -> Result<T, Error>,
    ) -> Result<(Self, PathBuf, T), Error> {
        let home = Home::open(options.data_dir)?;
        let data_dir = home.path.clone();
        let port = settle_port(&data_dir, options.port).await?;
        let python = python::environment("venv", "requirements.txt", options.progress).await?;
        let before = before().await?;
        (options.progress)("starting the emulator");
        let emulator = Emulator::start(&python, &data_dir, port, options.functions_call.unwrap_or(port)).await?;
        let endpoint = format!("http://127.0.0.1:{port}");
        let stack = Self {
            api_url: String::new(),
            endpoint,
            outputs: BTreeMap::new(),
            region: REGION,
            access_key: ACCESS_KEY,
            secret_key: SECRET_KEY,
            data_dir,
            emulator,
            home,
        };
        Ok((stack, python, before))
    }

    /// An output of the template; empty if there is none of that name.
    pub fn output(&self, name: &str) -> &str {
        self.outputs.get(name).map_or("", String::as_str)
    }

    /// The functions' processes that run now (on Linux; elsewhere none are seen).
    pub fn function_processes(&self) -> Vec<FunctionProcess> {
        self.emulator.functions()
    }

    /// Saves the state and ends every process. A directory made for this stack alone is removed.
    ///
    /// # Errors
    ///
    /// [`Error::NotSaved`] if the emulator did not end by itself; the processes are gone all the same.
    pub async fn stop(self) -> Result<(), Error> {
        let Self { emulator, home, .. } = self;
        let stopped = emulator.stop().await;
        drop(home);
        stopped
    }
}

/// The data directory, taken for as long as this value lives, removed with it if it was made for it.
#[derive(Debug)]
struct Home {
    path: PathBuf,
    passing: bool,
    _lock: File,
}

impl Home {
    fn open(given: Option<&Path>) -> Result<Self, Error> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        if let Some(path) = given {
            let lock = emulator::take(path)?;
            // The emulator runs in the directory, so its path must not depend on where this process runs.
            let path = fs::canonicalize(path).map_err(Error::io("find", path))?;
            return Ok(Self { path, passing: false, _lock: lock });
        }
        let runs = scratch().join("runs");
        sweep(&runs);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = runs.join(format!("{}-{number}", std::process::id()));
        let lock = emulator::take(&path)?;
        Ok(Self { path, passing: true, _lock: lock })
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if self.passing {
            // What cannot be removed now is swept at the next start.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// Removes what killed processes left: directories that nobody holds.
fn sweep(runs: &Path) {
    for entry in fs::read_dir(runs).into_iter().flatten().flatten() {
        if emulator::take(&entry.path()).is_ok() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Queues and functions are stored with their addresses, so data keeps the port it was made with.
async fn settle_port(data_dir: &Path, wanted: Option<u16>) -> Result<u16, Error> {
    let path = data_dir.join("port");
    if let Some(port) = fs::read_to_string(&path).ok().and_then(|text| text.trim().parse().ok()) {
        if wanted.is_some_and(|wanted| wanted != port) {
            return Err(Error::OtherPort { data_dir: data_dir.to_path_buf(), port });
        }
        return Ok(port);
    }
    let port = match wanted {
        Some(port) => port,
        None => emulator::free_port().await?,
    };
    fs::write(&path, port.to_string()).map_err(Error::io("write", &path))?;
    Ok(port)
}

/// Runs `deploy.py`; the outputs of the stack, or why there are none.
async fn deploy(
    python: &Path,
    order: &str,
    progress: &(dyn Fn(&str) + Sync),
) -> Result<Result<BTreeMap<String, String>, String>, Error> {
    let mut child = Command::new(python)
        .arg(workspace().join("infra/local/deploy.py"))
        .arg(order)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(Error::io("run", python))?;
    let mut answer = Err("it ended without an answer".to_owned());
    if let Some(out) = child.stdout.take() {
        let mut lines = BufReader::new(out).lines();
        while let Some(line) = lines.next_line().await.map_err(Error::io("read from", python))? {
            let Ok(said) = serde_json::from_str::<serde_json::Value>(&line) else {
                continue;
            };
            if let Some(text) = said.get("progress").and_then(serde_json::Value::as_str) {
                progress(text);
            } else if let Some(reason) = said.get("error").and_then(serde_json::Value::as_str) {
                answer = Err(reason.to_owned());
            } else if let Some(outputs) = said.get("outputs").and_then(serde_json::Value::as_object) {
                let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
                answer = Ok(outputs.iter().map(|(name, value)| (name.clone(), text(value))).collect());
            }
        }
    }
    child.wait().await.map_err(Error::io("run", python))?;
    Ok(answer)
}
