use http::HeaderMap;
use mainstay_errors::GrpcStatus;

use super::NotFound;

pub(super) fn headers(error: &NotFound) -> HeaderMap {
    let mut headers = HeaderMap::new();
    GrpcStatus::new(error).write_headers(&mut headers);
    headers
}
