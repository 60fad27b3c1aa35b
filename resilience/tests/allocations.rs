//! What calls allocate: nothing.

#![cfg(test)]

use std::convert::Infallible;
use std::future::Ready;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use allocation_counter::measure;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use mainstay_resilience::breaker::{
    CircuitBreaker, CircuitBreakers, Mode, SlowCalls, TripWhen, Window,
};
use mainstay_resilience::budget::Budget;
use mainstay_resilience::classify::Verdict;
use mainstay_resilience::retry::{ReplayBody, Retry};
use mainstay_resilience::stack::ClientStack;
use tower::{Layer, Service};

#[derive(Clone)]
struct Inner;

impl Service<()> for Inner {
    type Response = ();
    type Error = Infallible;
    type Future = Ready<Result<(), Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, (): ()) -> Self::Future {
        std::future::ready(Ok(()))
    }
}

impl Service<Request<ReplayBody<Body>>> for Inner {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<ReplayBody<Body>>) -> Self::Future {
        std::future::ready(Ok(Response::new(Body::new())))
    }
}

/// As axum does: clones the service for the call.
fn call<S: Service<R> + Clone, R: Default>(service: &S) -> bool {
    let mut context = Context::from_waker(Waker::noop());
    let mut service = service.clone();
    assert!(service.poll_ready(&mut context).is_ready());
    let mut future = std::pin::pin!(service.call(R::default()));
    matches!(future.as_mut().poll(&mut context), Poll::Ready(Ok(_)))
}

type Body = Empty<Bytes>;

fn allocations(breaker: &CircuitBreaker, expected: bool) -> u64 {
    let service = breaker.layer().layer(Inner);
    assert_eq!(call::<_, ()>(&service), expected);
    let info = measure(|| (0..100).for_each(|_| assert_eq!(call::<_, ()>(&service), expected)));
    info.count_total
}

#[test]
fn a_breaker_does_not_allocate() {
    let windows = [Window::calls(100), Window::last(Duration::from_secs(10))];
    for window in windows {
        let builder = || CircuitBreaker::builder("payments").window(window);
        assert_eq!(allocations(&builder().build().unwrap(), true), 0);
        let slow = SlowCalls::longer_than(Duration::from_secs(1));
        assert_eq!(allocations(&builder().trip(slow).build().unwrap(), true), 0);
        let own = TripWhen::new(|seen| seen.counts.failed > 10);
        let breaker = builder().trip(own).build().unwrap();
        breaker.try_acquire().unwrap().finish(Verdict::failure());
        assert_eq!(allocations(&breaker, true), 0);
        let forced = builder().mode(Mode::ForcedOpen).build().unwrap();
        assert_eq!(allocations(&forced, false), 0);
    }
}

#[test]
fn a_breaker_with_a_name_made_at_run_time_does_not_allocate() {
    let builder = CircuitBreaker::builder(String::from("payments"));
    let forced = builder.mode(Mode::ForcedOpen).build().unwrap();
    assert_eq!(allocations(&forced, false), 0);
}

/// Once the breaker of the key is there.
#[test]
fn breakers_by_key_do_not_allocate() {
    let tenants = CircuitBreakers::<String>::new(CircuitBreaker::builder("tenants")).unwrap();
    tenants.get("a");
    let info = measure(|| {
        for _ in 0..100 {
            drop(tenants.get("a"));
            tenants.try_acquire("a").unwrap().finish(Verdict::success());
        }
    });
    assert_eq!((info.count_total, tenants.get("a").snapshot().counts.calls), (0, 100));

    let shards = CircuitBreakers::<u8>::new(CircuitBreaker::builder("shards")).unwrap();
    let service = shards.layer_by(|(): &()| 7).layer(Inner);
    assert!(call::<_, ()>(&service));
    let info = measure(|| (0..100).for_each(|_| assert!(call::<_, ()>(&service))));
    assert_eq!(info.count_total, 0);
}

#[test]
fn a_client_stack_does_not_allocate() {
    let breaker = CircuitBreaker::builder("payments").build().unwrap();
    let service = ClientStack::http(breaker)
        .deadline(Duration::from_secs(5))
        .retry(Retry::exponential().budget(Budget::ratio(0.1)))
        .attempt_timeout(Duration::from_secs(2))
        .service(Inner);
    assert!(call::<_, Request<Body>>(&service));
    let info = measure(|| (0..100).for_each(|_| assert!(call::<_, Request<Body>>(&service))));
    assert_eq!(info.count_total, 0);
}
