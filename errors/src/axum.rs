use axum_core::body::Body;
use axum_core::response::{IntoResponse, Response};

use crate::error::Carried;
use crate::{Error, Problem};

/// Answers with the problem document, and leaves the error in the response's extensions, where
/// [`FaultLayer`](crate::FaultLayer) finds it and renders it anew with what it knows of the
/// request.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = Problem::new(self.fault()).to_response().map(Body::from);
        response.extensions_mut().insert(Carried::new(self));
        response
    }
}
