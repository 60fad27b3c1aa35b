//! Calls that are dropped: trap 5.

use std::convert::Infallible;
use std::future::{Future, Pending, pending};
use std::task::{Context, Waker};
use std::time::Duration;

use mainstay_resilience::breaker::{CircuitBreaker, Config};
use mainstay_resilience::permit::{DropCause, DropWeights, drop_as, dropped_as};
use mainstay_resilience::timeout::{TimeoutLayer, timeout};
use tower::{Layer, ServiceExt, service_fn};

use super::{counting, counts};

const LIMIT: Duration = Duration::from_millis(50);
const CALLS: u32 = 200;

/// By default what is dropped without a reason counts, and a timeout does.
fn breaker() -> CircuitBreaker {
    counting(200).build().unwrap()
}

/// One that counts only what is dropped for this reason, at this weight.
fn only(cause: DropCause, weight: f64) -> CircuitBreaker {
    let none = DropCause::ALL
        .iter()
        .fold(DropWeights::DEFAULT, |weights, cause| weights.with(*cause, 0.0));
    let config = Config::default().without_rules().drop_weights(none.with(cause, weight));
    CircuitBreaker::builder("trap").config(config).build().unwrap()
}

fn hang(breaker: &CircuitBreaker) -> impl Future<Output = bool> + use<> {
    let call = breaker.call(pending::<Result<Infallible, Infallible>>());
    async { call.await.is_ok() }
}

#[tokio::test(start_paused = true)]
async fn trap_05_a_timeout_of_somebody_else() {
    let breaker = breaker();
    for _ in 0..CALLS {
        assert!(tokio::time::timeout(LIMIT, hang(&breaker)).await.is_err());
    }
    assert_eq!(counts(&breaker), (CALLS, CALLS));
}

#[tokio::test(start_paused = true)]
async fn trap_05_our_timeout_says_why() {
    let (all, known) = (breaker(), only(DropCause::TimedOut, 1.0));
    for breaker in [&all, &known] {
        for _ in 0..100 {
            assert!(timeout(LIMIT, hang(breaker)).await.is_err());
        }
        assert_eq!(counts(breaker), (100, 100));
    }
}

#[tokio::test(start_paused = true)]
async fn trap_05_our_timeout_says_why_as_a_layer() {
    let breaker = only(DropCause::TimedOut, 1.0);
    let hang = |(): ()| -> Pending<Result<(), Infallible>> { pending() };
    let service = TimeoutLayer::new(LIMIT).layer(breaker.layer().layer(service_fn(hang)));
    for _ in 0..100 {
        assert!(service.clone().oneshot(()).await.is_err());
    }
    assert_eq!(counts(&breaker), (100, 100));
}

/// The client hung up, or another attempt was faster: that is no fault of the other side, unless
/// somebody says so, and then it counts as much as they say.
#[tokio::test(start_paused = true)]
async fn trap_05_each_reason_has_its_weight() {
    for cause in [DropCause::CallerGone, DropCause::Superseded] {
        let ignoring = breaker();
        for _ in 0..100 {
            abandon(cause, &ignoring).await;
        }
        assert_eq!(counts(&ignoring), (0, 0), "{cause:?}");

        let (weighing, other) = (only(cause, 0.25), only(DropCause::Unknown, 1.0));
        for _ in 0..100 {
            abandon(cause, &weighing).await;
            abandon(cause, &other).await;
        }
        assert_eq!((counts(&weighing), counts(&other)), ((25, 25), (0, 0)), "{cause:?}");
    }
}

/// Drops a call that has begun, in one of two ways.
async fn abandon(cause: DropCause, breaker: &CircuitBreaker) {
    if counts(breaker).0.is_multiple_of(2) {
        let call = dropped_as(cause, hang(breaker));
        assert!(tokio::time::timeout(LIMIT, call).await.is_err());
    } else {
        let mut call = Box::pin(hang(breaker));
        assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        drop_as(cause, call);
    }
}

/// A task that is aborted drops its calls, and they are counted.
#[tokio::test(start_paused = true)]
async fn trap_05_an_aborted_task() {
    let breaker = breaker();
    let task = tokio::spawn(hang(&breaker));
    tokio::task::yield_now().await;
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(counts(&breaker), (1, 1));
}

/// What was never begun is no call.
#[tokio::test(start_paused = true)]
async fn trap_05_a_call_that_was_not_begun() {
    let breaker = breaker();
    drop(hang(&breaker));
    let service = breaker.layer().layer(service_fn(|(): ()| pending::<Result<(), ()>>()));
    drop(service.clone().ready_oneshot().await.unwrap());
    assert_eq!(counts(&breaker), (0, 0));
    // From the call on it is one, polled or not: the inner service has seen the request.
    drop(tower::Service::call(&mut service.ready_oneshot().await.unwrap(), ()));
    assert_eq!(counts(&breaker), (1, 1));
}
