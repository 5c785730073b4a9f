//! What stands between the functions and all that they call: AWS on one port, the partners on another.
//!
//! A request is read whole, its caller is found by the connection's socket, and the plan says what becomes of it. The
//! functions know nothing of this: they are the ones that are deployed.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use aws::{Http, HttpReply};
use axum::Router;
use axum::body::Body;
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::serve::IncomingStream;
use crossdock::{Detour, Error, Stopwatch, World};
use local::FunctionProcess;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::call::{to_aws, to_partner};
use crate::plan::{Call, Fate, Moment, Plan, Point};
use crate::witness::Witness;

/// Longest request or reply, in bytes: far above the largest document that the stories exchange.
const BODY_LEN_MAX: usize = 16 << 20;

/// Longest wait for a killed process to be gone. The kernel takes milliseconds.
const GONE_MAX: Duration = Duration::from_secs(2);

/// Headers of one connection, which the next hop writes itself.
const HOP: [HeaderName; 4] = [header::CONNECTION, header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::EXPECT];

/// Which side a request came in on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Aws,
    Partners,
}

/// Where requests go on to.
#[derive(Debug)]
struct Targets {
    aws: String,
    partners: String,
}

#[derive(Debug)]
struct Shared {
    targets: OnceLock<Targets>,
    plan: Mutex<Plan>,
    witness: Mutex<Witness>,
    http: Http,
}

/// The proxy. It stops when this is dropped.
#[derive(Debug)]
pub(crate) struct Proxy {
    shared: Arc<Shared>,
    ports: Detour,
    _servers: JoinSet<()>,
}

impl Proxy {
    /// Opens both ports. Until [`Proxy::lead_to`] says where to, requests are answered with 503.
    pub(crate) async fn open() -> Result<Self, Error> {
        let shared = Arc::new(Shared {
            targets: OnceLock::new(),
            plan: Mutex::new(Plan::watch()),
            witness: Mutex::default(),
            http: Http::new()?,
        });
        let mut servers = JoinSet::new();
        let mut ports = Vec::new();
        for side in [Side::Aws, Side::Partners] {
            let taken = |error: std::io::Error| Error::Unusable(format!("the proxy finds no free port: {error}"));
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(taken)?;
            ports.push(listener.local_addr().map_err(taken)?.port());
            let router = Router::new().fallback(pass).with_state((Arc::clone(&shared), side));
            servers.spawn(async move {
                // It runs until it is dropped; it never ends by itself.
                let _ = axum::serve(listener, router.into_make_service_with_connect_info::<Caller>()).await;
            });
        }
        let port = |at: usize| ports.get(at).copied().unwrap_or_default();
        Ok(Self { shared, ports: Detour { aws: port(0), partners: port(1) }, _servers: servers })
    }

    /// The ports that functions must call.
    pub(crate) fn detour(&self) -> Detour {
        self.ports
    }

    /// Requests go on to this world.
    pub(crate) fn lead_to(&self, world: &World) {
        let targets = Targets { aws: world.stack.endpoint.clone(), partners: world.sandbox.url() };
        // Said once.
        let _ = self.shared.targets.set(targets);
    }

    /// The plan.
    pub(crate) fn plan(&self) -> MutexGuard<'_, Plan> {
        held(&self.shared.plan)
    }

    /// What was seen.
    pub(crate) fn witness(&self) -> MutexGuard<'_, Witness> {
        held(&self.shared.witness)
    }
}

/// A lock that a panicking holder left is as good as another: what it guards is changed whole.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The other end of a connection, and whose it is once that was asked.
#[derive(Debug, Clone)]
struct Caller {
    client: SocketAddr,
    server: SocketAddr,
    process: Arc<OnceLock<Option<FunctionProcess>>>,
}

impl Connected<IncomingStream<'_, TcpListener>> for Caller {
    fn connect_info(stream: IncomingStream<'_, TcpListener>) -> Self {
        let server = stream.io().local_addr().unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        Self { client: *stream.remote_addr(), server, process: Arc::default() }
    }
}

impl Caller {
    /// The function's process, if it is one. A connection is one process's from its beginning to its end.
    fn process(&self) -> Option<&FunctionProcess> {
        self.process.get_or_init(|| FunctionProcess::calling(self.client, self.server)).as_ref()
    }

    /// Kills the process, and waits until it is gone; whether there was one to kill.
    fn kill(&self) -> bool {
        let (Some(process), runs) = (self.process(), FunctionProcess::calling(self.client, self.server)) else {
            return false;
        };
        if runs.as_ref() != Some(process) {
            return false;
        }
        process.kill();
        let watch = Stopwatch::start();
        while watch.elapsed() < GONE_MAX && FunctionProcess::calling(self.client, self.server).is_some() {
            std::thread::sleep(Duration::from_millis(1));
        }
        true
    }
}

