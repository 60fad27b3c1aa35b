use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::BodyExt;
use mainstay_idempotency::{
    AtLeastOnce, Attempt, Claim, Claimed, Completion, Fingerprint, Held, IdempotencyBody,
    IdempotencyLayer, Key, MemoryStore, Nonce, Promise, Renewal, Scope, Store, StoreError,
};
use tower::{Layer, Service, ServiceExt};

pub(crate) const LEASE: Duration = Duration::from_secs(10);
pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// What goes wrong with a call of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// It does not reach the store.
    Before,
    /// It does, and the answer is lost.
    After,
    /// It does, and the answer takes this many milliseconds.
    Late(u64),
    /// It does not, and nobody says so.
    Hangs,
}

/// A store that counts its calls, with a line to it that can be cut.
#[derive(Debug, Default)]
pub(crate) struct Wired {
    pub(crate) inner: MemoryStore,
    pub(crate) claims: Line,
    pub(crate) completions: Line,
    pub(crate) releases: Line,
    pub(crate) renewals: Line,
}

#[derive(Debug, Default)]
pub(crate) struct Line {
    calls: AtomicUsize,
    next: Mutex<VecDeque<Fault>>,
    always: Mutex<Option<Fault>>,
}

impl Line {
    pub(crate) fn count(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// The next calls fare like this, one by one.
    pub(crate) fn then(&self, faults: impl IntoIterator<Item = Fault>) {
        self.next.lock().unwrap().extend(faults);
    }

    /// All calls do, until told otherwise.
    pub(crate) fn always(&self, fault: Fault) {
        *self.always.lock().unwrap() = Some(fault);
    }

    async fn through<T>(
        &self,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let next = self.next.lock().unwrap().pop_front();
        let fault = next.or(*self.always.lock().unwrap()).unwrap_or(Fault::None);
        match fault {
            Fault::None => call.await,
            Fault::Before => Err(StoreError::unavailable("cut before")),
            Fault::After => call.await.and(Err(StoreError::unavailable("cut after"))),
            Fault::Late(millis) => {
                let answer = call.await;
                tokio::time::sleep(Duration::from_millis(millis)).await;
                answer
            }
            Fault::Hangs => std::future::pending().await,
        }
    }
}

impl Store for Wired {
    async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        self.claims.through(self.inner.claim(claim)).await
    }

    async fn complete(
        &self,
        held: &Held,
        record: Bytes,
        keep: Duration,
    ) -> Result<Completion, StoreError> {
        self.completions.through(self.inner.complete(held, record, keep)).await
    }

    async fn release(&self, held: &Held) -> Result<(), StoreError> {
        self.releases.through(self.inner.release(held)).await
    }

    async fn renew(&self, held: &Held, lease: Duration) -> Result<Renewal, StoreError> {
        self.renewals.through(self.inner.renew(held, lease)).await
    }

    fn promise(&self) -> Promise {
        self.inner.promise()
    }
}

pub(crate) type TestLayer<G = AtLeastOnce> = IdempotencyLayer<Arc<Wired>, G>;

pub(crate) fn store() -> Arc<Wired> {
    Arc::default()
}

/// A process: its own layer, and the store that all share.
pub(crate) fn process(store: &Arc<Wired>) -> TestLayer {
    IdempotencyLayer::at_least_once(Arc::clone(store))
        .scope(|request| Scope::of([request.uri.path()]))
        .lease(LEASE)
}

/// The key that requests of [`post`] come to with the layers above.
pub(crate) fn key(name: &str) -> Key {
    Key::new(&Scope::of(["/orders"]), name).unwrap()
}

/// A claim of a process that is then heard of no more, on what [`post`] asks for.
pub(crate) async fn dead_claim(store: &Wired, name: &str, body: &'static str) -> Held {
    let fingerprint = Fingerprint::of([&b"POST"[..], b"/orders", b"", body.as_bytes()]);
    let claim = Claim {
        key: key(name),
        fingerprint,
        nonce: Nonce::unique(),
        lease: LEASE,
        keep: 24 * 360 * LEASE,
        takes_over: true,
    };
    match store.inner.claim(&claim).await {
        Ok(Claimed::First(held)) => held,
        other => panic!("{other:?}"),
    }
}

