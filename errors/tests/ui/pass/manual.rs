//! With `manual` the conversions are the user's.
#![deny(warnings)]

use axum::response::{IntoResponse, Response};
use mainstay_errors::Fault;
use tonic::Status;

#[derive(Debug, thiserror::Error, Fault)]
#[error("busy")]
#[fault(manual, unavailable, reason = "BUSY", message = "Try again.")]
struct Busy;

impl IntoResponse for Busy {
    fn into_response(self) -> Response {
        mainstay_errors::Problem::new(&self).status().into_response()
    }
}

impl From<Busy> for Status {
    fn from(_: Busy) -> Self {
        Status::unavailable("by hand")
    }
}

#[derive(Debug, thiserror::Error, Fault)]
#[fault(manual)]
enum Manual {
    #[error(transparent)]
    #[fault(transparent)]
    Busy(#[from] Busy),
}

impl From<Manual> for Status {
    fn from(manual: Manual) -> Self {
        match manual {
            Manual::Busy(busy) => busy.into(),
        }
    }
}

fn main() {
    assert_eq!(Status::from(Manual::from(Busy)).message(), "by hand");
    assert_eq!(Busy.into_response().status(), 503);
}
