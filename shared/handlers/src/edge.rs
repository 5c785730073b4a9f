//! What holds of every request, whatever it asks: its ids, the version of the API, and how many there may be.

use canonical::{Code, Trace};
use formats::api::{Operation, Unrouted};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use partners::{ApiVersion, House, Profile};
use ports::{Key, Limits};

use crate::{Request, Response};

/// Length of the window in which requests are counted, in seconds: what is agreed is a number for each minute.
const WINDOW_S: i64 = 60;

/// How long a count is kept after its window, in seconds: nobody asks for it again, and the table forgets it by itself.
const KEPT_S: i64 = 3600;

/// Longest id of a request that is taken from its sender, in characters: as long as every id of ours.
const REQUEST_ID_LEN_MAX: usize = 64;

/// The name of the one limit that there is, as the headers say it.
const POLICY: &str = "partner";

impl Request {
    /// The request's id: its sender's, if that is one, or else the gateway's.
    pub fn request_id(&self) -> &str {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        let fits = |id: &&str| (1..=REQUEST_ID_LEN_MAX).contains(&id.len()) && id.bytes().all(plain);
        self.header("x-request-id").filter(fits).unwrap_or(&self.id)
    }

    /// Our place in the trace that the sender named, or in one that begins with the request; none for a request that
    /// came by no gateway.
    pub fn trace(&self) -> Option<Trace> {
        let named = self.header("traceparent").and_then(|text| text.parse::<Trace>().ok());
        match named {
            Some(trace) => Some(trace.child(&self.id)),
            None if self.id.is_empty() => None,
            None => Some(Trace::begin(&self.id)),
        }
    }
}

impl Response {
    /// The same answer with the ids under which the request is found again.
    pub(crate) fn of(self, request: &Request) -> Self {
        let answered = match request.request_id() {
            "" => self,
            id => self.with_header("x-request-id", id),
        };
        match request.trace() {
            Some(trace) => answered.with_header("traceparent", trace.as_str()),
            None => answered,
        }
    }
}

/// The operation that a request asks for, with the segments that its path leaves open.
pub(crate) fn operation(request: &Request) -> Result<(Operation, Vec<&str>), Response> {
    Operation::find(&request.method, &request.path).map_err(|unrouted| match unrouted {
        Unrouted::NoPath => {
            Response::problem(404, Code::NotFound, "no such operation; events/openapi.yaml lists them", Vec::new())
        }
        Unrouted::OtherMethod(methods) => {
            let methods = methods.join(", ");
            let detail = format!("the path takes {methods}");
            Response::problem(405, Code::MethodNotAllowed, detail, Vec::new()).with_header("allow", methods)
        }
    })
}

