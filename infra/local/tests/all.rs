//! The life of a stack: started, used, stopped, started again on its data. The functions are stand-ins, so this needs
//! no build of the real ones.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use local::{Error, FUNCTIONS, FunctionProcess, Options, Stack};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::sleep;

/// A bootstrap that answers each call with what it was called with, and as the authorizer lets everybody in.
const STAND_IN: &str = r#"
import json, os, urllib.request
API = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
while True:
    call = urllib.request.urlopen(API + "next")
    event, request = json.load(call), call.headers["Lambda-Runtime-Aws-Request-Id"]
    if "Records" in event:
        answer = {"batchItemFailures": []}
    elif event.get("type") == "REQUEST":
        answer = {"isAuthorized": True}
    else:
        answer = {"statusCode": 200, "body": event["rawPath"]}
    urllib.request.urlopen(urllib.request.Request(API + request + "/response", json.dumps(answer).encode()))
"#;

fn fresh(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn stand_ins(folder: &Path) {
    let output = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output().unwrap();
    let python = String::from_utf8(output.stdout).unwrap();
    for name in FUNCTIONS {
        let bootstrap = folder.join(name).join("bootstrap");
        fs::create_dir_all(folder.join(name)).unwrap();
        fs::write(&bootstrap, format!("#!{}\n{STAND_IN}", python.trim())).unwrap();
        fs::set_permissions(&bootstrap, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

async fn get(stack: &Stack, path: &str) -> String {
    let url = format!("{}{path}", stack.api_url);
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).await.unwrap();
    let request = format!("GET /{path} HTTP/1.0\r\nHost: {host}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn runs(process: &FunctionProcess) -> bool {
    // A killed process stays as a zombie until its parent has seen it.
    fs::read_to_string(format!("/proc/{}/stat", process.pid)).is_ok_and(|stat| !stat.contains(") Z "))
}

async fn gone(process: &FunctionProcess) {
    for _ in 0..100 {
        if !runs(process) {
            return;
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("{process:?} still runs");
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_stack_goes_on_where_it_stopped_and_leaves_no_process() {
    let folder = fresh("life");
    let (build, data) = (folder.join("build"), folder.join("data"));
    stand_ins(&build);
    let options = Options { data_dir: Some(&data), build: Some(&build), ..Options::default() };

    let stack = Stack::start(options).await.unwrap();
    let outputs = stack.outputs.clone();
    assert!(get(&stack, "/v1/order-releases/r1").await.ends_with("/v1/order-releases/r1"));
    let before = stack.function_processes();
    assert_eq!(before.iter().filter(|process| process.function == "order-release").count(), 1, "{before:?}");
    for process in &before {
        process.kill();
        gone(process).await;
    }
    assert!(get(&stack, "/v1/order-releases/r2").await.ends_with("/v1/order-releases/r2"), "a killed one is replaced");
    let error = Stack::start(options).await.unwrap_err();
    assert!(matches!(error, Error::DataInUse { .. }), "{error}");
    let last = stack.function_processes();
    stack.stop().await.unwrap();
    for process in &last {
        gone(process).await;
    }

    let error = Stack::start(Options { port: Some(1), ..options }).await.unwrap_err();
    assert!(matches!(error, Error::OtherPort { .. }), "{error}");
    let stack = Stack::start(options).await.unwrap();
    assert_eq!(stack.outputs, outputs);
    assert!(get(&stack, "/v1/order-releases/r3").await.ends_with("/v1/order-releases/r3"));
    let last = stack.function_processes();
    drop(stack);
    for process in &last {
        gone(process).await;
    }
    fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let folder = fresh("port");
    stand_ins(&folder);
    let error =
        Stack::start(Options { port: Some(port), build: Some(&folder), ..Options::default() }).await.unwrap_err();
    assert_eq!(error.to_string(), format!("port {port} is in use: stop what listens there, or choose another port"));
    fs::remove_dir_all(&folder).unwrap();
}
