//! As a layer around other services, and outside of a runtime: traps 6, 7, 8 and 14.

use std::convert::Infallible;
use std::future::{Pending, Ready, pending, ready};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};

use futures_util::future::join_all;
use mainstay_core::ManualClock;
use mainstay_resilience::Rejected;
use mainstay_resilience::backoff::Backoff;
use mainstay_resilience::breaker::{CircuitBreaker, Mode, SlowCalls, State, Window};
use mainstay_resilience::retry::Retry;
use mainstay_resilience::timeout::timeout;
use tower::buffer::Buffer;
use tower::limit::ConcurrencyLimit;
use tower::{Layer, Service, ServiceExt, service_fn};

use super::{SECOND, counting, counts, fail, quick, state};

/// Takes a while, and fails all but every so many-th call.
#[derive(Clone, Default)]
struct Worker {
    calls: Arc<AtomicU32>,
    running: Arc<AtomicU32>,
}

impl Worker {
    async fn work(self, succeeds: u32) -> Result<u32, &'static str> {
        assert_eq!(self.running.fetch_add(1, Relaxed), 0, "there is only one place");
        tokio::time::sleep(SECOND).await;
        self.running.fetch_sub(1, Relaxed);
        let call = self.calls.fetch_add(1, Relaxed) + 1;
        if call.is_multiple_of(succeeds) { Ok(call) } else { Err("busy") }
    }

    /// With one place: called without having been ready, it panics.
    fn limited(
        &self,
        succeeds: u32,
    ) -> impl Service<u32, Response = u32, Error = &'static str, Future: Send> + Clone + Send + 'static
    {
        let worker = self.clone();
        let service = service_fn(move |_: u32| worker.clone().work(succeeds));
        ConcurrencyLimit::new(service, 1)
    }
}

/// The clone that was ready is the one that is called.
#[tokio::test(start_paused = true)]
async fn trap_06_readiness_is_of_the_clone_that_is_called() {
    let (breaker, worker) = (counting(100).build().unwrap(), Worker::default());
    let service = breaker.layer().layer(worker.limited(1));
    let calls = (0..20).map(|call| tokio::spawn(service.clone().oneshot(call)));
    for call in join_all(calls).await {
        assert!(call.unwrap().is_ok());
    }
    // One after the other, of one service and its clone.
    let mut service = service;
    let first = service.ready().await.unwrap().call(1);
    let mut clone = service.clone();
    let (first, second) = tokio::join!(first, async { clone.ready().await.unwrap().call(2).await });
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(counts(&breaker), (22, 0));
}

/// Each attempt is one of the breaker's calls, and waits for its place.
#[tokio::test(start_paused = true)]
async fn trap_06_retry_around_a_breaker_around_a_limit() {
    let (breaker, worker) = (counting(100).build().unwrap(), Worker::default());
    let retry = Retry::new(Backoff::constant(SECOND)).attempts(2);
    let service = retry.layer().layer(breaker.layer().layer(worker.limited(2)));
    for call in 0..10 {
        assert!(service.clone().oneshot(call).await.is_ok(), "{call}");
    }
    assert_eq!(counts(&breaker), (20, 10));
    // All at once they take turns.
    let calls = join_all((10..20).map(|call| service.clone().oneshot(call))).await;
    assert_eq!(calls.len(), 10);
    assert_eq!(counts(&breaker).0, worker.calls.load(Relaxed));
}

/// It is not ready, ever.
#[derive(Clone)]
struct Stuck;

impl Service<()> for Stuck {
    type Response = ();
    type Error = Infallible;
    type Future = Pending<Result<(), Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Pending
    }

    fn call(&mut self, (): ()) -> Self::Future {
        pending()
    }
}

/// An open breaker rejects at once, whatever is behind it.
#[test]
fn trap_07_readiness_before_admission() {
    let mut cx = Context::from_waker(Waker::noop());
    let breaker = quick().build().unwrap();
    let service = breaker.layer().layer(Stuck);
    assert!(service.clone().poll_ready(&mut cx).is_pending());
    fail(&breaker);
    let mut open = service;
    assert!(open.poll_ready(&mut cx).is_ready());
    let Poll::Ready(Err(Rejected::Rejection(open))) = pin!(open.call(())).poll(&mut cx) else {
        panic!("it was let through");
    };
    assert_eq!(open.state(), State::Open);
}

/// As it went in the router of Apollo (#9034): a task that has used up its turn finds nothing ready, and a layer
/// that takes that for an overload sheds nine tenths of the calls.
#[tokio::test]
async fn trap_08_a_task_that_has_used_up_its_turn_is_no_overload() {
    let breaker = CircuitBreaker::builder("trap").window(Window::calls(2_000)).build().unwrap();
    let buffer = Buffer::new(service_fn(|call: u32| ready(Ok::<_, Infallible>(call))), 100_000);
    let service = breaker.layer().layer(buffer);
    let calls = tokio::spawn(async move {
        let mut service = service;
        let mut calls = Vec::new();
        for call in 0..2_000 {
            calls.push(service.ready().await.unwrap().call(call));
        }
        join_all(calls).await
    });
    for (number, call) in (0..).zip(calls.await.unwrap()) {
        assert_eq!(call.unwrap(), number);
    }
    assert_eq!(counts(&breaker), (2_000, 0));
}

fn ready_at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

/// Outside of a runtime a timer would panic.
#[test]
fn trap_14_a_call_that_is_ready_arms_no_timer() {
    let slow = SlowCalls::longer_than(SECOND);
    let breakers =
        [quick(), quick().trip(slow).window(Window::last(SECOND)), quick().mode(Mode::ForcedOpen)];
    for builder in breakers {
        let breaker = builder.build().unwrap();
        let call = || breaker.call(ready(Ok::<_, Infallible>(7)));
        let is_let_through = breaker.status().mode == Mode::Auto;
        assert_eq!(ready_at_once(call()).is_ok(), is_let_through);
        assert_eq!(ready_at_once(timeout(SECOND, call())).unwrap().is_ok(), is_let_through);
        let service = service_fn(|(): ()| -> Ready<Result<(), Infallible>> { ready(Ok(())) });
        let answer = ready_at_once(breaker.layer().layer(service).oneshot(()));
        assert_eq!(answer.is_ok(), is_let_through);
    }
}

/// Not even to open, to wait and to close again.
#[test]
fn trap_14_a_cycle_needs_no_runtime() {
    let clock = ManualClock::new();
    let breaker = quick().clock(clock.clone()).build().unwrap();
    let call = |answer: Result<(), ()>| ready_at_once(breaker.call(ready(answer)));
    assert_eq!(call(Err(())), Err(Rejected::Inner(())));
    assert!(call(Ok(())).unwrap_err().rejection().is_some());
    clock.advance(SECOND);
    assert!((0..3).all(|_| call(Ok(())).is_ok()));
    assert_eq!(state(&breaker), State::Closed);
}
