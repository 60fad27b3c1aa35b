use axum::body::Body;
use axum::response::Response;
use http::HeaderValue;
use http::header::CONTENT_TYPE;

use crate::json::Orders;
use crate::json::encode::mainstay::bytes;

pub(super) fn respond(orders: &Orders) -> Response {
    let mut response = Response::new(Body::from(bytes(orders)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
