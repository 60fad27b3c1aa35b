//! What a request brings with it: its id, its trace, and how long it may take.

use std::time::{Duration, Instant};

use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use mainstay_core::{Clock, Deadline, InvalidTimeout, RequestId, SystemClock, TraceId};
use uuid::Uuid;

use super::OrderError;
use super::model::{Violations, rules::Wrong};

/// The header that names a request.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The header by which a caller over HTTP says how long it will wait.
pub static X_REQUEST_TIMEOUT_MS: HeaderName = HeaderName::from_static("x-request-timeout-ms");
static X_ENVOY_TIMEOUT_MS: HeaderName = HeaderName::from_static("x-envoy-expected-rq-timeout-ms");
static GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
const BAGGAGE: HeaderName = HeaderName::from_static("baggage");

/// The longest a request may take, and what it may take if it does not say.
pub const LONGEST: Duration = Duration::from_secs(10);
/// The most bytes of trace state or of baggage that are passed on (W3C baggage, section 3.3.2).
const MOST_PASSED_ON: usize = 8192;

/// What a timeout in milliseconds has to be.
const MILLIS: &str = "must be a whole number of milliseconds";
/// What a `grpc-timeout` has to be.
const GRPC: &str = "must be at most eight digits and one of the units H M S m u n";

/// What belongs to a request and goes along with every call made for it.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// Which request.
    pub request_id: RequestId,
    /// When its answer is no longer wanted.
    pub deadline: Deadline,
    traceparent: Option<HeaderValue>,
    tracestate: Vec<HeaderValue>,
    baggage: Vec<HeaderValue>,
}

impl RequestContext {
    /// Reads what [`identify`] has made sure of, and the deadline. What is no timeout is none; see
    /// [`check_timeouts`].
    pub fn from_headers(request_id: RequestId, headers: &HeaderMap) -> Self {
        Self {
            request_id,
            deadline: deadline(headers),
            traceparent: headers.get(TRACEPARENT).cloned(),
            tracestate: passed_on(headers, &TRACESTATE),
            baggage: passed_on(headers, &BAGGAGE),
        }
    }

    /// For work that no request asks for.
    pub fn background() -> Self {
        Self {
            request_id: RequestId::random(),
            deadline: Deadline::after(SystemClock.now(), LONGEST),
            traceparent: Some(new_traceparent()),
            tracestate: Vec::new(),
            baggage: Vec::new(),
        }
    }

    /// The trace that it belongs to.
    pub fn trace_id(&self) -> Option<TraceId> {
        TraceId::from_traceparent(self.traceparent.as_ref()?.as_bytes())
    }

    /// What is left of the deadline.
    pub fn remaining(&self) -> Duration {
        self.deadline.remaining(SystemClock.now())
    }

    /// Adds what the callee is to know.
    pub fn write_to(&self, headers: &mut HeaderMap) {
        if let Ok(id) = HeaderValue::from_str(self.request_id.as_str()) {
            headers.insert(X_REQUEST_ID, id);
        }
        headers.insert(&X_REQUEST_TIMEOUT_MS, self.deadline.to_millis(SystemClock.now()));
        headers.extend(self.traceparent.iter().map(|it| (TRACEPARENT, it.clone())));
        headers.extend(self.tracestate.iter().map(|it| (TRACESTATE, it.clone())));
        headers.extend(self.baggage.iter().map(|it| (BAGGAGE, it.clone())));
    }
}

/// Makes sure that a request has a name and belongs to a trace. What is malformed is replaced.
pub fn identify(headers: &mut HeaderMap) -> RequestId {
    let given = only(headers, &X_REQUEST_ID).map(|it| RequestId::from_bytes(it.as_bytes()));
    let id = given.and_then(Result::ok).unwrap_or_else(RequestId::random);
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        headers.insert(X_REQUEST_ID, value);
    }
    let parent = only(headers, &TRACEPARENT);
    if parent.and_then(|it| TraceId::from_traceparent(it.as_bytes())).is_none() {
        // State without the parent it belongs to means nothing (W3C trace context, 3.3).
        headers.remove(TRACESTATE);
        headers.insert(TRACEPARENT, new_traceparent());
    }
    id
}

