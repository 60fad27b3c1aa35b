use std::fmt;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use tower_service::Service;

use super::layered::{Erased, Http, Plain};
use super::message::{BoxError, Ping, Pong};
use super::service::Probe;

/// A layer under test: how its service is built around a [`Probe`], and where it is meant to
/// differ from a layer that only looks on.
///
/// Set the layer up so that it rejects nothing by itself, however often calls fail or are dropped:
/// what makes it reject is the subject of its own tests. A small capacity is welcome, though, as
/// whatever leaks is then missed soon. That the service is `Clone + Send + Sync + 'static` and its
/// futures are `Send + 'static`, which axum asks for, is a bound of the constructors.
pub struct Subject {
    build: Box<dyn Fn(Probe) -> Box<dyn Erased>>,
    pub(super) expected: Expected,
}

/// Where a layer differs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Expected {
    pub(super) while_not_ready: WhileNotReady,
    pub(super) errors: Errors,
    pub(super) repeats: bool,
    pub(super) admits: Option<usize>,
    pub(super) keeps_place_when_failed: bool,
    pub(super) http: bool,
}

/// What the layer does while the inner service is not ready.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum WhileNotReady {
    #[default]
    Waits,
    Rejects,
    Queues,
}

/// What becomes of the inner service's errors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Errors {
    #[default]
    Passed,
    Answered,
}

impl Subject {
    /// A layer for services of any request.
    pub fn new<S>(build: impl Fn(Probe) -> S + 'static) -> Self
    where
        S: Service<Ping, Response = Pong> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send + 'static,
    {
        let build = move |probe| Box::new(Plain(build(probe))) as Box<dyn Erased>;
        Self { build: Box::new(build), expected: Expected::default() }
    }

    /// A layer for HTTP services.
    pub fn http<S, B>(build: impl Fn(Probe) -> S + 'static) -> Self
    where
        S: Service<Request<Full<Bytes>>, Response = Response<B>> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send + 'static,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let build = move |probe| Box::new(Http(build(probe))) as Box<dyn Erased>;
        let expected = Expected { http: true, ..Expected::default() };
        Self { build: Box::new(build), expected }
    }

    /// It is ready while the inner service is not, and rejects the call.
    #[must_use]
    pub fn rejects_when_not_ready(mut self) -> Self {
        self.expected.while_not_ready = WhileNotReady::Rejects;
        self
    }

    /// It is ready while the inner service is not, and the call waits. Once the inner service has
    /// failed to become ready, it has for good.
    #[must_use]
    pub fn queues(mut self) -> Self {
        self.expected.while_not_ready = WhileNotReady::Queues;
        self
    }

    /// It never fails: an error of the inner service becomes a response.
    #[must_use]
    pub fn answers_errors(mut self) -> Self {
        self.expected.errors = Errors::Answered;
        self
    }

    /// It may call again when a call has failed. Its waits run in tokio's time, which is paused.
    #[must_use]
    pub fn repeats_failed_calls(mut self) -> Self {
        self.expected.repeats = true;
        self
    }

    /// It lets at most this many calls run at once; they end with the response's head.
    #[must_use]
    pub fn admits(mut self, calls: usize) -> Self {
        self.expected.admits = Some(calls);
        self
    }

    /// Its service keeps what it has reserved when the inner one fails to become ready, until it
    /// is dropped. tower allows it, as a service that failed should be dropped; ours let go.
    #[must_use]
    pub fn keeps_its_place_when_failed(mut self) -> Self {
        self.expected.keeps_place_when_failed = true;
        self
    }

    pub(super) fn build(&self, probe: Probe) -> Box<dyn Erased> {
        (self.build)(probe)
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject").field("expected", &self.expected).finish_non_exhaustive()
    }
}
