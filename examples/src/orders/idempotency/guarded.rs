use std::convert::Infallible;

use axum::Router;
use axum::error_handling::HandleErrorLayer;
use axum::middleware::map_response;
use axum::response::{IntoResponse as _, Response};
use axum::routing::MethodRouter;
use http::{HeaderName, HeaderValue, StatusCode};
use tower::ServiceBuilder;

use super::guard::{Guard, refused};
use crate::orders::OrderError;

/// Marks what was answered before.
pub const REPLAYED: &str = "idempotency-replayed";
const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const FAILED_PRECONDITION: &str = "9";

/// The layer with what it takes to answer in the service's own words.
///
/// It is a macro, as the type is a page long and nobody's concern.
macro_rules! stack {
    ($guard:expr) => {
        ServiceBuilder::new()
            .layer(map_response(decline_anew))
            .layer(HandleErrorLayer::new(refused))
            .layer($guard)
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

/// A decline that is told again names the request that it is told to now, as every error does. No
/// other error is kept.
async fn decline_anew(response: Response) -> Response {
    let headers = response.headers();
    let is_declined = response.status() == StatusCode::PAYMENT_REQUIRED
        || headers.get(GRPC_STATUS).is_some_and(|code| code == FAILED_PRECONDITION);
    if !is_declined || !headers.contains_key(REPLAYED) {
        return response;
    }
    let mut anew = OrderError::Declined.into_response();
    anew.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    anew
}
