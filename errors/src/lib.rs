//! One error value, and both of its wire forms: RFC 9457 problem details over HTTP,
//! `google.rpc.Status` over gRPC.
//!
//! # Why
//!
//! An error has two readers who must not be confused. The operator wants all of it: the table,
//! the host, the chain of causes. The client may have none of that, and needs what operators do
//! not: a status, a reason to branch on that never changes, a sentence that helps, the wait
//! before a retry. Where one string serves both, either the client reads the name of a table or
//! the log reads "internal error".
//!
//! Here they are apart by construction. `Display` and the causes are for the log. What the client
//! sees is declared, field by field, next to the variant:
//!
//! ```
//! use mainstay_errors::Fault;
//!
//! #[derive(Debug, thiserror::Error, Fault)]
//! #[fault(domain = "orders.example.com")]
//! enum OrderError {
//!     #[error("order {id} not in {table}")]
//!     #[fault(not_found, reason = "ORDER_NOT_FOUND", message = "There is no order {id}.")]
//!     NotFound { #[fault(public)] id: u64, table: &'static str },
//!
//!     #[error("payment gateway")]
//!     #[fault(unavailable, reason = "PAYMENTS_UNAVAILABLE", message = "Payments are down.",
//!             retry_after = "2s")]
//!     Gateway(#[source] std::io::Error),
//! }
//! ```
//!
//! That is all: with the feature `axum` an `OrderError` is an `IntoResponse`, with the feature
//! `tonic` it turns into a `tonic::Status` by `?`. Over HTTP the first variant is
//!
//! ```text
//! HTTP/1.1 404 Not Found
//! content-type: application/problem+json
//!
//! {"type":"https://orders.example.com/problems/ORDER_NOT_FOUND","title":"Order not found",
//!  "status":404,"detail":"There is no order 7.","instance":"urn:request:8f3a…",
//!  "code":"NOT_FOUND","reason":"ORDER_NOT_FOUND","domain":"orders.example.com",
//!  "metadata":{"id":"7"},"request_id":"8f3a…","trace_id":"4bf92f35…"}
//! ```
//!
//! and over gRPC `grpc-status: 5`, `grpc-message: There is no order 7.` and an `ErrorInfo` with
//! the same reason, domain and metadata in `grpc-status-details-bin`. The name of the table is in
//! the log, and nowhere else.
//!
//! # The parts
//!
//! | part | what for |
//! |---|---|
//! | [`Fault`] and [its derive](derive@Fault) | says what a client sees of an error |
//! | [`Error`], [`ResultExt`] | any fault in two words, made by `?`, with causes and notes |
//! | [`FaultLayer`] | gives every error of a service the one shape, panics and bare 404s too |
//! | [`Problem`], [`GrpcStatus`] | render by hand |
//! | [`RemoteFault`] | reads both forms back, and passes them on when told to |
//! | [`Details`] | `google.rpc` error details: which fields are wrong, which quota is used up |
//! | [`BareFault`] | the fault of an error that is only a status |
//! | [`Catalogue`] | every fault a service can answer with, as JSON |
//!
//! # Errors from elsewhere
//!
//! [`Error`] is made by `?` from any fault. An error that is none enters only by a word that says
//! what it is, so that nothing is classified by accident:
//!
//! ```
//! # use mainstay_errors::{Error, Fault, ResultExt};
//! # #[derive(Debug, thiserror::Error, Fault)]
//! # #[error("bad cursor")]
//! # #[fault(invalid_argument, reason = "BAD_CURSOR", message = "The cursor is not one of ours.")]
//! # struct BadCursor;
//! fn page(cursor: &str, row: &str) -> Result<(u64, u64), Error> {
//!     let cursor = cursor.parse().or_fault(BadCursor)?;    // the client's mistake, its cause kept
//!     let row = row.parse().internal().note("page size")?; // ours: INTERNAL, and a note for the log
//!     Ok((cursor, row))
//! }
//! ```
//!
//! # One shape for the whole service
//!
//! Routers, extractors, timeouts and panics make errors that no handler has seen.
//! [`FaultLayer`] goes around all of them; what it does with each is in its own documentation.
//!
//! ```
//! # mod example {
//! use axum::{Router, routing::get};
//! use mainstay_errors::FaultLayer;
//!
//! fn app() -> Router {
//!     Router::new()
//!         .route("/orders/{id}", get(show))
//!         .layer(FaultLayer::new().domain("orders.example.com"))
//! }
//! # async fn show() {}
//! # }
//! ```
//!
//! The same layer goes into `tonic::transport::Server::builder().layer(…)`: it tells gRPC by the
//! content type.
//!
//! # What stays stable
//!
//! Clients branch on the code, or on reason and domain. [`Code`] and HTTP status travel together
//! and are never derived from one another: a fault with a more exact status (402, 412, 413, 422)
//! tells gRPC about it in `ErrorInfo.metadata` under `httpStatus`. Texts may change.
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `derive` | yes | `#[derive(Fault)]` |
//! | `axum` | no | `IntoResponse` for faults and [`Error`] |
//! | `tonic` | no | conversions into `tonic::Status`, [`RemoteFault`] from one |
//!
//! Without features the crate depends on no framework and on no async runtime. It logs through
//! [`tracing`], with the target `mainstay_errors`.

