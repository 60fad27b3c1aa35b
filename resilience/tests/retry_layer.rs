//! The retry as a layer: readiness, clones, what is kept of results, nested retries.

#![cfg(test)]

use std::cell::Cell;
use std::convert::Infallible;
use std::future::{Future, Ready, poll_fn, ready};
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use http::{HeaderName, Request, Response};
use http_body_util::Empty;
use mainstay_core::Deadline;
use mainstay_resilience::Rejected;
use mainstay_resilience::backoff::Backoff;
use mainstay_resilience::breaker::{CircuitBreaker, Consecutive};
use mainstay_resilience::budget::{Budget, Tokens};
use mainstay_resilience::classify::{AnyError, Rejections, Verdict};
use mainstay_resilience::retry::{
    Attempt, Event, GaveUp, InboundLayer, Retry, retry, without_retries,
};
use mainstay_resilience::timeout::TimeoutLayer;
use tokio::time::{Instant, sleep};
use tower::limit::ConcurrencyLimit;
use tower::{Layer, Service, ServiceExt, service_fn};

const DELAY: Duration = Duration::from_millis(100);

fn policy() -> Retry {
    Retry::new(Backoff::constant(DELAY)).attempts(3)
}

fn now() -> std::time::Instant {
    Instant::now().into_std()
}

/// Fails until it was called so often. Its readiness is good for one call, and can fail.
struct Fragile {
    calls: Arc<AtomicU32>,
    ready: bool,
    failures: u32,
    readiness_fails_after: u32,
}

impl Fragile {
    fn new(failures: u32) -> Self {
        Self { calls: Arc::default(), ready: false, failures, readiness_fails_after: u32::MAX }
    }
}

impl Clone for Fragile {
    fn clone(&self) -> Self {
        Self { calls: Arc::clone(&self.calls), ready: false, ..*self }
    }
}

impl Service<u32> for Fragile {
    type Response = u32;
    type Error = &'static str;
    type Future = Ready<Result<u32, &'static str>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
        if self.calls.load(Relaxed) >= self.readiness_fails_after {
            return Poll::Ready(Err("not ready"));
        }
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: u32) -> Self::Future {
        assert!(std::mem::take(&mut self.ready), "it was not ready");
        let number = self.calls.fetch_add(1, Relaxed);
        ready(if number < self.failures { Err("busy") } else { Ok(request) })
    }
}

#[tokio::test(start_paused = true)]
async fn it_calls_again_what_is_ready_again() {
    let service = policy().layer().layer(Fragile::new(2));
    let start = Instant::now();
    assert_eq!(service.oneshot(7).await, Ok(7));
    assert_eq!(start.elapsed(), 2 * DELAY);
    assert_eq!(policy().layer().layer(Fragile::new(3)).oneshot(7).await, Err("busy"));
}

/// The call ends as the attempt before, and the leave goes to somebody else.
#[tokio::test(start_paused = true)]
async fn a_service_that_fails_to_become_ready_ends_the_call() {
    let budget = Budget::new(Tokens::DEFAULT.capacity(20));
    let reasons = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&reasons);
    let policy = policy().budget(budget.clone()).observe(move |event| {
        if let Event::GaveUp { reason, .. } = event {
            told.lock().unwrap().push(*reason);
        }
    });
    let inner = Fragile { readiness_fails_after: 2, ..Fragile::new(9) };
    assert_eq!(policy.layer().layer(inner).oneshot(7).await, Err("busy"));
    assert_eq!(*reasons.lock().unwrap(), [GaveUp::NotReady]);
    assert_eq!(budget.remaining(now()), 3);
}

