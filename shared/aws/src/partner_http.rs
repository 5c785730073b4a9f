//! Calls to partners over HTTPS.
//!
//! A name is resolved once per connection, every address it has is looked at, and the connection is made to one of
//! those: there is no second look-up that could answer otherwise. Redirects are not followed and no proxy is used.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use jiff::fmt::rfc2822;
use ports::{Call, Fault, Read, Reply, TokenRequest};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{ACCEPT, CONTENT_TYPE, DATE, HeaderMap, HeaderName, RETRY_AFTER};
use reqwest::{Client, Method, Response, StatusCode, Url, redirect};
use secrecy::SecretString;

use crate::address::is_public;
use crate::cache::now;
use crate::tokens::Tokens;
use crate::{Settings, tokens};

/// Longest call, connection and answer included, in seconds. A partner that needs longer is asked again.
const CALL_S_MAX: u64 = 10;

/// Longest wait for a connection, in seconds.
const CONNECT_S_MAX: u64 = 3;

/// Ports of https that a partner's endpoint may have: the usual one, and the one that is usual beside it. Any other may
/// be a service that was never meant to be spoken to by HTTP.
const PORTS: [u16; 2] = [443, 8443];

/// Longest body that is posted, in bytes. What is larger is no message but a file.
const BODY_LEN_MAX: usize = 1024 * 1024;

/// The media type of what an authorization server is asked with.
const FORM: &str = "application/x-www-form-urlencoded";

/// How much of an answer is read, in bytes. The rest goes with the connection: a partner's answer cannot fill memory.
const EXCERPT_LEN_MAX: usize = 1024;

/// Partners' endpoints.
#[derive(Debug, Clone)]
pub struct PartnerHttp {
    client: Client,
    plain_hosts: Arc<BTreeSet<String>>,
    tokens: Tokens,
}

impl PartnerHttp {
    /// A client that calls public https endpoints, and the hosts that `settings` name as local.
    pub fn new(settings: &Settings) -> Result<Self, Fault> {
        let plain_hosts = Arc::new(settings.plain_http_hosts());
        let client = Client::builder()
            .user_agent("crossdock")
            .redirect(redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .timeout(Duration::from_secs(CALL_S_MAX))
            .connect_timeout(Duration::from_secs(CONNECT_S_MAX))
            .dns_resolver(PublicAddresses { plain_hosts: Arc::clone(&plain_hosts) })
            .build()
            .map_err(|error| Fault::misconfigured("the HTTP client for partners cannot be set up").because(error))?;
        Ok(Self { client, plain_hosts, tokens: Tokens::default() })
    }

    /// The URL, if it may be called at all. A host that is a name is looked at again when it is resolved.
    fn permitted(&self, url: &str) -> Result<Url, Refused> {
        let url = Url::parse(url).map_err(|error| Refused(format!("it is no URL: {error}")))?;
        let host = url.host_str().ok_or_else(|| Refused("it has no host".to_owned()))?;
        let is_plain = self.plain_hosts.contains(host);
        match url.scheme() {
            "https" => {}
            "http" if is_plain => {}
            scheme => return Err(Refused(format!("{scheme} is not allowed to {host}, https is"))),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refused("it holds a user name or password".to_owned()));
        }
        if let Some(port) = url.port().filter(|port| !is_plain && !PORTS.contains(port)) {
            return Err(Refused(format!("port {port} is not allowed")));
        }
        // IPv6 addresses stand in brackets.
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        match address {
            Ok(address) if !is_plain && !is_public(address) => {
                Err(Refused(format!("{address} is not a public address")))
            }
            _ => Ok(url),
        }
    }
}

impl PartnerHttp {
    /// What is at `url`: text of at most `len_max` bytes.
    pub(crate) async fn get(&self, url: &str, len_max: usize) -> Result<String, Fault> {
        let what = format!("read of {url}");
        let url = self.permitted(url).map_err(|refused| Fault::misconfigured(&what).because(refused))?;
        let response = self.client.get(url).send().await.map_err(|error| fault(&what, error))?;
        if !response.status().is_success() {
            return Err(Fault::transient(format!("{what}: it answered {}", response.status())));
        }
        let bytes = read(response, &what, len_max).await?;
        String::from_utf8(bytes).map_err(|error| Fault::transient(format!("{what}: it is no text")).because(error))
    }
}

impl ports::PartnerHttp for PartnerHttp {
    async fn post(&self, call: Call) -> Result<Reply, Fault> {
        self.send(Method::POST, format!("call to partner {}", call.partner), call).await
    }

    async fn look_up(&self, call: Call) -> Result<Reply, Fault> {
        self.send(Method::GET, format!("look-up at partner {}", call.partner), call).await
    }

