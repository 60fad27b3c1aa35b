use std::fmt;

use http::StatusCode;
use mainstay_core::Code;

use crate::{Fault, FaultRow, FaultTable, Kind};

/// The fault of an error that says nothing but its status: what routers, extractors and proxies
/// answer with.
///
/// [`FaultLayer`](crate::FaultLayer) makes them; they are public so that a
/// [`Catalogue`](crate::Catalogue) can list them, and a handler can answer alike.
///
/// ```
/// use mainstay_errors::{BareFault, Code, Fault};
///
/// let fault = BareFault::from_status(http::StatusCode::METHOD_NOT_ALLOWED);
/// assert_eq!(fault.kind().reason, "METHOD_NOT_ALLOWED");
/// assert_eq!(fault.kind().code, Code::Unimplemented);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BareFault {
    kind: Kind<'static>,
    message: &'static str,
}

impl BareFault {
    /// What a bare HTTP status of one's own service means. The status stays what it is; one
    /// without a reason of its own has that of its code.
    pub fn from_status(status: StatusCode) -> Self {
        let known = STATUSES.iter().find(|row| row.kind.http_status() == status);
        known.map_or_else(
            || {
                let fault = Self::named_after(Code::from_own_status(status));
                Self { kind: fault.kind.status(status.as_u16()), ..fault }
            },
            Self::of_row,
        )
    }

    /// What a bare `grpc-status` of one's own service means. For [`Code::Unimplemented`] that is
    /// a method that does not exist: the router of a gRPC server has no other answer.
    pub fn from_code(code: Code) -> Self {
        match code {
            Code::Unimplemented => Self::from_status(StatusCode::NOT_FOUND),
            code => Self::named_after(code),
        }
    }

    /// A fault of which only the code is known.
    pub(crate) fn named_after(code: Code) -> Self {
        let known = CODES.iter().find(|row| row.kind.code == code);
        known.map_or(Self::of_row(&UNKNOWN), Self::of_row)
    }

    fn of_row(row: &FaultRow) -> Self {
        Self { kind: row.kind, message: row.message }
    }
}

impl fmt::Display for BareFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bare status {} ({})", self.kind.http_status().as_u16(), self.kind.code)
    }
}

impl std::error::Error for BareFault {}

impl Fault for BareFault {
    fn kind(&self) -> Kind<'_> {
        self.kind
    }

    fn message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message)
    }

    fn table() -> &'static FaultTable {
        const { &FaultTable::new(&STATUSES, &[|| const { &FaultTable::new(&CODES, &[]) }]) }
    }
}

crate::fault_conversions!(BareFault);

const fn row(status: u16, code: Code, reason: &'static str, message: &'static str) -> FaultRow {
    FaultRow::new(Kind::new(code, reason).status(status), message)
}

