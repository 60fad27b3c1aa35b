//! The policies of a client in the right order: one builder for what every HTTP client needs.
//!
//! # Why
//!
//! Each policy is right by itself and the order of them is easily wrong: a breaker outside of the
//! retries counts three failures as one and cannot stop the third; a timeout inside of them limits
//! each attempt and not the call; one outside of them and none inside lets the first attempt eat up
//! all the time. [`ClientStack`] puts them where they belong.
//!
//! ```
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use mainstay_resilience::breaker::CircuitBreaker;
//! use mainstay_resilience::budget::Budget;
//! use mainstay_resilience::retry::{ReplayBody, Retry};
//! use mainstay_resilience::stack::ClientStack;
//! use std::time::Duration;
//! use tower::{ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let http_client = service_fn(|_: Request<ReplayBody<Full<Bytes>>>| async {
//! #     Ok::<_, std::io::Error>(Response::new(Full::<Bytes>::default()))
//! # });
//! let breaker = CircuitBreaker::builder("payments").build()?;
//! let client = ClientStack::http(breaker)
//!     .deadline(Duration::from_secs(5))
//!     .retry(Retry::exponential().attempts(3).budget(Budget::ratio(0.1)))
//!     .attempt_timeout(Duration::from_secs(2))
//!     .service(http_client);
//!
//! let request = Request::get("/charges/7").body(Full::<Bytes>::default())?;
//! assert_eq!(client.oneshot(request).await?.status(), 200);
//! # Ok(())
//! # }
//! ```
//!
//! # The order
//!
//! ```text
//! deadline  →  retry  →  circuit breaker  →  timeout of an attempt  →  client
//! ```
//!
//! 1. The deadline is outermost: it is what the caller was promised, attempts and waits included.
//! 2. The retry is inside of it and knows it: no attempt is begun that the time left does not carry.
//! 3. The breaker is inside of the retry: it sees every attempt, and when it opens it ends them. Its
//!    rejection is not tried again.
//! 4. The timeout of an attempt is inside of the breaker, which counts it as a failure.
//!
//! What adds headers, spans or metrics to a call goes around the stack, and what does so to each
//! attempt goes between it and the client. The pieces are layers of their own and can be stacked
//! by hand in any other order.
//!
//! # Errors
//!
//! [`Refused`] for what the policies reject, whichever it was, and the client's own error as it is.
//!
//! # Cancellation
//!
//! Dropping the response's future drops the attempt that runs. See each of the policies.

mod builder;
mod classify;
mod error;
mod future;
mod service;

pub use builder::ClientStack;
pub use classify::StackClassifier;
pub use error::Refused;
pub use future::ClientFuture;
pub use service::ClientService;
