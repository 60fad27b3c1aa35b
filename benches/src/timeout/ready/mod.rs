//! A call that is answered on its first poll, through a timeout layer: clone of the service,
//! readiness, call and future, as a server does it for each request.
//!
//! Equal work: every layer stands around the same service and is driven by the same function,
//! inside of a runtime, whose timer the peers register with. Nothing strikes.

mod echo;

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use mainstay_resilience::timeout::TimeoutLayer;
use tokio::runtime::{EnterGuard, Runtime};
use tower_layer::Layer;
use tower_resilience_timelimiter::TimeLimiterLayer;
use tower_service::Service;

use crate::{Case, Contender, FLOOR, Goal, MAINSTAY, Operation, operation};
use echo::Echo;

const LIMIT: Duration = Duration::from_secs(10);

pub(super) const CASE: Case = Case {
    name: "ready",
    what: "a timeout layer around a service that is ready at once: clone of the service, \
           readiness, call; the floor is the bare service",
    goals: &[Goal::Allocations(0), Goal::OfBestPeer(0.4)],
    check_same_work,
    contenders: &[
        Contender { who: FLOOR, prepare: || repeat(Echo) },
        Contender { who: MAINSTAY, prepare: || repeat(TimeoutLayer::new(LIMIT).layer(Echo)) },
        Contender {
            who: "tower",
            prepare: || repeat(tower::timeout::TimeoutLayer::new(LIMIT).layer(Echo)),
        },
        Contender { who: "tower-resilience-timelimiter", prepare: || repeat(limited()) },
    ],
};

fn limited() -> impl Service<u64, Response = u64> + Clone + 'static {
    TimeLimiterLayer::builder().timeout_duration(LIMIT).build().layer(Echo)
}

fn repeat<S>(service: S) -> Operation
where
    S: Service<u64, Response = u64> + Clone + 'static,
{
    let entered = enter();
    operation(move || {
        black_box(&entered);
        exchange(&service, black_box(7))
    })
}

/// Makes the thread one of a runtime for as long as the guard lives. To enter takes longer than
/// what is measured, so that it is done once, and the runtime lives as long as the program.
fn enter() -> EnterGuard<'static> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime: &'static Runtime = Box::leak(Box::new(runtime.expect("a runtime with a timer")));
    runtime.enter()
}

#[inline(never)]
fn exchange<S: Service<u64, Response = u64> + Clone>(service: &S, request: u64) -> u64 {
    let mut cx = Context::from_waker(Waker::noop());
    let mut service = service.clone();
    let Poll::Ready(Ok(())) = service.poll_ready(&mut cx) else {
        return 0;
    };
    let future = pin!(service.call(request));
    match Future::poll(future, &mut cx) {
        Poll::Ready(Ok(response)) => response,
        _ => 0,
    }
}

fn check_same_work() {
    let _entered = enter();
    assert_eq!(exchange(&Echo, 7), 8);
    assert_eq!(exchange(&TimeoutLayer::new(LIMIT).layer(Echo), 7), 8);
    assert_eq!(exchange(&tower::timeout::TimeoutLayer::new(LIMIT).layer(Echo), 7), 8);
    assert_eq!(exchange(&limited(), 7), 8);
}
