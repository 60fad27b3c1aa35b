use std::time::Duration;

use http::Request;
use mainstay_core::Deadline;
use tower_layer::Layer;

use super::{ClientService, StackClassifier};
use crate::Respond;
use crate::backoff::Backoff;
use crate::breaker::{HttpCircuitBreakerLayer, IntoHttpLayer};
use crate::classify::HttpClassifier;
use crate::retry::{HttpRetryLayer, Retry, Unmapped};
use crate::timeout::{Limit, Limits, Timeout, TimeoutLayer};

/// Puts a client's policies in order; see the [module](super). As a layer it makes
/// [`ClientService`]s. `L` is the layer of the breaker.
#[derive(Clone, Debug)]
#[must_use]
pub struct ClientStack<M = Unmapped, L = HttpCircuitBreakerLayer> {
    deadline: Total,
    retry: HttpRetryLayer<StackClassifier, M>,
    breaker: L,
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
    /// [layer](crate::breaker::CircuitBreaker::http_layer) of one, or that of breakers
    /// [by key](crate::breaker::CircuitBreakers::http_layer_by).
    ///
    /// It makes one attempt without a limit on its time, until more is said. A classifier of the
    /// breaker's sees attempts that took too long as
    /// [`Rejected::Rejection`](crate::Rejected::Rejection).
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http::{Request, Response, uri::Authority};
    /// use http_body_util::Full;
    /// use mainstay_resilience::breaker::{CircuitBreaker, CircuitBreakers};
    /// use mainstay_resilience::retry::{ReplayBody, Retry};
    /// use mainstay_resilience::stack::ClientStack;
    /// use tower::{ServiceExt, service_fn};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # type Body = ReplayBody<Full<Bytes>>;
    /// # let http_client = service_fn(|_: Request<Body>| async {
    /// #     Ok::<_, std::io::Error>(Response::new(Full::<Bytes>::default()))
    /// # });
    /// let nowhere = Authority::from_static("unknown");
    /// let hosts = CircuitBreakers::<Authority>::new(CircuitBreaker::builder("hosts"))?;
    /// let by_host = hosts.http_layer_by(move |request: &Request<Body>| {
    ///     request.uri().authority().unwrap_or(&nowhere).clone()
    /// });
    /// let client = ClientStack::http(by_host).retry(Retry::exponential()).service(http_client);
    ///
    /// let request = Request::get("http://a.example.com/").body(Full::<Bytes>::default())?;
    /// assert_eq!(client.oneshot(request).await?.status(), 200);
    /// assert_eq!(hosts.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn http<B: IntoHttpLayer>(breaker: B) -> ClientStack<Unmapped, B::Layer> {
        let once = Retry::new(Backoff::DEFAULT.attempts(1)).http_layer();
        ClientStack {
            deadline: Total { limit: None },
            retry: once.classify(StackClassifier(HttpClassifier::new())),
            breaker: breaker.into_http_layer(),
            attempt: TimeoutLayer::by::<()>(Limit::Never),
        }
    }
}

impl<L> ClientStack<Unmapped, L> {
    /// How a call is tried again: a [`Retry`], or the [layer](Retry::http_layer) of one. Default:
    /// not at all.
    ///
    /// Every call of gRPC is a `POST`, and so is not sent again unless it has an idempotency key or
    /// [`HttpRetryLayer::retry_if`] says so.
    pub fn retry<M>(
        self,
        retry: impl Into<HttpRetryLayer<HttpClassifier, M>>,
    ) -> ClientStack<M, L> {
        let Self { deadline, breaker, attempt, .. } = self;
        let retry = deadline.tell(retry.into().map_classifier(StackClassifier));
        ClientStack { deadline, retry, breaker, attempt }
    }
}

impl<M, L> ClientStack<M, L> {
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
    pub fn service<S>(&self, client: S) -> ClientService<S, M, L::Service>
    where
        M: Clone,
        L: Layer<Timeout<S>>,
    {
        self.layer(client)
    }

    /// Answers a request with what the policies reject, instead of failing; see [`Respond`].
    pub fn respond(self) -> Respond<Self> {
        Respond::new(self)
    }
}

impl<S, M: Clone, L: Layer<Timeout<S>>> Layer<S> for ClientStack<M, L> {
    type Service = ClientService<S, M, L::Service>;

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