/// A request that is let in, and what its answer says of that.
#[derive(Debug)]
pub(crate) struct Admitted {
    version: ApiVersion,
    deprecated: bool,
    headers: Vec<(&'static str, String)>,
}

impl Admitted {
    /// The answer with what is to be said of version and limit.
    pub(crate) fn seal(self, response: Response) -> Response {
        let answered = Response { version: self.version.as_str(), deprecated: self.deprecated, ..response };
        self.headers.into_iter().fold(answered, |answer, (name, value)| answer.with_header(name, value))
    }
}

/// The minute by the clock in which something is counted.
pub(crate) struct Minute {
    /// When it began, in seconds since 1970.
    pub(crate) begun: i64,
    /// When the next one begins.
    pub(crate) ends: Timestamp,
    /// When its count may be forgotten.
    pub(crate) forgotten: Timestamp,
}

impl Minute {
    pub(crate) fn of(now: Timestamp) -> Self {
        let begun = now.as_second().div_euclid(WINDOW_S) * WINDOW_S;
        let at = |second| Timestamp::from_second(second).unwrap_or(now);
        Self { begun, ends: at(begun + WINDOW_S), forgotten: at(begun + WINDOW_S + KEPT_S) }
    }
}

/// Whether a verified partner's request is let in. Whoever is not has lost nothing: nothing of the request is kept.
///
/// If requests cannot be counted they are let in: a limit protects the others, and is not worth a partner's message.
pub(crate) async fn admit<L: Limits>(
    request: &Request,
    profile: &Profile,
    house: &House,
    limits: &L,
    now: Timestamp,
) -> Result<Admitted, Response> {
    let limit = profile.api.requests_per_minute();
    let minute = Minute::of(now);
    let rest_s = minute.ends.as_second() - now.as_second();
    let mut headers = Vec::new();
    match limits.count(&Key::requests(&profile.scope(&house.tenant), minute.begun), minute.forgotten).await {
        Ok(count) => {
            headers.push(("ratelimit-policy", format!("\"{POLICY}\";q={limit};w={WINDOW_S}")));
            headers.push(("ratelimit", format!("\"{POLICY}\";r={};t={rest_s}", limit.saturating_sub(count))));
            if count > limit {
                let detail = format!(
                    "limit \"{POLICY}\": {} may send {limit} requests in {WINDOW_S} seconds; \
                     send the same again in {rest_s} seconds",
                    profile.id
                );
                let refused = Response::problem(429, Code::RateLimited, detail, Vec::new())
                    .with_header("retry-after", rest_s.to_string());
                return Err(headers.into_iter().fold(refused, |answer, (name, value)| answer.with_header(name, value)));
            }
        }
        Err(fault) => {
            let partner = profile.id.as_str();
            tracing::warn!(partner, reason = fault.chain(), "the request was not counted");
        }
    }
    let named = request.header("crossdock-version");
    let version = chosen(named, profile.api.version(), &ApiVersion::ALL, ApiVersion::as_str)?;
    headers.push(("crossdock-version", version.to_string()));
    let retirement = house.retirement_of(version);
    if let Some(retirement) = retirement {
        headers.push(("deprecation", format!("@{}", retirement.deprecated_at.as_second())));
        if let Ok(date) = rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&retirement.sunset_at) {
            headers.push(("sunset", date));
        }
        let page = &retirement.page;
        headers.push(("link", format!("<{page}>; rel=\"deprecation\"; type=\"text/html\", <{page}>; rel=\"sunset\"")));
    }
    let deprecated = retirement.is_some_and(|retirement| retirement.deprecated_at <= now);
    Ok(Admitted { version, deprecated, headers })
}

/// The version that answers: the one that the request names, or else the pinned one. Of any versions, for there is but one
/// of ours as yet, and the second shall not be the first that this is tried with.
fn chosen<V: Copy>(named: Option<&str>, pinned: V, served: &[V], text: fn(V) -> &'static str) -> Result<V, Response> {
    let Some(named) = named else { return Ok(pinned) };
    served.iter().copied().find(|version| text(*version) == named).ok_or_else(|| {
        let known: Vec<&str> = served.iter().copied().map(text).collect();
        let detail = format!("no such Crossdock-Version; there are: {}", known.join(", "));
        Response::problem(400, Code::ApiVersionUnknown, detail, Vec::new())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Two {
        Older,
        Newer,
    }

    fn text(version: Two) -> &'static str {
        match version {
            Two::Older => "2026-11-01",
            Two::Newer => "2027-05-01",
        }
    }

    #[test]
    fn of_two_versions_the_named_one_answers_or_else_the_pinned_one() {
        let served = [Two::Older, Two::Newer];
        for pinned in served {
            assert_eq!(chosen(None, pinned, &served, text).unwrap(), pinned);
            for named in served {
                assert_eq!(chosen(Some(text(named)), pinned, &served, text).unwrap(), named, "whatever is pinned");
            }
            for odd in ["", "2026-11-02", "2027-05-01 ", "2026-11-01,2027-05-01", "latest"] {
                let refused = chosen(Some(odd), pinned, &served, text).unwrap_err();
                assert_eq!((refused.status, refused.code), (400, Some(Code::ApiVersionUnknown)), "{odd:?}");
                assert!(String::from_utf8(refused.body).unwrap().contains("there are: 2026-11-01, 2027-05-01"));
            }
        }
        // The older is served no more: who has it pinned must be moved before, and who names it is told.
        assert!(chosen(Some("2026-11-01"), Two::Newer, &served[1..], text).is_err());
    }
}