/// tower-resilience#286 and seatbelt: a clone that nobody has asked was called, and panicked.
#[tokio::test(start_paused = true)]
async fn trap_06_a_concurrency_limit_is_ready_for_every_attempt() {
    let limited = ConcurrencyLimit::new(Fragile::new(4), 1);
    let mut service = policy().attempts(4).layer().layer(limited);
    assert_eq!(service.ready().await.unwrap().call(7).await, Err("busy"));
    assert_eq!(service.ready().await.unwrap().call(7).await, Ok(7));
    let clone = service.clone();
    assert_eq!(clone.oneshot(8).await, Ok(8));
}

/// One place, which a response keeps until it is dropped.
#[derive(Clone, Default)]
struct OnePlace {
    taken: Arc<Mutex<(bool, Option<Waker>)>>,
    calls: Arc<AtomicU32>,
}

struct Kept {
    number: u32,
    taken: Arc<Mutex<(bool, Option<Waker>)>>,
}

impl Drop for Kept {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap();
        taken.0 = false;
        if let Some(waiting) = taken.1.take() {
            waiting.wake();
        }
    }
}

impl Service<()> for OnePlace {
    type Response = Kept;
    type Error = Infallible;
    type Future = Ready<Result<Kept, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        let mut taken = self.taken.lock().unwrap();
        if taken.0 {
            taken.1 = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, (): ()) -> Self::Future {
        self.taken.lock().unwrap().0 = true;
        let number = self.calls.fetch_add(1, Relaxed) + 1;
        ready(Ok(Kept { number, taken: Arc::clone(&self.taken) }))
    }
}

/// Or a limit that counts calls up to the end of their bodies would wait for ever.
#[tokio::test(start_paused = true)]
async fn a_response_is_not_in_the_way_of_the_next_attempt() {
    let policy = policy().classify(|result: &Result<Kept, Infallible>| match result {
        Ok(response) if response.number < 3 => Verdict::transient(),
        Ok(_) | Err(_) => Verdict::success(),
    });
    let service = policy.layer().layer(OnePlace::default());
    assert_eq!(service.oneshot(()).await.unwrap().number, 3);
}

/// After each call it is ready only so long after the start.
#[derive(Clone)]
struct Slow {
    ready_at: Instant,
    calls: Arc<AtomicU32>,
    waiting: Arc<Mutex<Option<std::pin::Pin<Box<tokio::time::Sleep>>>>>,
    answer: Result<u32, &'static str>,
}

impl Slow {
    fn new(busy: Duration, answer: Result<u32, &'static str>) -> Self {
        let ready_at = Instant::now() + busy;
        Self { ready_at, calls: Arc::default(), waiting: Arc::default(), answer }
    }
}

impl Service<()> for Slow {
    type Response = u32;
    type Error = &'static str;
    type Future = Ready<Result<u32, &'static str>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
        if self.calls.load(Relaxed) == 0 {
            return Poll::Ready(Ok(()));
        }
        let mut waiting = self.waiting.lock().unwrap();
        let ready =
            waiting.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(self.ready_at)));
        ready.as_mut().poll(cx).map(Ok)
    }

    fn call(&mut self, (): ()) -> Self::Future {
        self.calls.fetch_add(1, Relaxed);
        ready(self.answer)
    }
}

