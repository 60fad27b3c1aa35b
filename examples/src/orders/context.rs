//! What a request brings with it: its id, its trace, and how long it may take.

use std::time::Duration;

use http::header::{HeaderMap, HeaderName, HeaderValue};
use mainstay_core::{Clock, Deadline, RequestId, SystemClock, TraceId};
use uuid::Uuid;

use super::OrderError;
use super::model::{Violations, rules::Wrong};

/// The header that names a request.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The header by which a caller over HTTP says how long it will wait.
pub const X_REQUEST_TIMEOUT_MS: HeaderName = HeaderName::from_static("x-request-timeout-ms");
const X_ENVOY_TIMEOUT_MS: HeaderName = HeaderName::from_static("x-envoy-expected-rq-timeout-ms");
const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
const BAGGAGE: HeaderName = HeaderName::from_static("baggage");

/// The longest a request may take, and what it may take if it does not say.
pub const LONGEST: Duration = Duration::from_secs(10);
/// The most bytes of trace state or of baggage that are passed on (W3C baggage, section 3.3.2).
const MOST_PASSED_ON: usize = 8192;

/// What a timeout in milliseconds has to be.
const MILLIS: &str = "must be a whole number of milliseconds, at most ten digits";
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
    /// Reads what [`identify`] has made sure of, and the deadline.
    pub fn from_headers(request_id: RequestId, headers: &HeaderMap) -> Result<Self, OrderError> {
        Ok(Self {
            request_id,
            deadline: deadline(headers)?,
            traceparent: headers.get(TRACEPARENT).cloned(),
            tracestate: passed_on(headers, &TRACESTATE),
            baggage: passed_on(headers, &BAGGAGE),
        })
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

    /// What is left of the deadline.
    pub fn remaining(&self) -> Duration {
        self.deadline.remaining(SystemClock.now())
    }

    /// Adds what the callee is to know.
    pub fn write_to(&self, headers: &mut HeaderMap) {
        if let Ok(id) = HeaderValue::from_str(self.request_id.as_str()) {
            headers.insert(X_REQUEST_ID, id);
        }
        headers.insert(X_REQUEST_TIMEOUT_MS, self.deadline.to_millis(SystemClock.now()));
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

/// The earliest deadline that a header names, at most [`LONGEST`] from now.
fn deadline(headers: &HeaderMap) -> Result<Deadline, OrderError> {
    let now = SystemClock.now();
    let mut deadline = Deadline::after(now, LONGEST);
    let mut wrong = Violations::default();
    for (name, read, detail) in [
        (&X_REQUEST_TIMEOUT_MS, Deadline::from_millis as fn(&[u8], _) -> _, MILLIS),
        (&X_ENVOY_TIMEOUT_MS, Deadline::from_millis, MILLIS),
        (&GRPC_TIMEOUT, Deadline::from_grpc_timeout, GRPC),
    ] {
        match headers.get(name).map(|value| read(value.as_bytes(), now)) {
            Some(Ok(asked)) => deadline = deadline.earlier(asked),
            Some(Err(_)) => wrong.header(name.as_str(), Wrong { reason: "WRONG_TYPE", detail }),
            None => {}
        }
    }
    wrong.finish(Some(deadline))
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
            context.unwrap().remaining()
        };
        assert!(left(&[]) > Duration::from_secs(9));
        assert!(left(&[("x-request-timeout-ms", "60000")]) <= LONGEST);
        assert!(left(&[("grpc-timeout", "2S")]) <= Duration::from_secs(2));
        let both = [("x-request-timeout-ms", "5000"), ("x-envoy-expected-rq-timeout-ms", "300")];
        assert!(left(&both) <= Duration::from_millis(300));
        let wrong = headers(&[("x-request-timeout-ms", "soon")]);
        assert!(RequestContext::from_headers(RequestId::random(), &wrong).is_err());
    }

    #[test]
    fn baggage_is_bounded_by_whole_values() {
        let long = "a=".to_owned() + &"b".repeat(5000);
        let given = headers(&[("baggage", &long), ("baggage", &long), ("baggage", "c=1")]);
        let context = RequestContext::from_headers(RequestId::random(), &given).unwrap();
        assert_eq!(context.baggage.len(), 1);
    }
}
