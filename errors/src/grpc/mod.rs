//! The gRPC form of a fault: `grpc-status`, `grpc-message` and `google.rpc.Status` details.

mod buffer;
mod encode;
mod shed;
pub(crate) mod wire;

use std::fmt::Write;

use base64_simd::STANDARD_NO_PAD;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use mainstay_core::Code;
use percent_encoding::{AsciiSet, CONTROLS, percent_encode};

use crate::scan::Special;
use crate::{Fault, Occurrence, PublicMessage};
use buffer::Buffer;
use encode::Encoder;

pub(crate) use encode::HTTP_STATUS;
pub(crate) use shed::DROPPED_DETAILS;

pub(crate) const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
pub(crate) const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
pub(crate) const GRPC_STATUS_DETAILS: HeaderName =
    HeaderName::from_static("grpc-status-details-bin");
pub(crate) const APPLICATION_GRPC: HeaderValue = HeaderValue::from_static("application/grpc");
pub(crate) const APPLICATION_GRPC_WEB: HeaderValue =
    HeaderValue::from_static("application/grpc-web+proto");

/// The most that the header list of a status takes, counted as HTTP/2 does: peers suggest 8 KiB,
/// and what is over it is reset or cut off on the way. The server adds `:status` and `date`.
const HEADER_BUDGET: usize = 8 * 1024 - 128;
/// What HTTP/2 adds to each field's name and value (RFC 9113, section 6.5.2).
const FIELD_OVERHEAD: usize = 32;
/// The longest public message in bytes, so that details always find room beside it.
const LONGEST_MESSAGE: usize = 1024;
/// Room for most messages on the stack.
const USUAL_MESSAGE: usize = 128;
/// How a message ends that was longer.
const CUT: &[u8] = b"...";
/// What the `content-type` of a trailers-only response takes of the budget.
#[cfg(feature = "tonic")]
const CONTENT_TYPE_SIZE: usize = "content-type".len() + "application/grpc".len() + FIELD_OVERHEAD;

/// What a `grpc-message` must not hold as it is: all but 0x20 to 0x7E, and the escape itself
/// (gRPC over HTTP/2, "Responses").
const MESSAGE: AsciiSet = CONTROLS.add(b'%');
/// The same, to look for.
type Encoded = Special<b'%', 0x7f, true>;

/// A fault as the headers of a gRPC response, or its trailers.
///
/// `google.rpc.ErrorInfo` is always among the details. All of it takes at most 8 KiB of headers:
/// what does not fit is left out, the least important first (`DebugInfo`, `Help`,
/// `LocalizedMessage`, unknown types, `ResourceInfo`, `QuotaFailure`, `PreconditionFailure`,
/// field violations after the sixteenth, then all of them, `RequestInfo`, metadata,
/// `RetryInfo`), and `ErrorInfo.metadata` says so under `droppedDetails`. An HTTP status that
/// the code does not imply is there as `httpStatus`.
///
/// ```
/// # use mainstay_errors::{Code, Fault, GrpcStatus, Kind};
/// # #[derive(Debug, thiserror::Error, Fault)]
/// # #[error("declined")]
/// # #[fault(failed_precondition, status = 402, domain = "payments.example.com",
/// #         reason = "PAYMENT_DECLINED", message = "The payment was declined.")]
/// # struct Declined;
/// let mut trailers = http::HeaderMap::new();
/// GrpcStatus::new(&Declined).write_headers(&mut trailers);
///
/// assert_eq!(trailers["grpc-status"], "9");
/// assert_eq!(trailers["grpc-message"], "The payment was declined.");
/// assert!(trailers.contains_key("grpc-status-details-bin"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct GrpcStatus<'a> {
    fault: &'a dyn Fault,
    occurrence: Occurrence<'a>,
}

impl<'a> GrpcStatus<'a> {
    /// The fault as a status, of no known occurrence.
    pub fn new(fault: &'a dyn Fault) -> Self {
        Self { fault, occurrence: Occurrence::default() }
    }

    /// The same, of this occurrence.
    #[must_use]
    pub fn at(mut self, occurrence: Occurrence<'a>) -> Self {
        self.occurrence = occurrence;
        self
    }

    /// Sets `grpc-status`, `grpc-message` and `grpc-status-details-bin`, within what the headers
    /// that are there already leave of 8 KiB.
    pub fn write_headers(&self, headers: &mut HeaderMap) {
        if !headers.is_empty() {
            for name in [GRPC_STATUS, GRPC_MESSAGE, GRPC_STATUS_DETAILS] {
                headers.remove(name);
            }
        }
        let mut left = HEADER_BUDGET.saturating_sub(header_list_size(headers));
        let message = self.message();
        let mut insert = |name: HeaderName, value: HeaderValue| {
            left = left.saturating_sub(field_size(&name, &value));
            headers.insert(name, value);
        };
        insert(GRPC_STATUS, status_value(self.fault.kind().code));
        insert(GRPC_MESSAGE, message.to_value());
        let room = left.saturating_sub(FIELD_OVERHEAD + GRPC_STATUS_DETAILS.as_str().len());
        let mut details = Buffer::new();
        self.encoder(&message).encode(&mut details, room / 4 * 3);
        if !details.is_empty() {
            headers.insert(GRPC_STATUS_DETAILS, details_value(&details));
        }
    }

