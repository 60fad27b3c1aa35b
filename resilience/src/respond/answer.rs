use std::time::Duration;

use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use mainstay_core::{Code, Pushback};

use super::RespondBody;
use crate::Rejection;

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_RETRY_PUSHBACK_MS: HeaderName = HeaderName::from_static("grpc-retry-pushback-ms");
const APPLICATION_GRPC: HeaderValue = HeaderValue::from_static("application/grpc");

/// What a rejection says to a client.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer {
    code: Code,
    status: StatusCode,
    retry_after: Option<Duration>,
}

impl Answer {
    pub(super) fn of(rejection: &impl Rejection) -> Self {
        Self {
            code: rejection.code(),
            status: rejection.http_status(),
            retry_after: rejection.retry_after(),
        }
    }

    pub(super) fn into_response<B>(self, grpc: bool) -> Response<RespondBody<B>> {
        let mut response = Response::new(RespondBody::empty());
        let headers = response.headers_mut();
        if grpc {
            headers.insert(CONTENT_TYPE, APPLICATION_GRPC);
            headers.insert(GRPC_STATUS, HeaderValue::from(u16::from(self.code.number())));
            if let Some(wait) = self.retry_after {
                headers.insert(GRPC_RETRY_PUSHBACK_MS, HeaderValue::from(millis(wait)));
            }
        } else {
            if let Some(wait) = self.retry_after {
                headers.insert(RETRY_AFTER, Pushback::to_retry_after(wait));
            }
            *response.status_mut() = self.status;
        }
        response
    }
}

/// Rounded up; at most what gRPC reads, a signed number of 32 bits.
fn millis(wait: Duration) -> i32 {
    i32::try_from(wait.as_nanos().div_ceil(1_000_000)).unwrap_or(i32::MAX)
}
