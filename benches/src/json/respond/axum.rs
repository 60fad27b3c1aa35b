//! As in its documentation.

use axum::Json;
use axum::response::{IntoResponse, Response};

use crate::json::Orders;

pub(super) fn respond(orders: &Orders) -> Response {
    Json(orders).into_response()
}