/// How often the effect has happened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Effects(Arc<AtomicUsize>);

impl Effects {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// It happens once more; says how often it has.
    pub(crate) fn happen(&self) -> usize {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }
}

pub(crate) type HandlerRequest = Request<IdempotencyBody<Body>>;

/// A service around which a layer is, from what its handler does.
pub(crate) fn served<F, Fut, G>(
    layer: &TestLayer<G>,
    handler: F,
) -> impl Service<
    Request<Body>,
    Response = Response<IdempotencyBody<Body>>,
    Error = Infallible,
    Future: Send + 'static,
>
+ Clone
+ Send
+ 'static
+ use<F, Fut, G>
where
    G: mainstay_idempotency::Guarantee,
    F: Fn(HandlerRequest) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = Response<Body>> + Send + 'static,
{
    let inner = tower::service_fn(move |request| {
        let answer = handler(request);
        async { Ok::<_, Infallible>(answer.await) }
    });
    layer.clone().respond().layer(inner)
}

/// One that takes its time, has its effect, and says how many there were.
pub(crate) fn orders(
    effects: &Effects,
    takes: Duration,
) -> impl Fn(HandlerRequest) -> std::pin::Pin<Box<dyn Future<Output = Response<Body>> + Send>>
+ Clone
+ Send
+ 'static {
    let effects = effects.clone();
    move |_| {
        let effects = effects.clone();
        Box::pin(async move {
            if !takes.is_zero() {
                tokio::time::sleep(takes).await;
            }
            created(effects.happen())
        })
    }
}

pub(crate) fn created(number: usize) -> Response<Body> {
    let mut response = Response::new(Body::from(format!("order {number}")));
    *response.status_mut() = StatusCode::CREATED;
    let headers = response.headers_mut();
    headers.insert("content-type", "text/plain".parse().unwrap());
    headers.insert("location", format!("/orders/{number}").parse().unwrap());
    headers.insert("set-cookie", "session=1".parse().unwrap());
    headers.insert("x-trace", "1".parse().unwrap());
    response
}

pub(crate) fn with_status(status: u16) -> Response<Body> {
    let mut response = Response::new(Body::from("no"));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response
}

pub(crate) fn attempt(request: &HandlerRequest) -> Attempt {
    request.extensions().get::<Attempt>().unwrap().clone()
}

pub(crate) fn post(key: &str) -> Request<Body> {
    post_of(key, "body")
}

pub(crate) fn post_of(key: &str, body: &'static str) -> Request<Body> {
    let request = Request::post("/orders").header("idempotency-key", key);
    request.body(Body::from(body)).unwrap()
}

/// An answer, read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) trailers: Option<HeaderMap>,
}

impl Seen {
    pub(crate) fn is_replayed(&self) -> bool {
        self.headers.get("idempotency-replayed").is_some_and(|value| value == "true")
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// Status and reason of a refusal.
    pub(crate) fn refusal(&self) -> (u16, String) {
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let (_, rest) = self.text().split_once("\"reason\":\"").unwrap();
        (self.status, rest.split('"').next().unwrap().to_owned())
    }
}

pub(crate) async fn ask<S, B>(service: &S, request: Request<Body>) -> Seen
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone,
    B: http_body::Body<Data = Bytes>,
    B::Error: std::fmt::Debug,
{
    let response = service.clone().oneshot(request).await.unwrap();
    let (head, body) = response.into_parts();
    let body = body.collect().await.unwrap();
    let trailers = body.trailers().cloned();
    let (status, headers) = (head.status.as_u16(), head.headers);
    Seen { status, headers, body: body.to_bytes(), trailers }
}

/// Refusals, as [`Seen::refusal`] has them.
pub(crate) fn refused(status: u16, reason: &str) -> (u16, String) {
    (status, reason.to_owned())
}

/// Lets all tasks run until they wait.
pub(crate) async fn settle() {
    for _ in 0..16 {
        tokio::task::yield_now().await;
    }
}