    async fn token(&self, asked: &TokenRequest, read: Read) -> Result<SecretString, Fault> {
        self.tokens.get(asked, now(), read, async || self.new_token(asked).await).await
    }
}

impl PartnerHttp {
    /// Sends `call`, and gives the beginning of what is answered.
    async fn send(&self, method: Method, what: String, call: Call) -> Result<Reply, Fault> {
        let url = self.permitted(&call.url).map_err(|refused| Fault::misconfigured(&what).because(refused))?;
        if call.body.len() > BODY_LEN_MAX {
            return Err(Fault::bug(format!(
                "{what}: the body has {} bytes, the limit is {BODY_LEN_MAX}",
                call.body.len()
            )));
        }
        let mut request = self.client.request(method, url).body(call.body);
        for (name, value) in &call.headers {
            request = request.header(name, value);
        }
        let response = request.send().await.map_err(|error| fault(&what, error))?;
        let status = response.status().as_u16();
        let retry_after_s = retry_after_s(response.headers());
        Ok(Reply { status, retry_after_s, excerpt: excerpt(response).await })
    }

    /// What the partner's authorization server answers when it is asked for a token.
    async fn new_token(&self, asked: &TokenRequest) -> Result<Vec<u8>, Fault> {
        let what = format!("token of partner {}", asked.partner);
        let url = self.permitted(&asked.credentials.token_url);
        let url = url.map_err(|refused| Fault::misconfigured(&what).because(refused))?;
        let (body, basic) = tokens::form(asked);
        let mut request =
            self.client.post(url).header(CONTENT_TYPE, FORM).header(ACCEPT, "application/json").body(body);
        if let Some((name, secret)) = basic {
            request = request.basic_auth(name, Some(secret));
        }
        let response = request.send().await.map_err(|error| fault(&what, error))?;
        match response.status() {
            status if status.is_success() => read(response, &what, tokens::ANSWER_LEN_MAX).await,
            // It does not know us, or not this request (RFC 6749 5.2): that does not pass by itself.
            status @ (StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
                Err(Fault::misconfigured(format!("{what}: its authorization server answered {status}")))
            }
            status => Err(Fault::transient(format!("{what}: its authorization server answered {status}"))),
        }
    }
}

/// A whole answer of at most `len_max` bytes.
async fn read(mut response: Response, what: &str, len_max: usize) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| fault(what, error))? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > len_max {
            return Err(Fault::transient(format!("{what}: it has more than {len_max} bytes")));
        }
    }
    Ok(bytes)
}

/// Nothing is known of a call that broke off, unless it was refused before it began.
fn fault(what: &str, error: reqwest::Error) -> Fault {
    // The URL may hold a token; the partner's id says enough.
    let error = error.without_url();
    let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(next) = cause {
        if next.is::<Refused>() {
            return Fault::misconfigured(what).because(error);
        }
        cause = next.source();
    }
    let fault = if error.is_builder() { Fault::bug(what) } else { Fault::transient(what) };
    fault.because(error)
}

/// The beginning of the answer. An answer that breaks off after its status is still an answer.
async fn excerpt(mut response: Response) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < EXCERPT_LEN_MAX
        && let Ok(Some(chunk)) = response.chunk().await
    {
        bytes.extend_from_slice(&chunk);
    }
    bytes.truncate(EXCERPT_LEN_MAX);
    // A character cut in two at the end is left out; bytes that are no text are marked.
    let cut =
        std::str::from_utf8(&bytes).err().filter(|error| error.error_len().is_none()).map(|error| error.valid_up_to());
    bytes.truncate(cut.unwrap_or(bytes.len()));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `Retry-After` in seconds: as given, or the given time less the time in `Date`, which is the partner's own clock.
fn retry_after_s(headers: &HeaderMap) -> Option<u32> {
    let text = |name: HeaderName| headers.get(name)?.to_str().ok().map(str::trim);
    let value = text(RETRY_AFTER)?;
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(u32::try_from(seconds).unwrap_or(u32::MAX));
    }
    let parse = |date: &str| rfc2822::DateTimeParser::new().parse_timestamp(date).ok();
    let seconds = parse(value)?.as_second() - parse(text(DATE)?)?.as_second();
    Some(u32::try_from(seconds.max(0)).unwrap_or(u32::MAX))
}

/// A URL or an address that is not called.
#[derive(Debug)]
struct Refused(String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the endpoint is refused: {}", self.0)
    }
}

impl Error for Refused {}

/// Resolves names to public addresses. One address that is not public refuses the name: no honest partner has both.
#[derive(Debug)]
struct PublicAddresses {
    plain_hosts: Arc<BTreeSet<String>>,
}

