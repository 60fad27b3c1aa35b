//! Limits on time: around a plain future, as a layer, and over the body of a response.
//!
//! # Why
//!
//! A call without a limit holds whatever it holds for as long as the other side is silent. The
//! common ways to set one have a price or a gap: a timer armed for every call, though most are
//! answered at once; an error that hides the inner one; a limit that ends at the headers, while a
//! slow body goes on for hours. Here the timer is armed only when the first poll leaves the call
//! pending, the inner error stays what it is, and the body counts when asked to.
//!
//! ```
//! use http::{Request, Response};
//! use mainstay_resilience::timeout::TimeoutLayer;
//! use std::time::Duration;
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() {
//! let slow = service_fn(|_: Request<String>| async {
//!     tokio::time::sleep(Duration::from_secs(60)).await;
//!     Ok::<_, std::convert::Infallible>(Response::new(String::new()))
//! });
//! // As a client's layer it fails …
//! let client = TimeoutLayer::new(Duration::from_secs(2)).layer(slow);
//! assert!(client.oneshot(Request::default()).await.unwrap_err().rejection().is_some());
//! // … and as a server's it answers.
//! let server = TimeoutLayer::new(Duration::from_secs(2)).respond().layer(slow);
//! assert_eq!(server.oneshot(Request::default()).await.unwrap().status(), 504);
//! # }
//! ```
//!
//! # Where it goes
//!
//! On a client outside of retries it limits the whole call, inside of them each attempt; both are
//! usual. On a server it goes inside of what gives errors their shape.
//!
//! # Cancellation
//!
//! When the time is up the inner future is dropped with this one, by whoever gave up: what it has
//! begun at the other side may still be done.

mod body;
mod error;
mod future;
mod layer;
mod limit;
mod service;

pub use body::{BodyTimeoutFuture, BodyTimeoutLayer, TimeoutBody};
pub use error::Elapsed;
pub use future::{Timed, TimeoutFuture, timeout};
pub use layer::{Limits, TimeoutLayer};
pub use limit::Limit;
pub use service::{BodyTimeout, Timeout};
