use std::error::Error;
use std::future::{Future, ready};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use futures_util::FutureExt;
use mainstay_resilience::breaker::{CircuitBreaker, Config, Open, State};
use mainstay_resilience::classify::Verdict;
use mainstay_resilience::permit::{DropCause, DropWeights};
use mainstay_resilience::{Rejected, Rejection};
use tower::{Layer, Service, service_fn};

use super::{SECOND, at, breaker, counts, quick};

#[derive(Debug, PartialEq, Eq)]
struct Refused(u16);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "refused with {}", self.0)
    }
}

impl Error for Refused {}

fn counting() -> CircuitBreaker {
    CircuitBreaker::builder("payments").config(Config::default().without_rules()).build().unwrap()
}

/// The inner error stays what it is, and the rejection is an error of its own.
#[tokio::test(start_paused = true)]
async fn a_call_fails_as_itself_or_as_rejected() {
    let breaker = breaker();
    let failed = breaker.call(ready(Err::<(), _>(Refused(7)))).await.unwrap_err();
    assert_eq!(failed.to_string(), "refused with 7");
    assert_eq!(failed.source().unwrap().downcast_ref(), Some(&Refused(7)));
    assert_eq!(failed.into_inner(), Some(Refused(7)));

    let rejected = breaker.call(ready(Err::<(), _>(Refused(7)))).await.unwrap_err();
    let open: &Open = rejected.source().unwrap().downcast_ref().unwrap();
    assert_eq!((open.name(), open.state(), open.wait()), ("payments", State::Open, Some(SECOND)));
    assert_eq!((open.http_status().as_u16(), open.retry_after()), (503, Some(SECOND)));
    assert_eq!(rejected.to_string(), "circuit breaker payments is open for 1s");
    assert_eq!(rejected.into_inner(), None);
}

#[tokio::test(start_paused = true)]
async fn a_rejected_call_is_not_begun() {
    let breaker = breaker();
    super::fail(&breaker);
    let mut begun = false;
    let call = breaker.call(async {
        begun = true;
        Ok::<_, ()>(())
    });
    assert!(call.await.is_err());
    assert!(!begun);
}

#[tokio::test(start_paused = true)]
async fn it_goes_round() {
    let breaker = breaker();
    for _ in 0..3 {
        assert_eq!(
            breaker.call(async { Err::<(), _>("down") }).await,
            Err(Rejected::Inner("down"))
        );
        assert_eq!(breaker.status().state, State::Open);
        tokio::time::sleep(SECOND).await;
        let first = breaker.call(async {
            tokio::task::yield_now().await;
            Ok::<_, &str>("up")
        });
        let second = breaker.call(async { Ok::<_, &str>("not called") });
        let (first, second) = tokio::join!(first, second);
        assert_eq!(first, Ok("up"));
        assert_eq!(second.unwrap_err().rejection().unwrap().state(), State::HalfOpen);
        assert_eq!(breaker.status().state, State::Closed);
    }
}

/// The breaker is asked when the future is polled, not when it is made.
#[tokio::test(start_paused = true)]
async fn a_call_that_waits_to_be_polled_is_of_the_time_when_it_is() {
    let breaker = breaker();
    let early = breaker.call(ready(Ok::<_, ()>(())));
    super::fail(&breaker);
    assert!(early.await.unwrap_err().rejection().is_some());
}

#[tokio::test(start_paused = true)]
async fn who_calls_says_what_a_failure_is() {
    let breaker = counting();
    let not_found = |result: &Result<(), Refused>| match result {
        Ok(()) => Verdict::success(),
        Err(Refused(404)) => Verdict::ignored(),
        Err(_) => Verdict::failure(),
    };
    for (answer, expected) in
        [(Ok(()), (1, 0)), (Err(Refused(404)), (1, 0)), (Err(Refused(500)), (2, 1))]
    {
        let _ = breaker.call_with(not_found, ready(answer)).await;
        assert_eq!(counts(&breaker), expected);
    }
}

/// It is known for what it is, and counts where nothing else that is dropped does.
#[tokio::test(start_paused = true)]
async fn a_panic_inside_counts() {
    let weights = DropWeights::DEFAULT.with(DropCause::Unknown, 0.0);
    let config = Config::default().without_rules().drop_weights(weights);
    let breaker = CircuitBreaker::builder("payments").config(config).build().unwrap();
    let call = breaker.call(async { if true { panic!("on purpose") } else { Ok::<(), ()>(()) } });
    assert!(AssertUnwindSafe(call).catch_unwind().await.is_err());
    assert_eq!(counts(&breaker), (1, 1));

    let service = service_fn(async |fails: bool| {
        tokio::task::yield_now().await;
        assert!(!fails, "on purpose");
        Ok::<_, ()>(())
    });
    let mut service = breaker.layer().layer(service);
    let call = service.call(true);
    assert!(AssertUnwindSafe(call).catch_unwind().await.is_err());
    assert_eq!(counts(&breaker), (2, 2));
    // One that panics before there is a future.
    let mut service = breaker.layer().layer(service_fn(|fails: bool| {
        assert!(!fails, "on purpose");
        ready(Ok::<_, ()>(()))
    }));
    assert!(std::panic::catch_unwind(AssertUnwindSafe(|| drop(service.call(true)))).is_err());
    assert_eq!(counts(&breaker), (3, 3));
    assert!(service.call(false).await.is_ok());
    assert_eq!(counts(&breaker), (4, 3));
}

/// Has as many awaits as it is told to.
async fn awaits(times: u32, answer: Result<(), ()>) -> Result<(), ()> {
    for _ in 0..times {
        tokio::task::yield_now().await;
    }
    answer
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls it so often, and drops it.
fn poll_and_drop(future: impl Future<Output = Result<(), Rejected<Open, ()>>>, polls: u32) {
    let mut future = Box::pin(future);
    for _ in 0..polls {
        let _ = poll(future.as_mut());
    }
}

/// Whether it ends or is dropped at any await: it is one call, if it has begun, and no more.
#[tokio::test]
async fn a_call_is_settled_once() {
    const AWAITS: u32 = 4;
    for polls in 0..=AWAITS + 1 {
        let failed = u32::from(polls <= AWAITS);
        let breaker = counting();
        poll_and_drop(breaker.call(awaits(AWAITS, Ok(()))), polls);
        assert_eq!(counts(&breaker), if polls == 0 { (0, 0) } else { (1, failed) }, "{polls}");

        let breaker = counting();
        let mut service = breaker.layer().layer(service_fn(|(): ()| awaits(AWAITS, Ok(()))));
        poll_and_drop(service.call(()), polls);
        assert_eq!(counts(&breaker), (1, failed), "{polls}");
    }
}

/// A probe that is dropped at any await gives its place back, and decides as its drop counts.
#[tokio::test(start_paused = true)]
async fn a_probe_is_settled_once() {
    const AWAITS: u32 = 3;
    for polls in 0..=AWAITS + 1 {
        let breaker = quick().build().unwrap();
        super::fail(&breaker);
        tokio::time::advance(SECOND).await;
        poll_and_drop(breaker.call(awaits(AWAITS, Ok(()))), polls);
        let expected = if polls <= AWAITS { State::Open } else { State::Closed };
        assert_eq!(at(&breaker).1, expected, "{polls}");
    }
}
