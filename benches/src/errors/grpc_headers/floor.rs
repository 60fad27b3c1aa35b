//! What is left when message and status lie there encoded: Base64, and three headers.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::{NotFound, mainstay};

pub(super) struct Encoded {
    message: String,
    status: Vec<u8>,
}

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const GRPC_STATUS_DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");

impl Encoded {
    pub(super) fn of(error: &NotFound) -> Self {
        let headers = mainstay::headers(error);
        let value = |name| headers.get(name).map(HeaderValue::as_bytes).unwrap_or_default();
        Self {
            message: String::from_utf8(value(GRPC_MESSAGE).to_vec()).expect("it is ASCII"),
            status: STANDARD_NO_PAD.decode(value(GRPC_STATUS_DETAILS)).expect("it is Base64"),
        }
    }

    pub(super) fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(3);
        headers.insert(GRPC_STATUS, HeaderValue::from_static("5"));
        let message = HeaderValue::try_from(&self.message).expect("it fits a header");
        headers.insert(GRPC_MESSAGE, message);
        let details = HeaderValue::try_from(STANDARD_NO_PAD.encode(&self.status));
        headers.insert(GRPC_STATUS_DETAILS, details.expect("it fits a header"));
        headers
    }
}
