//! Requests and answers of the two functions behind the API, free of any runtime's types.

use canonical::{Code, Finding, PartnerId};
use formats::problem::{MEDIA_TYPE, Problem};
use ports::{Fault, FaultKind};

use crate::authorize::Refusal;

/// Seconds after which a client shall ask again when a store is out or a request is still running.
const RETRY_AFTER_S: u32 = 2;

/// A request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Request {
    /// Method, upper case.
    pub method: String,
    /// Path, from `/v1`.
    pub path: String,
    /// What stands behind the path's `?`, as it came.
    pub query: String,
    /// Headers, lower case names. A header given twice is in the list twice.
    pub headers: Vec<(String, String)>,
    /// The gateway's id of the request; empty where it came by none.
    pub id: String,
    /// The raw body, byte for byte as it came.
    pub body: Vec<u8>,
    /// The client certificate that the gateway verified, as PEM. Nothing that a client sends ends up here.
    pub certificate: Option<String>,
    /// The partner whose credential `authorize` verified, as the gateway passed it on. Nothing that a client sends ends
    /// up here; none where the gateway asked nobody.
    pub verified: Option<PartnerId>,
}

impl Request {
    /// The header's value, if it is given exactly once.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(given, _)| given == name).map(|(_, value)| value.as_str());
        values.next().filter(|_| values.next().is_none())
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Headers, lower case names.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
    /// The outcome for the log line.
    pub outcome: &'static str,
    /// The code for the log line, where something was wrong.
    pub code: Option<Code>,
    /// The partner for the log line, once it is verified.
    pub partner: String,
    /// The version of the API by which it was answered, once that is known.
    pub version: &'static str,
    /// Whether that version is deprecated.
    pub deprecated: bool,
}

impl Default for Response {
    fn default() -> Self {
        Self {
            status: 500,
            headers: Vec::new(),
            body: Vec::new(),
            outcome: "",
            code: None,
            partner: String::new(),
            version: "",
            deprecated: false,
        }
    }
}

impl Response {
    /// An answer in JSON.
    pub fn json(status: u16, body: impl Into<Vec<u8>>, outcome: &'static str) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self { status, headers, body: body.into(), outcome, ..Self::default() }
    }

    /// An answer that says what is wrong (RFC 9457).
    pub fn problem(status: u16, code: Code, detail: impl Into<String>, errors: Vec<Finding>) -> Self {
        let body = Problem::new(status, code, detail).with(errors).to_bytes();
        let headers = vec![("content-type".to_owned(), MEDIA_TYPE.to_owned())];
        let outcome = if status >= 500 { "retry" } else { "rejected" };
        Self { status, headers, body, outcome, code: Some(code), ..Self::default() }
    }

    /// An answer that says what is wrong with the body. The first finding decides the status.
    pub fn invalid(detail: impl Into<String>, findings: Vec<Finding>) -> Self {
        let code = findings.first().map_or(Code::SchemaViolation, |finding| finding.code);
        let status = match code {
            Code::MalformedJson => 400,
            Code::TooLarge => 413,
            _ => 422,
        };
        Self::problem(status, code, detail, findings)
    }

    /// The same answer to `partner`.
    #[must_use]
    pub fn to(mut self, partner: &PartnerId) -> Self {
        partner.as_str().clone_into(&mut self.partner);
        self
    }

    /// The same answer, asking the client to come again.
    #[must_use]
    pub fn again(mut self) -> Self {
        self.headers.push(("retry-after".to_owned(), RETRY_AFTER_S.to_string()));
        self
    }

    /// The same answer with one more header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The answer to who is not who it must be.
    pub(crate) fn refusal(refusal: Refusal) -> Self {
        Self::problem(refusal.status, refusal.code, refusal.detail, Vec::new())
    }

    /// The answer when a port failed: nothing is said of what is behind it.
    pub fn fault(fault: &Fault) -> Self {
        tracing::error!(code = fault.code().as_str(), reason = fault.chain(), "request failed");
        let status = if fault.kind == FaultKind::Transient { 503 } else { 500 };
        let code = if fault.kind == FaultKind::Transient { Code::StoreUnavailable } else { fault.code() };
        Self::problem(status, code, "the request was not carried out; send it again with the same key", Vec::new())
            .again()
    }
}
