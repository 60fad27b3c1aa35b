//! Responses without `mainstay-errors`: a small problem document (RFC 9457) of constant text, and
//! the pointer.

use std::sync::Arc;

use axum_core::body::Body;
use axum_core::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};

use super::JsonRejection;
use crate::{DecodeError, EncodeError, Fragments};

const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");

impl IntoResponse for JsonRejection {
    fn into_response(self) -> Response {
        match self {
            Self::UnsupportedMediaType => problem(self.status(), Self::MEDIA_TYPE, ""),
            Self::Decode(error) => error.into_response(),
        }
    }
}

impl IntoResponse for DecodeError {
    fn into_response(self) -> Response {
        problem(self.kind().status(), &self.public(), self.pointer())
    }
}

impl IntoResponse for EncodeError {
    fn into_response(self) -> Response {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        let mut response = problem(status, "Something went wrong on our side.", "");
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

fn problem(status: StatusCode, detail: &str, pointer: &str) -> Response {
    let json = Fragments::new()
        .raw(r#"{"title":"#)
        .string(status.canonical_reason().unwrap_or_default())
        .raw(r#","status":"#)
        .value(&status.as_u16())
        .raw(r#","detail":"#)
        .string(detail)
        .raw(r#","pointer":"#)
        .string(pointer)
        .raw("}")
        .into_bytes();
    let mut response = Response::new(Body::from(json.unwrap_or_default()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, PROBLEM);
    response
}