async fn pass(
    State((shared, side)): State<(Arc<Shared>, Side)>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, BODY_LEN_MAX).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, "longer than the proxy takes").into_response();
    };
    let document = if side == Side::Aws { serde_json::from_slice(&body).unwrap_or_default() } else { Value::Null };
    let operation = match side {
        Side::Aws => to_aws(&parts.method, &parts.uri, &parts.headers, &document),
        Side::Partners => to_partner(&parts.method, &parts.uri),
    };
    let call =
        caller.process().map(|process| Call { function: process.function.clone(), operation: operation.clone() });
    let fate = call.as_ref().map_or(Fate::Pass, |call| held(&shared.plan).meets(call));
    let aim = match (fate, call) {
        (Fate::Kill(moment), Some(call)) => Some(Aim { plan: &shared.plan, point: Some(Point { call, moment }) }),
        _ => None,
    };
    if fate == Fate::Kill(Moment::Before) {
        strike(aim, &caller);
        hang_up();
    }
    // In a task of its own: what the service does is seen to its end even if the function hangs up.
    let going_on = {
        let shared = Arc::clone(&shared);
        async move {
            let reply = forward(&shared, side, &parts, &body).await;
            if let Some(reply) = reply.as_ref().filter(|reply| side == Side::Aws && reply.status == 200) {
                let answer = serde_json::from_slice(&reply.body).unwrap_or_default();
                held(&shared.witness).saw(&operation, &document, &answer);
            }
            reply
        }
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "its result is awaited, and must not be lost if nobody waits any more"
    )]
    let reply = tokio::spawn(going_on).await.ok().flatten();
    if fate == Fate::Kill(Moment::After) {
        strike(aim, &caller);
        hang_up();
    }
    match reply {
        Some(reply) if fate == Fate::Pass => answer(reply),
        _ => hang_up(),
    }
}

/// A kill that is under way. If nothing comes of it, its point goes back to the plan: the function may hang up first,
/// and then nobody waits here any more.
struct Aim<'a> {
    plan: &'a Mutex<Plan>,
    point: Option<Point>,
}

impl Drop for Aim<'_> {
    fn drop(&mut self) {
        if let Some(point) = self.point.take() {
            held(self.plan).missed(point);
        }
    }
}

/// Kills the caller, if it still waits for the reply.
fn strike(aim: Option<Aim<'_>>, caller: &Caller) {
    if let (Some(mut aim), Some(process)) = (aim, caller.process())
        && caller.kill()
        && let Some(point) = aim.point.take()
    {
        held(aim.plan).killed(point, process.pid);
    }
}

/// Ends the connection's task, and with it the connection. The hook that would print a panic is not asked.
fn hang_up() -> ! {
    std::panic::resume_unwind(Box::new("hang up"))
}

/// Hands a request on as it is; `None` if the service does not answer.
async fn forward(shared: &Shared, side: Side, parts: &Parts, body: &[u8]) -> Option<HttpReply> {
    let Some(targets) = shared.targets.get() else {
        return Some(HttpReply { status: 503, headers: Vec::new(), body: b"not ready".to_vec() });
    };
    let target = if side == Side::Aws { &targets.aws } else { &targets.partners };
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let kept = parts.headers.iter().filter(|(name, _)| !HOP.contains(name));
    let headers: Vec<(String, String)> = kept
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    shared.http.send(parts.method.as_str(), &format!("{target}{path}"), &headers, body).await.ok()
}

fn answer(reply: HttpReply) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut response = (status, Body::from(reply.body)).into_response();
    for (name, value) in &reply.headers {
        let named = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value));
        if let (Ok(name), Ok(value)) = named
            && !HOP.contains(&name)
        {
            response.headers_mut().append(name, value);
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_point_of_a_kill_that_nothing_came_of_goes_back_to_the_plan() {
        let call = Call { function: "order-apply".to_owned(), operation: "PutItem RELEASE".to_owned() };
        let plan = Mutex::new(Plan::watch());
        held(&plan).meets(&call);
        held(&plan).begin(1, 1);
        let fates = std::iter::repeat_with(|| held(&plan).meets(&call));
        let moment = fates.take(9).find_map(|fate| if let Fate::Kill(moment) = fate { Some(moment) } else { None });
        let point = Point { call: call.clone(), moment: moment.expect("the only call is hit") };
        assert_eq!(held(&plan).waits_at(), Vec::<String>::new());
        drop(Aim { plan: &plan, point: Some(point.clone()) });
        held(&plan).meets(&call);
        assert_eq!(held(&plan).waits_at(), [point.to_string()]);
        assert!(held(&plan).history.is_empty());
    }
}
