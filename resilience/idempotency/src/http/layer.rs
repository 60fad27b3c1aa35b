use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, Method, Uri};
use tower_layer::Layer;

use super::config::{Config, KeyRule, OnOutage, Rule};
use super::detach::Tasks;
use super::event::Event;
use super::flight::Flights;
use super::respond::Respond;
use super::service::{IdempotencyService, Shared};
use super::settle::{Ending, Settle};
use crate::{AtLeastOnce, AtMostOnce, Fingerprint, Guarantee, Scope, Store};

/// The shortest that a lease may be.
const SHORTEST_LEASE: Duration = Duration::from_millis(10);
/// At most so many tries of one process are known to each other.
const MOST_FLIGHTS: usize = 1 << 16;

/// Makes services, of HTTP and of gRPC, that answer many tries of one request with one effect.
///
/// ```
/// use axum::{Router, routing::post};
/// use mainstay_idempotency::{IdempotencyLayer, MemoryStore, Scope};
///
/// # async fn create() {}
/// let idempotency = IdempotencyLayer::at_least_once(MemoryStore::new()).scope(|request| {
///     let caller = request.headers.get("x-api-key")?.to_str().ok()?;
///     Some(Scope::of([caller, request.uri.path()]))
/// });
/// let router: Router =
///     Router::new().route("/orders", post(create)).layer(idempotency.respond());
/// ```
///
/// | a request with a key | is answered |
/// |---|---|
/// | that is new | by the handler; an answer that is kept is stored before its first byte is sent |
/// | that was answered | with that answer: status, body byte for byte, some headers, trailers, and `Idempotency-Replayed: true` |
/// | that runs | with the same, once it is there; after [a wait](Self::wait) 409 with `Retry-After` |
/// | that was used for another request | 422 |
/// | that is none | 400 |
/// | while the store does not answer | 503, or by the handler: [`on_outage`](Self::on_outage) |
///
/// It tells gRPC by the content type: refusals are then statuses, the key is in the metadata
/// `idempotency-key`, and what an answer comes to is its `grpc-status`.
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
/// [`required_by`](Self::required_by) say [`KeyRule::Ignored`] of them.
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
    store: Arc<St>,
    config: Config,
    flights: Arc<Flights>,
    tasks: Tasks,
    guarantee: PhantomData<G>,
}

/// A layer that has not been told whose keys are whose: the only thing to be done with it is to
/// say so.
///
/// ```compile_fail
/// # fn f(store: impl mainstay_idempotency::Store, inner: ()) {
/// use mainstay_idempotency::IdempotencyLayer;
/// use tower::Layer;
///
/// // A key that is not scoped answers one client with what another has done.
/// let service = IdempotencyLayer::at_least_once(store).layer(inner);
/// # }
/// ```
#[must_use = "it is no layer yet: say whose keys are whose"]
pub struct Unscoped<St, G> {
    store: St,
    guarantee: PhantomData<G>,
}

impl<St: Store> IdempotencyLayer<St, AtLeastOnce> {
    /// The effect of a try that has died is run again by the next one.
    pub fn at_least_once(store: St) -> Unscoped<St, AtLeastOnce> {
        Unscoped { store, guarantee: PhantomData }
    }
}

impl<St: Store> IdempotencyLayer<St, AtMostOnce> {
    /// The effect of a try that has died is not run again: later tries are told that nobody knows.
    /// That is as far as the store keeps its data: see [`AtMostOnce`].
    pub fn at_most_once(store: St) -> Unscoped<St, AtMostOnce> {
        Unscoped { store, guarantee: PhantomData }
    }
}

