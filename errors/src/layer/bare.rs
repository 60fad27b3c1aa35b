//! The faults that errors without a fault amount to: what routers, extractors and servers answer
//! by status alone.

use std::fmt;

use http::StatusCode;
use mainstay_core::Code;

use crate::{Fault, Kind};

/// An error response that says nothing but its status.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bare {
    kind: Kind<'static>,
    message: &'static str,
}

impl Bare {
    /// What a bare HTTP status of one's own service means. The status stays what it is.
    pub(super) fn from_status(status: StatusCode) -> Self {
        let (code, reason, message) = meaning(status);
        Self { kind: Kind::new(code, reason).status(status.as_u16()), message }
    }

    /// What a bare `grpc-status` of one's own service means.
    pub(super) fn from_code(code: Code) -> Self {
        match code {
            // The router of a gRPC server knows no other answer.
            Code::Unimplemented => Self {
                kind: Kind::new(code, "ROUTE_NOT_FOUND"),
                message: "There is no such method.",
            },
            code => Self::named_after(code),
        }
    }

    /// A fault of which only the code is known.
    pub(super) fn named_after(code: Code) -> Self {
        Self { kind: Kind::new(code, code.name()), message: phrase(code) }
    }
}

fn meaning(status: StatusCode) -> (Code, &'static str, &'static str) {
    let code = Code::from_own_status(status);
    match status.as_u16() {
        400 => (code, "BAD_REQUEST", "The request is malformed."),
        404 => (Code::Unimplemented, "ROUTE_NOT_FOUND", "There is nothing at this path."),
        405 => (code, "METHOD_NOT_ALLOWED", "This path does not support the method."),
        406 => (code, "NOT_ACCEPTABLE", "There is no representation of an accepted type."),
        408 => (code, "REQUEST_TIMEOUT", "The request took too long to arrive."),
        409 => (code, "CONFLICT", "The request conflicts with the state of the resource."),
        410 => (code, "GONE", "What was at this path is gone."),
        411 => (code, "LENGTH_REQUIRED", "The request needs a Content-Length."),
        412 => (code, "PRECONDITION_FAILED", "A precondition of the request does not hold."),
        413 => (code, "BODY_TOO_LARGE", "The body is larger than what is accepted."),
        414 => (code, "URI_TOO_LONG", "The URI is longer than what is accepted."),
        415 => (code, "UNSUPPORTED_MEDIA_TYPE", "The body's media type is not supported."),
        416 => (code, "RANGE_NOT_SATISFIABLE", "The range is outside of the resource."),
        421 => (code, "MISDIRECTED_REQUEST", "This server does not answer for the host."),
        422 => (code, "UNPROCESSABLE_CONTENT", "The content of the request is not valid."),
        426 => (code, "UPGRADE_REQUIRED", "The request needs another protocol."),
        428 => (code, "PRECONDITION_REQUIRED", "The request has to be conditional."),
        429 => (code, "RATE_LIMITED", "There were too many requests."),
        431 => (code, "HEADERS_TOO_LARGE", "The headers are larger than what is accepted."),
        501 => (code, "NOT_IMPLEMENTED", "This is not implemented."),
        502 => (code, "BAD_GATEWAY", "A service behind this one did not answer as it should."),
        // A status without a row of its own is named after its code.
        _ => match code {
            Code::InvalidArgument => (code, "BAD_REQUEST", "The request is malformed."),
            code => (code, code.name(), phrase(code)),
        },
    }
}

fn phrase(code: Code) -> &'static str {
    match code {
        Code::Ok => "",
        Code::Cancelled => "The request was cancelled.",
        Code::Unknown | Code::Internal | Code::DataLoss => "Something went wrong on our side.",
        Code::InvalidArgument => "The request is not valid.",
        Code::DeadlineExceeded => "It took longer than the request allows.",
        Code::NotFound => "What the request asks for does not exist.",
        Code::AlreadyExists => "What the request creates exists already.",
        Code::PermissionDenied => "This is not allowed.",
        Code::ResourceExhausted => "There were too many requests, or a resource is used up.",
        Code::FailedPrecondition => "The system is not in a state to do this.",
        Code::Aborted => "The request conflicts with another.",
        Code::OutOfRange => "A value is past the valid range.",
        Code::Unimplemented => "This is not implemented.",
        Code::Unavailable => "The service is not available at the moment.",
        Code::Unauthenticated => "The request needs valid credentials.",
    }
}

impl fmt::Display for Bare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bare {} response", self.kind.http_status().as_u16())
    }
}

impl std::error::Error for Bare {}

impl Fault for Bare {
    fn kind(&self) -> Kind<'_> {
        self.kind
    }

    fn message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_status_keeps_itself_and_gets_a_lawful_reason() {
        for number in 400..600 {
            let status = StatusCode::from_u16(number).unwrap();
            let bare = Bare::from_status(status);
            assert_eq!(bare.kind.http_status(), status);
            assert_ne!(bare.kind.code(), Code::Ok);
            assert!(!bare.message.is_empty());
            let reason = bare.kind.reason();
            assert!(reason.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'));
        }
    }
}
