//! An extractor and responses for axum.

mod extract;
mod media_type;
mod rejection;
mod respond;

#[cfg(feature = "errors")]
mod faults;
#[cfg(not(feature = "errors"))]
mod plain;

use std::ops::{Deref, DerefMut};

#[cfg(feature = "errors")]
use faults::unwritten;
#[cfg(not(feature = "errors"))]
use plain::unwritten;

pub use rejection::JsonRejection;
pub use respond::SensitiveJson;

/// JSON in and out, in the place of `axum::Json`.
///
/// # As an extractor
///
/// The body has to be `application/json`, or `application/` anything that ends in `+json`,
/// in small letters or capitals, with parameters or without. It must not be compressed: a layer
/// that decompresses takes the header away.
///
/// The limits are the [`Limits`](crate::Limits) among the request's extensions, if there are any.
/// Else they are the default ones. The size of the body is axum's `DefaultBodyLimit`, so that what
/// was set for `axum::Json` stays as it is, unless the `Limits` say one
/// ([`Limits::body`](crate::Limits::body)), which then counts alone.
///
/// What is refused is a [`JsonRejection`]. Its response is a problem document with the place of
/// what is wrong; with the feature `errors` it is a fault as well, and the document is the same.
/// `Option<Json<T>>` is `None` where the request has no content type.
///
/// # What differs from `axum::Json`
///
/// | | `axum::Json` | here |
/// |---|---|---|
/// | a rejection | plain text with serde's words, values of the input included | a problem document |
/// | a name twice, in a map, a `Value` or an ignored member | the last counts | 422 |
/// | limits of depth, arrays and members | depth | all, 413 |
/// | a body that is compressed | read as JSON, so 400 | 415 |
/// | two content types | the first counts | 415 |
/// | white space before the content type | 415 | read |
/// | the length of a response | `Content-Length` where it is sent | the same |
///
/// ```
/// use axum::{Extension, Router, routing::post};
/// use mainstay_json::{Json, Limits};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Deserialize)]
/// struct Line {
///     sku: String,
///     quantity: u32,
/// }
///
/// #[derive(Serialize)]
/// struct Total {
///     pieces: u32,
/// }
///
/// async fn total(Json(lines): Json<Vec<Line>>) -> Json<Total> {
///     Json(Total { pieces: lines.iter().map(|line| line.quantity).sum() })
/// }
///
/// let app: Router = Router::new()
///     .route("/total", post(total))
///     .layer(Extension(Limits::new().body(64 * 1024).array(100)));
/// ```
///
/// # As a response
///
/// It is written by [`to_bytes`](crate::to_bytes), with `content-type: application/json`. The
/// length is that of the body, which whoever sends it knows. A value that cannot be written is
/// a 500, and what its `Serialize` said about it is for the log: it is among the response's
/// extensions, as an `Arc<EncodeError>`, and as a `mainstay_errors::Error` as well where the
/// feature `errors` is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[must_use]
pub struct Json<T>(pub T);

impl<T> Deref for Json<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Json<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> From<T> for Json<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}
