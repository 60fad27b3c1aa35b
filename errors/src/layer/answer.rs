//! What a response of the inner service is, before it is decided what the client gets.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use http::response::Parts;
use http_body::Body;

use super::status;
use crate::error::Carried;
use crate::grpc::GRPC_STATUS;
use crate::problem::PROBLEM_JSON;
use crate::{BareFault, RemoteFault};

/// Marks a response that a layer has rendered: another one around it lets it pass.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rendered;

/// An error response of the inner service.
pub(super) enum Answer {
    /// Of a handler, which left the error itself.
    Carried(Carried),
    /// A gRPC status without details.
    Status(Box<RemoteFault>),
    /// Nothing but an HTTP status.
    Bare(BareFault),
    /// In a shape of its own: from elsewhere, or from a layer inside.
    Shaped,
}

impl Answer {
    pub(super) fn of<B: Body>(head: &mut Parts, body: &B) -> Self {
        if head.extensions.get::<Rendered>().is_some() {
            return Answer::Shaped;
        }
        if let Some(carried) = carried(head) {
            return Answer::Carried(carried);
        }
        if head.headers.contains_key(GRPC_STATUS) {
            let status = RemoteFault::from_grpc(&head.headers);
            let bare = status.filter(|status| !status.has_details());
            return bare.map_or(Answer::Shaped, |status| Answer::Status(Box::new(status)));
        }
        let is_error = head.status.is_client_error() || head.status.is_server_error();
        if is_error && says_nothing(head, body) {
            return Answer::Bare(BareFault::from_status(head.status));
        }
        Answer::Shaped
    }
}

/// The error that a handler left for this layer, unless a middleware has made another answer of
/// the response since.
fn carried(head: &mut Parts) -> Option<Carried> {
    let carried = head.extensions.remove::<Carried>();
    let is_error = head.status.is_client_error() || head.status.is_server_error();
    let is_problem = head.headers.get(CONTENT_TYPE) == Some(&PROBLEM_JSON);
    carried.filter(|_| is_error && is_problem).or_else(|| status::find(&head.extensions))
}

/// Whether a body is plain text, which nobody said is public, or not there at all. A body that a
/// HEAD request stripped has its content type still.
fn says_nothing<B: Body>(head: &Parts, body: &B) -> bool {
    match head.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes) {
        None => body.size_hint().exact() == Some(0) || body.is_end_stream(),
        Some(value) => value
            .get(..b"text/plain".len())
            .is_some_and(|start| start.eq_ignore_ascii_case(b"text/plain")),
    }
}

/// The most of a dropped body that is logged, in bytes.
const LONGEST_TEXT: usize = 1024;

/// The text of a body that is dropped, for the log, as far as it is there without waiting.
pub(super) fn text_of<B: Body<Data = Bytes>>(body: B) -> Option<String> {
    let mut context = Context::from_waker(Waker::noop());
    let Poll::Ready(Some(Ok(frame))) = pin!(body).poll_frame(&mut context) else {
        return None;
    };
    let data = frame.into_data().ok()?;
    let start = data.get(..LONGEST_TEXT).unwrap_or(&data);
    (!start.is_empty()).then(|| String::from_utf8_lossy(start).into_owned())
}
