use std::sync::Arc;
use std::time::Duration;

use http::HeaderName;
use http::request::Parts;
use tower_layer::Layer;

use super::eligible::Eligible;
use super::{HttpRetryService, Unmapped};
use crate::classify::{GrpcClassifier, HttpClassifier};
use crate::retry::Retry;

/// Makes [`HttpRetryService`]s, for HTTP and gRPC: by [`Retry::http_layer`].
///
/// - Responses are judged by [`HttpClassifier`], those of gRPC by [`GrpcClassifier`]; errors are
///   transient.
/// - Sent again is what may be sent twice: see [`is_idempotent`](super::super::is_idempotent).
///   **Every call of gRPC is a `POST`, so none is sent again**, unless it has an idempotency key or
///   [`retry_if`](HttpRetryLayer::retry_if) says so.
/// - What ends well pays back to the [budget](crate::budget); a call of gRPC does when its trailers
///   have been read, as its head does not say how it will end.
/// - A body is kept while it is sent, up to a [cap](HttpRetryLayer::body_cap).
/// - A [`Deadline`](mainstay_core::Deadline) among the request's extensions is minded: no attempt
///   is begun that would not be over by then, going by what attempts took of late.
/// - From the second attempt on there is an [`Attempt`](super::super::Attempt) among the
///   extensions, and a gRPC request has `grpc-previous-rpc-attempts`.
///
/// Bodies of responses have to be `Unpin`, as those of hyper, axum and tonic are; `Box::pin` makes
/// one of any other.
///
/// ```
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use http_body_util::Full;
/// use mainstay_resilience::retry::{Attempt, ReplayBody, Retry};
/// use std::convert::Infallible;
/// use tower::{Layer, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let flaky = service_fn(|request: Request<ReplayBody<Full<Bytes>>>| async move {
///     let again = request.extensions().get::<Attempt>().is_some();
///     let mut response = Response::new(Full::<Bytes>::default());
///     *response.status_mut() = if again { 200 } else { 503 }.try_into().unwrap();
///     Ok::<_, Infallible>(response)
/// });
/// let client = Retry::exponential().attempts(3).http_layer().layer(flaky);
/// let request = Request::put("/orders/7").body(Full::from("{}")).unwrap();
/// assert_eq!(client.oneshot(request).await.unwrap().status(), 200);
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct HttpRetryLayer<C = HttpClassifier, M = Unmapped> {
    shared: Shared<C, M>,
}

/// What the services of a layer share.
#[derive(Clone, Debug)]
pub(super) struct Shared<C, M> {
    pub(super) policy: Retry<C>,
    pub(super) grpc: GrpcClassifier,
    pub(super) eligible: Eligible,
    pub(super) body_cap: usize,
    pub(super) attempt_header: Option<HeaderName>,
    pub(super) within: Option<Duration>,
    pub(super) map: M,
}

impl HttpRetryLayer {
    /// How much of a request's body is kept by default: 64 KiB.
    pub const BODY_CAP: usize = 64 * 1024;

    pub(in crate::retry) fn new(policy: Retry) -> Self {
        Self {
            shared: Shared {
                policy: policy.classify(HttpClassifier::new()),
                grpc: GrpcClassifier::new(),
                eligible: Eligible::ByMethodOrKey,
                body_cap: Self::BODY_CAP,
                attempt_header: None,
                within: None,
                map: Unmapped,
            },
        }
    }
}

impl<C, M> HttpRetryLayer<C, M> {
    /// How results are judged, but for responses of gRPC. Default: [`HttpClassifier`].
    pub fn classify<D>(self, classifier: D) -> HttpRetryLayer<D, M> {
        self.map_classifier(|_| classifier)
    }

    /// A classifier made of the one there is.
    pub(crate) fn map_classifier<D>(self, map_it: impl FnOnce(C) -> D) -> HttpRetryLayer<D, M> {
        let Shared { policy, grpc, eligible, body_cap, attempt_header, within, map } = self.shared;
        let policy = Retry { rules: policy.rules, classifier: map_it(policy.classifier) };
        let shared = Shared { policy, grpc, eligible, body_cap, attempt_header, within, map };
        HttpRetryLayer { shared }
    }

