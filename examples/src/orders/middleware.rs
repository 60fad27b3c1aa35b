//! What every request passes through, over HTTP and gRPC alike.

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use http::HeaderValue;
use mainstay_core::{Clock as _, RequestId, SystemClock};
use mainstay_errors::FaultLayer;
use mainstay_resilience::permit::{DropCause, dropped_as};
use mainstay_resilience::timeout::timeout;
use tokio_util::task::TaskTracker;

use super::OrderError;
use super::context::{self, RequestContext, X_REQUEST_ID};
use super::error::DOMAIN;

/// Puts the layers around a router. The first is the innermost: whatever the deadline or a route
/// answers gets its shape from the fault layer, and needs the ids for it.
pub(super) fn around(router: Router, in_flight: &TaskTracker) -> Router {
    router
        .layer(middleware::from_fn(keep_deadline))
        .layer(FaultLayer::new().domain(DOMAIN))
        .layer(middleware::from_fn(identify))
        .layer(middleware::from_fn_with_state(in_flight.clone(), count))
}

/// Sees to it that the request has an id and a trace, and answers the id.
async fn identify(mut request: Request, next: Next) -> Response {
    let id = context::identify(request.headers_mut());
    request.extensions_mut().insert(id);
    let mut response = next.run(request).await;
    if let Ok(id) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(X_REQUEST_ID, id);
    }
    response
}

/// Gives the request its context, and up on it when its deadline passes. What is dropped with it is
/// told why: a client that hangs up is no failure of the gateway.
async fn keep_deadline(mut request: Request, next: Next) -> Result<Response, OrderError> {
    let id = request.extensions().get().copied().unwrap_or_else(RequestId::random);
    let context = RequestContext::from_headers(id, request.headers());
    let deadline = context.deadline;
    if deadline.has_passed(SystemClock.now()) {
        return Err(OrderError::DeadlineExceeded);
    }
    request.extensions_mut().insert(context);
    let answer = async { timeout(deadline, next.run(request)).await };
    let answer = dropped_as(DropCause::CallerGone, answer).await;
    answer.map_err(|_| OrderError::DeadlineExceeded)
}

/// Refuses requests whose timeout cannot be understood. Around the routes of orders alone.
pub(super) async fn check_timeouts(request: Request, next: Next) -> Result<Response, OrderError> {
    context::check_timeouts(request.headers())?;
    Ok(next.run(request).await)
}

/// Counts what is in flight, for the drain.
async fn count(State(in_flight): State<TaskTracker>, request: Request, next: Next) -> Response {
    let _counted = in_flight.token();
    next.run(request).await
}
