//! As `axum::Json`, with another import.

use axum::response::{IntoResponse, Response};
use mainstay_json::Json;

use crate::json::Orders;

pub(super) fn respond(orders: &Orders) -> Response {
    Json(orders).into_response()
}
