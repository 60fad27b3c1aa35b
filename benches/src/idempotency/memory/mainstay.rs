use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use axum::body::Body;
use http::{Request, Response};
use mainstay_core::{Clock, SystemClock};
use mainstay_idempotency::{IdempotencyBody, IdempotencyLayer, MemoryStore};
use tower_layer::Layer;
use tower_service::Service;

use super::KEYS;
use crate::idempotency::request::scope;

/// How long answers are kept: until there are as many as there are to be.
const KEEP: Duration = Duration::from_millis(KEYS);

/// Around this, with a clock that goes on by so many milliseconds more with each request.
pub(super) fn around<S>(
    inner: S,
    millis: u64,
) -> impl Service<Request<Body>, Response = Response<IdempotencyBody<Body>>, Error = Infallible>
+ Clone
+ 'static
where
    S: Service<Request<IdempotencyBody<Body>>, Response = Response<Body>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send + 'static,
{
    let clock = Ahead::default();
    let store = MemoryStore::builder().clock(clock.clone()).build();
    let layer = IdempotencyLayer::at_least_once(store).scope(move |request| {
        clock.advance(millis);
        scope(request)
    });
    layer.keep(KEEP).respond().layer(inner)
}

/// The system's clock, and how much it is ahead of that: to read it costs what it costs.
#[derive(Clone, Debug, Default)]
struct Ahead {
    millis: Arc<AtomicU64>,
}

impl Ahead {
    fn advance(&self, millis: u64) {
        self.millis.fetch_add(millis, Ordering::Relaxed);
    }

    fn by(&self) -> Duration {
        Duration::from_millis(self.millis.load(Ordering::Relaxed))
    }
}

impl Clock for Ahead {
    fn now(&self) -> Instant {
        SystemClock.now() + self.by()
    }

    fn system_time(&self) -> SystemTime {
        SystemClock.system_time() + self.by()
    }
}
