use std::fmt;

use http::StatusCode;

/// A canonical status code of gRPC, the one alphabet in which every failure has a letter.
///
/// The numbers and names are those of `google/rpc/code.proto`. HTTP statuses go with them in
/// two tables that are *not* inverse to each other: [`Code::http_status`] is what a server sends
/// for a code, [`Code::from_peer_status`] is what a client makes of a response that carries no
/// `grpc-status`. Whoever has a code therefore carries it, and never derives it from a status.
///
/// ```
/// use mainstay_core::Code;
///
/// assert_eq!(Code::ResourceExhausted.number(), 8);
/// assert_eq!(Code::ResourceExhausted.name(), "RESOURCE_EXHAUSTED");
/// assert_eq!(Code::ResourceExhausted.http_status(), 429);
/// // Not symmetric: a bare 429 says only that the peer is not available.
/// assert_eq!(Code::from_peer_status(http::StatusCode::TOO_MANY_REQUESTS), Code::Unavailable);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Code {
    /// Not an error.
    Ok = 0,
    /// The caller gave up.
    Cancelled = 1,
    /// Nothing better is known, such as an error from a foreign code space.
    Unknown = 2,
    /// The request is wrong whatever the state of the system.
    InvalidArgument = 3,
    /// The deadline passed before the answer; the work may have been done all the same.
    DeadlineExceeded = 4,
    /// What was asked for does not exist, or not for this caller.
    NotFound = 5,
    /// What was to be created exists already.
    AlreadyExists = 6,
    /// The caller is known and may not.
    PermissionDenied = 7,
    /// A quota, a rate or a resource is used up.
    ResourceExhausted = 8,
    /// The system is not in the state that the request needs; a retry does not help until it is.
    FailedPrecondition = 9,
    /// A conflict, such as a lost race; the caller may repeat the whole sequence.
    Aborted = 10,
    /// Past the valid range, where the range depends on the system's state.
    OutOfRange = 11,
    /// There is no such operation here.
    Unimplemented = 12,
    /// An invariant is broken: the fault is the server's.
    Internal = 13,
    /// Not now; the caller may retry with backoff.
    Unavailable = 14,
    /// Data is lost or corrupted for good.
    DataLoss = 15,
    /// The caller is not known.
    Unauthenticated = 16,
}

impl Code {
    /// Every code, in the order of its number.
    pub const ALL: [Code; 17] = [
        Code::Ok,
        Code::Cancelled,
        Code::Unknown,
        Code::InvalidArgument,
        Code::DeadlineExceeded,
        Code::NotFound,
        Code::AlreadyExists,
        Code::PermissionDenied,
        Code::ResourceExhausted,
        Code::FailedPrecondition,
        Code::Aborted,
        Code::OutOfRange,
        Code::Unimplemented,
        Code::Internal,
        Code::Unavailable,
        Code::DataLoss,
        Code::Unauthenticated,
    ];

    /// The number on the wire, as in `grpc-status`.
    #[inline]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The code with this number. Numbers outside 0..=16 have none; gRPC says to treat such a
    /// status as [`Code::Unknown`].
    pub fn from_number(number: i32) -> Option<Self> {
        usize::try_from(number).ok().and_then(|at| Self::ALL.get(at).copied())
    }

