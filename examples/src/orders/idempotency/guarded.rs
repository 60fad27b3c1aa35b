use std::convert::Infallible;

use axum::Router;
use axum::error_handling::HandleErrorLayer;
use axum::routing::MethodRouter;
use tower::ServiceBuilder;

use super::guard::{Guard, refused};

/// Marks what was answered before.
pub const REPLAYED: &str = "idempotency-replayed";

/// The layer with what it takes to answer in the service's own words.
///
/// It is a macro, as the type is a page long and nobody's concern.
macro_rules! stack {
    ($guard:expr) => {
        ServiceBuilder::new().layer(HandleErrorLayer::new(refused)).layer($guard)
    };
}

/// Puts a layer around the handlers of a path, if there is one.
pub(in crate::orders) fn guarded<S: Clone + 'static>(
    handlers: MethodRouter<S>,
    guard: Option<Guard>,
) -> MethodRouter<S, Infallible> {
    match guard {
        Some(guard) => handlers.route_layer(stack!(guard)),
        None => handlers,
    }
}

/// Puts a layer around all routes, if there is one.
pub(in crate::orders) fn guarded_all(routes: Router, guard: Option<Guard>) -> Router {
    match guard {
        Some(guard) => routes.route_layer(stack!(guard)),
        None => routes,
    }
}
