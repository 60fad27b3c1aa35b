use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use tower_layer::Layer;

use super::config::Config;
use super::detach::Tasks;
use super::flight::Flights;
use super::respond::Respond;
use super::service::{IdempotencyService, Shared};
use super::unscoped::Unscoped;
use crate::{AtLeastOnce, AtMostOnce, Guarantee, Store};

/// Makes services, of HTTP and of gRPC, that answer many tries of one request with one effect.
///
/// ```
/// use axum::{Router, routing::post};
/// use mainstay_idempotency::{IdempotencyLayer, MemoryStore, Scope};
///
/// # async fn create() {}
/// let idempotency = IdempotencyLayer::at_least_once(MemoryStore::new()).scope(|request| {
///     let caller = request.headers.get("x-api-key")?.to_str().ok()?;
///     // Within `nest` axum cuts the path: there take the whole one here, and in `.target(..)`.
///     Some(Scope::of([caller, request.uri.path()]))
/// });
/// let router: Router =
///     Router::new().route("/orders", post(create)).route_layer(idempotency.respond());
/// ```
///
/// | a key that is | the request is answered |
/// |---|---|
/// | new | by the handler; an answer that is kept is stored before its first byte is sent |
/// | answered before | with that answer: status, body byte for byte, some headers, trailers, and `Idempotency-Replayed: true` |
/// | whose first try still runs | with its answer, once it is there; after [a wait](Self::wait) 409 with `Retry-After` |
/// | used before for another request | 422 |
/// | malformed, or missing where it is required | 400 |
/// | and the store does not answer | 503, or by the handler: [`on_outage`](Self::on_outage) |
///
/// The key is the header `Idempotency-Key`, or `X-Idempotency-Key`, bare or quoted; see
/// [`key_of`](crate::key_of). It tells gRPC by the content type: refusals are then statuses, the key
/// is in the metadata `idempotency-key`, and what an answer comes to is its `grpc-status`.
///
/// ```
/// use mainstay_idempotency::{IdempotencyLayer, KeyRule, MemoryStore, Scope};
/// use tonic::service::Routes;
///
/// # let (_, service) = tonic_health::server::health_reporter();
/// let idempotency = IdempotencyLayer::at_least_once(MemoryStore::new())
///     .scope(|request| Scope::of([request.uri.path()]))
///     // Calls that only read are POST as well.
///     .required_by(|request| match request.uri.path() {
///         "/orders.v1.OrderService/CreateOrder" => KeyRule::Required,
///         _ => KeyRule::Ignored,
///     });
/// let router = Routes::new(service).into_axum_router().layer(idempotency.respond());
/// ```
///
/// # Where it goes
///
/// Inside of authentication, so that a scope can be trusted and a stranger learns nothing of keys;
/// inside of CORS, so that a preflight needs no key and refusals can be read; inside of limits on
/// rate and bodies; and inside of compression, so that what is kept is not encoded for one client.
/// Inside of `tonic-web` too: the code of most of its answers is in a body that is not looked into
/// here. A layer on an axum route sees the path as the client has sent it; one inside of `nest` does
/// not, and needs [`target`](Self::target), or goes around that. As a `route_layer` it leaves a path
/// that is unknown its 404, which `Router::layer` has refused for want of a key.
///
/// A timeout goes inside. One around this layer ends the client's wait and not the handler, which
/// runs on in a task and holds its key: retries are told 409 until it has ended.
///
/// What catches panics goes around it. Inside, a panic is an answer with 500, as which it is
/// settled: at least once the key is given up, though the effect may have happened.
///
/// A handler that outlives its client is moved to a task of its own in the middle. The tracing span
/// and the task-local values of layers around this one stay behind: layers inside bring theirs along.
///
/// Calls that stream their request are not for this layer: it reads the body to its end before the
/// handler runs, so that a bidirectional gRPC call would wait for itself. Have
/// [`required_by`](Self::required_by) say [`KeyRule::Ignored`](crate::KeyRule::Ignored) of them.
///
/// # The handler
///
/// It finds an [`Attempt`](crate::Attempt) in the extensions of its request, with the fence, and
/// with a token that is cancelled before its claim is lost. Its claim is renewed for as long as it
/// runs. If the claim is lost all the same its answer is not promised: where another try has
/// answered, that answer is what this client is given too, and where one runs, a 409.
///
/// # Cancellation
///
/// A handler whose client goes away runs to its end. It is polled in place, and becomes a task only
/// when its future is dropped; [`drain`](Self::drain) waits for these. A panic that gets here goes
/// on to the caller, and leaves the key as it is until the lease has run out: the effect may have
/// happened.
///
/// # Errors
///
/// Its service fails with [`IdempotencyError`](crate::IdempotencyError), which is a
/// [`Refused`](crate::Refused) or what the inner service has failed with. With
/// [`respond`](Self::respond) it answers refusals itself.
pub struct IdempotencyLayer<St, G = AtLeastOnce> {
    pub(super) store: Arc<St>,
    pub(super) config: Config,
    pub(super) flights: Arc<Flights>,
    pub(super) tasks: Tasks,
    pub(super) guarantee: PhantomData<G>,
}

