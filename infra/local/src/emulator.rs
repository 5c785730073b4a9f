//! The emulator's process, and everything it starts.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use crate::stack::{FunctionProcess, REGION};
use crate::{Error, workspace};

/// A start takes 1 to 2 s on two idle cores; the machine may be building meanwhile.
const START_MAX: Duration = Duration::from_mins(1);
/// Answering what runs takes up to 3 s, saving below one.
const STOP_MAX: Duration = Duration::from_secs(20);
/// Lines of the log that an error shows.
const TAIL_LINES: usize = 20;

/// A running emulator. Its process leads a group that all functions belong to.
#[derive(Debug)]
pub(crate) struct Emulator {
    child: Child,
    group: u32,
    pub(crate) log: PathBuf,
}

impl Emulator {
    /// Starts it on the data and waits until it answers.
    ///
    /// `functions_call` is the port where functions reach AWS, which need not be the emulator's own.
    pub(crate) async fn start(python: &Path, data_dir: &Path, port: u16, functions_call: u16) -> Result<Self, Error> {
        if TcpListener::bind(("127.0.0.1", port)).await.is_err() {
            return Err(Error::PortInUse { port });
        }
        let folder = |name: &str| {
            let path = data_dir.join(name);
            fs::create_dir_all(&path).map_err(Error::io("create", &path))?;
            Ok(path)
        };
        let (state, s3, tmp) = (folder("state")?, folder("s3")?, folder("tmp")?);
        let log = data_dir.join("emulator.log");
        let out = OpenOptions::new().create(true).append(true).open(&log).map_err(Error::io("open", &log))?;
        let err = out.try_clone().map_err(Error::io("open", &log))?;

        let mut command = Command::new(python);
        command
            .args(["-m", "ministack"])
            .current_dir(data_dir)
            // Whatever stands in its environment reaches the functions too.
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", data_dir)
            .env("TMPDIR", &tmp)
            .env("PYTHONPATH", workspace().join("infra/local/extension"))
            .env("CROSSDOCK_PARENT", std::process::id().to_string())
            .env("GATEWAY_PORT", port.to_string())
            .env("BIND_HOST", "127.0.0.1")
            // `localhost` in host-style addresses, which an IP address cannot stand in; the IP address where
            // functions call, which keeps bucket names in the path.
            .env("MINISTACK_HOST", "localhost")
            .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{functions_call}"))
            .env("MINISTACK_REGION", REGION)
            .env("AUTH", "true")
            .env("SFTP_ENABLED", "0")
            .env("IOT_MTLS_ENABLED", "0")
            .env("PERSIST_STATE", "1")
            .env("STATE_DIR", &state)
            .env("S3_PERSIST", "1")
            .env("S3_DATA_DIR", &s3)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .process_group(0)
            .kill_on_drop(true);
        let child = command.spawn().map_err(Error::io("run", python))?;
        let group = child.id().unwrap_or_default();
        let mut emulator = Self { child, group, log };
        emulator.answers(port).await?;
        Ok(emulator)
    }

    async fn answers(&mut self, port: u16) -> Result<(), Error> {
        let ends = Instant::now() + START_MAX;
        while Instant::now() < ends && matches!(self.child.try_wait(), Ok(None)) {
            if timeout(Duration::from_secs(2), healthy(port)).await.is_ok_and(|answer| answer.is_ok_and(|ok| ok)) {
                return Ok(());
            }
            sleep(Duration::from_millis(50)).await;
        }
        Err(Error::Emulator { log: self.log.clone(), tail: tail(&self.log) })
    }

    /// Lets it save its state and end, then ends whatever is left of its group.
    pub(crate) async fn stop(mut self) -> Result<(), Error> {
        signal("TERM", &self.group.to_string());
        let saved = timeout(STOP_MAX, self.child.wait()).await.is_ok();
        self.end();
        if !saved {
            // Reaps it; the signal cannot be refused.
            let _ = self.child.wait().await;
            return Err(Error::NotSaved { seconds: STOP_MAX.as_secs() });
        }
        Ok(())
    }

