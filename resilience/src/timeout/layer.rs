use std::time::Duration;

use tower_layer::Layer;

use super::service::{BodyTimeout, Timeout};
use super::{BodyTimeoutLayer, Limit};
use crate::Respond;

/// Decides how long a request may take. Closures from a request to a [`Limit`], or to what makes
/// one, do.
pub trait Limits<Req> {
    /// The limit of this request.
    fn limit(&self, request: &Req) -> Limit;
}

impl<Req> Limits<Req> for Limit {
    fn limit(&self, _: &Req) -> Limit {
        *self
    }
}

impl<Req, F, L> Limits<Req> for F
where
    F: Fn(&Req) -> L,
    L: Into<Limit>,
{
    fn limit(&self, request: &Req) -> Limit {
        self(request).into()
    }
}

/// Makes [`Timeout`] services.
#[derive(Clone, Copy, Debug)]
pub struct TimeoutLayer<L = Limit> {
    limits: L,
}

impl TimeoutLayer {
    /// One limit for all requests, counted from the first poll of the response future.
    pub fn new(timeout: Duration) -> Self {
        Self { limits: Limit::After(timeout) }
    }
}

impl<L> TimeoutLayer<L> {
    /// A limit per request, such as by route, or from a deadline in its extensions.
    ///
    /// ```
    /// use http::Request;
    /// use mainstay_core::Deadline;
    /// use mainstay_resilience::timeout::TimeoutLayer;
    ///
    /// let layer = TimeoutLayer::by(|request: &Request<()>| {
    ///     request.extensions().get::<Deadline>().copied() // without one there is no limit
    /// });
    /// ```
    pub fn by<Req>(limits: L) -> Self
    where
        L: Limits<Req>,
    {
        Self { limits }
    }

    /// Counts the response's body too: when the time is up while a frame of it is waited for, it
    /// fails with [`Elapsed`](super::Elapsed). What is there already can be read at leisure. The
    /// clock is then read once per call.
    pub fn including_body(self) -> BodyTimeoutLayer<L> {
        BodyTimeoutLayer::new(self.limits)
    }

    /// Answers a request whose time is up, instead of failing; see [`Respond`].
    pub fn respond(self) -> Respond<Self> {
        Respond::new(self)
    }
}

impl<S, L: Clone> Layer<S> for TimeoutLayer<L> {
    type Service = Timeout<S, L>;

    fn layer(&self, inner: S) -> Self::Service {
        Timeout::new(inner, self.limits.clone())
    }
}

impl<S, L: Clone> Layer<S> for BodyTimeoutLayer<L> {
    type Service = BodyTimeout<S, L>;

    fn layer(&self, inner: S) -> Self::Service {
        BodyTimeout::new(inner, self.limits.clone())
    }
}
