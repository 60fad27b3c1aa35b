//! Half-open: traps 2, 3, 4 and 9.

use std::cell::Cell;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use mainstay_resilience::breaker::{HalfOpen, State, Window};
use mainstay_resilience::classify::Verdict;
use tower::{Layer, Service, service_fn};

use super::{SECOND, fail, quick, state, succeed, waited};

/// The window is shorter than what the probes take, and they are counted all the same.
#[test]
fn trap_02_half_open_lock_out() {
    let length = Duration::from_millis(200);
    for half_open in [HalfOpen::consecutive(3).at_once(1), HalfOpen::rate(3, 0.5).at_once(1)] {
        let (breaker, clock) = waited(quick().window(Window::last(length)).half_open(half_open));
        for _ in 0..3 {
            let probe = breaker.try_acquire().unwrap();
            assert_eq!(state(&breaker), State::HalfOpen);
            clock.advance(length / 2);
            probe.finish(Verdict::success());
            clock.advance(length);
        }
        assert_eq!(state(&breaker), State::Closed);
    }
}

/// Nobody waits for a probe that never ends.
#[test]
fn trap_03_hung_probe() {
    let half_open = || HalfOpen::consecutive(2).at_once(1);
    let by_default = (half_open(), Duration::from_secs(10));
    let explicit = (half_open().lease(SECOND / 2), SECOND / 2);
    for (half_open, lease) in [by_default, explicit] {
        let (breaker, clock) = waited(quick().half_open(half_open));
        let hung = breaker.try_acquire().unwrap();
        let refused = breaker.try_acquire().unwrap_err();
        assert_eq!((refused.state(), refused.wait()), (State::HalfOpen, None));
        let nearly = lease.saturating_sub(Duration::from_nanos(1));
        clock.advance(nearly);
        assert!(breaker.try_acquire().is_err());
        clock.advance(Duration::from_nanos(1));
        succeed(&breaker);
        // It counts still, if it ends after all.
        hung.finish(Verdict::success());
        assert_eq!(state(&breaker), State::Closed);
    }
}

/// A future that is dropped does not keep its place either, whether or not it was ever polled.
#[test]
fn trap_03_dropped_probe() {
    let (breaker, _clock) = waited(quick());
    drop(breaker.call(std::future::pending::<Result<(), ()>>()));
    assert_eq!(state(&breaker), State::Open);
    let mut service = breaker.layer().layer(service_fn(|(): ()| ready(Ok::<_, Infallible>(()))));
    assert!(poll_ready(&mut service).is_ready());
    assert!(breaker.try_acquire().is_err());
    drop(service);
    breaker.try_acquire().unwrap().give_back();
    succeed(&breaker);
}

/// A call that was let through while it was closed ends while it is half-open.
#[test]
fn trap_04_a_call_of_another_state() {
    for late in [Verdict::success(), Verdict::failure()] {
        let clock = mainstay_core::ManualClock::new();
        let half_open = HalfOpen::consecutive(1);
        let breaker = quick().half_open(half_open).clock(clock.clone()).build().unwrap();
        let old = breaker.try_acquire().unwrap();
        fail(&breaker);
        clock.advance(SECOND);
        let probe = breaker.try_acquire().unwrap();
        old.finish(late);
        assert_eq!(state(&breaker), State::HalfOpen);
        probe.finish(Verdict::success());
        assert_eq!(state(&breaker), State::Closed);
    }
}

/// A probe of the first outage ends during the probes of the second, or after them.
#[test]
fn trap_04_a_probe_of_another_outage() {
    for late in [Verdict::success(), Verdict::failure()] {
        let half_open = HalfOpen::consecutive(1).at_once(3);
        let (breaker, clock) = waited(quick().half_open(half_open));
        let (first, second, third) = (
            breaker.try_acquire().unwrap(),
            breaker.try_acquire().unwrap(),
            breaker.try_acquire().unwrap(),
        );
        first.finish(Verdict::failure());
        assert_eq!(state(&breaker), State::Open);
        clock.advance(SECOND);
        let probe = breaker.try_acquire().unwrap();
        second.finish(late);
        assert_eq!(state(&breaker), State::HalfOpen);
        probe.finish(Verdict::success());
        assert_eq!(state(&breaker), State::Closed);
        third.finish(late);
        assert_eq!((state(&breaker), super::counts(&breaker)), (State::Closed, (0, 0)));
    }
}

/// Not ready for a while, and then failed.
struct Faltering<'a> {
    polls: &'a Cell<u32>,
}

impl Service<()> for Faltering<'_> {
    type Response = ();
    type Error = &'static str;
    type Future = Ready<Result<(), &'static str>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
        self.polls.set(self.polls.get() + 1);
        if self.polls.get() < 3 { Poll::Pending } else { Poll::Ready(Err("broken")) }
    }

    fn call(&mut self, (): ()) -> Self::Future {
        ready(Ok(()))
    }
}

fn poll_ready<S: Service<()>>(service: &mut S) -> Poll<Result<(), S::Error>> {
    service.poll_ready(&mut Context::from_waker(Waker::noop()))
}

/// Readied and idle it has a probe's place, until it is dropped or its lease ends.
#[test]
fn trap_09_reserve_leak() {
    let (breaker, clock) = waited(quick());
    let service = breaker.layer().layer(service_fn(|(): ()| ready(Ok::<_, Infallible>(()))));
    let mut idle = service.clone();
    assert!(poll_ready(&mut idle).is_ready());
    // Asking twice takes one place, and a clone has none to take along.
    assert!(poll_ready(&mut idle).is_ready());
    drop(idle.clone());
    assert!(breaker.try_acquire().is_err());
    drop(idle);
    breaker.try_acquire().unwrap().give_back();

    let mut idle = service.clone();
    assert!(poll_ready(&mut idle).is_ready());
    clock.advance(Duration::from_secs(10));
    breaker.try_acquire().unwrap().give_back();
}

#[test]
fn trap_09_a_service_that_fails_keeps_no_place() {
    let (breaker, _clock) = waited(quick());
    let polls = Cell::new(0);
    let mut service = breaker.layer().layer(Faltering { polls: &polls });
    for _ in 0..2 {
        assert!(poll_ready(&mut service).is_pending());
    }
    assert!(matches!(poll_ready(&mut service), Poll::Ready(Err(_))));
    breaker.try_acquire().unwrap().give_back();
    assert_eq!(state(&breaker), State::HalfOpen);
}
