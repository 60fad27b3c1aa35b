//! Mistakes with calls and their futures.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

use mainstay_testkit::probe::{Ping, Pong, Probe, ProbeError};
use tower::{Service, ServiceExt};

use super::{BoxFuture, ready_of};

/// A service whose readiness is its inner one's.
macro_rules! service {
    ($name:ident, |$this:ident, $request:ident| $call:expr) => {
        impl Service<Ping> for $name {
            type Response = Pong;
            type Error = ProbeError;
            type Future = BoxFuture;

            fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ProbeError>> {
                ready_of(&mut self.0, cx)
            }

            fn call(&mut self, $request: Ping) -> BoxFuture {
                let $this = self;
                Box::pin($call)
            }
        }
    };
}

/// Polls a future that has failed once more.
#[derive(Clone)]
pub(crate) struct PollsTwice(pub(crate) Probe);

service!(PollsTwice, |this, request| {
    let mut call = Box::pin(this.0.call(request));
    poll_fn(move |cx| {
        let polled = call.as_mut().poll(cx);
        if matches!(polled, Poll::Ready(Err(_))) {
            let _ = call.as_mut().poll(cx);
        }
        polled
    })
});

/// Calls for each call twice, and takes the first answer.
#[derive(Clone)]
pub(crate) struct CallsTwice(pub(crate) Probe);

service!(CallsTwice, |this, request| {
    let again = this.0.clone().oneshot(request.clone());
    let call = this.0.call(request);
    async move {
        let _ = again.await;
        call.await
    }
});

/// Repeats what has failed, and nobody has asked it to.
#[derive(Clone)]
pub(crate) struct Repeats(pub(crate) Probe);

service!(Repeats, |this, request| {
    let again = this.0.clone();
    let call = this.0.call(request.clone());
    async move {
        match call.await {
            Err(_) => again.oneshot(request).await,
            answered => answered,
        }
    }
});

/// Runs the call in a task of its own, which knows nothing of the caller.
#[derive(Clone)]
pub(crate) struct Spawns(pub(crate) Probe);

service!(Spawns, |this, request| {
    let task = tokio::spawn(this.0.call(request));
    async move {
        match task.await {
            Ok(result) => result,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
});

/// Polls the call with a waker that wakes nobody.
#[derive(Clone)]
pub(crate) struct SwallowsWaker(pub(crate) Probe);

service!(SwallowsWaker, |this, request| {
    let mut call = Box::pin(this.0.call(request));
    poll_fn(move |_| call.as_mut().poll(&mut Context::from_waker(Waker::noop())))
});

/// Gives each caller the number of the call that was made last.
#[derive(Clone)]
pub(crate) struct MixesUp(Probe, Arc<AtomicU64>);

impl MixesUp {
    pub(crate) fn new(inner: Probe) -> Self {
        Self(inner, Arc::default())
    }
}

service!(MixesUp, |this, request| {
    let last = Arc::clone(&this.1);
    last.store(request.0, Ordering::SeqCst);
    let call = this.0.call(request);
    async move { call.await.map(|_| Pong(last.load(Ordering::SeqCst))) }
});

/// Takes a panic for an answer.
#[derive(Clone)]
pub(crate) struct AnswersPanics(pub(crate) Probe);

service!(AnswersPanics, |this, request| {
    let number = request.0;
    let mut call = Box::pin(this.0.call(request));
    poll_fn(move |cx| {
        let polled = catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(cx)));
        polled.unwrap_or(Poll::Ready(Ok(Pong(number))))
    })
});