/// A service that is ready only after a minute was sent an attempt after a minute, whatever the
/// deadline: now the call ends as the attempt before when none may begin any more.
#[tokio::test(start_paused = true)]
async fn trap_no_attempt_begins_after_the_deadline_that_the_wait_for_readiness_used_up() {
    const LIMIT: Duration = Duration::from_secs(5);
    let backoff = Backoff::constant(DELAY).attempts(3);
    for (answer, busy, timed, deadline, took, calls, reason) in [
        (Err("busy"), 60, false, true, 5_000, 1, GaveUp::Deadline),
        (Err("busy"), 60, true, false, 5_000, 1, GaveUp::MaxElapsed),
        (Err("busy"), 4, true, true, 4_100, 3, GaveUp::Attempts),
        (Err("busy"), 60, false, false, 60_100, 3, GaveUp::Attempts),
        // A response may be what the service waits for: with a limit there is no wait with it.
        (Ok(503), 60, false, true, 100, 1, GaveUp::NotReady),
        (Ok(503), 60, true, false, 100, 1, GaveUp::NotReady),
        (Ok(503), 60, false, false, 60_100, 3, GaveUp::Attempts),
        (Ok(503), 0, true, true, 200, 3, GaveUp::Attempts),
    ] {
        let reasons = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&reasons);
        let budget = Budget::new(Tokens::DEFAULT.capacity(20));
        let timed = if timed { backoff.max_elapsed(LIMIT) } else { backoff };
        let policy = Retry::new(timed).budget(budget.clone()).observe(move |event| {
            if let Event::GaveUp { reason, .. } = event {
                told.lock().unwrap().push(*reason);
            }
        });
        let policy = policy.classify(|_: &Result<u32, &str>| Verdict::transient());
        let start = Instant::now();
        let deadline = deadline.then(|| Deadline::after(now(), LIMIT));
        let service = Slow::new(Duration::from_secs(busy), answer);
        let made = Arc::clone(&service.calls);
        let layer = policy.layer().deadline_by(move |(): &()| deadline);
        assert_eq!(layer.layer(service).oneshot(()).await, answer);
        assert_eq!(*reasons.lock().unwrap(), [reason], "{answer:?} {busy}");
        assert_eq!(made.load(Relaxed), calls, "{answer:?} {busy} {reason}");
        let elapsed = start.elapsed().as_millis();
        assert!((took..=took + 1).contains(&elapsed), "{elapsed} {answer:?} {busy} {reason}");
        // Leave for what was not made goes back.
        assert_eq!(budget.remaining(now()), u64::from(4 - (calls - 1)));
    }
}

