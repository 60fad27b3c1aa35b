use std::any::Any;
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use super::body::FaultBody;
use super::config::Config;
use super::render::Renderer;
use super::request::Seen;
use crate::error::BoxError;

pin_project! {
    /// The future of [`FaultService`](crate::FaultService). It never fails.
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct FaultFuture<F> {
        #[pin]
        state: State<F>,
        seen: Seen,
        config: Arc<Config>,
    }
}

pin_project! {
    #[project = StateProjection]
    #[derive(Debug)]
    enum State<F> {
        Running { #[pin] future: F },
        // Taken by the first poll.
        Failed { error: Option<BoxError> },
    }
}

impl<F> FaultFuture<F> {
    pub(super) fn new(future: F, seen: Seen, config: Arc<Config>) -> Self {
        Self { state: State::Running { future }, seen, config }
    }

    pub(super) fn failed(error: BoxError, seen: Seen, config: Arc<Config>) -> Self {
        Self { state: State::Failed { error: Some(error) }, seen, config }
    }
}

impl<F, B, E> Future for FaultFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    E: Into<BoxError>,
    B: Body<Data = Bytes>,
{
    type Output = Result<Response<FaultBody<B>>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let error = match this.state.as_mut().project() {
            StateProjection::Running { future } => match catch(|| future.poll(cx)) {
                Ok(Poll::Pending) => return Poll::Pending,
                Ok(Poll::Ready(Ok(response))) => {
                    let renderer = Renderer { seen: this.seen, config: this.config };
                    return Poll::Ready(Ok(renderer.response(response)));
                }
                Ok(Poll::Ready(Err(error))) => error.into(),
                Err(panicked) => {
                    // What has panicked is not polled again, and its guards run now.
                    this.state.set(State::Failed { error: None });
                    let renderer = Renderer { seen: this.seen, config: this.config };
                    return Poll::Ready(Ok(renderer.panicked(&panicked)));
                }
            },
            StateProjection::Failed { error } => match error.take() {
                Some(error) => error,
                None => return Poll::Pending,
            },
        };
        let renderer = Renderer { seen: this.seen, config: this.config };
        Poll::Ready(Ok(renderer.error(&*error)))
    }
}

/// Runs a step of the inner service; a panic becomes an error.
///
/// The step is asserted to be unwind safe as a thread's end would be: what it left half-done is
/// behind a lock that is poisoned, or in a future that is dropped.
pub(super) fn catch<T>(step: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(step)).map_err(|payload| Panicked::new(&*payload))
}

/// A panic, with its message if it had one.
#[derive(Debug)]
pub(super) struct Panicked(String);

impl Panicked {
    fn new(payload: &(dyn Any + Send)) -> Self {
        let text = payload
            .downcast_ref::<&'static str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned());
        Self(text.unwrap_or_else(|| "no message".to_owned()))
    }
}

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "panic: {}", self.0)
    }
}

impl std::error::Error for Panicked {}