    /// The encoded `google.rpc.Status`, as `tonic::Status` keeps it.
    #[cfg(feature = "tonic")]
    pub(crate) fn encoded(&self) -> Bytes {
        let message = self.message();
        // tonic escapes all that is not plainly harmless with three characters each.
        let escaped = message.0.iter().map(|it| if it.is_ascii_alphanumeric() { 1 } else { 3 });
        let names = GRPC_STATUS.as_str().len() + GRPC_MESSAGE.as_str().len();
        let taken: usize = escaped.sum::<usize>() + names + 2 * FIELD_OVERHEAD;
        let taken = taken + GRPC_STATUS_DETAILS.as_str().len() + FIELD_OVERHEAD + CONTENT_TYPE_SIZE;
        let mut status = Buffer::new();
        let most = HEADER_BUDGET.saturating_sub(taken) / 4 * 3;
        self.encoder(&message).encode(&mut status, most);
        Bytes::copy_from_slice(&status)
    }

    /// The whole response, in gRPC's form for errors before any message: headers that are
    /// trailers at once ("Trailers-Only"), and an empty body.
    pub fn to_response(&self) -> Response<Bytes> {
        let mut response = Response::new(Bytes::new());
        response.headers_mut().insert(CONTENT_TYPE, APPLICATION_GRPC);
        self.write_headers(response.headers_mut());
        response
    }

    /// The public message, cut to its longest.
    pub(crate) fn message(&self) -> Message {
        let mut message = Message(Buffer::new());
        // A `Display` that fails half-way has written what it has written.
        let _ = write!(message.0, "{}", PublicMessage(self.fault));
        if message.0.len() > LONGEST_MESSAGE {
            message.cut();
        }
        message
    }

    fn encoder<'b>(&'b self, message: &'b Message) -> Encoder<'b> {
        Encoder {
            fault: self.fault,
            kind: self.fault.kind().or_domain(self.occurrence.domain),
            occurrence: self.occurrence,
            message: &message.0,
        }
    }
}

/// A public message of at most [`LONGEST_MESSAGE`] bytes.
pub(crate) struct Message(Buffer<USUAL_MESSAGE>);

impl Message {
    #[cfg(feature = "tonic")]
    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    fn to_value(&self) -> HeaderValue {
        let value = if Encoded::plain_len(&self.0) == self.0.len() {
            HeaderValue::from_bytes(&self.0)
        } else {
            HeaderValue::try_from(percent_encode(&self.0, &MESSAGE).to_string())
        };
        value.unwrap_or_else(|_| HeaderValue::from_static(""))
    }

    #[cold]
    fn cut(&mut self) {
        let start = LONGEST_MESSAGE - CUT.len();
        let boundary = |at: &usize| self.0.get(*at).is_some_and(|byte| byte & 0xc0 != 0x80);
        let end = (0..=start).rev().find(boundary).unwrap_or_default();
        self.0.truncate(end);
        self.0.extend(CUT);
    }
}

fn details_value(status: &[u8]) -> HeaderValue {
    let text: Vec<u8> = STANDARD_NO_PAD.encode_type(status);
    // Base64 is always a valid header value.
    HeaderValue::from_maybe_shared(Bytes::from(text))
        .unwrap_or_else(|_| HeaderValue::from_static(""))
}

fn status_value(code: Code) -> HeaderValue {
    HeaderValue::from_static(match code {
        Code::Ok => "0",
        Code::Cancelled => "1",
        Code::Unknown => "2",
        Code::InvalidArgument => "3",
        Code::DeadlineExceeded => "4",
        Code::NotFound => "5",
        Code::AlreadyExists => "6",
        Code::PermissionDenied => "7",
        Code::ResourceExhausted => "8",
        Code::FailedPrecondition => "9",
        Code::Aborted => "10",
        Code::OutOfRange => "11",
        Code::Unimplemented => "12",
        Code::Internal => "13",
        Code::Unavailable => "14",
        Code::DataLoss => "15",
        Code::Unauthenticated => "16",
    })
}

fn header_list_size(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| field_size(name, value)).sum()
}

fn field_size(name: &HeaderName, value: &HeaderValue) -> usize {
    name.as_str().len() + value.len() + FIELD_OVERHEAD
}
