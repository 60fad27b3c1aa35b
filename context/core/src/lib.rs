//! The words that services share, as types.
//!
//! An error layer, a circuit breaker and a retry policy that were written apart disagree in
//! production: one counts a 499 as a failure and the other does not, one reads `Retry-After` as
//! seconds and the other gives up on a date. This crate is the vocabulary that keeps them
//! together. It holds types and no policy, depends on [`http`] alone, and changes least of all.
//!
//! | word | what it is |
//! |---|---|
//! | [`Code`] | a canonical gRPC code, with its number, name and HTTP status |
//! | [`Outcome`] | how a call counts: success, failure, or not at all |
//! | [`Pushback`] | the other side said when to come back |
//! | [`Deadline`] | an instant in memory, a duration on the wire |
//! | [`RequestId`], [`TraceId`] | which request, which trace |
//! | [`Clock`] | the seam for time; [`ManualClock`] is the one tests drive |
//! | [`is_grpc`] | whether a message speaks gRPC |
//!
//! ```
//! use mainstay_core::{Code, Pushback};
//! use std::time::Duration;
//!
//! assert_eq!(Code::NotFound.http_status(), 404);
//! assert_eq!(Code::from_name("NOT_FOUND"), Some(Code::NotFound));
//!
//! let mut headers = http::HeaderMap::new();
//! headers.insert("retry-after", "3".parse()?);
//! let now = std::time::UNIX_EPOCH; // only a `Retry-After` in date form looks at it
//! assert_eq!(Pushback::from_headers(&headers, now), Some(Pushback::After(Duration::from_secs(3))));
//! # Ok::<(), http::header::InvalidHeaderValue>(())
//! ```

mod clock;
mod code;
mod deadline;
mod grpc;
mod http_date;
mod outcome;
mod pushback;
mod request_id;
mod trace_id;

pub use clock::{Clock, ManualClock, SystemClock};
pub use code::Code;
pub use deadline::{Deadline, InvalidTimeout};
pub use grpc::is_grpc;
pub use outcome::Outcome;
pub use pushback::Pushback;
pub use request_id::{InvalidRequestId, RequestId};
pub use trace_id::TraceId;
