use std::convert::Infallible;

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;

/// The id in the path, whatever it is: one that is no text names no order either.
pub(super) struct OrderId(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for OrderId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(id)) => Ok(Self(id)),
            Err(_) => Ok(Self(parts.uri.path().split('/').nth(3).unwrap_or_default().to_owned())),
        }
    }
}