/// It was ready at once, but the wait itself took longer than was announced.
#[tokio::test(start_paused = true)]
async fn no_attempt_begins_that_was_waited_for_too_long() {
    for late in [false, true] {
        let inner = Fragile::new(9);
        let calls = Arc::clone(&inner.calls);
        let deadline = Deadline::after(now(), 3 * DELAY);
        let layer = policy().layer().deadline_by(move |_: &u32| Some(deadline));
        let mut call = pin!(layer.layer(inner).oneshot(7));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(call.as_mut().poll(&mut cx).is_pending());
        tokio::time::advance(if late { 30 } else { 1 } * DELAY).await;
        assert_eq!(call.await, Err("busy"));
        assert_eq!(calls.load(Relaxed), if late { 1 } else { 3 });
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_comes_from_where_it_is_said() {
    let slow = service_fn(|_: Deadline| async {
        sleep(10 * DELAY).await;
        Err::<(), _>(())
    });
    let layer = policy().layer().deadline_by(|deadline: &Deadline| Some(*deadline));
    for (left, took) in [(100, 32), (21, 21), (20, 10), (5, 10)] {
        let start = Instant::now();
        let deadline = Deadline::after(now(), left * DELAY);
        assert_eq!(layer.layer(slow).oneshot(deadline).await, Err(()));
        assert_eq!(start.elapsed(), took * DELAY, "{left}");
    }
}

/// What a timeout inside rejects is an error like others.
#[tokio::test(start_paused = true)]
async fn a_timeout_inside_limits_each_attempt() {
    let calls = AtomicU32::new(0);
    let hangs_once = service_fn(|(): ()| {
        let first = calls.fetch_add(1, Relaxed) == 0;
        async move {
            sleep(if first { 60 * DELAY } else { DELAY / 2 }).await;
            Ok::<_, Infallible>(())
        }
    });
    let start = Instant::now();
    let inner = TimeoutLayer::new(DELAY).layer(hangs_once);
    assert_eq!(policy().layer().layer(inner).oneshot(()).await, Ok(()));
    assert_eq!(start.elapsed().as_millis(), 100 + 100 + 50);
    let hangs = service_fn(|(): ()| std::future::pending::<Result<(), Infallible>>());
    let inner = TimeoutLayer::new(DELAY).layer(hangs);
    let end = policy().layer().layer(inner).oneshot(()).await;
    assert!(matches!(end, Err(Rejected::Rejection(_))));
}

/// And may be charged as a timeout.
#[tokio::test(start_paused = true)]
async fn what_a_timeout_cuts_off_may_cost_more() {
    let hangs = service_fn(|(): ()| std::future::pending::<Result<(), Infallible>>());
    let inner = TimeoutLayer::new(DELAY);
    let tokens = Tokens::DEFAULT.capacity(20);
    for (told_apart, left) in [(false, 2), (true, 0)] {
        let budget = Budget::new(tokens);
        let policy = policy().budget(budget.clone());
        let inner = inner.layer(hangs);
        let end = if told_apart {
            policy.classify(Rejections(AnyError)).layer().layer(inner).oneshot(()).await
        } else {
            policy.layer().layer(inner).oneshot(()).await
        };
        assert!(end.is_err());
        assert_eq!(budget.remaining(now()), left);
    }
}

/// An open breaker ends the attempts, where it is told from other failures.
#[tokio::test(start_paused = true)]
async fn an_open_breaker_ends_the_attempts() {
    let (calls, inner) = (AtomicU32::new(0), TimeoutLayer::new(DELAY));
    let breaker = CircuitBreaker::builder("down").trip(Consecutive::failures(2)).build().unwrap();
    let policy = policy().attempts(9).classify(Rejections(AnyError));
    let hangs = service_fn(|(): ()| {
        calls.fetch_add(1, Relaxed);
        std::future::pending::<Result<(), Infallible>>()
    });
    let service = policy.layer().layer(breaker.layer().layer(inner.layer(hangs)));
    let start = Instant::now();
    let Err(Rejected::Rejection(_open)) = service.oneshot(()).await else {
        panic!("the breaker is not open");
    };
    assert_eq!(calls.load(Relaxed), 2);
    assert_eq!(start.elapsed(), 4 * DELAY);
}

fn down(calls: &AtomicU32) -> impl Service<(), Response = (), Error = (), Future: Send> + Clone {
    service_fn(move |(): ()| {
        calls.fetch_add(1, Relaxed);
        ready(Err(()))
    })
}

/// tower-resilience: 27 calls of a service that is down.
#[tokio::test(start_paused = true)]
async fn trap_nested_retries_multiply_nothing() {
    let calls = AtomicU32::new(0);
    let (inner, middle, outer) = (policy().layer(), policy().layer(), policy().layer());
    let nested = outer.layer(middle.layer(inner.layer(down(&calls))));
    assert_eq!(nested.clone().oneshot(()).await, Err(()));
    assert_eq!(calls.swap(0, Relaxed), 3);
    // And as closures, also through a layer.
    let around = policy();
    let end = around.run(|_| nested.clone().oneshot(())).await;
    assert_eq!((end, calls.swap(0, Relaxed)), (Err(()), 3));
    let end = around.run(|_| around.run(|_| around.run(|_| down(&calls).oneshot(())))).await;
    assert_eq!((end, calls.swap(0, Relaxed)), (Err(()), 3));
    // It is over when the outer call is.
    assert_eq!(nested.oneshot(()).await, Err(()));
    assert_eq!(calls.swap(0, Relaxed), 3);
    // One that does not mind.
    let both = policy().layer().layer(policy().even_when_nested().layer().layer(down(&calls)));
    assert_eq!(both.oneshot(()).await, Err(()));
    assert_eq!(calls.load(Relaxed), 9);
}

/// A call that is made once restrains nobody.
#[tokio::test(start_paused = true)]
async fn who_does_not_retry_restrains_nobody() {
    let calls = AtomicU32::new(0);
    let once = policy().attempts(1).layer();
    assert_eq!(once.layer(policy().layer().layer(down(&calls))).oneshot(()).await, Err(()));
    assert_eq!(calls.swap(0, Relaxed), 3);
    let (once, inner) = (policy().attempts(1), policy());
    let end = once.run(|_| inner.run(|_| down(&calls).oneshot(()))).await;
    assert_eq!((end, calls.load(Relaxed)), (Err(()), 3));
}

/// The last attempt is sent the request itself, and one that is the only one needs no clone.
#[tokio::test(start_paused = true)]
async fn a_request_is_cloned_for_other_attempts_only() {
    struct Counts(Arc<AtomicU32>);
    impl Clone for Counts {
        fn clone(&self) -> Self {
            self.0.fetch_add(1, Relaxed);
            Self(Arc::clone(&self.0))
        }
    }
    let clones = Arc::new(AtomicU32::new(0));
    for (attempts, cloned) in [(3, 2), (1, 0)] {
        let fails = service_fn(|_: Counts| ready(Err::<(), _>(())));
        let service = policy().attempts(attempts).layer().layer(fails);
        let _ = service.oneshot(Counts(Arc::clone(&clones))).await;
        assert_eq!(clones.swap(0, Relaxed), cloned, "{attempts}");
    }
}

/// Two calls that take turns in one task: only one of them is inside of a retry.
#[tokio::test(start_paused = true)]
async fn calls_beside_a_retry_are_not_nested() {
    let calls = AtomicU32::new(0);
    let policy = policy();
    let within = without_retries(policy.run(|_| async {
        tokio::task::yield_now().await;
        down(&calls).oneshot(()).await
    }));
    let beside = policy.run(|_| async {
        tokio::task::yield_now().await;
        down(&calls).oneshot(()).await
    });
    let _ = tokio::join!(within, beside);
    assert_eq!(calls.load(Relaxed), 1 + 3);
}

/// A call that is over leaves the mark of the one around it.
#[tokio::test(start_paused = true)]
async fn a_call_after_another_is_nested_as_well() {
    let stubborn = policy().even_when_nested();
    let made = without_retries(async {
        let _ = stubborn.run(async |_| Ok::<_, ()>(())).await;
        policy().run(async |attempt| Err::<(), _>(attempt.number())).await
    });
    assert_eq!(made.await, Err(1));
}

/// The mark of a nested call is taken away also where the call panics.
#[tokio::test(start_paused = true)]
async fn a_panic_leaves_no_mark() {
    let policy = policy();
    let call = pin!(policy.run(|_| async { panic!("within") as Result<(), ()> }));
    let mut call = std::panic::AssertUnwindSafe(call);
    let mut cx = Context::from_waker(Waker::noop());
    let polled = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        call.0.as_mut().poll(&mut cx).is_ready()
    }));
    assert!(polled.is_err());
    let made = policy.run(async |attempt| Err::<(), _>(attempt.number())).await;
    assert_eq!(made, Err(3));
}

