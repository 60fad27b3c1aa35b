//! Trying again: around a closure, as a layer, and for HTTP and gRPC with their bodies.
//!
//! # Why
//!
//! Most failures of a call are brief, and another attempt a moment later goes well. The same
//! attempts, made by everybody at the moment when a service is down, are what keeps it down. So
//! this is less about trying again than about when not to:
//!
//! - Only what may go better is tried again, which the [classifier](crate::classify) says, and only
//!   what may be sent twice.
//! - What the other side says about coming back is heeded: `Retry-After`, `grpc-retry-pushback-ms`.
//!   Both make a delay longer, never shorter: a server that says 0, or a date that has passed, would
//!   be sent all attempts at once. gRPC's may shorten it by gRFC A6; here it does not.
//! - A [budget](crate::budget) limits the retries of all calls together.
//! - No attempt is begun that the deadline would cut off.
//! - Where retries are nested, the outermost makes them.
//!
//! ```
//! use mainstay_resilience::budget::Budget;
//! use mainstay_resilience::retry::Retry;
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() {
//! // One for each service that is called; clones share the budget.
//! let policy = Retry::exponential().attempts(3).budget(Budget::ratio(0.1));
//!
//! let answer: Result<u32, &str> = policy
//!     .run(async |attempt| if attempt.is_retry() { Ok(42) } else { Err("busy") })
//!     .await;
//! assert_eq!(answer, Ok(42));
//! # }
//! ```
//!
//! As a layer it is [`Retry::layer`] for requests that can be cloned, and [`Retry::http_layer`] for
//! HTTP and gRPC.
//!
//! # Where it goes
//!
//! Inside of the timeout of the whole call, outside of the circuit breaker and of the timeout of
//! each attempt:
//!
//! ```text
//! TimeoutLayer (5 s in all)  →  Retry  →  breaker  →  TimeoutLayer (2 s each)  →  client
//! ```
//!
//! A breaker outside of it would count three failures as one, and could not stop the second and
//! third attempt. A timeout for all attempts inside of it is none.
//!
//! What a breaker or a timeout inside rejects is an error like others, and tried again by default.
//! With [`Rejections`] around the classifier an open breaker ends the call, and a token bucket
//! charges more for a timeout, as it does by [`RetryCall::attempt_timeout`].
//!
//! [`Rejections`]: crate::classify::Rejections
//!
//! # Deadlines
//!
//! Where a call has a [`Deadline`](mainstay_core::Deadline), the durations of the latest 63 attempts
//! are kept, and an attempt for which less is left than their median is not begun: the caller gets
//! the latest result at once. Whether it still fits is asked when it is announced, and again when it
//! is about to begin. In between the service is waited for until then at the longest, and so it is
//! under [`Backoff::max_elapsed`](crate::backoff::Backoff::max_elapsed). Without a deadline no clock is read for this. It comes from
//! [`RetryCall::deadline`], from the extensions of an HTTP request, or from where
//! [`RetryLayer::deadline_by`] says.
//!
//! # Bodies
//!
//! The body of an HTTP request is kept *while* it is sent, and the next attempt sends what was kept
//! before it reads on. Collecting it first would wait for ever for a caller who sends on only when
//! there is an answer, as on a bidirectional stream. A body over the
//! [cap](HttpRetryLayer::body_cap) is sent once, and so is one that fails.
//!
//! A response that is retried is dropped before the next attempt begins. Until then it is kept,
//! for it is the answer if there is no other attempt in the end: the service may fail to become
//! ready. If the service is not ready at once the response is dropped then, as it may well be what
//! the service waits for, where a limit counts calls up to the end of their bodies.
//!
//! With a deadline or a `max_elapsed` a response is not dropped then, as it would be missing when the
//! time is up, and not waited with either, as it may take the place of others meanwhile: it is the
//! answer at once. A call that has failed with an error waits.
//!
//! # gRPC
//!
//! Every call of gRPC is a `POST`, so none is sent again unless it carries an idempotency key or
//! [`HttpRetryLayer::retry_if`] says which methods may be. How a call went is in its trailers. Where
//! those are there together with the head they decide about another attempt; where data comes before
//! them they are waited for by the caller, and no more than the budget's refund depends on them.
//!
//! # Nested retries
//!
//! Three layers of three attempts make 27 calls to a service that is down. Here all but the
//! outermost make one attempt within one task, so that there are 3; an inner policy that
//! [does not mind](Retry::even_when_nested) is excepted. A call that is made once whatever happens,
//! such as a `POST` without a key, does not restrain those inside of it. What is spawned or goes
//! through a `tower::buffer::Buffer` runs in another task, where only the [`Attempt`] in the
//! extensions of an HTTP request is seen, from the second attempt on.
//!
//! From one service to the next the number of attempts travels in
//! [a header](HttpRetryLayer::attempt_header), which [`InboundLayer`] reads there.
//!
//! # Cancellation
//!
//! Dropping the future drops the attempt that runs. Its leave, if it is a retry, is spent; leave
//! for an attempt that had not begun goes back to the budget.
//!
//! # Errors
//!
//! There are none of its own: what comes out is the result of the latest attempt. Only a response
//! that had to be dropped is replaced, by the error with which the service failed to become ready.
//! [`Retry::observe`] is told why there was no other attempt.
//!
//! # Allocations
//!
//! None while calls succeed, but for a request's body that is not empty and the headers of a request
//! that may be sent again. A timer is armed only to wait.

mod attempt;
mod call;
mod core;
mod drive;
mod durations;
mod event;
mod future;
mod http;
mod inbound;
mod layer;
mod nested;
mod policy;
mod replay;
mod rules;
mod run;
mod service;
mod source;
mod ticket;
mod timed;

#[cfg(not(mainstay_loom))]
#[cfg(test)]
mod tests;

pub use attempt::Attempt;
use attempt::GRPC_PREVIOUS_RPC_ATTEMPTS;
pub use call::{RetryCall, retry};
pub use event::{Event, GaveUp};
pub use future::RetryFuture;
pub use http::{
    HttpRetryFuture, HttpRetryLayer, HttpRetryService, MapBody, PeekBody, Unmapped, is_idempotent,
};
pub use inbound::{Inbound, InboundLayer};
pub use layer::{Deadlines, NoDeadline, RetryLayer};
pub use nested::{WithoutRetries, without_retries};
pub use policy::Retry;
pub use replay::{ReplayBody, ReplayError};
pub use run::Run;
pub use service::RetryService;
pub use timed::{TimedCall, TimedRun};