    /// How responses of gRPC are judged. Default: [`GrpcClassifier::new`].
    pub fn classify_grpc(mut self, classifier: GrpcClassifier) -> Self {
        self.shared.grpc = classifier;
        self
    }

    /// Which requests may be sent again, in place of [`is_idempotent`](super::super::is_idempotent).
    ///
    /// Requests of gRPC are all sent with `POST`, so without an idempotency key none of them is
    /// sent again unless this says which methods may be:
    ///
    /// ```
    /// use mainstay_resilience::retry::{Retry, is_idempotent};
    ///
    /// let layer = Retry::exponential().http_layer().retry_if(|head| {
    ///     is_idempotent(head) || head.uri.path().starts_with("/shop.Catalogue/Get")
    /// });
    /// ```
    pub fn retry_if(mut self, allows: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        self.shared.eligible = Eligible::If(Arc::new(allows));
        self
    }

    /// The header with which any request may be sent again. Default: `Idempotency-Key` and
    /// `X-Idempotency-Key`. It takes the place of an earlier [`HttpRetryLayer::retry_if`].
    pub fn idempotency_header(mut self, name: HeaderName) -> Self {
        self.shared.eligible = Eligible::ByMethodOr(name);
        self
    }

    /// How many bytes of a request's body are kept to be sent again; the body of a request that may
    /// not be sent again is not kept at all. Default: 64 KiB.
    ///
    /// A request with more is sent once: what was kept is dropped when it turns out to be too
    /// much, or at once where the body says so beforehand. A frame counts for 64 bytes at the
    /// least.
    pub fn body_cap(mut self, bytes: usize) -> Self {
        self.shared.body_cap = bytes;
        self
    }

    /// How long a call may take in all, which a timeout around this layer is there to see to: no
    /// attempt is begun that would not be over by then. Default: no limit. A deadline of the
    /// request's own counts as well, if it is earlier.
    pub fn within(mut self, limit: Duration) -> Self {
        self.shared.within = Some(limit);
        self
    }

    /// Says in this header how many attempts were made before, from the second one on. Default:
    /// none, and `grpc-previous-rpc-attempts` for requests of gRPC, whatever is set here.
    pub fn attempt_header(mut self, name: HeaderName) -> Self {
        self.shared.attempt_header = Some(name);
        self
    }

    /// Makes of the [`ReplayBody`](super::super::ReplayBody) the body that the inner service takes,
    /// where it does not take any. Default: nothing is done to it.
    ///
    /// tonic's `Channel`, for one, takes `tonic::body::Body`: there it is
    /// `.map_body(tonic::body::Body::new)`.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
    /// use mainstay_resilience::retry::{ReplayBody, ReplayError, Retry};
    ///
    /// type Boxed = UnsyncBoxBody<Bytes, ReplayError>;
    ///
    /// let layer = Retry::exponential()
    ///     .http_layer()
    ///     .map_body(|body: ReplayBody<Full<Bytes>>| -> Boxed { body.boxed_unsync() });
    /// ```
    pub fn map_body<N>(self, map: N) -> HttpRetryLayer<C, N> {
        let Shared { policy, grpc, eligible, body_cap, attempt_header, within, .. } = self.shared;
        let shared = Shared { policy, grpc, eligible, body_cap, attempt_header, within, map };
        HttpRetryLayer { shared }
    }
}

impl From<Retry> for HttpRetryLayer {
    fn from(policy: Retry) -> Self {
        policy.http_layer()
    }
}

impl<S, C: Clone, M: Clone> Layer<S> for HttpRetryLayer<C, M> {
    type Service = HttpRetryService<S, C, M>;

    fn layer(&self, inner: S) -> Self::Service {
        HttpRetryService::new(inner, Arc::new(self.shared.clone()))
    }
}
