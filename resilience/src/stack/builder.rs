use std::time::Duration;

use http::Request;
use mainstay_core::Deadline;
use tower_layer::Layer;

use super::{ClientService, StackClassifier};
use crate::Respond;
use crate::backoff::Backoff;
use crate::breaker::HttpCircuitBreakerLayer;
use crate::classify::HttpClassifier;
use crate::retry::{HttpRetryLayer, Retry, Unmapped};
use crate::timeout::{Limit, Limits, TimeoutLayer};

/// Puts a client's policies in order; see the [module](super). As a layer it makes
/// [`ClientService`]s.
#[derive(Clone, Debug)]
#[must_use]
pub struct ClientStack<M = Unmapped> {
    deadline: Total,
    retry: HttpRetryLayer<StackClassifier, M>,
    breaker: HttpCircuitBreakerLayer,
    attempt: TimeoutLayer,
}

/// How long a call may take: so long, and not beyond the deadline that the request brings along as
/// an extension.
#[derive(Clone, Copy, Debug)]
pub(super) struct Total {
    limit: Option<Duration>,
}

impl ClientStack {
    /// For a client of HTTP or gRPC, watched by this breaker, or the
    /// [layer](crate::breaker::CircuitBreaker::http_layer) of one.
    ///
    /// It makes one attempt without a limit on its time, until more is said.
    pub fn http(breaker: impl Into<HttpCircuitBreakerLayer>) -> Self {
        let once = Retry::new(Backoff::DEFAULT.attempts(1)).http_layer();
        Self {
            deadline: Total { limit: None },
            retry: once.classify(StackClassifier(HttpClassifier::new())),
            breaker: breaker.into(),
            attempt: TimeoutLayer::by::<()>(Limit::Never),
        }
    }

    /// How a call is tried again: a [`Retry`], or the [layer](Retry::http_layer) of one. Default:
    /// not at all.
    ///
    /// Every call of gRPC is a `POST`, and so is not sent again unless it has an idempotency key or
    /// [`HttpRetryLayer::retry_if`] says so.
    pub fn retry<M>(self, retry: impl Into<HttpRetryLayer<HttpClassifier, M>>) -> ClientStack<M> {
        let Self { deadline, breaker, attempt, .. } = self;
        let retry = deadline.tell(retry.into().map_classifier(StackClassifier));
        ClientStack { deadline, retry, breaker, attempt }
    }
}

impl<M> ClientStack<M> {
    /// How long a call may take until the head of its response, attempts and waits included.
    /// Default: until the [`Deadline`] among the request's extensions, and without one no limit.
    /// That one counts in any case, if it is earlier. This one is not put among the extensions: what
    /// passes deadlines on goes around the stack.
    pub fn deadline(mut self, limit: Duration) -> Self {
        self.deadline = Total { limit: Some(limit) };
        self.retry = self.deadline.tell(self.retry);
        self
    }

    /// How long each attempt may take until the head of its response. Default: no limit.
    pub fn attempt_timeout(mut self, limit: Duration) -> Self {
        self.attempt = TimeoutLayer::new(limit);
        self
    }

    /// Puts the policies around a client.
    pub fn service<S>(&self, client: S) -> ClientService<S, M>
    where
        M: Clone,
    {
        self.layer(client)
    }

    /// Answers a request with what the policies reject, instead of failing; see [`Respond`].
    pub fn respond(self) -> Respond<Self> {
        Respond::new(self)
    }
}

impl<S, M: Clone> Layer<S> for ClientStack<M> {
    type Service = ClientService<S, M>;

    fn layer(&self, client: S) -> Self::Service {
        let attempt = self.breaker.layer(self.attempt.layer(client));
        let call = self.retry.layer(attempt);
        ClientService::new(TimeoutLayer::by::<Request<()>>(self.deadline).layer(call))
    }
}

impl Total {
    /// The retry has to know it, to make no attempt in vain.
    fn tell<C, M>(self, retry: HttpRetryLayer<C, M>) -> HttpRetryLayer<C, M> {
        match self.limit {
            Some(limit) => retry.within(limit),
            None => retry,
        }
    }
}

impl<B> Limits<Request<B>> for Total {
    fn limit(&self, request: &Request<B>) -> Limit {
        let deadline = request.extensions().get::<Deadline>().copied();
        match (deadline, self.limit) {
            (None, limit) => limit.into(),
            (Some(deadline), None) => deadline.into(),
            (Some(deadline), Some(limit)) => Limit::from(limit).earlier(deadline),
        }
    }
}
