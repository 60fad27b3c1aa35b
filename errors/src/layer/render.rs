//! From what the inner service did to what the client gets.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{
    CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_TYPE, ETAG,
    LAST_MODIFIED, TRAILER, TRANSFER_ENCODING,
};
use http::response::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use http_body::Body;

use super::answer::{Answer, Rendered, text_of};
use super::body::FaultBody;
use super::config::{Config, Found};
use super::future::{Panicked, catch};
use super::log;
use super::raw::Raw;
use super::request::{Seen, Wire};
use super::trailers::Trailers;
use crate::fault::Chain;
use crate::grpc::{
    APPLICATION_GRPC, APPLICATION_GRPC_WEB, GRPC_MESSAGE, GRPC_STATUS, GRPC_STATUS_DETAILS,
};
use crate::problem::USUAL_LEN;
use crate::{Fault, GrpcStatus, Internal, Problem};

/// Renders what one request came to.
pub(super) struct Renderer<'a> {
    pub(super) seen: &'a Seen,
    pub(super) config: &'a Arc<Config>,
}

impl Renderer<'_> {
    /// An error of the inner service. A panic while it is rendered is one more.
    pub(super) fn error<B>(&self, error: &(dyn StdError + 'static)) -> Response<FaultBody<B>> {
        let chain = Chain(error);
        let rendered = catch(|| match self.config.find(error) {
            Some(Found::Error(error)) => {
                self.fault(new_head(), error.fault(), &format_args!("{error:?}"))
            }
            Some(Found::Fault(fault)) => self.fault(new_head(), fault, &chain),
            Some(Found::Made(made)) => {
                self.fault(new_head(), made.fault(), &format_args!("{made:?}: {chain}"))
            }
            None => self.fault(new_head(), &Internal, &chain),
        });
        rendered.unwrap_or_else(|panicked| self.panicked(&panicked))
    }

    pub(super) fn panicked<B>(&self, panicked: &Panicked) -> Response<FaultBody<B>> {
        self.fault(new_head(), &Internal, panicked)
    }

    /// A response of the inner service, which may be an error without a shape.
    #[inline]
    pub(super) fn response<B>(&self, response: Response<B>) -> Response<FaultBody<B>>
    where
        B: Body<Data = Bytes>,
    {
        let wire = Wire::of(response.headers());
        let failed = response.status().as_u16() >= 400
            || (wire.is_some() && response.headers().contains_key(GRPC_STATUS));
        if failed {
            return catch(|| self.failed(response)).unwrap_or_else(|panic| self.panicked(&panic));
        }
        if wire == Some(Wire::Grpc) {
            let trailers = Trailers { seen: *self.seen, config: Arc::clone(self.config) };
            return response.map(|body| FaultBody::grpc(body, trailers));
        }
        response.map(FaultBody::inner)
    }

    fn failed<B: Body<Data = Bytes>>(&self, response: Response<B>) -> Response<FaultBody<B>> {
        let (mut head, body) = response.into_parts();
        match Answer::of(&mut head, &body) {
            Answer::Carried(carried) => {
                let error = carried.error();
                self.fault(head, error.fault(), &format_args!("{error:?}"))
            }
            Answer::Status(status) => {
                let raw = Raw::new(*status, self.config.public_status_messages);
                self.fault(head, &raw, &raw)
            }
            Answer::Bare(bare) => match text_of(body) {
                Some(text) => self.fault(head, &bare, &format_args!("{bare}: {text}")),
                None => self.fault(head, &bare, &bare),
            },
            Answer::Shaped => Response::from_parts(head, FaultBody::inner(body)),
        }
    }

    /// The response that shows a fault, with the headers that are there already.
    fn fault<B>(
        &self,
        mut head: Parts,
        fault: &dyn Fault,
        cause: &dyn fmt::Display,
    ) -> Response<FaultBody<B>> {
        let body = self.seen.occurrence(self.config, |occurrence| {
            log::fault(fault, occurrence, cause);
            match self.seen.wire {
                Wire::Http => {
                    let problem = Problem::new(fault).at(occurrence);
                    write_problem(&mut head, problem, self.seen.head)
                }
                wire => {
                    write_status(&mut head, wire, &GrpcStatus::new(fault).at(occurrence));
                    Bytes::new()
                }
            }
        });
        head.extensions.insert(Rendered);
        Response::from_parts(head, FaultBody::rendered(body))
    }
}

/// The head of a response that the inner service did not make.
fn new_head() -> Parts {
    Response::new(()).into_parts().0
}

fn write_status(head: &mut Parts, wire: Wire, status: &GrpcStatus<'_>) {
    head.status = StatusCode::OK;
    remove_body_headers(&mut head.headers);
    let content_type = if wire == Wire::GrpcWeb { APPLICATION_GRPC_WEB } else { APPLICATION_GRPC };
    head.headers.insert(CONTENT_TYPE, content_type);
    status.write_headers(&mut head.headers);
}

/// Writes the head of the problem and returns its body, or none where the request wants none.
fn write_problem(head: &mut Parts, mut problem: Problem<'_>, head_only: bool) -> Bytes {
    remove_body_headers(&mut head.headers);
    for name in [GRPC_STATUS, GRPC_MESSAGE, GRPC_STATUS_DETAILS] {
        head.headers.remove(name);
    }
    // A status that came with the response, such as one a middleware chose, is the true one.
    if head.status.is_client_error() || head.status.is_server_error() {
        problem = problem.with_status(head.status);
    }
    head.status = problem.status();
    problem.write_headers(&mut head.headers);
    let mut body = Vec::with_capacity(USUAL_LEN);
    problem.write_to(&mut body);
    head.headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    if head_only { Bytes::new() } else { Bytes::from(body) }
}

/// Removes the headers that describe a body which is replaced.
fn remove_body_headers(headers: &mut HeaderMap) {
    const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");
    for name in [
        CONTENT_LENGTH,
        CONTENT_TYPE,
        CONTENT_ENCODING,
        CONTENT_LANGUAGE,
        CONTENT_DISPOSITION,
        CONTENT_DIGEST,
        ETAG,
        LAST_MODIFIED,
        TRAILER,
        TRANSFER_ENCODING,
    ] {
        headers.remove(name);
    }
}
