use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::ALLOW;
use http::{Method, StatusCode};
use tonic::{Code, Status};

use crate::orders::OrderError;
use crate::orders::context::is_grpc;

/// Gives a reason to the messages that no handler gets to see.
///
/// tonic answers those itself, with a code and no details: `OUT_OF_RANGE` where the message is too
/// large, `INTERNAL` where it is not what its schema says, which is the caller's mistake and not
/// ours. Whatever a handler answers has details. What is not gRPC at all is told so in HTTP's words.
pub(super) async fn name(request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "POST")]).into_response();
    }
    if !is_grpc(request.headers()) {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    let response = next.run(request).await;
    let Some(status) = response.extensions().get::<Status>() else { return response };
    match status.code() {
        _ if !status.details().is_empty() => response,
        Code::OutOfRange => OrderError::MessageTooLarge.into_response(),
        Code::Internal if is_undecoded(status) => {
            OrderError::MalformedBody(status.clone().into()).into_response()
        }
        _ => response,
    }
}

/// The text is all there is to tell a message that cannot be decoded from what broke here.
fn is_undecoded(status: &Status) -> bool {
    const STARTS: [&str; 4] = [
        "failed to decode Protobuf message",
        "protocol error: received message",
        "Missing request message",
        "Unexpected EOF decoding stream",
    ];
    STARTS.iter().any(|start| status.message().starts_with(start))
}
