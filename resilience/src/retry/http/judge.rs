use std::task::Context;

use http::Response;
use http_body::Body;
use mainstay_core::is_grpc;

use super::PeekBody;
use super::peek::Seen;
use crate::classify::{Classify, GrpcClassifier, Verdict};

/// Judges a response of HTTP by the classifier, and one of gRPC by its code.
pub(super) fn judge<C, B, E>(
    classifiers: (&C, &GrpcClassifier),
    result: Result<Response<B>, E>,
    peek: bool,
    cx: &mut Context<'_>,
) -> (Result<Response<PeekBody<B>>, E>, Verdict)
where
    C: Classify<Result<Response<B>, E>>,
    B: Body + Unpin,
{
    let (http, grpc) = classifiers;
    let response = match result {
        Ok(response) if is_grpc(response.headers()) => response,
        other => {
            let verdict = http.classify(&other);
            return (other.map(|response| response.map(PeekBody::new)), verdict);
        }
    };
    let verdict = grpc.classify_headers(&response);
    let mut response = response.map(PeekBody::new);
    let verdict = match verdict {
        Some(verdict) => verdict,
        None if peek => peeked(grpc, response.body_mut(), cx),
        None => open(grpc, response.body_mut()),
    };
    (Ok(response), verdict)
}

/// A body that goes on is the caller's, however it ends.
fn open<B: Body>(grpc: &GrpcClassifier, body: &mut PeekBody<B>) -> Verdict {
    body.await_end(grpc.clone());
    Verdict::ignored()
}

fn peeked<B: Body + Unpin>(
    grpc: &GrpcClassifier,
    body: &mut PeekBody<B>,
    cx: &mut Context<'_>,
) -> Verdict {
    match body.peek(cx) {
        Seen::Trailers(trailers) => grpc.classify_trailers(trailers),
        Seen::CutOff => Verdict::transient(),
        Seen::More => open(grpc, body),
    }
}