impl<St: Store, G: Guarantee> Unscoped<St, G> {
    /// Says within what a client's key is its own: a [`Scope`] from the head of the request, or
    /// an `Option` of one. A request with a key and without a scope is refused.
    ///
    /// Take the caller as authentication has found it, and the route; never the peer's port. In a
    /// router that is nested the path is not the client's: see [`target`](IdempotencyLayer::target).
    ///
    /// ```
    /// use mainstay_idempotency::{IdempotencyLayer, MemoryStore, Scope};
    ///
    /// let layer = IdempotencyLayer::at_least_once(MemoryStore::default()).scope(|request| {
    ///     let caller = request.headers.get("x-api-key")?.to_str().ok()?;
    ///     Some(Scope::of([caller, request.uri.path()]))
    /// });
    /// ```
    pub fn scope<R>(
        self,
        scope: impl Fn(&Parts) -> R + Send + Sync + 'static,
    ) -> IdempotencyLayer<St, G>
    where
        R: Into<Option<Scope>>,
    {
        IdempotencyLayer {
            store: Arc::new(self.store),
            config: Config::new::<G>(Arc::new(move |request| scope(request).into())),
            flights: Arc::new(Flights::new(MOST_FLIGHTS)),
            tasks: Tasks::new(),
            guarantee: PhantomData,
        }
    }
}

impl<St: Store, G: Guarantee> IdempotencyLayer<St, G> {
    /// Requests without a key are refused. This is the default. Around a gRPC server all calls are
    /// POST, those that only read as well: see [`required_by`](Self::required_by).
    #[must_use]
    pub fn required(self) -> Self {
        self.rule(KeyRule::Required)
    }

    /// Requests without a key run without protection.
    #[must_use]
    pub fn optional(self) -> Self {
        self.rule(KeyRule::Optional)
    }

    fn rule(mut self, rule: KeyRule) -> Self {
        self.config.rule = Rule::All(rule);
        self
    }

    /// Says of each request whether it has to have a key, such as by its path.
    #[must_use]
    pub fn required_by(mut self, rule: impl Fn(&Parts) -> KeyRule + Send + Sync + 'static) -> Self {
        self.config.rule = Rule::By(Arc::new(rule));
        self
    }

    /// The methods that have effects. By default POST and PATCH: PUT and DELETE can be repeated as
    /// they are. Others pass, with or without a key.
    #[must_use]
    pub fn methods(mut self, methods: impl IntoIterator<Item = Method>) -> Self {
        self.config.methods = methods.into_iter().collect();
        self
    }

    /// How long a claim lasts unless it is renewed, which it is at each third: the longest that a
    /// retry waits for a process that has died. By default 10 s, and at least 10 ms.
    #[must_use]
    pub fn lease(mut self, lease: Duration) -> Self {
        self.config.lease = lease.max(SHORTEST_LEASE);
        self
    }

    /// How long an answer is kept: the time within which a client may retry. By default 24 h, in
    /// which a [`MemoryStore`](crate::MemoryStore) by default takes 1.2 new keys in a second.
    #[must_use]
    pub fn keep(mut self, keep: Duration) -> Self {
        self.config.keep = keep;
        self
    }

    /// How long a try waits for another one with its key that runs, before it is refused. By
    /// default 2 s. Where both are in this process it is woken; else it asks the store, ever more
    /// seldom.
    ///
    /// One that waits keeps the inner service that was ready for it, such as its place under a
    /// limit on concurrency inside of this layer: put that limit around it, or the wait at less.
    #[must_use]
    pub fn wait(mut self, wait: Duration) -> Self {
        self.config.wait = wait;
        self
    }

    /// How long a call of the store may take in all, with up to three repetitions. By default 3 s.
    ///
    /// One that is not answered within a fifth of it is repeated, and the third of these is given
    /// half: a store that always takes longer than that counts as down.
    #[must_use]
    pub fn store_timeout(mut self, timeout: Duration) -> Self {
        self.config.store_timeout = timeout;
        self
    }

    /// The most bytes that the body of a request with a key may have, as it is read before anything
    /// is done. By default 1 MiB; larger ones are refused.
    #[must_use]
    pub fn request_limit(mut self, bytes: usize) -> Self {
        self.config.request_limit = bytes;
        self
    }

    /// The most bytes that the body of an answer may have to be kept. By default 1 MiB; larger
    /// ones are passed on, and are [`Ending::Unstorable`]. So is one whose headers and trailers
    /// take 16 KiB more than what the body leaves of this.
    #[must_use]
    pub fn response_limit(mut self, bytes: usize) -> Self {
        self.config.response_limit = bytes;
        self
    }

