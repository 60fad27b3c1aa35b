//! tower's contract.

use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderValue, Method, Request};
use http_body_util::Full;
use mainstay_idempotency::{IdempotencyLayer, MemoryStore, Scope};
use mainstay_testkit::probe::{self, Subject};
use tower::{Layer, Service};

/// Gives each request a key of its own, by its number.
#[derive(Clone)]
struct Keyed<S>(S);

impl<S: Service<Request<Full<Bytes>>>> Service<Request<Full<Bytes>>> for Keyed<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Full<Bytes>>) -> S::Future {
        use std::sync::atomic::{AtomicU64, Ordering};
        // A number comes again in another round.
        static CALLS: AtomicU64 = AtomicU64::new(0);
        let call = CALLS.fetch_add(1, Ordering::Relaxed);
        request.headers_mut().insert("idempotency-key", HeaderValue::from(call));
        self.0.call(request)
    }
}

fn layer() -> IdempotencyLayer<MemoryStore> {
    IdempotencyLayer::at_least_once(MemoryStore::new()).scope(|_| Scope::everybody())
}

/// With keys, and without. A handler that goes on without its caller is against one law, and is
/// what this layer is for: there are tests of that of their own.
fn subjects() -> [Subject; 4] {
    let keyed = || layer().methods([Method::PUT]).dropped_with_the_client();
    [
        Subject::http(|inner| layer().layer(inner)),
        Subject::http(|inner| layer().respond().layer(inner)),
        Subject::http(move |inner| Keyed(keyed().layer(inner))),
        Subject::http(move |inner| Keyed(keyed().respond().layer(inner))),
    ]
}

#[test]
fn the_layer_keeps_the_laws_one_by_one() {
    for subject in subjects() {
        probe::suite(&subject);
    }
}

#[test]
fn the_layer_keeps_the_laws_in_any_order() {
    for subject in subjects() {
        probe::fuzz(&subject);
    }
}
