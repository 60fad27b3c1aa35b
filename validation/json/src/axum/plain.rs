//! Responses without `mainstay-errors`: the problem documents (RFC 9457) that it writes, member
//! for member, so that it makes no difference to a client whether the feature is on.

use std::fmt::Write;
use std::sync::Arc;

use axum_core::body::Body;
use axum_core::response::{IntoResponse, Response};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};

use super::JsonRejection;
use crate::{DecodeError, EncodeError, ErrorKind, Fragments};

const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");
const INVALID_ARGUMENT: &str = "INVALID_ARGUMENT";

impl IntoResponse for JsonRejection {
    fn into_response(self) -> Response {
        match self {
            Self::UnsupportedMediaType => {
                let start = Problem {
                    status: self.status(),
                    detail: Self::MEDIA_TYPE,
                    code: INVALID_ARGUMENT,
                    reason: "UNSUPPORTED_MEDIA_TYPE",
                };
                start.respond(None)
            }
            Self::Decode(error) => error.into_response(),
        }
    }
}

impl IntoResponse for DecodeError {
    fn into_response(self) -> Response {
        let (code, reason) = code_and_reason(self.kind());
        let detail = self.message();
        Problem { status: self.kind().status(), detail: &detail, code, reason }.respond(Some(&self))
    }
}

impl IntoResponse for EncodeError {
    fn into_response(self) -> Response {
        unwritten(self)
    }
}

/// The response is a 500, and keeps the error for the log.
pub(super) fn unwritten(error: EncodeError) -> Response {
    let start = Problem {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        detail: "Something went wrong on our side.",
        code: "INTERNAL",
        reason: "INTERNAL",
    };
    let mut response = start.respond(None);
    response.extensions_mut().insert(Arc::new(error));
    response
}

const fn code_and_reason(kind: ErrorKind) -> (&'static str, &'static str) {
    match kind {
        ErrorKind::BodyTooLarge => ("OUT_OF_RANGE", "BODY_TOO_LARGE"),
        ErrorKind::Syntax | ErrorKind::UnexpectedEnd => (INVALID_ARGUMENT, "MALFORMED_BODY"),
        ErrorKind::Body => (INVALID_ARGUMENT, "INCOMPLETE_BODY"),
        _ if kind.is_limit() => ("OUT_OF_RANGE", "JSON_LIMIT_EXCEEDED"),
        _ => (INVALID_ARGUMENT, "VALIDATION_FAILED"),
    }
}

struct Problem<'a> {
    status: StatusCode,
    detail: &'a str,
    code: &'static str,
    reason: &'static str,
}

impl Problem<'_> {
    fn respond(self, error: Option<&DecodeError>) -> Response {
        let json = Fragments::new()
            .raw(r#"{"title":"#)
            .string(self.status.canonical_reason().unwrap_or_default())
            .raw(r#","status":"#)
            .value(&self.status.as_u16())
            .raw(r#","detail":"#)
            .string(self.detail)
            .raw(r#","code":"#)
            .string(self.code)
            .raw(r#","reason":"#)
            .string(self.reason);
        let json = with_violation(json, error).raw("}").into_bytes().unwrap_or_default();
        let length = HeaderValue::from(json.len());
        let mut response = Response::new(Body::from(json));
        *response.status_mut() = self.status;
        response.headers_mut().insert(CONTENT_TYPE, PROBLEM);
        response.headers_mut().insert(CONTENT_LENGTH, length);
        response
    }
}

fn with_violation(json: Fragments, error: Option<&DecodeError>) -> Fragments {
    let violation = error.and_then(|error| Some((error, error.kind().violation()?)));
    let Some((error, reason)) = violation else { return json };
    json.raw(r#","errors":[{"detail":"#)
        .string(&error.public())
        .raw(r#","reason":"#)
        .string(reason)
        .raw(r#","in":"body","pointer":"#)
        .string(&fragment(error.pointer()))
        .raw("}]")
}

/// A JSON Pointer as a URI fragment (RFC 6901, section 6).
fn fragment(pointer: &str) -> String {
    let mut fragment = String::from("#");
    for byte in pointer.bytes() {
        if byte.is_ascii_graphic() && !br##""#%<>[\]^`{|}"##.contains(&byte) {
            fragment.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(fragment, "%{byte:02X}");
        }
    }
    fragment
}
