use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tonic::{Code, Status};

use crate::orders::OrderError;

/// Gives a reason to the messages that no handler gets to see.
///
/// tonic answers those itself, with a code and no details: `OUT_OF_RANGE` where the message is too
/// large, `INTERNAL` where it is not what its schema says, which is the caller's mistake and not
/// ours. Whatever a handler answers has details.
pub(super) async fn name(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let Some(status) = response.extensions().get::<Status>() else { return response };
    match status.code() {
        _ if !status.details().is_empty() => response,
        Code::OutOfRange => OrderError::MessageTooLarge.into_response(),
        Code::Internal => OrderError::MalformedBody(status.clone().into()).into_response(),
        _ => response,
    }
}