    /// The functions' processes that run now.
    pub(crate) fn functions(&self) -> Vec<FunctionProcess> {
        processes()
            .filter(|pid| *pid != self.group && group_of(*pid) == Some(self.group))
            .filter_map(|pid| Some(FunctionProcess { pid, function: function_of(pid)? }))
            .collect()
    }

    fn end(&self) {
        signal("KILL", &format!("-{}", self.group));
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.end();
    }
}

/// Sends a signal to a process, or with a leading `-` to a group. That it is gone already is no error.
pub(crate) fn signal(name: &str, target: &str) {
    let _ = std::process::Command::new("sh")
        .args(["-c", &format!("kill -s {name} -- {target}")])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
}

async fn healthy(port: u16) -> io::Result<bool> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(b"GET /_ministack/health HTTP/1.0\r\nHost: localhost\r\n\r\n").await?;
    let mut start = [0; 12];
    stream.read_exact(&mut start).await?;
    Ok(start.ends_with(b" 200"))
}

/// The process group: the third field after the command's name, which stands in brackets and may hold anything.
fn group_of(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(2)?.parse().ok()
}

/// The function's process whose socket is the client's end of a connection.
pub(crate) fn calling(client: SocketAddr, server: SocketAddr) -> Option<FunctionProcess> {
    let (SocketAddr::V4(client), SocketAddr::V4(server)) = (client, server) else {
        return None;
    };
    // The kernel's table: number, own and other address, state, queues, timer, retransmits, user, time-out, inode.
    let ends = [client, server].map(|end| format!("{:08X}:{:04X}", u32::from(*end.ip()).swap_bytes(), end.port()));
    let table = fs::read_to_string("/proc/net/tcp").ok()?;
    let inode = table.lines().find_map(|line| {
        let mut fields = line.split_whitespace().skip(1);
        let is_it = ends.iter().all(|end| fields.next() == Some(end));
        fields.nth(6).filter(|_| is_it)
    })?;
    let socket = format!("socket:[{inode}]");
    processes().find_map(|pid| {
        let open = fs::read_dir(format!("/proc/{pid}/fd")).ok()?;
        let mut files = open.flatten().filter_map(|file| fs::read_link(file.path()).ok());
        files.any(|file| file.as_os_str() == socket.as_str()).then_some(())?;
        Some(FunctionProcess { pid, function: function_of(pid)? })
    })
}

fn processes() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// The name that the emulator gave the function in its environment, without the stage.
fn function_of(pid: u32) -> Option<String> {
    let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let name = environment
        .split(|byte| *byte == 0)
        .find_map(|variable| variable.strip_prefix(b"AWS_LAMBDA_FUNCTION_NAME=crossdock-local-"))?;
    Some(String::from_utf8_lossy(name).into_owned())
}

fn tail(log: &Path) -> String {
    let content = fs::read(log).unwrap_or_default();
    let content = String::from_utf8_lossy(&content);
    let lines: Vec<&str> = content.lines().collect();
    lines.get(lines.len().saturating_sub(TAIL_LINES)..).unwrap_or_default().join("\n")
}

/// A port that is free now.
pub(crate) async fn free_port() -> Result<u16, Error> {
    let refused = || Error::io("find a free port on", "127.0.0.1");
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(refused())?;
    Ok(listener.local_addr().map_err(refused())?.port())
}

/// Takes a data directory for this process; it is given back when the file is closed.
pub(crate) fn take(data_dir: &Path) -> Result<File, Error> {
    fs::create_dir_all(data_dir).map_err(Error::io("create", data_dir))?;
    let path = data_dir.join("lock");
    let lock = File::create(&path).map_err(Error::io("create", &path))?;
    lock.try_lock().map_err(|_| Error::DataInUse { data_dir: data_dir.to_path_buf() })?;
    Ok(lock)
}
