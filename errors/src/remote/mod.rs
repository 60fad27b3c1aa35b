//! A fault that another service answered with, read back from either wire form.

mod grpc;
mod problem;
mod relay;

use std::fmt;
use std::time::Duration;

use http::StatusCode;
use mainstay_core::Code;
use serde_json::{Map, Value};

use crate::Details;
pub use relay::Relay;

/// A fault that another service answered with.
///
/// It is read from a problem document ([`from_problem`](Self::from_problem)) or from gRPC headers
/// or trailers ([`from_grpc`](Self::from_grpc)). Details and members of types this crate does not
/// know are kept; members of the wrong type are ignored, as RFC 9457 says; malformed input is at
/// worst a fault with fewer details. gRPC does not say where a wrong field is: it is read as one
/// of the body.
///
/// It is an error, not a [`Fault`](crate::Fault): what another service says to us is not what we
/// say to our clients. There are two ways on: [`relay`](Self::relay) passes it through as it is,
/// and [`ResultExt::or_fault`](crate::ResultExt::or_fault) puts a fault of one's own in its place
/// and keeps it as the cause.
///
/// ```
/// use mainstay_errors::{Code, RemoteFault};
///
/// let mut headers = http::HeaderMap::new();
/// headers.insert("content-type", "application/problem+json".parse()?);
/// headers.insert("retry-after", "2".parse()?);
/// let body = br#"{"title": "Busy", "code": "UNAVAILABLE", "reason": "BUSY", "hint": 7}"#;
///
/// let now = std::time::UNIX_EPOCH; // for a `Retry-After` in date form
/// let remote = RemoteFault::from_problem(http::StatusCode::SERVICE_UNAVAILABLE, &headers, body, now)
///     .expect("a problem document");
/// assert_eq!(remote.code(), Code::Unavailable);
/// assert_eq!(remote.reason(), "BUSY");
/// assert_eq!(remote.retry_after(), Some(std::time::Duration::from_secs(2)));
/// assert_eq!(remote.members()["hint"], 7);
/// # Ok::<(), http::header::InvalidHeaderValue>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RemoteFault {
    code: Code,
    status: StatusCode,
    reason: String,
    domain: Option<String>,
    message: String,
    title: Option<String>,
    type_uri: Option<String>,
    metadata: Vec<(String, String)>,
    retry_after: Option<Duration>,
    details: Details,
    request_id: Option<String>,
    trace_id: Option<String>,
    dropped: Option<String>,
    members: Map<String, Value>,
}

impl RemoteFault {
    /// What is known without details.
    fn bare(code: Code, status: StatusCode) -> Self {
        // A problem is no success, whatever it says of itself.
        let code = if code == Code::Ok { Code::Unknown } else { code };
        let is_error = status.is_client_error() || status.is_server_error();
        Self {
            code,
            status: if is_error { status } else { code.http_status() },
            reason: String::new(),
            domain: None,
            message: String::new(),
            title: None,
            type_uri: None,
            metadata: Vec::new(),
            retry_after: None,
            details: Details::default(),
            request_id: None,
            trace_id: None,
            dropped: None,
            members: Map::new(),
        }
    }

    /// The canonical code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// The HTTP status: what was received over HTTP; over gRPC what the sender said it would be,
    /// else that of the code.
    pub fn http_status(&self) -> StatusCode {
        self.status
    }

    /// The business code; empty if there was none.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Who defines the reason.
    pub fn domain(&self) -> Option<&str> {
        self.domain.as_deref()
    }

    /// The public message; empty if there was none.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The problem's title. gRPC has none.
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// The problem type's URI. gRPC has none.
    pub fn type_uri(&self) -> Option<&str> {
        self.type_uri.as_deref()
    }

    /// The public fields: over gRPC in the order they came, over HTTP by their keys.
    pub fn metadata(&self) -> impl Iterator<Item = (&str, &str)> {
        self.metadata.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// How long to wait before trying again.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The structured details.
    pub fn details(&self) -> &Details {
        &self.details
    }

    /// The id of the request at the other service.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// The trace's id at the other service.
    pub fn trace_id(&self) -> Option<&str> {
        self.trace_id.as_deref()
    }

    /// Whether there were details at all, which always have a reason.
    pub(crate) fn has_details(&self) -> bool {
        !self.reason.is_empty() || self.details != Details::default()
    }

    /// The names of details that the other service left out for want of space, as
    /// `DebugInfo,Help`.
    pub fn dropped_details(&self) -> Option<&str> {
        self.dropped.as_deref()
    }

    /// The members of the problem document that have no place above.
    pub fn members(&self) -> &Map<String, Value> {
        &self.members
    }

    /// Passes the fault through to one's own client, reason, domain and all.
    pub fn relay(self) -> Relay {
        Relay::new(self)
    }
}

/// For the log: `remote NOT_FOUND ORDER_NOT_FOUND (orders.example.com): There is no order 7.`
impl fmt::Display for RemoteFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "remote {}", self.code)?;
        if !self.reason.is_empty() {
            write!(f, " {}", self.reason)?;
        }
        if let Some(domain) = &self.domain {
            write!(f, " ({domain})")?;
        }
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for RemoteFault {}
