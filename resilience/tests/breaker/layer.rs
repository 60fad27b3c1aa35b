use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::FutureExt;
use mainstay_resilience::Rejected;
use mainstay_resilience::breaker::{CircuitBreaker, CircuitBreakerService, Mode, SlowCalls, State};
use mainstay_resilience::classify::Verdict;
use tower::{Layer, Service, ServiceExt};

use super::{SECOND, at, breaker, counts, fail, quick};

/// Each clone has to be ready before each call. Answers as it is asked to.
#[derive(Debug, Default)]
struct Strict {
    ready: bool,
    asked: Arc<AtomicU32>,
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        Self { ready: false, asked: Arc::clone(&self.asked) }
    }
}

type Answer = Result<u32, &'static str>;

impl Service<Answer> for Strict {
    type Response = u32;
    type Error = &'static str;
    type Future = Ready<Answer>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
        self.asked.fetch_add(1, Relaxed);
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, answer: Answer) -> Self::Future {
        assert!(std::mem::take(&mut self.ready), "it was not ready");
        ready(answer)
    }
}

fn make_ready(service: &mut CircuitBreakerService<Strict>) {
    let ready = service.poll_ready(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(ready, Poll::Ready(Ok(()))));
}

fn call(service: &mut CircuitBreakerService<Strict>, answer: Answer) -> Option<Answer> {
    match service.call(answer).now_or_never().unwrap() {
        Ok(answer) => Some(Ok(answer)),
        Err(Rejected::Inner(error)) => Some(Err(error)),
        Err(Rejected::Rejection(_)) => None,
    }
}

#[tokio::test(start_paused = true)]
async fn a_layer_counts_and_rejects() {
    let breaker = breaker();
    let service = breaker.layer().layer(Strict::default());
    assert_eq!(service.clone().oneshot(Ok(7)).await, Ok(7));
    assert_eq!(counts(&breaker), (1, 0));
    assert_eq!(service.clone().oneshot(Err("down")).await, Err(Rejected::Inner("down")));
    let rejected = service.clone().oneshot(Ok(7)).await.unwrap_err();
    assert_eq!(rejected.rejection().unwrap().wait(), Some(SECOND));
    tokio::time::sleep(SECOND).await;
    assert_eq!(service.oneshot(Ok(8)).await, Ok(8));
    assert_eq!(breaker.status().state, State::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_layer_judges_as_it_is_told() {
    let breaker = breaker();
    let layer = breaker.layer().classify(|result: &Result<u32, &str>| match result {
        Ok(0) => Verdict::failure(),
        Ok(_) => Verdict::success(),
        Err(_) => Verdict::ignored(),
    });
    let service = layer.layer(Strict::default());
    assert!(service.clone().oneshot(Err("busy")).await.is_err());
    assert_eq!(counts(&breaker), (0, 0));
    assert_eq!(service.clone().oneshot(Ok(0)).await, Ok(0));
    assert_eq!(breaker.status().state, State::Open);
}

/// All services of all layers of all clones.
#[tokio::test(start_paused = true)]
async fn clones_are_one_breaker() {
    let breaker = breaker();
    let other = breaker.clone().layer().layer(Strict::default());
    let _ = breaker.layer().layer(Strict::default()).oneshot(Err("down")).await;
    assert!(other.oneshot(Ok(7)).await.unwrap_err().rejection().is_some());
}

/// What was decided when the service became ready holds, whatever has happened since.
#[test]
fn the_decision_of_readiness_is_kept() {
    let breaker = breaker();
    let service = breaker.layer().layer(Strict::default());

    let mut rejected = service.clone();
    breaker.set_mode(Mode::ForcedOpen);
    make_ready(&mut rejected);
    let mut admitted = service.clone();
    breaker.set_mode(Mode::ForcedClosed);
    make_ready(&mut admitted);
    breaker.set_mode(Mode::ForcedOpen);
    breaker.set_mode(Mode::ForcedClosed);

    assert_eq!(call(&mut rejected, Ok(7)), None);
    make_ready(&mut rejected);
    assert_eq!(call(&mut rejected, Ok(7)), Some(Ok(7)));
    breaker.set_mode(Mode::ForcedOpen);
    assert_eq!(call(&mut admitted, Ok(7)), Some(Ok(7)));
    // It holds for one call.
    make_ready(&mut admitted);
    assert_eq!(call(&mut admitted, Ok(7)), None);
}

/// A call that was let through before the breaker opened is no news to it.
#[test]
fn a_decision_of_another_state_counts_nowhere() {
    let breaker = quick().build().unwrap();
    let mut service = breaker.layer().layer(Strict::default());
    make_ready(&mut service);
    fail(&breaker);
    let status = breaker.status();
    assert_eq!(call(&mut service, Ok(7)), Some(Ok(7)));
    assert_eq!((breaker.status(), counts(&breaker)), (status, (0, 0)));
}

/// The inner service is asked as often as the outer one, but never for a rejected call.
#[test]
fn a_clone_of_a_readied_service_is_not_ready() {
    let breaker = breaker();
    let inner = Strict::default();
    let asked = Arc::clone(&inner.asked);
    let mut service = breaker.layer().layer(inner);
    make_ready(&mut service);
    let mut clone = service.clone();
    assert_eq!(asked.load(Relaxed), 1);
    make_ready(&mut clone);
    assert_eq!(asked.load(Relaxed), 2);
    assert_eq!(call(&mut clone, Ok(1)), Some(Ok(1)));
    assert_eq!(call(&mut service, Err("down")), Some(Err("down")));
    make_ready(&mut service);
    assert_eq!((asked.load(Relaxed), at(&breaker).1), (2, State::Open));
    // The decision to reject is not cloned either.
    let mut clone = service.clone();
    breaker.set_mode(Mode::ForcedClosed);
    make_ready(&mut clone);
    assert_eq!(call(&mut clone, Ok(1)), Some(Ok(1)));
    assert_eq!(call(&mut service, Ok(1)), None);
}

/// The time of a call begins with it, and not when its service became ready.
#[tokio::test(start_paused = true)]
async fn slow_calls_count() {
    let rule = SlowCalls::longer_than(SECOND).min_calls(2);
    let breaker = CircuitBreaker::builder("payments").trip(rule).build().unwrap();
    let slow = || breaker.snapshot().counts.slow;
    let takes = |time: Duration| async move {
        tokio::time::sleep(time).await;
        Ok::<_, Infallible>(())
    };
    let mut service = breaker.layer().layer(tower::service_fn(takes));
    service.ready().await.unwrap();
    tokio::time::advance(3 * SECOND).await;
    service.call(SECOND / 2).await.unwrap();
    assert_eq!(slow(), 0);
    let early = breaker.call(takes(SECOND / 2));
    tokio::time::advance(3 * SECOND).await;
    early.await.unwrap();
    assert_eq!((slow(), counts(&breaker)), (0, (2, 0)));

    breaker.call(takes(2 * SECOND)).await.unwrap();
    assert_eq!((slow(), at(&breaker).1), (1, State::Closed));
    service.ready().await.unwrap().call(2 * SECOND).await.unwrap();
    assert_eq!(at(&breaker).1, State::Open);
}

/// Nothing of a service that is dropped or sent away is bound to its thread.
#[tokio::test(start_paused = true)]
async fn a_service_goes_to_other_threads() {
    let breaker = breaker();
    let mut service = breaker.layer().layer(Strict::default());
    make_ready(&mut service);
    let answer = std::thread::spawn(move || call(&mut service, Err("down"))).join().unwrap();
    assert_eq!((answer, at(&breaker).1), (Some(Err("down")), State::Open));
}
