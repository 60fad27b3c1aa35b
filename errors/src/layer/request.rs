use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use mainstay_core::{RequestId, TraceId, is_grpc};

use super::config::Config;
use crate::Occurrence;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

const GRPC: &[u8] = b"application/grpc";
const GRPC_WEB: &[u8] = b"application/grpc-web";

/// As much of a `traceparent` as has to be seen: version 00 ends after 55 bytes, a later one may
/// go on after a dash.
const TRACEPARENT_LEN: usize = 56;

/// What the layer remembers of a request, in case that it fails.
///
/// Ids are copied as bytes and read only when there is an error: a copy is cheaper than a check,
/// and than the clone of a header, which may allocate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) wire: Wire,
    pub(super) head: bool,
    request_id: Inline<{ RequestId::MAX_LEN }>,
    traceparent: Inline<TRACEPARENT_LEN>,
}

/// The form in which a client reads errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wire {
    Http,
    Grpc,
    /// Around a translator, whose requests and answers have content types of their own.
    GrpcWeb,
}

/// Up to `N` bytes.
#[derive(Clone, Copy, Debug)]
struct Inline<const N: usize> {
    len: u8,
    bytes: [u8; N],
}

impl Seen {
    pub(super) fn of<B>(request: &Request<B>) -> Self {
        let headers = request.headers();
        let made = request.extensions().get::<RequestId>();
        let sent = || headers.get(X_REQUEST_ID).map(HeaderValue::as_bytes).unwrap_or_default();
        Self {
            // gRPC is spoken in POST requests alone.
            wire: match request.method() {
                &Method::POST => Wire::of(headers).unwrap_or(Wire::Http),
                _ => Wire::Http,
            },
            head: request.method() == Method::HEAD,
            request_id: Inline::whole(made.map_or_else(sent, |id| id.as_str().as_bytes())),
            traceparent: Inline::start(traceparent(headers)),
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

impl Wire {
    /// Which gRPC a message speaks, if any.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let content_type = headers.get(CONTENT_TYPE)?.as_bytes();
        // Most messages are told by their first bytes.
        if !content_type.get(..GRPC.len())?.eq_ignore_ascii_case(GRPC) {
            return None;
        }
        let web = content_type.get(..GRPC_WEB.len());
        if web.is_some_and(|start| start.eq_ignore_ascii_case(GRPC_WEB)) {
            return Some(Wire::GrpcWeb);
        }
        is_grpc(headers).then_some(Wire::Grpc)
    }
}

/// The header's value; several of them are as good as none (Trace Context, section 3.2).
fn traceparent(headers: &HeaderMap) -> &[u8] {
    // Where no header is repeated, which is cheap to see, this one is not.
    let repeats = headers.len() != headers.keys_len();
    if repeats && headers.get_all(TRACEPARENT).iter().nth(1).is_some() {
        return &[];
    }
    headers.get(TRACEPARENT).map(HeaderValue::as_bytes).unwrap_or_default()
}

impl<const N: usize> Inline<N> {
    /// A copy of the whole; empty if it is too long.
    fn whole(from: &[u8]) -> Self {
        Self::start(if from.len() <= N { from } else { &[] })
    }

    /// A copy of the first `N` bytes.
    fn start(from: &[u8]) -> Self {
        let from = from.get(..N).unwrap_or(from);
        let mut bytes = [0; N];
        if let Some(place) = bytes.get_mut(..from.len()) {
            place.copy_from_slice(from);
        }
        Self { len: u8::try_from(from.len()).unwrap_or_default(), bytes }
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}