/// Within a service that was sent a retry, nothing is tried again.
#[tokio::test(start_paused = true)]
async fn a_retry_from_outside_restrains_those_within() {
    const HEADER: HeaderName = HeaderName::from_static("x-previous-attempts");
    let calls = AtomicU32::new(0);
    let handler = service_fn(|request: Request<()>| {
        let attempt = request.extensions().get::<Attempt>().map(|it| it.number());
        let call = policy().layer().layer(down(&calls)).oneshot(());
        async move {
            call.await.unwrap_err();
            Ok::<_, Infallible>(Response::new(attempt))
        }
    });
    let service = InboundLayer::new().header(HEADER).layer(handler);
    let request =
        |name: &str, value: &str| Request::builder().header(name, value).body(()).unwrap();
    let grpc = "grpc-previous-rpc-attempts";
    for (name, value, made, attempt) in [
        ("x-other", "1", 3, None),
        (HEADER.as_str(), "0", 3, None),
        (HEADER.as_str(), "1", 1, Some(2)),
        (HEADER.as_str(), "often", 3, None),
        (grpc, "2", 1, Some(3)),
    ] {
        let response = service.clone().oneshot(request(name, value)).await.unwrap();
        assert_eq!(response.into_body(), attempt, "{name}: {value}");
        assert_eq!(calls.swap(0, Relaxed), made, "{name}: {value}");
    }
}