    /// How long the body of an answer may take after its head, if it does not say how long it is.
    /// By default 1 s. What takes longer is a stream, as `text/event-stream` always is: it is
    /// passed on, and is [`Ending::Unstorable`]: its key is settled when its head goes out. Where
    /// the effect happens as the stream is read, a client that leaves it ends the effect half-way,
    /// and no retry runs it again unless [`outcomes`](Self::outcomes) says so of these.
    #[must_use]
    pub fn stream_after(mut self, time: Duration) -> Self {
        self.config.stream_after = time;
        self
    }

    /// Another policy of what becomes of the key when a try has ended than
    /// [`Settle::by_default`], which it can ask for all that it has no opinion on.
    ///
    /// ```
    /// # use mainstay_idempotency::MemoryStore;
    /// use mainstay_idempotency::{AtLeastOnce, Ending, IdempotencyLayer, Scope, Settle};
    ///
    /// # let store = MemoryStore::default();
    /// let layer = IdempotencyLayer::at_least_once(store)
    ///     .scope(|_| Scope::everybody())
    ///     .outcomes(|ending| match ending {
    ///         Ending::Panicked => Settle::Release, // the effect is the handler's last step
    ///         other => Settle::by_default::<AtLeastOnce>(other),
    ///     });
    /// ```
    #[must_use]
    pub fn outcomes(mut self, outcomes: impl Fn(Ending) -> Settle + Send + Sync + 'static) -> Self {
        self.config.outcomes = Arc::new(outcomes);
        self
    }

    /// What becomes of requests while the store does not answer. By default they are refused.
    ///
    /// Each finds out for itself, which takes the whole of [`store_timeout`](Self::store_timeout)
    /// where the store hangs; duplicates in this process wait for the first to do so, and run as
    /// well, if they may [wait](Self::wait) that long: have that be the longer of the two.
    ///
    /// ```
    /// # use mainstay_idempotency::MemoryStore;
    /// use std::time::Duration;
    ///
    /// use mainstay_idempotency::{IdempotencyLayer, OnOutage, Scope};
    ///
    /// # let store = MemoryStore::default();
    /// // A like that is counted twice is better than one that is refused.
    /// let layer = IdempotencyLayer::at_least_once(store)
    ///     .scope(|_| Scope::everybody())
    ///     .on_outage(OnOutage::Run)
    ///     .store_timeout(Duration::from_millis(300));
    /// ```
    #[must_use]
    pub fn on_outage(mut self, on_outage: OnOutage) -> Self {
        self.config.on_outage = on_outage;
        self
    }

    /// The path and query that the client has sent, where they are not those of the request any
    /// more. The [fingerprint](Self::fingerprint) is by default made of them.
    ///
    /// A layer inside of a router that is nested in another sees the path without the prefix, so
    /// that `/tenants/7/charges` and `/tenants/8/charges` are the same request to it. The scope has
    /// to look at the original as well:
    ///
    /// ```
    /// use axum::extract::OriginalUri;
    /// use http::Uri;
    /// use http::request::Parts;
    /// use mainstay_idempotency::{IdempotencyLayer, MemoryStore, Scope};
    ///
    /// fn target(request: &Parts) -> Uri {
    ///     let original = request.extensions.get().map(|OriginalUri(uri)| uri);
    ///     original.unwrap_or(&request.uri).clone()
    /// }
    ///
    /// let layer = IdempotencyLayer::at_least_once(MemoryStore::new())
    ///     .scope(|request| {
    ///         let caller = request.headers.get("x-api-key")?.to_str().ok()?;
    ///         Some(Scope::of([caller, target(request).path()]))
    ///     })
    ///     .target(target);
    /// ```
    #[must_use]
    pub fn target(mut self, target: impl Fn(&Parts) -> Uri + Send + Sync + 'static) -> Self {
        self.config.target = Some(Arc::new(target));
        self
    }