/// What a status means when a service of one's own answers with it and says no more.
const STATUSES: [FaultRow; 28] = [
    row(400, Code::InvalidArgument, "BAD_REQUEST", "The request is malformed."),
    row(401, Code::Unauthenticated, "UNAUTHENTICATED", "The request needs valid credentials."),
    row(402, Code::FailedPrecondition, "PAYMENT_REQUIRED", "This has to be paid for first."),
    row(403, Code::PermissionDenied, "PERMISSION_DENIED", "This is not allowed."),
    row(404, Code::Unimplemented, "ROUTE_NOT_FOUND", "There is nothing at this path."),
    row(405, Code::Unimplemented, "METHOD_NOT_ALLOWED", "This path does not support the method."),
    row(406, Code::InvalidArgument, "NOT_ACCEPTABLE", "There is no answer of an accepted type."),
    row(408, Code::DeadlineExceeded, "REQUEST_TIMEOUT", "The request took too long to arrive."),
    row(409, Code::Aborted, "CONFLICT", "The request conflicts with the state of the resource."),
    row(410, Code::NotFound, "GONE", "What was at this path is gone."),
    row(411, Code::InvalidArgument, "LENGTH_REQUIRED", "The request needs a Content-Length."),
    row(412, Code::FailedPrecondition, "PRECONDITION_FAILED", "A precondition does not hold."),
    row(413, Code::OutOfRange, "BODY_TOO_LARGE", "The body is larger than what is accepted."),
    row(414, Code::InvalidArgument, "URI_TOO_LONG", "The URI is longer than what is accepted."),
    row(415, Code::InvalidArgument, "UNSUPPORTED_MEDIA_TYPE", "The media type is not supported."),
    row(416, Code::OutOfRange, "RANGE_NOT_SATISFIABLE", "The range is outside of the resource."),
    row(421, Code::InvalidArgument, "MISDIRECTED_REQUEST", "This server does not serve the host."),
    row(422, Code::InvalidArgument, "UNPROCESSABLE_CONTENT", "The content is not valid."),
    row(425, Code::Unavailable, "TOO_EARLY", "The request might be replayed; send it again."),
    row(426, Code::FailedPrecondition, "UPGRADE_REQUIRED", "The request needs another protocol."),
    row(
        428,
        Code::FailedPrecondition,
        "PRECONDITION_REQUIRED",
        "The request has to be conditional.",
    ),
    row(429, Code::ResourceExhausted, "RATE_LIMITED", "There were too many requests."),
    row(431, Code::InvalidArgument, "HEADERS_TOO_LARGE", "The headers are too large."),
    row(500, Code::Internal, "INTERNAL", OUR_SIDE),
    row(501, Code::Unimplemented, "NOT_IMPLEMENTED", "This is not implemented."),
    row(502, Code::Unavailable, "BAD_GATEWAY", "A service behind this one failed."),
    row(503, Code::Unavailable, "UNAVAILABLE", "The service is not available at the moment."),
    row(504, Code::DeadlineExceeded, "DEADLINE_EXCEEDED", "It took longer than was allowed."),
];

const OUR_SIDE: &str = "Something went wrong on our side.";

const UNKNOWN: FaultRow = named(Code::Unknown, "UNKNOWN", OUR_SIDE);

/// What a code means when it comes without a reason.
const CODES: [FaultRow; 16] = [
    UNKNOWN,
    named(Code::Cancelled, "CANCELLED", "The request was cancelled."),
    named(Code::InvalidArgument, "INVALID_ARGUMENT", "The request is not valid."),
    named(Code::DeadlineExceeded, "DEADLINE_EXCEEDED", "It took longer than was allowed."),
    named(Code::NotFound, "NOT_FOUND", "What the request asks for does not exist."),
    named(Code::AlreadyExists, "ALREADY_EXISTS", "What the request creates exists already."),
    named(Code::PermissionDenied, "PERMISSION_DENIED", "This is not allowed."),
    named(Code::ResourceExhausted, "RESOURCE_EXHAUSTED", "A quota or a resource is used up."),
    named(Code::FailedPrecondition, "FAILED_PRECONDITION", "The state does not allow this."),
    named(Code::Aborted, "ABORTED", "The request conflicts with another."),
    named(Code::OutOfRange, "OUT_OF_RANGE", "A value is past the valid range."),
    named(Code::Unimplemented, "UNIMPLEMENTED", "This is not implemented."),
    named(Code::Internal, "INTERNAL", OUR_SIDE),
    named(Code::Unavailable, "UNAVAILABLE", "The service is not available at the moment."),
    named(Code::DataLoss, "DATA_LOSS", OUR_SIDE),
    named(Code::Unauthenticated, "UNAUTHENTICATED", "The request needs valid credentials."),
];

const fn named(code: Code, reason: &'static str, message: &'static str) -> FaultRow {
    FaultRow::new(Kind::new(code, reason), message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_status_keeps_itself_and_gets_a_lawful_reason() {
        for number in 400..600 {
            let status = StatusCode::from_u16(number).unwrap();
            let fault = BareFault::from_status(status);
            assert_eq!(fault.kind.http_status(), status);
            assert_ne!(fault.kind.code, Code::Ok);
            assert!(!fault.message.is_empty());
            let reason = fault.kind.reason;
            assert!(reason.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'));
        }
    }

    #[test]
    fn every_code_has_a_fault() {
        for code in Code::ALL.into_iter().filter(|code| *code != Code::Ok) {
            assert_eq!(BareFault::from_code(code).kind.code, code);
            assert_eq!(BareFault::named_after(code).kind.reason, code.name());
        }
    }

    #[test]
    fn a_reason_has_one_meaning() {
        assert!(crate::Catalogue::new().with::<BareFault>().is_ok());
    }
}
