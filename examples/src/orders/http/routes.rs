use axum::Router;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Extension, RawQuery, Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use http::StatusCode;
use http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION,
};
use http::request::Parts;
use mainstay_idempotency::{Attempt, Fence, Fingerprint};
use mainstay_json::Json;
use serde::Serialize;

use super::order_id::OrderId;
use super::{order_body, order_query};
use crate::orders::OrderError;
use crate::orders::answer::{Answer, Outcome};
use crate::orders::context::RequestContext;
use crate::orders::idempotency::{Call, Guards, REPLAYED, ScopedKey, fingerprint, guarded};
use crate::orders::middleware::check_timeouts;
use crate::orders::model::{self, Cursor, Order};
use crate::orders::service::Orders;

/// The most bytes of a body.
pub(super) const MOST_BODY: usize = 64 * 1024;
const CREATE: Call = Call {
    route: "POST /v1/orders",
    most_body: MOST_BODY,
    is: |_| true,
    fingerprint: asked_for,
    is_paid: true,
};
const CANCEL: Call = Call {
    route: "POST /v1/orders/{id}/cancel",
    most_body: MOST_BODY,
    is: |_| true,
    fingerprint: cancelled,
    is_paid: false,
};

/// The routes of orders, with layers for idempotency keys around the calls that need one, unless
/// the service does that by itself.
pub fn router(orders: Orders, guards: &mut Guards) -> Router {
    Router::new()
        .route("/v1/orders", guarded(post(create), guards.guard(CREATE)).get(list))
        .route("/v1/orders/{id}", get(show))
        .route("/v1/orders/{id}/cancel", guarded(post(cancel), guards.guard(CANCEL)))
        .layer(DefaultBodyLimit::max(MOST_BODY))
        .route_layer(from_fn(check_body))
        .route_layer(from_fn(check_timeouts))
        .with_state(orders)
}

#[derive(Serialize)]
struct PageBody {
    orders: Vec<Order>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

async fn create(
    State(orders): State<Orders>,
    Extension(context): Extension<RequestContext>,
    attempt: Option<Extension<Attempt>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, OrderError> {
    let body = body.map_err(unread)?;
    let key = ScopedKey::from_headers(CREATE.route, &headers)?;
    let new = order_body::read(&headers, &body)?;
    let answer = orders.create(&context, &key, fence(attempt), &new).await?;
    Ok(answered(answer))
}

async fn show(
    State(orders): State<Orders>,
    OrderId(id): OrderId,
) -> Result<Json<Order>, OrderError> {
    orders.get(&id).await.map(Json)
}

async fn list(
    State(orders): State<Orders>,
    RawQuery(query): RawQuery,
) -> Result<Json<PageBody>, OrderError> {
    let page = orders.list(&order_query::read(query.as_deref())?).await?;
    Ok(Json(PageBody { orders: page.orders, next_cursor: page.next_cursor.map(Cursor::encode) }))
}

async fn cancel(
    State(orders): State<Orders>,
    OrderId(id): OrderId,
    attempt: Option<Extension<Attempt>>,
    headers: HeaderMap,
) -> Result<Response, OrderError> {
    let key = ScopedKey::from_headers(CANCEL.route, &headers)?;
    let answer = orders.cancel(&key, fence(attempt), &id).await?;
    Ok(answered(answer))
}

/// What a body asks for, if it can be read.
fn asked_for(request: &Parts, body: &Bytes) -> Option<Fingerprint> {
    let new = order_body::read(&request.headers, body).ok()?;
    fingerprint(&new).ok()
}

/// Which order a path calls off, if it can be one.
fn cancelled(request: &Parts, _: &Bytes) -> Option<Fingerprint> {
    let id = model::OrderId::parse(request.uri.path().split('/').nth(3)?)?;
    Some(Fingerprint::of([id.as_bytes().as_slice()]))
}

/// Refuses a body by its headers, before the caller is told to send it.
pub(super) async fn check_body(request: Request, next: Next) -> Result<Response, OrderError> {
    let headers = request.headers();
    let length = headers.get(CONTENT_LENGTH).and_then(|it| it.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: u64| length > MOST_BODY as u64) {
        return Err(OrderError::MessageTooLarge);
    }
    let mut encodings = headers.get_all(CONTENT_ENCODING).iter();
    if encodings.any(|it| !it.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(OrderError::UnsupportedMediaType);
    }
    Ok(next.run(request).await)
}

/// A body that broke off is the caller's affair, as is one that is too large.
pub(super) fn unread(rejection: BytesRejection) -> OrderError {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => OrderError::MessageTooLarge,
        _ => OrderError::MalformedBody(rejection.into()),
    }
}

/// The fence of the claim that a layer around the route has made, if there is one.
fn fence(attempt: Option<Extension<Attempt>>) -> Option<Fence> {
    attempt.map(|Extension(attempt)| attempt.fence())
}

/// The response to an answer, marked if it was given before.
fn answered(answer: Answer) -> Response {
    const JSON: &str = "application/json";
    const PROBLEM: &str = "application/problem+json";
    let body = answer.body;
    let mut response = match answer.outcome {
        Outcome::Ordered(id) => {
            let location = (LOCATION, format!("/v1/orders/{id}"));
            (StatusCode::CREATED, [location], [(CONTENT_TYPE, JSON)], body).into_response()
        }
        Outcome::Declined => {
            (StatusCode::PAYMENT_REQUIRED, [(CONTENT_TYPE, PROBLEM)], body).into_response()
        }
        Outcome::Cancelled => ([(CONTENT_TYPE, JSON)], body).into_response(),
    };
    if answer.replayed {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}
