use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use http::{Request, Response};
use mainstay_idempotency::{IdempotencyBody, IdempotencyLayer};
use mainstay_redis::RedisStore;
use tokio::runtime::Runtime;
use tower_layer::Layer;
use tower_service::Service;

use super::server;
use crate::Operation;
use crate::idempotency::clients::{client_beside, runtime};
use crate::idempotency::request::{Orders, exchange, order, scope};

pub(super) fn firsts() -> Operation {
    let (server, runtime) = (server(), runtime());
    let service = around(Orders, &runtime, server.url(), "mainstay:first:");
    let number = Arc::new(AtomicU64::new(0));
    client_beside(runtime, move || {
        let (service, server) = (service.clone(), Arc::clone(&server));
        let number = number.fetch_add(1, Ordering::Relaxed) + 1;
        async move {
            exchange(&service, order(number)).await.check(false);
            drop(server);
        }
    })
}

pub(super) fn replays() -> Operation {
    let (server, runtime) = (server(), runtime());
    let service = around(Orders, &runtime, server.url(), "mainstay:replay:");
    runtime.block_on(exchange(&service, order(1))).check(false);
    client_beside(runtime, move || {
        let (service, server) = (service.clone(), Arc::clone(&server));
        async move {
            exchange(&service, order(1)).await.check(true);
            drop(server);
        }
    })
}

fn around<S>(
    inner: S,
    runtime: &Runtime,
    url: &str,
    prefix: &str,
) -> impl Service<
    Request<Body>,
    Response = Response<IdempotencyBody<Body>>,
    Error = Infallible,
    Future: Send,
>
+ Clone
+ Send
+ Sync
+ 'static
+ use<S>
where
    S: Service<Request<IdempotencyBody<Body>>, Response = Response<Body>, Error = Infallible>,
    S: Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
{
    let store = runtime.block_on(RedisStore::connect(url)).expect("a connection").prefix(prefix);
    IdempotencyLayer::at_least_once(store).scope(scope).respond().layer(inner)
}
