use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum_idempotent::{IdempotentLayer, IdempotentOptions};
use http::{Request, Response};
use ruts::store::moka::MokaStore;
use ruts::{CookieOptions, SessionLayer};
use tower_cookies::CookieManagerLayer;
use tower_layer::Layer;
use tower_service::Service;

pub(super) fn around<S>(
    inner: S,
) -> impl Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + 'static
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send + 'static,
{
    let sessions = MokaStore::builder().build();
    let cookie = CookieOptions::build().name("session");
    let options = IdempotentOptions::default().use_idempotency_key_header(None, true);
    let inner = IdempotentLayer::<MokaStore>::new(options).layer(inner);
    let inner = SessionLayer::new(Arc::new(sessions)).with_cookie_options(cookie).layer(inner);
    CookieManagerLayer::new().layer(inner)
}