    /// The name in `google/rpc/code.proto`, as `NOT_FOUND`.
    pub const fn name(self) -> &'static str {
        match self {
            Code::Ok => "OK",
            Code::Cancelled => "CANCELLED",
            Code::Unknown => "UNKNOWN",
            Code::InvalidArgument => "INVALID_ARGUMENT",
            Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Code::NotFound => "NOT_FOUND",
            Code::AlreadyExists => "ALREADY_EXISTS",
            Code::PermissionDenied => "PERMISSION_DENIED",
            Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
            Code::FailedPrecondition => "FAILED_PRECONDITION",
            Code::Aborted => "ABORTED",
            Code::OutOfRange => "OUT_OF_RANGE",
            Code::Unimplemented => "UNIMPLEMENTED",
            Code::Internal => "INTERNAL",
            Code::Unavailable => "UNAVAILABLE",
            Code::DataLoss => "DATA_LOSS",
            Code::Unauthenticated => "UNAUTHENTICATED",
        }
    }

    /// The code with this name, in capitals.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.name() == name)
    }

    /// The HTTP status a server sends for this code (`google/rpc/code.proto`).
    ///
    /// [`Code::Cancelled`] is 499, which no RFC registers: it has no reason phrase.
    pub fn http_status(self) -> StatusCode {
        match self {
            Code::Ok => StatusCode::OK,
            Code::Cancelled => client_closed_request(),
            Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => {
                StatusCode::BAD_REQUEST
            }
            Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
            Code::NotFound => StatusCode::NOT_FOUND,
            Code::AlreadyExists | Code::Aborted => StatusCode::CONFLICT,
            Code::PermissionDenied => StatusCode::FORBIDDEN,
            Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
            Code::Unimplemented => StatusCode::NOT_IMPLEMENTED,
            Code::Unknown | Code::Internal | Code::DataLoss => StatusCode::INTERNAL_SERVER_ERROR,
            Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        }
    }

    /// What a *client* makes of a response without `grpc-status`, which some proxy on the way
    /// wrote (gRPC, `http-grpc-status-mapping.md`). Servers must not use it for their own errors.
    pub fn from_peer_status(status: StatusCode) -> Self {
        match status.as_u16() {
            400 | 431 => Code::Internal,
            401 => Code::Unauthenticated,
            403 => Code::PermissionDenied,
            404 => Code::Unimplemented,
            429 | 502 | 503 | 504 => Code::Unavailable,
            _ => Code::Unknown,
        }
    }

    /// The code that says best what a *server* means by an HTTP status of its own.
    ///
    /// The choice is lossy, as several codes share a status: it serves errors that were born as
    /// a bare status, such as those of a router.
    pub fn from_own_status(status: StatusCode) -> Self {
        match status.as_u16() {
            401 | 407 => Code::Unauthenticated,
            403 | 451 => Code::PermissionDenied,
            404 | 410 => Code::NotFound,
            405 | 501 | 505 => Code::Unimplemented,
            408 | 504 => Code::DeadlineExceeded,
            409 => Code::Aborted,
            402 | 412 | 423 | 424 | 428 => Code::FailedPrecondition,
            413 | 416 => Code::OutOfRange,
            425 | 502 | 503 => Code::Unavailable,
            429 | 507 => Code::ResourceExhausted,
            499 => Code::Cancelled,
            400..=498 => Code::InvalidArgument,
            500..=599 => Code::Internal,
            100..=399 => Code::Ok,
            _ => Code::Unknown,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// nginx's 499, by which `code.proto` maps CANCELLED.
fn client_closed_request() -> StatusCode {
    StatusCode::from_u16(499).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_round_trip() {
        for (at, code) in Code::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(code.number()), at);
            assert_eq!(Code::from_number(i32::from(code.number())), Some(code));
            assert_eq!(Code::from_name(code.name()), Some(code));
        }
        assert_eq!(Code::from_number(17), None);
        assert_eq!(Code::from_number(-1), None);
        assert_eq!(Code::from_number(i32::MAX), None);
        assert_eq!(Code::from_name("not_found"), None);
    }

    /// The table of `google/rpc/code.proto`.
    #[test]
    fn a_code_has_its_http_status() {
        let table =
            [200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401];
        for (code, status) in Code::ALL.into_iter().zip(table) {
            assert_eq!(code.http_status().as_u16(), status, "{code}");
        }
    }

    /// The table of gRPC's `http-grpc-status-mapping.md`, which is not the inverse.
    #[test]
    fn a_peers_bare_status_has_a_code() {
        let named = [
            (400, Code::Internal),
            (401, Code::Unauthenticated),
            (403, Code::PermissionDenied),
            (404, Code::Unimplemented),
            (429, Code::Unavailable),
            (431, Code::Internal),
            (502, Code::Unavailable),
            (503, Code::Unavailable),
            (504, Code::Unavailable),
        ];
        for number in 100..1000 {
            let status = StatusCode::from_u16(number).unwrap();
            let expected =
                named.iter().find(|(known, _)| *known == number).map_or(Code::Unknown, |row| row.1);
            assert_eq!(Code::from_peer_status(status), expected, "{number}");
        }
    }

    /// The inverse loses only what the forward table merges: the status stays.
    #[test]
    fn an_own_status_comes_back_through_its_code() {
        for code in Code::ALL {
            let status = code.http_status();
            assert_eq!(Code::from_own_status(status).http_status(), status, "{code}");
        }
        for (number, code) in
            [(400, Code::InvalidArgument), (404, Code::NotFound), (409, Code::Aborted)]
        {
            assert_eq!(Code::from_own_status(StatusCode::from_u16(number).unwrap()), code);
        }
    }

    #[test]
    fn every_status_of_an_error_is_an_error() {
        for number in 400..600 {
            let code = Code::from_own_status(StatusCode::from_u16(number).unwrap());
            assert_ne!(code, Code::Ok, "{number}");
        }
    }
}
