//! Which headers are given again with an answer.

use http::{HeaderName, header};

/// The headers that are given again unless more are named: those that say what the body is, where
/// the thing is that was made, what to do next, and what gRPC has for a status.
pub(super) const REPLAYED: [HeaderName; 21] = [
    header::CONTENT_TYPE,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_DISPOSITION,
    header::LOCATION,
    header::ETAG,
    header::LAST_MODIFIED,
    header::CACHE_CONTROL,
    header::VARY,
    header::LINK,
    header::ALLOW,
    header::CONTENT_LOCATION,
    header::RETRY_AFTER,
    header::TRAILER,
    HeaderName::from_static("preference-applied"),
    HeaderName::from_static("deprecation"),
    HeaderName::from_static("sunset"),
    HeaderName::from_static("grpc-encoding"),
    HeaderName::from_static("grpc-status"),
    HeaderName::from_static("grpc-message"),
    HeaderName::from_static("grpc-status-details-bin"),
];

/// What is of a connection, or of how a body is sent over it: it is never given again.
const FRAMING: [HeaderName; 9] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::PROXY_AUTHENTICATE,
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("http2-settings"),
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

pub(super) fn is_framing(name: &HeaderName) -> bool {
    FRAMING.contains(name)
}
