//! What holds of every fault that is read from a peer, whatever the peer sent: the fuzz targets
//! look for an input that breaks it, and `tests/corpus.rs` tries those that are worth keeping.

#![allow(dead_code, reason = "each fuzz target uses its part")]

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use http::header::{CONTENT_TYPE, LINK, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use mainstay_errors::{Code, Fault, FieldViolation, GrpcStatus, Problem, RemoteFault};
use prost::Message;
use tonic_types::pb;

/// What a document can come with: a status, which may be no error at all, and a `Retry-After`.
const RESPONSES: [(u16, Option<&str>); 4] = [
    (404, None),
    (503, Some("7")),
    (200, Some("99999999999999999999")),
    (999, Some("Thu, 01 Jan 1970 00:01:00 GMT")),
];

/// The budget of a gRPC status, counted as HTTP/2 does.
const MOST_HEADER_BYTES: usize = 8192;
/// What fits the budget beside any message.
const SURE_TO_FIT: usize = 2048;
const LONGEST_MESSAGE: usize = 1024;
/// A document's own headers, and links to pages that help.
const MOST_HEADERS: usize = 12;
const MOST_ERRORS: usize = 1024;
/// The longest `google.protobuf.Duration`: ten thousand years.
const LONGEST_WAIT: u64 = 315_576_000_000;
/// Entries of `ErrorInfo.metadata` that are no public fields.
const RESERVED: [&str; 2] = ["httpStatus", "droppedDetails"];

/// The law for a body that calls itself a problem document.
pub(crate) fn problem(body: &[u8]) {
    for (status, retry_after) in RESPONSES {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(value) = retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from_static(value));
        }
        let status = StatusCode::from_u16(status).unwrap();
        if let Some(fault) = RemoteFault::from_problem(status, &headers, body, UNIX_EPOCH) {
            assert!(fault.http_status() == status || !is_error(status));
            relayed(&fault);
        }
    }
}

/// The law for a gRPC status. The first line is `grpc-status`, the second `grpc-message`, and the
/// rest is read twice: as lines of `grpc-status-details-bin` as they are sent, and as the protobuf
/// that is sent as one in base64.
pub(crate) fn grpc(input: &[u8]) {
    let mut parts = input.splitn(3, |byte| *byte == b'\n');
    let mut part = || parts.next().unwrap_or_default();
    let (status, message, details) = (part(), part(), part());
    let with = |details: &mut dyn Iterator<Item = &[u8]>| {
        let mut headers = HeaderMap::new();
        append(&mut headers, "grpc-status", status);
        append(&mut headers, "grpc-message", message);
        details.for_each(|value| append(&mut headers, "grpc-status-details-bin", value));
        RemoteFault::from_grpc(&headers)
    };
    let raw = with(&mut details.split(|byte| *byte == b'\n'));
    raw.iter().for_each(relayed);

    let decoded = with(&mut std::iter::once(STANDARD_NO_PAD.encode(details).as_bytes()));
    decoded.iter().for_each(relayed);
    assert_eq!(decoded, with(&mut std::iter::once(STANDARD.encode(details).as_bytes())));
    let by_library = decoded.as_ref().and_then(|fault| {
        RemoteFault::from_status(fault.code(), fault.message().to_owned(), details)
    });
    assert_eq!(decoded, by_library);
    if decoded.is_none() {
        let success = status.iter().all(|byte| *byte == b'0');
        assert!(success || HeaderValue::from_bytes(status).is_err(), "an error taken for success");
    }
    read_as_prost_does(details);
}

/// What is no header value cannot have been received.
fn append(headers: &mut HeaderMap, name: &'static str, value: &[u8]) {
    if let Ok(value) = HeaderValue::from_bytes(value) {
        headers.append(name, value);
    }
}

/// Whatever was read can be passed on in both forms, and both are read as what they were. What is
/// lost on the way is lost at the first hop.
fn relayed(fault: &RemoteFault) {
    assert_ne!(fault.code(), Code::Ok, "an error that says it is none");
    assert!(is_error(fault.http_status()), "an error that says it is none");
    let over_http = by_http(fault);
    same_over_http(fault, &over_http);
    assert_eq!(by_http(&over_http), over_http);
    let over_grpc = by_grpc(fault);
    same_over_grpc(fault, &over_grpc);
    // A field called `0` is `[0]` from the second hop on, which may be what is too much.
    let again = by_grpc(&over_grpc);
    let whole =
        |fault: &RemoteFault| !fault.reason().is_empty() && fault.dropped_details().is_none();
    if whole(&over_grpc) && whole(&again) {
        assert_eq!(again, over_grpc);
    }
}

fn by_http(fault: &RemoteFault) -> RemoteFault {
    let response = Problem::new(&fault.clone().relay()).to_response();
    let (status, headers) = (response.status(), response.headers());
    assert!(headers.len() <= MOST_HEADERS, "{} headers", headers.len());
    for link in headers.get_all(LINK) {
        let brackets = link.as_bytes().iter().filter(|byte| b"<>".contains(byte)).count();
        assert_eq!(brackets, 2, "{link:?}");
    }
    RemoteFault::from_problem(status, headers, response.body(), UNIX_EPOCH).expect("a problem")
}

