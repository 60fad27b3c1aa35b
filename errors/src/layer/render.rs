//! From what the inner service did to what the client gets.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::response::Parts;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body::Body;
use mainstay_core::{Code, is_grpc};

use super::body::FaultBody;
use super::config::{Config, Found};
use super::request::Seen;
use super::trailers::Trailers;
use super::{log, status};
use crate::error::Carried;
use crate::fault::Chain;
use crate::grpc::{APPLICATION_GRPC, GRPC_MESSAGE, GRPC_STATUS, GRPC_STATUS_DETAILS};
use crate::{BareFault, Fault, GrpcStatus, Internal, Problem};

/// Renders what one request came to.
pub(super) struct Renderer<'a> {
    pub(super) seen: &'a Seen,
    pub(super) config: &'a Arc<Config>,
}

impl Renderer<'_> {
    /// An error of the inner service.
    pub(super) fn error<B>(&self, error: &(dyn StdError + 'static)) -> Response<FaultBody<B>> {
        let head = Response::new(()).into_parts().0;
        let chain = Chain(error);
        match self.config.find(error) {
            Some(Found::Fault(fault)) => self.fault(head, fault, &chain),
            Some(Found::Made(made)) => self.fault(head, made.fault(), &chain),
            None => self.fault(head, &Internal, &chain),
        }
    }

    /// A response of the inner service, which may be an error without a shape.
    #[inline]
    pub(super) fn response<B: Body>(&self, response: Response<B>) -> Response<FaultBody<B>> {
        let failed =
            response.status().as_u16() >= 400 || response.headers().contains_key(GRPC_STATUS);
        if failed {
            return self.failed_response(response);
        }
        if self.seen.grpc {
            let trailers = Trailers { seen: *self.seen, config: Arc::clone(self.config) };
            return response.map(|body| FaultBody::grpc(body, trailers));
        }
        response.map(FaultBody::inner)
    }

    fn failed_response<B: Body>(&self, response: Response<B>) -> Response<FaultBody<B>> {
        let (mut head, body) = response.into_parts();
        if let Some(carried) = carried(&mut head) {
            let error = carried.error();
            return self.fault(head, error.fault(), &format_args!("{error:#}"));
        }
        match bare(&head, &body) {
            Some(bare) => self.fault(head, &bare, &bare),
            None => Response::from_parts(head, FaultBody::inner(body)),
        }
    }

    /// The response that shows a fault, with the headers that are there already.
    pub(super) fn fault<B>(
        &self,
        mut head: Parts,
        fault: &dyn Fault,
        cause: &dyn fmt::Display,
    ) -> Response<FaultBody<B>> {
        let grpc = self.seen.grpc || is_grpc(&head.headers);
        remove_body_headers(&mut head.headers);
        let body = self.seen.occurrence(self.config, |occurrence| {
            log::fault(fault, occurrence, cause);
            if grpc {
                write_status(&mut head, &GrpcStatus::new(fault).at(occurrence));
                Bytes::new()
            } else {
                write_problem(&mut head, &Problem::new(fault).at(occurrence), self.seen.head)
            }
        });
        Response::from_parts(head, FaultBody::rendered(body))
    }
}

fn write_status(head: &mut Parts, status: &GrpcStatus<'_>) {
    head.status = StatusCode::OK;
    head.headers.insert(CONTENT_TYPE, APPLICATION_GRPC);
    status.write_headers(&mut head.headers);
}

/// The body of the problem; its length alone where the request wants no body.
fn write_problem(head: &mut Parts, problem: &Problem<'_>, head_only: bool) -> Bytes {
    head.status = problem.status();
    problem.write_headers(&mut head.headers);
    let mut body = Vec::with_capacity(512);
    problem.write_to(&mut body);
    head.headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    if head_only { Bytes::new() } else { Bytes::from(body) }
}

/// The error that a handler left for this layer.
fn carried(head: &mut Parts) -> Option<Carried> {
    let carried = head.extensions.remove::<Carried>();
    // A middleware that changed the status has made another answer of it.
    let unchanged = |it: &Carried| it.error().fault().kind().http_status() == head.status;
    carried.filter(unchanged).or_else(|| status::find(&head.extensions))
}

/// Headers that describe a body which is replaced.
fn remove_body_headers(headers: &mut HeaderMap) {
    for name in [CONTENT_LENGTH, CONTENT_TYPE, CONTENT_ENCODING, TRANSFER_ENCODING] {
        headers.remove(name);
    }
}

/// Whether an error response says nothing that was meant for the client: it has a status, and a
/// body that is empty or plain text.
fn bare<B: Body>(head: &Parts, body: &B) -> Option<BareFault> {
    if is_grpc(&head.headers) {
        return bare_status(&head.headers).map(BareFault::from_code);
    }
    let is_error = head.status.is_client_error() || head.status.is_server_error();
    let is_text = head.headers.get(CONTENT_TYPE).is_some_and(|value| {
        let start = value.as_bytes().get(..b"text/plain".len()).unwrap_or_default();
        start.eq_ignore_ascii_case(b"text/plain")
    });
    let is_empty = body.size_hint().exact() == Some(0) || body.is_end_stream();
    (is_error && (is_text || is_empty)).then(|| BareFault::from_status(head.status))
}

/// The code of a gRPC error that has neither message nor details.
fn bare_status(headers: &HeaderMap) -> Option<Code> {
    let says_more = headers.get(GRPC_MESSAGE).is_some_and(|message| !message.is_empty())
        || headers.contains_key(GRPC_STATUS_DETAILS);
    let number = headers.get(GRPC_STATUS)?.to_str().ok()?.parse().ok()?;
    Code::from_number(number).filter(|code| *code != Code::Ok && !says_more)
}
