use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::error_handling::HandleErrorLayer;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::MethodRouter;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use tower::ServiceBuilder;

use super::guard::{Asked, Call, Guard, refused};
use crate::orders::OrderError;

/// Marks what was answered before.
pub const REPLAYED: &str = "idempotency-replayed";

/// The layer with what it takes to answer in the service's own words.
///
/// It is a macro, as the type is a page long and nobody's concern.
macro_rules! stack {
    ($guard:expr) => {
        ServiceBuilder::new()
            .layer(from_fn_with_state($guard.call, find_out))
            .layer(HandleErrorLayer::new(refused))
            .layer($guard.layer)
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

/// Finds out what a request asks for. One that asks for nothing that could be done is not held
/// against what its key was used for: the handler says what is wrong with it, as it does where
/// there is no layer.
async fn find_out(
    State(call): State<Call>,
    request: Request,
    next: Next,
) -> Result<Response, OrderError> {
    let (mut parts, body) = request.into_parts();
    if !(call.is)(&parts) {
        return Ok(next.run(Request::from_parts(parts, body)).await);
    }
    let body = match Limited::new(body, call.most_body).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Err(OrderError::MessageTooLarge),
        Err(error) => return Err(OrderError::MalformedBody(error)),
    };
    if let Some(fingerprint) = (call.fingerprint)(&parts, &body) {
        parts.extensions.insert(Asked { route: call.route, fingerprint });
    }
    Ok(next.run(Request::from_parts(parts, Body::from(body))).await)
}
