use std::error::Error;
use std::iter;

use axum_core::RequestExt;
use axum_core::extract::{FromRequest, OptionalFromRequest, Request};
use http_body_util::LengthLimitError;
use serde::de::DeserializeOwned;

use super::{Json, JsonRejection, media_type};
use crate::{DecodeError, ErrorKind, Limits, from_body, from_slice};

impl<T, S> FromRequest<S> for Json<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = JsonRejection;

    async fn from_request(request: Request, _state: &S) -> Result<Self, JsonRejection> {
        if !media_type::is_json(request.headers()) {
            return Err(JsonRejection::UnsupportedMediaType);
        }
        read(request).await
    }
}

impl<T, S> OptionalFromRequest<S> for Json<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = JsonRejection;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, JsonRejection> {
        if media_type::is_missing(request.headers()) {
            return Ok(None);
        }
        <Self as FromRequest<S>>::from_request(request, state).await.map(Some)
    }
}

impl<T: DeserializeOwned> Json<T> {
    /// Reads a value from bytes that were collected already, within the default limits.
    ///
    /// ```
    /// use mainstay_json::Json;
    ///
    /// let Json(numbers) = Json::<Vec<u8>>::from_bytes(b"[1,2]")?;
    /// assert_eq!(numbers, [1, 2]);
    /// # Ok::<(), mainstay_json::JsonRejection>(())
    /// ```
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, JsonRejection> {
        let read = from_slice(bytes, &Limits::new().body(usize::MAX));
        read.map(Self).map_err(JsonRejection::Decode)
    }
}

async fn read<T: DeserializeOwned>(request: Request) -> Result<Json<T>, JsonRejection> {
    let limits = request.extensions().get::<Limits>().copied().unwrap_or_default();
    let (request, limits) = if limits.is_body_said() {
        (request, limits)
    } else {
        (request.with_limited_body(), limits.body(usize::MAX))
    };
    let (parts, body) = request.into_parts();
    let read = from_body(body, &limits).headers(&parts.headers).await;
    read.map(Json).map_err(|error| JsonRejection::Decode(too_large_or_not(error)))
}

/// A limit that somebody put around the body is a limit, and no failure of the body.
fn too_large_or_not(error: DecodeError) -> DecodeError {
    let limit = error.kind() == ErrorKind::Body
        && iter::successors(error.source(), |error| (*error).source())
            .any(<dyn Error>::is::<LengthLimitError>);
    if limit { error.into_too_large() } else { error }
}
