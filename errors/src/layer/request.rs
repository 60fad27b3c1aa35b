use http::{HeaderName, Method, Request};
use mainstay_core::{RequestId, TraceId, is_grpc};

use super::config::Config;
use crate::Occurrence;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The length of a `traceparent` as far as its ids go.
const TRACEPARENT_LEN: usize = 55;

/// What the layer remembers of a request, in case that it fails.
///
/// Ids are copied as bytes and read only when there is an error: a copy is cheaper than a check,
/// and than the clone of a header, which may allocate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) grpc: bool,
    pub(super) head: bool,
    request_id: Inline<{ RequestId::MAX_LEN }>,
    traceparent: Inline<TRACEPARENT_LEN>,
}

/// Up to `N` bytes; empty if there were more.
#[derive(Clone, Copy, Debug)]
struct Inline<const N: usize> {
    len: u8,
    bytes: [u8; N],
}

impl Seen {
    pub(super) fn of<B>(request: &Request<B>) -> Self {
        let headers = request.headers();
        let header = |name| headers.get(name).map(http::HeaderValue::as_bytes).unwrap_or_default();
        let made = request.extensions().get::<RequestId>();
        Self {
            grpc: request.method() == Method::POST && is_grpc(headers),
            head: request.method() == Method::HEAD,
            request_id: match made {
                Some(id) => Inline::copy(id.as_str().as_bytes()),
                None => Inline::copy(header(X_REQUEST_ID)),
            },
            traceparent: Inline::copy(header(TRACEPARENT)),
        }
    }

    /// Shows the occurrence of a fault of this request to `show`. The request's id is made now if
    /// it has none, or none that may be used.
    pub(super) fn occurrence<T>(
        &self,
        config: &Config,
        show: impl FnOnce(Occurrence<'_>) -> T,
    ) -> T {
        let id = self.request_id.bytes();
        let request_id = RequestId::from_bytes(id).unwrap_or_else(|_| RequestId::random());
        let trace_id = TraceId::from_traceparent(self.traceparent.bytes());
        show(Occurrence {
            request_id: Some(request_id.as_str()),
            trace_id: trace_id.as_ref().map(TraceId::as_str),
            domain: config.domain.as_deref(),
        })
    }
}

impl<const N: usize> Inline<N> {
    fn copy(from: &[u8]) -> Self {
        let mut bytes = [0; N];
        match (bytes.get_mut(..from.len()), u8::try_from(from.len())) {
            (Some(place), Ok(len)) => {
                place.copy_from_slice(from);
                Self { len, bytes }
            }
            _ => Self { len: 0, bytes },
        }
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}