mod bare;
mod catalogue;
mod convert;
mod details;
mod error;
mod fault;
mod grpc;
mod kind;
mod layer;
mod occurrence;
mod problem;
mod remote;
mod scan;

#[cfg(feature = "axum")]
mod axum;
#[cfg(feature = "tonic")]
mod tonic;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use bare::BareFault;
pub use catalogue::{Catalogue, FaultRow, FaultTable, ReasonConflict};
pub use details::{
    AnyDetail, DebugInfo, Details, FieldViolation, HelpLink, LocalizedMessage, Location,
    PreconditionViolation, QuotaViolation, ResourceInfo,
};
pub use error::{Error, Internal, ResultExt};
pub use fault::{Fault, PublicMessage};
pub use grpc::GrpcStatus;
pub use kind::Kind;
pub use layer::{FaultBody, FaultFuture, FaultLayer, FaultService};
#[doc(no_inline)]
pub use mainstay_core::Code;
pub use occurrence::Occurrence;
pub use problem::Problem;
pub use remote::{Relay, RemoteFault};

/// Makes an error type a [`Fault`](trait@Fault), beside `#[derive(thiserror::Error)]`, which
/// writes the log's side of it.
///
/// # On the type
///
/// | attribute | meaning |
/// |---|---|
/// | `domain = "orders.example.com"`, or `domain = DOMAIN` | who defines the reasons, as text or as a constant; the same for all variants |
/// | `types = "https://errors.example.com/"` | what the problem types' URIs start with; the reason follows. By default `https://DOMAIN/problems/` |
/// | `manual` | leaves the conversions for axum and tonic to you |
///
/// # On a variant, or on a struct
///
/// | attribute | meaning |
/// |---|---|
/// | `not_found`, or another gRPC code in `snake_case` | the code, and the HTTP status that goes with it |
/// | `status = 422` | a more exact HTTP status, 400 to 599 |
/// | `reason = "ORDER_NOT_FOUND"` | what clients branch on: `UPPER_SNAKE`, at most 63 characters, unique in the type |
/// | `message = "There is no order {id}."` | what the client is told; each hole is a public field |
/// | `title = "No such order"` | the problem's title; by default the reason in words |
/// | `retry_after = "2s"` | the wait before a retry: a number and `ms`, `s`, `m` or `h` |
/// | `help = "https://…"` | a page that helps |
/// | `transparent` | nothing of the above: the only field is a fault, which is passed through |
///
/// Code, reason and message have to be there.
///
/// # On a field
///
/// | attribute | meaning |
/// |---|---|
/// | `public` | the client sees it: as metadata under its name in `lowerCamel`, and in the message's holes. It has to be `Display` |
/// | `public = "orderId"` | the same under another key, which a field without a name needs |
/// | `retry_after` | the wait, a `Duration` or an `Option<Duration>` |
/// | `details` | structured [`Details`], best in a box, as they are large |
///
/// Every other field stays inside the process.
///
/// ```
/// use mainstay_errors::{Details, Fault, FieldViolation};
/// use std::time::Duration;
///
/// #[derive(Debug, thiserror::Error, Fault)]
/// #[error("quota of {tenant} used up")]
/// #[fault(resource_exhausted, reason = "QUOTA_USED_UP", message = "The quota of {limit} is used up.")]
/// struct QuotaUsedUp {
///     tenant: String,
///     #[fault(public)]
///     limit: u32,
///     #[fault(retry_after)]
///     refill: Duration,
/// }
///
/// #[derive(Debug, thiserror::Error, Fault)]
/// #[fault(domain = "orders.example.com")]
/// enum CreateError {
///     #[error("{} wrong fields", .0.field_violations.len())]
///     #[fault(invalid_argument, status = 422, reason = "VALIDATION_FAILED",
///             message = "The order is not valid.")]
///     Invalid(#[fault(details)] Box<Details>),
///
///     #[error(transparent)]
///     #[fault(transparent)]
///     Quota(#[from] QuotaUsedUp),
/// }
///
/// let error = CreateError::from(QuotaUsedUp {
///     tenant: "acme".into(),
///     limit: 100,
///     refill: Duration::from_millis(1500),
/// });
/// assert_eq!(error.kind().reason, "QUOTA_USED_UP");
/// assert_eq!(error.retry_after(), Some(Duration::from_millis(1500)));
/// ```
#[cfg(feature = "derive")]
pub use mainstay_errors_macros::Fault;