/// Also where the service retries itself, and is only called within.
#[tokio::test(start_paused = true)]
async fn a_retry_from_outside_restrains_a_service_that_retries() {
    let calls = AtomicU32::new(0);
    let fails = service_fn(|_: Request<()>| {
        calls.fetch_add(1, Relaxed);
        ready(Err::<(), _>(()))
    });
    let service = InboundLayer::new().layer(policy().layer().layer(fails));
    for (previous, made) in [(0, 3), (1, 1)] {
        let request = Request::builder().header("grpc-previous-rpc-attempts", previous);
        assert_eq!(service.clone().oneshot(request.body(()).unwrap()).await, Err(()));
        assert_eq!(calls.swap(0, Relaxed), made);
    }
}

/// A service in use is a clone, made ready and called once; none of that allocates.
#[test]
fn success_allocates_nothing() {
    let mut cx = Context::from_waker(Waker::noop());
    for budget in [Budget::ratio(0.1), Budget::tokens()] {
        let ok = service_fn(|(): ()| ready(Ok::<_, Infallible>(())));
        let service = policy().budget(budget.clone()).layer().layer(ok);
        let ok = service_fn(|_| ready(Ok::<_, Infallible>(Response::new(Empty::<&[u8]>::new()))));
        let http = policy().budget(budget).http_layer().layer(ok);
        let counted = allocation_counter::measure(|| {
            let mut service = service.clone();
            assert!(service.poll_ready(&mut cx).is_ready());
            assert!(pin!(service.call(())).poll(&mut cx).is_ready());
            let mut http = http.clone();
            assert!(http.poll_ready(&mut cx).is_ready());
            let request = Request::new(Empty::<&[u8]>::new());
            assert!(pin!(http.call(request)).poll(&mut cx).is_ready());
        });
        assert_eq!(counted.count_total, 0);
    }
}

/// The future is dropped at every await; leave for an attempt that was not made goes back.
#[tokio::test(start_paused = true)]
async fn dropped_at_any_await_it_settles_its_leave() {
    for polls in 0..6 {
        let budget = Budget::new(Tokens::DEFAULT.capacity(20));
        let begun = Cell::new(0);
        let inner = service_fn(|(): ()| {
            begun.set(begun.get() + 1);
            async {
                tokio::task::yield_now().await;
                Err::<(), _>(())
            }
        });
        let mut service = policy().budget(budget.clone()).layer().layer(inner);
        poll_fn(|cx| service.poll_ready(cx)).await.unwrap();
        let mut call = Box::pin(service.call(()));
        for _ in 0..polls {
            let mut cx = Context::from_waker(Waker::noop());
            assert!(call.as_mut().poll(&mut cx).is_pending());
            tokio::time::advance(2 * DELAY).await;
        }
        drop(call);
        assert_eq!(budget.remaining(now()), 4 - (begun.get() - 1), "{polls}");
    }
}

/// The policy of a call and of a layer is the same value.
#[tokio::test(start_paused = true)]
async fn a_policy_is_shared_by_calls_and_layers() {
    let policy = policy().budget(Tokens::DEFAULT.capacity(10));
    let calls = AtomicU32::new(0);
    let _ = policy.clone().layer().layer(down(&calls)).oneshot(()).await;
    let made = retry(&policy).run(async |attempt| Err::<(), _>(attempt.number())).await;
    assert_eq!((calls.load(Relaxed), made), (3, Err(1)));
}
