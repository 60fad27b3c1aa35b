//! Middlewares with one mistake each. Most of these mistakes have been published.

pub(crate) mod calls;
pub(crate) mod limits;
pub(crate) mod messages;
pub(crate) mod readiness;

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use mainstay_testkit::probe::{Ping, Pong, Probe, ProbeError};
use tower::Service;

/// Boxed, as these are about mistakes and not about futures.
pub(crate) type BoxFuture<T = Pong, E = ProbeError> =
    Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

/// The probe's readiness; it is that of two services in one.
fn ready_of(probe: &mut Probe, cx: &mut Context<'_>) -> Poll<Result<(), ProbeError>> {
    Service::<Ping>::poll_ready(probe, cx)
}