/// The start of a trace that nobody records yet.
fn new_traceparent() -> HeaderValue {
    let trace = RequestId::random();
    let span = Uuid::new_v4().as_u64_pair().1;
    let text = format!("00-{trace}-{span:016x}-00");
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Refuses a request whose caller meant to say how long it will wait and did not. Where nobody waits
/// for long, as for the health, it need not be asked.
pub fn check_timeouts(headers: &HeaderMap) -> Result<(), OrderError> {
    let now = SystemClock.now();
    let mut wrong = Violations::default();
    for timeout in timeouts(headers) {
        let mut values = headers.get_all(timeout.name).iter().peekable();
        if values.peek().is_some() && !values.any(|it| (timeout.read)(it.as_bytes(), now).is_ok()) {
            let how = Wrong { reason: "WRONG_TYPE", detail: timeout.detail };
            wrong.header(timeout.name.as_str(), how);
        }
    }
    wrong.finish(Some(()))
}

/// The earliest deadline that a header names, at most [`LONGEST`] from now.
fn deadline(headers: &HeaderMap) -> Deadline {
    let now = SystemClock.now();
    timeouts(headers)
        .flat_map(|timeout| headers.get_all(timeout.name).iter().map(move |it| (timeout.read, it)))
        .filter_map(|(read, value)| read(value.as_bytes(), now).ok())
        .fold(Deadline::after(now, LONGEST), Deadline::earlier)
}

/// A header that names a timeout.
struct Timeout {
    name: &'static HeaderName,
    read: fn(&[u8], Instant) -> Result<Deadline, InvalidTimeout>,
    detail: &'static str,
}

/// Those that mean something on this request.
fn timeouts(headers: &HeaderMap) -> impl Iterator<Item = Timeout> {
    let grpc = Timeout { name: &GRPC_TIMEOUT, read: Deadline::from_grpc_timeout, detail: GRPC };
    let millis = |name| Timeout { name, read: from_millis, detail: MILLIS };
    [millis(&X_REQUEST_TIMEOUT_MS), millis(&X_ENVOY_TIMEOUT_MS)]
        .into_iter()
        .chain(is_grpc(headers).then_some(grpc))
}

/// More digits than a timeout has are more time than there is.
fn from_millis(value: &[u8], now: Instant) -> Result<Deadline, InvalidTimeout> {
    const MOST_DIGITS: usize = 10;
    if value.len() > MOST_DIGITS && value.iter().all(u8::is_ascii_digit) {
        return Ok(Deadline::after(now, LONGEST));
    }
    Deadline::from_millis(value, now)
}

/// Whether a request says that it is gRPC, and not one of its relatives for browsers.
pub fn is_grpc(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).map_or(b"".as_slice(), HeaderValue::as_bytes);
    let rest = content_type.strip_prefix(b"application/grpc");
    rest.is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')))
}

/// The header, if it came exactly once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    values.next().is_none().then_some(first)
}

/// Whole values, as many as fit.
fn passed_on(headers: &HeaderMap, name: &HeaderName) -> Vec<HeaderValue> {
    let mut room = MOST_PASSED_ON;
    let mut fits = |value: &&HeaderValue| match room.checked_sub(value.len()) {
        Some(left) => {
            room = left;
            true
        }
        None => false,
    };
    headers.get_all(name).iter().take_while(|value| fits(value)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |&(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        };
        let mut headers = HeaderMap::new();
        for (name, value) in pairs.iter().map(pair) {
            headers.append(name, value);
        }
        headers
    }

    #[test]
    fn what_is_well_formed_is_kept() {
        let mut given =
            headers(&[("x-request-id", "a.b-c_1"), ("traceparent", PARENT), ("tracestate", "x=1")]);
        assert_eq!(identify(&mut given).as_str(), "a.b-c_1");
        assert_eq!(given["traceparent"], PARENT);
        assert_eq!(given["tracestate"], "x=1");
    }

    #[test]
    fn what_is_malformed_is_replaced() {
        for pairs in [
            [("x-request-id", "two words"), ("traceparent", "00-1-1-1"), ("tracestate", "x=1")],
            [("x-request-id", ""), ("traceparent", ""), ("tracestate", "x=1")],
        ] {
            let mut given = headers(&pairs);
            let id = identify(&mut given);
            assert_eq!(given["x-request-id"], id.as_str());
            assert!(TraceId::from_traceparent(given["traceparent"].as_bytes()).is_some());
            assert!(!given.contains_key("tracestate"));
        }
        let mut twice = headers(&[("traceparent", PARENT), ("traceparent", PARENT)]);
        identify(&mut twice);
        assert_ne!(twice["traceparent"], PARENT);
    }

    #[test]
    fn the_earliest_deadline_holds_and_is_capped() {
        let left = |pairs: &[_]| {
            let context = RequestContext::from_headers(RequestId::random(), &headers(pairs));
            context.remaining()
        };
        assert!(left(&[]) > Duration::from_secs(9));
        assert!(left(&[("x-request-timeout-ms", "60000")]) <= LONGEST);
        assert!(left(&[("x-request-timeout-ms", "99999999999999999999")]) <= LONGEST);
        let grpc = ("content-type", "application/grpc+proto");
        assert!(left(&[grpc, ("grpc-timeout", "2S")]) <= Duration::from_secs(2));
        let web = ("content-type", "application/grpc-web");
        assert!(left(&[web, ("grpc-timeout", "2S")]) > Duration::from_secs(9));
        let both = [("x-request-timeout-ms", "5000"), ("x-envoy-expected-rq-timeout-ms", "300")];
        assert!(left(&both) <= Duration::from_millis(300));
        let twice = ["soon", "900", "300"].map(|it| ("x-request-timeout-ms", it));
        assert!(left(&twice) <= Duration::from_millis(300));
    }

    #[test]
    fn what_is_no_timeout_is_refused_where_it_matters() {
        let is_right = |pairs: &[_]| check_timeouts(&headers(pairs)).is_ok();
        let timeout = |value| ("x-request-timeout-ms", value);
        for wrong in ["soon", "", "-1", "1.5", "99999999999999999x"] {
            assert!(!is_right(&[timeout(wrong)]), "{wrong}");
            assert!(is_right(&[timeout(wrong), timeout("5")]), "one of them is one");
        }
        assert!(is_right(&[]));
        assert!(is_right(&[("grpc-timeout", "soon")]), "it is nothing to HTTP");
        assert!(!is_right(&[("content-type", "application/grpc"), ("grpc-timeout", "soon")]));
    }

    #[test]
    fn baggage_is_bounded_by_whole_values() {
        let long = "a=".to_owned() + &"b".repeat(5000);
        let given = headers(&[("baggage", &long), ("baggage", &long), ("baggage", "c=1")]);
        let context = RequestContext::from_headers(RequestId::random(), &given);
        assert_eq!(context.baggage.len(), 1);
    }
}