    /// Another way to tell whether two requests ask for the same. By default method, path, query
    /// and body have to be equal byte for byte, which two encodings of one protobuf message need
    /// not be, nor two of one JSON document.
    ///
    /// What is [sent to another target](Self::target) differs only if this says so.
    #[must_use]
    pub fn fingerprint(
        mut self,
        fingerprint: impl Fn(&Parts, &Bytes) -> Fingerprint + Send + Sync + 'static,
    ) -> Self {
        self.config.fingerprint = Some(Arc::new(fingerprint));
        self
    }

    /// Asks whether a caller may still have the answer that a try with its key was given, before
    /// it is. Authentication goes around this layer and has been asked already; what the handler
    /// itself checks has not.
    ///
    /// ```
    /// # use mainstay_idempotency::MemoryStore;
    /// use mainstay_idempotency::{IdempotencyLayer, Scope};
    ///
    /// # let store = MemoryStore::default();
    /// let layer = IdempotencyLayer::at_least_once(store)
    ///     .scope(|_| Scope::everybody())
    ///     .reauthorize(|request| {
    ///         let caller = request.headers.get("x-api-key").cloned();
    ///         async move { caller.is_some_and(|caller| caller != "revoked") }
    ///     });
    /// ```
    #[must_use]
    pub fn reauthorize<F>(mut self, allowed: impl Fn(&Parts) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = bool> + Send + 'static,
    {
        self.config.reauthorize = Some(Arc::new(move |request| Box::pin(allowed(request))));
        self
    }

    /// More headers that are given again with the answer. By default those that say what the body
    /// is (`Content-*`, `ETag`, `Last-Modified`, `Cache-Control`, `Vary`), `Location`, `Link`,
    /// `Deprecation`, `Sunset`, `Allow`, `Retry-After`, `Preference-Applied`, `Trailer` and gRPC's
    /// own. `Set-Cookie` never is, nor what is of the connection or says how long the body is.
    ///
    /// Trailers all are, and so are the headers of a gRPC error that are its trailers at once.
    #[must_use]
    pub fn replay_headers(mut self, names: impl IntoIterator<Item = HeaderName>) -> Self {
        self.config.replayed.extend(names);
        self
    }

    /// The handler is dropped when its client goes away, as hyper does it, and the try is
    /// [`Ending::Cancelled`]. By default it runs to its end in a task of its own.
    #[must_use]
    pub fn dropped_with_the_client(mut self) -> Self {
        self.config.goes_on = false;
        self
    }

    /// At most so many handlers run on without their client; those beyond it are dropped, and are
    /// [`Ending::Cancelled`]. By default 1024.
    ///
    /// What comes after a handler is not counted: the answer of one that has ended is stored, and
    /// the key of one that was dropped is settled, up to 1024 of these at a time. Of those beyond it
    /// the lease runs out.
    #[must_use]
    pub fn most_detached(mut self, handlers: usize) -> Self {
        self.config.most_detached = handlers;
        self
    }

    /// Is told what no answer tells of: what ran without protection, and what could not be stored,
    /// given up or waited for. It is called in between, so it should not take long. By default
    /// nobody is told, which costs nothing.
    ///
    /// ```
    /// # use mainstay_idempotency::MemoryStore;
    /// use mainstay_idempotency::{Event, IdempotencyLayer, OnOutage, Scope};
    ///
    /// # let store = MemoryStore::default();
    /// let layer = IdempotencyLayer::at_least_once(store)
    ///     .scope(|_| Scope::everybody())
    ///     .on_outage(OnOutage::Run)
    ///     .observe(|event| match event {
    ///         Event::Unprotected { key, error, .. } => eprintln!("{key} unprotected: {error:?}"),
    ///         event => eprintln!("{} {}", event.as_str(), event.key()),
    ///     });
    /// ```
    #[must_use]
    pub fn observe(mut self, observer: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.config.observer = Some(Arc::new(observer));
        self
    }

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

impl<St, G> fmt::Debug for Unscoped<St, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unscoped").finish_non_exhaustive()
    }
}
