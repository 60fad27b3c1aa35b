use std::fmt;

use axum_core::body::Body;
use axum_core::response::{IntoResponse, Response};
use bytes::Bytes;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use serde::Serialize;

use super::{Json, unwritten};
use crate::{EncodeError, JsonBody, to_bytes, to_sensitive_body};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        respond(to_bytes(&self.0))
    }
}

/// A response with secrets in it: as [`Json`], from a buffer that is erased once it was sent.
///
/// See [`to_sensitive_body`] for how far that goes. `Debug` shows nothing of the value.
///
/// ```
/// use mainstay_json::SensitiveJson;
/// use serde::Serialize;
///
/// #[derive(Serialize)]
/// struct Token {
///     access_token: String,
/// }
///
/// async fn issue() -> SensitiveJson<Token> {
///     SensitiveJson(Token { access_token: "2YotnFZFEjr1zCsicMWpAA".to_owned() })
/// }
/// ```
#[derive(Clone, Copy, Default)]
#[must_use]
pub struct SensitiveJson<T>(pub T);

impl<T: Serialize> IntoResponse for SensitiveJson<T> {
    fn into_response(self) -> Response {
        respond(to_sensitive_body(&self.0).map(JsonBody::into_bytes))
    }
}

impl<T> fmt::Debug for SensitiveJson<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SensitiveJson").finish_non_exhaustive()
    }
}

fn respond(json: Result<Bytes, EncodeError>) -> Response {
    match json {
        Ok(json) => {
            let mut response = Response::new(Body::from(json));
            response.headers_mut().insert(CONTENT_TYPE, JSON);
            response
        }
        Err(error) => unwritten(error),
    }
}