impl Resolve for PublicAddresses {
    fn resolve(&self, name: Name) -> Resolving {
        let is_plain = self.plain_hosts.contains(name.as_str());
        Box::pin(async move {
            // Port 0 stands for the URL's.
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            match found.iter().find(|address| !is_plain && !is_public(address.ip())) {
                Some(address) => {
                    let why = format!("{} leads to {}, which is not a public address", name.as_str(), address.ip());
                    Err(Box::new(Refused(why)) as Box<dyn Error + Send + Sync>)
                }
                None => Ok(Box::new(found.into_iter()) as Addrs),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use ports::{FaultKind, PartnerHttp as _};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    fn http(plain_hosts: &str) -> PartnerHttp {
        PartnerHttp::new(&Settings::from_pairs([("PLAIN_HTTP_HOSTS", plain_hosts)])).unwrap()
    }

    fn call(url: &str) -> Call {
        let headers = vec![("webhook-id".to_owned(), "msg_1".to_owned())];
        Call { partner: "acme".parse().unwrap(), url: url.to_owned(), headers, body: b"{\"a\": 1}".to_vec() }
    }

    /// Answers one request with `answer`, and gives what was asked beside the client's result.
    async fn exchange(answer: &str) -> (Result<Reply, Fault>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://127.0.0.1:{}/hook", listener.local_addr().unwrap().port());
        let serve = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = Vec::new();
            while !asked.ends_with(b"{\"a\": 1}") {
                let mut chunk = [0; 4096];
                let len = stream.read(&mut chunk).await.unwrap();
                asked.extend_from_slice(&chunk[..len]);
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
            drop(stream);
            String::from_utf8(asked).unwrap()
        };
        tokio::join!(async { http("127.0.0.1").post(call(&url)).await }, serve)
    }

    #[tokio::test]
    async fn the_signed_bytes_are_posted_and_the_answer_is_told() {
        let (reply, asked) = exchange("HTTP/1.1 202 Accepted\r\ncontent-length: 5\r\n\r\nthere").await;
        assert_eq!(reply.unwrap(), Reply { status: 202, retry_after_s: None, excerpt: "there".to_owned() });
        assert!(asked.starts_with("POST /hook HTTP/1.1\r\n"), "{asked}");
        assert!(asked.contains("webhook-id: msg_1\r\n") && asked.ends_with("{\"a\": 1}"), "{asked}");
    }

    #[tokio::test]
    async fn a_look_up_is_a_signed_get_under_the_same_guards() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://127.0.0.1:{}/messages/m1?of=us", listener.local_addr().unwrap().port());
        let serve = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = vec![0; 4096];
            let len = stream.read(&mut asked).await.unwrap();
            stream.write_all(b"HTTP/1.1 404 Not Found\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n").await.unwrap();
            String::from_utf8_lossy(&asked[..len]).into_owned()
        };
        let look_up = |url: &str| Call { body: Vec::new(), ..call(url) };
        let http = http("127.0.0.1");
        let (reply, asked) = tokio::join!(http.look_up(look_up(&url)), serve);
        assert_eq!(reply.unwrap(), Reply { status: 404, retry_after_s: Some(7), excerpt: String::new() });
        assert!(asked.starts_with("GET /messages/m1?of=us HTTP/1.1\r\n"), "{asked}");
        assert!(asked.contains("webhook-id: msg_1\r\n"), "{asked}");
        let fault = http.look_up(look_up("https://169.254.169.254/latest/meta-data/")).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Misconfigured);
        assert_eq!(http.look_up(look_up("http://127.0.0.1:1/")).await.unwrap_err().kind, FaultKind::Transient);
    }

    #[tokio::test]
    async fn a_redirect_is_told_and_not_followed() {
        let (reply, _) = exchange("HTTP/1.1 307 Temporary Redirect\r\nlocation: http://169.254.169.254/\r\n\r\n").await;
        assert_eq!(reply.unwrap().status, 307);
    }

    #[tokio::test]
    async fn a_long_answer_is_cut_and_a_broken_one_is_an_answer() {
        let long = format!("HTTP/1.1 500 No\r\ncontent-length: 9999999\r\n\r\n{}", "é".repeat(EXCERPT_LEN_MAX));
        assert_eq!(exchange(&long).await.0.unwrap().excerpt, "é".repeat(EXCERPT_LEN_MAX / 2));
        let odd = format!("HTTP/1.1 500 No\r\ncontent-length: 9999999\r\n\r\nx{}", "é".repeat(EXCERPT_LEN_MAX));
        assert_eq!(exchange(&odd).await.0.unwrap().excerpt.len(), EXCERPT_LEN_MAX - 1);
        let (reply, _) = exchange("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nbroken").await;
        assert_eq!(reply.unwrap(), Reply { status: 200, retry_after_s: None, excerpt: "broken".to_owned() });
    }

    #[tokio::test]
    async fn an_authorization_server_s_answer_of_the_greatest_length_is_read_and_one_byte_more_is_not() {
        for (len, kind) in [(tokens::ANSWER_LEN_MAX, None), (tokens::ANSWER_LEN_MAX + 1, Some(FaultKind::Transient))] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let port = listener.local_addr().unwrap().port();
            let serve = async {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut asked = Vec::new();
                while !String::from_utf8_lossy(&asked).contains("grant_type=client_credentials") {
                    let mut chunk = [0; 4096];
                    let read = stream.read(&mut chunk).await.unwrap();
                    asked.extend_from_slice(&chunk[..read]);
                }
                let answer = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(len));
                // Whoever has read enough hangs up.
                let _ = stream.write_all(answer.as_bytes()).await;
            };
            let asked = TokenRequest {
                partner: "acme".parse().unwrap(),
                credentials: partners::ClientCredentials {
                    token_url: format!("http://127.0.0.1:{port}/token"),
                    client_id: "c".to_owned(),
                    scope: None,
                    audience: None,
                    client_auth: partners::ClientAuth::Body,
                },
                secret: "a-secret-of-enough-bytes".into(),
            };
            let http = http("127.0.0.1");
            let (answer, ()) = tokio::join!(http.new_token(&asked), serve);
            assert_eq!(answer.err().map(|fault| fault.kind), kind, "{len} bytes");
        }
    }

    #[tokio::test]
    async fn a_call_that_breaks_off_can_pass() {
        assert_eq!(exchange("").await.0.unwrap_err().kind, FaultKind::Transient);
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        let url = format!("http://127.0.0.1:{closed}/?token=secret");
        let fault = http("127.0.0.1").post(call(&url)).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Transient);
        assert!(!fault.chain().contains("secret"), "{}", fault.chain());
    }

    #[tokio::test]
    async fn an_endpoint_that_is_no_public_https_one_is_for_an_operator() {
        let http = http("sim.local");
        let refused = [
            "nonsense",
            "ftp://example.com/",
            "http://example.com/",
            "https://user:secret@example.com/",
            "https://127.0.0.1/",
            "https://0x7f.1/",
            "https://2130706433/",
            "https://127.1/",
            "https://0/",
            "https://0177.0.0.1/",
            "https://\u{2460}\u{2461}\u{2466}.0.0.1/",
            "https://169.254.169.254/latest/meta-data/",
            "https://example.com@127.0.0.1/",
            "https://example.com:443@127.0.0.1/",
            "https://127.0.0.1#@example.com/",
            "https://127.0.0.1\\@example.com/",
            "https:127.0.0.1/",
            "https://[::]/",
            "https://[::127.0.0.1]/",
            "https://[64:ff9b::7f00:1]/",
            "https://[fd00:ec2::254]/",
            "https://[fe80::1]/",
            "file:///etc/passwd",
            "gopher://example.com/",
            "//example.com/",
            "https://[::1]/",
            "https://[::ffff:169.254.169.254]/",
            "https://10.0.0.1:8443/",
            "https://localhost/",
            "https://example.com:22/",
            "https://example.com:8444/",
        ];
        for url in refused {
            let fault = http.post(call(url)).await.unwrap_err();
            assert_eq!(fault.kind, FaultKind::Misconfigured, "{url}: {}", fault.chain());
        }
        let mut long = call("https://example.com/");
        long.body = vec![b'x'; BODY_LEN_MAX + 1];
        assert_eq!(http.post(long).await.unwrap_err().kind, FaultKind::Bug);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_by_the_partners_clock() {
        let after = |value: &str, date: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, value.parse().unwrap());
            if let Some(date) = date {
                headers.insert(DATE, date.parse().unwrap());
            }
            retry_after_s(&headers)
        };
        assert_eq!(after("120", None), Some(120));
        assert_eq!(after(" 0 ", None), Some(0));
        assert_eq!(after("99999999999", None), Some(u32::MAX));
        let now = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(after("Sun, 06 Nov 1994 08:50:37 GMT", now), Some(60));
        assert_eq!(after("Sun, 06 Nov 1994 08:00:00 GMT", now), Some(0));
        assert_eq!(after("Sun, 06 Nov 1994 08:50:37 GMT", None), None);
        assert_eq!(after("-5", None), None);
        assert_eq!(after("soon", now), None);
        assert_eq!(retry_after_s(&HeaderMap::new()), None);
    }
}
