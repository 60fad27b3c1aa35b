//! The handler's part of a try.

use std::future::Future;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::response::Parts;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body::Body;
use mainstay_core::Code;

use super::body::IdempotencyBody;
use super::collect::{self, Collected};
use super::config::Config;
use super::settle::{Ending, Settle};
use crate::together::{Caught, Panicked};

pub(super) const GRPC_STATUS: &str = "grpc-status";
const EVENT_STREAM: &[u8] = b"text/event-stream";

/// What the handler has come to, and what that means for the key.
pub(super) struct Worked<B: Body, E> {
    pub(super) settle: Settle,
    pub(super) result: WorkResult<B, E>,
}

pub(super) enum WorkResult<B: Body, E> {
    /// An answer that can be kept.
    Whole(Parts, Bytes, Option<HeaderMap>),
    /// One that cannot, or is not to be.
    Passed(Parts, IdempotencyBody<B>),
    Failed(E),
    Panicked(Panicked),
}

impl<B: Body, E> Worked<B, E> {
    pub(super) fn panicked(panicked: Panicked, config: &Config) -> Self {
        let settle = (config.outcomes)(Ending::Panicked);
        Self { settle, result: WorkResult::Panicked(panicked) }
    }
}

/// Runs the handler and reads its answer as far as is needed.
pub(super) async fn work<F, B, E>(handler: F, grpc: bool, config: &Config) -> Worked<B, E>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body<Data = Bytes>,
{
    let settled = |ending, result| Worked { settle: (config.outcomes)(ending), result };
    let response = match (Caught { future: handler }).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => return settled(Ending::Failed, WorkResult::Failed(error)),
        Err(panicked) => return Worked::panicked(panicked, config),
    };
    let (head, body) = response.into_parts();
    let known = ending_of(&head, grpc);
    let settle = known.map(config.outcomes.as_ref());
    if let Some(settle) = settle.filter(|settle| *settle != Settle::Store) {
        // Nobody needs to wait for what is not kept.
        let body = IdempotencyBody::unread(body);
        return Worked { settle, result: WorkResult::Passed(head, body) };
    }
    if is_event_stream(&head.headers) || head.status.is_informational() {
        let passed = WorkResult::Passed(head, IdempotencyBody::unread(body));
        return settled(Ending::Unstorable, passed);
    }
    let reading = collect::response(body, config.response_limit, config.stream_after);
    match (Caught { future: reading }).await {
        Ok(Collected::Whole(body, trailers)) => {
            let settle = settle.unwrap_or_else(|| {
                let code = trailers.as_ref().and_then(code_of).unwrap_or(Code::Unknown);
                (config.outcomes)(Ending::Grpc(code))
            });
            Worked { settle, result: WorkResult::Whole(head, body, trailers) }
        }
        Ok(Collected::GoesOn(body)) => settled(Ending::Unstorable, WorkResult::Passed(head, body)),
        Ok(Collected::Broken(body)) => settled(Ending::Failed, WorkResult::Passed(head, body)),
        Err(panicked) => Worked::panicked(panicked, config),
    }
}

/// How the try has ended, if the head says so: that of gRPC does only where it is the trailers at
/// once, or not gRPC's at all. Such a head of gRPC-Web is judged alike.
fn ending_of(head: &Parts, grpc: bool) -> Option<Ending> {
    if head.status != StatusCode::OK {
        return Some(Ending::Http(head.status));
    }
    match code_of(&head.headers) {
        Some(code) => Some(Ending::Grpc(code)),
        None if grpc => None,
        None => Some(Ending::Http(head.status)),
    }
}

fn code_of(headers: &HeaderMap) -> Option<Code> {
    let number = headers.get(GRPC_STATUS)?.to_str().ok().and_then(|text| text.parse().ok());
    Some(number.and_then(Code::from_number).unwrap_or(Code::Unknown))
}

fn is_event_stream(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let start = value.and_then(|value| value.get(..EVENT_STREAM.len()));
    start.is_some_and(|start| start.eq_ignore_ascii_case(EVENT_STREAM))
}
