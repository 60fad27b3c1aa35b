use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::Body;
use tower_service::Service;

use super::body::ProbeBody;
use super::error::ProbeError;
use super::future::ProbeFuture;
use super::handle::Handle;
use super::message::{self, BoxError, Ping, Pong};
use super::state::Shared;

/// The service inside the layer under test, which watches how it is treated.
///
/// It takes [`Ping`] and [`http::Request`]. Being ready is a reservation that belongs to the value
/// that gave it: a call spends it, a drop gives it back, a clone has none. What is against the
/// contract is recorded: a call of a value that is not ready, a poll of a future that has ended, a
/// request that was altered on the way.
///
/// ```
/// use std::future::poll_fn;
///
/// use mainstay_testkit::probe::{Ping, Pong, Probe};
/// use tower_service::Service;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let (mut probe, handle) = Probe::pair();
/// poll_fn(|cx| Service::<Ping>::poll_ready(&mut probe, cx)).await.unwrap();
/// assert_eq!(probe.call(Ping(1)).await, Ok(Pong(1)));
/// assert!(handle.violations().is_empty());
///
/// drop(probe.call(Ping(2)));
/// assert_eq!(handle.violations().len(), 1); // it was not ready again
/// # }
/// ```
#[derive(Debug)]
pub struct Probe {
    shared: Arc<Shared>,
    key: u64,
    ready: bool,
}

impl Probe {
    /// A probe, and the handle to it and all its clones.
    pub fn pair() -> (Self, Handle) {
        let shared = Arc::new(Shared::default());
        let handle = Handle::new(Arc::clone(&shared));
        handle.reply(super::Reply::Respond);
        (Self::value(shared), handle)
    }

    fn value(shared: Arc<Shared>) -> Self {
        let key = shared.with(|state| {
            state.counts.values += 1;
            state.key()
        });
        Self { shared, key, ready: false }
    }

    fn poll(&mut self, cx: &Context<'_>) -> Poll<Result<(), ProbeError>> {
        if self.ready {
            return Poll::Ready(Ok(()));
        }
        let polled = self.shared.with(|state| state.reserve(self.key, cx));
        self.ready = matches!(polled, Poll::Ready(Ok(())));
        polled
    }

    /// Spends the reservation. Says under which key the call runs.
    fn begin(&mut self, number: u64) -> u64 {
        let was_ready = std::mem::take(&mut self.ready);
        self.shared.with(|state| {
            if was_ready {
                state.counts.reserved -= 1;
            } else {
                state.violated(format!("call {number} came to a value that was not ready"));
            }
            state.begin(number)
        })
    }
}

/// A clone has no reservation, and waits for nothing.
impl Clone for Probe {
    fn clone(&self) -> Self {
        Self::value(Arc::clone(&self.shared))
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.shared.with(|state| {
            state.counts.values -= 1;
            state.forget(self.key);
            if self.ready {
                state.counts.reserved -= 1;
                state.counts.released += 1;
                state.wake_waiting();
            }
        });
    }
}

impl Service<Ping> for Probe {
    type Response = Pong;
    type Error = ProbeError;
    type Future = ProbeFuture<Pong>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ProbeError>> {
        self.poll(cx)
    }

    fn call(&mut self, Ping(number): Ping) -> Self::Future {
        let key = self.begin(number);
        let read = Box::pin(std::future::ready(Ok(())));
        ProbeFuture::new(Arc::clone(&self.shared), key, number, read)
    }
}

impl<B> Service<http::Request<B>> for Probe
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = http::Response<ProbeBody>;
    type Error = ProbeError;
    type Future = ProbeFuture<http::Response<ProbeBody>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ProbeError>> {
        self.poll(cx)
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let (number, read) = message::read_request(request);
        let key = self.begin(number);
        ProbeFuture::new(Arc::clone(&self.shared), key, number, read)
    }
}
