//! Mistakes with readiness.

use std::task::{Context, Poll, Waker};

use mainstay_testkit::probe::{Ping, Pong, Probe, ProbeError, ProbeFuture};
use tower::{Service, ServiceExt};

use super::{BoxFuture, ready_of};

/// A service of pings whose `call` is its inner one's.
macro_rules! service {
    ($name:ident, |$this:ident, $cx:ident| $poll_ready:expr) => {
        impl Service<Ping> for $name {
            type Response = Pong;
            type Error = ProbeError;
            type Future = ProbeFuture<Pong>;

            fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ProbeError>> {
                let ($this, $cx) = (self, cx);
                $poll_ready
            }

            fn call(&mut self, request: Ping) -> ProbeFuture<Pong> {
                self.0.call(request)
            }
        }
    };
}

/// The mistake that a `BoxFuture` invites: the clone that goes into it is the one that is called.
#[derive(Clone)]
pub(crate) struct CallsAClone(pub(crate) Probe);

impl Service<Ping> for CallsAClone {
    type Response = Pong;
    type Error = ProbeError;
    type Future = BoxFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ProbeError>> {
        ready_of(&mut self.0, cx)
    }

    fn call(&mut self, request: Ping) -> BoxFuture {
        let mut inner = self.0.clone();
        Box::pin(async move { inner.call(request).await })
    }
}

/// Makes the inner service ready in the future, and says until then that it is.
#[derive(Clone)]
pub(crate) struct NeverAsks(pub(crate) Probe);

impl Service<Ping> for NeverAsks {
    type Response = Pong;
    type Error = ProbeError;
    type Future = BoxFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ProbeError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Ping) -> BoxFuture {
        Box::pin(self.0.clone().oneshot(request))
    }
}

/// Remembers that it is ready, and so do its clones.
#[derive(Clone)]
pub(crate) struct RemembersInClones(Probe, bool);

impl RemembersInClones {
    pub(crate) fn new(inner: Probe) -> Self {
        Self(inner, false)
    }
}

impl Service<Ping> for RemembersInClones {
    type Response = Pong;
    type Error = ProbeError;
    type Future = ProbeFuture<Pong>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ProbeError>> {
        if !self.1 {
            std::task::ready!(ready_of(&mut self.0, cx))?;
            self.1 = true;
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Ping) -> ProbeFuture<Pong> {
        self.1 = false;
        self.0.call(request)
    }
}

/// Asks with a waker that wakes nobody.
#[derive(Clone)]
pub(crate) struct SwallowsWaker(pub(crate) Probe);

service!(SwallowsWaker, |this, _cx| {
    ready_of(&mut this.0, &mut Context::from_waker(Waker::noop()))
});

/// Wakes the task that asked first, however many have asked since.
pub(crate) struct KeepsFirstWaker(Probe, Option<Waker>);

impl KeepsFirstWaker {
    pub(crate) fn new(inner: Probe) -> Self {
        Self(inner, None)
    }
}

impl Clone for KeepsFirstWaker {
    fn clone(&self) -> Self {
        Self::new(self.0.clone())
    }
}

service!(KeepsFirstWaker, |this, cx| {
    let waker = this.1.get_or_insert_with(|| cx.waker().clone());
    let polled = ready_of(&mut this.0, &mut Context::from_waker(waker));
    if polled.is_ready() {
        this.1 = None;
    }
    polled
});

/// Takes a failure for readiness.
#[derive(Clone)]
pub(crate) struct LosesError(pub(crate) Probe);

service!(LosesError, |this, cx| ready_of(&mut this.0, cx).map(|_| Ok(())));

/// Takes a failure for a reason to wait.
#[derive(Clone)]
pub(crate) struct WaitsAfterError(pub(crate) Probe);

service!(WaitsAfterError, |this, cx| match ready_of(&mut this.0, cx) {
    Poll::Ready(Err(_)) => Poll::Pending,
    other => other,
});