impl<St: Store> IdempotencyLayer<St, AtLeastOnce> {
    /// The effect of a try that has died is run again by the next one.
    pub fn at_least_once(store: St) -> Unscoped<St, AtLeastOnce> {
        Unscoped::new(store)
    }
}

impl<St: Store> IdempotencyLayer<St, AtMostOnce> {
    /// The effect of a try that has died is not run again: later tries are told that nobody knows.
    /// That is as far as the store keeps its data: see [`AtMostOnce`].
    pub fn at_most_once(store: St) -> Unscoped<St, AtMostOnce> {
        Unscoped::new(store)
    }
}

impl<St: Store, G: Guarantee> IdempotencyLayer<St, G> {
    /// Waits until no handler runs without its client, and no key is left to be settled: for a
    /// shutdown, after the server has let go of its connections. It takes as long as the slowest
    /// handler does: put a limit around it.
    ///
    /// ```
    /// # use axum::{Router, routing::post};
    /// use std::time::Duration;
    ///
    /// # use mainstay_idempotency::{IdempotencyLayer, MemoryStore, Scope};
    /// # async fn create() {}
    /// # async fn shutdown() {}
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let idempotency = IdempotencyLayer::at_least_once(MemoryStore::new())
    ///     .scope(|request| Scope::of([request.uri.path()]));
    /// let app = Router::new().route("/orders", post(create)).layer(idempotency.clone().respond());
    ///
    /// let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    /// axum::serve(listener, app).with_graceful_shutdown(shutdown()).await?;
    /// if tokio::time::timeout(Duration::from_secs(20), idempotency.drain()).await.is_err() {
    ///     eprintln!("{} handlers are left behind", idempotency.detached());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn drain(&self) -> impl Future<Output = ()> + Send + use<St, G> {
        let tasks = self.tasks.clone();
        async move { tasks.drained().await }
    }

    /// How many handlers run without their client, those included whose key is still being claimed.
    /// Keys that are being settled are not counted: [`drain`](Self::drain) waits for them as well.
    pub fn detached(&self) -> usize {
        self.tasks.handlers.len()
    }

    /// Answers a request instead of failing with [`Refused`](crate::Refused); see [`Respond`].
    pub fn respond(self) -> Respond<Self> {
        Respond::new(self)
    }
}

impl<St: Store, G: Guarantee, S> Layer<S> for IdempotencyLayer<St, G> {
    type Service = IdempotencyService<S, St>;

    fn layer(&self, inner: S) -> Self::Service {
        let shared = Shared {
            store: Arc::clone(&self.store),
            config: self.config.clone(),
            flights: Arc::clone(&self.flights),
            tasks: self.tasks.clone(),
        };
        IdempotencyService::new(inner, Arc::new(shared))
    }
}

/// They share the store, and know of each other's tries.
impl<St, G> Clone for IdempotencyLayer<St, G> {
    fn clone(&self) -> Self {
        Self {
            store: Arc::clone(&self.store),
            config: self.config.clone(),
            flights: Arc::clone(&self.flights),
            tasks: self.tasks.clone(),
            guarantee: PhantomData,
        }
    }
}

impl<St, G> fmt::Debug for IdempotencyLayer<St, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdempotencyLayer").field("config", &self.config).finish_non_exhaustive()
    }
}