fn by_grpc(fault: &RemoteFault) -> RemoteFault {
    let relay = fault.clone().relay();
    let mut headers = HeaderMap::new();
    GrpcStatus::new(&relay as &dyn Fault).write_headers(&mut headers);
    let size = |(name, value): (&http::HeaderName, &HeaderValue)| name.as_str().len() + value.len();
    let size = headers.iter().map(|field| size(field) + 32).sum::<usize>();
    assert!(size <= MOST_HEADER_BYTES, "{size} bytes of headers");
    let identity = fault.reason().len() + fault.domain().unwrap_or_default().len();
    if identity <= SURE_TO_FIT {
        assert!(headers.contains_key("grpc-status-details-bin"), "an identity that got lost");
    }
    RemoteFault::from_grpc(&headers).expect("a status")
}

fn same_over_http(before: &RemoteFault, after: &RemoteFault) {
    assert_eq!(after.code(), before.code());
    assert_eq!(after.http_status(), before.http_status());
    assert_eq!(after.reason(), reason(before));
    assert_eq!(after.domain(), before.domain());
    assert_eq!(after.message(), before.message());
    assert_eq!(metadata(after), metadata(before));
    let rounded_up = |wait: Duration| {
        let more = u64::from(wait.subsec_nanos() > 0);
        Duration::from_secs(wait.as_secs().saturating_add(more))
    };
    assert_eq!(after.retry_after(), before.retry_after().map(rounded_up));
    // What is in the user's language stays behind.
    let bare = |violation: &FieldViolation| {
        let mut violation = violation.clone();
        violation.localized = None;
        violation
    };
    let sent = before.details().field_violations.iter().take(MOST_ERRORS);
    assert_eq!(after.details().field_violations, sent.map(bare).collect::<Vec<_>>());
}

fn same_over_grpc(before: &RemoteFault, after: &RemoteFault) {
    assert_eq!(after.code(), before.code());
    match after.message().strip_suffix("...") {
        Some(start) if before.message().len() > LONGEST_MESSAGE => {
            assert!(before.message().starts_with(start));
        }
        _ => assert_eq!(after.message(), before.message()),
    }
    if after.reason().is_empty() {
        // Not even the identity has fitted, which `by_grpc` has looked into.
        return;
    }
    assert_eq!(after.http_status(), before.http_status());
    assert_eq!(after.reason(), reason(before));
    assert_eq!(after.domain(), before.domain());
    let dropped =
        |name| after.dropped_details().is_some_and(|it| it.split(',').any(|it| it == name));
    if !dropped("metadata") {
        assert_eq!(metadata(after), metadata(before));
    }
    let capped =
        |wait: Duration| Duration::new(wait.as_secs().min(LONGEST_WAIT), wait.subsec_nanos());
    if !dropped("RetryInfo") {
        assert_eq!(after.retry_after(), before.retry_after().map(capped));
    }
    if !dropped("BadRequest") {
        let details = |fault: &RemoteFault| fault.details().field_violations.len();
        assert_eq!(details(after), details(before));
    }
}

fn is_error(status: StatusCode) -> bool {
    status.is_client_error() || status.is_server_error()
}

/// A fault that came without a reason gets one when it is passed on.
fn reason(fault: &RemoteFault) -> &str {
    if fault.reason().is_empty() { fault.code().name() } else { fault.reason() }
}

fn metadata(fault: &RemoteFault) -> BTreeMap<&str, &str> {
    let mut all = BTreeMap::new();
    for (key, value) in fault.metadata() {
        assert_eq!(all.insert(key, value), None, "two entries under {key:?}");
    }
    all.retain(|key, _| !RESERVED.contains(key));
    all
}

/// What another decoder accepts is read here too, and as the same. It is given to both as that
/// decoder's encoder writes it, so that what only one of the two skips is of no account.
fn read_as_prost_does(details: &[u8]) {
    let Ok(mut status) = pb::Status::decode(details) else {
        return;
    };
    let (mut infos, mut violations) = (Vec::new(), Vec::new());
    for any in &mut status.details {
        let read = match any.type_url.rsplit('/').next() {
            Some("google.rpc.ErrorInfo") => canonical(&mut any.value).map(|it| infos.push(it)),
            Some("google.rpc.BadRequest") => canonical(&mut any.value)
                .map(|it: pb::BadRequest| violations.extend(it.field_violations)),
            _ => Some(()),
        };
        if read.is_none() {
            return;
        }
    }
    let status = status.encode_to_vec();
    let fault = RemoteFault::from_status(Code::Unknown, String::new(), &status).expect("a fault");
    if let [info] = infos.as_slice() {
        let info: &pb::ErrorInfo = info;
        assert_eq!(
            (fault.reason(), fault.domain().unwrap_or_default()),
            (&*info.reason, &*info.domain)
        );
        let theirs = info.metadata.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let mut theirs: BTreeMap<_, _> = theirs.collect();
        theirs.retain(|key, _| !RESERVED.contains(key));
        assert_eq!(metadata(&fault), theirs);
    }
    let ours = fault.details().field_violations.iter().map(|it| (&*it.reason, &*it.detail));
    let theirs = violations.iter().map(|it| (&*it.reason, &*it.description));
    assert!(ours.eq(theirs), "other field violations");
}

/// Decodes a detail, and puts its own encoding in its place.
fn canonical<M: Message + Default>(value: &mut Vec<u8>) -> Option<M> {
    let message = M::decode(value.as_slice()).ok()?;
    *value = message.encode_to_vec();
    Some(message)
}
